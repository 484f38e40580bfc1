import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from dli.errors import InconsistentJudgementsError, MethodError
from dli.framework import Indicator
from dli.weighting import (
    BestWorst,
    BudgetAllocation,
    Declared,
    DirectPoints,
    PairwiseSwing,
    RankOrder,
    Swara,
    best_worst_weights,
    budget_allocation_weights,
    pairwise_swing_weights,
    point_weights,
    rank_order_centroid_weights,
    rank_reciprocal_weights,
    rank_sum_weights,
    swara_weights,
)

CHILDREN = [Indicator(code) for code in "abc"]
VALUES = np.zeros((2, 3))
NAN = float("nan")


# Ranks


def test_weights_by_rank_worked_by_hand():
    np.testing.assert_allclose(rank_order_centroid_weights([1, 3, 2]), [11 / 18, 2 / 18, 5 / 18])
    np.testing.assert_allclose(rank_sum_weights([1, 3, 2]), [1 / 2, 1 / 6, 1 / 3])
    np.testing.assert_allclose(rank_reciprocal_weights([1, 3, 2]), np.array([6, 2, 3]) / 11)


@pytest.mark.parametrize(
    "rule", [rank_order_centroid_weights, rank_sum_weights, rank_reciprocal_weights]
)
@given(ranks=st.lists(st.integers(1, 6), min_size=1, max_size=9))
def test_ties_share_and_lower_ranks_never_weigh_less(rule, ranks):
    weights = rule(ranks)
    assert weights.sum() == pytest.approx(1)
    for i, one in enumerate(ranks):
        for j, other in enumerate(ranks):
            if one == other:
                assert weights[i] == pytest.approx(weights[j])
            elif one < other:
                assert weights[i] > weights[j]


def test_rank_order_centroids_are_the_mean_of_all_weights_in_that_order():
    draws = np.sort(np.random.default_rng(0).dirichlet(np.ones(4), 200_000), axis=1)
    np.testing.assert_allclose(rank_order_centroid_weights([4, 3, 2, 1]), draws.mean(axis=0), atol=2e-3)  # fmt: skip


def test_a_ranking_may_hold_the_codes_of_a_whole_tree():
    for rule, expected in (("centroid", [2, 11, 5]), ("sum", [3, 9, 6])):
        scheme = RankOrder(["x", "b", "c", "y", "a"], rule)
        np.testing.assert_allclose(scheme.weights(VALUES, CHILDREN), np.array(expected) / 18)
    ranks = {"a": 7, "b": 1, "c": 4}
    assert RankOrder(ranks).weights(VALUES, CHILDREN).tolist() == RankOrder(["b", "c", "a"]).weights(VALUES, CHILDREN).tolist()  # fmt: skip
    assert "b, c, a" in RankOrder(ranks).describe()


def test_stepwise_weights_worked_by_hand():
    # q = 1, 1 / 1.25 = 4/5, 4/5 / 1.6 = 1/2; the sum is 23/10.
    expected = np.array([8, 5, 10]) / 23
    np.testing.assert_allclose(swara_weights([2, 0, 1], [0.25, 0.6]), expected)
    scheme = Swara(["c", "x", "a", "b"], [0.25, 0.0, 0.6])
    np.testing.assert_allclose(scheme.weights(VALUES, CHILDREN), expected)
    assert "c (+0.25), x (+0), a (+0.6), b:" in scheme.describe()
    assert "from a:" in Swara(["a"], []).describe()
    assert swara_weights([0], []).tolist() == [1]


# Best-worst


def test_the_transport_example_of_the_linear_model():
    # The judgements of Rezaei's example of transport; solved in rational numbers by hand.
    found = best_worst_weights([8, 2, 1], [1, 5, 8])
    np.testing.assert_allclose(found.weights, [1 / 14, 9 / 28, 17 / 28], atol=1e-9)
    assert found.xi == pytest.approx(1 / 28)
    assert found.input_consistency_ratio == pytest.approx(2 / 56)


@given(st.lists(st.floats(1, 9), min_size=2, max_size=7))
def test_comparisons_that_agree_give_back_the_weights(raw):
    weights = np.array(raw) / sum(raw)
    found = best_worst_weights(weights.max() / weights, weights / weights.min())
    np.testing.assert_allclose(found.weights, weights, atol=1e-7)
    assert found.xi == pytest.approx(0, abs=1e-7)
    assert found.input_consistency_ratio == pytest.approx(0, abs=1e-6)


