"""Draws made and counted: from the start, or on from where a study stands."""

import time
from collections.abc import Callable, Sequence
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

# Seconds from one writing of a checkpoint to the next; more where to write takes long, so that it
# never takes a larger share of the time than this.
EVERY = 30.0
_SHARE = 0.05


def draws_of(task: Task) -> int:
    """Count the draws of a task."""
    return sum(n for _, n in task)


def scores_of(study: Design, ever: Bools, seed: int, chunk: tuple[int, int], room: Room) -> Floats:
    """Draw a chunk, and give the scores of the units that ever have one."""
    numbers = room.array("numbers", (len(study.names), chunk[1]))
    scores = study.scores(uniforms(seed, chunk[0], numbers), room)
    return scores if ever.all() else scores[:, ever]


@frozen(kw_only=True, eq=False)
class Plan:
    """What is drawn, and what is counted of it.

    Attributes
    ----------
    design : Design
    kept : Kept
    ever : ndarray of bool of shape (n_units,)
        Which units ever have a score.
    bins : Bins
    tasks : Tasks
        How large tasks are.
    known : (int, ndarray), optional
        A seed with the scores of its first chunk, where these were drawn to find the bins.
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
        """Return sums over no draws."""
        power = self.bins.power if self.kept.scores else 0
        return Counted(int(self.ever.sum()), *self.bins.columns(self.kept), power)


def plan(
    study: Design, kept: Kept, seed: int, n_draws: int, given: tuple[Floats, Floats] | None = None
) -> Plan:
    """Decide where to count scores and ranks.

    Parameters
    ----------
    study : Design
    kept : Kept
    seed, n_draws : int
        Of which the first chunk may have to tell.
    given : (ndarray, ndarray), optional
        The middle and the width of bins that are known.

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
        # Where no score is counted, bins of any width do.
        low = high = np.zeros(int(ever.sum()))
    elif is_sure and bounds is not None:
        low, high = (ends[ever] for ends in bounds)
    else:
        # Nothing bounds the scores beforehand: the first draws tell, with room on both sides.
        first = scores_of(study, ever, seed, tasks[0][0], Room())
        low, high = np.fmin.reduce(first, axis=0), np.fmax.reduce(first, axis=0)
        room = (high - low) / 2
        low, high = low - room, high + room
        known = seed, first
    bins = Bins.between(low, high, groups, is_sure=is_sure)
    if given is not None:
        bins = evolve(bins, middle=given[0], width=given[1])
    return Plan(design=study, kept=kept, ever=ever, bins=bins, tasks=tasks, known=known)


def units_with_scores(study: Design) -> Bools:
    """Return which units ever have a score, of shape (n_units,).

    Raises
    ------
    MethodError
        No unit has one.
    """
    ever = ~np.all([np.isnan(a.array(study.node.code)) for a in study.assessments], axis=0)
    if not ever.any():
        msg = f"no unit has a score of {study.node.code!r}"
        raise MethodError(msg)
    return np.asarray(ever)


def _groups(assessment: Assessment, ever: Bools) -> list[NDArray[np.intp]]:
    """Return the places, among the units that ever have a score, of those of each period."""
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
        """Return a task, with the scores that are known of it."""
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
    """Make the draws of a stretch that are not counted yet.

    Parameters
    ----------
    own : Plan
    stretch : Stretch
    counted : Counted
        Sums over the first tasks of the stretch, to which the others are added.
    executor, progress
        As for `uncertainty`.
    save : callable, optional
        Called now and then, and at the end, with what is counted so far.
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
    """Do a task: draw and count its chunks."""
    study, ever = own.design, own.ever
    nominal = study.assessment.array(study.node.code)[ever]
    kind = WideCounter if own.bins.is_wide else Counter
    ranks = study.assessment.rank_array(study.node.code)[ever]
    counter = kind(own.bins, np.nan_to_num(nominal), ranks, own.kept)
    room = Room()
    task, first = share
    if first is not None:
        counter.add(first)
    for chunk in task if first is None else task[1:]:
        counter.add(scores_of(study, ever, seed, chunk, room))
    return counter.result()
