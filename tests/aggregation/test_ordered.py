import numpy as np
import pytest
from hypothesis import given
from numpy.testing import assert_allclose
from tests.aggregation.cases import Case, few, weighted

from dli.aggregation import OrderedWeighted, ordered_weighted_mean, power_mean
from dli.errors import MethodError

SCHEMES = [OrderedWeighted([0.2, 0.3, 0.5]), OrderedWeighted([1]), OrderedWeighted([0, 0, 1, 2])]
every = pytest.mark.parametrize("scheme", SCHEMES, ids=repr)


# Yager (1988), example: weights .2 .3 .1 .4 of the arguments .6 1 .3 .5 give .55.
def test_the_published_example_of_ordered_weights():
    values = np.array([[0.6, 1.0, 0.3, 0.5]])
    result = ordered_weighted_mean(values, np.ones(4), [0.2, 0.3, 0.1, 0.4])
    assert_allclose(result, 0.2 * 1 + 0.3 * 0.6 + 0.1 * 0.5 + 0.4 * 0.3, rtol=1e-15)
    assert_allclose(result, 0.55, rtol=1e-12)


def test_weights_of_children_take_room_in_the_order_by_hand():
    # The best child takes up the first quarter: half of the first place's weight of 0.8.
    values = np.array([[10.0, 40.0]])
    result = ordered_weighted_mean(values, [0.75, 0.25], [0.8, 0.2])
    assert_allclose(result, 0.4 * 40 + 0.6 * 10, rtol=1e-15)


def test_missing_children_give_up_their_room_by_hand():
    values = np.array([[10.0, np.nan, 40.0], [np.nan, np.nan, np.nan], [np.nan, 5.0, np.nan]])
    result = ordered_weighted_mean(values, [0.25, 0.5, 0.25], [0.8, 0.2])
    assert_allclose(result, [0.8 * 40 + 0.2 * 10, np.nan, 5.0], rtol=1e-15)
    assert np.isnan(ordered_weighted_mean([[np.nan, 1.0]], [1, 0], [1])).all()


@few
@given(case=weighted(missing=True))
def test_equal_order_weights_are_the_arithmetic_mean(case: Case):
    values, weights = case
    result = ordered_weighted_mean(values, weights, [1, 1, 1])
    assert_allclose(result, power_mean(values, weights, 1), rtol=1e-12)


@few
@given(case=weighted(missing=True))
def test_weight_at_the_ends_gives_maximum_and_minimum(case: Case):
    values, _ = case
    n_children = values.shape[1]
    equal = np.ones(n_children)
    # A place as narrow as a child, the fewer the children the wider.
    first, last = np.eye(n_children)[0], np.eye(n_children)[-1]
    complete = ~np.isnan(values).any(axis=1)
    best = ordered_weighted_mean(values, equal, first)
    worst = ordered_weighted_mean(values, equal, last)
    assert_allclose(best[complete], values[complete].max(axis=1), rtol=1e-12)
    assert_allclose(worst[complete], values[complete].min(axis=1), rtol=1e-12)


@every
@few
@given(case=weighted(missing=True))
def test_the_mean_lies_between_the_extremes_and_its_gradient_sums_to_it(scheme, case: Case):
    values, weights = case
    result = scheme.aggregate(values, weights)
    known = ~np.isnan(result)
    least, greatest = power_mean(values, weights, -np.inf), power_mean(values, weights, np.inf)
    assert (result[known] >= least[known] * (1 - 1e-12)).all()
    assert (result[known] <= greatest[known] * (1 + 1e-12)).all()
    gradient = scheme.gradient(values, weights)
    assert (gradient[np.isnan(values)] == 0).all()
    assert_allclose(np.nansum(gradient * values, axis=1)[known], result[known], rtol=1e-12)


@every
@few
@given(case=weighted(missing=True))
def test_ties_and_the_order_of_children_make_no_difference(scheme, case: Case):
    values, weights = case
    result = scheme.aggregate(values[:, ::-1], weights[::-1])
    assert_allclose(result, scheme.aggregate(values, weights), rtol=1e-12)
    by_unit = np.tile(weights, (2, len(values), 1))
    samples = scheme.aggregate(np.stack([values, values]), by_unit)
    assert_allclose(samples, [scheme.aggregate(values, weights)] * 2, rtol=1e-12)


@pytest.mark.parametrize("weights", [[], [[1.0]], [-1.0, 2.0], [0.0], [np.nan], [np.inf]])
def test_order_weights_must_make_sense(weights):
    with pytest.raises(MethodError, match="order_weights must be finite, not negative and not all"):
        OrderedWeighted(weights)


def test_it_is_a_value_and_describes_itself():
    assert OrderedWeighted([1, 2]) == OrderedWeighted(np.array([1.0, 2.0]))
    assert "order weights 1, 2." in OrderedWeighted([1, 2]).describe()
    assert OrderedWeighted([1, 2]).traits.skips_missing
    assert OrderedWeighted([1, 2]).traits.concave
    assert not OrderedWeighted([2, 1]).traits.concave


def test_children_that_tie_share_the_weights_of_their_places():
    mean = OrderedWeighted([0.1, 0.2, 0.7])
    values, weights = np.array([[20.0, 20.0, 60.0]]), np.full(3, 1 / 3)
    assert_allclose(mean.gradient(values, weights), [[0.45, 0.45, 0.1]])
    assert_allclose(mean.gradient(values, [0.5, 0.25, 0.25]).sum(), 1.0)
    move = np.array([[1.0, 0.0, 0.0]])
    assert_allclose(mean.directional(values, weights, move), [0.2])
    assert_allclose(mean.directional(values, weights, -move), [-0.7])
    swapped = mean.directional(values, weights, move[:, [1, 0, 2]])
    assert_allclose(swapped, [0.2])
