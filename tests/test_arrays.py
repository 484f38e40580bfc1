"""Arrays in, and the tolerance of ties."""

from datetime import date
from decimal import Decimal
from fractions import Fraction

import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest

from dli.arrays import as_floats, as_table, frozen_copy, is_above, is_missing
from dli.errors import MethodError


def test_tables_have_rows_and_columns_of_finite_numbers():
    assert as_table([[1, 2]]).tolist() == [[1.0, 2.0]]
    assert np.isnan(as_table([[np.nan]], missing=True)).all()
    for shape in ((2,), (0, 2), (2, 0)):
        with pytest.raises(MethodError, match="values must have the shape"):
            as_table(np.zeros(shape))
    with pytest.raises(MethodError, match=r"(?s)x must be finite numbers.*row 0, column 1: nan"):
        as_table([[1.0, np.nan]], name="x")
    with pytest.raises(MethodError, match="row 0, column 0: inf"):
        as_table([[np.inf]], missing=True)


@pytest.mark.parametrize("values", [["a"], [[1], [1, 2]], [10**400]])
def test_what_is_not_numbers_is_refused(values):
    with pytest.raises(MethodError, match="values must be numbers"):
        as_floats(values)


def test_a_frozen_copy_cannot_be_written():
    given = np.ones(2)
    copy = frozen_copy(given)
    given[0] = 5
    assert copy.tolist() == [1, 1]
    with pytest.raises(ValueError, match="read-only"):
        copy[0] = 2


def test_above_is_by_more_than_a_tie():
    one, other = np.array([0.1 + 0.2, 1.0, np.nan, 2.0]), np.array([0.3, 2.0, 1.0, 1.0])
    assert is_above(one, other).tolist() == [False, False, False, True]
    assert is_above(np.array([1e-13]), np.array([0.0])).tolist() == [True]
    assert is_above(np.array([1e-13]), np.array([0.0]), scale=1.0).tolist() == [False]


@pytest.mark.parametrize(
    "values",
    [
        pd.DataFrame([[1.0, 2.0], [3.0, None]]),
        pd.DataFrame([[1.0, 2.0], [3.0, None]], columns=["a", "a"]),
        pd.DataFrame({"a": pd.array([1, 3], dtype="Int64"), "b": [2.0, None]}),
        pl.DataFrame({"a": [1, 3], "b": [2.0, None]}),
        pl.LazyFrame({"a": [1, 3], "b": [2.0, None]}),
        pa.table({"a": [1, 3], "b": [2.0, None]}),
        [pd.Series([1.0, 2.0]), np.ma.masked_array([3.0, -9.0], [0, 1])],
        [[np.ma.masked_array(1.0), 2.0], (3.0, np.ma.masked)],
        np.array([[Decimal(1), Fraction(2)], [np.int8(3), pd.NA]], dtype=object),
        pd.DataFrame({"a": pd.Categorical([1, 3]), "b": [2.0, pd.NaT]}, dtype=object),
    ],
    ids=[
        "numbers",
        "same",
        "nullable",
        "polars",
        "lazy",
        "arrow",
        "series",
        "lists",
        "cells",
        "kinds",
    ],
)
def test_tables_of_every_library_are_read_cell_by_cell(values):
    np.testing.assert_array_equal(as_floats(values), [[1, 2], [3, np.nan]])


def test_what_is_not_a_table_keeps_its_shape():
    assert as_floats(Decimal("1.5")).shape == ()
    assert np.isnan(as_floats(None))
    assert as_floats(pd.DataFrame(index=[0, 1])).shape == (2, 0)
    assert as_floats(pl.DataFrame()).shape == (0, 0)
    assert as_floats([[[1.0, None]]]).shape == (1, 1, 2)
    assert as_floats(pa.array([1, None])).tolist()[0] == 1
    assert as_floats(np.array([[1, 2]]).view(np.recarray)).shape == (1, 2)
    assert is_missing(Decimal("sNaN"))


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ("abc", r"expected an array, a list or a data frame, got text \(str\)"),
        ({"a": 1}, r"got a mapping \(dict\)"),
        ({1}, r"got a set, which has no order \(set\)"),
        (iter([1]), r"got a generator"),
        (object(), r"got not a number \(object\)"),
        (
            [[1, "x"], [True, 2j]],
            r"(?s)row 0, column 1: 'x' is text.*row 1, column 0: True is a bool",
        ),
        ([10**400], "position 0: 1000.* is too large for a float"),
        ([[1, 2], [3]], r"position 0: \[1, 2\] is a sequence; rows must be equally long"),
        (
            np.array(["2020", "NaT"], dtype="datetime64[ns]"),
            "position 0: .*2020.* is a date or time",
        ),
        ([[[date(2020, 1, 1)]]], r"position \(0, 0, 0\): .* is a date or time"),
        (
            [np.zeros((2, 2)), np.zeros((2, 3))],
            r"(?s)position 0: array.* is a sequence; rows must be",
        ),
        (True, "^values must be numbers:\n  - True is a boolean"),
        ([{1: 2}], "position 0: {1: 2} is a mapping"),
    ],
)
def test_what_does_not_hold_numbers_is_named(values, message):
    with pytest.raises(MethodError, match=message):
        as_floats(values)
