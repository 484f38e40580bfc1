"""Data frames whose columns and rows are matched by name instead of position."""

from collections.abc import Sequence
from typing import Any

from dli.arrays import Floats, as_floats
from dli.errors import MethodError, did_you_mean
from dli.weighting.ahp.tables import as_frame

__all__ = ["columns_in_order", "places_of", "split_keys"]


def columns_in_order(values: Any, name: str, columns: Sequence[str], kind: str) -> Floats:
    """Return a table as floats, with the columns of a data frame in the requested order.

    Arrays, lists and frames with default column names must already be in that order.

    Parameters
    ----------
    values : array_like or frame of shape (n_rows, n_columns)
        The table.
    name : str
        The name of the table in messages.
    columns : sequence of str
        The names of the columns in the requested order.
    kind : str
        What each column is, such as "factor", for messages.

    Raises
    ------
    MethodError
        The values are not numbers, or columns of a frame are missing or unknown. All faults are
        listed.

    Examples
    --------
    >>> columns_in_order([[0.1, 0.2]], "uniforms", ["a", "b"], "factor").tolist()
    [[0.1, 0.2]]
    """
    frame = as_frame(values, name)
    if frame is None:
        return as_floats(values, name)
    names = list(frame.columns)
    if set(names) != set(columns):
        places = range(len(names))
        if names in (list(places), [f"column_{place}" for place in places]):
            return as_floats(frame, name)
        faults = [
            f"column {column!r} is not one of the {kind}s{did_you_mean(column, columns)}"
            for column in names
            if column not in columns
        ]
        absent = [column for column in columns if column not in names]
        faults += [f"no column for the {kind} {column!r}" for column in absent]
        msg = f"{name} in a data frame must have a column for each {kind}"
        raise MethodError(msg, faults)
    return as_floats(frame.select(columns), name)


def split_keys(values: Any, name: str, keys: Sequence[str | None]) -> tuple[Any, list[Any] | None]:
    """Return a table without its key columns, and the names of its rows.

    Parameters
    ----------
    values : array_like or frame
        The table.
    name : str
        The name of the table in messages.
    keys : sequence of str or None
        The columns that name the rows; None is skipped. If a frame does not have all of them, the
        rows are named by the pandas index.

    Returns
    -------
    values : array_like or frame
        The table without the key columns.
    names : list or None
        The names of the rows, which are tuples if there are several keys. None for arrays and for
        frames whose rows are not named.
    """
    frame = as_frame(values, name)
    if frame is None:
        return values, None
    columns = [key for key in keys if key is not None]
    if set(columns) <= set(frame.columns):
        keyed = list(frame.select(columns).iter_rows())
        rest = frame.drop(columns)
        return rest, [key for (key,) in keyed] if len(columns) == 1 else keyed
    import narwhals as nw

    index = nw.maybe_get_index(frame)
    names: list[Any] = [] if index is None else list(index)
    # Whole numbers do not name rows: they are a default index, even if rows were sorted or removed.
    counts = all(isinstance(label, int) for label in names)
    return frame, None if counts else names


def places_of(names: Sequence[Any], wanted: Sequence[Any], what: str) -> list[int]:
    """Return the position of each wanted name among the names of rows.

    Raises
    ------
    MethodError
        Rows are missing, repeated or not wanted. All of them are listed.

    Examples
    --------
    >>> places_of(["Y", "X"], ["X", "Y"], "errors")
    [1, 0]
    """
    place = {row: i for i, row in enumerate(names)}
    known = set(wanted)
    faults = [
        f"row {row!r} is not in the data{did_you_mean(row, wanted)}"
        for row in place
        if row not in known
    ]
    faults += [f"no row for {row!r}" for row in wanted if row not in place]
    faults += [f"row {row!r} appears twice" for i, row in enumerate(names) if place[row] != i]
    if faults:
        msg = f"{what} in a data frame must have a row for each row of the data"
        raise MethodError(msg, faults)
    return [place[row] for row in wanted]
