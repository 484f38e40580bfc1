"""The order of units that no weights can turn round."""

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from dli.assessment import Assessment
from dli.diagnosis.selection import Floats, nodes_at, of_units, rows_of

if TYPE_CHECKING:
    import networkx as nx

__all__ = ["dominance_order"]


def dominance_order(
    assessment: Assessment,
    *,
    node: str | None = None,
    level: int | None = None,
    units: Iterable[object] | None = None,
    period: object = None,
) -> "nx.DiGraph[Any]":
    """Draw the order of units by dominance as a Hasse diagram.

    A unit dominates another when it is at least as good in everything and better in something,
    so that it scores higher under any weights above zero. The graph holds the steps from which
    all else follows: its transitive reduction.

    Parameters
    ----------
    assessment : Assessment
    node : str, optional
        What is compared are the nodes below it; the index by default.
    level : int, optional
        Those at this level of the index, 1 for the sub-indices; the indicators by default.
    units : iterable, optional
        All by default.
    period : object, optional
        Which one, where there are several.

    Returns
    -------
    networkx.DiGraph
        A node for each unit with its ``score`` and ``rank`` at the node (None where missing), and
        an edge from each unit to those next below it, with ``common``, the number of criteria
        that they were compared by. ``graph["criteria"]`` has the codes of all.

    Raises
    ------
    UnknownCodeError
        No such node, period or units.
    MethodError
        No such level below the node.

    Notes
    -----
    By the criteria that any two units happen to share, A could be above B, B above C and C above
    A. Therefore a unit stands above those only whose criteria it has, all of them: they are what
    the pair is compared by, and ``common`` is smaller than the number of criteria where the lower
    one lacks some. What the upper one lacks might be its weakness. This is an order whatever is
    missing, and without gaps the usual one. Values that differ by rounding are equal, as in ranks.

    References
    ----------
    Bruggemann and Patil (2011), Ranking and Prioritization for Multi-indicator Systems.
    https://doi.org/10.1007/978-1-4419-8477-7

    Examples
    --------
    >>> from dli import Index, Indicator
    >>> index = Index("T", [Indicator("a"), Indicator("b")])
    >>> data = {"unit": ["X", "Y", "Z", "V"], "a": [1, 3, 2, 1], "b": [4, 6, 5, 9]}
    >>> sorted(dominance_order(Assessment(index, data)).edges)
    [('V', 'X'), ('Y', 'Z'), ('Z', 'X')]
    """
    import networkx as nx

    top = assessment.index if node is None else assessment.index.find(node)
    criteria = nodes_at(top, level, assessment.index)
    rows = rows_of(assessment, period)
    rows = rows if units is None else of_units(assessment, units, rows)
    # Ranks order units as values do, and know which of them are equal but for rounding.
    places = np.stack([-assessment.rank_array(c.code)[rows] for c in criteria], axis=1)
    above = _dominates(places)
    next_above = above & ~_through_another(above)
    present = ~np.isnan(places)
    names = [assessment.units[row] for row in rows]
    graph: nx.DiGraph[Any] = nx.DiGraph(criteria=tuple(c.code for c in criteria))
    for name, score, rank in zip(
        names,
        assessment.array(top.code)[rows].tolist(),
        assessment.rank_array(top.code)[rows].tolist(),
        strict=True,
    ):
        there = not np.isnan(score)
        graph.add_node(name, score=score if there else None, rank=int(rank) if there else None)
    for i, j in np.argwhere(next_above).tolist():
        graph.add_edge(names[i], names[j], common=int(present[j].sum()))
    return graph


def _dominates(values: Floats) -> NDArray[np.bool_]:
    """Tell which row is above which, of shape (n_units, n_units)."""
    above = np.empty((len(values), len(values)), dtype=np.bool_)
    lacking = np.isnan(values)
    for unit, own in enumerate(values):
        has_all = ~(lacking[unit] & ~lacking).any(axis=1)
        above[unit] = has_all & ~(own < values).any(axis=1) & (own > values).any(axis=1)
    return above


def _through_another(above: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """Tell which pairs have a unit in between."""
    steps = above.astype(np.float32)
    return np.asarray(steps @ steps > 0)
