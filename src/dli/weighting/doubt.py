"""Benefit of the doubt: each unit has the weights that favour it most, by linear programs."""

from collections.abc import Mapping, Sequence
from functools import partial
from typing import Any

import numpy as np
from attrs import field, frozen
from numpy.typing import ArrayLike

from dli.checks import flag_faults, refuse
from dli.errors import MethodError
from dli.weighting.bounds import (
    Bound,
    Ratio,
    check_room,
    conflicting,
    ratio_bounds,
    read_ratios,
    read_shares,
    share_bounds,
)
from dli.weighting.by_code import check_known
from dli.weighting.favourable import Case, can_score, favourable_weights, without_dominated
from dli.weighting.protocol import Floats, Node, Traits
from dli.weighting.tables import check_range, in_range, named, table_of

__all__ = [
    "BenefitOfTheDoubt",
    "DoubtWeights",
    "benefit_of_the_doubt",
    "common_benefit_of_the_doubt",
]

# A score this near to 1 is 1: solvers stop within about a thousandth of it.
_AT_FRONTIER = 1e-9
# Weights of values below this would be beyond the range of floats.
_FAINTEST = 1e-305
# As many units as a message shows have their conflicting bounds searched.
_SEARCHED = 20


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

    For unit i: the largest $\sum_k w_k y_{ik}$ with $w \ge 0$ under which no unit
    scores above 1.

    Parameters
    ----------
    values : array_like of shape (n_units, n_indicators)
        Not negative, more is better. NaN is missing and counts as 0, so that a unit is never
        better off for it (Kuosmanen 2009); bounds on its share then do not bind.
    share_bounds : array_like of shape (2,) or (n_indicators, 2), optional
        The least and the greatest $w_k y_{ik} / \sum_l w_l y_{il}$, the share of an
        indicator in the unit's own score: a pair for all, or one for each.
    ratio_bounds : sequence of (k, l, low, high), optional
        ``low <= w_k / w_l <= high`` for two columns.
    super_efficiency : bool
        Do not compare a unit with itself, so that units at the frontier score above 1 and differ
        (Andersen and Petersen 1993).

    Returns
    -------
    DoubtWeights
        Scores are unique, weights often are not. Of those with the same score, the ones are
        returned whose smallest, times the indicator's largest value, is largest; then the second
        smallest, and so on. They depend neither on the order of the units nor on the solver.

    Raises
    ------
    MethodError
        Negative or infinite values, an indicator without any value above 0 or with none within 305
        powers of ten of the largest in the table, bounds that no weights satisfy, with the bounds
        and the units concerned, or a super-efficiency without limit.

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
    refuse("the benefit of the doubt", flag_faults(super_efficiency=super_efficiency))
    problem = _problem(values, share_bounds, ratio_bounds)
    return problem.own(_by_unit(problem, super_efficiency=super_efficiency))


