"""The best and the worst rank of each unit over all weights."""

import numpy as np
from attrs import frozen
from numpy.typing import ArrayLike

from dli.arrays import TIE, Bools, Floats, Integers, as_floats, as_table
from dli.checks import number
from dli.errors import MethodError
from dli.robustness.arrays.comparisons import Comparisons, compared, flat
from dli.solver import milp

__all__ = ["RankRanges", "ranges_of", "rank_ranges"]

# In the programs, a unit is ahead of another if it leads by this share of the largest difference.
_LEAD = 1e-7
# How often a program is solved again after rounding let through an impossible solution.
_REPAIRS = 50
# The lead that the rounding of the solver may create, as a share of the largest difference.
_ROUNDING = 1e-9


@frozen(kw_only=True, eq=False)
class RankRanges:
    """The best and the worst rank of each unit over all weights.

    Attributes
    ----------
    best, worst : ndarray of int of shape (n_units,)
        The ranks, where 1 is the best and tied units share the smaller rank. The unit reaches the
        rank ``best``, or a better one, under some weights, and ``worst``, or a worse one, under
        others.
    best_bound, worst_bound : ndarray of int of shape (n_units,)
        Bounds that the ranks of the unit never exceed, whatever the weights. They equal ``best``
        and ``worst`` where these are exact, and differ where the solver stopped early.
    """

    best: Integers
    worst: Integers
    best_bound: Integers
    worst_bound: Integers

    @property
    def is_exact(self) -> bool:
        """Whether the ranks of all units are exact."""
        return bool(self.exact.all())

    @property
    def exact(self) -> Bools:
        """Whether the best and the worst rank of each unit are exact, of shape (n_units,)."""
        return np.asarray((self.best == self.best_bound) & (self.worst == self.worst_bound))


def rank_ranges(
    values: ArrayLike,
    *,
    lower: ArrayLike | None = None,
    upper: ArrayLike | None = None,
    time_limit: float = 10.0,
) -> RankRanges:
    r"""Return the best and the worst rank of each unit over all weights.

    The best rank of unit i is one more than the smallest number of units that are ahead of it under
    some weights. This number is computed by a mixed-integer program with a binary variable $z_j$
    for each rival: minimise $\sum_j z_j$ subject to $w \cdot (x_j - x_i) \le M z_j$ and
    $\sum_k w_k = 1$. Rivals that are always or never ahead need no variable. The worst rank is
    computed in the same way.

    Parameters
    ----------
    values : array_like of shape (n_units, n_indicators)
        The normalised values, without missing ones.
    lower, upper : array_like of shape (n_indicators,), optional
        The lower and the upper bounds of the weights; 0 and 1 by default.
    time_limit : float
        The time limit for each program, in seconds. If it is too short, the rank that was reached
        and its bound differ.

    Returns
    -------
    RankRanges
        The best and the worst rank of each unit, and their bounds.

    Raises
    ------
    MethodError
        A value is missing or infinite, no weights that sum to one meet the bounds, or
        ``time_limit`` is not above 0.

    Examples
    --------
    >>> ranges = rank_ranges([[1.0, 0.0], [0.0, 3.0], [0.4, 0.4]])
    >>> ranges.best.tolist(), ranges.worst.tolist()
    ([1, 1, 2], [3, 3, 3])
    """
    table = as_table(values)
    comparisons = compared(table, flat(table.shape[1]))
    return ranges_of(comparisons, lower=lower, upper=upper, time_limit=time_limit)


