"""Places in the order of scores."""

import math
from collections.abc import Sequence
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import ArrayLike, NDArray

__all__ = ["rank_scores", "rank_within"]

Floats: TypeAlias = NDArray[np.float64]

# Scores that differ by less, relative to their scale, are ties: rounding must not decide a rank.
TOLERANCE = 1e-12


def rank_scores(scores: ArrayLike) -> Floats:
    """Rank scores: 1 is the highest, ties share the smaller rank.

    Neighbours in the order whose scores differ by at most 1e-12 of the largest absolute score
    are ties.

    Parameters
    ----------
    scores : array_like of shape (..., n_units)
        NaN marks a missing score.

    Returns
    -------
    ndarray of shape (..., n_units)
        Whole numbers, NaN where the score is missing.

    Examples
    --------
    >>> rank_scores([0.3, 0.9, 0.1 + 0.2, float("nan"), 0.1]).tolist()
    [2.0, 1.0, 2.0, nan, 4.0]
    """
    given = np.asarray(scores, dtype=np.float64)
    n_units = given.shape[-1]
    values = given.reshape(math.prod(given.shape[:-1]), n_units)
    order = np.argsort(-values, axis=-1)  # NaN goes last
    rows = np.arange(len(values))[:, np.newaxis]
    falling = values[rows, order]
    scale = np.fmax.reduce(np.abs(values), axis=-1, initial=0.0, keepdims=True)
    places = np.arange(1.0, n_units + 1)
    sorted_ranks = np.ones(values.shape)
    # A difference with NaN is NaN, and no step.
    steps = falling[:, :-1] - falling[:, 1:] > TOLERANCE * scale
    np.multiply(steps, places[1:], out=sorted_ranks[:, 1:])
    np.maximum.accumulate(sorted_ranks, axis=-1, out=sorted_ranks)
    sorted_ranks[np.isnan(falling)] = np.nan
    ranks = np.empty(values.shape)
    ranks[rows, order] = sorted_ranks
    return ranks.reshape(given.shape)


def rank_within(scores: Floats, groups: Sequence[Any]) -> Floats:
    """Rank scores of shape (n_nodes, n_units) among the units of each group."""
    ranks = np.empty(scores.shape)
    of_group: dict[Any, list[int]] = {}
    for row, group in enumerate(groups):
        of_group.setdefault(group, []).append(row)
    for rows in of_group.values():
        ranks[:, rows] = rank_scores(scores[:, rows])
    return ranks
