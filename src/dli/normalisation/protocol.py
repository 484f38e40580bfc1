"""The protocols of normalisations and of the indicators that they read."""

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
    """The properties that a normalisation declares in its attribute ``traits``.

    Attributes
    ----------
    ends : (float, float), optional
        The worst and the best value of its scale. If it is None, as for an object without
        traits, the ends are the worst and the best value in the results.
    straight : bool
        Whether, after ``fit``, it is a straight line that is not cut off at an end.
    draws : bool
        Whether it accepts many draws at once, as a sensitivity study makes them: values of shape
        (n_draws, n_units, n_indicators), with a result of the same shape. The result of a draw must
        depend on its own values alone. Any other normalisation is called once for each draw, which
        takes longer.
    """

    ends: tuple[float, float] | None = None
    straight: bool = False
    draws: bool = False


class IndicatorLike(Protocol):
    """The attributes of an indicator that a normalisation reads, as in `dli.Indicator`."""

    @property
    def code(self) -> str:
        """The code of the indicator, used in messages."""
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
    """Put indicators on one scale on which more is better; only `normalise` is required.

    Each column is normalised separately. A column may also hold the scores of a node with children:
    its direction is then 1, and its goalposts, target and scale are None.

    An object may also have the following attributes and methods, which are used if present:

    - ``traits``: its properties, as a `Traits`;
    - ``fit(values, indicators)``: returns the same normalisation with parameters computed from
      these values, for use on other values;
    - ``gradient(values, indicators)``, of the object that ``fit`` returns: returns the derivative
      at each value, which is needed for nodes whose scores are normalised;
    - ``for_rows(units, periods)``: returns the same normalisation for rows of these units (and
      periods);
    - ``truncated(values, indicators)``: returns which values lie beyond the scale and are cut off;
    - ``describe()``: returns a sentence with the formula, for the methods statement.
    """

    def normalise(self, values: Floats, indicators: Sequence[IndicatorLike], /) -> Floats:
        """Return normalised values of shape (..., n_units, n_indicators); NaN stays NaN."""
        ...


_DEFAULTS = Traits()


def traits_of(normalisation: Any) -> Traits:
    """Return the traits of a normalisation, the defaults if it declares none."""
    declared = getattr(normalisation, "traits", _DEFAULTS)
    return declared if isinstance(declared, Traits) else _DEFAULTS


def at_rows(normalisation: Any, rows: Callable[[], tuple[Sequence[Any], Any]]) -> Any:
    """Return the normalisation for these rows if it has a method ``for_rows``, else itself.

    ``rows`` returns the unit of each row, and the period of each row or None.
    """
    if not callable(getattr(normalisation, "for_rows", None)):
        return normalisation
    return ask(normalisation, "for_rows", *rows(), step=_name(normalisation))


def truncated(
    normalisation: Any, values: Floats, indicators: Sequence[IndicatorLike]
) -> Bools | None:
    """Return which values are cut off, None if the normalisation has no method ``truncated``."""
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
    """Return the derivative of each normalised value by the value, 0 for missing values."""
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

    For a normalisation without ``fit``, such as ranks, these are the values that a unit would get
    if it reached the goals.

    Parameters
    ----------
    normalisation : Normalisation
        The normalisation that `at_rows` returns.
    values : ndarray of shape (n_units, n_indicators)
    indicators : sequence
    goals : ndarray of shape (n_indicators,)
        NaN for an indicator without a goal.
    row : int
        The row of the unit that reaches the goals.
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
