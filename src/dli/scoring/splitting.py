"""Decomposition of the difference between two scores of a node into a sum; arrays only.

The two sides are rows of held trees with the same nodes: two units, a unit before and after a
change, or a unit and its benchmark.
"""

from collections.abc import Sequence
from itertools import product
from typing import TypeAlias

import numpy as np
from attrs import evolve

from dli.arrays import TIE, Bools, Floats
from dli.errors import MethodError
from dli.scoring.held import HeldUnit
from dli.scoring.held_node import HeldNode
from dli.scoring.joining import MissingRule
from dli.scoring.shapley import shapley

__all__ = ["Part", "node_parts", "power_rates", "split"]

# A source of a difference: a code, and one of the kinds "value", "weights" and "scale".
Part: TypeAlias = tuple[str, str]

# With up to this many children, all orders are averaged; with more, one order and its reverse.
_ENUMERATED = 12
# A hybrid of two units has a score as soon as one of its children is present.
_ANY_PRESENT = MissingRule(missing="renormalise", coverage=0.0)


def split(first: HeldUnit, second: HeldUnit, code: str, leaves: Sequence[str]) -> dict[Part, float]:
    """Return the points of a difference at a node by source, indicators first.

    Parameters
    ----------
    first, second : HeldUnit
    code : str
    leaves : sequence of str
        The indicators below the node, or the node itself if it is one.
    """
    points: dict[Part, float] = {(leaf, "value"): 0.0 for leaf in leaves}
    if code in leaves:
        points[code, "value"] = first.score(code) - second.score(code)
    # The points at the top for a difference of 1 at a node.
    rates = {code: 1.0}
    for node in first.tree.inner(code):
        if node.code in rates and any(side.is_filled(node.code) for side in (first, second)):
            gap = first.score(node.code) - second.score(node.code)
            points[node.code, "value"] = rates[node.code] * gap
        elif node.code in rates:
            for part, own, rate in node_parts(first, second, node.code):
                if rate is None or part in points:
                    points[part] = rates[node.code] * own
                else:
                    rates[part[0]] = rates[node.code] * rate
    return points


def node_parts(
    first: HeldUnit, second: HeldUnit, code: str
) -> list[tuple[Part, float, float | None]]:
    """Return the sources of a node's difference, each with its points and its rate.

    The rate is the points for a difference of 1. It is None for weights, for scales and for
    children that one side does not have.
    """
    sides = (first, second)
    nodes = (first.node(code), second.node(code))
    values = np.stack([side.scores_of(nodes[0]) for side in sides])
    weights = np.stack([node.weights_of(side.row) for node, side in zip(nodes, sides, strict=True)])
    same_weights = bool(np.abs(weights[0] - weights[1]).max() <= TIE)
    if same_weights:
        weights[:] = weights.mean(axis=0)
    present = ~np.isnan(values)
    order = nodes[0].traits.order
    is_alike = same_weights and bool((present[0] == present[1]).all())
    if not is_alike or order is None or not np.isfinite(order) or order != nodes[1].traits.order:
        return _switched_parts(sides, nodes, values, weights)
    known = present[0]
    scores = np.array([side.score(code) for side in sides])
    rates = power_rates(values[:, known], weights[0, known], scores, order)
    points = rates * (values[0] - values[1])[known]
    parts = [(child, "value") for child in np.array(nodes[0].children)[known].tolist()]
    return list(zip(parts, points.tolist(), rates.tolist(), strict=True))


def power_rates(values: Floats, weights: Floats, scores: Floats, order: float) -> Floats:
    """Return the points that a power mean gains for each point of a child.

    Parameters
    ----------
    values : ndarray of shape (2, ..., n_children)
        The values of both sides, NaN where both sides lack a child.
    weights : ndarray of shape (..., n_children)
        The weights, which are the same for both sides.
    scores : ndarray of shape (2, ...)
        The scores of both sides.
    order : float
        The order of the power mean.

    Returns
    -------
    ndarray of shape (..., n_children)
        0 for a child that is missing.
    """
    own = np.where(np.isnan(values[0]), 0.0, weights)
    # Values are divided by a score, so that powers do not overflow or underflow.
    unit = (scores.max(axis=0) if order > 0 else scores.min(axis=0))[..., np.newaxis]
    with np.errstate(all="ignore"):
        shares = own / own.sum(axis=-1, keepdims=True)
        if order == 1:
            return np.asarray(np.nan_to_num(shares))
        of_children, of_score = (
            _steepness(x.min(axis=0) / unit, x.max(axis=0) / unit, order)
            for x in (values, scores[..., np.newaxis])
        )
        rates = shares * of_children / of_score
    # A child of weight 0 may have any value, and the slope of a power can be infinite at 0.
    return np.where((shares > 0) & np.isfinite(rates), rates, 0.0)


