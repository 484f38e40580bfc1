"""What every choice of a family must keep, built in or from outside; traits are held to the facts."""

from concurrent.futures import ThreadPoolExecutor

import attrs
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.testing import assert_allclose, assert_array_equal

from dli import (
    Assessment,
    Index,
    Indicator,
    Method,
    aggregation,
    imputation,
    normalisation,
    treatment,
)
from dli.aggregation import protocol as aggregating
from dli.errors import MethodError
from dli.framework.choices import built_in
from dli.imputation import Context
from dli.normalisation import protocol as normalising
from dli.sensitivity import (
    Alternatives,
    DirichletWeights,
    DoubtfulAsMissing,
    Draws,
    Exclusion,
    Judgements,
    MeasurementError,
    WeightNoise,
    inputs,
    uncertainty,
)
from dli.sensitivity.design import _drawn
from dli.treatment import protocol as treating
from dli.weighting import AHP, GroupAHP

WEIGHTS = np.array([0.5, 0.3, 0.2])
INDICATORS = (
    Indicator("a", goalposts=(0, 120), target=90, scale=(0, 200), doubtful=(10, 50)),
    Indicator("b", direction=-1, goalposts=(120, 0), target=10, scale=(0, 200)),
    Indicator("c", goalposts=(0, 120), target=90, scale=(0, 200)),
)
UNITS = tuple("pqrstu")
CONTEXT = Context(
    units=UNITS,
    codes=("a", "b", "c"),
    periods=None,
    columns={"region": ["N", "N", "N", "S", "S", "S"]},
    parents=dict.fromkeys("abc", ("T",)),
    directions=(1, -1, 1),
)
FEW = settings(max_examples=25, deadline=None)


class MiddleOfThree:
    """An aggregation from outside that says nothing about itself."""

    def __repr__(self):
        return "MiddleOfThree()"

    def aggregate(self, values, weights):
        return np.median(values, axis=-1)


class WeightedSquares:
    """One that says what holds for it, and has a derivative."""

    traits = aggregation.Traits(local=True, kinked=False)

    def __repr__(self):
        return "WeightedSquares()"

    def aggregate(self, values, weights):
        return (weights * values**2).sum(axis=-1)

    def gradient(self, values, weights):
        return 2 * weights * values


class FromBest:
    """A normalisation from outside."""

    def __repr__(self):
        return "FromBest()"

    def normalise(self, values, indicators):
        signs = np.array([one.direction for one in indicators])
        return signs * values - np.nanmax(signs * values, axis=-2, keepdims=True)


class Capped:
    """A treatment from outside."""

    traits = treatment.Traits(keeps_order=True)

    def __repr__(self):
        return "Capped()"

    def treat(self, values):
        return np.minimum(values, np.nanmedian(values, axis=0))


class Zero:
    """An imputation from outside."""

    def __repr__(self):
        return "Zero()"

    def impute(self, values, context):
        return np.where(np.isnan(values), 0.0, values)


class Tilt:
    """An uncertain input from outside."""

    def __repr__(self):
        return "Tilt()"

    def factors(self, assessment):
        return ["tilt"]

    def apply(self, uniforms, draws):
        draws.scale("a", 0.5 + uniforms[0])


