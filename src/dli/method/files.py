"""A method as tables: the table ``[method]`` of a model file, and the result of `Method.to_dict`.

Each field of the method is a key. A step is a table such as ``{method = "MinMax", low = 0.0}``. An
array of such tables, each with a key ``for``, assigns different steps to levels and codes. The
value of ``for`` may be an array, and ``"*"`` selects everything that no other key selects. The
functions that build a method receive its class as ``kind``.
"""

from collections.abc import Callable, Mapping
from os import PathLike
from typing import Any, TypeVar, cast

import attrs
import numpy as np

from dli.checks import is_whole
from dli.errors import MethodError, ModelError, did_you_mean
from dli.files import format_fault, read_toml, write_toml
from dli.framework.choices import FAMILIES, Steps, own_steps, read_choice, write_choice
from dli.framework.files import FORMAT, unknown_tables
from dli.method.coverage import Coverage, as_coverage

__all__ = ["from_tables", "load", "of_file", "save", "to_tables"]

_Method = TypeVar("_Method")
# The family of each field of a method that contains steps.
_FAMILY_OF = {**{family: family for family in FAMILIES}, "node_imputation": "imputation"}
# The other fields that may have a value for each level or code.
_PARTS = ("coverage", "decimals")


def load(
    path: str | PathLike[str],
    kind: Callable[..., _Method],
    steps: Mapping[str, Callable[..., Any]] | None = None,
) -> _Method:
    """Return the method that the table ``[method]`` of a file describes.

    Raises
    ------
    MethodError
        ``steps`` is not a mapping of names to classes or functions.
    ModelError
        The file cannot be read, exceeds a limit of `dli.files`, does not have a table
        ``[method]``, or is invalid; the error names the file, table and key of each fault.
    """
    own = own_steps(steps)
    tables = read_toml(path, "model file")
    # A hand-written file with a method only may omit the format.
    fault = format_fault(tables.get("format", FORMAT), FORMAT)
    faults = [fault] if fault else unknown_tables(tables)
    if not faults:
        try:
            return of_file(tables, kind, own)
        except ModelError as error:
            faults = list(error.faults)
    raise ModelError(f"invalid model file {str(path)!r}", faults)


def save(method: Any, path: str | PathLike[str]) -> None:
    """Write a method to a file without an index.

    Raises
    ------
    FileError
        The file cannot be written; an existing file is left unchanged.
    MethodError
        The method has a step or parameter that a file cannot contain.
    """
    tables = {"format": FORMAT, "method": to_tables(method, full=True, own=True)}
    write_toml(path, tables, "model file")


def of_file(
    tables: Mapping[str, Any], kind: Callable[..., _Method], steps: Steps | None
) -> _Method:
    """Return the method in the tables of a model file; raise `ModelError` if it is missing."""
    if "method" not in tables:
        fault = "table [method] is missing; add an empty table to use the defaults"
        raise ModelError("no method", [fault])
    return from_tables(tables["method"], kind, steps)


def to_tables(method: Any, *, full: bool = False, own: bool = False) -> dict[str, Any]:
    """Return a method as plain tables.

    Parameters
    ----------
    method : Method
    full : bool
        Include fields and parameters that equal their default.
    own : bool
        Allow the user's own steps, which are not steps of this library.

    Raises
    ------
    MethodError
        The method has steps or parameters that a file cannot contain; the error lists all of them.
    """
    tables: dict[str, Any] = {}
    errors: list[MethodError] = []
    for field in attrs.fields(type(method)):
        name, value = field.name, getattr(method, field.name)
        # None means no imputation or treatment, which is what a missing key means.
        if value is None or (not full and value == field.default):
            continue
        try:
            if isinstance(value, Mapping):
                tables[name] = [
                    {
                        "for": int(key) if is_whole(key) else str(key),
                        **_written_part(name, choice, full=full, own=own),
                    }
                    for key, choice in value.items()
                ]
            elif name in _FAMILY_OF:
                tables[name] = write_choice(_FAMILY_OF[name], value, full=full, own=own)
            elif isinstance(value, Coverage):
                tables[name] = _coverage_table(value)
            else:
                tables[name] = _plain(value)
        except MethodError as error:
            errors.append(error)
    if len(errors) == 1:
        raise errors[0]
    if errors:
        raise MethodError("a file cannot contain this method", map(str, errors))
    return tables


def _written_part(name: str, choice: Any, *, full: bool, own: bool) -> dict[str, Any]:
    if name == "decimals":
        return {"decimals": _plain(choice)}
    if name == "coverage":
        return _coverage_table(as_coverage(choice))
    return {} if choice is None else write_choice(_FAMILY_OF[name], choice, full=full, own=own)


def _coverage_table(coverage: Coverage) -> dict[str, Any]:
    fields = {name: _plain(value) for name, value in attrs.asdict(coverage).items()}
    return {k: v for k, v in fields.items() if v is not None and (k, v) != ("of", "children")}


