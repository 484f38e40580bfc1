"""The mean of children, set to 0 where it is below a cutoff."""

from typing import Any, ClassVar

import numpy as np
from attrs import field, frozen

from dli.aggregation.checks import as_values, as_weights, weighted_mean
from dli.aggregation.power import power_mean_gradient
from dli.aggregation.protocol import Traits
from dli.arrays import Bools, Floats, is_above
from dli.checks import number

__all__ = ["CensoredMean"]


def _as_cutoff(at: Any) -> float:
    return number("at", at, least=0)


@frozen
class CensoredMean:
    r"""Compute the arithmetic mean, and set it to 0 where it is below a cutoff.

    With deprivations as children, 1 where a person lacks something and 0 elsewhere, the mean is the
    weighted share of deprivations; a person whose share is below the cutoff is not poor and scores
    0. The mean of these scores over people is Alkire and Foster's adjusted headcount $M_0$.

    A mean that is below the cutoff by no more than rounding reaches it. The score jumps at the
    cutoff: the derivatives are those of the mean from the cutoff on and 0 below, and do not reflect
    the jump. The weight of missing children is shared among the rest.

    Parameters
    ----------
    at : float
        The cutoff, at least 0; with a negative cutoff a score could lie below 0.

    References
    ----------
    Alkire and Foster (2011), Counting and multidimensional poverty measurement. Journal of Public
    Economics 95, 476-487. https://doi.org/10.1016/j.jpubeco.2010.11.006

    Examples
    --------
    >>> lacks = np.array([[1.0, 1.0, 0.0], [1.0, 0.0, 0.0]])
    >>> CensoredMean(at=0.5).aggregate(lacks, np.full(3, 1 / 3)).round(3).tolist()
    [0.667, 0.0]
    """

    traits: ClassVar[Traits] = Traits(
        skips_missing=True, local=True, homogeneous=True, additive=True, draws=True
    )

    at: float = field(converter=_as_cutoff)

    def aggregate(self, values: Floats, weights: Floats) -> Floats:
        """Return the censored mean of each row."""
        x = as_values(values)
        mean = weighted_mean(x, as_weights(weights, x.shape))
        return np.where(self._is_below(mean), 0.0, mean)

    def gradient(self, values: Floats, weights: Floats) -> Floats:
        """Return the derivative by each child: that of the mean from the cutoff on, and 0 below."""
        x = as_values(values)
        w = as_weights(weights, x.shape)
        below = self._is_below(weighted_mean(x, w))[..., np.newaxis]
        return np.where(below, 0.0, power_mean_gradient(x, w, 1))

    def _is_below(self, mean: Floats) -> Bools:
        return is_above(np.asarray(self.at), mean)

    def describe(self) -> str:
        """Return a one-sentence description with the formula."""
        return (
            r"Censored mean: $S = \sum_k w_k x_k$ where that is at least "
            f"${self.at:g}$, and 0 where it is below."
        )
