"""Functions that make and count draws, from the start or continuing a study."""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from typing import Any
from uuid import uuid4

import numpy as np
from attrs import evolve, field, frozen
from numpy.typing import NDArray

from dli.arrays import Bools, Floats
from dli.assessment import Assessment
from dli.errors import MethodError
from dli.sensitivity.counted import Counted
from dli.sensitivity.design import Design
from dli.sensitivity.draws import Room
from dli.sensitivity.engine import (
    Chunk,
    Chunks,
    Submits,
    Task,
    chunks,
    draws_of,
    in_order,
    uniforms,
)
from dli.sensitivity.stretches import Blocks, Stretch, add_block, chunks_of
from dli.sensitivity.tally import Bins, Counter, Kept, Tally
from dli.sensitivity.wide import WideCounter

__all__ = ["Plan", "counts_of", "plan", "run", "scores_of", "units_with_scores"]

# The seconds between two checkpoints. If writing is slow, the interval grows, so that writing never
# takes a larger share of the time than this.
EVERY = 30.0
_SHARE = 0.05


class _Rooms:
    """Memory for as many tasks of a run as are computed at the same time.

    Each process has its own. A worker process keeps it from task to task, until the next run.

    Attributes
    ----------
    run : str
        The name of the run.
    first : ndarray, optional
        The scores of the first chunk, if known. They are not sent to other processes.
    """

    def __init__(self, run: str, first: Floats | None = None) -> None:
        self.run = run
        self.first = first
        self._free: list[Room] = []

    def __reduce__(self) -> tuple[Any, ...]:
        return _rooms_of_worker, (self.run,)

    @contextmanager
    def room(self) -> Iterator[Room]:
        """Yield memory that no other task uses meanwhile."""
        try:
            own = self._free.pop()
        except IndexError:
            own = Room()
        yield own
        self._free.append(own)


_of_worker = [_Rooms("")]


def _rooms_of_worker(run: str) -> _Rooms:
    """Return the memory of a worker process for a run."""
    rooms = _of_worker[0]
    if rooms.run != run:
        rooms = _of_worker[0] = _Rooms(run)
    return rooms


def scores_of(study: Design, ever: Bools, seed: int, chunk: Chunk, room: Room) -> Floats:
    """Return the scores in a chunk of draws of the units that ever have a score.

    Chunks are scored one by one: the last digits of a product of matrices can depend on the number
    of its rows, and how many chunks a task has depends on the time that they take.
    """
    number, n_draws = chunk
    drawn = uniforms(seed, number, room.array("numbers", (len(study.names), n_draws)))
    scores = study.scores(drawn, room)
    return scores if ever.all() else scores[:, ever]


@frozen(kw_only=True, eq=False)
class Plan:
    """The design of a study and how its draws are counted.

    Attributes
    ----------
    design : Design
        The assessment and its uncertain inputs.
    kept : Kept
        The outputs that are counted.
    ever : ndarray of bool of shape (n_units,)
        Whether each unit ever has a score.
    bins : Bins
        The bins of scores and ranks.
    chunks : Chunks
        The division of draws into chunks.
    known : (int, ndarray), optional
        A seed and the scores of its first chunk, if these were drawn to determine the bins.
    """

    design: Design
    kept: Kept
    ever: Bools
    bins: Bins
    chunks: Chunks
    known: tuple[int, Floats] | None = field(default=None)

    def without_scores(self) -> "Plan":
        """Return the plan without the scores of the first chunk."""
        return evolve(self, known=None)

    def empty(self) -> Counted:
        """Return the counts before the first draw."""
        power = self.bins.power if self.kept.scores else 0
        return Counted(int(self.ever.sum()), *self.bins.columns(self.kept), power)


def plan(
    study: Design, kept: Kept, seed: int, n_draws: int, given: tuple[Floats, Floats] | None = None
) -> Plan:
    """Return the plan of a study, with the bins in which scores and ranks are counted.

    Parameters
    ----------
    study : Design
        The assessment and its uncertain inputs.
    kept : Kept
        The outputs that are counted.
    seed, n_draws : int
        The seed and the number of draws. If scores are not bounded, the bins are determined from
        the first chunk.
    given : (ndarray, ndarray), optional
        The middle and the width of the bins, if known.

    Raises
    ------
    MethodError
        No unit has a score.
    """
    ever = units_with_scores(study)
    division = chunks(n_draws, int(ever.sum()), len(study.scorers))
    groups = _groups(study.assessment, ever)
    bounds, known = study.bounds, None
    is_sure = not kept.scores or (
        bounds is not None and not study.draws(np.full((len(study.names), 1), 0.5)).changes_data
    )
    if given is not None or not kept.scores:
        # If scores are not counted, the width of the bins does not matter.
        low = high = np.zeros(int(ever.sum()))
    elif is_sure and bounds is not None:
        low, high = (ends[ever] for ends in bounds)
    else:
        # The scores are not bounded: the first draws determine the bins, with a margin at each end.
        first = scores_of(study, ever, seed, division[0], Room())
        low, high = np.fmin.reduce(first, axis=0), np.fmax.reduce(first, axis=0)
        margin = (high - low) / 2
        low, high = low - margin, high + margin
        known = seed, first
    bins = Bins.between(low, high, groups, is_sure=is_sure)
    if given is not None:
        bins = evolve(bins, middle=given[0], width=given[1])
    return Plan(design=study, kept=kept, ever=ever, bins=bins, chunks=division, known=known)


