"""Weights from points that people give, and from how swings compare."""

from collections.abc import Mapping, Sequence
from typing import Any, ClassVar

import numpy as np
from attrs import field, frozen
from numpy.typing import ArrayLike

from dli.arrays import as_floats
from dli.checks import number
from dli.errors import MethodError, did_you_mean
from dli.weighting.ahp.completion import joined_log_weights
from dli.weighting.ahp.judgements import are_pairs, bounds, codes_in, plain
from dli.weighting.nominal import Fixed
from dli.weighting.protocol import ELICITED, Floats, Node, Traits

__all__ = [
    "BudgetAllocation",
    "DirectPoints",
    "PairwiseSwing",
    "budget_allocation_weights",
    "pairwise_swing_weights",
    "point_weights",
]


def point_weights(points: ArrayLike) -> Floats:
    """Return weights in proportion to points.

    Parameters
    ----------
    points : array_like of shape (n,)
        Not negative, not all 0: any scale, such as swings compared with 100 for the largest.

    Returns
    -------
    ndarray of shape (n,)

    Raises
    ------
    MethodError
        Points that are negative, not finite or all 0.

    Examples
    --------
    >>> point_weights([100, 60, 40]).tolist()
    [0.5, 0.3, 0.2]
    """
    p = as_floats(points, "points")
    if p.ndim != 1 or not (np.isfinite(p) & (p >= 0)).all() or not p.sum() > 0:
        msg = f"points must be finite numbers of at least 0, not all 0, got {p.tolist()}"
        raise MethodError(msg)
    return np.asarray(p / p.sum())


def budget_allocation_weights(
    points: ArrayLike, *, total: float = 100.0, experts: Sequence[str] | None = None
) -> Floats:
    """Return the mean shares of a budget of points that each expert allocated in full.

    Parameters
    ----------
    points : array_like of shape (n_experts, n)
        Not negative, every row summing to the total.
    total : float
        The budget of each expert.
    experts : sequence of str, optional
        The names of the experts in error messages.

    Returns
    -------
    ndarray of shape (n,)

    Raises
    ------
    MethodError
        A total that is not above 0, points that are negative or not finite, or a row with another
        sum.

    References
    ----------
    OECD and JRC (2008), Handbook on Constructing Composite Indicators, page 96.
    https://doi.org/10.1787/9789264043466-en

    Examples
    --------
    >>> budget_allocation_weights([[60, 30, 10], [40, 40, 20]]).round(4).tolist()
    [0.5, 0.35, 0.15]
    """
    p = as_floats(points, "points")
    if p.ndim != 2 or p.size == 0:
        msg = f"points must have shape (n_experts, n), got {p.shape}"
        raise MethodError(msg)
    total = number("total", total, above=0)
    names = [f"expert {e}" for e in range(len(p))] if experts is None else experts
    faults = []
    for expert, row in zip(names, p, strict=True):
        if not (np.isfinite(row) & (row >= 0)).all():
            faults.append(f"{expert}: {row.tolist()} are not all finite and at least 0")
        elif abs(row.sum() - total) > 1e-6 * total:
            faults.append(f"{expert}: the points sum to {row.sum():g}")
    if faults:
        msg = f"every expert must allocate {total:g} points"
        raise MethodError(msg, faults)
    return np.asarray(p.mean(axis=0) / p.mean(axis=0).sum())


def pairwise_swing_weights(ratios: ArrayLike, *, names: Sequence[str] | None = None) -> Floats:
    r"""Return the weights that fit ratios of swings best.

    A ratio says how many times the swing of one indicator from its worst to its best is worth that
    of another. The weights minimise :math:`\sum (\ln r_{ij} - \ln w_i + \ln w_j)^2` over the pairs
    that were compared; a chain of n - 1 pairs is met exactly.

    Parameters
    ----------
    ratios : array_like of shape (n, n)
        Above zero; NaN for a pair not compared. A pair given both ways counts by its mean.
    names : sequence of str, optional
        The names of the indicators in error messages.

    Returns
    -------
    ndarray of shape (n,)

    Raises
    ------
    MethodError
        A table that is not square, or ratios that are not above 0.
    InconsistentJudgementsError
        Indicators that no comparison joins.

    References
    ----------
    von Winterfeldt, D. and Edwards, W. (1986), Decision Analysis and Behavioral Research.

    Examples
    --------
    >>> nan = float("nan")
    >>> pairwise_swing_weights([[1, 2, nan], [nan, 1, 3], [nan, nan, 1]]).round(4).tolist()
    [0.6, 0.3, 0.1]
    """
    r = as_floats(ratios, "ratios")
    if r.ndim != 2 or r.shape[0] != r.shape[1] or r.size == 0:
        msg = f"ratios must be a square table, got shape {r.shape}"
        raise MethodError(msg)
    bad = np.argwhere((r <= 0) | np.isinf(r)).tolist()
    if bad:
        msg = "ratios must be finite numbers above 0"
        raise MethodError(msg, [f"({i}, {j}): {r[i, j]:g}" for i, j in bad])
    logs = np.log(r)
    # The mean of both ways, of the one that is there, or NaN.
    stacked = np.ma.masked_invalid([logs, -logs.T])
    mean = stacked.mean(axis=0).filled(np.nan)
    weights = np.exp(joined_log_weights(mean, names or [str(i) for i in range(len(r))]))
    return np.asarray(weights / weights.sum())


