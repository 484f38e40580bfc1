"""Weights by how much an indicator differs between units."""

from collections.abc import Sequence
from typing import Literal

import numpy as np
from attrs import frozen
from numpy.typing import ArrayLike

from dli.errors import MethodError
from dli.weighting.protocol import Floats, Node
from dli.weighting.tables import (
    as_table,
    check_range,
    codes_of,
    column_names,
    minmax,
    shares,
    spread,
)

__all__ = [
    "CoefficientOfVariation",
    "Gini",
    "StandardDeviation",
    "coefficient_of_variation_weights",
    "gini_weights",
    "standard_deviation_weights",
]


def standard_deviation_weights(
    values: ArrayLike, *, normalise: Literal["none", "minmax"] = "none"
) -> Floats:
    r"""Give weights in proportion to the standard deviations.

    :math:`w_k = s_k / \sum_l s_l`.

    Parameters
    ----------
    values : array_like of shape (n_units, n_indicators)
        NaN is missing: each deviation is that of the available values.
    normalise : {"none", "minmax"}
        Whether columns are first stretched to the range from 0 to 1, so that the weights do not
        depend on units of measure.

    Returns
    -------
    ndarray of shape (n_indicators,)
        They sum to one; a constant indicator has weight 0. A single indicator has weight 1.

    Raises
    ------
    MethodError
        Infinite values, fewer than two of an indicator, none that differs between units, or with
        ``normalise="minmax"`` one that does not.

    References
    ----------
    Diakoulaki, D., Mavrotas, G. and Papayannakis, L. (1995), Determining objective weights in
    multiple criteria problems: the CRITIC method. https://doi.org/10.1016/0305-0548(94)00059-H

    Examples
    --------
    >>> standard_deviation_weights([[1.0, 10.0], [2.0, 30.0], [3.0, 50.0]]).round(4).tolist()
    [0.0476, 0.9524]
    """
    x = as_table(values)
    return _standard_deviation(x, column_names(x), normalise)


def _standard_deviation(x: Floats, names: Sequence[str], normalise: str) -> Floats:
    _check_normalise(normalise)
    check_range(x, names, "standard deviation")
    if x.shape[1] == 1:
        return np.ones(1)
    if normalise == "minmax":
        x = minmax(x, names, "standard deviation")
    return shares(spread(x), names, "standard deviation")


def _check_normalise(normalise: str) -> None:
    if normalise not in ("none", "minmax"):
        msg = f"normalise must be none or minmax, got {normalise!r}"
        raise MethodError(msg)


def coefficient_of_variation_weights(values: ArrayLike) -> Floats:
    r"""Give weights in proportion to the coefficients of variation.

    :math:`w_k = v_k / \sum_l v_l` with :math:`v_k = s_k / |\bar x_k|`.

    Parameters
    ----------
    values : array_like of shape (n_units, n_indicators)
        With a true zero. NaN is missing: mean and deviation are those of the available values.

    Returns
    -------
    ndarray of shape (n_indicators,)
        They sum to one; a constant indicator has weight 0. A single indicator has weight 1.

    Raises
    ------
    MethodError
        Infinite values, fewer than two of an indicator, a mean of 0, or no indicator that differs
        between units.

    Examples
    --------
    >>> coefficient_of_variation_weights([[1.0, 10.0], [2.0, 30.0], [3.0, 50.0]]).round(4).tolist()
    [0.4286, 0.5714]
    """
    x = as_table(values)
    return _coefficient_of_variation(x, column_names(x))


def _coefficient_of_variation(x: Floats, names: Sequence[str]) -> Floats:
    check_range(x, names, "coefficient of variation")
    if x.shape[1] == 1:
        return np.ones(1)
    mean, deviation = np.abs(np.nanmean(x, axis=0)), spread(x)
    # A mean that is rounding noise beside the values is none: z-scores have such means.
    zero = np.flatnonzero(mean <= 1e-12 * np.nanmax(np.abs(x), axis=0))
    if zero.size:
        msg = "coefficients of variation are undefined for a mean of 0"
        raise MethodError(msg, [names[k] for k in zero.tolist()])
    return shares(deviation / mean, names, "coefficient of variation")


