"""The sheets that can be changed, Framework and Data, and the sheet Values."""

from typing import Any

import numpy as np
from attrs import frozen

from dli.arrays import Floats
from dli.exchange.sheet import position
from dli.exchange.workbook.book import Book, letter
from dli.exchange.workbook.plan import FIRST, FRAMEWORK, FRAMEWORK_FIRST, Plan
from dli.framework import Index, Indicator
from dli.framework.index import Node
from dli.method.describing import describe
from dli.method.rounding import name_of
from dli.weighting import Declared

__all__ = ["Inputs", "column_number", "with_keys"]

_WIDTHS = {"name": 34, "unit of measure": 20, "check": 30, "method": 30, "source": 40}


def column_number(letters: str) -> int:
    """Return the number of a column."""
    cell = position(f"{letters}1")
    assert cell is not None  # noqa: S101 the letters come from this package
    return cell[1]


def with_keys(
    book: Book, plan: Plan, title: str, hint: str, labels: dict[int, str], *, ranked: bool = False
) -> Any:
    """Add a sheet with one row for each unit, and fill in everything to the left of the figures.

    Parameters
    ----------
    book : Book
        The workbook.
    plan : Plan
        The layout of the workbook.
    title, hint : str
        The title of the sheet and the sentence below it.
    labels : dict of int to str
        The labels of the rows above the units, by row.
    ranked : bool
        Whether the sheet has only the units that are ranked.
    """
    sheet = book.sheet(title)
    book.text(sheet, 1, 1, title, "title")
    book.text(sheet, 2, 1, hint, "hint")
    for row in range(3, FIRST):
        for column in range(1, plan.first_column):
            text = labels.get(row, "") if column == 1 else ""
            book.text(sheet, row, column, text, "head" if row == 3 else "label")
    n_rows = len(plan.shown) if ranked else len(plan.rows)
    for column, (name, cells) in enumerate(plan.keys.items(), 1):
        book.text(
            sheet, FIRST - 1, column, labels.get(FIRST - 1, "") if column == 1 else "", "label"
        )
        if column > 1:
            book.text(sheet, 3, column, name, "head")
        for place, cell in enumerate(cells[:n_rows]):
            book.text(sheet, FIRST + place, column, cell)
        widest = max([len(name), *map(len, cells), *([22] if column == 1 else [])], default=10)
        sheet.set_column(column - 1, column - 1, min(34, widest + 1))
    sheet.set_row(3, 48)
    sheet.set_row(4, 30)
    sheet.freeze_panes(FIRST - 1, plan.first_column - 1)
    sheet.repeat_rows(0, FIRST - 2)
    sheet.repeat_columns(0, plan.first_column - 2)
    return sheet


