"""Normalisation by the mean and the standard deviation."""

from collections.abc import Sequence
from typing import ClassVar

import numpy as np
from attrs import frozen
from numpy.typing import ArrayLike

from dli.checks import refuse
from dli.normalisation.checks import as_values, directions, moment_faults, refuse_constant
from dli.normalisation.protocol import Floats, IndicatorLike, Traits
from dli.normalisation.stretch import Stretch
from dli.rescaling import extremes, rescaling

__all__ = ["ZScore"]


@frozen
class ZScore:
    r"""Standardise each indicator by its mean and standard deviation.

    $y = m + s \, d \, (x - \bar x) / \sigma$ with the direction $d$ and the sample
    standard deviation $\sigma$ (division by n - 1).

    Parameters
    ----------
    mean, sd : float
        The mean and the standard deviation (above 0) of the scores.

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

    traits: ClassVar[Traits] = Traits(draws=True)
    mean: float = 0.0
    sd: float = 1.0

    def __attrs_post_init__(self) -> None:
        refuse("ZScore", moment_faults(self.mean, self.sd))

    def fit(self, values: ArrayLike, indicators: Sequence[IndicatorLike]) -> Stretch:
        """Return the line with the mean and standard deviation of these values, for other values.

        Raises
        ------
        MethodError
            If the values of an indicator do not differ or are all missing.
        """
        x = as_values(values, indicators)
        low, high = extremes(x)
        refuse_constant(low, high, indicators, x.shape[-2])
        scale = rescaling(low, high)
        x = x if scale is None else scale.apply(x)
        n = (~np.isnan(x)).sum(axis=-2)
        centre = np.nansum(x, axis=-2) / n
        deviations = np.nan_to_num(x - centre[..., np.newaxis, :], copy=False)
        spread = np.sqrt(np.einsum("...ij,...ij->...j", deviations, deviations) / (n - 1))
        mean, sd = float(self.mean), float(self.sd)
        return Stretch(
            start=centre,
            span=spread * directions(indicators),
            low=mean,
            high=mean + sd,
            cut=np.zeros((2, len(indicators)), dtype=np.bool_),
            rescaling=scale,
        )

    def normalise(self, values: ArrayLike, indicators: Sequence[IndicatorLike]) -> Floats:
        """Return the z-scores of each column."""
        return self.fit(values, indicators).normalise(values, indicators)

    def describe(self) -> str:
        """Return a one-sentence description with the formula."""
        offset = f"{self.mean:g} + " if self.mean else ""
        factor = f"{self.sd:g} \\, " if self.sd != 1 else ""
        return (
            f"Z-scores: ${offset}{factor}(x - \\bar x) / \\sigma$ with the sample standard "
            "deviation, the sign turned where less is better."
        )
