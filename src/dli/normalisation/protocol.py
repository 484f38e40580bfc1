"""What a normalisation is, and what it may know of an indicator."""

from collections.abc import Callable, Sequence
from typing import Any, Protocol

import numpy as np
from attrs import frozen

from dli.arrays import Bools, Floats
from dli.errors import MethodError
from dli.steps import ask, numbers, on

__all__ = [
    "Bools",
    "Floats",
    "IndicatorLike",
    "Normalisation",
    "Traits",
    "at_rows",
    "goal_scores",
    "slopes",
    "traits_of",
    "truncated",
]


@frozen(kw_only=True)
class Traits:
    """What a normalisation declares about itself, in its attribute ``traits``.

    Attributes
    ----------
    ends : (float, float), optional
        The worst and the best value of its scale. Without it, as for an object that declares
        nothing, the ends are the worst and the best value in the results.
    straight : bool
        After ``fit``: a straight line that is not cut off at an end.
    draws : bool
        It is also called with many draws at once, as a study of sensitivity makes them: with values
        of shape (n_draws, n_units, n_indicators), for a result of that shape. The result of a draw
        is that of its values alone. Any other normalisation is called for each draw, which takes
        longer.
    """

    ends: tuple[float, float] | None = None
    straight: bool = False
    draws: bool = False


class IndicatorLike(Protocol):
    """What a normalisation reads of an indicator; `dli.Indicator` has it all."""

    @property
    def code(self) -> str:
        """The name that messages use."""
        ...

    @property
    def direction(self) -> int:
        """1 when more is better, -1 when less is."""
        ...

    @property
    def goalposts(self) -> tuple[float, float] | None:
        """The worst and the best value, after division by a denominator."""
        ...

    @property
    def target(self) -> float | None:
        """The value to reach, after division by a denominator."""
        ...

    @property
    def scale(self) -> tuple[float, float] | None:
        """The least and the greatest valid value of the column of the data."""
        ...


class Normalisation(Protocol):
    """Bring indicators to one scale, on which more is better; one method is enough.

    Each column is treated by itself. The scores of nodes with children may come too: they are
    columns with direction 1 and without goalposts, target and scale.

    What else an object may have, and is used where it does:

    - ``traits``: a `Traits` that says what holds for it;
    - ``fit(values, indicators)``: the same normalisation with its parameters taken from these
      values, to be applied to others;
    - ``gradient(values, indicators)``, of what ``fit`` returns: the derivative by each value, for
      questions about nodes whose scores are normalised;
    - ``for_rows(units, periods)``: the same normalisation, told which unit (and period) each row
      is;
    - ``truncated(values, indicators)``: which values lie beyond the scale and are cut off;
    - ``describe()``: a sentence with the formula, for the methods statement.
    """

    def normalise(self, values: Floats, indicators: Sequence[IndicatorLike], /) -> Floats:
        """Return values of shape (..., n_units, n_indicators); NaN is missing and stays NaN."""
        ...


_SILENT = Traits()


def traits_of(normalisation: Any) -> Traits:
    """Return what a normalisation declares about itself."""
    declared = getattr(normalisation, "traits", _SILENT)
    return declared if isinstance(declared, Traits) else _SILENT


def at_rows(normalisation: Any, rows: Callable[[], tuple[Sequence[Any], Any]]) -> Any:
    """Return a normalisation that knows the units and periods of its rows, if it asks for them.

    ``rows`` gives the unit of each row, and the period of each or None.
    """
    if not callable(getattr(normalisation, "for_rows", None)):
        return normalisation
    return ask(normalisation, "for_rows", *rows(), step=_name(normalisation))


def truncated(
    normalisation: Any, values: Floats, indicators: Sequence[IndicatorLike]
) -> Bools | None:
    """Return which values are cut off, None where the normalisation does not say."""
    if not callable(getattr(normalisation, "truncated", None)):
        return None
    codes = [indicator.code for indicator in indicators]
    step = _name(normalisation)
    cut = np.asarray(ask(normalisation, "truncated", values, indicators, step=step, codes=codes))
    if cut.shape != values.shape or cut.dtype != np.bool_:
        msg = (
            f"{step}: truncated must return True or False for each of {values.shape} values, got "
            f"{cut.dtype} of shape {cut.shape}{on(codes)}"
        )
        raise MethodError(msg)
    return cut


def slopes(normalisation: Any, values: Floats, indicators: Sequence[IndicatorLike]) -> Floats:
    """Return the derivative of each normalised value by the value, 0 where it is missing."""
    step, codes = _name(normalisation), [indicator.code for indicator in indicators]
    result: Floats = ask(
        normalisation, "gradient", values, indicators, step=step, codes=codes, read=numbers
    )
    if result.shape != values.shape:
        msg = f"{step}: gradient must return the shape {values.shape}, got {result.shape}"
        raise MethodError(msg + on(codes))
    return np.where(np.isnan(result), 0.0, result)


def goal_scores(
    normalisation: Any,
    values: Floats,
    indicators: Sequence[IndicatorLike],
    goals: Floats,
    row: int,
) -> Floats:
    """Return the normalised values of goals, one for each indicator, on the scale of the data.

    A normalisation without a scale of its own, such as ranks, is asked what a unit would get if
    it reached the goals.

    Parameters
    ----------
    normalisation : Normalisation
        After `at_rows`.
    values : ndarray of shape (n_units, n_indicators)
    indicators : sequence
    goals : ndarray of shape (n_indicators,)
        NaN where there is none.
    row : int
        The unit that reaches the goals.
    """
    step, codes = _name(normalisation), [indicator.code for indicator in indicators]
    if callable(getattr(normalisation, "fit", None)):
        fitted = ask(normalisation, "fit", values, indicators, step=step, codes=codes)
        return np.array(_normalised(fitted, goals[np.newaxis], indicators, step)[0])
    moved = values.copy()
    moved[row] = goals
    return np.array(_normalised(normalisation, moved, indicators, step)[row])


def _normalised(
    normalisation: Any, values: Floats, indicators: Sequence[IndicatorLike], step: str
) -> Floats:
    codes = [indicator.code for indicator in indicators]
    result: Floats = ask(
        normalisation, "normalise", values, indicators, step=step, codes=codes, read=numbers
    )
    if result.shape != values.shape:
        msg = f"{step} must keep the shape {values.shape}, got {result.shape}{on(codes)}"
        raise MethodError(msg)
    return result


def _name(normalisation: Any) -> str:
    return f"normalisation {type(normalisation).__name__}"
