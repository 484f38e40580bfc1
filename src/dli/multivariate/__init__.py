"""Step 4: what the nodes of an assessment have in common; on plain arrays in `arrays`."""

from dli.multivariate.pairs import Limits, correlations, with_ancestors
from dli.multivariate.structure import (
    cluster_indicators,
    cronbach_alpha,
    principal_components,
    statistics,
)

__all__ = [
    "Limits",
    "cluster_indicators",
    "correlations",
    "cronbach_alpha",
    "principal_components",
    "statistics",
    "with_ancestors",
]


def __dir__() -> list[str]:
    return __all__
