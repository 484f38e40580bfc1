"""The analytic hierarchy process: weights from pairwise judgements."""

from dli.weighting.ahp.groups import (
    GroupAHP,
    GroupPriorities,
    group_consensus,
    group_judgements,
    group_priorities,
)
from dli.weighting.ahp.judgements import sample_judgements
from dli.weighting.ahp.priorities import Priorities, ahp_priorities
from dli.weighting.ahp.random_index import geometric_threshold, random_index
from dli.weighting.ahp.revision import Revision, revisions
from dli.weighting.ahp.scheme import AHP, Hierarchy, ahp_hierarchy

__all__ = [
    "AHP",
    "GroupAHP",
    "GroupPriorities",
    "Hierarchy",
    "Priorities",
    "Revision",
    "ahp_hierarchy",
    "ahp_priorities",
    "geometric_threshold",
    "group_consensus",
    "group_judgements",
    "group_priorities",
    "random_index",
    "revisions",
    "sample_judgements",
]
