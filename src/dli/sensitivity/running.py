"""Functions that make and count draws, from the start or continuing a study."""

import time
from collections.abc import Callable, Iterator, Sequence
from functools import partial
from typing import Any, TypeAlias

import numpy as np
from attrs import evolve, field, frozen
from numpy.typing import NDArray

from dli.arrays import Bools, Floats
from dli.assessment import Assessment
from dli.errors import MethodError
from dli.sensitivity.counted import Counted
from dli.sensitivity.design import Design
from dli.sensitivity.draws import Room
from dli.sensitivity.engine import Submits, Task, Tasks, chunks, in_order, uniforms
from dli.sensitivity.stretches import Stretch, tasks_of
from dli.sensitivity.tally import Bins, Counter, Kept, Tally
from dli.sensitivity.wide import WideCounter

__all__ = ["Plan", "draws_of", "plan", "run", "scores_of", "units_with_scores"]

# A task, with the scores of its first chunk if they are known.
Share: TypeAlias = tuple[Task, Floats | None]

# The seconds between two checkpoints. If writing is slow, the interval grows, so that writing never
# takes a larger share of the time than this.
EVERY = 30.0
_SHARE = 0.05
# The scores, weights or random numbers that a thread computes together, which take 16 MB.
_NUMBERS_AT_ONCE = 2**21


def draws_of(task: Task) -> int:
    """Return the number of draws of a task."""
    return sum(n for _, n in task)


def scores_of(study: Design, ever: Bools, seed: int, task: Task, room: Room) -> Floats:
    """Return the scores in some chunks of draws of the units that ever have a score."""
    n_factors = len(study.names)
    drawn = [
        uniforms(seed, chunk, room.array(f"numbers {place}", (n_factors, n)))
        for place, (chunk, n) in enumerate(task)
    ]
    numbers = drawn[0]
    if len(drawn) > 1:
        together = room.array("numbers", (n_factors, draws_of(task)))
        numbers = np.concatenate(drawn, axis=1, out=together)
    scores = study.scores(numbers, room)
    return scores if ever.all() else scores[:, ever]


def _batches(task: Task, study: Design) -> Iterator[Task]:
    """Yield the chunks of a task in batches that are scored together.

    Threads take turns in the interpreter at each call of NumPy, so a call must do enough work.
    """
    width = max(len(study.assessment.units), len(study.names), len(study.node.indicators))
    size = max(1, _NUMBERS_AT_ONCE // (width * max((n for _, n in task), default=1)))
    for first in range(0, len(task), size):
        yield task[first : first + size]


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
    tasks : Tasks
        The division of draws into tasks.
    known : (int, ndarray), optional
        A seed and the scores of its first chunk, if these were drawn to determine the bins.
    """

    design: Design
    kept: Kept
    ever: Bools
    bins: Bins
    tasks: Tasks
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
    tasks = chunks(n_draws, int(ever.sum()), len(study.scorers))
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
        first = scores_of(study, ever, seed, tasks[0][:1], Room())
        low, high = np.fmin.reduce(first, axis=0), np.fmax.reduce(first, axis=0)
        margin = (high - low) / 2
        low, high = low - margin, high + margin
        known = seed, first
    bins = Bins.between(low, high, groups, is_sure=is_sure)
    if given is not None:
        bins = evolve(bins, middle=given[0], width=given[1])
    return Plan(design=study, kept=kept, ever=ever, bins=bins, tasks=tasks, known=known)


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


@frozen(eq=False)
class _Shares(Sequence[Share]):
    tasks: Tasks
    first: Floats | None

    def __len__(self) -> int:
        return len(self.tasks)

    def __getitem__(self, place: Any) -> Any:
        """Return a task with the scores of its first chunk, if known."""
        return self.tasks[place], self.first if place == 0 else None


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
        The counts over the first tasks of the stretch, to which the other tasks are added.
    executor, progress
        As in `uncertainty`.
    save : callable, optional
        Called at intervals and at the end, with the stretch of draws counted so far.
    """
    whole = tasks_of(stretch, own.tasks)
    n_done = sum(size for _, _, size in counted.blocks)
    n_earlier = n_done * whole.draws_each
    left = whole.stretch(stretch.first + n_done, stretch.n_draws - n_earlier)
    first = None
    if left.first == 0 and own.known is not None and own.known[0] == stretch.seed:
        first = own.known[1]
    parts = in_order(
        partial(_count, own.without_scores(), stretch.seed),
        _Shares(left, first),
        executor=executor,
        progress=progress,
        n_draws=_draws_of,
        n_done=n_earlier,
    )
    is_due = _clock()
    for task, tally in enumerate(parts, left.first):
        n_left = stretch.n_draws - (task - stretch.first) * whole.draws_each
        if n_left < whole.draws_each:
            counted.add_tail(stretch.seed, task, tally)
            continue
        counted.add(stretch.seed, task, tally)
        if save is not None and n_left > whole.draws_each and is_due():
            start = time.monotonic()
            save(evolve(stretch, n_draws=stretch.n_draws - n_left + whole.draws_each))
            is_due = _clock((time.monotonic() - start) / _SHARE)
    if save is not None:
        save(stretch)
    return counted


def _clock(seconds: float = 0.0) -> Callable[[], bool]:
    due = time.monotonic() + max(EVERY, seconds)
    return lambda: time.monotonic() >= due


def _draws_of(share: Share) -> int:
    return draws_of(share[0])


def _count(own: Plan, seed: int, share: Share) -> Tally:
    """Return the counts of a task, after drawing its chunks."""
    study, ever = own.design, own.ever
    nominal = study.assessment.array(study.node.code)[ever]
    kind = WideCounter if own.bins.is_wide else Counter
    ranks = study.assessment.rank_array(study.node.code)[ever]
    counter = kind(own.bins, np.nan_to_num(nominal), ranks, own.kept)
    room = Room()
    task, first = share
    if first is not None:
        counter.add(first)
    for batch in _batches(task if first is None else task[1:], study):
        counter.add(scores_of(study, ever, seed, batch, room))
    return counter.result()
