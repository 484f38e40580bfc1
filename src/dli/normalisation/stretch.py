"""Normalisations with fixed parameters: straight lines, and shares of the best."""

from collections.abc import Sequence

import numpy as np
from attrs import frozen
from numpy.typing import ArrayLike

from dli.errors import MethodError
from dli.normalisation.checks import as_values, by_column, codes
from dli.normalisation.protocol import Bools, Floats, IndicatorLike, Traits
from dli.rescaling import Rescaling, rescaling

__all__ = ["Stretch", "between", "stretch"]


@frozen(kw_only=True, eq=False)
class Stretch:
    r"""A straight line for each indicator, with parameters that no longer depend on data.

    $y = l + (h - l) (x - a) / b$. The ``fit`` of most normalisations gives one; it is a
    normalisation itself, so that what was fitted on one period serves another.

    Attributes
    ----------
    start : ndarray of shape (..., n_indicators)
        The value $a$ that becomes ``low``.
    span : ndarray of shape (..., n_indicators)
        What is added to ``start`` to become ``high``; below zero where less is better.
    low, high : float
    cut : ndarray of bool of shape (2, n_indicators)
        Whether an indicator is cut off at ``low``, and whether it is at ``high``.
    rescaling : Rescaling, optional
        Applied to values first; ``start`` and ``span`` are those of rescaled values. `stretch`
        makes one where values are very large, very small or very close together.

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
    rescaling: Rescaling | None = None

    @property
    def traits(self) -> Traits:
        """Whether the lines are straight throughout."""
        return Traits(straight=not self.cut.any(), draws=True)

    def gradient(self, values: ArrayLike, indicators: Sequence[IndicatorLike]) -> Floats:
        """Return the slopes, 0 beyond an end at which values are cut off."""
        x = as_values(values, indicators)
        slopes = (float(self.high) - float(self.low)) / self.span
        if self.rescaling is not None:
            slopes = slopes * self.rescaling.slope
        return np.where(self.truncated(x, indicators), 0.0, slopes[..., np.newaxis, :])

    def normalise(self, values: ArrayLike, indicators: Sequence[IndicatorLike]) -> Floats:
        """Apply the lines; the direction is in them.

        Raises
        ------
        MethodError
            Values so far beyond the ends that their scores are beyond the range of floats.
        """
        x = as_values(values, indicators)
        with np.errstate(over="ignore", invalid="ignore"):
            result = self._scores(x)
        if np.isfinite(result).all():
            return result
        beyond = ~np.isfinite(result) & ~np.isnan(x)
        if beyond.any():
            msg = "values are so far beyond the ends of the scale that their scores are infinite"
            raise MethodError(msg, codes(indicators, by_column(beyond)))
        return result

    def _scores(self, values: Floats) -> Floats:
        result = self.positions(values)
        if self.cut.all():
            np.clip(result, 0, 1, out=result)
        elif self.cut.any():
            least, most = np.where(self.cut, [[0.0], [1.0]], [[-np.inf], [np.inf]])
            np.clip(result, least, most, out=result)
        return between(self.low, self.high, result)

    def truncated(self, values: ArrayLike, indicators: Sequence[IndicatorLike]) -> Bools:
        """Tell which values lie beyond the ends and are cut off."""
        with np.errstate(over="ignore"):
            position = self.positions(as_values(values, indicators))
        return np.asarray(((position < 0) & self.cut[0]) | ((position > 1) & self.cut[1]))

    def positions(self, values: Floats) -> Floats:
        """Return where checked values lie between the ends: 0 at ``low``, 1 at ``high``."""
        # Dividing by the span, not multiplying by its inverse: the best becomes exactly 1.
        x = values if self.rescaling is None else self.rescaling.apply(values)
        result = x - self.start[..., np.newaxis, :]
        result /= self.span[..., np.newaxis, :]
        return np.asarray(result)


def between(low: float, high: float, shares: Floats) -> Floats:
    """Return what lies at shares of the way from ``low`` to ``high``; the shares are overwritten.

    Examples
    --------
    >>> between(1, 5, np.array([0.0, 0.25, 1.0])).tolist()
    [1.0, 2.0, 5.0]
    """
    low, high = float(low), float(high)
    height = high - low
    if height + low != high:  # rounding would miss the upper end
        return np.asarray(low * (1 - shares) + high * shares)
    if height != 1:
        shares *= height
    shares += low  # also turns -0, the worst of what is better the less there is, to 0
    return shares


def stretch(start: Floats, end: Floats, *, low: float, high: float, cut: Bools) -> Stretch:
    """Return the lines that take values ``start`` to ``low`` and values ``end`` to ``high``.

    ``cut`` is that of `Stretch`, or has one value for both ends of each indicator.
    """
    if cut.ndim < 2:
        cut = np.broadcast_to(cut, (2, len(cut)))
    scale = rescaling(np.minimum(start, end), np.maximum(start, end))
    if scale is not None:
        pair = scale.apply(np.stack([start, end], axis=-2))
        start, end = pair[..., 0, :], pair[..., 1, :]
    return Stretch(start=start, span=end - start, low=low, high=high, cut=cut, rescaling=scale)
