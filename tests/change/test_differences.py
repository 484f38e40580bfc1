"""Differences and changes add up, and say what they should."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

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
from dli.diagnosis import change, difference, rank_change
from dli.errors import DataError, MethodError, ModelError, UnknownCodeError
from dli.normalisation import Goalposts, MinMax, ZScore
from dli.weighting import BenefitOfTheDoubt, Entropy

CODES = ["a1", "a2", "b1", "b2", "c"]
INDEX = Index(
    "T",
    [
        Index(
            "A",
            [Indicator("a1", goalposts=(0, 100)), Indicator("a2", weight=2, goalposts=(0, 100))],
        ),
        Index(
            "B",
            [
                Indicator("b1", goalposts=(100, 0), direction=-1),
                Indicator("b2", goalposts=(0, 100)),
            ],
        ),
        Indicator("c", goalposts=(0, 100), weight=0.5),
    ],
)
AGGREGATIONS = [
    ArithmeticMean(), GeometricMean(), HarmonicMean(), PowerMean(3), PowerMean(0.5), Minimum(),
    OrderedWeighted([0.2, 0.3, 0.5]), MazziottaPareto(), AdjustedMazziottaPareto(),
    {"T": GeometricMean(), "A": Minimum(), "B": PowerMean(-2)},
]  # fmt: skip


def assessed(rows, *, index=INDEX, period=None, **choices):
    choices.setdefault("normalisation", Goalposts(1, 101))
    data = {"unit": [f"u{i}" for i in range(len(rows))]}
    data |= {code: [row[j] for row in rows] for j, code in enumerate(CODES)}
    if period is not None:
        data |= {"unit": ["X", "Y"] * 2, "year": [1, 1, 2, 2]}
    return Assessment(index, data, period=period, method=Method(**choices))


def cells(frame, name):
    return frames.read(frame).column(name)


tables = st.lists(
    st.lists(st.one_of(st.none(), st.integers(0, 100).map(float)), min_size=5, max_size=5),
    min_size=3,
    max_size=4,
)
whole = st.lists(
    st.lists(st.integers(0, 100).map(float), min_size=5, max_size=5), min_size=4, max_size=4
)


def test_a_geometric_difference_as_worked_out_beforehand():
    index = Index(
        "T",
        [Indicator(c, weight=w, goalposts=(0, 100)) for c, w in zip("abc", (5, 3, 2), strict=True)],
    )
    data = {"unit": ["p", "q"], "a": [60.0, 50.0], "b": [40.0, 70.0], "c": [80.0, 65.0]}
    method = Method(normalisation=Goalposts(), aggregation=GeometricMean())
    found = difference(Assessment(index, data, method=method), "p", "q")
    assert cells(found, "points") == pytest.approx([5.2213739, -9.61585668, 2.37857284], abs=1e-8)
    assert sum(cells(found, "points")) == pytest.approx(-2.01590994, abs=1e-8)


@pytest.mark.parametrize("aggregation", AGGREGATIONS, ids=repr)
@given(rows=tables)
def test_points_add_up_to_the_difference(aggregation, rows):
    """Whatever is missing; the columns need two values that differ for some of the scales."""
    rows = [
        [100.0, 0.0, 100.0, 0.0, 50.0],
        [0.0, 100.0, 0.0, 100.0, 20.0],
        [7.0, None, 3.0, None, 1.0],
        *rows,
    ]
    assessment = assessed(
        [row if any(c is not None for c in row) else [5.0] * 5 for row in rows],
        aggregation=aggregation,
    )
    scores = assessment.array("T")
    for second in range(len(rows)):
        found = difference(assessment, "u0", f"u{second}")
        points = cells(found, "points")
        assert None not in points
        assert sum(points) == pytest.approx(
            scores[0] - scores[second], abs=1e-12 * 101 * len(points)
        )


@given(rows=whole)
def test_units_with_weights_of_their_own_have_a_part_for_weights(rows):
    rows = [[100.0, 10.0, 90.0, 20.0, 50.0], [5.0, 100.0, 10.0, 100.0, 20.0], *rows]
    assessment = assessed(rows, weighting={"A": BenefitOfTheDoubt()})
    found = difference(assessment, "u0", "u1")
    total = assessment.array("T")[0] - assessment.array("T")[1]
    assert sum(cells(found, "points")) == pytest.approx(total, abs=1e-10)
    named = dict(zip(cells(found, "name"), cells(found, "code"), strict=True))
    assert named.get("weights", "A") == "A"


def test_a_sub_index_that_one_unit_lacks_has_a_row_of_its_own():
    assessment = assessed([[10.0, 20.0, 30.0, 40.0, 50.0], [None, None, 30.0, 40.0, 50.0]])
    found = difference(assessment, "u0", "u1")
    table = dict(zip(cells(found, "code"), cells(found, "points"), strict=True))
    assert table["A"] == pytest.approx(assessment.array("T")[0] - assessment.array("T")[1])
    assert table["a1"] == 0.0


def test_units_that_share_no_child_are_still_compared():
    assessment = assessed([[10.0, None, 30.0, 40.0, None], [None, 80.0, 30.0, 40.0, None]])
    found = difference(assessment, "u0", "u1", node="A")
    assert sum(cells(found, "points")) == pytest.approx(11 - 81)
    assert cells(difference(assessment, "u0", "u1", node="b1"), "points") == [0.0]


def test_many_children_are_split_over_an_order_and_its_reverse():
    codes = [f"i{j}" for j in range(15)]
    index = Index("T", [Indicator(c, goalposts=(0, 1)) for c in codes])
    rng = np.random.default_rng(1)
    data = {"unit": ["p", "q"], **{c: rng.uniform(size=2) for c in codes}}
    method = Method(normalisation=Goalposts(), aggregation=Minimum())
    assessment = Assessment(index, data, method=method)
    found = difference(assessment, "p", "q")
    expected = assessment.array("T")[0] - assessment.array("T")[1]
    assert sum(cells(found, "points")) == pytest.approx(expected, abs=1e-12)


def test_a_minimum_is_split_by_hand():
    """(2, 5) against (4, 3): min 2 against 3. Orders: -1 - 0 and +1 - 2: a -1.5, b +.5."""
    index = Index("T", [Indicator("a", goalposts=(0, 10)), Indicator("b", goalposts=(0, 10))])
    data = {"unit": ["p", "q"], "a": [2.0, 4.0], "b": [5.0, 3.0]}
    method = Method(normalisation=Goalposts(0, 10), aggregation=Minimum())
    found = difference(Assessment(index, data, method=method), "p", "q")
    assert cells(found, "points") == pytest.approx([-1.5, 0.5])


def test_scores_that_compare_units_are_no_sum():
    rows = [[1.0, 2.0, 3.0, 4.0, 5.0], [5.0, 4.0, 3.0, 2.0, 1.0]]
    with pytest.raises(MethodError, match="Copeland of 'T' scores units by comparing them"):
        difference(assessed(rows, aggregation=Copeland()), "u0", "u1")


@pytest.mark.parametrize(
    ("units", "options", "error", "message"),
    [
        (("u0", "x"), {}, UnknownCodeError, "no unit 'x'"),
        (("u0", "u1"), {"node": "Q"}, UnknownCodeError, "no node 'Q'"),
        (("u0", "u2"), {}, DataError, "unit 'u2' has no score at 'T'"),
    ],
)
def test_what_cannot_be_compared_is_refused(units, options, error, message):
    rows = [[1.0, 2.0, 3.0, 4.0, 5.0], [5.0, 4.0, 3.0, 2.0, 1.0], [1.0, None, None, None, None]]
    with pytest.raises(error, match=message):
        difference(assessed(rows, coverage={"T": 0.5}), *units, **options)


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
