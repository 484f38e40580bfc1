"""The tables of a league, and of how firm its ranks are."""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

import numpy as np

from dli.report.document import Paragraph, Table
from dli.report.parts import digits_of, filled, names_of, number, word

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
        The ranks of each row between which nine of ten draws lie.
    what : str
        Which units they are, for the caption.
    """
    index = assessment.index
    codes = [index.code, *(child.code for child in index.children)]
    digits = {code: digits_of(assessment.array(code)) for code in codes}
    ranks = assessment.rank_array(index.code)
    bands = None if index.bands is None else index.bands.of(assessment.array(index.code))
    names = names_of(assessment)
    head = ["unit", "rank", *(["nine of ten draws"] if between else []),
            *(["band"] if bands is not None else []), *codes]  # fmt: skip
    table = [
        [
            names[row],
            number(ranks[row], 0),
            *([between[row]] if between else []),
            *([word(bands[row])] if bands is not None else []),
            *(number(assessment.array(code)[row], digits[code]) for code in codes),
        ]
        for row in order
    ]
    words = [head.index("band")] if bands is not None else []
    caption = f"{what}, with the scores of the index and its parts."
    if between:
        caption += " Nine of ten draws of the study gave a rank within the interval."
    return filled(caption, head, table, words)


def draws_paragraph(study: "Uncertainty") -> Paragraph:
    """Say how many draws there are, of what, and how far ranks move."""
    inputs = ", ".join(type(one).__name__ for one in study.design.inputs)
    return Paragraph(
        f"{study.n_samples:,} draws of {inputs}. Ranks move by {study.mean_rank_shift:.1f} places "
        "on average. An interval holds nine of ten draws."
    )


def least_firm(study: "Uncertainty", order: Sequence[int]) -> list[int]:
    """Return the ten rows with the widest intervals."""
    low, high = study.rank_quantiles(0.05), study.rank_quantiles(0.95)
    return sorted(order, key=lambda row: low[row] - high[row])[:10]


def loose_table(study: "Uncertainty", loose: Sequence[int], between: Mapping[int, str]) -> Table:
    """Return a table of the rows with the widest intervals."""
    names = names_of(study.assessment)
    return filled(
        "The least firm ranks.",
        ["unit", "rank", "nine of ten draws", "mean rank"],
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
