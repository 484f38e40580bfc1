"""Which chains of links carry how much of an influence."""

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
    """Return which chains carry how much of the total influence of one node on another.

    Parameters
    ----------
    source, target : str
        Codes of capabilities, or of nodes of the index.
    top : int, optional
        How many chains to list at most; None lists all, which needs ``share < 1`` where feedback
        makes their number infinite.
    share : float
        Stop when this share of the influence, taken without signs, is listed.

    Returns
    -------
    frame
        ``path, length, influence, share``, the strongest first; the last row, ``all others``,
        has the rest, so that the column of influence adds up to the total.

    Raises
    ------
    UnknownCodeError
        Nodes that are not in the graph.
    MethodError
        ``top`` or ``share`` out of range.
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
    found: list[tuple[tuple[int, ...], float]] = []
    covered = 0.0
    for walk, product in _walks(graph, start, end):
        found.append((walk, product))
        covered += abs(product)
        if (top is not None and len(found) >= top) or covered >= share * unsigned * (1 - 1e-12):
            break
    rest = total - sum(product for _, product in found)
    influences = np.array([*(product for _, product in found), rest if abs(rest) > 1e-15 else 0.0])
    return frames.build(
        {
            "path": [*(_named(graph, walk) for walk, _ in found), "all others"],
            "length": np.array([*(len(walk) - 1.0 for walk, _ in found), np.nan]),
            "influence": influences,
            "share": influences / total if total else np.full(influences.size, np.nan),
        },
        integers=["length"],
    )


def strongest(graph: Network, source: str, target: str) -> str:
    """Return the chain that carries most from one node to another, as text."""
    return _named(graph, next(_walks(graph, graph.places[source], graph.places[target]))[0])


def _named(graph: Network, walk: Sequence[int]) -> str:
    return " → ".join(graph.nodes[i] for i in walk)


def _summed(among: object, direct: object, start: int, end: int) -> float:
    """Return the sum over all chains of the products of their links."""
    column = direct[:, [end]].toarray()  # type: ignore[index] # a sparse array
    return float(summed_effects(among, column)[start, 0])


def _unsigned(graph: Network, start: int, end: int) -> float:
    """Return the same without signs; infinite where the sum does not converge."""
    size = abs(graph.direct)
    among = size[:, : len(graph.codes)]
    try:
        refuse_divergence(among, graph.codes)
    except DivergentInfluenceError:
        return float("inf")
    return _summed(among, size, start, end)


def _walks(graph: Network, start: int, end: int) -> Iterator[tuple[tuple[int, ...], float]]:
    """Yield chains from a node to another, the strongest first.

    Best first, guided by the strongest way that is left: strengths are at most 1, so that no chain
    gains by going on.
    """
    forth: dict[int, list[tuple[int, float]]] = {}
    back: dict[int, list[tuple[int, float]]] = {}
    for source, target, strength in graph.signed_links():
        forth.setdefault(source, []).append((target, strength))
        back.setdefault(target, []).append((source, strength))
    ahead = _strongest_ahead(back, end)
    # A chain is put off by what it can become at best; of equals the shortest goes on.
    waiting: list[tuple[float, int, tuple[int, ...], float]] = []

    def put(walk: tuple[int, ...], product: float) -> None:
        bound = abs(product) * ahead.get(walk[-1], 0.0)
        if bound > 1e-300:  # below it feedback has faded away
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
