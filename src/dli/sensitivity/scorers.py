"""Scores of many draws at once, for one combination of the options of the method."""

from collections.abc import Iterator
from typing import Any

import numpy as np
from attrs import evolve, frozen

from dli.aggregation.planes import matrix_product
from dli.aggregation.protocol import traits_of
from dli.arrays import Floats
from dli.assessment import Assessment
from dli.errors import MethodError
from dli.framework import Index
from dli.scoring.entering import entered
from dli.sensitivity.draws import Draws, Room
from dli.sensitivity.joins import Joining, scores_of_draws
from dli.sensitivity.parts import Part, back, covered, forth, part_of, require_weights

__all__ = ["Scorer", "scorer"]

# The number of sums that are computed at once. Fewer sums would fit into the cache of a core, but
# the calls of NumPy would be so short that threads would wait for each other.
_AT_ONCE = 2**17


@frozen(eq=False)
class Scorer:
    """The tree below a node, with nominal weights and normalised values.

    Attributes
    ----------
    parts : tuple of Part
        The data of the node, then of its descendants, each after its parent.
    values : ndarray of shape (n_indicators, n_draws or 1, n_units)
        The normalised values of the indicators, for each draw if the data vary.
    order : float or None
        The order of the power mean that all nodes share, None if there is no such order. An only
        child does not count, since every power mean returns its value.
    transformed : ndarray of shape (n_indicators, n_units) or None
        The values transformed by `forth`, if the whole tree is one power mean of its indicators,
        whose weights are the products of weights along the path. This requires that no value is
        missing, that weights are the same for all units, and that scores are not adjusted or
        normalised between nodes.
    adds_up : bool
        Whether the transformed score of the node is a weighted sum over indicators and sub-indices
        of indicators. Values may be missing, but all nodes have scores of all units.
    low, high : ndarray of shape (n_units,)
        The bounds of the scores; not finite if there is no bound.
    nominal : bytes
        A key that is equal for scorers with the same nominal weights.
    """

    parts: tuple[Part, ...]
    values: Floats
    order: float | None
    transformed: Floats | None
    adds_up: bool
    low: Floats
    high: Floats
    nominal: bytes

    def scores(self, draws: Draws) -> Floats:
        """Return the scores of each draw, of shape (n_draws, n_units)."""
        if self.transformed is not None:
            return self.weighted(self.leaf_weights(draws), draws.room)
        n_units = self.values.shape[2]
        scores = draws.room.array("scores", (draws.n_draws, n_units))
        size = max(32, _AT_ONCE // n_units)
        # The blocks have about the same size, because a short block takes as long as a long one.
        size = -(-draws.n_draws // max(1, -(-draws.n_draws // size)))
        for first in range(0, draws.n_draws, size):
            block = slice(first, min(first + size, draws.n_draws))
            self.score_block(draws.take(block), scores[block])
        return scores

    def score_block(self, draws: Draws, scores: Floats) -> None:
        """Fill ``scores`` with the scores of a block of draws."""
        require_weights(self.parts, draws)
        top = self.parts[0]
        if self.adds_up:
            scores[...] = 0.0
            with np.errstate(all="ignore"):
                self._add_sums(top, np.ones(draws.n_draws), draws, scores)
                is_finite = np.isfinite(scores.sum())
            # Sums are not finite if a draw leaves a unit without weight on its known values.
            if is_finite:
                if top.order != 1:
                    scores[...] = back(scores, top.order)
                return
        scores[...] = back(self._node_scores(top, draws), top.order)

    def _add_sums(self, part: Part, scale: Floats, draws: Draws, total: Floats) -> None:
        """Add the transformed scores of a node, multiplied by a factor for each draw, to a total.

        Parameters
        ----------
        part : Part
            The data of the node.
        scale : ndarray of shape (n_draws,)
            The factors.
        draws : Draws
            The weights of the draws.
        total : ndarray of shape (n_draws, n_units)
            The total, which is modified.
        """
        if part.table is not None:
            _add_mean_of_leaves(part, scale, draws, total)
            return
        weights = _mixing(part, draws)
        shares = weights * (scale / weights.sum(axis=0))
        for child, place, share in zip(part.node.children, part.places, shares, strict=True):
            if place is None:
                self._add_sums(self._part_of(child.code), share, draws, total)
            else:
                total += share[:, np.newaxis] * forth(self.values[place], part.order)

    def _part_of(self, code: str) -> Part:
        return next(part for part in self.parts if part.node.code == code)

    def weighted(self, leaves: Floats, room: Room) -> Floats:
        """Return the scores of a tree that is one mean of its indicators.

        Parameters
        ----------
        leaves : ndarray of shape (n_indicators, n_draws)
            The weights of the indicators, as returned by `leaf_weights`.
        room : Room
            The memory for the scores.

        Returns
        -------
        ndarray of shape (n_draws, n_units)
        """
        assert self.transformed is not None  # noqa: S101 for the type checker
        into = room.array("scores", (leaves.shape[1], self.values.shape[2]))
        return back(matrix_product(leaves.T, self.transformed, out=into), self.order)

    def leaf_weights(self, draws: Draws) -> Floats:
        """Return the products of weights along the paths to indicators: (n_indicators, n_draws)."""
        require_weights(self.parts, draws)
        shape = (len(self.values), draws.n_draws)
        leaves = draws.room.array(f"leaves {hash(self.nominal)}", shape)
        effective: dict[str, Any] = {self.parts[0].node.code: 1.0}
        for part in self.parts:
            weights = _mixing(part, draws)
            scale = effective[part.node.code] / weights.sum(axis=0)
            if part.leaves is not None:
                np.multiply(weights, scale, out=leaves[part.leaves])
                continue
            for child, place, weight in zip(part.node.children, part.places, weights, strict=True):
                if place is None:
                    effective[child.code] = weight * scale
                else:
                    leaves[place] = weight * scale
        return leaves

    def _node_scores(self, part: Part, draws: Draws) -> Floats:
        """Return the scores of a node, of shape (n_draws, n_units) or (1, n_units).

        The scores of a power mean are transformed by `forth`, as required by a parent of the same
        order.
        """
        if part.table is not None:
            scores = _mean_of_leaves(part, draws)
        elif part.cells is not None:
            scores = _mean_of_cells(part, part.cells, draws)
        else:
            # A generator, so that a sum needs only one child in memory at a time.
            children = (self._child(part, i, draws) for i in range(len(part.places)))
            if part.order is None:
                scores = _joined(part, list(children), draws)
            elif np.isinf(part.order):
                scores = _extreme(part, children, draws)
            else:
                scores = _power_mean(part, children, draws)
        if part.enough is not None:
            scores = np.where(part.enough, scores, np.nan)
        if part.adjusted is not None:
            scores = part.adjusted.of_draws(back(scores, part.order))
            scores = forth(scores, part.order)
        return scores

    def entering(self, part: Part, draws: Draws) -> Floats:
        """Return the values that a node aggregates, of shape (n_draws, n_units, n_children)."""
        plain = evolve(part, order=None)
        children = [self._child(plain, place, draws) for place in range(len(part.places))]
        return np.stack(np.broadcast_arrays(*children), axis=-1)

    def _child(self, part: Part, place: int, draws: Draws) -> Floats:
        """Return the values of a child, transformed for the order of the node."""
        leaf = part.places[place]
        if leaf is not None:
            # A copy, because `_power_mean` may overwrite it.
            return forth(self.values[leaf].copy(), part.order)
        code = part.node.children[place].code
        child = self._part_of(code)
        scores = self._node_scores(child, draws)
        if child.normalisation is not None:
            scores = entered(child.normalisation, back(scores, child.order), code)
        elif child.order == part.order and child.is_mean:
            return scores
        else:
            scores = back(scores, child.order)
        if part.order is not None:
            # The weights of a draw can move even a mean out of the domain.
            _require_domain(part, code, scores)
        return forth(scores, part.order)


def _require_domain(part: Part, code: str, scores: Floats) -> None:
    """Raise a `MethodError` if a child is outside the domain of a power mean in some draws."""
    domain = traits_of(part.aggregation).domain
    if domain == "real":
        return
    bad = scores <= 0 if domain == "positive" else scores < 0
    if bad.any():
        msg = (
            f"{type(part.aggregation).__name__} of {part.node.code!r} needs values "
            f"{'above zero' if domain == 'positive' else 'of at least zero'}; in some draws "
            f"{code!r} falls to {np.nanmin(scores):.4g}; use a normalisation such as MinMax(low=1)"
        )
        raise MethodError(msg)


def scorer(assessment: Assessment, node: Index) -> Scorer:
    """Return the scorer of a node for the nominal assessment of a combination of options."""
    inner = [n for n in node.walk() if isinstance(n, Index)]
    leaves = {indicator.code: i for i, indicator in enumerate(node.indicators)}
    values = np.array([assessment.array(code) for code in leaves])[:, np.newaxis]
    parts = tuple(part_of(assessment, n, leaves) for n in inner)
    # Every power mean returns the value of an only child, unlike, for example, a complement.
    orders = {
        part.order
        for part in parts
        if len(part.node.children) > 1 or traits_of(part.aggregation).order is None
    } or {1.0}
    order = orders.pop() if len(orders) == 1 else None
    has_common_weights = all(part.weights.shape[2] == 1 for part in parts)
    transformed = None
    is_unadjusted = all(
        part.adjusted is None and (part.normalisation is None or part is parts[0]) for part in parts
    )
    is_mean = order is not None and np.isfinite(order) and is_unadjusted
    if is_mean and has_common_weights and not np.isnan(values).any():
        transformed = forth(values[:, 0], order)
    is_whole = all(
        part.enough is None and (part.table is not None or not part.has_gaps) for part in parts
    )
    adds_up = bool(is_mean and is_whole and all(part.order == order for part in parts))
    low, high = np.full((2, values.shape[2]), np.nan)
    if is_unadjusted and all(traits_of(part.aggregation).monotone for part in parts):
        low, high = np.fmin.reduce(values[:, 0]), np.fmax.reduce(values[:, 0])
    return Scorer(
        parts=parts,
        values=values,
        order=order,
        transformed=transformed,
        adds_up=adds_up,
        low=low,
        high=high,
        nominal=b"".join(part.weights.tobytes() for part in parts),
    )


def _mixing(part: Part, draws: Draws) -> Floats:
    """Return the weights of children before scaling to a sum of one: (n_children, n_draws or 1)."""
    code = part.node.code
    weights = draws.weights.get(code, part.weights[:, :, 0])
    factors = draws.factors.get(code)
    if factors is None:
        return weights
    return factors if part.is_equal and code not in draws.weights else weights * factors


def _power_mean(part: Part, children: Iterator[Floats], draws: Draws) -> Floats:
    """Return the transformed power mean; known children share the weight of missing ones."""
    total: Any = None
    weight: Any = 0.0
    gaps = []
    for share, child in zip(_unit_weights(part, draws), children, strict=True):
        if np.isnan(child.max()):
            is_known = ~np.isnan(child)
            weighted = share * np.where(is_known, child, 0.0)
            weight = weight + share * is_known
            gaps.append(~is_known)
        else:
            fits = child.shape == np.broadcast_shapes(share.shape, child.shape) and len(child) > 1
            weighted = np.multiply(share, child, out=child if fits else None)
            weight = weight + share
        if total is None or total.shape != weighted.shape:
            total = weighted if total is None else total + weighted
        else:
            total += weighted
    return covered(part, _ratio(total, weight), gaps)


def _mean_of_leaves(part: Part, draws: Draws) -> Floats:
    """Return the transformed power mean of indicators that are the same in every draw."""
    factors, table, nominal = _leaf_factors(part, draws)
    sums = matrix_product(factors.T, table)
    if not part.has_gaps:
        return _ratio(sums, factors.T @ nominal)
    n_units = table.shape[1] // 2
    return _ratio(sums[:, :n_units], sums[:, n_units:])


def _mean_of_cells(part: Part, cells: Floats, draws: Draws) -> Floats:
    """Return the transformed power mean of indicators that differ between draws."""
    weights = np.broadcast_to(_mixing(part, draws), (cells.shape[2], len(cells)))
    sums = np.matmul(cells, weights.T[:, :, np.newaxis])[:, :, 0]
    if part.present is None:
        return _ratio(sums, weights.sum(axis=0)[:, np.newaxis])
    return _ratio(sums, weights.T @ part.present.T)


def _add_mean_of_leaves(part: Part, scale: Floats, draws: Draws, total: Floats) -> None:
    """Add the mean of a node's indicators, multiplied by a factor for each draw, to a total."""
    factors, table, nominal = _leaf_factors(part, draws)
    n_draws, n_units = total.shape
    sums = draws.room.array("sums", (2, max(32, _AT_ONCE // n_units), n_units))
    if not part.has_gaps:
        shares = factors * (scale / (nominal.T @ factors))
        total += matrix_product(shares.T, table, out=sums[0, :n_draws])
        return
    product = matrix_product((factors * scale).T, table[:, :n_units], out=sums[0, :n_draws])
    weight = matrix_product(factors.T, table[:, n_units:], out=sums[1, : factors.shape[1]])
    product /= weight
    total += product


def _leaf_factors(part: Part, draws: Draws) -> tuple[Floats, Floats, Floats]:
    """Return factors, the table that they multiply, and the weights that the table contains."""
    code = part.node.code
    factors = draws.factors.get(code)
    table, nominal = part.table, part.weights[:, 0]
    if code in draws.weights:
        factors = draws.weights[code] * (1.0 if factors is None else factors)
        table, nominal = part.bare, np.ones((len(part.places), 1))
    assert table is not None  # noqa: S101 for the type checker
    return np.ones((len(table), 1)) if factors is None else factors, table, nominal


def _ratio(total: Floats, weight: Floats) -> Floats:
    if not weight.min() > 0:
        weight = np.where(weight > 0, weight, np.nan)
    return np.divide(total, weight, out=total)


def _unit_weights(part: Part, draws: Draws) -> list[Floats]:
    """Return the unscaled weights of each child, of shape (n_draws or 1, n_units or 1)."""
    code = part.node.code
    weights = []
    for place in range(len(part.node.children)):
        weight = part.weights[place]
        if code in draws.weights:
            weight = draws.weights[code][place][:, np.newaxis]
        if code in draws.factors:
            weight = weight * draws.factors[code][place][:, np.newaxis]
        weights.append(weight)
    return weights


def _extreme(part: Part, children: Iterator[Floats], draws: Draws) -> Floats:
    """Return the smallest or largest value of the children with positive weight."""
    pick = np.fmin if part.order == -np.inf else np.fmax
    result: Any = np.nan
    gaps = []
    for weight, child in zip(_unit_weights(part, draws), children, strict=True):
        result = pick(result, np.where(weight > 0, child, np.nan))
        gaps.append(np.isnan(child))
    return covered(part, np.asarray(result), gaps)


def _joined(part: Part, children: list[Floats], draws: Draws) -> Floats:
    """Return the scores of a node whose aggregation must be called."""
    joining = Joining(
        aggregation=part.aggregation,
        code=part.node.code,
        children=[child.code for child in part.node.children],
        rule=part.rule,
        groups=part.groups,
    )
    return scores_of_draws(joining, children, _unit_weights(part, draws), draws.n_draws)
