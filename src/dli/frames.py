"""Tables in and out: whatever data-frame library the data came in, results go back to it.

Read are pandas, polars and pyarrow frames (and whatever else narwhals reads), mappings of columns
and CSV files. Built are frames of the same library; for a mapping or a file, of the first that is
installed of pandas, polars and pyarrow, and a plain mapping of arrays when there is none.
"""

import csv
import re
import sys
from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import cache
from importlib.util import find_spec
from os import PathLike, fspath
from pathlib import Path
from typing import Any, TypeAlias

import numpy as np
from attrs import evolve, field, frozen
from numpy.typing import NDArray

from dli.arrays import Floats
from dli.errors import DataError, did_you_mean

__all__ = ["Frame", "Table", "build", "default_library", "is_missing", "read"]


def __dir__() -> list[str]:
    return __all__


# A frame of the library that the data came in: pandas, polars, pyarrow, or a mapping of arrays.
Frame: TypeAlias = Any

LIBRARIES = ("pandas", "polars", "pyarrow", "mapping")
# What stands for a missing number in a text file. Unit names and other text are never touched:
# NA is Namibia there.
_MISSING_TEXT = frozenset({"", "na", "nan", "null", "none"})
_WHOLE = re.compile(r"-?(0|[1-9][0-9]*)")
_DECIMAL = re.compile(r"-?(0|[1-9][0-9]*)(\.[0-9]+)?([eE][-+]?[0-9]+)?")


@frozen(kw_only=True, eq=False)
class Table:
    """A table that came in: its columns, its number of rows and the library for the results.

    Attributes
    ----------
    names : tuple of str
        The columns in their order.
    n_rows : int
    library : object
        What `build` makes results with: a name, or another library's narwhals implementation.
    """

    names: tuple[str, ...]
    n_rows: int
    library: Any
    _source: Any = field(repr=False)
    _lines: tuple[int, ...] | None = field(default=None, repr=False)

    @property
    def is_text(self) -> bool:
        """The cells were read from a text file: numbers are still to be parsed."""
        return self._lines is not None

    def column(self, name: str) -> list[Any]:
        """Give the cells of a column as Python objects, a missing one as None."""
        if isinstance(self._source, Mapping):
            cells = self._source[name]
            if self.is_text:
                return _typed(cells)
            if isinstance(cells, np.ndarray):
                if cells.dtype.kind in "iub":
                    return list(cells.tolist())
                cells = cells.tolist()
        else:
            cells = self._source[name].to_list()
        return [None if is_missing(cell) else cell for cell in cells]

    def numbers(self, names: Sequence[str]) -> tuple[Floats, list[tuple[int, str, object]]]:
        """Give columns as floats, missing cells as NaN, and list the cells that are no numbers.

        Parameters
        ----------
        names : sequence of str

        Returns
        -------
        values : ndarray of shape (n_rows, n_names), in Fortran order
        faults : list of (row, name, cell)
        """
        whole = self._whole_block(names)
        if whole is not None:
            return whole, []
        values = np.empty((self.n_rows, len(names)), order="F")
        faults: list[tuple[int, str, object]] = []
        for j, name in enumerate(names):
            cells = self._source[name]
            numeric = _as_floats(cells)
            if numeric is not None:
                values[:, j] = numeric
                continue
            objects = cells if isinstance(self._source, Mapping) else cells.to_list()
            for i, cell in enumerate(objects):
                number = _parsed(cell) if self.is_text else _number(cell)
                if number is None:
                    faults.append((i, name, cell))
                    number = np.nan
                values[i, j] = number
        return values, faults

    def _whole_block(self, names: Sequence[str]) -> Floats | None:
        """Take all columns at once where the frame can: many small copies are slow."""
        if isinstance(self._source, Mapping):
            columns = [self._source[name] for name in names]
            if all(isinstance(c, np.ndarray) and c.dtype == np.float64 for c in columns):
                return np.array(columns).T
            return None
        if self.library != "pandas":
            return None
        # By place, since pandas looks labels up slowly.
        places = {name: place for place, name in enumerate(self.names)}
        block = self._source.take([places[name] for name in names], axis=1).to_numpy()
        return np.asfortranarray(block) if block.dtype == np.float64 else None

    def holding(self, names: Sequence[str], values: Floats) -> "Table":
        """Hold own columns, these values among them: the caller's mapping may change."""
        if not isinstance(self._source, Mapping) or self.is_text:
            return self
        source = {name: _copied(cells) for name, cells in self._source.items() if name not in names}
        source |= dict(zip(names, values.T, strict=True))
        return evolve(self, source={name: source[name] for name in self.names})

    def take(self, rows: Sequence[int]) -> "Table":
        """Give some of the rows, in that order."""
        lines = None if self._lines is None else tuple(self._lines[row] for row in rows)
        if isinstance(self._source, Mapping):
            source: Any = {
                name: cells[rows] if isinstance(cells, np.ndarray) else [cells[i] for i in rows]
                for name, cells in self._source.items()
            }
        elif self.library == "pandas":
            source = self._source.take(rows)
        else:
            source = self._source[list(rows)]
        return evolve(self, source=source, n_rows=len(rows), lines=lines)

    def where(self, row: int) -> str:
        """Name a row as its reader would: the line of a file, else the position from 0."""
        return f"row {row}" if self._lines is None else f"line {self._lines[row]}"

    def require(self, names: Iterable[str], what: str) -> list[str]:
        """List the names that are no columns, each with the nearest that is one."""
        present = set(self.names)
        return [
            f"{what} {name!r}{did_you_mean(name, self.names)}"
            for name in names
            if name not in present
        ]


