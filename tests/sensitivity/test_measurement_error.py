"""Errors of measurement: read from columns, given as margins, correlated, and as factors."""

import math
from concurrent.futures import ThreadPoolExecutor
from statistics import NormalDist

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.testing import assert_allclose, assert_array_equal
from scipy.stats import kstest

from dli import Assessment, Index, Indicator, Method, frames
from dli.errors import MethodError, UnknownCodeError
from dli.normalisation import Unscaled
from dli.observations import Observations
from dli.sensitivity import (
    Draws,
    MeasurementError,
    WeightNoise,
    evaluate,
    shapley,
    sobol,
    uncertainty,
)
from dli.sensitivity.inputs.data import _Streams

# Weights that sum to one and raw values as they are: a score is 0.5 a + 0.3 b + 0.2 c.
WEIGHTS = {"a": 0.5, "b": 0.3, "c": 0.2}
INDEX = Index("T", [Indicator(code, weight=weight) for code, weight in WEIGHTS.items()])
LINEAR = Method(normalisation=Unscaled())
SDS = {"a": 1.0, "b": 2.0, "c": 4.0}


def linear(n_units=4, index=INDEX, **columns):
    """Return an assessment whose scores are the weighted means of the raw values."""
    base = np.arange(n_units, dtype=float)
    data = {"unit": [f"u{i}" for i in range(n_units)]}
    data |= {"a": 10 + base, "b": 20 - base, "c": 30 + base**2, **columns}
    return Assessment(index, data, method=LINEAR)


def drawn(errors, assessment, uniforms):
    """Return the errors of each draw: shape (n_draws, n_rows, n_indicators)."""
    draws = Draws(assessment, uniforms.shape[1])
    errors.apply(uniforms, draws)
    (noise,) = draws.noises
    values = assessment.observations.values
    return np.array([noise(values, draw) - values for draw in range(draws.n_draws)])


def uniforms_of(errors, assessment, n_draws=4000, seed=1):
    shape = (len(errors.factors(assessment)), n_draws)
    return np.random.default_rng(seed).random(shape)


# -- columns of the data ---------------------------------------------------------------------------


def test_standard_errors_are_read_from_columns():
    assessment = linear(3, a_se=[0.1, 0.2, 0.3], c_se=[1, 0, 4])
    errors = MeasurementError({"a": "a_se", "b": 0.5, "c": "c_se"})
    expected = [[0.1, 0.5, 1.0], [0.2, 0.5, 0.0], [0.3, 0.5, 4.0]]
    assert errors.deviations(assessment).tolist() == expected


def test_indicators_without_a_column_have_no_error():
    found = MeasurementError({"c": "se"}).deviations(linear(2, se=[1.0, 2.0]))
    assert found.tolist() == [[0.0, 0.0, 1.0], [0.0, 0.0, 2.0]]


def test_two_indicators_may_have_the_same_column():
    found = MeasurementError({"c": "se", "a": "se"}).deviations(linear(2, se=[1.0, 2.0]))
    assert found.tolist() == [[1.0, 0.0, 1.0], [2.0, 0.0, 2.0]]


def test_columns_of_a_file_are_read_as_its_values_are(tmp_path):
    path = tmp_path / "data.csv"
    path.write_text('unit;a;b;c;a_se\nX;1,5;2;3;"0,25"\nY;2;..;4;1\n', encoding="utf-8")
    data = Observations.read(path, INDEX, decimal=",", delimiter=";", missing="..")
    assessment = Assessment(INDEX, data, method=LINEAR)
    found = MeasurementError({"a": "a_se"}).deviations(assessment)
    assert found[:, 0].tolist() == [0.25, 1.0]


def test_a_missing_value_needs_no_standard_error():
    assessment = linear(3, b=[1.0, None, 3.0], se=[0.5, None, 0.5])
    errors = MeasurementError({"b": "se"})
    assert errors.deviations(assessment)[:, 1].tolist() == [0.5, 0.0, 0.5]
    scores = uncertainty(assessment, [errors], n_samples=8, rng=1).scores(0, 8)
    assert (scores[:, 1] == assessment.array("T")[1]).all()
    assert (scores[:, 0] != assessment.array("T")[0]).all()


def test_standard_errors_that_cannot_be_are_refused_with_unit_and_code():
    assessment = linear(
        5, b=[1.0, None, 3.0, 4.0, 5.0], se=[-0.5, "x", math.inf, None, 2.0], other=[0, 0, 0, 0, -1]
    )
    with pytest.raises(
        MethodError, match="must be finite and at least 0, and known for each value"
    ) as caught:
        MeasurementError({"b": "se", "a": "other"}).factors(assessment)
    text, *others = caught.value.faults
    assert text.startswith("row 1 (unit 'u1'), 'se' (indicator 'b'): 'x' is not a number")
    assert others == [
        "row 0 (unit 'u0'), 'se' (indicator 'b'): -0.5",
        "row 2 (unit 'u2'), 'se' (indicator 'b'): inf",
        "row 3 (unit 'u3'), 'se' (indicator 'b'): missing",
        "row 4 (unit 'u4'), 'other' (indicator 'a'): -1.0",
    ]


