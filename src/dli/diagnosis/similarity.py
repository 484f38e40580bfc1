"""Units in a similar situation: by context, or by the profile of their scores."""

from collections.abc import Mapping, Sequence
from numbers import Real
from typing import Any
from warnings import warn

import numpy as np
from attrs import frozen

from dli.arrays import Bools, Floats, Integers, is_above
from dli.assessment import Assessment
from dli.checks import (
    flag_faults,
    instance,
    is_hashable,
    is_whole,
    listed,
    number,
    refuse,
    several,
)
from dli.diagnosis.basis import LEAST_SHARE, basis_notes, join_notes, names_in_notes
from dli.diagnosis.means import row_means
from dli.errors import DataError, DLIWarning, MethodError, UnknownCodeError
from dli.frames import Frame, is_missing
from dli.ranking import rank_scores

__all__ = ["Likeness", "check_count", "gower_distances", "likeness", "peers", "profile_order"]

# A note names this many of the variables that are not compared.
_NAMED = 5


def gower_distances(columns: Sequence[Sequence[Any]]) -> Floats:
    r"""Return Gower's distance between all pairs of units.

    $d_{ij} = \frac{1}{|V|} \sum_{v \in V} d_{ijv}$, the mean over the variables $V$
    that both units have: $|x_{iv} - x_{jv}|$ over the range of the variable for numbers, 0
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
    return np.stack([row_means(_differences(variables, row)) for row in range(lengths.pop())])


def peers(  # noqa: PLR0913 each is a choice of its own
    assessment: Assessment,
    unit: object,
    *,
    by: str | Sequence[str] | None = None,
    k: int | None = 10,
    within: float | None = None,
    shared: float = LEAST_SHARE,
    period: object = None,
    named: bool = False,
) -> Frame:
    r"""Return the units that are most like a unit.

    The distance of two units is the mean difference over all variables. In a context column it is
    Gower's: the difference over the range for numbers, 0 for equal and 1 for different categories.
    In the profile it is the absolute difference of the normalised indicators, in points, without
    weights. A variable that one of the units lacks counts as the greatest difference possible: 1
    in a context column, the range of the indicator in the profile.

    Parameters
    ----------
    assessment : Assessment
        With the unit and those it is compared with.
    unit : object
        A unit without a score has peers too, and so may units without a score be peers.
    by : str or sequence of str, optional
        Context columns; whether a column contains numbers or categories follows from its cells. By
        default units are compared by their profile.
    k : int, optional
        The largest number of peers; None for all.
    within : float, optional
        The greatest distance.
    shared : float
        The share of the variables that both units must have, two thirds by default: two of three
        columns. Where no unit reaches it, as for a unit that itself lacks most columns, the units
        that have anything in common are compared, with a warning.
    period : object, optional
        Required if there are several periods. Units are compared within it, and so are ranges.
    named : bool
        Whether notes call nodes by their names, as reports do, instead of by their codes.

    Returns
    -------
    frame
        A row for each peer, the nearest first: the unit (and period), the context column ``name``
        if the data have it, ``distance``; ``compared``, the number of variables that both units
        have; ``score`` and ``rank`` in the index, missing for a peer without a score; and ``note``,
        which names the variables that are not compared and marks scores from less than two thirds
        of the indicators. Units at the same distance are in the order of the likeness of their
        profiles: by its distance, then by its largest single difference. Only units that are alike
        in these too are in the order of their codes.

    Raises
    ------
    UnknownCodeError
        No such unit, period or context column.
    MethodError
        No unit lies within the distance (the nearest is named), a column that mixes numbers with
        text, an invalid ``k``, ``within``, ``shared`` or ``named``, a period of data without
        periods, or no period of data with several.
    DataError
        A unit that was left out, that has a value in none of the columns, or that has no variable
        in common with any other unit.

    Warns
    -----
    DLIWarning
        No unit shares as many variables as asked for.

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
    refuse("peers", flag_faults(named=named))
    limit = np.inf if within is None else number("within", within, least=0)
    shared = number("shared", shared, least=0, most=1)
    row = assessment.row(unit, period=period)
    found = likeness(assessment, row, by)
    candidates, is_little = found.candidates(row, shared)
    nearness, profile = _order(found.distance), profile_order(assessment, row)
    others = sorted(
        np.flatnonzero(candidates).tolist(),
        key=lambda other: (nearness[other], *profile[other], str(assessment.units[other])),
    )
    if not others:
        msg = f"no other unit has anything to compare with {unit!r}"
        raise DataError(msg)
    is_beyond = is_above(found.distance, np.array(limit))
    near = [other for other in others if not is_beyond[other]][:k]
    if not near:
        msg = (
            f"no unit lies within {limit:g} of {unit!r}; the nearest, "
            f"{assessment.units[others[0]]!r}, is at {found.distance[others[0]]:.4g}"
        )
        raise MethodError(msg)
    if is_little:
        found.warn_of(unit, near, shared)
    top = assessment.index.code
    columns = {
        "distance": found.distance[near],
        "compared": found.compared[near],
        "score": assessment.array(top)[near],
        "rank": assessment.rank_array(top)[near],
        "note": join_notes(
            found.notes(near, names_in_notes(assessment, named=named)),
            basis_notes(assessment, near, top),
        ),
    }
    return assessment.frame(columns, rows=near, integers=["rank"], names=True)


def check_count(k: object) -> None:
    """Refuse a number of units that is not a whole number from 1, or None."""
    if k is not None and not is_whole(k, 1):
        msg = f"k must be a whole number of at least 1, or None for all, got {k!r}"
        raise MethodError(msg)


