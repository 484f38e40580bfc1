"""The request for a plan, and its solution."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from attrs import evolve, frozen

from dli.arrays import Floats
from dli.assessment import Assessment
from dli.capability.network import Network
from dli.capability.program import Program, Solution
from dli.capability.task import Task
from dli.checks import number, whole_number
from dli.errors import MethodError

__all__ = ["Request", "in_order"]


@frozen(kw_only=True, eq=False)
class Request:
    """The options of a plan, as `CapabilityGraph.plan` documents them, for any graph."""

    assessment: Assessment
    unit: object
    period: object = None
    budget: float | None = None
    target_score: float | None = None
    target_rank: int | None = None
    costs: Mapping[str, Any] | None = None
    cost_per: str = "step"
    cost_unit: str | None = None
    steps: int = 5
    prerequisites: Mapping[Any, Any] | None = None
    exclusions: Sequence[Sequence[str]] = ()
    node: str | None = None
    levels: Mapping[str, float] | None = None

    def task(self, graph: Network, factors: Floats | None = None) -> Task:
        """Return the steps to choose from; factors multiply the costs of each capability."""
        task = Task.of(
            graph,
            self.assessment,
            self.unit,
            period=self.period,
            node=self.node,
            levels=self.levels,
            costs=self.costs,
            cost_per=self.cost_per,
            cost_unit=self.cost_unit,
            steps=self.steps,
            prerequisites=self.prerequisites,
            exclusions=self.exclusions,
        )
        if factors is None:
            return task
        steps = (evolve(s, cost=s.cost * float(factors[s.place])) for s in task.steps)
        return evolve(task, steps=tuple(steps))

    def solve(self, task: Task) -> Solution:
        """Return the best steps.

        Raises
        ------
        MethodError
            The budget is too small for any step, no steps reach the target, or not exactly one goal
            is named.
        """
        goals = (self.budget, self.target_score, self.target_rank)
        if sum(goal is not None for goal in goals) != 1:
            msg = "a plan requires exactly one of budget, target_score and target_rank"
            raise MethodError(msg)
        if self.budget is not None:
            budget = number("budget", self.budget, least=0)
            _refuse_too_little(task, budget)
            return Program(task).most(budget)
        target = self._target(task)
        program = Program(task)
        solution = program.cheapest(target)
        if solution is None:
            best = program.most(float(task.costs.sum()))
            msg = (
                f"no plan reaches a score of {target:.6g}: all steps together raise it from "
                f"{task.where.score:.6g} to {best.score:.6g}"
            )
            raise MethodError(msg)
        return solution

    def attempt(self, task: Task) -> tuple[int, ...] | None:
        """Return the best steps, or None if no steps reach the target; options are not checked."""
        program = Program(task)
        if self.budget is not None:
            return program.most(float(self.budget)).taken
        solution = program.cheapest(self._target(task))
        return None if solution is None else solution.taken

    def _target(self, task: Task) -> float:
        if self.target_score is not None:
            return number("target_score", self.target_score)
        return _score_of_rank(task, self.target_rank)


def _refuse_too_little(task: Task, budget: float) -> None:
    later = {first for first, _ in task.before}
    firsts = [(step.cost, i) for i, step in enumerate(task.steps) if i not in later]
    if firsts and min(firsts)[0] > budget:
        cost, i = min(firsts)
        msg = (
            f"a budget of {budget:g} is too small for any step: the cheapest one, of "
            f"{task.graph.codes[task.steps[i].place]!r}, costs {cost:g}"
        )
        raise MethodError(msg)


def _score_of_rank(task: Task, rank: object) -> float:
    """Return the lowest score that reaches a rank while all other units stay as they are."""
    where = task.where
    assessment = where.found.assessment
    rows = assessment.rows_beside(where.row)
    others = assessment.array(where.found.node)[rows[rows != where.row]]
    others = -np.sort(-others[~np.isnan(others)])
    place = whole_number("target_rank", rank, 1, others.size + 1)
    # Equal scores share the smaller rank, so that a tie with the unit at that rank is enough.
    return float(others[place - 1]) if place <= others.size else -np.inf


def in_order(task: Task, taken: Sequence[int]) -> tuple[int, ...]:
    """Return steps in order: at each point, the available step with the largest gain per cost."""
    needed: dict[int, set[int]] = {i: set() for i in taken}
    for later, earlier in task.before:
        if later in needed:
            needed[later].add(earlier)
    order: list[int] = []
    while len(order) < len(taken):
        ready = [i for i in taken if i not in order and needed[i] <= set(order)]
        scores = task.scores([order, *([*order, i] for i in ready)])[task.where.found.node]
        gains = (scores[1:] - scores[0]).tolist()
        rates = [
            (gain / max(task.steps[i].cost, 1e-9), gain, -i)
            for i, gain in zip(ready, gains, strict=True)
        ]
        order.append(-max(rates)[2])
    return tuple(order)
