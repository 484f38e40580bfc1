"""The methods that a file names, such as ``{method = "AHP", judgements = ...}``."""

import dataclasses
import inspect
import math
from collections.abc import Callable, Mapping
from datetime import date
from inspect import isclass
from typing import Any, TypeAlias

import attrs
import numpy as np

from dli.errors import DLIError, DLIWarning, MethodError, ModelError, did_you_mean
from dli.steps import shown

__all__ = ["FAMILIES", "Steps", "built_in", "own_steps", "read_choice", "write_choice"]

# The user's own classes or functions by name; each is called with the parameters of its step.
Steps: TypeAlias = Mapping[str, Callable[..., Any]]

# Each family of methods, and the Python method that its members must have.
FAMILIES: Mapping[str, str] = {
    "imputation": "impute",
    "treatment": "treat",
    "normalisation": "normalise",
    "weighting": "weights",
    "aggregation": "aggregate",
}
# The types that a text file can hold besides lists and mappings; a datetime is a date.
_PLAIN = (bool, int, float, str, date)


def built_in(family: str) -> dict[str, type]:
    """Return the built-in classes of a family by name."""
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


def read_choice(family: str, table: Any, steps: Steps | None = None) -> Any:
    """Return the step that a table describes with the name of a class and its parameters.

    Parameters
    ----------
    family : str
        A key of `FAMILIES`.
    table : mapping
        The key ``method`` with the name of the class, and any parameters. If a parameter is itself
        called ``method``, the name of the class is under the key ``step``.
    steps : mapping of str to callable, optional
        The user's own classes or functions by name; each is called with the parameters of its step.

    Raises
    ------
    ModelError
        The table names an unknown method or an unknown or invalid parameter.
    """
    if not _names_a_step(table):
        raise ModelError(f'{family} must be a table such as {{ method = "..." }}, got {table!r}')
    key = _name_key(table)
    name = table[key]
    user_steps = steps or {}
    known = built_in(family)
    if name not in known and name not in user_steps:
        raise ModelError(f"no {family} method {name!r}{_hint(family, name, steps)}")
    kind = user_steps[name] if name not in known else known[name]
    parameters = {k: value for k, value in table.items() if k != key}
    faults = _parameter_faults(kind, parameters)
    if faults:
        raise ModelError(f"{family} method {name} {'; '.join(faults)}")
    try:
        choice = kind(**{k: _read_value(family, v, steps) for k, v in parameters.items()})
    except DLIWarning:
        raise
    except DLIError as error:
        listed = f" ({'; '.join(error.faults)})" if error.faults else ""
        raise ModelError(f"{family} method {name}: {error.summary}{listed}") from error
    except Exception as error:  # the user's own step may raise anything
        raise ModelError(f"{family} method {name}: {str(error) or type(error).__name__}") from error
    # Imputers of scikit-learn have a method `fit_transform` instead.
    acts = [FAMILIES[family], *(["fit_transform"] if family == "imputation" else [])]
    if not any(callable(getattr(choice, act, None)) for act in acts):
        msg = f"{family} method {name}: {shown(choice)} has no method {acts[0]}"
        raise ModelError(msg)
    return choice


def write_choice(
    family: str, choice: Any, *, full: bool = False, own: bool = False
) -> dict[str, Any]:
    """Return a step as a table that `read_choice` can read.

    Parameters
    ----------
    family : str
        A key of `FAMILIES`.
    choice : object
        The step.
    full : bool
        Whether to include parameters that have their default value.
    own : bool
        Whether to write the user's own steps too, always with all parameters. Their class must be
        an attrs class or a dataclass.

    Raises
    ------
    MethodError
        The step cannot be named in a file, or a parameter cannot be stored in one.
    """
    name = type(choice).__name__
    known: Any = built_in(family).get(name)
    if known is type(choice):
        parameters = {
            field.alias: getattr(choice, field.name)
            for field in attrs.fields(known)
            if field.init and _is_written(getattr(choice, field.name), field.default, full=full)
        }
        return _table(family, name, parameters, own=own)
    if not own:
        raise MethodError(
            f"{choice!r} is not one of this library's {family} methods and cannot be saved to a "
            "file"
        )
    return _own_table(family, choice)


