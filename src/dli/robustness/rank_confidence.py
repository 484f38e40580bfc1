"""Which differences of rank in an assessment are real, given errors of its scores."""

from collections.abc import Iterator, Sequence
from typing import Any, Protocol, runtime_checkable

import numpy as np
from attrs import frozen
from numpy.typing import ArrayLike, NDArray

from dli.arrays import Floats, as_floats
from dli.assessment import Assessment
from dli.checks import instance, seed_of
from dli.errors import MethodError
from dli.frames import Frame
from dli.framework.select import inner_node
from dli.robustness import arrays
from dli.robustness.arrays.rank_confidence import Side

__all__ = ["league_table", "rank_sets", "tie_groups"]

# From so many draws of a study the covariance of scores is taken.
_ENOUGH = 10_000


@runtime_checkable
class Study(Protocol):
    """A study of draws, such as `dli.sensitivity.uncertainty` returns."""

    @property
    def assessment(self) -> Assessment:
        """The assessment with the nominal choices."""
        ...

    @property
    def nominal_scores(self) -> Floats:
        """The scores without any change, of shape (n_units,)."""
        ...

    def scores(self, first: int = 0, n: int = 10) -> Floats:
        """Return the scores of single draws, of shape (n, n_units)."""
        ...


def rank_sets(  # noqa: PLR0913 each is a decision of its own
    assessment: Assessment,
    errors: str | ArrayLike | None = None,
    *,
    study: Study | None = None,
    node: str | None = None,
    period: object = None,
    confidence: float = 0.95,
    side: Side = "two-sided",
    simultaneous: bool = True,
    stepdown: bool = True,
    n_draws: int = 10_000,
    rng: object = None,
) -> Frame:
    """Return the ranks that errors of the scores leave possible for each unit of a period.

    Parameters
    ----------
    assessment : Assessment
        With the nominal weights.
    errors : str, float or array_like of shape (n_units,), optional
        Standard errors of the scores, independent from unit to unit: the name of a column of the
        data, one number for all, or a number for each of ``assessment.units``. Either ``errors``
        or ``study`` is required.
    study : dli.sensitivity.Uncertainty, optional
        A study of the same assessment and node, for example of `dli.sensitivity.MeasurementError`:
        the covariance of the scores in up to 10,000 of its draws describes their errors.
    node : str, optional
        The node whose scores are ranked; the index by default.
    period : object, optional
        That one alone; each period by itself by default.
    confidence, side, simultaneous, stepdown, n_draws, rng
        As in `dli.robustness.arrays.rank_sets`, which explains the method.

    Returns
    -------
    frame
        A row for each unit (and period): ``score``, ``rank``, ``best`` and ``worst`` possible rank,
        and ``not_told_apart``, the number of other units that it is not told apart from. Missing
        where the unit has no score.

    Raises
    ------
    UnknownCodeError
        No such node, period or column.
    MethodError
        Errors that are missing or negative for a unit with a score, both kinds or none, or a study
        of another assessment or node.

    Examples
    --------
    >>> from dli import Index, Indicator, Method, frames
    >>> from dli.normalisation import Goalposts
    >>> index = Index("T", [Indicator("a", goalposts=(0, 100))])
    >>> data = {"unit": ["X", "Y", "Z"], "a": [70, 60, 58], "se": [2, 1, 2]}
    >>> assessment = Assessment(index, data, method=Method(normalisation=Goalposts()))
    >>> table = frames.read(rank_sets(assessment, "se", rng=1))
    >>> table.column("best"), table.column("worst")
    ([1, 2, 2], [1, 3, 3])
    """
    ranked = _ranked(assessment, errors, study, node, period)
    sets = ranked.sets(
        confidence=confidence,
        side=side,
        simultaneous=simultaneous,
        stepdown=stepdown,
        n_draws=n_draws,
        rng=seed_of(rng),
    )
    return ranked.frame(sets)


