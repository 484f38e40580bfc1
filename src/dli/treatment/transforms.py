"""Transformations of whole columns: logarithms and powers."""

from abc import ABC, abstractmethod
from typing import Any, ClassVar

import numpy as np
from attrs import frozen
from numpy.typing import ArrayLike

from dli.arrays import as_table
from dli.checks import number
from dli.errors import MethodError
from dli.moments import skewness
from dli.rescaling import rescaling
from dli.treatment.protocol import Floats, Traits, over_draws
from dli.treatment.record import Recorded

__all__ = [
    "BoxCox",
    "Log",
    "LogPlus",
    "box_cox_transform",
    "log_plus_transform",
    "log_transform",
]

_LOG_2 = float(np.log(2))


def log_transform(values: ArrayLike) -> Floats:
    """Return values of shape (n_units, n_indicators) transformed by `Log`; NaN stays NaN.

    Examples
    --------
    >>> log_transform([[0.0], [1.0], [100.0]]).round(3).tolist()
    [[0.0], [0.693], [4.615]]
    """
    return Log().treat(values)


def log_plus_transform(values: ArrayLike) -> Floats:
    """Return values of shape (n_units, n_indicators) transformed by `LogPlus`; NaN stays NaN.

    Examples
    --------
    >>> log_plus_transform([[0.0], [9.0], [10.0]]).round(3).tolist()
    [[-2.313], [-0.095], [2.303]]
    """
    return LogPlus().treat(values)


def box_cox_transform(values: ArrayLike, power: float) -> Floats:
    """Return values of shape (n_units, n_indicators) transformed by `BoxCox`; NaN stays NaN.

    Examples
    --------
    >>> box_cox_transform([[1.0], [4.0], [9.0]], 0.5).tolist()
    [[0.0], [2.0], [4.0]]
    """
    return BoxCox(power).treat(values)


class _Transform(Recorded, ABC):
    """The common part of the transforms, which apply an increasing function to each column."""

    __slots__ = ()
    traits: ClassVar[Traits] = Traits(keeps_order=True, draws=True)

    @over_draws
    def treat(self, values: ArrayLike) -> Floats:
        """Return transformed columns; raise a MethodError if the values of one do not differ."""
        x = as_table(values, missing=True)
        low, high = np.fmin.reduce(x, axis=0), np.fmax.reduce(x, axis=0)
        constant = np.flatnonzero(~(high > low)).tolist()
        if constant:
            faults = [
                f"column {j}: " + ("no value" if np.isnan(low[j]) else f"all values are {low[j]:g}")
                for j in constant
            ]
            raise MethodError("a transform needs columns whose values differ", faults)
        scale = rescaling(low, high)
        with np.errstate(over="ignore", invalid="ignore"):
            if scale is None:
                result = self._transformed(x, low, high, 0)
            else:
                z = scale.apply(np.concatenate([x, [low, high]]))
                result = self._transformed(z[:-2], z[-2], z[-1], scale.power)
        beyond = (~np.isfinite(result) & ~np.isnan(x)).any(axis=0)
        if beyond.any():
            faults = [f"column {j}" for j in np.flatnonzero(beyond).tolist()]
            raise MethodError("transformed values are beyond the range of numbers", faults)
        return result

    @abstractmethod
    def _transformed(self, x: Floats, low: Floats, high: Floats, power: Any) -> Floats:
        """Return the transformed columns, whose smallest and largest values differ.

        Values and ends may be shifted, and divided by two to a power for each column.
        """


