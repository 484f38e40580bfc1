"""Where a graph of capabilities meets an assessment: outcomes on a scale from 0 to 1."""

from collections.abc import Mapping
from functools import cached_property
from typing import TYPE_CHECKING, Any, TypeAlias

import numpy as np
from attrs import frozen
from numpy.typing import NDArray

from dli import frames
from dli.assessment.contributions import gradient, held_aggregation
from dli.assessment.pipeline import has_enough, joined
from dli.capability.checking import require_targets
from dli.errors import DataError, MethodError
from dli.framework import Index
from dli.framework.checks import is_number

if TYPE_CHECKING:
    from dli.assessment import Assessment
    from dli.capability.graph import CapabilityGraph

__all__ = ["Outcomes", "Position", "ends_of", "levels", "position", "rescored"]

Floats: TypeAlias = NDArray[np.float64]


@frozen(kw_only=True, eq=False)
class Outcomes:
    """The outcomes of a graph in an assessment.

    A link adds to an outcome on a scale from 0 to 1. That is the scale of the normalisation where
    it has ends (min-max, goalposts, scaled); otherwise it runs from the least to the greatest
    score that any unit has. A sub-index has the widest ends of its children, unless its
    aggregation brings a scale of its own.

    Attributes
    ----------
    codes : tuple of str
        The outcomes, indicators and sub-indices.
    low, span : ndarray of shape (n_outcomes,)
        The worst score, and how far it is from the best.
    values : ndarray of shape (n_units, n_outcomes)
        The units' outcomes on the scale from 0 to 1, NaN where missing.
    """

    assessment: "Assessment"
    node: Index
    codes: tuple[str, ...]
    low: Floats
    span: Floats
    values: Floats

    @classmethod
    def of(cls, graph: "CapabilityGraph", assessment: "Assessment", node: str | None) -> "Outcomes":
        """Find the outcomes of a graph in an assessment, and the node they are to raise."""
        require_targets(graph, assessment.index)
        top = assessment.index if node is None else assessment.index.find(node)
        if not isinstance(top, Index):
            msg = f"{top.code!r} is an indicator; leverage and plans are for a node above it"
            raise MethodError(msg)
        ends = ends_of(assessment)
        low, high = np.array([ends[code] for code in graph.outcomes]).reshape(-1, 2).T
        span = np.nan_to_num(high - low)
        scores = [assessment.array(code) for code in graph.outcomes]
        values = np.stack(scores, axis=1) if scores else np.empty((len(assessment.units), 0))
        return cls(
            assessment=assessment,
            node=top,
            codes=graph.outcomes,
            low=low,
            span=span,
            values=(values - low) / np.where(span > 0, span, 1.0),
        )

    @cached_property
    def slopes(self) -> Floats:
        """The derivative of the node's score by each outcome: (n_units, n_outcomes)."""
        by_code = gradient(self.assessment, self.node)
        none = np.zeros(len(self.assessment.units))
        slopes = [
            by_code.get(code, none) * span
            for code, span in zip(self.codes, self.span.tolist(), strict=True)
        ]
        return np.stack(slopes, axis=1) if slopes else np.empty((none.size, 0))

    def frame(self, columns: Mapping[str, Any]) -> Any:
        """Build a table with a row for each unit."""
        observations = self.assessment.observations
        keys = {observations.unit_column: list(self.assessment.units)}
        if self.assessment.periods is not None:
            keys[str(observations.period_column)] = list(self.assessment.periods)
        return frames.build({**keys, **columns}, observations.table.library)


def ends_of(assessment: "Assessment") -> dict[str, tuple[float, float]]:
    """Give the worst and the best score of each node."""
    index = assessment.index
    ends: dict[str, tuple[float, float]] = {}
    for choice, columns in assessment.method.for_indicators("normalisation", index):
        scale = getattr(choice, "normalisation", choice)  # fitted on some units
        for place in np.arange(len(index.indicators))[columns].tolist():
            code = index.indicators[place].code
            if hasattr(scale, "low") and hasattr(scale, "high"):
                ends[code] = (scale.low, scale.high)
            else:
                ends[code] = _observed(assessment.array(code))
    for node in reversed(list(index.walk())):
        if isinstance(node, Index) and hasattr(
            assessment.method.for_node("aggregation", node, index), "fit"
        ):
            ends[node.code] = _observed(assessment.array(node.code))  # a scale of its own
        elif isinstance(node, Index):
            below = [ends[child.code] for child in node.children]
            ends[node.code] = (
                float(np.fmin.reduce([low for low, _ in below])),
                float(np.fmax.reduce([high for _, high in below])),
            )
    return ends


def _observed(scores: Floats) -> tuple[float, float]:
    there = scores[~np.isnan(scores)]
    return (float(there.min()), float(there.max())) if there.size else (np.nan, np.nan)


