"""The class `Assessment`."""

from collections.abc import Callable, Mapping
from functools import cached_property
from os import PathLike
from typing import Any, Unpack

import attrs
from attrs import frozen

from dli.arrays import Floats
from dli.assessment import tables
from dli.assessment.contributions import contribution_columns, contributions
from dli.assessment.flags import filled, flags
from dli.assessment.grouped import groups
from dli.assessment.scored import Scored
from dli.errors import DLIError, MethodError, UnknownCodeError
from dli.frames import Frame, ReadingOptions
from dli.framework import Index
from dli.framework.select import Nodes
from dli.method import Method
from dli.method.method import MethodChanges
from dli.observations import Observations
from dli.scoring.pipeline import run

__all__ = ["Assessment"]

_DEFAULT = Method()


class Changes(MethodChanges, total=False):
    """The keywords of `Assessment.evolve`, as type checkers see them."""

    index: Index
    method: Method


@frozen(eq=False, repr=False, init=False)
class Assessment(Scored):
    """An index applied to data by a method.

    Parameters
    ----------
    index : Index
        What is assessed: the tree of indicators.
    data : frame, mapping of columns, path of a CSV file, or Observations
        A row for each unit (in each period), a column for each indicator; other columns are
        context. NaN, None and nulls mean missing.
    unit : str, optional
        The column that names the units; None for the index of a pandas frame.
    period : str, optional
        The column that names the periods. Normalisation is over all periods; ranks are within
        each.
    method : Method
        The choices of all steps.
    **options
        The format of text and files, such as ``missing=("..", ":")``, ``decimal=","`` and
        ``delimiter=";"``: the fields of `dli.frames.Reading`. Use `dli.Observations.from_long` and
        `dli.Observations.from_wide` for long and wide tables.

    Attributes
    ----------
    index : Index
        What is assessed: the tree of indicators.
    observations : Observations
        The data as they were read.
    method : Method
        The choices of all steps.

    Raises
    ------
    DataError
        Data that cannot be assessed; every fault is listed, with row, unit and code.
    MethodError
        A step that cannot be applied to the data, or options of the wrong type.
    UnknownCodeError
        An option that does not exist.

    Warns
    -----
    DLIWarning
        Units whose names look alike.

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
        unit: str | None = "unit",
        period: str | None = None,
        method: Method | None = None,
        **options: Unpack[ReadingOptions],
    ) -> None:
        method = _DEFAULT if method is None else method
        _expect(index, Index)
        _expect(method, Method)
        observations = Observations.of(data, index, unit=unit, period=period, **options)
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
            The context column that names each unit's group. Units without a group have no rank.

        Raises
        ------
        UnknownCodeError
            No such column.
        """
        return tables.ranks_within(self, column)

    def groups(
        self,
        column: str,
        *,
        nodes: Nodes = None,
        weight: str | None = None,
        statistic: str = "mean",
    ) -> Frame:
        r"""Return mean and median scores of groups of units, such as regions, and their ranks.

        The mean is $\sum w_i x_i / \sum w_i$ over the scores $x_i$ of the group, with
        $w_i = 1$ if no weight is named. The median is the lowest score at which half of the
        weight is reached, or midway to the next one if exactly half is.

        Parameters
        ----------
        column : str
            The column that names each unit's group.
        nodes : int, str or sequence of str, optional
            A level of the tree, a code or several codes; by default the index and the nodes of
            level 1, as in `league_table`.
        weight : str, optional
            The column of the units' weights, such as population.
        statistic : {"mean", "median"}
            The statistic by which groups are ranked.

        Returns
        -------
        frame
            A row for each node and group (in each period), the best group first: ``code``,
            ``group``, ``units`` (of the group), ``scored`` (those with a score, and a weight),
            ``mean``, ``median`` and ``rank``, missing where no unit is scored.

        Raises
        ------
        UnknownCodeError
            No such column or node.
        DataError
            Weights that are not finite numbers of at least 0, or nothing left to average.
        MethodError
            No such level, or an unknown statistic.

        Warns
        -----
        DLIWarning
            Units left out because they have no group or no weight above 0; groups whose names look
            alike.

        Examples
        --------
        >>> from dli import Indicator, frames
        >>> data = {"unit": ["X", "Y", "Z"], "a": [0, 50, 100], "side": ["N", "N", "S"]}
        >>> assessment = Assessment(Index("T", [Indicator("a")]), data | {"people": [3, 1, 2]})
        >>> table = frames.read(assessment.groups("side", nodes="T", weight="people"))
        >>> table.column("group"), table.column("mean"), table.column("rank")
        (['S', 'N'], [100.0, 12.5], [1, 2])
        """
        return groups(self, column, nodes, weight, statistic)

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

        If weights differ by unit, there is a row for each unit and node. Weights that have no
        effect, as below a ratio or difference, are missing.
        """
        return tables.weights(self)

    def contribution_array(self, code: str | None = None) -> Floats:
        r"""Return the points that each indicator contributes to the score of a node above it.

        If scores are sums, as with arithmetic means, an indicator contributes its normalised value
        times its effective weight, and the points of a unit add up to its score. With other
        aggregations the contribution of a single indicator is not defined: for a geometric mean,
        value times derivative is the weight times the score, whatever the value. Points are then
        differences from a reference, the median of each indicator within the period. They state by
        how much each indicator raises or lowers the score compared with that of the reference,
        level by level, as in `dli.change.difference`. In both cases

        $$
        \text{score} = \text{reference} + \sum_k \text{points}_k,
        $$

        where the reference is `reference_array`, 0 for sums.

        Parameters
        ----------
        code : str, optional
            The code of the node; the index by default.

        Returns
        -------
        ndarray of shape (n_units, n_indicators below the node)
            NaN where the indicator or the score is missing.

        Raises
        ------
        MethodError
            An aggregation or a normalisation of scores that compares units, such as Copeland's;
            scores that are imputed from other units; a sum without a ``gradient``.

        Examples
        --------
        >>> from dli import Indicator, Method
        >>> from dli.aggregation import GeometricMean
        >>> from dli.normalisation import Unscaled
        >>> index = Index("T", [Indicator("a"), Indicator("b")])
        >>> data = {"unit": ["X", "Y", "Z"], "a": [1.0, 4.0, 9.0], "b": [9.0, 4.0, 4.0]}
        >>> method = Method(normalisation=Unscaled(), aggregation=GeometricMean())
        >>> assessment = Assessment(index, data, method=method)
        >>> assessment.contribution_array().round(2).tolist()
        [[-2.41, 1.41], [0.0, 0.0], [2.0, 0.0]]
        >>> assessment.reference_array().round(2).tolist()
        [4.0, 4.0, 4.0]
        """
        return contributions(self, self.index.code if code is None else code)[0]

    def reference_array(self, code: str | None = None) -> Floats:
        """Return the score of the reference of `contribution_array` for each unit.

        Parameters
        ----------
        code : str, optional
            The code of the node; the index by default.

        Returns
        -------
        ndarray of shape (n_units,)
            0 where scores are sums; otherwise the score of the medians, within the period, of the
            indicators that the unit has. NaN for a unit without a score.

        Raises
        ------
        MethodError
            As for `contribution_array`.
        """
        return contributions(self, self.index.code if code is None else code)[1]

    @cached_property
    def contributions(self) -> Frame:
        """The points that each indicator contributes to the index: a row for each unit.

        If scores are sums, the points add up to the score. Otherwise they add up to the difference
        from the score in the column ``reference``, that of the medians; see `contribution_array`.
        """
        return self.frame(contribution_columns(self))

    @cached_property
    def flags(self) -> Frame:
        """What was missing, imputed, treated or truncated, and the effect: a row for each case.

        Columns: unit (and period), ``code`` (None for the unit as a whole), ``flag`` (``left
        out``, ``missing``, ``doubtful``, ``imputed``, ``treated``, ``truncated``, ``no score``, or
        ``low coverage`` for a score that rests on less than half of the indicators) and ``note``.
        """
        return flags(self)

    def filled(self, by: str = "units") -> Frame:
        """Return how many values were missing, imputed and treated, by unit or by indicator.

        Parameters
        ----------
        by : {"units", "indicators"}
            What the rows of the table are.

        Returns
        -------
        frame
            A row for each unit (and period), or for each indicator (``code, name``), with the
            counts ``missing`` (after imputation), ``imputed`` and ``treated``, and
            ``imputed_share``, the share of all values that was imputed.

        Raises
        ------
        UnknownCodeError
            An unknown ``by``.
        """
        return filled(self, by)

    def stage(self, name: str) -> Frame:
        """Return the indicators after a step: a row for each unit, a column for each indicator.

        After normalisation, nodes whose scores are normalised have a column too, parents first.

        Parameters
        ----------
        name : {"raw", "denominated", "imputed", "treated", "normalised"}
            The step whose result is returned.

        Raises
        ------
        UnknownCodeError
            No such stage.
        """
        values = self.stage_array(name)
        codes = [indicator.code for indicator in self.index.indicators]
        columns = dict(zip(codes, values.T, strict=True))
        if name == "normalised":
            nodes = [n.code for n in self.index.walk() if n.code in self.node_normalisations]
            columns |= {code: self.array(code, normalised=True) for code in nodes}
        return self.frame(columns)

    def league_table(self, level: int = 1) -> Frame:
        """Return the units in order, best first, with the scores down to a level of the tree.

        Parameters
        ----------
        level : int
            0 for the index only, 1 for the index and its sub-indices, and so on.

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
            The unit, as it is named in the data.
        period : object, optional
            The period; required if there are several.
        level : int
            The level of the tree whose nodes are shown.

        Returns
        -------
        frame
            Columns: code, name, score, rank, median and best (of the units in the same period).

        Raises
        ------
        UnknownCodeError
            No such unit or period.
        MethodError
            No such level, a period although the data have none, or no period although there are
            several.
        """
        return tables.profile(self, self.row(unit, period=period), level)

    # -- variants and files ----------------------------------------------------------------------

    def evolve(self, **changes: Unpack[Changes]) -> "Assessment":
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
        fields: dict[str, Any] = {**changes}
        return Assessment(index, self.observations, method=method.refine(index, **fields))

    def methodology(self) -> str:
        """Return the methods statement: formulas and parameters in force, in Markdown."""
        from dli.assessment.methodology import statement

        return statement(self)

    def save(self, path: str | PathLike[str]) -> None:
        """Write index, method, data and scores to one file.

        A step of your own is saved as the name of its class and its parameters; pass the class to
        `load`.

        Parameters
        ----------
        path : str or path-like
            The path of the file.

        Raises
        ------
        MethodError
            A step or parameter that cannot be saved. Steps of your own can be saved if their class
            is a dataclass or an attrs class with the parameters as fields.
        DataError
            A context column with cells that cannot be saved.
        FileError
            The file cannot be written; an existing file is not changed.
        """
        from dli.assessment.saved import save

        save(self, path)

    @classmethod
    def from_file(
        cls,
        path: str | PathLike[str],
        data: object,
        *,
        unit: str | None = "unit",
        period: str | None = None,
        steps: Mapping[str, Callable[..., Any]] | None = None,
        **options: Unpack[ReadingOptions],
    ) -> "Assessment":
        """Assess data with the methodology in a file: an index and a method.

        Parameters
        ----------
        path : str or path-like
            A model file in TOML with a table ``[method]``, such as `save_methodology` writes.
        data : frame, mapping of columns, path of a CSV file, or Observations
            A row for each unit, in each period.
        unit, period : str, optional
            As for `Assessment`.
        steps : mapping of str to callable, optional
            Steps of your own that the file names, such as ``{"Mine": Mine}``: a class or function
            for each, called with the parameters in the file. Loading never imports code.
        **options
            How text is read, as for `Assessment`.

        Raises
        ------
        ModelError
            The file cannot be read or is invalid; the error names the file, table and key of each
            fault.
        DataError, MethodError, UnknownCodeError
            As for `Assessment`. If a step cannot be applied to the data, the error names the file
            and the table of the step. Invalid ``steps`` are a MethodError too.

        Examples
        --------
        >>> import tempfile
        >>> from pathlib import Path
        >>> text = '''
        ... format = "dli-index/1"
        ... node = [{ code = "a" }, { code = "b" }]
        ... [index]
        ... code = "T"
        ... [method]
        ... normalisation = { method = "MinMax", high = 10.0 }
        ... aggregation = { method = "Minimum" }
        ... '''
        >>> data = {"unit": ["X", "Y", "Z"], "a": [1, 3, 2], "b": [5, 9, 8]}
        >>> with tempfile.TemporaryDirectory() as folder:
        ...     path = Path(folder) / "methodology.toml"
        ...     _ = path.write_text(text)
        ...     Assessment.from_file(path, data).array("T").tolist()
        [0.0, 10.0, 5.0]
        """
        from dli.assessment.methodology_file import load, located, refuse_changes

        refuse_changes(options)
        index, method = load(path, steps)
        try:
            return cls(index, data, unit=unit, period=period, method=method, **options)
        except DLIError as error:
            if error.place is None:
                raise
            raise located(error, index, path) from error

    def save_methodology(self, path: str | PathLike[str]) -> None:
        """Write index and method, without the data, to a file in TOML that `from_file` reads.

        Raises
        ------
        MethodError
            A step or parameter that cannot be saved. Steps of your own can be saved if their class
            is a dataclass or an attrs class with the parameters as fields.
        FileError
            The file cannot be written; an existing file is not changed.
        """
        from dli.assessment.methodology_file import save

        save(self.index, self.method, path)

    @classmethod
    def load(
        cls, path: str | PathLike[str], *, steps: Mapping[str, Callable[..., Any]] | None = None
    ) -> "Assessment":
        """Read a saved assessment and compute it again; the scores are the same to the last bit.

        Parameters
        ----------
        path : str or path-like
            The path of a file that `save` wrote.
        steps : mapping of str to callable, optional
            Steps of your own that the file names, such as ``{"Mine": Mine}``: a class or function
            for each, called with the parameters in the file. Loading never imports code.

        Raises
        ------
        ModelError
            The file cannot be read.
        DataError
            A file that is not a saved assessment, or that names a step that is neither one of this
            library nor in ``steps``.
        MethodError
            Invalid ``steps``, or a step that cannot be applied to the data.

        Warns
        -----
        DLIWarning
            Scores that differ from the saved ones: another version of NumPy can change the last
            digits, and a class in ``steps`` may compute something else than before.

        Examples
        --------
        >>> import tempfile
        >>> from pathlib import Path
        >>> from dli import Indicator
        >>> @attrs.frozen
        ... class Best:
        ...     share: float = 1.0
        ...     def aggregate(self, values, weights):
        ...         return self.share * values.max(axis=-1)
        >>> index = Index("T", [Indicator("a"), Indicator("b")])
        >>> data = {"unit": ["X", "Y", "Z"], "a": [1, 3, 2], "b": [5, 9, 9]}
        >>> assessment = Assessment(index, data, method=Method(aggregation=Best(0.5)))
        >>> with tempfile.TemporaryDirectory() as folder:
        ...     path = Path(folder) / "best.dli"
        ...     assessment.save(path)
        ...     Assessment.load(path, steps={"Best": Best}).array("T").tolist()
        [0.0, 50.0, 50.0]
        """
        from dli.assessment.saved import read

        content = read(path, steps)
        assessment = cls(content.index, content.observations, method=content.method)
        content.compare(assessment)
        return assessment

    def __repr__(self) -> str:
        return tables.sheet(self).text()

    def _repr_html_(self) -> str:
        return tables.sheet(self).html()


def _expect(value: object, kind: type) -> None:
    if not isinstance(value, kind):
        msg = f"{kind.__name__.lower()} must be of type {kind.__name__}, got {value!r}"
        raise MethodError(msg)
