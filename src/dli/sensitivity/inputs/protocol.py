"""The protocol of uncertain inputs, and the checks of inputs."""

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
    """An uncertain input of a study: any object with these two methods.

    An input may also have any of the following:

    - ``options``: a mapping from a step of the method to the options among which the input chooses
      with `Draws.choose`;
    - ``drawn(uniforms, draws)``: returns, for each factor, the sequence of the values in each draw
      that its uniform numbers represent;
    - ``apply_given(known, uniforms, free, draws)``: draws the free factors again given the others,
      for an input whose factors depend on each other.
    """

    def factors(self, assessment: Assessment, /) -> Sequence[str]:
        """Return the names of the factors, each of which has one uniform number in each draw.

        Parameters that do not fit the assessment raise an error here.
        """
        ...

    def apply(self, uniforms: Floats, draws: Draws, /) -> None:
        """Convert numbers from 0 to 1 of shape (n_factors, n_draws) into changes of the draws."""
        ...


def require_inputs(inputs: Any) -> tuple[Any, ...]:
    """Return inputs as a tuple; a single input becomes a tuple of one.

    Raises
    ------
    MethodError
        There is no input, or an object is not an input.
    """
    is_one = _is_input(inputs) or isinstance(inputs, type)
    all_inputs = (inputs,) if is_one else tuple(listed("inputs", inputs, "uncertain inputs"))
    if not all_inputs:
        msg = "a study needs at least one uncertain input"
        raise MethodError(msg)
    invalid = [
        f"{value!r}{': write it with ()' if isinstance(value, type) else ''}"
        for value in all_inputs
        if isinstance(value, type) or not _is_input(value)
    ]
    if invalid:
        msg = "inputs must have the methods factors and apply"
        raise MethodError(msg, invalid)
    return all_inputs


def _is_input(value: object) -> bool:
    return all(callable(getattr(value, name, None)) for name in ("factors", "apply"))


def apply_given(own: Any, known: Floats, uniforms: Floats, free: Bools, draws: Draws) -> None:
    """Draw the free factors of an input again, and keep the other factors as they were drawn.

    Parameters
    ----------
    own : Input
        The input.
    known : ndarray of shape (n_factors, n_sets)
        The uniform numbers that were drawn first.
    uniforms : ndarray of shape (n_factors, n_sets, n_inner)
        New uniform numbers.
    free : ndarray of bool of shape (n_factors, n_sets)
        Which factors are drawn again in each set.
    draws : Draws
        The changes of n_sets times n_inner draws.
    """
    step = f"input {type(own).__name__}"
    if callable(attribute(own, "apply_given", None, step=step)):
        ask(own, "apply_given", known, uniforms, free, draws, step=step)
        return
    numbers = np.where(free[..., np.newaxis], uniforms, known[..., np.newaxis])
    numbers = np.ascontiguousarray(numbers.reshape(len(numbers), draws.n_draws))
    ask(own, "apply", numbers, draws, step=step)
