"""The report of one unit, such as a government."""

from collections.abc import Iterable, Iterator, Sequence
from functools import partial
from typing import TYPE_CHECKING, Any

import numpy as np
from attrs import field, frozen

from dli import diagnosis, frames, plots
from dli.assessment.tables import nodes_to_level
from dli.diagnosis.selection import beside, of_units, scored_row
from dli.errors import DataError, MethodError
from dli.framework import Indicator
from dli.report.document import Block, Paragraph, Report, Section
from dli.report.parts import (
    checked_study,
    digits_of,
    filled,
    intervals,
    joined,
    methods,
    names_of,
    number,
    ordinal,
    picture,
    study_of,
    table_of,
    tried,
)

if TYPE_CHECKING:
    from dli.assessment import Assessment
    from dli.capability import CapabilityGraph
    from dli.sensitivity import Uncertainty

__all__ = ["of_unit"]

_N_PEERS = 8


def of_unit(  # noqa: PLR0913 each is a question of its own
    assessment: "Assessment",
    unit: object,
    *,
    period: object = None,
    by: str | Sequence[str] | None = None,
    peers: Iterable[object] | None = None,
    study: "Uncertainty | None" = None,
    graph: "CapabilityGraph | None" = None,
    budget: float | None = None,
) -> Report:
    """Report one unit: where it is weak, who does better and is like it, what might not hold.

    Parameters
    ----------
    assessment : Assessment
    unit : object
    period : object, optional
        Where there are several; what changed since the first is told as well.
    by : str or sequence of str, optional
        Context columns by which units are alike, as of `dli.diagnosis.peers`; by default their
        profiles.
    peers : iterable, optional
        The units to compare with, instead of the eight that are most alike.
    study : Uncertainty, optional
        Of the same units at the index. By default 2,000 draws in which each weight is up to a
        quarter more or less, with the seed 0.
    graph : CapabilityGraph, optional
        What stands behind the indicators; without it causes and plans are left out.
    budget : float, optional
        In steps of capability levels: what the plan may spend; without it there is no plan.

    Returns
    -------
    Report
        A part that cannot be had is replaced by the reason.

    Raises
    ------
    UnknownCodeError
        No such unit, period, peers or context columns.
    DataError
        The unit was left out, or has no score.
    MethodError
        A study of other units, or of a sub-index; a budget without a graph.
    ImportError
        matplotlib is not installed.

    Examples
    --------
    >>> from dli import Assessment, Index, Indicator
    >>> data = {"unit": ["X", "Y", "Z"], "a": [1, 3, 2], "b": [0.0, 5.0, 9.0]}
    >>> assessment = Assessment(Index("T", [Indicator("a"), Indicator("b")], "Test"), data)
    >>> [section.title for section in of_unit(assessment, "Z").sections][:3]
    ['In short', 'Profile', 'Peers']
    """
    case = _case(assessment, unit, period, by, peers)
    checked_study(assessment, study)
    if budget is not None and graph is None:
        msg = "a budget needs a graph of capabilities to be spent on: graph=..."
        raise MethodError(msg)
    found: list[Uncertainty] = []
    robust = tried(lambda: _robustness(case, study, found), "How firm the rank is")
    own = found[0] if found else None
    sections = [
        Section("In short", list(_in_short(case, own))),
        Section("Profile", list(_profile(case))),
        Section("Peers", list(_peers(case))),
        Section("Where it is behind", list(_weaknesses(case))),
        Section("Where it is ahead", list(_strengths(case))),
        Section("Balance", tried(partial(_balance, case), "Balance")),
        *_change(case),
        *_causes(case, graph, budget),
        Section("What might not hold", [*robust, *tried(partial(_risks, case, own), "Risks")]),
        Section("Its data", list(_data(case))),
        *methods(assessment, own),
    ]
    index = assessment.index
    when = "" if period is None else f", {period}"
    return Report(
        f"{case.name}: {index.name or index.code}", f"One of {case.n} units{when}", sections
    )


