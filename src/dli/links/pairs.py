"""Correlations of the nodes of an assessment with each other."""

from collections.abc import Sequence
from typing import Any

import numpy as np
from attrs import frozen

from dli import multivariate
from dli.assessment import Assessment
from dli.errors import MethodError
from dli.framework import Index
from dli.links.selection import (
    Elements,
    Floats,
    build_by_period,
    chosen,
    node_values,
    rows_by_period,
)

__all__ = ["Limits", "correlations", "pair_table", "with_ancestors"]


@frozen(kw_only=True)
class Limits:
    """Where a correlation stands out, and the word for it.

    Parameters
    ----------
    weak : float
        A correlation below it is flagged as weak.
    negative : float
        One below it as negative. Some auditors flag from -0.4 down only.
    collinear : float
        One above it as collinear: the two say the same.

    Raises
    ------
    MethodError
        Limits outside -1 to 1, or out of their order: negative, weak, collinear.

    Examples
    --------
    >>> limits = Limits()
    >>> [limits.flag(r, 40) for r in (-0.2, 0.1, 0.6, 0.95)]
    ['negative', 'weak', '', 'collinear']
    """

    weak: float = 0.3
    negative: float = 0.0
    collinear: float = 0.92

    def __attrs_post_init__(self) -> None:
        if not -1 <= self.negative <= self.weak <= self.collinear <= 1:
            msg = (
                "limits must rise from -1 to 1 in the order negative, weak, collinear, got "
                f"{self.negative!r}, {self.weak!r}, {self.collinear!r}"
            )
            raise MethodError(msg)

    def flag(self, correlation: float, n_units: int) -> str:
        """Name what is odd about a correlation, or give an empty text.

        Parameters
        ----------
        correlation : float
        n_units : int
            Below three any two variables that differ correlate perfectly.
        """
        if n_units < 3:
            return "too few units"
        if np.isnan(correlation):
            return "constant"
        if correlation < self.negative:
            return "negative"
        if correlation < self.weak:
            return "weak"
        return "collinear" if correlation > self.collinear else ""


DEFAULT = Limits()


def correlations(  # noqa: PLR0913 each is a choice of its own
    assessment: Assessment,
    elements: Elements = None,
    others: Elements = None,
    *,
    within: int | None = None,
    stage: str = "normalised",
    method: str = "pearson",
    limits: Limits = DEFAULT,
) -> Any:
    """Correlate nodes of an assessment with each other, within a level or across levels.

    Parameters
    ----------
    assessment : Assessment
    elements : int, str or sequence of str, optional
        The nodes of a level (0 is the index, 1 its sub-indices), or codes; all indicators by
        default.
    others : int, str or sequence of str, optional
        What they are correlated with; by default with each other, each pair once.
    within : int, optional
        Only pairs below one node of this level: 1 keeps to pairs in the same sub-index.
    stage : {"raw", "denominated", "imputed", "treated", "normalised"}
        Of indicators; before normalisation their directions are those of the data.
    method : {"pearson", "spearman", "kendall"}
    limits : Limits
        What is flagged.

    Returns
    -------
    frame
        A row for each pair (in each period), with the columns ``first, second, correlation,
        p_value, units`` (that have both) and ``flag``: ``negative``, ``weak``, ``collinear``,
        ``constant``, ``too few units`` or nothing.

    Raises
    ------
    MethodError
        No such level or method, or no pair at all.
    UnknownCodeError
        Codes that are not in the tree, or no such stage.

    References
    ----------
    OECD and JRC (2008), Handbook on Constructing Composite Indicators, step 4.
    https://doi.org/10.1787/9789264043466-en

    Examples
    --------
    >>> from dli import Index, Indicator, frames
    >>> index = Index("T", [Indicator("a"), Indicator("b", direction=-1)])
    >>> data = {"unit": ["X", "Y", "Z"], "a": [1, 3, 2], "b": [5.0, 9.0, 6.0]}
    >>> table = frames.read(correlations(Assessment(index, data)))
    >>> [(name, table.column(name)[0]) for name in ("first", "second", "flag")]
    [('first', 'a'), ('second', 'b'), ('flag', 'negative')]
    """
    index = assessment.index
    one = chosen(index, elements)
    two = one if others is None else chosen(index, others)
    groups = [[_ancestor(index, node.code, within) for node in nodes] for nodes in (one, two)]
    pairs = [
        (i, j)
        for i, a in enumerate(one)
        for j, b in enumerate(two)
        if a is not b
        and (others is not None or i < j)
        and (within is None or (groups[0][i] is not None and groups[0][i] == groups[1][j]))
    ]
    return pair_table(
        assessment,
        {node.code: x for node, x in zip(one, node_values(assessment, one, stage).T, strict=True)},
        {node.code: x for node, x in zip(two, node_values(assessment, two, stage).T, strict=True)},
        pairs,
        method=method,
        limits=limits,
    )


