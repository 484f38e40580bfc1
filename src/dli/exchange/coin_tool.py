"""Import of workbooks of the JRC's COIN Tool, version 1."""

from collections.abc import Sequence
from os import PathLike
from typing import TYPE_CHECKING, Any
from warnings import warn

import numpy as np
from attrs import frozen

from dli import frames
from dli.checks import code_faults
from dli.errors import DataError, DLIWarning
from dli.exchange.sheet import Sheet, is_marked, shown
from dli.exchange.sheets import open_sheets
from dli.frames import Frame
from dli.framework import Index, Indicator

if TYPE_CHECKING:
    from dli.framework.index import Node

__all__ = ["read_coin_tool"]

# The layout of the sheet Database: one column for each indicator, from column E, and one row for
# each unit, from row 17, with the unit's name and code in columns B and C.
WEIGHT, DIRECTION, LOWER, UPPER = 7, 8, 9, 10
LEVELS = (11, 12, 13, 14)  # index, sub-index, pillar, sub-pillar
NAME, CODE, FIRST_UNIT = 15, 16, 17
UNIT_NAME, UNIT_CODE, FIRST_INDICATOR = 2, 3, 5
# The layout of the sheet Framework: the code, weight and name of each node, from row 5.
FIRST_NODE, NODE_CODE, NODE_WEIGHT, NODE_NAME = 5, 3, 5, 8
MISSING = ("n/a", "na", "--", "")
# NA is not a missing value as the code of a unit: it is Namibia.
NO_UNIT = ("n/a", "--", "")
# The columns of the returned data that are not indicators.
OWN_COLUMNS = ("unit", "name")
# A few cells far apart must not create a huge table of blank values.
MAX_VALUES = 5_000_000


@frozen
class _Column:
    """An indicator as described in the sheet Database.

    Attributes
    ----------
    place : int
        The column of the indicator in the sheet.
    indicator : Indicator
        The indicator with its name, weight, direction and goalposts.
    above : tuple of str
        The code of the node above it at each level, empty if the level is not used.
    """

    place: int
    indicator: Indicator
    above: tuple[str, ...]


def read_coin_tool(path: str | PathLike[str]) -> tuple[Index, Frame]:
    """Return the index and the data of a COIN Tool workbook (version 1, xlsx or xlsm).

    Only the sheets Database and Framework are read.

    Parameters
    ----------
    path : path
        A workbook in the layout of the COIN Tool.

    Returns
    -------
    index : Index
        The index with the tool's codes (``Ind.01``, ``p.01``, ``si.01``, ``Index``), names,
        weights, directions and goalposts. A level at which all indicators belong to the same node
        is not in use and is left out.
    data : frame
        The columns ``unit`` (the code) and ``name``, and a column for each indicator. Continue with
        ``Assessment(index, data)``.

    Raises
    ------
    DataError
        The workbook is damaged or too large, or lacks a sheet. It contains merged cells, formulas
        in place of values, dates, error values or text among numbers, codes that are blank or
        appear twice, one goalpost without the other, or nodes with two parents; all of them are
        listed, each with its sheet and cell.

    Warns
    -----
    DLIWarning
        The sheet Framework does not list some nodes; their weight is set to 1.

    Notes
    -----
    The tool fills in its codes with formulas in the header, which are read as their stored values;
    a formula in the data is an error. ``n/a``, ``NA``, ``--`` and blank cells are missing values,
    but ``NA`` is a valid code of a unit. A blank weight or direction is read as 1.

    An unpacked workbook may have 100 MB, of which 10 MB for texts and styles; a sheet may have a
    million values and ten thousand merged ranges; and the table of units and indicators may have
    five million cells. An error is raised as soon as a limit is exceeded.

    Examples
    --------
    >>> read_coin_tool("index.xlsm")
    Traceback (most recent call last):
    dli.errors.DataError: cannot read 'index.xlsm': no such file
    """
    database, framework = open_sheets(path, ["Database", "Framework"])
    columns, units = _columns(database), _units(database)
    if not columns:
        database.fault(CODE, FIRST_INDICATOR, "no indicator code")
    if not units:
        database.fault(FIRST_UNIT, UNIT_CODE, "no unit code")
    database.refuse_merged(database.rows(WEIGHT), database.columns(UNIT_NAME))
    top, paths = _paths(database, columns)
    groups = _groups(framework, {top, *(code for path in paths for code in path)})
    if len(units) * len(columns) > MAX_VALUES:
        n_values = f"{len(units):,} units by {len(columns):,} indicators"
        last = max(units), columns[-1].place
        database.fault(*last, f"{n_values} are more than the limit of {MAX_VALUES:,} values")
        _refuse(path, database, framework)
    values = {
        column.indicator.code: [database.number(row, column.place, MISSING) for row in units]
        for column in columns
    }
    names = [database.code(row, UNIT_NAME) for row in units]
    _refuse(path, database, framework)
    _warn_of_unlisted(database, columns, paths, groups)
    data: dict[str, Any] = {"unit": list(units.values()), "name": names}
    data |= {code: _floats(cells) for code, cells in values.items()}
    return _tree(top, columns, paths, groups), frames.build(data)


