"""Possible causes of a unit's gaps, a plan to close them, and the assumptions of both."""

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from dli import frames, plots
from dli.capability.elements import ESTIMATED
from dli.report.case import Case
from dli.report.document import Block, Paragraph, Section, Table
from dli.report.language import key
from dli.report.parts import picture, table_of, tried, word

if TYPE_CHECKING:
    from dli.capability import CapabilityGraph
    from dli.capability.explanation import Explanation
    from dli.capability.plans import Plan

__all__ = ["causes"]

# The number of simulations is small, since each solves a plan, which takes about a second.
_PLANS = 20
# The shares by which strengths and costs are at most higher or lower in the simulations.
_STRENGTHS, _COSTS = 0.5, 0.25
# A first step that is found in at most this share of the simulations is said to be uncertain.
_MOST = 0.5
# A table of more links than this is folded.
_LINKS = 10


def causes(case: Case, graph: "CapabilityGraph | None", budget: float | None) -> Iterator[Section]:
    """Yield the sections on the possible causes of the gaps and on a plan to close them."""
    if graph is None:
        return
    say, language = case.say, case.language
    yield Section(
        say("Possible causes"),
        tried(language, lambda: _explained(case, graph), say("Causes")),
    )
    if budget is not None:
        yield Section(
            say("What to do first"),
            tried(language, lambda: _planned(case, graph, budget), say("A plan")),
        )


def _explained(case: Case, graph: "CapabilityGraph") -> Iterator[Block]:
    say = case.say
    basis = _rests_on(case, [link.evidence for link in graph.links], key("It has {links}"))
    follows = say("This section relies on a graph of capabilities, not on the data alone.")
    yield Paragraph(f"{follows} {basis}")
    explanation = _explanation(case, graph)
    gaps = say(
        "Capabilities and barriers that, according to this graph, lie behind the gaps to the "
        "best end of the scale."
        if case.is_alone
        else "Capabilities and barriers that, according to this graph, lie behind the gaps to "
        "the best scores of all units."
    )
    levels = say(
        "Levels are derived from the indicators. Points show how much of the gaps would close if "
        "the capability were complete, or the barrier removed, whatever the cost."
    )
    table = frames.read(explanation.table, empty=True)
    columns = {name: table.column(name) for name in table.names}
    columns["kind"] = _kinds(case, columns["kind"])
    yield table_of(
        case.language,
        columns,
        f"{gaps} {levels}",
        {
            "code": (say("code"), None),
            "name": (say("name"), None),
            "kind": (say("kind"), None),
            "level": (say("level"), 2),
            "points": (say("points"), case.digits + 1),
        },
    )
    yield picture(
        lambda: plots.capabilities(graph, case.assessment, case.unit, period=case.period),
        say(
            "Capabilities, indicators and the index in layers, each filled to its level: {unit}",
            unit=case.name,
        ),
        say(
            "How capabilities, indicators and the index depend on one another; the weakest third "
            "is framed."
        ),
    )


def _kinds(case: Case, kinds: Sequence[str]) -> list[str]:
    """Return the names of kinds of capabilities in the language of the report."""
    words = {"capability": key("capability"), "barrier": key("barrier")}
    return [case.say(words[kind]) for kind in kinds]


def _explanation(case: Case, graph: "CapabilityGraph") -> "Explanation":
    """Explain the gaps to the best units, or those of the only unit to the end of the scale."""
    reference = "best" if case.is_alone else "frontier"
    return graph.explain(case.assessment, case.unit, period=case.period, reference=reference)


def _rests_on(case: Case, evidence: Sequence[str], template: str) -> str:
    """Return a sentence on the source of the strengths of links."""
    texts = [text.strip() for text in evidence]
    n, estimated = len(texts), sum(text.startswith(ESTIMATED) for text in texts)
    bare = texts.count("")
    links = case.say(template, links=case.say("{n} link", "{n} links", n=n))
    if estimated == n:
        return case.say("{links}, whose strengths are estimated from data.", links=links)
    if estimated:
        judged = case.say(
            "{links}: the strengths of {n} are estimated from data, and those of {judged} are "
            "judgements by the authors of the graph.",
            links=links,
            n=estimated,
            judged=n - estimated,
        )
    else:
        judged = case.say(
            "{links}, whose strengths are judgements by the authors of the graph, not estimates "
            "from data.",
            links=links,
        )
    named = key("The graph records what each judgement is based on.")
    if bare == n - estimated:
        named = key("No evidence is cited for them.")
    elif bare:
        named = key("For {n} of them, no evidence is cited.")
    return f"{judged} {case.say(named, n=bare)}"


def _planned(case: Case, graph: "CapabilityGraph", budget: float) -> Iterator[Block]:
    say, language = case.say, case.language
    plan = graph.plan(case.assessment, case.unit, period=case.period, budget=budget)
    gains = say(
        "Under the assumptions below, a budget of {budget} would raise the score by {gain} "
        "points to {score}. Costs are in steps of 1/5 level, the same for every capability: this "
        "is an assumption, not an estimate.",
        budget=language.figure(budget, "g"),
        gain=language.number(plan.gain, case.digits + 1),
        score=language.number(plan.score, case.digits + 1),
    )
    yield Paragraph(f"{gains} {_status(case, plan)}")
    yield table_of(
        language,
        plan.table,
        say("The steps of the plan, in order."),
        {
            "code": (say("code"), None),
            "name": (say("name"), None),
            "level_before": (say("from"), 2),
            "level_after": (say("to"), 2),
            "cost": (say("cost"), 2),
            "score": (say("score"), case.digits + 1),
            "gain": (say("gain"), case.digits + 1),
        },
        top=30,
    )
    if not plan.changes:
        return
    yield picture(
        lambda: plots.plan(plan),
        say("Steps of the plan, and how much each adds to the score of {unit}", unit=case.name),
        say("How much each step adds to the score, in order."),
    )
    yield _stages(case, graph, plan)
    yield from _grounds(case, graph, plan)
    yield from _firmness(case, graph, plan)
    yield from _apart(case, graph, plan, _explanation(case, graph))


