"""Uncertainty and sensitivity, with the draws that the reference numbers were made from."""

import numpy as np
import pytest
from numpy.testing import assert_allclose
from tests.reference.coinr import FOLDER, META, TOLERANCE, number, numbers, rows

from dli import aggregation, normalisation, treatment
from dli.ranking import rank_scores
from dli.sensitivity import Alternatives, evaluate
from dli.sensitivity.arrays import sobol_estimates


class WeightSets:
    """Take one of several sets of weights: an input of the user's own."""

    def __init__(self, sets):
        self.sets = sets

    def factors(self, assessment):
        return ["weight set"]

    def apply(self, uniforms, draws):
        which = np.minimum((uniforms[0] * len(self.sets)).astype(int), len(self.sets) - 1)
        for code in self.sets[0]:
            factors = np.array([own[code] for own in self.sets])
            draws.scale(code, factors[which] / draws.index.find(code).weight)


@pytest.fixture(scope="module")
def sets():
    found = {}
    for row in rows(FOLDER / "weight_sets.csv"):
        if row["iCode"] != top():
            found.setdefault(row["set"], {})[row["iCode"]] = number(row["Weight"])
    return list(found.values())


def top():
    return next(row["iCode"] for row in rows(META) if row["Parent"] in ("", "NA")
                and row["Type"] == "Aggregate")  # fmt: skip


@pytest.fixture(scope="module")
def inputs(settings, sets):
    points = sorted({int(row["Winmax"]) for kind in ("ua", "sa")
                     for row in rows(FOLDER / f"{kind}_params.csv")})  # fmt: skip
    return [
        Alternatives(
            "treatment",
            [treatment.Winsorise(n, settings["skew"], settings["kurt"]) for n in points],
        ),
        Alternatives(
            "normalisation",
            [
                normalisation.MinMax(*settings["sa_mm"], ends="observed"),
                normalisation.ZScore(*settings["sa_z"]),
            ],
        ),
        Alternatives("aggregation", [aggregation.ArithmeticMean(), aggregation.GeometricMean()]),
        WeightSets(sets),
    ]


def given(kind, inputs, sets):
    """Give the uniform numbers that stand for the draws of a file."""
    points = [scheme.max_points for scheme in inputs[0].choices]
    means = ["a_amean", "a_gmean"]
    return np.array(
        [
            [
                (points.index(int(row["Winmax"])) + 0.5) / len(points),
                (int(row["Normalisation"]) - 0.5) / 2,
                (means.index(row["Aggregation"]) + 0.5) / 2,
                (int(row["WeightSet"]) - 0.5) / len(sets),
            ]
            for row in rows(FOLDER / f"{kind}_params.csv")
        ]
    )


def of_file(name):
    columns = [c for c in rows(FOLDER / f"{name}.csv")[0] if c.startswith("r_")]
    return numbers(name, columns).T


def test_scores_and_ranks_of_given_draws(assessment, inputs, sets):
    scores = evaluate(assessment, inputs, given("ua", inputs, sets))
    assert_allclose(scores, of_file("ua_scores"), **TOLERANCE)
    assert_allclose(rank_scores(scores), of_file("ua_ranks"))
    assert_allclose(
        assessment.rank_array(assessment.index.code), numbers("ua_ranks", ["Nominal"])[:, 0]
    )


@pytest.mark.parametrize("kind", ["ua", "sa"])
def test_statistics_of_ranks(kind, assessment, inputs, sets):
    draws = given(kind, inputs, sets)
    if kind == "sa":
        # COINr takes the two base samples only.
        draws = draws[: 2 * len(draws) // (len(inputs) + 2)]
    ranks = rank_scores(evaluate(assessment, inputs, draws))
    found = np.stack(
        [ranks.mean(axis=0), np.median(ranks, axis=0), *np.quantile(ranks, [0.05, 0.95], axis=0)]
    )
    expected = numbers(f"{kind}_rankstats", ["Mean", "Median", "Q5", "Q95"])
    assert_allclose(found.T, expected, **TOLERANCE)


def test_the_mean_rank_shift_of_each_draw(assessment, inputs, sets):
    ranks = rank_scores(evaluate(assessment, inputs, given("sa", inputs, sets)))
    assert_allclose(ranks, of_file("sa_ranks"))
    nominal = assessment.rank_array(assessment.index.code)
    shifts = np.abs(ranks - nominal).mean(axis=1)
    assert_allclose(shifts, numbers("sa_y", ["y"])[:, 0], **TOLERANCE)


def check_indices(y, n, name):
    """Compare with indices of a design A, B, AB_1 ...; COINr neither centres nor divides by n."""
    parts = np.asarray(y).reshape(-1, n)
    found = sobol_estimates(parts[0], parts[1], parts[2:], centred=False, ddof=1)
    expected = numbers(name, ["Si", "STi"])
    assert_allclose(found.first_order[:, 0], expected[:, 0], **TOLERANCE)
    assert_allclose(found.total_order[:, 0], expected[:, 1], **TOLERANCE)


def test_indices_of_given_draws(assessment, inputs, sets):
    ranks = rank_scores(evaluate(assessment, inputs, given("sa", inputs, sets)))
    nominal = assessment.rank_array(assessment.index.code)
    y = np.abs(ranks - nominal).mean(axis=1)
    check_indices(y, len(y) // (len(inputs) + 2), "sa_indices")


def test_indices_of_the_ishigami_function():
    y = numbers("sa_ishigami", ["y"])[:, 0]
    n_factors = len(rows(FOLDER / "sa_ishigami_indices.csv"))
    check_indices(y, len(y) // (n_factors + 2), "sa_ishigami_indices")
