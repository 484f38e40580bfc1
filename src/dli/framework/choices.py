"""The methods that a file names, such as ``{method = "AHP", judgements = ...}``."""

from collections.abc import Mapping
from inspect import isclass
from typing import Any, cast

import attrs
import numpy as np

from dli.errors import DLIError, MethodError, ModelError, did_you_mean

__all__ = ["FAMILIES", "built_in", "read_choice", "write_choice"]

# Each family of methods, and the Python method that its members must have.
FAMILIES: Mapping[str, str] = {
    "imputation": "impute",
    "treatment": "treat",
    "normalisation": "normalise",
    "weighting": "weights",
    "aggregation": "aggregate",
}


def built_in(family: str) -> dict[str, type]:
    """Return the built-in classes of a family by their names."""
    # Imported here, so that `import dli` does not load families that may not be needed.
    from dli import aggregation, imputation, normalisation, treatment, weighting

    modules = {
        "imputation": imputation,
        "treatment": treatment,
        "normalisation": normalisation,
        "weighting": weighting,
        "aggregation": aggregation,
    }
    public = {name: getattr(modules[family], name) for name in modules[family].__all__}
    return {
        name: item
        for name, item in public.items()
        if isclass(item) and attrs.has(item) and callable(getattr(item, FAMILIES[family], None))
    }


def read_choice(family: str, table: Any) -> Any:
    """Return the method that a table describes by the name of its class and its parameters.

    Parameters
    ----------
    family : str
        A key of `FAMILIES`.
    table : mapping
        The key ``method`` and any parameters.

    Raises
    ------
    ModelError
        The table names an unknown method or an unknown or invalid parameter.
    """
    if not isinstance(table, Mapping) or not isinstance(table.get("method"), str):
        raise ModelError(f'{family} must be a table such as {{ method = "..." }}, got {table!r}')
    known = built_in(family)
    name = table["method"]
    if name not in known:
        hint = did_you_mean(name, known) or f"; available methods: {', '.join(known)}"
        raise ModelError(f"no {family} method {name!r}{hint}")
    names = {field.alias for field in attrs.fields(known[name]) if field.init}
    parameters = {key: value for key, value in table.items() if key != "method"}
    unknown = [f"{key!r}{did_you_mean(key, names)}" for key in parameters if key not in names]
    if unknown:
        raise ModelError(f"{family} method {name} has no parameter {', '.join(unknown)}")
    try:
        return known[name](**{key: _read_value(family, v) for key, v in parameters.items()})
    except DLIError as error:
        faults = f" ({'; '.join(error.faults)})" if error.faults else ""
        raise ModelError(f"{family} method {name}: {error.summary}{faults}") from error
    except (TypeError, ValueError) as error:
        raise ModelError(f"{family} method {name}: {error}") from error


def write_choice(family: str, choice: Any) -> dict[str, Any]:
    """Return a method as the table that `read_choice` reads, without parameters at their default.

    Parameters
    ----------
    family : str
        A key of `FAMILIES`.
    choice : object

    Raises
    ------
    MethodError
        The object is not one of the built-in methods, so a file cannot name it.
    """
    name = type(choice).__name__
    if built_in(family).get(name) is not type(choice):
        raise MethodError(
            f"{choice!r} is not one of this library's {family} methods and cannot be saved to a "
            "file"
        )
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
    """Return a parameter as a value that a text file can hold."""
    if attrs.has(type(value)):
        return write_choice(family, value)
    if isinstance(value, Mapping):
        return {key: _write_value(family, item) for key, item in value.items()}
    if isinstance(value, np.generic):
        return value.item()
    if isinstance(value, (list, tuple)):
        return [_write_value(family, item) for item in value]
    return float("nan") if value is None else value
