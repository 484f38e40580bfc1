"""Exact results: winning, dominance, rank ranges, stability of weights."""

from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.testing import assert_allclose, assert_array_equal
from tests.sensitivity.cases import example

from dli import frames
from dli.aggregation import GeometricMean
from dli.ranking import rank_scores
from dli.errors import DLIWarning, MethodError, UnknownCodeError
from dli.sensitivity import (
    central_weights,
    dominance_matrix,
    dominating,
    pair_robustness,
    pairwise_winning,
    pairwise_winning_probabilities,
    rank_acceptability,
    rank_range,
    rank_ranges,
    weight_stability,
    weight_stability_intervals,
)


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
    assert_allclose(pairwise_winning_probabilities([[2, 0], [0, 1]]), [[0, 2 / 3], [1 / 3, 0]])


def test_sixty_indicators_agree_with_fractions():
    x = np.random.default_rng(3).random((5, 60))
    found = pairwise_winning_probabilities(x)
    for i in range(5):
        for j in range(5):
            if i != j:
                assert abs(found[i, j] - rational(x[i] - x[j])) < 1e-12


@given(tables)
def test_winning_either_way_is_sure_unless_units_are_the_same(x):
    found = pairwise_winning_probabilities(x)
    same = (x[:, None] == x).all(axis=2)
    assert_allclose((found + found.T)[~same], 1)
    assert (found[same] == 0).all()
    dominates = dominance_matrix(x)
    assert (found[dominates] == 1).all()
    assert (found.T[dominates] == 0).all()


@given(tables, st.randoms())
def test_order_and_level_of_columns_and_rows_do_not_matter(x, random):
    rows = random.sample(range(len(x)), len(x))
    columns = random.sample(range(x.shape[1]), x.shape[1])
    found = pairwise_winning_probabilities(x)
    shifted = x[rows][:, columns] + np.arange(x.shape[1])
    assert_allclose(pairwise_winning_probabilities(shifted), found[np.ix_(rows, rows)], atol=1e-12)


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
        assert_allclose(pairwise_winning_probabilities(x, **keywords), expected, atol=0.0036)


def test_units_are_compared_by_what_both_have():
    x = np.array([[2, 0, np.nan], [0, 1, 5]])
    assert_allclose(pairwise_winning_probabilities(x), [[0, 2 / 3], [1 / 3, 0]])


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (([1.0, 2.0],), r"shape \(n_units, n_indicators\), got \(2,\)"),
        (([[1.0, np.inf]],), r"(?s)must be finite.*row 0, column 1: inf"),
        (([[1.0, np.nan], [np.nan, 2.0]],), r"(?s)common indicator.*rows 0 and 1"),
    ],
)
def test_values_are_checked(arguments, message):
    with pytest.raises(MethodError, match=message):
        pairwise_winning_probabilities(*arguments)


def test_parameters_are_checked():
    for wrong in ([1, 2], [1.5, 1.0, 1.0], [0, 1, 1]):
        with pytest.raises(MethodError, match="3 whole numbers of at least 1"):
            pairwise_winning_probabilities(np.eye(3), concentration=wrong)
    for wrong in ([0.5, 0.5, 0.0], [-0.1, 0, 0], [0.1, 0.1]):
        with pytest.raises(MethodError, match="sum to less than 1"):
            pairwise_winning_probabilities(np.eye(3), lower=wrong)
    with pytest.raises(MethodError, match="numbers above 0"):
        rank_acceptability(np.eye(3), n_samples=5, concentration=[1, 0, 1])
    with pytest.raises(MethodError, match=r"(?s)must be finite numbers.*row 0, column 1"):
        rank_acceptability([[1, np.nan]], n_samples=5)
    with pytest.raises(MethodError, match="n_samples"):
        rank_acceptability(np.eye(3), n_samples=0)


def test_acceptability_agrees_with_the_exact_probabilities():
    x = np.random.default_rng(6).random((2, 4))
    found = rank_acceptability(x, n_samples=100_000, rng=1)
    exact = pairwise_winning_probabilities(x)[0, 1]
    assert abs(found.acceptability[0, 0] - exact) < 4.5 * found.errors[0, 0]
    assert_allclose(found.acceptability.sum(axis=0), 1)
    assert_allclose(found.acceptability.sum(axis=1), 1)
    again = rank_acceptability(x, n_samples=100_000, rng=found.seed)
    assert_array_equal(again.central_weights, found.central_weights)


def test_a_dominated_unit_is_never_first():
    found = rank_acceptability([[2.0, 2], [1, 1], [0, 3]], n_samples=1000, rng=1)
    assert found.acceptability[1, 0] == 0
    assert np.isnan(found.central_weights[1]).all()


