"""The grounds of a unit's result: change, robustness of the rank, caveats and data."""

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import numpy as np

from dli import change, diagnosis, frames, plots
from dli.framework import Indicator
from dli.report.case import Case
from dli.report.document import Block, Paragraph, Section
from dli.report.language import key
from dli.report.parts import LEVELS, digits_of, filled, flag_table, picture, tried
from dli.report.studies import simulations

if TYPE_CHECKING:
    from dli.sensitivity import Uncertainty

__all__ = ["data", "history", "risks", "robustness"]


def history(case: Case) -> Iterator[Section]:
    """Yield the section on the change since the unit's first period, if it is an earlier one."""
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
        title = case.say("Change")
        yield Section(title, tried(case.language, lambda: _since(case, *min(before)), title))


def _since(case: Case, first: Any, row: int) -> Iterator[Block]:
    assessment = case.assessment
    code = assessment.index.code
    scores, ranks = assessment.array(code), assessment.rank_array(code)
    digits, language, say = digits_of(scores), case.language, case.say
    before, after = (
        language.number(scores[place], digits)
        + ("" if case.is_alone else f" ({language.ordinal(ranks[place])})")
        for place in (row, case.row)
    )
    yield Paragraph(
        say(
            "Its score was {before} in {first} and is {after} in {last}.",
            before=before,
            first=str(first),
            after=after,
            last=str(case.period),
        )
    )
    yield picture(
        lambda: plots.bump(assessment, [case.unit, *case.peers[:4]], others=not case.is_large),
        say("The ranks of {unit} and four peers over the periods", unit=case.name),
        say("The other units, of {n} in all, are not drawn.", n=case.n)
        if case.is_large
        else say("All other units are thin and grey."),
    )
    parts = change.change(
        assessment, assessment, case.unit, period_before=first, period_after=case.period
    )
    yield picture(
        lambda: plots.waterfall(parts, start=float(scores[row])),
        say(
            "Steps from the score of {start} to that of {end}",
            start=str(first),
            end=str(case.period),
        ),
        say("What makes up the change of the score."),
    )


def robustness(case: Case, study: "Uncertainty", between: tuple[float, float]) -> Iterator[Block]:
    """Yield a paragraph on the rank interval ``between`` with 90 % of the simulations."""
    low, high = (case.language.number(rank, 0) for rank in between)
    mean = case.language.number(study.expected_ranks[case.row])
    draws = simulations(case.language, study)
    if low == high:
        text = case.say(
            "{simulations}, its rank is {mean} on average and is {rank} in at least 90 % of them.",
            simulations=draws,
            mean=mean,
            rank=low,
        )
    else:
        text = case.say(
            "{simulations}, its rank is {mean} on average and lies between {low} and {high} in "
            "90 % of them.",
            simulations=draws,
            mean=mean,
            low=low,
            high=high,
        )
    limits = case.say(
        "The interval shows how far the rank depends on the choices that vary in the "
        "simulations. It does not cover anything else, such as errors in the data, unless these "
        "are varied as well."
    )
    yield Paragraph(f"{text} {limits}")


_KINDS = {
    "no score": key("no score"),
    "low": key("low sub-index"),
    "narrow": key("depends on one indicator"),
    "missing": key("missing data"),
    "imputed": key("imputed data"),
    "treated": key("treated value"),
    "rank": key("uncertain rank"),
}


def risks(case: Case, study: "Uncertainty | None") -> Iterator[Block]:
    """Yield a table of the caveats."""
    if case.is_cut:
        yield Paragraph(
            case.say(
                "Caveats are not listed here, since the index has more than {n} levels and "
                "finding them takes long; dli.diagnosis.risks lists them.",
                n=LEVELS,
            )
        )
        return
    found = diagnosis.risks(case.assessment, case.unit, study=study, period=case.period, named=True)
    table = frames.read(found, empty=True)
    if not table.n_rows:
        yield Paragraph(case.say("Nothing is flagged."))
        return
    rows = [
        [
            case.say(_KINDS[kind]),
            code,
            case.assessment.index.find(code).name,
            case.language.number(value, 2),
            note,
        ]
        for kind, code, value, note in zip(
            *(table.column(name) for name in ("kind", "code", "value", "note")), strict=True
        )
    ]
    head = [
        case.say("kind"),
        case.say("code"),
        case.say("name"),
        case.say("value"),
        case.say("meaning of the value"),
    ]
    yield filled(case.language, case.say("Caveats about its result."), head, rows, [1, 2, 4])


def data(case: Case) -> Iterator[Block]:
    """Yield tables of the values of the unit and of their flags."""
    assessment, language, say = case.assessment, case.language, case.say
    indicators = assessment.index.indicators
    # Values are shown after division by the denominator, in the unit of measure of the goalposts.
    values = assessment.stage_array("denominated")[case.row]
    raw = assessment.stage_array("raw")[case.row]
    rows = [
        [
            one.code,
            one.name,
            "–" if np.isnan(value) else language.figure(value, ".6g"),
            one.unit_of_measure,
            _quotient(case, one, float(before)),
            say("higher") if one.direction == 1 else say("lower"),
            _goalposts(case, one),
            language.number(assessment.array(one.code)[case.row], case.digits),
            "" if case.is_alone else language.number(assessment.rank_array(one.code)[case.row], 0),
            one.source,
        ]
        for one, value, before in zip(indicators, values.tolist(), raw.tolist(), strict=True)
    ]
    head = [say("code"), say("name"), say("value"), say("measured in"), say("calculated as"),
            say("better"), say("goalposts"), say("score"), say("rank"), say("source")]  # fmt: skip
    divided = any(one.denominator is not None for one in indicators)
    caption = say(
        "The values on which its scores are based, after division by their denominators."
        if divided
        else "The values on which its scores are based."
    )
    yield filled(language, caption, head, rows, [1, 3, 4, 5, 6, 9])
    yield from _flagged(case)


def _flagged(case: Case) -> Iterator[Block]:
    """Yield a table of the flags of the unit, if there are any."""
    assessment, say = case.assessment, case.say
    flags = frames.read(assessment.flags, empty=True)
    units = flags.column(assessment.observations.unit_column)
    periods = (
        flags.column(str(assessment.observations.period_column))
        if assessment.periods is not None
        else [None] * len(units)
    )
    own = [
        i
        for i, place in enumerate(zip(units, periods, strict=True))
        if place == (case.unit, case.period if assessment.periods is not None else None)
    ]
    if own:
        yield flag_table(
            case.language, assessment, flags.take(own), say("Flags for these values and scores.")
        )


def _goalposts(case: Case, indicator: Indicator) -> str:
    if indicator.goalposts is None:
        return ""
    low, high = (case.language.figure(end, "g") for end in indicator.goalposts)
    return case.say("{low} to {high}", low=low, high=high)


def _quotient(case: Case, indicator: Indicator, raw: float) -> str:
    """Return the quotient behind a value of an indicator with a denominator."""
    if indicator.denominator is None or np.isnan(raw):
        return ""
    figure, factor = case.language.figure, indicator.denominator_factor
    times = "" if factor == 1 else f" × {figure(factor, 'g')}"
    return f"{figure(raw, ',.6g')} / {indicator.denominator}{times}"
