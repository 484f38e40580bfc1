"""Scores of many draws at once, for one combination of the options of the method."""

from collections.abc import Iterator
from typing import Any

import numpy as np
from attrs import evolve, field, frozen

from dli.aggregation.planes import matrix_product
from dli.aggregation.protocol import traits_of
from dli.arrays import Floats
from dli.assessment import Assessment
from dli.errors import MethodError
from dli.framework import Index
from dli.scoring.entering import entered
from dli.scratch import empty
from dli.sensitivity.draws import Draws, Kept
from dli.sensitivity.joins import Joining, scores_of_draws
from dli.sensitivity.parts import Part, back, covered, forth, part_of, require_weights
from dli.sensitivity.sums import Sum
from dli.sensitivity.trees_of_means import weighted_sum

__all__ = ["Scorer", "scorer"]

# The number of sums that are computed at once. Fewer sums would fit into the cache of a core, but
# the calls of NumPy would be so short that threads would wait for each other.
_AT_ONCE = 2**18


@frozen(eq=False)
class Scorer:
    """The tree below a node, with nominal weights and normalised values.

    Attributes
    ----------
    parts : tuple of Part
        The data of the node, then of its descendants, each after its parent.
    values : ndarray of shape (n_indicators, n_draws or 1, n_units)
        The normalised values of the indicators, for each draw if the data vary.
    has_sums : bool
        Whether trees of means are computed as weighted sums of indicators. This requires that the
        data do not vary.
    low, high : ndarray of shape (n_units,)
        The bounds of the scores; not finite if there is no bound.
    """

    parts: tuple[Part, ...]
    values: Floats
    low: Floats
    high: Floats
    has_sums: bool = True
    _sums: Kept = field(factory=Kept)

    def scores(self, draws: Draws) -> Floats:
        """Return the scores of each draw, of shape (n_draws, n_units)."""
        whole = self.whole(draws)
        if whole is not None:
            return self.weighted(whole, self.weights(whole, draws), draws)
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
        scores[...] = back(self._node_scores(top, draws), top.order)

    def whole(self, draws: Draws) -> Sum | None:
        """Return the score as one product of matrices, None if it is not one."""
        top = self.parts[0]
        own = None if top.adjusted is not None else self.sum_of(top, draws)
        return own if own is not None and own.is_one_product else None

    def weights(self, own: Sum, draws: Draws) -> Floats:
        """Return the weights of the rows of a sum: (n_rows, n_draws)."""
        require_weights(self.parts, draws)
        with np.errstate(all="ignore"):
            return own.weights(draws)

    def weighted(self, own: Sum, weights: Floats, draws: Draws) -> Floats:
        """Return the scores of a tree that is one product of matrices.

        Parameters
        ----------
        own : Sum
            The sum that `whole` returned.
        weights : ndarray of shape (n_rows, n_draws)
            The weights of its rows.
        draws : Draws
            The draws.

        Returns
        -------
        ndarray of shape (n_draws, n_units)
        """
        into = draws.room.array("scores", (draws.n_draws, self.values.shape[2]))
        sums = matrix_product(weights.T, own.table, out=into)
        return back(self._completed(self.parts[0], own, sums, draws), own.order)

    def sum_of(self, part: Part, draws: Draws) -> Sum | None:
        """Return a node as a weighted sum of indicators, None if it is not one."""
        if not self.has_sums:
            return None
        # Drawn weights replace weights that are 0 or differ by unit.
        replaced = draws.weights and frozenset(
            own.node.code
            for own in self.parts
            if own.node.code in draws.weights and own.is_replaceable
        )
        key = part.node.code, replaced or None
        if key not in self._sums:
            parts = {
                own.node.code: own.with_equal_weights() if own.node.code in replaced else own
                for own in self.parts
            }
            self._sums[key] = weighted_sum(parts[part.node.code], parts, self.values[:, 0])
        found: Sum | None = self._sums[key]
        return found

    def _completed(self, part: Part, own: Sum, sums: Floats, draws: Draws) -> Floats:
        """Return sums with the draws that leave a unit without weight, and without absent units."""
        if own.has_gaps:
            with np.errstate(all="ignore"):
                is_bad = ~np.isfinite(sums.sum(axis=1)) | own.underflows(draws)
            bad = np.flatnonzero(is_bad)
            if bad.size:
                scores = back(self._joined(part, draws.take(bad)), part.order)
                sums[bad] = forth(scores, own.order)
        if own.absent is not None:
            sums[:, own.absent] = np.nan
        return sums

    def _part_of(self, code: str) -> Part:
        return next(part for part in self.parts if part.node.code == code)

    def _node_scores(self, part: Part, draws: Draws) -> Floats:
        """Return the scores of a node, of shape (n_draws, n_units) or (1, n_units).

        The scores of a power mean are transformed by `forth`, as required by a parent of the same
        order.
        """
        own = self.sum_of(part, draws)
        if own is not None:
            # New memory, since several children of a node are needed at the same time.
            sums = empty((draws.n_draws, self.values.shape[2]))
            with np.errstate(all="ignore"):
                own.of_draws(draws, sums)
            scores = self._completed(part, own, sums, draws)
            if own.order != part.order:
                scores = forth(back(scores, own.order), part.order)
        else:
            scores = self._joined(part, draws)
        if part.adjusted is not None:
            scores = part.adjusted.of_draws(back(scores, part.order))
            scores = forth(scores, part.order)
        return scores

    def _joined(self, part: Part, draws: Draws) -> Floats:
        """Return the scores of a node from those of its children, as `_node_scores` does."""
        if part.cells is not None:
            scores = _mean_of_cells(part, part.cells, draws)
        else:
            # A generator, so that a sum needs only one child in memory at a time.
            children = (self._child(part, i, draws) for i in range(len(part.places)))
            if part.order is None:
                scores = _aggregated(part, list(children), draws)
            elif np.isinf(part.order):
                scores = _extreme(part, children, draws)
            else:
                scores = _power_mean(part, children, draws)
        return scores if part.enough is None else np.where(part.enough, scores, np.nan)

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
    is_unadjusted = all(
        part.adjusted is None and (part.normalisation is None or part is parts[0]) for part in parts
    )
    low, high = np.full((2, values.shape[2]), np.nan)
    if is_unadjusted and all(traits_of(part.aggregation).monotone for part in parts):
        low, high = np.fmin.reduce(values[:, 0]), np.fmax.reduce(values[:, 0])
    return Scorer(parts=parts, values=values, low=low, high=high)


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


