"""Shapley effects, and importance of parts."""

from itertools import combinations
from math import factorial

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from tests.sensitivity.cases import example

from dli import Assessment, Index, Indicator, frames
from dli.aggregation import ArithmeticMean, GeometricMean
from dli.errors import MethodError, UnknownCodeError
from dli.normalisation import MinMax, PercentileRank
from dli.sensitivity import (
    Alternatives,
    DirichletWeights,
    WeightNoise,
    importance,
    shapley,
    sobol,
)
from dli.sensitivity.arrays import correlation_ratios
from dli.weighting import Equal


def exact_effects(x):
    """Shapley effects of Dirichlet(1, ..., 1) weights on w . x, by the value of every set.

    Given the weights of the known set the rest share what is left: the mean of the score is
    linear in the known weights, and its variance follows from their covariances.
    """
    n = len(x)
    cov = (np.eye(n) - 1 / n) / n / (n + 1)

    def explained(known):
        known = list(known)
        rest = [k for k in range(n) if k not in known]
        if not rest:
            return x @ cov @ x
        slopes = x[known] - x[rest].mean()
        return slopes @ cov[np.ix_(known, known)] @ slopes

    effects = np.zeros(n)
    for k in range(n):
        others = [m for m in range(n) if m != k]
        for size in range(n):
            share = factorial(size) * factorial(n - size - 1) / factorial(n)
            for own in combinations(others, size):
                effects[k] += share * (explained([*own, k]) - explained(own))
    return effects / (x @ cov @ x)


def test_effects_of_weights_that_sum_to_one_are_the_exact_ones():
    values = np.array([[10.0, 2, 5, 7], [3.0, 8, 1, 9], [1.0, 2, 9, 4]])
    index = Index("T", [Indicator(f"x{k}") for k in range(4)])
    data = {"unit": list("ABC"), **{f"x{k}": values[:, k] for k in range(4)}}
    assessment = Assessment(index, data)
    study = shapley(assessment, [DirichletWeights()], n_permutations=30_000, rng=1, output="score")
    for unit in range(3):
        x = np.array([assessment.array(f"x{k}")[unit] for k in range(4)])
        assert_allclose(study.effects[:, unit], exact_effects(x), atol=0.02)
    error = np.abs(study.effects[:, 0] - exact_effects(np.array(
        [assessment.array(f"x{k}")[0] for k in range(4)])))  # fmt: skip
    assert (error < 5 * study.errors[:, 0] + 0.01).all()


CHOICES = [
    Alternatives("normalisation", [MinMax(1, 10), PercentileRank(1, 10)]),
    Alternatives("aggregation", [ArithmeticMean(), GeometricMean()]),
    WeightNoise({1: 0.5}),
]


def test_effects_lie_between_first_and_total_order_for_independent_factors():
    assessment = example()
    study = shapley(assessment, CHOICES, n_permutations=4000, rng=2, output="score")
    indices = sobol(assessment, CHOICES, n_samples=2048, rng=2, output="score")
    assert_allclose(study.effects.sum(axis=0), 1)
    assert (study.effects > indices.first_order - 0.06).all()
    assert (study.effects < indices.total_order + 0.06).all()


def test_effects_are_the_same_for_any_workers_and_print():
    from concurrent.futures import ThreadPoolExecutor

    found = [
        shapley(example(), CHOICES, n_permutations=300, rng=3, executor=pool)
        for pool in (None, ThreadPoolExecutor(2))
    ]
    assert_array_equal(found[0].effects, found[1].effects)
    assert found[0].effects.shape == (5, 1)
    table = frames.read(found[0].table)
    assert table.names == ("unit", "factor", "effect", "error")
    assert table.column("unit") == [None] * 5
    assert "normalisation" in repr(found[0])


def test_effects_of_nodes_drawn_together():
    study = shapley(
        example(weighting=Equal()),
        [DirichletWeights(2.0)],
        n_permutations=200,
        rng=1,
        output="rank",
    )
    assert study.effects.shape == (8, 9)
    assert frames.read(study.table).column("unit")[-1] == "u8"


