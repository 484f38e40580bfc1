"""The options of inputs, and the names of inputs in error messages."""

from collections.abc import Mapping
from typing import Any

from dli.checks import listed
from dli.errors import MethodError
from dli.steps import attribute, shown

__all__ = ["options_of", "step_of"]


def step_of(own: Any) -> str:
    """Return the name of an input in error messages."""
    return f"input {type(own).__name__}"


def options_of(own: Any) -> dict[str, tuple[Any, ...]]:
    """Return the options among which an input chooses, by step."""
    declared = attribute(own, "options", {}, step=step_of(own))
    if not isinstance(declared, Mapping) or not all(isinstance(step, str) for step in declared):
        msg = f"{step_of(own)}: options must be a mapping of step to options, got {shown(declared)}"
        raise MethodError(msg)
    options = {
        step: tuple(listed(f"{step_of(own)}: options of {step}", several, "objects"))
        for step, several in declared.items()
    }
    none = [repr(step) for step, several in options.items() if not several]
    if none:
        msg = f"{step_of(own)}: at least one option is required for each of these steps"
        raise MethodError(msg, none)
    return options
