"""The head of a saved assessment: conversion of its methodology to JSON, and checks of its keys."""

from collections.abc import Iterable, Mapping
from datetime import date
from types import NoneType
from typing import Any

from attrs import fields

from dli import frames
from dli.arrays import Floats
from dli.assessment.cells import from_plain, to_plain
from dli.checks import is_hashable, is_whole
from dli.errors import DataError, MethodError
from dli.files import number_faults
from dli.method import Method

__all__ = ["for_json", "from_json", "head_faults", "read_columns", "shape_faults"]

# The types of dates that a parameter may have, as `dli.assessment.cells` names them.
_DATES = ("date", "datetime", "Timestamp")
_KEYS: tuple[tuple[str, Any, str], ...] = (
    ("index", dict, "an object"),
    ("method", dict, "an object"),
    ("context", dict, "an object"),
    ("codes", list, "a list"),
    ("unit", str, "a text"),
    ("period", (str, NoneType), "a text or null"),
    ("library", (str, NoneType), "a text or null"),
    ("numpy", str, "a text"),
)


def for_json(value: Any) -> Any:
    """Return a value of the tables with its dates as objects that JSON supports.

    A date becomes ``{"date": "2020-01-31"}``. A mapping that would be read as a date is wrapped in
    another mapping under the key "mapping".

    Raises
    ------
    MethodError
        The value contains a date that a file cannot contain.

    Examples
    --------
    >>> for_json({"since": date(2020, 1, 31), "by": [{"date": "a column"}]})
    {'since': {'date': '2020-01-31'}, 'by': [{'mapping': {'date': 'a column'}}]}
    """
    if isinstance(value, Mapping):
        mapping = {key: for_json(item) for key, item in value.items()}
        return {"mapping": mapping} if _is_date(mapping) or _is_wrapped(mapping) else mapping
    if isinstance(value, list):
        return [for_json(item) for item in value]
    if not isinstance(value, date):
        return value
    try:
        plain = to_plain(value)
    except DataError as error:
        raise MethodError(f"a parameter of the method cannot be saved: it {error}") from error
    if plain is None:  # the missing time of pandas is an instance of date
        raise MethodError(f"a parameter of the method cannot be saved: {value!r}")
    return plain


def from_json(value: Any) -> Any:
    """Return the value that `for_json` converted.

    Raises
    ------
    DataError
        An object looks like a date but is not a valid date.

    Examples
    --------
    >>> from_json([{"date": "2020-01-31"}, {"mapping": {"date": "a column"}}])
    [datetime.date(2020, 1, 31), {'date': 'a column'}]
    """
    if isinstance(value, list):
        return [from_json(item) for item in value]
    if not isinstance(value, dict):
        return value
    if _is_date(value):
        return from_plain(value)
    mapping = value["mapping"] if _is_wrapped(value) else value
    return {key: from_json(item) for key, item in mapping.items()}


def _is_date(mapping: Mapping[str, Any]) -> bool:
    """Return whether a JSON object represents a date: one key that names a type, and only texts."""
    if len(mapping) != 1:
        return False
    ((key, content),) = mapping.items()
    texts = content if isinstance(content, list) else [content]
    return key in _DATES and all(isinstance(text, str) for text in texts)


def _is_wrapped(mapping: Mapping[str, Any]) -> bool:
    return list(mapping) == ["mapping"] and isinstance(mapping["mapping"], dict)


def head_faults(head: dict[str, Any]) -> list[str]:
    """Return the faults of the head: missing keys and invalid values."""
    faults = [
        f"{key} must be {expected}, got {head.get(key)!r:.80}"
        for key, kind, expected in _KEYS
        if key not in head or not isinstance(head[key], kind)
    ]
    if faults:
        return faults
    if head["library"] not in (None, *frames.LIBRARIES):
        faults.append(f"library must be one of {', '.join(frames.LIBRARIES)} or null")
    if not all(isinstance(code, str) for code in head["codes"]):
        faults.append("codes must be texts")
    faults += [
        f"context: column {name!r} must be a list, got {cells!r:.80}"
        for name, cells in head["context"].items()
        if not isinstance(cells, list)
    ]
    if not isinstance(head.get("reading", {}), dict):
        faults.append(f"reading must be an object, got {head['reading']!r:.80}")
    if "lines" in head:
        return [*faults, *_text_faults(head), *_number_faults(head)]
    faults += [
        f"{name!r} is both an indicator and context"
        for name in head["context"]
        if name in head["codes"]
    ]
    return [*faults, *_number_faults(head)]


def _text_faults(head: dict[str, Any]) -> list[str]:
    """Return the faults in the texts of a table that was read from a file."""
    lines = head["lines"]
    faults = []
    if not isinstance(lines, list) or not all(is_whole(line, 1) for line in lines):
        return [f"lines must be whole numbers, got {lines!r:.80}"]
    if "reading" not in head:
        faults.append("reading is missing")
    faults += [
        f"context: column {name!r} must be a list of texts, one for each line"
        for name, cells in head["context"].items()
        if not isinstance(cells, list)
        or len(cells) != len(lines)
        or not all(isinstance(cell, str) for cell in cells)
    ]
    return faults


def _number_faults(head: dict[str, Any]) -> list[str]:
    """Return faults of numbers beyond the range of floats, and of the method's tables."""
    faults: list[str] = []
    faults += number_faults({"index": head["index"], "method": head["method"]})
    return [*faults, *_method_faults(head["method"])]


def _method_faults(tables: dict[str, Any]) -> list[str]:
    """Return the entries of a method's tables that `Method.to_dict` does not produce."""
    steps = [field.name for field in fields(Method)]
    faults = [f"method: key {name!r} is unknown" for name in tables if name not in steps]
    for name, rows in tables.items():
        for i, row in enumerate(rows if isinstance(rows, list) else (), 1):
            if not isinstance(row, dict) or "for" not in row:
                faults.append(f"method: {name}[{i}] must be an object with a key 'for'")
            elif not isinstance(row["for"], (str, int)):
                faults.append(f"method: {name}[{i}].for must be a code or a level")
    return faults


def shape_faults(head: dict[str, Any], values: Floats, scores: Floats) -> list[str]:
    """Return the faults of columns and arrays whose sizes do not match."""
    n_rows, n_codes = values.shape
    faults = [
        f"context: column {name!r} has {len(cells)} rows, but the values have {n_rows}"
        for name, cells in head["context"].items()
        if len(cells) != n_rows
    ]
    if len(head["codes"]) != n_codes:
        faults.append(f"{len(head['codes'])} codes for {n_codes} columns of values")
    if scores.shape[1] > n_rows:
        faults.append(f"scores of {scores.shape[1]} units for {n_rows} rows")
    return faults


def read_columns(
    context: dict[str, list[Any]], keys: Iterable[str]
) -> tuple[dict[str, Any], list[str]]:
    """Return the cells of each column, and the faults of cells that cannot be read."""
    columns: dict[str, Any] = {}
    faults = []
    for name, cells in context.items():
        columns[name] = []
        for row, cell in enumerate(cells):
            try:
                columns[name].append(from_plain(cell))
            except DataError as error:
                faults.append(f"context: column {name!r}, row {row}: {error.summary}")
    faults += [
        f"context: column {name!r}, row {row}: a list cannot name a unit or period"
        for name in keys
        for row, cell in enumerate(columns.get(name, []))
        if not is_hashable(cell)
    ]
    return columns, faults
