import numpy as np
import pytest
from scipy.optimize import linprog

from dli import Assessment, Index, Indicator, Method
from dli.errors import MethodError
from dli.weighting import (
    BenefitOfTheDoubt,
    benefit_of_the_doubt,
    common_benefit_of_the_doubt,
)

VALUES = np.array([[4.0, 1.0], [1.0, 4.0], [2.0, 2.0], [1.0, 1.0]])
CHILDREN = [Indicator("a"), Indicator("b")]


def test_scores_worked_by_hand():
    # The frontier runs from (4, 1) to (1, 4): x + y = 5; (2, 2) reaches 4/5 of it, (1, 1) 2/5.
    np.testing.assert_allclose(benefit_of_the_doubt(VALUES).scores, [1, 1, 0.8, 0.4])
    common = common_benefit_of_the_doubt(VALUES)
    np.testing.assert_allclose(common.weights, [0.2, 0.2])
    np.testing.assert_allclose(common.scores, [1, 1, 0.8, 0.4])


def test_super_efficiency_tells_ties_apart():
    # Without itself, (8, 1) faces (2, 2) on the first alone: 8 / 2; (1, 4) likewise on the second:
    # 4 / 2. (2, 2) is no better than before: 2 w + 2 v with 8 w + v = 1 and w + 4 v = 1.
    values = np.array([[8.0, 1.0], [1.0, 4.0], [2.0, 2.0]])
    found = benefit_of_the_doubt(values, super_efficiency=True)
    np.testing.assert_allclose(found.scores, [4, 2, 20 / 31])
    weights = BenefitOfTheDoubt(super_efficiency=True).weights(values, CHILDREN)
    np.testing.assert_allclose(weights[:2], [[1, 0], [0, 1]], atol=1e-12)


def test_weights_at_the_frontier_are_as_even_as_they_can_be():
    # At (4, 1) the weights w = (1 - v) / 4 with v up to 1/5 all give 1; values are scaled by 4.
    found = benefit_of_the_doubt(VALUES)
    np.testing.assert_allclose(found.weights[:2], 0.2)


@pytest.mark.parametrize("bounds", [None, (0.05, 0.5)])
def test_scores_are_those_of_a_program_for_each_unit(bounds):
    values = np.random.default_rng(0).uniform(0, 10, (40, 6))
    found = benefit_of_the_doubt(values, share_bounds=bounds)
    for i, own in enumerate(values):
        rows, limits = [*values], [1.0] * len(values)
        if bounds:
            for k in range(6):
                share = np.eye(6)[k] * own
                rows += [bounds[0] * own - share, share - bounds[1] * own]
                limits += [0.0, 0.0]
        best = linprog(-own, A_ub=np.array(rows), b_ub=limits, method="highs")
        assert found.scores[i] == pytest.approx(-best.fun, abs=1e-9)
    assert (found.weights @ values.T).max() <= 1 + 1e-9
    np.testing.assert_allclose((found.weights * values).sum(axis=1), found.scores)


def test_neither_the_order_of_units_nor_units_of_measure_matter_to_scores():
    values = np.random.default_rng(3).uniform(0, 10, (30, 4))
    scores = benefit_of_the_doubt(values).scores
    np.testing.assert_allclose(benefit_of_the_doubt(values[::-1]).scores[::-1], scores)
    np.testing.assert_allclose(benefit_of_the_doubt(values * [1, 9, 1e4, 1e-4]).scores, scores)


def test_shares_stay_within_their_bounds():
    values = np.random.default_rng(1).uniform(1, 10, (30, 4))
    found = benefit_of_the_doubt(values, share_bounds=[(0.1, 0.5), (0, 0.3), (0.2, 1), (0, 1)])
    shares = found.weights * values / found.scores[:, np.newaxis]
    assert (shares[:, 0] >= 0.1 - 1e-9).all()
    assert (shares[:, 0] <= 0.5 + 1e-9).all()
    assert (shares[:, 1] <= 0.3 + 1e-9).all()
    assert (shares[:, 2] >= 0.2 - 1e-9).all()
    common = common_benefit_of_the_doubt(values, share_bounds=(0.2, 0.3)).weights
    shares = common * values.mean(axis=0)
    shares /= shares.sum()
    assert (shares >= 0.2 - 1e-9).all()
    assert (shares <= 0.3 + 1e-9).all()


def test_ratios_of_weights_stay_within_their_bounds():
    values = np.random.default_rng(2).uniform(1, 10, (30, 3))
    found = benefit_of_the_doubt(values, ratio_bounds=[(0, 1, 0.5, 2), (2, 1, 1, 9)])
    w = found.weights
    assert (w[:, 0] <= 2 * w[:, 1] + 1e-12).all()
    assert (w[:, 1] <= 2 * w[:, 0] + 1e-12).all()
    assert (w[:, 2] >= w[:, 1] - 1e-12).all()


