"""Even and uneven profiles."""

import math

import numpy as np
import pytest
from hypothesis import given
from numpy.testing import assert_allclose
from tests.diagnosis.cases import DATA, assessment, column, names, panel, tables

from dli import Method
from dli.diagnosis import balance
from dli.errors import MethodError, UnknownCodeError
from dli.normalisation import Goalposts, ZScore


def test_balance_by_hand():
    found = balance(assessment())
    assert names(found) == [
        "unit", "name", "variation", "arithmetic", "geometric", "cost", "lowest", "highest",
    ]  # fmt: skip
    # U: 50 with a weight of 1/4 and 30 with 3/4.
    geometric = math.exp(0.25 * math.log(50) + 0.75 * math.log(30))
    assert_allclose(column(found, "variation")[0], 10 / 40)
    assert_allclose(column(found, "arithmetic")[0], 35)
    assert_allclose(column(found, "geometric")[0], geometric)
    assert_allclose(column(found, "cost")[0], 35 - geometric)
    assert (column(found, "lowest")[0], column(found, "highest")[0]) == ("B", "A")


def test_an_even_profile_costs_nothing_and_the_first_is_named_where_children_tie():
    found = balance(assessment())
    assert column(found, "variation")[4] == column(found, "cost")[4] == 0
    assert column(found, "lowest")[4] == column(found, "highest")[4] == "A"


def test_a_node_below_with_a_missing_child():
    found = balance(assessment(), node="A")
    assert column(found, "variation")[2] == 0
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
    assert [column(found, name)[0] for name in names(found)[2:]] == [None] * 6
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
    assert min(column(found, "cost")) >= 0
    assert min(column(found, "variation")) >= 0
    even = np.isclose(own.array("A"), own.array("B"))
    assert ((np.array(column(found, "cost")) < 1e-6) | ~even).all()


def test_what_has_no_balance():
    with pytest.raises(
        MethodError, match="'a' is an indicator; balance is of a node with children"
    ):
        balance(assessment(), node="a")
    with pytest.raises(UnknownCodeError, match="no node 'Q'"):
        balance(assessment(), node="Q")
