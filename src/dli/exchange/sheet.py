"""The class `Sheet`: the cells of a sheet of a workbook, and the faults found in them."""

import re
from collections.abc import Collection, Sequence
from typing import Any

from attrs import define, field, frozen

__all__ = [
    "LAST_COLUMN", "LAST_ROW", "Sheet", "Unreadable", "is_marked", "position", "reference", "shown",
    "text_fault",
]  # fmt: skip

# The last row and column that the xlsx format allows.
LAST_ROW, LAST_COLUMN = 1_048_576, 16_384
# The maximum length of the text of a cell.
_MAX_TEXT = 32_767
# XML cannot contain control characters, lone surrogates and two noncharacters; a carriage return
# would be read back as a line break.
_NOT_IN_XML = re.compile("[\x00-\x08\x0b-\x1f\ud800-\udfff\ufffe\uffff]")

_REFERENCE = re.compile(r"([A-Z]{1,3})([1-9][0-9]{0,6})", re.ASCII)
_SHOWN = 60


@frozen
class Unreadable:
    """The content of a cell that is not a number, a text or a truth value.

    Attributes
    ----------
    reason : str
        The content in words, such as ``"a date"``.
    """

    reason: str


def is_marked(value: object, missing: Collection[str]) -> bool:
    """Return whether a value is blank or one of the texts that mark missing values."""
    return value is None or (isinstance(value, str) and value.lower() in missing)


@define(eq=False)
class Sheet:
    """The cells of a sheet that are not blank.

    Attributes
    ----------
    name : str
        The title of the sheet.
    values : dict
        The stored value of each cell by row and column, both counted from 1. For a formula, this
        is the value computed last, which may be an empty text, or None if no value is stored.
    formulas : set
        The row and column of each formula.
    merged : list of (first row, first column, last row, last column)
        The ranges of merged cells.
    faults : list of str
        The faults of cells that were read, collected so that all can be reported at once.
    """

    name: str
    values: dict[tuple[int, int], Any] = field(factory=dict)
    formulas: set[tuple[int, int]] = field(factory=set)
    merged: list[tuple[int, int, int, int]] = field(factory=list)
    faults: list[str] = field(factory=list)

    def rows(self, first: int) -> list[int]:
        """Return the rows with a value, from the row ``first`` onwards, in order."""
        return sorted({row for row, _ in self.values if row >= first})

    def columns(self, first: int) -> list[int]:
        """Return the columns with a value, from the column ``first`` onwards, in order."""
        return sorted({column for _, column in self.values if column >= first})

    def where(self, row: int, column: int) -> str:
        """Return the sheet and the reference of a cell, as messages name it."""
        return f"sheet {self.name!r}, cell {reference(row, column)}"

    def fault(self, row: int, column: int, what: str) -> None:
        """Record what is wrong with a cell."""
        self.faults.append(f"{self.where(row, column)}: {what}")

    def cell(self, row: int, column: int, *, formulas: bool = False) -> Any:
        """Return the value of a cell, or None if the cell is blank or cannot be read.

        Parameters
        ----------
        row, column : int
            The position of the cell, counted from 1.
        formulas : bool
            Whether to return the stored value of a formula; if not, a formula is a fault.
        """
        value = self.values.get((row, column))
        if (row, column) in self.formulas and (value is None or not formulas):
            self.fault(row, column, "a formula, expected a value")
            return None
        if isinstance(value, Unreadable):
            self.fault(row, column, f"{value.reason}, expected a number or text")
            return None
        return None if value == "" else value

    def code(self, row: int, column: int, *, formulas: bool = False) -> str | None:
        """Return a code or name in a cell as text, or None if the cell is blank."""
        value = self.cell(row, column, formulas=formulas)
        if isinstance(value, bool):
            self.fault(row, column, f"{value}, expected text")
            return None
        return None if value is None else str(value)

    def number(self, row: int, column: int, missing: Collection[str], **how: bool) -> float | None:
        """Return a cell as a number, or None if it is blank or marked as missing."""
        value = self.cell(row, column, **how)
        if is_marked(value, missing):
            return None
        if isinstance(value, (bool, str)):
            self.fault(row, column, f"{shown(value)} is not a number")
            return None
        return float(value)

    def is_blank(self, row: int, column: int, missing: Collection[str]) -> bool:
        """Return whether a cell is blank or marked as missing."""
        value = self.values.get((row, column))
        if value is None:
            return (row, column) not in self.formulas
        return value == "" or is_marked(value, missing)

    def refuse_merged(self, rows: Sequence[int], columns: Sequence[int]) -> None:
        """Record merged cells within rows and columns as faults: only one of them has a value.

        Parameters
        ----------
        rows, columns : sequence of int
            Rows and columns in order; the range from the first to the last is checked.
        """
        if not rows or not columns:
            return
        for first_row, first_column, last_row, last_column in self.merged:
            if last_row >= rows[0] and first_row <= rows[-1] and (
                last_column >= columns[0] and first_column <= columns[-1]
            ):  # fmt: skip
                cells = f"{reference(first_row, first_column)}:{reference(last_row, last_column)}"
                self.faults.append(
                    f"sheet {self.name!r}, cells {cells}: merged; unmerge them and fill in each"
                )


def reference(row: int, column: int) -> str:
    """Return the reference of a cell, such as B17."""
    letters = ""
    while column:
        column, letter = divmod(column - 1, 26)
        letters = chr(ord("A") + letter) + letters
    return f"{letters}{row}"


def position(text: str) -> tuple[int, int] | None:
    """Return the row and column of a cell's reference, or None if the text is not a reference."""
    match = _REFERENCE.fullmatch(text)
    if match is None:
        return None
    column = 0
    for letter in match[1]:
        column = column * 26 + ord(letter) - ord("A") + 1
    row = int(match[2])
    return (row, column) if row <= LAST_ROW and column <= LAST_COLUMN else None


def shown(value: object) -> str:
    """Return a value as messages show it, cut after 60 characters."""
    text = repr(value)
    return text if len(text) <= _SHOWN else f"{text[:_SHOWN]}..."


def text_fault(text: str) -> str:
    """Return why a cell cannot contain a text, or an empty text if it can."""
    if len(text) > _MAX_TEXT:
        return f"a text of {len(text):,} characters; a cell can have at most {_MAX_TEXT:,}"
    wrong = _NOT_IN_XML.search(text)
    return f"{text[:80]!r} has the invalid character {wrong[0]!r}" if wrong else ""