def gini_weights(values: ArrayLike) -> Floats:
    r"""Give weights in proportion to the Gini coefficients.

    :math:`w_k = g_k / \sum_l g_l` with
    :math:`g_k = \sum_{ij} |x_{ik} - x_{jk}| / (2 n^2 \bar x_k)`.

    Parameters
    ----------
    values : array_like of shape (n_units, n_indicators)
        Not negative, with a true zero. NaN is missing: each coefficient is that of the available
        values.

    Returns
    -------
    ndarray of shape (n_indicators,)
        They sum to one; a constant indicator has weight 0. A single indicator has weight 1.

    Raises
    ------
    MethodError
        Negative or infinite values, fewer than two of an indicator, one that is 0 for all units,
        or none that differs between units.

    Examples
    --------
    >>> gini_weights([[1.0, 0.0], [1.0, 0.0], [4.0, 6.0]]).round(4).tolist()
    [0.3333, 0.6667]
    """
    x = as_table(values)
    return _gini(x, column_names(x))


def _gini(x: Floats, names: Sequence[str]) -> Floats:
    check_range(x, names, "Gini", above=-0.0)
    zero = np.flatnonzero(np.nansum(x, axis=0) == 0)
    if zero.size:
        msg = "Gini coefficients are undefined for an indicator that is 0 for all units"
        raise MethodError(msg, [names[k] for k in zero.tolist()])
    if x.shape[1] == 1:
        return np.ones(1)
    coefficients = np.zeros(x.shape[1])
    for k in np.flatnonzero(spread(x) > 0):
        column = np.sort(x[:, k][~np.isnan(x[:, k])])
        n = column.size
        # The sum of all differences, from the ranks: the i-th smallest is added i - 1 times and
        # taken away n - i times.
        coefficients[k] = (2 * np.arange(1, n + 1) - n - 1) @ column / (n * column.sum())
    return shares(coefficients, names, "Gini")


@frozen
class StandardDeviation:
    """Weigh children by the standard deviations of their scores.

    Of each child the available values count. Constant children get no weight; see
    `standard_deviation_weights` for what is refused.

    Parameters
    ----------
    normalise : {"none", "minmax"}
        Whether the scores are first stretched to the range from 0 to 1.

    Examples
    --------
    >>> from dli import Indicator
    >>> values = np.array([[1.0, 10.0], [2.0, 30.0], [3.0, 50.0]])
    >>> children = [Indicator("a"), Indicator("b")]
    >>> StandardDeviation(normalise="minmax").weights(values, children).tolist()
    [0.5, 0.5]
    """

    normalise: str = "none"

    def __attrs_post_init__(self) -> None:
        _check_normalise(self.normalise)

    def weights(self, values: Floats, children: Sequence[Node]) -> Floats:
        """Give the weights of the columns."""
        return _standard_deviation(values, codes_of(children), self.normalise)

    def describe(self) -> str:
        """Say it in a sentence, with the formula."""
        of = "of scores stretched to 0 to 1" if self.normalise == "minmax" else "of scores"
        return rf"Weights in proportion to the standard deviation {of}: $w_k = s_k / \sum_l s_l$."


@frozen
class CoefficientOfVariation:
    """Weigh children by the coefficients of variation of their scores.

    Of each child the available values count. Z-scores have a mean of 0 and are refused.

    Examples
    --------
    >>> from dli import Indicator
    >>> values = np.array([[1.0, 10.0], [2.0, 30.0], [3.0, 50.0]])
    >>> children = [Indicator("a"), Indicator("b")]
    >>> CoefficientOfVariation().weights(values, children).round(4).tolist()
    [0.4286, 0.5714]
    """

    def weights(self, values: Floats, children: Sequence[Node]) -> Floats:
        """Give the weights of the columns."""
        return _coefficient_of_variation(values, codes_of(children))

    def describe(self) -> str:
        """Say it in a sentence, with the formula."""
        return (
            "Weights in proportion to the coefficient of variation: "
            r"$w_k \propto s_k / |\bar x_k|$."
        )


@frozen
class Gini:
    """Weigh children by the Gini coefficients of their scores.

    Of each child the available values count. Negative scores, as z-scores are, are refused.

    Examples
    --------
    >>> from dli import Indicator
    >>> values = np.array([[1.0, 0.0], [1.0, 0.0], [4.0, 6.0]])
    >>> Gini().weights(values, [Indicator("a"), Indicator("b")]).round(4).tolist()
    [0.3333, 0.6667]
    """

    def weights(self, values: Floats, children: Sequence[Node]) -> Floats:
        """Give the weights of the columns."""
        return _gini(values, codes_of(children))

    def describe(self) -> str:
        """Say it in a sentence, with the formula."""
        return (
            "Weights in proportion to the Gini coefficient: "
            r"$w_k \propto \sum_{ij} |x_{ik} - x_{jk}| / (2 n^2 \bar x_k)$."
        )
