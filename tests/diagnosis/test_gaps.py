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
from dli.imputation import ColumnMean
from dli.normalisation import FittedOn, Goalposts, MinMax, Rank, ZScore


def gaps(found):
    return dict(zip(column(found, "code"), column(found, "gap"), strict=True))


def test_against_the_frontier_by_hand():
    found = weaknesses(assessment(), "U")
    assert names(found) == ["code", "name", "score", "reference", "gap", "points", "rank", "note"]
    assert column(found, "code") == ["c", "d", "a", "b"]
    assert_allclose(column(found, "reference"), 90)
    assert_allclose(column(found, "gap"), [70, 30, 40, 40])
    # A gap times the effective weight: 9/16, 3/16, 1/8 and 1/8.
    assert_allclose(column(found, "points"), [39.375, 5.625, 5, 5])
    assert column(found, "rank") == [5, 2, 5, 2]
    assert column(found, "name") == ["", "", "first", ""]


def test_what_the_unit_lacks_is_left_out_and_its_weight_counts_for_the_others():
    found = weaknesses(assessment(), "W")
    assert column(found, "code") == ["c", "d", "a"]
    assert_allclose(column(found, "points"), [16.875, 5.625, 5])


def test_nodes_of_a_level_or_by_code():
    found = weaknesses(assessment(), "U", nodes=1)
    assert column(found, "code") == ["B", "A"]
    assert_allclose(column(found, "points"), [0.75 * 60, 0.25 * 40])
    assert column(weaknesses(assessment(), "U", nodes=np.int64(0)), "points") == [90 - 35]
    assert column(weaknesses(assessment(), "U", nodes=["A", "c"]), "code") == ["c", "A"]
    assert column(weaknesses(assessment(), "U", nodes="A"), "code") == ["A"]


def test_the_best_unit_is_behind_nowhere_and_the_last_ahead_nowhere():
    for found in (weaknesses(assessment(), "Y"), strengths(assessment(), "Z", against=["U"])):
        assert column(found, "code") == column(found, "points") == column(found, "rank") == []
    assert names(strengths(assessment(), "Z", against=["U"])) == [
        "code", "name", "score", "reference", "lead", "points", "rank", "note",
    ]  # fmt: skip


@pytest.mark.parametrize("library", ["pandas", "polars", "pyarrow"])
def test_behind_nowhere_is_an_empty_table_in_every_library(library):
    frame = pytest.importorskip(library)
    make = {"pandas": "DataFrame", "polars": "DataFrame", "pyarrow": "table"}[library]
    found = weaknesses(assessment(getattr(frame, make)(DATA)), "Y")
    assert type(found).__module__.split(".")[0] == library
    assert len(found) == 0


def test_a_gap_of_rounding_is_neither_behind_nor_ahead():
    flat = Index("T", [Indicator(code, goalposts=(0, 1)) for code in "ab"])
    data = {"unit": ["U", "V"], "a": [0.1 + 0.2, 0.3], "b": [0.5, 0.6]}
    own = assessment(data, index=flat)
    assert own.array("a")[0] != own.array("a")[1]
    for unit, other in ("UV", "VU"):
        assert "a" not in column(weaknesses(own, unit), "code")
        assert "a" not in column(strengths(own, unit, against=[other]), "code")
    assert column(weaknesses(own, "U"), "code") == ["b"]


def test_a_gap_that_is_rounding_on_the_scale_of_the_node_is_none():
    # The mean of U's own z-scores is 0 but for rounding, and so is its score in a.
    data = {"unit": ["U", "V", "W"], "a": [0.2, 0.1, 0.3], "b": [5.0, 9.0, 1.0]}
    flat = Index("T", [Indicator("a"), Indicator("b")])
    own = assessment(data, index=flat, method=Method(normalisation=ZScore()))
    assert 0 < abs(own.array("a")[0]) < 1e-12
    assert column(weaknesses(own, "U", against="own"), "code") == []
    assert column(strengths(own, "U"), "code") == []


def test_nodes_that_bring_as_many_points_but_for_rounding_are_in_the_order_of_gaps():
    weights = {"a": 0.7, "b": 0.1, "c": 0.2}
    flat = Index("T", [Indicator(c, goalposts=(0, 100), weight=w) for c, w in weights.items()])
    # 0.7 * 2.59 = 0.1 * 18.13, but the points of a come out greater by a rounding.
    data = {"unit": ["U", "V"], "a": [50.0, 52.59], "b": [20.0, 38.13], "c": [1.0, 1.0]}
    found = rows(weaknesses(assessment(data, index=flat), "U"))
    assert found["a"]["points"] > found["b"]["points"]
    assert list(found) == ["b", "a"]


