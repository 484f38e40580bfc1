"""Why a score or a rank changed: by data, by weights, by the method, by others."""

from collections.abc import Sequence
from functools import cache
from itertools import compress
from typing import Any

import attrs
import numpy as np
from attrs import evolve

from dli.arrays import Bools, Floats
from dli.assessment import Assessment
from dli.change.differences import Part, Side, part_columns, split
from dli.change.shapley import group_weight, groups, shapley
from dli.errors import DLIError, MethodError, ModelError
from dli.frames import Frame
from dli.framework import Index
from dli.framework.index import Node
from dli.ranking import rank_scores

__all__ = ["change", "rank_change"]

# What of a node no step of a method reads, and the weights, which are a part of their own.
_NOT_METHOD = {
    "name", "description", "source", "unit_of_measure", "bands", "children", "weight", "weighting",
}  # fmt: skip


def change(
    before: Assessment,
    after: Assessment,
    unit: object,
    *,
    node: str | None = None,
    period_before: object = None,
    period_after: object = None,
) -> Frame:
    """Return why a unit's score changed: by its data, by weights, or by the method.

    The points of all rows add up to the change. Shapley's value over the three separates the
    effects of data, weights and the rest of the method: each is switched from before to after in
    all orders, and the unit is assessed anew each time. The effect of the data is distributed over
    indicators as in `difference`. If the normalisation takes its scale from the data of each
    assessment, the effect of the data includes the change of the scale; periods of one assessment,
    goalposts and `dli.normalisation.FittedOn` have one scale for both. The scale of an aggregation
    that takes one from the data, such as a Mazziotta-Pareto index, has a row of its own.

    Parameters
    ----------
    before, after : Assessment
        Of the same tree; for two periods of one assessment, twice the same.
    unit : object
    node : str, optional
        The index by default.
    period_before, period_after : object, optional
        Required if there are several periods.

    Returns
    -------
    frame
        A row for each indicator, whose ``part`` is ``data``: ``code, name, raw_before, raw_after,
        before, after`` (normalised) and ``points``. Where they make a difference, further rows of
        the data have the name ``weights`` (of a node whose weights depend on the data) and ``scale
        of the aggregation``; a sub-index that is missing on one side has a row of its own. Where
        the assessments differ in them, there is a row for the parts ``weights`` and ``method``.

    Raises
    ------
    UnknownCodeError, DataError
        As for `difference`.
    MethodError
        As for `difference`; or the data of one assessment cannot be assessed with the weights or
        the method of the other.
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
    after = _in_order(after, before.index)
    code = before.index.code if node is None else node
    periods = (period_before, period_after)
    old, new = (
        Side(assessment, assessment.scored_row(unit, code, period=period))
        for assessment, period in zip((before, after), periods, strict=True)
    )
    blocks = _blocks(before, after)
    names = ["data", *blocks]

    @cache
    def at(switched: frozenset[str]) -> Side:
        """Return the unit with some of data, weights and method from after."""
        if len(switched) in (0, len(names)):
            return new if switched else old
        data, weights, method = (
            after if name in switched else before for name in ("data", "weights", "method")
        )
        return _mixed(data, weights, method, (unit, code, periods["data" in switched]))

    def score(sets: Bools) -> Floats:
        return np.array([at(frozenset(compress(names, own))).score(code) for own in sets])

    points: dict[Part, float] = {}
    for own in groups(len(blocks)):
        others = frozenset(compress(blocks, own))
        weight = group_weight(len(others), len(names))
        for part, gain in split(at(others | {"data"}), at(others), code).items():
            points[part] = points.get(part, 0.0) + weight * gain
    data = part_columns(old, new, points, code, ("before", "after"))
    n_data, shares = len(data["code"]), shapley(len(names), score)[1:]
    missing = np.full(len(blocks), np.nan)
    raw = {
        f"raw_{name}": _raw(side, data["code"]) for name, side in (("before", old), ("after", new))
    }
    return before.table(
        {
            "part": ["data"] * n_data + blocks,
            "code": data["code"] + [None] * len(blocks),
            "name": data["name"] + [""] * len(blocks),
            **{
                name: np.concatenate([cells, missing])
                for name, cells in (raw | {n: data[n] for n in ("before", "after")}).items()
            },
            "points": np.concatenate([data["points"], shares]),
        }
    )


def _raw(side: Side, codes: Sequence[str]) -> Floats:
    """Return the raw values of indicators, NaN for other nodes."""
    indicators = [indicator.code for indicator in side.assessment.index.indicators]
    values = dict(zip(indicators, side.assessment.stage_array("raw")[side.row], strict=True))
    return np.array([values.get(code, np.nan) for code in codes])


def _require_same_tree(before: Index, after: Index) -> None:
    def pairs(index: Index) -> set[tuple[str, str | None]]:
        parents = ((node.code, index.parent(node.code)) for node in index.walk())
        return {(code, None if parent is None else parent.code) for code, parent in parents}

    differ = sorted({code for code, _ in pairs(before) ^ pairs(after)})
    if differ:
        raise ModelError(
            "the two assessments must have the same tree; these nodes are in one only, or moved",
            [f"{code!r}" for code in differ],
        )


def _blocks(before: Assessment, after: Assessment) -> list[str]:
    """Return what differs besides the data."""
    old = list(before.index.walk())
    pairs = [(node, after.index.find(node.code)) for node in old]
    has_weights = before.method.weighting != after.method.weighting or any(
        _weights_of(one) != _weights_of(other) for one, other in pairs
    )
    has_method = evolve(before.method, weighting=after.method.weighting) != after.method or any(
        _method_of(one) != _method_of(other) for one, other in pairs
    )
    return ["weights"] * has_weights + ["method"] * has_method


def _weights_of(node: Node) -> tuple[Any, ...]:
    return (node.weight, node.weighting if isinstance(node, Index) else None)


def _method_of(node: Node) -> dict[str, Any]:
    return attrs.asdict(node, recurse=False, filter=lambda field, _: field.name not in _NOT_METHOD)


def _in_order(assessment: Assessment, order: Index) -> Assessment:
    """Return an assessment whose nodes stand in the order of another index."""
    own = assessment.index
    if [node.code for node in own.walk()] == [node.code for node in order.walk()]:
        return assessment
    index = _merged(order, weights=own, method=own)
    return Assessment(index, assessment.observations, method=assessment.method)


def _mixed(
    data: Assessment, weights: Assessment, method: Assessment, at: tuple[object, str, object]
) -> Side:
    """Return a unit, scored at a node in a period, by the weights and the method of others."""
    unit, code, period = at
    index = _merged(data.index, weights=weights.index, method=method.index)
    steps = evolve(method.method, weighting=weights.method.weighting)
    try:
        mixed = Assessment(index, data.observations, method=steps)
        return Side(mixed, mixed.scored_row(unit, code, period=period))
    except DLIError as error:
        raise MethodError(
            "the effects of data, weights and method cannot be separated: the data of one "
            "assessment cannot be assessed with the weights or the method of the other",
            [str(error)],
        ) from error


def _merged(order: Index, *, weights: Index, method: Index) -> Index:
    """Return an index with its weights, and all else of its nodes, from two others."""

    def build(node: Any) -> Any:
        own: Any = method.find(node.code)
        other: Any = weights.find(node.code)
        if not isinstance(node, Index):
            return evolve(own, weight=other.weight)
        children = tuple(build(child) for child in node.children)
        return evolve(own, weight=other.weight, weighting=other.weighting, children=children)

    merged: Index = build(order)
    return merged


def rank_change(
    before: Assessment,
    after: Assessment,
    unit: object,
    *,
    node: str | None = None,
    period_before: object = None,
    period_after: object = None,
) -> Frame:
    """Return whether a unit's rank changed by its own score or by those of others.

    The unit's score and those of all others are switched from before to after, one first and then
    the other, and the two orders are averaged. Others that are in only one of the two join or
    leave with the rest. Ranks are within the period of each side.

    Parameters
    ----------
    before, after, unit, node, period_before, period_after
        As for `change`; the trees may differ.

    Returns
    -------
    frame
        Rows ``own``, ``others`` and ``together``, with the columns ``part`` and ``places``, below
        0 where the rank improved. The last is the sum of the other two: the change of the rank.

    Raises
    ------
    UnknownCodeError, DataError, MethodError
        No such unit, period or node; a unit without a score; a period of data without periods, or
        no period of data with several.

    Examples
    --------
    >>> from dli import Indicator, frames
    >>> data = {"unit": ["X", "Y"] * 2, "year": [1, 1, 2, 2], "a": [1.0, 2.0, 3.0, 2.5]}
    >>> panel = Assessment(Index("T", [Indicator("a")]), data, period="year")
    >>> table = frames.read(rank_change(panel, panel, "X", period_before=1, period_after=2))
    >>> table.column("part"), table.column("places")
    (['own', 'others', 'together'], [-1.0, 0.0, -1.0])
    """
    own_scores, others = [], []
    for assessment, period in ((before, period_before), (after, period_after)):
        code = assessment.index.code if node is None else node
        row = assessment.scored_row(unit, code, period=period)
        scores, beside = assessment.array(code), assessment.rows_beside(row)
        own_scores.append(scores[row])
        others.append(scores[beside[beside != row]])

    def rank(sets: Bools) -> Floats:
        after_side = sets.astype(int)
        return np.array(
            [rank_scores([own_scores[own], *others[rest]])[0] for own, rest in after_side]
        )

    places = shapley(2, rank)
    return before.table(
        {"part": ["own", "others", "together"], "places": np.array([*places, sum(places)])}
    )
