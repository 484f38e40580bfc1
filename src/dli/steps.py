"""Calls to objects of the user, such as a step of the method, with errors that name them."""

import inspect
import re
from collections.abc import Callable, Sequence
from types import TracebackType
from typing import Any, TypeAlias

import numpy as np

from dli.arrays import Floats, as_floats
from dli.errors import DLIError, DLIWarning, MethodError

__all__ = ["Together", "Unit", "ask", "at", "attribute", "named", "numbers", "on", "shown"]

# A function that turns the number of a row into the name of its unit.
Unit: TypeAlias = Callable[[int], str]

# The arguments with which each method is called.
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
# These receive a copy that they may fill; all others receive arrays that they must not change.
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
    """Return an attribute of an object that may be the user's, or a default if it is missing.

    Raises
    ------
    MethodError
        The attribute is a property that raised an error.

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
    """Call a method of an object that may be the user's, and return the result.

    The method receives read-only views of arrays, so that it cannot change its input unnoticed. An
    imputation must be called with a copy, which it may fill.

    Parameters
    ----------
    owner : object
        The object whose method is called.
    act : str
        The name of the method, ``"__call__"`` for a function.
    *arguments
        The arguments of the method.
    step : str
        The name of the object in messages.
    codes : sequence of str
        The indicators or children that the method processes, for messages.
    unit : callable, optional
        A function that returns the name of the unit of a row. Codes and units replace "column 0"
        and "row 0" in the errors of this library, because functions on arrays only know numbers.
    read : callable, optional
        A function applied to the result; its errors are reported like errors of the method.

    Raises
    ------
    MethodError
        The method does not exist, cannot be called with these arguments, or raised an error that
        is not one of this library. Errors of this library keep their class, and warnings that
        were turned into errors are passed on.

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
        msg = f"{step} requires a method {_CALLS.get(act, act)}, which {type(owner).__name__} lacks"
        raise MethodError(msg)
    if act not in _FILL:
        arguments = tuple(
            _read_only(each) if isinstance(each, np.ndarray) and each.flags.writeable else each
            for each in arguments
        )
    try:
        result = method(*arguments)
        return result if read is None else read(result)
    except DLIWarning:
        raise
    except DLIError as error:
        if type(error).__init__ is not DLIError.__init__:
            raise  # its message is complete, and it cannot be made from a text
        msg = f"{step}: {named(error.summary, codes, unit)}"
        faults = [named(fault, codes, unit) for fault in error.faults]
        raise type(error)(msg, faults) from error
    except Exception as error:
        raise MethodError(_told(error, method, act, arguments, step, codes)) from error


def numbers(result: Any) -> Floats:
    """Return the result of a step as a new array of floats.

    A copy is necessary, because the step may fill the array that it returned again.

    Raises
    ------
    MethodError
        The result is not an array of numbers.
    """
    return as_floats(result, "its result").copy(order="K")


class at:  # noqa: N801 used like contextlib's managers; a class is entered four times as fast
    """Record in an error which step of the method raised it, and at which node."""

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
        """Record the place in an error that does not have one yet."""
        if isinstance(error, DLIError):
            error.place = error.place or self.place


class Together:
    """Errors at several places, raised as one.

    Attributes
    ----------
    errors : list of DLIError
        The errors so far.

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
        """Enter the block of one place."""

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> bool:
        """Keep an error of this library for later; let all other errors pass."""
        if isinstance(error, DLIError):
            self.errors.append(error)
            return True
        return False

    def require(self, what: str) -> None:
        """Raise the first error, if there is one, with the faults of all errors of its class.

        Parameters
        ----------
        what : str
            The summary of several errors.
        """
        if not self.errors:
            return
        first = self.errors[0]
        # An object that is used at several places may raise the same error at each of them.
        by_text = {str(error): error for error in self.errors if type(error) is type(first)}
        same = list(by_text.values())
        # An error with another signature cannot be made from a text.
        if len(same) == 1 or type(first).__init__ is not DLIError.__init__:
            raise first
        faults = []
        for error in same:
            lines = [f"{error.summary}: {fault}" for fault in error.faults]
            faults += lines or [error.summary]
        joined = type(first)(what, faults)
        joined.place = first.place
        raise joined from first


def on(codes: Sequence[str]) -> str:
    """Return the end of a message, which lists the indicators or children concerned.

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

    # Text in quotes is already a name, such as that of an indicator 'column 1'.
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
    """Return the message for an error that an object of the user raised."""
    if isinstance(error, TypeError) and not _takes(method, arguments):
        return f"{step} cannot be called as {_CALLS.get(act, act)}: {error}"
    hint = " (it must not change its input: change a copy)" if "read-only" in str(error) else ""
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
    except ValueError:  # some functions written in C do not have a signature
        return True
    return True
