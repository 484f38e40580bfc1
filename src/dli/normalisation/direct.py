"""Normalisations of each value alone: unchanged, its reciprocal, or compared with a cut-off."""

from collections.abc import Sequence
from typing import ClassVar

import numpy as np
from attrs import field, frozen
from numpy.typing import ArrayLike

from dli.checks import flag_faults, number_fault, refuse
from dli.errors import MethodError
from dli.normalisation.checks import as_values, codes, directions
from dli.normalisation.protocol import Floats, IndicatorLike, Traits

__all__ = ["CutOff", "Reciprocal", "Unscaled"]


@frozen
class Unscaled:
    """Leave values unchanged, except for a change of sign where less is better.

    Use it for values that are already on one scale, such as scores from 0 to 100 or ratings by the
    same panel; `Scaled` is for values on different scales. With direction -1 a value of 30 becomes
    -30, so the mean of indicators with different directions is rarely meaningful.

    Examples
    --------
    >>> from dli import Indicator
    >>> indicators = [Indicator("score"), Indicator("loss", direction=-1)]
    >>> Unscaled().normalise([[70.0, 2.0], [55.0, 0.0]], indicators).tolist()
    [[70.0, -2.0], [55.0, 0.0]]
    """

    traits: ClassVar[Traits] = Traits(straight=True, draws=True)

    def normalise(self, values: ArrayLike, indicators: Sequence[IndicatorLike]) -> Floats:
        """Return the values of each column times its direction."""
        x = as_values(values, indicators)
        return np.asarray(x * directions(indicators) + 0.0)  # adding 0 turns -0 to 0

    def fit(self, values: ArrayLike, indicators: Sequence[IndicatorLike]) -> "Unscaled":
        """Return the normalisation itself, since it has no parameters."""
        as_values(values, indicators)
        return self

    def gradient(self, values: ArrayLike, indicators: Sequence[IndicatorLike]) -> Floats:
        """Return the direction of each column."""
        x = as_values(values, indicators)
        return np.broadcast_to(directions(indicators), x.shape)

    def describe(self) -> str:
        """Return a one-sentence description."""
        return "Values are left as they are ($x$), the sign turned where less is better ($-x$)."


@frozen
class Reciprocal:
    r"""Divide a number by each value, which reverses the order of values.

    $y = f / x$, for indicators of direction -1 with values above 0, such as mortality ratios
    or prices. Differences between small values grow, and those between large values shrink.

    Parameters
    ----------
    factor : float
        The number to divide, above 0.

    References
    ----------
    UNDP, Human Development Report 2023/2024, technical note 4, on the Gender Inequality Index,
    which uses the reciprocal of the maternal mortality ratio.

    Examples
    --------
    >>> from dli import Indicator
    >>> mortality = Indicator("mortality", direction=-1)
    >>> Reciprocal(10).normalise([[10.0], [40.0], [500.0]], [mortality]).ravel().tolist()
    [1.0, 0.25, 0.02]
    """

    traits: ClassVar[Traits] = Traits(draws=True)
    factor: float = 1.0

    def __attrs_post_init__(self) -> None:
        refuse("Reciprocal", filter(None, [number_fault("factor", self.factor, above=0)]))

    def normalise(self, values: ArrayLike, indicators: Sequence[IndicatorLike]) -> Floats:
        """Return the factor divided by each value.

        Raises
        ------
        MethodError
            If more is better for an indicator, or if values are not above 0 or so small that the
            result exceeds the range of floats.
        """
        x = as_values(values, indicators)
        more = directions(indicators) > 0
        if more.any():
            msg = (
                "Reciprocal reverses the order of values and so requires direction -1; the "
                "direction is 1 for"
            )
            raise MethodError(msg, codes(indicators, more))
        with np.errstate(divide="ignore", over="ignore"):
            result = float(self.factor) / x
        unusable = (x <= 0) | np.isinf(result)
        if unusable.any():
            faults = [
                f"row {at[-2]}, {indicators[at[-1]].code!r}: {x[tuple(at)]:g}"
                for at in np.argwhere(unusable).tolist()
            ]
            msg = "Reciprocal needs values above 0 that are not too small to divide by, got"
            raise MethodError(msg, faults)
        return np.asarray(result)

    def describe(self) -> str:
        """Return a one-sentence description with the formula."""
        return f"Reciprocals: ${self.factor:g} / x$, for indicators of which less is better."


@frozen
class CutOff:
    """Score a unit 1 (deprived) where its value is worse than a cut-off, and 0 elsewhere.

    A value is worse if it lies below the cut-off where more is better, and above it where less is
    better. **A high score
    means deprivation**: weighted means of such scores are the deprivation counts of
    multidimensional poverty measures, in which the unit with the highest score is the worst off.
    The cut-off is in the indicator's own unit of measure, so it usually applies to one indicator:
    ``Method(normalisation={"schooling": CutOff(6), "distance": CutOff(30)})``.

    Parameters
    ----------
    at : float
        The cut-off.
    inclusive : bool
        Whether a value equal to the cut-off also counts as deprived.

    References
    ----------
    Alkire, S. and Foster, J. (2011), Counting and multidimensional poverty measurement, Journal of
    Public Economics 95. https://doi.org/10.1016/j.jpubeco.2010.11.006

    Examples
    --------
    >>> from dli import Indicator
    >>> schooling, distance = Indicator("schooling"), Indicator("distance", direction=-1)
    >>> CutOff(6).normalise([[2.0], [6.0], [9.0]], [schooling]).ravel().tolist()
    [1.0, 0.0, 0.0]
    >>> CutOff(30, inclusive=True).normalise([[10.0], [30.0], [45.0]], [distance]).ravel().tolist()
    [0.0, 1.0, 1.0]
    """

    traits: ClassVar[Traits] = Traits(ends=(0.0, 1.0), draws=True)
    at: float
    inclusive: bool = field(default=False, kw_only=True)

    def __attrs_post_init__(self) -> None:
        faults = [number_fault("at", self.at), *flag_faults(inclusive=self.inclusive)]
        refuse("CutOff", filter(None, faults))

    def normalise(self, values: ArrayLike, indicators: Sequence[IndicatorLike]) -> Floats:
        """Return 1 or 0 for each value; missing values stay missing."""
        x = as_values(values, indicators)
        signs = directions(indicators)
        turned, limit = x * signs, float(self.at) * signs
        deprived = turned <= limit if self.inclusive else turned < limit
        return np.where(np.isnan(x), np.nan, deprived)

    def describe(self) -> str:
        """Return a one-sentence description."""
        equal = ", or equal to it" if self.inclusive else ""
        return (
            f"Deprivation: $1$ where the value is worse than the cut-off ${self.at:g}${equal}; "
            "$0$ elsewhere."
        )
