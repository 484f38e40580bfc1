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
from dli.checks import is_whole, listed, mapping, number_fault, whole_number
from dli.errors import MethodError
from dli.scoring.held import require_gradient

__all__ = ["Step", "Task"]

# Each step of each capability is a variable of the program.
_MOST_STEPS = 1000


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
    """The steps that a plan may choose from.

    Attributes
    ----------
    where : Position
    steps : tuple of Step
    before : tuple of (int, int)
        Steps by number in ``steps``: the second must be taken for the first.
    exclusions : tuple of tuple of int
        First steps of which at most one is taken.
    """

    where: Position
    steps: tuple[Step, ...]
    before: tuple[tuple[int, int], ...]
    exclusions: tuple[tuple[int, ...], ...]

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
        steps: int = 5,
        prerequisites: Mapping[Any, Any] | None = None,
        exclusions: Sequence[Sequence[str]] = (),
    ) -> "Task":
        """Return the steps that a unit can take, after the options are checked."""
        n = whole_number("steps", steps, 1, _MOST_STEPS)
        where = Position.of(graph, assessment, unit, period=period, node=node, levels=levels)
        for inner in assessment.held.inner(where.found.node):
            require_gradient(inner)
        prices = _prices(graph, costs, n)
        chosen = tuple(
            step
            for place, level in enumerate(where.levels.tolist())
            for step in _steps(place, level, float(graph.better[place]), prices[graph.codes[place]])
        )
        place = {(graph.codes[s.place], s.number): i for i, s in enumerate(chosen)}
        before = [(i, i - 1) for i, s in enumerate(chosen) if s.number > 1]
        # A step that a unit has behind it is taken already.
        what = "code to the codes that must come first"
        needs = {} if prerequisites is None else mapping("prerequisites", prerequisites, what)
        waits = _waits(graph, needs, n)
        before += [(place[a], place[b]) for a, b in waits if a in place and b in place]
        apart = [
            listed("each of the exclusions", group, "codes")
            for group in listed("exclusions", exclusions, "sequences of codes")
        ]
        for group in apart:
            graph.require(group)
        groups = (tuple(place[c, 1] for c in group if (c, 1) in place) for group in apart)
        return cls(where=where, steps=chosen, before=tuple(before), exclusions=tuple(groups))

    @property
    def graph(self) -> Network:
        """The graph of capabilities."""
        return self.where.found.graph

    @property
    def costs(self) -> Floats:
        """The cost of each step."""
        return np.array([step.cost for step in self.steps])

    def changes(self, taken: Sequence[int]) -> dict[str, float]:
        """Return the changes of levels that some steps make together."""
        changes: dict[str, float] = {}
        for i in taken:
            code = self.graph.codes[self.steps[i].place]
            changes[code] = changes.get(code, 0.0) + self.steps[i].change
        return changes

    def scores(self, sets: Sequence[Sequence[int]]) -> dict[str, Floats]:
        """Return the scores of all nodes of the index after each of some sets of steps."""
        scores = settled(self.where, [self.changes(taken) for taken in sets]).scores
        return {code: np.broadcast_to(own, len(sets)) for code, own in scores.items()}

    def score(self, taken: Sequence[int]) -> float:
        """Return the score of the node after some steps."""
        return float(self.scores([taken])[self.where.found.node][0])


def _prices(graph: Network, costs: Mapping[str, Any] | None, n: int) -> dict[str, list[float]]:
    """Return the cost of each step of each capability."""
    if costs is None:
        return dict.fromkeys(graph.codes, [1.0] * n)
    costs = mapping("costs", costs, "code to cost")
    graph.require(costs)
    prices: dict[str, list[Any]] = {}
    faults = [f"{code!r}: no cost" for code in graph.codes if code not in costs]
    for code, cost in costs.items():
        is_list = isinstance(cost, (Sequence, np.ndarray)) and not isinstance(cost, str)
        prices[code] = list(cost) if is_list else [cost] * n
        if len(prices[code]) != n:
            faults.append(f"{code!r}: {len(prices[code])} costs for {n} steps")
        faults += [
            f"{code!r}: {own!r}"
            for own in dict.fromkeys(prices[code])
            if number_fault("cost", own, least=0)
        ]
    if faults:
        msg = "every capability and barrier needs costs, finite numbers of at least 0"
        raise MethodError(msg, faults)
    return prices


def _steps(place: int, level: float, better: float, prices: Sequence[float]) -> list[Step]:
    """Return the steps that a level leaves; none where it is unknown."""
    steps: list[Step] = []
    room = 1.0 - level if better > 0 else level
    for number, cost in enumerate(prices, 1):
        if room > 1e-9:  # False for NaN
            change = min(room, 1 / len(prices))
            steps.append(Step(place, number, better * change, float(cost)))
            room -= change
    return steps


def _waits(
    graph: Network, prerequisites: Mapping[Any, Any], n: int
) -> list[tuple[tuple[str, int], tuple[str, int]]]:
    """Return the pairs of steps, as code and number, of which the first waits for the second."""
    faults: list[str] = []

    def step(item: Any) -> tuple[str, int]:
        code, number = item if isinstance(item, tuple) and len(item) == 2 else (item, 1)
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
        msg = "prerequisites must be codes or (code, step)"
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
    named = " waits for ".join(f"{code!r} step {number}" for code, number in [*circle, circle[0]])
    msg = f"prerequisites wait for each other: {named}"
    raise MethodError(msg)
