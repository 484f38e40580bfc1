"""Errors of scores, drawn from a normal distribution, and how far they spread differences."""

from functools import cached_property
from typing import Any

import numpy as np
from attrs import frozen
from numpy.typing import ArrayLike, NDArray

from dli.arrays import TIE, Bools, Floats, as_floats
from dli.errors import MethodError

__all__ = ["Noise", "noise_of"]

# Rounding may leave a covariance this share of its size away from one.
_ROUNDING = 1e-8
# Errors this far below the scores, or below the largest error, are none.
_NONE = 1e-150
# Draws of which rounded differences are computed at a time, to stay in the cache of a processor.
_BLOCK = 512
# Bounds that are less sharp are not worth their time.
_WORTH = 0.1
# Numbers in single precision are smaller; the errors are then about one over it.
_SINGLE = 1e30


@frozen(kw_only=True, eq=False)
class Noise:
    """Errors of the units that have a score.

    Attributes
    ----------
    errors : ndarray of shape (n_units, n_draws)
    standard : ndarray of shape (n_units, n_draws) or None
        Independent errors, each divided by its standard error.
    inverse : ndarray of shape (n_units, n_units)
        One over the standard error of each difference; 0 where it is known exactly.
    is_exact : ndarray of bool of shape (n_units, n_units)
        Whether a difference has no error, as that of a unit from itself.
    power : int
        Scores and errors have been divided by two to this power, so that squares are floats.
    """

    errors: Floats
    standard: Floats | None
    inverse: Floats
    is_exact: Bools
    power: int

    def bounds(self) -> Floats:
        r"""Return bounds of the largest standardised difference of two errors in each draw.

        The difference of two independent errors $s_i u_i$ is at most
        $\sqrt{u_i^2 + u_j^2}$ of its standard errors, by the Cauchy-Schwarz inequality.
        """
        if self.standard is None:
            return np.asarray(self.bounds_by_unit.max(axis=0, initial=0.0))
        up = self.standard.max(axis=0, initial=0.0)
        down = self.standard.min(axis=0, initial=0.0)
        return np.asarray(np.hypot(up, down) * (1 + TIE))

    @cached_property
    def bounds_by_unit(self) -> Floats:
        """Bounds of the largest standardised difference of each unit from others in each draw.

        Of shape (n_units, n_draws). They are computed in single precision and raised by its
        rounding, so that few draws are left whose differences matter for a quantile.
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
    """Draw errors of scores, from one of three descriptions of them.

    Parameters
    ----------
    scores : ndarray of shape (n_units,)
        NaN marks a missing score; the unit is left out.
    errors, covariance, draws
        As in `rank_sets`.
    n_draws, seed : int

    Raises
    ------
    MethodError
        Not exactly one of the three, or one that cannot be the error of the scores.
    """
    kinds = {"errors": errors, "covariance": covariance, "draws": draws}
    chosen = [name for name, values in kinds.items() if values is not None]
    if len(chosen) != 1:
        msg = (
            "errors of the scores must come as exactly one of errors, covariance and draws, got "
            f"{' and '.join(chosen) or 'none'}; errors=0 stands for scores without errors"
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
        # What rounding leaves of the difference of two errors that are always the same is none.
        spread = np.sqrt(np.where(squares > TIE * sums, squares, 0.0))
        drawn = _root(matrix) @ normal((known.size, n_draws))
    is_exact = spread <= _NONE * max(1.0, spread.max(initial=0.0))
    np.fill_diagonal(is_exact, val=True)
    inverse = np.where(is_exact, 0.0, 1 / np.where(is_exact, 1.0, spread))
    return Noise(errors=drawn, standard=standard, inverse=inverse, is_exact=is_exact, power=power)


def _power(scores: Floats, spreads: Floats) -> int:
    """Return the power of two that the largest number is near."""
    size = max(np.abs(scores).max(initial=0.0), np.abs(spreads).max(initial=0.0))
    return int(np.frexp(size)[1])


def _standard_errors(errors: ArrayLike, scores: Floats, known: NDArray[np.intp]) -> Floats:
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
        msg = "errors of units with a score must be finite numbers of at least 0"
        raise MethodError(msg, faults)
    return np.asarray(sds[known])


def _covariance(covariance: ArrayLike, scores: Floats, known: NDArray[np.intp]) -> Floats:
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
        msg = "covariance of units with a score must be finite numbers"
        raise MethodError(msg, faults)
    tolerance = _ROUNDING * np.abs(matrix).max(initial=0.0)
    faults = [
        f"row {known[i]}, column {known[j]}: {matrix[i, j]:g}, but {matrix[j, i]:g} the other way"
        for i, j in np.argwhere(np.triu(np.abs(matrix - matrix.T) > tolerance)).tolist()
    ]
    if faults:
        msg = "covariance must be symmetric"
        raise MethodError(msg, faults)
    least = np.linalg.eigvalsh(matrix).min(initial=0.0)
    if least < -tolerance * known.size:
        msg = f"covariance must have no negative eigenvalues, got {least:g}"
        raise MethodError(msg)
    return np.asarray((matrix + matrix.T) / 2)


def _drawn(draws: Any, scores: Floats, known: NDArray[np.intp]) -> Floats:
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
        msg = "draws of units with a score must be finite numbers"
        raise MethodError(msg, faults)
    return np.asarray(table)


def _covariance_of(table: Floats) -> Floats:
    """Return the covariance of columns, without what all of a row have in common.

    That moves no difference; left in, its size would cost digits of the differences.
    """
    table = table - table.mean(axis=0)
    table -= table.mean(axis=1, keepdims=True)
    return np.asarray(table.T @ table / (len(table) - 1))


def _root(matrix: Floats) -> Floats:
    """Return the symmetric root of a covariance, which may be singular."""
    values, vectors = np.linalg.eigh(matrix)
    return np.asarray((vectors * np.sqrt(np.maximum(values, 0.0))) @ vectors.T)
