"""Gaps and leads of a unit, and their effect on its score."""

from collections.abc import Iterable, Sequence

import numpy as np

from dli.arrays import Bools, Floats, is_above
from dli.assessment import Assessment
from dli.checks import instance
from dli.diagnosis.basis import basis_notes
from dli.diagnosis.means import row_means
from dli.errors import MethodError
from dli.frames import Frame
from dli.framework import Indicator
from dli.framework.index import Node
from dli.framework.select import Nodes, select
from dli.normalisation.protocol import goal_scores
from dli.ranking import rank_scores
from dli.scoring.entering import entry_code

__all__ = ["strengths", "weaknesses"]

_REFERENCES = ("frontier", "target", "own")


def weaknesses(
    assessment: Assessment,
    unit: object,
    *,
    against: str | Iterable[object] = "frontier",
    nodes: Nodes = None,
    period: object = None,
) -> Frame:
    """Return the nodes at which a unit is behind, ordered by what closing each gap would add.

    Parameters
    ----------
    assessment : Assessment
        The assessment of the unit and of the units that it is compared with.
    unit : object
        The unit, as the data name it.
    against : {"frontier", "target", "own"} or sequence of units
        The reference at each node:

        - ``"frontier"``: the best score of the period. Where no other unit of the period has a
          score, this is the best end of the scale of the normalisation, or the best score of all
          periods if the normalisation has no such end.
        - ``"target"``: the indicator's target, or the better of its goalposts if it has no target,
          on the normalised scale (after treatment, as the normalisation reads goalposts).
        - ``"own"``: the mean of the unit's own scores at the nodes. Nodes whose scores are
          normalised are compared as they enter their parent, so that scales are not mixed.
        - a sequence of units, such as `peers`: the median of these units.
    nodes : int, str or sequence of str, optional
        The nodes to compare: a level of the tree (1 for the sub-indices), a code or several codes;
        the indicators by default.
    period : object, optional
        The period within which units are compared. Required if there are several periods.

    Returns
    -------
    frame
        One row for each node at which the unit is behind by more than a tie: ``code``, ``name``,
        ``score``, ``reference``; ``gap``, the reference minus the score, in points of the node;
        ``points``, what the index score would gain if this gap alone were closed; ``rank`` among
        units, missing where no other unit has a score; and ``note``, which says so and marks scores
        that are imputed or based on less than two thirds of the indicators below the node. Every
        gap is above 0. Rows are ordered by points, then by gap, largest first. The frame has no
        rows if the unit is not behind at any node. Nodes without a score or a reference are left
        out; `risks` lists missing data.

    Raises
    ------
    UnknownCodeError
        The unit, the period, a node or a unit to compare with does not exist.
    DataError
        The unit has no index score.
    MethodError
        The level does not exist, the reference is unknown, no node has a target, a period is named
        although the data have none, or no period is named although the data have several.

    Notes
    -----
    The points are found by computing the unit's score again with the node at its reference and all
    weights unchanged. For arithmetic means they equal the gap times the effective weight. With
    other means they do not add up over nodes. Weights of missing children are shared among the
    other children as in the assessment.

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
    (['a'], [50.0], [37.5])
    """
    return _compared(assessment, unit, against, nodes, period, "gap")


def strengths(
    assessment: Assessment,
    unit: object,
    *,
    against: str | Iterable[object] = "own",
    nodes: Nodes = None,
    period: object = None,
) -> Frame:
    """Return the nodes at which a unit is ahead, ordered by what each lead adds to the index.

    Parameters
    ----------
    assessment, unit, against, nodes, period
        As for `weaknesses`, except that the reference is the mean of the unit's own scores by
        default.

    Returns
    -------
    frame
        One row for each node at which the unit is ahead by more than a tie: ``code``, ``name``,
        ``score``, ``reference``; ``lead``, the score minus the reference, in points of the node;
        ``points``, what the index score would lose if the unit had the reference instead; ``rank``
        and ``note`` as in `weaknesses`. Every lead is above 0. Rows are ordered by points, largest
        first. The frame has no rows if the unit is not ahead at any node. Nodes without a score or
        a reference are left out.

    Raises
    ------
    UnknownCodeError, DataError, MethodError
        As for `weaknesses`.

    Examples
    --------
    >>> from dli import Index, Indicator, frames
    >>> index = Index("T", [Indicator("a", weight=3), Indicator("b")])
    >>> data = {"unit": ["X", "Y", "Z"], "a": [1, 3, 2], "b": [0.0, 5.0, 9.0]}
    >>> table = frames.read(strengths(Assessment(index, data), "Z"))
    >>> table.column("code"), table.column("lead"), table.column("points")
    (['b'], [25.0], [6.25])
    """
    return _compared(assessment, unit, against, nodes, period, "lead")


