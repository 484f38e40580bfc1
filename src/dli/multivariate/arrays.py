"""Statistics and multivariate analysis of indicators, on plain arrays of units by indicators."""

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
    """Statistics of indicators, with flags of unusual ones; all arrays have shape (n_indicators,).

    Attributes
    ----------
    minimum, maximum, mean, median : ndarray
        The least, the greatest, the mean and the median value; NaN for an indicator without values.
    sd : ndarray
        The standard deviation, with divisor n - 1; NaN for fewer than two values.
    skewness, kurtosis : ndarray
        The skewness and the excess kurtosis, as computed by `dli.moments`; NaN for too few values,
        and for values that do not differ.
    n_available, n_nonzero, n_unique, n_same : ndarray of int
        The numbers of available values, of values other than 0, of distinct values, and of values
        equal to the most frequent one.
    share_available : ndarray
        The available values as a share of the units.
    share_nonzero, share_unique, share_same : ndarray
        The other numbers as shares of the available values; NaN if no value is available.
    lacks_values, lacks_nonzero, lacks_variety : ndarray of bool
        Whether the number of available, non-zero or distinct values is less than the required share
        of the units.
    has_outliers : ndarray of bool
        Whether the absolute skewness and the kurtosis both exceed their limits.
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
    """Return statistics of each indicator, with flags for unusual ones.

    Parameters
    ----------
    values : array_like of shape (n_units, n_indicators)
        The values; NaN marks a missing value, which is left out.
    available, nonzero, unique : float
        The smallest acceptable number of available, non-zero and distinct values, as a share of the
        units, from 0 to 1.
    skewness_limit, kurtosis_limit : float
        The limits for outliers: an indicator has outliers if its absolute skewness and its kurtosis
        both exceed them.

    Raises
    ------
    MethodError
        A share is not a number from 0 to 1, a limit is not a number, or a value is infinite or not
        a number.

    Examples
    --------
    >>> summary = statistics([[1.0, 0.0], [2.0, 0.0], [6.0, 5.0]])
    >>> summary.mean.tolist(), summary.n_nonzero.tolist(), summary.lacks_nonzero.tolist()
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
    n_unique = np.array([column_counts.size for column_counts in counts])
    n_same = np.array([column_counts.max(initial=0) for column_counts in counts])
    skew, kurt = skewness_and_kurtosis(x)
    known = np.where(n > 0, n, np.nan)

    def over_values(statistic: Callable[..., Any], least: int = 1, **options: int) -> Floats:
        result = np.full(n.shape, np.nan)
        result[n >= least] = statistic(x[:, n >= least], axis=0, **options)
        return result

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

    $\alpha = n^2 \bar c / \sum_{jk} c_{jk}$, where $c_{jk}$ are the covariances of the n indicators
    and $\bar c$ is the mean of those off the diagonal. Alpha is at most 1; values above 0.7 are
    customarily required. It is negative if this mean is negative.

    Parameters
    ----------
    values : array_like of shape (n_units, n_indicators)
        The values of indicators with the same scale and direction. NaN marks a missing value: each
        covariance is computed over the units that have both indicators.

    Raises
    ------
    MethodError
        There are fewer than two indicators, fewer than two units have both indicators of a pair,
        the covariances do not sum to more than zero, or a value is infinite or not a number.

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
        raise MethodError(f"alpha requires at least two indicators, got {n}")
    c = _covariances(x)
    unknown = np.argwhere(np.triu(np.isnan(c))).tolist()
    if unknown:
        raise MethodError(
            "alpha requires at least two units that have both indicators of each pair; fewer have",
            [f"columns {i} and {j}" for i, j in unknown],
        )
    total = float(c.sum())
    if not total > TIE * np.abs(c).sum():
        raise MethodError(f"alpha requires covariances that sum to more than zero, got {total:g}")
    mean = (total - float(np.trace(c))) / (n * (n - 1))
    return float(n**2 * mean / total)