@frozen
class DirectPoints(Fixed):
    """Weights in proportion to points that somebody gave, as by `point_weights`.

    Parameters and errors are those of `Fixed`: the points by code, on any scale.
    """

    def describe(self) -> str:
        """Return a sentence with the points."""
        listed = ", ".join(f"{code} {points:g}" for code, points in self.by_code.items())
        return rf"Weights in proportion to points, $w_k = p_k / \sum_l p_l$: {listed}."


def _allocations(points: Any) -> dict[str, dict[str, float]]:
    if not isinstance(points, (Mapping, list, tuple)):
        points = [points]
    if not isinstance(points, Mapping):
        points = {f"expert {place}": row for place, row in enumerate(points, start=1)}
    faults = [f"{e!r}: {row!r}" for e, row in points.items() if not isinstance(row, Mapping)]
    if faults or not points:
        msg = "points must be a mapping of codes to numbers for each expert, of at least one"
        raise MethodError(msg, faults)
    return {expert: dict(row) for expert, row in points.items()}


@frozen
class BudgetAllocation:
    """Weights by `budget_allocation_weights`, with codes.

    Parameters
    ----------
    points : mapping or sequence of mappings of str to float
        By expert, the points by code; a child that an expert leaves out gets none. Experts without
        names are numbered.
    total : float
        The budget of each expert.

    Raises
    ------
    MethodError
        No expert, or points that are not a mapping. When it weighs: points for a code that is not
        a child's, or what `budget_allocation_weights` refuses.

    Examples
    --------
    >>> from dli import Indicator
    >>> scheme = BudgetAllocation({"Ann": {"a": 60, "b": 40}, "Bob": {"a": 100}})
    >>> scheme.weights(np.zeros((1, 2)), [Indicator("a"), Indicator("b")]).tolist()
    [0.8, 0.2]
    """

    traits: ClassVar[Traits] = ELICITED

    points: dict[str, dict[str, float]] = field(converter=_allocations)
    total: float = 100.0

    def weights(self, values: Floats, children: Sequence[Node]) -> Floats:
        """Return the mean shares of the children."""
        codes = [child.code for child in children]
        unknown = [
            f"{code!r} of {expert}{did_you_mean(code, codes)}"
            for expert, row in self.points.items()
            for code in row
            if code not in codes
        ]
        if unknown:
            msg = f"points must be on {', '.join(codes)}; unknown"
            raise MethodError(msg, unknown)
        table = [[row.get(code, 0.0) for code in codes] for row in self.points.values()]
        return budget_allocation_weights(table, total=self.total, experts=list(self.points))

    def describe(self) -> str:
        """Return a sentence with the formula."""
        return (
            f"Budget allocation: $w_k$ is the mean share of {self.total:g} points that "
            f"{len(self.points)} experts gave ({', '.join(self.points)})."
        )


@frozen
class PairwiseSwing:
    """Weights by `pairwise_swing_weights`, with codes.

    Parameters
    ----------
    ratios : mapping, list of pairs or matrix
        ``{("a", "b"): 1.5}``, also as ``[["a", "b", 1.5]]``: the swing of a is worth 1.5 times
        that of b; or a square matrix in the order of the children.

    Raises
    ------
    MethodError
        Ratios that are not numbers above zero. When it weighs: a code that is not a child's, or
        children that no comparison joins.

    Examples
    --------
    >>> from dli import Indicator
    >>> scheme = PairwiseSwing([["a", "b", 2], ["b", "c", 3]])
    >>> children = [Indicator("a"), Indicator("b"), Indicator("c")]
    >>> scheme.weights(np.zeros((1, 3)), children).round(4).tolist()
    [0.6, 0.3, 0.1]
    """

    traits: ClassVar[Traits] = ELICITED

    ratios: Any = field(converter=plain)

    def weights(self, values: Floats, children: Sequence[Node]) -> Floats:
        """Return the weights that fit the ratios best."""
        codes = tuple(child.code for child in children)
        low, high = bounds(self.ratios, None, codes)
        return pairwise_swing_weights(np.sqrt(low * high), names=codes)

    def describe(self) -> str:
        """Return a sentence with the formula."""
        compared = f" of {', '.join(codes_in(self.ratios))}" if are_pairs(self.ratios) else ""
        return (
            f"Pairwise swings{compared}: the weights with the least "
            r"$\sum (\ln r_{ij} - \ln w_i + \ln w_j)^2$ over the ratios that were judged."
        )
