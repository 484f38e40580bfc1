"""The same bits for any workers, and a clear state when workers fail."""

import importlib.util
import sys
from concurrent.futures import Future, ProcessPoolExecutor, ThreadPoolExecutor
from functools import partial

import numpy as np
import pytest
from numpy.testing import assert_array_equal
from tests.sensitivity.cases import example

from dli.aggregation import ArithmeticMean, GeometricMean
from dli.errors import MethodError, StudyError
from dli.sensitivity import Alternatives, WeightNoise, sobol, uncertainty
from dli.sensitivity.engine import _n_workers, _Paced, chunks, in_order, workers

INPUTS = [WeightNoise(0.4), Alternatives("aggregation", [ArithmeticMean(), GeometricMean()])]


class Inline:
    """Do the work at once, as a single worker."""

    def submit(self, work, *args):
        future = Future()
        try:
            future.set_result(work(*args))
        except Exception as error:  # noqa: BLE001 as executors do
            future.set_exception(error)
        return future


def parts(tally):
    return [tally.ranks, tally.scores, tally.n_draws, tally.total, tally.squares]


def check_equal(one, other):
    for mine, theirs in zip(parts(one._tally), parts(other._tally), strict=True):
        assert_array_equal(mine, theirs)


@pytest.fixture(scope="module")
def reference():
    return uncertainty(example(gaps=0.1), INPUTS, n_samples=70_000, rng=3, executor=Inline())


def test_threads_give_the_bits_of_one_worker(reference):
    for pool in (None, ThreadPoolExecutor(3)):
        study = uncertainty(example(gaps=0.1), INPUTS, n_samples=70_000, rng=3, executor=pool)
        check_equal(study, reference)


def test_processes_give_the_bits_of_one_worker(reference):
    import multiprocessing

    with ProcessPoolExecutor(2, mp_context=multiprocessing.get_context("spawn")) as pool:
        study = uncertainty(example(gaps=0.1), INPUTS, n_samples=70_000, rng=3, executor=pool)
        check_equal(study, reference)
        one = sobol(example(), INPUTS, n_samples=256, rng=1, executor=Inline())
        assert_array_equal(
            sobol(example(), INPUTS, n_samples=256, rng=1, executor=pool).total_order,
            one.total_order,
        )


@pytest.mark.skipif(importlib.util.find_spec("distributed") is None, reason="no distributed")
@pytest.mark.filterwarnings("ignore:Sending large graph", "ignore::ResourceWarning")
def test_a_dask_cluster_of_processes_gives_the_bits_of_one_worker(reference, tmp_path):
    from distributed import Client, LocalCluster

    with (
        LocalCluster(
            n_workers=2, threads_per_worker=1, processes=True, dashboard_address=None,
            local_directory=str(tmp_path),
        ) as cluster,
        Client(cluster) as client,
    ):  # fmt: skip
        pool = client.get_executor()
        study = uncertainty(example(gaps=0.1), INPUTS, n_samples=70_000, rng=3, executor=pool)
    check_equal(study, reference)


def test_chunks_depend_on_sizes_alone_and_hold_every_draw():
    for n_draws, n_units in [(1, 1), (70_000, 193), (5, 10**6), (1024 * 33, 9)]:
        own = chunks(n_draws, n_units)
        assert [number for number, _ in own] == list(range(len(own)))
        assert sum(n for _, n in own) == n_draws
    assert max(n for _, n in chunks(10, 10**6)) == 4


@pytest.mark.parametrize("n_draws", [1, 1024, 1025, 70_000])
@pytest.mark.parametrize("n_workers", [1, 2, 8])
@pytest.mark.parametrize("seconds", [0.0, 1e-4, 10.0])
def test_tasks_hold_every_chunk_once_however_long_they_take(n_draws, n_workers, seconds):
    own = chunks(n_draws, 193)
    paced = _Paced(own, n_workers)
    found = []
    for task in paced:
        paced.note(task, seconds)
        found.append(task)
    assert [chunk for task in found for chunk in task] == list(own)
    if seconds == 10.0:  # longer than a task should take
        assert all(len(task) == 1 for task in found[1:])


