import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from numpy.testing import assert_allclose, assert_array_equal

from dli.errors import MethodError
from dli.treatment import (
    BoxCox,
    Log,
    LogPlus,
    Traits,
    box_cox_transform,
    log_plus_transform,
    log_transform,
)
from dli.treatment.protocol import traits_of

few = settings(max_examples=20, deadline=None)
TRANSFORMS = [Log(), LogPlus(), BoxCox(), BoxCox(0.5), BoxCox(-1)]
every = pytest.mark.parametrize("scheme", TRANSFORMS, ids=repr)
tables = arrays(np.float64, (7, 2), elements=st.integers(-20, 20).map(float)).map(
    lambda x: np.vstack([x, [-21, -30], [25, 21], [np.nan, 0]])
)


def test_logarithms_by_hand():
    x = np.array([[10.0], [20.0], [110.0], [np.nan]])
    assert_allclose(log_transform(x), np.log([[1.0], [11.0], [101.0], [np.nan]]), rtol=1e-14)


def test_logarithms_are_mirrored_for_negative_skewness_by_hand():
    x = np.array([[10.0, 10.0], [100.0, 20.0], [110.0, 110.0]])
    expected = [[-101.0, 1.0], [-11.0, 11.0], [-1.0, 101.0]]
    result = np.log(np.abs(expected)) * np.sign(expected)
    assert_allclose(log_plus_transform(x), result, rtol=1e-14)


def test_two_values_without_skewness_are_not_mirrored():
    assert_allclose(log_plus_transform([[0.0], [100.0]]), np.log([[1.0], [101.0]]), rtol=1e-14)


def test_powers_by_hand():
    x = np.array([[3.0], [6.0], [11.0], [np.nan]])
    assert_allclose(box_cox_transform(x, 0.5).ravel(), [0, 2, 4, np.nan], rtol=1e-14)
    assert_allclose(box_cox_transform(x, 2).ravel(), [0, 7.5, 40, np.nan], rtol=1e-14)
    assert_allclose(box_cox_transform(x, 0).ravel(), np.log([1, 4, 9, np.nan]), rtol=1e-14)


@every
@few
@given(x=tables)
def test_the_order_stays_and_missing_stays_missing(scheme, x):
    result = scheme.treat(x)
    assert_array_equal(np.isnan(result), np.isnan(x))
    for before, after in zip(x.T, result.T, strict=True):
        order = np.argsort(before[~np.isnan(before)])
        sorted_after = after[~np.isnan(before)][order]
        assert (np.diff(sorted_after) >= 0).all()
        assert sorted_after[-1] > sorted_after[0]


@pytest.mark.parametrize("scheme", [Log(), LogPlus()], ids=repr)
@few
@given(x=tables)
def test_the_unit_of_measure_shifts_logarithms_alone(scheme, x):
    shift = scheme.treat(1000 * x + 7) - scheme.treat(x)
    assert_allclose(np.abs(shift[~np.isnan(shift)]), np.log(1000), rtol=1e-9)


@every
def test_the_record_names_every_value(scheme):
    x = np.array([[1.0, 5.0], [np.nan, 7.0], [3.0, 6.0], [9.0, 5.0], [4.0, 9.0]])
    treated, record = scheme.treat_with_record(x)
    assert_array_equal(treated, scheme.treat(x))
    name = type(scheme).__name__
    assert [column.step for column in record.columns] == [name, name]
    assert len(record.points) == 9
    first = record.points[0]
    assert (first.row, first.column, first.step, first.before) == (0, 0, name, 1.0)
    assert first.after == treated[0, 0]


@every
def test_columns_that_do_not_differ_are_named(scheme):
    x = np.array([[1.0, 3.0, np.nan], [2.0, 3.0, np.nan]])
    with pytest.raises(MethodError, match="columns whose values differ") as caught:
        scheme.treat(x)
    assert caught.value.faults == ("column 1: all values are 3", "column 2: no value")


@every
@pytest.mark.parametrize("values", [1.0, [1.0, 2.0], np.ones((0, 2))])
def test_values_must_be_a_table(scheme, values):
    with pytest.raises(MethodError, match=r"must have the shape \(n_units, n_indicators\) with"):
        scheme.treat(values)


@every
def test_infinite_values_are_named(scheme):
    with pytest.raises(MethodError, match=r"must be finite numbers:\n  - row 1, column 0: inf$"):
        scheme.treat([[1.0], [np.inf]])


@pytest.mark.parametrize("power", [np.nan, np.inf, "1", True])
def test_the_power_is_a_finite_number(power):
    with pytest.raises(MethodError, match="power must be a number, got"):
        BoxCox(power)


@every
def test_each_declares_that_it_keeps_the_order(scheme):
    assert traits_of(scheme) == scheme.traits == Traits(keeps_order=True, draws=True)


def test_points_and_columns_that_stay_as_they_are_are_not_in_the_record():
    x = np.array([[0.0, 1.0], [2.0, 2.0], [3.0, np.nan]])
    treated, record = BoxCox(1).treat_with_record(x)
    assert_array_equal(treated, [[0, 0], [2, 1], [3, np.nan]])
    assert [column.step for column in record.columns] == ["", "BoxCox"]
    assert [(point.row, point.column) for point in record.points] == [(0, 1), (1, 1)]


@every
def test_each_describes_itself(scheme):
    assert scheme.describe().endswith(".")
    assert scheme.describe().count("$") % 2 == 0


def test_the_description_of_a_power_tells_it():
    assert r"\lambda = 0.5$" in BoxCox(0.5).describe()
    assert "x_{min} + 1)$." in BoxCox(0).describe()


def test_a_symmetric_column_is_mirrored_as_one_of_negative_skewness():
    x = np.array([[0.0], [50.0], [100.0]])
    assert_allclose(log_plus_transform(x), -np.log([[101.0], [51.0], [1.0]]), rtol=1e-14)


def test_a_column_of_slight_positive_skewness_is_not_mirrored():
    x = np.array([[0.0], [45.0], [50.0], [100.0], [140.0]])
    assert_allclose(log_plus_transform(x), log_transform(x), rtol=1e-14)


def test_the_direction_for_a_symmetric_column_does_not_depend_on_its_memory():
    column = np.array([3.3, 0.1, 1.7, 6.5, 4.9])  # symmetric around 3.3
    values = np.stack([column, column**2, column**3], axis=1)
    assert_array_equal(
        LogPlus().treat(np.ascontiguousarray(values)), LogPlus().treat(np.asfortranarray(values))
    )