def _refuse(path: str | PathLike[str], *sheets: Sheet) -> None:
    """Raise an error with all faults of the sheets, if there are any."""
    faults = dict.fromkeys(fault for sheet in sheets for fault in sheet.faults)
    if faults:
        msg = f"cannot read {str(path)!r} as a COIN Tool workbook"
        raise DataError(msg, faults)


def _floats(cells: Sequence[float | None]) -> Any:
    return np.array([np.nan if cell is None else cell for cell in cells], dtype=np.float64)


def _columns(sheet: Sheet) -> list[_Column]:
    """Return the indicators of the sheet Database, and record faults of their codes."""
    columns = []
    seen: dict[str, int] = {}
    first_value: dict[int, int] = {}
    for row, place in sorted(sheet.values):
        if row >= FIRST_UNIT and not sheet.is_blank(row, place, MISSING):
            first_value.setdefault(place, row)
    for place in sheet.columns(FIRST_INDICATOR):
        code = _node_code(sheet, CODE, place)
        if code is None or is_marked(code, MISSING):
            # A code that cannot be read has already been recorded as a fault.
            if place in first_value and sheet.is_blank(CODE, place, MISSING):
                cell = f"a value in row {first_value[place]}"
                sheet.fault(CODE, place, f"no indicator code, but the column has {cell}")
        elif code in seen:
            before = sheet.where(CODE, seen[code])
            sheet.fault(CODE, place, f"{shown(code)} already appears in {before}")
        elif code in OWN_COLUMNS:
            what = "the column of the units' codes or names; rename the indicator"
            sheet.fault(CODE, place, f"{code!r} is {what}")
        else:
            seen[code] = place
            columns.append(_column(sheet, place, code))
    return columns


def _node_code(sheet: Sheet, row: int, place: int) -> str | None:
    """Return the code of an indicator or of a node above it, or None if there is no valid code."""
    code = sheet.code(row, place, formulas=True)
    faults = [] if code is None else [*code_faults(code)]
    for fault in faults:
        sheet.fault(row, place, fault)
    return None if faults else code


def _column(sheet: Sheet, place: int, code: str) -> _Column:
    def number(row: int) -> float | None:
        return sheet.number(row, place, MISSING, formulas=True)

    weight, direction = number(WEIGHT), number(DIRECTION)
    if direction not in (None, 1.0, -1.0):
        sheet.fault(DIRECTION, place, f"direction must be 1 or -1, got {direction:g}")
        direction = None
    if weight is not None and weight < 0:
        sheet.fault(WEIGHT, place, f"weight must not be negative, got {weight:g}")
        weight = None
    sign = 1 if direction is None else int(direction)
    indicator = Indicator(
        code,
        sheet.code(NAME, place, formulas=True) or "",
        direction=sign,
        weight=1.0 if weight is None else weight,
        goalposts=_goalposts(sheet, place, sign),
    )
    nodes = [_node_code(sheet, row, place) or "" for row in LEVELS]
    above = ["" if is_marked(node, MISSING) else node for node in nodes]
    return _Column(place, indicator, tuple(above))


def _goalposts(sheet: Sheet, place: int, direction: int) -> tuple[float, float] | None:
    """Return the goalposts as worst and best value, or None if there are none."""
    lower, upper = (sheet.number(row, place, MISSING, formulas=True) for row in (LOWER, UPPER))
    if lower is not None and upper is not None:
        if lower < upper:
            return (lower, upper) if direction == 1 else (upper, lower)
        what = f"the lower goalpost {lower:g} is not below the upper goalpost {upper:g}"
        sheet.fault(LOWER, place, what)
        return None
    for row, other, value in ((LOWER, UPPER, upper), (UPPER, LOWER, lower)):
        if value is not None and sheet.is_blank(row, place, MISSING):
            cell = f"the other goalpost, in row {other}, is {value:g}"
            sheet.fault(row, place, f"blank, but {cell}; enter both goalposts or neither")
    return None


def _units(sheet: Sheet) -> dict[int, str]:
    """Return the code of each row of a unit, and record faults of the codes."""
    units: dict[int, str] = {}
    seen: dict[str, int] = {}
    first_cell: dict[int, int] = {}
    for row, place in sorted(sheet.values):
        # A row with a name is a unit even if all of its values are missing.
        named = not sheet.is_blank(row, UNIT_NAME, NO_UNIT)
        if place >= FIRST_INDICATOR and not sheet.is_blank(row, place, () if named else MISSING):
            first_cell.setdefault(row, place)
    for row in sheet.rows(FIRST_UNIT):
        code = sheet.code(row, UNIT_CODE)
        if code is None or is_marked(code, NO_UNIT):
            if row in first_cell and sheet.is_blank(row, UNIT_CODE, NO_UNIT):
                cell = sheet.where(row, first_cell[row])
                sheet.fault(row, UNIT_CODE, f"no unit code, but the row has a value in {cell}")
        elif code in seen:
            before = sheet.where(seen[code], UNIT_CODE)
            sheet.fault(row, UNIT_CODE, f"unit {shown(code)} already appears in {before}")
        else:
            seen[code] = row
            units[row] = code
    return units


