"""Weights from points that people give, and from how swings compare."""

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
        Not negative, not all 0: any scale, such as swings compared with 100 for the largest.

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
    """Return mean shares, of shape (n,), of points that each expert allocated in full.

    Parameters
    ----------
    points : array_like of shape (n_experts, n)
        Not negative, every row summing to the total.
    total : float
        The budget of each expert.
    experts : sequence of str, optional
        The names of the experts in error messages.

    Raises
    ------
    MethodError
        A total that is not a number above 0, points that are no such table, negative or not
        finite, a row with another sum, or names that are not one for each expert.

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
    # Sums are made where none leaves the range of floats.
    _, power = in_range(np.append(p, total))
    given, whole = np.ldexp(p, -power), float(np.ldexp(total, -power))
    faults = []
    for expert, row, own in zip(names, p, given, strict=True):
        if not (np.isfinite(row) & (row >= 0)).all():
            faults.append(f"{expert}: {row.tolist()} are not all finite and at least 0")
        elif abs(own.sum() - whole) > 1e-6 * whole:
            faults.append(f"{expert}: the points sum to {own.sum() / whole * total:g}")
    if faults:
        msg = f"every expert must allocate {total:g} points"
        raise MethodError(msg, faults)
    return in_proportion(given.mean(axis=0))


def pairwise_swing_weights(ratios: ArrayLike, *, names: Sequence[str] | None = None) -> Floats:
    r"""Return the weights, of shape (n,), that fit ratios of swings best.

    A ratio says how many times the swing of one indicator from its worst to its best is worth that
    of another. The weights minimise $\sum (\ln r_{ij} - \ln w_i + \ln w_j)^2$ over the pairs
    that were compared; a chain of n - 1 pairs is met exactly.

    Parameters
    ----------
    ratios : array_like of shape (n, n)
        Above zero, from 1e-100 to 1e100; NaN for a pair not compared. A pair given both ways counts
        by its geometric mean, which `PairwiseSwing` refuses if the two are not each other's
        reciprocal. Frames are read as by `ahp_priorities`.
    names : sequence of str, optional
        The names of the indicators in error messages.

    Raises
    ------
    MethodError
        A table that is not square, ratios that are not above 0, out of range or not 1 on the
        diagonal, or names that are not one for each indicator.
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
    # The mean of both ways, of the one that is there, or NaN.
    mean = np.ma.masked_invalid([logs, -logs.T]).mean(axis=0).filled(np.nan)
    joined = joined_log_weights(mean, names)
    # As shares of the largest: what many ratios imply together may be beyond the range of floats.
    return in_proportion(np.exp(joined - joined.max()))


def _check_diagonal(ratios: Floats, names: Sequence[str]) -> None:
    own = zip(names, ratios.diagonal().tolist(), strict=True)
    faults = [f"{name}: {ratio:g}" for name, ratio in own if not (np.isnan(ratio) or ratio == 1)]
    if faults:
        msg = "the ratio of a swing to itself must be 1"
        raise MethodError(msg, faults)


def _check_halves(ratios: Floats, names: Sequence[str]) -> None:
    """Raise for pairs of which the two ratios are not each other's reciprocal."""
    apart = np.abs(ratios * ratios.T - 1) > ROUNDING  # nowhere where one is missing
    faults = [
        f"({names[i]}, {names[j]}): {ratios[i, j]:g}, but ({names[j]}, {names[i]}): "
        f"{ratios[j, i]:g}, expected {1 / ratios[i, j]:g}"
        for i, j in np.argwhere(np.triu(apart)).tolist()
    ]
    if faults:
        msg = "ratios must say the same of a pair wherever they name it"
        raise InconsistentJudgementsError(msg, faults)


@frozen
class DirectPoints(Fixed):
    """Weights by `point_weights`; the points by code are read, and refused, as by `Fixed`."""

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
        msg = "points must be a mapping of codes to numbers for each expert, of at least one"
        raise MethodError(msg, faults)
    return of_each(
        "the points of several experts cannot be used",
        points,
        lambda expert, row: numbers_by_code(f"points of {expert}", row, least=0),
    )


def _allocations_in(frame: Any) -> dict[Any, dict[Any, Any]] | list[dict[Any, Any]]:
    """Return the points in a frame by expert, without the cells that are missing."""
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
        By expert, the points by code; a child that an expert leaves out gets none. Experts without
        names are numbered. A frame of pandas, polars or pyarrow has a row for each expert, named by
        the index of pandas or a first column of text, and a column for each code.
    total : float
        The points that each expert has to give.

    Raises
    ------
    MethodError
        No expert, an expert named twice or not by a text, points that are not a mapping of codes to
        numbers of at least 0, or what `budget_allocation_weights` refuses. When it weighs: points
        for a code that is not a child's.

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
            msg = f"points must be on {', '.join(codes)}; unknown"
            raise MethodError(msg, unknown)
        return self._mean_shares(codes)

    def describe(self) -> str:
        """Return a sentence with the formula."""
        return (
            f"Budget allocation: $w_k$ is the mean share of {self.total:g} points that "
            f"{len(self.points)} experts gave ({', '.join(self.points)})."
        )


def _ratios(ratios: Any) -> Any:
    return read_judgements(ratios, "ratios")


@frozen
class PairwiseSwing(Elicited):
    """Weights by `pairwise_swing_weights`, with codes.

    Parameters
    ----------
    ratios : mapping, list of pairs, matrix or data frame
        ``{("a", "b"): 1.5}``, also as ``[["a", "b", 1.5]]``: the swing of a is worth 1.5 times
        that of b; or a square matrix in the order of the children. Frames are read as by `AHP`.

    Raises
    ------
    MethodError
        Ratios that `AHP` would refuse as judgements, or that are not 1 on the diagonal. When it
        weighs: other codes than the children's, or a matrix of another size.
    InconsistentJudgementsError
        A pair compared in two ways that differ by more than rounding, by name or in the halves of
        a matrix. When it weighs: children that no comparison joins.

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
        own = codes_in(self.ratios) if are_pairs(self.ratios) else places
        middle = middles(*bounds(self.ratios, None, own, "ratios"))
        _check_diagonal(middle, own)
        _check_halves(middle, own)

    def _weigh(self, codes: Sequence[str]) -> Floats:
        ratios = middles(*bounds(self.ratios, None, codes, "ratios"))
        return pairwise_swing_weights(ratios, names=codes)

    def describe(self) -> str:
        """Return a sentence with the formula."""
        compared = f" of {', '.join(codes_in(self.ratios))}" if are_pairs(self.ratios) else ""
        return (
            f"Pairwise swings{compared}: the weights with the least "
            r"$\sum (\ln r_{ij} - \ln w_i + \ln w_j)^2$ over the ratios that were judged."
        )
