import pytest
from hypothesis import given, settings
from tests.capability.cases import DATA, column, example, graph, graphs

from dli import Assessment, Index, Indicator, Method, diagnosis
from dli.aggregation import GeometricMean, Minimum, OrderedWeighted, PowerMean
from dli.capability import Capability, CapabilityGraph, Link
from dli.errors import MethodError, UnknownCodeError
from dli.normalisation import Goalposts

LEVELS = {"c": 0.4, "d": 0.9, "wall": 0.5}
BUILT = graph(
    ("c", "d", 0.5), ("c", "a1", 0.5), ("d", "b1", 0.4), ("wall", "c", 0.6), barriers={"wall"}
)


def test_levels_are_read_off_outcomes():
    """X: c adds to a1 alone (.2); d to b1 (.6); the wall takes from c, so from a1 and b1."""
    found = BUILT.levels(example())
    assert column(found, "c")[0] == pytest.approx(0.2)
    assert column(found, "d")[0] == pytest.approx(0.6)
    reach_a1, reach_b1 = 0.6 * 0.5, 0.6 * 0.5 * 0.4
    expected = 1 - (reach_a1 * 0.2 + reach_b1 * 0.6) / (reach_a1 + reach_b1)
    assert column(found, "wall")[0] == pytest.approx(expected)


def test_levels_go_on_to_what_is_reached_where_the_direct_outcome_is_missing():
    data = {**DATA, "a1": [None, 8.0, 5.0, 10.0]}
    found = BUILT.levels(example(data=data))
    assert column(found, "c")[0] == pytest.approx(0.6)  # of b1, through d
    nothing = {**data, "b1": [None, 5.0, 4.0, 3.0]}
    assert column(BUILT.levels(example(data=nothing)), "c")[0] is None


def test_an_explanation_by_hand():
    """X is behind the best by .8 on a1 (10 of 10) and not at all on b1 (it is the best)."""
    found = BUILT.explain(example(), "X", levels=LEVELS)
    assert found.gaps == pytest.approx([0.8, 0.0])
    # c has .6 to go: closes .3 of a1; the wall's removal .5 * .6 * .5 = .15. Each is worth 25.
    assert found.points == pytest.approx([7.5, 0.0, 3.75])
    assert column(found.table, "code") == ["c", "wall"]
    assert column(found.table, "share") == pytest.approx([0.375, 0.1875])
    assert column(found.table, "path") == ["c → a1", "wall → c → a1"]
    assert column(found.table, "outcomes") == ["a1", "a1"]
    assert column(found.outcomes, "code") == ["a1"]
    assert column(found.outcomes, "points") == pytest.approx([20.0])
    assert column(found.outcomes, "behind") == ["c"]
    assert column(found.paths("c", "a1"), "path")[0] == "c → a1"


def test_no_more_than_the_gap_is_closed():
    found = BUILT.explain(example(), "X", levels=LEVELS, reference=["Z"])
    assert found.gaps == pytest.approx([0.3, 0.0])
    assert found.points == pytest.approx([7.5, 0.0, 3.75])
    near = BUILT.explain(example(), "X", levels={**LEVELS, "c": 0.0}, reference=["Z"])
    assert near.points[0] == pytest.approx(7.5)  # .5 would be too much


def test_references_are_units_the_median_the_best_and_the_end_of_the_scale():
    gaps = {
        reference: BUILT.explain(example(), "X", reference=reference).gaps.tolist()
        for reference in ("frontier", "median", "best")
    }
    assert gaps["frontier"] == pytest.approx([0.8, 0.0])
    assert gaps["median"] == pytest.approx([0.45, 0.0])
    assert gaps["best"] == pytest.approx([0.8, 0.4])
    peers = BUILT.explain(example(), "X", reference=["Y", "Z", "V"])
    assert peers.gaps == pytest.approx([0.6, 0.0])


def test_an_outcome_that_nothing_can_win_back_has_nothing_behind_it():
    built = graph(("c", "a1", 0.5), ("d", "a2", 0.2))
    found = built.explain(example(), "X", levels={"c": 1.0, "d": 0.2})
    assert dict(
        zip(column(found.outcomes, "code"), column(found.outcomes, "behind"), strict=True)
    ) == {
        "a1": None,
        "a2": "d",
    }


def test_an_explanation_prints_itself():
    found = BUILT.explain(example(), "X", levels=LEVELS)
    assert repr(found).splitlines() == [
        "Capabilities behind the gaps of X at T (against: frontier)",
        "",
        "code  level  points  kind",
        "c      0.40    7.50  capability",
        "wall   0.50    3.75  barrier",
    ]
    assert "<td>wall</td>" in found._repr_html_()
    leader = BUILT.explain(example(), "X", reference=["X"])
    assert repr(leader) == "Capabilities behind the gaps of X at T (against: X): none"
    assert column(leader.table, "code") == []


