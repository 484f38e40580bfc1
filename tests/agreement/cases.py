"""One set of assessments that every function of an assessment runs on, and every such function."""

import inspect

import numpy as np
from attrs import evolve

from dli import (
    Assessment,
    Coverage,
    Index,
    Indicator,
    Method,
    change,
    diagnosis,
    frames,
    links,
    multivariate,
    robustness,
    sensitivity,
)
from dli.aggregation import GeometricMean, Minimum, OrderedWeighted, PowerMean, Ratio, Sum
from dli.imputation import ColumnMean, RegressionDraws
from dli.normalisation import (
    FractionOfMax,
    Goalposts,
    MinMax,
    PercentileRank,
    RankExponential,
    ZScore,
)

ENDS = {1: (0.0, 100.0), -1: (100.0, 0.0)}
SIGNS = {"a": 1, "b": -1, "c": 1, "d": 1, "e": -1, "f": 1}
WEIGHTS = {"b": 2.0, "d": 3.0, "B": 2.0}


def leaf(code):
    sign = SIGNS[code]
    return Indicator(code, direction=sign, weight=WEIGHTS.get(code, 1.0), goalposts=ENDS[sign])


TREE = Index(
    "T",
    [
        Index("A", [leaf("a"), leaf("b")]),
        Index("B", [leaf("c"), leaf("d"), leaf("e")], weight=2.0),
        leaf("f"),
    ],
)
CODES = list(SIGNS)


class OwnBest:
    """Each unit weighs its better children more: weights of units."""

    def weights(self, values, children):
        known = np.nan_to_num(values, nan=0.0) + 10
        return known / known.sum(axis=1, keepdims=True)


def table(n_units, seed, *, gaps=0.0, ratings=False):
    rng = np.random.default_rng(seed)
    values = (
        rng.integers(0, 6, (n_units, 6)) * 20.0 if ratings else rng.uniform(5, 95, (n_units, 6))
    )
    values[rng.random(values.shape) < gaps] = np.nan
    values[:, 5] = np.where(np.isnan(values).all(axis=1), 50.0, values[:, 5])
    return {
        "unit": [f"u{i}" for i in range(n_units)],
        "income": rng.uniform(1, 9, n_units),
        **dict(zip(CODES, values.T, strict=True)),
    }


def panel():
    parts = [table(7, seed, gaps=0.15) for seed in (1, 2, 3)]
    # A unit is absent in the first year, another in the last.
    keep = [range(1, 7), range(7), range(6)]
    rows = [(year, part, i) for year, part, own in zip((2019, 2020, 2021), parts, keep, strict=True)
            for i in own]  # fmt: skip
    rows.sort(key=lambda row: (row[2] * 5 % 7, row[0]))  # neither by unit nor by year
    columns = {name: [part[name][i] for _, part, i in rows] for name in parts[0]}
    return {**columns, "year": [year for year, _, _ in rows]}


def assess(data, tree=TREE, **options):
    method = Method(normalisation=Goalposts(1, 100), **options)
    return Assessment(tree, data, period="year" if "year" in data else None, method=method)


def normalised(choice):
    """Return the tree with both sub-indices normalised, and the index best at 100."""
    a, b, f = TREE.children
    nodes = [evolve(a, normalisation=choice), evolve(b, normalisation=choice), f]
    return Index("T", nodes, normalisation=FractionOfMax(100))


