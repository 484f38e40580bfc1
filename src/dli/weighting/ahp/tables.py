"""Data frames of judgements, and the codes of their rows and columns."""

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from attrs import frozen

from dli.arrays import is_missing
from dli.errors import MethodError

__all__ = ["Labelled", "are_texts", "as_frame", "read_frame", "row_labels"]


@frozen(kw_only=True)
class Labelled:
    """Rows of cells, and the codes of both rows and columns if the table has them."""

    codes: tuple[str, ...] | None
    rows: Sequence[Sequence[Any]]

    def in_order(self, codes: Sequence[str] | None) -> Sequence[Sequence[Any]]:
        """Return the rows, and their cells, in the order of some codes."""
        if self.codes is None or codes is None:
            return self.rows
        order = [self.codes.index(code) for code in codes]
        return [[self.rows[i][j] for j in order] for i in order]


def as_frame(values: Any, name: str) -> Any:
    """Return a data frame of any library as a narwhals frame, or None for anything else."""
    if values is None or isinstance(
        values, (Mapping, list, tuple, set, str, bytes, int, float, np.ndarray, np.generic)
    ):
        return None
    import narwhals as nw

    try:
        frame = nw.from_native(values, pass_through=True)
    except nw.exceptions.DuplicateError as error:
        msg = f"{name}: column names must differ: {error}"
        raise MethodError(msg) from error
    if isinstance(frame, nw.LazyFrame):
        frame = frame.collect()
    return frame if isinstance(frame, nw.DataFrame) else None


def read_frame(frame: Any, name: str = "judgements") -> Labelled:
    """Return a frame of pairs, or a square one with its rows in the order of its columns.

    A frame with three columns, the first two of text, contains pairs with their values. In any
    other frame, the codes are the names of the columns, unless these are a library's default names,
    and the labels of the rows: the pandas index, or a first column of text. Rows without labels are
    in the order of the columns. A MethodError is raised for a frame without rows or columns, for
    labels that are not text, are repeated or differ between rows and columns, and for a table that
    is not square.
    """
    names, rows = list(frame.columns), frame.rows()
    if not rows or not names:
        msg = f"{name} must not be a table without rows or columns (columns: {_listed(names)})"
        raise MethodError(msg)
    if len(names) == 3 and are_texts(row[0] for row in rows) and are_texts(row[1] for row in rows):
        return Labelled(codes=None, rows=rows)
    row_codes, columns, rows = row_labels(frame, names, rows)
    n = len(columns)
    column_codes = None if _by_default(columns, len(names) - n) else columns
    faults = [*_label_faults("row", row_codes), *_label_faults("column", column_codes)]
    if not faults and row_codes and column_codes:
        faults = [f"row {code!r}: no such column" for code in row_codes if code not in column_codes]
        faults += [
            f"column {code!r}: no such row" for code in column_codes if code not in row_codes
        ]
    if not faults and len(rows) != n:
        faults = [f"{len(rows)} rows, {n} columns of judgements among {_listed(names)}"]
    if faults:
        msg = (
            f"{name} in a data frame must be a square table, whose rows and columns have the same "
            "codes, or three columns: first, second, value"
        )
        raise MethodError(msg, faults)
    codes = tuple(column_codes or row_codes or ())
    if row_codes and column_codes:
        rows = [rows[row_codes.index(code)] for code in column_codes]
    return Labelled(codes=codes or None, rows=rows)


def row_labels(
    frame: Any, names: list[Any], rows: Sequence[Sequence[Any]]
) -> tuple[list[Any] | None, list[Any], Sequence[Sequence[Any]]]:
    """Return the labels of the rows, or None, and the columns and cells that are not labels."""
    import narwhals as nw

    index = nw.maybe_get_index(frame)
    labels = None if index is None else list(index)
    if labels == list(range(len(rows))):
        labels = None
    if labels is None and names and are_texts(row[0] for row in rows):
        return [row[0] for row in rows], names[1:], [row[1:] for row in rows]
    return labels, names, rows


def are_texts(cells: Any) -> bool:
    """Return whether a column has cells that are not missing, and all of these are text."""
    present = [cell for cell in cells if not is_missing(cell)]
    return bool(present) and all(isinstance(cell, str) for cell in present)


def _by_default(names: list[Any], first: int) -> bool:
    """Return whether names are the default names of columns, numbered from ``first``."""
    places = list(range(first, first + len(names)))
    return names in (places, [f"column_{place}" for place in places])


def _label_faults(what: str, labels: list[Any] | None) -> list[str]:
    faults = [f"{what} label {x!r} is not text" for x in labels or () if not isinstance(x, str)]
    if faults:
        return faults
    repeated = [label for label, times in Counter(labels or ()).items() if times > 1]
    return [f"{what} label {label!r} appears twice" for label in repeated]


def _listed(names: list[Any]) -> str:
    return ", ".join(map(str, names)) or "none"
