import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from tests.capability.cases import DATA, INDEX, example, graph, graphs

from dli import Assessment, Method, frames
from dli.aggregation import (
    AdjustedMazziottaPareto,
    ArithmeticMean,
    Copeland,
    GeometricMean,
    HarmonicMean,
    MazziottaPareto,
    Minimum,
    OrderedWeighted,
    PowerMean,
)
from dli.capability.outcomes import Position
from dli.capability.propagation import settled
from dli.errors import MethodError, UnknownCodeError
from dli.normalisation import FittedOn, Goalposts, MinMax, Rank, ZScore

ABOVE_ZERO = Goalposts(1, 100)
AGGREGATIONS = [
    ArithmeticMean(),
    GeometricMean(),
    HarmonicMean(),
    PowerMean(3),
    Minimum(),
    PowerMean(np.inf),
    OrderedWeighted([0.2, 0.3, 0.5]),
    MazziottaPareto(),
    MazziottaPareto("positive"),
    AdjustedMazziottaPareto(),
    AdjustedMazziottaPareto("midrange"),
]


def named(frame, unit):
    table = frames.read(frame)
    row = table.column("unit").index(unit)
    return {name: table.column(name)[row] for name in table.names if name != "unit"}


def test_leverage_by_hand():
    """X: c acts on a1 by .5, and on b1 through d by .4 times .3; every indicator weighs 1/4."""
    built = graph(
        ("c", "a1", 0.5), ("c", "d", 0.4), ("d", "b1", 0.3), ("wall", "d", 0.5), barriers={"wall"}
    )
    found = named(built.leverage(example()), "X")
    assert found == pytest.approx({"c": 25 * (0.5 + 0.12), "d": 25 * 0.3, "wall": -25 * 0.15})
    assert named(built.leverage(example(), "A"), "X") == pytest.approx({"c": 25, "d": 0, "wall": 0})


def test_leverage_under_a_geometric_mean_is_larger_where_a_unit_is_weak():
    """dS/dx = w S / x: with weights of a half on each level, at X's a1 of 20 against a2 of 40."""
    built = graph(("c", "a1", 0.1), ("d", "a2", 0.1))
    assessment = example(aggregation=GeometricMean())
    found = named(built.leverage(assessment), "X")
    score = assessment.array("T")[0]
    assert found["c"] == pytest.approx(0.1 * 100 * 0.25 * score / 20)
    assert found["c"] == pytest.approx(2 * found["d"])


def test_a_link_to_a_sub_index_adds_to_its_score():
    built = graph(("c", "A", 0.3), ("c", "T", 0.1))
    assert named(built.leverage(example()), "Y") == pytest.approx({"c": 30 * 0.5 + 10})


def finite_difference(built, assessment, unit, code, node, step):
    where = Position.of(built, assessment, unit, node=node)
    return (settled(where, [{code: step}]).scores[where.found.node][0] - where.score) / step


@pytest.mark.parametrize("aggregation", AGGREGATIONS, ids=repr)
@given(data=st.data(), unit=st.sampled_from(["X", "Y", "Z"]), node=st.sampled_from(["T", "A"]))
def test_leverage_equals_finite_differences(aggregation, data, unit, node):
    # A sub-index on a scale of its own ends at the worst unit: a kink, where sides differ.
    ends = ("a1", "a2", "b1", "b2") if hasattr(aggregation, "fit") else ("a1", "b1", "b2", "A")
    built = data.draw(graphs(outcomes=ends))
    assessment = example(normalisation=ABOVE_ZERO, aggregation=aggregation)
    leverage = built.leverage_array(assessment, node)[assessment.units.index(unit)]
    for code, slope in zip(built.codes, leverage.tolist(), strict=True):
        step = 1e-5
        central = (
            finite_difference(built, assessment, unit, code, node, step)
            + finite_difference(built, assessment, unit, code, node, -step)
        ) / 2
        assert slope == pytest.approx(central, rel=1e-6, abs=1e-6)


@pytest.mark.parametrize(
    "aggregation", [Minimum(), PowerMean(np.inf), OrderedWeighted([0.2, 0.3, 0.5])], ids=repr
)
@given(built=graphs())
def test_leverage_at_ties_is_that_of_an_increase(aggregation, built):
    data = {**DATA, "a1": [4.0, 6.0, 5.0, 7.0], "b1": [3.0, 8.0, 5.0, 9.0]}  # a1 = a2, b1 = b2 ...
    assessment = example(data=data, normalisation=ABOVE_ZERO, aggregation=aggregation)
    leverage = built.leverage_array(assessment)
    for row, unit in enumerate(assessment.units):
        for code, slope in zip(built.codes, leverage[row].tolist(), strict=True):
            forward = finite_difference(built, assessment, unit, code, "T", 1e-7)
            assert slope == pytest.approx(forward, rel=1e-6, abs=1e-5)


