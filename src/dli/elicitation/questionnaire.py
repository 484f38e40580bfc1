"""Writing a questionnaire: a workbook to fill in, or a page to print."""

from collections.abc import Mapping
from os import PathLike
from typing import Any

from attrs import frozen

from dli.checks import refuse, text_faults
from dli.elicitation.form import Form, check_path
from dli.elicitation.page import page
from dli.elicitation.survey import (
    check_rateable,
    in_order,
    levels_of,
    meanings_of,
    scale_text,
    version_of,
)
from dli.exchange.sheet import reference
from dli.files import replacing
from dli.framework import Index, Indicator

__all__ = ["HEADS", "LABELS", "write_questionnaire"]

# Columns and fields are found by these texts, wherever they are when a form comes back.
HEADS = {
    "code": "Code",
    "name": "Statement",
    "description": "What is rated, and the evidence asked for",
    "scale": "Scale",
    "rating": "Rating",
    "evidence": "Evidence found",
}
LABELS = {
    "unit": "Unit assessed:",
    "assessor": "Assessor:",
    "date": "Date:",
    "model": "Index:",
    "version": "Version:",
}
_WIDTHS = (15, 34, 60, 9, 9, 52)
_TEXT_WIDTH = 100
_HEAD_ROW = 8
_HOW = """\
Fill in the yellow cells only: the unit, your name and the date above the table, and in each row a \
rating and the evidence for it.
Choose the highest level for which you have evidence. Leave the rating blank, or write n/a, if you \
cannot rate: a blank cell is a missing value, not a 0.
Under evidence, name what you have seen: a document, a figure, a link, an interview.
One file is for one unit and one assessor. Save it as a workbook (.xlsx); columns may be made \
wider, and sheets may be renamed, but rows must stay.""".splitlines()
_PAPER = [
    "Choose the highest level for which you have evidence. Choose none if you cannot rate.",
    _HOW[2],
]


def write_questionnaire(  # noqa: PLR0913 what a form is filled with beforehand
    index: Index,
    path: str | PathLike[str],
    *,
    title: str = "",
    unit: str = "",
    assessor: str = "",
    date: str = "",
    levels: Mapping[int, str] | None = None,
) -> None:
    """Write a form with a statement for each indicator, to be rated with evidence.

    A workbook has a drop-down list with the levels for each rating; all cells but those to be
    filled in are locked, without a password. A page in HTML is to be printed, or to be filled in
    on the screen and printed; it has no scripts. Both bear a fingerprint of codes, scales and
    texts, so that answers to another version of the index are noticed.

    Parameters
    ----------
    index : Index
        Such as the model ``dli-maturity``; each indicator needs a ``scale`` of whole numbers, of at
        most 21 levels. Its name and description are the statement.
    path : path
        Ending in .xlsx or .html; an existing file is replaced when the new one is complete.
    title : str
        By default the name of the index, or its code.
    unit, assessor, date : str
        What the form says already; whoever fills it in can change it.
    levels : mapping of int to str, optional
        What the levels mean, such as `MATURITY_LEVELS`; shown with the statements and on each cell.

    Raises
    ------
    ModelError
        Indicators that cannot be rated: without a scale of whole numbers, constants, those with a
        denominator, or with the column of another; all of them are named.
    MethodError
        Something else than an index, texts that are not text, or levels that no scale has.
    DataError
        XlsxWriter is not installed, another ending, or texts that a workbook cannot hold.
    FileError
        The file cannot be written; what was there before is untouched.

    Examples
    --------
    >>> import tempfile
    >>> from pathlib import Path
    >>> index = Index("T", [Indicator("a", "A vision is published", scale=(0, 5))])
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     path = Path(folder) / "form.xlsx"
    ...     write_questionnaire(index, path, unit="Ministry of Health", assessor="Ann")
    ...     path.stat().st_size > 5_000
    True
    """
    check_rateable(index)
    filled = {"unit": unit, "assessor": assessor, "date": date}
    refuse("write_questionnaire", text_faults(title=title, **filled))
    meanings = meanings_of(levels, index)
    title = title or index.name or index.code
    if check_path(path, ".xlsx", ".html") == ".html":
        content = page(index, title, filled, meanings, _PAPER).encode()
    else:
        content = _Questionnaire(Form(), index, title, filled, meanings).written()
    with replacing(path) as file:
        file.write_bytes(content)


