"""Estimation of the strengths of links: constrained least squares with a prior."""

from collections.abc import Sequence
from functools import cached_property
from typing import Any, Generic

import numpy as np
from attrs import evolve, frozen
from numpy.typing import NDArray

from dli import frames
from dli.arrays import Floats
from dli.assessment import Assessment
from dli.capability.elements import ESTIMATED
from dli.capability.network import Network, NetworkT
from dli.capability.outcomes import Outcomes
from dli.capability.uncertain import MOST_DRAWS, UncertainGraph, bounds
from dli.checks import generator, is_whole, number_fault
from dli.errors import DataError, MethodError, UnknownCodeError
from dli.frames import Frame
from dli.periods import period_order

__all__ = ["Estimate", "estimate"]

# Common thresholds (Belsley, Kuh and Welsch) above which regressors are considered collinear.
LARGEST_VIF = 10.0
LARGEST_CONDITION = 30.0


@frozen(kw_only=True, eq=False, repr=False)
class Estimate(Generic[NetworkT]):
    """Strengths of links that are estimated from data, as `CapabilityGraph.estimate` returns them.

    The outcome or level y of each node, on a scale from 0 to 1, is regressed on the levels x of its
    sources, with an intercept a and a ridge towards the strengths p of the graph. Each strength s
    lies between 0 and 1 and has the sign of its link. The strengths minimise
    sum((y - a - x s)^2) / var(y) + ridge sum((s - p)^2). The first sum grows with the number of
    rows and the second does not, so that the influence of the prior fades. The ridge corresponds to
    a normal prior of s around p with variance (1 - R^2) / ridge. With several periods, changes are
    regressed on changes.

    Intervals are computed by resampling units and drawing, for each sample, another p with that
    variance, so that a strength that the data do not determine is as uncertain as its prior. They
    are widened by the square root of n / (n - k), for n rows and k coefficients. Strengths are
    associations and do not prove causes: they include the effects of anything that affects both
    sources and outcomes, such as income. All units count equally; weights are not used.

    Attributes
    ----------
    graph : CapabilityGraph
        The graph with the estimated strengths. The ``evidence`` of its links says so.
    prior : CapabilityGraph
        The graph with the strengths before the estimation.
    strengths : ndarray of shape (n_bootstrap, n_links)
        The strengths in each draw.
    confidence : float
        The confidence level of the intervals.
    table : frame
        One row for each link: ``source, target, prior, strength, low, high, n_rows, r_squared,
        vif`` (the variance inflation factor), ``condition`` (the condition number of the sources of
        the target) and ``note``, which marks strengths that the data do not identify.

    References
    ----------
    Belsley, Kuh and Welsch (1980), Regression Diagnostics, chapter 3.
    https://doi.org/10.1002/0471725153
    """

    graph: NetworkT
    prior: NetworkT
    strengths: Floats
    confidence: float
    table: Frame

    @cached_property
    def uncertain(self) -> UncertainGraph[NetworkT]:
        """The draws as a graph with uncertain strengths, for intervals of derived results."""
        return UncertainGraph(self.graph, self.strengths)

    def __repr__(self) -> str:
        doubtful = sum(note != "" for note in frames.read(self.table).column("note"))
        return (
            f"{len(self.graph.links)} strengths estimated, {doubtful} of them doubtful; "
            "association is not cause"
        )


