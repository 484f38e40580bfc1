"""Weighting and outranking against what else one would write or take, in one run.

AHPy is a peer for the analytic hierarchy process; without it (``pip install ahpy``) its line is
left out.
"""

import time
from collections.abc import Callable
from importlib import import_module
from importlib.util import find_spec
from itertools import combinations

import numpy as np
from scipy.optimize import linprog

from dli.aggregation import outranking_matrix
from dli.weighting import ahp_priorities, benefit_of_the_doubt, entropy_weights


def median(run: Callable[[], object], rounds: int) -> float:
    """Time something; give the median in seconds."""
    times = []
    for _ in range(rounds):
        start = time.perf_counter()
        run()
        times.append(time.perf_counter() - start)
    return float(np.median(times))


def judgements(n_matrices: int, n: int, rng: np.random.Generator) -> np.ndarray:
    """Draw reciprocal matrices of nearly consistent judgements."""
    weights = rng.uniform(0.5, 5, (n_matrices, n))
    ratios = weights[:, :, np.newaxis] / weights[:, np.newaxis]
    noisy = np.triu(ratios * np.exp(rng.normal(0, 0.2, ratios.shape)), 1)
    upper = noisy > 0
    inverse = np.where(upper, 1 / np.where(upper, noisy, 1), 0).swapaxes(1, 2)
    return np.asarray(noisy + inverse + np.eye(n))


def ahp(rng: np.random.Generator) -> None:
    """Compare priorities of many matrices with a loop over eigenvectors, and with AHPy."""
    matrices = judgements(10_000, 9, rng)
    own = median(lambda: ahp_priorities(matrices), 5)
    loop = median(lambda: [np.linalg.eig(matrix) for matrix in matrices], 3)
    print("\nAHP, 10,000 matrices of order 9")
    print(f"  dli                     {own * 1e3:10.1f} ms")
    print(f"  loop over numpy's eig   {loop * 1e3:10.1f} ms, {loop / own:.0f} times as long")
    if find_spec("ahpy") is None:
        print("  AHPy is not installed: no comparison with it")
        return
    ahpy = import_module("ahpy")
    few = matrices[:50]
    pairs = list(combinations(range(9), 2))

    def peer() -> None:
        for matrix in few:
            ahpy.Compare("x", {(str(i), str(j)): matrix[i, j] for i, j in pairs}, precision=6)

    each = median(peer, 3) / len(few)
    whole = each * len(matrices)
    print(
        f"  AHPy (from {len(few)} of them)  {whole * 1e3:10.1f} ms, {whole / own:.0f} times as long"
    )


def entropy(rng: np.random.Generator) -> None:
    """Compare entropy weights with the bare formula."""
    values = rng.uniform(1, 100, (200, 60))

    def bare() -> np.ndarray:
        p = values / values.sum(axis=0)
        divergence = 1 + (p * np.log(p)).sum(axis=0) / np.log(len(values))
        return np.asarray(divergence / divergence.sum())

    np.testing.assert_allclose(entropy_weights(values), bare())
    own, formula = median(lambda: entropy_weights(values), 500), median(bare, 500)
    print("\nEntropy, 200 x 60")
    print(f"  bare formula            {formula * 1e6:10.1f} us")
    print(f"  dli                     {own * 1e6:10.1f} us, {own / formula:.2f} times as long")


def doubt(rng: np.random.Generator) -> None:
    """Compare benefit of the doubt with a linear program for each unit, written plainly."""
    print("\nBenefit of the doubt against a linprog for each unit, medians of 5")
    for n_units, n_indicators in [(193, 5), (193, 12), (193, 29), (50, 12), (1000, 5)]:
        shared = np.abs(rng.normal(50, 20, (n_units, 1)))
        values = rng.uniform(1, 100, (n_units, n_indicators)) + shared

        def plain(values: np.ndarray = values) -> list[float]:
            one = np.ones(len(values))
            best = [linprog(-own, A_ub=values, b_ub=one, method="highs").x for own in values]
            return [float(own @ weights) for own, weights in zip(values, best, strict=True)]

        np.testing.assert_allclose(benefit_of_the_doubt(values).scores, plain(), atol=1e-7)
        # In turns, so that whatever else the machine does slows both alike.
        times = np.array(
            [
                [median(lambda v=values: benefit_of_the_doubt(v), 1), median(plain, 1)]  # type: ignore[misc]
                for _ in range(5)
            ]
        )
        own, peer = np.median(times, axis=0)
        goal = 5 if n_indicators <= 12 else 4
        print(
            f"  {n_units:5} x {n_indicators:2}   dli {own * 1e3:7.1f} ms, linprog "
            f"{peer * 1e3:7.1f} ms: {peer / own:.1f} times as long (goal {goal})"
        )


def outranking(rng: np.random.Generator) -> None:
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
    own = median(lambda: outranking_matrix(values, weights), 20)
    peer, array = median(loop, 3), median(whole, 20)
    print("\nOutranking, 193 x 29")
    print(f"  dli                     {own * 1e3:10.2f} ms")
    print(f"  one array of all pairs  {array * 1e3:10.2f} ms, {array / own:.2f} times as long")
    print(f"  a loop over pairs       {peer * 1e3:10.2f} ms, {peer / own:.0f} times as long")


if __name__ == "__main__":
    generator = np.random.default_rng(1)
    ahp(generator)
    entropy(generator)
    doubt(generator)
    outranking(generator)
