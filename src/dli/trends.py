"""Elements over time: trends, growth, and what changed between two periods."""

from typing import Any, TypeAlias

import numpy as np
from attrs import frozen
from numpy.typing import ArrayLike, NDArray

from dli import frames
from dli.assessment import Assessment
from dli.errors import MethodError, UnknownCodeError
from dli.links.selection import Elements, chosen, node_values

__all__ = ["Trends", "changes", "node_trends", "trends"]

Floats: TypeAlias = NDArray[np.float64]

# What is left, relative to the largest value, when equal values are taken from each other.
_ROUNDING = 8 * np.finfo(np.float64).eps


@frozen(kw_only=True, eq=False)
class Trends:
    """How series move over time, each over the times at which it has a value.

    Attributes
    ----------
    n_values : ndarray of int of shape (...)
    slope : ndarray of shape (...)
        Of the least-squares line, for one step of time; NaN for fewer than two values.
    p_value : ndarray of shape (...)
        Two-sided, of no slope; 1 for values that are all equal, NaN for fewer than three.
    relative_slope : ndarray of shape (...)
        The slope as a share of the line's value at the first time: 0.02 is two percent of the
        start for each step. NaN where that value is not above zero.
    growth : ndarray of shape (...)
        The compound growth rate from the first to the latest value: 0.02 is two percent of the
        value before for each step. NaN for fewer than two values, and unless the first is above
        zero and the latest not below; 0 where both are equal.
    first, first_time, latest, latest_time : ndarray of shape (...)
        The ends of each series; NaN for one without a value.
    """

    n_values: NDArray[np.int64]
    slope: Floats
    p_value: Floats
    relative_slope: Floats
    growth: Floats
    first: Floats
    first_time: Floats
    latest: Floats
    latest_time: Floats


def trends(values: ArrayLike, times: ArrayLike) -> Trends:
    r"""Give the trends and growth rates of series.

    The slope is :math:`b = \sum (t - \bar t)(y - \bar y) / \sum (t - \bar t)^2`, its p-value that
    of Student's t with n - 2 degrees of freedom, and the compound growth rate
    :math:`(y_1 / y_0)^{1 / (t_1 - t_0)} - 1` from the first value :math:`y_0` to the latest.

    Parameters
    ----------
    values : array_like of shape (..., n_times)
        NaN is missing.
    times : array_like of shape (n_times,)
        Different numbers in any order, such as years; gaps between them count.

    Returns
    -------
    Trends

    Raises
    ------
    MethodError
        Times that are not as many as the values, not finite or not different; infinite values.

    Notes
    -----
    The p-value takes departures from the line for independent. Those of scores in successive
    periods seldom are, which makes it too small.

    Examples
    --------
    >>> found = trends([[1.0, 2.0, 4.0], [3.0, np.nan, 3.0]], [2020, 2021, 2022])
    >>> found.slope.round(3).tolist(), found.growth.round(3).tolist()
    ([1.5, 0.0], [1.0, 0.0])
    """
    y, t = _checked(values, times)
    order = np.argsort(t)
    y, t = y[..., order], t[order]
    there = ~np.isnan(y)
    n = np.asarray(there.sum(axis=-1))
    some, two = n > 0, n > 1
    start = there.argmax(axis=-1)
    end = t.size - 1 - there[..., ::-1].argmax(axis=-1)
    first, latest = (
        np.take_along_axis(y, place[..., np.newaxis], axis=-1)[..., 0] for place in (start, end)
    )
    slope, p_value, level = _lines(y, t, n)
    upwards = level > 0
    relative = np.where(upwards, slope / np.where(upwards, level, 1.0), np.nan)
    grows = two & (first > 0) & (latest >= 0)
    with np.errstate(divide="ignore"):  # of a fall to zero, which is minus 1
        ratio = np.log(np.where(grows, latest, 1.0)) - np.log(np.where(grows, first, 1.0))
    rate = np.expm1(ratio / np.where(two, t[end] - t[start], 1.0))
    return Trends(
        n_values=n,
        slope=slope,
        p_value=p_value,
        relative_slope=np.where(slope == 0, 0.0, relative),
        growth=np.where(two & (latest == first), 0.0, np.where(grows, rate, np.nan)),
        first=first,
        first_time=np.where(some, t[start], np.nan),
        latest=latest,
        latest_time=np.where(some, t[end], np.nan),
    )


