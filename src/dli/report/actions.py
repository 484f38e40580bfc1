"""What stands behind a unit's gaps, what a plan does first, and what both rest on."""

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from dli import frames, plots
from dli.capability.elements import ESTIMATED
from dli.report.case import Case
from dli.report.document import Block, Paragraph, Section, Table
from dli.report.parts import number, percent, picture, table_of, tried, word

if TYPE_CHECKING:
    from dli.capability import CapabilityGraph
    from dli.capability.explanation import Explanation
    from dli.capability.plans import Plan

__all__ = ["causes"]

# Each simulation solves a plan, which takes about a second.
_PLANS = 20
# Strengths and costs in the simulations are up to these shares higher or lower.
_STRENGTHS, _COSTS = 0.5, 0.25
# In a larger share of simulations a first step is called robust.
_MOST = 0.5
# More links than this are in a table that folds.
_LINKS = 10


def causes(case: Case, graph: "CapabilityGraph | None", budget: float | None) -> Iterator[Section]:
    """Return which capabilities and barriers stand behind the gaps, and what to do first."""
    if graph is None:
        return
    yield Section("What stands behind it", tried(lambda: _explained(case, graph), "Causes"))
    if budget is not None:
        yield Section("What to do first", tried(lambda: _planned(case, graph, budget), "A plan"))


