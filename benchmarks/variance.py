"""A study of variance against bare NumPy that draws, sorts and sums as much."""

from functools import partial

import numpy as np

from benchmarks.made_up import N_INDICATORS, Inline, study_example
from benchmarks.measuring import Bench, peak_memory, turns
from dli.aggregation import ArithmeticMean, GeometricMean
from dli.imputation import ColumnMean, ColumnMedian
from dli.normalisation import MinMax, PercentileRank
from dli.sensitivity import Alternatives, WeightNoise, sobol
from dli.treatment import Winsorise

N_FACTORS = 64  # the noise of 60 weights, and four choices
OUTPUTS = ("score", "rank", "mean_rank_shift")


def measure(bench: Bench) -> None:
    assessment = study_example(193, missing=0.02)
    inputs = [
        WeightNoise({2: 0.25}),
        Alternatives("imputation", [ColumnMean(), ColumnMedian()]),
        Alternatives("treatment", [None, Winsorise()]),
        Alternatives("normalisation", [MinMax(1, 100), PercentileRank(1, 100)]),
        Alternatives("aggregation", [ArithmeticMean(), GeometricMean()]),
    ]
    base = bench.size(8192, 1024)
    values = np.array([assessment.array(i.code) for i in assessment.index.indicators])
    times = turns(
        3,
        {
            "floor": partial(sums_floor, np.nan_to_num(values), base),
            "dli": partial(
                sobol,
                assessment,
                inputs,
                n_samples=base,
                rng=1,
                output=OUTPUTS,
                executor=Inline(),
            ),
        },
    )
    bench.ratio(
        "Sobol indices, 64 factors, 387 outputs",
        times,
        ("dli", "floor"),
        at_most=1.8,
        floor="drawing, product, argsort, and the sums of the estimators",
    )
    bench.figure("its peak memory", peak_memory(), "MB", at_most=2000)


def sums_floor(values: np.ndarray, base: int) -> None:
    """Evaluate the design with bare NumPy, and take the sums from which indices follow."""
    rng = np.random.default_rng(1)
    n_units, size = values.shape[1], 1024
    totals = np.zeros((N_FACTORS, 7, 2 * n_units + 1))
    for _ in range(0, base, size):
        first, second = rng.random((2, size, N_INDICATORS))
        a, b = outputs(first, values), outputs(second, values)
        v = (a * a + b * b) / 2
        for factor in range(N_FACTORS):
            mixed = first.copy()
            column = factor % N_INDICATORS
            mixed[:, column] = second[:, column]
            step = outputs(mixed, values) - a
            t, u = b * step, step * step
            pairs = ((t, t), (t, v), (u, u), (u, v))
            totals[factor, :3] += [own.sum(axis=0) for own in (step, t, u)]
            totals[factor, 3:] += [np.einsum("ij,ij->j", one, other) for one, other in pairs]


def outputs(weights: np.ndarray, values: np.ndarray) -> np.ndarray:
    """Return scores, ranks and the mean shift of ranks of draws."""
    scores = weights @ values
    order = np.argsort(scores, axis=1)
    n_units = scores.shape[1]
    result = np.empty((len(scores), 2 * n_units + 1))
    result[:, :n_units] = scores
    places = np.arange(1.0, n_units + 1)
    np.put_along_axis(result[:, n_units:-1], order, places[np.newaxis], axis=1)
    result[:, -1] = np.abs(result[:, n_units:-1] - places).mean(axis=1)
    return result
