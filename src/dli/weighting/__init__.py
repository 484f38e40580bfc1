"""Step 6: how much each child of a node counts."""

from dli.weighting.ahp.consistency import geometric_threshold, random_index
from dli.weighting.ahp.groups import GroupAHP, GroupPriorities
from dli.weighting.ahp.joining import group_consensus, group_judgements, group_priorities
from dli.weighting.ahp.judgements import sample_judgements
from dli.weighting.ahp.priorities import Priorities, ahp_priorities
from dli.weighting.ahp.revision import Revision, revisions
from dli.weighting.ahp.scheme import AHP, Hierarchy, ahp_hierarchy
from dli.weighting.balanced import Balance, Balanced, balanced_weights
from dli.weighting.best_worst import BestWorst, BestWorstWeights, best_worst_weights
from dli.weighting.components import (
    ComponentWeights,
    PrincipalComponents,
    component_weights,
    loading_weights,
    principal_component_weights,
)
from dli.weighting.conflict import (
    CorrelationBased,
    Critic,
    Merec,
    correlation_weights,
    critic_weights,
    merec_weights,
)
from dli.weighting.contract import check_weighting
from dli.weighting.dispersion import (
    CoefficientOfVariation,
    Entropy,
    Gini,
    StandardDeviation,
    coefficient_of_variation_weights,
    entropy_weights,
    gini_weights,
    standard_deviation_weights,
)
from dli.weighting.doubt import (
    BenefitOfTheDoubt,
    DoubtWeights,
    benefit_of_the_doubt,
    common_benefit_of_the_doubt,
)
from dli.weighting.nominal import Declared, Equal, Fixed, equal_weights, nested_weights
from dli.weighting.points import (
    BudgetAllocation,
    DirectPoints,
    PairwiseSwing,
    budget_allocation_weights,
    pairwise_swing_weights,
    point_weights,
)
from dli.weighting.protocol import Node, Traits, Weighting, traits_of
from dli.weighting.ranks import (
    RankOrder,
    Swara,
    rank_order_centroid_weights,
    rank_reciprocal_weights,
    rank_sum_weights,
    swara_weights,
)

__all__ = [
    "AHP",
    "Balance",
    "Balanced",
    "BenefitOfTheDoubt",
    "BestWorst",
    "BestWorstWeights",
    "BudgetAllocation",
    "CoefficientOfVariation",
    "ComponentWeights",
    "CorrelationBased",
    "Critic",
    "Declared",
    "DirectPoints",
    "DoubtWeights",
    "Entropy",
    "Equal",
    "Fixed",
    "Gini",
    "GroupAHP",
    "GroupPriorities",
    "Hierarchy",
    "Merec",
    "Node",
    "PairwiseSwing",
    "PrincipalComponents",
    "Priorities",
    "RankOrder",
    "Revision",
    "StandardDeviation",
    "Swara",
    "Traits",
    "Weighting",
    "ahp_hierarchy",
    "ahp_priorities",
    "balanced_weights",
    "benefit_of_the_doubt",
    "best_worst_weights",
    "budget_allocation_weights",
    "check_weighting",
    "coefficient_of_variation_weights",
    "common_benefit_of_the_doubt",
    "component_weights",
    "correlation_weights",
    "critic_weights",
    "entropy_weights",
    "equal_weights",
    "geometric_threshold",
    "gini_weights",
    "group_consensus",
    "group_judgements",
    "group_priorities",
    "loading_weights",
    "merec_weights",
    "nested_weights",
    "pairwise_swing_weights",
    "point_weights",
    "principal_component_weights",
    "random_index",
    "rank_order_centroid_weights",
    "rank_reciprocal_weights",
    "rank_sum_weights",
    "revisions",
    "sample_judgements",
    "standard_deviation_weights",
    "swara_weights",
    "traits_of",
]


def __dir__() -> list[str]:
    return __all__