def test_a_missing_value_never_helps():
    values = np.random.default_rng(4).uniform(1, 10, (20, 3))
    gaps = values.copy()
    gaps[0, 1] = np.nan
    found = benefit_of_the_doubt(gaps, share_bounds=(0.1, 0.9))
    assert found.scores[0] <= benefit_of_the_doubt(values).scores[0] + 1e-9
    zero = np.nan_to_num(gaps)
    np.testing.assert_allclose(benefit_of_the_doubt(gaps).scores, benefit_of_the_doubt(zero).scores)


def test_units_that_nothing_favours_get_equal_weights():
    values = np.array([*VALUES, [0.0, 0.0], [np.nan, np.nan]])
    found = benefit_of_the_doubt(values)
    assert found.scores[4] == 0
    assert np.isnan(found.scores[5])
    assert not found.weights[4:].any()
    assert np.isnan(common_benefit_of_the_doubt(values).scores[5])
    np.testing.assert_allclose(BenefitOfTheDoubt().weights(values, CHILDREN)[4:], 0.5)


def test_own_weights_flow_through_an_assessment():
    index = Index("T", [Indicator("a", goalposts=(0, 5)), Indicator("b", goalposts=(0, 5))])
    data = {"unit": list("WXYZ"), "a": VALUES[:, 0], "b": VALUES[:, 1]}
    scheme = BenefitOfTheDoubt(share_bounds={"a": (0.25, 1)}, ratio_bounds={("a", "b"): (0.1, 10)})
    assessment = Assessment(index, data, method=Method(weighting=scheme))
    weights = assessment.weight_array("T")
    assert weights.shape == (4, 2)
    np.testing.assert_allclose(weights.sum(axis=1), 1)
    own = weights * np.stack([assessment.array("a"), assessment.array("b")], axis=1)
    assert (own[:, 0] >= 0.25 * own.sum(axis=1) - 1e-9).all()
    assert "shares in the score bounded (a 0.25 to 1)" in assessment.methodology()


def test_a_unit_without_weights_is_named_in_an_assessment():
    index = Index("T", [Indicator("a", goalposts=(0, 5)), Indicator("b", goalposts=(0, 5))])
    data = {"unit": list("WX"), "a": [1.0, 0.0], "b": [1.0, 2.0]}
    scheme = BenefitOfTheDoubt(share_bounds=(0.2, 0.8))
    with pytest.raises(MethodError, match=r"(?s)'a' is 0, but its share must be at least 0.2"):
        Assessment(index, data, method=Method(weighting=scheme)).scores  # noqa: B018 computed when asked for


def test_the_methods_statement_tells_the_bounds():
    text = BenefitOfTheDoubt((0.1, 0.9), [["a", "b", 0.5, 2]], super_efficiency=True).describe()
    assert "(0.1 to 0.9)" in text
    assert "(a/b 0.5 to 2)" in text
    assert "no unit compared with itself" in text
    assert "of all units together" in BenefitOfTheDoubt(common=True).describe()


@pytest.mark.parametrize(
    ("values", "keywords", "message"),
    [
        ([[1.0, -1.0], [1.0, 2.0]], {}, r"(?s)of at least 0.*column 1: 1 invalid, such as -1"),
        ([[1.0, np.nan], [1.0, np.nan]], {}, r"column 1: 0 values, expected at least 1"),
        ([[1.0, 0.0], [1.0, 0.0]], {}, r"(?s)needs a value above 0.*column 1"),
        (VALUES, {"share_bounds": [0.1, 0.2, 0.3]}, r"shape \(2,\) or \(2, 2\), got \(3,\)"),
        (VALUES, {"share_bounds": (0.5, 0.2)}, r"(?s)the lower one first.*column 0: from 0.5 to 0.2"),
        (VALUES, {"share_bounds": (0.6, 0.7)}, "the lower bounds sum to 1.2, above 1"),
        (VALUES, {"share_bounds": (0.1, 0.4)}, r"row 3: its upper bounds sum to 0.8, below 1"),
        (VALUES, {"ratio_bounds": [(0, 1, 2, 1)]}, "column 0 to column 1: from 2 to 1"),
        ([[1.0, 0.0], [1.0, 2.0]], {"share_bounds": (0.2, 0.8)}, r"row 0: column 1 is 0, but its share must be at least 0.2"),
        ([[1.0, 2.0], [1.0, 0.0]], {"super_efficiency": True}, r"row 0: its score is unbounded"),
        (VALUES, {"ratio_bounds": [(0, 1, 2, 3), (1, 0, 2, 3)]}, r"(?s)no weights satisfy these bounds on ratios together.*column 0 to column 1: from 2 to 3.*column 1 to column 0: from 2 to 3"),
    ],
    ids=range(11),
)  # fmt: skip
def test_what_has_no_score_is_refused(values, keywords, message):
    with pytest.raises(MethodError, match=message):
        benefit_of_the_doubt(values, **keywords)


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: BenefitOfTheDoubt(share_bounds=0.2), r"a pair \(low, high\) of finite numbers, got 0.2"),
        (lambda: BenefitOfTheDoubt(share_bounds={"a": (1, 2, 3)}), r"got \(1, 2, 3\) for a"),
        (lambda: BenefitOfTheDoubt(ratio_bounds=[("a", "b", 1)]), r"must be \(code, code, low, high\)"),
        (lambda: BenefitOfTheDoubt(common=True, super_efficiency=True), "do not support super_efficiency"),
        (lambda: BenefitOfTheDoubt({"ab": (0, 1)}, {("a", "x"): (1, 2)}).weights(VALUES, CHILDREN), r"(?s)bounds must refer to a, b; unknown codes.*'x'.*'ab'"),
    ],
    ids=range(5),
)  # fmt: skip
def test_bounds_that_cannot_be_read_are_refused(call, message):
    with pytest.raises(MethodError, match=message):
        call()


