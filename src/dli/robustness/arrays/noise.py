"""Errors of scores, drawn from a normal distribution, and the standard errors of differences."""

from functools import cached_property
from typing import Any

import numpy as np
from attrs import frozen
from numpy.typing import ArrayLike, NDArray

from dli.arrays import TIE, Bools, Floats, as_floats
from dli.errors import MethodError

__all__ = ["Noise", "noise_of"]

# The deviation from a valid covariance that rounding may cause, as a share of the largest value.
_ROUNDING = 1e-8
# Errors smaller than this share of the scores, or of the largest error, count as zero.
_NONE = 1e-150
# The number of draws processed at a time, small enough for the cache of a processor.
_BLOCK = 512
# Bounds with a larger slack are not worth computing.
_WORTH = 0.1
# Larger numbers may overflow in single precision.
_SINGLE = 1e30


@frozen(kw_only=True, eq=False)
class Noise:
    """Drawn errors of the scores of the units that have one.

    Attributes
    ----------
    errors : ndarray of shape (n_units, n_draws)
        The drawn errors.
    standard : ndarray of shape (n_units, n_draws) or None
        The errors divided by their standard errors if they are independent; None otherwise.
    inverse : ndarray of shape (n_units, n_units)
        The inverse of the standard error of each difference; 0 where the difference is exact.
    is_exact : ndarray of bool of shape (n_units, n_units)
        Whether a difference has no error, such as that of a unit from itself.
    power : int
        Scores and errors are divided by two to this power, so that their squares do not overflow or
        underflow.
    """

    errors: Floats
    standard: Floats | None
    inverse: Floats
    is_exact: Bools
    power: int

    def bounds(self) -> Floats:
        r"""Return an upper bound of the largest standardised difference of two errors in each draw.

        By the Cauchy-Schwarz inequality, the difference of two independent errors $s_i u_i$ and
        $s_j u_j$ is at most $\sqrt{u_i^2 + u_j^2}$ times its standard error.
        """
        if self.standard is None:
            return np.asarray(self.bounds_by_unit.max(axis=0, initial=0.0))
        up = self.standard.max(axis=0, initial=0.0)
        down = self.standard.min(axis=0, initial=0.0)
        return np.asarray(np.hypot(up, down) * (1 + TIE))

    @cached_property
    def bounds_by_unit(self) -> Floats:
        """Upper bounds of the largest standardised difference of each unit in each draw.

        The array has the shape (n_units, n_draws). The bounds are computed in single precision and
        raised by its rounding error. With them, the exact differences that determine a quantile
        need to be computed for few draws only.
        """
        n_units, n_draws = self.errors.shape
        rounding = 8 * float(np.finfo(np.float32).eps)
        steepest = self.inverse.max(initial=0.0)
        slack = rounding * steepest * np.abs(self.errors).max(initial=0.0)
        if slack > _WORTH or steepest > _SINGLE:
            return np.full((n_units, n_draws), np.inf)
        largest = np.zeros((n_units, n_draws), dtype=np.float32)
        inverse = self.inverse.astype(np.float32)[:, :, np.newaxis]
        for start in range(0, n_draws, _BLOCK):
            errors = self.errors[:, start : start + _BLOCK].astype(np.float32)
            block = np.zeros_like(errors)
            for unit in range(n_units - 1):
                gaps = errors[unit + 1 :] - errors[unit]
                np.abs(gaps, out=gaps)
                gaps *= inverse[unit, unit + 1 :]
                np.maximum(block[unit], gaps.max(axis=0), out=block[unit])
                np.maximum(block[unit + 1 :], gaps, out=block[unit + 1 :])
            largest[:, start : start + _BLOCK] = block
        return np.asarray(largest * (1 + rounding) + slack)


def noise_of(
    scores: Floats,
    errors: ArrayLike | None,
    covariance: ArrayLike | None,
    draws: ArrayLike | None,
    n_draws: int,
    seed: int,
) -> Noise:
    """Draw errors of the scores, which are described in one of three ways.

    Parameters
    ----------
    scores : ndarray of shape (n_units,)
        The scores; NaN marks a missing score, and the unit is left out.
    errors, covariance, draws
        As in `rank_sets`.
    n_draws, seed : int
        The number of draws, and the seed that reproduces them.

    Raises
    ------
    MethodError
        Not exactly one of ``errors``, ``covariance`` and ``draws`` is passed, or it has a wrong
        shape or invalid values.
    """
    kinds = {"errors": errors, "covariance": covariance, "draws": draws}
    chosen = [name for name, values in kinds.items() if values is not None]
    if len(chosen) != 1:
        msg = (
            "errors of the scores must be passed as exactly one of errors, covariance and draws, "
            f"got {' and '.join(chosen) or 'none'}; pass errors=0 for scores without errors"
        )
        raise MethodError(msg)
    known = np.flatnonzero(~np.isnan(scores))
    normal = np.random.default_rng(np.random.SeedSequence(seed)).standard_normal
    if errors is not None:
        sds = _standard_errors(errors, scores, known)
        power = _power(scores[known], sds)
        sds = np.ldexp(sds, -power)
        spread = np.hypot(sds[:, np.newaxis], sds)
        standard = normal((known.size, n_draws))
        drawn = sds[:, np.newaxis] * standard
    else:
        standard = None
        if covariance is not None:
            matrix = _covariance(covariance, scores, known)
            power = _power(scores[known], np.sqrt(np.diagonal(matrix)))
            matrix = np.ldexp(matrix, -2 * power)
        else:
            table = _drawn(draws, scores, known)
            power = _power(scores[known], table)
            matrix = _covariance_of(np.ldexp(table, -power))
        variances = np.diagonal(matrix)
        sums = variances[:, np.newaxis] + variances
        squares = sums - 2 * matrix
        # A remainder of rounding, where two errors are always equal, is set to zero.
        spread = np.sqrt(np.where(squares > TIE * sums, squares, 0.0))
        drawn = _root(matrix) @ normal((known.size, n_draws))
    is_exact = spread <= _NONE * max(1.0, spread.max(initial=0.0))
    np.fill_diagonal(is_exact, val=True)
    inverse = np.where(is_exact, 0.0, 1 / np.where(is_exact, 1.0, spread))
    return Noise(errors=drawn, standard=standard, inverse=inverse, is_exact=is_exact, power=power)


