"""What an uncertain input is, and what it may tell beside."""

from collections.abc import Sequence
from typing import Any, Protocol

import numpy as np

from dli.arrays import Bools, Floats
from dli.assessment import Assessment
from dli.checks import listed
from dli.errors import MethodError
from dli.sensitivity.draws import Draws
from dli.steps import ask, attribute

__all__ = ["Input", "apply_given", "require_inputs"]


class Input(Protocol):
    """Something uncertain; any object with these two methods serves.

    What else an object may have, and is used where it does:

    - ``options``: a mapping of step of the method to the options that it chooses from with
      `Draws.choose`;
    - ``drawn(uniforms, draws)``: for each factor what its numbers stand for, a sequence with a
      value for each draw;
    - ``apply_given(known, uniforms, free, draws)``: draw the free factors again given the others,
      for an input whose factors depend on each other.
    """

    def factors(self, assessment: Assessment, /) -> Sequence[str]:
        """Name the uniform numbers that the input takes for a draw; check it against the index."""
        ...

    def apply(self, uniforms: Floats, draws: Draws, /) -> None:
        """Turn numbers from 0 to 1 of shape (n_factors, n_draws) into changes of the draws."""
        ...


def require_inputs(inputs: Any) -> tuple[Any, ...]:
    """Return inputs as a tuple, a single one too.

    Raises
    ------
    MethodError
        No input, or objects that are none.
    """
    is_one = _is_input(inputs) or isinstance(inputs, type)
    given = (inputs,) if is_one else tuple(listed("inputs", inputs, "uncertain inputs"))
    if not given:
        msg = "a study needs at least one uncertain input"
        raise MethodError(msg)
    strangers = [
        f"{own!r}{': write it with ()' if isinstance(own, type) else ''}"
        for own in given
        if isinstance(own, type) or not _is_input(own)
    ]
    if strangers:
        msg = "inputs must have the methods factors and apply"
        raise MethodError(msg, strangers)
    return given


def _is_input(value: object) -> bool:
    return all(callable(getattr(value, name, None)) for name in ("factors", "apply"))


def apply_given(own: Any, known: Floats, uniforms: Floats, free: Bools, draws: Draws) -> None:
    """Let an input draw its free factors again, while the others stay as they were drawn.

    Parameters
    ----------
    own : Input
    known : ndarray of shape (n_factors, n_sets)
    uniforms : ndarray of shape (n_factors, n_sets, n_inner)
        New numbers.
    free : ndarray of bool of shape (n_factors, n_sets)
        Which factors are drawn again in each set.
    draws : Draws
        Of n_sets times n_inner draws.
    """
    step = f"input {type(own).__name__}"
    if callable(attribute(own, "apply_given", None, step=step)):
        ask(own, "apply_given", known, uniforms, free, draws, step=step)
        return
    numbers = np.where(free[..., np.newaxis], uniforms, known[..., np.newaxis])
    numbers = np.ascontiguousarray(numbers.reshape(len(numbers), draws.n_draws))
    ask(own, "apply", numbers, draws, step=step)
