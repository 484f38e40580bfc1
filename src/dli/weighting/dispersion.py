"""Weights that depend on how much an indicator differs between units."""

from collections.abc import Sequence
from typing import Literal

import numpy as np
from attrs import frozen
from numpy.typing import ArrayLike

from dli.checks import choice_faults, refuse
from dli.errors import MethodError
from dli.weighting.protocol import Floats
from dli.weighting.tables import (
    NOISE,
    DataDriven,
    check_range,
    in_range,
    minmax,
    shares,
    spread,
    table_of,
)

__all__ = [
    "CoefficientOfVariation",
    "Entropy",
    "Gini",
    "StandardDeviation",
    "coefficient_of_variation_weights",
    "entropy_weights",
    "gini_weights",
    "standard_deviation_weights",
]


def standard_deviation_weights(
    values: ArrayLike,
    *,
    normalise: Literal["none", "minmax"] = "none",
) -> Floats:
    r"""Return weights in proportion to the standard deviations: $w_k = s_k / \sum_l s_l$.

    See `critic_weights` for the reference.

    Parameters
    ----------
    values : array_like of shape (n_units, n_indicators)
        NaN denotes a missing value; each deviation is computed from the available values.
    normalise : {"none", "minmax"}
        Whether to first rescale the columns to the range from 0 to 1 ("minmax"), so that the
        weights do not depend on the units of measure.

    Returns
    -------
    ndarray of shape (n_indicators,)
        The weights, which sum to one. A constant indicator has weight 0; a single indicator has
        weight 1.

    Raises
    ------
    MethodError
        Infinite values, fewer than two values of an indicator, no indicator that differs between
        units, or, with ``normalise="minmax"``, an indicator that does not differ.

    Examples
    --------
    >>> standard_deviation_weights([[1.0, 10.0], [2.0, 30.0], [3.0, 50.0]]).round(4).tolist()
    [0.0476, 0.9524]
    """
    _check_normalise(normalise)
    x, names = table_of(values)
    check_range(x, names, "standard deviation")
    if x.shape[1] == 1:
        return np.ones(1)
    x, _ = in_range(x, together=normalise == "none")
    if normalise == "minmax":
        x = minmax(x, names, "standard deviation")
    return shares(spread(x), names, "standard deviation")


def _check_normalise(normalise: str) -> None:
    refuse("standard deviation weights", choice_faults("normalise", normalise, ("none", "minmax")))


def coefficient_of_variation_weights(values: ArrayLike) -> Floats:
    r"""Return weights in proportion to the coefficients of variation.

    $w_k = v_k / \sum_l v_l$ with $v_k = s_k / |\bar x_k|$. The values must have a true zero;
    otherwise the values and the result are as for `standard_deviation_weights`.

    Raises
    ------
    MethodError
        Infinite values, fewer than two values of an indicator, a mean of 0 (such as that of
        z-scores), or no indicator that differs between units.

    Examples
    --------
    >>> coefficient_of_variation_weights([[1.0, 10.0], [2.0, 30.0], [3.0, 50.0]]).round(4).tolist()
    [0.4286, 0.5714]
    """
    x, names = table_of(values)
    check_range(x, names, "coefficient of variation")
    if x.shape[1] == 1:
        return np.ones(1)
    x, _ = in_range(x)
    mean, deviation = np.abs(np.nanmean(x, axis=0)), spread(x)
    # A mean that is only rounding noise relative to the values counts as 0, as for z-scores.
    zero = np.flatnonzero(mean <= NOISE * np.nanmax(np.abs(x), axis=0)).tolist()
    if zero:
        msg = "coefficients of variation are undefined for a mean of 0"
        raise MethodError(msg, [names[k] for k in zero])
    return shares(deviation / mean, names, "coefficient of variation")


def _sums(x: Floats, names: Sequence[str], scheme: str) -> tuple[Floats, Floats]:
    """Return rescaled values and their sums; raise for negative values or columns of zeros."""
    check_range(x, names, scheme, lowest="of at least 0")
    x, _ = in_range(x)
    sums = _available_sum(x)
    zero = np.flatnonzero(sums == 0).tolist()
    if zero:
        msg = f"{scheme} weights are undefined for an indicator that is 0 for all units"
        raise MethodError(msg, [names[k] for k in zero])
    return x, sums


def _available_sum(x: Floats) -> Floats:
    total = x.sum(axis=0)
    return np.asarray(np.nansum(x, axis=0) if np.isnan(total).any() else total)