def common_benefit_of_the_doubt(
    values: ArrayLike,
    *,
    share_bounds: ArrayLike | None = None,
    ratio_bounds: Sequence[Ratio] = (),
) -> DoubtWeights:
    r"""Return the weights, the same for all units, that come nearest to the benefit of the doubt.

    The largest $\sum_i \sum_k w_k y_{ik}$ with $w \ge 0$ under which no unit scores
    above its own benefit of the doubt. The parameters and the errors are those of
    `benefit_of_the_doubt`; shares are those in the mean of the units.

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
    problem = _problem(values, share_bounds, ratio_bounds)
    return problem.own(_common(problem))


@frozen(kw_only=True, eq=False)
class _Problem:
    """What all units share: values with missing as 0, bounds of shares and of ratios."""

    y: Floats
    missing: Any
    names: Sequence[str]
    low: Floats
    high: Floats
    ratios: Sequence[Bound]
    # The values are divided by two to this.
    power: int

    def own(self, result: DoubtWeights) -> DoubtWeights:
        """Return a result with the weights of the values as they were passed."""
        with np.errstate(over="ignore"):
            weights = np.ldexp(result.weights, -self.power)
        if np.isinf(weights).any():
            msg = "the weights of values below 1e-308 are beyond the range of floats: rescale them"
            raise MethodError(msg)
        return DoubtWeights(scores=result.scores, weights=np.asarray(weights))

    def bounds(self, unit: Floats, missing: Any) -> list[Bound]:
        """Return the bounds that hold for a unit."""
        bounds = []
        for k in np.flatnonzero(~missing & ((self.low > 0) | (self.high < 1))).tolist():
            low, high = self.low[k], self.high[k]
            own = np.where(np.arange(len(unit)) == k, unit, 0.0)
            rows = np.array([own - high * unit, low * unit - own])
            text = f"share of {self.names[k]} from {low:g} to {high:g}"
            bounds.append(Bound(text=text, rows=rows[[high < 1, low > 0]]))
        return [*bounds, *self.ratios]


def _problem(
    values: ArrayLike, share_bounds: ArrayLike | None, ratio_bounds: Sequence[Ratio]
) -> _Problem:
    x, names = table_of(values)
    check_range(x, names, "benefit-of-the-doubt", lowest="of at least 0", least=1)
    zero = np.flatnonzero(np.nanmax(x, axis=0) == 0).tolist()
    if zero:
        msg = "benefit of the doubt needs a value above 0 of every indicator; all are 0 or missing"
        raise MethodError(msg, [names[k] for k in zero])
    low, high = read_shares(share_bounds, names)
    most = np.nanmax(x, axis=0)
    x, powers = in_range(x, together=True)
    faint = np.flatnonzero(np.nanmax(x, axis=0) < _FAINTEST).tolist()
    if faint:
        msg = "benefit of the doubt needs indicators whose values can be added up: rescale those "
        raise MethodError(
            f"{msg}far below the largest value, {most.max():g}",
            [f"{names[k]}: at most {most[k]:g}" for k in faint],
        )
    missing = np.isnan(x)
    y = np.where(missing, 0.0, x)
    check_room(y, missing, low, high, names)
    ratios, power = read_ratios(ratio_bounds, names, high), int(powers[0])
    return _Problem(
        y=y, missing=missing, names=names, low=low, high=high, ratios=ratios, power=power
    )


def _rows(bounds: Sequence[Bound], scale: Floats) -> Floats:
    """Return the rows of bounds for weights times a scale, each of a size near 1.

    The solver takes what is far below 1 for rounding.
    """
    rows = np.vstack([np.empty((0, len(scale))), *(bound.rows for bound in bounds)])
    # First by themselves: the limit of a ratio over a small scale can be beyond floats.
    return _near_one(_near_one(rows) / scale)


def _near_one(rows: Floats) -> Floats:
    return np.asarray(np.ldexp(rows, -np.frexp(np.abs(rows).max(axis=1, keepdims=True))[1]))


def _can_score(unit: Floats, scale: Floats, bounds: Sequence[Bound]) -> bool:
    """Return whether any weights within the bounds bring a unit above 0."""
    (weights,) = favourable_weights([Case(unit, np.eye(len(unit)), _rows(bounds, scale))])
    return weights is not None and can_score(unit, weights)


def _by_unit(problem: _Problem, *, super_efficiency: bool) -> DoubtWeights:
    y, scale = problem.y, problem.y.max(axis=0)
    scaled = y / scale
    frontier = without_dominated(scaled)
    places = np.flatnonzero(y.any(axis=1)).tolist()
    bounds = [problem.bounds(y[i], problem.missing[i]) for i in places]
    cases = [
        Case(
            scaled[i],
            _without(scaled, i, frontier) if super_efficiency else frontier,
            _rows(own, scale),
        )
        for i, own in zip(places, bounds, strict=True)
    ]
    scores, weights = np.zeros(len(y)), np.zeros(y.shape)
    faults: list[str] = []
    for i, own, best in zip(places, bounds, favourable_weights(cases), strict=True):
        if best is None:
            faults.append(f"row {i}: it scores without limit")
            continue
        if not can_score(scaled[i], best):
            is_searched = len(faults) < _SEARCHED
            scores_with = partial(_can_score, scaled[i], scale)
            listed = "; ".join(
                bound.text for bound in (conflicting(own, scores_with) if is_searched else own)
            )
            faults.append(f"row {i}: no weights above 0 satisfy its bounds ({listed})")
        scores[i], weights[i] = best @ scaled[i], best / scale
    if faults:
        msg = "the benefit of the doubt is undefined"
        raise MethodError(msg, faults)
    if not super_efficiency:
        scores[np.abs(scores - 1) < _AT_FRONTIER] = 1.0
    scores[problem.missing.all(axis=1)] = np.nan
    return DoubtWeights(scores=scores, weights=weights)


def _without(y: Floats, i: int, frontier: Floats) -> Floats:
    """Return the rows that a unit is held against if it is not compared with itself."""
    at_frontier = (frontier == y[i]).all(axis=1).any()
    return np.delete(y, i, axis=0) if at_frontier else frontier


def _common(problem: _Problem) -> DoubtWeights:
    own = _by_unit(problem, super_efficiency=False).scores
    y, scale = problem.y, problem.y.max(axis=0)
    some = own > 0
    mean = y.mean(axis=0)
    limits = without_dominated(y[some] / scale / own[some, np.newaxis])
    rows = _rows(problem.bounds(mean, mean == 0), scale)
    (weights,) = favourable_weights([Case(mean / scale, limits, rows)])
    if weights is None or not weights.any():  # pragma: no cover  no such case is known
        msg = "no common weights satisfy the bounds"
        raise MethodError(msg)
    weights = weights / scale
    return DoubtWeights(scores=np.where(np.isnan(own), np.nan, y @ weights), weights=weights)


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

    share_bounds: Any = field(default=None, converter=share_bounds)
    ratio_bounds: tuple[tuple[str, str, float, float], ...] = field(
        default=(), converter=ratio_bounds
    )
    common: bool = False
    super_efficiency: bool = False

    def __attrs_post_init__(self) -> None:
        faults = flag_faults(common=self.common, super_efficiency=self.super_efficiency)
        refuse("the benefit of the doubt", faults)
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
