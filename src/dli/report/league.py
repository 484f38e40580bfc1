"""League tables, and tables and texts on the robustness of ranks."""

from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import TYPE_CHECKING

import numpy as np

from dli.report.document import Paragraph, Table
from dli.report.language import Language
from dli.report.parts import filled, label, names_of, scores_of, word
from dli.report.ranges import RankRange
from dli.report.studies import condition, interval, simulations

if TYPE_CHECKING:
    from dli.assessment import Assessment
    from dli.sensitivity import Uncertainty

__all__ = ["draws_paragraph", "league_table", "least_firm", "loose_table", "moved", "ranked"]


def ranked(assessment: "Assessment", rows: Sequence[int]) -> list[int]:
    """Return the rows with a score, the best first."""
    ranks = assessment.rank_array(assessment.index.code)
    scored = [row for row in rows if not np.isnan(ranks[row])]
    return sorted(scored, key=lambda row: ranks[row])


def league_table(  # noqa: PLR0913 the last two belong together
    language: Language,
    assessment: "Assessment",
    order: Sequence[int],
    between: Mapping[int, tuple[float, float]] | None,
    caption: str,
    *,
    ranges: Mapping[int, RankRange] = MappingProxyType({}),
    study: "Uncertainty | None" = None,
) -> Table:
    """Return a table of some rows, with their scores in the index and at the level below it.

    Parameters
    ----------
    language : Language
    assessment : Assessment
    order : sequence of int
        The rows, in the order of the table.
    between : mapping of int to (float, float), optional
        The 90 % rank interval of each row.
    caption : str
        The caption of the table.
    ranges : mapping of int to RankRange
        The range of ranks of each row, shown instead of ``between`` if there are any.
    study : Uncertainty, optional
        The study that the ranges are based on.
    """
    index, say = assessment.index, language.say
    nodes = [index, *index.children]
    scores = [scores_of(language, assessment, node.code, order) for node in nodes]
    ranks = assessment.rank_array(index.code)
    bands = None if index.bands is None else index.bands.of(assessment.array(index.code))
    names = names_of(assessment)
    is_ranked = (
        len(ranked(assessment, assessment.rows_beside(order[0]).tolist())) > 1 if order else False
    )
    firm, columns, how = _firmness(language, order, between, ranges, study)
    head = [say("unit"), *([say("rank")] if is_ranked else []), *firm]
    words = [len(head)] if bands is not None else []
    head += [
        *([say("band")] if bands is not None else []),
        say("score"),
        *map(label, index.children),
    ]
    table = [
        [
            names[row],
            *([language.number(ranks[row], 0)] if is_ranked else []),
            *columns[place],
            *([word(bands[row])] if bands is not None else []),
            *(column[place] for column in scores),
        ]
        for place, row in enumerate(order)
    ]
    return filled(language, f"{caption} {how}".rstrip(), head, table, words)


def _firmness(
    language: Language,
    order: Sequence[int],
    between: Mapping[int, tuple[float, float]] | None,
    ranges: Mapping[int, RankRange],
    study: "Uncertainty | None",
) -> tuple[list[str], list[list[str]], str]:
    """Return the heads and cells on the robustness of each rank, and how to read them."""
    say = language.say
    if ranges and study is not None:
        how = say(
            "The ranges contain the ranks of all units at the same time with 95 % confidence "
            "{condition}. The column beside them is the number of other units that the unit "
            "cannot be told apart from.",
            condition=condition(language, study),
        )
        cells = [
            [
                interval(language, (ranges[row].low, ranges[row].high)),
                language.number(ranges[row].n_alike, 0),
            ]
            for row in order
        ]
        return [say("range of ranks"), say("not told apart from")], cells, how
    if between:
        how = say("In 90 % of the simulations the rank lies within the interval.")
        return (
            [say("90 % of simulations")],
            [[interval(language, between[row])] for row in order],
            how,
        )
    return [], [[] for _ in order], ""


def draws_paragraph(language: Language, study: "Uncertainty") -> Paragraph:
    """Return a paragraph on the simulations, the change of ranks, and the meaning of intervals."""
    return Paragraph(
        moved(language, study)
        + " "
        + language.say(
            "An interval contains the rank in 90 % of the simulations and shows how far the rank "
            "depends on the choices that vary in them. It does not cover anything else, such as "
            "errors in the data, unless these are varied as well."
        )
    )


def moved(language: Language, study: "Uncertainty") -> str:
    """Return a sentence on how far ranks change on average."""
    return language.say(
        "{simulations}, ranks change by {places} places on average.",
        simulations=simulations(language, study),
        places=language.number(study.mean_rank_shift),
    )


def least_firm(study: "Uncertainty", order: Sequence[int]) -> list[int]:
    """Return the ten rows with the widest intervals."""
    low, high = study.rank_quantiles(0.05), study.rank_quantiles(0.95)
    return sorted(order, key=lambda row: low[row] - high[row])[:10]


def loose_table(
    language: Language,
    study: "Uncertainty",
    loose: Sequence[int],
    between: Mapping[int, tuple[float, float]],
) -> Table:
    """Return a table of the rows with the widest intervals."""
    names, say = names_of(study.assessment), language.say
    return filled(
        language,
        say("The ranks that depend most on the choices that vary."),
        [say("unit"), say("rank"), say("90 % of simulations"), say("mean rank")],
        [
            [
                names[row],
                language.number(study.nominal_ranks[row], 0),
                interval(language, between[row]),
                language.number(study.expected_ranks[row]),
            ]
            for row in loose
        ],
    )
