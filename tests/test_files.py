"""Files are written whole or not at all, and what is written is read back with the same bits."""

import csv
import datetime as dt
import os
import pickle
import subprocess
import sys
import time
from contextlib import suppress
from decimal import Decimal
from enum import Enum, IntEnum, StrEnum
from pathlib import Path
from zoneinfo import ZoneInfo

import numpy as np
import openpyxl
import pandas as pd
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from dli import Assessment, Index, Indicator
from dli.assessment.cells import _zone_of_pandas, from_plain, to_plain
from dli.capability import Capability, CapabilityGraph, Link
from dli.errors import DataError, FileError, MethodError, ModelError
from dli.exchange import write_csv, write_excel
from dli.files import MAX_KEY_PARTS, MAX_NESTING, MAX_TOML_BYTES, read_toml, replacing
from dli.report.document import Picture, Section
from dli.report.report import Report

INDEX = Index("T", [Indicator("a"), Indicator("b")])
DATA = {"unit": ["X", "Y", "Z"], "a": [1.0, 2.0, 0.1], "b": [3.0, None, 1.0]}
GRAPH = CapabilityGraph([Capability("x")], [Link("x", "a", 0.5)])
WRITERS = {
    "assessment.dli": lambda path: Assessment(INDEX, DATA).save(path),
    "model.toml": INDEX.save,
    "graph.toml": GRAPH.save,
    "book.xlsx": lambda path: write_excel(Assessment(INDEX, DATA), path),
    "page.md": lambda path: Report("R", "", []).save(path),
}


# Writing


def test_a_file_is_new_when_the_block_ends_and_old_when_it_fails(tmp_path):
    path = tmp_path / "a.txt"
    path.write_text("old")
    path.chmod(0o640)
    with replacing(path) as file:
        file.write_text("new")
        assert path.read_text() == "old"
    assert (path.read_text(), path.stat().st_mode & 0o777) == ("new", 0o640)
    with suppress(ZeroDivisionError), replacing(path) as file:
        file.write_text("half")
        raise ZeroDivisionError
    assert path.read_text() == "new"
    assert list(tmp_path.iterdir()) == [path]


def test_a_link_is_followed(tmp_path):
    (tmp_path / "link").symlink_to(tmp_path / "real")
    with replacing(tmp_path / "link") as file:
        file.write_text("x")
    assert (tmp_path / "link").is_symlink()
    assert (tmp_path / "real").read_text() == "x"


@pytest.mark.parametrize("name", WRITERS)
def test_every_writer_names_the_path_that_it_cannot_write(tmp_path, name):
    path = tmp_path / "gone" / name
    with pytest.raises(FileError, match=rf"cannot write '.*gone.{name}': No such file") as caught:
        WRITERS[name](path)
    assert str(pickle.loads(pickle.dumps(caught.value))) == str(caught.value)  # noqa: S301 our own
    (tmp_path / name).mkdir()
    with pytest.raises(FileError, match="it is a folder, not a file"):
        WRITERS[name](tmp_path / name)
    assert not list((tmp_path / name).iterdir())


@pytest.mark.parametrize("path", ["a\0b", 5])
def test_what_is_not_a_path_is_refused(path):
    with pytest.raises(FileError, match="cannot write"):
        INDEX.save(path)
    with pytest.raises(ModelError, match="cannot read the model file"):
        Index.load(path)
    with pytest.raises(DataError, match=r"is not a valid saved assessment|cannot read"):
        Assessment.load(path)
    with pytest.raises(FileError, match="cannot write"):
        write_csv(Assessment(INDEX, DATA), path)


def test_a_file_that_is_read_only_stays(tmp_path, monkeypatch):
    path = tmp_path / "model.toml"
    path.write_text("old")
    path.chmod(0o444)
    monkeypatch.setattr(os, "access", lambda path, mode: False)  # root may write everywhere
    with pytest.raises(FileError, match="the existing file is read-only"):
        INDEX.save(path)
    assert path.read_text() == "old"


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="there is no full device")
@pytest.mark.parametrize("name", ["assessment.dli", "model.toml", "graph.toml"])
def test_a_full_disk_is_told(name):
    with pytest.raises(FileError, match="'/dev/full': No space left"):
        WRITERS[name]("/dev/full")


