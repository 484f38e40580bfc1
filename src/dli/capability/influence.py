"""Influence over chains of links of any length: total influence and DEMATEL."""

from collections.abc import Iterator, Sequence
from itertools import pairwise
from typing import Any

import numpy as np
from attrs import frozen
from numpy.typing import ArrayLike, NDArray

from dli.arrays import Bools, Floats, as_floats
from dli.errors import DivergentInfluenceError, MethodError

__all__ = [
    "DENSE",
    "Dematel",
    "dematel",
    "loops",
    "refuse_divergence",
    "summed_effects",
    "total_influence",
]

# For more nodes than this, chains are followed link by link instead of solving a dense system.
DENSE = 2000


def total_influence(direct: ArrayLike) -> Floats:
    r"""Return the total influence of each node on every other, over chains of any length.

    The total influence is $T = A + A^2 + A^3 + \dots = (I - A)^{-1} - I$: strengths are multiplied
    along each chain and summed over all chains.

    Parameters
    ----------
    direct : array_like of shape (n_nodes, n_nodes)
        The direct influence A of the node in each row on the node in each column; negative if it
        reduces the target.

    Returns
    -------
    ndarray of shape (n_nodes, n_nodes)
        The effect of one unit more of the node in each row on the node in each column, over all
        chains.

    Raises
    ------
    DivergentInfluenceError
        Feedback grows without limit: the spectral radius is at least 1. The loop is named.
    MethodError
        The input is not a square matrix of finite numbers.

    Examples
    --------
    >>> total_influence([[0, 0.5, 0], [0, 0, 0.4], [0, 0, 0]]).round(3).tolist()
    [[0.0, 0.5, 0.2], [0.0, 0.0, 0.4], [0.0, 0.0, 0.0]]
    """
    a = _square(direct)
    refuse_divergence(a, [str(i) for i in range(len(a))])
    return np.asarray(np.linalg.solve(np.eye(len(a)) - a, a))


def _square(direct: ArrayLike) -> Floats:
    a = as_floats(direct, "direct influence")
    if a.ndim != 2 or a.shape[0] != a.shape[1] or not a.size:
        msg = f"direct influence must be a square matrix, got shape {a.shape}"
        raise MethodError(msg)
    bad = [f"row {i}, column {j}: {a[i, j]}" for i, j in np.argwhere(~np.isfinite(a)).tolist()]
    if bad:
        msg = "direct influence must be finite"
        raise MethodError(msg, bad)
    return a


def summed_effects(direct: Any, effects: Floats) -> Floats:
    """Return the total effects of nodes: their own and those through all nodes they influence.

    This solves X = E + A X, where the feedback in A must converge.

    Parameters
    ----------
    direct : sparse array of shape (n_nodes, n_nodes)
        The direct influence A.
    effects : ndarray of shape (n_nodes, n_columns)
        The effects E of one unit more of each node by itself.

    Returns
    -------
    ndarray of shape (n_nodes, n_columns)
    """
    n_nodes = direct.shape[0]
    if n_nodes <= DENSE:
        return np.asarray(np.linalg.solve(np.eye(n_nodes) - direct.toarray(), effects))
    total = effects.copy()
    turn = effects
    for _ in range(500):  # chains without feedback end long before this
        turn = direct @ turn
        total += turn
        if np.abs(turn).max(initial=0.0) <= 1e-16 * np.abs(total).max(initial=0.0):
            return total
    from scipy.sparse import eye_array
    from scipy.sparse.linalg import splu

    return np.asarray(splu((eye_array(n_nodes) - direct).tocsc()).solve(effects))


def refuse_divergence(direct: Any, codes: Sequence[str]) -> None:
    """Raise an error that names the nodes of the worst loop if feedback grows without limit.

    Parameters
    ----------
    direct : ndarray or sparse array of shape (n_nodes, n_nodes)
    codes : sequence of str
        The names of the nodes in the error message.

    Raises
    ------
    DivergentInfluenceError
    """
    from scipy.sparse import csr_array

    a = csr_array(direct)
    size = abs(a)
    # No eigenvalue is larger than the largest sum of a row or of a column.
    if a.nnz == 0 or min(size.sum(axis=0).max(), size.sum(axis=1).max()) < 1:
        return
    radii = [(_radius(a[members][:, members]), members.tolist()) for members in loops(a)]
    radius, worst = max(radii, default=(0.0, []))
    if radius >= 1 - 1e-12:
        raise DivergentInfluenceError([codes[i] for i in worst], radius)