def _plain(value: Any) -> Any:
    return value.item() if isinstance(value, np.generic) else value


def from_tables(tables: Any, kind: Callable[..., _Method], steps: Steps | None = None) -> _Method:
    """Return the method that plain tables describe.

    Raises
    ------
    ModelError
        The tables are invalid; the error lists every fault with its table and key.
    """
    if not isinstance(tables, Mapping):
        raise ModelError("invalid method", [f"[method] must be a table, got {tables!r}"])
    names = [field.name for field in attrs.fields(cast("type[Any]", kind))]
    faults = [
        f"[method]: key {key!r} is unknown{did_you_mean(key, names)}"
        for key in tables
        if key not in names
    ]
    values: dict[str, Any] = {}
    for name in names:
        if name in tables:
            try:
                values[name] = _read_field(name, tables[name], steps)
            except ModelError as error:
                faults += error.faults or [f"[method.{name}]: {error.summary}"]
    try:
        method = kind(**values)
    except MethodError as error:
        faults += [f"[method]: {fault}" for fault in error.faults or [error.summary]]
    if faults:
        raise ModelError("invalid method", faults)
    return method


def _read_field(name: str, value: Any, steps: Steps | None) -> Any:
    if isinstance(value, list) and (name in _FAMILY_OF or name in _PARTS):
        return _parts(name, value, steps)
    if name in _FAMILY_OF:
        if isinstance(value, Mapping) and not {"method", "step"} & value.keys():
            keys = [key for key, choice in value.items() if isinstance(choice, Mapping)]
            if keys:
                raise ModelError(
                    "choices for levels or codes must be an array of tables: write "
                    f"[[method.{name}]] with for = {keys[0]!r} and method = ... for each of them"
                )
        return read_choice(_FAMILY_OF[name], value, steps)
    if name == "coverage" and isinstance(value, Mapping) and {"share", "number"} & value.keys():
        return _read_coverage(value)
    if isinstance(value, Mapping):  # keys in TOML are texts, so that they cannot be levels
        if name not in _PARTS:
            raise ModelError(f"expected one value, not a table, got {value}")
        key = "decimals" if name == "decimals" else "share"
        msg = f"expected a number or an array of tables with 'for' and {key!r}, got {value}"
        raise ModelError(msg)
    return value


def _parts(name: str, rows: list[Any], steps: Steps | None) -> dict[str | int, Any]:
    """Return the choices for levels and codes in an array of tables.

    Raises
    ------
    ModelError
        A table is invalid; the error lists every fault with its position in the array.
    """
    choices: dict[str | int, Any] = {}
    faults = []
    for i, row in enumerate(rows, 1):
        at = f"[[method.{name}]] {i}"
        if not isinstance(row, Mapping):
            faults.append(f"{at}: expected a table with a key 'for', got {row!r}")
            continue
        key: Any = row.get("for")
        choice = None
        try:
            choice = _read_part(name, {k: v for k, v in row.items() if k != "for"}, steps)
        except ModelError as error:
            faults.append(f"{at}: {error}")
        if "for" not in row:
            faults.append(f"{at}: key 'for', the level or code, is missing")
            continue
        for target in key if isinstance(key, list) else [key]:
            if not isinstance(target, str) and not is_whole(target):
                faults.append(f"{at}: key 'for' must be a level or a code, got {target!r}")
            elif target in choices:
                faults.append(f"{at}: for = {target!r} appears more than once")
            else:
                choices[target] = choice
    if faults:
        raise ModelError("invalid choices for levels or codes", faults)
    return choices


def _read_part(name: str, row: dict[str, Any], steps: Steps | None) -> Any:
    """Return the choice that one table of an array describes."""
    if name in _FAMILY_OF:
        nothing = _FAMILY_OF[name] in ("imputation", "treatment") and not row
        return None if nothing else read_choice(_FAMILY_OF[name], row, steps)
    if name == "coverage":
        return row["share"] if row.keys() == {"share"} else _read_coverage(row)
    _refuse_unknown(row, ["decimals"])
    return row["decimals"]


def _read_coverage(table: Mapping[str, Any]) -> Coverage:
    known = [field.name for field in attrs.fields(Coverage)]
    _refuse_unknown(table, known, ("share", "number"))
    try:
        return Coverage(**table)
    except MethodError as error:
        raise ModelError("; ".join(error.faults)) from error


def _refuse_unknown(
    table: Mapping[str, Any], known: list[str], needed: tuple[str, ...] = ("decimals",)
) -> None:
    """Raise an error for unknown keys, and for a table without any of the required keys."""
    hint = f" (known: {', '.join(known)})"
    unknown = [f"{key!r}{did_you_mean(key, known) or hint}" for key in table if key not in known]
    if unknown:
        raise ModelError(f"unknown key {', '.join(unknown)}")
    if not any(key in table for key in needed):
        raise ModelError(f"key {needed[0]!r} is missing")
