"""Differences and changes between units, periods and assessments, with their causes in points.

`dli.change.arrays` has the trends of series on plain arrays.
"""

from dli.change.changes import change, rank_change
from dli.change.comparison import Comparison, compare
from dli.change.differences import difference
from dli.change.series import convergence, dispersion, period_changes, trends

__all__ = [
    "Comparison",
    "change",
    "compare",
    "convergence",
    "difference",
    "dispersion",
    "period_changes",
    "rank_change",
    "trends",
]


def __dir__() -> list[str]:
    return __all__
