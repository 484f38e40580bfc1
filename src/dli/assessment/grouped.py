"""Means and medians of groups of units, such as regions."""

import math
from collections.abc import Sequence
from typing import Any
from warnings import warn

import numpy as np

from dli.arrays import TIE, Floats
from dli.assessment.scored import Scored
from dli.checks import choice_faults, is_hashable, refuse
from dli.errors import DataError, DLIWarning, UnknownCodeError
from dli.frames import Frame
from dli.framework.select import Nodes, nodes_to_level, select
from dli.observations import Observations
from dli.observations.faults import Rows, cell_faults
from dli.observations.names import look_alikes
from dli.printing import counted
from dli.ranking import rank_scores

__all__ = ["groups"]

_SHOWN = 8


def groups(
    assessment: Scored, column: str, nodes: Nodes, weight: str | None, statistic: str
) -> Frame:
    """Return the mean, the median and the rank of each group of units at some nodes."""
    refuse("groups", choice_faults("statistic", statistic, ("mean", "median")))
    index = assessment.index
    chosen = nodes_to_level(index, 1) if nodes is None else select(index, nodes)
    codes = [node.code for node in chosen]
    _check_columns(assessment, [column] if weight is None else [column, weight])
    labels = _labels(assessment, column)
    scores, weights = _entering(assessment, codes, labels, column, weight)
    cells: list[tuple[Any, ...]] = []
    for period, rows in assessment.rows_by_period.items():
        rows_of: dict[Any, list[int]] = {}
        for row in rows.tolist():
            if labels[row] is not None:
                rows_of.setdefault(labels[row], []).append(row)
        for code, column_of_node in zip(codes, scores.T, strict=True):
            summaries = [
                (label, len(members), *_summary(column_of_node[members], weights[members]))
                for label, members in rows_of.items()
            ]
            ranks = rank_scores([line[-2 if statistic == "mean" else -1] for line in summaries])
            cells += [
                (period, code, *summaries[i], ranks[i])
                for i in np.argsort(ranks, kind="stable").tolist()
            ]
    names = ("code", "group", "units", "scored", "mean", "median", "rank")
    periods, *columns = (list(cell) for cell in zip(*cells, strict=True))
    table: dict[str, Any] = dict(zip(names, columns, strict=True))
    table["rank"] = np.array(table["rank"])
    return assessment.table(table, periods=periods, integers=["rank"])


def _check_columns(assessment: Scored, names: Sequence[Any]) -> None:
    known = assessment.observations.table.names
    unknown = [name for name in names if not (isinstance(name, str) and name in known)]
    if unknown:
        what = "column"
        raise UnknownCodeError(what, unknown, known)


def _labels(assessment: Scored, column: str) -> list[Any]:
    """Return the group of each row, None where it is missing."""
    labels = assessment.context(column)
    faults = [
        f"unit {unit!r}: {label!r}"
        for unit, label in zip(assessment.units, labels, strict=True)
        if not is_hashable(label)
    ]
    if faults:
        msg = f"groups must be names or numbers; the column {column!r} has other cells"
        raise DataError(msg, faults)
    missing = [row for row, label in enumerate(labels) if label is None]
    if len(missing) == len(labels):
        msg = f"no unit has a value in {column!r}, the column of the groups"
        raise DataError(msg)
    _warn_of(assessment, missing, f"units without a value in {column!r} are left out")
    alike = [" and ".join(map(repr, group)) for group in look_alikes(labels)]
    if alike:
        msg = f"groups of {column!r} that look alike: {', '.join(alike)}"
        warn(msg, DLIWarning, stacklevel=4)
    return labels


def _weights(assessment: Scored, column: str) -> Floats:
    """Return the weight of each row, NaN where it is missing."""
    observed = assessment.observations
    rows = Rows(observed.table, observed.units, observed.periods)
    numbers, wrong = observed.table.numbers([column])
    weights = numbers[:, 0]
    faults = cell_faults(observed.table, rows, wrong)
    faults += [
        f"{rows[row]}, {column!r}: {weights[row]:g}"
        for row in np.flatnonzero((weights < 0) | np.isinf(weights)).tolist()
    ]
    if faults:
        msg = f"the weights of units in {column!r} must be finite numbers of at least 0"
        raise DataError(msg, faults)
    places = {key: row for row, key in enumerate(_keys(observed))}
    return np.asarray(weights[[places[key] for key in _keys(assessment)]])


def _keys(rows: Scored | Observations) -> list[tuple[Any, Any]]:
    return list(zip(rows.units, rows.periods or [None] * len(rows.units), strict=True))


def _entering(
    assessment: Scored,
    codes: Sequence[str],
    labels: Sequence[Any],
    column: str,
    weight: str | None,
) -> tuple[Floats, Floats]:
    """Return the scores at the nodes (NaN for rows without group or weight) and the weights."""
    scores = assessment.arrays(codes)
    scores[[label is None for label in labels]] = np.nan
    if np.isnan(scores).all():
        msg = f"no unit with a value in {column!r} has a score at {', '.join(map(repr, codes))}"
        raise DataError(msg)
    if weight is None:
        return scores, np.ones(len(scores))
    weights = _weights(assessment, weight)
    has_score = ~np.isnan(scores).all(axis=1)
    lacking = has_score & ~(weights > 0)
    if (lacking == has_score).all():
        msg = f"no unit with a score and a value in {column!r} has a weight above 0 in {weight!r}"
        raise DataError(msg)
    what = f"units without a weight above 0 in {weight!r} are left out of means and medians"
    _warn_of(assessment, np.flatnonzero(lacking).tolist(), what)
    scores[lacking] = np.nan
    return scores, weights


def _warn_of(assessment: Scored, rows: Sequence[int], what: str) -> None:
    """Issue a warning that names the units of some rows, unless there are none."""
    units = list(dict.fromkeys(repr(assessment.units[row]) for row in rows))
    if units:
        shown = [*units[:_SHOWN], f"{len(units) - _SHOWN} more"] if len(units) > _SHOWN else units
        msg = f"{what} ({counted(len(rows), 'row')}): {', '.join(shown)}"
        warn(msg, DLIWarning, stacklevel=5)


def _summary(scores: Floats, weights: Floats) -> tuple[int, float, float]:
    """Return the number of scores, their weighted mean and median, NaN if all are missing.

    Examples
    --------
    >>> _summary(np.array([40.0, 10.0, np.nan, 20.0]), np.array([1.0, 1.0, 5.0, 3.0]))
    (3, 22.0, 20.0)
    """
    known = ~np.isnan(scores)
    if not known.any():
        return 0, math.nan, math.nan
    order = np.argsort(scores[known])
    # Scaling by powers of two is exact and prevents the sums from overflowing.
    x, power = _scaled(scores[known][order])
    w, _ = _scaled(weights[known][order])
    total = math.fsum(w)  # this sum does not depend on the order of the units
    mean = math.fsum(w * x) / total
    # If half of the weight is reached exactly, the median is the midpoint to the next score.
    excess = np.cumsum(w) - total / 2
    first = int(np.argmax(excess >= -TIE * total))
    last = first + 1 if excess[first] <= TIE * total else first
    median = float(x[first] + x[last]) / 2
    return x.size, math.ldexp(mean, power), math.ldexp(median, power)


def _scaled(values: Floats) -> tuple[Floats, int]:
    """Return values divided by a power of two so that none exceeds 1, and the exponent."""
    power = int(np.frexp(np.abs(values).max())[1])
    return np.ldexp(values, -power), power
