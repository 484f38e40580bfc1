"""Which nodes a table is about, what their values are, and which rows belong together."""

from collections.abc import Mapping, Sequence
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from dli import frames
from dli.assessment import Assessment
from dli.errors import MethodError, UnknownCodeError
from dli.framework import Index
from dli.framework.index import Node

__all__ = ["Elements", "Floats", "build_by_period", "chosen", "node_values", "rows_by_period"]

Floats: TypeAlias = NDArray[np.float64]
Elements: TypeAlias = int | str | Sequence[str] | None


def chosen(index: Index, elements: Elements) -> list[Node]:
    """Give the nodes of a level, of codes, or all indicators.

    Parameters
    ----------
    index : Index
    elements : int, str, sequence of str, or None
        A level (0 is the index, 1 its sub-indices), one code or several, or None for all
        indicators at whatever level they are.

    Raises
    ------
    MethodError
        No node at this level, or no codes at all.
    UnknownCodeError
        Codes that are not in the tree.
    """
    if elements is None:
        return list(index.indicators)
    if isinstance(elements, int):
        found = [node for node in index.walk() if index.level(node.code) == elements]
        if not found or isinstance(elements, bool):
            msg = f"no elements at level {elements!r}: the index is at 0, its sub-indices at 1"
            raise MethodError(msg)
        return found
    codes = list(dict.fromkeys([elements] if isinstance(elements, str) else elements))
    known = {node.code: node for node in index.walk()}
    unknown = [code for code in codes if code not in known]
    if unknown:
        raise UnknownCodeError("node", unknown, known)
    if not codes:
        msg = "elements must be a level or at least one code, got none"
        raise MethodError(msg)
    return [known[code] for code in codes]


def node_values(assessment: Assessment, nodes: Sequence[Node], stage: str) -> Floats:
    """Give indicators as they are after a step, and the scores of the nodes above them.

    Returns
    -------
    ndarray of shape (n_rows, n_nodes)
    """
    of_indicators = assessment.stage_array(stage)
    place = {indicator.code: j for j, indicator in enumerate(assessment.index.indicators)}
    return np.stack(
        [
            of_indicators[:, place[node.code]]
            if node.code in place
            else assessment.array(node.code)
            for node in nodes
        ],
        axis=1,
    )


def rows_by_period(assessment: Assessment) -> dict[Any, list[int]]:
    """Give the rows of each period in the order of the data; of None when there are no periods."""
    if assessment.periods is None:
        return {None: list(range(len(assessment.units)))}
    rows: dict[Any, list[int]] = {}
    for row, period in enumerate(assessment.periods):
        rows.setdefault(period, []).append(row)
    return rows


def build_by_period(
    assessment: Assessment,
    tables: Mapping[Any, Mapping[str, Sequence[Any]]],
    integers: Sequence[str] = (),
) -> Any:
    """Put the tables of periods below each other, the period in front when there are several."""
    columns: dict[str, Any] = {}
    if assessment.periods is not None:
        columns[str(assessment.observations.period_column)] = [
            period
            for period, table in tables.items()
            for _ in range(len(next(iter(table.values()))))
        ]
    first = next(iter(tables.values()))
    for name in first:
        parts = [table[name] for table in tables.values()]
        columns[name] = (
            np.concatenate(parts)
            if isinstance(first[name], np.ndarray)
            else [cell for part in parts for cell in part]
        )
    return frames.build(columns, assessment.observations.table.library, integers=integers)
