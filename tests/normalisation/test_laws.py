"""What holds of every normalisation alike."""

import numpy as np
import pytest
from attrs import evolve
from hypothesis import given
from numpy.testing import assert_allclose, assert_array_equal
from tests.normalisation.tables import Table, few, tables

import dli
from dli.errors import MethodError
from dli.normalisation import (
    Borda,
    DistanceToReference,
    DistanceToTarget,
    FractionOfMax,
    Goalposts,
    Logistic,
    MinMax,
    NormalScores,
    PercentileRank,
    Rank,
    RankExponential,
    Scaled,
    ZScore,
)

FITTED = [
    MinMax(),
    MinMax(1, 7, ends="observed"),
    Goalposts(),
    Goalposts(-1, 1, truncate=False),
    MinMax(percentiles=(5, 95), ends="observed"),
    Logistic(),
    Scaled(0, 10),
    ZScore(50, 10),
    FractionOfMax(),
    DistanceToTarget(),
    DistanceToTarget(cap=True),
]
PLACES = [
    Rank(),
    Rank("average"),
    Borda(),
    PercentileRank(),
    PercentileRank(0, 100, "exclusive"),
    PercentileRank(1, 7, "mean"),
    RankExponential(),
    NormalScores("tukey", 100, 15),
]
ROUNDED = [
    Rank(equality="rounding"),
    Borda(equality="rounding"),
    PercentileRank(equality="rounding"),
    RankExponential(equality="rounding"),
    NormalScores(equality="rounding"),
]
ALL = [*FITTED, *PLACES, *ROUNDED]
# Logarithms turn with the direction, not with the sign of a value.
LOGS = [Goalposts(0, 1, log=True), MinMax(ends="observed", log=True)]
every = pytest.mark.parametrize("scheme", [*ALL, *LOGS], ids=repr)
every_fitted = pytest.mark.parametrize("scheme", [*FITTED, *LOGS], ids=repr)


@every
@few
@given(table=tables())
def test_missing_stays_missing_and_nothing_else_becomes_so(scheme, table: Table):
    values, indicators = table
    assert_array_equal(np.isnan(scheme.normalise(values, indicators)), np.isnan(values))


@every
@few
@given(table=tables())
def test_values_given_are_not_changed(scheme, table: Table):
    values, indicators = table
    before = values.copy()
    scheme.normalise(values, indicators)
    assert_array_equal(values, before)


@every
@few
@given(table=tables())
def test_better_never_scores_lower(scheme, table: Table):
    values, indicators = table
    result = scheme.normalise(values, indicators)
    for j, indicator in enumerate(indicators):
        order = np.argsort(values[:, j] * indicator.direction)
        sorted_scores = result[order, j]
        sorted_scores = sorted_scores[~np.isnan(sorted_scores)]
        assert (np.diff(sorted_scores) >= -1e-12).all()
        assert sorted_scores[-1] > sorted_scores[0]


@every
@few
@given(table=tables())
def test_reordering_units_reorders_the_result_and_nothing_else(scheme, table: Table):
    values, indicators = table
    assert_allclose(
        scheme.normalise(values[::-1], indicators),
        scheme.normalise(values, indicators)[::-1],
        rtol=1e-12,
        atol=1e-12,
    )


@every
@few
@given(table=tables())
def test_each_indicator_stands_alone(scheme, table: Table):
    values, indicators = table
    together = scheme.normalise(values, indicators)
    for j in range(len(indicators)):
        alone = scheme.normalise(values[:, [j]], [indicators[j]])
        assert_allclose(together[:, [j]], alone, rtol=1e-14)


@every
@few
@given(table=tables())
def test_a_leading_sample_axis_is_that_many_tables(scheme, table: Table):
    values, indicators = table
    samples = np.stack([values, values[::-1]])
    assert_allclose(
        scheme.normalise(samples, indicators),
        [scheme.normalise(sample, indicators) for sample in samples],
        rtol=1e-14,
    )