def with_ancestors(
    assessment: Assessment,
    elements: Elements = None,
    *,
    stage: str = "normalised",
    method: str = "pearson",
    limits: Limits = DEFAULT,
) -> Any:
    """Correlate nodes with all nodes above them: what each has to do with what it is part of.

    Parameters
    ----------
    assessment : Assessment
    elements : int, str or sequence of str, optional
        The nodes of a level (1 is the sub-indices), or codes; all indicators by default.
    stage : {"raw", "denominated", "imputed", "treated", "normalised"}
        Of indicators; before normalisation their directions are those of the data.
    method : {"pearson", "spearman", "kendall"}
    limits : Limits
        What is flagged.

    Returns
    -------
    frame
        As of `correlations`; ``second`` is the node above, the nearest first.

    Raises
    ------
    MethodError
        No such level or method, or nothing above.
    UnknownCodeError
        Codes that are not in the tree, or no such stage.

    Examples
    --------
    >>> from dli import Index, Indicator, frames
    >>> index = Index("T", [Index("A", [Indicator("a"), Indicator("b")]), Indicator("c")])
    >>> data = {"unit": ["X", "Y", "Z"], "a": [1, 3, 2], "b": [5.0, 9.0, 6.0], "c": [1, 2, 3]}
    >>> table = frames.read(with_ancestors(Assessment(index, data)))
    >>> list(zip(table.column("first"), table.column("second")))
    [('a', 'A'), ('a', 'T'), ('b', 'A'), ('b', 'T'), ('c', 'T')]
    """
    index = assessment.index
    nodes = chosen(index, elements)
    above = [node for node in index.walk() if isinstance(node, Index)]
    place = {node.code: j for j, node in enumerate(above)}
    pairs = [(i, place[up.code]) for i, node in enumerate(nodes) for up in index.path(node.code)]
    return pair_table(
        assessment,
        dict(zip((n.code for n in nodes), node_values(assessment, nodes, stage).T, strict=True)),
        {node.code: assessment.array(node.code) for node in above},
        pairs,
        method=method,
        limits=limits,
    )


def pair_table(
    assessment: Assessment,
    one: dict[str, Floats],
    two: dict[str, Floats],
    pairs: Sequence[tuple[int, int]],
    *,
    method: str,
    limits: Limits,
) -> Any:
    """Correlate chosen pairs of two sides, in each period, and flag what stands out.

    Parameters
    ----------
    assessment : Assessment
    one, two : dict of label to ndarray of shape (n_rows,)
    pairs : sequence of (int, int)
        Places in the first and in the second side.
    method : {"pearson", "spearman", "kendall"}
    limits : Limits
    """
    if not pairs:
        msg = (
            "there is no pair to correlate: choose other elements, or another level to keep within"
        )
        raise MethodError(msg)
    x, y = np.stack(list(one.values()), axis=1), np.stack(list(two.values()), axis=1)
    first, second = ([list(side)[pair[k]] for pair in pairs] for k, side in enumerate((one, two)))
    at = tuple(np.array(pairs).T)
    tables = {}
    for period, rows in rows_by_period(assessment).items():
        found = multivariate.correlations(x[rows], y[rows], method=method)
        r, n = found.coefficients[at], found.n_units[at]
        tables[period] = {
            "first": first,
            "second": second,
            "correlation": r,
            "p_value": found.p_values[at],
            "units": n,
            "flag": [limits.flag(*each) for each in zip(r.tolist(), n.tolist(), strict=True)],
        }
    return build_by_period(assessment, tables)


def _ancestor(index: Index, code: str, level: int | None) -> str | None:
    """Give the node of a level that a code is, or is below; None for one that lies higher."""
    if level is None:
        return None
    line = [code, *(node.code for node in index.path(code))][::-1]
    return line[level] if 0 <= level < len(line) else None
