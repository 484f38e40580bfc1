"""Ordered weighted averages of many draws at once."""

from collections.abc import Sequence

import numpy as np

from dli.aggregation.planes import as_planes, batcher_pairs, without_gaps
from dli.arrays import Floats

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
    if np.isnan(x).any():
        # A missing child has weight 0, so its position does not matter.
        x, w, total = without_gaps(x, w)
        w = w / np.where(total > 0, total, 1.0)
    if x.shape[1] == w.shape[2] == 1:
        best_first, room = _sorted_once(x[:, 0], w[..., 0].T)
    else:
        best_first, room = _sorted_with(x, w)
    reached = _cumulated(room, order_weights)
    ends = [0.0, *reached, order_weights.sum()]
    score = np.zeros((w.shape[1], x.shape[2]))
    with np.errstate(over="ignore"):
        for place, column in enumerate(best_first):
            score += (ends[place + 1] - ends[place]) * column
    return score if total is None else np.where(total > 0, score, np.nan)


def _sorted_once(x: Floats, w: Floats) -> tuple[Sequence[Floats], Floats]:
    """Return sorted values that are the same in every draw, and their cumulative weights.

    Parameters
    ----------
    x : ndarray of shape (n_children, n_units)
    w : ndarray of shape (n_draws, n_children)

    Returns
    -------
    values : sequence of ndarray of shape (n_units,)
    room : ndarray of shape (n_children - 1, n_draws, n_units)
        The weight of the first child, of the first two, and so on.
    """
    order = np.argsort(-x, axis=0, kind="stable")
    places = np.argsort(order, axis=0)
    first = np.arange(len(x) - 1)[:, np.newaxis, np.newaxis]
    values = list(np.take_along_axis(x, order, axis=0))
    return values, w @ (places <= first).astype(np.float64)


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
        is_less = a < b
        values[first], values[second] = np.maximum(a, b), np.minimum(a, b)
        weights[first] = np.where(is_less, other, own)
        weights[second] = np.where(is_less, own, other)
    room = np.empty((len(x) - 1, w.shape[1], x.shape[2]))
    for place, own in enumerate(weights[:-1]):
        room[place] = own if place == 0 else room[place - 1] + own
    return values, room


def _cumulated(room: Floats, order_weights: Floats) -> Floats:
    """Return the cumulative order weights at cumulative weights, which are overwritten.

    They are interpolated linearly between the places. Each place adds its order weight times the
    share of it that is reached. Where a place is reached in full, the sum is exactly that of the
    order weights, and a place of weight 0 adds exactly 0: a child within it does not count, however
    large its value.
    """
    room *= order_weights.size
    result = np.zeros(room.shape)
    share = np.empty(room.shape)
    for place, weight in enumerate(order_weights.tolist()):
        if weight == 0:
            continue
        np.subtract(room, place, out=share)
        np.maximum(share, 0.0, out=share)
        np.minimum(share, 1.0, out=share)
        share *= weight
        result += share
    return result
