"""The result of planning: steps, the links that they depend on, and their robustness."""

from functools import cached_property
from textwrap import fill
from typing import Any

import numpy as np
from attrs import frozen

from dli.capability.comparison import compared, figure
from dli.capability.elements import ESTIMATED, Link
from dli.capability.explanation import Explanation
from dli.capability.network import ahead
from dli.capability.program import Solution
from dli.capability.request import Request
from dli.capability.structure import roadmap
from dli.capability.task import Task
from dli.capability.varied import drawn_strengths, shares
from dli.checks import generator, number, whole_number
from dli.frames import Frame
from dli.printing import Printed, Sheet, counted

__all__ = ["Plan"]


@frozen(kw_only=True, eq=False, repr=False)
class Plan(Printed):
    """The best plan of investments for a budget or a target, as `CapabilityGraph.plan` returns it.

    Attributes
    ----------
    budget : float, optional
        The maximum total cost; None for a plan that reaches a target at the lowest cost.
    """

    budget: float | None
    _request: Request
    _task: Task
    _solution: Solution
    # The numbers of the steps in the task, in the order in which they are to be taken: those that
    # gain most for their cost come first, as far as prerequisites allow.
    _order: tuple[int, ...]

    @property
    def unit(self) -> Any:
        """The unit."""
        return self._task.where.unit

    @property
    def node(self) -> str:
        """The code of the node whose score the plan raises."""
        return self._task.where.found.node

    @property
    def changes(self) -> dict[str, float]:
        """The changes of levels by code, in the form that `CapabilityGraph.propagate` accepts."""
        return self._task.changes(self._order)

    @property
    def cost(self) -> float:
        """The total cost of all steps."""
        return float(self._task.costs[list(self._order)].sum())

    @property
    def cost_unit(self) -> str:
        """The unit of costs, in words."""
        return self._task.unit_of_cost

    @property
    def score_before(self) -> float:
        """The score of the node before the plan."""
        return self._task.where.score

    @property
    def score(self) -> float:
        """The score of the node after all steps, found by following them through the graph."""
        return self.steps[-1]["score"] if self.steps else self.score_before

    @property
    def gain(self) -> float:
        """The gain in score, in points."""
        return self.score - self.score_before

    @property
    def gap(self) -> float:
        """The optimality gap, in points (in cost for a target); 0 if the plan is proven to be best.

        It is NaN if the aggregation does not allow a bound: see ``exact``.
        """
        return self._solution.gap

    @property
    def exact(self) -> bool:
        """Whether the program represents the index exactly, not by a linear approximation."""
        return self._solution.exact

    @property
    def proven(self) -> bool:
        """Whether the solver proved that no other choice of steps is better, given the inputs.

        Strengths of links, levels and costs are inputs; the proof does not cover their accuracy.
        """
        return self.exact and self.gap == 0

    @property
    def claim(self) -> str:
        """A text that states how good the plan is, its unit of costs, and what it depends on."""
        given = "given these strengths, levels and costs"
        if not self.exact:
            status = (
                f"The best plan for a linear approximation of the index, without proof, {given}."
            )
        elif self.proven:
            best = "raises the score more" if self.budget is not None else "costs less"
            status = f"The solver proved that no other choice of these steps {best}, {given}."
        else:
            status = f"The solver proved that this is within {self.gap:.3g} of the best, {given}."
        return f"{status} Costs are in {self.cost_unit}. {self._grounds()}"

    def _grounds(self) -> str:
        evidence = [link.evidence.strip() for link in self._resting_on]
        estimated = sum(text.startswith(ESTIMATED) for text in evidence)
        bare, judged = evidence.count(""), len(evidence) - estimated
        return (
            f"The plan relies on the strengths of {counted(len(evidence), 'link')}: {estimated} "
            f"estimated from data and {judged} based on judgement, {bare} of these without "
            "evidence."
        )

    @cached_property
    def _resting_on(self) -> list[Link]:
        """The links on chains from the capabilities of the plan to the outcomes below the node."""
        graph, tree = self._task.graph, self._task.where.held.tree
        below = {self.node, *(c for node in tree.inner(self.node) for c in node.children)}
        reached = ahead(graph, [graph.places[code] for code in self.changes])
        ends = [graph.places[code] for code in graph.outcomes if code in below]
        leading = ahead(graph, ends, backwards=True)
        return [
            link
            for link in graph.links
            if graph.places[link.source] in reached and graph.places[link.target] in leading
        ]

    @property
    def links(self) -> Frame:
        """The links through which the plan gains, with the evidence for their strengths.

        Columns: ``source, target, strength, sign`` and ``evidence``, which is "judgement" if a link
        does not name any.
        """
        chosen = self._resting_on
        return self._task.where.found.assessment.table(
            {
                "source": [link.source for link in chosen],
                "target": [link.target for link in chosen],
                "strength": np.array([link.strength for link in chosen], dtype=np.float64),
                "sign": np.array([link.sign for link in chosen], dtype=np.int64),
                "evidence": [link.evidence.strip() or "judgement" for link in chosen],
            }
        )

    def robustness(
        self,
        strengths: float = 0.5,
        *,
        costs: float = 0.0,
        n_samples: int = 100,
        rng: Any = None,
    ) -> Frame:
        """Return how often each capability is in the best plan when strengths and costs vary.

        Parameters
        ----------
        strengths : float
            The relative range of strengths, from 0 to 1: they are drawn uniformly from
            (1 - strengths) to (1 + strengths) times their value, and limited to 1.
        costs : float
            The relative range of costs, from 0 to 1: all costs of a capability are multiplied by a
            factor that is drawn uniformly from 1 - costs to 1 + costs.
        n_samples : int
            The number of draws. A plan is computed for each.
        rng : int, numpy.random.SeedSequence or numpy.random.Generator, optional
            The seed or generator of random numbers. The same seed returns the same draws.

        Returns
        -------
        frame
            The same table as from `UncertainGraph.plan`.

        Raises
        ------
        MethodError
            Numbers are out of range.
        DivergentInfluenceError
            The feedback of a draw does not converge.
        """
        relative = number("strengths", strengths, least=0, most=1)
        within = number("costs", costs, least=0, most=1)
        n_samples = whole_number("n_samples", n_samples, 1)
        rng, graph = generator(rng), self._task.graph
        drawn = drawn_strengths(graph, relative, n_samples, rng)
        factors = 1 + rng.uniform(-within, within, (n_samples, len(graph.codes)))
        draws = [graph.with_strengths(row) for row in drawn.tolist()]
        return shares(self._request, graph, draws, factors)

    def compared_with(self, explanation: Explanation, *, named: bool = False) -> Frame:
        """Return why each cause in an explanation is, or is not, part of the plan.

        The two answer different questions. An explanation completes each capability by itself,
        whatever its cost, and counts only what closes gaps to the reference. A plan chooses steps
        within a budget and counts everything that they gain together.

        Parameters
        ----------
        explanation : Explanation
            The result of `CapabilityGraph.explain` for the same unit, period and node.
        named : bool
            Whether reasons use the names of capabilities, as reports do, instead of their codes.

        Returns
        -------
        frame
            One row for each cause in the explanation and for each further capability in the plan:
            ``code``; ``points``, from the explanation; ``change``, the change of its level in the
            plan; ``cost``, of its next step with the prerequisites; ``gain``, of that step by
            itself; ``gain_after_plan``, of that step in addition to the plan; and ``reason``.

        Raises
        ------
        MethodError
            The explanation is of another unit, period, node or graph, or is not an `Explanation`;
            or ``named`` is not True or False.
        """
        return compared(self._task, self._order, self.budget, explanation, named=named)

    @cached_property
    def steps(self) -> list[dict[str, Any]]:
        """The rows of `table`, as mappings."""
        task, order = self._task, self._order
        level = task.where.levels.copy()
        sets = [order[:n] for n in range(1, len(order) + 1)]
        scores = task.scores(sets)[self.node].tolist() if order else []
        rows: list[dict[str, Any]] = []
        spent, before = 0.0, self.score_before
        for i, score in zip(order, scores, strict=True):
            step = task.steps[i]
            spent += step.cost
            row = {
                "step": len(rows) + 1,
                "code": task.graph.codes[step.place],
                "name": task.graph.capabilities[step.place].name,
                "level_before": float(level[step.place]),
                "level_after": float(level[step.place] + step.change),
                "cost": step.cost,
                "spent": spent,
                "score": score,
                "gain": score - before,
            }
            level[step.place] += step.change
            before = score
            rows.append(row)
        return rows

    @property
    def table(self) -> Frame:
        """The steps of the plan in their order, in a row each.

        Columns: ``step, code, name, level_before, level_after, cost``; ``spent``, the total cost so
        far; ``score``, the score after the step; and ``gain``, the gain from the step.
        """
        kinds: dict[str, Any] = {"step": np.int64, "code": object, "name": object}
        kinds |= dict.fromkeys(
            ("level_before", "level_after", "cost", "spent", "score", "gain"), np.float64
        )
        columns = {n: np.array([row[n] for row in self.steps], dtype=k) for n, k in kinds.items()}
        return self._task.where.found.assessment.table(
            columns | {name: columns[name].tolist() for name in ("code", "name")}
        )

    def roadmap(self) -> Frame:
        """Return the capabilities of the plan in stages, as from `CapabilityGraph.roadmap`."""
        return roadmap(self._task.graph, list(self.changes))

    def _sheet(self) -> Sheet:
        """Return the printed table: the steps in their order."""
        title = (
            f"Plan for {self.unit}: {self.node} from {self.score_before:.2f} to {self.score:.2f} "
            f"(+{self.gain:.2f}) at a cost of {figure(self.cost)}"
        )
        rows = [
            [
                row["code"],
                *(f"{row[name]:.2f}" for name in ("level_before", "level_after")),
                figure(row["cost"]),
                *(f"{row[name]:.2f}" for name in ("score", "gain")),
            ]
            for row in self.steps
        ]
        return Sheet(
            title, ("code", "from", "to", "cost", "score", "gain"), rows, note=fill(self.claim, 80)
        )
