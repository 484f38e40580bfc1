"""A whole methodology in one model file: the index and, in the table ``[method]``, the method."""

import zipfile
from collections.abc import Callable, Mapping
from os import PathLike, fsdecode
from typing import Any

import attrs

from dli.errors import DLIError, MethodError, ModelError, UnknownCodeError
from dli.files import read_toml, write_toml
from dli.frames import Reading
from dli.framework import Index
from dli.framework import files as index_files
from dli.framework.choices import Steps, own_steps
from dli.method import Method
from dli.method import files as method_files

__all__ = ["from_tables", "load", "located", "refuse_changes", "save", "to_tables", "what_it_is"]

# How a model file is read, by whether it has a table [index] and a table [method].
_READERS = {
    (True, True): "a methodology file; use Assessment.from_file(path, data)",
    (True, False): "a model file without a method; use Assessment(Index.load(path), data)",
    (
        False,
        True,
    ): "a file of a method alone; use Assessment(index, data, method=Method.load(path))",
}


def load(
    path: str | PathLike[str], steps: Mapping[str, Callable[..., Any]] | None = None
) -> tuple[Index, Method]:
    """Return the index and the method that a file describes.

    Raises
    ------
    MethodError
        Steps that are no mapping of names to classes or functions.
    ModelError
        The file cannot be read, is a saved assessment, or is invalid: all faults of the index and
        of the method, and the levels and codes of the method that the index does not have.
    """
    own = own_steps(steps)
    try:
        tables = read_toml(path, "model file")
    except ModelError as error:
        if not _holds_an_assessment(path):
            raise
        msg = (
            f"{str(path)!r} is not a methodology file: it is a saved assessment, which has data of "
            "its own; use Assessment.load(path)"
        )
        raise ModelError(msg) from error
    try:
        return from_tables(tables, own)
    except ModelError as error:
        raise ModelError(f"invalid model file {str(path)!r}", error.faults) from error


def from_tables(tables: Mapping[str, Any], own: Steps) -> tuple[Index, Method]:
    """Return the index and the method that the tables of a model file describe.

    Parameters
    ----------
    tables : mapping
    own : mapping of str to callable
        Steps that are none of this library's, by the names that the tables have for them.

    Raises
    ------
    ModelError
        Listing every fault, with its table and key.
    """
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
    raise ModelError("invalid methodology", faults)


def save(index: Index, method: Method, path: str | PathLike[str]) -> None:
    """Write an index and a method to one file.

    Raises
    ------
    FileError
        The file cannot be written; what was there before is untouched.
    MethodError
        Steps or parameters that no file can hold; those of the index and of the method.
    """
    tables = to_tables(index, method, full=True)
    # The method stands before the nodes, which may be many.
    nodes = tables.pop("node")
    write_toml(path, {**tables, "node": nodes}, "model file")


def to_tables(index: Index, method: Method, *, full: bool = False) -> dict[str, Any]:
    """Return an index and a method as the tables of a model file.

    Parameters
    ----------
    index : Index
    method : Method
    full : bool
        Choices and parameters of the method that are at their default too.

    Raises
    ------
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
        tables["method"] = method_files.to_tables(method, full=full, own=True)
    except MethodError as error:
        faults.append(str(error))
    if faults:
        raise MethodError("a file cannot hold this methodology", faults)
    return tables


def located(error: DLIError, index: Index, path: str | PathLike[str]) -> DLIError:
    """Return the error of a step with the file, the table and the key that name the step.

    A column that the data do not have is a `MethodError` then.
    """
    step, code = error.place or ("", None)
    if code is not None and getattr(index.find(code), step, None) is not None:
        table = f"[index] (code {code!r})" if code == index.code else f"[[node]] (code {code!r})"
        where = f"{table}, key {step!r}"
    else:
        where = f"[method], key {step!r}" + ("" if code is None else f", for {code!r}")
    is_plain = type(error).__init__ is DLIError.__init__
    summary, faults = (error.summary, error.faults) if is_plain else (str(error), ())
    msg = f"the methodology in {str(path)!r} cannot work on these data: {where}: {summary}"
    return (type(error) if is_plain else MethodError)(msg, faults)


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


def refuse_changes(options: Mapping[str, object]) -> None:
    """Refuse options that would replace what a methodology file holds.

    Raises
    ------
    MethodError
        An index, a method or a step of the method, each with the way to change it.
    """
    # Both a method and the reading of data have a field `missing`; as an option it is the latter.
    reading = [field.name for field in attrs.fields(Reading)]
    steps = [field.name for field in attrs.fields(Method) if field.name not in reading]
    held = ("index", "method", *steps)
    faults = [
        f"{name}: use Assessment.from_file(path, data).evolve({name}=...)"
        for name in held
        if name in options
    ]
    if faults:
        msg = "the file holds the index and the method, so from_file does not take them as options"
        raise MethodError(msg, faults)


def what_it_is(path: str | PathLike[str]) -> str:
    """Return what a model file is and how to read it, an empty text for any other file."""
    try:
        tables = read_toml(path, "model file")
    except ModelError:
        return ""
    return _READERS.get(("index" in tables, "method" in tables), "")


def _holds_an_assessment(path: str | PathLike[str]) -> bool:
    try:
        with zipfile.ZipFile(fsdecode(path)) as archive:
            return "assessment.json" in archive.namelist()
    except (OSError, TypeError, ValueError, zipfile.BadZipFile):
        return False
