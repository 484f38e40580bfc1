"""The shape of a graph: how central nodes are, stages to build them in, what holds them back."""

from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from dli import frames
from dli.capability.outcomes import Position
from dli.errors import MethodError

if TYPE_CHECKING:
    from dli.capability.graph import CapabilityGraph

__all__ = ["bottlenecks", "centrality", "roadmap", "stages"]


def centrality(graph: "CapabilityGraph") -> Any:
    """Tell how central capabilities are."""
    import networkx as nx

    drawn = graph.to_networkx()
    for _, _, link in drawn.edges(data=True):
        # The strongest chain is the shortest when lengths are the logarithms of strengths.
        link["length"] = -np.log(max(abs(link["strength"]), 1e-300))
    between = nx.betweenness_centrality(drawn, weight="length")
    size = abs(graph.direct)
    n_capabilities = len(graph.codes)
    return frames.build(
        {
            "code": list(graph.codes),
            "given": np.asarray(size.sum(axis=1), dtype=np.float64),
            "received": np.asarray(size.sum(axis=0), dtype=np.float64)[:n_capabilities],
            "betweenness": np.array([between[code] for code in graph.codes]),
            "reach": (graph.reach != 0).sum(axis=1),
        }
    )


def stages(graph: "CapabilityGraph", codes: Iterable[str]) -> list[list[tuple[str, ...]]]:
    """Give the groups that feed back on themselves, in stages after what strengthens them."""
    import networkx as nx

    kept = [code for code in graph.codes if code in set(codes)]
    drawn: Any = nx.DiGraph()
    drawn.add_nodes_from(kept)
    among = graph.to_networkx().subgraph(graph.codes)
    # What is left out still passes the order on: a chain through it counts.
    drawn.add_edges_from(
        (code, later) for code in kept for later in nx.descendants(among, code) & set(kept)
    )
    drawn.remove_edges_from(list(nx.selfloop_edges(drawn)))
    merged = nx.condensation(drawn)
    place = {code: i for i, code in enumerate(graph.codes)}
    found = []
    for generation in nx.topological_generations(merged):
        groups = [
            tuple(sorted(merged.nodes[g]["members"], key=place.__getitem__)) for g in generation
        ]
        found.append(sorted(groups, key=lambda group: place[group[0]]))
    return found


def roadmap(graph: "CapabilityGraph", codes: Sequence[str] | None) -> Any:
    """Order capabilities into stages."""
    if codes is not None:
        graph.require(codes)
    rows = [
        (
            float(number),
            code,
            graph.find(code),
            ", ".join(other for other in group if other != code),
        )
        for number, groups in enumerate(stages(graph, graph.codes if codes is None else codes), 1)
        for group in groups
        for code in group
    ]
    return frames.build(
        {
            "stage": np.array([row[0] for row in rows], dtype=np.int64),
            "code": [row[1] for row in rows],
            "name": [row[2].name for row in rows],
            "kind": [row[2].kind for row in rows],
            "together_with": [row[3] for row in rows],
        }
    )


def bottlenecks(graph: "CapabilityGraph", where: Position, semantics: str) -> Any:
    """Tell which single source holds each node back most."""
    if semantics not in ("additive", "weakest"):
        msg = f"semantics must be 'additive' or 'weakest', got {semantics!r}"
        raise MethodError(msg)
    level = dict(
        zip((*graph.codes, *graph.outcomes), [*where.levels, *where.outcomes], strict=True)
    )
    sources: dict[str, list[tuple[str, float, bool]]] = {}
    direct = graph.direct.tocoo()
    required = set(zip(*(pair.tolist() for pair in graph.required_pairs), strict=True))
    codes = (*graph.codes, *graph.outcomes)
    for i, j, strength in zip(
        direct.row.tolist(), direct.col.tolist(), direct.data.tolist(), strict=True
    ):
        if not np.isnan(level[codes[i]]) and not np.isnan(level[codes[j]]):
            sources.setdefault(codes[j], []).append((codes[i], strength, (i, j) in required))
    holds = _most_gain if semantics == "additive" else _lowest
    rows = []
    for target in codes:
        held = holds(level, level[target], sources.get(target, []))
        if held is not None and held[1] > 1e-12:
            rows.append((target, level[target], held[0], level[held[0]], held[1]))
    names = ("code", "level", "bottleneck", "source_level", "gain")
    cells = list(zip(*rows, strict=True)) if rows else [()] * len(names)
    text = ("code", "bottleneck")
    return frames.build(
        {
            name: list(column) if name in text else np.array(column, dtype=np.float64)
            for name, column in zip(names, cells, strict=True)
        },
        where.found.assessment.observations.table.library,
    )


def _most_gain(
    level: Mapping[str, float], own: float, sources: list[tuple[str, float, bool]]
) -> tuple[str, float] | None:
    """Give the source whose completion, or removal, alone lifts the target most."""
    gains = [
        (min(s * (1 - level[c]) if s > 0 else -s * level[c], 1 - own), c) for c, s, _ in sources
    ]
    if not gains:
        return None
    gain, code = max(gains, key=lambda pair: pair[0])
    return code, gain


def _lowest(
    level: Mapping[str, float], _: float, sources: list[tuple[str, float, bool]]
) -> tuple[str, float] | None:
    """Give the one lowest source, and how far the target follows it up to the second lowest."""
    adding = [(level[c], c, needed) for c, s, needed in sources if s > 0]
    needed = [pair[:2] for pair in adding if pair[2]] or [pair[:2] for pair in adding]
    if not needed:
        return None
    (least, code), *others = sorted(needed)
    return code, min([other for other, _ in others] + [1.0]) - least
