"""Step 7: how far scores and ranks depend on the choices behind them."""

from dli.sensitivity.comparison import Comparison, compare
from dli.sensitivity.dominance import RankRanges, dominance_matrix, rank_ranges
from dli.sensitivity.elements import Removals, remove_elements
from dli.sensitivity.exact import (
    WeightStability,
    central_weights,
    dominating,
    pairwise_winning,
    rank_range,
    weight_stability,
)
from dli.sensitivity.importances import Importance, correlation_ratios, importance
from dli.sensitivity.inputs import (
    Alternatives,
    DirichletWeights,
    Exclusion,
    Input,
    Judgements,
    MeasurementError,
    WeightNoise,
)
from dli.sensitivity.robustness import evaluate, uncertainty
from dli.sensitivity.shapley_effects import Shapley, shapley
from dli.sensitivity.sobol_indices import Sobol, sobol
from dli.sensitivity.stability import (
    Stability,
    pair_robustness,
    weight_stability_intervals,
)
from dli.sensitivity.study import Uncertainty
from dli.sensitivity.variance import Indices, sobol_estimates
from dli.sensitivity.winning import (
    Acceptability,
    pairwise_winning_probabilities,
    rank_acceptability,
)

__all__ = [
    "Acceptability",
    "Alternatives",
    "Comparison",
    "DirichletWeights",
    "Exclusion",
    "Importance",
    "Indices",
    "Input",
    "Judgements",
    "MeasurementError",
    "RankRanges",
    "Removals",
    "Shapley",
    "Sobol",
    "Stability",
    "Uncertainty",
    "WeightNoise",
    "WeightStability",
    "central_weights",
    "compare",
    "correlation_ratios",
    "dominance_matrix",
    "dominating",
    "evaluate",
    "importance",
    "pair_robustness",
    "pairwise_winning",
    "pairwise_winning_probabilities",
    "rank_acceptability",
    "rank_range",
    "rank_ranges",
    "remove_elements",
    "shapley",
    "sobol",
    "sobol_estimates",
    "uncertainty",
    "weight_stability",
    "weight_stability_intervals",
]
