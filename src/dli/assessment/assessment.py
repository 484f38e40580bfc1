"""The class `Assessment`."""

from functools import cached_property
from os import PathLike
from typing import Any

import attrs
from attrs import frozen

from dli.arrays import Floats
from dli.assessment import saved, tables
from dli.assessment.contributions import contributions
from dli.assessment.flags import filled, flags
from dli.assessment.scored import Scored
from dli.errors import MethodError, UnknownCodeError
from dli.frames import Frame
from dli.framework import Index
from dli.method import Method
from dli.observations import Observations
from dli.scoring.pipeline import run

__all__ = ["Assessment"]

_DEFAULT = Method()


@frozen(eq=False, repr=False, init=False)
class Assessment(Scored):
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

    # -- scores ----------------------------------------------------------------------------------

    @cached_property
    def scores(self) -> Frame:
        """A row for each unit, a column for each node, parents first."""
        return self.frame({node.code: self.array(node.code) for node in self.index.walk()})

    @cached_property
    def ranks(self) -> Frame:
        """A row for each unit, a column for each node, parents first; 1 is best."""
        codes = [node.code for node in self.index.walk()]
        return self.frame({code: self.rank_array(code) for code in codes}, integers=codes)

    def ranks_within(self, column: str) -> Frame:
        """Return ranks within groups, such as regions: a row for each unit, a column for each node.

        Parameters
        ----------
        column : str
            The context column that names each unit's group; where it is missing, so are the ranks.

        Raises
        ------
        UnknownCodeError
            No such column.
        """
        return tables.ranks_within(self, column)

    @cached_property
    def bands(self) -> Frame:
        """The band of each unit's score, a column for each node that has bands."""
        return self.frame(
            {
                node.code: node.bands.of(self.array(node.code))
                for node in self.index.walk()
                if isinstance(node, Index) and node.bands is not None
            }
        )

    @cached_property
    def weights(self) -> Frame:
        """A row for each node: ``code, parent, local`` (within the parent) and ``effective``.

        Where units have weights of their own, a row for each unit and node.
        """
        return tables.weights(self)

    def contribution_array(self, code: str | None = None) -> Floats:
        """Return the points that each indicator below a node brings to the node's score.

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
            An aggregation without a derivative, or whose contributions do not add up.
        """
        return contributions(self, self.index.code if code is None else code)

    @cached_property
    def contributions(self) -> Frame:
        """The points each indicator brings to the index: a row for each unit, adding up to it."""
        codes = [indicator.code for indicator in self.index.indicators]
        return self.frame(dict(zip(codes, self.contribution_array().T, strict=True)))

    @cached_property
    def flags(self) -> Frame:
        """What was missing, imputed, treated or cut off, and what came of it: a row for each.

        Columns: unit (and period), ``code`` (None for the unit as a whole), ``flag`` (``left
        out``, ``missing``, ``imputed``, ``treated``, ``truncated`` or ``no score``) and ``note``.
        """
        return flags(self)

    def filled(self, by: str = "units") -> Frame:
        """Return how many values were missing, imputed and treated, by unit or by indicator.

        Parameters
        ----------
        by : {"units", "indicators"}

        Returns
        -------
        frame
            A row for each unit (and period), or for each indicator (``code, name``), with the
            counts ``missing`` (in the end), ``imputed`` and ``treated``, and ``imputed_share``, the
            part of all values that was imputed.

        Raises
        ------
        UnknownCodeError
            Another ``by``.
        """
        return filled(self, by)

    def stage(self, name: str) -> Frame:
        """Return the indicators after a step: a row for each unit, a column for each indicator.

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
        return self.frame(dict(zip(codes, values.T, strict=True)))

    def league_table(self, level: int = 1) -> Frame:
        """Return the units in order, best first, with the scores down to a level of the tree.

        Parameters
        ----------
        level : int
            0 for the index alone, 1 with its sub-indices, and so on.

        Returns
        -------
        frame
            Columns: unit (and period), rank, the context column ``name`` if there is one, the
            index's band if it has bands, and scores. Units without a score come last; periods
            follow one another.

        Raises
        ------
        MethodError
            No such level.
        """
        return tables.league_table(self, level)

    def profile(self, unit: object, *, period: object = None, level: int = 1) -> Frame:
        """Return one unit's scores beside those of all: a row for each node down to a level.

        Parameters
        ----------
        unit : object
        period : object, optional
            Needed when there are several periods.
        level : int

        Returns
        -------
        frame
            Columns: code, name, score, rank, median and best (of the units in the same period).

        Raises
        ------
        UnknownCodeError
            No such unit or period.
        MethodError
            No such level, a period of data without periods, or none of data with several.
        """
        return tables.profile(self, self.row(unit, period=period), level)

    # -- variants and files ----------------------------------------------------------------------

    def evolve(self, **changes: Any) -> "Assessment":
        """Assess the same data again with changes.

        Parameters
        ----------
        **changes
            ``index``, ``method`` or any field of `Method`. A mapping ``{level or code: choice}``
            changes the levels and codes that it names; all others keep the choices they have.

        Raises
        ------
        UnknownCodeError
            No such field, level or code.
        DataError, MethodError
            As `Assessment`.
        """
        names = [f.name for f in attrs.fields(Method)]
        unknown = [name for name in changes if name not in {*names, "index", "method"}]
        if unknown:
            raise UnknownCodeError("field to change", unknown, ["index", "method", *names])
        index = changes.pop("index", self.index)
        method = changes.pop("method", self.method)
        _expect(method, Method)
        return Assessment(index, self.observations, method=method.refine(index, **changes))

    def methodology(self) -> str:
        """Return the methods statement: formulas and parameters in force, in Markdown."""
        from dli.assessment.methodology import statement

        return statement(self)

    def save(self, path: str | PathLike[str]) -> None:
        """Write index, method, data and scores to one file.

        Parameters
        ----------
        path : str or path-like

        Raises
        ------
        MethodError
            A step of one's own, which no file can name.
        DataError
            A context column with cells that no file can keep.
        """
        saved.save(self, path)

    @classmethod
    def load(cls, path: str | PathLike[str]) -> "Assessment":
        """Read a saved assessment and compute it again; the scores are the same to the last bit.

        Warns when they differ, which another version of NumPy may cause in the last digits.

        Raises
        ------
        DataError
            A file that is not a saved assessment.
        """
        content = saved.read(path)
        assessment = cls(content.index, content.observations, method=content.method)
        content.compare(assessment)
        return assessment

    def __repr__(self) -> str:
        return tables.sheet(self).text()

    def _repr_html_(self) -> str:
        return tables.sheet(self).html()


def _expect(value: object, kind: type) -> None:
    if not isinstance(value, kind):
        msg = f"{kind.__name__.lower()} must be of the kind {kind.__name__}, got {value!r}"
        raise MethodError(msg)
