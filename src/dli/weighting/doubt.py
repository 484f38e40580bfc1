"""Benefit of the doubt: each unit has the weights that favour it most, by linear programs."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any, TypeAlias, TypeVar

import numpy as np
from attrs import field, frozen
from numpy.typing import ArrayLike

from dli.arrays import as_floats
from dli.checks import is_number, is_whole
from dli.errors import MethodError
from dli.weighting.by_code import check_known
from dli.weighting.programs import even_weights, favourable_weights, without_dominated
from dli.weighting.protocol import Floats, Node, Traits
from dli.weighting.tables import check_range, named, table_of

__all__ = [
    "BenefitOfTheDoubt",
    "DoubtWeights",
    "benefit_of_the_doubt",
    "common_benefit_of_the_doubt",
]

# A score this near to 1 is 1: solvers stop within about a thousandth of it.
_AT_FRONTIER = 1e-9
# As many units as a message shows have their conflicting bounds searched.
_SEARCHED = 20

Ratio: TypeAlias = tuple[int, int, float, float]
T = TypeVar("T")


@frozen(kw_only=True, eq=False)
class DoubtWeights:
    """Scores and weights of a benefit of the doubt.

    Attributes
    ----------
    scores : ndarray of shape (n_units,)
        The sum of weights times values; 1 at the frontier, NaN for a unit without any value.
    weights : ndarray of shape (n_units, n_indicators), or (n_indicators,) when common
        In units of one over the indicator's; they do not sum to one.
    """

    scores: Floats
    weights: Floats


def benefit_of_the_doubt(
    values: ArrayLike,
    *,
    share_bounds: ArrayLike | None = None,
    ratio_bounds: Sequence[Ratio] = (),
    super_efficiency: bool = False,
) -> DoubtWeights:
    r"""Return for each unit the weights that favour it most.

    For unit i: the largest :math:`\sum_k w_k y_{ik}` with :math:`w \ge 0` under which no unit
    scores above 1.

    Parameters
    ----------
    values : array_like of shape (n_units, n_indicators)
        Not negative, more is better. NaN is missing and counts as 0, so that a unit is never
        better off for it (Kuosmanen 2009); bounds on its share then do not bind.
    share_bounds : array_like of shape (2,) or (n_indicators, 2), optional
        The least and the greatest :math:`w_k y_{ik} / \sum_l w_l y_{il}`, the share of an
        indicator in the unit's own score: a pair for all, or one for each.
    ratio_bounds : sequence of (k, l, low, high), optional
        ``low <= w_k / w_l <= high`` for two columns.
    super_efficiency : bool
        Do not compare a unit with itself, so that units at the frontier score above 1 and differ
        (Andersen and Petersen 1993).

    Returns
    -------
    DoubtWeights
        Scores are unique, weights often are not. Of those that put a unit at the frontier, the
        ones are returned whose smallest, times the indicator's largest value, is largest.

    Raises
    ------
    MethodError
        Negative or infinite values, an indicator without any value above 0, bounds that no weights
        satisfy, with the bounds and the units concerned, or a super-efficiency without limit.

    References
    ----------
    Cherchye, L., Moesen, W., Rogge, N. and Van Puyenbroeck, T. (2007), An introduction to
    'benefit of the doubt' composite indicators. https://doi.org/10.1007/s11205-006-9029-7
    Andersen, P. and Petersen, N. C. (1993), A procedure for ranking efficient units in data
    envelopment analysis. https://doi.org/10.1287/mnsc.39.10.1261
    Kuosmanen, T. (2009), Data envelopment analysis with missing data.

    Examples
    --------
    >>> result = benefit_of_the_doubt([[1.0, 0.5], [0.5, 1.0], [0.6, 0.6]])
    >>> result.scores.round(4).tolist(), result.weights[2].round(4).tolist()
    ([1.0, 1.0, 0.8], [0.6667, 0.6667])
    """
    problem = _problem(values, share_bounds, ratio_bounds)
    return _by_unit(problem, super_efficiency=super_efficiency)


def common_benefit_of_the_doubt(
    values: ArrayLike,
    *,
    share_bounds: ArrayLike | None = None,
    ratio_bounds: Sequence[Ratio] = (),
) -> DoubtWeights:
    r"""Return the weights, the same for all units, that come nearest to the benefit of the doubt.

    The largest :math:`\sum_i \sum_k w_k y_{ik}` with :math:`w \ge 0` under which no unit scores
    above its own benefit of the doubt.

    Parameters
    ----------
    values, share_bounds, ratio_bounds
        As for `benefit_of_the_doubt`; the shares are those in the mean of the units.

    Returns
    -------
    DoubtWeights
        With weights of shape (n_indicators,).

    Raises
    ------
    MethodError
        As for `benefit_of_the_doubt`.

    References
    ----------
    Despotis, D. K. (2005), Measuring human development via data envelopment analysis: the case of
    Asia and the Pacific. https://doi.org/10.1016/j.omega.2004.07.002

    Examples
    --------
    >>> result = common_benefit_of_the_doubt([[1.0, 0.5], [0.5, 1.0], [0.6, 0.6]])
    >>> result.scores.round(4).tolist(), result.weights.round(4).tolist()
    ([1.0, 1.0, 0.8], [0.6667, 0.6667])
    """
    return _common(_problem(values, share_bounds, ratio_bounds))


@frozen(kw_only=True, eq=False)
class _Bound:
    """A bound in words, and the rows r of ``r @ w <= 0`` that keep it."""

    text: str
    rows: Floats


@frozen(kw_only=True, eq=False)
class _Problem:
    """What all units share: values with missing as 0, bounds of shares and of ratios."""

    y: Floats
    missing: Any
    names: Sequence[str]
    low: Floats
    high: Floats
    ratios: Sequence[_Bound]

    def bounds(self, unit: Floats, missing: Any) -> list[_Bound]:
        """Return the bounds that hold for a unit."""
        bounds = []
        for k in range(len(unit)):
            low, high = self.low[k], self.high[k]
            if missing[k] or (low == 0 and high == 1):
                continue
            own = np.where(np.arange(len(unit)) == k, unit, 0.0)
            rows = np.array([own - high * unit, low * unit - own])
            text = f"share of {self.names[k]} from {low:g} to {high:g}"
            bounds.append(_Bound(text=text, rows=rows[[high < 1, low > 0]]))
        return [*bounds, *self.ratios]


def _rows(bounds: Sequence[_Bound], n: int) -> Floats:
    return np.vstack([np.empty((0, n)), *(bound.rows for bound in bounds)])


def _problem(
    values: ArrayLike,
    share_bounds: ArrayLike | None,
    ratio_bounds: Sequence[Ratio],
) -> _Problem:
    x, names = table_of(values)
    check_range(x, names, "benefit-of-the-doubt", lowest="of at least 0", least=1)
    zero = np.flatnonzero(np.nanmax(x, axis=0) == 0).tolist()
    if zero:
        msg = "benefit of the doubt needs a value above 0 of every indicator; all are 0 or missing"
        raise MethodError(msg, [names[k] for k in zero])
    m = x.shape[1]
    ends = as_floats((0.0, 1.0) if share_bounds is None else share_bounds, "share_bounds")
    if ends.shape not in {(2,), (m, 2)}:
        msg = f"share_bounds must have shape (2,) or ({m}, 2), got {ends.shape}"
        raise MethodError(msg)
    least, most = np.broadcast_to(ends, (m, 2)).T
    faults = [
        f"{names[k]}: from {least[k]:g} to {most[k]:g}"
        for k in np.flatnonzero(~((least >= 0) & (least <= most) & (most <= 1))).tolist()
    ]
    if least.sum() > 1 + 1e-12:
        faults.append(f"the lower bounds sum to {least.sum():g}, above 1")
    if faults:
        msg = "bounds of shares must be between 0 and 1, the lower one first, and leave room"
        raise MethodError(msg, faults)
    missing = np.isnan(x)
    y = np.where(missing, 0.0, x)
    _check_room(y, missing, least, most, names)
    ratios = _ratios(ratio_bounds, names, most)
    return _Problem(y=y, missing=missing, names=names, low=least, high=most, ratios=ratios)


def _check_room(y: Floats, missing: Any, low: Floats, high: Floats, names: Sequence[str]) -> None:
    """Raise for units whose values leave no shares within the bounds."""
    some = np.asarray(y.any(axis=1))
    faults = [
        f"row {i}: {names[k]} is 0, but its share must be at least {low[k]:g}"
        for i, k in np.argwhere((y == 0) & ~missing & (low > 0) & some[:, np.newaxis]).tolist()
    ]
    room = np.where(y > 0, high, 0.0).sum(axis=1)
    faults += [
        f"row {i}: its upper bounds sum to {room[i]:g}, below 1"
        for i in np.flatnonzero((room < 1 - 1e-12) & some).tolist()
    ]
    if faults:
        msg = "no weights satisfy the bounds of shares"
        raise MethodError(msg, faults)


def _ratios(ratios: Sequence[Ratio], names: Sequence[str], most: Floats) -> list[_Bound]:
    """Return bounds of ratios; raise for those that no weights above 0 satisfy together."""
    m = len(names)
    faults, bounds = [], {}
    for place, ratio in enumerate(ratios):
        k, other, low, high = ratio
        if not (is_whole(k, 0, m - 1) and is_whole(other, 0, m - 1) and k != other):
            faults.append(f"({k!r}, {other!r}): not two columns")
            continue
        text = f"{names[k]} to {names[other]}: from {low!r} to {high!r}"
        if not (is_number(low) and is_number(high) and 0 <= low <= high and high > 0):
            faults.append(text)
            continue
        if not most[[k, other]].all():
            faults.append(f"{text}, but a share must be 0")
        rows = np.zeros((2, m))
        rows[:, k], rows[:, other] = (1.0, -1.0), (-high, low)
        bounds[place] = _Bound(text=text, rows=rows)
    if faults:
        msg = "bounds of ratios must be finite, not negative, and the lower one first"
        raise MethodError(msg, faults)
    if not _have_weights(ratios, m):
        conflict = _conflict(
            list(range(len(ratios))), lambda rest: _have_weights([ratios[p] for p in rest], m)
        )
        msg = "no weights satisfy these bounds of ratios together"
        raise MethodError(msg, [bounds[place].text for place in conflict])
    return list(bounds.values())


def _have_weights(ratios: Sequence[Ratio], m: int) -> bool:
    """Return whether weights above 0 satisfy bounds of ratios: no cycle of them falls below 1."""
    most = np.where(np.eye(m, dtype=np.bool_), 0.0, np.inf)
    for k, other, low, high in ratios:
        most[k, other] = min(most[k, other], np.log(high))
        most[other, k] = min(most[other, k], -np.log(low) if low > 0 else np.inf)
    for j in range(m):
        most = np.minimum(most, most[:, [j]] + most[j])
    return bool(most.diagonal().min() >= -1e-12)


def _conflict(bounds: list[T], satisfiable: Callable[[list[T]], bool]) -> list[T]:
    """Return bounds of which none can be left out without making the rest satisfiable."""
    for bound in list(bounds):
        rest = [other for other in bounds if other is not bound]
        if not satisfiable(rest):
            bounds = rest
    return bounds


def _by_unit(problem: _Problem, *, super_efficiency: bool) -> DoubtWeights:
    y, scale = problem.y, problem.y.max(axis=0)
    scaled = y / scale
    frontier = without_dominated(scaled)
    scores, weights = np.zeros(len(y)), np.zeros(y.shape)
    faults: list[str] = []
    for i in np.flatnonzero(y.any(axis=1)).tolist():
        unit, others = scaled[i], np.delete(scaled, i, axis=0) if super_efficiency else frontier
        bounds = problem.bounds(y[i], problem.missing[i])
        rows = _rows(bounds, len(unit)) / scale
        best = favourable_weights(unit, others, rows)
        if best is None:
            faults.append(f"row {i}: it scores without limit")
            continue
        score = float(best @ unit)
        if not score > _AT_FRONTIER:

            def satisfiable(rest: list[_Bound], unit: Floats = unit) -> bool:
                some = favourable_weights(unit, np.eye(len(unit)), _rows(rest, len(unit)) / scale)
                return some is not None and float(some @ unit) > _AT_FRONTIER

            conflict = _conflict(bounds, satisfiable) if len(faults) < _SEARCHED else bounds
            listed = "; ".join(bound.text for bound in conflict)
            faults.append(f"row {i}: no weights above 0 satisfy its bounds ({listed})")
            continue
        if abs(score - 1) < _AT_FRONTIER and not super_efficiency:
            score, best = 1.0, even_weights(unit, others, rows)
        scores[i], weights[i] = score, best / scale
    if faults:
        msg = "the benefit of the doubt is undefined"
        raise MethodError(msg, faults)
    scores[problem.missing.all(axis=1)] = np.nan
    return DoubtWeights(scores=scores, weights=weights)


def _common(problem: _Problem) -> DoubtWeights:
    own = _by_unit(problem, super_efficiency=False).scores
    y, scale = problem.y, problem.y.max(axis=0)
    some = own > 0
    mean = y.mean(axis=0)
    limits = without_dominated(y[some] / scale / own[some, np.newaxis])
    rows = _rows(problem.bounds(mean, mean == 0), y.shape[1])
    weights = favourable_weights(mean / scale, limits, rows / scale)
    if weights is None or not weights.any():  # pragma: no cover  no such case is known
        msg = "no common weights satisfy the bounds"
        raise MethodError(msg)
    weights = weights / scale
    return DoubtWeights(scores=np.where(np.isnan(own), np.nan, y @ weights), weights=weights)


def _share_bounds(bounds: Any) -> Any:
    if bounds is None:
        return None
    if isinstance(bounds, Mapping):
        return {code: _pair(code, pair) for code, pair in bounds.items()}
    return _pair("share_bounds", bounds)


def _pair(name: str, pair: Any) -> tuple[float, float]:
    try:
        low, high = pair
        return float(low), float(high)
    except (TypeError, ValueError):
        msg = f"bounds must be a pair (low, high), got {pair!r} for {name}"
        raise MethodError(msg) from None


def _ratio_bounds(bounds: Any) -> tuple[tuple[str, str, float, float], ...]:
    if isinstance(bounds, Mapping):
        bounds = [(*pair, *ends) for pair, ends in bounds.items()]
    rows = tuple(tuple(row) for row in bounds)
    for row in rows:
        if len(row) != 4:
            msg = f"bounds of ratios must be (code, code, low, high), got {row!r}"
            raise MethodError(msg)
    return rows


@frozen
class BenefitOfTheDoubt:
    """Weights of each unit by `benefit_of_the_doubt`, with codes.

    They are scaled to sum to one, so that a unit's score is a mean of its scores and stays on
    their scale; the ratio to the frontier is in the result of the function. A unit without any
    score above 0, which no weights favour, has equal ones. In a panel a unit is held against those
    of its period, unless weights are common.

    Parameters
    ----------
    share_bounds : (low, high) or mapping of str to (low, high), optional
        Bounds on the share of a child in a unit's own score, for all or by code.
    ratio_bounds : mapping or list, optional
        ``{("a", "b"): (0.5, 2)}``, also as ``[["a", "b", 0.5, 2]]``: bounds on the weight of a
        over that of b.
    common : bool
        Use the same weights for all units, by `common_benefit_of_the_doubt`.
    super_efficiency : bool
        Do not compare a unit with itself.

    Examples
    --------
    >>> from dli import Indicator
    >>> values = np.array([[1.0, 0.5], [0.5, 1.0], [0.6, 0.6]])
    >>> scheme = BenefitOfTheDoubt(share_bounds=(0.2, 0.8))
    >>> scheme.weights(values, [Indicator("a"), Indicator("b")]).round(4).tolist()
    [[0.5, 0.5], [0.5, 0.5], [0.5, 0.5]]
    """

    share_bounds: Any = field(default=None, converter=_share_bounds)
    ratio_bounds: tuple[tuple[str, str, float, float], ...] = field(
        default=(), converter=_ratio_bounds
    )
    common: bool = False
    super_efficiency: bool = False

    def __attrs_post_init__(self) -> None:
        if self.common and self.super_efficiency:
            msg = "common weights compare every unit with all: they have no super-efficiency"
            raise MethodError(msg)

    @property
    def traits(self) -> Traits:
        """Each unit has weights of its own, unless they are common."""
        return Traits(per_unit=not self.common)

    def weights(self, values: Floats, children: Sequence[Node]) -> Floats:
        """Return a row of weights for each unit, or common ones."""
        codes = [child.code for child in children]
        bounded = [code for row in self.ratio_bounds for code in row[:2]]
        shares: Any = self.share_bounds
        if isinstance(shares, Mapping):
            bounded += shares
            shares = [shares.get(code, (0.0, 1.0)) for code in codes]
        check_known("bounds", bounded, codes)
        place = {code: k for k, code in enumerate(codes)}
        ratios = [(place[a], place[b], low, high) for a, b, low, high in self.ratio_bounds]
        problem = _problem(named(values, children), shares, ratios)
        if self.common:
            raw = _common(problem).weights
            return np.asarray(raw / raw.sum())
        raw = _by_unit(problem, super_efficiency=self.super_efficiency).weights
        raw[raw.sum(axis=1) == 0] = 1.0
        return np.asarray(raw / raw.sum(axis=1, keepdims=True))

    def describe(self) -> str:
        """Return a sentence with the formula."""
        whose = "of all units together" if self.common else "of each unit"
        bounds = []
        if self.share_bounds is not None:
            by_code = isinstance(self.share_bounds, Mapping)
            pairs = self.share_bounds if by_code else {"": self.share_bounds}
            shown = [f"{code} {low:g} to {high:g}".strip() for code, (low, high) in pairs.items()]
            bounds.append(f", with shares in the score bounded ({', '.join(shown)})")
        if self.ratio_bounds:
            shown = [f"{a}/{b} {low:g} to {high:g}" for a, b, low, high in self.ratio_bounds]
            bounds.append(f", with ratios of weights bounded ({', '.join(shown)})")
        if self.super_efficiency:
            bounds.append(", no unit compared with itself")
        return (
            rf"Benefit of the doubt: the weights $w \ge 0$ that make the score {whose} "
            rf"$\sum_k w_k x_{{ik}}$ largest while none is above one{''.join(bounds)}; then scaled "
            "to sum to one."
        )