def test_special_files_are_written_to():
    INDEX.save(os.devnull)
    assert not Path(os.devnull).is_file()


def test_a_lone_surrogate_leaves_the_old_file(tmp_path):
    data = {"unit": ["X", "half \ud800 pair"], "a": [1, 2]}
    assessment = Assessment(Index("T", [Indicator("a")]), data)
    for name, write in {
        "a.dli": assessment.save,
        "r.md": Report("half \ud800 pair", "", []).save,
    }.items():
        path = tmp_path / name
        path.write_text("old")
        with pytest.raises(FileError, match=rf"{name}': the text around .*half .ud800 pair"):
            write(path)
        assert path.read_text() == "old"
    for write in (write_csv, write_excel):  # pandas with pyarrow refuses such texts, others do not
        with pytest.raises(
            (DataError, FileError), match=r"not valid Unicode|has the invalid character|cannot hold"
        ):
            write(assessment, tmp_path / "book.xlsx")


def test_texts_that_no_table_can_hold_are_named(tmp_path, monkeypatch):
    def fail(assessment):
        "half \ud800 pair".encode()

    monkeypatch.setattr("dli.exchange.results._framework", fail)
    with pytest.raises(DataError, match=r"tables cannot hold the text 'half .ud800 pair'"):
        write_csv(Assessment(INDEX, DATA), tmp_path)


# One process that starts others and kills them, since importing takes longer than all the saving.
KILLING = """
import os, random, signal, sys, time
from dli import Index
path = sys.argv[1]
index = Index.load(path)
rng = random.Random(1)
for _ in range(20):
    child = os.fork()
    if child == 0:
        while True:
            index.save(path)
    time.sleep(rng.random() * 0.03)
    os.kill(child, signal.SIGKILL)
    os.waitpid(child, 0)
    assert Index.load(path) == index
print("whole")
"""


@pytest.mark.skipif(not hasattr(os, "fork"), reason="processes cannot be forked")
def test_a_saving_process_that_is_killed_leaves_a_whole_file(tmp_path):
    index = Index("T", [Indicator(f"i{i}", description="x" * 500) for i in range(50)])
    index.save(tmp_path / "model.toml")
    done = subprocess.run(
        [sys.executable, "-W", "ignore", "-c", KILLING, str(tmp_path / "model.toml")],
        check=False,
        capture_output=True,
        text=True,
    )
    assert (done.stdout, done.stderr) == ("whole\n", "")


# Workbooks, CSV files and reports


def test_a_workbook_names_the_cells_that_it_cannot_hold(tmp_path):
    path = tmp_path / "book.xlsx"
    path.write_text("old")
    data = {"unit": ["X", "bell \x07", "y" * 40_000], "a": [1, 2, 3], "b": [1, 2, 3]}
    with pytest.raises(DataError) as caught:
        write_excel(Assessment(INDEX, data), path)
    text = "\n".join(caught.value.faults)
    assert (
        "sheet 'Scores', column 'unit', row 3: 'bell \\x07' has the invalid character '\\x07'"
        in text
    )
    assert "row 4: a text of 40,000 characters; a cell can have at most 32,767" in text
    assert path.read_text() == "old"


def test_a_workbook_refuses_more_than_its_rows(tmp_path, monkeypatch):
    monkeypatch.setattr("dli.exchange.results._MAX_ROWS", 3)
    with pytest.raises(DataError, match=r"sheet 'Scores': 4 rows and 4 columns"):
        write_excel(Assessment(INDEX, DATA), tmp_path / "book.xlsx")


