"""Counts over draws: ranks, binned scores and moments, independent of the order of draws."""

from collections.abc import Iterator, Sequence
from typing import Any, TypeAlias

import numpy as np
from attrs import frozen
from numpy.typing import NDArray

from dli.arrays import Bools, Floats
from dli.ranking import WHOLE, places, rank_scores
from dli.sensitivity.draws import Room
from dli.sensitivity.engine import bin_numbers
from dli.sensitivity.stretches import Blocks
from dli.weighting.tables import in_range

__all__ = ["EVERYTHING", "WHOLE_BITS", "Bins", "Counter", "Kept", "Tally", "squares", "totals"]

Counts: TypeAlias = NDArray[np.int64]

# The bits of a float between 2^52 and 2^53 that hold its distance from 2^52.
WHOLE_BITS = (1 << 52) - 1
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

    def ends(self, group: NDArray[np.intp]) -> tuple[float, float] | None:
        """Return bounds of the scores of some units, None if they may be exceeded."""
        if not self.is_sure:
            return None
        low = self.low[group]
        return float(low.min()), float((low + self.n_scores * self.width[group]).max())

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
    blocks : dict of Key to ndarray of shape (2, n_units)
        By block of chunks, in order: sums of the scores' distances from the nominal score, and of
        the squares of these distances divided by 2 to the power ``power``.
    power : int
        0 for scores of usual sizes.
    """

    ranks: NDArray[np.integer[Any]]
    scores: NDArray[np.integer[Any]]
    n_draws: Counts
    rank_sums: Floats
    shift_sums: Floats
    blocks: Blocks
    power: int = 0

    @property
    def total(self) -> Floats:
        """The sums of distances over all blocks, of shape (n_units,)."""
        return self._sums(0)

    @property
    def squares(self) -> Floats:
        """The sums of squares over all blocks, of shape (n_units,)."""
        return self._sums(1)

    def _sums(self, place: int) -> Floats:
        sums = np.zeros(len(self.n_draws))
        for block in self.blocks.values():
            sums += block[place]
        return sums


# The counts that fit into the cache of a core, and the cells that wait to be counted if the counts
# do not fit.
_CACHED = 2**20
_WAITING = 2**21


class _Cells:
    """Counts of how often each cell occurs.

    If there are many cells, some draws wait, so that a few columns of them can be counted at a
    time, whose counts fit into the cache.

    Parameters
    ----------
    n_cells : int
        The number of cells.
    use : str
        The name of the memory in the room.
    room : Room
        Memory that is reused.
    """

    def __init__(self, n_cells: int, use: str, room: Room) -> None:
        # No task makes so many draws that 32 bits would not do.
        self.counts = room.array(f"{use} counts", (n_cells // 2 + 1,)).view(np.int32)[:n_cells]
        self.counts[...] = 0
        self._use = use
        self._room = room
        self._waiting = np.empty((0, 0), dtype=np.int64)
        self._filled = 0

    def room(self, shape: tuple[int, ...]) -> NDArray[np.int64]:
        """Return memory for the numbers of cells, which `count` then counts.

        Parameters
        ----------
        shape : tuple of int
            The shape (n,) or (n_draws, n_columns). The cells of a column should be close together.
        """
        if self.counts.size <= _CACHED or len(shape) == 1:
            return self._room.array(f"{self._use} cells", shape).view(np.int64)
        n_draws, n_columns = shape
        if self._filled + n_draws > len(self._waiting) or n_columns != self._waiting.shape[1]:
            self.flush()
            size = max(n_draws, _WAITING // n_columns)
            waiting = self._room.array(f"{self._use} waiting", (size, n_columns))
            self._waiting = waiting.view(np.int64)
        return self._waiting[self._filled : self._filled + n_draws]

    def count(self, cells: NDArray[np.int64]) -> None:
        """Count cells once more, in memory that `room` returned."""
        if self.counts.size <= _CACHED or cells.ndim == 1:
            self._add(cells)
        else:
            self._filled += len(cells)

    def flush(self) -> None:
        """Count the cells that wait."""
        if self._filled:
            waiting = self._waiting[: self._filled]
            step = _CACHED * waiting.shape[1] // self.counts.size // 4 + 1
            for first in range(0, waiting.shape[1], step):
                self._add(waiting[:, first : first + step])
            self._filled = 0

    def _add(self, cells: NDArray[np.int64]) -> None:
        # `numpy.bincount` would make a new table for each call, which takes longer.
        np.add.at(self.counts, cells.ravel(), np.int32(1))


class Counter:
    """A counter of the ranks and scores in the chunks of a task.

    Short chunks are counted together. This counter requires a bin for every rank; `WideCounter`
    counts more units.

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
    room : Room, optional
        Memory that tasks reuse, because allocating it takes as long as filling it.
    """

    # The scores that are counted at once. Fewer would fit into the cache of a core, but the calls
    # of NumPy would be so short that threads wait for each other.
    AT_ONCE = 2**18

    def __init__(
        self,
        bins: Bins,
        nominal: Floats,
        nominal_ranks: Floats,
        kept: Kept = EVERYTHING,
        room: Room | None = None,
    ) -> None:
        n_units = len(nominal)
        room = Room() if room is None else room
        self.bins = bins
        self.kept = kept
        self.n_ranks, self.n_scores = bins.columns(kept)
        self.nominal = nominal
        self.nominal_ranks = nominal_ranks
        self.scale = 1 / bins.width
        self.first = np.arange(n_units) * float(bins.n_scores)
        self.start = self.first - bins.middle  # whole numbers
        self.score_cells = _Cells(n_units * self.n_scores, "score", room)
        self.rank_cells = _Cells(n_units * self.n_ranks, "rank", room)
        self.power = bins.power
        self.n_draws = np.zeros(n_units, dtype=np.int64)
        self.work = room.array("counter", (2, max(1, self.AT_ONCE // n_units), n_units))
        self.ends = [bins.ends(group) if kept.scores else None for group in bins.groups]

    def add(self, scores: Floats, size: int) -> Floats:
        """Count the scores of consecutive chunks, and return sums for each chunk.

        Parameters
        ----------
        scores : ndarray of shape (n_draws, n_units)
            The scores.
        size : int
            The number of draws in a chunk; the last chunk may have fewer.

        Returns
        -------
        ndarray of shape (n_chunks, 2, n_units)
            As the blocks of a `Tally`.
        """
        sums = np.zeros((-(-len(scores) // size), 2, scores.shape[1]))
        for rows in _pieces(len(scores), size, self.work.shape[1]):
            own = sums[rows.start // size : -(-rows.stop // size)]
            self._add(scores[rows], size, own)
        return sums

    def _add(self, scores: Floats, size: int, sums: Floats) -> None:
        """Count a few draws at once."""
        if self.kept.scores:
            missing = self._sum(scores, size, sums)
        else:
            missing = np.isnan(scores) if np.isnan(scores.min()) else None
        self.n_draws += len(scores) if missing is None else (~missing).sum(axis=0)
        if self.kept.ranks:
            self._count_ranks(scores, missing)
        if self.kept.scores:
            self._count_scores(scores, missing)

    def _sum(self, scores: Floats, size: int, sums: Floats) -> Bools | None:
        """Add to the sums of each chunk, and return which scores are missing, None if none is."""
        missing = None
        off = np.subtract(scores, self.nominal, out=self.work[0, : len(scores)])
        total = totals(off, size)
        if np.isnan(total).any():
            missing = np.isnan(scores)
            off[missing] = 0.0
            total = totals(off, size)
        sums[:, 0] += total
        sums[:, 1] += squares(off, size, self.power)
        return missing

    def _count_ranks(self, scores: Floats, missing: Bools | None) -> None:
        for group, ends in zip(self.bins.groups, self.ends, strict=True):
            whole = len(group) == scores.shape[1]
            own = scores if whole else scores[:, group]
            if missing is not None and missing[:, group].any():
                ranks = rank_scores(own)
                rows, units = np.nonzero(~np.isnan(ranks))
                from_0 = (ranks[rows, units] - 1).astype(np.int64)
            else:
                units, tied = places(own, self.work[:, : len(own)] if whole else None, ends)
                from_0 = np.arange(own.shape[1]) if tied is None else tied
            if self.kept.places is not None:
                units, from_0 = self._firsts(units, from_0)
            if not whole:
                units = group[units]
            cells = self.rank_cells.room(units.shape)
            self.rank_cells.count(np.add(units, from_0 * len(self.nominal), out=cells))

    def _firsts(self, units: Any, from_0: Any) -> tuple[Any, Any]:
        """Return units and ranks without the ranks that are not counted."""
        if from_0.ndim < units.ndim:  # there are no ties
            return units[:, : self.n_ranks], from_0[: self.n_ranks]
        is_counted = from_0 < self.n_ranks
        return units[is_counted], from_0[is_counted]

    def _count_scores(self, scores: Floats, missing: Bools | None) -> None:
        """Count the bin of each score."""
        cells = np.multiply(scores, self.scale, out=self.work[0, : len(scores)])
        if not self.bins.is_sure:
            np.clip(cells, self.bins.middle, self.bins.middle + self.bins.n_scores - 1, out=cells)
        cells += self.start + WHOLE
        found = cells.view(np.int64)
        found = found if missing is None else found[~missing]
        own = self.score_cells.room(found.shape)
        self.score_cells.count(np.bitwise_and(found, WHOLE_BITS, out=own))

    def result(self, blocks: Blocks) -> Tally:
        """Return the counts over all added scores, with the sums of blocks of chunks."""
        self.score_cells.flush()
        self.rank_cells.flush()
        n_units = len(self.nominal)
        counts = self.rank_cells.counts.reshape(self.n_ranks, n_units).T
        ranks = np.arange(1.0, self.n_ranks + 1)
        shifts = np.abs(ranks - np.nan_to_num(self.nominal_ranks)[:, np.newaxis])
        shift_sums = np.where(
            np.isnan(self.nominal_ranks), 0.0, np.einsum("ij,ij->i", counts, shifts)
        )
        # Small whole numbers, since the counts of several tasks are kept until they are added up,
        # or are sent by another process.
        kind = np.min_scalar_type(int(self.n_draws.max(initial=0)))
        return Tally(
            ranks=counts.astype(kind),
            scores=self.score_cells.counts.reshape(n_units, self.n_scores).astype(kind),
            n_draws=self.n_draws,
            rank_sums=counts @ ranks,
            shift_sums=shift_sums,
            blocks=blocks,
            power=self.power,
        )


def _pieces(n_draws: int, size: int, most: int) -> Iterator[slice]:
    """Yield draws that are counted at once: several chunks, or equal pieces of one chunk."""
    if size <= most:
        step = most // size * size
        for first in range(0, n_draws, step):
            yield slice(first, min(first + step, n_draws))
        return
    step = -(-size // -(-size // most))
    for chunk in range(0, n_draws, size):
        end = min(chunk + size, n_draws)
        for first in range(chunk, end, step):
            yield slice(first, min(first + step, end))


def totals(off: Floats, size: int) -> Floats:
    """Return the sums of each chunk of ``size`` rows, of shape (n_chunks, n_units)."""
    # A product with ones would be a bit faster, but OpenBLAS divides it among threads if they are
    # free, so that the last digits would depend on the other tasks.
    return np.stack([np.add.reduce(rows, axis=0) for rows in _chunks(off, size)])


def squares(off: Floats, size: int, power: int) -> Floats:
    """Return the sums of squares of each chunk, as `totals`, scaling ``off`` by a power of two."""
    if power:
        np.ldexp(off, -power, out=off)
    return np.stack([np.einsum("ij,ij->j", rows, rows) for rows in _chunks(off, size)])


def _chunks(off: Floats, size: int) -> Iterator[Floats]:
    return (off[first : first + size] for first in range(0, len(off), size))
