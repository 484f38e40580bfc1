"""Correlations of pairs of indicators."""

from collections.abc import Sequence

import numpy as np
from attrs import frozen
from numpy.typing import ArrayLike

from dli.arrays import TIE, Floats, Integers, as_floats, as_table
from dli.checks import choice_faults, number
from dli.errors import MethodError

__all__ = ["Correlations", "correlations", "one_of", "redundant_pairs", "silent_indicators"]


@frozen(kw_only=True, eq=False)
class Correlations:
    """Correlations of pairs of columns, each over the units that have a value in both.

    Attributes
    ----------
    coefficients : ndarray of shape (n_indicators, n_others)
        The correlation of each pair; NaN if fewer than two units have both values, or if one of
        the two columns is constant over these units.
    p_values : ndarray of shape (n_indicators, n_others)
        The two-sided p-values of the hypothesis that there is no correlation; NaN if fewer than
        three units have both values.
    n_units : ndarray of int of shape (n_indicators, n_others)
        The number of units that have both values.
    within : bool
        Whether the columns are correlated with each other rather than with a second table.
    """

    coefficients: Floats
    p_values: Floats
    n_units: Integers
    within: bool

    def significant(self, p_value: float = 0.05) -> Floats:
        """Return the coefficients whose p-value is at most a limit; all others are NaN.

        Raises
        ------
        MethodError
            The limit is not a number from 0 to 1.
        """
        limit = number("p_value", p_value, least=0, most=1)
        return np.where(self.p_values <= limit, self.coefficients, np.nan)

    def pairs(
        self, *, above: float | None = None, below: float | None = None
    ) -> list[tuple[int, int]]:
        """Return the pairs of columns whose correlation is above or below a limit.

        Within one table each pair appears once, and no column is paired with itself.

        Parameters
        ----------
        above, below : float, optional
            The limits. If both are passed, pairs beyond either limit are returned.

        Raises
        ------
        MethodError
            A limit is not a number.
        """
        r = self.coefficients
        is_beyond = np.zeros(r.shape, dtype=np.bool_)
        if above is not None:
            is_beyond |= r > number("above", above)
        if below is not None:
            is_beyond |= r < number("below", below)
        if self.within:
            is_beyond = np.triu(is_beyond, 1)
        return [(i, j) for i, j in np.argwhere(is_beyond).tolist()]


def correlations(
    values: ArrayLike, others: ArrayLike | None = None, *, method: str = "pearson"
) -> Correlations:
    r"""Return the correlations of columns with each other or with the columns of a second table.

    Parameters
    ----------
    values : array_like of shape (n_units, n_indicators)
        The values of the indicators; NaN if missing. Each correlation is computed over the units
        that have both values.
    others : array_like of shape (n_units, n_others), optional
        A second table, for example the scores of sub-indices for correlations across tree levels.
    method : {"pearson", "spearman", "kendall"}
        Linear correlation; the correlation of ranks, where ties share their mean rank; or
        Kendall's $\tau_b$. Values tie if they are equal; a column whose values differ only by
        rounding is constant.

    Raises
    ------
    MethodError
        The method is unknown, values are infinite or not numbers, or the tables do not have the
        same number of rows.

    References
    ----------
    OECD and JRC (2008), Handbook on Constructing Composite Indicators, step 4.
    https://doi.org/10.1787/9789264043466-en

    Examples
    --------
    >>> result = correlations([[1.0, 2.0], [2.0, 4.0], [3.0, 7.0], [4.0, np.nan]])
    >>> result.coefficients.round(4).tolist()
    [[1.0, 0.9934], [0.9934, 1.0]]
    >>> result.n_units.tolist()
    [[4, 3], [3, 3]]
    """
    one_of("method", method, ("pearson", "spearman", "kendall"))
    x = as_table(values, missing=True)
    y = x if others is None else as_table(others, name="others", columns="n_others", missing=True)
    if len(x) != len(y):
        raise MethodError(
            f"values and others must both have a row for each unit, got {len(x)} and {len(y)} rows"
        )
    n = (~np.isnan(x)).T.astype(np.int64) @ (~np.isnan(y)).astype(np.int64)
    if method == "pearson":
        r = _pearson(x, y)
    elif method == "spearman" and not (np.isnan(x).any() or np.isnan(y).any()):
        r = _pearson(_mean_ranks(x), _mean_ranks(y))
    else:
        r, p_values = _by_ranks(x, y, method)
    if method != "kendall":
        p_values = _p_values(r, n)
    return Correlations(coefficients=r, p_values=p_values, n_units=n, within=others is None)


def redundant_pairs(values: ArrayLike, *, limit: float = 0.92) -> list[tuple[int, int]]:
    """Return the pairs of indicators (columns) that correlate so highly that one is redundant.

    Parameters
    ----------
    values : array_like of shape (n_units, n_indicators)
        The normalised values, for which higher is better in every indicator; NaN if missing.
    limit : float
        Pairs with a Pearson correlation above this limit are redundant.

    Raises
    ------
    MethodError
        Values are infinite or not numbers, or the limit is not a number.

    References
    ----------
    Saisana, Becker, Neves, Alberti and Dominguez-Torreiro (2019), Your 10-Step Pocket Guide to
    Composite Indicators & Scoreboards, European Commission, Joint Research Centre.

    Examples
    --------
    >>> redundant_pairs([[1.0, 2.0, 5.0], [2.0, 4.1, 1.0], [3.0, 6.0, 4.0], [4.0, 8.0, 2.0]])
    [(0, 1)]
    """
    return correlations(values).pairs(above=number("limit", limit))