def _steepness(low: Floats, high: Floats, order: float) -> Floats:
    """Return the absolute slope of f(x) = x^p or ln x between two points, or at one point.

    The formula does not lose digits for points that differ only by rounding.
    """
    gap = high - low
    log_ratio = np.log1p(gap / low)
    if order == 0:
        return np.where(gap > 0, log_ratio / gap, 1 / high)
    base = high if order > 0 else low
    slope = base**order * -np.expm1(-abs(order) * log_ratio) / gap
    return np.where(gap > 0, slope, abs(order) * high ** (order - 1))


def _switched_parts(
    sides: tuple[HeldUnit, HeldUnit],
    nodes: tuple[HeldNode, HeldNode],
    values: Floats,
    weights: Floats,
) -> list[tuple[Part, float, float | None]]:
    """Return the shares of the children that a side has, of the weights and of the scale.

    Values and weights have shape (2, n_children), with one row for each side.
    """
    node = nodes[0]
    is_local = all(own.traits.local for own in nodes)
    columns = np.flatnonzero(~np.isnan(values).all(axis=0))
    n_values = len(columns)
    has_weights = bool((weights[0] != weights[1]).any())
    has_scale = is_local and node.aggregation is not nodes[1].aggregation
    players: list[Part] = [(node.children[column], "value") for column in columns]
    players += [(node.code, "weights")] * has_weights + [(node.code, "scale")] * has_scale

    def hybrid_scores(sets: Bools) -> Floats:
        """Return the scores of hybrids with some players of the first side, NaN without a score."""
        hybrids = np.full((len(sets), values.shape[1]), np.nan)
        hybrids[:, columns] = np.where(sets[:, :n_values], *values[:, columns])
        neither = np.zeros(len(sets), dtype=np.bool_)
        weights_of_first = sets[:, n_values] if has_weights else neither
        scale_of_first = sets[:, -1] if has_scale else neither
        scores = np.full(len(sets), np.nan)
        for of_weights, of_scale in product((0, 1), (0, 1)):
            rows = (weights_of_first == (of_weights == 0)) & (scale_of_first == (of_scale == 0))
            if rows.any():
                # If a score depends on other units, average over a hybrid in place of each side.
                places = [of_scale] if is_local else [0, 1]
                scores[rows] = np.mean(
                    [
                        _joined(sides[i], nodes[i], weights[of_weights], hybrids[rows])
                        for i in places
                    ],
                    axis=0,
                )
        return scores

    ends = hybrid_scores(np.array([[True], [False]]).repeat(len(players), axis=1))
    own_scores = np.array([side.score(node.code) for side in sides])
    scale = np.nanmax(np.abs(np.concatenate([own_scores, ends])))
    if not (np.abs(ends - own_scores) <= 1e-9 * scale).all():
        raise MethodError(
            f"{node.label} scores units by comparing them with each other: a unit with all values "
            "of the other does not have the other's score, so that the difference cannot be "
            "decomposed into a sum over indicators"
        )

    def score(sets: Bools) -> Floats:
        scores = hybrid_scores(sets)
        return np.where(np.isnan(scores), ends.mean(), scores)

    shares = shapley(len(players), score, all_orders=n_values <= _ENUMERATED)
    gaps = values[0, columns] - values[1, columns]
    tie = TIE * float(np.nanmax(np.abs(values)))
    rates: list[float | None] = [None] * len(players)
    for place, gap in enumerate(gaps.tolist()):
        if np.isnan(gap):
            continue
        # Next to much larger siblings, a small gap that changes the score is not a tie.
        is_real = abs(gap) > tie or (gap != 0 and abs(shares[place]) > 1e-10 * scale)
        rates[place] = shares[place] / gap if is_real else 0.0
    return list(zip(players, shares, rates, strict=True))


def _joined(side: HeldUnit, node: HeldNode, weights: Floats, hybrids: Floats) -> Floats:
    """Return the scores of hybrids in place of a side, NaN where the aggregation fails."""
    everyone = node.weights.copy()
    everyone[side.row if everyone.ndim > 1 else slice(None)] = weights
    rule = _ANY_PRESENT if node.traits.local else node.rule
    try:
        return side.join(evolve(node, weights=everyone, rule=rule), hybrids)
    except ValueError:
        if len(hybrids) == 1:
            return np.array([np.nan])
        return np.concatenate([_joined(side, node, weights, own[np.newaxis]) for own in hybrids])
