"""Two or more assessments of the same units side by side."""

from collections.abc import Mapping, Sequence
from typing import Any, TypeAlias

import numpy as np
from attrs import frozen
from numpy.typing import NDArray

from dli import frames
from dli.assessment import Assessment
from dli.errors import MethodError, UnknownCodeError
from dli.printing import Printed, Sheet

__all__ = ["Comparison", "compare"]

Floats: TypeAlias = NDArray[np.float64]


@frozen(kw_only=True, eq=False, repr=False)
class Comparison(Printed):
    """Scores and ranks of one node in several assessments.

    Attributes
    ----------
    labels : tuple of str
        A name for each assessment; the first is what the others are compared with.
    units, periods : tuple
        The unit (and period, else None) of each row: all that any of the assessments has.
    score_array, rank_array : ndarray of shape (n_rows, n_assessments)
        NaN where an assessment has no score.
    """

    labels: tuple[str, ...]
    units: tuple[Any, ...]
    periods: tuple[Any, ...] | None
    score_array: Floats
    rank_array: Floats
    _keys: Mapping[str, Sequence[Any]]
    _library: Any

    @property
    def scores(self) -> Any:
        """A row for each unit, a column for each assessment."""
        return self._frame(dict(zip(self.labels, self.score_array.T, strict=True)), ())

    @property
    def ranks(self) -> Any:
        """A row for each unit, a column for each assessment; 1 is best."""
        return self._frame(dict(zip(self.labels, self.rank_array.T, strict=True)), self.labels)

    @property
    def shifts(self) -> Any:
        """The ranks that each unit moves against the first assessment; negative is upwards."""
        moved = self.rank_array - self.rank_array[:, :1]
        labels = self.labels[1:]
        return self._frame(dict(zip(labels, moved.T[1:], strict=True)), labels)

    @property
    def summary(self) -> Any:
        """How far each assessment is from the first: a row for each.

        Columns: ``assessment``; ``units`` that both have; ``mean_rank_shift`` and
        ``largest_rank_shift``, of the absolute ranks moved; ``spearman`` and ``kendall``, the
        correlations of the ranks (missing for fewer than two units or ranks all equal).
        """
        from dli.multivariate import correlations

        first = self.rank_array[:, :1]
        moved = np.abs(self.rank_array - first)
        both = ~np.isnan(moved)
        n_units = both.sum(axis=0)
        mean = np.where(both, moved, 0.0).sum(axis=0) / np.where(n_units > 0, n_units, np.nan)
        largest = np.where(both, moved, -1.0).max(axis=0)
        found = {
            method: correlations(first, self.rank_array, method=method).coefficients[0]
            for method in ("spearman", "kendall")
        }
        columns = {
            "assessment": list(self.labels),
            "units": n_units,
            "mean_rank_shift": mean,
            "largest_rank_shift": np.where(n_units > 0, largest, np.nan),
            **found,
        }
        return frames.build(columns, self._library, integers=["largest_rank_shift"])

    def _frame(self, columns: Mapping[str, Any], integers: Sequence[str]) -> Any:
        return frames.build({**self._keys, **columns}, self._library, integers=integers)

    def _sheet(self) -> Sheet:
        table = frames.read(self.summary)
        names = ("mean_rank_shift", "spearman")
        figures = [
            [f"{np.nan if cell is None else cell:.3f}" for cell in table.column(name)]
            for name in names
        ]
        rows = list(zip(table.column("assessment"), *figures, strict=True))
        title = f"{len(self.units)} rows, {len(self.labels)} assessments"
        return Sheet(title, ("assessment", "mean rank shift", "spearman"), rows)


def compare(
    assessments: Mapping[str, Assessment] | Sequence[Assessment], *, node: str | None = None
) -> Comparison:
    """Compare the scores and ranks of one node in several assessments.

    Parameters
    ----------
    assessments : mapping of label to Assessment, or sequence of Assessment
        Two at least; a sequence is labelled "1", "2" and so on. The first is what the others are
        compared with. Rows are matched by unit (and period); a unit that only some have is kept.
    node : str, optional
        A code that all of them have; by default the index of each.

    Returns
    -------
    Comparison

    Raises
    ------
    MethodError
        Fewer than two assessments, or some with and some without periods.
    UnknownCodeError
        An index without the node; all such are named.

    Examples
    --------
    >>> from dli import Assessment, Index, Indicator
    >>> from dli.normalisation import ZScore
    >>> index = Index("T", [Indicator("a"), Indicator("b")])
    >>> data = {"unit": ["X", "Y", "Z"], "a": [1, 3, 2], "b": [9.0, 5.0, 8.0]}
    >>> one = Assessment(index, data)
    >>> compare({"min-max": one, "z-score": one.evolve(normalisation=ZScore())})
    3 rows, 2 assessments
    <BLANKLINE>
    assessment  mean rank shift  spearman
    min-max               0.000     1.000
    z-score               0.333     0.866
    """
    labelled = (
        dict(assessments)
        if isinstance(assessments, Mapping)
        else {str(i): assessment for i, assessment in enumerate(assessments, 1)}
    )
    if len(labelled) < 2:
        msg = f"a comparison needs at least two assessments, got {len(labelled)}"
        raise MethodError(msg)
    given = list(labelled.values())
    _check_node(labelled, node)
    with_periods = [label for label, a in labelled.items() if a.periods is not None]
    if 0 < len(with_periods) < len(given):
        msg = "assessments must all have periods or none; those that have are"
        raise MethodError(msg, map(repr, with_periods))
    keys = [_keys(assessment) for assessment in given]
    rows = list(dict.fromkeys(key for own in keys for key in own))
    place = {key: i for i, key in enumerate(rows)}
    scores, ranks = np.full((2, len(rows), len(given)), np.nan)
    for column, (assessment, own) in enumerate(zip(given, keys, strict=True)):
        code = assessment.index.code if node is None else node
        at = [place[key] for key in own]
        scores[at, column] = assessment.array(code)
        ranks[at, column] = assessment.rank_array(code)
    observations = given[0].observations
    units = tuple(key[0] for key in rows)
    columns: dict[str, Sequence[Any]] = {observations.unit_column: list(units)}
    periods = None
    if with_periods:
        periods = tuple(key[1] for key in rows)
        columns[str(observations.period_column)] = list(periods)
    return Comparison(
        labels=tuple(labelled),
        units=units,
        periods=periods,
        score_array=scores,
        rank_array=ranks,
        keys=columns,
        library=observations.table.library,
    )


def _keys(assessment: Assessment) -> list[tuple[Any, ...]]:
    columns: tuple[Any, ...] = (assessment.units,)
    if assessment.periods is not None:
        columns += (assessment.periods,)
    return list(zip(*columns, strict=True))


def _check_node(labelled: Mapping[str, Assessment], node: str | None) -> None:
    if node is None:
        return
    without = []
    known: dict[str, None] = {}
    for label, assessment in labelled.items():
        codes = dict.fromkeys(n.code for n in assessment.index.walk())
        known |= codes
        if node not in codes:
            without.append(label)
    if without:
        what = f"node in assessment{'s' if len(without) > 1 else ''} {', '.join(without)} with code"
        raise UnknownCodeError(what, [node], known)