def test_conflicting_ratios_are_named_however_many_columns_there_are():
    """Of three columns the two that conflict used to weigh 0, without a word."""
    values = np.random.default_rng(7).uniform(1, 9, (6, 3))
    bounds = [(0, 1, 2, 3), (1, 0, 2, 3), (1, 2, 0.1, 9)]
    with pytest.raises(MethodError) as caught:
        benefit_of_the_doubt(values, ratio_bounds=bounds)
    assert caught.value.faults == (
        "column 0 to column 1: from 2 to 3",
        "column 1 to column 0: from 2 to 3",
    )
    children = [Indicator(code) for code in "abc"]
    circle = {("a", "b"): (2, 3), ("b", "c"): (2, 3), ("c", "a"): (0.5, 1)}
    with pytest.raises(MethodError, match=r"(?s)'a' to 'b': from 2 .*'b' to 'c'.*'c' to 'a'"):
        BenefitOfTheDoubt(ratio_bounds=circle).weights(values, children)
    wide = {("a", "b"): (2, 3), ("b", "c"): (2, 3), ("c", "a"): (0, 0.25)}
    weights = BenefitOfTheDoubt(ratio_bounds=wide).weights(values, children)
    assert (weights[:, 0] >= 2 * weights[:, 1] - 1e-9).all()


def test_bounds_that_conflict_for_a_unit_are_named_with_it():
    values = np.array([[1.0, 1.0, 5.0], [9.0, 1.0, 5.0], [np.nan, 1.0, 5.0]])
    shares = [(0.8, 1), (0.1, 0.5), (0, 1)]
    with pytest.raises(MethodError) as caught:
        benefit_of_the_doubt(
            values, share_bounds=shares, ratio_bounds=[(0, 1, 0.2, 1), (2, 1, 0, 9)]
        )
    (fault,) = caught.value.faults
    assert fault.startswith("row 0: no weights above 0 satisfy its bounds (share of column 0 from")
    assert "column 0 to column 1: from 0.2 to 1" in fault
    assert "column 2" not in fault
    many = np.tile(values[:1], (25, 1))
    with pytest.raises(MethodError) as caught:
        benefit_of_the_doubt(many, share_bounds=shares, ratio_bounds=[(0, 1, 0.2, 1)])
    assert len(caught.value.faults) == 25


@pytest.mark.parametrize(
    ("ratio", "message"),
    [
        ((0, 0, 1, 2), r"\(0, 0\): not two different columns"),
        ((0, 2, 1, 2), r"\(0, 2\): not two different columns"),
        ((0, 1, 0, 0), "column 0 to column 1: from 0 to 0"),
        ((0, 1, "x", 2), "from 'x' to 2"),
    ],
)
def test_ratios_that_are_none_are_refused(ratio, message):
    with pytest.raises(MethodError, match=message):
        benefit_of_the_doubt(VALUES, ratio_bounds=[ratio])


def test_a_child_whose_share_must_be_0_has_no_ratio():
    with pytest.raises(MethodError, match="but a share must be 0"):
        benefit_of_the_doubt(VALUES, share_bounds=[(0, 0), (0, 1)], ratio_bounds=[(0, 1, 1, 2)])


def test_weights_beyond_the_range_of_floats_are_refused():
    with pytest.raises(MethodError, match="beyond the range of floats: rescale them"):
        benefit_of_the_doubt([[1e-310, 2e-310], [2e-310, 1e-310]])


@pytest.mark.parametrize("row", [("a", 1, 0.5, 2), ("a", "b", "x", 2)])
def test_ratios_that_are_not_of_codes_and_numbers_are_refused(row):
    with pytest.raises(MethodError, match=r"(?s)two codes and two finite numbers.*'a'"):
        BenefitOfTheDoubt(ratio_bounds=[row])
