"""Step 7: how robust ranks are to the choice of weights and to errors of the scores."""

from dli.robustness.exact import (
    WeightStability,
    pair_robustness,
    pairwise_winning,
    rank_ranges,
    weight_stability,
)
from dli.robustness.extensions import average_ranks, mutual_ranking_probabilities
from dli.robustness.ordering import dominance, order
from dli.robustness.rank_confidence import league_table, rank_sets, tie_groups

__all__ = [
    "WeightStability",
    "average_ranks",
    "dominance",
    "league_table",
    "mutual_ranking_probabilities",
    "order",
    "pair_robustness",
    "pairwise_winning",
    "rank_ranges",
    "rank_sets",
    "tie_groups",
    "weight_stability",
]


def __dir__() -> list[str]:
    return __all__
