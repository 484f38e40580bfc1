"""Counts and sums of a study, which do not depend on how its draws are divided."""

from functools import cached_property

import numpy as np

from dli.sensitivity.stretches import Blocks, add_block
from dli.sensitivity.tally import Tally

__all__ = ["Counted"]


class Counted:
    """The counts of a study, and the sums of its scores.

    Counts are whole numbers, which can be added in any order. Sums of scores are not: they are
    kept for blocks of 1, 2, 4, … chunks, the nodes of a binary tree over all chunks, so that each
    block is always the sum of the same two halves. Only a few blocks are kept at any time.

    Parameters
    ----------
    n_units, n_ranks, n_scores : int
        The numbers of units, and of bins of ranks and scores.
    power : int
        The power of all tallies.

    Attributes
    ----------
    ranks, scores, n_draws, rank_sums, shift_sums : ndarray
        As in `Tally`, without the last chunk if it has fewer draws than the others.
    blocks : dict of (seed, first chunk, number of chunks) to ndarray of shape (2, n_units)
        Sums of scores and of squares.
    tail : Tally or None
        The last chunk if it has fewer draws than the others; further draws replace it.
    """

    def __init__(self, n_units: int, n_ranks: int, n_scores: int, power: int) -> None:
        self.ranks = np.zeros((n_units, n_ranks), dtype=np.int64)
        self.scores = np.zeros((n_units, n_scores), dtype=np.int64)
        self.n_draws = np.zeros(n_units, dtype=np.int64)
        self.rank_sums, self.shift_sums = np.zeros((2, n_units))
        self.power = power
        self.blocks: Blocks = {}
        self.tail: Tally | None = None

    def add(self, tally: Tally) -> None:
        """Add chunks with the full number of draws, or the last chunk with fewer."""
        if any(n_chunks == 0 for _, _, n_chunks in tally.blocks):
            self.tail = tally
        else:
            self._count(tally)
        for key, sums in tally.blocks.items():
            add_block(self.blocks, key, sums)

    def without_tail(self) -> "Counted":
        """Return a copy without the last chunk if it has fewer draws than the others."""
        return self.empty()._with(self)  # noqa: SLF001 one class

    def empty(self) -> "Counted":
        """Return sums of the same sizes over no draws."""
        n_units, n_ranks = self.ranks.shape
        return Counted(n_units, n_ranks, self.scores.shape[1], self.power)

    def __add__(self, other: "Counted") -> "Counted":
        """Return the sums of both, in which the last chunks are no longer separate."""
        found = self.empty()
        for part in (self, other):
            found._with(part)
            if part.tail is not None:
                found._count(part.tail)
                # Only a study of a single seed has a tail, so the tail has the largest key.
                key = max(part.blocks)
                found.blocks[key] = part.blocks[key]
        return found

    def _with(self, other: "Counted") -> "Counted":
        """Add the sums of another, without its last chunk if that has fewer draws."""
        self._count(other)
        for key, sums in other.blocks.items():
            if other.tail is None or key != max(other.blocks):
                add_block(self.blocks, key, sums)
        return self

    def _count(self, tally: "Tally | Counted") -> None:
        self.ranks += tally.ranks
        self.scores += tally.scores
        self.n_draws += tally.n_draws
        self.rank_sums += tally.rank_sums
        self.shift_sums += tally.shift_sums

    @cached_property
    def tally(self) -> Tally:
        """The tally of all chunks."""
        whole = (self.ranks, self.scores, self.n_draws, self.rank_sums, self.shift_sums)
        if self.tail is not None:
            own = self.tail
            rest = (own.ranks, own.scores, own.n_draws, own.rank_sums, own.shift_sums)
            whole = tuple(one + other for one, other in zip(whole, rest, strict=True))  # type: ignore[assignment] # of the same kinds
        return Tally(*whole, blocks=dict(sorted(self.blocks.items())), power=self.power)
