"""Records of the changes that a treatment made to columns and points."""

from typing import Any

import numpy as np
from attrs import frozen

from dli.moments import skewness_and_kurtosis
from dli.treatment.protocol import Bools, Floats, Treatment, observed_table

__all__ = ["Recorded", "TreatedColumn", "TreatedPoint", "TreatmentRecord", "is_changed", "record"]


@frozen
class TreatedPoint:
    """A value that a treatment changed.

    Attributes
    ----------
    row, column : int
        The position in the table, from 0.
    step : str
        The step that changed it, such as ``"Winsorise, high"`` or ``"Log"``.
    before, after : float
        The value before and after treatment.
    """

    row: int
    column: int
    step: str
    before: float
    after: float


@frozen
class TreatedColumn:
    """The changes that a treatment made to a column.

    Attributes
    ----------
    column : int
        The position in the table, from 0.
    step : str
        The steps that changed it; empty if it was not changed.
    n_winsorised : int
        The number of points that were moved to the next value.
    skewness_before, kurtosis_before, skewness_after, kurtosis_after : float
        The moments before and after treatment; NaN if there are too few values, or they do not
        differ.
    """

    column: int
    step: str
    n_winsorised: int
    skewness_before: float
    kurtosis_before: float
    skewness_after: float
    kurtosis_after: float


@frozen
class TreatmentRecord:
    """The changes that a treatment made.

    Attributes
    ----------
    columns : tuple of TreatedColumn
        The record of each column, in order.
    points : tuple of TreatedPoint
        Every value that was changed, row by row.
    """

    columns: tuple[TreatedColumn, ...]
    points: tuple[TreatedPoint, ...]


class Recorded(Treatment):
    """A treatment whose steps follow from the values before and after it."""

    __slots__ = ()

    def treat_with_record(self, values: Floats) -> tuple[Floats, TreatmentRecord]:
        """Return the treated values, and a record of the changes to each column and point."""
        before = observed_table(values)
        after = self.treat(before)
        name = type(self).__name__
        steps = [name if changed.any() else "" for changed in is_changed(before, after).T]
        return after, record(before, after, name, steps, [0] * len(steps))


def is_changed(before: Floats, after: Floats) -> Bools:
    """Return which values differ; missing values do not differ from each other."""
    return np.not_equal(before, after) & ~np.isnan(before)


def record(
    before: Floats, after: Floats, labels: Any, steps: list[str], n_winsorised: list[int]
) -> TreatmentRecord:
    """Return the record of a treatment from the values before and after it.

    Parameters
    ----------
    before, after : ndarray of shape (n_units, n_indicators)
    labels : str or ndarray of shape (n_units, n_indicators)
        The step that changed each point.
    steps, n_winsorised : list of length n_indicators
        As in `TreatedColumn`.
    """
    labels = np.broadcast_to(labels, before.shape)
    moments = np.array([*skewness_and_kurtosis(before), *skewness_and_kurtosis(after)]).T.tolist()
    columns = zip(steps, n_winsorised, moments, strict=True)
    points = np.argwhere(is_changed(before, after)).tolist()
    return TreatmentRecord(
        tuple(TreatedColumn(j, step, n, *shape) for j, (step, n, shape) in enumerate(columns)),
        tuple(
            TreatedPoint(i, j, str(labels[i, j]), float(before[i, j]), float(after[i, j]))
            for i, j in points
        ),
    )
