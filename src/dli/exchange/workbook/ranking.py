"""The sheets with ranks: Order, Ranks, League and Bands."""

from typing import Any

import numpy as np
from attrs import frozen

from dli.arrays import Floats
from dli.assessment.tables import DOUBTFUL
from dli.exchange.workbook.book import Book, letter
from dli.exchange.workbook.inputs import column_number, with_keys
from dli.exchange.workbook.plan import FIRST, Plan
from dli.framework import Index
from dli.framework.bands import TOLERANCE
from dli.ranking import rank_scores

__all__ = ["Ranking"]


@frozen(eq=False)
class Ranking:
    """The sheets with ranks, and the bands of the league table."""

    book: Book
    plan: Plan

    @property
    def _n(self) -> int:
        return len(self.plan.shown)

    def order(self) -> None:
        """Write the sorted scores of each node, with the rank of each place.

        As in `dli.ranking`, a score ties with the first score of a group, and has its rank, if it
        is at most the tolerance below that score.
        """
        book, plan = self.book, self.plan
        sheet = book.sheet("Order", "#808080")
        book.text(sheet, 1, 1, "Order", "title")
        hint = (
            "Scores in descending order, and the rank of each. A score ties with the first of a "
            "group if it is at most the tolerance below it (1E-12 of the largest score)."
        )
        book.text(sheet, 2, 1, hint, "hint")
        for row, text in ((3, "place"), (4, ""), (5, "tolerance")):
            book.text(sheet, row, 1, text, "head" if row == 3 else "label")
        for place in range(1, self._n + 1):
            book.number(sheet, FIRST + place - 1, 1, place, "rank")
        for number, node in enumerate(plan.nodes):
            self._order_of(sheet, node, 2 + 2 * number)
        sheet.freeze_panes(FIRST - 1, 1)

    def _order_of(self, sheet: Any, node: Index, column: int) -> None:
        book, plan = self.book, self.plan
        sorted_, ranked = letter(column), letter(column + 1)
        score_column = plan.scores[node.code]
        scores = plan.column("Scores", score_column, ranked=True)
        values = plan.assessment.array(node.code)[list(plan.shown)]
        falling = -np.sort(-values)
        ranks = rank_scores(falling)
        tolerance = 1e-12 * np.nanmax(np.abs(values), initial=0.0)
        for at, text, style in ((column, node.code, "head"), (column + 1, "rank", "head")):
            book.text(sheet, 3, at, text, style)
        counted = f"Scores!{score_column}$6"
        formula = f"=1E-12*IF({counted}=0,0,MAX(MAX({scores}),-MIN({scores})))"
        book.formula(sheet, 5, column, formula, float(tolerance), "figure")
        for place in range(self._n):
            at = FIRST + place
            formula = f'=IF($A{at}>{counted},"",LARGE({scores},$A{at}))'
            book.formula(sheet, at, column, formula, float(falling[place]), "figure")
            # The rank of the previous score is the place of the first score of its group.
            group = f"INDEX({sorted_}${FIRST}:{sorted_}${plan.last_ranked},{ranked}{at - 1})"
            formula = (
                f"IF({group}-{sorted_}{at}>{sorted_}$5,$A{at},{ranked}{at - 1})"
                if place
                else f"$A{at}"
            )
            formula = f'=IF({sorted_}{at}="","",{formula})'
            book.formula(sheet, at, column + 1, formula, float(ranks[place]), "rank")

    def ranks(self) -> None:
        """Write the ranks of all nodes, and the place of each unit in the league table."""
        book, plan = self.book, self.plan
        hint = (
            "Ranks of the index and its sub-indices; 1 is best, and ties share the smaller rank. "
            "The place is the position in the league table."
        )
        labels = {3: "unit", 4: "name"}
        sheet = with_keys(book, plan, "Ranks", hint, labels, ranked=True)
        for number, node in enumerate(plan.nodes):
            column = plan.scores[node.code]
            at = column_number(column)
            book.text(sheet, 3, at, node.code, "wrapped head")
            book.text(sheet, 4, at, node.name, "name")
            sheet.set_column(at - 1, at - 1, 12)
            ranks = letter(3 + 2 * number)
            scores = plan.column("Scores", column, ranked=True)
            by_place = f"Order!{ranks}${FIRST}:{ranks}${plan.last_ranked}"
            values = plan.assessment.rank_array(node.code)[list(plan.shown)]
            for row, value in enumerate(values.tolist(), FIRST):
                cell = f"Scores!{column}{row}"
                formula = f'=IF(ISNUMBER({cell}),INDEX({by_place},RANK({cell},{scores})),"")'
                book.formula(sheet, row, at, formula, value, "rank")
        self._places(sheet)

    @property
    def _place_column(self) -> str:
        return letter(self.plan.first_column + len(self.plan.nodes))

    @property
    def _assessed_column(self) -> str:
        return letter(self.plan.first_column + len(self.plan.nodes) + 1)

    def _places(self, sheet: Any) -> None:
        book, plan = self.book, self.plan
        scores, at = plan.scores[plan.nodes[0].code], column_number(self._place_column)
        book.text(sheet, 3, at, "place", "wrapped head")
        book.text(sheet, 4, at, "in the league table", "name")
        assessed = column_number(self._assessed_column)
        book.text(sheet, 3, assessed, "rank as assessed", "wrapped head")
        book.text(sheet, 4, assessed, "before any change", "name")
        ranks = plan.assessment.rank_array(plan.nodes[0].code)[list(plan.shown)]
        for row, rank in enumerate(ranks.tolist(), FIRST):
            book.number(sheet, row, assessed, rank, "faint")
        for row, value in enumerate(self._league_places().tolist(), FIRST):
            above = f"{scores}${FIRST}:{scores}{row}"
            # Units that tie are in the order of the data; units without a score come last.
            formula = (
                f"=IF(ISNUMBER({scores}{row}),{scores}{row}+COUNTIF({above},{scores}{row})-1,"
                f"COUNT({scores}${FIRST}:{scores}${plan.last_ranked})+ROWS({above})-COUNT({above}))"
            )
            book.formula(sheet, row, at, formula, float(value), "rank")

    def _league_places(self) -> Floats:
        plan = self.plan
        ranks = plan.assessment.rank_array(plan.nodes[0].code)[list(plan.shown)]
        places = np.empty(len(ranks))
        places[np.argsort(ranks, kind="stable")] = np.arange(1, len(ranks) + 1)
        return places

    # -- League ----------------------------------------------------------------------------------

    def league(self) -> None:
        """Write the league table, best unit first."""
        book, plan = self.book, self.plan
        index = plan.assessment.index
        sheet = book.sheet("League", "#2E7D32")
        book.text(sheet, 1, 1, f"League table: {index.name or index.code}", "title")
        hint = (
            "Sorted by rank, also after data, goalposts or weights change; the last columns show "
            "the rank as assessed, the change, and how many indicators have a value (orange where "
            "fewer than half of them do, so that the score has a weak basis)."
        )
        book.text(sheet, 2, 1, hint, "hint")
        codes = [index.code, *(child.code for child in index.children)]
        columns: list[tuple[str, str, float]] = [("rank", "", 7)]
        columns += [(name, "", 24 if name == "name" else 14) for name in plan.keys]
        if index.bands is not None:
            columns.append(("band", "", 24))
        columns += [(code, index.find(code).name, 13) for code in codes]
        columns += [("rank as assessed", "", 10), ("change", "", 9)]
        columns += [("indicators", f"with a value, of {len(plan.indicators)}", 11), ("row", "", 6)]
        for column, (name, long, width) in enumerate(columns, 1):
            book.text(sheet, 3, column, name, "wrapped head")
            book.text(sheet, 4, column, long, "wrapped head")
            sheet.set_column(column - 1, column - 1, width)
        sheet.set_row(3, 45)
        order = np.argsort(self._league_places())
        for place, unit in enumerate(order.tolist(), 1):
            self._league_row(sheet, place, unit, codes, letter(len(columns)))
        last, first_score = 4 + self._n, len(columns) - 3 - len(codes)
        for number in range(len(codes)):
            at = letter(first_score + number)
            bar = {"type": "data_bar", "bar_solid": True}
            bar["bar_color"] = "#5B8DB8" if number == 0 else "#B7CDE0"
            sheet.conditional_format(f"{at}5:{at}{last}", bar)
        at = letter(len(columns) - 1)
        few = {"type": "cell", "criteria": "<", "value": DOUBTFUL * len(plan.indicators)}
        sheet.conditional_format(f"{at}5:{at}{last}", few | {"format": book.style("value")})
        sheet.freeze_panes(4, 1 + len(plan.keys))
        sheet.repeat_rows(0, 3)

    def _league_row(
        self, sheet: Any, place: int, unit: int, codes: list[str], row_letter: str
    ) -> None:
        book, plan = self.book, self.plan
        index, at = plan.assessment.index, 4 + place
        row = f"${row_letter}{at}"
        rank_column = plan.scores[index.code]
        rank = plan.assessment.rank_array(index.code)[plan.shown[unit]]
        ranks = plan.column("Ranks", rank_column, ranked=True)
        book.formula(sheet, at, 1, f"=INDEX({ranks},{row})", float(rank), "rank")
        column = 2
        for number, cells in enumerate(plan.keys.values(), 1):
            formula = f'=INDEX({plan.column("Data", letter(number), ranked=True)},{row})&""'
            book.formula(sheet, at, column, formula, cells[unit])
            column += 1
        if index.bands is not None:
            score = f"{letter(column + 1)}{at}"
            band = index.bands.of([plan.assessment.array(index.code)[plan.shown[unit]]])[0]
            book.formula(sheet, at, column, self._band(score), band or "")
            column += 1
        for code in codes:
            home, letters = plan.home(code)
            formula = f"=INDEX({plan.column(home, letters, ranked=True)},{row})"
            value = plan.assessment.array(code)[plan.shown[unit]]
            book.formula(sheet, at, column, formula, float(value), "score")
            column += 1
        assessed = plan.column("Ranks", self._assessed_column, ranked=True)
        cell = f"INDEX({assessed},{row})"
        formula = f'=IF(ISNUMBER({cell}),{cell},"")'
        book.formula(sheet, at, column, formula, float(rank), "faint")
        before = f"{letter(column)}{at}"
        formula = f'=IF(COUNT(A{at},{before})=2,{before}-A{at},"")'
        book.formula(sheet, at, column + 1, formula, 0.0 * float(rank), "change")
        held = list(plan.indicators.values())
        known = f"Normalised!{held[0]}${FIRST}:{held[-1]}${plan.last_ranked}"
        values = plan.assessment.stage_array("normalised")[plan.shown[unit]]
        n_known = float(np.isfinite(values).sum())
        book.formula(sheet, at, column + 2, f"=COUNT(INDEX({known},{row},0))", n_known, "faint")
        places = plan.column("Ranks", self._place_column, ranked=True)
        formula = f"=MATCH({place},{places},0)"
        book.formula(sheet, at, column + 3, formula, unit + 1.0, "faint")

    def _band(self, score: str) -> str:
        """Return the formula of the band of a score."""
        bands = self.plan.assessment.index.bands
        assert bands is not None  # noqa: S101 only called for an index with bands
        n = len(bands.names)
        names, bounds = f"Bands!$A$5:$A${4 + n}", f"Bands!$C$6:$C${4 + n}"
        reached = f"SUMPRODUCT(--({score}>={bounds}))" if n > 1 else "0"
        return f'=IF(ISNUMBER({score}),INDEX({names},1+{reached}),"")'

    def bands(self) -> None:
        """Write the bands of the index, with lower bounds that can be changed."""
        book, bands = self.book, self.plan.assessment.index.bands
        assert bands is not None  # noqa: S101 only called for an index with bands
        sheet = book.sheet("Bands", "#C9A400")
        book.text(sheet, 1, 1, "Bands", "title")
        hint = (
            "A score belongs to the highest band whose lower bound it reaches; bounds must ascend."
        )
        book.text(sheet, 2, 1, hint, "hint")
        for at, text in enumerate(("band", "lower bound", "minus tolerance"), 1):
            book.text(sheet, 4, at, text, "head")
        book.text(sheet, 5, 1, bands.names[0])
        last = 4 + len(bands.names)
        bounds = np.asarray(bands.thresholds, dtype=np.float64)
        scale = min(1.0, np.abs(bounds).max(initial=0.0)) or 1.0
        for row, (name, bound) in enumerate(zip(bands.names[1:], bounds, strict=True), 6):
            book.text(sheet, row, 1, name)
            book.number(sheet, row, 2, float(bound), "input")
            largest = f"MAX(MAX(B$6:B${last}),-MIN(B$6:B${last}))"
            size = f"IF({largest}=0,1,MIN(1,{largest}))"
            reached = float(bound - TOLERANCE * max(scale, abs(bound)))
            formula = f"=B{row}-1E-12*MAX({size},ABS(B{row}))"
            book.formula(sheet, row, 3, formula, reached)
        sheet.set_column(0, 0, 34)
        sheet.set_column(1, 2, 14)
