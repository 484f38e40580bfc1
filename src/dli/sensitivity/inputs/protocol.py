"""What every uncertain input promises."""

from collections.abc import Sequence
from typing import Protocol, TypeAlias

import numpy as np
from numpy.typing import NDArray

from dli.assessment import Assessment
from dli.sensitivity.draws import Draws

__all__ = ["Input"]

Floats: TypeAlias = NDArray[np.float64]


class Input(Protocol):
    """Something uncertain; any object with these two methods serves.

    An input that takes options of a step has besides an attribute ``options``, a mapping of the
    step to the sequence of its options: they are all assessed before the first draw.
    """

    def factors(self, assessment: Assessment, /) -> Sequence[str]:
        """Name the uniform numbers that the input takes for a draw; check it against the index."""
        ...

    def apply(self, uniforms: Floats, draws: Draws, /) -> None:
        """Turn numbers from 0 to 1 of shape (n_factors, n_draws) into changes of the draws."""
        ...