def own_steps(steps: object) -> Steps:
    """Return the user's own steps, by the name that a file uses for each.

    Raises
    ------
    MethodError
        ``steps`` is not a mapping of names to classes or functions, or a name belongs to a step of
        this library.

    Examples
    --------
    >>> own_steps({"MinMax": dict})
    Traceback (most recent call last):
    dli.errors.MethodError: invalid steps:
      - 'MinMax' is a normalisation method of this library: choose another name for your step
    """
    if steps is None:
        return {}
    if not isinstance(steps, Mapping):
        msg = f"steps must be a mapping of names to classes or functions, got {shown(steps)}"
        raise MethodError(msg)
    faults = []
    for name, kind in steps.items():
        if not isinstance(name, str):
            faults.append(f"names must be text, got {name!r}")
        elif family := _family_of(name):
            faults.append(
                f"{name!r} is a {family} method of this library: choose another name for your step"
            )
        if not callable(kind):
            faults.append(
                f"{name!r} must be a class or function that is called with the parameters, got "
                f"{shown(kind)}"
            )
    if faults:
        msg = "invalid steps"
        raise MethodError(msg, faults)
    return dict(steps)


def _names_a_step(table: Any) -> bool:
    return isinstance(table, Mapping) and isinstance(table.get(_name_key(table)), str)


def _name_key(table: Mapping[str, Any]) -> str:
    """Return the key that holds the name of the step."""
    return "step" if "step" in table else "method"


def _family_of(name: str) -> str | None:
    """Return the family that has a built-in method of a name."""
    return next((family for family in FAMILIES if name in built_in(family)), None)


def _hint(family: str, name: str, steps: Steps | None) -> str:
    """Return a hint for a name that no step of a family has."""
    if other := _family_of(name):
        return f"; it is a method of {other}"
    known = [*built_in(family), *(steps or {})]
    hint = did_you_mean(name, known) or f"; available methods: {', '.join(known)}"
    if steps is None:
        return hint
    return f"{hint}; to use a step of your own, pass it when loading: steps={{{name!r}: ...}}"


def _parameter_faults(kind: Callable[..., Any], parameters: Mapping[str, Any]) -> list[str]:
    """Return which parameters are unknown or missing, each as the end of a sentence."""
    try:
        accepted = inspect.signature(kind).parameters.values()
    except (TypeError, ValueError):  # some classes written in C do not have a signature
        return []
    names = {p.name for p in accepted if p.kind in (p.POSITIONAL_OR_KEYWORD, p.KEYWORD_ONLY)}
    needed = [p.name for p in accepted if p.name in names and p.default is p.empty]
    unknown = [f"{key!r}{did_you_mean(key, names)}" for key in parameters if key not in names]
    missing = [repr(name) for name in needed if name not in parameters]
    faults = []
    if unknown and not any(p.kind is p.VAR_KEYWORD for p in accepted):
        faults.append(f"has no parameter {', '.join(unknown)}")
    if missing:
        faults.append(f"needs the parameter {', '.join(missing)}")
    return faults


def _read_value(family: str, value: Any, steps: Steps | None) -> Any:
    if _names_a_step(value):
        return read_choice(family, value, steps)
    if isinstance(value, Mapping):
        return {key: _read_value(family, item, steps) for key, item in value.items()}
    if isinstance(value, list):
        return [_read_value(family, item, steps) for item in value]
    return value


def _is_written(value: Any, default: Any, *, full: bool) -> bool:
    """Return whether the table of a built-in step includes a parameter."""
    if value is None and default is None:  # a file cannot hold None and omits the parameter
        return False
    return full or bool(value != default)


