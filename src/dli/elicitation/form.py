"""The class `Form`: a workbook with some cells to fill in, in which all others are locked."""

from math import ceil
from typing import Any

from attrs import define

from dli.errors import DataError
from dli.exchange.workbook.book import Book

__all__ = ["Form", "check_path"]

_FIELD = {
    "locked": False,
    "border": 1,
    "border_color": "#8A94A6",
    "bg_color": "#FFF6CC",
    "valign": "top",
    "text_wrap": True,
}
_GROUP = {"valign": "top", "text_wrap": True}
_STYLES: dict[str, dict[str, Any]] = {
    "field": {**_FIELD, "num_format": "@"},
    "choice": {**_FIELD, "align": "center", "bold": True},
    "fraction": {**_FIELD, "align": "center", "bold": True, "num_format": "# ?/?"},
    "fraction of scale": {"align": "center", "bold": True, "num_format": "# ?/?"},
    "statement": {"valign": "top", "text_wrap": True, "bold": True},
    "wrapped": {"valign": "top", "text_wrap": True},
    "code": {"valign": "top", "font_color": "#606060"},
    "centred": {"valign": "top", "align": "center"},
    "group 1": {**_GROUP, "bold": True, "font_size": 13, "bg_color": "#C9D4EA"},
    "group 2": {**_GROUP, "bold": True, "bg_color": "#E8ECF4"},
    "group text 1": {**_GROUP, "bg_color": "#C9D4EA"},
    "group text 2": {**_GROUP, "bg_color": "#E8ECF4"},
    "key figure": {"bold": True, "font_size": 13, "align": "left", "num_format": "0.000"},
    "weight": {"num_format": "0.0%", "align": "right", "valign": "top"},
    "implied": {"num_format": "0.0#", "align": "center", "valign": "top", "font_color": "#606060"},
}  # fmt: skip
# In a locked sheet, all cells can be read and selected, and rows and columns can be resized.
_ALLOWED = {"format_columns": True, "format_rows": True}
# The maximum lengths of the prompt of a cell and of its title.
_PROMPT, _PROMPT_TITLE = 255, 32

# The height of a line in points, the maximum number of lines of a row that spreadsheets show, and a
# generous average width of a letter, in the unit of a column's width.
_LINE, _MOST_LINES, _LETTER = 15, 27, 1.05


@define(eq=False)
class Form(Book):
    """A form that is being written; rows and columns count from 1, as in spreadsheets."""

    def __attrs_post_init__(self) -> None:
        super().__attrs_post_init__()
        for name, parts in _STYLES.items():
            self._styles[name] = self._file.add_format(parts)

    def locked_sheet(self, title: str, colour: str = "#1F3864") -> Any:
        """Add a sheet that is locked without a password, except for the fields to fill in."""
        sheet = self.sheet(title, colour)
        sheet.protect("", _ALLOWED)
        return sheet

    def choices(
        self, sheet: Any, row: int, column: int, source: list[int] | str, title: str, prompt: str
    ) -> None:
        """Restrict a cell to values of a list, and show a prompt when it is selected."""
        sheet.data_validation(row - 1, column - 1, row - 1, column - 1, {
            "validate": "list",
            "source": source,
            "input_title": title[:_PROMPT_TITLE],
            "input_message": prompt[:_PROMPT],
            "error_title": "Value not in the list",
            "error_message": "Choose a value from the list, or leave the cell blank.",
        })  # fmt: skip

    def height(self, sheet: Any, row: int, *texts: tuple[int, str], least: int = 1) -> None:
        """Set the height of a row for wrapped texts, each given with the width of its column.

        Not every spreadsheet program adjusts the height when it opens a file.
        """
        lines = [
            sum(max(1, ceil(len(line) * _LETTER / width)) for line in text.split("\n"))
            for width, text in texts
        ]
        sheet.set_row(row - 1, _LINE * min(max([*lines, least]), _MOST_LINES))

    def content(self) -> bytes:
        """Return the content of the file.

        Raises
        ------
        DataError
            A workbook cannot hold some texts; all of them are listed with their cells.
        """
        if self.faults:
            msg = "a workbook cannot hold these texts; shorten or change them"
            raise DataError(msg, self.faults)
        return super().content()


def check_path(path: object, *endings: str) -> str:
    """Return the ending of a path, which must be one of ``endings``."""
    for ending in endings:
        if str(path).lower().endswith(ending):
            return ending
    msg = f"a form must end in {' or '.join(endings)}, got {str(path)!r}"
    raise DataError(msg)
