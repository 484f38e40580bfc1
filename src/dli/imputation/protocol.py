"""What an imputation is, what it may know, and how what it gives is checked."""

from collections.abc import Mapping
from typing import Any, Protocol, TypeAlias

import numpy as np
from attrs import frozen
from numpy.typing import NDArray

from dli.errors import MethodError

__all__ = ["Context", "Floats", "Imputation", "impute", "is_whole", "refuse_empty"]

Floats: TypeAlias = NDArray[np.float64]


@frozen(kw_only=True, eq=False)
class Context:
    """What an imputation may know beside the values.

    Attributes
    ----------
    columns : mapping of str to list
        The columns of the data that are no indicators, such as a region; a cell for each row.
    units : tuple
        The unit of each row.
    periods : tuple or None
        The period of each row, when there are several.
    codes : tuple of str
        The indicator of each column.
    parents : mapping of str to tuple of str
        For each indicator the codes above it, the nearest first.
    directions : tuple of int, optional
        1 or -1 for each column, which some imputations need.
    """

    columns: Mapping[str, list[Any]]
    units: tuple[Any, ...]
    periods: tuple[Any, ...] | None
    codes: tuple[str, ...]
    parents: Mapping[str, tuple[str, ...]]
    directions: tuple[int, ...] | None = None


class Imputation(Protocol):
    """Fill missing values."""

    def impute(self, values: Floats, context: Context, /) -> Floats:
        """Give values of the same shape (n_units, n_indicators); what was there stays as it is."""
        ...


def impute(imputation: Any, values: Floats, context: Context) -> Floats:
    """Apply an imputation, or an object of scikit-learn's kind, and check what it gives.

    Parameters
    ----------
    imputation : Imputation or object with ``fit_transform``
    values : ndarray of shape (n_units, n_indicators)
    context : Context

    Raises
    ------
    MethodError
        The result has another shape, changes values that were there, or is infinite.
    """
    given = values.copy()
    filled = (
        imputation.impute(given, context)
        if hasattr(imputation, "impute")
        else imputation.fit_transform(given)
    )
    filled = np.asarray(filled, dtype=np.float64)
    name = type(imputation).__name__
    if filled.shape != values.shape:
        msg = (
            f"imputation {name} must keep the shape {values.shape}, got {filled.shape}; columns "
            "without any value are dropped by some imputers"
        )
        raise MethodError(msg)
    there = ~np.isnan(values)
    changed = (there & (filled != values)) | np.isinf(filled)
    if changed.any():
        faults = [
            f"unit {context.units[i]!r}, {context.codes[j]!r}: {values[i, j]:g} became "
            f"{filled[i, j]:g}"
            for i, j in np.argwhere(changed).tolist()
        ]
        msg = f"imputation {name} must fill missing values alone, with finite ones"
        raise MethodError(msg, faults)
    return filled


def refuse_empty(values: Floats, context: Context) -> None:
    """Refuse columns without any value: there is nothing to fill them from."""
    empty = np.isnan(values).all(axis=0)
    if empty.any():
        faults = [f"{context.codes[j]!r}" for j in np.flatnonzero(empty).tolist()]
        msg = "an indicator needs a value of one unit at least to be imputed; there is none of"
        raise MethodError(msg, faults)


def is_whole(number: Any, least: int) -> bool:
    """Tell whether something is a whole number and at least so much."""
    return isinstance(number, int) and not isinstance(number, bool) and number >= least
