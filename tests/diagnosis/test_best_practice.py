"""Who does better and is alike."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.testing import assert_allclose
from tests.diagnosis.cases import DATA, assessment, column, names, panel, tables

from dli import Index, Indicator, Method
from dli.diagnosis import exemplars, peers
from dli.errors import DataError, DLIWarning, MethodError, UnknownCodeError
from dli.imputation import ColumnMean
from dli.normalisation import Goalposts, MinMax


def test_exemplars_by_context():
    found = exemplars(assessment(), "V", "c", by="people")
    assert names(found) == ["unit", "name", "distance", "compared", "score", "rank", "lead", "note"]
    # X scores higher, but nobody knows its people.
    assert column(found, "unit") == ["W", "Y"]
    assert_allclose(column(found, "distance"), [0.2, 0.6])
    assert column(found, "lead") == [20, 50]
    assert column(found, "rank") == [3, 1]
    assert column(found, "name") == ["land W", "land Y"]


def test_among_the_equally_near_the_greater_lead_comes_first():
    data = DATA | {"region": ["N"] * 6}
    assert column(exemplars(assessment(data), "U", "c", by="region"), "unit") == list("YXWV")
    tied = data | {"c": [20.0, 90.0, 90.0, 80.0, 90.0, 10.0]}
    # Among equal leads the profile decides: V is at 27.5, W at 42.5 and Y at 45.
    assert column(exemplars(assessment(tied), "U", "c", by="region", k=3), "unit") == list("VWY")


def test_the_profile_leaves_out_what_is_to_be_learnt():
    found = exemplars(assessment(), "U", "B", k=None)
    # By a and b alone: V 10 and 10, X 30 and 30, Y 40 and 40; W lacks one of the two.
    assert column(found, "unit") == ["V", "X", "Y"]
    assert_allclose(column(found, "distance"), [10, 30, 40])
    assert column(found, "compared") == [2, 2, 2]
    loose = exemplars(assessment(), "U", "B", k=None, shared=0.5)
    # The range of b is 80: W is at (20 + 80) / 2.
    assert column(loose, "unit") == ["V", "X", "Y", "W"]
    assert_allclose(column(loose, "distance"), [10, 30, 40, 50])
    assert column(loose, "note") == ["", "", "", "not compared: b"]
    of_index = exemplars(assessment(), "U", "T", k=None)
    assert_allclose(column(of_index, "distance")[0], (10 + 10 + 20 + 20) / 4)


def test_the_margin_is_the_least_lead():
    assert column(exemplars(assessment(), "U", "c", margin=60.0), "unit") == ["X", "Y"]
    assert column(exemplars(assessment(), "U", "c", margin=60.1), "unit") == ["Y"]


def test_a_lead_of_rounding_is_none():
    data = DATA | {"a": [30.0, 30.0 * (1 + 4e-16), *[1.0] * 4]}
    assert len(exemplars(assessment(data), "U", "a")) == 0
    assert len(exemplars(assessment(), "Y", "T")) == 0


def test_a_lead_equals_the_margin_but_for_rounding():
    flat = Index("T", [Indicator("a", goalposts=(0, 1)), Indicator("b", goalposts=(0, 1))])
    data = {"unit": ["U", "V"], "a": [0.1, 0.3], "b": [0.5, 0.5]}
    own = assessment(data, index=flat, method=Method(normalisation=Goalposts(0, 1)))
    assert own.array("a")[1] - own.array("a")[0] < 0.2
    assert column(exemplars(own, "U", "a", margin=0.2), "unit") == ["V"]
    assert column(exemplars(own, "U", "a", margin=0.2 + 1e-9), "unit") == []


def test_distances_that_differ_by_rounding_are_equal():
    # V differs by 0.1 + 0.2 and W by 0.3, which is less by a rounding; W leads by more.
    flat = Index("T", [Indicator(code, goalposts=(0, 1)) for code in "abc"])
    data = {
        "unit": ["U", "V", "W"],
        "a": [0.0, 0.5, 0.9],
        "b": [0.0, 0.3, 0.1],
        "c": [0.0, 0.0, 0.2],
    }
    own = assessment(data, index=flat, method=Method(normalisation=Goalposts(0, 1)))
    found = exemplars(own, "U", "a")
    distances = column(found, "distance")
    assert 0 < abs(distances[0] - distances[1]) < 1e-12
    assert column(found, "unit") == ["W", "V"]
    assert column(peers(own, "U", by=None, k=np.int64(2)), "unit") == ["V", "W"]


def test_whole_numbers_of_numpy_limit_the_list():
    assert len(exemplars(assessment(), "U", "T", k=np.int64(2), margin=np.float64(1.0))) == 2


def test_a_difference_of_one_standard_deviation_resembles_but_for_rounding():
    # Elsewhere 0.1 and 0.7: a standard deviation of 0.3 about a mean of 0.4, and W at the mean.
    flat = Index("T", [Indicator(code, goalposts=(0, 1)) for code in "ab"])
    for low in (0.1, 0.2, 0.3):
        # Half of the units lie one standard deviation below and above the mean.
        data = {"unit": list("UVWX"), "a": [0.0, 0.5, 0.5, 0.5],
                "b": [low, low + 0.2, low, low + 0.2]}  # fmt: skip
        own = assessment(data, index=flat, method=Method(normalisation=Goalposts(0, 1)))
        assert column(exemplars(own, "U", "a", resembling=True), "unit") == ["W"]


def test_resembling_keeps_those_who_score_alike_elsewhere():
    # Elsewhere is B: 30, 40, 60, 70, 90, 10, with a standard deviation of 26.5.
    own = assessment()
    spread = np.std([30, 40, 60, 70, 90, 10])
    found = exemplars(own, "V", "A", resembling=True)
    assert column(found, "unit") == ["W"]
    assert spread > 60 - 40
    assert sorted(column(exemplars(own, "V", "A"), "unit")) == ["W", "Y"]


def test_who_is_far_behind_elsewhere_does_not_resemble():
    ahead = DATA | {"a": [*DATA["a"][:-1], 95.0], "b": [*DATA["b"][:-1], 95.0]}
    assert "Z" in column(exemplars(assessment(ahead), "V", "A"), "unit")
    assert column(exemplars(assessment(ahead), "V", "A", resembling=True), "unit") == ["W"]


def test_what_is_alike_is_told_within_the_period():
    # In the first year units differ widely in B, in the second by 1 at most.
    data = {
        "unit": ["U", "V", "W"] * 2,
        "year": [1, 1, 1, 2, 2, 2],
        "a": [10.0, 20.0, 30.0] * 2,
        "b": [10.0, 20.0, 30.0] * 2,
        "c": [0.0, 50.0, 100.0, 50.0, 51.0, 51.0],
        "d": [0.0, 50.0, 100.0, 50.0, 51.0, 51.0],
    }
    own = assessment(data, period="year")
    assert len(exemplars(own, "U", "A", resembling=True, period=2)) == 0
    assert len(exemplars(own, "U", "A", period=2)) == 2


def test_periods_do_not_mix():
    found = exemplars(panel(), "V", "A", by="people", period=2022, k=None)
    assert column(found, "year") == [2022, 2022]
    assert column(found, "unit") == ["U", "Y"]


@given(data=tables(), node=st.sampled_from(["T", "A", "B", "c"]), margin=st.floats(0, 30))
def test_exemplars_are_ahead_and_no_others_are_nearer(data, node, margin):
    own = assessment(data)
    found = exemplars(own, "u0", node, k=None, margin=margin, shared=0)
    scores = own.array(node)
    ahead = {
        u for u, s in zip(own.units, scores, strict=True) if s - scores[0] >= max(margin, 1e-9)
    }
    assert set(found["unit"]) <= ahead
    assert found["distance"].tolist() == sorted(found["distance"])
    if node == "T":
        among = peers(own, "u0", k=None, shared=0)
        far = dict(zip(among["unit"], among["distance"], strict=True))
        assert set(found["unit"]) == ahead
        assert_allclose(found["distance"], [far[u] for u in found["unit"]])


@pytest.mark.parametrize(
    ("kwargs", "error", "message"),
    [
        ({"node": "Q"}, UnknownCodeError, "no node 'Q'"),
        ({"margin": -1}, MethodError, "margin must be a number of at least 0, got -1"),
        ({"margin": np.nan}, MethodError, "got nan"),
        ({"shared": -0.1}, MethodError, "shared must be a number from 0 to 1, got -0.1"),
        ({"k": 1.5}, MethodError, "k must be a whole number of at least 1"),
        ({"period": 1999}, MethodError, "no periods, got period=1999"),
        ({"by": "regions"}, UnknownCodeError, "did you mean 'region'"),
        ({"node": "T", "resembling": True}, MethodError, "'T' is the only node at its level"),
    ],
)
def test_exemplars_say_what_is_wrong(kwargs, error, message):
    with pytest.raises(error, match=message):
        exemplars(assessment(), "U", **{"node": "A"} | kwargs)


def test_a_unit_without_a_score_at_the_node():
    with pytest.raises(DataError, match="unit 'W' has no score at 'b'"):
        exemplars(assessment(), "W", "b")
    strict = assessment(method=Method(normalisation=Goalposts(), missing="propagate"))
    with pytest.raises(DataError, match="unit 'W' has no score at 'T'"):
        exemplars(strict, "W", "T")
    # At a node where it has a score, it can learn; who has no score there, teaches nothing.
    assert column(exemplars(strict, "W", "a", k=None), "unit") == ["X", "Y"]
    assert "W" not in column(exemplars(strict, "Z", "A", k=None), "unit")


def test_exemplars_that_share_little_are_marked():
    data = DATA | {"region": [None] * 3 + ["S"] * 3}
    with pytest.warns(DLIWarning, match="'V' is compared over at most 1 of 2 variables"):
        found = exemplars(assessment(data), "V", "c", by=["people", "region"])
    assert column(found, "unit") == ["W", "Y"]
    # People over a range of 50, and 1 for the region.
    assert_allclose(column(found, "distance"), [1.2 / 2, 1.6 / 2])
    assert column(found, "note") == ["not compared: region"] * 2
    # Nobody is ahead, so there is nobody to be warned of.
    assert len(exemplars(assessment(data), "V", "c", by=["people", "region"], margin=60.0)) == 0


def test_an_exemplar_whose_score_is_from_few_indicators_is_marked():
    assert column(exemplars(assessment(), "V", "A", by="people"), "note") == [
        "score from 1 of 2 indicators",
        "",
    ]
    # The mean of b is 42, which W gets.
    own = assessment(method=Method(normalisation=Goalposts(), imputation=ColumnMean()))
    found = exemplars(own, "V", "b", by="people", k=2)
    assert (column(found, "unit"), column(found, "lead")) == (["U", "W"], [10, 2])
    assert column(found, "note") == ["", "imputed"]


def test_one_unit_has_nobody_to_learn_from_and_one_of_two_has_the_other():
    one = {name: cells[:1] for name, cells in DATA.items()}
    for by in (None, "people"):
        assert len(exemplars(assessment(one), "U", "A", by=by)) == 0
    two = {name: cells[:2] for name, cells in DATA.items()}
    assert column(exemplars(assessment(two), "U", "B", by="people"), "unit") == ["V"]
    assert len(exemplars(assessment(two), "V", "B", by="people")) == 0


def test_who_resembles_is_told_on_the_scale_on_which_scores_are_averaged():
    tree = Index(
        "T",
        [
            Indicator("a", goalposts=(0, 100)),
            Index("B", [Indicator("b", goalposts=(0, 100))], normalisation=MinMax()),
            Index("C", [Indicator("c", goalposts=(0, 100))]),
        ],
    )
    data = {
        "unit": list("UVWX"),
        "a": [10.0, 20.0, 20.0, 20.0],
        "b": [0.0, 1.0, 0.0, 1.0],
        "c": [10.0, 10.0, 60.0, 60.0],
    }
    own = assessment(data, index=tree)
    # B enters as 0, 100, 0, 100. Means of B and C: 5, 55, 30, 80, a standard deviation of 28. On
    # the scale of B itself they would be 5, 5.5, 30 and 30.5, and V, not W, would resemble U.
    assert column(exemplars(own, "U", "a", resembling=True), "unit") == ["W"]


def test_a_forgotten_period_is_an_error():
    with pytest.raises(MethodError, match="choose one of 2020, 2022"):
        exemplars(panel(), "U", "A")


@pytest.mark.parametrize("library", ["pandas", "polars", "pyarrow"])
def test_nobody_ahead_is_an_empty_table_in_every_library(library):
    frame = pytest.importorskip(library)
    make = {"pandas": "DataFrame", "polars": "DataFrame", "pyarrow": "table"}[library]
    found = exemplars(assessment(getattr(frame, make)(DATA)), "Y", "T")
    assert len(found) == 0
    assert "lead" in (found.column_names if library == "pyarrow" else found.columns)