def league_table(  # noqa: PLR0913 each is a decision of its own
    assessment: Assessment,
    errors: str | ArrayLike | None = None,
    *,
    study: Study | None = None,
    node: str | None = None,
    period: object = None,
    confidence: float = 0.95,
    n_draws: int = 10_000,
    rng: object = None,
) -> Frame:
    """Return the units in the order of ranks, with the ranks that errors leave possible for each.

    The sets of all units hold at the same time, as a whole table requires: "rank 4, between 3 and
    14; not told apart from 9 others".

    Parameters
    ----------
    assessment, errors, study, node, period
        As in `rank_sets`, which also says what is raised.
    confidence, n_draws, rng
        As in `dli.robustness.arrays.rank_sets`.

    Returns
    -------
    frame
        A row for each unit (and period), the best first: ``rank``, the context column ``name`` if
        there is one, ``score``, ``best`` and ``worst`` possible rank, and ``not_told_apart``, the
        number of other units that it is not told apart from. Units without a score come last;
        periods follow one another.

    Examples
    --------
    >>> from dli import Index, Indicator, Method, frames
    >>> from dli.normalisation import Goalposts
    >>> index = Index("T", [Indicator("a", goalposts=(0, 100))])
    >>> data = {"unit": ["X", "Y", "Z"], "a": [58, 60, 70], "se": [2, 1, 2]}
    >>> assessment = Assessment(index, data, method=Method(normalisation=Goalposts()))
    >>> table = frames.read(league_table(assessment, "se", rng=1))
    >>> for row in zip(*map(table.column, ("unit", "rank", "best", "worst")), strict=True):
    ...     print(*row)
    Z 1 1 1
    Y 2 2 3
    X 3 2 3
    """
    ranked = _ranked(assessment, errors, study, node, period)
    sets = ranked.sets(confidence=confidence, n_draws=n_draws, rng=seed_of(rng))
    # Missing ranks are sorted to the end.
    order = np.concatenate(
        [rows[np.argsort(ranked.ranks[rows], kind="stable")] for rows in ranked.groups]
    )
    columns: dict[str, Any] = {"rank": ranked.ranks[order]}
    if "name" in assessment.observations.context:
        names = assessment.context("name")
        columns["name"] = [names[row] for row in order.tolist()]
    columns["score"] = ranked.scores[order]
    columns |= {name: own[order] for name, own in sets.items()}
    return assessment.frame(columns, rows=order, integers=["rank", *sets])


def tie_groups(  # noqa: PLR0913 each is a decision of its own
    assessment: Assessment,
    errors: str | ArrayLike | None = None,
    *,
    study: Study | None = None,
    node: str | None = None,
    period: object = None,
    confidence: float = 0.95,
    stepdown: bool = True,
    n_draws: int = 10_000,
    rng: object = None,
) -> Frame:
    """Return groups of units of a period that are not told apart, for a table of ranks.

    From the highest score downwards, the next unit joins the group unless it is told apart from a
    unit in it, and otherwise begins the next group. Units of different groups need not be told
    apart: ``others`` names those that are not.

    Parameters
    ----------
    assessment, errors, study, node, period
        As in `rank_sets`, which also says what is raised.
    confidence, stepdown, n_draws, rng
        As in `dli.robustness.arrays.tie_groups`.

    Returns
    -------
    frame
        A row for each unit (and period): ``score``, ``rank``, ``tie_group``, from 1 for the highest
        scores, ``not_told_apart``, the number of other units that it is not told apart from, and
        ``others``, these units from the highest score downwards. Missing where the unit has no
        score.

    Examples
    --------
    >>> from dli import Index, Indicator, Method, frames
    >>> from dli.normalisation import Goalposts
    >>> index = Index("T", [Indicator("a", goalposts=(0, 100))])
    >>> data = {"unit": ["X", "Y", "Z"], "a": [70, 60, 58], "se": [2, 1, 2]}
    >>> assessment = Assessment(index, data, method=Method(normalisation=Goalposts()))
    >>> table = frames.read(tie_groups(assessment, "se", rng=1))
    >>> table.column("tie_group"), table.column("others")
    ([1, 2, 2], ['', 'Z', 'Y'])
    """
    ranked = _ranked(assessment, errors, study, node, period)
    seed = seed_of(rng)
    group, alike = np.full((2, len(assessment.units)), np.nan)
    others: list[str | None] = [None] * len(assessment.units)
    for rows, kinds in ranked.periods():
        found = arrays.tie_groups(
            ranked.scores[rows],
            **kinds,
            confidence=confidence,
            stepdown=stepdown,
            n_draws=n_draws,
            rng=seed,
        )
        group[rows], alike[rows] = found.groups, found.sets.not_told_apart
        order = np.argsort(found.sets.ranks, kind="stable")
        for place, row in enumerate(rows.tolist()):
            if not np.isnan(group[row]):
                near = rows[order[found.together[place, order]]].tolist()
                others[row] = ", ".join(str(assessment.units[own]) for own in near)
    return ranked.frame({"tie_group": group, "not_told_apart": alike}, others=others)


