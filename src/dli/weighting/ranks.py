"""Weights from an order of importance, with or without the steps between ranks."""

import math
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np
from attrs import field, frozen
from numpy.typing import ArrayLike

from dli.arrays import Floats, Integers, as_floats
from dli.checks import listed, number_fault
from dli.errors import MethodError
from dli.weighting.by_code import Elicited, codes_of, numbers_by_code, one_of, read_by_code
from dli.weighting.tables import in_proportion

__all__ = [
    "RankOrder",
    "Swara",
    "rank_order_centroid_weights",
    "rank_reciprocal_weights",
    "rank_sum_weights",
    "swara_weights",
]


def rank_order_centroid_weights(ranks: ArrayLike) -> Floats:
    r"""Return the mean, of shape (n,), of all weights that respect an order of importance.

    Rank r among n has the weight $w = \frac{1}{n} \sum_{k=r}^{n} \frac{1}{k}$.

    Parameters
    ----------
    ranks : array_like of shape (n,)
        The smallest rank is the most important. Equal ranks share the mean of the weights of the
        ranks that they occupy.

    Raises
    ------
    MethodError
        No ranks, or ranks that are not finite.

    References
    ----------
    Barron, F. H. and Barrett, B. E. (1996), Decision quality using ranked attribute weights.
    https://doi.org/10.1287/mnsc.42.11.1515

    Examples
    --------
    >>> rank_order_centroid_weights([2, 1, 3]).round(4).tolist()
    [0.2778, 0.6111, 0.1111]
    """
    return _by_place(ranks, lambda n: np.cumsum(1 / np.arange(n, 0, -1))[::-1] / n)


def rank_sum_weights(ranks: ArrayLike) -> Floats:
    r"""Return weights that decrease by the same step from rank to rank.

    Rank r among n has the weight $w = 2 (n + 1 - r) / (n (n + 1))$. The parameter and the errors
    are those of `rank_order_centroid_weights`.

    References
    ----------
    Stillwell, W. G., Seaver, D. A. and Edwards, W. (1981), A comparison of weight approximation
    techniques in multiattribute utility decision making.
    https://doi.org/10.1016/0030-5073(81)90015-5

    Examples
    --------
    >>> rank_sum_weights([2, 1, 3]).round(4).tolist()
    [0.3333, 0.5, 0.1667]
    """
    return _by_place(ranks, lambda n: np.arange(n, 0, -1) * 2 / (n * (n + 1)))


def rank_reciprocal_weights(ranks: ArrayLike) -> Floats:
    r"""Return weights in proportion to the reciprocals of the ranks.

    Rank r among n has the weight $w = (1 / r) / \sum_k (1 / k)$. The parameter and the errors are
    those of `rank_order_centroid_weights`; see `rank_sum_weights` for the reference.

    Examples
    --------
    >>> rank_reciprocal_weights([2, 1, 3]).round(4).tolist()
    [0.2727, 0.5455, 0.1818]
    """
    return _by_place(ranks, lambda n: 1 / np.arange(1, n + 1) / (1 / np.arange(1, n + 1)).sum())


def _by_place(ranks: ArrayLike, rule: Callable[[int], Floats]) -> Floats:
    r = as_floats(ranks, "ranks")
    if r.ndim != 1 or r.size == 0 or not np.isfinite(r).all():
        msg = f"ranks must be finite numbers, one for each indicator, got {r.tolist()}"
        raise MethodError(msg)
    _, member, counts = np.unique(r, return_inverse=True, return_counts=True)
    if (counts == 1).all():
        # The differences of cumulative sums below would lose the last digits.
        return np.asarray(rule(r.size)[member])
    ends = np.cumsum(counts)
    sums = np.concatenate([[0.0], np.cumsum(rule(r.size))])
    return np.asarray(((sums[ends] - sums[ends - counts]) / counts)[member])


