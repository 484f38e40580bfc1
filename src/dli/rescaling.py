"""Exact shifts and powers of two that keep arithmetic within the range and precision of floats."""

import numpy as np
from attrs import frozen

from dli.arrays import Bools, Floats, Integers

__all__ = ["ROUNDING", "Rescaling", "extremes", "is_constant", "rescaling"]

# Values that differ by at most this share of their size only differ by rounding.
ROUNDING = 4 * float(np.finfo(np.float64).eps)

# Products of four numbers between these sizes, summed over a column, stay within range.
_SMALL, _LARGE = 2.0**-200, 2.0**200
# The mean of values whose span is a smaller share of their size loses too many of its digits.
_NARROW = 2.0**-20


@frozen(kw_only=True, eq=False)
class Rescaling:
    r"""A shift and a power of two for each column: $z = (x - o) / 2^k$, without rounding.

    Attributes
    ----------
    origin : ndarray of shape (..., n_columns)
        The shift o. It is only different from 0 where the values differ by a small share of their
        size, so that the subtraction is exact.
    power : ndarray of int of shape (..., n_columns)
        The exponent k.
    """

    origin: Floats
    power: Integers

    @property
    def slope(self) -> Floats:
        """The derivative of rescaled values with respect to values, of shape (..., n_columns)."""
        return np.ldexp(np.ones(self.power.shape), -self.power)

    def apply(self, values: Floats) -> Floats:
        """Return rescaled values of shape (..., n_rows, n_columns).

        Values far beyond the range for which the rescaling was made may become infinite.
        """
        origin, power = self.origin[..., np.newaxis, :], self.power[..., np.newaxis, :]
        with np.errstate(over="ignore"):
            return np.asarray(np.ldexp(values, -power) - np.ldexp(origin, -power))

    def undo(self, values: Floats) -> Floats:
        """Return rescaled values in their original unit; infinite beyond the range of floats."""
        origin, power = self.origin[..., np.newaxis, :], self.power[..., np.newaxis, :]
        with np.errstate(over="ignore"):
            return np.asarray(np.ldexp(values + np.ldexp(origin, -power), power))

    def undo_distances(self, distances: Floats) -> Floats:
        """Return rescaled distances of shape (..., n_columns) in their original unit."""
        with np.errstate(over="ignore"):
            return np.asarray(np.ldexp(distances, self.power))


def rescaling(low: Floats, high: Floats) -> Rescaling | None:
    """Return the rescaling of columns, or None in the usual case that they do not need any.

    Parameters
    ----------
    low, high : ndarray of shape (..., n_columns)
        The smallest and the largest value of each column; NaN for a column without values.
    """
    size = np.maximum(np.abs(low), np.abs(high))
    with np.errstate(over="ignore"):
        span = high - low
    if bool(((size <= _LARGE) & (span >= _SMALL) & (span >= _NARROW * size)).all()):
        return None
    narrow = span < _NARROW * size
    left = np.where(narrow, span, size)
    ordinary = ((left >= _SMALL) & (left <= _LARGE)) | (left == 0) | np.isnan(left)
    exponents = np.frexp(np.where(ordinary, 0.0, left))[1]
    if ordinary.all() and not narrow.any():
        return None
    return Rescaling(
        origin=np.where(narrow, low, 0.0), power=np.where(ordinary, 0, exponents).astype(np.int64)
    )


def extremes(values: Floats) -> tuple[Floats, Floats]:
    """Return the smallest and largest value of each column, NaN for a column without values."""
    low, high = values.min(axis=-2), values.max(axis=-2)
    if np.isnan(low).any():  # a plain minimum is NaN if any cell is
        low, high = np.fmin.reduce(values, axis=-2), np.fmax.reduce(values, axis=-2)
    return low, high


def is_constant(low: Floats, high: Floats) -> Bools:
    """Return which columns are empty, or contain values that only differ by rounding."""
    with np.errstate(over="ignore"):
        return np.asarray(~(high - low > ROUNDING * np.maximum(np.abs(low), np.abs(high))))
