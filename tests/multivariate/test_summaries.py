"""Statistics of indicators; consistency, components and clusters of nodes."""

from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from numpy.testing import assert_allclose
from tests.multivariate.cases import INDEX, assessment, panel, tables

from dli import Assessment, Index, Indicator, frames
from dli.errors import MethodError, UnknownCodeError
from dli.multivariate import (
    arrays,
    cluster_indicators,
    cronbach_alpha,
    principal_components,
    statistics,
)


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
    strict = by_code(statistics(assessment(), stage="treated", unique=0.7, nonzero=0.0))
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
        statistics(assessment(), stage="cooked")
    with pytest.raises(MethodError, match="available must be a number from 0 to 1, got 2"):
        statistics(assessment(), available=2)


def test_alpha_has_a_row_for_each_node_with_children():
    found = by_code(cronbach_alpha(assessment()))
    assert list(found) == ["T", "A", "B"]
    own = assessment()
    children = np.stack([own.array(code) for code in ("A", "B", "e")], axis=1)
    assert found["T"]["children"] == 3
    assert found["T"]["indicators"] == 5
    assert found["T"]["alpha"] == pytest.approx(arrays.cronbach_alpha(children))
    assert found["T"]["first_component"] == pytest.approx(
        arrays.principal_components(children).explained[0]
    )
    below = own.stage_array("normalised")
    assert found["T"]["indicator_alpha"] == pytest.approx(arrays.cronbach_alpha(below))
    assert found["T"]["flag"] == "low alpha"


def test_two_indicators_worked_by_hand():
    # Cronbach's alpha of two is 4 c12 / (c11 + c22 + 2 c12).
    index = Index("T", [Indicator("a"), Indicator("b")])
    data = {"unit": list("XYZ"), "a": [0.0, 50.0, 100.0], "b": [0.0, 100.0, 50.0]}
    found = by_code(cronbach_alpha(Assessment(index, data)))["T"]
    assert found["alpha"] == pytest.approx(4 * 1250 / (2500 + 2500 + 2 * 1250))
    assert found["first_component"] == pytest.approx((1 + 0.5) / 2)
    assert found["flag"] == "low alpha"
    assert by_code(cronbach_alpha(Assessment(index, data), least=0.6))["T"]["flag"] == ""


@given(data=tables())
def test_alpha_over_indicators_is_that_over_children_where_they_are_the_same(data):
    found = by_code(cronbach_alpha(assessment(data), ["A", "B"]))
    for row in found.values():
        assert row["alpha"] == row["indicator_alpha"]
        if row["alpha"] is not None:
            assert row["alpha"] <= 1 + 1e-12


def test_alpha_of_raw_values_leaves_directions_as_they_are():
    found = by_code(cronbach_alpha(assessment(), "A", stage="raw"))
    assert found["A"]["alpha"] < 0 < by_code(cronbach_alpha(assessment(), "A"))["A"]["alpha"]


def test_alpha_stands_apart_for_each_period():
    found = frames.read(cronbach_alpha(panel(), "A"))
    assert found.column("year") == [2020, 2022]
    assert found.column("alpha")[0] != found.column("alpha")[1]
    assert found.column("indicator_alpha") == found.column("alpha")


def test_what_cannot_be_told_says_so():
    index = Index("T", [Index("A", [Indicator("a")]), Index("B", [Indicator("b"), Indicator("c")])])
    data = {
        "unit": list("WXYZ"), "a": [1, 2, 3, 4], "b": [1, 2, 3, None], "c": [None, None, 1, 2],
    }  # fmt: skip
    found = by_code(cronbach_alpha(Assessment(index, data)))
    assert found["A"]["flag"] == "single child"
    assert found["B"]["flag"] == "no alpha, no component, no indicator alpha"
    assert found["B"]["alpha"] is None
    assert found["B"]["indicators"] == 2


def test_indicators_have_no_alpha():
    with pytest.raises(
        MethodError, match=r"(?s)nodes that have children; these are indicators.*'e'"
    ):
        cronbach_alpha(assessment(), 1)


