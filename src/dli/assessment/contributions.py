"""The contribution of each indicator to a score."""

import numpy as np

from dli.arrays import Floats
from dli.assessment.scored import Scored
from dli.errors import MethodError
from dli.framework import Index
from dli.scoring.held import HeldTree
from dli.scoring.held_node import HeldNode
from dli.scoring.splitting import node_parts, power_rates

__all__ = ["contribution_columns", "contributions"]


def contributions(assessment: Scored, code: str) -> tuple[Floats, Floats]:
    """Return the contribution of each indicator below a node, and the reference score.

    The contributions of a unit and its reference score add up to its score at the node.

    Returns
    -------
    ndarray of shape (n_units, n_indicators below the node)
        The contributions in points.
    ndarray of shape (n_units,)
        The reference score: 0 if all aggregations are sums; otherwise the score of a unit with
        the median of every indicator for which the unit has a value.

    Raises
    ------
    MethodError
        An aggregation or a normalisation below the node compares units, or a score is imputed
        from other units.
    """
    node = assessment.index.find(code)
    scores = assessment.array(code)
    if not isinstance(node, Index):
        return scores[:, np.newaxis], np.where(np.isnan(scores), np.nan, 0.0)
    tree = assessment.held
    if all(_is_additive(inner) for inner in tree.inner(code)):
        rates = tree.slopes(code)
        base = np.zeros(len(scores))
        below = dict.fromkeys(rates, base)
    else:
        _refuse(tree, code)
        medians = _median_profile(assessment, node)
        reference = HeldTree(nodes=tree.nodes, scores=tree.moved(medians), leaf_ends=tree.leaf_ends)
        rates = _rates(tree, reference, code)
        below, base = medians, reference.scores[code]
    points = np.stack(
        [(tree.scores[i.code] - below[i.code]) * rates[i.code] for i in node.indicators], axis=1
    )
    has_score = ~np.isnan(scores)
    return np.where(has_score[:, np.newaxis], points, np.nan), np.where(has_score, base, np.nan)


def _is_additive(node: HeldNode) -> bool:
    """Return whether a node's score is a sum over its children, as is any mean of one child."""
    has_sum = node.traits.additive or (node.traits.order is not None and len(node.children) == 1)
    return has_sum and not _is_filled(node)


def _is_filled(node: HeldNode) -> bool:
    return node.filled is not None and not np.isnan(node.filled).all()


def _refuse(tree: HeldTree, code: str) -> None:
    """Raise an error if scores below a node depend on the values of other units."""
    faults = [
        f"{inner.code!r}: some of its scores are filled from other units"
        for inner in tree.inner(code)
        if _is_filled(inner)
    ]
    faults += [
        f"{inner.label}: a score may depend on other units, because its traits do not declare "
        "local=True"
        for inner in tree.inner(code)
        if not inner.traits.local
    ]
    if faults:
        msg = (
            "contributions require scores that depend only on the unit's own values; these scores "
            "depend on the values of other units"
        )
        raise MethodError(msg, faults)


def _median_profile(assessment: Scored, node: Index) -> dict[str, Floats]:
    """Return the median of each indicator in the unit's period, NaN for units without a value."""
    medians = {}
    for indicator in node.indicators:
        values = assessment.held.scores[indicator.code]
        median = np.full(len(values), np.nan)
        for rows in assessment.rows_by_period.values():
            known = rows[~np.isnan(values[rows])]
            if known.size:
                median[known] = np.median(values[known])
        medians[indicator.code] = median
    return medians


def _rates(tree: HeldTree, reference: HeldTree, code: str) -> dict[str, Floats]:
    """Return the points at the node for each point by which a node below exceeds the reference."""
    rates = {code: np.ones(len(tree.scores[code]))}
    for node in tree.inner(code):
        child_rates = _child_rates(tree, reference, node)
        for child, rate in zip(node.children, child_rates.T, strict=True):
            rates[child] = rates[node.code] * rate
    return rates


def _child_rates(tree: HeldTree, reference: HeldTree, node: HeldNode) -> Floats:
    """Return the rates of a node's children, of shape (n_units, n_children)."""
    values = np.stack([tree.values(node), reference.values(node)])
    scores = np.stack([tree.scores[node.code], reference.scores[node.code]])
    order = node.traits.order
    if order is not None and np.isfinite(order):
        return power_rates(values, node.weights, scores, order)
    rates = np.zeros(values.shape[1:])
    place = {child: j for j, child in enumerate(node.children)}
    for row in np.flatnonzero(~np.isnan(scores[0])).tolist():
        for (child, _), _, rate in node_parts(tree.unit(row), reference.unit(row), node.code):
            rates[row, place[child]] = rate
    return rates


def contribution_columns(assessment: Scored) -> dict[str, Floats]:
    """Return the columns of the table of contributions, with the reference unless it is 0."""
    points, reference = contributions(assessment, assessment.index.code)
    codes = [indicator.code for indicator in assessment.index.indicators]
    columns = dict(zip(codes, points.T, strict=True))
    return columns | ({"reference": reference} if np.nan_to_num(reference).any() else {})
