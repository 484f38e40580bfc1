"""The judgements to reconsider if judgements contradict one another."""

from typing import Any

import numpy as np
from attrs import frozen
from numpy.typing import ArrayLike

from dli.errors import MethodError
from dli.weighting.ahp.consistency import warn_of_scale
from dli.weighting.ahp.priorities import Priorities, priorities_of, square
from dli.weighting.protocol import Floats

__all__ = ["Revision", "ranked", "revisions"]


@frozen(kw_only=True)
class Revision:
    """A judgement, and the value that the priorities suggest for it.

    Attributes
    ----------
    first, second : int or str
        The items of the pair: their places in a matrix, or their codes.
    judged : float
        The judgement: how many times as important the first item is as the second.
    suggested : float
        The ratio of the priorities of the two items.
    consistency_ratio : float
        The consistency ratio of all judgements if this one is replaced by the suggested value.
    """

    first: Any
    second: Any
    judged: float
    suggested: float
    consistency_ratio: float


def revisions(
    matrix: ArrayLike, *, completion: str = "eigenvalue", random_index: str = "saaty-1980"
) -> tuple[Revision, ...]:
    r"""Return the judgements ranked by their distance from the priorities, largest first.

    The distance is $|\ln (a_{ij} w_j / w_i)|$ with the priorities w by the eigenvector method.

    Parameters
    ----------
    matrix : array_like of shape (n, n)
        The judgements, as for `ahp_priorities`. Missing judgements are not ranked. A `DLIWarning`
        is issued for judgements outside 1/9 to 9.
    completion, random_index : str
        As for `ahp_priorities`.

    Returns
    -------
    tuple of Revision
        One for each pair that was judged; ties are in the order of the matrix.

    Raises
    ------
    MethodError
        A stack of matrices, or a matrix or an option that `ahp_priorities` rejects.

    References
    ----------
    Saaty, T. L. (2003), Decision-making with the AHP: why is the principal eigenvector necessary.
    https://doi.org/10.1016/S0377-2217(02)00227-8

    Examples
    --------
    >>> worst = revisions([[1, 2, 1 / 6], [1 / 2, 1, 3], [6, 1 / 3, 1]])[0]
    >>> worst.first, worst.second, worst.consistency_ratio < 1
    (0, 1, True)
    """
    matrices = square(matrix)
    if matrices.ndim != 2:
        msg = f"judgements to revise must be one matrix (n, n), got shape {matrices.shape}"
        raise MethodError(msg)
    result = ranked(matrices, completion=completion, random_index=random_index)
    warn_of_scale(matrices, matrices, [str(i) for i in range(len(matrices))])
    return result


def ranked(matrix: Floats, *, completion: str, random_index: str) -> tuple[Revision, ...]:
    """Return the result of `revisions`, without its warning."""

    def solved(a: Floats) -> Priorities:
        names, method = [str(i) for i in range(len(matrix))], "eigenvector"
        return priorities_of(a, names, method=method, completion=completion, table=random_index)

    result = solved(matrix)
    a, w = result.completed, result.weights
    i, j = np.triu_indices(len(a), 1)
    judged = ~np.isnan(matrix[i, j]) | ~np.isnan(matrix[j, i])
    i, j = i[judged], j[judged]
    if i.size == 0:
        return ()
    ratio = w[i] / w[j]
    distance = np.abs(np.log(a[i, j] / ratio))
    # Rounding noise must not determine the order of judgements that fit equally well.
    order = np.argsort(-distance.round(12), kind="stable")
    i, j, ratio = i[order], j[order], ratio[order]
    changed = np.repeat(a[np.newaxis], len(i), axis=0)
    every = np.arange(len(i))
    changed[every, i, j], changed[every, j, i] = ratio, 1 / ratio
    columns = i, j, a[i, j], ratio, solved(changed).consistency_ratio
    rows = zip(*(column.tolist() for column in columns), strict=True)
    return tuple(
        Revision(first=i, second=j, judged=judged, suggested=suggested, consistency_ratio=after)
        for i, j, judged, suggested, after in rows
    )
