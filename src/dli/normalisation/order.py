"""The order of units in a column, with ties."""

from collections.abc import Iterator, Sequence

import numpy as np
from numpy.typing import ArrayLike

from dli.checks import choice_faults
from dli.errors import MethodError
from dli.normalisation.checks import as_values, codes, directions
from dli.normalisation.protocol import Floats, IndicatorLike
from dli.ranking import rank_scores

__all__ = [
    "better",
    "counted",
    "equality_clause",
    "equality_faults",
    "levelled",
    "mid_places",
    "places",
]


def equality_faults(equality: object) -> Iterator[str]:
    """Yield the faults of the parameter ``equality`` of a normalisation by ranks."""
    return choice_faults("equality", equality, ("exact", "rounding"))


def equality_clause(equality: str) -> str:
    """Return the clause of a description that says which values tie, empty for exact equality."""
    return "; values that differ by rounding alone tie" if equality == "rounding" else ""


def better(
    values: ArrayLike, indicators: Sequence[IndicatorLike], name: str, equality: str = "exact"
) -> Floats:
    """Return values turned so that more is better in every column, with equal values for ties.

    Parameters
    ----------
    values : array_like of shape (..., n_units, n_indicators)
    indicators : sequence
    name : str
        The name of the normalisation, for messages.
    equality : {"exact", "rounding"}
        Whether values tie only if they are equal to the last bit, or as in `levelled`.

    Raises
    ------
    MethodError
        If an indicator has no value.
    """
    x = as_values(values, indicators) * directions(indicators)
    empty = np.isnan(x).all(axis=-2).reshape(-1, len(indicators)).any(axis=0)
    if empty.any():
        msg = f"{name} needs a value for every indicator; it is missing for"
        raise MethodError(msg, codes(indicators, empty))
    return levelled(x) if equality == "rounding" else x


def levelled(values: Floats) -> Floats:
    """Return values in which those that differ by rounding alone are made equal.

    Values tie as scores do in `rank_scores`: a value ties with the largest of its group if it lies
    below it by at most 1e-12 of the largest absolute value of the column.

    Examples
    --------
    >>> levelled(np.array([[0.3], [0.9], [0.1 + 0.2], [np.nan]])).ravel().tolist()
    [0.30000000000000004, 0.9, 0.30000000000000004, nan]
    """
    columns = np.moveaxis(values, -2, -1)
    with np.errstate(over="ignore"):  # a difference beyond the range is not a tie
        ranks = rank_scores(columns)
    missing = np.isnan(ranks)
    falling = -np.sort(-columns, axis=-1)  # missing values are sorted last
    greatest = np.where(missing, 1.0, ranks).astype(np.intp) - 1
    level = np.where(missing, np.nan, np.take_along_axis(falling, greatest, axis=-1))
    return np.moveaxis(level, -1, -2)


def counted(values: Floats) -> Floats:
    """Return the number of values in each column, of shape (..., 1, n_indicators)."""
    return np.asarray((~np.isnan(values)).sum(axis=-2, keepdims=True), dtype=np.float64)


def places(values: Floats) -> tuple[Floats, Floats]:
    """Return the first and the last place, from 0 for the smallest, of each value's group of ties.

    Values tie only if they are equal to the last bit, as in published ranks of indicators. Apply
    `levelled` first if they should tie as scores do.

    Examples
    --------
    >>> first, last = places(np.array([[0.3], [0.9], [0.3], [np.nan]]))
    >>> first.ravel().tolist(), last.ravel().tolist()
    ([0.0, 2.0, 0.0, nan], [1.0, 2.0, 1.0, nan])
    """
    columns = np.ascontiguousarray(np.moveaxis(values, -2, -1))
    order = np.argsort(columns, axis=-1)  # missing values are sorted last
    # Positions in the flattened array are faster to use than those along an axis.
    order += np.arange(0, columns.size, columns.shape[-1]).reshape(*columns.shape[:-1], 1)
    ranked = columns.reshape(-1).take(order)
    n_units = columns.shape[-1]
    places = np.arange(n_units, dtype=np.float64)
    new = ranked[..., 1:] != ranked[..., :-1]
    if new.all():  # no ties, and at most one missing value
        has_gaps = np.isnan(ranked[..., -1]).any()
        first = last = np.where(np.isnan(ranked), np.nan, places) if has_gaps else places
    else:
        edge = np.ones((*columns.shape[:-1], 1), dtype=np.bool_)
        opens = np.concatenate([edge, new], axis=-1)
        closes = np.concatenate([new, edge], axis=-1)
        first = np.maximum.accumulate(np.where(opens, places, 0), axis=-1)
        backwards = np.where(closes, places, n_units)[..., ::-1]
        last = np.minimum.accumulate(backwards, axis=-1)[..., ::-1]
        missing = np.isnan(ranked)
        first, last = (np.where(missing, np.nan, ends) for ends in (first, last))
    results = []
    for ends in (first,) if first is last else (first, last):
        result = np.empty_like(columns)
        result.reshape(-1)[order] = ends
        results.append(np.moveaxis(result, -1, -2))
    return results[0], results[-1]


def mid_places(values: Floats) -> Floats:
    """Return the place of each value, from 1 for the smallest; ties share their mean place."""
    first, last = places(values)
    return np.asarray((first + last) / 2 + 1)
