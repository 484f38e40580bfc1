"""The arrays of an assessment, and the selection of rows and building of tables."""

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
    """The results of a method applied to data; `Assessment` adds tables, files and texts.

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
        """The unit of each row, without the units that were left out for too few indicators."""
        return self._kept(self.observations.units)

    @cached_property
    def periods(self) -> tuple[Any, ...] | None:
        """The period of each row, or None for data without periods."""
        periods = self.observations.periods
        return None if periods is None else self._kept(periods)

    def _kept(self, items: Sequence[Any]) -> tuple[Any, ...]:
        rows = self._run.rows
        return tuple(items) if isinstance(rows, slice) else tuple(items[i] for i in rows.tolist())

    @property
    def rows_by_period(self) -> Mapping[Any, NDArray[np.intp]]:
        """The rows of each period, in the order of the data; the key is None without periods."""
        return self._run.rows_by_period

    def rows(self, period: object = None) -> NDArray[np.intp]:
        """Return the rows of a period, which are those that are compared with each other.

        Parameters
        ----------
        period : object, optional
            The period; optional if the data do not have periods or have only one.

        Raises
        ------
        UnknownCodeError
            The period does not exist.
        MethodError
            A period was passed although the data do not have periods, or it was not passed
            although they have several.
        """
        groups = self.rows_by_period
        if self.periods is None:
            if period is not None:
                msg = f"the data have no periods, got period={period!r}"
                raise MethodError(msg)
            return groups[None]
        if period is None:
            if len(groups) > 1:
                known = [repr(label) for label in groups]
                shown = ", ".join(known if len(known) <= 8 else [*known[:3], "...", known[-1]])
                msg = f"the data have several periods: choose one of {shown} with period=..."
                raise MethodError(msg)
            return next(iter(groups.values()))
        if not is_hashable(period) or period not in groups:
            what = "period"
            raise UnknownCodeError(what, [period], groups)
        return groups[period]

    def rows_beside(self, row: int) -> NDArray[np.intp]:
        """Return the rows of the period of a row, including the row itself."""
        return self.rows_by_period[None if self.periods is None else self.periods[row]]

    def row(self, unit: object, *, period: object = None) -> int:
        """Return the row of a unit in a period.

        Raises
        ------
        UnknownCodeError
            The unit or the period does not exist, or the unit is not in that period.
        DataError
            The unit was left out because it has values for too few indicators.
        MethodError
            A period was passed although the data do not have periods, or it was not passed
            although they have several.
        """
        rows = self.rows(period)
        matches = [int(row) for row in rows if is_hashable(unit) and self.units[row] == unit]
        if matches:
            return matches[0]
        if is_hashable(unit) and unit in self.units:
            known = [p for u, p in zip(self.units, self.periods or (), strict=True) if u == unit]
            raise UnknownCodeError(f"period of unit {unit!r}", [period], known)
        if is_hashable(unit) and unit in self.observations.units:
            msg = (
                f"unit {unit!r} was left out of the assessment: it has values for too few "
                "indicators"
            )
            raise DataError(msg)
        what = "unit"
        raise UnknownCodeError(what, [unit], dict.fromkeys(self.units))

    def scored_row(self, unit: object, code: str, *, period: object = None) -> int:
        """Return the row of a unit, which must have a score at a node.

        Raises
        ------
        UnknownCodeError, MethodError
            As for `row`.
        DataError
            The unit was left out, or does not have a score at the node.
        """
        row = self.row(unit, period=period)
        if np.isnan(self.array(code)[row]):
            msg = f"unit {unit!r} has no score at {code!r}"
            raise DataError(msg)
        return row

    def rows_of(self, units: Iterable[object], rows: Sequence[int] | NDArray[np.intp]) -> list[int]:
        """Return the rows of some units among the given rows.

        Raises
        ------
        UnknownCodeError
            Some units are not among the rows.
        MethodError
            ``units`` is empty, or is not a collection of units.
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
        """Return a column of the data, one cell for each row.

        Parameters
        ----------
        column : str
        numbers : bool
            How texts of a file are converted to numbers. If True, they are converted whenever all
            of them are numbers. If False, they are converted only if every number reproduces its
            text, which keeps names of groups such as "01" as they are.

        Raises
        ------
        UnknownCodeError
            The column does not exist.
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
        """Return a table in the data's library, with the columns of units and periods first.

        Parameters
        ----------
        columns : mapping of str to sequence
            The columns, with one cell for each of the rows.
        rows : sequence of int or None, optional
            The row that each line of the table is about, or None for a line that is not about a
            unit. Rows may appear in any order and more than once. The default is every row once.
        integers : iterable of str
            Columns of whole numbers that are floats because some of them are missing.
        names : bool
            Add the column ``name`` of the data after the keys, if there is one.
        """
        selected = list(range(len(self.units)) if rows is None else rows)
        if names and "name" in self.observations.context:
            cells = self.context("name")
            columns = {"name": [None if i is None else cells[i] for i in selected], **columns}
        kept = self._run.rows
        if not isinstance(kept, slice):
            selected = [None if i is None else int(kept[i]) for i in selected]
        return self.observations.frame(columns, rows=selected, integers=integers)

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
            The period of each row; it becomes the first column if the data have periods.
        integers : iterable of str
            Columns of whole numbers that are floats because some of them are missing.
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
        """The method, resolved for the index."""
        return self._run.choices

    @property
    def normalisations(self) -> Sequence[tuple[Any, Any]]:
        """The normalisations, prepared for the rows, each with the columns that it applies to."""
        return self._run.normalisations

    @property
    def node_normalisations(self) -> Mapping[str, Any]:
        """The normalisations of the scores of nodes, prepared for the rows, by code."""
        return self._run.node_normalisations

    @property
    def adjusted(self) -> Mapping[str, Adjusted]:
        """The adjustments of nodes whose scores do not depend on their children only, by code."""
        return self._run.adjusted

    def array(self, code: str, *, normalised: bool = False) -> Floats:
        """Return the scores of a node; an indicator's score is its normalised value.

        Parameters
        ----------
        code : str
        normalised : bool
            Return the values that are aggregated into the parent instead. They differ from the
            scores if the score of the node is normalised.

        Returns
        -------
        ndarray of shape (n_units,)
            Read-only; NaN where the score is missing.

        Raises
        ------
        UnknownCodeError
            The node does not exist.
        """
        self.index.find(code)
        return (self._run.entered if normalised else self._run.scores)[code]

    def arrays(self, codes: Iterable[str], *, normalised: bool = False) -> Floats:
        """Return the result of `array` for several nodes, of shape (n_units, n_nodes)."""
        columns = [self.array(code, normalised=normalised) for code in codes]
        return np.stack(columns, axis=1) if columns else np.empty((len(self.units), 0))

    def rank_array(self, code: str) -> Floats:
        """Return the ranks of a node: 1 is best, ties share the smaller rank.

        Returns
        -------
        ndarray of shape (n_units,)
            Whole numbers, NaN where the score is missing. Units are ranked within each period.

        Raises
        ------
        UnknownCodeError
            The node does not exist.
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
        """Return the ranks at some nodes within groups of rows."""
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
            Return the weights of this row only, with shape (n_children,).

        Returns
        -------
        ndarray of shape (n_children,), or (n_units, n_children) if units have their own weights

        Raises
        ------
        UnknownCodeError
            The node does not exist.
        MethodError
            The node is an indicator, which does not have children.
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
            The node above it to start from instead of the index.

        Returns
        -------
        ndarray of shape (), or (n_units,) if units have their own weights

        Raises
        ------
        UnknownCodeError
            The node does not exist, or does not lie below ``within``.
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
        """Return the values of all indicators after a step.

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
            The stage does not exist.
        """
        if name not in STAGES:
            raise UnknownCodeError("stage", [name], STAGES)
        return self._run.stages[name]

    def known_share_array(self, code: str) -> Floats:
        """Return the share of the indicators below a node that have a value, before imputation.

        Indicators that are constants do not count.

        Returns
        -------
        ndarray of shape (n_units,)

        Raises
        ------
        UnknownCodeError
            The node does not exist.
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
        """The scored tree with fixed weights and scales, for computing scores after changes."""
        return hold(self.index, self._run)
