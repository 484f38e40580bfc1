"""Changing the scale of whole columns: logarithms and powers."""

import numpy as np
from attrs import frozen
from numpy.typing import ArrayLike

from dli.errors import MethodError
from dli.moments import skewness
from dli.treatment.protocol import Floats, Treatment, as_table
from dli.treatment.record import TreatmentRecord, record

__all__ = [
    "BoxCox",
    "Log",
    "LogPlus",
    "box_cox_transform",
    "log_plus_transform",
    "log_transform",
]


def log_transform(values: ArrayLike) -> Floats:
    r"""Give logarithms of columns moved to begin just above zero.

    :math:`y = \ln (x - x_{min} + 0.01 (x_{max} - x_{min}))`: the order stays, the unit of measure
    is of no account, and values at or below zero are welcome.

    Parameters
    ----------
    values : array_like of shape (n_units, n_indicators)
        NaN is missing and stays NaN.

    Returns
    -------
    ndarray of shape (n_units, n_indicators)

    Raises
    ------
    MethodError
        Columns whose values do not differ.

    Examples
    --------
    >>> log_transform([[0.0], [1.0], [100.0]]).round(3).tolist()
    [[0.0], [0.693], [4.615]]
    """
    x = as_table(values)
    low, high = _ends(x)
    return np.log(x - low + 0.01 * (high - low))


def log_plus_transform(values: ArrayLike) -> Floats:
    r"""Give logarithms that stretch the end where values crowd, whichever end it is.

    For positive skewness as `log_transform`, otherwise mirrored:
    :math:`y = -\ln (x_{max} + 0.01 (x_{max} - x_{min}) - x)`.

    Parameters
    ----------
    values : array_like of shape (n_units, n_indicators)
        NaN is missing and stays NaN.

    Returns
    -------
    ndarray of shape (n_units, n_indicators)

    Raises
    ------
    MethodError
        Columns whose values do not differ.

    Examples
    --------
    >>> log_plus_transform([[0.0], [9.0], [10.0]]).round(3).tolist()
    [[-2.313], [-0.095], [2.303]]
    """
    x = as_table(values)
    low, high = _ends(x)
    offset = 0.01 * (high - low)
    mirrored = skewness(x) <= 0
    distance = np.where(mirrored, high - x, x - low)
    return np.log(distance + offset) * np.where(mirrored, -1.0, 1.0)


def box_cox_transform(values: ArrayLike, power: float) -> Floats:
    r"""Give Box and Cox' powers of columns moved to begin at one.

    :math:`y = ((x - x_{min} + 1)^\lambda - 1) / \lambda`, and the logarithm for
    :math:`\lambda = 0`.

    Parameters
    ----------
    values : array_like of shape (n_units, n_indicators)
        NaN is missing and stays NaN. The 1 that is added is in their unit of measure.
    power : float
        Below 1 it draws high values in, above 1 low ones.

    Returns
    -------
    ndarray of shape (n_units, n_indicators)

    Raises
    ------
    MethodError
        Columns whose values do not differ.

    References
    ----------
    Box and Cox (1964), An analysis of transformations. Journal of the Royal Statistical Society B
    26. https://doi.org/10.1111/j.2517-6161.1964.tb00553.x

    Examples
    --------
    >>> box_cox_transform([[1.0], [4.0], [9.0]], 0.5).tolist()
    [[0.0], [2.0], [4.0]]
    """
    x = as_table(values)
    low, _ = _ends(x)
    y = x - low + 1
    return np.log(y) if power == 0 else np.asarray((y**power - 1) / power)


class _Transform(Treatment):
    """What the transforms share: every value of a column is changed."""

    __slots__ = ()

    def treat_with_record(self, values: Floats) -> tuple[Floats, TreatmentRecord]:
        """Transform each column, and tell what came of it."""
        before = as_table(values)
        after = self.treat(before)
        name = type(self).__name__
        labels = np.where(np.isnan(before), "", name)
        n_columns = before.shape[1]
        return after, record(before, after, labels, [name] * n_columns, [0] * n_columns)


@frozen
class Log(_Transform):
    """Take logarithms of columns moved to begin just above zero: `log_transform`.

    Examples
    --------
    >>> Log().treat(np.array([[0.0], [1.0], [100.0]])).round(3).tolist()
    [[0.0], [0.693], [4.615]]
    """

    def treat(self, values: Floats) -> Floats:
        """Transform each column."""
        return log_transform(values)

    def describe(self) -> str:
        """Say it in a sentence, with the formula."""
        return r"Logarithms: $\ln (x - x_{min} + 0.01 (x_{max} - x_{min}))$."


@frozen
class LogPlus(_Transform):
    """Take logarithms that stretch the end where values crowd: `log_plus_transform`.

    Examples
    --------
    >>> LogPlus().treat(np.array([[0.0], [9.0], [10.0]])).round(3).tolist()
    [[-2.313], [-0.095], [2.303]]
    """

    def treat(self, values: Floats) -> Floats:
        """Transform each column."""
        return log_plus_transform(values)

    def describe(self) -> str:
        """Say it in a sentence, with the formula."""
        return (
            r"Logarithms: $\ln (x - x_{min} + 0.01 (x_{max} - x_{min}))$ of columns of positive "
            r"skewness, $-\ln (x_{max} + 0.01 (x_{max} - x_{min}) - x)$ of others."
        )


@frozen
class BoxCox(_Transform):
    """Take Box and Cox' powers of columns moved to begin at one: `box_cox_transform`.

    Parameters
    ----------
    power : float
        Below 1 it draws high values in, above 1 low ones; 0 is the logarithm.

    Examples
    --------
    >>> BoxCox(0.5).treat(np.array([[1.0], [4.0], [9.0]])).tolist()
    [[0.0], [2.0], [4.0]]
    """

    power: float = 0.0

    def __attrs_post_init__(self) -> None:
        if not np.isfinite(self.power):
            msg = f"power must be finite, got {self.power!r}"
            raise MethodError(msg)

    def treat(self, values: Floats) -> Floats:
        """Transform each column."""
        return box_cox_transform(values, self.power)

    def describe(self) -> str:
        """Say it in a sentence, with the formula."""
        if self.power == 0:
            return r"Box-Cox transform of order $0$: $\ln (x - x_{min} + 1)$."
        return (
            rf"Box-Cox transform of order $\lambda = {self.power:g}$: "
            r"$((x - x_{min} + 1)^\lambda - 1) / \lambda$."
        )


def _ends(x: Floats) -> tuple[Floats, Floats]:
    low, high = np.fmin.reduce(x, axis=0), np.fmax.reduce(x, axis=0)
    constant = ~(high > low)
    if constant.any():
        faults = [
            f"column {j}: " + ("no value" if np.isnan(low[j]) else f"all values are {low[j]:g}")
            for j in np.flatnonzero(constant).tolist()
        ]
        msg = "a transform needs columns whose values differ"
        raise MethodError(msg, faults)
    return low, high
