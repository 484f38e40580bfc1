"""The sheets with text: the explanation, the flags and the methods statement."""

import re
from collections.abc import Iterator
from importlib.metadata import version
from textwrap import wrap
from typing import Any

from attrs import frozen

from dli import frames
from dli.exchange.workbook.book import Book
from dli.exchange.workbook.plan import FIRST, FRAMEWORK, FRAMEWORK_FIRST, Plan
from dli.framework import Index
from dli.printing import counted

__all__ = ["Texts"]

_WIDTH = 110
_ESCAPED = re.compile(r"\\([\\`*\[\]<>|$~&_#+=-])")

_SHEETS = {
    "League": "the units sorted by rank, best first, with the rank now and the rank as assessed",
    "Profile": "one unit, chosen from a list",
    "Framework": "weights, directions, goalposts and units of measure",
    "Data": "the values as in the data",
    "Values": "the values after division by denominators, imputation and treatment of outliers",
    "Normalised": "the indicators on one scale and in one direction",
    "Entering": "the values that enter parents, if these are not the scores themselves",
    "Scores": "the index and its sub-indices",
    "Ranks": "the ranks of the index and its sub-indices, and the place in the league table",
    "Order": "the calculation of ranks: sorted scores, and which of them tie",
    "Bands": "the bands of the index",
    "Flags": "what was missing, imputed, treated or cut off in the assessment",
    "Methods": "the methods statement",
}

_OPENING = (
    (
        "",
        "",
        "This workbook calculates the index: the steps from the data to the ranks are formulas.",
    ),
    ("", "", "Change a yellow cell to update everything that depends on it, including the ranks."),
    ("", "", ""),
    ("bold", "Colours", ""),
    ("input", "yellow", "cells that can be changed: data, weights, directions, goalposts, bands"),
    ("label", "grey", "parameters, and missing values, which can be filled in"),
    ("value", "orange", "values instead of formulas, which are not updated after changes"),
    ("text", "white", "formulas"),
    ("", "", ""),
)
_SAME_PLACE = {
    "A unit has the same row": ("Data", "Values", "Normalised", "Entering", "Scores", "Ranks"),
    "An indicator has the same column": ("Data", "Values", "Normalised"),
}
_CHECKING = (
    "To remove a value, clear its cell. To leave out a node, set its weight to 0.",
    "Notes on cells state what was missing, imputed or treated in the assessment.",
    "Columns and weights have names: raw, normalised, score, rank or weight, then _ and the code.",
)


