"""The order that no weights can reverse."""

import networkx as nx
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.robustness.cases import (
    FLAT,
    INDEX,
    OwnWeights,
    assess,
    example,
    gapped,
    reweighted,
    weightings,
)

from dli import Index, Indicator
from dli.aggregation import GeometricMean, MazziottaPareto, Minimum, OrderedWeighted, PowerMean
from dli.errors import DLIWarning, MethodError, UnknownCodeError
from dli.robustness import arrays, dominance, order

UNITS = {
    "U": [50, 50, 20, 60],
    "V": [60, 40, 40, 40],
    "W": [70, 50, 60, 60],
    "X": [80, 20, 80, 40],
    "Y": [90, 90, 90, 90],
    "Z": [10, 10, 10, 10],
}  # fmt: skip


def pairs(matrix, units):
    return {(units[i], units[j]) for i, j in np.argwhere(matrix).tolist()}


def test_the_order_of_sub_indices_by_hand():
    # A, B: U 50 30, V 50 40, W 60 60, X 50 70, Y 90 90, Z 10 10.
    own = assess(UNITS, INDEX)
    found = order(own, nodes=1)
    assert set(found.edges) == {("Y", "W"), ("Y", "X"), ("W", "V"), ("X", "V"), ("V", "U"), ("U", "Z")}  # fmt: skip
    assert list(found) == list(UNITS)
    assert found.nodes["Y"] == {"score": 90, "rank": 1}
    assert found.graph["nodes"] == ("A", "B")
    assert {common for *_, common in found.edges.data("common")} == {2}


def test_what_one_unit_alone_has_must_not_speak_against_the_order():
    # In what both have A leads, yet it scores 50 and B 70: B's first value outweighs it.
    own = assess({"A": [None, 10, 0, 50], "B": [50, 4, 0, 100]})
    assert not dominance(own).any()
    own = assess({"A": [None, 90, 80, None], "B": [70, 60, None, None], "C": [75, 60, None, 95]})
    # 80 and 90 are above all of B: its 70 too. C has 95, which can outweigh.
    assert pairs(dominance(own), "ABC") == {("A", "B"), ("C", "B")}
    assert order(own).edges["A", "B"] == {"common": 1}


def test_sub_indices_stand_for_all_scores_that_weights_can_give():
    # Within A, U has 20 and 60 and V has 40 alone: neither is always ahead. W's 60 and more is.
    data = {"U": [20, 60, 50, 50], "V": [40, None, 50, 40], "W": [60, 70, 50, 50]}
    assert pairs(dominance(assess(data, INDEX)), "UVW") == {("W", "U"), ("W", "V")}
    # P has no B at all: its A, 70 to 90, is above all of Q's B.
    data = {"P": [90, 70, None, None], "Q": [70, 60, 40, 70], "R": [70, 60, 40, 71]}
    assert pairs(dominance(assess(data, INDEX)), "PQR") == {("P", "Q"), ("R", "Q")}


def test_sub_indices_and_units_without_a_score_take_no_part():
    data = {"U": [20, None, 50, 50], "V": [90, 90, 90, None], "W": [10, 10, 10, 10]}
    own = assess(data, INDEX, missing="propagate")
    assert not dominance(own).any()
    assert order(own).nodes["U"] == {"score": None, "rank": None}
    # A needs both children: U is compared by B alone, which W's A of 10 does not contradict.
    own = assess(data, INDEX, coverage={"A": 1.0})
    assert pairs(dominance(own), "UVW") == {("V", "U"), ("U", "W"), ("V", "W")}


def test_differences_of_rounding_are_none():
    for rows in (
        {"X": [30.0, 30.0], "Y": [10.0 * (0.1 + 0.2) * 10, 30.0]},
        {"X": [30.0, None], "Y": [None, 10.0 * (0.1 + 0.2) * 10]},
    ):
        index = Index("T", [Indicator("a", goalposts=(0, 100)), Indicator("b", goalposts=(0, 100))])
        own = assess(rows, index)
        assert own.array("a")[0] != 10.0 * (0.1 + 0.2) * 10
        assert not dominance(own).any()
        assert not order(own).edges


def test_dominance_of_plain_values():
    with pytest.raises(MethodError, match="must have the shape"):
        arrays.dominance([1.0, 2.0])
    assert not arrays.dominance([[0.1 + 0.2, 5.0], [0.3, 5.0]]).any()
    assert arrays.dominance([[2, np.nan], [np.nan, 1]]).tolist() == [[False, True], [False, False]]
    assert not arrays.dominance([[1.0, np.nan], [np.nan, np.nan]]).any()


@given(st.integers(0, 2**32), st.integers(1, 4))
def test_without_gaps_it_is_nowhere_below_and_somewhere_above(seed, n_indicators):
    x = np.random.default_rng(seed).integers(0, 3, (7, n_indicators)).astype(float)
    first, second = x[:, np.newaxis], x
    expected = (first >= second).all(axis=2) & (first > second).any(axis=2)
    assert (arrays.dominance(x) == expected).all()


AGGREGATIONS = [None, GeometricMean(), PowerMean(2), Minimum(), OrderedWeighted([0.5, 0.3, 0.2])]


