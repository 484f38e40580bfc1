"""What a weighting scheme is."""

from collections.abc import Sequence
from typing import Any, Protocol, TypeAlias

import numpy as np
from numpy.typing import NDArray

__all__ = ["Floats", "Weighting"]

Floats: TypeAlias = NDArray[np.float64]


class Weighting(Protocol):
    """Turn the normalised scores of a node's children into their weights."""

    def weights(self, values: Floats, children: Sequence[Any], /) -> Floats:
        """Give weights of shape (n_children,), or (n_units, n_children) for units of their own.

        ``values`` are (n_units, n_children) with NaN for missing, more is better; ``children`` have
        ``code`` and ``weight``. Weights are finite, not negative, and their rows sum to one.
        """
        ...
