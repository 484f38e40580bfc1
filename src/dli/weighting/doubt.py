"""Benefit of the doubt: each unit is weighed as favours it most, by linear programs."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from attrs import field, frozen
from numpy.typing import ArrayLike

from dli.errors import MethodError, did_you_mean
from dli.weighting.programs import even_weights, favourable_weights, without_dominated
from dli.weighting.protocol import Floats, Node
from dli.weighting.tables import as_table, check_range, codes_of, column_names

__all__ = [
    "BenefitOfTheDoubt",
    "DoubtWeights",
    "benefit_of_the_doubt",
    "common_benefit_of_the_doubt",
]

# A score this near to 1 is 1: solvers stop within about a thousandth of it.
_AT_FRONTIER = 1e-9

Ratio = tuple[int, int, float, float]


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


@frozen(kw_only=True, eq=False)
class _Problem:
    """What all units share: values with missing as 0, bounds, names."""

    y: Floats
    missing: Any
    low: Floats
    high: Floats
    ratios: Sequence[Ratio]

    def rows_of_shares(self, unit: Floats, missing: Any) -> Floats:
        """Give the rows r of ``r @ w <= 0`` that keep a unit's shares within their bounds."""
        own = np.diag(unit)
        above = own - self.high[:, np.newaxis] * unit
        below = self.low[:, np.newaxis] * unit - own
        return np.vstack([above[(self.high < 1) & ~missing], below[(self.low > 0) & ~missing]])

    def rows_of_ratios(self) -> Floats:
        """Give the rows that keep ratios of weights within their bounds."""
        rows = np.zeros((2 * len(self.ratios), self.y.shape[1]))
        for place, (k, other, low, high) in enumerate(self.ratios):
            rows[2 * place, [k, other]] = 1.0, -high
            rows[2 * place + 1, [k, other]] = -1.0, low
        return rows


def benefit_of_the_doubt(
    values: ArrayLike,
    *,
    share_bounds: ArrayLike | None = None,
    ratio_bounds: Sequence[Ratio] = (),
    super_efficiency: bool = False,
) -> DoubtWeights:
    r"""Give each unit the weights that favour it most.

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
        Do not hold a unit against itself, so that units at the frontier score above 1 and differ
        (Andersen and Petersen 1993).

    Returns
    -------
    DoubtWeights
        Scores are unique, weights often are not. Of those that put a unit at the frontier the ones
        are taken whose smallest, times the indicator's largest value, is largest.

    Raises
    ------
    MethodError
        Negative or infinite values, an indicator without any value above 0, bounds that nothing
        satisfies, with the units concerned, or a super-efficiency without limit.

    References
    ----------
    Cherchye, L., Moesen, W., Rogge, N. and Van Puyenbroeck, T. (2007), An introduction to
    'benefit of the doubt' composite indicators. https://doi.org/10.1007/s11205-006-9029-7
    Andersen, P. and Petersen, N. C. (1993), A procedure for ranking efficient units in data
    envelopment analysis. https://doi.org/10.1287/mnsc.39.10.1261
    Kuosmanen, T. (2009), Data envelopment analysis with missing data.

    Examples
    --------
    >>> found = benefit_of_the_doubt([[1.0, 0.5], [0.5, 1.0], [0.6, 0.6]])
    >>> found.scores.round(4).tolist(), found.weights[2].round(4).tolist()
    ([1.0, 1.0, 0.8], [0.6667, 0.6667])
    """
    x = as_table(values)
    units = [f"row {i}" for i in range(len(x))]
    problem = _problem(x, column_names(x), share_bounds, ratio_bounds, units)
    return _by_unit(problem, units, super_efficiency=super_efficiency)


def common_benefit_of_the_doubt(
    values: ArrayLike,
    *,
    share_bounds: ArrayLike | None = None,
    ratio_bounds: Sequence[Ratio] = (),
) -> DoubtWeights:
    r"""Give the weights, the same for all units, that come nearest to the benefit of the doubt.

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
    >>> found = common_benefit_of_the_doubt([[1.0, 0.5], [0.5, 1.0], [0.6, 0.6]])
    >>> found.scores.round(4).tolist(), found.weights.round(4).tolist()
    ([1.0, 1.0, 0.8], [0.6667, 0.6667])
    """
    x = as_table(values)
    units = [f"row {i}" for i in range(len(x))]
    return _common(_problem(x, column_names(x), share_bounds, ratio_bounds, units), units)


