"""The ranks that weights can give a unit."""

import numpy as np
from attrs import frozen
from numpy.typing import ArrayLike

from dli.arrays import TIE, Bools, Floats, Integers, as_floats, as_table
from dli.checks import number
from dli.errors import MethodError
from dli.robustness.arrays.comparisons import Comparisons, compared, flat
from dli.solver import milp

__all__ = ["RankRanges", "ranges_of", "rank_ranges"]

# In programs a unit is ahead of another if it leads by this share of their largest difference.
_LEAD = 1e-7
# How often a program is solved again because its rounding let through what cannot be.
_REPAIRS = 50
# Leads that the solver's rounding can make out of none, as a share of the largest difference.
_ROUNDING = 1e-9


@frozen(kw_only=True, eq=False)
class RankRanges:
    """The best and the worst rank of each unit over all weights.

    Attributes
    ----------
    best, worst : ndarray of int of shape (n_units,)
        1 is best; units that tie share the smaller rank. Some weights give the unit this rank.
    best_bound, worst_bound : ndarray of int of shape (n_units,)
        No weights give the unit a rank beyond. The same as the rank where it is exact; they differ
        where the solver stopped early.
    """

    best: Integers
    worst: Integers
    best_bound: Integers
    worst_bound: Integers

    @property
    def is_exact(self) -> bool:
        """Whether all ranks were found for certain."""
        return bool(self.exact.all())

    @property
    def exact(self) -> Bools:
        """Whether the ranks of each unit were found for certain."""
        return np.asarray((self.best == self.best_bound) & (self.worst == self.worst_bound))


def rank_ranges(
    values: ArrayLike,
    *,
    lower: ArrayLike | None = None,
    upper: ArrayLike | None = None,
    time_limit: float = 10.0,
) -> RankRanges:
    r"""Return the best and the worst rank that weights can give each unit.

    For the best rank of unit i: the fewest units that are ahead of it under some weights, a
    program with a whole variable $z_j$ for each rival,
    $w \cdot (x_j - x_i) \le M z_j$ with $\sum_k w_k = 1$. Rivals that are always or
    never ahead need none.

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
        The best and the worst rank of each unit.

    Raises
    ------
    MethodError
        Values that are missing or infinite, bounds that no weights meet, or no time.

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
        Pairs of units that are not linear are taken to be in any order that is possible under some
        weights, which makes bounds wider: the ranks are then not exact.
    own_weights : bool
        Each unit may have other weights.

    Returns
    -------
    RankRanges
        Of units without a score 0.
    """
    x, scored = comparisons.values, comparisons.is_scored
    low, high = _bounds(lower, upper, x.shape[1])
    time_limit = number("time_limit", time_limit, above=0)
    tie = TIE * float(np.nanmax(np.abs(x), initial=0.0))
    present = ~np.isnan(x)
    linear = comparisons.is_linear & (not own_weights)
    if lower is not None or upper is not None:  # what the bounds leave to the rest is not a box
        linear &= present.all(axis=1)
    # Of each unit (row): who is ahead of it (column) under all weights, and who under none.
    always = comparisons.low > comparisons.high[:, np.newaxis]
    never = (
        comparisons.low[:, np.newaxis] >= comparisons.high if own_weights else comparisons.at_least
    )
    best, best_bound, worst, worst_bound = np.zeros((4, len(x)), dtype=np.int64)
    for unit in np.flatnonzero(scored).tolist():
        rivals = linear[unit].copy()
        rivals[unit] = False
        others = scored & ~linear[unit]
        others[unit] = False
        n_ahead = int((others & always[unit]).sum())
        n_behind = int((others & never[unit]).sum())
        n_open = int(others.sum()) - n_ahead - n_behind
        # Linear rivals have the same gaps: what both lack has no weight.
        has = present[unit]
        leads = x[np.ix_(rivals, has)] - x[unit, has]
        fewest, fewest_bound, most, most_bound = _numbers_ahead(
            leads, low[has], high[has], tie, time_limit
        )
        best_bound[unit] = 1 + n_ahead + fewest_bound
        worst_bound[unit] = 1 + n_ahead + n_open + most_bound
        # Which of the open ones can be ahead together is not known, only that nothing is certain.
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
            f"meet; got lower {lower!r} and upper {upper!r}"
        )
        raise MethodError(msg)
    return low, high


def _numbers_ahead(
    leads: Floats, low: Floats, high: Floats, tie: float, time_limit: float
) -> tuple[int, int, int, int]:
    """Return how few and how many rivals can be ahead at once, each with a bound.

    Parameters
    ----------
    leads : ndarray of shape (n_rivals, n_indicators)
        The rivals' values less the unit's.
    tie : float
        Who leads by no more is not ahead.
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
    """How many weighted sums can be above a limit at once, for weights within bounds."""

    low: Floats
    high: Floats
    time_limit: float

    def most_at_once(
        self, rows: Floats, least: Floats, *, lead: Floats, reached: Floats
    ) -> tuple[int, int]:
        """Return how many sums are above a limit under some weights, and a bound on how many.

        Parameters
        ----------
        rows : ndarray of shape (n_rows, n_indicators)
            The largest absolute number of each is 1.
        least : ndarray of shape (n_rows,)
            The least weighted sum of each.
        lead : ndarray of shape (n_rows,)
            What the program asks of a sum.
        reached : ndarray of shape (n_rows,)
            What a sum must be above to count, for the weights that were found.
        """
        n, k = rows.shape
        # rows . w >= lead - M z: a sum is large enough, or costs one.
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
            # Not all of these sums can be above their limits at once.
            cut = np.zeros((1, k + n))
            cut[0, k + chosen[conflict]] = 1.0
            constraints.append((cut, 1, np.inf))
        return min(best, bound), bound

    def _clearest(self, rows: Floats, reached: Floats) -> tuple[Floats, Bools]:
        """Return the weights under which sums are furthest above limits, and those that conflict.

        The sums that conflict are those whose limits stop the rest, where not all are above.
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
    """Return the greatest weighted sum of each row: the best gets what the bounds leave first."""
    order = np.argsort(-rows, axis=1)
    room = (high - low)[order]
    before = np.cumsum(room, axis=1) - room
    taken = np.clip(1 - low.sum() - before, 0.0, room)
    return np.asarray(rows @ low + (np.take_along_axis(rows, order, axis=1) * taken).sum(axis=1))
