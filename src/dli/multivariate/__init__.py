"""Step 4: how the nodes of an assessment relate to each other.

`dli.multivariate.arrays` provides the same analyses for plain arrays.
"""

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