def read(data: object, *, library: str | None = None, empty: bool = False) -> Table:
    """Read a table from a frame, a mapping of columns or the path of a CSV file.

    Parameters
    ----------
    data : frame, mapping, path or Table
        Any frame that narwhals reads (lazy ones are collected), a mapping of equally long columns,
        or a CSV file in UTF-8 with a header line.
    library : {"pandas", "polars", "pyarrow", "mapping"}, optional
        What results of a mapping are to be, if it is installed.
    empty : bool
        Whether a table may be without rows, as results may.

    Returns
    -------
    Table

    Raises
    ------
    DataError
        No table, columns of different lengths, repeated column names, no rows, or a file that
        cannot be read as CSV; the lines at fault are named.

    Examples
    --------
    >>> table = read({"unit": ["A", "B"], "DS01": [1.0, None]})
    >>> table.names, table.n_rows, table.column("DS01")
    (('unit', 'DS01'), 2, [1.0, None])
    """
    if isinstance(data, Table):
        return data
    if isinstance(data, (str, PathLike)):
        table = _read_csv(Path(fspath(data)))
    elif isinstance(data, Mapping):
        table = _read_mapping(data, library)
    else:
        table = _read_frame(data)
    if table.n_rows == 0 and not empty:
        msg = f"the table has no rows (columns: {', '.join(table.names) or 'none'})"
        raise DataError(msg)
    return table


def build(
    columns: Mapping[str, Any], library: Any = None, *, integers: Iterable[str] = ()
) -> Frame:
    """Build a frame of a library from columns.

    Parameters
    ----------
    columns : mapping of str to sequence or ndarray
        NaN in floats and None in text mean missing.
    library : {"pandas", "polars", "pyarrow", "mapping"}, optional
        By default the first that is installed, in this order.
    integers : iterable of str
        Columns of whole numbers that come as floats because some are missing.

    Returns
    -------
    frame
        Missing cells are the library's own missing values.

    Examples
    --------
    >>> build({"unit": ["A"], "score": [61.5]}, "mapping")["score"].tolist()
    [61.5]
    """
    library = default_library() if library is None else library
    if library == "mapping":
        return {name: _as_array(cells) for name, cells in columns.items()}
    if isinstance(library, str) and (library not in LIBRARIES or not _installed(library)):
        msg = f"library must be one of {', '.join(LIBRARIES)} and be installed, got {library!r}"
        raise DataError(msg)
    if library == "pandas":
        return _build_pandas(columns, frozenset(integers))
    import narwhals as nw

    frame = nw.from_dict(dict(columns), backend=library)
    floats = [name for name, dtype in frame.schema.items() if dtype.is_float()]
    frame = frame.with_columns(
        *(nw.when(~nw.col(name).is_nan()).then(nw.col(name)).alias(name) for name in floats)
    )
    whole = [name for name in integers if name in floats]
    return (frame.with_columns(nw.col(*whole).cast(nw.Int64)) if whole else frame).to_native()


