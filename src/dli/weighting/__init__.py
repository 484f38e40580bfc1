"""Step 6: how much each child of a node counts."""

from dli.weighting.ahp import AHP, Priorities, ahp_priorities
from dli.weighting.entropy import Entropy, entropy_weights
from dli.weighting.nominal import Declared, Equal, Fixed, equal_weights
from dli.weighting.protocol import Weighting

__all__ = [
    "AHP",
    "Declared",
    "Entropy",
    "Equal",
    "Fixed",
    "Priorities",
    "Weighting",
    "ahp_priorities",
    "entropy_weights",
    "equal_weights",
]