@frozen(kw_only=True, eq=False)
class Likeness:
    """How far all units of a period are from one of them, and over which variables.

    Attributes
    ----------
    names : tuple of str
        The variables, without those that no unit of the period has.
    differences : ndarray of shape (n_units, n_variables)
        NaN where one of the two units lacks the variable, and in other periods.
    greatest : ndarray of shape (n_variables,)
        The greatest difference possible.
    """

    names: tuple[str, ...]
    differences: Floats
    greatest: Floats

    @property
    def compared(self) -> Integers:
        """The number of variables that both units have: (n_units,)."""
        return np.asarray((~np.isnan(self.differences)).sum(axis=1))

    @property
    def penalised(self) -> Floats:
        """The differences, the greatest possible where a unit lacks a variable."""
        filled = np.where(np.isnan(self.differences), self.greatest, self.differences)
        filled[self.compared == 0] = np.nan
        return np.asarray(filled)

    @property
    def distance(self) -> Floats:
        """The mean difference of shape (n_units,), NaN where nothing is in common."""
        return row_means(self.penalised)

    def candidates(self, row: int, shared: float) -> tuple[Bools, bool]:
        """Return the units that share enough with a unit, and whether none does.

        If none does, they are the units that share anything.
        """
        comparable = self.compared > 0
        comparable[row] = False
        too_few = is_above(np.array(shared * len(self.names)), self.compared.astype(np.float64))
        enough = comparable & ~too_few
        return (enough, False) if enough.any() else (comparable, True)

    def notes(self, rows: Sequence[int], names: Mapping[str, str]) -> list[str]:
        """Return the variables that are not compared, as text for each of some rows.

        Parameters
        ----------
        rows : sequence of int
        names : mapping of str to str
            What variables are called; those that are not in it by their codes.
        """
        notes, called = [], [names.get(name, name) for name in self.names]
        for row in rows:
            is_missing_here = np.isnan(self.differences[row])
            lacks = sorted(n for n, no in zip(called, is_missing_here, strict=True) if no)
            more = f" and {len(lacks) - _NAMED} more" if len(lacks) > _NAMED else ""
            notes.append(f"not compared: {', '.join(lacks[:_NAMED])}{more}" if lacks else "")
        return notes

    def warn_of(self, unit: object, rows: Sequence[int], shared: float) -> None:
        """Warn that units are compared over fewer variables than asked for."""
        n = len(self.names)
        msg = (
            f"unit {unit!r} is compared over {int(self.compared[list(rows)].max())} of {n} "
            f"variables at most, fewer than shared={shared:.3g} of them: no unit shares more. Do "
            "not rely on these units; the column note names what is not compared"
        )
        warn(msg, DLIWarning, stacklevel=3)


def likeness(
    assessment: Assessment,
    row: int,
    by: str | Sequence[str] | None,
    indicators: Sequence[str] | None = None,
) -> Likeness:
    """Return how far all units of a period are from one of them.

    Parameters
    ----------
    assessment : Assessment
    row : int
    by : str, sequence of str or None
        Context columns, or None for the profile.
    indicators : sequence of str, optional
        The codes of the indicators in the profile; all by default.
    """
    rows = assessment.rows_beside(row)
    if by is None:
        names = [indicator.code for indicator in assessment.index.indicators]
        names = names if indicators is None else list(indicators)
        values = assessment.arrays(names)
        differences = np.abs(values[rows] - values[row])
        greatest = np.fmax.reduce(values[rows]) - np.fmin.reduce(values[rows])
    else:
        names = _context_names(assessment, by)
        cells = [assessment.context(name, numbers=True) for name in names]
        columns = [[column[i] for i in rows] for column in cells]
        place = rows.tolist().index(row)
        if all(is_missing(column[place]) for column in columns):
            msg = f"unit {assessment.units[row]!r} has no value in {', '.join(map(repr, names))}"
            raise DataError(msg)
        differences = _differences(_coded(columns, [repr(name) for name in names]), place)
        is_empty = [all(map(is_missing, column)) for column in columns]
        greatest = np.where(is_empty, np.nan, 1.0)
    is_used = ~np.isnan(greatest)
    everyone = np.full((len(assessment.units), int(is_used.sum())), np.nan)
    everyone[rows] = differences[:, is_used]
    used = tuple(name for name, yes in zip(names, is_used, strict=True) if yes)
    return Likeness(names=used, differences=everyone, greatest=greatest[is_used])


def profile_order(assessment: Assessment, row: int) -> list[tuple[float, float]]:
    """Return by what units at the same distance are ordered: the likeness of their profiles."""
    found = likeness(assessment, row, None)
    largest = np.fmax.reduce(found.penalised, axis=1, initial=-np.inf)
    return list(zip(_order(found.distance), _order(largest), strict=True))


def _order(distance: Floats) -> Floats:
    """Return the places of units by distance; ties share one, and missing distances the last."""
    ranks = rank_scores(-np.where(np.isfinite(distance), distance, np.nan))
    return np.where(np.isnan(ranks), np.inf, ranks)


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


def _differences(variables: Sequence[tuple[Floats, bool]], row: int) -> Floats:
    """Return the differences from one unit: (n_units, n_variables), from 0 to 1."""
    differences = np.stack([np.abs(values - values[row]) for values, _ in variables], axis=1)
    for place, (_, is_numeric) in enumerate(variables):
        if not is_numeric:
            differences[differences[:, place] > 0, place] = 1.0
    return differences


def _is_real(cell: object) -> bool:
    return isinstance(cell, Real) and not isinstance(cell, (bool, np.bool_))
