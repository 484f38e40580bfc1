"""Treatments of extreme values only: winsorising and clipping at percentiles."""

from typing import Any, ClassVar

import numpy as np
from attrs import evolve, field, frozen
from numpy.typing import ArrayLike

from dli.arrays import as_table
from dli.checks import flag_faults, is_number, is_whole, number_fault, refuse, step_faults
from dli.errors import MethodError
from dli.moments import skewness_and_kurtosis
from dli.treatment.protocol import (
    Bools,
    Floats,
    Traits,
    description_of,
    observed_table,
    over_draws,
    traits_of,
)
from dli.treatment.record import Recorded, TreatmentRecord, is_changed, record
from dli.treatment.transforms import Log

__all__ = ["Percentiles", "Winsorise", "clip_percentiles", "has_outliers", "winsorise"]


def has_outliers(values: ArrayLike, *, skewness: float = 2.0, kurtosis: float = 3.5) -> Bools:
    """Return which columns have outliers, by their absolute skewness and their kurtosis.

    Parameters
    ----------
    values : array_like of shape (n_units, n_indicators)
        NaN marks a missing value, which is left out.
    skewness, kurtosis : float
        The limits; a column has outliers if it reaches both.

    Returns
    -------
    ndarray of bool of shape (n_indicators,)
        False if there are too few values, or values that do not differ.

    References
    ----------
    OECD and JRC (2008), Handbook on Constructing Composite Indicators, step 5.
    https://doi.org/10.1787/9789264043466-en

    Examples
    --------
    >>> has_outliers([[1.0], [2.0], [2.0], [3.0], [99.0]]).tolist()
    [True]
    """
    limits = (("skewness", skewness), ("kurtosis", kurtosis))
    refuse("has_outliers", filter(None, (number_fault(*limit) for limit in limits)))
    skew, kurt = skewness_and_kurtosis(as_table(values, missing=True))
    return (np.abs(skew) >= skewness) & (kurt >= kurtosis)


def winsorise(
    values: ArrayLike,
    *,
    max_points: int = 5,
    skewness: float = 2.0,
    kurtosis: float = 3.5,
    force: bool = False,
) -> Floats:
    """Return values of shape (n_units, n_indicators) treated by `Winsorise` without a fallback.

    NaN stays NaN.

    Examples
    --------
    >>> winsorise([[1.0], [2.0], [2.0], [3.0], [99.0]]).ravel().tolist()
    [1.0, 2.0, 2.0, 3.0, 3.0]
    """
    return Winsorise(max_points, skewness, kurtosis, None, force=force).treat(values)


def _as_fallback(fallback: Any) -> Any:
    # A text file cannot hold None and has NaN instead.
    return None if isinstance(fallback, float) and np.isnan(fallback) else fallback


