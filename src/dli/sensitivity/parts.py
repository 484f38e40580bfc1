"""The data of a node that are computed once and used to score many draws."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from attrs import evolve, frozen

from dli.aggregation.protocol import Traits, traits_of
from dli.arrays import Bools, Floats, Integers
from dli.assessment import Assessment
from dli.errors import MethodError
from dli.framework import Index, Indicator
from dli.scoring.adjusting import Adjusted
from dli.scoring.joining import MissingRule
from dli.scratch import empty
from dli.sensitivity.draws import Draws

__all__ = ["Part", "as_weights", "back", "covered", "forth", "part_of", "require_weights"]


@frozen(eq=False)
class Part:
    """The data of a node that are computed once and used to score many draws.

    Values are transformed by `forth`, so that a power mean becomes a weighted sum.

    Attributes
    ----------
    node : Index
        The node.
    places : tuple of int or None
        The column of each child among the indicators, None for a sub-index.
    weights : ndarray of shape (n_children, n_draws or 1, n_units or 1)
        The nominal weights. They differ by draw if the data vary and the weights depend on them.
    order : float or None
        The order of the node's power mean, None for any other aggregation.
    aggregation : object
        The aggregation of the node.
    rule : MissingRule
        The rule for missing children.
    enough : ndarray of bool of shape (n_units,) or None
        Whether each unit has values of enough children for a score; None if all units do.
    leaves : slice or None
        The columns of the children if all of them are indicators.
    is_equal : bool
        Whether all nominal weights are the same.
    groups : sequence of ndarray of int
        The rows of each period.
    adjusted : Adjusted, optional
        The adjustment of the scores after they are computed from the children.
    normalisation : object, optional
        The normalisation of the scores before they are aggregated into the parent.
    is_mean : bool
        Whether scores lie between the values of the indicators below the node for all weights.
    cells : ndarray of shape (n_draws, n_units, n_children) or None
        The transformed values, 0 for missing values, of a power mean of indicators if the data
        vary.
    present : ndarray of shape (n_units, n_children) or None
        With ``cells``: 1 for known and 0 for missing values; None if all are known.
    """

    node: Index
    places: tuple[int | None, ...]
    weights: Floats
    order: float | None
    aggregation: Any
    rule: MissingRule
    enough: Bools | None
    leaves: slice | None
    is_equal: bool
    groups: Sequence[Integers]
    adjusted: Adjusted | None
    normalisation: Any
    is_mean: bool
    cells: Floats | None = None
    present: Floats | None = None

    @property
    def is_mean_of_indicators(self) -> bool:
        """Whether the transformed scores are weighted sums of indicators."""
        return self.leaves is not None and self.order is not None and bool(np.isfinite(self.order))

    @property
    def is_replaceable(self) -> bool:
        """Whether drawn weights can change which children count, or for which units."""
        return self.weights.shape[2] > 1 or not self.weights.all()

    def with_equal_weights(self) -> "Part":
        """Return the data of the node with nominal weights of 1."""
        return evolve(self, weights=np.ones((len(self.places), 1, 1)), is_equal=True)


def part_of(assessment: Assessment, node: Index, leaves: Mapping[str, int]) -> Part:
    """Return the data of a node that are used to score many draws.

    Parameters
    ----------
    assessment : Assessment
        The nominal assessment.
    node : Index
        The node.
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
    return Part(
        node=node,
        places=places,
        weights=weights,
        order=order,
        aggregation=aggregation,
        rule=rule,
        enough=None if enough.all() else enough,
        # The indicators are in depth-first order, so those of one node are adjacent.
        leaves=None if None in places else slice(places[0], places[0] + len(places)),  # type: ignore[operator] # of whole numbers
        is_equal=bool(np.ptp(weights) == 0),
        groups=list(assessment.rows_by_period.values()),
        adjusted=assessment.adjusted.get(node.code),
        normalisation=assessment.node_normalisations.get(node.code),
        is_mean=all(
            traits_of(choices.aggregation[inner.code]).monotone
            and inner.code not in assessment.adjusted
            and (inner is node or inner.code not in assessment.node_normalisations)
            for inner in node.walk()
            if isinstance(inner, Index)
        ),
    )


