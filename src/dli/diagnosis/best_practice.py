"""Units to learn from: they score higher at a node and are otherwise similar."""

from collections.abc import Sequence

import numpy as np

from dli.arrays import Bools, is_above
from dli.assessment import Assessment
from dli.checks import flag_faults, instance, number, refuse
from dli.diagnosis.basis import LEAST_SHARE, basis_notes, join_notes, names_in_notes
from dli.diagnosis.means import row_means
from dli.diagnosis.similarity import check_count, likeness, profile_order
from dli.errors import MethodError
from dli.frames import Frame
from dli.framework.select import select
from dli.ranking import rank_scores

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
    shared: float = LEAST_SHARE,
    period: object = None,
    named: bool = False,
) -> Frame:
    """Return the units that score above a unit at a node and are otherwise similar to it.

    Parameters
    ----------
    assessment : Assessment
        The assessment of the unit and of the units that it is compared with.
    unit : object
        The unit, as the data name it.
    node : str
        The code of the node at which the unit wants to improve.
    by : str or sequence of str, optional
        The context columns that define similarity, as for `peers`. By default, units are compared
        by their profile over the indicators that are not below the node, or over all indicators if
        the node is the index.
    k : int, optional
        The maximum number of exemplars; None for all.
    margin : float
        The smallest lead at the node, in points. A lead within the tolerance of ties never counts.
    resembling : bool
        Whether to require similar scores at the other nodes of the same level, so that the lesson
        is more likely to transfer. The mean over these nodes, of those at which both units have a
        score, may differ by at most one standard deviation of all units' means. Nodes whose scores
        are normalised are compared as they enter their parent.
    shared : float
        The minimum share of the variables that both units must have, as for `peers`.
    period : object, optional
        The period within which units are compared. Required if there are several periods.
    named : bool
        Whether notes use the names of nodes, as reports do, instead of their codes.

    Returns
    -------
    frame
        One row for each exemplar, the nearest first; ties in distance are ordered by lead, largest
        first, and ties in lead by the similarity of profiles. Columns: the unit (and period),
        ``name`` if the data contain it, ``distance``, ``compared`` (the number of variables that
        both units have), ``score``, ``rank`` and ``lead`` at the node, and ``note``, which lists
        the variables that are not compared and marks a score at the node that is imputed or based
        on less than two thirds of its indicators. Every lead is above 0. The frame has no rows if
        no unit is ahead. Units without a score at the node, or with too few variables in common,
        are left out.

    Raises
    ------
    UnknownCodeError
        The unit, period, node or a context column does not exist.
    DataError
        The unit has no score at the node, or no value in any of the context columns.
    MethodError
        ``k`` is not a whole number of at least 1, ``margin`` is not a number of at least 0,
        ``shared`` is not a number from 0 to 1, ``resembling`` is used at a level with a single
        node, a period is named although the data have none, or no period is named although the
        data have several.

    Warns
    -----
    DLIWarning
        No unit has the required share of variables in common with the unit.

    Examples
    --------
    >>> from dli import Index, Indicator, frames
    >>> data = {"unit": ["X", "Y", "Z"], "a": [1, 3, 2], "people": [5.0, 9.0, 6.0]}
    >>> assessment = Assessment(Index("T", [Indicator("a")]), data)
    >>> table = frames.read(exemplars(assessment, "X", "a", by="people"))
    >>> table.column("unit"), table.column("lead")
    (['Z', 'Y'], [50.0, 100.0])
    """
    instance("assessment", assessment, Assessment)
    check_count(k)
    refuse("exemplars", flag_faults(resembling=resembling, named=named))
    margin = number("margin", margin, least=0)
    shared = number("shared", shared, least=0, most=1)
    row = assessment.scored_row(unit, node, period=period)
    rows = assessment.rows_beside(row)
    similarity = likeness(assessment, row, by, _elsewhere(assessment, node))
    candidates, is_little = similarity.candidates(row, shared)
    scores = assessment.array(node)
    lead = scores - scores[row]
    scale = np.nanmax(np.abs(scores[rows]))
    qualifies = is_above(scores, scores[row], scale) & ~is_above(np.array(margin), lead, scale)
    qualifies &= candidates
    if resembling:
        qualifies &= _resembles(assessment, row, node)
    distance = similarity.distance
    nearness, leading = rank_scores(-distance), rank_scores(lead)
    profile = profile_order(assessment, row)
    chosen = sorted(
        rows[qualifies[rows]].tolist(),
        key=lambda other: (
            nearness[other],
            leading[other],
            *profile[other],
            str(assessment.units[other]),
        ),
    )[:k]
    if is_little and chosen:
        similarity.warn_of(unit, chosen, shared)
    columns = {
        "distance": distance[chosen],
        "compared": similarity.compared[chosen],
        "score": scores[chosen],
        "rank": assessment.rank_array(node)[chosen],
        "lead": lead[chosen],
        "note": join_notes(
            similarity.notes(chosen, names_in_notes(assessment, named=named)),
            basis_notes(assessment, chosen, node),
        ),
    }
    return assessment.frame(columns, rows=chosen, integers=["rank"], names=True)


def _elsewhere(assessment: Assessment, node: str) -> list[str]:
    """Return the codes of the indicators that are not below a node, or of all if none is left."""
    below = {indicator.code for indicator in select(assessment.index, below=node)}
    codes = [indicator.code for indicator in assessment.index.indicators]
    return [code for code in codes if code not in below] or codes


def _resembles(assessment: Assessment, row: int, node: str) -> Bools:
    """Return which units have scores similar to a row's at the other nodes of a node's level."""
    index = assessment.index
    others = [n.code for n in select(index, index.level(node)) if n.code != node]
    if not others:
        msg = (
            f"resembling=True compares units at the other nodes of the level, but {node!r} is the "
            "only node at its level"
        )
        raise MethodError(msg)
    # A mean over nodes requires one scale: the scale on which they enter their parents.
    values = assessment.arrays(others, normalised=True)
    means = row_means(values)[assessment.rows_beside(row)]
    difference = np.abs(row_means(values - values[row]))
    scale = np.fmax.reduce(np.abs(means))
    return ~np.isnan(difference) & ~is_above(difference, np.asarray(np.nanstd(means)), scale)
