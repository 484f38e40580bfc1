"""Ordered weighted averages of many draws at once."""

from collections.abc import Sequence

import numpy as np

from dli.aggregation.planes import as_planes, batcher_pairs, without_gaps
from dli.arrays import Floats
from dli.scratch import empty

__all__ = ["ordered_means_of_draws"]


def ordered_means_of_draws(values: Floats, weights: Floats, order_weights: Floats) -> Floats:
    """Return the results of `ordered_weighted_mean` for each draw.

    Parameters
    ----------
    values : ndarray of shape (n_draws, n_units, n_children)
    weights : ndarray of shape (n_draws, n_units or 1, n_children)
        Weights of which each row sums to one.
    order_weights : ndarray of shape (n_places,)
        The weights of places, which sum to one.

    Returns
    -------
    ndarray of shape (n_draws, n_units)
        Infinite where the sum of very large numbers exceeds the range of floats by rounding.
    """
    x, w = as_planes(values, weights)
    total = None
    if x.shape[1] == w.shape[2] == 1:
        best_first, room, total = _sorted_once(x[:, 0], w[..., 0].T)
    else:
        if np.isnan(x).any():
            # A missing child has weight 0, so its position does not matter.
            x, w, total = without_gaps(x, w)
            w = w / np.where(total > 0, total, 1.0)
        best_first, room = _sorted_with(x, w)
    reached = _cumulated(room, order_weights)
    ends = [0.0, *reached, order_weights.sum()]
    score: Floats = empty((w.shape[1], x.shape[2]))
    score[...] = 0.0
    share = empty(score.shape)
    with np.errstate(over="ignore"):
        for place, column in enumerate(best_first):
            np.subtract(ends[place + 1], ends[place], out=share)
            share *= column
            score += share
    return score if total is None else np.where(total > 0, score, np.nan)


def _sorted_once(x: Floats, w: Floats) -> tuple[Sequence[Floats], Floats, Floats | None]:
    """Return sorted values that are the same in every draw, and their cumulative weights.

    Parameters
    ----------
    x : ndarray of shape (n_children, n_units)
        NaN marks a missing value.
    w : ndarray of shape (n_draws, n_children)

    Returns
    -------
    values : sequence of ndarray of shape (n_units,)
        Missing values are 0 and come last.
    room : ndarray of shape (n_children - 1, n_draws, n_units)
        The weight of the first child, of the first two, and so on, as shares of that of the known.
    total : ndarray of shape (n_draws, n_units) or None
        The weight of the known children, None if none is missing.
    """
    order = np.argsort(-x, axis=0, kind="stable")
    places = np.argsort(order, axis=0)
    first = np.arange(len(x) - 1)[:, np.newaxis, np.newaxis]
    known = ~np.isnan(x)
    values = list(np.take_along_axis(np.where(known, x, 0.0), order, axis=0))
    room = w @ ((places <= first) & known).astype(np.float64)
    if known.all():
        return values, room, None
    total = w @ known.astype(np.float64)
    room /= np.where(total > 0, total, 1.0)
    return values, room, total


def _sorted_with(x: Floats, w: Floats) -> tuple[Sequence[Floats], Floats]:
    """Return values of each draw and unit, sorted by a network, and their cumulative weights.

    Parameters
    ----------
    x : ndarray of shape (n_children, n_draws or 1, n_units)
    w : ndarray of shape (n_children, n_draws, n_units or 1)

    Returns
    -------
    values : sequence of ndarray of shape (n_draws or 1, n_units)
    room : ndarray of shape (n_children - 1, n_draws, n_units)
    """
    values, weights = list(x), list(w)
    for first, second in batcher_pairs(len(values)):
        a, b, own, other = values[first], values[second], weights[first], weights[second]
        weights[first], weights[second] = _swapped(a, b, own, other)
        values[first] = np.maximum(a, b, out=empty(a.shape))
        values[second] = np.minimum(a, b, out=empty(a.shape))
    room = empty((len(x) - 1, w.shape[1], x.shape[2]))
    for place, own in enumerate(weights[:-1]):
        if place == 0:
            room[0] = own
        else:
            np.add(room[place - 1], own, out=room[place])
    return values, room


def _swapped(a: Floats, b: Floats, own: Floats, other: Floats) -> tuple[Floats, Floats]:
    """Return two weights, swapped where the value of the first child is less than the second.

    Bits are swapped under a mask, since the processor cannot foresee which value is less.
    """
    shape = np.broadcast_shapes(own.shape, a.shape)
    mask, first, second = empty(a.shape), empty(shape), empty(shape)
    with np.errstate(over="ignore"):
        np.subtract(a, b, out=mask)
    is_less, one, two = (array.view(np.int64) for array in (mask, first, second))
    np.right_shift(is_less, 63, out=is_less)  # all bits are those of the sign
    np.bitwise_xor(own.view(np.int64), other.view(np.int64), out=one)
    one &= is_less
    np.bitwise_xor(other.view(np.int64), one, out=two)
    one ^= own.view(np.int64)
    return first, second


def _cumulated(room: Floats, order_weights: Floats) -> Floats:
    """Return the cumulative order weights at cumulative weights, which are overwritten.

    They are interpolated linearly between the places. Each place adds its order weight times the
    share of it that is reached. Where a place is reached in full, the sum is exactly that of the
    order weights, and a place of weight 0 adds exactly 0: a child within it does not count, however
    large its value.
    """
    reached: Floats = empty(room.shape)
    share = empty(room.shape[1:])
    room *= order_weights.size
    for own, result in zip(room, reached, strict=True):  # one by one, to stay in the cache
        np.minimum(own, 1.0, out=result)
        np.multiply(result, order_weights[0], out=result)
        for place, weight in enumerate(order_weights[1:].tolist(), start=1):
            if weight == 0:
                continue
            np.subtract(own, place, out=share)
            np.maximum(share, 0.0, out=share)
            np.minimum(share, 1.0, out=share)
            share *= weight
            np.add(result, share, out=result)
    return reached
