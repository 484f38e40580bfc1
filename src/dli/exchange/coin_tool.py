"""The workbook of the JRC's COIN Tool, version 1."""

from collections.abc import Sequence
from os import PathLike
from typing import TYPE_CHECKING, Any

import numpy as np
from attrs import frozen

from dli import frames
from dli.errors import DataError
from dli.exchange.sheets import Sheet, open_sheets
from dli.frames import Frame
from dli.framework import Index, Indicator

if TYPE_CHECKING:
    from dli.framework.index import Node

__all__ = ["read_coin_tool"]

# The layout of the sheet Database: a column for each indicator from E, a row for each unit from 17,
# names and codes of units in B and C.
WEIGHT, DIRECTION, LOWER, UPPER = 7, 8, 9, 10
LEVELS = (11, 12, 13, 14)  # index, sub-index, pillar, sub-pillar
NAME, CODE, FIRST_UNIT = 15, 16, 17
UNIT_NAME, UNIT_CODE, FIRST_INDICATOR = 2, 3, 5
# The layout of the sheet Framework: code, weight and name of each node, from row 5.
FIRST_NODE, NODE_CODE, NODE_WEIGHT, NODE_NAME = 5, 3, 5, 8
MISSING = ("n/a", "na", "--", "")


@frozen
class _Column:
    """An indicator as described in the sheet Database."""

    place: int
    indicator: Indicator
    above: tuple[str, ...]


def read_coin_tool(path: str | PathLike[str]) -> tuple[Index, Frame]:
    """Return the index and the data of a COIN Tool workbook (version 1, xlsx or xlsm).

    The sheets Database and Framework are read.

    Parameters
    ----------
    path : path of the workbook

    Returns
    -------
    index : Index
        With the tool's codes (``Ind.01``, ``p.01``, ``si.01``, ``Index``), names, weights,
        directions and goalposts. A level at which all indicators are in the same node was not
        used, and is left out.
    data : frame
        ``unit`` (the code), ``name`` and a column for each indicator; for ``Assessment(index,
        data)``.

    Raises
    ------
    DataError
        A missing sheet; merged cells, formulas in place of values, text among numbers, or codes
        that appear twice, each with its sheet and cell.

    Notes
    -----
    Formulas in the header, with which the tool fills in its codes, are read as the values that
    were stored with them; a formula in the data is an error.
    """
    database, framework = open_sheets(path, ["Database", "Framework"])
    columns = _columns(database)
    units = _units(database)
    if not columns:
        database.faults.append(f"{database.where(CODE, FIRST_INDICATOR)}: no indicator code")
    if not units:
        database.faults.append(f"{database.where(FIRST_UNIT, UNIT_CODE)}: no unit code")
    database.refuse_merged(range(WEIGHT, CODE + 1), range(UNIT_NAME, database.n_columns + 1))
    groups = _groups(framework)
    values = {
        column.indicator.code: [database.number(row, column.place, MISSING) for row in units]
        for column in columns
    }
    names = [database.cell(row, UNIT_NAME) for row in units]
    faults = [*database.faults, *framework.faults]
    if faults:
        msg = f"{str(path)!r} cannot be read as a COIN Tool workbook"
        raise DataError(msg, faults)
    data = {"unit": [str(code) for code in units.values()], "name": names, **values}
    return _tree(columns, groups), frames.build(
        {name: _floats(cells) if name in values else cells for name, cells in data.items()}
    )


def _floats(cells: Sequence[Any]) -> Any:
    return np.array([np.nan if cell is None else cell for cell in cells], dtype=np.float64)


def _columns(sheet: Sheet) -> list[_Column]:
    columns = []
    seen: dict[str, int] = {}
    for place in range(FIRST_INDICATOR, sheet.n_columns + 1):
        code = sheet.cell(CODE, place, formulas=True)
        if code is None or str(code).lower() in MISSING:
            continue
        code = str(code)
        if code in seen:
            before = sheet.where(CODE, seen[code])
            sheet.faults.append(f"{sheet.where(CODE, place)}: {code!r} already appears in {before}")
            continue
        seen[code] = place
        columns.append(_column(sheet, place, code))
    return columns