def _checked(values: ArrayLike, times: ArrayLike) -> tuple[Floats, Floats]:
    y, t = np.asarray(values, dtype=np.float64), np.asarray(times, dtype=np.float64)
    if t.ndim != 1 or t.size == 0 or y.ndim == 0 or y.shape[-1] != t.size:
        msg = f"values must have the shape (..., n_times) of times, got {y.shape} and {t.shape}"
        raise MethodError(msg)
    faults = [f"time {time:g} is not finite" for time in t[~np.isfinite(t)].tolist()]
    different, counts = np.unique(t[np.isfinite(t)], return_counts=True)
    faults += [f"time {time:g} appears twice" for time in different[counts > 1].tolist()]
    faults += [f"the value at {tuple(place)} is infinite" for place in
               np.argwhere(np.isinf(y)).tolist()]  # fmt: skip
    if faults:
        msg = "trends need finite values at different times"
        raise MethodError(msg, faults)
    return y, t


def _lines(y: Floats, t: Floats, n: NDArray[np.int64]) -> tuple[Floats, Floats, Floats]:
    """Fit lines; give their slopes, p-values and values at the first time of each series."""
    from scipy import stats

    there = ~np.isnan(y)
    # Squares of very large and very small values must not leave the range of floats.
    scale = np.where(there, np.abs(y), 0.0).max(axis=-1, keepdims=True)
    scale = np.where(scale > 0, scale, 1.0)
    count = np.maximum(n, 1)[..., np.newaxis]
    t = t - t[0]  # small numbers keep their digits
    filled, time = np.where(there, y / scale, 0.0), np.where(there, t, 0.0)
    mean, centre = (part.sum(axis=-1, keepdims=True) / count for part in (filled, time))
    dy, dt = np.where(there, filled - mean, 0.0), np.where(there, t - centre, 0.0)
    spread = (dt**2).sum(axis=-1)
    known = n > 1
    flat = np.abs(dy).max(axis=-1) <= _ROUNDING
    slope = np.where(flat, 0.0, (dt * dy).sum(axis=-1) / np.where(known, spread, 1.0))
    left = ((dy - slope[..., np.newaxis] * dt) ** 2).sum(axis=-1)
    start = np.take_along_axis(dt, there.argmax(axis=-1)[..., np.newaxis], axis=-1)[..., 0]
    level = mean[..., 0] + slope * start
    level = np.where(np.abs(level) <= _ROUNDING, 0.0, level) * scale[..., 0]
    freedom = np.where(n > 2, n - 2, 1)
    with np.errstate(divide="ignore", invalid="ignore"):  # a perfect line has an infinite t
        size = np.abs(slope) * np.sqrt(spread * freedom / left)
    p_value = np.where(flat, 1.0, 2 * stats.t.sf(np.where(flat, 0.0, size), freedom))
    return (
        np.where(known, slope * scale[..., 0], np.nan),
        np.where(n > 2, p_value, np.nan),
        level,
    )


def node_trends(
    assessment: Assessment, elements: Elements = 0, *, stage: str = "normalised"
) -> Any:
    """Give the trend of each unit in each of several nodes.

    Parameters
    ----------
    assessment : Assessment
        With periods that are numbers, such as years; the slope is for a step of 1.
    elements : int, str or sequence of str, optional
        The nodes of a level (0 is the index, 1 its sub-indices), or codes; the index by default,
        all indicators for None.
    stage : {"raw", "denominated", "imputed", "treated", "normalised"}
        Of indicators. Growth rates are of raw values: on a scale of scores zero is no nought.

    Returns
    -------
    frame
        A row for each unit and node, with the columns unit, ``node, values`` (how many there
        are), ``first, first_period, latest, latest_period, slope, p_value, relative_slope,
        growth`` (see `Trends`) and ``note``, why numbers are missing: ``no value``, ``one value``,
        ``two values`` (no p-value) and ``not above zero`` (no growth rate or relative slope).

    Raises
    ------
    MethodError
        An assessment without periods, periods that are no numbers, or no such level.
    UnknownCodeError
        Codes that are not in the tree, or no such stage.

    Examples
    --------
    >>> from dli import Index, Indicator
    >>> data = {"unit": list("XYXY"), "year": [1, 1, 3, 3], "a": [0.0, 8.0, 4.0, 6.0]}
    >>> assessment = Assessment(Index("T", [Indicator("a")]), data, period="year")
    >>> table = frames.read(node_trends(assessment))
    >>> table.column("unit"), table.column("slope")
    (['X', 'Y'], [25.0, -12.5])
    """
    nodes = chosen(assessment.index, elements)
    values = node_values(assessment, nodes, stage)
    periods = _periods(assessment)
    wrong = [repr(period) for period in dict.fromkeys(periods) if not _is_number(period)]
    if wrong:
        msg = "trends need periods that are numbers, such as years; these are none"
        raise MethodError(msg, wrong)
    times = sorted(set(periods))
    units = list(dict.fromkeys(assessment.units))
    at = {time: k for k, time in enumerate(times)}
    row = {unit: i for i, unit in enumerate(units)}
    cube = np.full((len(units), len(nodes), len(times)), np.nan)
    rows = [row[unit] for unit in assessment.units]
    cube[rows, :, [at[period] for period in periods]] = values
    found = trends(cube, times)
    columns = {
        assessment.observations.unit_column: [unit for unit in units for _ in nodes],
        "node": [node.code for node in nodes] * len(units),
        "values": found.n_values.ravel(),
        "first": found.first.ravel(),
        "first_period": found.first_time.ravel(),
        "latest": found.latest.ravel(),
        "latest_period": found.latest_time.ravel(),
        "slope": found.slope.ravel(),
        "p_value": found.p_value.ravel(),
        "relative_slope": found.relative_slope.ravel(),
        "growth": found.growth.ravel(),
        "note": _notes(found),
    }
    whole = all(float(time).is_integer() for time in times)
    return frames.build(
        columns,
        assessment.observations.table.library,
        integers=["first_period", "latest_period"] if whole else [],
    )


