"""Judgements that nobody made, filled in so that they contradict the others least."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import ArrayLike, NDArray

from dli.errors import InconsistentJudgementsError, MethodError
from dli.weighting.protocol import Floats

__all__ = ["complete", "joined_log_weights"]

# Slope of the logarithm of the eigenvalue at which the search has arrived, and the slope above
# which it has not.
_FLAT, _STEEP = 1e-10, 1e-6


def complete(a: Floats, names: Sequence[str]) -> Floats:
    """Fill missing judgements so that the largest eigenvalue is least.

    Parameters
    ----------
    a : ndarray of shape (n, n)
        Positive and reciprocal, NaN where a pair was not judged.
    names : sequence of str
        Of the items, for errors.

    Returns
    -------
    ndarray of shape (n, n)

    Raises
    ------
    InconsistentJudgementsError
        The judged pairs fall into groups that no judgement joins.
    """
    from scipy.optimize import minimize

    i, j = np.nonzero(np.triu(np.isnan(a)))
    logs = joined_log_weights(np.log(a), names)

    def filled(x: Floats) -> Floats:
        out = a.copy()
        out[i, j], out[j, i] = np.exp(x), np.exp(-x)
        return out

    def objective(x: Floats) -> tuple[float, Floats]:
        matrix = filled(x)
        value, right, left = _both_eigenvectors(matrix)
        push = left[i] * matrix[i, j] * right[j] - left[j] * matrix[j, i] * right[i]
        return float(np.log(value)), push / (value * (left @ right))

    # In logarithms of the judgements the logarithm of the eigenvalue is convex: one minimum.
    found = minimize(objective, logs[i] - logs[j], jac=True, method="BFGS", options={"gtol": _FLAT})
    if not np.abs(found.jac).max() < _STEEP:  # pragma: no cover
        msg = (
            f"the missing judgements on {', '.join(names)} could not be completed: {found.message}"
        )
        raise MethodError(msg)
    return filled(found.x)


def _both_eigenvectors(a: Floats) -> tuple[float, Floats, Floats]:
    vectors = []
    for matrix in (a, a.T):
        values, columns = np.linalg.eig(matrix)
        place = int(np.argmax(values.real))
        vectors.append(np.abs(columns[:, place].real))
    return float(values[place].real), vectors[0], vectors[1]


def joined_log_weights(logs: ArrayLike, names: Sequence[str]) -> Floats:
    """Give the logarithms of weights that fit log ratios best, by least squares.

    Parameters
    ----------
    logs : array_like of shape (n, n)
        Antisymmetric, NaN where a pair was not judged.
    names : sequence of str
        Of the items, for errors.

    Returns
    -------
    ndarray of shape (n,)
        Summing to zero.

    Raises
    ------
    InconsistentJudgementsError
        The judged pairs fall into groups that no judgement joins.
    """
    x = np.asarray(logs, dtype=np.float64)
    judged = ~np.isnan(x)
    np.fill_diagonal(judged, val=False)
    groups = _groups(judged)
    if len(groups) > 1:
        msg = "no judgement joins these groups of items, so they have no common scale"
        raise InconsistentJudgementsError(msg, [", ".join(names[k] for k in g) for g in groups])
    laplacian = np.diag(judged.sum(axis=1).astype(np.float64)) - judged
    # The laplacian has rank n - 1; adding one everywhere makes the weights sum to zero.
    return np.linalg.solve(laplacian + 1.0, np.where(judged, x, 0.0).sum(axis=1))


def _groups(joined: NDArray[np.bool_]) -> list[list[int]]:
    """Give the connected components of a graph."""
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
