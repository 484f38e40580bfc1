"""Step 7: how far scores and ranks depend on the choices behind them."""

from dli.sensitivity.comparison import Comparison, compare
from dli.sensitivity.elements import Removals, remove_elements
from dli.sensitivity.inputs import (
    Alternatives,
    DirichletWeights,
    Exclusion,
    Input,
    Judgements,
    MeasurementError,
    WeightNoise,
)
from dli.sensitivity.uncertainty import Uncertainty, evaluate, uncertainty

__all__ = [
    "Alternatives",
    "Comparison",
    "DirichletWeights",
    "Exclusion",
    "Input",
    "Judgements",
    "MeasurementError",
    "Removals",
    "Uncertainty",
    "WeightNoise",
    "compare",
    "evaluate",
    "remove_elements",
    "uncertainty",
]
