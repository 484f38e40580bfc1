"""Step 3: missing values."""

from dli.imputation.error import ImputationAccuracy, imputation_error
from dli.imputation.means import (
    ColumnMean,
    ColumnMedian,
    GroupMean,
    GroupMedian,
    RowMean,
    RowMedian,
)
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
    "Regression",
    "RowMean",
    "RowMedian",
    "Traits",
    "imputation_error",
    "impute",
]


def __dir__() -> list[str]:
    return __all__
