"""Why one score is above another: between units, between periods, between assessments."""

from collections.abc import Callable, Iterator, Sequence
from itertools import permutations
from math import factorial
from typing import Any

import numpy as np
from attrs import frozen

from dli import frames
from dli.aggregation import Copeland
from dli.assessment import Assessment
from dli.assessment.contributions import held_aggregation
from dli.assessment.pipeline import skipping
from dli.assessment.ranking import rank_scores
from dli.diagnosis.selection import Floats, beside, scored_row
from dli.errors import MethodError, ModelError
from dli.framework import Index

__all__ = ["change", "difference", "rank_change"]

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
        weights = self.assessment.weight_array(node.code)
        return weights if weights.ndim == 1 else np.asarray(weights[self.row])


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
    return _table(sides[0], sides[1], _split(sides[0], sides[1], code))


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


def _split(first: Side, second: Side, code: str) -> dict[tuple[str, str], float]:
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


def change(
    before: Assessment,
    after: Assessment,
    unit: object,
    *,
    node: str | None = None,
    period_before: object = None,
    period_after: object = None,
) -> Any:
    """Tell why a unit's score changed: by its data, by weights, or by the method.

    The points of all rows add up to the change. What data, weights and the rest of the method do is
    told apart by Shapley's value over the three: each is switched from before to after in all
    orders, the unit assessed anew each time. The part of the data is split over indicators as by
    `difference`. Where the scale of normalisation is taken from the data of each assessment, the
    part of the data holds the move of the scale as well; periods of one assessment, goalposts and
    `dli.normalisation.FittedOn` have one scale for both.

    Parameters
    ----------
    before, after : Assessment
        Of the same tree; twice the same for two of its periods.
    unit : object
    node : str, optional
        The index by default.
    period_before, period_after : object, optional
        Where there are several.

    Returns
    -------
    frame
        A row for each indicator, ``part`` being ``data``: ``code, name, raw_before, raw_after,
        before, after`` (normalised) and ``points``; where they differ, a row for ``weights`` and
        one for ``method``.

    Raises
    ------
    UnknownCodeError, DataError, MethodError
        As of `difference`.
    ModelError
        The trees differ; the codes are named.

    Examples
    --------
    >>> from dli import Indicator, Method, frames
    >>> from dli.normalisation import Goalposts
    >>> index = Index("T", [Indicator(c, goalposts=(0, 10)) for c in ("a", "b")])
    >>> data = {"unit": ["X", "X"], "year": [1, 2], "a": [1.0, 3.0], "b": [5.0, 4.0]}
    >>> panel = Assessment(index, data, period="year", method=Method(normalisation=Goalposts()))
    >>> table = frames.read(change(panel, panel, "X", period_before=1, period_after=2))
    >>> table.column("code"), table.column("points")
    (['a', 'b'], [10.0, -5.0])
    """
    _require_same_tree(before.index, after.index)
    code = before.index.code if node is None else node
    rows = (
        scored_row(before, unit, period_before, code),
        scored_row(after, unit, period_after, code),
    )
    sides = _Sides(before, after, unit, (period_before, period_after))
    names = ["data", *sides.blocks]
    points: dict[str, float] = dict.fromkeys(sides.blocks, 0.0)
    parts: dict[tuple[str, str], float] = {}
    orders = list(permutations(names))
    for order in orders:
        switched: frozenset[str] = frozenset()
        for name in order:
            old, new = sides.at(switched), sides.at(switched | {name})
            switched |= {name}
            if name == "data":
                for key, part in _split(new, old, code).items():
                    parts[key] = parts.get(key, 0.0) + part / len(orders)
            else:
                points[name] += (new.value(code) - old.value(code)) / len(orders)
    return _change_table(Side(before, rows[0]), Side(after, rows[1]), parts, points)


def _require_same_tree(before: Index, after: Index) -> None:
    def pairs(index: Index) -> set[tuple[str, str | None]]:
        parents = ((node.code, index.parent(node.code)) for node in index.walk())
        return {(code, None if parent is None else parent.code) for code, parent in parents}

    differ = sorted({code for code, _ in pairs(before) ^ pairs(after)})
    if differ:
        msg = "the two assessments must have the same tree; these nodes are in one only, or moved"
        raise ModelError(msg, [f"{code!r}" for code in differ])


