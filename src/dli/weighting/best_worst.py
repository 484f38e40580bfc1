"""The best-worst method: everything compared with the best and with the worst."""

from collections.abc import Sequence
from typing import Any, ClassVar

import numpy as np
from attrs import field, frozen
from numpy.typing import ArrayLike

from dli.arrays import as_floats
from dli.errors import InconsistentJudgementsError, MethodError
from dli.weighting.by_code import numbers_by_code
from dli.weighting.protocol import ELICITED, Floats, Node, Traits

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


def best_worst_weights(
    best_to_others: ArrayLike, others_to_worst: ArrayLike, *, names: Sequence[str] | None = None
) -> BestWorstWeights:
    r"""Return the weights of the linear best-worst method.

    The weights with the least :math:`\xi` such that :math:`|w_B - a_{Bj} w_j| \le \xi` and
    :math:`|w_j - a_{jW} w_W| \le \xi` for every j.

    Parameters
    ----------
    best_to_others : array_like of shape (n,)
        How many times the best counts as much as each, from 1; 1 for the best itself.
    others_to_worst : array_like of shape (n,)
        How many times each counts as much as the worst, from 1; 1 for the worst itself.
    names : sequence of str, optional
        The names of the indicators in error messages.

    Returns
    -------
    BestWorstWeights

    Raises
    ------
    MethodError
        Judgements that are not finite or below 1, or vectors of different lengths.
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
    >>> result = best_worst_weights([8, 2, 1], [1, 5, 8])
    >>> result.weights.round(4).tolist(), round(result.xi, 4)
    ([0.0714, 0.3214, 0.6071], 0.0357)
    """
    from scipy.optimize import linprog

    to_others = as_floats(best_to_others, "best_to_others")
    to_worst = as_floats(others_to_worst, "others_to_worst")
    if to_others.ndim != 1 or to_others.shape != to_worst.shape or to_others.size == 0:
        msg = "best_to_others and others_to_worst must be vectors of one length, got "
        raise MethodError(f"{msg}{to_others.shape} and {to_worst.shape}")
    names = [f"item {j}" for j in range(len(to_others))] if names is None else names
    best, worst = _ends(to_others, to_worst, names)
    n = len(names)
    if best == worst:
        # All count the same, or there is only one.
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
    result = linprog(cost, A_ub=rows, b_ub=np.zeros(len(rows)), A_eq=sums, b_eq=[1.0])
    if result.status:  # pragma: no cover
        msg = f"the linear program of the best-worst method failed: {result.message}"
        raise MethodError(msg)
    solution = np.maximum(np.asarray(result.x), 0.0)
    whole = to_others[worst]
    off = np.abs(to_others * to_worst - whole).max()
    return BestWorstWeights(
        weights=solution[:-1] / solution[:-1].sum(),
        xi=float(solution[-1]),
        input_consistency_ratio=float(off / (whole**2 - whole)),
    )


def _ends(to_others: Floats, to_worst: Floats, names: Sequence[str]) -> tuple[int, int]:
    """Return the best and the worst: of several at 1, the farthest by the other vector."""
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
    return numbers_by_code("judgements", judgements, least=1)


@frozen
class BestWorst:
    """Weights by `best_worst_weights`, with codes.

    Parameters
    ----------
    best_to_others : mapping of str to float
        By code, how many times the best counts as much as each, from 1 to 9; 1 for the best.
    others_to_worst : mapping of str to float
        By code, how many times each counts as much as the worst; 1 for the worst.

    Raises
    ------
    MethodError
        Something else than mappings to numbers of at least 1. When it weighs: a child without a
        judgement, a judgement on a code that is not a child's, or what `best_worst_weights`
        refuses.

    Examples
    --------
    >>> from dli import Indicator
    >>> scheme = BestWorst({"a": 8, "b": 2, "c": 1}, {"a": 1, "b": 5, "c": 8})
    >>> children = [Indicator("a"), Indicator("b"), Indicator("c")]
    >>> scheme.weights(np.zeros((1, 3)), children).round(4).tolist()
    [0.0714, 0.3214, 0.6071]
    """

    traits: ClassVar[Traits] = ELICITED

    best_to_others: dict[str, float] = field(converter=_judgements)
    others_to_worst: dict[str, float] = field(converter=_judgements)

    def solution(self, codes: Sequence[str]) -> BestWorstWeights:
        """Return weights and consistency for codes in an order."""
        judgements = {
            "best_to_others": self.best_to_others,
            "others_to_worst": self.others_to_worst,
        }
        faults = [
            f"{code!r}: {'not judged' if code in codes else 'not a child'} in {name}"
            for name, judged in judgements.items()
            for code in dict.fromkeys([*codes, *judged])
            if (code in codes) != (code in judged)
        ]
        if faults:
            msg = f"every child must be judged twice, and nothing else: {', '.join(codes)}"
            raise MethodError(msg, faults)
        both = [[judged[code] for code in codes] for judged in judgements.values()]
        return best_worst_weights(both[0], both[1], names=[repr(code) for code in codes])

    def weights(self, values: Floats, children: Sequence[Node]) -> Floats:
        """Return the weights of the children."""
        return self.solution([child.code for child in children]).weights

    def describe(self) -> str:
        """Return a sentence with the formula."""
        return (
            r"Best-worst weights: the least $\xi$ with $|w_B - a_{Bj} w_j| \le \xi$ and "
            r"$|w_j - a_{jW} w_W| \le \xi$ for every $j$."
        )
