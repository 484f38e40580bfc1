"""What each indicator brings to a score."""

from typing import TYPE_CHECKING, Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from dli.errors import MethodError
from dli.framework import Index

if TYPE_CHECKING:
    from dli.assessment.assessment import Assessment

__all__ = ["contributions", "gradient", "held_aggregation"]

Floats: TypeAlias = NDArray[np.float64]


def contributions(assessment: "Assessment", code: str) -> Floats:
    """Give value times derivative for each indicator below a node.

    Returns
    -------
    ndarray of shape (n_units, n_indicators below the node)
    """
    node = assessment.index.find(code)
    scores = assessment.array(code)
    if not isinstance(node, Index):
        return scores[:, np.newaxis]
    for inner in node.walk():
        if isinstance(inner, Index):
            # One with a scale of its own has slopes, but they do not add up to the score.
            _require_slopes(
                assessment.method.for_node("aggregation", inner, assessment.index), inner
            )
    slopes = gradient(assessment, node)
    points = np.stack([assessment.array(i.code) * slopes[i.code] for i in node.indicators], axis=1)
    points[np.isnan(scores)] = np.nan
    return points


def _require_slopes(aggregation: Any, node: Index) -> None:
    if not hasattr(aggregation, "gradient"):
        msg = (
            f"aggregation {type(aggregation).__name__} of {node.code!r} gives no derivative: "
            "it needs a method gradient(values, weights)"
        )
        raise MethodError(msg)


def held_aggregation(assessment: "Assessment", node: Index) -> Any:
    """Give the aggregation of a node, one with a scale of its own fitted to the assessment."""
    aggregation = assessment.method.for_node("aggregation", node, assessment.index)
    if not hasattr(aggregation, "fit"):
        return aggregation
    return aggregation.fit(np.stack([assessment.array(c.code) for c in node.children], axis=1))


def gradient(assessment: "Assessment", node: Index) -> dict[str, Any]:
    """Give the derivative of a node's score by the score of every node below it, by code.

    Weights are held, and the scale of an aggregation that brings its own.

    Returns
    -------
    dict of str to ndarray of shape (n_units,)
        0 where the lower node is missing.
    """
    slopes: dict[str, Any] = {node.code: np.ones(len(assessment.units))}
    for inner in node.walk():
        if not isinstance(inner, Index):
            continue
        aggregation = held_aggregation(assessment, inner)
        _require_slopes(aggregation, inner)
        values = np.stack([assessment.array(child.code) for child in inner.children], axis=1)
        weights = assessment.weight_array(inner.code)
        with np.errstate(invalid="ignore"):
            local = np.nan_to_num(aggregation.gradient(values, weights))  # none where missing
        for child, slope in zip(inner.children, local.T, strict=True):
            slopes[child.code] = slopes[inner.code] * slope
    return slopes
