"""Statements by code, such as points and ranks: checked once, then read for the children."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from dli.checks import number_fault
from dli.errors import MethodError, did_you_mean
from dli.weighting.protocol import Floats

__all__ = ["check_known", "mapping_of", "numbers_by_code", "read_by_code"]


def mapping_of(name: str, by_code: Any) -> dict[str, Any]:
    """Return a mapping of codes as a dict."""
    if not isinstance(by_code, Mapping):
        msg = f"{name} must be a mapping of codes to numbers, got {by_code!r}"
        raise MethodError(msg)
    return dict(by_code)


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
