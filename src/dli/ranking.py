"""Ranks of single scores and of many draws at once, with one rule for ties."""

import math
from collections.abc import Hashable, Sequence
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from dli.arrays import TIE, Floats, Integers, as_floats

__all__ = ["level_ties", "mean_rank_shift", "places", "rank_scores", "rank_within"]

# The last binary digit of a float of this size is worth 1: a number that is added is rounded to a
# whole number, which is then in the lower bits. This is the fastest way to make floats integers.
WHOLE = 2.0**52
# A difference between keys of `places` is exact to this number of units.
_UNSURE = 3
# No two keys are further apart.
_FARTHEST = np.iinfo(np.int64).max


def rank_scores(scores: ArrayLike) -> Floats:
    """Return ranks of scores: 1 is the highest, ties share the smaller rank.

    A score ties with the highest score of its group if it is below it by at most 1e-12 times the
    largest absolute score; a chain of small differences does not extend the group any further.

    Parameters
    ----------
    scores : array_like of shape (..., n_units)
        The scores; NaN marks a missing score.

    Returns
    -------
    ndarray of shape (..., n_units)
        The ranks as whole numbers, NaN where the score is missing.

    Examples
    --------
    >>> rank_scores([0.3, 0.9, 0.1 + 0.2, float("nan"), 0.1]).tolist()
    [2.0, 1.0, 2.0, nan, 4.0]
    >>> rank_scores([1.0, 1.0 - 0.8e-12, 1.0 - 1.6e-12]).tolist()
    [1.0, 1.0, 3.0]
    """
    all_scores = as_floats(scores, "scores")
    n_units = all_scores.shape[-1]
    values = all_scores.reshape(math.prod(all_scores.shape[:-1]), n_units)
    order = np.argsort(-values, axis=-1)  # NaN goes last
    rows = np.arange(len(values))[:, np.newaxis]
    falling = values[rows, order]
    scale = np.fmax.reduce(np.abs(values), axis=-1, initial=0.0, keepdims=True)
    with np.errstate(over="ignore"):  # an infinite difference is not a tie
        sorted_ranks = _ranks_of_sorted(-falling, TIE * scale) + 1.0
    sorted_ranks[np.isnan(falling)] = np.nan
    ranks = np.empty(values.shape)
    ranks[rows, order] = sorted_ranks
    return ranks.reshape(all_scores.shape)


def level_ties(scores: ArrayLike) -> Floats:
    """Return the scores with tied scores made exactly equal.

    Parameters
    ----------
    scores : array_like of shape (n_units,)
        The scores; NaN marks a missing score.

    Returns
    -------
    ndarray of shape (n_units,)
        Each score, replaced by the highest score that it ties with.

    Examples
    --------
    >>> level_ties([0.3, 0.9, 0.1 + 0.2, float("nan")]).tolist()
    [0.30000000000000004, 0.9, 0.30000000000000004, nan]
    """
    values = as_floats(scores, "scores")
    known = ~np.isnan(values)
    falling = -np.sort(-values[known])
    level = values.copy()
    level[known] = falling[rank_scores(values[known]).astype(np.intp) - 1]
    return level


def _ranks_of_sorted(positions: Floats | Integers, tolerance: Floats | Integers) -> Integers:
    """Return ranks, from 0, of positions that increase along each row, with its tolerance."""
    n = positions.shape[-1]
    ranks = np.zeros(positions.shape, dtype=np.int64)
    # A difference from NaN is NaN, which is not a step.
    steps = positions[:, 1:] - positions[:, :-1]
    np.multiply(steps > tolerance, np.arange(1, n), out=ranks[:, 1:])
    np.maximum.accumulate(ranks, axis=-1, out=ranks)
    if not ((steps > 0) & (steps <= tolerance)).any():
        return ranks
    # If steps are small but not 0, a group may extend further than the tolerance.
    reach = positions - np.take_along_axis(positions, ranks, axis=-1)
    chained = (reach > tolerance).any(axis=-1)
    if chained.any():
        ranks[chained] = _unchained(positions[chained], tolerance[chained, 0])
    return ranks


