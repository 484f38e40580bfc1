"""The derivative of a score by capabilities."""

from typing import TYPE_CHECKING, Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from dli.assessment.contributions import held_aggregation
from dli.framework import Index

if TYPE_CHECKING:
    from dli.assessment import Assessment
    from dli.capability.graph import CapabilityGraph
    from dli.capability.outcomes import Outcomes

__all__ = ["kinks", "leverage"]

Floats: TypeAlias = NDArray[np.float64]
Bools: TypeAlias = NDArray[np.bool_]

# Nearer to the end of its scale than this an outcome is at the end.
END = 1e-12


def leverage(graph: "CapabilityGraph", found: "Outcomes") -> Floats:
    """Give the derivative of the node's score by each capability, for an increase of it.

    Returns
    -------
    ndarray of shape (n_units, n_capabilities)
        NaN for units without a score.
    """
    reach = graph.reach
    rises, falls = _free(found)
    result = (found.slopes * rises) @ np.maximum(reach, 0.0).T
    result += (found.slopes * falls) @ np.minimum(reach, 0.0).T
    tied = np.zeros(len(result), dtype=np.bool_)
    for ties in _ties(found).values():
        tied |= ties
    for row in np.flatnonzero(tied).tolist():
        result[row] = _one_sided(reach, found, row, rises[row], falls[row])
    result[np.isnan(found.assessment.array(found.node.code))] = np.nan
    return np.asarray(result)


def _free(found: "Outcomes") -> tuple[Bools, Bools]:
    """Tell which outcomes have room above, and which below."""
    there = ~np.isnan(found.values)
    return there & (found.values < 1 - END), there & (found.values > END)


def _ties(found: "Outcomes") -> dict[str, Bools]:
    """Tell for each node whose aggregation goes by order which units have children that tie."""
    assessment = found.assessment
    ties = {}
    for node in found.node.walk():
        if isinstance(node, Index):
            aggregation = held_aggregation(assessment, node)
            x = np.stack([assessment.array(child.code) for child in node.children], axis=1)
            if np.isinf(getattr(aggregation, "order", 0.0)):
                ruling = aggregation.gradient(x, assessment.weight_array(node.code)) > 0
                ties[node.code] = ruling.sum(axis=1) > 1
            elif hasattr(aggregation, "order_weights"):
                ties[node.code] = (np.diff(np.sort(x, axis=1), axis=1) == 0).any(axis=1)
    return ties


def _one_sided(reach: Floats, found: "Outcomes", row: int, rises: Bools, falls: Bools) -> Floats:
    """Follow a small increase of each capability up the tree of one unit."""
    own = np.where(reach > 0, reach * rises, reach * falls) * found.span
    moves_of = dict(zip(found.codes, own.T, strict=True))
    moves: dict[str, Floats] = {}
    for node in reversed(list(found.node.walk())):
        move = np.nan_to_num(moves_of.get(node.code, np.zeros(len(reach))))
        if isinstance(node, Index):
            below = np.stack([moves[child.code] for child in node.children])
            move = move + _joined_move(found.assessment, node, row, below)
        moves[node.code] = move
    return moves[found.node.code]


def _joined_move(assessment: "Assessment", node: Index, row: int, below: Floats) -> Floats:
    """Give the move of a node from those of its children, of shape (n_children, n_capabilities)."""
    aggregation = held_aggregation(assessment, node)
    weights = assessment.weight_array(node.code)
    x = np.stack([assessment.array(child.code) for child in node.children], axis=1)
    order = getattr(aggregation, "order", 0.0)
    if hasattr(aggregation, "order_weights"):
        w = assessment.weight_array(node.code, row)
        # Among children that tie, the one that moves up most comes first.
        by_move = np.argsort(np.argsort(below, axis=0, kind="stable"), axis=0)
        _, by_value = np.unique(x[row], return_inverse=True)
        keys = by_value[:, np.newaxis] * len(x[row]) + by_move
        ordered = np.where(np.isnan(x[row])[:, np.newaxis], np.nan, keys).T
        return np.asarray((aggregation.gradient(ordered, w) * below.T).sum(axis=1))
    slopes = np.nan_to_num(aggregation.gradient(x, weights)[row])
    if np.isinf(order):
        ruling = below[slopes > 0]
        return np.asarray(ruling.max(axis=0) if order > 0 else ruling.min(axis=0))
    return np.asarray(slopes @ below)


def kinks(found: "Outcomes") -> Any:
    """List units and nodes at which the derivative differs from side to side."""
    at: list[tuple[int, str, str]] = []
    rises, falls = _free(found)
    counted = found.slopes != 0
    for free, note in (
        (rises, "at the best end of its scale: nothing is added"),
        (falls, "at the worst end of its scale: nothing is taken away"),
    ):
        stuck = counted & ~free & ~np.isnan(found.values)
        at += [(i, found.codes[j], note) for i, j in np.argwhere(stuck).tolist()]
    for code, tied in _ties(found).items():
        note = "children tie, and the aggregation goes by their order"
        at += [(i, code, note) for i in np.flatnonzero(tied).tolist()]
    at.sort(key=lambda kink: kink[0])
    assessment = found.assessment
    keys = {assessment.observations.unit_column: [assessment.units[i] for i, _, _ in at]}
    if assessment.periods is not None:
        keys[str(assessment.observations.period_column)] = [assessment.periods[i] for i, _, _ in at]
    from dli import frames

    columns = {**keys, "code": [code for _, code, _ in at], "note": [note for _, _, note in at]}
    return frames.build(columns, assessment.observations.table.library)
