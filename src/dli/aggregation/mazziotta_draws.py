"""Mazziotta-Pareto indices of many draws at once."""

import numpy as np

from dli.aggregation.planes import are_draws, as_planes
from dli.arrays import Floats
from dli.rescaling import is_constant, rescaling

__all__ = ["mazziotta_pareto_of_draws"]

# A variance as the difference of two sums loses digits where the mean is small beside them.
_LEAST_MEAN = 1.0
# Where less weight than this is left beside missing children, sums lose digits.
_LEAST_WEIGHT = 1e-150


def mazziotta_pareto_of_draws(
    values: Floats, weights: Floats, penalty: str, reference: str | None = None
) -> Floats | None:
    r"""Return the index of each draw and unit, None where that needs the general function.

    With distances $d = a (x - c)$, so that $z = 100 + d$, the mean is $M = 100 +
    \sum_k w_k d_k$ and the variance $\sum_k w_k d_k^2 - (\sum_k w_k d_k)^2$. For values that
    are the same in every draw both sums are matrix products.

    Parameters
    ----------
    values : ndarray of shape (n_draws, n_units, n_children)
    weights : ndarray of shape (n_draws, n_units or 1, n_children)
    penalty : {"negative", "positive"}
    reference : {"mean", "midrange"}, optional
        Of the adjusted index, see `adjusted_mazziotta_pareto`; None for `mazziotta_pareto`.

    Returns
    -------
    ndarray of shape (n_draws, n_units) or None
        None for values of one draw, and where columns are constant or of extreme size or the mean
        of a unit is below 1.
    """
    if not are_draws(values, weights):
        return None
    x, w = as_planes(values, weights)
    low, high = x.min(axis=-1, keepdims=True), x.max(axis=-1, keepdims=True)
    is_known = ~np.isnan(x) if np.isnan(low).any() else None
    if is_known is not None:
        low, high = (end.reduce(x, axis=-1, keepdims=True) for end in (np.fmin, np.fmax))
        x = np.where(is_known, x, 0.0)
    if is_constant(low, high).any() or rescaling(low, high) is not None:
        return None
    count = x.shape[-1] if is_known is None else is_known.sum(axis=-1, keepdims=True)
    is_midrange = reference == "midrange"
    distance = x - ((low + high) / 2 if is_midrange else x.sum(axis=-1, keepdims=True) / count)
    if is_known is not None:
        distance *= is_known
    if reference is None:
        squares = np.einsum("kdn,kdn->kd", distance, distance)[..., np.newaxis]
        slope = 10 / np.sqrt(squares / count)
    else:
        slope = 60 / (high - low)
    shift = _weighted_sum(distance, w * slope)
    distance *= distance
    variance = _weighted_sum(distance, w * slope**2)
    if is_known is not None:
        total = _weighted_sum(is_known.astype(np.float64), w)
        if ((total > 0) & (total < _LEAST_WEIGHT)).any():
            return None
        total = np.where(total > 0, total, np.nan)
        shift /= total
        variance /= total
    mean = 100 + shift
    if not np.fmin.reduce(mean, axis=None, initial=np.inf) > _LEAST_MEAN:
        return None
    shift *= shift
    variance -= shift
    variance /= mean  # the imbalance
    return np.subtract(mean, variance) if penalty == "negative" else np.add(mean, variance)


def _weighted_sum(x: Floats, w: Floats) -> Floats:
    """Return the weighted sum of planes over children: (n_draws, n_units)."""
    if w.shape[-1] > 1:
        return np.asarray(np.einsum("kdn,kdn->dn", np.broadcast_to(x, w.shape), w))
    if x.shape[1] == 1:
        return np.asarray(w[..., 0].T @ x[:, 0])
    return np.asarray(np.einsum("kdn,kd->dn", x, w[..., 0]))
