"""Priorities from pairwise judgements, for one matrix or thousands in a call."""

from collections.abc import Sequence
from typing import Any, Literal

import numpy as np
from attrs import frozen
from numpy.typing import ArrayLike

from dli.checks import flag_faults, number
from dli.errors import InconsistentJudgementsError, MethodError
from dli.weighting.ahp.completion import COMPLETIONS, complete
from dli.weighting.ahp.consistency import (
    RANGE,
    ROUNDING,
    beyond_range,
    check_consistency,
    warn_of_scale,
)
from dli.weighting.ahp.consistency import random_index as random_index_of
from dli.weighting.ahp.eigen import perron
from dli.weighting.ahp.reading import read_matrices
from dli.weighting.by_code import one_of
from dli.weighting.protocol import Floats

__all__ = [
    "Priorities",
    "ahp_priorities",
    "check_limit",
    "check_options",
    "check_reciprocal",
    "priorities_of",
    "square",
]

METHODS = ("eigenvector", "geometric", "normalised columns")
_EXACT = 1e-12
# The size of the chunks of matrices, which fit into the processor's cache during the iterations.
_CHUNK_BYTES = 600_000


@frozen(kw_only=True, eq=False)
class Priorities:
    """Weights from pairwise judgements, and how far the judgements contradict one another.

    For a stack of matrices, every attribute has the leading axes of the stack.

    Attributes
    ----------
    weights : ndarray of shape (..., n)
        The weights, which are positive and sum to one.
    lambda_max : float, or ndarray of shape (...)
        The largest eigenvalue of the matrix; n if the matrix is consistent.
    consistency_index : float, or ndarray of shape (...)
        ``(lambda_max - n) / (n - 1)``; 0 for n <= 2.
    consistency_ratio : float, or ndarray of shape (...)
        The consistency index divided by that of random matrices of the same order; a ratio up to
        0.10 is customary. It is 0 for n <= 2, where judgements cannot contradict one another.
    geometric_consistency_index : float, or ndarray of shape (...)
        ``2 / ((n - 1)(n - 2)) * sum of squares of ln(a_ij w_j / w_i), i < j``, with the weights
        from the row geometric means; 0 for n <= 2. See `geometric_threshold` for its limits.
    completed : ndarray of shape (..., n, n)
        The judgements, with the missing ones filled in.
    """

    weights: Floats
    lambda_max: Any
    consistency_index: Any
    consistency_ratio: Any
    geometric_consistency_index: Any
    completed: Floats


