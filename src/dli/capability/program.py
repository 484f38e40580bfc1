"""The mixed-integer program behind a plan.

The variables are a binary for each step, the level of each capability, the position of each outcome
and the score of each node below the one to raise. Levels and outcomes are limited to their scale. A
mean that is not linear is bounded from above by tangents, which are added where a solution requires
them. For a concave mean, the program converges to the exact optimum.
"""

from collections.abc import Iterator, Sequence

import numpy as np
from attrs import frozen

from dli.arrays import TIE, Floats
from dli.capability.bending import Bend
from dli.capability.mixed_integer import MixedInteger, Row, Terms
from dli.capability.task import Task
from dli.scoring.held import HeldTree
from dli.scoring.held_node import HeldNode

__all__ = ["Program", "Solution"]

# Scores that differ by less are considered equal, as a share of the scale of scores.
TOLERANCE = 1e-6
_ROUNDS = 200
# The relative optimality gaps of the first solutions of a nonlinear program.
_NEARNESS = (0.02, 0.002)


@frozen(kw_only=True)
class Solution:
    """A solution of the program.

    Attributes
    ----------
    taken : tuple of int
        The steps that are taken, by their number in the task.
    score : float
        The score of the node, found by following the steps through the graph.
    gap : float
        The optimality gap; NaN without a bound.
    exact : bool
        Whether the program represents the index exactly.
    """

    taken: tuple[int, ...]
    score: float
    gap: float
    exact: bool