def _unchained(positions: Floats | Integers, tolerance: Floats | Integers) -> Integers:
    """Return ranks, from 0, from comparisons of each position with the first of its group."""
    ranks = np.zeros(positions.shape, dtype=np.int64)
    first = positions[:, 0].copy()
    rank = np.zeros(len(positions), dtype=np.int64)
    for place in range(1, positions.shape[1]):
        is_new = positions[:, place] - first > tolerance
        first = np.where(is_new, positions[:, place], first)
        rank = np.where(is_new, place, rank)
        ranks[:, place] = rank
    return ranks


def rank_within(scores: Floats, groups: Sequence[Hashable]) -> Floats:
    """Return ranks of scores of shape (n_nodes, n_units) among the units of each group."""
    ranks = np.empty(scores.shape)
    rows_of: dict[Hashable, list[int]] = {}
    for row, group in enumerate(groups):
        rows_of.setdefault(group, []).append(row)
    for rows in rows_of.values():
        ranks[:, rows] = rank_scores(scores[:, rows])
    return ranks


def mean_rank_shift(ranks: Floats, nominal: Floats) -> Floats:
    """Return the mean absolute difference between ranks and nominal ranks over units.

    Parameters
    ----------
    ranks : ndarray of shape (..., n_units)
        The ranks, NaN where missing.
    nominal : ndarray of shape (n_units,)
        The nominal ranks.

    Returns
    -------
    ndarray of shape (...)
        The mean over the units that have both ranks; NaN if there are none.
    """
    shifts = np.abs(ranks - nominal)
    total = shifts.sum(axis=-1)
    if not np.isnan(total).any():
        return np.asarray(total / max(shifts.shape[-1], 1))
    known = ~np.isnan(shifts)
    count = known.sum(axis=-1)
    total = np.where(known, shifts, 0.0).sum(axis=-1)
    return np.asarray(total / np.where(count > 0, count, np.nan))


def places(
    scores: Floats, work: Floats | None = None, ends: tuple[float, float] | None = None
) -> tuple[Integers, Integers | None]:
    """Return the order of units by score, the highest first, for many draws.

    The unit's number is packed into the low bits of an integer made from the score: sorting
    integers is much faster than finding the order of floats. Ties are those of `rank_scores`, which
    ranks the draws for which these integers are not precise enough.

    Parameters
    ----------
    scores : ndarray of shape (n_draws, n_units)
        The scores, none of them missing.
    work : ndarray of shape (2, n_draws, n_units), optional
        Memory to use; the result may be stored in it.
    ends : (float, float), optional
        Bounds of all scores, if they are known.

    Returns
    -------
    order : ndarray of int of shape (n_draws, n_units)
        The unit at each place. Units that tie, or nearly tie, may be in any order.
    ranks : ndarray of int of shape (n_draws, n_units) or None
        The rank of the unit at each place, from 0, if units tie; None if no two units tie.

    Examples
    --------
    >>> order, ranks = places(np.array([[0.5, 2.0, 1.0]]))
    >>> order.tolist(), ranks
    ([[1, 2, 0]], None)
    """
    n_units = scores.shape[1]
    bits = max(int(n_units - 1).bit_length(), 1)
    keys, scratch = np.empty((2, *scores.shape)) if work is None else work
    high, size, scale, is_centred = _scale(scores, ends, min(51, 61 - bits))
    if is_centred:
        np.multiply(scores, -scale, out=keys)
        keys += WHOLE + high * scale
    else:  # the sum would lose digits of small differences
        np.subtract(high, scores, out=keys)
        keys *= scale
        keys += WHOLE
    order = keys.view(np.int64)  # all have the same upper bits, which do not affect the order
    order <<= bits
    order |= np.arange(n_units)
    order.sort(axis=1)
    # Differences between keys represent those between scores; rounding must not decide a rank.
    steps = np.subtract(order[:, 1:], order[:, :-1], out=scratch.view(np.int64)[:, :-1])
    order &= (1 << bits) - 1
    tolerance = _key_tolerance(size, scale, bits)
    if steps.min(initial=_FARTHEST) > np.max(tolerance) + (_UNSURE << bits):
        return order, None
    if ends is not None:
        size = np.maximum(scores.max(axis=1), -scores.min(axis=1))[:, np.newaxis]
        tolerance = _key_tolerance(size, scale, bits)
    return order, _ranks_of_keys(scores, order, steps, tolerance, bits)


