"""Where a unit is behind and where ahead, and what its index score would gain."""

from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np

from dli import frames
from dli.assessment import Assessment
from dli.assessment.contributions import held_aggregation
from dli.assessment.pipeline import joined
from dli.diagnosis.selection import Floats, beside, nodes_at, of_units, scored_row, stacked
from dli.errors import MethodError
from dli.framework import Index, Indicator
from dli.framework.index import Node
from dli.normalisation.fitted import OnRows

__all__ = ["strengths", "weaknesses"]

_WORDS = ("frontier", "target", "own")


def weaknesses(
    assessment: Assessment,
    unit: object,
    *,
    against: str | Iterable[object] = "frontier",
    level: int | None = None,
    period: object = None,
) -> Any:
    """Tell where a unit is behind, ordered by what closing the gap would add to the index.

    Parameters
    ----------
    assessment : Assessment
    unit : object
    against : {"frontier", "target", "own"} or sequence of units
        What the unit is measured by, at each node: the best score of its period; the indicator's
        target, or where it has none the better of its goalposts, on the normalised scale (read
        after treatment, as the normalisation reads goalposts); the mean of the unit's own scores
        in the table; or the median of some units, such as `peers`.
    level : int, optional
        The nodes at this level, 1 for the sub-indices; the indicators by default.
    period : object, optional
        Where there are several; units are compared within it.

    Returns
    -------
    frame
        A row for each node: ``code, name, score, reference``; ``gap``, reference less score,
        in points of the node, above 0 where the unit is behind; ``points``, what the index score
        would gain if this gap alone were closed; ``rank`` among units. The most points come
        first. Nodes without a score or without a reference, such as a target, come last with the
        gap missing.

    Raises
    ------
    UnknownCodeError
        No such unit, period or units to compare with.
    DataError
        The unit has no index score.
    MethodError
        No such level, another word, or no node with a target.

    Notes
    -----
    The points are found by scoring the unit anew, with weights held as they are; for arithmetic
    means they are the gap times the effective weight. They do not add up over nodes where other
    means are used.

    References
    ----------
    OECD and JRC (2008), Handbook on Constructing Composite Indicators, step 7.
    https://doi.org/10.1787/9789264043466-en

    Examples
    --------
    >>> from dli import Index, Indicator, frames
    >>> index = Index("T", [Indicator("a", weight=3), Indicator("b")])
    >>> data = {"unit": ["X", "Y", "Z"], "a": [1, 3, 2], "b": [0.0, 5.0, 9.0]}
    >>> table = frames.read(weaknesses(Assessment(index, data), "Z"))
    >>> table.column("code"), table.column("gap"), table.column("points")
    (['a', 'b'], [50.0, 0.0], [37.5, 0.0])
    """
    return _compared(assessment, unit, against, level, period, first=-1)


def strengths(
    assessment: Assessment,
    unit: object,
    *,
    against: str | Iterable[object] = "own",
    level: int | None = None,
    period: object = None,
) -> Any:
    """Tell where a unit is ahead, ordered by what the lead brings to the index.

    Parameters
    ----------
    assessment, unit, against, level, period
        As of `weaknesses`; measured by the mean of the unit's own scores by default.

    Returns
    -------
    frame
        As of `weaknesses`, the other way round: gaps below 0 are leads, and the lead that brings
        most points (below 0 as well) comes first.

    Raises
    ------
    UnknownCodeError, DataError, MethodError
        As of `weaknesses`.

    Examples
    --------
    >>> from dli import Index, Indicator, frames
    >>> index = Index("T", [Indicator("a", weight=3), Indicator("b")])
    >>> data = {"unit": ["X", "Y", "Z"], "a": [1, 3, 2], "b": [0.0, 5.0, 9.0]}
    >>> table = frames.read(strengths(Assessment(index, data), "Z"))
    >>> table.column("code"), table.column("gap"), table.column("points")
    (['b', 'a'], [-25.0, 25.0], [-6.25, 18.75])
    """
    return _compared(assessment, unit, against, level, period, first=1)


