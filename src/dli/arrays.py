"""Conversion of all inputs to arrays of floats, and the one tolerance for ties."""

import reprlib
from collections.abc import Iterator, Mapping
from collections.abc import Set as AbstractSet
from contextlib import suppress
from datetime import date, time, timedelta
from decimal import Decimal
from numbers import Number, Real
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import ArrayLike, NDArray

from dli.errors import MethodError

__all__ = [
    "TIE",
    "Bools",
    "Floats",
    "Integers",
    "NotNumbersError",
    "as_floats",
    "as_table",
    "frozen_copy",
    "is_above",
    "is_complete",
    "is_missing",
    "kind_of",
    "read_numbers",
]

Floats: TypeAlias = NDArray[np.float64]
Bools: TypeAlias = NDArray[np.bool_]
Integers: TypeAlias = NDArray[np.int64]
# A cell that is not a number, with its position in the array.
Fault: TypeAlias = tuple[tuple[int, ...], object]

# Scores that differ by at most this share of their scale tie: rounding must not decide a rank.
TIE = 1e-12

_SHORT = reprlib.Repr()
_SHORT.maxother = 60  # long enough for a NumPy date in nanoseconds

_DATES = (date, time, timedelta, np.datetime64, np.timedelta64)
_WORDS: dict[Any, str] = {
    (bool, np.bool_): "a boolean",
    (str, bytes): "text",
    _DATES: "a date or time",
    (complex, np.complexfloating): "a complex number",
    Mapping: "a mapping",
    AbstractSet: "a set, which has no order",
    Iterator: "a generator",
    (list, tuple, np.ndarray): "a sequence; rows must be equally long",
}


class NotNumbersError(TypeError):
    """The input cannot contain numbers at all, such as a set."""


def as_floats(values: ArrayLike, name: str = "values") -> Floats:
    """Return values as an array of floats, which may be the input itself.

    Parameters
    ----------
    values : array_like
        Any input that `read_numbers` accepts.
    name : str
        The name of the values in messages.

    Raises
    ------
    MethodError
        The input cannot contain numbers, or some cells are not numbers; the position of each is
        listed.
    """
    try:
        numbers, wrong = read_numbers(values)
    except NotNumbersError as error:
        msg = f"{name} must be numbers: expected an array, a list or a data frame, got {error}"
        raise MethodError(msg) from error
    if wrong:
        faults = [f"{_place(at)}{_SHORT.repr(cell)} is {kind_of(cell)}" for at, cell in wrong]
        msg = f"{name} must be numbers"
        raise MethodError(msg, faults)
    return numbers


def is_complete(values: Floats) -> bool:
    """Return whether all values are known and finite; may return False for very large values.

    It reads the values only once and does not allocate an array.
    """
    with np.errstate(over="ignore", invalid="ignore"):
        return bool(np.isfinite(values.sum()))


def read_numbers(values: Any) -> tuple[Floats, list[Fault]]:
    """Return an array, a list or a data frame as floats, with NaN for missing values.

    Parameters
    ----------
    values : array_like
        Numbers or lists of numbers; NumPy arrays, including masked arrays and arrays of objects
        such as ``Decimal``; frames and series of pandas, polars and pyarrow. Masked values, None,
        NaN and the missing values of these libraries are read as missing.

    Returns
    -------
    numbers : ndarray
        An array of the same shape, which may be the input itself.
    wrong : list of (position, cell)
        The cells that are not numbers: text, dates, complex numbers, True and False, and whole
        numbers beyond the range of floats.

    Raises
    ------
    NotNumbersError
        The input is a mapping, a set, a generator or another object without cells in order.

    Examples
    --------
    >>> read_numbers([[1, None], ["x", 2.5]])
    (array([[1. , nan],
           [nan, 2.5]]), [((1, 0), 'x')])
    """
    if type(values) is not np.ndarray:
        values = _as_array(values)
    if values.dtype == np.float64:
        return values, []
    if values.dtype.kind in "fiu":
        with np.errstate(over="ignore"):  # of longer floats; callers report infinite values
            return values.astype(np.float64), []
    if values.dtype.kind in "mM":  # as objects, nanoseconds would become whole numbers
        cells = np.empty(values.size, dtype=object)
        cells[:] = [None if np.isnat(cell) else cell for cell in values.flat]
        return _by_cell(cells.reshape(values.shape))
    return _by_cell(values.astype(object))


