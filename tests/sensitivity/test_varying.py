"""Draws whose data vary: many at once, against an assessment of each by itself."""

import numpy as np
import pytest
from attrs import evolve
from hypothesis import given
from hypothesis import strategies as st
from numpy.testing import assert_allclose, assert_array_equal

from dli import Assessment, Index, Indicator, Method
from dli import aggregation as agg
from dli import normalisation as nor
from dli import treatment as tre
from dli.errors import MethodError
from dli.imputation import ColumnMean, GroupMean, Linear
from dli.sensitivity import (
    Alternatives,
    DoubtfulAsMissing,
    Exclusion,
    MeasurementError,
    WeightNoise,
    evaluate,
)
from dli.sensitivity import design as design_room
from dli.sensitivity.design import design
from dli.sensitivity.inputs.data import Noise
from dli.weighting import BenefitOfTheDoubt, Entropy

pytestmark = pytest.mark.once

NORMALISATIONS = {
    "min-max": nor.MinMax(1, 10),
    "logarithms": nor.Goalposts(1, 10, log=True),
    "percentiles": nor.MinMax(1, 10, percentiles=(10, 90)),
    "goalposts": nor.Goalposts(1, 10),
    "z-scores": nor.ZScore(100, 10),
    "ranks": nor.Rank(),
    "ranks with ties": nor.PercentileRank(1, 10, "mean", equality="rounding"),
    "normal scores": nor.NormalScores(mean=100),
    "exponential": nor.RankExponential(),
    "Borda": nor.Borda(),
    "logistic": nor.Logistic(),
    "share of the best": nor.FractionOfMax(),
    "to a unit": nor.DistanceToReference("u0"),
    "fitted": nor.FittedOn(nor.MinMax(50, 60), units=["u0", "u1", "u2", "u3"]),
    "by code": {"a1": nor.ZScore(50, 10), "b2": nor.MinMax(1, 10)},
}
TREATMENTS = {
    "none": None,
    "winsorise": tre.Winsorise(skewness=0.5, kurtosis=-1, max_points=2),
    "limits": tre.Clip(2, 60),
    "percentiles": tre.Percentiles(5, 95),
    "logarithm": tre.Logarithm(offset=5),
    "by code": {"b1": tre.Log(), "a2": tre.BoxCox(0.5)},
}


