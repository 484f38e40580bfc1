"""How far weights may move before the order of units changes."""

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
    """Within which limits each weight leaves the order as it is.

    Attributes
    ----------
    weights : ndarray of shape (n_indicators,)
        Nominal.
    low, high : ndarray of shape (n_indicators,)
        Between them no two units swap.
    leader_low, leader_high : ndarray of shape (n_indicators,)
        Between them the first stays the first.
    swaps : ndarray of int of shape (n_indicators, 2, 2)
        The pairs of units that swap at the lower and at the upper limit; -1 where none does.
    """

    weights: Floats
    low: Floats
    high: Floats
    leader_low: Floats
    leader_high: Floats
    swaps: Integers


def weight_stability(values: ArrayLike, weights: ArrayLike) -> Stability:
    r"""Return for each weight the interval in which it can move without a change of order.

    The weight of indicator k moves to t and the others keep their proportions:
    $s_i(t) = t x_{ik} + (1 - t) r_i$ with
    $r_i = \sum_{m \ne k} w_m x_{im} / (1 - w_k)$. Units i and j swap at
    $t = (r_j - r_i) / ((x_{ik} - r_i) - (x_{jk} - r_j))$. Where one weight is 1, the others
    are equal among themselves. Between units that lack indicators the score is a ratio of such
    lines, and t a root of a quadratic equation.

    Parameters
    ----------
    values : array_like of shape (n_units, n_indicators)
        Normalised. NaN is missing: its weight is shared among the rest.
    weights : array_like of shape (n_indicators,)
        Summing to one.

    Returns
    -------
    Stability
        From 0 to 1 where nothing changes. Units that tie at the nominal weights part at once,
        which does not count as a swap. Units without a score at the nominal weights are left out.

    Raises
    ------
    MethodError
        Infinite values, or weights that do not sum to one.

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
        others = np.where(np.arange(n) == k, 0.0, 1 / max(n - 1, 1) if is_all else w / (1 - w[k]))
        # The score at t is a ratio of sums: of values, and of the weights of what there is.
        sums = np.stack([filled @ others, filled[:, k]])
        rests = np.where(present[:, others > 0].all(axis=1), float(others.any()), present @ others)
        shares = np.stack([rests, present[:, k].astype(np.float64)])
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
    total = present @ weights
    return np.asarray(filled @ weights / np.where(total > 0, total, np.nan))


def _crossings(sums: Floats, shares: Floats, first: Integers, second: Integers) -> Floats:
    """Return where the scores of pairs of units are equal: (2, n_pairs), NaN where they are not.

    Parameters
    ----------
    sums, shares : ndarray of shape (2, n_units)
        A score at t is the sum over the share, each of them the line from its value at 0 to that
        at 1.
    first, second : ndarray of shape (n_pairs,)
    """
    base, slope = sums[0], sums[1] - sums[0]
    share, change = shares[0], shares[1] - shares[0]

    def cross(one: Floats, other: Floats) -> Floats:
        return np.asarray(one[first] * other[second] - one[second] * other[first])

    # The lead of one unit times both shares is c + b t + a t^2.
    c, a = cross(base, share), cross(slope, change)
    b = cross(base, change) + cross(slope, share)
    with np.errstate(divide="ignore", invalid="ignore"):
        # The form that loses no digits, and holds where a or c is zero.
        half = -(b + np.copysign(np.sqrt(b * b - 4 * a * c), b)) / 2
        t = np.stack([c / half, half / a])
        both = (share[first] + change[first] * t) * (share[second] + change[second] * t)
    # Where a unit has no share it has no score.
    return np.where(both > TIE, t, np.nan)


def pair_robustness(values: ArrayLike, weights: ArrayLike) -> Floats:
    r"""Return how much doubt about the weights the order of each two units survives.

    The greatest e in [0, 1] for which the unit that is ahead stays so at all weights
    $(1 - e) w + e v$, v any weights at all: e reaches
    $d \cdot w / (d \cdot w - \min_k d_k)$ with the differences d.

    Parameters
    ----------
    values : array_like of shape (n_units, n_indicators)
        Normalised. NaN is missing: its weight is shared among the rest.
    weights : array_like of shape (n_indicators,)
        Summing to one.

    Returns
    -------
    ndarray of shape (n_units, n_units)
        Row against column, for the row ahead; 0 where it is not ahead, 1 where no weights can turn
        the order. NaN for two units with values of different indicators, unless one dominates the
        other, and for units without a score.

    Raises
    ------
    MethodError
        Infinite values, or weights that do not sum to one.

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
    """Return the robustness of pairs of units that have been compared, from their scores."""
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
    x, w = as_table(values, missing=True), as_floats(weights, "weights")
    if w.shape != x.shape[1:] or not (w >= 0).all() or not abs(w.sum() - 1) <= 1e-9:
        msg = f"weights must be {x.shape[1]} numbers of at least 0 that sum to one, got {weights!r}"
        raise MethodError(msg)
    return in_range(x, together=True)[0], w
