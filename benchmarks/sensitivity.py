"""Studies of sensitivity against the bare NumPy that the same draws need, in one run.

The floor is what random numbers, the matrix product of weights and values, `argsort` and
`bincount` of the same sizes take. All contestants run on one worker, with one thread of linear
algebra, and take turns; the last column of the first table is all cores.
"""

import os

os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
os.environ.setdefault("MKL_NUM_THREADS", "1")

import argparse
import resource
import time
from collections.abc import Callable
from concurrent.futures import Future
from itertools import pairwise
from typing import Any

import numpy as np

import dli
from dli.aggregation import ArithmeticMean, GeometricMean, HarmonicMean
from dli.imputation import ColumnMean, ColumnMedian
from dli.normalisation import MinMax, ZScore
from dli.sensitivity import Alternatives, WeightNoise, sobol, uncertainty
from dli.treatment import Winsorise

N_INDICATORS = 60


class Inline:
    """One worker, which does the work at once."""

    def submit(self, work: Callable[..., Any], *args: object) -> "Future[Any]":
        """Do it now."""
        future: Future[Any] = Future()
        future.set_result(work(*args))
        return future


def example(n_units: int, *, missing: float = 0.0, seed: int = 0) -> dli.Assessment:
    """Assess made-up units by five sub-indices of twelve indicators."""
    rng = np.random.default_rng(seed)
    values = rng.uniform(1, 99, (n_units, N_INDICATORS))
    values[rng.random(values.shape) < missing] = np.nan
    parts = np.array_split(np.arange(N_INDICATORS), 5)
    index = dli.Index(
        "T",
        [
            dli.Index(f"S{i}", [dli.Indicator(f"x{j}") for j in part.tolist()])
            for i, part in enumerate(parts)
        ],
    )
    data: dict[str, Any] = {"unit": np.arange(n_units)}
    data |= {f"x{j}": values[:, j] for j in range(N_INDICATORS)}
    return dli.Assessment(index, data, method=dli.Method(normalisation=MinMax(1, 100)))


