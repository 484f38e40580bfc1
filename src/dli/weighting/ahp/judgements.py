"""Judgements as matrices of lower and upper bounds, and random draws between them."""

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from dli.checks import generator
from dli.errors import InconsistentJudgementsError, MethodError
from dli.weighting.ahp.consistency import RANGE, ROUNDING, beyond_range, shown, warn_of_scale
from dli.weighting.ahp.reading import Rows, are_pairs, codes_in, ends_of, read_matrices
from dli.weighting.by_code import check_known, codes_of, count_of
from dli.weighting.protocol import Floats

__all__ = ["bounds", "draw_judgements", "middles", "sample_judgements"]


def bounds(
    judgements: Rows, items: Sequence[str] | None, codes: Sequence[str], name: str = "judgements"
) -> tuple[Floats, Floats]:
    """Return the lower and the upper bound of each judgement, NaN for a pair not judged.

    ``judgements`` are a result of `read_judgements`. ``codes`` are the items in the order of the
    result, and ``items`` the codes of the rows of a matrix, by default ``codes``. If one half of a
    pair is missing in a matrix, it is the reciprocal of the other half.
    """
    codes = codes_of("codes", codes, text=True)
    if are_pairs(judgements):
        return _from_pairs(judgements, codes, name)
    items = codes if items is None else items
    n = len(items)
    if len(judgements) != n or any(len(row) != n for row in judgements):
        shape = f"{len(judgements)} rows of {sorted({len(row) for row in judgements})}"
        msg = f"{name} on {', '.join(items)} must be {n} rows of {n}, got {shape}"
        raise MethodError(msg)
    if sorted(items) != sorted(codes):
        msg = f"{name} are on {', '.join(items)}, but the children are {', '.join(codes)}"
        raise MethodError(msg)
    order = [items.index(code) for code in codes]
    ends = [[ends_of(judgements[row][column]) for column in order] for row in order]
    low, high = np.moveaxis(np.array(ends, dtype=np.float64), -1, 0)
    for end in (low, high):
        np.fill_diagonal(end, np.where(np.isnan(end.diagonal()), 1.0, end.diagonal()))
    return _with_halves(low, high)


def middles(low: Floats, high: Floats) -> Floats:
    """Return the geometric midpoints of bounds, NaN where they are missing."""
    with np.errstate(over="ignore", under="ignore"):
        return np.where(low == high, low, np.sqrt(low * high))


def _with_halves(low: Floats, high: Floats) -> tuple[Floats, Floats]:
    """Return bounds, with missing ones replaced by the reciprocals from the other half."""
    missing = np.isnan(low) & np.isnan(high)
    with np.errstate(divide="ignore"):
        return np.where(missing, 1 / high.T, low), np.where(missing, 1 / low.T, high)


def _from_pairs(pairs: Rows, codes: Sequence[str], name: str) -> tuple[Floats, Floats]:
    check_known(name, codes_in(pairs), codes)
    place = {code: i for i, code in enumerate(codes)}
    low, high = (np.where(np.eye(len(codes), dtype=np.bool_), 1.0, np.nan) for _ in range(2))
    faults = []
    for a, b, value in pairs:
        if value is None:
            continue
        i, j = place[a], place[b]
        least, most = ends_of(value)
        known = low[i, j], high[i, j]
        if not np.isnan(known[0]) and not np.allclose((least, most), known, rtol=ROUNDING, atol=0):
            faults.append(f"({a}, {b}): judged {shown(*known)} and {shown(least, most)}")
            continue
        low[i, j], high[i, j] = least, most
        low[j, i], high[j, i] = 1 / most, 1 / least
    if faults:
        msg = f"{name} must agree wherever a pair is repeated"
        raise InconsistentJudgementsError(msg, faults)
    return low, high


def sample_judgements(
    low: ArrayLike, high: ArrayLike, n_samples: int, *, rng: Any = None
) -> Floats:
    """Return reciprocal matrices (n_samples, n, n) drawn within bounds, uniform in logarithms.

    Parameters
    ----------
    low, high : array_like of shape (n, n)
        The lower and the upper bounds. The pairs above the diagonal are used; if a pair is missing
        there, the reciprocal of that below the diagonal is used, and a pair that is missing in both
        halves remains missing. A `DLIWarning` is issued for bounds outside 1/9 to 9. Data frames
        are read as by `ahp_priorities`.
    n_samples : int
        The number of draws.
    rng : int, numpy.random.SeedSequence, numpy.random.Generator or None
        The seed, or the random number generator.

    Raises
    ------
    MethodError
        Bounds that are not square tables of the same shape; pairs whose bounds are not positive,
        are out of the range from 1e-100 to 1e100, are in the wrong order or of which only one is
        present, which are listed; a number of samples below 1; or an invalid ``rng``.

    Examples
    --------
    >>> draws = sample_judgements([[1, 2], [1 / 4, 1]], [[1, 4], [1 / 2, 1]], 100, rng=0)
    >>> bool((draws[:, 0, 1] >= 2).all() and (draws[:, 0, 1] <= 4).all())
    True
    """
    least, most = read_matrices(low, "low"), read_matrices(high, "high")
    if least.ndim != 2 or least.shape[0] != least.shape[1] or least.shape != most.shape:
        msg = "low and high must be square tables of the same shape, got "
        raise MethodError(f"{msg}{least.shape} and {most.shape}")
    least, most = _with_halves(least, most)
    upper = np.triu(np.ones_like(least), 1) > 0
    least, most = np.where(upper, least, np.nan), np.where(upper, most, np.nan)
    bad = beyond_range(least) | beyond_range(most)
    bad |= (most < least) | (np.isnan(least) != np.isnan(most))
    faults = [
        f"({i}, {j}): {least[i, j]:g} to {most[i, j]:g}" for i, j in np.argwhere(bad).tolist()
    ]
    if faults:
        msg = f"bounds of judgements must be above zero, {RANGE}, the lower one first"
        raise MethodError(msg, faults)
    warn_of_scale(least, most, [str(k) for k in range(len(least))])
    return draw_judgements(least, most, n_samples, rng)


def draw_judgements(low: Floats, high: Floats, n_samples: int, rng: Any) -> Floats:
    """Return the result of `sample_judgements`, without checking the bounds."""
    n, n_samples = len(low), count_of("n_samples", n_samples)
    i, j = np.triu_indices(n, 1)
    start, width = np.log(low[i, j]), np.log(high[i, j] / low[i, j])
    logs = start + width * generator(rng).random((n_samples, len(i)))
    out = np.ones((n_samples, n, n))
    out[:, i, j], out[:, j, i] = np.exp(logs), np.exp(-logs)
    return out
