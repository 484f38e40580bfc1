"""Why one unit scores above another: a difference of two scores in parts that add up."""

from collections.abc import Mapping
from itertools import product
from typing import Any, TypeAlias

import numpy as np
from attrs import evolve, frozen

from dli.arrays import TIE, Bools, Floats
from dli.assessment import Assessment
from dli.change.shapley import shapley
from dli.checks import instance
from dli.errors import MethodError
from dli.frames import Frame
from dli.framework import Index
from dli.scoring.entering import own_code
from dli.scoring.held import HeldUnit
from dli.scoring.held_node import HeldNode
from dli.scoring.joining import MissingRule

__all__ = ["Part", "Side", "difference", "part_columns", "split"]

# What makes a difference: a code, and one of the kinds "value", "weights" and "scale".
Part: TypeAlias = tuple[str, str]

# What tables call the kinds that are not values.
_NAMES = {"weights": "weights", "scale": "scale of the aggregation"}
# Up to this many children all orders are averaged; above, an order and its reverse.
_ENUMERATED = 12
# Hybrids of two units have a score as soon as anything is present.
_ANY_PRESENT = MissingRule(missing="renormalise", coverage=0.0)


@frozen
class Side:
    """One of the two scores that are compared: a row of an assessment."""

    assessment: Assessment
    row: int

    @property
    def unit(self) -> HeldUnit:
        """The tree of the row."""
        return self.assessment.held.unit(self.row)

    def score(self, code: str) -> float:
        """Return the score of a node."""
        return self.unit.score(code)

    def is_filled(self, code: str) -> bool:
        """Return whether a node's score was filled from other units."""
        return self.node(code).is_filled(self.row)

    def node(self, code: str) -> HeldNode:
        """Return a node that has children."""
        return self.assessment.held.nodes[code]


def difference(
    assessment: Assessment,
    first: object,
    second: object,
    *,
    node: str | None = None,
    period: object = None,
) -> Frame:
    r"""Return why one unit scores above another.

    The points of all rows add up to the difference of the two scores, and exchanging the units
    changes the sign of each. A power mean of order p, with :math:`f(x) = x^p` (or :math:`\ln x`),
    is decomposed exactly by

    .. math:: s_a - s_b = \sum_k w_k \frac{f(x_{ak}) - f(x_{bk})}{(f(s_a) - f(s_b)) / (s_a - s_b)},

    for the geometric mean the logarithmic mean of the scores times :math:`w_k \ln (x_{ak} /
    x_{bk})`, level by level. Where weights differ, a child is missing in one unit, or the
    aggregation is another, Shapley's value distributes the difference over children and weights:
    the mean of what a switch from the second unit to the first does, over all orders of switching
    (over one order and its reverse for more than twelve children).

    Parameters
    ----------
    assessment : Assessment
    first, second : object
        The units.
    node : str, optional
        The index by default.
    period : object, optional
        Required if there are several periods.

    Returns
    -------
    frame
        A row for each indicator below the node: ``code``, ``name``; ``first`` and ``second``, the
        normalised values; ``points``. Where the units have weights of their own, a row for each
        node whose weights make a difference has the name ``weights``; a sub-index that one of
        the units lacks, or whose score was filled from other units, has a row of its own.

    Raises
    ------
    UnknownCodeError, DataError
        No such unit, period or node; a unit without a score.
    MethodError
        An aggregation that compares units with each other, such as Copeland's, so that a unit
        with all values of another does not get the other's score; a period of data without
        periods, or no period of data with several.

    Notes
    -----
    While units are switched, the weights of missing children are shared among the rest, whatever
    coverage the method asks for. A hybrid of two units that has no score, because it has no value
    or values that the aggregation does not accept, counts as the mean of both scores.

    References
    ----------
    Ang, B. W. (2004), Decomposition analysis for policymaking in energy: which is the preferred
    method? https://doi.org/10.1016/S0301-4215(03)00076-4
    Shapley (1953), A value for n-person games. Contributions to the Theory of Games 2.

    Examples
    --------
    >>> from dli import Indicator, frames
    >>> index = Index("T", [Indicator("a", weight=3), Indicator("b")])
    >>> data = {"unit": ["X", "Y", "Z"], "a": [1, 3, 2], "b": [0.0, 5.0, 10.0]}
    >>> table = frames.read(difference(Assessment(index, data), "Y", "Z"))
    >>> table.column("code"), table.column("points")
    (['a', 'b'], [37.5, -12.5])
    """
    index = instance("assessment", assessment, Assessment).index
    code = index.code if node is None else node
    one, other = (
        Side(assessment, assessment.scored_row(unit, code, period=period))
        for unit in (first, second)
    )
    points = split(one, other, code)
    return assessment.table(part_columns(one, other, points, code, ("first", "second")))


def part_columns(
    first: Side, second: Side, points: Mapping[Part, float], code: str, names: tuple[str, str]
) -> dict[str, Any]:
    """Return the columns of a table of parts, without idle weights and scales.

    Columns: ``code``, ``name``, the scores of both sides under their names, and ``points``.
    """
    idle = TIE * max(abs(first.score(code)), abs(second.score(code)))
    shown = [part for part, own in points.items() if part[1] == "value" or abs(own) > idle]
    index = first.assessment.index
    scores = {
        name: np.array([side.score(code) if kind == "value" else np.nan for code, kind in shown])
        for name, side in zip(names, (first, second), strict=True)
    }
    return {
        "code": [own_code(code) for code, _ in shown],
        "name": [_NAMES.get(kind, index.find(own_code(code)).name) for code, kind in shown],
        **scores,
        "points": np.array([points[part] for part in shown]),
    }


