"""Text output and export of graphs, for terminals, notebooks and other tools."""

from typing import Any

from dli.capability.network import Network
from dli.printing import Sheet

__all__ = ["html", "text", "to_graphml", "to_mermaid", "to_networkx"]

_LINES = 60


def to_networkx(graph: Network) -> Any:
    """Return the graph as a `networkx.DiGraph`, to use the measures of networkx.

    Nodes have the attributes ``name`` and ``kind``. Links have the attributes ``strength``, which
    is signed, ``evidence`` and ``required``.
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
    """Return the graph as GraphML text, which tools such as Gephi and yEd read."""
    import networkx as nx

    return "\n".join(nx.generate_graphml(to_networkx(graph), prettyprint=True)) + "\n"


def to_mermaid(graph: Network) -> str:
    """Return the graph as the text of a Mermaid flowchart.

    Barriers are drawn as hexagons and outcomes as rounded boxes; negative links are dotted.
    """
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
    """Escape the characters that have a meaning in Mermaid."""
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
    """Return a listing of the capabilities with their links, at most 80 columns wide."""
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
    """Return the links as an HTML table for notebooks."""
    rows = [
        (link.source, f"{strength:+.2f}", link.target, link.evidence)
        for link, (_, _, strength) in zip(graph.links, graph.signed_links(), strict=True)
    ]
    return Sheet(_headline(graph), ("source", "strength", "target", "evidence"), rows).html()
