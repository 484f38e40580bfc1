"""What uncertain inputs read: right numbers at every scale, by label, and nothing by mistake."""

import math
import pickle
import warnings

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.testing import assert_allclose, assert_array_equal
from tests.sensitivity.cases import CODES, example

from dli import Assessment, Index, Indicator
from dli.aggregation import ArithmeticMean, GeometricMean
from dli.errors import MethodError, UnknownCodeError
from dli.normalisation import MinMax
from dli.sensitivity import (
    Alternatives,
    DirichletWeights,
    Exclusion,
    MeasurementError,
    WeightNoise,
    evaluate,
    importance,
    shapley,
    sobol,
    uncertainty,
)

pd = pytest.importorskip("pandas")
pl = pytest.importorskip("polars")

PAIR = Index("T", [Indicator("a"), Indicator("b")])
DATA = {"unit": list("VWXYZ"), "a": [1.0, 4, 6, 8, 9], "b": [2.0, 9, 1, 6, 5]}


def pair(scale=1.0, **weights):
    data = {"unit": DATA["unit"], **{c: [scale * x for x in DATA[c]] for c in "ab"}}
    return Assessment(PAIR.with_weights(weights), data)


def cells(assessment):
    """Give different standard deviations for all cells."""
    return np.arange(1.0, assessment.observations.values.size + 1).reshape(-1, len(CODES)) / 100


# -- scale -----------------------------------------------------------------------------------------


@pytest.mark.parametrize("power", [-1000, -664, 664, 1000])
def test_relative_errors_do_not_depend_on_the_unit_of_measure(power):
    def deviations(scale):
        return uncertainty(
            pair(scale), [MeasurementError(0.1)], n_samples=50, rng=1
        ).score_deviations

    assert_allclose(deviations(2.0**power), deviations(1.0), rtol=1e-9)
    assert deviations(1.0).min() > 0.5


def test_the_deviation_of_errors_is_a_share_of_that_of_the_data_at_any_scale():
    for scale in (1e-300, 1e-200, 1.0, 1e200, 1e300):
        sds = MeasurementError(0.1).deviations(pair(scale))
        want = 0.1 * np.std([DATA["a"], DATA["b"]], axis=1, ddof=1)
        assert_allclose(sds[0] / scale, want)


@pytest.mark.parametrize("power", [-664, 664])
def test_studies_of_scores_do_not_depend_on_their_scale(power):
    def found(scale):
        assessment = pair().evolve(normalisation=MinMax(0, scale))
        noise = [WeightNoise(0.3)]
        effects = shapley(assessment, noise, n_permutations=8, rng=1, output="score")
        with pytest.warns(match="2 do not vary"):  # ranks
            indices = sobol(assessment, noise, n_samples=16, rng=1, output=["score", "rank"])
        spread = uncertainty(assessment, noise, n_samples=64, rng=1).score_deviations
        return effects, indices, spread

    (effects, indices, spread), (one_effects, one_indices, one_spread) = found(2.0**power), found(1)
    assert_allclose(effects.effects, one_effects.effects)
    assert_allclose(indices.total_order, one_indices.total_order)
    assert_allclose(spread / 2.0**power, one_spread)
    assert one_spread.min() > 1e-3
    assert np.isfinite(one_effects.effects).all()
    lost = 0.0 if power < 0 else math.inf  # beyond the range of floats
    assert (effects.variance == lost).all()
    assert (indices.indices.variance[:5] == lost).all()
    assert_allclose(indices.indices.variance[5:], one_indices.indices.variance[5:])


# -- what is read ----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("sd", "fault"),
    [
        ("0.1", "got '0.1'"),
        (True, "True is a boolean"),
        (np.datetime64("2020-01-01"), "a date or time"),
        (np.timedelta64(1, "D"), "a date or time"),
        (1j, "a complex number"),
        (None, "got None"),
        ([["0.1", 1.0]], r"row 0, column 0: '0.1' is text"),
        ([[1.0, -1.0], [math.inf, 1.0]], r"(?s)row 0, column 1: -1.0.*row 1, column 0: inf"),
        ({"a": b"0.1", "b": True}, r"(?s)'a': b'0.1' is .*'b': True is a boolean"),
        ({"a": np.datetime64("2020-01-01", "ns")}, "a date or time"),
        ({"a": None, "b": [1.0]}, r"(?s)'a': None.*'b': \[1.0\] is a sequence"),
    ],
)
def test_what_is_not_a_standard_deviation_is_refused_when_it_is_written(sd, fault):
    with pytest.raises(MethodError, match="must be finite and at least 0") as caught:
        MeasurementError(sd)
    assert caught.match(fault)


def test_a_row_of_errors_is_refused_with_what_to_write():
    with pytest.raises(MethodError, match=r"a mapping of code to number.*shape \(2,\)"):
        MeasurementError([0.1, 0.2])


