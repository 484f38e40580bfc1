"""Parallel draws whose results do not depend on the number of workers."""

import os
import time
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager, suppress
from functools import partial
from typing import Any, Generic, Protocol, TypeAlias, TypeVar

import numpy as np
from attrs import evolve, frozen

from dli.arrays import Floats
from dli.checks import is_whole
from dli.errors import DLIError, MethodError, StudyError
from dli.steps import ask, attribute, shown

__all__ = [
    "Chunk",
    "Chunks",
    "Submits",
    "Task",
    "bin_numbers",
    "chunks",
    "draws_of",
    "in_order",
    "uniforms",
    "workers",
]

T = TypeVar("T")

# A chunk of draws: its number and its number of draws. A task is a list of consecutive chunks.
Chunk: TypeAlias = tuple[int, int]
Task: TypeAlias = list[Chunk]

# The seconds that a task of chunks should take, and the fewest, so that sending it to another
# process and adding up its counts take a small part of the time; the fewest grow by so many seconds
# for each count. Before the first task is done, tasks have so many draws for each bin of a unit,
# which take about as long if draws are fast.
_SECONDS = 1.0
_LEAST_SECONDS = 0.05
_SECONDS_PER_COUNT = 6e-8
_DRAWS_PER_BIN = 2


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
class Chunks(Sequence[Chunk]):
    """Chunks of draws, created on access, since a billion draws have a million chunks.

    Parameters
    ----------
    size : int
        The number of draws in a chunk. The last chunk may be shorter.
    n_draws : int
        The number of draws in all chunks.
    first : int
        The number of the first chunk.
    n_units, n_bins : int
        The shape of the table of counts that is made for each task.
    """

    size: int
    n_draws: int
    first: int = 0
    n_units: int = 0
    n_bins: int = 0

    def __len__(self) -> int:
        return (self.n_draws + self.size - 1) // self.size

    def __getitem__(self, place: Any) -> Any:
        """Return a chunk, as its number and its number of draws, or a list of chunks."""
        if isinstance(place, slice):
            return [self._chunk(i) for i in range(len(self))[place]]
        return self._chunk(range(len(self))[place])

    def _chunk(self, place: int) -> Chunk:
        return self.first + place, min(self.size, self.n_draws - place * self.size)

    def stretch(self, first: int, n_draws: int) -> "Chunks":
        """Return chunks of the same size that start at another chunk."""
        return evolve(self, n_draws=n_draws, first=first)


