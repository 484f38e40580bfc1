"""Outcomes of a graph in an assessment, on a scale from 0 to 1, and levels of capabilities."""

from collections.abc import Mapping
from functools import cached_property
from typing import Any

import numpy as np
from attrs import frozen

from dli.arrays import Floats
from dli.assessment import Assessment
from dli.capability.checking import require_targets
from dli.capability.network import Network
from dli.checks import instance, mapping, number_fault
from dli.errors import MethodError
from dli.frames import Frame
from dli.framework.select import inner_node
from dli.scoring.held import HeldUnit

__all__ = ["Outcomes", "Position", "levels"]


@frozen(kw_only=True, eq=False)
class Outcomes:
    """The outcomes of a graph in an assessment.

    Links act on outcomes on a scale from 0 to 1, from the worst to the best score of the node,
    `Assessment.held.ends`. These are the ends of the normalisation if it has any (min-max,
    goalposts, scaled), else the lowest and the highest score of any unit. The ends of a sub-index
    are the widest of its children's, unless its aggregation has a scale of its own.

    Attributes
    ----------
    graph : Network
    assessment : Assessment
    node : str
        The code of the node whose score is to be raised.
    low, span : ndarray of shape (n_outcomes,)
        The worst score of each outcome, and the difference between the best and the worst.
    values : ndarray of shape (n_units, n_outcomes)
        The units' outcomes on the scale from 0 to 1, NaN where missing.
    """

    graph: Network
    assessment: Assessment
    node: str
    low: Floats
    span: Floats
    values: Floats

    @classmethod
    def of(cls, graph: Network, assessment: Assessment, node: str | None = None) -> "Outcomes":
        """Return the outcomes of a graph in an assessment.

        Raises
        ------
        UnknownCodeError
            Links lead to nodes that are not in the index, or the node does not exist.
        MethodError
            The node has no children.
        """
        instance("assessment", assessment, Assessment)
        require_targets(graph, assessment.index)
        top = inner_node(assessment.index, node).code
        ends = [assessment.held.ends[code] for code in graph.outcomes]
        low, high = np.array(ends).reshape(-1, 2).T
        span = np.nan_to_num(high - low)
        values = (assessment.arrays(graph.outcomes) - low) / np.where(span > 0, span, 1.0)
        return cls(graph=graph, assessment=assessment, node=top, low=low, span=span, values=values)

    @cached_property
    def slopes(self) -> Floats:
        """The derivative of the score with respect to each outcome: (n_units, n_outcomes)."""
        slopes = self.assessment.held.slopes(self.node)
        by_outcome = np.zeros(self.values.shape)
        for j, code in enumerate(self.graph.outcomes):
            if code in slopes:
                by_outcome[:, j] = slopes[code] * self.span[j]
        return by_outcome

    @cached_property
    def levels(self) -> Floats:
        """The levels of capabilities: (n_units, n_capabilities), NaN where no outcome is known."""
        better = self.graph.better[:, np.newaxis]
        is_known = ~np.isnan(self.values)
        values = np.where(is_known, np.clip(self.values, 0.0, 1.0), 0.0)
        levels = np.full((len(values), len(better)), np.nan)
        # Outcomes with a direct link take precedence over those that are reached through others.
        for influence in (self.graph.reach, self.graph.onto):
            weights = np.maximum(influence * better, 0.0).T
            total = is_known @ weights
            mean = values @ weights / np.where(total > 0, total, 1.0)
            levels = np.where(total > 0, mean, levels)
        levels = np.clip(levels, 0.0, 1.0)  # removes rounding errors
        return np.asarray(np.where(better.T > 0, levels, 1.0 - levels))


def levels(graph: Network, assessment: Assessment) -> Frame:
    """Return the levels of capabilities that are inferred from the outcomes of each unit.

    The level of a capability is the mean of the outcomes that it improves directly, on a scale from
    0 to 1, weighted by the strengths of the links. If there are no such outcomes, or all are
    missing, the mean is over all outcomes that it improves through others. The level of a barrier
    is 1 minus the mean of the outcomes that it reduces. Outcomes are only symptoms of capabilities;
    a survey of the capabilities themselves is a better source of levels.

    Parameters
    ----------
    assessment : Assessment
        The assessment of the index that the links lead to.

    Returns
    -------
    frame
        One row for each unit and one column for each capability and barrier, with levels from 0 to
        1. A level is missing if the unit has no value of any outcome that determines it.
    """
    found = Outcomes.of(graph, assessment)
    return assessment.frame(dict(zip(graph.codes, found.levels.T, strict=True)))


@frozen(kw_only=True, eq=False)
class Position:
    """The capabilities and outcomes of one unit.

    Attributes
    ----------
    found : Outcomes
    row : int
        The row of the unit in the assessment.
    levels : ndarray of shape (n_capabilities,)
        The levels of capabilities, NaN where unknown.
    """

    found: Outcomes
    row: int
    levels: Floats

    @classmethod
    def of(
        cls,
        graph: Network,
        assessment: Assessment,
        unit: object,
        *,
        period: object = None,
        node: str | None = None,
        levels: Mapping[str, float] | None = None,
    ) -> "Position":
        """Return the position of a unit; known levels replace those inferred from outcomes.

        Raises
        ------
        UnknownCodeError
            The unit, the period, the node or a capability does not exist.
        MethodError
            Levels are not from 0 to 1.
        DataError
            The unit has no score at the node.
        """
        found = Outcomes.of(graph, assessment, node)
        row = assessment.scored_row(unit, found.node, period=period)
        unit_levels = found.levels[row].copy()
        known = {} if levels is None else mapping("levels", levels, "code to level")
        graph.require(known)
        bad = [f"{c!r}: {v!r}" for c, v in known.items() if number_fault(c, v, least=0, most=1)]
        if bad:
            msg = "levels of capabilities must be numbers from 0 to 1"
            raise MethodError(msg, bad)
        unit_levels[[graph.places[code] for code in known]] = list(known.values())
        return cls(found=found, row=row, levels=unit_levels)

    @property
    def unit(self) -> Any:
        """The unit."""
        return self.found.assessment.units[self.row]

    @cached_property
    def held(self) -> HeldUnit:
        """The tree of nodes with the scores and weights of the unit."""
        return self.found.assessment.held.unit(self.row)

    @property
    def outcomes(self) -> Floats:
        """The unit's outcomes on the scale from 0 to 1."""
        return np.asarray(self.found.values[self.row])

    @property
    def score(self) -> float:
        """The unit's score at the node."""
        return self.held.score(self.found.node)
