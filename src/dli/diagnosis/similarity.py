"""Similar units, by context or by the profile of their scores."""

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

# The maximum number of variables that a note names as not compared.
_NAMED = 5


def gower_distances(columns: Sequence[Sequence[Any]]) -> Floats:
    r"""Return Gower's distance between all pairs of units.

    The distance is $d_{ij} = \frac{1}{|V|} \sum_{v \in V} d_{ijv}$, the mean over the variables $V$
    that both units have. For a numerical variable, $d_{ijv}$ is $|x_{iv} - x_{jv}|$ divided by the
    range of the variable; for a categorical variable, it is 0 for equal and 1 for different
    categories.

    Parameters
    ----------
    columns : sequence of n_variables sequences of n_units cells
        Numbers, or anything else (text, Booleans) for categories; None and NaN are missing. Whole
        numbers that represent categories must be passed as text.

    Returns
    -------
    ndarray of shape (n_units, n_units)
        Distances from 0 to 1, NaN where two units have no variable in common. A variable in which
        no two units differ by more than a tie contributes a distance of 0.

    Raises
    ------
    MethodError
        There are no columns, columns have different lengths, or a column contains infinite numbers
        or mixes numbers with text. All faults in cells are listed.

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
    r"""Return the units that are most similar to a unit.

    The distance between two units is the mean of their differences over all variables. In context
    columns, differences are Gower's: for numbers, the difference divided by the range; for
    categories, 0 if they are equal and 1 if they are not. In the profile, a difference is the
    absolute difference of the normalised indicator, in points; indicators are not weighted. A
    variable that one of the units lacks counts as the greatest possible difference: 1 in a context
    column, the range of the indicator in the profile.

    Parameters
    ----------
    assessment : Assessment
        The assessment of the unit and of the units that it is compared with.
    unit : object
        The unit, as the data name it. Neither the unit nor its peers need a score.
    by : str or sequence of str, optional
        The context columns to compare. Whether a column contains numbers or categories is inferred
        from its cells. By default, units are compared by their profile of indicators.
    k : int, optional
        The maximum number of peers; None for all.
    within : float, optional
        The maximum distance; no limit by default.
    shared : float
        The minimum share of the variables that both units must have; two thirds by default, such
        as two of three columns. If no unit has that many in common with the unit, for example
        because the unit itself lacks most columns, all units that have any in common are compared,
        and a warning is issued.
    period : object, optional
        The period within which units are compared and ranges computed. Required if there are
        several periods.
    named : bool
        Whether notes use the names of nodes, as reports do, instead of their codes.

    Returns
    -------
    frame
        One row for each peer, the nearest first: the unit (and period), the context column ``name``
        if the data contain it, ``distance``; ``compared``, the number of variables that both units
        have; ``score`` and ``rank`` in the index, missing for a peer without a score; and ``note``,
        which lists the variables that are not compared and marks scores based on less than two
        thirds of the indicators. Units at the same distance are ordered by the similarity of their
        profiles (first by the distance, then by the largest single difference), and by their codes
        if they tie in both.

    Raises
    ------
    UnknownCodeError
        The unit, period or a context column does not exist.
    MethodError
        No unit is within the distance (the nearest is named), a column mixes numbers with text,
        ``k``, ``within``, ``shared`` or ``named`` is invalid, a period is named although the data
        have none, or no period is named although the data have several.
    DataError
        The unit was left out, has no value in any of the columns, or has no variable in common with
        any other unit.

    Warns
    -----
    DLIWarning
        No unit has the required share of variables in common with the unit.

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
    similarity = likeness(assessment, row, by)
    candidates, is_little = similarity.candidates(row, shared)
    nearness, profile = _order(similarity.distance), profile_order(assessment, row)
    others = sorted(
        np.flatnonzero(candidates).tolist(),
        key=lambda other: (nearness[other], *profile[other], str(assessment.units[other])),
    )
    if not others:
        msg = f"no other unit has anything to compare with {unit!r}"
        raise DataError(msg)
    is_beyond = is_above(similarity.distance, np.array(limit))
    near = [other for other in others if not is_beyond[other]][:k]
    if not near:
        msg = (
            f"no unit lies within {limit:g} of {unit!r}; the nearest, "
            f"{assessment.units[others[0]]!r}, is at {similarity.distance[others[0]]:.4g}"
        )
        raise MethodError(msg)
    if is_little:
        similarity.warn_of(unit, near, shared)
    top = assessment.index.code
    columns = {
        "distance": similarity.distance[near],
        "compared": similarity.compared[near],
        "score": assessment.array(top)[near],
        "rank": assessment.rank_array(top)[near],
        "note": join_notes(
            similarity.notes(near, names_in_notes(assessment, named=named)),
            basis_notes(assessment, near, top),
        ),
    }
    return assessment.frame(columns, rows=near, integers=["rank"], names=True)


def check_count(k: object) -> None:
    """Raise an error unless a number of units is a whole number of at least 1, or None."""
    if k is not None and not is_whole(k, 1):
        msg = f"k must be a whole number of at least 1, or None for all, got {k!r}"
        raise MethodError(msg)


