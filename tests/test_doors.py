"""Cases that were found by trying to break the doors, each with the right answer."""

import zoneinfo
from datetime import UTC, datetime, time
from pathlib import Path

import numpy as np
import pandas as pd
import polars as pl
import pytest

from dli import (
    Assessment,
    DataError,
    DLIError,
    DLIWarning,
    Index,
    Indicator,
    Method,
    MethodError,
    ModelError,
    Observations,
    datasets,
    exchange,
    frames,
    models,
)
from dli.arrays import as_floats
from dli.assessment.cells import from_plain, to_plain
from dli.capability import Capability, CapabilityGraph, Link
from dli.checks import is_number, is_whole
from dli.diagnosis import peers
from dli.frames import Reading
from dli.links import with_variables
from dli.observations.names import look_alikes
from dli.periods import period_order
from dli.screening import availability, screen
from dli.sensitivity import Alternatives
from dli.weighting import Equal

INDEX = Index("T", [Indicator("a"), Indicator("b")])
DATA = {"unit": list("UVWXYZ"), "a": [1, 2, 3, 4, 5, 7], "b": [3, 5, 4, 1, 2, 2],
        "gdp": [5, -999, 7, 1, 2, 9]}  # fmt: skip


def test_settings_for_reading_are_saved(tmp_path):
    assessment = Assessment(INDEX, DATA, missing=-999)
    before = frames.read(with_variables(assessment, "gdp")).column("correlation")
    assessment.save(tmp_path / "saved")
    loaded = Assessment.load(tmp_path / "saved")
    assert frames.read(with_variables(loaded, "gdp")).column("correlation") == before
    assert loaded.context("gdp", numbers=True)[1] is None
    named = Assessment(INDEX, {**DATA, "region": list("NNNSSS")}, missing=-999)
    assert named.context("region", numbers=True) == list("NNNSSS")
    index = Index("T", [Indicator("a", denominator="pop"), Indicator("b")])
    divided = Assessment(index, {**DATA, "pop": ["1,5", "2", "..", "4", "5", "6"]}, decimal=",",
                         missing="..")  # fmt: skip
    divided.save(tmp_path / "saved")
    np.testing.assert_array_equal(
        Assessment.load(tmp_path / "saved").array("T"), divided.array("T")
    )


def test_peers_go_by_numbers_without_the_marked_ones():
    found = frames.read(peers(Assessment(INDEX, DATA, missing=-999), "U", by="gdp", k=5))
    assert "V" not in found.column("unit")
    texts = Assessment(
        INDEX, {**DATA, "gdp": ["5", "..", "7", "1", "2", "9"]}, missing="..", decimal="."
    )
    assert frames.read(peers(texts, "U", by="gdp", k=5)).column("unit") == found.column("unit")


def test_a_duration_is_no_number():
    for value in (np.timedelta64(5, "ns"), np.timedelta64(5, "D")):
        assert not is_number(value)
        assert not is_whole(value)
    for values in (np.array([1, 2], "m8[ns]"), np.array([1, 2], "m8[D]")):
        with pytest.raises(MethodError, match="is a date or time"):
            as_floats(values)
        with pytest.raises(DataError, match="not a number"):
            Assessment(Index("T", [Indicator("a")]), {"unit": ["X", "Y"], "a": values})
    with pytest.raises(ModelError, match="weight"):
        Indicator("a", weight=np.timedelta64(5, "ns"))


@pytest.mark.parametrize(
    ("options", "text", "number"),
    [
        ({"missing": -999, "flags": True}, "-999 b", np.nan),
        ({"thousands": ","}, "0,001", None),
        ({"thousands": ","}, "01,234", None),
        ({"flags": True}, "5 million", None),
        ({"flags": True}, "3 bn", None),
        ({"flags": True}, "12 k", None),
        ({"flags": True}, "0xb", None),
        ({"flags": True, "percent": True}, "45 % b", 45),
        ({"flags": True}, "12.3 bep", 12.3),
    ],
)
def test_texts_of_publishers(options, text, number):
    found = Reading(**options).number(text)
    assert found is None if number is None else np.array_equal(found, number, equal_nan=True)


def test_series_of_pandas_keep_their_labels():
    columns = {"unit": pd.Series(["X", "Y"]), "a": pd.Series([1.0, 2.0]),
               "b": pd.Series([30.0, 40.0]).sort_values(ascending=False)}  # fmt: skip
    with pytest.raises(
        DataError, match=r"(?s)same labels in the same order; combine them in a data frame.*'b'"
    ):
        Assessment(INDEX, columns)
    assert Assessment(INDEX, pd.DataFrame(columns)).stage_array("raw").tolist() == [
        [1, 30],
        [2, 40],
    ]


