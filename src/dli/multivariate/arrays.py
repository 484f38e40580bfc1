"""What indicators have in common, on plain arrays: a row for each unit, a column for each."""

from collections.abc import Callable, Sequence
from typing import Any, Literal

import numpy as np
from attrs import frozen
from numpy.typing import ArrayLike

from dli.arrays import TIE, Bools, Floats, Integers, as_table
from dli.checks import listed, number_fault, whole_number
from dli.errors import MethodError
from dli.moments import skewness_and_kurtosis
from dli.multivariate.correlation import (
    Correlations,
    correlations,
    one_of,
    redundant_pairs,
    silent_indicators,
)

__all__ = [
    "Clusters",
    "Components",
    "Correlations",
    "Statistics",
    "cluster_indicators",
    "correlations",
    "cronbach_alpha",
    "principal_components",
    "redundant_pairs",
    "silent_indicators",
    "statistics",
]


def __dir__() -> list[str]:
    return __all__


@frozen(kw_only=True, eq=False)
class Statistics:
    """Statistics of indicators, and which of them stand out; arrays of shape (n_indicators,).

    Attributes
    ----------
    minimum, maximum, mean, median : ndarray
        NaN for an indicator without any value.
    sd : ndarray
        Division by n - 1; NaN for fewer than two values.
    skewness, kurtosis : ndarray
        `dli.moments`; NaN for too few values, and for values that do not differ.
    n_available, n_nonzero, n_unique, n_same : ndarray of int
        The number of values that are available, of those that are not 0, of different values, and
        of those that equal the most frequent one.
    share_available : ndarray
        As a share of the units.
    share_nonzero, share_unique, share_same : ndarray
        As shares of the available values; NaN where none is available.
    lacks_values, lacks_nonzero, lacks_variety : ndarray of bool
        Whether the available, the non-zero or the different values are fewer than a share of the
        units.
    has_outliers : ndarray of bool
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
        raise MethodError("cannot describe the indicators with these limits", filter(None, faults))
    x = as_table(values, missing=True)
    n_units, n = len(x), (~np.isnan(x)).sum(axis=0)
    n_nonzero = (~np.isnan(x) & (x != 0)).sum(axis=0)
    counts = [np.unique(column[~np.isnan(column)], return_counts=True)[1] for column in x.T]
    n_unique = np.array([own.size for own in counts])
    n_same = np.array([own.max(initial=0) for own in counts])
    skew, kurt = skewness_and_kurtosis(x)
    known = np.where(n > 0, n, np.nan)

    def over_values(statistic: Callable[..., Any], least: int = 1, **options: int) -> Floats:
        found = np.full(n.shape, np.nan)
        found[n >= least] = statistic(x[:, n >= least], axis=0, **options)
        return found

    return Statistics(
        minimum=np.fmin.reduce(x, axis=0),
        maximum=np.fmax.reduce(x, axis=0),
        mean=over_values(np.nanmean),
        median=over_values(np.nanmedian),
        sd=over_values(np.nanstd, least=2, ddof=1),
        skewness=skew,
        kurtosis=kurt,
        n_available=n,
        n_nonzero=n_nonzero,
        n_unique=n_unique,
        n_same=n_same,
        share_available=n / n_units,
        share_nonzero=n_nonzero / known,
        share_unique=n_unique / known,
        share_same=n_same / known,
        lacks_values=n / n_units < available,
        lacks_nonzero=n_nonzero / n_units < nonzero,
        lacks_variety=n_unique / n_units < unique,
        has_outliers=(np.abs(skew) > skewness_limit) & (kurt > kurtosis_limit),
    )


def cronbach_alpha(values: ArrayLike) -> float:
    r"""Return Cronbach's alpha, the internal consistency of indicators.

    $\alpha = n^2 \bar c / \sum_{jk} c_{jk}$ with the covariances $c_{jk}$ of n
    indicators and their mean $\bar c$ off the diagonal. It is at most 1; above 0.7 is
    customary. It is negative when indicators correlate negatively.

    Parameters
    ----------
    values : array_like of shape (n_units, n_indicators)
        On one scale and with one direction. NaN marks a missing value: each covariance is taken
        over the units that have both indicators.

    Raises
    ------
    MethodError
        Fewer than two indicators, pairs with fewer than two common units, covariances that do
        not sum to more than zero, or values that are infinite or not numbers.

    References
    ----------
    Cronbach (1951), Coefficient alpha and the internal structure of tests.
    https://doi.org/10.1007/BF02310555

    Examples
    --------
    >>> round(cronbach_alpha([[1.0, 2.0], [2.0, 2.0], [3.0, 5.0]]), 4)
    0.8571
    """
    x = as_table(values, missing=True)
    n = x.shape[1]
    if n < 2:
        raise MethodError(f"alpha needs at least two indicators, got {n}")
    c = _covariances(x)
    unknown = np.argwhere(np.triu(np.isnan(c))).tolist()
    if unknown:
        raise MethodError(
            "alpha needs at least two units that have both indicators of each pair; too few have",
            [f"columns {i} and {j}" for i, j in unknown],
        )
    total = float(c.sum())
    if not total > TIE * np.abs(c).sum():
        raise MethodError(f"alpha needs covariances that sum to more than zero, got {total:g}")
    mean = (total - float(np.trace(c))) / (n * (n - 1))
    return float(n**2 * mean / total)


@frozen(kw_only=True, eq=False)
class Components:
    """Principal components of indicators, the largest first.

    Attributes
    ----------
    eigenvalues : ndarray of shape (n_indicators,)
        Of the correlation matrix; they sum to the number of indicators.
    explained : ndarray of shape (n_indicators,)
        The share of the variance that each component explains.
    loadings : ndarray of shape (n_indicators, n_indicators)
        A column of unit length for each component; its sum is not negative.
    scores : ndarray of shape (n_units, n_indicators)
        The components of each unit, NaN for a unit with a missing value.
    n_units : int
        The number of units without a missing value, from which the components were computed.
    """

    eigenvalues: Floats
    explained: Floats
    loadings: Floats
    scores: Floats
    n_units: int


def principal_components(values: ArrayLike, *, names: Sequence[str] | None = None) -> Components:
    """Return the principal components of indicators scaled to a standard deviation of 1.

    Parameters
    ----------
    values : array_like of shape (n_units, n_indicators)
        NaN marks a missing value; units with one are left out.
    names : sequence of str, optional
        What messages call the indicators; their columns by default.

    Raises
    ------
    MethodError
        Fewer than two units without a missing value, indicators that are constant over them,
        values that are infinite or not numbers, or names that are not one for each indicator.

    References
    ----------
    OECD and JRC (2008), Handbook on Constructing Composite Indicators, step 4.
    https://doi.org/10.1787/9789264043466-en

    Examples
    --------
    >>> found = principal_components([[1.0, 2.0], [2.0, 4.0], [3.0, 5.0], [4.0, 4.0]])
    >>> found.explained.round(3).tolist()
    [0.859, 0.141]
    """
    x = as_table(values, missing=True)
    called = _called(x.shape[1], names)
    complete = ~np.isnan(x).any(axis=1)
    n_units = int(complete.sum())
    if n_units < 2:
        raise MethodError(
            f"components need at least two units without a missing value, got {n_units}"
        )
    known = x[complete]
    constant = np.ptp(known, axis=0) <= TIE * np.abs(known).max(axis=0)
    if constant.any():
        raise MethodError(
            f"components need indicators that differ among the {n_units} complete units",
            [called[j] for j in np.flatnonzero(constant).tolist()],
        )
    scaled = (x - known.mean(axis=0)) / known.std(axis=0, ddof=1)
    correlation = scaled[complete].T @ scaled[complete] / (n_units - 1)
    eigenvalues, vectors = np.linalg.eigh(correlation)
    eigenvalues, vectors = np.maximum(eigenvalues[::-1], 0.0), vectors[:, ::-1]
    loadings = vectors * np.where(vectors.sum(axis=0) < 0, -1.0, 1.0)
    return Components(
        eigenvalues=eigenvalues,
        explained=eigenvalues / eigenvalues.sum(),
        loadings=loadings,
        scores=scaled @ loadings,
        n_units=n_units,
    )


@frozen(kw_only=True, eq=False)
class Clusters:
    """Indicators grouped by their correlations.

    Attributes
    ----------
    labels : ndarray of int of shape (n_indicators,)
        The cluster of each indicator, numbered from 0 in the order of the indicators.
    order : ndarray of int of shape (n_indicators,)
        Indicators in an order that puts similar ones side by side, as for a dendrogram.
    merges : ndarray of shape (n_indicators - 1, 4)
        The steps of merging, in the form of `scipy.cluster.hierarchy`.
    """

    labels: Integers
    order: Integers
    merges: Floats


def cluster_indicators(
    values: ArrayLike,
    *,
    n_clusters: int,
    method: str = "pearson",
    linkage: Literal["average", "complete", "single"] = "average",
    names: Sequence[str] | None = None,
) -> Clusters:
    """Return clusters of indicators that correlate, merged step by step from single indicators.

    The distance of two indicators is 1 less their correlation. Equal distances are merged in the
    order of the indicators.

    Parameters
    ----------
    values : array_like of shape (n_units, n_indicators)
        With one direction; missing values as for `correlations`.
    n_clusters : int
        From 1 to the number of indicators.
    method : {"pearson", "spearman", "kendall"}
        Of the correlation.
    linkage : {"average", "complete", "single"}
        The distance of two clusters: the mean, the largest or the smallest of the distances of
        their members.
    names : sequence of str, optional
        As for `principal_components`.

    Raises
    ------
    MethodError
        A number of clusters that is not possible, an unknown method or linkage, pairs without a
        correlation, values that are infinite or not numbers, or names as above.

    Examples
    --------
    >>> values = [[1.0, 2.0, 5.0], [2.0, 4.0, 1.0], [3.0, 6.5, 4.0], [4.0, 8.0, 2.0]]
    >>> cluster_indicators(values, n_clusters=2).labels.tolist()
    [0, 0, 1]
    """
    from scipy.cluster import hierarchy
    from scipy.spatial.distance import squareform

    r = correlations(values, method=method).coefficients
    n = len(r)
    if n < 2:
        raise MethodError(f"clusters need at least two indicators, got {n}")
    n_clusters = whole_number("n_clusters", n_clusters, 1, n)
    one_of("linkage", linkage, ("average", "complete", "single"))
    called = _called(n, names)
    unknown = np.argwhere(np.triu(np.isnan(r), 1)).tolist()
    if unknown:
        raise MethodError(
            "clusters need a correlation of each pair of indicators; it is not defined for",
            [f"{called[i]} and {called[j]}" for i, j in unknown],
        )
    merges = hierarchy.linkage(squareform(np.maximum(1 - r, 0), checks=False), method=linkage)
    # `fcluster` may return fewer clusters than asked for where distances are equal.
    found = hierarchy.cut_tree(merges, [n_clusters])[:, 0].tolist()
    different = list(dict.fromkeys(found))
    return Clusters(
        labels=np.array([different.index(label) for label in found]),
        order=np.asarray(hierarchy.leaves_list(merges), dtype=np.int64),
        merges=np.asarray(merges, dtype=np.float64),
    )


def _called(n: int, names: Any) -> list[str]:
    """Return what messages call the indicators."""
    if names is None:
        return [f"column {j}" for j in range(n)]
    called = listed("names", names, "text")
    if len(called) != n:
        raise MethodError(f"names must be a sequence of {n} texts, got {names!r}")
    return called


def _covariances(x: Floats) -> Floats:
    """Return covariances (n - 1) over the units that have both, NaN for fewer than two."""
    known = (~np.isnan(x)).astype(np.float64)
    filled = np.nan_to_num(x - np.nansum(x, axis=0) / np.maximum(known.sum(axis=0), 1))
    n = known.T @ known
    sums = filled.T @ known
    products = filled.T @ filled - sums * sums.T / np.maximum(n, 1)
    return np.where(n > 1, products / np.maximum(n - 1, 1), np.nan)