def test_against_targets_and_goalposts():
    found = rows(weaknesses(assessment(), "U", against="target"))
    assert {code: row["reference"] for code, row in found.items()} == {
        "a": 100, "b": 100, "c": 80, "d": 100,
    }  # fmt: skip
    assert_allclose(found["c"]["points"], 60 * 9 / 16)


def test_against_the_own_mean():
    assert gaps(weaknesses(assessment(), "U", against="own")) == {"c": 45 - 20}
    # W lacks b: its mean is over a, c and d.
    found = weaknesses(assessment(), "W", against="own")
    assert_allclose(column(found, "reference"), 190 / 3)
    assert column(found, "code") == ["c", "d"]


def test_against_the_median_of_units():
    expected = {"a": 75 - 50, "b": 65 - 50, "c": 65 - 20, "d": 65 - 60}
    assert gaps(weaknesses(assessment(), "U", against=["V", "Y"])) == expected
    assert gaps(weaknesses(assessment(), "U", against=["V", "W", "Y"]))["c"] == 60 - 20
    # W lacks b.
    assert gaps(weaknesses(assessment(), "U", against=["W"])) == {"a": 20, "c": 40}
    ahead = rows(strengths(assessment(), "U", against=["W", "V"]))
    assert {code: row["lead"] for code, row in ahead.items()} == {"b": 10, "d": 10}
    own = assessment()
    by_table = weaknesses(own, "U", against=peers(own, "U", by="people", k=2)["unit"])
    assert gaps(by_table)["c"] == 50 - 20


def test_strengths_are_the_other_way_round():
    found = strengths(assessment(), "U")
    assert names(found) == ["code", "name", "score", "reference", "lead", "points", "rank", "note"]
    assert column(found, "code") == ["d", "a", "b"]
    assert_allclose(column(found, "lead"), [15, 5, 5])
    assert_allclose(column(found, "points"), [15 * 3 / 16, 5 / 8, 5 / 8])
    assert column(found, "rank") == [2, 5, 2]
    assert column(strengths(assessment(), "W"), "code") == ["a"]
    assert column(strengths(assessment(), "U", against=["Z"], nodes=1), "code") == ["B", "A"]


def test_units_are_compared_within_their_period():
    found = rows(weaknesses(panel(), "U", period=2022))
    assert found["a"]["score"] == 25
    assert found["a"]["reference"] == 45
    assert found["a"]["rank"] == 5
    assert gaps(weaknesses(panel(), "U", period=2020, against=["V"]))["a"] == 10


def test_periods_are_required_where_there_are_several_and_refused_where_there_are_none():
    for function in (weaknesses, strengths):
        with pytest.raises(MethodError, match="no periods, got period=1999"):
            function(assessment(), "U", period=1999)
        with pytest.raises(MethodError, match="choose one of 2020, 2022"):
            function(panel(), "U")


ONE_UNIT = {name: cells[:1] for name, cells in DATA.items()}
END = "no other unit has a score: compared with the best end of the scale, 100"


def test_one_unit_is_compared_with_the_best_end_of_the_scale():
    found = weaknesses(assessment(ONE_UNIT), "U")
    assert column(found, "code") == ["c", "d", "a", "b"]
    assert_allclose(column(found, "reference"), 100)
    assert_allclose(column(found, "gap"), [80, 40, 50, 50])
    # A gap times the effective weight: 9/16, 3/16, 1/8 and 1/8.
    assert_allclose(column(found, "points"), [45, 7.5, 6.25, 6.25])
    # The first of one is no rank.
    assert column(found, "rank") == [None] * 4
    assert column(found, "note") == [END] * 4
    inner = weaknesses(assessment(ONE_UNIT), "U", nodes=1)
    assert_allclose(column(inner, "gap"), [70, 50])
    ahead = strengths(assessment(ONE_UNIT), "U")
    assert column(ahead, "code") == ["d", "a", "b"]
    assert column(ahead, "note") == ["no other unit has a score"] * 3
    assert column(strengths(assessment(ONE_UNIT), "U", against="frontier"), "code") == []
    # What is at the end already is behind nowhere.
    full = assessment({**ONE_UNIT, "a": [100.0]})
    assert column(weaknesses(full, "U"), "code") == ["c", "d", "b"]


def test_one_unit_on_a_scale_with_other_ends():
    flat = Index("T", [Indicator(code, goalposts=(0, 10)) for code in "ab"])
    own = assessment(
        {"unit": ["U"], "a": [10.0], "b": [5.0]},
        index=flat,
        method=Method(normalisation=MinMax(1, 5)),
    )
    found = weaknesses(own, "U")
    assert (column(found, "code"), column(found, "reference"), column(found, "gap")) == (["b"], [5], [2])  # fmt: skip


