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
    """The limits beyond which correlations are flagged.

    Parameters
    ----------
    weak : float
        A correlation below this limit is flagged as weak.
    negative : float
        A correlation below this limit is flagged as negative. Some auditors use -0.4.
    collinear : float
        A correlation above this limit is flagged as collinear, because the two variables contain
        the same information.

    Raises
    ------
    MethodError
        The limits are not numbers from -1 to 1, or decrease in the order ``negative``, ``weak``,
        ``collinear``.

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
                "the limits negative, weak and collinear must be numbers from -1 to 1 that do not "
                f"decrease in this order, got {self.negative!r}, {self.weak!r}, {self.collinear!r}"
            )

    def flag(self, correlation: float, n_units: int) -> str:
        """Return the flag of a correlation, or an empty string if it is within the limits.

        Parameters
        ----------
        correlation : float
            The correlation; NaN if one of the two variables is constant.
        n_units : int
            The number of units that have both values. With fewer than three, the flag is ``too few
            units``, because any two variables correlate perfectly over two units.

        Raises
        ------
        MethodError
            The correlation is not a number, or ``n_units`` is not a whole number of at least 0.
        """
        if whole_number("n_units", n_units, 0) < 3:
            return "too few units"
        if isinstance(correlation, float) and np.isnan(correlation):  # type: ignore[redundant-expr] # may be text
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
    """Return the correlations of nodes with each other, within a tree level or across levels.

    Each correlation is computed over the units of a period that have values for both nodes. Weights
    are not used, except in the scores of sub-indices.

    Parameters
    ----------
    assessment : Assessment
        The assessment whose nodes are correlated.
    nodes : int, str or sequence of str, optional
        A tree level (0 is the index, 1 its children), a code, several codes, or None for the
        indicators.
    others : int, str or sequence of str, optional
        The nodes to correlate ``nodes`` with. By default, ``nodes`` are correlated with each other,
        and each pair appears once.
    within : int, optional
        A tree level. Only pairs below the same node at this level are returned: with 1, pairs in
        the same sub-index.
    stage : {"raw", "denominated", "imputed", "treated", "normalised"}
        The step after which the values of indicators are used. Before normalisation, indicators
        keep the directions of the data and do not have a common scale.
    method : {"pearson", "spearman", "kendall"}
        As for `dli.multivariate.arrays.correlations`.
    limits : Limits
        The limits beyond which correlations are flagged.

    Returns
    -------
    frame
        A row for each pair (in each period), with the columns ``first``, ``second``,
        ``correlation``, ``p_value``, ``units`` (the number of units that have both values) and
        ``flag``: ``negative``, ``weak``, ``collinear``, ``constant``, ``too few units`` or an empty
        string.

    Raises
    ------
    MethodError
        ``assessment`` is not an `Assessment`, ``limits`` is not a `Limits` object, a tree level or
        method is unknown, or there is no pair to correlate.
    UnknownCodeError
        A code or stage is unknown.
    DataError
        The column of periods has the same name as a column of this table.

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
    above = {}  # for each node, the node at the level that contains it, or the node itself
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
    first, second = (node_values(assessment, side, stage) for side in (rows, columns))
    return pair_table(assessment, first, second, pairs, method=method, limits=limits)


def with_ancestors(
    assessment: Assessment,
    nodes: Nodes = None,
    *,
    stage: str = "normalised",
    method: str = "pearson",
    limits: Limits = DEFAULT,
) -> Frame:
    """Return the correlations of nodes with all nodes above them in the tree.

    Parameters
    ----------
    assessment, nodes, stage, method, limits
        As for `correlations`.

    Returns
    -------
    frame
        A table like that of `correlations`, in which ``second`` is the node above; the nearest
        comes first.

    Raises
    ------
    MethodError, UnknownCodeError, DataError
        As for `correlations`. A `MethodError` is also raised if there is no node above ``nodes``.

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
    places = {node.code: j for j, node in enumerate(above)}
    pairs = [
        (i, places[ancestor.code])
        for i, node in enumerate(below)
        for ancestor in index.path(node.code)
    ]
    first, second = (node_values(assessment, side, stage) for side in (below, above))
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
    """Return a table of the correlations of pairs of variables in each period, with flags.

    ``one`` and ``two`` map labels to arrays of shape (n_units,). ``pairs`` are positions in these
    two mappings; by default, each variable of ``one`` is paired with each variable of ``two``.
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
        result = correlations_of_columns(x[rows], y[rows], method=method)
        r, n = result.coefficients[places], result.n_units[places]
        return {
            "first": [first[i] for i, _ in pairs],
            "second": [second[j] for _, j in pairs],
            "correlation": r,
            "p_value": result.p_values[places],
            "units": n,
            "flag": list(map(flag, r.tolist(), n.tolist())),
        }

    return table_by_period(assessment, columns)
