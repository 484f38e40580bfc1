"""Gamma variates from uniform numbers by the inverse distribution function."""

from functools import lru_cache
from typing import Any

import numpy as np

from dli.arrays import Bools, Floats, Integers

__all__ = ["gamma_variates"]

# If all gamma variates are below this, their ratios are computed from their logarithms.
_TINY = 1e-200
# The smallest gamma variate of a shape above 0, such as that of a uniform number of 0. If only the
# smallest weights of a unit have values, their sums must not lose digits to underflow.
_LEAST_VARIATE = 1e-250
# With a smaller shape, every gamma variate underflows to 0, and the inverse may fail.
_SMALLEST_SHAPE = 1e-19
# The largest number below 1 that a generator draws.
_LAST = 1 - 2.0**-53

# The inverse is interpolated in cells that become narrower towards 0 and 1, like the spacing of
# floats: from each end to 0.5, _OCTAVES octaves with 2**_BITS cells each, and one cell beyond.
_OCTAVES, _BITS = 12, 6
_CELLS = _OCTAVES * 2**_BITS + 1
_SHIFT = 52 - _BITS
_NEAREST = 2.0 ** -(_OCTAVES + 1)
# The number of the first cell: the upper bits of the float at its lower end.
_FIRST = int(np.float64(_NEAREST).view(np.int64)) >> _SHIFT
# For shapes in this range, the polynomials in these cells are accurate to 1e-10.
_LEAST_TABLED, _MOST_TABLED = 0.1, 1e5


def gamma_variates(uniforms: Floats, shapes: Floats, chosen: Bools | None = None) -> Floats:
    """Return gamma variates from uniform numbers, with one shape for each row.

    Parameters
    ----------
    uniforms : ndarray of shape (n_children, ...)
        Uniform numbers from 0 to 1.
    shapes : ndarray of shape (n_children,)
        The shapes of the gamma distributions. A shape of 0 returns variates of 0.
    chosen : ndarray of bool of shape (n_children, ...), optional
        The variates to return; all others are 0. All by default.

    Returns
    -------
    ndarray of shape (n_children, ...)
        If all variates of a draw are close to underflow, they are divided by the largest, since
        only their ratios matter.
    """
    from scipy.special import gammaln

    below_1 = np.minimum(uniforms, _LAST) if uniforms.max() > _LAST else uniforms
    if np.abs(shapes - 1).max() < 1e-12:
        # If the numbers of all children were 0, all weights would be 0.
        variates = np.maximum(-np.log1p(-below_1), _LEAST_VARIATE)
        return np.asarray(variates if chosen is None else variates * chosen)
    by_row = shapes.reshape(-1, *[1] * (uniforms.ndim - 1))
    has_shape = by_row > 0
    shape = np.where(has_shape, by_row, 1.0)
    variates = _inverse(below_1, shape.ravel())
    variates[shapes < _SMALLEST_SHAPE] = 0.0
    np.maximum(variates, np.where(has_shape, _LEAST_VARIATE, 0.0), out=variates)
    wanted = np.broadcast_to(has_shape, variates.shape)
    if chosen is not None:
        variates, wanted = variates * chosen, wanted & chosen
    is_tiny = variates.max(axis=0) < _TINY
    if is_tiny.any():
        # Near 0 the distribution function is x^a / Gamma(a + 1), so log x can be computed even if x
        # underflows. If the shapes are near 0, one variate is much larger than all others, and the
        # probability that it is the one of a child is proportional to that child's shape.
        place = np.broadcast_to(is_tiny, variates.shape)
        with np.errstate(divide="ignore", over="ignore"):
            logs = (np.log(np.maximum(below_1, 5e-324)) + gammaln(shape + 1)) / shape
        logs = np.where(wanted, logs, -np.inf)
        top = logs.max(axis=0)
        ratios = np.exp(logs - np.where(np.isfinite(top), top, 0.0))
        ratios = np.maximum(ratios, np.where(wanted, _LEAST_VARIATE, 0.0))
        variates = np.where(place, ratios, variates)
    return np.asarray(variates)


