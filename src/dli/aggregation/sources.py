"""Identification and estimation of the parameters of an unobserved components model."""

import warnings
from typing import TypeAlias

import numpy as np

from dli.arrays import Bools, Floats
from dli.errors import DLIWarning, MethodError
from dli.rescaling import extremes, is_constant, rescaling

__all__ = ["Parameters", "fitted", "log_likelihood"]

# A source whose share of error variance is below this would determine the scores alone.
_NO_ERROR = 1e-6
# A standardised slope below this is zero except for rounding.
_NO_SLOPE = 1e-6
# The optimiser stops at this gradient of the mean log-likelihood per unit.
_GRADIENT, _LEAST_SHARE = 1e-9, 1e-8

# Intercepts, slopes, and the standard deviations of errors in units of the score.
Parameters: TypeAlias = tuple[Floats, Floats, Floats]


def fitted(x: Floats, min_units: int, max_iterations: int) -> tuple[Parameters, int, bool]:
    """Return the maximum likelihood estimates, the iterations, and whether they converged."""
    _require_sources(x, min_units)
    means, spreads = np.nanmean(x, axis=0), np.nanstd(x, axis=0)
    (a, b, psi), iterations, converged = _maximised((x - means) / spreads, max_iterations)
    if not converged:
        msg = (
            f"the likelihood of the unobserved components was not maximised in {iterations} "
            "iterations; raise max_iterations of dli.aggregation.unobserved_components, or "
            "leave out sources with few units"
        )
        warnings.warn(msg, DLIWarning, stacklevel=3)
    return (means + spreads * a, spreads * b, np.sqrt(psi) / b), iterations, converged


def _require_sources(x: Floats, min_units: int) -> None:
    """Raise if the parameters of sources cannot be estimated."""
    n_sources = x.shape[1]
    if n_sources < 3:
        msg = (
            "an unobserved components model is identified by three sources or more, got "
            f"{n_sources}: give alpha, beta and sigma to use fewer"
        )
        raise MethodError(msg)
    known = ~np.isnan(x)
    faults = []
    low, high = extremes(x)
    constant = is_constant(low, high)
    for j, count in enumerate(known.sum(axis=0).tolist()):
        if count < min_units:
            faults.append(f"column {j}: {count} units with a value, min_units is {min_units}")
        elif constant[j]:
            faults.append(f"column {j}: all values are the same")
    if not faults:
        faults = [
            f"column {j}: shares too few units with the others"
            for j in np.flatnonzero(_unidentified(known, min_units)).tolist()
        ]
    if faults:
        msg = (
            "an unobserved components model needs sources whose values differ, each with "
            f"{min_units} units, that share {min_units} units with two others which share as many"
        )
        raise MethodError(msg, faults)
    if rescaling(low, high) is not None:
        msg = (
            "an unobserved components model needs values of ordinary size that are not too close "
            "together; normalise them first"
        )
        raise MethodError(msg)


def _unidentified(known: Bools, min_units: int) -> Bools:
    """Return the sources whose slopes do not follow from the covariances of pairs.

    The logarithm of a covariance is the sum of the logarithms of two slopes. Such sums determine
    their terms unless the pairs form a bipartite graph. In that case the degree matrix plus the
    adjacency matrix is singular, and its null vectors are non-zero at the unidentified sources.
    """
    links = (known.T.astype(np.int64) @ known >= min_units).astype(np.float64)
    np.fill_diagonal(links, 0.0)
    roots, vectors = np.linalg.eigh(np.diag(links.sum(axis=0)) + links)
    return np.asarray((vectors[:, roots < 1e-9] ** 2).sum(axis=1) > 1e-9)


def _maximised(z: Floats, max_iterations: int) -> tuple[Parameters, int, bool]:
    """Return intercepts, slopes and error variances of standardised sources."""
    from scipy.optimize import minimize

    n_units, n_sources = z.shape

    def loss(theta: Floats) -> tuple[float, Floats]:
        a, b, logs = theta.reshape(3, n_sources)
        psi = _LEAST_SHARE + np.exp(logs)
        value, slopes = log_likelihood(z, a, b, psi)
        slopes[2] *= np.exp(logs) / psi
        return -value / n_units, -slopes.ravel() / n_units

    start = np.repeat([0.0, np.sqrt(0.5), np.log(0.5)], n_sources)
    optimum = minimize(
        loss,
        start,
        jac=True,
        method="BFGS",
        options={"maxiter": max_iterations, "gtol": _GRADIENT},
    )
    a, b, logs = optimum.x.reshape(3, n_sources)
    psi = _LEAST_SHARE + np.exp(logs)
    b = b if b.sum() >= 0 else -b  # the negated score has the same likelihood
    _require_relations(b, psi)
    # Near the maximum, rounding may end the search before the gradient is as small as requested.
    converged = bool(np.abs(loss(optimum.x)[1]).max() < 1e3 * _GRADIENT)
    return (a, b, psi), int(optimum.nit), converged


def _require_relations(b: Floats, psi: Floats) -> None:
    """Raise if sources are not positively related to the rest, or have no error."""
    faults = [
        f"column {j}: not positively related to the others (slope {slope:.3g} once standardised); "
        "turn its direction, or leave it out"
        for j, slope in enumerate(b.tolist())
        if slope < _NO_SLOPE
    ]
    faults += [
        f"column {j}: its error is estimated to be zero, so that it would decide the scores alone; "
        "leave out sources that repeat each other, or give alpha, beta and sigma"
        for j, share in enumerate(psi.tolist())
        if share < _NO_ERROR
    ]
    if faults:
        raise MethodError("sources do not fit an unobserved components model", faults)


def log_likelihood(z: Floats, a: Floats, b: Floats, psi: Floats) -> tuple[float, Floats]:
    r"""Return the log-likelihood of $z = a + b g + e$ and its gradient.

    The gradient is with respect to a, b and the logarithm of psi, the variance of e, and has shape
    (3, n_sources). It is the expectation, given the values, of the gradient for a known score.
    """
    known = ~np.isnan(z)
    centred = np.where(known, z - a, 0.0)
    precisions = known / psi
    variance = 1 / (1 + precisions @ b**2)
    mean = variance * ((centred * precisions) @ b)
    error = np.where(known, centred - np.outer(mean, b), 0.0)
    squares = (error**2 * precisions).sum() + (mean**2).sum()
    logs = known.sum(axis=0) @ np.log(2 * np.pi * psi) - np.log(variance).sum()
    by_slope = (precisions * (error * mean[:, np.newaxis] - np.outer(variance, b))).sum(axis=0)
    by_log = (precisions * (error**2 + np.outer(variance, b**2)) - known).sum(axis=0) / 2
    return -(squares + logs) / 2, np.stack([(error * precisions).sum(axis=0), by_slope, by_log])
