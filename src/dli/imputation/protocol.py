"""What an imputation is, what it may know, and how its result is checked."""

from collections.abc import Mapping
from typing import Any, Protocol

import numpy as np
from attrs import field, frozen

from dli.arrays import Floats, as_floats
from dli.errors import MethodError

__all__ = ["Context", "Floats", "Imputation", "Traits", "impute", "refuse_empty", "traits_of"]


@frozen(kw_only=True, eq=False)
class Context:
    """What an imputation may know in addition to the values.

    Only units and codes are always needed, the rest by some imputations.

    Attributes
    ----------
    units : tuple
        The unit of each row.
    codes : tuple of str
        The indicator of each column.
    periods : tuple, optional
        The period of each row, when there are several.
    columns : mapping of str to list
        The columns of the data that are not indicators, such as a region; a cell for each row.
    parents : mapping of str to tuple of str
        For each indicator the codes above it, the nearest first.
    directions : tuple of int, optional
        1 or -1 for each column.
    """

    units: tuple[Any, ...]
    codes: tuple[str, ...]
    periods: tuple[Any, ...] | None = None
    columns: Mapping[str, list[Any]] = field(factory=dict)
    parents: Mapping[str, tuple[str, ...]] = field(factory=dict)
    directions: tuple[int, ...] | None = None


@frozen(kw_only=True)
class Traits:
    """What an imputation declares about itself, in its attribute ``traits``.

    Attributes
    ----------
    over_time : bool
        It fills a unit's gaps from the unit's other periods: a row without any value may be passed
        to it, since it may be able to fill that row.
    """

    over_time: bool = False


class Imputation(Protocol):
    """Fill missing values; one method is enough.

    An imputation may also have

    - ``traits``: a `Traits` that says what holds for it;
    - ``describe()``: a sentence with the formula, for the methods statement.
    """

    def impute(self, values: Floats, context: Context, /) -> Floats:
        """Return values of the same shape (n_units, n_indicators); known values stay as they are.

        The built-in imputations refuse an indicator without any value by a `MethodError`.
        """
        ...


_SILENT = Traits()


def traits_of(imputation: Any) -> Traits:
    """Return what an imputation declares about itself."""
    declared = getattr(imputation, "traits", _SILENT)
    return declared if isinstance(declared, Traits) else _SILENT


def impute(imputation: Any, values: Floats, context: Context) -> Floats:
    """Apply an imputation, or an imputer such as those of scikit-learn, and check its result.

    Parameters
    ----------
    imputation : Imputation or object with ``fit_transform``
    values : ndarray of shape (n_units, n_indicators)
    context : Context

    Raises
    ------
    MethodError
        The result has another shape, changes known values, or is infinite.
    """
    copy = values.copy()
    if hasattr(imputation, "impute"):
        filled = as_floats(imputation.impute(copy, context))
    else:
        filled = as_floats(imputation.fit_transform(copy))
    name = type(imputation).__name__
    if filled.shape != values.shape:
        msg = (
            f"imputation {name} must keep the shape {values.shape}, got {filled.shape}; some "
            "imputers drop columns without any value"
        )
        raise MethodError(msg)
    changed = (~np.isnan(values) & (filled != values)) | np.isinf(filled)
    if changed.any():
        faults = [
            f"unit {context.units[i]!r}, {context.codes[j]!r}: {values[i, j]:g} became "
            f"{filled[i, j]:g}"
            for i, j in np.argwhere(changed).tolist()
        ]
        raise MethodError(f"imputation {name} changed known values or gave infinite ones", faults)
    return filled


def refuse_empty(values: Floats, context: Context) -> None:
    """Raise a MethodError that names the indicators without any value, if there are some."""
    empty = np.isnan(values).all(axis=0)
    if empty.any():
        faults = [f"{context.codes[j]!r}" for j in np.flatnonzero(empty).tolist()]
        raise MethodError("imputation needs a value of each indicator; there is none of", faults)
