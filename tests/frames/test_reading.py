"""How text becomes numbers and names, and which setting an error names."""

import math
import re

import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from dli import frames
from dli.errors import DataError, MethodError, UnknownCodeError
from dli.frames import Reading


@pytest.mark.parametrize(
    ("options", "text", "number"),
    [
        ({}, "1.5", 1.5),
        ({}, " 1e5 ", 1e5),
        ({}, "\u22125", -5),
        ({"decimal": ","}, "4,5", 4.5),
        ({"decimal": ",", "thousands": "."}, "1.234.567,5", 1234567.5),
        ({"thousands": ","}, "-1,234.5", -1234.5),
        ({"thousands": " "}, "1\u202f234\u00a0567", 1234567),
        ({"thousands": "'"}, "1'234", 1234),
        ({"percent": True}, "45 %", 45),
        ({"flags": True}, "12.3 b", 12.3),
        ({"flags": True}, "12.3e", 12.3),
        ({"flags": True, "decimal": ","}, "7,5*", 7.5),
    ],
)
def test_numbers_are_read_as_they_are_written(options, text, number):
    assert Reading(**options).number(text) == number


@pytest.mark.parametrize(
    ("options", "text"),
    [
        ({}, ""),
        ({}, "NA"),
        ({"missing": ".."}, " .. "),
        ({"missing": (":", "n/a")}, "n/a"),
        ({"missing": [-999]}, "-999.0"),
        ({"missing": ["-999"]}, "-999"),
        ({"missing": ":", "flags": True}, ": c"),
    ],
)
def test_markers_are_missing(options, text):
    assert math.isnan(Reading(**options).number(text))


@pytest.mark.parametrize(
    ("options", "text", "hint"),
    [
        ({}, "..", r"if it marks a missing value, set missing=\('\.\.',\)"),
        ({}, "1,5", "set decimal=',' to read it as 1.5"),
        ({}, "1,234", r"set decimal=',' \(or thousands=',' for 1,234\) to read it as 1.234"),
        ({}, "1.234,5", "set decimal=',', thousands='.' to read it as 1234.5"),
        ({}, "1 234", "set thousands=' ' to read it as 1234"),
        ({}, "45%", "set percent=True to read it as 45"),
        ({}, "45,5 %", "set percent=True, decimal=',' to read it as 45.5"),
        ({}, "12.3 b", "set flags=True to read it as 12.3"),
        ({"decimal": ",", "thousands": "."}, "12.34", "'12.34' is not a number$"),
        ({"decimal": ","}, "4.5", "'4.5' is not a number$"),
        ({"thousands": ","}, "1,23", "set decimal=','|is not a number$"),
        ({}, "1_000", "is not a number$"),
    ],
)
def test_an_error_names_the_setting_that_reads_the_cell(options, text, hint):
    reading = Reading(**options)
    assert reading.number(text) is None
    assert re.search(hint, reading.fault(text, in_file=True))


def test_all_wrong_settings_are_listed():
    with pytest.raises(MethodError) as caught:
        Reading(
            missing=[None],
            decimal="x",
            thousands="ab",
            percent=1,
            delimiter=";;",
            encoding="klingon",
            header_line=0,
        )
    faults = "\n".join(caught.value.faults)
    for name in (
        "missing must contain only texts and numbers, got None",
        "decimal must be '.' or ','",
        "thousands must be one character",
        "percent must be True or False, got 1",
        "delimiter must be one character",
        "encoding must name one",
        "header_line must be a whole number of at least 1, got 0",
    ):
        assert name in faults
    with pytest.raises(MethodError, match="last_line must be a whole number above header_line"):
        Reading(header_line=3, last_line=3)
    with pytest.raises(MethodError, match=r"both are '\.'; set decimal=',' as well"):
        Reading(thousands=".")
    with pytest.raises(MethodError, match=r"both are ','$"):
        Reading(thousands=",", decimal=",")
    with pytest.raises(UnknownCodeError, match=r"did you mean 'delimiter'"):
        frames.read({"a": [1]}, delimeter=";")
    with pytest.raises(MethodError, match="missing must contain"):
        frames.read({"a": [1]}, missing=None)


