"""Explanation of weak outcomes by the capabilities and barriers behind them."""

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
    """Explain a unit's gaps by the capabilities and barriers behind its weak outcomes.

    Parameters
    ----------
    assessment : Assessment
        The assessment of the index that the links lead to.
    unit : object
        The unit, as the data name it.
    period : object, optional
        The period within which units are compared. Required if there are several periods.
    node : str, optional
        The code of the node whose score is explained; the index by default.
    reference : {"frontier", "median", "best"}, or sequence of units
        What each outcome is compared with: the best of all units, the median of all units, the best
        end of the scale, or the median of the named units.
    levels : mapping of str to float, optional
        Known levels of the unit's capabilities, from 0 to 1, by code. The levels of all others are
        inferred from the outcomes, as by `CapabilityGraph.levels`.

    Returns
    -------
    Explanation
        The gaps of the unit, with the points that each capability could recover.

    Raises
    ------
    UnknownCodeError
        The unit, the period, the node or a capability does not exist.
    MethodError
        Levels are not from 0 to 1, or the reference is unknown.
    DataError
        The unit has no score.
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
    """Return the gap of each outcome to its reference, 0 if it is not behind: (n_outcomes,)."""
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
    """The capabilities and barriers behind a unit's gaps, as `CapabilityGraph.explain` returns it.

    Points are points of the score, found by computing the unit's score again. They do not add up if
    several capabilities close the same gap, or if the aggregation is not an arithmetic mean.

    Attributes
    ----------
    where : Position
        The unit's capabilities and outcomes.
    reference : str or tuple
        The reference that outcomes are compared with.
    gaps : ndarray of shape (n_outcomes,)
        The gap of each outcome to its reference, on a scale from 0 to 1; 0 if it is not behind.
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
        """The part of each gap that completing a capability, or removing a barrier, would close.

        An array of shape (n_capabilities, n_outcomes) on a scale from 0 to 1: the minimum of
        T[c, k] times the distance of capability c from its full level (of a barrier, its level) and
        the gap of outcome k. It is 0 for a capability of unknown level.
        """
        better, levels = self.graph.better, self.where.levels
        room = np.nan_to_num(np.where(better > 0, 1.0 - levels, levels))
        helps = np.maximum(self.graph.reach * better[:, np.newaxis], 0.0)
        return np.asarray(np.minimum(helps * room[:, np.newaxis], self.gaps))

    def _gained(self, closed: Floats) -> Floats:
        """Return the points gained by closing parts of gaps, given as (n_scenarios, n_outcomes).

        A sub-index that is also raised by its own indicators does not rise above its reference.
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
        """The points that each capability or barrier would recover: (n_capabilities,)."""
        return np.broadcast_to(self._gained(self.closable), len(self.graph.codes))

    @cached_property
    def outcome_points(self) -> Floats:
        """The points that closing each gap alone would gain: (n_outcomes,)."""
        gained = self._gained(np.diag(self.gaps))
        return np.broadcast_to(gained, len(self.gaps))

    @property
    def table(self) -> Frame:
        """The capabilities and barriers that would recover points, the most points first.

        Columns: ``code, name, kind, level`` (from 0 to 1); ``points``, what the score would gain
        if the capability were complete, or the barrier removed, and thus closed gaps; ``share``,
        these points as a share of the gain from closing all gaps; ``outcomes``, up to three
        outcomes through which it gains most; and ``path``, the strongest path to the first of
        them. If no outcome gains points by itself, the outcomes are those with the largest part of
        the gap closed.
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
        """Return up to three outcomes through which a capability gains, or else closes, most."""
        closable = self.closable[capability]
        points = self._gained(np.diag(closable))
        order = np.lexsort((-closable, -points)).tolist()
        counts = points if (points > 0).any() else closable
        return [j for j in order if counts[j] > 0][:3]

    @property
    def outcomes(self) -> Frame:
        """The outcomes that are behind their reference, in a row each, most points first.

        Columns: ``code, name``; ``value`` and ``gap``, from 0 to 1; ``points``, what the score
        would gain if that gap alone were closed; and ``behind``, the capability or barrier that
        would close the largest part of the gap.
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
        """Return the chains from a capability to an outcome, as `CapabilityGraph.paths` does."""
        return paths(self.graph, code, outcome)

    def _sheet(self) -> Sheet:
        """Return the printed table: the capabilities that would recover the most points."""
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