def _compared(
    assessment: Assessment,
    unit: object,
    against: str | Iterable[object],
    nodes: Nodes,
    period: object,
    measure: str,
) -> Frame:
    """Return the table of gaps or of leads."""
    instance("assessment", assessment, Assessment)
    index = assessment.index
    chosen = select(index, nodes)
    codes = [node.code for node in chosen]
    row = assessment.scored_row(unit, index.code, period=period)
    held_codes = _held_codes(assessment, codes, against)
    all_scores = assessment.arrays(codes)
    for place, held_code in enumerate(held_codes):
        if held_code != codes[place]:
            all_scores[:, place] = assessment.array(codes[place], normalised=True)
    values, scores = all_scores[assessment.rows_beside(row)], all_scores[row]
    is_alone = (~np.isnan(values)).sum(axis=0) == (~np.isnan(scores))
    reference = _reference(assessment, row, chosen, against, all_scores, is_alone)
    sign = 1 if measure == "gap" else -1
    scale = np.fmax(np.fmax.reduce(np.abs(values)), np.abs(reference))
    kept = np.flatnonzero(is_above(sign * reference, sign * scores, scale))
    reached = [_score_at(assessment, row, held_codes[j], reference[j]) for j in kept.tolist()]
    distance = sign * (reference - scores)[kept]
    points = sign * (np.array(reached) - assessment.array(index.code)[row])
    order = np.lexsort((-distance, rank_scores(points)))
    shown = kept[order].tolist()
    ranks = [np.nan if is_alone[j] else assessment.rank_array(codes[j])[row] for j in shown]
    columns = {
        "code": [codes[j] for j in shown],
        "name": [chosen[j].name for j in shown],
        "score": scores[shown],
        "reference": reference[shown],
        measure: distance[order],
        "points": points[order],
        "rank": np.array(ranks, dtype=np.float64),
        "note": [
            _note(assessment, row, codes[j], bool(is_alone[j]), against, float(reference[j]))
            for j in shown
        ],
    }
    return assessment.table(columns, integers=["rank"])


def _held_codes(
    assessment: Assessment, codes: Sequence[str], against: str | Iterable[object]
) -> list[str]:
    """Return the codes of the compared scores in the tree with unchanged weights.

    The mean of a unit's own scores requires one scale: the scale on which they enter their parents.
    """
    is_own = isinstance(against, str) and against == "own"
    normalised = {*assessment.node_normalisations} - {assessment.index.code} if is_own else set()
    return [entry_code(code) if code in normalised else code for code in codes]


def _score_at(assessment: Assessment, row: int, code: str, score: float) -> float:
    """Return the index score that a row would have with another score at one node."""
    held = assessment.held
    moved = held.scores[code].copy()
    moved[row] = score
    # All rows are computed, since the scores of other units can depend on this unit's.
    return float(held.moved({code: moved})[assessment.index.code][row])


def _note(
    assessment: Assessment,
    row: int,
    code: str,
    is_alone: bool,  # noqa: FBT001 private
    against: str | Iterable[object],
    reference: float,
) -> str:
    notes = basis_notes(assessment, [row], code)
    if is_alone:
        notes.append("no other unit has a score")
        if isinstance(against, str) and against == "frontier":
            notes[-1] += f": compared with the best end of the scale, {reference:g}"
    return "; ".join(filter(None, notes))


def _reference(
    assessment: Assessment,
    row: int,
    nodes: Sequence[Node],
    against: str | Iterable[object],
    scores: Floats,
    is_alone: Bools,
) -> Floats:
    """Return the reference for the score at each node, NaN where there is none."""
    rows = assessment.rows_beside(row)
    if not isinstance(against, str):
        values = scores[assessment.rows_of(against, rows)]
        is_known = ~np.isnan(values).all(axis=0)
        reference = np.full(len(nodes), np.nan)
        reference[is_known] = np.nanmedian(values[:, is_known], axis=0)
        return reference
    if against not in _REFERENCES:
        words = ", ".join(map(repr, _REFERENCES))
        msg = f"against must be one of {words}, or a sequence of units, got {against!r}"
        raise MethodError(msg)
    if against == "target":
        return _targets(assessment, row, nodes)
    if against == "own":
        return np.full(len(nodes), row_means(scores[[row]])[0])
    best = np.fmax.reduce(scores[rows])
    for place in np.flatnonzero(is_alone).tolist():
        # The unit has the only score, so that comparing it with the best would show no gap.
        best[place] = assessment.held.ends[nodes[place].code][1]
    return np.asarray(best)


def _targets(assessment: Assessment, row: int, nodes: Sequence[Node]) -> Floats:
    """Return the targets, or the best goalposts, on the normalised scale."""
    indicators = assessment.index.indicators
    goals = np.array([_goal(indicator) for indicator in indicators])
    treated = assessment.stage_array("treated")
    # An indicator without a goal keeps the unit's value.
    reached = np.where(np.isnan(goals), treated[row], goals)
    scores = np.full(goals.shape, np.nan)
    places = np.arange(len(indicators))
    for choice, columns in assessment.normalisations:
        group = [indicators[place] for place in places[columns].tolist()]
        scores[columns] = goal_scores(choice, treated[:, columns], group, reached[columns], row)
    scores[np.isnan(goals)] = np.nan
    by_code = dict(zip((indicator.code for indicator in indicators), scores.tolist(), strict=True))
    targets = np.array([by_code.get(node.code, np.nan) for node in nodes])
    if np.isnan(targets).all():
        codes = ", ".join(repr(node.code) for node in nodes[:5])
        msg = (
            "against='target' requires indicators with a target or goalposts; none of these has "
            "either: "
            f"{codes}{' ...' if len(nodes) > 5 else ''}"
        )
        raise MethodError(msg)
    return targets


def _goal(indicator: Indicator) -> float:
    if indicator.target is not None:
        return indicator.target
    return np.nan if indicator.goalposts is None else indicator.goalposts[1]
