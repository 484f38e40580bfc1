import numpy as np
import pytest
from tests.capability.cases import DATA, column, example, graph

from dli.capability import CapabilityGraph, UncertainGraph
from dli.errors import MethodError

BUILT = graph(("c", "a1", 0.4), ("d", "a2", 0.39), ("e", "b1", 0.1))
HALF = {"c": 0.2, "d": 0.2, "e": 0.2}


def test_strengths_are_drawn_within_a_share_of_themselves():
    drawn = BUILT.uncertain(0.25, n_samples=500, rng=3)
    own = np.array([0.4, 0.39, 0.1])
    assert (np.abs(drawn.strengths - own) <= 0.25 * own + 1e-12).all()
    assert drawn.strengths.mean(axis=0) == pytest.approx(own, rel=0.03)
    assert np.array_equal(drawn.strengths, BUILT.uncertain(0.25, n_samples=500, rng=3).strengths)
    assert repr(drawn) == "500 draws of the strengths of 3 links"
    strong = graph(("c", "a1", 0.9)).uncertain(0.5, n_samples=50, rng=1)
    assert strong.strengths.max() == 1.0


def test_leverage_lies_within_bounds():
    drawn = BUILT.uncertain(0.2, n_samples=600, rng=3)
    found = drawn.leverage(example(), confidence=0.9)
    assert column(found, "unit")[:4] == ["X", "X", "X", "Y"]
    assert column(found, "code")[:3] == ["c", "d", "e"]
    # 25 points a level, times .4: evenly spread from 8 to 12, of which nine tenths are in .2 less.
    assert column(found, "leverage")[0] == pytest.approx(10)
    assert column(found, "low")[0] == pytest.approx(8.2, abs=0.15)
    assert column(found, "high")[0] == pytest.approx(11.8, abs=0.15)


def test_an_explanation_tells_how_often_each_comes_first():
    drawn = BUILT.uncertain(0.2, n_samples=200, rng=3)
    found = drawn.explain(example(), "X", levels=HALF)
    first = dict(zip(column(found, "code"), column(found, "first"), strict=True))
    assert sum(first.values()) == pytest.approx(1.0)
    assert 0.2 < first["c"] < 0.95
    assert first["e"] == 0.0
    # e acts on b1 alone, where X is the best: without a gap it is not among the first.
    assert dict(zip(column(found, "code"), column(found, "top_3"), strict=True)) == {
        "c": 1.0, "d": 1.0, "e": 0.0,
    }  # fmt: skip


def test_a_plan_tells_how_often_each_is_in_it():
    drawn = BUILT.uncertain(0.2, n_samples=40, rng=3)
    found = drawn.plan(example(), "X", budget=1, steps=2, levels=HALF)
    share = dict(zip(column(found, "code"), column(found, "share"), strict=True))
    assert share["c"] + share["d"] == pytest.approx(1.0)
    assert 0 < share["d"] < 1
    assert column(found, "nominal")[column(found, "code").index("c")] == pytest.approx(0.3)
    change = dict(zip(column(found, "code"), column(found, "mean_change"), strict=True))
    assert change["c"] == pytest.approx(0.3 * share["c"])


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: BUILT.uncertain(2), "relative must be a number from 0 to 1"),
        (lambda: BUILT.uncertain(n_samples=0), "n_samples must be a whole number from 1"),
        (lambda: UncertainGraph(BUILT, [[0.1]]), r"shape \(n_samples, 3\), got \(1, 1\)"),
        (lambda: UncertainGraph(BUILT, [[0.1, 2, 0]]), "strengths must be numbers from 0 to 1"),
        (
            lambda: BUILT.uncertain(0.1, n_samples=2).leverage(example(), confidence=2),
            "confidence must be a number above 0 and below 1",
        ),
    ],
)
def test_draws_that_make_no_sense_are_refused(make, message):
    with pytest.raises(MethodError, match=message):
        make()


def test_ties_share_the_first_place():
    """c and d act on the same outcomes alike, e on nothing that is behind."""
    built = graph(("c", "a1", 0.3), ("d", "a1", 0.3), ("e", "b1", 0.3))
    drawn = UncertainGraph(built, [[0.3, 0.3, 0.3]] * 2 + [[0.3, 0.2, 0.3]] * 2)
    found = drawn.explain(example(), "X", levels=HALF)
    shares = list(zip(column(found, "first"), column(found, "top_3"), strict=True))
    assert dict(zip(column(found, "code"), shares, strict=True)) == {
        "c": (1.0, 1.0), "d": (0.5, 1.0), "e": (0.0, 0.0),
    }  # fmt: skip


def test_without_a_gap_nothing_is_first():
    found = BUILT.uncertain(0.2, n_samples=5, rng=1).explain(example(), "X", reference=["X"])
    assert column(found, "points") == [0.0] * 3
    assert column(found, "first") == column(found, "top_3") == [0.0] * 3


def test_levels_of_zero_are_levels_in_plans():
    """c at 0 has all its steps left; e, which no plan needs, counts with a change of 0."""
    drawn = BUILT.uncertain(0.1, n_samples=6, rng=3)
    levels = {"c": 0.0, "d": 1.0, "e": 0.0}
    found = drawn.plan(
        example(), "X", budget=2, steps=2, levels=levels, costs={"c": 1, "d": 1, "e": 9}
    )
    rows = zip(
        column(found, "code"), column(found, "nominal"), column(found, "share"),
        column(found, "mean_change"), strict=True,
    )  # fmt: skip
    assert list(rows) == [("c", 1.0, 1.0, 1.0), ("d", 0.0, 0.0, 0.0), ("e", 0.0, 0.0, 0.0)]


def test_periods_are_named_in_tables_of_draws():
    data = {**DATA, "unit": ["X", "Y", "X", "Y"], "year": [1, 1, 2, 2]}
    found = BUILT.uncertain(0.2, n_samples=3, rng=3).leverage(example(data=data, period="year"))
    assert column(found, "year") == [1] * 6 + [2] * 6


def test_draws_are_graphs_of_the_same_class():
    class Own(CapabilityGraph):
        """A user's graph."""

    own = Own(BUILT.capabilities, BUILT.links)
    assert {type(draw) for draw in own.uncertain(0.1, n_samples=2, rng=1).draws} == {Own}