def _column(sheet: Sheet, place: int, code: str) -> _Column:
    def number(row: int) -> float | None:
        return sheet.number(row, place, MISSING, formulas=True)

    weight, direction = number(WEIGHT), number(DIRECTION)
    lower, upper = number(LOWER), number(UPPER)
    if direction not in (None, 1.0, -1.0):
        sheet.faults.append(
            f"{sheet.where(DIRECTION, place)}: direction {direction:g} is not 1 or -1"
        )
        direction = None
    if weight is not None and weight < 0:
        sheet.faults.append(f"{sheet.where(WEIGHT, place)}: weight {weight:g} is below 0")
        weight = None
    turn = 1 if direction is None else int(direction)
    goalposts = None
    if lower is not None and upper is not None:
        if lower < upper:
            goalposts = (lower, upper)[::turn]
        else:
            at = sheet.where(LOWER, place)
            sheet.faults.append(f"{at}: the lower goalpost {lower:g} is not below {upper:g}")
    indicator = Indicator(
        code,
        str(sheet.cell(NAME, place, formulas=True) or ""),
        direction=turn,
        weight=1.0 if weight is None else weight,
        goalposts=goalposts,
    )
    above = tuple(str(sheet.cell(row, place, formulas=True) or "") for row in LEVELS)
    return _Column(place, indicator, above)


def _units(sheet: Sheet) -> dict[int, Any]:
    """Return the code of each row that has one."""
    units: dict[int, Any] = {}
    seen: dict[str, int] = {}
    for row in range(FIRST_UNIT, sheet.n_rows + 1):
        code = sheet.cell(row, UNIT_CODE)
        if code is None or str(code).lower() in MISSING:
            continue
        if str(code) in seen:
            before = sheet.where(seen[str(code)], UNIT_CODE)
            at = sheet.where(row, UNIT_CODE)
            sheet.faults.append(f"{at}: unit {code!r} already appears in {before}")
            continue
        seen[str(code)] = row
        units[row] = code
    return units


def _groups(sheet: Sheet) -> dict[str, tuple[str, float]]:
    """Return name and weight of each node of the framework that has children."""
    sheet.refuse_merged(range(FIRST_NODE - 1, sheet.n_rows + 1), range(NODE_CODE, NODE_NAME + 1))
    groups: dict[str, tuple[str, float]] = {}
    for row in range(FIRST_NODE, sheet.n_rows + 1):
        code = sheet.cell(row, NODE_CODE, formulas=True)
        name = sheet.cell(row, NODE_NAME, formulas=True)
        if code is None or str(code) in MISSING or str(name or "") == "--":
            continue
        if str(code) in groups:
            sheet.faults.append(f"{sheet.where(row, NODE_CODE)}: {code!r} appears twice")
        weight = sheet.number(row, NODE_WEIGHT, MISSING, formulas=True)
        groups[str(code)] = (str(name or ""), 1.0 if weight is None else weight)
    return groups


def _tree(columns: Sequence[_Column], groups: dict[str, tuple[str, float]]) -> Index:
    """Return the tree of indicators below the nodes that they name."""
    used = [0] + [
        level
        for level in range(1, len(LEVELS))
        if len({column.above[level] for column in columns}) > 1
    ]
    paths = {column.indicator.code: [column.above[i] for i in used] for column in columns}

    def node(path: list[str], inside: Sequence[_Column]) -> Index:
        code = path[-1] or "Index"
        children: dict[str, list[_Column]] = {}
        for column in inside:
            below = paths[column.indicator.code]
            following = below[len(path)] if len(path) < len(below) else ""
            children.setdefault(following or column.indicator.code, []).append(column)
        joined: list[Node] = []
        for name, members in children.items():
            if members[0].indicator.code == name:
                joined.append(members[0].indicator)
            else:
                joined.append(node([*path, name], members))
        name, weight = groups.get(code, ("", 1.0))
        return Index(code, joined, name, weight=weight)

    return node(paths[columns[0].indicator.code][:1], columns)
