"""Reading judgements from rows, pairs, mappings, arrays and data frames."""

import math
import reprlib
from collections.abc import Iterator, Mapping, Sequence
from decimal import Decimal
from fractions import Fraction
from os import PathLike
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import ArrayLike

from dli.arrays import Floats, as_floats, is_missing
from dli.checks import number_fault
from dli.errors import MethodError
from dli.weighting.ahp.consistency import RANGE, ROUNDING, beyond_range
from dli.weighting.ahp.tables import Labelled, as_frame, read_frame

__all__ = ["Rows", "are_pairs", "codes_in", "ends_of", "read_judgements", "read_matrices"]

# The rows of a square matrix, or pairs with their value: ("a", "b", 3.0).
Rows: TypeAlias = tuple[tuple[Any, ...], ...]

_FORMS = "a matrix, a mapping or a list of pairs such as [['a', 'b', 3]], or a data frame of either"


def read_judgements(judgements: Any, name: str = "judgements") -> Rows:
    """Return judgements as plain tuples: the rows of a square matrix, or pairs with their value.

    `AHP` describes the accepted forms. Masked cells are missing, and a frame with labels is
    converted to pairs, which include their codes. A MethodError lists all rows that belong neither
    to a square matrix nor to pairs, or all judgements that are not positive numbers or intervals.

    Examples
    --------
    >>> read_judgements([[1, 3], [None, 1]])
    ((1, 3), (None, 1))
    >>> read_judgements({("a", "b"): [2, 4]})
    (('a', 'b', (2, 4)),)
    """
    out = tuple(tuple(_cell(cell) for cell in row) for row in _rows_of(judgements, name))
    if not are_pairs(out):
        _check_shape(out, name)
    faults = [f"{where}: {fault}" for where, cell in _cells(out) if (fault := _fault(cell))]
    if faults:
        msg = f"{name} must be numbers above zero, or intervals of them"
        raise MethodError(msg, faults)
    return out


def read_matrices(matrices: ArrayLike, name: str = "judgements") -> Floats:
    """Return a matrix, or a stack of them, as floats; rows of frames follow their columns.

    The frames with labels in a stack are put in the order of the first. A MethodError is raised for
    anything that is not an array of numbers, for a frame of pairs, and for stacked frames whose
    labels differ.
    """
    if not isinstance(matrices, (list, tuple)):
        frame = as_frame(matrices, name)
        return as_floats(matrices if frame is None else _matrix(frame, name).rows, name)
    read = [(each, as_frame(each, name)) for each in matrices]
    if all(frame is None for _, frame in read):
        return as_floats(matrices, name)
    tables = [
        Labelled(codes=None, rows=as_floats(each, name).tolist())
        if frame is None
        else _matrix(frame, name)
        for each, frame in read
    ]
    first = tables[0].codes
    faults = [
        f"matrix {place}: {', '.join(table.codes or ['no labels'])}"
        for place, table in enumerate(tables)
        if set(table.codes or ()) != set(first or ())
    ]
    if faults:
        msg = f"{name} must all have the labels of matrix 0: {', '.join(first or ['none'])}"
        raise MethodError(msg, faults)
    return as_floats([table.in_order(first) for table in tables], name)


def are_pairs(judgements: Sequence[Sequence[Any]]) -> bool:
    """Return whether judgements are pairs with a value and not a matrix; True if empty."""
    return all(
        len(row) == 3 and isinstance(row[0], str) and isinstance(row[1], str) for row in judgements
    )


def codes_in(judgements: Sequence[Sequence[Any]]) -> tuple[str, ...]:
    """Return the codes in pairs, in order of appearance."""
    return tuple(dict.fromkeys(code for row in judgements for code in row[:2]))


def _rows_of(judgements: Any, name: str) -> Sequence[Sequence[Any]]:
    if isinstance(judgements, Mapping):
        return _from_mapping(judgements, name)
    frame = as_frame(judgements, name)
    if frame is not None:
        table = read_frame(frame, name)
        return table.rows if table.codes is None else _as_pairs(table.codes, table.rows)
    rows = judgements
    # tolist() would convert dates in nanoseconds to whole numbers.
    if isinstance(judgements, np.ndarray) and judgements.dtype.kind not in "mM":
        rows = judgements.tolist()  # None where masked
    if not isinstance(rows, (list, tuple)) or not all(map(_is_row, rows)):
        got = f"{reprlib.repr(judgements)} ({type(judgements).__name__})"
        hint = "convert a data frame of another library to rows first"
        if isinstance(judgements, (str, PathLike)):
            hint = "read a file into a data frame first"
        msg = f"{name} must be {_FORMS}, got {got}; {hint}"
        raise MethodError(msg)
    return rows


def _is_row(row: object) -> bool:
    return isinstance(row, (list, tuple)) or (isinstance(row, np.ndarray) and row.ndim > 0)


