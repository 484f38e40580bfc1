"""Counts over draws: ranks, binned scores and moments, independent of the order of draws."""

from collections.abc import Sequence
from typing import Any, TypeAlias

import numpy as np
from attrs import frozen
from numpy.typing import NDArray

from dli.arrays import Floats
from dli.ranking import WHOLE, places, rank_scores
from dli.sensitivity.engine import bin_numbers
from dli.weighting.tables import in_range

__all__ = ["EVERYTHING", "WHOLE_BITS", "Bins", "Counter", "Kept", "Tally"]

Counts: TypeAlias = NDArray[np.int64]

# The bits of a float between 2^52 and 2^53 that hold its distance from 2^52.
WHOLE_BITS = (1 << 52) - 1
# The scores that are counted at once. Fewer would fit into the cache of a core, but the calls of
# NumPy would be so short that threads wait for each other.
_AT_ONCE = 2**17
# Ends of bins below this belong to scores that are all 0.
_NOTHING = 1e-290


@frozen
class Kept:
    """The outputs of a study that are counted.

    Attributes
    ----------
    ranks, scores : bool
        Whether ranks and scores are counted.
    places : int, optional
        The number of ranks that are counted, from the first; all by default.
    """

    ranks: bool = True
    scores: bool = True
    places: int | None = None

    @property
    def names(self) -> tuple[str, ...]:
        """The names of the counted outputs, as in the argument ``keep``."""
        return tuple(name for name in ("ranks", "scores") if getattr(self, name))


EVERYTHING = Kept()


@frozen(eq=False)
class Bins:
    """The bins in which scores and ranks are counted.

    Attributes
    ----------
    middle, width : ndarray of shape (n_units,)
        The middle of each unit's first bin, in widths, and the width of its bins.
    n_scores : int
        The number of bins of scores for each unit.
    groups : tuple of ndarray of int
        The units that are ranked together: all units, or the units of each period.
    n_ranks : int
        The number of bins of ranks for each unit: one for each rank, unless there are too many.
    is_sure : bool
        Whether all possible scores lie within the bins.
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
        """Return equal bins of the range of each unit's scores."""
        n_units = len(low)
        n, n_ranks = bin_numbers(n_units, max(map(len, groups)))
        low, high = np.nan_to_num(low), np.nan_to_num(high)
        # Rounding errors may exceed the bounds slightly.
        margin = 1e-9 * np.maximum(np.maximum(np.abs(low), np.abs(high)), 1e-300) + 1e-300
        width = (high - low + 2 * margin) / (n - 3)
        # With widths below this share of the scores, floats could not distinguish the bins.
        width = np.maximum(width, np.maximum(np.abs(low), np.abs(high)) * 2.0**-40)
        # Scores are rounded to bins, so the middle of a bin is a multiple of its width. Rounding
        # it down ensures that no score lies below the first bin.
        middle = np.floor((low - margin) / width)
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

    @property
    def power(self) -> int:
        """The exponent of two that scales scores so that their squares do not overflow."""
        ends = np.stack([self.low, self.low + self.n_scores * self.width])
        # If all scores so far are 0, the bins are this narrow, and later scores may be of any size.
        ends[np.abs(ends) < _NOTHING] = 0.0
        return int(in_range(ends, together=True)[1].max())

    @property
    def joins_ranks(self) -> bool:
        """Whether a bin of ranks contains several ranks, as there are more ranks than bins."""
        return self.n_ranks < max(map(len, self.groups))

    @property
    def is_wide(self) -> bool:
        """Whether there are so many units that `WideCounter` counts them faster."""
        return self.joins_ranks

    def columns(self, kept: Kept) -> tuple[int, int]:
        """Return the number of counts of ranks and of scores for each unit."""
        n_ranks = self.n_ranks if kept.places is None else kept.places
        return n_ranks * kept.ranks, self.n_scores * kept.scores

    def rank_bin(self, ranks: Any) -> Any:
        """Return the bin of each rank, with ranks counted from 0."""
        return ranks * self.n_ranks // max(map(len, self.groups)) if self.joins_ranks else ranks


@frozen(eq=False)
class Tally:
    """What a number of draws gave, by unit; what is not kept has no columns, and sums of 0.

    Attributes
    ----------
    ranks : ndarray of int of shape (n_units, n_rank_bins)
    scores : ndarray of int of shape (n_units, n_score_bins)
    n_draws : ndarray of int of shape (n_units,)
        In which the unit had a score.
    rank_sums, shift_sums : ndarray of shape (n_units,)
        Sums of ranks, and of their distances from the nominal rank (0 without one); whole numbers.
    total, squares : ndarray of shape (n_units,)
        Sums of the scores' distances from the nominal score, and of the squares of these distances
        divided by 2 to the power ``power``.
    power : int
        0 for scores of usual sizes.
    """

    ranks: NDArray[np.integer[Any]]
    scores: NDArray[np.integer[Any]]
    n_draws: Counts
    rank_sums: Floats
    shift_sums: Floats
    total: Floats
    squares: Floats
    power: int = 0


class _Cells:
    """Counts of how often each cell occurs, updated in batches.

    Each update takes time in proportion to the number of cells.
    """

    def __init__(self, n_cells: int) -> None:
        self.counts = np.zeros(n_cells, dtype=np.int64)
        self._waiting = np.empty(0, dtype=np.int64)
        self._filled = 0

    def room(self, n: int) -> NDArray[np.int64]:
        """Return memory for the numbers of n cells, which are counted at the next flush."""
        if self._filled + n > self._waiting.size:
            self.flush()
            if n > self._waiting.size:
                self._waiting = np.empty(max(n, 4 * self.counts.size), dtype=np.int64)
        self._filled += n
        return self._waiting[self._filled - n : self._filled]

    def flush(self) -> None:
        """Count the cells that were added since the last flush."""
        if self._filled:
            waiting = self._waiting[: self._filled]
            self.counts += np.bincount(waiting, minlength=self.counts.size)
            self._filled = 0


