"""Every parameter of what is built on assessments, tried with values of the wrong kind and size."""

import datetime as dt
import inspect
import warnings
from collections.abc import Callable, Iterator
from decimal import Decimal
from importlib import import_module
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import dli.robustness.arrays
import dli.sensitivity.arrays
from dli import (
    Assessment,
    Index,
    Indicator,
    Method,
    capability,
    change,
    diagnosis,
    elicitation,
    exchange,
    links,
    multivariate,
    plots,
    report,
    robustness,
    sensitivity,
    weighting,
)
from dli.aggregation import ArithmeticMean, GeometricMean
from dli.errors import DLIError, DLIWarning
from dli.imputation import RegressionDraws
from dli.normalisation import Goalposts

pytestmark = pytest.mark.once

INDEX = Index(
    "T",
    [
        Index("A", [Indicator("a", goalposts=(0, 10)), Indicator("b", goalposts=(0, 10))]),
        Index("B", [Indicator("c", goalposts=(0, 10)), Indicator("d", goalposts=(0, 10))]),
    ],
)
DATA = {
    "unit": list("UVWXYZ"),
    "a": [1.5, 8, 3, 4, 9, 2],
    "b": [7.0, 2, 3, 6, 1, 5],
    "c": [2.0, 3, 9, 4, 1, 8],
    "d": [5.0, 6, 1, 7, 3, 2],
    "people": [1.0, 2, 3, 4, 5, 6],
    "p": [0.1, 0.5, 0.3, 0.7, 0.2, 0.9],
    "q": [0.4, 0.2, 0.8, 0.1, 0.6, 0.5],
}
ASSESSMENT = Assessment(INDEX, DATA, method=Method(normalisation=Goalposts()))
GRAPH = capability.CapabilityGraph(
    [capability.Capability("p"), capability.Capability("q", kind="barrier")],
    [
        capability.Link("q", "p", 0.4),
        capability.Link("p", "a", 0.3),
        capability.Link("p", "c", 0.3),
    ],
)
INPUTS = [sensitivity.WeightNoise(0.3)]
ROOMS = (
    capability,
    change,
    diagnosis,
    elicitation,
    exchange,
    links,
    multivariate,
    plots,
    report,
    robustness,
    sensitivity,
)
VALUES = ASSESSMENT.arrays(["a", "b", "c"]) / 10

