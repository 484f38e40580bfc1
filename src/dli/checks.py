"""Checks of parameters: numbers, seeds, sequences, codes and texts, each in one place."""

import math
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from collections.abc import Set as AbstractSet
from typing import Any, TypeVar

import numpy as np

from dli.errors import MethodError, did_you_mean

__all__ = [
    "choice_faults",
    "code_faults",
    "flag_faults",
    "generator",
    "instance",
    "is_hashable",
    "is_number",
    "is_whole",
    "listed",
    "mapping",
    "name_faults",
    "number",
    "number_fault",
    "refuse",
    "seed_of",
    "several",
    "step_faults",
    "text_faults",
    "weight_faults",
    "whole_number",
]

T = TypeVar("T")

# Characters that XML, and therefore workbooks and GraphML, cannot contain; line breaks and tabs are
# allowed.
_CONTROL = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\ud800-\udfff\ufffe\uffff]")


def is_number(value: object) -> bool:
    """Return whether a value is a finite real number; True and False are not."""
    if type(value) is float:
        return math.isfinite(value)
    if isinstance(value, (bool, np.bool_, np.timedelta64)):  # NumPy treats durations as integers
        return False
    if not isinstance(value, (int, float, np.integer, np.floating)):
        return False
    try:
        return math.isfinite(value)
    except OverflowError:  # a whole number beyond the range of floats
        return False


def is_whole(value: object, least: float = -math.inf, most: float = math.inf) -> bool:
    """Return whether a value is a whole number within limits; True and False are not."""
    if isinstance(value, (bool, np.bool_, np.timedelta64)):
        return False
    if not isinstance(value, (int, np.integer)):
        return False
    return least <= int(value) <= most


def whole_number(name: str, value: object, least: int, most: float = math.inf) -> int:
    """Return a whole number as an int.

    Raises
    ------
    MethodError
        The value is not a whole number within the limits.
    """
    if not is_whole(value, least, most):
        limits = f"of at least {least}" if most == math.inf else f"from {least} to {most:,.0f}"
        msg = f"{name} must be a whole number {limits}, got {value!r}"
        raise MethodError(msg)
    return int(value)  # type: ignore[call-overload,no-any-return] # checked


def number_fault(
    name: str,
    value: object,
    *,
    least: float = -math.inf,
    most: float = math.inf,
    above: float = -math.inf,
    below: float = math.inf,
) -> str:
    """Return what is wrong with a number, or an empty text.

    ``least`` and ``most`` are inclusive limits, ``above`` and ``below`` exclusive ones.
    """
    if is_number(value) and least <= value <= most and above < value < below:  # type: ignore[operator] # is_number checks it
        return ""
    limits = [
        f"{word} {limit:g}"
        for word, limit in (
            ("of at least", least),
            ("above", above),
            ("of at most", most),
            ("below", below),
        )
        if math.isfinite(limit)
    ]
    if math.isfinite(least) and math.isfinite(most):
        limits = [f"from {least:g} to {most:g}"]
    return f"{name} must be a number {' and '.join(limits)}".rstrip() + f", got {value!r}"


def number(name: str, value: object, **limits: float) -> float:
    """Return a finite number as a float; the limits are those of `number_fault`.

    Raises
    ------
    MethodError
        The value is not a finite number within the limits.
    """
    fault = number_fault(name, value, **limits)
    if fault:
        raise MethodError(fault)
    return float(value)  # type: ignore[arg-type] # checked


def seed_of(rng: Any) -> int:
    """Return the seed that determines every draw of a study.

    Parameters
    ----------
    rng : int, numpy.random.SeedSequence, numpy.random.Generator or None
        A whole number is the seed itself. A seed sequence always results in the same seed, and its
        children in different ones. A generator draws the seed, which advances its state. With None
        the operating system provides the seed.

    Raises
    ------
    MethodError
        ``rng`` is anything else, or a negative number.

    Examples
    --------
    >>> import numpy as np
    >>> seed_of(7), seed_of(np.random.SeedSequence(7))
    (7, 7)
    >>> first, second = np.random.SeedSequence(7).spawn(2)
    >>> seed_of(first) == seed_of(second)
    False
    """
    if isinstance(rng, np.random.Generator):
        return int(rng.integers(2**63))
    if rng is None:
        rng = np.random.SeedSequence()
    if isinstance(rng, np.random.SeedSequence):
        if isinstance(rng.entropy, int) and not rng.spawn_key:
            return rng.entropy
        words = rng.generate_state(2, np.uint64).tolist()
        return int(words[0]) << 64 | int(words[1])
    return whole_number("rng (if not a NumPy Generator or SeedSequence)", rng, 0)


def generator(rng: Any) -> np.random.Generator:
    """Return a generator whose stream is determined by `seed_of`."""
    return np.random.default_rng(np.random.SeedSequence(seed_of(rng)))


def is_hashable(value: object) -> bool:
    """Return whether a value can be the key of a mapping; a list and the NA of pandas cannot."""
    try:
        hash(value)
        bool(value == value)  # noqa: PLR0124 NA does not say whether it equals itself
    except (TypeError, ValueError):
        return False
    return True


def several(what: str, values: object) -> list[Any]:
    """Return the distinct values as a list; a text is a single value.

    Raises
    ------
    MethodError
        ``values`` is neither a text nor a sequence.

    Examples
    --------
    >>> several("units", "KEN"), several("units", ("KEN", "EST", "KEN"))
    (['KEN'], ['KEN', 'EST'])
    """
    if isinstance(values, str):
        return [values]
    if not isinstance(values, Iterable):
        msg = f"{what} must be one text or a sequence, got {values!r}"
        raise MethodError(msg)
    if isinstance(values, np.ndarray) and values.ndim != 1:
        msg = f"{what} must be one text or a sequence, got an array of shape {values.shape}"
        raise MethodError(msg)
    items = list(values)
    return list(dict.fromkeys(items)) if all(map(is_hashable, items)) else items


