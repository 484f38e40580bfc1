"""The balance of a profile and the cost of imbalance."""

from collections.abc import Mapping

import numpy as np

from dli.aggregation import power_mean
from dli.arrays import Floats, is_above
from dli.assessment import Assessment
from dli.checks import flag_faults, instance, refuse
from dli.diagnosis.basis import basis_notes, join_notes, names_in_notes
from dli.diagnosis.means import row_means
from dli.frames import Frame
from dli.framework import Index
from dli.framework.select import inner_node

__all__ = ["balance"]


def balance(assessment: Assessment, *, node: str | None = None, named: bool = False) -> Frame:
    r"""Return how even each unit's scores are across the children of a node.

    The variation is the unweighted coefficient of variation $\sigma / \mu$ of the unit's children,
    with $\sigma^2 = \frac{1}{n} \sum_k (x_k - \mu)^2$, as in the Mazziotta-Pareto index. The cost
    of imbalance is $\sum_k w_k x_k - \prod_k x_k^{w_k}$, the arithmetic mean minus the geometric
    mean. Both use the weights of the assessment, or those of the unit if weights differ between
    units. The cost is 0 for an even profile and never negative.

    Parameters
    ----------
    assessment : Assessment
        The assessment of the units.
    node : str, optional
        The code of the node; the index by default.
    named : bool
        Whether notes use the names of nodes, as reports do, instead of their codes.

    Returns
    -------
    frame
        One row for each unit (and period), with its ``name`` if the data contain it. Columns:
        ``variation``, missing where the mean is not above 0; ``arithmetic``, ``geometric`` and
        ``cost``, the last two missing where a child with a weight above 0 has a score of 0 or less;
        ``lowest`` and ``highest``, the codes of the children with the lowest and the highest score,
        joined by ", " where they tie; and ``note``. Missing children are left out, and their weight
        is shared among the others. If fewer than two children have a score, variation and cost are
        missing, and the note says so. The note also marks children whose score is imputed or based
        on less than two thirds of their indicators. All other columns are missing for a unit
        without a score at the node.

    Raises
    ------
    UnknownCodeError
        The node does not exist.
    MethodError
        The node is an indicator, or ``named`` is not True or False.

    Notes
    -----
    Both measures depend on the zero of the scale. They are meaningful for scores with a natural
    zero, such as shares, but not for z-scores. With min-max normalisation, a unit with the lowest
    value of an indicator has no geometric mean.

    References
    ----------
    Mazziotta and Pareto (2016), On a generalized non-compensatory composite index for measuring
    socio-economic phenomena. https://doi.org/10.1007/s11205-015-0998-2

    Examples
    --------
    >>> from dli import Index, Indicator, Method, frames, normalisation
    >>> index = Index("T", [Indicator("a", goalposts=(0, 1)), Indicator("b", goalposts=(0, 1))])
    >>> data = {"unit": ["X", "Y"], "a": [0.2, 0.5], "b": [0.8, 0.5]}
    >>> method = Method(normalisation=normalisation.Goalposts())
    >>> table = frames.read(balance(Assessment(index, data, method=method)))
    >>> [[round(x, 6) for x in table.column(name)] for name in ("variation", "cost")]
    [[0.6, 0.0], [10.0, 0.0]]
    >>> table.column("lowest"), table.column("highest")
    (['a', 'a, b'], ['b', 'a, b'])
    """
    instance("assessment", assessment, Assessment)
    refuse("balance", flag_faults(named=named))
    top = inner_node(assessment.index, node)
    values = assessment.arrays((child.code for child in top.children), normalised=True)
    values[np.isnan(assessment.array(top.code))] = np.nan
    weights = np.broadcast_to(assessment.weight_array(top.code), values.shape)
    arithmetic = power_mean(values, weights, 1)
    has_geometric = ~((values <= 0) & (weights > 0)).any(axis=1, keepdims=True)
    usable = np.where(has_geometric & (weights > 0), values, np.nan)
    geometric = power_mean(usable, weights, 0)
    n_known = (~np.isnan(values)).sum(axis=1)
    # A single score does not vary, but it is not an even profile either.
    is_profile = np.where(n_known > 1, 1.0, np.nan)
    columns = {
        "variation": _variation(values) * is_profile,
        "arithmetic": arithmetic,
        "geometric": geometric,
        # Rounding could make the cost of an even profile slightly negative.
        "cost": np.maximum(arithmetic - geometric, 0.0) * is_profile,
        "lowest": _highest(-values, top),
        "highest": _highest(values, top),
        "note": _notes(assessment, top, n_known.tolist(), names_in_notes(assessment, named=named)),
    }
    return assessment.frame(columns, names=True)


def _notes(
    assessment: Assessment, top: Index, n_known: list[int], names: Mapping[str, str]
) -> list[str]:
    """Return a note for each unit on what limits the comparison of its children."""
    rows = list(range(len(n_known)))
    is_scored = (~np.isnan(assessment.array(top.code))).tolist()
    marked = [
        [
            f"{names.get(child.code, child.code)}: {note}" if note and scored else ""
            for note, scored in zip(
                basis_notes(assessment, rows, child.code), is_scored, strict=True
            )
        ]
        for child in sorted(top.children, key=lambda child: child.code)
    ]
    alone = ["only one child has a score" if n == 1 else "" for n in n_known]
    return join_notes(alone, *marked)


def _variation(values: Floats) -> Floats:
    mean = row_means(values)
    deviation = np.sqrt(row_means((values - mean[:, np.newaxis]) ** 2))
    return deviation / np.where(mean > 0, mean, np.nan)


def _highest(values: Floats, top: Index) -> list[str | None]:
    """Return the codes of the children with the highest value in each row, joined; or None."""
    highest = np.fmax.reduce(values, axis=1, keepdims=True)
    scale = np.fmax.reduce(np.abs(values), axis=1, keepdims=True)
    is_highest = ~np.isnan(values) & ~is_above(highest, values, scale)
    codes = [child.code for child in top.children]
    return [
        ", ".join(code for code, ties in zip(codes, row, strict=True) if ties) or None
        for row in is_highest.tolist()
    ]