def test_a_cell_that_is_not_a_number_is_named_once():
    with pytest.raises(MethodError, match="'x' is not a number") as caught:
        MeasurementError({"b": "se"}).factors(linear(2, se=[1.0, "x"]))
    assert len(caught.value.faults) == 1


def test_units_are_named_with_their_period():
    data = {"unit": ["X", "X"], "year": [2020, 2021], "a": [1, 2], "b": [3, 4], "c": [5, 6]}
    assessment = Assessment(INDEX, {**data, "se": [1.0, -1.0]}, period="year", method=LINEAR)
    with pytest.raises(MethodError, match=r"unit 'X', period 2021\), 'se' \(indicator 'a'\): -1"):
        MeasurementError({"a": "se"}).factors(assessment)


def test_unknown_columns_and_indicators_are_named_with_what_is_near():
    assessment = linear(2, a_se=[1.0, 2.0])
    with pytest.raises(UnknownCodeError, match=r"'a_sd'.*did you mean 'a_se'"):
        uncertainty(assessment, [MeasurementError({"a": "a_sd"})], n_samples=2)
    with pytest.raises(UnknownCodeError, match="no indicator for MeasurementError 'd'"):
        uncertainty(assessment, [MeasurementError({"d": "a_se"})], n_samples=2)


def test_a_column_alone_is_refused_with_what_to_write():
    with pytest.raises(
        MethodError, match=r"at least 0, got 'a_se'; to read a column .*'code': 'a_se'"
    ):
        MeasurementError("a_se")


def test_a_mapping_without_numbers_or_columns_is_refused_with_all_of_them():
    with pytest.raises(MethodError, match="at least 0, or name a column of the data") as caught:
        MeasurementError({"a": None, "b": "b_se", "c": -1})
    assert caught.value.faults == ("'a': None", "'c': -1")


# -- margins of error ------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("margin", "quantile"), [(0.9, 1.6448536269514722), (0.95, 1.959963984540054), (0.5, 0.67449)]
)
def test_margins_are_divided_by_the_quantile_of_their_level(margin, quantile):
    # By hand: at 90 % a margin of 3.29 stands for a standard error of 2, as 3.29 / 1.645.
    assessment = linear(3, a_moe=[3.29, 0.0, 1.645])
    found = MeasurementError({"a": "a_moe", "b": 1.645}, margin=margin).deviations(assessment)
    assert_allclose(found[:, 0], np.array([3.29, 0, 1.645]) / quantile, rtol=1e-5)
    assert_allclose(found[:, 1], 1.645 / quantile, rtol=1e-5)
    if margin == 0.9:
        assert_allclose(found[:, 0], [2, 0, 1], rtol=1e-4)


@given(st.floats(1e-6, 1 - 1e-9))
def test_a_margin_of_one_deviation_has_the_level_between_both_its_ends(level):
    sd = MeasurementError({"a": 1.0}, margin=level).deviations(linear(2))[0, 0]
    assert_allclose(2 * NormalDist().cdf(1 / sd) - 1, level, rtol=1e-6)


def test_margins_may_be_shares_or_cells():
    assessment = linear(3)
    cells = np.full((3, 3), 1.0)
    for sd in (0.1, cells):
        plain = MeasurementError(sd).deviations(assessment)
        found = MeasurementError(sd, margin=0.9).deviations(assessment)
        assert_allclose(found, plain / 1.6448536269514722)


# -- what is drawn ---------------------------------------------------------------------------------


@pytest.mark.parametrize("by_indicator", [False, True])
@pytest.mark.parametrize(("a", "b"), [(0, 0), (0.2, 0.6), (0.6, 0.4)])
def test_errors_have_the_deviations_and_correlations_asked_for(by_indicator, a, b):
    assessment = linear(3, se=[0.5, 1.0, 3.0])
    errors = MeasurementError(
        {"a": 2.0, "b": "se", "c": 0.1},
        within_indicator=a,
        within_unit=b,
        by_indicator=by_indicator,
    )
    found = drawn(errors, assessment, uniforms_of(errors, assessment)).reshape(4000, 9)
    sds = np.array([[2, 0.5, 0.1], [2, 1, 0.1], [2, 3, 0.1]]).ravel()
    # The standard errors of a mean, a deviation and a correlation of 4,000 draws are 0.016 at most.
    assert_allclose(found.mean(axis=0) / sds, 0, atol=0.07)
    assert_allclose(found.std(axis=0) / sds, 1, atol=0.05)
    rows, columns = np.divmod(np.arange(9), 3)
    want = a * np.equal.outer(columns, columns) + b * np.equal.outer(rows, rows)
    np.fill_diagonal(want, 1.0)
    assert_allclose(np.corrcoef(found.T), want, atol=0.07)


