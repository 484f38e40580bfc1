"""The shape of each indicator: where it lies, how it spreads, what is odd about it."""

from collections.abc import Callable
from typing import Any, TypeAlias

import numpy as np
from attrs import frozen
from numpy.typing import ArrayLike, NDArray

from dli.errors import MethodError
from dli.moments import kurtosis, skewness
from dli.multivariate.tables import Bools, Floats, as_table

__all__ = ["Statistics", "statistics"]

Counts: TypeAlias = NDArray[np.int64]


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
        Values that are there, that are not 0, that differ, and that are equal to the commonest.
    share_available : ndarray of shape (n_indicators,)
        Of the units.
    share_nonzero, share_unique, share_same : ndarray of shape (n_indicators,)
        Of the values that are there; NaN where there is none.
    lacks_values, lacks_nonzero, lacks_variety : ndarray of bool of shape (n_indicators,)
        Whether the values that are there, are not 0, or differ are less than a share of the units.
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
    n_available: Counts
    n_nonzero: Counts
    n_unique: Counts
    n_same: Counts
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
    """Describe each indicator, and flag what stands out.

    Parameters
    ----------
    values : array_like of shape (n_units, n_indicators)
        NaN is missing and left out.
    available, nonzero, unique : float
        The least shares of the units that should have a value, a value other than 0, and values
        that differ.
    skewness_limit, kurtosis_limit : float
        An indicator has outliers when its absolute skewness and its kurtosis both exceed them.

    Returns
    -------
    Statistics

    Raises
    ------
    MethodError
        A share outside 0 to 1.

    Examples
    --------
    >>> found = statistics([[1.0, 0.0], [2.0, 0.0], [6.0, 5.0]])
    >>> found.mean.tolist(), found.n_nonzero.tolist(), found.lacks_nonzero.tolist()
    ([3.0, 1.6666666666666667], [3, 1], [False, True])
    """
    shares = {"available": available, "nonzero": nonzero, "unique": unique}
    faults = [f"{name}: {share!r}" for name, share in shares.items() if not 0 <= share <= 1]
    if faults:
        msg = "shares must lie from 0 to 1"
        raise MethodError(msg, faults)
    x = as_table(values)
    n_units = len(x)
    there = ~np.isnan(x)
    n = there.sum(axis=0)
    n_nonzero = (there & (x != 0)).sum(axis=0)
    n_unique, n_same = _multiplicities(x)
    skew, kurt = skewness(x), kurtosis(x)
    return Statistics(
        minimum=np.fmin.reduce(x, axis=0),
        maximum=np.fmax.reduce(x, axis=0),
        mean=_over_values(np.nanmean, x, n > 0),
        median=_over_values(np.nanmedian, x, n > 0),
        sd=_over_values(lambda own, axis: np.nanstd(own, axis=axis, ddof=1), x, n > 1),
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


def _multiplicities(x: Floats) -> tuple[Counts, Counts]:
    """Count the values that differ, and those equal to the commonest, in each column."""
    unique, same = np.zeros((2, x.shape[1]), dtype=np.int64)
    for j, column in enumerate(x.T):
        counts = np.unique(column[~np.isnan(column)], return_counts=True)[1]
        unique[j], same[j] = counts.size, counts.max(initial=0)
    return unique, same


def _ratio(part: Counts, whole: Counts) -> Floats:
    return np.asarray(part / np.where(whole > 0, whole, np.nan))
