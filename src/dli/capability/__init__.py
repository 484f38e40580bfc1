"""Capabilities and barriers, linked to the outcomes that an index measures."""

from dli.capability.elements import Capability, Link
from dli.capability.estimation import Estimate
from dli.capability.explanation import Explanation
from dli.capability.graph import CapabilityGraph
from dli.capability.influence import Dematel, dematel, total_influence
from dli.capability.plans import Plan
from dli.capability.uncertain import UncertainGraph

__all__ = [
    "Capability",
    "CapabilityGraph",
    "Dematel",
    "Estimate",
    "Explanation",
    "Link",
    "Plan",
    "UncertainGraph",
    "dematel",
    "total_influence",
]


def __dir__() -> list[str]:
    return __all__
