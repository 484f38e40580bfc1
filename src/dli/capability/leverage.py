"""The derivative of a score by the levels of capabilities."""

from collections.abc import Mapping

import numpy as np
from attrs import evolve, frozen
from numpy.typing import NDArray

from dli.arrays import TIE, Bools, Floats
from dli.assessment import Assessment
from dli.capability.influence import summed_effects
from dli.capability.network import Network
from dli.capability.outcomes import Outcomes
from dli.capability.propagation import caps_of, fixed_point
from dli.frames import Frame
from dli.scoring.held import HeldTree

__all__ = ["kinks", "leverage", "leverage_array"]

# So many moves of outcomes are followed up the tree at once.
_CELLS = 4_000_000


def leverage(graph: Network, assessment: Assessment, node: str | None = None) -> Frame:
    r"""Return what one unit more of each capability adds to the index, for all units.

    The derivative of a node's score by the level of a capability:
    $ds / dc = \sum_t T_{ct} \, ds / dx_t$ over outcomes t, through links, weights and
    aggregations, at each unit's own position, in points of the score for a whole level from 0 to
    1. Weights and the parameters of normalisation are held; levels are those of `levels`.

    Parameters
    ----------
    assessment : Assessment
        Of the index that the links lead to.
    node : str, optional
        The index by default.

    Returns
    -------
    frame
        A row for each unit, a column for each capability and barrier. It is what `propagate` gives
        for small increases: at a kink, such as a level or an outcome at the end of its scale or
        children that tie under a minimum, the derivative is that of an increase of the capability;
        `kinks` lists them. It is infinite where a power mean of an order below 1 has a child at 0,
        and missing where such slopes oppose each other and for units without a score.

    Raises
    ------
    MethodError
        An aggregation without a derivative, such as Copeland's.
    UnknownCodeError
        Links to nodes that are not in the index, or no such node.
    """
    array = leverage_array(graph, assessment, node)
    return assessment.frame(dict(zip(graph.codes, array.T, strict=True)))


