"""Columns taken in one go are read as columns taken one by one, whatever their cells are."""

import re
from decimal import Decimal

import numpy as np
import pytest

from dli import DataError, Index, Indicator, Observations, frames
from dli.frames.table import Table

NAN = float("nan")
INDEX = Index("T", [Indicator("b"), Indicator("a", scale=(-5, 5))])
# Whole tables of the cells of column "a", with how they are read and what comes of it.
CELLS = {
    "floats": ([1.5, NAN, -0.0], {}, [1.5, NAN, -0.0]),
    "whole": ([1, 2, 3], {}, [1.0, 2.0, 3.0]),
    "gaps": ([1, None, 3], {}, [1.0, NAN, 3.0]),
    "decimals": ([Decimal("0.1"), None, Decimal(3)], {}, [0.1, NAN, 3.0]),
    "texts": (["1,5", "..", "2"], {"decimal": ",", "missing": ".."}, [1.5, NAN, 2.0]),
    "booleans": ([True, None, False], {}, [1.0, NAN, 0.0]),
    "all_true": ([True, True, False], {}, [1.0, 1.0, 0.0]),
    "marked": ([1.0, -9.0, 3.0], {"missing": -9}, [1.0, NAN, 3.0]),
    "nothing": ([None, None, None], {}, [NAN, NAN, NAN]),
}


def _pandas(a, b, units):
    pd = pytest.importorskip("pandas")
    return pd.DataFrame({"unit": units, "a": a, "region": ["N", "S", None], "b": b})


def _objects(a, b, units):
    pd = pytest.importorskip("pandas")
    return _pandas(pd.Series(a, dtype=object), b, units)


def _polars(a, b, units):
    pl = pytest.importorskip("polars")
    return pl.DataFrame({"unit": units, "a": a, "region": ["N", "S", None], "b": b}, strict=False)


def _pyarrow(a, b, units):
    pa = pytest.importorskip("pyarrow")
    return pa.table({"unit": units, "a": a, "region": ["N", "S", None], "b": b})


def _mapping(a, b, units):
    return {"unit": units, "a": a, "region": ["N", "S", None], "b": b}


def _arrays(a, b, units):
    return _mapping(np.array(a, dtype=object), np.array(b), np.array(units))


MAKERS = (_pandas, _objects, _polars, _pyarrow, _mapping, _arrays)


def _both_ways(monkeypatch, data, **options):
    """Return what is read at once, and column by column."""
    at_once = Observations.read(data, INDEX, **options)
    with monkeypatch.context() as patch:
        patch.setattr(Table, "_whole_block", lambda *_: None)
        one_by_one = Observations.read(data, INDEX, **options)
    return at_once, one_by_one


@pytest.mark.parametrize("make", MAKERS)
@pytest.mark.parametrize("kind", CELLS)
def test_every_kind_of_cell_is_read_alike(monkeypatch, make, kind):
    a, options, expected = CELLS[kind]
    data = make(a, [2.0, NAN, 4.0], ["X", "Y", "Z"])
    at_once, one_by_one = _both_ways(monkeypatch, data, **options)
    assert at_once.values.tobytes() == one_by_one.values.tobytes()
    np.testing.assert_array_equal(at_once.values, np.array([[2.0, NAN, 4.0], expected]).T)
    assert at_once.units == one_by_one.units == ("X", "Y", "Z")
    assert at_once.context_columns == one_by_one.context_columns == {"region": ["N", "S", None]}


@pytest.mark.parametrize(
    ("dtype", "cells"),
    [
        ("Int64", [1, None, 3]),
        ("Float64", [1.5, None, 3.0]),
        ("boolean", [True, None, False]),
        ("float32", [1.5, NAN, 3.0]),
        ("int8", [1, 2, 3]),
        ("bool", [True, False, True]),
    ],
)
def test_kinds_of_pandas_are_read_alike(monkeypatch, dtype, cells):
    pd = pytest.importorskip("pandas")
    data = _pandas(pd.array(cells, dtype=dtype), [2.0, NAN, 4.0], ["X", "Y", "Z"])
    at_once, one_by_one = _both_ways(monkeypatch, data)
    assert at_once.values.tobytes() == one_by_one.values.tobytes()
    expected = [NAN if cell is None else float(cell) for cell in cells]
    np.testing.assert_array_equal(at_once.values[:, 1], expected)


