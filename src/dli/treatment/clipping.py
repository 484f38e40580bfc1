"""Drawing in extremes alone: winsorising by a test of shape, and cutting at percentiles."""

from typing import Any

import numpy as np
from attrs import field, frozen
from numpy.typing import ArrayLike, NDArray

from dli.errors import MethodError
from dli.moments import skewness_and_kurtosis
from dli.treatment.protocol import Bools, Floats, as_table
from dli.treatment.record import TreatmentRecord, record
from dli.treatment.transforms import Log

__all__ = ["Percentiles", "Winsorise", "clip_percentiles", "has_outliers", "winsorise"]

_STEP = {1: "Winsorise, high", -1: "Winsorise, low"}


def has_outliers(values: ArrayLike, *, skewness: float = 2.0, kurtosis: float = 3.5) -> Bools:
    """Tell which columns reach the limits of both absolute skewness and kurtosis.

    Parameters
    ----------
    values : array_like of shape (n_units, n_indicators)
        NaN is missing and left out.
    skewness, kurtosis : float
        The limits; a column has outliers when it reaches both.

    Returns
    -------
    ndarray of bool of shape (n_indicators,)
        False where there are too few values, or values that do not differ.

    References
    ----------
    OECD and JRC (2008), Handbook on Constructing Composite Indicators, step 5.
    https://doi.org/10.1787/9789264043466-en

    Examples
    --------
    >>> has_outliers([[1.0], [2.0], [2.0], [3.0], [99.0]]).tolist()
    [True]
    """
    return _has_outliers(as_table(values), skewness, kurtosis)


def _has_outliers(x: Floats, skew_limit: float, kurt_limit: float) -> Bools:
    skew, kurt = skewness_and_kurtosis(x)
    return (np.abs(skew) >= skew_limit) & (kurt >= kurt_limit)


def winsorise(
    values: ArrayLike, *, max_points: int = 5, skewness: float = 2.0, kurtosis: float = 3.5
) -> Floats:
    """Move the outermost points to the next value until a column passes the test of shape.

    At each step all points at the greatest value (at the least one when the skewness is negative)
    move to the next value inwards.

    Parameters
    ----------
    values : array_like of shape (n_units, n_indicators)
        NaN is missing and stays NaN.
    max_points : int
        Stop when this many points of a column were moved. Points that tie move together, so that
        there may be more. A column never becomes constant.
    skewness, kurtosis : float
        The limits of `has_outliers`.

    Returns
    -------
    ndarray of shape (n_units, n_indicators)

    Examples
    --------
    >>> winsorise([[1.0], [2.0], [2.0], [3.0], [99.0]]).ravel().tolist()
    [1.0, 2.0, 2.0, 3.0, 3.0]
    """
    x = as_table(values)
    return _winsorised(x, max_points, skewness, kurtosis)[0]


def _winsorised(
    x: Floats, max_points: int, skew_limit: float, kurt_limit: float
) -> tuple[Floats, NDArray[np.int8], NDArray[np.int64], list[int]]:
    """Winsorise all columns that need it, side by side.

    Returns
    -------
    values
    moved : 1 or -1 for points moved down or up
    counts : how many, by column
    failing : the columns that do not pass
    """
    result, moved = x.copy(), np.zeros(x.shape, dtype=np.int8)
    n_moved = np.zeros((2, x.shape[1]), dtype=np.int64)  # at the bottom, at the top
    columns, failing = np.arange(x.shape[1]), []
    while columns.size:
        own = result[:, columns]
        skew, kurt = skewness_and_kurtosis(own)
        outlying = (np.abs(skew) >= skew_limit) & (kurt >= kurt_limit)
        own, columns, top = own[:, outlying], columns[outlying], (skew >= 0)[outlying]
        low, high = np.fmin.reduce(own, axis=0), np.fmax.reduce(own, axis=0)
        points = own == np.where(top, high, low)
        others = np.where(points, np.nan, own)
        inwards = np.where(top, np.fmax.reduce(others, axis=0), np.fmin.reduce(others, axis=0))
        # When the next value is the last, one more step would leave no difference at all.
        stuck = inwards == np.where(top, low, high)
        stuck |= n_moved[:, columns].sum(axis=0) >= max_points
        failing += columns[stuck].tolist()
        columns, points = columns[~stuck], points[:, ~stuck]
        own, top, inwards = own[:, ~stuck], top[~stuck], inwards[~stuck]
        result[:, columns] = np.where(points, inwards, own)
        moved[:, columns] = np.where(points, np.where(top, 1, -1), moved[:, columns])
        n_moved[top.astype(np.int64), columns] = points.sum(axis=0)
    return result, moved, n_moved.sum(axis=0), sorted(failing)


def _log() -> Log:
    return Log()


def _as_fallback(fallback: Any) -> Any:
    # A text file has no word for None and says NaN instead.
    return None if isinstance(fallback, float) and np.isnan(fallback) else fallback


