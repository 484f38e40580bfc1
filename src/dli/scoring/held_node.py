"""A node of a held tree: how the scores of its children become its own; arrays only."""

from collections.abc import Sequence
from typing import Any

import numpy as np
from attrs import evolve, frozen

from dli.aggregation import protocol
from dli.arrays import Bools, Floats, Integers
from dli.errors import MethodError
from dli.method.rounding import name_of
from dli.scoring.entering import Entry, own_code
from dli.scoring.joining import MissingRule, by_gaps, join

__all__ = ["HeldNode", "require_gradient"]


@frozen(kw_only=True, eq=False)
class HeldNode:
    """A node with children, and how their scores become its own.

    Attributes
    ----------
    code : str
    children : tuple of str
    weights : ndarray of shape (n_children,) or (n_rows, n_children)
    aggregation : object
        With its scale held.
    rule : MissingRule
    groups : sequence of ndarray of int
        The rows of each period.
    enough : ndarray of bool of shape (n_rows,), optional
        Where enough indicators have a value.
    filled : ndarray of shape (n_rows,), optional
        The scores that were filled from other units, NaN elsewhere; they are held.
    """

    code: str
    children: tuple[str, ...]
    weights: Floats
    aggregation: Any
    rule: MissingRule
    groups: Sequence[Integers] = ()
    enough: Bools | None = None
    filled: Floats | None = None

    @property
    def label(self) -> str:
        """What makes the scores, as messages name it: a step and the code of a node."""
        if isinstance(self.aggregation, Entry):
            return f"normalisation {self.aggregation.name} of {own_code(self.code)!r}"
        return f"aggregation {name_of(self.aggregation)} of {self.code!r}"

    def of_rows(self, rows: Any) -> "HeldNode":
        """Return the node of some rows, an array of int or bool, or a slice."""
        return evolve(
            self,
            weights=self.weights if self.weights.ndim == 1 else self.weights[rows],
            enough=None if self.enough is None else self.enough[rows],
            filled=None if self.filled is None else self.filled[rows],
        )

    def is_filled(self, row: int) -> bool:
        """Return whether the score of a row was filled from other units."""
        return self.filled is not None and not np.isnan(self.filled[row])

    def settled(self, scores: Floats, row: int | None = None) -> Floats:
        """Return scores as they are after what children alone do not decide.

        Parameters
        ----------
        scores : ndarray of shape (n_rows,), or (n_scenarios,) of one row
        row : int, optional
        """
        at = slice(None) if row is None else row
        if self.enough is not None:
            scores = np.where(self.enough[at], scores, np.nan)
        if self.filled is not None:
            scores = np.where(np.isnan(scores), self.filled[at], scores)
        return scores

    @property
    def traits(self) -> protocol.Traits:
        """What holds for the aggregation."""
        return protocol.traits_of(self.aggregation)

    def weights_of(self, row: int) -> Floats:
        """Return the weights of one row."""
        return self.weights if self.weights.ndim == 1 else np.asarray(self.weights[row])

    def join(self, values: Floats, weights: Floats) -> Floats:
        """Return the node's scores, of shape (n_rows,), from those of its children."""
        where = f" of {self.code!r}"
        return join(
            self.aggregation,
            values,
            weights,
            self.rule,
            self.children,
            where=where,
            groups=self.groups,
        )

    def gradient(self, values: Floats) -> Floats:
        """Return the derivative of each score by each value: (n_rows, n_children).

        0 where the value is missing; the others have its weight.
        """
        require_gradient(self)
        values = self._scored(values)
        if self._sees_all(values):
            return protocol.gradient(self.aggregation, values, self.weights)
        slopes = np.zeros(values.shape)
        for rows, present, own in by_gaps(values, self.weights):
            cells = np.ix_(rows, present)
            slopes[cells] = protocol.gradient(self.aggregation, values[cells], own)
        return slopes

    def directional(self, values: Floats, moves: Floats) -> Floats:
        """Return the one-sided derivative of each score along moves.

        Parameters
        ----------
        values : ndarray of shape (n_rows, n_children)
        moves : ndarray of shape (..., n_rows, n_children)

        Returns
        -------
        ndarray of shape (..., n_rows)
        """
        require_gradient(self)
        values = self._scored(values)
        if self._sees_all(values):
            values = np.broadcast_to(values, moves.shape)
            return protocol.directional(self.aggregation, values, self.weights, moves)
        slopes = np.zeros(moves.shape[:-1])
        for rows, present, own in by_gaps(values, self.weights):
            part = moves[..., rows, :][..., present]
            known = np.broadcast_to(values[np.ix_(rows, present)], part.shape)
            slopes[..., rows] = protocol.directional(self.aggregation, known, own, part)
        return slopes

    def _scored(self, values: Floats) -> Floats:
        """Return values without those of rows that have no score by the rule."""
        has_score = self.rule.has_score(np.isnan(values))
        if self.enough is not None:
            has_score &= self.enough
        return np.where(has_score[:, np.newaxis], values, np.nan)

    def _sees_all(self, values: Floats) -> bool:
        return self.traits.skips_missing or not np.isnan(values).any()


def require_gradient(node: HeldNode) -> None:
    """Refuse an aggregation without a derivative."""
    if not protocol.has_gradient(node.aggregation):
        arguments = "values, weights"
        if isinstance(node.aggregation, Entry):
            if not node.aggregation.is_held:
                msg = f"{node.label} has no derivative: it goes by the order of the units"
                raise MethodError(msg)
            arguments = "values, indicators"
        msg = f"{node.label} has no derivative: it needs a method gradient({arguments})"
        raise MethodError(msg)