def test_masked_cells_are_missing(monkeypatch):
    a = np.ma.MaskedArray([1.0, 2.0, 3.0], mask=[False, True, False])
    at_once, one_by_one = _both_ways(monkeypatch, _mapping(a, [2.0, 3.0, 4.0], ["X", "Y", "Z"]))
    assert at_once.values.tobytes() == one_by_one.values.tobytes()
    np.testing.assert_array_equal(at_once.values[:, 1], [1.0, NAN, 3.0])


@pytest.mark.parametrize("make", [_pandas, _mapping])
def test_all_faults_are_told_alike(monkeypatch, make):
    """Of numbers in one block: a value off its scale, an infinite one, a unit twice, one without."""
    data = make([9.0, 1.0, NAN], [1.0, np.inf, 2.0], ["X", None, "X"])
    texts = []
    for is_patched in (False, True):
        with monkeypatch.context() as patch:
            if is_patched:
                patch.setattr(Table, "_whole_block", lambda *_: None)
            with pytest.raises(DataError, match="cannot be assessed") as caught:
                Observations.read(data, INDEX)
        texts.append(str(caught.value))
    assert texts[0] == texts[1]
    for words in (
        "row 1: the unit is missing",
        "row 2 (unit 'X') is a duplicate of",
        "inf is infinite",
        "9 is",
    ):
        assert words in texts[0]


@pytest.mark.parametrize("make", [_pandas, _polars, _mapping])
def test_a_text_among_numbers_is_named(make):
    data = make(["1", "x", "2"], [1.0, 2.0, 3.0], ["X", "Y", "Z"])
    message = re.escape("row 1 (unit 'Y'), 'a': 'x' is not a number")
    with pytest.raises(DataError, match=message):
        Observations.read(data, INDEX, decimal=".")


@pytest.mark.parametrize(
    ("cells", "expected"),
    [
        ([3, 1, 2], [3, 1, 2]),
        ([True, "x", 1], [True, "x", 1]),
        (["x", None, NAN], ["x", None, None]),
        ([1.5, NAN, Decimal("NaN")], [1.5, None, None]),
    ],
)
def test_names_are_those_that_came_in(cells, expected):
    read = frames.read({"unit": cells}).column("unit")
    assert read == expected
    assert read is not cells


def test_the_frame_of_the_caller_keeps_its_columns():
    data = _pandas([1.0, 2.0, 3.0], [2.0, 3.0, 4.0], ["X", "Y", "Z"])
    table = frames.read(data)
    assert list(data.columns) == ["unit", "a", "region", "b"]
    data.loc[0, "a"] = 100.0
    data["unit"] = "changed"
    assert table.column("a") == [1.0, 2.0, 3.0]
    assert table.column("unit") == ["X", "Y", "Z"]
    assert table.take([2, 0]).column("b") == [4.0, 2.0]


def test_values_in_a_block_do_not_follow_the_frame():
    data = _pandas([1.0, 2.0, 3.0], [2.0, 3.0, 4.0], ["X", "Y", "Z"])
    observations = Observations.read(data, INDEX)
    data.iloc[:, 1] = 7.0
    data.loc[:, "b"] = 8.0
    assert observations.values.tolist() == [[2.0, 1.0], [3.0, 2.0], [4.0, 3.0]]


def test_a_pandas_frame_that_narwhals_wraps_is_read():
    nw = pytest.importorskip("narwhals")
    data = nw.from_native(_pandas([1.0, 2.0, 3.0], [2.0, 3.0, 4.0], ["X", "Y", "Z"]))
    observations = Observations.read(data, INDEX)
    assert observations.values.tolist() == [[2.0, 1.0], [3.0, 2.0], [4.0, 3.0]]
    assert observations.units == ("X", "Y", "Z")