def is_missing(cell: object) -> bool:
    """Return whether a cell is the missing value of any library, such as None or NaN.

    Examples
    --------
    >>> [is_missing(cell) for cell in (None, float("nan"), 0.0, "")]
    [True, True, False, False]
    """
    if type(cell) is str:  # most cells are names
        return False
    # pandas' NA and NaT are unequal to themselves or refuse to say.
    if cell is None or cell is np.ma.masked or type(cell).__name__ in {"NAType", "NaTType"}:
        return True
    if isinstance(cell, Decimal):
        return cell.is_nan()
    return isinstance(cell, (Number, np.generic)) and bool(cell != cell)  # noqa: PLR0124 NaN alone differs from itself


def kind_of(cell: object) -> str:
    """Return a description of a cell that is not a number, for messages.

    Examples
    --------
    >>> kind_of("3.5"), kind_of(1j), kind_of(object)
    ('text', 'a complex number', 'not a number')
    """
    for kinds, words in _WORDS.items():
        if isinstance(cell, kinds):
            return words
    return "too large for a float" if isinstance(cell, Real) else "not a number"


def _as_array(values: Any) -> NDArray[Any]:
    """Return the input as an array of numbers or of objects, its cells unchanged."""
    if isinstance(values, np.ma.MaskedArray):
        cells = np.asarray(values.data).astype(object)
        cells[np.ma.getmaskarray(values)] = None
        return cells
    if isinstance(values, np.ndarray):
        return np.asarray(values)
    if isinstance(values, (str, bytes, Mapping, AbstractSet, Iterator)) or not _has_cells(values):
        raise NotNumbersError(f"{kind_of(values)} ({type(values).__name__})")
    if isinstance(values, (list, tuple)):
        return _from_lists(values)
    framed = _from_frame(values)
    return np.asarray(values) if framed is None else framed


def _has_cells(values: Any) -> bool:
    """Return whether the input is a single number or has cells in order."""
    if isinstance(values, (Number, np.generic)) or values is None:
        return True
    order = hasattr(values, "__getitem__") and hasattr(values, "__len__")
    return order or hasattr(values, "__array__") or hasattr(values, "collect")


def _from_lists(values: Any) -> NDArray[Any]:
    """Return lists as an array of objects: NumPy would silently turn [1, "a"] into text."""
    kinds = set(map(type, values))
    if kinds <= {float, int, type(None)}:
        try:
            return np.array(values, dtype=np.float64)
        except OverflowError:
            return np.array(values, dtype=object)
    # From masked arrays and series, NumPy would lose which values are missing.
    values = [_row(row) for row in values]
    try:
        return np.array(values, dtype=object)
    except ValueError:  # rows of different lengths
        return np.fromiter(values, dtype=object, count=len(values))


def _row(row: Any, depth: int = 2) -> Any:
    if row is None or row is np.ma.masked:
        return None
    if isinstance(row, (list, tuple)):
        plain = depth == 0 or all(isinstance(x, (Number, np.generic, str)) for x in row)
        return row if plain else [_row(inner, depth - 1) for inner in row]
    if isinstance(row, (Number, np.generic, str, bytes, Mapping, AbstractSet, Iterator)):
        return row
    if not _has_cells(row):
        return row
    cells = _as_array(row).astype(object)
    return cells.item() if cells.ndim == 0 else cells