AGGREGATIONS = [
    aggregation.AdjustedMazziottaPareto(),
    aggregation.ArithmeticMean(),
    aggregation.CensoredMean(at=47.31),  # which no mean of whole tens reaches just so
    aggregation.Complement(),
    aggregation.Complement(of=100),
    aggregation.Copeland(),
    aggregation.Difference(),
    aggregation.GeometricMean(),
    aggregation.HarmonicMean(),
    aggregation.MazziottaPareto(),
    aggregation.MazziottaPareto(penalty="positive"),
    aggregation.Minimum(),
    aggregation.OrderedWeighted((0.6, 0.3, 0.1)),
    aggregation.OrderedWeighted((0.1, 0.3, 0.6)),
    aggregation.PowerMean(2.0),
    aggregation.PowerMean(-0.5),
    aggregation.PowerMean(float("inf")),
    aggregation.Product(),
    aggregation.Product(total=0.5),
    aggregation.Ratio(),
    aggregation.Sum(),
    aggregation.Sum(total=2),
    # Estimated parameters need more units than these tables have.
    aggregation.UnobservedComponents(
        50, 20, alpha=[50, 40, 60], beta=[20, 10, 30], sigma=[0.5, 0.8, 1.2]
    ),
    MiddleOfThree(),
    WeightedSquares(),
]
NORMALISATIONS = [
    normalisation.Borda(),
    normalisation.CutOff(50),
    normalisation.DistanceToReference("r"),
    normalisation.DistanceToTarget(),
    normalisation.FittedOn(normalisation.MinMax(), units=["p", "q", "r"]),
    normalisation.FractionOfMax(),
    normalisation.Goalposts(),
    normalisation.Logistic(),
    normalisation.MinMax(),
    normalisation.MinMax(ends="observed", percentiles=(10, 90)),
    normalisation.MinMax(ends="observed", log=True),
    normalisation.NormalScores(),
    normalisation.PercentileRank(),
    normalisation.PercentileRank(0, 100, "weak"),
    normalisation.Rank(),
    normalisation.RankExponential(),
    normalisation.RankExponential(equality="rounding"),
    normalisation.Reciprocal(),
    normalisation.Scaled(),
    normalisation.Unscaled(),
    normalisation.ZScore(),
    FromBest(),
]
TREATMENTS = [
    treatment.BoxCox(),
    treatment.Clip(20, 80),
    treatment.Log(),
    treatment.LogPlus(),
    treatment.Logarithm(1),
    treatment.Percentiles(),
    treatment.Winsorise(),
    treatment.Winsorise(force=True),
    Capped(),
]
IMPUTATIONS = [
    imputation.ColumnMean(),
    imputation.ColumnMedian(),
    imputation.GroupMean("region"),
    imputation.GroupMedian("region"),
    imputation.Regression(),
    imputation.RegressionDraws(),
    imputation.RowMean(),
    imputation.RowMedian(),
    Zero(),
]
OVER_TIME = [imputation.Latest(), imputation.Linear()]
INPUTS = [
    Alternatives("aggregation", [aggregation.ArithmeticMean(), aggregation.GeometricMean()]),
    DirichletWeights(concentration=20),
    DoubtfulAsMissing(),
    DoubtfulAsMissing(by_indicator=True),
    Exclusion(["a", "c"]),
    Judgements(AHP({("a", "b"): 3, ("a", "c"): 5, ("b", "c"): 2}), "T", spread=0.2),
    Judgements(
        GroupAHP({"Ann": [["a", "b", 3], ["b", "c", 2]], "Bob": [["c", "a", 2], ["b", "c", 1]]}),
        "T",
    ),
    MeasurementError(0.05),
    MeasurementError(0.05, margin=0.9, within_indicator=0.3, within_unit=0.2, by_indicator=True),
    WeightNoise(0.2),
    Tilt(),
]
FAMILIES = {
    "aggregation": AGGREGATIONS,
    "normalisation": NORMALISATIONS,
    "treatment": TREATMENTS,
    "imputation": [*IMPUTATIONS, *OVER_TIME],
}


def tables():
    """Give positive tables without a constant column; whole tens make ties common."""
    line = st.lists(
        st.integers(1, 9).map(lambda n: 10.0 * n) | st.floats(1, 99), min_size=3, max_size=3
    )
    ends = [[1.5] * 3, [98.5] * 3, [50.0, 40.0, 60.0]]
    return st.lists(line, min_size=3, max_size=3).map(lambda lines: np.array(ends + lines))


def joined(choice):
    """Return how many children an aggregation is tried with."""
    own = {aggregation.Complement: 1, aggregation.Difference: 2, aggregation.Ratio: 2}
    return own.get(type(choice), 3)


def shares(choice):
    """Return weights of as many children."""
    weights = WEIGHTS[: joined(choice)]
    return weights / weights.sum()


def of(choices):
    return pytest.mark.parametrize("choice", choices, ids=repr)


@pytest.mark.parametrize("family", FAMILIES)
def test_every_built_in_is_held_to_the_contract(family):
    assert set(built_in(family)) <= {type(choice).__name__ for choice in FAMILIES[family]}


def test_every_input_is_held_to_the_contract():
    assert set(inputs.__all__) - {"Input"} <= {type(choice).__name__ for choice in INPUTS}


# Aggregation.


@of(AGGREGATIONS)
@given(values=tables(), order=st.permutations(range(6)))
@FEW
def test_an_aggregation_gives_a_score_to_each_unit_and_changes_nothing(choice, values, order):
    values, weights = values[:, : joined(choice)], shares(choice)
    before = values.copy()
    values.flags.writeable = False
    found = choice.aggregate(values, weights)
    assert found.shape == (6,)
    assert np.isfinite(found).all()
    assert_array_equal(values, before)
    assert_allclose(choice.aggregate(values[order], weights), found[order], rtol=1e-12)
    rows = np.tile(weights, (6, 1))
    if aggregating.traits_of(choice).local:
        assert_allclose(choice.aggregate(values, rows), found, rtol=1e-12)


