"""Whether a profile is even, and what unevenness costs."""

from typing import Any

import numpy as np

from dli import frames
from dli.aggregation import power_mean
from dli.assessment import Assessment
from dli.diagnosis.selection import Floats, stacked, unit_columns
from dli.errors import MethodError
from dli.framework import Index

__all__ = ["balance"]


def balance(assessment: Assessment, *, node: str | None = None) -> Any:
    r"""Tell how even each unit's scores are across the children of a node.

    The variation is :math:`\sigma / \mu` of the unit's children, unweighted, with :math:`\sigma^2
    = \frac{1}{n} \sum_k (x_k - \mu)^2`, as in the Mazziotta-Pareto index. The cost of imbalance is
    :math:`\sum_k w_k x_k - \prod_k x_k^{w_k}`, the arithmetic less the geometric mean with the
    weights of the assessment: 0 for an even profile, never below.

    Parameters
    ----------
    assessment : Assessment
    node : str, optional
        The index by default.

    Returns
    -------
    frame
        A row for each unit (and period), with its ``name`` if there is one: ``variation``, missing
        where the mean is not above 0; ``arithmetic``, ``geometric`` and ``cost``, the last two
        missing where a child is at or below 0; ``lowest`` and ``highest``, the codes of children,
        the first of those that tie.
        Missing children are left out, and their weight is shared among the rest; all is missing
        for a unit without a score at the node.

    Raises
    ------
    UnknownCodeError
        No such node.
    MethodError
        The node is an indicator.

    Notes
    -----
    Both measures rest on where the scale has its zero. They speak of scores that are shares of
    something, and say nothing of z-scores; under min-max the last unit has no geometric mean.

    References
    ----------
    Mazziotta and Pareto (2016), On a generalized non-compensatory composite index for measuring
    socio-economic phenomena. https://doi.org/10.1007/s11205-015-0998-2

    Examples
    --------
    >>> from dli import Index, Indicator, Method, frames, normalisation
    >>> index = Index("T", [Indicator("a", goalposts=(0, 1)), Indicator("b", goalposts=(0, 1))])
    >>> data = {"unit": ["X", "Y"], "a": [0.2, 0.5], "b": [0.8, 0.5]}
    >>> plain = Method(normalisation=normalisation.Goalposts())
    >>> table = frames.read(balance(Assessment(index, data, method=plain)))
    >>> [[round(x, 6) for x in table.column(name)] for name in ("variation", "cost")]
    [[0.6, 0.0], [10.0, 0.0]]
    """
    top = assessment.index if node is None else assessment.index.find(node)
    if not isinstance(top, Index):
        msg = f"{top.code!r} is an indicator; balance is of a node with children"
        raise MethodError(msg)
    values = stacked(assessment, top.children)
    values[np.isnan(assessment.array(top.code))] = np.nan
    weights = np.broadcast_to(assessment.weight_array(top.code), values.shape)
    arithmetic = power_mean(values, weights, 1)
    positive = ~(values <= 0).any(axis=1, keepdims=True)
    geometric = power_mean(np.where(positive, values, np.nan), weights, 0)
    columns = {
        **unit_columns(assessment, range(len(values))),
        "variation": _variation(values),
        "arithmetic": arithmetic,
        "geometric": geometric,
        # Rounding would make an even profile cost less than nothing.
        "cost": np.maximum(arithmetic - geometric, 0.0),
        "lowest": _extreme(values, top, -1),
        "highest": _extreme(values, top, 1),
    }
    return frames.build(columns, assessment.observations.table.library)


def _variation(values: Floats) -> Floats:
    there = ~np.isnan(values)
    n = there.sum(axis=1)
    n = np.where(n > 0, n, np.nan)
    mean = np.nansum(values, axis=1) / n
    spread = np.sqrt(np.nansum((values - mean[:, np.newaxis]) ** 2, axis=1) / n)
    return np.asarray(spread / np.where(mean > 0, mean, np.nan))


def _extreme(values: Floats, top: Index, sign: int) -> list[str | None]:
    """Name each row's child with the greatest value times the sign."""
    filled = np.where(np.isnan(values), -np.inf, sign * values)
    greatest = zip(filled.argmax(axis=1).tolist(), filled.max(axis=1).tolist(), strict=True)
    return [None if value == -np.inf else top.children[j].code for j, value in greatest]
