"""Mazziotta-Pareto indices of many draws at once."""

import numpy as np

from dli.aggregation.planes import are_draws, as_planes, matrix_product
from dli.arrays import Bools, Floats
from dli.rescaling import is_constant, rescaling
from dli.scratch import empty

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

    With distances $d = a (x - c)$, so that $z = 100 + d$, the mean is $M = 100 + \sum_k w_k d_k$.
    The index is $S = 2 M - B / M$ with $B = \sum_k w_k z_k^2$, or $B / M$ if the penalty is added,
    since the variance is $B - M^2$. For values that are the same in every draw both sums are
    matrix products.

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
    known = _known(x)
    if known is not None:
        filled = empty(x.shape)
        filled[...] = x
        np.putmask(filled, np.broadcast_to(~known, x.shape), 0.0)
        x = filled
    with np.errstate(over="ignore", invalid="ignore"):  # very large values are refused then
        scale = _scale(x, known, reference)
    if scale is None:
        return None
    distance, factor = scale
    total = None if known is None else _weighted_sum(known.astype(np.float64), w)
    if total is not None and not total.min() >= _LEAST_WEIGHT:
        if (total[total > 0] < _LEAST_WEIGHT).any():
            return None
        total = np.where(total > 0, total, np.nan)
    is_added = penalty == "positive"
    if len(x[0]) == 1:
        return _of_tables(distance, factor, w, known, total, is_added=is_added)
    return _of_draws(distance, factor, w, total, is_added=is_added)


def _of_tables(
    distance: Floats,
    factor: Floats,
    w: Floats,
    known: Bools | None,
    total: Floats | None,
    *,
    is_added: bool,
) -> Floats | None:
    """Return the index for values that are the same in every draw: (n_draws, n_units) or None."""
    z = 100 + distance * factor
    least = float(z.min())  # no mean is smaller
    if known is not None:
        z *= known
    twice = 2 * z
    doubled = _weighted_sum(twice, w)
    z *= twice
    squares = _weighted_sum(z, w)
    with np.errstate(invalid="ignore"):  # both are 0 for a unit without any known child
        squares /= doubled  # B / M, without gaps or with
    if total is not None:
        doubled /= total
    if not (least > _LEAST_MEAN or _least(doubled) > 2 * _LEAST_MEAN):
        return None
    return squares if is_added else np.subtract(doubled, squares, out=doubled)


def _of_draws(
    distance: Floats, factor: Floats, w: Floats, total: Floats | None, *, is_added: bool
) -> Floats | None:
    r"""Return the index for values that differ by draw: (n_draws, n_units) or None.

    The factors are multiplied with the weights, which are fewer than the values. With
    $D = M - 100$ and $V = \sum_k w_k d_k^2$, $B = V + 200 D + 10^4$ and
    $2 M - B / M = 2 D - (V - 10^4) / M$.
    """
    own = w * factor
    shift = _weighted_sum(distance, own)
    distance *= distance
    own *= factor
    squares = _weighted_sum(distance, own)
    if total is not None:
        shift /= total
        squares /= total
    mean = np.add(shift, 100, out=empty(shift.shape))
    if not _least(mean) > _LEAST_MEAN:
        return None
    squares -= 1e4
    squares /= mean
    if is_added:
        squares += 200
        return squares
    shift *= 2
    return np.subtract(shift, squares, out=shift)


def _least(means: Floats) -> float:
    """Return the smallest number that is not missing."""
    least = float(means.min())
    return least if least == least else float(np.fmin.reduce(means, axis=None, initial=np.inf))  # noqa: PLR0124 not a number


def _known(x: Floats) -> Bools | None:
    """Return which values are known, in one row if it is the same in every draw, None if all."""
    if not np.isnan(x.max(axis=-1)).any():
        return None
    known = ~np.isnan(x)
    return known[:, :1] if (known == known[:, :1]).all() else known


def _scale(x: Floats, known: Bools | None, reference: str | None) -> tuple[Floats, Floats] | None:
    """Return distances from the reference and the factors that scale them.

    Parameters
    ----------
    x : ndarray of shape (n_children, n_draws or 1, n_units)
        With 0 for missing values.
    known : ndarray of bool of shape (n_children, n_draws or 1, n_units), optional
    reference : {"mean", "midrange"}, optional

    Returns
    -------
    (ndarray of shape of x, ndarray of shape (n_children, n_draws or 1, 1)), or None
        Distances of 0 for missing values. None if a column is empty, constant or of extreme size.
    """
    count = np.array(x.shape[-1]) if known is None else known.sum(axis=-1, keepdims=True)
    if not count.all():
        return None
    middle = x.sum(axis=-1, keepdims=True) / count
    if reference is None:
        distance = _distance(x, middle, known)
        squares = np.einsum("...n,...n->...", distance, distance)[..., np.newaxis]
        spread = np.sqrt(squares / count)
        # The smallest and the largest value lie this far apart, and none lies further away.
        least, reach = 2 * spread, np.abs(middle) + spread * np.sqrt(count)
        if not _is_ordinary(least, reach) and not _may_stay(*_ends(x, known)):
            return None
        return distance, 10 / spread
    low, high = _ends(x, known)
    if not _may_stay(low, high):
        return None
    if reference == "midrange":
        middle = (low + high) / 2
    return _distance(x, middle, known), 60 / (high - low)


def _distance(x: Floats, middle: Floats, known: Bools | None) -> Floats:
    """Return the distances of known values from the middle, 0 for others."""
    distance: Floats = np.subtract(x, middle, out=empty(x.shape))
    if known is not None:
        distance *= known
    return distance


def _ends(x: Floats, known: Bools | None) -> tuple[Floats, Floats]:
    """Return the smallest and the largest known value of each column: (..., 1)."""
    if known is None:
        return x.min(axis=-1, keepdims=True), x.max(axis=-1, keepdims=True)
    low = np.min(x, axis=-1, keepdims=True, where=known, initial=np.inf)
    return low, np.max(x, axis=-1, keepdims=True, where=known, initial=-np.inf)


def _is_ordinary(span: Floats, size: Floats) -> bool:
    """Return whether columns of such spans and sizes need no rescaling and are not constant."""
    least, largest = float(span.min()), float(size.max())
    return least >= _SMALL and largest <= _LARGE and least >= _NARROW * largest


def _may_stay(low: Floats, high: Floats) -> bool:
    """Return whether columns with these ends vary, and need no rescaling."""
    with np.errstate(over="ignore"):
        if _is_ordinary(high - low, np.maximum(-low, high)):
            return True
    return not is_constant(low, high).any() and rescaling(low, high) is None


def _weighted_sum(x: Floats, w: Floats) -> Floats:
    """Return the weighted sum of planes over children: (n_draws, n_units)."""
    if w.shape[2] > 1:
        out = empty(w.shape[1:])
        return np.asarray(np.einsum("kdn,kdn->dn", np.broadcast_to(x, w.shape), w, out=out))
    own = w[..., 0].T
    if x.shape[1] == 1:
        return matrix_product(own, x[:, 0])
    # Draw by draw a row of weights times a table.
    out = empty((len(own), 1, x.shape[2]))
    return np.asarray(np.matmul(own[:, np.newaxis], x.transpose(1, 0, 2), out=out)[:, 0])