def _compared(
    assessment: Assessment,
    unit: object,
    against: str | Iterable[object],
    level: int | None,
    period: object,
    *,
    first: int,
) -> Any:
    index = assessment.index
    nodes = nodes_at(index, level, index)
    row = scored_row(assessment, unit, period, index.code)
    scores = np.array([assessment.array(node.code)[row] for node in nodes])
    reference = _reference(assessment, row, nodes, against)
    gaps = reference - scores
    reached = [
        _score_with(assessment, row, node, float(goal)) if not np.isnan(gap) else np.nan
        for node, goal, gap in zip(nodes, reference, gaps, strict=True)
    ]
    points = np.array(reached) - assessment.array(index.code)[row]
    order = np.lexsort((first * gaps, first * points)).tolist()  # what is missing goes last
    columns = {
        "code": [nodes[j].code for j in order],
        "name": [nodes[j].name for j in order],
        "score": scores[order],
        "reference": reference[order],
        "gap": gaps[order],
        "points": points[order],
        "rank": np.array([assessment.rank_array(nodes[j].code)[row] for j in order]),
    }
    return frames.build(columns, assessment.observations.table.library, integers=["rank"])


def _reference(
    assessment: Assessment, row: int, nodes: Sequence[Node], against: str | Iterable[object]
) -> Floats:
    """Give what each node is measured by, NaN where there is nothing."""
    rows = beside(assessment, row)
    values = stacked(assessment, nodes)
    if isinstance(against, str):
        if against not in _WORDS:
            words = ", ".join(map(repr, _WORDS))
            msg = f"against must be one of {words}, or a sequence of units, got {against!r}"
            raise MethodError(msg)
        if against == "target":
            return _targets(assessment, row, nodes)
        if against == "own":
            own = values[row][~np.isnan(values[row])]
            return np.full(len(nodes), own.mean() if own.size else np.nan)
        return np.asarray(np.fmax.reduce(values[rows]))
    others = values[of_units(assessment, against, rows)]
    there = ~np.isnan(others).all(axis=0)
    result = np.full(len(nodes), np.nan)
    result[there] = np.nanmedian(others[:, there], axis=0)
    return result


def _targets(assessment: Assessment, row: int, nodes: Sequence[Node]) -> Floats:
    """Give the targets, or the best goalposts, as the normalisation sees them."""
    index = assessment.index
    raw = np.array([_goal(indicator) for indicator in index.indicators])
    normalised = _normalised(assessment, row, raw).tolist()
    result = {i.code: goal for i, goal in zip(index.indicators, normalised, strict=True)}
    found = np.array([result.get(node.code, np.nan) for node in nodes])
    if np.isnan(found).all():
        codes = ", ".join(repr(node.code) for node in nodes[:5])
        msg = (
            "against='target' needs indicators with a target or goalposts; none has one among "
            f"{codes}{' ...' if len(nodes) > 5 else ''}"
        )
        raise MethodError(msg)
    return found


def _goal(indicator: Indicator) -> float:
    if indicator.target is not None:
        return indicator.target
    return np.nan if indicator.goalposts is None else indicator.goalposts[1]


def _normalised(assessment: Assessment, row: int, raw: Floats) -> Floats:
    """Put values of indicators on the scale that the assessment's own normalisation has."""
    indicators = np.array(assessment.index.indicators, dtype=object)
    result = np.full(raw.shape, np.nan)
    treated = assessment.stage_array("treated")
    for choice, columns in assessment.method.for_indicators("normalisation", assessment.index):
        values, own, goal = treated[:, columns], indicators[columns].tolist(), raw[columns]
        scale = choice
        if hasattr(choice, "for_rows"):
            scale = choice.for_rows(assessment.units, assessment.periods)
        if isinstance(scale, OnRows):
            scale, values = scale.normalisation, values[list(scale.rows)]
        if hasattr(scale, "fit"):
            result[columns] = scale.fit(values, own).normalise(goal[np.newaxis], own)[0]
        else:
            # Ranks and the like have no scale apart from the units: the unit takes the value.
            moved = values.copy()
            moved[row] = goal
            result[columns] = scale.normalise(moved, own)[row]
    return result


def _score_with(assessment: Assessment, row: int, node: Node, score: float) -> float:
    """Give the index score of a row if one node had another score, weights held."""
    moved = assessment.array(node.code).copy()
    moved[row] = score
    code = node.code
    for parent in assessment.index.path(node.code):
        moved = _joined_with(assessment, parent, code, moved)
        code = parent.code
    return float(moved[row])


def _joined_with(assessment: Assessment, parent: Index, code: str, moved: Floats) -> Floats:
    values = stacked(assessment, parent.children)
    values[:, [child.code for child in parent.children].index(code)] = moved
    missing = np.isnan(values)
    # What had a score keeps one: no value has gone.
    enough = ~np.isnan(assessment.array(parent.code)) if missing.any() else None
    weights = assessment.weight_array(parent.code)
    return joined(held_aggregation(assessment, parent), values, weights, parent, enough)
