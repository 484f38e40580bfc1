"""Exact results for assessments that use arithmetic means, without sampling weights."""

from collections.abc import Mapping, Sequence
from functools import cached_property
from typing import Any

import numpy as np
from attrs import field, frozen
from numpy.typing import ArrayLike, NDArray

from dli.arrays import Floats, Integers
from dli.assessment import Assessment
from dli.errors import MethodError
from dli.frames import Frame
from dli.framework.select import Nodes
from dli.printing import SHOWN, Printed, Sheet
from dli.robustness.arrays.ranges import ranges_of
from dli.robustness.arrays.stability import Stability, robustness_of
from dli.robustness.arrays.stability import weight_stability as stability_of
from dli.robustness.arrays.winning import winning_of
from dli.robustness.compared import Compared, by_children

__all__ = [
    "WeightStability",
    "pair_robustness",
    "pairwise_winning",
    "rank_ranges",
    "weight_stability",
]


def pairwise_winning(
    assessment: Assessment,
    node: str | None = None,
    *,
    nodes: Nodes = None,
    period: object = None,
    concentration: Sequence[int] | None = None,
    lower: ArrayLike | None = None,
) -> Floats:
    """Return the probability that each unit scores above each other unit under random weights.

    Parameters
    ----------
    assessment : Assessment
        The assessment, with the nominal weights.
    node : str, optional
        The node whose scores are compared; the index by default. All aggregations from there down
        to ``nodes`` must be arithmetic means.
    nodes : int, str or sequence of str, optional
        The nodes whose weights are random: a tree level, a code or several codes, which together
        must cover every indicator below ``node`` exactly once. The children of ``node`` by default.
        Weights are drawn uniformly from all weights that sum to one, regardless of the tree between
        ``node`` and ``nodes``: the weight of a node in between is the sum of the weights below it.
    period : object, optional
        The period to compare units in. Required if the data have several periods.
    concentration, lower
        As in `dli.robustness.arrays.pairwise_winning`.

    Returns
    -------
    ndarray of shape (n_units, n_units)
        The exact probability that the unit in the row scores above the unit in the column, in the
        order of ``assessment.rows(period)``. If the weights of missing nodes are redistributed, the
        probability of two units that lack the same children of ``node`` is exact. It is NaN for
        units with other gaps, unless one dominates the other, and for units without a score.

    Raises
    ------
    UnknownCodeError
        A node or period is unknown.
    MethodError
        An aggregation is not the arithmetic mean, ``nodes`` do not cover the node exactly once,
        ``concentration`` or ``lower`` is not valid, or ``period`` is missing although the data have
        several.

    Warns
    -----
    DLIWarning
        Two units lack different nodes, or the weights of the assessment differ by unit, whereas the
        probabilities assume that both units share the same weights.

    Examples
    --------
    >>> from dli import Index, Indicator
    >>> index = Index("T", [Indicator("a"), Indicator("b")])
    >>> assessment = Assessment(index, {"unit": ["X", "Y", "Z"], "a": [0, 3, 4], "b": [2, 1, 0]})
    >>> pairwise_winning(assessment)[1].round(6).tolist()
    [0.6, 0.0, 0.666667]
    """
    by = by_children(assessment, node, nodes)
    by.warn_of_own_weights("the probabilities assume weights that both units share")
    rows = assessment.rows(period)
    comparisons = by.of(rows)
    probabilities = winning_of(comparisons, concentration=concentration, lower=lower)
    by.warn_of_gaps(
        _inexact_rows(by, rows, probabilities),
        "pairs of units that lack different nodes have no exact probability",
    )
    return probabilities


def _inexact_rows(by: Compared, rows: NDArray[np.intp], results: Floats) -> NDArray[np.intp]:
    """Return rows with gaps in pairs that have no exact result although both units have a score."""
    is_scored = ~np.isnan(by.assessment.array(by.top)[rows])
    return _with_gaps(by, rows[is_scored & (np.isnan(results) & is_scored).any(axis=1)])


def _with_gaps(by: Compared, rows: NDArray[np.intp]) -> NDArray[np.intp]:
    """Return the rows that lack a value at one of the nodes."""
    return np.asarray(rows[np.isnan(by.assessment.arrays(by.codes)[rows]).any(axis=1)])


