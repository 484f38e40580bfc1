"""What two workers give: two threads, two processes, and two processes of a Dask cluster.

Two processes of bare NumPy show how much faster this machine's second core makes anything.
"""

import os
from concurrent.futures import ProcessPoolExecutor, ThreadPoolExecutor
from functools import partial
from importlib.util import find_spec
from typing import Any

import dli
from benchmarks.made_up import draws_floor, study_example
from benchmarks.measuring import Bench, turns
from dli.sensitivity import WeightNoise, uncertainty


def measure(bench: Bench) -> None:
    if (os.cpu_count() or 1) < 2:
        bench.skip("two workers", "the machine has one core")
        return
    assessment = study_example(193)
    threads(bench, assessment)
    processes(bench, assessment)
    if find_spec("distributed") is None:
        bench.skip("Dask", "distributed is not installed")
    else:
        cluster(bench, assessment)


def study(assessment: dli.Assessment, n_draws: int, pool: Any) -> object:
    """Study uncertainty of weights on the workers of a pool."""
    noise = [WeightNoise(0.25)]
    return uncertainty(assessment, noise, n_samples=n_draws, rng=1, executor=pool)


def threads(bench: Bench, assessment: dli.Assessment) -> None:
    """Compare two threads with one."""
    n_draws = bench.size(1_000_000, 100_000)
    with ThreadPoolExecutor(1) as one, ThreadPoolExecutor(2) as two:
        times = turns(
            bench.size(5, 3),
            {
                "one thread": partial(study, assessment, n_draws, one),
                "two threads": partial(study, assessment, n_draws, two),
            },
        )
    bench.ratio(
        "speed of two threads",
        times,
        ("one thread", "two threads"),
        at_least=1.8,
        floor="one thread",
        clock="wall",
    )


def processes(bench: Bench, assessment: dli.Assessment) -> None:
    """Compare two processes with one, and the same for bare NumPy."""
    n_draws = bench.size(1_000_000, 200_000)

    def bare(pool: ProcessPoolExecutor, n_tasks: int) -> None:
        tasks = [pool.submit(draws_floor, assessment, n_draws // n_tasks) for _ in range(n_tasks)]
        for task in tasks:
            task.result()

    with ProcessPoolExecutor(1) as one, ProcessPoolExecutor(2) as two:
        for pool in (one, two):  # workers import the library once
            study(assessment, 20_000, pool)
        times = turns(
            bench.size(5, 3),
            {
                "one process": partial(study, assessment, n_draws, one),
                "two processes": partial(study, assessment, n_draws, two),
                "bare NumPy, one process": partial(bare, one, 1),
                "bare NumPy, two processes": partial(bare, two, 2),
            },
        )
    for name, over in {
        "speed of two processes": ("one process", "two processes"),
        "speed of bare NumPy in two processes": (
            "bare NumPy, one process",
            "bare NumPy, two processes",
        ),
    }.items():
        bench.ratio(name, times, over, at_least=1.8, floor=over[0], clock="wall")


def cluster(bench: Bench, assessment: dli.Assessment) -> None:
    """Compare two worker processes of a Dask cluster with one."""
    from distributed import Client, LocalCluster

    n_draws = bench.size(2_000_000, 100_000)

    def local(n_workers: int) -> Any:
        return LocalCluster(  # type: ignore[no-untyped-call]
            n_workers=n_workers, threads_per_worker=1, processes=True, dashboard_address=":0"
        )

    with (
        local(1) as single,
        local(2) as pair,
        Client(single) as one,  # type: ignore[no-untyped-call]
        Client(pair) as two,  # type: ignore[no-untyped-call]
    ):
        pools = one.get_executor(), two.get_executor()
        for pool in pools:  # workers import the library once
            study(assessment, 20_000, pool)
        times = turns(
            bench.size(3, 1),
            {
                "one worker": partial(study, assessment, n_draws, pools[0]),
                "two workers": partial(study, assessment, n_draws, pools[1]),
            },
        )
    speed = times["one worker"].wall / times["two workers"].wall
    bench.figure(
        f"efficiency of two Dask workers, {n_draws:,} draws",
        speed / 2,
        "times",
        at_least=0.9,
        floor="one Dask worker, taken twice",
    )
