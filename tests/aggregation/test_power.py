import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.testing import assert_allclose, assert_array_equal
from tests.aggregation.cases import Case, few, weighted

from dli.aggregation import (
    ArithmeticMean,
    GeometricMean,
    HarmonicMean,
    Minimum,
    PowerMean,
    power_mean,
    power_mean_directional,
    power_mean_gradient,
)
from dli.errors import MethodError

ORDERS = [-np.inf, -500, -3.5, -1, -1e-9, 0, 1e-9, 0.005, 0.5, 1, 2, 3.7, 500, np.inf]
every_order = pytest.mark.parametrize("p", ORDERS)
MEANS = [ArithmeticMean(), GeometricMean(), HarmonicMean(), Minimum(), PowerMean(2.0)]
every_mean = pytest.mark.parametrize("mean", MEANS, ids=repr)
HALF = np.array([0.5, 0.5])


def test_means_by_hand():
    values = np.array([[20.0, 80.0]])
    found = [float(mean.aggregate(values, HALF)[0]) for mean in MEANS]
    assert_allclose(found, [50, 40, 32, 20, np.sqrt(3400)], rtol=1e-14)


# UNDP, Human Development Report 2023/2024, table 1: Norway has 83.393 years of life, 18.638 (counted
# as 18) and 13.062 of 15 years of schooling, an income of 69,190 dollars, and the index 0.966.
def test_means_give_the_published_human_development_index_of_norway():
    life = (83.393 - 20) / (85 - 20)
    schooling = float(ArithmeticMean().aggregate(np.array([[1.0, 13.06234279 / 15]]), HALF)[0])
    income = np.log(69189.76165 / 100) / np.log(75000 / 100)
    index = GeometricMean().aggregate(np.array([[life, schooling, income]]), np.full(3, 1 / 3))
    assert index.round(3).tolist() == [0.966]


def test_weights_of_missing_children_are_shared_among_the_rest_by_hand():
    values = np.array([[1.0, np.nan, 4.0], [np.nan, np.nan, np.nan], [1.0, 2.0, 4.0]])
    weights = np.array([0.2, 0.6, 0.2])
    assert_allclose(ArithmeticMean().aggregate(values, weights), [2.5, np.nan, 2.2], rtol=1e-15)
    assert_allclose(GeometricMean().aggregate(values, weights)[:2], [2.0, np.nan], rtol=1e-15)
    assert_allclose(HarmonicMean().aggregate(values, weights)[:2], [1.6, np.nan], rtol=1e-15)
    assert_array_equal(Minimum().aggregate(values, weights), [1.0, np.nan, 1.0])


@every_order
@few
@given(case=weighted(missing=True))
def test_missing_children_are_as_if_they_were_not(p, case: Case):
    values, weights = case
    result = power_mean(values, weights, p)
    for row, score in zip(values, result, strict=True):
        there = ~np.isnan(row)
        if (weights[there] > 0).any():
            assert_allclose(score, power_mean(row[there][np.newaxis], weights[there], p)[0])
        else:
            assert np.isnan(score)


@every_order
@few
@given(case=weighted())
def test_a_mean_lies_between_the_least_and_the_greatest(p, case: Case):
    values, weights = case
    counted = values[:, weights > 0]
    result = power_mean(values, weights, p)
    assert (result >= counted.min(axis=1) * (1 - 1e-12)).all()
    assert (result <= counted.max(axis=1) * (1 + 1e-12)).all()


@few
@given(case=weighted())
def test_means_rise_with_their_order(case: Case):
    values, weights = case
    results = np.array([power_mean(values, weights, p) for p in ORDERS])
    assert (np.diff(results, axis=0) >= -1e-9).all()


@every_order
@few
@given(case=weighted(missing=True), factor=st.floats(0.01, 100))
def test_means_are_homogeneous(p, case: Case, factor):
    values, weights = case
    result = power_mean(factor * values, weights, p)
    assert_allclose(result, factor * power_mean(values, weights, p), rtol=1e-11)


@every_order
@few
@given(case=weighted(missing=True))
def test_order_and_scale_of_the_weights_make_no_difference(p, case: Case):
    values, weights = case
    result = power_mean(values[:, ::-1], 7 * weights[::-1], p)
    assert_allclose(result, power_mean(values, weights, p), rtol=1e-12)


@every_order
@few
@given(case=weighted(missing=True))
def test_weights_by_unit_and_samples_are_taken_row_by_row(p, case: Case):
    values, weights = case
    expected = power_mean(values, weights, p)
    by_unit = np.tile(weights, (len(values), 1))
    assert_allclose(power_mean(values, by_unit, p), expected, rtol=1e-13)
    samples = np.stack([values, values[::-1]])
    assert_allclose(power_mean(samples, weights, p), [expected, expected[::-1]], rtol=1e-13)


