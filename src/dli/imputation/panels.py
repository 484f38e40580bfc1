"""Imputation from the values of the same unit in other periods."""

from abc import ABC, abstractmethod
from typing import Any, ClassVar

import numpy as np
from attrs import frozen

from dli.checks import flag_faults, is_whole, refuse
from dli.errors import MethodError
from dli.imputation.protocol import Context, Floats, Traits, refuse_empty
from dli.periods import period_order, period_times

__all__ = ["Latest", "Linear"]


class _OverTime(ABC):
    """The common part of both: each unit is filled separately, with its rows in order of time."""

    __slots__ = ()
    traits: ClassVar[Traits] = Traits(over_time=True)

    def impute(self, values: Floats, context: Context) -> Floats:
        """Return filled values.

        Raises
        ------
        MethodError
            If an indicator has no value, or there are no periods.
        DataError
            If the order of periods is ambiguous.
        """
        if context.periods is None:
            name = type(self).__name__
            raise MethodError(f"{name} needs periods; give the assessment a period column")
        refuse_empty(values, context)
        time = self._times(context.periods)
        rows_of: dict[Any, list[int]] = {}
        for row in np.argsort(time, kind="stable").tolist():
            rows_of.setdefault(context.units[row], []).append(row)
        filled = values.copy()
        for rows in rows_of.values():
            filled[rows] = self._filled(values[rows], time[rows])
        return filled

    @abstractmethod
    def _times(self, periods: tuple[Any, ...]) -> Floats:
        """Return the periods as numbers."""

    @abstractmethod
    def _filled(self, values: Floats, time: Floats) -> Floats:
        """Return the values of one unit with their gaps filled."""


@frozen
class Latest(_OverTime):
    """Fill a gap with the latest earlier value of the same unit; without one, keep the gap.

    Parameters
    ----------
    max_gap : int, optional
        How many periods back the value may lie; there is no limit by default. Only periods that
        occur in the data are counted.
    backfill : bool
        Whether to fill gaps before a unit's first value with that value.

    Examples
    --------
    >>> context = Context(units=("A", "A", "A"), codes=("x",), periods=(2020, 2021, 2022))
    >>> Latest().impute(np.array([[1.0], [np.nan], [3.0]]), context).ravel().tolist()
    [1.0, 1.0, 3.0]
    """

    max_gap: int | None = None
    backfill: bool = False

    def __attrs_post_init__(self) -> None:
        is_gap = self.max_gap is None or is_whole(self.max_gap, 1)
        faults = [] if is_gap else [
            f"max_gap must be None or a whole number of at least 1, got {self.max_gap!r}"
        ]  # fmt: skip
        refuse("Latest", [*faults, *flag_faults(backfill=self.backfill)])

    def _times(self, periods: tuple[Any, ...]) -> Floats:
        places = {period: place for place, period in enumerate(period_order(periods))}
        return np.array([places[period] for period in periods], dtype=np.float64)

    def _filled(self, values: Floats, time: Floats) -> Floats:
        known = ~np.isnan(values)
        rows = np.arange(len(values))[:, np.newaxis]
        last = np.maximum.accumulate(np.where(known, rows, -1), axis=0)
        if self.backfill:
            last = np.where((last < 0) & known.any(axis=0), known.argmax(axis=0), last)
        limit = np.inf if self.max_gap is None else self.max_gap
        usable = (last >= 0) & (np.abs(time[:, np.newaxis] - time[last]) <= limit)
        carried = np.take_along_axis(values, np.maximum(last, 0), axis=0)
        return np.where(usable, carried, np.nan)

    def describe(self) -> str:
        """Return a one-sentence description."""
        limit = "" if self.max_gap is None else f", at most {self.max_gap} periods back"
        first = ", or else its first value" if self.backfill else ""
        return f"Missing values are filled with the latest earlier value of the unit{limit}{first}."


@frozen
class Linear(_OverTime):
    r"""Fill a gap on the straight line between the unit's values before and after.

    $x(t) = x_0 + (x_1 - x_0) (t - t_0) / (t_1 - t_0)$; gaps before the first or after
    the last value of a unit are filled with that value. A unit that has no value of an indicator
    keeps its gaps there.

    Time is measured in the unit of the periods: numeric years in years, dates in days, and text
    such as "2021-Q3" in quarters.

    Examples
    --------
    >>> context = Context(units=("A", "A", "A"), codes=("x",), periods=(2020, 2021, 2024))
    >>> Linear().impute(np.array([[1.0], [np.nan], [3.0]]), context).ravel().tolist()
    [1.0, 1.5, 3.0]
    """

    def _times(self, periods: tuple[Any, ...]) -> Floats:
        return period_times(periods)

    def _filled(self, values: Floats, time: Floats) -> Floats:
        filled = values.copy()
        known = ~np.isnan(values)
        for j in np.flatnonzero(known.any(axis=0) & ~known.all(axis=0)).tolist():
            gaps = ~known[:, j]
            filled[gaps, j] = np.interp(time[gaps], time[~gaps], values[~gaps, j])
        return filled

    def describe(self) -> str:
        """Return a one-sentence description with the formula."""
        return (
            "Missing values are interpolated in time, $x_0 + (x_1 - x_0) (t - t_0) / (t_1 - t_0)$; "
            "beyond a unit's first and last value those are kept."
        )