def _from_mapping(judgements: Mapping[Any, Any], name: str) -> list[tuple[Any, ...]]:
    faults = [
        f"{key!r}"
        for key in judgements
        if not (isinstance(key, tuple) and len(key) == 2 and all(isinstance(k, str) for k in key))
    ]
    if faults:
        msg = f"{name} in a mapping must have pairs as keys, such as ('a', 'b')"
        raise MethodError(msg, faults)
    return [(*pair, value) for pair, value in judgements.items()]


def _matrix(frame: Any, name: str) -> Labelled:
    table = read_frame(frame, name)
    if table.codes is None and table.rows and are_pairs(table.rows):
        msg = f"{name} must be a matrix here, not a table of pairs: `AHP` reads pairs"
        raise MethodError(msg)
    return table


def _cell(value: Any) -> Any:
    """Return a missing judgement as None, which equals itself, and an interval as a tuple."""
    if isinstance(value, (Decimal, Fraction)):
        try:
            value = float(value)
        except (ValueError, OverflowError):
            return value  # rejected later, as any other object
    if is_missing(value):
        return None
    if isinstance(value, (np.integer, np.floating, np.bool_, np.str_)):
        return value.item()
    if isinstance(value, np.ndarray) and value.dtype.kind not in "mM":
        value = value.tolist()
    return tuple(_cell(end) for end in value) if isinstance(value, (list, tuple)) else value


def _check_shape(rows: Rows, name: str) -> None:
    if any(row and isinstance(row[0], str) for row in rows):
        faults = [f"row {i}: {list(row)!r}" for i, row in enumerate(rows) if not are_pairs([row])]
        msg = f"{name} by pairs must be rows of two codes and a number, such as ['a', 'b', 3]"
        raise MethodError(msg, faults)
    odd = [f"row {i} has {len(row)} cells" for i, row in enumerate(rows) if len(row) != len(rows)]
    if odd:
        msg = f"{name} in a matrix must have as many rows as columns; there are {len(rows)} rows"
        raise MethodError(msg, odd)


def _cells(judgements: Rows) -> Iterator[tuple[str, Any]]:
    """Yield the location and the value of every judgement."""
    if are_pairs(judgements):
        yield from ((f"({a}, {b})", value) for a, b, value in judgements)
    else:
        for i, row in enumerate(judgements):
            yield from ((f"row {i}, column {j}", value) for j, value in enumerate(row))


def _fault(value: Any) -> str:
    if value is None:
        return ""
    if not isinstance(value, tuple):
        fault, what = _number_fault(value), "a judgement"
    elif len(value) != 2 or any(map(_number_fault, value)):
        return f"an interval must be two numbers above 0, got {value!r}"
    else:
        fault, what = "", "the ends of an interval"
        if value[0] > value[1]:
            fault = f"the interval {value!r} must have its lower end first"
    if not fault and beyond_range(value).any():
        return f"{what} must be {RANGE}, got {value!r}"
    return fault


def _number_fault(value: Any) -> str:
    fault = number_fault("a judgement", value, above=0)
    if not fault and math.isinf(1 / float(value)):
        return f"a judgement must have a finite reciprocal, got {value!r}"
    return fault


def _as_pairs(codes: Sequence[str], rows: Sequence[Sequence[Any]]) -> list[tuple[Any, ...]]:
    """Return a matrix with labels as equivalent pairs."""
    cells = [[_cell(cell) for cell in row] for row in rows]
    # Ones on the diagonal are left out, except for a single item, which has no other judgement.
    out: list[tuple[Any, ...]] = [
        (code, code, cells[i][i])
        for i, code in enumerate(codes)
        if len(codes) == 1 or cells[i][i] not in (None, 1)
    ]
    for i, a in enumerate(codes):
        for j in range(i + 1, len(codes)):
            upper, lower = cells[i][j], cells[j][i]
            both = upper is not None and lower is not None
            if both and not _fault(upper) and not _fault(lower) and _agree(upper, lower):
                upper, lower = _clearer(upper, lower), None
            if upper is not None or lower is None:
                out.append((a, codes[j], upper))
            if lower is not None:
                out.append((codes[j], a, lower))
    return out


def ends_of(value: Any) -> tuple[float, float]:
    """Return the ends of an interval; a number is both ends, and a missing judgement is NaN."""
    if isinstance(value, tuple):
        return value[0], value[1]
    return (math.nan, math.nan) if value is None else (value, value)


def _agree(upper: Any, lower: Any) -> bool:
    """Return whether two judgements are reciprocal, apart from rounding."""
    (a, b), (c, d) = ends_of(upper), ends_of(lower)
    return abs(a * d - 1) <= ROUNDING and abs(b * c - 1) <= ROUNDING


def _clearer(upper: Any, lower: Any) -> Any:
    """Return the larger of two reciprocal judgements, as a judgement in the direction of upper."""
    (a, b), (c, d) = ends_of(upper), ends_of(lower)
    if a * b >= c * d:
        return upper
    return (1 / d, 1 / c) if isinstance(lower, tuple) else 1 / lower
