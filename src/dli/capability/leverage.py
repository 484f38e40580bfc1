"""Leverage: the derivative of a score with respect to the levels of capabilities."""

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

# The number of changes of outcomes that are followed up the tree at once, which limits memory.
_CELLS = 4_000_000


def leverage(graph: Network, assessment: Assessment, node: str | None = None) -> Frame:
    r"""Return the leverage of each capability for all units.

    Leverage is the derivative of a node's score with respect to the level of a capability,
    $ds / dc = \sum_t T_{ct} \, ds / dx_t$, over outcomes t, through links, weights and
    aggregations, at each unit's own position. It is expressed in points of the score for a whole
    level, from 0 to 1. Weights and the parameters of normalisation are held constant. The levels of
    capabilities are those that `CapabilityGraph.levels` infers.

    Parameters
    ----------
    assessment : Assessment
        The assessment of the index that the links lead to.
    node : str, optional
        The code of the node whose score is differentiated; the index by default.

    Returns
    -------
    frame
        One row for each unit and one column for each capability and barrier. Leverage agrees with
        `CapabilityGraph.propagate` for small increases: at a kink, such as a level or an outcome at
        the end of its scale, or children that tie under a minimum, it is the one-sided derivative
        for an increase of the capability (see `CapabilityGraph.kinks`). It is infinite where a
        power mean of an order below 1 has a child at 0. It is missing where infinite slopes of
        opposite signs meet, and for units without a score.

    Raises
    ------
    MethodError
        The aggregation has no derivative, as with Copeland's.
    UnknownCodeError
        Links lead to nodes that are not in the index, or the node does not exist.
    """
    array = leverage_array(graph, assessment, node)
    return assessment.frame(dict(zip(graph.codes, array.T, strict=True)))


def leverage_array(graph: Network, assessment: Assessment, node: str | None = None) -> Floats:
    """Return the leverage of each capability as an array of shape (n_units, n_capabilities).

    Parameters
    ----------
    assessment, node
        As for `CapabilityGraph.leverage`.

    Returns
    -------
    ndarray of shape (n_units, n_capabilities)
        The leverage, NaN for units without a score.
    """
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
    if bent.any() and not tree.is_local(found.node):  # scores depend on all units
        blocks = [np.arange(len(result))]
    for rows in blocks if bent.any() else ():
        result[rows] = _one_sided(found, room, own, rows)
    result[np.isnan(assessment.array(found.node))] = np.nan
    return np.asarray(result)


def _rising(found: Outcomes, room: "_Room", rows: Bools) -> Floats | None:
    """Return the leverage of units in a graph without negative links; None for other graphs.

    In such a graph nothing falls: a node at its upper end stays there, and effects through it are
    lost.
    """
    graph, n = found.graph, len(found.graph.codes)
    if (graph.direct.data < 0).any() or room.follows[rows].any():
        return None
    goes_on = (room.top[rows] > 0).T
    turn = goes_on[:n] * (graph.onto @ (goes_on[n:] * found.slopes[rows].T))
    total = turn.copy()
    for _ in range(500):  # the same limit as in summed_effects
        turn = goes_on[:n] * (graph.among @ turn)
        total += turn
        if np.abs(turn).max(initial=0.0) <= 1e-16 * np.abs(total).max(initial=0.0):
            return np.asarray(total.T)
    return None


def _own(graph: Network, held: NDArray[np.intp]) -> dict[int, Floats]:
    """Return the total effect of one unit more of each capability on each held capability."""
    if not held.size:
        return {}
    ones = np.zeros((len(graph.codes), len(held)))
    ones[held, np.arange(len(held))] = 1.0
    return dict(zip(held.tolist(), summed_effects(graph.among, ones).T, strict=True))


@frozen(kw_only=True, eq=False)
class _Room:
    """The limits of small changes of levels and outcomes.

    Attributes
    ----------
    top, bottom : ndarray of shape (n_units, n_nodes)
        The limits of a rise and of a fall: 0 where a node cannot move that way, else infinite.
    follows : ndarray of bool of shape (n_units, n_required)
        Whether the target of a required link is as high as its source, so that it cannot rise
        faster.
    holds : ndarray of bool of shape (n_units, n_capabilities)
        Whether a capability is limited, or limits others.
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
    """Return the units at which the derivative does not follow from the slopes alone.

    This happens if children tie, if a power mean has a value of 0, or if a sub-index that links
    lead to is at an end of its scale.
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
    """Return the effect on the score of a small increase of each capability, followed up the tree.

    The result has shape (n_rows, n_capabilities).
    """
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
    """Return the influence on a unit's outcomes and the limits of their rise.

    Both have shape (n_capabilities, n_outcomes), for a small increase of each capability in turn.
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
    """Return the tree of the units in some rows."""
    nodes = {code: node.of_rows(rows) for code, node in tree.nodes.items()}
    return evolve(tree, nodes=nodes, scores={c: scores[rows] for c, scores in tree.scores.items()})


def _held_moves(
    graph: Network,
    room: _Room,
    own: Mapping[int, Floats],
    row: int,
    held: NDArray[np.intp],
) -> tuple[Floats, Floats]:
    """Return the changes of a unit's held capabilities for a small rise of each in turn.

    Returns
    -------
    moves : ndarray of shape (n_capabilities, n_held)
        The change of the capability in the column when that in the row rises.
    more : ndarray of shape (n_capabilities, n_held)
        The correction to the held capabilities that keeps them within their limits.
    """
    free = np.stack([own[place] for place in held.tolist()], axis=1)
    # With all other capabilities solved for, a held one moves by the direct effect of the rise,
    # `alone`, plus the effects of the other held ones, `step`, within its limits.
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
    """Return the limits that required sources set to the rise of nodes.

    The result is infinite, or has shape (n_capabilities, n_nodes), for a small rise of each
    capability in turn.
    """
    if not room.follows[row].any():
        return np.full(len(nodes), np.inf)
    caps = np.full((len(moves), len(nodes)), np.inf)
    for source, target in zip(*(e[room.follows[row]] for e in graph.required_pairs), strict=True):
        cap = np.maximum(moves[:, held == source], 0.0)
        caps[:, nodes == target] = np.minimum(caps[:, nodes == target], cap)
    return caps


def kinks(graph: Network, assessment: Assessment, node: str | None = None) -> Frame:
    """Return the kinks of the score, at which leverage holds for increases only.

    Parameters
    ----------
    assessment, node
        As for `CapabilityGraph.leverage`.

    Returns
    -------
    frame
        One row for each unit and each of its capabilities, outcomes or nodes at a kink: the unit,
        ``code`` and ``note``.

    Raises
    ------
    MethodError, UnknownCodeError
        As for `CapabilityGraph.leverage`.
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
        (tied, "limited by a source that it requires: it cannot rise", slice(None)),
    )
    at = [
        (row, code, note)
        for is_kink, note, columns in notes
        for j, code in enumerate(graph.nodes[columns])
        for row in np.flatnonzero(is_kink[:, columns][:, j]).tolist()
    ]
    for code, is_kink in assessment.held.kinks(found.node).items():
        note = "children tie, and the aggregation depends on their order"
        at += [(row, code, note) for row in np.flatnonzero(is_kink).tolist()]
    at.sort(key=lambda kink: kink[0])
    columns = {"code": [code for _, code, _ in at], "note": [note for _, _, note in at]}
    return assessment.frame(columns, rows=[row for row, _, _ in at])
