"""Skewness and kurtosis of columns, as the tests for outliers use them."""

from typing import TypeAlias

import numpy as np
from numpy.typing import ArrayLike, NDArray

__all__ = ["kurtosis", "skewness", "skewness_and_kurtosis"]

Floats: TypeAlias = NDArray[np.float64]


def skewness(values: ArrayLike) -> Floats:
    r"""Give the adjusted Fisher-Pearson skewness of each column.

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
    r"""Give the sample excess kurtosis of each column, 0 for normally distributed values.

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
    """Give both at once, for less than the price of two.

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
    x = np.asarray(values, dtype=np.float64)
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
    """Give the number of values, and the sums of powers 2, 3 and 4 of their deviations.

    The sums may be of deviations in another unit. They are 0 where deviations are nothing but the
    rounding of the mean, in a constant column.
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
    second = np.einsum("...ij,...ij->...j", d, d)
    flat = second <= n * (8 * np.finfo(np.float64).eps * mean) ** 2
    if flat.any() or second.max(initial=1) > 1e60 or second.min(initial=1) < 1e-60:
        # Powers of very large or small numbers would leave the range of numbers.
        d = np.where(flat[..., np.newaxis, :], 0.0, d)
        largest = np.abs(d).max(axis=-2, keepdims=True, initial=0)
        d /= np.where(largest > 0, largest, 1.0)
        second = np.einsum("...ij,...ij->...j", d, d)
    squares = d * d
    third = np.einsum("...ij,...ij->...j", squares, d)
    fourth = np.einsum("...ij,...ij->...j", squares, squares)
    return n, second, third, fourth
