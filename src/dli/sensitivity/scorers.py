"""Scores of many draws at once, for one choice of imputation, treatment and normalisation."""

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

# So many sums fit into a core's own cache, with the products that are added to them.
_CACHED = 2**15
_JOINED = 2**17


@frozen(eq=False)
class Scorer:
    """The tree below a node with nominal weights and normalised values.

    Attributes
    ----------
    parts : tuple of Part
        The node first, children after their parents.
    values : ndarray of shape (n_indicators, n_draws or 1, n_units)
        Normalised; there are several draws of them where data vary.
    order : float or None
        The order of the power mean when one serves the whole tree and no value is missing: then
        products of weights along the path serve as weights of the indicators.
    transformed : ndarray of shape (n_indicators, n_units) or None
        What is summed then.
    adds_up : bool
        Values are missing, but each sub-index has a score of every unit: then scores are sums over
        the nodes of indicators.
    low, high : ndarray of shape (n_units,)
        What bounds the scores; not finite where nothing does.
    nominal : bytes
        The same for scorers with the same nominal weights.
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
        """Return the scores of draws, of shape (n_draws, n_units)."""
        if self.transformed is not None:
            return self.weighted(self.leaf_weights(draws), draws.room)
        n_units = self.values.shape[2]
        scores = draws.room.array("scores", (draws.n_draws, n_units))
        # To join children takes many calls, whose price is that of few passes over memory.
        joins = any(part.order is None for part in self.parts)
        size = max(32, (_JOINED if joins else _CACHED) // n_units)
        # Blocks of about the same size: a rest of a few draws takes as long as many.
        size = -(-draws.n_draws // max(1, -(-draws.n_draws // size)))
        for first in range(0, draws.n_draws, size):
            block = slice(first, min(first + size, draws.n_draws))
            self.score_block(draws.take(block), scores[block])
        return scores

    def score_block(self, draws: Draws, scores: Floats) -> None:
        """Fill in the scores of as many draws as the cache holds."""
        require_weights(self.parts, draws)
        top = self.parts[0]
        if self.adds_up:
            scores[...] = 0.0
            with np.errstate(all="ignore"):
                self._add_sums(top, np.ones(draws.n_draws), draws, scores)
                is_finite = np.isfinite(scores.sum())
            # Otherwise draws without any weight on what a unit has may be among these.
            if is_finite:
                if top.order != 1:
                    scores[...] = back(scores, top.order)
                return
        scores[...] = back(self._node_scores(top, draws), top.order)

    def _add_sums(self, part: Part, scale: Floats, draws: Draws, total: Floats) -> None:
        """Add the turned scores of a node, times a number for each draw, to a total.

        Parameters
        ----------
        part : Part
        scale : ndarray of shape (n_draws,)
        draws : Draws
        total : ndarray of shape (n_draws, n_units)
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
        """Return the scores of a tree that is one mean, by weights of its indicators.

        Parameters
        ----------
        leaves : ndarray of shape (n_indicators, n_draws)
        room : Room

        Returns
        -------
        ndarray of shape (n_draws, n_units)
        """
        assert self.transformed is not None  # noqa: S101 told to the type checker
        into = room.array("scores", (leaves.shape[1], self.values.shape[2]))
        return back(matrix_product(leaves.T, self.transformed, out=into), self.order)

    def leaf_weights(self, draws: Draws) -> Floats:
        """Multiply weights along the path to each indicator: shape (n_indicators, n_draws)."""
        require_weights(self.parts, draws)
        shape = (len(self.values), draws.n_draws)
        leaves = draws.room.array(f"leaves {hash(self.nominal)}", shape)
        effective: dict[str, Any] = {self.parts[0].node.code: 1.0}
        for part in self.parts:
            own = _mixing(part, draws)
            scale = effective[part.node.code] / own.sum(axis=0)
            if part.leaves is not None:
                np.multiply(own, scale, out=leaves[part.leaves])
                continue
            for child, place, weight in zip(part.node.children, part.places, own, strict=True):
                if place is None:
                    effective[child.code] = weight * scale
                else:
                    leaves[place] = weight * scale
        return leaves

    def _node_scores(self, part: Part, draws: Draws) -> Floats:
        """Join the children of a node, of shape (n_draws, n_units) or (1, n_units).

        A power mean stays turned: where the node above has the same order, it needs it so.
        """
        if part.table is not None:
            scores = _mean_of_leaves(part, draws)
        elif part.cells is not None:
            scores = _mean_of_cells(part, part.cells, draws)
        else:
            # One after the other, so that what is summed up need not wait in memory.
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
        """Return what the children of a node give to it: (n_draws, n_units, n_children)."""
        plain = evolve(part, order=None)
        children = [self._child(plain, place, draws) for place in range(len(part.places))]
        return np.stack(np.broadcast_arrays(*children), axis=-1)

    def _child(self, part: Part, place: int, draws: Draws) -> Floats:
        """Return a child's scores, turned as the node needs them."""
        leaf = part.places[place]
        if leaf is not None:
            # A copy, since sums may be made in its place.
            return forth(self.values[leaf].copy(), part.order)
        code = part.node.children[place].code
        own = self._part_of(code)
        scores = self._node_scores(own, draws)
        if own.normalisation is not None:
            scores = entered(own.normalisation, back(scores, own.order), code)
        elif own.order == part.order and own.is_mean:
            return scores
        else:
            scores = back(scores, own.order)
        if part.order is not None:
            # Also of a mean: weights that differ can bring it where the nominal ones do not.
            _require_domain(part, code, scores)
        return forth(scores, part.order)


