"""Units in a similar situation: by context, or by the profile of their scores."""

from collections.abc import Sequence
from numbers import Real
from typing import Any

import numpy as np

from dli.arrays import Floats, Integers, is_above
from dli.assessment import Assessment
from dli.checks import instance, is_hashable, is_whole, listed, number, several
from dli.diagnosis.means import row_means
from dli.errors import DataError, MethodError, UnknownCodeError
from dli.frames import Frame, is_missing
from dli.ranking import rank_scores

__all__ = ["check_count", "distances", "gower_distances", "peers"]


def gower_distances(columns: Sequence[Sequence[Any]]) -> Floats:
    r"""Return Gower's distance between all pairs of units.

    :math:`d_{ij} = \frac{1}{|V|} \sum_{v \in V} d_{ijv}`, the mean over the variables :math:`V`
    that both units have: :math:`|x_{iv} - x_{jv}|` over the range of the variable for numbers, 0
    for equal and 1 for different categories.

    Parameters
    ----------
    columns : sequence of n_variables sequences of n_units cells
        Numbers, or anything else (text, truth values) for categories; None and NaN are missing.
        Whole numbers that stand for categories must be passed as text.

    Returns
    -------
    ndarray of shape (n_units, n_units)
        From 0 to 1, NaN where two units have no variable in common. A variable in which no two
        units differ by more than a tie adds a distance of 0.

    Raises
    ------
    MethodError
        Columns of different lengths, no columns, infinite numbers, or numbers among text; all
        faults are listed.

    References
    ----------
    Gower (1971), A general coefficient of similarity and some of its properties.
    https://doi.org/10.2307/2528823

    Examples
    --------
    >>> gower_distances([[10.0, 20.0, 50.0], ["N", "N", "S"]]).round(3).tolist()
    [[0.0, 0.125, 1.0], [0.125, 0.0, 0.875], [1.0, 0.875, 0.0]]
    """
    columns = [
        listed(f"column {j}", column, "cells")
        for j, column in enumerate(listed("columns", columns, "columns"))
    ]
    lengths = {len(column) for column in columns}
    if len(lengths) != 1 or lengths == {0}:
        msg = f"columns must be at least one and equally long, got lengths {sorted(lengths)}"
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
) -> Frame:
    """Return the units that are most like a unit.

    A unit without a score has peers too, and so may units without a score be peers.

    Parameters
    ----------
    assessment : Assessment
    unit : object
    by : str or sequence of str, optional
        Context columns, compared by `gower_distances`; whether a column holds numbers or categories
        follows from its cells. By default units are compared by their profile: the mean absolute
        difference of the normalised indicators that both units have, in points of the normalised
        scale, without weights.
    k : int, optional
        The largest number of peers; None for all.
    within : float, optional
        The greatest distance.
    period : object, optional
        Required if there are several periods. Units are compared within it, and so are ranges.

    Returns
    -------
    frame
        A row for each peer, the nearest first and ties in the order of their codes: the unit (and
        period), the context column ``name`` if the data have it, ``distance``; ``compared``, the
        number of variables that both units have; ``score`` and ``rank`` in the index, missing for
        a peer without a score.

    Raises
    ------
    UnknownCodeError
        No such unit, period or context column.
    MethodError
        No unit lies within the distance (the nearest is named), a column that mixes numbers with
        text, an invalid ``k`` or ``within``, a period of data without periods, or no period of
        data with several.
    DataError
        A unit that was left out, that has a value in none of the columns, or that has no variable
        in common with any other unit.

    References
    ----------
    Gower (1971), A general coefficient of similarity and some of its properties.
    https://doi.org/10.2307/2528823

    Examples
    --------
    >>> from dli import Index, Indicator, frames
    >>> data = {"unit": ["X", "Y", "Z"], "a": [1, 3, 2], "people": [5.0, 9.0, 6.0]}
    >>> assessment = Assessment(Index("T", [Indicator("a")]), data)
    >>> table = frames.read(peers(assessment, "X", by="people", k=1))
    >>> table.column("unit"), table.column("distance")
    (['Z'], [0.25])
    """
    instance("assessment", assessment, Assessment)
    check_count(k)
    limit = np.inf if within is None else number("within", within, least=0)
    row = assessment.row(unit, period=period)
    distance, compared = distances(assessment, row, by)
    nearness = rank_scores(-distance)
    others = sorted(
        (i for i in np.flatnonzero(~np.isnan(distance)).tolist() if i != row),
        key=lambda other: (nearness[other], str(assessment.units[other])),
    )
    if not others:
        msg = f"no other unit has anything to compare with {unit!r}"
        raise DataError(msg)
    is_beyond = is_above(distance, np.array(limit))
    near = [other for other in others if not is_beyond[other]][:k]
    if not near:
        msg = (
            f"no unit lies within {limit:g} of {unit!r}; the nearest, "
            f"{assessment.units[others[0]]!r}, is at {distance[others[0]]:.4g}"
        )
        raise MethodError(msg)
    top = assessment.index.code
    columns = {
        "distance": distance[near],
        "compared": compared[near],
        "score": assessment.array(top)[near],
        "rank": assessment.rank_array(top)[near],
    }
    return assessment.frame(columns, rows=near, integers=["rank"], names=True)


