"""How far one weight may move before the order changes."""

from typing import TypeAlias

import numpy as np
from attrs import frozen
from numpy.typing import ArrayLike, NDArray

from dli.errors import MethodError

__all__ = ["Stability", "pair_robustness", "weight_stability_intervals"]

Floats: TypeAlias = NDArray[np.float64]

_ROUNDING = 1e-12


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
    swaps: NDArray[np.int64]


def weight_stability_intervals(values: ArrayLike, weights: ArrayLike) -> Stability:
    r"""Give for each weight the interval in which it can move without a change of order.

    The weight of indicator k moves to t and the others keep their proportions:
    :math:`s_i(t) = t x_{ik} + (1 - t) r_i` with
    :math:`r_i = \sum_{m \ne k} w_m x_{im} / (1 - w_k)`. Units i and j swap at
    :math:`t = (r_j - r_i) / ((x_{ik} - r_i) - (x_{jk} - r_j))`. Where one weight
    is all, the others are taken for equal among themselves.

    Parameters
    ----------
    values : array_like of shape (n_units, n_indicators)
        Normalised, none missing.
    weights : array_like of shape (n_indicators,)
        Summing to one.

    Returns
    -------
    Stability
        From 0 to 1 where nothing changes. Units that tie at the nominal weights are taken for
        one; they part at once, which is no swap.

    Raises
    ------
    MethodError
        Values that are missing or infinite, or weights that are none.

    Examples
    --------
    >>> found = weight_stability_intervals([[80, 40, 60], [60, 70, 55]], [0.5, 0.3, 0.2])
    >>> found.low.round(6).tolist(), found.high.round(6).tolist()
    ([0.444444, 0.0, 0.0], [1.0, 0.34375, 1.0])
    """
    x, w = _checked(values, weights)
    n_units, n = x.shape
    scores = x @ w
    order = np.argsort(-scores, kind="stable")
    low, high = np.zeros(n), np.ones(n)
    leader_low, leader_high = np.zeros(n), np.ones(n)
    swaps = np.full((n, 2, 2), -1, dtype=np.int64)
    ahead, behind = (order[places] for places in np.triu_indices(n_units, 1))
    tie = np.abs(scores[ahead] - scores[behind]) <= _ROUNDING * max(1.0, np.abs(scores).max())
    ahead, behind = ahead[~tie], behind[~tie]
    first = np.isin(ahead, order[scores[order] >= scores[order[0]] - _ROUNDING])
    for k in range(n):
        if w[k] >= 1 - _ROUNDING:
            rest = np.delete(x, k, axis=1).mean(axis=1) if n > 1 else x[:, k]
        else:
            rest = (scores - w[k] * x[:, k]) / (1 - w[k])
        # The lead of the unit ahead at t is gap + t * slope.
        gap = rest[ahead] - rest[behind]
        slope = x[ahead, k] - x[behind, k] - gap
        with np.errstate(divide="ignore", invalid="ignore"):
            t = np.where(slope != 0, -gap / slope, np.nan)
        for side, here in enumerate(((t >= 0) & (t < w[k]), (t <= 1) & (t > w[k]))):
            ends, leaders = (low, leader_low) if side == 0 else (high, leader_high)
            pick = np.argmax if side == 0 else np.argmin
            for limits, among in ((ends, here), (leaders, here & first)):
                if among.any():
                    found = np.flatnonzero(among)
                    chosen = found[pick(t[found])]
                    limits[k] = t[chosen]
                    if limits is ends:
                        swaps[k, side] = ahead[chosen], behind[chosen]
    return Stability(
        weights=w, low=low, high=high, leader_low=leader_low, leader_high=leader_high, swaps=swaps
    )


def pair_robustness(values: ArrayLike, weights: ArrayLike) -> Floats:
    r"""Give how much doubt about the weights the order of each two units survives.

    The greatest e in [0, 1] for which the unit that is ahead stays so at all weights
    :math:`(1 - e) w + e v`, v any weights at all: e reaches
    :math:`d \cdot w / (d \cdot w - \min_k d_k)` with the differences d.

    Parameters
    ----------
    values : array_like of shape (n_units, n_indicators)
    weights : array_like of shape (n_indicators,)

    Returns
    -------
    ndarray of shape (n_units, n_units)
        Row against column, for the row ahead; 0 where it is not ahead, 1 where no weights can turn
        the order.

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
    scores = x @ w
    robust = np.zeros((len(x), len(x)))
    for unit, own in enumerate(x):
        lead = scores[unit] - scores
        least = (own - x).min(axis=1)
        ahead = lead > _ROUNDING * max(1.0, np.abs(scores).max())
        at_risk = ahead & (least < 0)
        robust[unit] = np.where(at_risk, lead / np.where(at_risk, lead - least, 1.0), ahead)
    return robust


def _checked(values: ArrayLike, weights: ArrayLike) -> tuple[Floats, Floats]:
    x, w = np.asarray(values, dtype=np.float64), np.asarray(weights, dtype=np.float64)
    if x.ndim != 2 or 0 in x.shape or not np.isfinite(x).all():
        where = [f"row {i}, column {j}" for i, j in np.argwhere(~np.isfinite(x)).tolist()]
        msg = f"values must be finite numbers of shape (n_units, n_indicators), got {x.shape}"
        raise MethodError(msg, where if x.ndim == 2 else ())
    if w.shape != x.shape[1:] or not (w >= 0).all() or not abs(w.sum() - 1) <= 1e-9:
        msg = f"weights must be {x.shape[1]} numbers of at least 0 that sum to one, got {weights!r}"
        raise MethodError(msg)
    return x, w