def test_whole_numbers_that_name_units_keep_their_digits(tmp_path):
    data = {"unit": [12345678901234567890, 12345678901234567891], "a": [1, 2], "b": [1, 2]}
    write_excel(Assessment(INDEX, data), tmp_path / "book.xlsx")
    sheet = openpyxl.load_workbook(tmp_path / "book.xlsx")["Scores"]
    assert [sheet.cell(row, 1).value for row in (2, 3)] == [str(unit) for unit in data["unit"]]


def test_csv_files_hold_line_ends_within_cells(tmp_path):
    data = {"unit": ["X", "two\r\nlines"], "a": [1, 2], "b": [1, 2]}
    write_csv(Assessment(INDEX, data), tmp_path)
    with (tmp_path / "scores.csv").open(newline="", encoding="utf-8") as file:
        assert [row[0] for row in csv.reader(file)] == ["unit", "X", "two\r\nlines"]
    (tmp_path / "file").write_text("")
    with pytest.raises(FileError, match=r"cannot write '.*file': File exists"):
        write_csv(Assessment(INDEX, data), tmp_path / "file")


def test_a_report_needs_a_known_ending(tmp_path):
    for path in (tmp_path / "x.pdf", 5):
        with pytest.raises(MethodError, match=r"can be saved as .html or .md"):
            Report("R", "", []).save(path)


def test_a_folder_of_pictures_that_cannot_be_made_is_named(tmp_path):
    report = Report("R", "", [Section("S", [Picture(b"<svg/>")])])
    with pytest.raises(FileError, match=r"cannot write '.*gone.r_files': No such file"):
        report.save(tmp_path / "gone" / "r.md")
    report.save(tmp_path / "r.md")
    assert (tmp_path / "r_files" / "picture-1.svg").read_bytes() == b"<svg/>"


# Limits of files in TOML


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (".".join("a" * 100_000) + " = 1", f"line 1: a key has more than {MAX_KEY_PARTS} parts"),
        ("b = 1\na = " + "[" * 100_000, f"line 2: arrays and tables are nested more than {MAX_NESTING}"),
        ("#" * (MAX_TOML_BYTES + 1), "more than 10,000,000 bytes"),
        ("a = [1, 1" + "0" * 400 + "]", r"a\[2\]: a whole number beyond the range of floats"),
        ("a = 1" + "0" * 5000, "not a model file in TOML"),
        ('a = ["""x"""", ' + "[" * 100, "nested more than"),
        ("a = ['''x''''', " + "[" * 100, "nested more than"),
    ],
)  # fmt: skip
def test_a_file_beyond_the_limits_is_refused_at_once(tmp_path, text, message):
    path = tmp_path / "model.toml"
    path.write_text(text)
    start = time.perf_counter()
    with pytest.raises(ModelError, match=message):
        Index.load(path)
    with pytest.raises(ModelError, match=message.replace("model file", "file of capabilities")):
        CapabilityGraph.load(path)
    assert time.perf_counter() - start < 2


@pytest.mark.parametrize(
    "text",
    [
        '# [[[[[[[[[[[[[[[[[[[[[ """\na = 1.5',
        'a = """\n[[[[[[[[[[[[[[[[[[[[ \\""" a.b.c.d.e.f.g.h.i.j.k.l.m.n.o.p.q.r"""',
        "a = '[[[[[[[[[[[[[[[[[[[[[[['\nb = '''\n'[[[[[[[[[[[[[[[[[[[[[[['''",
        'a = "[[[[[[[[[[[[[[[[[[[[[[[ \\" ]"\n"a.b.c.d.e.f.g.h.i.j.k.l.m.n.o.p.q.r" = 1',
        "a = [" + "[1.5, 2.5], " * 100 + "]",
        "[a.b.c.d.e.f.g.h.i.j.k.l.m.n.o.p]\n" * 1,
    ],
)
def test_brackets_and_dots_in_texts_are_no_nesting(tmp_path, text):
    (tmp_path / "x.toml").write_bytes(b"\xef\xbb\xbf" + text.encode())
    assert read_toml(tmp_path / "x.toml", "file")


