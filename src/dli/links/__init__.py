"""Step 9: correlations with variables outside the index and with other assessments."""

from dli.links.outside import with_assessments, with_variables

__all__ = ["with_assessments", "with_variables"]


def __dir__() -> list[str]:
    return __all__
