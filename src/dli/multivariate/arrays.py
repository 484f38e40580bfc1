"""What indicators have in common, on plain arrays: a row for each unit, a column for each."""

from dli.multivariate.correlation import (
    Correlations,
    correlations,
    redundant_pairs,
    silent_indicators,
)
from dli.multivariate.description import Statistics, statistics
from dli.multivariate.dimensions import (
    Clusters,
    Components,
    cluster_indicators,
    cronbach_alpha,
    principal_components,
)

__all__ = [
    "Clusters",
    "Components",
    "Correlations",
    "Statistics",
    "cluster_indicators",
    "correlations",
    "cronbach_alpha",
    "principal_components",
    "redundant_pairs",
    "silent_indicators",
    "statistics",
]


def __dir__() -> list[str]:
    return __all__
