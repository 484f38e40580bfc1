"""Ranges of ranks, which are valid for all units at the same time."""

from collections.abc import Mapping
from typing import TYPE_CHECKING

import numpy as np
from attrs import frozen

from dli import frames
from dli.errors import DLIError
from dli.report.document import Block, Paragraph
from dli.report.language import Language
from dli.report.studies import condition
from dli.robustness import rank_sets

if TYPE_CHECKING:
    from dli.assessment import Assessment
    from dli.sensitivity import Uncertainty

__all__ = ["RankRange", "explanation", "ranges_of", "sentence"]

# Computation time grows with the square of the number of units: half a minute for 500 units.
_COMPARED = 300
# The sentences and the heads of tables mention this confidence level.
_CONFIDENCE = 0.95


@frozen
class RankRange:
    """The range of ranks of a unit, and the number of units that it cannot be told apart from."""

    low: float
    high: float
    n_alike: float


def ranges_of(
    language: Language, assessment: "Assessment", study: "Uncertainty", period: object
) -> tuple[Mapping[int, RankRange], list[Block]]:
    """Return the range of ranks of each row of a period, or an empty mapping and the reason.

    Parameters
    ----------
    language : Language
    assessment : Assessment
    study : Uncertainty
        The study of the report, on whose draws the ranges are based.
    period : object
        The period, or None for data without periods.
    """
    rows = np.sort(assessment.rows(period)).tolist()
    if len(rows) > _COMPARED:
        text = language.say(
            "Ranges of ranks for all units at the same time are not computed for more than "
            "{most} units, since this takes long; dli.robustness.league_table computes them.",
            most=_COMPARED,
        )
        return {}, [Paragraph(text)]
    try:
        study.design.require_one_scale()
    except DLIError:
        text = language.say(
            "Ranges of ranks are not shown: they are derived from differences between scores, but "
            "the simulations have scores on different scales."
        )
        return {}, [Paragraph(text)]
    try:
        found = rank_sets(
            assessment, study=study, period=period, confidence=_CONFIDENCE, rng=study.seed
        )
    except DLIError as error:
        text = language.say(
            "{what} cannot be shown: {error}", what=language.say("Ranges of ranks"),
            error=str(error),
        )  # fmt: skip
        return {}, [Paragraph(text)]
    table = frames.read(found)
    columns = zip(
        *(_numbers(table.column(name)) for name in ("best", "worst", "not_told_apart")),
        strict=True,
    )
    return {row: RankRange(*cells) for row, cells in zip(rows, columns, strict=True)}, []


def _numbers(cells: list[object]) -> list[float]:
    return [np.nan if frames.is_missing(cell) else float(str(cell)) for cell in cells]


def sentence(language: Language, study: "Uncertainty", own: RankRange) -> str:
    """Return sentences on the range of ranks of a unit and on the units it cannot be told from."""
    say = language.say
    low, high = (language.number(rank, 0) for rank in (own.low, own.high))
    if low == high:
        ranks = say(
            "Its rank is {rank} {condition} (with 95 % confidence for all units at the same time).",
            rank=low,
            condition=condition(language, study),
        )
    else:
        ranks = say(
            "Its rank lies between {low} and {high} {condition} (with 95 % confidence for all "
            "units at the same time).",
            low=low,
            high=high,
            condition=condition(language, study),
        )
    if not own.n_alike:
        firm = say("Even so, it can be told apart from all other units.")
        return f"{ranks} {firm}"
    alike = say(
        "Given this uncertainty, it cannot be told apart from {n} other unit.",
        "Given this uncertainty, it cannot be told apart from {n} other units.",
        n=int(own.n_alike),
    )
    return f"{ranks} {alike}"


def explanation(language: Language) -> str:
    """Return an explanation of ranges of ranks."""
    return language.say(
        "Ranges of ranks are meant for comparing units. If the scores are as uncertain as they "
        "vary in the simulations, the ranges contain the true ranks of all units at the same "
        "time with 95 % confidence. Two units cannot be told apart if the difference between "
        "their scores is within this uncertainty."
    )
