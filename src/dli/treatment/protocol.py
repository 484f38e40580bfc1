"""The protocol of treatments of outliers and the traits that they may declare."""

from collections.abc import Callable
from functools import wraps
from typing import Any, Protocol, TypeVar

import numpy as np
from attrs import frozen
from numpy.typing import ArrayLike

from dli.arrays import Bools, Floats, as_table
from dli.errors import MethodError
from dli.steps import ask

__all__ = [
    "Bools",
    "Floats",
    "Traits",
    "Treatment",
    "description_of",
    "observed_table",
    "over_draws",
    "traits_of",
]


@frozen(kw_only=True)
class Traits:
    """The properties that a treatment declares in its attribute ``traits``.

    Attributes
    ----------
    by_column : bool
        Whether the result for a column depends on that column alone.
    keeps_order : bool
        Whether it never changes the order of values in a column; it may make some of them equal.
    draws : bool
        Whether it accepts many draws at once, as a sensitivity study makes them: values of shape
        (n_draws, n_units, n_indicators), with a result of the same shape. The result of a draw must
        depend on its own values alone. Any other treatment is called once for each draw, which
        takes longer.
    """

    by_column: bool = True
    keeps_order: bool = False
    draws: bool = False


class Treatment(Protocol):
    """Reduce the influence of outliers before normalisation; only `treat` is required.

    A treatment may also have

    - ``traits``: its properties, as a `Traits`;
    - ``treat_with_record(values)``: the treated values and a `TreatmentRecord` of the changes;
    - ``describe()``: a sentence with the formula, for the methods statement.
    """

    def treat(self, values: Floats, /) -> Floats:
        """Return values of the same shape (n_units, n_indicators); missing values stay NaN.

        The built-in treatments raise a `MethodError` if a column has no value.
        """
        ...


_DEFAULTS = Traits()

T = TypeVar("T")


def traits_of(treatment: Any) -> Traits:
    """Return the traits of a treatment, the defaults if it declares none."""
    declared = getattr(treatment, "traits", _DEFAULTS)
    return declared if isinstance(declared, Traits) else _DEFAULTS


def description_of(treatment: Any) -> str:
    """Return the description of a treatment, or an empty string if it has none."""
    if not callable(getattr(treatment, "describe", None)):
        return ""
    return str(ask(treatment, "describe", step=f"treatment {type(treatment).__name__}"))


def over_draws(treat: Callable[[T, ArrayLike], Floats]) -> Callable[[T, ArrayLike], Floats]:
    """Make a method that treats columns separately accept many draws, as columns side by side.

    Examples
    --------
    >>> class Halved:
    ...     @over_draws
    ...     def treat(self, values):
    ...         return values / 2
    >>> Halved().treat(np.array([[[2.0, 4.0]], [[6.0, 8.0]]])).tolist()
    [[[1.0, 2.0]], [[3.0, 4.0]]]
    """

    @wraps(treat)
    def treated(self: T, values: ArrayLike) -> Floats:
        if not (isinstance(values, np.ndarray) and values.ndim == 3):
            return treat(self, values)
        n_draws, n_units, n_columns = values.shape
        columns = np.ascontiguousarray(values.transpose(1, 0, 2)).reshape(n_units, -1)
        apart = treat(self, columns).reshape(n_units, n_draws, n_columns)
        return np.ascontiguousarray(apart.transpose(1, 0, 2))

    return treated


def observed_table(values: ArrayLike) -> Floats:
    """Return values as a table, checked to have at least one value in each column.

    Raises
    ------
    MethodError
        If the shape does not fit, values are infinite, or a column has no value.
    """
    table = as_table(values, missing=True)
    empty = np.isnan(table).all(axis=0)
    if empty.any():
        faults = [f"column {j}" for j in np.flatnonzero(empty).tolist()]
        raise MethodError("treatment needs a value in each column; there is none in", faults)
    return table