class Program:
    """A mixed-integer program, to which tangents and excluded solutions are added."""

    def __init__(self, task: Task) -> None:
        self.task = task
        self.exact = True
        self._mip = MixedInteger()
        self._tree, self._node = task.where.held.tree, task.where.found.node
        self._nodes = list(self._tree.inner(self._node))
        self._scale = max(float(np.ptp(self._node_ends(self._node))), 1e-9)
        self._curved: list[HeldNode] = []
        self._bent: list[tuple[str, int, Terms]] = []
        self._steps = [self._mip.variable(0.0, 1.0, whole=True) for _ in task.steps]
        self._lay_levels()
        self._lay_tree()
        self._lay_order()

    def _score(self, code: str) -> float:
        return self.task.where.held.score(code)

    def _lay_levels(self) -> None:
        graph, where = self.task.graph, self.task.where
        n = len(graph.codes)
        self._start = np.concatenate([np.nan_to_num(where.levels), where.outcomes])
        lows = np.where(np.isnan(where.levels), -1.0, 0.0)
        self._levels = [self._mip.variable(low, 1.0) for low in lows.tolist()]
        self._into: list[list[tuple[int, float]]] = [[] for _ in self._start]
        for i, j, strength in graph.signed_links():
            self._into[j].append((i, strength))
        self._needs: list[list[int]] = [[] for _ in self._start]
        for source, target in zip(*(pair.tolist() for pair in graph.required_pairs), strict=True):
            self._needs[target].append(source)
        wanted = self._wanted()
        # If a capability helps through one chain and harms through another, further binaries
        # are required to represent the ends of scales.
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
        """Return for each node whether the score gains by its rise, its fall, or both."""
        graph = self.task.graph
        wanted: list[set[int]] = [set() for _ in self._start]
        below = {self._node} | {child for node in self._nodes for child in node.children}
        for code in graph.outcomes:
            if code in below and not np.isnan(self._start[graph.places[code]]):
                wanted[graph.places[code]].add(1)
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
        """Return the position of a node plus the effects of its links, before any cut-off."""
        terms: dict[int, float] = {}
        constant = float(self._start[node])
        for source, strength in self._into[node]:
            terms[self._levels[source]] = strength
            constant -= strength * float(self._start[source])
        return terms, constant

    def _hold_below(
        self, variable: int, node: int, terms: dict[int, float], constant: float, room: float
    ) -> None:
        """Constrain a node to be at most its inflow, and at most the sources that it requires."""
        terms = dict(terms)
        low = self._mip.low[variable]
        if self._mixed:  # the inflow may be below the scale, where the node does not follow it
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
            slack = 1.0 - self._mip.low[self._levels[source]]
            self._mip.at_most(variable, {self._levels[source]: 1.0, follows: -slack}, slack)

    def _hold_above(self, c: int, terms: dict[int, float], constant: float, room: float) -> None:
        """Constrain a level to be at least its inflow, or at least the source that limits it."""
        terms, variable, low = dict(terms), self._levels[c], self._mip.low[self._levels[c]]
        if self._mixed:
            full = self._mip.variable(0.0, 1.0, whole=True)
            self._mip.at_least(variable, {full: 1.0 - low}, low)
            terms[full] = -room
        for source in self._needs[c]:
            held = self._mip.variable(0.0, 1.0, whole=True)
            self._mip.at_least(variable, {self._levels[source]: 1.0, held: 1.0 - low}, low - 1.0)
            self._mip.at_least(variable, {held: float(self._start[c]) - low}, low)
            terms[held] = -room
        self._mip.at_least(variable, terms, constant)

    def _node_ends(self, code: str) -> tuple[float, float]:
        """Return bounds of a node's score in this program."""
        found = self.task.where.found
        inner = {child for node in self._tree.inner(code) for child in node.children} | {code}
        scores = [self._tree.scores[own] for own in inner]
        reached = np.concatenate([found.low, found.low + found.span, *scores])
        reached = reached[~np.isnan(reached)]
        return float(reached.min()), float(reached.max())

    def _lay_tree(self) -> None:
        where = self.task.where
        # The score of each node as an expression, and the variables of joined nodes.
        self._scores: dict[str, Terms] = {}
        self._joined: dict[str, int] = {}
        order = self._common_order()
        own = max(where.score, 1e-3 * self._scale)
        self._bend = Bend() if order is None else Bend(order, own)
        # Below a hundredth of the unit's score, tangents are too steep for the solver.
        self._floor = max(1e-6 * self._scale, 1e-2 * own if self._bend.order < 0 else 0.0)
        inner = [] if order is not None else self._nodes  # else the whole tree is joined at once
        for code in (child for node in self._nodes for child in node.children):
            if code not in self._tree.nodes and not np.isnan(self._score(code)):
                self._scores[code] = ({}, self._score(code))
                self._lay_outcome(code)
        for node in reversed(inner):
            if not np.isnan(self._score(node.code)):
                self._join(node)
                self._lay_outcome(node.code)
        if order is not None:
            self._join_whole()

    def _common_order(self) -> float | None:
        """Return the order below 1 that all means below the node have in common, if any, else None.

        A tree of power means of one order is a single power mean of its indicators. It can then be
        bounded by tangents of each indicator, which are much closer than those of nodes.
        """
        orders = {node.traits.order for node in self._nodes}
        order = orders.pop()
        if orders or order is None or not -np.inf < order < 1:
            return None
        has_outcome = any(node.code in self.task.graph.outcomes for node in self._nodes)
        return None if has_outcome else order

    def _join_whole(self) -> None:
        """Add the whole tree as a weighted sum of transformed indicators (logarithms or powers)."""
        share = {self._node: 1.0}
        total: Terms = ({}, 0.0)
        for node in self._nodes:
            for child, weight in self._shares(node) if node.code in share else ():
                share[child] = share[node.code] * weight
        for code in (code for code in share if code not in self._tree.nodes):
            terms, constant = self._scores[code]
            if not terms:
                total = (total[0], total[1] + share[code] * self._bend.of(constant))
                continue
            ((variable, span),) = terms.items()
            high = constant + span * self._mip.high[variable]
            least = max(constant + span * self._mip.low[variable], self._floor)
            # The tangent at this point bounds all lower values.
            lowest = self._bend.of(least) - self._bend.slope(least) * least
            bent = self._mip.variable(lowest, self._bend.of(max(high, least)), unit=self._scale)
            total[0][bent] = share[code]
            self._bent.append((code, bent, (terms, constant)))
            now = max(self._score(code), least)
            for at in np.geomspace(now, max(high, now), 8).tolist():
                self._bent_tangent(bent, (terms, constant), at)
        self._scores[self._node] = total

    def _shares(self, node: HeldNode) -> list[tuple[str, float]]:
        """Return the children of a node that count for the unit, with their weights."""
        weights = node.weights_of(self.task.where.row).tolist()
        known = [
            (code, weight)
            for code, weight in zip(node.children, weights, strict=True)
            if weight > 0 and not np.isnan(self._score(code))
        ]
        total = sum(weight for _, weight in known)
        return [(code, weight / total) for code, weight in known]

    def _bent_tangent(self, bent: int, score: Terms, at: float) -> None:
        """Constrain a transformed indicator to be at most its tangent at a score."""
        slope = self._bend.slope(at)
        terms = {variable: slope * factor for variable, factor in score[0].items()}
        self._mip.at_most(bent, terms, self._bend.of(at) + slope * (score[1] - at))

    def _lay_outcome(self, code: str) -> None:
        """Add the position of an outcome, from 0 to 1, and its score; ignore other nodes."""
        found, place = self.task.where.found, self.task.graph.places.get(code)
        j = None if place is None else place - len(self.task.graph.codes)
        if place is None or j is None or not found.span[j] > 0:
            return
        low, span, start = float(found.low[j]), float(found.span[j]), float(self._start[place])
        variable = self._mip.variable(min(start, 0.0), max(start, 1.0))
        terms, constant = self._inflow(place)
        # The inflow is added to the score from the children, which is constant for an indicator.
        below, score = self._scores[code]
        constant += (score - low) / span - start
        terms |= {v: factor / span for v, factor in below.items()}
        room = 4.0 + abs(start) + sum(abs(strength) for _, strength in self._into[place])
        self._hold_below(variable, place, terms, constant, room)
        self._scores[code] = {variable: span}, low

    def _join(self, node: HeldNode) -> None:
        """Add a node's score as a function of those of its children."""
        known = [code for code in node.children if code in self._scores]
        is_held = node.is_filled(self.task.where.row)
        if is_held or not any(self._scores[code][0] for code in known):
            self._scores[node.code] = ({}, self._score(node.code))
            return
        low, high = self._node_ends(node.code)
        variable = self._mip.variable(
            min(low, 0.0) - self._scale, high + self._scale, unit=self._scale
        )
        self._joined[node.code] = variable
        self._scores[node.code] = ({variable: 1.0}, 0.0)
        traits = node.traits
        if traits.order == -np.inf:
            for code, _ in self._shares(node):
                self._mip.at_most(variable, *self._scores[code])
        elif traits.concave and traits.local:
            if traits.order != 1:
                self._curved.append(node)
            self._tangent(node, self.task.where.held.scores_of(node))
        else:  # a linear approximation at the unit's position
            self.exact = False
            row = self.task.where.row
            slopes = {c: float(own[row]) for c, own in self._tree.slopes(node.code).items()}
            scores = {code: self._score(code) for code in known}
            self._hold_by_line(node.code, self._score(node.code), slopes, scores)

    def _tangent(self, node: HeldNode, scores: Floats) -> None:
        """Constrain a node's score to be at most its tangent at scores of its children."""
        if node.traits.domain == "non-negative":
            scores = np.maximum(scores, 1e-6 * self._scale)  # the tangent at 0 may be vertical
        at = dict(zip(node.children, scores[:, np.newaxis], strict=True))
        value = node.join(scores[np.newaxis], node.weights_of(self.task.where.row))
        alone = node.of_rows([self.task.where.row])
        tree = HeldTree(nodes={node.code: alone}, scores=at | {node.code: value}, leaf_ends={})
        slopes = {code: float(own[0]) for code, own in tree.slopes(node.code).items()}
        known = {code: float(own[0]) for code, own in at.items() if code in self._scores}
        self._hold_by_line(node.code, float(value[0]), slopes, known)

    def _hold_by_line(
        self, code: str, value: float, slopes: dict[str, float], scores: dict[str, float]
    ) -> None:
        """Constrain a node to be at most a linear function through a value at children's scores."""
        terms: dict[int, float] = {}
        for child, at in scores.items():
            below, constant = self._scores[child]
            value += slopes[child] * (constant - at)
            for variable, factor in below.items():
                terms[variable] = terms.get(variable, 0.0) + slopes[child] * factor
        self._mip.at_most(self._joined[code], terms, value)

    def _lay_order(self) -> None:
        for later, earlier in self.task.before:
            self._mip.at_most(self._steps[later], {self._steps[earlier]: 1.0}, 0.0)
        for group in self.task.exclusions:
            self._mip.row({self._steps[i]: 1.0 for i in group}, -np.inf, 1.0)

    def most(self, budget: float) -> Solution:
        """Return the steps that gain most within a budget."""
        costs = dict(zip(self._steps, self.task.costs.tolist(), strict=True))
        score, constant = self._scores[self._node]
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
        """Return the steps that reach a score at the lowest cost, or None if no steps reach it."""
        enough = target - TIE * self._scale
        if self.task.where.score >= enough:
            return Solution(taken=(), score=self.task.where.score, gap=0.0, exact=self.exact)
        costs = dict(zip(self._steps, self.task.costs.tolist(), strict=True))
        score, constant = self._scores[self._node]
        goal = (score, self._bend.of(target) - constant - TOLERANCE * self._scale, np.inf)
        for taken, _, is_best in self._solutions(costs, [goal]):
            reached = self.task.score(taken)
            if is_best and reached >= enough:
                return Solution(taken=taken, score=reached, gap=0.0, exact=self.exact)
        return None

    def _pruned(self, taken: Sequence[int]) -> tuple[int, ...]:
        """Return the steps without those that gain nothing."""
        kept = list(taken)
        score = self.task.score(kept)
        for i in reversed(taken):
            needed = any(earlier == i and later in kept for later, earlier in self.task.before)
            rest = [other for other in kept if other != i]
            if not needed and self.task.score(rest) >= score - TIE * self._scale:
                kept = rest
        return tuple(kept)

    def _solutions(
        self, objective: dict[int, float], goals: list[Row]
    ) -> Iterator[tuple[tuple[int, ...], float, bool]]:
        """Yield the best solution, then the next ones after tangents have been added.

        Each is yielded as its steps, a bound of the objective, and whether the solver had to prove
        optimality. The first solutions, which only show where tangents are needed, may have a gap.
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
            if taken in seen:  # further tangents would not change the solution
                if near == 0.0:  # the solver cannot improve the bound any more
                    return
                near = next(nearness, 0.0)
                continue
            seen.add(taken)
            after = {code: float(own[0]) for code, own in self.task.scores([taken]).items()}
            for node in self._curved:
                self._tangent(node, np.array([after[code] for code in node.children]))
            for code, bent, score in self._bent:
                self._bent_tangent(bent, score, max(after[code], self._floor))
            if not is_curved or not self.exact:
                row = {v: -1.0 if i in taken else 1.0 for i, v in enumerate(self._steps)}
                left_out.append((row, 1.0 - len(taken), np.inf))