def rank_ranges(
    assessment: Assessment,
    node: str | None = None,
    *,
    nodes: Nodes = None,
    lower: ArrayLike | None = None,
    upper: ArrayLike | None = None,
    time_limit: float = 10.0,
) -> Frame:
    """Return the best and the worst rank of each unit in its period over all weights.

    Parameters
    ----------
    assessment : Assessment
        The assessment, with the nominal weights.
    node, nodes
        As in `pairwise_winning`: the weights of the children of ``node`` vary by default.
    lower, upper : array_like of shape (n_nodes,), optional
        The bounds of each weight; 0 and 1 by default.
    time_limit : float
        The time limit in seconds for each integer program; there are two for each unit.

    Returns
    -------
    frame
        A row for each unit (and period): the ``nominal`` rank, the ``best`` and ``worst`` rank, and
        ``exact``, whether some weights lead to the best rank and some to the worst. If not, because
        the solver ran out of time or units lack different nodes, the two are bounds: no weights
        lead to a rank beyond them, but the unit may not reach them. Ranks are missing where the
        unit does not have a score. The nominal rank is within the range unless the nominal weights
        are outside ``lower`` and ``upper``.

    Raises
    ------
    UnknownCodeError
        A node is unknown.
    MethodError
        An aggregation is not the arithmetic mean, ``nodes`` do not cover the node exactly once, no
        weights are within the bounds, or ``time_limit`` is not above zero.

    Warns
    -----
    DLIWarning
        Two units lack different nodes, or the weights of the assessment differ by unit: the ranks
        are then those that are possible if each unit may have any weights.

    Examples
    --------
    >>> from dli import Index, Indicator, frames
    >>> index = Index("T", [Indicator("a"), Indicator("b")])
    >>> data = {"unit": ["X", "Y", "Z"], "a": [0, 3, 4], "b": [3, 1, 0]}
    >>> table = frames.read(rank_ranges(Assessment(index, data)))
    >>> table.column("best"), table.column("worst")
    ([1, 1, 1], [3, 2, 3])
    """
    by = by_children(assessment, node, nodes)
    by.warn_of_own_weights("ranks are those that are possible if each unit may have any weights")
    nominal = assessment.rank_array(by.top)
    best, worst = np.full((2, len(nominal)), np.nan)
    exact = np.zeros(len(nominal), dtype=np.bool_)
    inexact = []
    for rows in assessment.rows_by_period.values():
        comparisons = by.of(rows)
        ranges = ranges_of(
            comparisons,
            lower=lower,
            upper=upper,
            time_limit=time_limit,
            own_weights=by.has_own_weights,
        )
        scored = comparisons.is_scored
        best[rows[scored]] = ranges.best_bound[scored]
        worst[rows[scored]] = ranges.worst_bound[scored]
        exact[rows] = scored & ranges.exact
        inexact.append(_with_gaps(by, rows[scored & ~ranges.exact]))
    by.warn_of_gaps(np.concatenate(inexact), "ranks of units that lack different nodes are bounds")
    # Rounding may tie two units in the nominal scores but not in the comparisons.
    if lower is None and upper is None:
        best, worst = np.fmin(best, nominal), np.fmax(worst, nominal)
    columns = {"nominal": nominal, "best": best, "worst": worst, "exact": exact.tolist()}
    return assessment.frame(columns, integers=("nominal", "best", "worst"))


@frozen(kw_only=True, eq=False, repr=False)
class WeightStability(Printed):
    """The limits within which each weight can move without changing the order of units.

    Attributes
    ----------
    codes : tuple of str
        The nodes whose weights move.
    units : mapping of object to tuple
        The compared units of each period, to which ``swaps`` of the limits refer. The key is None
        for data without periods.
    limits : mapping of object to Stability
        The limits of each period.
    is_exact : bool
        Whether ``units`` include all units with a score.
    """

    codes: tuple[str, ...]
    units: Mapping[Any, tuple[Any, ...]]
    limits: Mapping[Any, Stability]
    is_exact: bool
    _assessment: Assessment = field()

    @cached_property
    def table(self) -> Frame:
        """A table with a row for each node, and for each period if the data have periods.

        The columns are the period (if the data have periods), ``code`` and ``weight`` of the node;
        ``low`` and ``high``, the limits of the weight between which no two units swap places;
        ``swap_low`` and ``swap_high``, the two units that swap at these limits; and ``leader_low``
        and ``leader_high``, the limits between which the first unit remains first.
        """
        rows = [(p, limits, k) for p, limits in self.limits.items() for k in range(len(self.codes))]
        columns: dict[str, Any] = {
            "code": [self.codes[k] for *_, k in rows],
            "weight": [limits.weights[k] for _, limits, k in rows],
            "low": [limits.low[k] for _, limits, k in rows],
            "high": [limits.high[k] for _, limits, k in rows],
            "swap_low": [self._swap(p, limits.swaps[k, 0]) for p, limits, k in rows],
            "swap_high": [self._swap(p, limits.swaps[k, 1]) for p, limits, k in rows],
            "leader_low": [limits.leader_low[k] for _, limits, k in rows],
            "leader_high": [limits.leader_high[k] for _, limits, k in rows],
        }
        return self._assessment.table(columns, periods=[p for p, *_ in rows])

    def _swap(self, period: object, pair: Integers) -> str | None:
        first, second = pair.tolist()
        units = self.units[period]
        return None if first < 0 else f"{units[first]} / {units[second]}"

    def _sheet(self) -> Sheet:
        has_periods = self._assessment.periods is not None
        rows = [
            (
                *((str(period),) if has_periods else ()),
                code,
                *(
                    f"{numbers[k]:.3f}"
                    for numbers in (
                        limits.weights, limits.low, limits.high,
                        limits.leader_low, limits.leader_high,
                    )
                ),
            )
            for period, limits in self.limits.items()
            for k, code in enumerate(self.codes)
        ]  # fmt: skip
        head = ("code", "weight", "no swap from", "to", "leader from", "to")
        title = "How far each weight can move before ranks change"
        if has_periods:
            return Sheet(title, ("period", *head), rows[:SHOWN], (0, 1), len(rows[SHOWN:]))
        return Sheet(title, head, rows)


