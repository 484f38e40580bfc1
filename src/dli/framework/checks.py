"""What the fields of a node must be; each check gives a fault to list, or nothing."""

import math
from collections.abc import Iterator

import numpy as np

__all__ = ["code_faults", "is_number", "is_whole", "text_faults", "weight_faults"]


def is_number(value: object) -> bool:
    """Tell whether a value is a finite real number; a truth value is none."""
    if isinstance(value, bool) or not isinstance(value, (int, float, np.integer, np.floating)):
        return False
    return math.isfinite(value)


def is_whole(value: object, least: int) -> bool:
    """Tell whether a value is a whole number of at least a least one; a truth value is none."""
    return isinstance(value, int) and not isinstance(value, bool) and value >= least


def code_faults(code: object) -> Iterator[str]:
    """Codes name columns and table cells, so they are texts without spaces at their ends."""
    if not isinstance(code, str) or not code or code != code.strip():
        yield f"code must be a text without spaces at its ends, got {code!r}"


def text_faults(**fields: object) -> Iterator[str]:
    """List the fields that must be text and are not."""
    for name, value in fields.items():
        if not isinstance(value, str):
            yield f"{name} must be text, got {value!r}"


def weight_faults(weight: object) -> Iterator[str]:
    """Weights are relative to the siblings', so any size will do, but no sign."""
    if not is_number(weight) or weight < 0:  # type: ignore[operator] # is_number tells
        yield f"weight must be a finite number of at least 0, got {weight!r}"