@frozen(eq=False)
class Inputs:
    """The sheets Framework, Data and Values."""

    book: Book
    plan: Plan

    # -- Framework -------------------------------------------------------------------------------

    def framework(self) -> None:
        """Write the sheet with weights, directions and goalposts."""
        book, plan = self.book, self.plan
        sheet = book.sheet("Framework", "#C9A400")
        book.text(sheet, 1, 1, "Framework", "title")
        hint = (
            "Weights are relative to those of siblings. Yellow cells can be changed; everything "
            "else is updated."
        )
        book.text(sheet, 2, 1, hint, "hint")
        for place, (name, column) in enumerate(FRAMEWORK.items()):
            book.text(sheet, FRAMEWORK_FIRST - 1, place + 1, name, "wrapped head")
            sheet.set_column(f"{column}:{column}", _WIDTHS.get(name, 11))
        sheet.set_row(FRAMEWORK_FIRST - 2, 32)
        index = plan.assessment.index
        for node in index.walk():
            self._framework_row(sheet, node, index.parent(node.code))
        first, last = FRAMEWORK_FIRST, FRAMEWORK_FIRST + len(list(index.walk())) - 1
        directions = {"validate": "list", "source": [1, -1]}
        sheet.data_validation(f"D{first + 1}:D{last}", {
            "validate": "decimal", "criteria": ">=", "value": 0,
            "error_title": "Weight", "error_message": "Enter a number of at least 0.",
        })  # fmt: skip
        for indicator in index.indicators:
            row = plan.framework_row(indicator.code)
            sheet.data_validation(f"G{row}", directions)
        sheet.freeze_panes(FRAMEWORK_FIRST - 1, 2)
        sheet.repeat_rows(0, FRAMEWORK_FIRST - 2)

    def _framework_row(self, sheet: Any, node: Node, parent: Index | None) -> None:
        book, plan = self.book, self.plan
        row = plan.framework_row(node.code)
        place = {name: column_number(column) for name, column in FRAMEWORK.items()}
        style = "bold" if isinstance(node, Index) else "text"
        book.text(sheet, row, place["code"], node.code, style)
        book.text(sheet, row, place["name"], node.name, style)
        book.text(sheet, row, place["parent"], "" if parent is None else parent.code)
        book.text(sheet, row, place["method"], _method_of(plan, node))
        if parent is None:
            book.number(sheet, row, place["share of index"], 1.0, "share")
        else:
            self._weight(sheet, row, node, parent)
        if isinstance(node, Indicator):
            self._indicator(sheet, row, place, node)

    def _weight(self, sheet: Any, row: int, node: Node, parent: Index) -> None:
        """Write the weight of a node, and its shares of the parent and of the index."""
        book, plan = self.book, self.plan
        if not plan.is_weighted(parent):
            return
        weights = plan.assessment.weight_array(parent.code)
        place = [child.code for child in parent.children].index(node.code)
        is_declared = type(plan.assessment.choices.weighting[parent.code]) is Declared
        weight = float(node.weight) if is_declared else float(weights[place])
        is_held = parent.code in plan.held_weights or plan.joins[parent.code] is None
        book.number(sheet, row, 4, weight, "value" if is_held else "input")
        first = plan.framework_row(parent.children[0].code)
        last = plan.framework_row(parent.children[-1].code)
        formula = f"=D{row}/SUM(D${first}:D${last})"
        book.formula(sheet, row, 5, formula, float(weights[place]), "share")
        share = plan.share(node)
        if not np.isnan(share):
            above = plan.framework_row(parent.code)
            book.formula(sheet, row, 6, f"=E{row}*F{above}", share, "share")

    def _indicator(self, sheet: Any, row: int, place: dict[str, int], indicator: Indicator) -> None:
        book = self.book
        worst, best = indicator.goalposts or (np.nan, np.nan)
        low, high = indicator.scale or (np.nan, np.nan)
        target = np.nan if indicator.target is None else indicator.target
        for name, value in {
            "direction": indicator.direction,
            "goalpost worst": worst,
            "goalpost best": best,
            "target": target,
            "scale lowest": low,
            "scale highest": high,
        }.items():
            # A cell that no formula uses must not look as if it could be changed.
            style = "input" if self.plan.uses(indicator.code, name) else "figure"
            book.number(sheet, row, place[name], value, style)
        book.text(sheet, row, place["unit of measure"], indicator.unit_of_measure, "beside")
        book.text(sheet, row, place["source"], indicator.source)
        if indicator.denominator is not None:
            book.text(sheet, row, place["denominator"], indicator.denominator)
            book.number(sheet, row, place["factor"], indicator.denominator_factor, "input")
        check = (
            f'=IF(COUNT(H{row}:I{row})=1,"one goalpost is missing",'
            f"IF(AND(COUNT(H{row}:I{row})=2,(I{row}-H{row})*G{row}<=0),"
            f'"goalposts contradict the direction",'
            f'IF(AND(G{row}<>1,G{row}<>-1),"direction must be 1 or -1","")))'
        )
        book.formula(sheet, row, place["check"], check, "", "warning")

    # -- Data ------------------------------------------------------------------------------------

    def data(self) -> None:
        """Write the sheet with the values as in the data."""
        book, plan = self.book, self.plan
        raw = plan.assessment.stage_array("raw")
        hint = "Values as in the data. Yellow cells can be changed; blank cells are missing values."
        sheet = with_keys(book, plan, "Data", hint, _LABELS)
        first_with: dict[str, str] = {}
        for j, indicator in enumerate(plan.assessment.index.indicators):
            column = plan.indicators[indicator.code]
            self._heading(sheet, column, indicator, plan.taken(raw[:, j]), "Data")
            twin = first_with.setdefault(str(indicator.data_column or indicator), column)
            for place, row in enumerate(plan.rows):
                at = FIRST + place
                if twin == column:
                    book.number(sheet, at, column_number(column), raw[row, j], "input")
                    if np.isnan(raw[row, j]):
                        book.note(sheet, at, column_number(column), "no value in the data")
                else:
                    formula = f'=IF(ISNUMBER({twin}{at}),{twin}{at},"")'
                    book.formula(sheet, at, column_number(column), formula, raw[row, j])
        for name, column in plan.denominators.items():
            cells = plan.taken(plan.denominator_array(name))
            self._statistics(sheet, column, cells, "Data")
            for row, text in ((3, name), (4, "denominator"), (5, "")):
                style = "wrapped head" if row == 3 else "label"
                book.text(sheet, row, column_number(column), text, style)
            for place, value in enumerate(cells.tolist()):
                book.number(sheet, FIRST + place, column_number(column), value, "input")
        last = letter(plan.first_column + raw.shape[1] + len(plan.denominators) - 1)
        cells_ = f"{letter(plan.first_column)}{FIRST}:{last}{plan.last}"
        sheet.conditional_format(cells_, {
            "type": "blanks",
            "format": book.style("label"),
        })  # fmt: skip
        sheet.data_validation(cells_, {
            "validate": "decimal", "criteria": "between",
            "minimum": -1e300, "maximum": 1e300,
            "error_title": "Value", "error_message": "Enter a number, or leave the cell blank.",
        })  # fmt: skip

    def _heading(
        self, sheet: Any, column: str, indicator: Indicator, cells: Floats, title: str
    ) -> None:
        book = self.book
        place = column_number(column)
        book.text(sheet, 3, place, indicator.code, "wrapped head")
        book.text(sheet, 4, place, indicator.name, "name")
        book.text(sheet, 5, place, indicator.unit_of_measure, "name")
        sheet.set_column(place - 1, place - 1, 12)
        self._statistics(sheet, column, cells, title)

    def _statistics(self, sheet: Any, column: str, cells: Floats, title: str) -> None:
        """Write the number of values of a column, their minimum, maximum and mean."""
        known = cells[~np.isnan(cells)]
        place = column_number(column)
        cells_ = self.plan.column(title, column).removeprefix(f"{title}!")
        self.book.formula(sheet, 6, place, f"=COUNT({cells_})", float(len(known)), "count")
        for row, name, value in (
            (7, "MIN", np.min),
            (8, "MAX", np.max),
            (9, "AVERAGE", np.mean),
        ):
            formula = f'=IF({column}$6=0,"",{name}({cells_}))'
            cached = float(value(known)) if len(known) else np.nan
            self.book.formula(sheet, row, place, formula, cached, "parameter")

    # -- Values ----------------------------------------------------------------------------------

    def values(self) -> None:
        """Write the values that are normalised, if they differ from those in the data."""
        book, plan = self.book, self.plan
        treated = plan.assessment.stage_array("treated")
        hint = (
            "Values after division by denominators, imputation and treatment of outliers. Orange "
            "cells were imputed or treated: they are values and are not updated when data change."
        )
        sheet = with_keys(book, plan, "Values", hint, _LABELS)
        for j, indicator in enumerate(plan.assessment.index.indicators):
            column = plan.indicators[indicator.code]
            self._heading(sheet, column, indicator, plan.taken(treated[:, j]), "Values")
            for place, row in enumerate(plan.rows):
                self._value(sheet, FIRST + place, row, j, indicator)

    def _value(self, sheet: Any, at: int, row: int, j: int, indicator: Indicator) -> None:
        book, plan = self.book, self.plan
        column = plan.indicators[indicator.code]
        place = column_number(column)
        value = plan.assessment.stage_array("treated")[row, j]
        what = _what_happened(plan, row, j)
        if what:
            book.number(sheet, at, place, value, "value")
            book.note(sheet, at, place, what)
            return
        cell = f"Data!{column}{at}"
        if indicator.denominator is None:
            formula = f'=IF(ISNUMBER({cell}),{cell},"")'
        else:
            below = f"Data!{plan.denominators[indicator.denominator]}{at}"
            factor = plan.framework(indicator.code, "factor")
            formula = f'=IF(COUNT({cell},{below})=2,{cell}/{below}*{factor},"")'
        book.formula(sheet, at, place, formula, value)