def test_the_least_alpha_is_a_number():
    with pytest.raises(MethodError, match="least must be a number, got 'high'"):
        cronbach_alpha(assessment(), least="high")


def test_two_components_by_hand():
    # Two indicators with r = 0.5 have the eigenvalues 1.5 and 0.5, and loadings of 1 / sqrt(2).
    index = Index("T", [Indicator("a"), Indicator("b")])
    data = {"unit": list("WXYZ"), "a": [0.0, 50, 100, None], "b": [0.0, 100, 50, 50]}
    found = frames.read(principal_components(Assessment(index, data)))
    assert found.names == ("component", "eigenvalue", "explained", "code", "loading", "units")
    assert found.column("component") == [1, 1, 2, 2]
    assert found.column("code") == ["a", "b", "a", "b"]
    assert found.column("units") == [3] * 4
    assert_allclose(found.column("eigenvalue"), [1.5, 1.5, 0.5, 0.5])
    assert_allclose(found.column("explained"), [0.75, 0.75, 0.25, 0.25])
    assert_allclose(np.abs(found.column("loading")), [np.sqrt(0.5)] * 4)
    assert_allclose(found.column("loading")[:2], [np.sqrt(0.5)] * 2)


@given(data=tables())
def test_loadings_give_back_the_correlations(data):
    found = frames.read(principal_components(assessment(data), ["a", "c", "e"]))
    loadings = np.reshape(found.column("loading"), (3, 3))
    eigenvalues = np.array(found.column("eigenvalue")).reshape(3, 3)[:, 0]
    scores = np.stack([assessment(data).array(code) for code in "ace"])
    assert_allclose(loadings.T * eigenvalues @ loadings, np.corrcoef(scores), atol=1e-9)


def test_components_and_clusters_stand_apart_for_each_period():
    own = panel()
    components = frames.read(principal_components(own, ["A", "B"]))
    assert components.column("year") == [2020] * 4 + [2022] * 4
    assert components.column("eigenvalue")[0] != components.column("eigenvalue")[4]
    clusters = frames.read(cluster_indicators(own, ["a", "b", "e"], n_clusters=2))
    assert clusters.column("year") == [2020] * 3 + [2022] * 3
    # In 2020, a and b go together; e goes against both.
    of_2020 = dict(zip(clusters.column("code")[:3], clusters.column("cluster")[:3], strict=True))
    assert of_2020 == {"a": 0, "b": 0, "e": 1}
    assert clusters.column("name")[clusters.column("code").index("a")] == "first"


@given(data=tables())
def test_every_node_is_in_one_cluster_next_to_its_like(data):
    found = frames.read(cluster_indicators(assessment(data), n_clusters=3, method="spearman"))
    assert sorted(found.column("code")) == list("abcde")
    clusters = found.column("cluster")
    changes = sum(one != other for one, other in pairwise(clusters))
    assert set(clusters) == {0, 1, 2}
    assert changes == 2


def test_what_is_constant_is_named_by_code_and_period():
    index = Index("T", [Indicator("a"), Indicator("b")])
    data = {
        "unit": list("XYZXYZ"), "year": [1, 1, 1, 2, 2, 2],
        "a": [1, 2, 3, 4, 5, 6], "b": [1, 3, 2, 5, 5, 5],
    }  # fmt: skip
    own = Assessment(index, data, period="year")
    with pytest.raises(
        MethodError, match=r"(?s)period 2: components require .*3 complete units.*'b'"
    ):
        principal_components(own)
    with pytest.raises(MethodError, match=r"(?s)period 2: clusters require .*'a' and 'b'"):
        cluster_indicators(own, n_clusters=2)
    constant = Assessment(index, {"unit": list("WXYZ"), "a": [1, 2, 3, None], "b": [5, 5, None, 7]})
    with pytest.raises(MethodError, match=r"(?s)^components require .*2 complete units.*'b'"):
        principal_components(constant, stage="raw")
    with pytest.raises(MethodError, match="n_clusters must be a whole number from 1 to 2, got 3"):
        cluster_indicators(constant, n_clusters=3)