@frozen
class _Case:
    """A unit among those of its period."""

    assessment: "Assessment"
    unit: object
    period: object
    row: int
    rows: Sequence[int] = field(repr=False)
    by: str | Sequence[str] | None
    peers: Sequence[object]
    chosen: str
    labels: Sequence[str] = field(repr=False)

    @property
    def name(self) -> str:
        return self.labels[self.row]

    @property
    def digits(self) -> int:
        """The decimals of scores; points have one more."""
        return digits_of(self.assessment.array(self.assessment.index.code))

    @property
    def n(self) -> int:
        """How many units have a score."""
        scores = self.assessment.array(self.assessment.index.code)[list(self.rows)]
        return int((~np.isnan(scores)).sum())

    def names(self, units: Iterable[object]) -> list[str]:
        """Name other units of the period."""
        return [self.labels[row] for row in of_units(self.assessment, units, self.rows)]


def _case(
    assessment: "Assessment",
    unit: object,
    period: object,
    by: str | Sequence[str] | None,
    peers: Iterable[object] | None,
) -> _Case:
    row = scored_row(assessment, unit, period, assessment.index.code)
    rows = beside(assessment, row)
    if peers is None:
        near = _alike(assessment, unit, by, period)
        columns = [by] if isinstance(by, str) else list(by or ["the profile of indicators"])
        chosen = f"the most alike in {joined(columns)}"
    else:
        near = [assessment.units[place] for place in of_units(assessment, peers, rows)]
        chosen = "as asked for"
    others = [one for one in near if one != unit]
    return _Case(assessment, unit, period, row, rows, by, others, chosen, names_of(assessment))


def _alike(
    assessment: "Assessment", unit: object, by: str | Sequence[str] | None, period: object
) -> list[Any]:
    """Give the units that are most alike; none for one that has nothing to compare."""
    try:
        found = diagnosis.peers(assessment, unit, by=by, k=_N_PEERS, period=period)
    except DataError:
        return []
    return frames.read(found, empty=True).column(assessment.observations.unit_column)


def _in_short(case: _Case, study: "Uncertainty | None") -> Iterator[Block]:
    assessment, index = case.assessment, case.assessment.index
    scores = assessment.array(index.code)
    rank = assessment.rank_array(index.code)[case.row]
    band = "" if index.bands is None else f", in the band {index.bands.of(scores[[case.row]])[0]}"
    firm = "" if study is None else f"; nine of ten draws put it at {intervals(study)[case.row]}"
    yield Paragraph(
        f"{case.name} scores {number(scores[case.row], digits_of(scores))} and is {ordinal(rank)} "
        f"of {case.n}{band}{firm}."
    )
    parts = [n for n in index.children if not np.isnan(assessment.rank_array(n.code)[case.row])]
    if len(parts) > 1:
        parts.sort(key=lambda node: assessment.rank_array(node.code)[case.row])
        best, worst = (
            f"{node.name or node.code} ({ordinal(assessment.rank_array(node.code)[case.row])})"
            for node in (parts[0], parts[-1])
        )
        yield Paragraph(f"It stands best in {best} and worst in {worst}.")
    gaps = diagnosis.weaknesses(assessment, case.unit, period=case.period)
    table = frames.read(gaps)
    if table.column("points")[0] and table.column("points")[0] > 0:
        name = table.column("name")[0] or table.column("code")[0]
        yield Paragraph(
            f"Most would be won in {name}: drawing level with the best there alone would add "
            f"{number(table.column('points')[0], case.digits + 1)} points."
        )


def _profile(case: _Case) -> Iterator[Block]:
    assessment, index = case.assessment, case.assessment.index
    deepest = max(index.level(node.code) for node in index.walk())
    draw = partial(plots.profile, assessment, case.unit, case.period, peers=case.peers or None)
    caption = "Dots are its own scores; bars reach from the lowest to the highest of its peers."
    yield picture(
        partial(draw, level=1), f"Scores of {case.name} in the parts of the index", caption
    )
    digits = case.digits
    yield table_of(
        assessment.profile(case.unit, case.period),
        "Scores beside the median and the best of all.",
        {
            "code": ("code", None),
            "name": ("name", None),
            "score": ("score", digits),
            "rank": ("rank", 0),
            "median": ("median", digits),
            "best": ("best", digits),
        },
        top=len(nodes_to_level(index, 1)),
    )
    if deepest > 1:
        yield picture(
            partial(draw, level=deepest),
            f"Scores of {case.name} in all parts and indicators of the index",
            caption,
        )


