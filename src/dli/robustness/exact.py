"""Exact results for the arithmetic mean, on an assessment: no sampling."""

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
    """Return the probability that each unit scores above each other under random weights.

    Parameters
    ----------
    assessment : Assessment
        With the nominal weights.
    node : str, optional
        The node whose scores are compared; the index by default. All aggregations from there down
        to ``nodes`` must be arithmetic means.
    nodes : int, str or sequence of str, optional
        The nodes that have random weights: a level of the tree, or codes, that cover all
        indicators below ``node`` exactly once. The children of ``node`` by default. Weights are
        uniform over all that sum to one, regardless of the tree between: the weight of a node in
        between is the sum of those below it.
    period : object, optional
        Must be given if there are several.
    concentration, lower
        As in `dli.robustness.arrays.pairwise_winning`.

    Returns
    -------
    ndarray of shape (n_units, n_units)
        Row above column, exact, in the order of ``assessment.rows(period)``. Where weights of
        missing nodes are shared out, two units that lack the same children of ``node`` have an
        exact probability. NaN for other pairs, unless one dominates the other, and for units
        without a score.

    Raises
    ------
    UnknownCodeError
        No such node or period.
    MethodError
        Another aggregation, nodes that do not cover the node once, or no period where there are
        several.

    Warns
    -----
    DLIWarning
        Units that lack different nodes, or units with weights of their own: the probability is
        that under weights which both share.

    Examples
    --------
    >>> from dli import Index, Indicator
    >>> index = Index("T", [Indicator("a"), Indicator("b")])
    >>> assessment = Assessment(index, {"unit": ["X", "Y", "Z"], "a": [0, 3, 4], "b": [2, 1, 0]})
    >>> pairwise_winning(assessment)[1].round(6).tolist()
    [0.6, 0.0, 0.666667]
    """
    by = by_children(assessment, node, nodes)
    by.warn_of_own_weights("the probabilities are those of weights that both units share")
    rows = assessment.rows(period)
    comparisons = by.of(rows)
    probabilities = winning_of(comparisons, concentration=concentration, lower=lower)
    by.warn_of_gaps(
        _unanswered(by, rows, probabilities),
        "pairs that lack different ones have no exact probability",
    )
    return probabilities


def _unanswered(by: Compared, rows: NDArray[np.intp], answers: Floats) -> NDArray[np.intp]:
    """Return the rows with gaps of pairs that have no answer although both units have a score."""
    is_scored = ~np.isnan(by.assessment.array(by.top)[rows])
    return _with_gaps(by, rows[is_scored & (np.isnan(answers) & is_scored).any(axis=1)])