def test_an_explanation_is_within_the_period():
    data = {**DATA, "unit": ["X", "Y", "X", "Y"], "year": [1, 1, 2, 2]}
    found = BUILT.explain(example(data=data, period="year"), "X", period=1, levels=LEVELS)
    assert found.gaps == pytest.approx([0.6, 0.0])


@given(graphs())
def test_points_are_never_negative_and_never_more_than_all_behind(built):
    found = built.explain(example(), "X")
    behind = sum(column(found.outcomes, "points"))  # they add up under arithmetic means
    assert (found.points >= 0).all()
    assert (found.points <= behind + 1e-9).all()


@pytest.mark.parametrize(
    ("reference", "error", "message"),
    [
        (
            "mean",
            MethodError,
            "reference must be one of frontier, median, best or units, got 'mean'",
        ),
        (["Q"], UnknownCodeError, "no unit 'Q'"),
        ([], MethodError, "units must name at least one unit, got none"),
    ],
)
def test_references_that_are_none_are_refused(reference, error, message):
    with pytest.raises(error, match=message):
        BUILT.explain(example(), "X", reference=reference)


def tied_children(aggregation):
    """Explain X, with a = b = 20 and c = 60, against Y by capabilities that act on one of each."""
    index = Index(
        "T", [Indicator(code, goalposts=(0, 100)) for code in "abc"], aggregation=aggregation
    )
    data = {"unit": ["X", "Y"], "a": [20.0, 100], "b": [20.0, 90], "c": [60.0, 70]}
    assessment = Assessment(index, data, method=Method(normalisation=Goalposts()))
    built = CapabilityGraph(
        [Capability("p"), Capability("q"), Capability("both")],
        [Link("p", "a", 0.3), Link("q", "b", 0.3), Link("both", "a", 0.3), Link("both", "b", 0.3)],
    )
    return built.explain(assessment, "X", levels=dict.fromkeys(built.codes, 0.5))


@pytest.mark.parametrize(
    ("aggregation", "alone", "together"),
    [
        # 15 more for the one moves it up one place, of weight .2, in front of the other.
        (OrderedWeighted([0.1, 0.2, 0.7]), 3.0, 0.9 * 15),
        (Minimum(), 0.0, 15.0),
    ],
    ids=repr,
)
def test_points_at_tied_children_are_what_is_gained(aggregation, alone, together):
    found = tied_children(aggregation)
    assert found.points == pytest.approx([alone, alone, together])
    assert found.points[0] == pytest.approx(alone, abs=1e-12)
    assert column(found.table, "code")[0] == "both"
    assert column(found.table, "outcomes")[0] == "a, b"
    assert column(found.table, "path")[0] == "both → a"
    assert ("p" in column(found.table, "code")) == (alone > 0)


@pytest.mark.parametrize(
    "aggregation",
    [GeometricMean(), Minimum(), PowerMean(-3), OrderedWeighted([0.2, 0.8])],
    ids=repr,
)
@settings(max_examples=15)
@given(built=graphs())
def test_points_of_outcomes_are_those_of_weaknesses(aggregation, built):
    assessment = example(normalisation=Goalposts(1, 100), aggregation=aggregation)
    for unit in ("X", "Z"):
        found = built.explain(assessment, unit)
        weak = diagnosis.weaknesses(assessment, unit, nodes=list(built.outcomes))
        points = dict(zip(column(weak, "code"), column(weak, "points"), strict=True))
        for code, own in zip(
            column(found.outcomes, "code"), column(found.outcomes, "points"), strict=True
        ):
            assert own == pytest.approx(points[code], abs=1e-10)
        # All that a capability closes is what propagating it to the outcomes gives.
        changes = dict(zip(built.outcomes, found.closable[0], strict=True))
        moved = built.propagate(assessment, unit, changes)
        if "A" not in built.outcomes:
            assert found.points[0] == pytest.approx(column(moved, "change")[0], abs=1e-9)


def test_a_sub_index_is_raised_no_higher_than_its_reference():
    """c closes the gaps of a1 (.3 of .8) and of A (.3 of .55): A rises by .15 first."""
    built = graph(("c", "a1", 0.5), ("c", "A", 0.9))
    found = built.explain(example(), "X", levels={"c": 0.0}, reference=["V"])
    # A gap of .55 at A: a1's .5 brings .25 of it, so that .3 is left, not .55.
    assert found.gaps == pytest.approx([0.8, 0.55])
    assert found.points == pytest.approx([27.5])


def test_gaps_that_nothing_closes_are_listed_with_their_points():
    found = graph(("c", "a1", 0.5)).explain(example(), "X", levels={"c": 1.0})
    assert column(found.table, "code") == []
    assert column(found.outcomes, "points") == pytest.approx([20.0])
    assert column(found.outcomes, "behind") == [None]