@pytest.mark.parametrize(
    ("texts", "names"),
    [
        (["1", "2", ""], [1, 2, None]),
        (["1.1", "1.10"], ["1.1", "1.10"]),
        (["1", "1.0"], ["1", "1.0"]),
        (["0.5", "1"], [0.5, 1.0]),
        (["1E2"], ["1E2"]),
        (["004"], ["004"]),
        (["-0"], ["-0"]),
        (["inf"], ["inf"]),
        (["12345678901234567.5", "1"], ["12345678901234567.5", "1"]),
        (["NA", "x"], ["NA", "x"]),
    ],
)
def test_names_are_typed_only_where_they_read_back(texts, names):
    assert Reading().names(texts) == names


@given(st.lists(st.text("0123456789.-E+ ", max_size=6), min_size=1))
def test_different_names_stay_different(texts):
    before = {text.strip() for text in texts}
    assert len(set(Reading().names(texts))) == len(before)


@given(st.floats(allow_nan=False, allow_infinity=False))
def test_what_is_written_with_a_comma_reads_back(number):
    text = repr(number).replace(".", ",")
    assert Reading(decimal=",").number(text) == number


@pytest.mark.parametrize(
    "make",
    [dict, pd.DataFrame, pl.DataFrame, pa.table],
    ids=["mapping", "pandas", "polars", "arrow"],
)
def test_markers_and_text_are_read_in_frames_too(make):
    table = frames.read(
        make({"x": ["1,5", ".."], "y": [-999.0, 2.0]}), decimal=",", missing=("..", -999)
    )
    values, wrong = table.numbers(["x", "y"])
    assert wrong == []
    np.testing.assert_array_equal(values, [[1.5, np.nan], [np.nan, 2.0]])


@pytest.mark.parametrize(
    "make",
    [dict, pd.DataFrame, pl.DataFrame, pa.table],
    ids=["mapping", "pandas", "polars", "arrow"],
)
def test_text_in_a_frame_is_not_read_without_being_asked_for(make):
    table = frames.read(make({"x": ["1.5", ".."]}), missing="..")
    values, wrong = table.numbers(["x"])
    assert wrong == [(0, "x", "1.5")]
    assert np.isnan(values).all()
    assert "it is text: set decimal='.'" in table.not_a_number("1.5")


def test_other_objects_stay_faults_beside_text():
    table = frames.read({"x": ["1.5", True, 2j, "..", None]}, decimal=".", missing="..")
    values, wrong = table.numbers(["x"])
    assert wrong == [(1, "x", True), (2, "x", 2j)]
    np.testing.assert_array_equal(values[:, 0], [1.5, np.nan, np.nan, np.nan, np.nan])
    assert table.not_a_number(wrong[0][2]) == "True is not a number (a boolean)"


@pytest.mark.parametrize(
    ("cells", "kind"),
    [({0: 1.0}, "a mapping"), ({1.0, 2.0}, "a set"), (iter([1.0]), "a generator")],
)
def test_columns_without_an_order_are_refused_by_name(cells, kind):
    with pytest.raises(DataError, match=f"'a' is {kind}"):
        frames.read({"a": cells})


def test_a_column_of_any_library_keeps_what_is_missing():
    columns = {
        "masked": np.ma.masked_array([1.0, -9999.0], [0, 1]),
        "arrow": pa.array([1, None]),
        "nullable": pd.array([1, None], dtype="Int64"),
        "polars": pl.Series([1, None]),
    }
    values, wrong = frames.read(columns).numbers(list(columns))
    assert wrong == []
    np.testing.assert_array_equal(values, [[1] * 4, [np.nan] * 4])


def test_dates_in_a_mapping_stay_dates():
    times = np.array(["2020-01-01", "NaT"], dtype="datetime64[ns]")
    days = np.array(["2020-01-01", "2021-01-01"], dtype="datetime64[D]")
    table = frames.read({"t": times, "d": days})
    assert [cell if cell is None else cell.year for cell in table.column("t")] == [2020, None]
    assert [cell.isoformat() for cell in table.column("d")] == ["2020-01-01", "2021-01-01"]


def test_a_wide_file_is_read_quickly(tmp_path):
    # 40,000 columns took 14 seconds when each name was counted in all names.
    path = tmp_path / "wide.csv"
    names = [f"c{i}" for i in range(20_000)]
    path.write_text(",".join(names) + "\n" + ",".join("1" for _ in names) + "\n")
    assert frames.read(path).n_rows == 1
    assert len(frames.read(path).require([f"d{i}" for i in range(500)], "column")) == 500


def test_a_list_in_a_cell_is_one_cell():
    for cells in ([[1.0], [2.0]], [(), 1.0], [[1.0, 2.0], [3.0]]):
        _, wrong = frames.read({"x": cells}).numbers(["x"])
        assert wrong[0] == (0, "x", cells[0])