@frozen
class Winsorise:
    r"""Move the outermost points to the next value where skewness and kurtosis show outliers.

    A column with an absolute skewness of at least 2 and a kurtosis of at least 3.5 is winsorised
    until it passes, by `winsorise`. One that does not pass within ``max_points`` is given to the
    fallback instead, whether or not it passes then.

    Parameters
    ----------
    max_points : int
        The most points to move in a column; points that tie move together.
    skewness, kurtosis : float
        The limits; a column has outliers when it reaches both.
    fallback : Treatment, optional
        For columns where winsorising is not enough; None keeps what it reached.
    combine : bool
        Apply the fallback to the winsorised column, instead of the column as it was.

    References
    ----------
    OECD and JRC (2008), Handbook on Constructing Composite Indicators, step 5.
    https://doi.org/10.1787/9789264043466-en

    Examples
    --------
    >>> values = np.array([[1.0], [2.0], [2.0], [3.0], [99.0]])
    >>> treated, record = Winsorise().treat_with_record(values)
    >>> treated.ravel().tolist()
    [1.0, 2.0, 2.0, 3.0, 3.0]
    >>> [(point.row, point.step) for point in record.points]
    [(4, 'Winsorise, high')]
    """

    max_points: int = 5
    skewness: float = 2.0
    kurtosis: float = 3.5
    fallback: Any = field(factory=_log, converter=_as_fallback)
    combine: bool = False

    def __attrs_post_init__(self) -> None:
        faults = []
        if isinstance(self.max_points, bool) or not isinstance(self.max_points, int):
            faults.append(f"max_points must be a whole number, got {self.max_points!r}")
        elif self.max_points < 0:
            faults.append(f"max_points must be at least 0, got {self.max_points}")
        faults += [
            f"{name} must be a finite number, got {limit!r}"
            for name, limit in (("skewness", self.skewness), ("kurtosis", self.kurtosis))
            if not np.isfinite(limit)
        ]
        if self.fallback is not None and not callable(getattr(self.fallback, "treat", None)):
            faults.append(f"fallback must have a method treat, got {self.fallback!r}")
        if faults:
            msg = "Winsorise cannot work"
            raise MethodError(msg, faults)

    def treat(self, values: Floats) -> Floats:
        """Treat the columns that have outliers."""
        return self._treated(as_table(values))[0]

    def treat_with_record(self, values: Floats) -> tuple[Floats, TreatmentRecord]:
        """Treat the columns that have outliers, and tell what was done to which."""
        before = as_table(values)
        after, moved, counts, failing = self._treated(before)
        labels = np.array(["", _STEP[1], _STEP[-1]], dtype=object)[moved]
        steps = ["Winsorise" if count else "" for count in counts.tolist()]
        name = type(self.fallback).__name__
        for j in failing:
            steps[j] = f"{steps[j]}, {name}" if steps[j] and self.combine else name
            labels[:, j] = np.where(np.isnan(before[:, j]), "", name)
        return after, record(before, after, labels, steps, counts.tolist())

    def _treated(self, x: Floats) -> tuple[Floats, NDArray[np.int8], NDArray[np.int64], list[int]]:
        """Give the treated values, the points and their number, and the columns of the fallback."""
        result, moved, counts, failing = _winsorised(
            x, self.max_points, self.skewness, self.kurtosis
        )
        if self.fallback is None or not failing:
            return result, moved, counts, []
        given = result if self.combine else x
        result[:, failing] = self.fallback.treat(given[:, failing])
        if not self.combine:
            counts[failing] = 0
        return result, moved, counts, failing

    def describe(self) -> str:
        """Say it in a sentence, with the formula."""
        beyond = "" if self.fallback is None else "; columns that still fail are transformed"
        if self.fallback is not None and hasattr(self.fallback, "describe"):
            beyond += f" ({self.fallback.describe().rstrip('.')})"
        return (
            f"Winsorising of up to {self.max_points} points in columns with $|G_1| \\ge "
            f"{self.skewness:g}$ and $G_2 \\ge {self.kurtosis:g}$, skewness and excess "
            f"kurtosis{beyond}."
        )


def clip_percentiles(values: ArrayLike, low: float, high: float) -> Floats:
    """Cut off each column at two of its percentiles, linear between values.

    Parameters
    ----------
    values : array_like of shape (n_units, n_indicators)
        NaN is missing and stays NaN; a column without any value stays as it is.
    low, high : float
        From 0 to 100.

    Returns
    -------
    ndarray of shape (n_units, n_indicators)

    Examples
    --------
    >>> clip_percentiles([[0.0], [5.0], [10.0]], 10, 90).ravel().tolist()
    [1.0, 5.0, 9.0]
    """
    x = as_table(values)
    result = x.copy()
    known = np.flatnonzero(~np.isnan(x).all(axis=0))
    ends = np.nanpercentile(x[:, known], [low, high], axis=0)
    result[:, known] = np.clip(x[:, known], ends[0], ends[1])
    return result


@frozen
class Percentiles:
    """Cut off each column at two of its percentiles: `clip_percentiles`.

    Parameters
    ----------
    low, high : float
        From 0 to 100.

    Examples
    --------
    >>> Percentiles(10, 90).treat(np.array([[0.0], [5.0], [10.0]])).ravel().tolist()
    [1.0, 5.0, 9.0]
    """

    low: float = 2.5
    high: float = 97.5

    def __attrs_post_init__(self) -> None:
        if not 0 <= self.low < self.high <= 100:
            msg = f"percentiles must rise from 0 to 100, got {self.low!r} and {self.high!r}"
            raise MethodError(msg)

    def treat(self, values: Floats) -> Floats:
        """Cut off each column."""
        return clip_percentiles(values, self.low, self.high)

    def treat_with_record(self, values: Floats) -> tuple[Floats, TreatmentRecord]:
        """Cut off each column, and tell which points."""
        before = as_table(values)
        after = self.treat(before)
        labels = np.array(["", "Percentiles"], dtype=object)[(before != after).astype(int)]
        labels[np.isnan(before)] = ""
        steps = ["Percentiles" if changed else "" for changed in (labels != "").any(axis=0)]
        return after, record(before, after, labels, steps, [0] * before.shape[1])

    def describe(self) -> str:
        """Say it in a sentence."""
        return f"Values are cut off at the percentiles ${self.low:g}$ and ${self.high:g}$."
