"""What a treatment did: to each column, and to each point."""

import numpy as np
from attrs import frozen
from numpy.typing import NDArray

from dli.moments import kurtosis, skewness
from dli.treatment.protocol import Floats

__all__ = ["TreatedColumn", "TreatedPoint", "TreatmentRecord", "record"]


@frozen
class TreatedPoint:
    """A value that was changed.

    Attributes
    ----------
    row, column : int
    step : str
        What changed it, such as ``"Winsorise, high"`` or ``"Log"``.
    before, after : float
    """

    row: int
    column: int
    step: str
    before: float
    after: float


@frozen
class TreatedColumn:
    """What became of a column.

    Attributes
    ----------
    column : int
    step : str
        What was done to it; empty when it was left as it is.
    n_winsorised : int
        How many points were moved to the next value.
    skewness_before, kurtosis_before, skewness_after, kurtosis_after : float
        NaN where there are too few values, or values that do not differ.
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
    """What a treatment did.

    Attributes
    ----------
    columns : tuple of TreatedColumn
        One for each column, in their order.
    points : tuple of TreatedPoint
        Every value that was changed, row by row.
    """

    columns: tuple[TreatedColumn, ...]
    points: tuple[TreatedPoint, ...]


def record(
    before: Floats, after: Floats, labels: NDArray[np.str_], steps: list[str], moved: list[int]
) -> TreatmentRecord:
    """Build the record from values before and after, and labels of each cell and column."""
    shapes = zip(skewness(before), kurtosis(before), skewness(after), kurtosis(after), strict=True)
    columns = tuple(
        TreatedColumn(column, steps[column], moved[column], *map(float, shape))
        for column, shape in enumerate(shapes)
    )
    points = tuple(
        TreatedPoint(i, j, str(labels[i, j]), float(before[i, j]), float(after[i, j]))
        for i, j in np.argwhere(labels != "").tolist()
    )
    return TreatmentRecord(columns, points)