def gini_weights(values: ArrayLike) -> Floats:
    r"""Return weights in proportion to the Gini coefficients.

    $w_k = g_k / \sum_l g_l$ with
    $g_k = \sum_{ij} |x_{ik} - x_{jk}| / (2 n^2 \bar x_k)$. The values must have a true zero;
    otherwise the values, the result and the errors are as for `entropy_weights`.

    Examples
    --------
    >>> gini_weights([[1.0, 0.0], [1.0, 0.0], [4.0, 6.0]]).round(4).tolist()
    [0.3333, 0.6667]
    """
    x, names = table_of(values)
    x, sums = _sums(x, names, "Gini")
    if x.shape[1] == 1:
        return np.ones(1)
    coefficients = np.zeros(x.shape[1])
    for k in np.flatnonzero(spread(x) > 0):
        column = np.sort(x[:, k][~np.isnan(x[:, k])])
        n = column.size
        # The sum of all differences follows from the ranks: the i-th smallest value is added
        # i - 1 times and subtracted n - i times.
        coefficients[k] = (2 * np.arange(1, n + 1) - n - 1) @ column / (n * sums[k])
    return shares(coefficients, names, "Gini")


def entropy_weights(values: ArrayLike) -> Floats:
    r"""Return weights in proportion to the divergence of the indicators, one minus their entropy.

    With the shares of the units in the sum of an indicator, $p_{ik} = x_{ik} / \sum_i x_{ik}$, the
    entropy of the indicator is $e_k = -\frac{1}{\ln n} \sum_i p_{ik} \ln p_{ik}$ (with
    $0 \ln 0 = 0$), and the weights are proportional to the divergence $1 - e_k$.

    Parameters
    ----------
    values : array_like of shape (n_units, n_indicators)
        Not negative. NaN denotes a missing value; entropies are computed from the available values.

    Returns
    -------
    ndarray of shape (n_indicators,)
        The weights, which sum to one. A constant indicator has weight 0; a single indicator has
        weight 1.

    Raises
    ------
    MethodError
        Negative or infinite values (z-scores are negative for some units), fewer than two values
        of an indicator, an indicator that is 0 for all units, or no indicator that differs between
        units.

    References
    ----------
    Shannon, C. E. (1948), A mathematical theory of communication. Bell System Technical Journal
    27. https://doi.org/10.1002/j.1538-7305.1948.tb01338.x
    Zeleny, M. (1982), Multiple Criteria Decision Making, chapter 7.

    Examples
    --------
    >>> entropy_weights([[1.0, 5.0, 1.0], [1.0, 5.0, 2.0], [2.0, 5.0, 9.0]]).round(4).tolist()
    [0.1351, 0.0, 0.8649]
    """
    x, names = table_of(values)
    x, sums = _sums(x, names, "entropy")
    if x.shape[1] == 1:
        return np.ones(1)
    p = x / sums
    with np.errstate(divide="ignore", invalid="ignore"):
        terms = p * np.log(p)  # NaN where the value is missing or 0
    divergence = 1 + _available_sum(terms) / np.log(len(x) - np.isnan(x).sum(axis=0))
    return shares(np.where(divergence < NOISE, 0.0, divergence), names, "entropy")


@frozen
class StandardDeviation(DataDriven):
    """Weights by `standard_deviation_weights`, with its parameter ``normalise``."""

    function = standard_deviation_weights

    normalise: str = "none"

    def __attrs_post_init__(self) -> None:
        _check_normalise(self.normalise)

    def describe(self) -> str:
        """Return a sentence with the formula."""
        scores = "scores rescaled to 0 to 1" if self.normalise == "minmax" else "scores"
        return (
            rf"Weights in proportion to the standard deviation of {scores}: "
            r"$w_k = s_k / \sum_l s_l$."
        )


@frozen
class CoefficientOfVariation(DataDriven):
    """Weights by `coefficient_of_variation_weights`."""

    function = coefficient_of_variation_weights
    formula = (
        r"Weights in proportion to the coefficient of variation: $w_k \propto s_k / |\bar x_k|$."
    )


@frozen
class Gini(DataDriven):
    """Weights by `gini_weights`."""

    function = gini_weights
    formula = (
        "Weights in proportion to the Gini coefficient: "
        r"$w_k \propto \sum_{ij} |x_{ik} - x_{jk}| / (2 n^2 \bar x_k)$."
    )


@frozen
class Entropy(DataDriven):
    """Weights by `entropy_weights` of the normalised scores; they depend on the normalisation."""

    function = entropy_weights
    formula = (
        r"Entropy weights: $w_k \propto 1 + \frac{1}{\ln n} \sum_i p_{ik} \ln p_{ik}$ with "
        r"$p_{ik} = x_{ik} / \sum_i x_{ik}$ over the units that have a value."
    )
