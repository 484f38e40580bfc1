"""How far the weights can change before the order of the units does."""

import numpy as np
from attrs import frozen
from numpy.typing import ArrayLike

from dli.arrays import TIE, Floats, Integers, as_floats, as_table, is_above
from dli.errors import MethodError
from dli.robustness.arrays.comparisons import Comparisons, compared, flat
from dli.weighting.tables import in_range

__all__ = ["Stability", "pair_robustness", "robustness_of", "weight_stability"]


@frozen(kw_only=True, eq=False)
class Stability:
    """The limits within which changes of each weight do not affect the order of the units.

    Attributes
    ----------
    weights : ndarray of shape (n_indicators,)
        The nominal weights.
    low, high : ndarray of shape (n_indicators,)
        The limits of each weight between which no two units swap.
    leader_low, leader_high : ndarray of shape (n_indicators,)
        The limits of each weight between which the first unit remains first.
    swaps : ndarray of int of shape (n_indicators, 2, 2)
        The pair of units that swap at the lower and at the upper limit (second axis), the one that
        is ahead at the nominal weights first; -1 if no two units swap.
    """

    weights: Floats
    low: Floats
    high: Floats
    leader_low: Floats
    leader_high: Floats
    swaps: Integers


def weight_stability(values: ArrayLike, weights: ArrayLike) -> Stability:
    r"""Return the interval of each weight in which the order of the units does not change.

    The weight of indicator k changes to t, and the other weights keep their proportions:
    $s_i(t) = t x_{ik} + (1 - t) r_i$ with
    $r_i = \sum_{m \ne k} w_m x_{im} / (1 - w_k)$. Units i and j swap at
    $t = (r_j - r_i) / ((x_{ik} - r_i) - (x_{jk} - r_j))$. If one weight is 1,
    the others are equal to each other. If units lack indicators, their scores are ratios of such
    lines, and t is a root of a quadratic equation.

    Parameters
    ----------
    values : array_like of shape (n_units, n_indicators)
        The normalised values. NaN marks a missing value, whose weight is shared among the other
        indicators.
    weights : array_like of shape (n_indicators,)
        The weights, which must sum to one.

    Returns
    -------
    Stability
        The limits; 0 and 1 where the order never changes. Units that tie at the nominal weights
        separate at any change, which does not count as a swap. Units without a score at the nominal
        weights are left out.

    Raises
    ------
    MethodError
        A value is infinite, a weight is negative, or the weights do not sum to one.

    Examples
    --------
    >>> limits = weight_stability([[80, 40, 60], [60, 70, 55]], [0.5, 0.3, 0.2])
    >>> limits.low.round(6).tolist(), limits.high.round(6).tolist()
    ([0.444444, 0.0, 0.0], [1.0, 0.34375, 1.0])
    """
    x, w = _checked(values, weights)
    present = ~np.isnan(x)
    filled = np.where(present, x, 0.0)
    scores = _scores(filled, present, w)
    scale = np.fmax.reduce(np.abs(scores))
    n = x.shape[1]
    order = np.argsort(-scores, kind="stable")
    ahead, behind = (order[places] for places in np.triu_indices(len(x), 1))
    is_pair = is_above(scores[ahead], scores[behind], scale)
    ahead, behind = ahead[is_pair], behind[is_pair]
    leads = ~is_above(np.fmax.reduce(scores), scores[ahead], scale)
    ends, leader_ends = np.tile([0.0, 1.0], (n, 1)), np.tile([0.0, 1.0], (n, 1))
    swaps = np.full((n, 2, 2), -1, dtype=np.int64)
    for k in range(n):
        is_all = w[k] >= 1 - TIE
        rest = np.where(np.arange(n) == k, 0.0, 1 / max(n - 1, 1) if is_all else w / (1 - w[k]))
        # The score at t is a ratio: the weighted sum of the values over the sum of the weights of
        # the values that are present.
        sums = np.stack([filled @ rest, filled[:, k]])
        present_rest = np.where(present[:, rest > 0].all(axis=1), float(rest.any()), present @ rest)
        shares = np.stack([present_rest, present[:, k].astype(np.float64)])
        t = _crossings(sums, shares, ahead, behind)
        pairs = np.broadcast_to(np.arange(ahead.size), t.shape)
        for side, inside in enumerate(((t >= 0) & (t < w[k]), (t > w[k]) & (t <= 1))):
            nearest = np.argmax if side == 0 else np.argmin
            if inside.any():
                place = nearest(t[inside])
                ends[k, side] = t[inside][place]
                pair = pairs[inside][place]
                swaps[k, side] = ahead[pair], behind[pair]
            of_leader = t[inside & leads]
            if of_leader.size:
                leader_ends[k, side] = of_leader[nearest(of_leader)]
    return Stability(
        weights=w,
        low=ends[:, 0],
        high=ends[:, 1],
        leader_low=leader_ends[:, 0],
        leader_high=leader_ends[:, 1],
        swaps=swaps,
    )


