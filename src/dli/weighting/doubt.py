"""Benefit of the doubt: the weights that favour each unit most, by linear programming."""

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

# A score this close to 1 counts as 1; the error of solvers is about a thousandth of this.
_AT_FRONTIER = 1e-9
# The weights for values below this would be beyond the range of floats.
_FAINTEST = 1e-305
# Conflicting bounds are searched for as many units as an error message shows.
_SEARCHED = 20


@frozen(kw_only=True, eq=False)
class DoubtWeights:
    """Scores and weights by the benefit of the doubt.

    Attributes
    ----------
    scores : ndarray of shape (n_units,)
        The sum of weights times values: 1 at the frontier, NaN for a unit without values.
    weights : ndarray of shape (n_units, n_indicators), or (n_indicators,) when common
        The weights, in the reciprocals of the indicators' units of measure; they do not sum to
        one.
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
    r"""Return the weights that favour each unit most, and the resulting scores.

    For unit i, the weights maximise $\sum_k w_k y_{ik}$ subject to $w \ge 0$ and to the
    condition that no unit scores above 1 with these weights.

    Parameters
    ----------
    values : array_like of shape (n_units, n_indicators)
        Not negative; higher values are better. NaN denotes a missing value and counts as 0, so
        that a unit never benefits from it (Kuosmanen 2009); bounds on its share do not apply.
    share_bounds : array_like of shape (2,) or (n_indicators, 2), optional
        The lower and the upper bound on $w_k y_{ik} / \sum_l w_l y_{il}$, the share of an
        indicator in the unit's own score: one pair for all indicators, or a pair for each.
    ratio_bounds : sequence of (k, l, low, high), optional
        Bounds ``low <= w_k / w_l <= high`` on the ratio of the weights of columns k and l.
    super_efficiency : bool
        Whether to exclude each unit from the units that it is compared with, so that units at the
        frontier can score above 1 and differ (Andersen and Petersen 1993).

    Returns
    -------
    DoubtWeights
        The scores are unique; the weights often are not. Of the sets of weights with the same
        score, the one is returned whose smallest weight, multiplied by the largest value of its
        indicator, is largest; further ties are resolved by the second smallest, and so on. The
        weights depend neither on the order of the units nor on the solver.

    Raises
    ------
    MethodError
        Negative or infinite values; an indicator without a value above 0, or without one within
        305 powers of ten of the largest value in the table; bounds that no weights satisfy, listed
        with the units concerned; or an unbounded super-efficiency score.

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
    return problem.unscaled(_by_unit(problem, super_efficiency=super_efficiency))