def estimate(  # noqa: PLR0913 each option is independent
    graph: NetworkT,
    assessment: Assessment,
    levels: object = None,
    *,
    ridge: float = 1.0,
    n_bootstrap: int = 500,
    confidence: float = 0.9,
    rng: Any = None,
) -> Estimate[NetworkT]:
    """Estimate the strengths of links from measured levels of capabilities of many units.

    `dli.capability.Estimate` documents the model.

    Parameters
    ----------
    assessment : Assessment
        The assessment of the index that the links lead to. With several periods, changes are
        regressed on changes.
    levels : frame, mapping of columns, or path of a CSV file, optional
        The measured levels of capabilities, from 0 to 1: one row for each unit (and period) and one
        column for each capability, named by its code. The columns of units and periods have the
        same names as in the data of the assessment. By default, the levels are columns of that data
        itself. Rows in which a level or the outcome is missing are left out.
    ridge : float
        The weight of the prior: the factor of the squared differences from the strengths of the
        graph, relative to the sum of squared residuals over the outcome's variance. The prior
        counts for about this number of rows if the source varies as much as the outcome.
    n_bootstrap : int
        The number of bootstrap samples. Units are resampled together with all their periods.
    confidence : float
        The confidence level of the intervals.
    rng : int, numpy.random.SeedSequence or numpy.random.Generator, optional
        The seed or generator of random numbers. The same seed returns the same intervals.

    Returns
    -------
    Estimate
        The strengths with their intervals.

    Raises
    ------
    DataError
        Levels are missing, not numbers or not from 0 to 1, or a node has fewer complete rows than
        the number of its sources plus two.
    MethodError
        Options are out of range; all are listed.
    UnknownCodeError
        Units have no row of levels, or links lead to nodes that are not in the index.
    """
    faults = [
        number_fault("ridge", ridge, least=0),
        number_fault("confidence", confidence, above=0, below=1),
    ]
    if not is_whole(n_bootstrap, 2, MOST_DRAWS):
        limits = f"from 2 to {MOST_DRAWS}"
        faults.append(f"n_bootstrap must be a whole number {limits}, got {n_bootstrap!r}")
    if any(faults):
        msg = "cannot estimate link strengths with these settings"
        raise MethodError(msg, filter(None, faults))
    outcomes = Outcomes.of(graph, assessment).values
    values = np.concatenate([_levels(graph, assessment, levels), outcomes], axis=1)
    units = list(assessment.units)
    if assessment.periods is not None:
        values, units = _changes(values, units, assessment.periods)
    rng = generator(rng)
    counts = _counts(units, n_bootstrap, rng)
    sources, targets, signs = graph.ends
    _refuse_too_few(graph, values, sources, targets)
    prior = np.array([link.strength for link in graph.links])
    drawn = np.empty((n_bootstrap, prior.size))
    nominal = prior.copy()
    quality: dict[str, list[Any]] = {name: [None] * prior.size for name in _QUALITY}
    for target in dict.fromkeys(targets.tolist()):
        links = np.flatnonzero(targets == target)
        x, y = values[:, sources[links]] * signs[links], values[:, target]
        is_known = ~(np.isnan(x).any(axis=1) | np.isnan(y))
        x, y = x[is_known], y[is_known]
        fit = _normal_equations(x, y, np.ones((1, y.size)), prior[np.newaxis, links], ridge)
        nominal[links] = _within_range(fit[0], _solved(*fit))[0]
        drawn[:, links] = _drawn(
            x, y, counts[:, is_known], nominal[links], prior[links], ridge, rng
        )
        for link, row in zip(links.tolist(), _quality(x, y, nominal[links]), strict=True):
            for name, cell in zip(_QUALITY, row, strict=True):
                quality[name][link] = cell
    low, high = bounds(drawn, confidence)
    table = {
        "source": [link.source for link in graph.links],
        "target": [link.target for link in graph.links],
        "prior": prior,
        "strength": nominal,
        "low": low,
        "high": high,
        **quality,
    }
    return Estimate(
        graph=_with_evidence(graph.with_strengths(nominal.tolist()), table, confidence),
        prior=graph,
        strengths=drawn,
        confidence=confidence,
        table=assessment.table(table),
    )


_QUALITY = ("n_rows", "r_squared", "vif", "condition", "note")


def _with_evidence(graph: NetworkT, table: dict[str, Any], confidence: float) -> NetworkT:
    """Return the graph with evidence that says that the strengths of links are estimated."""
    columns = (table[name] for name in ("n_rows", "low", "high"))
    links = [
        evolve(
            link,
            evidence=f"{ESTIMATED} {n} rows: {low:.2f} to {high:.2f} at {confidence:.0%}; "
            f"before: {link.evidence or 'judgement'}",
        )
        for link, n, low, high in zip(graph.links, *columns, strict=True)
    ]
    return evolve(graph, links=links)