def test_what_is_asked_for_is_checked():
    with pytest.raises(UnknownCodeError, match="no output 'place'"):
        shapley(example(), CHOICES, n_permutations=10, output="place")
    with pytest.raises(MethodError, match="n_permutations must be a whole number from 2"):
        shapley(example(), CHOICES, n_permutations=1)


def test_a_linear_dependence_has_the_squared_correlation():
    rng = np.random.default_rng(0)
    x = rng.normal(size=4000)
    s = 3 * x + rng.normal(size=4000) * 4
    assert_allclose(correlation_ratios(x[:, None], s), np.corrcoef(x, s)[0, 1] ** 2, atol=0.01)


def test_a_curve_is_seen_where_correlation_sees_nothing():
    x = np.linspace(-1, 1, 200)
    noise = np.random.default_rng(1).normal(size=200) * 0.05
    assert abs(np.corrcoef(x, x**2)[0, 1]) < 1e-12
    assert correlation_ratios(x[:, None], x**2 + noise)[0] > 0.9


def test_few_values_are_groups_and_gaps_are_left_out():
    x = np.array([0, 0, 1, 1, np.nan, 0.0])
    s = np.array([1.0, 3, 5, 7, 100, np.nan])
    # Of four values two groups explain 4/5, adjusted 1 - 1/5 * 3/2.
    assert_allclose(correlation_ratios(x[:, None], s), 0.7)
    assert np.isnan(correlation_ratios(np.ones((4, 1)), np.arange(4.0))).all()
    assert np.isnan(correlation_ratios(np.arange(2.0)[:, None], np.arange(2.0))).all()
    with pytest.raises(MethodError, match="one row for each score"):
        correlation_ratios(x, s)


def test_nodes_without_weight_have_an_importance():
    """Their children count among themselves; numbers come without a word from NumPy."""
    index = Index(
        "T",
        [
            Index("A", [Indicator("a"), Indicator("b")], weight=0),
            Indicator("c"),
            Indicator("d", weight=0),
        ],
    )
    rng = np.random.default_rng(3)
    data = {"unit": list("UVWXYZ"), **{code: rng.uniform(1, 9, 6) for code in "abcd"}}
    assessment = Assessment(index, data)
    with np.errstate(all="raise"):
        found = importance(assessment)
        indicators = importance(assessment, nodes=["a", "b", "c", "d"])
        below = importance(assessment, "A")
    assert found.weights.tolist() == [0.0, 1.0, 0.0]
    assert found.correlations[1] == pytest.approx(1.0)
    assert indicators.weights.tolist() == [0.0, 0.0, 1.0, 0.0]
    assert below.weights.tolist() == [0.5, 0.5]
    for result in (found, indicators, below):
        assert np.isfinite([result.correlations, result.ratios, result.shares]).all()


def test_importance_stands_beside_the_weights():
    assessment = example(n_units=60)
    found = importance(assessment)
    assert found.codes == ("A", "B", "C")
    assert_allclose(found.weights, [1 / 3.5, 1.5 / 3.5, 1 / 3.5])
    assert_allclose(found.shares.sum(), 1)
    r = np.corrcoef(assessment.array("A"), assessment.array("T"))[0, 1]
    assert_allclose(found.correlations[0], r)
    assert frames.read(found.table).names == ("code", "weight", "correlation", "ratio", "share")
    assert "ratio" in repr(found)
    below = importance(assessment, node="A")
    assert below.codes == ("a1", "a2", "a3")
    assert_allclose(below.weights, [0.25, 0.5, 0.25])
    assert importance(assessment, nodes=2).codes == ("a1", "a2", "a3", "b1", "b2", "c1")
    assert importance(assessment, nodes=["b1", "A"]).codes == ("b1", "A")
    with pytest.raises(MethodError, match="'a1' is an indicator"):
        importance(assessment, node="a1")
    with pytest.raises(MethodError, match=r"nodes must be a level from 1 \('A'\) to 2"):
        importance(assessment, "A", nodes=3)
    with pytest.raises(MethodError, match="must lie below 'A', got the node itself"):
        importance(assessment, "A", nodes=1)
