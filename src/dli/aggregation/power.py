"""Power means of any order: arithmetic, geometric and harmonic mean, minimum and maximum."""

from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from dli.aggregation.checks import as_moves, as_values, as_weights, weighted_mean
from dli.arrays import TIE, Bools, Floats
from dli.checks import is_number
from dli.errors import MethodError

__all__ = [
    "as_order",
    "power_domain",
    "power_mean",
    "power_mean_directional",
    "power_mean_gradient",
]

# Quotients smaller than this, or greater than its inverse, are computed with logarithms.
_LEAST_RATIO = 1e-290


def as_order(p: Any) -> float:
    """Return the order of a power mean as a float; infinite ones are allowed.

    Raises
    ------
    MethodError
        If ``p`` is not a number, or exceeds the range of floats.
    """
    if type(p) is float and p == p:  # noqa: PLR0124 not NaN
        return p
    if not (is_number(p) or (isinstance(p, (float, np.floating)) and np.isinf(p))):
        msg = f"p must be a number, got {p!r}"
        raise MethodError(msg)
    return float(p)


def power_mean(values: ArrayLike, weights: ArrayLike, p: float) -> Floats:
    r"""Return the weighted power mean of order p.

    $S = (\sum_k w_k x_k^p)^{1/p}$; for p = 0 its limit, the geometric mean
    $\prod_k x_k^{w_k}$; for p = -inf and inf the smallest and the largest value of
    positive weight.

    Parameters
    ----------
    values : array_like of shape (..., n_units, n_children)
        NaN marks a missing value, whose weight is shared among the rest. Values must be above 0 for
        finite p <= 0, and at least 0 for finite p > 0 other than 1.
    weights : array_like of shape (n_children,) or (..., n_units, n_children)
        Not negative and not all zero; scaled to sum to one.
    p : float
        The order; 1 for the arithmetic mean, 0 for the geometric, -1 for the harmonic.

    Returns
    -------
    ndarray of shape (..., n_units)
        NaN for a unit without a value in any child of positive weight.

    Raises
    ------
    MethodError
        If the order does not allow some values (the message lists their rows and columns), or
        weights are negative, infinite, all zero or not numbers.

    References
    ----------
    Hardy, Littlewood and Pólya (1934), Inequalities, chapter 2.

    Examples
    --------
    >>> power_mean([[4.0, 9.0]], [0.5, 0.5], 0).round(6).tolist()
    [6.0]
    >>> power_mean([[1.0, np.nan, 3.0]], [0.2, 0.6, 0.2], 1).tolist()
    [2.0]
    """
    x, w, p = as_values(values), weights, as_order(p)
    return _power_mean(x, as_weights(w, x.shape), p)


def _power_mean(x: Floats, w: Floats, p: float) -> Floats:
    if p == 1:
        return weighted_mean(x, w)
    if np.isinf(p):
        return _extreme(x, w, p)
    # A value of weight 0 has no effect, whatever it is.
    if w.min(initial=1.0) == 0:
        x = np.where(w > 0, x, np.nan)
    _check_domain(x, p)
    # Rounding can lift the mean of very large numbers beyond the range of floats.
    with np.errstate(over="ignore"):
        mean = _mean_in_domain(x, w, p)
    return np.minimum(mean, _extreme(x, w, np.inf)) if np.isinf(mean).any() else mean


def _mean_in_domain(x: Floats, w: Floats, p: float) -> Floats:
    with np.errstate(divide="ignore"):  # for p > 0 the exponential turns log(0) back into 0
        # The logarithm of a float is at most 745, so an order this small makes no difference.
        if abs(p) < 1e-25:
            return np.asarray(np.exp(weighted_mean(np.log(x), w)))
        if abs(p) < 0.01:  # powers so close to 1 that their mean would lose digits
            mean = weighted_mean(np.expm1(p * np.log(x)), w)
            return np.asarray(np.exp(np.log1p(np.maximum(mean, -1.0)) / p))  # rounding
    # Powers are relative to the dominant value, so that none exceeds the range of floats.
    ruling = _extreme(x, w, np.copysign(np.inf, p))[..., np.newaxis]
    ruling = np.where(ruling > 0, ruling, 1.0)
    powers = _power_of_ratio(x, ruling, p)
    return np.asarray(ruling[..., 0] * weighted_mean(powers, w) ** (1 / p))


def _power_of_ratio(x: Floats, scale: Floats, p: float) -> Floats:
    """Return (x / scale) ** p, even if the quotient exceeds the range of floats."""
    with np.errstate(over="ignore", divide="ignore", invalid="ignore"):
        ratio = x / scale
        powers = ratio**p
        extreme = (x > 0) & (scale > 0) & ((ratio < _LEAST_RATIO) | (ratio > 1 / _LEAST_RATIO))
        if extreme.any():
            logs = np.log(np.where(extreme, x, 1.0)) - np.log(np.where(extreme, scale, 1.0))
            powers = np.where(extreme, np.exp(p * logs), powers)
    return np.asarray(powers)


