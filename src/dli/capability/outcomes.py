"""Where a graph of capabilities meets an assessment: outcomes on a scale from 0 to 1."""

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

    A link adds to an outcome on a scale from 0 to 1, which runs from the worst to the best score of
    the node, `Assessment.held.ends`: the ends of the normalisation where it has some (min-max,
    goalposts, scaled), else the least and the greatest score that any unit has. A sub-index has the
    widest ends of its children, unless its aggregation brings a scale of its own.

    Attributes
    ----------
    graph : Network
    assessment : Assessment
    node : str
        The node to raise.
    low, span : ndarray of shape (n_outcomes,)
        The worst score, and how far it is from the best.
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
            Links to nodes that are not in the index, or no such node.
        MethodError
            A node without children.
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
        """The derivative of the node's score by each outcome: (n_units, n_outcomes)."""
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
        # Outcomes that are linked directly go before those that are reached.
        for influence in (self.graph.reach, self.graph.onto):
            weights = np.maximum(influence * better, 0.0).T
            total = is_known @ weights
            mean = values @ weights / np.where(total > 0, total, 1.0)
            levels = np.where(total > 0, mean, levels)
        levels = np.clip(levels, 0.0, 1.0)  # rounding
        return np.asarray(np.where(better.T > 0, levels, 1.0 - levels))


def levels(graph: Network, assessment: Assessment) -> Frame:
    """Return the levels of capabilities that the outcomes of each unit suggest.

    The level of a capability is the mean of the outcomes that it adds to directly, on a scale
    from 0 to 1, weighted by the strengths of the links; of all that it reaches if those are
    missing or there are none. The level of a barrier is as high as what it takes away from is
    low. It is a reading of symptoms: a survey of the capabilities themselves is better.

    Returns
    -------
    frame
        A row for each unit, a column for each capability and barrier; missing where it is
        unknown, as no outcome that it improves is known.
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
        Of the assessment.
    levels : ndarray of shape (n_capabilities,)
        NaN where unknown.
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
        """Return the position of a unit; levels that are known replace those read off outcomes.

        Raises
        ------
        UnknownCodeError
            No such unit, period, node or capability.
        MethodError
            Levels outside 0 to 1.
        DataError
            A unit without a score at the node.
        """
        found = Outcomes.of(graph, assessment, node)
        row = assessment.scored_row(unit, found.node, period=period)
        own = found.levels[row].copy()
        known = {} if levels is None else mapping("levels", levels, "code to level")
        graph.require(known)
        bad = [f"{c!r}: {v!r}" for c, v in known.items() if number_fault(c, v, least=0, most=1)]
        if bad:
            msg = "levels of capabilities must be numbers from 0 to 1"
            raise MethodError(msg, bad)
        own[[graph.places[code] for code in known]] = list(known.values())
        return cls(found=found, row=row, levels=own)

    @property
    def unit(self) -> Any:
        """The unit."""
        return self.found.assessment.units[self.row]

    @cached_property
    def held(self) -> HeldUnit:
        """The tree of the unit."""
        return self.found.assessment.held.unit(self.row)

    @property
    def outcomes(self) -> Floats:
        """The unit's outcomes on the scale from 0 to 1."""
        return np.asarray(self.found.values[self.row])

    @property
    def score(self) -> float:
        """The unit's score at the node."""
        return self.held.score(self.found.node)
