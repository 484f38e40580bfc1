"""The quantities of an assessment by node, and their long table."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from attrs import frozen

from dli.arrays import Floats
from dli.assessment import Assessment
from dli.assessment.tables import local_and_effective
from dli.checks import instance, is_hashable, several
from dli.errors import DataError, MethodError, UnknownCodeError
from dli.frames import Frame
from dli.framework.select import Nodes, select

__all__ = ["QUANTITIES", "Column", "columns_of", "to_long"]

_STAGES = ("raw", "denominated", "imputed", "treated", "normalised")
QUANTITIES = (*_STAGES, "score", "rank", "weight", "effective_weight", "contribution")


@frozen(eq=False)
class Column:
    """A quantity of a node for all units, such as its score.

    Attributes
    ----------
    code : str
        The code of the node.
    quantity : str
        One of `QUANTITIES`.
    values : ndarray of shape (n_units,)
        The quantity of each unit, NaN if it is missing.
    """

    code: str
    quantity: str
    values: Floats


def to_long(
    assessment: Assessment,
    *,
    quantities: str | Sequence[str] | None = None,
    nodes: Nodes = None,
    context: str | Sequence[str] = (),
) -> Frame:
    """Return an assessment as a long table, with one row for each unit, node and quantity.

    Databases, pivot tables and plotting libraries work with long tables, and
    `dli.Observations.from_long` reads the raw values back.

    Parameters
    ----------
    assessment : Assessment
        The assessment to convert.
    quantities : str or sequence of str, optional
        One or more of the following; by default all that the assessment has:

        - ``raw``, ``denominated``, ``imputed``, ``treated``, ``normalised``: the value of an
          indicator after each step; ``normalised`` also of nodes whose scores are normalised
          before they enter the parent;
        - ``score`` and ``rank`` of every node;
        - ``weight``, the weight of a node within its parent, and ``effective_weight``, its weight
          within the index;
        - ``contribution`` of an indicator to the index. By default, it is left out if the
          aggregation does not define contributions.
    nodes : int, str or sequence of str, optional
        A tree level, a code or several codes; by default all nodes.
    context : str or sequence of str
        Columns of the data to repeat in each row, such as ``name``, a region, or the denominators
        by which indicators are divided.

    Returns
    -------
    frame
        A frame of the same library as the data. Its columns are the unit (and period), the
        context, ``code``, ``quantity`` and ``value``, which is missing if the quantity is. Units
        are in the order of the data, and nodes in that of `dli.Index.walk`, parents first.

    Raises
    ------
    UnknownCodeError
        A quantity, node or column does not exist.
    MethodError
        No quantity is left to return, or contributions are requested but not defined.
    DataError
        A context column has the name of another column of this table.

    Examples
    --------
    >>> from dli import Index, Indicator, frames
    >>> index = Index("T", [Indicator("a"), Indicator("b")])
    >>> assessment = Assessment(index, {"unit": ["X", "Y"], "a": [1, 3], "b": [5, 4]})
    >>> table = frames.read(to_long(assessment, quantities=["raw", "score"]))
    >>> for row in list(zip(*map(table.column, table.names)))[:3]:
    ...     print(row)
    ('X', 'T', 'score', 50.0)
    ('X', 'a', 'raw', 1.0)
    ('X', 'a', 'score', 0.0)
    """
    instance("assessment", assessment, Assessment)
    long = columns_of(assessment, quantities, nodes)
    n_units = len(assessment.units)
    rows = np.repeat(np.arange(n_units), len(long))
    columns = {
        **_repeated(assessment, several("context", context), rows),
        "code": [column.code for column in long] * n_units,
        "quantity": [column.quantity for column in long] * n_units,
        "value": np.stack([column.values for column in long], axis=1).ravel(),
    }
    return assessment.frame(columns, rows=rows)


def columns_of(
    assessment: Assessment, quantities: str | Sequence[str] | None, nodes: Nodes
) -> list[Column]:
    """Return the quantities of nodes, node by node, and of each node in the order of `QUANTITIES`.

    Raises
    ------
    UnknownCodeError
        A quantity or node does not exist.
    MethodError
        No quantity is requested, the nodes have none of those requested, or contributions are
        requested but not defined.
    """
    wanted = [*QUANTITIES] if quantities is None else several("quantities", quantities)
    unknown = [name for name in wanted if not is_hashable(name) or name not in QUANTITIES]
    if unknown:
        what = "quantity"
        raise UnknownCodeError(what, unknown, QUANTITIES)
    index = assessment.index
    chosen = None if nodes is None else {node.code for node in select(index, nodes)}
    by_quantity: dict[str, Mapping[str, Floats]] = {}
    for name in (name for name in QUANTITIES if name in wanted):
        try:
            by_quantity[name] = _by_code(assessment, name)
        except MethodError:  # contributions are not defined for every aggregation
            if quantities is not None:
                raise
    columns = [
        Column(node.code, name, values[node.code])
        for node in index.walk()
        if chosen is None or node.code in chosen
        for name, values in by_quantity.items()
        if node.code in values
    ]
    if not columns:
        msg = (
            f"no quantity to write: the nodes={nodes!r} do not have any of the "
            f"quantities={quantities!r} (only indicators have values after each step and "
            "contributions)"
        )
        raise MethodError(msg)
    return columns


def _by_code(assessment: Assessment, quantity: str) -> Mapping[str, Floats]:
    """Return a quantity of each node that has it."""
    index = assessment.index
    indicators = [indicator.code for indicator in index.indicators]
    if quantity in _STAGES:
        values = dict(zip(indicators, assessment.stage_array(quantity).T, strict=True))
        normalised = assessment.node_normalisations if quantity == "normalised" else ()
        return values | {code: assessment.array(code, normalised=True) for code in normalised}
    if quantity == "contribution":
        return dict(zip(indicators, assessment.contribution_array().T, strict=True))
    if quantity in ("score", "rank"):
        array = assessment.array if quantity == "score" else assessment.rank_array
        return {node.code: array(node.code) for node in index.walk()}
    place = ("weight", "effective_weight").index(quantity)
    n_units = len(assessment.units)
    weights = local_and_effective(assessment)
    return {code: np.broadcast_to(both[place], n_units) for code, both in weights.items()}


def _repeated(assessment: Assessment, names: Sequence[Any], rows: Any) -> dict[str, list[Any]]:
    """Return context columns with a cell for each row of the long table."""
    taken = ("code", "quantity", "value")
    clashes = [f"{name!r}" for name in names if isinstance(name, str) and name in taken]
    if clashes:
        msg = "context columns must not have the name of a column of the long table; rename them"
        raise DataError(msg, clashes)
    denominators = {indicator.denominator for indicator in assessment.index.indicators}
    cells = {
        name: assessment.context(name, numbers=is_hashable(name) and name in denominators)
        for name in names
    }
    return {name: [column[row] for row in rows] for name, column in cells.items()}
