"""What a treatment of outliers is, and what it may declare about itself."""

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
    """What a treatment declares about itself, in its attribute ``traits``.

    Attributes
    ----------
    by_column : bool
        The result for a column depends on that column alone.
    keeps_order : bool
        It never changes the order of the values of a column, though it may make some of them equal.
    draws : bool
        It is also called with many draws at once, as a study of sensitivity makes them: with values
        of shape (n_draws, n_units, n_indicators), for a result of that shape. The result of a draw
        is that of its values alone. Any other treatment is called for each draw, which takes
        longer.
    """

    by_column: bool = True
    keeps_order: bool = False
    draws: bool = False


class Treatment(Protocol):
    """Reduce the influence of outliers before normalisation; one method is enough.

    A treatment may also have

    - ``traits``: a `Traits` that says what holds for it;
    - ``treat_with_record(values)``: the treated values and a `TreatmentRecord` of what was done;
    - ``describe()``: a sentence with the formula, for the methods statement.
    """

    def treat(self, values: Floats, /) -> Floats:
        """Return values of the same shape (n_units, n_indicators); NaN is missing and stays NaN.

        The built-in treatments refuse a column without any value by a `MethodError`.
        """
        ...


_SILENT = Traits()

T = TypeVar("T")


def traits_of(treatment: Any) -> Traits:
    """Return what a treatment declares about itself."""
    declared = getattr(treatment, "traits", _SILENT)
    return declared if isinstance(declared, Traits) else _SILENT


def description_of(treatment: Any) -> str:
    """Return the sentence with which a treatment describes itself, empty if there is none."""
    if not callable(getattr(treatment, "describe", None)):
        return ""
    return str(ask(treatment, "describe", step=f"treatment {type(treatment).__name__}"))


def over_draws(treat: Callable[[T, ArrayLike], Floats]) -> Callable[[T, ArrayLike], Floats]:
    """Let a method that treats columns by themselves take many draws: their columns side by side.

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
    """Return values as a table, each column of which has at least one value.

    Raises
    ------
    MethodError
        Another shape, infinite values, or columns without any value.
    """
    table = as_table(values, missing=True)
    empty = np.isnan(table).all(axis=0)
    if empty.any():
        faults = [f"column {j}" for j in np.flatnonzero(empty).tolist()]
        raise MethodError("treatment needs a value in each column; there is none in", faults)
    return table
