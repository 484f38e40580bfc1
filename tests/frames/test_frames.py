import datetime as dt
from decimal import Decimal

import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest

from dli import frames
from dli.errors import DataError
from dli.frames import incoming, results

COLUMNS = {"unit": ["A", "B"], "x": [1.5, None], "n": [1, 2]}
MAKERS = {
    "pandas": pd.DataFrame,
    "polars": pl.DataFrame,
    "pyarrow": pa.table,
    "mapping": dict,
    "polars lazy": pl.LazyFrame,
}


@pytest.mark.parametrize("maker", MAKERS)
def test_the_same_table_reads_the_same_from_every_library(maker):
    table = frames.read(MAKERS[maker](COLUMNS))
    values, wrong = table.numbers(["x", "n"])
    assert table.names == ("unit", "x", "n")
    assert table.n_rows == 2
    assert wrong == []
    np.testing.assert_array_equal(values, [[1.5, 1], [np.nan, 2]])
    assert table.column("unit") == ["A", "B"]
    assert table.column("x") == [1.5, None]


@pytest.mark.parametrize("library", ["pandas", "polars", "pyarrow"])
def test_a_frame_names_its_own_library_for_the_results(library):
    assert frames.read(MAKERS[library](COLUMNS)).library == library


def test_other_missing_values_count_as_missing():
    frame = pd.DataFrame(
        {
            "a": pd.array([1, None], dtype="Int64"),
            "b": pd.Series([pd.NA, 2], dtype=object),
            "c": [pd.NaT, pd.Timestamp("2020-01-01")],
        }
    )
    table = frames.read(frame)
    np.testing.assert_array_equal(table.numbers(["a", "b"])[0], [[1, np.nan], [np.nan, 2]])
    assert table.column("c")[0] is None


def test_numbers_of_every_kind_are_read():
    table = frames.read(
        {
            "decimal": [Decimal("1.5"), Decimal(2)],
            "truth": np.array([True, False]),
            "whole": np.array([1, 2], dtype=np.int8),
            "mixed": [1, 2.5],
        }
    )
    values, wrong = table.numbers(["decimal", "truth", "whole", "mixed"])
    assert wrong == []
    assert values.tolist() == [[1.5, 1, 1, 1], [2, 0, 2, 2.5]]


@pytest.mark.parametrize(
    "make", [pd.DataFrame, pl.DataFrame, dict], ids=["pandas", "polars", "mapping"]
)
def test_truth_values_count_as_zero_and_one(make):
    values, _ = frames.read(make({"t": [True, False], "gap": [True, None]})).numbers(["t", "gap"])
    np.testing.assert_array_equal(values, [[1, 1], [0, np.nan]])


@pytest.mark.parametrize(
    "make", [pd.DataFrame, pl.DataFrame, dict], ids=["pandas", "polars", "mapping"]
)
def test_text_among_numbers_is_named_with_its_row(make):
    _, wrong = frames.read(make({"x": ["1", "two"]})).numbers(["x"])
    assert wrong == [(0, "x", "1"), (1, "x", "two")]


def test_columns_of_a_mapping_may_be_any_sequence():
    table = frames.read({"x": (1.0, 2.0), "n": range(2), "t": pd.Series([3, 4])})
    assert table.numbers(["x", "n", "t"])[0].tolist() == [[1, 0, 3], [2, 1, 4]]


def test_objects_that_are_no_numbers_are_named():
    _, wrong = frames.read({"x": [1.0, dt.date(2020, 1, 1), b"3"]}).numbers(["x"])
    assert [row for row, _, _ in wrong] == [1, 2]


def test_the_frame_stays_the_callers_to_change():
    frame = pd.DataFrame({"unit": ["A"], "x": [1.0]})
    from_pandas = frames.read(frame)
    frame.loc[0, "x"] = 9
    assert from_pandas.column("x") == [1.0]


def test_a_table_is_read_only_once():
    table = frames.read(COLUMNS)
    assert frames.read(table) is table


def test_column_names_must_be_different_texts():
    with pytest.raises(DataError, match=r"(?s)must be text and differ.*1 \(int\)"):
        frames.read(pd.DataFrame([[1, 2]], columns=["a", 1]))
    with pytest.raises(DataError, match=r"(?s)must be text and differ.*'a' appears twice"):
        frames.read(pd.DataFrame([[1, 2]], columns=["a", "a"]))
    with pytest.raises(DataError, match="must differ"):
        frames.read(pa.table([[1], [2]], names=["a", "a"]))
    with pytest.raises(DataError, match=r"(?s)must be text:.*1 \(int\)"):
        frames.read({1: [2]})


