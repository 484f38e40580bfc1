"""Which differences in rank in an assessment are real, given the errors of its scores."""

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

# The covariance of the scores is computed from at most this many draws of a study.
_MOST_DRAWS = 10_000


@runtime_checkable
class Study(Protocol):
    """A study that consists of draws, such as the result of `dli.sensitivity.uncertainty`."""

    @property
    def assessment(self) -> Assessment:
        """The assessment with the nominal choices."""
        ...

    @property
    def nominal_scores(self) -> Floats:
        """The scores under the nominal choices, of shape (n_units,)."""
        ...

    def scores(self, first: int = 0, n: int = 10) -> Floats:
        """Return the scores in ``n`` draws from draw ``first``, of shape (n, n_units)."""
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
    """Return the range of possible ranks of each unit, given the errors of the scores.

    Parameters
    ----------
    assessment : Assessment
        The assessment, with the nominal weights.
    errors : str, float or array_like of shape (n_units,), optional
        The standard errors of the scores, if errors are independent between units: the name of a
        column of the data, one number for all units, or a number for each of ``assessment.units``.
        Either ``errors`` or ``study`` is required.
    study : dli.sensitivity.Uncertainty, optional
        A study of the same assessment and node, for example with `dli.sensitivity.MeasurementError`
        as an uncertain input. The covariance of the scores in up to 10,000 of its draws describes
        the errors.
    node : str, optional
        The node whose scores are ranked; the index by default.
    period : object, optional
        The only period to rank units in; by default, each period is ranked separately.
    confidence, side, simultaneous, stepdown, n_draws, rng
        As in `dli.robustness.arrays.rank_sets`, which explains the method.

    Returns
    -------
    frame
        A row for each unit (and period): ``score``, ``rank``, the ``best`` and ``worst`` possible
        rank, and ``not_told_apart``, the number of other units that it cannot be told apart from.
        Values are missing for units without a score.

    Raises
    ------
    UnknownCodeError
        A node, period or column is unknown.
    MethodError
        An error is missing, negative or infinite for a unit with a score, both or neither of
        ``errors`` and ``study`` are passed, the study is of another assessment or node, or a unit
        with a score does not have one in every draw of the study.

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
    """Return the units in the order of their ranks, with the range of possible ranks of each.

    The ranges contain the true ranks of all units at the same time, as a table of all units
    requires. They allow statements such as "rank 4, between 3 and 14; not told apart from 9 other
    units".

    Parameters
    ----------
    assessment, errors, study, node, period
        As in `rank_sets`, which also lists the errors raised.
    confidence, n_draws, rng
        As in `dli.robustness.arrays.rank_sets`.

    Returns
    -------
    frame
        A row for each unit (and period), sorted by rank in each period: ``rank``, the context
        column ``name`` if there is one, ``score``, the ``best`` and ``worst`` possible rank, and
        ``not_told_apart``, the number of other units that it cannot be told apart from. Units
        without a score are at the end of each period.

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
    # Sorting places missing ranks at the end.
    order = np.concatenate(
        [rows[np.argsort(ranked.ranks[rows], kind="stable")] for rows in ranked.groups]
    )
    columns: dict[str, Any] = {"rank": ranked.ranks[order]}
    if "name" in assessment.observations.context:
        names = assessment.context("name")
        columns["name"] = [names[row] for row in order.tolist()]
    columns["score"] = ranked.scores[order]
    columns |= {name: column[order] for name, column in sets.items()}
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
    """Return groups of units that cannot be told apart, to divide a table of ranks.

    From the highest score downwards, each unit joins the current group if it cannot be told apart
    from any unit in it, and otherwise starts the next group. Units in different groups cannot
    always be told apart either; ``others`` names those that cannot.

    Parameters
    ----------
    assessment, errors, study, node, period
        As in `rank_sets`, which also lists the errors raised.
    confidence, stepdown, n_draws, rng
        As in `dli.robustness.arrays.tie_groups`.

    Returns
    -------
    frame
        A row for each unit (and period): ``score``, ``rank``, ``tie_group``, numbered from 1 for
        the highest scores, ``not_told_apart``, the number of other units that it cannot be told
        apart from, and ``others``, these units from the highest score downwards. Values are missing
        for units without a score.

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
    groups, n_alike = np.full((2, len(assessment.units)), np.nan)
    others: list[str | None] = [None] * len(assessment.units)
    for rows, kinds in ranked.periods():
        result = arrays.tie_groups(
            ranked.scores[rows],
            **kinds,
            confidence=confidence,
            stepdown=stepdown,
            n_draws=n_draws,
            rng=seed,
        )
        groups[rows], n_alike[rows] = result.groups, result.sets.not_told_apart
        order = np.argsort(result.sets.ranks, kind="stable")
        for place, row in enumerate(rows.tolist()):
            if not np.isnan(groups[row]):
                alike = rows[order[result.together[place, order]]].tolist()
                others[row] = ", ".join(str(assessment.units[other]) for other in alike)
    return ranked.frame({"tie_group": groups, "not_told_apart": n_alike}, others=others)


@frozen(kw_only=True, eq=False)
class _Ranked:
    """The scores of a node and the description of their errors, in the order of the assessment."""

    assessment: Assessment
    scores: Floats
    ranks: Floats
    groups: Sequence[NDArray[np.intp]]
    kind: str
    values: Floats

    def periods(self) -> Iterator[tuple[NDArray[np.intp], dict[str, Floats]]]:
        """Yield the rows of each period and the description of the errors of their scores."""
        for rows in self.groups:
            yield rows, {self.kind: self.values[..., rows]}

    def sets(self, **options: Any) -> dict[str, Floats]:
        """Return the ends of each row's rank set and the number of units not told apart from it."""
        best, worst, n_alike = np.full((3, len(self.assessment.units)), np.nan)
        for rows, kinds in self.periods():
            result = arrays.rank_sets(self.scores[rows], **(options | kinds))
            best[rows], worst[rows] = result.lower, result.upper
            n_alike[rows] = result.not_told_apart
        return {"best": best, "worst": worst, "not_told_apart": n_alike}

    def frame(self, numbers: dict[str, Floats], **texts: list[str | None]) -> Frame:
        """Return a table of the units that starts with their scores and ranks."""
        rows = np.sort(np.concatenate(self.groups))
        integers = {"rank": self.ranks, **numbers}
        columns: dict[str, Any] = {"score": self.scores[rows]}
        columns |= {name: column[rows] for name, column in integers.items()}
        columns |= {name: [cells[row] for row in rows] for name, cells in texts.items()}
        return self.assessment.frame(columns, rows=rows, integers=integers)


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
            "the errors of the scores must be passed as either errors or study, got "
            f"{'neither' if study is None else 'both'}; pass errors=0 for scores without errors"
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
            f"{expected[0]} rows of the assessment, got an array of shape {sds.shape}"
        )
        raise MethodError(msg)
    wrong = known[~((sds[known] >= 0) & (sds[known] < np.inf))]
    if wrong.size:
        msg = f"{name} must be finite and at least 0 for all units with a score"
        raise MethodError(msg, _named(assessment, wrong, sds))
    return sds


