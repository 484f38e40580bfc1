"""Sobol indices: the estimators, and those of an assessment."""

import warnings

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from scipy import stats
from tests.sensitivity.cases import example

from dli import Assessment, Index, Indicator, frames
from dli.aggregation import ArithmeticMean, GeometricMean
from dli.errors import DLIWarning, MethodError, UnknownCodeError
from dli.normalisation import MinMax, PercentileRank
from dli.sensitivity import Alternatives, DirichletWeights, WeightNoise, evaluate, sobol
from dli.sensitivity.sobol_indices import _sample
from dli.sensitivity.variance import Sums, sobol_estimates

pytestmark = pytest.mark.once


def ishigami(x):
    z = (2 * x - 1) * np.pi
    return np.sin(z[0]) + 7 * np.sin(z[1]) ** 2 + 0.1 * z[2] ** 4 * np.sin(z[0])


def evaluated(function, n_factors, n, seed=0):
    a, b = _sample(n_factors, seed, 0, n)
    ab, ba = [], []
    for j in range(n_factors):
        mixed = a.copy()
        mixed[j] = b[j]
        ab.append(function(mixed))
        mixed = b.copy()
        mixed[j] = a[j]
        ba.append(function(mixed))
    return function(a), function(b), np.array(ab), np.array(ba)


def test_ishigami():
    # Ishigami and Homma (1990); exact values by integration.
    f_a, f_b, f_ab, f_ba = evaluated(ishigami, 3, 2**13)
    found = sobol_estimates(f_a, f_b, f_ab, f_ba=f_ba)
    assert_allclose(found.first_order[:, 0], [0.31390519, 0.44241114, 0], atol=0.005)
    assert_allclose(found.total_order[:, 0], [0.55758887, 0.44241114, 0.24368366], atol=0.005)
    assert_allclose(found.second_order[0, 2, 0], 0.24368366, atol=0.005)
    assert_allclose(found.second_order[0, 1, 0], 0, atol=0.005)
    assert np.isnan(found.second_order[1, 1, 0])


def test_the_estimators_are_those_of_scipy():
    f_a, f_b, f_ab, _ = evaluated(ishigami, 3, 2**8)
    found = sobol_estimates(f_a, f_b, f_ab)
    theirs = stats.sobol_indices(
        func={"f_A": f_a[None], "f_B": f_b[None], "f_AB": f_ab[:, None]}, n=2**8
    )
    assert_allclose(found.first_order[:, 0], theirs.first_order, rtol=1e-12)
    assert_allclose(found.total_order[:, 0], theirs.total_order, rtol=1e-12)


def test_standard_errors_cover_the_truth():
    hits = []
    rng = np.random.default_rng(0)
    for _ in range(300):
        a, b = rng.random((2, 3, 400))
        ab = [ishigami(np.where(np.arange(3)[:, None] == j, b, a)) for j in range(3)]
        found = sobol_estimates(ishigami(a), ishigami(b), ab)
        truth = np.array([0.31390519, 0.44241114, 0])[:, None]
        first = np.abs(found.first_order - truth) < 1.96 * found.first_error
        truth = np.array([0.55758887, 0.44241114, 0.24368366])[:, None]
        hits.append(np.append(first, np.abs(found.total_order - truth) < 1.96 * found.total_error))
    # 95 %, less a little for the bias of ratios, within four standard errors of 300 trials.
    assert (np.mean(hits, axis=0) > 0.90).all()


def test_blocks_add_up_whatever_the_shift():
    f_a, f_b, f_ab, _ = evaluated(ishigami, 3, 300)
    whole = sobol_estimates(f_a, f_b, f_ab)
    columns = [f[..., None] for f in (f_a, f_b)]
    parts = [
        Sums.of(columns[0][s], columns[1][s], f_ab[:, s, None], np.array([2.0]))
        for s in (slice(0, 100), slice(100, 300))
    ]
    found = (parts[0] + parts[1]).indices()
    assert_allclose(found.first_order, whole.first_order)
    assert_allclose(found.total_order, whole.total_order)
    assert_allclose(found.variance, whole.variance)


def test_shapes_are_checked():
    with pytest.raises(MethodError, match="f_a and f_b must have the shape"):
        sobol_estimates([1.0, 2.0], [1.0], [[1.0, 2.0]])
    with pytest.raises(MethodError, match="f_ba must have the shape"):
        sobol_estimates([1.0, 2.0], [1.0, 3.0], [[1.0, 2.0]], f_ba=[[1.0, 2.0]] * 2)


def test_outputs_that_do_not_vary_have_no_index():
    found = sobol_estimates(np.full(8, 1 / 3), np.full(8, 1 / 3), np.full((2, 8), 1 / 3))
    assert np.isnan(found.first_order).all()
    assert found.variance.tolist() == [0]


