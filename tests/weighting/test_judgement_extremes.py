"""Numbers at the ends of the range of floats give the right weights or a plain error."""

import re

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from dli import Indicator
from dli.errors import DLIWarning, InconsistentJudgementsError, MethodError
from dli.weighting import (
    AHP,
    BenefitOfTheDoubt,
    BestWorst,
    BudgetAllocation,
    Declared,
    DirectPoints,
    Fixed,
    GroupAHP,
    PairwiseSwing,
    Swara,
    ahp_priorities,
    balanced_weights,
    benefit_of_the_doubt,
    best_worst_weights,
    budget_allocation_weights,
    common_benefit_of_the_doubt,
    group_judgements,
    group_priorities,
    nested_weights,
    pairwise_swing_weights,
    point_weights,
    revisions,
    sample_judgements,
    swara_weights,
)

NAN = float("nan")
RANGE = re.escape("from 1e-100 to 1e+100")
# Judgements within the range that are tested are far beyond the scale.
of_scale = pytest.mark.filterwarnings("ignore:judgements:dli.errors.DLIWarning")


def children(codes):
    return [Indicator(code) for code in codes]


def weights(scheme, codes):
    return scheme.weights(np.zeros((1, len(codes))), children(codes))


# Shares


@pytest.mark.parametrize("scheme", [Fixed, DirectPoints])
@pytest.mark.parametrize("size", [1e308, 1.0, 2e-320])
def test_weights_by_code_of_any_size(scheme, size):
    found = weights(scheme({"a": size, "b": 0.5 * size, "c": 0.0}), "abc")
    np.testing.assert_allclose(found, [2 / 3, 1 / 3, 0], rtol=1e-12)


@pytest.mark.parametrize("size", [1.5e308, 1e-320])
def test_shares_of_any_size(size):
    np.testing.assert_allclose(point_weights([size, size]), [0.5, 0.5])
    np.testing.assert_allclose(group_priorities([[0.9, 0.1], [0.1, 0.9]], [size, size]), [0.5] * 2)
    np.testing.assert_allclose(group_priorities([[size, size]]), [0.5, 0.5])
    values = [[1.0, 10.0], [2.0, 50.0], [3.0, 30.0]]
    assert balanced_weights(values, [size, size]).targets.tolist() == [0.5, 0.5]
    siblings = [Indicator("a", weight=size), Indicator("b", weight=size)]
    assert Declared().weights(np.zeros((1, 2)), siblings).tolist() == [0.5, 0.5]


@given(st.lists(st.integers(0, 100), min_size=1, max_size=5).filter(any), st.integers(-1000, 1000))
@settings(max_examples=30)
@example([1, 1], 1023)
def test_points_on_any_scale_have_the_same_weights(points, power):
    expected = point_weights(points)
    np.testing.assert_array_equal(point_weights(np.ldexp(points, min(power, 1016))), expected)
    assert expected.sum() == pytest.approx(1)


def test_declared_whole_numbers_beyond_those_of_arrays():
    siblings = [Indicator("a", weight=3 * 10**300), Indicator("b", weight=10**300)]
    np.testing.assert_allclose(Declared().weights(np.zeros((1, 2)), siblings), [0.75, 0.25])


@pytest.mark.parametrize("size", [1e308, 1e-308])
def test_budgets_of_any_size(size):
    own = {"a": size, "b": 0.5 * size}
    scheme = BudgetAllocation({"A": own, "B": own}, total=1.5 * size)
    np.testing.assert_allclose(weights(scheme, "ab"), [2 / 3, 1 / 3])


def test_a_budget_that_does_not_fit_is_named():
    with pytest.raises(MethodError, match=r"expert 1: the points sum to 1.4e\+308"):
        budget_allocation_weights([[1e308, 5e307], [9e307, 5e307]], total=1.5e308)


def test_products_of_weights_beyond_floats():
    with pytest.raises(MethodError, match=r"(?s)effective weights are beyond.*'a'$"):
        nested_weights("index", {"index": {"A": 1e308}, "A": {"a": 1e308}})


# Ratios of swings


HALVES = r"(?s)agree wherever a pair is repeated.*\(0, 1\): 2, but \(1, 0\): 2, expected 0.5"


