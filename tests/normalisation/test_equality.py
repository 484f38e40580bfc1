"""Which values tie in ranks: equal ones, or those that differ by rounding alone too."""

import numpy as np
import pytest
from attrs import evolve
from hypothesis import given
from hypothesis import strategies as st
from numpy.testing import assert_array_equal
from tests.normalisation.tables import Table, few, tables

from dli import Indicator
from dli.errors import MethodError
from dli.framework.choices import read_choice, write_choice
from dli.normalisation import Borda, NormalScores, PercentileRank, Rank, RankExponential
from dli.normalisation.order import levelled
from dli.ranking import level_ties, rank_scores

MORE, LESS = [Indicator("a")], [Indicator("a", direction=-1)]
EXACT = [
    Rank(),
    Rank("average"),
    Borda(),
    PercentileRank(),
    PercentileRank(method="exclusive"),
    PercentileRank(method="weak"),
    PercentileRank(method="mean"),
    RankExponential(),
    NormalScores(),
]
every = pytest.mark.parametrize("scheme", EXACT, ids=repr)
STEP = 0.8e-12


def _rounded(scheme):
    return evolve(scheme, equality="rounding")


@every
def test_rounding_decides_no_rank(scheme):
    values = np.array([[5.1], [5.1000000000000005], [2.0], [np.nan], [9.0]])
    whole = np.where(values > 5.1, np.where(values > 6, values, 5.1), values)
    for indicators in (MORE, LESS):
        found = _rounded(scheme).normalise(values, indicators)
        assert found[0] == found[1]
        assert_array_equal(found, scheme.normalise(whole, indicators))
        assert scheme.normalise(values, indicators)[0] != scheme.normalise(values, indicators)[1]


@every
@few
@given(table=tables())
def test_values_that_differ_in_earnest_have_the_same_ranks_by_both(scheme, table: Table):
    values, indicators = table
    exact = scheme.normalise(values, indicators)
    assert_array_equal(_rounded(scheme).normalise(values, indicators), exact)
    noise = np.random.default_rng(1).integers(-2, 3, values.shape)
    noisy = values * (1 + noise * np.finfo(float).eps)
    assert_array_equal(_rounded(scheme).normalise(noisy, indicators), exact)


@few
@given(
    steps=st.lists(st.integers(0, 4), min_size=2, max_size=9),
    direction=st.sampled_from([1, -1]),
)
def test_ranks_are_those_of_scores_and_no_chain_of_small_steps_joins_more(steps, direction):
    values = 1 - np.cumsum(steps) * (0.4 * STEP)
    # The places of the best come first: n - rank of scores - those that tie with it.
    ranks = rank_scores(direction * values)
    borda = Borda(equality="rounding").normalise(
        values[:, np.newaxis], [Indicator("a", direction=direction)]
    )
    worse = [(ranks > own).sum() for own in ranks]
    assert borda.ravel().tolist() == worse


def test_a_chain_ends_one_step_from_its_greatest():
    values = np.array([[1.0], [1 - STEP], [1 - 2 * STEP]])
    assert Rank(equality="rounding").normalise(values, MORE).ravel().tolist() == [2, 2, 1]
    assert Rank(equality="rounding").normalise(values, LESS).ravel().tolist() == [1, 2, 2]


def test_columns_and_samples_have_their_own_tolerance():
    column = np.array([1.0, 1 - STEP, 0.2, np.nan])
    large = np.array([1.0, 1 - STEP, 1000.0, 5.0])
    table = np.column_stack([column, 1e-3 * column, large])
    samples = np.stack([table, table[::-1]])
    found = levelled(samples)
    for sample, result in zip(samples, found, strict=True):
        assert_array_equal(result, np.column_stack([level_ties(one) for one in sample.T]))
    assert found[0, 0, 0] == found[0, 1, 0]


def test_values_over_the_whole_range_do_not_tie():
    greatest = float(np.finfo(np.float64).max)
    values = [[-greatest], [greatest], [0.0]]
    assert Rank(equality="rounding").normalise(values, MORE).ravel().tolist() == [1, 3, 2]


@every
def test_another_equality_is_refused(scheme):
    with pytest.raises(MethodError, match="equality must be 'exact' or 'rounding', got 'nearly'"):
        evolve(scheme, equality="nearly")


@every
def test_it_is_said_only_where_it_is_asked_for_and_survives_a_file(scheme):
    assert "rounding" not in scheme.describe()
    assert scheme.equality == "exact"
    assert "values that differ by rounding alone tie." in _rounded(scheme).describe()
    assert "equality" not in write_choice("normalisation", scheme)
    table = write_choice("normalisation", _rounded(scheme))
    assert read_choice("normalisation", table) == _rounded(scheme)


def test_inclusive_percentile_ranks_are_the_share_of_the_others_that_are_worse():
    values = [[7.0], [3.0], [7.0], [9.0], [np.nan], [1.0]]
    found = PercentileRank(0, 100, "inclusive").normalise(values, MORE).ravel()
    assert_array_equal(found, [50, 25, 50, 100, np.nan, 0])
