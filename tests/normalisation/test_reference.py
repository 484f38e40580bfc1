import numpy as np
import pytest
from hypothesis import given
from numpy.testing import assert_allclose, assert_array_equal
from tests.normalisation.tables import Table, few, tables

from dli import Indicator
from dli.errors import MethodError, UnknownCodeError
from dli.normalisation import DistanceToReference, DistanceToTarget, FractionOfMax

MORE, LESS = Indicator("more"), Indicator("less", direction=-1)


def test_fractions_of_the_best_by_hand():
    values = np.array([[-1.0, 2.0], [4.0, 8.0], [np.nan, np.nan]])
    expected = [[-0.25, 1.0], [1.0, 0.25], [np.nan, np.nan]]
    assert_array_equal(FractionOfMax().normalise(values, [MORE, LESS]), expected)


@few
@given(table=tables())
def test_the_best_has_the_whole_fraction(table: Table):
    values, indicators = table
    result = FractionOfMax().normalise(values, indicators)
    assert_allclose(np.nanmax(result, axis=0), 1, rtol=1e-15)
    assert (result[~np.isnan(result)] > 0).all()


def test_a_best_value_of_at_most_zero_has_no_fractions():
    values = np.array([[-1.0, 0.0, np.nan, 1.0], [0.0, 3.0, np.nan, 2.0]])
    indicators = [Indicator("a"), Indicator("b", direction=-1), Indicator("c"), Indicator("d")]
    with pytest.raises(MethodError, match="best value above zero") as caught:
        FractionOfMax().normalise(values, indicators)
    assert caught.value.faults == ("'a'", "'b'", "'c'")


def test_fitted_fractions_refuse_values_at_most_zero_where_less_is_better():
    fitted = FractionOfMax().fit(np.array([[1.0, 1.0], [2.0, 2.0]]), [MORE, LESS])
    with pytest.raises(MethodError, match=r"above zero where less is better.*\n  - 'less'$"):
        fitted.normalise(np.array([[0.0, 0.0]]), [MORE, LESS])


# By hand: worst 2 (more) and 10 (less), reference 6 in both.
def test_distance_to_a_reference_by_hand():
    values = np.array([[2.0, 2.0], [6.0, 6.0], [10.0, 10.0], [np.nan, 8.0]])
    expected = [[0, 2], [1, 1], [2, 0], [np.nan, 0.5]]
    assert_array_equal(DistanceToReference(1).normalise(values, [MORE, LESS]), expected)
    capped = DistanceToReference(1, cap=True).normalise(values, [MORE, LESS])
    assert_array_equal(capped, np.minimum(expected, 1))


@few
@given(table=tables())
def test_the_reference_unit_is_one_throughout(table: Table):
    values, indicators = table
    values[2] = 5.0
    assert (DistanceToReference(2).normalise(values, indicators)[2] == 1).all()


def test_a_reference_unit_is_found_by_name():
    found = DistanceToReference("B", cap=True).for_rows(["A", "B", "C"])
    assert found == DistanceToReference(1, cap=True)


def test_an_unknown_reference_unit_gets_a_hint():
    with pytest.raises(UnknownCodeError, match="no unit 'AUSS'; did you mean 'AUS'"):
        DistanceToReference("AUSS").for_rows(["AUS", "AUT"])


def test_a_reference_unit_in_several_periods_is_ambiguous():
    with pytest.raises(MethodError, match="must have one row, 'A' has 2"):
        DistanceToReference("A").for_rows(["A", "B", "A"])
    with pytest.raises(MethodError, match=r"has 2 \(periods 1, 2\): FittedOn picks"):
        DistanceToReference("A").for_rows(["A", "B", "A"], [1, 1, 2])


@pytest.mark.parametrize("row", ["A", -1, 2, True, 0.0])
def test_a_row_must_be_there(row):
    with pytest.raises(MethodError, match="must be a row from 0 to 1, got"):
        DistanceToReference(row).normalise(np.array([[1.0], [2.0]]), [MORE])


def test_a_reference_that_is_worst_or_missing_is_named():
    values = np.array([[1.0, np.nan, 3.0, 9.0], [4.0, 2.0, 1.0, 1.0]])
    indicators = [Indicator("a"), Indicator("b"), Indicator("c"), Indicator("d", direction=-1)]
    with pytest.raises(MethodError, match=r"reference unit \(row 0\) must have a value") as caught:
        DistanceToReference(0).normalise(values, indicators)
    assert caught.value.faults == ("'a'", "'b'", "'d'")


# By hand: worst 2 (more) and 10 (less).
def test_distance_to_target_by_hand():
    indicators = [Indicator("a", target=6), Indicator("b", direction=-1, target=4)]
    values = np.array([[2.0, 2.0], [4.0, 7.0], [10.0, 10.0], [np.nan, 4.0]])
    expected = np.array([[0, 4 / 3], [0.5, 0.5], [2, 0], [np.nan, 1]])
    assert_allclose(DistanceToTarget().normalise(values, indicators), expected, rtol=1e-15)
    capped = DistanceToTarget(cap=True).normalise(values, indicators)
    assert_allclose(capped, np.minimum(expected, 1), rtol=1e-15)


def test_targets_are_needed_of_every_indicator():
    with pytest.raises(MethodError, match="it is missing for") as caught:
        DistanceToTarget().normalise(np.ones((2, 2)), [MORE, Indicator("a", target=1)])
    assert caught.value.faults == ("'more'",)


def test_a_target_no_better_than_the_worst_is_refused():
    indicators = [
        Indicator("same", target=1),
        Indicator("below", target=0),
        Indicator("less", direction=-1, target=5),
        Indicator("fine", target=5),
    ]
    values = np.array([[1.0, 1.0, 1.0, 1.0], [2.0, 2.0, 2.0, 2.0]])
    with pytest.raises(MethodError, match="target must be better than the worst") as caught:
        DistanceToTarget().normalise(values, indicators)
    assert caught.value.faults == ("'same'", "'below'", "'less'")


def test_descriptions_tell_the_cap():
    assert "counts as 1" in DistanceToTarget(cap=True).describe()
    assert "counts as 1" not in DistanceToTarget().describe()
    assert "unit AAA." in DistanceToReference("AAA").describe()
