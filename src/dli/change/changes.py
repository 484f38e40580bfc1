"""The causes of a change in a score or a rank: data, weights, method and other units."""

from functools import cache
from itertools import compress
from typing import TYPE_CHECKING, Any

import attrs
import numpy as np
from attrs import evolve

from dli.arrays import Bools, Floats
from dli.assessment import Assessment
from dli.change.differences import Side, part_columns, split_sides
from dli.checks import instance
from dli.errors import DLIError, MethodError, ModelError
from dli.frames import Frame
from dli.framework import Index
from dli.framework.index import Node
from dli.multivariate.selection import stage_values
from dli.ranking import rank_scores
from dli.scoring.shapley import group_weight, groups, shapley

if TYPE_CHECKING:
    from dli.scoring.splitting import Part

__all__ = ["change", "rank_change"]

# The fields of a node that determine weights, and those that no step of a method reads.
_WEIGHTS = {"weight", "weighting"}
_NOT_READ = {"name", "description", "source", "unit_of_measure", "bands", "children"}


def change(
    before: Assessment,
    after: Assessment,
    unit: object,
    *,
    node: str | None = None,
    period_before: object = None,
    period_after: object = None,
) -> Frame:
    """Decompose the change of a unit's score into effects of data, weights and method.

    The points of all rows add up to the change. The Shapley value separates the effects of the
    data, the weights and the rest of the method: each is switched from before to after in all
    orders, and the unit is assessed again each time. The effect of the data is distributed over
    indicators as in `difference`. If the normalisation derives its scale from the data of each
    assessment, the effect of the data includes the change of the scale. Both sides have the same
    scale if they are periods of one assessment, or with goalposts or `dli.normalisation.FittedOn`.
    If the aggregation derives a scale from the data, as a Mazziotta-Pareto index does, the effect
    of that scale has a row of its own.

    Parameters
    ----------
    before, after : Assessment
        Two assessments with the same tree. To compare two periods of one assessment, pass it twice.
    unit : object
        The unit, as the data name it.
    node : str, optional
        The code of the node whose score changed; the index by default.
    period_before, period_after : object, optional
        The period on each side. Required if there are several periods.

    Returns
    -------
    frame
        One row for each indicator, whose ``part`` is ``data``: ``code, name, raw_before, raw_after,
        before, after`` (normalised) and ``points``. Further rows of the data are included where
        their points are not zero: those with the name ``weights``, for a node whose weights depend
        on the data, and those with the name ``scale of the aggregation``. A sub-index that is
        missing on one side has a row of its own. If the assessments differ in their weights or
        method, there is one row for the part ``weights`` or ``method``.

    Raises
    ------
    UnknownCodeError, DataError, MethodError
        As for `difference`; or the data of one assessment cannot be assessed with the weights or
        the method of the other.
    ModelError
        The trees differ; the codes of the nodes concerned are listed.

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
    _require_same_tree(before, after)
    if [child.code for child in before.index.walk()] != [
        child.code for child in after.index.walk()
    ]:
        in_order = _merged(before.index, weights=after.index, method=after.index)
        after = Assessment(in_order, after.observations, method=after.method)
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
        """Return the unit with the given ones of data, weights and method taken from after."""
        if len(switched) in (0, len(names)):
            return new if switched else old
        data, weights, method = (
            after if name in switched else before for name in ("data", "weights", "method")
        )
        index = _merged(data.index, weights=weights.index, method=method.index)
        steps = evolve(method.method, weighting=weights.method.weighting)
        try:
            mixed = Assessment(index, data.observations, method=steps)
            return Side(mixed, mixed.scored_row(unit, code, period=periods["data" in switched]))
        except DLIError as error:
            raise MethodError(
                "the effects of data, weights and method cannot be separated: the data of one "
                "assessment cannot be assessed with the weights or the method of the other",
                [str(error)],
            ) from error

    def score(sets: Bools) -> Floats:
        return np.array([at(frozenset(compress(names, chosen))).score(code) for chosen in sets])

    points: dict[Part, float] = {}
    for chosen in groups(len(blocks)):
        others = frozenset(compress(blocks, chosen))
        weight = group_weight(len(others), len(names))
        for part, gain in split_sides(at(others | {"data"}), at(others), code).items():
            points[part] = points.get(part, 0.0) + weight * gain
    data = part_columns(old, new, points, code, ("before", "after"))
    values = {}
    for name, side in (("raw_before", old), ("raw_after", new)):
        raw = stage_values(side.assessment, "raw")
        values[name] = [raw[c][side.row] if c in raw else np.nan for c in data["code"]]
    values |= {"before": data["before"], "after": data["after"]}
    missing = np.full(len(blocks), np.nan)
    return before.table(
        {
            "part": ["data"] * len(data["code"]) + blocks,
            "code": data["code"] + [None] * len(blocks),
            "name": data["name"] + [""] * len(blocks),
            **{name: np.concatenate([cells, missing]) for name, cells in values.items()},
            "points": np.concatenate([data["points"], shapley(len(names), score)[1:]]),
        }
    )


def _require_same_tree(before: Assessment, after: Assessment) -> None:
    trees = [
        instance(name, assessment, Assessment).index
        for name, assessment in (("before", before), ("after", after))
    ]
    lines = [
        {(node.code, *(up.code for up in index.path(node.code)[:1])) for node in index.walk()}
        for index in trees
    ]
    differ = sorted({line[0] for line in lines[0] ^ lines[1]})
    if differ:
        raise ModelError(
            "the two assessments must have the same tree; these nodes are in only one of them or "
            "have different parents",
            map(repr, differ),
        )


def _blocks(before: Assessment, after: Assessment) -> list[str]:
    """Return which of weights and method differ between two assessments."""
    nodes = [(node, after.index.find(node.code)) for node in before.index.walk()]
    weights, method = (
        any(_fields(one, of_weights=own) != _fields(other, of_weights=own) for one, other in nodes)
        for own in (True, False)
    )
    weights |= before.method.weighting != after.method.weighting
    method |= evolve(before.method, weighting=after.method.weighting) != after.method
    return ["weights"] * weights + ["method"] * method


def _fields(node: Node, *, of_weights: bool) -> dict[str, Any]:
    """Return a node's fields that determine weights, or all others that a step reads."""
    fields = attrs.asdict(node, recurse=False)
    names = fields.keys() & _WEIGHTS if of_weights else fields.keys() - _WEIGHTS - _NOT_READ
    return {name: fields[name] for name in names}