def test_one_unit_in_a_period_is_compared_with_the_best_end():
    data = {name: [*cells, cells[0]] for name, cells in DATA.items()}
    data["year"] = [2020] * 6 + [2022]
    own = assessment(data, period="year")
    assert column(weaknesses(own, "U", period=2022), "note") == [END] * 4
    assert column(weaknesses(own, "U", period=2020), "reference") == [90] * 4
    assert column(weaknesses(own, "U", period=2020), "note") == [""] * 4


def test_one_unit_in_a_period_on_a_scale_without_ends_is_compared_with_all_periods():
    flat = Index("T", [Indicator("a"), Indicator("b")])
    data = {"unit": ["U", "V", "U"], "year": [1, 1, 2], "a": [1.0, 3.0, 2.0], "b": [1.0, 2.0, 3.0]}
    own = assessment(data, index=flat, period="year", method=Method(normalisation=ZScore()))
    found = weaknesses(own, "U", period=2)
    assert column(found, "code") == ["a"]
    assert_allclose(column(found, "reference"), own.array("a")[1])


def test_a_node_at_which_no_other_unit_has_a_score():
    data = DATA | {"b": [50.0, *[None] * 5]}
    found = rows(weaknesses(assessment(data), "U"))
    assert (found["b"]["reference"], found["b"]["rank"], found["b"]["note"]) == (100, None, END)
    assert (found["a"]["reference"], found["a"]["rank"], found["a"]["note"]) == (90, 5, "")


def test_of_two_units_one_is_behind_where_the_other_is_ahead():
    own = assessment({name: cells[:2] for name, cells in DATA.items()})
    assert gaps(weaknesses(own, "U")) == {"c": 20, "a": 10}
    assert gaps(weaknesses(own, "V")) == {"d": 20, "b": 10}
    ahead = rows(strengths(own, "V", against=["U"]))
    assert {code: row["lead"] for code, row in ahead.items()} == {"c": 20, "a": 10}


def test_scores_from_few_indicators_and_imputed_ones_are_marked():
    found = weaknesses(assessment(), "W", nodes=1)
    assert dict(zip(column(found, "code"), column(found, "note"), strict=True)) == {
        "B": "",
        "A": "score from 1 of 2 indicators",
    }
    imputed = assessment(method=Method(normalisation=Goalposts(), imputation=ColumnMean()))
    assert rows(weaknesses(imputed, "W"))["b"]["note"] == "imputed"
    assert rows(weaknesses(imputed, "W", nodes=1))["A"]["note"] == "score from 1 of 2 indicators"
    alone = assessment({name: cells[2:3] for name, cells in DATA.items()})
    (note,) = column(weaknesses(alone, "W", nodes="A"), "note")
    assert note == f"score from 1 of 2 indicators; {END}"


def test_own_scores_are_compared_as_they_enter_their_parent():
    ends = {"goalposts": (0, 100)}
    tree = Index(
        "T",
        [
            Index("A", [Indicator("a", **ends)], normalisation=MinMax(0, 100)),
            Index("B", [Indicator("b", **ends)]),
        ],
        normalisation=MinMax(0, 10),
    )
    data = {"unit": ["U", "V", "W"], "a": [40.0, 20.0, 60.0], "b": [90.0, 10.0, 30.0]}
    own = assessment(data, index=tree)
    # A enters as 50, beside a B of 90: the mean is 70.
    behind, ahead = weaknesses(own, "U", against="own", nodes=1), strengths(own, "U", nodes=1)
    assert (column(behind, "code"), column(ahead, "code")) == (["A"], ["B"])
    for found, measure in ((behind, "gap"), (ahead, "lead")):
        assert_allclose(column(found, "reference"), 70)
        assert_allclose(column(found, measure), 20)
        assert_allclose(column(found, "points"), 10)
    assert column(behind, "score") == [50]
    # Against others a node keeps its own scale: 20 points there are 50 where it enters.
    best = rows(weaknesses(own, "U", nodes=1))["A"]
    assert_allclose([best["score"], best["gap"], best["points"]], [40, 20, 25])
    # The index is compared by its score, which is what points are of.
    both = rows(strengths(own, "U", nodes=["T", "A"]))["T"]
    assert_allclose([both["score"], both["reference"], both["points"]], [70, 60, 10])


