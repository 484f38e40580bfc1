"""What a score would be if something moved: worked cases, laws, and outside objects."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.testing import assert_allclose, assert_array_equal

from dli import Assessment, Index, Indicator, Method
from dli.aggregation import (
    ArithmeticMean,
    Copeland,
    GeometricMean,
    HarmonicMean,
    MazziottaPareto,
    Minimum,
    OrderedWeighted,
    PowerMean,
    Traits,
)
from dli.errors import MethodError
from dli.normalisation import Goalposts
from dli.weighting import BenefitOfTheDoubt, Declared

ENDS = (0.0, 100.0)
TREE = Index(
    "T",
    [
        Index("S", [Indicator("a", goalposts=ENDS), Indicator("b", goalposts=ENDS, weight=2)]),
        Indicator("c", goalposts=ENDS),
    ],
)
DATA = {
    "unit": list("XYZ"),
    "a": [80.0, 20.0, 50.0],
    "b": [80.0, 60.0, 30.0],
    "c": [80.0, 40.0, None],
}
MEANS = [
    ArithmeticMean(),
    GeometricMean(),
    HarmonicMean(),
    PowerMean(2.0),
    PowerMean(np.inf),
    Minimum(),
    OrderedWeighted([0.2, 0.3, 0.5]),
]


class Range:
    """An outside object: a unit's score depends on the best unit."""

    def __repr__(self):
        return "Range()"

    def aggregate(self, values, weights):
        return values @ weights - 0.1 * (values @ weights).max()


def assessed(aggregation=None, data=DATA, tree=TREE, **options):
    aggregation = ArithmeticMean() if aggregation is None else aggregation
    method = Method(normalisation=Goalposts(), aggregation=aggregation, **options)
    return Assessment(tree, data, method=method)


def test_a_moved_indicator_moves_what_lies_above_it_alone():
    after = assessed().held.unit(1).moved({"a": 50.0})
    assert after["S"].tolist() == [(50 + 2 * 60) / 3]
    assert after["T"] == pytest.approx((170 / 3 + 40) / 2)
    assert after["c"].tolist() == [40.0]


def test_a_sub_index_can_be_given_a_score_of_its_own():
    assert assessed().held.unit(1).moved({"S": 100.0, "a": 0.0})["T"].tolist() == [70.0]


def test_a_callable_sees_what_the_children_give():
    after = assessed().held.unit(1).moved({"a": 50.0, "S": lambda score: score + 1})
    assert after["S"] == pytest.approx(170 / 3 + 1)


def test_several_scenarios_are_followed_at_once():
    after = assessed().held.unit(1).moved({"a": np.array([20.0, 50.0]), "c": 40.0})
    assert_allclose(after["S"], [140 / 3, 170 / 3])


def test_a_value_that_goes_missing_leaves_its_weight_to_the_rest_or_takes_the_score():
    gone = {"c": np.nan}
    assert assessed().held.unit(0).moved(gone)["T"].tolist() == [80.0]
    assert np.isnan(assessed(missing="propagate").held.unit(0).moved(gone)["T"]).all()
    assert np.isnan(assessed(coverage={"T": 1.0}).held.unit(0).moved(gone)["T"]).all()


@pytest.mark.parametrize("aggregation", [*MEANS, MazziottaPareto(), Copeland(), Range()], ids=repr)
def test_nothing_moved_is_nothing_changed(aggregation):
    assessment = assessed(aggregation, {**DATA, "c": [80.0, 40.0, 10.0]})
    for row in range(3):
        after = assessment.held.unit(row).moved({"a": assessment.array("a")[row]})
        assert_allclose(after["T"], assessment.array("T")[row], rtol=1e-13)
    after = assessment.held.moved({"a": assessment.array("a")})
    assert_allclose(after["T"], assessment.array("T"), rtol=1e-13)


def test_a_unit_that_moves_changes_the_inner_scores_of_others_too():
    index = Index("T", [Index("S", [Indicator("a"), Indicator("b")]), Indicator("c")])
    data = {
        "unit": list("wxyz"),
        "a": [1.0, 2.0, 3.0, 4.0],
        "b": [4.0, 1.0, 2.0, 3.0],
        "c": [3.0, 2.0, 4.0, 1.0],
    }
    held = Assessment(index, data, method=Method(aggregation=Copeland())).held
    new = np.array([20.0, 95.0, held.scores["a"][1]])
    found = held.unit(1).moved({"a": new, "S": lambda score: score + 1.0})["T"]
    for scenario, value in enumerate(new):
        everyone = held.scores["a"].copy()
        everyone[1] = value
        shift = np.array([0.0, 1.0, 0.0, 0.0])
        expected = held.moved({"a": everyone, "S": lambda scores, shift=shift: scores + shift})
        assert found[scenario] == expected["T"][1]


