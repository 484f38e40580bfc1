import numpy as np
import pytest
from hypothesis import given
from numpy.testing import assert_allclose, assert_array_equal
from scipy.stats import rankdata
from tests.normalisation.tables import Table, few, tables

from dli import Indicator
from dli.errors import MethodError
from dli.normalisation import Borda, PercentileRank, Rank

VALUES = np.array([3.0, 1.0, 4.0, 1.0, 5.0, 9.0, 2.0, 6.0, 5.0, 3.0, 5.0, np.nan])[:, np.newaxis]
MORE, LESS = [Indicator("a")], [Indicator("a", direction=-1)]


def test_ranks_by_hand():
    expected = [4, 1, 6, 1, 7, 11, 3, 10, 7, 4, 7, np.nan]
    assert_array_equal(Rank().normalise(VALUES, MORE).ravel(), expected)
    average = [4.5, 1.5, 6, 1.5, 8, 11, 3, 10, 8, 4.5, 8, np.nan]
    assert_array_equal(Rank("average").normalise(VALUES, MORE).ravel(), average)


def test_ranks_where_less_is_better_by_hand():
    expected = [7, 10, 6, 10, 3, 1, 9, 2, 3, 7, 3, np.nan]
    assert_array_equal(Rank().normalise(VALUES, LESS).ravel(), expected)


def test_borda_counts_and_percentile_ranks_by_hand():
    expected = np.array([3, 0, 5, 0, 6, 10, 2, 9, 6, 3, 6, np.nan])
    assert_array_equal(Borda().normalise(VALUES, MORE).ravel(), expected)
    assert_allclose(PercentileRank().normalise(VALUES, MORE).ravel(), expected / 10, rtol=1e-15)


@pytest.mark.parametrize("ties", ["min", "average"])
@few
@given(table=tables())
def test_ranks_are_those_of_scipy(ties, table: Table):
    values, indicators = table
    signed = values * np.array([indicator.direction for indicator in indicators])
    expected = rankdata(signed, method=ties, axis=0, nan_policy="omit")
    assert_array_equal(Rank(ties).normalise(values, indicators), expected)


def test_a_constant_column_is_one_tie():
    values = np.full((3, 1), 7.0)
    assert Rank().normalise(values, MORE).ravel().tolist() == [1, 1, 1]
    assert Rank("average").normalise(values, MORE).ravel().tolist() == [2, 2, 2]
    assert PercentileRank().normalise(values, MORE).ravel().tolist() == [0, 0, 0]


@pytest.mark.parametrize("scheme", [Rank(), Borda(), PercentileRank()], ids=repr)
def test_a_column_without_values_is_refused(scheme):
    values = np.array([[1.0, np.nan], [2.0, np.nan]])
    indicators = [Indicator("a"), Indicator("b")]
    with pytest.raises(
        MethodError, match=r"needs a value for every indicator; it is missing for:\n  - 'b'$"
    ):
        scheme.normalise(values, indicators)


def test_one_value_alone_has_no_percentile():
    values = np.array([[1.0, 1.0], [2.0, np.nan]])
    indicators = [Indicator("a"), Indicator("b")]
    with pytest.raises(MethodError, match=r"there is only one for:\n  - 'b'$"):
        PercentileRank().normalise(values, indicators)


def test_unknown_ties_are_refused():
    with pytest.raises(MethodError, match="ties must be 'min' or 'average', got 'max'"):
        Rank("max")


def test_descriptions_tell_the_ties():
    assert "the lowest place" in Rank().describe()
    assert "the mean of their places" in Rank("average").describe()