# A valid argument for each parameter without a default, by name; then by callable.
BY_NAME: dict[str, Any] = {
    "assessment": ASSESSMENT, "inputs": INPUTS, "n_samples": 8, "unit": "U", "values": VALUES,
    "weights": [0.5, 0.3, 0.2], "uniforms": np.full((3, 6), 0.5), "n_permutations": 3,
    "scores": [1.0, 2, 3, 4, 5, 7], "columns": [[1.0, 2.0], ["a", "b"]], "index": INDEX,
    "graph": GRAPH, "q": 0.5, "k": 2, "dominates": [[False, True], [False, False]], "output": "mean_rank_shift", "rng": 1,
}  # fmt: skip
BY_CALL: dict[str, dict[str, Any]] = {
    "exemplars": {"node": "a"},
    "multiple_imputation": {"imputation": RegressionDraws()},
    "MeasurementError": {"sd": 0.1},
    "Alternatives": {"step": "aggregation", "options": [ArithmeticMean(), GeometricMean()]},
    "Exclusion": {"codes": "a"},
    "Judgements": {"scheme": weighting.AHP({("a", "b"): (1, 3)}), "node": "A"},
    "Capability": {"code": "x"},
    "Link": {"source": "x", "target": "y", "strength": 0.5},
    "CapabilityGraph": {"capabilities": GRAPH.capabilities, "links": GRAPH.links},
    "dematel": {"direct": [[0, 1, 2], [2, 0, 1], [1, 1, 0]]},
    "total_influence": {"direct": [[0, 0.1], [0.2, 0]]},
    "UncertainGraph": {"strengths": np.full((2, 3), 0.2)},
    "sobol_estimates": {"f_a": [0.0, 1, 2], "f_b": [2.0, 1, 0], "f_ab": [[0.0, 2, 1]]},
    "loading_weights": {"loadings": [[0.9, 0.1], [0.7, 0.5], [0.1, 0.8]]},
    "rank_ranges": {"time_limit": 1.0},
    "league_table": {"errors": 0.5, "n_draws": 50},
    "rank_sets": {"errors": 0.5, "n_draws": 50},
    "tie_groups": {"errors": 0.5, "n_draws": 50},
    "best_sets": {"errors": 0.5, "n_draws": 50},
    "worst_sets": {"errors": 0.5, "n_draws": 50},
    "study.merge": {"other": sensitivity.uncertainty(ASSESSMENT, INPUTS, n_samples=20, rng=2)},
    "graph.dematel": {},
    "graph.total_influence": {},
    "graph.explain": {"unit": "U"},
    "graph.propagate": {"changes": {"p": 0.1}},
    "graph.plan": {"budget": 3},
    "graph.frontier": {"budgets": [1, 2]},
    "graph.estimate": {"n_bootstrap": 4},
    "graph.uncertain": {"n_samples": 3},
    "graph.paths": {"source": "q", "target": "a"},
    "graph.find": {"code": "p"},
    "graph.require": {"codes": ["p"]},
    "graph.with_strengths": {"strengths": [0.1, 0.2, 0.3]},
}
# What functions return: nobody builds it. Files have tests of their own.
RESULTS = {
    "Acceptability", "AverageRanks", "Dematel", "Draws", "Estimate", "Explanation", "Importance", "Imputations", "Indices",
    "Input", "MutualRanking", "Plan", "RankRanges", "RankSets", "Removals", "Shapley", "Sobol", "Stability",
    "TieGroups", "Uncertainty", "WeightStability",
}  # fmt: skip
FILES = {"save", "load", "from_table", "to_graphml", "to_mermaid", "to_networkx", "estimate.levels"}
SCHEMES = (
    "BenefitOfTheDoubt", "Balanced", "PrincipalComponents", "StandardDeviation",
    "balanced_weights", "benefit_of_the_doubt", "coefficient_of_variation_weights",
    "common_benefit_of_the_doubt", "component_weights", "correlation_weights", "critic_weights",
    "entropy_weights", "gini_weights", "loading_weights", "merec_weights",
    "principal_component_weights", "standard_deviation_weights",
)  # fmt: skip

# Text with a lone surrogate, and arrays as names, are the matter of tables and of units.
WRONG: dict[str, Any] = {
    "true": True, "text": "x", "number as text": "3", "empty text": "", "none": None,
    "empty list": [], "empty mapping": {}, "set": {1}, "object": object(), "nan": float("nan"),
    "infinite": float("inf"), "negative": -1, "zero": 0, "half": 1.5, "huge": 10**400,
    "complex": 1j, "decimal": Decimal(1), "date": dt.date(2020, 1, 1), "bytes": b"x",
    "array of three dimensions": np.zeros((2, 2, 2)), "array of text": np.array(["a", "b"]),
    "array of objects": np.array([object()]), "array of none": np.array(1.0),
    "class": Indicator, "function": lambda x: x, "ragged": [[1, [2]], 3], "nested": [[]],
    "mixed": [1, "a"], "mapping of lists": {"a": [1]}, "mapping of text": {"a": "x"},
    "generator": None,
}  # fmt: skip


def _callables() -> Iterator[tuple[str, Callable[..., Any]]]:
    modules = (
        sensitivity, sensitivity.arrays, robustness, robustness.arrays, capability, diagnosis,
    )  # fmt: skip
    for module in modules:
        for name in module.__all__:
            if name not in RESULTS:
                yield f"{module.__name__[4:]}.{name}", getattr(module, name)
    for name in SCHEMES:
        yield f"weighting.{name}", getattr(weighting, name)
    study = sensitivity.uncertainty(ASSESSMENT, INPUTS, n_samples=20, rng=1)
    for label, owner in (("graph", GRAPH), ("study", study)):
        for name, member in inspect.getmembers(type(owner), inspect.isroutine):
            if not name.startswith("_") and name not in FILES:
                bound = getattr(owner, name)
                if inspect.signature(bound).parameters and member is not None:
                    yield f"{label}.{name}", bound


