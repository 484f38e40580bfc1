"""What each indicator brings to a score."""

import numpy as np

from dli.arrays import Floats
from dli.assessment.scored import Scored
from dli.errors import MethodError
from dli.framework import Index
from dli.method.rounding import name_of
from dli.scoring.entering import Entry
from dli.scoring.held import HeldTree
from dli.scoring.held_node import HeldNode

__all__ = ["contributions"]


def contributions(assessment: Scored, code: str) -> Floats:
    """Return value times derivative for each indicator below a node.

    Returns
    -------
    ndarray of shape (n_units, n_indicators below the node)

    Raises
    ------
    MethodError
        An aggregation whose derivatives times values do not add up to its score.
    """
    node = assessment.index.find(code)
    scores = assessment.array(code)
    if not isinstance(node, Index):
        return scores[:, np.newaxis]
    tree = assessment.held
    others = [
        inner.label
        if isinstance(inner.aggregation, Entry)
        else f"{inner.code!r}: {name_of(inner.aggregation).rstrip(',')}"
        for inner in tree.inner(code)
        if not (inner.traits.homogeneous or _adds_up(tree, inner))
    ]
    others += [
        f"{inner.code!r}: some of its scores are filled from other units"
        for inner in tree.inner(code)
        if inner.filled is not None and not np.isnan(inner.filled).all()
    ]
    if others:
        msg = (
            "contributions are for means, where values times derivatives add up to the score; "
            "others are"
        )
        raise MethodError(msg, others)
    slopes = tree.slopes(code)
    points = np.stack([assessment.array(i.code) * slopes[i.code] for i in node.indicators], axis=1)
    points[np.isnan(scores)] = np.nan
    return points


def _adds_up(tree: HeldTree, node: HeldNode) -> bool:
    """Return whether values times derivatives add up here, although nothing declares it."""
    values = tree.values(node)
    total = (np.nan_to_num(values) * node.gradient(values)).sum(axis=1)
    scores = tree.scores[node.code]
    known = ~np.isnan(scores)
    return bool(np.allclose(total[known], scores[known], rtol=1e-9, atol=0.0))
