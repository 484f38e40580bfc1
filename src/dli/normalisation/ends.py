"""The ends of an indicator's scale that data have, and lines through logarithms."""

from collections.abc import Sequence

import numpy as np
from attrs import frozen
from numpy.typing import ArrayLike

from dli.normalisation.checks import as_values, directions, refuse_not_positive
from dli.normalisation.protocol import Bools, Floats, IndicatorLike
from dli.normalisation.stretch import Stretch
from dli.rescaling import extremes

__all__ = ["LogLine", "observed_ends"]


def observed_ends(
    values: Floats, indicators: Sequence[IndicatorLike], percentiles: Sequence[float] | None = None
) -> tuple[Floats, Floats]:
    """Return the worst and the best value of each column, or two percentiles.

    Percentiles count from the worst value: the 5th of an indicator of which less is better is the
    95th of its values. They are interpolated linearly, as NumPy does by default: the percentile p
    of n values has the place 1 + (n - 1) p / 100.
    """
    if percentiles is None:
        low, high = extremes(values)
        more = directions(indicators) > 0
        return np.where(more, low, high), np.where(more, high, low)
    signs = directions(indicators)
    rising = np.sort(values * signs, axis=-2)  # missing values come last
    last = np.maximum((~np.isnan(rising)).sum(axis=-2, keepdims=True) - 1, 0)
    ends = []
    for percentile in percentiles:
        place = last * (percentile / 100)
        below = np.floor(place).astype(np.intp)
        above = np.minimum(below + 1, last)
        share = place - below
        end = np.take_along_axis(rising, below, axis=-2) * (1 - share)
        end += np.take_along_axis(rising, above, axis=-2) * share
        ends.append(end[..., 0, :] * signs)
    return ends[0], ends[1]


@frozen(kw_only=True, eq=False)
class LogLine:
    """A straight line through the logarithms of values.

    Attributes
    ----------
    line : Stretch
        For logarithms.
    """

    line: Stretch

    def normalise(self, values: ArrayLike, indicators: Sequence[IndicatorLike]) -> Floats:
        """Apply the lines; the direction is in them.

        Raises
        ------
        MethodError
            Values at or below 0.
        """
        return self.line.normalise(_logs(values, indicators), indicators)

    def truncated(self, values: ArrayLike, indicators: Sequence[IndicatorLike]) -> Bools:
        """Tell which values lie beyond the ends and are cut off."""
        return self.line.truncated(_logs(values, indicators), indicators)

    def gradient(self, values: ArrayLike, indicators: Sequence[IndicatorLike]) -> Floats:
        """Return the slope at each value, 0 beyond an end at which values are cut off."""
        logs = _logs(values, indicators)
        return self.line.gradient(logs, indicators) / np.exp(logs)


def _logs(values: ArrayLike, indicators: Sequence[IndicatorLike]) -> Floats:
    x = as_values(values, indicators)
    refuse_not_positive(x, indicators)
    return np.log(x)
