"""Every public function of arrays reads them from any container, and refuses the same things."""

import inspect
from datetime import date
from decimal import Decimal
from importlib import import_module

import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest
from numpy.typing import ArrayLike

from dli.errors import DLIError, MethodError

VALUES = [[0.2, 0.9, 0.4], [0.5, 0.3, 0.8], [0.7, 0.6, 0.1], [0.35, 0.75, 0.55], [0.95, 0.15, 0.65]]
WEIGHTS = [0.5, 0.3, 0.2]
MATRIX = [[1.0, 2.0, 6.0], [0.5, 1.0, 3.0], [1 / 6, 1 / 3, 1.0]]
SCORES = [1.0, 3.0, 2.0, 2.5]
DIRECT = [[0.0, 0.2, 0.1], [0.0, 0.0, 0.3], [0.1, 0.0, 0.0]]
# What each function is called with; the first argument comes in every container.
CALLS = {
    "aggregation.adjusted_mazziotta_pareto": (VALUES, WEIGHTS),
    "aggregation.copeland_scores": (VALUES, WEIGHTS),
    "aggregation.mazziotta_pareto": (VALUES, WEIGHTS),
    "aggregation.ordered_weighted_mean": (VALUES, WEIGHTS, WEIGHTS),
    "aggregation.outranking_matrix": (VALUES, WEIGHTS),
    "aggregation.power_mean": (VALUES, WEIGHTS, 2.0),
    "aggregation.power_mean_directional": (VALUES, WEIGHTS, VALUES, 2.0),
    "aggregation.power_mean_gradient": (VALUES, WEIGHTS, 2.0),
    "aggregation.unobserved_components": (VALUES,),
    "capability.dematel": (DIRECT,),
    "capability.total_influence": (DIRECT,),
    "change.arrays.trends": (VALUES, [1.0, 2.0, 3.0]),
    "elicitation.krippendorff_alpha": (VALUES,),
    "imputation.pool": (VALUES,),
    "multivariate.arrays.cluster_indicators": (VALUES,),
    "multivariate.arrays.correlations": (VALUES,),
    "multivariate.arrays.cronbach_alpha": (VALUES,),
    "multivariate.arrays.principal_components": (VALUES,),
    "multivariate.arrays.redundant_pairs": ([[1.0, 0.95], [0.95, 1.0]],),
    "multivariate.arrays.silent_indicators": (VALUES, [1.0, 2.0, 3.0, 4.0, 5.0]),
    "multivariate.arrays.statistics": (VALUES,),
    "robustness.arrays.best_sets": (SCORES, 0.5),
    "robustness.arrays.dominance": (VALUES,),
    "robustness.arrays.pair_robustness": (VALUES, WEIGHTS),
    "robustness.arrays.pairwise_winning": (VALUES,),
    "robustness.arrays.rank_acceptability": (VALUES,),
    "robustness.arrays.rank_ranges": (VALUES,),
    "robustness.arrays.rank_sets": (SCORES, 0.5),
    "robustness.arrays.tie_groups": (SCORES, 0.5),
    "robustness.arrays.weight_stability": (VALUES, WEIGHTS),
    "robustness.arrays.worst_sets": (SCORES, 0.5),
    "sensitivity.arrays.correlation_ratios": (VALUES, [1.0, 2.0, 3.0, 4.0, 5.0]),
    "screening.data_shares": (VALUES,),
    "treatment.box_cox_transform": (VALUES, 0.5),
    "treatment.clip_percentiles": (VALUES, 10, 90),
    "treatment.has_outliers": (VALUES,),
    "treatment.log_plus_transform": (VALUES,),
    "treatment.log_transform": (VALUES,),
    "treatment.winsorise": (VALUES,),
    "weighting.ahp_priorities": (MATRIX,),
    "weighting.balanced_weights": (VALUES,),
    "weighting.benefit_of_the_doubt": (VALUES,),
    "weighting.best_worst_weights": ([1.0, 2.0, 4.0], [4.0, 2.0, 1.0]),
    "weighting.budget_allocation_weights": ([[50.0, 30.0, 20.0], [40.0, 40.0, 20.0]],),
    "weighting.coefficient_of_variation_weights": (VALUES,),
    "weighting.common_benefit_of_the_doubt": (VALUES,),
    "weighting.component_weights": (VALUES,),
    "weighting.correlation_weights": (VALUES,),
    "weighting.critic_weights": (VALUES,),
    "weighting.entropy_weights": (VALUES,),
    "weighting.gini_weights": (VALUES,),
    "weighting.group_consensus": ([[0.5, 0.3, 0.2], [0.4, 0.4, 0.2]],),
    "weighting.loading_weights": ([[0.9], [0.5], [0.7]],),
    "weighting.merec_weights": (VALUES,),
    "weighting.pairwise_swing_weights": (MATRIX,),
    "weighting.point_weights": ([50.0, 30.0, 20.0],),
    "weighting.principal_component_weights": ([[1.0, 2.0], [2.0, 1.0], [3.0, 5.0], [4.0, 4.0]],),
    "weighting.rank_order_centroid_weights": ([1, 2, 3],),
    "weighting.rank_reciprocal_weights": ([1, 2, 3],),
    "weighting.rank_sum_weights": ([1, 2, 3],),
    "weighting.revisions": (MATRIX,),
    "weighting.sample_judgements": (MATRIX, MATRIX, 3),
    "weighting.standard_deviation_weights": (VALUES,),
    "weighting.swara_weights": ([0, 1, 2], [0.2, 0.3]),
}
OPTIONS = {
    "aggregation.unobserved_components": {
        "alpha": [0, 0, 0],
        "beta": [1, 1, 1],
        "sigma": [1, 2, 3],
    },
    "multivariate.arrays.cluster_indicators": {"n_clusters": 2},
    "robustness.arrays.best_sets": {"n_draws": 50, "rng": 1},
    "robustness.arrays.rank_acceptability": {"n_samples": 50, "rng": 1},
    "robustness.arrays.rank_sets": {"n_draws": 50, "rng": 1},
    "robustness.arrays.tie_groups": {"n_draws": 50, "rng": 1},
    "robustness.arrays.worst_sets": {"n_draws": 50, "rng": 1},
    "weighting.sample_judgements": {"rng": 1},
    "multivariate.arrays.redundant_pairs": {},
}
# Read elsewhere: stacks of matrices, mixed containers, or arrays that follow from a design.
OTHERS = {
    "sensitivity.arrays.sobol_estimates",
    "diagnosis.gower_distances",
    "elicitation.join_ratings",
    "weighting.group_judgements",
    "weighting.group_priorities",
}