def grid(n, steps):
    """All weights with a whole number of steps."""
    if n == 1:
        return np.array([[1.0]])
    parts = [
        np.column_stack([np.full(len(rest), first / steps), rest * (1 - first / steps)])
        for first in range(steps + 1)
        for rest in [grid(n - 1, steps - first) if first < steps else np.eye(n - 1)[:1]]
    ]
    return np.concatenate(parts)


@given(st.integers(0, 2**32), st.integers(2, 3), st.integers(2, 6))
def test_rank_ranges_hold_every_rank_that_weights_give(seed, n_indicators, n_units):
    x = np.random.default_rng(seed).integers(0, 9, (n_units, n_indicators)).astype(float)
    found = rank_ranges(x)
    assert found.is_exact
    ranks = rank_scores(grid(n_indicators, 24) @ x.T)
    assert (found.best <= ranks.min(axis=0)).all()
    assert (found.worst >= ranks.max(axis=0)).all()


def test_rank_ranges_are_reached():
    x = np.random.default_rng(2).random((7, 3))
    found = rank_ranges(x)
    ranks = rank_scores(grid(3, 300) @ x.T)
    assert_array_equal(found.best, ranks.min(axis=0))
    assert_array_equal(found.worst, ranks.max(axis=0))


def test_bounds_narrow_the_range():
    x = [[1.0, 0.0], [0.0, 3.0]]
    found = rank_ranges(x, lower=[0.8, 0.0])
    assert found.best.tolist() == [1, 2]
    assert found.worst.tolist() == [1, 2]
    assert rank_ranges(x, upper=[0.7, 1.0]).best.tolist() == [2, 1]
    for wrong in ({"lower": [0.6, 0.6]}, {"upper": [0.1, 0.1]}, {"lower": [0.5]}):
        with pytest.raises(MethodError, match="bounds must be 2 numbers each"):
            rank_ranges(x, **wrong)
    with pytest.raises(MethodError, match=r"(?s)finite numbers.*row 0, column 0"):
        rank_ranges([[np.nan, 1.0]])
    assert rank_ranges(np.ones((3, 2))).best.tolist() == [1, 1, 1]
    assert rank_ranges(np.ones((3, 2))).worst.tolist() == [1, 1, 1]


def test_a_solver_without_time_says_what_is_not_settled():
    x = np.random.default_rng(0).random((30, 12))
    found = rank_ranges(x, time_limit=1e-6)
    assert (found.best_bound <= found.best).all()
    assert (found.worst <= found.worst_bound).all()
    assert not found.is_exact


def test_dominance_needs_values_of_a_table():
    with pytest.raises(MethodError, match="must have the shape"):
        dominance_matrix([1.0, 2.0])
    assert not dominance_matrix([[1.0, np.nan], [np.nan, 2.0]]).any()


# The worked example of weights that move one at a time.
VALUES, WEIGHTS = [[80, 40, 60], [60, 70, 55]], [0.5, 0.3, 0.2]


def test_a_worked_example_of_stability():
    found = weight_stability_intervals(VALUES, WEIGHTS)
    assert_allclose(found.low, [0.44444444, 0, 0], atol=1e-8)
    assert_allclose(found.high, [1, 0.34375, 1], atol=1e-8)
    assert found.swaps[0].tolist() == [[0, 1], [-1, -1]]
    assert found.swaps[1].tolist() == [[-1, -1], [0, 1]]


def moved(weights, k, t):
    rest = weights * (1 - t) / (1 - weights[k]) if weights[k] < 1 else np.full(
        weights.size, (1 - t) / max(weights.size - 1, 1))  # fmt: skip
    rest[k] = t
    return rest


@given(st.integers(0, 2**32), st.integers(2, 6), st.integers(2, 4))
def test_the_order_changes_at_the_limits_and_not_before(seed, n_units, n_indicators):
    rng = np.random.default_rng(seed)
    x, w = rng.random((n_units, n_indicators)), rng.dirichlet(np.ones(n_indicators))
    found = weight_stability_intervals(x, w)
    order = np.argsort(-(x @ w))
    for k in range(n_indicators):
        for limit, sign, pair in (
            (found.low[k], 1, found.swaps[k, 0]),
            (found.high[k], -1, found.swaps[k, 1]),
        ):
            inside = limit + sign * 1e-9
            assert_array_equal(np.argsort(-(x @ moved(w, k, inside))), order)
            if pair[0] >= 0:
                gap = (x[pair[0]] - x[pair[1]]) @ moved(w, k, limit)
                assert abs(gap) < 1e-9
        assert found.leader_low[k] <= found.low[k] + 1e-12
        assert found.high[k] <= found.leader_high[k] + 1e-12


