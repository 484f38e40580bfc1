"""The structure of a graph: total influence, centrality, stages and bottlenecks."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import numpy as np

from dli import frames
from dli.arrays import Floats
from dli.assessment import Assessment
from dli.capability import influence
from dli.capability.drawing import to_networkx
from dli.capability.network import Network
from dli.capability.outcomes import Position
from dli.checks import choice_faults, refuse, several
from dli.frames import Frame

__all__ = [
    "bottlenecks",
    "centrality",
    "dematel",
    "roadmap",
    "stages",
    "total_influence",
    "total_influence_array",
]


def total_influence_array(graph: Network) -> Floats:
    """Return the total influence as an array of shape (n_capabilities, n_nodes).

    Columns are in the order of capabilities and then outcomes.
    """
    return influence.summed_effects(graph.among, graph.direct.toarray())


def total_influence(graph: Network) -> Frame:
    """Return the total influence of capabilities on each other and on outcomes, over all chains.

    Returns
    -------
    frame
        One row for each capability, named in the column ``code``, and one column for each
        capability and outcome.
    """
    columns = dict(zip(graph.nodes, total_influence_array(graph).T, strict=True))
    return frames.build({"code": list(graph.codes), **columns})


def dematel(graph: Network) -> Frame:
    """Return the causes and effects among capabilities and outcomes by the DEMATEL method.

    Strengths are used without their signs. `dli.capability.dematel` documents the method.

    Returns
    -------
    frame
        One row for each node: ``code, prominence, relation`` and ``role``, which is ``cause`` for
        nodes that exert more influence than they receive, else ``effect``.
    """
    square = np.zeros((len(graph.nodes), len(graph.nodes)))
    square[: len(graph.codes)] = abs(graph.direct).toarray()
    result = influence.dematel(square)
    return frames.build(
        {
            "code": list(graph.nodes),
            "prominence": result.prominence,
            "relation": result.relation,
            "role": ["cause" if r > 0 else "effect" for r in result.relation.tolist()],
        }
    )


def centrality(graph: Network) -> Frame:
    """Return measures of how central each capability is.

    Returns
    -------
    frame
        One row for each capability: ``code``; ``given`` and ``received``, the sums of the strengths
        of its outgoing and incoming links, without signs; ``betweenness``, the share of the
        strongest chains between other nodes that pass through it; ``reach``, the number of outcomes
        that it influences.
    """
    import networkx as nx

    drawn = to_networkx(graph)
    for _, _, link in drawn.edges(data=True):
        # The strongest chain is the shortest when lengths are the logarithms of strengths.
        link["length"] = -np.log(max(abs(link["strength"]), 1e-300))
    between = nx.betweenness_centrality(drawn, weight="length")
    size = abs(graph.direct)
    return frames.build(
        {
            "code": list(graph.codes),
            "given": np.asarray(size.sum(axis=1), dtype=np.float64),
            "received": np.asarray(size.sum(axis=0), dtype=np.float64)[: len(graph.codes)],
            "betweenness": np.array([between[code] for code in graph.codes]),
            "reach": (graph.reach != 0).sum(axis=1),
        }
    )


def stages(graph: Network, codes: Iterable[str] | None = None) -> list[list[tuple[str, ...]]]:
    """Return the capabilities in stages, each after the capabilities that affect it.

    Parameters
    ----------
    codes : iterable of str, optional
        The capabilities to arrange; all by default.

    Returns
    -------
    list of list of tuple of str
        The groups of each stage; capabilities that feed back on each other form one group.

    Raises
    ------
    UnknownCodeError
        Some codes are not capabilities of the graph.
    """
    import networkx as nx

    wanted = graph.codes if codes is None else several("codes", codes)
    graph.require(wanted)
    chosen = set(wanted)
    kept = [code for code in graph.codes if code in chosen]
    drawn: Any = nx.DiGraph()
    drawn.add_nodes_from(kept)
    among = to_networkx(graph).subgraph(graph.codes)
    # Chains through capabilities that are left out still determine the order.
    drawn.add_edges_from(
        (code, later) for code in kept for later in nx.descendants(among, code) & chosen
    )
    merged = nx.condensation(drawn)
    place = graph.places.__getitem__
    result = []
    for generation in nx.topological_generations(merged):
        groups = [tuple(sorted(merged.nodes[g]["members"], key=place)) for g in generation]
        result.append(sorted(groups, key=lambda group: place(group[0])))
    return result


def roadmap(graph: Network, codes: Sequence[str] | None = None) -> Frame:
    """Return the capabilities in stages, each after the capabilities that affect it.

    Parameters
    ----------
    codes : sequence of str, optional
        The codes of the capabilities to arrange; all by default.

    Returns
    -------
    frame
        One row for each capability: ``stage`` (from 1), ``code``, ``name``, ``kind`` and
        ``together_with``, the capabilities of the same stage with which it forms a feedback loop
        and that should be built together.

    Raises
    ------
    UnknownCodeError
        Some codes are not capabilities of the graph.
    """
    rows = [
        (number, graph.find(code), ", ".join(other for other in group if other != code))
        for number, groups in enumerate(stages(graph, codes), 1)
        for group in groups
        for code in group
    ]
    return frames.build(
        {
            "stage": np.array([number for number, _, _ in rows], dtype=np.int64),
            "code": [capability.code for _, capability, _ in rows],
            "name": [capability.name for _, capability, _ in rows],
            "kind": [capability.kind for _, capability, _ in rows],
            "together_with": [others for _, _, others in rows],
        }
    )


def bottlenecks(
    graph: Network,
    assessment: Assessment,
    unit: object,
    *,
    period: object = None,
    semantics: str = "additive",
    levels: Mapping[str, float] | None = None,
) -> Frame:
    """Return the bottleneck of each node: the single source that limits it most.

    Parameters
    ----------
    assessment, unit, period, levels
        As for `CapabilityGraph.explain`.
    semantics : {"additive", "weakest"}
        With ``"additive"``, effects add up, and the bottleneck is the source that would add most
        if it alone were complete (or, as a barrier, removed). With ``"weakest"``, a node is only as
        high as the lowest of its required sources (of all sources that add to it if none is marked
        as required), and the lowest source is the bottleneck.

    Returns
    -------
    frame
        One row for each node with a bottleneck: ``code, level, bottleneck, source_level`` and
        ``gain``, the possible rise of the node, all on scales from 0 to 1.

    Raises
    ------
    UnknownCodeError, MethodError, DataError
        As for `CapabilityGraph.explain`; or the semantics are unknown.
    """
    refuse("bottlenecks", choice_faults("semantics", semantics, ("additive", "weakest")))
    where = Position.of(graph, assessment, unit, period=period, levels=levels)
    level = np.concatenate([where.levels, where.outcomes])
    required = set(zip(*(pair.tolist() for pair in graph.required_pairs), strict=True))
    sources: dict[int, list[tuple[int, float, bool]]] = {}
    for i, j, strength in graph.signed_links():
        if not np.isnan(level[[i, j]]).any():
            sources.setdefault(j, []).append((i, strength, (i, j) in required))
    rows = []
    for j in sorted(sources):
        if semantics == "additive":
            source, gain = _most_gain(graph.better, level, level[j], sources[j])
        else:
            source, gain = _lowest(level, sources[j])
        if gain > 1e-12:
            rows.append((graph.nodes[j], level[j], graph.codes[source], level[source], gain))
    names = ("code", "level", "bottleneck", "source_level", "gain")
    columns = dict(zip(names, zip(*rows, strict=True) if rows else [()] * len(names), strict=True))
    text = {name: list(columns.pop(name)) for name in ("code", "bottleneck")}
    figures = {name: np.array(cells, dtype=np.float64) for name, cells in columns.items()}
    return assessment.table({name: (text | figures)[name] for name in names})


def _most_gain(
    better: Floats, level: Floats, own: float, sources: Sequence[tuple[int, float, bool]]
) -> tuple[int, float]:
    """Return the source that would raise the target most if completed or removed, and the gain."""
    gains = [
        (float(strength * ((1 - level[i]) if better[i] > 0 else -level[i])), i)
        for i, strength, _ in sources
    ]
    gain, source = max(gains, key=lambda pair: pair[0])
    return source, min(gain, 1 - own)


def _lowest(level: Floats, sources: Sequence[tuple[int, float, bool]]) -> tuple[int, float]:
    """Return the lowest source, and the possible gain: the distance to the second lowest."""
    adding = [(float(level[i]), i, required) for i, strength, required in sources if strength > 0]
    binding = [pair[:2] for pair in adding if pair[2]] or [pair[:2] for pair in adding]
    (least, source), *others = sorted(binding) or [(1.0, 0)]
    return source, min([other for other, _ in others] + [1.0]) - least