def instance(name: str, value: object, kind: type[T]) -> T:
    """Return a parameter that must be an instance of a class, such as an Assessment.

    Raises
    ------
    MethodError
        The value is not an instance of the class.

    Examples
    --------
    >>> instance("rate", 0.5, float)
    0.5
    >>> instance("rate", "fast", float)
    Traceback (most recent call last):
    dli.errors.MethodError: rate must be of the class float, got 'fast'
    """
    if not isinstance(value, kind):
        shown = repr(value)
        what = shown if len(shown) <= 60 else f"an object of the class {type(value).__name__}"
        msg = f"{name} must be of the class {kind.__name__}, got {what}"
        raise MethodError(msg)
    return value


def listed(name: str, values: object, what: str) -> list[Any]:
    """Return a parameter that must be a sequence, as a list.

    Raises
    ------
    MethodError
        The value is a text, a mapping, a set, a class, or not iterable.

    Examples
    --------
    >>> listed("budgets", (1, 2), "numbers")
    [1, 2]
    >>> listed("budgets", {1, 2}, "numbers")
    Traceback (most recent call last):
    dli.errors.MethodError: budgets must be a sequence of numbers, got {1, 2}
    """
    is_other = isinstance(values, (str, bytes, Mapping, AbstractSet, type))
    is_single = isinstance(values, np.ndarray) and values.ndim == 0
    if is_other or is_single or not isinstance(values, Iterable):
        msg = f"{name} must be a sequence of {what}, got {values!r}"
        raise MethodError(msg)
    return list(values)


def mapping(name: str, value: object, what: str) -> dict[Any, Any]:
    """Return a parameter that must be a mapping, as a dict.

    Raises
    ------
    MethodError
        The value is not a mapping.

    Examples
    --------
    >>> mapping("costs", [("a", 1)], "code to cost")
    Traceback (most recent call last):
    dli.errors.MethodError: costs must be a mapping of code to cost, got [('a', 1)]
    """
    if not isinstance(value, Mapping):
        msg = f"{name} must be a mapping of {what}, got {value!r}"
        raise MethodError(msg)
    return dict(value)


def code_faults(code: object) -> Iterator[str]:
    """Yield what is wrong with a code, which must also be usable as the name of a column."""
    if not isinstance(code, str) or not code or code != code.strip():
        yield f"code must be a text without leading or trailing spaces, got {code!r}"
    elif _CONTROL.search(code) or not set(code).isdisjoint("\t\n\r"):
        yield f"code must not contain control characters, got {code!r}"


def text_faults(**fields: object) -> Iterator[str]:
    """Yield which fields are not text, or contain characters that XML does not allow."""
    for name, value in fields.items():
        if not isinstance(value, str):
            yield f"{name} must be text, got {value!r}"
        elif _CONTROL.search(value):
            yield f"{name} must not contain control characters, got {value!r}"


def weight_faults(weight: object) -> Iterator[str]:
    """Yield what is wrong with a weight, which is relative to its siblings and not negative."""
    if not is_number(weight) or weight < 0:  # type: ignore[operator] # is_number checks it
        yield f"weight must be a finite number of at least 0, got {weight!r}"


def flag_faults(**flags: object) -> Iterator[str]:
    """Yield which parameters are not True or False."""
    for name, value in flags.items():
        if not isinstance(value, (bool, np.bool_)):
            yield f"{name} must be True or False, got {value!r}"


def name_faults(name: str, value: object) -> Iterator[str]:
    """Yield what is wrong with the name of a unit or period: a text, a number or a date."""
    if value is None or isinstance(value, type) or not is_hashable(value) or value != value:  # noqa: PLR0124 NaN
        yield f"{name} must be a name or a number, got {value!r}"


def choice_faults(name: str, value: object, choices: Sequence[str]) -> Iterator[str]:
    """Yield what is wrong with a parameter that must be one of several texts.

    Examples
    --------
    >>> list(choice_faults("missing", "renormalize", ("renormalise", "raise")))
    ["missing must be 'renormalise' or 'raise', got 'renormalize'; did you mean 'renormalise'?"]
    """
    if not (isinstance(value, str) and value in choices):
        *most, last = map(repr, choices)
        hint = did_you_mean(value, choices) if isinstance(value, str) else ""
        yield f"{name} must be {', '.join(most)} or {last}, got {value!r}{hint}"


def step_faults(name: str, step: object, act: str, example: str) -> Iterator[str]:
    """Yield what is wrong with a step of the method, an object with one method of a given name.

    Parameters
    ----------
    name : str
        The parameter that holds the step.
    step : object
    act : str
        The method that the step must have.
    example : str
        A built-in step, such as ``"dli.weighting.Equal()"``.

    Examples
    --------
    >>> list(step_faults("weighting", "a", "weights", "dli.weighting.Equal()"))
    ["weighting must be an object with a method weights, such as dli.weighting.Equal(), got 'a'"]
    """
    if isinstance(step, type):
        yield f"{name} must be an object, got the class: write {step.__name__}()"
    # Series and frames have methods with the same names.
    elif not callable(getattr(step, act, None)) or hasattr(step, "__array__"):
        yield f"{name} must be an object with a method {act}, such as {example}, got {step!r}"


def refuse(what: str, faults: Iterable[str]) -> None:
    """Raise a MethodError that lists all faults of some parameters, if there are any."""
    faults = list(faults)
    if faults:
        msg = f"invalid parameters of {what}"
        raise MethodError(msg, faults)
