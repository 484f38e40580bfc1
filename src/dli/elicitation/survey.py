"""The content of a questionnaire for an index: order, levels, and version."""

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

# A longer list would be too long to choose from.
MAX_LEVELS = 21
# A drop-down list can have 255 characters, which is enough for 21 numbers of this length.
MAX_LEVEL = 9_999_999_999
# The columns of the answers that are not indicators.
OWN_COLUMNS = ("unit", "assessor")


def check_rateable(index: Any) -> None:
    """Raise an error if people cannot rate some indicators of an index; all of them are listed."""
    if not isinstance(index, Index):
        msg = f"index must be an Index, got {index!r}"
        raise MethodError(msg)
    faults = []
    first: dict[str | None, str] = {}
    for indicator in index.indicators:
        what = _fault(indicator)
        column = indicator.data_column
        if not what and column in OWN_COLUMNS:
            what = f"its column {column!r} is that of the {column}s; rename the column"
        elif not what and first.setdefault(column, indicator.code) != indicator.code:
            what = f"it has the same column {column!r} as {first[column]!r}; leave one of them out"
        if what:
            faults.append(f"indicator {indicator.code!r}: {what}")
    if faults:
        msg = "a questionnaire requires indicators that are rated on a scale of whole numbers"
        raise ModelError(msg, faults)


def _fault(indicator: Indicator) -> str:
    """Return why an indicator cannot be rated, or an empty text; other indicators are ignored."""
    if indicator.constant is not None:
        return "it is a constant; leave it out of the index"
    if indicator.denominator is not None:
        return f"it is divided by {indicator.denominator!r}; ratings cannot have a denominator"
    if indicator.scale is None:
        return "it has no scale; expected one such as (0, 5)"
    low, high = indicator.scale
    if not (float(low).is_integer() and float(high).is_integer()):
        return f"its scale, {low:g} to {high:g}, must consist of whole numbers"
    if high - low >= MAX_LEVELS:
        return f"its scale, {low:g} to {high:g}, has more than {MAX_LEVELS} levels"
    is_long = max(abs(low), abs(high)) > MAX_LEVEL
    return f"its scale, {low:g} to {high:g}, has levels of more than 10 digits" if is_long else ""


def in_order(index: Index) -> Iterator[tuple[int, Index | Indicator]]:
    """Yield each node below an index with its tree level, in reading order."""
    pending: list[tuple[int, Index | Indicator]] = [(1, node) for node in reversed(index.children)]
    while pending:
        level, node = pending.pop()
        yield level, node
        if isinstance(node, Index):
            pending += [(level + 1, child) for child in reversed(node.children)]


def levels_of(indicator: Indicator) -> range:
    """Return the possible ratings of an indicator."""
    low, high = indicator.scale or (0, 0)
    return range(int(low), int(high) + 1)


def scale_text(indicator: Indicator) -> str:
    """Return the scale of an indicator in words, such as "0 to 5"."""
    levels = levels_of(indicator)
    return f"{levels[0]} to {levels[-1]}"


def level_fault(indicator: Indicator, rating: float) -> str:
    """Return why a number is not a possible rating of an indicator, or an empty text."""
    is_level = float(rating).is_integer() and int(rating) in levels_of(indicator)
    return "" if is_level else f"{rating:g} is not a whole number from {scale_text(indicator)}"


def meanings_of(levels: Any, index: Index) -> dict[int, str]:
    """Return the meanings of ratings, after checking them against the scales of an index."""
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
        msg = "levels must map ratings of the index to their meanings"
        raise MethodError(msg, faults)
    return {int(level): levels[level] for level in sorted(levels)}


def version_of(index: Index) -> str:
    """Return the format with two fingerprints: of the codes and scales, and of all texts.

    Examples
    --------
    >>> version_of(Index("T", [Indicator("a", scale=(0, 5))]))
    'dli-questionnaire/1 f03d5eebd932-8dd1422cd5ad'
    """
    asked = sorted([own.code, *levels_of(own)] for own in index.indicators)
    texts = sorted([node.code, node.name, node.description] for node in index.walk())
    marks = (sha256(json.dumps(part).encode()).hexdigest()[:12] for part in (asked, texts))
    return f"{FORMAT} {'-'.join(marks)}"