def _merged(order: Index, *, weights: Index, method: Index) -> Index:
    """Return an index that combines the weights of one index with all other fields of another."""

    def build(node: Any) -> Any:
        base: Any = method.find(node.code)
        weighted: Any = weights.find(node.code)
        if not isinstance(node, Index):
            return evolve(base, weight=weighted.weight)
        children = tuple(map(build, node.children))
        return evolve(base, weight=weighted.weight, weighting=weighted.weighting, children=children)

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
    """Decompose the change of a unit's rank into effects of its own score and of other units.

    The unit's own score and the scores of all other units are switched from before to after in
    both orders, and the effects are averaged. Units that are on only one side join or leave
    together with the other units. Ranks are within the period of each side.

    Parameters
    ----------
    before, after, unit, node, period_before, period_after
        As for `change`; the trees may differ.

    Returns
    -------
    frame
        The columns ``part`` and ``places``, with a row for each of ``own``, ``others`` and
        ``together``. Places are negative where the rank improved. The last row is the sum of the
        other two, which is the change of the rank.

    Raises
    ------
    UnknownCodeError, DataError, MethodError
        The unit, period or node does not exist; the unit has no score; a period is named although
        the data have none, or no period is named although the data have several.

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
    sides = {"before": (before, period_before), "after": (after, period_after)}
    for name, (assessment, period) in sides.items():
        index = instance(name, assessment, Assessment).index
        code = index.code if node is None else node
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