def _problem(
    x: Floats,
    names: Sequence[str],
    share_bounds: ArrayLike | None,
    ratios: Sequence[Ratio],
    units: Sequence[str],
) -> _Problem:
    check_range(x, names, "benefit-of-the-doubt", above=-0.0, least=1)
    zero = np.flatnonzero(np.nanmax(x, axis=0) == 0)
    if zero.size:
        msg = "benefit of the doubt needs a value above 0 of every indicator; all are 0 or missing"
        raise MethodError(msg, [names[k] for k in zero.tolist()])
    m = x.shape[1]
    ends = np.asarray((0.0, 1.0) if share_bounds is None else share_bounds, dtype=np.float64)
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
        msg = "bounds of shares must lie between 0 and 1, the lower one first, and leave room"
        raise MethodError(msg, faults)
    faults = [
        f"{names[k]} to {names[other]}: from {a:g} to {b:g}"
        for k, other, a, b in ratios
        if not 0 <= a <= b < np.inf
    ]
    if faults:
        msg = "bounds of ratios must be finite and not negative, the lower one first"
        raise MethodError(msg, faults)
    missing = np.isnan(x)
    y = np.where(missing, 0.0, x)
    _check_room(y, missing, least, most, names, units)
    return _Problem(y=y, missing=missing, low=least, high=most, ratios=ratios)


def _check_room(
    y: Floats, missing: Any, low: Floats, high: Floats, names: Sequence[str], units: Sequence[str]
) -> None:
    """Name the units whose values leave no shares within the bounds."""
    faults = [
        f"{units[i]}: {names[k]} is 0, yet its share must be at least {low[k]:g}"
        for i, k in np.argwhere(
            (y == 0) & ~missing & (low > 0) & y.any(axis=1, keepdims=True)
        ).tolist()
    ]
    room = np.where(y > 0, high, 0.0).sum(axis=1)
    faults += [
        f"{units[i]}: its upper bounds sum to {room[i]:g}, below 1"
        for i in np.flatnonzero((room < 1 - 1e-12) & y.any(axis=1)).tolist()
    ]
    if faults:
        msg = "no weights satisfy the bounds of shares"
        raise MethodError(msg, faults)


def _by_unit(problem: _Problem, units: Sequence[str], *, super_efficiency: bool) -> DoubtWeights:
    y, scale = problem.y, problem.y.max(axis=0)
    scaled = y / scale
    frontier = without_dominated(scaled)
    ratios = problem.rows_of_ratios() / scale
    scores, weights = np.zeros(len(y)), np.zeros(y.shape)
    faults = []
    for i in np.flatnonzero(y.any(axis=1)).tolist():
        others = np.delete(scaled, i, axis=0) if super_efficiency else frontier
        homogeneous = np.vstack([problem.rows_of_shares(y[i], problem.missing[i]) / scale, ratios])
        found = favourable_weights(scaled[i], others, homogeneous)
        if found is None:
            faults.append(f"{units[i]}: it scores without limit")
            continue
        score = float(found @ scaled[i])
        if not score > _AT_FRONTIER:
            faults.append(f"{units[i]}: no weights above 0 satisfy the bounds")
            continue
        if abs(score - 1) < _AT_FRONTIER and not super_efficiency:
            score, found = 1.0, even_weights(scaled[i], others, homogeneous)
        scores[i], weights[i] = score, found / scale
    if faults:
        msg = "the benefit of the doubt is undefined"
        raise MethodError(msg, faults)
    scores[problem.missing.all(axis=1)] = np.nan
    return DoubtWeights(scores=scores, weights=weights)


def _common(problem: _Problem, units: Sequence[str]) -> DoubtWeights:
    own = _by_unit(problem, units, super_efficiency=False).scores
    y, scale = problem.y, problem.y.max(axis=0)
    some = own > 0
    mean = y.mean(axis=0)
    rows = np.vstack([problem.rows_of_shares(mean, mean == 0), problem.rows_of_ratios()]) / scale
    limits = without_dominated(y[some] / scale / own[some, np.newaxis])
    found = favourable_weights(mean / scale, limits, rows)
    if found is None or not found.any():  # pragma: no cover  no such case is known
        msg = "no common weights satisfy the bounds"
        raise MethodError(msg)
    weights = found / scale
    return DoubtWeights(scores=np.where(np.isnan(own), np.nan, y @ weights), weights=weights)