def test_numbers_of_numpy_are_written_as_numbers(tmp_path):
    data = {"unit": [np.float64(1.5), 2.0, 3.0], "a": [1, 2, 3], "b": [3, 5, 4],
            "gdp": [np.float64(1.5), 2, 3]}  # fmt: skip
    with pytest.warns(DLIWarning, match="R reads them as numbers"):
        files = exchange.write_coinr(Assessment(INDEX, data), tmp_path)
    assert "float64" not in files[0].read_text()
    for file in exchange.write_csv(Assessment(INDEX, data), tmp_path):
        assert "float64" not in file.read_text()


@pytest.mark.parametrize("code", ["nominal", "code"])
def test_codes_that_are_columns_beside_nodes_are_refused(code):
    index = Index("T", [Indicator(code), Indicator("b")])
    with pytest.raises(DataError, match="is both the code of a node and a column of result tables"):
        Assessment(index, {"unit": ["X"], code: [1], "b": [2]})


def test_codes_of_groups_stay_apart_in_coinr(tmp_path):
    meta = {"iCode": ["T", "a", "b", "v"], "Parent": [None, "T", "T", None], "Level": [2, 1, 1, None],
            "Type": ["Aggregate", "Indicator", "Indicator", "Other"]}  # fmt: skip
    path = tmp_path / "iData.csv"
    path.write_text("uCode,a,b,v\nX,1,2,1.1\nY,2,3,1.10\nZ,3,5,NA\n")
    _, data = exchange.read_coinr(path, meta)
    assert frames.read(data).column("v") == ["1.1", "1.10", None]


def test_decimals_of_periods_are_ambiguous():
    assert period_order(["0.5", "10", "-1"]) == ["-1", "0.5", "10"]
    with pytest.raises(DataError, match="the order of the periods is ambiguous"):
        period_order(["2021.9", "2021.10", "2021.11"])


def test_data_that_were_read_have_their_columns():
    observations = Observations.read(DATA, INDEX)
    assert Assessment(INDEX, observations, unit="unit").units == tuple("UVWXYZ")
    with pytest.raises(MethodError, match=r"(?s)already been read.*unit='nope'.*period='nope'"):
        Assessment(INDEX, observations, unit="nope", period="nope")


def test_times_that_a_text_does_not_say_are_refused():
    zone = zoneinfo.ZoneInfo("Europe/Paris")
    for cell in (
        time(12, tzinfo=zone),
        time(12, fold=1),
        datetime(2020, 10, 25, 2, 30, fold=1),  # noqa: DTZ001 without a zone on purpose
        datetime(1, 1, 1, tzinfo=zoneinfo.ZoneInfo("Asia/Tokyo")),
    ):
        with pytest.raises(DataError, match="holds a time"):
            to_plain(cell)
    for cell in (time(12, tzinfo=UTC), datetime(2020, 10, 25, 2, 30, fold=1, tzinfo=zone)):
        assert from_plain(to_plain(cell)) == cell


def test_nanoseconds_stay():
    stamps = np.array(["2020-01-01T00:00:00.000000001", "2020-01-01T00:00:00.000000002"], "M8[ns]")
    table = frames.read({"t": stamps, "d": np.array([1, 2], "m8[ns]")})
    assert table.column("t") == list(stamps)
    assert table.column("d") == [np.timedelta64(1, "ns"), np.timedelta64(2, "ns")]


@pytest.mark.parametrize("unit", [" X", "X\n", ""])
def test_units_that_coinr_would_not_read_back_are_refused(tmp_path, unit):
    assessment = Assessment(INDEX, {"unit": [unit, "Y"], "a": [1, 2], "b": [2, 1]})
    with pytest.raises(DataError, match="would not read back unchanged"):
        exchange.write_coinr(assessment, tmp_path)


def test_units_with_the_same_text_are_refused_for_coinr(tmp_path):
    with pytest.warns(DLIWarning, match="look alike"):
        assessment = Assessment(INDEX, {"unit": [1, "1"], "a": [1, 2], "b": [2, 1]})
    with pytest.raises(DataError, match="2 units have the same text '1'"):
        exchange.write_coinr(assessment, tmp_path)


def test_periods_may_be_named_by_the_numbers_that_columns_have():
    index = Index("T", [Indicator("a")])
    frame = pd.DataFrame({"c": ["X", "Y"], 2019: [1, 2], 2020: [3, 4]})
    for periods in ([2019, 2020], range(2019, 2021), np.array([2019, 2020])):
        assert set(Observations.from_wide(frame, index, unit="c", periods=periods).periods) == {
            2019,
            2020,
        }
    assert Observations.from_wide(frame, index, unit="c", periods={2019: "x"}).periods == ("x", "x")
    assert Observations.from_wide(frame, index, unit="c", periods="2019").periods == (2019, 2019)
    with pytest.raises(MethodError, match="periods must be"):
        Observations.from_wide(frame, index, unit="c", periods=2019)


