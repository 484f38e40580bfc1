"""How even a profile is, and what unevenness costs."""

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

    The variation is $\sigma / \mu$ of the unit's children, unweighted, with $\sigma^2
    = \frac{1}{n} \sum_k (x_k - \mu)^2$, as in the Mazziotta-Pareto index. The cost of imbalance is
    $\sum_k w_k x_k - \prod_k x_k^{w_k}$, the arithmetic less the geometric mean with the
    weights of the assessment, or of the unit where units have weights of their own: 0 for an even
    profile, never below.

    Parameters
    ----------
    assessment : Assessment
        With the unit and those it is compared with.
    node : str, optional
        The index by default.
    named : bool
        Whether notes call nodes by their names, as reports do, instead of by their codes.

    Returns
    -------
    frame
        A row for each unit (and period), with its ``name`` if the data have it: ``variation``,
        missing where the mean is not above 0; ``arithmetic``, ``geometric`` and ``cost``, the last
        two missing where a child that has a weight is not above 0; ``lowest`` and ``highest``, the
        codes of the children with the lowest and the highest score, joined by ", " where they tie;
        and ``note``. Missing children are left out, and their weight is shared among the others.
        With fewer than two children that have a score there is no variation and no cost, which the
        note says; it also names children with a score from less than two thirds of their
        indicators, and imputed ones. All other columns are missing for a unit without a score at
        the node.

    Raises
    ------
    UnknownCodeError
        No such node.
    MethodError
        The node is an indicator; ``named`` is not True or False.

    Notes
    -----
    Both measures depend on where the scale has its zero. They are meaningful for scores that are
    shares of something, but not for z-scores; under min-max the lowest unit has no geometric mean.

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
    # A single score differs from no other: that does not make a profile even.
    is_profile = np.where(n_known > 1, 1.0, np.nan)
    columns = {
        "variation": _variation(values) * is_profile,
        "arithmetic": arithmetic,
        "geometric": geometric,
        # Rounding would make an even profile cost less than nothing.
        "cost": np.maximum(arithmetic - geometric, 0.0) * is_profile,
        "lowest": _highest(-values, top),
        "highest": _highest(values, top),
        "note": _notes(assessment, top, n_known.tolist(), names_in_notes(assessment, named=named)),
    }
    return assessment.frame(columns, names=True)


def _notes(
    assessment: Assessment, top: Index, n_known: list[int], names: Mapping[str, str]
) -> list[str]:
    """Return what limits the comparison of the children, for each unit."""
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
    """Return the codes of the children with the highest value in each row."""
    highest = np.fmax.reduce(values, axis=1, keepdims=True)
    scale = np.fmax.reduce(np.abs(values), axis=1, keepdims=True)
    is_highest = ~np.isnan(values) & ~is_above(highest, values, scale)
    codes = [child.code for child in top.children]
    return [
        ", ".join(code for code, ties in zip(codes, row, strict=True) if ties) or None
        for row in is_highest.tolist()
    ]
