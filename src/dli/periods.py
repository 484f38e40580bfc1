"""The order of periods."""

import re
from collections.abc import Callable, Iterable
from datetime import date, datetime, time
from typing import Any

import numpy as np

from dli.checks import is_number
from dli.errors import DataError

__all__ = ["period_number", "period_order"]

_NUMBER = re.compile(r"[+-]?\d+(\.\d+)?")
_MONTH = "(0[1-9]|1[0-2])"
# Each kind of text whose order is that of its numbers.
_TEXTS = [
    _NUMBER,
    re.compile(rf"(\d{{4}})-{_MONTH}-(0[1-9]|[12]\d|3[01])"),  # 2021-03-31
    re.compile(rf"(\d{{4}})(?:-|-?M){_MONTH}"),  # 2021-03, 2021M03, 2021-M03
    re.compile(r"(\d{4})[- ]?Q([1-4])"),  # 2021-Q3
    re.compile(r"(\d{4})[- ]?[HS]([12])"),  # 2021-S1, half a year
    re.compile(r"(\d{4})-?W([0-4]\d|5[0-3])"),  # 2021-W07
    re.compile(r"(\d{4})/\d{2}(?:\d{2})?"),  # 2021/22
]


def period_order(periods: Iterable[Any]) -> list[Any]:
    """Return the different periods in the order of time.

    Parameters
    ----------
    periods : iterable
        All numbers, or text of numbers such as "9" and "10"; all dates, with a time of day or
        without; or all text of one kind: days ("2021-03-31"), months ("2021-03", "2021M03"), weeks
        ("2021-W07"), quarters ("2021-Q3"), halves ("2021-S1") or years across two ("2021/22").

    Raises
    ------
    DataError
        Periods whose order is ambiguous, such as a mix of kinds, other text, or two texts of the
        same number.

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
    for key in (_number_key, _date_key, *map(_text_key, _TEXTS)):
        keys: list[Any] = [key(period) for period in different]
        if None not in keys and len(set(keys)) == len(keys):
            try:
                places = sorted(range(len(keys)), key=keys.__getitem__)
            except TypeError:  # with and without a time zone
                break
            return [different[place] for place in places]
    raise DataError(
        "the order of the periods is ambiguous; they must all be numbers, all dates, or all text "
        "of one kind such as '2021', '2021-03' or '2021-Q3'",
        map(repr, different),
    )


def period_number(period: Any) -> float | None:
    """Return a period that is a number, or the text of one, as a number; else None."""
    if isinstance(period, str):
        return float(period) if _NUMBER.fullmatch(period.strip()) else None
    return float(period) if is_number(period) else None


def _number_key(period: Any) -> float | None:
    return None if isinstance(period, str) else period_number(period)


def _date_key(period: Any) -> datetime | None:
    period = getattr(period, "start_time", period)  # of a period of pandas
    if isinstance(period, np.datetime64):
        period = period.astype("datetime64[us]").item()
    if isinstance(period, date) and not isinstance(period, datetime):
        return datetime.combine(period, time())
    return period if isinstance(period, datetime) else None


def _text_key(kind: re.Pattern[str]) -> Callable[[Any], tuple[float, ...] | None]:
    def key(period: Any) -> tuple[float, ...] | None:
        match = kind.fullmatch(period.strip()) if isinstance(period, str) else None
        if match is None:
            return None
        return (float(match[0]),) if kind is _NUMBER else tuple(map(float, match.groups()))

    return key
