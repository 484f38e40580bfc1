"""The order of units that no weights can reverse."""

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
    """Return which units score at least as high as others whatever the weights, and not the same.

    Parameters
    ----------
    assessment : Assessment
        With the nominal weights.
    node : str, optional
        The node whose scores are compared; the index by default. All aggregations from there down
        to ``nodes`` must be monotone.
    nodes : int, str or sequence of str, optional
        By what units are compared: a level of the tree, or codes, that cover all indicators below
        ``node`` exactly once; the indicators by default.
    period : object, optional
        Must be given if there are several.

    Returns
    -------
    ndarray of bool of shape (n_units, n_units)
        Row over column, in the order of ``assessment.rows(period)``.

    Raises
    ------
    UnknownCodeError
        No such node or period.
    MethodError
        An aggregation that is not monotone, nodes that do not cover the node once, or no period
        where there are several.

    Warns
    -----
    DLIWarning
        Units with weights of their own: the order is that under weights which both units share.

    Notes
    -----
    Without gaps a unit dominates another that it is nowhere below and somewhere above. Values
    that differ by rounding are equal, as in ranks.

    With gaps the order follows the assessment's own rule. A unit without a score is left out,
    as is a sub-index that has too few of its children. Where the weights of missing children
    are shared among the rest, what both units have is compared; what the upper one alone has must
    be at least as high as everything of the lower one, and what the lower one alone has at most as
    high as everything of the upper one. A sub-index stands for all the scores that weights can
    give it, and is compared by the same rule. For aggregations that are not power means, units
    that lack different children are compared by their least and greatest value alone. So no
    weights contradict the order.

    Examples
    --------
    >>> from dli import Index, Indicator
    >>> index = Index("T", [Indicator("a"), Indicator("b")])
    >>> assessment = Assessment(index, {"unit": ["X", "Y", "Z"], "a": [1, 3, 2], "b": [4, 6, 7]})
    >>> dominance(assessment).tolist()
    [[False, False, False], [True, False, False], [True, False, False]]
    """
    by = by_nodes(assessment, node, nodes)
    by.warn_of_own_weights("the order is that of weights which both units share")
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

    The graph has the steps from which all else follows: its transitive reduction.

    Parameters
    ----------
    assessment : Assessment
        With the nominal weights.
    node, nodes, period
        As in `dominance`.
    units : iterable, optional
        All by default.

    Returns
    -------
    networkx.DiGraph
        A node for each unit with its ``score`` and ``rank`` at the node (None where missing), and
        an edge from each unit to those next below it, with ``common``, the number of nodes that
        both have. ``graph["nodes"]`` has the codes of all that units are compared by.

    Raises
    ------
    UnknownCodeError
        No such node, period or units.
    MethodError
        As `dominance`, or no units at all.

    Warns
    -----
    DLIWarning
        As `dominance`.

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
    by.warn_of_own_weights("the order is that of weights which both units share")
    rows = assessment.rows(period)
    comparisons = by.of(rows)
    chosen = list(range(len(rows)))
    if units is not None:
        place = {int(row): own for own, row in enumerate(rows)}
        chosen = [place[row] for row in assessment.rows_of(units, rows)]
    above = comparisons.dominates[np.ix_(chosen, chosen)]
    present = ~np.isnan(comparisons.values[chosen])
    names = [assessment.units[row] for row in rows[chosen].tolist()]
    graph: nx.DiGraph[Any] = nx.DiGraph(nodes=by.codes)
    scores, ranks = (
        [None if np.isnan(own) else own for own in array[rows[chosen]].tolist()]
        for array in (assessment.array(by.top), assessment.rank_array(by.top))
    )
    for name, score, rank in zip(names, scores, ranks, strict=True):
        graph.add_node(name, score=score, rank=None if rank is None else int(rank))
    for i, j in np.argwhere(above & ~_through_another(above)).tolist():
        graph.add_edge(names[i], names[j], common=int((present[i] & present[j]).sum()))
    return graph


def _through_another(above: Bools) -> Bools:
    """Return which pairs have a unit in between."""
    steps = above.astype(np.float32)
    return np.asarray(steps @ steps > 0)