def test_names_of_columns_and_cells_of_keys_must_be_such():
    with pytest.raises(MethodError, match=r"unit must be text, got \['c'\]"):
        Observations.from_long(DATA, INDEX, unit=["c"], indicator="i", value="v")
    with pytest.raises(MethodError, match="indicator must be text, got 5"):
        Observations.from_wide(DATA, INDEX, unit="c", indicator=5)
    long = {"geo": [[1], "Y"], "item": ["a", "a"], "v": [1, 2], "x": [np.arange(2)] * 2}
    with pytest.raises(
        DataError, match="row 0: a unit or period must be a text, a number or a date"
    ):
        Observations.from_long(long, INDEX, unit="geo", indicator="item", value="v")


@pytest.mark.parametrize(
    "call",
    [
        lambda: Observations.read(DATA, "T"),
        lambda: Observations.from_long(DATA, "T", unit="u", indicator="i", value="v"),
        lambda: Observations.from_wide(DATA, "T", unit="u"),
        lambda: availability("T", DATA),
        lambda: screen(INDEX, DATA, force=["X"]),
        lambda: Observations.read(DATA, INDEX, library="polars"),
        lambda: exchange.read_coin_tool(5),
        lambda: exchange.read_coin_tool("a\x00b"),
        lambda: frames.read("a\x00b.csv"),
        lambda: exchange.write_coinr(Assessment(INDEX, DATA), 5),
        lambda: exchange.write_coinr(Assessment(INDEX, DATA), "a\x00b"),
    ],
    ids=map(str, range(11)),
)
def test_other_kinds_of_arguments_are_errors_of_the_library(call):
    with pytest.raises(DLIError):
        call()


def test_a_whole_number_of_many_digits_stays_text(tmp_path):
    path = tmp_path / "data.csv"
    path.write_text(f"unit,a,b\n{'9' * 5000},1,2\nX,2,1\n")
    assert Assessment(INDEX, path).units[0] == "9" * 5000


def test_what_a_library_cannot_hold_is_said():
    with pytest.raises(DataError, match="polars cannot hold a column of the result"):
        frames.build({"unit": [1, "X"]}, "polars")
    if hasattr(pl, "Int128"):
        column = pl.Series([2**70, 1], dtype=pl.Int128)
        assert as_floats(pl.DataFrame({"a": column}))[0, 0] == 2**70


def test_a_capability_cannot_be_a_node():
    graph = CapabilityGraph(
        [Capability("T"), Capability("x")], [Link("T", "a", 0.5), Link("x", "b", 0.5)]
    )
    with pytest.raises(ModelError, match=r"(?s)codes of capabilities must differ.*'T'"):
        graph.check(INDEX)


def test_what_is_outside_a_table_need_not_be_csv(tmp_path):
    path = Path(tmp_path / "data.csv")
    path.write_text('The "World" Bank\n\nunit,a,b\nX,1,2\n"broken')
    assert frames.read(path, header_line=3, last_line=4).column("unit") == ["X"]
    path.write_text('unit,a,b,\n"X",1,2,\nY,2,3,\n')
    assert frames.read(path).names == ("unit", "a", "b")
    path.write_text("\ufeffunit,a\nX,1\n", encoding="utf-8")
    assert frames.read(path, encoding="utf-8").names == ("unit", "a")


@pytest.mark.parametrize(
    ("first", "second"),
    [("Cote d'Ivoire", "Cote d\u2019Ivoire"), ("A-B", "A\u2013B"), ("A", "\u0410"), ("X", "X\ufe0f"),
     ("X", "X\x00")],
)  # fmt: skip
def test_more_names_that_look_alike(first, second):
    assert look_alikes([first, second]) == ((first, second),)


def test_periods_that_look_alike_give_a_warning():
    data = {"unit": ["X", "X"], "t": ["2020", 2020], "a": [1, 2], "b": [2, 1]}
    with pytest.warns(DLIWarning, match="periods that look alike are kept apart: '2020' and 2020"):
        Observations.read(data, INDEX, period="t")


@pytest.mark.parametrize(
    "call",
    [
        lambda: Assessment(INDEX, DATA).profile(pd.NA),
        lambda: Assessment(INDEX, DATA).ranks_within(pd.NA),
        lambda: models.load(pd.NA),
        lambda: datasets.load(pd.NA),
        lambda: Method(weighting={pd.NA: Equal()}),
        lambda: Method(aggregation=pd.Series([1, 2])),
        lambda: Alternatives("aggregation", [pd.Series([1, 2])]),
    ],
    ids=map(str, range(7)),
)
def test_missing_values_and_series_are_no_names_and_no_steps(call):
    with pytest.raises(DLIError):
        call()
