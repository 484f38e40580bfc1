"""What a unit's result is based on: change, how robust its rank is, caveats, and the data."""

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import numpy as np

from dli import change, diagnosis, frames, plots
from dli.framework import Indicator
from dli.report.case import Case
from dli.report.document import Block, Paragraph, Section
from dli.report.parts import (
    LEVELS,
    digits_of,
    filled,
    number,
    ordinal,
    picture,
    simulations,
    table_of,
    tried,
    within,
)

if TYPE_CHECKING:
    from dli.sensitivity import Uncertainty

__all__ = ["data", "history", "risks", "robustness"]


def history(case: Case) -> Iterator[Section]:
    """Tell what changed since the unit's first period, if there is an earlier one."""
    assessment = case.assessment
    if assessment.periods is None:
        return
    scores = assessment.array(assessment.index.code)
    own = [
        (assessment.periods[i], i)
        for i, unit in enumerate(assessment.units)
        if unit == case.unit and not np.isnan(scores[i])
    ]
    before = [(when, i) for when, i in own if when < case.period]
    if before:
        yield Section("Change", tried(lambda: _since(case, *min(before)), "Change"))


def _since(case: Case, first: Any, row: int) -> Iterator[Block]:
    assessment = case.assessment
    code = assessment.index.code
    scores, ranks = assessment.array(code), assessment.rank_array(code)
    digits = digits_of(scores)
    before, after = (
        f"{number(scores[place], digits)}{'' if case.is_alone else f' ({ordinal(ranks[place])})'}"
        for place in (row, case.row)
    )
    yield Paragraph(f"Its score was {before} in {first} and is {after} in {case.period}.")
    yield picture(
        lambda: plots.bump(assessment, [case.unit, *case.peers[:4]], others=not case.is_large),
        f"The ranks of {case.name} and four peers over the periods",
        f"The others of {case.n:,} units are not drawn."
        if case.is_large
        else "All other units are thin and grey.",
    )
    parts = change.change(
        assessment, assessment, case.unit, period_before=first, period_after=case.period
    )
    yield picture(
        lambda: plots.waterfall(parts, start=float(scores[row])),
        f"Steps from the score of {first} to that of {case.period}",
        "What changed the score.",
    )


def robustness(case: Case, study: "Uncertainty", between: str) -> Iterator[Block]:
    """Say how far the rank depends on choices: 90 % of the simulations lie ``between``."""
    mean = number(study.expected_ranks[case.row])
    yield Paragraph(
        f"In {simulations(study)}, its rank is {mean} on average and "
        f"{within(between)} of them. The interval shows how far the rank "
        "depends on the choices that vary. What does not vary in them, such as errors in the data "
        "unless they are among the inputs, is not in the interval."
    )


_KINDS = {
    "no score": "no score",
    "low": "low sub-index",
    "narrow": "depends on one indicator",
    "missing": "missing data",
    "imputed": "imputed data",
    "treated": "treated value",
    "rank": "uncertain rank",
}


def risks(case: Case, study: "Uncertainty | None") -> Iterator[Block]:
    """List the caveats."""
    if case.is_cut:
        yield Paragraph(
            f"Caveats are not listed here, since the index has more than {LEVELS} levels; "
            "dli.diagnosis.risks finds them, which takes long."
        )
        return
    found = diagnosis.risks(case.assessment, case.unit, study=study, period=case.period)
    table = frames.read(found, empty=True)
    if not table.n_rows:
        yield Paragraph("Nothing is flagged.")
        return
    rows = [
        [_KINDS[kind], code, case.assessment.index.find(code).name, number(value, 2), note]
        for kind, code, value, note in zip(
            *(table.column(name) for name in ("kind", "code", "value", "note")), strict=True
        )
    ]
    head = ["kind", "code", "name", "value", "what the value is"]
    yield filled("Caveats of its result.", head, rows, [1, 2, 4])


def data(case: Case) -> Iterator[Block]:
    """List the values that the unit was scored by, and what happened to them."""
    assessment = case.assessment
    indicators = assessment.index.indicators
    # In the unit of measure, that is, divided by the denominator: so are goalposts.
    values = assessment.stage_array("denominated")[case.row]
    raw = assessment.stage_array("raw")[case.row]
    rows = [
        [
            one.code,
            one.name,
            "–" if np.isnan(value) else f"{value:.6g}",
            one.unit_of_measure,
            _quotient(one, float(before)),
            _beyond(one),
            "" if one.goalposts is None else f"{one.goalposts[0]:g} to {one.goalposts[1]:g}",
            number(assessment.array(one.code)[case.row], case.digits),
            "" if case.is_alone else number(assessment.rank_array(one.code)[case.row], 0),
            one.source,
        ]
        for one, value, before in zip(indicators, values.tolist(), raw.tolist(), strict=True)
    ]
    head = ["code", "name", "value", "measured in", "calculated as", "better", "goalposts", "score",
            "rank", "source"]  # fmt: skip
    divided = any(one.denominator is not None for one in indicators)
    caption = "The values that it was scored by" + (
        ", after division by their denominators." if divided else "."
    )
    yield filled(caption, head, rows, [1, 3, 4, 5, 6, 9])
    flags = frames.read(assessment.flags, empty=True)
    units = flags.column(assessment.observations.unit_column)
    periods = (
        flags.column(str(assessment.observations.period_column))
        if assessment.periods is not None
        else [None] * len(units)
    )
    own = [
        i
        for i, key in enumerate(zip(units, periods, strict=True))
        if key == (case.unit, case.period if assessment.periods is not None else None)
    ]
    if own:
        yield table_of(
            flags.take(own),
            "What happened to them.",
            {"code": ("code", None), "flag": ("flag", None), "note": ("note", None)},
            top=50,
        )


def _beyond(indicator: Indicator) -> str:
    return "higher" if indicator.direction == 1 else "lower"


def _quotient(indicator: Indicator, raw: float) -> str:
    """Write how a value follows from the raw one, for indicators with a denominator."""
    if indicator.denominator is None or np.isnan(raw):
        return ""
    factor = indicator.denominator_factor
    times = "" if factor == 1 else f" × {factor:g}"
    return f"{raw:,.6g} / {indicator.denominator}{times}"
