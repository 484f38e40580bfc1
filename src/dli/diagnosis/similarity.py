"""Units in a like situation: by context, or by the profile of their scores."""

from collections.abc import Sequence
from numbers import Real
from typing import Any

import numpy as np

from dli import frames
from dli.assessment import Assessment
from dli.diagnosis.selection import Floats, beside, unit_columns
from dli.errors import DataError, MethodError, UnknownCodeError
from dli.framework.checks import is_number, is_whole

__all__ = ["check_count", "distances", "gower_distances", "peers"]


def gower_distances(columns: Sequence[Sequence[Any]]) -> Floats:
    r"""Give Gower's distance of all units from each other.

    :math:`d_{ij} = \frac{1}{|V|} \sum_{v \in V} d_{ijv}`, the mean over the variables :math:`V`
    that both units have: :math:`|x_{iv} - x_{jv}|` over the range of the variable for numbers, 0
    for the same and 1 for different categories.

    Parameters
    ----------
    columns : sequence of n_variables sequences of n_units cells
        Numbers, or anything else (text, truth values) for categories; None and NaN are missing.
        Whole numbers that stand for categories must come as text.

    Returns
    -------
    ndarray of shape (n_units, n_units)
        From 0 to 1, NaN where two units have no variable in common. A variable in which no two
        units differ adds a distance of 0.

    Raises
    ------
    MethodError
        Columns of different lengths, none at all, infinite numbers, or numbers among text; all
        of them are listed.

    References
    ----------
    Gower (1971), A general coefficient of similarity and some of its properties.
    https://doi.org/10.2307/2528823

    Examples
    --------
    >>> gower_distances([[10.0, 20.0, 50.0], ["N", "N", "S"]]).round(3).tolist()
    [[0.0, 0.125, 1.0], [0.125, 0.0, 0.875], [1.0, 0.875, 0.0]]
    """
    lengths = {len(column) for column in columns}
    if len(lengths) != 1:
        msg = f"columns must be there and equally long, got lengths {sorted(lengths)}"
        raise MethodError(msg)
    variables = _coded(columns, [f"column {j}" for j in range(len(columns))])
    return np.stack([_from_row(variables, row)[0] for row in range(lengths.pop())])


def peers(
    assessment: Assessment,
    unit: object,
    *,
    by: str | Sequence[str] | None = None,
    k: int | None = 10,
    within: float | None = None,
    period: object = None,
) -> Any:
    """Find the units that are most like a unit.

    Parameters
    ----------
    assessment : Assessment
    unit : object
    by : str or sequence of str, optional
        Context columns: `gower_distances` over them, columns of numbers and of categories told
        apart by their cells. By default the profile counts: the mean absolute difference of the
        normalised indicators that both units have, in points of the normalised scale.
    k : int, optional
        How many at most; None for all.
    within : float, optional
        The greatest distance.
    period : object, optional
        Where there are several. Units are compared within it, and so are ranges.

    Returns
    -------
    frame
        A row for each peer, the nearest first and those that tie in the order of their codes:
        the unit (and period), the context column ``name`` if there is one, ``distance``;
        ``compared``, the number of variables that both have; ``score`` and ``rank`` in the index.

    Raises
    ------
    UnknownCodeError
        No such unit or period, or columns that are no context.
    MethodError
        Nobody lies within the limit; the nearest is named. A column that mixes numbers with text.
    DataError
        A unit that has none of the columns, or none in common with anybody.

    References
    ----------
    Gower (1971), A general coefficient of similarity and some of its properties.
    https://doi.org/10.2307/2528823

    Examples
    --------
    >>> from dli import Index, Indicator, frames
    >>> data = {"unit": ["X", "Y", "Z"], "a": [1, 3, 2], "people": [5.0, 9.0, 6.0]}
    >>> found = peers(Assessment(Index("T", [Indicator("a")]), data), "X", by="people", k=1)
    >>> frames.read(found).column("unit"), frames.read(found).column("distance")
    (['Z'], [0.25])
    """
    check_count(k)
    if within is not None and not (is_number(within) and within >= 0):
        msg = f"within must be a distance from 0 up, got {within!r}"
        raise MethodError(msg)
    row = assessment.row(unit, period)
    rows = beside(assessment, row)
    far, compared = distances(assessment, row, by)
    others = [other for other in rows if other != row and not np.isnan(far[other])]
    others.sort(key=lambda other: (far[other], str(assessment.units[other])))
    if not others:
        msg = f"no other unit has anything to compare with {unit!r}"
        raise DataError(msg)
    near = [other for other in others if within is None or far[other] <= within][:k]
    if not near:
        msg = (
            f"nobody lies within {within:g} of {unit!r}; the nearest, "
            f"{assessment.units[others[0]]!r}, is at {far[others[0]]:.4g}"
        )
        raise MethodError(msg)
    top = assessment.index.code
    columns = {
        **unit_columns(assessment, near),
        "distance": far[near],
        "compared": compared[near],
        "score": assessment.array(top)[near],
        "rank": assessment.rank_array(top)[near],
    }
    return frames.build(columns, assessment.observations.table.library, integers=["rank"])


