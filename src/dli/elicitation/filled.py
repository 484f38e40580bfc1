"""Filled-in forms, which are found by the contents of sheets and not by their titles."""

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

__all__ = ["MISSING", "Filled", "filled_forms", "refuse_faults", "same_text"]

# The texts, in lower case, of cells without an answer, with the dashes that word processors write.
MISSING = ("n/a", "na", "-", "--", "\N{EN DASH}", "\N{EM DASH}", "\N{MINUS SIGN}", "")
_DATE = re.compile(r"a date, stored as '([0-9]{1,7})(\.[0-9]+)?'", re.ASCII)
# Spreadsheets count days from this date (1 March 1900 is day 61) to the year 9999.
_FIRST_DAY, _DAYS = date(1899, 12, 30), 2_958_466
# Patterns of files that are not workbooks to read, and what to do with them.
_OTHER_FILES = {
    r"~\$.*": "the workbook is open elsewhere; save and close it, and leave this lock file out",
    r".*\.html?": "a page to print; copy the ratings and evidence into a workbook",
    r".*\.(ods|xls|csv)": "not an .xlsx workbook; save it as .xlsx",
}


@define(eq=False)
class Filled:
    """A form on a sheet of a workbook.

    Attributes
    ----------
    file : str
        The name of the file in messages.
    sheet : Sheet
        The cells of the sheet.
    head : int
        The row with the heads of the columns.
    columns : dict of str to int
        The numbers of the columns by key.
    faults : list of str
        The faults of the form and its cells.
    """

    file: str
    sheet: Sheet
    head: int
    columns: dict[str, int]
    _faults: list[str] = field(factory=list)

    @property
    def faults(self) -> list[str]:
        """The faults of the form and its cells, each with file and sheet."""
        return [*self._faults, *(f"file {self.file!r}, {text}" for text in self.sheet.faults)]

    @property
    def where(self) -> str:
        """The file and sheet, as messages name them."""
        return f"file {self.file!r}, sheet {self.sheet.name!r}"

    def fault(self, what: str) -> None:
        """Record what is wrong with the form as a whole."""
        self._faults.append(f"{self.where}: {what}")

    def cell_fault(self, row: int, key: str, what: str) -> None:
        """Record what is wrong with a cell of the table."""
        self.sheet.fault(row, self.columns[key], what)

    def text(self, row: int, column: int) -> str:
        """Return a cell as text, or an empty text if it is blank.

        The text of a formula is its stored value, and dates are written as in ISO 8601.
        """
        value = self.sheet.values.get((row, column))
        if isinstance(value, bool):  # as spreadsheets show truth values
            return str(value).upper()
        stored = _DATE.fullmatch(value.reason) if isinstance(value, Unreadable) else None
        if stored and int(stored[1]) < _DAYS:
            return (_FIRST_DAY + timedelta(days=int(stored[1]))).isoformat()
        return self.sheet.code(row, column, formulas=True) or ""

    def labelled(self, label: str) -> tuple[int, int] | None:
        """Return the cell after a label above the table, the lowest if there are several."""
        places = [
            (row, column + 1)
            for (row, column), value in self.sheet.values.items()
            if row < self.head and same_text(value, label)
        ]
        return max(places, default=None)

    def required(self, label: str, what: str) -> str:
        """Return the text beside a label, and record a fault if the label or text is missing."""
        place = self.labelled(label)
        if place is None:
            self.fault(f"no cell {label!r} above the table, so {what} is unknown")
            return ""
        text = self.text(*place)
        # A cell that cannot be read has already been recorded as a fault.
        if not text and self.sheet.is_blank(*place, ("",)):
            self.sheet.fault(*place, f"blank, expected {what}")
        return text

    def beside(self, label: str) -> str:
        """Return the text beside a label, or an empty text if there is none."""
        place = self.labelled(label)
        return "" if place is None else self.text(*place)


def filled_forms(paths: Any, heads: Mapping[str, str]) -> tuple[list[Filled], list[str]]:
    """Return the forms on all sheets that have a row with all heads, and the faults of files.

    Parameters
    ----------
    paths : path or sequence of paths
        The files to read.
    heads : mapping of str to str
        The heads by which columns are found, by key.
    """
    files = [paths] if isinstance(paths, (str, PathLike)) else listed("paths", paths, "paths")
    if not files:
        msg = "paths must name at least one file"
        raise DataError(msg)
    names = [str(path) for path in files]
    last_parts = [Path(name).name for name in names]
    forms: list[Filled] = []
    faults: list[str] = []
    for path, name, last in zip(files, names, last_parts, strict=True):
        file = last if last_parts.count(last) == 1 else name
        try:
            _refuse_others(last)
            forms += _forms_in(path, file, heads)
        except DataError as error:
            faults += [f"file {file!r}: {what}" for what in (error.summary, *error.faults)]
    return forms, faults


def _refuse_others(name: str) -> None:
    """Raise an error for files that are not workbooks, with what to do instead."""
    for pattern, advice in _OTHER_FILES.items():
        if re.fullmatch(pattern, name.lower()):
            raise DataError(advice)


def _forms_in(path: Any, file: str, heads: Mapping[str, str]) -> list[Filled]:
    sheets = open_sheets(path)
    places = [(sheet, _head(sheet, heads)) for sheet in sheets]
    forms = [Filled(file, sheet, *place) for sheet, place in places if place is not None]
    if not forms:
        texts = ", ".join(map(repr, heads.values()))
        titles = ", ".join(repr(sheet.name) for sheet in sheets) or "none"
        msg = (
            f"no sheet has a row with the columns {texts} (its sheets: {titles}); expected a form "
            "written by this library"
        )
        raise DataError(msg)
    return forms


def _head(sheet: Sheet, heads: Mapping[str, str]) -> tuple[int, dict[str, int]] | None:
    """Return the first row of a sheet with all heads and the column of each, None without one."""
    rows: dict[int, dict[str, int]] = {}
    for row, column in sorted(sheet.values):
        for key, text in heads.items():
            if same_text(sheet.values[row, column], text):
                rows.setdefault(row, {}).setdefault(key, column)
    return next((place for place in rows.items() if len(place[1]) == len(heads)), None)


def same_text(value: object, text: str) -> bool:
    """Return whether two texts are the same, apart from spaces and case."""
    if not isinstance(value, str):
        return False
    return value.split() == text.split() or value.casefold().split() == text.casefold().split()


def refuse_faults(what: str, faults: list[str]) -> None:
    """Raise an error that lists all faults, if there are any."""
    if faults:
        raise DataError(f"cannot read the {what}", dict.fromkeys(faults))
