"""The order that no weights can turn round."""

import networkx as nx
import numpy as np
import pytest
from hypothesis import given
from tests.diagnosis.cases import DATA, assessment, panel, tables

from dli import Method
from dli.diagnosis import dominance_order
from dli.errors import MethodError, UnknownCodeError
from dli.normalisation import Goalposts
from dli.sensitivity import dominating


def test_the_order_of_sub_indices_by_hand():
    # A, B: U 50 30, V 50 40, W 70 60, X 50 70, Y 90 90, Z 10 10.
    found = dominance_order(assessment(), level=1)
    assert set(found.edges) == {("Y", "W"), ("Y", "X"), ("W", "V"), ("X", "V"), ("V", "U"), ("U", "Z")}  # fmt: skip
    assert list(found) == DATA["unit"]
    assert found.nodes["Y"] == {"score": 90, "rank": 1}
    assert found.graph["criteria"] == ("A", "B")
    assert {common for *_, common in found.edges.data("common")} == {2}


def test_a_unit_stands_above_those_only_whose_criteria_it_has():
    found = nx.transitive_closure(dominance_order(assessment()))
    # W lacks b, and is not above U and V, though it leads in all else; Y is above W.
    assert found.has_edge("Y", "W")
    assert not list(found.successors("W"))
    assert dominance_order(assessment()).edges["Y", "W"]["common"] == 3


def test_criteria_in_a_circle_by_what_units_share_are_no_order():
    # By common criteria alone U beats V by a, V beats W by b, W beats U by c.
    circle = {
        "unit": ["U", "V", "W"],
        "a": [2.0, 1.0, None],
        "b": [None, 2.0, 1.0],
        "c": [1.0, None, 2.0],
        "d": [None, None, None],
    }
    assert not dominance_order(assessment(circle)).edges


def test_nodes_units_and_periods():
    assert dominance_order(assessment(), node="A").graph["criteria"] == ("a", "b")
    assert dominance_order(assessment(), node="a").graph["criteria"] == ("a",)
    some = dominance_order(assessment(), level=1, units=["Z", "Y", "Z"])
    assert list(some) == ["Z", "Y"]
    assert list(some.edges) == [("Y", "Z")]
    assert dominance_order(panel(), node="A", period=2022).nodes["U"]["score"] == 37.5


def test_a_missing_score_is_none():
    own = assessment(method=Method(normalisation=Goalposts(), missing="propagate"))
    assert dominance_order(own).nodes["W"] == {"score": None, "rank": None}


def test_differences_of_rounding_are_none():
    data = DATA | {"a": [30.0] * 6, "b": [30.0 + 1e-14] * 6, "c": [10.0] * 6, "d": [10.0] * 6}
    data["a"] = [30.0, 30.0 * (1 + 4e-16), *[30.0] * 4]
    assert not dominance_order(assessment(data)).edges


@given(data=tables(missing=False))
def test_without_gaps_it_is_the_reduction_of_dominance(data):
    own = assessment(data)
    full = nx.DiGraph()
    full.add_nodes_from(own.units)
    full.add_edges_from((own.units[i], own.units[j]) for i, j in np.argwhere(dominating(own)))
    assert set(dominance_order(own).edges) == set(nx.transitive_reduction(full).edges)


@given(data=tables())
def test_it_is_an_order_whatever_is_missing(data):
    own = assessment(data)
    found = dominance_order(own)
    assert nx.is_directed_acyclic_graph(found)
    values = own.stage_array("normalised")
    for upper, lower in nx.transitive_closure(found).edges:
        high, low = values[own.row(upper)], values[own.row(lower)]
        there = ~np.isnan(low)
        assert (high[there] >= low[there]).all()
        assert (high[there] > low[there]).any()
    for _, lower, common in found.edges.data("common"):
        assert common == (~np.isnan(values[own.row(lower)])).sum()


@pytest.mark.parametrize(
    ("kwargs", "error", "message"),
    [
        ({"node": "Q"}, UnknownCodeError, "no node 'Q'"),
        ({"node": "A", "level": 0}, MethodError, r"from 1 \('A' itself\) to 2, or None"),
        ({"units": ["U", "uu"]}, UnknownCodeError, "no unit 'uu'"),
        ({"units": []}, MethodError, "at least one unit"),
    ],
)
def test_dominance_says_what_is_wrong(kwargs, error, message):
    with pytest.raises(error, match=message):
        dominance_order(assessment(), **kwargs)


def test_a_panel_needs_a_period():
    with pytest.raises(UnknownCodeError, match="no period None"):
        dominance_order(panel())
