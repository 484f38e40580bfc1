"""From weak outcomes back to the capabilities and barriers behind them."""

from collections.abc import Mapping, Sequence
from functools import cached_property
from typing import Any

import numpy as np
from attrs import frozen

from dli.arrays import TIE, Floats
from dli.assessment import Assessment
from dli.capability.network import Network
from dli.capability.outcomes import Position
from dli.capability.paths import paths, strongest
from dli.checks import listed
from dli.errors import MethodError
from dli.frames import Frame
from dli.printing import SHOWN, Printed, Sheet

__all__ = ["Explanation", "explain"]

REFERENCES = ("frontier", "median", "best")


def explain(  # noqa: PLR0913 each option is independent
    graph: Network,
    assessment: Assessment,
    unit: object,
    *,
    period: object = None,
    node: str | None = None,
    reference: str | Sequence[object] = "frontier",
    levels: Mapping[str, float] | None = None,
) -> "Explanation":
    """Go back from a unit's weak outcomes to the capabilities and barriers behind them.

    Parameters
    ----------
    assessment : Assessment
        Of the index that the links lead to.
    unit, period : object
        Units are compared within the period.
    node : str, optional
        The index by default.
    reference : {"frontier", "median", "best"}, or sequence of units
        What an outcome is compared with: the best of all units, their median, the end of the
        scale, or the median of some units.
    levels : mapping of str to float, optional
        The unit's capabilities, from 0 to 1, where they are known; else those of `levels`.

    Returns
    -------
    Explanation
        The gaps of the unit, shared among capabilities.

    Raises
    ------
    UnknownCodeError
        No such unit, period, node or capability.
    MethodError
        Levels outside 0 to 1, or another reference.
    DataError
        A unit without a score.
    """
    where = Position.of(graph, assessment, unit, period=period, node=node, levels=levels)
    if not isinstance(reference, str):
        reference = tuple(listed("reference (if not a text)", reference, "units"))
    return Explanation(
        where=where,
        reference=reference,
        gaps=_gaps(where, reference),
    )


def _gaps(where: Position, reference: str | Sequence[object]) -> Floats:
    """Return how far each outcome is behind its reference: (n_outcomes,), 0 where it is not."""
    assessment = where.found.assessment
    rows = assessment.rows_beside(where.row)
    if not isinstance(reference, str):
        rows = np.array(assessment.rows_of(reference, rows))
    elif reference not in REFERENCES:
        msg = f"reference must be one of {', '.join(REFERENCES)} or units, got {reference!r}"
        raise MethodError(msg)
    values = where.found.values[rows]
    is_known = ~np.isnan(values).all(axis=0)
    level = np.full(values.shape[1], np.nan)
    if reference == "best":
        level[is_known] = 1.0
    else:
        over_units = np.nanmax if reference == "frontier" else np.nanmedian
        level[is_known] = over_units(values[:, is_known], axis=0)
    return np.maximum(np.nan_to_num(level - where.outcomes), 0.0)


