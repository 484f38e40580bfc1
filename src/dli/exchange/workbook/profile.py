"""The sheet Profile: one unit, chosen from a list."""

from typing import Any

import numpy as np
from attrs import frozen

from dli.exchange.workbook.book import Book, letter
from dli.exchange.workbook.plan import FIRST, Plan
from dli.framework import Index, Indicator
from dli.framework.index import Node

__all__ = ["Profile"]

_HEAD = 7
_COLUMNS = (
    ("code", 12),
    ("name", 40),
    ("value", 12),
    ("unit of measure", 20),
    ("score", 16),
    ("rank", 8),
    ("median", 10),
    ("best", 10),
    ("share of index", 10),
)


@frozen(eq=False)
class Profile:
    """The profile of a unit, in which formulas look up the row of the unit."""

    book: Book
    plan: Plan

    def write(self) -> None:
        """Write the sheet for the first unit of the league table."""
        book, plan = self.book, self.plan
        sheet = book.sheet("Profile", "#2E7D32")
        book.text(sheet, 1, 1, "Profile of one unit", "title")
        book.text(sheet, 2, 1, "Choose a unit from the list in the yellow cell.", "hint")
        ranks = plan.assessment.rank_array(plan.nodes[0].code)[list(plan.shown)]
        unit = int(np.argsort(ranks, kind="stable")[0])
        book.text(sheet, 3, 1, "unit", "label")
        # Spreadsheets would convert a unit "007" that is chosen from the list to a number.
        book.text(sheet, 3, 2, plan.labels[unit], "chosen")
        units = plan.column("Data", "A", ranked=True)
        sheet.data_validation("B3", {
            "validate": "list", "source": f"=Data!$A${FIRST}:$A${plan.last_ranked}",
            "error_title": "Unit", "error_message": "Choose a unit from the list.",
        })  # fmt: skip
        book.text(sheet, 4, 1, "row", "label")
        # EXACT is case-sensitive and does not use wildcards.
        formula = f"=SUMPRODUCT(EXACT({units},B3)*(ROW({units})-{FIRST - 1}))"
        book.formula(sheet, 4, 2, formula, unit + 1.0, "faint")
        self._keys(sheet, unit)
        sheet.set_row(_HEAD - 1, 32)
        for at, (name, width) in enumerate(_COLUMNS, 1):
            book.text(sheet, _HEAD, at, name, "wrapped head")
            sheet.set_column(at - 1, at - 1, width)
        nodes = list(plan.assessment.index.walk())
        for row, node in enumerate(nodes, _HEAD + 1):
            self._row(sheet, row, node, unit)
        sheet.conditional_format(
            f"E{_HEAD + 1}:E{_HEAD + len(nodes)}",
            {"type": "data_bar", "bar_solid": True, "bar_color": "#8FB4D4"},
        )
        sheet.freeze_panes(_HEAD, 2)

    def _keys(self, sheet: Any, unit: int) -> None:
        book, plan = self.book, self.plan
        for place, (name, cells) in enumerate(list(plan.keys.items())[1:]):
            row = 5 + place
            book.text(sheet, row, 1, name, "label")
            column = plan.column("Data", letter(2 + place), ranked=True)
            formula = f'=IF($B$4>0,INDEX({column},$B$4)&"","")'
            book.formula(sheet, row, 2, formula, cells[unit])

    def _row(self, sheet: Any, row: int, node: Node, unit: int) -> None:
        book, plan = self.book, self.plan
        assessment, at = plan.assessment, plan.shown[unit]
        style = "bold" if isinstance(node, Index) else "text"
        book.text(sheet, row, 1, node.code, style)
        book.text(sheet, row, 2, node.name, style)
        if isinstance(node, Indicator):
            values = plan.column("Data", plan.indicators[node.code], ranked=True)
            place = [i.code for i in assessment.index.indicators].index(node.code)
            value = assessment.stage_array("raw")[at, place]
            book.formula(sheet, row, 3, _looked_up(values), float(value))
            measure = "" if node.denominator else node.unit_of_measure
            book.text(sheet, row, 4, measure, "beside")
        else:
            ranks = plan.column("Ranks", plan.scores[node.code], ranked=True)
            rank = assessment.rank_array(node.code)[at]
            book.formula(sheet, row, 6, _looked_up(ranks), float(rank), "rank")
        home, column = plan.home(node.code)
        scores = plan.column(home, column, ranked=True)
        array = assessment.array(node.code)[list(plan.shown)]
        known = array[~np.isnan(array)]
        book.formula(sheet, row, 5, _looked_up(scores), float(array[unit]), "score")
        for column_, name, function in ((7, "MEDIAN", np.median), (8, "MAX", np.max)):
            value = float(function(known)) if len(known) else np.nan
            formula = f'=IF(COUNT({scores})=0,"",{name}({scores}))'
            book.formula(sheet, row, column_, formula, value, "score")
        self._share(sheet, row, node)

    def _share(self, sheet: Any, row: int, node: Node) -> None:
        share = self.plan.framework(node.code, "share of index")
        value = self.plan.share(node)
        self.book.formula(sheet, row, 9, f'=IF(ISNUMBER({share}),{share},"")', value, "share")


def _looked_up(column: str) -> str:
    """Return the formula that looks up a column for the chosen unit."""
    cell = f"INDEX({column},$B$4)"
    return f'=IF($B$4=0,"",IF(ISNUMBER({cell}),{cell},""))'
