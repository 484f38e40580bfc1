"""Scores of many draws at once, for one choice of imputation, treatment and normalisation."""

from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np
from attrs import frozen

from dli.aggregation.protocol import Traits, traits_of
from dli.arrays import Bools, Floats, Integers
from dli.assessment import Assessment
from dli.errors import MethodError
from dli.framework import Index, Indicator
from dli.scoring.adjusting import Adjusted
from dli.scoring.entering import entered
from dli.scoring.joining import MissingRule
from dli.sensitivity.draws import Draws, Room
from dli.sensitivity.joins import Joining, scores_of_draws

__all__ = ["Scorer", "scorer"]

# So many sums fit into a core's own cache, with the products that are added to them.
_CACHED = 2**15


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
    rule : MissingRule
    enough : ndarray of bool of shape (n_units,) or None
        Where enough children have a value for the method; None when all units have.
    table, bare : ndarray of shape (n_children, n_units or 2 n_units) or None
        Of a power mean of indicators: their turned values, 0 for missing ones, with and without
        the nominal weights; where some are missing or weights differ by unit, beside them the
        weights, or ones, of those that are there: then it ``has_gaps``.
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
        n_units = self.values.shape[1]
        scores = draws.room.array("scores", (draws.n_draws, n_units))
        size = max(32, _CACHED // n_units)
        for first in range(0, draws.n_draws, size):
            block = slice(first, min(first + size, draws.n_draws))
            self._score_block(draws.take(block), scores[block])
        return scores

    def _score_block(self, draws: Draws, scores: Floats) -> None:
        """Fill in the scores of as many draws as the cache holds."""
        top = self.parts[0]
        if self.adds_up:
            scores[...] = 0.0
            with np.errstate(all="ignore"):
                self._add_sums(top, np.ones(draws.n_draws), draws, scores)
                is_finite = np.isfinite(scores.sum())
            # Otherwise draws without any weight on what a unit has may be among these.
            if is_finite:
                if top.order != 1:
                    scores[...] = _back(scores, top.order)
                return
        scores[...] = _back(self._node_scores(top, draws), top.order)

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
                total += share[:, np.newaxis] * _forth(self.values[place], part.order)

    def _part_of(self, code: str) -> Part:
        return next(part for part in self.parts if part.node.code == code)

    def weighted(self, leaves: Floats, room: Room) -> Floats:
        """Give the scores of a tree that is one mean, by weights of its indicators.

        Parameters
        ----------
        leaves : ndarray of shape (n_indicators, n_draws)
        room : Room

        Returns
        -------
        ndarray of shape (n_draws, n_units)
        """
        assert self.transformed is not None  # noqa: S101 told to the type checker
        into = room.array("scores", (leaves.shape[1], self.values.shape[1]))
        return _back(np.matmul(leaves.T, self.transformed, out=into), self.order)

    def leaf_weights(self, draws: Draws) -> Floats:
        """Multiply weights along the path to each indicator: shape (n_indicators, n_draws)."""
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
            scores = part.adjusted.of_draws(_back(scores, part.order))
            scores = _forth(scores, part.order)
        return scores

    def _child(self, part: Part, place: int, draws: Draws) -> Floats:
        """Give a child's scores, turned as the node needs them."""
        leaf = part.places[place]
        if leaf is not None:
            return _forth(self.values[leaf][np.newaxis], part.order)
        code = part.node.children[place].code
        own = self._part_of(code)
        scores = self._node_scores(own, draws)
        if own.normalisation is not None:
            scores = entered(own.normalisation, _back(scores, own.order), code)
        elif own.order == part.order and own.is_mean:
            return scores
        else:
            scores = _back(scores, own.order)
        if part.order is not None and not (own.is_mean and own.normalisation is None):
            _require_domain(part, code, scores)
        return _forth(scores, part.order)


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
    values = np.array([assessment.array(code) for code in leaves])
    parts = tuple(_part(assessment, n, leaves) for n in inner)
    # A mean leaves an only child as it is; another aggregation, such as a complement, need not.
    orders = {
        part.order
        for part in parts
        if len(part.node.children) > 1 or traits_of(part.aggregation).order is None
    } or {1.0}
    order = orders.pop() if len(orders) == 1 else None
    plain = all(part.weights.shape[1] == 1 for part in parts)
    transformed = None
    follows = all(
        part.adjusted is None and (part.normalisation is None or part is parts[0]) for part in parts
    )
    is_mean = order is not None and np.isfinite(order) and follows
    if is_mean and plain and not np.isnan(values).any():
        transformed = _forth(values, order)
    is_whole = all(
        part.enough is None and (part.table is not None or not part.has_gaps) for part in parts
    )
    adds_up = bool(is_mean and is_whole and all(part.order == order for part in parts))
    low, high = np.full((2, values.shape[1]), np.nan)
    if follows and all(traits_of(part.aggregation).monotone for part in parts):
        low, high = np.fmin.reduce(values, axis=0), np.fmax.reduce(values, axis=0)
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


def _part(assessment: Assessment, node: Index, leaves: dict[str, int]) -> Part:
    choices = assessment.choices
    aggregation = choices.aggregation[node.code]
    rule = MissingRule(choices.missing, choices.coverage[node.code])
    nominal = assessment.weight_array(node.code)
    weights = nominal[:, np.newaxis] if nominal.ndim == 1 else np.ascontiguousarray(nominal.T)
    codes = [child.code for child in node.children]
    values = assessment.arrays(codes, normalised=True).T
    missing = np.isnan(values)
    enough = rule.has_score(missing.T)
    places = tuple(leaves[c.code] if isinstance(c, Indicator) else None for c in node.children)
    order = _order(traits_of(aggregation), values)
    table = bare = None
    has_gaps = bool(missing.any()) or weights.shape[1] > 1
    if order is not None and np.isfinite(order) and None not in places:
        bare = np.where(missing, 0.0, _forth(values, order))
        table = bare * weights
        if has_gaps:
            table = np.concatenate([table, ~missing * weights], axis=1)
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


def _order(traits: Traits, values: Floats) -> float | None:
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


def _mixing(part: Part, draws: Draws) -> Floats:
    """Give the weights of a node's children up to a factor: (n_children, n_draws or 1)."""
    code = part.node.code
    weights = draws.weights.get(code, part.weights)
    factors = draws.factors.get(code)
    if factors is None:
        return weights
    return factors if part.is_equal and code not in draws.weights else weights * factors


def _forth(values: Floats, order: float | None) -> Floats:
    """Turn values so that their weighted sum is the power mean turned."""
    if order is None or order == 1 or np.isinf(order):
        return values
    with np.errstate(divide="ignore"):
        return np.asarray(np.log(values) if order == 0 else values**order)


def _back(sums: Floats, order: float | None) -> Floats:
    if order is None or order == 1 or np.isinf(order):
        return sums
    if order == 0:
        return np.asarray(np.exp(sums))
    return np.asarray(np.reciprocal(sums) if order == -1 else sums ** (1 / order))


def _power_mean(part: Part, children: Iterator[Floats], draws: Draws) -> Floats:
    """Take the power mean, the weight of missing children shared among the rest."""
    total: Any = None
    weight: Any = 0.0
    for own, child in zip(_unit_weights(part, draws), children, strict=True):
        if np.isnan(child.max()):
            there = ~np.isnan(child)
            weighted = own * np.where(there, child, 0.0)
            weight = weight + own * there
        else:
            is_ours = child.shape == np.broadcast_shapes(own.shape, child.shape) and len(child) > 1
            weighted = np.multiply(own, child, out=child if is_ours else None)
            weight = weight + own
        if total is None or total.shape != weighted.shape:
            total = weighted if total is None else total + weighted
        else:
            total += weighted
    return _ratio(total, weight)


def _mean_of_leaves(part: Part, draws: Draws) -> Floats:
    """Do the same for children that are the same in every draw, by a matrix product."""
    factors, table, nominal = _leaf_factors(part, draws)
    sums = factors.T @ table
    if not part.has_gaps:
        return _ratio(sums, factors.T @ nominal)
    n_units = table.shape[1] // 2
    return _ratio(sums[:, :n_units], sums[:, n_units:])


def _add_mean_of_leaves(part: Part, scale: Floats, draws: Draws, total: Floats) -> None:
    """Add a node's mean of its indicators, times a number for each draw, to a total."""
    factors, table, nominal = _leaf_factors(part, draws)
    n_draws, n_units = total.shape
    sums = draws.room.array("sums", (2, max(32, _CACHED // n_units), n_units))
    if not part.has_gaps:
        shares = factors * (scale / (nominal.T @ factors))
        total += np.matmul(shares.T, table, out=sums[0, :n_draws])
        return
    product = np.matmul((factors * scale).T, table[:, :n_units], out=sums[0, :n_draws])
    weight = np.matmul(factors.T, table[:, n_units:], out=sums[1, : factors.shape[1]])
    product /= weight
    total += product


def _leaf_factors(part: Part, draws: Draws) -> tuple[Floats, Floats, Floats]:
    """Return what multiplies a table of indicators, the table, and the weights that are in it."""
    code = part.node.code
    factors = draws.factors.get(code)
    table, nominal = part.table, part.weights
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


def _extreme(part: Part, children: Iterator[Floats], draws: Draws) -> Floats:
    """Take the least or greatest child of positive weight."""
    pick = np.fmin if part.order == -np.inf else np.fmax
    result: Any = np.nan
    for own, child in zip(_unit_weights(part, draws), children, strict=True):
        result = pick(result, np.where(own > 0, child, np.nan))
    return np.asarray(result)


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