def _groups(sheet: Sheet, used: set[str]) -> dict[str, tuple[str, float]]:
    """Return the name and weight of each node of the framework that indicators use."""
    rows = sheet.rows(FIRST_NODE)
    sheet.refuse_merged([FIRST_NODE - 1, *rows], [NODE_CODE, NODE_NAME])
    groups: dict[str, tuple[str, float]] = {}
    seen: dict[str, int] = {}
    for row in rows:
        code = sheet.code(row, NODE_CODE, formulas=True)
        if code is None and isinstance(sheet.values.get((row, NODE_WEIGHT)), (int, float)):
            sheet.fault(row, NODE_CODE, "no code, but the row has a weight")
        name = sheet.code(row, NODE_NAME, formulas=True) or ""
        if code is None or (code not in used and (is_marked(code, MISSING) or name == "--")):
            continue
        if code in seen:
            before = sheet.where(seen[code], NODE_CODE)
            sheet.fault(row, NODE_CODE, f"{shown(code)} already appears in {before}")
            continue
        seen[code] = row
        weight = sheet.number(row, NODE_WEIGHT, MISSING, formulas=True)
        if weight is not None and weight < 0:
            sheet.fault(row, NODE_WEIGHT, f"weight must not be negative, got {weight:g}")
        groups[code] = ("" if name == "--" else name, 1.0 if weight is None else weight)
    return groups


def _paths(sheet: Sheet, columns: Sequence[_Column]) -> tuple[str, list[list[str]]]:
    """Return the code of the index, and for each indicator the codes of the nodes above it.

    Levels at which all indicators belong to the same node are left out.
    """
    top = next((column.above[0] for column in columns if column.above[0]), "Index")
    used = [
        level
        for level in range(1, len(LEVELS))
        if len({column.above[level] for column in columns}) > 1
    ]
    codes = {column.indicator.code for column in columns} | {top}
    has_top = any(column.above[0] for column in columns)
    parents: dict[str, tuple[str, str]] = {}
    paths = []
    for column in columns:
        if has_top and column.above[0] != top:
            got = repr(column.above[0]) if column.above[0] else "blank"
            sheet.fault(LEVELS[0], column.place, f"{got}, but the index is {top!r} elsewhere")
        path: list[str] = []
        for level in used:
            code = column.above[level]
            if not code:
                continue
            if code in codes:
                what = "the index" if code == top else "an indicator"
                sheet.fault(LEVELS[level], column.place, f"{code!r} is also the code of {what}")
            parent = path[-1] if path else top
            cell = sheet.where(LEVELS[level], column.place)
            first, where = parents.setdefault(code, (parent, cell))
            if parent != first:
                both = f"the parent of {code!r} is {parent!r}, but {first!r} in {where}"
                sheet.fault(LEVELS[level], column.place, both)
            path.append(code)
        if column.indicator.code == top:
            sheet.fault(CODE, column.place, f"{top!r} is also the code of the index")
        paths.append(path)
    return top, paths


def _warn_of_unlisted(
    sheet: Sheet,
    columns: Sequence[_Column],
    paths: Sequence[list[str]],
    groups: dict[str, tuple[str, float]],
) -> None:
    """Warn about nodes without a row in the sheet Framework."""
    unlisted: dict[str, str] = {}
    for column, path in zip(columns, paths, strict=True):
        for code in path:
            if code not in groups and code not in unlisted:
                row = LEVELS[column.above.index(code)]
                unlisted[code] = f"{code!r} ({sheet.where(row, column.place)})"
    if unlisted:
        msg = "nodes that the sheet 'Framework' does not list get the weight 1 and no name: "
        warn(msg + ", ".join(unlisted.values()), DLIWarning, stacklevel=3)


def _tree(
    top: str,
    columns: Sequence[_Column],
    paths: Sequence[list[str]],
    groups: dict[str, tuple[str, float]],
) -> Index:
    """Return the index with its indicators below the nodes of their paths."""

    def node(code: str, depth: int, members: Sequence[int]) -> Index:
        below: dict[str, list[int]] = {}
        for i in members:
            deeper = len(paths[i]) > depth
            below.setdefault(paths[i][depth] if deeper else columns[i].indicator.code, []).append(i)
        children: list[Node] = [
            node(child, depth + 1, inside)
            if len(paths[inside[0]]) > depth
            else columns[inside[0]].indicator
            for child, inside in below.items()
        ]
        name, weight = groups.get(code, ("", 1.0))
        return Index(code, children, name, weight=weight)

    return node(top, 0, range(len(columns)))
