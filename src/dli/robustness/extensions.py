"""Ranks of units that follow from their partial order alone, without any weights."""

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

_ANSWER = "the order is that of weights which both units share"


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
        With the nominal weights.
    node, nodes
        As in `dominance`: units are compared by the indicators below ``node`` by default. By fewer
        nodes, such as ``nodes=1``, more units are comparable.
    period : object, optional
        That one alone; each period by itself by default.
    n_samples, max_ideals, rng
        As in `dli.robustness.arrays.average_ranks`, which explains the method.

    Returns
    -------
    frame
        A row for each unit (and period): ``score`` and ``rank`` of the assessment,
        ``average_rank``, ``error``, its standard error, 0 if it is exact, ``best`` and ``worst``,
        the ends of the ranks that agree with the order, always exact, and ``exact``, whether the
        average was counted rather than sampled. Missing where the unit has no score.

    Raises
    ------
    UnknownCodeError
        No such node or period.
    MethodError
        As `dominance`, or an order that can be neither counted nor sampled in time.

    Warns
    -----
    DLIWarning
        As `dominance`.

    Notes
    -----
    Ranks that agree with the order have no ties; of units that tie, only one can have the rank
    that they share.

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
            found = arrays.average_ranks(
                by.of(rows).dominates[np.ix_(scored, scored)],
                n_samples=n_samples,
                max_ideals=max_ideals,
                rng=seed,
            )
            own = rows[scored]
            average[own], errors[own], exact[own] = found.average, found.errors, found.exact
            best[own], worst[own] = found.best, found.worst
    rows = np.sort(np.concatenate(groups))
    columns: dict[str, Any] = {"score": scores, "rank": ranks, "average_rank": average}
    columns |= {"error": errors, "best": best, "worst": worst, "exact": exact}
    shown = {name: own[rows] for name, own in columns.items()}
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
    """Return the share of rankings that agree with `dominance` in which a unit is above another.

    Parameters
    ----------
    assessment : Assessment
        With the nominal weights.
    node, nodes
        As in `average_ranks`.
    period : object, optional
        Must be given if there are several.
    n_samples, max_ideals, rng
        As in `average_ranks`.

    Returns
    -------
    ndarray of shape (n_units, n_units)
        Row above column, in the order of ``assessment.rows(period)``; 1 for a unit that dominates
        another. NaN for units without a score. Where shares are sampled,
        `dli.robustness.arrays.mutual_ranking_probabilities` also returns their standard errors.

    Raises
    ------
    UnknownCodeError
        No such node or period.
    MethodError
        As `average_ranks`, or no period where there are several.

    Warns
    -----
    DLIWarning
        As `dominance`.

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
    result = np.full((len(rows), len(rows)), np.nan)
    if scored.size:
        within = np.ix_(scored, scored)
        dominates: Bools = by.of(rows).dominates[within]
        found = arrays.mutual_ranking_probabilities(
            dominates, n_samples=n_samples, max_ideals=max_ideals, rng=rng
        )
        result[within] = found.probabilities
    return result