@frozen
class _Sides:
    """A unit with its data, weights and method each from before or after."""

    before: Assessment
    after: Assessment
    unit: object
    periods: tuple[object, object]

    @property
    def blocks(self) -> list[str]:
        """What differs besides the data."""
        old, new = self.before, self.after
        weights_differ = old.method.weighting != new.method.weighting or any(
            a.weight != b.weight or getattr(a, "weighting", None) != getattr(b, "weighting", None)
            for a, b in zip(old.index.walk(), new.index.walk(), strict=True)
        )
        method = [
            name
            for name in (
                "availability",
                "imputation",
                "treatment",
                "normalisation",
                "aggregation",
                "missing",
                "coverage",
            )
            if getattr(old.method, name) != getattr(new.method, name)
        ]
        reread = any(
            _measured(a) != _measured(b)
            for a, b in zip(old.index.walk(), new.index.walk(), strict=True)
        )
        return ["weights"] * weights_differ + ["method"] * (bool(method) or reread)

    def at(self, switched: frozenset[str]) -> Side:
        """Give the unit with some blocks from after."""
        from attrs import evolve

        data = self.after if "data" in switched else self.before
        of_weights = self.after if "weights" in switched else self.before
        of_method = self.after if "method" in switched else self.before
        period = self.periods["data" in switched]
        if of_weights is data and of_method is data:
            return Side(data, data.row(self.unit, period))
        index = _weighed(of_method.index, of_weights.index)
        method = evolve(of_method.method, weighting=of_weights.method.weighting)
        mixed = Assessment(index, data.observations, method=method)
        return Side(mixed, mixed.row(self.unit, period))


def _measured(node: Any) -> tuple[Any, ...]:
    """Give what of a node the method reads, besides weights."""
    names = ("direction", "goalposts", "target", "denominator", "denominator_factor", "aggregation")
    return tuple(getattr(node, name, None) for name in names)


def _weighed(index: Index, of: Index) -> Index:
    """Give an index with the weights, and the weightings of nodes, of another."""
    from attrs import evolve

    own = {node.code: node for node in of.walk()}

    def build(node: Any) -> Any:
        other = own[node.code]
        if not isinstance(node, Index):
            return evolve(node, weight=other.weight)
        return evolve(
            node,
            weight=other.weight,
            weighting=getattr(other, "weighting", None),
            children=tuple(build(child) for child in node.children),
        )

    return build(index)  # type: ignore[no-any-return] # an index of an index


def _change_table(
    before: Side, after: Side, parts: dict[tuple[str, str], float], points: dict[str, float]
) -> Any:
    index = before.assessment.index
    place = {indicator.code: j for j, indicator in enumerate(index.indicators)}
    rows: list[tuple[Any, ...]] = []
    for (code, kind), part in parts.items():
        cells = [np.nan] * 4
        if kind == "value":
            if code in place:
                cells[:2] = [
                    float(side.assessment.stage_array("raw")[side.row, place[code]])
                    for side in (before, after)
                ]
            cells[2:] = [before.value(code), after.value(code)]
        name = index.find(code).name if kind == "value" else "weights"
        rows.append(("data", code, name, *cells, part))
    rows += [(name, None, "", *[np.nan] * 4, part) for name, part in points.items()]
    names = ("part", "code", "name", "raw_before", "raw_after", "before", "after", "points")
    text = ("part", "code", "name")
    return frames.build(
        {
            name: list(cells) if name in text else np.array(cells)
            for name, cells in zip(names, zip(*rows, strict=True), strict=True)
        },
        before.assessment.observations.table.library,
    )


def rank_change(
    before: Assessment,
    after: Assessment,
    unit: object,
    *,
    node: str | None = None,
    period_before: object = None,
    period_after: object = None,
) -> Any:
    """Tell whether a unit's rank changed by its own score or by those of others.

    Its score and those of all others are switched from before to after, one first and then the
    other, and the two orders averaged; others that are there in one only come or go with the rest.

    Parameters
    ----------
    before, after, unit, node, period_before, period_after
        As of `change`.

    Returns
    -------
    frame
        Rows ``own``, ``others`` and ``together``: ``part`` and ``places``, below 0 where the rank
        got better. The last is the sum of the two, and the change of the rank.

    Raises
    ------
    UnknownCodeError, DataError
        No such unit, period or node; a unit without a score.

    Examples
    --------
    >>> from dli import Indicator, frames
    >>> data = {"unit": ["X", "Y"] * 2, "year": [1, 1, 2, 2], "a": [1.0, 2.0, 3.0, 2.5]}
    >>> panel = Assessment(Index("T", [Indicator("a")]), data, period="year")
    >>> table = frames.read(rank_change(panel, panel, "X", period_before=1, period_after=2))
    >>> table.column("part"), table.column("places")
    (['own', 'others', 'together'], [-1.0, 0.0, -1.0])
    """
    code = before.index.code if node is None else node
    old = Side(before, scored_row(before, unit, period_before, code))
    new = Side(after, scored_row(after, unit, period_after, code))

    def rank(own: Side, others: Side) -> float:
        rows = [i for i in beside(others.assessment, others.row) if i != others.row]
        scores = [own.value(code), *others.assessment.array(code)[rows].tolist()]
        return float(rank_scores(scores)[0])

    start, end = rank(old, old), rank(new, new)
    own_first, others_first = rank(new, old), rank(old, new)
    own = ((own_first - start) + (end - others_first)) / 2
    others = ((others_first - start) + (end - own_first)) / 2
    return frames.build(
        {"part": ["own", "others", "together"], "places": np.array([own, others, end - start])},
        before.observations.table.library,
    )
