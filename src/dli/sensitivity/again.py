"""Repeated draws of a study, for results that would take too long to count every time."""

from collections.abc import Sequence
from functools import partial

import numpy as np
from numpy.typing import NDArray

from dli.arrays import Floats
from dli.checks import whole_number
from dli.ranking import rank_scores
from dli.sensitivity.draws import Room
from dli.sensitivity.engine import Submits, Task, in_order, uniforms
from dli.sensitivity.running import Plan, scores_of
from dli.sensitivity.stretches import Stretch, chunks_of

__all__ = ["firsts", "numbers", "wins"]


def wins(
    plan: Plan,
    runs: Sequence[Stretch],
    own: NDArray[np.intp],
    *,
    executor: Submits | None,
    progress: bool,
) -> NDArray[np.int64]:
    """Return the number of draws in which each of some units ranks ahead of each other unit."""
    total = np.zeros((own.size, own.size), dtype=np.int64)
    for run in runs:
        work = partial(_wins, own, plan, run.seed)
        chunks = chunks_of(run, plan.chunks)
        for part in in_order(work, chunks, executor=executor, progress=progress):
            total += part
    return total


def _wins(own: NDArray[np.intp], plan: Plan, seed: int, task: Task) -> NDArray[np.int64]:
    found = np.zeros((own.size, own.size), dtype=np.int64)
    room = Room()
    for chunk in task:
        ranks = rank_scores(scores_of(plan.design, plan.ever, seed, chunk, room)[:, own]).T
        by_unit = np.where(np.isnan(ranks), np.inf, ranks).astype(np.float32)
        for unit, ahead in enumerate(by_unit):
            found[unit] += (ahead < by_unit).sum(axis=1)
    return found


def firsts(plan: Plan, runs: Sequence[Stretch], k: int) -> NDArray[np.int64]:
    """Return the number of draws in which each unit is among the first k of its period."""
    total = np.zeros(int(plan.ever.sum()), dtype=np.int64)
    for run in runs:
        work = partial(_firsts, k, plan, run.seed)
        for part in in_order(work, chunks_of(run, plan.chunks)):
            total += part
    return total


def _firsts(k: int, plan: Plan, seed: int, task: Task) -> NDArray[np.int64]:
    found = np.zeros(int(plan.ever.sum()), dtype=np.int64)
    room = Room()
    for chunk in task:
        scores = scores_of(plan.design, plan.ever, seed, chunk, room)
        for group in plan.bins.groups:
            found[group] += (rank_scores(scores[:, group]) <= k).sum(axis=0)
    return found


def numbers(plan: Plan, runs: Sequence[Stretch], first: int, n: int) -> Floats:
    """Return the uniform numbers of some of the draws, of shape (n_factors, n_draws).

    Parameters
    ----------
    first, n : int
        The first draw, counted from 0 over all stretches, and the number of draws.
    """
    first = whole_number("first", first, 0, sum(run.n_draws for run in runs) - 1)
    n = whole_number("n", n, 1)
    drawn = []
    for run in runs:
        start, stop = max(first, 0), min(first + n, run.n_draws)
        if start < stop:
            drawn.append(_numbers(plan, run, start, stop))
        first -= run.n_draws
    return np.concatenate(drawn, axis=1)


def _numbers(plan: Plan, run: Stretch, start: int, stop: int) -> Floats:
    chunks = chunks_of(run, plan.chunks)
    each = chunks.size
    own = chunks[start // each : -(-stop // each)]
    skipped = start - start // each * each
    n_factors = len(plan.design.names)
    drawn = [uniforms(run.seed, chunk, np.empty((n_factors, n))) for chunk, n in own]
    return np.concatenate(drawn, axis=1)[:, skipped : skipped + stop - start]
