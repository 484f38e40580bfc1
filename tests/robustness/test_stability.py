"""How far weights may move before the order changes."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.testing import assert_allclose, assert_array_equal
from tests.robustness.cases import INDEX, OwnWeights, assess, column, example

from dli import frames, robustness
from dli.errors import DLIWarning, MethodError
from dli.robustness.arrays import pair_robustness, weight_stability

# The worked example of weights that move one at a time.
VALUES, WEIGHTS = [[80, 40, 60], [60, 70, 55]], [0.5, 0.3, 0.2]


def test_a_worked_example_of_stability():
    found = weight_stability(VALUES, WEIGHTS)
    assert_allclose(found.low, [0.44444444, 0, 0], atol=1e-8)
    assert_allclose(found.high, [1, 0.34375, 1], atol=1e-8)
    assert found.swaps[0].tolist() == [[0, 1], [-1, -1]]
    assert found.swaps[1].tolist() == [[-1, -1], [0, 1]]


def moved(weights, k, t):
    rest = weights * (1 - t) / (1 - weights[k])
    rest[k] = t
    return rest


def means(x, weights):
    there = ~np.isnan(x)
    return np.where(there, x, 0) @ weights / (there @ weights)


@given(st.integers(0, 2**32), st.integers(2, 6), st.integers(2, 4), st.booleans())
def test_the_order_changes_at_the_limits_and_not_before(seed, n_units, n_indicators, gaps):
    rng = np.random.default_rng(seed)
    x, w = rng.random((n_units, n_indicators)), rng.dirichlet(np.ones(n_indicators))
    if gaps:
        x[rng.random(x.shape) < 0.3] = np.nan
        x[:, 0] = rng.random(n_units)
    found = weight_stability(x, w)
    order = np.argsort(-means(x, w))
    for k in range(n_indicators):
        for limit, sign, pair in (
            (found.low[k], 1, found.swaps[k, 0]),
            (found.high[k], -1, found.swaps[k, 1]),
        ):
            for inside in (limit + sign * 1e-9, (limit + w[k]) / 2):
                assert_array_equal(np.argsort(-means(x, moved(w, k, inside))), order)
            if pair[0] >= 0 and 0 < limit < 1:
                at = means(x, moved(w, k, limit))
                assert abs(at[pair[0]] - at[pair[1]]) < 1e-9
        assert found.leader_low[k] <= found.low[k] + 1e-12
        assert found.high[k] <= found.leader_high[k] + 1e-12


def test_units_with_gaps_swap_where_the_ratios_meet():
    # X lacks b: 60 at any weight of a and c, which move together, so (60 a + 30 c) / (a + c) = 50
    # at a = c / .5; Y = 30 a + 60 b + 60 c = 60 - 30 a.
    found = weight_stability([[60, np.nan, 30], [30, 60, 60]], [0.6, 0.2, 0.2])
    # As a moves to t, b and c are (1 - t) / 2 each: X = 30 + 60 t / (1 + t), which is Y's 60 - 30 t
    # where t^2 + 2 t - 1 = 0.
    assert_allclose(found.low[0], np.sqrt(2) - 1)
    assert found.swaps[0].tolist() == [[0, 1], [-1, -1]]


def test_a_unit_whose_only_value_loses_its_weight_swaps_with_nobody():
    found = weight_stability([[50, np.nan], [40, 30]], [0.5, 0.5])
    assert found.low.tolist() == [0, 0]
    assert found.high.tolist() == [1, 1]
    assert (found.swaps == -1).all()


def test_a_unit_without_weight_takes_no_part():
    found = weight_stability([[np.nan, 99], [40, 30], [10, 60]], [1.0, 0.0])
    assert found.swaps[0].tolist() == [[1, 2], [-1, -1]]
    assert_allclose(found.low[0], 0.5)
    assert (weight_stability([[np.nan, 99]], [1.0, 0.0]).swaps == -1).all()


def test_one_weight_that_is_all_moves_against_equal_others():
    found = weight_stability([[1.0, 0.0, 0.0], [0.0, 1.0, 3.0]], [1.0, 0.0, 0.0])
    assert_allclose(found.low[0], 2 / 3)
    assert weight_stability([[1.0], [2.0]], [1.0]).high.tolist() == [1.0]


def test_units_that_tie_do_not_swap():
    found = weight_stability([[0.1 + 0.2, 0.5], [0.3, 0.5], [0.5, 0.3]], [0.5, 0.5])
    assert (found.swaps == -1).all()


def test_robustness_of_pairs_by_hand():
    found = pair_robustness([[80, 40], [60, 50]], [0.5, 0.5])
    # At (1 - e) (.5, .5) + e (0, 1) the lead of 5 (1 - e) - 10 e is gone at e = 1/3.
    assert_allclose(found, [[0, 1 / 3], [0, 0]])
    assert pair_robustness([[2.0, 2.0], [1.0, 1.0]], [0.5, 0.5])[0, 1] == 1


@given(st.integers(0, 2**32))
def test_a_lead_lasts_exactly_as_long_as_it_says(seed):
    rng = np.random.default_rng(seed)
    x, w = rng.random((4, 3)), rng.dirichlet(np.ones(3))
    found = pair_robustness(x, w)
    corners = np.eye(3)
    for i in range(4):
        for j in range(4):
            e, d = found[i, j], x[i] - x[j]
            if d @ w > 0:
                assert ((1 - e) * (d @ w) + e * (corners @ d) > -1e-12).all()
                if e < 1:
                    beyond = min(e + 1e-6, 1)
                    assert ((1 - beyond) * (d @ w) + beyond * (corners @ d)).min() < 0
            else:
                assert e == 0


def test_pairs_with_other_gaps_have_no_robustness_unless_one_is_always_above():
    nan = np.nan
    found = pair_robustness(
        [[80, 40, nan], [60, 50, nan], [60, 50, 45], [9, 9, 9], [nan] * 3], [0.4, 0.4, 0.2]
    )
    expected = [
        [0, 2 / 7, nan, 1, nan],  # 4 (1 - e) = 10 e: c keeps its share of the doubt
        [0, 0, 1, 1, nan],
        [nan, 0, 0, 1, nan],
        [0, 0, 0, 0, nan],
        [nan] * 5,
    ]
    assert_allclose(found, expected)
    # Under these weights what dominates is not ahead, but ties.
    assert pair_robustness([[5, 7], [5, nan], [5, 6]], [1, 0])[0].tolist() == [0, 0, 0]


@pytest.mark.parametrize("function", [weight_stability, pair_robustness])
def test_weights_and_values_are_checked(function):
    for wrong in ([0.5, 0.4], [1.5, -0.5], [1.0], [np.nan, 1.0]):
        with pytest.raises(MethodError, match="2 numbers of at least 0 that sum to one"):
            function([[1.0, 2.0]], wrong)
    with pytest.raises(MethodError) as error:
        function([[1.0, 2.0], [3.0, 4.0], [5.0, np.inf], [-np.inf, 1.0]], [0.5, 0.5])
    assert error.value.faults == ("row 2, column 1: inf", "row 3, column 0: -inf")


def test_stability_of_an_assessment():
    stable = robustness.weight_stability(example())
    expected = weight_stability(example().arrays("ABC"), np.array([1, 1.5, 1]) / 3.5)
    table = stable.table
    assert frames.read(table).names[:2] == ("code", "weight")
    assert column(table, "code") == ["A", "B", "C"]
    assert_allclose(column(table, "weight"), np.array([1, 1.5, 1]) / 3.5)
    for name in ("low", "high", "leader_low", "leader_high"):
        assert_allclose(column(table, name), getattr(expected, name))
    for side, name in enumerate(("swap_low", "swap_high")):
        pairs = expected.swaps[:, side].tolist()
        assert column(table, name) == [None if i < 0 else f"u{i} / u{j}" for i, j in pairs]
    assert stable.is_exact
    assert "leader from" in repr(stable)
    assert_allclose(
        robustness.pair_robustness(example()),
        pair_robustness(example().arrays("ABC"), expected.weights),
    )


def test_weights_of_deeper_nodes_are_effective_within_the_node():
    # A has 1/4 and B 3/4, of which c has 3/4 and d 1/4.
    own = assess({"X": [80, 40, 60, 20], "Y": [60, 50, 70, 10]}, INDEX)
    assert robustness.weight_stability(own, nodes=2).limits[None].weights.tolist() == [
        0.125, 0.125, 0.5625, 0.1875
    ]  # fmt: skip
    mixed = robustness.weight_stability(own, nodes=["d", "A", "c"])
    assert mixed.codes == ("d", "A", "c")
    assert mixed.limits[None].weights.tolist() == [0.1875, 0.25, 0.5625]
    assert robustness.weight_stability(own, "B").limits[None].weights.tolist() == [0.75, 0.25]


def test_weights_within_a_node_without_weight_are_its_own():
    own = assess({"X": [80, 40, 60, 20], "Y": [60, 50, 70, 10]}, INDEX.with_weights({"B": 0}))
    assert robustness.weight_stability(own, "B").limits[None].weights.tolist() == [0.75, 0.25]
    limits = robustness.weight_stability(own).limits[None]
    # X 60, 50 and Y 55, 55: from A alone they swap where 60 t + 50 (1 - t) = 55.
    assert_allclose(limits.low, [0.5, 0])
    assert_allclose(limits.high, [1, 0.5])
    assert robustness.pair_robustness(own).tolist() == [[0, 0.5], [0, 0]]


def test_each_period_has_its_own_limits():
    own = example(n_units=12, periods=2)
    stable = robustness.weight_stability(own)
    table = stable.table
    assert column(table, "year") == [0, 0, 0, 1, 1, 1]
    for period in (0, 1):
        x = own.arrays("ABC")[own.rows(period)]
        expected = weight_stability(x, stable.limits[period].weights)
        assert_array_equal(stable.limits[period].low, expected.low)
        assert stable.units[period] == tuple(own.units[row] for row in own.rows(period))
    assert list(robustness.weight_stability(own, period=1).limits) == [1]
    assert repr(stable).splitlines()[2].startswith("period  code")


def test_only_gaps_inside_a_sub_index_leave_units_out():
    own = assess({"X": [50, None, 10, 10], "Y": [10, 20, 60, 60], "Z": [None, None, 20, 50]}, INDEX)
    stable = robustness.weight_stability(own)
    assert stable.is_exact
    assert stable.units[None] == ("X", "Y", "Z")
    with pytest.warns(DLIWarning, match="lack values of a, b, c, d: these units are left out.*'X'"):
        stable = robustness.weight_stability(own, nodes=2)
    assert not stable.is_exact
    assert stable.units[None] == ("Y", "Z")
    with pytest.warns(DLIWarning, match="have no exact result.*'X', 'Z'"):
        found = robustness.pair_robustness(own, nodes=2)
    assert np.isnan(found[0, 1])


def test_weights_of_units_have_no_stability():
    own = example(weighting={"T": OwnWeights()})
    for function in (robustness.weight_stability, robustness.pair_robustness):
        with pytest.raises(MethodError, match="weights at 'T' or below it differ by unit"):
            function(own)