def test_workers_are_counted_where_an_executor_tells():
    class Pool(Inline):
        def __init__(self, **own):
            self.__dict__.update(own)

    class Client:
        def nthreads(self):
            return {"one": 2, "two": 3}

    assert _n_workers(Pool()) == 8
    assert _n_workers(Pool(_max_workers=3)) == 3
    assert _n_workers(Pool(_max_workers="many")) == 8
    assert _n_workers(Pool(_client=Client())) == 5
    assert _n_workers(Pool(_client=3, _max_workers=2)) == 2


def fail(failures, task):
    if failures:
        raise failures.pop()
    return task


def test_a_failing_worker_is_tried_once_more():
    failures = [OSError("lost")]
    found = list(in_order(partial(fail, failures), [[1], [2]], executor=Inline()))
    assert found == [[1], [2]]
    failures = [OSError("lost"), OSError("lost again")]
    with pytest.raises(StudyError, match="task 1 failed twice on its worker: OSError: lost"):
        list(in_order(partial(fail, failures), [[1]], executor=Inline()))


def test_an_error_of_this_library_is_not_tried_again():
    failures = [MethodError("first"), MethodError("second")]
    with pytest.raises(MethodError, match="second"):
        list(in_order(partial(fail, failures), [[1]], executor=Inline()))
    assert len(failures) == 1


def test_an_executor_that_dies_is_named():
    pool = ThreadPoolExecutor(1)
    pool.shutdown()
    with pytest.raises(StudyError, match=r"accepts no more work \(at task 1\)"):
        uncertainty(example(), INPUTS, n_samples=10, executor=pool)
    with pytest.raises(MethodError, match="an executor must have the method submit"):
        uncertainty(example(), INPUTS, n_samples=10, executor="threads")


def test_what_waits_is_cancelled_when_the_run_stops():
    class Slow:
        _max_workers = 1

        def __init__(self):
            self.futures = []

        def submit(self, work, *args):
            self.futures.append(Future())
            if len(self.futures) == 1:
                self.futures[0].set_exception(KeyboardInterrupt())
            return self.futures[-1]

    pool = Slow()
    with pytest.raises(KeyboardInterrupt):
        list(in_order(len, [[1], [2], [3]], executor=pool))
    assert [future.cancelled() for future in pool.futures] == [False, True]


def test_one_core_does_without_threads(monkeypatch):
    monkeypatch.setattr("os.cpu_count", lambda: None)
    with workers(None, 5) as pool:
        assert pool is None
    assert list(in_order(len, [[1], [2, 3]])) == [1, 2]


def test_progress_is_shown_on_demand(capsys):
    uncertainty(example(), INPUTS, n_samples=2000, rng=1, progress=True)
    assert "2.00k/2.00k" in capsys.readouterr().err
    uncertainty(example(), INPUTS, n_samples=2000, rng=1)
    assert capsys.readouterr().err == ""


def test_progress_needs_tqdm(monkeypatch):
    monkeypatch.setitem(sys.modules, "tqdm.auto", None)
    with pytest.raises(StudyError, match=r"digital-leadership-index\[progress\]"):
        uncertainty(example(), INPUTS, n_samples=10, progress=True)


def test_bits_do_not_depend_on_threads_of_linear_algebra(reference):
    # Another process with one thread for matrix products; its counts are compared as text.
    import os
    import subprocess

    code = (
        "import sys; sys.path.insert(0, '.');"
        "from tests.sensitivity.test_engine import *;"
        "s = uncertainty(example(gaps=0.1), INPUTS, n_samples=70_000, rng=3, executor=Inline());"
        "print([float(x).hex() for x in s._tally.squares])"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True,
        env={**os.environ, "OPENBLAS_NUM_THREADS": "1", "OMP_NUM_THREADS": "1"},
    )  # fmt: skip
    assert done.stdout.strip() == str([float(x).hex() for x in reference._tally.squares])
    assert np.isfinite(reference.mean_scores).all()