def test_leverage_stops_at_the_ends_of_scales():
    built = graph(("c", "a1", 0.5), ("c", "a2", 0.2), ("wall", "a1", 0.4), barriers={"wall"})
    at_best = named(built.leverage(example()), "V")  # a1 is 10 of 10
    assert at_best == pytest.approx({"c": 25 * 0.2, "wall": -25 * 0.4})
    kinks = frames.read(built.kinks(example()))
    assert list(zip(kinks.column("unit"), kinks.column("code"), strict=True)) == [("V", "a1")]
    assert "best end" in kinks.column("note")[0]
    worst = example(data={**DATA, "a1": [0.0, 8.0, 5.0, 9.0]})
    assert named(built.leverage(worst), "X") == pytest.approx({"c": 25 * 0.7, "wall": 0.0})
    assert frames.read(built.kinks(worst)).column("note") == [
        "at the worst end of its scale: nothing is taken away"
    ]


def test_kinks_of_minima_are_told_with_their_period():
    data = {**DATA, "a1": [4.0, 6.0, 5.0, 8.0], "year": [1, 2, 1, 2], "unit": ["X", "X", "Y", "Y"]}
    assessment = example(data=data, period="year", aggregation=Minimum())
    built = graph(("c", "a1", 0.5))
    kinks = frames.read(built.kinks(assessment, "A"))
    assert kinks.column("unit") == ["X", "X"]
    assert kinks.column("year") == [1, 2]
    assert kinks.column("code") == ["A", "A"]


def test_units_without_a_score_have_no_leverage_and_missing_outcomes_none_of_theirs():
    data = {
        **DATA,
        "a1": [None, 8.0, 5.0, 9.0],
        "a2": [None, 6.0, 9.0, 7.0],
        "b1": [None, 5.0, 4.0, 3.0],
    }
    built = graph(("c", "a1", 0.5), ("d", "b2", 0.5))
    found = named(built.leverage(example(data=data)), "X")
    assert found == pytest.approx({"c": 0.0, "d": 50.0})  # B is all there is, and b2 all of it
    strict = example(data=data, coverage=0.6)
    assert np.isnan(built.leverage_array(strict)[0]).all()
    assert not np.isnan(built.leverage_array(strict)[1:]).any()


def test_scales_without_ends_run_from_the_least_to_the_greatest_score():
    built = graph(("c", "a1", 0.5))
    scored = example(normalisation=ZScore())
    a1 = scored.array("a1")
    assert built.leverage_array(scored)[1, 0] == pytest.approx(0.5 * np.ptp(a1) / 4)
    ranked = example(normalisation=Rank())
    assert built.leverage_array(ranked)[1, 0] == pytest.approx(0.5 * 3 / 4)
    fitted = example(normalisation=FittedOn(MinMax(0, 10, ends="observed"), units=["X", "Y"]))
    assert built.leverage_array(fitted)[1, 0] == pytest.approx(0)  # Y is at the best end
    assert built.leverage_array(fitted)[2, 0] == pytest.approx(0.5 * 10 / 4)


def test_an_indicator_that_nobody_has_gives_no_leverage():
    data = {**DATA, "a1": [None] * 4}
    built = graph(("c", "a1", 0.5), ("c", "a2", 0.1))
    scored = Assessment(
        INDEX, data, method=Method(normalisation={"a1": Goalposts(), "T": ZScore()})
    )
    assert built.leverage_array(scored)[0, 0] == pytest.approx(0.1 * np.ptp(scored.array("a2")) / 2)
    nobody = example(data=data, normalisation=Rank())
    assert np.isfinite(built.leverage_array(nobody)).all()


def test_a_graph_without_outcomes_has_no_leverage():
    built = graph(("c", "d", 0.5))
    assert built.leverage_array(example()).tolist() == [[0.0, 0.0]] * 4


@pytest.mark.parametrize(
    ("node", "choices", "error", "message"),
    [
        ("a1", {}, MethodError, "'a1' is an indicator; leverage and plans are for a node above"),
        ("Q", {}, UnknownCodeError, "no node 'Q'"),
        (None, {"aggregation": Copeland()}, MethodError, "Copeland of 'T' gives no derivative"),
    ],
)
def test_leverage_refuses_what_has_none(node, choices, error, message):
    with pytest.raises(error, match=message):
        graph(("c", "a1", 0.5)).leverage(example(**choices), node)


@given(graphs(signed=False), st.floats(0.0, 0.05))
def test_a_stronger_link_never_lowers_leverage(built, more):
    from attrs import evolve

    first, *others = built.links
    assume(first.target != "A")
    stronger = evolve(built, links=[evolve(first, strength=first.strength + more), *others])
    assert (stronger.leverage_array(example()) >= built.leverage_array(example()) - 1e-9).all()


def test_ties_below_another_aggregation_are_followed_too():
    data = {**DATA, "a1": [4.0, 6.0, 5.0, 7.0]}  # a1 = a2 for X and Y
    built = graph(("c", "a1", 0.5), ("c", "a2", 0.2), ("d", "b1", 0.4))
    assessment = example(data=data, aggregation={"A": Minimum()})
    assert built.leverage_array(assessment)[0] == pytest.approx([20 * 0.5, 40 * 0.25])
    assert built.leverage_array(assessment)[2] == pytest.approx([50 * 0.5, 40 * 0.25])


def test_leverage_over_periods_names_them():
    data = {**DATA, "unit": ["X", "Y", "X", "Y"], "year": [1, 1, 2, 2]}
    found = graph(("c", "a1", 0.5)).leverage(example(data=data, period="year"))
    assert frames.read(found).names == ("unit", "year", "c")
