"""The layout of a workbook, and which steps are written as formulas."""

import re
from collections.abc import Iterator, Mapping, Sequence
from functools import cached_property
from typing import Any

import numpy as np
from attrs import field, frozen

from dli.aggregation.protocol import traits_of
from dli.arrays import Bools, Floats, as_floats
from dli.assessment import Assessment
from dli.errors import MethodError
from dli.exchange.workbook.book import letter
from dli.exchange.workbook.joining import Join, join
from dli.exchange.workbook.normalising import Recipe, Refs, recipe
from dli.framework import Index, Indicator
from dli.framework.index import Node
from dli.weighting.protocol import traits_of as traits_of_weighting

__all__ = ["FIRST", "FRAMEWORK", "FRAMEWORK_FIRST", "Plan"]

# The row of the first unit on all sheets with one row for each unit.
FIRST = 10
# The row of the index on the sheet Framework, and the columns of that sheet.
FRAMEWORK_FIRST = 6
FRAMEWORK: Mapping[str, str] = {
    "code": "A",
    "name": "B",
    "parent": "C",
    "weight": "D",
    "share of parent": "E",
    "share of index": "F",
    "direction": "G",
    "goalpost worst": "H",
    "goalpost best": "I",
    "target": "J",
    "scale lowest": "K",
    "scale highest": "L",
    "unit of measure": "M",
    "check": "N",
    "denominator": "O",
    "factor": "P",
    "method": "Q",
    "source": "R",
}


