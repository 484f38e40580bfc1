"""The order of periods."""

import datetime as dt

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from dli.errors import DataError
from dli.periods import period_number, period_order

IN_ORDER = [
    [9, 10, 11],
    [2019, 2019.5, np.int64(2020)],
    ["9", "10", "11"],
    ["-1", "0", "0.5", "10"],
    [" 9", "10 "],
    ["2021-02-28", "2021-03-01", "2021-11-30"],
    ["2020-12", "2021-03", "2021-11"],
    ["2020M12", "2021M03", "2021-M11"],
    ["2020-Q4", "2021 Q1", "2021Q3"],
    ["2020-S2", "2021-H1"],
    ["2020-W53", "2021-W01", "2021-W10"],
    ["2019/20", "2020/21", "2021/2022"],
    [dt.date(2020, 12, 1), pd.Timestamp("2020-12-01 06:00"), dt.date(2020, 12, 2)],
    [np.datetime64("2020-12"), pd.Timestamp("2021-01-01")],
    list(pd.period_range("2020Q3", periods=4, freq="Q")),
    ["only"],
    [],
]  # fmt: skip


@pytest.mark.parametrize("periods", IN_ORDER, ids=str)
def test_periods_are_in_the_order_of_time(periods):
    assert period_order(periods) == periods
    assert period_order(periods[::-1] + periods) == periods


@given(years=st.lists(st.integers(-3000, 3000), unique=True))
def test_text_of_numbers_has_the_order_of_the_numbers(years):
    assert period_order(map(str, years)) == [str(year) for year in sorted(years)]


@given(days=st.lists(st.dates(min_value=dt.date(1000, 1, 1)), unique=True))
def test_text_of_dates_has_the_order_of_the_dates(days):
    assert period_order(map(str, days)) == [str(day) for day in sorted(days)]


AWARE, NAIVE = dt.datetime(2020, 1, 1, tzinfo=dt.UTC), pd.Timestamp("2021-01-01")
AMBIGUOUS = [
    ["before", "after"],
    ["1st", "2nd"],
    ["2020", "2021-Q1"],
    ["2020-13", "2020-12"],
    ["2020-12", "2020-12-01"],
    [2020, "2021"],
    [2020, dt.date(2021, 1, 1)],
    ["9", "09"],
    ["2020Q1", "2020-Q1"],
    [True, False],
    [1.0, float("inf")],
    [None, 2020],
    [AWARE, NAIVE],
]


@pytest.mark.parametrize("periods", AMBIGUOUS, ids=str)
def test_an_ambiguous_order_is_refused_naming_the_periods(periods):
    with pytest.raises(DataError, match="the order of the periods is ambiguous") as caught:
        period_order(periods)
    assert caught.value.faults == tuple(map(repr, periods))


def test_numbers_of_periods():
    assert [period_number(p) for p in (2020, "2020", "9.5", np.float64(2))] == [2020, 2020, 9.5, 2]
    assert [period_number(p) for p in ("2020-Q1", True, dt.date(2020, 1, 1))] == [None] * 3