@of(AGGREGATIONS)
@given(values=tables(), moves=tables())
@FEW
def test_an_aggregation_is_what_its_traits_say(choice, values, moves):
    traits = aggregating.traits_of(choice)
    values, moves = values[:, : joined(choice)], moves[:, : joined(choice)]
    weights = shares(choice)
    found = choice.aggregate(values, weights)
    if traits.local:
        alone = [choice.aggregate(values[[row]], weights)[0] for row in range(6)]
        assert_allclose(alone, found, rtol=1e-12)
    if traits.order is not None:
        same = aggregation.PowerMean(traits.order).aggregate(values, weights)
        assert_allclose(same, found, rtol=1e-12)
    if traits.monotone:
        assert (found >= values.min(axis=1) - 1e-9).all()
        assert (found <= values.max(axis=1) + 1e-9).all()
        assert (choice.aggregate(values + moves, weights) >= found - 1e-9).all()
    if traits.homogeneous:
        slopes = aggregating.gradient(choice, values, weights)
        assert_allclose((slopes * values).sum(axis=1), found, rtol=1e-9)
    if traits.concave:
        middle = choice.aggregate((values + moves) / 2, weights)
        assert (middle >= (found + choice.aggregate(moves, weights)) / 2 - 1e-9).all()
    if aggregating.has_gradient(choice):
        sides = [
            aggregating.directional(choice, values, weights, sign * moves) for sign in (1.0, -1.0)
        ]
        step = 1e-6
        for side, sign in zip(sides, (1.0, -1.0), strict=True):
            moved = choice.aggregate(values + sign * step * moves, weights)
            assert_allclose(side, (moved - found) / step, rtol=1e-3, atol=1e-3)
        if not traits.kinked:
            assert_allclose(sides[0], -sides[1], rtol=1e-9)


@of([one for one in AGGREGATIONS if aggregating.traits_of(one).skips_missing])
def test_an_aggregation_that_skips_missing_values_shares_their_weight(choice):
    values = np.array([[40.0, np.nan, 20.0], [10.0, 30.0, 50.0], [30.0, 20.0, 70.0]])
    values, weights = values[:, : joined(choice)], shares(choice)
    found = choice.aggregate(values, weights)
    # By default the weights of a sum are to sum to the number of children, missing ones too.
    is_fixed = len(weights) == 3 and getattr(choice, "total", 3) is not None
    if aggregating.traits_of(choice).local and is_fixed:
        known = choice.aggregate(values[:1, [0, 2]], np.array([5, 2]) / 7)
        assert_allclose(found[0], known[0])
    assert np.isfinite(found).all()
    values[0] = np.nan
    assert np.isnan(choice.aggregate(values, weights)).tolist() == [True, False, False]


@of(AGGREGATIONS)
def test_values_outside_the_domain_are_refused(choice):
    values = np.array([[40.0, 10.0, 20.0], [10.0, -30.0, 50.0]])
    values, weights = values[:, : joined(choice)], shares(choice)
    domain = aggregating.traits_of(choice).domain
    if domain == "real":
        assert np.isfinite(choice.aggregate(values, weights)).all()
        return
    with pytest.raises(MethodError):
        choice.aggregate(values, weights)


# Normalisation.


def _usable(choice):
    """Return the indicators, all of direction -1 for a choice that takes no others."""
    if not isinstance(choice, normalisation.Reciprocal):
        return INDICATORS
    return tuple(attrs.evolve(one, direction=-1, goalposts=None) for one in INDICATORS)


def _told(choice, units=UNITS):
    return normalising.at_rows(choice, lambda: (units, None))


@of(NORMALISATIONS)
@given(values=tables(), order=st.permutations(range(6)))
@FEW
def test_a_normalisation_follows_units_and_turns_more_into_better(choice, values, order):
    before = values.copy()
    values.flags.writeable = False
    indicators = _usable(choice)
    found = _told(choice).normalise(values, indicators)
    assert found.shape == values.shape
    assert_array_equal(values, before)
    shuffled = _told(choice, [UNITS[i] for i in order]).normalise(values[order], indicators)
    assert_allclose(shuffled, found[order], rtol=1e-12, atol=1e-12)
    if choice.__class__ is not normalisation.DistanceToReference:
        # A cut-off counts deprivation: the worse a unit is, the more.
        turned = -1 if isinstance(choice, normalisation.CutOff) else 1
        signs = turned * np.array([one.direction for one in indicators])
        for better, worse in ((i, j) for i in range(6) for j in range(6)):
            ahead = signs * values[better] >= signs * values[worse]
            assert (found[better] >= found[worse] - 1e-9)[ahead].all()


