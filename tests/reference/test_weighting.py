"""Every reference case of weighting, by its method, within its own tolerance.

The cases are JSON files in the folder that ``DLI_REFERENCE_WEIGHTING`` names; each has a method, an
input, parameters, expected values and their tolerance.
"""

import csv
import json
import os
from pathlib import Path

import numpy as np
import pytest

from dli.aggregation import adjusted_mazziotta_pareto, mazziotta_pareto
from dli.weighting import (
    AHP,
    ahp_hierarchy,
    ahp_priorities,
    balanced_weights,
    benefit_of_the_doubt,
    best_worst_weights,
    coefficient_of_variation_weights,
    component_weights,
    critic_weights,
    entropy_weights,
    equal_weights,
    group_judgements,
    group_priorities,
    loading_weights,
    merec_weights,
    nested_weights,
    principal_component_weights,
    rank_order_centroid_weights,
    rank_reciprocal_weights,
    rank_sum_weights,
    standard_deviation_weights,
    swara_weights,
)

SHARED = Path(__file__).parents[3] / "shared"
FOLDER = Path(os.environ.get("DLI_REFERENCE_WEIGHTING", SHARED / "reference" / "weighting"))
CASES = sorted(FOLDER.glob("*.json"))


def _consistency(found):
    return {
        "lambda_max": found.lambda_max,
        "consistency_index": found.consistency_index,
        "consistency_ratio": found.consistency_ratio,
    }


def _eigenvector(given, _):
    found = ahp_priorities(given["matrix"])
    return {"priorities": found.weights, **_consistency(found)}


def _geometric(given, _):
    found = ahp_priorities(given["matrix"], method="geometric")
    return {"priorities": found.weights, "gci": found.geometric_consistency_index}


def _incomplete(given, _):
    matrix = np.array(given["matrix"], dtype=float)
    found = ahp_priorities(matrix)
    missing = [(i, j) for i, j in np.argwhere(np.isnan(matrix)).tolist() if i < j]
    return {
        "missing": missing,
        "completed": [found.completed[pair] for pair in missing],
        "priorities": found.weights,
        **_consistency(found),
    }


def _harker(given, _):
    matrix = np.array(given["matrix"], dtype=float)
    found = ahp_priorities(matrix, completion="harker")
    return {"priorities": found.weights, **_consistency(found)}


def _least_squares(given, _):
    matrix = np.array(given["matrix"], dtype=float)
    n = len(matrix)
    found = ahp_priorities(matrix, completion="least_squares", method="geometric")
    residual = found.geometric_consistency_index * (n - 1) * (n - 2) / 2
    return {"priorities": found.weights, "residual": residual}


def _equal_nested(given, _):
    nodes = given["nodes"]
    local = {
        node: dict(zip(children, equal_weights(len(children)), strict=True))
        for node, children in nodes.items()
    }
    effective = nested_weights(given["root"], local)
    leaves = {code: weight for code, weight in effective.items() if code not in nodes}
    flat = dict(zip(leaves, equal_weights(len(leaves)), strict=True))
    return {"leaf_global": leaves, "flat": flat}


def _rotated(given, parameters):
    found = component_weights(
        given["matrix"], loadings="rotated", kaiser=parameters["kaiser_normalise"]
    )
    squares = found.loadings**2
    return {
        "eigenvalues": found.eigenvalues,
        "n_factors": found.loadings.shape[1],
        "loadings": found.loadings,
        "explained": squares.sum(axis=0),
        "scaled_squared": squares / squares.sum(axis=0),
        "factor": found.component,
        "factor_by_raw_loading": squares.argmax(axis=1),
        "weights": found.weights,
    }


def _loadings(given, _):
    weights, component = loading_weights(given["loadings"])
    squares = np.square(given["loadings"])
    explained = squares.sum(axis=0)
    return {
        "explained": explained,
        "scaled_squared": squares / explained,
        "factor": component,
        "weights": weights,
    }


def _group(given, _):
    experts = given["expert_weights"]
    joined = group_judgements(given["matrices"], experts)
    found = ahp_priorities(joined)
    own = np.array([ahp_priorities(matrix).weights for matrix in given["matrices"]])
    return {
        "aij": {"matrix": joined, "priorities": found.weights, **_consistency(found)},
        "individual_priorities": own,
        "aip_arithmetic": group_priorities(own, experts),
        "aip_geometric": group_priorities(own, experts, mean="geometric"),
    }


