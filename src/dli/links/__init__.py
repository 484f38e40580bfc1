"""Steps 4 and 9 on an assessment: what its nodes have in common, and with what lies outside it."""

from dli.links.description import alpha, statistics
from dli.links.outside import with_assessments, with_variables
from dli.links.pairs import Limits, correlations, with_ancestors

__all__ = [
    "Limits",
    "alpha",
    "correlations",
    "statistics",
    "with_ancestors",
    "with_assessments",
    "with_variables",
]
