"""Collection of ratings and pairwise judgements: forms, their reading, and agreement."""

from dli.elicitation.agreement import join_ratings, krippendorff_alpha
from dli.elicitation.answers import Answers, read_questionnaires
from dli.elicitation.comparisons import Comparisons, read_pairwise
from dli.elicitation.pairwise_form import write_pairwise
from dli.elicitation.questionnaire import write_questionnaire
from dli.elicitation.ratings import Ratings, gather
from dli.elicitation.survey import MATURITY_LEVELS

__all__ = [
    "MATURITY_LEVELS",
    "Answers",
    "Comparisons",
    "Ratings",
    "gather",
    "join_ratings",
    "krippendorff_alpha",
    "read_pairwise",
    "read_questionnaires",
    "write_pairwise",
    "write_questionnaire",
]


def __dir__() -> list[str]:
    return __all__