def swara_weights(order: ArrayLike, steps: ArrayLike) -> Floats:
    r"""Return weights from how much more important each indicator is than the next (SWARA).

    With $q_1 = 1$ and $q_j = q_{j-1} / (1 + s_j)$ from the most to the least important indicator,
    the weights are $w_j = q_j / \sum_l q_l$.

    Parameters
    ----------
    order : array_like of shape (n,)
        The numbers of the indicators, from 0 to n - 1, with the most important first.
    steps : array_like of shape (n - 1,)
        How much more important each indicator is than the next in the order, as a share: 0 for
        equally important, 0.4 for 40 % more important.

    Returns
    -------
    ndarray of shape (n,)
        The weights in the order of the indicators, not of their importance.

    Raises
    ------
    MethodError
        An order that does not contain each number once, or steps that are not n - 1 finite numbers
        of at least 0; a negative step contradicts the order.

    References
    ----------
    Keršulienė, V., Zavadskas, E. K. and Turskis, Z. (2010), Selection of rational dispute
    resolution method by applying new step-wise weight assessment ratio analysis (SWARA).
    https://doi.org/10.3846/jbem.2010.12

    Examples
    --------
    >>> swara_weights([1, 0, 2], [0.5, 0.0]).round(4).tolist()
    [0.2857, 0.4286, 0.2857]
    """
    places, s = as_floats(order, "order"), as_floats(steps, "steps")
    n = places.size
    if n == 0 or places.ndim != 1 or not np.array_equal(np.sort(places), np.arange(n)):
        msg = f"order must contain each number from 0 to n - 1 once, got {places.tolist()}"
        raise MethodError(msg)
    if s.shape != (n - 1,) or not (np.isfinite(s) & (s >= 0)).all():
        msg = f"steps must be {n - 1} finite numbers of at least 0, got {s.tolist()}"
        raise MethodError(msg)
    return _swara(s.tolist(), np.argsort(places))


def _swara(steps: Sequence[float], places: Integers) -> Floats:
    """Return the weights for places in the order, where 0 is the most important."""
    # Each divisor is split into a float and a power of two, as it can exceed the range of floats.
    size, power = 1.0, 0
    sizes, powers = [size], [power]
    for step in steps:
        size, more = math.frexp(size * (1.0 + step))
        power += more
        sizes.append(size)
        powers.append(power)
    exponents = np.array(powers)[places]
    return in_proportion(np.ldexp(1 / np.array(sizes)[places], exponents.min() - exponents))


_RULES: Mapping[str, tuple[Callable[[ArrayLike], Floats], str]] = {
    "centroid": (rank_order_centroid_weights, r"$w = \frac{1}{n} \sum_{k=r}^{n} \frac{1}{k}$"),
    "sum": (rank_sum_weights, "$w = 2 (n + 1 - r) / (n (n + 1))$"),
    "reciprocal": (rank_reciprocal_weights, r"$w = (1 / r) / \sum_k (1 / k)$"),
}


def _ranking(ranking: Any) -> dict[str, float]:
    if isinstance(ranking, Mapping):
        return numbers_by_code("ranks", ranking)
    if not isinstance(ranking, (list, tuple)):
        msg = f"a ranking must be a list of codes or a mapping of codes to ranks, got {ranking!r}"
        raise MethodError(msg)
    groups = [[entry] if isinstance(entry, str) else entry for entry in ranking]
    wrong = [
        f"place {place}: {group!r}"
        for place, group in enumerate(groups, start=1)
        if not isinstance(group, (list, tuple)) or not all(isinstance(c, str) for c in group)
    ]
    if wrong:
        msg = "a ranking must contain codes, or lists of codes that share a place"
        raise MethodError(msg, wrong)
    codes_of("ranking", [code for group in groups for code in group])
    return {code: place for place, group in enumerate(groups, start=1) for code in group}