def _peers(case: _Case) -> Iterator[Block]:
    assessment = case.assessment
    if not case.peers:
        yield Paragraph("No other unit can be compared with it.")
        return
    yield Paragraph(f"Compared with {joined(case.names(case.peers))}: {case.chosen}.")
    index = assessment.index
    codes = [index.code, *(child.code for child in index.children)]
    digits = {code: digits_of(assessment.array(code)) for code in codes}
    rows = [case.row, *of_units(assessment, case.peers, case.rows)]
    ranks = assessment.rank_array(index.code)
    rows.sort(key=lambda row: np.inf if np.isnan(ranks[row]) else ranks[row])
    yield filled(
        "The unit among its peers.",
        ["unit", "rank", *codes],
        [
            [
                case.labels[row],
                number(ranks[row], 0),
                *(number(assessment.array(code)[row], digits[code]) for code in codes),
            ]
            for row in rows
        ],
    )
    best = rows[0]
    if best != case.row:
        yield from tried(lambda: _behind(case, best), "Why the best of its peers is ahead")


def _behind(case: _Case, best: int) -> Iterator[Block]:
    assessment = case.assessment
    ahead = assessment.units[best]
    parts = diagnosis.difference(assessment, case.unit, ahead, period=case.period)
    start = float(assessment.array(assessment.index.code)[best])
    yield picture(
        lambda: plots.waterfall(parts, start=start),
        f"Steps from the score of {case.labels[best]} to that of {case.name}",
        f"What makes the difference to {case.labels[best]}, the best of its peers.",
    )


def _gaps(case: _Case) -> dict[str, tuple[str, int | None]]:
    """Give the columns of a table of gaps."""
    return {
        "code": ("code", None),
        "name": ("name", None),
        "score": ("score", case.digits),
        "reference": ("reference", case.digits),
        "gap": ("gap", case.digits),
        "points": ("points", case.digits + 1),
        "rank": ("rank", 0),
    }


def _weaknesses(case: _Case) -> Iterator[Block]:
    assessment = case.assessment
    gaps = diagnosis.weaknesses(assessment, case.unit, period=case.period)
    yield table_of(
        gaps,
        "Against the best of all. Points are what the index would gain if this gap alone were "
        "closed.",
        _gaps(case),
    )
    if case.peers:
        yield from tried(
            lambda: table_of(
                diagnosis.weaknesses(assessment, case.unit, against=case.peers, period=case.period),
                "Against the median of its peers.",
                _gaps(case),
                top=5,
            ),
            "Weaknesses against peers",
        )
    read = frames.read(gaps)
    behind = [
        code
        for code, points in zip(read.column("code"), read.column("points"), strict=True)
        if points is not None and points > 0
    ]
    yield from tried(lambda: _exemplars(case, behind[:5]), "Who does better")


def _exemplars(case: _Case, codes: Sequence[str]) -> Iterator[Block]:
    assessment = case.assessment
    rows = []
    for code in codes:
        found = diagnosis.exemplars(
            assessment, case.unit, code, by=case.by, k=3, period=case.period
        )
        table = frames.read(found, empty=True)
        units = table.column(assessment.observations.unit_column)
        digits = digits_of(assessment.array(code))
        told = [
            f"{name} {number(score, digits)}"
            for name, score in zip(case.names(units), table.column("score"), strict=True)
        ]
        own = number(assessment.array(code)[case.row], digits)
        rows.append([code, assessment.index.find(code).name, own, "; ".join(told) or "–"])
    if rows:
        yield filled(
            "Who does better and is like it, the most alike first.",
            ["code", "name", "own score", "units and their scores"],
            rows,
            [1, 3],
        )


def _strengths(case: _Case) -> Iterator[Block]:
    yield from tried(lambda: _leads(case), "Strengths")


