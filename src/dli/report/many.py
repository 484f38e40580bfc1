"""Reports of very many units: the highest, the lowest, and a folded list of all units."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import partial
from typing import TYPE_CHECKING
from unicodedata import combining, normalize

import numpy as np
from attrs import field, frozen

from dli.plots.many import score_histogram
from dli.plots.robustness import draw_intervals, draw_shares
from dli.plots.scores import draw_league
from dli.report.document import Block, Paragraph, Table
from dli.report.drawn import DrawnRanks, drawn_ranks
from dli.report.language import Language, key
from dli.report.league import draws_paragraph, league_table, least_firm, loose_table, ranked
from dli.report.parts import (
    digits_of,
    explained,
    few_basis,
    filled,
    label,
    names_of,
    picture,
    scores_of,
    tried,
    word,
)

if TYPE_CHECKING:
    from dli.assessment import Assessment
    from dli.sensitivity import Uncertainty

__all__ = ["Heads", "everyone", "heads_of", "league", "robustness"]

# The number of units in a table of each end, and in the square picture of the first ranks.
_HEAD, _SQUARE = 50, 30
# The number of units in a folded list, which is short enough to scroll through.
_BLOCK = 1_000
_QUANTILES = {key("lowest"): 0.0, key("10 %"): 0.1, key("25 %"): 0.25, key("median"): 0.5,
              key("75 %"): 0.75, key("90 %"): 0.9, key("highest"): 1.0}  # fmt: skip


@frozen(eq=False)
class Heads:
    """The highest and the lowest units of a ranking that is too long to show in full."""

    language: Language
    assessment: "Assessment"
    rows: Sequence[int] = field(repr=False)
    order: Sequence[int] = field(repr=False)
    drawn: DrawnRanks | None = None
    loose: Sequence[int] = ()

    @property
    def highest(self) -> Sequence[int]:
        """The rows of the first units."""
        return self.order[:_HEAD]

    @property
    def lowest(self) -> Sequence[int]:
        """The rows of the last units that are not among the first, in the order of ranks."""
        return self.order[max(_HEAD, len(self.order) - _HEAD) :]

    @property
    def ends(self) -> dict[str, Sequence[int]]:
        """The rows at each end of the ranking, without empty ends."""
        ends = {"highest": self.highest, "lowest": self.lowest}
        return {end: rows for end, rows in ends.items() if rows}

    @property
    def between(self) -> Mapping[int, tuple[float, float]] | None:
        """The rank interval of each row that is shown."""
        if self.drawn is None:
            return None
        shown = [*self.highest, *self.lowest, *self.loose]
        return {row: self.drawn.interval(row) for row in shown}


def heads_of(
    language: Language,
    assessment: "Assessment",
    rows: Sequence[int],
    study: "Uncertainty | None",
) -> Heads:
    """Return the highest and the lowest units, with their ranks in the draws of a study."""
    order = ranked(assessment, rows)
    heads = Heads(language, assessment, rows, order)
    if study is None or not order:
        return heads
    loose = least_firm(study, order)
    drawn = drawn_ranks(study, [*heads.highest, *heads.lowest, *loose], rows)
    return Heads(language, assessment, rows, order, drawn, loose)


def league(heads: Heads) -> Iterator[Block]:
    """Yield the distribution of scores and the ranking at both ends."""
    assessment, order = heads.assessment, heads.order
    language, say = heads.language, heads.language.say
    if not order:
        yield Paragraph(say("No unit has a score."))
        return
    without = len(heads.rows) - len(order)
    many = say(
        "{n} units are too many for one table or picture: the report shows the {highest} highest "
        "and the {lowest} lowest, and how the scores of all units are distributed. The section "
        '"All units" has the rank and score of each unit.'
        if heads.lowest
        else "{n} units are too many for one table or picture: the report shows the {highest} "
        'highest, and how the scores of all units are distributed. The section "All units" has the '
        "rank and score of each unit.",
        n=len(heads.rows),
        highest=len(heads.highest),
        lowest=len(heads.lowest),
    )
    gone = ""
    if without:
        gone = " " + say(
            "{n} of the units has no score.", "{n} of the units have no score.", n=without
        )
    yield Paragraph(many + gone)
    yield picture(
        lambda: score_histogram(assessment, order),
        say("A histogram of the scores of {n} units", n=len(order)),
        say("The distribution of the scores of all units at {node}.", node=label(assessment.index)),
    )
    yield _quantiles(language, assessment, heads.rows)
    between = heads.between
    for end, rows in heads.ends.items():
        draw = partial(draw_league, assessment, np.array(rows))
        alt = say(
            "Bars of the scores of the {n} highest units, the highest first"
            if end == "highest"
            else "Bars of the scores of the {n} lowest units, the highest first",
            n=len(rows),
        )
        few = few_basis(language, assessment, _shown(assessment), rows)
        caption = say(
            "The score of each unit, split into the contributions of the level below the index."
        )
        drawing = partial(picture, draw, alt, f"{caption} {few}".rstrip())
        yield from tried(language, drawing, say("A picture of the league"))
        title = say(
            "The {n} highest units by rank, with their scores in the index and at the level "
            "below it."
            if end == "highest"
            else "The {n} lowest units by rank, with their scores in the index and at the level "
            "below it.",
            n=len(rows),
        )
        yield league_table(language, assessment, rows, between, title)


def _shown(assessment: "Assessment") -> list[str]:
    """Return the codes of the nodes whose scores a league table shows."""
    index = assessment.index
    return [index.code, *(child.code for child in index.children)]


def _quantiles(language: Language, assessment: "Assessment", rows: Sequence[int]) -> Table:
    """Return a table of quantiles of all scores, in the index and at the level below it."""
    index = assessment.index
    cells = []
    for node in (index, *index.children):
        scores = assessment.array(node.code)[list(rows)]
        scored = scores[~np.isnan(scores)]
        shares = list(_QUANTILES.values())
        found = np.quantile(scored, shares) if scored.size else [np.nan] * len(shares)
        digits = digits_of(scores)
        cells.append([node.code, node.name, *(language.number(x, digits) for x in found)])
    say = language.say
    caption = say(
        "Quantiles of the scores of all units: each column has the score below which that share "
        "of the units lies."
    )
    head = [say("code"), say("name"), *(say(name) for name in _QUANTILES)]
    return filled(language, caption, head, cells, [1])


def robustness(heads: Heads, notes: Iterable[Block]) -> Iterator[Block]:
    """Yield the robustness of the ranks at both ends, and the least robust ranks.

    Parameters
    ----------
    heads : Heads
    notes : iterable of Block
        Notes on the simulations.
    """
    drawn, between = heads.drawn, heads.between
    language, say = heads.language, heads.language.say
    if drawn is None or between is None:
        yield Paragraph(say("No unit has a score."))
        return
    yield draws_paragraph(language, drawn.study)
    yield from notes
    for end, rows in heads.ends.items():
        ranks = [drawn.quantiles(rows, q) for q in (0.05, 0.5, 0.95)]
        yield picture(
            partial(draw_intervals, drawn.study, rows, ranks),
            say(
                "Intervals of the ranks of the {n} highest units"
                if end == "highest"
                else "Intervals of the ranks of the {n} lowest units",
                n=len(rows),
            ),
            say("Where the intervals of two units overlap, other choices may reverse their order."),
        )
    first = heads.order[:_SQUARE]
    n = len(first)
    yield picture(
        lambda: draw_shares(drawn.study, first, drawn.shares(first, n)),
        say("A heat map of the share of simulations in which each unit had each rank"),
        say(
            "The share of simulations in which each of the first {n} units had each of the first "
            "{n} ranks.",
            n=n,
        ),
    )
    yield loose_table(language, drawn.study, heads.loose, between)


def everyone(heads: Heads) -> Iterator[Block]:
    """Yield folded lists of all units by name."""
    assessment, index = heads.assessment, heads.assessment.index
    language, say, names = heads.language, heads.language.say, names_of(assessment)
    by_name = sorted(heads.rows, key=lambda row: (_sorted_as(names[row]), row))
    blocks = np.array_split(by_name, -(-len(by_name) // _BLOCK))
    yield Paragraph(
        say(
            "The HTML page lists all {units} units by name, with rank and score, in one block to "
            "open with a click. In most browsers, searching the page also finds units in closed "
            "blocks, and opens them."
            if len(blocks) == 1
            else "The HTML page lists all {units} units by name, with rank and score, in {n} "
            "blocks to open with a click. In most browsers, searching the page also finds units in "
            "closed blocks, and opens them.",
            units=len(by_name),
            n=len(blocks),
        )
    )
    scores, ranks = assessment.array(index.code), assessment.rank_array(index.code)
    # More decimals than elsewhere, since thousands of scores lie close together.
    digits = digits_of(scores) + 2
    texts = scores_of(language, assessment, index.code, range(len(scores)), digits)
    marks = explained(language, [texts[row] for row in heads.rows])
    if marks:
        yield Paragraph(marks)
    bands = None if index.bands is None else index.bands.of(scores)
    head = [say("unit"), say("rank"), say("score"), *([say("band")] if bands is not None else [])]
    for rows in blocks:
        first, last = (_short(names[rows[end]]) for end in (0, -1))
        yield Table(
            say("{first} to {last}", first=first, last=last),
            head,
            [
                [
                    names[row],
                    language.number(ranks[row], 0),
                    texts[row],
                    *([word(bands[row])] if bands is not None else []),
                ]
                for row in rows.tolist()
            ],
            [3] if bands is not None else [],
            folded=True,
        )


def _sorted_as(name: str) -> str:
    """Return the sort key of a name, without accents and case."""
    letters = normalize("NFKD", name)
    return "".join(letter for letter in letters if not combining(letter)).casefold()


def _short(name: str, most: int = 40) -> str:
    return name if len(name) <= most else f"{name[: most - 1]}…"