def _hierarchy(given, _):
    nodes = given["nodes"]
    judged = {code: AHP(node["matrix"], items=node["elements"]) for code, node in nodes.items()}
    found = ahp_hierarchy(given["root"], judged)
    return {
        "local": {
            code: dict(zip(nodes[code]["elements"], own.weights, strict=True))
            for code, own in found.local.items()
        },
        "node_global": {code: found.effective[code] for code in nodes},
        "leaf_global": {c: w for c, w in found.effective.items() if c not in nodes},
        "consistency_ratio": {code: own.consistency_ratio for code, own in found.local.items()},
    }


def _best_worst(given, _):
    found = best_worst_weights(given["best_to_others"], given["others_to_worst"])
    return {
        "weights": found.weights,
        "xi": found.xi,
        "input_consistency_ratio": found.input_consistency_ratio,
    }


def _benefit(given, parameters):
    bounds = None
    if "share_lower" in parameters:
        bounds = np.transpose([parameters["share_lower"], parameters["share_upper"]])
    found = benefit_of_the_doubt(given["matrix"], share_bounds=bounds)
    return {"scores": found.scores, "weights": found.weights}


def _components(given, _):
    found = component_weights(given["matrix"])
    return {
        "weights": principal_component_weights(given["matrix"]),
        "eigenvalues": found.eigenvalues,
        "explained_share": found.explained_share,
        "loadings": found.loadings[:, 0],
        "mixed_signs": found.mixed_signs,
    }


def _mazziotta(given, parameters):
    return mazziotta_pareto(
        given["matrix"], directions=given["direction"], penalty=parameters["penalty"]
    )


def _adjusted_mazziotta(given, parameters):
    return adjusted_mazziotta_pareto(
        given["matrix"],
        directions=given["direction"],
        reference=given["reference"],
        bounds=(given["inf"], given["sup"]),
        penalty=parameters["penalty"],
    )


METHODS = {
    "ahp_eigenvector": _eigenvector,
    "ahp_geometric_mean": _geometric,
    "ahp_incomplete": _incomplete,
    "ahp_incomplete_harker": _harker,
    "ahp_incomplete_llsm": _least_squares,
    "ahp_group": _group,
    "ahp_hierarchy": _hierarchy,
    "best_worst_linear": _best_worst,
    "benefit_of_the_doubt": _benefit,
    "entropy": lambda given, _: {"weights": entropy_weights(given["matrix"])},
    "critic": lambda given, _: {"weights": critic_weights(given["matrix"], given["direction"])},
    "merec": lambda given, _: {"weights": merec_weights(given["matrix"], given["direction"])},
    "standard_deviation": lambda given, parameters: {
        "weights": standard_deviation_weights(given["matrix"], normalise=parameters["normalise"])
    },
    "coefficient_of_variation": lambda given, _: {
        "weights": coefficient_of_variation_weights(given["matrix"])
    },
    "pca_first_component": _components,
    "rank_order_centroid": lambda given, _: {
        "weights": rank_order_centroid_weights(given["ranks"])
    },
    "pca_rotated": _rotated,
    "pca_loadings_to_weights": _loadings,
    "equal": lambda given, _: {"weights": equal_weights(given["n"])},
    "equal_nested": _equal_nested,
    "rank_reciprocal": lambda given, _: {"weights": rank_reciprocal_weights(given["ranks"])},
    "swara": lambda given, _: {"weights": swara_weights(given["order"], given["s"])},
    "rank_sum": lambda given, _: {"weights": rank_sum_weights(given["ranks"])},
    "mazziotta_pareto": lambda given, parameters: {"scores": _mazziotta(given, parameters)},
    "adjusted_mazziotta_pareto": lambda given, parameters: {
        "scores": _adjusted_mazziotta(given, parameters)
    },
}