def _require_domain(part: Part, code: str, scores: Floats) -> None:
    """Refuse draws in which a child leaves the values that a mean accepts."""
    domain = traits_of(part.aggregation).domain
    if domain == "real":
        return
    bad = scores <= 0 if domain == "positive" else scores < 0
    if bad.any():
        msg = (
            f"{type(part.aggregation).__name__} of {part.node.code!r} needs values "
            f"{'above zero' if domain == 'positive' else 'of at least zero'}; in some draws "
            f"{code!r} falls to {np.nanmin(scores):.4g}"
        )
        raise MethodError(msg)


def scorer(assessment: Assessment, node: Index) -> Scorer:
    """Prepare the scoring of draws from the nominal assessment of a combination."""
    inner = [n for n in node.walk() if isinstance(n, Index)]
    leaves = {indicator.code: i for i, indicator in enumerate(node.indicators)}
    values = np.array([assessment.array(code) for code in leaves])[:, np.newaxis]
    parts = tuple(part_of(assessment, n, leaves) for n in inner)
    # A mean leaves an only child as it is; another aggregation, such as a complement, need not.
    orders = {
        part.order
        for part in parts
        if len(part.node.children) > 1 or traits_of(part.aggregation).order is None
    } or {1.0}
    order = orders.pop() if len(orders) == 1 else None
    plain = all(part.weights.shape[2] == 1 for part in parts)
    transformed = None
    follows = all(
        part.adjusted is None and (part.normalisation is None or part is parts[0]) for part in parts
    )
    is_mean = order is not None and np.isfinite(order) and follows
    if is_mean and plain and not np.isnan(values).any():
        transformed = forth(values[:, 0], order)
    is_whole = all(
        part.enough is None and (part.table is not None or not part.has_gaps) for part in parts
    )
    adds_up = bool(is_mean and is_whole and all(part.order == order for part in parts))
    low, high = np.full((2, values.shape[2]), np.nan)
    if follows and all(traits_of(part.aggregation).monotone for part in parts):
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
    """Return the weights of a node's children up to a factor: (n_children, n_draws or 1)."""
    code = part.node.code
    weights = draws.weights.get(code, part.weights[:, :, 0])
    factors = draws.factors.get(code)
    if factors is None:
        return weights
    return factors if part.is_equal and code not in draws.weights else weights * factors


def _power_mean(part: Part, children: Iterator[Floats], draws: Draws) -> Floats:
    """Take the power mean, the weight of missing children shared among the rest."""
    total: Any = None
    weight: Any = 0.0
    gaps = []
    for own, child in zip(_unit_weights(part, draws), children, strict=True):
        if np.isnan(child.max()):
            there = ~np.isnan(child)
            weighted = own * np.where(there, child, 0.0)
            weight = weight + own * there
            gaps.append(~there)
        else:
            is_ours = child.shape == np.broadcast_shapes(own.shape, child.shape) and len(child) > 1
            weighted = np.multiply(own, child, out=child if is_ours else None)
            weight = weight + own
        if total is None or total.shape != weighted.shape:
            total = weighted if total is None else total + weighted
        else:
            total += weighted
    return covered(part, _ratio(total, weight), gaps)


