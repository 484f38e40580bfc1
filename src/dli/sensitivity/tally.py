"""Counts of many draws: ranks, scores in bins, moments; the same whatever the order of draws."""

from collections.abc import Sequence
from typing import Any, TypeAlias

import numpy as np
from attrs import frozen
from numpy.typing import NDArray

from dli.assessment.ranking import TOLERANCE, rank_scores
from dli.sensitivity.engine import bin_numbers

__all__ = ["Bins", "Counter", "Tally", "places"]

Floats: TypeAlias = NDArray[np.float64]
Counts: TypeAlias = NDArray[np.int64]

# A float of this size has a last digit of 1: what is added to it is rounded to a whole number,
# which then stands in the lower bits. It is how floats become integers fastest.
_WHOLE = 2.0**52
_WHOLE_BITS = (1 << 52) - 1
# So many scores, twice over, fit into a core's own cache.
_CACHED = 2**16


@frozen(eq=False)
class Bins:
    """Where scores and ranks are counted.

    Attributes
    ----------
    middle, width : ndarray of shape (n_units,)
        The middle of each unit's first bin, in widths, and the width of its bins.
    n_scores : int
        Bins of scores for each unit.
    groups : tuple of ndarray of int
        Units that are ranked among each other: all, or those of each period.
    n_ranks : int
        Bins of ranks for each unit: as many as ranks, unless these are too many.
    is_sure : bool
        No score can lie outside.
    """

    middle: Floats
    width: Floats
    n_scores: int
    groups: tuple[NDArray[np.intp], ...]
    n_ranks: int
    is_sure: bool

    @classmethod
    def between(
        cls, low: Floats, high: Floats, groups: Sequence[NDArray[np.intp]], *, is_sure: bool
    ) -> "Bins":
        """Cut the range of each unit's scores into equal bins."""
        n_units = len(low)
        n, n_ranks = bin_numbers(n_units, max(map(len, groups)))
        low, high = np.nan_to_num(low), np.nan_to_num(high)
        # Rounding may lead a little beyond the bounds.
        margin = 1e-9 * np.maximum(np.maximum(np.abs(low), np.abs(high)), 1e-300) + 1e-300
        width = (high - low + 2 * margin) / (n - 1)
        # Scores are rounded to bins, so that the middle of a bin is a multiple of its width.
        middle = np.round((low - margin) / width)
        return cls(
            middle=middle,
            width=width,
            n_scores=n,
            groups=tuple(groups),
            n_ranks=n_ranks,
            is_sure=is_sure,
        )

    @property
    def low(self) -> Floats:
        """The lower end of each unit's first bin."""
        return (self.middle - 0.5) * self.width

    def rank_bin(self, ranks: Any) -> Any:
        """Give the bin of ranks that start at 0."""
        largest = max(map(len, self.groups))
        return ranks if self.n_ranks == largest else ranks * self.n_ranks // largest


@frozen(eq=False)
class Tally:
    """What a number of draws gave, by unit.

    Attributes
    ----------
    ranks : ndarray of int of shape (n_units, n_rank_bins)
    scores : ndarray of int of shape (n_units, n_score_bins)
    n_draws : ndarray of int of shape (n_units,)
        In which the unit had a score.
    total, squares : ndarray of shape (n_units,)
        Sums of the scores' distances from the nominal score, and of their squares.
    """

    ranks: Counts
    scores: Counts
    n_draws: Counts
    total: Floats
    squares: Floats

    def __add__(self, other: "Tally") -> "Tally":
        return Tally(
            self.ranks + other.ranks,
            self.scores + other.scores,
            self.n_draws + other.n_draws,
            self.total + other.total,
            self.squares + other.squares,
        )


class _Cells:
    """Count how often each cell is met; where there are many, only now and then.

    To count has a price for each cell that there is.
    """

    def __init__(self, n_cells: int) -> None:
        self.counts = np.zeros(n_cells, dtype=np.int64)
        self._waiting = np.empty(0, dtype=np.int64)
        self._filled = 0

    def room(self, n: int) -> NDArray[np.int64]:
        """Give memory for n numbers of cells; they count as met."""
        if self._filled + n > self._waiting.size:
            self.flush()
            if n > self._waiting.size:
                self._waiting = np.empty(max(n, 4 * self.counts.size), dtype=np.int64)
        self._filled += n
        return self._waiting[self._filled - n : self._filled]

    def flush(self) -> None:
        """Count what waits."""
        if self._filled:
            waiting = self._waiting[: self._filled]
            self.counts += np.bincount(waiting, minlength=self.counts.size)
            self._filled = 0