def silent_indicators(values: ArrayLike, scores: ArrayLike, *, limit: float = 0.3) -> list[int]:
    """Return the indicators (columns) that correlate weakly or negatively with a score.

    Parameters
    ----------
    values : array_like of shape (n_units, n_indicators)
        As for `redundant_pairs`.
    scores : array_like of shape (n_units,)
        The scores of the index, or of the sub-index that the indicators belong to.
    limit : float
        An indicator is silent if its Pearson correlation with the scores is below this limit, or is
        undefined because the indicator or the scores are constant.

    Raises
    ------
    MethodError
        As for `redundant_pairs`, or the scores do not have the shape (n_units,).

    Examples
    --------
    >>> silent_indicators([[1.0, 2.0], [2.0, 1.0], [3.0, 2.0]], [1.0, 2.0, 3.0])
    [1]
    """
    score = as_floats(scores, "scores")
    if score.ndim != 1:
        raise MethodError(f"scores must have the shape (n_units,), got {score.shape}")
    r = correlations(values, score[:, np.newaxis]).coefficients[:, 0]
    return [int(j) for j in np.flatnonzero(~(r >= number("limit", limit)))]


def one_of(name: str, value: object, options: Sequence[str]) -> None:
    """Raise `MethodError` unless a value is one of several strings."""
    for fault in choice_faults(name, value, options):
        raise MethodError(fault)


def _pearson(x: Floats, y: Floats) -> Floats:
    """Return the correlations of all pairs, from sums over the units that have both values."""
    x, y = _centred(x), _centred(y)
    a, b = (~np.isnan(x)).astype(np.float64), (~np.isnan(y)).astype(np.float64)
    x, y = np.nan_to_num(x), np.nan_to_num(y)
    n = np.maximum(a.T @ b, 1)
    sum_x, sum_y = x.T @ b, a.T @ y
    square_x, square_y = (x**2).T @ b, a.T @ (y**2)
    spread_x, spread_y = square_x - sum_x**2 / n, square_y - sum_y**2 / n
    # Rounding may leave a spread of equal values that is not exactly 0.
    flat = (spread_x <= 1e-13 * square_x) | (spread_y <= 1e-13 * square_y)
    size = np.sqrt(np.where(flat, 1.0, spread_x * spread_y))
    r = (x.T @ y - sum_x * sum_y / n) / size
    return np.where(flat, np.nan, np.clip(r, -1, 1))


def _centred(x: Floats) -> Floats:
    """Return columns with mean 0 and maximum size 1, so that sums of squares keep their digits."""
    n = np.maximum((~np.isnan(x)).sum(axis=0), 1)
    centred = x - np.nansum(x, axis=0) / n
    size = np.abs(np.nan_to_num(centred)).max(axis=0)
    is_constant = size <= TIE * np.abs(np.nan_to_num(x)).max(axis=0)
    centred[:, is_constant] *= 0
    return np.asarray(centred / np.where(is_constant, 1.0, size))


def _p_values(r: Floats, n: Integers) -> Floats:
    """Return the two-sided p-values from Student's t with n - 2 degrees of freedom."""
    from scipy import stats

    usable = (n > 2) & ~np.isnan(r)
    freedom = np.where(usable, n - 2, 1)
    unexplained = np.where(usable, 1 - r**2, 1.0)
    with np.errstate(divide="ignore"):  # t is infinite for a perfect correlation
        t = np.where(usable, np.abs(r), 0.0) * np.sqrt(freedom / unexplained)
    return np.where(usable, 2 * stats.t.sf(t, freedom), np.nan)


def _by_ranks(x: Floats, y: Floats, method: str) -> tuple[Floats, Floats]:
    """Return the rank correlation of each pair of columns over the units that have both values.

    The p-values are those of Kendall's coefficient; for Spearman's, use `_p_values`.
    """
    from scipy import stats

    r, p_values = np.full((2, x.shape[1], y.shape[1]), np.nan)
    for i, j in np.ndindex(r.shape):
        both = ~np.isnan(x[:, i]) & ~np.isnan(y[:, j])
        if y is x and j < i:
            r[i, j], p_values[i, j] = r[j, i], p_values[j, i]
        elif both.sum() > 1:
            ranks = _mean_ranks(np.stack([x[both, i], y[both, j]], axis=1))
            if method == "spearman":
                r[i, j] = _pearson(ranks[:, :1], ranks[:, 1:])[0, 0]
            else:
                result = stats.kendalltau(ranks[:, 0], ranks[:, 1])
                r[i, j] = result.statistic
                p_values[i, j] = result.pvalue if len(ranks) > 2 else np.nan
    return r, p_values


def _mean_ranks(x: Floats) -> Floats:
    """Return the ranks in each column, from 1 for the lowest; ties share their mean rank."""
    from scipy import stats

    ranks = np.asarray(stats.rankdata(x, axis=0))
    ranks[:, np.ptp(x, axis=0) <= TIE * np.abs(x).max(axis=0)] = 1.0  # constant except for rounding
    return ranks