def _share_bounds(bounds: Any) -> Any:
    if bounds is None:
        return None
    if isinstance(bounds, Mapping):
        return {code: _pair(code, pair) for code, pair in bounds.items()}
    return _pair("share_bounds", bounds)


def _pair(what: str, pair: Any) -> tuple[float, float]:
    try:
        low, high = pair
        return float(low), float(high)
    except (TypeError, ValueError):
        msg = f"bounds must be a pair (low, high), got {pair!r} for {what}"
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
    """Weigh the children of each unit as favours it most.

    Each unit gets weights of its own, scaled to sum to one, so that its score is a mean of its
    scores and stays on their scale; the ratio to the frontier is `benefit_of_the_doubt`'s. Scores
    must not be negative. A missing one counts as 0, and a unit without any score above 0, which
    no weights favour, gets equal ones.

    Parameters
    ----------
    share_bounds : (low, high) or mapping of str to (low, high), optional
        Bounds on the share of a child in a unit's own score, for all or by code.
    ratio_bounds : mapping or list, optional
        ``{("a", "b"): (0.5, 2)}``, also as ``[["a", "b", 0.5, 2]]``: bounds on the weight of a
        over that of b.
    common : bool
        Take the weights, the same for all units, that come nearest to each one's own.
    super_efficiency : bool
        Do not hold a unit against itself.

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
            msg = "common weights hold every unit against all: no super-efficiency with them"
            raise MethodError(msg)

    def weights(self, values: Floats, children: Sequence[Node]) -> Floats:
        """Give a row of weights for each unit, or common ones."""
        codes = [child.code for child in children]
        self._check_codes(codes)
        place = {code: k for k, code in enumerate(codes)}
        shares: Any = self.share_bounds
        if isinstance(shares, Mapping):
            shares = [shares.get(code, (0.0, 1.0)) for code in codes]
        ratios = [(place[a], place[b], low, high) for a, b, low, high in self.ratio_bounds]
        units = [f"row {i}" for i in range(len(values))]
        problem = _problem(values, codes_of(children), shares, ratios, units)
        if self.common:
            found = _common(problem, units).weights
            return np.asarray(found / found.sum())
        raw = _by_unit(problem, units, super_efficiency=self.super_efficiency).weights
        raw[raw.sum(axis=1) == 0] = 1.0
        return np.asarray(raw / raw.sum(axis=1, keepdims=True))

    def _check_codes(self, codes: Sequence[str]) -> None:
        named = [code for row in self.ratio_bounds for code in row[:2]]
        if isinstance(self.share_bounds, Mapping):
            named += self.share_bounds
        unknown = [code for code in dict.fromkeys(named) if code not in codes]
        if unknown:
            msg = f"bounds must be on {', '.join(codes)}; unknown"
            raise MethodError(msg, [f"{code!r}{did_you_mean(code, codes)}" for code in unknown])

    def describe(self) -> str:
        """Say it in a sentence, with the formula."""
        whose = "of all units together" if self.common else "of each unit"
        bounds = []
        if self.share_bounds is not None:
            shown = (
                ", ".join(
                    f"{c} {low:g} to {high:g}" for c, (low, high) in self.share_bounds.items()
                )
                if isinstance(self.share_bounds, Mapping)
                else "{:g} to {:g}".format(*self.share_bounds)
            )
            bounds.append(f"with shares in the score bounded ({shown})")
        if self.ratio_bounds:
            shown = ", ".join(
                f"{a}/{b} {low:g} to {high:g}" for a, b, low, high in self.ratio_bounds
            )
            bounds.append(f"with ratios of weights bounded ({shown})")
        if self.super_efficiency:
            bounds.append("no unit held against itself")
        return (
            rf"Benefit of the doubt: the weights $w \ge 0$ that make the score {whose} "
            r"$\sum_k w_k x_{ik}$ largest while none is above one"
            f"{''.join(', ' + bound for bound in bounds)}; then scaled to sum to one."
        )
