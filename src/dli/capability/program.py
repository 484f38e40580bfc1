"""The mixed-integer program behind a plan.

Variables are a 0 or 1 for each step, the level of each capability, the position of each outcome and
the score of each node below the one to raise. What comes to the end of its scale is cut off there;
a mean that is no straight line is held from above by its tangents, which are added where a solution
needs them: for a concave mean the program then ends at the exact optimum.
"""

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any, TypeAlias

import numpy as np
from attrs import frozen
from numpy.typing import NDArray

from dli.assessment.contributions import held_aggregation
from dli.capability.bending import Bend
from dli.capability.mixed_integer import MixedInteger, Row, Terms
from dli.framework import Index

if TYPE_CHECKING:
    from dli.capability.planning import Task

__all__ = ["Program", "Solution"]

Floats: TypeAlias = NDArray[np.float64]

# What the solver takes as equal, in shares of the scale of scores.
TOLERANCE = 1e-6
_ROUNDS = 200
# How near to the best the first solutions of a curved program must be.
_NEARNESS = (0.02, 0.002)


@frozen(kw_only=True)
class Solution:
    """What the solver found.

    Attributes
    ----------
    taken : tuple of int
        The steps, by number in the task.
    score : float
        Of the node, by following the steps through the graph.
    gap : float
        How far a better solution could be ahead; NaN without a bound.
    exact : bool
        Whether the program held the exact index.
    """

    taken: tuple[int, ...]
    score: float
    gap: float
    exact: bool


