"""Uncertainty and sensitivity analysis: how far scores and ranks depend on choices and data."""

from dli.sensitivity.acceptability import central_weights, rank_acceptability
from dli.sensitivity.draws import Draws
from dli.sensitivity.elements import Removals, remove_elements
from dli.sensitivity.importances import Importance, importance
from dli.sensitivity.imputations import Imputations, multiple_imputation
from dli.sensitivity.inputs import (
    Alternatives,
    DirichletWeights,
    DoubtfulAsMissing,
    Exclusion,
    Input,
    Judgements,
    MeasurementError,
    WeightNoise,
)
from dli.sensitivity.sampling import evaluate, uncertainty
from dli.sensitivity.shapley_effects import Shapley, shapley
from dli.sensitivity.sobol_indices import Sobol, sobol
from dli.sensitivity.study import Uncertainty

__all__ = [
    "Alternatives",
    "DirichletWeights",
    "DoubtfulAsMissing",
    "Draws",
    "Exclusion",
    "Importance",
    "Imputations",
    "Input",
    "Judgements",
    "MeasurementError",
    "Removals",
    "Shapley",
    "Sobol",
    "Uncertainty",
    "WeightNoise",
    "central_weights",
    "evaluate",
    "importance",
    "multiple_imputation",
    "rank_acceptability",
    "remove_elements",
    "shapley",
    "sobol",
    "uncertainty",
]


def __dir__() -> list[str]:
    return __all__