def split(first: Side, second: Side, code: str) -> dict[Part, float]:
    """Return the points of a difference at a node by what makes it, indicators first."""
    index = first.assessment.index
    top = index.find(code)
    leaves = top.indicators if isinstance(top, Index) else [top]
    points: dict[Part, float] = {(leaf.code, "value"): 0.0 for leaf in leaves}
    if not isinstance(top, Index):
        points[code, "value"] = first.score(code) - second.score(code)
    # What a difference of 1 at a node makes at the top.
    rates = {code: 1.0}
    for node in first.assessment.held.inner(code):
        if node.code in rates and any(side.is_filled(node.code) for side in (first, second)):
            gap = first.score(node.code) - second.score(node.code)
            points[node.code, "value"] = rates[node.code] * gap
        elif node.code in rates:
            for part, own, rate in _node_parts(first, second, node.code):
                if rate is None or part in points:
                    points[part] = rates[node.code] * own
                else:
                    rates[part[0]] = rates[node.code] * rate
    return points


def _node_parts(first: Side, second: Side, code: str) -> list[tuple[Part, float, float | None]]:
    """Return the parts of a node's difference, each with its points and its rate.

    The rate is the points for a difference of 1; what one side lacks, weights and scales have none.
    """
    sides = (first, second)
    nodes = (first.node(code), second.node(code))
    values = np.stack([side.unit.scores_of(nodes[0]) for side in sides])
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
    rates = _power_rates(values[:, known], weights[0, known], scores, order)
    points = rates * (values[0] - values[1])[known]
    parts = [(child, "value") for child in np.array(nodes[0].children)[known].tolist()]
    return list(zip(parts, points.tolist(), rates.tolist(), strict=True))


def _power_rates(values: Floats, weights: Floats, scores: Floats, order: float) -> Floats:
    """Return how many points a power mean gains for each point of a child: (n_children,)."""
    shares = weights / weights.sum()
    if order == 1:
        return np.asarray(shares)
    # In proportion to a score, so that no power leaves the range of numbers.
    unit = scores.max() if order > 0 else scores.min()
    with np.errstate(all="ignore"):
        of_children, of_score = (
            _steepness(x.min(axis=0) / unit, x.max(axis=0) / unit, order) for x in (values, scores)
        )
        rates = shares * of_children / of_score
    # A child of weight 0 may have any value; at 0 a power can have an infinite slope.
    return np.where((shares > 0) & np.isfinite(rates), rates, 0.0)


def _steepness(low: Floats, high: Floats, order: float) -> Floats:
    """Return the absolute slope of f(x) = x^p or ln x between two points, or at one.

    Points that differ by rounding alone have their slope without loss of digits.
    """
    gap = high - low
    log_ratio = np.log1p(gap / low)
    if order == 0:
        return np.where(gap > 0, log_ratio / gap, 1 / high)
    base = high if order > 0 else low
    slope = base**order * -np.expm1(-abs(order) * log_ratio) / gap
    return np.where(gap > 0, slope, abs(order) * high ** (order - 1))


def _switched_parts(
    sides: tuple[Side, Side], nodes: tuple[HeldNode, HeldNode], values: Floats, weights: Floats
) -> list[tuple[Part, float, float | None]]:
    """Return the shares of the children that a side has, of weights and of the scale.

    Values and weights, of shape (2, n_children), are those of each side.
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
        """Return the scores of units with some players of the first side, NaN without a score."""
        hybrids = np.full((len(sets), values.shape[1]), np.nan)
        hybrids[:, columns] = np.where(sets[:, :n_values], *values[:, columns])
        neither = np.zeros(len(sets), dtype=np.bool_)
        weights_of_first = sets[:, n_values] if has_weights else neither
        scale_of_first = sets[:, -1] if has_scale else neither
        scores = np.full(len(sets), np.nan)
        for of_weights, of_scale in product((0, 1), (0, 1)):
            rows = (weights_of_first == (of_weights == 0)) & (scale_of_first == (of_scale == 0))
            if rows.any():
                # Where others matter, a hybrid takes the place of the one and then of the other.
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
            f"{node.label} scores units by comparing them with each other: with all values of the "
            "other a unit does not get the other's score, so that the difference is not a sum over "
            "indicators"
        )

    def score(sets: Bools) -> Floats:
        scores = hybrid_scores(sets)
        return np.where(np.isnan(scores), ends.mean(), scores)

    shares = shapley(len(players), score, all_orders=n_values <= _ENUMERATED)
    gaps = values[0, columns] - values[1, columns]
    tie = TIE * float(np.nanmax(np.abs(values)))
    rates: list[float | None] = [None] * len(players)
    for place, gap in enumerate(gaps.tolist()):
        if not np.isnan(gap):
            rates[place] = shares[place] / gap if abs(gap) > tie else 0.0
    return list(zip(players, shares, rates, strict=True))


def _joined(side: Side, node: HeldNode, weights: Floats, hybrids: Floats) -> Floats:
    """Return the scores of hybrids in the place of a side, NaN where the aggregation refuses."""
    everyone = node.weights.copy()
    everyone[side.row if everyone.ndim > 1 else slice(None)] = weights
    rule = _ANY_PRESENT if node.traits.local else node.rule
    try:
        return side.unit.join(evolve(node, weights=everyone, rule=rule), hybrids)
    except ValueError:
        if len(hybrids) == 1:
            return np.array([np.nan])
        return np.concatenate([_joined(side, node, weights, own[np.newaxis]) for own in hybrids])
