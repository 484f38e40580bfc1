"""Probabilities of winning under random weights, exactly, and shares of ranks by sampling."""

from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.testing import assert_allclose, assert_array_equal
from tests.robustness.cases import INDEX, OwnWeights, assess, example, gapped

from dli import robustness
from dli.aggregation import GeometricMean
from dli.errors import DLIWarning, MethodError, UnknownCodeError
from dli.robustness.arrays import dominance, pairwise_winning, rank_acceptability


def rational(differences):
    """The recursion in fractions: the probability that the sum is above zero."""
    positive = [Fraction(d) for d in differences if d > 0]
    levels = [Fraction(1)] + [Fraction(0)] * len(positive)
    for y in (Fraction(d) for d in differences if d <= 0):
        for j, p in enumerate(positive, 1):
            levels[j] = (p * levels[j] - y * levels[j - 1]) / (p - y)
    return 1 - levels[-1]


tables = st.tuples(st.integers(1, 6), st.integers(1, 6), st.integers(0, 2**32)).map(
    lambda case: np.random.default_rng(case[2]).integers(0, 5, case[:2]).astype(float)
)


def test_two_indicators_by_hand():
    # X = (2, 0), Y = (0, 1): X wins where 2 w > 1 - w, that is w > 1/3.
    assert_allclose(pairwise_winning([[2, 0], [0, 1]]), [[0, 2 / 3], [1 / 3, 0]])


def test_sixty_indicators_agree_with_fractions():
    x = np.random.default_rng(3).random((3, 60))
    found = pairwise_winning(x)
    for i, j in ((0, 1), (1, 2), (2, 0)):
        assert abs(found[i, j] - rational(x[i] - x[j])) < 1e-12


@given(tables)
def test_winning_either_way_is_sure_unless_units_are_the_same(x):
    found = pairwise_winning(x)
    same = (x[:, None] == x).all(axis=2)
    assert_allclose((found + found.T)[~same], 1)
    assert (found[same] == 0).all()
    dominates = dominance(x)
    assert (found[dominates] == 1).all()
    assert (found.T[dominates] == 0).all()


@given(tables, st.randoms())
def test_order_and_level_of_columns_and_rows_do_not_matter(x, random):
    rows = random.sample(range(len(x)), len(x))
    columns = random.sample(range(x.shape[1]), x.shape[1])
    shifted = x[rows][:, columns] + np.arange(x.shape[1])
    expected = pairwise_winning(x)[np.ix_(rows, rows)]
    assert_allclose(pairwise_winning(shifted), expected, atol=1e-12)


def test_parameters_and_bounds_are_those_of_draws():
    rng = np.random.default_rng(0)
    x = rng.random((4, 3))
    for keywords, weights in (
        ({"concentration": [2, 1, 3]}, rng.dirichlet([2, 1, 3], 400_000)),
        ({"lower": [0.1, 0.3, 0.0]}, [0.1, 0.3, 0.0] + 0.6 * rng.dirichlet([1, 1, 1], 400_000)),
    ):
        scores = weights @ x.T
        expected = (scores[:, :, None] > scores[:, None, :]).mean(axis=0)
        # 4.5 standard errors of 400,000 draws.
        assert_allclose(pairwise_winning(x, **keywords), expected, atol=0.0036)


def test_units_with_other_gaps_have_no_probability_unless_one_is_always_above():
    nan = np.nan
    x = [[2, 0, nan], [0, 1, nan], [0, 1, 5], [9, 9, nan], [nan, nan, nan]]
    expected = [
        [0, 2 / 3, nan, 0, nan],
        [1 / 3, 0, 0, 0, nan],
        [nan, 1, 0, 0, nan],
        [1, 1, 1, 0, nan],
        [nan] * 5,
    ]
    assert_allclose(pairwise_winning(x), expected)


def test_what_ties_wins_nothing():
    assert (pairwise_winning([[0.1 + 0.2, 0.5], [0.3, 0.5]]) == 0).all()