CALLABLES = dict(_callables())


def _valid(label: str, call: Callable[..., Any]) -> dict[str, Any]:
    chosen = BY_CALL.get(label, BY_CALL.get(label.rpartition(".")[2], {}))
    return {
        name: BY_NAME[name]
        for name, parameter in inspect.signature(call).parameters.items()
        if parameter.default is parameter.empty and name not in chosen and name in BY_NAME
    } | chosen


@pytest.mark.parametrize("label", CALLABLES)
def test_every_wrong_kind_of_a_parameter_is_an_error_of_the_library(
    label: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.chdir(tmp_path)  # text is the path of a checkpoint
    call = CALLABLES[label]
    valid = _valid(label, call)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DLIWarning)
        call(**valid)
    faults = []
    for name, parameter in inspect.signature(call).parameters.items():
        if parameter.kind is parameter.VAR_KEYWORD or name == "progress":
            continue
        for kind, value in WRONG.items():
            own = (i for i in range(3)) if kind == "generator" else value
            try:
                with warnings.catch_warnings():
                    warnings.simplefilter("error")
                    warnings.simplefilter("ignore", DLIWarning)
                    call(**{**valid, name: own})
            except DLIError:
                pass
            except Exception as error:  # noqa: BLE001 any other error is the fault looked for
                faults.append(f"{name} {kind}: {error!r}")
    assert not faults


WEIGHTS = [0.5, 0.3, 0.2]


def _upper(scores: Any, errors: Any = None, draws: Any = None) -> Any:
    return dli.robustness.arrays.rank_sets(scores, errors, draws=draws, n_draws=50, rng=1).upper


SCALE_FREE: dict[str, Callable[[Any], Any]] = {
    "minmax deviation": lambda x: weighting.standard_deviation_weights(x, normalise="minmax"),
    "deviation": weighting.standard_deviation_weights,
    "variation": weighting.coefficient_of_variation_weights,
    "gini": weighting.gini_weights,
    "entropy": weighting.entropy_weights,
    "critic": weighting.critic_weights,
    "correlation": weighting.correlation_weights,
    "merec": weighting.merec_weights,
    "components": weighting.principal_component_weights,
    "balanced": lambda x: weighting.balanced_weights(x).weights,
    "doubt": lambda x: weighting.benefit_of_the_doubt(x, share_bounds=(0.1, 0.8)).scores,
    "ratios": lambda x: weighting.benefit_of_the_doubt(x, ratio_bounds=[(0, 1, 0.5, 2)]).scores,
    "common": lambda x: weighting.common_benefit_of_the_doubt(x).scores,
    "loadings": lambda x: weighting.loading_weights(x)[0],
    "ranges": lambda x: dli.robustness.arrays.rank_ranges(x).best,
    "dominance": dli.robustness.arrays.dominance,
    "winning": dli.robustness.arrays.pairwise_winning,
    "stability": lambda x: dli.robustness.arrays.weight_stability(x, WEIGHTS).low,
    "robustness": lambda x: dli.robustness.arrays.pair_robustness(x, WEIGHTS),
    "acceptability": lambda x: (
        dli.robustness.arrays.rank_acceptability(x, n_samples=50, rng=1).acceptability
    ),
    "rank sets": lambda x: _upper(x[:, 0], x[:, 1] / 10),
    "rank sets of draws": lambda x: _upper(x[0], draws=x),
    "correlation ratio": lambda x: dli.sensitivity.arrays.correlation_ratios(x, x.sum(axis=1)),
    "sobol": lambda x: dli.sensitivity.arrays.sobol_estimates(*x.T[:2], x.T[2:]).total_order,
}