@frozen
class RankOrder(Elicited):
    """Weights from an order of importance.

    Parameters
    ----------
    ranking : list or mapping
        Either the codes, most important first, with equally important codes in an inner list, such
        as ``["DS", ["DV", "DG"]]``; or ranks by code, 1 for the most important. It may contain
        more codes than the children of a node, of which only the order among the children is used;
        every child must be in it.
    rule : {"centroid", "sum", "reciprocal"}
        The function that computes the weights: `rank_order_centroid_weights`, `rank_sum_weights` or
        `rank_reciprocal_weights`.

    Raises
    ------
    MethodError
        A ranking that is neither a list of different codes nor a mapping of codes to numbers, or
        an unknown rule. When weights are computed: a child without a rank.

    Examples
    --------
    >>> from dli import Indicator
    >>> children = [Indicator("a"), Indicator("b"), Indicator("c")]
    >>> RankOrder(["b", "a", "c"]).weights(np.zeros((1, 3)), children).round(4).tolist()
    [0.2778, 0.6111, 0.1111]
    """

    ranking: dict[str, float] = field(converter=_ranking)
    rule: str = "centroid"

    def __attrs_post_init__(self) -> None:
        one_of("rule", self.rule, _RULES)

    def _weigh(self, codes: Sequence[str]) -> Floats:
        return _RULES[self.rule][0](read_by_code("rank", self.ranking, codes))

    def describe(self) -> str:
        """Return a sentence with the formula."""
        order = ", ".join(sorted(self.ranking, key=lambda code: self.ranking[code]))
        return f"Weights from the order {order}: rank $r$ among $n$ has {_RULES[self.rule][1]}."


def _order(order: object) -> tuple[str, ...]:
    return codes_of("order", order)


def _steps(steps: Any) -> tuple[float, ...]:
    if isinstance(steps, np.ndarray) and steps.ndim == 1:
        steps = as_floats(steps, "steps").tolist()
    return tuple(listed("steps", steps, "numbers"))


@frozen
class Swara(Elicited):
    """Weights by `swara_weights`, with codes.

    Parameters
    ----------
    order : sequence of str
        The codes, most important first. It may contain more codes than the children of a node,
        whose weights then have the same proportions; every child must be in it.
    steps : sequence of float
        As for `swara_weights`.

    Raises
    ------
    MethodError
        An order that is not a sequence of different codes, or steps that `swara_weights` rejects.
        When weights are computed: a child that is not in the order.

    Examples
    --------
    >>> from dli import Indicator
    >>> children = [Indicator("a"), Indicator("b"), Indicator("c")]
    >>> scheme = Swara(["b", "a", "c"], [0.5, 0.0])
    >>> scheme.weights(np.zeros((1, 3)), children).round(4).tolist()
    [0.2857, 0.4286, 0.2857]
    """

    order: tuple[str, ...] = field(converter=_order)
    steps: tuple[float, ...] = field(converter=_steps)

    def __attrs_post_init__(self) -> None:
        if not self.order or len(self.steps) != len(self.order) - 1:
            msg = (
                "order must contain at least one code, and steps one number for each code but the "
                "last, got "
            )
            raise MethodError(f"{msg}{len(self.steps)} steps for {len(self.order)} codes")
        faults = [
            number_fault(f"the step from {first!r} to {second!r}", step, least=0)
            for first, second, step in zip(self.order, self.order[1:], self.steps, strict=False)
        ]
        if any(faults):
            msg = "steps must be finite and at least 0, so that they do not contradict the order"
            raise MethodError(msg, filter(None, faults))

    def _weigh(self, codes: Sequence[str]) -> Floats:
        by_code = {code: float(place) for place, code in enumerate(self.order)}
        places = read_by_code("place in the order", by_code, codes)
        return _swara(self.steps, places.astype(np.int64))

    def describe(self) -> str:
        """Return a sentence with the formula."""
        steps = zip(self.order, self.steps, strict=False)
        shown = [*(f"{code} (+{step:g})" for code, step in steps), self.order[-1]]
        return (
            rf"Stepwise weights (SWARA) from {', '.join(shown)}: $q_j = q_{{j-1}} / (1 + s_j)$, "
            r"$w_j = q_j / \sum_l q_l$."
        )
