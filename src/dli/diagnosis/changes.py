"""Why a score or a rank changed: by data, by weights, by the method, by others."""

from itertools import permutations
from typing import Any

import numpy as np
from attrs import evolve, frozen

from dli import frames
from dli.assessment import Assessment
from dli.assessment.ranking import rank_scores
from dli.diagnosis.differences import Side, split
from dli.diagnosis.selection import beside, scored_row
from dli.errors import ModelError
from dli.framework import Index

__all__ = ["change", "rank_change"]


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
                for key, part in split(new, old, code).items():
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
        pairs = list(zip(old.index.walk(), new.index.walk(), strict=True))
        weights = old.method.weighting != new.method.weighting or any(
            a.weight != b.weight or getattr(a, "weighting", None) != getattr(b, "weighting", None)
            for a, b in pairs
        )
        method = evolve(old.method, weighting=new.method.weighting) != new.method or any(
            _measured(a) != _measured(b) for a, b in pairs
        )
        return ["weights"] * weights + ["method"] * method

    def at(self, switched: frozenset[str]) -> Side:
        """Give the unit with some blocks from after."""
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
