"""Nodes over time: trends, growth, and what changed between two periods."""

from collections.abc import Sequence

import numpy as np

from dli.arrays import Floats
from dli.assessment import Assessment
from dli.change import arrays
from dli.change.panel import at_rows, period_rows, periods_of
from dli.errors import MethodError
from dli.frames import Frame
from dli.framework.select import Nodes, select
from dli.periods import period_number

__all__ = ["period_changes", "trends"]

_FEW = {0: "no value", 1: "one value", 2: "two values"}


def trends(assessment: Assessment, nodes: Nodes = 0, *, stage: str = "normalised") -> Frame:
    """Return the trend of each unit at each of several nodes.

    Parameters
    ----------
    assessment : Assessment
        With periods that are numbers, such as years, or text of numbers; the slope is for a step
        of 1.
    nodes : int, str or sequence of str, optional
        The nodes of a level (0 is the index, 1 its sub-indices), or codes; the index by default,
        all indicators for None.
    stage : {"raw", "denominated", "imputed", "treated", "normalised"}
        Which values of indicators to use. Growth rates are meaningful for raw values: on a scale
        of scores, zero does not mean nothing.

    Returns
    -------
    frame
        A row for each unit and node: unit, ``node``; ``values``, how many there are; ``first,
        first_period, latest, latest_period, slope, p_value, relative_slope, growth`` (see
        `dli.change.arrays.Trends`); and ``note``, why numbers are missing: ``no value``, ``one
        value``, ``two values`` (no p-value) and ``not above zero`` (no growth rate or relative
        slope). Periods without a value are left out.

    Raises
    ------
    MethodError
        An assessment without periods, periods that are not numbers, or no such level.
    UnknownCodeError
        Codes that are not in the tree, or no such stage.

    Examples
    --------
    >>> from dli import Index, Indicator, frames
    >>> data = {"unit": list("XYXY"), "year": [1, 1, 3, 3], "a": [0.0, 8.0, 4.0, 6.0]}
    >>> assessment = Assessment(Index("T", [Indicator("a")]), data, period="year")
    >>> table = frames.read(trends(assessment))
    >>> table.column("unit"), table.column("slope")
    (['X', 'Y'], [25.0, -12.5])
    """
    codes = [node.code for node in select(assessment.index, nodes)]
    values = _values(assessment, codes, stage)
    periods = periods_of(assessment)
    times = [number for number in map(period_number, periods) if number is not None]
    if len(times) < len(periods):
        wrong = [repr(period) for period in periods if period_number(period) is None]
        raise MethodError("trends need periods that are numbers, such as years; not these", wrong)
    units, rows = period_rows(assessment, periods)
    result = arrays.trends(np.moveaxis(at_rows(values, rows), 1, 2), times)
    columns = {
        assessment.observations.unit_column: [unit for unit in units for _ in codes],
        "node": codes * len(units),
        "values": result.n_values.ravel(),
        "first": result.first.ravel(),
        "first_period": result.first_time.ravel(),
        "latest": result.latest.ravel(),
        "latest_period": result.latest_time.ravel(),
        "slope": result.slope.ravel(),
        "p_value": result.p_value.ravel(),
        "relative_slope": result.relative_slope.ravel(),
        "growth": result.growth.ravel(),
        "note": _notes(result),
    }
    are_whole = all(time.is_integer() for time in times)
    return assessment.table(
        columns, integers=["first_period", "latest_period"] if are_whole else []
    )


def _values(assessment: Assessment, codes: Sequence[str], stage: str) -> Floats:
    """Return indicators after a step, and the scores of other nodes: (n_rows, n_nodes)."""
    of_indicators = assessment.stage_array(stage)
    places = {indicator.code: j for j, indicator in enumerate(assessment.index.indicators)}
    values = assessment.arrays(codes)
    for column, code in enumerate(codes):
        if code in places:
            values[:, column] = of_indicators[:, places[code]]
    return values


def _notes(result: arrays.Trends) -> list[str]:
    has_no_rate = np.isnan(result.growth) | np.isnan(result.relative_slope)
    notes = []
    for n, lacks in zip(result.n_values.ravel().tolist(), has_no_rate.ravel(), strict=True):
        words = [_FEW[n]] if n in _FEW else []
        if n > 1 and lacks:
            words.append("not above zero")
        notes.append(", ".join(words))
    return notes


def period_changes(
    assessment: Assessment, before: object, after: object, *, node: str | None = None
) -> Frame:
    """Return the change of each unit's score and rank from one period to another.

    Parameters
    ----------
    assessment : Assessment
        With periods. Scores of different periods are comparable if the normalisation is over all
        of them, or over a base period.
    before, after : object
        Two periods.
    node : str, optional
        Whose scores and ranks; the index by default.

    Returns
    -------
    frame
        A row for each unit in either period: unit, the context column ``name`` if there is one,
        ``score_before, score_after, score_change, rank_before, rank_after`` and ``rank_change``,
        which is negative for a unit that moves up. Ranks are among the units of their period,
        which may be more or fewer. What a unit lacks in a period is missing, and so is its change.

    Raises
    ------
    MethodError
        An assessment without periods, or twice the same period.
    UnknownCodeError
        No such periods or node.

    Examples
    --------
    >>> from dli import Index, Indicator, frames
    >>> data = {"unit": list("XYXY"), "year": [1, 1, 3, 3], "a": [0.0, 4.0, 10.0, 8.0]}
    >>> assessment = Assessment(Index("T", [Indicator("a")]), data, period="year")
    >>> table = frames.read(period_changes(assessment, 1, 3))
    >>> table.column("score_change"), table.column("rank_change")
    ([100.0, 40.0], [-1, 1])
    """
    code = assessment.index.code if node is None else node
    scores, ranks = assessment.array(code), assessment.rank_array(code)
    units, rows = period_rows(assessment, [before, after])
    if before == after:
        raise MethodError(f"changes are between two periods, got {before!r} twice")
    columns: dict[str, object] = {assessment.observations.unit_column: units}
    if "name" in assessment.observations.context:
        names = assessment.context("name")
        columns["name"] = [names[late if late >= 0 else early] for early, late in rows.tolist()]
    for kind, values in (("score", scores), ("rank", ranks)):
        early, late = at_rows(values, rows).T
        columns |= {f"{kind}_before": early, f"{kind}_after": late, f"{kind}_change": late - early}
    return assessment.table(columns, integers=["rank_before", "rank_after", "rank_change"])