@frozen(eq=False)
class Texts:
    """The sheets with text."""

    book: Book
    plan: Plan

    def readme(self, titles: list[str]) -> None:
        """Write the sheet that explains the workbook."""
        book, index = self.book, self.plan.assessment.index
        sheet = book.sheet("Readme", "#1F3864")
        sheet.set_column(0, 0, 16)
        sheet.set_column(1, 1, 104)
        book.text(sheet, 1, 1, index.name or index.code, "title")
        row = 2
        for style, left, text in self._lines(titles):
            book.text(sheet, row, 1, left, style or "text")
            for line in wrap(text, _WIDTH) or [""]:
                book.text(sheet, row, 2, line)
                row += 1
        self._checks(sheet, row)

    def _lines(self, titles: list[str]) -> Iterator[tuple[str, str, str]]:
        """Yield the lines: a style, the text of the left column, and the text of the right one."""
        yield from _OPENING
        yield "bold", "Sheets", ""
        for title in titles:
            yield "", title, _SHEETS[title]
        yield "", "", ""
        yield "bold", "How to check", ""
        for what, sheets in _SAME_PLACE.items():
            *others, last = [title for title in sheets if title in titles]
            yield "", "", f"{what} on the sheets {', '.join(others)} and {last}."
        yield from (("", "", text) for text in _CHECKING)
        yield "", "", ""
        yield "bold", "Limits", ""
        yield from (("", "", text) for text in self._limits())
        yield "", "", ""
        yield "bold", "Provenance", ""
        yield from (("", *pair) for pair in self._provenance())

    def _limits(self) -> Iterator[str]:
        plan = self.plan
        imputed, treated = (int(plan.steps[name].sum()) for name in ("imputed", "treated"))
        if imputed or treated:
            yield (
                f"{counted(imputed, 'value')} imputed and {counted(treated, 'value')} treated as "
                "outliers: these cells of the sheet Values contain values with a note, which are "
                "not updated when data change."
            )
        if plan.assessment.method.availability > 0:
            yield (
                "Units with too few indicators were left out of the assessment; changes of "
                "cells do not affect which ones are left out."
            )
        if len(plan.rows) > len(plan.shown):
            yield (
                "The rows below those of the ranked units belong to other periods, which "
                "normalisation uses."
            )
        for text in plan.lost:
            yield f"Values instead of formulas: {text}."
        yield (
            "Spreadsheets store 15 digits. Scores agree with those of the library to about twelve "
            "digits, and ranks agree because scores that differ by less than that are ties."
        )
        yield (
            "Input that the library does not accept, such as goalposts that contradict a direction "
            "or a negative value in a geometric mean, is an error value or a warning here."
        )

    def _provenance(self) -> Iterator[tuple[str, str]]:
        assessment = self.plan.assessment
        index = assessment.index
        yield "index", f"{index.code}, {counted(len(index.indicators), 'indicator')}"
        yield "units", f"{len(self.plan.shown)}"
        if assessment.periods is not None:
            yield "period", str(assessment.periods[self.plan.shown[0]])
        yield "method", repr(assessment.method)
        yield "written by", f"digital-leadership-index {version('digital-leadership-index')}"

    def _checks(self, sheet: Any, row: int) -> None:
        """Write the numbers of errors and warnings, which are 0 if all is well."""
        book, plan = self.book, self.plan
        book.text(sheet, row + 1, 1, "Current checks", "bold")
        nodes = list(plan.scores.values())
        scores = f"Scores!{nodes[0]}{FIRST}:{nodes[-1]}{plan.last}"
        last = FRAMEWORK_FIRST + len(list(plan.assessment.index.walk())) - 1
        check = FRAMEWORK["check"]
        checks = f"Framework!{check}{FRAMEWORK_FIRST}:{check}{last}"
        for at, (text, formula) in enumerate(
            (
                ("scores with an error", f"=SUMPRODUCT(--ISERROR({scores}))"),
                ("warnings on the sheet Framework", f'=SUMPRODUCT(--({checks}<>""))'),
            ),
            row + 2,
        ):
            book.formula(sheet, at, 1, formula, 0.0, "rank")
            book.text(sheet, at, 2, text)

    def flags(self) -> None:
        """Write which values were missing, imputed, treated or cut off."""
        book, plan = self.book, self.plan
        table = frames.read(plan.assessment.flags, empty=True)
        rows = list(zip(*(table.column(name) for name in table.names), strict=True))
        period = plan.assessment.observations.period_column
        if period is not None and len(plan.assessment.rows_by_period) > 1:
            periods = plan.assessment.periods or ()
            at = list(table.names).index(str(period))
            rows = [row for row in rows if row[at] == periods[plan.shown[0]]]
        sheet = book.sheet("Flags", "#808080")
        book.text(sheet, 1, 1, "Flags", "title")
        hint = "What happened to single values in the assessment; not updated after changes."
        book.text(sheet, 2, 1, hint, "hint")
        for column, name in enumerate(table.names, 1):
            book.text(sheet, 4, column, str(name), "head")
            for row, cells in enumerate(rows, 5):
                cell = cells[column - 1]
                book.text(sheet, row, column, "" if cell is None else str(cell))
            sheet.set_column(column - 1, column - 1, 60 if name == "note" else 16)
        if rows:
            sheet.autofilter(3, 0, 3 + len(rows), len(table.names) - 1)
        sheet.freeze_panes(4, 0)

    def methods(self) -> None:
        """Write the methods statement, with tables in columns and wrapped paragraphs."""
        book = self.book
        sheet = book.sheet("Methods", "#808080")
        sheet.set_column(0, 7, 16)
        row = 1
        for line in self.plan.assessment.methodology().splitlines():
            if line.startswith("|"):
                if set(line) <= set("|-: "):
                    continue
                for column, cell in enumerate(re.split(r"(?<!\\)\|", line)[1:-1], 1):
                    book.text(sheet, row, column, _plain(cell.strip()))
                row += 1
                continue
            style = "bold" if line.startswith("#") else "text"
            for part in wrap(_plain(line.lstrip("# ")), _WIDTH) or [""]:
                book.text(sheet, row, 1, part, style)
                row += 1

    # -- names -----------------------------------------------------------------------------------

    def names(self) -> None:
        """Define names of columns and weights, for use in formulas of the reader."""
        book, plan = self.book, self.plan
        taken: set[str] = set()
        book.name("units", _absolute(plan, "Data", "A"))
        for node in plan.assessment.index.walk():
            code = _named(node.code)
            while code.lower() in taken:
                code += "_"
            taken.add(code.lower())
            places = {"raw": ("Data", node.code), "normalised": ("Normalised", node.code)}
            if isinstance(node, Index):
                places = {"score": ("Scores", node.code), "rank": ("Ranks", node.code)}
            for name, (title, node_code) in places.items():
                column = (plan.scores | plan.indicators)[node_code]
                book.name(f"{name}_{code}", _absolute(plan, title, column))
            if node is not plan.nodes[0]:
                book.name(f"weight_{code}", plan.framework(node.code, "weight"))


def _named(code: str) -> str:
    """Return a code with all characters replaced that a name must not contain."""
    return re.sub(r"[^A-Za-z0-9_]", "_", code)[:200]


def _absolute(plan: Plan, title: str, column: str) -> str:
    """Return the reference of the ranked units in a column of a sheet."""
    return f"{title}!${column}${FIRST}:${column}${plan.last_ranked}"


def _plain(text: str) -> str:
    """Return Markdown without the backslashes that escape characters."""
    return _ESCAPED.sub(r"\1", text)