def chunks(n_draws: int, n_units: int, n_combinations: int = 1) -> Chunks:
    """Return the division of draws into chunks, which depends on sizes only.

    A chunk is large enough to justify a call for each combination of options in it. Since the
    values of many units are read from memory again for each chunk, a chunk has several draws even
    if they do not fit into a cache.
    """
    size = max(1, min(1024, 2**18 // n_units), min(32, 2**22 // n_units)) * min(4, n_combinations)
    return Chunks(size, n_draws, n_units=n_units, n_bins=sum(bin_numbers(n_units, n_units)))


def draws_of(task: Task) -> int:
    """Return the number of draws of a task."""
    return sum(n for _, n in task)


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
    seconds: float


def _do(work: Callable[[Any], T], number: int, task: Any) -> "_Done[T]":
    start = time.perf_counter()
    result = work(task)
    return _Done(number, result, time.perf_counter() - start)


class _Paced(Iterable[Task]):
    """Tasks of consecutive chunks, cut so that each takes about the same time.

    How chunks are divided into tasks does not affect results.

    Parameters
    ----------
    chunks : Chunks
        The chunks.
    n_workers : int
        The number of workers among which the chunks are divided.
    """

    def __init__(self, chunks: Chunks, n_workers: int) -> None:
        self.chunks = chunks
        self.n_workers = n_workers
        self.n_chunks = self.n_least = _DRAWS_PER_BIN * chunks.n_bins // chunks.size + 1

    def __iter__(self) -> Iterator[Task]:
        place = 0
        while place < len(self.chunks):
            # The last tasks are shorter, so that all workers finish at about the same time.
            share = -(-(len(self.chunks) - place) // (2 * self.n_workers - 1))
            end = place + min(self.n_chunks, max(share, self.n_least))
            yield self.chunks[place:end]
            place = end

    def note(self, task: Task, seconds: float) -> None:
        """Take account of the time of a task."""
        rate = len(task) / max(seconds, 1e-9)
        least = _LEAST_SECONDS + _SECONDS_PER_COUNT * self.chunks.n_units * self.chunks.n_bins
        self.n_least = max(1, int(least * rate))
        self.n_chunks = max(self.n_least, int(_SECONDS * rate))


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
    memory does not grow with their number.

    Parameters
    ----------
    work : callable
        ``work(task)`` returns the result of a task.
    tasks : sequence or Chunks
        The tasks. Chunks are joined to tasks, each a list of chunks that takes about a second.
    n_draws : callable
        The number of draws of a task, which the progress bar shows; not used for chunks.
    n_done : int
        The number of draws made earlier, at which the progress bar starts.

    Raises
    ------
    StudyError
        A task failed twice, or the executor does not accept further work; the task is named.
    MethodError
        The ``submit`` of the executor cannot be called with work and a task, or does not return a
        future; or a future does not return the result of the work.
    """
    if isinstance(tasks, Chunks):
        n_draws, total = draws_of, tasks.n_draws
    else:
        total = sum(map(n_draws, tasks))
    with (
        workers(executor, len(tasks)) as pool,
        _bar(n_done + total, n_done, shown=progress) as advance,
    ):
        n_workers = 1 if pool is None else _n_workers(pool)
        paced = _Paced(tasks, n_workers) if isinstance(tasks, Chunks) else None
        for task, done in _done(pool, work, tasks if paced is None else paced, 2 * n_workers):
            if paced is not None:
                paced.note(task, done.seconds)
            yield done.result
            advance(n_draws(task))


def _done(
    pool: Submits | None, work: Callable[..., T], tasks: Iterable[Any], ahead: int
) -> Iterator[tuple[Any, _Done[T]]]:
    """Yield tasks and what was done, in order; a task is requested when it can start."""
    left = enumerate(tasks)
    if pool is None:
        yield from ((task, _do(work, number, task)) for number, task in left)
        return
    waiting: deque[tuple[tuple[int, Any], Future[_Done[T]]]] = deque()
    try:
        while True:
            while len(waiting) < ahead and (following := next(left, None)) is not None:
                waiting.append((following, _submit(pool, work, following)))
            if not waiting:
                return
            task, future = waiting.popleft()
            yield task[1], _result(pool, work, task, future)
    finally:
        for _, future in waiting:
            with suppress(Exception):  # the first error is more informative
                future.cancel()


def _n_workers(executor: Submits) -> int:
    """Return the number of workers of an executor, or a guess if it does not tell."""
    n_workers: Any = attribute(executor, "_max_workers", None, step=_name(executor))
    client = attribute(executor, "_client", None, step=_name(executor))
    with suppress(Exception):  # only the client of a Dask cluster has this method
        n_workers = sum(client.nthreads().values())
    return int(n_workers) if is_whole(n_workers, 1) else 8


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
) -> _Done[T]:
    try:
        result: _Done[T] = _read(pool, task, future.result())
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
    """Return what a future returned, after checking that it is the result of the task."""
    if isinstance(done, _Done) and done.number == task[0]:
        return done
    got = f"the result of task {done.number + 1}" if isinstance(done, _Done) else shown(done)
    msg = (
        f"{_name(pool)}: the future of task {task[0] + 1} must return the result of that task, "
        f"got {got}"
    )
    raise MethodError(msg)


@contextmanager
def _bar(total: int, n_done: int, *, shown: bool) -> Iterator[Callable[[int], object]]:
    """Show a progress bar in a terminal or notebook, with the remaining time."""
    if not shown:
        yield lambda _: None
        return
    try:
        from tqdm.auto import tqdm
    except ImportError as error:
        msg = "progress=True needs tqdm: pip install 'digital-leadership-index[progress]'"
        raise StudyError(msg) from error
    with tqdm(total=total, initial=n_done, unit=" draws", unit_scale=True) as bar:
        yield bar.update
