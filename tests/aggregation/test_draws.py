"""Many draws in one call: the scores of a call for each draw."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from numpy.testing import assert_allclose, assert_array_equal

from dli.aggregation import (
    AdjustedMazziottaPareto,
    ArithmeticMean,
    CensoredMean,
    Complement,
    Copeland,
    Difference,
    GeometricMean,
    HarmonicMean,
    MazziottaPareto,
    Minimum,
    OrderedWeighted,
    PowerMean,
    Product,
    Ratio,
    Sum,
    UnobservedComponents,
)
from dli.aggregation.mazziotta_draws import mazziotta_pareto_of_draws
from dli.aggregation.ordered import as_order_weights
from dli.aggregation.ordered_draws import ordered_means_of_draws
from dli.aggregation.planes import batcher_pairs
from dli.aggregation.protocol import traits_of
from dli.errors import MethodError

pytestmark = pytest.mark.once

ORDERED = [
    OrderedWeighted([0.2, 0.3, 0.5]),
    OrderedWeighted([1]),
    OrderedWeighted([0, 0, 1, 2]),
    OrderedWeighted([3, 1, 0, 2, 5, 1, 1]),
]
INDICES = [
    MazziottaPareto(),
    MazziottaPareto("positive"),
    AdjustedMazziottaPareto(),
    AdjustedMazziottaPareto(reference="midrange", penalty="positive"),
]
OTHERS = [
    ArithmeticMean(),
    CensoredMean(at=9),
    GeometricMean(),
    HarmonicMean(),
    Minimum(),
    PowerMean(9.5),
    Product(total=0.5),
    Sum(),
    MazziottaPareto().fit([[1.0], [30.0]]),
]
often = settings(max_examples=25, deadline=None)


@st.composite
def draws(draw, *, n_children=None, by_unit=True, least_units=1):
    """Draw values of draws on a grid, so that they tie, with gaps, and weights, some of them 0."""
    n_draws, n_units = draw(st.integers(2, 4)), draw(st.integers(least_units, 7))
    k = draw(st.integers(1, 8)) if n_children is None else n_children
    is_repeated = draw(st.booleans())
    shape = (k, 1 if is_repeated else n_draws, n_units)
    is_coarse = draw(st.booleans())
    grid = st.integers(1, 5 if is_coarse else 4000).map(lambda i: i / 4)
    planes = draw(arrays(np.float64, shape, elements=grid))
    if draw(st.booleans()):
        planes[draw(arrays(np.bool_, shape))] = np.nan
    if draw(st.booleans()) and n_units > 1:
        planes[..., 0], planes[..., 1] = 0.125, 30.0
    values = np.broadcast_to(np.moveaxis(planes, 0, -1), (n_draws, n_units, k))
    rows = n_units if by_unit and draw(st.booleans()) else 1
    weights = draw(arrays(np.float64, (n_draws, rows, k), elements=st.integers(0, 4).map(float)))
    weights[..., draw(st.integers(0, k - 1))] += 1
    return values, weights / weights.sum(axis=-1, keepdims=True)


def one_by_one(scheme, values, weights):
    """Call the aggregation for each draw."""
    return np.stack(
        [
            scheme.aggregate(x, w[0] if len(w) == 1 else w)
            for x, w in zip(values, weights, strict=True)
        ]
    )


def check(scheme, values, weights, rtol=1e-12):
    """Require the scores of a call for each draw; where there are none, no scores either."""
    try:
        expected = one_by_one(scheme, values, weights)
    except MethodError:
        with pytest.raises(MethodError):
            scheme.aggregate(values, weights)
        return
    assert_allclose(scheme.aggregate(values, weights), expected, rtol=rtol, atol=0)


@pytest.mark.parametrize("scheme", ORDERED, ids=repr)
@often
@given(case=draws())
def test_ordered_weighted_means_of_draws(scheme, case):
    check(scheme, *case)


@pytest.mark.parametrize("scheme", INDICES, ids=repr)
@often
@given(case=draws(least_units=2))
def test_mazziotta_pareto_indices_of_draws(scheme, case):
    check(scheme, *case)


@pytest.mark.parametrize("is_repeated", [True, False])
def test_a_mean_that_is_not_above_zero_is_left_to_the_general_function(is_repeated):
    # One unit lies so far below 149 others that its z is below 0.
    values = np.ones((150, 2))
    values[0] = 0.0
    values[1] = 1.5
    weights = np.full((3, 1, 2), 0.5)
    many = np.broadcast_to(values, (3, 150, 2))
    found = mazziotta_pareto_of_draws(many if is_repeated else many.copy(), weights, "negative")
    assert found is None


@pytest.mark.parametrize("scheme", INDICES, ids=repr)
@pytest.mark.parametrize("gap", [False, True])
def test_values_near_the_largest_number_are_left_to_the_general_function(scheme, gap):
    values = np.random.default_rng(1).uniform(1, 9, (4, 6, 2)) * 1e307
    values[0, 0, 0] = np.nan if gap else 1e307
    check(scheme, values, np.full((4, 1, 2), 0.5))


@often
@given(case=draws(by_unit=False))
def test_copeland_scores_of_draws_are_the_same_numbers(case):
    assert_array_equal(Copeland().aggregate(*case), one_by_one(Copeland(), *case))


@pytest.mark.parametrize("scheme", OTHERS, ids=lambda scheme: type(scheme).__name__)
@settings(max_examples=8, deadline=None)
@given(case=draws())
def test_other_aggregations_of_draws(scheme, case):
    check(scheme, *case)


@pytest.mark.parametrize(
    ("scheme", "n_children"),
    [
        (Difference(), 2),
        (Ratio(), 2),
        (Complement(), 1),
        (UnobservedComponents(alpha=[1, 2], beta=[2, 1], sigma=[1, 1]), 2),
    ],
    ids=lambda own: type(own).__name__,
)
@settings(max_examples=8, deadline=None)
@given(data=st.data())
def test_formulas_of_draws(scheme, n_children, data):
    check(scheme, *data.draw(draws(n_children=n_children)))


def test_all_of_them_declare_draws():
    for scheme in [*ORDERED, *INDICES, *OTHERS, Copeland(), Difference(), Ratio(), Complement()]:
        assert traits_of(scheme).draws
    assert not traits_of(object()).draws


# Two draws of three units and two children; weights 3 : 1 and 1 : 3.
VALUES = np.array([[[3.0, 1.0], [2.0, 2.0], [1.0, 3.0]], [[1.0, 2.0], [1.0, 1.0], [3.0, 0.0]]])
WEIGHTS = np.array([[[0.75, 0.25]], [[0.25, 0.75]]])


def test_draws_by_hand():
    assert Copeland().aggregate(VALUES, WEIGHTS).tolist() == [[2, 0, -2], [2, 0, -2]]
    # The best child takes up the room of its weight, of which the first half counts twice.
    ordered = OrderedWeighted([2, 1]).aggregate(VALUES, WEIGHTS)
    assert_allclose(ordered[0], [(5 * 3 + 1) / 6, 2, (3 + 2 * 1) / 3], rtol=1e-14)


@pytest.mark.parametrize("n_units", [1, 2, 3, 10, 11, 255, 256, 257, 300])
def test_copeland_scores_of_any_number_of_units(n_units):
    values = np.random.default_rng(1).uniform(size=(3, n_units, 3))
    values[0] = 1.0  # all tie
    values[1] = np.arange(n_units)[:, np.newaxis]  # one order throughout
    weights = np.array([[[0.5, 0.3, 0.2]], [[0.2, 0.2, 0.6]], [[1.0, 0.0, 0.0]]])
    expected = one_by_one(Copeland(), values, weights)
    assert_array_equal(Copeland().aggregate(values, weights), expected)
    repeated = np.broadcast_to(values[2], values.shape)
    expected = one_by_one(Copeland(), repeated, weights)
    assert_array_equal(Copeland().aggregate(repeated, weights), expected)


@pytest.mark.parametrize("n_children", [9, 15])
def test_copeland_scores_of_many_children(n_children):
    values = np.random.default_rng(1).uniform(size=(2, 40, n_children))
    weights = np.random.default_rng(2).uniform(size=(2, 1, n_children))
    weights /= weights.sum(axis=-1, keepdims=True)
    expected = one_by_one(Copeland(), values, weights)
    assert_array_equal(Copeland().aggregate(values, weights), expected)
    same = Copeland().aggregate(values, weights[:1])
    assert_array_equal(same, one_by_one(Copeland(), values, weights[[0, 0]]))


def test_rounding_does_not_break_a_tie_in_a_draw():
    # 0.1 + 0.2 against 0.3, scaled: each unit is better in half of the weight.
    values = np.tile([[1.0, 1.0, 0.0], [0.0, 0.0, 1.0]], (2, 1, 1))
    weights = np.tile(np.array([0.1, 0.2, 0.3]) / 0.6, (2, 1, 1))
    for own in (values, np.broadcast_to(values[0], values.shape)):
        assert Copeland().aggregate(own, weights).tolist() == [[0, 0], [0, 0]]


def test_weights_by_unit_are_refused_in_draws_too():
    with pytest.raises(MethodError, match=r"weights that all units share, got the shape \(2, 3, 2"):
        Copeland().aggregate(VALUES, np.full((2, 3, 2), 0.5))


def test_the_greatest_numbers_stay_within_the_range():
    # By rounding the sum of the shares of a number can be more than the number.
    rng = np.random.default_rng(0)
    values = np.full((2, 1, 5), np.finfo(float).max)
    beyond = 0
    for _ in range(100):
        scheme = OrderedWeighted(rng.integers(1, 12, 5))
        weights = rng.integers(1, 12, (2, 1, 5)).astype(float)
        weights /= weights.sum(axis=-1, keepdims=True)
        order_weights = as_order_weights(scheme.order_weights)
        beyond += np.isinf(ordered_means_of_draws(values, weights, order_weights)).any()
        assert_allclose(scheme.aggregate(values, weights), values[..., 0], rtol=1e-15)
    assert beyond > 0


def test_a_large_value_in_a_place_without_weight_counts_nothing():
    values = np.array([[[1e20, 1.0, 2.0]], [[3.0, 1e20, 2.0]]])
    weights = np.full((2, 1, 3), 1 / 3)
    check(OrderedWeighted([0, 1, 1]), values, weights, rtol=1e-14)


@pytest.mark.parametrize("scheme", INDICES, ids=repr)
def test_values_of_extreme_size_go_the_long_way(scheme):
    for factor, shift in ((1e250, 0.0), (1e-250, 0.0), (1.0, 1e8)):
        check(scheme, VALUES * factor + shift, WEIGHTS)


def test_means_near_zero_go_the_long_way():
    # Two of 150 units lie far below all others: their mean comes close to 0.
    values = np.zeros((2, 150, 2))
    values[:, :2] = -1.0
    values[:, 2] = 1.0
    values[1, :, 1] *= np.linspace(0.5, 2, 150)
    weights = np.array([[[0.5, 0.5]], [[0.9, 0.1]]])
    check(MazziottaPareto(), values, weights)
    # One of 102 units: more than ten standard deviations below.
    values = np.concatenate([np.full((2, 1, 2), -1.0), np.zeros((2, 105, 2))], axis=1)
    with pytest.raises(MethodError, match="divides by a unit's mean, which must be above zero"):
        MazziottaPareto().aggregate(values, weights)


def test_hardly_any_weight_left_beside_gaps():
    values = np.where(np.eye(3, 2, dtype=bool), np.nan, VALUES)
    weights = np.array([[[1.0, 1e-200]], [[1e-200, 1.0]]])
    check(MazziottaPareto(), values, weights)


def test_constant_columns_of_a_draw_are_named():
    values = VALUES.copy()
    values[1, :, 1] = 7.0
    for scheme in INDICES:
        with pytest.raises(MethodError, match=r"values that differ in every column.*\s.*column 1"):
            scheme.aggregate(values, WEIGHTS)


@pytest.mark.parametrize("n", range(1, 18))
def test_the_network_sorts_whatever_there_is(n):
    # A network that sorts all sequences of 0 and 1 sorts all others (Knuth, volume 3, 5.3.4).
    rng = np.random.default_rng(n)
    rows = rng.integers(0, 2, (5000, n)) if n > 12 else np.indices((2,) * n).reshape(n, -1).T
    columns = list(rows.T)
    for first, second in batcher_pairs(n):
        a, b = columns[first], columns[second]
        columns[first], columns[second] = np.maximum(a, b), np.minimum(a, b)
    assert (np.diff(columns, axis=0) <= 0).all()
