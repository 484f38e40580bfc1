"""Counts of ranks and scores for so many units that a bin contains several ranks."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from dli.arrays import Bools, Floats
from dli.ranking import WHOLE, places, rank_scores
from dli.sensitivity.draws import Room
from dli.sensitivity.stretches import Blocks
from dli.sensitivity.tally import EVERYTHING, WHOLE_BITS, Bins, Kept, Tally, squares, totals

__all__ = ["WideCounter"]

# The number of units that are counted at once: their bins and their scores in a chunk of draws fit
# into the cache of a core, unlike those of all units.
_BLOCK = 1024


class WideCounter:
    """A counter of the ranks and scores in chunks of draws, one block of units after another.

    Parameters
    ----------
    bins : Bins
        The bins of ranks and scores.
    nominal : ndarray of shape (n_units,)
        Nominal scores, 0 if missing.
    nominal_ranks : ndarray of shape (n_units,)
        Nominal ranks, NaN if missing.
    kept : Kept
        The outputs that are counted.
    room : Room, optional
        Memory that tasks reuse. The tables of counts are not in it, since they are returned.
    """

    # The scores that are counted at once: many, since each time takes time for every bin.
    AT_ONCE = 2**21

    def __init__(
        self,
        bins: Bins,
        nominal: Floats,
        nominal_ranks: Floats,
        kept: Kept = EVERYTHING,
        room: Room | None = None,
    ) -> None:
        n_units = len(nominal)
        self.bins = bins
        self.kept = kept
        n_ranks, n_scores = bins.columns(kept)
        self.nominal = nominal
        self.has_nominal = ~np.isnan(nominal_ranks)
        self.nominal_ranks = np.nan_to_num(nominal_ranks).astype(np.int32) - 1
        self.scale = 1 / bins.width
        # 32 bits suffice, since a task has far fewer than 2**31 draws. They save memory, since the
        # counts of several tasks are kept until they are added up.
        self.rank_counts = np.zeros((n_units, n_ranks), dtype=np.int32)
        self.score_counts = np.zeros((n_units, n_scores), dtype=np.int32)
        self.n_draws = np.zeros(n_units, dtype=np.int64)
        self.rank_sums, self.shift_sums = np.zeros((2, n_units))
        self.power = bins.power
        self.by_place = np.arange(n_units, dtype=np.int32)
        self.ranks = np.empty((0, n_units), dtype=np.int32)
        self.work = (Room() if room is None else room).array("counter", (2, 1, n_units))

    def add(self, scores: Floats, size: int) -> Floats:
        """Count the scores of consecutive chunks, and return sums for each, as `Counter.add`."""
        sums = np.zeros((-(-len(scores) // size), 2, scores.shape[1]))
        is_full = not np.isnan(scores.min())
        if self.kept.ranks:
            if len(self.ranks) < len(scores):
                self.ranks = np.empty(scores.shape, dtype=np.int32)
            for rows in zip(scores, self.ranks, strict=False):
                self._rank(*rows)
        for first in range(0, scores.shape[1], _BLOCK):
            units = slice(first, first + _BLOCK)
            block = scores[:, units]
            present = None if is_full else ~np.isnan(block)
            self.n_draws[units] += len(block) if present is None else present.sum(axis=0)
            if self.kept.places is not None:
                self._count_firsts(units, self.ranks[: len(block), units])
            elif self.kept.ranks:
                self._count_ranks(units, self.ranks[: len(block), units], present)
            if self.kept.scores:
                self._count_scores(units, block, present, size, sums[:, :, units])
        return sums

    def _rank(self, scores: Floats, ranks: NDArray[np.int32]) -> None:
        """Fill ``ranks`` with the ranks of a draw, which start at 0, or -1 without a score."""
        ends = float(scores.min()), float(scores.max())
        is_full = not np.isnan(ends[0])
        for group in self.bins.groups:
            whole = len(group) == len(scores)
            ranked = scores if whole else scores[group]
            if not is_full and np.isnan(ranked).any():
                units: Any = slice(None) if whole else group
                ranks[units] = np.nan_to_num(rank_scores(ranked)).astype(np.int32) - 1
                continue
            own_ends = ends if whole else None
            order, tied = places(ranked[np.newaxis], self.work[:, :, : len(group)], own_ends)
            units = order[0] if whole else group[order[0]]
            ranks[units] = self.by_place[: len(group)] if tied is None else tied[0]

    def _count_firsts(self, units: slice, ranks: NDArray[np.int32]) -> None:
        draws, rows = np.nonzero((ranks >= 0) & (ranks < self.rank_counts.shape[1]))
        np.add.at(self.rank_counts[units], (rows, ranks[draws, rows]), 1)

    def _count_ranks(self, units: slice, ranks: NDArray[np.int32], present: Bools | None) -> None:
        shifts = np.abs(ranks - self.nominal_ranks[units])
        if present is not None:
            shifts[~present] = 0
        self.shift_sums[units] += shifts.sum(axis=0) * self.has_nominal[units]
        # The sum is of ranks from 1, to which a missing rank, -1 here, adds 0.
        self.rank_sums[units] += ranks.sum(axis=0) + len(ranks)
        _add_counts(self.rank_counts[units], self.bins.rank_bin(ranks), present)

    def _count_scores(
        self, units: slice, scores: Floats, present: Bools | None, size: int, sums: Floats
    ) -> None:
        off = scores - self.nominal[units]
        if present is not None:
            off[~present] = 0.0
        sums[:, 0] = totals(off, size)
        sums[:, 1] = squares(off, size, self.power)
        middle = self.bins.middle[units]
        cells = np.multiply(scores, self.scale[units], out=off)
        if not self.bins.is_sure:
            np.clip(cells, middle, middle + self.bins.n_scores - 1, out=cells)
        cells += WHOLE - middle
        bins = cells.view(np.int64)
        bins &= WHOLE_BITS
        _add_counts(self.score_counts[units], bins, present)

    def result(self, blocks: Blocks) -> Tally:
        """Return the counts over all added scores, with the sums of blocks of chunks."""
        return Tally(
            ranks=self.rank_counts,
            scores=self.score_counts,
            n_draws=self.n_draws,
            rank_sums=self.rank_sums,
            shift_sums=self.shift_sums,
            blocks=blocks,
            power=self.power,
        )


def _add_counts(counts: NDArray[np.int32], bins: Any, present: Bools | None) -> None:
    """Add the number of draws in each bin to the counts of each unit.

    Parameters
    ----------
    counts : ndarray of int of shape (n_units, n_bins)
        The counts, which are modified.
    bins : ndarray of int of shape (n_draws, n_units)
        The number of the bin of each unit in each draw.
    present : ndarray of bool of shape (n_draws, n_units), optional
        Whether each cell is counted; all cells by default.
    """
    cells = bins + np.arange(len(counts)) * counts.shape[1]
    cells = cells.ravel() if present is None else cells[present]
    np.add.at(counts.reshape(-1), cells, np.int32(1))