@frozen(kw_only=True, eq=False, repr=False)
class Explanation(Printed):
    """Why a unit is weak: the capabilities and barriers behind its gaps.

    Points are those of the score, found by scoring the unit again. They do not add up where several
    capabilities close the same gap, or where the aggregation is not an arithmetic mean.

    Attributes
    ----------
    where : Position
        The unit's capabilities and outcomes.
    reference : str or tuple
        What outcomes are compared with.
    gaps : ndarray of shape (n_outcomes,)
        How far each outcome is behind, on the scale from 0 to 1.
    """

    where: Position
    reference: str | tuple[object, ...]
    gaps: Floats

    @property
    def graph(self) -> Network:
        """The graph of capabilities."""
        return self.where.found.graph

    @property
    def unit(self) -> Any:
        """The unit."""
        return self.where.unit

    @cached_property
    def closable(self) -> Floats:
        """The part of each gap that completing a capability, or removing a barrier, closes.

        min(T[c, k] times the room of c, gap of k), of shape (n_capabilities, n_outcomes), on the
        scale from 0 to 1; nothing for a capability of unknown level.
        """
        better, levels = self.graph.better, self.where.levels
        room = np.nan_to_num(np.where(better > 0, 1.0 - levels, levels))
        helps = np.maximum(self.graph.reach * better[:, np.newaxis], 0.0)
        return np.asarray(np.minimum(helps * room[:, np.newaxis], self.gaps))

    def _gained(self, closed: Floats) -> Floats:
        """Return the points that closing parts of gaps gains: closed is (n_scenarios, n_outcomes).

        A sub-index that its outcomes raise as well does not rise above its reference.
        """
        found, held = self.where.found, self.where.held

        def raised(j: int, score: float) -> Any:
            part, gap = closed[:, j] * found.span[j], self.gaps[j] * found.span[j]
            return lambda below: np.minimum(below + part, np.maximum(below, score + gap))

        changes = {
            code: raised(j, held.score(code))
            for j, code in enumerate(self.graph.outcomes)
            if closed[:, j].any()
        }
        points = held.moved(changes)[found.node] - self.where.score
        # Differences at rounding level are not gains.
        return np.where(np.abs(points) > TIE * abs(self.where.score), points, 0.0)

    @cached_property
    def points(self) -> Floats:
        """The points gained by all that each capability or barrier closes: (n_capabilities,)."""
        return np.broadcast_to(self._gained(self.closable), len(self.graph.codes))

    @cached_property
    def outcome_points(self) -> Floats:
        """The points that closing each gap alone gains: (n_outcomes,)."""
        gained = self._gained(np.diag(self.gaps))
        return np.broadcast_to(gained, len(self.gaps))

    @property
    def table(self) -> Frame:
        """A row for each capability and barrier that gains points, most points first.

        ``code, name, kind, level`` (from 0 to 1), ``points`` of the score that completing the
        capability, or removing the barrier, gains by closing gaps, ``share`` of what closing all
        gaps gains, the ``outcomes`` by which it gains most, and the strongest ``path`` to the first
        of them (of those that it closes most of, where none gains anything alone).
        """
        behind = float(self._gained(self.gaps[np.newaxis])[0])
        order = [i for i in np.argsort(-self.points, kind="stable").tolist() if self.points[i] > 0]
        outcomes = self.graph.outcomes
        chosen = [self.graph.capabilities[i] for i in order]
        closed = [[outcomes[j] for j in self._most(i)] for i in order]
        return self.where.found.assessment.table(
            {
                "code": [c.code for c in chosen],
                "name": [c.name for c in chosen],
                "kind": [c.kind for c in chosen],
                "level": self.where.levels[order],
                "points": self.points[order],
                "share": self.points[order] / behind if order else np.empty(0),
                "outcomes": [", ".join(codes) for codes in closed],
                "path": [
                    strongest(self.graph, c.code, codes[0])
                    for c, codes in zip(chosen, closed, strict=True)
                ],
            }
        )

    def _most(self, capability: int) -> list[int]:
        """Return up to three outcomes by which a capability gains, or closes, most."""
        closable = self.closable[capability]
        points = self._gained(np.diag(closable))
        order = np.lexsort((-closable, -points)).tolist()
        counts = points if (points > 0).any() else closable
        return [j for j in order if counts[j] > 0][:3]

    @property
    def outcomes(self) -> Frame:
        """A row for each outcome behind its reference, the one that costs most points first.

        ``code, name, value`` and ``gap`` (from 0 to 1), the ``points`` of the score that closing
        that gap alone gains, and the capability or barrier ``behind`` most of it: the one that
        closes most.
        """
        found, points = self.where.found, self.outcome_points
        order = [j for j in np.argsort(-points, kind="stable").tolist() if self.gaps[j] > 0]
        codes = [self.graph.outcomes[j] for j in order]
        first = self.closable.argmax(axis=0)
        return found.assessment.table(
            {
                "code": codes,
                "name": [found.assessment.index.find(code).name for code in codes],
                "value": self.where.outcomes[order],
                "gap": self.gaps[order],
                "points": points[order],
                "behind": [
                    self.graph.codes[first[j]] if self.closable[first[j], j] > 0 else None
                    for j in order
                ],
            }
        )

    def paths(self, code: str, outcome: str) -> Frame:
        """Return by which chains a capability acts on an outcome: `CapabilityGraph.paths`."""
        return paths(self.graph, code, outcome)

    def _sheet(self) -> Sheet:
        """Show the capabilities behind most points."""
        reference = self.reference
        against = reference if isinstance(reference, str) else ", ".join(map(str, reference))
        title = f"Capabilities behind the gaps of {self.unit} at {self.where.found.node}"
        order = [i for i in np.argsort(-self.points, kind="stable").tolist() if self.points[i] > 0]
        rows = [
            (
                self.graph.codes[i],
                f"{self.where.levels[i]:.2f}",
                f"{self.points[i]:.2f}",
                self.graph.capabilities[i].kind,
            )
            for i in order[:SHOWN]
        ]
        head = ("code", "level", "points", "kind")
        return Sheet(f"{title} (against: {against})", head, rows, words=(0, 3))