@frozen
class Winsorise:
    r"""Move the outermost points to the next value where skewness and kurtosis show outliers.

    At each step all points at the greatest value, or at the least one when the skewness is
    negative, move to the next value inwards, until the column passes `has_outliers`. A column that
    does not pass within ``max_points`` is treated with the fallback instead, whether or not it
    passes then. No column becomes constant by winsorising.

    Parameters
    ----------
    max_points : int
        Stop once this many points of a column have been moved; tied points move together, so that
        there may be more.
    skewness, kurtosis : float
        The limits of `has_outliers`.
    fallback : Treatment, optional
        The treatment of columns that do not pass; None keeps them as winsorised.
    combine : bool
        Whether to apply the fallback to the winsorised column instead of the original one.
    force : bool
        Whether to move ``max_points`` points of each column, whatever its skewness and kurtosis,
        without a fallback; ``force_win`` in COINr. The skewness still determines which end is moved
        at each step. More points are moved if some tie, and fewer if the column would become
        constant.

    Examples
    --------
    >>> values = np.array([[1.0], [2.0], [2.0], [3.0], [99.0]])
    >>> treated, record = Winsorise().treat_with_record(values)
    >>> treated.ravel().tolist()
    [1.0, 2.0, 2.0, 3.0, 3.0]
    >>> [(point.row, point.step) for point in record.points]
    [(4, 'Winsorise, high')]
    >>> forced = Winsorise(max_points=2, force=True)
    >>> forced.treat([[1.0], [2.0], [3.0], [4.0], [6.0]]).ravel().tolist()
    [2.0, 2.0, 3.0, 4.0, 4.0]
    """

    max_points: int = 5
    skewness: float = 2.0
    kurtosis: float = 3.5
    fallback: Any = field(factory=Log, converter=_as_fallback)
    combine: bool = False
    force: bool = field(default=False, kw_only=True)

    def __attrs_post_init__(self) -> None:
        faults = [
            fault
            for name, limit in (("skewness", self.skewness), ("kurtosis", self.kurtosis))
            if (fault := number_fault(name, limit))
        ]
        if not is_whole(self.max_points, 0):
            faults.append(
                f"max_points must be a whole number of at least 0, got {self.max_points!r}"
            )
        if self.fallback is not None:
            faults += step_faults("fallback", self.fallback, "treat", "dli.treatment.Log()")
        flags = flag_faults(combine=self.combine, force=self.force)
        refuse("Winsorise", [*faults, *flags])

    @property
    def traits(self) -> Traits:
        """The properties of winsorising with this fallback."""
        if self.force or self.fallback is None:
            return Traits(keeps_order=True, draws=True)
        fallback = traits_of(self.fallback)
        # The fallback is passed the columns of all draws side by side.
        return evolve(fallback, draws=fallback.draws and fallback.by_column)

    @over_draws
    def treat(self, values: ArrayLike) -> Floats:
        """Return treated values; raise a MethodError if a column has no value."""
        return self._treated(observed_table(values))[0]

    def treat_with_record(self, values: ArrayLike) -> tuple[Floats, TreatmentRecord]:
        """Return the treated values, and a record of the changes to each column and point."""
        before = observed_table(values)
        after, moved, failing = self._treated(before)
        labels = np.where(after < before, "Winsorise, high", "Winsorise, low").astype(object)
        steps = ["Winsorise" if n else "" for n in moved]
        name = type(self.fallback).__name__
        for j in failing:
            steps[j] = f"{steps[j]}, {name}" if steps[j] else name
            labels[:, j] = name
        return after, record(before, after, labels, steps, moved)

    def _treated(self, x: Floats) -> tuple[Floats, list[int], list[int]]:
        """Return the values, the number of moved points by column, the columns of the fallback."""
        result, failing = self._winsorised(x)
        moved = is_changed(x, result).sum(axis=0)
        if self.force or self.fallback is None or not failing:
            return result, moved.tolist(), []
        if not self.combine:
            moved[failing] = 0
        source = result if self.combine else x
        result[:, failing] = self.fallback.treat(source[:, failing])
        return result, moved.tolist(), failing

    def _winsorised(self, x: Floats) -> tuple[Floats, list[int]]:
        """Return all columns winsorised, and those that still fail."""
        result, failing = x.copy(), []
        columns = np.arange(x.shape[1])
        while columns.size:
            skew, kurt = skewness_and_kurtosis(result[:, columns])
            if self.force:
                outlying = ~np.isnan(skew)  # too few values, or values that do not differ
            else:
                outlying = (np.abs(skew) >= self.skewness) & (kurt >= self.kurtosis)
            columns, top = columns[outlying], skew[outlying] >= 0
            current = result[:, columns]
            low, high = np.fmin.reduce(current, axis=0), np.fmax.reduce(current, axis=0)
            points = current == np.where(top, high, low)
            others = np.where(points, np.nan, current)
            inwards = np.where(top, np.fmax.reduce(others, axis=0), np.fmin.reduce(others, axis=0))
            # If the next value is the opposite end, one more step would make the column constant.
            stuck = inwards == np.where(top, low, high)
            stuck |= is_changed(x[:, columns], current).sum(axis=0) >= self.max_points
            failing += columns[stuck].tolist()
            columns = columns[~stuck]
            result[:, columns] = np.where(points, inwards, current)[:, ~stuck]
        return result, sorted(failing)

    def describe(self) -> str:
        """Return a one-sentence description with the formula."""
        if self.force:
            return (
                f"Winsorising of {self.max_points} points in each column, step by step at the "
                "upper end where the skewness $G_1$ is at least $0$, else at the lower end."
            )
        fallback = description_of(self.fallback).rstrip(".")
        beyond = "" if self.fallback is None else "; columns that still fail are transformed"
        return (
            f"Winsorising of up to {self.max_points} points in columns with $|G_1| \\ge "
            f"{self.skewness:g}$ and $G_2 \\ge {self.kurtosis:g}$, skewness and excess "
            f"kurtosis{beyond}{f' ({fallback})' if fallback else ''}."
        )


def clip_percentiles(values: ArrayLike, low: float, high: float) -> Floats:
    """Return values of shape (n_units, n_indicators) clipped by `Percentiles`; NaN stays NaN.

    Examples
    --------
    >>> clip_percentiles([[0.0], [5.0], [10.0]], 10, 90).ravel().tolist()
    [1.0, 5.0, 9.0]
    """
    return Percentiles(low, high).treat(values)


@frozen
class Percentiles(Recorded):
    """Clip each column at two of its percentiles, interpolated linearly between values.

    Parameters
    ----------
    low, high : float
        The percentiles, from 0 to 100.

    Examples
    --------
    >>> Percentiles(10, 90).treat(np.array([[0.0], [5.0], [10.0]])).ravel().tolist()
    [1.0, 5.0, 9.0]
    """

    traits: ClassVar[Traits] = Traits(keeps_order=True, draws=True)
    low: float = 2.5
    high: float = 97.5

    def __attrs_post_init__(self) -> None:
        if not (is_number(self.low) and is_number(self.high) and 0 <= self.low < self.high <= 100):
            ends = f"{self.low!r} and {self.high!r}"
            raise MethodError(f"percentiles low and high must rise from 0 to 100, got {ends}")

    @over_draws
    def treat(self, values: ArrayLike) -> Floats:
        """Return clipped columns; raise a MethodError if a column has no value."""
        x = observed_table(values)
        with np.errstate(over="ignore", invalid="ignore"):
            ends = np.nanpercentile(x, [self.low, self.high], axis=0)
        if not np.isfinite(ends).all():  # the difference of two values is beyond the range
            ends = 4 * np.nanpercentile(x / 4, [self.low, self.high], axis=0)
        return np.clip(x, *ends)

    def describe(self) -> str:
        """Return a one-sentence description."""
        return f"Values are cut off at the percentiles ${self.low:g}$ and ${self.high:g}$."
