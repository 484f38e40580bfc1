"""Imputation by a mean or a median of the indicator, of a group of units, or of the unit."""

from collections.abc import Callable, Mapping
from typing import Any, ClassVar

import numpy as np
from attrs import frozen

from dli.checks import choice_faults, is_whole, refuse, text_faults
from dli.errors import MethodError, UnknownCodeError
from dli.imputation.protocol import Context, Floats, Traits, refuse_empty
from dli.rescaling import extremes, rescaling

__all__ = ["ColumnMean", "ColumnMedian", "GroupMean", "GroupMedian", "RowMean", "RowMedian"]

# Halving values this often prevents overflow of any sum that fits into memory.
_HEADROOM = 64
_STATISTICS: Mapping[str, Callable[..., Any]] = {"mean": np.nanmean, "median": np.nanmedian}


class _Centre:
    """The common part of the imputations, which differ in the statistic and in its values."""

    __slots__ = ()
    statistic: ClassVar[str]
    symbol: ClassVar[str] = r"\bar x"

    @property
    def traits(self) -> Traits:
        """The properties of the imputation."""
        return Traits()

    def _of(self, values: Floats, axis: int) -> Floats:
        compute = _STATISTICS[self.statistic]
        with np.errstate(over="ignore", invalid="ignore"):
            centre = np.asarray(compute(values, axis=axis))
        if np.isfinite(centre).all():
            return centre
        # The sum exceeds the range of floats, but the mean does not.
        smaller = compute(np.ldexp(values, -_HEADROOM), axis=axis)
        low, high = np.fmin.reduce(values, axis=axis), np.fmax.reduce(values, axis=axis)
        with np.errstate(over="ignore"):
            clipped = np.clip(np.ldexp(smaller, _HEADROOM), low, high)
        return np.where(np.isfinite(centre), centre, clipped)

    @property
    def _name(self) -> str:
        return f"mean ${self.symbol}$" if self.statistic == "mean" else self.statistic


class _OfColumn(_Centre):
    __slots__ = ()

    def impute(self, values: Floats, context: Context) -> Floats:
        """Return filled values; raise a MethodError if an indicator has no value."""
        refuse_empty(values, context)
        return np.where(np.isnan(values), self._of(values, 0), values)

    def describe(self) -> str:
        """Return a one-sentence description with the formula."""
        return f"Missing values are filled with the {self._name} of the indicator."


@frozen
class ColumnMean(_OfColumn):
    r"""Fill the gaps of an indicator with its mean, $\bar x$.

    Examples
    --------
    >>> context = Context(units=("A", "B", "C"), codes=("x",))
    >>> ColumnMean().impute(np.array([[1.0], [np.nan], [4.0]]), context).ravel().tolist()
    [1.0, 2.5, 4.0]
    """

    statistic: ClassVar[str] = "mean"


@frozen
class ColumnMedian(_OfColumn):
    """Fill the gaps of an indicator with its median.

    Examples
    --------
    >>> context = Context(units=("A", "B", "C", "D"), codes=("x",))
    >>> ColumnMedian().impute(np.array([[1.0], [np.nan], [2.0], [9.0]]), context).ravel().tolist()
    [1.0, 2.0, 2.0, 9.0]
    """

    statistic: ClassVar[str] = "median"


@frozen
class _OfGroup(_Centre):
    group: str
    empty: str = "raise"

    def __attrs_post_init__(self) -> None:
        faults = [
            *text_faults(group=self.group),
            *choice_faults("empty", self.empty, ("raise", "keep")),
        ]
        refuse(type(self).__name__, faults)

    @property
    def traits(self) -> Traits:
        """The properties of the imputation: the column that it reads."""
        return Traits(columns=(self.group,))

    def impute(self, values: Floats, context: Context) -> Floats:
        """Return filled values.

        Raises
        ------
        UnknownCodeError
            If the data have no such column.
        MethodError
            If an indicator has no value, a unit with gaps has no group, or a group has no value.
        """
        if self.group not in context.columns:
            raise UnknownCodeError("column", [self.group], context.columns)
        refuse_empty(values, context)
        # NaN, the only label that differs from itself, means that a unit has no group.
        labels = [
            None if label != label else label  # noqa: PLR0124
            for label in context.columns[self.group]
        ]
        gaps = np.isnan(values)
        incomplete = np.flatnonzero(gaps.any(axis=1)).tolist()
        faults = [f"unit {context.units[i]!r}" for i in incomplete if labels[i] is None]
        if faults:
            raise MethodError(
                f"units with gaps need a value of {self.group!r}; it is missing for", faults
            )
        filled = values.copy()
        for label in dict.fromkeys(labels[i] for i in incomplete):
            rows = np.array([other == label for other in labels])
            known = ~gaps[rows].all(axis=0)
            centres = np.full(values.shape[1], np.nan)
            centres[known] = self._of(values[np.ix_(rows, known)], 0)
            filled[rows] = np.where(gaps[rows], centres, values[rows])
            faults += [
                f"{self.group} {label!r}: {context.codes[j]!r}" for j in np.flatnonzero(~known)
            ]
        if faults and self.empty == "raise":
            raise MethodError(
                "groups need a known value to fill their gaps; it is missing for", faults
            )
        return filled

    def describe(self) -> str:
        """Return a one-sentence description with the formula."""
        return (
            f"Missing values are filled with the {self._name} of the indicator over the units of "
            f"the same {self.group}."
        )