def test_no_table_is_refused():
    with pytest.raises(DataError, match="mapping of columns or the path of a CSV file, got int"):
        frames.read(3)
    with pytest.raises(DataError, match=r"no rows \(columns: unit\)"):
        frames.read({"unit": []})
    with pytest.raises(DataError, match=r"no rows \(columns: none\)"):
        frames.read({})
    with pytest.raises(DataError, match=r"(?s)equal length.*'a' has 1 rows.*'b' has 2 rows"):
        frames.read({"a": [1], "b": [1, 2]})
    with pytest.raises(
        DataError, match=r"(?s)one-dimensional.*'a' has shape \(\).*'b' has shape \(1, 1\)"
    ):
        frames.read({"a": "text", "b": np.ones((1, 1))})


# Text files


def _file(tmp_path, text, name="data.csv"):
    path = tmp_path / name
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    return path


def test_a_csv_file_reads_numbers_text_and_blanks(tmp_path):
    path = _file(
        tmp_path, "\ufeffunit,x,code,year,share\nNA,1.5,007,2020,0.5\nB,,010,2021,\nC,NA,,,1\n"
    )
    table = frames.read(str(path))
    np.testing.assert_array_equal(table.numbers(["x"])[0][:, 0], [1.5, np.nan, np.nan])
    assert table.column("unit") == ["NA", "B", "C"]  # Namibia is not missing
    assert table.column("code") == ["007", "010", None]
    assert table.column("year") == [2020, 2021, None]
    assert table.column("share") == [0.5, None, 1.0]


def test_a_csv_file_names_text_among_numbers_by_its_line(tmp_path):
    table = frames.read(_file(tmp_path, "unit,x\n\nA,1_000\nB,three\n"))
    _, wrong = table.numbers(["x"])
    assert [(table.where(row), cell) for row, _, cell in wrong] == [
        ("line 3", "1_000"),
        ("line 4", "three"),
    ]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "is empty"),
        ("a,b\n1\n1,2,3\n", r"(?s)line 2: 1 cells, expected 2.*line 3: 3 cells"),
        ("a,,a\n1,2,3\n", r"(?s)line 1: column 2 has no name.*line 1: 'a' appears twice"),
        ("a;b\n1;2\n", "only one column; if ';' separates cells, set delimiter=';'"),
        ('a,b\n"1,2\n', "is not a CSV file: line 2: "),
        (
            b"a,b\n\xff\xfe,1\n",
            r"is not a text file in UTF-8: .* set it, such as encoding='cp1252'",
        ),
        ("a,b\n", "no rows"),
    ],
)
def test_a_broken_csv_file_is_refused_with_its_lines(tmp_path, text, message):
    with pytest.raises(DataError, match=message):
        frames.read(_file(tmp_path, text))


def test_a_file_that_is_not_there_is_named(tmp_path):
    with pytest.raises(DataError, match=r"cannot read '.*gone.csv': No such file"):
        frames.read(tmp_path / "gone.csv")


# Building


@pytest.mark.parametrize("library", ["pandas", "polars", "pyarrow"])
def test_missing_cells_are_the_librarys_own(library):
    frame = frames.build(
        {"name": ["a", None], "x": np.array([1.5, np.nan]), "rank": np.array([np.nan, 2.0])},
        library,
        integers=["rank"],
    )
    assert type(frame).__module__.startswith(library)
    read = frames.read(frame)
    assert read.column("name") == ["a", None]
    assert read.column("x") == [1.5, None]
    assert read.column("rank") == [None, 2]
    assert isinstance(read.column("rank")[1], int)


@pytest.mark.parametrize("library", ["pandas", "polars", "pyarrow"])
def test_whole_columns_of_integers_stay_integers(library):
    frame = frames.build({"rank": np.array([1.0, 2.0])}, library, integers=["rank"])
    assert all(isinstance(cell, int) for cell in frames.read(frame).column("rank"))


def test_a_mapping_of_arrays_is_built_without_any_library():
    built = frames.build({"name": ["a", None], "x": [1.0, 2.0]}, "mapping")
    assert built["x"].dtype == np.float64
    assert built["name"].tolist() == ["a", None]


def test_the_default_is_the_first_library_installed(monkeypatch):
    assert frames.default_library() == "pandas"
    monkeypatch.setattr(results, "is_installed", lambda name: name == "pyarrow")
    assert frames.default_library() == "pyarrow"
    assert isinstance(frames.build({"x": [1.0]}), pa.Table)
    monkeypatch.setattr(results, "is_installed", lambda _: False)
    monkeypatch.setattr(incoming, "is_installed", lambda _: False)
    assert frames.default_library() == "mapping"
    assert frames.read({"x": [1.0]}, library="polars").library == "mapping"


def test_an_unknown_library_is_refused():
    with pytest.raises(DataError, match="library must be one of pandas, polars"):
        frames.build({"x": [1.0]}, "excel")


def test_a_library_that_is_not_installed_is_refused(monkeypatch):
    monkeypatch.setattr(results, "is_installed", lambda _: False)
    with pytest.raises(DataError, match="be installed, got 'pandas'"):
        frames.build({"x": [1.0]}, "pandas")
