"""Import of COINr's two tables: iData with the data and iMeta with the framework."""

import re
from typing import Any, Unpack

import numpy as np

from dli import frames
from dli.errors import DataError
from dli.frames import Frame
from dli.framework import Index
from dli.framework.tables import NA

__all__ = ["NAME", "TIME", "UNIT", "read_coinr"]

# The columns of iData that iMeta does not describe.
UNIT, NAME, TIME = "uCode", "uName", "Time"
# A number with a leading zero is a code, such as 004 in ISO 3166.
_LEADING_ZERO = re.compile(r"\s*-?0[0-9]")


def read_coinr(
    data: object, metadata: object, **options: Unpack[frames.ReadingOptions]
) -> tuple[Index, Frame]:
    """Return the index and the data of COINr's iMeta and iData.

    Parameters
    ----------
    data : frame, mapping of columns, or path of a CSV file
        iData: a row for each unit (and period), with the column ``uCode`` and optionally ``uName``
        and ``Time``.
    metadata : frame, mapping of columns, or path of a CSV file
        iMeta: a row for each indicator, aggregate, group and denominator.
    **options
        The fields of `frames.Reading`, which control how iData is read, such as
        ``missing=("..",)`` for marks of missing values besides ``NA``.

    Returns
    -------
    index : Index
        The index that iMeta defines.
    data : frame
        The data in a frame of the same library as iData, with ``uName`` renamed to ``name``.
        Continue with ``Assessment(index, data, unit="uCode")``, and ``period="Time"`` for a panel.

    Raises
    ------
    ModelError
        The metadata do not define a valid framework; each fault is listed with its row (or line of
        the file) and code.
    DataError
        The data lack ``uCode`` or columns that the metadata name, units have no code or appear
        twice, or values of indicators and denominators are not finite numbers. All of them are
        listed, each with its row (or line of the file) and column.

    See Also
    --------
    write_coinr

    Notes
    -----
    ``NA`` is R's missing value, except in ``uCode``, where it is a code (Namibia's).

    Examples
    --------
    >>> meta = {
    ...     "iCode": ["I", "a", "b", "GDP"],
    ...     "Parent": [None, "I", "I", None],
    ...     "Level": [2, 1, 1, None],
    ...     "Weight": [1, 1, 1, None],
    ...     "Direction": [1, 1, -1, None],
    ...     "Type": ["Aggregate", "Indicator", "Indicator", "Denominator"],
    ... }
    >>> index, data = read_coinr({"uCode": ["X"], "a": [1], "b": [2], "GDP": [3]}, meta)
    >>> [indicator.code for indicator in index.indicators]
    ['a', 'b']
    """
    meta = frames.read(metadata)
    index = Index.from_table(meta)
    codes = [str(code) for code in meta.column("iCode")]
    types: list[Any] = meta.column("Type") if "Type" in meta.names else [None] * meta.n_rows
    kinds = {c: k for c, k in zip(codes, types, strict=True) if k in ("Group", "Denominator")}
    kinds |= {i.denominator: "Denominator" for i in index.indicators if i.denominator is not None}
    kinds |= {i.code: "Indicator" for i in index.indicators}
    table = frames.read(data, **options)
    faults = table.require([UNIT], "column")
    faults += [f for code, kind in kinds.items() for f in table.require([code], kind.lower())]
    rows = _Rows(table)
    faults += rows.faults
    columns: dict[str, Any] = {}
    for name in table.names:
        new = "name" if name == NAME and "name" not in table.names else name
        if kinds.get(name) in ("Indicator", "Denominator"):
            numbers, wrong = table.numbers([name])
            faults += [
                f"{rows[i]}, column {name!r}: {table.not_a_number(cell)}"
                for i, _, cell in wrong
                if cell != NA
            ]
            faults += [
                f"{rows[i]}, column {name!r}: {numbers[i, 0]:g} is not a finite number"
                for i in np.flatnonzero(np.isinf(numbers[:, 0])).tolist()
            ]
            columns[new] = numbers[:, 0]
        else:
            columns[new] = _context(table, name, kinds.get(name))
    if faults:
        msg = "cannot read iData (missing values must be blank or NA)"
        raise DataError(msg, faults)
    return index, frames.build(columns, table.library)


class _Rows:
    """The rows of iData as messages name them, and the faults of their keys."""

    def __init__(self, table: frames.Table) -> None:
        self.table = table
        blank: list[Any] = [None] * table.n_rows
        self.units = table.column(UNIT) if UNIT in table.names else blank
        self.times = table.column(TIME) if TIME in table.names else blank

    def __getitem__(self, row: int) -> str:
        unit, time = self.units[row], self.times[row]
        when = "" if time is None else f", {TIME} {time}"
        return self.table.where(row) + ("" if unit is None else f" ({UNIT} {unit!r}{when})")

    @property
    def faults(self) -> list[str]:
        if UNIT not in self.table.names:
            return []
        where = self.table.where
        faults = [f"{where(i)}: no {UNIT}" for i, unit in enumerate(self.units) if unit is None]
        first: dict[str, int] = {}
        for i, key in enumerate(zip(self.units, self.times, strict=True)):
            if key[0] is not None and first.setdefault(repr(key), i) != i:
                faults.append(f"{self[i]} already appears in {where(first[repr(key)])}")
        return faults


def _context(table: frames.Table, name: str, kind: str | None) -> list[Any]:
    """Return the cells of a column that is neither an indicator nor a denominator."""
    cells = table.column(name)
    has_missing = any(cell == NA or table.reading.is_marker(cell) for cell in cells)
    if not table.is_text or name == UNIT or not has_missing:
        return cells
    numbers, wrong = table.numbers([name])
    # R reads a column that contains only numbers and NA as numbers.
    if kind == "Group" or name == NAME or wrong or any(map(_LEADING_ZERO.match, map(str, cells))):
        return [None if cell == NA else cell for cell in cells]
    # Texts that differ must remain different: 1.1 and 1.10 are the same number.
    texts = {str(cell) for cell in cells if cell != NA and not table.reading.is_marker(cell)}
    known = numbers[~np.isnan(numbers[:, 0]), 0]
    if len(set(known.tolist())) < len(texts):
        return [None if cell == NA or table.reading.is_marker(cell) else cell for cell in cells]
    return list(numbers[:, 0].tolist())
