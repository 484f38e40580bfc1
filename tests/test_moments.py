import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from numpy.testing import assert_allclose, assert_array_equal
from scipy import stats

from dli.moments import kurtosis, skewness

few = settings(max_examples=30, deadline=None)
columns = arrays(np.float64, st.integers(4, 20), elements=st.integers(-50, 50).map(float)).map(
    lambda x: np.concatenate([x, [-60.0, 70.0]])
)


# By hand: deviations -2, -1, 0, 0, 3 of n = 5: squares sum to 14, cubes to 18, fourth powers to 98.
def test_moments_by_hand():
    x = np.array([1.0, 2.0, 3.0, 3.0, 6.0])
    g1 = np.sqrt(5) * 18 / 14**1.5
    assert_allclose(skewness(x), g1 * np.sqrt(20) / 3, rtol=1e-14)
    r = 5 * 98 / 14**2
    assert_allclose(kurtosis(x), 4 / (3 * 2) * (6 * (r - 3) + 6), rtol=1e-14)


@few
@given(x=columns)
def test_moments_are_those_of_scipy_without_bias(x):
    assert_allclose(skewness(x), stats.skew(x, bias=False), rtol=1e-9, atol=1e-12)
    assert_allclose(kurtosis(x), stats.kurtosis(x, bias=False), rtol=1e-9, atol=1e-9)


@few
@given(
    x=columns,
    factor=st.sampled_from([1e-200, 1e-120, 0.001, 1e120, 1e200]),
    shift=st.floats(-10, 10),
)
def test_unit_and_origin_make_no_difference_and_the_sign_turns_skewness_alone(x, factor, shift):
    assert_allclose(skewness(factor * (x + shift)), skewness(x), rtol=1e-7, atol=1e-9)
    assert_allclose(kurtosis(factor * (x + shift)), kurtosis(x), rtol=1e-7, atol=1e-9)
    assert_allclose(skewness(-x), -skewness(x), rtol=1e-12, atol=1e-14)
    assert_allclose(kurtosis(-x), kurtosis(x), rtol=1e-12, atol=1e-14)


def test_missing_values_are_left_out_and_columns_stand_alone():
    x = np.array([[1.0, 5.0], [2.0, np.nan], [4.0, 5.5], [9.0, 1.0], [np.nan, 2.0], [9.5, 2.0]])
    for moment in (skewness, kurtosis):
        expected = [moment(column[~np.isnan(column)]) for column in x.T]
        assert_allclose(moment(x), expected, rtol=1e-14)
        assert_allclose(moment(np.stack([x, -x])), [moment(x), moment(-x)], rtol=1e-14)


@pytest.mark.parametrize(
    "column", [[], [1.0], [1.0, 2.0], [0.1] * 9, [1e200 / 3] * 9, [np.nan] * 5]
)
def test_too_few_or_equal_values_have_no_moments(column):
    assert np.isnan(skewness(column))
    assert np.isnan(kurtosis(column))


def test_three_values_have_a_skewness_and_no_kurtosis():
    x = [1.0, 2.0, 4.0]
    assert_array_equal(np.isnan([skewness(x), kurtosis(x)]), [False, True])


def test_no_columns_have_no_moments():
    assert skewness(np.ones((3, 0))).shape == (0,)