MIXED = {"A": GeometricMean(), "B": OrderedWeighted([0.1, 0.2, 0.7])}
ASSESSMENTS = {
    "plain": lambda: assess(table(9, 0)),
    "gaps": lambda: assess(table(9, 4, gaps=0.25)),
    "propagate": lambda: assess(table(9, 5, gaps=0.05), missing="propagate"),
    "coverage": lambda: assess(table(9, 6, gaps=0.3), coverage=0.6),
    "panel": lambda: assess(panel()),
    "own weights": lambda: assess(table(9, 7), weighting=OwnBest()),
    "ties": lambda: assess(table(9, 8, ratings=True)),
    "mixed": lambda: assess(table(9, 9), aggregation=MIXED),
    "mixed ties": lambda: assess(table(9, 10, ratings=True), aggregation=MIXED),
    "minimum": lambda: assess(table(9, 11, ratings=True), aggregation={"T": Minimum()}),
    "power": lambda: assess(table(9, 12, gaps=0.1), aggregation=PowerMean(-0.5)),
    "stretched nodes": lambda: assess(table(9, 15, gaps=0.1), normalised(MinMax(1, 100))),
    "standardised nodes": lambda: assess(table(9, 16), normalised(ZScore(50, 10))),
    "ranked nodes": lambda: assess(table(9, 17, ratings=True), normalised(PercentileRank(1, 100))),
    "ranked panel": lambda: assess(panel(), normalised(RankExponential())),
    "filled nodes": lambda: assess(
        table(9, 18, gaps=0.4),
        normalised(FractionOfMax(100)),
        node_imputation={"A": ColumnMean()},
        coverage=Coverage(share=0.6, of="indicators"),
    ),
    "rounded": lambda: assess(table(9, 19, gaps=0.1), normalised(MinMax(1, 100)), decimals=1),
    "formulas": lambda: assess(table(9, 20, gaps=0.1), aggregation={"A": Ratio(), "B": Sum()}),
    "two units": lambda: assess(table(2, 13)),
    "one unit": lambda: assess(table(1, 14)),
}


