"""What a questionnaire asks of an index: statements, levels, and the version of both."""

import json
from collections.abc import Iterator, Mapping
from hashlib import sha256
from types import MappingProxyType
from typing import Any

from dli.checks import is_whole
from dli.errors import MethodError, ModelError
from dli.framework import Index, Indicator

__all__ = [
    "FORMAT",
    "MATURITY_LEVELS",
    "check_rateable",
    "in_order",
    "level_fault",
    "levels_of",
    "meanings_of",
    "scale_text",
    "version_of",
]

FORMAT = "dli-questionnaire/1"
MATURITY_LEVELS: Mapping[int, str] = MappingProxyType(
    {
        0: "absent",
        1: "initial",
        2: "repeatable",
        3: "defined",
        4: "managed",
        5: "optimised",
    }
)
"""The meaning of the ratings from 0 to 5 in the model ``dli-maturity``."""

# A longer list is not one to choose from.
MAX_LEVELS = 21
# A drop-down list has 255 characters at most.
MAX_LEVEL = 9_999_999_999
# Columns that the answers have besides those of the indicators.
OWN_COLUMNS = ("unit", "assessor")


def check_rateable(index: Any) -> None:
    """Raise an error for an index with indicators that people cannot rate, all of them named."""
    if not isinstance(index, Index):
        msg = f"index must be an Index, got {index!r}"
        raise MethodError(msg)
    faults = []
    first: dict[str | None, str] = {}
    for indicator in index.indicators:
        what = _fault(indicator)
        column = indicator.data_column
        if not what and column in OWN_COLUMNS:
            what = f"its column {column!r} is that of the {column}s; rename it"
        elif not what and first.setdefault(column, indicator.code) != indicator.code:
            what = f"it has the column {column!r}, as {first[column]!r} has; rate one of them"
        if what:
            faults.append(f"indicator {indicator.code!r}: {what}")
    if faults:
        msg = "a questionnaire needs indicators that are rated on a scale of whole numbers"
        raise ModelError(msg, faults)


def _fault(indicator: Indicator) -> str:
    """Return why an indicator cannot be rated by itself, an empty text if it can."""
    if indicator.constant is not None:
        return "it is a constant; leave it out of the index"
    if indicator.denominator is not None:
        return f"it is divided by {indicator.denominator!r}, so it is measured, not rated"
    if indicator.scale is None:
        return "it has no scale; expected one such as (0, 5)"
    low, high = indicator.scale
    if not (float(low).is_integer() and float(high).is_integer()):
        return f"its scale, {low:g} to {high:g}, must be whole numbers"
    if high - low >= MAX_LEVELS:
        return f"its scale, {low:g} to {high:g}, has more than {MAX_LEVELS} levels"
    is_long = max(abs(low), abs(high)) > MAX_LEVEL
    return f"its scale, {low:g} to {high:g}, has levels of more than 10 digits" if is_long else ""


def in_order(index: Index) -> Iterator[tuple[int, Index | Indicator]]:
    """Yield each node below an index with its level, in the order of reading."""
    pending: list[tuple[int, Index | Indicator]] = [(1, node) for node in reversed(index.children)]
    while pending:
        level, node = pending.pop()
        yield level, node
        if isinstance(node, Index):
            pending += [(level + 1, child) for child in reversed(node.children)]


def levels_of(indicator: Indicator) -> range:
    """Return the ratings that an indicator can have."""
    low, high = indicator.scale or (0, 0)
    return range(int(low), int(high) + 1)


def scale_text(indicator: Indicator) -> str:
    """Return a scale in words, such as "0 to 5"."""
    levels = levels_of(indicator)
    return f"{levels[0]} to {levels[-1]}"


def level_fault(indicator: Indicator, rating: float) -> str:
    """Return why a number is not a rating of an indicator, an empty text if it is."""
    is_level = float(rating).is_integer() and int(rating) in levels_of(indicator)
    return "" if is_level else f"{rating:g} is not a whole number from {scale_text(indicator)}"


def meanings_of(levels: Any, index: Index) -> dict[int, str]:
    """Return what ratings mean, checked against the scales of an index."""
    if levels is None:
        return {}
    if not isinstance(levels, Mapping):
        msg = f"levels must be a mapping of ratings to their meaning, got {levels!r}"
        raise MethodError(msg)
    known = {level for indicator in index.indicators for level in levels_of(indicator)}
    faults = []
    for level, text in levels.items():
        if not is_whole(level) or level not in known:
            faults.append(f"{level!r} is not a rating on any scale of the index")
        elif not isinstance(text, str) or not text.strip():
            faults.append(f"the meaning of {level} must be text, got {text!r}")
    if faults:
        msg = "levels must say what ratings of the index mean"
        raise MethodError(msg, faults)
    return {int(level): levels[level] for level in sorted(levels)}


def version_of(index: Index) -> str:
    """Return the format and two fingerprints: one of codes and scales, one of all texts.

    Examples
    --------
    >>> version_of(Index("T", [Indicator("a", scale=(0, 5))]))
    'dli-questionnaire/1 f03d5eebd932-8dd1422cd5ad'
    """
    asked = sorted([own.code, *levels_of(own)] for own in index.indicators)
    texts = sorted([node.code, node.name, node.description] for node in index.walk())
    marks = (sha256(json.dumps(part).encode()).hexdigest()[:12] for part in (asked, texts))
    return f"{FORMAT} {'-'.join(marks)}"