def _leads(case: _Case) -> Iterator[Block]:
    found = diagnosis.strengths(
        case.assessment, case.unit, against=case.peers or "own", period=case.period
    )
    table = frames.read(found)
    leads = [-gap if gap is not None and gap < 0 else np.nan for gap in table.column("gap")]
    brings = [-points if points is not None else np.nan for points in table.column("points")]
    rows = [
        [
            code,
            name,
            *(number(value, case.digits) for value in (score, reference, lead)),
            number(points, case.digits + 1),
        ]
        for name, code, score, reference, lead, points in zip(
            *(table.column(name) for name in ("name", "code", "score", "reference")),
            leads,
            brings,
            strict=True,
        )
        if not np.isnan(lead)
    ]
    if not rows:
        yield Paragraph("Nowhere.")
        return
    measure = "the median of its peers" if case.peers else "its own mean"
    yield filled(
        f"Ahead of {measure}; points are what the lead brings to the index.",
        ["code", "name", "score", "reference", "lead", "points"],
        rows[:5],
        [1],
    )


def _balance(case: _Case) -> Iterator[Block]:
    index = case.assessment.index
    table = frames.read(diagnosis.balance(case.assessment))
    row = {
        name: table.column(name)[case.row] for name in ("variation", "cost", "lowest", "highest")
    }
    low, high = (index.find(row[name]) for name in ("lowest", "highest"))
    variation = row["variation"]
    uneven = "" if variation is None or np.isnan(variation) else f" They vary by {variation:.0%}."
    yield Paragraph(
        f"Its parts reach from {low.name or low.code} up to {high.name or high.code}.{uneven}"
    )
    cost = row["cost"]
    if cost is not None and not np.isnan(cost):
        yield Paragraph(
            f"Under a geometric mean, by which one part makes up for another only in part, "
            f"unevenness would cost {number(cost, case.digits + 1)} points."
        )


def _change(case: _Case) -> Iterator[Section]:
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


def _since(case: _Case, first: Any, row: int) -> Iterator[Block]:
    assessment = case.assessment
    code = assessment.index.code
    scores, ranks = assessment.array(code), assessment.rank_array(code)
    digits = digits_of(scores)
    yield Paragraph(
        f"From {number(scores[row], digits)} and the {ordinal(ranks[row])} place in {first} to "
        f"{number(scores[case.row], digits)} and the {ordinal(ranks[case.row])} in {case.period}."
    )
    yield picture(
        lambda: plots.bump(assessment, [case.unit, *case.peers[:4]]),
        f"The ranks of {case.name} and four peers over the periods",
        "All other units are thin and grey.",
    )
    parts = diagnosis.change(
        assessment, assessment, case.unit, period_before=first, period_after=case.period
    )
    yield picture(
        lambda: plots.waterfall(parts, start=float(scores[row])),
        f"Steps from the score of {first} to that of {case.period}",
        "What changed the score.",
    )


def _causes(
    case: _Case, graph: "CapabilityGraph | None", budget: float | None
) -> Iterator[Section]:
    if graph is None:
        return
    yield Section("What stands behind it", tried(lambda: _explained(case, graph), "Causes"))
    if budget is not None:
        yield Section("What to do first", tried(lambda: _planned(case, graph, budget), "A plan"))


def _explained(case: _Case, graph: "CapabilityGraph") -> Iterator[Block]:
    yield table_of(
        graph.explain(case.assessment, case.unit, case.period).table,
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
        lambda: plots.capabilities(graph, case.assessment, case.unit, case.period),
        f"Capabilities, indicators and the index in layers, filled as far as {case.name} has come",
        "What acts on what; the weakest third is framed.",
    )


def _planned(case: _Case, graph: "CapabilityGraph", budget: float) -> Iterator[Block]:
    plan = graph.plan(case.assessment, case.unit, case.period, budget=budget)
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


def _robustness(
    case: _Case, study: "Uncertainty | None", found: list["Uncertainty"]
) -> Iterator[Block]:
    own = study_of(case.assessment, study)
    found.append(own)
    inputs = ", ".join(type(one).__name__ for one in own.design.inputs)
    mean = number(own.expected_ranks[case.row])
    yield Paragraph(
        f"In {own.n_samples:,} draws of {inputs} its rank is {mean} on average, and nine of ten "
        f"lie at {intervals(own)[case.row]}."
    )


_KINDS = {
    "low": "low part",
    "narrow": "rests on one indicator",
    "missing": "missing data",
    "imputed": "imputed data",
    "treated": "treated value",
    "rank": "loose rank",
}


def _risks(case: _Case, study: "Uncertainty | None") -> Iterator[Block]:
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


def _data(case: _Case) -> Iterator[Block]:
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
