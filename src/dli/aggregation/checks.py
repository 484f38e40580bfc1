"""What every aggregation checks of its arguments, and the weighted mean they share."""

import numpy as np
from numpy.typing import ArrayLike

from dli.aggregation.protocol import Floats
from dli.errors import MethodError

__all__ = ["as_values", "as_weights", "equal_or", "weighted_mean"]


def as_values(values: ArrayLike) -> Floats:
    """Take values as an array with a row for each unit and a column for each child."""
    x = np.asarray(values, dtype=np.float64)
    if x.ndim < 2 or x.shape[-1] < 1:
        msg = f"values must have the shape (..., n_units, n_children), got {x.shape}"
        raise MethodError(msg)
    return x


def as_weights(weights: ArrayLike, shape: tuple[int, ...]) -> Floats:
    """Take weights for values of a shape; rows that do not sum to one are scaled to do so."""
    w = np.asarray(weights, dtype=np.float64)
    if w.shape != shape[-1:] and not _fits(w.shape, shape):
        msg = f"weights must have the shape ({shape[-1]},) or {shape}, got {w.shape}"
        raise MethodError(msg)
    if w.ndim == 1 and w.min() >= 0 and abs(w.sum() - 1) <= 1e-12:
        return w  # the usual case
    total = w.sum(axis=-1, keepdims=True)
    # NaN fails every comparison, so that these see it.
    if not (w.min() >= 0 and total.min() > 0 and total.max() < np.inf):
        found = f": {w.tolist()}" if w.ndim == 1 else ""
        msg = f"weights must be finite, not negative and not all zero{found}"
        raise MethodError(msg)
    return w if np.abs(total - 1).max() <= 1e-12 else np.asarray(w / total)


def _fits(own: tuple[int, ...], shape: tuple[int, ...]) -> bool:
    if not own or own[-1] != shape[-1] or len(own) > len(shape):
        return False
    return all(n in (1, m) for n, m in zip(own[::-1], shape[::-1], strict=False))


def equal_or(weights: ArrayLike | None, shape: tuple[int, ...]) -> Floats:
    """Take weights, or equal ones for None."""
    if weights is None:
        return np.full(shape[-1], 1 / shape[-1])
    return as_weights(weights, shape)


def weighted_mean(x: Floats, w: Floats) -> Floats:
    """Give the mean of each row over what is there; NaN where no weight is left."""
    mean = _product(x, w)
    if not np.isnan(mean).any():  # a product with NaN is NaN: no other look is needed
        return mean
    there = ~np.isnan(x)
    total = _product(there.astype(np.float64), w)
    weighted = _product(np.where(there, x, 0.0), w)
    return np.asarray(weighted / np.where(total > 0, total, np.nan))


def _product(x: Floats, w: Floats) -> Floats:
    return np.asarray(x @ w if w.ndim == 1 else np.einsum("...k,...k->...", x, w))
