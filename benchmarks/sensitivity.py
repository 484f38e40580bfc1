"""Studies of uncertainty against the bare NumPy that the same draws need, on one worker.

Unless something else is said, 193 units have 60 indicators in five sub-indices, and the floor is
what random numbers, the matrix product of weights and values, ``argsort`` and ``bincount`` of the
same sizes take.
"""

from functools import partial
from typing import Any

import numpy as np

import dli
from benchmarks.made_up import N_INDICATORS, Inline, draws_floor, study_example
from benchmarks.measuring import Bench, peak_memory, timed, turns
from dli.aggregation import ArithmeticMean, GeometricMean, HarmonicMean
from dli.normalisation import MinMax, ZScore
from dli.sensitivity import (
    Alternatives,
    DirichletWeights,
    MeasurementError,
    WeightNoise,
    uncertainty,
)

FLOOR = "drawing, product, argsort, bincount"


def measure(bench: Bench) -> None:
    plain, gaps = study_example(193), study_example(193, missing=0.1)
    noise = [WeightNoise(0.25)]
    of_means(bench, plain)
    choices = [
        *noise,
        Alternatives("normalisation", [MinMax(1, 100), ZScore(100, 10), MinMax(10, 20)]),
        Alternatives("aggregation", [ArithmeticMean(), GeometricMean(), HarmonicMean()]),
    ]
    over_floor(bench, "weights drawn, a tenth of the values missing", gaps, noise, 2.5)
    deep = study_example(193, missing=0.1, levels=3)
    over_floor(bench, "weights drawn, a tenth missing in three levels", deep, noise, 5)
    over_floor(bench, "Dirichlet weights", plain, [DirichletWeights()], 2.5)
    over_floor(bench, "9 choices of method, a tenth of the values missing", gaps, choices, 3)
    bench.figure("peak memory of these studies", peak_memory(), "MB", at_most=500)
    errors(bench, plain)
    many_units(bench)
    growth(bench, plain)


def study(assessment: dli.Assessment, inputs: list[Any], n_draws: int) -> object:
    """Study uncertainty on one worker."""
    return uncertainty(assessment, inputs, n_samples=n_draws, rng=1, executor=Inline())


def over_floor(
    bench: Bench, name: str, assessment: dli.Assessment, inputs: list[Any], goal: float
) -> None:
    """Compare a study with the floor of its draws."""
    n_draws = bench.size(200_000, 20_000)
    times = turns(
        bench.size(5, 3),
        {
            "floor": partial(draws_floor, assessment, n_draws),
            "dli": partial(study, assessment, inputs, n_draws),
        },
    )
    bench.ratio(name, times, ("dli", "floor"), at_most=goal, floor=FLOOR)


def of_means(bench: Bench, assessment: dli.Assessment) -> None:
    """Compare noise on the weights of arithmetic means with the floor, and with a notebook."""
    n_draws, few = bench.size(1_000_000, 50_000), 200
    times = turns(
        bench.size(5, 3),
        {
            "floor": partial(draws_floor, assessment, n_draws),
            "dli": partial(study, assessment, [WeightNoise(0.25)], n_draws),
            "pandas": partial(pandas_loop, assessment, few),
        },
    )
    name = "weights drawn, arithmetic means"
    bench.ratio(name, times, ("dli", "floor"), at_most=1.2, floor=FLOOR)
    own, loop = times["dli"].process / n_draws, times["pandas"].process / few
    bench.figure("a draw, 193 units", own * 1e6, "microseconds", at_most=8)
    bench.figure(
        "a loop over draws takes longer", loop / own, "times", at_least=100, floor="pandas"
    )


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


def errors(bench: Bench, assessment: dli.Assessment) -> None:
    """Compare errors of measurement with the normal numbers that they need."""
    n_draws = bench.size(5_000, 1_000)

    def floor() -> None:
        rng = np.random.Generator(np.random.SFC64(1))
        for _ in range(n_draws):
            rng.standard_normal((193, N_INDICATORS))

    times = turns(
        bench.size(5, 3),
        {"floor": floor, "dli": partial(study, assessment, [MeasurementError(0.1)], n_draws)},
    )
    bench.ratio(
        "measurement error", times, ("dli", "floor"), at_most=2, floor="its normal numbers alone"
    )


def many_units(bench: Bench) -> None:
    """Compare a study of 100,000 units with products and sorting."""
    assessment, n_draws = study_example(100_000), bench.size(1_000, 64)
    times = turns(
        bench.size(3, 3),
        {
            "floor": partial(draws_floor, assessment, n_draws, counts=False),
            "dli": partial(study, assessment, [WeightNoise(0.25)], n_draws),
        },
    )
    bench.ratio(
        "weights drawn, 100,000 units",
        times,
        ("dli", "floor"),
        at_most=1.5,
        floor="drawing, product, argsort",
    )


def growth(bench: Bench, assessment: dli.Assessment) -> None:
    """Compare ten times the draws with fewer, and time a draw of few and of many units."""
    noise = [WeightNoise(0.25)]
    n_draws = bench.size(100_000, 20_000)
    times = turns(
        bench.size(5, 3),
        {
            "few": partial(study, assessment, noise, n_draws),
            "many": partial(study, assessment, noise, 10 * n_draws),
        },
    )
    bench.ratio(
        "ten times the draws", times, ("many", "few"), at_most=11, floor=f"{n_draws:,} draws"
    )
    # Goals leave room for processors half as fast as that of the first measurements.
    for n_units, goal in {100: 4, 1_000: 140, 10_000: 1_500, 100_000: 22_000}.items():
        n_draws = max(bench.size(20_000_000, 5_000_000) // n_units, 64)
        own = timed(partial(study, study_example(n_units), noise, n_draws), bench.size(3, 1))
        name = f"a draw, {n_units:,} units"
        bench.figure(name, own.process / n_draws * 1e6, "microseconds", at_most=goal)
