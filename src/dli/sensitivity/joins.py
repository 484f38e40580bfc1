"""Scores of a node in many draws, for an aggregation of any kind."""

from collections.abc import Sequence
from contextlib import suppress
from functools import partial
from typing import Any

import numpy as np
from attrs import frozen

from dli.aggregation.protocol import compares_units, traits_of
from dli.arrays import Floats, Integers, as_floats, is_complete
from dli.errors import DLIError
from dli.scoring.joining import MissingRule, join
from dli.scratch import empty
from dli.steps import ask

__all__ = ["Joining", "is_slow", "scores_of_draws"]

# The number of children's scores that are aggregated in one call: with more of them, the arrays do
# not fit into the cache; with fewer, the time of the call itself dominates, and threads wait for
# each other. If the children do not vary by draw, fewer tables are read.
_AT_ONCE = 2**20
_REPEATED = 2**22


@frozen(eq=False)
class Joining:
    """The aggregation of the children of a node, with its rule for missing values.

    Attributes
    ----------
    aggregation : object
        The aggregation, as in `dli.aggregation.protocol.Aggregation`.
    code : str
        The code of the node, for messages.
    children : sequence of str
        The codes of the children, for messages.
    rule : MissingRule
        The rule for missing children.
    groups : sequence of ndarray of int
        The rows of each period.
    """

    aggregation: Any
    code: str
    children: Sequence[str]
    rule: MissingRule
    groups: Sequence[Integers]


def is_slow(aggregation: Any) -> bool:
    """Return whether an aggregation must be called separately for each draw."""
    return not traits_of(aggregation).draws


def scores_of_draws(
    joining: Joining, children: Sequence[Floats], weights: Sequence[Floats], n_draws: int
) -> Floats:
    """Return the scores of a node in each draw.

    An aggregation that declares ``draws`` is called with many draws at once. Apart from rounding,
    the scores and the errors are the same as those of a separate call for each draw.

    Parameters
    ----------
    joining : Joining
        The aggregation of the node.
    children : sequence of ndarray of shape (n_draws or 1, n_units)
        The values of each child, in a single row if they are the same in every draw.
    weights : sequence of ndarray of shape (n_draws or 1, n_units or 1)
        The weights of each child. They are rescaled to sum to one over the children.
    n_draws : int
        The number of draws.

    Returns
    -------
    ndarray of shape (n_draws, n_units)
    """
    n_units = children[0].shape[1]
    all_weights = np.stack(np.broadcast_arrays(*weights), axis=-1)
    all_weights = all_weights / all_weights.sum(axis=-1, keepdims=True)
    is_repeated = all(len(child) == 1 for child in children)
    size = max(1, (_REPEATED if is_repeated else _AT_ONCE) // (n_units * len(children)))
    scores = empty((n_draws, n_units))
    for first in range(0, n_draws, size):
        block = slice(first, first + size)
        # The first axis in memory is that of the children, so that operations run along the units,
        # which are more numerous.
        rows = np.broadcast_arrays(*(_rows(child, block) for child in children))
        planes = np.stack(rows, out=empty((len(rows), *rows[0].shape)))
        n_rows = len(scores[block])
        block_weights = _rows(all_weights, block)
        block_scores = None
        if n_rows > 1 and not is_slow(joining.aggregation):
            by_draw = np.broadcast_to(block_weights, (n_rows, *block_weights.shape[1:]))
            # If a draw is invalid, the loop over draws below raises the error of that draw.
            with suppress(DLIError):
                block_scores = _together(joining, planes, by_draw)
        if block_scores is None:
            block_scores = _one_by_one(joining, planes, block_weights, n_rows)
        scores[block] = block_scores
    return scores


def _rows(array: Floats, block: slice) -> Floats:
    return array if len(array) == 1 else array[block]


def _one_by_one(joining: Joining, planes: Floats, weights: Floats, n_draws: int) -> Floats:
    """Return the scores of each draw by a separate call of the aggregation."""
    scores = np.empty((n_draws, planes.shape[2]))
    for draw in range(n_draws):
        of_draw = weights[draw % len(weights)]
        scores[draw] = join(
            joining.aggregation,
            np.ascontiguousarray(planes[:, draw % planes.shape[1]].T),
            of_draw[0] if len(of_draw) == 1 else of_draw,
            joining.rule,
            joining.children,
            where=f" of {joining.code!r}",
            groups=joining.groups,
        )
    return scores


def _together(joining: Joining, planes: Floats, weights: Floats) -> Floats | None:
    """Return the scores of all draws, or None if each draw needs a separate call.

    Parameters
    ----------
    joining : Joining
        The aggregation of the node.
    planes : ndarray of shape (n_children, n_draws or 1, n_units)
        The values of the children.
    weights : ndarray of shape (n_draws, n_units or 1, n_children)
        The weights of the children.

    Returns
    -------
    ndarray of shape (n_draws, n_units), or None
    """
    if len(joining.groups) < 2 or not compares_units(joining.aggregation):
        return _joined(joining, planes, weights)
    scores = empty((len(weights), planes.shape[2]))
    for rows in joining.groups:
        row_weights = _weights_of(weights, rows)
        row_scores = (
            None if row_weights is None else _joined(joining, planes[:, :, rows], row_weights)
        )
        if row_scores is None:
            return None
        scores[:, rows] = row_scores
    return scores


def _joined(joining: Joining, planes: Floats, weights: Floats) -> Floats | None:
    """Return the scores of units that are scored together, or None, as `_together` does."""
    if is_complete(planes):
        return _aggregated(joining, planes, weights)
    is_missing = np.isnan(planes)
    if (is_missing == is_missing[:, :1]).all():
        is_missing = is_missing[:, :1]
    enough = joining.rule.has_score(is_missing.transpose(1, 2, 0))
    rows = np.flatnonzero(enough[0])
    if (enough != enough[0]).any():
        return None  # a child is missing only in draws that put all its weight on missing values
    if is_missing[:, :, rows].any() and not traits_of(joining.aggregation).skips_missing:
        return None
    if rows.size == planes.shape[2]:
        return _aggregated(joining, planes, weights)
    scores = np.full((len(weights), planes.shape[2]), np.nan)
    if rows.size:
        row_weights = _weights_of(weights, rows)
        row_scores = (
            None if row_weights is None else _aggregated(joining, planes[:, :, rows], row_weights)
        )
        if row_scores is None:
            return None
        scores[:, rows] = row_scores
    return scores


def _weights_of(weights: Floats, rows: Integers) -> Floats | None:
    """Return the weights of some rows, or None for a single row if weights differ by unit.

    The shape of such weights would be that of weights that are the same for all units.
    """
    if weights.shape[1] == 1:
        return weights
    return None if len(rows) == 1 else weights[:, rows]


def _aggregated(joining: Joining, planes: Floats, weights: Floats) -> Floats | None:
    """Return the scores from one call of the aggregation, or None if they are not valid."""
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
