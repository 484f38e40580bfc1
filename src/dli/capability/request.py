"""What is asked of a plan, and how it is answered."""

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
    """The options of a plan, which `plan` documents, to be answered for one graph or another."""

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
        """Return the steps to choose from, with each capability's costs times a factor."""
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
            A budget too small for any step, a target that no steps reach, or not one goal.
        """
        goals = (self.budget, self.target_score, self.target_rank)
        if sum(goal is not None for goal in goals) != 1:
            msg = "a plan needs one of budget, target_score and target_rank"
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
                f"no plan reaches a score of {target:.6g}: all steps together give "
                f"{best.score:.6g}, from {task.where.score:.6g}"
            )
            raise MethodError(msg)
        return solution

    def attempt(self, task: Task) -> tuple[int, ...] | None:
        """Return the best steps, or None where none reach the target of a request that holds."""
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
            f"a budget of {budget:g} buys nothing: the cheapest step, of "
            f"{task.graph.codes[task.steps[i].place]!r}, costs {cost:g}"
        )
        raise MethodError(msg)


def _score_of_rank(task: Task, rank: object) -> float:
    """Return the least score with a rank while all other units stay."""
    where = task.where
    assessment = where.found.assessment
    rows = assessment.rows_beside(where.row)
    others = assessment.array(where.found.node)[rows[rows != where.row]]
    others = -np.sort(-others[~np.isnan(others)])
    place = whole_number("target_rank", rank, 1, others.size + 1)
    # Equal scores share the smaller rank: to tie with the unit there is enough.
    return float(others[place - 1]) if place <= others.size else -np.inf


def in_order(task: Task, taken: Sequence[int]) -> tuple[int, ...]:
    """Order steps: each time the one that gains most for its cost among those that may come."""
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