@pytest.mark.parametrize("scheme", [s for s in ALL if not isinstance(s, FractionOfMax)], ids=repr)
@few
@given(table=tables())
def test_turning_the_direction_and_the_sign_cancels(scheme, table: Table):
    values, indicators = table
    turned = [
        evolve(
            indicator,
            direction=-indicator.direction,
            goalposts=tuple(-end for end in indicator.goalposts),
            scale=tuple(-end for end in indicator.scale[::-1]),
            target=-indicator.target,
        )
        for indicator in indicators
    ]
    assert_allclose(
        scheme.normalise(-values, turned), scheme.normalise(values, indicators), atol=1e-12
    )


@every
@few
@given(table=tables())
def test_the_unit_of_measure_makes_no_difference(scheme, table: Table):
    values, indicators = table
    per_thousand = [
        evolve(
            indicator,
            goalposts=tuple(1000 * end for end in indicator.goalposts),
            scale=tuple(1000 * end for end in indicator.scale),
            target=1000 * indicator.target,
        )
        for indicator in indicators
    ]
    assert_allclose(
        scheme.normalise(1000 * values, per_thousand),
        scheme.normalise(values, indicators),
        rtol=1e-11,
        atol=1e-11,
    )


@pytest.mark.parametrize("scheme", PLACES, ids=repr)
@few
@given(table=tables())
def test_places_depend_on_the_order_alone(scheme, table: Table):
    values, indicators = table
    assert_array_equal(
        scheme.normalise(np.exp(values / 4), indicators), scheme.normalise(values, indicators)
    )


@pytest.mark.parametrize("scheme", PLACES, ids=repr)
def test_places_tell_apart_what_differs_in_the_last_bit(scheme):
    values = np.array([[0.3], [0.1 + 0.2], [0.3], [0.9]])
    found = scheme.normalise(values, [dli.Indicator("a")]).ravel()
    assert found[0] == found[2]
    assert found[0] < found[1] < found[3]


@every_fitted
@few
@given(table=tables())
def test_what_was_fitted_on_a_base_serves_any_rows(scheme, table: Table):
    values, indicators = table
    fitted = scheme.fit(values, indicators)
    whole = scheme.normalise(values, indicators)
    assert_array_equal(fitted.normalise(values, indicators), whole)
    for row in range(len(values)):
        assert_array_equal(fitted.normalise(values[[row]], indicators), whole[[row]])


@pytest.mark.parametrize(
    "scheme", [Goalposts(), Scaled(), Logistic(midpoint=5, steepness=0.5)], ids=repr
)
@few
@given(table=tables())
def test_fixed_ends_leave_a_unit_alone_when_others_go(scheme, table: Table):
    values, indicators = table
    whole = scheme.normalise(values, indicators)
    assert_array_equal(scheme.normalise(values[:1], indicators), whole[:1])


def test_min_max_reverses_ranks_when_a_unit_comes():
    indicators = [dli.Indicator("a"), dli.Indicator("b")]
    values = np.array([[0.0, 8.0], [10.0, 0.0], [5.0, 0.0]])
    outlier = np.array([[30.0, 0.0]])
    before = MinMax().normalise(values, indicators).mean(axis=1)
    after = MinMax().normalise(np.vstack([values, outlier]), indicators).mean(axis=1)
    assert before[0] == before[1]
    assert after[0] > after[1]


@every
def test_values_need_a_column_for_each_indicator(scheme):
    indicators = [dli.Indicator("a", goalposts=(0, 1), scale=(0, 1), target=1)]
    with pytest.raises(MethodError, match=r"n_indicators\) = .*, 1\), got \(3, 2\)"):
        scheme.normalise(np.ones((3, 2)), indicators)
    with pytest.raises(MethodError, match=r"got \(1,\)"):
        scheme.normalise(np.ones(1), indicators)
    with pytest.raises(MethodError, match=r"got \(0, 1\)"):
        scheme.normalise(np.ones((0, 1)), indicators)


@pytest.mark.parametrize("scheme", [*ALL, *LOGS, DistanceToReference("AAA", cap=True)], ids=repr)
def test_each_describes_itself_with_balanced_formulas(scheme):
    text = scheme.describe()
    assert text.endswith(".")
    assert text.count("$") % 2 == 0
    assert text.count("{") == text.count("}")
