"""Comparison of two or more assessments of the same units."""

from collections.abc import Mapping, Sequence
from itertools import chain
from typing import Any

import numpy as np
from attrs import frozen

from dli.arrays import Floats
from dli.assessment import Assessment
from dli.checks import listed
from dli.errors import MethodError, UnknownCodeError
from dli.frames import Frame
from dli.multivariate.correlation import correlations
from dli.observations.names import warn_of_near_names
from dli.printing import Printed, Sheet
from dli.ranking import mean_rank_shift

__all__ = ["Comparison", "compare"]


@frozen(kw_only=True, eq=False, repr=False)
class Comparison(Printed):
    """Scores and ranks of one node in several assessments, as `compare` returns them.

    Attributes
    ----------
    labels : tuple of str
        The label of each assessment. All others are compared with the first.
    units, periods : tuple
        The unit and the period of each row, for all rows that any of the assessments has;
        ``periods`` is None without periods.
    score_array, rank_array : ndarray of shape (n_rows, n_assessments)
        NaN where an assessment has no score.
    """

    labels: tuple[str, ...]
    units: tuple[Any, ...]
    periods: tuple[Any, ...] | None
    score_array: Floats
    rank_array: Floats
    _first: Assessment

    @property
    def scores(self) -> Frame:
        """The scores: a row for each unit (and period), a column for each assessment."""
        return self._frame(self.score_array)

    @property
    def ranks(self) -> Frame:
        """The ranks, 1 for the best: a row for each unit (and period), a column per assessment."""
        return self._frame(self.rank_array, integers=self.labels)

    @property
    def shifts(self) -> Frame:
        """The difference of each rank from that in the first assessment; negative is better."""
        moved = self.rank_array - self.rank_array[:, :1]
        return self._frame(moved, start=1, integers=self.labels)

    @property
    def summary(self) -> Frame:
        """The differences between each assessment and the first, in a row for each assessment.

        Columns: ``assessment``; ``units``, the number of rows with a score in both;
        ``mean_rank_shift`` and ``largest_rank_shift``, the mean and the largest absolute
        difference of ranks; ``spearman`` and ``kendall``, the correlations of the ranks (missing
        for fewer than two rows, or if all ranks are equal).
        """
        columns = {"assessment": list(self.labels), **self._distances()}
        return self._first.table(columns, integers=["largest_rank_shift"])

    def _distances(self) -> dict[str, Any]:
        first = self.rank_array[:, :1]
        moved = np.abs(self.rank_array - first)
        return {
            "units": (~np.isnan(moved)).sum(axis=0),
            "mean_rank_shift": mean_rank_shift(self.rank_array.T, first[:, 0]),
            "largest_rank_shift": np.fmax.reduce(moved, axis=0),
            **{
                method: correlations(first, self.rank_array, method=method).coefficients[0]
                for method in ("spearman", "kendall")
            },
        }

    def _frame(self, values: Floats, start: int = 0, integers: Sequence[str] = ()) -> Frame:
        keys = zip(_key_columns(self._first), (self.units, self.periods or ()), strict=False)
        columns = list(zip(self.labels, values.T, strict=True))[start:]
        return self._first.table(
            {**{name: list(cells) for name, cells in keys}, **dict(columns)}, integers=integers
        )

    def _sheet(self) -> Sheet:
        distances = self._distances()
        columns = (self.labels, distances["mean_rank_shift"], distances["spearman"])
        rows = [
            (label, f"{shift:.3f}", f"{r:.3f}") for label, shift, r in zip(*columns, strict=True)
        ]
        title = f"{len(self.units)} rows, {len(self.labels)} assessments"
        return Sheet(title, ("assessment", "mean rank shift", "spearman"), rows)


def _key_columns(assessment: Assessment) -> list[str]:
    """Return the names of the columns of units and, if there are any, periods."""
    observations = assessment.observations
    names = (observations.unit_column, observations.period_column)
    return [name for name in names if name is not None]


def compare(
    assessments: Mapping[str, Assessment] | Sequence[Assessment], *, node: str | None = None
) -> Comparison:
    """Compare the scores and ranks of one node in several assessments.

    Parameters
    ----------
    assessments : mapping of label to Assessment, or sequence of Assessment
        At least two assessments; those of a sequence are labelled "1", "2" and so on. All others
        are compared with the first. Rows are matched by unit (and period). Units that only some
        assessments contain are kept.
    node : str, optional
        The code of a node that all assessments have; by default, the index of each.

    Returns
    -------
    Comparison
        The scores and ranks side by side, with their differences from the first assessment.

    Raises
    ------
    MethodError
        There are fewer than two assessments, a value is not an assessment or a label is not text,
        only some of the assessments have periods, or a label equals the name of the column of
        units or periods.
    UnknownCodeError
        Some assessments do not have the node; all of them are named.

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
    labelled = _labelled(assessments)
    codes = {label: [own.code for own in a.index.walk()] for label, a in labelled.items()}
    is_text = isinstance(node, str)
    lacking = [label for label, own in codes.items() if not (is_text and node in own)]
    if node is not None and lacking:
        what = f"node in assessment{'s' if len(lacking) > 1 else ''} {', '.join(lacking)} with code"
        raise UnknownCodeError(what, [node], dict.fromkeys(chain.from_iterable(codes.values())))
    compared = list(labelled.values())
    with_periods = [label for label, a in labelled.items() if a.periods is not None]
    if 0 < len(with_periods) < len(compared):
        raise MethodError(
            "either all assessments must have periods or none of them; those with periods are",
            map(repr, with_periods),
        )
    clashing = [repr(name) for name in _key_columns(compared[0]) if name in labelled]
    if clashing:
        raise MethodError(
            "labels must differ from the names of the columns of units and periods", clashing
        )
    keys = [list(zip(a.units, a.periods or a.units, strict=True)) for a in compared]
    for label, other in list(labelled.items())[1:]:
        warn_of_near_names(compared[0].units, other.units, f"assessment {label!r}")
    rows = {key: row for row, key in enumerate(dict.fromkeys(chain.from_iterable(keys)))}
    scores, ranks = np.full((2, len(rows), len(compared)), np.nan)
    for column, (assessment, own) in enumerate(zip(compared, keys, strict=True)):
        code = assessment.index.code if node is None else node
        at = [rows[key] for key in own]
        scores[at, column] = assessment.array(code)
        ranks[at, column] = assessment.rank_array(code)
    return Comparison(
        labels=tuple(labelled),
        units=tuple(unit for unit, _ in rows),
        periods=tuple(period for _, period in rows) if with_periods else None,
        score_array=scores,
        rank_array=ranks,
        first=compared[0],
    )


def _labelled(assessments: Any) -> dict[str, Assessment]:
    """Return assessments by label."""
    if not isinstance(assessments, Mapping):
        listing = listed("assessments", assessments, "Assessment, or a mapping of them")
        assessments = {str(i): assessment for i, assessment in enumerate(listing, 1)}
    faults = [
        f"{label!r} is {own!r}"
        for label, own in assessments.items()
        if not (isinstance(label, str) and isinstance(own, Assessment))
    ]
    if faults:
        raise MethodError("assessments must be Assessment objects with text as labels", faults)
    if len(assessments) < 2:
        raise MethodError(f"a comparison requires at least two assessments, got {len(assessments)}")
    return dict(assessments)
