"""Reading frames, mappings of columns and CSV files."""

import sys
from collections.abc import Iterable, Iterator, Mapping, Sequence
from collections.abc import Set as AbstractSet
from os import PathLike, fspath
from pathlib import Path
from typing import Any, Unpack

import numpy as np
from attrs import evolve

from dli.arrays import kind_of
from dli.checks import is_whole
from dli.errors import DataError
from dli.frames.delimited import read_lines, repeated
from dli.frames.reading import Reading, ReadingOptions, reading_of
from dli.frames.results import LIBRARIES, default_library, is_installed
from dli.frames.table import Table

__all__ = ["from_texts", "read", "with_index_as_column", "with_text_names"]


def read(
    data: object,
    *,
    library: str | None = None,
    empty: bool = False,
    **options: Unpack[ReadingOptions],
) -> Table:
    """Read a table from a frame, a mapping of columns or the path of a CSV file.

    Parameters
    ----------
    data : frame, mapping, path or Table
        Any frame that narwhals supports (lazy frames are collected), a mapping of columns of equal
        length, or the path of a CSV file with a header line, in UTF-8 by default.
    library : {"pandas", "polars", "pyarrow", "mapping"}, optional
        The library of results if ``data`` is a mapping and the library is installed.
    empty : bool
        Whether to accept a table without rows.
    **options
        The fields of `Reading`: the markers of missing numbers, the format of numbers, and the
        layout of a file.

    Returns
    -------
    Table
        The columns of the data.

    Raises
    ------
    DataError
        ``data`` is not a table, has columns of different lengths, repeated column names or no rows,
        or is a file that cannot be read as CSV. The error names the columns or lines.
    MethodError, UnknownCodeError
        An option does not exist or has an invalid value.

    Examples
    --------
    >>> table = read({"unit": ["A", "B"], "DS01": [1.0, None]})
    >>> table.names, table.n_rows, table.column("DS01")
    (('unit', 'DS01'), 2, [1.0, None])
    """
    if isinstance(data, Table):
        return data
    reading = reading_of(options)
    if isinstance(data, (str, PathLike)):
        table = _read_file(Path(fspath(data)), reading)
    elif isinstance(data, Mapping):
        table = _read_mapping(data, library)
    else:
        table = _read_frame(data)
    table = evolve(table, reading=reading) if options else table
    if table.n_rows == 0 and not empty:
        msg = f"the table has no rows (columns: {', '.join(table.names) or 'none'})"
        raise DataError(msg)
    return table


def from_texts(
    columns: Mapping[str, list[str]], lines: Sequence[int], library: str | None, **options: Any
) -> Table:
    """Return a table of texts as if it had been read from the given lines of a file.

    Raises
    ------
    MethodError, UnknownCodeError
        An option does not exist or has an invalid value.
    """
    is_usable = library is not None and (library == "mapping" or is_installed(library))
    return Table(
        names=tuple(columns),
        n_rows=len(lines),
        library=library if is_usable else default_library(),
        source=dict(columns),
        lines=tuple(lines),
        reading=reading_of(options),  # type: ignore[arg-type] # checked there
    )


def with_index_as_column(data: Any) -> tuple[Any, str]:
    """Return a pandas frame with its index as a column, and the name of that column.

    Raises
    ------
    DataError
        ``data`` is not a pandas frame, its index has several levels, or a column has the name of
        the index.
    """
    pandas = sys.modules.get("pandas")
    if pandas is None or not isinstance(data, pandas.DataFrame):
        msg = f"unit=None requires a pandas frame, whose index it reads, got {type(data).__name__}"
        raise DataError(msg)
    if data.index.nlevels > 1:
        msg = (
            f"unit=None requires an index with one level, got {data.index.nlevels}; convert the "
            "levels to columns with data.reset_index() and name these"
        )
        raise DataError(msg)
    name = "unit" if data.index.name is None else str(data.index.name)
    if name in data.columns:
        msg = f"the index and a column are both called {name!r}; rename one of them"
        raise DataError(msg)
    return data.rename_axis(name).reset_index(), name


