"""Step 8, what to make of a score: strengths, weaknesses, peers, balance, risks and order."""

from dli.diagnosis.balance import balance
from dli.diagnosis.change import change, difference, rank_change
from dli.diagnosis.convergence import convergence, dispersion
from dli.diagnosis.dominance import dominance_order
from dli.diagnosis.exemplars import exemplars
from dli.diagnosis.peers import gower_distances, peers
from dli.diagnosis.risks import risks
from dli.diagnosis.weaknesses import strengths, weaknesses

__all__ = [
    "balance",
    "change",
    "convergence",
    "difference",
    "dispersion",
    "dominance_order",
    "exemplars",
    "gower_distances",
    "peers",
    "rank_change",
    "risks",
    "strengths",
    "weaknesses",
]
