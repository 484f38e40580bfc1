import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.testing import assert_allclose

from dli import Assessment, Index, Indicator, frames
from dli.errors import DataError, MethodError, UnknownCodeError
from dli.observations import Observations
from dli.screening import availability, data_shares, screen

INDEX = Index("T", [Index("A", [Indicator("a"), Indicator("b")]), Indicator("c")])
DATA = {
    "unit": ["V", "W", "X", "Y", "Z"],
    "a": [1.0, 0.0, None, 4.0, None],
    "b": [2.0, 0.0, None, 0.0, None],
    "c": [3.0, 5.0, 1.0, None, None],
    "region": ["N", "N", "S", "S", "S"],
}


def test_shares_by_hand():
    found = screen(INDEX, DATA)
    assert_allclose(found.available, [1, 1, 1 / 3, 2 / 3, 0])
    assert_allclose(found.nonzero, [1, 1 / 3, 1, 1 / 2, np.nan])


def test_rules_and_decisions():
    assert screen(INDEX, DATA, availability=0.5).included.tolist() == [True] * 2 + [
        False,
        True,
        False,
    ]
    assert screen(INDEX, DATA, nonzero=0.5).included.tolist() == [True, False, True, True, False]
    both = screen(INDEX, DATA, availability=0.5, nonzero=0.5, force={"X": True, "V": False})
    assert both.included.tolist() == [False, False, True, True, False]
    assert frames.read(both.table).column("reason") == [
        "left out by decision (enough data)",
        "only 0.333 of its values are not zero",
        "kept by decision (has only 0.333 of the indicators)",
        "enough data",
        "has only 0 of the indicators",
    ]
    assert frames.read(both.table).column("missing") == [0, 0, 2, 1, 3]
    assert frames.read(both.table).column("zeros") == [0, 2, 0, 1, 0]
    assert repr(both).splitlines()[0] == "2 of 5 rows kept"


@pytest.mark.parametrize(
    "convert",
    [dict, pd.DataFrame, pl.DataFrame, pa.table],
    ids=["mapping", "pandas", "polars", "pyarrow"],
)
def test_what_is_kept_can_be_assessed(convert):
    found = screen(INDEX, convert(DATA), availability=0.5, nonzero=0.4)
    assert found.observations.units == ("V", "Y")
    assessment = Assessment(INDEX.without("c"), found.observations)
    assert assessment.units == ("V", "Y")
    assert assessment.context("region") == ["N", "S"]
    assert assessment.array("T").tolist() == [50.0, 50.0]


def test_a_file_keeps_its_lines(tmp_path):
    path = tmp_path / "data.csv"
    path.write_text("unit,a,b,c\nV,1,2,3\nW,,,\nX,4,x,6\n")
    with pytest.raises(DataError, match="line 4"):
        screen(INDEX, path)
    path.write_text("unit,a,b,c\nV,1,2,3\nW,,,\nX,4,5,6\n")
    kept = screen(INDEX, path).observations
    assert kept.units == ("V", "X")
    assert kept.table.where(1) == "line 4"


def test_panels_are_screened_row_by_row():
    panel = {name: cells * 2 for name, cells in DATA.items()} | {"year": [1] * 5 + [2] * 5}
    found = screen(INDEX, panel, period="year", availability=0.5, force={"Z": True})
    assert found.observations.periods == (1, 1, 1, 1, 2, 2, 2, 2)
    assert frames.read(found.table).names[:2] == ("unit", "year")
    shares = frames.read(availability(INDEX, panel, period="year"))
    assert shares.names == ("unit", "year", "T", "A")
    assert_allclose(shares.column("A")[:5], [1, 1, 0, 1, 0])
    observations = Observations.read(panel, INDEX, period="year")
    assert len(screen(INDEX, observations).units) == 10
    assert frames.read(availability(INDEX, observations)).column("T") == shares.column("T")


def test_many_that_are_left_out_are_cut_short():
    data = {"unit": list(range(30)), "a": [None] * 29 + [1], "b": [1] * 30, "c": [1] * 30}
    assert repr(screen(INDEX, data, availability=0.9)).endswith("…")


def test_faults_are_listed():
    with pytest.raises(MethodError) as caught:
        screen(INDEX, DATA, availability=2, nonzero=True, force={"V": 1})
    assert caught.value.faults == (
        "availability must be a number from 0 to 1, got 2",
        "nonzero must be a number from 0 to 1, got True",
        "force['V'] must be True or False, got 1",
    )
    with pytest.raises(UnknownCodeError, match="no unit to force 'Q'"):
        screen(INDEX, DATA, force={"Q": True})
    with pytest.raises(MethodError, match="no unit has enough data for availability=1, nonzero=1"):
        screen(INDEX, DATA, availability=1, nonzero=1, force={"V": False})
    with pytest.raises(MethodError, match="must have the shape"):
        data_shares([1.0, 2.0])


def test_a_share_at_its_threshold_is_enough():
    # X has 2 of 3 values that are not zero, which rounding must not put below the threshold.
    data = {"unit": ["X", "Y"], "a": [1, 0], "b": [2, 2], "c": [0, 0]}
    found = screen(INDEX, data, nonzero=2 / 3 + 1e-15, availability=np.int64(1))
    assert found.included.tolist() == [True, False]


def test_decisions_may_be_those_of_numpy():
    found = screen(INDEX, DATA, availability=0.5, force={"X": np.True_})
    assert found.included.tolist() == [True, True, True, True, False]


def test_infinite_values_are_refused():
    with pytest.raises(MethodError, match=r"(?s)must be finite.*row 0, column 1: inf"):
        data_shares([[1.0, np.inf]])


@given(st.integers(0, 2**32), st.floats(0, 1), st.floats(0, 1))
def test_a_higher_threshold_never_keeps_more(seed, one, other):
    cells = np.random.default_rng(seed).choice([np.nan, 0.0, 1.0, 2.0], (8, 3))
    data = {"unit": list("STUVWXYZ")} | dict(zip("abc", cells.T, strict=True))
    low, high = sorted([one, other])
    keep = {"S": True}
    few, many = (
        screen(INDEX, data, availability=t, nonzero=t, force=keep).included for t in (high, low)
    )
    assert (few <= many).all()