def _notes(found: Trends) -> list[str]:
    few = {0: "no value", 1: "one value", 2: "two values"}
    lacks = np.isnan(found.growth) | np.isnan(found.relative_slope)
    notes = []
    for n, lacking in zip(found.n_values.ravel().tolist(), lacks.ravel().tolist(), strict=True):
        words = [few[n]] if n in few else []
        if n > 1 and lacking:
            words.append("not above zero")
        notes.append(", ".join(words))
    return notes


def changes(
    assessment: Assessment, before: object, after: object, *, node: str | None = None
) -> Any:
    """Give the change of each unit's score and rank from one period to another.

    Parameters
    ----------
    assessment : Assessment
        With periods. Scores of different periods can be compared if the normalisation is over all
        of them, or over a base period.
    before, after : object
        Two periods.
    node : str, optional
        Whose scores and ranks; the index by default.

    Returns
    -------
    frame
        A row for each unit that has a row in either period, with the columns unit, the context
        column ``name`` if there is one, ``score_before, score_after, score_change, rank_before,
        rank_after`` and ``rank_change``, negative upwards. Ranks are among the units of their
        period, which may be more or fewer.

    Raises
    ------
    MethodError
        An assessment without periods, or twice the same period.
    UnknownCodeError
        No such period or node; both periods are named.

    Examples
    --------
    >>> from dli import Index, Indicator
    >>> data = {"unit": list("XYXY"), "year": [1, 1, 3, 3], "a": [0.0, 4.0, 10.0, 8.0]}
    >>> assessment = Assessment(Index("T", [Indicator("a")]), data, period="year")
    >>> table = frames.read(changes(assessment, 1, 3))
    >>> table.column("score_change"), table.column("rank_change")
    ([100.0, 40.0], [-1, 1])
    """
    index = assessment.index
    code = index.code if node is None else index.find(node).code
    periods = _periods(assessment)
    unknown = [period for period in (before, after) if period not in periods]
    if unknown:
        raise UnknownCodeError("period", unknown, dict.fromkeys(periods))
    if before == after:
        msg = f"changes are between two periods, got {before!r} twice"
        raise MethodError(msg)
    rows: dict[Any, dict[Any, int]] = {}
    for i, (unit, period) in enumerate(zip(assessment.units, periods, strict=True)):
        if period in (before, after):
            rows.setdefault(unit, {})[period] = i
    columns: dict[str, Any] = {assessment.observations.unit_column: list(rows)}
    if "name" in assessment.observations.context:
        names = assessment.context("name")
        columns["name"] = [names[own.get(after, own.get(before, -1))] for own in rows.values()]
    for what, array in (("score", assessment.array(code)), ("rank", assessment.rank_array(code))):
        padded = np.append(array, np.nan)
        early, late = (padded[[own.get(p, -1) for own in rows.values()]] for p in (before, after))
        columns |= {f"{what}_before": early, f"{what}_after": late, f"{what}_change": late - early}
    return frames.build(
        columns,
        assessment.observations.table.library,
        integers=["rank_before", "rank_after", "rank_change"],
    )


def _periods(assessment: Assessment) -> tuple[Any, ...]:
    if assessment.periods is None:
        msg = "the assessment has no periods; name their column with `period=` when assessing"
        raise MethodError(msg)
    return assessment.periods


def _is_number(period: object) -> bool:
    return isinstance(period, (int, float)) and not isinstance(period, bool)