@pytest.mark.parametrize("aggregation", [Copeland(), Range()], ids=repr)
def test_where_others_matter_a_unit_moves_among_them(aggregation):
    data = {**DATA, "c": [80.0, 40.0, 10.0]}
    held = assessed(aggregation, data).held
    moved = assessed(aggregation, {**data, "a": [80.0, 95.0, 50.0]})
    assert not held.is_local("T")
    assert_allclose(held.unit(1).moved({"a": 95.0})["T"], moved.array("T")[1])
    both = held.unit(1).moved({"a": np.array([20.0, 95.0])})["T"]
    assert_allclose(both, [assessed(aggregation, data).array("T")[1], moved.array("T")[1]])


def test_the_scale_of_an_aggregation_is_held():
    data = {**DATA, "c": [80.0, 40.0, 10.0]}
    held = assessed(MazziottaPareto(), data).held
    assert held.is_local("T")
    # Another mean and spread would move every unit.
    assert held.moved({"a": np.array([80.0, 95.0, 50.0])})["T"][0] == pytest.approx(
        held.scores["T"][0]
    )


values = st.lists(st.floats(1, 100), min_size=9, max_size=9)


@given(values, st.sampled_from(MEANS), st.sampled_from(MEANS))
def test_one_sided_derivatives_are_the_limits_of_moves(numbers, top, below):
    a, b, c = np.round(np.reshape(numbers, (3, 3)))  # whole numbers tie often
    data = {"unit": list("XYZ"), "a": a, "b": b, "c": c}
    held = assessed({"T": top, "S": below}, data).held
    step = 1e-6
    for code in "abc":
        for sign in (1.0, -1.0):
            slope = held.directional("T", {code: np.full(3, sign)})
            after = held.moved({code: held.scores[code] + sign * step})["T"]
            assert_allclose(slope, (after - held.scores["T"]) / step, atol=2e-4)


@given(values, st.sampled_from(MEANS), st.sampled_from(MEANS))
def test_slopes_lie_between_the_sides_and_kinks_are_where_they_differ(numbers, top, below):
    a, b, c = np.round(np.reshape(numbers, (3, 3)))
    held = assessed({"T": top, "S": below}, {"unit": list("XYZ"), "a": a, "b": b, "c": c}).held
    slopes, kinks = held.slopes("T"), held.kinks("T")
    smooth = ~np.any([*kinks.values(), np.zeros(3, dtype=bool)], axis=0)
    for code in "abc":
        up = held.directional("T", {code: np.ones(3)})
        down = -held.directional("T", {code: -np.ones(3)})
        low, high = np.minimum(up, down), np.maximum(up, down)
        assert (slopes[code] >= low - 1e-9).all()
        assert (slopes[code] <= high + 1e-9).all()
        assert_allclose(up[smooth], down[smooth], atol=1e-12)


def test_ties_at_rounding_level_are_ties():
    top = {"T": Minimum(), "S": GeometricMean()}
    held = assessed(top, {"unit": ["X"], "a": [80.0], "b": [80.0], "c": [80.0]}).held
    assert held.directional("T", {"a": np.ones(1)}).tolist() == [0.0]
    assert held.directional("T", {"a": -np.ones(1)}) == pytest.approx([-1 / 3])
    assert held.kinks("T")["T"].tolist() == [True]


def test_moves_of_a_sub_index_add_to_those_of_its_children():
    held = assessed().held
    moves = {"S": np.array([[1.0] * 3, [0.0] * 3]), "a": np.array([[3.0] * 3, [3.0] * 3])}
    assert held.directional("T", moves)[:, 0].tolist() == [1.0, 0.5]
    assert held.directional("S", {"S": np.ones(3)}).tolist() == [1.0] * 3


def test_slopes_of_missing_children_are_zero():
    slopes = assessed().held.slopes("T")
    assert slopes["c"].tolist() == [0.5, 0.5, 0.0]
    assert slopes["S"].tolist() == [0.5, 0.5, 1.0]
    assert_allclose(slopes["b"], [1 / 3, 1 / 3, 2 / 3])


