"""Weights from an order of importance."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np
from attrs import field, frozen
from numpy.typing import ArrayLike

from dli.errors import MethodError
from dli.weighting.nominal import is_number
from dli.weighting.protocol import Floats, Node

__all__ = [
    "RankOrder",
    "rank_order_centroid_weights",
    "rank_reciprocal_weights",
    "rank_sum_weights",
]


def rank_order_centroid_weights(ranks: ArrayLike) -> Floats:
    r"""Give the mean of all weights that keep an order of importance.

    The place r among n has :math:`w = \frac{1}{n} \sum_{k=r}^{n} \frac{1}{k}`.

    Parameters
    ----------
    ranks : array_like of shape (n,)
        The least is the most important; equal ones share the mean of their places.

    Returns
    -------
    ndarray of shape (n,)

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
    r"""Give weights that fall by the same step from place to place.

    The place r among n has :math:`w = 2 (n + 1 - r) / (n (n + 1))`.

    Parameters
    ----------
    ranks : array_like of shape (n,)
        The least is the most important; equal ones share the mean of their places.

    Returns
    -------
    ndarray of shape (n,)

    Raises
    ------
    MethodError
        No ranks, or ranks that are not finite.

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
    r"""Give weights in proportion to the reciprocals of places.

    The place r among n has :math:`w = (1 / r) / \sum_k (1 / k)`.

    Parameters
    ----------
    ranks : array_like of shape (n,)
        The least is the most important; equal ones share the mean of their places.

    Returns
    -------
    ndarray of shape (n,)

    Raises
    ------
    MethodError
        No ranks, or ranks that are not finite.

    References
    ----------
    Stillwell, W. G., Seaver, D. A. and Edwards, W. (1981), A comparison of weight approximation
    techniques in multiattribute utility decision making.
    https://doi.org/10.1016/0030-5073(81)90015-5

    Examples
    --------
    >>> rank_reciprocal_weights([2, 1, 3]).round(4).tolist()
    [0.2727, 0.5455, 0.1818]
    """

    def rule(n: int) -> Floats:
        reciprocals = 1 / np.arange(1, n + 1)
        return np.asarray(reciprocals / reciprocals.sum())

    return _by_place(ranks, rule)


def _by_place(ranks: ArrayLike, rule: Callable[[int], Floats]) -> Floats:
    r = np.asarray(ranks, dtype=np.float64)
    if r.ndim != 1 or r.size == 0 or not np.isfinite(r).all():
        msg = f"ranks must be finite numbers, one for each, got {r.tolist()}"
        raise MethodError(msg)
    _, member, counts = np.unique(r, return_inverse=True, return_counts=True)
    ends = np.cumsum(counts)
    sums = np.concatenate([[0.0], np.cumsum(rule(r.size))])
    if (counts == 1).all():
        # Differences of sums would cost the last digits.
        return np.asarray(rule(r.size)[member])
    return np.asarray(((sums[ends] - sums[ends - counts]) / counts)[member])


_RULES: Mapping[str, tuple[Callable[[ArrayLike], Floats], str]] = {
    "centroid": (rank_order_centroid_weights, r"$w = \frac{1}{n} \sum_{k=r}^{n} \frac{1}{k}$"),
    "sum": (rank_sum_weights, "$w = 2 (n + 1 - r) / (n (n + 1))$"),
    "reciprocal": (rank_reciprocal_weights, r"$w = (1 / r) / \sum_k (1 / k)$"),
}


def _ranking(ranking: Any) -> dict[str, float]:
    if isinstance(ranking, Mapping):
        return dict(ranking)
    if isinstance(ranking, str):
        msg = f"a ranking must be a list of codes or a mapping of codes to ranks, got {ranking!r}"
        raise MethodError(msg)
    groups = [(entry,) if isinstance(entry, str) else tuple(entry) for entry in ranking]
    codes = [code for group in groups for code in group]
    repeated = sorted({code for code in codes if codes.count(code) > 1})
    if repeated:
        msg = "a ranking must name each code once; repeated"
        raise MethodError(msg, [repr(code) for code in repeated])
    return {code: place for place, group in enumerate(groups, start=1) for code in group}


@frozen
class RankOrder:
    """Weigh children by an order of importance. The data play no part.

    Parameters
    ----------
    ranking : list or mapping
        The codes, most important first, ``["DS", ["DV", "DG"]]`` with equals in a list of their
        own; or ranks by code, 1 for the first. Of a ranking of more than the children of a node
        their order among themselves counts; every child must be in it.
    rule : {"centroid", "sum", "reciprocal"}

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
        if self.rule not in _RULES:
            msg = f"rule must be one of {', '.join(_RULES)}, got {self.rule!r}"
            raise MethodError(msg)
        faults = [
            f"{code!r}: {rank!r}" for code, rank in self.ranking.items() if not is_number(rank)
        ]
        if faults:
            msg = "ranks must be finite numbers"
            raise MethodError(msg, faults)

    def weights(self, values: Floats, children: Sequence[Node]) -> Floats:
        """Give the weights of the children's places among themselves."""
        without = [repr(child.code) for child in children if child.code not in self.ranking]
        if without:
            msg = "every child needs a rank; there is none for"
            raise MethodError(msg, without)
        return _RULES[self.rule][0]([self.ranking[child.code] for child in children])

    def describe(self) -> str:
        """Say it in a sentence, with the formula."""
        order = ", ".join(sorted(self.ranking, key=lambda code: self.ranking[code]))
        return (
            f"Weights from the order {order}: the place $r$ among $n$ has {_RULES[self.rule][1]}."
        )
