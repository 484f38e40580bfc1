"""Graphs with uncertain strengths of links, and the uncertainty of their results."""

from collections.abc import Mapping, Sequence
from functools import cached_property
from typing import Any, Generic

import numpy as np
from attrs import field, frozen
from numpy.typing import ArrayLike

from dli.arrays import Floats, as_floats
from dli.assessment import Assessment
from dli.capability.explanation import explain
from dli.capability.leverage import leverage_array
from dli.capability.network import Network, NetworkT
from dli.capability.request import Request
from dli.capability.varied import drawn_strengths, shares
from dli.checks import generator, instance, number, whole_number
from dli.errors import MethodError
from dli.frames import Frame
from dli.ranking import rank_scores

__all__ = ["UncertainGraph", "bounds", "uncertain"]

# All draws are kept in memory, which limits their number.
MOST_DRAWS = 1_000_000


def uncertain(
    graph: NetworkT, relative: float = 0.5, *, n_samples: int = 200, rng: Any = None
) -> "UncertainGraph[NetworkT]":
    """Return the graph with uncertain strengths, drawn within a relative range of their values.

    Parameters
    ----------
    relative : float
        The relative range, from 0 to 1: strengths are drawn uniformly from (1 - relative) to
        (1 + relative) times their value, and limited to 1.
    n_samples : int
        The number of draws.
    rng : int, numpy.random.SeedSequence or numpy.random.Generator, optional
        The seed or generator of random numbers. The same seed returns the same draws.

    Returns
    -------
    UncertainGraph
        A graph whose ``leverage``, ``explain`` and ``plan`` return intervals and shares of draws.

    Raises
    ------
    MethodError
        Numbers are out of range.
    """
    relative = number("relative", relative, least=0, most=1)
    n_samples = whole_number("n_samples", n_samples, 1, MOST_DRAWS)
    return UncertainGraph(graph, drawn_strengths(graph, relative, n_samples, generator(rng)))


def _strengths(values: ArrayLike) -> Floats:
    return as_floats(values, "strengths")


@frozen(eq=False, repr=False)
class UncertainGraph(Generic[NetworkT]):
    """A graph of capabilities whose strengths are uncertain and represented by draws.

    Parameters
    ----------
    graph : CapabilityGraph
        The graph with the nominal strengths.
    strengths : array_like of shape (n_samples, n_links)
        The strengths in each draw, in the order of the graph's links.

    Raises
    ------
    MethodError
        Strengths have another shape or are not from 0 to 1.
    DivergentInfluenceError
        The feedback of a draw does not converge. This error is raised when draws are first used.
    """

    graph: NetworkT
    strengths: Floats = field(converter=_strengths)

    def __attrs_post_init__(self) -> None:
        instance("graph", self.graph, Network)
        n_links, shape = len(self.graph.links), self.strengths.shape
        if len(shape) != 2 or shape[0] == 0 or shape[1] != n_links:
            msg = f"strengths must have the shape (n_samples, {n_links}), got {shape}"
            raise MethodError(msg)
        if not ((self.strengths >= 0) & (self.strengths <= 1)).all():
            msg = "strengths must be numbers from 0 to 1"
            raise MethodError(msg)

    @cached_property
    def draws(self) -> tuple[NetworkT, ...]:
        """The graphs of the draws, one for each."""
        return tuple(self.graph.with_strengths(row) for row in self.strengths.tolist())

    def leverage(
        self, assessment: Assessment, node: str | None = None, *, confidence: float = 0.9
    ) -> Frame:
        """Return the leverage of each capability with an interval.

        Parameters
        ----------
        assessment, node
            As for `CapabilityGraph.leverage`.
        confidence : float
            The share of draws within the interval.

        Returns
        -------
        frame
            One row for each unit and capability: ``code``, ``leverage`` with nominal strengths, and
            the bounds ``low`` and ``high``.

        Raises
        ------
        MethodError, UnknownCodeError
            As for `CapabilityGraph.leverage`; or ``confidence`` is not between 0 and 1.
        """
        nominal = leverage_array(self.graph, assessment, node)
        drawn = np.stack([leverage_array(graph, assessment, node) for graph in self.draws])
        low, high = bounds(drawn, confidence)
        n_units, n_codes = nominal.shape
        columns = {"code": list(self.graph.codes) * n_units, "leverage": nominal.ravel()}
        columns |= {"low": low.ravel(), "high": high.ravel()}
        return assessment.frame(columns, rows=np.repeat(np.arange(n_units), n_codes))

    def explain(  # noqa: PLR0913 each option is independent
        self,
        assessment: Assessment,
        unit: object,
        *,
        period: object = None,
        node: str | None = None,
        reference: str | Sequence[object] = "frontier",
        levels: Mapping[str, float] | None = None,
        confidence: float = 0.9,
    ) -> Frame:
        """Return the points of the capabilities behind a unit's gaps with intervals.

        Parameters
        ----------
        assessment, unit, period, node, reference, levels
            As for `CapabilityGraph.explain`.
        confidence : float
            The share of draws within the interval.

        Returns
        -------
        frame
            One row for each capability and barrier, ordered by nominal points: ``code, points, low,
            high``, and ``first`` and ``top_3``, the shares of draws in which it ranks first or
            among the first three. Ties share the smaller rank; capabilities without points are not
            ranked.

        Raises
        ------
        UnknownCodeError, MethodError, DataError
            As for `CapabilityGraph.explain`; or ``confidence`` is not between 0 and 1.
        """
        nominal, *draws = (
            explain(
                graph,
                assessment,
                unit,
                period=period,
                node=node,
                reference=reference,
                levels=levels,
            ).points
            for graph in (self.graph, *self.draws)
        )
        drawn = np.stack(draws)
        low, high = bounds(drawn, confidence)
        ranks = np.where(drawn > 0, rank_scores(drawn), np.inf)
        order = np.argsort(-nominal, kind="stable")
        return assessment.table(
            {
                "code": [self.graph.codes[i] for i in order.tolist()],
                "points": nominal[order],
                "low": low[order],
                "high": high[order],
                "first": (ranks == 1).mean(axis=0)[order],
                "top_3": (ranks <= 3).mean(axis=0)[order],
            }
        )

    def plan(self, assessment: Assessment, unit: object, **options: Any) -> Frame:
        """Return how often each capability is in the best plan.

        Parameters
        ----------
        assessment, unit, **options
            As for `CapabilityGraph.plan`.

        Returns
        -------
        frame
            One row for each capability and barrier, the most frequent first: ``code``; ``nominal``,
            the change of its level in the plan with nominal strengths; ``share``, the share of
            draws whose best plan includes it; ``mean_change``, the mean change of its level over
            all draws; ``first_step``, the share of draws in which the plan begins with it. A draw
            in which no plan reaches the target counts as a plan without steps.

        Raises
        ------
        MethodError, UnknownCodeError, DataError
            As for `CapabilityGraph.plan`.
        """
        request = Request(assessment=assessment, unit=unit, **options)
        return shares(request, self.graph, self.draws)

    def __repr__(self) -> str:
        return f"{len(self.strengths)} draws of the strengths of {len(self.graph.links)} links"


def bounds(drawn: Floats, confidence: float) -> tuple[Floats, Floats]:
    """Return the bounds of the central interval that contains a share of draws (first axis).

    Raises
    ------
    MethodError
        The confidence level is not between 0 and 1.
    """
    share = number("confidence", confidence, above=0, below=1)
    low, high = np.quantile(drawn, [(1 - share) / 2, (1 + share) / 2], axis=0)
    return low, high
