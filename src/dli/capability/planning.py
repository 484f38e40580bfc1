"""What to build first: investments chosen by a mixed-integer program."""

from collections.abc import Mapping, Sequence
from functools import cached_property
from typing import TYPE_CHECKING, Any, TypeAlias

import numpy as np
from attrs import frozen
from numpy.typing import NDArray

from dli import frames
from dli.assessment.contributions import gradient
from dli.capability.outcomes import Outcomes, Position, position
from dli.capability.program import Program, Solution
from dli.capability.propagation import After, settled
from dli.errors import MethodError
from dli.framework.checks import is_number, is_whole
from dli.printing import Printed, Sheet

if TYPE_CHECKING:
    from dli.assessment import Assessment
    from dli.capability.graph import CapabilityGraph

__all__ = ["Plan", "Step", "Task", "frontier", "plan"]

Floats: TypeAlias = NDArray[np.float64]


@frozen
class Step:
    """One step of a capability's level, or of a barrier's removal.

    Attributes
    ----------
    place : int
        Of the capability in the graph.
    number : int
        From 1; a step needs those before it.
    change : float
        Of the level.
    cost : float
    """

    place: int
    number: int
    change: float
    cost: float


@frozen(kw_only=True, eq=False)
class Task:
    """What a plan may choose from.

    Attributes
    ----------
    graph : CapabilityGraph
    where : Position
    steps : tuple of Step
    before : tuple of (int, int)
        Steps by number in ``steps``: the second must be taken for the first.
    exclusions : tuple of tuple of int
        First steps of which at most one is taken.
    """

    graph: "CapabilityGraph"
    where: Position
    steps: tuple[Step, ...]
    before: tuple[tuple[int, int], ...]
    exclusions: tuple[tuple[int, ...], ...]

    @classmethod
    def of(  # noqa: PLR0913 what CapabilityGraph.plan takes
        cls,
        graph: "CapabilityGraph",
        assessment: "Assessment",
        unit: object,
        period: object = None,
        *,
        node: str | None = None,
        levels: Mapping[str, float] | None = None,
        costs: Mapping[str, Any] | None = None,
        steps: int = 5,
        prerequisites: Mapping[Any, Any] | None = None,
        exclusions: Sequence[Sequence[str]] = (),
    ) -> "Task":
        """Check the options, and list the steps that a unit can take."""
        if not is_whole(steps, 1):
            msg = f"steps must be a whole number from 1, got {steps!r}"
            raise MethodError(msg)
        found = Outcomes.of(graph, assessment, node)
        gradient(assessment, found.node)  # refuses aggregations without slopes
        where = position(graph, found, unit, period, levels)
        prices = _prices(graph, costs, steps)
        chosen = tuple(_steps(graph, where.levels, prices, steps))
        place = {(graph.codes[s.place], s.number): i for i, s in enumerate(chosen)}
        before = [(i, i - 1) for i, s in enumerate(chosen) if s.number > 1]
        before += _waits(graph, prerequisites or {}, place, steps)
        for group in exclusions:
            graph.require(group)
        return cls(
            graph=graph,
            where=where,
            steps=chosen,
            before=tuple(before),
            exclusions=tuple(
                tuple(place[code, 1] for code in group if (code, 1) in place)
                for group in exclusions
            ),
        )

    @property
    def costs(self) -> Floats:
        """The cost of each step."""
        return np.array([step.cost for step in self.steps])

    def changes(self, taken: Sequence[int]) -> dict[str, float]:
        """Give the changes of levels that some steps make together."""
        changes: dict[str, float] = {}
        for i in taken:
            code = self.graph.codes[self.steps[i].place]
            changes[code] = changes.get(code, 0.0) + self.steps[i].change
        return changes

    def after(self, taken: Sequence[int]) -> After:
        """Follow some steps through the graph."""
        return settled(self.graph, self.where, self.changes(taken))

    def score(self, taken: Sequence[int]) -> float:
        """Give the score of the node after some steps."""
        return float(self.after(taken).scores[self.where.found.node.code][self.where.row])


def _prices(graph: "CapabilityGraph", costs: Mapping[str, Any] | None, n: int) -> dict[str, Any]:
    """Give the cost of each step of each capability."""
    if costs is None:
        return dict.fromkeys(graph.codes, [1.0] * n)
    graph.require(costs)
    prices: dict[str, Any] = {}
    faults = [f"{code!r}: no cost" for code in graph.codes if code not in costs]
    for code, given in costs.items():
        several = isinstance(given, Sequence) and not isinstance(given, str)
        prices[code] = list(given) if several else [given] * n
        if len(prices[code]) != n:
            faults.append(f"{code!r}: {len(prices[code])} costs for {n} steps")
        faults += [
            f"{code!r}: {cost!r}"
            for cost in dict.fromkeys(prices[code])
            if not (is_number(cost) and cost >= 0)
        ]
    if faults:
        msg = "every capability and barrier needs costs, finite numbers of at least 0"
        raise MethodError(msg, faults)
    return prices


