"""Methodology files: the index and, in the table ``[method]``, the method in one model file."""

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

# What a model file is and how to read it, by whether it has a table [index] and a table [method].
_READERS = {
    (True, True): "a methodology file; use Assessment.from_file(path, data)",
    (True, False): "a model file without a method; use Assessment(Index.load(path), data)",
    (
        False,
        True,
    ): "a file with a method only; use Assessment(index, data, method=Method.load(path))",
}


def load(
    path: str | PathLike[str], steps: Mapping[str, Callable[..., Any]] | None = None
) -> tuple[Index, Method]:
    """Return the index and the method that a file describes.

    Raises
    ------
    MethodError
        ``steps`` is not a mapping of names to classes or functions.
    ModelError
        The file cannot be read, is a saved assessment, or is invalid. The error lists all faults
        of the index and of the method, including the levels and codes in the method that the
        index does not have.
    """
    own = own_steps(steps)
    try:
        tables = read_toml(path, "model file")
    except ModelError as error:
        if not _holds_an_assessment(path):
            raise
        msg = (
            f"{str(path)!r} is not a methodology file: it is a saved assessment, which contains "
            "its data; use Assessment.load(path)"
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
        The contents of the model file.
    own : mapping of str to callable
        The user's own steps, by the names that the tables use for them.

    Raises
    ------
    ModelError
        The tables are invalid; the error lists every fault with its table and key.
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
        The file cannot be written; an existing file is left unchanged.
    MethodError
        The index or the method has steps or parameters that a file cannot contain.
    """
    tables = to_tables(index, method, full=True)
    # The method is written before the nodes, because there may be many of them.
    nodes = tables.pop("node")
    write_toml(path, {**tables, "node": nodes}, "model file")


def to_tables(index: Index, method: Method, *, full: bool = False) -> dict[str, Any]:
    """Return an index and a method as the tables of a model file.

    Parameters
    ----------
    index : Index
    method : Method
    full : bool
        Include the choices and parameters of the method that equal their default.

    Raises
    ------
    MethodError
        The index or the method has steps or parameters that a file cannot contain.
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
        raise MethodError("a file cannot contain this methodology", faults)
    return tables


def located(error: DLIError, index: Index, path: str | PathLike[str]) -> DLIError:
    """Return the error of a step, extended by the file, the table and the key of that step.

    An error of a class with other arguments, such as one about a column that the data do not
    have, becomes a `MethodError`.
    """
    step, code = error.place or ("", None)
    if code is not None and getattr(index.find(code), step, None) is not None:
        table = f"[index] (code {code!r})" if code == index.code else f"[[node]] (code {code!r})"
        where = f"{table}, key {step!r}"
    else:
        where = f"[method], key {step!r}" + ("" if code is None else f", for {code!r}")
    is_plain = type(error).__init__ is DLIError.__init__
    summary, faults = (error.summary, error.faults) if is_plain else (str(error), ())
    msg = f"cannot apply the methodology in {str(path)!r} to these data: {where}: {summary}"
    return (type(error) if is_plain else MethodError)(msg, faults)


def _unknown_parts(index: Index, method: Method) -> list[str]:
    """Return the levels and codes in the method that the index does not have, with their keys."""
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
    """Raise an error for options that would replace the contents of a methodology file.

    Raises
    ------
    MethodError
        The options contain an index, a method or a step of the method; the error shows how to
        change each of them.
    """
    # `Method` and `Reading` both have a field `missing`; the option is that of `Reading`.
    reading = [field.name for field in attrs.fields(Reading)]
    steps = [field.name for field in attrs.fields(Method) if field.name not in reading]
    held = ("index", "method", *steps)
    faults = [
        f"{name}: use Assessment.from_file(path, data).evolve({name}=...)"
        for name in held
        if name in options
    ]
    if faults:
        msg = (
            "from_file does not accept the index or the method as options, because it reads them "
            "from the file"
        )
        raise MethodError(msg, faults)


def what_it_is(path: str | PathLike[str]) -> str:
    """Return what a model file is and how to read it, or an empty text for any other file."""
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
