"""The order of units in a column: where each value stands, ties included."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import ArrayLike

from dli.errors import MethodError
from dli.normalisation.checks import as_values, codes, directions
from dli.normalisation.protocol import Floats, IndicatorLike

__all__ = ["better", "counted", "mid_places", "places"]


def better(values: ArrayLike, indicators: Sequence[IndicatorLike], name: str) -> Floats:
    """Return values of which more is better throughout.

    Raises
    ------
    MethodError
        Indicators without any value; ``name`` is that of the normalisation.
    """
    x = as_values(values, indicators) * directions(indicators)
    empty = np.isnan(x).all(axis=-2).reshape(-1, len(indicators)).any(axis=0)
    if empty.any():
        msg = f"{name} needs a value of each indicator; there is none of"
        raise MethodError(msg, codes(indicators, empty))
    return x


def counted(values: Floats) -> Floats:
    """Return how many values each column has, of shape (..., 1, n_indicators)."""
    return np.asarray((~np.isnan(values)).sum(axis=-2, keepdims=True), dtype=np.float64)


def places(values: Floats) -> tuple[Floats, Floats]:
    """Return the first and the last place (from 0, the least first) of each value's group of ties.

    Values tie when they are equal to the last bit: published ranks of indicators tell apart what
    was computed apart.

    Examples
    --------
    >>> first, last = places(np.array([[0.3], [0.9], [0.3], [np.nan]]))
    >>> first.ravel().tolist(), last.ravel().tolist()
    ([0.0, 2.0, 0.0, nan], [1.0, 2.0, 1.0, nan])
    """
    order = np.argsort(values, axis=-2)  # missing values come last
    ranked = np.take_along_axis(values, order, axis=-2)
    n_units = values.shape[-2]
    places = np.broadcast_to(np.arange(n_units)[:, np.newaxis], values.shape)
    edge = np.ones((*values.shape[:-2], 1, values.shape[-1]), dtype=np.bool_)
    new = ranked[..., 1:, :] != ranked[..., :-1, :]
    opens = np.concatenate([edge, new], axis=-2)
    closes = np.concatenate([new, edge], axis=-2)
    first = np.maximum.accumulate(np.where(opens, places, 0), axis=-2)
    backwards = np.where(closes, places, n_units)[..., ::-1, :]
    last = np.minimum.accumulate(backwards, axis=-2)[..., ::-1, :]
    found = []
    for ends in (first, last):
        result = np.empty_like(values)
        np.put_along_axis(result, order, ends.astype(np.float64), axis=-2)
        found.append(np.where(np.isnan(values), np.nan, result))
    return found[0], found[1]


def mid_places(values: Floats) -> Floats:
    """Return the place of each value, from 1 for the least; ties share the mean of theirs."""
    first, last = places(values)
    return np.asarray((first + last) / 2 + 1)
