"""The distribution of each indicator: location, spread, shape, and what stands out."""

from collections.abc import Callable
from typing import Any

import numpy as np
from attrs import frozen
from numpy.typing import ArrayLike

from dli.arrays import Bools, Floats, Integers, as_table
from dli.checks import number_fault
from dli.errors import MethodError
from dli.moments import skewness_and_kurtosis

__all__ = ["Statistics", "statistics"]


@frozen(kw_only=True, eq=False)
class Statistics:
    """Statistics of indicators, and which of them stand out.

    Attributes
    ----------
    minimum, maximum, mean, median : ndarray of shape (n_indicators,)
        NaN for an indicator without any value.
    sd : ndarray of shape (n_indicators,)
        Division by n - 1; NaN for fewer than two values.
    skewness, kurtosis : ndarray of shape (n_indicators,)
        `dli.moments`; NaN for too few values, and for values that do not differ.
    n_available, n_nonzero, n_unique, n_same : ndarray of int of shape (n_indicators,)
        The number of values that are available, of those that are not 0, of different values, and
        of those that equal the most frequent one.
    share_available : ndarray of shape (n_indicators,)
        As a share of the units.
    share_nonzero, share_unique, share_same : ndarray of shape (n_indicators,)
        As shares of the available values; NaN where none is available.
    lacks_values, lacks_nonzero, lacks_variety : ndarray of bool of shape (n_indicators,)
        Whether the available, the non-zero or the different values are fewer than a share of the
        units.
    has_outliers : ndarray of bool of shape (n_indicators,)
        Whether both skewness and kurtosis exceed their limits.
    """

    minimum: Floats
    maximum: Floats
    mean: Floats
    median: Floats
    sd: Floats
    skewness: Floats
    kurtosis: Floats
    n_available: Integers
    n_nonzero: Integers
    n_unique: Integers
    n_same: Integers
    share_available: Floats
    share_nonzero: Floats
    share_unique: Floats
    share_same: Floats
    lacks_values: Bools
    lacks_nonzero: Bools
    lacks_variety: Bools
    has_outliers: Bools


def statistics(
    values: ArrayLike,
    *,
    available: float = 0.65,
    nonzero: float = 0.5,
    unique: float = 0.5,
    skewness_limit: float = 2.0,
    kurtosis_limit: float = 3.5,
) -> Statistics:
    """Return statistics of each indicator, and flag what stands out.

    Parameters
    ----------
    values : array_like of shape (n_units, n_indicators)
        NaN marks a missing value, which is left out.
    available, nonzero, unique : float
        The least number of available, of non-zero and of different values, as shares of the units.
    skewness_limit, kurtosis_limit : float
        An indicator has outliers when its absolute skewness and its kurtosis both exceed them.

    Returns
    -------
    Statistics

    Raises
    ------
    MethodError
        A share that is not a number from 0 to 1, a limit that is not a number, or values that are
        infinite or not numbers.

    Examples
    --------
    >>> found = statistics([[1.0, 0.0], [2.0, 0.0], [6.0, 5.0]])
    >>> found.mean.tolist(), found.n_nonzero.tolist(), found.lacks_nonzero.tolist()
    ([3.0, 1.6666666666666667], [3, 1], [False, True])
    """
    shares = {"available": available, "nonzero": nonzero, "unique": unique}
    limits = {"skewness_limit": skewness_limit, "kurtosis_limit": kurtosis_limit}
    faults = [number_fault(name, share, least=0, most=1) for name, share in shares.items()]
    faults += [number_fault(name, limit) for name, limit in limits.items()]
    if any(faults):
        msg = "cannot describe the indicators with these limits"
        raise MethodError(msg, filter(None, faults))
    x = as_table(values, missing=True)
    n_units = len(x)
    is_available = ~np.isnan(x)
    n = is_available.sum(axis=0)
    n_nonzero = (is_available & (x != 0)).sum(axis=0)
    n_unique, n_same = _multiplicities(x)
    skew, kurt = skewness_and_kurtosis(x)
    return Statistics(
        minimum=np.fmin.reduce(x, axis=0),
        maximum=np.fmax.reduce(x, axis=0),
        mean=_over_values(np.nanmean, x, n > 0),
        median=_over_values(np.nanmedian, x, n > 0),
        sd=_over_values(lambda known, axis: np.nanstd(known, axis=axis, ddof=1), x, n > 1),
        skewness=skew,
        kurtosis=kurt,
        n_available=n,
        n_nonzero=n_nonzero,
        n_unique=n_unique,
        n_same=n_same,
        share_available=n / n_units,
        share_nonzero=_ratio(n_nonzero, n),
        share_unique=_ratio(n_unique, n),
        share_same=_ratio(n_same, n),
        lacks_values=n / n_units < available,
        lacks_nonzero=n_nonzero / n_units < nonzero,
        lacks_variety=n_unique / n_units < unique,
        has_outliers=(np.abs(skew) > skewness_limit) & (kurt > kurtosis_limit),
    )


def _over_values(statistic: Callable[..., Any], x: Floats, columns: Bools) -> Floats:
    found = np.full(x.shape[1], np.nan)
    found[columns] = statistic(x[:, columns], axis=0)
    return found


def _multiplicities(x: Floats) -> tuple[Integers, Integers]:
    """Return the number of different values, and of the most frequent one, in each column."""
    unique, same = np.zeros((2, x.shape[1]), dtype=np.int64)
    for j, column in enumerate(x.T):
        counts = np.unique(column[~np.isnan(column)], return_counts=True)[1]
        unique[j], same[j] = counts.size, counts.max(initial=0)
    return unique, same


def _ratio(part: Integers, whole: Integers) -> Floats:
    return np.asarray(part / np.where(whole > 0, whole, np.nan))
