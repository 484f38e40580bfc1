"""Checks of judgements by code, such as points and ranks, and the base class of their schemes."""

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, ClassVar, TypeVar

import numpy as np

from dli.checks import mapping, number_fault, whole_number
from dli.errors import InconsistentJudgementsError, MethodError, did_you_mean
from dli.weighting.ahp.tables import as_frame
from dli.weighting.protocol import Floats, Node, Traits

__all__ = [
    "Elicited",
    "check_known",
    "codes_of",
    "count_of",
    "mapping_of",
    "numbers_by_code",
    "of_each",
    "one_of",
    "raise_together",
    "read_by_code",
]

S = TypeVar("S")
T = TypeVar("T")

# For larger shapes NumPy raises errors of its own.
_MOST = 2**31


class Elicited(ABC):
    """Base class of the schemes whose weights come from stated judgements, not from the values."""

    __slots__ = ()
    traits: ClassVar[Traits] = Traits(uses_values=False)

    def weights(self, values: Floats, children: Sequence[Node]) -> Floats:
        """Return the weights of the children."""
        return self._weigh([child.code for child in children])

    @abstractmethod
    def _weigh(self, codes: list[str]) -> Floats: ...


def one_of(name: str, choice: Any, choices: Iterable[str]) -> None:
    """Raise if a choice is not one of the allowed strings."""
    choices = tuple(choices)
    if not isinstance(choice, str) or choice not in choices:
        msg = f"{name} must be one of {', '.join(choices)}, got {choice!r}"
        raise MethodError(msg)


def count_of(name: str, n: Any) -> int:
    """Return a whole number from 1 to the greatest length of an array."""
    count = whole_number(name, n, 1)
    if count > _MOST:
        msg = f"{name} must be at most {_MOST}, got {count}"
        raise MethodError(msg)
    return count


def codes_of(name: str, codes: Any, n: int | None = None, *, text: bool = False) -> tuple[str, ...]:
    """Return codes as a tuple; raise if they are not strings that differ from one another.

    ``n`` is the expected number of codes. If ``text`` is True, a string is accepted and read as
    codes of one letter each.
    """
    # Sets are rejected because they have no order; the keys of a mapping have one.
    is_other = (
        isinstance(codes, (bytes, Mapping, set, frozenset)) or as_frame(codes, name) is not None
    )
    is_table = isinstance(codes, np.ndarray) and codes.ndim != 1
    is_text = isinstance(codes, str) and not text
    if is_other or is_table or is_text or not isinstance(codes, Iterable):
        msg = f"{name} must be a sequence of codes, got {codes!r}"
        raise MethodError(msg)
    sequence = tuple(codes)
    faults = [f"{code!r} is not text" for code in sequence if not isinstance(code, str)]
    if not faults:
        faults = [f"{c!r} appears twice" for c in dict.fromkeys(sequence) if sequence.count(c) > 1]
    if n is not None and len(sequence) != n:
        faults.append(f"{len(sequence)} codes, expected {n}")
    if faults:
        msg = f"{name} must be different codes, one for each item"
        raise MethodError(msg, faults)
    return sequence


def of_each(summary: str, by_name: Mapping[str, T], call: Callable[[str, T], S]) -> dict[str, S]:
    """Return the results of a function for each value by name; raise all its errors together."""
    results, errors = {}, []
    for name, each in by_name.items():
        try:
            results[name] = call(name, each)
        except MethodError as error:
            errors.append(error)
    raise_together(summary, errors)
    return results


def raise_together(summary: str, errors: Sequence[MethodError]) -> None:
    """Raise a single error as it is, or one error that lists several; do nothing if none."""
    if len(errors) == 1:
        raise errors[0]
    if errors:
        same = all(isinstance(error, InconsistentJudgementsError) for error in errors)
        kind = InconsistentJudgementsError if same else MethodError
        raise kind(summary, ["; ".join([error.summary, *error.faults]) for error in errors])


def mapping_of(name: str, by_code: Any, what: str = "numbers") -> dict[str, Any]:
    """Return a mapping as a dict; raise if its keys are not text. ``what`` names its values."""
    result = mapping(name, by_code, f"codes to {what}")
    faults = [f"{code!r} is not text" for code in result if not isinstance(code, str)]
    if faults:
        msg = f"{name} must have text as keys"
        raise MethodError(msg, faults)
    return result


def numbers_by_code(name: str, by_code: Any, **limits: float) -> dict[str, float]:
    """Return a mapping of codes to finite numbers as a dict; limits are those of `number_fault`."""
    numbers = mapping_of(name, by_code)
    faults = [number_fault(repr(code), value, **limits) for code, value in numbers.items()]
    if any(faults):
        msg = f"{name} must be finite numbers within their limits"
        raise MethodError(msg, filter(None, faults))
    return numbers


def read_by_code(name: str, by_code: Mapping[str, float], codes: Sequence[str]) -> Floats:
    """Return the numbers of codes in the order of the codes; raise for codes without a number."""
    missing = [repr(code) for code in codes if code not in by_code]
    if missing:
        msg = f"every child needs a {name}; it is missing for"
        raise MethodError(msg, missing)
    return np.array([by_code[code] for code in codes], dtype=np.float64)


def check_known(name: str, named: Sequence[str], codes: Sequence[str]) -> None:
    """Raise for codes that are not among those of the children, with a hint for each."""
    unknown = [code for code in dict.fromkeys(named) if code not in codes]
    if unknown:
        msg = f"{name} must refer to {', '.join(codes)}; unknown codes"
        raise MethodError(msg, [f"{code!r}{did_you_mean(code, codes)}" for code in unknown])
