"""Changes of scores and ranks add up, and are told apart."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.change.cases import AGGREGATIONS, CODES, INDEX, assessed, cells

from dli import Assessment, Index, Indicator, Method
from dli.aggregation import (
    AdjustedMazziottaPareto,
    Copeland,
    GeometricMean,
    MazziottaPareto,
)
from dli.change import change, rank_change
from dli.errors import DataError, MethodError, ModelError
from dli.normalisation import Goalposts, MinMax, Scaled, ZScore
from dli.weighting import BenefitOfTheDoubt, Entropy

whole = st.lists(
    st.lists(st.integers(0, 100).map(float), min_size=5, max_size=5), min_size=4, max_size=4
)


def test_a_change_over_periods_has_the_raw_values_beside():
    rows = [
        [10.0, 20.0, 30.0, 40.0, 50.0],
        [1.0, 2.0, 3.0, 4.0, 5.0],
        [20.0, 20.0, 10.0, 40.0, 50.0],
        [1.0, 2.0, 3.0, 4.0, 5.0],
    ]
    panel = assessed(rows, period="year")
    found = change(panel, panel, "X", period_before=1, period_after=2)
    assert cells(found, "part") == ["data"] * 5
    assert cells(found, "raw_before") == rows[0]
    assert cells(found, "raw_after") == rows[2]
    scores = panel.array("T")
    assert sum(cells(found, "points")) == pytest.approx(scores[2] - scores[0], abs=1e-12)
    assert cells(found, "points")[1] == 0.0


@given(rows=whole, others=whole, choice=st.sampled_from(AGGREGATIONS[:5]))
def test_changes_of_data_weights_and_method_add_up(rows, others, choice):
    rows = [[100.0, 10.0, 90.0, 20.0, 50.0], [5.0, 100.0, 10.0, 100.0, 20.0], *rows]
    others = [[90.0, 15.0, 90.0, 30.0, 55.0], [6.0, 100.0, 10.0, 90.0, 25.0], *others]
    before = assessed(rows)
    after = assessed(
        others,
        index=INDEX.with_weights({"A": 3}).replace(
            "c", Indicator("c", goalposts=(0, 120), weight=2)
        ),
        normalisation=MinMax(1, 100),
        aggregation=choice,
    )
    found = change(before, after, "u0")
    total = after.array("T")[0] - before.array("T")[0]
    assert sum(cells(found, "points")) == pytest.approx(total, abs=1e-10)
    assert cells(found, "part")[-2:] == ["weights", "method"]


def test_only_what_differs_has_a_part():
    rows = [[10.0, 20.0, 30.0, 40.0, 50.0], [1.0, 2.0, 3.0, 4.0, 5.0]]
    before = assessed(rows)
    weighed = before.evolve(index=INDEX.with_weights({"A": 4}))
    found = change(before, weighed, "u0")
    assert cells(found, "part") == ["data"] * 5 + ["weights"]
    assert cells(found, "points")[:5] == [0.0] * 5
    assert cells(found, "points")[5] == pytest.approx(weighed.array("T")[0] - before.array("T")[0])
    other = change(before, before.evolve(weighting=Entropy(), normalisation=ZScore(50, 10)), "u0")
    assert set(cells(other, "part")) == {"data", "weights", "method"}
    part = change(before, before.evolve(aggregation=GeometricMean()), "u0", node="A")
    assert cells(part, "part") == ["data", "data", "method"]


def test_a_change_of_units_with_weights_of_their_own_names_the_weights_of_the_node():
    rows = [
        [80.0, 20.0, 30.0, 40.0, 50.0],
        [10.0, 95.0, 3.0, 4.0, 5.0],
        [20.0, 90.0, 30.0, 40.0, 50.0],
        [95.0, 2.0, 3.0, 4.0, 5.0],
    ]
    panel = assessed(rows, period="year", weighting={"A": BenefitOfTheDoubt()})
    found = change(panel, panel, "X", period_before=1, period_after=2)
    assert "weights" in cells(found, "name")
    total = panel.array("T")[2] - panel.array("T")[0]
    assert sum(cells(found, "points")) == pytest.approx(total, abs=1e-10)


def test_a_sub_index_that_came_later_has_no_raw_value():
    rows = [
        [None, None, 30.0, 40.0, 50.0],
        [1.0, 2.0, 3.0, 4.0, 5.0],
        [20.0, 20.0, 10.0, 40.0, 50.0],
        [1.0, 2.0, 3.0, 4.0, 5.0],
    ]
    panel = assessed(rows, period="year")
    found = change(panel, panel, "X", period_before=1, period_after=2)
    table = dict(zip(cells(found, "code"), cells(found, "raw_after"), strict=True))
    assert table["A"] is None
    assert table["a1"] == 20.0


def test_other_trees_are_refused():
    rows = [[10.0, 20.0, 30.0, 40.0, 50.0], [1.0, 2.0, 3.0, 4.0, 5.0]]
    before = assessed(rows)
    with pytest.raises(ModelError, match=r"must have the same tree.*\n  - 'c'"):
        change(before, before.evolve(index=INDEX.without("c")), "u0")


@given(rows=whole)
def test_parts_of_a_rank_change_add_up(rows):
    panel = assessed(rows, period="year")
    found = rank_change(panel, panel, "X", period_before=1, period_after=2)
    own, others, together = cells(found, "places")
    assert own + others == together
    ranks = panel.rank_array("T")
    assert together == ranks[2] - ranks[0]


def test_a_rank_lost_by_others_moves_is_said_so():
    rows = [[50.0] * 5, [10.0] * 5, [50.0] * 5, [90.0] * 5]
    rows = [[r[0], r[1], 100 - r[2], r[3], r[4]] for r in rows]
    panel = assessed(rows, period="year")
    found = rank_change(panel, panel, "X", period_before=1, period_after=2)
    assert cells(found, "places") == [0.0, 1.0, 1.0]


SCALED = [
    MazziottaPareto(),
    AdjustedMazziottaPareto(),
    AdjustedMazziottaPareto(reference="midrange"),
]


@pytest.mark.parametrize("normalisation", [Goalposts(), MinMax(1, 100), ZScore(100, 10)], ids=repr)
@pytest.mark.parametrize("aggregation", SCALED, ids=repr)
@given(rows=whole, others=whole)
def test_changes_under_a_scale_of_the_aggregation_add_up(normalisation, aggregation, rows, others):
    first = [[90.0, 10.0, 80.0, 20.0, 50.0], [50.0, 60.0, 40.0, 60.0, 20.0]]
    before, after = (
        assessed(ends + own, normalisation=normalisation, aggregation={"A": aggregation})
        for ends, own in ((first, rows), ([row[::-1] for row in first], others))
    )
    table = change(before, after, "u0")
    total = after.array("T")[0] - before.array("T")[0]
    assert sum(cells(table, "points")) == pytest.approx(total, abs=1e-10)
    back = change(after, before, "u0")
    assert sum(cells(back, "points")) == pytest.approx(-total, abs=1e-10)


def test_a_scale_that_moves_has_a_row_of_its_own():
    """Nothing of the unit changes, but the others do: all of its change is the scale."""
    before = assessed([[30.0] * 5, [10.0] * 5, [50.0] * 5], aggregation={"A": MazziottaPareto()})
    after = assessed([[30.0] * 5, [20.0] * 5, [90.0] * 5], aggregation={"A": MazziottaPareto()})
    table = change(before, after, "u0")
    assert cells(table, "part") == ["data"] * 6
    assert cells(table, "code") == [*CODES, "A"]
    assert cells(table, "name")[-1] == "scale of the aggregation"
    total = after.array("T")[0] - before.array("T")[0]
    assert abs(total) > 0.1
    assert cells(table, "points") == pytest.approx([0.0] * 5 + [total], abs=1e-12)
    assert cells(table, "before")[-1] is None
    still = change(
        before,
        assessed([[30.0] * 5, [10.0] * 5, [50.0] * 5], aggregation={"A": MazziottaPareto()}),
        "u0",
    )
    assert cells(still, "code") == CODES


def test_a_change_on_the_scale_of_the_other_may_have_no_score():
    """The unit falls so far that on the earlier scale its mean would be below zero."""
    before = assessed([[80.0] * 5, [81.0] * 5, [82.0] * 5], aggregation={"A": MazziottaPareto()})
    after = assessed([[1.0] * 5, [2.0] * 5, [3.0] * 5], aggregation={"A": MazziottaPareto()})
    total = after.array("T")[0] - before.array("T")[0]
    table = change(before, after, "u0")
    assert sum(cells(table, "points")) == pytest.approx(total, abs=1e-10)


def test_copeland_before_and_after_is_refused_where_others_move():
    rows = [[1.0, 2.0, 3.0, 4.0, 5.0], [50.0, 40.0, 30.0, 20.0, 10.0], [20.0] * 5]
    moved = [[60.0, 30.0, 3.0, 4.0, 5.0], *rows[1:]]
    before, after, others = (
        assessed(own, aggregation={"A": Copeland()})
        for own in (rows, moved, [*rows[:2], [1.0, 1.0, 20.0, 20.0, 20.0]])
    )
    with pytest.raises(MethodError, match="Copeland of 'A' scores units by comparing them"):
        change(before, others, "u0")
    # Among the same others, each value of a unit changes its score: from -2 to 0, all by a2,
    # which has two thirds of the weight.
    assert cells(change(before, after, "u0", node="A"), "points") == [0, 2]


def test_the_order_of_children_does_not_matter():
    rows = [
        [10.0, 20.0, 30.0, 40.0, 50.0],
        [1.0, 2.0, 3.0, 4.0, 5.0],
        [60.0, 50.0, 40.0, 30.0, 20.0],
    ]
    later = [[20.0, 10.0, 35.0, 40.0, 90.0], *rows[1:]]
    turned = Index("T", [evolved(child) for child in INDEX.children[::-1]])
    method = {"aggregation": {"A": MazziottaPareto()}}
    before, after = assessed(rows, **method), assessed(later, **method)
    other = assessed(later, index=turned, **method)
    assert other.index.indicators != after.index.indicators
    for name in ("code", "part", "name"):
        assert cells(change(before, other, "u0"), name) == cells(change(before, after, "u0"), name)
    for name in ("raw_after", "after", "points"):
        one, two = (cells(change(before, own, "u0"), name) for own in (other, after))
        assert [cell is None for cell in one] == [cell is None for cell in two]
        assert [c for c in one if c is not None] == pytest.approx([c for c in two if c is not None])


def evolved(node):
    if not isinstance(node, Index):
        return node
    return Index(node.code, node.children[::-1], weight=node.weight)


def test_every_field_that_a_step_reads_is_a_part_of_the_method():
    index = Index("T", [Indicator("a", scale=(0, 100))])
    data = {"unit": ["X", "Y"], "a": [10.0, 20.0]}
    before = Assessment(index, data, method=Method(normalisation=Scaled()))
    after = before.evolve(index=Index("T", [Indicator("a", "another name", scale=(0, 50))]))
    table = change(before, after, "X")
    assert cells(table, "part") == ["data", "method"]
    assert cells(table, "points") == pytest.approx([0, after.array("T")[0] - before.array("T")[0]])
    renamed = before.evolve(index=Index("T", [Indicator("a", "another name", scale=(0, 100))]))
    assert cells(change(before, renamed, "X"), "part") == ["data"]


def test_data_that_the_other_method_cannot_assess_are_named():
    rows = [[0.0, 20.0, 30.0, 40.0, 50.0], [1.0, 2.0, 3.0, 4.0, 5.0]]
    before = assessed(rows, normalisation=Goalposts())
    after = assessed([[9.0] * 5, [8.0] * 5], normalisation=Goalposts(), aggregation=GeometricMean())
    with pytest.raises(
        MethodError, match=r"(?s)effects of data, weights and method.*above zero.*'a1'"
    ):
        change(before, after, "u0")


def test_weights_and_method_by_hand():
    """From 10 * .5 + 30 * .5 = 20 to the geometric mean of 10 and 30 with weights .25 and .75."""
    index = Index("T", [Indicator("a", goalposts=(0, 100)), Indicator("b", goalposts=(0, 100))])
    data = {"unit": ["X"], "a": [10.0], "b": [30.0]}
    before = Assessment(index, data, method=Method(normalisation=Goalposts()))
    after = before.evolve(index=index.with_weights({"b": 3}), aggregation=GeometricMean())
    table = change(before, after, "X")
    arithmetic, geometric = 25.0, np.sqrt(10 * 30)
    end = 10**0.25 * 30**0.75
    weights = ((arithmetic - 20) + (end - geometric)) / 2
    method = ((geometric - 20) + (end - arithmetic)) / 2
    assert cells(table, "part") == ["data", "data", "weights", "method"]
    assert cells(table, "points") == pytest.approx([0, 0, weights, method])
    assert cells(table, "code")[2:] == [None, None]


def test_periods_are_asked_for_and_refused():
    rows = [[10.0, 20.0, 30.0, 40.0, 50.0], [1.0, 2.0, 3.0, 4.0, 5.0]]
    panel, single = assessed(rows * 2, period="year"), assessed(rows)
    for compared in (change, rank_change):
        with pytest.raises(MethodError, match="several periods: choose one of 1, 2"):
            compared(panel, panel, "X", period_before=1)
        with pytest.raises(MethodError, match="the data have no periods, got period=1"):
            compared(single, single, "u0", period_before=1)
        with pytest.raises(DataError, match="unit 'u0' has no score at 'A'"):
            compared(single, assessed([[None, None, *rows[0][2:]], rows[1]]), "u0", node="A")


def test_ranks_of_indices_of_different_trees_are_compared():
    """X is behind Y in a, and ahead of Y in b; it moves by its own score as by that of Y."""
    one, two = (
        Assessment(
            Index(code, [Indicator(code.lower(), goalposts=(0, 100))]),
            data,
            method=Method(normalisation=Goalposts()),
        )
        for code, data in (
            ("A", {"unit": ["X", "Y"], "a": [10.0, 50.0]}),
            ("B", {"unit": ["Y", "X"], "b": [5.0, 60.0]}),
        )
    )
    assert cells(rank_change(one, two, "X"), "places") == [-0.5, -0.5, -1.0]
