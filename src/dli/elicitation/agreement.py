"""The agreement of assessors, and the combination of their ratings."""

import numpy as np
from numpy.typing import ArrayLike

from dli.arrays import Floats, as_floats
from dli.errors import MethodError
from dli.weighting.by_code import one_of

__all__ = ["LEVELS", "WAYS", "join_ratings", "krippendorff_alpha"]

LEVELS = ("nominal", "ordinal", "interval")
WAYS = ("median", "mean", "trimmed")


def krippendorff_alpha(ratings: ArrayLike, *, level: str = "ordinal") -> float:
    r"""Return Krippendorff's alpha, the agreement of assessors beyond chance.

    $\alpha = 1 - D_o / D_e$, where $D_o$ is the disagreement observed within items and $D_e$ is the
    disagreement expected if ratings were assigned at random. Each pair of the m ratings of an item
    has the weight $1 / (m - 1)$. The difference of two ratings is 0 or 1 (nominal), the square of
    the number of ratings between them (ordinal), or the square of their distance (interval).

    Parameters
    ----------
    ratings : array_like of shape (n_assessors, n_items)
        The ratings of each assessor. NaN marks a missing rating; items with fewer than two ratings
        are left out.
    level : {"nominal", "ordinal", "interval"}
        The level of measurement of the ratings, which determines how differences are counted.

    Returns
    -------
    float
        Alpha: 1 for full agreement, 0 for agreement by chance, and negative for less agreement than
        by chance. Values above 0.8 are customarily required; values above 0.667 allow tentative
        conclusions.

    Raises
    ------
    MethodError
        The level is unknown, ratings are infinite or not numbers, no item has two ratings, or all
        ratings are the same, in which case alpha is not defined.

    References
    ----------
    Krippendorff (2011), Computing Krippendorff's alpha-reliability.
    https://repository.upenn.edu/asc_papers/43

    Examples
    --------
    >>> round(krippendorff_alpha([[1, 2, 3, 3], [1, 2, 3, 4]], level="interval"), 3)
    0.889
    """
    one_of("level", level, LEVELS)
    x = _rating_table(ratings)
    x = x[:, (~np.isnan(x)).sum(axis=0) > 1]
    if x.shape[1] == 0:
        msg = "alpha requires at least one item that two assessors have rated"
        raise MethodError(msg)
    values = np.unique(x[~np.isnan(x)])
    counts = (x[:, :, np.newaxis] == values).sum(axis=0).astype(np.float64)  # (n_items, n_values)
    n_ratings = counts.sum(axis=1)
    pairs = counts / (n_ratings - 1)[:, np.newaxis]
    coincidences = counts.T @ pairs - np.diag(pairs.sum(axis=0))
    totals = coincidences.sum(axis=0)
    distances = _distances(values, totals, level)
    expected = (np.outer(totals, totals) - np.diag(totals)) / (totals.sum() - 1)
    chance = float((expected * distances).sum())
    if not chance > 0:
        msg = f"alpha requires ratings that differ, but all are {values[0]:g}"
        raise MethodError(msg)
    return 1 - float((coincidences * distances).sum()) / chance


def _rating_table(ratings: ArrayLike) -> Floats:
    """Return ratings as an array of shape (n_assessors, n_items), or raise an error."""
    table = as_floats(ratings, "ratings")
    if table.ndim != 2 or 0 in table.shape:
        msg = f"ratings must have the shape (n_assessors, n_items), got {table.shape}"
        raise MethodError(msg)
    wrong = np.argwhere(np.isinf(table)).tolist()
    if wrong:
        msg = "ratings must be finite"
        raise MethodError(msg, [f"row {i}, column {j}: {table[i, j]}" for i, j in wrong])
    return table


def _distances(values: Floats, totals: Floats, level: str) -> Floats:
    """Return the squared differences of all pairs of values."""
    if level == "nominal":
        return 1.0 - np.eye(values.size)
    if level == "interval":
        return np.asarray((values[:, np.newaxis] - values) ** 2)
    # The number of ratings up to a value, counting half of those equal to it.
    places = np.cumsum(totals) - totals / 2
    return np.asarray((places[:, np.newaxis] - places) ** 2)


def join_ratings(
    ratings: ArrayLike, *, by: str = "median", weights: ArrayLike | None = None
) -> Floats:
    """Return the combined rating of each item from the ratings of several assessors.

    Parameters
    ----------
    ratings : array_like of shape (n_assessors, n_items)
        The ratings of each assessor. NaN marks a missing rating.
    by : {"median", "mean", "trimmed"}
        The combined rating: the median; the mean; or the mean without the highest and the lowest
        rating, for items that have four ratings or more.
    weights : array_like of shape (n_assessors,), optional
        The weight of each assessor in the mean or median; by default all are equal. The weighted
        median is the smallest rating at which half of the weight is reached, or the middle of two
        ratings if half is reached exactly.

    Returns
    -------
    ndarray of shape (n_items,)
        The combined ratings, NaN for items that nobody rated.

    Raises
    ------
    MethodError
        ``by`` is unknown, ratings are infinite or not numbers, or weights are negative, all zero or
        passed for a trimmed mean.

    Examples
    --------
    >>> join_ratings([[1, 5], [2, 4], [5, np.nan]]).tolist()
    [2.0, 4.5]
    >>> join_ratings([[1.0], [2.0], [5.0]], by="mean", weights=[1, 1, 2]).tolist()
    [3.25]
    """
    x = _rating_table(ratings)
    one_of("by", by, WAYS)
    w = np.ones(len(x)) if weights is None else as_floats(weights, "weights")
    if w.shape != (len(x),) or not (w >= 0).all() or not 0 < w.sum() < np.inf:
        msg = f"weights must be {len(x)} numbers of at least 0, not all 0, got {weights!r}"
        raise MethodError(msg)
    if by == "trimmed" and weights is not None:
        msg = "weights cannot be used with by='trimmed'; use by='mean' or by='median'"
        raise MethodError(msg)
    join = {"median": _median, "mean": _mean, "trimmed": _trimmed}[by]
    joined = np.full(x.shape[1], np.nan)
    for item, column in enumerate(x.T):
        counted = ~np.isnan(column) & (w > 0)
        if counted.any():
            joined[item] = join(column[counted], w[counted])
    return joined


def _mean(ratings: Floats, weights: Floats) -> float:
    return float(ratings @ weights / weights.sum())


def _median(ratings: Floats, weights: Floats) -> float:
    order = np.argsort(ratings, kind="stable")
    share = np.cumsum(weights[order]) / weights.sum()
    first = int(np.searchsorted(share, 0.5 - 1e-12))
    if abs(share[first] - 0.5) < 1e-12 and first + 1 < ratings.size:
        return float(ratings[order[first : first + 2]].mean())
    return float(ratings[order[first]])


def _trimmed(ratings: Floats, _: Floats) -> float:
    return float((np.sort(ratings)[1:-1] if ratings.size >= 4 else ratings).mean())