@frozen(kw_only=True, eq=False)
class Likeness:
    """The differences of all units of a period from one of them, by variable.

    Attributes
    ----------
    names : tuple of str
        The variables, except those for which no unit of the period has a value.
    differences : ndarray of shape (n_units, n_variables)
        NaN where one of the two units lacks the variable, and for units of other periods.
    greatest : ndarray of shape (n_variables,)
        The greatest possible difference in each variable.
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
        """The differences, with the greatest possible one where a unit lacks a variable."""
        filled = np.where(np.isnan(self.differences), self.greatest, self.differences)
        filled[self.compared == 0] = np.nan
        return np.asarray(filled)

    @property
    def distance(self) -> Floats:
        """The mean difference, of shape (n_units,); NaN where no variable is in common."""
        return row_means(self.penalised)

    def candidates(self, row: int, shared: float) -> tuple[Bools, bool]:
        """Return the units with enough variables in common with a unit, and whether there is none.

        If there is none, the units with any variable in common are returned.
        """
        comparable = self.compared > 0
        comparable[row] = False
        too_few = is_above(np.array(shared * len(self.names)), self.compared.astype(np.float64))
        enough = comparable & ~too_few
        return (enough, False) if enough.any() else (comparable, True)

    def notes(self, rows: Sequence[int], names: Mapping[str, str]) -> list[str]:
        """Return a text for each row that lists the variables that are not compared.

        Parameters
        ----------
        rows : sequence of int
        names : mapping of str to str
            The names of variables by code; variables that it does not contain keep their codes.
        """
        notes, called = [], [names.get(name, name) for name in self.names]
        for row in rows:
            is_missing_here = np.isnan(self.differences[row])
            lacks = sorted(n for n, no in zip(called, is_missing_here, strict=True) if no)
            more = f" and {len(lacks) - _NAMED} more" if len(lacks) > _NAMED else ""
            notes.append(f"not compared: {', '.join(lacks[:_NAMED])}{more}" if lacks else "")
        return notes

    def warn_of(self, unit: object, rows: Sequence[int], shared: float) -> None:
        """Warn that units are compared over fewer variables than required."""
        n = len(self.names)
        msg = (
            f"unit {unit!r} is compared over at most {int(self.compared[list(rows)].max())} of {n} "
            f"variables, fewer than the share of {shared:.3g} required by shared=; no other unit "
            "has more in common with it. Do not rely on these units; the column note lists the "
            "variables that are not compared"
        )
        warn(msg, DLIWarning, stacklevel=3)


def likeness(
    assessment: Assessment,
    row: int,
    by: str | Sequence[str] | None,
    indicators: Sequence[str] | None = None,
) -> Likeness:
    """Return the differences of all units of a period from one of them.

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
    """Return the keys that order units at the same distance: the similarity of their profiles."""
    profile = likeness(assessment, row, None)
    largest = np.fmax.reduce(profile.penalised, axis=1, initial=-np.inf)
    return list(zip(_order(profile.distance), _order(largest), strict=True))


def _order(distance: Floats) -> Floats:
    """Return the ranks of units by distance; ties share a rank, missing distances rank last."""
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
    """Return each variable as an array, and whether it is numerical.

    Numbers are divided by their range; categories are replaced by whole numbers.
    """
    variables, faults = [], []
    for column, name in zip(columns, names, strict=True):
        unusable = [cell for cell in column if not is_hashable(cell)]
        if unusable:
            faults.append(f"{name} has {unusable[0]!r}, which is neither a number nor a category")
            continue
        known = [cell for cell in column if not is_missing(cell)]
        is_real = [_is_real(cell) for cell in known]
        if any(is_real) and not all(is_real):
            cell = known[is_real.index(False)]
            faults.append(f"{name} mixes numbers with {cell!r}")
        elif any(is_real):
            values = np.array([np.nan if is_missing(cell) else cell for cell in column], np.float64)
            if np.isinf(values).any():
                faults.append(f"{name} contains infinite numbers")
                continue
            low, high = np.asarray(np.nanmin(values)), np.asarray(np.nanmax(values))
            # Without this check, rounding errors alone could produce the greatest difference.
            is_spread = is_above(high, low, np.nanmax(np.abs(values)))
            variables.append((values / (high - low) if is_spread else values * 0.0, True))
        else:
            number_of = {cell: i for i, cell in enumerate(dict.fromkeys(known))}
            codes = [np.nan if is_missing(cell) else number_of[cell] for cell in column]
            variables.append((np.array(codes, dtype=np.float64), False))
    if faults:
        msg = "each variable must contain either finite numbers or categories"
        raise MethodError(msg, faults)
    return variables


def _differences(variables: Sequence[tuple[Floats, bool]], row: int) -> Floats:
    """Return the differences from one unit, from 0 to 1: (n_units, n_variables)."""
    differences = np.stack([np.abs(values - values[row]) for values, _ in variables], axis=1)
    for place, (_, is_numeric) in enumerate(variables):
        if not is_numeric:
            differences[differences[:, place] > 0, place] = 1.0
    return differences


def _is_real(cell: object) -> bool:
    return isinstance(cell, Real) and not isinstance(cell, (bool, np.bool_))