def common_benefit_of_the_doubt(
    values: ArrayLike,
    *,
    share_bounds: ArrayLike | None = None,
    ratio_bounds: Sequence[Ratio] = (),
) -> DoubtWeights:
    r"""Return the weights, common to all units, that come closest to the benefit of the doubt.

    The weights maximise $\sum_i \sum_k w_k y_{ik}$ subject to $w \ge 0$ and to the condition
    that no unit scores above its own benefit of the doubt. The parameters and the errors are those
    of `benefit_of_the_doubt`, but bounds on shares apply to the mean of the units.

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
    return problem.unscaled(_common(problem))


@frozen(kw_only=True, eq=False)
class _Problem:
    """The data common to all units: values, 0 if missing, and bounds on shares and ratios."""

    y: Floats
    missing: Any
    names: Sequence[str]
    low: Floats
    high: Floats
    ratios: Sequence[Bound]
    # The values were divided by two to this power.
    power: int

    def unscaled(self, result: DoubtWeights) -> DoubtWeights:
        """Return a result with weights for the values as they were passed."""
        with np.errstate(over="ignore"):
            weights = np.ldexp(result.weights, -self.power)
        if np.isinf(weights).any():
            msg = "weights for values below 1e-308 are beyond the range of floats: rescale them"
            raise MethodError(msg)
        return DoubtWeights(scores=result.scores, weights=np.asarray(weights))

    def bounds(self, unit: Floats, missing: Any) -> list[Bound]:
        """Return the bounds that apply to a unit."""
        bounds = []
        for k in np.flatnonzero(~missing & ((self.low > 0) | (self.high < 1))).tolist():
            low, high = self.low[k], self.high[k]
            term = np.where(np.arange(len(unit)) == k, unit, 0.0)
            rows = np.array([term - high * unit, low * unit - term])
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
        msg = "benefit of the doubt needs a value above 0 for every indicator; there is none for"
        raise MethodError(msg, [names[k] for k in zero])
    low, high = read_shares(share_bounds, names)
    most = np.nanmax(x, axis=0)
    x, powers = in_range(x, together=True)
    faint = np.flatnonzero(np.nanmax(x, axis=0) < _FAINTEST).tolist()
    if faint:
        msg = "benefit of the doubt cannot add up values of such different sizes: rescale the "
        raise MethodError(
            f"{msg}indicators far below the largest value, {most.max():g}",
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
    """Return the rows of the bounds for weights multiplied by a scale, each row close to 1 in size.

    The solver treats numbers far below 1 as rounding errors.
    """
    rows = np.vstack([np.empty((0, len(scale))), *(bound.rows for bound in bounds)])
    # The rows are scaled before the division, as the limit of a ratio divided by a small scale can
    # be beyond the range of floats.
    return _near_one(_near_one(rows) / scale)


def _near_one(rows: Floats) -> Floats:
    return np.asarray(np.ldexp(rows, -np.frexp(np.abs(rows).max(axis=1, keepdims=True))[1]))


def _can_score(unit: Floats, scale: Floats, bounds: Sequence[Bound]) -> bool:
    """Return whether a unit can score above 0 with weights within the bounds."""
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
            _rows(unit_bounds, scale),
        )
        for i, unit_bounds in zip(places, bounds, strict=True)
    ]
    scores, weights = np.zeros(len(y)), np.zeros(y.shape)
    faults: list[str] = []
    for i, unit_bounds, best in zip(places, bounds, favourable_weights(cases), strict=True):
        if best is None:
            faults.append(f"row {i}: its score is unbounded")
            continue
        if not can_score(scaled[i], best):
            is_searched = len(faults) < _SEARCHED
            scores_with = partial(_can_score, scaled[i], scale)
            shown = conflicting(unit_bounds, scores_with) if is_searched else unit_bounds
            listed = "; ".join(bound.text for bound in shown)
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
    """Return the rows that a unit is compared with if it is excluded from the comparison."""
    at_frontier = (frontier == y[i]).all(axis=1).any()
    return np.delete(y, i, axis=0) if at_frontier else frontier


def _common(problem: _Problem) -> DoubtWeights:
    best = _by_unit(problem, super_efficiency=False).scores
    y, scale = problem.y, problem.y.max(axis=0)
    positive = best > 0
    mean = y.mean(axis=0)
    limits = without_dominated(y[positive] / scale / best[positive, np.newaxis])
    rows = _rows(problem.bounds(mean, mean == 0), scale)
    (weights,) = favourable_weights([Case(mean / scale, limits, rows)])
    if weights is None or not weights.any():  # pragma: no cover  no such case is known
        msg = "no common weights satisfy the bounds"
        raise MethodError(msg)
    weights = weights / scale
    return DoubtWeights(scores=np.where(np.isnan(best), np.nan, y @ weights), weights=weights)


@frozen
class BenefitOfTheDoubt:
    """Weights of each unit by `benefit_of_the_doubt`, with codes.

    The weights are scaled to sum to one, so that a unit's score is a weighted mean of the scores
    of the children and remains on their scale; `benefit_of_the_doubt` returns the ratio to the
    frontier. A unit without a score above 0, which no weights can favour, has equal weights. In
    panel data, a unit is compared with the units of its own period, unless the weights are common.

    Parameters
    ----------
    share_bounds : (low, high) or mapping of str to (low, high), optional
        Bounds on the share of a child in a unit's own score: one pair for all children, or pairs
        by code.
    ratio_bounds : mapping or list, optional
        Bounds on ratios of weights: both ``{("a", "b"): (0.5, 2)}`` and ``[["a", "b", 0.5, 2]]``
        are bounds on the weight of a divided by that of b.
    common : bool
        Whether to use the same weights for all units, by `common_benefit_of_the_doubt`.
    super_efficiency : bool
        Whether to exclude each unit from the units that it is compared with.

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
            msg = (
                "common weights do not support super_efficiency, as they compare every unit with "
                "all units: set common or super_efficiency to False"
            )
            raise MethodError(msg)

    @property
    def traits(self) -> Traits:
        """The traits: each unit has its own weights, unless the weights are common."""
        return Traits(per_unit=not self.common)

    def weights(self, values: Floats, children: Sequence[Node]) -> Floats:
        """Return a row of weights for each unit, or common weights."""
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
            bounds.append(", with no unit compared with itself")
        return (
            rf"Benefit of the doubt: the weights $w \ge 0$ that maximise the score {whose}, "
            rf"$\sum_k w_k x_{{ik}}$, while no score exceeds one{''.join(bounds)}; they are then "
            "scaled to sum to one."
        )
