"""Normalisations with fixed parameters: straight lines, and shares of the best."""

from collections.abc import Sequence

import numpy as np
from attrs import frozen
from numpy.typing import ArrayLike

from dli.normalisation.checks import as_values
from dli.normalisation.protocol import Bools, Floats, IndicatorLike

__all__ = ["Stretch"]


@frozen(kw_only=True, eq=False)
class Stretch:
    r"""A straight line for each indicator, with parameters that no longer depend on data.

    :math:`y = l + (h - l) (x - a) / b`. The ``fit`` of most normalisations gives one; it is a
    normalisation itself, so that what was fitted on one period serves another.

    Attributes
    ----------
    start : ndarray of shape (..., n_indicators)
        The value :math:`a` that becomes ``low``.
    span : ndarray of shape (..., n_indicators)
        What is added to ``start`` to become ``high``; below zero where less is better.
    low, high : float
    cut : ndarray of bool of shape (n_indicators,)
        Whether an indicator is cut off at ``low`` and ``high``.

    Examples
    --------
    >>> from dli import Indicator
    >>> from dli.normalisation import MinMax
    >>> line = MinMax().fit([[10.0], [20.0]], [Indicator("a")])
    >>> line.normalise([[12.0], [25.0]], [Indicator("a")]).tolist()
    [[20.0], [150.0]]
    """

    start: Floats
    span: Floats
    low: float
    high: float
    cut: Bools

    def normalise(self, values: ArrayLike, indicators: Sequence[IndicatorLike]) -> Floats:
        """Apply the lines; the direction is in them."""
        result = self._positions(as_values(values, indicators))
        if self.cut.all():
            np.clip(result, 0, 1, out=result)
        elif self.cut.any():
            result[..., self.cut] = np.clip(result[..., self.cut], 0, 1)
        height = self.high - self.low
        if height + self.low != self.high:  # rounding would miss the upper end
            return np.asarray(self.low * (1 - result) + self.high * result)
        if height != 1:
            result *= height
        # Adding 0 turns -0, the worst of what is better the less there is, to 0.
        if self.low != 0 or (self.span < 0).any():
            result += self.low
        return result

    def truncated(self, values: ArrayLike, indicators: Sequence[IndicatorLike]) -> Bools:
        """Tell which values lie beyond the ends and are cut off."""
        position = self._positions(as_values(values, indicators))
        return np.asarray(((position < 0) | (position > 1)) & self.cut)

    def _positions(self, values: Floats) -> Floats:
        # Dividing by the span, not multiplying by its inverse: the best becomes exactly 1.
        result = values - self.start[..., np.newaxis, :]
        result /= self.span[..., np.newaxis, :]
        return np.asarray(result)
