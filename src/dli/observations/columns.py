"""The columns of the data from which the indicators of an index are read."""

from collections.abc import Mapping, Sequence
from typing import TypeAlias

import numpy as np

from dli.arrays import Floats
from dli.errors import DataError
from dli.framework import Index, Indicator
from dli.framework.once import once_per_index

__all__ = ["Source", "data_columns", "node_codes", "required_columns", "sources", "values_of"]

# The code of an indicator, its column and its constant; one of the latter two is None.
Source: TypeAlias = tuple[str, str | None, float | None]


@once_per_index
def sources(index: Index) -> tuple[Source, ...]:
    """Return the source of the values of each indicator."""
    return tuple((i.code, i.data_column, i.constant) for i in index.indicators)


@once_per_index
def data_columns(index: Index) -> Mapping[str, tuple[str, ...]]:
    """Return the columns that hold values of an index, each with the codes of its indicators.

    Raises
    ------
    DataError
        All indicators are constants.

    Examples
    --------
    >>> data_columns(Index("T", [Indicator("a"), Indicator("b", column="a")]))
    {'a': ('a', 'b')}
    """
    codes: dict[str, list[str]] = {}
    for indicator in index.indicators:
        if indicator.data_column is not None:
            codes.setdefault(indicator.data_column, []).append(indicator.code)
    if not codes:
        msg = (
            f"all indicators of {index.code!r} are constants, so there are no data to assess; at "
            "least one indicator must have a column"
        )
        raise DataError(msg)
    return {name: tuple(of_column) for name, of_column in codes.items()}


@once_per_index
def required_columns(index: Index) -> frozenset[str]:
    """Return the columns that an index requires: those of values and of denominators."""
    denominators = {indicator.denominator for indicator in index.indicators} - {None}
    return frozenset(data_columns(index)) | frozenset(map(str, denominators))


@once_per_index
def node_codes(index: Index) -> frozenset[str]:
    """Return the codes of all nodes."""
    return frozenset(node.code for node in index.walk())


def values_of(indicators: Sequence[Indicator], columns: Sequence[str], measured: Floats) -> Floats:
    """Return the values of indicators, which may share columns or be constants.

    Parameters
    ----------
    indicators : sequence of Indicator
        The indicators.
    columns : sequence of str
        The names of the columns of ``measured``, which include those of all indicators.
    measured : ndarray of shape (n_rows, n_columns)
        The values of these columns.

    Returns
    -------
    ndarray of shape (n_rows, n_indicators)
        In Fortran order; the same array if each indicator has its own column.
    """
    if [indicator.data_column for indicator in indicators] == list(columns):
        return measured
    place = {name: j for j, name in enumerate(columns)}
    values = np.empty((len(measured), len(indicators)), order="F")
    for j, indicator in enumerate(indicators):
        name = indicator.data_column
        values[:, j] = indicator.constant if name is None else measured[:, place[name]]
    return values