def test_errors_that_are_one_within_an_indicator_are_the_same_for_all_rows():
    assessment = linear(3)
    errors = MeasurementError({"a": 1.0, "b": 2.0}, within_indicator=1)
    found = drawn(errors, assessment, np.array([[0.2, 0.7]]))
    assert_allclose(found, found[:, :1] * np.ones((1, 3, 1)), atol=1e-12)
    assert found[0, 0, 0] != found[1, 0, 0]


def test_three_shares_of_the_variance_may_sum_to_one_up_to_rounding():
    assessment = linear(3)
    errors = MeasurementError({"a": 1.0}, within_indicator=0.1 + 0.2, within_unit=0.7)
    assert np.isfinite(drawn(errors, assessment, np.array([[0.5]]))).all()


def test_correlations_of_0_change_no_bit():
    assessment = linear(3)
    numbers = np.array([[0.123, 0.9]])
    found = drawn(MeasurementError(SDS), assessment, numbers)
    for draw, number in enumerate(numbers[0].tolist()):
        cells = _Streams()(int(number * 2**53)).standard_normal((3, 3))
        assert_allclose(found[draw], cells * [1, 2, 4], atol=1e-13)


def test_streams_with_neighbouring_seeds_are_independent():
    stream = _Streams()
    first = np.array([stream(seed).standard_normal(4) for seed in range(5000)])
    again = np.array([stream(seed).standard_normal(4) for seed in range(5000)])
    others = np.array([stream(7, place).standard_normal(4) for place in range(5000)])
    assert_array_equal(first, again)
    for numbers in (first, others):
        assert kstest(numbers.ravel(), "norm").pvalue > 0.001
        table = np.hstack([numbers[:-1], numbers[1:]])
        off = np.corrcoef(table, rowvar=False) - np.eye(8)
        assert np.abs(off).max() < 5 / 5000**0.5
    assert np.abs(np.corrcoef(first.ravel(), others.ravel())[0, 1]) < 5 / 20000**0.5


@given(a=st.floats(0, 1), b=st.floats(0, 1), by_indicator=st.booleans())
@settings(max_examples=20)
def test_cells_without_error_stay_as_they_are(a, b, by_indicator):
    assessment = linear(3, se=[0.0, 1.0, 0.0])
    errors = MeasurementError(
        {"b": "se"}, within_indicator=a, within_unit=b * (1 - a), by_indicator=by_indicator
    )
    found = drawn(errors, assessment, uniforms_of(errors, assessment, 5))
    assert (found != 0).tolist() == [[[False] * 3, [False, True, False], [False] * 3]] * 5


# -- factors ---------------------------------------------------------------------------------------


def test_each_indicator_with_errors_is_a_factor():
    assessment = linear(3)
    assert MeasurementError(SDS).factors(assessment) == ["measurement error"]
    some = MeasurementError({"c": 1.0, "a": 2.0, "b": 0.0}, by_indicator=True)
    names = ["measurement error of a", "measurement error of c"]
    assert some.factors(assessment) == names
    both = MeasurementError({"c": 1.0, "a": 2.0}, by_indicator=True, within_unit=0.2)
    assert both.factors(assessment) == [*names, "measurement error shared within units"]
    table = frames.read(uncertainty(assessment, [both], n_samples=4, rng=1).inputs(0, 4))
    assert all(isinstance(seed, int) for seed in table.column("measurement error of c"))


def test_a_factor_determines_all_errors_of_its_indicator_and_no_other():
    assessment = linear(3)
    errors = MeasurementError(SDS, by_indicator=True, within_indicator=0.3, within_unit=0.2)
    base = np.array([[0.1], [0.4], [0.6], [0.9]])
    found = drawn(errors, assessment, base)[0]
    assert_array_equal(drawn(errors, assessment, np.repeat(base, 2, axis=1))[1], found)
    for place in range(3):
        changed = base.copy()
        changed[place] = 0.77
        moved = drawn(errors, assessment, changed)[0] != found
        assert_array_equal(moved, np.tile(np.arange(3) == place, (3, 1)))
    changed = base.copy()
    changed[3] = 0.77
    assert (drawn(errors, assessment, changed)[0] != found).all()


def test_equal_numbers_of_two_factors_give_different_errors():
    errors = MeasurementError({"a": 1.0, "b": 1.0, "c": 1.0}, by_indicator=True)
    found = drawn(errors, linear(50), np.full((3, 1), 0.5))[0]
    assert np.abs(np.corrcoef(found.T)[np.triu_indices(3, 1)]).max() < 0.5


