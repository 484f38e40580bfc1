"""Division by denominators, such as population or area: step 2 of a method."""

from collections.abc import Callable, Sequence

import numpy as np

from dli.arrays import Floats
from dli.errors import DataError
from dli.framework import Indicator
from dli.observations import Observations

__all__ = ["denominated"]

_LEAST = np.finfo(np.float64).smallest_normal


def denominated(
    values: Floats,
    observations: Observations,
    indicators: Sequence[Indicator],
    unit: Callable[[int], str],
) -> Floats:
    """Return the values divided by the denominators of their indicators and multiplied by a factor.

    Values of indicators without a denominator stay as they are.

    Parameters
    ----------
    values : ndarray of shape (n_rows, n_indicators)
    observations : Observations
    indicators : sequence of Indicator
    unit : callable
        A function that returns the name of the unit of a row, for messages.

    Raises
    ------
    DataError
        Denominators are not numbers above zero, or results exceed the range of floats.
    """
    if all(indicator.denominator is None for indicator in indicators):
        return values
    denominators, places = observations.denominators(indicators)
    factors = np.array([indicators[place].denominator_factor for place in places.tolist()])
    own = values[:, places]
    scaled = _ratios(own, denominators, factors)
    lost = np.isinf(scaled) | ((scaled == 0) & (own != 0))
    if lost.any():
        faults = [
            f"{unit(i)}, {indicators[places[j]].code!r}: {own[i, j]:g} / {denominators[i, j]:g}"
            f" * {factors[j]:g}"
            for i, j in np.argwhere(lost).tolist()
        ]
        msg = (
            "values divided by their denominators exceed the range of floats; set another "
            "denominator_factor for the indicator"
        )
        raise DataError(msg, faults)
    result = values.copy(order="F")
    result[:, places] = scaled
    return result


def _ratios(values: Floats, denominators: Floats, factors: Floats) -> Floats:
    """Return values / denominators * factors, exact even if the quotient over- or underflows."""
    with np.errstate(over="ignore", under="ignore"):
        quotients = values / denominators
        scaled = quotients * factors
        unsafe = np.isinf(quotients) | ((np.abs(quotients) < _LEAST) & (values != 0))
        if not unsafe.any():
            return scaled
        parts = [np.frexp(own) for own in (values, denominators, factors)]
        (value, e_value), (denominator, e_denominator), (factor, e_factor) = parts
        exact = np.ldexp(value / denominator * factor, e_value - e_denominator + e_factor)
    return np.where(unsafe, exact, scaled)
