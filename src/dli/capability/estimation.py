"""Strengths of links from data: constrained least squares, held to what was thought before."""

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

# Beyond these, textbooks say, regressors cannot be told apart.
LARGEST_VIF = 10.0
LARGEST_CONDITION = 30.0


@frozen(kw_only=True, eq=False, repr=False)
class Estimate(Generic[NetworkT]):
    """Strengths of links, estimated from many units.

    For each node its outcome, or level, y on a scale from 0 to 1 is regressed on the levels x of
    its sources: with an intercept, each strength s from 0 to 1 with the sign of its link, and a
    ridge towards the strengths p of the graph. What is least is the sum over rows
    sum((y - a - x s)^2) / var(y) + ridge sum((s - p)^2), in which the first part grows with the
    rows and the second does not: the pull of the prior fades. It says that s is normal around p
    with variance (1 - R^2) / ridge. With several periods changes are regressed on changes.

    Intervals come from resampling units, and for each draw another p of that variance: what the
    data do not tell is as uncertain as the prior. They are wider by the square root of n / (n - k),
    for n rows and k coefficients. Strengths are associations and do not prove causes: what moves
    sources and outcomes alike, such as income, is in them. Units count alike: weights play no part.

    Attributes
    ----------
    graph : CapabilityGraph
        With the estimated strengths, and links whose ``evidence`` says so.
    prior : CapabilityGraph
        With the strengths before.
    strengths : ndarray of shape (n_bootstrap, n_links)
        Of each draw.
    confidence : float
        Of the intervals.
    table : frame
        A row for each link: ``source, target, prior, strength, low, high, n_rows, r_squared, vif``
        (the variance inflation factor), ``condition`` (of the sources of the target) and ``note``
        on what the data do not identify.

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
        """The draws as a graph with uncertain strengths, for intervals of all that follows."""
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
    """Estimate the strengths of links from data of many units.

    See `dli.capability.Estimate`.

    Parameters
    ----------
    assessment : Assessment
        With several periods changes are regressed on changes.
    levels : frame, mapping of columns, or path of a CSV file, optional
        The measured level of each capability, from 0 to 1, in a column of its code, a row for each
        unit (and period), named as in the data of the assessment. By default these are columns of
        that data itself. Rows in which a level or the outcome is missing are left out.
    ridge : float
        How strongly strengths are held to those of the graph: the weight of a squared difference
        against the sum of squared residuals over the outcome's variance. The prior counts for about
        as many rows as this, where the source varies as the outcome does.
    n_bootstrap : int
        How often units are resampled, with all their periods.
    confidence : float
        The share of draws within the intervals.
    rng : int, numpy.random.SeedSequence or numpy.random.Generator, optional
        The same seed gives the same intervals.

    Returns
    -------
    Estimate
        The strengths with their intervals.

    Raises
    ------
    DataError
        Levels that are missing, not numbers or outside 0 to 1, or fewer units than sources of a
        node and two.
    MethodError
        Options out of range; all are listed.
    UnknownCodeError
        Units without a row of levels, or links to nodes that are not in the index.
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
    """Return a graph whose links say that their strengths are estimated."""
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
    own = assessment.observations
    table = own.table if levels is None else frames.read(levels)
    keys = [own.unit_column, *([] if own.period_column is None else [own.period_column])]
    missing = [*table.require(keys, "column"), *table.require(graph.codes, "capability")]
    if missing:
        msg = "the measured levels of capabilities lack columns"
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
        msg = "levels of capabilities must be numbers from 0 to 1, a row for each unit"
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
        own = sources[targets == target]
        n_rows = int((~np.isnan(values[:, [*own.tolist(), target]]).any(axis=1)).sum())
        if n_rows < own.size + 2:
            faults.append(f"{graph.nodes[target]!r}: {n_rows} rows for {own.size} sources")
    if faults:
        msg = "a node needs as many complete rows as it has sources, and two more"
        raise DataError(msg, faults)


def _drawn(  # noqa: PLR0913, PLR0917 each is another part of one regression
    x: Floats,
    y: Floats,
    counts: Floats,
    nominal: Floats,
    prior: Floats,
    ridge: float,
    rng: np.random.Generator,
) -> Floats:
    """Return strengths from 0 to 1 for each set of counts, each held to another prior."""
    unexplained = float((y - x @ nominal).var()) / _scale(y)
    spread = np.sqrt(min(unexplained, 1.0) / ridge) if ridge > 0 else 0.0
    priors = prior + spread * rng.normal(size=(len(counts), prior.size))
    everything = _normal_equations(x, y, np.ones((1, y.size)), prior[np.newaxis], ridge)
    left, right = _normal_equations(x, y, counts, priors, ridge)
    centre, free = _solved(*everything), _solved(left, right)
    # Resampling rows takes residuals for errors, though a fit makes them smaller.
    free = centre + np.sqrt(y.size / (y.size - prior.size - 1)) * (free - centre)
    return _within_range(left, free)


def _scale(y: Floats) -> float:
    """Return the variance that squared residuals are measured by."""
    variance = float(y.var())
    return variance if variance > 1e-15 else 1.0


def _normal_equations(
    x: Floats, y: Floats, counts: Floats, priors: Floats, ridge: float
) -> tuple[Floats, Floats]:
    """Return L and r with L s = r at the least, before bounds, for each set of counts and prior.

    Of the sum of squared residuals over the variance of y, plus ridge times the squared differences
    from the prior: (n_draws, n_sources, n_sources) and (n_draws, n_sources).
    """
    total = np.maximum(counts.sum(axis=1), 1.0)[:, np.newaxis]
    sum_x, sum_y = counts @ x, (counts @ y)[:, np.newaxis]
    square = np.einsum("bn,ni,nj->bij", counts, x, x, optimize=True)
    square -= sum_x[:, :, None] * (sum_x / total)[:, None, :]
    mixed = (counts * y) @ x - sum_x * sum_y / total
    left = square / _scale(y) + ridge * np.eye(x.shape[1])
    return left, mixed / _scale(y) + ridge * priors


def _solved(left: Floats, right: Floats) -> Floats:
    """Return the least-norm answer where the data and the ridge leave several."""
    return np.asarray(np.einsum("bij,bj->bi", np.linalg.pinv(left, hermitian=True), right))


def _within_range(left: Floats, strengths: Floats) -> Floats:
    """Return strengths from 0 to 1, as near to the least as these bounds let them be."""
    strengths = strengths.copy()
    for draw in np.flatnonzero(((strengths < 0) | (strengths > 1)).any(axis=1)).tolist():
        strengths[draw] = _bounded(left[draw], left[draw] @ strengths[draw])
    return strengths


def _bounded(left: Floats, right: Floats) -> Floats:
    """Return the least of s' L s / 2 - r' s within 0 to 1, as least squares of its root."""
    from scipy.optimize import lsq_linear

    values, vectors = np.linalg.eigh(left)
    root = np.sqrt(np.maximum(values, 0.0))
    inverse = np.where(root > 1e-10, 1.0 / np.where(root > 1e-10, root, 1.0), 0.0)
    result = lsq_linear(
        root[:, np.newaxis] * vectors.T, inverse * (vectors.T @ right), bounds=(0, 1), method="bvls"
    )
    return np.asarray(np.clip(result.x, 0.0, 1.0))


def _quality(x: Floats, y: Floats, strengths: Floats) -> list[tuple[Any, ...]]:
    """Return for each source rows, R squared, VIF, condition, and what is not identified."""
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
