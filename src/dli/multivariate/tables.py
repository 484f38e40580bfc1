"""The arrays that multivariate analysis takes."""

from typing import TypeAlias

import numpy as np
from numpy.typing import ArrayLike, NDArray

from dli.errors import MethodError

__all__ = ["Bools", "Floats", "as_table"]

Floats: TypeAlias = NDArray[np.float64]
Bools: TypeAlias = NDArray[np.bool_]


def as_table(values: ArrayLike) -> Floats:
    """Take values as an array with a row for each unit and a column for each indicator."""
    x = np.asarray(values, dtype=np.float64)
    if x.ndim != 2 or 0 in x.shape:
        msg = f"values must have the shape (n_units, n_indicators), got {x.shape}"
        raise MethodError(msg)
    return x