def leverage_array(graph: Network, assessment: Assessment, node: str | None = None) -> Floats:
    """Return `leverage` as an array of shape (n_units, n_capabilities)."""
    found = Outcomes.of(graph, assessment, node)
    tree, n = assessment.held, len(graph.codes)
    room = _Room.of(found)
    result = (found.slopes * (room.top[:, n:] > 0)) @ np.maximum(graph.reach, 0.0).T
    result += (found.slopes * (room.bottom[:, n:] < 0)) @ np.minimum(graph.reach, 0.0).T
    bent, held = _is_bent(found, room), room.holds.any(axis=1)
    rising = _rising(found, room, held & ~bent)
    if rising is not None:
        result[held & ~bent], held = rising, held & bent
    own = _own(graph, np.flatnonzero(room.holds[held | bent].any(axis=0)))
    for row in np.flatnonzero(held & ~bent).tolist():
        inflow, top = _inflow(graph, room, own, row)
        result[row] = np.clip(inflow, room.bottom[row, n:], top) @ found.slopes[row]
    blocks = np.array_split(np.flatnonzero(bent), 1 + graph.reach.size * bent.sum() // _CELLS)
    if bent.any() and not tree.is_local(found.node):  # others matter: they come along
        blocks = [np.arange(len(result))]
    for rows in blocks if bent.any() else ():
        result[rows] = _one_sided(found, room, own, rows)
    result[np.isnan(assessment.array(found.node))] = np.nan
    return np.asarray(result)


def _rising(found: Outcomes, room: "_Room", rows: Bools) -> Floats | None:
    """Return the leverage of units in a graph in which everything helps, None in another.

    Nothing falls there: what is at its upper end stays there, and what would go through it is lost.
    """
    graph, n = found.graph, len(found.graph.codes)
    if (graph.direct.data < 0).any() or room.follows[rows].any():
        return None
    goes_on = (room.top[rows] > 0).T
    turn = goes_on[:n] * (graph.onto @ (goes_on[n:] * found.slopes[rows].T))
    total = turn.copy()
    for _ in range(500):  # as many as of all influence
        turn = goes_on[:n] * (graph.among @ turn)
        total += turn
        if np.abs(turn).max(initial=0.0) <= 1e-16 * np.abs(total).max(initial=0.0):
            return np.asarray(total.T)
    return None


def _own(graph: Network, held: NDArray[np.intp]) -> dict[int, Floats]:
    """Return what one unit more of each capability adds to the levels of those that are held."""
    if not held.size:
        return {}
    ones = np.zeros((len(graph.codes), len(held)))
    ones[held, np.arange(len(held))] = 1.0
    return dict(zip(held.tolist(), summed_effects(graph.among, ones).T, strict=True))


@frozen(kw_only=True, eq=False)
class _Room:
    """How far small moves of levels and outcomes go on: no further than 0 at an end.

    Attributes
    ----------
    top, bottom : ndarray of shape (n_units, n_nodes)
        0 where a node cannot rise or fall, else infinite.
    follows : ndarray of bool of shape (n_units, n_required)
        Where the target of a required link is as high as its source: it rises no faster.
    holds : ndarray of bool of shape (n_units, n_capabilities)
        Capabilities that are held, or hold others.
    """

    top: Floats
    bottom: Floats
    follows: Bools
    holds: Bools

    @classmethod
    def of(cls, found: Outcomes) -> "_Room":
        graph = found.graph
        levels = np.nan_to_num(found.levels)
        values = np.concatenate([levels, found.values], axis=1)
        caps = caps_of(graph, levels)
        sources, targets = graph.required_pairs
        follows = (np.abs(values - caps) <= TIE)[:, targets] & (values < 1 - TIE)[:, targets]
        follows &= levels[:, sources] <= caps[:, targets] + TIE
        rises, falls = values < np.minimum(caps, 1.0) - TIE, values > TIE
        falls[:, : levels.shape[1]] |= np.isnan(found.levels)
        for pair, target in enumerate(targets.tolist()):
            rises[:, target] |= follows[:, pair]
        n = len(graph.codes)
        holds = ~(rises & falls)[:, :n] & (graph.reach != 0).any(axis=1)
        for pair, (source, target) in enumerate(zip(sources, targets, strict=True)):
            holds[:, source] |= follows[:, pair]
            if target < n:
                holds[:, target] |= follows[:, pair]
        return cls(
            top=np.where(rises, np.inf, 0.0),
            bottom=np.where(falls, -np.inf, 0.0),
            follows=follows,
            holds=holds,
        )


def _is_bent(found: Outcomes, room: _Room) -> Bools:
    """Return the units at which slopes alone do not give the derivative.

    Children tie, a power mean has a value of 0, or a sub-index that links lead to is at an end.
    """
    tree = found.assessment.held
    bent = np.zeros(len(found.values), dtype=np.bool_)
    for is_kink in tree.kinks(found.node).values():
        bent |= is_kink
    for node in tree.inner(found.node):
        if node.traits.domain == "non-negative":
            bent |= (tree.values(node) == 0).any(axis=1)
        if node.code in found.graph.outcomes:
            j = found.graph.places[node.code]
            bent |= (room.top[:, j] == 0) | (room.bottom[:, j] == 0)
            bent |= room.follows[:, found.graph.required_pairs[1] == j].any(axis=1)
    return bent


def _one_sided(
    found: Outcomes, room: _Room, own: Mapping[int, Floats], rows: NDArray[np.intp]
) -> Floats:
    """Follow a small increase of each capability up the tree: (n_rows, n_capabilities)."""
    graph, tree = found.graph, _of_rows(found.assessment.held, rows)
    n = len(graph.codes)
    inflows = [_inflow(graph, room, own, row) for row in rows.tolist()]
    inflow, top = (np.stack(parts, axis=1) for parts in zip(*inflows, strict=True))
    codes = {child for node in tree.inner(found.node) for child in node.children} | {found.node}
    moved = {found.node: np.zeros((n, len(rows)))}
    for code in reversed([node.code for node in found.assessment.index.walk()]):  # children first
        if code in codes and code in graph.outcomes:
            j = graph.outcomes.index(code)
            span = found.span[j] if found.span[j] > 0 else 1.0
            below = tree.directional(code, moved) / span if code in tree.nodes else 0.0
            total = np.clip(below + inflow[:, :, j], room.bottom[rows, n + j], top[:, :, j])
            with np.errstate(invalid="ignore"):  # an infinite slope below leaves nothing to add
                moved[code] = np.where(total == below, 0.0, total - below) * found.span[j]
    return tree.directional(found.node, moved).T


def _inflow(
    graph: Network, room: _Room, own: Mapping[int, Floats], row: int
) -> tuple[Floats, Floats]:
    """Return the influence on outcomes of a unit and how far they can rise, for each capability.

    Both have shape (n_capabilities, n_outcomes): for a small increase of each in turn.
    """
    n = len(graph.codes)
    held, outcomes = np.flatnonzero(room.holds[row]), np.arange(n, len(graph.nodes))
    top = np.broadcast_to(room.top[row, n:], graph.reach.shape)
    if not held.size:
        return graph.reach, top
    moves, more = _held_moves(graph, room, own, row, held)
    top = np.minimum(top, _caps(graph, room, row, moves, held, outcomes))
    return graph.reach + more @ graph.reach[held], top


def _of_rows(tree: HeldTree, rows: NDArray[np.intp]) -> HeldTree:
    """Return the tree of some units."""
    nodes = {code: node.of_rows(rows) for code, node in tree.nodes.items()}
    return evolve(tree, nodes=nodes, scores={c: scores[rows] for c, scores in tree.scores.items()})


def _held_moves(
    graph: Network,
    room: _Room,
    own: Mapping[int, Floats],
    row: int,
    held: NDArray[np.intp],
) -> tuple[Floats, Floats]:
    """Return how the capabilities that are held in a unit move when each in turn rises a little.

    Returns
    -------
    moves : ndarray of shape (n_capabilities, n_held)
        Of the column when the row rises.
    more : ndarray of shape (n_capabilities, n_held)
        What is added to the held ones themselves to keep them within their limits.
    """
    free = np.stack([own[place] for place in held.tolist()], axis=1)
    # With the ones that are not held solved for, each held one moves by what comes from outside of
    # them, `alone`, by what comes from the others, `step`, and within its limits.
    inverse = np.linalg.inv(free[held])
    alone = free @ inverse
    step = np.eye(len(held)) - inverse

    def limited(now: Floats) -> Floats:
        top = np.minimum(room.top[row, held], _caps(graph, room, row, now, held, held))
        return np.clip(alone + now @ step, room.bottom[row, held], top)

    moves = fixed_point(limited, free)
    return moves, (moves - free) @ inverse


def _caps(
    graph: Network,
    room: _Room,
    row: int,
    moves: Floats,
    held: NDArray[np.intp],
    nodes: NDArray[np.intp],
) -> Floats:
    """Return how far nodes can follow the sources that they require.

    Infinite, or of shape (n_capabilities, n_nodes): when each capability in turn rises a little.
    """
    if not room.follows[row].any():
        return np.full(len(nodes), np.inf)
    caps = np.full((len(moves), len(nodes)), np.inf)
    for source, target in zip(*(e[room.follows[row]] for e in graph.required_pairs), strict=True):
        cap = np.maximum(moves[:, held == source], 0.0)
        caps[:, nodes == target] = np.minimum(caps[:, nodes == target], cap)
    return caps


def kinks(graph: Network, assessment: Assessment, node: str | None = None) -> Frame:
    """Return where leverage is one-sided.

    Parameters
    ----------
    assessment, node
        As of `leverage`.

    Returns
    -------
    frame
        A row for each unit and capability, outcome or node at a kink: ``code`` and ``note``.

    Raises
    ------
    MethodError, UnknownCodeError
        As `leverage`.
    """
    found = Outcomes.of(graph, assessment, node)
    room, n = _Room.of(found), len(graph.codes)
    counts = found.slopes != 0
    counts = np.concatenate([counts @ (graph.reach != 0).T, counts], axis=1)
    values = np.concatenate([found.levels, found.values], axis=1)
    complete, absent = counts & (values >= 1 - TIE), counts & (values <= TIE)
    tied = counts & (room.top == 0) & (values < 1 - TIE)
    for pair, target in enumerate(graph.required_pairs[1].tolist()):
        tied[:, target] |= counts[:, target] & room.follows[:, pair]
    notes = (
        (complete, "at the best end of its scale: nothing is added", slice(n, None)),
        (absent, "at the worst end of its scale: nothing is taken away", slice(n, None)),
        (complete, "its level is 1: it cannot rise", slice(n)),
        (absent, "its level is 0: it cannot fall", slice(n)),
        (tied, "held by a source that it requires: it rises no higher", slice(None)),
    )
    at = [
        (row, code, note)
        for is_kink, note, columns in notes
        for j, code in enumerate(graph.nodes[columns])
        for row in np.flatnonzero(is_kink[:, columns][:, j]).tolist()
    ]
    for code, is_kink in assessment.held.kinks(found.node).items():
        note = "children tie, and the aggregation goes by their order"
        at += [(row, code, note) for row in np.flatnonzero(is_kink).tolist()]
    at.sort(key=lambda kink: kink[0])
    columns = {"code": [code for _, code, _ in at], "note": [note for _, _, note in at]}
    return assessment.frame(columns, rows=[row for row, _, _ in at])
