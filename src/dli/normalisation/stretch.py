"""Linear normalisations with fixed parameters."""

from collections.abc import Sequence

import numpy as np
from attrs import frozen
from numpy.typing import ArrayLike

from dli.arrays import is_complete
from dli.errors import MethodError
from dli.normalisation.checks import as_values, by_column, codes
from dli.normalisation.protocol import Bools, Floats, IndicatorLike, Traits
from dli.rescaling import Rescaling, rescaling
from dli.scratch import empty

__all__ = ["Stretch", "between", "stretch"]


@frozen(kw_only=True, eq=False)
class Stretch:
    r"""A straight line for each indicator, with parameters that no longer depend on data.

    $y = l + (h - l) (x - a) / b$. The ``fit`` of most normalisations returns one. It is itself
    a normalisation, so parameters fitted on one period can be applied to another.

    Attributes
    ----------
    start : ndarray of shape (..., n_indicators)
        The value $a$ that becomes ``low``.
    span : ndarray of shape (..., n_indicators)
        The distance from ``start`` to the value that becomes ``high``; negative where less is
        better.
    low, high : float
    cut : ndarray of bool of shape (2, n_indicators)
        Whether scores of an indicator are cut off at ``low`` and at ``high``.
    rescaling : Rescaling, optional
        A rescaling that is applied to the values first; ``start`` and ``span`` then refer to
        rescaled values. `stretch` adds one if values are very large, very small or very close.

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
        """The properties of the lines: they are straight if no values are cut off."""
        return Traits(straight=not self.cut.any(), draws=True)

    def gradient(self, values: ArrayLike, indicators: Sequence[IndicatorLike]) -> Floats:
        """Return the slopes, 0 beyond an end at which values are cut off."""
        x = as_values(values, indicators)
        slopes = (float(self.high) - float(self.low)) / self.span
        if self.rescaling is not None:
            slopes = slopes * self.rescaling.slope
        return np.where(self.truncated(x, indicators), 0.0, slopes[..., np.newaxis, :])

    def normalise(self, values: ArrayLike, indicators: Sequence[IndicatorLike]) -> Floats:
        """Return the normalised values; the lines already include the direction.

        Raises
        ------
        MethodError
            If values lie so far beyond the ends that their scores exceed the range of floats.
        """
        x = as_values(values, indicators)
        with np.errstate(over="ignore", invalid="ignore"):
            result = self._scores(x)
        if is_complete(result):
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
        """Return which values lie beyond the ends and are cut off."""
        with np.errstate(over="ignore"):
            position = self.positions(as_values(values, indicators))
        return np.asarray(((position < 0) & self.cut[0]) | ((position > 1) & self.cut[1]))

    def positions(self, values: Floats) -> Floats:
        """Return the positions of checked values: 0 at ``low``, 1 at ``high``."""
        # Divide by the span, not multiply by its inverse, so that the best becomes exactly 1.
        x = values if self.rescaling is None else self.rescaling.apply(values)
        start = self.start[..., np.newaxis, :]
        result = np.subtract(x, start, out=empty(np.broadcast_shapes(x.shape, start.shape)))
        result /= self.span[..., np.newaxis, :]
        return np.asarray(result)


def between(low: float, high: float, shares: Floats) -> Floats:
    """Return ``low`` plus shares of the way to ``high``; the array of shares is overwritten.

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
    shares += low  # also turns -0, the worst value where less is better, into 0
    return shares


def stretch(start: Floats, end: Floats, *, low: float, high: float, cut: Bools) -> Stretch:
    """Return the lines that map ``start`` to ``low`` and ``end`` to ``high``.

    ``cut`` is as in `Stretch`, or has one value per indicator for both ends.
    """
    if cut.ndim < 2:
        cut = np.broadcast_to(cut, (2, len(cut)))
    scale = rescaling(np.minimum(start, end), np.maximum(start, end))
    if scale is not None:
        pair = scale.apply(np.stack([start, end], axis=-2))
        start, end = pair[..., 0, :], pair[..., 1, :]
    return Stretch(start=start, span=end - start, low=low, high=high, cut=cut, rescaling=scale)
