"""Correlations within and across the levels of a tree."""

from itertools import combinations

import numpy as np
import pytest
from hypothesis import given
from numpy.testing import assert_allclose
from scipy import stats
from tests.multivariate.cases import DATA, INDEX, PANEL, assessment, panel, tables

from dli import Assessment, Index, Indicator, frames
from dli.errors import DataError, MethodError, UnknownCodeError
from dli.multivariate import Limits, cluster_indicators, correlations, with_ancestors


def pairs(table):
    found = frames.read(table)
    return list(zip(found.column("first"), found.column("second"), strict=True))


def column(table, name):
    return frames.read(table).column(name)


def test_all_indicators_are_paired_once():
    found = correlations(assessment())
    assert {frozenset(pair) for pair in pairs(found)} == set(
        map(frozenset, combinations("abcde", 2))
    )
    assert len(pairs(found)) == 10
    assert frames.read(found).names == (
        "first", "second", "correlation", "p_value", "units", "flag",
    )  # fmt: skip


@pytest.mark.parametrize(
    ("method", "reference"),
    [("pearson", stats.pearsonr), ("spearman", stats.spearmanr), ("kendall", stats.kendalltau)],
)
def test_numbers_are_those_of_the_pair_alone(method, reference):
    found = correlations(assessment(), "c", "a", method=method)
    expected = reference(DATA["a"][:5], DATA["c"][:5])
    assert_allclose(column(found, "correlation"), [expected.statistic])
    assert_allclose(column(found, "p_value"), [expected.pvalue])
    assert column(found, "units") == [5]


def test_directions_count_once_normalised_and_not_before():
    normalised, raw = (
        column(correlations(assessment(), ["a", "b"], stage=stage), "correlation")[0]
        for stage in ("normalised", "raw")
    )
    assert normalised == pytest.approx(-raw)
    assert normalised == pytest.approx(np.corrcoef(DATA["a"], -np.array(DATA["b"]))[0, 1])


def test_levels_and_codes_can_be_crossed():
    assert pairs(correlations(assessment(), 1)) == [("A", "B"), ("A", "e"), ("B", "e")]
    found = correlations(assessment(), ["c", "A"], 0)
    assert pairs(found) == [("c", "T"), ("A", "T")]
    expected = np.corrcoef(assessment().array("A"), assessment().array("T"))[0, 1]
    assert column(found, "correlation")[1] == pytest.approx(expected)


def test_a_node_is_never_paired_with_itself():
    assert pairs(correlations(assessment(), ["a", "a", "b"])) == [("a", "b")]
    assert pairs(correlations(assessment(), ["a", "b"], ["b", "c"])) == [
        ("a", "b"),
        ("a", "c"),
        ("b", "c"),
    ]


def test_pairs_can_be_kept_within_the_nodes_of_a_level():
    assert pairs(correlations(assessment(), within=1)) == [("a", "b"), ("c", "d")]
    assert len(pairs(correlations(assessment(), within=0))) == 10
    # Every node of level 2 is an indicator, and alone below itself.
    with pytest.raises(MethodError, match="there is no pair to correlate"):
        correlations(assessment(), within=2)
    assert pairs(correlations(assessment(), ["a", "A"], ["b", "T"], within=np.int64(1))) == [
        ("a", "b"),
        ("A", "b"),
    ]
    for level in (-1, 3, True):
        with pytest.raises(MethodError, match="within must be a whole number from 0 to 2, got"):
            correlations(assessment(), within=level)


def test_the_only_node_of_a_level_has_no_pair():
    with pytest.raises(MethodError, match="choose other nodes"):
        correlations(assessment(), 0)


@given(data=tables())
def test_the_table_is_symmetric_and_bounded(data):
    given = assessment(data)
    there, back = correlations(given, ["a", "c"], 1), correlations(given, 1, ["a", "c"])
    mine = dict(zip(pairs(there), column(there, "correlation"), strict=True))
    theirs = dict(zip(pairs(back), column(back, "correlation"), strict=True))
    for (one, two), r in mine.items():
        # A sub-index of indicators that go against each other may have no spread at all.
        assert r is None or -1 <= r <= 1
        assert theirs[two, one] == (r if r is None else pytest.approx(r))


@given(data=tables())
def test_turning_a_direction_turns_the_sign(data):
    turned = assessment(data).evolve(index=INDEX.replace("a", Indicator("a", direction=-1)))
    one, other = (
        column(correlations(a, "a", ["c", "e"]), "correlation") for a in (assessment(data), turned)
    )
    assert_allclose(one, [-r for r in other], atol=1e-12)


