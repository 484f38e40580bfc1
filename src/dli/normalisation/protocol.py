"""What a normalisation is, and what it may know of an indicator."""

from collections.abc import Sequence
from typing import Protocol, TypeAlias

import numpy as np
from numpy.typing import NDArray

__all__ = ["Bools", "Floats", "IndicatorLike", "Normalisation"]

Floats: TypeAlias = NDArray[np.float64]
Bools: TypeAlias = NDArray[np.bool_]


class IndicatorLike(Protocol):
    """What a normalisation reads of an indicator; `dli.Indicator` has it all."""

    @property
    def code(self) -> str:
        """The name that messages use."""
        ...

    @property
    def direction(self) -> int:
        """1 when more is better, -1 when less is."""
        ...

    @property
    def goalposts(self) -> tuple[float, float] | None:
        """The worst and the best value in raw units."""
        ...

    @property
    def target(self) -> float | None:
        """The value to reach in raw units."""
        ...

    @property
    def scale(self) -> tuple[float, float] | None:
        """The least and the greatest valid value in raw units."""
        ...


class Normalisation(Protocol):
    """Bring indicators to one scale, on which more is better.

    The direction of an indicator is applied here and nowhere else.
    """

    def normalise(self, values: Floats, indicators: Sequence[IndicatorLike], /) -> Floats:
        """Give values of shape (..., n_units, n_indicators); NaN is missing and stays NaN."""
        ...
