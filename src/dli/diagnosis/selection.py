"""Which rows and nodes a diagnosis is about, and how its tables name units."""

from collections.abc import Iterable, Sequence
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from dli.assessment import Assessment
from dli.errors import DataError, MethodError, UnknownCodeError
from dli.framework import Index
from dli.framework.index import Node

__all__ = [
    "Floats",
    "beside",
    "nodes_at",
    "of_units",
    "rows_of",
    "same_units",
    "scored_row",
    "stacked",
    "unit_columns",
]

Floats: TypeAlias = NDArray[np.float64]


def rows_of(assessment: Assessment, period: object) -> list[int]:
    """Give the rows of a period; all of them where there are no periods.

    Raises
    ------
    UnknownCodeError
        No such period.
    """
    periods = assessment.periods
    if periods is None:
        return list(range(len(assessment.units)))
    if period not in periods:
        what = "period"
        raise UnknownCodeError(what, [period], dict.fromkeys(periods))
    return [row for row, own in enumerate(periods) if own == period]


def beside(assessment: Assessment, row: int) -> list[int]:
    """Give the rows that a row is compared with: those of its period, itself among them."""
    periods = assessment.periods
    return rows_of(assessment, None if periods is None else periods[row])


def of_units(assessment: Assessment, units: Iterable[object], rows: Sequence[int]) -> list[int]:
    """Find units among rows, each once.

    Raises
    ------
    UnknownCodeError
        Units that are not there; all of them are named.
    MethodError
        No units at all.
    """
    place = {assessment.units[row]: row for row in rows}
    wanted = list(dict.fromkeys(units))
    unknown = [unit for unit in wanted if unit not in place]
    if unknown:
        what = "unit"
        raise UnknownCodeError(what, unknown, place)
    if not wanted:
        msg = "units must name at least one unit, got none"
        raise MethodError(msg)
    return [place[unit] for unit in wanted]


def same_units(one: Assessment, other: Assessment) -> bool:
    """Tell whether two assessments have the same rows: units and periods, in one order."""
    return (one.units, one.periods) == (other.units, other.periods)


def scored_row(assessment: Assessment, unit: object, period: object, code: str) -> int:
    """Find the row of a unit that has a score at a node.

    Raises
    ------
    UnknownCodeError
        No such unit, period or node.
    DataError
        The unit was left out, or has no score there.
    """
    row = assessment.row(unit, period)
    if np.isnan(assessment.array(code)[row]):
        msg = f"unit {unit!r} has no score at {code!r}"
        raise DataError(msg)
    return row


def nodes_at(top: Node, level: int | None, index: Index) -> list[Node]:
    """Give the indicators below a node, or the nodes below it that stand at a level of the index.

    Raises
    ------
    MethodError
        No node at this level.
    """
    if level is None:
        return [top] if not isinstance(top, Index) else list(top.indicators)
    below = [top, *top.walk()] if isinstance(top, Index) else [top]
    levels = {node.code: (index.level(node.code), node) for node in below}
    found = [node for at, node in levels.values() if at == level]
    if not found or isinstance(level, bool) or not isinstance(level, int):
        deepest = max(at for at, _ in levels.values())
        msg = (
            f"level must be a whole number from {index.level(top.code)} ({top.code!r} itself) to "
            f"{deepest}, or None for the indicators, got {level!r}"
        )
        raise MethodError(msg)
    return found


def stacked(assessment: Assessment, nodes: Sequence[Node]) -> Floats:
    """Give the scores of nodes side by side: (n_rows, n_nodes)."""
    return np.stack([assessment.array(node.code) for node in nodes], axis=1)


def unit_columns(assessment: Assessment, rows: Sequence[int]) -> dict[str, Any]:
    """Give the columns that say which rows these are: unit, period and name, if there are."""
    observations = assessment.observations
    columns = {observations.unit_column: [assessment.units[row] for row in rows]}
    if assessment.periods is not None:
        periods = assessment.periods
        columns[str(observations.period_column)] = [periods[row] for row in rows]
    if "name" in observations.context:
        names = assessment.context("name")
        columns["name"] = [names[row] for row in rows]
    return columns
