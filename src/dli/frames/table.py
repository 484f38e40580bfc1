"""The class `Table`: data from any library."""

import reprlib
from collections.abc import Iterable, Mapping, Sequence
from operator import itemgetter
from typing import Any

import numpy as np
from attrs import evolve, field, frozen
from numpy.typing import NDArray

from dli.arrays import Floats, is_missing, kind_of, read_numbers
from dli.errors import did_you_mean
from dli.frames.reading import Reading

__all__ = ["Table"]

# Types whose values are never missing; most names have one of these types.
_NEVER_MISSING = frozenset({str, int, bool})


@frozen(kw_only=True, eq=False)
class Table:
    """The data as they were read: the columns, the number of rows and the library of results.

    Attributes
    ----------
    names : tuple of str
        The names of the columns, in order.
    n_rows : int
        The number of rows.
    library : object
        The library of results: a name, or the narwhals implementation of another library.
    reading : Reading
        The settings for reading text as numbers.
    """

    names: tuple[str, ...]
    n_rows: int
    library: Any
    reading: Reading = field(default=Reading(), repr=False)
    _source: Any = field(repr=False)
    _lines: tuple[int, ...] | None = field(default=None, repr=False)

    @property
    def is_text(self) -> bool:
        """Whether the cells are text from a file, in which numbers are not parsed yet."""
        return self._lines is not None

    def column(self, name: str) -> list[Any]:
        """Return the cells of a column as Python objects, None where a cell is missing.

        Names in a text file become numbers only if all of them read back as they were written.
        """
        cells = self._cells(name)
        if self.is_text:
            return self.reading.names(cells)
        if isinstance(cells, np.ndarray):
            cells = _as_list(cells)
        elif not isinstance(cells, list):
            cells = cells.to_list()
        if _NEVER_MISSING.issuperset(map(type, cells)):
            return list(cells)
        return [None if is_missing(cell) else cell for cell in cells]

    def _cells(self, name: str) -> Any:
        """Return a column as it is stored: a list, an array or a series."""
        return self._source[self.names.index(name) if self._is_pandas else name]

    @property
    def _is_pandas(self) -> bool:
        """Whether the source is a pandas frame, whose columns are then named by their positions."""
        return self.library == "pandas" and hasattr(self._source, "iloc")

    def variable(self, name: str) -> list[Any]:
        """Return a column as `column` does, but as numbers if all cells are numbers.

        Numbers in a file need not read back as they were written, such as 1250.50. Cells that are
        declared as markers of missing numbers are missing.
        """
        if self.is_text or self.reading != Reading():
            values, wrong = self.numbers([name])
            if not wrong:
                return [None if is_missing(cell) else cell for cell in values[:, 0].tolist()]
        return self.column(name)

    def texts(self, name: str) -> list[str]:
        """Return the cells of a column of a text file as they were written."""
        return list(self._source[name])

    @property
    def lines(self) -> tuple[int, ...] | None:
        """The line number of each row in a text file; None for other tables."""
        return self._lines

    def numbers(self, names: Sequence[str]) -> tuple[Floats, list[tuple[int, str, object]]]:
        """Return columns as floats, missing cells as NaN, and list the cells that are not numbers.

        Parameters
        ----------
        names : sequence of str
            The names of the columns.

        Returns
        -------
        values : ndarray of shape (n_rows, n_names), in Fortran order
            The numbers; NaN where a cell is missing or is not a number.
        faults : list of (row, name, cell)
            The cells that are not numbers; `not_a_number` describes the fault of each.
        """
        whole = self._whole_block(names)
        if whole is not None:
            return self.reading.without_marked(whole), []
        values = np.empty((self.n_rows, len(names)), order="F")
        faults: list[tuple[int, str, object]] = []
        for j, name in enumerate(names):
            if self.is_text:
                texts = self._source[name]
                numbers, wrong = self._parsed(texts, range(self.n_rows), np.empty(self.n_rows))
            else:
                numbers, wrong = self._converted(_truth_as_numbers(self._cells(name)))
            values[:, j] = numbers
            faults += [(row, name, cell) for row, cell in wrong]
        return values, faults

    def _converted(self, cells: Any) -> tuple[Floats, list[tuple[int, Any]]]:
        if isinstance(cells, list) and not set(map(type, cells)) <= {float, int, type(None)}:
            # A cell that is a list is one cell, not a row.
            cells = np.fromiter(cells, dtype=object, count=len(cells))
        numbers, misfits = read_numbers(cells)
        numbers = self.reading.without_marked(numbers)
        wrong = [(row, cell) for ((row,), cell) in misfits]
        texts = {row: cell for row, cell in wrong if isinstance(cell, str)}
        if not texts:
            return numbers, wrong
        if not self.reading.reads_text:
            return numbers, [(row, c) for row, c in wrong if not self.reading.is_marker(c)]
        parsed, unread = self._parsed(list(texts.values()), texts, numbers.copy())
        return parsed, sorted(
            [*unread, *((row, cell) for row, cell in wrong if row not in texts)], key=itemgetter(0)
        )

    def _parsed(
        self, texts: Sequence[str], rows: Iterable[int], numbers: Floats
    ) -> tuple[Floats, list[tuple[int, Any]]]:
        """Write the numbers in texts to an array, and return the texts that are not numbers."""
        wrong = []
        for row, text in zip(rows, texts, strict=True):
            number = self.reading.number(text)
            if number is None:
                wrong.append((row, text))
            numbers[row] = np.nan if number is None else number
        return numbers, wrong

    def not_a_number(self, cell: object) -> str:
        """Return the fault of a cell that `numbers` lists, with a setting that reads it, if any."""
        if isinstance(cell, str):
            return self.reading.fault(cell, in_file=self.is_text)
        return f"{reprlib.repr(cell)} is not a number ({kind_of(cell)})"

    def _whole_block(self, names: Sequence[str]) -> Floats | None:
        """Return all columns at once if possible, because many small copies are slow."""
        if isinstance(self._source, Mapping):
            columns = [self._source[name] for name in names]
            if all(isinstance(c, np.ndarray) and c.dtype == np.float64 for c in columns):
                return np.array(columns).T
            return None
        if not self._is_pandas:
            return None
        place = {name: place for place, name in enumerate(self.names)}
        block = self._source.take(np.array([place[name] for name in names], int), axis=1).to_numpy()
        return np.asfortranarray(block) if block.dtype == np.float64 else None

    @property
    def has_row_names(self) -> bool:
        """Whether the source is a pandas frame whose index is not just the row numbers."""
        return self._is_pandas and type(self._source.index).__name__ != "RangeIndex"

    def holding(self, names: Sequence[str], values: Floats) -> "Table":
        """Return the table with a copy of the columns of a mapping, which its owner may change."""
        if not isinstance(self._source, Mapping) or self.is_text:
            return self
        source = {name: _copied(cells) for name, cells in self._source.items() if name not in names}
        source |= dict(zip(names, values.T, strict=True))
        return evolve(self, source={name: source[name] for name in self.names})

    def take(self, rows: Sequence[int]) -> "Table":
        """Return the table of some rows, in the given order."""
        lines = None if self._lines is None else tuple(self._lines[row] for row in rows)
        if isinstance(self._source, Mapping):
            source: Any = {
                name: cells[rows] if isinstance(cells, np.ndarray) else [cells[i] for i in rows]
                for name, cells in self._source.items()
            }
        elif self._is_pandas:
            source = self._source.take(rows)
        else:
            source = self._source[list(rows)]
        return evolve(self, source=source, n_rows=len(rows), lines=lines)

    def where(self, row: int) -> str:
        """Return the name of a row in messages: its line in a file, or its position from 0."""
        return f"row {row}" if self._lines is None else f"line {self._lines[row]}"

    def require(self, names: Iterable[str], what: str) -> list[str]:
        """Return the names that are not columns, each with the most similar column as a hint."""
        present = set(self.names)
        absent = [name for name in names if name not in present]
        # The search for similar names is slow, so only the names that a message shows get a hint.
        return [
            f"{what} {name!r}" + (did_you_mean(name, self.names) if place < 20 else "")
            for place, name in enumerate(absent)
        ]


