"""Scores of many draws at once, for one choice of imputation, treatment and normalisation."""

from typing import Any, TypeAlias

import numpy as np
from attrs import frozen
from numpy.typing import NDArray

from dli.aggregation import ArithmeticMean, GeometricMean, HarmonicMean, Minimum, PowerMean
from dli.assessment import Assessment
from dli.assessment.pipeline import has_enough, skipping
from dli.framework import Index, Indicator
from dli.sensitivity.draws import Draws

__all__ = ["Scorer", "scorer"]

Floats: TypeAlias = NDArray[np.float64]


@frozen(eq=False)
class Part:
    """A node as the engine sees it.

    Attributes
    ----------
    node : Index
    places : tuple of int or None
        For each child its column among the indicators, None for a sub-index.
    weights : ndarray of shape (n_children, 1), or (n_children, n_units)
        Nominal.
    order : float or None
        The order of its power mean, None for another aggregation.
    aggregation : object
    enough : ndarray of bool of shape (n_units,) or None
        Where enough children have a value for the method; None when none lacks one.
    """

    node: Index
    places: tuple[int | None, ...]
    weights: Floats
    order: float | None
    aggregation: Any
    enough: NDArray[np.bool_] | None


@frozen(eq=False)
class Scorer:
    """The tree below a node with nominal weights and normalised values.

    Attributes
    ----------
    parts : tuple of Part
        The node first, children after their parents.
    values : ndarray of shape (n_indicators, n_units)
        Normalised.
    order : float or None
        The order of the power mean when one serves the whole tree and no value is missing: then
        products of weights along the path serve as weights of the indicators.
    transformed : ndarray of shape (n_indicators, n_units) or None
        What is summed then.
    low, high : ndarray of shape (n_units,)
        What bounds the scores; not finite where nothing does.
    """

    parts: tuple[Part, ...]
    values: Floats
    order: float | None
    transformed: Floats | None
    low: Floats
    high: Floats

    def scores(self, draws: Draws) -> Floats:
        """Give the scores of draws, of shape (n_draws, n_units)."""
        if self.transformed is not None and self.order is not None:
            weights = self._leaf_weights(draws)
            room = draws.room.array("scores", (draws.n_draws, self.values.shape[1]))
            return _back(np.matmul(weights.T, self.transformed, out=room), self.order)
        part = self.parts[0]
        scores = self._node_scores(part, draws)
        shape = (draws.n_draws, self.values.shape[1])
        return scores if scores.shape == shape else np.broadcast_to(scores, shape).copy()

    def _leaf_weights(self, draws: Draws) -> Floats:
        """Multiply weights along the path to each indicator: shape (n_indicators, n_draws)."""
        leaves = draws.room.array("leaves", (len(self.values), draws.n_draws))
        effective: dict[str, Floats] = {}
        for part in self.parts:
            own = _weights(part, draws)
            if part.node.code in effective:
                own = own * effective[part.node.code]
            for child, place, weight in zip(part.node.children, part.places, own, strict=True):
                if place is None:
                    effective[child.code] = weight
                else:
                    leaves[place] = weight
        return leaves

    def _node_scores(self, part: Part, draws: Draws) -> Floats:
        """Join the children of a node, of shape (n_draws, n_units) or (1, n_units)."""
        by_code = {p.node.code: p for p in self.parts}
        children = [
            self.values[place][np.newaxis]
            if place is not None
            else self._node_scores(by_code[child.code], draws)
            for child, place in zip(part.node.children, part.places, strict=True)
        ]
        if part.order is None:
            scores = _one_by_one(part, children, draws)
        elif np.isinf(part.order):
            scores = _extreme(part, children, draws)
        else:
            scores = _power_mean(part, children, draws)
        if part.enough is not None:
            scores = np.where(part.enough, scores, np.nan)
        return scores


def scorer(assessment: Assessment, node: Index) -> Scorer:
    """Prepare the scoring of draws from the nominal assessment of a combination."""
    inner = [n for n in node.walk() if isinstance(n, Index)]
    leaves = {indicator.code: i for i, indicator in enumerate(node.indicators)}
    values = np.array([assessment.array(code) for code in leaves])
    parts = tuple(_part(assessment, n, leaves) for n in inner)
    orders = {part.order for part in parts if len(part.node.children) > 1} or {1.0}
    order = orders.pop() if len(orders) == 1 else None
    plain = all(part.weights.shape[1] == 1 for part in parts)
    transformed = None
    if order is not None and np.isfinite(order) and plain and not np.isnan(values).any():
        transformed = _forth(values, order)
    bounded = all(part.order is not None for part in parts)
    low, high = np.full((2, values.shape[1]), np.nan)
    if bounded:
        low, high = np.fmin.reduce(values, axis=0), np.fmax.reduce(values, axis=0)
    return Scorer(
        parts=parts, values=values, order=order, transformed=transformed, low=low, high=high
    )


def _part(assessment: Assessment, node: Index, leaves: dict[str, int]) -> Part:
    method, index = assessment.method, assessment.index
    aggregation = method.for_node("aggregation", node, index)
    weights = assessment.weight_array(node.code)
    missing = np.stack([np.isnan(assessment.array(c.code)) for c in node.children], axis=1)
    enough = None
    if missing.any():
        enough = has_enough(missing, method, method.for_node("coverage", node, index))
    return Part(
        node=node,
        places=tuple(leaves[c.code] if isinstance(c, Indicator) else None for c in node.children),
        weights=weights[:, np.newaxis] if weights.ndim == 1 else np.ascontiguousarray(weights.T),
        order=_order(aggregation),
        aggregation=aggregation,
        enough=enough,
    )


