"""The tables of a league, and of how firm its ranks are."""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

import numpy as np

from dli.report.document import Paragraph, Table
from dli.report.parts import filled, names_of, number, scores_of, simulations, word

if TYPE_CHECKING:
    from dli.assessment import Assessment
    from dli.sensitivity import Uncertainty

__all__ = ["draws_paragraph", "league_table", "least_firm", "loose_table", "ranked"]


def ranked(assessment: "Assessment", rows: Sequence[int]) -> list[int]:
    """Return the rows that have a score, the best first."""
    ranks = assessment.rank_array(assessment.index.code)
    scored = [row for row in rows if not np.isnan(ranks[row])]
    return sorted(scored, key=lambda row: ranks[row])


def league_table(
    assessment: "Assessment", order: Sequence[int], between: Mapping[int, str] | None, what: str
) -> Table:
    """Return a table of some rows, with the scores of the index and its parts.

    Parameters
    ----------
    assessment : Assessment
    order : sequence of int
        The rows, in the order of the table.
    between : mapping of int to str, optional
        The ranks of each row between which 90 % of the simulations lie.
    what : str
        Which units they are, for the caption.
    """
    index = assessment.index
    codes = [index.code, *(child.code for child in index.children)]
    scores = [scores_of(assessment, code, order) for code in codes]
    ranks = assessment.rank_array(index.code)
    bands = None if index.bands is None else index.bands.of(assessment.array(index.code))
    names = names_of(assessment)
    is_ranked = (
        len(ranked(assessment, assessment.rows_beside(order[0]).tolist())) > 1 if order else False
    )
    head = ["unit", *(["rank"] if is_ranked else []),
            *(["90 % of simulations"] if between else []),
            *(["band"] if bands is not None else []), *codes]  # fmt: skip
    table = [
        [
            names[row],
            *([number(ranks[row], 0)] if is_ranked else []),
            *([between[row]] if between else []),
            *([word(bands[row])] if bands is not None else []),
            *(column[place] for column in scores),
        ]
        for place, row in enumerate(order)
    ]
    words = [head.index("band")] if bands is not None else []
    caption = f"{what}, with the scores of the index and of the nodes below it."
    if between:
        caption += " In 90 % of the simulations the rank lies within the interval."
    return filled(caption, head, table, words)


def draws_paragraph(study: "Uncertainty") -> Paragraph:
    """Say how many simulations there are, of what, how far ranks move and what intervals are."""
    return Paragraph(
        f"In {simulations(study)}, ranks move by {study.mean_rank_shift:.1f} places on average. "
        "An interval contains the rank in 90 % of the simulations: it shows how far the rank "
        "depends on the choices that vary. What does not vary in them, such as errors in the data "
        "unless they are among the inputs, is not in the interval."
    )


def least_firm(study: "Uncertainty", order: Sequence[int]) -> list[int]:
    """Return the ten rows with the widest intervals."""
    low, high = study.rank_quantiles(0.05), study.rank_quantiles(0.95)
    return sorted(order, key=lambda row: low[row] - high[row])[:10]


def loose_table(study: "Uncertainty", loose: Sequence[int], between: Mapping[int, str]) -> Table:
    """Return a table of the rows with the widest intervals."""
    names = names_of(study.assessment)
    return filled(
        "The ranks that depend most on the choices that vary.",
        ["unit", "rank", "90 % of simulations", "mean rank"],
        [
            [
                names[row],
                number(study.nominal_ranks[row], 0),
                between[row],
                number(study.expected_ranks[row]),
            ]
            for row in loose
        ],
    )