def ranges_of(
    comparisons: Comparisons,
    *,
    lower: ArrayLike | None = None,
    upper: ArrayLike | None = None,
    time_limit: float = 10.0,
    own_weights: bool = False,
) -> RankRanges:
    """Return the rank ranges of units that have been compared.

    Parameters
    ----------
    comparisons : Comparisons
        The comparisons of the units. A pair that is not linear is assumed to be in any order that
        is possible under some weights, which makes the bounds wider: the ranks are then not exact.
    lower, upper, time_limit
        As in `rank_ranges`.
    own_weights : bool
        Whether each unit may have different weights.

    Returns
    -------
    RankRanges
        The ranks and their bounds; 0 for units without a score.
    """
    x, scored = comparisons.values, comparisons.is_scored
    low, high = _bounds(lower, upper, x.shape[1])
    time_limit = number("time_limit", time_limit, above=0)
    tie = TIE * float(np.nanmax(np.abs(x), initial=0.0))
    present = ~np.isnan(x)
    linear = comparisons.is_linear & (not own_weights)
    if lower is not None or upper is not None:
        # The bounds of the remaining weights depend on the weights of the missing indicators.
        linear &= present.all(axis=1)
    # Whether the column is ahead of the row under all weights, or under none.
    always = comparisons.low > comparisons.high[:, np.newaxis]
    never = (
        comparisons.low[:, np.newaxis] >= comparisons.high if own_weights else comparisons.at_least
    )
    best, best_bound, worst, worst_bound = np.zeros((4, len(x)), dtype=np.int64)
    for unit in np.flatnonzero(scored).tolist():
        rivals = linear[unit].copy()
        rivals[unit] = False
        nonlinear = scored & ~linear[unit]
        nonlinear[unit] = False
        n_ahead = int((nonlinear & always[unit]).sum())
        n_behind = int((nonlinear & never[unit]).sum())
        n_open = int(nonlinear.sum()) - n_ahead - n_behind
        # Linear rivals lack the same indicators as the unit, and these have no weight.
        has = present[unit]
        leads = x[np.ix_(rivals, has)] - x[unit, has]
        fewest, fewest_bound, most, most_bound = _numbers_ahead(
            leads, low[has], high[has], tie, time_limit
        )
        best_bound[unit] = 1 + n_ahead + fewest_bound
        worst_bound[unit] = 1 + n_ahead + n_open + most_bound
        # It is unknown how many open rivals can be ahead at the same time: ``best`` counts all of
        # them and ``worst`` none, so that the unit is certain to reach both.
        best[unit] = 1 + n_ahead + n_open + fewest
        worst[unit] = 1 + n_ahead + most
    return RankRanges(best=best, worst=worst, best_bound=best_bound, worst_bound=worst_bound)


def _bounds(lower: ArrayLike | None, upper: ArrayLike | None, n: int) -> tuple[Floats, Floats]:
    low = np.zeros(n) if lower is None else as_floats(lower, "lower")
    high = np.ones(n) if upper is None else as_floats(upper, "upper")
    fits = low.shape == high.shape == (n,) and bool((low >= 0).all() and (low <= high).all())
    if not (fits and low.sum() <= 1 + 1e-12 and high.sum() >= 1 - 1e-12):
        msg = (
            f"bounds must be {n} numbers each, of at least 0, that weights summing to one can "
            f"meet; got lower={lower!r} and upper={upper!r}"
        )
        raise MethodError(msg)
    return low, high


def _numbers_ahead(
    leads: Floats, low: Floats, high: Floats, tie: float, time_limit: float
) -> tuple[int, int, int, int]:
    """Return the smallest and the largest number of rivals ahead at once, each with a bound.

    Parameters
    ----------
    leads : ndarray of shape (n_rivals, n_indicators)
        The values of the rivals minus those of the unit.
    low, high : ndarray of shape (n_indicators,)
        The bounds of the weights.
    tie : float
        A rival that leads by no more than this is not ahead.
    time_limit : float
        The time limit for each program, in seconds.

    Returns
    -------
    fewest, fewest_bound, most, most_bound : int
        The numbers of rivals and their bounds.
    """
    most, least = _greatest(leads, low, high), -_greatest(-leads, low, high)
    n_always = int((least > tie).sum())
    is_open = (most > tie) & (least <= tie)
    n_open = int(is_open.sum())
    if not n_open:
        return n_always, n_always, n_always, n_always
    rows = leads[is_open]
    scale = np.abs(rows).max(axis=1)
    rows, least, most = rows / scale[:, np.newaxis], least[is_open] / scale, most[is_open] / scale
    program = _Program(low=low, high=high, time_limit=time_limit)
    behind, behind_bound = program.most_at_once(
        -rows, -most, lead=np.zeros(n_open), reached=np.full(n_open, -_ROUNDING)
    )
    ahead, ahead_bound = program.most_at_once(
        rows, least, lead=tie / scale + _LEAD, reached=tie / scale
    )
    n_not_behind = n_always + n_open
    return (
        n_not_behind - behind,
        n_not_behind - behind_bound,
        n_always + ahead,
        n_always + ahead_bound,
    )