@frozen(kw_only=True, eq=False)
class Plan:
    """The layout of the sheets of a workbook: rows, columns and formulas.

    A unit has the same row on all sheets, and an indicator the same column on the sheets Data,
    Values and Normalised.

    Attributes
    ----------
    assessment : Assessment
        The assessment to write.
    shown : sequence of int
        The rows of the assessment that are ranked.
    as_values : bool
        Whether steps without a formula are written as values, instead of raising an error.
    """

    assessment: Assessment
    shown: Sequence[int]
    as_values: bool
    _lost: list[str] = field(factory=list)

    # -- rows ------------------------------------------------------------------------------------

    @cached_property
    def rows(self) -> list[int]:
        """The rows of the assessment in the order of the sheets, ranked units first.

        Rows of other periods are included only if normalisation uses them.
        """
        all_rows = self._with_others
        used = any(isinstance(made, Recipe) and made.uses_data for made in self._recipes(all_rows))
        return all_rows if used else list(self.shown)

    @cached_property
    def _with_others(self) -> list[int]:
        chosen = set(self.shown)
        others = [row for row in range(len(self.assessment.units)) if row not in chosen]
        return [*self.shown, *others]

    @cached_property
    def labels(self) -> list[str]:
        """The unit of each row as text."""
        return [str(self.assessment.units[row]) for row in self.rows]

    @cached_property
    def keys(self) -> dict[str, list[str]]:
        """The columns to the left of the figures: unit, name and period, as far as they exist."""
        assessment, observations = self.assessment, self.assessment.observations
        keys = {str(observations.unit_column): self.labels}
        if "name" in observations.context:
            names = assessment.context("name")
            keys["name"] = ["" if names[row] is None else str(names[row]) for row in self.rows]
        if assessment.periods is not None:
            periods = assessment.periods
            keys[str(observations.period_column)] = [str(periods[row]) for row in self.rows]
        return keys

    @property
    def last(self) -> int:
        """The last row of units."""
        return FIRST + len(self.rows) - 1

    @property
    def last_ranked(self) -> int:
        """The last row of units that are ranked."""
        return FIRST + len(self.shown) - 1

    def taken(self, array: Floats) -> Floats:
        """Return an array of the assessment with its rows in the order of the sheets."""
        return np.asarray(array[self.rows])

    # -- columns ---------------------------------------------------------------------------------

    @property
    def first_column(self) -> int:
        """The number of the first column of figures."""
        # `keys` cannot be counted here: its cells are those of `rows`, which depend on formulas.
        observations = self.assessment.observations
        n_keys = 1 + ("name" in observations.context) + (self.assessment.periods is not None)
        return n_keys + 1

    @cached_property
    def indicators(self) -> dict[str, str]:
        """The column of each indicator on the sheets Data, Values and Normalised."""
        codes = [indicator.code for indicator in self.assessment.index.indicators]
        return {code: letter(self.first_column + j) for j, code in enumerate(codes)}

    @cached_property
    def nodes(self) -> list[Index]:
        """The nodes with children, parents first."""
        return [node for node in self.assessment.index.walk() if isinstance(node, Index)]

    @cached_property
    def scores(self) -> dict[str, str]:
        """The column of each node with children on the sheets Scores and Ranks."""
        return {node.code: letter(self.first_column + j) for j, node in enumerate(self.nodes)}

    @cached_property
    def entering(self) -> dict[str, str]:
        """The column of each node on the sheet Entering.

        The sheet has the children of nodes that have both indicators and sub-indices as children,
        or children whose scores are normalised.
        """
        codes = [child.code for node in self.nodes if self._enters(node) for child in node.children]
        return {code: letter(self.first_column + j) for j, code in enumerate(codes)}

    def _enters(self, node: Index) -> bool:
        """Return whether the children of a node are on the sheet Entering."""
        kinds = {isinstance(child, Indicator) for child in node.children}
        normalised = self.assessment.node_normalisations
        return len(kinds) > 1 or any(child.code in normalised for child in node.children)

    @cached_property
    def denominators(self) -> dict[str, str]:
        """The column of each denominator on the sheet Data, after the indicators."""
        indicators = self.assessment.index.indicators
        names = dict.fromkeys(i.denominator for i in indicators if i.denominator is not None)
        start = self.first_column + len(indicators)
        return {name: letter(start + j) for j, name in enumerate(names)}

    def denominator_array(self, name: str) -> Floats:
        """Return the values of a denominator for all rows of the assessment."""
        return as_floats(self.assessment.context(name, numbers=True), name)

    def home(self, code: str) -> tuple[str, str]:
        """Return the sheet and the column with the scores of a node."""
        if code in self.scores:
            return "Scores", self.scores[code]
        return "Normalised", self.indicators[code]

    def children(self, node: Index) -> tuple[str, str, str]:
        """Return the sheet, and the first and last column, of the values that enter a node."""
        first, last = node.children[0].code, node.children[-1].code
        if self._enters(node):
            return "Entering", self.entering[first], self.entering[last]
        return self.home(first)[0], self.home(first)[1], self.home(last)[1]

    def framework_row(self, code: str) -> int:
        """Return the row of a node on the sheet Framework."""
        return self._framework_rows[code]

    @cached_property
    def _framework_rows(self) -> dict[str, int]:
        nodes = self.assessment.index.walk()
        return {node.code: FRAMEWORK_FIRST + place for place, node in enumerate(nodes)}

    def framework(self, code: str, column: str) -> str:
        """Return the reference of a cell on the sheet Framework."""
        return f"Framework!${FRAMEWORK[column]}${self.framework_row(code)}"

    def column(self, sheet: str, column: str, *, ranked: bool = False) -> str:
        """Return the reference of all units, or the ranked ones, in a column of a sheet."""
        last = self.last_ranked if ranked else self.last
        return f"{sheet}!{column}${FIRST}:{column}${last}"

    # -- steps before normalisation --------------------------------------------------------------

    @cached_property
    def steps(self) -> Mapping[str, Bools]:
        """Masks of the values of the assessment that were imputed or treated."""
        before, imputed, treated = (
            self.assessment.stage_array(name) for name in ("denominated", "imputed", "treated")
        )
        known = ~np.isnan(imputed)
        return {
            "imputed": np.isnan(before) & known,
            "treated": (imputed != treated) & known,
        }

    @cached_property
    def source(self) -> str:
        """The sheet with the values that are normalised."""
        changed = any(cells.any() for cells in self.steps.values())
        return "Values" if changed or self.denominators else "Data"

    # -- formulas --------------------------------------------------------------------------------

    @cached_property
    def recipes(self) -> dict[str, Recipe | None]:
        """The normalisation of each indicator, and of each node whose score is normalised.

        None if values are written instead of formulas.
        """
        recipes: dict[str, Recipe | None] = {}
        nodes = self._normalised_nodes()
        for (node, choice), made in zip(nodes, self._recipes(self.rows), strict=True):
            if isinstance(made, str):
                self._lose("normalisation", choice, node.code, made)
            recipes[node.code] = None if isinstance(made, str) else made
        return recipes

    def _normalised_nodes(self) -> list[tuple[Node, Any]]:
        """Return the nodes that are normalised, each with its normalisation."""
        assessment = self.assessment
        indicators = assessment.index.indicators
        by_place: dict[int, Any] = {}
        for choice, columns in assessment.normalisations:
            for place in np.arange(len(indicators))[columns].tolist():
                by_place[place] = choice
        nodes: list[tuple[Node, Any]] = [(node, by_place[j]) for j, node in enumerate(indicators)]
        return nodes + [
            (node, assessment.node_normalisations[node.code])
            for node in self.nodes
            if node.code in assessment.node_normalisations
        ]

    def _recipes(self, rows: Sequence[int]) -> Iterator[Recipe | str]:
        """Yield the formulas of each normalised node, or why there are none."""
        last = FIRST + len(rows) - 1
        treated = self.assessment.stage_array("treated")
        for place, (node, choice) in enumerate(self._normalised_nodes()):
            if isinstance(node, Indicator):
                column = self.indicators[node.code]
                refs = Refs(
                    values=f"{self.source}!{column}${FIRST}:{column}${last}",
                    direction=self.framework(node.code, "direction"),
                    goalposts=(
                        self.framework(node.code, "goalpost worst"),
                        self.framework(node.code, "goalpost best"),
                    ),
                    scale=(
                        self.framework(node.code, "scale lowest"),
                        self.framework(node.code, "scale highest"),
                    ),
                    target=self.framework(node.code, "target"),
                    places=tuple(rows),
                )
                yield recipe(choice, node, treated[:, place], refs)
            else:
                column = self.scores[node.code]
                values = f"Scores!{column}${FIRST}:{column}${last}"
                refs = Refs(values=values, places=tuple(rows))
                scores = self.assessment.array(node.code)
                yield recipe(choice, Indicator(node.code), scores, refs)

    def uses(self, code: str, column: str) -> bool:
        """Return whether the normalisation of an indicator refers to its cell on Framework."""
        made = self.recipes[code]
        cell = re.escape(self.framework(code, column)) + "(?![0-9])"
        return made is not None and any(re.search(cell, text) for text in made.texts)

    @cached_property
    def joins(self) -> dict[str, Join | None]:
        """The aggregation of each node; None if values are written instead of formulas."""
        choices = self.assessment.choices
        joins: dict[str, Join | None] = {}
        for node in self.nodes:
            made = join(node, choices)
            lost = isinstance(made, str)
            if isinstance(made, str):
                self._lose("aggregation", choices.aggregation[node.code], node.code, made)
            if node.code in choices.node_imputation:
                imputation = choices.node_imputation[node.code]
                self._lose("node_imputation", imputation, node.code, "it uses other units")
                lost = True
            weighting = choices.weighting[node.code]
            if self.assessment.weight_array(node.code).ndim > 1:
                self._lose("weighting", weighting, node.code, "the weights differ between units")
                lost = True
            joins[node.code] = None if lost or isinstance(made, str) else made
        return joins

    def is_weighted(self, node: Index) -> bool:
        """Return whether the children of a node have weights, the same for all units."""
        choice = self.assessment.choices.aggregation[node.code]
        return traits_of(choice).weighted and self.assessment.weight_array(node.code).ndim == 1

    def share(self, node: Node) -> float:
        """Return the share of a node in the index, NaN if weights do not determine it."""
        above = self.assessment.index.path(node.code)
        if not all(self.is_weighted(parent) for parent in above):
            return np.nan
        return float(self.assessment.effective_weight_array(node.code))

    @cached_property
    def held_weights(self) -> set[str]:
        """The nodes whose children have weights from the data, which are written as values."""
        held = set()
        for node in self.nodes:
            weighting = self.assessment.choices.weighting[node.code]
            per_unit = self.assessment.weight_array(node.code).ndim > 1
            if traits_of_weighting(weighting).uses_values and not per_unit:
                self._lose("weighting", weighting, node.code, "the weights depend on the data")
                held.add(node.code)
        return held

    def _lose(self, step: str, choice: Any, code: str, why: str) -> None:
        """Record a step of a node that is not written as formulas."""
        name = type(getattr(choice, "step", choice)).__name__
        self._lost.append(f"{step} {name} of {code!r}: {why}")

    @cached_property
    def lost(self) -> list[str]:
        """The steps that are written as values instead of formulas, each with the reason.

        Raises
        ------
        MethodError
            There are such steps, and ``as_values`` is False.
        """
        _ = self.recipes, self.joins, self.held_weights  # computing them records the steps
        if self._lost and not self.as_values:
            msg = (
                "a workbook cannot express these steps as formulas; pass "
                "values_where_no_formula=True to write values instead, or use write_excel"
            )
            raise MethodError(msg, self._lost)
        return self._lost
