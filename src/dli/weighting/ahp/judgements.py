"""Judgements as people write them, read into matrices of bounds."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from dli.errors import InconsistentJudgementsError, MethodError, did_you_mean
from dli.weighting.protocol import Floats

__all__ = ["are_pairs", "bounds", "codes_in", "plain", "sample_judgements"]

_SAME = 5e-3


def plain(judgements: Any) -> tuple[tuple[Any, ...], ...]:
    """Keep judgements as plain tuples: the rows of a matrix, or pairs with their value."""
    if isinstance(judgements, Mapping):
        if any(isinstance(pair, str) or len(pair) != 2 for pair in judgements):
            msg = f"judgements by name must have pairs as keys, got {list(judgements)}"
            raise MethodError(msg)
        return tuple((*pair, _cell(value)) for pair, value in judgements.items())
    try:
        rows = judgements.tolist() if isinstance(judgements, np.ndarray) else judgements
        return tuple(tuple(_cell(cell) for cell in row) for row in rows)
    except TypeError:
        msg = f"judgements must be a matrix, a mapping or a list of pairs, got {judgements!r}"
        raise MethodError(msg) from None


def _cell(value: Any) -> Any:
    """Write a missing judgement as None, which equals itself, and an interval as a tuple."""
    if isinstance(value, np.generic):
        value = value.item()
    if isinstance(value, float) and np.isnan(value):
        return None
    return tuple(_cell(end) for end in value) if isinstance(value, (list, tuple)) else value


def are_pairs(judgements: Sequence[Sequence[Any]]) -> bool:
    """Tell pairs with their value, or none at all, from the rows of a matrix."""
    return all(
        len(row) == 3 and isinstance(row[0], str) and isinstance(row[1], str) for row in judgements
    )


def codes_in(judgements: Sequence[Sequence[Any]]) -> tuple[str, ...]:
    """List the codes that pairs are about, in order of appearance."""
    return tuple(dict.fromkeys(code for row in judgements for code in row[:2]))


def bounds(
    judgements: Sequence[Sequence[Any]], items: Sequence[str] | None, codes: tuple[str, ...]
) -> tuple[Floats, Floats]:
    """Give the lowest and the highest judgement of each pair, NaN for a pair not judged.

    Parameters
    ----------
    judgements : sequence of sequence
        As `plain` gives them.
    items : sequence of str, optional
        The codes of a matrix's rows; by default ``codes``.
    codes : tuple of str
        The items, in the order of the result.

    Returns
    -------
    tuple of ndarray of shape (n, n)
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
    low, high = np.full((n, n), np.nan), np.full((n, n), np.nan)
    faults = []
    for i, row in enumerate(order):
        for j, column in enumerate(order):
            cell = judgements[row][column]
            if cell is not None:
                problem = _problem(cell)
                if problem:
                    faults.append(f"({codes[i]}, {codes[j]}): {problem}")
                else:
                    low[i, j], high[i, j] = _ends(cell)
    if faults:
        msg = "judgements must be numbers above zero, or intervals of them"
        raise MethodError(msg, faults)
    return low, high


def _from_pairs(pairs: Sequence[Sequence[Any]], codes: tuple[str, ...]) -> tuple[Floats, Floats]:
    place = {code: i for i, code in enumerate(codes)}
    unknown = [code for code in codes_in(pairs) if code not in place]
    if unknown:
        faults = [f"{code!r}{did_you_mean(code, codes)}" for code in unknown]
        msg = f"judgements must be on {', '.join(codes)}; unknown"
        raise MethodError(msg, faults)
    low, high = np.full((len(codes),) * 2, np.nan), np.full((len(codes),) * 2, np.nan)
    np.fill_diagonal(low, 1.0)
    np.fill_diagonal(high, 1.0)
    faults = []
    for a, b, value in pairs:
        if value is None:
            continue
        problem = _problem(value)
        if problem:
            faults.append(f"({a}, {b}): {problem}")
            continue
        i, j = place[a], place[b]
        least, most = _ends(value)
        known = low[i, j], high[i, j]
        if not np.isnan(known[0]) and not np.allclose((least, most), known, rtol=_SAME, atol=0):
            faults.append(f"({a}, {b}): judged {_shown(known)} and {_shown((least, most))}")
            continue
        low[i, j], high[i, j] = least, most
        low[j, i], high[j, i] = 1 / most, 1 / least
    if faults:
        msg = "every pair of items must be judged in one way, by a number above zero"
        raise InconsistentJudgementsError(msg, faults)
    return low, high


def _problem(value: Any) -> str:
    ends = value if isinstance(value, tuple) else (value,)
    numbers = all(isinstance(end, (int, float)) and not isinstance(end, bool) for end in ends)
    if not numbers or not all(np.isfinite(end) and end > 0 for end in ends):
        return f"{value!r} is no number above zero"
    if isinstance(value, tuple) and (len(value) != 2 or value[0] > value[1]):
        return f"{value!r} is no interval (low, high)"
    return ""


def _ends(value: Any) -> tuple[float, float]:
    return (value[0], value[1]) if isinstance(value, tuple) else (value, value)


def _shown(ends: tuple[float, float]) -> str:
    low, high = ends
    return f"{low:g}" if low == high else f"{low:g} to {high:g}"


def sample_judgements(
    low: ArrayLike, high: ArrayLike, n_samples: int, *, rng: Any = None
) -> Floats:
    """Draw reciprocal matrices whose judgements lie between bounds, uniformly in logarithms.

    Parameters
    ----------
    low, high : array_like of shape (n, n)
        The pairs above the diagonal are read; NaN stays NaN, a judgement that is missing.
    n_samples : int
    rng : int or numpy.random.Generator, optional
        What `numpy.random.default_rng` takes.

    Returns
    -------
    ndarray of shape (n_samples, n, n)

    Raises
    ------
    MethodError
        Bounds that are not above zero or in the wrong order; the pairs are named.

    Examples
    --------
    >>> draws = sample_judgements([[1, 2], [1 / 4, 1]], [[1, 4], [1 / 2, 1]], 100, rng=0)
    >>> bool((draws[:, 0, 1] >= 2).all() and (draws[:, 0, 1] <= 4).all())
    True
    """
    least, most = np.asarray(low, dtype=np.float64), np.asarray(high, dtype=np.float64)
    n = len(least)
    i, j = np.triu_indices(n, 1)
    bad = (least <= 0) | (most < least) | np.isinf(most)
    faults = [
        f"({a}, {b}): {least[a, b]:g} to {most[a, b]:g}"
        for a, b in zip(i.tolist(), j.tolist(), strict=True)
        if bad[a, b]
    ]
    if faults:
        msg = "bounds of judgements must be above zero, the lower one first"
        raise MethodError(msg, faults)
    start, width = np.log(least[i, j]), np.log(most[i, j] / least[i, j])
    logs = start + width * np.random.default_rng(rng).random((n_samples, len(i)))
    out = np.ones((n_samples, n, n))
    out[:, i, j], out[:, j, i] = np.exp(logs), np.exp(-logs)
    return out