@pytest.mark.filterwarnings("ignore::dli.DLIWarning")  # some components have mixed signs
@pytest.mark.skipif(not CASES, reason=f"no reference numbers in {FOLDER}")
@pytest.mark.parametrize("path", CASES, ids=lambda path: path.stem)
def test_reference_case(path):
    case = json.loads(path.read_text(encoding="utf-8"))
    method = case["method"]
    assert method in METHODS, f"unknown method {method!r}"
    expected, tolerance = case["expected"], case["tolerance"]
    # A field without a tolerance of its own has that of the eigenvalue that it follows from.
    rest = tolerance if {"abs", "rel"} & set(tolerance) else tolerance.get("lambda_max", {})
    found = METHODS[method](case["input"], case["parameters"])
    for name, value in found.items():
        allowed = tolerance.get(name, rest)
        wanted = expected[name]
        if name == "weights" and "weights_unique" in expected:
            value, wanted = _where_unique(value, wanted, expected["weights_unique"])  # noqa: PLW2901 the part to compare
        _compare(value, wanted, allowed, name)


def _where_unique(value, wanted, unique):
    """Leave out the units whose best weights are not the only ones."""
    if isinstance(unique, bool):
        return (value, wanted) if unique else ([], [])
    rows = [i for i, one in enumerate(unique) if one]
    return [value[i] for i in rows], [wanted[i] for i in rows]


def _compare(value, wanted, allowed, name):
    """Pass when either the absolute or the relative tolerance holds."""
    if isinstance(wanted, dict):
        assert set(value) == set(wanted), name
        for key in wanted:
            _compare(value[key], wanted[key], allowed, f"{name}.{key}")
        return
    value, wanted = np.asarray(value, dtype=float), np.asarray(wanted, dtype=float)
    assert value.shape == wanted.shape, name
    apart = np.abs(value - wanted)
    close = apart <= allowed.get("abs", 0.0)
    close |= apart <= allowed.get("rel", 0.0) * np.abs(wanted)
    assert close.all(), f"{name}: {apart.max():.3g} apart, allowed {allowed}"


# Weights that COINr 1.1.14 computed; in the folder of the other reference numbers.
COINR = Path(os.environ.get("DLI_REFERENCE", SHARED / "reference" / "coinr"))
needs_coinr = pytest.mark.skipif(
    not (COINR / "optw_lev3_equal.csv").exists(), reason=f"no reference numbers in {COINR}"
)


def _table(name):
    with (COINR / f"{name}.csv").open(newline="", encoding="utf-8") as file:
        return list(csv.DictReader(file))


def _columns(codes):
    return np.array([[float(row[code]) for code in codes] for row in _table("agg_amean")])


@needs_coinr
@pytest.mark.filterwarnings("ignore::dli.DLIWarning")
@pytest.mark.parametrize("level", ["lev1", "lev2"])
def test_first_components_are_those_of_coinr(level):
    """COINr's weights are the first eigenvector of each group, of either sign and not scaled."""
    given = {row["iCode"]: float(row["Weight"]) for row in _table(f"pca_{level}_weights")}
    loadings = _table(f"pca_{level}_loadings")
    for group in dict.fromkeys(row["group"] for row in loadings):
        codes = list(dict.fromkeys(row["iCode"] for row in loadings if row["group"] == group))
        vector = np.array([given[code] for code in codes])
        vector *= np.sign(vector.sum())
        values = _columns(codes)
        found = principal_component_weights(values)
        np.testing.assert_allclose(found, vector**2, rtol=1e-8, atol=1e-10)
        if (vector > 0).all():
            plain = principal_component_weights(values, loadings="plain")
            np.testing.assert_allclose(plain, vector / vector.sum(), rtol=1e-8)


@needs_coinr
@pytest.mark.parametrize("name", ["lev3_equal", "lev3_21"])
def test_balanced_weights_do_as_well_as_coinr(name):
    """COINr searches weights of either sign; where its own are not negative they are these."""
    rows = _table(f"optw_{name}")
    targets = [float(row["target"]) for row in rows]
    theirs = np.array([float(row["OptWeight"]) for row in rows])
    found = balanced_weights(_columns([row["iCode"] for row in rows]), targets)
    if (theirs >= 0).all():
        assert found.converged
        np.testing.assert_allclose(found.weights, theirs / theirs.sum(), atol=1e-6)
        reached = [float(row["corr_with_index"]) for row in rows]
        np.testing.assert_allclose(found.correlations, reached, atol=1e-6)
        assert found.objective <= np.exp(float(rows[0]["objective"])) + 1e-20
    else:
        assert not found.converged