def _stages(case: Case, graph: "CapabilityGraph", plan: "Plan") -> Block:
    """Return a table of the stages in which the capabilities of the plan can be built."""
    say, table = case.say, frames.read(plan.roadmap(), empty=True)
    columns = {name: table.column(name) for name in table.names}
    columns["kind"] = _kinds(case, columns["kind"])
    columns["together_with"] = [
        ", ".join(_named(case, graph, codes.split(", "))) if codes else ""
        for codes in columns["together_with"]
    ]
    return table_of(
        case.language,
        columns,
        say("The capabilities of the plan in stages, each after those that strengthen it."),
        {
            "stage": (say("stage"), 0),
            "code": (say("code"), None),
            "name": (say("name"), None),
            "kind": (say("kind"), None),
            "together_with": (say("together with"), None),
        },
        top=30,
    )


def _named(case: Case, graph: "CapabilityGraph", codes: Sequence[str]) -> list[str]:
    """Return the names of capabilities and outcomes of a graph, or codes if there are no names."""
    names = case.node_names | {one.code: one.name for one in graph.capabilities}
    return [names.get(code) or code for code in codes]


def _status(case: Case, plan: "Plan") -> str:
    """Return a sentence on the sense in which the plan is the best."""
    if not plan.exact:
        return case.say(
            "The plan is the best for a linear approximation of the index; another may be better "
            "for the index itself."
        )
    if plan.proven:
        return case.say(
            "If these assumptions hold, no other choice of steps raises the score more. The "
            "computation cannot show whether they hold."
        )
    return case.say(
        "If these assumptions hold, another choice of steps raises the score by at most {points} "
        "points more. The computation cannot show whether they hold.",
        points=case.language.figure(plan.gap, ".3g"),
    )


def _grounds(case: Case, graph: "CapabilityGraph", plan: "Plan") -> Iterator[Block]:
    """Yield the assumptions of the plan and the links that it relies on."""
    say, links = case.say, frames.read(plan.links, empty=True)
    evidence = ["" if text == "judgement" else text for text in links.column("evidence")]
    assumes = say(
        "The plan takes as given the strengths of the links, the levels derived from the "
        "indicators, and the costs."
    )
    yield Paragraph(f"{assumes} {_rests_on(case, evidence, key('It relies on {links}'))}")
    columns = [
        _named(case, graph, links.column("source")),
        _named(case, graph, links.column("target")),
        [case.language.number(strength, 2) for strength in links.column("strength")],
        [say("adds") if sign > 0 else say("reduces") for sign in links.column("sign")],
        links.column("evidence"),
    ]
    yield Table(
        say(
            "The links that the plan for {unit} relies on, and the evidence cited for each.",
            unit=case.name,
        ),
        [say("from"), say("to"), say("strength"), say("effect"), say("evidence")],
        zip(*columns, strict=True),
        [1, 3, 4],
        folded=links.n_rows > _LINKS,
    )


def _firmness(case: Case, graph: "CapabilityGraph", plan: "Plan") -> Iterator[Block]:
    """Yield how often each capability is in the best plan when strengths and costs vary."""
    say, percent = case.say, case.language.percent
    varied = plan.robustness(_STRENGTHS, costs=_COSTS, n_samples=_PLANS, rng=0)
    table = frames.read(varied, empty=True)
    shares, firsts = table.column("share"), table.column("first_step")
    codes = table.column("code")
    own = plan.steps[0]
    share = firsts[codes.index(own["code"])]
    begins = say(
        "In {n} simulations, each strength is up to {strengths} and each cost up to {costs} "
        "higher or lower. In {share} of them, the best plan begins with {capability}, as the "
        "plan above does.",
        n=_PLANS,
        strengths=percent(_STRENGTHS),
        costs=percent(_COSTS),
        share=percent(share),
        capability=own["name"] or own["code"],
    )
    held = ""
    if share <= _MOST:
        held = " " + say("The first step therefore depends on these assumptions.")
    least = say("The capabilities that appear in most of the plans depend on them least.")
    yield Paragraph(f"{begins}{held} {least}")
    kept = [place for place, one in enumerate(shares) if one > 0]
    nominal = set(plan.changes)
    yield Table(
        say("How often each capability is in the best plan when strengths and costs vary."),
        [
            say("capability"),
            say("in the plan above"),
            say("in the best plan"),
            say("first step"),
        ],
        [
            [
                *_named(case, graph, [codes[place]]),
                say("yes") if codes[place] in nominal else say("no"),
                percent(shares[place]),
                percent(firsts[place]),
            ]
            for place in kept
        ],
        [1],
    )


def _apart(
    case: Case, graph: "CapabilityGraph", plan: "Plan", explanation: "Explanation"
) -> Iterator[Block]:
    """Yield a table of the causes with many points that are not in the plan, with the reasons."""
    say, number = case.say, case.language.number
    table = frames.read(plan.compared_with(explanation, named=True), empty=True)
    rows = [
        [
            *_named(case, graph, [word(table.column("code")[place])]),
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
            say(
                "Which of the first {n} causes are not in the plan, and why. The points of a "
                "cause measure how much of the gaps it would close, whatever the cost; the plan "
                "weighs everything that a step gains against its cost.",
                n=_LINKS,
            ),
            [
                say("capability"),
                say("points"),
                say("cost of the next step"),
                say("gain after the plan"),
                say("reason"),
            ],
            rows,
            [4],
        )
