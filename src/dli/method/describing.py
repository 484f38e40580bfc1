"""Choices in words, for the methods statement."""

from inspect import getdoc
from typing import Any

__all__ = ["describe"]


def describe(choice: Any) -> str:
    """Return a choice's own description, or its repr with the first line of its docstring."""
    if callable(getattr(choice, "describe", None)):
        return str(choice.describe())
    first = (getdoc(type(choice)) or "").strip().split("\n")[0]
    return f"`{choice!r}`" + (f": {first}" if first else "")
