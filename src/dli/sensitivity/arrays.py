"""Estimators for plain arrays: Sobol indices and correlation ratios."""

from dli.sensitivity.importances import correlation_ratios
from dli.sensitivity.variance import Indices, sobol_estimates

__all__ = ["Indices", "correlation_ratios", "sobol_estimates"]


def __dir__() -> list[str]:
    return __all__
