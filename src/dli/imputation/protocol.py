"""What an imputation is, what it may know, and how its result is checked."""

from collections.abc import Mapping
from functools import partial
from typing import Any, Protocol

import numpy as np
from attrs import field, frozen

from dli.arrays import Floats
from dli.errors import MethodError
from dli.steps import ask, numbers, on

__all__ = [
    "Context",
    "Floats",
    "Imputation",
    "Imputer",
    "Traits",
    "impute",
    "refuse_empty",
    "traits_of",
]


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
        It fills a unit's gaps from the unit's other periods. It is then passed all rows, those
        without any value among them, before rows with too few values are left out.
    columns : tuple of str
        The columns of the data that it reads beside the indicators, which must be there.
    """

    over_time: bool = False
    columns: tuple[str, ...] = ()


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


class Imputer(Protocol):
    """An imputer of scikit-learn's kind, which needs no context."""

    def fit_transform(self, values: Any, /) -> Any:
        """Return the values with missing ones filled."""
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
        What fills the gaps.
    values : ndarray of shape (n_units, n_indicators)
        NaN where a value is missing.
    context : Context
        Units, periods and groups of the rows.

    Raises
    ------
    MethodError
        The imputation raised an error, or its result is not numbers, has another shape, changes
        known values, or is infinite.
    """
    name = type(imputation).__name__
    act, known = ("impute", [context]) if hasattr(imputation, "impute") else ("fit_transform", [])
    filled: Floats = ask(
        imputation,
        act,
        values.copy(),
        *known,
        step=f"imputation {name}",
        codes=context.codes,
        unit=partial(_row, context),
        read=numbers,
    )
    if filled.shape != values.shape:
        msg = (
            f"imputation {name} must keep the shape {values.shape}, got {filled.shape} (some "
            f"imputers drop columns without any value){on(context.codes)}"
        )
        raise MethodError(msg)
    changed = (~np.isnan(values) & (filled != values)) | np.isinf(filled)
    if changed.any():
        faults = [
            f"{_row(context, i)}, {context.codes[j]!r}: {values[i, j]:g} became {filled[i, j]:g}"
            for i, j in np.argwhere(changed).tolist()
        ]
        raise MethodError(f"imputation {name} changed known values or gave infinite ones", faults)
    return filled


def _row(context: Context, row: int) -> str:
    unit = f"unit {context.units[row]!r}"
    return unit if context.periods is None else f"{unit}, period {context.periods[row]!r}"


def refuse_empty(values: Floats, context: Context) -> None:
    """Raise a MethodError that names the indicators without any value, if there are some."""
    empty = np.isnan(values).all(axis=0)
    if empty.any():
        faults = [f"{context.codes[j]!r}" for j in np.flatnonzero(empty).tolist()]
        raise MethodError("imputation needs a value of each indicator; there is none of", faults)
