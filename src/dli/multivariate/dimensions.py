"""Whether indicators measure one thing: Cronbach's alpha, principal components, clusters."""

from collections.abc import Sequence
from typing import Literal

import numpy as np
from attrs import frozen
from numpy.typing import ArrayLike

from dli.arrays import TIE, Floats, Integers, as_table
from dli.checks import whole_number
from dli.errors import MethodError
from dli.multivariate.correlation import correlations

__all__ = [
    "Clusters",
    "Components",
    "cluster_indicators",
    "cronbach_alpha",
    "principal_components",
]


def cronbach_alpha(values: ArrayLike) -> float:
    r"""Return Cronbach's alpha, the internal consistency of indicators.

    :math:`\alpha = n^2 \bar c / \sum_{jk} c_{jk}` with the covariances :math:`c_{jk}` of n
    indicators and their mean :math:`\bar c` off the diagonal.

    Parameters
    ----------
    values : array_like of shape (n_units, n_indicators)
        On one scale and with one direction. NaN marks a missing value: each covariance is taken
        over the units that have both indicators.

    Returns
    -------
    float
        At most 1; above 0.7 is customary. Negative when indicators correlate negatively.

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
    n_indicators = x.shape[1]
    if n_indicators < 2:
        msg = f"alpha needs at least two indicators, got {n_indicators}"
        raise MethodError(msg)
    c = _covariances(x)
    unknown = [f"columns {i} and {j}" for i, j in np.argwhere(np.triu(np.isnan(c))).tolist()]
    if unknown:
        msg = "alpha needs at least two units that have both indicators of each pair; too few have"
        raise MethodError(msg, unknown)
    total = float(c.sum())
    if not total > TIE * np.abs(c).sum():
        msg = f"alpha needs covariances that sum to more than zero, got {total:g}"
        raise MethodError(msg)
    mean = (total - float(np.trace(c))) / (n_indicators * (n_indicators - 1))
    return float(n_indicators**2 * mean / total)


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

    Returns
    -------
    Components

    Raises
    ------
    MethodError
        Fewer than two units without a missing value, indicators that are constant over them, or
        values that are infinite or not numbers.

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
    complete = ~np.isnan(x).any(axis=1)
    n_units = int(complete.sum())
    if n_units < 2:
        msg = f"components need at least two units without a missing value, got {n_units}"
        raise MethodError(msg)
    known = x[complete]
    constant = np.ptp(known, axis=0) <= TIE * np.abs(known).max(axis=0)
    if constant.any():
        msg = f"components need indicators that differ among the {n_units} complete units"
        called = _called(x, names)
        raise MethodError(msg, [called[j] for j in np.flatnonzero(constant).tolist()])
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
        With one direction. NaN marks a missing value: each correlation is taken over the units
        that have both indicators.
    n_clusters : int
        From 1 to the number of indicators.
    method : {"pearson", "spearman", "kendall"}
        Of the correlation.
    linkage : {"average", "complete", "single"}
        The distance of two clusters: the mean, the largest or the smallest of the distances of
        their members.
    names : sequence of str, optional
        What messages call the indicators; their columns by default.

    Returns
    -------
    Clusters

    Raises
    ------
    MethodError
        A number of clusters that is not possible, an unknown method or linkage, pairs without a
        correlation, or values that are infinite or not numbers.

    Examples
    --------
    >>> values = [[1.0, 2.0, 5.0], [2.0, 4.0, 1.0], [3.0, 6.5, 4.0], [4.0, 8.0, 2.0]]
    >>> cluster_indicators(values, n_clusters=2).labels.tolist()
    [0, 0, 1]
    """
    from scipy.cluster import hierarchy
    from scipy.spatial.distance import squareform

    r = correlations(values, method=method).coefficients
    n_indicators = len(r)
    if n_indicators < 2:
        msg = f"clusters need at least two indicators, got {n_indicators}"
        raise MethodError(msg)
    n_clusters = whole_number("n_clusters", n_clusters, 1, n_indicators)
    if linkage not in ("average", "complete", "single"):
        msg = f"linkage must be 'average', 'complete' or 'single', got {linkage!r}"
        raise MethodError(msg)
    called = _called(r, names)
    pairs = np.argwhere(np.triu(np.isnan(r), 1)).tolist()
    unknown = [f"{called[i]} and {called[j]}" for i, j in pairs]
    if unknown:
        msg = "clusters need a correlation of each pair of indicators; it is not defined for"
        raise MethodError(msg, unknown)
    distance = squareform(np.maximum(1 - r, 0), checks=False)
    merges = hierarchy.linkage(distance, method=linkage)
    # `fcluster` may return fewer clusters than asked for where distances are equal.
    found = hierarchy.cut_tree(merges, [n_clusters])[:, 0].tolist()
    numbers = {label: number for number, label in enumerate(dict.fromkeys(found))}
    return Clusters(
        labels=np.array([numbers[label] for label in found], dtype=np.int64),
        order=np.asarray(hierarchy.leaves_list(merges), dtype=np.int64),
        merges=np.asarray(merges, dtype=np.float64),
    )


def _called(columns: Floats, names: Sequence[str] | None) -> Sequence[str]:
    return [f"column {j}" for j in range(columns.shape[1])] if names is None else names


def _covariances(x: Floats) -> Floats:
    """Return covariances (n - 1) over the units that have both, NaN for fewer than two."""
    known = (~np.isnan(x)).astype(np.float64)
    centred = x - np.nansum(x, axis=0) / np.maximum(known.sum(axis=0), 1)
    filled = np.nan_to_num(centred)
    n = known.T @ known
    sums = filled.T @ known
    products = filled.T @ filled - sums * sums.T / np.maximum(n, 1)
    return np.where(n > 1, products / np.maximum(n - 1, 1), np.nan)
