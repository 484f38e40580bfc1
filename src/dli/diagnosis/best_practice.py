"""Who does better what a unit is weak at, and is like it otherwise."""

from collections.abc import Sequence
from typing import Any

import numpy as np

from dli import frames
from dli.assessment import Assessment
from dli.assessment.ranking import TOLERANCE
from dli.diagnosis.selection import beside, nodes_at, scored_row, stacked, unit_columns
from dli.diagnosis.similarity import check_count, distances
from dli.errors import MethodError
from dli.framework.checks import is_number
from dli.framework.index import Node

__all__ = ["exemplars"]


def exemplars(  # noqa: PLR0913 each is a choice of its own
    assessment: Assessment,
    unit: object,
    node: str,
    *,
    by: str | Sequence[str] | None = None,
    k: int | None = 5,
    margin: float = 0.0,
    resembling: bool = False,
    period: object = None,
) -> Any:
    """Find units that score above a unit at a node and are like it.

    Parameters
    ----------
    assessment : Assessment
    unit : object
    node : str
        What is to be learnt.
    by : str or sequence of str, optional
        Context columns by which units are alike, as of `peers`. By default the profile counts,
        over the indicators that are not below the node; over all of them for the index.
    k : int, optional
        How many at most; None for all.
    margin : float
        The least lead at the node, in points.
    resembling : bool
        Only units that score alike elsewhere, so that the lesson transfers: the mean of the other
        nodes at the node's level, of those that both have, differs by one standard deviation (of
        all units' such means) at most.
    period : object, optional
        Where there are several; units are compared within it.

    Returns
    -------
    frame
        A row for each exemplar, the nearest first, then the one with the greater lead: the unit
        (and period), ``name`` if there is one, ``distance``, ``compared`` (the number of variables
        that both have), ``score``, ``rank`` and ``lead`` at the node. Without rows if nobody is
        ahead.

    Raises
    ------
    UnknownCodeError
        No such unit, period, node or context column.
    DataError
        The unit has no score at the node, or a value in none of the columns.
    MethodError
        A margin below 0; or ``resembling`` at a level with one node.

    Examples
    --------
    >>> from dli import Index, Indicator, frames
    >>> data = {"unit": ["X", "Y", "Z"], "a": [1, 3, 2], "people": [5.0, 9.0, 6.0]}
    >>> assessment = Assessment(Index("T", [Indicator("a")]), data)
    >>> found = frames.read(exemplars(assessment, "X", "a", by="people"))
    >>> found.column("unit"), found.column("lead")
    (['Z', 'Y'], [50.0, 100.0])
    """
    check_count(k)
    if not (is_number(margin) and margin >= 0):
        msg = f"margin must be a number of points from 0 up, got {margin!r}"
        raise MethodError(msg)
    top = assessment.index.find(node)
    row = scored_row(assessment, unit, period, node)
    far, compared = distances(assessment, row, by, _elsewhere(assessment, top))
    scores = assessment.array(node)
    lead = scores - scores[row]
    # Scores that tie by the rule of ranks are no lead.
    least = max(margin, TOLERANCE * float(np.nanmax(np.abs(scores))))
    fits = (lead > least) | ((lead >= margin) & (margin > 0))
    if resembling:
        fits &= _resembles(assessment, row, top)
    found = [other for other in beside(assessment, row) if fits[other] and not np.isnan(far[other])]
    found.sort(key=lambda other: (far[other], -lead[other], str(assessment.units[other])))
    found = found[:k]
    columns = {
        **unit_columns(assessment, found),
        "distance": far[found],
        "compared": compared[found],
        "score": scores[found],
        "rank": assessment.rank_array(node)[found],
        "lead": lead[found],
    }
    return frames.build(columns, assessment.observations.table.library, integers=["rank"])


def _elsewhere(assessment: Assessment, top: Node) -> list[int] | None:
    """Give the places of the indicators that are not below a node, None if there are none."""
    below = {indicator.code for indicator in nodes_at(top, None, assessment.index)}
    indicators = assessment.index.indicators
    return [j for j, i in enumerate(indicators) if i.code not in below] or None


def _resembles(assessment: Assessment, row: int, top: Node) -> Any:
    """Tell which rows score like a row at the other nodes of a node's level."""
    index = assessment.index
    others = [n for n in nodes_at(index, index.level(top.code), index) if n.code != top.code]
    if not others:
        msg = (
            f"resembling asks how units score elsewhere, but {top.code!r} is the only node at its "
            "level"
        )
        raise MethodError(msg)
    values = stacked(assessment, others)
    gaps = values - values[row]
    means, differences = _means(values), _means(gaps)
    spread = np.nanstd(means[beside(assessment, row)])
    return np.abs(differences) <= spread


def _means(values: Any) -> Any:
    count = (~np.isnan(values)).sum(axis=1)
    return np.nansum(values, axis=1) / np.where(count > 0, count, np.nan)
