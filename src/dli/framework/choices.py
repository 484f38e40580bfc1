"""The choices of method that a file names: ``{method = "AHP", judgements = ...}``.

A choice is read by the family that owns it. The family is looked up by its name when a file
names a choice, so that the framework stands below the families and imports none of them.
"""

from collections.abc import Mapping
from importlib import import_module
from inspect import isclass
from typing import Any, cast

import attrs
import numpy as np

from dli.errors import DLIError, MethodError, ModelError, did_you_mean

__all__ = ["FAMILIES", "read_choice", "write_choice"]

# Each family and the one method that makes an object a choice of it.
FAMILIES: Mapping[str, str] = {
    "imputation": "impute",
    "treatment": "treat",
    "normalisation": "normalise",
    "weighting": "weights",
    "aggregation": "aggregate",
}


def built_in(family: str) -> dict[str, type]:
    """Give the built-in choices of a family by their names."""
    module = import_module(f"dli.{family}")
    act = FAMILIES[family]
    found = {name: getattr(module, name) for name in module.__all__}
    return {
        name: kind
        for name, kind in found.items()
        if isclass(kind) and attrs.has(kind) and callable(getattr(kind, act, None))
    }


def read_choice(family: str, table: Any) -> Any:
    """Build a choice from the table that names its class and parameters.

    Raises
    ------
    ModelError
        No such method, or parameters that it does not take.
    """
    if not isinstance(table, Mapping) or not isinstance(table.get("method"), str):
        msg = f'{family} must be a table such as {{ method = "..." }}, got {table!r}'
        raise ModelError(msg)
    known = built_in(family)
    name = table["method"]
    if name not in known:
        msg = (
            f"no {family} method {name!r}{did_you_mean(name, known)}; there are {', '.join(known)}"
        )
        raise ModelError(msg)
    names = {field.alias for field in attrs.fields(known[name]) if field.init}
    given = {key: value for key, value in table.items() if key != "method"}
    strange = [f"{key!r}{did_you_mean(key, names)}" for key in given if key not in names]
    if strange:
        msg = f"{family} method {name} has no parameter {', '.join(strange)}"
        raise ModelError(msg)
    try:
        return known[name](**{key: _read_value(family, value) for key, value in given.items()})
    except DLIError as error:
        faults = f" ({'; '.join(error.faults)})" if error.faults else ""
        msg = f"{family} method {name}: {error.summary}{faults}"
        raise ModelError(msg) from error
    except (TypeError, ValueError) as error:
        msg = f"{family} method {name}: {error}"
        raise ModelError(msg) from error


def write_choice(family: str, choice: Any) -> dict[str, Any]:
    """Write a choice as the table that `read_choice` reads; parameters at their default stay out.

    Raises
    ------
    MethodError
        The choice is no built-in of the family, so that no file can name it.
    """
    name = type(choice).__name__
    if built_in(family).get(name) is not type(choice):
        msg = f"{choice!r} is not one of this library's {family} methods: no file can name it"
        raise MethodError(msg)
    table: dict[str, Any] = {"method": name}
    for field in attrs.fields(cast("type[Any]", type(choice))):
        value = getattr(choice, field.name)
        if field.init and value != field.default:
            table[field.alias] = _write_value(family, value)
    return table


def _read_value(family: str, value: Any) -> Any:
    if isinstance(value, Mapping) and "method" in value:
        return read_choice(family, value)
    return value


def _write_value(family: str, value: Any) -> Any:
    """Turn a parameter into what a text file can hold."""
    if attrs.has(type(value)):
        return write_choice(family, value)
    if isinstance(value, Mapping):
        return {key: _write_value(family, item) for key, item in value.items()}
    if isinstance(value, np.generic):
        return value.item()
    if isinstance(value, (list, tuple)):
        return [_write_value(family, item) for item in value]
    return float("nan") if value is None else value
