"""The choices of steps 3 to 6 as one value, and what they come to for a tree."""

from dli.method.coverage import Coverage
from dli.method.method import Method
from dli.method.resolved import Choices

__all__ = ["Choices", "Coverage", "Method"]


def __dir__() -> list[str]:
    return __all__