def loops(direct: Any) -> Iterator[NDArray[np.intp]]:
    """Yield the numbers of the nodes in each group that influence each other or themselves."""
    from scipy.sparse.csgraph import connected_components

    n_groups, group = connected_components(direct, directed=True, connection="strong")
    order = np.argsort(group, kind="stable")
    starts = np.searchsorted(group[order], np.arange(n_groups + 1))
    feeds_itself = direct.diagonal() != 0
    for start, stop in pairwise(starts.tolist()):
        if stop - start > 1 or feeds_itself[order[start]]:
            yield order[start:stop]


def _radius(direct: Any) -> float:
    """Return the spectral radius, the largest absolute value of the eigenvalues."""
    if direct.shape[0] <= DENSE:
        return float(np.abs(np.linalg.eigvals(direct.toarray())).max())
    from scipy.sparse.linalg import eigs

    start = np.ones(direct.shape[0])  # a fixed start makes the result reproducible
    return float(np.abs(eigs(direct, k=1, v0=start, return_eigenvectors=False)).max())


@frozen(kw_only=True, eq=False)
class Dematel:
    """The result of DEMATEL for a matrix of direct influence.

    Attributes
    ----------
    normalised : ndarray of shape (n_nodes, n_nodes)
        The direct influence divided by the largest row or column sum.
    total : ndarray of shape (n_nodes, n_nodes)
        The influence over chains of any length.
    prominence : ndarray of shape (n_nodes,)
        The influence that each node exerts plus the influence that it receives, a measure of how
        central it is.
    relation : ndarray of shape (n_nodes,)
        The influence that each node exerts minus the influence that it receives: above 0 for
        causes, below 0 for effects.
    """

    normalised: Floats
    total: Floats
    prominence: Floats
    relation: Floats

    def map(self, threshold: float | None = None) -> Bools:
        """Return which influences are large enough to be drawn in an influence map.

        Parameters
        ----------
        threshold : float, optional
            The total influence that must be exceeded; by default, the mean of all influences.

        Returns
        -------
        ndarray of bool of shape (n_nodes, n_nodes)
            Whether each influence is above the threshold.
        """
        return np.asarray(self.total > (self.total.mean() if threshold is None else threshold))


def dematel(direct: ArrayLike) -> Dematel:
    r"""Return the causes and effects among nodes by the DEMATEL method.

    The ratings A are normalised to
    $N = A / \max(\max_i \sum_j a_{ij}, \max_j \sum_i a_{ij})$, and the total influence is
    $T = N (I - N)^{-1}$. With the row sums r and the column sums c of T, prominence is r + c and
    relation is r - c.

    Parameters
    ----------
    direct : array_like of shape (n_nodes, n_nodes)
        Ratings of the direct influence of the node in each row on the node in each column: numbers
        of at least 0, usually on a scale from 0 to 4.

    Returns
    -------
    Dematel
        The total influence, prominence and relation of each node.

    Raises
    ------
    DivergentInfluenceError
        The influence within a group of nodes never fades, because the row sums (or the column sums)
        of all of them equal the largest sum.
    MethodError
        Ratings are negative, all ratings are 0, or the input is not a square matrix of finite
        numbers.

    References
    ----------
    Gabus and Fontela (1972), World problems, an invitation to further thought within the framework
    of DEMATEL. Battelle Geneva Research Centre.

    Examples
    --------
    >>> result = dematel([[0, 3, 2, 1], [1, 0, 3, 2], [2, 1, 0, 3], [1, 2, 1, 0]])
    >>> result.total[0].round(6).tolist()
    [2.0, 3.0, 3.0, 3.0]
    >>> result.relation.round(6).tolist()
    [3.264706, 0.264706, -0.264706, -3.264706]
    """
    a = _square(direct)
    bad = [f"row {i}, column {j}: {a[i, j]:g}" for i, j in np.argwhere(a < 0).tolist()]
    if bad:
        msg = "ratings of direct influence must be at least 0"
        raise MethodError(msg, bad)
    largest = max(a.sum(axis=0).max(), a.sum(axis=1).max())
    if not largest > 0:
        msg = "all ratings are 0: there is no influence to analyse"
        raise MethodError(msg)
    normalised = a / largest
    total = total_influence(normalised)
    exerted, received = total.sum(axis=1), total.sum(axis=0)
    return Dematel(
        normalised=normalised,
        total=total,
        prominence=exerted + received,
        relation=exerted - received,
    )