def _with_gaps(by: Compared, rows: NDArray[np.intp]) -> NDArray[np.intp]:
    """Return those of some rows that lack a node."""
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
    """Return the best and the worst rank of each unit over all weights, within its period.

    Parameters
    ----------
    assessment : Assessment
        With the nominal weights.
    node, nodes
        As in `pairwise_winning`: the weights of the children of ``node`` vary by default.
    lower, upper : array_like of shape (n_nodes,), optional
        The bounds of each weight; 0 and 1 by default.
    time_limit : float
        Seconds for each program of the solver, two for each unit.

    Returns
    -------
    frame
        A row for each unit and period: ``nominal`` rank, ``best``, ``worst``, and ``exact``,
        whether some weights give both. Otherwise no weights give a better or a worse rank, but
        these may not be reached: where the solver ran out of time, and where units lack different
        nodes. Ranks are missing where the unit has no score. The nominal rank lies within the range
        unless its weights are beyond the bounds.

    Raises
    ------
    UnknownCodeError
        No such node.
    MethodError
        Another aggregation, nodes that do not cover the node once, or bounds that no weights meet.

    Warns
    -----
    DLIWarning
        Units that lack different nodes, or units with weights of their own: the ranks are then
        those that are possible if each unit may have any weights.

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
    doubtful = []
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
        doubtful.append(_with_gaps(by, rows[scored & ~ranges.exact]))
    by.warn_of_gaps(np.concatenate(doubtful), "ranks of units that lack different ones are bounds")
    if lower is None and upper is None:  # rounding may tie units in one way and not in the other
        best, worst = np.fmin(best, nominal), np.fmax(worst, nominal)
    columns = {"nominal": nominal, "best": best, "worst": worst, "exact": exact.tolist()}
    return assessment.frame(columns, integers=("nominal", "best", "worst"))


@frozen(kw_only=True, eq=False, repr=False)
class WeightStability(Printed):
    """Within which limits each weight leaves the order of units as it is.

    Attributes
    ----------
    codes : tuple of str
        The nodes whose weights move.
    units : mapping of object to tuple
        For each period, None for data without periods, the units in the order of the arrays.
    limits : mapping of object to Stability
        For each period.
    is_exact : bool
        Whether all units with a score are among them.
    """

    codes: tuple[str, ...]
    units: Mapping[Any, tuple[Any, ...]]
    limits: Mapping[Any, Stability]
    is_exact: bool
    _assessment: Assessment = field()

    @cached_property
    def table(self) -> Frame:
        """A row for each node, and for each period if the data have periods.

        Columns: the period (if there are any), ``code, weight``; ``low`` and ``high``, between
        which no two units swap; ``swap_low`` and ``swap_high``, which units do there;
        ``leader_low`` and ``leader_high``, between which the first stays the first.
        """
        rows = [(p, own, k) for p, own in self.limits.items() for k in range(len(self.codes))]
        columns: dict[str, Any] = {
            "code": [self.codes[k] for *_, k in rows],
            "weight": [own.weights[k] for _, own, k in rows],
            "low": [own.low[k] for _, own, k in rows],
            "high": [own.high[k] for _, own, k in rows],
            "swap_low": [self._swap(p, own.swaps[k, 0]) for p, own, k in rows],
            "swap_high": [self._swap(p, own.swaps[k, 1]) for p, own, k in rows],
            "leader_low": [own.leader_low[k] for _, own, k in rows],
            "leader_high": [own.leader_high[k] for _, own, k in rows],
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
                        own.weights, own.low, own.high, own.leader_low, own.leader_high
                    )
                ),
            )
            for period, own in self.limits.items()
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
    """Return how far each weight can move, the others in proportion, before two units swap.

    Parameters
    ----------
    assessment : Assessment
        With the nominal weights.
    node, nodes
        As in `pairwise_winning`: the weights of the children of ``node`` move by default.
    period : object, optional
        That one alone; each period by itself by default.

    Returns
    -------
    WeightStability
        Where weights of missing nodes are shared out, this is part of the score as a weight moves.

    Raises
    ------
    UnknownCodeError
        No such node or period.
    MethodError
        Another aggregation, nodes that do not cover the node once, or units with weights of their
        own.

    Warns
    -----
    DLIWarning
        Units that lack some nodes of a sub-index between ``node`` and ``nodes`` but not all: they
        are left out.

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
    for own_period, rows in groups.items():
        comparisons = by.of(rows)
        included = comparisons.is_scored & comparisons.is_mean
        left_out.append(rows[comparisons.is_scored & ~comparisons.is_mean])
        units[own_period] = tuple(assessment.units[row] for row in rows[included].tolist())
        limits[own_period] = stability_of(comparisons.values[included], weights)
    left_out_rows = np.concatenate(left_out)
    by.warn_of_gaps(left_out_rows, "they are left out")
    return WeightStability(
        codes=by.codes,
        units=units,
        limits=limits,
        is_exact=not left_out_rows.size,
        assessment=assessment,
    )


def _shared_weights(by: Compared) -> Floats:
    """Return the effective weights of the nodes, which must be those of all units."""
    if by.has_own_weights:
        msg = (
            f"units have weights of their own at {by.top!r} or below it, so that there are no "
            "weights to start from"
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
    """Return how much doubt about the weights the order of each two units survives.

    Parameters
    ----------
    assessment : Assessment
        With the nominal weights.
    node, nodes
        As in `pairwise_winning`: the weights of the children of ``node`` are in doubt by default.
    period : object, optional
        Must be given if there are several.

    Returns
    -------
    ndarray of shape (n_units, n_units)
        In the order of ``assessment.rows(period)``; what it says is explained in
        `dli.robustness.arrays.pair_robustness`. Where weights of missing nodes are shared out, two
        units that lack the same children of ``node`` have an exact answer. NaN for other pairs,
        unless one dominates the other, and for units without a score.

    Raises
    ------
    UnknownCodeError
        No such node or period.
    MethodError
        Another aggregation, nodes that do not cover the node once, units with weights of their
        own, or no period where there are several.

    Warns
    -----
    DLIWarning
        Units that lack different nodes.

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
    by.warn_of_gaps(_unanswered(by, rows, robust), "pairs that lack different ones have no answer")
    return robust
