"""Scores, ranks and weights as arrays, and the rows and tables that everything else builds on."""

from collections.abc import Iterable, Mapping, Sequence
from functools import cached_property
from typing import Any

import numpy as np
from attrs import field, frozen
from numpy.typing import NDArray

from dli.arrays import Floats
from dli.checks import is_hashable, several
from dli.errors import DataError, MethodError, UnknownCodeError
from dli.frames import Frame, build
from dli.framework import Index, Indicator
from dli.framework.select import inner_node
from dli.method import Choices, Method
from dli.observations import Observations
from dli.ranking import rank_scores, rank_within
from dli.scoring.adjusting import Adjusted
from dli.scoring.held import HeldTree
from dli.scoring.holding import hold
from dli.scoring.pipeline import STAGES, Run

__all__ = ["Scored"]


@frozen(eq=False, repr=False)
class Scored:
    """What the steps of a method made of data; `Assessment` adds tables, files and texts.

    Attributes
    ----------
    index : Index
    observations : Observations
    method : Method
    """

    index: Index
    observations: Observations
    method: Method
    _run: Run = field()

    # -- rows ------------------------------------------------------------------------------------

    @cached_property
    def units(self) -> tuple[Any, ...]:
        """The unit of each row; units left out for lack of indicators are not among them."""
        return self._kept(self.observations.units)

    @cached_property
    def periods(self) -> tuple[Any, ...] | None:
        """The period of each row, None for data without periods."""
        periods = self.observations.periods
        return None if periods is None else self._kept(periods)

    def _kept(self, items: Sequence[Any]) -> tuple[Any, ...]:
        rows = self._run.rows
        return tuple(items) if isinstance(rows, slice) else tuple(items[i] for i in rows.tolist())

    @property
    def rows_by_period(self) -> Mapping[Any, NDArray[np.intp]]:
        """The rows of each period in the order of the data; of None for data without periods."""
        return self._run.rows_by_period

    def rows(self, period: object = None) -> NDArray[np.intp]:
        """Return the rows that belong together: those of a period.

        Parameters
        ----------
        period : object, optional
            May be left out where the data have no periods, or one only.

        Raises
        ------
        UnknownCodeError
            No such period.
        MethodError
            A period of data without periods, or none of data with several.
        """
        groups = self.rows_by_period
        if self.periods is None:
            if period is not None:
                msg = f"the data have no periods, got period={period!r}"
                raise MethodError(msg)
            return groups[None]
        if period is None:
            if len(groups) > 1:
                known = [repr(own) for own in groups]
                shown = ", ".join(known if len(known) <= 8 else [*known[:3], "...", known[-1]])
                msg = f"the data have several periods: choose one of {shown} with period=..."
                raise MethodError(msg)
            return next(iter(groups.values()))
        if not is_hashable(period) or period not in groups:
            what = "period"
            raise UnknownCodeError(what, [period], groups)
        return groups[period]

    def rows_beside(self, row: int) -> NDArray[np.intp]:
        """Return the rows that a row is compared with: those of its period, itself among them."""
        return self.rows_by_period[None if self.periods is None else self.periods[row]]

    def row(self, unit: object, *, period: object = None) -> int:
        """Return the row of a unit in a period.

        Raises
        ------
        UnknownCodeError
            No such unit or period, or a unit that is not in that period.
        DataError
            A unit that was left out for lack of indicators.
        MethodError
            A period of data without periods, or none of data with several.
        """
        rows = self.rows(period)
        found = [int(row) for row in rows if is_hashable(unit) and self.units[row] == unit]
        if found:
            return found[0]
        if is_hashable(unit) and unit in self.units:
            own = [p for u, p in zip(self.units, self.periods or (), strict=True) if u == unit]
            raise UnknownCodeError(f"period of unit {unit!r}", [period], own)
        if is_hashable(unit) and unit in self.observations.units:
            msg = f"unit {unit!r} was left out of the assessment: it has too few of the indicators"
            raise DataError(msg)
        what = "unit"
        raise UnknownCodeError(what, [unit], dict.fromkeys(self.units))

    def scored_row(self, unit: object, code: str, *, period: object = None) -> int:
        """Return the row of a unit that has a score at a node.

        Raises
        ------
        UnknownCodeError, MethodError
            As `row`.
        DataError
            A unit without a score at the node.
        """
        row = self.row(unit, period=period)
        if np.isnan(self.array(code)[row]):
            msg = f"unit {unit!r} has no score at {code!r}"
            raise DataError(msg)
        return row

    def rows_of(self, units: Iterable[object], rows: Sequence[int] | NDArray[np.intp]) -> list[int]:
        """Return the rows of units among some rows, each once.

        Raises
        ------
        UnknownCodeError
            Units that are not among the rows.
        MethodError
            No units at all, or something that holds none.
        """
        place = {self.units[row]: int(row) for row in rows}
        wanted = several("units", units)
        unknown = [unit for unit in wanted if not is_hashable(unit) or unit not in place]
        if unknown:
            what = "unit"
            raise UnknownCodeError(what, unknown, place)
        if not wanted:
            msg = "units must name at least one unit, got none"
            raise MethodError(msg)
        return [place[unit] for unit in wanted]

    def has_rows_of(self, other: "Scored") -> bool:
        """Return whether another assessment has the same units and periods in the same order."""
        return (self.units, self.periods) == (other.units, other.periods)

    def context(self, column: str, *, numbers: bool = False) -> list[Any]:
        """Return a column of the data that the index does not name, a cell for each row.

        Parameters
        ----------
        column : str
        numbers : bool
            Whether texts of a file are returned as numbers if all of them are numbers; otherwise
            only if all read back as they were written, as names of groups must.

        Raises
        ------
        UnknownCodeError
            No such column.
        """
        if not is_hashable(column) or column not in self.observations.table.names:
            raise UnknownCodeError("column", [column], self.observations.table.names)
        table = self.observations.table
        return list(self._kept(table.variable(column) if numbers else table.column(column)))

    # -- tables ----------------------------------------------------------------------------------

    def frame(
        self,
        columns: Mapping[str, Any],
        *,
        rows: Sequence[int | None] | NDArray[np.intp] | None = None,
        integers: Iterable[str] = (),
        names: bool = False,
    ) -> Frame:
        """Return a table in the data's library, the keys of units and periods in front.

        Parameters
        ----------
        columns : mapping of str to sequence
            A cell for each of the rows.
        rows : sequence of int or None, optional
            Which rows, in any order and repeated if need be, None for what is about no unit; all
            by default.
        integers : iterable of str
            Columns of whole numbers that come as floats because some are missing.
        names : bool
            Add the column ``name`` of the data after the keys, if there is one.
        """
        own = list(range(len(self.units)) if rows is None else rows)
        if names and "name" in self.observations.context:
            cells = self.context("name")
            columns = {"name": [None if i is None else cells[i] for i in own], **columns}
        kept = self._run.rows
        if not isinstance(kept, slice):
            own = [None if i is None else int(kept[i]) for i in own]
        return self.observations.frame(columns, rows=own, integers=integers)

    def table(
        self,
        columns: Mapping[str, Any],
        *,
        periods: Sequence[Any] | None = None,
        integers: Iterable[str] = (),
    ) -> Frame:
        """Return a table in the data's library that is not about units.

        Parameters
        ----------
        columns : mapping of str to sequence
        periods : sequence, optional
            The period of each row, which goes in front if the data have periods.
        integers : iterable of str
            Columns of whole numbers that come as floats because some are missing.
        """
        if periods is not None and self.periods is not None:
            key = str(self.observations.period_column)
            if key in columns:
                msg = f"the column of periods, {key!r}, is a column of this table too; rename it"
                raise DataError(msg)
            columns = {key: list(periods), **columns}
        return build(columns, self.observations.table.library, integers=integers)

    # -- arrays ----------------------------------------------------------------------------------

    @property
    def choices(self) -> Choices:
        """The method, resolved for the tree."""
        return self._run.choices

    @property
    def normalisations(self) -> Sequence[tuple[Any, Any]]:
        """The normalisations in force, told their rows, each with the columns that it serves."""
        return self._run.normalisations

    @property
    def node_normalisations(self) -> Mapping[str, Any]:
        """The normalisations of scores, told their rows, by the code of the node."""
        return self._run.node_normalisations

    @property
    def adjusted(self) -> Mapping[str, Adjusted]:
        """What is done to scores that do not follow from the children alone, by code."""
        return self._run.adjusted

    def array(self, code: str, *, normalised: bool = False) -> Floats:
        """Return the scores of a node; an indicator's score is its normalised value.

        Parameters
        ----------
        code : str
        normalised : bool
            Return what enters the parent instead, which differs where the score of a node is
            normalised.

        Returns
        -------
        ndarray of shape (n_units,)
            Read-only; NaN where the score is missing.

        Raises
        ------
        UnknownCodeError
            No such node.
        """
        self.index.find(code)
        return (self._run.entered if normalised else self._run.scores)[code]

    def arrays(self, codes: Iterable[str], *, normalised: bool = False) -> Floats:
        """Return what `array` does for several nodes side by side, of shape (n_units, n_nodes)."""
        columns = [self.array(code, normalised=normalised) for code in codes]
        return np.stack(columns, axis=1) if columns else np.empty((len(self.units), 0))

    def rank_array(self, code: str) -> Floats:
        """Return the ranks of a node: 1 is best, ties share the smaller rank.

        Returns
        -------
        ndarray of shape (n_units,)
            Whole numbers, NaN where the score is missing; ranks are within each period.

        Raises
        ------
        UnknownCodeError
            No such node.
        """
        node = self.index.find(code)
        ranks = self._indicator_ranks if isinstance(node, Indicator) else self._node_ranks
        return ranks[code]

    @cached_property
    def _node_ranks(self) -> Mapping[str, Floats]:
        return self._ranked([n.code for n in self.index.walk() if isinstance(n, Index)])

    @cached_property
    def _indicator_ranks(self) -> Mapping[str, Floats]:
        return self._ranked([indicator.code for indicator in self.index.indicators])

    def _ranked(self, codes: Sequence[str]) -> Mapping[str, Floats]:
        return dict(zip(codes, self._ranks(codes, self.periods), strict=True))

    def _ranks(self, codes: Sequence[str], groups: Sequence[Any] | None) -> Floats:
        """Return ranks of nodes within groups of rows."""
        scores = np.stack([self._run.scores[code] for code in codes])
        ranks = rank_scores(scores) if groups is None else rank_within(scores, groups)
        ranks.flags.writeable = False
        return ranks

    def weight_array(self, code: str, row: int | None = None) -> Floats:
        """Return the weights of a node's children within the node.

        Parameters
        ----------
        code : str
        row : int, optional
            For one row alone.

        Returns
        -------
        ndarray of shape (n_children,), or (n_units, n_children) where units have their own

        Raises
        ------
        UnknownCodeError
            No such node.
        MethodError
            An indicator: it has no children.
        """
        inner_node(self.index, code)
        weights = self._run.weights[code]
        return weights if row is None or weights.ndim == 1 else np.asarray(weights[row])

    def effective_weight_array(self, code: str, *, within: str | None = None) -> Floats:
        """Return the effective weight of a node: the product of weights from the index down to it.

        Parameters
        ----------
        code : str
        within : str, optional
            A node above it to start from in place of the index.

        Returns
        -------
        ndarray of shape (), or (n_units,) where units have their own weights

        Raises
        ------
        UnknownCodeError
            No such node, or one that does not lie below ``within``.
        """
        path = self.index.path(code)
        line = [code, *(node.code for node in path)]
        if within is not None and within not in line:
            raise UnknownCodeError(f"node above {code!r}", [within], line)
        effective = np.ones(())
        for parent in path if within is None else path[: line.index(within)]:
            place = [child.code for child in parent.children].index(code)
            effective = effective * self._run.weights[parent.code][..., place]
            code = parent.code
        return effective

    def stage_array(self, name: str) -> Floats:
        """Return the indicators after a step as an array.

        Parameters
        ----------
        name : {"raw", "denominated", "imputed", "treated", "normalised"}

        Returns
        -------
        ndarray of shape (n_units, n_indicators)
            Read-only, NaN where missing.

        Raises
        ------
        UnknownCodeError
            No such stage.
        """
        if name not in STAGES:
            raise UnknownCodeError("stage", [name], STAGES)
        return self._run.stages[name]

    def known_share_array(self, code: str) -> Floats:
        """Return the share of the indicators below a node that have a value, before imputation.

        Constants do not count.

        Returns
        -------
        ndarray of shape (n_units,)

        Raises
        ------
        UnknownCodeError
            No such node.
        """
        node = self.index.find(code)
        below = {own.code for own in ([node] if isinstance(node, Indicator) else node.indicators)}
        columns = [
            j
            for j, own in enumerate(self.index.indicators)
            if own.code in below and own.constant is None
        ]
        if not columns:
            return np.ones(len(self.units))
        return np.asarray((~np.isnan(self.stage_array("denominated")[:, columns])).mean(axis=1))

    # -- what if ---------------------------------------------------------------------------------

    @cached_property
    def held(self) -> HeldTree:
        """The tree with its weights and scales held, to ask what a score would be if."""
        return hold(self.index, self._run)