def unit_of(assessment, period):
    """Return the unit in the middle of those that have a score."""
    rows = assessment.rows(period)
    scores = assessment.array("T")[rows]
    order = [
        row for row in np.argsort(-np.nan_to_num(scores, nan=-np.inf)) if not np.isnan(scores[row])
    ]
    return assessment.units[rows[order[len(order) // 2]]]


def other_of(assessment, period):
    """Return the best unit, or the second best if that is the one in the middle."""
    rows = assessment.rows(period)
    scores = np.nan_to_num(assessment.array("T")[rows], nan=-np.inf)
    return next(
        assessment.units[rows[i]]
        for i in np.argsort(-scores)
        if assessment.units[rows[i]] != unit_of(assessment, period)
    )


def cells(frame):
    """Return the columns of a table of any library."""
    read = frames.read(frame, empty=True)
    return {name: read.column(name) for name in read.names}


def of_period(assessment, frame, period):
    """Return the rows of a period, without the column that names it."""
    columns = cells(frame)
    if "year" not in columns:
        return columns
    keep = [i for i, year in enumerate(columns["year"]) if year == period]
    return {n: [c[i] for i in keep] for n, c in columns.items() if n != "year"}


def rows_in(assessment, array, period):
    """Return an array of a value for each row as columns by unit."""
    rows = assessment.rows(period)
    return {"unit": [assessment.units[i] for i in rows], "value": np.asarray(array)[rows].tolist()}


def square(assessment, matrix, period):
    units = [assessment.units[i] for i in assessment.rows(period)]
    pairs = [(a, b) for a in units for b in units]
    return {"pair": pairs, "value": np.asarray(matrix, dtype=float).ravel().tolist()}


def edges(assessment, graph, period):
    return {"pair": list(graph.edges), "value": [1.0] * graph.number_of_edges()}


def that_vary(components):
    """Return the components that have a variance; the direction of others is anything."""
    keep = [i for i, value in enumerate(components["eigenvalue"]) if value > 1e-9]
    return {name: [column[i] for i in keep] for name, column in components.items()}


def study(assessment):
    noise = [sensitivity.WeightNoise(0.3)]
    return sensitivity.uncertainty(assessment, noise, n_samples=64, rng=1)


# What each function is called with, and its result as columns that can be compared.
FUNCTIONS = {
    "robustness.pairwise_winning": lambda a, p: square(
        a, robustness.pairwise_winning(a, period=p), p
    ),
    "robustness.rank_ranges": lambda a, p: of_period(a, robustness.rank_ranges(a), p),
    "robustness.rank_sets": lambda a, p: of_period(
        a, robustness.rank_sets(a, 1e-6, n_draws=200, rng=1, period=p), p
    ),
    "robustness.league_table": lambda a, p: of_period(
        a, robustness.league_table(a, 1e-6, n_draws=200, rng=1, period=p), p
    ),
    "robustness.tie_groups": lambda a, p: of_period(
        a, robustness.tie_groups(a, 1e-6, n_draws=200, rng=1, period=p), p
    ),
    "robustness.dominance": lambda a, p: square(a, robustness.dominance(a, period=p), p),
    "robustness.average_ranks": lambda a, p: of_period(a, robustness.average_ranks(a, period=p), p),
    "robustness.mutual_ranking_probabilities": lambda a, p: square(
        a, robustness.mutual_ranking_probabilities(a, period=p), p
    ),
    "robustness.order": lambda a, p: edges(a, robustness.order(a, period=p), p),
    "robustness.weight_stability": lambda a, p: of_period(
        a, robustness.weight_stability(a, period=p).table, p
    ),
    "robustness.pair_robustness": lambda a, p: square(
        a, robustness.pair_robustness(a, period=p), p
    ),
    "sensitivity.uncertainty": lambda a, p: of_period(a, study(a).rank_intervals(), p),
    "sensitivity.evaluate": lambda a, p: rows_in(
        a,
        sensitivity.evaluate(a, [sensitivity.Exclusion("A")], [[0.9]])[0],
        p,
    ),
    "sensitivity.sobol": lambda a, p: of_period(
        a,
        sensitivity.sobol(
            a, [sensitivity.WeightNoise({1: 0.3})], n_samples=8, rng=1, output="rank"
        ).intervals(),
        p,
    ),
    "sensitivity.shapley": lambda a, p: of_period(
        a,
        sensitivity.shapley(
            a, [sensitivity.WeightNoise({1: 0.3})], n_permutations=4, rng=1, output="rank"
        ).table,
        p,
    ),
    "sensitivity.rank_acceptability": lambda a, p: rows_in(
        a, sensitivity.rank_acceptability(a, n_samples=64, rng=1).acceptability[:, 0], p
    ),
    "sensitivity.central_weights": lambda a, p: of_period(
        a, sensitivity.central_weights(a, n_samples=64, rng=1), p
    ),
    "sensitivity.multiple_imputation": lambda a, p: of_period(
        a,
        sensitivity.multiple_imputation(a, RegressionDraws(), m=3, rng=1, period=p).table,
        p,
    ),
    "sensitivity.importance": lambda a, p: cells(sensitivity.importance(a, period=p).table),
    "sensitivity.remove_elements": lambda a, p: of_period(
        a, sensitivity.remove_elements(a).ranks, p
    ),
    "diagnosis.weaknesses": lambda a, p: cells(diagnosis.weaknesses(a, unit_of(a, p), period=p)),
    "diagnosis.strengths": lambda a, p: cells(diagnosis.strengths(a, unit_of(a, p), period=p)),
    "diagnosis.peers": lambda a, p: of_period(a, diagnosis.peers(a, unit_of(a, p), period=p), p),
    "diagnosis.exemplars": lambda a, p: of_period(
        a, diagnosis.exemplars(a, unit_of(a, p), "T", period=p), p
    ),
    "diagnosis.balance": lambda a, p: of_period(a, diagnosis.balance(a), p),
    "diagnosis.risks": lambda a, p: cells(diagnosis.risks(a, unit_of(a, p), period=p)),
    "change.difference": lambda a, p: cells(
        change.difference(a, unit_of(a, p), other_of(a, p), period=p)
    ),
    "multivariate.correlations": lambda a, p: of_period(a, multivariate.correlations(a), p),
    "multivariate.with_ancestors": lambda a, p: of_period(a, multivariate.with_ancestors(a), p),
    "multivariate.cronbach_alpha": lambda a, p: of_period(a, multivariate.cronbach_alpha(a), p),
    "multivariate.principal_components": lambda a, p: that_vary(
        of_period(a, multivariate.principal_components(a), p)
    ),
    "multivariate.cluster_indicators": lambda a, p: of_period(
        a, multivariate.cluster_indicators(a, n_clusters=2), p
    ),
    "multivariate.statistics": lambda a, p: of_period(a, multivariate.statistics(a), p),
    "links.with_variables": lambda a, p: of_period(a, links.with_variables(a, "income"), p),
}
# Functions of several periods or several assessments, tested for themselves.
OF_SEVERAL = {
    "change.change",
    "change.rank_change",
    "change.compare",
    "change.convergence",
    "change.dispersion",
    "change.trends",
    "change.period_changes",
    "links.with_assessments",
}


def functions_of_an_assessment():
    """Return the public functions whose first argument is an assessment."""
    found = set()
    for module in (robustness, sensitivity, diagnosis, change, multivariate, links):
        for name in module.__all__:
            item = getattr(module, name)
            if inspect.isfunction(item):
                first = next(iter(inspect.signature(item).parameters), "")
                if first in {"assessment", "assessments", "before"}:
                    found.add(f"{module.__name__.removeprefix('dli.')}.{name}")
    return found
