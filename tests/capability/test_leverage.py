import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from tests.capability.cases import DATA, INDEX, column, example, graph, graphs

from dli import Assessment, Index, Indicator, Method, frames
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
from dli.capability import Capability, CapabilityGraph, Link
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
    assert list(zip(kinks.column("unit"), kinks.column("code"), strict=True)) == [
        ("V", "a1"), ("V", "wall")
    ]  # fmt: skip
    assert kinks.column("note") == [
        "at the best end of its scale: nothing is added", "its level is 0: it cannot fall"
    ]  # fmt: skip
    worst = example(data={**DATA, "a1": [0.0, 8.0, 5.0, 9.0]})
    assert named(built.leverage(worst), "X") == pytest.approx({"c": 25 * 0.7, "wall": 0.0})
    assert frames.read(built.kinks(worst)).column("note") == [
        "at the worst end of its scale: nothing is taken away",
        "its level is 1: it cannot rise",
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
    scored = Assessment(INDEX, data, method=Method(normalisation={"a1": Goalposts(), 2: ZScore()}))
    assert built.leverage_array(scored)[0, 0] == pytest.approx(0.1 * np.ptp(scored.array("a2")) / 2)
    nobody = example(data=data)
    assert np.isfinite(built.leverage_array(nobody)).all()


def test_a_graph_without_outcomes_has_no_leverage():
    built = graph(("c", "d", 0.5))
    assert built.leverage_array(example()).tolist() == [[0.0, 0.0]] * 4


@pytest.mark.parametrize(
    ("node", "choices", "error", "message"),
    [
        ("a1", {}, MethodError, "node must have children, but 'a1' is an indicator"),
        ("Q", {}, UnknownCodeError, "no node 'Q'"),
        (None, {"aggregation": Copeland()}, MethodError, "Copeland of 'T' has no derivative"),
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


@st.composite
def edges(draw):
    """Draw a graph with signs, required links and links to sub-indices, and data full of ties."""
    codes = [f"c{i}" for i in range(draw(st.integers(2, 4)))]
    pairs = [
        (s, t) for s in codes for t in (*codes, "a1", "a2", "b1", "b2", "A", "B", "T") if s != t
    ]
    chosen = draw(st.lists(st.sampled_from(pairs), min_size=2, max_size=10, unique=True))
    helps = draw(st.booleans())  # everything: that way leverage is found another way
    barriers = draw(st.sets(st.sampled_from(codes), max_size=0 if helps else 1))
    links = [
        Link(
            source,
            target,
            draw(st.sampled_from([0.1, 0.2])),
            sign=draw(st.sampled_from([1, 1, 1 if helps else -1])),
            required=not helps and draw(st.sampled_from([False, False, True])),
        )
        for source, target in chosen
    ]
    built = CapabilityGraph(
        [Capability(c, kind="barrier" if c in barriers else "capability") for c in codes], links
    )
    cells = st.sampled_from([0.0, 2.0, 5.0, 5.0, 10.0])
    data = {
        code: draw(st.lists(cells, min_size=4, max_size=4)) for code in ("a1", "a2", "b1", "b2")
    }
    data["a1"][0] = draw(st.sampled_from([None, data["a1"][0]]))
    return built, {"unit": DATA["unit"], **data}


@pytest.mark.parametrize(
    "aggregation",
    [ArithmeticMean(), GeometricMean(), PowerMean(2), Minimum(), OrderedWeighted([0.2, 0.3, 0.5])],
    ids=repr,
)
@settings(max_examples=30)
@given(case=edges(), low=st.sampled_from([0, 1]))
def test_leverage_is_what_small_increases_give(aggregation, case, low):
    """At ends of levels and outcomes, at ties, and where required links hold a target."""
    assume(low == 1 or not isinstance(aggregation, GeometricMean))
    built, data = case
    assessment = example(data=data, normalisation=Goalposts(low, 100), aggregation=aggregation)
    leverage = built.leverage_array(assessment)
    step = 1e-6
    for row, unit in enumerate(assessment.units):
        where = Position.of(built, assessment, unit)
        after = settled(where, [{code: step} for code in built.codes]).scores["T"]
        gained = np.broadcast_to((after - where.score) / step, len(built.codes))
        assert leverage[row] == pytest.approx(gained, rel=1e-3, abs=1e-3)


def tied(value, c=None):
    """Give T = min(geometric mean of a and b, c) at one value of all: G is off it by rounding."""
    index = Index(
        "T",
        [
            Index(
                "G",
                [Indicator("a", goalposts=(0, 100)), Indicator("b", goalposts=(0, 100), weight=2)],
                aggregation=GeometricMean(),
            ),
            Indicator("c", goalposts=(0, 100)),
        ],
        aggregation=Minimum(),
    )
    data = {"unit": ["X", "Y"], "a": [value, 50], "b": [value, 50], "c": [c or value, 60]}
    return Assessment(index, data, method=Method(normalisation=Goalposts()))


def test_ties_at_rounding_level_are_ties():
    built = CapabilityGraph(
        [Capability("p"), Capability("q")], [Link("p", "a", 0.3), Link("q", "c", 0.3)]
    )
    for value in (80.0, 70.0, 100.0):
        assert built.leverage_array(tied(value))[0].tolist() == [0.0, 0.0]
    below = built.leverage_array(tied(80.0, c=90.0))[0]
    assert below == pytest.approx([10.0, 0.0])  # a third of 30 points
    assert column(built.kinks(tied(80.0)), "code") == ["T"]


def test_what_takes_from_tied_children_counts_in_full():
    """Under a minimum a fall of one of them is a fall of all, but for one that cannot fall."""
    data = {**DATA, "a1": [4.0, 0.0, 5.0, 7.0], "a2": [4.0, 0.0, 9.0, 7.0]}
    built = graph(("wall", "a1", 0.5), ("wall", "b1", 0.1), ("c", "b1", 0.5), barriers={"wall"})
    assessment = example(data=data, aggregation={"A": Minimum()})
    leverage = built.leverage_array(assessment, "A")[:, 0]
    # Y's a1 is at the worst end. Z has no tie, and a1 is the lowest.
    assert leverage.tolist() == pytest.approx([-50.0, 0.0, -50.0, -50.0])


def test_a_complete_capability_has_no_leverage():
    """V's a1 is 10 of 10: c, read off it, is complete, and gives d, which acts on a2, no more."""
    built = graph(
        ("c", "a1", 0.5), ("c", "d", 0.4), ("d", "a2", 0.5), ("e", "c", 0.5), ("e", "b1", 0.1)
    )
    found = named(built.leverage(example()), "V")
    # What e would add through c is lost; 25 points a level of b1.
    assert found == pytest.approx({"c": 0.0, "d": 12.5, "e": 2.5})


def test_a_loop_that_hardly_converges_is_followed_to_its_end():
    """The sum over all turns is 200 times the first; V's r is complete, as its a1 is."""
    built = graph(
        ("p", "q", 1.0), ("q", "p", 0.995), ("p", "a2", 0.2), ("q", "b1", 0.1), ("r", "a1", 0.1)
    )
    leverage = built.leverage(example())
    p = (0.2 * 25 + 0.1 * 25) / (1 - 0.995)
    assert named(leverage, "V") == pytest.approx({"p": p, "q": 2.5 + 0.995 * p, "r": 0.0})
    assert named(leverage, "X") == pytest.approx({"p": p, "q": 2.5 + 0.995 * p, "r": 2.5})


def test_a_required_source_limits_leverage():
    """X: e is as high as a1 (.2) and holds it; d is above its required source c."""
    built = graph(
        ("e", "a1", 0.1, {"required": True}), ("f", "a1", 0.5), ("f", "b1", 0.1),
        ("c", "d", 0.3, {"required": True}), ("c", "a2", 0.1), ("d", "b1", 0.5),
    )  # fmt: skip
    found = named(built.leverage(example()), "X")
    assert found == pytest.approx({"e": 2.5, "f": 2.5, "c": 2.5, "d": 0.0})
    kinks = frames.read(built.kinks(example()))
    of_x = [c for u, c in zip(kinks.column("unit"), kinks.column("code"), strict=True) if u == "X"]
    assert of_x == ["d", "a1"]
    assert set(kinks.column("note")[:2]) == {"limited by a source that it requires: it cannot rise"}


def test_a_level_that_nothing_tells_of_may_go_either_way():
    """d only takes away: it has no level, and falls when c, which takes from it, rises."""
    built = graph(("c", "d", 0.5, {"sign": -1}), ("d", "a1", 0.4, {"sign": -1}), ("c", "a2", 0.1))
    assert column(built.levels(example()), "d") == [None] * 4
    assert named(built.leverage(example()), "X")["c"] == pytest.approx(25 * (0.2 + 0.1))


class Shares:
    """Each unit's score is its mean relative to the mean of all: others matter."""

    def aggregate(self, values, weights):
        mean = values @ weights
        return 100 * mean / mean.mean()

    def gradient(self, values, weights):
        mean = values @ weights
        middle = mean.mean(axis=-1, keepdims=True)
        own = 100 * (middle - mean / mean.shape[-1]) / middle**2
        return own[..., np.newaxis] * weights


def test_a_score_that_depends_on_other_units_has_leverage():
    built = graph(("c", "a1", 0.5), ("c", "A", 0.1), ("d", "b1", 0.2))
    assessment = example(aggregation={"T": Shares()})
    leverage = built.leverage_array(assessment)
    for row, unit in enumerate(assessment.units):
        found = built.propagate(assessment, unit, {"d": 1e-6})
        assert leverage[row, 1] == pytest.approx(column(found, "change")[0] / 1e-6, rel=1e-3)
    # Ties below it: a rise of a1 alone, tied with a2 under a minimum, does nothing.
    tied_data = {**DATA, "a1": [4.0, 6.0, 5.0, 7.0]}
    some = example(data=tied_data, aggregation={"T": Shares(), "A": Minimum()})
    plain = graph(("c", "a1", 0.5), ("d", "b1", 0.2)).leverage_array(some)
    assert plain[:, 0].tolist() == pytest.approx([0.0, 0.0, plain[2, 0], 0.0])
    assert plain[2, 0] > 0
    assert (plain[:, 1] > 0).all()


class Quantiles:
    """An outside normalisation whose `low` and `high` are shares of units, not ends of a scale."""

    low, high = 0.25, 0.75

    def normalise(self, values, indicators):
        low, high = np.quantile(values, [self.low, self.high], axis=-2)
        return 100 * (values - low) / (high - low)


def test_attributes_of_an_outside_normalisation_are_no_ends():
    """Quartiles of 0, 1, 3 and 10 are 3/4 and 19/4: scores run from -18.75 to 231.25."""
    index = Index("T", [Indicator("a"), Indicator("b")])
    data = {"unit": list("XYZV"), "a": [0.0, 1.0, 3.0, 10.0], "b": [0.0, 4.0, 2.0, 6.0]}
    assessment = Assessment(index, data, method=Method(normalisation=Quantiles()))
    built = CapabilityGraph([Capability("c")], [Link("c", "a", 0.1)])
    leverage = built.leverage_array(assessment)[:, 0]
    assert leverage == pytest.approx([12.5, 12.5, 12.5, 0.0])


def test_an_infinite_slope_below_a_linked_sub_index_stays_infinite():
    """A capability that adds to a child at 0 and to the sub-index above it."""
    index = Index(
        "T",
        [
            Index(
                "B",
                [Indicator("a", goalposts=(0, 1)), Indicator("b", goalposts=(0, 1))],
                aggregation=PowerMean(0.5),
            ),
            Indicator("c", goalposts=(0, 1)),
        ],
    )
    data = {"unit": ["X", "Y"], "a": [0.0, 0.5], "b": [0.2, 0.6], "c": [0.3, 0.4]}
    assessment = Assessment(index, data, method=Method(normalisation=Goalposts(0, 1)))
    links = [Link("p", "a", 0.3), Link("p", "B", 0.2)]
    leverage = CapabilityGraph([Capability("p")], links).leverage_array(assessment)
    assert leverage[0] == np.inf
    assert 0 < leverage[1] < np.inf
