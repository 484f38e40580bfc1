"""The class `Observations`: the data of an index, read and checked."""

from collections.abc import Iterable, Mapping, Sequence
from functools import cached_property
from typing import Any, Unpack
from warnings import warn

import numpy as np
from attrs import evolve, field, frozen
from numpy.typing import NDArray

from dli import frames
from dli.arrays import Floats
from dli.checks import instance, text_faults
from dli.errors import DataError, DLIWarning, MethodError
from dli.frames.reading import ReadingOptions, reading_of
from dli.framework import Index, Indicator
from dli.observations import shapes
from dli.observations.columns import Source, data_columns, sources, values_of
from dli.observations.faults import Rows, cell_faults, missing_columns, refuse_codes, value_faults
from dli.observations.names import look_alikes
from dli.printing import counted

__all__ = ["Observations"]


@frozen(kw_only=True, eq=False, repr=False)
class Observations:
    """The checked data of an index: a row for each unit, or for each unit in each period.

    Attributes
    ----------
    units : tuple
        The unit of each row.
    periods : tuple or None
        The period of each row; None if the data do not have periods.
    values : ndarray of shape (n_rows, n_indicators)
        The raw values, with the indicators in the order of the index and NaN where a value is
        missing; read-only. Constants are filled in.
    unit_column : str
        The column of the units.
    period_column : str or None
        The column of the periods, if there is one.
    table : Table
        All columns of the data, including the context: columns that do not belong to an indicator.
    look_alikes : tuple of tuples
        Groups of units whose names differ only in case, spaces or similar; a warning lists them.

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
    look_alikes: tuple[tuple[Any, ...], ...] = ()
    _sources: tuple[Source, ...] = field()

    @classmethod
    def read(
        cls,
        data: object,
        index: Index,
        *,
        unit: str | None = "unit",
        period: str | None = None,
        **options: Unpack[ReadingOptions],
    ) -> "Observations":
        """Read and check a table with a row for each unit (in each period).

        An indicator is read from its ``column``, by default the column with its code. Several
        indicators may have the same column.

        Parameters
        ----------
        data : frame, mapping of columns or path of a CSV file
            The data, with a row for each unit (in each period).
        index : Index
            The framework that the columns belong to.
        unit : str, optional
            The column that names the units; None for the index of a pandas frame.
        period : str, optional
            The column that names the periods; by default, the data do not have periods.
        **options
            How text and files are read: the fields of `dli.frames.Reading`, such as
            ``missing=("..", ":")``, ``decimal=","``, ``thousands="."`` and ``delimiter=";"``.

        Raises
        ------
        DataError
            A column is missing, or has the code of an indicator that is read from another column;
            or cells are invalid: text in place of a number, infinite values, values outside the
            scale of the indicator, missing names of units, or a unit that appears twice (in a
            period). All faults are listed, with row and unit.
        MethodError, UnknownCodeError
            An option does not exist or has an invalid value.

        Warns
        -----
        DLIWarning
            Units or periods have names that look alike.
        """
        instance("index", index, Index)
        reading_of(options)  # rejects unknown options before anything is read
        if unit is None:
            data, unit = frames.with_index_as_column(data)
        _refuse_names(unit=unit, **({} if period is None else {"period": period}))
        table = frames.read(data, **options)
        refuse_codes(table, index, [unit, period])
        return cls._of_table(table, index, unit, period)

    @classmethod
    def _of_table(
        cls, table: frames.Table, index: Index, unit: str, period: str | None
    ) -> "Observations":
        keys = (unit,) if period is None else (unit, period)
        columns = data_columns(index)
        missing = missing_columns(table, index, keys)
        present = [name for name in columns if name in table.names] if missing else [*columns]
        measured, wrong = table.numbers(present)
        rows = Rows(
            table,
            tuple(table.column(unit)) if unit in table.names else None,
            tuple(table.column(str(period))) if period in table.names else None,
        )
        indicators = [i for i in index.indicators if i.data_column in present] if missing else (
            index.indicators)  # fmt: skip
        values = values_of(indicators, present, measured)
        faults = [
            *rows.faults(),
            *cell_faults(table, rows, wrong, columns),
            *value_faults(values, indicators, rows),
        ]
        if missing and not faults:
            msg = (
                "columns are missing from the data; add them, or leave out their indicators with "
                "index.without"
            )
            raise DataError(msg, missing)
        if faults:
            msg = "the data cannot be assessed as they are"
            raise DataError(msg, [*(f"missing {fault}" for fault in missing), *faults])
        measured.flags.writeable = values.flags.writeable = False
        units = rows.units or ()
        alike = look_alikes(units)
        for keys_name, groups in (("units", alike), ("periods", look_alikes(rows.periods or ()))):
            if groups:
                named = ", ".join(" and ".join(map(repr, group)) for group in groups)
                warn(
                    f"{keys_name} that look alike are kept apart: {named}", DLIWarning, stacklevel=4
                )
        return cls(
            units=units,
            periods=rows.periods,
            values=values,
            unit_column=unit,
            period_column=period,
            table=table.holding(present, measured),
            look_alikes=alike,
            sources=sources(index),
        )

    @classmethod
    def of(cls, data: object, index: Index, **how: Any) -> "Observations":
        """Return the observations of an index from data, or from observations of another index.

        Raises
        ------
        MethodError
            ``data`` are observations, and options for reading them differ from the first time.
        DataError, MethodError, UnknownCodeError
            As for `read`.
        """
        if not isinstance(data, Observations):
            return cls.read(data, index, **how)
        # The same columns may be named again; a default does not differ from a missing argument.
        known = {"unit": ("unit", data.unit_column), "period": (None, data.period_column)}
        late = [
            f"{name}={value!r}" for name, value in how.items() if value not in known.get(name, ())
        ]
        if late:
            msg = (
                "the data have already been read; pass these options to the function that reads "
                "them, such as Observations.read"
            )
            raise MethodError(msg, late)
        return data.select(index)

    @classmethod
    def from_long(
        cls,
        data: object,
        index: Index,
        *,
        unit: str,
        indicator: str,
        value: str,
        period: str | None = None,
        **options: Unpack[ReadingOptions],
    ) -> "Observations":
        """Read a long table: a row for each unit and indicator (in each period).

        Exports of Eurostat, the OECD and the World Bank can have this shape. Indicators that are
        not in the index become context, and so does every other column that has a single value for
        each unit (in a period), such as a region. Columns with several values, such as flags, are
        left out.

        Parameters
        ----------
        data : frame, mapping of columns or path of a CSV file
            A table with a row for each value.
        index : Index
            The framework that the columns belong to.
        unit, indicator, value, period : str
            The columns of the units, of the codes of the indicators (or the ``column`` of each), of
            the values and, if there are several periods, of the periods.
        **options
            As for `read`.

        Raises
        ------
        DataError
            As for `read`; or a unit has two values of the same indicator (in a period). The error
            names the columns in which the two rows differ.
        MethodError, UnknownCodeError
            As for `read`.

        Examples
        --------
        >>> index = Index("T", [Indicator("a"), Indicator("b")])
        >>> data = {"geo": ["X", "X", "Y"], "item": ["a", "b", "a"], "value": ["1,5", "2", ":"]}
        >>> observations = Observations.from_long(
        ...     data, index, unit="geo", indicator="item", value="value", decimal=",", missing=":"
        ... )
        >>> observations.units, observations.values.tolist()
        (('X', 'Y'), [[1.5, 2.0], [nan, nan]])
        """
        instance("index", index, Index)
        names = {"unit": unit, "indicator": indicator, "value": value}
        _refuse_names(**names, **({} if period is None else {"period": period}))
        reading_of(options)
        table = frames.read(data, **options)
        columns = shapes.from_long(
            table, unit=unit, indicator=indicator, value=value, period=period
        )
        read = frames.read(columns, library=table.library)
        return cls.read(read, index, unit=unit, period=period)

    @classmethod
    def from_wide(
        cls,
        data: object,
        index: Index,
        *,
        unit: str,
        indicator: str | None = None,
        periods: Mapping[str, Any] | Sequence[str] | None = None,
        period: str = "period",
        **options: Unpack[ReadingOptions],
    ) -> "Observations":
        """Read a wide panel: a column for each period.

        Parameters
        ----------
        data : frame, mapping of columns or path of a CSV file
            A table with a row for each unit and indicator.
        index : Index
            The framework that the columns belong to.
        unit, indicator : str
            The columns of the units and of the codes of the indicators (or the ``column`` of each).
            Without ``indicator``, all rows are values of the only indicator of the index.
        periods : mapping of str to period, or sequence of str, optional
            The columns of the periods; by default those whose names are years, such as ``2019``,
            ``YR2019`` and ``2019 [YR2019]``, or other periods such as ``2021-Q3``.
        period : str
            The name of the column of periods in results.
        **options
            As for `read`.

        Raises
        ------
        DataError
            As for `from_long`; or no column has the name of a period.
        MethodError
            ``indicator`` is missing although the index has several indicators; or as for `read`.
        UnknownCodeError
            As for `read`.

        Examples
        --------
        >>> index = Index("T", [Indicator("a")])
        >>> data = {"Country Code": ["X", "Y"], "2019 [YR2019]": [1, 2], "2020 [YR2020]": [3, ".."]}
        >>> observations = Observations.from_wide(data, index, unit="Country Code", missing="..")
        >>> observations.units, observations.periods
        (('X', 'X', 'Y', 'Y'), (2019, 2020, 2019, 2020))
        >>> observations.values.ravel().tolist()
        [1.0, 3.0, 2.0, nan]
        """
        instance("index", index, Index)
        names = {"unit": unit, "period": period}
        _refuse_names(**names, **({} if indicator is None else {"indicator": indicator}))
        reading_of(options)
        table = frames.read(frames.with_text_names(data), **options)
        wanted = list(data_columns(index))
        if indicator is None and len(wanted) > 1:
            msg = (
                "indicator must name the column of the codes of indicators, because the index has "
                f"several: {', '.join(wanted[:5])}{', ...' if len(wanted) > 5 else ''}"
            )
            raise MethodError(msg)
        columns = shapes.from_wide(
            table,
            unit=unit,
            indicator=indicator,
            periods=shapes.period_columns(table.names, periods),
            period=period,
            only=wanted[0] if indicator is None else None,
        )
        read = frames.read(columns, library=table.library)
        return cls.read(read, index, unit=unit, period=period)

    def __repr__(self) -> str:
        n_rows, n_indicators = self.values.shape
        missing = int(np.isnan(self.values).sum())
        periods = "" if self.periods is None else f" in {counted(len(set(self.periods)), 'period')}"
        return (
            f"{counted(len(set(self.units)), 'unit')}{periods}: {counted(n_rows, 'row')}, "
            f"{counted(n_indicators, 'indicator')}, {missing} of {self.values.size} values missing"
        )

    @cached_property
    def context(self) -> tuple[str, ...]:
        """The columns that do not belong to an indicator, such as region or population."""
        named = {self.unit_column, self.period_column}
        for code, column, _ in self._sources:
            named |= {code, column}
        return tuple(name for name in self.table.names if name not in named)

    @cached_property
    def context_columns(self) -> Mapping[str, list[Any]]:
        """The cells of each column in `context`, None where a cell is missing."""
        return {name: self.table.column(name) for name in self.context}

    def frame(
        self,
        columns: Mapping[str, Any],
        *,
        rows: Sequence[int | None] | None = None,
        integers: Iterable[str] = (),
    ) -> frames.Frame:
        """Return a table in the library of the data, with units and periods in the first columns.

        Parameters
        ----------
        columns : mapping of str to sequence
            The cells of each column, one for each row.
        rows : sequence of int or None, optional
            The row of the observations that each row of the table is about, in any order and with
            repetitions; None for a row that is not about a unit. By default, all rows in order.
        integers : iterable of str
            Columns of whole numbers that are floats because some values are missing.

        Raises
        ------
        DataError
            A column has the name of the column of units or periods.
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
                "the columns of units and periods must not have the name of a column of results; "
                "rename these"
            )
            raise DataError(msg, both)
        return frames.build({**keys, **columns}, self.table.library, integers=integers)

    def take(self, rows: NDArray[np.intp]) -> "Observations":
        """Return the observations of some rows, in the given order."""
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
        """Return the observations of another index, from the same table."""
        if sources(index) == self._sources:
            return self
        # Not with `read`: its check of codes would refuse the column of an indicator that was left
        # out if that column has the code of another indicator.
        return self._of_table(self.table, index, self.unit_column, self.period_column)

    def denominators(self, indicators: Sequence[Indicator]) -> tuple[Floats, NDArray[np.intp]]:
        """Return the denominators of indicators, and which indicators have one.

        Returns
        -------
        denominators : ndarray of shape (n_rows, n_denominated)
            The values by which indicators are divided.
        places : ndarray of shape (n_denominated,)
            The positions of the indicators that have a denominator.

        Raises
        ------
        DataError
            A denominator is not a number, is infinite, or is not above zero.
        """
        places = [i for i, indicator in enumerate(indicators) if indicator.denominator is not None]
        names = [str(indicators[i].denominator) for i in places]
        values, wrong = self.table.numbers(names)
        rows = Rows(self.table, self.units, self.periods)
        faults = cell_faults(self.table, rows, wrong)
        bad = np.isinf(values) | (values <= 0)
        faults += [
            f"{rows[i]}, {names[j]!r}: {values[i, j]:g}" for i, j in np.argwhere(bad).tolist()
        ]
        if faults:
            msg = "denominators must be finite numbers above zero"
            raise DataError(msg, list(dict.fromkeys(faults)))
        return values, np.array(places, dtype=np.intp)


def _refuse_names(**names: object) -> None:
    """Raise a MethodError if the name of a column is not text."""
    faults = list(text_faults(**names))
    if faults:
        msg = "the names of columns must be text"
        raise MethodError(msg, faults)