def default_library() -> str:
    """Name the library of results that came from a mapping or a file."""
    return next((name for name in LIBRARIES[:-1] if _installed(name)), "mapping")


@cache
def _installed(name: str) -> bool:
    return find_spec(name) is not None


def _build_pandas(columns: Mapping[str, Any], integers: frozenset[str]) -> Any:
    import pandas as pd

    def cells(name: str) -> Any:
        values = columns[name]
        if name not in integers:
            return values
        if np.isnan(values).any():
            return pd.array(np.asarray(values), dtype="Int64")
        return np.asarray(values).astype(np.int64)

    return pd.DataFrame({name: cells(name) for name in columns})


def _as_array(cells: Any) -> NDArray[Any]:
    array = np.asarray(cells)
    # NumPy would turn [1, "a"] and ["a", None] into text without a word.
    return array if array.dtype.kind in "fiub" else np.asarray(cells, dtype=object)


def _read_frame(data: Any) -> Table:
    pandas = sys.modules.get("pandas")
    if pandas is not None and isinstance(data, pandas.DataFrame):
        return _read_pandas(data, pandas)
    import narwhals as nw

    try:
        frame = nw.from_native(data)
        frame = frame.collect() if isinstance(frame, nw.LazyFrame) else frame
        names = tuple(frame.columns)
    except nw.exceptions.DuplicateError as error:
        msg = f"column names must differ: {error}"
        raise DataError(msg) from error
    except TypeError as error:
        msg = (
            "data must be a data frame (pandas, polars, pyarrow), a mapping of columns or the path "
            f"of a CSV file, got {type(data).__name__}"
        )
        raise DataError(msg) from error
    implementation = frame.implementation
    library = implementation.value if implementation.value in LIBRARIES else implementation
    return Table(names=names, n_rows=len(frame), library=library, source=frame)


def _read_pandas(data: Any, pandas: Any) -> Table:
    """Read the most used library without a detour: small tables are read often."""
    names = tuple(data.columns)
    faults = [f"{name!r} ({type(name).__name__})" for name in names if not isinstance(name, str)]
    if len(set(names)) < len(names):
        faults += [f"{name!r} appears twice" for name in _repeated(names)]
    if faults:
        msg = "column names must be different texts"
        raise DataError(msg, faults)
    # The frame stays the caller's to change; from version 3 on pandas copies on write.
    deep = int(pandas.__version__.split(".")[0]) < 3
    return Table(names=names, n_rows=len(data), library="pandas", source=data.copy(deep=deep))


def _read_mapping(data: Mapping[Any, Any], library: str | None) -> Table:
    faults = [f"{name!r} ({type(name).__name__})" for name in data if not isinstance(name, str)]
    if faults:
        msg = "column names must be texts"
        raise DataError(msg, faults)
    columns = {name: _flat(cells) for name, cells in data.items()}
    faults = [
        f"{name!r} has shape {cells.shape}"
        for name, cells in columns.items()
        if isinstance(cells, np.ndarray) and cells.ndim != 1
    ]
    lengths = {} if faults else {name: len(cells) for name, cells in columns.items()}
    if len(set(lengths.values())) > 1:
        faults = [f"{name!r} has {n} rows" for name, n in lengths.items()]
    if faults:
        msg = "columns must be flat and equally long"
        raise DataError(msg, faults)
    if library != "mapping" and (library is None or not _installed(library)):
        library = default_library()
    n_rows = next(iter(lengths.values()), 0)
    return Table(names=tuple(columns), n_rows=n_rows, library=library, source=columns)


def _flat(cells: Any) -> Any:
    if isinstance(cells, (np.ndarray, list)):
        return cells
    if isinstance(cells, (str, bytes)) or not isinstance(cells, Iterable):
        return np.asarray(cells)  # of no dimension, which the caller reports
    return list(cells)