def as_weights(nominal: Floats) -> Floats:
    """Return weights, (n_children,) or (n_units, n_children), in the shape of `Part.weights`."""
    return np.ascontiguousarray(np.atleast_2d(nominal).T[:, np.newaxis])


def power_order(traits: Traits, values: Floats) -> float | None:
    """Return the order of a power mean that can be computed from sums of powers, or None."""
    if traits.order is None:
        return None
    if traits.domain != "real" and (values <= 0).any():
        return None  # such values are invalid only where their weight is positive
    order = float(traits.order)
    # Powers of other orders overflow, underflow or lose precision.
    if order in (-np.inf, 0.0, np.inf) or 0.01 <= abs(order) <= 8:
        return order
    return None


def forth(values: Floats, order: float | None) -> Floats:
    """Return values transformed so that their weighted sum is the transformed power mean."""
    if order is None or order == 1 or np.isinf(order):
        return values
    into = empty(values.shape)
    with np.errstate(divide="ignore"):
        return np.asarray(np.log(values, into) if order == 0 else _power(values, order, into))


def back(sums: Floats, order: float | None) -> Floats:
    """Return the power mean from weighted sums of values that `forth` transformed."""
    if order is None or order == 1 or np.isinf(order):
        return sums
    into = empty(sums.shape)
    return np.asarray(np.exp(sums, into) if order == 0 else _power(sums, 1 / order, into))


def _power(values: Floats, exponent: float, into: Floats) -> Floats:
    """Fill an array with powers; common exponents have faster functions, as for ``**``."""
    fast = {-1: np.reciprocal, 0.5: np.sqrt, 2: np.square}
    if exponent in fast:
        return np.asarray(fast[exponent](values, into))
    return np.asarray(np.power(values, exponent, into))


def require_weights(parts: Sequence[Part], draws: Draws) -> None:
    """Check that in every draw each node has a child with a positive weight.

    Raises
    ------
    MethodError
        In some draws, all children with a positive nominal weight have a factor of 0. All such
        nodes are listed.
    """
    faults = [repr(part.node.code) for part in parts if _is_left_without_weight(part, draws)]
    if faults:
        msg = (
            "in some draws all children with a positive weight are excluded, and the others have a "
            "weight of 0; exclude the node itself, or set positive weights for the others, at"
        )
        raise MethodError(msg, faults)


def _is_left_without_weight(part: Part, draws: Draws) -> bool:
    factors = draws.factors.get(part.node.code)
    nominal = part.weights
    # Factors that are all 0, and weights that replace the nominal ones, were checked when drawn.
    if factors is None or part.node.code in draws.weights or nominal.all():
        return False
    has_none = ~((factors[:, :, np.newaxis] * nominal).sum(axis=0) > 0)
    return bool((has_none & (nominal.sum(axis=0) > 0)).any())


def covered(part: Part, scores: Floats, gaps: Sequence[Bools]) -> Floats:
    """Return the scores, with NaN for units that have too few children in a draw.

    A unit lacks a child in draws in which all weight within the child is on missing values.

    Parameters
    ----------
    part : Part
        The data of the node.
    scores : ndarray of shape (n_draws or 1, n_units)
        The scores of the node.
    gaps : sequence of ndarray of bool of shape (n_draws or 1, n_units)
        Whether each child is missing; children that no unit lacks may be omitted.
    """
    coverage = part.rule.coverage
    if not gaps or coverage.of != "children" or coverage.is_none:
        return scores
    complete = [np.False_] * (len(part.places) - len(gaps))
    missing = np.stack(np.broadcast_arrays(*gaps, *complete), axis=-1)
    return np.where(part.rule.has_score(missing), scores, np.nan)
