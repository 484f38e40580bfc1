"""Counts of draws of so many units that bins hold several ranks."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from dli.arrays import Bools, Floats
from dli.ranking import WHOLE, places, rank_scores
from dli.sensitivity.tally import EVERYTHING, WHOLE_BITS, Bins, Kept, Tally

__all__ = ["WideCounter"]

# So many units are counted at once: their bins and their scores in a chunk of draws fit into a
# core's own cache, where those of all units do not.
_BLOCK = 1024


class WideCounter:
    """Count chunks of draws as they come, a block of units after the other.

    Parameters
    ----------
    bins : Bins
    nominal : ndarray of shape (n_units,)
        Scores, 0 where there is none.
    nominal_ranks : ndarray of shape (n_units,)
        NaN where there is none.
    kept : Kept
    """

    def __init__(
        self, bins: Bins, nominal: Floats, nominal_ranks: Floats, kept: Kept = EVERYTHING
    ) -> None:
        n_units = len(nominal)
        self.bins = bins
        self.kept = kept
        n_ranks, n_scores = bins.columns(kept)
        self.nominal = nominal
        self.has_nominal = ~np.isnan(nominal_ranks)
        self.nominal_ranks = np.nan_to_num(nominal_ranks).astype(np.int32) - 1
        self.scale = 1 / bins.width
        # A task has far fewer than 2^31 draws, and several tables wait until they are added up.
        self.rank_counts = np.zeros((n_units, n_ranks), dtype=np.int32)
        self.score_counts = np.zeros((n_units, n_scores), dtype=np.int32)
        self.n_draws = np.zeros(n_units, dtype=np.int64)
        self.rank_sums, self.shift_sums, self.total, self.squares = np.zeros((4, n_units))
        self.power = bins.power
        self.by_place = np.arange(n_units, dtype=np.int32)
        self.ranks = np.empty((0, n_units), dtype=np.int32)

    def add(self, scores: Floats) -> None:
        """Take scores of shape (n_draws, n_units)."""
        is_full = not np.isnan(scores.min())
        if self.kept.ranks:
            if len(self.ranks) < len(scores):
                self.ranks = np.empty(scores.shape, dtype=np.int32)
            for rows in zip(scores, self.ranks, strict=False):
                self._rank(*rows)
        for first in range(0, scores.shape[1], _BLOCK):
            units = slice(first, first + _BLOCK)
            own = scores[:, units]
            present = None if is_full else ~np.isnan(own)
            self.n_draws[units] += len(own) if present is None else present.sum(axis=0)
            if self.kept.places is not None:
                self._count_firsts(units, self.ranks[: len(own), units])
            elif self.kept.ranks:
                self._count_ranks(units, self.ranks[: len(own), units], present)
            if self.kept.scores:
                self._count_scores(units, own, present)

    def _rank(self, scores: Floats, ranks: NDArray[np.int32]) -> None:
        """Fill in the ranks of a draw, from 0, -1 without a score."""
        ends = float(scores.min()), float(scores.max())
        is_full = not np.isnan(ends[0])
        for group in self.bins.groups:
            whole = len(group) == len(scores)
            own = scores if whole else scores[group]
            if not is_full and np.isnan(own).any():
                units: Any = slice(None) if whole else group
                ranks[units] = np.nan_to_num(rank_scores(own)).astype(np.int32) - 1
                continue
            order, tied = places(own[np.newaxis], None, ends if whole else None)
            units = order[0] if whole else group[order[0]]
            ranks[units] = self.by_place[: len(group)] if tied is None else tied[0]

    def _count_firsts(self, units: slice, ranks: NDArray[np.int32]) -> None:
        draws, own = np.nonzero((ranks >= 0) & (ranks < self.rank_counts.shape[1]))
        np.add.at(self.rank_counts[units], (own, ranks[draws, own]), 1)

    def _count_ranks(self, units: slice, ranks: NDArray[np.int32], present: Bools | None) -> None:
        shifts = np.abs(ranks - self.nominal_ranks[units])
        if present is not None:
            shifts[~present] = 0
        self.shift_sums[units] += shifts.sum(axis=0) * self.has_nominal[units]
        # A missing rank is -1 here, which adds nothing to ranks from 1.
        self.rank_sums[units] += ranks.sum(axis=0) + len(ranks)
        _add_counts(self.rank_counts[units], self.bins.rank_bin(ranks), present)

    def _count_scores(self, units: slice, scores: Floats, present: Bools | None) -> None:
        off = scores - self.nominal[units]
        if present is not None:
            off[~present] = 0.0
        self.total[units] += np.ones(len(off)) @ off
        if self.power:
            np.ldexp(off, -self.power, out=off)
        self.squares[units] += np.einsum("ij,ij->j", off, off)
        middle = self.bins.middle[units]
        cells = np.multiply(scores, self.scale[units], out=off)
        if not self.bins.is_sure:
            np.clip(cells, middle, middle + self.bins.n_scores - 1, out=cells)
        cells += WHOLE - middle
        bins = cells.view(np.int64)
        bins &= WHOLE_BITS
        _add_counts(self.score_counts[units], bins, present)

    def result(self) -> Tally:
        """Return what was counted."""
        return Tally(
            ranks=self.rank_counts,
            scores=self.score_counts,
            n_draws=self.n_draws,
            rank_sums=self.rank_sums,
            shift_sums=self.shift_sums,
            total=self.total,
            squares=self.squares,
            power=self.power,
        )


def _add_counts(counts: NDArray[np.int32], bins: Any, present: Bools | None) -> None:
    """Add how often each unit met each of its bins.

    Parameters
    ----------
    counts : ndarray of int of shape (n_units, n_bins)
    bins : ndarray of int of shape (n_draws, n_units)
    present : ndarray of bool of shape (n_draws, n_units), optional
        Which count; all by default.
    """
    cells = bins + np.arange(len(counts)) * counts.shape[1]
    cells = cells.ravel() if present is None else cells[present]
    counts += np.bincount(cells, minlength=counts.size).reshape(counts.shape)
