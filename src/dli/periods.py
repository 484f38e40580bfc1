"""The chronological order of periods, and their places in time."""

import re
from collections.abc import Callable, Iterable
from datetime import UTC, date, datetime, time, timedelta
from typing import Any

import numpy as np

from dli.arrays import Floats
from dli.checks import is_number
from dli.errors import DataError

__all__ = ["period_number", "period_order", "period_times"]

_NUMBER = re.compile(r"[+-]?\d+(\.\d+)?")
_MONTH = "(0[1-9]|1[0-2])"


def _day(year: int, month: int, day: int) -> float:
    # Days are added to the first of the month, because text may name a day that a month lacks.
    first = np.datetime64(f"{year:04d}-{month:02d}-01", "D")
    return float(first.astype(np.int64)) + day - 1


def _week(year: int, week: int) -> float:
    # Week 1 contains 4 January, and 1 January 1970 was a Thursday.
    fourth = _day(year, 1, 4)
    return (fourth - (fourth + 3) % 7) / 7 + week


# Each kind of text that is ordered by its numbers, and the function that computes their time.
_TEXTS: list[tuple[re.Pattern[str], Callable[..., float]]] = [
    (re.compile(rf"(\d{{4}})-{_MONTH}-(0[1-9]|[12]\d|3[01])"), _day),  # 2021-03-31
    # 2021-03, 2021M03, 2021-M03
    (re.compile(rf"(\d{{4}})(?:-|-?M){_MONTH}"), lambda year, month: 12.0 * year + month),
    (re.compile(r"(\d{4})[- ]?Q([1-4])"), lambda year, quarter: 4.0 * year + quarter),  # 2021-Q3
    (re.compile(r"(\d{4})[- ]?[HS]([12])"), lambda year, half: 2.0 * year + half),  # 2021-S1
    (re.compile(r"(\d{4})-?W([0-4]\d|5[0-3])"), _week),  # 2021-W07
    (re.compile(r"(\d{4})/\d{2}(?:\d{2})?"), float),  # 2021/22
]


def period_order(periods: Iterable[Any]) -> list[Any]:
    """Return the distinct periods in chronological order.

    Parameters
    ----------
    periods : iterable
        Periods that are all numbers, or all text of numbers such as "9" and "10"; all dates, with
        or without a time of day; or all text of one kind: days ("2021-03-31"), months ("2021-03",
        "2021M03"), weeks ("2021-W07"), quarters ("2021-Q3"), half-years ("2021-S1") or years such
        as financial years ("2021/22").

    Raises
    ------
    DataError
        The order of the periods is ambiguous: they are of several kinds, they are other text, or
        two texts mean the same number.

    Examples
    --------
    >>> period_order(["10", "9", "11", "9"])
    ['9', '10', '11']
    >>> period_order(["2022-Q1", "2021-Q4"])
    ['2021-Q4', '2022-Q1']
    """
    different = list(dict.fromkeys(periods))
    if len(different) < 2:
        return different
    keys, _ = _keyed(different)
    return [different[place] for place in sorted(range(len(keys)), key=keys.__getitem__)]


def period_times(periods: Iterable[Any]) -> Floats:
    """Return each period as a number, its place in time.

    Parameters
    ----------
    periods : iterable
        As for `period_order`.

    Returns
    -------
    ndarray of shape (n_periods,)
        Numbers themselves; dates, including dates as text, in days since 1970; text of months,
        weeks, quarters, half-years and years in that unit of time, so that 2021-Q1 is one step
        after 2020-Q4.

    Raises
    ------
    DataError
        The order of the periods is ambiguous, as for `period_order`.

    Examples
    --------
    >>> period_times(["2020-Q2", "2020-Q4", "2021-Q1"]).tolist()
    [8082.0, 8084.0, 8085.0]
    >>> period_times(["1970-01-02", "1970-02-01"]).tolist()
    [1.0, 31.0]
    """
    periods = list(periods)
    different = list(dict.fromkeys(periods))
    if not different:
        return np.empty(0)
    keys, number = _keyed(different)
    times = dict(zip(different, map(number, keys), strict=True))
    return np.array([times[period] for period in periods], dtype=np.float64)


def _keyed(different: list[Any]) -> tuple[list[Any], Callable[[Any], float]]:
    """Return a key for each of different periods to sort by, and what makes a key a number."""
    for key, number in _KINDS:
        keys: list[Any] = [key(period) for period in different]
        # 2021.9 and 2021.10 may be September and October, or decimal numbers.
        is_unclear = key is _number_text_key and len(set(map(_decimals, different)) - {0}) > 1
        if None not in keys and len(set(keys)) == len(keys) and not is_unclear:
            try:
                sorted(keys)
            except TypeError:  # with and without a time zone
                break
            return keys, number
    raise DataError(
        "the order of the periods is ambiguous; they must all be numbers, all dates, or all text "
        "of one kind such as '2021', '2021-03' or '2021-Q3'",
        map(repr, different),
    )


def period_number(period: Any) -> float | None:
    """Return a period as a number if it is a number or the text of one, else None."""
    if isinstance(period, str):
        return float(period) if _NUMBER.fullmatch(period.strip()) else None
    return float(period) if is_number(period) else None


def _number_key(period: Any) -> float | None:
    return None if isinstance(period, str) else period_number(period)


def _number_text_key(period: Any) -> float | None:
    return period_number(period) if isinstance(period, str) else None


def _decimals(period: Any) -> int:
    return len(str(period).strip().partition(".")[2])


def _date_key(period: Any) -> datetime | None:
    period = getattr(period, "start_time", period)  # of a pandas Period
    if isinstance(period, np.datetime64):
        period = period.astype("datetime64[us]").item()
    if isinstance(period, date) and not isinstance(period, datetime):
        return datetime.combine(period, time())
    return period if isinstance(period, datetime) else None


def _days(moment: datetime) -> float:
    start = datetime(1970, 1, 1, tzinfo=None if moment.tzinfo is None else UTC)
    return (moment - start) / timedelta(days=1)


def _text_key(kind: re.Pattern[str]) -> Callable[[Any], tuple[int, ...] | None]:
    def key(period: Any) -> tuple[int, ...] | None:
        match = kind.fullmatch(period.strip()) if isinstance(period, str) else None
        return None if match is None else tuple(map(int, match.groups()))

    return key


def _of(number: Callable[..., float]) -> Callable[[tuple[int, ...]], float]:
    return lambda key: number(*key)


# Each kind of period: a function that returns its key, or None for a period of another kind, and a
# function that turns the key into a number.
_KINDS: list[tuple[Callable[[Any], Any], Callable[[Any], float]]] = [
    (_number_key, float),
    (_date_key, _days),
    (_number_text_key, float),
    *((_text_key(kind), _of(number)) for kind, number in _TEXTS),
]
