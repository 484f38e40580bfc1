"""Filling gaps of an indicator from its own values in other units."""

from collections.abc import Callable
from typing import Any

import numpy as np
from attrs import frozen

from dli.errors import MethodError, UnknownCodeError
from dli.imputation.protocol import Context, Floats, refuse_empty

__all__ = ["ColumnMean", "ColumnMedian", "GroupMean", "GroupMedian"]


@frozen
class ColumnMean:
    r"""Fill the gaps of an indicator with its mean, :math:`\bar x`.

    Examples
    --------
    >>> context = Context(columns={}, units=("A", "B", "C"), periods=None, codes=("x",), parents={})
    >>> ColumnMean().impute(np.array([[1.0], [np.nan], [4.0]]), context).ravel().tolist()
    [1.0, 2.5, 4.0]
    """

    def impute(self, values: Floats, context: Context) -> Floats:
        """Fill each column.

        Raises
        ------
        MethodError
            Indicators without any value.
        """
        refuse_empty(values, context)
        return np.where(np.isnan(values), np.nanmean(values, axis=0), values)

    def describe(self) -> str:
        """Say it in a sentence, with the formula."""
        return r"Missing values are filled with the mean $\bar x$ of the indicator."


@frozen
class ColumnMedian:
    """Fill the gaps of an indicator with its median.

    Examples
    --------
    >>> context = Context(
    ...     columns={}, units=("A", "B", "C", "D"), periods=None, codes=("x",), parents={}
    ... )
    >>> ColumnMedian().impute(np.array([[1.0], [np.nan], [2.0], [9.0]]), context).ravel().tolist()
    [1.0, 2.0, 2.0, 9.0]
    """

    def impute(self, values: Floats, context: Context) -> Floats:
        """Fill each column.

        Raises
        ------
        MethodError
            Indicators without any value.
        """
        refuse_empty(values, context)
        return np.where(np.isnan(values), np.nanmedian(values, axis=0), values)

    def describe(self) -> str:
        """Say it in a sentence."""
        return "Missing values are filled with the median of the indicator."


@frozen
class GroupMean:
    r"""Fill the gaps of an indicator with its mean over the units of the same group.

    Parameters
    ----------
    group : str
        The column of the data that tells the groups, such as a region.
    empty : {"raise", "keep"}
        Refuse a group that has gaps and no value to fill them from, or leave its gaps.

    Examples
    --------
    >>> context = Context(
    ...     columns={"region": ["N", "N", "S"]},
    ...     units=("A", "B", "C"), periods=None, codes=("x",), parents={},
    ... )
    >>> GroupMean("region").impute(np.array([[1.0], [np.nan], [4.0]]), context).ravel().tolist()
    [1.0, 1.0, 4.0]
    """

    group: str
    empty: str = "raise"

    def __attrs_post_init__(self) -> None:
        _check_empty(self.empty)

    def impute(self, values: Floats, context: Context) -> Floats:
        """Fill each column, group by group.

        Raises
        ------
        UnknownCodeError
            There is no such column.
        MethodError
            Units without a group, groups without a value.
        """
        return _by_group(np.nanmean, self.group, self.empty, values, context)

    def describe(self) -> str:
        """Say it in a sentence, with the formula."""
        return (
            r"Missing values are filled with the mean $\bar x$ of the indicator over the units of "
            f"the same {self.group}."
        )


@frozen
class GroupMedian:
    """Fill the gaps of an indicator with its median over the units of the same group.

    Parameters
    ----------
    group : str
        The column of the data that tells the groups, such as a region.
    empty : {"raise", "keep"}
        Refuse a group that has gaps and no value to fill them from, or leave its gaps.

    Examples
    --------
    >>> context = Context(
    ...     columns={"region": ["N", "N", "S"]},
    ...     units=("A", "B", "C"), periods=None, codes=("x",), parents={},
    ... )
    >>> GroupMedian("region").impute(np.array([[1.0], [np.nan], [4.0]]), context).ravel().tolist()
    [1.0, 1.0, 4.0]
    """

    group: str
    empty: str = "raise"

    def __attrs_post_init__(self) -> None:
        _check_empty(self.empty)

    def impute(self, values: Floats, context: Context) -> Floats:
        """Fill each column, group by group.

        Raises
        ------
        UnknownCodeError
            There is no such column.
        MethodError
            Units without a group, groups without a value.
        """
        return _by_group(np.nanmedian, self.group, self.empty, values, context)

    def describe(self) -> str:
        """Say it in a sentence."""
        return (
            "Missing values are filled with the median of the indicator over the units of the same "
            f"{self.group}."
        )


def _check_empty(empty: str) -> None:
    if empty not in ("raise", "keep"):
        msg = f"empty must be 'raise' or 'keep', got {empty!r}"
        raise MethodError(msg)


def _by_group(
    centre: Callable[..., Any], group: str, empty: str, values: Floats, context: Context
) -> Floats:
    if group not in context.columns:
        what = "column"
        raise UnknownCodeError(what, [group], context.columns)
    labels = [None if _is_missing(label) else label for label in context.columns[group]]
    gaps = np.isnan(values)
    homeless = [
        f"unit {context.units[i]!r}"
        for i in np.flatnonzero(gaps.any(axis=1)).tolist()
        if labels[i] is None
    ]
    if homeless:
        msg = f"units with gaps need a value of {group!r}; there is none for"
        raise MethodError(msg, homeless)
    filled = values.copy()
    faults = []
    for label in dict.fromkeys(label for label in labels if label is not None):
        rows = np.array([other == label for other in labels])
        own = values[rows]
        known = ~np.isnan(own).all(axis=0)
        wanted = gaps[rows].any(axis=0)
        faults += [
            f"{group} {label!r}: {context.codes[j]!r}"
            for j in np.flatnonzero(wanted & ~known).tolist()
        ]
        means = np.full(values.shape[1], np.nan)
        means[known] = centre(own[:, known], axis=0)
        filled[rows] = np.where(gaps[rows], means, own)
    if faults and empty == "raise":
        msg = "a group needs a value of one unit at least to fill its gaps; there is none of"
        raise MethodError(msg, faults)
    return filled


def _is_missing(label: Any) -> bool:
    return label is None or label != label  # noqa: PLR0124 NaN alone differs from itself
