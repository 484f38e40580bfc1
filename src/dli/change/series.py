"""Scores over time: trends, changes between two periods, and convergence of units."""

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from dli.arrays import TIE, Floats
from dli.assessment import Assessment
from dli.change import arrays
from dli.checks import instance, is_hashable, several
from dli.errors import DataError, MethodError, UnknownCodeError
from dli.frames import Frame
from dli.framework.select import Nodes, select
from dli.multivariate.selection import stage_values
from dli.periods import period_number, period_order

__all__ = ["convergence", "dispersion", "period_changes", "trends"]

_FEW = {0: ["no value"], 1: ["one value"], 2: ["two values"]}


def trends(assessment: Assessment, nodes: Nodes = 0, *, stage: str = "normalised") -> Frame:
    """Return the trend of each unit at one or more nodes.

    Parameters
    ----------
    assessment : Assessment
        An assessment whose periods are numbers, such as years, or text that contains numbers.
        Slopes are per unit of these numbers, such as per year.
    nodes : int, str or sequence of str, optional
        A level of the tree (0 for the index, 1 for its sub-indices), a code or several codes; the
        index by default, all indicators for None.
    stage : {"raw", "denominated", "imputed", "treated", "normalised"}
        The stage of processing from which the values of indicators are taken. Growth rates are
        meaningful for raw values, but rarely for scores, whose zero is arbitrary.

    Returns
    -------
    frame
        One row for each unit and node: the unit, ``node``; ``values``, the number of values;
        ``first, first_period, latest, latest_period, slope, p_value, relative_slope, growth`` (see
        `dli.change.arrays.Trends`); and ``note``, which says why numbers are missing: ``no value``,
        ``one value``, ``two values`` (no p-value) or ``not above zero`` (no growth rate or relative
        slope). Periods without a value are left out.

    Raises
    ------
    MethodError
        The assessment has no periods, its periods are not numbers, or the level does not exist.
    UnknownCodeError
        Codes that are not in the tree, or an unknown stage.

    Examples
    --------
    >>> from dli import Index, Indicator, frames
    >>> data = {"unit": list("XYXY"), "year": [1, 1, 3, 3], "a": [0.0, 8.0, 4.0, 6.0]}
    >>> assessment = Assessment(Index("T", [Indicator("a")]), data, period="year")
    >>> table = frames.read(trends(assessment))
    >>> table.column("unit"), table.column("slope")
    (['X', 'Y'], [25.0, -12.5])
    """
    chosen = select(instance("assessment", assessment, Assessment).index, nodes)
    codes = [node.code for node in chosen]
    of_indicators = stage_values(assessment, stage)
    values = [of_indicators.get(code, assessment.array(code)) for code in codes]
    periods = _periods(assessment)
    times = [number for number in map(period_number, periods) if number is not None]
    if len(times) < len(periods):
        wrong = [repr(period) for period in periods if period_number(period) is None]
        raise MethodError("trends require periods that are numbers, such as years; got", wrong)
    units, _, table = _by_unit(assessment, periods, np.stack(values, axis=1))
    result = arrays.trends(np.moveaxis(table, 1, 2), times)
    columns = {
        "values": result.n_values,
        "first": result.first,
        "first_period": result.first_time,
        "latest": result.latest,
        "latest_period": result.latest_time,
        "slope": result.slope,
        "p_value": result.p_value,
        "relative_slope": result.relative_slope,
        "growth": result.growth,
    }
    has_no_rate = (result.n_values > 1) & np.isnan(result.growth + result.relative_slope)
    notes = [
        ", ".join(_FEW.get(n, []) + ["not above zero"] * lacks)
        for n, lacks in np.stack([result.n_values, has_no_rate], axis=-1).reshape(-1, 2).tolist()
    ]
    are_whole = all(time.is_integer() for time in times)
    return assessment.table(
        {
            assessment.observations.unit_column: [unit for unit in units for _ in codes],
            "node": codes * len(units),
            **{name: cells.ravel() for name, cells in columns.items()},
            "note": notes,
        },
        integers=["first_period", "latest_period"] if are_whole else [],
    )


