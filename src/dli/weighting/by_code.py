"""Statements by code, such as points and ranks: checked once, then read for the children."""

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

# NumPy refuses larger shapes with errors of its own.
_MOST = 2**31


class Elicited(ABC):
    """Base of the schemes that weigh codes by what people stated, whatever the values."""

    __slots__ = ()
    traits: ClassVar[Traits] = Traits(uses_values=False)

    def weights(self, values: Floats, children: Sequence[Node]) -> Floats:
        """Return the weights of the children."""
        return self._weigh([child.code for child in children])

    @abstractmethod
    def _weigh(self, codes: list[str]) -> Floats: ...


def one_of(name: str, choice: Any, choices: Iterable[str]) -> None:
    """Raise for a choice that is not one of some texts."""
    choices = tuple(choices)
    if not isinstance(choice, str) or choice not in choices:
        msg = f"{name} must be one of {', '.join(choices)}, got {choice!r}"
        raise MethodError(msg)


def count_of(name: str, n: Any) -> int:
    """Return a whole number of at least 1 that an array can have of something."""
    count = whole_number(name, n, 1)
    if count > _MOST:
        msg = f"{name} must be at most {_MOST}, got {count}"
        raise MethodError(msg)
    return count


def codes_of(name: str, codes: Any, n: int | None = None, *, text: bool = False) -> tuple[str, ...]:
    """Return different codes in a tuple.

    ``n`` is how many they must be; ``text`` says whether a text stands for codes of one letter.
    """
    # The keys of a mapping are a set too, but one with an order.
    is_other = (
        isinstance(codes, (bytes, Mapping, set, frozenset)) or as_frame(codes, name) is not None
    )
    is_table = isinstance(codes, np.ndarray) and codes.ndim != 1
    is_text = isinstance(codes, str) and not text
    if is_other or is_table or is_text or not isinstance(codes, Iterable):
        msg = f"{name} must be a sequence of codes, got {codes!r}"
        raise MethodError(msg)
    found = tuple(codes)
    faults = [f"{code!r} is not text" for code in found if not isinstance(code, str)]
    if not faults:
        faults = [f"{c!r} appears twice" for c in dict.fromkeys(found) if found.count(c) > 1]
    if n is not None and len(found) != n:
        faults.append(f"{len(found)} codes, expected {n}")
    if faults:
        msg = f"{name} must be different codes, one for each item"
        raise MethodError(msg, faults)
    return found


def of_each(summary: str, by_name: Mapping[str, T], call: Callable[[str, T], S]) -> dict[str, S]:
    """Return what a function returns of each by name; raise what it raises of all together."""
    results, errors = {}, []
    for name, each in by_name.items():
        try:
            results[name] = call(name, each)
        except MethodError as error:
            errors.append(error)
    raise_together(summary, errors)
    return results


def raise_together(summary: str, errors: Sequence[MethodError]) -> None:
    """Raise the one error that there is, or one that says what all of several say."""
    if len(errors) == 1:
        raise errors[0]
    if errors:
        same = all(isinstance(error, InconsistentJudgementsError) for error in errors)
        kind = InconsistentJudgementsError if same else MethodError
        raise kind(summary, ["; ".join([error.summary, *error.faults]) for error in errors])


def mapping_of(name: str, by_code: Any, what: str = "numbers") -> dict[str, Any]:
    """Return a mapping of codes to something as a dict."""
    found = mapping(name, by_code, f"codes to {what}")
    faults = [f"{code!r} is not text" for code in found if not isinstance(code, str)]
    if faults:
        msg = f"{name} must be by code"
        raise MethodError(msg, faults)
    return found


def numbers_by_code(name: str, by_code: Any, **limits: float) -> dict[str, float]:
    """Return a mapping of codes to finite numbers as a dict; limits as for `number_fault`."""
    numbers = mapping_of(name, by_code)
    faults = [number_fault(repr(code), value, **limits) for code, value in numbers.items()]
    if any(faults):
        msg = f"{name} must be finite numbers within their limits"
        raise MethodError(msg, filter(None, faults))
    return numbers


def read_by_code(name: str, by_code: Mapping[str, float], codes: Sequence[str]) -> Floats:
    """Return the numbers of codes in their order; raise for codes that have none."""
    without = [repr(code) for code in codes if code not in by_code]
    if without:
        msg = f"every child needs a {name}; there is none for"
        raise MethodError(msg, without)
    return np.array([by_code[code] for code in codes], dtype=np.float64)


def check_known(name: str, named: Sequence[str], codes: Sequence[str]) -> None:
    """Raise for codes that are not those of the children, with a hint for each."""
    unknown = [code for code in dict.fromkeys(named) if code not in codes]
    if unknown:
        msg = f"{name} must be on {', '.join(codes)}; unknown"
        raise MethodError(msg, [f"{code!r}{did_you_mean(code, codes)}" for code in unknown])
