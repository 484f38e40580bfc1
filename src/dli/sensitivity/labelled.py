"""Data frames with named columns and rows, which are read by name and not by position."""

from collections.abc import Sequence
from typing import Any

from dli.arrays import Floats, as_floats
from dli.errors import MethodError, did_you_mean
from dli.weighting.ahp.tables import as_frame

__all__ = ["columns_in_order", "places_of", "split_keys"]


def columns_in_order(values: Any, name: str, columns: Sequence[str], kind: str) -> Floats:
    """Return a table as floats, the columns of a data frame in the order of their names.

    Arrays and lists are in that order already, and so is a frame whose columns nobody named.

    Parameters
    ----------
    values : array_like of shape (n_rows, n_columns)
    name : str
        What messages call the values.
    columns : sequence of str
    kind : str
        What a column is about, such as "factor".

    Raises
    ------
    MethodError
        Something that does not hold numbers, or a frame with other columns; all are listed.

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
            f"column {own!r} is not one of the {kind}s{did_you_mean(own, columns)}"
            for own in names
            if own not in columns
        ]
        faults += [f"no column for the {kind} {own!r}" for own in columns if own not in names]
        msg = f"{name} in a data frame must have a column for each {kind}"
        raise MethodError(msg, faults)
    return as_floats(frame.select(columns), name)


def split_keys(values: Any, name: str, keys: Sequence[str | None]) -> tuple[Any, list[Any] | None]:
    """Return a table without the columns that name its rows, and the names.

    Parameters
    ----------
    values : array_like or frame
    name : str
        What messages call the values.
    keys : sequence of str or None
        The columns that name rows, if they are all there; otherwise the index of a pandas frame
        does.

    Returns
    -------
    values : array_like or frame
    names : list or None
        Tuples for several keys; None for arrays, and for frames whose rows nobody named.
    """
    frame = as_frame(values, name)
    if frame is None:
        return values, None
    columns = [key for key in keys if key is not None]
    if set(columns) <= set(frame.columns):
        keyed = list(frame.select(columns).iter_rows())
        rest = frame.drop(columns)
        return rest, [own[0] for own in keyed] if len(columns) == 1 else keyed
    import narwhals as nw

    index = nw.maybe_get_index(frame)
    names: list[Any] = [] if index is None else list(index)
    # Whole numbers are what is left of counting after rows were sorted or left out.
    counts = all(isinstance(own, int) for own in names)
    return frame, None if counts else names


def places_of(names: Sequence[Any], wanted: Sequence[Any], what: str) -> list[int]:
    """Return where each wanted name is among the names of rows.

    Raises
    ------
    MethodError
        Rows that are missing, appear twice or are not wanted; all are listed.

    Examples
    --------
    >>> places_of(["Y", "X"], ["X", "Y"], "errors")
    [1, 0]
    """
    place = {own: i for i, own in enumerate(names)}
    known = set(wanted)
    faults = [
        f"row {own!r} is not in the data{did_you_mean(own, wanted)}"
        for own in place
        if own not in known
    ]
    faults += [f"no row for {own!r}" for own in wanted if own not in place]
    faults += [f"row {own!r} appears twice" for i, own in enumerate(names) if place[own] != i]
    if faults:
        msg = f"{what} in a data frame must have a row for each row of the data"
        raise MethodError(msg, faults)
    return [place[own] for own in wanted]
