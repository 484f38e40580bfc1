"""Many draws on any number of workers, with the same bits for all."""

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

# The chunks of a task: the number of each, and its draws.
Task: TypeAlias = list[tuple[int, int]]


class Submits(Protocol):
    """An executor: anything with the ``submit`` of `concurrent.futures.Executor`."""

    def submit(self, work: Callable[..., Any], /, *args: Any, **kwargs: Any) -> Any:
        """Return a future of a call, which has ``result()`` and ``cancel()``."""
        ...


def uniforms(seed: int, chunk: int, out: Floats) -> Floats:
    """Draw the numbers of a chunk, of shape (n_factors, n_draws), from a stream of its own."""
    stream = np.random.SeedSequence(seed, spawn_key=(chunk,))
    return np.random.Generator(np.random.SFC64(stream)).random(out=out)


def bin_numbers(n_units: int, n_ranks: int) -> tuple[int, int]:
    """Return the number of bins of scores and of ranks for each unit.

    There are 2,048 bins of scores and one of every rank, unless that is too much for the memory.
    """
    n_scores = min(2048, max(16, 2**22 // n_units))
    return n_scores, min(n_ranks, n_scores)


@frozen
class Tasks(Sequence[Task]):
    """Tasks of chunks, made when they are asked for: a billion draws have a million chunks.

    Parameters
    ----------
    size : int
        Draws in a chunk.
    together : int
        Chunks in a task.
    n_draws : int
        Of all these tasks. The last chunk and the last task may be shorter.
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
        """Return the chunks of a task: (number, draws)."""
        place = range(len(self))[place]
        start = place * self.together
        stop = min(start + self.together, -(-self.n_draws // self.size))
        before = self.first * self.together
        return [
            (before + i, min(self.size, self.n_draws - i * self.size)) for i in range(start, stop)
        ]

    def stretch(self, first: int, n_draws: int) -> "Tasks":
        """Return tasks of the same size that begin elsewhere."""
        return Tasks(self.size, self.together, n_draws, first)


def chunks(n_draws: int, n_units: int, n_combinations: int = 1) -> Tasks:
    """Cut draws into tasks of chunks: (number, draws); a function of sizes alone.

    A chunk is worth the price of a call for each combination of options that is met in it; a task
    that of its table of counts. Values of many units are read from memory again for each chunk, so
    it has several draws even where they do not fit into a cache.
    """
    size = max(1, min(1024, 2**18 // n_units), min(32, 2**22 // n_units)) * min(4, n_combinations)
    n_scores, n_ranks = bin_numbers(n_units, n_units)
    return Tasks(size, max(16, 4 * (n_scores + n_ranks) // size), n_draws)


@contextmanager
def workers(executor: Submits | None, n_tasks: int) -> Iterator[Submits | None]:
    """Return the executor, or threads of our own when there is none and there is work for them."""
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
    """What a task gave, so that nothing else can be taken for it."""

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
    """Do tasks on the workers and give their results in the order of the tasks.

    A task whose worker fails is tried once more. Only a few tasks are under way at once, so that
    memory does not grow with their number. The bar starts at the draws that were made earlier.

    Raises
    ------
    StudyError
        A task failed twice, or the executor takes no more work; the draws are named.
    MethodError
        An executor whose ``submit`` cannot be called with work and a task, or returns no future;
        futures that give something else than the work did.
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
                with suppress(Exception):  # the error that led here says more
                    future.cancel()


def _name(executor: Any) -> str:
    return f"executor {type(executor).__name__}"


def _submit(pool: Submits, work: Callable[..., T], task: tuple[int, Any]) -> "Future[_Done[T]]":
    step = _name(pool)
    try:
        future = ask(pool, "submit", partial(_do, work, task[0]), task[1], step=step)
    except MethodError as error:
        if isinstance(error.__cause__, RuntimeError):  # of which BrokenExecutor is one
            msg = f"the executor takes no more work (at task {task[0] + 1}): {error.__cause__}"
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
        found: T = _read(pool, task, future.result())
    except DLIError:
        raise  # the same would come of it again
    except Exception:  # noqa: BLE001 whatever a worker may die of
        again = _submit(pool, work, task)
    else:
        return found
    try:
        found = _read(pool, task, again.result())
    except DLIError:
        raise
    except Exception as error:
        msg = f"task {task[0] + 1} failed twice on its worker: {type(error).__name__}: {error}"
        raise StudyError(msg) from error
    return found


def _read(pool: Submits, task: tuple[int, Any], done: Any) -> Any:
    """Return the result of a task; refuse what an executor gives in its place."""
    if isinstance(done, _Done) and done.number == task[0]:
        return done.result
    got = f"that of task {done.number + 1}" if isinstance(done, _Done) else shown(done)
    msg = (
        f"{_name(pool)}: the future of task {task[0] + 1} must give what the work returned for it, "
        f"got {got}"
    )
    raise MethodError(msg)


@contextmanager
def _bar(
    tasks: Sequence[Any], n_draws: Callable[[Any], int], n_done: int, *, shown: bool
) -> Iterator[Callable[[int], object]]:
    """Show a progress bar in terminal or notebook, with the time that is left."""
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
