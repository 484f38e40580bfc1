"""Copeland's scores of many draws at once."""

import numpy as np
from numpy.lib.stride_tricks import as_strided, sliding_window_view

from dli.aggregation.planes import as_planes
from dli.arrays import Floats, Integers
from dli.scratch import empty

__all__ = ["copeland_scores_of_draws"]

# Within this distance of one half neither unit outranks the other, as in `copeland_scores`.
_TOLERANCE = 1e-12
# With more bits, a table of all patterns of comparisons takes longer than the comparisons.
_MOST_BITS = 14
# Blocks of this many patterns fit into the cache, and of this many balances suit a product.
_PATTERNS_AT_ONCE, _BALANCES_AT_ONCE = 2**17, 2**18


def copeland_scores_of_draws(values: Floats, weights: Floats) -> Floats | None:
    """Return the results of `copeland_scores` for each draw, or None if that is as fast.

    Each pair of units is compared once, as units i and i + s in cyclic order, for each s from 1 to
    half the number of units.

    Parameters
    ----------
    values : ndarray of shape (n_draws, n_units, n_children)
    weights : ndarray of shape (n_draws, 1, n_children)
        Weights of which each row sums to one.

    Returns
    -------
    ndarray of shape (n_draws, n_units) or None
    """
    x, w = as_planes(values, weights)
    n_children, n_rows, n_units = x.shape
    own_weights = np.ascontiguousarray(w[..., 0].T)  # (n_draws, n_children)
    n_draws = len(own_weights)
    has_gaps = bool(np.isnan(x).any())
    if n_rows == 1:
        scores = _of_same_values(x[:, 0], own_weights, has_gaps=has_gaps)
    else:
        in_order = np.sort(x, axis=-1)
        n_bits = 1 if not has_gaps and (in_order[..., 1:] > in_order[..., :-1]).all() else 2
        if n_bits * n_children > _MOST_BITS or 2 ** (n_bits * n_children) > max(256, n_units**2):
            return None
        scores = np.empty((n_draws, n_units), dtype=np.int64)
        first, second = _pairs(x)
        for rows in _blocks(n_draws, _PATTERNS_AT_ONCE // n_units**2):
            pairs = first[:, rows], second[:, rows]
            scores[rows] = _by_patterns(pairs, own_weights[rows], n_bits=n_bits, has_gaps=has_gaps)
    if not has_gaps:
        return scores.astype(np.float64)
    is_judged = (~np.isnan(x) & (w > 0)).any(axis=0)
    return np.where(is_judged, scores, np.nan)


def _of_same_values(x: Floats, weights: Floats, *, has_gaps: bool) -> Integers:
    """Return the scores of values (n_children, n_units) that are the same in every draw."""
    first, second = _pairs(x)
    signs = (first > second).astype(np.float64) - (first < second)
    shape = signs.shape[1:]
    n_pairs = shape[0] * shape[1]
    signs = signs.reshape(len(x), n_pairs)
    both = None
    if has_gaps:
        one, other = _pairs(~np.isnan(x))
        both = (one & other).astype(np.float64).reshape(len(x), n_pairs)
    scores = np.empty((len(weights), x.shape[1]), dtype=np.int64)
    for rows in _blocks(len(weights), _BALANCES_AT_ONCE // max(n_pairs, 1)):
        own = weights[rows]
        # Where two units have no child in common, the balance is 0 and neither wins.
        if both is None:
            edge = own.sum(axis=1, keepdims=True)
        else:
            edge = np.matmul(own, both, out=empty((len(own), n_pairs)))
        edge *= 2 * _TOLERANCE
        balance = np.matmul(own, signs, out=empty((len(own), n_pairs)))
        won = np.greater(balance, edge, out=empty(balance.shape, np.bool_)).view(np.int8)
        np.negative(edge, out=edge)
        won -= np.less(balance, edge, out=empty(balance.shape, np.bool_)).view(np.int8)
        scores[rows] = _sums_by_unit(won.reshape(len(own), *shape))
    return scores


def _blocks(n_draws: int, size: int) -> list[slice]:
    size = max(1, size)
    return [slice(first, first + size) for first in range(0, n_draws, size)]


def _by_patterns(
    pairs: tuple[Floats, Floats], weights: Floats, *, n_bits: int, has_gaps: bool
) -> Integers:
    """Return the scores of draws by tables of patterns.

    The pattern of a pair of units states for each child which of them is better. There are few
    patterns and many pairs, so the outcome is computed once for each pattern.

    Parameters
    ----------
    pairs : (ndarray, ndarray) of shape (n_children, n_draws, n_units // 2, n_units)
        The values of the first and of the second unit of each pair.
    weights : ndarray of shape (n_draws, n_children)
    n_bits : int
        The bits of a pattern for each child.
    has_gaps : bool
    """
    n_children, *shape = pairs[0].shape
    kind = np.uint8 if n_bits * n_children <= 8 else np.uint16
    pattern = empty(tuple(shape), kind)
    pattern[...] = 0
    is_better = empty(tuple(shape), np.bool_)
    for one, other in zip(*pairs, strict=True):
        for compare in (np.greater_equal, np.less_equal)[:n_bits]:
            compare(one, other, out=is_better)
            pattern += pattern
            pattern |= is_better.view(np.uint8)
    tables = _tables(weights, n_bits=n_bits, has_gaps=has_gaps)
    won = empty(pattern.shape, np.int8)
    number = empty(pattern.shape[1:], np.intp)
    for draw in range(len(won)):
        number[...] = pattern[draw]
        # All patterns are in the table; "clip" avoids a bounds check of each.
        np.take(tables[draw], number, out=won[draw], mode="clip")
    return _sums_by_unit(won)


def _tables(weights: Floats, *, n_bits: int, has_gaps: bool) -> np.ndarray:
    """Return the winner of each pattern in each draw: 1 first unit, -1 second unit, 0 neither."""
    # Two bits encode missing, less, greater and equal; one bit encodes less and greater.
    signs = np.array([0.0, -1.0, 1.0, 0.0] if n_bits == 2 else [-1.0, 1.0])
    there = np.array([0.0, 1.0, 1.0, 1.0])
    balance = common = np.zeros((len(weights), 1))
    for own in weights.T:
        # Sum in the order of `outranking_matrix`, so that rounding is the same.
        balance = (balance[..., np.newaxis] + own[:, np.newaxis, np.newaxis] * signs).reshape(
            len(weights), -1
        )
        if has_gaps:
            common = (common[..., np.newaxis] + own[:, np.newaxis, np.newaxis] * there).reshape(
                len(weights), -1
            )
    if not has_gaps:
        common = weights.sum(axis=1, keepdims=True)
    share = (1 + balance / np.where(common > 0, common, np.nan)) / 2
    wins, losses = share > 0.5 + _TOLERANCE, share < 0.5 - _TOLERANCE
    return wins.view(np.int8) - losses.view(np.int8)


def _pairs(x: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return both units of each pair, of shape (..., n_units // 2, n_units)."""
    n_units = x.shape[-1]
    round_twice = np.concatenate([x, x], axis=-1)
    second = sliding_window_view(round_twice, n_units, axis=-1)[..., 1 : n_units // 2 + 1, :]
    return np.broadcast_to(x[..., np.newaxis, :], second.shape), second


def _sums_by_unit(won: np.ndarray) -> Integers:
    """Return wins minus losses of each unit, from those of the first unit of each pair.

    Parameters
    ----------
    won : ndarray of int8 of shape (n_draws, n_units // 2, n_units)
    """
    half, n_units = won.shape[1:]
    if n_units % 2 == 0 and half:
        won[:, -1, half:] = 0  # opposite units would be compared twice
    kind = np.int8 if half < 128 else np.int64  # the largest possible sum must fit
    gained = won.sum(axis=1, dtype=kind)
    # Unit i is the second unit in the pair of unit i - s, so each row is shifted by one more.
    twice = np.concatenate([won, won], axis=2, out=empty((len(won), half, 2 * n_units), np.int8))
    step = twice.strides
    moved = as_strided(twice[:, :, n_units - 1 :], won.shape, (step[0], step[1] - step[2], step[2]))
    return np.asarray(gained.astype(np.int64) - moved.sum(axis=1, dtype=kind))
