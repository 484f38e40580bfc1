"""Joining and comparing the judgements and priorities of several experts."""

from typing import Literal

import numpy as np
from numpy.typing import ArrayLike

from dli.arrays import Floats, as_floats
from dli.errors import MethodError
from dli.weighting.ahp.consistency import RANGE, beyond_range, warn_of_scale
from dli.weighting.ahp.reading import read_matrices
from dli.weighting.tables import in_proportion

__all__ = [
    "expert_shares",
    "group_consensus",
    "group_judgements",
    "group_priorities",
    "mean_judgements",
]


def expert_shares(expert_weights: ArrayLike | None, n_experts: int) -> Floats:
    """Return the shares of the experts, which sum to one; equal by default."""
    if expert_weights is None:
        return np.full(n_experts, 1 / n_experts)
    q = as_floats(expert_weights, "expert weights")
    if q.shape != (n_experts,) or not (np.isfinite(q) & (q >= 0)).all() or not q.any():
        msg = f"expert weights must be {n_experts} numbers of at least 0, not all 0, got "
        raise MethodError(msg + str(q.tolist()))
    return in_proportion(q)


def group_judgements(matrices: ArrayLike, expert_weights: ArrayLike | None = None) -> Floats:
    r"""Return the judgements of experts joined by their weighted geometric mean.

    The joined judgements are $g_{ij} = \prod_e (a_{ij}^{(e)})^{q_e}$ with the weights $q_e$ of the
    experts; this is the only mean that preserves reciprocity.

    Parameters
    ----------
    matrices : array_like of shape (n_experts, n, n), or list of frames
        The judgements of each expert, which must be positive. NaN is a missing judgement, for which
        the other experts share the weight. Data frames are read as by `ahp_priorities`. A
        `DLIWarning` is issued for judgements outside 1/9 to 9.
    expert_weights : array_like of shape (n_experts,), optional
        The weights of the experts. Not negative; they are scaled to sum to one. Equal by default.

    Returns
    -------
    ndarray of shape (n, n)
        The joined judgements; NaN for a pair that no expert judged.

    Raises
    ------
    MethodError
        Matrices that are not square, judgements outside the range of `ahp_priorities`, or weights
        that are not one number of at least 0 for each expert, not all 0.

    References
    ----------
    Aczél, J. and Saaty, T. L. (1983), Procedures for synthesizing ratio judgements.
    https://doi.org/10.1016/0022-2496(83)90028-7

    Examples
    --------
    >>> group_judgements([[[1, 2], [1 / 2, 1]], [[1, 8], [1 / 8, 1]]]).round(6).tolist()
    [[1.0, 4.0], [0.25, 1.0]]
    """
    a = read_matrices(matrices)
    if a.ndim != 3 or a.shape[1] != a.shape[2] or a.size == 0:
        msg = f"judgements of a group must have shape (n_experts, n, n), got {a.shape}"
        raise MethodError(msg)
    bad = np.argwhere(beyond_range(a)).tolist()
    if bad:
        msg = f"judgements must be numbers above zero, {RANGE}"
        raise MethodError(msg, [f"expert {e}, ({i}, {j}): {a[e, i, j]:g}" for e, i, j in bad])
    shares = expert_shares(expert_weights, len(a))
    names = [str(i) for i in range(a.shape[1])]
    for expert, judgements in enumerate(a):
        warn_of_scale(judgements, judgements, names, f"of expert {expert}")
    return mean_judgements(a, shares)


def mean_judgements(a: Floats, shares: Floats) -> Floats:
    """Return the result of `group_judgements` for checked matrices and shares that sum to one."""
    q = shares[:, np.newaxis, np.newaxis]
    judged = ~np.isnan(a) * q
    total = judged.sum(axis=0)
    logs = np.einsum("eij,eij->ij", judged, np.log(np.where(np.isnan(a), 1.0, a)))
    return np.where(total > 0, np.exp(logs / np.where(total > 0, total, 1.0)), np.nan)