def example(*, gaps=0.0, ties=False, periods=1, denominators=False, seed=0, node=None, **choices):
    """Give an assessment whose data have what the studies must not stumble over."""
    rng = np.random.default_rng(seed)
    n_rows = 12 * periods
    codes = ["a1", "a2", "a3", "b1", "b2", "c1"]
    values = rng.uniform(5, 50, (n_rows, len(codes)))
    if ties:
        values = np.round(values / 10) * 10 + 5
    values[rng.random(values.shape) < gaps] = np.nan
    values[:, 0] = rng.uniform(5, 50, n_rows)  # nobody is left with nothing
    values[:: 12 // 4, 1:] = rng.uniform(5, 50, values[:: 12 // 4, 1:].shape)
    values[:periods] = [80, 80, 4, 80, 80, 80]  # a unit of reference
    data = {"unit": [f"u{i // periods}" for i in range(n_rows)]}
    data |= dict(zip(codes, values.T, strict=True)) | {"people": rng.uniform(1, 3, n_rows)}
    data["region"] = [f"r{i % 3}" for i in range(n_rows)]
    if periods > 1:
        data["year"] = [i % periods for i in range(n_rows)]
    per = {"denominator": "people", "denominator_factor": 2.0} if denominators else {}
    posts = dict.fromkeys(codes, (0.1, 120.0))
    index = Index(
        "T",
        [
            Index(
                "A",
                [
                    Indicator("a1", goalposts=posts["a1"], **per),
                    Indicator("a2", weight=2, goalposts=posts["a2"]),
                    Indicator("a3", direction=-1, goalposts=posts["a3"][::-1], scale=(0, 55)),
                ],
                normalisation=node,
            ),
            Index(
                "B",
                [
                    Indicator("b1", goalposts=posts["b1"], doubtful=(15, 25, 35)),
                    Indicator("b2", goalposts=posts["b2"]),
                ],
                weight=1.5,
            ),
            Indicator("c1", goalposts=posts["c1"], **per),
        ],
    )
    method = Method(**choices)
    return Assessment(index, data, period="year" if periods > 1 else None, method=method)


def both(assessment, inputs, n_draws=6, seed=1, node=None):
    """Give the scores of draws at once and one by one, and how many went at once."""
    study = design(assessment, inputs, node)
    numbers = np.random.default_rng(seed).random((len(study.names), n_draws))
    draws = study.draws(numbers)
    number = study.combination(draws)
    alone = study._one_by_one(draws, np.arange(n_draws), number)
    slow = []
    study_type = type(study)
    kept = study_type._one_by_one

    def counting(self, draws, rows, number):
        slow.extend(rows.tolist())
        return kept(self, draws, rows, number)

    study_type._one_by_one = counting
    try:
        return study.scores(numbers), alone, n_draws - len(slow)
    finally:
        study_type._one_by_one = kept


def check(assessment, inputs, *, n_fast=6, **options):
    found, alone, fast = both(assessment, inputs, **options)
    assert_allclose(found, alone, rtol=1e-12, atol=1e-12 * np.nanmax(np.abs(alone)))
    assert fast == n_fast


@pytest.mark.parametrize("name", NORMALISATIONS)
@pytest.mark.parametrize("gaps", [0.0, 0.3])
def test_normalisations_of_many_draws_are_those_of_each(name, gaps):
    check(example(gaps=gaps, normalisation=NORMALISATIONS[name]), [MeasurementError(0.02)])


@pytest.mark.parametrize("name", TREATMENTS)
@pytest.mark.parametrize("gaps", [0.0, 0.3])
def test_treatments_of_many_draws_are_those_of_each(name, gaps):
    assessment = example(gaps=gaps, treatment=TREATMENTS[name], normalisation=nor.MinMax(1, 10))
    check(assessment, [MeasurementError(0.05)])


AGGREGATIONS = (
    agg.ArithmeticMean(), agg.GeometricMean(), agg.HarmonicMean(), agg.PowerMean(2), agg.Minimum(),
    agg.Copeland(), {"T": agg.GeometricMean(), "A": agg.MazziottaPareto()},
)  # fmt: skip


@given(
    st.sampled_from(AGGREGATIONS),
    st.sampled_from(["min-max", "goalposts", "percentiles", "z-scores", "normal scores", "fitted"]),
    st.sampled_from([0.0, 0.25]),
    st.booleans(),
    st.integers(1, 2),
    st.booleans(),
    st.booleans(),
    st.integers(0, 1000),
)
def test_draws_at_once_are_those_one_by_one(  # noqa: PLR0913, PLR0917 all that data can have
    aggregation, name, gaps, ties, periods, denominators, doubtful, seed
):
    assessment = example(
        gaps=gaps, ties=ties, periods=periods, denominators=denominators, seed=seed,
        normalisation=NORMALISATIONS[name], aggregation=aggregation,
    )  # fmt: skip
    inputs = [MeasurementError(0.1, within_indicator=0.2), WeightNoise(0.3)]
    if doubtful and ties:
        inputs.append(DoubtfulAsMissing())
    found, alone, _ = both(assessment, inputs, seed=seed)
    assert_allclose(found, alone, rtol=1e-12, atol=1e-12 * np.nanmax(np.abs(alone)))


def test_the_blocks_that_draws_come_in_make_no_difference(monkeypatch):
    assessment = example(gaps=0.2, normalisation=nor.ZScore(100, 10))
    inputs = [MeasurementError(0.1), WeightNoise(0.3)]
    whole = both(assessment, inputs, n_draws=7)[0]
    monkeypatch.setattr(design_room, "_CELLS_AT_ONCE", 2 * 12 * 6)
    assert_allclose(both(assessment, inputs, n_draws=7)[0], whole, rtol=1e-13)


# -- what a study can vary beside the data ---------------------------------------------------------


def test_options_are_taken_by_the_draws_that_choose_them():
    assessment = example(gaps=0.2, normalisation=nor.MinMax(1, 10))
    options = [nor.MinMax(1, 10), nor.ZScore(10, 2)]
    inputs = [
        MeasurementError(0.1, by_indicator=True, within_unit=0.3),
        Alternatives("normalisation", options),
        Alternatives("aggregation", [agg.ArithmeticMean(), agg.GeometricMean()]),
        Exclusion(["A", "c1"]),
    ]
    check(assessment, inputs, n_draws=24, n_fast=24)


def test_gaps_of_some_draws_have_steps_of_their_own():
    assessment = example(ties=True, normalisation=nor.MinMax(1, 10))
    inputs = [DoubtfulAsMissing(), MeasurementError(0.1)]
    check(assessment, inputs, n_draws=10, n_fast=10)
    study = design(assessment, inputs, None)
    numbers = np.random.default_rng(1).random((len(study.names), 10))
    study.scores(numbers)
    assert len(study._steps) == 2
    assert_array_equal(study.scores(numbers), study.scores(numbers))


def test_steps_of_more_gaps_than_can_be_kept_are_made_anew(monkeypatch):
    monkeypatch.setattr(design_room, "_MOST_KEPT", 0)
    assessment = example(ties=True, normalisation=nor.MinMax(1, 10))
    inputs = [DoubtfulAsMissing(), MeasurementError(0.1)]
    check(assessment, inputs, n_draws=10, n_fast=10)


def test_a_node_below_the_index_is_studied_alone():
    for node in "AB":
        check(example(normalisation=nor.MinMax(1, 10)), [MeasurementError(0.1)], node=node)


def test_rows_that_are_left_out_stay_so():
    assessment = example(gaps=0.5, availability=0.7, normalisation=nor.MinMax(1, 10))
    assert len(assessment.units) < 12
    check(assessment, [MeasurementError(0.1)])
    assessment = example(gaps=0.5, periods=2, availability=0.7, normalisation=nor.MinMax(1, 10))
    assert len(assessment.units) < 24
    check(assessment, [MeasurementError(0.1)])


@pytest.mark.parametrize("imputation", [ColumnMean(), GroupMean("region"), Linear()])
def test_gaps_are_filled_in_each_draw(imputation, monkeypatch):
    monkeypatch.setattr(design_room, "_CELLS_AT_ONCE", 3 * 36 * 6)
    assessment = example(
        gaps=0.2, periods=3, imputation=imputation, normalisation=nor.ZScore(100, 10)
    )
    check(assessment, [MeasurementError(0.1)])


def test_an_imputation_of_one_indicator_leaves_the_gaps_of_others():
    choices = {"imputation": {"a2": ColumnMean()}, "normalisation": nor.MinMax(1, 10)}
    check(example(gaps=0.3, **choices), [MeasurementError(0.1)])


def test_denominators_near_the_ends_of_floats_are_left_to_assessments():
    assessment = example(denominators=True, normalisation=nor.MinMax(1, 10))
    check(assessment, [MeasurementError(0.1)])
    values = assessment.observations.values * [1e-305, 1, 1, 1, 1, 1]
    tiny = Assessment(
        assessment.index,
        evolve(assessment.observations, values=values),
        method=evolve(assessment.method, normalisation=nor.MinMax(1, 10, "observed")),
    )
    check(tiny, [MeasurementError(0.1)], n_fast=0)


@pytest.mark.parametrize("node", [nor.Rank(), nor.MinMax(1, 10), nor.ZScore(10, 1)])
@pytest.mark.parametrize("gaps", [0.0, 0.3])
def test_scores_of_a_sub_index_are_normalised_in_each_draw(node, gaps):
    assessment = example(gaps=gaps, node=node, normalisation=nor.MinMax(1, 10))
    check(assessment, [MeasurementError(0.1), WeightNoise(0.3)])


@pytest.mark.parametrize(
    ("weighting", "periods", "gaps"),
    [
        (Entropy(), 1, 0.0),
        (Entropy(), 2, 0.3),
        ({"T": Entropy()}, 1, 0.3),
        (BenefitOfTheDoubt(), 1, 0.3),
        (BenefitOfTheDoubt(), 2, 0.0),
    ],
)
def test_weights_that_depend_on_values_are_those_of_each_draw(weighting, periods, gaps):
    assessment = example(
        gaps=gaps, periods=periods, weighting=weighting, normalisation=nor.MinMax(1, 10)
    )
    check(assessment, [MeasurementError(0.1), WeightNoise(0.3)], n_draws=2, n_fast=2)


# -- steps from outside ----------------------------------------------------------------------------


class Halves:
    """A step of one's own, which counts the shapes that it is called with."""

    def __init__(self, traits=None, spoil=None):
        self.shapes = []
        self.spoil = spoil
        if traits is not None:
            self.traits = traits

    def normalise(self, values, indicators):
        self.shapes.append(values.shape)
        assert len(indicators) == values.shape[-1]
        result = values / 2 + 100
        if values.ndim == 3 and self.spoil is not None:
            result = self.spoil(result)
        return result

    def treat(self, values):
        return self.normalise(values, range(values.shape[-1]))


def test_a_normalisation_of_ones_own_is_called_for_each_draw():
    own = Halves()
    check(example(normalisation=own), [MeasurementError(0.1)])
    assert {len(shape) for shape in own.shapes} == {2}


def test_a_normalisation_that_declares_draws_is_called_with_many():
    own = Halves(nor.Traits(draws=True))
    check(example(normalisation=own), [MeasurementError(0.1)])
    assert (6, 12, 6) in own.shapes
    own = Halves(nor.Traits(draws=True))
    check(example(normalisation={"b1": own, "b2": own}), [MeasurementError(0.1)])
    assert (6, 12, 2) in own.shapes


def test_a_treatment_is_called_with_many_draws_where_it_declares_so():
    silent, declared = Halves(), Halves(tre.Traits(draws=True))
    for own, shape in ((silent, (12, 6)), (declared, (6, 12, 6))):
        check(example(treatment=own, normalisation=nor.MinMax(1, 10)), [MeasurementError(0.1)])
        assert own.shapes[-7 if own is silent else -1] is not None
        assert shape in own.shapes
    assert {len(shape) for shape in silent.shapes} == {2}


def test_winsorising_has_the_columns_of_draws_side_by_side_if_its_fallback_may():
    assert tre.Winsorise().traits.draws
    assert tre.Winsorise(force=True, fallback=Halves()).traits.draws
    assert not tre.Winsorise(fallback=Halves()).traits.draws
    assert not tre.Winsorise(fallback=Halves(tre.Traits(draws=True, by_column=False))).traits.draws


@pytest.mark.parametrize(
    "spoil",
    [
        lambda result: result[:, :-1],
        lambda result: np.where(result > 110, np.nan, result),
        lambda result: np.where(result > 110, np.inf, result),
        np.nan_to_num,
        lambda result: np.where(np.isnan(result), np.inf, result),
    ],
    ids=["shape", "missing", "infinite", "filled", "filled with infinity"],
)
def test_what_a_step_makes_of_many_draws_is_left_where_it_cannot_be(spoil):
    assessment = example(gaps=0.3, normalisation=Halves(nor.Traits(draws=True), spoil))
    check(assessment, [MeasurementError(0.1)], n_fast=0)


def test_missing_results_are_seen_where_no_value_is_missing():
    own = Halves(nor.Traits(draws=True), lambda result: np.where(result > 110, np.nan, result))
    check(example(normalisation=own), [MeasurementError(0.1)], n_fast=0)


class Wrong:
    """A weighting that is in order for complete means only."""

    def __init__(self, weights):
        self.given = weights
        self.n_calls = 0

    def weights(self, values, children):
        self.n_calls += 1
        n = len(children)
        return np.full(n, 1 / n) if self.n_calls != 2 else self.given(values, n)


@pytest.mark.parametrize(
    "given",
    [
        lambda values, n: np.full(n + 1, 1 / n),
        lambda values, n: np.full(n, 2 / n),
        lambda values, n: np.array([2.0, -1.0, *np.zeros(n - 2)]),
    ],
    ids=["shape", "sum", "below 0"],
)
def test_weights_that_are_none_are_left_to_assessments(given):
    weighting = Wrong(given)
    assessment = example(weighting={"A": weighting}, normalisation=nor.MinMax(1, 10))
    study = design(assessment, [MeasurementError(0.1)], None)
    draws = study.draws(np.full((1, 3), 0.5))
    steps = study._varying(draws, 0, 0)
    values = np.tile(assessment.observations.values, (3, 1, 1))
    assert steps.scores(values, draws.take(slice(None))) is None
    assert steps.scores(values, draws.take(slice(None))) is not None


class OnTheFirst:
    """A weighting that leaves all weight with the first child, once it is not nominal."""

    nominal = True

    def weights(self, values, children):
        n = len(children)
        return np.full(n, 1 / n) if self.nominal else np.array([*np.zeros(n - 1), 1.0])


def test_units_whose_children_with_weight_are_missing_are_left_to_assessments():
    weighting = OnTheFirst()
    assessment = example(gaps=0.4, weighting={"A": weighting}, normalisation=nor.MinMax(1, 10))
    weighting.nominal = False
    check(assessment, [MeasurementError(0.1)], n_fast=0)


# -- errors, and noise of one's own ----------------------------------------------------------------


class Jumps:
    """Noise of one's own: every value is moved by the number of the draw."""

    def __init__(self, by=1.0):
        self.by = by

    def factors(self, assessment):
        return ["jumps"]

    def apply(self, uniforms, draws):
        draws.perturb(lambda values, draw: values + self.by * uniforms[0, draw])


def test_noise_of_ones_own_joins_errors_of_measurement():
    assessment = example(gaps=0.2, normalisation=nor.ZScore(100, 10))
    check(assessment, [Jumps(), MeasurementError(0.1)])
    check(assessment, [MeasurementError(0.1), Jumps(3.0)])


def test_a_draw_that_cannot_be_assessed_is_told_as_if_it_were_alone():
    assessment = example(normalisation=nor.Goalposts(1, 10, log=True))
    inputs = [Jumps(-30.0)]
    with pytest.raises(MethodError, match=r"data of a draw cannot be assessed: .*log=True") as e:
        evaluate(assessment, inputs, [[0.1], [0.9]])
    assert all("unit 'u" in fault for fault in e.value.faults)


def test_infinite_values_are_refused_as_of_noise():
    assessment = example(treatment=tre.Clip(0, 60), normalisation=nor.MinMax(1, 10))
    with pytest.raises(MethodError, match="noise must return finite values where the data have"):
        evaluate(
            assessment, [MeasurementError({"b1": 1e308})], [[number / 9] for number in range(9)]
        )


def test_values_that_leave_the_domain_of_a_mean_are_left_to_assessments():
    assessment = example(normalisation=nor.Unscaled(), aggregation={"B": agg.GeometricMean()})
    with pytest.raises(MethodError, match="GeometricMean of 'B' needs values above zero"):
        evaluate(assessment, [Jumps(-30.0)], [[0.1], [0.9]])


class Mostly:
    """Weights of a node's two children, the first of which has a share of its own."""

    def factors(self, assessment):
        return ["share"]

    def apply(self, uniforms, draws):
        draws.set_weights("A", np.array([uniforms[0], 1 - uniforms[0]]))


def test_a_mean_below_zero_is_no_missing_child_of_a_geometric_mean():
    index = Index("T", [Index("A", [Indicator("x"), Indicator("y")]), Indicator("z")])
    data = {"unit": ["U", "V"], "x": [-1.0, 2.0], "y": [3.0, 2.0], "z": [2.0, 2.0]}
    method = Method(normalisation=nor.Unscaled(), aggregation={"T": agg.GeometricMean()})
    with pytest.raises(MethodError, match=r"in some draws 'A' falls to -0.6"):
        evaluate(Assessment(index, data, method=method), [Mostly()], [[0.9]])


def test_errors_of_measurement_fill_what_they_are_given():
    noise = Noise(sds=np.ones((2, 1)), errors=lambda draw, cells: cells.fill(draw), ends=None)
    found = noise.fill(np.array([[1.0], [2.0]]), [3, 5], np.empty((2, 2, 1)))
    assert found.tolist() == [[[4.0], [5.0]], [[6.0], [7.0]]]
    assert noise(np.array([[1.0], [2.0]]), 4).tolist() == [[5.0], [6.0]]


@pytest.mark.parametrize("step", [own for own in TREATMENTS.values() if hasattr(own, "treat")])
def test_treatments_take_draws_together(step):
    values = np.random.default_rng(2).uniform(1, 50, (4, 9, 3))
    values[:, 2, 1] = np.nan
    apart = np.stack([step.treat(table) for table in values])
    assert_allclose(step.treat(values), apart, rtol=1e-13)
    assert step.traits.draws
