"""The class `Assessment`."""

from collections.abc import Mapping, Sequence
from functools import cached_property
from os import PathLike
from typing import Any, TypeAlias

import attrs
import numpy as np
from attrs import field, frozen
from numpy.typing import NDArray

from dli import frames
from dli.assessment import tables
from dli.assessment.pipeline import STAGES, Run, run
from dli.assessment.ranking import rank_scores, rank_within
from dli.errors import MethodError, UnknownCodeError
from dli.framework import Index, Indicator
from dli.method import Method
from dli.observations import Observations

__all__ = ["Assessment"]

Floats: TypeAlias = NDArray[np.float64]

_DEFAULT = Method()


@frozen(eq=False, repr=False, init=False)
class Assessment:
    """An index applied to data by a method.

    Parameters
    ----------
    index : Index
    data : frame, mapping of columns, path of a CSV file, or Observations
        A row for each unit (in each period), a column for each indicator; other columns are
        context. NaN, None and nulls mean missing.
    unit : str
        The column that names the units.
    period : str, optional
        The column that names the periods. Normalisation is over all periods; ranks are within
        each.
    method : Method

    Attributes
    ----------
    index : Index
    observations : Observations
    method : Method

    Raises
    ------
    DataError
        Data that cannot be assessed; every fault is listed, with row, unit and code.
    MethodError
        A step that cannot work on the data.

    Examples
    --------
    >>> from dli import Indicator
    >>> index = Index("T", [Indicator("a"), Indicator("b", direction=-1)])
    >>> data = {"unit": ["X", "Y", "Z"], "a": [1, 3, 2], "b": [5.0, 9.0, 5.0]}
    >>> assessment = Assessment(index, data)
    >>> assessment.array("T").tolist()
    [50.0, 50.0, 75.0]
    >>> assessment.rank_array("T").tolist()
    [2.0, 2.0, 1.0]
    """

    index: Index
    observations: Observations
    method: Method
    _run: Run = field()

    def __init__(
        self,
        index: Index,
        data: object,
        *,
        unit: str = "unit",
        period: str | None = None,
        method: Method | None = None,
    ) -> None:
        method = _DEFAULT if method is None else method
        _expect(index, Index)
        _expect(method, Method)
        observations = (
            data.select(index)
            if isinstance(data, Observations)
            else Observations.read(data, index, unit=unit, period=period)
        )
        self.__attrs_init__(index, observations, method, run(index, observations, method))

    @cached_property
    def units(self) -> tuple[Any, ...]:
        """The unit of each row; units left out for lack of indicators are not among them."""
        return self._kept(self.observations.units)

    @cached_property
    def periods(self) -> tuple[Any, ...] | None:
        """The period of each row, None when there is only one."""
        periods = self.observations.periods
        return None if periods is None else self._kept(periods)

    def _kept(self, items: Sequence[Any]) -> tuple[Any, ...]:
        rows = self._run.rows
        return tuple(items) if isinstance(rows, slice) else tuple(items[i] for i in rows.tolist())

    def context(self, column: str) -> list[Any]:
        """Give a column of the data that the index does not name, a cell for each row.

        Raises
        ------
        UnknownCodeError
            No such column.
        """
        if column not in self.observations.table.names:
            raise UnknownCodeError("column", [column], self.observations.table.names)
        return list(self._kept(self.observations.table.column(column)))

    def array(self, code: str) -> Floats:
        """Give the scores of a node; an indicator's score is its normalised value.

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
        return self._run.scores[code]

    def rank_array(self, code: str) -> Floats:
        """Give the ranks of a node: 1 is best, ties share the smaller rank.

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
        """Rank nodes within groups of rows."""
        scores = np.stack([self._run.scores[code] for code in codes])
        ranks = rank_scores(scores) if groups is None else rank_within(scores, groups)
        ranks.flags.writeable = False
        return ranks

    def row(self, unit: object, period: object = None) -> int:
        """Find the row of a unit, in a period when there are several.

        Raises
        ------
        UnknownCodeError
            No such unit or period; a unit that was left out says so.
        """
        return tables.row(self, unit, period)

    def weight_array(self, code: str, row: int | None = None) -> Floats:
        """Give the weights of a node's children within the node.

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
            No such node, or one without children.
        """
        if code not in self._run.weights:
            raise UnknownCodeError("sub-index", [code], self._run.weights)
        weights = self._run.weights[code]
        return weights if row is None or weights.ndim == 1 else np.asarray(weights[row])

    def effective_weight_array(self, code: str) -> Floats:
        """Give the effective weight of a node: the product of weights from the index down to it.

        Returns
        -------
        ndarray of shape (), or (n_units,) where units have their own weights

        Raises
        ------
        UnknownCodeError
            No such node.
        """
        effective = np.ones(())
        parent = self.index.parent(code)
        while parent is not None:
            place = [child.code for child in parent.children].index(code)
            effective = effective * self._run.weights[parent.code][..., place]
            code = parent.code
            parent = self.index.parent(code)
        return effective

    def contribution_array(self, code: str | None = None) -> Floats:
        """Give the points that each indicator below a node brings to the node's score.

        An indicator's contribution is its normalised value times the derivative of the score by
        it: for arithmetic means the effective weight times the value. For every mean the
        contributions add up to the score exactly (Euler's theorem, since means are homogeneous).

        Parameters
        ----------
        code : str, optional
            The index by default.

        Returns
        -------
        ndarray of shape (n_units, n_indicators below the node)
            NaN where the indicator or the score is missing.

        Raises
        ------
        MethodError
            An aggregation that gives no derivative.
        """
        from dli.assessment.contributions import contributions

        return contributions(self, self.index.code if code is None else code)

    @cached_property
    def scores(self) -> Any:
        """A row for each unit, a column for each node, parents first."""
        return self._frame({node.code: self.array(node.code) for node in self.index.walk()})

    @cached_property
    def ranks(self) -> Any:
        """A row for each unit, a column for each node, parents first; 1 is best."""
        codes = [node.code for node in self.index.walk()]
        return self._frame({code: self.rank_array(code) for code in codes}, integers=codes)

    def ranks_within(self, column: str) -> Any:
        """Rank units within groups, such as regions: a row for each unit, a column for each node.

        Parameters
        ----------
        column : str
            The context column that names each unit's group; where it is missing, so are the ranks.

        Raises
        ------
        UnknownCodeError
            No such column.
        """
        groups = self.context(column)
        keys = groups if self.periods is None else list(zip(self.periods, groups, strict=True))
        codes = [node.code for node in self.index.walk()]
        ranks = self._ranks(codes, keys).copy()
        ranks[:, [group is None for group in groups]] = np.nan
        columns = {column: groups, **dict(zip(codes, ranks, strict=True))}
        return self._frame(columns, integers=codes)

    @cached_property
    def bands(self) -> Any:
        """The band of each unit's score, a column for each node that has bands."""
        return self._frame(
            {
                node.code: node.bands.of(self.array(node.code))
                for node in self.index.walk()
                if isinstance(node, Index) and node.bands is not None
            }
        )

    @cached_property
    def weights(self) -> Any:
        """A row for each node: ``code, parent, local`` (within the parent) and ``effective``.

        Where units have weights of their own, a row for each unit and node.
        """
        return tables.weights(self)

    @cached_property
    def contributions(self) -> Any:
        """The points each indicator brings to the index: a row for each unit, adding up to it."""
        codes = [indicator.code for indicator in self.index.indicators]
        return self._frame(dict(zip(codes, self.contribution_array().T, strict=True)))

    @cached_property
    def flags(self) -> Any:
        """What was missing, imputed, treated or cut off, and what came of it: a row for each.

        Columns: unit (and period), ``code`` (None for the unit as a whole), ``flag`` (``left
        out``, ``missing``, ``imputed``, ``treated``, ``truncated`` or ``no score``) and ``note``.
        """
        from dli.assessment.flags import flags

        return flags(self)

    def stage(self, name: str) -> Any:
        """Give the indicators after a step: a row for each unit, a column for each indicator.

        Parameters
        ----------
        name : {"raw", "denominated", "imputed", "treated", "normalised"}

        Raises
        ------
        UnknownCodeError
            No such stage.
        """
        values = self.stage_array(name)
        codes = [indicator.code for indicator in self.index.indicators]
        return self._frame(dict(zip(codes, values.T, strict=True)))

    def stage_array(self, name: str) -> Floats:
        """Give the indicators after a step as an array.

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

    def league_table(self, level: int = 1) -> Any:
        """Give the order of units, best first, with the scores down to a level.

        Parameters
        ----------
        level : int
            0 for the index alone, 1 with its sub-indices, and so on.

        Returns
        -------
        frame
            Columns: rank, unit (and period), the context column ``name`` if there is one, the
            index's band if it has bands, and scores. Units without a score come last; periods
            follow one another.

        Raises
        ------
        MethodError
            No such level.
        """
        return tables.league_table(self, level)

    def profile(self, unit: object, period: object = None, *, level: int = 1) -> Any:
        """Give one unit's scores beside those of all: a row for each node down to a level.

        Returns
        -------
        frame
            Columns: code, name, score, rank, median and best (both over all units of the period).

        Raises
        ------
        UnknownCodeError
            No such unit or period.
        """
        return tables.profile(self, self.row(unit, period), level)

    def evolve(self, **changes: Any) -> "Assessment":
        """Assess the same data again with changes.

        Parameters
        ----------
        **changes
            ``index``, ``method``, or any field of `Method`, such as ``aggregation``.

        Raises
        ------
        MethodError
            Something else is to be changed.
        """
        names = [f.name for f in attrs.fields(Method)]
        unknown = [name for name in changes if name not in {*names, "index", "method"}]
        if unknown:
            raise UnknownCodeError("field to change", unknown, ["index", "method", *names])
        index = changes.pop("index", self.index)
        method = changes.pop("method", self.method)
        return Assessment(index, self.observations, method=attrs.evolve(method, **changes))

    def methodology(self) -> str:
        """Write the methods statement: formulas and parameters in force, in Markdown."""
        from dli.assessment.methodology import statement

        return statement(self)

    def save(self, path: str | PathLike[str]) -> None:
        """Write index, method, data and scores to one file.

        Raises
        ------
        MethodError
            A choice of method that is none of this library's, so that no file can name it.
        """
        from dli.assessment.saved import save

        save(self, path)

    @classmethod
    def load(cls, path: str | PathLike[str]) -> "Assessment":
        """Read a saved assessment and compute it again; the scores are the same to the last bit.

        Raises
        ------
        DataError
            Not such a file.

        Warns
        -----
        DLIWarning
            This machine or version gives other bits than were saved; the largest difference is
            named.
        """
        from dli.assessment.saved import load

        return load(path)

    def _frame(self, columns: Mapping[str, Any], integers: Sequence[str] = ()) -> Any:
        """Put the unit (and period) before columns that have a cell for each row."""
        keys = {self.observations.unit_column: list(self.units)}
        if self.periods is not None:
            keys[str(self.observations.period_column)] = list(self.periods)
        return frames.build({**keys, **columns}, self.observations.table.library, integers=integers)

    def __repr__(self) -> str:
        return tables.text(self)

    def _repr_html_(self) -> str:
        return tables.html(self)


def _expect(value: object, kind: type) -> None:
    if not isinstance(value, kind):
        msg = f"{kind.__name__.lower()} must be of the kind {kind.__name__}, got {value!r}"
        raise MethodError(msg)
