"""The best-worst method: weights from comparisons with the best and with the worst."""

from collections.abc import Mapping, Sequence

import numpy as np
from attrs import field, frozen
from numpy.typing import ArrayLike

from dli.arrays import Floats, as_floats
from dli.errors import InconsistentJudgementsError, MethodError
from dli.weighting.ahp.consistency import SCALE, warn_beyond_scale
from dli.weighting.by_code import Elicited, codes_of, numbers_by_code

__all__ = ["BestWorst", "BestWorstWeights", "best_worst_weights"]

# The solver of the linear program treats numbers of 1e15 as infinite.
_MOST = 1e12


@frozen(kw_only=True, eq=False)
class BestWorstWeights:
    """Weights from the best-worst method, and how far the judgements contradict one another.

    Attributes
    ----------
    weights : ndarray of shape (n,)
        The weights, which sum to one.
    xi : float
        The largest deviation of the weights from a judgement; 0 if they fit all judgements.
    input_consistency_ratio : float
        ``max_j |a_Bj a_jW - a_BW| / (a_BW^2 - a_BW)``, computed from the judgements alone.
    """

    weights: Floats
    xi: float
    input_consistency_ratio: float


def best_worst_weights(
    best_to_others: ArrayLike, others_to_worst: ArrayLike, *, names: Sequence[str] | None = None
) -> BestWorstWeights:
    r"""Return the weights of the linear best-worst method.

    The weights minimise $\xi$ subject to $|w_B - a_{Bj} w_j| \le \xi$ and
    $|w_j - a_{jW} w_W| \le \xi$ for every j.

    Parameters
    ----------
    best_to_others : array_like of shape (n,)
        How many times as important the best indicator is as each indicator, at least 1; 1 for the
        best itself. A `DLIWarning` is issued for judgements above 9.
    others_to_worst : array_like of shape (n,)
        How many times as important each indicator is as the worst, at least 1; 1 for the worst
        itself.
    names : sequence of str, optional
        The names of the indicators in error messages.

    Raises
    ------
    MethodError
        Judgements that are not finite, below 1 or above 1e12, vectors of different lengths, or
        names that are not one for each indicator.
    InconsistentJudgementsError
        No best or no worst indicator, or two different judgements of the best relative to the
        worst.

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
        msg = "best_to_others and others_to_worst must be vectors of the same length, got "
        raise MethodError(f"{msg}{to_others.shape} and {to_worst.shape}")
    n = len(to_others)
    names = [f"item {j}" for j in range(n)] if names is None else codes_of("names", names, n)
    best, worst = _ends(to_others, to_worst, names)
    pairs = {"best_to_others": to_others, "others_to_worst": to_worst}
    _warn({side: dict(zip(names, x.tolist(), strict=True)) for side, x in pairs.items()})
    if best == worst:
        # All indicators are equally important, or there is only one.
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
    best_to_worst = to_others[worst]
    deviation = np.abs(to_others * to_worst - best_to_worst).max()
    return BestWorstWeights(
        weights=solution[:-1] / solution[:-1].sum(),
        xi=float(solution[-1]),
        input_consistency_ratio=float(deviation / (best_to_worst**2 - best_to_worst)),
    )


def _ends(to_others: Floats, to_worst: Floats, names: Sequence[str]) -> tuple[int, int]:
    """Return the places of the best and the worst; the other vector decides between several."""
    faults = [
        f"{name}: {vector[j]:g} in {side}"
        for side, vector in (("best_to_others", to_others), ("others_to_worst", to_worst))
        for j, name in enumerate(names)
        if not 1 <= vector[j] <= _MOST
    ]
    if faults:
        msg = f"judgements must be numbers from 1 to {_MOST:g}"
        raise MethodError(msg, faults)
    if not (to_others == 1).any() or not (to_worst == 1).any():
        msg = "best_to_others must be 1 for the best, and others_to_worst 1 for the worst"
        raise InconsistentJudgementsError(msg)
    best = int(np.argmax(np.where(to_others == 1, to_worst, 0.0)))
    worst = int(np.argmax(np.where(to_worst == 1, to_others, 0.0)))
    if to_others[worst] != to_worst[best]:
        msg = (
            f"{names[best]}, the best, is judged {to_others[worst]:g} and {to_worst[best]:g} times "
            f"as important as {names[worst]}, the worst"
        )
        raise InconsistentJudgementsError(msg)
    return best, worst


def _warn(judgements: Mapping[str, Mapping[str, float]], *, depth: int = 4) -> None:
    """Warn about judgements above the end of the scale; all judgements are at least 1."""
    beyond = [
        f"{name}: {judged:g} in {side}"
        for side, by_name in judgements.items()
        for name, judged in by_name.items()
        if judged > SCALE * (1 + 1e-9)
    ]
    warn_beyond_scale(beyond, depth=depth)


def _read(name: str, judgements: object) -> dict[str, float]:
    return numbers_by_code(name, numbers_by_code(name, judgements, least=1), most=_MOST)


def _to_others(judgements: object) -> dict[str, float]:
    return _read("best_to_others", judgements)


def _to_worst(judgements: object) -> dict[str, float]:
    return _read("others_to_worst", judgements)


@frozen
class BestWorst(Elicited):
    """Weights by `best_worst_weights`, with codes.

    Parameters
    ----------
    best_to_others, others_to_worst : mapping of str to float
        The judgements by code, from 1 to 9. A `DLIWarning` is issued for judgements above 9 when
        the object is created and when weights are computed.

    Raises
    ------
    MethodError
        Judgements that are not mappings of codes to numbers from 1 to 1e12, or that are
        inconsistent, as for `best_worst_weights`. When weights are computed: judgements on codes
        other than those of the children.

    Examples
    --------
    >>> scheme = BestWorst({"a": 8, "b": 2, "c": 1}, {"a": 1, "b": 5, "c": 8})
    >>> scheme.solution(["a", "b", "c"]).weights.round(4).tolist()
    [0.0714, 0.3214, 0.6071]
    """

    best_to_others: dict[str, float] = field(converter=_to_others)
    others_to_worst: dict[str, float] = field(converter=_to_worst)

    def __attrs_post_init__(self) -> None:
        # Codes that only one mapping contains are reported when weights are computed.
        shared = [code for code in self.best_to_others if code in self.others_to_worst]
        if shared and len(shared) == len(self.best_to_others) == len(self.others_to_worst):
            to_others, to_worst = self._judged(shared)
            _ends(np.array(to_others), np.array(to_worst), [repr(code) for code in shared])
        # Two functions here and two of attrs are between the warning and the caller.
        both = self._both().items()
        _warn({side: {repr(c): v for c, v in by_code.items()} for side, by_code in both}, depth=5)

    def _both(self) -> dict[str, dict[str, float]]:
        return {"best_to_others": self.best_to_others, "others_to_worst": self.others_to_worst}

    def _judged(self, codes: Sequence[str]) -> list[list[float]]:
        return [[by[code] for code in codes] for by in (self.best_to_others, self.others_to_worst)]

    def solution(self, codes: Sequence[str]) -> BestWorstWeights:
        """Return the weights, in the order of ``codes``, and their consistency."""
        codes = codes_of("codes", codes, text=True)
        faults = [
            f"{code!r}: {'not judged' if code in codes else 'not a child'} in {name}"
            for name, judged in self._both().items()
            for code in dict.fromkeys([*codes, *judged])
            if (code in codes) != (code in judged)
        ]
        if faults:
            msg = f"every child, and no other code, must be judged twice: {', '.join(codes)}"
            raise MethodError(msg, faults)
        to_others, to_worst = self._judged(codes)
        return best_worst_weights(to_others, to_worst, names=[repr(code) for code in codes])

    def _weigh(self, codes: Sequence[str]) -> Floats:
        return self.solution(codes).weights

    def describe(self) -> str:
        """Return a sentence with the formula."""
        return (
            r"Best-worst weights: they minimise $\xi$ subject to $|w_B - a_{Bj} w_j| \le \xi$ and "
            r"$|w_j - a_{jW} w_W| \le \xi$ for every $j$."
        )