def _order(aggregation: Any) -> float | None:
    """Give the order of a power mean that sums of powers can carry, else None."""
    means = (ArithmeticMean, GeometricMean, HarmonicMean, Minimum, PowerMean)
    if not isinstance(aggregation, means):
        return None
    order = float(aggregation.order)
    # Between, powers of values leave the range of numbers or lose their digits.
    if order in (-np.inf, 0.0, np.inf) or 0.01 <= abs(order) <= 8:
        return order
    return None


def _weights(part: Part, draws: Draws) -> Floats:
    """Give the weights of a node's children that sum to one: shape (n_children, n_draws)."""
    code = part.node.code
    weights = draws.weights.get(code, part.weights)
    factors = draws.factors.get(code)
    if factors is not None:
        weights = weights * factors
    elif weights is part.weights:
        return np.broadcast_to(weights, (len(weights), draws.n_draws))
    return np.asarray(weights / weights.sum(axis=0))


def _forth(values: Floats, order: float) -> Floats:
    """Turn values so that their weighted sum is the power mean turned."""
    if order == 1:
        return values
    with np.errstate(divide="ignore"):
        return np.asarray(np.log(values) if order == 0 else values**order)


def _back(sums: Floats, order: float) -> Floats:
    if order == 1:
        return sums
    if order == 0:
        return np.asarray(np.exp(sums, out=sums))
    if order == -1:
        return np.asarray(np.reciprocal(sums, out=sums))
    return np.asarray(sums ** (1 / order))


def _power_mean(part: Part, children: list[Floats], draws: Draws) -> Floats:
    """Take the power mean, the weight of missing children shared among the rest."""
    assert part.order is not None  # noqa: S101 told to the type checker
    turned = [_forth(child, part.order) for child in children]
    if all(child.shape[0] == 1 for child in children):
        return _mean_of_leaves(part, np.concatenate(turned), draws)
    weights = _unit_weights(part, draws)
    total: Any = 0.0
    weight: Any = 0.0
    for own, child in zip(weights, turned, strict=True):
        gaps = np.isnan(child)
        if gaps.any():
            total = total + own * np.where(gaps, 0.0, child)
            weight = weight + own * ~gaps
        else:
            total = total + own * child
            weight = weight + own
    return _back(_ratio(total, weight), part.order)


def _mean_of_leaves(part: Part, turned: Floats, draws: Draws) -> Floats:
    """Do the same for children that are the same in every draw, by two matrix products."""
    code = part.node.code
    gaps = np.isnan(turned)
    known = np.where(gaps, 0.0, turned)
    base = part.weights
    mixing = draws.factors.get(code)
    if code in draws.weights:
        mixing = draws.weights[code] * (1.0 if mixing is None else mixing)
        base = np.ones((len(turned), 1))
    if mixing is None:
        mixing = np.ones((len(turned), 1))
    total = mixing.T @ (base * known)
    has_gaps = base.shape[1] > 1 or gaps.any()
    weight = mixing.T @ (base * ~gaps if has_gaps else base)
    return _back(_ratio(total, weight), part.order or 0.0)


def _ratio(total: Floats, weight: Floats) -> Floats:
    if (weight > 0).all():
        return np.asarray(total / weight)
    return np.asarray(total / np.where(weight > 0, weight, np.nan))


def _unit_weights(part: Part, draws: Draws) -> list[Floats]:
    """Give for each child its weights of shape (n_draws or 1, n_units or 1)."""
    code = part.node.code
    found = []
    for place in range(len(part.node.children)):
        own = part.weights[place][np.newaxis]
        if code in draws.weights:
            own = draws.weights[code][place][:, np.newaxis]
        if code in draws.factors:
            own = own * draws.factors[code][place][:, np.newaxis]
        found.append(own)
    return found


def _extreme(part: Part, children: list[Floats], draws: Draws) -> Floats:
    """Take the least or greatest child of positive weight."""
    pick = np.fmin if part.order == -np.inf else np.fmax
    result: Any = np.nan
    for own, child in zip(_unit_weights(part, draws), children, strict=True):
        result = pick(result, np.where(own > 0, child, np.nan))
    return np.asarray(result)


def _one_by_one(part: Part, children: list[Floats], draws: Draws) -> Floats:
    """Let any other aggregation join the children, draw by draw."""
    n_units = children[0].shape[1]
    given = _unit_weights(part, draws)
    scores = np.full((draws.n_draws, n_units), np.nan)
    enough = np.ones(n_units, dtype=np.bool_) if part.enough is None else part.enough
    for draw in range(draws.n_draws):
        values = np.stack([child[draw % len(child)] for child in children], axis=1)
        weights = np.stack([own[draw % len(own)] for own in given], axis=-1)
        weights = weights / weights.sum(axis=-1, keepdims=True)
        own = weights[0] if len(weights) == 1 else weights[enough]
        scores[draw, enough] = skipping(part.aggregation, values[enough], own, part.node)
    return scores
