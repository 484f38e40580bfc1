"""What-if analysis: effects of changes of capabilities on outcomes, sub-indices, score and rank."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np
from attrs import frozen

from dli.arrays import TIE, Bools, Floats
from dli.assessment import Assessment
from dli.capability.influence import DENSE
from dli.capability.network import Network
from dli.capability.outcomes import Position
from dli.checks import mapping, number_fault
from dli.errors import MethodError, UnknownCodeError
from dli.frames import Frame
from dli.framework import Index
from dli.ranking import rank_scores

__all__ = ["After", "caps_of", "fixed_point", "propagate", "settled"]

_TURNS = 100_000


@frozen(kw_only=True, eq=False)
class After:
    """Levels and scores of a unit after changes, in several scenarios.

    Attributes
    ----------
    levels : ndarray of shape (n_scenarios, n_capabilities)
        The levels of capabilities.
    scores : dict of str to ndarray of shape (n_scenarios,)
        The scores of each node of the index.
    cut : ndarray of bool of shape (n_scenarios, n_nodes)
        Whether each node of the graph reached the end of its scale, so that its change is cut off.
    """

    levels: Floats
    scores: dict[str, Floats]
    cut: Bools


def settled(where: Position, scenarios: Sequence[Mapping[str, float]]) -> After:
    """Follow changes of capabilities and outcomes through the graph until levels are stable.

    Levels become l' = min(1, max(0, l + own change + sum over links of strength times the source's
    change)). The same holds for outcomes, which have no links of their own. A required source
    limits its target to its own level, or to the present level of the target if that is higher.

    Raises
    ------
    MethodError
        Levels do not converge.
    """
    graph = where.found.graph
    n = len(graph.codes)
    own = np.zeros((len(scenarios), len(graph.nodes)))
    for scenario, changes in enumerate(scenarios):
        own[scenario, [graph.places[code] for code in changes]] = list(changes.values())
    # An unknown level may move either way.
    start, low = np.nan_to_num(where.levels), np.where(np.isnan(where.levels), -1.0, 0.0)
    among = graph.among.toarray() if n <= DENSE else graph.among

    def wanted(now: Floats) -> Floats:
        return np.asarray(start + own[:, :n] + (now - start) @ among)

    def limited(now: Floats) -> Floats:
        top = np.maximum(start, caps_of(graph, now)[:, :n])
        return np.clip(np.minimum(wanted(now), top), low, 1.0)

    now = np.broadcast_to(start, (len(own), n))
    if (graph.required_pairs[1] < n).any():
        # Capabilities that require each other can rise together, so limits are applied to the
        # levels without limits; starting from the present levels, each would wait for the other.
        now = fixed_point(lambda now: np.clip(wanted(now), low, 1.0), now)
    now = fixed_point(limited, now)
    cut = np.zeros(own.shape, dtype=np.bool_)
    cut[:, :n] = np.abs(wanted(now) - now) > TIE
    effects = own[:, n:] + (now - start) @ graph.onto
    caps = caps_of(graph, now)[:, n:]
    changed = {}
    for j, code in enumerate(graph.outcomes):
        # A sub-index may move by its children alone.
        if effects[:, j].any() or code in where.found.assessment.held.nodes:
            changed[code] = _moved(where, j, effects[:, j], caps[:, j], cut[:, n + j])
    scores = where.held.moved(changed)
    return After(levels=now, scores=scores, cut=cut)


def fixed_point(step: Callable[[Floats], Floats], start: Floats) -> Floats:
    """Iterate a function from a start until its value does not change any more.

    Raises
    ------
    MethodError
        The iteration does not converge.
    """
    now = start
    for _ in range(_TURNS):
        after = step(now)
        moved = np.abs(after - now).max(initial=0.0)
        now = after
        if moved <= 4e-16:  # the last digit may alternate
            return now
    msg = "levels do not converge: negative links make them oscillate; use weaker negative links"
    raise MethodError(msg)


def caps_of(graph: Network, levels: Floats) -> Floats:
    """Return the lowest level of the required sources of each node: (..., n_nodes).

    The result is infinite for nodes without required sources.
    """
    caps = np.full((*levels.shape[:-1], len(graph.nodes)), np.inf)
    sources, targets = graph.required_pairs
    for source, target in zip(sources.tolist(), targets.tolist(), strict=True):
        caps[..., target] = np.minimum(caps[..., target], levels[..., source])
    return caps


def _moved(
    where: Position, j: int, effects: Floats, caps: Floats, cut: Bools
) -> Callable[[Floats], Floats]:
    """Return the function that changes an outcome's score and records cut-offs in ``cut``."""
    before, low, span = where.outcomes[j], where.found.low[j], where.found.span[j]
    score = where.held.score(where.found.graph.outcomes[j])

    def moved(scores: Floats) -> Floats:
        if not span > 0:
            return scores
        wanted = (scores - low) / span + effects
        reached = np.clip(wanted, min(before, 0.0), np.maximum(before, np.minimum(1.0, caps)))
        moves = (effects != 0) | (scores != score)
        cut[:] = moves & (np.abs(wanted - reached) > TIE)
        return np.where(moves, low + span * reached, scores)

    return moved


