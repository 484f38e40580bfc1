"""Where a unit is behind, and what it would gain."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.testing import assert_allclose
from tests.diagnosis.cases import DATA, PLAIN, assessment, column, names, panel, rows, tables

from dli import Index, Indicator, Method
from dli.aggregation import AdjustedMazziottaPareto, Copeland, GeometricMean
from dli.diagnosis import peers, strengths, weaknesses
from dli.errors import DataError, MethodError, UnknownCodeError
from dli.normalisation import FittedOn, Goalposts, MinMax, Rank


def gaps(found):
    return dict(zip(column(found, "code"), column(found, "gap"), strict=True))


def test_against_the_frontier_by_hand():
    found = weaknesses(assessment(), "U")
    assert names(found) == ["code", "name", "score", "reference", "gap", "points", "rank"]
    assert column(found, "code") == ["c", "d", "a", "b"]
    assert_allclose(column(found, "reference"), 90)
    assert_allclose(column(found, "gap"), [70, 30, 40, 40])
    # A gap times the effective weight: 9/16, 3/16, 1/8 and 1/8.
    assert_allclose(column(found, "points"), [39.375, 5.625, 5, 5])
    assert column(found, "rank") == [5, 2, 5, 2]
    assert column(found, "name") == ["", "", "first", ""]


def test_what_the_unit_lacks_comes_last_and_its_weight_counts_for_the_others():
    found = weaknesses(assessment(), "W")
    assert column(found, "code") == ["c", "d", "a", "b"]
    assert_allclose(column(found, "points")[:3], [16.875, 5.625, 5])
    assert column(found, "gap")[3] is None
    assert column(found, "points")[3] is None
    assert column(found, "rank")[3] is None
    assert column(found, "reference")[3] == 90


def test_nodes_of_a_level():
    found = weaknesses(assessment(), "U", level=1)
    assert column(found, "code") == ["B", "A"]
    assert_allclose(column(found, "points"), [0.75 * 60, 0.25 * 40])
    assert column(weaknesses(assessment(), "U", level=0), "points") == [90 - 35]


def test_against_targets_and_goalposts():
    found = rows(weaknesses(assessment(), "U", against="target"))
    assert {code: row["reference"] for code, row in found.items()} == {
        "a": 100, "b": 100, "c": 80, "d": 100,
    }  # fmt: skip
    assert_allclose(found["c"]["points"], 60 * 9 / 16)


def test_against_the_own_mean():
    assert_allclose(list(gaps(weaknesses(assessment(), "U", against="own")).values()),
                    [45 - 20, 45 - 50, 45 - 50, 45 - 60])  # fmt: skip


def test_against_the_median_of_units():
    expected = {"a": 75 - 50, "b": 65 - 50, "c": 65 - 20, "d": 65 - 60}
    assert gaps(weaknesses(assessment(), "U", against=["V", "Y"])) == expected
    assert gaps(weaknesses(assessment(), "U", against=["V", "W", "Y"]))["c"] == 60 - 20
    # W lacks b.
    assert gaps(weaknesses(assessment(), "U", against=["W"]))["b"] is None
    assert gaps(weaknesses(assessment(), "U", against=["W", "V"]))["b"] == -10
    own = assessment()
    by_table = weaknesses(own, "U", against=peers(own, "U", by="people", k=2)["unit"])
    assert gaps(by_table)["c"] == 50 - 20


def test_strengths_are_the_other_way_round():
    found = strengths(assessment(), "U")
    assert column(found, "code") == ["d", "a", "b", "c"]
    assert_allclose(column(found, "gap"), [-15, -5, -5, 25])
    assert_allclose(column(found, "points")[0], -15 * 3 / 16)
    assert column(strengths(assessment(), "W"), "code")[3] == "b"
    assert column(strengths(assessment(), "U", against="frontier", level=1), "code") == ["A", "B"]


def test_units_are_compared_within_their_period():
    found = rows(weaknesses(panel(), "U", period=2022))
    assert found["a"]["score"] == 25
    assert found["a"]["reference"] == 45
    assert found["a"]["rank"] == 5
    assert gaps(weaknesses(panel(), "U", period=2020, against=["V"]))["a"] == 10


@pytest.mark.parametrize("aggregation", [None, GeometricMean(), Copeland()])
@given(data=tables(missing=False), code=st.sampled_from("abcd"))
def test_the_points_are_what_the_score_would_gain(aggregation, data, code):
    method = (
        PLAIN if aggregation is None else Method(normalisation=Goalposts(), aggregation=aggregation)
    )
    own = assessment(data, method=method)
    found = rows(weaknesses(own, "u0"))[code]
    closed = assessment(data | {code: [max(data[code]), *data[code][1:]]}, method=method)
    assert_allclose(found["points"], closed.array("T")[0] - own.array("T")[0], atol=1e-9)


@given(data=tables())
def test_gaps_to_the_frontier_are_nowhere_below_zero_and_in_order_of_points(data):
    own = assessment(data)
    for unit in own.units:
        points = [p for p in column(weaknesses(own, unit), "points") if p is not None]
        assert points == sorted(points, reverse=True)
        assert min(points) >= -1e-12
        slopes = [own.effective_weight_array(c) for c in "abcd"]
        missing = np.isnan(own.stage_array("normalised")[own.row(unit)]).any()
        found = rows(weaknesses(own, unit))
        if not missing:
            for code, slope in zip("abcd", slopes, strict=True):
                assert_allclose(found[code]["points"], found[code]["gap"] * slope, atol=1e-9)


def test_a_scale_that_an_aggregation_brings_is_held():
    # The least value of a is the unit's own: fitted anew, the scale would shrink.
    data = {"unit": ["U", "V", "W"], "a": [10.0, 50.0, 90.0], "b": [30.0, 80.0, 20.0]}
    flat = Index("T", [Indicator(code, goalposts=(0, 100)) for code in "ab"])
    method = Method(normalisation=Goalposts(), aggregation=AdjustedMazziottaPareto())
    own = assessment(data, index=flat, method=method)
    held = AdjustedMazziottaPareto().fit(own.stage_array("normalised"))
    expected = held.aggregate(np.array([[90.0, 30.0]]), np.full(2, 0.5))[0] - own.array("T")[0]
    assert_allclose(rows(weaknesses(own, "U"))["a"]["points"], expected)


def test_a_gap_below_a_node_without_a_score_gains_nothing():
    method = Method(normalisation=Goalposts(), coverage={"A": 0.7})
    found = rows(weaknesses(assessment(method=method), "W"))
    assert found["a"]["gap"] == 20
    assert found["a"]["points"] == 0


DEEP = Index("T", [Index("P", [Index("Q", [Indicator("x")])]), Indicator("e")])


def test_a_level_at_which_a_unit_has_nothing():
    data = {"unit": ["U", "V", "W"], "x": [None, 2.0, 9.0], "e": [1.0, 2.0, 3.0]}
    own = assessment(data, index=DEEP, method=Method())
    found = weaknesses(own, "U", level=2, against="own")
    assert column(found, "reference") == [None]
    assert column(found, "points") == [None]


ONE = Index(
    "T",
    [
        Indicator("a", target=30.0),
        Indicator("b", direction=-1, goalposts=(9.0, 1.0)),
        Indicator("c"),
    ],
)
OWN = {"unit": ["U", "V", "W"], "a": [10.0, 20.0, 40.0], "b": [5.0, 9.0, 3.0], "c": [1.0, 2.0, 3.0]}  # fmt: skip


def test_targets_are_read_as_the_normalisation_reads_values():
    found = rows(
        weaknesses(
            assessment(OWN, index=ONE, method=Method(normalisation=MinMax())), "V", against="target"
        )
    )
    assert_allclose(found["a"]["reference"], 100 * 20 / 30)
    assert found["b"]["reference"] == 100
    assert found["c"]["reference"] is None
    assert found["c"]["gap"] is None
    assert list(found)[2] == "c"


def test_targets_on_a_scale_fitted_to_some_units_are_not_moved_by_the_target():
    fitted = Method(normalisation=FittedOn(MinMax(), units=["U", "V"]))
    found = rows(weaknesses(assessment(OWN, index=ONE, method=fitted), "U", against="target"))
    assert_allclose(found["a"]["reference"], 200)


def test_targets_by_rank_are_the_rank_that_the_unit_would_take():
    own = assessment(
        OWN, index=ONE, method=Method(normalisation={"a": Rank(), "b": MinMax(), "c": MinMax()})
    )
    found = rows(weaknesses(own, "U", against="target"))
    moved = assessment(OWN | {"a": [30.0, 20.0, 40.0]}, index=ONE, method=own.method)
    assert found["a"]["reference"] == moved.array("a")[0] > own.array("a")[0]


@pytest.mark.parametrize(
    ("kwargs", "error", "message"),
    [
        ({"against": "best"}, MethodError, "against must be one of 'frontier', 'target', 'own', or a sequence of units, got 'best'"),
        ({"against": ["V", "Q", "R"]}, UnknownCodeError, "no unit 'Q'\n.*no unit 'R'"),
        ({"against": []}, MethodError, "units must name at least one unit"),
        ({"against": "target", "level": 1}, MethodError, "none has one among 'A', 'B'"),
        ({"level": 3}, MethodError, r"from 0 \('T' itself\) to 2, or None for the indicators, got 3"),
        ({"level": True}, MethodError, "got True"),
        ({"level": 1.0}, MethodError, "got 1.0"),
    ],
)  # fmt: skip
def test_weaknesses_say_what_is_wrong(kwargs, error, message):
    with pytest.raises(error, match=message):
        weaknesses(assessment(), "U", **kwargs)


def test_targets_that_nothing_has_are_named_in_part():
    many = Index("T", [Indicator(f"i{j}") for j in range(6)])
    data = {"unit": ["U", "V"]} | {f"i{j}": [1.0, 2.0] for j in range(6)}
    with pytest.raises(MethodError, match=r"among 'i0', 'i1', 'i2', 'i3', 'i4' \.\.\."):
        weaknesses(assessment(data, index=many, method=Method()), "U", against="target")


def test_a_unit_without_a_score():
    with pytest.raises(UnknownCodeError, match="no unit 'Q'"):
        weaknesses(assessment(), "Q")
    data = DATA | {code: [*DATA[code][:-1], math.nan] for code in "bd"}
    own = assessment(data, method=Method(normalisation=Goalposts(), missing="propagate"))
    with pytest.raises(DataError, match="unit 'Z' has no score at 'T'"):
        weaknesses(own, "Z")
