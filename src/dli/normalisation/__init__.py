"""Normalisation (step 5): put all indicators on one scale with one direction."""

from dli.normalisation.bounded import Goalposts, MinMax, Scaled
from dli.normalisation.direct import CutOff, Reciprocal, Unscaled
from dli.normalisation.distributions import NormalScores, RankExponential
from dli.normalisation.fitted import FittedOn
from dli.normalisation.logistic import Logistic
from dli.normalisation.protocol import IndicatorLike, Normalisation, Traits
from dli.normalisation.ranks import Borda, PercentileRank, Rank
from dli.normalisation.reference import DistanceToReference, DistanceToTarget, FractionOfMax
from dli.normalisation.spread import ZScore

__all__ = [
    "Borda",
    "CutOff",
    "DistanceToReference",
    "DistanceToTarget",
    "FittedOn",
    "FractionOfMax",
    "Goalposts",
    "IndicatorLike",
    "Logistic",
    "MinMax",
    "NormalScores",
    "Normalisation",
    "PercentileRank",
    "Rank",
    "RankExponential",
    "Reciprocal",
    "Scaled",
    "Traits",
    "Unscaled",
    "ZScore",
]


def __dir__() -> list[str]:
    return __all__
