"""What a treatment of outliers is, and what it may declare about itself."""

from typing import Any, Protocol

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
    """

    by_column: bool = True
    keeps_order: bool = False


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


def traits_of(treatment: Any) -> Traits:
    """Return what a treatment declares about itself."""
    declared = getattr(treatment, "traits", _SILENT)
    return declared if isinstance(declared, Traits) else _SILENT


def description_of(treatment: Any) -> str:
    """Return the sentence with which a treatment describes itself, empty if there is none."""
    if not callable(getattr(treatment, "describe", None)):
        return ""
    return str(ask(treatment, "describe", step=f"treatment {type(treatment).__name__}"))


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