def _power(scores: Floats, spreads: Floats) -> int:
    """Return the exponent of the power of two just above the largest absolute number."""
    size = max(np.abs(scores).max(initial=0.0), np.abs(spreads).max(initial=0.0))
    return int(np.frexp(size)[1])


def _standard_errors(errors: ArrayLike, scores: Floats, known: NDArray[np.intp]) -> Floats:
    """Return the standard errors of the units with a score, after checking them."""
    sds = as_floats(errors, "errors")
    if sds.ndim == 0:
        sds = np.broadcast_to(sds, scores.shape)
    if sds.shape != scores.shape:
        msg = f"errors must be a number or have the shape (n_units,) = {scores.shape}, got "
        raise MethodError(msg + str(sds.shape))
    faults = [
        f"row {i}: {sds[i]}" for i in known.tolist() if not (sds[i] >= 0 and np.isfinite(sds[i]))
    ]
    if faults:
        msg = "the errors of units with a score must be finite numbers of at least 0"
        raise MethodError(msg, faults)
    return np.asarray(sds[known])


def _covariance(covariance: ArrayLike, scores: Floats, known: NDArray[np.intp]) -> Floats:
    """Return the covariance of the errors of units with a score, after checking it."""
    matrix = as_floats(covariance, "covariance")
    n = scores.size
    if matrix.shape != (n, n):
        msg = f"covariance must have the shape (n_units, n_units) = {(n, n)}, got {matrix.shape}"
        raise MethodError(msg)
    matrix = matrix[np.ix_(known, known)]
    faults = [
        f"row {known[i]}, column {known[j]}: {matrix[i, j]}"
        for i, j in np.argwhere(~np.isfinite(matrix)).tolist()
    ]
    if faults:
        msg = "the covariance of units with a score must consist of finite numbers"
        raise MethodError(msg, faults)
    tolerance = _ROUNDING * np.abs(matrix).max(initial=0.0)
    faults = [
        f"row {known[i]}, column {known[j]}: {matrix[i, j]:g}, but {matrix[j, i]:g} in "
        f"row {known[j]}, column {known[i]}"
        for i, j in np.argwhere(np.triu(np.abs(matrix - matrix.T) > tolerance)).tolist()
    ]
    if faults:
        msg = "covariance must be symmetric"
        raise MethodError(msg, faults)
    least = np.linalg.eigvalsh(matrix).min(initial=0.0)
    if least < -tolerance * known.size:
        msg = (
            "covariance must be positive semi-definite, with no negative eigenvalues, got "
            f"{least:g}"
        )
        raise MethodError(msg)
    return np.asarray((matrix + matrix.T) / 2)


def _drawn(draws: Any, scores: Floats, known: NDArray[np.intp]) -> Floats:
    """Return the drawn scores of the units with a score, after checking them."""
    table = as_floats(draws, "draws")
    if table.ndim != 2 or table.shape[1] != scores.size or len(table) < 2:
        msg = (
            f"draws must have the shape (n_draws, n_units) with n_units = {scores.size} and at "
            f"least 2 draws, got {table.shape}"
        )
        raise MethodError(msg)
    table = table[:, known]
    n_missing = (~np.isfinite(table)).sum(axis=0)
    faults = [
        f"column {known[i]}: {n_missing[i]} missing or infinite" for i in np.flatnonzero(n_missing)
    ]
    if faults:
        msg = "the draws of units with a score must be finite numbers"
        raise MethodError(msg, faults)
    return np.asarray(table)


def _covariance_of(table: Floats) -> Floats:
    """Return the covariance of the columns, after subtracting the mean of each row.

    The mean of a row does not affect any difference, but a large one would reduce the precision of
    the differences.
    """
    table = table - table.mean(axis=0)
    table -= table.mean(axis=1, keepdims=True)
    return np.asarray(table.T @ table / (len(table) - 1))


def _root(matrix: Floats) -> Floats:
    """Return the symmetric square root of a covariance, which may be singular."""
    values, vectors = np.linalg.eigh(matrix)
    return np.asarray((vectors * np.sqrt(np.maximum(values, 0.0))) @ vectors.T)
