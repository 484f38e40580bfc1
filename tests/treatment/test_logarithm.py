"""The plain logarithm."""

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from numpy.testing import assert_allclose, assert_array_equal

from dli import Assessment, Index, Indicator, Method
from dli.errors import DLIError, MethodError
from dli.framework.choices import read_choice, write_choice
from dli.treatment import Logarithm, Traits
from dli.treatment.protocol import traits_of

few = settings(max_examples=30, deadline=None)
SCHEMES = [
    Logarithm(),
    Logarithm(1),
    Logarithm(-0.5),
    Logarithm(base=10),
    Logarithm(1, 2),
    Logarithm(1, 7.5),
    Logarithm(base=math.e),
]
every = pytest.mark.parametrize("scheme", SCHEMES, ids=repr)
tables = arrays(np.float64, (7, 2), elements=st.integers(1, 50).map(float)).map(
    lambda x: np.vstack([x, [np.nan, 1], [51, 52]])
)


def test_natural_logarithms_by_hand():
    x = np.array([[1.0], [math.e], [7.5], [np.nan]])
    assert_allclose(Logarithm().treat(x).ravel(), [0, 1, math.log(7.5), np.nan], rtol=1e-15)


def test_the_offset_is_added_by_hand():
    found = Logarithm(offset=3).treat([[-2.0], [4.0], [0.0]])
    assert_allclose(found.ravel(), [0, math.log(7), math.log(3)], rtol=1e-15)
    assert Logarithm(-1).treat([[2.0]]).tolist() == [[0.0]]


def test_powers_of_the_base_have_whole_logarithms():
    assert Logarithm(base=10).treat([[0.001], [1e15]]).ravel().tolist() == [-3.0, 15.0]
    assert Logarithm(base=2).treat([[8.0], [2.0**-1022]]).ravel().tolist() == [3.0, -1022.0]
    assert_allclose(Logarithm(base=5).treat([[125.0], [0.2]]).ravel(), [3, -1], rtol=1e-15)
    assert_allclose(Logarithm(1, 10).treat([[0.0], [99.0]]).ravel(), [0, 2])


def test_an_offset_of_1_keeps_tiny_values():
    found = Logarithm(offset=1).treat([[1e-20], [1.0]])
    assert_allclose(found.ravel(), [1e-20, math.log(2)], rtol=1e-15)


def test_a_constant_column_has_logarithms_too():
    assert Logarithm(base=2).treat([[4.0], [4.0]]).ravel().tolist() == [2.0, 2.0]


@every
@few
@given(x=tables)
def test_the_order_stays_and_missing_stays_missing(scheme, x):
    result = scheme.treat(x)
    assert_array_equal(np.isnan(result), np.isnan(x))
    for before, after in zip(x.T, result.T, strict=True):
        known = ~np.isnan(before)
        order = np.argsort(before[known])
        rises = np.diff(before[known][order]) > 0
        assert_array_equal(np.diff(after[known][order]) > 0, rises)


@every
@few
@given(x=tables)
def test_raising_the_base_gives_back_the_value(scheme, x):
    base = math.e if scheme.base is None else scheme.base
    assert_allclose(base ** scheme.treat(x) - scheme.offset, x, rtol=1e-11)


@few
@given(x=tables, factor=st.floats(0.001, 1000))
def test_the_unit_of_measure_shifts_logarithms_alone(x, factor):
    shift = Logarithm().treat(factor * x) - Logarithm().treat(x)
    assert_allclose(shift[~np.isnan(shift)], math.log(factor), rtol=1e-9, atol=1e-12)


def test_every_value_without_a_logarithm_is_named():
    x = [[0.0, 1.0], [2.0, -3.5], [np.nan, 0.5]]
    with pytest.raises(
        MethodError, match=r"above 0 after adding the offset 0; .*Log\(\)"
    ) as caught:
        Logarithm().treat(x)
    assert caught.value.faults == ("row 0, column 0: 0", "row 1, column 1: -3.5")
    with pytest.raises(MethodError, match=r"adding the offset 3\.5;") as caught:
        Logarithm(3.5).treat(x)
    assert caught.value.faults == ("row 1, column 1: -3.5",)


def test_sums_beyond_the_range_of_numbers_are_named():
    with pytest.raises(MethodError, match=r"finite values.*\n  - row 1, column 0: 1e\+308$"):
        Logarithm(1e308).treat([[1.0], [1e308]])


def test_an_assessment_names_the_unit_and_the_code():
    data = {"unit": ["A", "B"], "x": [1.0, 0.0], "y": [-2.0, 4.0]}
    index = Index("T", [Indicator("x"), Indicator("y")])
    with pytest.raises(DLIError, match="treatment Logarithm: Logarithm needs") as caught:
        Assessment(index, data, method=Method(treatment=Logarithm()))
    assert caught.value.faults == ("unit 'A', 'y': -2", "unit 'B', 'x': 0")


def test_columns_without_any_value_are_named():
    with pytest.raises(MethodError, match=r"a value in each column.*\n  - column 1$"):
        Logarithm().treat([[1.0, np.nan]])


@pytest.mark.parametrize(
    ("parameters", "faults"),
    [
        ({"offset": "1"}, ("offset must be a number, got '1'",)),
        ({"base": 1}, ("base must be a number above 1, got 1",)),
        ({"base": 0.5}, ("base must be a number above 1, got 0.5",)),
        (
            {"offset": np.inf, "base": np.nan},
            ("offset must be a number, got inf", "base must be a number above 1, got nan"),
        ),
        ({"offset": None, "base": None}, ("offset must be a number, got None",)),
    ],
)
def test_parameters_that_cannot_be_used_are_all_named(parameters, faults):
    with pytest.raises(MethodError, match="invalid parameters of Logarithm") as caught:
        Logarithm(**parameters)
    assert caught.value.faults == faults


@every
def test_it_survives_a_text_file_and_keeps_the_order(scheme):
    table = write_choice("treatment", scheme)
    assert read_choice("treatment", table) == scheme
    assert traits_of(scheme) == Traits(keeps_order=True, draws=True)


def test_the_record_names_every_value():
    treated, record = Logarithm(base=10).treat_with_record([[10.0], [np.nan], [100.0]])
    assert_array_equal(treated, [[1], [np.nan], [2]])
    assert [(p.row, p.step, p.before, p.after) for p in record.points] == [
        (0, "Logarithm", 10, 1),
        (2, "Logarithm", 100, 2),
    ]
    assert record.columns[0].step == "Logarithm"


@pytest.mark.parametrize(
    ("scheme", "formula"),
    [
        (Logarithm(), r"$\ln (x)$"),
        (Logarithm(1), r"$\ln (x + 1)$"),
        (Logarithm(-2.5, 10), r"$\log_{10} (x - 2.5)$"),
    ],
    ids=repr,
)
def test_the_description_has_the_formula(scheme, formula):
    assert scheme.describe() == f"Logarithms: {formula}."
