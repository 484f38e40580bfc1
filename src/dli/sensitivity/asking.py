"""What inputs have beside their methods, and errors that name them."""

from collections.abc import Mapping
from typing import Any

from dli.checks import listed
from dli.errors import MethodError
from dli.steps import attribute, shown

__all__ = ["options_of", "step_of"]


def step_of(own: Any) -> str:
    """Return what messages call an input."""
    return f"input {type(own).__name__}"


def options_of(own: Any) -> dict[str, tuple[Any, ...]]:
    """Return the options of steps that an input chooses from."""
    given = attribute(own, "options", {}, step=step_of(own))
    if not isinstance(given, Mapping) or not all(isinstance(step, str) for step in given):
        msg = f"{step_of(own)}: options must be a mapping of step to options, got {shown(given)}"
        raise MethodError(msg)
    found = {
        step: tuple(listed(f"{step_of(own)}: options of {step}", several, "objects"))
        for step, several in given.items()
    }
    none = [repr(step) for step, several in found.items() if not several]
    if none:
        msg = f"{step_of(own)}: there must be at least one option to choose from of"
        raise MethodError(msg, none)
    return found
