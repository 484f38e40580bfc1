"""Treatment of outliers (step 5a)."""

from dli.treatment.clipping import (
    Percentiles,
    Winsorise,
    clip_percentiles,
    has_outliers,
    winsorise,
)
from dli.treatment.limits import Clip
from dli.treatment.logarithm import Logarithm
from dli.treatment.protocol import Traits, Treatment
from dli.treatment.record import TreatedColumn, TreatedPoint, TreatmentRecord
from dli.treatment.transforms import (
    BoxCox,
    Log,
    LogPlus,
    box_cox_transform,
    log_plus_transform,
    log_transform,
)

__all__ = [
    "BoxCox",
    "Clip",
    "Log",
    "LogPlus",
    "Logarithm",
    "Percentiles",
    "Traits",
    "TreatedColumn",
    "TreatedPoint",
    "Treatment",
    "TreatmentRecord",
    "Winsorise",
    "box_cox_transform",
    "clip_percentiles",
    "has_outliers",
    "log_plus_transform",
    "log_transform",
    "winsorise",
]


def __dir__() -> list[str]:
    return __all__
