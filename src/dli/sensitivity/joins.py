"""The scores of a node in many draws, by an aggregation of any kind."""

from collections.abc import Sequence
from contextlib import suppress
from functools import partial
from typing import Any

import numpy as np
from attrs import frozen

from dli.aggregation.planes import is_complete
from dli.aggregation.protocol import compares_units, traits_of
from dli.arrays import Floats, Integers, as_floats
from dli.errors import DLIError
from dli.scoring.joining import MissingRule, join
from dli.steps import ask

__all__ = ["Joining", "is_slow", "scores_of_draws"]

# Scores that are computed in one call: more of them leave the cache, fewer are not worth the call.
_AT_ONCE = 2**15
# Of children that are the same in every draw: with fewer tables to read, calls weigh more.
_REPEATED = 2**17


@frozen(eq=False)
class Joining:
    """How the children of a node are joined.

    Attributes
    ----------
    aggregation : object
    code : str
        Of the node, for messages.
    children : sequence of str
        The codes of the children, for messages.
    rule : MissingRule
    groups : sequence of ndarray of int
        The rows of each period.
    """

    aggregation: Any
    code: str
    children: Sequence[str]
    rule: MissingRule
    groups: Sequence[Integers]


def is_slow(aggregation: Any) -> bool:
    """Return whether an aggregation has to be called for each draw."""
    return not traits_of(aggregation).draws


def scores_of_draws(
    joining: Joining, children: Sequence[Floats], weights: Sequence[Floats], n_draws: int
) -> Floats:
    """Return the scores of a node in each draw.

    An aggregation that declares ``draws`` is called with many draws at once. Scores are those of
    a call for each draw, but for rounding, and so is every error.

    Parameters
    ----------
    joining : Joining
    children : sequence of ndarray of shape (n_draws or 1, n_units)
        The values of each child; one row for values that no draw changes.
    weights : sequence of ndarray of shape (n_draws or 1, n_units or 1)
        Of each child, up to a factor.
    n_draws : int

    Returns
    -------
    ndarray of shape (n_draws, n_units)
    """
    n_units = children[0].shape[1]
    own_weights = np.stack(np.broadcast_arrays(*weights), axis=-1)
    own_weights = own_weights / own_weights.sum(axis=-1, keepdims=True)
    is_repeated = all(len(child) == 1 for child in children)
    size = max(1, (_REPEATED if is_repeated else _AT_ONCE) // n_units)
    scores = np.empty((n_draws, n_units))
    for first in range(0, n_draws, size):
        block = slice(first, first + size)
        # Children come first in memory, so that operations run along units: there are more of them.
        planes = np.stack(np.broadcast_arrays(*(_rows(child, block) for child in children)))
        into = scores[block]
        found = None
        if len(into) > 1 and not is_slow(joining.aggregation):
            own = _rows(own_weights, block)
            own = np.broadcast_to(own, (len(into), *own.shape[1:]))
            # An error comes again below, from the draw that it is about.
            with suppress(DLIError):
                found = _together(joining, planes, own)
        if found is None:
            found = _one_by_one(joining, planes, _rows(own_weights, block), len(into))
        into[...] = found
    return scores


def _rows(array: Floats, block: slice) -> Floats:
    return array if len(array) == 1 else array[block]


def _one_by_one(joining: Joining, planes: Floats, weights: Floats, n_draws: int) -> Floats:
    """Join the children draw by draw."""
    scores = np.empty((n_draws, planes.shape[2]))
    for draw in range(n_draws):
        own = weights[draw % len(weights)]
        scores[draw] = join(
            joining.aggregation,
            np.ascontiguousarray(planes[:, draw % planes.shape[1]].T),
            own[0] if len(own) == 1 else own,
            joining.rule,
            joining.children,
            where=f" of {joining.code!r}",
            groups=joining.groups,
        )
    return scores


def _together(joining: Joining, planes: Floats, weights: Floats) -> Floats | None:
    """Join the children of all draws, None where this has to be done draw by draw.

    Parameters
    ----------
    joining : Joining
    planes : ndarray of shape (n_children, n_draws or 1, n_units)
    weights : ndarray of shape (n_draws, n_units or 1, n_children)
    """
    if len(joining.groups) < 2 or not compares_units(joining.aggregation):
        return _joined(joining, planes, weights)
    scores = np.empty((len(weights), planes.shape[2]))
    for rows in joining.groups:
        own = _weights_of(weights, rows)
        found = None if own is None else _joined(joining, planes[:, :, rows], own)
        if found is None:
            return None
        scores[:, rows] = found
    return scores


def _joined(joining: Joining, planes: Floats, weights: Floats) -> Floats | None:
    """Join the children of rows that are compared, by the rule for missing values."""
    if is_complete(planes):
        return _aggregated(joining, planes, weights)
    is_missing = np.isnan(planes)
    enough = joining.rule.has_score(is_missing.transpose(1, 2, 0))
    rows = np.flatnonzero(enough[0])
    if (enough != enough[0]).any():
        return None  # in some draws all weight is on missing children of a child
    if is_missing[:, :, rows].any() and not traits_of(joining.aggregation).skips_missing:
        return None
    scores = np.full((len(weights), planes.shape[2]), np.nan)
    if rows.size:
        own = _weights_of(weights, rows)
        found = None if own is None else _aggregated(joining, planes[:, :, rows], own)
        if found is None:
            return None
        scores[:, rows] = found
    return scores


def _weights_of(weights: Floats, rows: Integers) -> Floats | None:
    """Return the weights of some rows; None if those of one unit would look like those of all."""
    if weights.shape[1] == 1:
        return weights
    return None if len(rows) == 1 else weights[:, rows]


def _aggregated(joining: Joining, planes: Floats, weights: Floats) -> Floats | None:
    """Call the aggregation, None where its scores are not what they should be."""
    n_children, _, n_rows = planes.shape
    shape = (len(weights), n_rows)
    values = np.broadcast_to(planes.transpose(1, 2, 0), (*shape, n_children))
    scores: Floats = ask(
        joining.aggregation,
        "aggregate",
        values,
        weights,
        step=f"aggregation {type(joining.aggregation).__name__} of {joining.code!r}",
        codes=joining.children,
        read=partial(as_floats, name="its result"),
    )
    if scores.shape != shape:
        return None
    if not is_complete(scores):
        has_weight = (np.broadcast_to(weights, values.shape) * ~np.isnan(values)).any(axis=-1)
        if (np.isinf(scores) | (np.isnan(scores) & has_weight)).any():
            return None
    return scores
