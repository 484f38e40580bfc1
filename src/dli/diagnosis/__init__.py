"""Step 8, what to make of a score: strengths, weaknesses, peers, balance, risks and order."""

from dli.diagnosis.best_practice import exemplars
from dli.diagnosis.catching_up import convergence, dispersion
from dli.diagnosis.changes import change, rank_change
from dli.diagnosis.differences import difference
from dli.diagnosis.dominance import dominance_order
from dli.diagnosis.evenness import balance
from dli.diagnosis.gaps import strengths, weaknesses
from dli.diagnosis.risk_flags import risks
from dli.diagnosis.similarity import gower_distances, peers

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
