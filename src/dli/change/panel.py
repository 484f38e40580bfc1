"""Units over periods: which row of an assessment is which unit in which period."""

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from dli.arrays import Floats
from dli.assessment import Assessment
from dli.errors import MethodError, UnknownCodeError

__all__ = ["at_rows", "period_rows", "periods_of"]


def periods_of(assessment: Assessment) -> list[Any]:
    """Return the different periods in the order of the data.

    Raises
    ------
    MethodError
        An assessment without periods.
    """
    if assessment.periods is None:
        raise MethodError("the data have no periods; name their column with period=... first")
    return list(assessment.rows_by_period)


def period_rows(
    assessment: Assessment, periods: Sequence[Any]
) -> tuple[list[Any], NDArray[np.intp]]:
    """Return the units with a row in any of some periods, and their rows.

    Returns
    -------
    units : list
        In the order of the data.
    rows : ndarray of int of shape (n_units, n_periods)
        -1 where a unit is not in a period.

    Raises
    ------
    UnknownCodeError
        No such periods; all of them are named.
    """
    known = periods_of(assessment)
    unknown = [period for period in periods if period not in known]
    if unknown:
        raise UnknownCodeError("period", unknown, known)
    columns = {period: column for column, period in enumerate(periods)}
    rows: dict[Any, list[int]] = {}
    for row, (unit, period) in enumerate(
        zip(assessment.units, assessment.periods or (), strict=True)
    ):
        if period in columns:
            rows.setdefault(unit, [-1] * len(periods))[columns[period]] = row
    return list(rows), np.array(list(rows.values()), dtype=np.intp)


def at_rows(values: Floats, rows: NDArray[np.intp]) -> Floats:
    """Return values, of shape (n_rows, ...), at rows; NaN at -1."""
    return np.concatenate([values, np.full((1, *values.shape[1:]), np.nan)])[rows]
