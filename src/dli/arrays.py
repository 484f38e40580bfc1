"""Arrays as all functions take and return them, and the one tolerance for ties."""

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
    "is_missing",
    "kind_of",
    "read_numbers",
]

Floats: TypeAlias = NDArray[np.float64]
Bools: TypeAlias = NDArray[np.bool_]
Integers: TypeAlias = NDArray[np.int64]
# A cell that is not a number, with its position in the array.
Fault: TypeAlias = tuple[tuple[int, ...], object]

# Scores that differ by no more than this share of their scale are ties: rounding must not decide.
TIE = 1e-12

_SHORT = reprlib.Repr()
_SHORT.maxother = 60  # a date of NumPy in nanoseconds

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
    """Something that cannot hold numbers at all, such as a set."""


def as_floats(values: ArrayLike, name: str = "values") -> Floats:
    """Return values as an array of floats, which may be the caller's own.

    Parameters
    ----------
    values : array_like
        Anything that `read_numbers` reads.
    name : str
        What messages call the values.

    Raises
    ------
    MethodError
        Something that does not hold numbers, or cells that are not numbers, each with its place.
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


def read_numbers(values: Any) -> tuple[Floats, list[Fault]]:
    """Read an array, a list or a data frame as floats, NaN where a value is missing.

    Parameters
    ----------
    values : array_like
        Numbers, or lists of them; NumPy arrays, also masked ones and those of objects such as
        ``Decimal``; frames and series of pandas, polars and pyarrow. Masked values, None, NaN and
        the missing values of these libraries are missing.

    Returns
    -------
    numbers : ndarray
        Of the same shape; it may be the caller's own.
    wrong : list of (position, cell)
        The cells that are not numbers: text, dates, complex numbers, True and False, whole numbers
        beyond the range of floats.

    Raises
    ------
    NotNumbersError
        Mappings, sets, generators and whatever else has no cells in order.

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
        with np.errstate(over="ignore"):  # of longer floats; what becomes infinite is told later
            return values.astype(np.float64), []
    if values.dtype.kind in "mM":  # as objects those in nanoseconds would be whole numbers
        cells = np.empty(values.size, dtype=object)
        cells[:] = [None if np.isnat(cell) else cell for cell in values.flat]
        return _by_cell(cells.reshape(values.shape))
    return _by_cell(values.astype(object))


def is_missing(cell: object) -> bool:
    """Return whether a cell of any library holds nothing: None, NaN and the like.

    Examples
    --------
    >>> [is_missing(cell) for cell in (None, float("nan"), 0.0, "")]
    [True, True, False, False]
    """
    if type(cell) is str:  # most cells that come here are names
        return False
    # pandas' NA and NaT are unequal to themselves or refuse to say.
    if cell is None or cell is np.ma.masked or type(cell).__name__ in {"NAType", "NaTType"}:
        return True
    if isinstance(cell, Decimal):
        return cell.is_nan()
    return isinstance(cell, (Number, np.generic)) and bool(cell != cell)  # noqa: PLR0124 NaN alone differs from itself


def kind_of(cell: object) -> str:
    """Return what a cell that is not a number is, for messages.

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
    """Return what came in as an array of numbers or of objects, its cells unchanged."""
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
    """Return whether something is a single number or has cells in order."""
    if isinstance(values, (Number, np.generic)) or values is None:
        return True
    order = hasattr(values, "__getitem__") and hasattr(values, "__len__")
    return order or hasattr(values, "__array__") or hasattr(values, "collect")


def _from_lists(values: Any) -> NDArray[Any]:
    """Return lists as an array of objects: NumPy would turn [1, "a"] into text without a word."""
    kinds = set(map(type, values))
    if kinds <= {float, int, type(None)}:
        try:
            return np.array(values, dtype=np.float64)
        except OverflowError:
            return np.array(values, dtype=object)
    # Of masked arrays and series NumPy would take the values and drop what is missing.
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
        # By place: the names of columns in pandas may be numbers, or the same.
        series = [values.iloc[:, j] for j in range(values.shape[1])]
        columns = [_from_series(nw.from_native(own, series_only=True)) for own in series]
        return np.stack(columns, axis=1) if columns else np.empty(values.shape)
    read = nw.from_native(values, pass_through=True, allow_series=True)
    if isinstance(read, nw.LazyFrame):
        read = read.collect()
    if isinstance(read, nw.DataFrame):
        columns = [_from_series(own) for own in read.iter_columns()]
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
    name, columns : str
        What messages call the values and their columns.
    missing : bool
        Whether NaN is accepted, as a missing value.

    Raises
    ------
    MethodError
        Another shape, no row or column, infinite values, or missing ones that are not accepted;
        rows and columns are named.
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
    """Return where values lie above others by more than a tie.

    Parameters
    ----------
    first, second : ndarray
        Of shapes that broadcast; NaN lies above nothing.
    scale : ndarray or float, optional
        What the tolerance is a share of; the larger absolute value of each pair by default.
    """
    if scale is None:
        scale = np.maximum(np.abs(first), np.abs(second))
    with np.errstate(invalid="ignore"):
        return np.asarray(first - second > TIE * scale)
