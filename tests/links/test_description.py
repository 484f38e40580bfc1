"""Statistics of indicators and the consistency of nodes."""

import numpy as np
import pytest
from hypothesis import given
from tests.links.cases import INDEX, assessment, panel, tables

from dli import Assessment, Index, Indicator, frames, multivariate
from dli.errors import MethodError, UnknownCodeError
from dli.links import alpha, statistics


def by_code(table):
    found = frames.read(table)
    return {
        code: {name: found.column(name)[i] for name in found.names}
        for i, code in enumerate(found.column("code"))
    }


def test_statistics_have_a_row_for_each_indicator():
    found = by_code(statistics(assessment()))
    assert list(found) == [indicator.code for indicator in INDEX.indicators]
    assert found["a"]["name"] == "first"
    assert (found["a"]["minimum"], found["a"]["maximum"], found["a"]["mean"]) == (1, 6, 3.5)
    assert found["c"]["n_available"] == 5
    assert found["c"]["share_available"] == pytest.approx(5 / 6)


def test_what_stands_out_is_said_in_words():
    found = by_code(statistics(assessment(), available=0.9))
    # 9 beside four zeros: G1 = 2.40 and G2 = 5.81.
    assert found["d"]["flag"] == "few values other than 0, outliers"
    assert found["c"]["flag"] == "few values"
    assert found["a"]["flag"] == ""
    strict = by_code(statistics(assessment(), "treated", unique=0.7, nonzero=0.0))
    assert strict["d"]["flag"] == "few different values, outliers"


def test_columns_without_a_spread_or_a_value_say_so():
    index = Index("T", [Indicator("a"), Indicator("b")])
    panel = {
        "unit": list("XYZXYZ"), "year": [1] * 3 + [2] * 3,
        "a": [1, 1, 1, 2, 3, 4], "b": [1, 2, 3, None, None, None],
    }  # fmt: skip
    found = frames.read(statistics(Assessment(index, panel, period="year"), unique=0.0))
    assert found.column("year") == [1, 1, 2, 2]
    assert found.column("code") == ["a", "b"] * 2
    assert found.column("flag") == ["constant", "", "", "no value"]
    assert found.column("mean") == [1, 2, 3, None]


def test_errors_of_statistics_come_through():
    with pytest.raises(UnknownCodeError, match="'cooked'"):
        statistics(assessment(), "cooked")
    with pytest.raises(MethodError, match="shares must lie from 0 to 1"):
        statistics(assessment(), available=2)


def test_alpha_has_a_row_for_each_node_with_children():
    found = by_code(alpha(assessment()))
    assert list(found) == ["T", "A", "B"]
    own = assessment()
    children = np.stack([own.array(code) for code in ("A", "B", "e")], axis=1)
    assert found["T"]["children"] == 3
    assert found["T"]["indicators"] == 5
    assert found["T"]["alpha"] == pytest.approx(multivariate.cronbach_alpha(children))
    assert found["T"]["first_component"] == pytest.approx(
        multivariate.principal_components(children).explained[0]
    )
    below = own.stage_array("normalised")
    assert found["T"]["indicator_alpha"] == pytest.approx(multivariate.cronbach_alpha(below))
    assert found["T"]["flag"] == "low alpha"


def test_two_indicators_worked_by_hand():
    # Cronbach's alpha of two is 4 c12 / (c11 + c22 + 2 c12).
    index = Index("T", [Indicator("a"), Indicator("b")])
    data = {"unit": list("XYZ"), "a": [0.0, 50.0, 100.0], "b": [0.0, 100.0, 50.0]}
    found = by_code(alpha(Assessment(index, data)))["T"]
    assert found["alpha"] == pytest.approx(4 * 1250 / (2500 + 2500 + 2 * 1250))
    assert found["first_component"] == pytest.approx((1 + 0.5) / 2)
    assert found["flag"] == "low alpha"
    assert by_code(alpha(Assessment(index, data), least=0.6))["T"]["flag"] == ""


@given(data=tables())
def test_alpha_over_indicators_is_that_over_children_where_they_are_the_same(data):
    found = by_code(alpha(assessment(data), ["A", "B"]))
    for row in found.values():
        assert row["alpha"] == row["indicator_alpha"]
        if row["alpha"] is not None:
            assert row["alpha"] <= 1 + 1e-12


def test_alpha_of_raw_values_leaves_directions_as_they_are():
    found = by_code(alpha(assessment(), "A", stage="raw"))
    assert found["A"]["alpha"] < 0 < by_code(alpha(assessment(), "A"))["A"]["alpha"]


def test_alpha_stands_apart_for_each_period():
    found = frames.read(alpha(panel(), "A"))
    assert found.column("year") == [2020, 2022]
    assert found.column("alpha")[0] != found.column("alpha")[1]
    assert found.column("indicator_alpha") == found.column("alpha")


def test_what_cannot_be_told_says_so():
    index = Index("T", [Index("A", [Indicator("a")]), Index("B", [Indicator("b"), Indicator("c")])])
    data = {
        "unit": list("WXYZ"), "a": [1, 2, 3, 4], "b": [1, 2, 3, None], "c": [None, None, 1, 2],
    }  # fmt: skip
    found = by_code(alpha(Assessment(index, data)))
    assert found["A"]["flag"] == "single child"
    assert found["B"]["flag"] == "no alpha, no component, no indicator alpha"
    assert found["B"]["alpha"] is None
    assert found["B"]["indicators"] == 2


def test_indicators_have_no_alpha():
    with pytest.raises(MethodError, match=r"(?s)nodes with children; these are indicators.*'e'"):
        alpha(assessment(), 1)
