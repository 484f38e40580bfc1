"""Converting long and wide tables to a column for each indicator."""

import re
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from attrs import frozen

from dli.arrays import Floats
from dli.checks import is_hashable, several
from dli.errors import DataError
from dli.frames import Table
from dli.observations.faults import NOT_A_NAME

__all__ = ["from_long", "from_wide", "period_columns"]

_YEAR = re.compile(r"(?:YR)?(\d{4})(?: \[YR\1\])?")  # 2019, YR2019, 2019 [YR2019]
_PERIOD = re.compile(r"\d{4}(-?(Q[1-4]|[HS][12]|M?(0[1-9]|1[0-2])|W[0-5]\d)|-\d\d-\d\d|/\d\d)")


@frozen
class _Cells:
    """Values with their keys, and the rows of the table that they come from."""

    table: Table
    rows: Sequence[int]
    units: Sequence[Any]
    codes: Sequence[Any]
    periods: Sequence[Any] | None
    values: Floats

    def where(self, i: int) -> str:
        """Return the name of a cell for messages."""
        when = "" if self.periods is None else f", period {self.periods[i]!r}"
        return f"{_row(self, i)} (unit {self.units[i]!r}, indicator {self.codes[i]!r}{when})"


def from_long(
    table: Table, *, unit: str, indicator: str, value: str, period: str | None
) -> dict[str, Any]:
    """Return the columns of a long table, with a row for each unit and indicator (in each period).

    Every indicator becomes a column. Other columns, such as a region, are kept if they have one
    value for each unit (in a period).

    Raises
    ------
    DataError
        A column is missing, a row lacks a unit, indicator or period, a cell is not a number, or a
        unit has two values of an indicator (in a period).
    """
    keys = [unit, indicator] if period is None else [unit, indicator, period]
    _require(table, [*keys, value])
    values, wrong = table.numbers([value])
    cells = _Cells(
        table=table,
        rows=range(table.n_rows),
        units=table.column(unit),
        codes=[_code(code) for code in table.column(indicator)],
        periods=None if period is None else table.column(period),
        values=values[:, 0],
    )
    faults = [f"{cells.where(i)}: {table.not_a_number(cell)}" for i, _, cell in wrong]
    return _columns(cells, faults, unit, period, {*keys, value})


def from_wide(
    table: Table,
    *,
    unit: str,
    indicator: str | None,
    periods: Mapping[str, Any],
    period: str,
    only: str | None,
) -> dict[str, Any]:
    """Return the columns of a wide table, with a column for each period.

    ``indicator`` names the column of the codes of indicators; without it, all rows are values of
    the indicator ``only``. Other columns are kept as in `from_long`.

    Raises
    ------
    DataError
        As for `from_long`; or the data have a column named ``period``.
    """
    _require(table, [unit, *([] if indicator is None else [indicator]), *periods])
    units = table.column(unit)
    codes = [only] * table.n_rows if indicator is None else map(_code, table.column(indicator))
    n = len(periods)
    values, wrong = table.numbers(list(periods))
    places = {name: place for place, name in enumerate(periods)}
    cells = _Cells(
        table=table,
        rows=np.repeat(np.arange(table.n_rows), n).tolist(),
        units=[name for name in units for _ in range(n)],
        codes=[code for code in codes for _ in range(n)],
        periods=[*periods.values()] * table.n_rows,
        values=values.ravel(),
    )
    faults = [
        f"{cells.where(row * n + places[name])}, column {name!r}: {table.not_a_number(cell)}"
        for row, name, cell in wrong
    ]
    used = {unit, indicator, *periods}
    if period in set(table.names) - used:
        msg = (
            f"the column of periods cannot be called {period!r}, which is a column of the data; "
            "choose another name with period="
        )
        raise DataError(msg)
    return _columns(cells, faults, unit, period, used)


def period_columns(names: Sequence[str], periods: Any) -> dict[str, Any]:
    """Return the period of each column that holds the values of one period.

    ``periods`` is a mapping of columns to periods, a sequence of columns, or None for the columns
    whose names are years, such as ``2019``, ``YR2019`` and ``2019 [YR2019]``, or other periods such
    as ``2021-Q3``.

    Examples
    --------
    >>> period_columns(["Country Code", "2019 [YR2019]", "2020 [YR2020]"], None)
    {'2019 [YR2019]': 2019, '2020 [YR2020]': 2020}
    """
    if isinstance(periods, Mapping):
        return {str(name): period for name, period in periods.items()}
    if periods is not None:
        periods = [str(name) for name in several("periods", periods)]
    stripped = {name: name.strip() for name in (names if periods is None else periods)}
    if periods is None:
        stripped = {
            name: text
            for name, text in stripped.items()
            if _YEAR.fullmatch(text) or _PERIOD.fullmatch(text)
        }
        if not stripped:
            msg = (
                "no column has the name of a period, such as 2019, YR2019 or 2021-Q3; name the "
                f"columns of periods with periods=; the columns of the data are {', '.join(names)}"
            )
            raise DataError(msg)
    years = {name: _YEAR.fullmatch(text) for name, text in stripped.items()}
    if all(years.values()):
        return {name: int(year[1]) for name, year in years.items() if year is not None}
    return dict(stripped)