@frozen(kw_only=True, eq=False)
class Components:
    """Principal components of indicators, in descending order of the variance they explain.

    Attributes
    ----------
    eigenvalues : ndarray of shape (n_indicators,)
        The eigenvalues of the correlation matrix, which sum to the number of indicators.
    explained : ndarray of shape (n_indicators,)
        The share of the variance that each component explains.
    loadings : ndarray of shape (n_indicators, n_indicators)
        The eigenvectors: a column of unit length for each component, with a sum that is not
        negative.
    scores : ndarray of shape (n_units, n_indicators)
        The value of each component for each unit; NaN for units with a missing value.
    n_units : int
        The number of units without missing values, from which the components are computed.
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
        The values; NaN marks a missing value, and units with one are left out.
    names : sequence of str, optional
        The names of the indicators in error messages; their column numbers by default.

    Raises
    ------
    MethodError
        Fewer than two units have no missing value, an indicator is constant over these units, a
        value is infinite or not a number, or ``names`` does not have one name for each indicator.

    References
    ----------
    OECD and JRC (2008), Handbook on Constructing Composite Indicators, step 4.
    https://doi.org/10.1787/9789264043466-en

    Examples
    --------
    >>> components = principal_components([[1.0, 2.0], [2.0, 4.0], [3.0, 5.0], [4.0, 4.0]])
    >>> components.explained.round(3).tolist()
    [0.859, 0.141]
    """
    x = as_table(values, missing=True)
    labels = _labels(x.shape[1], names)
    complete = ~np.isnan(x).any(axis=1)
    n_units = int(complete.sum())
    if n_units < 2:
        raise MethodError(
            f"components require at least two units without a missing value, got {n_units}"
        )
    known = x[complete]
    constant = np.ptp(known, axis=0) <= TIE * np.abs(known).max(axis=0)
    if constant.any():
        raise MethodError(
            f"components require indicators that differ among the {n_units} complete units",
            [labels[j] for j in np.flatnonzero(constant).tolist()],
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
        The number of the cluster of each indicator, from 0 in the order of their first indicators.
    order : ndarray of int of shape (n_indicators,)
        The indicators in an order that places similar ones next to each other, such as for a
        dendrogram.
    merges : ndarray of shape (n_indicators - 1, 4)
        The successive merges, in the format of `scipy.cluster.hierarchy`.
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
    """Return clusters of correlated indicators, merged step by step from single indicators.

    The distance between two indicators is 1 minus their correlation. If distances are equal,
    clusters are merged in the order of the indicators.

    Parameters
    ----------
    values : array_like of shape (n_units, n_indicators)
        The values of indicators with the same direction. Missing values are treated as in
        `correlations`.
    n_clusters : int
        The number of clusters, from 1 to the number of indicators.
    method : {"pearson", "spearman", "kendall"}
        The kind of correlation.
    linkage : {"average", "complete", "single"}
        The distance between two clusters: the mean, the largest or the smallest distance between
        their indicators.
    names : sequence of str, optional
        As in `principal_components`.

    Raises
    ------
    MethodError
        There are fewer than two indicators, the number of clusters is not possible, the method or
        the linkage is unknown, the correlation of a pair is not defined, a value is infinite or not
        a number, or ``names`` does not have one name for each indicator.

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
        raise MethodError(f"clusters require at least two indicators, got {n}")
    n_clusters = whole_number("n_clusters", n_clusters, 1, n)
    one_of("linkage", linkage, ("average", "complete", "single"))
    labels = _labels(n, names)
    unknown = np.argwhere(np.triu(np.isnan(r), 1)).tolist()
    if unknown:
        raise MethodError(
            "clusters require a correlation of each pair of indicators; it is not defined for",
            [f"{labels[i]} and {labels[j]}" for i, j in unknown],
        )
    merges = hierarchy.linkage(squareform(np.maximum(1 - r, 0), checks=False), method=linkage)
    # `fcluster` may return fewer clusters than requested if distances are equal.
    cut = hierarchy.cut_tree(merges, [n_clusters])[:, 0].tolist()
    distinct = list(dict.fromkeys(cut))
    return Clusters(
        labels=np.array([distinct.index(label) for label in cut]),
        order=np.asarray(hierarchy.leaves_list(merges), dtype=np.int64),
        merges=np.asarray(merges, dtype=np.float64),
    )


def _labels(n: int, names: Any) -> list[str]:
    """Return the names of the indicators in error messages."""
    if names is None:
        return [f"column {j}" for j in range(n)]
    labels = listed("names", names, "text")
    if len(labels) != n:
        raise MethodError(
            f"names must be a sequence of {n} strings, one for each indicator, got {names!r}"
        )
    return labels


def _covariances(x: Floats) -> Floats:
    """Return covariances (divisor n - 1) over the units that have both, NaN for fewer than two."""
    known = (~np.isnan(x)).astype(np.float64)
    filled = np.nan_to_num(x - np.nansum(x, axis=0) / np.maximum(known.sum(axis=0), 1))
    n = known.T @ known
    sums = filled.T @ known
    products = filled.T @ filled - sums * sums.T / np.maximum(n, 1)
    return np.where(n > 1, products / np.maximum(n - 1, 1), np.nan)
