"""The table that came in: units by indicators, and by periods when there are several; checked."""

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
    """What was measured: a row for each unit, or for each unit in each period.

    Attributes
    ----------
    units : tuple
        The unit of each row.
    periods : tuple or None
        The period of each row.
    values : ndarray of shape (n_rows, n_indicators)
        Raw values in the order of the index's indicators, NaN where missing; read-only. Constants
        are filled in.
    unit_column, period_column : str
        Where units and periods stood.
    table : Table
        All columns, with the context: those that are no indicator's.
    look_alikes : tuple of tuples
        Groups of units whose names differ only in case, spaces or the like, which give a warning.

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

        Indicators are read from their ``column``, by default their code; several may have the same.

        Parameters
        ----------
        data : frame, mapping of columns or path of a CSV file
            A row for each unit, in each period.
        index : Index
            The framework that the columns belong to.
        unit : str, optional
            The column that names the units; None for the index of a pandas frame.
        period : str, optional
            The column that names the periods.
        **options
            How text is read and files are laid out: the fields of `dli.frames.Reading`, such as
            ``missing=("..", ":")``, ``decimal=","``, ``thousands="."`` and ``delimiter=";"``.

        Raises
        ------
        DataError
            Missing columns; columns with the code of an indicator whose values stand elsewhere; or
            cells that cannot be: text among numbers, infinite values, values outside an
            indicator's scale, units without a name, units (in a period) named twice. All of them
            are listed, with row and unit.
        MethodError, UnknownCodeError
            Options that do not exist or are of the wrong kind.

        Warns
        -----
        DLIWarning
            Units whose names look alike.
        """
        instance("index", index, Index)
        reading_of(options)  # so that nothing else is handed on
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
            msg = "columns are missing from the data (or leave indicators out with `index.without`)"
            raise DataError(msg, missing)
        if faults:
            msg = "the data cannot be assessed as they are"
            raise DataError(msg, [*(f"missing {fault}" for fault in missing), *faults])
        measured.flags.writeable = values.flags.writeable = False
        units = rows.units or ()
        alike = look_alikes(units)
        for what, groups in (("units", alike), ("periods", look_alikes(rows.periods or ()))):
            if groups:
                named = ", ".join(" and ".join(map(repr, group)) for group in groups)
                warn(f"{what} that look alike: {named}", DLIWarning, stacklevel=4)
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
        """Return observations as they are, read for another index, and anything else by `read`.

        Raises
        ------
        MethodError
            Options for reading data that were read before.
        DataError, MethodError, UnknownCodeError
            As `read`.
        """
        if not isinstance(data, Observations):
            return cls.read(data, index, **how)
        # The names of columns may be said again; the default says nothing.
        known = {"unit": ("unit", data.unit_column), "period": (None, data.period_column)}
        late = [
            f"{name}={given!r}" for name, given in how.items() if given not in known.get(name, ())
        ]
        if late:
            msg = "the data were read before; give these options where they are read"
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

        Exports of Eurostat, the OECD and the World Bank can have this shape. Indicators that the
        index does not name become context, and so does every other column that has one cell for
        each unit (in a period), such as a region; columns with several, such as flags, are left
        out.

        Parameters
        ----------
        data : frame, mapping of columns or path of a CSV file
            A row for each value.
        index : Index
            The framework that the columns belong to.
        unit, indicator, value, period : str
            The columns of the units, the indicators' codes (or what each has as its ``column``),
            the values and, if there are several, the periods.
        **options
            As for `read`.

        Raises
        ------
        DataError
            As `read`; or a value that appears twice for the same unit, indicator (and period), with
            the columns in which the rows differ.
        MethodError, UnknownCodeError
            As `read`.

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
            A row for each unit and indicator.
        index : Index
            The framework that the columns belong to.
        unit, indicator : str
            The columns of the units and of the indicators' codes (or what each has as its
            ``column``). Without ``indicator`` all rows are about the one indicator of the index.
        periods : mapping of str to period, or sequence of str, optional
            The columns of the periods; by default those whose names are years, such as ``2019``,
            ``YR2019`` and ``2019 [YR2019]``, or other periods such as ``2021-Q3``.
        period : str
            What the column of the periods is called in results.
        **options
            As for `read`.

        Raises
        ------
        DataError
            As `from_long`, or no column of a period.
        MethodError
            No ``indicator`` although the index has several; or as `read`.
        UnknownCodeError
            As `read`.

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
        own = list(data_columns(index))
        if indicator is None and len(own) > 1:
            msg = f"indicator must name the column of the codes: the index has {len(own)} of them"
            raise MethodError(msg)
        columns = shapes.from_wide(
            table,
            unit=unit,
            indicator=indicator,
            periods=shapes.period_columns(table.names, periods),
            period=period,
            only=own[0] if indicator is None else None,
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
        """The columns that are no indicator's, such as region or population."""
        named = {self.unit_column, self.period_column}
        for code, column, _ in self._sources:
            named |= {code, column}
        return tuple(name for name in self.table.names if name not in named)

    @cached_property
    def context_columns(self) -> Mapping[str, list[Any]]:
        """The cells of the columns that are no indicator's, a missing one as None."""
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
        if sources(index) == self._sources:
            return self
        # Not by `read`: the column of an indicator that is left out may have the code of another,
        # and is no context then.
        return self._of_table(self.table, index, self.unit_column, self.period_column)

    def denominators(self, indicators: Sequence[Indicator]) -> tuple[Floats, NDArray[np.intp]]:
        """Give the columns that indicators are divided by, and which indicators these are.

        Returns
        -------
        denominators : ndarray of shape (n_rows, n_denominated)
            What indicators are divided by.
        places : ndarray of shape (n_denominated,)
            The columns of the indicators that have one.

        Raises
        ------
        DataError
            Denominators that are no numbers, infinite, or not above zero.
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
    """Raise a MethodError for names of columns that are not text."""
    faults = list(text_faults(**names))
    if faults:
        msg = "columns must be named by text"
        raise MethodError(msg, faults)