def _table(family: str, name: str, parameters: Mapping[str, Any], *, own: bool) -> dict[str, Any]:
    # A parameter that is called `method` would otherwise take the place of the name.
    table: dict[str, Any] = {"step" if "method" in parameters else "method": name}
    for key, value in parameters.items():
        try:
            table[key] = _write_value(family, value, own=own)
        except MethodError as error:
            raise MethodError(f"{family} method {name}, parameter {key!r}: {error}") from error
    return table


def _own_table(family: str, choice: Any) -> dict[str, Any]:
    """Return the table of one of the user's own steps."""
    kind = type(choice)
    step = f"{family} method {shown(choice)}"
    if other := _family_of(kind.__name__):
        raise MethodError(
            f"{step} has the name of a method of {other} in this library, so a file cannot refer "
            "to it: rename its class"
        )
    fields = _fields(choice)
    if fields is None or "step" in fields:
        but = "" if fields is None else ", none of which may be called 'step'"
        raise MethodError(
            f"{step} is not one of this library's {family} methods; to save it in a file, make its "
            f"class a dataclass or an attrs class with the parameters as fields{but}"
        )
    # A file cannot hold None and omits the parameter; the comparison below finds a parameter whose
    # default is not None.
    parameters = {key: value for key, value in fields.items() if value is not None}
    table = _table(family, kind.__name__, parameters, own=True)
    arguments = {
        key: value if _holds_a_step(table[key]) else table[key] for key, value in parameters.items()
    }
    try:
        again = _fields(kind(**arguments)) or {}
    except Exception as error:  # the user's own class may raise anything
        raise MethodError(f"{step} cannot be created from its fields: {error}") from error
    faults = [
        f"{key} is {shown(value)} and would be read back as {shown(again[key])}"
        for key, value in fields.items()
        if not _same(value, again[key])
    ]
    if faults:
        msg = f"{step} would differ after saving and loading; converters of its fields may help"
        raise MethodError(msg, faults)
    return table


def _fields(step: Any) -> dict[str, Any] | None:
    """Return the parameters of a user's own step, or None if its class does not declare them."""
    kind: Any = type(step)
    if attrs.has(kind):
        return {f.alias: getattr(step, f.name) for f in attrs.fields(kind) if f.init}
    if dataclasses.is_dataclass(kind):
        return {f.name: getattr(step, f.name) for f in dataclasses.fields(kind) if f.init}
    return None


def _same(one: Any, other: Any) -> bool:
    if shown(one) == shown(other):  # NaN, for example, is not equal to itself
        return True
    try:
        return bool(one == other)
    except ValueError:  # arrays
        return False


def _holds_a_step(value: Any) -> bool:
    if isinstance(value, Mapping):
        return _names_a_step(value) or any(map(_holds_a_step, value.values()))
    return isinstance(value, list) and any(map(_holds_a_step, value))


def _write_value(family: str, value: Any, *, own: bool) -> Any:
    """Return a parameter as a value that a text file can hold."""
    if value is None:
        return math.nan
    if isinstance(value, Mapping):
        if not all(isinstance(key, str) for key in value):
            raise MethodError(f"a file can only hold mappings whose keys are text, got {value!r}")
        if _names_a_step(value):
            raise MethodError(f"{value!r} would be read from a file as a step; use other keys")
        return {str(key): _write_value(family, item, own=own) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [_write_value(family, item, own=own) for item in value]
    if isinstance(value, np.ndarray):
        return _write_value(family, value.tolist(), own=own)
    plain = value.item() if isinstance(value, np.generic) else value
    # NumPy converts times in nanoseconds to whole numbers.
    if isinstance(plain, _PLAIN) and not isinstance(value, (np.datetime64, np.timedelta64)):
        return plain
    if callable(getattr(type(value), FAMILIES[family], None)):
        return write_choice(family, value, own=own)
    raise MethodError(f"a file cannot hold {value!r}")
