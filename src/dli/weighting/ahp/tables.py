"""Data frames of judgements: which rows and columns are whose."""

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
        """Return the rows, and their cells, in another order of the codes."""
        if self.codes is None or codes is None:
            return self.rows
        order = [self.codes.index(code) for code in codes]
        return [[self.rows[i][j] for j in order] for i in order]


def as_frame(values: Any, name: str) -> Any:
    """Return a data frame of any library as one of narwhals, None for anything else."""
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

    A frame of three columns, the first two of text, holds pairs with their values. In any other
    the codes are the names of the columns, unless these are those that a library gives by default,
    and the labels of the rows: the index of pandas, or a first column of text. Rows without labels
    are in the order of the columns. A frame without rows, labels that are not different texts or
    differ between rows and columns, and a table that is not square are a MethodError.
    """
    names, rows = list(frame.columns), frame.rows()
    if not rows or not names:
        msg = f"{name} must not be a table without rows or columns (columns: {_listed(names)})"
        raise MethodError(msg)
    if len(names) == 3 and are_texts(row[0] for row in rows) and are_texts(row[1] for row in rows):
        return Labelled(codes=None, rows=rows)
    own, held, rows = row_labels(frame, names, rows)
    n = len(held)
    across = None if _by_default(held, len(names) - n) else held
    faults = [*_label_faults("row", own), *_label_faults("column", across)]
    if not faults and own and across:
        faults = [f"row {label!r}: no such column" for label in own if label not in across]
        faults += [f"column {label!r}: no such row" for label in across if label not in own]
    if not faults and len(rows) != n:
        faults = [f"{len(rows)} rows, {n} columns of judgements among {_listed(names)}"]
    if faults:
        msg = (
            f"{name} in a data frame must be a square table, whose rows and columns have the same "
            "codes, or three columns: first, second, value"
        )
        raise MethodError(msg, faults)
    codes = tuple(across or own or ())
    if own and across:
        rows = [rows[own.index(label)] for label in across]
    return Labelled(codes=codes or None, rows=rows)


def row_labels(
    frame: Any, names: list[Any], rows: Sequence[Sequence[Any]]
) -> tuple[list[Any] | None, list[Any], Sequence[Sequence[Any]]]:
    """Return the labels of the rows, or None, with the columns and cells that are no labels."""
    import narwhals as nw

    index = nw.maybe_get_index(frame)
    labels = None if index is None else list(index)
    if labels == list(range(len(rows))):
        labels = None
    if labels is None and names and are_texts(row[0] for row in rows):
        return [row[0] for row in rows], names[1:], [row[1:] for row in rows]
    return labels, names, rows


def are_texts(cells: Any) -> bool:
    """Return whether the cells of a column are texts, some of which may be missing."""
    held = [cell for cell in cells if not is_missing(cell)]
    return bool(held) and all(isinstance(cell, str) for cell in held)


def _by_default(names: list[Any], first: int) -> bool:
    """Return whether names, from the first on, are those of columns that nobody named."""
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
