"""The partial order of units that no weights can reverse."""

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

import numpy as np

from dli.arrays import Bools
from dli.assessment import Assessment
from dli.framework.select import Nodes
from dli.robustness.compared import by_nodes

if TYPE_CHECKING:
    import networkx as nx

__all__ = ["dominance", "order"]


def dominance(
    assessment: Assessment,
    node: str | None = None,
    *,
    nodes: Nodes = None,
    period: object = None,
) -> Bools:
    """Return which units dominate which others under all weights.

    A unit dominates another if it scores at least as high under all weights and higher under some.

    Parameters
    ----------
    assessment : Assessment
        The assessment, with the nominal weights.
    node : str, optional
        The node whose scores are compared; the index by default. All aggregations from there down
        to ``nodes`` must be monotone.
    nodes : int, str or sequence of str, optional
        The nodes by which units are compared: a tree level, a code or several codes, which
        together must cover every indicator below ``node`` exactly once; the indicators by default.
    period : object, optional
        The period to compare units in. Required if the data have several periods.

    Returns
    -------
    ndarray of bool of shape (n_units, n_units)
        Whether the unit in the row dominates the unit in the column, in the order of
        ``assessment.rows(period)``.

    Raises
    ------
    UnknownCodeError
        A node or period is unknown.
    MethodError
        An aggregation is not monotone, ``nodes`` do not cover the node exactly once, or ``period``
        is missing although the data have several.

    Warns
    -----
    DLIWarning
        The weights of the assessment differ by unit, whereas the order assumes that both units
        share the same weights.

    Notes
    -----
    Without missing values, a unit dominates another if none of its values is lower and at least one
    is higher. Values that differ only by rounding are equal, as in ranks.

    With missing values, the order follows the rule of the assessment. A unit without a score is
    left out, and so is a sub-index with too few children. If the weights of missing children are
    redistributed among the others, unit A is at least as high as unit B if three conditions hold:
    A is at least as high in each child that both have, the children that only A has are at least as
    high as all children of B, and the children that only B has are at most as high as all children
    of A. A sub-index represents all scores that it can have under some weights, and is compared by
    the same rule. For aggregations that are not power means, units that lack different children
    are compared only by their lowest and highest values. Therefore no weights contradict the order.

    Examples
    --------
    >>> from dli import Index, Indicator
    >>> index = Index("T", [Indicator("a"), Indicator("b")])
    >>> assessment = Assessment(index, {"unit": ["X", "Y", "Z"], "a": [1, 3, 2], "b": [4, 6, 7]})
    >>> dominance(assessment).tolist()
    [[False, False, False], [True, False, False], [True, False, False]]
    """
    by = by_nodes(assessment, node, nodes)
    by.warn_of_own_weights("the order assumes weights that both units share")
    return by.of(assessment.rows(period)).dominates


def order(
    assessment: Assessment,
    node: str | None = None,
    *,
    nodes: Nodes = None,
    units: Iterable[object] | None = None,
    period: object = None,
) -> "nx.DiGraph[Any]":
    """Return the order of units by `dominance` as a Hasse diagram.

    The graph is the transitive reduction of the order: edges that follow from others are omitted.

    Parameters
    ----------
    assessment : Assessment
        The assessment, with the nominal weights.
    node, nodes, period
        As in `dominance`.
    units : iterable, optional
        The units to include; all units by default.

    Returns
    -------
    networkx.DiGraph
        A graph with a node for each unit, with its ``score`` and ``rank`` (None where missing), and
        an edge from each unit to the units directly below it, with ``common``, the number of nodes
        at which both units have a value. ``graph["nodes"]`` contains the codes of the nodes by
        which units are compared.

    Raises
    ------
    UnknownCodeError
        A node, period or unit is unknown.
    MethodError
        As for `dominance`, or ``units`` is empty.

    Warns
    -----
    DLIWarning
        As for `dominance`.

    References
    ----------
    Bruggemann and Patil (2011), Ranking and Prioritization for Multi-indicator Systems.
    https://doi.org/10.1007/978-1-4419-8477-7

    Examples
    --------
    >>> from dli import Index, Indicator
    >>> index = Index("T", [Indicator("a"), Indicator("b")])
    >>> data = {"unit": ["X", "Y", "Z", "V"], "a": [1, 3, 2, 1], "b": [4, 6, 5, 9]}
    >>> sorted(order(Assessment(index, data)).edges)
    [('V', 'X'), ('Y', 'Z'), ('Z', 'X')]
    """
    import networkx as nx

    by = by_nodes(assessment, node, nodes)
    by.warn_of_own_weights("the order assumes weights that both units share")
    rows = assessment.rows(period)
    comparisons = by.of(rows)
    chosen = list(range(len(rows)))
    if units is not None:
        places = {int(row): place for place, row in enumerate(rows)}
        chosen = [places[row] for row in assessment.rows_of(units, rows)]
    above = comparisons.dominates[np.ix_(chosen, chosen)]
    present = ~np.isnan(comparisons.values[chosen])
    names = [assessment.units[row] for row in rows[chosen].tolist()]
    graph: nx.DiGraph[Any] = nx.DiGraph(nodes=by.codes)
    scores, ranks = (
        [None if np.isnan(value) else value for value in array[rows[chosen]].tolist()]
        for array in (assessment.array(by.top), assessment.rank_array(by.top))
    )
    for name, score, rank in zip(names, scores, ranks, strict=True):
        graph.add_node(name, score=score, rank=None if rank is None else int(rank))
    for i, j in np.argwhere(above & ~_through_another(above)).tolist():
        graph.add_edge(names[i], names[j], common=int((present[i] & present[j]).sum()))
    return graph


def _through_another(above: Bools) -> Bools:
    """Return which pairs of units have another unit between them."""
    steps = above.astype(np.float32)
    return np.asarray(steps @ steps > 0)
