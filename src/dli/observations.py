"""The table that came in: units by indicators, and by periods when there are several; checked."""

from collections.abc import Iterable, Mapping, Sequence
from functools import cached_property
from typing import Any

import numpy as np
from attrs import evolve, field, frozen
from numpy.typing import NDArray

from dli import frames
from dli.arrays import Floats
from dli.errors import DataError
from dli.framework import Index, Indicator

__all__ = ["RESERVED", "Observations"]


def __dir__() -> list[str]:
    return __all__


# Columns that stand beside the keys of units and periods in result tables.
RESERVED = frozenset(
    {
        "rank", "score", "band", "code", "flag", "note", "parent", "local", "effective",
        "missing", "zeros", "available", "nonzero", "included", "reason", "imputed", "treated",
        "nominal", "mean", "sd", "shift", "probability", "best", "worst", "exact", "share",
        "distance", "compared", "lead", "variation", "arithmetic", "geometric", "cost", "lowest",
        "highest", "node", "values", "first", "first_period", "latest", "latest_period", "slope",
        "p_value", "relative_slope", "growth", "score_before", "score_after", "score_change",
        "rank_before", "rank_after", "rank_change", "leverage", "low", "high", "output",
        "factor", "effect", "error", "units", "cv", "second", "correlation",
    }
)  # fmt: skip


@frozen(kw_only=True, eq=False, repr=False)
class Observations:
    """What was measured: a row for each unit, or for each unit in each period.

    Attributes
    ----------
    units : tuple
        The unit of each row.
    periods : tuple or None
        The period of each row.
    values : ndarray of shape (n_rows, n_indicators)
        Raw values in the order of the index's indicators, NaN where missing; read-only.
    unit_column, period_column : str
        Where units and periods stood.
    table : Table
        All columns, with the context: those that the index does not name.

    Examples
    --------
    >>> index = Index("T", [Indicator("a"), Indicator("b")])
    >>> data = {"unit": ["X", "Y"], "a": [1, 2], "b": [None, 4.5], "region": ["N", "S"]}
    >>> observations = Observations.read(data, index)
    >>> observations.values.tolist()
    [[1.0, nan], [2.0, 4.5]]
    >>> observations.context
    ('region',)
    """

    units: tuple[Any, ...]
    periods: tuple[Any, ...] | None
    values: Floats
    unit_column: str
    period_column: str | None
    table: frames.Table
    _codes: tuple[str, ...] = field()

    @classmethod
    def read(
        cls, data: object, index: Index, *, unit: str = "unit", period: str | None = None
    ) -> "Observations":
        """Read and check a table.

        Parameters
        ----------
        data : frame, mapping of columns or path of a CSV file
        index : Index
        unit, period : str
            The columns that name the units and the periods.

        Raises
        ------
        DataError
            Missing columns; or cells that cannot be: text among numbers, infinite values, values
            outside an indicator's scale, units without a name, units (in a period) named twice.
            All of them are listed, with row and unit.
        """
        table = frames.read(data)
        keys = (unit,) if period is None else (unit, period)
        _require_columns(table, index, keys)
        units = tuple(table.column(unit))
        periods = None if period is None else tuple(table.column(period))
        codes = tuple(indicator.code for indicator in index.indicators)
        values, wrong = table.numbers(codes)
        rows = _Rows(table, units, periods)
        faults = [
            *rows.faults(),
            *(f"{rows[i]}, {code!r}: {cell!r} is not a number" for i, code, cell in wrong),
            *_value_faults(values, index.indicators, rows),
        ]
        if faults:
            msg = "the data cannot be assessed as they are"
            raise DataError(msg, faults)
        values.flags.writeable = False
        return cls(
            units=units,
            periods=periods,
            values=values,
            unit_column=unit,
            period_column=period,
            table=table.holding(codes, values),
            codes=codes,
        )

    @cached_property
    def context(self) -> tuple[str, ...]:
        """The columns that the index does not name, such as region or population."""
        named = {*self._codes, self.unit_column, self.period_column}
        return tuple(name for name in self.table.names if name not in named)

    @cached_property
    def context_columns(self) -> Mapping[str, list[Any]]:
        """The cells of the columns that the index does not name, a missing one as None."""
        return {name: self.table.column(name) for name in self.context}

    def frame(
        self,
        columns: Mapping[str, Any],
        *,
        rows: Sequence[int | None] | None = None,
        integers: Iterable[str] = (),
    ) -> frames.Frame:
        """Return a table of the data's library, the keys of units and periods in front.

        Parameters
        ----------
        columns : mapping of str to sequence
            A cell for each of the rows.
        rows : sequence of int or None, optional
            The rows of the observations, in any order and repeated if need be, None for what is
            about no unit; all by default.
        integers : iterable of str
            Columns of whole numbers that come as floats because some are missing.

        Raises
        ------
        DataError
            A column with the name of a key.
        """
        places = range(len(self.units)) if rows is None else rows

        def cells(keys: Sequence[Any]) -> list[Any]:
            return [None if i is None else keys[i] for i in places]

        keys: dict[str, Any] = {self.unit_column: cells(self.units)}
        if self.periods is not None:
            keys[str(self.period_column)] = cells(self.periods)
        both = [f"{name!r}" for name in keys if name in columns]
        if both:
            msg = (
                "the columns of units and periods must have names that no column of a result has; "
                "rename these"
            )
            raise DataError(msg, both)
        return frames.build({**keys, **columns}, self.table.library, integers=integers)

    def take(self, rows: NDArray[np.intp]) -> "Observations":
        """Give some of the rows, in that order."""
        places = rows.tolist()
        values = np.asfortranarray(self.values[rows])
        values.flags.writeable = False
        return evolve(
            self,
            units=tuple(self.units[i] for i in places),
            periods=None if self.periods is None else tuple(self.periods[i] for i in places),
            values=values,
            table=self.table.take(places),
        )

    def select(self, index: Index) -> "Observations":
        """Read the same table for another index."""
        codes = tuple(indicator.code for indicator in index.indicators)
        if codes == self._codes:
            return self
        return Observations.read(
            self.table, index, unit=self.unit_column, period=self.period_column
        )

    def denominators(self, indicators: Sequence[Indicator]) -> tuple[Floats, NDArray[np.intp]]:
        """Give the columns that indicators are divided by, and which indicators these are.

        Returns
        -------
        denominators : ndarray of shape (n_rows, n_denominated)
        places : ndarray of shape (n_denominated,)

        Raises
        ------
        DataError
            Denominators that are no numbers, infinite, or not above zero.
        """
        places = [i for i, indicator in enumerate(indicators) if indicator.denominator is not None]
        names = [str(indicators[i].denominator) for i in places]
        values, wrong = self.table.numbers(names)
        rows = _Rows(self.table, self.units, self.periods)
        faults = [f"{rows[i]}, {name!r}: {cell!r} is not a number" for i, name, cell in wrong]
        bad = np.isinf(values) | (values <= 0)
        faults += [
            f"{rows[i]}, {names[j]!r}: {values[i, j]:g}" for i, j in np.argwhere(bad).tolist()
        ]
        if faults:
            msg = "denominators must be finite numbers above zero"
            raise DataError(msg, list(dict.fromkeys(faults)))
        return values, np.array(places, dtype=np.intp)


