"""Imputation (step 3): fill missing values."""

from dli.imputation.drawing import RegressionDraws
from dli.imputation.error import ImputationAccuracy, imputation_error
from dli.imputation.means import (
    ColumnMean,
    ColumnMedian,
    GroupMean,
    GroupMedian,
    RowMean,
    RowMedian,
)
from dli.imputation.multiple import Pooled, pool
from dli.imputation.panels import Latest, Linear
from dli.imputation.protocol import Context, Imputation, Traits, impute
from dli.imputation.regression import Regression

__all__ = [
    "ColumnMean",
    "ColumnMedian",
    "Context",
    "GroupMean",
    "GroupMedian",
    "Imputation",
    "ImputationAccuracy",
    "Latest",
    "Linear",
    "Pooled",
    "Regression",
    "RegressionDraws",
    "RowMean",
    "RowMedian",
    "Traits",
    "imputation_error",
    "impute",
    "pool",
]


def __dir__() -> list[str]:
    return __all__
