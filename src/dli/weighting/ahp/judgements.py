"""Judgements as people write them, read into matrices of bounds."""

import reprlib
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from dli.arrays import as_floats
from dli.checks import generator, number_fault, whole_number
from dli.errors import InconsistentJudgementsError, MethodError
from dli.weighting.ahp.consistency import shown, warn_of_scale
from dli.weighting.by_code import check_known
from dli.weighting.protocol import Floats

__all__ = ["are_pairs", "bounds", "codes_in", "draw_judgements", "plain", "sample_judgements"]

_SAME = 5e-3


def plain(judgements: Any) -> tuple[tuple[Any, ...], ...]:
    """Return judgements as plain tuples: the rows of a matrix, or pairs with their value.

    Every judgement must be a number above zero or an interval of two.
    """
    if isinstance(judgements, Mapping):
        if not all(isinstance(pair, tuple) and len(pair) == 2 for pair in judgements):
            msg = f"judgements by name must have pairs as keys, got {list(judgements)}"
            raise MethodError(msg)
        rows = [(*pair, value) for pair, value in judgements.items()]
    else:
        rows = judgements.tolist() if isinstance(judgements, np.ndarray) else judgements
        if not isinstance(rows, (list, tuple)) or not all(
            isinstance(row, (list, tuple, np.ndarray)) for row in rows
        ):
            kind = type(judgements).__name__
            msg = (
                "judgements must be a matrix, a mapping or a list of pairs such as "
                f"[['a', 'b', 3]], got {reprlib.repr(judgements)} ({kind}); convert a data frame "
                "to rows first"
            )
            raise MethodError(msg)
    out = tuple(tuple(_cell(cell) for cell in row) for row in rows)
    faults = [f"{where}: {fault}" for where, cell in _cells(out) if (fault := _fault(cell))]
    if faults:
        msg = "judgements must be numbers above zero, or intervals of them"
        raise MethodError(msg, faults)
    return out


def _cell(value: Any) -> Any:
    """Return a missing judgement as None, which equals itself, and an interval as a tuple."""
    if isinstance(value, np.generic):
        value = value.item()
    if isinstance(value, float) and np.isnan(value):
        return None
    return tuple(_cell(end) for end in value) if isinstance(value, (list, tuple)) else value


def _cells(judgements: Sequence[Sequence[Any]]) -> Iterator[tuple[str, Any]]:
    """Yield every judgement and where it is."""
    if are_pairs(judgements):
        yield from ((f"({a}, {b})", value) for a, b, value in judgements)
    else:
        for i, row in enumerate(judgements):
            yield from ((f"row {i}, column {j}", value) for j, value in enumerate(row))


def _fault(value: Any) -> str:
    if value is None:
        return ""
    if not isinstance(value, tuple):
        return number_fault("a judgement", value, above=0)
    if len(value) != 2 or any(number_fault("", end, above=0) for end in value):
        return f"an interval must be two numbers above 0, got {value!r}"
    return f"the interval {value!r} must have its lower end first" if value[0] > value[1] else ""


def are_pairs(judgements: Sequence[Sequence[Any]]) -> bool:
    """Return whether these are pairs with their value, or none at all, and not a matrix."""
    return all(
        len(row) == 3 and isinstance(row[0], str) and isinstance(row[1], str) for row in judgements
    )


def codes_in(judgements: Sequence[Sequence[Any]]) -> tuple[str, ...]:
    """Return the codes that pairs are about, in order of appearance."""
    return tuple(dict.fromkeys(code for row in judgements for code in row[:2]))


def bounds(
    judgements: Sequence[Sequence[Any]], items: Sequence[str] | None, codes: tuple[str, ...]
) -> tuple[Floats, Floats]:
    """Return the lowest and the highest judgement of each pair, NaN for a pair not judged.

    ``judgements`` are those of `plain`, ``items`` the codes of a matrix's rows, by default
    ``codes``, which are the items in the order of the result.
    """
    if are_pairs(judgements):
        return _from_pairs(judgements, codes)
    items = codes if items is None else items
    n = len(items)
    if len(judgements) != n or any(len(row) != n for row in judgements):
        shape = f"{len(judgements)} rows of {sorted({len(row) for row in judgements})}"
        msg = f"judgements on {', '.join(items)} must be {n} rows of {n}, got {shape}"
        raise MethodError(msg)
    if sorted(items) != sorted(codes):
        msg = f"judgements are on {', '.join(items)}, the children are {', '.join(codes)}"
        raise MethodError(msg)
    order = [items.index(code) for code in codes]
    ends = [[_ends(judgements[row][column]) for column in order] for row in order]
    low, high = np.moveaxis(np.array(ends, dtype=np.float64), -1, 0)
    return low, high