@pytest.mark.parametrize("aggregation", [None, GeometricMean(), Copeland()])
@given(data=tables(missing=False), code=st.sampled_from("abcd"))
def test_the_points_are_what_the_score_would_gain(aggregation, data, code):
    method = (
        PLAIN if aggregation is None else Method(normalisation=Goalposts(), aggregation=aggregation)
    )
    own = assessment(data, method=method)
    found = rows(weaknesses(own, "u0")).get(code, {"points": 0.0})
    closed = assessment(data | {code: [max(data[code]), *data[code][1:]]}, method=method)
    assert_allclose(found["points"], closed.array("T")[0] - own.array("T")[0], atol=1e-9)


@given(data=tables())
def test_gaps_to_the_frontier_are_nowhere_below_zero_and_in_order_of_points(data):
    own = assessment(data)
    for unit in own.units:
        found = weaknesses(own, unit)
        points = np.array(column(found, "points"), dtype=float)
        assert (np.diff(points) <= 1e-9).all()
        assert (points > 0).all()
        values = own.stage_array("normalised")
        best = np.nanmax(values, axis=0)
        best[(~np.isnan(values)).sum(axis=0) == 1] = 100.0
        behind = values[own.row(unit)] < best
        assert set(column(found, "code")) == {c for c, b in zip("abcd", behind, strict=True) if b}
        if not np.isnan(values[own.row(unit)]).any():
            for code, row in rows(found).items():
                slope = own.effective_weight_array(code)
                assert_allclose(row["points"], row["gap"] * slope, atol=1e-9)


@given(data=tables(), against=st.sampled_from(["own", "frontier", ["u1"], ["u1", "u2"]]))
def test_a_unit_is_behind_ahead_or_neither_and_never_both(data, against):
    own = assessment(data)
    behind = rows(weaknesses(own, "u0", against=against))
    ahead = rows(strengths(own, "u0", against=against))
    assert not set(behind) & set(ahead)
    assert all(row["score"] < row["reference"] for row in behind.values())
    assert all(row["score"] > row["reference"] for row in ahead.values())
    assert all(row["lead"] > 0 and row["points"] > 0 for row in ahead.values())


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
    for function in (weaknesses, strengths):
        assert column(function(own, "U", nodes=2, against="own"), "code") == []


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
    assert set(found) == {"a", "b"}


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


class Shifted:
    """Turn missing values to 7, which no normalisation should, and refuse gaps in the first row."""

    def normalise(self, values, indicators):
        assert not np.isnan(values[0]).any()
        return np.where(np.isnan(values), 7.0, values)


def test_an_indicator_without_a_goal_has_no_reference_whatever_the_normalisation_does():
    own = assessment(OWN, index=ONE, method=Method(normalisation=Shifted()))
    found = rows(weaknesses(own, "U", against="target"))
    assert {code: row["reference"] for code, row in found.items()} == {"a": 30}
    ahead = rows(strengths(own, "U", against="target"))
    assert {code: row["lead"] for code, row in ahead.items()} == {"b": 4}


@pytest.mark.parametrize(
    ("kwargs", "error", "message"),
    [
        ({"against": "best"}, MethodError, "against must be one of 'frontier', 'target', 'own', or a sequence of units, got 'best'"),
        ({"against": ["V", "Q", "R"]}, UnknownCodeError, "no unit 'Q'\n.*no unit 'R'"),
        ({"nodes": ["A", "Q"]}, UnknownCodeError, "no node 'Q'"),
        ({"against": []}, MethodError, "units must name at least one unit"),
        ({"against": "target", "nodes": 1}, MethodError, "none of these has either: 'A', 'B'"),
        ({"nodes": 3}, MethodError, r"nodes must be a level from 0 \('T'\) to 2.*got 3"),
        ({"nodes": True}, MethodError, "got True"),
        ({"nodes": 1.0}, MethodError, "got 1.0"),
    ],
)  # fmt: skip
def test_weaknesses_say_what_is_wrong(kwargs, error, message):
    with pytest.raises(error, match=message):
        weaknesses(assessment(), "U", **kwargs)


def test_targets_that_nothing_has_are_named_in_part():
    many = Index("T", [Indicator(f"i{j}") for j in range(6)])
    data = {"unit": ["U", "V"]} | {f"i{j}": [1.0, 2.0] for j in range(6)}
    with pytest.raises(MethodError, match=r"has either: 'i0', 'i1', 'i2', 'i3', 'i4' \.\.\."):
        weaknesses(assessment(data, index=many, method=Method()), "U", against="target")


def test_a_unit_without_a_score():
    with pytest.raises(UnknownCodeError, match="no unit 'Q'"):
        weaknesses(assessment(), "Q")
    data = DATA | {code: [*DATA[code][:-1], math.nan] for code in "bd"}
    own = assessment(data, method=Method(normalisation=Goalposts(), missing="propagate"))
    with pytest.raises(DataError, match="unit 'Z' has no score at 'T'"):
        weaknesses(own, "Z")
