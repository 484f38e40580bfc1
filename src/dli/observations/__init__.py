"""What was measured: the table that came in, checked."""

from dli.observations.observations import Observations

__all__ = ["Observations"]


def __dir__() -> list[str]:
    return __all__
