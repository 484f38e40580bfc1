"""Descriptions of choices for the methods statement."""

from inspect import getdoc
from typing import Any

from dli.steps import ask, shown

__all__ = ["describe"]


def describe(choice: Any) -> str:
    """Return the choice's own description, or its repr and the first line of its docstring."""
    if callable(getattr(choice, "describe", None)):
        return str(ask(choice, "describe", step=f"description of {type(choice).__name__}"))
    kind = type(choice)
    first = (getdoc(kind) or "").strip().split("\n")[0]
    if first.startswith(
        f"{kind.__name__}("
    ):  # the signature that dataclasses use as a default docstring
        first = ""
    return f"`{shown(choice)}`" + (f": {first}" if first else "")
