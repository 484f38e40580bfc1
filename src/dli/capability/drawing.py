"""Graphs and what comes of them as text: for terminals, notebooks and other tools."""

from typing import TYPE_CHECKING, Any

import numpy as np

from dli.printing import Sheet

if TYPE_CHECKING:
    from dli.capability.explanation import Explanation
    from dli.capability.graph import CapabilityGraph
    from dli.capability.planning import Plan

__all__ = [
    "explanation_sheet",
    "html",
    "plan_sheet",
    "text",
    "to_graphml",
    "to_mermaid",
    "to_networkx",
]

_LINES = 60


def to_networkx(graph: "CapabilityGraph") -> Any:
    """Give a directed graph of networkx."""
    import networkx as nx

    drawn: Any = nx.DiGraph()
    for capability in graph.capabilities:
        drawn.add_node(capability.code, name=capability.name, kind=capability.kind)
    for code in graph.outcomes:
        drawn.add_node(code, name="", kind="outcome")
    barriers = {c.code for c in graph.capabilities if c.kind == "barrier"}
    for link in graph.links:
        drawn.add_edge(
            link.source,
            link.target,
            strength=link.strength * (-1 if link.source in barriers else link.sign),
            evidence=link.evidence,
            required=link.required,
        )
    return drawn


def to_graphml(graph: "CapabilityGraph") -> str:
    """Give GraphML text."""
    import networkx as nx

    return "\n".join(nx.generate_graphml(to_networkx(graph), prettyprint=True)) + "\n"


def to_mermaid(graph: "CapabilityGraph") -> str:
    """Give a Mermaid flowchart: barriers as hexagons, outcomes as rounded boxes."""
    place = {code: f"n{i}" for i, code in enumerate((*graph.codes, *graph.outcomes))}
    drawn = ["flowchart LR"]
    for capability in graph.capabilities:
        label = _mermaid(capability.name or capability.code)
        shape = f'{{{{"{label}"}}}}' if capability.kind == "barrier" else f'["{label}"]'
        drawn.append(f"    {place[capability.code]}{shape}")
    drawn += [f'    {place[code]}("{_mermaid(code)}")' for code in graph.outcomes]
    for source, target, link in to_networkx(graph).edges(data=True):
        arrow = "-->" if link["strength"] >= 0 else "-.->"
        drawn.append(f'    {place[source]} {arrow}|"{link["strength"]:+.2g}"| {place[target]}')
    return "\n".join(drawn) + "\n"


def _mermaid(label: str) -> str:
    """Escape what Mermaid would read as its own."""
    special = {"#": "#35;", '"': "#quot;", "<": "#lt;", ">": "#gt;"}
    return "".join(special.get(letter, letter) for letter in label)


def _headline(graph: "CapabilityGraph") -> str:
    n_barriers = sum(c.kind == "barrier" for c in graph.capabilities)
    barriers = f" ({n_barriers} barrier{'s' * (n_barriers != 1)})" if n_barriers else ""

    def counted(n: int, one: str, many: str) -> str:
        return f"{n} {one if n == 1 else many}"

    return ", ".join(
        [
            counted(len(graph.codes), "capability", "capabilities") + barriers,
            counted(len(graph.links), "link", "links"),
            counted(len(graph.outcomes), "outcome", "outcomes"),
        ]
    )


def text(graph: "CapabilityGraph") -> str:
    """Print each capability with its links, at most 80 columns wide."""
    drawn = [_headline(graph)]
    by_source: dict[str, list[Any]] = {}
    for link in graph.links:
        by_source.setdefault(link.source, []).append(link)
    for capability in graph.capabilities:
        if len(drawn) > _LINES:
            drawn.append("…")
            break
        title = f"{capability.code}  {capability.name}".rstrip()
        drawn.append(f"{title}  barrier" if capability.kind == "barrier" else title)
        for link in by_source.get(capability.code, []):
            takes = capability.kind == "barrier" or link.sign < 0
            needed = "  required" if link.required else ""
            drawn.append(f"    {'-' if takes else '+'} {link.strength:<5g} {link.target}{needed}")
    return "\n".join(line[:80] for line in drawn)


def html(graph: "CapabilityGraph") -> str:
    """Print the same for a notebook."""
    rows = [
        (source, f"{link['strength']:+.2f}", target, str(link["evidence"]))
        for source, target, link in to_networkx(graph).edges(data=True)
    ]
    return Sheet(_headline(graph), ("source", "strength", "target", "evidence"), rows).html()


def explanation_sheet(explanation: "Explanation") -> Sheet:
    """Show the capabilities behind most points."""
    reference = explanation.reference
    against = reference if isinstance(reference, str) else ", ".join(map(str, reference))
    node = explanation.where.found.node.code
    title = f"What stands behind the gaps of {explanation.unit} at {node} (against: {against})"
    graph, points = explanation.graph, explanation.points
    order = [i for i in np.argsort(-points, kind="stable").tolist() if points[i] > 0][:12]
    rows = [
        [
            graph.codes[i],
            f"{explanation.where.levels[i]:.2f}",
            f"{points[i]:.2f}",
            graph.capabilities[i].kind,
        ]
        for i in order
    ]
    return Sheet(title, ("code", "level", "points", "kind"), rows, words=(0, 3))


def plan_sheet(plan: "Plan") -> Sheet:
    """Show the steps of a plan in order."""
    proven = (
        "the best for the index as a straight line"
        if not plan.exact
        else "proven best"
        if plan.gap == 0
        else f"within {plan.gap:.3g} of the best"
    )
    title = (
        f"Plan for {plan.unit}: {plan.node} from {plan.score_before:.2f} to {plan.score:.2f} "
        f"(+{plan.gain:.2f}) at a cost of {plan.cost:g}, {proven}"
    )
    rows = [
        [
            row["code"],
            f"{row['level_before']:.2f}",
            f"{row['level_after']:.2f}",
            f"{row['cost']:g}",
            f"{row['score']:.2f}",
            f"{row['gain']:.2f}",
        ]
        for row in plan.steps
    ]
    return Sheet(title, ("code", "from", "to", "cost", "score", "gain"), rows)
