import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.testing import assert_allclose, assert_array_equal
from tests.normalisation.tables import Table, few, tables

from dli import Assessment, Index, Indicator, Method
from dli.errors import MethodError
from dli.normalisation import FittedOn, Logistic, ZScore
from dli.normalisation.protocol import traits_of

MORE, LESS = [Indicator("a")], [Indicator("a", direction=-1)]


# The logistic function at 0, 1 and 2: 0.5, 0.7311 and 0.8808.
def test_the_curve_by_hand():
    values = np.array([[50.0], [60.0], [70.0], [40.0], [np.nan]])
    fixed = Logistic(midpoint=50, steepness=0.1)
    found = fixed.normalise(values, MORE).ravel()
    assert_allclose(found, [50, 73.10586, 88.07971, 26.89414, np.nan], rtol=1e-7)
    assert_allclose(fixed.normalise(values, LESS).ravel(), 100 - found)


@few
@given(table=tables())
def test_by_default_it_is_the_curve_of_z_scores(table: Table):
    values, indicators = table
    z = ZScore().normalise(values, indicators)
    found = Logistic(1, 7).normalise(values, indicators)
    assert_allclose(found, 1 + 6 / (1 + np.exp(-z)), rtol=1e-13)


@few
@given(table=tables(), midpoint=st.floats(-20, 20), steepness=st.floats(0.01, 2))
def test_one_parameter_may_be_given_alone(table: Table, midpoint, steepness):
    values, indicators = table
    signs = np.array([one.direction for one in indicators])
    mean, sd = np.nanmean(values, axis=0), np.nanstd(values, axis=0, ddof=1)
    shallow = Logistic(0, 1, steepness=steepness).normalise(values, indicators)
    assert_allclose(shallow, 1 / (1 + np.exp(-signs * steepness * (values - mean))), rtol=1e-11)
    moved = Logistic(0, 1, midpoint=midpoint).normalise(values, indicators)
    assert_allclose(moved, 1 / (1 + np.exp(-signs * (values - midpoint) / sd)), rtol=1e-11)


@pytest.mark.parametrize("size", [1e-300, 1e300, 2.0**60])
def test_values_of_any_size_have_the_same_scores(size):
    values = np.array([[1.0], [2.0], [4.0], [9.0]])
    for given_, scaled in (
        ({}, {}),
        ({"midpoint": 3.0}, {"midpoint": 3.0 * size}),
        ({"steepness": 0.5}, {"steepness": 0.5 / size}),
        ({"midpoint": 3.0, "steepness": 0.5}, {"midpoint": 3.0 * size, "steepness": 0.5 / size}),
    ):
        expected = Logistic(**given_).normalise(values, MORE)
        assert_allclose(Logistic(**scaled).normalise(size * values, MORE), expected, rtol=1e-12)


def test_values_very_far_from_the_midpoint_reach_the_ends():
    fixed = Logistic(midpoint=0, steepness=1e10)
    found = fixed.normalise([[-1e300], [0.0], [1e300]], MORE).ravel()
    assert found.tolist() == [0, 50, 100]


def test_given_parameters_need_no_data_that_differ():
    fixed = Logistic(midpoint=3, steepness=1)
    assert fixed.normalise([[3.0], [3.0]], MORE).ravel().tolist() == [50, 50]
    with pytest.raises(MethodError, match="'a': all its values are 3"):
        Logistic(midpoint=3).normalise([[3.0], [3.0]], MORE)
    with pytest.raises(MethodError, match="'a': it has no value at all"):
        Logistic(steepness=3).normalise([[np.nan], [np.nan]], MORE)


def test_all_faults_of_parameters_are_named():
    with pytest.raises(MethodError, match="invalid parameters of Logistic") as caught:
        Logistic(3, 1, midpoint=np.nan, steepness=0)
    low, midpoint, steepness = caught.value.faults
    assert low == "low must be below high and both finite, got 3 and 1"
    assert midpoint.startswith("midpoint must be")
    assert midpoint.endswith("got nan")
    assert steepness.startswith("steepness must be")
    assert steepness.endswith("got 0")


def test_a_base_period_keeps_its_curve():
    index = Index("T", [Indicator("a")])
    data = {"unit": list("XYZXYZ"), "year": [1, 1, 1, 2, 2, 2], "a": [1.0, 2, 3, 2, 3, 9]}
    method = Method(normalisation=FittedOn(Logistic(), periods=[1]))
    assert Method.from_dict(method.to_dict()) == method
    found = Assessment(index, data, period="year", method=method).array("T")
    assert_allclose(found, 100 / (1 + np.exp(-(np.array(data["a"]) - 2))), rtol=1e-12)


def test_an_indicator_may_have_a_curve_of_its_own():
    index = Index("T", [Indicator("a"), Indicator("b")])
    choices = {"T": Logistic(), "b": Logistic(midpoint=50, steepness=0.1)}
    method = Method(normalisation=choices)
    assert Method.from_dict(method.to_dict()) == method
    data = {"unit": list("XY"), "a": [1.0, 3.0], "b": [50.0, 60.0]}
    found = Assessment(index, data, method=method)
    assert_allclose(found.array("b"), [50, 73.10586], rtol=1e-7)


def test_it_tells_its_ends_and_its_parameters():
    assert traits_of(Logistic(1, 7)).ends == (1, 7)
    assert "$100 / (1 + e^{-k (x - x_0)})$" in Logistic().describe()
    assert "being the mean and the steepness $k$ being one over" in Logistic().describe()
    told = Logistic(1, 7, midpoint=50, steepness=0.1).describe()
    assert "$1 + 6 / (1" in told
    assert "being $50$ and the steepness $k$ being $0.1$" in told


@few
@given(table=tables())
def test_scores_stay_within_the_ends(table: Table):
    values, indicators = table
    found = Logistic().normalise(values, indicators)
    known = ~np.isnan(values)
    assert ((found > 0) & (found < 100))[known].all()
    assert_array_equal(np.isnan(found), ~known)
