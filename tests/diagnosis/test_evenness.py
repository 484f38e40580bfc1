"""Even and uneven profiles."""

import math

import numpy as np
import pytest
from hypothesis import given
from numpy.testing import assert_allclose
from tests.diagnosis.cases import DATA, assessment, column, names, panel, tables

from dli import Index, Indicator, Method
from dli.diagnosis import balance
from dli.errors import MethodError, UnknownCodeError
from dli.imputation import ColumnMean
from dli.normalisation import Goalposts, MinMax, ZScore


def test_balance_by_hand():
    found = balance(assessment())
    assert names(found) == [
        "unit", "name", "variation", "arithmetic", "geometric", "cost", "lowest", "highest",
        "note",
    ]  # fmt: skip
    # U: 50 with a weight of 1/4 and 30 with 3/4.
    geometric = math.exp(0.25 * math.log(50) + 0.75 * math.log(30))
    assert_allclose(column(found, "variation")[0], 10 / 40)
    assert_allclose(column(found, "arithmetic")[0], 35)
    assert_allclose(column(found, "geometric")[0], geometric)
    assert_allclose(column(found, "cost")[0], 35 - geometric)
    assert (column(found, "lowest")[0], column(found, "highest")[0]) == ("B", "A")


def test_an_even_profile_costs_nothing_and_all_children_that_tie_are_named():
    found = balance(assessment())
    assert column(found, "variation")[4] == column(found, "cost")[4] == 0
    assert column(found, "lowest")[4] == column(found, "highest")[4] == "A, B"


def test_children_that_differ_by_rounding_tie():
    flat = Index("T", [Indicator(code, goalposts=(0, 1)) for code in "abc"])
    data = {"unit": ["U", "V"], "a": [0.3, 0.2], "b": [0.1 + 0.2, 0.3], "c": [0.2, 0.1 + 0.2]}
    found = balance(assessment(data, index=flat))
    assert column(found, "lowest") == ["c", "a"]
    assert column(found, "highest") == ["a, b", "b, c"]


def test_a_child_without_weight_does_not_prevent_a_geometric_mean():
    flat = Index(
        "T", [Indicator("a", goalposts=(0, 100)), Indicator("b", goalposts=(0, 100), weight=0)]
    )
    found = balance(assessment({"unit": ["U", "V"], "a": [40.0, 0.0], "b": [0.0, 9.0]}, index=flat))
    assert_allclose(column(found, "geometric")[0], 40)
    assert_allclose(column(found, "cost")[0], 0, atol=1e-12)
    assert column(found, "geometric")[1] is None
    assert column(found, "lowest") == ["b", "a"]


class Own:
    """Give the second unit three times the weight in the first child."""

    def weights(self, values, children):
        weights = np.full(values.shape, 0.5)
        weights[1] = [0.75, 0.25]
        return weights


def test_weights_of_each_unit_count():
    flat = Index("T", [Indicator(code, goalposts=(0, 100)) for code in "ab"])
    own = assessment(
        {"unit": ["U", "V"], "a": [20.0, 20.0], "b": [80.0, 80.0]},
        index=flat,
        method=Method(normalisation=Goalposts(), weighting=Own()),
    )
    found = balance(own)
    assert_allclose(column(found, "arithmetic"), [50, 35])
    assert_allclose(column(found, "geometric"), [40, 20**0.75 * 80**0.25])
    assert_allclose(column(found, "variation"), 0.6)


def test_a_node_below_with_a_missing_child():
    found = balance(assessment(), node="A")
    # One score alone is no even profile.
    assert column(found, "variation")[2] is column(found, "cost")[2] is None
    assert column(found, "note") == ["", "", "only one child has a score", "", "", ""]
    assert_allclose([column(found, n)[2] for n in ("arithmetic", "geometric")], 70)
    assert column(found, "lowest")[2] == "a"


def test_values_at_or_below_zero_have_no_geometric_mean():
    found = balance(assessment(DATA | {"a": [0.0, *DATA["a"][1:]]}), node="A")
    assert column(found, "geometric")[0] is column(found, "cost")[0] is None
    assert column(found, "variation")[0] == 1
    z = balance(assessment(method=Method(normalisation=ZScore())), node="B")
    assert column(z, "variation")[5] is None
    assert column(z, "arithmetic")[5] < 0


def test_a_unit_without_a_score_has_no_balance():
    data = DATA | {"c": [None, *DATA["c"][1:]], "d": [None, *DATA["d"][1:]]}
    found = balance(assessment(data), node="B")
    assert [column(found, name)[0] for name in names(found)[2:-1]] == [None] * 6
    strict = balance(assessment(method=Method(normalisation=Goalposts(), missing="propagate")))
    assert column(strict, "arithmetic")[2] is column(strict, "lowest")[2] is None


def test_periods_stand_beside_the_units():
    found = balance(panel())
    assert names(found)[:3] == ["unit", "year", "name"]
    assert column(found, "year") == [2020] * 6 + [2022] * 6


@given(data=tables())
def test_imbalance_never_pays(data):
    own = assessment(data)
    found = balance(own)
    assert_allclose(column(found, "arithmetic"), own.array("T"))
    both = ~np.isnan(own.arrays("AB")).any(axis=1)
    for name in ("cost", "variation"):
        assert [value is not None for value in column(found, name)] == both.tolist()
        assert min(value for value in column(found, name) if value is not None) >= 0
    even = np.isclose(own.array("A"), own.array("B"))
    assert ((np.array(column(found, "cost"), dtype=float) < 1e-6) | ~even).all()


def test_children_from_few_indicators_are_marked():
    found = balance(assessment(DATA | {"d": [None, *DATA["d"][1:]]}))
    assert column(found, "note") == [
        "B: score from 1 of 2 indicators", "", "A: score from 1 of 2 indicators", "", "", "",
    ]  # fmt: skip
    # Without a score at the node there is nothing to mark.
    strict = assessment(method=Method(normalisation=Goalposts(), coverage=1.0))
    assert column(balance(strict), "note") == [""] * 6
    imputed = assessment(method=Method(normalisation=Goalposts(), imputation=ColumnMean()))
    assert column(balance(imputed, node="A"), "note")[2] == "b: imputed"


def test_one_unit_and_a_node_whose_score_is_normalised():
    one = {name: cells[:1] for name, cells in DATA.items()}
    assert_allclose(column(balance(assessment(one)), "variation"), 10 / 40)
    tree = Index(
        "T",
        [
            Index("A", [Indicator("a", goalposts=(0, 100))], normalisation=MinMax(20, 80)),
            Indicator("c", goalposts=(0, 100)),
        ],
    )
    # A enters as 20 (of 10) and 80 (of 50).
    data = {"unit": ["U", "V"], "a": [10.0, 50.0], "c": [60.0, 80.0]}
    found = balance(assessment(data, index=tree))
    assert_allclose(column(found, "variation"), [20 / 40, 0])
    assert column(found, "highest") == ["c", "A, c"]


def test_what_has_no_balance():
    with pytest.raises(MethodError, match="node must have children, but 'a' is an indicator"):
        balance(assessment(), node="a")
    with pytest.raises(UnknownCodeError, match="no node 'Q'"):
        balance(assessment(), node="Q")