def test_values_and_parameters_are_checked():
    with pytest.raises(MethodError, match=r"shape \(n_units, n_indicators\)"):
        pairwise_winning([1.0, 2.0])
    with pytest.raises(MethodError, match=r"(?s)must be finite.*row 0, column 1: inf"):
        pairwise_winning([[1.0, np.inf]])
    for wrong in ([1, 2], [1.5, 1.0, 1.0], [0, 1, 1]):
        with pytest.raises(MethodError, match="3 whole numbers from 1 to 1000"):
            pairwise_winning(np.eye(3), concentration=wrong)
    for wrong in ([0.5, 0.5, 0.0], [-0.1, 0, 0], [0.1, 0.1]):
        with pytest.raises(MethodError, match="sum to less than 1"):
            pairwise_winning(np.eye(3), lower=wrong)
    with pytest.raises(MethodError, match="numbers above 0"):
        rank_acceptability(np.eye(3), n_samples=5, concentration=[1, 0, 1])
    with pytest.raises(MethodError, match=r"(?s)must be finite numbers.*row 0, column 1"):
        rank_acceptability([[1, np.nan]], n_samples=5)
    with pytest.raises(MethodError, match="n_samples"):
        rank_acceptability(np.eye(3), n_samples=0)


def test_acceptability_agrees_with_the_exact_probabilities():
    x = np.random.default_rng(6).random((2, 4))
    found = rank_acceptability(x, n_samples=100_000, rng=1)
    exact = pairwise_winning(x)[0, 1]
    assert abs(found.acceptability[0, 0] - exact) < 4.5 * found.errors[0, 0]
    assert_allclose(found.acceptability.sum(axis=0), 1)
    assert_allclose(found.acceptability.sum(axis=1), 1)
    again = rank_acceptability(x, n_samples=100_000, rng=found.seed)
    assert_array_equal(again.central_weights, found.central_weights)


def test_the_bits_of_a_seed_stay():
    # Made by the version of October 2026.
    x = np.random.default_rng(0).random((300, 3))
    found = rank_acceptability(x, n_samples=3000, rng=11, concentration=[1, 2, 3])
    first = (found.acceptability[:, 0] * 3000).round()
    expected = {31: 1878, 102: 92, 116: 3, 169: 1018, 176: 7, 254: 1, 266: 1}
    assert {unit: first[unit] for unit in np.flatnonzero(first).tolist()} == expected


def test_units_that_tie_share_the_smaller_rank():
    found = rank_acceptability([[2.0, 2], [2, 2], [1, 1]], n_samples=10, rng=1)
    assert found.acceptability.tolist() == [[1, 0, 0], [1, 0, 0], [0, 0, 1]]
    assert_allclose(found.central_weights[0], found.central_weights[1])


def test_a_dominated_unit_is_never_first():
    found = rank_acceptability([[2.0, 2], [1, 1], [0, 3]], n_samples=1000, rng=1)
    assert found.acceptability[1, 0] == 0
    assert np.isnan(found.central_weights[1]).all()


def test_by_default_the_children_have_random_weights():
    own = example()
    assert_array_equal(robustness.pairwise_winning(own), pairwise_winning(own.arrays("ABC")))
    leaves = own.arrays(["a1", "a2", "a3"])
    assert_array_equal(robustness.pairwise_winning(own, "A"), pairwise_winning(leaves))


def test_nodes_may_be_of_several_levels():
    own = example()
    codes = ["B", "c1", "a3", "a2", "a1"]
    found = robustness.pairwise_winning(own, nodes=codes, concentration=[1, 2, 1, 1, 1])
    assert_array_equal(found, pairwise_winning(own.arrays(codes), concentration=[1, 2, 1, 1, 1]))
    every = robustness.pairwise_winning(own, nodes=2)
    assert_array_equal(every, pairwise_winning(own.arrays(["a1", "a2", "a3", "b1", "b2", "c1"])))


@pytest.mark.parametrize(
    ("nodes", "faults"),
    [
        (["A", "B"], ["'c1' is missing"]),
        (["A", "B", "C", "c1"], ["'c1' lies below another of the nodes"]),
        ("a1", ["'a2' is missing", "'a3' is missing", "'b1' is missing", "'b2' is missing", "'c1' is missing"]),
    ],
)  # fmt: skip
def test_nodes_must_cover_the_tree_once(nodes, faults):
    with pytest.raises(MethodError, match="cover every indicator of 'T' exactly once") as error:
        robustness.pairwise_winning(example(), nodes=nodes)
    assert list(error.value.faults) == faults