def power_mean_gradient(values: ArrayLike, weights: ArrayLike, p: float) -> Floats:
    r"""Return the derivative of the power mean by each child.

    $\partial S / \partial x_k = w_k (x_k / S)^{p - 1}$. For the minimum and the
    maximum, all children that tie share a derivative of 1. Since $S$ is homogeneous,
    $\sum_k x_k \, \partial S / \partial x_k = S$.

    Parameters
    ----------
    values, weights, p
        As in `power_mean`.

    Returns
    -------
    ndarray of shape (..., n_units, n_children)
        The value is 0 for a missing child. Where the derivative is infinite (0 < p < 1 at x = 0),
        it is set to 0, the limit of the derivative times x.

    Examples
    --------
    >>> power_mean_gradient([[4.0, 9.0]], [0.5, 0.5], 0).round(3).tolist()
    [[0.75, 0.333]]
    """
    p = as_order(p)
    x = as_values(values)
    w = as_weights(weights, x.shape)
    with np.errstate(invalid="ignore"):
        if np.isinf(p):
            ruling = _ruling(x, w, p)
            slopes = ruling / ruling.sum(axis=-1, keepdims=True)
        else:
            slopes = _slopes(x, w, p)
    return np.where(np.isfinite(slopes), slopes, 0.0)


def power_mean_directional(
    values: ArrayLike, weights: ArrayLike, moves: ArrayLike, p: float
) -> Floats:
    r"""Return the one-sided derivative of the power mean along moves of its values.

    $\lim_{h \to 0+} (S(x + h m) - S(x)) / h$: the slopes times the moves, summed; for the minimum
    (maximum), the smallest (largest) move among the children that tie at it; for $p > 0$ where all
    values are 0, the power mean of the moves, since the mean is homogeneous.

    Parameters
    ----------
    values, weights, p
        As in `power_mean`.
    moves : array_like of shape (..., n_units, n_children)
        The direction in which the values move.

    Returns
    -------
    ndarray of shape (..., n_units)
        Infinite where a value of 0 rises and 0 < p < 1.

    Examples
    --------
    >>> power_mean_directional([[20.0, 20.0]], [0.5, 0.5], [[1.0, 0.0]], -np.inf).tolist()
    [0.0]
    >>> power_mean_directional([[20.0, 20.0]], [0.5, 0.5], [[-1.0, 0.0]], -np.inf).tolist()
    [-1.0]
    """
    p = as_order(p)
    x = as_values(values)
    w = as_weights(weights, x.shape)
    m = as_moves(moves, x)
    with np.errstate(invalid="ignore", divide="ignore"):
        if np.isinf(p):
            ruled = np.where(_ruling(x, w, p), m, np.copysign(np.inf, -p))
            move = (np.max if p > 0 else np.min)(ruled, axis=-1)
            return np.where(np.isfinite(move), move, 0.0)  # 0 if all values are missing
        along = np.where(m == 0, 0.0, _slopes(x, w, p) * m).sum(axis=-1)
    if p > 0 and p != 1:
        at_zero = _extreme(x, w, np.inf) == 0
        if at_zero.any():
            rising = np.maximum(np.where(np.isnan(x), np.nan, m), 0.0)
            along = np.where(at_zero, _power_mean(rising, w, p), along)
    return np.where(np.isnan(along), 0.0, along)


def _slopes(x: Floats, w: Floats, p: float) -> Floats:
    """Return the derivative by each child: possibly infinite, and NaN where all values are 0."""
    known = np.where(np.isnan(x), 0.0, w)
    largest = known.max(axis=-1, keepdims=True)
    if largest.min() < 1e-150:  # shares of the remaining weight would lose digits
        known = np.ldexp(known, -np.frexp(largest)[1])
    known = known / known.sum(axis=-1, keepdims=True)
    if p == 1:
        return np.asarray(known)
    mean = _power_mean(x, w, p)[..., np.newaxis]
    with np.errstate(divide="ignore", over="ignore"):
        # A value of weight 0 may be so extreme that its power is infinite.
        slopes = known * _power_of_ratio(np.where(known > 0, x, mean), mean, p - 1)
    return np.where(known > 0, slopes, 0.0)


def _ruling(x: Floats, w: Floats, p: float) -> Bools:
    """Return which children tie at the minimum or maximum."""
    counted = np.where(w > 0, x, np.nan)
    off = np.abs(counted - _extreme(x, w, p)[..., np.newaxis])
    scale = np.fmax.reduce(np.abs(counted), axis=-1, initial=0.0)[..., np.newaxis]
    return np.asarray(off <= TIE * scale)


def power_domain(p: float) -> str:
    """Return the domain of a power mean: positive, non-negative or real."""
    if p == 1 or np.isinf(p):
        return "real"
    return "positive" if p <= 0 else "non-negative"


def _extreme(x: Floats, w: Floats, p: float) -> Floats:
    """Return the smallest or the largest value of positive weight, NaN if there is none."""
    counted = np.where(w > 0, x, np.nan)
    ruling = (np.fmax if p > 0 else np.fmin).reduce(counted, axis=-1)
    return np.asarray(ruling)


def _check_domain(x: Floats, p: float) -> None:
    bad = x <= 0 if p <= 0 else x < 0
    if bad.any():
        limit = "above zero" if p <= 0 else "of at least zero"
        faults = [
            f"row {i[-2]}, column {i[-1]}: {x[tuple(i)]:g}" for i in np.argwhere(bad).tolist()
        ]
        msg = f"a power mean of order {p:g} needs values {limit}; got"
        raise MethodError(msg, faults)
