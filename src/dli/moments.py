"""Skewness and kurtosis of columns, as used by the test for outliers."""

import numpy as np
from numpy.typing import ArrayLike

from dli.arrays import Floats, as_floats
from dli.errors import MethodError
from dli.rescaling import extremes, is_constant, rescaling

__all__ = ["kurtosis", "skewness", "skewness_and_kurtosis"]

# Values whose standard deviation is a smaller share of their mean than this are shifted first.
_CLOSE = 1e-6


def skewness(values: ArrayLike) -> Floats:
    r"""Return the adjusted Fisher-Pearson skewness of each column.

    $G_1 = g_1 \sqrt{n (n - 1)} / (n - 2)$ with
    $g_1 = \sqrt n \sum (x - \bar x)^3 / (\sum (x - \bar x)^2)^{3/2}$.

    Parameters
    ----------
    values : array_like of shape (n_units,) or (..., n_units, n_indicators)
        The values; NaN marks a missing value, which is ignored.

    Returns
    -------
    ndarray of shape () or (..., n_indicators)
        NaN for fewer than three values and for constant columns.

    References
    ----------
    Joanes and Gill (1998), Comparing measures of sample skewness and kurtosis.
    https://doi.org/10.1111/1467-9884.00122

    Examples
    --------
    >>> round(float(skewness([3, 1, 4, 1, 5, 9, 2, 6, 5, 3, 5])), 6)
    0.66405
    """
    return skewness_and_kurtosis(values)[0]


def kurtosis(values: ArrayLike) -> Floats:
    r"""Return the sample excess kurtosis of each column, 0 for normally distributed values.

    $G_2 = \frac{n - 1}{(n - 2)(n - 3)} ((n + 1)(r - 3) + 6)$ with
    $r = n \sum (x - \bar x)^4 / (\sum (x - \bar x)^2)^2$.

    Parameters
    ----------
    values : array_like of shape (n_units,) or (..., n_units, n_indicators)
        The values; NaN marks a missing value, which is ignored.

    Returns
    -------
    ndarray of shape () or (..., n_indicators)
        NaN for fewer than four values and for constant columns.

    References
    ----------
    Joanes and Gill (1998), Comparing measures of sample skewness and kurtosis.
    https://doi.org/10.1111/1467-9884.00122

    Examples
    --------
    >>> round(float(kurtosis([3, 1, 4, 1, 5, 9, 2, 6, 5, 3, 5])), 6)
    0.65051
    """
    return skewness_and_kurtosis(values)[1]


def skewness_and_kurtosis(values: ArrayLike) -> tuple[Floats, Floats]:
    """Return the skewness and the kurtosis of each column, faster than two calls would.

    Parameters
    ----------
    values : array_like of shape (n_units,) or (..., n_units, n_indicators)
        The values; NaN marks a missing value, which is ignored.

    Returns
    -------
    skewness, kurtosis : ndarray of shape () or (..., n_indicators)
        As `skewness` and `kurtosis` return them.

    Examples
    --------
    >>> [round(float(m), 4) for m in skewness_and_kurtosis([3, 1, 4, 1, 5, 9, 2, 6, 5, 3, 5])]
    [0.664, 0.6505]
    """
    x = as_floats(values)
    is_single = x.ndim == 1
    x = x[..., np.newaxis] if is_single else x
    if x.ndim < 2:
        raise MethodError("values must be at least one column of numbers, got a single value")
    n, second, third, fourth = _sums(x)
    with np.errstate(divide="ignore", invalid="ignore"):
        g1 = np.sqrt(n) * third / (second * np.sqrt(second))
        skew = np.where(n > 2, g1 * np.sqrt(n * (n - 1)) / (n - 2), np.nan)
        r = n * fourth / second**2
        g2 = ((n + 1) * (r - 3) + 6) * (n - 1) / ((n - 2) * (n - 3))
        kurt = np.where(n > 3, g2, np.nan)
    return (skew[..., 0], kurt[..., 0]) if is_single else (skew, kurt)


def _sums(x: Floats) -> tuple[Floats, Floats, Floats, Floats]:
    """Return the number of values, and the sums of powers 2, 3 and 4 of their deviations.

    The deviations may be scaled. The sums are 0 in a constant column, where deviations are only
    the rounding error of the mean.
    """
    with np.errstate(over="ignore", invalid="ignore"):
        n, d, mean = _deviations(x)
        second = np.einsum("...ij,...ij->...j", d, d)
    # Powers of very large or small numbers leave the range of floats, and the mean of values that
    # are close together has lost digits of their differences.
    least = np.maximum(_CLOSE * np.sqrt(n) * np.abs(mean), 1e-30)
    if not ((second <= 1e60) & (np.sqrt(second) >= least)).all():
        d = _exact_deviations(x)
        second = np.einsum("...ij,...ij->...j", d, d)
    squares = d * d
    third = np.einsum("...ij,...ij->...j", squares, d)
    fourth = np.einsum("...ij,...ij->...j", squares, squares)
    return n, second, third, fourth


def _deviations(x: Floats) -> tuple[Floats, Floats, Floats]:
    """Return the number of values, their deviations from the mean (0 if missing), and the mean."""
    total = x.sum(axis=-2)
    n = np.full(total.shape, float(x.shape[-2]))
    missing = np.isnan(x) if np.isnan(total).any() else None
    if missing is not None:
        n -= missing.sum(axis=-2)
        total = np.where(missing, 0.0, x).sum(axis=-2)
    mean = total / np.maximum(n, 1)
    d = x - mean[..., np.newaxis, :]
    if missing is not None:
        d[missing] = 0.0
    return n, d, mean


def _exact_deviations(x: Floats) -> Floats:
    """Return deviations of rescaled values, 0 throughout a column that differs by rounding alone.

    Raises
    ------
    MethodError
        Values are infinite.
    """
    if not x.size:
        return x
    if np.isinf(x).any():
        raise MethodError("values must be finite numbers, or NaN where they are missing")
    low, high = extremes(x)
    scale = rescaling(low, high)
    d = _deviations(x if scale is None else scale.apply(x))[1]
    d[np.broadcast_to(is_constant(low, high)[..., np.newaxis, :], d.shape)] = 0.0
    return d