def test_other_means_are_refused_and_sampling_is_named():
    own = example(aggregation={"A": GeometricMean()})
    robustness.pairwise_winning(own)
    for function in (
        robustness.pairwise_winning,
        robustness.rank_ranges,
        robustness.weight_stability,
        robustness.pair_robustness,
    ):
        with pytest.raises(MethodError, match=r"(?s)sensitivity.uncertainty.*'A': GeometricMean"):
            function(own, nodes=2)
    with pytest.raises(MethodError, match="'a1' is an indicator"):
        robustness.pairwise_winning(own, "a1")
    with pytest.raises(UnknownCodeError, match="no node 'Q'"):
        robustness.pairwise_winning(own, "Q")


def test_gaps_inside_a_sub_index_follow_the_assessments_own_rule():
    # W = (A, B), A of a and b. Both lack b: A is a, and its weight is that of a and b together.
    own = assess(
        {"X": [90, None, 10, 10], "Y": [10, None, 60, 60], "Z": [None, None, 20, 50], "V": [None, None, 50, 30]},
        INDEX,
    )  # fmt: skip
    with pytest.warns(
        DLIWarning, match=r"lack values of a, b, c, d: .*exact probability.*'X', 'Y'"
    ):
        found = robustness.pairwise_winning(own, nodes=2)
    # With the weight of A as a sum of two uniform ones no pair with a gap in A is a plain sum,
    assert np.isnan(found[0, 1])
    # but those without A are: Z is above V where 20 c + 50 d > 50 c + 30 d: c < .4 (c + d).
    assert_allclose(found[2:, 2:], [[0, 0.4], [0.6, 0]])
    # By the children themselves X and Y have no gap: 90 A + 10 B > 10 A + 60 B where A > 5/13.
    with pytest.warns(DLIWarning, match="lack values of A, B.* 'Z', 'V'"):
        by_children = robustness.pairwise_winning(own)
    assert_allclose(by_children[0, 1], 8 / 13)


@given(gapped(), st.integers(0, 2**32))
@pytest.mark.filterwarnings("ignore::dli.errors.DLIWarning")
def test_probabilities_with_gaps_are_those_of_draws(own, seed):
    found = robustness.pairwise_winning(own, nodes=2)
    weights = np.random.default_rng(seed).dirichlet(np.ones(4), 4000)
    x = own.arrays("abcd")
    scores = np.stack([_nested(row, weights) for row in x], axis=1)
    drawn = (scores[:, :, None] > scores[:, None, :] + 1e-9).mean(axis=0)
    known = ~np.isnan(found)
    assert_allclose(drawn[known], found[known], atol=0.045)
    complete = ~np.isnan(x).any(axis=1)
    assert known[np.ix_(complete, complete)].all()


def _nested(row, weights):
    """The score of a unit by the tree of a, b and c, d, for many weights of the indicators."""
    total, share = np.zeros(len(weights)), np.zeros(len(weights))
    for pair in ([0, 1], [2, 3]):
        present = [k for k in pair if not np.isnan(row[k])]
        if present:
            mean = weights[:, present] @ row[present] / weights[:, present].sum(axis=1)
            total += weights[:, pair].sum(axis=1) * mean
            share += weights[:, pair].sum(axis=1)
    return total / share


def test_units_without_a_score_have_no_probability():
    own = assess({"X": [1, 2, 3, None], "Y": [2, 1, 3, 4], "Z": [3, 3, 1, 1]}, missing="propagate")
    found = robustness.pairwise_winning(own)
    assert np.isnan(found[0]).all()
    assert np.isnan(found[:, 0]).all()
    assert_allclose(found[1, 2] + found[2, 1], 1)


def test_a_matrix_is_that_of_a_period():
    own = example(n_units=10, periods=2)
    rows = own.rows(1)
    found = robustness.pairwise_winning(own, period=1)
    assert_array_equal(found, pairwise_winning(own.arrays("ABC")[rows]))
    for function in (
        robustness.pairwise_winning,
        robustness.pair_robustness,
        robustness.dominance,
        robustness.order,
    ):
        with pytest.raises(MethodError, match="several periods"):
            function(own)
        with pytest.raises(UnknownCodeError, match="no period 7"):
            function(own, period=7)


def test_weights_of_units_are_not_used_and_it_says_so():
    own = example(weighting={"T": OwnWeights()})
    with pytest.warns(DLIWarning, match="weights at 'T' or below it differ by unit: the probab"):
        found = robustness.pairwise_winning(own)
    assert_array_equal(found, pairwise_winning(own.arrays("ABC")))
    robustness.pairwise_winning(own, "A")