def ahp_priorities(
    matrix: ArrayLike,
    *,
    method: Literal["eigenvector", "geometric", "normalised columns"] = "eigenvector",
    completion: Literal["eigenvalue", "harker", "least_squares"] = "eigenvalue",
    random_index: str = "saaty-1980",
    limit: float = 0.10,
    strict: bool = False,
) -> Priorities:
    r"""Return the priorities of a matrix of pairwise judgements, or of each in a stack.

    The eigenvector method solves $A w = \lambda_{max} w$, the geometric method uses the row
    geometric means $w_i \propto \prod_j a_{ij}^{1/n}$, and the method of normalised columns
    averages the columns after scaling each to sum to one.

    Parameters
    ----------
    matrix : array_like of shape (..., n, n)
        ``a_ij`` says how many times as important i is as j. The matrix must be positive and
        reciprocal, ``a_ji = 1 / a_ij``. If a pair differs from this by less than 0.5 %, as 3 and
        0.333 do, the larger number is used. NaN is a missing judgement, unless its reciprocal is
        present. The rows of a data frame with labels are put in the order of its columns, and the
        frames of a stack in the order of the first.
    method : {"eigenvector", "geometric", "normalised columns"}
        How the priorities are computed from the matrix.
    completion : {"eigenvalue", "harker", "least_squares"}
        How missing judgements are filled in: so that the largest eigenvalue is as small as
        possible; by ratios of the eigenvector of Harker's matrix, in which missing judgements are 0
        and their number in each row is added to the diagonal; or by ratios of the weights that
        minimise $\sum (\ln a_{ij} - \ln w_i + \ln w_j)^2$ over the judgements that are present.
        The published methods are "harker" with the eigenvector method and "least_squares" with the
        geometric method.
    random_index : {"saaty-1980", "saaty-2005", "donegan-dodd", "alonso-lamata"}
        The table of random indices by which the consistency index is divided; see `random_index`.
    limit : float
        The consistency ratio above which judgements are doubtful.
    strict : bool
        Whether to raise an error for a consistency ratio above the limit.

    Returns
    -------
    Priorities
        For a single matrix, a `DLIWarning` is issued for judgements outside 1/9 to 9 and for a
        consistency ratio above the limit. No warning is issued for a stack: its matrices are
        usually random draws, and the result contains the consistency ratio of each.

    Raises
    ------
    MethodError
        A matrix that is not square, positive and reciprocal, or judgements outside 1e-100 to 1e100,
        including the values that they imply for missing ones; the pairs are listed. A table of
        pairs, frames whose labels differ, a limit below 0, ``strict`` that is not True or False, or
        an unknown option.
    InconsistentJudgementsError
        Groups of items that no judgement connects, or, if ``strict`` is True, a consistency ratio
        above the limit.

    References
    ----------
    Saaty, T. L. (1980), The Analytic Hierarchy Process.
    Crawford, G. and Williams, C. (1985), A note on the analysis of subjective judgment matrices.
    https://doi.org/10.1016/0022-2496(85)90002-1
    Harker, P. T. (1987), Alternative modes of questioning in the analytic hierarchy process.
    https://doi.org/10.1016/0270-0255(87)90492-1
    Aguarón, J. and Moreno-Jiménez, J. M. (2003), The geometric consistency index: approximated
    thresholds. https://doi.org/10.1016/S0377-2217(02)00255-2
    Bozóki, S., Fülöp, J. and Rónyai, L. (2010), On optimal completion of incomplete pairwise
    comparison matrices. https://doi.org/10.1016/j.mcm.2010.02.047

    Examples
    --------
    >>> priorities = ahp_priorities([[1, 2, 6], [1 / 2, 1, 3], [1 / 6, 1 / 3, 1]])
    >>> priorities.weights.round(6).tolist()
    [0.6, 0.3, 0.1]
    >>> abs(priorities.consistency_ratio) < 1e-12
    True
    >>> nan = float("nan")
    >>> ahp_priorities([[1, 2, nan], [1 / 2, 1, 3], [nan, 1 / 3, 1]]).completed.round(6).tolist()[0]
    [1.0, 2.0, 6.0]
    """
    a = square(matrix)
    check_limit(limit, strict)
    names = [str(i) for i in range(a.shape[-1])]
    result = priorities_of(a, names, method=method, completion=completion, table=random_index)
    if a.ndim == 2:
        warn_of_scale(a, a, names)
        what = f"on {', '.join(names)}"
        check_consistency(result.consistency_ratio, limit, what, strict=strict)
    elif strict:
        ratios = result.consistency_ratio
        over = [tuple(place) for place in np.argwhere(ratios > limit).tolist()]
        if over:
            msg = f"the consistency ratio of some matrices is above {limit:g}"
            faults = [f"matrix {place}: {ratios[place]:.3f}" for place in over]
            raise InconsistentJudgementsError(msg, faults)
    return result


def square(matrix: ArrayLike) -> Floats:
    """Return square matrices of judgements as floats; raise for judgements out of range."""
    a = read_matrices(matrix)
    if a.ndim < 2 or a.shape[-1] != a.shape[-2] or a.size == 0:
        msg = f"judgements must be square matrices (..., n, n), got shape {a.shape}"
        raise MethodError(msg)
    if beyond_range(a).any():
        check_reciprocal(a.reshape(-1, *a.shape[-2:]), [str(i) for i in range(a.shape[-1])])
    return a


def check_options(method: str, completion: str, table: str) -> None:
    """Raise for an unknown method, completion or random index."""
    random_index_of(1, table)
    one_of("method", method, METHODS)
    one_of("completion", completion, COMPLETIONS)


def check_limit(limit: Any, strict: Any) -> None:
    """Raise for a limit that is not a number of at least 0, or ``strict`` that is not a bool."""
    number("limit", limit, least=0)
    for fault in flag_faults(strict=strict):
        raise MethodError(fault)


def priorities_of(
    a: Floats, names: Sequence[str], *, method: str, completion: str, table: str
) -> Priorities:
    """Return the result of `ahp_priorities` without warnings; ``names`` are used in errors."""
    check_options(method, completion, table)
    n, lead = a.shape[-1], a.shape[:-2]
    a = a.reshape(-1, n, n)
    solved = _solved(a, method)
    if solved is None:
        a = _settled(a, names, completion)
        solved = _solved(a, method)
    assert solved is not None  # noqa: S101 what is settled can be solved
    weights, largest, errors = solved
    # Rounding must not leave an index below 0, of a matrix that does not contradict itself.
    index = np.maximum(largest - n, 0.0) / (n - 1) if n > 2 else np.zeros(len(a))
    completed = a.reshape(*lead, n, n).view()
    completed.flags.writeable = False

    def shaped(figures: Floats) -> Any:
        return figures.reshape(lead) if lead else float(figures[0])

    return Priorities(
        weights=weights.reshape(*lead, n),
        lambda_max=shaped(largest),
        consistency_index=shaped(index),
        consistency_ratio=shaped(index / random_index_of(n, table) if n > 2 else index),
        geometric_consistency_index=shaped(errors),
        completed=completed,
    )


