"""Reading cells of a workbook, with errors that name sheet and cell."""

from collections.abc import Sequence
from os import PathLike, fspath
from pathlib import Path
from typing import Any

from dli.errors import DataError, did_you_mean

__all__ = ["Sheet", "excel", "open_sheets"]


def excel() -> Any:
    """Return openpyxl, the library for workbooks.

    Raises
    ------
    DataError
        openpyxl is not installed.
    """
    try:
        import openpyxl
    except ImportError as error:
        msg = "workbooks need openpyxl: pip install 'digital-leadership-index[excel]'"
        raise DataError(msg) from error
    return openpyxl


class Sheet:
    """A sheet of a workbook, with its formulas and the values that were stored for them.

    Faults are collected, so that all of them can be reported at once.
    """

    def __init__(self, name: str, written: Any, stored: Any) -> None:
        self.name = name
        self._written, self._stored = written, stored
        self.faults: list[str] = []

    @property
    def n_rows(self) -> int:
        """The last row that is not empty."""
        return int(self._written.max_row)

    @property
    def n_columns(self) -> int:
        """The last column that is not empty."""
        return int(self._written.max_column)

    def where(self, row: int, column: int) -> str:
        """Return the name of a cell as users know it."""
        return f"sheet {self.name!r}, cell {self._written.cell(row, column).coordinate}"

    def cell(self, row: int, column: int, *, formulas: bool = False) -> Any:
        """Return the value of a cell, text without spaces at its ends, None for a blank cell.

        Parameters
        ----------
        row, column : int
            From 1.
        formulas : bool
            Whether to return the stored value of a formula; otherwise a formula is a fault.
        """
        value = self._written.cell(row, column).value
        if self._written.cell(row, column).data_type == "f":
            value = self._stored.cell(row, column).value if formulas else None
            if value is None:
                self.faults.append(f"{self.where(row, column)}: a formula, expected a value")
        if isinstance(value, str):
            value = value.strip() or None
        return value

    def number(self, row: int, column: int, missing: Sequence[str], **how: bool) -> float | None:
        """Return a cell as a number, None if it is blank or marked as missing."""
        value = self.cell(row, column, **how)
        if value is None or (isinstance(value, str) and value.lower() in missing):
            return None
        if isinstance(value, bool) or not isinstance(value, (int, float)):
            self.faults.append(f"{self.where(row, column)}: {value!r} is not a number")
            return None
        return float(value)

    def refuse_merged(self, rows: range, columns: range) -> None:
        """Report merged cells in a range: it is unknown to which of them the value belongs."""
        for merged in self._written.merged_cells.ranges:
            if merged.max_row >= rows.start and merged.min_row < rows.stop and (
                merged.max_col >= columns.start and merged.min_col < columns.stop
            ):  # fmt: skip
                self.faults.append(f"sheet {self.name!r}, cells {merged.coord}: merged")


def open_sheets(path: str | PathLike[str], names: Sequence[str]) -> list[Sheet]:
    """Return sheets of a workbook.

    Raises
    ------
    DataError
        No such file, a file that is not a workbook, or missing sheets.
    """
    openpyxl = excel()
    file = Path(fspath(path))
    if not file.is_file():
        msg = f"cannot read {str(file)!r}: no such file"
        raise DataError(msg)
    try:
        written = openpyxl.load_workbook(file)
        stored = openpyxl.load_workbook(file, data_only=True)
    except Exception as error:  # openpyxl raises whatever the archive and its XML raise
        msg = f"cannot read {str(file)!r} as a workbook: {error}"
        raise DataError(msg) from error
    missing = [
        f"sheet {name!r}{did_you_mean(name, written.sheetnames)}"
        for name in names
        if name not in written.sheetnames
    ]
    if missing:
        msg = f"{str(file)!r} lacks sheets (it has {', '.join(written.sheetnames)})"
        raise DataError(msg, missing)
    return [Sheet(name, written[name], stored[name]) for name in names]
