"""A whole methodology in one model file: the index and, in the table ``[method]``, the method."""

from collections.abc import Callable, Mapping
from os import PathLike
from typing import Any

import attrs

from dli.errors import MethodError, ModelError, UnknownCodeError
from dli.files import read_toml, write_toml
from dli.framework import Index
from dli.framework import files as index_files
from dli.framework.choices import own_steps
from dli.method import Method
from dli.method import files as method_files

__all__ = ["load", "save"]


def load(
    path: str | PathLike[str], steps: Mapping[str, Callable[..., Any]] | None = None
) -> tuple[Index, Method]:
    """Return the index and the method that a file describes.

    Raises
    ------
    MethodError
        Steps that are no mapping of names to classes or functions.
    ModelError
        The file cannot be read or is invalid: all faults of the index and of the method, and the
        levels and codes of the method that the index does not have.
    """
    own = own_steps(steps)
    tables = read_toml(path, "model file")
    faults: list[str] = []
    index = method = None
    try:
        index = index_files.from_dict(tables, Index, own)
    except ModelError as error:
        faults += error.faults or [error.summary]
    try:
        method = method_files.of_file(tables, Method, own)
    except ModelError as error:
        faults += error.faults
    if index is not None and method is not None:
        faults += _unknown_parts(index, method)
        if not faults:
            return index, method
    raise ModelError(f"invalid model file {str(path)!r}", faults)


def save(index: Index, method: Method, path: str | PathLike[str]) -> None:
    """Write an index and a method to one file.

    Raises
    ------
    FileError
        The file cannot be written; what was there before is untouched.
    MethodError
        Steps or parameters that no file can hold; those of the index and of the method.
    """
    faults: list[str] = []
    tables: dict[str, Any] = {}
    try:
        tables |= index_files.to_dict(index, own=True)
    except MethodError as error:
        faults.append(str(error))
    try:
        tables["method"] = method_files.to_tables(method, full=True, own=True)
    except MethodError as error:
        faults.append(str(error))
    if faults:
        raise MethodError("a file cannot hold this methodology", faults)
    # The method stands before the nodes, which may be many.
    nodes = tables.pop("node")
    write_toml(path, {**tables, "node": nodes}, "model file")


def _unknown_parts(index: Index, method: Method) -> list[str]:
    """Return which levels and codes of the method are none of the index, with their places."""
    faults = []
    for field in attrs.fields(Method):
        parts = getattr(method, field.name)
        for i, key in enumerate(parts if isinstance(parts, Mapping) else (), 1):
            part: dict[str, Any] = {field.name: {key: parts[key]}}
            try:
                Method(**part).check(index)
            except UnknownCodeError as error:
                faults.append(f"[[method.{field.name}]] {i}: key 'for': {error}")
    return faults
