"""Step 5a: outliers."""

from typing import Protocol, TypeAlias

import numpy as np
from numpy.typing import NDArray

__all__ = ["Treatment"]

Floats: TypeAlias = NDArray[np.float64]


class Treatment(Protocol):
    """Tame outliers before normalisation."""

    def treat(self, values: Floats, /) -> Floats:
        """Give values of the same shape (n_units, n_indicators); NaN is missing and stays NaN."""
        ...
