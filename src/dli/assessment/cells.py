"""Conversion of table cells to JSON values and back, without loss of type or precision.

Text, numbers, True, False, None and lists stay as they are. A cell of any other type becomes an
object with one key, the name of the type: ``{"date": "2021-03-31"}``.
"""

from collections.abc import Callable, Mapping
from datetime import UTC, date, datetime, time, timedelta, tzinfo
from decimal import Decimal
from enum import Enum
from typing import Any
from zoneinfo import ZoneInfo

import numpy as np

from dli.errors import DataError
from dli.frames import is_missing

__all__ = ["from_plain", "to_plain"]

# The limit to the nesting of tuples and lists prevents a file from exhausting Python's stack.
_MAX_NESTING = 16
# By default, Python converts whole numbers of at most 4,300 digits from and to text.
_MAX_BITS = 14_000
# The errors that constructors raise for invalid texts and numbers, for unknown units of time
# (TypeError, RuntimeError) and for unknown time zones (KeyError, OSError).
_INVALID = (TypeError, ValueError, ArithmeticError, RuntimeError, KeyError, OSError)


def to_plain(cell: Any, depth: int = 0) -> Any:
    """Return a cell as a JSON value.

    Supported are text, Python and NumPy numbers, decimals, dates, times, durations, the time
    stamps, durations and periods of NumPy and pandas, and tuples and lists of these. An enum
    member that is itself a text or a number is saved as that text or number. A time zone is saved
    by name if it is a ``ZoneInfo``, and as its offset from UTC otherwise.

    Raises
    ------
    DataError
        The cell has an unsupported type.

    Examples
    --------
    >>> to_plain((1, Decimal("0.10")))
    {'tuple': [1, {'Decimal': '0.10'}]}
    """
    if depth > _MAX_NESTING:
        raise DataError(f"tuples or lists nested more than {_MAX_NESTING} levels deep")
    if isinstance(cell, np.generic) and not isinstance(cell, (np.datetime64, np.timedelta64)):
        cell = cell.item()
    if isinstance(cell, (tuple, list)):
        items = [to_plain(item, depth + 1) for item in cell]
        return {"tuple": items} if isinstance(cell, tuple) else items
    if isinstance(cell, (bool, str, int, float)):
        return _simple(cell)
    return None if is_missing(cell) else _marked(cell)


def _simple(cell: Any) -> Any:
    """Return a text or number as an instance of the built-in type rather than a subclass."""
    if isinstance(cell, str):
        return str.__str__(cell)
    if isinstance(cell, (bool, float)):
        return cell if isinstance(cell, bool) else float(cell)
    if cell.bit_length() > _MAX_BITS:
        raise DataError("holds a whole number of more than 4,000 digits")
    return int(cell)


def _marked(cell: Any) -> dict[str, Any]:
    """Return a cell as an object with one key, the name of its type."""
    kind = type(cell).__name__
    if isinstance(cell, (np.datetime64, np.timedelta64)):
        unit, count = np.datetime_data(cell.dtype)
        return {kind: [int(cell.astype(np.int64)), unit, count]}
    if type(cell).__module__.split(".")[0] == "pandas" and kind in _PANDAS:
        return {kind: _PANDAS[kind](cell)}
    for own, write in _WRITERS.items():
        if isinstance(cell, own):
            return {own.__name__: write(cell)}
    advice = "; use its value" if isinstance(cell, Enum) else ""
    raise DataError(f"holds a {kind}, which a file cannot keep: {cell!r}{advice}")


def _whole(cell: Any) -> Any:
    """Return a datetime or time; raise `DataError` if its ISO text would lose information."""
    if isinstance(cell, time) and cell.tzinfo is not None and cell.utcoffset() is None:
        raise DataError(
            f"holds a time whose zone depends on the day, which no file keeps: {cell!r}"
        )
    if cell.fold and cell.tzinfo is None:
        raise DataError(f"holds a time with fold=1 but no zone, which no file keeps: {cell!r}")
    if isinstance(cell, datetime) and isinstance(cell.tzinfo, ZoneInfo):
        try:
            cell.astimezone(UTC)
        except OverflowError as error:
            raise DataError(f"holds a time beyond the calendar of UTC: {cell!r}") from error
    return cell


def _zone(zone: tzinfo | None) -> list[str]:
    return [zone.key] if isinstance(zone, ZoneInfo) and zone.key else []


def _zone_of_pandas(zone: Any) -> list[str]:
    """Return the name of a zone; before version 3, pandas uses the zones of pytz."""
    name = getattr(zone, "zone", None)
    return [name] if isinstance(name, str) else _zone(zone)


