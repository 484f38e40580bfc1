"""Weights from points that people allocate, and from comparisons of swings."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from attrs import field, frozen
from numpy.typing import ArrayLike

from dli.arrays import Floats, as_floats, is_missing
from dli.checks import number
from dli.errors import InconsistentJudgementsError, MethodError, did_you_mean
from dli.weighting.ahp.completion import joined_log_weights
from dli.weighting.ahp.consistency import RANGE, ROUNDING, beyond_range
from dli.weighting.ahp.judgements import bounds, middles
from dli.weighting.ahp.reading import are_pairs, codes_in, read_judgements, read_matrices
from dli.weighting.ahp.tables import as_frame, row_labels
from dli.weighting.by_code import Elicited, codes_of, numbers_by_code, of_each
from dli.weighting.nominal import Fixed
from dli.weighting.tables import in_proportion, in_range

__all__ = [
    "BudgetAllocation",
    "DirectPoints",
    "PairwiseSwing",
    "budget_allocation_weights",
    "pairwise_swing_weights",
    "point_weights",
]


def point_weights(points: ArrayLike) -> Floats:
    """Return weights of shape (n,) in proportion to points.

    Parameters
    ----------
    points : array_like of shape (n,)
        Not negative and not all 0, on any scale; for swings, for instance, with 100 for the
        largest swing.

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
    if p.ndim != 1 or not (np.isfinite(p) & (p >= 0)).all() or not p.any():
        msg = f"points must be finite numbers of at least 0, not all 0, got {p.tolist()}"
        raise MethodError(msg)
    return in_proportion(p)


