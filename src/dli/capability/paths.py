"""Which chains of links carry how much of an influence."""

import heapq
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import numpy as np

from dli import frames
from dli.errors import MethodError, UnknownCodeError
from dli.framework.checks import is_whole

if TYPE_CHECKING:
    from dli.capability.graph import CapabilityGraph

__all__ = ["paths", "strongest"]


def paths(graph: "CapabilityGraph", source: str, target: str, top: int | None, share: float) -> Any:
    """List the strongest chains from one node to another, and the rest."""
    graph.require([source])
    codes = (*graph.codes, *graph.outcomes)
    if target not in codes:
        what = "node of the graph"
        raise UnknownCodeError(what, [target], codes)
    if top is not None and not is_whole(top, 1):
        msg = f"top must be a whole number from 1, or None, got {top!r}"
        raise MethodError(msg)
    if not 0 < share <= 1:
        msg = f"share must be above 0 and at most 1, got {share!r}"
        raise MethodError(msg)
    start, end = codes.index(source), codes.index(target)
    total = float(graph.total_influence_array()[start, end])
    unsigned = _unsigned(graph, start, end)
    if top is None and share == 1 and np.isinf(unsigned):
        top = 10
    found: list[tuple[tuple[int, ...], float]] = []
    covered = 0.0
    for walk, product in _walks(graph, start, end):
        found.append((walk, product))
        covered += abs(product)
        if (top is not None and len(found) >= top) or covered >= share * unsigned * (1 - 1e-12):
            break
    rest = total - sum(product for _, product in found)
    if abs(rest) < 1e-15:  # rounding
        rest = 0.0
    influences = np.array([*(product for _, product in found), rest])
    return frames.build(
        {
            "path": [*(" → ".join(codes[i] for i in walk) for walk, _ in found), "all others"],
            "length": np.array([*(len(walk) - 1.0 for walk, _ in found), np.nan]),
            "influence": influences,
            "share": influences / total if total else np.full(influences.size, np.nan),
        },
        integers=["length"],
    )


def strongest(graph: "CapabilityGraph", source: str, target: str) -> str:
    """Name the chain that carries most from one node to another."""
    codes = (*graph.codes, *graph.outcomes)
    walk, _ = next(_walks(graph, codes.index(source), codes.index(target)))
    return " → ".join(codes[i] for i in walk)


def _unsigned(graph: "CapabilityGraph", start: int, end: int) -> float:
    """Add up all chains without their signs; infinite if they have no end."""
    from dli.capability.influence import refuse_divergence, summed_effects
    from dli.errors import DivergentInfluenceError

    n = len(graph.codes)
    size = abs(graph.direct)
    try:
        refuse_divergence(size[:, :n], graph.codes)
    except DivergentInfluenceError:
        return float("inf")
    column = size[:, [end]].toarray()
    return float(summed_effects(size[:, :n], column)[start, 0])


def _walks(
    graph: "CapabilityGraph", start: int, end: int
) -> Iterator[tuple[tuple[int, ...], float]]:
    """Give chains from a node to another, the strongest first.

    Best first, guided by the strongest way that is left: strengths are at most 1, so that no chain
    gains by going on.
    """
    ahead = _strongest_ahead(graph, end)
    links = _links_from(graph)
    # A chain is put off by what it can become at best; of equals the shortest goes on.
    waiting: list[tuple[float, int, tuple[int, ...], float]] = []

    def put(walk: tuple[int, ...], product: float) -> None:
        if ahead.get(walk[-1], 0.0) > 0:
            bound = abs(product) * ahead[walk[-1]]
            heapq.heappush(waiting, (-bound, len(walk), walk, product))

    for target, strength in links.get(start, ()):
        put((start, target), strength)
    while waiting:
        bound, _, walk, product = heapq.heappop(waiting)
        if -bound < 1e-300:  # feedback has faded away
            return
        if walk[-1] == end:
            yield walk, product
        for target, strength in links.get(walk[-1], ()):
            put((*walk, target), product * strength)


def _links_from(graph: "CapabilityGraph") -> dict[int, list[tuple[int, float]]]:
    links: dict[int, list[tuple[int, float]]] = {}
    direct = graph.direct.tocoo()
    for source, target, strength in zip(
        direct.row.tolist(), direct.col.tolist(), direct.data.tolist(), strict=True
    ):
        if strength != 0:
            links.setdefault(source, []).append((target, strength))
    return links


def _strongest_ahead(graph: "CapabilityGraph", end: int) -> dict[int, float]:
    """Give the largest product of strengths from each node to the end."""
    into: dict[int, list[tuple[int, float]]] = {}
    for source, reached in _links_from(graph).items():
        for target, strength in reached:
            into.setdefault(target, []).append((source, abs(strength)))
    best: dict[int, float] = {}
    waiting = [(-1.0, end)]
    while waiting:
        product, node = heapq.heappop(waiting)
        if node in best:
            continue
        best[node] = -product
        for source, strength in into.get(node, ()):
            if source not in best:
                heapq.heappush(waiting, (product * strength, source))
    return best