def test_one_weight_that_is_all_moves_against_equal_others():
    found = weight_stability_intervals([[1.0, 0.0, 0.0], [0.0, 1.0, 3.0]], [1.0, 0.0, 0.0])
    assert_allclose(found.low[0], 2 / 3)
    assert weight_stability_intervals([[1.0], [2.0]], [1.0]).high.tolist() == [1.0]


def test_robustness_of_pairs_by_hand():
    found = pair_robustness([[80, 40], [60, 50]], [0.5, 0.5])
    # At (1 - e) (.5, .5) + e (0, 1) the lead of 5 (1 - e) - 10 e is gone at e = 1/3.
    assert_allclose(found, [[0, 1 / 3], [0, 0]])
    assert pair_robustness([[2.0, 2.0], [1.0, 1.0]], [0.5, 0.5])[0, 1] == 1


@pytest.mark.parametrize("function", [weight_stability_intervals, pair_robustness])
def test_weights_are_checked(function):
    with pytest.raises(MethodError, match="2 numbers of at least 0 that sum to one"):
        function([[1.0, 2.0]], [0.5, 0.4])
    with pytest.raises(MethodError, match="finite numbers"):
        function([[1.0, np.nan]], [0.5, 0.5])


def test_results_of_an_assessment():
    assessment = example()
    found = pairwise_winning(assessment)
    parts = np.stack([assessment.array(c) for c in "ABC"], axis=1)
    assert_allclose(found, pairwise_winning_probabilities(parts))
    leaves = np.stack([assessment.array(i.code) for i in assessment.index.indicators], axis=1)
    assert_array_equal(dominating(assessment), dominance_matrix(leaves))
    ranges = frames.read(rank_range(assessment))
    nominal, best, worst = (ranges.column(c) for c in ("nominal", "best", "worst"))
    assert all(b <= n <= w for b, n, w in zip(best, nominal, worst, strict=True))
    assert ranges.column("exact") == [True] * 9
    central = frames.read(central_weights(assessment, n_samples=2000, rng=1))
    assert central.names == ("unit", "share", "A", "B", "C")
    assert_allclose(sum(central.column("share")), 1)
    stable = weight_stability(assessment)
    table = frames.read(stable.table)
    assert table.column("code") == ["A", "B", "C"]
    assert_allclose(table.column("weight"), np.array([1, 1.5, 1]) / 3.5)
    assert all(
        low <= w <= high
        for low, w, high in zip(*(table.column(c) for c in ("low", "weight", "high")), strict=True)
    )
    assert " / " in table.column("swap_low")[0] + table.column("swap_high")[0]
    assert "leader" in repr(stable)


def test_parts_can_be_indicators_and_nodes_others():
    assessment = example()
    found = pairwise_winning(assessment, node="A", over="indicators")
    leaves = np.stack([assessment.array(c) for c in ("a1", "a2", "a3")], axis=1)
    assert_allclose(found, pairwise_winning_probabilities(leaves))
    assert weight_stability(assessment, over="indicators").codes[0] == "a1"
    with pytest.raises(UnknownCodeError, match="no kind of part 'leaves'"):
        pairwise_winning(assessment, over="leaves")
    with pytest.raises(MethodError, match="'a1' is an indicator"):
        pairwise_winning(assessment, node="a1")


def test_other_means_are_refused():
    assessment = example(aggregation={"A": GeometricMean()})
    pairwise_winning(assessment)
    with pytest.raises(MethodError, match=r"(?s)for arithmetic means.*'A': GeometricMean"):
        pairwise_winning(assessment, over="indicators")


def test_units_that_lack_a_part_are_told():
    assessment = example(gaps=0.3, seed=2)
    with pytest.warns(DLIWarning, match="units lack a part and are compared by the others: 'u"):
        pairwise_winning(assessment, over="indicators")
    with pytest.warns(DLIWarning, match="units lack a part and have no result: 'u"):
        table = frames.read(rank_range(assessment, over="indicators"))
    assert None in table.column("best")
    none = example(gaps=0.5, seed=3)
    with (
        pytest.warns(DLIWarning, match="9 units lack a part"),
        pytest.raises(MethodError, match="no unit has a value of all of a1, a2"),
    ):
        weight_stability(none, over="indicators")


def test_panels_have_their_periods_in_tables():
    table = frames.read(rank_range(example(n_units=10, periods=2)))
    assert table.names[:2] == ("unit", "year")