def check_count(k: object) -> None:
    """Refuse a number of units that is not a whole number from 1, or None."""
    if k is not None and not is_whole(k, 1):
        msg = f"k must be a whole number of at least 1, or None for all, got {k!r}"
        raise MethodError(msg)


def distances(
    assessment: Assessment,
    row: int,
    by: str | Sequence[str] | None,
    indicators: Sequence[str] | None = None,
) -> tuple[Floats, Integers]:
    """Return the distances of all units of a period from one of them.

    Parameters
    ----------
    assessment : Assessment
    row : int
    by : str, sequence of str or None
        Context columns, or None for the profile.
    indicators : sequence of str, optional
        The codes of the indicators in the profile; all by default.

    Returns
    -------
    distances : ndarray of shape (n_units,)
        NaN where nothing is in common, and in other periods.
    compared : ndarray of int of shape (n_units,)
        The number of variables that both units have.
    """
    rows = assessment.rows_beside(row)
    distance = np.full(len(assessment.units), np.nan)
    compared = np.zeros(len(distance), dtype=np.int64)
    if by is None:
        codes = [indicator.code for indicator in assessment.index.indicators]
        values = assessment.arrays(codes if indicators is None else indicators)
        differences = np.abs(values[rows] - values[row])
        distance[rows] = row_means(differences)
        compared[rows] = (~np.isnan(differences)).sum(axis=1)
        return distance, compared
    names = _context_names(assessment, by)
    cells = [assessment.context(name, numbers=True) for name in names]
    columns = [[column[i] for i in rows] for column in cells]
    place = rows.tolist().index(row)
    if all(is_missing(column[place]) for column in columns):
        msg = f"unit {assessment.units[row]!r} has no value in {', '.join(map(repr, names))}"
        raise DataError(msg)
    variables = _coded(columns, [repr(name) for name in names])
    distance[rows], compared[rows] = _from_row(variables, place)
    return distance, compared


def _context_names(assessment: Assessment, by: str | Sequence[str]) -> list[str]:
    names = several("by", by)
    known = assessment.observations.context
    unknown = [name for name in names if not is_hashable(name) or name not in known]
    if unknown:
        what = "context column"
        raise UnknownCodeError(what, unknown, known)
    if not names:
        msg = "by must name at least one context column, or be None for the profile"
        raise MethodError(msg)
    return names


def _coded(columns: Sequence[Sequence[Any]], names: Sequence[str]) -> list[tuple[Floats, bool]]:
    """Return each variable as numbers, divided by its range, or as numbers of its categories."""
    variables, faults = [], []
    for column, name in zip(columns, names, strict=True):
        others = [cell for cell in column if not is_hashable(cell)]
        if others:
            faults.append(f"{name} has {others[0]!r}, which is neither a number nor a category")
            continue
        known = [cell for cell in column if not is_missing(cell)]
        is_real = [_is_real(cell) for cell in known]
        if any(is_real) and not all(is_real):
            cell = known[is_real.index(False)]
            faults.append(f"{name} mixes numbers with {cell!r}")
        elif any(is_real):
            values = np.array([np.nan if is_missing(cell) else cell for cell in column], np.float64)
            if np.isinf(values).any():
                faults.append(f"{name} holds infinite numbers")
                continue
            low, high = np.asarray(np.nanmin(values)), np.asarray(np.nanmax(values))
            # Units that differ by rounding alone would otherwise be as different as can be.
            is_spread = is_above(high, low, np.nanmax(np.abs(values)))
            variables.append((values / (high - low) if is_spread else values * 0.0, True))
        else:
            number_of = {cell: i for i, cell in enumerate(dict.fromkeys(known))}
            codes = [np.nan if is_missing(cell) else number_of[cell] for cell in column]
            variables.append((np.array(codes, dtype=np.float64), False))
    if faults:
        msg = "a variable must hold finite numbers only, or categories only"
        raise MethodError(msg, faults)
    return variables


def _from_row(variables: Sequence[tuple[Floats, bool]], row: int) -> tuple[Floats, Integers]:
    """Return the distances from one unit, and the number of variables that both have."""
    differences = np.stack([np.abs(values - values[row]) for values, _ in variables], axis=1)
    for place, (_, is_numeric) in enumerate(variables):
        if not is_numeric:
            differences[differences[:, place] > 0, place] = 1.0
    return row_means(differences), (~np.isnan(differences)).sum(axis=1)


def _is_real(cell: object) -> bool:
    return isinstance(cell, Real) and not isinstance(cell, (bool, np.bool_))
