"""The best-worst method: every item held against the best and the worst."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from attrs import field, frozen
from numpy.typing import ArrayLike

from dli.errors import InconsistentJudgementsError, MethodError
from dli.weighting.protocol import Floats, Node

__all__ = ["BestWorst", "BestWorstWeights", "best_worst_weights"]


@frozen(kw_only=True, eq=False)
class BestWorstWeights:
    """Weights from the best-worst method, and how far the judgements contradict one another.

    Attributes
    ----------
    weights : ndarray of shape (n,)
    xi : float
        The largest departure of a weight from a judgement; 0 when they all fit.
    input_consistency_ratio : float
        ``max_j |a_Bj a_jW - a_BW| / (a_BW^2 - a_BW)``, from the judgements alone.
    """

    weights: Floats
    xi: float
    input_consistency_ratio: float


def best_worst_weights(best_to_others: ArrayLike, others_to_worst: ArrayLike) -> BestWorstWeights:
    r"""Give the weights of the linear best-worst method.

    The weights with the least :math:`\xi` such that :math:`|w_B - a_{Bj} w_j| \le \xi` and
    :math:`|w_j - a_{jW} w_W| \le \xi` for every j.

    Parameters
    ----------
    best_to_others : array_like of shape (n,)
        How many times the best counts as much as each, from 1; 1 for the best itself.
    others_to_worst : array_like of shape (n,)
        How many times each counts as much as the worst, from 1; 1 for the worst itself.

    Returns
    -------
    BestWorstWeights

    Raises
    ------
    MethodError
        Judgements that are not finite or below 1, or vectors of two lengths.
    InconsistentJudgementsError
        No best or no worst among them, or two judgements on how the best compares with the worst.

    References
    ----------
    Rezaei, J. (2016), Best-worst multi-criteria decision-making method: some properties and a
    linear model. https://doi.org/10.1016/j.omega.2015.12.001
    Liang, F., Brunelli, M. and Rezaei, J. (2020), Consistency issues in the best worst method:
    measurements and thresholds. https://doi.org/10.1016/j.omega.2019.102175

    Examples
    --------
    >>> found = best_worst_weights([8, 2, 1], [1, 5, 8])
    >>> found.weights.round(4).tolist(), round(found.xi, 4)
    ([0.0714, 0.3214, 0.6071], 0.0357)
    """
    to_others = np.asarray(best_to_others, dtype=np.float64)
    to_worst = np.asarray(others_to_worst, dtype=np.float64)
    if to_others.ndim != 1 or to_others.shape != to_worst.shape or to_others.size == 0:
        msg = f"judgements must be two vectors alike, got {to_others.shape} and {to_worst.shape}"
        raise MethodError(msg)
    return _best_worst(to_others, to_worst, [f"item {j}" for j in range(len(to_others))])


def _best_worst(to_others: Floats, to_worst: Floats, names: Sequence[str]) -> BestWorstWeights:
    best, worst = _ends(to_others, to_worst, names)
    n = len(names)
    if best == worst:
        # The best is as little as the worst: all count the same, or there is only one.
        return BestWorstWeights(weights=np.full(n, 1 / n), xi=0.0, input_consistency_ratio=0.0)
    departures = np.zeros((2 * n, n))
    every = np.arange(n)
    departures[every, best] += 1.0
    departures[every, every] -= to_others
    departures[n + every, every] += 1.0
    departures[n + every, worst] -= to_worst
    rows = np.column_stack([np.vstack([departures, -departures]), -np.ones(4 * n)])
    cost = np.append(np.zeros(n), 1.0)
    sums = np.append(np.ones(n), 0.0)[np.newaxis]
    weights, xi = _least(cost, rows, sums)
    whole = to_others[worst]
    off = np.abs(to_others * to_worst - whole).max()
    return BestWorstWeights(
        weights=weights,
        xi=xi,
        input_consistency_ratio=float(off / (whole**2 - whole)),
    )


def _least(cost: Floats, rows: Floats, sums: Floats) -> tuple[Floats, float]:
    from scipy.optimize import linprog

    found = linprog(cost, A_ub=rows, b_ub=np.zeros(len(rows)), A_eq=sums, b_eq=[1.0])
    if found.status:  # pragma: no cover
        msg = f"the linear program of the best-worst method failed: {found.message}"
        raise MethodError(msg)
    solution = np.asarray(found.x)
    weights = np.maximum(solution[:-1], 0.0)
    return weights / weights.sum(), max(float(solution[-1]), 0.0)


def _ends(to_others: Floats, to_worst: Floats, names: Sequence[str]) -> tuple[int, int]:
    """Find the best and the worst: of several at 1, the one that the other vector puts farthest."""
    faults = [
        f"{name}: {vector[j]:g} in {what}"
        for what, vector in (("best_to_others", to_others), ("others_to_worst", to_worst))
        for j, name in enumerate(names)
        if not 1 <= vector[j] < np.inf
    ]
    if faults:
        msg = "judgements must be finite and at least 1"
        raise MethodError(msg, faults)
    if not (to_others == 1).any() or not (to_worst == 1).any():
        msg = "best_to_others must be 1 for the best, and others_to_worst 1 for the worst"
        raise InconsistentJudgementsError(msg)
    best = int(np.argmax(np.where(to_others == 1, to_worst, 0.0)))
    worst = int(np.argmax(np.where(to_worst == 1, to_others, 0.0)))
    if to_others[worst] != to_worst[best]:
        msg = (
            f"{names[best]}, the best, is judged {to_others[worst]:g} and {to_worst[best]:g} times "
            f"{names[worst]}, the worst"
        )
        raise InconsistentJudgementsError(msg)
    return best, worst


def _judgements(judgements: Any) -> dict[str, float]:
    if not isinstance(judgements, Mapping):
        msg = f"judgements must be a mapping of codes to numbers, got {judgements!r}"
        raise MethodError(msg)
    return dict(judgements)


@frozen
class BestWorst:
    """Weigh children by how they compare with the best and with the worst of them.

    The data play no part.

    Parameters
    ----------
    best_to_others : mapping of str to float
        By code, how many times the best counts as much as each, from 1 to 9; 1 for the best.
    others_to_worst : mapping of str to float
        By code, how many times each counts as much as the worst; 1 for the worst.

    Examples
    --------
    >>> from dli import Indicator
    >>> scheme = BestWorst({"a": 8, "b": 2, "c": 1}, {"a": 1, "b": 5, "c": 8})
    >>> children = [Indicator("a"), Indicator("b"), Indicator("c")]
    >>> scheme.weights(np.zeros((1, 3)), children).round(4).tolist()
    [0.0714, 0.3214, 0.6071]
    """

    best_to_others: dict[str, float] = field(converter=_judgements)
    others_to_worst: dict[str, float] = field(converter=_judgements)

    def solution(self, codes: Sequence[str]) -> BestWorstWeights:
        """Give weights and consistency for items in an order.

        Raises
        ------
        MethodError
            An item without a judgement, a judgement on another one, or judgements below 1.
        InconsistentJudgementsError
            No best or no worst, or two judgements on how they compare.
        """
        given = {"best_to_others": self.best_to_others, "others_to_worst": self.others_to_worst}
        faults = [
            f"{code!r}: {'not judged' if code in codes else 'no such item'} in {what}"
            for what, judged in given.items()
            for code in dict.fromkeys([*codes, *judged])
            if (code in codes) != (code in judged)
        ]
        if faults:
            msg = f"every item must be judged twice, and no other: {', '.join(codes)}"
            raise MethodError(msg, faults)
        both = [np.array([judged[c] for c in codes], dtype=np.float64) for judged in given.values()]
        return _best_worst(both[0], both[1], [repr(code) for code in codes])

    def weights(self, values: Floats, children: Sequence[Node]) -> Floats:
        """Give the weights of the children."""
        return self.solution([child.code for child in children]).weights

    def describe(self) -> str:
        """Say it in a sentence, with the formula."""
        return (
            r"Best-worst weights: the least $\xi$ with $|w_B - a_{Bj} w_j| \le \xi$ and "
            r"$|w_j - a_{jW} w_W| \le \xi$ for every $j$."
        )
