"""Distance from the mean in standard deviations."""

from collections.abc import Sequence

import numpy as np
from attrs import frozen
from numpy.typing import ArrayLike

from dli.errors import MethodError
from dli.normalisation.checks import as_values, directions, extremes, refuse_constant
from dli.normalisation.protocol import Floats, IndicatorLike
from dli.normalisation.stretch import Stretch

__all__ = ["ZScore"]


@frozen
class ZScore:
    r"""Measure each indicator in standard deviations from its mean.

    :math:`y = m + s \, d \, (x - \bar x) / \sigma` with the direction :math:`d` and the sample
    standard deviation :math:`\sigma` (division by n - 1).

    Parameters
    ----------
    mean, sd : float
        The mean and standard deviation to give; ``sd`` is above zero.

    References
    ----------
    OECD and JRC (2008), Handbook on Constructing Composite Indicators, step 5.
    https://doi.org/10.1787/9789264043466-en

    Examples
    --------
    >>> from dli import Indicator
    >>> ZScore().normalise([[1.0], [2.0], [3.0]], [Indicator("a", direction=-1)]).tolist()
    [[1.0], [0.0], [-1.0]]
    """

    mean: float = 0.0
    sd: float = 1.0

    def __attrs_post_init__(self) -> None:
        if not (np.isfinite(self.mean) and np.isfinite(self.sd) and self.sd > 0):
            msg = f"mean must be finite and sd above 0, got {self.mean!r} and {self.sd!r}"
            raise MethodError(msg)

    def fit(self, values: ArrayLike, indicators: Sequence[IndicatorLike]) -> Stretch:
        """Take mean and standard deviation from these values, to use them on others.

        Raises
        ------
        MethodError
            Indicators whose values do not differ or are all missing.
        """
        x = as_values(values, indicators)
        refuse_constant(*extremes(x), indicators, x.shape[-2])
        n = (~np.isnan(x)).sum(axis=-2)
        centre = np.nansum(x, axis=-2) / n
        deviations = np.nan_to_num(x - centre[..., np.newaxis, :], copy=False)
        spread = np.sqrt(np.einsum("...ij,...ij->...j", deviations, deviations) / (n - 1))
        return Stretch(
            start=centre,
            span=spread * directions(indicators),
            low=self.mean,
            high=self.mean + self.sd,
            cut=np.zeros(len(indicators), dtype=np.bool_),
        )

    def normalise(self, values: ArrayLike, indicators: Sequence[IndicatorLike]) -> Floats:
        """Centre and scale each column."""
        return self.fit(values, indicators).normalise(values, indicators)

    def describe(self) -> str:
        """Return a one-sentence description with the formula."""
        offset = f"{self.mean:g} + " if self.mean else ""
        factor = f"{self.sd:g} \\, " if self.sd != 1 else ""
        return (
            f"Z-scores: ${offset}{factor}(x - \\bar x) / \\sigma$ with the sample standard "
            "deviation, the sign turned where less is better."
        )