def test_sobol_indices_of_a_linear_index_are_shares_of_the_variance():
    # Var(score) = sum w_j^2 sd_j^2 = 0.25 + 0.36 + 0.64.
    errors = MeasurementError(SDS, by_indicator=True)
    study = sobol(linear(60), [errors], n_samples=128, rng=1, output="score")
    want = np.array([0.25, 0.36, 0.64]) / 1.25
    # The indices of 60 units with independent errors are averaged.
    assert_allclose(study.first_order.mean(axis=1), want, atol=0.04)
    assert_allclose(study.total_order.mean(axis=1), want, atol=0.04)
    assert_allclose(study.indices.variance.mean(), 1.25, rtol=0.05)


def test_what_indicators_of_a_unit_share_is_a_factor_of_its_own():
    # With b = 0.5 the shared part has the variance 0.5 (sum w_j sd_j)^2 = 0.5 * 1.9^2.
    errors = MeasurementError(SDS, by_indicator=True, within_unit=0.5)
    study = sobol(linear(60), [errors], n_samples=128, rng=2, output="score")
    parts = np.array([0.125, 0.18, 0.32, 0.5 * 1.9**2])
    assert_allclose(study.first_order.mean(axis=1), parts / parts.sum(), atol=0.04)


def test_shapley_effects_of_a_linear_index_are_the_same_shares():
    errors = MeasurementError(SDS, by_indicator=True)
    study = shapley(linear(40), [errors], n_permutations=60, rng=1, output="score")
    assert_allclose(study.effects.mean(axis=1), np.array([0.25, 0.36, 0.64]) / 1.25, atol=0.05)


def test_groups_join_the_factors_of_errors():
    errors = MeasurementError(SDS, by_indicator=True)
    study = sobol(
        linear(5), [errors, WeightNoise(0.1)], n_samples=8, rng=1, groups="inputs", output="score"
    )
    assert study.factors == ("MeasurementError", "WeightNoise")


def test_two_threads_draw_the_same_bits_as_one():
    assessment = linear(4096)  # two blocks of 64 draws
    errors = MeasurementError({"a": 1.0}, by_indicator=True, within_indicator=0.2, within_unit=0.2)
    found = []
    for n_threads in (1, 2):
        with ThreadPoolExecutor(n_threads) as pool:
            found.append(sobol(assessment, [errors], n_samples=128, rng=3, executor=pool))
    assert_array_equal(found[0].first_order, found[1].first_order)
    assert_array_equal(found[0].total_order, found[1].total_order)
    assert_array_equal(found[0].indices.variance, found[1].indices.variance)


def test_errors_stay_within_the_scale_by_indicator_too():
    bounded = INDEX.replace("a", Indicator("a", weight=0.5, scale=(0, 14)))
    assessment = linear(4, bounded)
    errors = MeasurementError({"a": 100.0}, by_indicator=True)
    found = drawn(errors, assessment, uniforms_of(errors, assessment, 20))
    values = (found + assessment.observations.values)[:, :, 0]
    assert values.min() == 0
    assert values.max() == 14


# -- parameters ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("parameters", "fault"),
    [
        ({"margin": 0}, "margin must be a number above 0 and below 1, got 0"),
        ({"margin": 1.0}, "margin must be a number above 0 and below 1, got 1.0"),
        ({"margin": "90 %"}, "margin must be .*'90 %'"),
        ({"within_indicator": -0.1}, "within_indicator must be a number from 0 to 1, got -0.1"),
        ({"within_unit": 1.5}, "within_unit must be a number from 0 to 1, got 1.5"),
        ({"within_unit": None}, "within_unit must be .*None"),
        (
            {"within_unit": 0.6, "within_indicator": 0.5},
            "the sum of within_indicator and within_unit must not exceed 1, got 0.5 and 0.6",
        ),
        ({"by_indicator": "yes"}, "by_indicator must be True or False, got 'yes'"),
    ],
)
def test_parameters_out_of_range_are_refused(parameters, fault):
    with pytest.raises(MethodError, match=rf"(?s)invalid parameters of MeasurementError.*{fault}"):
        MeasurementError(0.1, **parameters)


def test_all_faults_of_parameters_are_listed():
    with pytest.raises(MethodError, match="invalid parameters") as caught:
        MeasurementError(0.1, margin=2, within_indicator=2, within_unit=2, by_indicator=1)
    assert len(caught.value.faults) == 4


def test_factors_by_indicator_need_an_error():
    with pytest.raises(MethodError, match="does not change any value: all standard deviations"):
        MeasurementError({"a": 0.0}, by_indicator=True).factors(linear(2))
    assert_allclose(evaluate(linear(2), [MeasurementError(0.0)], [[0.5]])[0], linear(2).array("T"))
