"""Calls of an object from outside, such as a step of the method, with errors that name it."""

import inspect
import re
from collections.abc import Callable, Sequence
from types import TracebackType
from typing import Any, TypeAlias

import numpy as np

from dli.arrays import Floats, as_floats
from dli.errors import DLIError, DLIWarning, MethodError

__all__ = ["Together", "Unit", "ask", "at", "attribute", "named", "numbers", "on", "shown"]

# Turns the number of a row into the name of its unit.
Unit: TypeAlias = Callable[[int], str]

# What each method is called with.
_CALLS = {
    "impute": "impute(values, context)",
    "fit_transform": "fit_transform(values)",
    "treat": "treat(values)",
    "normalise": "normalise(values, indicators)",
    "for_rows": "for_rows(units, periods)",
    "truncated": "truncated(values, indicators)",
    "weights": "weights(values, children)",
    "aggregate": "aggregate(values, weights)",
    "gradient": "gradient(values, weights)",
    "fit": "fit(values, ...)",
    "directional": "directional(values, weights, moves)",
    "factors": "factors(assessment)",
    "__call__": "noise(values, draw)",
    "apply": "apply(uniforms, draws)",
    "drawn": "drawn(uniforms, draws)",
    "apply_given": "apply_given(known, uniforms, free, draws)",
    "submit": "submit(work, task)",
    "describe": "describe()",
    "describe_at": "describe_at(codes)",
}
# These get a copy that they may fill; all else works on arrays that it must not change.
_FILL = ("impute", "fit_transform")
_ADDRESS = re.compile(r"<(?:<\w+>|[^<>])*?(?P<name>\w+)(?: object)? at 0x[0-9A-Fa-f]+>")


def shown(value: object) -> str:
    """Return the repr of an object, with class names in place of addresses in memory.

    Examples
    --------
    >>> class Mine: ...
    >>> shown({"a": Mine(), "b": 1.5})
    "{'a': Mine, 'b': 1.5}"
    """
    try:
        return _ADDRESS.sub(r"\g<name>", repr(value))
    except Exception:  # noqa: BLE001 a repr from outside may raise anything
        return type(value).__name__


def attribute(owner: Any, name: str, default: Any, *, step: str) -> Any:
    """Return an attribute of an object that may be from outside, or a default if it has none.

    Raises
    ------
    MethodError
        The attribute is a property, and raised an error.

    Examples
    --------
    >>> attribute(1.5, "real", 0.0, step="number"), attribute(1.5, "traits", None, step="number")
    (1.5, None)
    """
    try:
        return getattr(owner, name, default)
    except DLIError:
        raise
    except Exception as error:
        msg = f"{step}: its attribute {name} raised {_words(error)}"
        raise MethodError(msg) from error


def ask(
    owner: Any,
    act: str,
    *arguments: Any,
    step: str,
    codes: Sequence[str] = (),
    unit: Unit | None = None,
    read: Callable[[Any], Any] | None = None,
) -> Any:
    """Call a method of an object that may be from outside.

    The arrays among its arguments are read-only for it, so that it cannot change unseen what it
    was given. An imputation is to be given a copy, which it may fill.

    Parameters
    ----------
    owner : object
    act : str
        The name of the method, ``"__call__"`` for a function.
    *arguments
    step : str
        What messages call the object.
    codes : sequence of str
        The indicators or children that it works on, for messages.
    unit : callable, optional
        Names the unit of a row. Codes and units replace "column 0" and "row 0" in the texts of
        errors of this library, since functions on arrays know no more than numbers.
    read : callable, optional
        Applied to the result; what it raises is told like an error of the method.

    Raises
    ------
    MethodError
        There is no such method, it cannot be called so, or it raised an error that is not one of
        this library. Errors of this library keep their class; warnings that were made errors pass.

    Examples
    --------
    >>> class Broken:
    ...     def treat(self, values):
    ...         return 1 / 0
    >>> ask(Broken(), "treat", [1.0], step="treatment Broken", codes=["a"])
    Traceback (most recent call last):
    dli.errors.MethodError: treatment Broken raised ZeroDivisionError: division by zero; on 'a'
    """
    try:
        method = owner if act == "__call__" else getattr(owner, act, None)
    except Exception:  # noqa: BLE001 a property may raise anything, and does so again
        method = attribute(owner, act, None, step=step)
    if not callable(method):
        msg = f"{step} needs a method {_CALLS.get(act, act)}; {type(owner).__name__} has none"
        raise MethodError(msg)
    if act not in _FILL:
        arguments = tuple(
            _read_only(given) if isinstance(given, np.ndarray) and given.flags.writeable else given
            for given in arguments
        )
    try:
        result = method(*arguments)
        return result if read is None else read(result)
    except DLIWarning:
        raise
    except DLIError as error:
        if type(error).__init__ is not DLIError.__init__:
            raise  # it names what it is about, and cannot be made from a text
        msg = f"{step}: {named(error.summary, codes, unit)}"
        faults = [named(fault, codes, unit) for fault in error.faults]
        raise type(error)(msg, faults) from error
    except Exception as error:
        raise MethodError(_told(error, method, act, arguments, step, codes)) from error