def _from_frame(values: Any) -> NDArray[Any] | None:
    """Return a frame or a series as an array, None for anything else."""
    if hasattr(values, "to_pylist") and not hasattr(values, "columns"):  # an array of pyarrow
        return _from_lists(values.to_pylist())
    import narwhals as nw

    if hasattr(values, "iloc") and values.ndim == 2:
        # By position, because column names in pandas may be numbers or duplicates.
        series = [values.iloc[:, j] for j in range(values.shape[1])]
        columns = [_from_series(nw.from_native(one, series_only=True)) for one in series]
        return np.stack(columns, axis=1) if columns else np.empty(values.shape)
    read = nw.from_native(values, pass_through=True, allow_series=True)
    if isinstance(read, nw.LazyFrame):
        read = read.collect()
    if isinstance(read, nw.DataFrame):
        columns = [_from_series(column) for column in read.iter_columns()]
        return np.stack(columns, axis=1) if columns else np.empty((len(read), 0))
    return _from_series(read) if isinstance(read, nw.Series) else None


def _from_series(series: Any) -> NDArray[Any]:
    import narwhals as nw

    if series.dtype.is_numeric():
        with suppress(TypeError, ValueError, OverflowError):  # of whole numbers beyond 64 bits
            return np.asarray(series.cast(nw.Float64).to_numpy(), dtype=np.float64)
    return np.fromiter(series.to_list(), dtype=object, count=len(series))


def _by_cell(cells: NDArray[Any]) -> tuple[Floats, list[Fault]]:
    numbers = np.full(cells.shape, np.nan)
    wrong: list[Fault] = []
    for at, cell in np.ndenumerate(cells):
        if is_missing(cell):
            continue
        number = _float(cell)
        if number is None:
            wrong.append((at, cell))
        else:
            numbers[at] = number
    return numbers, wrong


def _float(cell: Any) -> float | None:
    # NumPy calls a duration an integer.
    if isinstance(cell, (bool, np.bool_, np.timedelta64)) or not isinstance(cell, (Real, Decimal)):
        return None
    try:
        return float(cell)
    except OverflowError:
        return None


def _place(at: tuple[int, ...]) -> str:
    words = {1: ("position",), 2: ("row", "column")}.get(len(at))
    if words is None:
        return f"position {at}: " if at else ""
    return ", ".join(f"{word} {i}" for word, i in zip(words, at, strict=True)) + ": "


def as_table(
    values: ArrayLike,
    *,
    name: str = "values",
    columns: str = "n_indicators",
    missing: bool = False,
) -> Floats:
    """Return values as an array with a row for each unit and a column for each indicator.

    Parameters
    ----------
    values : array_like of shape (n_units, n_indicators)
        Any input that `read_numbers` accepts.
    name, columns : str
        The names of the values and of the number of columns in messages.
    missing : bool
        Whether NaN is accepted as a missing value.

    Raises
    ------
    MethodError
        The shape is wrong, there is no row or column, or values are infinite, or missing although
        ``missing`` is False; the row and column of each are listed.
    """
    table = as_floats(values, name)
    if table.ndim != 2 or 0 in table.shape:
        msg = f"{name} must have the shape (n_units, {columns}) with at least one of each, got "
        raise MethodError(msg + str(table.shape))
    wrong = np.isinf(table) if missing else ~np.isfinite(table)
    if wrong.any():
        faults = [f"row {i}, column {j}: {table[i, j]}" for i, j in np.argwhere(wrong).tolist()]
        msg = f"{name} must be finite numbers"
        raise MethodError(msg, faults)
    return table


def frozen_copy(values: Any) -> Floats:
    """Return a read-only copy."""
    copy = np.array(values, dtype=np.float64)
    copy.flags.writeable = False
    return copy


def is_above(first: Floats, second: Floats, scale: Any = None) -> Bools:
    """Return where the first values exceed the second by more than the tolerance for ties.

    Parameters
    ----------
    first, second : ndarray
        Values whose shapes broadcast; the result is False where one is NaN.
    scale : ndarray or float, optional
        The scale of the tolerance, which is a share of it; by default the larger absolute value of
        each pair.
    """
    if scale is None:
        scale = np.maximum(np.abs(first), np.abs(second))
    with np.errstate(invalid="ignore"):
        return np.asarray(first - second > TIE * scale)
