"""Scores as weighted sums of indicators, for many draws at once."""

from collections.abc import Iterator
from typing import Any

import numpy as np
from attrs import field, frozen

from dli.aggregation.planes import matrix_product
from dli.arrays import Bools, Floats, Integers
from dli.sensitivity.draws import Draws

__all__ = ["Branch", "Sum"]


@frozen(eq=False)
class Branch:
    """A node of the tree, whose weight is shared among its known children.

    Units that lack the same children, here and above, have the same weights. They form a pattern.

    Attributes
    ----------
    code : str
        The code of the node.
    nominal : ndarray of shape (n_children, 1)
        The nominal weights, up to a factor; ones if they are equal.
    is_equal : bool
        Whether they are equal.
    above : ndarray of int of shape (n_patterns,)
        The pattern of the parent in which each pattern lies.
    known : ndarray of shape (n_patterns, n_children) or None
        1 for known children and 0 for others; None if the children need not be told apart.
    rows : slice
        The rows of the table that belong to the indicators of the node.
    patterns, columns : ndarray of int of shape (n_rows,)
        The pattern and the child of each of these rows.
    branches : tuple of (int, Branch)
        Children that are nodes of the same table, with their positions.
    sums : tuple of (int, Sum)
        Children with a table of their own, with their positions.
    """

    code: str
    nominal: Floats
    is_equal: bool
    above: Integers
    known: Floats | None
    rows: slice
    patterns: Integers
    columns: Integers
    branches: "tuple[tuple[int, Branch], ...]"
    sums: "tuple[tuple[int, Sum], ...]"

    def mixing(self, draws: Draws) -> Floats:
        """Return the weights of the children up to a factor: (n_children, n_draws or 1)."""
        weights = draws.weights.get(self.code, self.nominal)
        factors = draws.factors.get(self.code)
        if factors is None:
            return weights
        return factors if self.is_equal and weights is self.nominal else weights * factors

    def fill(
        self, share: Any, mixing: Floats, draws: Draws, rows: Floats, apart: list[Any]
    ) -> None:
        """Fill the rows of the node and of the nodes below it with weights.

        Parameters
        ----------
        share : ndarray of shape (n_patterns, n_draws or 1)
            The weight of the node.
        mixing : ndarray of shape (n_children, n_draws or 1)
            What `mixing` returned.
        draws : Draws
            The weights of the draws.
        rows : ndarray of shape (n_rows, n_draws)
            The weights of the rows of the table, to be filled.
        apart : list of (Sum, ndarray)
            Receives children with a table of their own, with the weight of each.
        """
        scale = share / self.total(mixing)
        if self.rows.start < self.rows.stop:
            if len(scale) == 1 and self.columns.size == len(mixing):
                np.multiply(mixing, scale, out=rows[self.rows])
            else:
                shares = scale[self.patterns], mixing[self.columns]
                np.multiply(*shares, out=rows[self.rows])
        for place, branch in self.branches:
            of_branch = scale[branch.above] * mixing[place]
            branch.fill(of_branch, branch.mixing(draws), draws, rows, apart)
        apart += [(own, scale * mixing[place]) for place, own in self.sums]

    def total(self, mixing: Floats) -> Floats:
        """Return the weight of the known children, or of all if they need not be told apart.

        Its shape is (n_patterns or 1, n_draws or 1).
        """
        if self.known is None:
            return np.asarray(mixing.sum(axis=0, keepdims=True))
        return self.known @ mixing