@pytest.mark.filterwarnings("ignore::dli.errors.DLIWarning")
@pytest.mark.filterwarnings("error::RuntimeWarning")
@pytest.mark.parametrize("power", [-1000, -520, -250, 250, 520, 1018])
@pytest.mark.parametrize("name", SCALE_FREE)
def test_results_do_not_depend_on_a_power_of_two(name: str, power: int) -> None:
    result = SCALE_FREE[name](VALUES + 0.05)
    scaled = SCALE_FREE[name](np.ldexp(VALUES + 0.05, power))
    np.testing.assert_allclose(scaled, result, rtol=1e-9, atol=1e-12)


def test_the_bounds_of_ratios_hold_for_values_of_any_size() -> None:
    """The solver took a ratio of weights of values near 1e10 for rounding."""
    found = weighting.benefit_of_the_doubt(VALUES * 1e10, ratio_bounds=[(0, 1, 0.5, 2)])
    ratios = found.weights[:, 0] / found.weights[:, 1]
    assert ((ratios > 0.5 - 1e-6) & (ratios < 2 + 1e-6)).all()


def test_weights_of_the_smallest_values_are_an_error() -> None:
    with pytest.raises(DLIError, match="weights for values below 1e-308"):
        weighting.benefit_of_the_doubt(np.full((3, 2), 5e-324))


@pytest.mark.parametrize("concentration", [5e-324, 1e-300, 1e-10])
def test_weights_near_no_concentration_are_the_corners_by_nominal_weight(
    concentration: float,
) -> None:
    index = Index("T", [Indicator("a"), Indicator("b", weight=3)])
    assessment = Assessment(index, {"unit": ["X", "Y"], "a": [1, 0], "b": [0, 1]})
    inputs = [sensitivity.DirichletWeights(concentration)]
    study = sensitivity.uncertainty(assessment, inputs, n_samples=4000, rng=1)
    # A score is 100 with the weight of the one indicator as its chance: sd 100 sqrt(3) / 4.
    np.testing.assert_allclose(study.mean_scores, [25, 75], atol=3)
    np.testing.assert_allclose(study.score_deviations, 43.3, atol=1.5)
    effects = sensitivity.shapley(assessment, inputs, n_permutations=50, rng=1, output="score")
    np.testing.assert_allclose(effects.effects.sum(axis=0), 1.0)


@pytest.mark.parametrize("concentration", [1e30, 1e308])
def test_weights_of_endless_concentration_are_the_nominal_ones(concentration: float) -> None:
    inputs = [sensitivity.DirichletWeights(concentration)]
    study = sensitivity.uncertainty(ASSESSMENT, inputs, n_samples=10, rng=1)
    np.testing.assert_allclose(study.mean_scores, study.nominal_scores)


def test_a_weight_of_zero_stays_zero_near_no_concentration() -> None:
    index = Index("T", [Indicator("a"), Indicator("b", weight=0), Indicator("c")])
    data = {"unit": ["X", "Y"], "a": [1, 0], "b": [0, 1], "c": [0, 1]}
    inputs = [sensitivity.DirichletWeights(1e-10)]
    study = sensitivity.uncertainty(Assessment(index, data), inputs, n_samples=200, rng=1)
    weights = study.inputs(n=200)["weight of b"]
    assert set(np.asarray(weights).tolist()) == {0.0}


def test_uniform_numbers_of_one_are_weights() -> None:
    inputs = [sensitivity.DirichletWeights(1.0)]
    scores = sensitivity.evaluate(ASSESSMENT, inputs, [[1.0] * 6, [0.5] * 6])
    np.testing.assert_allclose(scores[0], scores[1])


@pytest.mark.filterwarnings("error")
@pytest.mark.parametrize("spread", [5e-324, 1e-17, 1 - 2**-53])
def test_noise_at_the_ends_of_its_range_gives_scores(spread: float) -> None:
    inputs = [sensitivity.WeightNoise(spread)]
    study = sensitivity.uncertainty(ASSESSMENT, inputs, n_samples=50, rng=1)
    assert np.isfinite(study.mean_scores).all()
    assert (study.score_deviations.max() > 1) == (spread > 0.5)


