"""An index applied to data by a method: scores, ranks, and how they came about."""

from dli.assessment.assessment import Assessment

__all__ = ["Assessment"]


def __dir__() -> list[str]:
    return __all__