def _priorities(priorities: ArrayLike) -> Floats:
    w = as_floats(priorities, "priorities")
    if w.ndim != 2 or w.size == 0:
        msg = f"priorities must have shape (n_experts, n), got {w.shape}"
        raise MethodError(msg)
    bad = np.argwhere(~((w > 0) & np.isfinite(w))).tolist()
    if bad:
        msg = "priorities must be numbers above zero"
        raise MethodError(msg, [f"expert {e}, item {i}: {w[e, i]:g}" for e, i in bad])
    return np.stack([in_proportion(row) for row in w])


def group_priorities(
    priorities: ArrayLike,
    expert_weights: ArrayLike | None = None,
    *,
    mean: Literal["arithmetic", "geometric"] = "arithmetic",
) -> Floats:
    """Return the weighted mean, of shape (n,), of the priorities of several experts.

    Parameters
    ----------
    priorities : array_like of shape (n_experts, n)
        The priorities by each expert, all positive. Each row is scaled to sum to one first, so that
        no expert counts more by using larger numbers.
    expert_weights : array_like of shape (n_experts,), optional
        The weights of the experts; equal by default.
    mean : {"arithmetic", "geometric"}
        The kind of mean. The geometric mean is scaled to sum to one.

    Raises
    ------
    MethodError
        An unknown mean, priorities that are not a table of positive numbers, or weights that are
        not one number of at least 0 for each expert, not all 0.

    References
    ----------
    Forman, E. and Peniwati, K. (1998), Aggregating individual judgments and priorities with the
    analytic hierarchy process. https://doi.org/10.1016/S0377-2217(97)00244-0

    Examples
    --------
    >>> group_priorities([[0.8, 0.2], [0.4, 0.6]], [3, 1]).round(3).tolist()
    [0.7, 0.3]
    """
    if str(mean) not in {"arithmetic", "geometric"}:
        msg = f"mean must be arithmetic or geometric, got {mean!r}"
        raise MethodError(msg)
    w = _priorities(priorities)
    q = expert_shares(expert_weights, len(w))
    joined = q @ w if mean == "arithmetic" else np.exp(q @ np.log(w))
    return in_proportion(joined)


def group_consensus(priorities: ArrayLike, expert_weights: ArrayLike | None = None) -> float:
    r"""Return Goepel's consensus, from 0 (none) to 1 (all experts agree, or only one expert).

    With the mean entropy $H_\alpha$ of the experts' priorities, the entropy
    $H_\gamma$ of their mean priorities and $H_\beta = H_\gamma - H_\alpha$,
    $S = (e^{-H_\beta} - m) / (1 - m)$, where $m = e^{H_{\alpha, min}} / n$ and
    $H_{\alpha, min}$ is the entropy if one item is nine times as important as any other. The
    consensus is 1 for a single item. The parameters and the errors are those of
    `group_priorities`.

    References
    ----------
    Goepel, K. D. (2013), Implementing the analytic hierarchy process as a standard method for
    multi-criteria decision making in corporate enterprises, ISAHP 2013. The upper bound of
    $H_\gamma$ is $\ln n$, as in his later note; a group of any size can reach it.

    Examples
    --------
    >>> round(group_consensus([[0.6, 0.4], [0.6, 0.4]]), 6)
    1.0
    >>> abs(round(group_consensus([[0.9, 0.1], [0.1, 0.9]]), 6))
    0.0
    """
    w = _priorities(priorities)
    n = w.shape[1]
    q = expert_shares(expert_weights, len(w))
    if n == 1:
        return 1.0
    mean = q @ w
    beta = -(mean @ np.log(mean)) + q @ (w * np.log(w)).sum(axis=1)
    most = 9 / (n + 8)
    least = 1 / (n + 8)
    lowest = np.exp(-most * np.log(most) - (n - 1) * least * np.log(least)) / n
    return float((np.exp(-beta) - lowest) / (1 - lowest))