def weight_stability(
    assessment: Assessment,
    node: str | None = None,
    *,
    nodes: Nodes = None,
    period: object = None,
) -> WeightStability:
    """Return how far each weight can move before two units swap places.

    The other weights keep their proportions to each other.

    Parameters
    ----------
    assessment : Assessment
        The assessment, with the nominal weights.
    node, nodes
        As in `pairwise_winning`: the weights of the children of ``node`` move by default.
    period : object, optional
        The only period to compute limits for; by default, each period is analysed separately.

    Returns
    -------
    WeightStability
        The limits of each weight. If the weights of missing nodes are redistributed, the
        redistribution is recomputed as each weight moves.

    Raises
    ------
    UnknownCodeError
        A node or period is unknown.
    MethodError
        An aggregation is not the arithmetic mean, ``nodes`` do not cover the node exactly once, or
        the weights differ by unit.

    Warns
    -----
    DLIWarning
        A unit lacks some but not all nodes of a sub-index between ``node`` and ``nodes``; it is
        left out.

    Examples
    --------
    >>> from dli import Index, Indicator
    >>> index = Index("T", [Indicator("a"), Indicator("b")])
    >>> assessment = Assessment(index, {"unit": ["X", "Y", "Z"], "a": [0, 3, 4], "b": [2, 1, 0]})
    >>> weight_stability(assessment)
    How far each weight can move before ranks change
    <BLANKLINE>
    code  weight  no swap from     to  leader from     to
    a      0.500         0.400  0.667        0.400  0.667
    b      0.500         0.333  0.600        0.333  0.600
    """
    by = by_children(assessment, node, nodes)
    weights = _shared_weights(by)
    groups = assessment.rows_by_period
    if period is not None or assessment.periods is None:
        groups = {period: assessment.rows(period)}
    units, limits, left_out = {}, {}, []
    for key, rows in groups.items():
        comparisons = by.of(rows)
        included = comparisons.is_scored & comparisons.is_mean
        left_out.append(rows[comparisons.is_scored & ~comparisons.is_mean])
        units[key] = tuple(assessment.units[row] for row in rows[included].tolist())
        limits[key] = stability_of(comparisons.values[included], weights)
    left_out_rows = np.concatenate(left_out)
    by.warn_of_gaps(left_out_rows, "these units are left out")
    return WeightStability(
        codes=by.codes,
        units=units,
        limits=limits,
        is_exact=not left_out_rows.size,
        assessment=assessment,
    )


def _shared_weights(by: Compared) -> Floats:
    """Return the effective weights of the nodes; raise an error if they differ by unit."""
    if by.has_own_weights:
        msg = (
            f"the weights at {by.top!r} or below it differ by unit, but the result requires "
            "weights that all units share; use another weighting"
        )
        raise MethodError(msg)
    return by.weights


def pair_robustness(
    assessment: Assessment,
    node: str | None = None,
    *,
    nodes: Nodes = None,
    period: object = None,
) -> Floats:
    """Return how uncertain the weights may be before the order of two units can change.

    Parameters
    ----------
    assessment : Assessment
        The assessment, with the nominal weights.
    node, nodes
        As in `pairwise_winning`: the weights of the children of ``node`` are uncertain by default.
    period : object, optional
        The period to compare units in. Required if the data have several periods.

    Returns
    -------
    ndarray of shape (n_units, n_units)
        The robustness of each pair, as defined in `dli.robustness.arrays.pair_robustness`, in the
        order of ``assessment.rows(period)``. If the weights of missing nodes are redistributed, the
        result for two units that lack the same children of ``node`` is exact. It is NaN for units
        with other gaps, unless one dominates the other, and for units without a score.

    Raises
    ------
    UnknownCodeError
        A node or period is unknown.
    MethodError
        An aggregation is not the arithmetic mean, ``nodes`` do not cover the node exactly once, the
        weights differ by unit, or ``period`` is missing although the data have several.

    Warns
    -----
    DLIWarning
        Two units lack different nodes.

    Examples
    --------
    >>> from dli import Index, Indicator
    >>> index = Index("T", [Indicator("a"), Indicator("b")])
    >>> assessment = Assessment(index, {"unit": ["X", "Y", "Z"], "a": [0, 3, 4], "b": [2, 1, 0]})
    >>> pair_robustness(assessment).round(3).tolist()
    [[0.0, 0.0, 0.0], [0.2, 0.0, 0.333], [0.0, 0.0, 0.0]]
    """
    by = by_children(assessment, node, nodes)
    weights = _shared_weights(by)
    rows = assessment.rows(period)
    robust = robustness_of(by.of(rows), weights, assessment.array(by.top)[rows])
    by.warn_of_gaps(
        _inexact_rows(by, rows, robust),
        "pairs of units that lack different nodes have no exact result",
    )
    return robust
