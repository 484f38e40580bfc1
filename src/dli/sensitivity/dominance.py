"""Units that no weights can put behind others, and the ranks that weights can give a unit."""

from typing import TypeAlias

import numpy as np
from attrs import frozen
from numpy.typing import ArrayLike, NDArray

from dli.errors import MethodError

__all__ = ["RankRanges", "dominance_matrix", "rank_ranges"]

Floats: TypeAlias = NDArray[np.float64]

# A unit beats another when it is ahead by more than this share of the spread of values.
_MARGIN = 1e-7


def dominance_matrix(values: ArrayLike) -> NDArray[np.bool_]:
    """Tell which units are nowhere worse than others and somewhere better.

    Parameters
    ----------
    values : array_like of shape (n_units, n_indicators)
        Normalised. NaN is missing: two units are compared by the indicators that both have, and
        without any neither dominates.

    Returns
    -------
    ndarray of bool of shape (n_units, n_units)
        Row over column. Under any weights that are all above zero a dominating unit scores higher.

    Raises
    ------
    MethodError
        Values of another shape.

    Examples
    --------
    >>> dominance_matrix([[2.0, 3.0], [2.0, 1.0], [1.0, 9.0]]).tolist()
    [[False, True, False], [False, False, False], [False, False, False]]
    """
    x = np.asarray(values, dtype=np.float64)
    if x.ndim != 2:
        msg = f"values must have the shape (n_units, n_indicators), got {x.shape}"
        raise MethodError(msg)
    dominates = np.empty((len(x), len(x)), dtype=np.bool_)
    for unit, own in enumerate(x):
        # Comparisons with NaN are false: what one of them lacks speaks for neither.
        dominates[unit] = ~(own < x).any(axis=1) & (own > x).any(axis=1)
    return dominates


@frozen(kw_only=True, eq=False)
class RankRanges:
    """The best and the worst rank of each unit over all weights.

    Attributes
    ----------
    best, worst : ndarray of int of shape (n_units,)
        1 is best; units that tie share the smaller rank. Where the solver stopped early, a rank
        that is reached.
    best_bound, worst_bound : ndarray of int of shape (n_units,)
        What no weights can go beyond; the same as the rank where it is exact.
    """

    best: NDArray[np.int64]
    worst: NDArray[np.int64]
    best_bound: NDArray[np.int64]
    worst_bound: NDArray[np.int64]

    @property
    def is_exact(self) -> bool:
        """Whether all ranks were found for certain."""
        best, worst = (self.best == self.best_bound).all(), (self.worst == self.worst_bound).all()
        return bool(best and worst)


def rank_ranges(
    values: ArrayLike,
    *,
    lower: ArrayLike | None = None,
    upper: ArrayLike | None = None,
    time_limit: float = 10.0,
) -> RankRanges:
    r"""Give the best and the worst rank that weights can give each unit.

    For the best rank of unit i: the fewest units that are ahead of it at some weights, a program
    with a whole variable :math:`z_j` for each rival, :math:`w \cdot (x_j - x_i) \le M z_j` with
    :math:`\sum_k w_k = 1`. Rivals that are always or never ahead, as a linear program of each pair
    tells, need none.

    Parameters
    ----------
    values : array_like of shape (n_units, n_indicators)
        Normalised, none missing.
    lower, upper : array_like of shape (n_indicators,), optional
        The bounds of each weight; 0 and 1 by default.
    time_limit : float
        Seconds for each program. Where it is not enough the rank reached and the bound differ.

    Returns
    -------
    RankRanges

    Raises
    ------
    MethodError
        Values that are missing or infinite, or bounds that no weights meet.

    Examples
    --------
    >>> found = rank_ranges([[1.0, 0.0], [0.0, 3.0], [0.4, 0.4]])
    >>> found.best.tolist(), found.worst.tolist()
    ([1, 1, 2], [3, 3, 3])
    """
    x = np.asarray(values, dtype=np.float64)
    if x.ndim != 2 or 0 in x.shape or not np.isfinite(x).all():
        where = [f"row {i}, column {j}" for i, j in np.argwhere(~np.isfinite(x)).tolist()]
        msg = f"values must be finite numbers of shape (n_units, n_indicators), got {x.shape}"
        raise MethodError(msg, where if x.ndim == 2 else ())
    low, high = _bounds(lower, upper, x.shape[1])
    spread = float(np.ptp(x, axis=0).max())
    x = (x - x.min(axis=0)) / spread if spread > 0 else x * 0.0
    best, best_bound, worst, worst_bound = np.zeros((4, len(x)), dtype=np.int64)
    for unit in range(len(x)):
        rivals = np.delete(x, unit, axis=0) - x[unit]
        fewest, bound = _fewest_ahead(rivals, low, high, time_limit)
        best[unit], best_bound[unit] = 1 + fewest, 1 + bound
        # The worst rank is that of most units ahead: all but the fewest that are not.
        fewest, bound = _fewest_ahead(-rivals, low, high, time_limit, tie_is_ahead=True)
        worst[unit], worst_bound[unit] = len(x) - fewest, len(x) - bound
    return RankRanges(best=best, worst=worst, best_bound=best_bound, worst_bound=worst_bound)


