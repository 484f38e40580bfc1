"""Every built-in is its family's protocol; the type checker proves it, this file lists them."""

from typing import Any

import pytest

import dli
from dli.aggregation import (
    AdjustedMazziottaPareto,
    Aggregation,
    ArithmeticMean,
    Copeland,
    GeometricMean,
    HarmonicMean,
    MazziottaPareto,
    Minimum,
    OrderedWeighted,
    PowerMean,
)
from dli.framework.choices import FAMILIES, built_in
from dli.normalisation import (
    Borda,
    DistanceToReference,
    DistanceToTarget,
    FittedOn,
    FractionOfMax,
    Goalposts,
    MinMax,
    Normalisation,
    PercentileRank,
    Rank,
    Scaled,
    ZScore,
)
from dli.weighting import AHP, Declared, Entropy, Equal, Fixed, Weighting

NORMALISATIONS: list[Normalisation] = [
    Borda(),
    DistanceToReference("X"),
    DistanceToTarget(),
    FittedOn(MinMax(), periods=[2020]),
    FractionOfMax(),
    Goalposts(),
    MinMax(),
    PercentileRank(),
    Rank(),
    Scaled(),
    ZScore(),
]
WEIGHTINGS: list[Weighting] = [
    AHP([[1]]),
    Declared(),
    Entropy(),
    Equal(),
    Fixed({"a": 1.0}),
]
AGGREGATIONS: list[Aggregation] = [
    AdjustedMazziottaPareto(),
    ArithmeticMean(),
    Copeland(),
    GeometricMean(),
    HarmonicMean(),
    MazziottaPareto(),
    Minimum(),
    OrderedWeighted((0.5, 0.5)),
    PowerMean(2.0),
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