class Counter:
    """Collect the chunks of a task, and count them at once: counting has a price for each bin.

    Memory is kept and filled anew: to ask for it takes as long as to fill it.

    Parameters
    ----------
    bins : Bins
    nominal : ndarray of shape (n_units,)
    """

    def __init__(self, bins: Bins, nominal: Floats) -> None:
        n_units = len(nominal)
        self.bins = bins
        self.nominal = nominal
        self.scale = 1 / bins.width
        self.first = np.arange(n_units) * float(bins.n_scores)
        self.start = self.first - bins.middle  # whole numbers
        self.score_cells = _Cells(n_units * bins.n_scores)
        self.rank_cells = _Cells(n_units * bins.n_ranks)
        self.total, self.squares = np.zeros((2, n_units))
        self.n_draws = np.zeros(n_units, dtype=np.int64)
        self.work = np.empty((max(1, _CACHED // n_units), n_units))

    def add(self, scores: Floats) -> None:
        """Take scores of shape (n_draws, n_units)."""
        size = len(self.work)
        for first in range(0, len(scores), size):
            self._add(scores[first : first + size])

    def _add(self, scores: Floats) -> None:
        """Take as many draws as the cache holds."""
        ends = float(scores.min()), float(scores.max())  # NaN when any score is
        missing = np.isnan(scores) if np.isnan(ends[0]) else None
        self._count_ranks(scores, missing, ends)
        self._note_cells(scores, missing)
        off = np.subtract(scores, self.nominal, out=self.work[: len(scores)])
        if missing is not None:
            off[missing] = 0.0
        self.n_draws += len(scores) if missing is None else (~missing).sum(axis=0)
        self.total += np.ones(len(off)) @ off
        self.squares += np.einsum("ij,ij->j", off, off)

    def _count_ranks(self, scores: Floats, missing: Any, ends: tuple[float, float]) -> None:
        bins = self.bins
        for group in bins.groups:
            whole = len(group) == scores.shape[1]
            own = scores if whole else scores[:, group]
            if missing is not None and missing[:, group].any():
                ranks = rank_scores(own)
                rows, units = np.nonzero(~np.isnan(ranks))
                places_ = bins.rank_bin((ranks[rows, units] - 1).astype(np.int64))
            else:
                units, found = places(own, self.work[: len(own)], ends if whole else None)
                places_ = bins.rank_bin(np.arange(own.shape[1]) if found is None else found)
            if not whole:
                units = group[units]
            cells = self.rank_cells.room(units.size)
            np.add(units, places_ * len(self.nominal), out=cells.reshape(units.shape))

    def _note_cells(self, scores: Floats, missing: Any) -> None:
        """Find the bin of each score, and keep it until enough of them are to be counted."""
        cells = np.multiply(scores, self.scale, out=self.work[: len(scores)])
        if not self.bins.is_sure:
            np.clip(cells, self.bins.middle, self.bins.middle + self.bins.n_scores - 1, out=cells)
        cells += self.start + _WHOLE
        found = cells.view(np.int64)
        found = found.ravel() if missing is None else found[~missing]
        np.bitwise_and(found, _WHOLE_BITS, out=self.score_cells.room(found.size))

    def result(self) -> Tally:
        """Count what was taken."""
        self.score_cells.flush()
        self.rank_cells.flush()
        n_units = len(self.nominal)
        return Tally(
            ranks=self.rank_cells.counts.reshape(self.bins.n_ranks, n_units).T,
            scores=self.score_cells.counts.reshape(n_units, self.bins.n_scores),
            n_draws=self.n_draws,
            total=self.total,
            squares=self.squares,
        )


def places(
    scores: Floats, work: Floats | None = None, ends: tuple[float, float] | None = None
) -> tuple[NDArray[np.int64], NDArray[np.int64] | None]:
    """Order units by score, the highest first.

    The unit's number is packed into the low bits of an integer made from the score: sorting
    integers is much faster than finding the order of floats.

    Parameters
    ----------
    scores : ndarray of shape (n_draws, n_units)
        None missing.
    work : ndarray of the same shape, optional
        Memory to use, which may hold the result afterwards.
    ends : (float, float), optional
        The least and the greatest score, if they are known.

    Returns
    -------
    order : ndarray of int of shape (n_draws, n_units)
        The unit at each place.
    ranks : ndarray of int of shape (n_draws, n_units) or None
        The rank at each place, from 0, where units tie; None when no two do.

    Examples
    --------
    >>> order, ranks = places(np.array([[0.5, 2.0, 1.0]]))
    >>> order.tolist(), ranks
    ([[1, 2, 0]], None)
    """
    n_units = scores.shape[1]
    bits = max(int(n_units - 1).bit_length(), 1)
    low, high = (float(scores.min()), float(scores.max())) if ends is None else ends
    span = high - low
    # Differences below the smallest numbers are none.
    scale = 2.0 ** min(51, 61 - bits) / span if span > 1e-290 else 0.0
    work = np.empty(scores.shape) if work is None or work.shape != scores.shape else work
    if max(abs(low), abs(high)) < 2 * span:
        np.multiply(scores, -scale, out=work)
        work += _WHOLE + high * scale
    else:  # the digits would not do
        np.subtract(high, scores, out=work)
        work *= scale
        work += _WHOLE
    keys = work.view(np.int64)  # with the same upper bits throughout, which change no order
    keys <<= bits
    keys |= np.arange(n_units)
    keys.sort(axis=1)
    # Differences of keys stand for differences of scores; rounding must not decide a rank.
    tolerance = (int(TOLERANCE * max(abs(low), abs(high)) * scale) + 1) << bits
    steps = keys[:, 1:] - keys[:, :-1]
    keys &= (1 << bits) - 1
    if steps.min(initial=tolerance + 1) > tolerance:
        return keys, None
    ranks = np.zeros(scores.shape, dtype=np.int64)
    np.multiply(steps > tolerance, np.arange(1, n_units), out=ranks[:, 1:])
    np.maximum.accumulate(ranks, axis=1, out=ranks)
    return keys, ranks