def budget_allocation_weights(
    points: ArrayLike, *, total: float = 100.0, experts: Sequence[str] | None = None
) -> Floats:
    """Return the mean shares, of shape (n,), of the points that the experts allocated.

    Parameters
    ----------
    points : array_like of shape (n_experts, n)
        The points by each expert. Not negative; every row must sum to the total.
    total : float
        The number of points that each expert must allocate.
    experts : sequence of str, optional
        The names of the experts in error messages.

    Raises
    ------
    MethodError
        A total that is not a number above 0; points that are not a table, negative or not finite;
        a row that does not sum to the total; or names that are not one for each expert.

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
    names = [f"expert {e}" for e in range(len(p))]
    names = names if experts is None else list(codes_of("experts", experts, len(p)))
    # The points are scaled so that no sum exceeds the range of floats.
    _, power = in_range(np.append(p, total))
    scaled, budget = np.ldexp(p, -power), float(np.ldexp(total, -power))
    faults = []
    for expert, row, scaled_row in zip(names, p, scaled, strict=True):
        if not (np.isfinite(row) & (row >= 0)).all():
            faults.append(f"{expert}: {row.tolist()} are not all finite and at least 0")
        elif abs(scaled_row.sum() - budget) > 1e-6 * budget:
            faults.append(f"{expert}: the points sum to {scaled_row.sum() / budget * total:g}")
    if faults:
        msg = f"every expert must allocate {total:g} points"
        raise MethodError(msg, faults)
    return in_proportion(scaled.mean(axis=0))


def pairwise_swing_weights(ratios: ArrayLike, *, names: Sequence[str] | None = None) -> Floats:
    r"""Return the weights, of shape (n,), that best fit ratios of swings.

    A ratio says how many times the swing of one indicator from its worst to its best is worth the
    swing of another. The weights minimise $\sum (\ln r_{ij} - \ln w_i + \ln w_j)^2$ over the pairs
    that were compared; a chain of n - 1 pairs is fitted exactly.

    Parameters
    ----------
    ratios : array_like of shape (n, n)
        Positive numbers from 1e-100 to 1e100; NaN for a pair that was not compared. If both ratios
        of a pair are present, their geometric mean, after inverting one, is used; `PairwiseSwing`
        raises an error if they are not reciprocal. Data frames are read as by `ahp_priorities`.
    names : sequence of str, optional
        The names of the indicators in error messages.

    Raises
    ------
    MethodError
        A table that is not square, ratios that are not above 0, out of range or not 1 on the
        diagonal, or names that are not one for each indicator.
    InconsistentJudgementsError
        Groups of indicators that no comparison connects.

    References
    ----------
    von Winterfeldt, D. and Edwards, W. (1986), Decision Analysis and Behavioral Research.

    Examples
    --------
    >>> nan = float("nan")
    >>> pairwise_swing_weights([[1, 2, nan], [nan, 1, 3], [nan, nan, 1]]).round(4).tolist()
    [0.6, 0.3, 0.1]
    """
    r = read_matrices(ratios, "ratios")
    if r.ndim != 2 or r.shape[0] != r.shape[1] or r.size == 0:
        msg = f"ratios must be a square table, got shape {r.shape}"
        raise MethodError(msg)
    bad = np.argwhere(beyond_range(r)).tolist()
    if bad:
        msg = f"ratios must be finite numbers above 0, {RANGE}"
        raise MethodError(msg, [f"({i}, {j}): {r[i, j]:g}" for i, j in bad])
    names = [str(i) for i in range(len(r))] if names is None else codes_of("names", names, len(r))
    _check_diagonal(r, names)
    logs = np.log(r)
    # The mean of both directions, the only direction available, or NaN.
    mean = np.ma.masked_invalid([logs, -logs.T]).mean(axis=0).filled(np.nan)
    joined = joined_log_weights(mean, names)
    # The largest weight is set to 1, as many ratios together can imply weights that overflow.
    return in_proportion(np.exp(joined - joined.max()))


def _check_diagonal(ratios: Floats, names: Sequence[str]) -> None:
    pairs = zip(names, ratios.diagonal().tolist(), strict=True)
    faults = [f"{name}: {ratio:g}" for name, ratio in pairs if not (np.isnan(ratio) or ratio == 1)]
    if faults:
        msg = "the ratio of a swing to itself must be 1"
        raise MethodError(msg, faults)


def _check_halves(ratios: Floats, names: Sequence[str]) -> None:
    """Raise for pairs whose two ratios are not reciprocal."""
    apart = np.abs(ratios * ratios.T - 1) > ROUNDING  # False where one is missing
    faults = [
        f"({names[i]}, {names[j]}): {ratios[i, j]:g}, but ({names[j]}, {names[i]}): "
        f"{ratios[j, i]:g}, expected {1 / ratios[i, j]:g}"
        for i, j in np.argwhere(np.triu(apart)).tolist()
    ]
    if faults:
        msg = "ratios must agree wherever a pair is repeated"
        raise InconsistentJudgementsError(msg, faults)


@frozen
class DirectPoints(Fixed):
    """Weights by `point_weights`; the parameter and the errors are those of `Fixed`."""

    def describe(self) -> str:
        """Return a sentence with the points."""
        listed = ", ".join(f"{code} {points:g}" for code, points in self.by_code.items())
        return rf"Weights in proportion to points, $w_k = p_k / \sum_l p_l$: {listed}."


def _allocations(points: Any) -> dict[str, dict[str, float]]:
    frame = as_frame(points, "points")
    if frame is not None:
        points = _allocations_in(frame)
    if not isinstance(points, (Mapping, list, tuple)):
        points = [points]
    if not isinstance(points, Mapping):
        points = {f"expert {place}": row for place, row in enumerate(points, start=1)}
    faults = [f"{e!r}: {row!r}" for e, row in points.items() if not isinstance(row, Mapping)]
    faults += [f"expert {e!r}: the name is not text" for e in points if not isinstance(e, str)]
    if faults or not points:
        msg = "points must contain at least one expert, each with a mapping of codes to numbers"
        raise MethodError(msg, faults)
    return of_each(
        "the points of several experts are invalid",
        points,
        lambda expert, row: numbers_by_code(f"points of {expert}", row, least=0),
    )


def _allocations_in(frame: Any) -> dict[Any, dict[Any, Any]] | list[dict[Any, Any]]:
    """Return the points in a data frame by expert, without missing cells."""
    experts, codes, rows = row_labels(frame, list(frame.columns), frame.rows())
    read = [
        {code: cell for code, cell in zip(codes, row, strict=True) if not is_missing(cell)}
        for row in rows
    ]
    if experts is None:
        return read
    repeated = [repr(name) for name in dict.fromkeys(experts) if experts.count(name) > 1]
    if repeated:
        msg = "points must have one row for each expert; repeated"
        raise MethodError(msg, repeated)
    return dict(zip(experts, read, strict=True))


@frozen
class BudgetAllocation(Elicited):
    """Weights by `budget_allocation_weights`, with codes.

    Parameters
    ----------
    points : mapping or sequence of mappings of str to float, or data frame
        For each expert, the points by code; children that an expert leaves out get no points.
        Experts without names are numbered. A pandas, polars or pyarrow frame has a column for each
        code and a row for each expert, whose name is in the pandas index or in a first column of
        text.
    total : float
        The number of points that each expert must allocate.

    Raises
    ------
    MethodError
        No expert, an expert who appears twice or whose name is not text, points that are not a
        mapping of codes to numbers of at least 0, or points that `budget_allocation_weights`
        rejects. When weights are computed: points for a code that is not that of a child.

    Examples
    --------
    >>> from dli import Indicator
    >>> scheme = BudgetAllocation({"Ann": {"a": 60, "b": 40}, "Bob": {"a": 100}})
    >>> scheme.weights(np.zeros((1, 2)), [Indicator("a"), Indicator("b")]).tolist()
    [0.8, 0.2]
    """

    points: dict[str, dict[str, float]] = field(converter=_allocations)
    total: float = 100.0

    def __attrs_post_init__(self) -> None:
        self._mean_shares(list(dict.fromkeys(code for row in self.points.values() for code in row)))

    def _mean_shares(self, codes: Sequence[str]) -> Floats:
        table = [[row.get(code, 0.0) for code in codes] for row in self.points.values()]
        return budget_allocation_weights(table, total=self.total, experts=list(self.points))

    def _weigh(self, codes: Sequence[str]) -> Floats:
        unknown = [
            f"{code!r} of {expert}{did_you_mean(code, codes)}"
            for expert, row in self.points.items()
            for code in row
            if code not in codes
        ]
        if unknown:
            msg = f"points must refer to {', '.join(codes)}; unknown codes"
            raise MethodError(msg, unknown)
        return self._mean_shares(codes)

    def describe(self) -> str:
        """Return a sentence with the formula."""
        return (
            f"Budget allocation: $w_k$ is the mean share of {self.total:g} points that "
            f"{len(self.points)} experts allocated ({', '.join(self.points)})."
        )


def _ratios(ratios: Any) -> Any:
    return read_judgements(ratios, "ratios")


@frozen
class PairwiseSwing(Elicited):
    """Weights by `pairwise_swing_weights`, with codes.

    Parameters
    ----------
    ratios : mapping, list of pairs, matrix or data frame
        Pairs with their ratios, where both ``{("a", "b"): 1.5}`` and ``[["a", "b", 1.5]]`` mean
        that the swing of a is worth 1.5 times that of b; or a square matrix in the order of the
        children. Data frames are read as by `AHP`.

    Raises
    ------
    MethodError
        Ratios that `AHP` would reject as judgements, or that are not 1 on the diagonal. When
        weights are computed: codes other than those of the children, or a matrix of another size.
    InconsistentJudgementsError
        A pair with two ratios, listed twice or in the two halves of a matrix, that differ by more
        than rounding. When weights are computed: groups of children that no comparison connects.

    Examples
    --------
    >>> from dli import Indicator
    >>> children = [Indicator(code) for code in "abc"]
    >>> scheme = PairwiseSwing([["a", "b", 2], ["b", "c", 3]])
    >>> scheme.weights(np.zeros((1, 3)), children).round(4).tolist()
    [0.6, 0.3, 0.1]
    """

    ratios: Any = field(converter=_ratios)

    def __attrs_post_init__(self) -> None:
        places = tuple(map(str, range(len(self.ratios))))
        names = codes_in(self.ratios) if are_pairs(self.ratios) else places
        middle = middles(*bounds(self.ratios, None, names, "ratios"))
        _check_diagonal(middle, names)
        _check_halves(middle, names)

    def _weigh(self, codes: Sequence[str]) -> Floats:
        ratios = middles(*bounds(self.ratios, None, codes, "ratios"))
        return pairwise_swing_weights(ratios, names=codes)

    def describe(self) -> str:
        """Return a sentence with the formula."""
        compared = f" of {', '.join(codes_in(self.ratios))}" if are_pairs(self.ratios) else ""
        return (
            f"Pairwise swings{compared}: the weights that minimise "
            r"$\sum (\ln r_{ij} - \ln w_i + \ln w_j)^2$ over the ratios that were judged."
        )
