"""Filling gaps of a unit from its own values in other indicators."""

from collections.abc import Callable
from typing import Any

import numpy as np
from attrs import frozen

from dli.errors import MethodError
from dli.imputation.protocol import Context, Floats, refuse_empty

__all__ = ["RowMean", "RowMedian"]


@frozen
class RowMean:
    r"""Fill the gaps of a unit with the mean of its other indicators, on a common scale.

    Each indicator is stretched from its worst (0) to its best value (1); a gap gets the mean of
    the unit's own values :math:`\bar y` there, taken back to the indicator's scale. A unit without
    any value in the part of the tree keeps its gaps. An indicator that is constant takes no part,
    and its gaps get the constant.

    Parameters
    ----------
    level : int
        The level of the nodes within which the mean is taken: 0 is the index, so that all
        indicators count; 1 its sub-indices; -1 the indicators' own parents. An indicator that has
        no node above it at the level counts with its own parent.

    Examples
    --------
    >>> context = Context(
    ...     columns={}, units=("A", "B", "C"), periods=None, codes=("x", "y"),
    ...     parents={"x": ("T",), "y": ("T",)}, directions=(1, -1),
    ... )
    >>> values = np.array([[0.0, 9.0], [10.0, 1.0], [7.5, np.nan]])
    >>> RowMean().impute(values, context)[2].tolist()
    [7.5, 3.0]
    """

    level: int = 0

    def __attrs_post_init__(self) -> None:
        _check_level(self.level)

    def impute(self, values: Floats, context: Context) -> Floats:
        """Fill each row.

        Raises
        ------
        MethodError
            Indicators without any value, or a context without directions.
        """
        return _by_row(np.nanmean, self.level, values, context)

    def describe(self) -> str:
        """Say it in a sentence, with the formula."""
        return (
            r"Missing values are filled with the mean $\bar y$ of the unit's other indicators, "
            f"scaled from worst to best, {_within(self.level)}."
        )


@frozen
class RowMedian:
    """Fill the gaps of a unit with the median of its other indicators, on a common scale.

    As `RowMean`, with the median.

    Parameters
    ----------
    level : int
        The level of the nodes within which the median is taken, as of `RowMean`.

    Examples
    --------
    >>> context = Context(
    ...     columns={}, units=("A", "B", "C"), periods=None, codes=("x", "y"),
    ...     parents={"x": ("T",), "y": ("T",)}, directions=(1, -1),
    ... )
    >>> values = np.array([[0.0, 9.0], [10.0, 1.0], [7.5, np.nan]])
    >>> RowMedian().impute(values, context)[2].tolist()
    [7.5, 3.0]
    """

    level: int = 0

    def __attrs_post_init__(self) -> None:
        _check_level(self.level)

    def impute(self, values: Floats, context: Context) -> Floats:
        """Fill each row.

        Raises
        ------
        MethodError
            Indicators without any value, or a context without directions.
        """
        return _by_row(np.nanmedian, self.level, values, context)

    def describe(self) -> str:
        """Say it in a sentence."""
        return (
            "Missing values are filled with the median of the unit's other indicators, scaled from "
            f"worst to best, {_within(self.level)}."
        )


def _check_level(level: Any) -> None:
    if isinstance(level, bool) or not isinstance(level, int):
        msg = f"level must be a whole number, got {level!r}"
        raise MethodError(msg)


def _within(level: int) -> str:
    if level == 0:
        return "over the whole index"
    return "within their parent" if level == -1 else f"within the nodes of level {level}"


def _by_row(centre: Callable[..., Any], level: int, values: Floats, context: Context) -> Floats:
    refuse_empty(values, context)
    if context.directions is None:
        msg = "the mean of a row needs the directions of the indicators in the context"
        raise MethodError(msg)
    more = np.array(context.directions) > 0
    low: Floats = np.fmin.reduce(values, axis=0)
    high: Floats = np.fmax.reduce(values, axis=0)
    start: Floats = np.where(more, low, high)
    span: Floats = np.where(more, high - low, low - high)
    # A constant tells nothing about a unit's place; dividing by NaN leaves it out.
    scaled = (values - start) / np.where(span == 0, np.nan, span)
    filled = values.copy()
    for columns in _families(level, context):
        own = scaled[:, columns]
        known = ~np.isnan(own).all(axis=1)
        place = np.full(len(values), np.nan)
        place[known] = centre(own[known], axis=1)
        guess = start[columns] + place[:, np.newaxis] * span[columns]
        guess = np.where(span[columns] == 0, low[columns], guess)
        filled[:, columns] = np.where(np.isnan(values[:, columns]), guess, values[:, columns])
    return filled


def _families(level: int, context: Context) -> list[list[int]]:
    """Give the columns that share a node at a level."""
    families: dict[str, list[int]] = {}
    for j, code in enumerate(context.codes):
        path = context.parents[code][::-1]  # the index first
        place = min(level, len(path) - 1) if level >= 0 else max(level, -len(path))
        families.setdefault(path[place], []).append(j)
    return list(families.values())