def _solved(a: Floats, method: str) -> tuple[Floats, Floats, Floats] | None:
    """Return weights, eigenvalues and geometric indices, or None if `_settled` is needed first."""
    m, n = a.shape[:2]
    weights, largest, errors = np.empty((m, n)), np.empty(m), np.empty(m)
    step = max(_CHUNK_BYTES // (8 * n * n), 1)
    for first in range(0, m, step):
        part = slice(first, first + step)
        # The matrices are on the last axis, so that every inner loop runs over them.
        stacked = np.ascontiguousarray(a[part].reshape(-1, n * n).T).reshape(n, n, -1)
        if not _usable(stacked):
            return None
        means, errors[part] = _geometric(stacked)
        vectors, largest[part] = perron(stacked, means)
        if method == "normalised columns":
            vectors = (stacked / stacked.sum(axis=0)).mean(axis=1)
        weights[part] = (means if method == "geometric" else vectors).T
    return weights, largest, errors


def _usable(a: Floats) -> bool:
    """Return whether matrices (n, n, m) can be used as they are; NaN fails every comparison."""
    i, j = np.triu_indices(len(a), 1)
    upper = a[i, j]
    with np.errstate(invalid="ignore", over="ignore"):  # an infinite judgement is rejected later
        reciprocal = (np.abs(upper * a[j, i] - 1) <= _EXACT).all()
    return bool(reciprocal and (upper > 0).all() and (a.diagonal() == 1).all())


def _geometric(a: Floats) -> tuple[Floats, Floats]:
    """Return the row geometric means (n, m) and the geometric consistency indices (m,)."""
    n, m = a.shape[1:]
    i, j = np.triu_indices(n, 1)
    # A row for each pair, with 1 for its first and -1 for its second item, so that all sums are
    # matrix products.
    pairs = np.zeros((len(i), n))
    pairs[np.arange(len(i)), i], pairs[np.arange(len(i)), j] = 1.0, -1.0
    judged = np.log(a[i, j])
    logs = pairs.T @ judged / n
    means = np.exp(logs)
    means /= means.sum(axis=0)
    if n <= 2:
        return means, np.zeros(m)
    errors = judged - pairs @ logs
    return means, np.asarray(2 / ((n - 1) * (n - 2)) * np.einsum("pm,pm->m", errors, errors))


def _settled(a: Floats, names: Sequence[str], completion: str) -> Floats:
    """Return matrices that are checked, exactly reciprocal, and complete."""
    every = np.arange(a.shape[-1])
    i, j = np.triu_indices(len(every), 1)
    with np.errstate(divide="ignore"):
        a = np.where(np.isnan(a), 1 / a.swapaxes(1, 2), a)
    diagonal, upper, lower = a[:, every, every], a[:, i, j], a[:, j, i]
    a[:, every, every] = np.where(np.isnan(diagonal), 1.0, diagonal)
    check_reciprocal(a, names)
    a[:, i, j] = np.where(upper >= lower, upper, 1 / lower)
    a[:, j, i] = np.where(upper >= lower, 1 / upper, lower)
    a[:, every, every] = 1.0
    for k in np.flatnonzero(np.isnan(a).any(axis=(1, 2))).tolist():
        a[k] = complete(a[k], names, completion)
    return a


def check_reciprocal(a: Floats, names: Sequence[str]) -> None:
    """Raise for matrices of shape (m, n, n) that are not positive and reciprocal."""
    faults = []
    transposed = a.swapaxes(1, 2)
    with np.errstate(invalid="ignore", over="ignore"):
        not_positive = ~(((a > 0) & np.isfinite(a)) | np.isnan(a))
        beyond = beyond_range(a)
        not_reciprocal = (np.abs(a * transposed - 1) > ROUNDING) & (a > 0) & (transposed > 0)
    for k, i, j in np.argwhere(not_positive | beyond | not_reciprocal).tolist():
        where = f"({names[i]}, {names[j]})" + (f" of matrix {k}" if len(a) > 1 else "")
        if not_positive[k, i, j]:
            faults.append(f"{where}: {a[k, i, j]:g} is not a number above zero")
        elif beyond[k, i, j]:
            faults.append(f"{where}: {a[k, i, j]:g} is not in the range {RANGE}")
        elif i == j:
            faults.append(f"{where}: {a[k, i, j]:g}, expected 1")
        elif i < j:
            back = f"({names[j]}, {names[i]})"
            faults.append(f"{where}: {a[k, i, j]:g}, but {back}: {a[k, j, i]:g}")
    if faults:
        msg = (
            "judgements must be positive and reciprocal, a[j, i] = 1 / a[i, j] (write 0.333 rather "
            "than 0.3, or pass pairs and leave the other half out)"
        )
        raise MethodError(msg, faults)