def check_count(k: object) -> None:
    """Refuse a number of units that is none."""
    if k is not None and not is_whole(k, 1):
        msg = f"k must be a whole number from 1 up, or None for all, got {k!r}"
        raise MethodError(msg)


def distances(
    assessment: Assessment,
    row: int,
    by: str | Sequence[str] | None,
    indicators: Sequence[int] | None = None,
) -> tuple[Floats, Any]:
    """Give the distances of all rows of a period from one of them.

    Parameters
    ----------
    assessment : Assessment
    row : int
    by : str, sequence of str or None
        Context columns, or None for the profile.
    indicators : sequence of int, optional
        The places of those that make the profile; all by default.

    Returns
    -------
    distances : ndarray of shape (n_rows,)
        NaN where nothing is in common, and in other periods.
    compared : ndarray of int of shape (n_rows,)
        How many variables both have.
    """
    rows = beside(assessment, row)
    own = rows.index(row)
    if by is None:
        values = assessment.stage_array("normalised")[rows]
        values = values if indicators is None else values[:, list(indicators)]
        gaps = np.abs(values - values[own])
        count = (~np.isnan(gaps)).sum(axis=1)
        far = np.nansum(gaps, axis=1) / np.where(count > 0, count, np.nan)
    else:
        names = _context_names(assessment, by)
        columns = [[cells[i] for i in rows] for cells in map(assessment.context, names)]
        if all(column[own] is None for column in columns):
            unit = assessment.units[row]
            msg = f"unit {unit!r} has no value in {', '.join(map(repr, names))}"
            raise DataError(msg)
        far, count = _from_row(_coded(columns, [repr(name) for name in names]), own)
    everyone = np.full(len(assessment.units), np.nan)
    everyone[rows] = far
    compared = np.zeros(len(assessment.units), dtype=np.int64)
    compared[rows] = count
    return everyone, compared


def _context_names(assessment: Assessment, by: str | Sequence[str]) -> list[str]:
    names = list(dict.fromkeys([by] if isinstance(by, str) else by))
    known = assessment.observations.context
    unknown = [name for name in names if name not in known]
    if unknown:
        what = "context column"
        raise UnknownCodeError(what, unknown, known)
    if not names:
        msg = "by must name at least one context column, or be None for the profile"
        raise MethodError(msg)
    return names


def _coded(columns: Sequence[Sequence[Any]], names: Sequence[str]) -> list[tuple[Floats, bool]]:
    """Give each variable as numbers: over its range, or the places of its categories."""
    variables, faults = [], []
    for column, name in zip(columns, names, strict=True):
        there = [cell for cell in column if not frames.is_missing(cell)]
        numbers = [_is_real(cell) for cell in there]
        if any(numbers) and not all(numbers):
            cell = there[numbers.index(False)]
            faults.append(f"{name} mixes numbers with {cell!r}")
        elif any(numbers):
            values = np.array(
                [np.nan if frames.is_missing(c) else c for c in column], dtype=np.float64
            )
            if np.isinf(values).any():
                faults.append(f"{name} holds infinite numbers")
                continue
            spread = float(np.nanmax(values) - np.nanmin(values))
            variables.append((values / spread if spread > 0 else values * 0.0, True))
        else:
            place = {cell: i for i, cell in enumerate(dict.fromkeys(there))}
            codes = [np.nan if frames.is_missing(cell) else place[cell] for cell in column]
            variables.append((np.array(codes, dtype=np.float64), False))
    if faults:
        msg = "a variable must hold finite numbers only, or categories only"
        raise MethodError(msg, faults)
    return variables


def _from_row(variables: Sequence[tuple[Floats, bool]], row: int) -> tuple[Floats, Any]:
    total, count = np.zeros((2, len(variables[0][0])))
    for values, is_numeric in variables:
        gap = np.abs(values - values[row])
        gap = gap if is_numeric else np.where(gap > 0, 1.0, gap)
        total += np.nan_to_num(gap)
        count += ~np.isnan(gap)
    return total / np.where(count > 0, count, np.nan), count.astype(np.int64)


def _is_real(cell: object) -> bool:
    return isinstance(cell, Real) and not isinstance(cell, (bool, np.bool_))