_LABELS = {
    3: "unit",
    4: "name",
    5: "unit of measure",
    6: "number of values",
    7: "minimum",
    8: "maximum",
    9: "mean",
}


def _what_happened(plan: Plan, row: int, j: int) -> str:
    """Return what was done to a value, or an empty text."""
    if not any(cells[row, j] for cells in plan.steps.values()):
        return ""
    before, imputed, treated = (
        plan.assessment.stage_array(name)[row, j] for name in ("denominated", "imputed", "treated")
    )
    changes = []
    if plan.steps["imputed"][row, j]:
        changes.append(f"imputed: {imputed:.6g}")
    if plan.steps["treated"][row, j]:
        original = "" if np.isnan(before) else f" (before: {before:.6g})"
        changes.append(f"treated: {treated:.6g}{original}")
    return "; ".join(changes)


def _method_of(plan: Plan, node: Node) -> str:
    """Return the aggregation of a node, or the normalisation of an indicator, in a few words."""
    choices = plan.assessment.choices
    if isinstance(node, Index):
        choice = choices.aggregation[node.code]
        return describe(choice).split(":")[0].replace("$", "") or name_of(choice)
    indicators = plan.assessment.index.indicators
    place = [indicator.code for indicator in indicators].index(node.code)
    for choice, columns in plan.assessment.normalisations:
        if place in np.arange(len(indicators))[columns]:
            return describe(choice).split(":")[0].replace("$", "")
    return ""  # pragma: no cover