def numbers(result: Any) -> Floats:
    """Read the result of a step as an array of floats of its own.

    The step may fill the array that it returned again.

    Raises
    ------
    MethodError
        The result is not an array of numbers.
    """
    return as_floats(result, "its result").copy(order="K")


class at:  # noqa: N801 used like contextlib's managers; a class is entered four times as fast
    """Note on an error which step of the method raised it, and at which node."""

    __slots__ = ("place",)

    def __init__(self, step: str, code: str | None = None) -> None:
        self.place = (step, code)

    def __enter__(self) -> None:
        """Do nothing: only errors matter."""

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Note the place on an error that has none."""
        if isinstance(error, DLIError):
            error.place = error.place or self.place


class Together:
    """Errors at several places, told in one.

    Attributes
    ----------
    errors : list of DLIError
        Those so far.

    Examples
    --------
    >>> together = Together()
    >>> for name in ("a", "b"):
    ...     with together:
    ...         raise MethodError(f"{name} has no value")
    >>> together.require("columns that cannot be used")
    Traceback (most recent call last):
    dli.errors.MethodError: columns that cannot be used:
      - a has no value
      - b has no value
    """

    def __init__(self) -> None:
        self.errors: list[DLIError] = []

    def __enter__(self) -> None:
        """Begin with a place."""

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> bool:
        """Keep an error of this library for later; let others pass."""
        if isinstance(error, DLIError):
            self.errors.append(error)
            return True
        return False

    def require(self, what: str) -> None:
        """Raise the first error if there was one, with the faults of all others of its class.

        Parameters
        ----------
        what : str
            The summary of several errors.
        """
        if not self.errors:
            return
        first = self.errors[0]
        # An object that serves several places may say the same of all.
        by_text = {str(error): error for error in self.errors if type(error) is type(first)}
        same = list(by_text.values())
        # One with another signature cannot be made from a text.
        if len(same) == 1 or type(first).__init__ is not DLIError.__init__:
            raise first
        faults = []
        for error in same:
            own = [f"{error.summary}: {fault}" for fault in error.faults]
            faults += own or [error.summary]
        joined = type(first)(what, faults)
        joined.place = first.place
        raise joined from first


def on(codes: Sequence[str]) -> str:
    """Return the end of a message that says which indicators or children it is about.

    Examples
    --------
    >>> on(["a", "b"])
    "; on 'a', 'b'"
    """
    if not codes:
        return ""
    more = f", ... ({len(codes)} in all)" if len(codes) > 8 else ""
    return f"; on {', '.join(map(repr, codes[:8]))}{more}"


def named(text: str, codes: Sequence[str], unit: Unit | None = None) -> str:
    """Return a text with codes in place of "column 0" and units in place of "row 0".

    Examples
    --------
    >>> named("column 1, row 3: constant", ["a", "b"])
    "'b', row 3: constant"
    """

    def column(match: re.Match[str]) -> str:
        place = int(match[1])
        return repr(codes[place]) if place < len(codes) else match[0]

    def row(match: re.Match[str]) -> str:
        try:
            return match[0] if unit is None else unit(int(match[1]))
        except IndexError:
            return match[0]

    # A name in quotes is one already, such as that of an indicator 'column 1'.
    text = re.sub(r"(?<!['\"])\bcolumn (\d+)\b(?!['\"])", column, text)
    return re.sub(r"(?<!['\"])\brow (\d+)\b(?!['\"])", row, text)


def _told(
    error: Exception,
    method: Any,
    act: str,
    arguments: Sequence[Any],
    step: str,
    codes: Sequence[str],
) -> str:
    """Return in words what an error from outside says."""
    if isinstance(error, TypeError) and not _takes(method, arguments):
        return f"{step} cannot be called as {_CALLS.get(act, act)}: {error}"
    hint = " (it must leave its input as it is: change a copy)" if "read-only" in str(error) else ""
    return f"{step} raised {_words(error)}{hint}{on(codes)}"


def _words(error: Exception) -> str:
    return f"{type(error).__name__}: {error}" if str(error) else type(error).__name__


def _read_only(array: np.ndarray[Any, Any]) -> Any:
    view = array.view()
    view.flags.writeable = False
    return view


def _takes(method: Any, arguments: Sequence[Any]) -> bool:
    try:
        inspect.signature(method).bind(*arguments)
    except TypeError:
        return False
    except ValueError:  # no signature is known of some functions written in C
        return True
    return True
