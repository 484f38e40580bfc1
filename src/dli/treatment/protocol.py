"""What a treatment of outliers is."""

from typing import Protocol, TypeAlias

import numpy as np
from numpy.typing import ArrayLike, NDArray

from dli.errors import MethodError

__all__ = ["Bools", "Floats", "Treatment", "as_table"]

Floats: TypeAlias = NDArray[np.float64]
Bools: TypeAlias = NDArray[np.bool_]


class Treatment(Protocol):
    """Tame outliers before normalisation."""

    def treat(self, values: Floats, /) -> Floats:
        """Give values of the same shape (n_units, n_indicators); NaN is missing and stays NaN."""
        ...


def as_table(values: ArrayLike) -> Floats:
    """Take values as an array with a row for each unit and a column for each indicator."""
    x = np.asarray(values, dtype=np.float64)
    if x.ndim != 2 or x.shape[0] < 1:
        msg = f"values must have the shape (n_units, n_indicators), got {x.shape}"
        raise MethodError(msg)
    return x
