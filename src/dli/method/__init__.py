"""The method of an index: the choices for steps 3 to 6, and the choices resolved for a tree."""

from dli.method.coverage import Coverage
from dli.method.method import Method
from dli.method.resolved import Choices

__all__ = ["Choices", "Coverage", "Method"]


def __dir__() -> list[str]:
    return __all__