def _inverse(uniforms: Floats, shapes: Floats) -> Floats:
    """Return gamma variates from numbers below 1, with one shape above 0 for each row."""
    has_table = (shapes >= _LEAST_TABLED) & (shapes <= _MOST_TABLED)
    if not has_table.any():
        return _exact(uniforms, shapes)
    if has_table.all():
        return _interpolated(uniforms, shapes)
    variates = np.empty(uniforms.shape)
    variates[has_table] = _interpolated(uniforms[has_table], shapes[has_table])
    variates[~has_table] = _exact(uniforms[~has_table], shapes[~has_table])
    return variates


def _exact(uniforms: Floats, shapes: Floats) -> Floats:
    from scipy.special import gammaincinv

    by_row = np.maximum(shapes, _SMALLEST_SHAPE).reshape(-1, *[1] * (uniforms.ndim - 1))
    return np.asarray(gammaincinv(by_row, uniforms))


def _interpolated(uniforms: Floats, shapes: Floats) -> Floats:
    """Return interpolated variates, and exact ones for numbers beyond the outermost cells."""
    coefficients, first_cells = _tables(tuple(shapes.tolist()))
    rows = uniforms.reshape(len(shapes), -1)
    variates = np.empty(rows.shape)
    upper = rows >= 0.5
    ends = np.subtract(1.0, rows)
    np.minimum(ends, rows, out=ends)
    is_outside = ends < _NEAREST
    if is_outside.any():
        ends[is_outside] = 0.25
    bits = ends.view(np.int64)
    cells: Integers = np.right_shift(bits, _SHIFT)
    middles = np.left_shift(cells, _SHIFT)
    middles |= 1 << (_SHIFT - 1)
    offsets = np.subtract(ends, middles.view(np.float64), out=ends)
    np.multiply(upper, _CELLS, out=middles)
    cells += middles
    cells += first_cells
    read = middles.view(np.float64)
    np.take(coefficients[0], cells, out=variates, mode="clip")
    for power in coefficients[1:]:
        variates *= offsets
        variates += np.take(power, cells, out=read, mode="clip")
    if is_outside.any():
        by_cell = np.broadcast_to(shapes[:, np.newaxis], rows.shape)
        variates[is_outside] = _exact(rows[is_outside], by_cell[is_outside])
    return variates.reshape(uniforms.shape)


@lru_cache(maxsize=128)
def _tables(shapes: tuple[float, ...]) -> tuple[Floats, Integers]:
    """Return the coefficients of all cells of all shapes, and the offset of each row's cells.

    The polynomials have degree 5 in the distance from the middle of a cell, with the highest power
    first. At the ends of cells, they match the inverse and its first two derivatives.
    """
    distinct, table = np.unique(shapes, return_inverse=True)
    parts = [_coefficients(shape) for shape in distinct.tolist()]
    first_cells = table[:, np.newaxis] * (2 * _CELLS) - _FIRST
    return np.concatenate(parts, axis=1), first_cells


def _coefficients(shape: float) -> Any:
    """Return the coefficients for one shape, of shape (6, 2 * n_cells): lower half, upper half."""
    from scipy.special import gammaincinv, gammaln

    numbers = np.arange(_FIRST, _FIRST + _CELLS + 1, dtype=np.int64) << _SHIFT
    ends = numbers.view(np.float64)
    widths = np.diff(ends)
    values = gammaincinv(shape, [ends, 1 - ends])
    slopes = np.exp(values + gammaln(shape) - (shape - 1) * np.log(values))
    slopes[1] *= -1
    bends = (1 - (shape - 1) / values) * slopes**2

    def halves(at_ends: Floats, power: int) -> tuple[Floats, Floats]:
        """Return the even and the odd part about the middle of each cell, in widths of cells."""
        left, right = at_ends[:, :-1] * widths**power, at_ends[:, 1:] * widths**power
        return (right + left) / 2, (right - left) / 2

    (value, rise), (slope, turn), (bend, twist) = (
        halves(at_ends, power) for power, at_ends in enumerate((values, slopes, bends))
    )
    of_4 = bend / 2 - turn
    of_2 = turn - of_4 / 2
    of_5 = twist - 6 * (slope - 2 * rise)
    of_3 = 2 * (slope - 2 * rise) - of_5 / 2
    of_1 = 2 * rise - of_3 / 4 - of_5 / 16
    of_0 = value - of_2 / 4 - of_4 / 16
    powers = [of_5 / widths**5, of_4 / widths**4, of_3 / widths**3, of_2 / widths**2, of_1 / widths]
    return np.array([*powers, of_0]).reshape(6, -1)
