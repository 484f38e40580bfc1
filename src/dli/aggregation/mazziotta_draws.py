"""Mazziotta-Pareto indices of many draws at once."""

import numpy as np

from dli.aggregation.planes import are_draws, as_planes, matrix_product
from dli.arrays import Bools, Floats
from dli.rescaling import is_constant, rescaling

__all__ = ["mazziotta_pareto_of_draws"]

# A variance computed as the difference of two sums loses digits if the mean is small.
_LEAST_MEAN = 1.0
# Sums lose digits if the children that are not missing have less weight than this.
_LEAST_WEIGHT = 1e-150
# Columns between these sizes, whose spans are no smaller a share of the largest value of all, need
# no rescaling and are not constant. It takes a moment to see that.
_SMALL, _LARGE, _NARROW = 2.0**-100, 2.0**100, 2.0**-10


def mazziotta_pareto_of_draws(
    values: Floats, weights: Floats, penalty: str, reference: str | None = None
) -> Floats | None:
    r"""Return the index of each draw and unit, or None if the general function is needed.

    With distances $d = a (x - c)$, so that $z = 100 + d$, the mean is $M = 100 +
    \sum_k w_k d_k$ and the variance $\sum_k w_k d_k^2 - (\sum_k w_k d_k)^2$. For values that
    are the same in every draw both sums are matrix products.

    Parameters
    ----------
    values : ndarray of shape (n_draws, n_units, n_children)
    weights : ndarray of shape (n_draws, n_units or 1, n_children)
    penalty : {"negative", "positive"}
    reference : {"mean", "midrange"}, optional
        The reference of `adjusted_mazziotta_pareto`; None for `mazziotta_pareto`.

    Returns
    -------
    ndarray of shape (n_draws, n_units) or None
        None for values of one draw, and if columns are constant or of extreme size or the mean of
        a unit is below 1.
    """
    if not are_draws(values, weights):
        return None
    x, w = as_planes(values, weights)
    low, high = x.min(axis=-1, keepdims=True), x.max(axis=-1, keepdims=True)
    is_known = ~np.isnan(x) if np.isnan(low).any() else None
    if is_known is not None:
        low, high = (end.reduce(x, axis=-1, keepdims=True) for end in (np.fmin, np.fmax))
        x = np.where(is_known, x, 0.0)
    if not _are_ordinary(low, high):
        return None
    distance = _distances(x, low, high, is_known, reference)
    shift = _weighted_sum(distance, w)
    distance *= distance
    variance = _weighted_sum(distance, w)
    if is_known is not None:
        total = _weighted_sum(is_known.astype(np.float64), w)
        if ((total > 0) & (total < _LEAST_WEIGHT)).any():
            return None
        total = np.where(total > 0, total, np.nan)
        shift /= total
        variance /= total
    mean = shift + 100
    least = mean.min() if is_known is None else np.fmin.reduce(mean, axis=None, initial=np.inf)
    if not least > _LEAST_MEAN:
        return None
    shift *= shift
    variance -= shift
    variance /= mean  # the imbalance
    combine = np.subtract if penalty == "negative" else np.add
    return np.asarray(combine(mean, variance, out=mean))


def _are_ordinary(low: Floats, high: Floats) -> bool:
    """Return whether columns with these ends vary, and can stay as they are."""
    size = max(-float(low.min()), float(high.max()))
    with np.errstate(over="ignore"):
        span = float((high - low).min())
    if span >= _SMALL and size <= _LARGE and span >= _NARROW * size:
        return True
    return not is_constant(low, high).any() and rescaling(low, high) is None


def _distances(
    x: Floats, low: Floats, high: Floats, is_known: Bools | None, reference: str | None
) -> Floats:
    """Return how far values lie from 100 on the scale of the index, 0 for missing ones.

    Parameters
    ----------
    x : ndarray of shape (..., n_units)
        With 0 for missing values.
    low, high : ndarray of shape (..., 1)
        The ends of the others.
    is_known : ndarray of bool of shape (..., n_units), optional
    reference : {"mean", "midrange"}, optional
    """
    count = x.shape[-1] if is_known is None else is_known.sum(axis=-1, keepdims=True)
    if reference == "midrange":
        distance = x - (low + high) / 2
    else:
        distance = x - x.sum(axis=-1, keepdims=True) / count
    if is_known is not None:
        distance *= is_known
    if reference is None:
        squares = np.einsum("...n,...n->...", distance, distance)[..., np.newaxis]
        distance *= 10 / np.sqrt(squares / count)
    else:
        distance *= 60 / (high - low)
    return np.asarray(distance)


def _weighted_sum(x: Floats, w: Floats) -> Floats:
    """Return the weighted sum of planes over children: (n_draws, n_units)."""
    if w.shape[2] > 1:
        return np.asarray(np.einsum("kdn,kdn->dn", np.broadcast_to(x, w.shape), w))
    own = w[..., 0].T
    if x.shape[1] == 1:
        return matrix_product(own, x[:, 0])
    # Draw by draw a row of weights times a table.
    return np.asarray(np.matmul(own[:, np.newaxis], x.transpose(1, 0, 2))[:, 0])