def _steps(
    graph: "CapabilityGraph", levels: Floats, prices: Mapping[str, Any], n: int
) -> list[Step]:
    steps: list[Step] = []
    for place, (capability, level) in enumerate(
        zip(graph.capabilities, levels.tolist(), strict=True)
    ):
        if np.isnan(level):  # what nothing tells of reaches no outcome that the unit has
            continue
        down = capability.kind == "barrier"
        room = level if down else 1.0 - level
        number = 1
        while room > 1e-9 and number <= n:
            change = min(room, 1 / n)
            cost = float(prices[capability.code][number - 1])
            steps.append(Step(place, number, -change if down else change, cost))
            room -= change
            number += 1
    return steps


def _waits(
    graph: "CapabilityGraph",
    prerequisites: Mapping[Any, Any],
    place: Mapping[tuple[str, int], int],
    n: int,
) -> list[tuple[int, int]]:
    """Give the pairs of steps of which the first waits for the second."""
    faults: list[str] = []

    def step(item: Any) -> tuple[str, int]:
        code, number = item if isinstance(item, tuple) else (item, 1)
        graph.require([code])
        if not is_whole(number, 1) or number > n:
            faults.append(f"{item!r}: steps are numbered from 1 to {n}")
        return code, number

    pairs: list[tuple[tuple[str, int], tuple[str, int]]] = []
    for later, given in prerequisites.items():
        if isinstance(given, str) or not isinstance(given, Sequence):
            faults.append(f"{later!r}: expected a list of what must come first, got {given!r}")
            continue
        pairs += [(step(later), step(earlier)) for earlier in given]
    if faults:
        msg = "prerequisites must be codes or (code, step)"
        raise MethodError(msg, faults)
    _refuse_circles(pairs, n)
    # A step that a unit has behind it is taken already.
    return [(place[a], place[b]) for a, b in pairs if a in place and b in place]


def _refuse_circles(pairs: Sequence[tuple[tuple[str, int], tuple[str, int]]], n: int) -> None:
    import networkx as nx

    waits = nx.DiGraph(pairs)
    for code in {code for pair in pairs for code, _ in pair}:
        nx.add_path(waits, [(code, number) for number in range(n, 0, -1)])
    try:
        circle = [step for step, _ in nx.find_cycle(waits)]
    except nx.NetworkXNoCycle:
        return
    named = " waits for ".join(f"{code!r} step {number}" for code, number in [*circle, circle[0]])
    msg = f"prerequisites wait for each other: {named}"
    raise MethodError(msg)


def plan(
    task: Task, *, budget: float | None, target_score: float | None, target_rank: int | None
) -> "Plan":
    """Solve a task for a budget or a target."""
    given = [goal for goal in (budget, target_score, target_rank) if goal is not None]
    if len(given) != 1:
        msg = "a plan needs one of budget, target_score and target_rank"
        raise MethodError(msg)
    if budget is not None:
        solution = _most(task, budget)
    else:
        if target_score is not None and not is_number(target_score):
            msg = f"target_score must be a finite number, got {target_score!r}"
            raise MethodError(msg)
        target = _score_of_rank(task, target_rank) if target_score is None else target_score
        solution = _cheapest(task, float(target))
    return Plan(task=task, solution=solution, budget=budget, order=_in_order(task, solution.taken))


def _most(task: Task, budget: float) -> Solution:
    if not is_number(budget) or budget < 0:
        msg = f"budget must be a finite number of at least 0, got {budget!r}"
        raise MethodError(msg)
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
    """Give the least score with a rank while all other units stay."""
    where = task.where
    assessment, node = where.found.assessment, where.found.node
    periods = assessment.periods
    scores = assessment.array(node.code)
    others = np.array(
        [
            score
            for i, score in enumerate(scores.tolist())
            if i != where.row and (periods is None or periods[i] == periods[where.row])
        ]
    )
    others = -np.sort(-others[~np.isnan(others)])
    if not isinstance(rank, int) or not is_whole(rank, 1) or rank > others.size + 1:
        msg = f"target_rank must be a whole number from 1 to {others.size + 1}, got {rank!r}"
        raise MethodError(msg)
    # Equal scores share the smaller rank: to tie with the unit there is enough.
    return float(others[rank - 1]) if rank <= others.size else -np.inf