def test_ends_are_those_of_the_scale_where_an_aggregation_is_a_mean():
    assert assessed().held.ends["T"] == (0.0, 100.0)
    ends = assessed({"S": MazziottaPareto()}).held.ends
    assert ends["S"] == (
        assessed({"S": MazziottaPareto()}).array("S").min(),
        assessed({"S": MazziottaPareto()}).array("S").max(),
    )
    nobody = {"unit": list("XYZ"), "a": [1.0, 2, 3], "b": [1.0, 2, 3], "c": [None] * 3}
    tree = TREE.replace("c", Indicator("c", goalposts=ENDS))
    empty = assessed({"T": Range()}, nobody, tree, missing="propagate")
    assert np.isnan(empty.held.ends["T"]).all()


def test_an_outside_object_without_a_derivative_is_named():
    held = assessed({"S": Range()}).held
    for ask in (held.slopes, held.kinks, lambda top: held.directional(top, {"a": np.ones(3)})):
        with pytest.raises(MethodError, match="aggregation Range of 'S' has no derivative"):
            ask("T")


def test_an_outside_object_with_a_derivative_is_followed():
    class Sum(Range):
        traits = Traits(local=True)

        def aggregate(self, values, weights):
            return values @ weights

        def gradient(self, values, weights):
            return np.broadcast_to(weights, values.shape)

    held = assessed(Sum(), {**DATA, "c": [80.0, 40.0, 10.0]}).held
    assert_allclose(held.directional("T", {"a": np.ones(3)}), [1 / 6] * 3)
    assert not held.kinks("T")["S"].any()
    assert_array_equal(held.unit(0).moved({"c": 0.0})["T"], [40.0])


def test_weights_of_units_are_their_own():
    class Favour:
        def weights(self, values, children):
            best = (values == values.max(axis=1, keepdims=True)).astype(float)
            return best / best.sum(axis=1, keepdims=True)

    held = assessed(weighting=Favour(), data={**DATA, "c": [80.0, 40.0, 10.0]}).held
    assert held.unit(2).moved({"a": 60.0})["S"].tolist() == [60.0]
    assert held.unit(1).moved({"a": 60.0})["S"].tolist() == [60.0]
    assert held.unit(1).moved({"b": 61.0})["S"].tolist() == [61.0]
    assert held.slopes("S")["a"].tolist() == [0.5, 0.0, 1.0]


class OutsideMean:
    """An arithmetic mean that takes complete values only."""

    def __init__(self, **options):
        self.traits = Traits(local=True, homogeneous=True, **options)

    def aggregate(self, values, weights):
        assert not np.isnan(values).any()
        return (values * weights).sum(axis=-1)

    def gradient(self, values, weights):
        return np.broadcast_to(weights, values.shape)


@pytest.mark.parametrize("weighting", [Declared(), BenefitOfTheDoubt(share_bounds=(0.1, 1.0))])
def test_an_outside_object_has_the_weights_of_missing_children_shared_out(weighting):
    own, inside = (
        assessed(aggregation, weighting=weighting).held
        for aggregation in (OutsideMean(), ArithmeticMean())
    )
    assert_allclose(own.scores["T"], inside.scores["T"])
    for code, slope in inside.slopes("T").items():
        assert_allclose(own.slopes("T")[code], slope)
    moves = {"a": np.array([[1.0], [0.0]]) * np.ones(len(own.scores["T"]))}
    assert_allclose(own.directional("T", moves), inside.directional("T", moves))
    assert {code: at.any() for code, at in own.kinks("T").items()} == {"T": False, "S": False}


@pytest.mark.parametrize("aggregation", [GeometricMean(), HarmonicMean(), PowerMean(0.5)], ids=repr)
def test_values_of_a_row_without_a_score_have_no_slopes(aggregation):
    """X has half of S, too little for a score: its a of 0 is outside of no domain."""
    data = {**DATA, "a": [0.0, 20.0, 50.0], "b": [None, 60.0, 30.0]}
    assessment = assessed({"S": aggregation}, data, coverage={"S": 0.6})
    assert np.isnan(assessment.array("S")[0])
    slopes = assessment.held.slopes("T")
    assert [slopes[code][0] for code in "abc"] == [0.0, 0.0, 1.0]
    assert slopes["a"][1] > 0
    moves = assessment.held.directional("T", dict.fromkeys("ac", np.ones(3)))
    assert moves[0] == 1.0
    assert not any(kinks[0] for kinks in assessment.held.kinks("T").values())
    assert_allclose(assessment.contribution_array()[0], [0.0, np.nan, 80.0 - 60.0])
