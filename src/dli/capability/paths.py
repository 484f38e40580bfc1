"""Decomposition of a total influence into chains of links."""

import heapq
from collections.abc import Iterator, Mapping, Sequence
from typing import TypeAlias

import numpy as np

from dli import frames
from dli.capability.influence import refuse_divergence, summed_effects
from dli.capability.network import Network
from dli.checks import is_hashable, number, whole_number
from dli.errors import DivergentInfluenceError, UnknownCodeError
from dli.frames import Frame

__all__ = ["paths", "strongest"]

# The number of a node, and the strength of the link to it or from it.
Neighbours: TypeAlias = Mapping[int, Sequence[tuple[int, float]]]


def paths(
    graph: Network, source: str, target: str, *, top: int | None = 10, share: float = 0.999
) -> Frame:
    """Return the chains of links through which one node influences another, strongest first.

    Parameters
    ----------
    source : str
        The code of a capability or barrier.
    target : str
        The code of a capability or barrier, or of an outcome of the graph.
    top : int, optional
        The maximum number of chains to list; None for all. If feedback makes the number of chains
        infinite, None requires ``share < 1``.
    share : float
        The share of the total influence, computed without signs, at which the list ends.

    Returns
    -------
    frame
        The columns ``path, length, influence, share``, with one row for each chain. The last row,
        ``all others``, has the remainder, so that the influences add up to the total influence.

    Raises
    ------
    UnknownCodeError
        The source or the target is not in the graph.
    MethodError
        ``top`` or ``share`` is out of range.
    """
    graph.require([source])
    if not is_hashable(target) or target not in graph.places:
        what = "node of the graph"
        raise UnknownCodeError(what, [target], graph.nodes)
    top = None if top is None else whole_number("top (if not None)", top, 1)
    share = number("share", share, above=0, most=1)
    start, end = graph.places[source], graph.places[target]
    total = _summed(graph.among, graph.direct, start, end)
    unsigned = _unsigned(graph, start, end)
    if top is None and share == 1 and np.isinf(unsigned):
        top = 10
    chains: list[tuple[tuple[int, ...], float]] = []
    covered = 0.0
    for walk, product in _walks(graph, start, end):
        chains.append((walk, product))
        covered += abs(product)
        if (top is not None and len(chains) >= top) or covered >= share * unsigned * (1 - 1e-12):
            break
    rest = total - sum(product for _, product in chains)
    influences = np.array([*(product for _, product in chains), rest if abs(rest) > 1e-15 else 0.0])
    return frames.build(
        {
            "path": [*(_named(graph, walk) for walk, _ in chains), "all others"],
            "length": np.array([*(len(walk) - 1.0 for walk, _ in chains), np.nan]),
            "influence": influences,
            "share": influences / total if total else np.full(influences.size, np.nan),
        },
        integers=["length"],
    )


def strongest(graph: Network, source: str, target: str) -> str:
    """Return the chain with the largest influence of one node on another, as text."""
    return _named(graph, next(_walks(graph, graph.places[source], graph.places[target]))[0])


def _named(graph: Network, walk: Sequence[int]) -> str:
    return " → ".join(graph.nodes[i] for i in walk)


def _summed(among: object, direct: object, start: int, end: int) -> float:
    """Return the sum over all chains of the products of their links."""
    column = direct[:, [end]].toarray()  # type: ignore[index] # a sparse array
    return float(summed_effects(among, column)[start, 0])


def _unsigned(graph: Network, start: int, end: int) -> float:
    """Return the total influence without signs; infinite if the sum does not converge."""
    size = abs(graph.direct)
    among = size[:, : len(graph.codes)]
    try:
        refuse_divergence(among, graph.codes)
    except DivergentInfluenceError:
        return float("inf")
    return _summed(among, size, start, end)


def _walks(graph: Network, start: int, end: int) -> Iterator[tuple[tuple[int, ...], float]]:
    """Yield the chains from one node to another, the strongest first.

    This is a best-first search, guided by the strongest continuation of each chain. Strengths are
    at most 1, so that a chain never becomes stronger when it is extended.
    """
    forth: dict[int, list[tuple[int, float]]] = {}
    back: dict[int, list[tuple[int, float]]] = {}
    for source, target, strength in graph.signed_links():
        forth.setdefault(source, []).append((target, strength))
        back.setdefault(target, []).append((source, strength))
    ahead = _strongest_ahead(back, end)
    # Chains wait in the order of their best possible strength; ties are broken by length.
    waiting: list[tuple[float, int, tuple[int, ...], float]] = []

    def put(walk: tuple[int, ...], product: float) -> None:
        bound = abs(product) * ahead.get(walk[-1], 0.0)
        if bound > 1e-300:  # smaller products are negligible and would keep loops running
            heapq.heappush(waiting, (-bound, len(walk), walk, product))

    put((start,), 1.0)
    while waiting:
        _, _, walk, product = heapq.heappop(waiting)
        if walk[-1] == end and len(walk) > 1:
            yield walk, product
        for target, strength in forth.get(walk[-1], ()):
            put((*walk, target), product * strength)


def _strongest_ahead(back: Neighbours, end: int) -> dict[int, float]:
    """Return the largest product of strengths from each node to the end."""
    best: dict[int, float] = {}
    waiting = [(-1.0, end)]
    while waiting:
        product, node = heapq.heappop(waiting)
        if node in best:
            continue
        best[node] = -product
        for source, strength in back.get(node, ()):
            heapq.heappush(waiting, (product * abs(strength), source))
    return best