def period_changes(
    assessment: Assessment, before: object, after: object, *, node: str | None = None
) -> Frame:
    """Return the change of each unit's score and rank from one period to another.

    Parameters
    ----------
    assessment : Assessment
        An assessment with periods. Scores of different periods are comparable if the normalisation
        covers all periods or uses a base period.
    before, after : object
        The two periods to compare.
    node : str, optional
        The code of the node whose scores and ranks are compared; the index by default.

    Returns
    -------
    frame
        One row for each unit in either period: the unit, the context column ``name`` if there is
        one, ``score_before, score_after, score_change, rank_before, rank_after`` and
        ``rank_change``, which is negative for a unit that moves up. Ranks are among the units of
        each period, whose number may differ. If a unit has no score in one of the periods, that
        score and the change are missing.

    Raises
    ------
    MethodError, UnknownCodeError
        The assessment has no periods, both periods are the same, or a period or the node does not
        exist.

    Examples
    --------
    >>> from dli import Index, Indicator, frames
    >>> data = {"unit": list("XYXY"), "year": [1, 1, 3, 3], "a": [0.0, 4.0, 10.0, 8.0]}
    >>> assessment = Assessment(Index("T", [Indicator("a")]), data, period="year")
    >>> table = frames.read(period_changes(assessment, 1, 3))
    >>> table.column("score_change"), table.column("rank_change")
    ([100.0, 40.0], [-1, 1])
    """
    index = instance("assessment", assessment, Assessment).index
    code = index.code if node is None else node
    values = np.stack([assessment.array(code), assessment.rank_array(code)], axis=1)
    units, rows, table = _by_unit(assessment, [before, after], values)
    if before == after:
        raise MethodError(f"period_changes requires two different periods, got {before!r} twice")
    columns: dict[str, object] = {assessment.observations.unit_column: units}
    if "name" in assessment.observations.context:
        names = assessment.context("name")
        columns["name"] = [names[late if late >= 0 else early] for early, late in rows.tolist()]
    for kind, (early, late) in zip(("score", "rank"), table.T, strict=True):
        columns |= {f"{kind}_before": early, f"{kind}_after": late, f"{kind}_change": late - early}
    return assessment.table(columns, integers=["rank_before", "rank_after", "rank_change"])


def dispersion(assessment: Assessment, *, node: str | None = None) -> Frame:
    """Return the dispersion of scores in each period, for an analysis of sigma convergence.

    Parameters
    ----------
    assessment : Assessment
        An assessment of several periods.
    node : str, optional
        The code of the node; the index by default.

    Returns
    -------
    frame
        One row for each period, in chronological order: the period; ``units``, the number of units
        with a score in all periods, the only ones that are compared; the ``mean`` and the standard
        deviation ``sd`` of their scores (with divisor n - 1); and the coefficient of variation
        ``cv``, the standard deviation divided by the mean. Units converge where ``sd`` and ``cv``
        fall.

    Raises
    ------
    MethodError, UnknownCodeError
        The assessment has no periods, or the node does not exist.
    DataError
        Fewer than three units have a score in all periods, or the order of periods is ambiguous.

    Examples
    --------
    >>> from dli import Index, Indicator, frames
    >>> data = {"unit": list("XYZ") * 2, "year": [1] * 3 + [2] * 3, "a": [0, 5, 10, 4, 6, 8]}
    >>> panel = Assessment(Index("T", [Indicator("a")]), data, period="year")
    >>> frames.read(dispersion(panel)).column("sd")
    [50.0, 20.0]
    """
    periods = period_order(_periods(assessment))
    scores = _scores_in_all(assessment, node, periods)
    mean, sd = scores.mean(axis=0), scores.std(axis=0, ddof=1)
    return assessment.table(
        {
            str(assessment.observations.period_column): periods,
            "units": np.full(len(periods), len(scores)),
            "mean": mean,
            "sd": sd,
            "cv": sd / np.where(mean != 0, mean, np.nan),
        }
    )


