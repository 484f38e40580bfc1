"""Graphs as text: for terminals, notebooks and other tools."""

from typing import Any

from dli.capability.network import Network
from dli.printing import Sheet

__all__ = ["html", "text", "to_graphml", "to_mermaid", "to_networkx"]

_LINES = 60


def to_networkx(graph: Network) -> Any:
    """Return a `networkx.DiGraph`: nodes with ``name`` and ``kind``, links with ``strength``.

    The strength of a link is signed; ``evidence`` and ``required`` go with it. Every measure of
    networkx works on it, such as ``networkx.betweenness_centrality``.
    """
    import networkx as nx

    drawn: Any = nx.DiGraph()
    for capability in graph.capabilities:
        drawn.add_node(capability.code, name=capability.name, kind=capability.kind)
    drawn.add_nodes_from(graph.outcomes, name="", kind="outcome")
    for link, (_, _, strength) in zip(graph.links, graph.signed_links(), strict=True):
        drawn.add_edge(
            link.source,
            link.target,
            strength=strength,
            evidence=link.evidence,
            required=link.required,
        )
    return drawn


def to_graphml(graph: Network) -> str:
    """Return the graph as GraphML text."""
    import networkx as nx

    return "\n".join(nx.generate_graphml(to_networkx(graph), prettyprint=True)) + "\n"


def to_mermaid(graph: Network) -> str:
    """Return the text of a Mermaid flowchart: barriers as hexagons, outcomes as rounded boxes."""
    drawn = ["flowchart LR"]
    for i, capability in enumerate(graph.capabilities):
        label = _mermaid(capability.name or capability.code)
        shape = f'{{{{"{label}"}}}}' if capability.kind == "barrier" else f'["{label}"]'
        drawn.append(f"    n{i}{shape}")
    drawn += [f'    n{graph.places[code]}("{_mermaid(code)}")' for code in graph.outcomes]
    for source, target, strength in graph.signed_links():
        arrow = "-->" if strength >= 0 else "-.->"
        drawn.append(f'    n{source} {arrow}|"{strength:+.2g}"| n{target}')
    return "\n".join(drawn) + "\n"


def _mermaid(label: str) -> str:
    """Escape the characters that Mermaid would read as its own."""
    special = {"#": "#35;", '"': "#quot;", "<": "#lt;", ">": "#gt;"}
    return "".join(special.get(letter, letter) for letter in label)


def _headline(graph: Network) -> str:
    def counted(n: int, one: str, many: str) -> str:
        return f"{n} {one if n == 1 else many}"

    n_barriers = int((graph.better < 0).sum())
    barriers = f" ({counted(n_barriers, 'barrier', 'barriers')})" if n_barriers else ""
    return ", ".join(
        [
            counted(len(graph.codes), "capability", "capabilities") + barriers,
            counted(len(graph.links), "link", "links"),
            counted(len(graph.outcomes), "outcome", "outcomes"),
        ]
    )


def text(graph: Network) -> str:
    """Return each capability with its links, at most 80 columns wide."""
    by_source: dict[str, list[str]] = {code: [] for code in graph.codes}
    for link, (_, _, sign) in zip(graph.links, zip(*graph.ends, strict=True), strict=True):
        required = "  required" if link.required else ""
        by_source[link.source].append(
            f"    {'-' if sign < 0 else '+'} {link.strength:<5g} {link.target}{required}"
        )
    drawn = [_headline(graph)]
    for capability in graph.capabilities:
        if len(drawn) > _LINES:
            drawn.append("…")
            break
        title = f"{capability.code}  {capability.name}".rstrip()
        drawn.append(f"{title}  barrier" if capability.kind == "barrier" else title)
        drawn += by_source[capability.code]
    return "\n".join(line[:80] for line in drawn)


def html(graph: Network) -> str:
    """Return the same for a notebook."""
    rows = [
        (link.source, f"{strength:+.2f}", link.target, link.evidence)
        for link, (_, _, strength) in zip(graph.links, graph.signed_links(), strict=True)
    ]
    return Sheet(_headline(graph), ("source", "strength", "target", "evidence"), rows).html()