def _copied(cells: Any) -> Any:
    return cells.copy() if isinstance(cells, np.ndarray) else list(cells)


def _read_csv(path: Path) -> Table:
    try:
        with path.open(newline="", encoding="utf-8-sig") as file:
            reader = csv.reader(file, strict=True)
            rows = [(reader.line_num, row) for row in reader if row]
    except OSError as error:
        msg = f"cannot read {str(path)!r}: {error.strerror}"
        raise DataError(msg) from error
    except (UnicodeDecodeError, csv.Error) as error:
        msg = f"{str(path)!r} is no CSV file in UTF-8: {error}"
        raise DataError(msg) from error
    if not rows:
        msg = f"{str(path)!r} is empty"
        raise DataError(msg)
    (_, header), *body = rows
    names = tuple(name.strip() for name in header)
    faults = [f"line 1: column {j + 1} has no name" for j, name in enumerate(names) if not name]
    faults += [f"line 1: {name!r} appears twice" for name in _repeated(names) if name]
    faults += [
        f"line {line}: {len(row)} cells, expected {len(names)}"
        for line, row in body
        if len(row) != len(names)
    ]
    if len(names) == 1 and any(mark in names[0] for mark in ";\t|"):
        faults.append("line 1: one column only; cells must be separated by commas")
    if faults:
        msg = f"{str(path)!r} is no table"
        raise DataError(msg, faults)
    return Table(
        names=names,
        n_rows=len(body),
        library=default_library(),
        source={name: [row[j] for _, row in body] for j, name in enumerate(names)},
        lines=tuple(line for line, _ in body),
    )


def _repeated(names: Sequence[Any]) -> Iterator[Any]:
    return (name for name in dict.fromkeys(names) if names.count(name) > 1)


def is_missing(cell: object) -> bool:
    """Tell whether a cell of any library holds nothing: None, NaN and the like.

    Examples
    --------
    >>> [is_missing(cell) for cell in (None, float("nan"), 0.0, "")]
    [True, True, False, False]
    """
    # pandas' NA and NaT are unequal to themselves or refuse to say.
    return cell is None or type(cell).__name__ in {"NAType", "NaTType"} or cell != cell  # noqa: PLR0124 NaN alone differs from itself


def _as_floats(cells: Any) -> Floats | None:
    """Convert a whole column at once, or give None when cells must be looked at one by one."""
    if isinstance(cells, np.ndarray):
        return cells.astype(np.float64) if cells.dtype.kind in "fiub" else None
    if isinstance(cells, list):
        # NumPy takes None for NaN; text it would parse, so that only these kinds may pass.
        if not set(map(type, cells)) <= {float, int, type(None)}:
            return None
        return np.array(cells, dtype=np.float64)
    import narwhals as nw

    cells = nw.from_native(cells, series_only=True)
    if cells.dtype.is_numeric():
        return np.asarray(cells.cast(nw.Float64).to_numpy(), dtype=np.float64)
    if cells.dtype == nw.Boolean and not cells.is_null().any():
        return np.asarray(cells.to_numpy(), dtype=np.float64)
    return None


def _number(cell: Any) -> float | None:
    """Convert one cell of a column of mixed objects; text is not a number, not even "3.5"."""
    if is_missing(cell):
        return np.nan
    if isinstance(cell, (str, bytes)):
        return None
    try:
        return float(cell)
    except (TypeError, ValueError):
        return None


def _parsed(text: str) -> float | None:
    """Parse one cell of a text file."""
    text = text.strip()
    if text.lower() in _MISSING_TEXT:
        return np.nan
    try:
        return None if "_" in text else float(text)
    except ValueError:
        return None


def _typed(cells: Sequence[str]) -> list[Any]:
    """Give a text column as numbers if every cell that is not blank is one, else as text."""
    stripped = [cell.strip() for cell in cells]
    # A leading zero marks a code, such as ISO 3166's 004, which a number would lose.
    if all(_WHOLE.fullmatch(cell) for cell in stripped if cell):
        return [int(cell) if cell else None for cell in stripped]
    if all(_DECIMAL.fullmatch(cell) for cell in stripped if cell):
        return [float(cell) if cell else None for cell in stripped]
    return [cell or None for cell in stripped]