def _in_order(task: Task, taken: Sequence[int]) -> tuple[int, ...]:
    """Order steps: each time the one that gains most for its cost among those that may come."""
    needed: dict[int, set[int]] = {i: set() for i in taken}
    for later, earlier in task.before:
        if later in needed:
            needed[later].add(earlier)
    order: list[int] = []
    while len(order) < len(taken):
        ready = [i for i in taken if i not in order and needed[i] <= set(order)]
        before = task.score(order)
        gains = [(task.score([*order, i]) - before, -task.steps[i].cost, -i) for i in ready]
        rates = [(gain / max(-cost, 1e-9), gain, i) for gain, cost, i in gains]
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
        """Whose plan it is."""
        where = self._task.where
        return where.found.assessment.units[where.row]

    @property
    def node(self) -> str:
        """The code of the node that is raised."""
        return str(self._task.where.found.node.code)

    @property
    def changes(self) -> dict[str, float]:
        """The change of each level that is invested in: what `propagate` takes."""
        return self._task.changes(self._order)

    @property
    def cost(self) -> float:
        """What all steps cost."""
        return float(self._task.costs[list(self._order)].sum())

    @property
    def score_before(self) -> float:
        """The score of the node as it is."""
        return self._task.where.score

    @cached_property
    def score(self) -> float:
        """The score of the node after all steps, by following them through the graph."""
        return self._task.score(self._order)

    @property
    def gain(self) -> float:
        """The points of the score gained."""
        return self.score - self.score_before

    @property
    def gap(self) -> float:
        """How far a better plan could be ahead, in points (in cost for a target): 0 is proven best.

        NaN where the aggregation allows no bound: see ``exact``.
        """
        return self._solution.gap

    @property
    def exact(self) -> bool:
        """Whether the program held the exact index; else a straight-line picture of it."""
        return self._solution.exact

    @cached_property
    def steps(self) -> list[dict[str, Any]]:
        """The rows of the table, as mappings."""
        graph = self._task.graph
        own = self._task.where.levels.copy()
        rows: list[dict[str, Any]] = []
        spent, score = 0.0, self.score_before
        for number, i in enumerate(self._order, 1):
            step = self._task.steps[i]
            before = float(own[step.place])
            own[step.place] += step.change
            spent += step.cost
            after = self._task.score(self._order[:number])
            rows.append(
                {
                    "step": number,
                    "code": graph.codes[step.place],
                    "name": graph.capabilities[step.place].name,
                    "level_before": before,
                    "level_after": float(own[step.place]),
                    "cost": step.cost,
                    "spent": spent,
                    "score": after,
                    "gain": after - score,
                }
            )
            score = after
        return rows

    @property
    def table(self) -> Any:
        """A row for each step, in order: ``step, code, name, level_before, level_after, cost``.

        And ``spent`` so far, the ``score`` after it and the ``gain`` by it.
        """
        names = ("level_before", "level_after", "cost", "spent", "score", "gain")
        columns: dict[str, Any] = {
            "step": np.array([row["step"] for row in self.steps], dtype=np.int64),
            "code": [row["code"] for row in self.steps],
            "name": [row["name"] for row in self.steps],
        }
        columns |= {
            name: np.array([row[name] for row in self.steps], dtype=np.float64) for name in names
        }
        library = self._task.where.found.assessment.observations.table.library
        return frames.build(columns, library)

    def roadmap(self) -> Any:
        """Order the capabilities of the plan into stages: `CapabilityGraph.roadmap`."""
        return self._task.graph.roadmap(list(self.changes))

    def _sheet(self) -> Sheet:
        from dli.capability.drawing import plan_sheet

        return plan_sheet(self)


def frontier(task: Task, budgets: Sequence[float] | None) -> Any:
    """Tell the most that each budget gains."""
    total = float(task.costs.sum())
    chosen = (np.linspace(0.1, 1.0, 10) * total).tolist() if budgets is None else list(budgets)
    bad = [f"{budget!r}" for budget in chosen if not is_number(budget) or budget < 0]
    if bad or not chosen:
        msg = "budgets must be finite numbers of at least 0"
        raise MethodError(msg, bad)
    program = Program(task)
    found = [program.most(budget) for budget in chosen]
    return frames.build(
        {
            "budget": np.array(chosen, dtype=np.float64),
            "cost": np.array([float(task.costs[list(s.taken)].sum()) for s in found]),
            "gain": np.array([s.score - task.where.score for s in found]),
            "score": np.array([s.score for s in found]),
            "gap": np.array([s.gap for s in found]),
        },
        task.where.found.assessment.observations.table.library,
    )