@frozen(kw_only=True, eq=False)
class _Ranked:
    """The scores of a node and what describes their errors, in the order of the assessment."""

    assessment: Assessment
    scores: Floats
    ranks: Floats
    groups: Sequence[NDArray[np.intp]]
    kind: str
    values: Floats

    def periods(self) -> Iterator[tuple[NDArray[np.intp], dict[str, Floats]]]:
        """Yield the rows of each period, and what describes the errors of their scores."""
        for rows in self.groups:
            yield rows, {self.kind: self.values[..., rows]}

    def sets(self, **options: Any) -> dict[str, Floats]:
        """Return the ends of the set of each row, and how many units it is not told apart from."""
        best, worst, alike = np.full((3, len(self.assessment.units)), np.nan)
        for rows, kinds in self.periods():
            found = arrays.rank_sets(self.scores[rows], **(options | kinds))
            best[rows], worst[rows], alike[rows] = found.lower, found.upper, found.not_told_apart
        return {"best": best, "worst": worst, "not_told_apart": alike}

    def frame(self, numbers: dict[str, Floats], **texts: list[str | None]) -> Frame:
        """Return a table of the units, with their scores and ranks in front."""
        rows = np.sort(np.concatenate(self.groups))
        whole = {"rank": self.ranks, **numbers}
        columns: dict[str, Any] = {"score": self.scores[rows]}
        columns |= {name: own[rows] for name, own in whole.items()}
        columns |= {name: [own[row] for row in rows] for name, own in texts.items()}
        return self.assessment.frame(columns, rows=rows, integers=whole)


def _ranked(
    assessment: Assessment,
    errors: str | ArrayLike | None,
    study: Study | None,
    node: str | None,
    period: object,
) -> _Ranked:
    instance("assessment", assessment, Assessment)
    code = inner_node(assessment.index, node).code
    scores = assessment.array(code)
    groups = list(assessment.rows_by_period.values())
    if period is not None:
        groups = [assessment.rows(period)]
    rows = np.concatenate(groups)
    known = rows[~np.isnan(scores[rows])]
    if (errors is None) == (study is None):
        msg = (
            "errors of the scores must come as either errors or study, got "
            f"{'none' if study is None else 'both'}; errors=0 stands for scores without errors"
        )
        raise MethodError(msg)
    if study is None:
        kind, values = "errors", _standard_errors(assessment, errors, known)
    else:
        kind, values = "draws", _drawn(assessment, study, code, known)
    return _Ranked(
        assessment=assessment,
        scores=scores,
        ranks=assessment.rank_array(code),
        groups=groups,
        kind=kind,
        values=values,
    )


def _standard_errors(assessment: Assessment, errors: Any, known: NDArray[np.intp]) -> Floats:
    name = "errors"
    if isinstance(errors, str):
        name = f"errors, the column {errors!r},"
        errors = assessment.context(errors, numbers=True)
    sds, expected = as_floats(errors, name), (len(assessment.units),)
    if sds.ndim == 0:
        sds = np.full(expected, sds)
    if sds.shape != expected:
        msg = (
            "errors must be the name of a column, a number, or a number for each of the "
            f"{expected[0]} rows of the assessment, got the shape {sds.shape}"
        )
        raise MethodError(msg)
    wrong = known[~((sds[known] >= 0) & (sds[known] < np.inf))]
    if wrong.size:
        msg = f"{name} must be finite numbers of at least 0 for units with a score"
        raise MethodError(msg, _named(assessment, wrong, sds))
    return sds


def _drawn(assessment: Assessment, study: Any, code: str, known: NDArray[np.intp]) -> Floats:
    if not isinstance(study, Study):
        msg = (
            "study must be a study of draws such as dli.sensitivity.uncertainty returns, got "
            f"{type(study).__name__}"
        )
        raise MethodError(msg)
    is_same = assessment.has_rows_of(study.assessment) and np.array_equal(
        study.nominal_scores, assessment.array(code), equal_nan=True
    )
    if not is_same:
        msg = f"study must be of this assessment and of its node {code!r}; its scores differ"
        raise MethodError(msg)
    draws = study.scores(0, _ENOUGH)
    n_missing = np.isnan(draws).sum(axis=0)
    wrong = known[n_missing[known] > 0]
    if wrong.size:
        msg = f"units with a score must have one in each of {len(draws)} draws of the study, not in"
        raise MethodError(msg, _named(assessment, wrong, len(draws) - n_missing))
    return draws


def _named(assessment: Assessment, rows: NDArray[np.intp], values: Any) -> list[str]:
    """Return a line for each row, with its unit, its period if there are any, and a value."""
    units, periods = assessment.units, assessment.periods
    return [
        f"unit {units[row]!r}{'' if periods is None else f', {periods[row]!r}'}: {values[row]}"
        for row in rows.tolist()
    ]
