"""Counts and sums of a study, which do not depend on how its draws are divided."""

from functools import cached_property

import numpy as np

from dli.errors import StudyError
from dli.sensitivity.stretches import Blocks, Key, add_block
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
        As in `Tally`.
    blocks : dict of (seed, first chunk, number of chunks) to ndarray of shape (2, n_units)
        Sums of scores and of squares.
    """

    def __init__(self, n_units: int, n_ranks: int, n_scores: int, power: int) -> None:
        self.ranks = np.zeros((n_units, n_ranks), dtype=np.int64)
        self.scores = np.zeros((n_units, n_scores), dtype=np.int64)
        self.n_draws = np.zeros(n_units, dtype=np.int64)
        self.rank_sums, self.shift_sums = np.zeros((2, n_units))
        self.power = power
        self.blocks: Blocks = {}

    @property
    def n_chunks(self) -> int:
        """The number of chunks with the full number of draws."""
        return sum(n_chunks for _, _, n_chunks in self.blocks)

    @property
    def last_chunk(self) -> Key | None:
        """The key of the last chunk if it has fewer draws than the others."""
        key = max(self.blocks, default=None)
        return key if key is not None and key[2] == 0 else None

    def add(self, other: "Tally | Counted") -> None:
        """Add the counts and sums of other chunks."""
        self.ranks += other.ranks
        self.scores += other.scores
        self.n_draws += other.n_draws
        self.rank_sums += other.rank_sums
        self.shift_sums += other.shift_sums
        for key, sums in other.blocks.items():
            add_block(self.blocks, key, sums)

    def without(self, last: Tally) -> "Counted":
        """Return the counts and sums without those of the last chunk, which are given.

        Raises
        ------
        StudyError
            The counts contain less than the last chunk.
        """
        left = self.empty()
        left.ranks = self.ranks - last.ranks
        left.scores = self.scores - last.scores
        left.n_draws = self.n_draws - last.n_draws
        left.rank_sums = self.rank_sums - last.rank_sums
        left.shift_sums = self.shift_sums - last.shift_sums
        counts = (left.ranks, left.scores, left.n_draws, left.rank_sums, left.shift_sums)
        if any(own.min(initial=0) < 0 for own in counts):
            msg = (
                "the last draws of the study, repeated, give other counts, so it cannot be "
                "continued here; make a study with another seed and merge it"
            )
            raise StudyError(msg)
        left.blocks = {key: sums for key, sums in self.blocks.items() if key not in last.blocks}
        return left

    def copy(self) -> "Counted":
        """Return a copy."""
        return self + self.empty()

    def empty(self) -> "Counted":
        """Return sums of the same sizes over no draws."""
        n_units, n_ranks = self.ranks.shape
        return Counted(n_units, n_ranks, self.scores.shape[1], self.power)

    def __add__(self, other: "Counted") -> "Counted":
        """Return the counts and sums of both."""
        found = self.empty()
        found.add(self)
        found.add(other)
        return found

    @cached_property
    def tally(self) -> Tally:
        """The tally of all chunks."""
        return Tally(
            ranks=self.ranks,
            scores=self.scores,
            n_draws=self.n_draws,
            rank_sums=self.rank_sums,
            shift_sums=self.shift_sums,
            blocks=dict(sorted(self.blocks.items())),
            power=self.power,
        )