class _Rows:
    """Rows as messages name them."""

    def __init__(
        self, table: frames.Table, units: tuple[Any, ...], periods: tuple[Any, ...] | None
    ) -> None:
        self.table, self.units, self.periods = table, units, periods

    def __getitem__(self, row: int) -> str:
        when = "" if self.periods is None else f", period {self.periods[row]!r}"
        return f"{self.table.where(row)} (unit {self.units[row]!r}{when})"

    def faults(self) -> list[str]:
        """List rows without a unit or period, and units that appear twice in a period."""
        keys = self.units if self.periods is None else tuple(
            zip(self.units, self.periods, strict=True))  # fmt: skip
        faults = [f"{self.table.where(i)}: no unit" for i, u in enumerate(self.units) if u is None]
        faults += [
            f"{self.table.where(i)} (unit {self.units[i]!r}): no period"
            for i, p in enumerate(self.periods or ())
            if p is None
        ]
        if len(set(keys)) == len(keys):
            return faults
        first: dict[Any, int] = {}
        for i, key in enumerate(keys):
            if self.units[i] is not None and first.setdefault(key, i) != i:
                faults.append(f"{self[i]} appears before, in {self.table.where(first[key])}")
        return faults


def _require_columns(table: frames.Table, index: Index, keys: Sequence[str]) -> None:
    codes = [indicator.code for indicator in index.indicators]
    present = set(table.names)
    _check_keys(index, keys)
    if not present.intersection(codes):
        msg = (
            f"the data have none of the {len(codes)} indicators of {index.code!r} "
            f"({', '.join(codes[:5])}{', ...' if len(codes) > 5 else ''}); "
            f"their columns are {', '.join(table.names)}"
        )
        raise DataError(msg)
    faults = [*table.require(keys, "column"), *table.require(codes, "indicator")]
    faults += [
        f"{fault} (denominator of {indicator.code!r})"
        for indicator in index.indicators
        if indicator.denominator is not None
        for fault in table.require([indicator.denominator], "column")
    ]
    if faults:
        msg = "columns are missing from the data (or leave indicators out with `index.without`)"
        raise DataError(msg, faults)


def _check_keys(index: Index, keys: Sequence[str]) -> None:
    """Refuse columns of units and periods that could not stand beside those of results."""
    faults = []
    if len(set(keys)) < len(keys):
        faults.append(f"{keys[0]!r} cannot name both the units and the periods")
    codes = {node.code for node in index.walk()}
    for what, key in zip(("units", "periods"), keys, strict=False):
        if key in codes:
            faults.append(f"{key!r} is the column of the {what} and the code of a node")
        elif key in RESERVED:
            faults.append(f"{key!r}, the column of the {what}, is a column of result tables")
    if faults:
        msg = "the columns of units and periods need names of their own; rename them"
        raise DataError(msg, faults)


def _value_faults(values: Floats, indicators: Sequence[Indicator], rows: _Rows) -> list[str]:
    # Comparisons with NaN are false, so missing cells pass.
    low = np.array([-np.inf if i.scale is None else i.scale[0] for i in indicators])
    high = np.array([np.inf if i.scale is None else i.scale[1] for i in indicators])
    bad = (values < low) | (values > high) | np.isinf(values)
    if not bad.any():
        return []
    faults = []
    for row, j in np.argwhere(bad).tolist():
        scale, value = indicators[j].scale, values[row, j]
        why = "is infinite" if np.isinf(value) else f"is outside its scale {scale}"
        faults.append(f"{rows[row]}, {indicators[j].code!r}: {value:g} {why}")
    return faults