def _levels(graph: Network, assessment: Assessment, levels: object) -> Floats:
    """Return the measured levels of capabilities in the rows of an assessment."""
    data = assessment.observations
    table = data.table if levels is None else frames.read(levels)
    keys = [data.unit_column, *([] if data.period_column is None else [data.period_column])]
    missing = [*table.require(keys, "column"), *table.require(graph.codes, "capability")]
    if missing:
        msg = "columns are missing in the table of measured levels of capabilities"
        raise DataError(msg, missing)
    values, wrong = table.numbers(graph.codes)
    names = list(zip(*(table.column(key) for key in keys), strict=True))
    faults = [
        f"{table.where(i)} {names[i]}, {code!r}: {table.not_a_number(c)}" for i, code, c in wrong
    ]
    outside = (values < 0) | (values > 1)
    faults += [
        f"{table.where(i)} {names[i]}, {graph.codes[j]!r}: {values[i, j]:g}"
        for i, j in np.argwhere(outside).tolist()
    ]
    row_of: dict[Any, int] = {}
    for i, name in enumerate(names):
        if row_of.setdefault(name, i) != i:
            faults.append(f"{table.where(i)} {name} appears before, in {table.where(row_of[name])}")
    if faults:
        msg = "levels of capabilities must be numbers from 0 to 1, in one row for each unit"
        raise DataError(msg, faults)
    wanted = list(
        zip(
            assessment.units,
            *([] if assessment.periods is None else [assessment.periods]),
            strict=True,
        )
    )
    unknown = [name for name in wanted if name not in row_of]
    if unknown:
        what = "row of levels for"
        raise UnknownCodeError(what, unknown, row_of)
    return np.asarray(values[[row_of[name] for name in wanted]])


def _changes(
    values: Floats, units: Sequence[Any], periods: Sequence[Any]
) -> tuple[Floats, list[Any]]:
    """Return the changes of each unit from one of its periods to the next."""
    rows_of: dict[Any, list[int]] = {}
    order = {period: i for i, period in enumerate(period_order(periods))}
    for row in sorted(range(len(units)), key=lambda row: order[periods[row]]):
        rows_of.setdefault(units[row], []).append(row)
    changes = [np.diff(values[rows], axis=0) for rows in rows_of.values()]
    owners = [unit for unit, rows in rows_of.items() for _ in rows[1:]]
    return np.concatenate(changes), owners


def _counts(units: Sequence[Any], n_bootstrap: int, rng: np.random.Generator) -> Floats:
    """Resample units and return how often each row counts: (n_bootstrap, n_rows)."""
    place = {unit: i for i, unit in enumerate(dict.fromkeys(units))}
    n_units = len(place)
    drawn = rng.integers(n_units, size=(n_bootstrap, n_units))
    counts = np.zeros((n_bootstrap, n_units))
    np.add.at(counts, (np.arange(n_bootstrap)[:, np.newaxis], drawn), 1.0)
    return np.asarray(counts[:, [place[unit] for unit in units]])


def _refuse_too_few(
    graph: Network, values: Floats, sources: NDArray[np.intp], targets: NDArray[np.intp]
) -> None:
    faults = []
    for target in dict.fromkeys(targets.tolist()):
        columns = sources[targets == target]
        n_rows = int((~np.isnan(values[:, [*columns.tolist(), target]]).any(axis=1)).sum())
        if n_rows < columns.size + 2:
            faults.append(f"{graph.nodes[target]!r}: {n_rows} rows for {columns.size} sources")
    if faults:
        msg = "each node requires at least two more complete rows than it has sources"
        raise DataError(msg, faults)


def _drawn(  # noqa: PLR0913, PLR0917 each is an input of one regression
    x: Floats,
    y: Floats,
    counts: Floats,
    nominal: Floats,
    prior: Floats,
    ridge: float,
    rng: np.random.Generator,
) -> Floats:
    """Return strengths from 0 to 1 for each set of counts, each with a prior drawn for it."""
    unexplained = float((y - x @ nominal).var()) / _scale(y)
    spread = np.sqrt(min(unexplained, 1.0) / ridge) if ridge > 0 else 0.0
    priors = prior + spread * rng.normal(size=(len(counts), prior.size))
    everything = _normal_equations(x, y, np.ones((1, y.size)), prior[np.newaxis], ridge)
    left, right = _normal_equations(x, y, counts, priors, ridge)
    centre, free = _solved(*everything), _solved(left, right)
    # Residuals are smaller than errors, so that resampled rows vary too little: widen the draws.
    free = centre + np.sqrt(y.size / (y.size - prior.size - 1)) * (free - centre)
    return _within_range(left, free)