def convergence(
    assessment: Assessment, *, node: str | None = None, first: object = None, last: object = None
) -> Frame:
    r"""Return the beta convergence of units: whether low-scoring units gain faster than others.

    The mean change per unit of time, $(s_T - s_0) / T$, is regressed on the initial score,
    $\beta s_0 + c$. With a negative slope, units that are behind catch up. The half-life is the
    time in which half of a gap closes at that speed, $T \ln 2 / -\ln (1 + \beta T)$.

    Parameters
    ----------
    assessment, node
        As for `dispersion`. Time is measured in the unit of the periods if they are numbers, such
        as years, and otherwise in steps from one period to the next.
    first, last : object, optional
        The periods to compare; the first and the last by default.

    Returns
    -------
    frame
        One row: ``first``, ``last``, ``units`` (the number of units with a score in both periods),
        ``beta``, ``standard_error``, ``p_value``, ``r_squared`` and ``half_life``, which is missing
        if units do not converge.

    Raises
    ------
    MethodError, DataError, UnknownCodeError
        As for `dispersion`; both periods are the same, a period does not exist, or all units have
        the same score in the first period.

    References
    ----------
    Barro and Sala-i-Martin (1992), Convergence. Journal of Political Economy 100 (2).
    https://doi.org/10.1086/261816

    Examples
    --------
    >>> from dli import Index, Indicator, frames
    >>> data = {"unit": list("XYZ") * 2, "year": [1] * 3 + [2] * 3, "a": [0, 5, 10, 4, 6, 8]}
    >>> panel = Assessment(Index("T", [Indicator("a")]), data, period="year")
    >>> round(frames.read(convergence(panel)).column("beta")[0], 6)
    -0.6
    """
    from scipy.stats import linregress

    periods = period_order(_periods(assessment))
    ends = [periods[0] if first is None else first, periods[-1] if last is None else last]
    if len(several("periods", ends)) == 1:
        raise MethodError(f"convergence needs two different periods, got {ends[0]!r} twice")
    scores = _scores_in_all(assessment, node, ends)
    if np.ptp(scores[:, 0]) <= TIE * np.abs(scores[:, 0]).max():
        raise DataError(
            f"all units have the same score in {ends[0]!r}: convergence requires scores that differ"
        )
    times: list[Any] = list(map(period_number, ends))
    if None in times:
        times = list(map(periods.index, ends))
    time = float(times[1] - times[0])
    fit = linregress(scores[:, 0], (scores[:, 1] - scores[:, 0]) / time)
    left = 1 + float(fit.slope) * time
    numbers = {
        "beta": fit.slope,
        "standard_error": fit.stderr,
        "p_value": fit.pvalue,
        "r_squared": fit.rvalue**2,
        "half_life": time * np.log(2) / -np.log(left) if 0 < left < 1 else np.nan,
    }
    columns = {"first": ends[:1], "last": ends[1:], "units": [len(scores)]}
    return assessment.table(columns | {name: np.array([cell]) for name, cell in numbers.items()})


def _periods(assessment: Assessment) -> list[Any]:
    """Return the distinct periods in the order of the data."""
    if instance("assessment", assessment, Assessment).periods is None:
        raise MethodError(
            "the data have no periods; name the column of periods with Assessment(..., period=...)"
        )
    return list(assessment.rows_by_period)


def _by_unit(
    assessment: Assessment, periods: Sequence[Any], values: Floats
) -> tuple[list[Any], NDArray[np.intp], Floats]:
    """Return the units with a row in any of the periods, their row numbers, and their values.

    Row numbers have shape (n_units, n_periods) and are -1 where a unit is not in a period. Values
    have shape (n_units, n_periods, ...) and are NaN there.
    """
    known = _periods(assessment)
    unknown = [period for period in periods if not (is_hashable(period) and period in known)]
    if unknown:
        raise UnknownCodeError("period", unknown, known)
    columns = {period: column for column, period in enumerate(periods)}
    rows: dict[Any, list[int]] = {}
    for row, key in enumerate(zip(assessment.units, assessment.periods or (), strict=True)):
        if key[1] in columns:
            rows.setdefault(key[0], [-1] * len(periods))[columns[key[1]]] = row
    places = np.array(list(rows.values()), dtype=np.intp)
    padded = np.concatenate([values, np.full((1, *values.shape[1:]), np.nan)])
    return list(rows), places, padded[places]


def _scores_in_all(assessment: Assessment, node: str | None, periods: Sequence[Any]) -> Floats:
    """Return the scores of the units that have one in all of the periods."""
    scores = assessment.array(assessment.index.code if node is None else node)
    table = _by_unit(assessment, periods, scores)[2]
    complete = table[~np.isnan(table).any(axis=1)]
    if len(complete) < 3:
        raise DataError(
            f"at least three units must have a score in all of the periods, got {len(complete)}"
        )
    return complete