def _explained(case: Case, graph: "CapabilityGraph") -> Iterator[Block]:
    yield Paragraph(
        "This section follows a graph of capabilities, not the data alone. "
        + _rests_on([link.evidence for link in graph.links], "It has")
    )
    explanation = _explanation(case, graph)
    to = "the best end of the scale" if case.is_alone else "the best scores of all units"
    yield table_of(
        explanation.table,
        f"Capabilities and barriers behind the gaps to {to}, according to this graph. Levels are "
        "derived from the indicators. Points are what a complete capability, or a barrier gone, "
        "would win back of the gaps, whatever that costs.",
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


def _explanation(case: Case, graph: "CapabilityGraph") -> "Explanation":
    """Explain gaps to the best of all units, or to the best end of the scale of the only unit."""
    reference = "best" if case.is_alone else "frontier"
    return graph.explain(case.assessment, case.unit, period=case.period, reference=reference)


def _rests_on(evidence: Sequence[str], verb: str) -> str:
    """Say where the strengths of links come from."""
    texts = [text.strip() for text in evidence]
    n, estimated = len(texts), sum(text.startswith(ESTIMATED) for text in texts)
    bare = texts.count("")
    links = f"{verb} {n:,} link{'s' * (n != 1)}"
    if estimated == n:
        return f"{links}, with strengths estimated from data."
    judged = (
        "with strengths that are judgements of those who made the graph, not estimates from data"
        if not estimated
        else f"{estimated:,} with strengths estimated from data, {n - estimated:,} with strengths "
        "that are judgements of those who made the graph"
    )
    named = "The graph names what each judgement refers to."
    if bare == n - estimated:
        named = "No evidence is named for them."
    elif bare:
        named = f"For {bare:,} of them no evidence is named."
    return f"{links}, {judged}. {named}"


def _planned(case: Case, graph: "CapabilityGraph", budget: float) -> Iterator[Block]:
    plan = graph.plan(case.assessment, case.unit, period=case.period, budget=budget)
    yield Paragraph(
        f"Under the assumptions below, a budget of {budget:g} would raise the score by "
        f"{number(plan.gain, case.digits + 1)} to {number(plan.score, case.digits + 1)}. "
        f"Costs are in {plan.cost_unit}, the same for every capability: that is an assumption, not "
        f"an estimate. {_status(plan)}"
    )
    yield table_of(
        plan.table,
        "The steps of the plan, in order.",
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
    if not plan.changes:
        return
    yield picture(
        lambda: plots.plan(plan),
        f"Steps of the plan, and what each adds to the score of {case.name}",
        "What each step adds, in order.",
    )
    yield table_of(
        plan.roadmap(),
        "The capabilities of the plan in stages, each after what strengthens it.",
        {
            "stage": ("stage", 0),
            "code": ("code", None),
            "name": ("name", None),
            "kind": ("kind", None),
            "together_with": ("together with", None),
        },
        top=30,
    )
    yield from _grounds(case, plan)
    yield from _firmness(plan)
    yield from _apart(case, plan, _explanation(case, graph))


def _status(plan: "Plan") -> str:
    """Say in which sense the plan is the best."""
    if not plan.exact:
        return (
            "The plan is the best for a linear approximation of the index; another can be better "
            "under the index itself."
        )
    if plan.proven:
        return (
            "If these assumptions hold, no other choice of steps raises the score more. Whether "
            "they hold, the computation cannot say."
        )
    return (
        f"If these assumptions hold, another choice of steps is at most {plan.gap:.3g} points "
        "better. Whether they hold, the computation cannot say."
    )


def _grounds(case: Case, plan: "Plan") -> Iterator[Block]:
    """Show what the plan rests on."""
    links = frames.read(plan.links, empty=True)
    evidence = ["" if text == "judgement" else text for text in links.column("evidence")]
    yield Paragraph(
        "The plan assumes the strengths of links, the levels as derived from the indicators, and "
        f"the costs. {_rests_on(evidence, 'It relies on')}"
    )
    columns = [
        links.column("source"),
        links.column("target"),
        [number(strength, 2) for strength in links.column("strength")],
        ["adds" if sign > 0 else "takes away" for sign in links.column("sign")],
        links.column("evidence"),
    ]
    yield Table(
        f"The links that the plan for {case.name} relies on, and the evidence named for each.",
        ["from", "to", "strength", "effect", "evidence"],
        zip(*columns, strict=True),
        [1, 3, 4],
        folded=links.n_rows > _LINKS,
    )


def _firmness(plan: "Plan") -> Iterator[Block]:
    """Show how often each capability is in the best plan when strengths and costs vary."""
    varied = plan.robustness(_STRENGTHS, costs=_COSTS, n_samples=_PLANS, rng=0)
    table = frames.read(varied, empty=True)
    shares, firsts = table.column("share"), table.column("first_step")
    codes = table.column("code")
    own = plan.steps[0]
    share = firsts[codes.index(own["code"])]
    held = "" if share > _MOST else " The first step therefore depends on these assumptions."
    yield Paragraph(
        f"In {_PLANS} simulations each strength is up to {percent(_STRENGTHS)} and each cost up to "
        f"{percent(_COSTS)} higher or lower. In {percent(share)} of them the best plan begins with "
        f"{own['name'] or own['code']}, as the plan above does.{held} What is in most of the plans "
        "depends on them least."
    )
    kept = [place for place, one in enumerate(shares) if one > 0]
    nominal = set(plan.changes)
    yield Table(
        "How often a capability is in the best plan when strengths and costs vary.",
        ["code", "in the plan above", "in the best plan", "first step"],
        [
            [
                codes[place],
                "yes" if codes[place] in nominal else "no",
                percent(shares[place]),
                percent(firsts[place]),
            ]
            for place in kept
        ],
        [1],
    )


def _apart(case: Case, plan: "Plan", explanation: "Explanation") -> Iterator[Block]:
    """Explain why causes with many points are not in the plan."""
    table = frames.read(plan.compared_with(explanation), empty=True)
    rows = [
        [
            word(table.column("code")[place]),
            number(table.column("points")[place], case.digits + 1),
            number(table.column("cost")[place], 2),
            number(table.column("gain_after_plan")[place], case.digits + 1),
            table.column("reason")[place],
        ]
        for place in range(min(_LINKS, table.n_rows))
        if table.column("change")[place] == 0
    ]
    if rows:
        yield Table(
            f"Which of the first {_LINKS} causes are not in the plan, and why. Points of causes "
            "count what closes gaps, whatever it costs; the plan counts all that its steps gain "
            "for their cost.",
            ["code", "points", "cost of the next step", "gain after the plan", "reason"],
            rows,
            [4],
        )
