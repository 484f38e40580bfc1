"""The sheets with normalised values and scores: Normalised, Entering and Scores."""

from typing import Any

import numpy as np
from attrs import frozen

from dli.arrays import Floats
from dli.exchange.workbook.book import Book
from dli.exchange.workbook.inputs import column_number, with_keys
from dli.exchange.workbook.normalising import Recipe
from dli.exchange.workbook.plan import FIRST, Plan
from dli.framework import Index
from dli.framework.index import Node

__all__ = ["Scores"]

_LABELS = {
    3: "unit",
    4: "name",
    5: "share of parent",
    6: "scale starts at",
    7: "span of the scale",
    8: "lowest score",
    9: "highest score",
}
_PLACES = {6: "scale starts at (ranks: number of values)", 7: "span (ranks: 1 if more is better)"}


@frozen(eq=False)
class Scores:
    """The sheets that calculate scores."""

    book: Book
    plan: Plan

    def normalised(self) -> None:
        """Write the indicators on one scale."""
        plan = self.plan
        hint = (
            "Indicators on one scale and in one direction: (value - start) / span with the "
            "parameters in the grey rows, between the lowest and the highest score."
        )
        sheet = with_keys(self.book, plan, "Normalised", hint, _LABELS)
        if any(
            recipe is not None and recipe.head[2:] == (("", ""), ("", ""))
            for recipe in plan.recipes.values()
        ):
            for row, text in _PLACES.items():
                self.book.text(sheet, row, 1, text, "label")
        for node in plan.assessment.index.indicators:
            column = plan.indicators[node.code]
            source = f"{plan.source}!{column}"
            self._column(sheet, node, column, source, plan.assessment.array(node.code))

    def entering(self) -> None:
        """Write the values that enter parents, if these are not the scores themselves."""
        plan = self.plan
        hint = (
            "The values that enter the parent: scores, normalised if the method says so. Siblings "
            "are side by side."
        )
        sheet = with_keys(self.book, plan, "Entering", hint, _LABELS)
        for code, column in plan.entering.items():
            node = plan.assessment.index.find(code)
            home, home_column = plan.home(code)
            entered = plan.assessment.array(code, normalised=True)
            if code in plan.assessment.node_normalisations:
                self._column(sheet, node, column, f"{home}!{home_column}", entered)
                continue
            self._heading(sheet, node, column)
            for place, value in enumerate(plan.taken(entered).tolist()):
                at = FIRST + place
                formula = f"={home}!{home_column}{at}"
                self.book.formula(sheet, at, column_number(column), formula, value, "score")

    def _heading(self, sheet: Any, node: Node, column: str) -> None:
        """Write the code and name of a node, and its share of the parent."""
        book, plan = self.book, self.plan
        place = column_number(column)
        book.text(sheet, 3, place, node.code, "wrapped head")
        book.text(sheet, 4, place, node.name, "name")
        sheet.set_column(place - 1, place - 1, 12)
        parent = plan.assessment.index.parent(node.code)
        for row in range(5, FIRST):
            book.text(sheet, row, place, "", "label")
        if parent is None:
            return
        if plan.is_weighted(parent):
            weights = plan.assessment.weight_array(parent.code)
            share = plan.framework(node.code, "share of parent")
            value = weights[[child.code for child in parent.children].index(node.code)]
            book.formula(sheet, 5, place, f"={share}", float(value), "head share")

    def _column(self, sheet: Any, node: Node, column: str, source: str, values: Floats) -> None:
        """Write a normalised column as formulas, or as values if there are none."""
        book, plan = self.book, self.plan
        place = column_number(column)
        self._heading(sheet, node, column)
        recipe = plan.recipes[node.code]
        cells = plan.taken(values).tolist()
        if recipe is None:
            book.text(sheet, 6, place, "values", "label")
            for at, value in enumerate(cells, FIRST):
                book.number(sheet, at, place, value, "fixed")
            return
        self._scale(sheet, column, recipe)
        for at, value in enumerate(cells, FIRST):
            formula = recipe.formula(f"{source}{at}", column)
            book.formula(sheet, at, place, formula, value, "score")

    def _scale(self, sheet: Any, column: str, recipe: Recipe) -> None:
        """Write the parameters of a normalisation above its column."""
        book, place = self.book, column_number(column)
        for row, (content, value) in enumerate(recipe.head, 6):
            if isinstance(content, str) and content.startswith("="):
                formula = content.format(c=column)
                book.formula(sheet, row, place, formula, value, "parameter")
            elif isinstance(content, str):
                book.text(sheet, row, place, content, "label")
            else:
                book.number(sheet, row, place, content, "parameter")

    def scores(self) -> None:
        """Write the scores of the index and its sub-indices."""
        book, plan = self.book, self.plan
        hint = "Scores of the index and its sub-indices: weighted aggregates of their children."
        labels = {
            **{row: _LABELS[row] for row in (3, 4, 5)},
            6: "number of scores", 7: "minimum", 8: "maximum", 9: "mean",
        }  # fmt: skip
        sheet = with_keys(book, plan, "Scores", hint, labels)
        for node in plan.nodes:
            column = plan.scores[node.code]
            values = plan.assessment.array(node.code)
            self._heading(sheet, node, column)
            self._statistics(sheet, node.code, values)
            self._scores_of(sheet, node, column, plan.taken(values))

    def _scores_of(self, sheet: Any, node: Index, column: str, values: Floats) -> None:
        book, plan, place = self.book, self.plan, column_number(column)
        join = plan.joins[node.code]
        if join is None:
            for at, value in enumerate(values.tolist(), FIRST):
                book.number(sheet, at, place, value, "fixed")
            return
        home, first, last = plan.children(node)
        leaves = [plan.indicators[indicator.code] for indicator in node.indicators]
        prefix = "" if home == "Scores" else f"{home}!"
        weights = f"{prefix}{first}$5:{last}$5"
        for at, value in enumerate(values.tolist(), FIRST):
            formula = join.formula(
                f"{prefix}{first}{at}:{last}{at}",
                weights,
                f"Normalised!{leaves[0]}{at}:{leaves[-1]}{at}",
            )
            book.formula(sheet, at, place, formula, value, "score", array=join.is_array)

    def _statistics(self, sheet: Any, code: str, values: Floats) -> None:
        """Write the number of scores of a node, their minimum, maximum and mean."""
        plan, column = self.plan, self.plan.scores[code]
        cells = plan.column("Scores", column, ranked=True).removeprefix("Scores!")
        ranked = values[list(plan.shown)]
        known = ranked[~np.isnan(ranked)]
        place = column_number(column)
        self.book.formula(sheet, 6, place, f"=COUNT({cells})", float(len(known)), "count")
        for row, name, function in (
            (7, "MIN", np.min),
            (8, "MAX", np.max),
            (9, "AVERAGE", np.mean),
        ):
            value = float(function(known)) if len(known) else np.nan
            formula = f'=IF({column}$6=0,"",{name}({cells}))'
            self.book.formula(sheet, row, place, formula, value, "parameter")
