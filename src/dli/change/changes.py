"""Why a score or a rank changed: by data, by weights, by the method, by others."""

from collections.abc import Iterable
from functools import cache
from itertools import compress
from typing import Any

import attrs
import numpy as np
from attrs import evolve, frozen

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
    code = before.index.code if node is None else node
    periods = (period_before, period_after)
    old, new = _sides(before, after, unit, (code, code), periods)
    blocks = _blocks(before, after)
    names = ("data", *blocks)

    @cache
    def at(switched: frozenset[str]) -> Side:
        if not switched:
            return old
        return new if switched == set(names) else _mixed(before, after, switched, old, new, code)

    def score(sets: Bools) -> Floats:
        return np.array([at(frozenset(compress(names, own))).score(code) for own in sets])

    points: dict[Part, float] = {}
    for members in groups(len(blocks)):
        others = frozenset(compress(blocks, members))
        weight = group_weight(len(others), len(names))
        for part, own in split(at(others | {"data"}), at(others), code).items():
            points[part] = points.get(part, 0.0) + weight * own
    shares = shapley(len(names), score)[1:]
    columns = part_columns(old, new, points, code, ("before", "after"))
    return before.table(_with_blocks(columns, _raw(old, new, columns["code"]), blocks, shares))


def _sides(
    before: Assessment,
    after: Assessment,
    unit: object,
    codes: tuple[str, str],
    periods: tuple[object, object],
) -> tuple[Side, Side]:
    sides = [
        Side(assessment, assessment.scored_row(unit, code, period=period))
        for assessment, code, period in zip((before, after), codes, periods, strict=True)
    ]
    return sides[0], sides[1]


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
    names = [field.name for field in attrs.fields(type(node)) if field.init]
    return {name: getattr(node, name) for name in names if name not in _NOT_METHOD}
