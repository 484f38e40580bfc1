"""Weighting and outranking against what else one would write or take.

AHPy is a peer for the analytic hierarchy process; without it (``pip install ahpy``) its figure is
left out.
"""

from functools import partial
from importlib import import_module
from importlib.util import find_spec
from itertools import combinations

import numpy as np
from scipy.optimize import linprog

from benchmarks.measuring import TIMES, Bench, turns
from dli.aggregation import outranking_matrix
from dli.weighting import ahp_priorities, benefit_of_the_doubt, entropy_weights


def measure(bench: Bench) -> None:
    rng = np.random.default_rng(1)
    ahp(bench, rng)
    entropy(bench, rng)
    doubt(bench, rng)
    outranking(bench, rng)


def judgements(n_matrices: int, n: int, rng: np.random.Generator) -> np.ndarray:
    """Draw reciprocal matrices of nearly consistent judgements."""
    weights = rng.uniform(0.5, 5, (n_matrices, n))
    ratios = weights[:, :, np.newaxis] / weights[:, np.newaxis]
    noisy = np.triu(ratios * np.exp(rng.normal(0, 0.2, ratios.shape)), 1)
    upper = noisy > 0
    inverse = np.where(upper, 1 / np.where(upper, noisy, 1), 0).swapaxes(1, 2)
    return np.asarray(noisy + inverse + np.eye(n))


def ahp(bench: Bench, rng: np.random.Generator) -> None:
    """Compare priorities of many matrices with a loop over eigenvectors, and with AHPy."""
    n = bench.size(10_000, 2_000)
    matrices = judgements(n, 9, rng)
    few = matrices[:50]
    pairs = list(combinations(range(9), 2))
    contestants = {
        "dli": lambda: ahp_priorities(matrices),
        "eig": lambda: [np.linalg.eig(matrix) for matrix in matrices],
    }
    if find_spec("ahpy") is not None:
        compare = import_module("ahpy").Compare
        contestants["AHPy"] = lambda: [
            compare("x", {(str(i), str(j)): matrix[i, j] for i, j in pairs}, precision=6)
            for matrix in few
        ]
    times = turns(bench.size(5, 3), contestants)
    bench.ratio(
        "AHP of order 9 is faster than a loop",
        times,
        ("eig", "dli"),
        at_least=3,
        floor="numpy.linalg.eig for each matrix",
    )
    if "AHPy" not in times:
        bench.skip("AHP against AHPy", "AHPy is not installed")
        return
    factor = times["AHPy"].process / len(few) / (times["dli"].process / n)
    bench.figure("AHP of order 9 is faster than AHPy", factor, TIMES, at_least=50, floor="AHPy")


def entropy(bench: Bench, rng: np.random.Generator) -> None:
    """Compare entropy weights with the bare formula."""
    values = rng.uniform(1, 100, (200, 60))

    def bare() -> np.ndarray:
        p = values / values.sum(axis=0)
        divergence = 1 + (p * np.log(p)).sum(axis=0) / np.log(len(values))
        return np.asarray(divergence / divergence.sum())

    np.testing.assert_allclose(entropy_weights(values), bare())
    times = turns(bench.size(500, 100), {"floor": bare, "dli": lambda: entropy_weights(values)})
    bench.ratio(
        "entropy weights, 200 x 60", times, ("dli", "floor"), at_most=2, floor="the bare formula"
    )


def doubt(bench: Bench, rng: np.random.Generator) -> None:
    """Compare benefit of the doubt with a linear program for each unit, written plainly."""

    def plain(values: np.ndarray) -> list[float]:
        one = np.ones(len(values))
        best = [linprog(-own, A_ub=values, b_ub=one, method="highs").x for own in values]
        return [float(own @ weights) for own, weights in zip(values, best, strict=True)]

    for n_units, n_indicators in [(193, 5), (193, 12), (193, 29), (50, 12), (1000, 5)]:
        shared = np.abs(rng.normal(50, 20, (n_units, 1)))
        values = rng.uniform(1, 100, (n_units, n_indicators)) + shared
        np.testing.assert_allclose(benefit_of_the_doubt(values).scores, plain(values), atol=1e-7)
        times = turns(
            bench.size(5, 1),
            {"plain": partial(plain, values), "dli": partial(benefit_of_the_doubt, values)},
        )
        bench.ratio(
            f"benefit of the doubt is faster, {n_units:,} x {n_indicators}",
            times,
            ("plain", "dli"),
            at_least=5 if n_indicators <= 12 else 4,
            floor="a linprog for each unit",
        )


def outranking(bench: Bench, rng: np.random.Generator) -> None:
    """Compare the outranking matrix with a loop over pairs, and with one array of all pairs."""
    values, weights = rng.integers(0, 20, (193, 29)).astype(float), rng.dirichlet(np.ones(29))

    def loop() -> np.ndarray:
        matrix = np.zeros((len(values), len(values)))
        for i, own in enumerate(values):
            for j, other in enumerate(values):
                if i != j:
                    matrix[i, j] = weights @ ((own > other) + 0.5 * (own == other))
        return matrix

    def whole() -> np.ndarray:
        first, second = values[:, np.newaxis], values[np.newaxis]
        matrix = ((first > second) + 0.5 * (first == second)) @ weights
        np.fill_diagonal(matrix, 0)
        return np.asarray(matrix)

    np.testing.assert_allclose(outranking_matrix(values, weights), whole(), atol=1e-12)
    np.testing.assert_allclose(loop(), whole(), atol=1e-12)
    times = turns(
        bench.size(15, 5),
        {"loop": loop, "array": whole, "dli": lambda: outranking_matrix(values, weights)},
    )
    bench.ratio(
        "outranking matrix, 193 x 29",
        times,
        ("dli", "array"),
        at_most=1,
        floor="one array of all pairs",
    )
    bench.ratio(
        "outranking is faster than a loop, 193 x 29",
        times,
        ("loop", "dli"),
        at_least=20,
        floor="a loop over pairs",
    )
