"""Observations: the data of an index, read and checked."""

from dli.observations.observations import Observations

__all__ = ["Observations"]


def __dir__() -> list[str]:
    return __all__
