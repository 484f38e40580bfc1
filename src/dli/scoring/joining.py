"""Aggregation of a node's children under the rule for missing values; arrays only."""

from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np
from attrs import field, frozen

from dli.aggregation.protocol import compares_units, traits_of
from dli.arrays import Bools, Floats, Integers
from dli.errors import MethodError
from dli.method.coverage import Coverage, as_coverage
from dli.steps import Unit, ask, numbers

__all__ = ["MissingRule", "by_gaps", "join"]


@frozen
class MissingRule:
    """The rule that decides whether a node has a score if children are missing.

    Attributes
    ----------
    missing : {"renormalise", "propagate", "raise"}
    coverage : Coverage
        The coverage that a score requires, or a number as the smallest share of children. A
        coverage that counts indicators is ignored here; the caller applies it.
    """

    missing: str
    coverage: Coverage = field(converter=as_coverage)

    def has_score(self, is_missing: Bools) -> Bools:
        """Return whether each row of a mask of shape (..., n_children) has enough children."""
        n_children = is_missing.shape[-1]
        present = n_children - is_missing.sum(axis=-1)
        if self.missing == "propagate":
            return np.asarray(present == n_children)
        if self.coverage.of != "children":
            return np.asarray(present > 0)
        return np.asarray((present > 0) & (present >= self.coverage.needed(n_children) - 1e-9))


def join(  # noqa: PLR0913 a node is all of these
    aggregation: Any,
    values: Floats,
    weights: Floats,
    rule: MissingRule,
    children: Sequence[str],
    *,
    where: str = "",
    groups: Sequence[Integers] = (),
    unit: Unit | None = None,
) -> Floats:
    """Return the scores of a node; the weight of missing children goes to the other children.

    Parameters
    ----------
    aggregation : Aggregation
    values : ndarray of shape (n_rows, n_children)
        NaN where a child is missing.
    weights : ndarray of shape (n_children,) or (n_rows, n_children)
    rule : MissingRule
    children : sequence of str
        The codes of the children, for messages.
    where : str
        The text that names the node in messages, such as ``" of 'A'"``.
    groups : sequence of ndarray of int
        The rows of each period. An aggregation that compares units is called for each period.
    unit : callable, optional
        A function that returns the name of the unit of a row, for messages.

    Returns
    -------
    ndarray of shape (n_rows,)
        NaN where the rule does not allow a score, or where missing children have all the weight.
    """
    if len(groups) > 1 and compares_units(aggregation):
        scores = np.empty(len(values))
        for rows in groups:
            own = weights if weights.ndim == 1 else weights[rows]
            scores[rows] = join(
                aggregation, values[rows], own, rule, children, where=where, unit=_of(unit, rows)
            )
        return scores
    if not np.isnan(values).any():
        return _aggregated(aggregation, values, weights, children, where, unit)
    enough = rule.has_score(np.isnan(values))
    scores = np.full(len(values), np.nan)
    if enough.any():
        own = weights if weights.ndim == 1 else weights[enough]
        unit = _of(unit, np.flatnonzero(enough))
        scores[enough] = _skipping(aggregation, values[enough], own, children, where, unit)
    return scores


def _of(unit: Unit | None, rows: Integers) -> Unit | None:
    """Return the function that names units by their position among some rows."""
    return None if unit is None else lambda place: unit(int(rows[place]))


def _skipping(
    aggregation: Any,
    values: Floats,
    weights: Floats,
    children: Sequence[str],
    where: str,
    unit: Unit | None,
) -> Floats:
    if traits_of(aggregation).skips_missing or not np.isnan(values).any():
        return _aggregated(aggregation, values, weights, children, where, unit)
    scores = np.full(len(values), np.nan)
    for rows, present, own in by_gaps(values, weights):
        codes = [code for code, is_present in zip(children, present, strict=True) if is_present]
        part = values[np.ix_(rows, present)]
        scores[rows] = _aggregated(aggregation, part, own, codes, where, _of(unit, rows))
    return scores


def by_gaps(values: Floats, weights: Floats) -> Iterator[tuple[Integers, Bools, Floats]]:
    """Yield the rows with the same missing children, so that a step can receive complete values.

    Parameters
    ----------
    values : ndarray of shape (n_rows, n_children)
    weights : ndarray of shape (n_children,) or (n_rows, n_children)

    Yields
    ------
    (ndarray of int, ndarray of bool, ndarray)
        The rows, a mask of the children that they have, and the weights of these children scaled
        to sum to one. Rows in which missing children have all the weight are left out.
    """
    patterns, member = np.unique(~np.isnan(values), axis=0, return_inverse=True)
    for number, present in enumerate(patterns):
        rows = np.flatnonzero(member.reshape(-1) == number)
        own = (weights if weights.ndim == 1 else weights[rows])[..., present]
        total = own.sum(axis=-1, keepdims=True)
        usable = np.broadcast_to(total[..., 0] > 0, rows.shape)
        if not usable.any():
            continue
        if own.ndim == 1:
            yield rows, present, own / total
        else:
            yield rows[usable], present, own[usable] / total[usable]


def _aggregated(
    aggregation: Any,
    values: Floats,
    weights: Floats,
    children: Sequence[str],
    where: str,
    unit: Unit | None,
) -> Floats:
    at = f"aggregation {type(aggregation).__name__}{where}"
    scores: Floats = ask(
        aggregation,
        "aggregate",
        values,
        weights,
        step=at,
        codes=children,
        unit=unit,
        read=numbers,
    )
    if scores.shape != values.shape[:1]:
        msg = (
            f"{at} must return one score for each of {len(values)} units, got shape {scores.shape}"
        )
        raise MethodError(msg)
    if not np.isfinite(scores).all():
        has_weight = (np.broadcast_to(weights, values.shape) * ~np.isnan(values)).any(axis=1)
        spoilt = np.isinf(scores) | (np.isnan(scores) & has_weight)
        if spoilt.any():
            msg = f"{at} returned {spoilt.sum()} scores that are missing or infinite"
            raise MethodError(msg)
    return scores
