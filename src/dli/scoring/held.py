"""Scores after changes to some nodes, with weights and scales fixed; arrays only.

The weights are fixed, and so is the scale of an aggregation that derives one from the data. All
what-if computations use this module: gaps, differences, leverage, explanations and plans.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import cached_property
from typing import TypeAlias

import numpy as np
from attrs import frozen

from dli.arrays import TIE, Bools, Floats
from dli.scoring.held_node import HeldNode

__all__ = ["Change", "HeldTree", "HeldUnit", "observed_ends"]

# New scores of a node, or a function of the scores computed from its children that returns them.
Change: TypeAlias = Floats | float | Callable[[Floats], Floats]


@frozen(kw_only=True, eq=False)
class HeldTree:
    """The tree of an assessment with its scores, and with weights and scales fixed.

    Attributes
    ----------
    nodes : mapping of str to HeldNode
        The nodes that have children, parents first. A normalisation of a node's score is a node
        between that node and its parent; `dli.scoring.entering.entry_code` returns its code.
    scores : mapping of str to ndarray of shape (n_rows,)
        The scores of every node.
    leaf_ends : mapping of str to (float, float)
        The worst and the best score of each indicator, and of each normalised score on a scale
        with declared ends.
    """

    nodes: Mapping[str, HeldNode]
    scores: Mapping[str, Floats]
    leaf_ends: Mapping[str, tuple[float, float]]

    def unit(self, row: int) -> "HeldUnit":
        """Return the tree of one row."""
        return HeldUnit(tree=self, row=row)

    def inner(self, top: str) -> Iterator[HeldNode]:
        """Yield a node and the nodes below it that have children, parents first."""
        below = {top}
        for code, node in self.nodes.items():
            if code in below:
                below.update(node.children)
                yield node

    def values(self, node: HeldNode) -> Floats:
        """Return the scores of a node's children, of shape (n_rows, n_children)."""
        return np.stack([self.scores[code] for code in node.children], axis=1)

    def moved(self, changes: Mapping[str, Change]) -> dict[str, Floats]:
        """Return the scores of all nodes, of shape (n_rows,), after changes to some of them.

        Parameters
        ----------
        changes : mapping of str to ndarray, float or callable
            The new scores by code. A callable is applied to the scores computed from the node's
            children, and returns the new ones.
        """

        def rejoined(node: HeldNode, columns: Sequence[Floats]) -> Floats:
            return node.settled(node.join(np.stack(columns, axis=1), node.weights))

        return _moved(self.nodes, self.scores, changes, rejoined)

    def slopes(self, top: str) -> dict[str, Floats]:
        """Return the derivative of a node's score by the score of every node below it.

        Returns
        -------
        dict of str to ndarray of shape (n_rows,)
            The derivatives by the code of the lower node; 0 where that node is missing. Where the
            two one-sided derivatives differ, such as at ties, the value lies between them.

        Raises
        ------
        MethodError
            An aggregation does not have a derivative.
        """
        slopes: dict[str, Floats] = {top: np.ones(len(self.scores[top]))}
        for node in self.inner(top):
            local = node.gradient(self.values(node))
            for code, slope in zip(node.children, local.T, strict=True):
                slopes[code] = slopes[node.code] * slope
        return slopes

    def directional(self, top: str, moves: Mapping[str, Floats]) -> Floats:
        """Return the one-sided derivative of a node's score along moves of nodes below it.

        Parameters
        ----------
        top : str
        moves : mapping of str to ndarray of shape (..., n_rows)
            The move of each node, in addition to the move that results from its children.

        Returns
        -------
        ndarray of shape (..., n_rows)
        """
        shape = np.broadcast_shapes(self.scores[top].shape, *(np.shape(m) for m in moves.values()))
        total: dict[str, Floats] = {}
        for node in reversed(list(self.inner(top))):
            below = [_plus(total.get(c), moves.get(c), shape) for c in node.children]
            total[node.code] = node.directional(self.values(node), np.stack(below, axis=-1))
        return _plus(total.get(top), moves.get(top), shape)

    def kinks(self, top: str) -> dict[str, Bools]:
        """Return where the one-sided derivatives of a node differ.

        Returns
        -------
        dict of str to ndarray of bool of shape (n_rows,)
            A mask by code for ``top`` and each node below it whose aggregation can have kinks.
        """
        kinks = {}
        for node in self.inner(top):
            if not node.traits.kinked:
                continue
            values = self.values(node)
            differs = np.zeros(len(values), dtype=np.bool_)
            for place in range(len(node.children)):
                move = np.zeros(values.shape)
                move[:, place] = 1.0
                sides = [node.directional(values, sign * move) for sign in (1.0, -1.0)]
                differs |= np.abs(sides[0] + sides[1]) > TIE
            kinks[node.code] = differs
        return kinks

    @cached_property
    def ends(self) -> Mapping[str, tuple[float, float]]:
        """The worst and the best possible score of every node.

        For a monotone aggregation they are the extremes of its children's ends, and for other
        aggregations the smallest and the largest score in the data.
        """
        ends = dict(self.leaf_ends)
        for code in reversed(list(self.nodes)):
            node = self.nodes[code]
            if code in ends:
                continue
            if node.traits.monotone:
                below = [ends[child] for child in node.children]
                ends[code] = (
                    float(np.fmin.reduce([low for low, _ in below])),
                    float(np.fmax.reduce([high for _, high in below])),
                )
            else:
                ends[code] = observed_ends(self.scores[code])
        return ends

    def is_local(self, top: str) -> bool:
        """Return whether a unit's score depends only on the values of that unit."""
        return all(node.traits.local for node in self.inner(top))


