"""A node as the engine of studies sees it."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from attrs import frozen

from dli.aggregation.protocol import Traits, traits_of
from dli.arrays import Bools, Floats, Integers
from dli.assessment import Assessment
from dli.errors import MethodError
from dli.framework import Index, Indicator
from dli.scoring.adjusting import Adjusted
from dli.scoring.joining import MissingRule
from dli.sensitivity.draws import Draws

__all__ = ["Part", "as_weights", "back", "covered", "forth", "part_of", "require_weights"]


@frozen(eq=False)
class Part:
    """A node as the engine sees it.

    Attributes
    ----------
    node : Index
    places : tuple of int or None
        For each child its column among the indicators, None for a sub-index.
    weights : ndarray of shape (n_children, n_draws or 1, n_units or 1)
        Nominal; they differ by draw where data do and weights depend on them.
    order : float or None
        The order of its power mean, None for another aggregation.
    aggregation : object
    rule : MissingRule
    enough : ndarray of bool of shape (n_units,) or None
        Where enough children have a value for the method; None when all units have.
    table, bare : ndarray of shape (n_children, n_units or 2 n_units) or None
        Of a power mean of indicators: their turned values, 0 for missing ones, with and without
        the nominal weights; where some are missing or weights differ by unit, beside them the
        weights, or ones, of those that are there: then it ``has_gaps``.
    cells, present : ndarray of shape (n_draws, n_units, n_children) and (n_units, n_children)
        In place of a table where data vary: turned values, 0 for missing ones, and 1 for those that
        are there; None if all are.
    leaves : slice or None
        The columns of the children when all are indicators.
    is_equal : bool
        All nominal weights are the same.
    groups : sequence of ndarray of int
        The rows of each period.
    adjusted : Adjusted, optional
        What is done to the scores that the children give.
    normalisation : object, optional
        Of the scores, before they enter the parent.
    is_mean : bool
        Scores lie between those of the indicators below, whatever the weights.
    """

    node: Index
    places: tuple[int | None, ...]
    weights: Floats
    order: float | None
    aggregation: Any
    rule: MissingRule
    enough: Bools | None
    table: Floats | None
    bare: Floats | None
    has_gaps: bool
    leaves: slice | None
    is_equal: bool
    groups: Sequence[Integers]
    adjusted: Adjusted | None
    normalisation: Any
    is_mean: bool
    cells: Floats | None = None
    present: Floats | None = None


def part_of(assessment: Assessment, node: Index, leaves: Mapping[str, int]) -> Part:
    """Return a node as the engine sees it.

    Parameters
    ----------
    assessment : Assessment
    node : Index
    leaves : mapping of str to int
        The column of each indicator.
    """
    choices = assessment.choices
    aggregation = choices.aggregation[node.code]
    rule = MissingRule(choices.missing, choices.coverage[node.code])
    nominal = assessment.weight_array(node.code)
    weights = as_weights(nominal)
    codes = [child.code for child in node.children]
    values = assessment.arrays(codes, normalised=True).T
    missing = np.isnan(values)
    enough = rule.has_score(missing.T)
    places = tuple(leaves[c.code] if isinstance(c, Indicator) else None for c in node.children)
    order = power_order(traits_of(aggregation), values)
    table = bare = None
    has_gaps = bool(missing.any()) or weights.shape[2] > 1
    if order is not None and np.isfinite(order) and None not in places:
        bare = np.where(missing, 0.0, forth(values, order))
        own = weights[:, 0]
        table = bare * own
        if has_gaps:
            table = np.concatenate([table, ~missing * own], axis=1)
            bare = np.concatenate([bare, (~missing).astype(np.float64)], axis=1)
    return Part(
        node=node,
        places=places,
        weights=weights,
        order=order,
        aggregation=aggregation,
        rule=rule,
        enough=None if enough.all() else enough,
        table=table,
        bare=bare,
        has_gaps=has_gaps,
        # Indicators stand depth first: those of one node are neighbours.
        leaves=None if None in places else slice(places[0], places[0] + len(places)),  # type: ignore[operator] # of whole numbers
        is_equal=bool(np.ptp(weights) == 0),
        groups=list(assessment.rows_by_period.values()),
        adjusted=assessment.adjusted.get(node.code),
        normalisation=assessment.node_normalisations.get(node.code),
        is_mean=all(
            traits_of(choices.aggregation[own.code]).monotone
            and own.code not in assessment.adjusted
            and (own is node or own.code not in assessment.node_normalisations)
            for own in node.walk()
            if isinstance(own, Index)
        ),
    )


def as_weights(nominal: Floats) -> Floats:
    """Return weights of shape (n_children,) or (n_units, n_children) as a `Part` has them."""
    return np.ascontiguousarray(np.atleast_2d(nominal).T[:, np.newaxis])


def power_order(traits: Traits, values: Floats) -> float | None:
    """Return the order of a power mean that sums of powers can carry, else None."""
    if traits.order is None:
        return None
    if traits.domain != "real" and (values <= 0).any():
        return None  # such values may stand where they have no weight
    order = float(traits.order)
    # Between, powers of values leave the range of numbers or lose their digits.
    if order in (-np.inf, 0.0, np.inf) or 0.01 <= abs(order) <= 8:
        return order
    return None


def forth(values: Floats, order: float | None) -> Floats:
    """Turn values so that their weighted sum is the power mean turned."""
    if order is None or order == 1 or np.isinf(order):
        return values
    with np.errstate(divide="ignore"):
        return np.asarray(np.log(values) if order == 0 else values**order)


def back(sums: Floats, order: float | None) -> Floats:
    """Turn sums back to the power mean."""
    if order is None or order == 1 or np.isinf(order):
        return sums
    if order == 0:
        return np.asarray(np.exp(sums))
    return np.asarray(np.reciprocal(sums) if order == -1 else sums ** (1 / order))


def require_weights(parts: Sequence[Part], draws: Draws) -> None:
    """Refuse draws in which factors of 0 leave nothing but nominal weights of 0 at a node.

    Raises
    ------
    MethodError
        Listing the nodes.
    """
    faults = [repr(part.node.code) for part in parts if _is_left_without_weight(part, draws)]
    if faults:
        msg = (
            "in some draws all children with weight are left out, and the others have a weight of "
            "0; leave out the node itself, or give the others weight, at"
        )
        raise MethodError(msg, faults)


def _is_left_without_weight(part: Part, draws: Draws) -> bool:
    factors = draws.factors.get(part.node.code)
    nominal = part.weights
    # Factors that are all 0, and weights in place of the nominal ones, were looked at when drawn.
    if factors is None or part.node.code in draws.weights or nominal.all():
        return False
    has_none = ~((factors[:, :, np.newaxis] * nominal).sum(axis=0) > 0)
    return bool((has_none & (nominal.sum(axis=0) > 0)).any())


def covered(part: Part, scores: Floats, gaps: Sequence[Bools]) -> Floats:
    """Return scores without those of units that have too few children in a draw.

    A child is missing in draws that leave no weight on what a unit has of it.

    Parameters
    ----------
    part : Part
    scores : ndarray of shape (n_draws or 1, n_units)
    gaps : sequence of ndarray of bool of shape (n_draws or 1, n_units)
        Where each child is missing; those that are there for all may be left out.
    """
    coverage = part.rule.coverage
    if not gaps or coverage.of != "children" or coverage.is_none:
        return scores
    there = [np.False_] * (len(part.places) - len(gaps))
    missing = np.stack(np.broadcast_arrays(*gaps, *there), axis=-1)
    return np.where(part.rule.has_score(missing), scores, np.nan)