@every_order
@few
@given(case=weighted(zeros=False))
def test_improving_a_child_never_lowers_the_score(p, case: Case):
    values, weights = case
    better = values.copy()
    better[:, 0] += 1
    assert (power_mean(better, weights, p) >= power_mean(values, weights, p) - 1e-12).all()


@pytest.mark.parametrize("p", [0.005, 0.5, 2, 500])
def test_zeros_under_a_positive_order(p):
    result = power_mean([[0.0, 4.0], [0.0, 0.0]], HALF, p)
    assert_allclose(result, [4 * 0.5 ** (1 / p), 0], rtol=1e-12)


@pytest.mark.parametrize("p", [-500.0, 500.0])
def test_high_orders_leave_the_range_of_numbers_neither_up_nor_down(p):
    values = np.array([[1e-9, 1e-3, 1e9], [1e-9, 1e-3, 1e-15]])
    weights = np.array([0.5, 0.5, 0.0])
    expected = 1e-3 if p > 0 else 1e-9
    assert_allclose(power_mean(values, weights, p), expected * 0.5 ** (1 / p), rtol=1e-12)


def test_orders_near_zero_keep_their_digits():
    values = np.array([[2.0, 8.0]])
    # To second order: the logarithm of the mean is mean(log x) + p var(log x) / 2.
    expected = 4 * np.exp(1e-7 * np.log(2) ** 2 / 2)
    assert_allclose(power_mean(values, HALF, 1e-7), expected, rtol=1e-14)


def test_minimum_ignores_children_without_weight():
    values = np.array([[1.0, 5.0, 3.0]])
    assert Minimum().aggregate(values, np.array([0.0, 0.5, 0.5])).tolist() == [3.0]
    assert PowerMean(np.inf).aggregate(values, np.array([0.5, 0.0, 0.5])).tolist() == [3.0]


@pytest.mark.parametrize("p", [-3.5, -1, -1e-9, 0, 0.005, 0.5, 1, 2, 3.7])
@few
@given(case=weighted(missing=True))
def test_gradients_are_central_differences(p, case: Case):
    values, weights = case
    gradient = power_mean_gradient(values, weights, p)
    assert (gradient[np.isnan(values)] == 0).all()
    for j in range(values.shape[1]):
        step = np.zeros(values.shape[1])
        step[j] = 1e-5
        ahead, behind = (power_mean(values + s, weights, p) for s in (step, -step))
        expected = np.where(np.isnan(values[:, j]), 0.0, (ahead - behind) / 2e-5)
        known = ~np.isnan(expected)
        assert_allclose(gradient[known, j], expected[known], rtol=1e-5, atol=1e-6)


@every_order
@few
@given(case=weighted(missing=True))
def test_children_times_their_gradients_sum_to_the_score(p, case: Case):
    values, weights = case
    result = power_mean(values, weights, p)
    total = np.nansum(values * power_mean_gradient(values, weights, p), axis=1)
    known = ~np.isnan(result)
    assert_allclose(total[known], result[known], rtol=1e-10)


def test_gradients_by_hand():
    values = np.array([[20.0, 80.0]])
    found = [mean.gradient(values, HALF)[0] for mean in MEANS]
    square = np.sqrt(3400)
    expected = [[0.5, 0.5], [1, 0.25], [1.28, 0.08], [1, 0], [10 / square, 40 / square]]
    assert_allclose(found, expected, rtol=1e-14)


def test_ties_at_the_minimum_share_its_gradient():
    values = np.array([[1.0, 1.0, 5.0, 1.0], [np.nan, 7.0, 5.0, 2.0]])
    weights = np.array([0.2, 0.3, 0.5, 0.0])
    expected = [[0.5, 0.5, 0, 0], [0, 0, 1, 0]]
    assert Minimum().gradient(values, weights).tolist() == expected


def test_an_infinite_gradient_is_given_as_zero():
    gradient = power_mean_gradient([[0.0, 4.0], [0.0, 0.0]], HALF, 0.5)
    assert_allclose(gradient, [[0, 0.25], [0, 0]], rtol=1e-14)
    assert (power_mean_gradient([[np.nan, np.nan]], HALF, 2) == 0).all()


@pytest.mark.parametrize(
    ("p", "limit", "faults"),
    [
        (0, "above zero", ("row 0, column 1: 0", "row 1, column 0: -2")),
        (-1, "above zero", ("row 0, column 1: 0", "row 1, column 0: -2")),
        (2, "of at least zero", ("row 1, column 0: -2",)),
    ],
)
def test_values_outside_the_domain_are_named(p, limit, faults):
    values = np.array([[1.0, 0.0], [-2.0, np.nan]])
    with pytest.raises(MethodError, match=f"of order {p} needs values {limit}") as caught:
        power_mean(values, HALF, p)
    assert caught.value.faults == faults