@pytest.mark.filterwarnings("error")
@pytest.mark.parametrize(
    ("concentration", "share"),
    [([1e-300, 3e-300], 0.25), ([1e-10, 3e-10], 0.25), ([1e308, 1.5e308], 0.0)],
)
def test_acceptability_at_the_ends_of_concentration(
    concentration: list[float], share: float
) -> None:
    values = [[1.0, 0.0], [0.0, 1.0]]
    found = dli.robustness.arrays.rank_acceptability(
        values, n_samples=4000, rng=1, concentration=concentration
    )
    np.testing.assert_allclose(found.acceptability[0, 0], share, atol=0.03)


def test_an_infinite_concentration_is_an_error() -> None:
    with pytest.raises(DLIError, match="concentration must be 2 finite numbers above 0"):
        dli.robustness.arrays.rank_acceptability(
            [[1.0, 0.0], [0.0, 1.0]], n_samples=5, concentration=[np.inf, 1]
        )


def test_estimates_of_constant_outputs_are_missing() -> None:
    same = np.full(8, 1e300)
    found = dli.sensitivity.arrays.sobol_estimates(same, same, [same], f_ba=[same])
    assert np.isnan(found.total_order).all()
    assert found.variance.tolist() == [0.0]


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: diagnosis.peers(42, "U"), "assessment must be of the class Assessment, got 42"),
        (lambda: sensitivity.importance(INDEX), "assessment must be of the class Assessment"),
        (lambda: GRAPH.check("T"), "index must be of the class Index, got 'T'"),
        (lambda: diagnosis.risks(ASSESSMENT, "U", study=1), "study must be the result of"),
        (
            lambda: GRAPH.with_strengths([0.1]),
            "strengths must have one number for each of the 3 links, got 1",
        ),
        (lambda: GRAPH.plan(ASSESSMENT, "U", budget=1, costs=3), "costs must be a mapping"),
        (
            lambda: GRAPH.plan(ASSESSMENT, "U", budget=1, exclusions=["pq"]),
            "each of the exclusions must be a sequence of codes, got 'pq'",
        ),
        (lambda: sensitivity.evaluate(ASSESSMENT, 3, [[0.5]]), "inputs must be a sequence"),
        (lambda: diagnosis.gower_distances([[[1], 2]]), r"column 0 has \[1\], which is neither"),
        (
            lambda: weighting.BenefitOfTheDoubt(ratio_bounds=[("a", 2, 0.5, 2)]),
            "ratio_bounds must consist of two codes and two finite numbers",
        ),
        (
            lambda: weighting.benefit_of_the_doubt(VALUES, ratio_bounds=[(0, 1)]),
            r"ratio_bounds must be \(code, code, low, high\)",
        ),
        (
            lambda: weighting.BenefitOfTheDoubt(share_bounds=(0.1,)),
            r"bounds must be a pair \(low, high\)",
        ),
    ],
)
def test_errors_name_the_parameter(call: Callable[[], Any], message: str) -> None:
    with pytest.raises(DLIError, match=message):
        call()


def _first_arguments() -> Iterator[tuple[str, str]]:
    for room in ROOMS:
        for name in room.__all__:
            function = getattr(room, name)
            if callable(function) and not inspect.isclass(function):
                yield room.__name__, name


@pytest.mark.parametrize("wrong", [5, "x", None], ids=repr)
@pytest.mark.parametrize(("room", "name"), [*_first_arguments()])
def test_a_first_argument_of_another_class_is_an_error_of_the_library(
    room: str, name: str, wrong: object
) -> None:
    function = getattr(import_module(room), name)
    parameters = [
        parameter
        for parameter in inspect.signature(function).parameters.values()
        if parameter.default is parameter.empty and parameter.kind is not parameter.VAR_KEYWORD
    ]
    by_place = [wrong for own in parameters if own.kind is not own.KEYWORD_ONLY]
    by_name = {own.name: 5 for own in parameters if own.kind is own.KEYWORD_ONLY}
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DLIWarning)
        with pytest.raises(DLIError):
            function(*by_place, **by_name)