@frozen
class GroupMean(_OfGroup):
    r"""Fill the gaps of an indicator with its mean $\bar x$ over the units of the same group.

    Parameters
    ----------
    group : str
        The column of the data that names the group of each unit, such as a region.
    empty : {"raise", "keep"}
        What to do with a group that has gaps and no value of an indicator: raise an error or keep
        the gaps.

    Examples
    --------
    >>> regions = {"region": ["N", "N", "S"]}
    >>> context = Context(units=("A", "B", "C"), codes=("x",), columns=regions)
    >>> GroupMean("region").impute(np.array([[1.0], [np.nan], [4.0]]), context).ravel().tolist()
    [1.0, 1.0, 4.0]
    """

    statistic: ClassVar[str] = "mean"


@frozen
class GroupMedian(_OfGroup):
    """Fill the gaps of an indicator with its median over the units of the same group.

    The parameters are those of `GroupMean`.

    Examples
    --------
    >>> regions = {"region": ["N", "N", "S"]}
    >>> context = Context(units=("A", "B", "C"), codes=("x",), columns=regions)
    >>> GroupMedian("region").impute(np.array([[1.0], [np.nan], [4.0]]), context).ravel().tolist()
    [1.0, 1.0, 4.0]
    """

    statistic: ClassVar[str] = "median"


@frozen
class _OfRow(_Centre):
    symbol: ClassVar[str] = r"\bar y"
    level: int = 0

    def __attrs_post_init__(self) -> None:
        if not is_whole(self.level):
            raise MethodError(f"level must be a whole number, got {self.level!r}")

    def impute(self, values: Floats, context: Context) -> Floats:
        """Return filled values; raise a MethodError if an indicator has no value."""
        refuse_empty(values, context)
        if context.directions is None:
            raise MethodError(f"{type(self).__name__} needs the directions of the indicators")
        scale = rescaling(*extremes(values))
        if scale is None:
            return self._filled(values, context)
        filled = scale.undo(self._filled(scale.apply(values), context))
        return np.where(np.isnan(values), filled, values)

    def _filled(self, values: Floats, context: Context) -> Floats:
        more = np.array(context.directions) > 0
        low, high = extremes(values)
        start: Floats = np.where(more, low, high)
        span: Floats = np.where(more, high - low, low - high)
        # A constant indicator does not rank units; dividing by NaN excludes it.
        scaled = (values - start) / np.where(span == 0, np.nan, span)
        filled = values.copy()
        for columns in _columns_by_node(self.level, context):
            within = scaled[:, columns]
            known = ~np.isnan(within).all(axis=1)
            place = np.full(len(values), np.nan)
            place[known] = self._of(within[known], 1)
            guess = start[columns] + place[:, np.newaxis] * span[columns]
            guess = np.where(span[columns] == 0, low[columns], guess)
            filled[:, columns] = np.where(np.isnan(values[:, columns]), guess, values[:, columns])
        return filled

    def describe(self) -> str:
        """Return a one-sentence description with the formula."""
        within = {0: "over the whole index", -1: "within their parent"}.get(
            self.level, f"within the nodes of level {self.level}"
        )
        return (
            f"Missing values are filled with the {self._name} of the unit's other indicators, "
            f"scaled from worst to best, {within}."
        )


@frozen
class RowMean(_OfRow):
    r"""Fill the gaps of a unit with the mean of its other indicators, on a common scale.

    Each indicator is scaled from its worst (0) to its best value (1). A gap is filled with the mean
    $\bar y$ of the unit's scaled values, converted back to the scale of the indicator. A unit
    without any value in that part of the tree keeps its gaps. A constant indicator is left out, and
    its gaps are filled with the constant.

    Parameters
    ----------
    level : int
        The tree level of the nodes within which the mean is computed: 0 for the index, so that all
        indicators count; 1 for its sub-indices; -1 for the parents of the indicators. An indicator
        without an ancestor at that level counts with its own parent.

    Examples
    --------
    >>> known = {"parents": {"x": ("T",), "y": ("T",)}, "directions": (1, -1)}
    >>> context = Context(units=("A", "B", "C"), codes=("x", "y"), **known)
    >>> values = np.array([[0.0, 9.0], [10.0, 1.0], [7.5, np.nan]])
    >>> RowMean().impute(values, context)[2].tolist()
    [7.5, 3.0]
    """

    statistic: ClassVar[str] = "mean"


@frozen
class RowMedian(_OfRow):
    """Fill the gaps of a unit with the median of its other indicators, on a common scale.

    The method and its parameter are those of `RowMean`, with the median instead of the mean.

    Examples
    --------
    >>> known = {"parents": {"x": ("T",), "y": ("T",)}, "directions": (1, -1)}
    >>> context = Context(units=("A", "B", "C"), codes=("x", "y"), **known)
    >>> values = np.array([[0.0, 9.0], [10.0, 1.0], [7.5, np.nan]])
    >>> RowMedian().impute(values, context)[2].tolist()
    [7.5, 3.0]
    """

    statistic: ClassVar[str] = "median"


def _columns_by_node(level: int, context: Context) -> list[list[int]]:
    """Return the columns that share a node at a level."""
    columns: dict[str, list[int]] = {}
    for j, code in enumerate(context.codes):
        path = context.parents[code][::-1]  # the index first
        place = min(level, len(path) - 1) if level >= 0 else max(level, -len(path))
        columns.setdefault(path[place], []).append(j)
    return list(columns.values())