def with_text_names(data: Any) -> Any:
    """Return a pandas frame with whole numbers in its column names, such as years, as text."""
    pandas = sys.modules.get("pandas")
    if pandas is None or not isinstance(data, pandas.DataFrame):
        return data
    return data.rename(columns={n: str(n) for n in data.columns if is_whole(n)})


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
        msg = f"the names of columns must differ: {error}"
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
    """Read a pandas frame directly, because narwhals would slow down many small tables."""
    names = tuple(data.columns.tolist())
    faults = [f"{name!r} ({type(name).__name__})" for name in names if not isinstance(name, str)]
    if len(set(names)) < len(names):
        faults += [f"{name!r} appears twice" for name in repeated(names)]
    if faults:
        msg = "the names of columns must be text and differ from one another"
        raise DataError(msg, faults)
    # The caller may change the frame later; from version 3, pandas copies on write.
    deep = int(pandas.__version__.split(".")[0]) < 3
    source = data.copy(deep=deep)
    source.columns = range(len(names))  # by position, because pandas looks up labels slowly
    return Table(names=names, n_rows=len(data), library="pandas", source=source)


def _read_mapping(data: Mapping[Any, Any], library: str | None) -> Table:
    faults = [f"{name!r} ({type(name).__name__})" for name in data if not isinstance(name, str)]
    if faults:
        msg = "the names of columns must be text"
        raise DataError(msg, faults)
    _refuse_other_labels(data)
    columns = {name: _flat(cells) for name, cells in data.items()}
    faults = [
        f"{name!r} is {kind_of(data[name])} ({type(data[name]).__name__})"
        if cells is None
        else f"{name!r} has shape {cells.shape}"
        for name, cells in columns.items()
        if cells is None or (isinstance(cells, np.ndarray) and cells.ndim != 1)
    ]
    lengths = {} if faults else {name: len(cells) for name, cells in columns.items()}
    if len(set(lengths.values())) > 1:
        faults = [f"{name!r} has {n} rows" for name, n in lengths.items()]
    if faults:
        msg = "columns must be one-dimensional sequences of equal length"
        raise DataError(msg, faults)
    if library != "mapping" and (library is None or not is_installed(library)):
        library = default_library()
    n_rows = next(iter(lengths.values()), 0)
    return Table(names=tuple(columns), n_rows=n_rows, library=library, source=columns)


def _refuse_other_labels(data: Mapping[Any, Any]) -> None:
    """Raise an error for pandas series with different labels, whose rows do not correspond."""
    pandas = sys.modules.get("pandas")
    if pandas is None:
        return
    series = {name: cells for name, cells in data.items() if isinstance(cells, pandas.Series)}
    first = [cells.index for cells in series.values()][:1]
    faults = [f"{name!r}" for name, cells in series.items() if not cells.index.equals(first[0])]
    if faults:
        msg = (
            "columns that are pandas series must have the same labels in the same order; combine "
            "them in a data frame, which aligns rows with the same label"
        )
        raise DataError(msg, faults)


def _flat(cells: Any) -> Any:
    """Return a column as a list or an array; None if its cells are not ordered."""
    if isinstance(cells, np.ma.MaskedArray):
        return [None if cell is np.ma.masked else cell for cell in cells]
    if isinstance(cells, (np.ndarray, list)):
        return cells
    if isinstance(cells, (Mapping, AbstractSet, Iterator)):
        return None
    if isinstance(cells, (str, bytes)) or not isinstance(cells, Iterable):
        return np.asarray(cells)  # zero-dimensional, which the caller reports
    return cells.to_pylist() if hasattr(cells, "to_pylist") else list(cells)


def _read_file(path: Path, reading: Reading) -> Table:
    names, body = read_lines(path, reading)
    cells = zip(*(row for _, row in body), strict=True) if body else iter([()] * len(names))
    return Table(
        names=tuple(names),
        n_rows=len(body),
        library=default_library(),
        source={name: list(column) for name, column in zip(names, cells, strict=True)},
        lines=tuple(line for line, _ in body),
        reading=reading,
    )
