"""What a unit's standing rests on: change, causes, how firm it is, and the data."""

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
    table_of,
    tried,
)

if TYPE_CHECKING:
    from dli.capability import CapabilityGraph
    from dli.sensitivity import Uncertainty

__all__ = ["causes", "change", "data", "risks", "robustness"]


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
    yield Paragraph(
        f"From {number(scores[row], digits)} and the {ordinal(ranks[row])} place in {first} to "
        f"{number(scores[case.row], digits)} and the {ordinal(ranks[case.row])} in {case.period}."
    )
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


def causes(case: Case, graph: "CapabilityGraph | None", budget: float | None) -> Iterator[Section]:
    """Tell which capabilities and barriers stand behind the gaps, and what to do first."""
    if graph is None:
        return
    yield Section("What stands behind it", tried(lambda: _explained(case, graph), "Causes"))
    if budget is not None:
        yield Section("What to do first", tried(lambda: _planned(case, graph, budget), "A plan"))


def _explained(case: Case, graph: "CapabilityGraph") -> Iterator[Block]:
    yield table_of(
        graph.explain(case.assessment, case.unit, period=case.period).table,
        "Capabilities and barriers behind the gaps. Levels are read off the indicators; points "
        "are what would be won back.",
        {
            "code": ("code", None),
            "name": ("name", None),
            "kind": ("kind", None),
            "level": ("level", 2),
            "points": ("points", case.digits + 1),
        },
    )
    yield picture(
        lambda: plots.capabilities(graph, case.assessment, case.unit, period=case.period),
        f"Capabilities, indicators and the index in layers, filled as far as {case.name} has come",
        "What acts on what; the weakest third is framed.",
    )


def _planned(case: Case, graph: "CapabilityGraph", budget: float) -> Iterator[Block]:
    plan = graph.plan(case.assessment, case.unit, period=case.period, budget=budget)
    proven = "It is proven that no other raises the score more." if plan.exact else (
        "It is the best by a straight line through where the unit stands."
    )  # fmt: skip
    yield Paragraph(
        f"With {budget:g} to spend the score can rise by {number(plan.gain, case.digits + 1)} to "
        f"{number(plan.score, case.digits + 1)}. {proven}"
    )
    yield table_of(
        plan.table,
        "The steps, in order.",
        {
            "code": ("code", None),
            "name": ("name", None),
            "level_before": ("from", 2),
            "level_after": ("to", 2),
            "cost": ("cost", 2),
            "score": ("score", case.digits + 1),
            "gain": ("gain", case.digits + 1),
        },
        top=30,
    )
    yield picture(
        lambda: plots.plan(plan),
        f"Steps of the plan, and what each adds to the score of {case.name}",
        "What each step adds, in order.",
    )


def robustness(case: Case, own: "Uncertainty", firm: str) -> Iterator[Block]:
    """Tell how firm the rank is: ``firm`` holds nine of ten draws."""
    inputs = ", ".join(type(one).__name__ for one in own.design.inputs)
    mean = number(own.expected_ranks[case.row])
    yield Paragraph(
        f"In {own.n_samples:,} draws of {inputs} its rank is {mean} on average, and nine of ten "
        f"lie at {firm}."
    )


_KINDS = {
    "no score": "no score",
    "low": "low part",
    "narrow": "rests on one indicator",
    "missing": "missing data",
    "imputed": "imputed data",
    "treated": "treated value",
    "rank": "loose rank",
}


def risks(case: Case, study: "Uncertainty | None") -> Iterator[Block]:
    """List what is in doubt."""
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
        [_KINDS[kind], code, number(value, 2), note]
        for kind, code, value, note in zip(
            *(table.column(name) for name in ("kind", "code", "value", "note")), strict=True
        )
    ]
    yield filled("What to doubt.", ["kind", "code", "value", "what the value is"], rows, [1, 3])


def data(case: Case) -> Iterator[Block]:
    """List the values that the unit was scored by, and what happened to them."""
    assessment = case.assessment
    indicators = assessment.index.indicators
    raw = assessment.stage_array("raw")[case.row]
    rows = [
        [
            one.code,
            one.name,
            "–" if np.isnan(value) else f"{value:.6g}",
            one.unit_of_measure,
            _beyond(one),
            number(assessment.array(one.code)[case.row], digits_of(assessment.array(one.code))),
            number(assessment.rank_array(one.code)[case.row], 0),
            one.source,
        ]
        for one, value in zip(indicators, raw.tolist(), strict=True)
    ]
    head = ["code", "name", "value", "measured in", "better", "score", "rank", "source"]
    yield filled("The values that it was scored by.", head, rows, [1, 3, 4, 7])
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
