"""An S-shaped curve: steep in the middle, flat towards both ends."""

from collections.abc import Sequence
from typing import ClassVar

import numpy as np
from attrs import evolve, field, frozen
from numpy.typing import ArrayLike

from dli.checks import number_fault, refuse
from dli.normalisation.checks import as_values, directions, scale_faults
from dli.normalisation.protocol import Floats, IndicatorLike, Traits
from dli.normalisation.spread import ZScore
from dli.normalisation.stretch import Stretch, between

__all__ = ["Curve", "Logistic"]


@frozen(kw_only=True, eq=False)
class Curve:
    """Logistic curves with parameters that no longer depend on data; `Logistic` fits them.

    Attributes
    ----------
    line : Stretch
        The line whose value is the exponent: the steepness times the distance from the midpoint.
    low, high : float
        The ends of the scale.
    """

    traits: ClassVar[Traits] = Traits(draws=True)
    line: Stretch
    low: float
    high: float

    def normalise(self, values: ArrayLike, indicators: Sequence[IndicatorLike]) -> Floats:
        """Return the values on the curves; those very far from the midpoint reach the ends."""
        x = as_values(values, indicators)
        with np.errstate(over="ignore"):
            share = 1 / (1 + np.exp(-self.line.positions(x)))
        return between(self.low, self.high, share)

    def gradient(self, values: ArrayLike, indicators: Sequence[IndicatorLike]) -> Floats:
        """Return the slope of the curve at each value, steepest at the midpoint."""
        x = as_values(values, indicators)
        half = np.abs(self.line.positions(x)) / 2
        with np.errstate(over="ignore"):
            shares = 0.25 / np.cosh(half) ** 2
        steepness = self.line.gradient(x, indicators) / (self.line.high - self.line.low)
        return np.asarray((self.high - self.low) * shares * steepness)


@frozen
class Logistic:
    r"""Transform each indicator with a logistic curve that approaches the ends of the scale.

    $y = l + (h - l) / (1 + e^{-d k (x - x_0)})$ with the direction $d$. By default the
    midpoint $x_0$ is the mean and the steepness $k$ is one over the sample standard
    deviation, so that the exponent is the z-score: the mean becomes 50, one standard deviation
    above it 73 and three 95. Differences in the middle count most, and an outlier has little effect
    on the other scores. No value is cut off, and the order of values is kept.

    A midpoint and a steepness are in the indicator's unit of measure: give that indicator its own
    `Logistic`, as in ``Method(normalisation={2: Logistic(), "users": Logistic(midpoint=50)})``. If
    both are given, the score of a unit depends on its own value alone.

    Parameters
    ----------
    low, high : float
        The ends of the scale.
    midpoint : float, optional
        The value that becomes the middle of the scale; by default the mean.
    steepness : float, optional
        The steepness per unit of measure, above 0; by default one over the standard deviation. A
        value that exceeds the midpoint by one over the steepness scores 73 on a scale of 0 to 100.

    References
    ----------
    Pyle, D. (1999), Data Preparation for Data Mining, Morgan Kaufmann, chapter 7, where it is
    called softmax scaling.

    Examples
    --------
    >>> from dli import Indicator
    >>> users = Indicator("users")
    >>> Logistic().normalise([[10.0], [20.0], [30.0]], [users]).ravel().round(1).tolist()
    [26.9, 50.0, 73.1]
    >>> fixed = Logistic(midpoint=50, steepness=0.1)
    >>> fixed.normalise([[50.0], [60.0], [100.0]], [users]).ravel().round(1).tolist()
    [50.0, 73.1, 99.3]
    """

    low: float = 0.0
    high: float = 100.0
    midpoint: float | None = field(default=None, kw_only=True)
    steepness: float | None = field(default=None, kw_only=True)

    def __attrs_post_init__(self) -> None:
        faults = [*scale_faults(self.low, self.high)]
        if self.midpoint is not None:
            faults.append(number_fault("midpoint", self.midpoint))
        if self.steepness is not None:
            faults.append(number_fault("steepness", self.steepness, above=0))
        refuse("Logistic", filter(None, faults))

    @property
    def traits(self) -> Traits:
        """The ends of the scale, and the fact that many draws are accepted at once."""
        return Traits(ends=(self.low, self.high), draws=True)

    def fit(self, values: ArrayLike, indicators: Sequence[IndicatorLike]) -> Curve:
        """Return the curves, with defaults computed from these values, for use on other values.

        Raises
        ------
        MethodError
            If, without a midpoint or a steepness, the values of an indicator do not differ or are
            all missing.
        """
        as_values(values, indicators)
        return Curve(line=self._line(values, indicators), low=self.low, high=self.high)

    def _line(self, values: ArrayLike, indicators: Sequence[IndicatorLike]) -> Stretch:
        n = len(indicators)
        span = None if self.steepness is None else directions(indicators) / float(self.steepness)
        centre = None if self.midpoint is None else np.full(n, float(self.midpoint))
        if span is not None and centre is not None:
            uncut = np.zeros((2, n), dtype=np.bool_)
            return Stretch(start=centre, span=span, low=0.0, high=1.0, cut=uncut)
        line = ZScore().fit(values, indicators)
        scale = line.rescaling
        if span is not None:  # in units of measure, so the mean must be too
            mean = line.start if scale is None else scale.undo(line.start[..., np.newaxis, :])
            return evolve(line, start=mean.reshape(line.start.shape), span=span, rescaling=None)
        if centre is not None:
            start = centre if scale is None else scale.apply(centre[np.newaxis])[..., 0, :]
            return evolve(line, start=start)
        return line

    def normalise(self, values: ArrayLike, indicators: Sequence[IndicatorLike]) -> Floats:
        """Return the values of each column on its curve."""
        return self.fit(values, indicators).normalise(values, indicators)

    def describe(self) -> str:
        """Return a one-sentence description with the formula."""
        offset = f"{self.low:g} + " if self.low else ""
        midpoint = "the mean" if self.midpoint is None else f"${self.midpoint:g}$"
        steepness = (
            "one over the sample standard deviation"
            if self.steepness is None
            else f"${self.steepness:g}$"
        )
        return (
            f"Logistic: ${offset}{self.high - self.low:g} / (1 + e^{{-k (x - x_0)}})$ with the "
            f"midpoint $x_0$ being {midpoint} and the steepness $k$ being {steepness}, the sign "
            "turned where less is better."
        )
