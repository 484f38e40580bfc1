"""Every reference case of sensitivity, by its method, within its own tolerance.

The cases are JSON files in the folder that ``DLI_REFERENCE_SENSITIVITY`` names; each has a method,
an input, parameters, expected values and their tolerance.
"""

import json
import os
from pathlib import Path

import numpy as np
import pytest
from numpy.testing import assert_allclose
from scipy.stats import qmc

from dli import Assessment, Index, Indicator, Method
from dli.normalisation import Goalposts
from dli.robustness.arrays import pairwise_winning, rank_acceptability
from dli.sensitivity import WeightNoise, sobol
from dli.sensitivity.arrays import sobol_estimates

SHARED = Path(__file__).parents[3] / "shared"
FOLDER = Path(os.environ.get("DLI_REFERENCE_SENSITIVITY", SHARED / "reference" / "sensitivity"))
CASES = sorted(FOLDER.glob("*.json"))
N_BASE = 2**14
N_DRAWS = 200_000


def _ishigami(x, parameters, _):
    a, b = parameters["a"], parameters["b"]
    return np.sin(x[0]) + a * np.sin(x[1]) ** 2 + b * x[2] ** 4 * np.sin(x[0])


def _additive(x, _, given):
    return np.array(given["coefficients"]) @ x


def _product(x, _, given):
    return x.prod(axis=0)


def _choices(x, _, given):
    """Each factor is cut into as many equal parts as it has levels."""
    shape = np.array(given["shape"])[:, np.newaxis]
    levels = np.minimum((x * shape).astype(int), shape - 1)
    return np.reshape(given["table"], given["shape"])[tuple(levels)]


FUNCTIONS = {
    "sobol_ishigami": _ishigami,
    "sobol_additive": _additive,
    "sobol_product": _product,
    "sobol_discrete_choices": _choices,
}


def _sobol(case):
    given, parameters, expected = case["input"], case["parameters"], case["expected"]
    bounds = given.get("bounds", [[0, 1]] * len(given.get("shape", ())))
    low, high = np.array(bounds, dtype=float).T[:, :, np.newaxis]
    n_factors = len(low)
    numbers = qmc.Sobol(2 * n_factors, rng=np.random.default_rng(0)).random(N_BASE).T
    a, b = (low + (high - low) * part for part in (numbers[:n_factors], numbers[n_factors:]))
    own = np.arange(n_factors)[:, np.newaxis]

    def f(x):
        return FUNCTIONS[case["method"]](x, parameters, given)

    found = sobol_estimates(
        f(a),
        f(b),
        [f(np.where(own == j, b, a)) for j in range(n_factors)],
        f_ba=[f(np.where(own == j, a, b)) for j in range(n_factors)],
    )
    tolerance = case["tolerance"]["for_an_estimator"]["abs"]
    assert_allclose(found.first_order[:, 0], expected["S1"], rtol=0, atol=tolerance)
    assert_allclose(found.total_order[:, 0], expected["ST"], rtol=0, atol=tolerance)
    assert_allclose(found.variance[0], expected["variance"], rtol=tolerance)
    for name in (name for name in expected if name.startswith("S2_")):
        i, j = (int(place) - 1 for place in name.removeprefix("S2_"))
        assert_allclose(found.second_order[i, j, 0], expected[name], rtol=0, atol=tolerance)


def _sobol_rank(case):
    """The rank of a unit in an assessment whose raw weights are uniform between bounds."""
    given, expected = case["input"], case["expected"]
    low, high = np.array(given["bounds"], dtype=float).T
    middle, spread = (low + high) / 2, (high - low) / (high + low)
    codes = [f"x{k}" for k in range(len(low))]
    index = Index(
        "T",
        [Indicator(c, weight=w, goalposts=(0, 1)) for c, w in zip(codes, middle, strict=True)],
    )
    matrix = np.array(given["matrix"], dtype=float)
    data = {"unit": np.arange(len(matrix)), **dict(zip(codes, matrix.T, strict=True))}
    assessment = Assessment(index, data, method=Method(normalisation=Goalposts(0, 1)))
    noise = WeightNoise(dict(zip(codes, spread.tolist(), strict=True)))
    study = sobol(assessment, [noise], n_samples=N_BASE, rng=0, output="rank")
    tolerance = case["tolerance"]["for_an_estimator"]["abs"]
    assert_allclose(study.first_order[:, given["unit"]], expected["S1"], rtol=0, atol=tolerance)
    assert_allclose(study.total_order[:, given["unit"]], expected["ST"], rtol=0, atol=tolerance)
    variance = study.indices.variance[given["unit"]]
    assert_allclose(variance, expected["variance"], rtol=tolerance)


def _smaa(case):
    values = np.array(case["input"]["matrix"], dtype=float)
    expected, tolerance = case["expected"], case["tolerance"]
    exact = np.array(expected["pairwise"], dtype=float)
    found = pairwise_winning(values)
    assert_allclose(found, exact, rtol=0, atol=tolerance["exact_value"]["abs"])
    sure = (exact == 0) | (exact == 1)
    assert (found[sure] == exact[sure]).all()
    study = rank_acceptability(values, n_samples=N_DRAWS, rng=1)
    share = np.array(expected["rank_acceptability"], dtype=float)
    margin = 4.5 * np.sqrt(share * (1 - share) / N_DRAWS) + 1 / N_DRAWS
    assert (np.abs(study.acceptability - share) <= margin).all()
    sure = (share == 0) | (share == 1)
    assert (study.acceptability[sure] == share[sure]).all()
    for unit, central in enumerate(expected["central_weights"]):
        mine = study.central_weights[unit]
        if central is None or None in central:
            assert np.isnan(mine).all()
        elif share[unit, 0] > 0.01:
            # A mean of weights between 0 and 1 over the draws in which the unit is first.
            margin = 4.5 * 0.5 / np.sqrt(share[unit, 0] * N_DRAWS)
            assert_allclose(mine, central, rtol=0, atol=margin)


METHODS = {
    **dict.fromkeys(FUNCTIONS, _sobol),
    "sobol_rank_of_weighted_sum": _sobol_rank,
    "smaa_uniform_simplex": _smaa,
}


@pytest.mark.skipif(not CASES, reason=f"no reference numbers in {FOLDER}")
def test_there_are_cases():
    assert CASES


@pytest.mark.parametrize("path", CASES, ids=lambda path: path.stem)
def test_reference_case(path):
    case = json.loads(path.read_text(encoding="utf-8"))
    assert case["method"] in METHODS, f"{path.name}: unknown method {case['method']!r}"
    METHODS[case["method"]](case)
