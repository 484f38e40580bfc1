import time

import numpy as np
import pytest
from hypothesis import given
from numpy.testing import assert_allclose, assert_array_equal
from tests.aggregation.cases import Case, few, weighted

from dli.aggregation import Copeland, copeland_scores, outranking_matrix
from dli.errors import MethodError


# By hand, with ties (a and b in the third child) and gaps (c in the first).
def test_outranking_by_hand():
    values = np.array([[3.0, 1.0, 5.0], [2.0, 2.0, 5.0], [np.nan, 3.0, 1.0]])
    weights = [0.5, 0.3, 0.2]
    expected = [[0, 0.6, 0.4], [0.4, 0, 0.4], [0.6, 0.6, 0]]
    assert_allclose(outranking_matrix(values, weights), expected, rtol=1e-15)
    assert copeland_scores(values, weights).tolist() == [0, -2, 2]


# The election that Condorcet used against Borda (1785): 81 voters, three candidates, and the
# rankings ABC 30, ACB 1, BAC 29, BCA 10, CAB 10, CBA 1. A beats B by 41 to 40 and C by 60 to 21.
def test_the_published_election_of_condorcet():
    values = np.array([[3, 3, 2, 1, 2, 1], [2, 1, 3, 3, 1, 2], [1, 2, 1, 2, 3, 3]], dtype=float)
    voters = np.array([30, 1, 29, 10, 10, 1])
    matrix = outranking_matrix(values, voters)
    assert_allclose(matrix * 81, [[0, 41, 60], [40, 0, 69], [21, 12, 0]], rtol=1e-14)
    assert Copeland().aggregate(values, voters).tolist() == [2, 0, -2]


def one_by_one(values, weights):
    """Compare pair by pair, as the definition says it."""
    n_units = len(values)
    matrix = np.zeros((n_units, n_units))
    for i in range(n_units):
        for j in range(n_units):
            both = ~np.isnan(values[i]) & ~np.isnan(values[j])
            if i != j:
                a, b, w = values[i, both], values[j, both], weights[both]
                matrix[i, j] = (w[a > b].sum() + w[a == b].sum() / 2) / w.sum()
    return matrix


@few
@given(case=weighted(missing=True, zeros=False))
def test_the_matrix_is_the_definition(case: Case):
    values, weights = case
    values = values[~np.isnan(values[:, 0])]  # so that every pair has a child in common
    assert_allclose(outranking_matrix(values, weights), one_by_one(values, weights), atol=1e-14)


@few
@given(case=weighted(missing=True))
def test_the_order_of_rows_makes_no_difference(case: Case):
    values, weights = case
    matrix = outranking_matrix(values, weights)
    turned = outranking_matrix(values[::-1], weights)[::-1, ::-1]
    assert_allclose(turned, matrix, atol=1e-15)
    assert_array_equal(
        copeland_scores(values[::-1], weights)[::-1], copeland_scores(values, weights)
    )


@few
@given(case=weighted(missing=True))
def test_what_one_gains_the_other_loses(case: Case):
    values, weights = case
    matrix = outranking_matrix(values, weights)
    off = ~np.eye(len(values), dtype=bool) & ~np.isnan(matrix)
    assert_allclose((matrix + matrix.T)[off], 1, rtol=1e-14)
    assert np.nansum(copeland_scores(values, weights)) == 0


@few
@given(case=weighted(missing=True))
def test_only_the_order_of_values_counts(case: Case):
    values, weights = case
    assert_array_equal(copeland_scores(values**3, weights), copeland_scores(values, weights))


def test_samples_are_taken_one_by_one():
    values = np.random.default_rng(1).integers(0, 4, (3, 5, 2)).astype(float)
    values[0, 0, 0] = np.nan
    weights = [0.6, 0.4]
    expected = [outranking_matrix(sample, weights) for sample in values]
    assert_allclose(outranking_matrix(values, weights), expected, rtol=1e-14)
    scores = [copeland_scores(sample, weights) for sample in values]
    assert_array_equal(copeland_scores(values, weights), scores)


def test_pairs_with_nothing_in_common_are_not_compared():
    values = np.array([[1.0, np.nan], [np.nan, 1.0], [2.0, 2.0], [np.nan, np.nan]])
    nan = np.nan
    expected = [[0, nan, 0, nan], [nan, 0, 0, nan], [1, 1, 0, nan], [nan, nan, nan, 0]]
    assert_array_equal(outranking_matrix(values, [0.5, 0.5]), expected)
    assert_array_equal(copeland_scores(values, [0.5, 0.5]), [-1, -1, 2, nan])


def test_a_child_without_weight_does_not_count():
    values = np.array([[1.0, 9.0], [2.0, 1.0], [np.nan, 5.0]])
    assert_array_equal(copeland_scores(values, [1.0, 0.0]), [-1, 1, np.nan])


def test_rounding_does_not_break_a_tie():
    # 0.1 + 0.2 against 0.3, scaled: each unit is better in half of the weight.
    values = np.array([[1.0, 1.0, 0.0], [0.0, 0.0, 1.0]])
    assert copeland_scores(values, [0.1, 0.2, 0.3]).tolist() == [0, 0]


def test_weights_that_differ_between_units_are_refused():
    for act in (outranking_matrix, copeland_scores, Copeland().aggregate):
        with pytest.raises(
            MethodError, match=r"weights that all units share, got the shape \(2, 2"
        ):
            act(np.ones((2, 2)), np.ones((2, 2)))


def test_two_hundred_units_take_milliseconds():
    values = np.random.default_rng(1).uniform(size=(200, 8))
    started = time.perf_counter()
    outranking_matrix(values, np.ones(8))
    assert time.perf_counter() - started < 0.5  # about 0.003; the margin is for busy machines


def test_it_describes_itself():
    assert "Copeland" in Copeland().describe()
    assert Copeland.traits.skips_missing
    assert not Copeland.traits.local