def test_masked_cells_have_no_error():
    assessment = example()
    sds = cells(assessment)
    masked = np.ma.masked_array(sds.copy(), mask=sds > 0.5)
    found = MeasurementError(masked).deviations(assessment)
    assert_array_equal(found, np.where(sds > 0.5, 0.0, sds))


def test_a_table_of_errors_is_a_copy():
    assessment = example()
    own, frame = cells(assessment), pd.DataFrame(cells(assessment), columns=CODES)
    errors = [MeasurementError(own), MeasurementError(frame)]
    own[:], frame.loc[:] = 0.0, 0.0
    for one in errors:
        assert_array_equal(one.deviations(assessment), cells(assessment))
        again = pickle.loads(pickle.dumps(one))  # noqa: S301 as it goes to workers
        assert_array_equal(again.deviations(assessment), cells(assessment))


# -- by label --------------------------------------------------------------------------------------


@given(order=st.permutations(range(len(CODES))), rows=st.permutations(range(9)))
@settings(max_examples=10)
def test_frames_of_errors_are_read_by_codes_and_units(order, rows):
    assessment = example()
    sds = cells(assessment)
    columns = {CODES[j]: sds[rows, j] for j in order}
    units = [assessment.units[i] for i in rows]
    for frame in (
        pd.DataFrame(columns, index=units),
        pd.DataFrame({**columns, "unit": units}),
        pl.DataFrame({"unit": units, **columns}),
        pl.LazyFrame({**columns, "unit": units}),
    ):
        assert_array_equal(MeasurementError(frame).deviations(assessment), sds)


def test_rows_of_frames_are_read_by_unit_and_period():
    assessment = example(periods=3)
    sds = cells(assessment)
    keys = {"unit": assessment.units, "year": assessment.periods}
    frame = pd.DataFrame({**dict(zip(CODES, sds.T, strict=True)), **keys}).iloc[::-1]
    for own in (frame, frame.set_index(["unit", "year"]), pl.from_pandas(frame)):
        assert_array_equal(MeasurementError(own).deviations(assessment), sds)


def test_frames_without_names_are_read_by_place():
    assessment = example()
    sds = cells(assessment)
    sorted_rows = pd.DataFrame(sds, columns=CODES, index=[3, 1, 2, 0, 4, 5, 6, 7, 8])
    for frame in (
        pd.DataFrame(sds),
        pl.DataFrame(sds),
        pl.DataFrame(sds, schema=CODES),
        sorted_rows,
    ):
        assert_array_equal(MeasurementError(frame).deviations(assessment), sds)


def test_frames_of_errors_with_other_labels_are_refused_with_all_of_them():
    assessment = example()
    frame = pd.DataFrame(cells(assessment), columns=CODES)
    with pytest.raises(
        MethodError,
        match="column 'a1x' is not one of the indicators; did you mean 'a1'",
    ) as caught:
        MeasurementError(frame.rename(columns={"a1": "a1x"})).factors(assessment)
    assert caught.match("no column for the indicator 'a1'")
    units = ["u0x", *assessment.units[1:-1], "u1"]
    with pytest.raises(MethodError, match="row 'u0x' is not in the data; did you mean") as caught:
        MeasurementError(frame.set_axis(units)).factors(assessment)
    assert caught.match("no row for 'u8'")
    assert caught.match("row 'u1' appears twice")
    with pytest.raises(MethodError, match=r"shape \(9, 6\), got \(2, 6\)"):
        MeasurementError(frame[:2]).factors(assessment)
    with pytest.raises(MethodError, match=r"row 0 \(unit 'u0'\), 'a2': -1\.0"):
        MeasurementError(frame.assign(a2=-1.0)).factors(assessment)
    with pytest.raises(MethodError, match="'x' is text"):
        MeasurementError(frame.astype(object).assign(a2="x")).factors(assessment)


def test_planned_draws_in_a_frame_are_read_by_factor():
    assessment = pair()
    inputs = [WeightNoise(0.5)]
    numbers = np.array([[0.1, 0.9], [1.0, 0.0]])
    want = evaluate(assessment, inputs, numbers)
    names = ["weight of a", "weight of b"]
    turned = pd.DataFrame(numbers[:, ::-1], columns=names[::-1], index=["x", "y"])
    for frame in (turned, pl.from_pandas(turned), pl.from_pandas(turned).lazy()):
        assert_array_equal(evaluate(assessment, inputs, frame), want)
    for plain in (pd.DataFrame(numbers), pl.DataFrame(numbers), numbers.tolist()):
        assert_array_equal(evaluate(assessment, inputs, plain), want)
    with pytest.raises(MethodError, match="did you mean 'weight of a'") as caught:
        evaluate(assessment, inputs, turned.rename(columns={"weight of a": "weight a"}))
    assert caught.match("no column for the factor 'weight of a'")
    with pytest.raises(MethodError, match=r"shape \(n_draws, 2\).*got \(2, 3\)"):
        evaluate(assessment, inputs, pd.DataFrame(np.ones((2, 3))))