class Counter:
    """A counter of the ranks and scores in the chunks of a task.

    Chunks are counted together, because counting takes time for each bin. This counter requires a
    bin for every rank; `WideCounter` counts more units. Memory is reused, because allocating it
    takes as long as filling it.

    Parameters
    ----------
    bins : Bins
        The bins of scores and ranks.
    nominal : ndarray of shape (n_units,)
        Nominal scores, 0 if missing.
    nominal_ranks : ndarray of shape (n_units,)
        Nominal ranks, NaN if missing.
    kept : Kept
        The outputs that are counted.
    """

    def __init__(
        self, bins: Bins, nominal: Floats, nominal_ranks: Floats, kept: Kept = EVERYTHING
    ) -> None:
        n_units = len(nominal)
        self.bins = bins
        self.kept = kept
        self.n_ranks, self.n_scores = bins.columns(kept)
        self.nominal = nominal
        self.nominal_ranks = nominal_ranks
        self.scale = 1 / bins.width
        self.first = np.arange(n_units) * float(bins.n_scores)
        self.start = self.first - bins.middle  # whole numbers
        self.score_cells = _Cells(n_units * self.n_scores)
        self.rank_cells = _Cells(n_units * self.n_ranks)
        self.total, self.squares = np.zeros((2, n_units))
        self.power = bins.power
        self.n_draws = np.zeros(n_units, dtype=np.int64)
        self.work = np.empty((max(1, _AT_ONCE // n_units), n_units))

    def add(self, scores: Floats) -> None:
        """Count scores of shape (n_draws, n_units)."""
        # Parts have equal sizes, because a small part needs as many calls as a large one.
        n_parts = max(1, -(-len(scores) // len(self.work)))
        size = -(-len(scores) // n_parts)
        for first in range(0, len(scores), size):
            self._add(scores[first : first + size])

    def _add(self, scores: Floats) -> None:
        """Count a few draws at once."""
        ends = float(scores.min()), float(scores.max())  # NaN if any score is NaN
        missing = np.isnan(scores) if np.isnan(ends[0]) else None
        self.n_draws += len(scores) if missing is None else (~missing).sum(axis=0)
        if self.kept.ranks:
            self._count_ranks(scores, missing, ends)
        if self.kept.scores:
            self._note_cells(scores, missing)
            self._sum(scores, missing)

    def _sum(self, scores: Floats, missing: Any) -> None:
        off = np.subtract(scores, self.nominal, out=self.work[: len(scores)])
        if missing is not None:
            off[missing] = 0.0
        self.total += np.ones(len(off)) @ off
        if self.power:
            np.ldexp(off, -self.power, out=off)
        self.squares += np.einsum("ij,ij->j", off, off)

    def _count_ranks(self, scores: Floats, missing: Any, ends: tuple[float, float]) -> None:
        bins = self.bins
        for group in bins.groups:
            whole = len(group) == scores.shape[1]
            own = scores if whole else scores[:, group]
            if missing is not None and missing[:, group].any():
                ranks = rank_scores(own)
                rows, units = np.nonzero(~np.isnan(ranks))
                from_0 = (ranks[rows, units] - 1).astype(np.int64)
            else:
                units, tied = places(own, self.work[: len(own)], ends if whole else None)
                from_0 = np.arange(own.shape[1]) if tied is None else tied
            if self.kept.places is not None:
                units, from_0 = self._firsts(units, from_0)
            if not whole:
                units = group[units]
            cells = self.rank_cells.room(units.size)
            np.add(units, from_0 * len(self.nominal), out=cells.reshape(units.shape))

    def _firsts(self, units: Any, from_0: Any) -> tuple[Any, Any]:
        """Return units and ranks without the ranks that are not counted."""
        if from_0.ndim < units.ndim:  # there are no ties
            return units[:, : self.n_ranks], from_0[: self.n_ranks]
        is_counted = from_0 < self.n_ranks
        return units[is_counted], from_0[is_counted]

    def _note_cells(self, scores: Floats, missing: Any) -> None:
        """Find the bin of each score, and store it until enough scores can be counted together."""
        cells = np.multiply(scores, self.scale, out=self.work[: len(scores)])
        if not self.bins.is_sure:
            np.clip(cells, self.bins.middle, self.bins.middle + self.bins.n_scores - 1, out=cells)
        cells += self.start + WHOLE
        found = cells.view(np.int64)
        found = found.ravel() if missing is None else found[~missing]
        np.bitwise_and(found, WHOLE_BITS, out=self.score_cells.room(found.size))

    def result(self) -> Tally:
        """Return the counts and sums over all added scores."""
        self.score_cells.flush()
        self.rank_cells.flush()
        n_units = len(self.nominal)
        counts = self.rank_cells.counts.reshape(self.n_ranks, n_units).T
        ranks = np.arange(1.0, self.n_ranks + 1)
        shifts = np.abs(ranks - np.nan_to_num(self.nominal_ranks)[:, np.newaxis])
        shift_sums = np.where(
            np.isnan(self.nominal_ranks), 0.0, np.einsum("ij,ij->i", counts, shifts)
        )
        return Tally(
            ranks=counts,
            scores=self.score_cells.counts.reshape(n_units, self.n_scores),
            n_draws=self.n_draws,
            rank_sums=counts @ ranks,
            shift_sums=shift_sums,
            total=self.total,
            squares=self.squares,
            power=self.power,
        )
