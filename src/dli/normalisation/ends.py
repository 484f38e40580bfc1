"""The ends of an indicator's scale in the data, and linear scales of logarithms."""

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

    Percentiles count from the worst value: where less is better, the 5th percentile is the 95th
    percentile of the values. They are interpolated linearly, as in NumPy by default: the
    percentile p of n values lies at position 1 + (n - 1) p / 100.
    """
    if percentiles is None:
        low, high = extremes(values)
        more = directions(indicators) > 0
        return np.where(more, low, high), np.where(more, high, low)
    signs = directions(indicators)
    rising = np.sort(values * signs, axis=-2)  # missing values are sorted last
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
    """A linear scale of the logarithms of values.

    Attributes
    ----------
    line : Stretch
        The line that is applied to the logarithms.
    """

    line: Stretch

    def normalise(self, values: ArrayLike, indicators: Sequence[IndicatorLike]) -> Floats:
        """Return the normalised values; the lines already include the direction.

        Raises
        ------
        MethodError
            If values are not above 0.
        """
        return self.line.normalise(_logs(values, indicators), indicators)

    def truncated(self, values: ArrayLike, indicators: Sequence[IndicatorLike]) -> Bools:
        """Return which values lie beyond the ends and are cut off."""
        return self.line.truncated(_logs(values, indicators), indicators)

    def gradient(self, values: ArrayLike, indicators: Sequence[IndicatorLike]) -> Floats:
        """Return the slope at each value, 0 beyond an end at which values are cut off."""
        logs = _logs(values, indicators)
        return self.line.gradient(logs, indicators) / np.exp(logs)


def _logs(values: ArrayLike, indicators: Sequence[IndicatorLike]) -> Floats:
    x = as_values(values, indicators)
    refuse_not_positive(x, indicators)
    return np.log(x)