# The order matters, because a datetime is also a date.
_WRITERS: Mapping[type, Callable[[Any], Any]] = {
    datetime: lambda cell: [_whole(cell).isoformat(), *_zone(cell.tzinfo)],
    date: lambda cell: cell.isoformat(),
    time: lambda cell: _whole(cell).isoformat(),
    timedelta: lambda cell: [cell.days, cell.seconds, cell.microseconds],
    Decimal: str,
}
_PANDAS: Mapping[str, Callable[[Any], Any]] = {
    "Timestamp": lambda cell: [cell.isoformat(), cell.unit, *_zone_of_pandas(cell.tzinfo)],
    "Timedelta": lambda cell: [int(cell.asm8.astype(np.int64)), cell.unit],
    "Period": lambda cell: [cell.ordinal, cell.freqstr],
}


def from_plain(plain: Any, depth: int = 0) -> Any:
    """Return the cell that `to_plain` converted to a JSON value.

    Raises
    ------
    DataError
        The value is not a possible result of `to_plain`.

    Examples
    --------
    >>> from_plain({"tuple": [1, {"Decimal": "0.10"}]})
    (1, Decimal('0.10'))
    """
    if depth > _MAX_NESTING:
        raise DataError(f"tuples or lists nested more than {_MAX_NESTING} levels deep")
    if isinstance(plain, list):
        return [from_plain(item, depth + 1) for item in plain]
    if not isinstance(plain, dict):
        return plain
    kind, content = next(iter(plain.items()), ("", None))
    if kind == "tuple" and isinstance(content, list) and len(plain) == 1:
        return tuple(from_plain(item, depth + 1) for item in content)
    if len(plain) != 1 or kind not in _READERS:
        raise DataError(f"{plain!r:.80} is not a cell")
    items = content if isinstance(content, list) else [content]
    # Python treats True as a whole number, so that it would be read as 1.
    kinds = "".join("n" if type(i) is int else "t" if isinstance(i, str) else "?" for i in items)
    patterns, read = _READERS[kind]
    if kinds not in patterns:
        raise DataError(f"{plain!r:.80} is not a {kind}")
    try:
        return read(*items)
    except _INVALID as error:
        raise DataError(f"{plain!r:.80} is not a {kind}: {error}") from error
    except ImportError as error:
        raise DataError(f"a {kind} needs pandas, which is not installed") from error


def _datetime(text: str, zone: str | None = None) -> datetime:
    moment = datetime.fromisoformat(text)
    return moment if zone is None else moment.astimezone(ZoneInfo(zone))


def _timestamp(text: str, unit: Any, zone: str | None = None) -> Any:
    import pandas as pd

    datetime.fromisoformat(text)  # pandas would also read other texts, such as "now"
    moment = pd.Timestamp(text).as_unit(unit)
    return moment if zone is None else moment.tz_convert(ZoneInfo(zone))


def _timedelta(number: int, unit: Any) -> Any:
    import pandas as pd

    return pd.Timedelta(_numpy_timedelta(number, unit, 1)).as_unit(unit)


def _period(ordinal: int, frequency: str) -> Any:
    import pandas as pd

    period = pd.Period(ordinal=_not_missing(ordinal), freq=frequency)
    period.start_time  # noqa: B018 raises an error for years that pandas does not support
    return period


def _numpy_datetime(number: int, unit: Any, count: int) -> Any:
    return np.datetime64(_not_missing(number), (unit, count))


def _numpy_timedelta(number: int, unit: Any, count: int) -> Any:
    return np.timedelta64(_not_missing(number), (unit, count))


def _not_missing(number: int) -> int:
    if number == np.iinfo(np.int64).min:
        raise ValueError("this number stands for a missing value")
    return number


# For each type, the possible types of its items (n for a whole number, t for a text) and the
# function that converts them.
_READERS: Mapping[str, tuple[tuple[str, ...], Callable[..., Any]]] = {
    "datetime": (("t", "tt"), _datetime),
    "date": (("t",), date.fromisoformat),
    "time": (("t",), time.fromisoformat),
    "timedelta": (("nnn",), timedelta),
    "Decimal": (("t",), Decimal),
    "datetime64": (("ntn",), _numpy_datetime),
    "timedelta64": (("ntn",), _numpy_timedelta),
    "Timestamp": (("tt", "ttt"), _timestamp),
    "Timedelta": (("nt",), _timedelta),
    "Period": (("nt",), _period),
}
