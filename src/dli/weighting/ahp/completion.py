"""Filling in missing judgements by one of three rules."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import ArrayLike, NDArray

from dli.errors import InconsistentJudgementsError, MethodError
from dli.weighting.ahp.consistency import RANGE, beyond_range
from dli.weighting.protocol import Floats

__all__ = ["COMPLETIONS", "complete", "joined_log_weights"]

COMPLETIONS = ("eigenvalue", "harker", "least_squares")

# Slope of the logarithm of the eigenvalue at which the search stops, and the slope above
# which it has failed.
_FLAT, _STEEP = 1e-10, 1e-6


def complete(a: Floats, names: Sequence[str], completion: str) -> Floats:
    """Return a matrix of judgements with the missing ones filled in.

    ``a`` is positive and reciprocal, with NaN for pairs that were not judged; ``names`` are used in
    errors. These are the errors of `joined_log_weights`, and a MethodError for a missing pair whose
    value would be beyond the range of judgements. See `ahp_priorities` for the completions.
    """
    missing = np.isnan(a)
    logs = joined_log_weights(np.log(a), names)
    _check_range(np.where(missing, logs[:, np.newaxis] - logs, 0.0), names)
    filled = _filled(a, logs, names, completion)
    _check_range(np.where(missing, np.log(filled), 0.0), names)
    return filled


def _check_range(logs: Floats, names: Sequence[str]) -> None:
    """Raise for pairs for which the other judgements imply a value outside the allowed range."""
    with np.errstate(over="ignore"):
        beyond = np.argwhere(np.triu(beyond_range(np.exp(logs)))).tolist()
    if beyond:
        msg = f"the values that judgements imply for missing pairs must be {RANGE}"
        powers = logs / np.log(10)
        faults = [f"({names[i]}, {names[j]}): 1e{powers[i, j]:+.4g}" for i, j in beyond]
        raise MethodError(msg, faults)


def _filled(a: Floats, logs: Floats, names: Sequence[str], completion: str) -> Floats:
    """Return the completed matrix; ``logs`` are the logarithms of the least-squares weights."""
    if completion == "eigenvalue":
        return _least_eigenvalue(a, logs, names)
    weights = np.exp(logs)
    if completion == "harker":
        # Missing judgements are 0, and their number is added to the diagonal. This matrix has the
        # same eigenvector as the one filled in with the ratios of the eigenvector's entries.
        harker = np.where(np.isnan(a), 0.0, a) + np.diag(np.isnan(a).sum(axis=1).astype(np.float64))
        weights = _both_eigenvectors(harker)[1]
        if not weights.all():  # some are too small for a float
            msg = f"judgements on {', '.join(names)} contradict one another too much for Harker's"
            raise InconsistentJudgementsError(f"{msg} completion: reconsider the most extreme")
    return np.where(np.isnan(a), weights[:, np.newaxis] / weights, a)


def _least_eigenvalue(a: Floats, logs: Floats, names: Sequence[str]) -> Floats:
    from scipy.optimize import minimize

    i, j = np.nonzero(np.triu(np.isnan(a)))

    def filled(x: Floats) -> Floats:
        out = a.copy()
        out[i, j], out[j, i] = np.exp(x), np.exp(-x)
        return out

    def objective(x: Floats) -> tuple[float, Floats]:
        matrix = filled(x)
        value, right, left = _both_eigenvectors(matrix)
        push = left[i] * matrix[i, j] * right[j] - left[j] * matrix[j, i] * right[i]
        return float(np.log(value)), push / (value * (left @ right))

    # The logarithm of the eigenvalue is convex in the logarithms of the judgements, so that it has
    # a single minimum.
    result = minimize(
        objective, logs[i] - logs[j], jac=True, method="BFGS", options={"gtol": _FLAT}
    )
    if not np.abs(result.jac).max() < _STEEP:  # pragma: no cover
        listed = ", ".join(names)
        msg = f"the missing judgements on {listed} could not be completed: {result.message}"
        raise MethodError(msg)
    return filled(result.x)


def _both_eigenvectors(a: Floats) -> tuple[float, Floats, Floats]:
    vectors = []
    for matrix in (a, a.T):
        values, columns = np.linalg.eig(matrix)
        place = int(np.argmax(values.real))
        vectors.append(np.abs(columns[:, place].real))
    return float(values[place].real), vectors[0], vectors[1]


def joined_log_weights(logs: ArrayLike, names: Sequence[str]) -> Floats:
    """Return the logarithms of the weights that best fit log ratios, by least squares.

    ``logs``, of shape (n, n), is antisymmetric, with NaN for pairs that were not judged; the result
    sums to zero. Raises an InconsistentJudgementsError for groups of items that no judgement
    connects.
    """
    x = np.asarray(logs, dtype=np.float64)
    judged = ~np.isnan(x)
    np.fill_diagonal(judged, val=False)
    groups = _groups(judged)
    if len(groups) > 1:
        msg = "no judgement connects these groups of items, so their weights cannot be compared"
        raise InconsistentJudgementsError(msg, [", ".join(names[k] for k in g) for g in groups])
    laplacian = np.diag(judged.sum(axis=1).astype(np.float64)) - judged
    # The Laplacian has rank n - 1; adding one to every entry makes the log weights sum to zero.
    return np.linalg.solve(laplacian + 1.0, np.where(judged, x, 0.0).sum(axis=1))


def _groups(joined: NDArray[np.bool_]) -> list[list[int]]:
    """Return the connected components of a graph."""
    left, groups = set(range(len(joined))), []
    while left:
        group, ahead = set(), [min(left)]
        while ahead:
            k = ahead.pop()
            if k not in group:
                group.add(k)
                ahead += np.flatnonzero(joined[k]).tolist()
        groups.append(sorted(group))
        left -= group
    return groups