def test_an_index_of_independent_weights_is_additive():
    # One level, weights scaled by their nearly constant sum: shares of w_k^2 (x_k - score)^2.
    index = Index("T", [Indicator(f"x{k}") for k in range(12)])
    values = np.random.default_rng(1).random((4, 12))
    data = {"unit": list("ABCD"), **{f"x{k}": values[:, k] for k in range(12)}}
    assessment = Assessment(index, data)
    study = sobol(assessment, [WeightNoise(0.05)], n_samples=1024, rng=1, output="score")
    x = np.array([assessment.array(f"x{k}") for k in range(12)])
    parts = (x - assessment.array("T")) ** 2
    assert_allclose(study.first_order, parts / parts.sum(axis=0), atol=0.02)
    assert_allclose(study.total_order, study.first_order, atol=0.02)


def by_scipy(assessment, inputs, n, seed, outputs):
    a, b = _sample(8, seed, 0, n)
    mixed = [np.where(np.arange(8)[:, None] == j, b, a) for j in range(8)]
    f = [outputs(evaluate(assessment, inputs, x.T)).T for x in (a, b, *mixed)]
    return stats.sobol_indices(func={"f_A": f[0], "f_B": f[1], "f_AB": np.array(f[2:])}, n=n)


def test_a_study_is_what_scipy_makes_of_the_same_sample():
    assessment, inputs = example(), [WeightNoise(0.5)]
    study = sobol(assessment, inputs, n_samples=2048, rng=4, output="score")
    theirs = by_scipy(assessment, inputs, 2048, study.seed, lambda scores: scores)
    assert_allclose(study.first_order, theirs.first_order.T, atol=1e-10)
    assert_allclose(study.total_order, theirs.total_order.T, atol=1e-10)


def test_ranks_and_their_mean_shift_are_outputs_too():
    from dli.ranking import rank_scores

    assessment, inputs = example(), [WeightNoise(0.5)]
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DLIWarning)
        study = sobol(assessment, inputs, n_samples=256, rng=4, output=["rank", "mean_rank_shift"])
    nominal = assessment.rank_array("T")

    def outputs(scores):
        ranks = rank_scores(scores)
        return np.column_stack([ranks, np.abs(ranks - nominal).mean(axis=1)])

    theirs = by_scipy(assessment, inputs, 256, study.seed, outputs)
    varies = study.indices.variance > 0
    assert varies.sum() > 5
    assert_allclose(study.total_order[:, varies], theirs.total_order.T[:, varies], atol=1e-10)
    assert study.columns("mean_rank_shift") == slice(9, 10)
    assert study.columns("rank") == slice(0, 9)
    with pytest.raises(UnknownCodeError, match="'score'"):
        study.columns("score")


CHOICES = [
    Alternatives("normalisation", [MinMax(1, 10), PercentileRank(1, 10)]),
    Alternatives("aggregation", [ArithmeticMean(), GeometricMean()]),
]


def test_factors_can_be_grouped():
    assessment = example()
    inputs = [WeightNoise(0.5), *CHOICES, WeightNoiseOfB()]
    grouped = sobol(assessment, inputs, n_samples=64, rng=1, groups="inputs")
    assert grouped.factors == ("WeightNoise", "normalisation", "aggregation", "WeightNoise 4")
    own = sobol(
        assessment, inputs, n_samples=64, rng=1, groups={"method": ["normalisation", "aggregation"]}
    )
    assert own.factors[0] == "method"
    assert len(own.factors) == len(WeightNoise().factors(assessment)) + 3
    every = sobol(assessment, inputs, n_samples=64, rng=1)
    assert every.factors[-1] == "second b2"
    with pytest.raises(UnknownCodeError, match="no factor 'normalization'"):
        sobol(assessment, inputs, n_samples=4, groups={"x": ["normalization"]})
    with pytest.raises(MethodError, match=r"(?s)one group only.*'aggregation'"):
        sobol(assessment, inputs, n_samples=4, groups={"x": ["aggregation"] * 2})
    with pytest.raises(MethodError, match="groups must be 'factors', 'inputs' or a mapping"):
        sobol(assessment, inputs, n_samples=4, groups="all")


class WeightNoiseOfB(WeightNoise):
    """A second input of one kind, with names of its own."""

    def factors(self, assessment):
        return ["second b1", "second b2"]

    def apply(self, uniforms, draws):
        draws.scale("b1", 0.5 + uniforms[0])
        draws.scale("b2", 0.5 + uniforms[1])


WeightNoiseOfB.__name__ = "WeightNoise"


