"""Weights that depend on what an indicator adds to the others: CRITIC, correlation, MEREC."""

import numpy as np
from attrs import frozen
from numpy.typing import ArrayLike

from dli.arrays import Floats, as_floats
from dli.errors import MethodError
from dli.weighting.tables import (
    DataDriven,
    check_not_constant,
    check_range,
    complete_rows,
    in_range,
    minmax,
    shares,
    spread,
    table_of,
)

__all__ = [
    "CorrelationBased",
    "Critic",
    "Merec",
    "correlation_weights",
    "critic_weights",
    "merec_weights",
]


def _directions(directions: ArrayLike | None, n: int) -> Floats:
    d = np.ones(n) if directions is None else as_floats(directions, "directions")
    if d.shape != (n,) or not np.isin(d, (-1, 1)).all():
        msg = f"directions must be {n} numbers, each 1 or -1, got {d.tolist()}"
        raise MethodError(msg)
    return d


def critic_weights(values: ArrayLike, directions: ArrayLike | None = None) -> Floats:
    r"""Return CRITIC weights: larger for indicators with more spread and lower correlations.

    The weights are $w_k \propto s_k \sum_l (1 - r_{kl})$ with the standard deviations $s_k$ and
    the correlations $r_{kl}$ of the columns, which are rescaled to the range from 0 to 1.

    Parameters
    ----------
    values : array_like of shape (n_units, n_indicators)
        NaN denotes a missing value; units with missing values are left out.
    directions : array_like of shape (n_indicators,), optional
        1 where higher values are better, -1 where lower values are better; 1 by default.

    Returns
    -------
    ndarray of shape (n_indicators,)
        The weights, which sum to one. A single indicator has weight 1.

    Raises
    ------
    MethodError
        Infinite values, fewer than three units with all values, an indicator that is the same for
        all of these units, or indicators that are all perfectly correlated.

    References
    ----------
    Diakoulaki, D., Mavrotas, G. and Papayannakis, L. (1995), Determining objective weights in
    multiple criteria problems: the CRITIC method. https://doi.org/10.1016/0305-0548(94)00059-H

    Examples
    --------
    >>> critic_weights([[1.0, 5.0, 2.0], [2.0, 4.0, 9.0], [4.0, 1.0, 4.0]]).round(4).tolist()
    [0.3678, 0.3877, 0.2445]
    """
    x, names = table_of(values)
    d = _directions(directions, x.shape[1])
    if x.shape[1] == 1:
        return np.ones(1)
    rows, _ = in_range(complete_rows(x, names, "CRITIC"))
    z = minmax(rows, names, "CRITIC")
    z = np.where(d > 0, z, 1 - z)
    conflict = (1 - np.corrcoef(z, rowvar=False)).sum(axis=1)
    conflict[conflict < 1e-12] = 0.0
    if not conflict.any():
        msg = f"CRITIC weights are undefined if all correlations are 1: {', '.join(names)}"
        raise MethodError(msg)
    return shares(z.std(axis=0, ddof=1) * conflict, names, "CRITIC")


def correlation_weights(values: ArrayLike) -> Floats:
    r"""Return weights that are smaller for indicators that are correlated with others.

    The weights are $w_k \propto 1 / \sum_l |r_{kl}|$ with the correlations $r_{kl}$, including
    that of the indicator with itself. Uncorrelated indicators have equal weights, and two
    identical indicators share the weight of one. The values, the result and the errors are as for
    `critic_weights`, except that perfectly correlated indicators are accepted.

    References
    ----------
    Betti, G. and Verma, V. (1999), Measuring the degree of poverty in a dynamic and comparative
    context: the factor against redundancy, without a threshold.

    Examples
    --------
    >>> values = [[1.0, 1.0, 1.0], [2.0, 2.0, -1.0], [3.0, 3.0, -1.0], [4.0, 4.0, 1.0]]
    >>> correlation_weights(values).round(4).tolist()
    [0.25, 0.25, 0.5]
    """
    x, names = table_of(values)
    if x.shape[1] == 1:
        return np.ones(1)
    rows, _ = in_range(complete_rows(x, names, "correlation"))
    check_not_constant(rows, names, "correlation")
    repeated = np.abs(np.corrcoef(rows, rowvar=False)).sum(axis=1)
    return shares(1 / repeated, names, "correlation")


def merec_weights(values: ArrayLike, directions: ArrayLike | None = None) -> Floats:
    r"""Return MEREC weights: larger for indicators whose removal changes the units' scores more.

    With $n_{ik} = \min_i x_{ik} / x_{ik}$ (or $x_{ik} / \max_i x_{ik}$ where lower values are
    better) and m indicators, the score of unit i is
    $S_i = \ln(1 + \frac{1}{m} \sum_k |\ln n_{ik}|)$; $S_i^{(k)}$ is the same without indicator k,
    but still divided by m. The weights are $w_k \propto \sum_i |S_i^{(k)} - S_i|$. The parameters
    and the result are as for `critic_weights`, except that the values must be above zero, as
    scores by ``MinMax(low=1)`` are, and that a constant indicator has weight 0.

    Raises
    ------
    MethodError
        Values that are not above zero, fewer than two units with all values, or no indicator that
        differs between units.

    References
    ----------
    Keshavarz-Ghorabaee, M. and others (2021), Determination of objective weights using a new
    method based on the removal effects of criteria (MEREC). https://doi.org/10.3390/sym13040525

    Examples
    --------
    >>> merec_weights([[450, 8000, 54, 145], [10, 9100, 2, 160], [100, 8200, 31, 153],
    ...     [220, 9300, 1, 162], [5, 8400, 23, 158]], [1, 1, -1, -1]).round(4).tolist()
    [0.5752, 0.0141, 0.4016, 0.0091]
    """
    x, names = table_of(values)
    d = _directions(directions, x.shape[1])
    check_range(x, names, "MEREC", lowest="above 0", least=1)
    if x.shape[1] == 1:
        return np.ones(1)
    rows, _ = in_range(complete_rows(x, names, "MEREC", least=2))
    size = np.abs(np.log(rows / np.where(d > 0, rows.min(axis=0), rows.max(axis=0))))
    size[:, spread(rows) == 0] = 0.0
    m = rows.shape[1]
    total = size.sum(axis=1, keepdims=True)
    effect = np.abs(np.log1p((total - size) / m) - np.log1p(total / m)).sum(axis=0)
    return shares(effect, names, "MEREC")


@frozen
class Critic(DataDriven):
    """Weights by `critic_weights`."""

    function = critic_weights
    formula = (
        r"CRITIC weights: $w_k \propto s_k \sum_l (1 - r_{kl})$ with the standard deviations "
        "$s_k$ of scores rescaled to 0 to 1 and their correlations $r_{kl}$, over the units "
        "that have all values."
    )


@frozen
class CorrelationBased(DataDriven):
    """Weights by `correlation_weights`."""

    function = correlation_weights
    formula = (
        r"Weights against redundancy: $w_k \propto 1 / \sum_l |r_{kl}|$ with the correlations "
        "$r_{kl}$ over the units that have all values."
    )


@frozen
class Merec(DataDriven):
    """Weights by `merec_weights`."""

    function = merec_weights
    formula = (
        r"MEREC weights: $w_k \propto \sum_i |S_i^{(k)} - S_i|$ with "
        r"$S_i = \ln(1 + \frac{1}{m} \sum_k |\ln(\min_i x_{ik} / x_{ik})|)$ and $S_i^{(k)}$ "
        "the same without $k$, over the units that have all values."
    )
