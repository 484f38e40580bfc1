"""Step 7: how far scores and ranks depend on the choices behind them."""

from dli.sensitivity.comparison import Comparison, compare
from dli.sensitivity.elements import Removals, remove_elements
from dli.sensitivity.importance import Importance, correlation_ratios, importance
from dli.sensitivity.inputs import (
    Alternatives,
    DirichletWeights,
    Exclusion,
    Input,
    Judgements,
    MeasurementError,
    WeightNoise,
)
from dli.sensitivity.shapley import Shapley, shapley
from dli.sensitivity.sobol import Sobol, sobol
from dli.sensitivity.study import Uncertainty
from dli.sensitivity.uncertainty import evaluate, uncertainty
from dli.sensitivity.variance import Indices, sobol_estimates

__all__ = [
    "Alternatives",
    "Comparison",
    "DirichletWeights",
    "Exclusion",
    "Importance",
    "Indices",
    "Input",
    "Judgements",
    "MeasurementError",
    "Removals",
    "Shapley",
    "Sobol",
    "Uncertainty",
    "WeightNoise",
    "compare",
    "correlation_ratios",
    "evaluate",
    "importance",
    "remove_elements",
    "shapley",
    "sobol",
    "sobol_estimates",
    "uncertainty",
]