@given(gapped(), weightings(), st.sampled_from(AGGREGATIONS))
def test_no_weights_contradict_the_order(own, weights, aggregation):
    if aggregation is not None:
        rows = np.where(own.stage_array("raw") == 0, 10.0, own.stage_array("raw"))
        data = dict(zip(own.units, rows.tolist(), strict=True))
        own = assess(data, INDEX, aggregation=aggregation)
    other = reweighted(own, weights)
    scores, ranks = other.array("T"), other.rank_array("T")
    for i, j in np.argwhere(dominance(own)).tolist():
        assert ranks[i] <= ranks[j]
        if aggregation is None and min(weights.values()) >= 0.1 and max(weights.values()) <= 10:
            assert scores[i] > scores[j]


@given(gapped(index=FLAT), st.integers(0, 2**32))
def test_where_neither_is_above_some_weights_favour_each(own, seed):
    x = own.arrays("abcd")
    above = dominance(own)
    there = ~np.isnan(x)
    # Weights that lie near all corners and edges of the simplex.
    exponents = np.random.default_rng(seed).permuted(
        np.tile([0.0, 0.0, -5.0, -9.0], (400, 1)), axis=1
    )
    edges = np.random.default_rng(seed).permuted(np.tile([0.0, -4.0, -9.0, -9.0], (400, 1)), axis=1)
    weights = 10.0 ** np.concatenate([exponents, edges])
    scores = (weights @ np.where(there, x, 0).T) / (weights @ there.T.astype(float))
    for i in range(len(x)):
        for j in range(len(x)):
            same = (there[i] == there[j]).all() and (x[i][there[i]] == x[j][there[i]]).all()
            constant = np.nanmin(x[[i, j]]) == np.nanmax(x[[i, j]])
            if i != j and not above[i, j] and not same and not constant:
                assert (scores[:, j] > scores[:, i]).any()


@given(gapped())
def test_it_is_an_order_and_the_diagram_its_reduction(own):
    above = dominance(own)
    full = nx.DiGraph()
    full.add_nodes_from(own.units)
    full.add_edges_from((own.units[i], own.units[j]) for i, j in np.argwhere(above))
    assert nx.is_directed_acyclic_graph(full)
    assert set(nx.transitive_closure(full).edges) == set(full.edges)
    assert set(order(own).edges) == set(nx.transitive_reduction(full).edges)


def test_other_monotone_aggregations_compare_units_with_other_gaps_by_their_ends():
    # Under a power mean b, which U alone has, need only be as high as all of V. Of other means
    # that is not known, and 60 to 90 and 60 to 65 overlap. W, from 65 up, is above V in any case.
    data = {
        "U": [70, 60, None, 90],
        "V": [65, 60, None, None],
        "W": [66, 65, None, 65],
    }
    assert pairs(dominance(assess(data)), "UVW") == {("U", "V"), ("W", "V")}
    own = assess(data, aggregation=OrderedWeighted([0.5, 0.5]))
    assert pairs(dominance(own), "UVW") == {("W", "V")}


@pytest.mark.parametrize("function", [dominance, order])
def test_aggregations_that_are_not_monotone_are_refused(function):
    own = example(aggregation={"B": MazziottaPareto()})
    with pytest.raises(MethodError, match=r"(?s)never fall when a value rises.*'B': Mazz"):
        function(own)
    function(own, "A")
    function(own, nodes=1)


def test_nodes_units_and_periods():
    own = assess(UNITS, INDEX)
    assert order(own, "A").graph["nodes"] == ("a", "b")
    assert order(own, "a").graph["nodes"] == ("a",)
    some = order(own, nodes=1, units=["Z", "Y", "Z"])
    assert list(some) == ["Z", "Y"]
    assert list(some.edges) == [("Y", "Z")]
    data = {
        ("U", 1): [1, 1, 1, 1],
        ("V", 1): [2, 2, 2, 2],
        ("U", 2): [9, 9, 9, 9],
        ("V", 2): [3, 9, 9, 9],
    }
    panel = assess(data, INDEX, period="year")
    assert list(order(panel, period=1).edges) == [("V", "U")]
    assert list(order(panel, period=2).edges) == [("U", "V")]
    assert dominance(panel, period=2).tolist() == [[False, True], [False, False]]


@pytest.mark.parametrize(
    ("arguments", "error", "message"),
    [
        ({"node": "Q"}, UnknownCodeError, "no node 'Q'"),
        ({"node": "A", "nodes": 0}, MethodError, r"level from 1 \('A'\) to 2"),
        ({"units": ["U", "uu"]}, UnknownCodeError, "no unit 'uu'"),
        ({"units": []}, MethodError, "at least one unit"),
    ],
)
def test_order_says_what_is_wrong(arguments, error, message):
    with pytest.raises(error, match=message):
        order(assess(UNITS, INDEX), **arguments)


@pytest.mark.parametrize("function", [dominance, order])
def test_weights_of_units_are_not_used_and_it_says_so(function):
    with pytest.warns(DLIWarning, match="the order assumes weights that both units share"):
        function(example(weighting={"T": OwnWeights()}))
