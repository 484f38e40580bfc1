"""The steps that a plan may choose from."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from attrs import frozen

from dli.arrays import Floats
from dli.assessment import Assessment
from dli.capability.network import Network
from dli.capability.outcomes import Position
from dli.capability.propagation import settled
from dli.checks import (
    choice_faults,
    is_whole,
    listed,
    mapping,
    number_fault,
    refuse,
    text_faults,
    whole_number,
)
from dli.errors import MethodError
from dli.scoring.held_node import require_gradient

__all__ = ["Step", "Task"]

# Each step of each capability is a variable of the program.
_MOST_STEPS = 1000
# Smaller changes are left out, since the solver cannot distinguish them from 0.
_LEAST_CHANGE = 1e-9


@frozen
class Step:
    """The remaining part of one step of a capability's scale, or of a barrier's removal.

    Attributes
    ----------
    place : int
        The number of the capability in the graph.
    number : int
        The number of the step on the scale, from 1, whatever the unit's level. Each step requires
        the steps before it.
    change : float
        The change of the level.
    cost : float
        The cost of the remaining part, which is its share of the cost of the whole step.
    """

    place: int
    number: int
    change: float
    cost: float


@frozen(kw_only=True, eq=False)
class Task:
    """The steps that a plan may choose from.

    Attributes
    ----------
    where : Position
    steps : tuple of Step
    before : tuple of (int, int)
        Pairs of steps, by their position in ``steps``: the first requires the second.
    exclusions : tuple of tuple of int
        Groups of first steps, of each of which at most one may be taken.
    unit_of_cost : str
        The unit of costs, in words.
    """

    where: Position
    steps: tuple[Step, ...]
    before: tuple[tuple[int, int], ...]
    exclusions: tuple[tuple[int, ...], ...]
    unit_of_cost: str = ""

    @classmethod
    def of(  # noqa: PLR0913 each option is independent
        cls,
        graph: Network,
        assessment: Assessment,
        unit: object,
        *,
        period: object = None,
        node: str | None = None,
        levels: Mapping[str, float] | None = None,
        costs: Mapping[str, Any] | None = None,
        cost_per: str = "step",
        cost_unit: str | None = None,
        steps: int = 5,
        prerequisites: Mapping[Any, Any] | None = None,
        exclusions: Sequence[Sequence[str]] = (),
    ) -> "Task":
        """Check the options and return the steps that a unit can take."""
        refuse("plan", _option_faults(cost_per, cost_unit))
        n = whole_number("steps", steps, 1, _MOST_STEPS)
        where = Position.of(graph, assessment, unit, period=period, node=node, levels=levels)
        for inner in assessment.held.inner(where.found.node):
            require_gradient(inner)
        prices = _prices(graph, costs, n, n if cost_per == "level" else 1)
        chosen = tuple(
            step
            for place, level in enumerate(where.levels.tolist())
            for step in _steps(place, level, float(graph.better[place]), prices[graph.codes[place]])
        )
        place = {(graph.codes[s.place], s.number): i for i, s in enumerate(chosen)}
        first: dict[str, int] = {}
        for code, number in place:
            first.setdefault(code, number)
        before = [(i, i - 1) for (code, number), i in place.items() if number > first[code]]
        # Steps below the unit's level count as taken.
        what = "code to the codes that must come first"
        needs = {} if prerequisites is None else mapping("prerequisites", prerequisites, what)
        waits = _waits(graph, needs, n, first)
        before += [(place[a], place[b]) for a, b in waits if a in place and b in place]
        apart = [
            listed("each of the exclusions", group, "codes")
            for group in listed("exclusions", exclusions, "sequences of codes")
        ]
        for group in apart:
            graph.require(group)
        groups = (tuple(place[c, first[c]] for c in group if c in first) for group in apart)
        return cls(
            where=where,
            steps=chosen,
            before=tuple(before),
            exclusions=tuple(groups),
            unit_of_cost=_unit_of_cost(costs, cost_per, cost_unit, n),
        )

    @property
    def graph(self) -> Network:
        """The graph of capabilities."""
        return self.where.found.graph

    @property
    def costs(self) -> Floats:
        """The cost of each step."""
        return np.array([step.cost for step in self.steps])

    def changes(self, taken: Sequence[int]) -> dict[str, float]:
        """Return the joint changes of levels of several steps, by code."""
        changes: dict[str, float] = {}
        for i in taken:
            code = self.graph.codes[self.steps[i].place]
            changes[code] = changes.get(code, 0.0) + self.steps[i].change
        return changes

    def scores(self, sets: Sequence[Sequence[int]]) -> dict[str, Floats]:
        """Return the scores of all nodes of the index after each of several sets of steps."""
        scores = settled(self.where, [self.changes(taken) for taken in sets]).scores
        return {code: np.broadcast_to(own, len(sets)) for code, own in scores.items()}

    def score(self, taken: Sequence[int]) -> float:
        """Return the score of the node after several steps."""
        return float(self.scores([taken])[self.where.found.node][0])


def _option_faults(cost_per: object, cost_unit: object) -> list[str]:
    unit = "" if cost_unit is None else cost_unit
    return [*choice_faults("cost_per", cost_per, ("step", "level")), *text_faults(cost_unit=unit)]


def _unit_of_cost(costs: object, cost_per: str, cost_unit: str | None, n: int) -> str:
    """Return the unit of costs, in words."""
    if cost_unit:
        return cost_unit
    if costs is not None:
        return "units of the costs given"
    return (
        "levels, each from absent to complete" if cost_per == "level" else f"steps of 1/{n} level"
    )


def _prices(
    graph: Network, costs: Mapping[str, Any] | None, n: int, parts: int
) -> dict[str, Floats]:
    """Return the cost of each whole step of each capability: the costs divided by ``parts``."""
    if costs is None:
        return dict.fromkeys(graph.codes, np.full(n, 1.0 / parts))
    costs = mapping("costs", costs, "code to cost")
    graph.require(costs)
    prices: dict[str, Floats] = {}
    faults = [f"{code!r}: no cost" for code in graph.codes if code not in costs]
    for code, cost in costs.items():
        is_list = isinstance(cost, (Sequence, np.ndarray)) and not isinstance(cost, str)
        own = list(cost) if is_list else [cost] * n
        bad = [f"{code!r}: {x!r}" for x in dict.fromkeys(own) if number_fault("cost", x, least=0)]
        if len(own) != n:
            faults.append(f"{code!r}: {len(own)} costs for {n} steps")
        elif not bad:
            prices[code] = np.array(own, dtype=np.float64) / parts
        faults += bad
    if faults:
        msg = "costs must be finite numbers of at least 0, for every capability and barrier"
        raise MethodError(msg, faults)
    return prices


def _steps(place: int, level: float, better: float, prices: Floats) -> list[Step]:
    """Return the steps that remain above a level (of a barrier, below it); none if it is unknown.

    The cost from one level to another is the integral of a rate that is constant within a step.
    """
    if np.isnan(level):
        return []
    n = len(prices)
    done = level if better > 0 else 1.0 - level
    steps: list[Step] = []
    for number, price in enumerate(prices.tolist(), 1):
        start, end = max((number - 1) / n, done), number / n
        if end - start > _LEAST_CHANGE:
            share = 1.0 if start == (number - 1) / n else (end - start) * n
            steps.append(Step(place, number, better * (end - start), price * share))
    return steps


def _waits(
    graph: Network, prerequisites: Mapping[Any, Any], n: int, first: Mapping[str, int]
) -> list[tuple[tuple[str, int], tuple[str, int]]]:
    """Return pairs of steps, as code and number, of which the first requires the second."""
    faults: list[str] = []

    def step(item: Any) -> tuple[str, int]:
        if not (isinstance(item, tuple) and len(item) == 2):
            graph.require([item])
            return item, first.get(item, n)  # the next step, or the last where none is left
        code, number = item
        graph.require([code])
        if not is_whole(number, 1, n):
            faults.append(f"{item!r}: steps are numbered from 1 to {n}")
        return code, number

    pairs: list[tuple[tuple[str, int], tuple[str, int]]] = []
    for later, earlier in prerequisites.items():
        if isinstance(earlier, str) or not isinstance(earlier, Sequence):
            faults.append(f"{later!r}: expected a list of what must come first, got {earlier!r}")
            continue
        pairs += [(step(later), step(item)) for item in earlier]
    if faults:
        msg = "prerequisites must map codes or (code, step) to lists of such"
        raise MethodError(msg, faults)
    _refuse_circles(pairs, n)
    return pairs


def _refuse_circles(pairs: Sequence[tuple[tuple[str, int], tuple[str, int]]], n: int) -> None:
    import networkx as nx

    waits = nx.DiGraph(pairs)
    for code in {code for pair in pairs for code, _ in pair}:
        nx.add_path(waits, [(code, number) for number in range(n, 0, -1)])
    try:
        circle = [step for step, _ in nx.find_cycle(waits)]
    except nx.NetworkXNoCycle:
        return
    named = " requires ".join(f"{code!r} step {number}" for code, number in [*circle, circle[0]])
    msg = f"prerequisites require each other: {named}"
    raise MethodError(msg)