@frozen(eq=False)
class Sum:
    """The transformed score of a node as a weighted sum of transformed indicators.

    A row of the table has the values of an indicator for the units of one pattern, and 0 for other
    units, so that a single product of matrices shares the weight of missing children among the
    others. If units lack children in many ways, the sums are instead divided by the weight of the
    known children.

    Attributes
    ----------
    top : Branch
        The node.
    table : ndarray of shape (n_rows, n_units)
        The transformed values, 0 where a row does not concern a unit.
    divisor : ndarray of shape (n_children, n_units) or None
        1, or the weight that differs by unit, for the known children of each unit, 0 for others.
        None if sums need no division.
    absent : ndarray of bool of shape (n_units,) or None
        Whether each unit lacks a score; None if none does.
    has_gaps : bool
        Whether a draw may leave a unit without weight on its known values. The sums of such draws
        are not finite, or wrong where `underflows` is true.
    order : float
        The order of the means.
    indicators : slice or ndarray of int of shape (n_rows,)
        The indicator of each row, as a slice if they are all indicators in order.
    key : bytes
        A key that is equal for sums whose rows have the same weights in all draws.
    """

    top: Branch
    table: Floats
    divisor: Floats | None
    absent: Bools | None
    has_gaps: bool
    order: float
    indicators: slice | Integers
    key: bytes = field(init=False)

    @key.default
    def _key(self) -> bytes:
        return b"".join(_keys(self.top))

    @property
    def is_one_product(self) -> bool:
        """Whether the sum is a single product of matrices."""
        return self.divisor is None and not _has_sums(self.top)

    def weights(self, draws: Draws) -> Floats:
        """Return the weights of the rows of the table: (n_rows, n_draws)."""
        rows = draws.room.array(f"rows {hash(self.key)}", (len(self.table), draws.n_draws))
        self.top.fill(np.ones((len(self.top.above), 1)), self.top.mixing(draws), draws, rows, [])
        return rows

    def underflows(self, draws: Draws) -> Bools:
        """Return whether products of weights may be too small for floats in each draw.

        A weight that is all that a unit has left must not be 0 because of the weights above it.
        """
        branches = list(_branches(self.top))
        least = 2.0 ** -(900 // max(depth for depth, _ in branches))
        found = np.zeros(draws.n_draws, dtype=np.bool_)
        for _, branch in branches:
            mixing = branch.mixing(draws)
            largest = mixing.max(axis=0)
            if not mixing.min() >= least * largest.max():
                smallest = np.min(mixing, axis=0, where=mixing > 0, initial=np.inf)
                found |= smallest < least * largest
        return found

    def of_draws(self, draws: Draws, out: Floats, share: Any = None, depth: int = 0) -> Floats:
        """Fill an array with the sums of each draw, multiplied by a factor for each draw.

        Parameters
        ----------
        draws : Draws
            The weights of the draws.
        out : ndarray of shape (n_draws, n_units)
            Filled with the sums, not finite in draws that leave a unit without weight; 0 for units
            that lack a score.
        share : ndarray of shape (1, n_draws), optional
            The factors.
        depth : int
            The number of sums that are under way.
        """
        room, apart = draws.room, list[Any]()
        rows = room.array(f"rows {depth}", (len(self.table), draws.n_draws))
        mixing = self.top.mixing(draws)
        shares = np.ones((1, 1)) if share is None else share
        self.top.fill(shares[self.top.above], mixing, draws, rows, apart)
        matrix_product(rows.T, self.table, out=out)
        for own, of_own in apart:
            out += own.of_draws(draws, room.array(f"sums {depth}", out.shape), of_own, depth + 1)
        if self.divisor is not None:
            mixing = mixing / self.top.total(mixing)
            into = room.array("divisor", (mixing.shape[1], out.shape[1]))
            out /= matrix_product(mixing.T, self.divisor, out=into)
        return out


def _branches(branch: Branch, depth: int = 1) -> Iterator[tuple[int, Branch]]:
    """Yield a branch and the branches below it, with their levels."""
    yield depth, branch
    for below in [own for _, own in branch.branches] + [own.top for _, own in branch.sums]:
        yield from _branches(below, depth + 1)


def _has_sums(branch: Branch) -> bool:
    return bool(branch.sums) or any(_has_sums(own) for _, own in branch.branches)


def _keys(branch: Branch) -> list[bytes]:
    """Return what determines the weights of the rows of a branch."""
    known = branch.known if branch.known is not None else np.empty(0)
    arrays = branch.nominal, branch.above, known, branch.patterns, branch.columns
    own = [branch.code.encode(), *(array.tobytes() for array in arrays)]
    return own + [key for _, below in branch.branches for key in _keys(below)]
