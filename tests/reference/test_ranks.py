"""Confidence sets of ranks of PISA 2018, against those of the R package csranks.

The two tables are in the folder that ``DLI_REFERENCE_RANKS`` names: the scores with their standard
errors, and the sets that csranks 1.2.2 computed from them with 10,000 draws.
"""

import csv
import os
from collections import defaultdict
from functools import cache
from pathlib import Path

import numpy as np
import pytest

from dli.robustness.arrays import best_sets, rank_sets, worst_sets

SHARED = Path(__file__).parents[3] / "shared"
FOLDER = Path(os.environ.get("DLI_REFERENCE_RANKS", SHARED / "reference" / "ranks"))

pytestmark = pytest.mark.skipif(not FOLDER.is_dir(), reason="no folder of reference numbers")

# csranks gave the same set with two seeds, but a difference of these units is as large as its
# critical value within the error of 10,000 draws, 0.01: chance decides whether it counts.
TOSS_UPS = {
    ("reading", "0.9", "two-sided", "true", "true"): ("Czech Republic", "Denmark"),
    ("reading", "0.9", "lower", "true", "true"): ("Czech Republic",),
    ("reading", "0.9", "upper", "true", "true"): ("Denmark",),
    ("math", "0.95", "lower", "false", "true"): ("Sweden",),
}


def _rows(name):
    with (FOLDER / name).open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


@cache
def _data():
    return _rows("pisa2018.csv")


def _numbers(column):
    return [float(row[column] or "nan") for row in _data()]


def _places():
    return {row["jurisdiction"]: i for i, row in enumerate(_data())}


def _cases():
    cases = defaultdict(list)
    if FOLDER.is_dir():
        for row in _rows("rank_sets.csv"):
            keys = ("subject", "coverage", "side", "simultaneous", "stepdown", "stable")
            cases[tuple(row[key] for key in keys)].append(row)
    return cases


CASES = _cases()


@cache
def _sets(subject, coverage, side, simultaneous, stepdown):
    # The error of a critical value is 0.01 with 10,000 draws and 0.003 with 100,000.
    return rank_sets(
        _numbers(f"{subject}_score"),
        _numbers(f"{subject}_se"),
        confidence=float(coverage),
        side=side,
        simultaneous=simultaneous == "true",
        stepdown=stepdown == "true",
        n_draws=100_000 if simultaneous == "true" else 10_000,
        rng=1,
    )


def _bounds(subject, coverage, side, simultaneous, stepdown):
    if simultaneous == "false":
        sets = _sets(subject, coverage, side, simultaneous, stepdown)
        return sets.ranks, sets.lower, sets.upper
    # Of all units together each side is that of the two-sided sets, as tests of laws show.
    sets = _sets(subject, coverage, "two-sided", simultaneous, stepdown)
    n = np.nanmax(sets.ranks)
    lower = np.ones(sets.lower.size) if side == "upper" else sets.lower
    return sets.ranks, lower, np.full(sets.upper.size, n) if side == "lower" else sets.upper


@pytest.mark.parametrize("case", CASES, ids="-".join)
def test_sets_are_those_of_the_package(case):
    *settings, stable = case
    ranks, lower, upper = _bounds(*settings)
    place = _places()
    known = {row["jurisdiction"] for row in CASES[case]}
    assert known == {name for name, i in place.items() if not np.isnan(ranks[i])}
    others = set()
    for row in CASES[case]:
        i = place[row["jurisdiction"]]
        distance = max(abs(lower[i] - int(row["lower"])), abs(upper[i] - int(row["upper"])))
        assert ranks[i] == int(row["rank"])
        # With 10,000 draws one difference that chance decides can take another with it.
        assert distance <= (1 if "true" in settings[3] else 2), row["jurisdiction"]
        if distance:
            others.add(row["jurisdiction"])
    if stable == "true":
        assert others <= set(TOSS_UPS.get(tuple(settings), ()))


@pytest.mark.parametrize("settings", TOSS_UPS, ids="-".join)
def test_differences_that_chance_decides_are_as_large_as_the_critical_value(settings):
    subject, coverage, side, simultaneous, stepdown = settings
    side = "two-sided" if simultaneous == "true" else side
    sets = _sets(subject, coverage, side, simultaneous, stepdown)
    score, error = _numbers(f"{subject}_score"), _numbers(f"{subject}_se")
    score, error = np.array(score), np.array(error)
    for name in TOSS_UPS[settings]:
        i = _places()[name]
        gaps = np.abs(score - score[i]) / np.hypot(error, error[i])
        assert np.nanmin(np.abs(gaps - sets.critical_values[i])) < 0.015


@pytest.mark.parametrize(
    ("sets", "k", "names"),
    [
        (best_sets, 1, "Estonia, Japan, Korea, Netherlands, Poland, Switzerland"),
        (worst_sets, 1, "Colombia, Costa Rica"),
        (
            best_sets,
            5,
            (
                "Belgium, Canada, Denmark, Estonia, Finland, Japan, Korea, Netherlands, Poland, "
                "Slovenia, Sweden, Switzerland"
            ),
        ),
        (worst_sets, 5, "Chile, Colombia, Costa Rica, Greece, Israel, Mexico, Türkiye"),
    ],
)
def test_the_best_and_the_worst_are_those_of_the_package(sets, k, names):
    inside = sets(_numbers("math_score"), _numbers("math_se"), k, rng=1)
    assert [row["jurisdiction"] for row, own in zip(_data(), inside, strict=True) if own] == (
        names.split(", ")
    )
