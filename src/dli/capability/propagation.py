"""What-if: changes of capabilities followed to outcomes, sub-indices, score and rank."""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, TypeAlias

import numpy as np
from attrs import frozen
from numpy.typing import NDArray

from dli import frames
from dli.assessment.ranking import rank_scores
from dli.capability.outcomes import Position, rescored
from dli.errors import MethodError, UnknownCodeError
from dli.framework import Index
from dli.framework.checks import is_number

if TYPE_CHECKING:
    from dli.capability.graph import CapabilityGraph

__all__ = ["After", "propagate", "settled"]

Floats: TypeAlias = NDArray[np.float64]

_TURNS = 100_000


@frozen(kw_only=True, eq=False)
class After:
    """Where a unit has come to.

    Attributes
    ----------
    levels : ndarray of shape (n_capabilities,)
    scores : dict of str to ndarray of shape (n_units,)
        Of each node of the index.
    cut : dict of str to float
        What was cut off of nodes that came to the end of their scale.
    """

    levels: Floats
    scores: dict[str, Floats]
    cut: dict[str, float]


def settled(graph: "CapabilityGraph", where: Position, changes: Mapping[str, float]) -> After:
    """Follow changes through the graph until nothing moves any more.

    Levels l' = min(1, max(0, l + own change + sum over links of strength times the source's
    change)), the same for outcomes, which lead no further. A required source caps what it leads
    to at its own level, or where the target stands already if that is higher.
    """
    n_capabilities = len(graph.codes)
    place = {code: i for i, code in enumerate((*graph.codes, *graph.outcomes))}
    own = np.zeros(len(place))
    for code, change in changes.items():
        own[place[code]] = change
    sources, targets = graph.required_pairs
    among = targets < n_capabilities
    start = np.nan_to_num(where.levels)  # one that nothing tells of reaches nothing either
    square = graph.direct[:, :n_capabilities].T.tocsr()
    now = start
    for _ in range(_TURNS):
        wanted = start + own[:n_capabilities] + square @ (now - start)
        caps = np.full(n_capabilities, np.inf)
        np.minimum.at(caps, targets[among], now[sources[among]])
        after = np.clip(np.minimum(wanted, np.maximum(start, caps)), 0.0, 1.0)
        moved = np.abs(after - now).max(initial=0.0)
        now = after
        if moved <= 4e-16:  # the last digit may swing
            break
    else:
        msg = "levels do not settle: links that take away make them swing to and fro"
        raise MethodError(msg)
    cut = {
        graph.codes[i]: float(wanted[i] - now[i])
        for i in np.flatnonzero(np.abs(wanted - now) > 1e-12).tolist()
    }
    inflow = graph.direct[:, n_capabilities:].T @ (now - start)
    caps = np.full(len(graph.outcomes), np.inf)
    np.minimum.at(caps, targets[~among] - n_capabilities, now[sources[~among]])
    scores, cut_off = rescored(where, own[n_capabilities:] + inflow, caps)
    return After(levels=now, scores=scores, cut=cut | cut_off)


def propagate(graph: "CapabilityGraph", where: Position, changes: Mapping[str, Any]) -> Any:
    """Tell what becomes of a unit under one scenario or several."""
    several = bool(changes) and all(isinstance(c, Mapping) for c in changes.values())
    scenarios = dict(changes) if several else {"changes": changes}
    for scenario in scenarios.values():
        _check(graph, where, scenario)
    rows: list[tuple[Any, ...]] = []
    for name, scenario in scenarios.items():
        rows += _rows(graph, where, str(name), settled(graph, where, scenario))
    names = ("scenario", "code", "kind", "before", "after", "rank_before", "rank_after", "cut")
    columns: dict[str, Any] = dict(zip(names, zip(*rows, strict=True), strict=True))
    before, after = np.array(columns["before"]), np.array(columns["after"])
    return frames.build(
        {
            "scenario": list(columns["scenario"]),
            "code": list(columns["code"]),
            "kind": list(columns["kind"]),
            "before": before,
            "after": after,
            "change": after - before,
            "rank_before": np.array(columns["rank_before"]),
            "rank_after": np.array(columns["rank_after"]),
            "saturated": list(columns["cut"]),
        },
        where.found.assessment.observations.table.library,
        integers=["rank_before", "rank_after"],
    )


def _check(graph: "CapabilityGraph", where: Position, changes: Mapping[str, Any]) -> None:
    known = (*graph.codes, *graph.outcomes)
    unknown = [code for code in changes if code not in known]
    if unknown:
        what = "capability or outcome of the graph"
        raise UnknownCodeError(what, unknown, known)
    bad = [
        f"{code!r}: {change!r}"
        for code, change in changes.items()
        if not (is_number(change) and -1 <= change <= 1)
    ]
    if bad:
        msg = "changes of levels must be numbers from -1 to 1"
        raise MethodError(msg, bad)
    lacking = {
        code
        for code, value in zip(graph.outcomes, where.outcomes.tolist(), strict=True)
        if np.isnan(value)
    }
    missing = [f"{code!r}" for code in changes if code in lacking]
    if missing:
        msg = "outcomes that the unit lacks cannot change"
        raise MethodError(msg, missing)


def _rows(
    graph: "CapabilityGraph", where: Position, name: str, after: After
) -> list[tuple[Any, ...]]:
    assessment, row = where.found.assessment, where.row
    periods = assessment.periods
    same = [i for i in range(len(assessment.units)) if not periods or periods[i] == periods[row]]
    rows: list[tuple[Any, ...]] = []
    for node in assessment.index.walk():
        before, scores = assessment.array(node.code), after.scores[node.code]
        top = node is assessment.index
        if np.isnan(before[row]):
            continue
        if top or scores[row] != before[row] or node.code in after.cut:
            kind = "index" if top else "sub-index" if isinstance(node, Index) else "indicator"
            ranks = rank_scores(scores[same])
            rows.append(
                (
                    name,
                    node.code,
                    kind,
                    before[row],
                    scores[row],
                    assessment.rank_array(node.code)[row],
                    ranks[same.index(row)],
                    node.code in after.cut,
                )
            )
    rows += [
        (name, c.code, c.kind, before, level, np.nan, np.nan, c.code in after.cut)
        for c, before, level in zip(
            graph.capabilities, where.levels.tolist(), after.levels.tolist(), strict=True
        )
        if not np.isnan(before) and (level != before or c.code in after.cut)
    ]
    return rows
