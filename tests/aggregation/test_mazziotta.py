import numpy as np
import pytest
from hypothesis import given
from numpy.testing import assert_allclose, assert_array_equal
from tests.aggregation.cases import Case, few, weighted

from dli import Assessment, Index, Indicator, Method
from dli.aggregation import (
    AdjustedMazziottaPareto,
    MazziottaPareto,
    Traits,
    adjusted_mazziotta_pareto,
    mazziotta_pareto,
)
from dli.errors import MethodError
from dli.normalisation import Goalposts

VALUES = np.array([[1.0, 4.0], [2.0, 6.0], [3.0, 2.0]])
SCHEMES = [
    MazziottaPareto(),
    MazziottaPareto("positive"),
    AdjustedMazziottaPareto(),
    AdjustedMazziottaPareto("midrange", "positive"),
]
every = pytest.mark.parametrize("scheme", SCHEMES, ids=repr)


# By hand: z of the columns are 100 -+ 10 sqrt(3/2), 100, so that the units have the means 100 - a/2,
# 100 + a/2 and 100 with a = 10 sqrt(3/2), and the deviations a/2, a/2 and a.
def test_mazziotta_pareto_by_hand():
    a = 10 * np.sqrt(1.5)
    means, deviations = 100 + np.array([-a / 2, a / 2, 0]), np.array([a / 2, a / 2, a])
    penalty = deviations**2 / means
    assert_allclose(mazziotta_pareto(VALUES), means - penalty, rtol=1e-14)
    assert_allclose(mazziotta_pareto(VALUES, penalty="positive"), means + penalty, rtol=1e-14)


# By hand: ranges 2 and 4, so that the columns become 70, 100, 130 and 100, 130, 70.
def test_adjusted_mazziotta_pareto_by_hand():
    expected = [85 - 225 / 85, 115 - 225 / 115, 100 - 9]
    for reference in ("mean", "midrange", [2.0, 4.0]):
        result = adjusted_mazziotta_pareto(VALUES, reference=reference)
        assert_allclose(result, expected, rtol=1e-14)
    turned = adjusted_mazziotta_pareto(VALUES, directions=[-1, -1])
    assert_allclose(turned, [115 - 225 / 115, 85 - 225 / 85, 91], rtol=1e-14)


def test_the_reference_becomes_one_hundred():
    values = np.array([[1.0, 1.0], [2.0, 2.0], [6.0, 6.0]])
    assert_allclose(adjusted_mazziotta_pareto(values, reference=[2, 2])[1], 100, rtol=1e-15)
    assert_allclose(adjusted_mazziotta_pareto(values)[1], 88, rtol=1e-15)
    assert_allclose(adjusted_mazziotta_pareto(values, reference="midrange")[1], 82, rtol=1e-15)


def test_given_bounds_hold_for_a_part_of_the_rows():
    bounds = ([1, 2], [3, 6])
    whole = adjusted_mazziotta_pareto(VALUES, reference=[2, 4])
    part = adjusted_mazziotta_pareto(VALUES[:1], reference=[2, 4], bounds=bounds)
    assert_allclose(part, whole[:1], rtol=1e-15)
    with pytest.raises(MethodError, match=r"bounds must be 2 finite values, got \[1.0\]"):
        adjusted_mazziotta_pareto(VALUES, bounds=([1], [2]))
    with pytest.raises(MethodError, match=r"do not in:\n  - column 1$"):
        adjusted_mazziotta_pareto(VALUES, bounds=([1, 2], [3, 2]))


def test_weights_of_missing_children_are_shared_by_hand():
    values = np.array([[1.0, np.nan], [2.0, 6.0], [3.0, 2.0], [np.nan, np.nan]])
    result = adjusted_mazziotta_pareto(values, [0.75, 0.25], reference="midrange")
    assert_allclose(result[[0, 3]], [70, np.nan], rtol=1e-14)
    # 100 and 130: mean 107.5, variance 0.75 * 7.5 ** 2 + 0.25 * 22.5 ** 2.
    assert_allclose(result[1], 107.5 - 168.75 / 107.5, rtol=1e-14)


@every
@few
@given(case=weighted(missing=True))
def test_a_linear_normalisation_before_makes_no_difference(scheme, case: Case):
    values, weights = case
    result = scheme.aggregate(values, weights)
    assert_allclose(scheme.aggregate(3 * values - 40, weights), result, rtol=1e-10)


@every
@few
@given(case=weighted())
def test_imbalance_costs_or_adds_and_balance_does_not(scheme, case: Case):
    values, _ = case
    balanced = np.repeat(values[:, :1], 3, axis=1)
    weights = np.full(3, 1 / 3)
    alone = scheme.aggregate(balanced[:, :1], np.ones(1))
    assert_allclose(scheme.aggregate(balanced, weights), alone, rtol=1e-12)
    mixed = balanced.copy()
    mixed[:, 2] = mixed[::-1, 2]
    unpenalised = (2 * alone + alone[::-1]) / 3
    lead = scheme.aggregate(mixed, weights) - unpenalised
    assert ((lead <= 1e-9) if scheme.penalty == "negative" else (lead >= -1e-9)).all()


@every
@few
@given(case=weighted(missing=True))
def test_reordering_units_and_children_reorders_the_result_alone(scheme, case: Case):
    values, weights = case
    result = scheme.aggregate(values[::-1, ::-1], weights[::-1])
    assert_allclose(result[::-1], scheme.aggregate(values, weights), rtol=1e-11)


