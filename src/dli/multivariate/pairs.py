"""Correlations of the nodes of an assessment with each other."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from attrs import frozen
from numpy.typing import NDArray

from dli.arrays import Floats
from dli.assessment import Assessment
from dli.checks import instance, is_number, number, whole_number
from dli.errors import MethodError
from dli.frames import Frame
from dli.framework import Index
from dli.framework.select import Nodes, select
from dli.multivariate.correlation import correlations as correlations_of_columns
from dli.multivariate.selection import node_values, table_by_period

__all__ = ["DEFAULT", "Limits", "correlations", "pair_table", "with_ancestors"]


@frozen(kw_only=True)
class Limits:
    """The limits beyond which a correlation is flagged.

    Parameters
    ----------
    weak : float
        A correlation below it is flagged as weak.
    negative : float
        A correlation below it is flagged as negative. Some auditors use -0.4.
    collinear : float
        A correlation above it is flagged as collinear: the two hold the same information.

    Raises
    ------
    MethodError
        Limits that are not numbers from -1 to 1 in the order negative, weak, collinear.

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
        limits = (self.negative, self.weak, self.collinear)
        if not (all(map(is_number, limits)) and -1 <= limits[0] <= limits[1] <= limits[2] <= 1):
            raise MethodError(
                "limits must rise from -1 to 1 in the order negative, weak, collinear, got "
                f"{self.negative!r}, {self.weak!r}, {self.collinear!r}"
            )

    def flag(self, correlation: float, n_units: int) -> str:
        """Return the flag of a correlation, an empty text if nothing stands out.

        Parameters
        ----------
        correlation : float
            NaN if one of the two variables is constant.
        n_units : int
            The units that have both; any two variables correlate perfectly over two units.

        Raises
        ------
        MethodError
            A correlation or number of units of another kind.
        """
        if whole_number("n_units", n_units, 0) < 3:
            return "too few units"
        if isinstance(correlation, float) and np.isnan(correlation):  # type: ignore[redundant-expr] # text may come
            return "constant"
        if number("correlation", correlation) < self.negative:
            return "negative"
        if correlation < self.weak:
            return "weak"
        return "collinear" if correlation > self.collinear else ""


DEFAULT = Limits()


def correlations(  # noqa: PLR0913 each is a choice of its own
    assessment: Assessment,
    nodes: Nodes = None,
    others: Nodes = None,
    *,
    within: int | None = None,
    stage: str = "normalised",
    method: str = "pearson",
    limits: Limits = DEFAULT,
) -> Frame:
    """Return correlations of nodes with each other, within a level of the tree or across levels.

    Each correlation is taken over the units of a period that have both nodes. Weights do not
    enter, except through the scores.

    Parameters
    ----------
    assessment : Assessment
        Whose values are described.
    nodes : int, str or sequence of str, optional
        A level of the tree (0 is the index, 1 its sub-indices), a code, several codes, or None
        for the indicators.
    others : int, str or sequence of str, optional
        The nodes to correlate them with; by default each other, each pair once.
    within : int, optional
        Only pairs below the same node at this level: with 1, pairs in the same sub-index.
    stage : {"raw", "denominated", "imputed", "treated", "normalised"}
        The step after which indicators are taken; before normalisation their directions are
        those of the data, and they have no common scale.
    method : {"pearson", "spearman", "kendall"}
        As for `dli.multivariate.arrays.correlations`.
    limits : Limits
        What is flagged.

    Returns
    -------
    frame
        A row for each pair (in each period), with the columns ``first, second, correlation,
        p_value, units`` (the number that have both) and ``flag``: ``negative``, ``weak``,
        ``collinear``, ``constant``, ``too few units`` or an empty text.

    Raises
    ------
    MethodError
        Something else than an assessment, no such level or method, limits of another kind, or no
        pair at all.
    UnknownCodeError
        Codes that are not in the tree, or no such stage.
    DataError
        A column of periods with the name of a column of this table.

    Examples
    --------
    >>> from dli import Index, Indicator, frames
    >>> index = Index("T", [Indicator("a"), Indicator("b", direction=-1)])
    >>> data = {"unit": ["X", "Y", "Z"], "a": [1, 3, 2], "b": [5.0, 9.0, 6.0]}
    >>> table = frames.read(correlations(Assessment(index, data)))
    >>> [(name, table.column(name)[0]) for name in ("first", "second", "flag")]
    [('first', 'a'), ('second', 'b'), ('flag', 'negative')]
    """
    index = instance("assessment", assessment, Assessment).index
    rows = select(index, nodes)
    columns = rows if others is None else select(index, others)
    deepest = max(index.level(node.code) for node in index.walk())
    level = 0 if within is None else whole_number("within", within, 0, deepest)
    above = {}  # the node at the level that a node is or lies below
    for node in (*rows, *columns):
        line = [node, *index.path(node.code)]
        if level < len(line):
            above[node.code] = line[-1 - level].code
    pairs = [
        (i, j)
        for i, one in enumerate(rows)
        for j, other in enumerate(columns)
        if one is not other
        and (others is not None or i < j)
        and one.code in above
        and above[one.code] == above.get(other.code)
    ]
    first, second = (node_values(assessment, own, stage) for own in (rows, columns))
    return pair_table(assessment, first, second, pairs, method=method, limits=limits)