def _mean_of_leaves(part: Part, draws: Draws) -> Floats:
    """Do the same for children that are the same in every draw, by a matrix product."""
    factors, table, nominal = _leaf_factors(part, draws)
    sums = matrix_product(factors.T, table)
    if not part.has_gaps:
        return _ratio(sums, factors.T @ nominal)
    n_units = table.shape[1] // 2
    return _ratio(sums[:, :n_units], sums[:, n_units:])


def _mean_of_cells(part: Part, cells: Floats, draws: Draws) -> Floats:
    """Do the same for children that differ from draw to draw."""
    weights = np.broadcast_to(_mixing(part, draws), (cells.shape[2], len(cells)))
    sums = np.matmul(cells, weights.T[:, :, np.newaxis])[:, :, 0]
    if part.present is None:
        return _ratio(sums, weights.sum(axis=0)[:, np.newaxis])
    return _ratio(sums, weights.T @ part.present.T)


def _add_mean_of_leaves(part: Part, scale: Floats, draws: Draws, total: Floats) -> None:
    """Add a node's mean of its indicators, times a number for each draw, to a total."""
    factors, table, nominal = _leaf_factors(part, draws)
    n_draws, n_units = total.shape
    sums = draws.room.array("sums", (2, max(32, _CACHED // n_units), n_units))
    if not part.has_gaps:
        shares = factors * (scale / (nominal.T @ factors))
        total += matrix_product(shares.T, table, out=sums[0, :n_draws])
        return
    product = matrix_product((factors * scale).T, table[:, :n_units], out=sums[0, :n_draws])
    weight = matrix_product(factors.T, table[:, n_units:], out=sums[1, : factors.shape[1]])
    product /= weight
    total += product


def _leaf_factors(part: Part, draws: Draws) -> tuple[Floats, Floats, Floats]:
    """Return what multiplies a table of indicators, the table, and the weights that are in it."""
    code = part.node.code
    factors = draws.factors.get(code)
    table, nominal = part.table, part.weights[:, 0]
    if code in draws.weights:
        factors = draws.weights[code] * (1.0 if factors is None else factors)
        table, nominal = part.bare, np.ones((len(part.places), 1))
    assert table is not None  # noqa: S101 told to the type checker
    return np.ones((len(table), 1)) if factors is None else factors, table, nominal


def _ratio(total: Floats, weight: Floats) -> Floats:
    if not weight.min() > 0:
        weight = np.where(weight > 0, weight, np.nan)
    return np.divide(total, weight, out=total)


def _unit_weights(part: Part, draws: Draws) -> list[Floats]:
    """Return for each child its weights of shape (n_draws or 1, n_units or 1)."""
    code = part.node.code
    found = []
    for place in range(len(part.node.children)):
        own = part.weights[place]
        if code in draws.weights:
            own = draws.weights[code][place][:, np.newaxis]
        if code in draws.factors:
            own = own * draws.factors[code][place][:, np.newaxis]
        found.append(own)
    return found


def _extreme(part: Part, children: Iterator[Floats], draws: Draws) -> Floats:
    """Take the least or greatest child of positive weight."""
    pick = np.fmin if part.order == -np.inf else np.fmax
    result: Any = np.nan
    gaps = []
    for own, child in zip(_unit_weights(part, draws), children, strict=True):
        result = pick(result, np.where(own > 0, child, np.nan))
        gaps.append(np.isnan(child))
    return covered(part, np.asarray(result), gaps)


def _joined(part: Part, children: list[Floats], draws: Draws) -> Floats:
    """Let any other aggregation join the children."""
    joining = Joining(
        aggregation=part.aggregation,
        code=part.node.code,
        children=[child.code for child in part.node.children],
        rule=part.rule,
        groups=part.groups,
    )
    return scores_of_draws(joining, children, _unit_weights(part, draws), draws.n_draws)