def _bounds(lower: ArrayLike | None, upper: ArrayLike | None, n: int) -> tuple[Floats, Floats]:
    low = np.zeros(n) if lower is None else np.asarray(lower, dtype=np.float64)
    high = np.ones(n) if upper is None else np.asarray(upper, dtype=np.float64)
    fits = low.shape == high.shape == (n,) and bool((low >= 0).all() and (low <= high).all())
    if not (fits and low.sum() <= 1 + 1e-12 and high.sum() >= 1 - 1e-12):
        msg = (
            f"bounds must be {n} numbers each, from 0 up, that weights summing to one can meet; "
            f"got lower {lower!r} and upper {upper!r}"
        )
        raise MethodError(msg)
    return low, high


def _fewest_ahead(
    rivals: Floats, low: Floats, high: Floats, time_limit: float, *, tie_is_ahead: bool = False
) -> tuple[int, int]:
    """Give how few rivals can be ahead at one choice of weights, and a bound from below.

    Parameters
    ----------
    rivals : ndarray of shape (n_rivals, n_indicators)
        Their values less the unit's.
    tie_is_ahead : bool
        Whether a rival that ties counts as ahead.
    """
    most = np.array([_greatest(own, low, high) for own in rivals])
    least = np.array([-_greatest(-own, low, high) for own in rivals])
    margin = _MARGIN if tie_is_ahead else 0.0
    never = most <= -margin if tie_is_ahead else most <= _MARGIN * 1e-3
    always = least > -margin if tie_is_ahead else least > _MARGIN * 1e-3
    open_ = ~(never | always)
    n_always = int(always.sum())
    if not open_.any():
        return n_always, n_always
    from scipy.optimize import Bounds, LinearConstraint, milp

    own = rivals[open_]
    n, k = own.shape
    # w . own <= M z - margin (1 - z): a rival is either behind, or costs one.
    reach = most[open_] + margin
    rows = np.hstack([own, -np.diag(reach)])
    found = milp(
        np.concatenate([np.zeros(k), np.ones(n)]),
        integrality=np.concatenate([np.zeros(k), np.ones(n)]),
        bounds=Bounds(np.concatenate([low, np.zeros(n)]), np.concatenate([high, np.ones(n)])),
        constraints=[
            LinearConstraint(rows, -np.inf, -margin),
            LinearConstraint(np.concatenate([np.ones(k), np.zeros(n)]), 1, 1),
        ],
        options={"time_limit": time_limit},
    )
    reached = n if found.x is None else round(float(found.x[k:].sum()))
    bound = 0 if found.mip_dual_bound is None else int(np.ceil(found.mip_dual_bound - 1e-6))
    return n_always + reached, n_always + min(max(bound, 0), reached)


def _greatest(slopes: Floats, low: Floats, high: Floats) -> float:
    """Give the greatest weighted sum: what the bounds leave goes to the best first."""
    order = np.argsort(-slopes)
    room = high[order] - low[order]
    left = 1 - low.sum()
    taken = np.minimum(room, np.maximum(left - np.concatenate([[0.0], np.cumsum(room)[:-1]]), 0.0))
    return float(slopes @ low + slopes[order] @ taken)