def with_ancestors(
    assessment: Assessment,
    nodes: Nodes = None,
    *,
    stage: str = "normalised",
    method: str = "pearson",
    limits: Limits = DEFAULT,
) -> Frame:
    """Return correlations of nodes with all nodes above them in the tree.

    Parameters
    ----------
    assessment, nodes, stage, method, limits
        As for `correlations`.

    Returns
    -------
    frame
        As `correlations`; ``second`` is the node above, the nearest first.

    Raises
    ------
    MethodError, UnknownCodeError, DataError
        As for `correlations`; there is no pair where nothing lies above the nodes.

    Examples
    --------
    >>> from dli import Index, Indicator, frames
    >>> index = Index("T", [Index("A", [Indicator("a"), Indicator("b")])])
    >>> data = {"unit": ["X", "Y", "Z"], "a": [1, 3, 2], "b": [5.0, 9.0, 6.0]}
    >>> table = frames.read(with_ancestors(Assessment(index, data)))
    >>> list(zip(table.column("first"), table.column("second")))
    [('a', 'A'), ('a', 'T'), ('b', 'A'), ('b', 'T')]
    """
    index = instance("assessment", assessment, Assessment).index
    below = select(index, nodes)
    above = [node for node in index.walk() if isinstance(node, Index)]
    place = {node.code: j for j, node in enumerate(above)}
    pairs = [(i, place[up.code]) for i, node in enumerate(below) for up in index.path(node.code)]
    first, second = (node_values(assessment, own, stage) for own in (below, above))
    return pair_table(assessment, first, second, pairs, method=method, limits=limits)


def pair_table(
    assessment: Assessment,
    one: Mapping[str, Floats],
    two: Mapping[str, Floats],
    pairs: Sequence[tuple[int, int]] | None = None,
    *,
    method: str,
    limits: Limits,
) -> Frame:
    """Return the correlations of pairs of variables in each period, with what stands out.

    Variables have a label and the shape (n_units,); pairs are places in the two mappings, all of
    them by default.
    """
    pairs = list(np.ndindex(len(one), len(two))) if pairs is None else pairs
    if not pairs:
        raise MethodError(
            "there is no pair to correlate: choose other nodes, or another level for `within`"
        )
    flag = instance("limits", limits, Limits).flag
    first, second = list(one), list(two)
    x, y = (np.stack(list(variables.values()), axis=1) for variables in (one, two))
    places = tuple(np.array(pairs).T)

    def columns(rows: NDArray[np.intp]) -> dict[str, Any]:
        found = correlations_of_columns(x[rows], y[rows], method=method)
        r, n = found.coefficients[places], found.n_units[places]
        return {
            "first": [first[i] for i, _ in pairs],
            "second": [second[j] for _, j in pairs],
            "correlation": r,
            "p_value": found.p_values[places],
            "units": n,
            "flag": list(map(flag, r.tolist(), n.tolist())),
        }

    return table_by_period(assessment, columns)
