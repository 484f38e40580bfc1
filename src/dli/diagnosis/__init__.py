"""Step 8, what to make of a score: strengths, weaknesses, peers, balance, risks and order."""

from dli.diagnosis.balance import balance
from dli.diagnosis.dominance import dominance_order
from dli.diagnosis.exemplars import exemplars
from dli.diagnosis.peers import gower_distances, peers
from dli.diagnosis.risks import risks
from dli.diagnosis.weaknesses import strengths, weaknesses

__all__ = [
    "balance",
    "dominance_order",
    "exemplars",
    "gower_distances",
    "peers",
    "risks",
    "strengths",
    "weaknesses",
]
