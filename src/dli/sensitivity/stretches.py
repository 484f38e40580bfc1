"""The draws that a study has made: stretches of tasks, each with one seed."""

from collections.abc import Iterable, Sequence
from itertools import pairwise
from operator import attrgetter

from attrs import evolve, frozen

from dli.sensitivity.engine import Tasks

__all__ = ["Key", "Stretch", "block_keys", "joined", "overlaps", "tasks_of"]

# The key of sums over tasks: the seed, the number of the first task and the number of tasks, which
# is 0 for a last task with fewer draws than the others.
Key = tuple[int, int, int]


@frozen
class Stretch:
    """A sequence of consecutive draws with one seed.

    Parameters
    ----------
    seed : int
        The seed.
    first : int
        The number of the first task, counted from 0.
    n_draws : int
        The number of draws.
    """

    seed: int
    first: int
    n_draws: int


def tasks_of(stretch: Stretch, tasks: Tasks) -> Tasks:
    """Return the tasks of a stretch."""
    return tasks.stretch(stretch.first, stretch.n_draws)


def _end(stretch: Stretch, tasks: Tasks) -> int:
    return stretch.first + len(tasks_of(stretch, tasks))


def _in_order(stretches: Iterable[Stretch]) -> list[Stretch]:
    return sorted(stretches, key=attrgetter("seed", "first"))


def overlaps(stretches: Iterable[Stretch], tasks: Tasks) -> list[str]:
    """Return a message for each pair of stretches that have draws in common."""
    faults = []
    for one, other in pairwise(_in_order(stretches)):
        common = _end(one, tasks) - other.first
        if one.seed == other.seed and common > 0:
            start = other.first * tasks.draws_each
            last = min(
                one.first * tasks.draws_each + one.n_draws, start + other.n_draws
            )  # fmt: skip
            faults.append(f"seed {one.seed}: draws {start + 1:,} to {last:,} are in both")
    return faults


def joined(stretches: Iterable[Stretch], tasks: Tasks) -> tuple[Stretch, ...]:
    """Return stretches in order, with consecutive ones joined."""
    found: list[Stretch] = []
    for own in _in_order(stretches):
        last = found[-1] if found else None
        if (
            last is not None
            and last.seed == own.seed
            and last.n_draws % tasks.draws_each == 0
            and _end(last, tasks) == own.first
        ):
            found[-1] = evolve(last, n_draws=last.n_draws + own.n_draws)
        else:
            found.append(own)
    return tuple(found)


def block_keys(stretches: Sequence[Stretch], tasks: Tasks) -> list[Key]:
    """Return the keys of the largest blocks of 1, 2, 4, … tasks that make up stretches.

    A block of 2^k tasks starts at a multiple of 2^k.
    """
    found = []
    for own in joined(stretches, tasks):
        first, end = own.first, own.first + own.n_draws // tasks.draws_each
        while first < end:
            size = 1
            while first % (2 * size) == 0 and first + 2 * size <= end:
                size *= 2
            found.append((own.seed, first, size))
            first += size
        if own.n_draws % tasks.draws_each:
            found.append((own.seed, end, 0))
    return found
