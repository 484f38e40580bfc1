"""The class `Book`, which writes the cells of a workbook and checks that it can hold them."""

from io import BytesIO
from typing import Any

import numpy as np
from attrs import define, field

from dli.errors import DataError
from dli.exchange.sheet import LAST_COLUMN, LAST_ROW, reference, text_fault

__all__ = ["Book", "letter", "numeral"]

# Each note is a drawing, and spreadsheets become slow with too many of them.
_MAX_NOTES = 1_000

_BORDER = {"border": 1, "border_color": "#D0D0D0"}
_STYLES: dict[str, dict[str, Any]] = {
    "title": {"bold": True, "font_size": 14},
    "hint": {"italic": True, "font_color": "#606060"},
    "bold": {"bold": True, "valign": "top"},
    "head": {"bold": True, "bg_color": "#1F3864", "font_color": "#FFFFFF", "valign": "top"},
    "wrapped head": {
        "bold": True,
        "bg_color": "#1F3864",
        "font_color": "#FFFFFF",
        "valign": "top",
        "text_wrap": True,
    },
    "label": {"bold": True, "bg_color": "#E8ECF4", "valign": "top"},
    "name": {"bg_color": "#E8ECF4", "valign": "top", "text_wrap": True},
    "count": {"bg_color": "#E8ECF4", "num_format": "0"},
    "input": {"bg_color": "#FFF6CC", "font_color": "#1F3FBF", **_BORDER},
    "chosen": {"bg_color": "#FFF6CC", "font_color": "#1F3FBF", "num_format": "@", **_BORDER},
    "value": {"bg_color": "#FBD9C2", **_BORDER},
    "fixed": {"bg_color": "#FBD9C2", "num_format": "0.00", **_BORDER},
    "parameter": {"bg_color": "#E8ECF4", "num_format": "0.####"},
    "share": {"num_format": "0.0000"},
    "head share": {"bg_color": "#E8ECF4", "num_format": "0.0000"},
    "figure": {},
    "score": {"num_format": "0.00"},
    "rank": {"num_format": "0"},
    "change": {"num_format": "+0;-0;0", "font_color": "#606060"},
    "faint": {"font_color": "#909090", "num_format": "0"},
    "text": {},
    "beside": {"indent": 1},
    "warning": {"font_color": "#C00000", "bold": True},
}


def letter(column: int) -> str:
    """Return the letters of a column, whose number counts from 1."""
    return reference(1, column)[:-1]


def numeral(value: float) -> str:
    """Return a number as text for a formula, with all of its digits.

    Examples
    --------
    >>> numeral(100.0), numeral(0.1), numeral(1e-07)
    ('100', '0.1', '1E-07')
    """
    number = float(value)
    return str(int(number)) if number.is_integer() and abs(number) < 1e15 else repr(number).upper()


def _library() -> Any:
    try:
        import xlsxwriter
    except ImportError as error:
        msg = (
            "workbooks with formulas require XlsxWriter: "
            "pip install 'digital-leadership-index[excel]'"
        )
        raise DataError(msg) from error
    return xlsxwriter