@of(NORMALISATIONS)
@given(values=tables())
@FEW
def test_a_normalisation_keeps_gaps_and_its_ends(choice, values):
    values[3, 1] = np.nan
    indicators = _usable(choice)
    found = _told(choice).normalise(values, indicators)
    assert_array_equal(np.isnan(found), np.isnan(values))
    ends = normalising.traits_of(choice).ends
    if ends is not None and not isinstance(choice, normalisation.FittedOn):
        cut = normalising.truncated(choice, values, indicators)
        inside = ~np.isnan(found) if cut is None else ~np.isnan(found) & ~cut
        assert (found[inside] >= min(ends) - 1e-9).all()
        assert (found[inside] <= max(ends) + 1e-9).all()


# Treatment.


@of(TREATMENTS)
@given(values=tables())
@FEW
def test_a_treatment_keeps_gaps_and_is_what_its_traits_say(choice, values):
    values[3, 1] = np.nan
    before = values.copy()
    values.flags.writeable = False
    found = choice.treat(values)
    assert found.shape == values.shape
    assert_array_equal(values, before)
    assert_array_equal(np.isnan(found), np.isnan(values))
    traits = treating.traits_of(choice)
    if traits.by_column:
        alone = np.hstack([choice.treat(values[:, [j]]) for j in range(3)])
        assert_allclose(alone, found, rtol=1e-12)
    if traits.keeps_order:
        for old, new in zip(values.T, found.T, strict=True):
            known = ~np.isnan(old)
            assert (np.diff(new[known][np.argsort(old[known], kind="stable")]) >= -1e-9).all()


# Imputation.


@of(IMPUTATIONS)
@given(values=tables())
@FEW
def test_an_imputation_fills_every_gap_and_changes_no_value(choice, values):
    values[3, 1] = values[0, 2] = np.nan
    found = imputation.impute(choice, values, CONTEXT)
    assert found.shape == values.shape
    assert not np.isnan(found).any()
    known = ~np.isnan(values)
    assert_array_equal(found[known], values[known])


@of(OVER_TIME)
@given(values=tables())
@FEW
def test_an_imputation_over_time_uses_the_units_own_periods_alone(choice, values):
    context = attrs.evolve(CONTEXT, units=tuple("ppqqrr"), periods=(1, 2) * 3)
    values[1] = np.nan
    found = imputation.impute(choice, values, context)
    assert_array_equal(found[1], values[0])
    assert imputation.Traits(over_time=True) == choice.traits
    shuffled = [4, 1, 0, 5, 3, 2]
    told = attrs.evolve(
        context,
        units=tuple(context.units[i] for i in shuffled),
        periods=tuple(context.periods[i] for i in shuffled),
    )
    assert_array_equal(imputation.impute(choice, values[shuffled], told), found[shuffled])


# Uncertain inputs.


def _assessment():
    data = {
        "unit": list(UNITS),
        "a": [10.0, 90.0, 50.0, 30.0, 70.0, 20.0],
        "b": [60.0, 20.0, 50.0, 80.0, 10.0, 40.0],
        "c": [30.0, 40.0, 90.0, 20.0, 60.0, 80.0],
    }
    method = Method(normalisation=normalisation.MinMax(1, 100))
    return Assessment(Index("T", INDICATORS), data, method=method)


@of(INPUTS)
def test_an_input_takes_the_numbers_that_it_names_and_nothing_else_is_random(choice):
    assessment = _assessment()
    factors = list(choice.factors(assessment))
    assert len(factors) == len(set(factors)) >= 1
    assert all(isinstance(name, str) and name for name in factors)
    uniforms = np.random.default_rng(3).uniform(size=(len(factors), 16))
    applied = []
    for _ in range(2):
        draws = Draws(assessment, 16)
        choice.apply(uniforms.copy(), draws)
        applied.append(draws)
        shown = _drawn(choice, uniforms, draws)
        assert [len(values) for values in shown] == [16] * len(factors)
    for kind in ("factors", "weights", "choices"):
        one, other = (getattr(draws, kind) for draws in applied)
        assert one.keys() == other.keys()
        assert all(np.array_equal(one[key], other[key]) for key in one)
    for one, other in zip(*(draws.noises for draws in applied), strict=True):
        values = assessment.stage_array("raw")
        assert_array_equal(one(values.copy(), 4), other(values.copy(), 4))
    for one, other in zip(*(draws.omissions for draws in applied), strict=True):
        assert all(map(np.array_equal, one, other))


