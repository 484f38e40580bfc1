"""What each indicator brings to a score."""

from typing import TYPE_CHECKING, Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from dli.errors import MethodError
from dli.framework import Index

if TYPE_CHECKING:
    from dli.assessment.assessment import Assessment

__all__ = ["contributions", "gradient"]

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
    slopes = gradient(assessment, node)
    points = np.stack([assessment.array(i.code) * slopes[i.code] for i in node.indicators], axis=1)
    points[np.isnan(scores)] = np.nan
    return points


def gradient(assessment: "Assessment", node: Index) -> dict[str, Any]:
    """Give the derivative of a node's score by the score of every node below it, by code.

    Returns
    -------
    dict of str to ndarray of shape (n_units,)
        0 where the lower node is missing.
    """
    slopes: dict[str, Any] = {node.code: np.ones(len(assessment.units))}
    for inner in node.walk():
        if not isinstance(inner, Index):
            continue
        aggregation = assessment.method.for_node("aggregation", inner, assessment.index)
        if not hasattr(aggregation, "gradient"):
            msg = (
                f"aggregation {type(aggregation).__name__} of {inner.code!r} gives no derivative: "
                "it needs a method gradient(values, weights)"
            )
            raise MethodError(msg)
        values = np.stack([assessment.array(child.code) for child in inner.children], axis=1)
        weights = assessment.weight_array(inner.code)
        with np.errstate(invalid="ignore"):
            local = np.nan_to_num(aggregation.gradient(values, weights))  # none where missing
        for child, slope in zip(inner.children, local.T, strict=True):
            slopes[child.code] = slopes[inner.code] * slope
    return slopes