def _as_list(cells: NDArray[Any]) -> list[Any]:
    """Return the cells of an array as Python objects."""
    if cells.dtype.kind not in "mM" or cells.dtype == "datetime64[D]":
        return list(cells.tolist())
    # `tolist` would convert nanoseconds to whole numbers.
    whole = cells.astype("datetime64[us]")
    return list(
        cells
        if cells.dtype.kind == "m" or ((whole != cells) & ~np.isnat(cells)).any()
        else whole.tolist()
    )


def _truth_as_numbers(cells: Any) -> Any:
    """Return a column that holds only True, False and missing cells as 1, 0 and missing."""
    if isinstance(cells, np.ndarray):
        if cells.dtype.kind == "b":
            return cells.astype(np.float64)
        cells = cells if cells.dtype.kind != "O" else cells.tolist()
    elif not isinstance(cells, list):
        import narwhals as nw

        cells = nw.from_native(cells, series_only=True)
        if cells.dtype.is_numeric():
            return cells.to_native()
        cells = cells.to_list()
    if isinstance(cells, list) and any(isinstance(cell, (bool, np.bool_)) for cell in cells):
        present = [cell for cell in cells if not is_missing(cell)]
        if all(isinstance(cell, (bool, np.bool_)) for cell in present):
            return [None if is_missing(cell) else float(cell) for cell in cells]
    return cells


def _copied(cells: Any) -> Any:
    return cells.copy() if isinstance(cells, np.ndarray) else list(cells)
