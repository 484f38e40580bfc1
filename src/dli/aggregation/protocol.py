"""What an aggregation is."""

from typing import Protocol, TypeAlias

import numpy as np
from numpy.typing import NDArray

__all__ = ["Aggregation", "Bools", "Floats"]

Floats: TypeAlias = NDArray[np.float64]
Bools: TypeAlias = NDArray[np.bool_]


class Aggregation(Protocol):
    """Join the children of a node to its score.

    An object with ``skips_missing = True`` is also called with NaN for missing values, whose
    weight it shares among the rest; any other sees complete values only. ``domain``, where there
    is one, tells the values it takes: ``"positive"``, ``"non-negative"`` or ``"real"``.
    """

    def aggregate(self, values: Floats, weights: Floats, /) -> Floats:
        """Give scores of shape (..., n_units).

        ``values`` are (..., n_units, n_children); ``weights`` are (n_children,) or
        (n_units, n_children), not negative, and their rows sum to one.
        """
        ...
