"""Parallel draws whose results do not depend on the number of workers."""

import os
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager, suppress
from functools import partial
from typing import Any, Generic, Protocol, TypeAlias, TypeVar

import numpy as np
from attrs import frozen

from dli.arrays import Floats
from dli.checks import is_whole
from dli.errors import DLIError, MethodError, StudyError
from dli.steps import ask, attribute, shown

__all__ = ["Submits", "Task", "Tasks", "bin_numbers", "chunks", "in_order", "uniforms", "workers"]

T = TypeVar("T")

# The chunks of a task: pairs of the chunk's number and its number of draws.
Task: TypeAlias = list[tuple[int, int]]


class Submits(Protocol):
    """An executor: any object with a ``submit`` like that of `concurrent.futures.Executor`."""

    def submit(self, work: Callable[..., Any], /, *args: Any, **kwargs: Any) -> Any:
        """Return a future of a call, which has ``result()`` and ``cancel()``."""
        ...


def uniforms(seed: int, chunk: int, out: Floats) -> Floats:
    """Return the uniform numbers of a chunk, (n_factors, n_draws), from its own random stream."""
    stream = np.random.SeedSequence(seed, spawn_key=(chunk,))
    return np.random.Generator(np.random.SFC64(stream)).random(out=out)


def bin_numbers(n_units: int, n_ranks: int) -> tuple[int, int]:
    """Return the number of bins of scores and of ranks for each unit.

    There are 2,048 bins of scores and a bin for every rank, or fewer if memory does not suffice.
    """
    n_scores = min(2048, max(16, 2**22 // n_units))
    return n_scores, min(n_ranks, n_scores)


@frozen
class Tasks(Sequence[Task]):
    """Tasks of chunks, created on access, since a billion draws have a million chunks.

    Parameters
    ----------
    size : int
        The number of draws in a chunk.
    together : int
        The number of chunks in a task.
    n_draws : int
        The number of draws in all tasks. The last chunk and the last task may be shorter.
    first : int
        The number of the first task.
    """

    size: int
    together: int
    n_draws: int
    first: int = 0

    @property
    def draws_each(self) -> int:
        """The number of draws in a whole task."""
        return self.size * self.together

    def __len__(self) -> int:
        return (self.n_draws + self.draws_each - 1) // self.draws_each

    def __getitem__(self, place: Any) -> Any:
        """Return the chunks of a task as pairs (number, draws)."""
        place = range(len(self))[place]
        start = place * self.together
        stop = min(start + self.together, -(-self.n_draws // self.size))
        before = self.first * self.together
        return [
            (before + i, min(self.size, self.n_draws - i * self.size)) for i in range(start, stop)
        ]

    def stretch(self, first: int, n_draws: int) -> "Tasks":
        """Return tasks of the same size that start at another task."""
        return Tasks(self.size, self.together, n_draws, first)


def chunks(n_draws: int, n_units: int, n_combinations: int = 1) -> Tasks:
    """Return the division of draws into tasks of chunks, which depends on sizes only.

    A chunk is large enough to justify a call for each combination of options in it, and a task
    large enough to justify its table of counts. Since the values of many units are read from
    memory again for each chunk, a chunk has several draws even if they do not fit into a cache.
    """
    size = max(1, min(1024, 2**18 // n_units), min(32, 2**22 // n_units)) * min(4, n_combinations)
    n_scores, n_ranks = bin_numbers(n_units, n_units)
    return Tasks(size, max(16, 4 * (n_scores + n_ranks) // size), n_draws)


@contextmanager
def workers(executor: Submits | None, n_tasks: int) -> Iterator[Submits | None]:
    """Yield the executor, or else a pool of threads, or None if one thread suffices."""
    if executor is not None:
        submit = attribute(executor, "submit", None, step=_name(executor))
        if isinstance(executor, type) or not callable(submit):
            hint = f": write {executor.__name__}()" if isinstance(executor, type) else ""
            msg = f"an executor must have the method submit, got {shown(executor)}{hint}"
            raise MethodError(msg)
        yield executor
        return
    n_threads = min(os.cpu_count() or 1, n_tasks)
    if n_threads < 2:
        yield None
        return
    pool = ThreadPoolExecutor(n_threads)
    try:
        yield pool
    finally:
        pool.shutdown(wait=True, cancel_futures=True)


@frozen
class _Done(Generic[T]):
    """The result of a task, marked so that it cannot be confused with another object."""

    number: int
    result: T


def _do(work: Callable[[Any], T], number: int, task: Any) -> "_Done[T]":
    return _Done(number, work(task))


def in_order(
    work: Callable[..., T],
    tasks: Sequence[Any],
    *,
    executor: Submits | None = None,
    progress: bool = False,
    n_draws: Callable[[Any], int] = len,
    n_done: int = 0,
) -> Iterator[T]:
    """Run tasks on the workers and yield their results in the order of the tasks.

    A task whose worker fails is tried once more. Only a few tasks run at the same time, so that
    memory does not grow with their number. The progress bar starts at the draws made earlier.

    Raises
    ------
    StudyError
        A task failed twice, or the executor does not accept further work; the task is named.
    MethodError
        The ``submit`` of the executor cannot be called with work and a task, or does not return a
        future; or a future does not return the result of the work.
    """
    with (
        workers(executor, len(tasks)) as pool,
        _bar(tasks, n_draws, n_done, shown=progress) as advance,
    ):
        if pool is None:
            for task in tasks:
                yield work(task)
                advance(n_draws(task))
            return
        n_workers: Any = attribute(pool, "_max_workers", None, step=_name(pool))
        ahead = 2 * (n_workers if is_whole(n_workers, 1) else 8)
        waiting: deque[tuple[Any, Future[_Done[T]]]] = deque()
        left = iter(enumerate(tasks))
        try:
            while True:
                while len(waiting) < ahead and (following := next(left, None)) is not None:
                    waiting.append((following, _submit(pool, work, following)))
                if not waiting:
                    return
                task, future = waiting.popleft()
                yield _result(pool, work, task, future)
                advance(n_draws(task[1]))
        finally:
            for _, future in waiting:
                with suppress(Exception):  # the first error is more informative
                    future.cancel()


def _name(executor: Any) -> str:
    return f"executor {type(executor).__name__}"


def _submit(pool: Submits, work: Callable[..., T], task: tuple[int, Any]) -> "Future[_Done[T]]":
    step = _name(pool)
    try:
        future = ask(pool, "submit", partial(_do, work, task[0]), task[1], step=step)
    except MethodError as error:
        if isinstance(error.__cause__, RuntimeError):  # BrokenExecutor is a subclass
            msg = f"the executor accepts no more work (at task {task[0] + 1}): {error.__cause__}"
            raise StudyError(msg) from error.__cause__
        raise
    acts = [attribute(future, act, None, step=step) for act in ("result", "cancel")]
    if not all(map(callable, acts)):
        got = shown(future.result if isinstance(future, _Done) else future)
        msg = f"{step}: submit must return a future with result() and cancel(), got {got}"
        raise MethodError(msg)
    return future  # type: ignore[no-any-return] # with all that is asked of one


def _result(
    pool: Submits, work: Callable[..., T], task: tuple[int, Any], future: "Future[_Done[T]]"
) -> T:
    try:
        result: T = _read(pool, task, future.result())
    except DLIError:
        raise  # a second attempt would raise the same error
    except Exception:  # noqa: BLE001 a worker may fail in any way
        again = _submit(pool, work, task)
    else:
        return result
    try:
        result = _read(pool, task, again.result())
    except DLIError:
        raise
    except Exception as error:
        msg = f"task {task[0] + 1} failed twice on its worker: {type(error).__name__}: {error}"
        raise StudyError(msg) from error
    return result


def _read(pool: Submits, task: tuple[int, Any], done: Any) -> Any:
    """Return the result of a task, after checking that the future returned this result."""
    if isinstance(done, _Done) and done.number == task[0]:
        return done.result
    got = f"the result of task {done.number + 1}" if isinstance(done, _Done) else shown(done)
    msg = (
        f"{_name(pool)}: the future of task {task[0] + 1} must return the result of that task, "
        f"got {got}"
    )
    raise MethodError(msg)


@contextmanager
def _bar(
    tasks: Sequence[Any], n_draws: Callable[[Any], int], n_done: int, *, shown: bool
) -> Iterator[Callable[[int], object]]:
    """Show a progress bar in a terminal or notebook, with the remaining time."""
    if not shown:
        yield lambda _: None
        return
    try:
        from tqdm.auto import tqdm
    except ImportError as error:
        msg = "progress=True needs tqdm: pip install 'digital-leadership-index[progress]'"
        raise StudyError(msg) from error
    total = n_done + sum(map(n_draws, tasks))
    with tqdm(total=total, initial=n_done, unit=" draws", unit_scale=True) as bar:
        yield bar.update
