"""Robustness of ranks to the weights and to errors of the scores, on plain arrays."""

from dli.robustness.arrays.acceptability import Acceptability, rank_acceptability
from dli.robustness.arrays.comparisons import dominance
from dli.robustness.arrays.extensions import (
    AverageRanks,
    MutualRanking,
    average_ranks,
    mutual_ranking_probabilities,
)
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
    "AverageRanks",
    "MutualRanking",
    "RankRanges",
    "RankSets",
    "Stability",
    "TieGroups",
    "average_ranks",
    "best_sets",
    "dominance",
    "mutual_ranking_probabilities",
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
