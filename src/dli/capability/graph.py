"""The graph that capabilities and links make up."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from functools import cached_property
from os import PathLike
from typing import TYPE_CHECKING, Any, TypeAlias

import numpy as np
from attrs import field, frozen
from numpy.typing import NDArray

from dli import frames
from dli.capability import influence
from dli.capability.elements import Capability, Link
from dli.errors import ModelError, UnknownCodeError
from dli.framework import Index
from dli.framework.checks import text_faults

if TYPE_CHECKING:
    from dli.assessment import Assessment
    from dli.capability.estimation import Estimate
    from dli.capability.explanation import Explanation
    from dli.capability.planning import Plan
    from dli.capability.uncertain import UncertainGraph

__all__ = ["CapabilityGraph"]

Floats: TypeAlias = NDArray[np.float64]


def _tuple(items: Any) -> tuple[Any, ...]:
    return tuple(items)


@frozen(repr=False)
class CapabilityGraph:
    """Capabilities and barriers with their links to each other and to outcomes of an index.

    Feedback among capabilities is allowed while it converges. What a link leads to is looked up
    in an index by `check`, and whenever the graph meets an assessment.

    Parameters
    ----------
    capabilities : sequence of Capability
    links : sequence of Link
    description : str

    Raises
    ------
    ModelError
        Repeated codes or links, and links from what is no capability of the graph; all are listed.
    DivergentInfluenceError
        Feedback that grows from turn to turn.

    Examples
    --------
    >>> graph = CapabilityGraph(
    ...     [Capability("data_integration"), Capability("data_silos", kind="barrier")],
    ...     [Link("data_silos", "data_integration", 0.45), Link("data_integration", "DI1", 0.45)],
    ... )
    >>> graph
    2 capabilities (1 barrier), 2 links, 1 outcome
    data_integration
        + 0.45  DI1
    data_silos  barrier
        - 0.45  data_integration
    """

    capabilities: tuple[Capability, ...] = field(converter=_tuple)
    links: tuple[Link, ...] = field(converter=_tuple)
    description: str = field(default="", kw_only=True)

    def __attrs_post_init__(self) -> None:
        strangers = [f"{c!r} is no Capability" for c in self.capabilities if not _is(c, Capability)]
        strangers += [f"{link!r} is no Link" for link in self.links if not _is(link, Link)]
        faults = strangers or self._faults()
        if not self.capabilities:
            faults.append("it has no capabilities")
        faults += text_faults(description=self.description)
        if faults:
            msg = "the graph of capabilities cannot stand"
            raise ModelError(msg, faults)
        influence.refuse_divergence(self.direct[:, : len(self.codes)], self.codes)

    def _faults(self) -> list[str]:
        counts = Counter(capability.code for capability in self.capabilities)
        faults = [f"code {code!r} appears {n} times" for code, n in counts.items() if n > 1]
        sources = dict.fromkeys(link.source for link in self.links if link.source not in counts)
        faults += [str(UnknownCodeError("capability", [source], counts)) for source in sources]
        pairs = Counter((link.source, link.target) for link in self.links)
        faults += [
            f"the link from {source!r} to {target!r} appears {n} times"
            for (source, target), n in pairs.items()
            if n > 1
        ]
        return faults

    @cached_property
    def codes(self) -> tuple[str, ...]:
        """The codes of the capabilities and barriers."""
        return tuple(capability.code for capability in self.capabilities)

    @cached_property
    def outcomes(self) -> tuple[str, ...]:
        """The codes of the indicators and sub-indices that links lead to."""
        known = set(self.codes)
        return tuple(dict.fromkeys(link.target for link in self.links if link.target not in known))

    @cached_property
    def direct(self) -> Any:
        """The signed strengths, a sparse array.

        Of shape (n_capabilities, n_capabilities + n_outcomes): columns are the capabilities in
        their order, then the outcomes.
        """
        return self._matrix([link.strength for link in self.links])

    def _matrix(self, strengths: Sequence[float] | Floats) -> Any:
        from scipy.sparse import csr_array

        shape = (len(self.codes), len(self.codes) + len(self.outcomes))
        rows, columns, signs = self._ends
        return csr_array((np.asarray(strengths, dtype=np.float64) * signs, (rows, columns)), shape)

    @cached_property
    def _ends(self) -> tuple[Any, Any, Any]:
        """The row, the column and the sign of each link in the matrix of direct influence."""
        place = {code: i for i, code in enumerate((*self.codes, *self.outcomes))}
        barriers = {c.code for c in self.capabilities if c.kind == "barrier"}
        return (
            np.array([place[link.source] for link in self.links], dtype=np.intp),
            np.array([place[link.target] for link in self.links], dtype=np.intp),
            np.array([-1.0 if link.source in barriers else link.sign for link in self.links]),
        )

    @cached_property
    def reach(self) -> Floats:
        """The influence on outcomes over all chains, of shape (n_capabilities, n_outcomes)."""
        n = len(self.codes)
        return influence.summed_effects(self.direct[:, :n], self.direct[:, n:].toarray())

    @cached_property
    def required_pairs(self) -> tuple[Any, Any]:
        """The sources and the targets of the links that are required, by column of `direct`."""
        needed = np.array([link.required for link in self.links], dtype=np.bool_)
        sources, targets, _ = self._ends
        return sources[needed], targets[needed]

    def find(self, code: str) -> Capability:
        """Give the capability or barrier of a code.

        Raises
        ------
        UnknownCodeError
            With the code that comes nearest.
        """
        self.require([code])
        return self.capabilities[self.codes.index(code)]

    def require(self, codes: Iterable[object]) -> None:
        """Refuse codes that are no capabilities of the graph.

        Raises
        ------
        UnknownCodeError
        """
        known = set(self.codes)
        unknown = [code for code in codes if code not in known]
        if unknown:
            raise UnknownCodeError("capability", unknown, self.codes)

    @classmethod
    def load(cls, path: str | PathLike[str]) -> "CapabilityGraph":
        """Read a graph from a file in TOML.

        Raises
        ------
        ModelError
            Not such a file, or one that is broken: the file, table and key are named.
        """
        from dli.capability.files import load

        return load(path)

    def save(self, path: str | PathLike[str]) -> None:
        """Write the graph as a file in TOML, which `load` reads back equal."""
        from dli.capability.files import save

        save(self, path)

    @classmethod
    def from_table(cls, links: object, capabilities: object = None) -> "CapabilityGraph":
        """Build a graph from a table of links.

        Parameters
        ----------
        links : frame, mapping of columns, or path of a CSV file
            Columns ``source, target, strength`` and any of ``sign, evidence, required``.
        capabilities : frame, mapping of columns, or path of a CSV file, optional
            Columns ``code`` and any of ``name, kind, description``. By default every source is a
            capability.

        Raises
        ------
        ModelError
            Naming the row of each fault.

        Examples
        --------
        >>> links = {"source": ["a", "b"], "target": ["b", "X"], "strength": [0.3, 0.5]}
        >>> CapabilityGraph.from_table(links)
        2 capabilities, 2 links, 1 outcome
        a
            + 0.3   b
        b
            + 0.5   X
        """
        from dli.capability.files import from_table

        return from_table(links, capabilities)

    def to_networkx(self) -> Any:
        """Give a `networkx.DiGraph`: nodes with ``name`` and ``kind``, links with ``strength``.

        The strength of a link is signed; ``evidence`` and ``required`` go with it. Every measure of
        networkx works on it, such as ``networkx.betweenness_centrality``.
        """
        from dli.capability.drawing import to_networkx

        return to_networkx(self)

    def to_mermaid(self) -> str:
        """Give the graph as the text of a Mermaid flowchart."""
        from dli.capability.drawing import to_mermaid

        return to_mermaid(self)

    def to_graphml(self) -> str:
        """Give the graph as GraphML text."""
        from dli.capability.drawing import to_graphml

        return to_graphml(self)

    def check(self, index: Index) -> Any:
        """Check what the links lead to, and list what is doubtful.

        Returns
        -------
        frame
            A row for each finding: ``kind``, ``code`` and ``note``. Kinds: ``sum above 1`` (the
            strengths that add to a node, or take from it), ``sign`` (an outcome of direction
            -1 that a link takes from: its normalised value is turned already),
            ``isolated`` (a capability without links), ``no outcome`` (none that its links lead
            to), ``unreached`` (an indicator that no link leads to, itself or by a sub-index above)
            and ``loop``.

        Raises
        ------
        UnknownCodeError
            Links that lead to what is neither a capability nor in the index; all are listed.
        """
        from dli.capability.checking import check

        return check(self, index)

    def total_influence(self) -> Any:
        """Give the influence over chains of any length.

        Returns
        -------
        frame
            A row for each capability, ``code``, and a column for each capability and outcome.
        """
        total = self.total_influence_array()
        columns = dict(zip((*self.codes, *self.outcomes), total.T, strict=True))
        return frames.build({"code": list(self.codes), **columns})

    def total_influence_array(self) -> Floats:
        """Give the same as an array of shape (n_capabilities, n_capabilities + n_outcomes)."""
        return influence.summed_effects(self.direct[:, : len(self.codes)], self.direct.toarray())

    def dematel(self) -> Any:
        """Tell causes from effects by DEMATEL, over capabilities and outcomes; signs do not count.

        Returns
        -------
        frame
            ``code, prominence, relation, role``: a ``cause`` gives more than it receives.
        """
        n_nodes = len(self.codes) + len(self.outcomes)
        square = np.zeros((n_nodes, n_nodes))
        square[: len(self.codes)] = abs(self.direct).toarray()
        found = influence.dematel(square)
        return frames.build(
            {
                "code": [*self.codes, *self.outcomes],
                "prominence": found.prominence,
                "relation": found.relation,
                "role": ["cause" if r > 0 else "effect" for r in found.relation.tolist()],
            }
        )

    def paths(self, source: str, target: str, *, top: int | None = 10, share: float = 0.999) -> Any:
        """Tell which chains carry how much of the total influence of one node on another.

        Parameters
        ----------
        source, target : str
        top : int, optional
            How many chains to list at most; all by default None, which needs ``share < 1`` where
            feedback makes their number infinite.
        share : float
            Stop when this share of the influence, taken without signs, is listed.

        Returns
        -------
        frame
            ``path, length, influence, share``, the strongest first; the last row, ``all others``,
            holds the rest, so that the column of influence adds up to the total.

        Raises
        ------
        UnknownCodeError
            Nodes that are not in the graph.
        """
        from dli.capability.paths import paths

        return paths(self, source, target, top, share)

    def centrality(self) -> Any:
        """Tell how central capabilities are, by measures of networkx.

        Returns
        -------
        frame
            ``code``; ``given`` and ``received``, the sums of direct strengths; ``betweenness``, the
            share of the strongest chains between others that lead through; ``reach``, how many
            outcomes can be reached.
        """
        from dli.capability.structure import centrality

        return centrality(self)

    def roadmap(self, codes: Sequence[str] | None = None) -> Any:
        """Order capabilities into stages, each after what strengthens it.

        Parameters
        ----------
        codes : sequence of str, optional
            Some of the capabilities; all by default.

        Returns
        -------
        frame
            ``stage`` (from 1), ``code``, ``name``, ``kind`` and ``together_with``: capabilities
            that feed back on each other stand in one stage and are built together.
        """
        from dli.capability.structure import roadmap

        return roadmap(self, codes)

    def levels(self, assessment: "Assessment") -> Any:
        """Read the levels of capabilities off the outcomes of each unit.

        The level of a capability is the mean of the outcomes that it adds to directly, on a scale
        from 0 to 1, weighted by the strengths of the links; of all that it reaches if those are
        missing or there are none. A barrier stands as high as what it takes away from is low. It
        is a reading of symptoms: a survey of the capabilities themselves is better.

        Returns
        -------
        frame
            A row for each unit, a column for each capability and barrier.
        """
        from dli.capability.outcomes import Outcomes, levels

        found = Outcomes.of(self, assessment, None)
        return found.frame(dict(zip(self.codes, levels(self, found).T, strict=True)))

    def leverage(self, assessment: "Assessment", node: str | None = None) -> Any:
        """Tell what one unit more of each capability adds to the index, for all units.

        The derivative of a node's score by the level of a capability:
        ds/dc = sum over outcomes t of T[c, t] times ds/dx_t, through links, weights and
        aggregations, at each unit's own position, in points of the score for a whole level from 0
        to 1. Weights and the parameters of normalisation are held.

        Parameters
        ----------
        assessment : Assessment
        node : str, optional
            The index by default.

        Returns
        -------
        frame
            A row for each unit, a column for each capability and barrier. At a kink (an outcome at
            the end of its scale, children that tie under a minimum) the derivative is that of an
            increase of the capability; `kinks` lists them.

        Raises
        ------
        MethodError
            An aggregation without derivative, such as Copeland's.
        UnknownCodeError
            Links that lead to what is not in the index, or no such node.
        """
        from dli.capability.leverage import leverage
        from dli.capability.outcomes import Outcomes

        found = Outcomes.of(self, assessment, node)
        return found.frame(dict(zip(self.codes, leverage(self, found).T, strict=True)))

    def leverage_array(self, assessment: "Assessment", node: str | None = None) -> Floats:
        """Give the same as an array of shape (n_units, n_capabilities)."""
        from dli.capability.leverage import leverage
        from dli.capability.outcomes import Outcomes

        return leverage(self, Outcomes.of(self, assessment, node))

    def kinks(self, assessment: "Assessment", node: str | None = None) -> Any:
        """List where leverage is one-sided: the unit, the ``code`` and a ``note`` for each."""
        from dli.capability.leverage import kinks
        from dli.capability.outcomes import Outcomes

        return kinks(Outcomes.of(self, assessment, node))

    def _position(
        self,
        assessment: "Assessment",
        unit: object,
        period: object,
        *,
        node: str | None = None,
        levels: Mapping[str, float] | None,
    ) -> Any:
        from dli.capability.outcomes import Outcomes, position

        return position(self, Outcomes.of(self, assessment, node), unit, period, levels)

    def explain(
        self,
        assessment: "Assessment",
        unit: object,
        period: object = None,
        *,
        node: str | None = None,
        reference: str | Sequence[object] = "frontier",
        levels: Mapping[str, float] | None = None,
    ) -> "Explanation":
        """Go back from a unit's weak outcomes to the capabilities and barriers behind them.

        Parameters
        ----------
        assessment : Assessment
        unit, period : object
        node : str, optional
            The index by default.
        reference : {"frontier", "median", "best"}, or sequence of units
            What an outcome is compared with: the best of all units, their median, the end of the
            scale, or the median of some units.
        levels : mapping of str to float, optional
            The unit's capabilities, from 0 to 1, where they are known; else `levels` reads them off
            its outcomes.

        Returns
        -------
        Explanation

        Raises
        ------
        UnknownCodeError
            No such unit, period, node or capability.
        MethodError
            Levels outside 0 to 1, or a unit without a score.
        """
        from dli.capability.explanation import explain

        where = self._position(assessment, unit, period, node=node, levels=levels)
        return explain(self, where, unit, reference)

    def bottlenecks(
        self,
        assessment: "Assessment",
        unit: object,
        period: object = None,
        *,
        semantics: str = "additive",
        levels: Mapping[str, float] | None = None,
    ) -> Any:
        """Tell which single source holds each node back most.

        Parameters
        ----------
        assessment, unit, period, levels
            As of `explain`.
        semantics : {"additive", "weakest"}
            Effects add up, and the bottleneck is the source whose completion alone adds most; or a
            node stands as high as the lowest of its required sources (of all that add to it where
            none is marked), and only the one lowest source is a bottleneck.

        Returns
        -------
        frame
            A row for each node that has one: ``code, level, bottleneck, source_level, gain``.
        """
        from dli.capability.structure import bottlenecks

        where = self._position(assessment, unit, period, levels=levels)
        return bottlenecks(self, where, semantics)

    def propagate(
        self,
        assessment: "Assessment",
        unit: object,
        changes: Mapping[str, Any],
        period: object = None,
        *,
        levels: Mapping[str, float] | None = None,
    ) -> Any:
        """Tell what becomes of a unit when capabilities change.

        Levels and outcomes move together until they settle. None leaves its scale: what is cut off
        is told. Weights and the parameters of normalisation are held; other units stay.

        Parameters
        ----------
        assessment, unit, period, levels
            As of `explain`.
        changes : mapping of str to float, or mapping of str to such mappings
            The change of the level of a capability or barrier, or of an outcome, from -1 to 1:
            ``{"data_integration": 0.2}``. Several scenarios by name stand side by side:
            ``{"data first": {...}, "people first": {...}}``.

        Returns
        -------
        frame
            A row for each scenario and node that moves, the index first: ``scenario, code, kind,
            before, after, change, rank_before, rank_after, saturated``. Capabilities run from 0 to
            1 and have no rank.

        Raises
        ------
        UnknownCodeError
            Codes that are neither in the graph nor in the index.
        MethodError
            Changes outside -1 to 1, or of an outcome that the unit lacks.
        """
        from dli.capability.propagation import propagate

        where = self._position(assessment, unit, period, levels=levels)
        return propagate(self, where, changes)

    def plan(  # noqa: PLR0913 the options of a plan are independent of each other
        self,
        assessment: "Assessment",
        unit: object,
        period: object = None,
        *,
        budget: float | None = None,
        target_score: float | None = None,
        target_rank: int | None = None,
        costs: Mapping[str, Any] | None = None,
        steps: int = 5,
        prerequisites: Mapping[Any, Any] | None = None,
        exclusions: Sequence[Sequence[str]] = (),
        node: str | None = None,
        levels: Mapping[str, float] | None = None,
    ) -> "Plan":
        """Find the investments that raise a node most, or reach a target at least cost.

        A mixed-integer program over steps of capability levels, solved by
        `scipy.optimize.milp`: see the guide for the formulation.

        Parameters
        ----------
        assessment, unit, period, node, levels
            As of `explain`.
        budget : float, optional
            The most that may be spent. Give it, or one of the targets.
        target_score, target_rank : optional
            The score to reach, or the rank while all other units stay, at the least cost.
        costs : mapping of str to float or sequence of float, optional
            What a step of each capability costs, or each of its steps; 1 by default.
        steps : int
            In how many steps a capability goes from absent to complete, or a barrier from full
            force to gone. A unit has left what its level leaves: the last step is shorter.
        prerequisites : mapping, optional
            ``{"data_analytics": ["data_integration"]}``: no step of the first without one of the
            second; ``{("a", 2): [("b", 1)]}`` for the second step of one and the first of the
            other.
        exclusions : sequence of sequences of str
            Capabilities of which at most one is invested in.

        Returns
        -------
        Plan

        Raises
        ------
        MethodError
            Costs that are missing or negative, a budget too small for any step, prerequisites that
            wait for each other, or a target that no plan reaches (the best is told).
        UnknownCodeError
            No such unit, node or capability.
        """
        from dli.capability.planning import Task, plan

        task = Task.of(
            self,
            assessment,
            unit,
            period,
            node=node,
            levels=levels,
            costs=costs,
            steps=steps,
            prerequisites=prerequisites,
            exclusions=exclusions,
        )
        return plan(task, budget=budget, target_score=target_score, target_rank=target_rank)

    def frontier(
        self,
        assessment: "Assessment",
        unit: object,
        period: object = None,
        *,
        budgets: Sequence[float] | None = None,
        **options: Any,
    ) -> Any:
        """Tell the most that each budget can gain.

        Parameters
        ----------
        assessment, unit, period
            As of `plan`.
        budgets : sequence of float, optional
            Ten of equal distance up to the cost of everything by default.
        **options
            As of `plan`: ``costs, steps, prerequisites, exclusions, node, levels``.

        Returns
        -------
        frame
            ``budget, cost, gain, score, gap``: what is spent of it, the points gained, the score
            reached and the optimality gap.
        """
        from dli.capability.planning import Task, frontier

        return frontier(Task.of(self, assessment, unit, period, **options), budgets)

    def estimate(
        self,
        assessment: "Assessment",
        levels: object = None,
        *,
        ridge: float = 0.1,
        n_bootstrap: int = 500,
        level: float = 0.9,
        rng: Any = None,
    ) -> "Estimate":
        """Estimate the strengths of links from data of many units.

        See `dli.capability.Estimate`.

        Parameters
        ----------
        assessment : Assessment
            With several periods changes are regressed on changes.
        levels : frame, mapping of columns, or path of a CSV file, optional
            The measured level of each capability, from 0 to 1, in a column of its code, a row for
            each unit (and period), named as in the data of the assessment. By default these are
            columns of that data itself.
        ridge : float
            How strongly strengths are held to those of the graph: the weight of a squared
            difference against the mean squared residual in units of the outcome's variance.
        n_bootstrap : int
            How often units are drawn anew, with all their periods.
        level : float
            Of the intervals.
        rng : int or numpy.random.Generator, optional
            The same seed gives the same intervals.

        Raises
        ------
        DataError
            Levels that are missing, no numbers or outside 0 to 1, or fewer units than sources of a
            node and two.
        """
        from dli.capability.estimation import estimate

        return estimate(self, assessment, levels, ridge, n_bootstrap, level, rng)

    def uncertain(
        self, relative: float = 0.5, *, n_samples: int = 200, rng: Any = None
    ) -> "UncertainGraph":
        """Take strengths as uncertain, each within a share of itself.

        Parameters
        ----------
        relative : float
            Strengths are drawn evenly from (1 - relative) to (1 + relative) times their value, and
            at most 1.
        n_samples : int
        rng : int or numpy.random.Generator, optional

        Returns
        -------
        UncertainGraph
            Whose ``leverage``, ``explain`` and ``plan`` give intervals.
        """
        from dli.capability.uncertain import within

        return within(self, relative, n_samples, rng)

    def __repr__(self) -> str:
        from dli.capability.drawing import text

        return text(self)

    def _repr_html_(self) -> str:
        from dli.capability.drawing import html

        return html(self)


def _is(value: object, kind: type) -> bool:
    return isinstance(value, kind)