def test_each_node_meets_all_above_it_the_nearest_first():
    found = with_ancestors(assessment())
    above = {"a": ["A", "T"], "b": ["A", "T"], "c": ["B", "T"], "d": ["B", "T"], "e": ["T"]}
    for code, nodes in above.items():
        assert [second for first, second in pairs(found) if first == code] == nodes
    expected = np.corrcoef(assessment().array("b"), assessment().array("A"))[0, 1]
    at = pairs(found).index(("b", "A"))
    assert column(found, "correlation")[at] == pytest.approx(expected)
    assert pairs(with_ancestors(assessment(), ["A", "B"])) == [("A", "T"), ("B", "T")]


def test_the_index_has_nothing_above_it():
    with pytest.raises(MethodError, match="there is no pair"):
        with_ancestors(assessment(), 0)


def test_periods_stand_apart():
    found = frames.read(correlations(panel(), ["a", "e"]))
    assert found.names[0] == "year"
    assert found.column("year") == [2020, 2022]
    assert found.column("units") == [6, 5]
    own = panel()
    for year, r in zip(found.column("year"), found.column("correlation"), strict=True):
        rows = [i for i, period in enumerate(own.periods) if period == year]
        expected = np.corrcoef(own.array("a")[rows], own.array("e")[rows])[0, 1]
        assert r == pytest.approx(expected)


@pytest.mark.parametrize("library", ["pandas", "polars", "pyarrow"])
def test_tables_come_in_the_library_of_the_data(library):
    data = frames.build(DATA, library)
    for a in (assessment(data), Assessment(INDEX, frames.build(DATA, library))):
        assert type(correlations(a)) is type(data)


@pytest.mark.parametrize(
    ("r", "n", "word"),
    [
        (-0.01, 9, "negative"), (0.0, 9, "weak"), (0.299, 9, "weak"), (0.3, 9, ""),
        (0.92, 9, ""), (0.921, 9, "collinear"), (1.0, 2, "too few units"),
        (np.nan, 0, "too few units"), (np.nan, 9, "constant"),
    ],
)  # fmt: skip
def test_the_words_of_the_limits(r, n, word):
    assert Limits().flag(r, n) == word


def test_limits_can_be_set():
    found = correlations(assessment(), ["a", "b"], limits=Limits(collinear=0.8))
    assert column(found, "flag") == ["collinear"]
    assert column(correlations(assessment(), ["a", "b"]), "flag") == [""]


@pytest.mark.parametrize(
    "limits",
    [
        {"weak": -0.1},
        {"collinear": 0.2},
        {"negative": -1.1},
        {"collinear": np.nan},
        {"weak": "0.3"},
        {"weak": True},
    ],
)
def test_limits_out_of_order_are_refused(limits):
    with pytest.raises(
        MethodError, match="limits negative, weak and collinear must be numbers from -1 to 1"
    ):
        Limits(**limits)


def test_what_has_no_correlation_says_why():
    index = Index("T", [Indicator("a"), Indicator("b"), Indicator("c")])
    data = {
        "unit": list("XYZ"), "a": [1, 2, 3], "b": [4, None, 5], "c": [7, 8, None],
    }  # fmt: skip
    given = Assessment(index, data)
    found = correlations(given)
    assert column(found, "flag") == ["too few units"] * 3
    assert column(found, "units") == [2, 2, 1]
    assert column(found, "p_value") == [None] * 3
    four = Assessment(
        index.without("c"),
        {"unit": list("WXYZ"), "a": [1, 1, 1, 2], "b": [4, 5, 6, None]},
    )
    assert column(correlations(four), "flag") == ["constant"]
    assert column(correlations(four), "correlation") == [None]


def test_errors_name_what_is_unknown():
    with pytest.raises(UnknownCodeError, match="'z'"):
        correlations(assessment(), ["a", "z"])
    with pytest.raises(UnknownCodeError, match="'cooked'"):
        correlations(assessment(), stage="cooked")
    for level in (7, True, -1):
        with pytest.raises(MethodError, match=f"nodes must be a level from 0 .*got {level}"):
            correlations(assessment(), level)
    with pytest.raises(MethodError, match="at least one code, got an empty sequence"):
        correlations(assessment(), [])
    with pytest.raises(MethodError, match="'pearson', 'spearman' or 'kendall'"):
        correlations(assessment(), method="cosine")


def test_a_column_of_periods_never_collides_with_one_of_the_table():
    data = {name: cells for name, cells in PANEL.items() if name != "year"}
    own = Assessment(INDEX, data | {"p_limit": PANEL["year"]}, period="p_limit")
    assert frames.read(correlations(own, "a", "b")).names[0] == "p_limit"
    clash = Assessment(INDEX, data | {"cluster": PANEL["year"]}, period="cluster")
    with pytest.raises(DataError, match="'cluster', is a column of this table too; rename it"):
        cluster_indicators(clash, ["a", "b"], n_clusters=2)