@frozen
class _Questionnaire:
    """The sheets of a questionnaire."""

    form: Form
    index: Index
    title: str
    filled: Mapping[str, str]
    meanings: Mapping[int, str]

    def written(self) -> bytes:
        """Return the workbook."""
        answers = self._answers()
        self._explanation()
        answers.activate()
        return self.form.content()

    def _answers(self) -> Any:
        form = self.form
        sheet = form.locked_sheet("Questionnaire")
        for place, width in enumerate(_WIDTHS):
            sheet.set_column(place, place, width)
        form.text(sheet, 1, 1, self.title, "title")
        name = f"{self.index.code}  {self.index.name}".strip()
        self._heading(sheet, {**self.filled, "model": name, "version": version_of(self.index)})
        for place, head in enumerate(HEADS.values(), 1):
            form.text(sheet, _HEAD_ROW, place, head, "wrapped head")
        row = _HEAD_ROW
        for level, node in in_order(self.index):
            row += 1
            if isinstance(node, Index):
                self._group(sheet, row, min(level, 2), node)
            else:
                self._question(sheet, row, node)
        self._progress(sheet, row)
        sheet.freeze_panes(_HEAD_ROW, 2)
        sheet.repeat_rows(_HEAD_ROW - 1)
        sheet.print_area(0, 0, row - 1, len(HEADS) - 1)
        sheet.set_footer(f"&L{_footer(self.title)}&RPage &P of &N")
        return sheet

    def _heading(self, sheet: Any, texts: Mapping[str, str]) -> None:
        for row, (key, label) in enumerate(LABELS.items(), 2):
            self.form.text(sheet, row, 1, label, "bold")
            self.form.text(sheet, row, 2, texts[key], "field" if key in self.filled else "code")
        hint = "Fill in the yellow cells; the sheet 'How to rate' says how."
        self.form.text(sheet, 2, 3, hint, "hint")
        date = "As text, such as 2026-11-30"
        sheet.data_validation(3, 1, 3, 1, {
            "validate": "any", "input_title": "Date", "input_message": date,
        })  # fmt: skip

    def _group(self, sheet: Any, row: int, level: int, node: Index) -> None:
        form = self.form
        for place in range(1, len(HEADS) + 1):
            form.text(sheet, row, place, "", f"group {level}")
        form.text(sheet, row, 2, node.name or node.code, f"group {level}")
        form.text(sheet, row, 3, node.description, f"group text {level}")
        form.height(sheet, row, (_WIDTHS[1], node.name), (_WIDTHS[2], node.description))

    def _question(self, sheet: Any, row: int, indicator: Indicator) -> None:
        form = self.form
        form.text(sheet, row, 1, indicator.code, "code")
        form.text(sheet, row, 2, indicator.name or indicator.code, "statement")
        form.text(sheet, row, 3, indicator.description, "wrapped")
        form.text(sheet, row, 4, scale_text(indicator), "centred")
        form.number(sheet, row, 5, float("nan"), "choice")
        form.text(sheet, row, 6, "", "field")
        texts = (_WIDTHS[1], indicator.name), (_WIDTHS[2], indicator.description)
        form.height(sheet, row, *texts, least=2)  # evidence needs room
        levels = list(levels_of(indicator))
        prompt = "\n".join(f"{n} {self.meanings[n]}" for n in levels if n in self.meanings)
        prompt = prompt or f"A whole number from {scale_text(indicator)}."
        form.choices(sheet, row, 5, levels, f"Rating of {indicator.code}", prompt)

    def _progress(self, sheet: Any, last: int) -> None:
        cells = f"{reference(_HEAD_ROW + 1, 5)}:{reference(last, 5)}"
        total = len(self.index.indicators)
        text = f'=COUNT({cells})&" of {total} statements rated"'
        self.form.formula(sheet, 3, 3, text, f"0 of {total} statements rated", "bold")

    def _explanation(self) -> None:
        form = self.form
        sheet = form.locked_sheet("How to rate", "#8A94A6")
        sheet.set_column(0, 0, 12)
        sheet.set_column(1, 1, _TEXT_WIDTH)
        form.text(sheet, 1, 1, "How to rate", "title")
        row = 2
        for number, text in enumerate(_HOW, 1):
            row += 1
            form.number(sheet, row, 1, number, "centred")
            form.text(sheet, row, 2, text, "wrapped")
            form.height(sheet, row, (_TEXT_WIDTH, text))
        if self.meanings:
            row += 2
            form.text(sheet, row, 1, "Rating", "wrapped head")
            form.text(sheet, row, 2, "Meaning", "wrapped head")
            for level, text in self.meanings.items():
                row += 1
                form.number(sheet, row, 1, level, "centred")
                form.text(sheet, row, 2, text, "wrapped")
                form.height(sheet, row, (_TEXT_WIDTH, text))
        row += 2
        form.text(sheet, row, 1, "Index", "bold")
        form.text(sheet, row, 2, self.index.name or self.index.code, "bold")
        for paragraph in filter(None, self.index.description.split("\n\n")):
            row += 1
            text = " ".join(paragraph.split())
            form.text(sheet, row, 2, text, "wrapped")
            form.height(sheet, row, (_TEXT_WIDTH, text))


def _footer(text: str) -> str:
    """Return text as the footer of a sheet has it, where an ampersand begins a code."""
    return text[:100].replace("&", "&&")