def propagate(
    graph: Network,
    assessment: Assessment,
    unit: object,
    changes: Mapping[str, Any],
    *,
    period: object = None,
    levels: Mapping[str, float] | None = None,
) -> Frame:
    """Return the effects of changes of capabilities on a unit's outcomes, scores and ranks.

    Changes are followed through the graph until levels and outcomes are stable. Levels and outcomes
    do not leave their scale; changes that are cut off are marked. Weights and the parameters of
    normalisation are held constant, and other units do not change.

    Parameters
    ----------
    assessment, unit, period, levels
        As for `CapabilityGraph.explain`.
    changes : mapping of str to float, or mapping of str to such mappings
        The change, from -1 to 1, of the level of each capability or barrier, or of an outcome, by
        code: ``{"data_integration": 0.2}``. To compare several scenarios, pass a mapping of their
        names: ``{"data first": {...}, "people first": {...}}``.

    Returns
    -------
    frame
        One row for each scenario and each node that changes, the index first: ``scenario, code,
        kind, before, after, change, rank_before, rank_after`` and ``saturated``, which is True for
        nodes whose change is cut off at the end of their scale. Levels of capabilities are numbers
        from 0 to 1 and have no rank.

    Raises
    ------
    UnknownCodeError
        A code is neither a capability nor an outcome of the graph, or the unit or period does not
        exist.
    MethodError
        Changes are not from -1 to 1, an outcome to change is missing for the unit, or levels do not
        converge.
    DataError
        The unit has no score.
    """
    where = Position.of(graph, assessment, unit, period=period, levels=levels)
    changes = mapping("changes", changes, "code to change of level")
    several = bool(changes) and all(isinstance(c, Mapping) for c in changes.values())
    scenarios = changes if several else {"changes": changes}
    for scenario in scenarios.values():
        _check(where, scenario)
    after = settled(where, list(scenarios.values()))
    rows: list[tuple[Any, ...]] = []
    for i, name in enumerate(scenarios):
        cut = {graph.nodes[node] for node in np.flatnonzero(after.cut[i]).tolist()}
        scores = {code: float(own[i if len(own) > 1 else 0]) for code, own in after.scores.items()}
        for code, kind, *figures in _node_rows(where, scores, cut):
            rows.append((str(name), code, kind, *figures, code in cut))
        for capability, before, level in zip(
            graph.capabilities, where.levels.tolist(), after.levels[i].tolist(), strict=True
        ):
            code = capability.code
            if not np.isnan(before) and (_differ(before, level) or code in cut):
                figures = [before, level, np.nan, np.nan]
                rows.append((str(name), code, capability.kind, *figures, code in cut))
    texts = list(zip(*rows, strict=True))
    before, after_scores, rank_before, rank_after = np.array(texts[3:7])
    return assessment.table(
        {
            "scenario": list(texts[0]),
            "code": list(texts[1]),
            "kind": list(texts[2]),
            "before": before,
            "after": after_scores,
            "change": after_scores - before,
            "rank_before": rank_before,
            "rank_after": rank_after,
            "saturated": list(texts[7]),
        },
        integers=["rank_before", "rank_after"],
    )


def _check(where: Position, changes: Mapping[str, Any]) -> None:
    graph = where.found.graph
    changes = mapping("changes", changes, "code to change of level")
    unknown = [code for code in changes if code not in graph.places]
    if unknown:
        what = "capability or outcome of the graph"
        raise UnknownCodeError(what, unknown, graph.nodes)
    bad = [
        f"{code!r}: {change!r}"
        for code, change in changes.items()
        if number_fault(code, change, least=-1, most=1)
    ]
    if bad:
        msg = "changes of levels must be numbers from -1 to 1"
        raise MethodError(msg, bad)
    known = dict(zip(graph.outcomes, where.outcomes.tolist(), strict=True))
    missing = [f"{code!r}" for code in changes if np.isnan(known.get(code, 0.0))]
    if missing:
        msg = "cannot change outcomes that are missing for the unit"
        raise MethodError(msg, missing)


def _node_rows(
    where: Position, after: Mapping[str, float], cut: set[str]
) -> list[tuple[str, str, float, float, float, float]]:
    """Return the code, kind, scores and ranks of each node of the index that changes."""
    assessment, row = where.found.assessment, where.row
    rows = assessment.rows_beside(row)
    place = rows.tolist().index(row)
    moved = {}
    for code in where.found.graph.outcomes:
        moved[code] = assessment.array(code).copy()
        moved[code][row] = after[code]
    # Scores of all units are computed, since that of one may depend on the others.
    scores = assessment.held.moved(moved)
    result = []
    for node in assessment.index.walk():
        code, before = node.code, where.held.score(node.code)
        top = node is assessment.index
        if np.isnan(before) or not (top or _differ(before, after[code]) or code in cut):
            continue
        kind = "index" if top else "sub-index" if isinstance(node, Index) else "indicator"
        ranks = (
            float(assessment.rank_array(code)[row]),
            float(rank_scores(scores[code][rows])[place]),
        )
        result.append((code, kind, before, after[code], *ranks))
    return result


def _differ(before: float, after: float) -> bool:
    return abs(after - before) > TIE * max(abs(before), abs(after))
