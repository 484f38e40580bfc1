"""Weighted means, from fully compensatory to non-compensatory."""

from functools import cache
from typing import ClassVar

import numpy as np
from attrs import field, frozen

from dli.aggregation.power import (
    as_order,
    power_domain,
    power_mean,
    power_mean_directional,
    power_mean_gradient,
)
from dli.aggregation.protocol import Floats, Traits

__all__ = ["ArithmeticMean", "GeometricMean", "HarmonicMean", "Minimum", "PowerMean"]


@cache
def _traits(order: float) -> Traits:
    """Return the traits of the mean of an order; cached, since every node needs them."""
    return Traits(
        domain=power_domain(order),
        skips_missing=True,
        local=True,
        order=order,
        monotone=True,
        homogeneous=True,
        additive=order == 1,
        concave=order <= 1,
        draws=True,
        kinked=bool(np.isinf(order)),
    )


class _Mean:
    """The common methods of the power means, which differ only in their order."""

    __slots__ = ()
    order: ClassVar[float]

    @property
    def traits(self) -> Traits:
        """The properties of the mean."""
        return _traits(self.order)

    def aggregate(self, values: Floats, weights: Floats) -> Floats:
        """Return the mean of each row; the weight of missing children is shared among the rest."""
        return power_mean(values, weights, self.order)

    def gradient(self, values: Floats, weights: Floats) -> Floats:
        """Return the derivative of the mean by each child, as `power_mean_gradient` does."""
        return power_mean_gradient(values, weights, self.order)

    def directional(self, values: Floats, weights: Floats, moves: Floats) -> Floats:
        """Return the one-sided derivative along moves, as `power_mean_directional` does."""
        return power_mean_directional(values, weights, moves, self.order)


@frozen
class ArithmeticMean(_Mean):
    r"""Combine children by the arithmetic mean $\sum_k w_k x_k$, which is fully compensatory.

    Examples
    --------
    >>> ArithmeticMean().aggregate(np.array([[20.0, 80.0]]), np.array([0.5, 0.5])).tolist()
    [50.0]
    """

    order: ClassVar[float] = 1.0

    def describe(self) -> str:
        """Return a one-sentence description with the formula."""
        return r"Arithmetic mean: $S = \sum_k w_k x_k$."


@frozen
class GeometricMean(_Mean):
    r"""Combine children by the geometric mean $\prod_k x_k^{w_k}$, which is partly compensatory.

    Examples
    --------
    >>> GeometricMean().aggregate(np.array([[20.0, 80.0]]), np.array([0.5, 0.5])).round(6).tolist()
    [40.0]
    """

    order: ClassVar[float] = 0.0

    def describe(self) -> str:
        """Return a one-sentence description with the formula."""
        return r"Geometric mean: $S = \prod_k x_k^{w_k}$."


@frozen
class HarmonicMean(_Mean):
    r"""Combine children by the harmonic mean $1 / \sum_k (w_k / x_k)$, dominated by low values.

    Examples
    --------
    >>> HarmonicMean().aggregate(np.array([[20.0, 80.0]]), np.array([0.5, 0.5])).round(6).tolist()
    [32.0]
    """

    order: ClassVar[float] = -1.0

    def describe(self) -> str:
        """Return a one-sentence description with the formula."""
        return r"Harmonic mean: $S = 1 / \sum_k (w_k / x_k)$."


@frozen
class PowerMean(_Mean):
    r"""Combine children by the power mean $(\sum_k w_k x_k^p)^{1/p}$: a lower p compensates less.

    Parameters
    ----------
    p : float
        The order; 1 is the arithmetic, 0 the geometric and -1 the harmonic mean, -inf the minimum
        and inf the maximum.

    Examples
    --------
    >>> PowerMean(2.0).aggregate(np.array([[30.0, 40.0]]), np.array([0.5, 0.5])).round(4).tolist()
    [35.3553]
    """

    p: float = field(converter=as_order)

    @property
    def order(self) -> float:  # type: ignore[override] # a parameter here, a constant elsewhere
        """The order of the power mean."""
        return self.p

    def describe(self) -> str:
        """Return a one-sentence description with the formula."""
        if np.isinf(self.p):
            extreme = "max" if self.p > 0 else "min"
            return rf"Power mean of order ${self.p:g}$: $S = \{extreme}_k x_k$.".replace(
                "inf", r"\infty"
            )
        return rf"Power mean of order $p = {self.p:g}$: $S = (\sum_k w_k x_k^p)^{{1/p}}$."


@frozen
class Minimum(_Mean):
    """Return the lowest child of positive weight, without any compensation.

    Examples
    --------
    >>> Minimum().aggregate(np.array([[20.0, 80.0]]), np.array([0.5, 0.5])).tolist()
    [20.0]
    """

    order: ClassVar[float] = -np.inf

    def describe(self) -> str:
        """Return a one-sentence description with the formula."""
        return r"Minimum: $S = \min_k x_k$ over the children of positive weight."
