"""Arrays as all functions take and return them, and the one tolerance for ties."""

from typing import Any, TypeAlias

import numpy as np
from numpy.typing import ArrayLike, NDArray

from dli.errors import MethodError

__all__ = ["TIE", "Bools", "Floats", "Integers", "as_floats", "as_table", "frozen_copy", "is_above"]

Floats: TypeAlias = NDArray[np.float64]
Bools: TypeAlias = NDArray[np.bool_]
Integers: TypeAlias = NDArray[np.int64]

# Scores that differ by no more than this share of their scale are ties: rounding must not decide.
TIE = 1e-12


def as_floats(values: ArrayLike, name: str = "values") -> Floats:
    """Return values as an array of floats, which may be the caller's own.

    Raises
    ------
    MethodError
        Something that is not a number.
    """
    try:
        return np.asarray(values, dtype=np.float64)
    except (TypeError, ValueError, OverflowError) as error:
        msg = f"{name} must be numbers: {error}"
        raise MethodError(msg) from error


def as_table(
    values: ArrayLike,
    *,
    name: str = "values",
    columns: str = "n_indicators",
    missing: bool = False,
) -> Floats:
    """Return values as an array with a row for each unit and a column for each indicator.

    Parameters
    ----------
    values : array_like of shape (n_units, n_indicators)
    name, columns : str
        What messages call the values and their columns.
    missing : bool
        Whether NaN is accepted, as a missing value.

    Raises
    ------
    MethodError
        Another shape, no row or column, infinite values, or missing ones that are not accepted;
        rows and columns are named.
    """
    table = as_floats(values, name)
    if table.ndim != 2 or 0 in table.shape:
        msg = f"{name} must have the shape (n_units, {columns}) with at least one of each, got "
        raise MethodError(msg + str(table.shape))
    wrong = np.isinf(table) if missing else ~np.isfinite(table)
    if wrong.any():
        faults = [f"row {i}, column {j}: {table[i, j]}" for i, j in np.argwhere(wrong).tolist()]
        msg = f"{name} must be finite numbers"
        raise MethodError(msg, faults)
    return table


def frozen_copy(values: Any) -> Floats:
    """Return a read-only copy."""
    copy = np.array(values, dtype=np.float64)
    copy.flags.writeable = False
    return copy


def is_above(first: Floats, second: Floats, scale: Any = None) -> Bools:
    """Return where values lie above others by more than a tie.

    Parameters
    ----------
    first, second : ndarray
        Of shapes that broadcast; NaN lies above nothing.
    scale : ndarray or float, optional
        What the tolerance is a share of; the larger absolute value of each pair by default.
    """
    if scale is None:
        scale = np.maximum(np.abs(first), np.abs(second))
    with np.errstate(invalid="ignore"):
        return np.asarray(first - second > TIE * scale)
