"""Step 3: missing values."""

from dli.imputation.columns import ColumnMean, ColumnMedian, GroupMean, GroupMedian
from dli.imputation.error import ImputationAccuracy, imputation_error
from dli.imputation.panels import Latest, Linear
from dli.imputation.protocol import Context, Imputation, impute
from dli.imputation.regression import Regression
from dli.imputation.rows import RowMean, RowMedian

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
    "imputation_error",
    "impute",
]