def _scale(y: Floats) -> float:
    """Return the variance by which squared residuals are divided; 1 for constant values."""
    variance = float(y.var())
    return variance if variance > 1e-15 else 1.0


def _normal_equations(
    x: Floats, y: Floats, counts: Floats, priors: Floats, ridge: float
) -> tuple[Floats, Floats]:
    """Return the normal equations L s = r for each set of counts and its prior, without bounds.

    They minimise the sum of squared residuals over the variance of y, plus ridge times the squared
    differences from the prior. L has shape (n_draws, n_sources, n_sources) and r has shape
    (n_draws, n_sources).
    """
    total = np.maximum(counts.sum(axis=1), 1.0)[:, np.newaxis]
    sum_x, sum_y = counts @ x, (counts @ y)[:, np.newaxis]
    square = np.einsum("bn,ni,nj->bij", counts, x, x, optimize=True)
    square -= sum_x[:, :, None] * (sum_x / total)[:, None, :]
    mixed = (counts * y) @ x - sum_x * sum_y / total
    left = square / _scale(y) + ridge * np.eye(x.shape[1])
    return left, mixed / _scale(y) + ridge * priors


def _solved(left: Floats, right: Floats) -> Floats:
    """Return the solutions of normal equations; the one of least norm if there are several."""
    return np.asarray(np.einsum("bij,bj->bi", np.linalg.pinv(left, hermitian=True), right))


def _within_range(left: Floats, strengths: Floats) -> Floats:
    """Return the strengths that minimise the sum of squares within the bounds 0 and 1."""
    strengths = strengths.copy()
    for draw in np.flatnonzero(((strengths < 0) | (strengths > 1)).any(axis=1)).tolist():
        strengths[draw] = _bounded(left[draw], left[draw] @ strengths[draw])
    return strengths


def _bounded(left: Floats, right: Floats) -> Floats:
    """Return the s from 0 to 1 that minimises s' L s / 2 - r' s, as a least-squares problem."""
    from scipy.optimize import lsq_linear

    values, vectors = np.linalg.eigh(left)
    root = np.sqrt(np.maximum(values, 0.0))
    inverse = np.where(root > 1e-10, 1.0 / np.where(root > 1e-10, root, 1.0), 0.0)
    result = lsq_linear(
        root[:, np.newaxis] * vectors.T, inverse * (vectors.T @ right), bounds=(0, 1), method="bvls"
    )
    return np.asarray(np.clip(result.x, 0.0, 1.0))


def _quality(x: Floats, y: Floats, strengths: Floats) -> list[tuple[Any, ...]]:
    """Return n_rows, r_squared, vif, condition and note for each source of a node."""
    centred = x - x.mean(axis=0)
    residual = (y - y.mean()) - centred @ strengths
    spread = float(((y - y.mean()) ** 2).sum())
    r_squared = 1 - float(residual @ residual) / spread if spread > 1e-15 else np.nan
    size = np.sqrt((centred**2).sum(axis=0))
    varies = size > 1e-12
    scaled = centred[:, varies] / size[varies]
    condition = np.inf
    vif = np.full(x.shape[1], np.inf)
    if varies.any():
        singular = np.linalg.svd(scaled, compute_uv=False)
        if singular[-1] > 1e-12 and varies.all():
            condition = float(singular[0] / singular[-1])
        vif[varies] = _inflation(scaled)
    fits = []
    for j, strength in enumerate(strengths.tolist()):
        note = ""
        if not varies[j]:
            note = "not identified: the source does not vary, the prior is kept"
        elif vif[j] > LARGEST_VIF or condition > LARGEST_CONDITION:
            note = "not identified alone: the sources move together"
        elif strength in (0.0, 1.0):
            note = "at the end of its range"
        fits.append((y.size, r_squared, float(vif[j]), condition, note))
    return fits


def _inflation(scaled: Floats) -> Floats:
    """Return variance inflation factors of columns of mean 0 and length 1."""
    values, vectors = np.linalg.eigh(scaled.T @ scaled)
    small = values <= 1e-12
    with np.errstate(divide="ignore"):
        inverse = np.where(small, np.inf, 1 / np.where(small, 1.0, values))
    shares = vectors**2
    shares[shares < 1e-20] = 0.0
    return np.asarray(np.where(shares > 0, shares * inverse, 0.0).sum(axis=1))
