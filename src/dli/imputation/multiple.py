"""Rubin's rules: pool the estimates of several completed tables, with their variance."""

from collections.abc import Sequence
from typing import Any

import numpy as np
from attrs import frozen
from numpy.typing import ArrayLike

from dli.arrays import Bools, Floats, as_floats
from dli.checks import is_number, listed
from dli.errors import MethodError

__all__ = ["Pooled", "pool", "quantile_levels"]


@frozen(kw_only=True, eq=False)
class Pooled:
    r"""Estimates pooled over m completed tables by Rubin's rules.

    Attributes
    ----------
    estimate : ndarray of shape (...)
        The mean of the estimates.
    within : ndarray of shape (...)
        W, the mean of their variances; 0 if no variances were given.
    between : ndarray of shape (...)
        B, the variance of the estimates between tables.
    total : ndarray of shape (...)
        $T = W + (1 + 1/m) B$.
    df : ndarray of shape (...)
        The degrees of freedom of t; infinite where B is 0.
    share_missing : ndarray of shape (...)
        $\lambda = (1 + 1/m) B / T$, the share of the variance that is due to missing data;
        0 where T is 0.
    missing_information : ndarray of shape (...)
        $\gamma = (r + 2 / (\nu + 3)) / (1 + r)$ with $r = \lambda / (1 - \lambda)$, the
        fraction of missing information, which allows for the small number of tables; 0 where B is.
    n_tables : int
        The number m of completed tables.
    """

    estimate: Floats
    within: Floats
    between: Floats
    total: Floats
    df: Floats
    share_missing: Floats
    missing_information: Floats
    n_tables: int

    def interval(self, q: float | Sequence[float] = (0.05, 0.95)) -> Floats:
        """Return quantiles of the estimated quantity, from a t distribution around the estimate.

        Parameters
        ----------
        q : float or sequence of float
            The quantiles, above 0 and below 1; by default the ends of a 90 % interval.

        Returns
        -------
        ndarray of shape (...), or (n_quantiles, ...) for a sequence
            Quantiles of Student's t around the pooled estimate.

        Raises
        ------
        MethodError
            If a quantile is outside its limits.
        """
        from scipy.special import ndtri, stdtrit  # imported here, since loading it is slow

        levels = np.asarray(quantile_levels(q))
        levels = levels.reshape(levels.shape + (1,) * self.df.ndim)
        is_normal = np.isinf(self.df)
        t = stdtrit(np.where(is_normal, 1.0, self.df), levels)
        return np.asarray(
            self.estimate + np.where(is_normal, ndtri(levels), t) * np.sqrt(self.total)
        )


def pool(
    estimates: ArrayLike, variances: ArrayLike | None = None, *, df: ArrayLike | None = None
) -> Pooled:
    r"""Pool estimates from several completed tables by Rubin's rules.

    With the mean W of the variances and the variance B of the m estimates, the total variance is
    $T = W + (1 + 1/m) B$, and $\lambda = (1 + 1/m) B / T$ the share due to missing
    data. The degrees of freedom are $\nu_m = (m - 1) / \lambda^2$; if those of the complete
    data, $\nu$, are given, $\nu_m \nu_o / (\nu_m + \nu_o)$ with
    $\nu_o = (1 - \lambda) \nu (\nu + 1) / (\nu + 3)$.

    Parameters
    ----------
    estimates : array_like of shape (m, ...)
        One or several estimates from each of at least two tables. An estimate that is missing in
        one of the tables (NaN) has no pooled value.
    variances : array_like of shape (m, ...), optional
        Their squared standard errors; by default 0, as for quantities that are known
        exactly without missing data.
    df : array_like of shape () or (...), optional
        The degrees of freedom that the estimates would have without missing data, above 0. Where
        W is 0 they do not matter.

    Returns
    -------
    Pooled
        Estimates with their variance within and between imputations.

    Raises
    ------
    MethodError
        If there are fewer than two tables, shapes do not fit, estimates are infinite or too large
        to square, variances are negative, or degrees of freedom are not above 0 or are given
        without variances.

    References
    ----------
    Rubin (1987), Multiple Imputation for Nonresponse in Surveys. Wiley.

    Barnard and Rubin (1999), Small-sample degrees of freedom with multiple imputation. Biometrika
    86, 948-955. https://doi.org/10.1093/biomet/86.4.948

    Examples
    --------
    >>> pooled = pool([9.0, 10.0, 11.0], [2.0, 2.0, 2.0])
    >>> print(f"{pooled.total:.3f} {pooled.share_missing:.3f} {pooled.df:.1f}")
    3.333 0.400 12.5
    """
    values = as_floats(estimates, "estimates")
    if values.ndim == 0 or len(values) < 2 or values.size == 0:
        msg = (
            "estimates must have the shape (m, ...) with those of at least two tables, got "
            f"{values.shape}"
        )
        raise MethodError(msg)
    squares = np.zeros(values.shape) if variances is None else as_floats(variances, "variances")
    complete = None if df is None else as_floats(df, "df")
    faults = [*_faults(values, squares, complete)]
    if complete is not None and variances is None:
        faults.append("df: the degrees of freedom of complete data need variances")
    if faults:
        msg = "invalid parameters of pool"
        raise MethodError(msg, faults)
    return _pooled(values, squares, complete)


