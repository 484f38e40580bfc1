"""The protocol of imputations, their context, and the checks of their results."""

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
    """Information that an imputation may use in addition to the values.

    Units and codes are always required; the rest is needed by some imputations only.

    Attributes
    ----------
    units : tuple
        The unit of each row.
    codes : tuple of str
        The indicator of each column.
    periods : tuple, optional
        The period of each row, if there are several periods.
    columns : mapping of str to list
        The columns of the data that are not indicators, such as a region, with one
        cell for each row.
    parents : mapping of str to tuple of str
        The codes of the ancestors of each indicator, the parent first.
    directions : tuple of int, optional
        The direction of each column, 1 or -1.
    """

    units: tuple[Any, ...]
    codes: tuple[str, ...]
    periods: tuple[Any, ...] | None = None
    columns: Mapping[str, list[Any]] = field(factory=dict)
    parents: Mapping[str, tuple[str, ...]] = field(factory=dict)
    directions: tuple[int, ...] | None = None


@frozen(kw_only=True)
class Traits:
    """The properties that an imputation declares in its attribute ``traits``.

    Attributes
    ----------
    over_time : bool
        Whether it fills the gaps of a unit from other periods of the unit. It is then passed all
        rows, including those without any value, before rows with too few values are left out.
    columns : tuple of str
        The columns of the data, other than indicators, that it requires.
    """

    over_time: bool = False
    columns: tuple[str, ...] = ()


class Imputation(Protocol):
    """Fill missing values; only `impute` is required.

    An imputation may also have

    - ``traits``: its properties, as a `Traits`;
    - ``describe()``: a sentence with the formula, for the methods statement.
    """

    def impute(self, values: Floats, context: Context, /) -> Floats:
        """Return values of the same shape (n_units, n_indicators), with known values unchanged.

        The built-in imputations raise a `MethodError` if an indicator has no value.
        """
        ...


class Imputer(Protocol):
    """An imputer of scikit-learn's kind, which needs no context."""

    def fit_transform(self, values: Any, /) -> Any:
        """Return the values with missing ones filled."""
        ...


_DEFAULTS = Traits()


def traits_of(imputation: Any) -> Traits:
    """Return the traits of an imputation, the defaults if it declares none."""
    declared = getattr(imputation, "traits", _DEFAULTS)
    return declared if isinstance(declared, Traits) else _DEFAULTS


def impute(imputation: Any, values: Floats, context: Context) -> Floats:
    """Apply an imputation, or an imputer such as those of scikit-learn, and check its result.

    Parameters
    ----------
    imputation : Imputation or object with ``fit_transform``
        The imputation to apply.
    values : ndarray of shape (n_units, n_indicators)
        NaN where a value is missing.
    context : Context
        The units, periods and groups of the rows.

    Raises
    ------
    MethodError
        If the imputation raises an error, or its result is not numeric, has another shape, changes
        known values or is infinite.
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
        raise MethodError(
            f"imputation {name} changed known values or returned infinite ones", faults
        )
    return filled


def _row(context: Context, row: int) -> str:
    unit = f"unit {context.units[row]!r}"
    return unit if context.periods is None else f"{unit}, period {context.periods[row]!r}"


def refuse_empty(values: Floats, context: Context) -> None:
    """Raise a MethodError that lists the indicators without any value, if there are any."""
    empty = np.isnan(values).all(axis=0)
    if empty.any():
        faults = [f"{context.codes[j]!r}" for j in np.flatnonzero(empty).tolist()]
        raise MethodError("imputation needs a value for every indicator; it is missing for", faults)