class Program:
    """A mixed-integer program that grows by tangents and by solutions to leave out."""

    def __init__(self, task: "Task") -> None:
        self.task = task
        self.exact = True
        self._mip = MixedInteger()
        self._scale = max(float(np.ptp(self._node_ends(task.where.found.node))), 1e-9)
        self._curved: list[Index] = []
        self._bent: list[tuple[str, int, Terms]] = []
        self._steps = [self._mip.variable(0.0, 1.0, whole=True) for _ in task.steps]
        self._lay_levels()
        self._lay_tree()
        self._lay_order()

    def _lay_levels(self) -> None:
        graph, where = self.task.graph, self.task.where
        n = len(graph.codes)
        self._start = np.concatenate([np.nan_to_num(where.levels), where.outcomes])
        self._levels = [self._mip.variable(0.0, 1.0) for _ in range(n)]
        self._into: list[list[tuple[int, float]]] = [[] for _ in self._start]
        direct = graph.direct.tocoo()
        for i, j, strength in zip(
            direct.row.tolist(), direct.col.tolist(), direct.data.tolist(), strict=True
        ):
            self._into[j].append((i, strength))
        self._needs: list[list[int]] = [[] for _ in self._start]
        for source, target in zip(*(pair.tolist() for pair in graph.required_pairs), strict=True):
            self._needs[target].append(source)
        wanted = self._wanted()
        # Where more of a capability is good by one chain and bad by another, what is cut off at
        # the ends must be told by further binaries.
        self._mixed = any(len(signs) == 2 for signs in wanted)
        for c in range(n):
            terms, constant = self._inflow(c)
            for i, step in enumerate(self.task.steps):
                if step.place == c:
                    terms[self._steps[i]] = step.change
            room = 2.0 + sum(abs(strength) for _, strength in self._into[c])
            if 1 in wanted[c]:
                self._hold_below(self._levels[c], c, terms, constant, room)
            if -1 in wanted[c]:
                self._hold_above(c, terms, constant, room)

    def _wanted(self) -> list[set[int]]:
        """Tell for each node whether the score gains by more of it, by less of it, or both."""
        graph, found = self.task.graph, self.task.where.found
        n = len(graph.codes)
        wanted: list[set[int]] = [set() for _ in self._start]
        below = {node.code for node in found.node.walk()}
        for j, code in enumerate(graph.outcomes):
            if code in below and not np.isnan(self._start[n + j]):
                wanted[n + j].add(1)
        todo = [node for node, signs in enumerate(wanted) if signs]
        while todo:
            node = todo.pop()
            for source, strength in self._into[node]:
                sign = 1 if strength > 0 else -1
                new = {sign * s for s in wanted[node]} if strength else set()
                new |= wanted[node] if source in self._needs[node] else set()
                if new - wanted[source]:
                    wanted[source] |= new
                    todo.append(source)
        return wanted

    def _inflow(self, node: int) -> Terms:
        """Give where a node stands, and what comes in by its links, before anything is cut off."""
        terms: dict[int, float] = {}
        constant = float(self._start[node])
        for source, strength in self._into[node]:
            terms[self._levels[source]] = strength
            constant -= strength * float(self._start[source])
        return terms, constant

    def _hold_below(
        self, variable: int, node: int, terms: dict[int, float], constant: float, room: float
    ) -> None:
        """Hold a node below what comes in, and below what it requires."""
        terms = dict(terms)
        low = self._mip.low[variable]
        if self._mixed:  # what comes in may end below the scale, where the node does not follow
            ended = self._mip.variable(0.0, 1.0, whole=True)
            self._mip.at_most(
                variable, {ended: low - self._mip.high[variable]}, self._mip.high[variable]
            )
            terms[ended] = room
        self._mip.at_most(variable, terms, constant)
        start = float(self._start[node])
        for source in self._needs[node]:
            follows = self._mip.variable(0.0, 1.0, whole=True)
            self._mip.at_most(variable, {follows: 1.0}, start)
            self._mip.at_most(variable, {self._levels[source]: 1.0, follows: -1.0}, 1.0)

    def _hold_above(self, c: int, terms: dict[int, float], constant: float, room: float) -> None:
        """Hold a level above what comes in, or above what it requires where that is the limit."""
        terms, variable = dict(terms), self._levels[c]
        if self._mixed:
            full = self._mip.variable(0.0, 1.0, whole=True)
            self._mip.at_least(variable, {full: 1.0}, 0.0)
            terms[full] = -room
        for source in self._needs[c]:
            held = self._mip.variable(0.0, 1.0, whole=True)
            self._mip.at_least(variable, {self._levels[source]: 1.0, held: 1.0}, -1.0)
            self._mip.at_least(variable, {held: float(self._start[c])}, 0.0)
            terms[held] = -room
        self._mip.at_least(variable, terms, constant)

    def _node_ends(self, node: Any) -> tuple[float, float]:
        """Give bounds of a node's score in this program."""
        found = self.task.where.found
        own = [found.assessment.array(inner.code) for inner in node.walk()]
        reached = np.concatenate([found.low, found.low + found.span, *own])
        reached = reached[~np.isnan(reached)]
        return float(reached.min()), float(reached.max())

    def _lay_tree(self) -> None:
        where = self.task.where
        assessment, n = where.found.assessment, len(self.task.graph.codes)
        place = {code: j for j, code in enumerate(where.found.codes)}
        # The score of each node, and what its children give by themselves.
        self._scores: dict[str, Terms] = {}
        self._joined: dict[str, int] = {}
        order = self._common_order()
        own = max(where.score, 1e-3 * self._scale)
        self._bend = Bend() if order is None else Bend(order, own)
        # Below a hundredth of the unit's score tangents are steeper than the solver bears.
        self._floor = max(1e-6 * self._scale, 1e-2 * own if self._bend.order < 0 else 0.0)
        for node in reversed(list(where.found.node.walk())):
            score = float(assessment.array(node.code)[where.row])
            j = place.get(node.code)
            if np.isnan(score):
                continue
            if isinstance(node, Index):
                if order is not None:  # joined as a whole
                    continue
                self._join(node)
            else:
                self._scores[node.code] = ({}, score)
            if j is not None and where.found.span[j] > 0:
                self._scores[node.code] = self._outcome(node, j, n)
        if order is not None:
            self._join_whole()

    def _common_order(self) -> float | None:
        """Give the order below 1 that all means below the node have, if it holds the whole tree.

        A tree of power means of one order is one such mean of its indicators: then the tangents of
        each indicator alone hold it, far nearer than those of nodes.
        """
        found = self.task.where.found
        orders = set()
        for node in found.node.walk():
            if isinstance(node, Index):
                if node.code in found.codes:
                    return None
                orders.add(getattr(held_aggregation(found.assessment, node), "order", None))
        order = orders.pop()
        return None if orders or order is None or not -np.inf < order < 1 else float(order)

    def _join_whole(self) -> None:
        """Lay the whole tree as a sum over indicators: of logarithms, or of powers."""
        where = self.task.where
        assessment = where.found.assessment
        share = {where.found.node.code: 1.0}
        total: Terms = ({}, 0.0)
        for node in where.found.node.walk():
            if isinstance(node, Index):
                for child, weight in self._shares(node):
                    share[child] = share.get(node.code, 0.0) * weight
                continue
            terms, constant = self._scores.get(node.code, ({}, np.nan))
            weight = share.get(node.code, 0.0)
            if not weight:
                continue
            if not terms:
                total = (total[0], total[1] + weight * self._bend.of(constant))
                continue
            ((variable, span),) = terms.items()
            high = constant + span * self._mip.high[variable]
            least = max(constant + span * self._mip.low[variable], self._floor)
            # The tangent there holds what is lower still.
            lowest = self._bend.of(least) - self._bend.slope(least) * least
            bent = self._mip.variable(lowest, self._bend.of(max(high, least)), unit=self._scale)
            total[0][bent] = weight
            self._bent.append((node.code, bent, (terms, constant)))
            now = max(float(assessment.array(node.code)[where.row]), least)
            for at in np.geomspace(now, max(high, now), 8).tolist():
                self._bent_tangent(bent, (terms, constant), at)
        self._scores[where.found.node.code] = total

    def _shares(self, node: Index) -> list[tuple[str, float]]:
        """Give the children of a node that the unit has, with their weights among themselves."""
        where = self.task.where
        assessment = where.found.assessment
        own = assessment.weight_array(node.code, where.row).tolist()
        there = [
            (child.code, weight)
            for child, weight in zip(node.children, own, strict=True)
            if not np.isnan(assessment.array(child.code)[where.row])
        ]
        total = sum(weight for _, weight in there)
        return [(code, weight / total) for code, weight in there if total > 0]

    def _bent_tangent(self, bent: int, score: Terms, at: float) -> None:
        """Hold a logarithm or power of an indicator below its tangent at a score."""
        slope = self._bend.slope(at)
        terms = {variable: slope * factor for variable, factor in score[0].items()}
        self._mip.at_most(bent, terms, self._bend.of(at) + slope * (score[1] - at))

    def _outcome(self, node: Any, j: int, n: int) -> Terms:
        """Lay the position of an outcome, from 0 to 1, and give its score."""
        found = self.task.where.found
        low, span, start = float(found.low[j]), float(found.span[j]), float(self._start[n + j])
        variable = self._mip.variable(min(start, 0.0), max(start, 1.0))
        terms, constant = self._inflow(n + j)
        if isinstance(node, Index):  # what comes in is added to what its children give
            below, score = self._scores[node.code]
            constant += (score - low) / span - start
            terms |= {v: factor / span for v, factor in below.items()}
        room = 4.0 + abs(start) + sum(abs(strength) for _, strength in self._into[n + j])
        self._hold_below(variable, n + j, terms, constant, room)
        return {variable: span}, low

    def _join(self, node: Index) -> None:
        """Lay a node's score over those of its children."""
        where = self.task.where
        assessment = where.found.assessment
        aggregation = held_aggregation(assessment, node)
        there = [c for c in node.children if not np.isnan(assessment.array(c.code)[where.row])]
        if not any(self._scores[child.code][0] for child in there):
            self._scores[node.code] = ({}, float(assessment.array(node.code)[where.row]))
            return
        low, high = self._node_ends(node)
        variable = self._mip.variable(
            min(low, 0.0) - self._scale, high + self._scale, unit=self._scale
        )
        self._joined[node.code] = variable
        self._scores[node.code] = ({variable: 1.0}, 0.0)
        if getattr(aggregation, "order", 0.0) == -np.inf:
            weights = assessment.weight_array(node.code, where.row).tolist()
            for child, weight in zip(node.children, weights, strict=True):
                if child in there and weight > 0:
                    self._mip.at_most(variable, *self._scores[child.code])
            return
        if not _is_concave(aggregation):
            self.exact = False
        elif getattr(aggregation, "order", 0.0) != 1:
            self._curved.append(node)
        self._tangent(node, {c.code: assessment.array(c.code) for c in node.children})

    def _tangent(self, node: Index, scores: dict[str, Floats]) -> None:
        """Hold a node's score below the tangent at given scores of its children."""
        where = self.task.where
        assessment = where.found.assessment
        aggregation = held_aggregation(assessment, node)
        x = np.stack([scores[child.code] for child in node.children], axis=1)
        own = slice(where.row, where.row + 1)
        weights = assessment.weight_array(node.code)
        if _is_concave(aggregation):  # by unit: the others play no part
            x = x[own]
            weights = weights if weights.ndim == 1 else weights[own]
            if getattr(aggregation, "domain", "real") == "non-negative":
                x = np.maximum(x, 1e-6 * self._scale)  # the tangent at 0 may be upright
            own = slice(0, 1)
        value = float(aggregation.aggregate(x, weights)[own][0])
        slopes = np.nan_to_num(aggregation.gradient(x, weights)[own][0])
        terms: dict[int, float] = {}
        for child, slope, at in zip(
            node.children, slopes.tolist(), x[own][0].tolist(), strict=True
        ):
            if slope and not np.isnan(at):
                below, constant = self._scores[child.code]
                value += slope * (constant - at)
                for variable, factor in below.items():
                    terms[variable] = terms.get(variable, 0.0) + slope * factor
        self._mip.at_most(self._joined[node.code], terms, value)

    def _lay_order(self) -> None:
        for later, earlier in self.task.before:
            self._mip.at_most(self._steps[later], {self._steps[earlier]: 1.0}, 0.0)
        for group in self.task.exclusions:
            self._mip.row({self._steps[i]: 1.0 for i in group}, -np.inf, 1.0)

    def most(self, budget: float) -> Solution:
        """Find the steps that gain most within a budget."""
        costs = dict(zip(self._steps, self.task.costs.tolist(), strict=True))
        score, constant = self._scores[self.task.where.found.node.code]
        best: tuple[float, tuple[int, ...]] = (self.task.where.score, ())
        bound = np.inf
        for taken, objective, _ in self._solutions(
            {v: -factor for v, factor in score.items()}, [(costs, -np.inf, budget)]
        ):
            bound = min(bound, self._bend.back(constant - objective))
            best = max(best, (self.task.score(taken), taken), key=lambda pair: pair[0])
            if not self.exact or bound - best[0] <= TOLERANCE * self._scale:
                break
        gap = bound - best[0] if self.exact else np.nan
        return Solution(
            taken=self._pruned(best[1]),
            score=best[0],
            gap=0.0 if gap <= TOLERANCE * self._scale else gap,
            exact=self.exact,
        )

    def cheapest(self, target: float) -> Solution | None:
        """Find the steps that reach a score at least cost, or None if no steps do."""
        enough = target - 1e-12 * self._scale
        if self.task.where.score >= enough:
            return Solution(taken=(), score=self.task.where.score, gap=0.0, exact=self.exact)
        costs = dict(zip(self._steps, self.task.costs.tolist(), strict=True))
        score, constant = self._scores[self.task.where.found.node.code]
        goal = (score, self._bend.of(target) - constant - TOLERANCE * self._scale, np.inf)
        for taken, _, is_best in self._solutions(costs, [goal]):
            reached = self.task.score(taken)
            if is_best and reached >= enough:
                return Solution(taken=taken, score=reached, gap=0.0, exact=self.exact)
        return None

    def _pruned(self, taken: Sequence[int]) -> tuple[int, ...]:
        """Leave out steps that gain nothing."""
        kept = list(taken)
        score = self.task.score(kept)
        for i in reversed(taken):
            needed = any(earlier == i and later in kept for later, earlier in self.task.before)
            rest = [other for other in kept if other != i]
            if not needed and self.task.score(rest) >= score - 1e-12 * self._scale:
                kept = rest
        return tuple(kept)

    def _solutions(
        self, objective: dict[int, float], goals: list[Row]
    ) -> Iterator[tuple[tuple[int, ...], float, bool]]:
        """Give the steps of the best solution, then of the next after tangents are added to it.

        With them a bound of the objective, and whether the solver was asked for the best: the
        first solutions, which only show where tangents are needed, may be near it.
        """
        seen: set[tuple[int, ...]] = set()
        left_out: list[Row] = []
        is_curved = bool(self._curved or self._bent)
        nearness = iter(_NEARNESS if is_curved and self.exact else ())
        near = next(nearness, 0.0)
        for _ in range(_ROUNDS):
            found = self._mip.solve(objective, [*goals, *left_out], near)
            if found is None:
                return
            values, bound = found
            taken = tuple(i for i, v in enumerate(self._steps) if values[v] > 0.5)
            yield taken, bound, near == 0.0
            if taken in seen:  # no tangent tells more
                if near == 0.0:  # the bound is as near as the solver goes
                    return
                near = next(nearness, 0.0)
                continue
            seen.add(taken)
            after = self.task.after(taken).scores
            for node in self._curved:
                self._tangent(node, after)
            for code, bent, score in self._bent:
                at = float(after[code][self.task.where.row])
                self._bent_tangent(bent, score, max(at, self._floor))
            if not is_curved or not self.exact:
                row = {v: -1.0 if i in taken else 1.0 for i, v in enumerate(self._steps)}
                left_out.append((row, 1.0 - len(taken), np.inf))


def _is_concave(aggregation: Any) -> bool:
    """Tell whether tangents hold an aggregation from above, unit by unit."""
    order = getattr(aggregation, "order", None)
    if order is not None:
        return bool(order <= 1)
    for_places = getattr(aggregation, "order_weights", None)
    if for_places is not None:
        return bool((np.diff(for_places) >= 0).all())
    return bool(getattr(aggregation, "concave", False))