def _scale(
    scores: Floats, ends: tuple[float, float] | None, digits: int
) -> tuple[Any, Any, Any, bool]:
    """Return what determines the keys, for all draws, or without ``ends`` for each: (n_draws, 1).

    Returns
    -------
    high, size, scale : float or ndarray of shape (n_draws, 1)
        The highest score, the largest absolute score, and the number of units of a key for each
        unit of a score; 0 if scores differ too little or too much.
    is_centred : bool
        Whether the lowest and the highest score differ as much as they do from 0.
    """
    if ends is not None:
        low, high = map(float, ends)
        span, size = high - low, max(abs(low), abs(high))
        is_usable = 1e-290 < span < math.inf
        return high, size, 2.0**digits / span if is_usable else 0.0, size < 2 * span
    lows, highs = scores.min(axis=1, keepdims=True), scores.max(axis=1, keepdims=True)
    with np.errstate(over="ignore"):
        spans = highs - lows
        sizes = np.maximum(np.abs(lows), np.abs(highs))
        is_centred = bool((sizes < 2 * spans).all())
    are_usable = (spans > 1e-290) & (spans < np.inf)
    scales = np.divide(2.0**digits, spans, out=np.zeros_like(spans), where=are_usable)
    return highs, sizes, scales, is_centred


def _ranks_of_keys(
    scores: Floats, order: Integers, steps: Integers, tolerance: Integers, bits: int
) -> Integers:
    """Return ranks, from 0, of units in order, from the steps between their keys."""
    is_new = steps > tolerance
    ranks = np.zeros(order.shape, dtype=np.int64)
    np.multiply(is_new, np.arange(1, order.shape[1]), out=ranks[:, 1:])
    np.maximum.accumulate(ranks, axis=1, out=ranks)
    sure = tolerance - (_UNSURE << bits)
    is_unsure = np.any((steps > sure) & (steps <= tolerance + (_UNSURE << bits)), axis=1)
    # The keys of equal scores differ only by the numbers of the units, in the low bits. If steps
    # are small but not 0, a group may extend further than the tolerance.
    is_near = (~is_new & (steps >= 1 << bits)).any(axis=1) & ~is_unsure
    if is_near.any():
        positions = np.zeros((np.count_nonzero(is_near), order.shape[1]), dtype=np.int64)
        np.cumsum(steps[is_near], axis=1, out=positions[:, 1:])
        reach = positions - np.take_along_axis(positions, ranks[is_near], axis=1)
        is_unsure[is_near] = (reach > sure[is_near]).any(axis=1)
    if is_unsure.any():
        exact = rank_scores(scores[is_unsure]).astype(np.int64) - 1
        ranks[is_unsure] = np.take_along_axis(exact, order[is_unsure], axis=1)
    return ranks


def _key_tolerance(size: Any, scale: Any, bits: int) -> Any:
    """Return the tolerance for ties between keys, for scores of a size."""
    # A tolerance beyond the range of keys makes all scores tie, however large it is.
    most = 2.0 ** (61 - bits)
    if isinstance(size, float):
        return (int(min(TIE * size * scale, most)) + 1) << bits
    return (np.minimum(TIE * size * scale, most).astype(np.int64) + 1) << bits