@pytest.mark.parametrize("p", [1, np.inf, -np.inf])
def test_some_orders_take_any_value(p):
    expected = {1: -1.0, np.inf: 1.0, -np.inf: -3.0}[p]
    assert power_mean([[-3.0, 1.0]], HALF, p).tolist() == [expected]


@every_mean
def test_domains_tell_what_a_mean_takes(mean):
    expected = {
        "GeometricMean": "positive",
        "HarmonicMean": "positive",
        "PowerMean": "non-negative",
    }
    assert mean.traits.domain == expected.get(type(mean).__name__, "real")
    assert mean.traits.skips_missing


@pytest.mark.parametrize("p", ["2", None, True, np.nan])
def test_the_order_must_be_a_number(p):
    with pytest.raises(MethodError, match="p must be a number, got"):
        PowerMean(p)


def test_the_order_may_be_of_any_numeric_type():
    assert PowerMean(np.int64(2)) == PowerMean(2.0)
    assert type(PowerMean(np.int64(2)).p) is float


@pytest.mark.parametrize(
    "weights",
    [[0.5, -0.5], [0.0, 0.0], [np.nan, 1.0], [np.inf, 1.0], [[1.0, 0.0], [0.0, 0.0]]],
)
def test_weights_must_make_sense(weights):
    with pytest.raises(MethodError, match="weights must be finite, not negative and not all zero"):
        power_mean(np.ones((2, 2)), weights, 1)


@pytest.mark.parametrize(
    "weights", [1.0, [1.0], [[1.0], [1.0]], np.ones((3, 2)), np.ones((1, 2, 2))]
)
def test_weights_must_fit_the_values(weights):
    with pytest.raises(MethodError, match=r"weights must have the shape \(2,\) or \(2, 2\), got"):
        power_mean(np.ones((2, 2)), weights, 1)


@pytest.mark.parametrize("values", [1.0, [1.0, 2.0], np.ones((2, 0))])
def test_values_must_be_a_table(values):
    with pytest.raises(MethodError, match=r"values must have the shape \(..., n_units, n_children"):
        power_mean(values, HALF, 1)


@every_mean
def test_each_mean_describes_itself(mean):
    assert mean.describe().endswith(".")
    assert "$S = " in mean.describe()


def test_the_description_of_a_power_mean_tells_its_order():
    assert "$p = 2$" in PowerMean(2.0).describe()
    assert PowerMean(-np.inf).describe() == r"Power mean of order $-\infty$: $S = \min_k x_k$."
    assert PowerMean(np.inf).describe() == r"Power mean of order $\infty$: $S = \max_k x_k$."


@pytest.mark.parametrize("p", [0, -1, 2, 0.5, 0.005])
def test_a_value_without_weight_counts_nothing_whatever_it_is(p):
    kept = power_mean([[4.0, 9.0]], [0.5, 0.5], p)
    for stray in (0.0, -5.0, 1e300):
        assert_allclose(power_mean([[4.0, stray, 9.0]], [0.5, 0.0, 0.5], p), kept, rtol=1e-13)


@given(st.lists(st.floats(0.01, 1), min_size=1, max_size=6))
def test_the_mean_of_zeros_is_zero_for_tiny_orders(weights):
    values = np.zeros((2, len(weights)))
    assert power_mean(values, weights, 0.005).tolist() == [0.0, 0.0]


def test_derivatives_along_moves_at_zero():
    assert power_mean_directional([[0.0, 0.0]], HALF, [[3.0, 3.0]], 2).tolist() == [3.0]
    assert power_mean_directional([[0.0, 4.0]], HALF, [[1.0, 0.0]], 0.5).tolist() == [np.inf]
    assert power_mean_directional([[0.0, 4.0]], HALF, [[0.0, 1.0]], 0.5) > 0
    assert power_mean_directional([[np.nan, np.nan]], HALF, [[1.0, 1.0]], -np.inf).tolist() == [0.0]


@pytest.mark.parametrize(("p", "up", "down"), [(-np.inf, 0.0, -1.0), (np.inf, 1.0, 0.0)])
def test_extremes_follow_the_child_that_comes_to_rule(p, up, down):
    tied = [[20.0, 20.0 * (1 + 1e-14), 60.0 if p < 0 else 1.0]]
    third = [1 / 3] * 3
    assert power_mean_directional(tied, third, [[1.0, 0.0, 0.0]], p).tolist() == [up]
    assert power_mean_directional(tied, third, [[-1.0, 0.0, 0.0]], p).tolist() == [down]
    assert power_mean_gradient(tied, third, p)[0, :2].tolist() == [0.5, 0.5]
