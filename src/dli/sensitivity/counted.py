"""Counts and sums of a study, which do not depend on how its draws are divided."""

from collections.abc import Iterator
from functools import cached_property

import numpy as np

from dli.arrays import Floats
from dli.sensitivity.stretches import Key
from dli.sensitivity.tally import Tally

__all__ = ["Counted"]


class Counted:
    """The sums of the tallies of tasks.

    Counts are whole numbers, which can be added in any order. Sums of scores are not: they are
    kept for blocks of 1, 2, 4, … tasks, the nodes of a binary tree over all tasks, so that each
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
        As in `Tally`, without the last task if it has fewer draws than the others.
    blocks : dict of (seed, first task, number of tasks) to ndarray of shape (2, n_units)
        Sums of scores and of squares.
    tail : Tally or None
        The last task if it has fewer draws than the others; further draws replace it.
    """

    def __init__(self, n_units: int, n_ranks: int, n_scores: int, power: int) -> None:
        self.ranks = np.zeros((n_units, n_ranks), dtype=np.int64)
        self.scores = np.zeros((n_units, n_scores), dtype=np.int64)
        self.n_draws = np.zeros(n_units, dtype=np.int64)
        self.rank_sums, self.shift_sums = np.zeros((2, n_units))
        self.power = power
        self.blocks: dict[Key, Floats] = {}
        self.tail: Tally | None = None

    def add(self, seed: int, task: int, tally: Tally) -> None:
        """Add a task with the full number of draws."""
        self._count(tally)
        self._add_block((seed, task, 1), np.stack([tally.total, tally.squares]))

    def add_tail(self, seed: int, task: int, tally: Tally) -> None:
        """Add the last task, which has fewer draws."""
        self.tail = tally
        self.blocks[seed, task, 0] = np.stack([tally.total, tally.squares])

    def without_tail(self) -> "Counted":
        """Return a copy without the last task if it has fewer draws than the others."""
        return self.empty()._with(self)  # noqa: SLF001 one class

    def empty(self) -> "Counted":
        """Return sums of the same sizes over no draws."""
        n_units, n_ranks = self.ranks.shape
        return Counted(n_units, n_ranks, self.scores.shape[1], self.power)

    def __add__(self, other: "Counted") -> "Counted":
        """Return the sums of both, in which the last tasks are no longer separate."""
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
        """Add the sums of another, without its last task if that has fewer draws."""
        self._count(other)
        for key, sums in other.blocks.items():
            if other.tail is None or key != max(other.blocks):
                self._add_block(key, sums)
        return self

    def _count(self, tally: "Tally | Counted") -> None:
        self.ranks += tally.ranks
        self.scores += tally.scores
        self.n_draws += tally.n_draws
        self.rank_sums += tally.rank_sums
        self.shift_sums += tally.shift_sums

    def _add_block(self, key: Key, sums: Floats) -> None:
        seed, first, n_tasks = key
        # The other half is the block of the same size next to this one in the tree.
        while n_tasks and (half := (seed, first ^ n_tasks, n_tasks)) in self.blocks:
            sums = sums + self.blocks.pop(half)
            first &= ~n_tasks
            n_tasks *= 2
        self.blocks[seed, first, n_tasks] = sums

    def sorted_blocks(self) -> Iterator[Floats]:
        """Yield the sums of scores in the order of seeds and tasks."""
        return (self.blocks[key] for key in sorted(self.blocks))

    @cached_property
    def tally(self) -> Tally:
        """The tally of all tasks."""
        total, squares = np.zeros((2, len(self.n_draws)))
        for block in self.sorted_blocks():
            total += block[0]
            squares += block[1]
        whole = (self.ranks, self.scores, self.n_draws, self.rank_sums, self.shift_sums)
        if self.tail is not None:
            own = self.tail
            rest = (own.ranks, own.scores, own.n_draws, own.rank_sums, own.shift_sums)
            whole = tuple(one + other for one, other in zip(whole, rest, strict=True))  # type: ignore[assignment] # of the same kinds
        ranks, scores, n_draws, rank_sums, shift_sums = whole
        return Tally(ranks, scores, n_draws, rank_sums, shift_sums, total, squares, self.power)