def _faults(values: Floats, squares: Floats, df: Floats | None) -> list[str]:
    faults = []
    if np.isinf(values).any():
        faults.append(f"estimates must be finite: {_places(np.isinf(values))}")
    if squares.shape != values.shape:
        faults.append(
            f"variances must have the shape of the estimates, {values.shape}, got {squares.shape}"
        )
    elif ((squares < 0) | np.isinf(squares)).any():
        wrong = (squares < 0) | np.isinf(squares)
        faults.append(f"variances must be finite and at least 0: {_places(wrong)}")
    if df is None:
        return faults
    if df.shape not in ((), values.shape[1:]):
        expected = " or ".join(str(shape) for shape in dict.fromkeys([(), values.shape[1:]]))
        faults.append(f"df must have the shape {expected}, got {df.shape}")
    elif not (df > 0).all():
        faults.append(f"df must be above 0: {_places(~(df > 0))}")
    return faults


def _places(wrong: Bools) -> str:
    """Return the text that lists the faulty positions of an array."""
    if wrong.ndim == 0:
        return "it is not"
    shown = [str(tuple(place)) for place in np.argwhere(wrong)[:5].tolist()]
    more = f" and {wrong.sum() - 5} more" if wrong.sum() > 5 else ""
    return f"not so at {', '.join(shown)}{more}"


def _pooled(values: Floats, squares: Floats, df: Floats | None) -> Pooled:
    m = len(values)
    # Relative to the first estimate, so that equal tables return it to the last bit.
    with np.errstate(over="ignore", invalid="ignore"):
        steps = values - values[0]
        mean_step = steps.mean(axis=0)
        estimate = values[0] + mean_step
        between = ((steps - mean_step) ** 2).sum(axis=0) / (m - 1)
        within = squares[0] + (squares - squares[0]).mean(axis=0)
        added = (1 + 1 / m) * between
        total = within + added
    beyond = np.isinf(total) | (np.isnan(total) & ~np.isnan(values).any(axis=0))
    beyond &= ~np.isnan(squares).any(axis=0)
    if beyond.any():
        msg = "estimates or variances are too large to be squared or added"
        raise MethodError(msg, [_places(beyond)])
    share = np.where(total > 0, added / np.where(total > 0, total, 1.0), total * 0.0)
    some = np.where(share > 0, share, np.nan)
    with np.errstate(over="ignore", divide="ignore"):
        of_tables = np.where(share == 0, np.inf, (m - 1) / some**2)
    degrees = of_tables if df is None else _small_sample(of_tables, share, df)
    # r / (1 + r) is the share, and 1 / (1 + r) is its complement.
    information = share + np.where(share > 0, (1 - share) * 2 / (degrees + 3), 0.0)
    return Pooled(
        estimate=np.asarray(estimate),
        within=np.asarray(within),
        between=np.asarray(between),
        total=np.asarray(total),
        df=np.asarray(degrees),
        share_missing=share,
        missing_information=np.asarray(information),
        n_tables=m,
    )


def _small_sample(of_tables: Floats, share: Floats, df: Floats) -> Floats:
    """Return Barnard and Rubin's degrees of freedom; the variance of complete data may be 0."""
    with np.errstate(over="ignore", invalid="ignore"):
        observed = (1 - share) * df * np.where(np.isinf(df), 1.0, (df + 1) / (df + 3))
        joint = 1 / (1 / of_tables + 1 / np.where(observed > 0, observed, np.inf))
    return np.asarray(np.where(share < 1, joint, of_tables))


def quantile_levels(q: float | Sequence[float], *, is_closed: bool = False) -> float | list[float]:
    """Return quantiles as a list of floats, or a single quantile as a float.

    Parameters
    ----------
    q : float or sequence of float
    is_closed : bool
        Whether 0 and 1 are accepted, for the smallest and the largest value.

    Raises
    ------
    MethodError
        If there is no quantile, or one is outside the limits.

    Examples
    --------
    >>> quantile_levels((0.05, 0.95))
    [0.05, 0.95]
    """
    levels: list[Any] = [q] if is_number(q) else listed("q (if not a number)", q, "quantiles")
    inside = [is_number(level) and (is_closed or 0 < level < 1) for level in levels]
    if not levels or not all(inside) or not all(0 <= level <= 1 for level in levels):
        limits = "from 0 to 1" if is_closed else "above 0 and below 1"
        msg = f"q must be one or several numbers {limits}, got {q!r}"
        raise MethodError(msg)
    return float(levels[0]) if is_number(q) else [float(level) for level in levels]