def test_items_that_all_count_the_same():
    assert best_worst_weights([1], [1]).weights.tolist() == [1]
    assert best_worst_weights([1, 1], [1, 1]).weights.tolist() == [0.5, 0.5]
    with pytest.raises(
        InconsistentJudgementsError, match="judged 1 and 2 times as important as item 0, the worst"
    ):
        best_worst_weights([1, 1, 1], [1, 2, 1])


def test_best_worst_judgements_are_keyed_by_code():
    scheme = BestWorst({"c": 1, "a": 8, "b": 2}, {"b": 5, "c": 8, "a": 1})
    np.testing.assert_allclose(scheme.weights(VALUES, CHILDREN), [1 / 14, 9 / 28, 17 / 28])
    assert scheme.solution(["a", "b", "c"]).xi == pytest.approx(1 / 28)


# Points, budgets and swings


def test_points_keep_their_proportions():
    assert point_weights([100, 60, 40]).tolist() == [0.5, 0.3, 0.2]
    scheme = DirectPoints({"a": 100, "b": 60, "c": 40})
    assert scheme.weights(VALUES, CHILDREN).tolist() == [0.5, 0.3, 0.2]
    assert "a 100, b 60, c 40" in scheme.describe()
    assert scheme != Declared()


def test_a_budget_is_shared_out_by_each_expert():
    np.testing.assert_allclose(budget_allocation_weights([[60, 30, 10], [40, 40, 20]]), [0.5, 0.35, 0.15])  # fmt: skip
    scheme = BudgetAllocation({"Ann": {"a": 6, "b": 4}, "Bob": {"c": 10}}, total=10)
    np.testing.assert_allclose(scheme.weights(VALUES, CHILDREN), [0.3, 0.2, 0.5])
    assert "10 points that 2 experts allocated (Ann, Bob)" in scheme.describe()
    assert list(BudgetAllocation([{"a": 100}]).points) == ["expert 1"]