@of(INPUTS)
def test_an_input_moves_scores_and_repeats_for_any_number_of_workers(choice):
    assessment = _assessment()
    with ThreadPoolExecutor(2) as pool:
        alone, shared = (
            uncertainty(assessment, [choice], n_samples=300, rng=5, executor=executor)
            for executor in (None, pool)
        )
    assert_array_equal(alone.rank_counts, shared.rank_counts)
    assert_array_equal(alone.mean_scores, shared.mean_scores)
    assert alone.score_deviations.max() > 0


class Wrong:
    """A step or an input from outside whose results cannot be used."""

    def __init__(self, result=None):
        self.result = result

    def __repr__(self):
        return "Wrong()"

    def aggregate(self, values, weights):
        return np.full(len(values), self.result)

    def normalise(self, values, indicators):
        return np.where(np.isnan(values), 50.0, values)

    def factors(self, assessment):
        return ["one"]

    def apply(self, uniforms, draws):
        self.result(draws)


@pytest.mark.parametrize("value", [np.nan, np.inf])
def test_scores_that_are_missing_or_infinite_are_refused(value):
    with pytest.raises(
        MethodError, match=r"Wrong of 'T' returned 6 scores that are missing or inf"
    ):
        _assessment().evolve(aggregation=Wrong(value))


def test_a_normalisation_that_fills_gaps_is_refused():
    data = {"unit": ["X", "Y", "Z"], "a": [1.0, None, 3.0], "b": [1.0, 2.0, 3.0]}
    index = Index("T", [Indicator("a"), Indicator("b")])
    with pytest.raises(MethodError, match=r"not missing where there were none:\n  - 'a': 1 of"):
        Assessment(index, data, method=Method(normalisation=Wrong()))


@pytest.mark.parametrize(
    ("change", "problem"),
    [
        (lambda draws: draws.scale("a", np.full(draws.n_draws, -0.5)), "a number below 0"),
        (lambda draws: draws.scale("a", np.full(draws.n_draws, np.nan)), "a number below 0, or a"),
        (lambda draws: draws.scale("a", np.full(draws.n_draws, np.inf)), "an infinite number"),
        (lambda draws: draws.set_weights("T", np.zeros((3, draws.n_draws))), "nothing but 0"),
        (lambda draws: draws.set_weights("T", np.ones((2, draws.n_draws))), r"shape \(2, "),
        (
            lambda draws: draws.scale_children("T", np.zeros((3, draws.n_draws))),
            "nothing but 0 in a",
        ),
    ],
)
def test_weights_that_an_input_spoils_are_refused(change, problem):
    with pytest.raises(
        MethodError, match=rf"input Wrong\(\): weights of the .* 'T' have {problem}"
    ):
        uncertainty(_assessment(), [Wrong(change)], n_samples=10, rng=1)


def test_weights_set_by_one_input_and_scaled_to_nothing_by_another_are_refused():
    def only_a(draws):
        weights = np.zeros((3, draws.n_draws))
        weights[0] = 1.0
        draws.set_weights("T", weights)

    without_a = Wrong(lambda draws: draws.scale("a", np.zeros(draws.n_draws)))
    without_a.factors = lambda assessment: ["two"]
    with pytest.raises(MethodError, match="nothing but 0 in a draw"):
        uncertainty(_assessment(), [Wrong(only_a), without_a], n_samples=10, rng=1)


def test_factors_of_another_shape_and_names_in_one_text_are_refused():
    with pytest.raises(
        MethodError, match=r"factors of 'a' must have the shape \(\d+,\), got \(2,\)"
    ):
        uncertainty(
            _assessment(), [Wrong(lambda draws: draws.scale("a", np.ones(2)))], n_samples=9, rng=1
        )
    one_text = Wrong()
    one_text.factors = lambda assessment: "view"
    with pytest.raises(MethodError, match=r"factors of input Wrong\(\) must be a list of names"):
        uncertainty(_assessment(), [one_text], n_samples=9, rng=1)