def _mean_of_cells(part: Part, cells: Floats, draws: Draws) -> Floats:
    """Return the transformed power mean of indicators that differ between draws."""
    weights = np.broadcast_to(_mixing(part, draws), (cells.shape[2], len(cells)))
    sums = np.matmul(cells, weights.T[:, :, np.newaxis])[:, :, 0]
    if part.present is None:
        return _ratio(sums, weights.sum(axis=0)[:, np.newaxis])
    return _ratio(sums, weights.T @ part.present.T)


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
    result: Any = np.full((1, 1), np.nan)
    gaps = []
    for weight, child in zip(_unit_weights(part, draws), children, strict=True):
        counted = child if weight.min() > 0 else np.where(weight > 0, child, np.nan)
        # Indicators are compared once for all draws while their weights are positive.
        shape = np.broadcast_shapes(result.shape, counted.shape)
        result = pick(result, counted, out=result if result.shape == shape else empty(shape))
        if np.isnan(child.max()):
            gaps.append(np.isnan(child))
    return covered(part, result, gaps)


def _aggregated(part: Part, children: list[Floats], draws: Draws) -> Floats:
    """Return the scores of a node whose aggregation must be called."""
    joining = Joining(
        aggregation=part.aggregation,
        code=part.node.code,
        children=[child.code for child in part.node.children],
        rule=part.rule,
        groups=part.groups,
    )
    return scores_of_draws(joining, children, _unit_weights(part, draws), draws.n_draws)