@frozen(kw_only=True, eq=False)
class _Program:
    """Programs that maximise how many weighted sums are above a limit, for weights in bounds."""

    low: Floats
    high: Floats
    time_limit: float

    def most_at_once(
        self, rows: Floats, least: Floats, *, lead: Floats, reached: Floats
    ) -> tuple[int, int]:
        """Return the largest number found of sums above their limits at once, and a bound on it.

        Parameters
        ----------
        rows : ndarray of shape (n_rows, n_indicators)
            The rows whose weighted sums are compared; the largest absolute value of each row is 1.
        least : ndarray of shape (n_rows,)
            The least weighted sum of each row.
        lead : ndarray of shape (n_rows,)
            The limit of each sum in the program.
        reached : ndarray of shape (n_rows,)
            The limit that a sum must exceed to count, under the weights of a solution.
        """
        n, k = rows.shape
        # rows . w >= lead - M z: each sum reaches its limit, or its variable costs one.
        constraints = [
            (np.hstack([rows, np.diag(lead - least)]), lead, np.inf),
            (np.repeat([[1.0, 0.0]], [k, n], axis=1), 1, 1),
        ]
        best = 0
        for _ in range(_REPAIRS):
            result = milp(
                np.repeat([0.0, 1.0], [k, n]),
                integrality=np.repeat([0, 1], [k, n]),
                bounds=(np.append(self.low, np.zeros(n)), np.append(self.high, np.ones(n))),
                constraints=constraints,
                options={"time_limit": self.time_limit},
            )
            cost = result.mip_dual_bound
            bound = n - (0 if cost is None else max(int(np.ceil(cost - 1e-6)), 0))
            if result.x is None:
                break
            chosen = np.flatnonzero(result.x[k:] < 0.5)
            best = max(best, int((rows @ result.x[:k] > reached).sum()))
            if best >= bound or chosen.size < bound:
                break
            weights, conflict = self._clearest(rows[chosen], reached[chosen])
            best = max(best, int((rows @ weights > reached).sum()))
            if best >= bound or not conflict.any():
                break
            # These sums cannot all be above their limits at once, so at least one must cost.
            cut = np.zeros((1, k + n))
            cut[0, k + chosen[conflict]] = 1.0
            constraints.append((cut, 1, np.inf))
        return min(best, bound), bound

    def _clearest(self, rows: Floats, reached: Floats) -> tuple[Floats, Bools]:
        """Return the weights with the largest margin above the limits, and which sums conflict.

        If no weights put all sums above their limits, the sums that conflict are those whose limits
        are binding.
        """
        from scipy.optimize import linprog

        k = rows.shape[1]
        result = linprog(
            np.append(np.zeros(k), -1.0),
            A_ub=np.hstack([-rows, np.ones((len(rows), 1))]),
            b_ub=-reached,
            A_eq=[np.append(np.ones(k), 0.0)],
            b_eq=[1.0],
            bounds=[*zip(self.low, self.high, strict=True), (None, None)],
        )
        *weights, margin = np.asarray(result.x).tolist()
        return np.array(weights), np.asarray((result.ineqlin.marginals < 0) & (margin <= 0))


def _greatest(rows: Floats, low: Floats, high: Floats) -> Floats:
    """Return the greatest weighted sum of each row, for weights within bounds that sum to one."""
    # The weight that the lower bounds leave goes to the largest values first.
    order = np.argsort(-rows, axis=1)
    widths = (high - low)[order]
    before = np.cumsum(widths, axis=1) - widths
    added = np.clip(1 - low.sum() - before, 0.0, widths)
    return np.asarray(rows @ low + (np.take_along_axis(rows, order, axis=1) * added).sum(axis=1))
