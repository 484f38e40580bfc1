"""Checks of single values: numbers, seeds, codes and texts, each in one place."""

import math
from collections.abc import Iterable, Iterator
from typing import Any

import numpy as np

from dli.errors import MethodError

__all__ = [
    "code_faults",
    "generator",
    "is_hashable",
    "is_number",
    "is_whole",
    "number",
    "number_fault",
    "seed_of",
    "several",
    "text_faults",
    "weight_faults",
    "whole_number",
]


def is_number(value: object) -> bool:
    """Return whether a value is a finite real number; True and False are not."""
    if type(value) is float:
        return math.isfinite(value)
    if isinstance(value, (bool, np.bool_)):
        return False
    if not isinstance(value, (int, float, np.integer, np.floating)):
        return False
    try:
        return math.isfinite(value)
    except OverflowError:  # a whole number beyond the range of floats
        return False


def is_whole(value: object, least: float = -math.inf, most: float = math.inf) -> bool:
    """Return whether a value is a whole number within limits; True and False are not."""
    if isinstance(value, (bool, np.bool_)) or not isinstance(value, (int, np.integer)):
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
        limits = f"of at least {least}" if most == math.inf else f"from {least} to {most:g}"
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
    """Return what is wrong with a number, an empty text if nothing is.

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
    """Return the whole number from which every draw of a study follows.

    Parameters
    ----------
    rng : int, numpy.random.SeedSequence, numpy.random.Generator or None
        A whole number is the seed itself. A seed sequence always gives the same seed, and its
        children give different ones. A generator moves on. None takes a seed from the system.

    Raises
    ------
    MethodError
        Anything else.

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
    """Return a generator whose stream follows from `seed_of` alone."""
    return np.random.default_rng(np.random.SeedSequence(seed_of(rng)))


def is_hashable(value: object) -> bool:
    """Return whether a value can be the key of a mapping; a list cannot."""
    try:
        hash(value)
    except TypeError:
        return False
    return True


def several(what: str, values: object) -> list[Any]:
    """Return different values in a list; a single text is one of them.

    Raises
    ------
    MethodError
        Something that does not hold values.

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
    given = list(values)
    return list(dict.fromkeys(given)) if all(map(is_hashable, given)) else given


def code_faults(code: object) -> Iterator[str]:
    """Yield what is wrong with a code: it names columns, so it has no spaces at its ends."""
    if not isinstance(code, str) or not code or code != code.strip():
        yield f"code must be a text without spaces at its ends, got {code!r}"


def text_faults(**fields: object) -> Iterator[str]:
    """Yield the fields that must be text and are not."""
    for name, value in fields.items():
        if not isinstance(value, str):
            yield f"{name} must be text, got {value!r}"


def weight_faults(weight: object) -> Iterator[str]:
    """Yield what is wrong with a weight: it is relative to its siblings, but never negative."""
    if not is_number(weight) or weight < 0:  # type: ignore[operator] # is_number checks it
        yield f"weight must be a finite number of at least 0, got {weight!r}"
