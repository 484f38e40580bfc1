"""Trends and growth rates of series on plain arrays."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from numpy.testing import assert_allclose
from scipy import stats

from dli.change.arrays import trends
from dli.errors import MethodError

YEARS = [2010, 2012, 2013, 2016, 2020]

series = hnp.arrays(
    np.float64, (4, 5), elements=st.integers(-1000, 1000).map(float) | st.just(np.nan)
)


def test_the_slope_and_its_p_value_worked_by_hand():
    # Through (0, 1), (1, 3), (2, 2), (3, 4): Sxy = 4, Sxx = 5, the squares left 1.8.
    found = trends([1, 3, 2, 4], [0, 1, 2, 3])
    assert float(found.slope) == pytest.approx(0.8)
    t = 0.8 / np.sqrt(1.8 / 2 / 5)
    assert float(found.p_value) == pytest.approx(2 * stats.t.sf(t, 2))
    # The line begins at 2.5 - 1.5 * 0.8 = 1.3.
    assert float(found.relative_slope) == pytest.approx(0.8 / 1.3)
    assert float(found.growth) == pytest.approx(4 ** (1 / 3) - 1)


@given(values=series)
def test_lines_are_those_of_scipy(values):
    found = trends(values, YEARS)
    for row, y in enumerate(values):
        there = ~np.isnan(y)
        assert found.n_values[row] == there.sum()
        if there.sum() < 2 or np.ptp(y[there]) == 0:
            continue
        line = stats.linregress(np.array(YEARS)[there], y[there])
        assert_allclose(found.slope[row], line.slope, rtol=1e-9, atol=1e-9)
        if there.sum() > 2:
            assert_allclose(found.p_value[row], line.pvalue, rtol=1e-6, atol=1e-9)
        else:
            assert np.isnan(found.p_value[row])


@given(values=series, order=st.permutations(range(5)))
def test_the_order_of_times_does_not_matter(values, order):
    one, other = trends(values, YEARS), trends(values[:, order], np.array(YEARS)[order])
    for name in ("slope", "p_value", "relative_slope", "growth", "latest", "latest_time", "first"):
        assert_allclose(getattr(one, name), getattr(other, name))


@given(values=series, factor=st.sampled_from([1e-250, 1e-3, 7.0, 1e250]))
def test_rates_do_not_depend_on_the_unit_of_measurement(values, factor):
    one, other = trends(values, YEARS), trends(values * factor, YEARS)
    assert_allclose(one.slope, other.slope / factor, rtol=1e-9, atol=1e-9)
    for name in ("growth", "relative_slope", "p_value"):
        assert_allclose(getattr(one, name), getattr(other, name), rtol=1e-6, atol=1e-9)


@given(start=st.floats(0.1, 1000), rate=st.floats(-0.5, 1))
def test_compound_growth_is_found_again(start, rate):
    times = np.array([2000, 2001, 2005])
    found = trends(start * (1 + rate) ** (times - 2000), times)
    assert_allclose(found.growth, rate, rtol=1e-9, atol=1e-12)


def test_the_latest_value_comes_with_its_time():
    found = trends([[1.0, np.nan, 3.0, np.nan], [np.nan] * 4], [2001, 2002, 2003, 2004])
    assert (found.first[0], found.first_time[0]) == (1, 2001)
    assert (found.latest[0], found.latest_time[0]) == (3, 2003)
    for name in ("first", "first_time", "latest", "latest_time", "slope", "growth"):
        assert np.isnan(getattr(found, name)[1])


def test_equal_values_have_no_trend_and_no_growth():
    found = trends([[0.1 + 0.2, 0.3, 0.3], [0.0, 0.0, 0.0], [-2.0, -2.0, -2.0]], [1, 2, 3])
    assert found.slope.tolist() == [0, 0, 0]
    assert found.p_value.tolist() == [1, 1, 1]
    assert found.relative_slope.tolist() == [0, 0, 0]
    assert_allclose(found.growth, 0, atol=1e-15)


def test_a_perfect_line_is_certain():
    assert float(trends([0, 2, 4], [0, 1, 2]).p_value) == 0
    assert float(trends([3, 2, 1], [1, 2, 3]).p_value) < 1e-15


def test_there_is_no_rate_from_or_below_zero():
    found = trends([[0.0, 1, 2], [-1, 1, 2], [1, 2, -1], [-2, -1, -1], [4, 3, 0]], [1, 2, 3])
    assert np.isnan(found.growth[:4]).all()
    assert found.growth[4] == -1
    assert np.isnan(found.relative_slope[[0, 1, 3]]).all()
    assert_allclose(found.relative_slope[2], -1 / (2 / 3 + 1))


def test_a_line_that_begins_in_zero_but_for_rounding_has_no_rate():
    years = np.array([1983.0, 1986, 1997, 2034])
    found = trends(0.1 * (years - 1983), years)
    assert np.isnan(found.relative_slope)
    assert float(found.slope) == pytest.approx(0.1)


def test_one_value_is_no_growth():
    found = trends([5.0, np.nan], [1, 2])
    assert np.isnan([found.growth, found.slope, found.relative_slope, found.p_value]).all()


def test_any_shape_of_series():
    values = np.arange(24.0).reshape(2, 3, 4) + 1
    found = trends(values, [1, 2, 3, 4])
    assert found.slope.shape == (2, 3)
    assert_allclose(found.slope, 1)
    assert trends(5.0 * np.ones(1), [1]).n_values.shape == ()
    assert trends(np.ones((0, 3)), [1, 2, 3]).slope.shape == (0,)


@pytest.mark.parametrize(
    ("values", "times"), [([1, 2], [1]), (1, [1]), ([1, 2], [[1, 2]]), ([[]], [])]
)
def test_shapes_must_fit(values, times):
    with pytest.raises(MethodError, match=r"must have shape \(\.\.\., n_times\)"):
        trends(values, times)


def test_all_faults_are_listed():
    with pytest.raises(MethodError) as caught:
        trends([[1, np.inf, 3, 4]], [1, 1, np.nan, 2])
    assert caught.value.faults == (
        "time nan is not finite",
        "time 1 appears twice",
        "the value at (0, 1) is infinite",
    )


def test_values_must_be_numbers():
    with pytest.raises(MethodError, match="times must be numbers"):
        trends([1.0, 2.0], ["2020-Q1", "2020-Q2"])
