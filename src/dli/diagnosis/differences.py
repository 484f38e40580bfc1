"""Why one unit scores above another: a difference of two scores in parts that add up."""

from collections.abc import Callable, Iterator, Sequence
from math import factorial
from typing import Any

import numpy as np
from attrs import frozen

from dli import frames
from dli.aggregation import Copeland
from dli.assessment import Assessment
from dli.assessment.contributions import held_aggregation
from dli.assessment.pipeline import skipping
from dli.diagnosis.selection import Floats, scored_row
from dli.errors import MethodError
from dli.framework import Index

__all__ = ["Side", "difference", "split"]

# Up to this many children all orders are averaged; above, an order and its reverse.
_ENUMERATED = 12


@frozen
class Side:
    """One of the two scores that are compared: a row of an assessment."""

    assessment: Assessment
    row: int

    def value(self, code: str) -> float:
        """Give the score of a node."""
        return float(self.assessment.array(code)[self.row])

    def weights(self, node: Index) -> Floats:
        """Give the weights of a node's children, for this unit."""
        return self.assessment.weight_array(node.code, self.row)


def difference(
    assessment: Assessment,
    first: object,
    second: object,
    *,
    node: str | None = None,
    period: object = None,
) -> Any:
    r"""Tell why one unit scores above another.

    The points of all rows add up to the difference of the two scores. A power mean of order p, with
    :math:`f(x) = x^p` (or :math:`\ln x`), is split without rest by

    .. math:: s_a - s_b = \sum_k w_k \frac{f(x_{ak}) - f(x_{bk})}{(f(s_a) - f(s_b)) / (s_a - s_b)},

    for the geometric mean the logarithmic mean of the scores times :math:`w_k \ln (x_{ak} /
    x_{bk})`, level by level. Where weights differ, a child is missing in one unit, or the
    aggregation is another, Shapley's value splits the difference over children and weights: the
    mean of what a switch from the one to the other does over all orders (over an order and its
    reverse for more than twelve children).

    Parameters
    ----------
    assessment : Assessment
    first, second : object
        The units.
    node : str, optional
        The index by default.
    period : object, optional
        Where there are several.

    Returns
    -------
    frame
        A row for each indicator below the node: ``code, name``; ``first`` and ``second``, the
        normalised values; ``points``. Where the units have weights of their own, a row for each
        node whose weights make a difference has the name ``weights``; a sub-index that one of
        them lacks has a row of its own.

    Raises
    ------
    UnknownCodeError
        No such unit, period or node.
    DataError
        A unit without a score.
    MethodError
        An aggregation that scores units by comparing them with each other, such as Copeland's.

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
    code = assessment.index.code if node is None else node
    sides = [Side(assessment, scored_row(assessment, u, period, code)) for u in (first, second)]
    return _table(sides[0], sides[1], split(sides[0], sides[1], code))


def _table(first: Side, second: Side, points: dict[tuple[str, str], float]) -> Any:
    index = first.assessment.index
    rows = [(c, kind, p) for (c, kind), p in points.items()]
    names = [index.find(c).name if kind == "value" else "weights" for c, kind, _ in rows]

    def values(side: Side) -> Floats:
        return np.array([side.value(c) if kind == "value" else np.nan for c, kind, _ in rows])

    return frames.build(
        {
            "code": [c for c, _, _ in rows],
            "name": names,
            "first": values(first),
            "second": values(second),
            "points": np.array([p for *_, p in rows]),
        },
        first.assessment.observations.table.library,
    )


def split(first: Side, second: Side, code: str) -> dict[tuple[str, str], float]:
    """Split the difference of a node's scores over indicators (and weights): points by code."""
    index = first.assessment.index
    top = index.find(code)
    points: dict[tuple[str, str], float] = {}
    # What one unit more of a node's difference brings at the top.
    rates = {code: 1.0}
    walk = top.walk() if isinstance(top, Index) else [top]
    for node in walk:
        rate = rates.get(node.code)
        if rate is None:
            continue
        if not isinstance(node, Index):
            gap = first.value(node.code) - second.value(node.code)
            points[node.code, "value"] = rate * gap if not np.isnan(gap) else 0.0
            continue
        for part, (child_points, child_rate) in _node_split(first, second, node).items():
            if part == "":
                points[node.code, "weights"] = rate * child_points
            elif np.isnan(child_rate):  # one of the two lacks it
                points[part, "value"] = rate * child_points
            else:
                rates[part] = rate * child_rate
    leaves = top.indicators if isinstance(top, Index) else [top]
    found = {(leaf.code, "value"): points.pop((leaf.code, "value"), 0.0) for leaf in leaves}
    return found | points


