"""Ranks of units that follow from their partial order alone, without weights."""

from typing import Any

import numpy as np

from dli.arrays import Bools, Floats
from dli.assessment import Assessment
from dli.checks import seed_of
from dli.frames import Frame
from dli.framework.select import Nodes
from dli.robustness import arrays
from dli.robustness.arrays.extensions import MAX_IDEALS, N_SAMPLES
from dli.robustness.compared import by_nodes

__all__ = ["average_ranks", "mutual_ranking_probabilities"]

_ANSWER = "the order assumes weights that both units share"


def average_ranks(  # noqa: PLR0913 each is a decision of its own
    assessment: Assessment,
    node: str | None = None,
    *,
    nodes: Nodes = None,
    period: object = None,
    n_samples: int = N_SAMPLES,
    max_ideals: int = MAX_IDEALS,
    rng: object = None,
) -> Frame:
    """Return the average rank of each unit over all rankings that agree with `dominance`.

    Parameters
    ----------
    assessment : Assessment
        The assessment, with the nominal weights.
    node, nodes
        As in `dominance`: units are compared by the indicators below ``node`` by default. With
        fewer nodes, for example ``nodes=1``, more pairs of units are comparable.
    period : object, optional
        The only period to return ranks for; by default, each period is ranked separately.
    n_samples, max_ideals, rng
        As in `dli.robustness.arrays.average_ranks`, which explains the method.

    Returns
    -------
    frame
        A row for each unit (and period): the ``score`` and ``rank`` in the assessment; the
        ``average_rank`` and its standard ``error``, which is 0 if the average is exact; ``best``
        and ``worst``, the first and last rank that agree with the order, which are always exact;
        and ``exact``, whether the average was computed by counting rather than sampling. Values are
        missing for units without a score.

    Raises
    ------
    UnknownCodeError
        A node or period is unknown.
    MethodError
        As for `dominance`, or the order can be neither counted nor sampled in reasonable time.

    Warns
    -----
    DLIWarning
        As for `dominance`.

    Notes
    -----
    Rankings that agree with the order do not have ties: if units tie in the assessment, only one of
    them can have the rank that they share there.

    References
    ----------
    Bruggemann and Patil (2011), Ranking and Prioritization for Multi-indicator Systems.
    https://doi.org/10.1007/978-1-4419-8477-7

    Examples
    --------
    >>> from dli import Index, Indicator, frames
    >>> index = Index("T", [Indicator("a"), Indicator("b")])
    >>> assessment = Assessment(index, {"unit": ["X", "Y", "Z"], "a": [3, 2, 0], "b": [4, 1, 9]})
    >>> table = frames.read(average_ranks(assessment))
    >>> [round(rank, 3) for rank in table.column("average_rank")]
    [1.333, 2.667, 2.0]
    >>> table.column("best"), table.column("worst")
    ([1, 2, 1], [2, 3, 3])
    """
    by = by_nodes(assessment, node, nodes)
    by.warn_of_own_weights(_ANSWER)
    seed = seed_of(rng)
    groups = list(assessment.rows_by_period.values())
    if period is not None:
        groups = [assessment.rows(period)]
    scores, ranks = assessment.array(by.top), assessment.rank_array(by.top)
    average, errors, best, worst = np.full((4, len(scores)), np.nan)
    exact = np.zeros(len(scores), dtype=np.bool_)
    for rows in groups:
        scored = ~np.isnan(scores[rows])
        if scored.any():
            result = arrays.average_ranks(
                by.of(rows).dominates[np.ix_(scored, scored)],
                n_samples=n_samples,
                max_ideals=max_ideals,
                rng=seed,
            )
            ranked = rows[scored]
            average[ranked], errors[ranked] = result.average, result.errors
            best[ranked], worst[ranked] = result.best, result.worst
            exact[ranked] = result.exact
    rows = np.sort(np.concatenate(groups))
    columns: dict[str, Any] = {"score": scores, "rank": ranks, "average_rank": average}
    columns |= {"error": errors, "best": best, "worst": worst, "exact": exact}
    shown = {name: column[rows] for name, column in columns.items()}
    shown["exact"] = shown["exact"].tolist()
    return assessment.frame(shown, rows=rows, integers=("rank", "best", "worst"))


def mutual_ranking_probabilities(  # noqa: PLR0913 each is a decision of its own
    assessment: Assessment,
    node: str | None = None,
    *,
    nodes: Nodes = None,
    period: object = None,
    n_samples: int = N_SAMPLES,
    max_ideals: int = MAX_IDEALS,
    rng: object = None,
) -> Floats:
    """Return the share of rankings in which each unit is above each other unit.

    Only rankings that agree with `dominance` count.

    Parameters
    ----------
    assessment : Assessment
        The assessment, with the nominal weights.
    node, nodes
        As in `average_ranks`.
    period : object, optional
        The period to rank units in. Required if the data have several periods.
    n_samples, max_ideals, rng
        As in `average_ranks`.

    Returns
    -------
    ndarray of shape (n_units, n_units)
        The share of rankings in which the unit in the row is above the unit in the column, in the
        order of ``assessment.rows(period)``. It is 1 if the unit in the row dominates the other,
        and NaN for units without a score. For sampled shares,
        `dli.robustness.arrays.mutual_ranking_probabilities` also returns standard errors.

    Raises
    ------
    UnknownCodeError
        A node or period is unknown.
    MethodError
        As for `average_ranks`, or ``period`` is missing although the data have several.

    Warns
    -----
    DLIWarning
        As for `dominance`.

    Examples
    --------
    >>> from dli import Index, Indicator
    >>> index = Index("T", [Indicator("a"), Indicator("b")])
    >>> assessment = Assessment(index, {"unit": ["X", "Y", "Z"], "a": [3, 2, 0], "b": [4, 1, 9]})
    >>> mutual_ranking_probabilities(assessment).round(3).tolist()
    [[0.0, 1.0, 0.667], [0.0, 0.0, 0.333], [0.333, 0.667, 0.0]]
    """
    by = by_nodes(assessment, node, nodes)
    by.warn_of_own_weights(_ANSWER)
    rows = assessment.rows(period)
    scored = np.flatnonzero(~np.isnan(assessment.array(by.top)[rows]))
    probabilities = np.full((len(rows), len(rows)), np.nan)
    if scored.size:
        within = np.ix_(scored, scored)
        dominates: Bools = by.of(rows).dominates[within]
        mutual = arrays.mutual_ranking_probabilities(
            dominates, n_samples=n_samples, max_ideals=max_ideals, rng=rng
        )
        probabilities[within] = mutual.probabilities
    return probabilities