@define(eq=False)
class Book:
    """A workbook that is being written; rows and columns count from 1, as in spreadsheets.

    Attributes
    ----------
    faults : list of str
        The texts and places that a workbook cannot hold, collected so that all can be reported at
        once.
    """

    faults: list[str] = field(factory=list)
    _content: BytesIO = field(factory=BytesIO)
    _file: Any = field(default=None)
    _styles: dict[str, Any] = field(factory=dict)
    _n_notes: int = 0

    def __attrs_post_init__(self) -> None:
        # Texts of the data must not become formulas, numbers or links.
        options = {
            "in_memory": True,
            "strings_to_formulas": False,
            "strings_to_numbers": False,
            "strings_to_urls": False,
        }
        self._file = _library().Workbook(self._content, options)
        self._styles = {name: self._file.add_format(parts) for name, parts in _STYLES.items()}

    def style(self, name: str) -> Any:
        """Return the format of a kind of cell."""
        return self._styles[name]

    def sheet(self, title: str, colour: str = "#1F3864") -> Any:
        """Add a sheet and return it."""
        sheet = self._file.add_worksheet(title)
        # XlsxWriter searches each formula for 29 functions that are newer than the format, which
        # takes most of the time for a workbook; the formulas here use none of them.
        sheet._prepare_formula = _bare  # noqa: SLF001 if it is renamed, writing is slow but correct
        sheet.set_tab_color(colour)
        sheet.hide_gridlines(1)
        sheet.set_landscape()
        sheet.set_paper(9)
        sheet.fit_to_pages(1, 0)
        return sheet

    def name(self, name: str, place: str) -> None:
        """Define a name for cells."""
        self._file.define_name(name, f"={place}")

    def text(self, sheet: Any, row: int, column: int, text: str, style: str = "text") -> None:
        """Write a text, which never becomes a formula."""
        if not self._fits(sheet, row, column, text):
            return
        if text:
            sheet.write_string(row - 1, column - 1, text, self._styles[style])
        else:
            sheet.write_blank(row - 1, column - 1, None, self._styles[style])

    def number(self, sheet: Any, row: int, column: int, value: float, style: str) -> None:
        """Write a number, or a blank cell of the same style if it is missing."""
        if self._fits(sheet, row, column):
            if np.isnan(value):
                sheet.write_blank(row - 1, column - 1, None, self._styles[style])
            else:
                sheet.write_number(row - 1, column - 1, float(value), self._styles[style])

    def formula(  # noqa: PLR0913 a cell with a formula has all of these
        self,
        sheet: Any,
        row: int,
        column: int,
        formula: str,
        value: float | str | None,
        style: str = "figure",
        *,
        array: bool = False,
    ) -> None:
        """Write a formula with its current value, which viewers show that do not calculate."""
        if not self._fits(sheet, row, column, value if isinstance(value, str) else ""):
            return
        shown = value if isinstance(value, str) else _shown(value)
        place = (row - 1, column - 1)
        if array:
            sheet.write_array_formula(*place, *place, formula, self._styles[style], shown)
        else:
            sheet.write_formula(*place, formula, self._styles[style], shown)

    def note(self, sheet: Any, row: int, column: int, text: str) -> None:
        """Attach a note to a cell, unless the workbook already has a thousand of them."""
        if self._n_notes < _MAX_NOTES and self._fits(sheet, row, column, text):
            self._n_notes += 1
            sheet.write_comment(row - 1, column - 1, text, {"x_scale": 1.4, "y_scale": 0.6})

    def _fits(self, sheet: Any, row: int, column: int, text: str = "") -> bool:
        """Return whether a workbook can hold a text at a place, and record a fault if it cannot."""
        wrong = text_fault(text)
        if row > LAST_ROW or column > LAST_COLUMN:
            # Only one fault is recorded for each sheet, since there may be millions of such places.
            fault = (
                f"sheet {sheet.name!r}: a sheet can have at most {LAST_ROW:,} rows and "
                f"{LAST_COLUMN:,} columns"
            )
            if fault not in self.faults:
                self.faults.append(fault)
            return False
        if wrong:
            self.faults.append(f"sheet {sheet.name!r}, cell {reference(row, column)}: {wrong}")
        return not wrong

    def content(self) -> bytes:
        """Return the content of the file.

        Raises
        ------
        DataError
            Some texts or places are not possible in a workbook; all of them are listed.
        """
        if self.faults:
            msg = (
                "a workbook cannot hold this assessment; shorten or rename the texts, or use "
                "write_csv"
            )
            raise DataError(msg, self.faults)
        self._file.close()
        return self._content.getvalue()


def _bare(formula: str, *_: Any, **__: Any) -> str:
    """Return a formula as it is stored, without the equals sign and the braces of an array."""
    return formula.removeprefix("{").removeprefix("=").removesuffix("}")


def _shown(value: float | None) -> float | str:
    return "" if value is None or np.isnan(value) else float(value)
