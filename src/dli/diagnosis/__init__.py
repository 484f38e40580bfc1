"""Diagnosis of a unit's score: weaknesses and strengths, peers, balance and risks (step 8)."""

from dli.diagnosis.best_practice import exemplars
from dli.diagnosis.evenness import balance
from dli.diagnosis.gaps import strengths, weaknesses
from dli.diagnosis.risk_flags import risks
from dli.diagnosis.similarity import gower_distances, peers

__all__ = [
    "balance",
    "exemplars",
    "gower_distances",
    "peers",
    "risks",
    "strengths",
    "weaknesses",
]


def __dir__() -> list[str]:
    return __all__
