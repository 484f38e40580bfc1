"""Uncertain inputs of an assessment: weights, judgements, choices of method, nodes and data."""

from dli.sensitivity.inputs.choices import Alternatives, Exclusion
from dli.sensitivity.inputs.data import MeasurementError
from dli.sensitivity.inputs.doubtful import DoubtfulAsMissing
from dli.sensitivity.inputs.protocol import Input
from dli.sensitivity.inputs.weights import DirichletWeights, Judgements, WeightNoise

__all__ = [
    "Alternatives",
    "DirichletWeights",
    "DoubtfulAsMissing",
    "Exclusion",
    "Input",
    "Judgements",
    "MeasurementError",
    "WeightNoise",
]


def __dir__() -> list[str]:
    return __all__