def levels(graph: "CapabilityGraph", found: Outcomes) -> Floats:
    """Read levels of capabilities off outcomes: (n_units, n_capabilities), NaN where none is."""
    sign = np.array([-1.0 if c.kind == "barrier" else 1.0 for c in graph.capabilities])
    n_capabilities = len(graph.codes)
    direct = np.maximum(graph.direct[:, n_capabilities:].toarray() * sign[:, np.newaxis], 0.0)
    reach = np.maximum(graph.reach * sign[:, np.newaxis], 0.0)
    there = ~np.isnan(found.values)
    values = np.where(there, np.clip(found.values, 0.0, 1.0), 0.0)
    result = np.full((len(values), n_capabilities), np.nan)
    for weights in (reach, direct):  # what is direct goes over what is not
        total = there @ weights.T
        mean = values @ weights.T / np.where(total > 0, total, 1.0)
        result = np.where(total > 0, mean, result)
    result = np.clip(result, 0.0, 1.0)  # rounding
    return np.asarray(np.where(sign > 0, result, 1.0 - result))


@frozen(kw_only=True, eq=False)
class Position:
    """One unit's capabilities and outcomes.

    Attributes
    ----------
    row : int
        Of the assessment.
    levels : ndarray of shape (n_capabilities,)
    outcomes : ndarray of shape (n_outcomes,)
        On the scale from 0 to 1, NaN where missing.
    """

    found: Outcomes
    row: int
    levels: Floats

    @property
    def outcomes(self) -> Floats:
        """The unit's outcomes on the scale from 0 to 1."""
        return np.asarray(self.found.values[self.row])

    @property
    def score(self) -> float:
        """The unit's score at the node."""
        return float(self.found.assessment.array(self.found.node.code)[self.row])


def position(
    graph: "CapabilityGraph",
    found: Outcomes,
    unit: object,
    period: object,
    given: Mapping[str, float] | None,
) -> Position:
    """Find where a unit stands, with the levels that are given in place of those read off."""
    row = found.assessment.row(unit, period)
    if np.isnan(found.assessment.array(found.node.code)[row]):
        msg = f"unit {unit!r} has no score at {found.node.code!r}"
        raise DataError(msg)
    own = levels(graph, found)[row]
    if given is not None:
        graph.require(given)
        bad = [
            f"{code!r}: {level!r}"
            for code, level in given.items()
            if not (is_number(level) and 0 <= level <= 1)
        ]
        if bad:
            msg = "levels of capabilities must be numbers from 0 to 1"
            raise MethodError(msg, bad)
        for code, level in given.items():
            own[graph.codes.index(code)] = level
    return Position(found=found, row=row, levels=own)


def rescored(
    where: Position, effects: Floats, caps: Floats
) -> tuple[dict[str, Floats], dict[str, float]]:
    """Score all units anew after one unit's outcomes have moved.

    Parameters
    ----------
    where : Position
    effects : ndarray of shape (n_outcomes,)
        What is added to each outcome on the scale from 0 to 1, before it is cut off.
    caps : ndarray of shape (n_outcomes,)
        How far each may rise; infinity where only the scale ends it.

    Returns
    -------
    scores : dict of str to ndarray of shape (n_units,)
        Of each node.
    cut : dict of str to float
        What was cut off of each outcome that came to an end.
    """
    found, row = where.found, where.row
    assessment = found.assessment
    place = {code: j for j, code in enumerate(found.codes)}
    scores: dict[str, Floats] = {}
    cut: dict[str, float] = {}
    for node in reversed(list(assessment.index.walk())):
        column = _rejoined(assessment, node, scores) if isinstance(node, Index) else None
        column = assessment.array(node.code) if column is None else column
        j = place.get(node.code)
        moves = column is not assessment.array(node.code) or (j is not None and effects[j] != 0)
        if j is not None and moves and not np.isnan(column[row]) and found.span[j] > 0:
            before = where.outcomes[j]
            wanted = (column[row] - found.low[j]) / found.span[j] + effects[j]
            top = max(before, min(1.0, caps[j]))
            reached = min(max(wanted, min(before, 0.0)), top)
            if abs(wanted - reached) > 1e-12:
                cut[node.code] = wanted - reached
            column = column.copy()
            column[row] = found.low[j] + found.span[j] * reached
        scores[node.code] = column
    return scores, cut


def _rejoined(assessment: "Assessment", node: Index, scores: dict[str, Floats]) -> Floats | None:
    """Join a node's children anew if one of them has moved."""
    children = [scores[child.code] for child in node.children]
    if all(
        column is assessment.array(child.code)
        for column, child in zip(children, node.children, strict=True)
    ):
        return None
    values = np.stack(children, axis=1)
    missing, method = np.isnan(values), assessment.method
    enough = None
    if missing.any():
        enough = has_enough(missing, method, method.for_node("coverage", node, assessment.index))
    weights = assessment.weight_array(node.code)
    return joined(held_aggregation(assessment, node), values, weights, node, enough)