def _objects(values):
    return np.vectorize(lambda x: Decimal(repr(x)), otypes=[object])(np.array(values, dtype=float))


def _frame(make):
    def made(values):
        array = np.array(values, dtype=float)
        if array.ndim == 1:
            return {pd.DataFrame: pd.Series, pl.DataFrame: pl.Series, pa.table: pa.array}[make](
                array
            )
        return make({f"c{j}": array[:, j] for j in range(array.shape[1])})

    return made


CONTAINERS = {
    "tuples": lambda v: tuple(tuple(row) if isinstance(row, list) else row for row in v),
    "array": np.array,
    "masked": np.ma.masked_array,
    "decimals": _objects,
    "pandas": _frame(pd.DataFrame),
    "polars": _frame(pl.DataFrame),
    "arrow": _frame(pa.table),
}
REFUSED = {
    "text": "abc",
    "words": [["a", "b"], ["c", "d"]],
    "mapping": {"a": [1.0]},
    "set": {1.0, 2.0},
    "complex": [[1j, 1.0], [1.0, 2.0]],
    "dates": [[date(2020, 1, 1)] * 2] * 2,
    "datetimes": np.array([["2020", "2021"]] * 2, dtype="datetime64[ns]"),
    "booleans": np.array([[True, False], [False, True]]),
    "huge": [[10**400, 1], [1, 2]],
    "object": object(),
    "ragged": [[1.0, 2.0], [1.0]],
}


def _function(name):
    module, _, function = name.rpartition(".")
    return getattr(import_module(f"dli.{module}"), function)


def _call(name, first):
    return _function(name)(first, *CALLS[name][1:], **OPTIONS.get(name, {}))


def _plain(result):
    """Return a result as nested tuples of numbers and text."""
    if isinstance(result, np.ndarray):
        return result.tolist()
    if hasattr(result, "__attrs_attrs__"):
        return [_plain(getattr(result, field.name)) for field in result.__attrs_attrs__]
    if isinstance(result, (tuple, list)):
        return [_plain(item) for item in result]
    return result


def test_no_function_of_arrays_is_left_out():
    import tomllib
    from pathlib import Path

    names = tomllib.loads((Path(__file__).parent / "public_names.toml").read_text())
    found = set()
    for module, public in names.items():
        for name in public:
            function = getattr(import_module(module), name)
            if not inspect.isfunction(function):
                continue
            parameters = list(inspect.signature(function).parameters.values())
            if parameters and parameters[0].annotation == ArrayLike:
                found.add(f"{module.removeprefix('dli.')}.{name}")
    assert found - set(CALLS) - OTHERS == set()


@pytest.mark.parametrize("name", CALLS)
def test_any_container_gives_the_same_result(name):
    expected = _plain(_call(name, CALLS[name][0]))
    for make in CONTAINERS.values():
        np.testing.assert_equal(_plain(_call(name, make(CALLS[name][0]))), expected)


@pytest.mark.parametrize("name", CALLS)
def test_what_does_not_hold_numbers_is_refused(name):
    for value in (*REFUSED.values(), iter([[1.0, 2.0]])):
        with pytest.raises(DLIError):
            _call(name, value)


@pytest.mark.parametrize("name", [n for n, call in CALLS.items() if call[0] is VALUES])
def test_a_mask_is_a_missing_value_and_never_the_number_below_it(name):
    gap = [list(row) for row in VALUES]
    gap[1][2] = np.nan
    hidden = np.ma.masked_array(VALUES, mask=np.isnan(gap))
    hidden.data[1, 2] = -9999.0
    results = []
    for values in (gap, hidden):
        try:
            results.append(_plain(_call(name, values)))
        except MethodError as error:
            results.append(str(error))
    np.testing.assert_equal(results[1], results[0])
