"""From weak outcomes back to the capabilities and barriers behind them."""

from collections.abc import Sequence
from functools import cached_property
from typing import TYPE_CHECKING, Any, TypeAlias

import numpy as np
from attrs import frozen
from numpy.typing import NDArray

from dli import frames
from dli.capability.outcomes import Position
from dli.capability.paths import strongest
from dli.errors import MethodError, UnknownCodeError
from dli.printing import Printed, Sheet

if TYPE_CHECKING:
    from dli.capability.graph import CapabilityGraph

__all__ = ["Explanation", "closable", "explain", "gaps"]

Floats: TypeAlias = NDArray[np.float64]

REFERENCES = ("frontier", "median", "best")


def explain(
    graph: "CapabilityGraph", where: Position, unit: object, reference: str | Sequence[object]
) -> "Explanation":
    """Find the capabilities behind a unit's weak outcomes."""
    return Explanation(
        graph=graph,
        unit=unit,
        where=where,
        reference=reference if isinstance(reference, str) else tuple(reference),
        gaps=gaps(where, reference),
    )


def gaps(where: Position, reference: str | Sequence[object]) -> Floats:
    """Tell how far each outcome is behind its reference: (n_outcomes,), 0 where it is not."""
    found = where.found
    assessment = found.assessment
    periods = assessment.periods
    same = [
        i
        for i in range(len(assessment.units))
        if periods is None or periods[i] == periods[where.row]
    ]
    if isinstance(reference, str):
        if reference not in REFERENCES:
            msg = f"reference must be one of {', '.join(REFERENCES)} or units, got {reference!r}"
            raise MethodError(msg)
        rows = same
    else:
        units = [assessment.units[i] for i in same]
        unknown = [unit for unit in reference if unit not in units]
        if unknown:
            what = "unit"
            raise UnknownCodeError(what, unknown, units)
        if not reference:
            msg = "reference names no units"
            raise MethodError(msg)
        rows = [same[units.index(unit)] for unit in reference]
    values = found.values[rows]
    there = ~np.isnan(values).all(axis=0)
    level = np.full(values.shape[1], np.nan)
    if reference == "best":
        level[there] = 1.0
    else:
        over_units = np.nanmax if reference == "frontier" else np.nanmedian
        level[there] = over_units(values[:, there], axis=0)
    return np.maximum(np.nan_to_num(level - where.outcomes), 0.0)


def closable(graph: "CapabilityGraph", where: Position, behind: Floats) -> Floats:
    """Give the part of each gap that completing a capability, or removing a barrier, closes.

    min(T[c, k] times the room of c, gap of k), of shape (n_capabilities, n_outcomes), on the scale
    from 0 to 1; nothing for a capability of unknown level.
    """
    barrier = np.array([c.kind == "barrier" for c in graph.capabilities])
    room = np.nan_to_num(np.where(barrier, where.levels, 1.0 - where.levels))
    reach = graph.reach * np.where(barrier, -1.0, 1.0)[:, np.newaxis]
    return np.asarray(np.minimum(np.maximum(reach, 0.0) * room[:, np.newaxis], behind))


@frozen(kw_only=True, eq=False, repr=False)
class Explanation(Printed):
    """Why a unit is weak: what stands behind its gaps.

    Attributes
    ----------
    graph : CapabilityGraph
    unit : object
    reference : str or tuple
        What outcomes are compared with.
    gaps : ndarray of shape (n_outcomes,)
        How far each outcome is behind, on the scale from 0 to 1.
    """

    graph: "CapabilityGraph"
    unit: Any
    reference: str | tuple[object, ...]
    gaps: Floats
    where: Position

    @cached_property
    def _points(self) -> Floats:
        """The points that each capability can win back by each outcome."""
        slopes = self.where.found.slopes[self.where.row]
        return np.asarray(closable(self.graph, self.where, self.gaps) * slopes)

    @cached_property
    def points(self) -> Floats:
        """The points of the score behind each capability and barrier: (n_capabilities,)."""
        return np.asarray(self._points.sum(axis=1))

    @property
    def table(self) -> Any:
        """A row for each capability and barrier that can close a gap, most points first.

        ``code, name, kind, level`` (from 0 to 1), ``points`` of the score that completing the
        capability, or removing the barrier, wins back by closing gaps, ``share`` of all points
        behind, ``outcomes`` that it closes most of, and the strongest ``path`` to the first.
        """
        behind = float(self.gaps @ self.where.found.slopes[self.where.row])
        order = [i for i in np.argsort(-self.points, kind="stable").tolist() if self.points[i] > 0]
        outcomes = self.graph.outcomes
        most = [
            [
                outcomes[j]
                for j in np.argsort(-self._points[i], kind="stable")[:3].tolist()
                if self._points[i, j] > 0
            ]
            for i in order
        ]
        chosen = [self.graph.capabilities[i] for i in order]
        return frames.build(
            {
                "code": [c.code for c in chosen],
                "name": [c.name for c in chosen],
                "kind": [c.kind for c in chosen],
                "level": self.where.levels[order],
                "points": self.points[order],
                "share": self.points[order] / behind if order else np.empty(0),
                "outcomes": [", ".join(codes) for codes in most],
                "path": [
                    strongest(self.graph, c.code, codes[0])
                    for c, codes in zip(chosen, most, strict=True)
                ],
            },
            self.where.found.assessment.observations.table.library,
        )

    @property
    def outcomes(self) -> Any:
        """A row for each outcome behind its reference, the one that costs most points first.

        ``code, name, value`` and ``gap`` (from 0 to 1), ``points`` of the score, and the capability
        or barrier that can win back most of them, ``behind``.
        """
        found = self.where.found
        points = self.gaps * found.slopes[self.where.row]
        order = [j for j in np.argsort(-points, kind="stable").tolist() if self.gaps[j] > 0]
        best = self._points.argmax(axis=0)
        index = found.assessment.index
        return frames.build(
            {
                "code": [found.codes[j] for j in order],
                "name": [index.find(found.codes[j]).name for j in order],
                "value": self.where.outcomes[order],
                "gap": self.gaps[order],
                "points": points[order],
                "behind": [
                    self.graph.codes[best[j]] if self._points[best[j], j] > 0 else None
                    for j in order
                ],
            },
            found.assessment.observations.table.library,
        )

    def paths(self, code: str, outcome: str) -> Any:
        """Tell by which chains a capability acts on an outcome: `CapabilityGraph.paths`."""
        return self.graph.paths(code, outcome)

    def _sheet(self) -> Sheet:
        from dli.capability.drawing import explanation_sheet

        return explanation_sheet(self)