def test_halves_of_a_matrix_that_contradict_one_another():
    with pytest.raises(InconsistentJudgementsError, match=HALVES):
        PairwiseSwing([[1, 2], [2, 1]])
    with pytest.raises(InconsistentJudgementsError, match=r"agree wherever a pair is repeated"):
        weights(PairwiseSwing([["a", "b", 2], ["b", "a", 2]]), "ab")
    # The function takes the mean of both.
    assert pairwise_swing_weights([[1, 2], [2, 1]]).tolist() == [0.5, 0.5]
    rounded = weights(PairwiseSwing([[1, 3], [0.333, 1]]), "ab")
    np.testing.assert_allclose(rounded, [0.75, 0.25], atol=1e-3)


@of_scale
def test_ratios_that_say_together_more_than_floats_hold():
    chain = [[a, b, 1e100] for a, b in zip("abcdefgh", "bcdefghi", strict=True)]
    found = weights(PairwiseSwing(chain), "abcdefghi")
    np.testing.assert_allclose(found[:3], [1, 1e-100, 1e-200], rtol=1e-9)
    assert found[-1] == 0


# Judgements out of range


@pytest.mark.parametrize("size", [1e101, 1e300, 1e-101, 1e-307])
@pytest.mark.parametrize(
    "door",
    [
        lambda s: AHP([["a", "b", s]]),
        lambda s: AHP({("a", "b"): [min(s, 1), max(s, 1)]}),
        lambda s: AHP([[1, s], [1 / s, 1]]),
        lambda s: GroupAHP({"A": [["a", "b", s]], "B": [["a", "b", 1 / s]]}),
        lambda s: PairwiseSwing([["a", "b", s]]),
        lambda s: ahp_priorities([[1, s], [1 / s, 1]]),
        lambda s: ahp_priorities([[[1, 2], [0.5, 1]], [[1, s], [1 / s, 1]]]),
        lambda s: ahp_priorities([[1, s], [NAN, 1]]),
        lambda s: revisions([[1, s], [1 / s, 1]]),
        lambda s: group_judgements([[[1, s], [1 / s, 1]]]),
        lambda s: sample_judgements([[1, s], [1 / s, 1]], [[1, s], [1 / s, 1]], 3),
        lambda s: pairwise_swing_weights([[1, s], [NAN, 1]]),
    ],
    ids=[
        "pair",
        "interval",
        "matrix",
        "group",
        "swing",
        "priorities",
        "stack",
        "half",
        "revisions",
        "joined",
        "drawn",
        "table",
    ],
)
def test_judgements_out_of_range_are_refused_where_they_are_given(door, size):
    with pytest.raises(MethodError, match=RANGE):
        door(size)


def test_all_judgements_out_of_range_are_named():
    with pytest.raises(MethodError, match=rf"(?s)\(a, b\): .* {RANGE}, got 1e\+200.*\(b, c\)"):
        AHP([["a", "b", 1e200], ["b", "c", 1e200]])
    named = rf"(?s)\(0, 1\) of matrix 1: 1e\+200 is not in the range {RANGE}.*\(1, 0\) of matrix 1: 1e-200 is"
    with pytest.raises(MethodError, match=named):
        ahp_priorities([[[1, 2], [0.5, 1]], [[1, 1e200], [1e-200, 1]]])


@of_scale
@pytest.mark.parametrize("completion", ["eigenvalue", "harker", "least_squares"])
@pytest.mark.parametrize("method", ["eigenvector", "geometric", "normalised columns"])
def test_judgements_within_the_range_are_used(completion, method):
    pairs = [["a", "b", 1e50], ["b", "c", 1e50]]
    scheme = AHP(pairs, completion=completion, method=method)
    np.testing.assert_allclose(weights(scheme, "abc"), [1, 1e-50, 1e-100], rtol=1e-9)
    ends = AHP([["a", "b", [1e-100, 1e100]]])
    drawn = ends.sample_weights("ab", 3, rng=0)
    np.testing.assert_allclose(drawn.sum(axis=1), 1)
    assert weights(ends, "ab").tolist() == [0.5, 0.5]
    assert AHP([["a", "b", 1e100]]).revisions("ab")[0].suggested == pytest.approx(1e100)


@of_scale
@pytest.mark.parametrize("completion", ["eigenvalue", "harker", "least_squares"])
def test_what_judgements_say_together_is_held_to_the_range(completion):
    pairs = [[a, b, 1e99] for a, b in zip("abcd", "bcde", strict=True)]
    scheme = AHP(pairs, completion=completion)
    with pytest.raises(
        MethodError, match=rf"(?s)imply for missing pairs must be {RANGE}:.*\(a, e\): 1e\+396"
    ):
        weights(scheme, "abcde")