def floor(assessment: dli.Assessment, n_draws: int) -> np.ndarray:
    """Do with nothing around it what no study can do without."""
    values = np.array([assessment.array(i.code) for i in assessment.index.indicators])
    values = np.nan_to_num(values)
    n_units = values.shape[1]
    rng = np.random.default_rng(1)
    size = max(1, min(1024, 2**18 // n_units))
    counts = np.zeros(min(n_units**2, 2**24), dtype=np.int64)
    places = np.arange(n_units)
    for _ in range(0, n_draws, size):
        weights = rng.random((size, N_INDICATORS))
        order = np.argsort(weights @ values, axis=1)
        order *= n_units if n_units <= 4096 else 1
        order += places
        counts += np.bincount(order.ravel(), minlength=counts.size)[: counts.size]
    return counts


def pandas_loop(assessment: dli.Assessment, n_draws: int) -> object:
    """Draw by draw, as a notebook would have it."""
    import pandas as pd

    values = pd.DataFrame({i.code: assessment.array(i.code) for i in assessment.index.indicators})
    rng = np.random.default_rng(1)
    ranks = []
    for _ in range(n_draws):
        weights = pd.Series(rng.random(N_INDICATORS), index=values.columns)
        scores = (values * (weights / weights.sum())).sum(axis=1)
        ranks.append(scores.rank(ascending=False, method="min"))
    return pd.DataFrame(ranks).quantile([0.05, 0.95])


def turns(rounds: int, **contestants: Callable[[], object]) -> dict[str, float]:
    """Time contestants in turn; give the median of each in seconds."""
    times: dict[str, list[float]] = {name: [] for name in contestants}
    for _ in range(rounds):
        for name, run in contestants.items():
            start = time.perf_counter()
            run()
            times[name].append(time.perf_counter() - start)
    return {name: float(np.median(found)) for name, found in times.items()}


def peak() -> float:
    """Give the peak memory of this process so far in MB."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def weights_alone(n_draws: int) -> None:
    assessment = example(193)
    one = Inline()
    noise = [WeightNoise(0.25)]
    found = turns(
        5,
        floor=lambda: floor(assessment, n_draws),
        study=lambda: uncertainty(assessment, noise, n_samples=n_draws, rng=1, executor=one),
        cores=lambda: uncertainty(assessment, noise, n_samples=n_draws, rng=1),
    )
    loop = turns(3, loop=lambda: pandas_loop(assessment, 200))["loop"] / 200
    us = {name: seconds / n_draws * 1e6 for name, seconds in found.items()}
    print(f"weights, {n_draws:,} draws: {us['study']:.2f} us a draw, floor {us['floor']:.2f} us")
    print(f"  ratio to the floor {us['study'] / us['floor']:.2f} (goal: at most 1.2)")
    print(f"  all cores: {us['cores']:.2f} us a draw")
    print(f"  a pandas loop takes {loop * 1e6 / us['study']:.0f} times as long (goal: 100)")
    print(f"  80 ms a draw are {80_000 / us['study']:.0f} times as long (goal: 10,000)")
    print(f"  peak memory so far {peak():.0f} MB (goal: under 500)")


def many_choices(n_draws: int) -> None:
    assessment = example(193, missing=0.1)
    inputs = [
        WeightNoise(0.25),
        Alternatives("normalisation", [MinMax(1, 100), ZScore(100, 10), MinMax(10, 20)]),
        Alternatives("aggregation", [ArithmeticMean(), GeometricMean(), HarmonicMean()]),
    ]
    found = turns(
        3,
        floor=lambda: floor(assessment, n_draws),
        study=lambda: uncertainty(assessment, inputs, n_samples=n_draws, rng=1, executor=Inline()),
    )
    ratio = found["study"] / found["floor"]
    print(
        f"three normalisations, three aggregations, a tenth missing: "
        f"{found['study'] / n_draws * 1e6:.2f} us a draw, {ratio:.2f} times the floor (goal: 3)"
    )


def variance(base: int) -> None:
    assessment = example(193, missing=0.02)
    inputs = [
        WeightNoise({2: 0.25}),
        Alternatives("imputation", [ColumnMean(), ColumnMedian()]),
        Alternatives("treatment", [None, Winsorise()]),
        Alternatives("normalisation", [MinMax(1, 100), ZScore(100, 10)]),
        Alternatives("aggregation", [ArithmeticMean(), GeometricMean()]),
    ]
    outputs = ("score", "rank", "mean_rank_shift")
    n_draws = base * 66
    found = turns(
        3,
        floor=lambda: floor(assessment, n_draws),
        study=lambda: sobol(
            assessment, inputs, n_samples=base, rng=1, output=outputs, executor=Inline()
        ),
    )
    ratio = found["study"] / found["floor"]
    print(
        f"Sobol, 64 factors, base {base:,}, 387 outputs: {found['study']:.1f} s, "
        f"{ratio:.2f} times the floor of its draws (goal: 2); peak {peak():.0f} MB (goal: 2,000)"
    )


def growth() -> None:
    print("growth in units (10,000 draws) and in draws (193 units), seconds:")
    times = {}
    for n_units in (100, 1_000, 10_000, 100_000):
        n_draws = 10_000 if n_units < 100_000 else 1_000
        assessment = example(n_units)
        noise = [WeightNoise(0.25)]
        start = time.perf_counter()
        uncertainty(assessment, noise, n_samples=n_draws, rng=1, executor=Inline())
        times[n_units] = (time.perf_counter() - start) * 10_000 / n_draws
        print(f"  {n_units:>7,} units: {times[n_units]:8.2f} s, peak {peak():.0f} MB")
    for few, many in pairwise(times):
        print(f"  {few:,} to {many:,}: {times[many] / times[few]:.1f} times as long")
    assessment = example(193)
    for n_draws in (10_000, 100_000, 1_000_000):
        start = time.perf_counter()
        uncertainty(assessment, [WeightNoise(0.25)], n_samples=n_draws, rng=1, executor=Inline())
        print(f"  {n_draws:>9,} draws: {time.perf_counter() - start:.2f} s")


def cluster(n_draws: int) -> None:
    """Print the efficiency of two worker processes of a Dask cluster over one."""
    from distributed import Client, LocalCluster

    assessment = example(193)
    times = {}
    for n_workers in (1, 2):
        with (
            LocalCluster(  # type: ignore[no-untyped-call]
                n_workers=n_workers, threads_per_worker=1, processes=True, dashboard_address=None
            ) as local,
            Client(local) as client,  # type: ignore[no-untyped-call]
        ):
            pool = client.get_executor()
            noise = [WeightNoise(0.25)]
            uncertainty(assessment, noise, n_samples=100_000, rng=1, executor=pool)
            start = time.perf_counter()
            uncertainty(assessment, noise, n_samples=n_draws, rng=1, executor=pool)
            times[n_workers] = time.perf_counter() - start
    efficiency = times[1] / times[2] / 2
    print(
        f"Dask, {n_draws:,} draws: {times[1]:.1f} s on one worker, {times[2]:.1f} s on two; "
        f"efficiency {efficiency:.2f}"
    )


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--quick", action="store_true", help="a tenth of the draws")
    share = 10 if parser.parse_args().quick else 1
    weights_alone(1_000_000 // share)
    many_choices(200_000 // share)
    variance(8192 // (8 if share > 1 else 1))
    growth()
    cluster(2_000_000 // share)
