"""Bounds on the weights of a benefit of the doubt: reading them, and finding conflicts."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any, TypeAlias, TypeVar

import numpy as np
from attrs import frozen
from numpy.typing import ArrayLike

from dli.arrays import Floats, as_floats
from dli.checks import is_number, is_whole, listed
from dli.errors import MethodError

__all__ = [
    "Bound",
    "Ratio",
    "check_room",
    "conflicting",
    "ratio_bounds",
    "read_ratios",
    "read_shares",
    "share_bounds",
]

# Two columns, and the lower and upper bound on the ratio of their weights.
Ratio: TypeAlias = tuple[int, int, float, float]
Four: TypeAlias = tuple[Any, Any, Any, Any]
T = TypeVar("T")


@frozen(kw_only=True, eq=False)
class Bound:
    """A bound in words, and the rows r of ``r @ w <= 0`` that express it."""

    text: str
    rows: Floats


def share_bounds(bounds: Any) -> Any:
    """Return a scheme's bounds on shares as pairs of floats, by code or one pair for all."""
    if bounds is None:
        return None
    if isinstance(bounds, Mapping):
        return {code: tuple(map(float, _ends(code, pair))) for code, pair in bounds.items()}
    return tuple(map(float, _ends("share_bounds", bounds)))


def _ends(name: str, pair: Any) -> list[Any] | tuple[Any, ...]:
    """Return the lower and the upper bound as they were passed; raise if they are not a pair."""
    ends = pair.tolist() if isinstance(pair, np.ndarray) else pair
    if not isinstance(ends, (list, tuple)) or len(ends) != 2 or not all(map(is_number, ends)):
        msg = f"bounds must be a pair (low, high) of finite numbers, got {pair!r} for {name}"
        raise MethodError(msg)
    return ends


def ratio_bounds(bounds: Any) -> tuple[Four, ...]:
    """Return a scheme's bounds on ratios as tuples of two codes and two limits."""
    if isinstance(bounds, Mapping):
        bounds = [
            (*listed("the codes of ratio_bounds", pair, "two codes"), *_ends("ratio_bounds", ends))
            for pair, ends in bounds.items()
        ]
    rows = _four_each(bounds)
    faults = [
        f"{row!r}"
        for row in rows
        if not all(isinstance(code, str) for code in row[:2]) or not all(map(is_number, row[2:]))
    ]
    if faults:
        msg = "each of the ratio_bounds must consist of two codes and two finite numbers"
        raise MethodError(msg, faults)
    return rows


def _four_each(bounds: Any) -> tuple[Four, ...]:
    """Return bounds on ratios as tuples of four entries, whose types are not checked."""
    rows = [
        tuple(listed("each of the ratio_bounds", row, "four entries"))
        for row in listed("ratio_bounds", bounds, "(k, l, low, high)")
    ]
    faults = [f"{row!r}" for row in rows if len(row) != 4]
    if faults:
        msg = "each of the ratio_bounds must be (code, code, low, high), with columns as codes for "
        raise MethodError(f"{msg}arrays", faults)
    return tuple((k, other, low, high) for k, other, low, high in rows)


def read_shares(bounds: ArrayLike | None, names: Sequence[str]) -> tuple[Floats, Floats]:
    """Return the lower and the upper bound on the share of each column."""
    m = len(names)
    ends = as_floats((0.0, 1.0) if bounds is None else bounds, "share_bounds")
    if ends.shape not in {(2,), (m, 2)}:
        msg = f"share_bounds must have shape (2,) or ({m}, 2), got {ends.shape}"
        raise MethodError(msg)
    least, most = np.broadcast_to(ends, (m, 2)).T
    faults = [
        f"{names[k]}: from {least[k]:g} to {most[k]:g}"
        for k in np.flatnonzero(~((least >= 0) & (least <= most) & (most <= 1))).tolist()
    ]
    if least.sum() > 1 + 1e-12:
        faults.append(f"the lower bounds sum to {least.sum():g}, above 1")
    if faults:
        msg = "bounds on shares must be between 0 and 1, the lower one first, and allow a sum of 1"
        raise MethodError(msg, faults)
    return least, most


def check_room(y: Floats, missing: Any, low: Floats, high: Floats, names: Sequence[str]) -> None:
    """Raise for units whose values allow no shares within the bounds."""
    some = np.asarray(y.any(axis=1))
    faults = [
        f"row {i}: {names[k]} is 0, but its share must be at least {low[k]:g}"
        for i, k in np.argwhere((y == 0) & ~missing & (low > 0) & some[:, np.newaxis]).tolist()
    ]
    room = np.where(y > 0, high, 0.0).sum(axis=1)
    faults += [
        f"row {i}: its upper bounds sum to {room[i]:g}, below 1"
        for i in np.flatnonzero((room < 1 - 1e-12) & some).tolist()
    ]
    if faults:
        msg = "no weights satisfy the bounds on shares"
        raise MethodError(msg, faults)


def read_ratios(bounds: Sequence[Ratio], names: Sequence[str], most: Floats) -> list[Bound]:
    """Return bounds on ratios; raise for those that no weights above 0 satisfy together."""
    m, ratios = len(names), _four_each(bounds)
    faults, read = [], []
    for k, other, low, high in ratios:
        if not (is_whole(k, 0, m - 1) and is_whole(other, 0, m - 1) and k != other):
            faults.append(f"({k!r}, {other!r}): not two different columns")
            continue
        text = f"{names[k]} to {names[other]}: from {low!r} to {high!r}"
        if not (is_number(low) and is_number(high) and 0 <= low <= high and high > 0):
            faults.append(text)
            continue
        if not most[[k, other]].all():
            faults.append(f"{text}, but a share must be 0")
        rows = np.zeros((2, m))
        rows[:, k], rows[:, other] = (1.0, -1.0), (-high, low)
        read.append(Bound(text=text, rows=rows))
    if faults:
        msg = "bounds on ratios must be finite and not negative, with the lower one first"
        raise MethodError(msg, faults)
    if not _have_weights(ratios, m):
        places = conflicting(
            list(range(len(ratios))), lambda rest: _have_weights([ratios[p] for p in rest], m)
        )
        msg = "no weights satisfy these bounds on ratios together"
        raise MethodError(msg, [read[place].text for place in places])
    return read


def _have_weights(ratios: Sequence[Ratio], m: int) -> bool:
    """Return whether weights above 0 satisfy bounds on ratios: no cycle of bounds is below 1."""
    most = np.where(np.eye(m, dtype=np.bool_), 0.0, np.inf)
    for k, other, low, high in ratios:
        most[k, other] = min(most[k, other], np.log(high))
        most[other, k] = min(most[other, k], -np.log(low) if low > 0 else np.inf)
    for j in range(m):
        most = np.minimum(most, most[:, [j]] + most[j])
    return bool(most.diagonal().min() >= -1e-12)


def conflicting(bounds: list[T], satisfiable: Callable[[list[T]], bool]) -> list[T]:
    """Return bounds that conflict, but that are satisfiable if any one of them is left out."""
    for bound in list(bounds):
        rest = [other for other in bounds if other is not bound]
        if not satisfiable(rest):
            bounds = rest
    return bounds