def units_with_scores(study: Design) -> Bools:
    """Return whether each unit ever has a score, of shape (n_units,).

    Raises
    ------
    MethodError
        No unit has a score.
    """
    ever = ~np.all([np.isnan(a.array(study.node.code)) for a in study.assessments], axis=0)
    if not ever.any():
        msg = f"no unit has a score of {study.node.code!r}"
        raise MethodError(msg)
    return np.asarray(ever)


def _groups(assessment: Assessment, ever: Bools) -> list[NDArray[np.intp]]:
    """Return, for each period, the positions of its units among those that ever have a score."""
    place = np.cumsum(ever) - 1
    groups = [place[rows[ever[rows]]] for rows in assessment.rows_by_period.values()]
    return [group for group in groups if group.size]


def run(
    own: Plan,
    stretch: Stretch,
    counted: Counted,
    *,
    executor: Submits | None = None,
    progress: bool = False,
    save: Callable[[Stretch], object] | None = None,
) -> Counted:
    """Make and count the remaining draws of a stretch.

    Parameters
    ----------
    own : Plan
        The plan of the study.
    stretch : Stretch
        The draws to make.
    counted : Counted
        The counts over the first chunks of the stretch, to which the other chunks are added.
    executor, progress
        As in `uncertainty`.
    save : callable, optional
        Called at intervals and at the end, with the stretch of draws counted so far.
    """
    whole = chunks_of(stretch, own.chunks)
    n_done = counted.n_chunks * whole.size
    left = whole.stretch(stretch.first + counted.n_chunks, stretch.n_draws - n_done)
    first = None
    if own.known is not None and own.known[0] == stretch.seed and left.first == 0:
        first = own.known[1]
    rooms = _Rooms(uuid4().hex, first)
    tallies = in_order(
        partial(_count, own.without_scores(), stretch.seed, rooms),
        left,
        executor=executor,
        progress=progress,
        n_done=n_done,
    )
    is_due = _clock()
    for tally in tallies:
        counted.add(tally)
        n_done = counted.n_chunks * whole.size
        if save is not None and n_done < stretch.n_draws and is_due():
            start = time.monotonic()
            save(evolve(stretch, n_draws=n_done))
            is_due = _clock((time.monotonic() - start) / _SHARE)
    if save is not None:
        save(stretch)
    return counted


def _clock(seconds: float = 0.0) -> Callable[[], bool]:
    due = time.monotonic() + max(EVERY, seconds)
    return lambda: time.monotonic() >= due


def counts_of(own: Plan, seed: int, task: Task) -> Tally:
    """Return the counts of a task."""
    return _count(own, seed, _Rooms(""), task)


def _count(own: Plan, seed: int, rooms: _Rooms, task: Task) -> Tally:
    """Return the counts of a task, after drawing its chunks."""
    study, size = own.design, own.chunks.size
    nominal = study.assessment.array(study.node.code)[own.ever]
    ranks = study.assessment.rank_array(study.node.code)[own.ever]
    kind = WideCounter if own.bins.is_wide else Counter
    blocks: Blocks = {}
    n_together = max(1, kind.AT_ONCE // (len(nominal) * size))
    with rooms.room() as room:
        counter = kind(own.bins, np.nan_to_num(nominal), ranks, own.kept, room)
        for first in range(0, len(task), n_together):
            batch = task[first : first + n_together]
            scores = _scores(own, seed, rooms, batch, room)
            for (chunk, n), sums in zip(batch, counter.add(scores, size), strict=True):
                add_block(blocks, (seed, chunk, int(n == size)), sums)
        return counter.result(blocks)


def _scores(own: Plan, seed: int, rooms: _Rooms, batch: Task, room: Room) -> Floats:
    """Return the scores of several chunks, which are counted together."""

    def of_chunk(chunk: Chunk) -> Floats:
        if chunk[0] == 0 and rooms.first is not None:
            return rooms.first
        return scores_of(own.design, own.ever, seed, chunk, room)

    if len(batch) == 1:
        return of_chunk(batch[0])
    scores = room.array("scores of chunks", (draws_of(batch), int(own.ever.sum())))
    place = 0
    for chunk in batch:
        scores[place : place + chunk[1]] = of_chunk(chunk)
        place += chunk[1]
    return scores
