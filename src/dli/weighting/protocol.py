"""What a weighting scheme is."""

from collections.abc import Sequence
from typing import Protocol, TypeAlias

import numpy as np
from numpy.typing import NDArray

__all__ = ["Floats", "Node", "Weighting"]

Floats: TypeAlias = NDArray[np.float64]


class Node(Protocol):
    """What a scheme may know of a child: `dli.Indicator` and `dli.Index` are such nodes."""

    @property
    def code(self) -> str:
        """Its name in the tree."""
        ...

    @property
    def weight(self) -> float:
        """Its weight as declared, not yet scaled."""
        ...


class Weighting(Protocol):
    """Turn the normalised scores of a node's children into their weights."""

    def weights(self, values: Floats, children: Sequence[Node], /) -> Floats:
        """Give weights of shape (n_children,), or (n_units, n_children) for units of their own.

        ``values`` are (n_units, n_children) with NaN for missing, more is better; ``children`` have
        ``code`` and ``weight``. Weights are finite, not negative, and their rows sum to one.
        """
        ...