def _drawn(assessment: Assessment, study: Any, code: str, known: NDArray[np.intp]) -> Floats:
    if not isinstance(study, Study):
        msg = (
            "study must be a study such as the result of dli.sensitivity.uncertainty, got "
            f"{type(study).__name__}"
        )
        raise MethodError(msg)
    is_same = assessment.has_rows_of(study.assessment) and np.array_equal(
        study.nominal_scores, assessment.array(code), equal_nan=True
    )
    if not is_same:
        msg = f"study must be of this assessment and its node {code!r}, but the scores differ"
        raise MethodError(msg)
    draws = study.scores(0, _MOST_DRAWS)
    n_missing = np.isnan(draws).sum(axis=0)
    wrong = known[n_missing[known] > 0]
    if wrong.size:
        msg = (
            f"units with a score must have a score in all {len(draws)} draws of the study; number "
            "of draws with a score"
        )
        raise MethodError(msg, _named(assessment, wrong, len(draws) - n_missing))
    return draws


def _named(assessment: Assessment, rows: NDArray[np.intp], values: Any) -> list[str]:
    """Return a line for each row, with its unit, its period if the data have any, and a value."""
    units, periods = assessment.units, assessment.periods
    return [
        f"unit {units[row]!r}{'' if periods is None else f', {periods[row]!r}'}: {values[row]}"
        for row in rows.tolist()
    ]