def test_a_model_that_could_not_be_read_is_not_written(tmp_path, monkeypatch):
    monkeypatch.setattr("dli.files.MAX_TOML_BYTES", 1000)
    path = tmp_path / "model.toml"
    path.write_text("old")
    index = Index("T", [Indicator("a", description="x" * 1000)])
    with pytest.raises(ModelError, match=r"model.toml' would exceed a limit"):
        index.save(path)
    assert path.read_text() == "old"


@example("\r")
@given(
    st.text(
        st.characters(exclude_categories=["Cs", "Cc", "Cn"], include_characters="\t\n\r"),
        max_size=30,
    )
)
def test_every_text_survives_in_models(tmp_path_factory, text):
    path = tmp_path_factory.mktemp("text") / "model.toml"
    index = Index("T", [Indicator("a", text, description=f"{text}\n{text}")])
    index.save(path)
    assert Index.load(path) == index


def test_numbers_of_numpy_in_indicators_are_written(tmp_path):
    indicator = Indicator("a", direction=np.int64(1), weight=np.float32(0.5), target=np.int64(3),
                          goalposts=(np.float32(0), np.float64(1)))  # fmt: skip
    Index("T", [indicator]).save(tmp_path / "m.toml")
    assert Index.load(tmp_path / "m.toml") == Index("T", [indicator])


# Cells


class _Colour(Enum):
    RED = 1


class _Level(IntEnum):
    HIGH = 2


class _Region(StrEnum):
    NORTH = "N"


ZONE = ZoneInfo("Europe/Tallinn")
CELLS = [
    dt.date(2021, 3, 31), dt.datetime(2021, 3, 31, 1, 2, 3, 4),  # noqa: DTZ001 one without a time zone
    dt.datetime(2021, 3, 31, tzinfo=dt.UTC),
    dt.datetime(2021, 10, 31, 3, 30, tzinfo=ZONE), dt.datetime(2021, 10, 31, 3, 30, fold=1, tzinfo=ZONE),
    dt.datetime(2021, 1, 1, tzinfo=dt.timezone(dt.timedelta(hours=5, minutes=45))),
    dt.time(1, 2), dt.timedelta(-1, 2, 3), Decimal("0.10"), Decimal("Infinity"), 10**30, -(2**64), True,
    False, 0, "NA", "", float("inf"), 0.1, -0.0, (1, "x", (None, Decimal(1))),
    pd.Timestamp("2021-03-31 01:02:03.123456789"), pd.Timestamp("2021-03-31", tz="Europe/Tallinn"),
    pd.Timestamp("2021-03-31").as_unit("s"), pd.Timedelta(5, "ns"), pd.Period("2021Q3"),
    np.datetime64("2021-03"), np.datetime64("2021-03-31T01:02:03.123456789"), np.timedelta64(3, "h"),
]  # fmt: skip


@pytest.mark.parametrize("cell", CELLS, ids=repr)
def test_a_cell_survives_with_its_kind(cell):
    back = from_plain(to_plain(cell))
    assert type(back) is type(cell)
    assert back == cell
    assert repr(back) == repr(cell)


def test_units_periods_and_context_of_any_kind_survive_the_file(tmp_path):
    units = list(dict.fromkeys(CELLS))
    n = len(units)
    data = {
        "unit": units,
        "when": [dt.date(2021, 3, 31)] * n,
        "a": np.linspace(0, 1, n),
        "b": np.linspace(1, 0, n),
        "list": [[1, (2, None)]] * n,
    }
    saved = Assessment(INDEX, data, period="when")
    saved.save(tmp_path / "a.dli")
    loaded = Assessment.load(tmp_path / "a.dli")
    assert [repr(unit) for unit in loaded.observations.units] == [repr(unit) for unit in units]
    assert loaded.observations.periods == saved.observations.periods
    assert loaded.context("list") == saved.context("list")
    assert loaded.array("T").tobytes() == saved.array("T").tobytes()
    loaded.save(tmp_path / "b.dli")
    assert (tmp_path / "a.dli").read_bytes() == (tmp_path / "b.dli").read_bytes()


