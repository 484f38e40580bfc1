"""Aggregation (step 6): combine the scores of the children of a node into its score."""

from dli.aggregation.arithmetic import Complement, Difference, Product, Ratio, Sum
from dli.aggregation.censored import CensoredMean
from dli.aggregation.mazziotta import (
    AdjustedMazziottaPareto,
    MazziottaPareto,
    adjusted_mazziotta_pareto,
    mazziotta_pareto,
)
from dli.aggregation.means import (
    ArithmeticMean,
    GeometricMean,
    HarmonicMean,
    Minimum,
    PowerMean,
)
from dli.aggregation.ordered import OrderedWeighted, ordered_weighted_mean
from dli.aggregation.outranking import Copeland, copeland_scores, outranking_matrix
from dli.aggregation.power import power_mean, power_mean_directional, power_mean_gradient
from dli.aggregation.protocol import Aggregation, Traits
from dli.aggregation.unobserved import (
    UnobservedComponents,
    UnobservedScores,
    unobserved_components,
)

__all__ = [
    "AdjustedMazziottaPareto",
    "Aggregation",
    "ArithmeticMean",
    "CensoredMean",
    "Complement",
    "Copeland",
    "Difference",
    "GeometricMean",
    "HarmonicMean",
    "MazziottaPareto",
    "Minimum",
    "OrderedWeighted",
    "PowerMean",
    "Product",
    "Ratio",
    "Sum",
    "Traits",
    "UnobservedComponents",
    "UnobservedScores",
    "adjusted_mazziotta_pareto",
    "copeland_scores",
    "mazziotta_pareto",
    "ordered_weighted_mean",
    "outranking_matrix",
    "power_mean",
    "power_mean_directional",
    "power_mean_gradient",
    "unobserved_components",
]


def __dir__() -> list[str]:
    return __all__
