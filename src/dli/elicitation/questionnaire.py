"""Writing questionnaires: a workbook to fill in, or a page to print."""

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

# `read_questionnaires` finds columns and fields by these texts, wherever they are in the sheet.
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
Fill in the yellow cells only: the unit, your name and the date above the table, and a rating and \
its evidence in each row.
Choose the highest level for which you have evidence. If you cannot rate a statement, leave the \
rating blank: a blank cell is a missing value, not a 0.
Under evidence, name what you have seen: a document, a figure, a link, an interview.
Use one file for each unit and assessor. Save it as a workbook (.xlsx). You may widen columns and \
rename sheets, but do not delete rows.""".splitlines()
_PAPER = [
    "Choose the highest level for which you have evidence. Do not choose any if you cannot rate.",
    _HOW[2],
]


def write_questionnaire(  # noqa: PLR0913 most are texts that are filled in beforehand
    index: Index,
    path: str | PathLike[str],
    *,
    title: str = "",
    unit: str = "",
    assessor: str = "",
    date: str = "",
    levels: Mapping[int, str] | None = None,
) -> None:
    """Write a form in which assessors rate a statement for each indicator, with evidence.

    A workbook (.xlsx) has a drop-down list of levels for each rating; all cells except those to
    fill in are locked, without a password. A page (.html) can be printed before or after it is
    filled in on the screen; it does not use scripts. Both contain a fingerprint of the codes,
    scales and texts, by which answers to another version of the index are recognised.

    Parameters
    ----------
    index : Index
        An index such as the model ``dli-maturity``. Each indicator must have a ``scale`` of whole
        numbers with at most 21 levels. Its name and description form the statement.
    path : path
        The file to write, which must end in .xlsx or .html. An existing file is replaced when the
        new one is complete.
    title : str
        The title of the form; by default the name of the index, or its code.
    unit, assessor, date : str
        Texts that are filled in beforehand; the assessor can change them.
    levels : mapping of int to str, optional
        The meanings of the levels, such as `MATURITY_LEVELS`, which the form explains and shows at
        each rating.

    Raises
    ------
    ModelError
        Indicators cannot be rated: they lack a scale of whole numbers, are constants, have a
        denominator, or share a column. All of them are listed.
    MethodError
        ``index`` is not an index, a text is not a string, or ``levels`` has levels that are not on
        any scale.
    DataError
        XlsxWriter is not installed, the path has another ending, or a workbook cannot hold a text.
    FileError
        The file cannot be written; an existing file is unchanged.

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
        hint = "Fill in the yellow cells; see the sheet 'How to rate'."
        self.form.text(sheet, 2, 3, hint, "hint")
        date = "Enter the date as text, such as 2026-11-30."
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
        form.height(sheet, row, *texts, least=2)  # leaves space for evidence
        levels = list(levels_of(indicator))
        prompt = "\n".join(f"{n} {self.meanings[n]}" for n in levels if n in self.meanings)
        prompt = prompt or f"Enter a whole number from {scale_text(indicator)}."
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
    """Return a text for the footer of a sheet, in which an ampersand must be doubled."""
    return text[:100].replace("&", "&&")
