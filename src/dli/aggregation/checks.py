"""Checks of arguments that all aggregations share, and the weighted mean."""

import numpy as np
from numpy.typing import ArrayLike

from dli.aggregation.protocol import Floats
from dli.arrays import as_floats
from dli.errors import MethodError

__all__ = ["as_moves", "as_values", "as_weights", "equal_or", "share_of_total", "weighted_mean"]

# Weights between these sizes can be added up and divided by their sum without losing digits.
_SMALL, _LARGE = 1e-150, 1e150


def as_values(values: ArrayLike) -> Floats:
    """Return values as an array with a row for each unit and a column for each child.

    Raises
    ------
    MethodError
        If the shape does not fit, or values are infinite or not numbers.
    """
    x = as_floats(values)
    if x.ndim < 2 or x.shape[-1] < 1:
        msg = f"values must have the shape (..., n_units, n_children), got {x.shape}"
        raise MethodError(msg)
    infinite = np.isinf(x)
    if infinite.any():
        faults = [
            f"row {at[-2]}, column {at[-1]}: {x[tuple(at)]}"
            for at in np.argwhere(infinite).tolist()
        ]
        msg = "values must be finite numbers, or NaN where they are missing"
        raise MethodError(msg, faults)
    return x


def as_weights(weights: ArrayLike, shape: tuple[int, ...]) -> Floats:
    """Return weights for values of a shape, with rows scaled to sum to one."""
    w = as_floats(weights, "weights")
    if w.shape != shape[-1:] and not _fits(w.shape, shape):
        msg = f"weights must have the shape ({shape[-1]},) or {shape}, got {w.shape}"
        raise MethodError(msg)
    if w.ndim == 1 and w.min() >= 0 and abs(w.sum() - 1) <= 1e-12:
        return w  # the usual case
    return share_of_total(w, "weights")


def share_of_total(weights: Floats, name: str) -> Floats:
    """Return weights with rows scaled to sum to one; rows that nearly do are left unchanged.

    Raises
    ------
    MethodError
        If weights are infinite, missing or negative, or a row consists of zeros.
    """
    largest = weights.max(axis=-1, keepdims=True)
    # NaN fails every comparison, so it is caught here too.
    if not (weights.min() >= 0 and largest.min() > 0 and largest.max() < np.inf):
        listed = f": {weights.tolist()}" if weights.ndim == 1 else ""
        msg = f"{name} must be finite, not negative and not all zero{listed}"
        raise MethodError(msg)
    if largest.max() > _LARGE or largest.min() < _SMALL:  # sum or shares out of range
        weights = np.ldexp(weights, -np.frexp(largest)[1])
    total = weights.sum(axis=-1, keepdims=True)
    return weights if np.abs(total - 1).max() <= 1e-12 else np.asarray(weights / total)


def as_moves(moves: ArrayLike, values: Floats) -> Floats:
    """Return moves of values, set to 0 where the value is missing.

    Raises
    ------
    MethodError
        If moves are not numbers, or their shape does not fit that of the values.
    """
    m = as_floats(moves, "moves")
    if m.shape != values.shape and not _fits(m.shape, values.shape):
        msg = f"moves must have the shape {values.shape}, got {m.shape}"
        raise MethodError(msg)
    return np.where(np.isnan(values), 0.0, m)


def _fits(part: tuple[int, ...], shape: tuple[int, ...]) -> bool:
    if not part or part[-1] != shape[-1] or len(part) > len(shape):
        return False
    return all(n in (1, m) for n, m in zip(part[::-1], shape[::-1], strict=False))


def equal_or(weights: ArrayLike | None, shape: tuple[int, ...]) -> Floats:
    """Return checked weights, or equal weights for None."""
    if weights is None:
        return np.full(shape[-1], 1 / shape[-1])
    return as_weights(weights, shape)


def weighted_mean(x: Floats, w: Floats) -> Floats:
    """Return the weighted mean of the known values of each row, NaN where they have no weight."""
    mean = _product(x, w)
    if np.isfinite(mean).all():  # a product with NaN is NaN, so no other check is needed
        return mean
    known = ~np.isnan(x)
    total = _product(known.astype(np.float64), w)
    with np.errstate(over="ignore"):
        weighted = _product(np.where(known, x, 0.0), w)
    mean = np.asarray(weighted / np.where(total > 0, total, np.nan))
    # The remaining weights may be so small that their products with values lose digits, and the
    # sum of very large numbers may exceed the range of floats by rounding.
    unsafe = ((total > 0) & (total < _SMALL)) | np.isinf(mean)
    if unsafe.any():
        left = np.where(known, w, 0.0)
        largest = left.max(axis=-1, keepdims=True)
        left = np.ldexp(left, -np.frexp(largest)[1])
        left /= np.where(largest > 0, left.sum(axis=-1, keepdims=True), 1.0)
        means = np.einsum("...k,...k->...", np.where(known, x / 2, 0.0), left)
        least, greatest = np.fmin.reduce(x, axis=-1), np.fmax.reduce(x, axis=-1)
        with np.errstate(over="ignore"):
            mean = np.where(unsafe, np.clip(2 * means, least, greatest), mean)
    return mean


def _product(x: Floats, w: Floats) -> Floats:
    return np.asarray(x @ w if w.ndim == 1 else np.einsum("...k,...k->...", x, w))