# -- a single factor -------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "one",
    [
        MeasurementError(0.1),
        Exclusion(["a"]),
        Alternatives("aggregation", [ArithmeticMean(), GeometricMean()]),
        WeightNoise({"a": 0.5}),
    ],
)
@pytest.mark.parametrize("n_permutations", [2, 9])
def test_a_single_factor_has_the_whole_variance(one, n_permutations):
    assessment = pair().evolve(normalisation=MinMax(1, 10))
    study = shapley(assessment, [one], n_permutations=n_permutations, rng=3, output="score")
    varies = study.variance > 1e-20
    assert varies.any()
    assert_allclose(study.effects[0, varies], 1.0)
    assert_allclose(study.errors[0, varies], 0.0, atol=1e-12)
    assert np.isnan(study.effects[0, study.variance == 0]).all()


# -- nothing varies --------------------------------------------------------------------------------


def test_studies_in_which_nothing_varies_print_without_warnings():
    still = WeightNoise({"a": 1e-300, "b": 1e-300})
    effects = shapley(pair(), [still], n_permutations=4, rng=1)
    with pytest.warns(match="1 do not vary"):
        indices = sobol(pair(), [still], n_samples=8, rng=1)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        for study in (effects, indices):
            assert repr(study).count("nan") == 4
            assert "weight of b" in study._repr_html_()


def test_printed_means_leave_out_units_that_do_not_vary():
    assessment = Assessment(PAIR, {**DATA, "b": [1.0, 9, 2, 6, 5]})  # V is last in both
    with pytest.warns(match="1 do not vary"):
        study = sobol(assessment, [WeightNoise(0.3)], n_samples=64, rng=1, output="score")
    assert np.isnan(study.total_order[:, 0]).all()
    first = study.total_order[0, 1:].mean()
    assert f"{first:.3f}" in repr(study)


def test_shares_of_importances_that_are_all_0_are_missing():
    found = importance(pair())
    object.__setattr__(found, "ratios", np.zeros(2))
    assert np.isnan(found.shares).all()


# -- weights ---------------------------------------------------------------------------------------


@pytest.mark.parametrize("concentration", [1e-310, 1e-100, 1e-10, 1e-3, 1.0, 1e10])
@pytest.mark.parametrize("tiny", [1e-300, 1e-290, 1e-200])
def test_a_tiny_nominal_weight_next_to_1_draws_almost_nothing(concentration, tiny):
    assessment = pair(a=1.0, b=tiny)
    study = uncertainty(assessment, [DirichletWeights(concentration)], n_samples=500, rng=2)
    with np.errstate(over="raise", invalid="raise", divide="raise"):
        drawn = study.inputs(0, 500)
    assert_allclose(drawn["weight of a"], 1.0)
    assert_allclose(drawn["weight of b"], 0.0, atol=1e-12)
    assert_allclose(study.mean_scores, assessment.array("T"), atol=1e-9)


def test_shapley_effects_of_a_tiny_weight_are_numbers():
    index = Index("T", [Indicator("a"), Indicator("b"), Indicator("c", weight=1e-300)])
    data = {**DATA, "c": [5.0, 1, 2, 8, 3]}
    study = shapley(
        Assessment(index, data), [DirichletWeights(1e-10)], n_permutations=40, rng=1, output="score"
    )
    assert_allclose(study.effects.sum(axis=0), 1.0)
    assert (np.abs(study.effects[2]) < 4 * study.errors[2]).all()


@pytest.mark.parametrize("key", [True, np.True_, 1.0, None, ("a",)])
def test_spreads_have_codes_or_whole_numbers_as_keys(key):
    with pytest.raises(
        MethodError, match=r"must be levels \(whole numbers\) or codes \(text\)"
    ) as caught:
        WeightNoise({key: 0.1, "a": 0.2})
    assert caught.value.faults == (repr(key),)


def test_levels_may_be_whole_numbers_of_numpy():
    assert WeightNoise({np.int64(1): 0.1}).factors(pair()) == ["weight of a", "weight of b"]
    with pytest.raises(UnknownCodeError, match="no code or level for WeightNoise 3"):
        WeightNoise({3: 0.1}).factors(pair())


# -- groups ----------------------------------------------------------------------------------------


def test_labels_of_groups_are_texts_that_name_no_other_factor():
    noise = [WeightNoise(0.3)]
    with pytest.raises(MethodError, match="must be text") as caught:
        sobol(pair(), noise, n_samples=8, groups={3: ["weight of a"], None: ["weight of b"]})
    assert caught.value.faults == ("3: not text", "None: not text")
    with pytest.raises(MethodError, match="'weight of a': another factor has this name"):
        sobol(pair(), noise, n_samples=8, groups={"weight of a": ["weight of b"]})
    with pytest.raises(MethodError, match="group 'x' must be a sequence"):
        sobol(pair(), noise, n_samples=8, groups={"x": 3})
    study = sobol(pair(), noise, n_samples=8, rng=1, groups={"weight of a": ["weight of a"]})
    assert study.factors == ("weight of a", "weight of b")
    assert "weight of a" in repr(study)