@frozen(kw_only=True, eq=False)
class HeldUnit:
    """The tree of one unit, in one period.

    Attributes
    ----------
    tree : HeldTree
    row : int
    """

    tree: HeldTree
    row: int

    def score(self, code: str) -> float:
        """Return the score of a node."""
        return float(self.tree.scores[code][self.row])

    def scores_of(self, node: HeldNode) -> Floats:
        """Return the scores of a node's children, of shape (n_children,)."""
        return np.array([self.score(code) for code in node.children])

    def node(self, code: str) -> HeldNode:
        """Return a node that has children."""
        return self.tree.nodes[code]

    def is_filled(self, code: str) -> bool:
        """Return whether the score of a node was imputed from other units."""
        return self.node(code).is_filled(self.row)

    @cached_property
    def _own_scores(self) -> Mapping[str, Floats]:
        rows = slice(self.row, self.row + 1)
        return {code: scores[rows] for code, scores in self.tree.scores.items()}

    def moved(self, changes: Mapping[str, Change]) -> dict[str, Floats]:
        """Return the unit's scores after changes to some nodes, in one or several scenarios.

        Parameters
        ----------
        changes : mapping of str to ndarray of shape (n_scenarios,), float or callable
            The new scores, as for `HeldTree.moved`.

        Returns
        -------
        dict of str to ndarray of shape (n_scenarios,)
            The scores by code; of shape (1,) for nodes that are not affected.
        """
        if not self._is_local:
            return self._moved_among_all(changes)

        def rejoined(node: HeldNode, columns: Sequence[Floats]) -> Floats:
            scores = self.join(node, np.stack(np.broadcast_arrays(*columns), axis=1))
            return node.settled(scores, self.row)

        return _moved(self.tree.nodes, self._own_scores, changes, rejoined)

    @cached_property
    def _is_local(self) -> bool:
        return all(node.traits.local for node in self.tree.nodes.values())

    def _moved_among_all(self, changes: Mapping[str, Change]) -> dict[str, Floats]:
        """Return the result of `moved` if a score may depend on other units."""

        def among(change: Change) -> Callable[[Floats], Floats]:
            def changed(everyone: Floats) -> Floats:
                own = _changed(change, everyone[:, self.row])
                shape = (max(len(own), len(everyone)), everyone.shape[1])
                after = np.broadcast_to(everyone, shape).copy()
                after[:, self.row] = own
                return after

            return changed

        def rejoined(node: HeldNode, columns: Sequence[Floats]) -> Floats:
            scenarios = np.stack(np.broadcast_arrays(*columns), axis=-1)
            return np.stack([node.settled(node.join(values, node.weights)) for values in scenarios])

        scores = {code: known[np.newaxis] for code, known in self.tree.scores.items()}
        own = {code: among(change) for code, change in changes.items()}
        after = _moved(self.tree.nodes, scores, own, rejoined)
        return {code: known[:, self.row] for code, known in after.items()}

    def join(self, node: HeldNode, values: Floats) -> Floats:
        """Return a node's scores from the scores of its children in several scenarios.

        Parameters
        ----------
        node : HeldNode
        values : ndarray of shape (n_scenarios, n_children)

        Returns
        -------
        ndarray of shape (n_scenarios,)
        """
        if node.traits.local:
            return node.join(values, node.weights_of(self.row))
        # The score depends on other units, so that each scenario is computed among all units.
        everyone = self.tree.values(node)
        scores = np.empty(len(values))
        for scenario, own in enumerate(values):
            everyone[self.row] = own
            scores[scenario] = node.join(everyone, node.weights)[self.row]
        return scores


def _moved(
    nodes: Mapping[str, HeldNode],
    scores: Mapping[str, Floats],
    changes: Mapping[str, Change],
    rejoined: Callable[[HeldNode, Sequence[Floats]], Floats],
) -> dict[str, Floats]:
    """Return the scores after changes; only the nodes above changed ones are computed again."""
    after = dict(scores)
    moved = set()
    for code, change in changes.items():
        if code not in nodes:
            after[code] = _changed(change, scores[code])
            moved.add(code)
    for code in reversed(list(nodes)):
        node = nodes[code]
        if not moved.isdisjoint(node.children):
            after[code] = rejoined(node, [after[child] for child in node.children])
            moved.add(code)
        if code in changes:
            after[code] = _changed(changes[code], after[code])
            moved.add(code)
    return after


def _changed(change: Change, scores: Floats) -> Floats:
    if callable(change):
        return np.asarray(change(scores), dtype=np.float64)
    return np.atleast_1d(np.asarray(change, dtype=np.float64))


def _plus(one: Floats | None, other: Floats | None, shape: tuple[int, ...]) -> Floats:
    known = [moves for moves in (one, other) if moves is not None]
    return np.broadcast_to(sum(known) if known else 0.0, shape)


def observed_ends(scores: Floats) -> tuple[float, float]:
    """Return the smallest and the largest score, or NaN if there are no scores."""
    known = scores[~np.isnan(scores)]
    return (float(known.min()), float(known.max())) if known.size else (np.nan, np.nan)