def _require(table: Table, names: Sequence[str]) -> None:
    missing = table.require(names, "column")
    if missing:
        msg = f"columns are missing from the data, whose columns are {', '.join(table.names)}"
        raise DataError(msg, missing)


def _code(cell: Any) -> Any:
    """Return a code as text, even if the codes in a file are whole numbers."""
    return cell if cell is None or isinstance(cell, str) else str(cell)


def _columns(
    cells: _Cells, faults: list[str], unit: str, period: str | None, used: set[str | None]
) -> dict[str, Any]:
    faults += _key_faults(cells)
    if faults:
        msg = "the data cannot be assessed as they are"
        raise DataError(msg + _notes_hint(cells), faults)
    row_keys = list(zip(cells.units, cells.periods or [None] * len(cells.units), strict=True))
    rows = {key: row for row, key in enumerate(dict.fromkeys(row_keys))}
    columns: dict[str, Any] = {unit: [key[0] for key in rows]}
    if period is not None:
        columns[period] = [key[1] for key in rows]
    numbers = {code: np.full(len(rows), np.nan) for code in dict.fromkeys(cells.codes)}
    for key, code, value in zip(row_keys, cells.codes, cells.values.tolist(), strict=True):
        numbers[code][rows[key]] = value
    result_rows = [rows[key] for key in row_keys]
    for name in cells.table.names:
        if name not in used and name not in numbers and name not in columns:
            shared = _shared(cells, name, result_rows, len(rows))
            if shared is not None:
                columns[name] = shared
    both = [f"{name!r}" for name in numbers if name in columns]
    if both:
        msg = "indicators must not have the name of the column of units or periods as their code"
        raise DataError(msg, both)
    return {**columns, **numbers}


def _shared(cells: _Cells, name: str, result_rows: Sequence[int], n_rows: int) -> list[Any] | None:
    """Return a column's single value for each row of the result, or None if a row has several."""
    shared: list[Any] = [None] * n_rows
    filled = [False] * n_rows
    column = cells.table.column(name)
    for i, row in enumerate(result_rows):
        cell = column[cells.rows[i]]
        if not is_hashable(cell) or (filled[row] and shared[row] != cell):
            return None
        shared[row], filled[row] = cell, True
    return shared


def _key_faults(cells: _Cells) -> list[str]:
    """Return a fault for each row without a unit, indicator or period and each duplicate row."""
    faults = []
    first: dict[Any, int] = {}
    periods = cells.periods or [()] * len(cells.units)
    for i, key in enumerate(zip(cells.units, cells.codes, periods, strict=True)):
        absent = [
            name
            for name, part in zip(("unit", "indicator", "period"), key, strict=True)
            if part is None
        ]
        if not is_hashable(key):
            faults.append(f"{_row(cells, i)}: {NOT_A_NAME}")
        elif absent:
            verb = "is" if len(absent) == 1 else "are"
            faults.append(f"{_row(cells, i)}: the {' and the '.join(absent)} {verb} missing")
        elif (before := first.setdefault(key, i)) != i:
            apart = _apart(cells, before, i) if len(faults) < 20 else ""
            faults.append(f"{cells.where(i)} is a duplicate of {_row(cells, before)}{apart}")
    return list(dict.fromkeys(faults))


def _notes_hint(cells: _Cells) -> str:
    """Return the setting that leaves out the last lines of a file, if they do not have keys."""
    lines = cells.table.lines
    keys = zip(cells.rows, cells.units, cells.codes, strict=True)
    keyed = [row for row, *key in keys if key != [None, None]]
    if lines is None or not keyed or max(keyed) + 1 == len(lines):
        return ""
    return f" (if notes follow the table, set last_line={lines[max(keyed)]})"


def _row(cells: _Cells, i: int) -> str:
    return cells.table.where(cells.rows[i])


def _apart(cells: _Cells, before: int, i: int) -> str:
    """Return the columns in which two rows with the same key differ."""
    table = cells.table.take([cells.rows[before], cells.rows[i]])
    pairs = {name: table.column(name) for name in table.names}
    differ = [f"{name!r} ({a!r}, {b!r})" for name, (a, b) in pairs.items() if repr(a) != repr(b)]
    return f"; keep only one of the two, which differ in {', '.join(differ)}" if differ else ""
