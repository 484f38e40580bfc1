"""What holds under all weights, or under random ones, on plain arrays."""

from dli.robustness.arrays.acceptability import Acceptability, rank_acceptability
from dli.robustness.arrays.comparisons import dominance
from dli.robustness.arrays.ranges import RankRanges, rank_ranges
from dli.robustness.arrays.rank_confidence import (
    RankSets,
    TieGroups,
    best_sets,
    rank_sets,
    tie_groups,
    worst_sets,
)
from dli.robustness.arrays.stability import Stability, pair_robustness, weight_stability
from dli.robustness.arrays.winning import pairwise_winning

__all__ = [
    "Acceptability",
    "RankRanges",
    "RankSets",
    "Stability",
    "TieGroups",
    "best_sets",
    "dominance",
    "pair_robustness",
    "pairwise_winning",
    "rank_acceptability",
    "rank_ranges",
    "rank_sets",
    "tie_groups",
    "weight_stability",
    "worst_sets",
]


def __dir__() -> list[str]:
    return __all__