def _from_pairs(pairs: Sequence[Sequence[Any]], codes: tuple[str, ...]) -> tuple[Floats, Floats]:
    check_known("judgements", codes_in(pairs), codes)
    place = {code: i for i, code in enumerate(codes)}
    low, high = (np.where(np.eye(len(codes), dtype=np.bool_), 1.0, np.nan) for _ in range(2))
    faults = []
    for a, b, value in pairs:
        if value is None:
            continue
        i, j = place[a], place[b]
        least, most = _ends(value)
        known = low[i, j], high[i, j]
        if not np.isnan(known[0]) and not np.allclose((least, most), known, rtol=_SAME, atol=0):
            faults.append(f"({a}, {b}): judged {shown(*known)} and {shown(least, most)}")
            continue
        low[i, j], high[i, j] = least, most
        low[j, i], high[j, i] = 1 / most, 1 / least
    if faults:
        msg = "every pair must be judged in one way"
        raise InconsistentJudgementsError(msg, faults)
    return low, high


def _ends(value: Any) -> tuple[float, float]:
    if isinstance(value, tuple):
        return value[0], value[1]
    return (np.nan, np.nan) if value is None else (value, value)


def sample_judgements(
    low: ArrayLike, high: ArrayLike, n_samples: int, *, rng: Any = None
) -> Floats:
    """Return drawn reciprocal matrices with judgements between bounds, uniform in logarithms.

    Parameters
    ----------
    low, high : array_like of shape (n, n)
        The pairs above the diagonal are read; NaN stays NaN, a missing judgement. Bounds beyond
        1/9 to 9 give a `DLIWarning`.
    n_samples : int
    rng : int, numpy.random.SeedSequence, numpy.random.Generator or None

    Returns
    -------
    ndarray of shape (n_samples, n, n)

    Raises
    ------
    MethodError
        Bounds that are not above zero or in the wrong order, with the pairs; a number of samples
        below 1, or a wrong ``rng``.

    Examples
    --------
    >>> draws = sample_judgements([[1, 2], [1 / 4, 1]], [[1, 4], [1 / 2, 1]], 100, rng=0)
    >>> bool((draws[:, 0, 1] >= 2).all() and (draws[:, 0, 1] <= 4).all())
    True
    """
    least, most = as_floats(low, "low"), as_floats(high, "high")
    upper = np.triu(np.ones_like(least), 1) > 0
    least, most = np.where(upper, least, np.nan), np.where(upper, most, np.nan)
    i, j = np.triu_indices(len(least), 1)
    bad = (least <= 0) | (most < least) | np.isinf(most)
    faults = [
        f"({a}, {b}): {least[a, b]:g} to {most[a, b]:g}"
        for a, b in zip(i.tolist(), j.tolist(), strict=True)
        if bad[a, b]
    ]
    if faults:
        msg = "bounds of judgements must be above zero, the lower one first"
        raise MethodError(msg, faults)
    warn_of_scale(least, most, [str(k) for k in range(len(least))])
    return draw_judgements(least, most, n_samples, rng)


def draw_judgements(low: Floats, high: Floats, n_samples: int, rng: Any) -> Floats:
    """Return what `sample_judgements` returns, without checks of the bounds."""
    n, n_samples = len(low), whole_number("n_samples", n_samples, 1)
    i, j = np.triu_indices(n, 1)
    start, width = np.log(low[i, j]), np.log(high[i, j] / low[i, j])
    logs = start + width * generator(rng).random((n_samples, len(i)))
    out = np.ones((n_samples, n, n))
    out[:, i, j], out[:, j, i] = np.exp(logs), np.exp(-logs)
    return out