def _scores(filled: Floats, present: Floats, weights: Floats) -> Floats:
    """Return the weighted means of the values that are present; NaN if they have no weight."""
    total = present @ weights
    return np.asarray(filled @ weights / np.where(total > 0, total, np.nan))


def _crossings(sums: Floats, shares: Floats, first: Integers, second: Integers) -> Floats:
    """Return the weights at which pairs of units tie, of shape (2, n_pairs); NaN if they never do.

    Parameters
    ----------
    sums, shares : ndarray of shape (2, n_units)
        The score of a unit at t is its sum divided by its share. Both are linear in t, and the two
        rows are their values at t = 0 and t = 1.
    first, second : ndarray of shape (n_pairs,)
        The units of each pair.
    """
    base, slope = sums[0], sums[1] - sums[0]
    share, change = shares[0], shares[1] - shares[0]

    def cross(left: Floats, right: Floats) -> Floats:
        return np.asarray(left[first] * right[second] - left[second] * right[first])

    # The lead of the first unit times both shares is c + b t + a t^2.
    c, a = cross(base, share), cross(slope, change)
    b = cross(base, change) + cross(slope, share)
    with np.errstate(divide="ignore", invalid="ignore"):
        # This form of the roots avoids cancellation, and remains valid if a or c is zero.
        half = -(b + np.copysign(np.sqrt(b * b - 4 * a * c), b)) / 2
        t = np.stack([c / half, half / a])
        both = (share[first] + change[first] * t) * (share[second] + change[second] * t)
    # A unit whose share is zero has no score.
    return np.where(both > TIE, t, np.nan)


def pair_robustness(values: ArrayLike, weights: ArrayLike) -> Floats:
    r"""Return the robustness of the order of each two units to changes of the weights.

    The robustness is the greatest e in [0, 1] for which the unit that is ahead remains ahead at
    $(1 - e) w + e v$ for any weights v. It is
    $d \cdot w / (d \cdot w - \min_k d_k)$, where d are the differences between the values of
    the two units, and 1 if no difference is negative.

    Parameters
    ----------
    values : array_like of shape (n_units, n_indicators)
        The normalised values. NaN marks a missing value, whose weight is shared among the other
        indicators.
    weights : array_like of shape (n_indicators,)
        The weights, which must sum to one.

    Returns
    -------
    ndarray of shape (n_units, n_units)
        The robustness of the lead of the row over the column: 0 if the row is not ahead, and 1 if
        no weights can reverse the order. NaN for two units that have values for different
        indicators, unless one dominates the other, and for units without a score.

    Raises
    ------
    MethodError
        A value is infinite, a weight is negative, or the weights do not sum to one.

    References
    ----------
    Foster, McGillivray and Seth (2013), Composite indices: rank robustness, statistical
    association, and redundancy. https://doi.org/10.1080/07474938.2012.690647

    Examples
    --------
    >>> pair_robustness([[80, 40], [60, 50]], [0.5, 0.5]).round(3).tolist()
    [[0.0, 0.333], [0.0, 0.0]]
    """
    x, w = _checked(values, weights)
    present = ~np.isnan(x)
    scores = _scores(np.where(present, x, 0.0), present, w)
    return robustness_of(compared(x, flat(x.shape[1])), w, scores)


def robustness_of(comparisons: Comparisons, weights: Floats, scores: Floats) -> Floats:
    """Return the robustness of pairs of units from their comparisons and scores."""
    x, is_linear = comparisons.values, comparisons.is_linear
    is_sure = comparisons.dominates | comparisons.dominates.T
    scale = np.fmax.reduce(np.abs(scores))
    robust = np.full((len(x), len(x)), np.nan)
    for unit in np.flatnonzero(~np.isnan(scores)).tolist():
        differences = np.nan_to_num(x[unit] - x)
        lead, least = differences @ weights, differences.min(axis=1)
        ahead = is_above(scores[unit], scores, scale)
        at_risk = ahead & (least < 0) & ~is_sure[unit]
        e = np.where(at_risk, lead / np.where(at_risk, lead - least, 1.0), ahead)
        robust[unit] = np.where(is_linear[unit] | is_sure[unit], e, np.nan)
    robust[:, np.isnan(scores)] = np.nan
    return robust


def _checked(values: ArrayLike, weights: ArrayLike) -> tuple[Floats, Floats]:
    """Return the values, scaled into a safe range, and the weights, after checking both."""
    x, w = as_table(values, missing=True), as_floats(weights, "weights")
    if w.shape != x.shape[1:] or not (w >= 0).all() or not abs(w.sum() - 1) <= 1e-9:
        msg = f"weights must be {x.shape[1]} numbers of at least 0 that sum to one, got {weights!r}"
        raise MethodError(msg)
    return in_range(x, together=True)[0], w
