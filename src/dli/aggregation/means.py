"""The means, from the one that lets weakness be made up for wholly to the one that never does."""

from typing import ClassVar

import numpy as np
from attrs import frozen

from dli.aggregation.power import power_domain, power_mean, power_mean_gradient
from dli.aggregation.protocol import Floats
from dli.errors import MethodError

__all__ = ["ArithmeticMean", "GeometricMean", "HarmonicMean", "Minimum", "PowerMean"]


class _Mean:
    """What the power means share: all that differs is the order."""

    __slots__ = ()
    skips_missing: ClassVar[bool] = True

    @property
    def order(self) -> float:
        """The order of the power mean."""
        raise AttributeError  # pragma: no cover - each mean has its own

    @property
    def domain(self) -> str:
        """The values that the mean takes: ``"positive"``, ``"non-negative"`` or ``"real"``."""
        return power_domain(self.order)

    def aggregate(self, values: Floats, weights: Floats) -> Floats:
        """Give the mean of each row, the weight of missing children shared among the rest."""
        return power_mean(values, weights, self.order)

    def gradient(self, values: Floats, weights: Floats) -> Floats:
        """Give the derivative of the mean by each child: `power_mean_gradient`."""
        return power_mean_gradient(values, weights, self.order)