@of_scale
def test_contradictions_that_leave_a_weight_of_nothing():
    pairs = [["a", "c", 1e-40], ["b", "c", 1e80], ["b", "d", 1e-30], ["c", "d", 1e60]]
    with pytest.raises(InconsistentJudgementsError, match="a, b, c, d contradict one another too"):
        weights(AHP(pairs, completion="harker", limit=1e100), "abcd")


# The best-worst method


@pytest.mark.parametrize("size", [1e13, 1e100, 1e300])
def test_best_worst_judgements_out_of_range(size):
    with pytest.raises(MethodError, match=r"(?s)from 1 to 1e\+12:.*item 1: .*item 0: "):
        best_worst_weights([1, size], [size, 1])
    with pytest.raises(MethodError, match=r"'b' must be a number of at most 1e\+12, got"):
        BestWorst({"a": 1, "b": size}, {"a": size, "b": 1})


def test_best_worst_judgements_beyond_the_scale_give_a_warning():
    named = r"beyond the scale from 1/9 to 9: 'b': 20 in best_to_others, 'a': 20 in others_to_worst"
    with pytest.warns(DLIWarning, match=named) as caught:
        scheme = BestWorst({"a": 1, "b": 20}, {"a": 20, "b": 1})
    assert [warning.filename for warning in caught] == [__file__]
    with pytest.warns(DLIWarning, match=named):
        found = weights(scheme, "ab")
    np.testing.assert_allclose(found, [20 / 21, 1 / 21])
    with pytest.warns(DLIWarning, match=r"item 1: 1e\+12 in best_to_others") as caught:
        result = best_worst_weights([1, 1e12], [1e12, 1])
    assert [warning.filename for warning in caught] == [__file__]
    np.testing.assert_allclose(result.weights, [1, 1e-12], rtol=1e-6)
    BestWorst({"a": 1, "b": 9}, {"a": 9, "b": 1})  # no warning up to the end of the scale


# Steps, and the benefit of the doubt


def test_steps_of_any_size():
    scheme = Swara(list("abcd"), [1e300, 1e300, 0.5])
    assert weights(scheme, "abcd").tolist() == [1, 1e-300, 0, 0]
    # Children keep their proportions, however far they are from the first.
    np.testing.assert_allclose(weights(scheme, "dc"), [0.4, 0.6])
    assert swara_weights([2, 0, 1], [1e300, 1e300]).tolist() == [1e-300, 0, 1]


@given(st.lists(st.floats(0, 3), max_size=6))
@settings(max_examples=30)
def test_steps_have_the_weights_of_the_formula(steps):
    q = np.concatenate([[1.0], 1 / np.cumprod(1 + np.array(steps))])
    found = swara_weights(range(len(q)), steps)
    np.testing.assert_allclose(found, q / q.sum(), rtol=1e-14)


VALUES = np.array([[1.0, 0.5, 0.2], [0.5, 1.0, 0.9], [0.6, 0.6, 0.3]])


@pytest.mark.parametrize(
    "door",
    [
        benefit_of_the_doubt,
        common_benefit_of_the_doubt,
        lambda x: BenefitOfTheDoubt().weights(x, children("abc")),
        lambda x: BenefitOfTheDoubt(common=True).weights(x, children("abc")),
    ],
    ids=["function", "common function", "scheme", "common scheme"],
)
@pytest.mark.parametrize("units", [[1e-300, 1, 1e290], [1e-315, 1, 1]])
def test_values_too_far_apart_to_be_added_up(door, units):
    with pytest.raises(
        MethodError, match=r"(?s)such different sizes: rescale .*(column 0|'a'): at most 1e-3"
    ):
        door(VALUES * units)


@pytest.mark.parametrize("units", [[1e-100, 1, 1e100], [1, 1, 1e300], [1e290, 1e300, 1e308]])
def test_values_far_apart_have_the_same_scores(units):
    expected = benefit_of_the_doubt(VALUES).scores
    np.testing.assert_allclose(benefit_of_the_doubt(VALUES * units).scores, expected)
    common = common_benefit_of_the_doubt(VALUES).scores
    np.testing.assert_allclose(common_benefit_of_the_doubt(VALUES * units).scores, common)


def test_ratios_of_weights_with_limits_of_any_size():
    free, bound = benefit_of_the_doubt(VALUES), (0, 1, 0.0, 1.7e308)
    found = benefit_of_the_doubt(VALUES * [0.1, 1, 1], ratio_bounds=[bound])
    np.testing.assert_allclose(found.scores, free.scores)
