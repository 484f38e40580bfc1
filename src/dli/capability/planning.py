"""What to build first: investments chosen by a mixed-integer program."""

from collections.abc import Mapping, Sequence
from functools import cached_property
from typing import Any

import numpy as np
from attrs import frozen

from dli.assessment import Assessment
from dli.capability.network import Network
from dli.capability.program import Program, Solution
from dli.capability.structure import roadmap
from dli.capability.task import Task
from dli.checks import listed, number, number_fault, whole_number
from dli.errors import MethodError
from dli.frames import Frame
from dli.printing import Printed, Sheet

__all__ = ["Plan", "frontier", "plan"]


def plan(  # noqa: PLR0913 each option is independent
    graph: Network,
    assessment: Assessment,
    unit: object,
    *,
    period: object = None,
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

    A mixed-integer program over steps of capability levels, solved by `scipy.optimize.milp`: see
    the guide for the formulation.

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
        In how many steps a capability goes from absent to complete, or a barrier from full force
        to gone. A unit has left what its level leaves: the last step is shorter.
    prerequisites : mapping, optional
        ``{"data_analytics": ["data_integration"]}``: no step of the first without one of the
        second; ``{("a", 2): [("b", 1)]}`` for the second step of one and the first of the other.
    exclusions : sequence of sequences of str
        Capabilities of which at most one is invested in.

    Returns
    -------
    Plan

    Raises
    ------
    MethodError
        Costs that are missing or negative, a budget too small for any step, prerequisites that
        wait for each other, a target that no plan reaches (the best score is named), or an
        aggregation without a derivative.
    UnknownCodeError
        No such unit, period, node or capability.
    DataError
        A unit without a score.
    """
    task = Task.of(
        graph,
        assessment,
        unit,
        period=period,
        node=node,
        levels=levels,
        costs=costs,
        steps=steps,
        prerequisites=prerequisites,
        exclusions=exclusions,
    )
    if sum(goal is not None for goal in (budget, target_score, target_rank)) != 1:
        msg = "a plan needs one of budget, target_score and target_rank"
        raise MethodError(msg)
    if budget is not None:
        solution = _most(task, number("budget", budget, least=0))
    elif target_score is not None:
        solution = _cheapest(task, number("target_score", target_score))
    else:
        solution = _cheapest(task, _score_of_rank(task, target_rank))
    return Plan(task=task, solution=solution, budget=budget, order=_in_order(task, solution.taken))


def _most(task: Task, budget: float) -> Solution:
    later = {first for first, _ in task.before}
    firsts = [(step.cost, i) for i, step in enumerate(task.steps) if i not in later]
    if firsts and min(firsts)[0] > budget:
        cost, i = min(firsts)
        msg = (
            f"a budget of {budget:g} buys nothing: the cheapest step, of "
            f"{task.graph.codes[task.steps[i].place]!r}, costs {cost:g}"
        )
        raise MethodError(msg)
    return Program(task).most(budget)


def _cheapest(task: Task, target: float) -> Solution:
    program = Program(task)
    solution = program.cheapest(target)
    if solution is None:
        best = program.most(float(task.costs.sum()))
        msg = (
            f"no plan reaches a score of {target:.6g}: all steps together give {best.score:.6g}, "
            f"from {task.where.score:.6g}"
        )
        raise MethodError(msg)
    return solution


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


def _in_order(task: Task, taken: Sequence[int]) -> tuple[int, ...]:
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


@frozen(kw_only=True, eq=False, repr=False)
class Plan(Printed):
    """The investments that gain most for a budget, or reach a target at least cost.

    Attributes
    ----------
    budget : float, optional
    """

    budget: float | None
    _task: Task
    _solution: Solution
    # Steps by number in the task, as they are to be taken: what gains most for its cost comes
    # first, as far as prerequisites allow.
    _order: tuple[int, ...]

    @property
    def unit(self) -> Any:
        """The unit."""
        return self._task.where.unit

    @property
    def node(self) -> str:
        """The code of the node that is raised."""
        return self._task.where.found.node

    @property
    def changes(self) -> dict[str, float]:
        """The change of each level that is invested in, as `propagate` takes them."""
        return self._task.changes(self._order)

    @property
    def cost(self) -> float:
        """The cost of all steps."""
        return float(self._task.costs[list(self._order)].sum())

    @property
    def score_before(self) -> float:
        """The score of the node as it is."""
        return self._task.where.score

    @property
    def score(self) -> float:
        """The score of the node after all steps, by following them through the graph."""
        return self.steps[-1]["score"] if self.steps else self.score_before

    @property
    def gain(self) -> float:
        """The points of the score gained."""
        return self.score - self.score_before

    @property
    def gap(self) -> float:
        """How far a better plan could be ahead, in points (in cost for a target); 0 is proven best.

        NaN where the aggregation allows no bound: see ``exact``.
        """
        return self._solution.gap

    @property
    def exact(self) -> bool:
        """Whether the program was that of the exact index; else of a linear approximation."""
        return self._solution.exact

    @cached_property
    def steps(self) -> list[dict[str, Any]]:
        """The rows of the table, as mappings."""
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
        """A row for each step, in order: ``step, code, name, level_before, level_after, cost``.

        And ``spent`` so far, the ``score`` after it and the ``gain`` by it.
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
        """Return the capabilities of the plan in stages: `CapabilityGraph.roadmap`."""
        return roadmap(self._task.graph, list(self.changes))

    def _sheet(self) -> Sheet:
        """Show the steps in order."""
        proven = "proven best" if self.gap == 0 else f"within {self.gap:.3g} of the best"
        if not self.exact:
            proven = "the best for a linear approximation of the index"
        title = (
            f"Plan for {self.unit}: {self.node} from {self.score_before:.2f} to {self.score:.2f} "
            f"(+{self.gain:.2f}) at a cost of {self.cost:g}, {proven}"
        )
        figures = {"level_before": ".2f", "level_after": ".2f", "cost": "g"}
        figures |= {"score": ".2f", "gain": ".2f"}
        rows = [
            [row["code"], *(format(row[name], kind) for name, kind in figures.items())]
            for row in self.steps
        ]
        return Sheet(title, ("code", "from", "to", "cost", "score", "gain"), rows)


def frontier(
    graph: Network,
    assessment: Assessment,
    unit: object,
    *,
    budgets: Sequence[float] | None = None,
    **options: Any,
) -> Frame:
    """Return the most that each budget can gain.

    Parameters
    ----------
    assessment, unit
        As of `plan`.
    budgets : sequence of float, optional
        Ten of equal distance up to the cost of everything by default.
    **options
        As of `plan`: ``period, costs, steps, prerequisites, exclusions, node, levels``.

    Returns
    -------
    frame
        ``budget, cost, gain, score, gap``: what is spent of it, the points gained, the score
        reached and the optimality gap.

    Raises
    ------
    MethodError, UnknownCodeError, DataError
        As `plan`; budgets that are not finite numbers of at least 0.
    """
    task = Task.of(graph, assessment, unit, **options)
    total = float(task.costs.sum())
    chosen = (np.linspace(0.1, 1.0, 10) * total).tolist()
    chosen = chosen if budgets is None else listed("budgets", budgets, "numbers")
    bad = [f"{budget!r}" for budget in chosen if number_fault("budget", budget, least=0)]
    if bad or not chosen:
        msg = "budgets must be finite numbers of at least 0"
        raise MethodError(msg, bad)
    program = Program(task)
    solutions = [program.most(float(budget)) for budget in chosen]
    return assessment.table(
        {
            "budget": np.array(chosen, dtype=np.float64),
            "cost": np.array([float(task.costs[list(s.taken)].sum()) for s in solutions]),
            "gain": np.array([s.score - task.where.score for s in solutions]),
            "score": np.array([s.score for s in solutions]),
            "gap": np.array([s.gap for s in solutions]),
        }
    )