@frozen
class Log(_Transform):
    r"""Transform columns to logarithms after shifting them to start just above zero.

    $y = \ln (x - x_{min} + 0.01 (x_{max} - x_{min}))$: the order of values is kept, the unit of
    measure does not matter, and values may be zero or negative. Columns whose values do not differ
    raise an error, as in all transforms. This is ``log_CT`` in COINr; the plain logarithm
    $\ln (x + c)$ is `Logarithm`.

    Examples
    --------
    >>> Log().treat(np.array([[0.0], [1.0], [100.0]])).round(3).tolist()
    [[0.0], [0.693], [4.615]]
    """

    def _transformed(self, x: Floats, low: Floats, high: Floats, power: Any) -> Floats:
        return np.asarray(np.log(x - low + 0.01 * (high - low)) + power * _LOG_2)

    def describe(self) -> str:
        """Return a one-sentence description with the formula."""
        return r"Logarithms: $\ln (x - x_{min} + 0.01 (x_{max} - x_{min}))$."


@frozen
class LogPlus(_Transform):
    r"""Transform columns to logarithms that spread out the end where values are concentrated.

    This is `Log` for positive skewness, and its mirror image otherwise:
    $y = -\ln (x_{max} + 0.01 (x_{max} - x_{min}) - x)$. This is ``log_CT_plus`` of COINr;
    $\ln (1 + x)$ is ``Logarithm(offset=1)``.

    Examples
    --------
    >>> LogPlus().treat(np.array([[0.0], [9.0], [10.0]])).round(3).tolist()
    [[-2.313], [-0.095], [2.303]]
    """

    def _transformed(self, x: Floats, low: Floats, high: Floats, power: Any) -> Floats:
        mirrored = (
            skewness(x) <= 1e-9
        )  # the skewness of a symmetric column is zero except for rounding
        distance = np.where(mirrored, high - x, x - low)
        logs = np.log(distance + 0.01 * (high - low)) + power * _LOG_2
        return np.asarray(logs * np.where(mirrored, -1.0, 1.0))

    def describe(self) -> str:
        """Return a one-sentence description with the formula."""
        return (
            r"Logarithms: $\ln (x - x_{min} + 0.01 (x_{max} - x_{min}))$ of columns of positive "
            r"skewness, $-\ln (x_{max} + 0.01 (x_{max} - x_{min}) - x)$ of others."
        )


@frozen
class BoxCox(_Transform):
    r"""Apply the Box-Cox transform to columns that are shifted to start at one.

    $y = ((x - x_{min} + 1)^\lambda - 1) / \lambda$, and the logarithm for
    $\lambda = 0$. The added 1 is in the indicator's unit of measure.

    Parameters
    ----------
    power : float
        The exponent; below 1 it compresses high values, above 1 low values.

    References
    ----------
    Box and Cox (1964), An analysis of transformations. Journal of the Royal Statistical Society B
    26. https://doi.org/10.1111/j.2517-6161.1964.tb00553.x

    Examples
    --------
    >>> BoxCox(0.5).treat(np.array([[1.0], [4.0], [9.0]])).tolist()
    [[0.0], [2.0], [4.0]]
    """

    power: float = 0.0

    def __attrs_post_init__(self) -> None:
        number("power", self.power)

    def _transformed(self, x: Floats, low: Floats, high: Floats, power: Any) -> Floats:
        distance = np.ldexp(x - low, power)
        y = distance + 1
        order = float(self.power)
        # The logarithm is at most 710, so an order this small makes no difference to it.
        if abs(order) < 1e-20:
            result = np.log(y)
        elif abs(order) < 0.01:  # powers so close to 1 that their difference would lose digits
            result = np.expm1(order * np.log1p(distance)) / order
        else:
            result = (y**order - 1) / order
        # Distances that are small compared with 1 would be lost by adding 1.
        small = np.ldexp(high - low, power) < 1e-3
        if small.any():
            logs = np.log1p(distance[:, small])
            bent = logs if abs(order) < 1e-20 else np.expm1(order * logs) / order
            result[:, small] = bent
        return np.asarray(result)

    def describe(self) -> str:
        """Return a one-sentence description with the formula."""
        if self.power == 0:
            return r"Box-Cox transform of order $0$: $\ln (x - x_{min} + 1)$."
        return (
            rf"Box-Cox transform of order $\lambda = {self.power:g}$: "
            r"$((x - x_{min} + 1)^\lambda - 1) / \lambda$."
        )
