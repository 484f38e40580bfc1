"""Indicators, the index that combines them, and the files that describe it."""

from dli.framework.bands import Bands
from dli.framework.index import Index
from dli.framework.indicator import Indicator

__all__ = ["Bands", "Index", "Indicator"]


def __dir__() -> list[str]:
    return __all__
