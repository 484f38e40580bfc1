"""The shape of a graph: total influence, centrality, stages and bottlenecks."""

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
    """Return `total_influence` as an array of shape (n_capabilities, n_nodes)."""
    return influence.summed_effects(graph.among, graph.direct.toarray())


def total_influence(graph: Network) -> Frame:
    """Return the influence over chains of any length.

    Returns
    -------
    frame
        A row for each capability, ``code``, and a column for each capability and outcome.
    """
    columns = dict(zip(graph.nodes, total_influence_array(graph).T, strict=True))
    return frames.build({"code": list(graph.codes), **columns})


def dematel(graph: Network) -> Frame:
    """Return causes and effects by DEMATEL, over capabilities and outcomes; signs do not count.

    Returns
    -------
    frame
        ``code, prominence, relation, role``: a ``cause`` gives more than it receives.
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
    """Return how central capabilities are, by measures of networkx.

    Returns
    -------
    frame
        ``code``; ``given`` and ``received``, the sums of direct strengths; ``betweenness``, the
        share of the strongest chains between others that lead through; ``reach``, how many outcomes
        can be reached.
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
    """Return capabilities in stages, each after what strengthens it.

    Parameters
    ----------
    codes : iterable of str, optional
        Some of the capabilities; all by default.

    Returns
    -------
    list of list of tuple of str
        The groups of each stage; those that feed back on each other are one group.

    Raises
    ------
    UnknownCodeError
        Codes that are not capabilities.
    """
    import networkx as nx

    wanted = graph.codes if codes is None else several("codes", codes)
    graph.require(wanted)
    chosen = set(wanted)
    kept = [code for code in graph.codes if code in chosen]
    drawn: Any = nx.DiGraph()
    drawn.add_nodes_from(kept)
    among = to_networkx(graph).subgraph(graph.codes)
    # What is left out still passes the order on: a chain through it counts.
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
    """Return capabilities in stages, each after what strengthens it.

    Parameters
    ----------
    codes : sequence of str, optional
        Some of the capabilities; all by default.

    Returns
    -------
    frame
        ``stage`` (from 1), ``code``, ``name``, ``kind`` and ``together_with``: capabilities that
        feed back on each other are in one stage and are built together.

    Raises
    ------
    UnknownCodeError
        Codes that are not capabilities.
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
    """Return which single source holds each node back most.

    Parameters
    ----------
    assessment, unit, period, levels
        As of `explain`.
    semantics : {"additive", "weakest"}
        Effects add up, and the bottleneck is the source whose completion alone, or removal of a
        barrier, adds most; or a node is as high as the lowest of its required sources (of all that
        add to it where none is marked), and only the one lowest source is a bottleneck.

    Returns
    -------
    frame
        A row for each node that has one: ``code, level, bottleneck, source_level, gain``.

    Raises
    ------
    UnknownCodeError, MethodError, DataError
        As `explain`; other semantics.
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
    """Return the source whose completion, or removal, alone raises the target most."""
    gains = [
        (float(strength * ((1 - level[i]) if better[i] > 0 else -level[i])), i)
        for i, strength, _ in sources
    ]
    gain, source = max(gains, key=lambda pair: pair[0])
    return source, min(gain, 1 - own)


def _lowest(level: Floats, sources: Sequence[tuple[int, float, bool]]) -> tuple[int, float]:
    """Return the one lowest source, and how far the target follows it up to the second lowest."""
    adding = [(float(level[i]), i, required) for i, strength, required in sources if strength > 0]
    binding = [pair[:2] for pair in adding if pair[2]] or [pair[:2] for pair in adding]
    (least, source), *others = sorted(binding) or [(1.0, 0)]
    return source, min([other for other, _ in others] + [1.0]) - least