def test_turning_the_directions_is_turning_the_signs():
    values = np.array([[1.0, 4.0], [2.0, 7.0], [3.0, 2.0]])
    signs = np.array([1.0, -1.0])
    for index in (mazziotta_pareto, adjusted_mazziotta_pareto):
        assert_allclose(index(values, directions=signs), index(values * signs), rtol=1e-13)


def test_samples_are_taken_one_by_one():
    samples = np.stack([VALUES, VALUES[::-1] ** 2])
    for index in (mazziotta_pareto, adjusted_mazziotta_pareto):
        assert_allclose(index(samples), [index(sample) for sample in samples], rtol=1e-14)


def test_columns_that_do_not_differ_are_named():
    values = np.array([[1.0, 2.0, np.nan], [1.0, 3.0, np.nan]])
    for index in (mazziotta_pareto, adjusted_mazziotta_pareto):
        with pytest.raises(MethodError, match="values that differ in every column") as caught:
            index(values)
        assert caught.value.faults == ("column 0", "column 2")


def test_a_mean_at_most_zero_has_no_penalty():
    with pytest.raises(MethodError, match=r"must be above zero:\n  - row 0: -80\n  - row 1: -20$"):
        adjusted_mazziotta_pareto([[1.0], [2.0]], reference=[4.0])


def test_bad_choices_are_refused():
    with pytest.raises(MethodError, match="penalty must be 'negative' or 'positive', got 'none'"):
        mazziotta_pareto(VALUES, penalty="none")
    with pytest.raises(MethodError, match="penalty must be"):
        MazziottaPareto(penalty="none")
    with pytest.raises(MethodError, match="penalty must be"):
        AdjustedMazziottaPareto(penalty="none")
    with pytest.raises(MethodError, match="reference must be 'mean' or 'midrange', got 'max'"):
        AdjustedMazziottaPareto(reference="max")
    with pytest.raises(MethodError, match="reference must be 'mean' or 'midrange', got 'max'"):
        adjusted_mazziotta_pareto(VALUES, reference="max")
    with pytest.raises(MethodError, match=r"reference must be 2 finite values, got \[1.0\]"):
        adjusted_mazziotta_pareto(VALUES, reference=[1.0])
    with pytest.raises(MethodError, match="reference must be 2 finite values"):
        adjusted_mazziotta_pareto(VALUES, reference=[1.0, np.nan])
    with pytest.raises(MethodError, match=r"directions must be 2 times 1 or -1, got \[1.0, 0.0\]"):
        mazziotta_pareto(VALUES, directions=[1, 0])
    with pytest.raises(MethodError, match="directions must be 2 times 1 or -1"):
        mazziotta_pareto(VALUES, directions=[1])
    with pytest.raises(MethodError, match="weights must be finite"):
        mazziotta_pareto(VALUES, [0, 0])


@every
def test_each_describes_itself_with_its_sign(scheme):
    sign = "-" if scheme.penalty == "negative" else "+"
    assert f"S = M {sign}" in scheme.describe()
    assert scheme.traits == Traits(skips_missing=True, draws=True, kinked=False)


def test_the_classes_call_the_functions():
    weights = np.array([0.25, 0.75])
    assert_array_equal(
        AdjustedMazziottaPareto("midrange", "positive").aggregate(VALUES, weights),
        adjusted_mazziotta_pareto(VALUES, weights, reference="midrange", penalty="positive"),
    )
    assert_array_equal(
        MazziottaPareto().aggregate(VALUES, weights), mazziotta_pareto(VALUES, weights)
    )


def test_a_mean_of_exactly_zero_has_no_penalty_either():
    with pytest.raises(MethodError, match=r"must be above zero:\n  - row 0: 0$"):
        adjusted_mazziotta_pareto([[0.0], [60.0]], reference=[100.0])


@pytest.mark.parametrize("scheme", SCHEMES, ids=repr)
def test_a_held_scale_gives_the_same_index_and_its_slopes(scheme):
    values = np.array([[1.0, 4.0, 7.0], [2.0, 6.0, np.nan], [3.0, 2.0, 5.0]])
    weights = np.array([0.2, 0.3, 0.5])
    held = scheme.fit(values)
    assert held.traits.concave == (scheme.penalty == "negative")
    assert held.traits.local
    assert_allclose(held.aggregate(values, weights), scheme.aggregate(values, weights), rtol=1e-13)
    slopes = held.gradient(values, weights)
    for j in range(3):
        step = np.zeros(3)
        step[j] = 1e-6
        rise = held.aggregate(values + step, weights) - held.aggregate(values - step, weights)
        assert_allclose(slopes[:, j], rise / 2e-6, rtol=1e-6, atol=1e-8)


def test_units_without_a_score_do_not_set_the_scale():
    index = Index("T", [Indicator(code, goalposts=(0, 100)) for code in "ab"])
    method = Method(normalisation=Goalposts(), aggregation=MazziottaPareto(), coverage=1.0)
    data = {"unit": list("XYZ"), "a": [10.0, 20.0, 30.0], "b": [40.0, 60.0, 20.0]}
    alone = Assessment(index, data, method=method).array("T")
    assert_allclose(alone, mazziotta_pareto(VALUES))
    more = {"unit": list("XYZV"), "a": [*data["a"], 90.0], "b": [*data["b"], None]}
    assert_array_equal(Assessment(index, more, method=method).array("T"), [*alone, np.nan])
