"""Skewness and kurtosis of columns, as used by the test for outliers."""

import numpy as np
from numpy.typing import ArrayLike

from dli.arrays import Floats, as_floats

__all__ = ["kurtosis", "skewness", "skewness_and_kurtosis"]


def skewness(values: ArrayLike) -> Floats:
    r"""Return the adjusted Fisher-Pearson skewness of each column.

    :math:`G_1 = g_1 \sqrt{n (n - 1)} / (n - 2)` with
    :math:`g_1 = \sqrt n \sum (x - \bar x)^3 / (\sum (x - \bar x)^2)^{3/2}`.

    Parameters
    ----------
    values : array_like of shape (n_units,) or (..., n_units, n_indicators)
        NaN is missing and left out.

    Returns
    -------
    ndarray of shape () or (..., n_indicators)
        NaN for fewer than three values and for values that do not differ.

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

    :math:`G_2 = \frac{n - 1}{(n - 2)(n - 3)} ((n + 1)(r - 3) + 6)` with
    :math:`r = n \sum (x - \bar x)^4 / (\sum (x - \bar x)^2)^2`.

    Parameters
    ----------
    values : array_like of shape (n_units,) or (..., n_units, n_indicators)
        NaN is missing and left out.

    Returns
    -------
    ndarray of shape () or (..., n_indicators)
        NaN for fewer than four values and for values that do not differ.

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
    """Return the skewness and the kurtosis of each column, faster than by two calls.

    Parameters
    ----------
    values : array_like of shape (n_units,) or (..., n_units, n_indicators)
        NaN is missing and left out.

    Returns
    -------
    skewness, kurtosis : ndarray of shape () or (..., n_indicators)

    Examples
    --------
    >>> [round(float(m), 4) for m in skewness_and_kurtosis([3, 1, 4, 1, 5, 9, 2, 6, 5, 3, 5])]
    [0.664, 0.6505]
    """
    x = as_floats(values)
    x = x[..., np.newaxis] if x.ndim == 1 else x
    n, second, third, fourth = _sums(x)
    with np.errstate(divide="ignore", invalid="ignore"):
        g1 = np.sqrt(n) * third / (second * np.sqrt(second))
        skew = np.where(n > 2, g1 * np.sqrt(n * (n - 1)) / (n - 2), np.nan)
        r = n * fourth / second**2
        g2 = ((n + 1) * (r - 3) + 6) * (n - 1) / ((n - 2) * (n - 3))
        kurt = np.where(n > 3, g2, np.nan)
    return (skew[..., 0], kurt[..., 0]) if np.ndim(values) == 1 else (skew, kurt)


def _sums(x: Floats) -> tuple[Floats, Floats, Floats, Floats]:
    """Return the number of values, and the sums of powers 2, 3 and 4 of their deviations.

    The deviations may be scaled. The sums are 0 in a constant column, where deviations are only
    the rounding error of the mean.
    """
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
    rounding = np.sqrt(n) * 8 * np.finfo(np.float64).eps * np.abs(mean)
    with np.errstate(over="ignore"):
        second = np.einsum("...ij,...ij->...j", d, d)
    if second.max(initial=1) > 1e60 or (np.sqrt(second) <= np.maximum(rounding, 1e-30)).any():
        # Powers of very large or small numbers would leave the range of floats.
        largest = np.abs(d).max(axis=-2, initial=0)
        d /= np.where(largest > 0, largest, 1.0)[..., np.newaxis, :]
        second = np.einsum("...ij,...ij->...j", d, d)
        flat = np.sqrt(second) * largest <= rounding
        d[np.broadcast_to(flat[..., np.newaxis, :], d.shape)] = 0.0
        second[flat] = 0.0
    squares = d * d
    third = np.einsum("...ij,...ij->...j", squares, d)
    fourth = np.einsum("...ij,...ij->...j", squares, squares)
    return n, second, third, fourth