def test_second_order_is_given_on_request():
    study = sobol(example(), CHOICES, n_samples=256, rng=1, second_order=True, output="score")
    assert study.second_order.shape == (2, 2, 9)
    # Two factors: first orders and their pair are the whole variance.
    whole = study.first_order.sum(axis=0) + study.second_order[0, 1]
    assert_allclose(whole, 1, atol=0.1)
    assert sobol(example(), CHOICES, n_samples=4, rng=1).second_order is None
    with pytest.raises(MethodError, match="need all outputs in memory at once"):
        sobol(example(), CHOICES, n_samples=2**24, rng=1, second_order=True, output="score")


def test_a_single_input_explains_all():
    study = sobol(example(), [CHOICES[1]], n_samples=128, rng=1, output="score")
    assert_allclose(study.first_order, 1, atol=0.05)
    assert_allclose(study.total_order, 1, atol=0.05)


def test_constant_outputs_are_told_and_missing():
    index = Index("T", [Indicator("a"), Indicator("b")])
    data = {"unit": ["X", "Y"], "a": [1, 2], "b": [3, 4]}
    with pytest.warns(DLIWarning, match="1 of 1 outputs have no indices: 1 do not vary"):
        study = sobol(Assessment(index, data), [WeightNoise()], n_samples=8, rng=1)
    assert np.isnan(study.first_order).all()


def test_units_that_lack_a_score_in_some_draw_are_told():
    gaps = example(gaps=0.4, seed=4)
    choice = Alternatives("missing", ["renormalise", "propagate"])
    with pytest.warns(DLIWarning, match="units that lack a score in some draw"):
        sobol(gaps, [choice, WeightNoise()], n_samples=16, rng=1, output="score")


def test_ranks_of_units_that_lack_a_score_are_left_out():
    gaps = example(gaps=0.15, seed=4)
    choice = Alternatives("missing", ["renormalise", "propagate"])
    inputs = [choice, WeightNoise(0.9)]
    assert np.isnan(gaps.evolve(missing="propagate").array("T")).any()
    study = sobol(gaps, inputs, n_samples=64, rng=1)
    assert np.isfinite(study.total_order).all()
    assert study.total_order[0, 0] > study.total_order[1:, 0].max()


def test_odd_numbers_of_draws_are_told_and_work():
    with pytest.warns(DLIWarning, match="128 is better than 100"):
        study = sobol(example(), [WeightNoise()], n_samples=100, rng=1, output="score")
    assert np.isfinite(study.total_order).all()


def test_what_is_asked_for_is_checked():
    with pytest.raises(UnknownCodeError, match="no output 'ranks'"):
        sobol(example(), CHOICES, n_samples=4, output="ranks")
    with pytest.raises(UnknownCodeError, match="no factor 'luck'"):
        sobol(example(), CHOICES, n_samples=4, groups={"all": ["luck"]})
    with pytest.raises(UnknownCodeError, match="no node 'Q'"):
        sobol(example(), CHOICES, n_samples=4, node="Q")
    with pytest.raises(MethodError, match="n_samples must be a whole number from 2"):
        sobol(example(), CHOICES, n_samples=1)
    study = sobol(example(), CHOICES, n_samples=8, rng=1, output=("score", "mean_rank_shift"))
    with pytest.raises(MethodError, match="confidence must be a number above 0 and below 1"):
        study.intervals(1)


def test_intervals_name_output_unit_and_factor():
    study = sobol(example(), CHOICES, n_samples=64, rng=1, output=("score", "mean_rank_shift"))
    table = frames.read(study.intervals(0.9))
    assert table.names == (
        "unit", "output", "factor", "first", "first_low", "first_high", "total", "total_low",
        "total_high",
    )  # fmt: skip
    assert table.column("unit")[-1] is None
    assert table.column("unit")[2] == "u1"
    assert table.column("factor")[:2] == ["normalisation", "aggregation"]
    assert table.column("first")[2:4] == study.first_order[:, 1].tolist()
    low, middle, high = (np.array(table.column(f"total{end}")) for end in ("_low", "", "_high"))
    assert ((low <= middle) & (middle <= high)).all()
    assert "aggregation" in repr(study)
    assert "<td>aggregation</td>" in study._repr_html_()
    many = sobol(example(), [DirichletWeights(), *CHOICES], n_samples=8, rng=1, output="score")
    assert not repr(many).endswith("…")


def test_panels_move_ranks_within_periods():
    panel = example(n_units=10, periods=2)
    study = sobol(panel, [WeightNoise(0.9)], n_samples=64, rng=1)
    assert np.isfinite(study.total_order).all()


def test_the_same_seed_gives_the_same_bits():
    found = [
        sobol(example(), [WeightNoise()], n_samples=32, rng=5, output="score") for _ in range(2)
    ]
    assert_array_equal(found[0].total_order, found[1].total_order)
