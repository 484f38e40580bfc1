"""What reaches what, over all chains of links: total influence and DEMATEL."""

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

# Above this many nodes chains are followed link by link instead of solving a full system.
DENSE = 2000


def total_influence(direct: ArrayLike) -> Floats:
    r"""Return the influence of each node on each other over chains of any length.

    $T = A + A^2 + A^3 + \dots = (I - A)^{-1} - I$, for which every chain's links are
    multiplied and all chains added up.

    Parameters
    ----------
    direct : array_like of shape (n_nodes, n_nodes)
        The influence of the row's node on the column's; negative where it takes away.

    Returns
    -------
    ndarray of shape (n_nodes, n_nodes)
        What one unit more of the row adds to the column over all paths.

    Raises
    ------
    DivergentInfluenceError
        Feedback that grows without limit: the spectral radius is 1 or more. The loop is named.
    MethodError
        Anything but a square matrix of finite numbers.

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
    """Return the effects of nodes with what they do through all that they influence.

    Solves X = E + A X, for which the influence A must converge.

    Parameters
    ----------
    direct : sparse array of shape (n_nodes, n_nodes)
    effects : ndarray of shape (n_nodes, n_columns)
        What one unit more of a node does by itself.

    Returns
    -------
    ndarray of shape (n_nodes, n_columns)
    """
    n_nodes = direct.shape[0]
    if n_nodes <= DENSE:
        return np.asarray(np.linalg.solve(np.eye(n_nodes) - direct.toarray(), effects))
    total = effects.copy()
    turn = effects
    for _ in range(500):  # chains without feedback are at an end long before
        turn = direct @ turn
        total += turn
        if np.abs(turn).max(initial=0.0) <= 1e-16 * np.abs(total).max(initial=0.0):
            return total
    from scipy.sparse import eye_array
    from scipy.sparse.linalg import splu

    return np.asarray(splu((eye_array(n_nodes) - direct).tocsc()).solve(effects))


def refuse_divergence(direct: Any, codes: Sequence[str]) -> None:
    """Refuse feedback that grows without limit, and name the nodes of the worst loop.

    Parameters
    ----------
    direct : ndarray or sparse array of shape (n_nodes, n_nodes)
    codes : sequence of str
        How messages name the nodes.
    """
    from scipy.sparse import csr_array

    a = csr_array(direct)
    size = abs(a)
    # No eigenvalue is larger than the largest sum of a row or of a column.
    if a.nnz == 0 or min(size.sum(axis=0).max(), size.sum(axis=1).max()) < 1:
        return
    found = [(_radius(a[members][:, members]), members.tolist()) for members in loops(a)]
    radius, worst = max(found, default=(0.0, []))
    if radius >= 1 - 1e-12:
        raise DivergentInfluenceError([codes[i] for i in worst], radius)


def loops(direct: Any) -> Iterator[NDArray[np.intp]]:
    """Yield the groups of nodes that influence each other or themselves, by number."""
    from scipy.sparse.csgraph import connected_components

    n_groups, group = connected_components(direct, directed=True, connection="strong")
    order = np.argsort(group, kind="stable")
    starts = np.searchsorted(group[order], np.arange(n_groups + 1))
    own = direct.diagonal() != 0
    for start, stop in pairwise(starts.tolist()):
        if stop - start > 1 or own[order[start]]:
            yield order[start:stop]


def _radius(direct: Any) -> float:
    """Return the largest absolute value of the eigenvalues."""
    if direct.shape[0] <= DENSE:
        return float(np.abs(np.linalg.eigvals(direct.toarray())).max())
    from scipy.sparse.linalg import eigs

    start = np.ones(direct.shape[0])  # the same on every run
    return float(np.abs(eigs(direct, k=1, v0=start, return_eigenvectors=False)).max())


@frozen(kw_only=True, eq=False)
class Dematel:
    """The result of DEMATEL for a matrix of direct influence.

    Attributes
    ----------
    normalised : ndarray of shape (n_nodes, n_nodes)
        Direct influence divided by the largest sum of a row or column.
    total : ndarray of shape (n_nodes, n_nodes)
        Influence over chains of any length.
    prominence : ndarray of shape (n_nodes,)
        The influence that a node gives and receives together: how central it is.
    relation : ndarray of shape (n_nodes,)
        The influence that it gives less what it receives: a cause above zero, an effect below.
    """

    normalised: Floats
    total: Floats
    prominence: Floats
    relation: Floats

    def map(self, threshold: float | None = None) -> Bools:
        """Return which influences are above a threshold, their mean by default.

        Returns
        -------
        ndarray of bool of shape (n_nodes, n_nodes)
            Which influences reach the threshold.
        """
        return np.asarray(self.total > (self.total.mean() if threshold is None else threshold))


def dematel(direct: ArrayLike) -> Dematel:
    r"""Return causes and effects by the DEMATEL method.

    $N = A / \max(\max_i \sum_j a_{ij}, \max_j \sum_i a_{ij})$ and $T = N (I - N)^{-1}$;
    with the sums of rows r and columns c of T, prominence is r + c and relation r - c.

    Parameters
    ----------
    direct : array_like of shape (n_nodes, n_nodes)
        Ratings of direct influence of the row's node on the column's, from 0 up, such as 0 to 4.

    Returns
    -------
    Dematel
        Total influence, prominence and relation of each node.

    Raises
    ------
    DivergentInfluenceError
        Nodes of which all give, or all receive, as much as the largest sum: their influence on
        each other never fades.
    MethodError
        Negative ratings, or no influence at all.

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
    given, received = total.sum(axis=1), total.sum(axis=0)
    return Dematel(
        normalised=normalised,
        total=total,
        prominence=given + received,
        relation=given - received,
    )