@pytest.mark.parametrize("zone", [None, "UTC", "Europe/Tallinn"])
def test_columns_of_dates_in_pandas_survive(tmp_path, zone):
    when = pd.Series(
        pd.to_datetime(
            ["2021-03-31T00:00:00", None, "2021-03-31T01:02:03.123456789"], format="ISO8601"
        )
    )
    frame = pd.DataFrame({**DATA, "when": when.dt.tz_localize(zone)})
    saved = Assessment(INDEX, frame)
    saved.save(tmp_path / "a.dli")
    assert Assessment.load(tmp_path / "a.dli").context("when") == saved.context("when")


def test_members_of_enums_are_kept_as_text_or_number_or_refused(tmp_path):
    assert (to_plain(_Level.HIGH), to_plain(_Region.NORTH)) == (2, "N")
    assert [type(to_plain(cell)) for cell in (_Level.HIGH, _Region.NORTH)] == [int, str]
    data = DATA | {"colour": [_Colour.RED, {1}, None], "odd": [1j, np.longdouble(1), 10**5000]}
    with pytest.raises(DataError) as caught:
        Assessment(INDEX, data).save(tmp_path / "a.dli")
    assert [fault.split(",")[0] for fault in caught.value.faults] == [
        "row 0: column 'colour' holds a _Colour",
        "row 1: column 'colour' holds a set",
        "row 0: column 'odd' holds a complex",
        "row 1: column 'odd' holds a longdouble",
        "row 2: column 'odd' holds a whole number of more than 4",
    ]
    assert caught.value.faults[0].endswith("; use its value")
    assert not list(tmp_path.iterdir())
    nested = ()
    for _ in range(20):
        nested = (nested,)
    with pytest.raises(DataError, match="nested more than 16 levels deep"):
        to_plain(nested)


@pytest.mark.parametrize(
    ("plain", "message"),
    [
        ({}, "is not a cell"),
        ({"set": [1]}, "is not a cell"),
        ({"date": "2021-01-01", "time": "01:00"}, "is not a cell"),
        ({"tuple": 1}, "is not a cell"),
        ({"date": 1}, "is not a date"),
        ({"date": "2021-13-01"}, "is not a date: month must be in"),
        ({"timedelta": [10**10, 0, 0]}, "is not a timedelta"),
        ({"timedelta": [True, 0, 0]}, "is not a timedelta"),
        ({"Decimal": "x"}, "is not a Decimal"),
        ({"datetime": ["2021-01-01T00:00:00+00:00", "No/Where"]}, "is not a datetime"),
        ({"datetime64": [-(2**63), "D", 1]}, "stands for a missing value"),
        ({"timedelta64": [1, "x", 1]}, "is not a timedelta64"),
        ({"Timestamp": ["now", "ns"]}, "is not a Timestamp"),
        ({"Timestamp": ["2021-01-01", "h"]}, "is not a Timestamp"),
        ({"Period": [2**62, "D"]}, "is not a Period"),
    ],
)
def test_what_is_not_a_cell_is_refused(plain, message):
    with pytest.raises(DataError, match=message):
        from_plain(plain)


def test_time_stamps_need_pandas(monkeypatch):
    plain = to_plain(pd.Timestamp("2021-01-01"))
    monkeypatch.setitem(sys.modules, "pandas", None)
    with pytest.raises(DataError, match="a Timestamp needs pandas, which is not installed"):
        from_plain(plain)


def test_nested_cells_of_a_file_have_a_limit():
    plain = []
    for _ in range(20):
        plain = [plain]
    with pytest.raises(DataError, match="nested more than 16 levels deep"):
        from_plain(plain)


def test_a_zone_of_pytz_is_kept_by_its_name():
    class Zone:
        zone = "Europe/Tallinn"

    assert _zone_of_pandas(Zone()) == ["Europe/Tallinn"]
    assert _zone_of_pandas(None) == []
