"""Forms that people filled in: found by what their sheets say, whatever the sheets are called."""

import re
from collections.abc import Mapping
from datetime import date, timedelta
from os import PathLike
from pathlib import Path
from typing import Any

from attrs import define, field

from dli.checks import listed
from dli.errors import DataError
from dli.exchange.sheet import Sheet, Unreadable
from dli.exchange.sheets import open_sheets

__all__ = ["Filled", "filled_forms", "refuse_faults", "same_text"]

_DATE = re.compile(r"a date, stored as '([0-9]{1,7})(\.[0-9]+)?'", re.ASCII)
# Spreadsheets count days from here, as the first of March 1900 is day 61, to the year 9999.
_FIRST_DAY, _DAYS = date(1899, 12, 30), 2_958_466
# What is not a workbook to be read, and what to do instead.
_OTHER_FILES = {
    r"~\$.*": "a spreadsheet has it open; save and close the workbook, and leave this file out",
    r".*\.html?": "a form on paper; copy what is written on it to a workbook",
    r".*\.(ods|xls|csv)": "save it as a workbook that ends in .xlsx",
}


@define(eq=False)
class Filled:
    """A form in a sheet of a file.

    Attributes
    ----------
    file : str
        What messages call the file.
    sheet : Sheet
    head : int
        The row with the names of the columns.
    columns : dict of str to int
        The columns by key.
    faults : list of str
    """

    file: str
    sheet: Sheet
    head: int
    columns: dict[str, int]
    _faults: list[str] = field(factory=list)

    @property
    def faults(self) -> list[str]:
        """What is wrong with the form, with file and sheet."""
        return [*self._faults, *(f"file {self.file!r}, {text}" for text in self.sheet.faults)]

    @property
    def where(self) -> str:
        """File and sheet, as messages name them."""
        return f"file {self.file!r}, sheet {self.sheet.name!r}"

    def fault(self, what: str) -> None:
        """Report what is wrong with the form as a whole."""
        self._faults.append(f"{self.where}: {what}")

    def cell_fault(self, row: int, key: str, what: str) -> None:
        """Report what is wrong with a cell of the table."""
        self.sheet.fault(row, self.columns[key], what)

    def text(self, row: int, column: int) -> str:
        """Return a cell as text, an empty one if it is blank.

        A formula has the value that was stored with it, and a date is as in ISO 8601.
        """
        value = self.sheet.values.get((row, column))
        if isinstance(value, bool):  # a sheet shows it so
            return str(value).upper()
        stored = _DATE.fullmatch(value.reason) if isinstance(value, Unreadable) else None
        if stored and int(stored[1]) < _DAYS:
            return (_FIRST_DAY + timedelta(days=int(stored[1]))).isoformat()
        return self.sheet.code(row, column, formulas=True) or ""

    def labelled(self, label: str) -> tuple[int, int] | None:
        """Return the cell to the right of a label above the table, the lowest if there are many."""
        places = [
            (row, column + 1)
            for (row, column), value in self.sheet.values.items()
            if row < self.head and same_text(value, label)
        ]
        return max(places, default=None)

    def required(self, label: str, what: str) -> str:
        """Return the text beside a label, and report one that is missing or blank."""
        place = self.labelled(label)
        if place is None:
            self.fault(f"no cell {label!r} above the table, so {what} is not known")
            return ""
        text = self.text(*place)
        # A cell that cannot be read is reported already.
        if not text and self.sheet.is_blank(*place, ("",)):
            self.sheet.fault(*place, f"blank, expected {what}")
        return text

    def beside(self, label: str) -> str:
        """Return the text beside a label, an empty one if there is none."""
        place = self.labelled(label)
        return "" if place is None else self.text(*place)


def filled_forms(paths: Any, heads: Mapping[str, str]) -> tuple[list[Filled], list[str]]:
    """Return every sheet that has a row with all heads, and what is wrong with files.

    Parameters
    ----------
    paths : path or sequence of paths
    heads : mapping of str to str
        The texts by which columns are found, by key.
    """
    files = [paths] if isinstance(paths, (str, PathLike)) else listed("paths", paths, "paths")
    if not files:
        msg = "paths must name at least one file"
        raise DataError(msg)
    names = [str(path) for path in files]
    short = [Path(name).name for name in names]
    forms: list[Filled] = []
    faults: list[str] = []
    for path, name, last in zip(files, names, short, strict=True):
        file = last if short.count(last) == 1 else name
        try:
            _refuse_others(last)
            forms += _forms_in(path, file, heads)
        except DataError as error:
            faults += [f"file {file!r}: {what}" for what in (error.summary, *error.faults)]
    return forms, faults


def _refuse_others(name: str) -> None:
    for pattern, advice in _OTHER_FILES.items():
        if re.fullmatch(pattern, name.lower()):
            raise DataError(advice)


def _forms_in(path: Any, file: str, heads: Mapping[str, str]) -> list[Filled]:
    sheets = open_sheets(path)
    places = [(sheet, _head(sheet, heads)) for sheet in sheets]
    forms = [Filled(file, sheet, *place) for sheet, place in places if place is not None]
    if not forms:
        texts = ", ".join(map(repr, heads.values()))
        has = ", ".join(repr(sheet.name) for sheet in sheets) or "none"
        msg = (
            f"no sheet has a row with the columns {texts} (its sheets: {has}); expected a form "
            "that this library wrote"
        )
        raise DataError(msg)
    return forms


def _head(sheet: Sheet, heads: Mapping[str, str]) -> tuple[int, dict[str, int]] | None:
    """Return the first row of a sheet that has all heads, with the column of each."""
    rows: dict[int, dict[str, int]] = {}
    for row, column in sorted(sheet.values):
        for key, text in heads.items():
            if same_text(sheet.values[row, column], text):
                rows.setdefault(row, {}).setdefault(key, column)
    return next((place for place in rows.items() if len(place[1]) == len(heads)), None)


def same_text(value: object, text: str) -> bool:
    """Return whether two texts are the same but for spaces and capital letters."""
    if not isinstance(value, str):
        return False
    return value.split() == text.split() or value.casefold().split() == text.casefold().split()


def refuse_faults(what: str, faults: list[str]) -> None:
    """Raise an error with all faults, if there are any."""
    if faults:
        raise DataError(f"cannot read the {what}", dict.fromkeys(faults))
