"""Filling gaps of a unit from its own values in other periods."""

from collections.abc import Iterator
from typing import Any

import numpy as np
from attrs import frozen

from dli.errors import MethodError
from dli.imputation.protocol import Context, Floats, is_whole

__all__ = ["Latest", "Linear"]


@frozen
class Latest:
    """Fill a gap with the latest earlier value of the same unit.

    Parameters
    ----------
    max_gap : int, optional
        How many periods back the value may lie; any number by default. Periods are counted as they
        occur in the data.
    backfill : bool
        Fill gaps before a unit's first value with that value.

    Examples
    --------
    >>> context = Context(
    ...     columns={}, units=("A", "A", "A"), periods=(2020, 2021, 2022), codes=("x",), parents={}
    ... )
    >>> Latest().impute(np.array([[1.0], [np.nan], [3.0]]), context).ravel().tolist()
    [1.0, 1.0, 3.0]
    """

    max_gap: int | None = None
    backfill: bool = False

    def __attrs_post_init__(self) -> None:
        if self.max_gap is not None and not is_whole(self.max_gap, 1):
            msg = f"max_gap must be a whole number of at least 1 or None, got {self.max_gap!r}"
            raise MethodError(msg)

    def impute(self, values: Floats, context: Context) -> Floats:
        """Fill each column, unit by unit.

        Raises
        ------
        MethodError
            There are no periods.
        """
        periods = _periods(context)
        places = {period: place for place, period in enumerate(sorted(set(periods)))}
        filled = values.copy()
        for rows in _units(context):
            time = np.array([places[periods[row]] for row in rows])
            own = values[rows]
            known = ~np.isnan(own)
            step = np.arange(len(rows))[:, np.newaxis]
            last = np.maximum.accumulate(np.where(known, step, -1), axis=0)
            if self.backfill:
                last = np.where((last < 0) & known.any(axis=0), known.argmax(axis=0), last)
            age = np.abs(time[:, np.newaxis] - time[last])
            usable = (last >= 0) & ((self.max_gap is None) | (age <= (self.max_gap or 0)))
            found = np.take_along_axis(own, np.maximum(last, 0), axis=0)
            filled[rows] = np.where(usable, found, np.nan)
        return filled

    def describe(self) -> str:
        """Say it in a sentence."""
        limit = "" if self.max_gap is None else f", at most {self.max_gap} periods back"
        first = ", or else its first value" if self.backfill else ""
        return f"Missing values are filled with the latest earlier value of the unit{limit}{first}."


@frozen
class Linear:
    r"""Fill a gap on the straight line between the unit's values before and after.

    :math:`x(t) = x_0 + (x_1 - x_0) (t - t_0) / (t_1 - t_0)`; before the first and after the last
    value of a unit, that value.

    Examples
    --------
    >>> context = Context(
    ...     columns={}, units=("A", "A", "A"), periods=(2020, 2021, 2024), codes=("x",), parents={}
    ... )
    >>> Linear().impute(np.array([[1.0], [np.nan], [3.0]]), context).ravel().tolist()
    [1.0, 1.5, 3.0]
    """

    def impute(self, values: Floats, context: Context) -> Floats:
        """Fill each column, unit by unit.

        Raises
        ------
        MethodError
            There are no periods, or they are no numbers.
        """
        periods = _periods(context)
        try:
            time = np.array(periods, dtype=np.float64)
        except (TypeError, ValueError):
            msg = f"Linear needs periods that are numbers, got {periods[0]!r}"
            raise MethodError(msg) from None
        filled = values.copy()
        for rows in _units(context):
            for j in np.flatnonzero(np.isnan(values[rows]).any(axis=0)).tolist():
                own = values[rows, j]
                known = ~np.isnan(own)
                if known.any():
                    line = np.interp(time[rows], time[rows][known], own[known])
                    filled[rows, j] = np.where(known, own, line)
        return filled

    def describe(self) -> str:
        """Say it in a sentence, with the formula."""
        return (
            "Missing values are interpolated in time, $x_0 + (x_1 - x_0) (t - t_0) / (t_1 - t_0)$; "
            "beyond a unit's first and last value those are kept."
        )


def _periods(context: Context) -> tuple[Any, ...]:
    if context.periods is None:
        msg = "this imputation looks at other periods; give the assessment a period column"
        raise MethodError(msg)
    return context.periods


def _units(context: Context) -> Iterator[Any]:
    """Give the rows of each unit, in the order of their periods."""
    periods = _periods(context)
    rows: dict[Any, list[int]] = {}
    for row, unit in enumerate(context.units):
        rows.setdefault(unit, []).append(row)
    for own in rows.values():
        yield np.array(sorted(own, key=lambda row: periods[row]))