def _node_split(first: Side, second: Side, node: Index) -> dict[str, tuple[float, float]]:
    """Split a node's difference over its children: points, and points for each unit of theirs.

    The key "" stands for the weights; the rate is NaN for a child that one side lacks.
    """
    codes = [child.code for child in node.children]
    x = np.array([[side.value(code) for code in codes] for side in (first, second)])
    w = np.array([side.weights(node) for side in (first, second)])
    aggregation = held_aggregation(first.assessment, node)
    lacking = np.isnan(x)
    same = (lacking[0] == lacking[1]).all() and np.abs(w[0] - w[1]).max() <= 1e-15
    order = getattr(aggregation, "order", None)
    if same and order is not None and np.isfinite(order):
        there = ~lacking[0]
        rates = _power_rates(x[:, there], w[0, there], order, first, second, node)
        present = [code for code, is_there in zip(codes, there, strict=True) if is_there]
        return {code: (0.0, rate) for code, rate in zip(present, rates.tolist(), strict=True)}
    return _shapley_split(x, w, codes, node, aggregation)


def _power_rates(
    x: Floats, w: Floats, order: float, first: Side, second: Side, node: Index
) -> Floats:
    scores = first.value(node.code), second.value(node.code)
    own = w / w.sum()
    return np.array(
        [
            weight * _steepness(a, b, order) / _steepness(scores[0], scores[1], order)
            for a, b, weight in zip(*x.tolist(), own.tolist(), strict=True)
        ]
    )


def _steepness(a: float, b: float, order: float) -> float:
    """Give (f(a) - f(b)) / (a - b) of f(x) = x^p or ln x, and its limit where a is b."""
    if order == 1:
        return 1.0
    if a == b:
        return float(a ** (order - 1) * (order or 1.0))
    if order == 0:
        return float(np.log1p((a - b) / b) / (a - b))
    return float((a**order - b**order) / (a - b))


def _shapley_split(
    x: Floats, w: Floats, codes: Sequence[str], node: Index, aggregation: Any
) -> dict[str, tuple[float, float]]:
    if isinstance(aggregation, Copeland):
        msg = (
            f"{type(aggregation).__name__} of {node.code!r} scores units by comparing them with "
            "each other: a difference of two is no sum over indicators"
        )
        raise MethodError(msg)
    players = [j for j in range(len(codes)) if not np.isnan(x[:, j]).all()]
    differ = bool(np.abs(w[0] - w[1]).max() > 1e-15)

    def score(switched: frozenset[int]) -> float:
        values = np.array([x[0 if j in switched else 1, j] for j in range(len(codes))])
        weights = w[0] if not differ or -1 in switched else w[1]
        if np.isnan(values).all() or not weights[~np.isnan(values)].sum() > 0:
            return score(frozenset())  # nothing is there in between: the step is still to come
        return float(skipping(aggregation, values[np.newaxis], weights[np.newaxis], node)[0])

    points = _shapley([*players, -1] if differ else players, score)
    result: dict[str, tuple[float, float]] = {}
    for j, own in points.items():
        if j == -1:
            result[""] = (own, np.nan)
            continue
        gap = x[0, j] - x[1, j]
        if np.isnan(gap):
            result[codes[j]] = (own, np.nan)
        else:
            result[codes[j]] = (own, own / gap if gap else 0.0)
    return result


def _shapley(players: Sequence[int], score: Callable[[frozenset[int]], float]) -> dict[int, float]:
    """Give each player's share of what all of them together change."""
    known: dict[frozenset[int], float] = {}

    def of(group: frozenset[int]) -> float:
        if group not in known:
            known[group] = score(group)
        return known[group]

    shares = dict.fromkeys(players, 0.0)
    n = len(players)
    if n > _ENUMERATED:
        for order in (players, players[::-1]):
            for i, player in enumerate(order):
                before = frozenset(order[:i])
                shares[player] += (of(before | {player}) - of(before)) / 2
        return shares
    for group in _subsets(players):
        weight = factorial(len(group)) * factorial(n - len(group) - 1) / factorial(n)
        for player in players:
            if player not in group:
                shares[player] += weight * (of(group | {player}) - of(group))
    return shares


def _subsets(players: Sequence[int]) -> Iterator[frozenset[int]]:
    """Give all groups but that of everyone."""
    for bits in range(2 ** len(players) - 1):
        yield frozenset(p for i, p in enumerate(players) if bits >> i & 1)