def test_swings_that_contradict_are_balanced_by_least_squares():
    exact = PairwiseSwing([["a", "b", 2], ["b", "c", 3]])
    np.testing.assert_allclose(exact.weights(VALUES, CHILDREN), [0.6, 0.3, 0.1])
    # a : c is 6 by way of b and 6 * 8 directly: with three pairs the error is shared equally.
    spread = PairwiseSwing({("a", "b"): 2, ("b", "c"): 3, ("a", "c"): 48}).weights(VALUES, CHILDREN)
    assert spread[0] / spread[1] == pytest.approx(4)
    assert spread[1] / spread[2] == pytest.approx(6)
    both_ways = pairwise_swing_weights([[1, 2], [1 / 8, 1]])
    assert both_ways[0] / both_ways[1] == pytest.approx(4)
    assert "swings of a, b, c" in exact.describe()
    assert "swings: " in PairwiseSwing([[1, 2], [0.5, 1]]).describe()


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: rank_sum_weights([1, NAN, 2]), r"ranks must be finite numbers, one for each indicator, got \[1.0, nan, 2.0\]"),
        (lambda: rank_order_centroid_weights([]), "one for each indicator"),
        (lambda: swara_weights([0, 0], [1]), r"number from 0 to n - 1 once, got \[0.0, 0.0\]"),
        (lambda: swara_weights([], []), "number from 0 to n - 1 once"),
        (lambda: swara_weights([[0]], []), "number from 0 to n - 1 once"),
        (lambda: swara_weights([1, 0], [-0.1]), r"steps must be 1 finite numbers of at least 0, got \[-0.1\]"),
        (lambda: swara_weights([1, 0], [0.1, 0.2]), "steps must be 1 finite numbers"),
        (lambda: Swara(["a", "b", "c"], [0.1]), "each code but the last, got 1 steps for 3 codes"),
        (lambda: Swara([], []), "at least one code, .* got 0 steps for 0 codes"),
        (lambda: Swara(["a", "b"], [-1]), r"(?s)contradict the order.*from 'a' to 'b' must be a number of at least 0, got -1"),
        (lambda: Swara(["a", "a"], [1]), r"(?s)different codes.*'a' appears twice"),
        (lambda: Swara(["a", "b"], [1]).weights(VALUES, CHILDREN), r"(?s)a place in the order; it is missing for.*'c'"),
        (lambda: PairwiseSwing({("a", "b"): -3}), r"\(a, b\): a judgement must be a number above 0, got -3"),
        (lambda: BestWorst({"a": 0.5}, {}), "'a' must be a number of at least 1, got 0.5"),
        (lambda: BudgetAllocation(3), r"(?s)at least one expert.*'expert 1': 3"),
        (lambda: RankOrder(["a"], "mean"), "one of centroid, sum, reciprocal, got 'mean'"),
        (lambda: RankOrder(["a", ["b", "a"]]), r"(?s)ranking must be different codes.*'a' appears twice"),
        (lambda: RankOrder("abc"), "a list of codes or a mapping of codes to ranks, got 'abc'"),
        (lambda: RankOrder({"a": "first", "b": True}), r"(?s)'a' must be a number, got 'first'.*'b' must be a number, got True"),
        (lambda: RankOrder(["a", "b"]).weights(VALUES, CHILDREN), r"(?s)missing for.*'c'"),
        (lambda: best_worst_weights([1, 2], [2]), r"vectors of the same length, got \(2,\) and \(1,\)"),
        (lambda: best_worst_weights([1, 0.5], [NAN, 1]), r"(?s)item 1: 0.5 in best_to_others.*item 0: nan in others_to_worst"),
        (lambda: best_worst_weights([2, 3], [3, 1]), "must be 1 for the best"),
        (lambda: best_worst_weights([1, 4], [3, 1]), "item 0, the best, is judged 4 and 3 times as important as item 1"),
        (lambda: BestWorst([1], {}), r"a mapping of codes to numbers, got \[1\]"),
        (lambda: BestWorst({"a": 1, "b": 2}, {"a": 2, "b": 1, "d": 1}).weights(VALUES, CHILDREN),
         r"(?s)'c': not judged in best_to_others.*'c': not judged in others_to_worst.*'d': not a child in others_to_worst"),
        (lambda: point_weights([1, -1]), r"at least 0, not all 0, got \[1.0, -1.0\]"),
        (lambda: point_weights([0, 0]), "not all 0"),
        (lambda: DirectPoints({"a": 1}).weights(VALUES, CHILDREN), r"(?s)missing for.*'b'.*'c'"),
        (lambda: budget_allocation_weights([1, 2]), r"shape \(n_experts, n\), got \(2,\)"),
        (lambda: budget_allocation_weights([[60, 30], [150, -50]]), r"(?s)allocate 100 points.*expert 0: the points sum to 90.*expert 1: \[150.0, -50.0\]"),
        (lambda: budget_allocation_weights([[60, 40]], total=0), "total must be a number above 0, got 0"),
        (lambda: BudgetAllocation({"Ann": 3}), r"(?s)at least one expert.*'Ann': 3"),
        (lambda: BudgetAllocation([]), "at least one expert"),
        (lambda: BudgetAllocation([{"a": 90, "x": 10}]).weights(VALUES, CHILDREN), r"(?s)points must refer to a, b, c; unknown codes.*'x' of expert 1"),
        (lambda: pairwise_swing_weights([[1, 2]]), r"square table, got shape \(1, 2\)"),
        (lambda: pairwise_swing_weights([[1, 0], [2, 1]]), r"\(0, 1\): 0"),
        (lambda: pairwise_swing_weights([[1, 2, NAN], [NAN, 1, NAN], [NAN, NAN, 1]]), r"(?s)no judgement connects.*0, 1.*2"),
        (lambda: PairwiseSwing({("a", "a"): 2}).weights(VALUES, CHILDREN), r"\(a, a\): judged 1 and 2"),
        (lambda: PairwiseSwing({("a", "d"): 2}).weights(VALUES, CHILDREN), r"(?s)unknown.*'d'"),
        (lambda: PairwiseSwing({("a", "b"): 2}).weights(VALUES, CHILDREN), r"(?s)no judgement connects.*a, b.*c"),
    ],
    ids=range(41),
)  # fmt: skip
def test_statements_that_cannot_be_used_are_refused(call, message):
    with pytest.raises(MethodError, match=message):
        call()


def test_what_contradicts_itself_is_an_error_of_its_own():
    with pytest.raises(InconsistentJudgementsError, match="the best, is judged"):
        best_worst_weights([1, 4], [3, 1])


class Odd:
    """A node from outside, with a weight that no indicator would take."""

    def __init__(self, code, weight):
        self.code, self.weight = code, weight


def test_declared_weights_that_are_none_are_named():
    nodes = [Odd("a", 1.0), Odd("b", -1.0), Odd("c", float("nan")), Odd("d", "2")]
    with pytest.raises(MethodError, match=r"(?s)'b': .*got -1.0.*'c': .*got nan.*'d': .*got '2'"):
        Declared().weights(np.zeros((1, 4)), nodes)
