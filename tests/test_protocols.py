"""Every built-in is its family's protocol; the type checker proves it, this file lists them."""

from typing import Any

import pytest

import dli
from dli.aggregation import (
    AdjustedMazziottaPareto,
    Aggregation,
    ArithmeticMean,
    CensoredMean,
    Complement,
    Copeland,
    Difference,
    GeometricMean,
    HarmonicMean,
    MazziottaPareto,
    Minimum,
    OrderedWeighted,
    PowerMean,
    Product,
    Ratio,
    Sum,
    UnobservedComponents,
)
from dli.framework.choices import FAMILIES, built_in
from dli.normalisation import (
    Borda,
    CutOff,
    DistanceToReference,
    DistanceToTarget,
    FittedOn,
    FractionOfMax,
    Goalposts,
    Logistic,
    MinMax,
    Normalisation,
    NormalScores,
    PercentileRank,
    Rank,
    RankExponential,
    Reciprocal,
    Scaled,
    Unscaled,
    ZScore,
)
from dli.weighting import (
    AHP,
    Balanced,
    BenefitOfTheDoubt,
    BestWorst,
    BudgetAllocation,
    CoefficientOfVariation,
    CorrelationBased,
    Critic,
    Declared,
    DirectPoints,
    Entropy,
    Equal,
    Fixed,
    Gini,
    GroupAHP,
    Merec,
    PairwiseSwing,
    PrincipalComponents,
    RankOrder,
    StandardDeviation,
    Swara,
    Weighting,
)

NORMALISATIONS: list[Normalisation] = [
    Borda(),
    CutOff(1),
    DistanceToReference("X"),
    DistanceToTarget(),
    FittedOn(MinMax(), periods=[2020]),
    FractionOfMax(),
    Goalposts(),
    MinMax(),
    Logistic(),
    NormalScores(),
    PercentileRank(),
    Rank(),
    RankExponential(),
    Reciprocal(),
    Scaled(),
    Unscaled(),
    ZScore(),
]
WEIGHTINGS: list[Weighting] = [
    AHP([[1]]),
    Balanced(),
    BenefitOfTheDoubt(),
    BestWorst({"a": 1, "b": 2}, {"a": 2, "b": 1}),
    BudgetAllocation([{"a": 60, "b": 40}]),
    CoefficientOfVariation(),
    CorrelationBased(),
    Critic(),
    Declared(),
    DirectPoints({"a": 1, "b": 2}),
    Entropy(),
    Equal(),
    Fixed({"a": 1.0}),
    Gini(),
    GroupAHP({"one": [["a", "b", 2]]}),
    Merec(),
    PairwiseSwing({("a", "b"): 2}),
    PrincipalComponents(),
    RankOrder(["a", "b"]),
    StandardDeviation(),
    Swara(["a", "b"], [0.5]),
]
AGGREGATIONS: list[Aggregation] = [
    AdjustedMazziottaPareto(),
    ArithmeticMean(),
    CensoredMean(at=0.5),
    Complement(),
    Copeland(),
    Difference(),
    GeometricMean(),
    HarmonicMean(),
    MazziottaPareto(),
    Minimum(),
    OrderedWeighted((0.5, 0.5)),
    PowerMean(2.0),
    Product(),
    Ratio(),
    Sum(),
    UnobservedComponents(),
]
ALL: dict[str, list[Any]] = {
    "normalisation": NORMALISATIONS,
    "weighting": WEIGHTINGS,
    "aggregation": AGGREGATIONS,
}


@pytest.mark.parametrize("family", ALL)
def test_every_built_in_is_listed(family: str) -> None:
    assert {type(choice).__name__ for choice in ALL[family]} == set(built_in(family))


@pytest.mark.parametrize("family", ALL)
def test_every_built_in_describes_itself_with_its_formula(family: str) -> None:
    for choice in ALL[family]:
        text = choice.describe()
        assert text.endswith(".")
        assert text.count("$") % 2 == 0


def test_every_family_is_a_module() -> None:
    assert set(FAMILIES) == {"imputation", "treatment", "normalisation", "weighting", "aggregation"}
    assert dli.Method().normalisation == MinMax()
