"""A node of a held tree, which computes its scores from those of its children; arrays only."""

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
    """A node with children, and the fixed rules that compute its scores from theirs.

    Attributes
    ----------
    code : str
    children : tuple of str
        The codes of the children.
    weights : ndarray of shape (n_children,) or (n_rows, n_children)
    aggregation : object
        The aggregation with its scale fixed.
    rule : MissingRule
    groups : sequence of ndarray of int
        The rows of each period.
    enough : ndarray of bool of shape (n_rows,), optional
        Whether enough indicators of each row have a value.
    filled : ndarray of shape (n_rows,), optional
        The scores that were imputed from other units, NaN elsewhere; they are fixed.
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
        """The step that computes the scores and the code of its node, for messages."""
        if isinstance(self.aggregation, Entry):
            return f"normalisation {self.aggregation.name} of {own_code(self.code)!r}"
        return f"aggregation {name_of(self.aggregation)} of {self.code!r}"

    def of_rows(self, rows: Any) -> "HeldNode":
        """Return the node restricted to some rows: an array of int or bool, or a slice."""
        return evolve(
            self,
            weights=self.weights if self.weights.ndim == 1 else self.weights[rows],
            enough=None if self.enough is None else self.enough[rows],
            filled=None if self.filled is None else self.filled[rows],
        )

    def is_filled(self, row: int) -> bool:
        """Return whether the score of a row was imputed from other units."""
        return self.filled is not None and not np.isnan(self.filled[row])

    def settled(self, scores: Floats, row: int | None = None) -> Floats:
        """Return scores after the adjustments that do not depend on the children.

        Scores of rows with too few indicators are removed, and missing scores are replaced by
        those that were imputed.

        Parameters
        ----------
        scores : ndarray of shape (n_rows,), or (n_scenarios,) for one row
        row : int, optional
            The row, if the scores are those of one row in several scenarios.
        """
        at = slice(None) if row is None else row
        if self.enough is not None:
            scores = np.where(self.enough[at], scores, np.nan)
        if self.filled is not None:
            scores = np.where(np.isnan(scores), self.filled[at], scores)
        return scores

    @property
    def traits(self) -> protocol.Traits:
        """The traits of the aggregation."""
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
        """Return the derivative of each score by each value, of shape (n_rows, n_children).

        The derivative by a missing value is 0; its weight is distributed over the other children.
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
        """Return the values, with NaN in rows without a score by the rule for missing values."""
        has_score = self.rule.has_score(np.isnan(values))
        if self.enough is not None:
            has_score &= self.enough
        return np.where(has_score[:, np.newaxis], values, np.nan)

    def _sees_all(self, values: Floats) -> bool:
        return self.traits.skips_missing or not np.isnan(values).any()


def require_gradient(node: HeldNode) -> None:
    """Raise an error for an aggregation without a derivative."""
    if not protocol.has_gradient(node.aggregation):
        arguments = "values, weights"
        if isinstance(node.aggregation, Entry):
            if not node.aggregation.is_held:
                msg = f"{node.label} has no derivative: it depends on the order of the units"
                raise MethodError(msg)
            arguments = "values, indicators"
        msg = f"{node.label} has no derivative: it needs a method gradient({arguments})"
        raise MethodError(msg)
