"""Composite indices that can be built, defended and reproduced.

The classes are here; what they are made of is one dot further: `dli.normalisation`,
`dli.weighting`, `dli.aggregation`, `dli.models`, `dli.datasets`.
"""

from dli import (
    aggregation,
    datasets,
    imputation,
    models,
    multivariate,
    normalisation,
    treatment,
    weighting,
)
from dli.assessment import Assessment
from dli.errors import (
    DataError,
    DLIError,
    DLIWarning,
    InconsistentJudgementsError,
    MethodError,
    ModelError,
    UnknownCodeError,
)
from dli.framework import Bands, Index, Indicator
from dli.method import Method

__all__ = [
    "Assessment",
    "Bands",
    "DLIError",
    "DLIWarning",
    "DataError",
    "InconsistentJudgementsError",
    "Index",
    "Indicator",
    "Method",
    "MethodError",
    "ModelError",
    "UnknownCodeError",
    "aggregation",
    "datasets",
    "imputation",
    "models",
    "multivariate",
    "normalisation",
    "treatment",
    "weighting",
]
