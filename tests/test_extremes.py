"""Steps give the right number, or an error, for values of any size that a float can hold."""

from fractions import Fraction
from math import inf, log, nan, sqrt
from types import SimpleNamespace

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal

from dli import Index, Indicator
from dli.aggregation import (
    AdjustedMazziottaPareto,
    ArithmeticMean,
    Copeland,
    GeometricMean,
    HarmonicMean,
    MazziottaPareto,
    Minimum,
    OrderedWeighted,
    PowerMean,
    adjusted_mazziotta_pareto,
    mazziotta_pareto,
    ordered_weighted_mean,
    power_mean,
    power_mean_directional,
    power_mean_gradient,
)
from dli.errors import MethodError, ModelError, UnknownCodeError
from dli.framework import Bands
from dli.imputation import (
    ColumnMean,
    ColumnMedian,
    Context,
    GroupMean,
    GroupMedian,
    Regression,
    RegressionDraws,
    RowMean,
    RowMedian,
    imputation_error,
)
from dli.moments import kurtosis, skewness
from dli.normalisation import (
    Borda,
    DistanceToReference,
    DistanceToTarget,
    FittedOn,
    FractionOfMax,
    Goalposts,
    MinMax,
    PercentileRank,
    Rank,
    Scaled,
    ZScore,
)
from dli.treatment import BoxCox, Log, LogPlus, Percentiles, Winsorise

GREATEST = float(np.finfo(np.float64).max)
# Multiples of 2**4, so that results of ordinary size stay exact far down.
BASE = 16 * np.array([[1.0, 40.0], [2.0, 30.0], [4.0, 7.0], [7.0, 20.0], [12.0, 11.0], [9.0, 8.0]])
POWERS = [-1070, -1022, -700, -520, -260, 260, 511, 700, 1000, 1014]
HALVES = np.array([0.5, 0.5])


def _indicators(power=0):
    two = 2.0**power if power > -1074 else 0.0
    return [
        Indicator("a", goalposts=(0, 200 * two), target=100 * two, scale=(0, 300 * two)),
        Indicator(
            "b", direction=-1, goalposts=(700 * two, 0), target=50 * two, scale=(0, 900 * two)
        ),
    ]


@pytest.mark.parametrize("power", POWERS)
@pytest.mark.parametrize(
    "scheme",
    [
        MinMax(),
        MinMax(1, 3, ends="observed"),
        Goalposts(),
        Scaled(),
        ZScore(),
        FractionOfMax(),
        DistanceToReference(4),
        DistanceToTarget(),
        Rank(),
        Rank(equality="rounding"),
        Borda(),
        PercentileRank(),
    ],
    ids=repr,
)
def test_normalised_values_do_not_depend_on_the_unit_of_measure(scheme, power):
    found = scheme.normalise(np.ldexp(BASE, power), _indicators(power))
    assert_allclose(found, scheme.normalise(BASE, _indicators()), rtol=1e-14, atol=1e-14)


def test_z_scores_of_ordinary_values_keep_their_bits():
    values = np.random.default_rng(1).normal(50, 10, (40, 1))
    deviations = values - values.sum(axis=0) / 40
    spread = np.sqrt(np.einsum("ij,ij->j", deviations, deviations) / 39)
    assert_array_equal(ZScore().normalise(values, [Indicator("a")]), deviations / spread)


@pytest.mark.parametrize("size", [1.0, 1e-290, 1e300])
def test_z_scores_of_values_that_are_close_together(size):
    steps = [0, 1, 2, 4, 9]
    unit = Fraction(float(np.spacing(size)))
    values = [[float(Fraction(size) + 4 * step * unit)] for step in steps]
    mean = Fraction(sum(steps), 5)
    spread = sqrt(sum((step - mean) ** 2 for step in steps) / 4)
    expected = [[float(step - mean) / spread] for step in steps]
    assert_allclose(ZScore().normalise(values, [Indicator("a")]), expected, rtol=1e-14)


def test_values_over_the_whole_range_are_stretched():
    values = [[-GREATEST], [0.0], [GREATEST]]
    assert MinMax().normalise(values, [Indicator("a")]).ravel().tolist() == [0, 50, 100]
    assert_allclose(ZScore().normalise(values, [Indicator("a")]).ravel(), [-1, 0, 1])


def test_a_scale_may_span_the_whole_range():
    found = MinMax(-GREATEST, GREATEST).normalise([[1.0], [2.0], [3.0]], [Indicator("a")])
    assert found.ravel().tolist() == [-GREATEST, 0, GREATEST]


@pytest.mark.parametrize("scheme", [MinMax(), ZScore(), Goalposts(truncate=False)])
def test_scores_beyond_the_range_are_refused(scheme):
    indicators = [
        Indicator("a", goalposts=(0, 1e-300) if scheme == Goalposts(truncate=False) else None)
    ]
    fitted = scheme.fit([[0.0], [1e-300]], indicators)
    with pytest.raises(MethodError, match=r"their scores are infinite:\n  - 'a'$"):
        fitted.normalise([[1e300]], indicators)


def test_values_far_beyond_goalposts_are_cut_off():
    indicators = [Indicator("a", goalposts=(0, 1e-300))]
    assert Goalposts().normalise([[1e300], [-1e300]], indicators).ravel().tolist() == [100, 0]


def test_fractions_beyond_the_range_are_refused():
    fitted = FractionOfMax().fit([[1e-300]], [Indicator("a")])
    with pytest.raises(MethodError, match=r"their fractions are infinite:\n  - 'a'$"):
        fitted.normalise([[1e300]], [Indicator("a")])


def test_infinite_values_are_named():
    with pytest.raises(MethodError, match=r"\n  - row 1, 'a': inf$"):
        Rank().normalise([[1.0], [inf]], [Indicator("a")])
    with pytest.raises(MethodError, match=r"\n  - row 0, column 1: -inf$"):
        ArithmeticMean().aggregate([[1.0, -inf]], HALVES)
    with pytest.raises(MethodError, match="values must be finite numbers"):
        skewness([1.0, inf, 2.0])


@pytest.mark.parametrize(
    ("scheme", "parameters", "fault"),
    [
        (MinMax, {"low": 1, "high": 1 + 1e-15}, "so close that all scores would tie"),
        (ZScore, {"mean": 1e16, "sd": 1}, "so small beside mean 1e.16 that all scores would tie"),
        (ZScore, {"mean": GREATEST, "sd": GREATEST}, "too large to add"),
    ],
)
def test_scales_that_floats_cannot_hold_are_refused(scheme, parameters, fault):
    with pytest.raises(MethodError, match=fault):
        scheme(**parameters)


def test_indicators_of_the_wrong_kind_are_named():
    with pytest.raises(MethodError, match=r"dli.Indicator does:\n  - 'a' is not an Indicator$"):
        MinMax().normalise([[1.0], [2.0]], ["a"])
    with pytest.raises(MethodError, match=r"\n  - .*Indicator'> is not an Indicator$"):
        MinMax().normalise([[1.0], [2.0]], [Indicator])
    with pytest.raises(MethodError, match="indicators must be a sequence of Indicator, got None"):
        MinMax().normalise([[1.0], [2.0]], None)


def test_a_fitted_normalisation_without_a_description_is_shown():
    class Outside:
        def fit(self, values, indicators):
            return self

        def __repr__(self):
            return "Outside()"

    assert FittedOn(Outside(), units="A").describe().startswith("`Outside()`. The parameters")


@pytest.mark.parametrize("power", POWERS)
def test_moments_do_not_depend_on_the_unit_of_measure(power):
    assert_allclose(skewness(np.ldexp(BASE, power)), skewness(BASE), rtol=1e-12)
    assert_allclose(kurtosis(np.ldexp(BASE, power)), kurtosis(BASE), rtol=1e-12)


def test_moments_of_values_that_are_close_together():
    steps = np.array([0.0, 1, 2, 4, 9, 30])
    assert_allclose(skewness(1 + steps * 2.0**-50), skewness(steps), rtol=1e-12)
    assert_allclose(kurtosis(1 + steps * 2.0**-50), kurtosis(steps), rtol=1e-12)


def test_moments_need_a_column():
    with pytest.raises(MethodError, match="at least one column"):
        skewness(3.0)


@pytest.mark.parametrize("power", POWERS)
def test_logarithms_move_by_that_of_the_unit_of_measure(power):
    for scheme in (Log(), LogPlus()):
        sign = np.where(skewness(BASE) > 0, 1, -1 if scheme == LogPlus() else 1)
        expected = scheme.treat(BASE) + sign * power * log(2)
        assert_allclose(scheme.treat(np.ldexp(BASE, power)), expected, rtol=1e-13)


@pytest.mark.parametrize("power", POWERS)
@pytest.mark.parametrize("scheme", [Winsorise(fallback=None), Percentiles(25, 75)], ids=repr)
def test_drawing_in_extremes_does_not_depend_on_the_unit_of_measure(scheme, power):
    values = np.vstack([BASE, 1000 * BASE[:1]])
    top = power if power < 1000 else power - 10
    expected = np.ldexp(scheme.treat(values), top)
    assert_array_equal(scheme.treat(np.ldexp(values, top)), expected)


def test_percentiles_of_values_over_the_whole_range():
    found = Percentiles(25, 75).treat([[-GREATEST], [GREATEST]])
    assert_allclose(found.ravel(), [-GREATEST / 2, GREATEST / 2])


@pytest.mark.parametrize("order", [-2, 0.5, 2.5, 1e-3, 1e-30, 5e-324])
def test_box_cox_of_tiny_distances_keeps_them(order):
    found = BoxCox(order).treat([[0.0], [1e-200], [3e-200]])
    assert_allclose(found.ravel(), [0, 1e-200, 3e-200], rtol=1e-12)


def test_box_cox_of_an_order_near_zero_is_nearly_the_logarithm():
    values = [[1.0], [4.0], [9.0]]
    for order in (1e-12, 1e-18, 1e-300):
        assert_allclose(BoxCox(order).treat(values), BoxCox(0).treat(values), rtol=1e-11)


def test_transformed_values_beyond_the_range_are_refused():
    with pytest.raises(MethodError, match=r"beyond the range of numbers:\n  - column 0$"):
        BoxCox(3).treat([[0.0], [1e200]])


CONTEXT = Context(
    units=tuple("ABCDEF"),
    codes=("a", "b"),
    columns={"group": list("xxxyyy")},
    parents={"a": ("T",), "b": ("T",)},
    directions=(1, -1),
)
GAPS = BASE.copy()
GAPS[2, 0] = GAPS[4, 1] = nan


@pytest.mark.parametrize("power", [-1000, -260, 260, 600, 1014])
@pytest.mark.parametrize(
    "scheme",
    [
        ColumnMean(),
        ColumnMedian(),
        GroupMean("group"),
        GroupMedian("group"),
        RowMean(),
        RowMedian(),
        Regression(),
        RegressionDraws(),
    ],
    ids=repr,
)
def test_filled_values_are_in_the_unit_of_measure(scheme, power):
    filled = scheme.impute(np.ldexp(GAPS, power), CONTEXT)
    assert_allclose(np.ldexp(filled, -power), scheme.impute(GAPS, CONTEXT), rtol=1e-12)
    # A column in another unit of measure than the rest.
    mixed = np.column_stack([GAPS[:, 0], np.ldexp(GAPS[:, 1], power)])
    filled = scheme.impute(mixed, CONTEXT)
    assert_allclose(filled[2, 0], scheme.impute(GAPS, CONTEXT)[2, 0], rtol=1e-12)


@pytest.mark.parametrize("scheme", [ColumnMean(), ColumnMedian(), GroupMean("group")], ids=repr)
def test_means_of_the_greatest_numbers(scheme):
    values = np.full((6, 2), GREATEST)
    values[0, 0] = nan
    assert (scheme.impute(values, CONTEXT) == GREATEST).all()


def test_regression_on_values_that_are_close_together():
    steps = np.array([0.0, 1, 2, 4, 9, 3])
    close = 1 + steps * 2.0**-50
    values = np.column_stack([close, 5 * steps])
    values[5, 1] = nan
    assert_allclose(Regression().impute(values, CONTEXT)[5, 1], 15, rtol=1e-12)


def test_regression_on_predictors_in_very_different_units():
    rng = np.random.default_rng(3)
    x = rng.normal(size=(20, 2))
    y = x @ [1.0, 2.0] + 3
    codes = ("x", "z", "y")
    context = Context(units=tuple(range(20)), codes=codes)
    values = np.column_stack([x[:, 0] * 2.0**80, x[:, 1], y])
    values[0, 2] = nan
    assert_allclose(Regression(2).impute(values, context)[0, 2], y[0], rtol=1e-12)


def test_predictions_beyond_the_range_are_refused():
    values = np.array([[1.0, 1.0], [2.0, 2.0], [3.0, 3.0], [1000.0, nan], [0, 0], [4, 4]])
    values[:, 1] *= 1e307
    with pytest.raises(MethodError, match=r"beyond the range of numbers:\n  - unit 'D', 'b'$"):
        Regression().impute(values, CONTEXT)


def test_a_constant_predictor_of_great_size_is_no_predictor():
    values = np.array([[1e200, 1.0], [1e200, 2.0], [1e200, 6.0], [1e200, nan]] * 2)[:6]
    values[:, 0] *= [1, 1 + 2e-16, 1, 1, 1, 1]
    assert_allclose(Regression().impute(values, CONTEXT)[3, 1], 2.4)


def test_the_error_of_an_imputation_is_in_the_unit_of_measure():
    found = imputation_error(ColumnMean(), np.ldexp(BASE, 700), CONTEXT, share=0.4, rng=1)
    expected = imputation_error(ColumnMean(), BASE, CONTEXT, share=0.4, rng=1)
    assert_allclose(found.relative, expected.relative, rtol=1e-12)
    for name in ("root_mean_square", "mean_absolute"):
        assert_allclose(np.ldexp(getattr(found, name), -700), getattr(expected, name), rtol=1e-12)


def test_an_imputation_that_is_far_off_is_refused():
    class Far:
        def impute(self, values, context):
            return np.where(np.isnan(values), 1e300, values)

    with pytest.raises(MethodError, match=r"too far .*:\n  - 'a'\n  - 'b'$"):
        imputation_error(Far(), BASE, CONTEXT, share=0.4, rng=1)


def test_the_error_of_an_imputation_names_all_its_wrong_parameters():
    with pytest.raises(MethodError) as caught:
        imputation_error("mean", BASE[:3], CONTEXT, share=2, n_rounds=0)
    words = ("imputation", "context", "share", "n_rounds")
    assert [fault.split()[0] for fault in caught.value.faults] == list(words)


MEANS = [
    ArithmeticMean(),
    GeometricMean(),
    HarmonicMean(),
    Minimum(),
    PowerMean(inf),
    PowerMean(3),
    PowerMean(-7.5),
    PowerMean(0.001),
    OrderedWeighted([0.2, 0.3, 0.5]),
]


@pytest.mark.parametrize("power", [-1000, -520, 520, 1014])
@pytest.mark.parametrize("scheme", MEANS, ids=repr)
def test_means_are_in_the_unit_of_measure(scheme, power):
    weights = np.array([0.3, 0.7])
    found = scheme.aggregate(np.ldexp(BASE, power), weights)
    assert_allclose(np.ldexp(found, -power), scheme.aggregate(BASE, weights), rtol=1e-11)
    slopes = scheme.gradient(np.ldexp(BASE, power), weights)
    assert_allclose(slopes, scheme.gradient(BASE, weights), rtol=1e-11, atol=1e-14)


@pytest.mark.parametrize("scheme", MEANS, ids=repr)
def test_means_of_the_greatest_numbers_are_the_greatest(scheme):
    found = scheme.aggregate(np.full((1, 3), GREATEST), np.full(3, 1 / 3))
    assert_allclose(found, GREATEST, rtol=1e-12)


@pytest.mark.parametrize("scheme", MEANS, ids=repr)
@pytest.mark.parametrize("size", [1e-300, 5e-324, 1e-15, 1e150, 1e308])
def test_weights_of_any_size_are_shares(scheme, size):
    values = BASE[:3]
    expected = scheme.aggregate(values, np.array([0.25, 0.75]))
    assert_allclose(
        scheme.aggregate(values, [size, 3 * size] if size < 1e308 else [size / 4, 0.75 * size]),
        expected,
        rtol=1e-12,
    )


@pytest.mark.parametrize("tiny", [1e-15, 1e-160, 1e-300, 1e-310])
@pytest.mark.parametrize("scheme", MEANS, ids=repr)
def test_what_is_left_of_the_weights_is_shared(scheme, tiny):
    values = np.array([[nan, 2e-20, 2e-20], [3.0, 4.0, 5.0]])
    found = scheme.aggregate(values, np.array([1.0, tiny, tiny]))
    assert_allclose(found[0], 2e-20, rtol=1e-12)
    slopes = scheme.gradient(values, np.array([1.0, tiny, tiny]))
    assert_allclose(slopes[0].sum(), 1, rtol=1e-12)


def test_a_tiny_weight_counts_where_its_value_is_great():
    values, weights = np.array([[1e300, 1.0, 1.0]]), np.array([1e-300, 0.5, 0.5])
    for scheme in (ArithmeticMean(), OrderedWeighted([1.0, 1.0])):
        assert_allclose(scheme.aggregate(values, weights), 2, rtol=1e-12)


@pytest.mark.parametrize("p", [0.01, 0.02, 0.5, -0.01, -0.5, -1, 2])
def test_power_means_of_values_over_the_whole_range(p):
    great, tiny = Fraction(2) ** 1000, Fraction(2) ** -1000
    # log2 of (w great^p + w tiny^p)^(1/p), of which the logarithm is of ordinary size.
    ruling = 1000 if p > 0 else -1000
    expected = ruling + np.log2(0.5 + 0.5 * 2.0 ** (-2000 * abs(p))) / p
    found = power_mean([[float(great), float(tiny)]], HALVES, p)
    assert_allclose(np.log2(found), expected, rtol=1e-12)
    slopes = power_mean_gradient([[float(great), float(tiny)]], HALVES, p)
    with np.errstate(over="ignore"):
        logs = (p - 1) * (np.array([1000.0, -1000.0]) - expected) - 1
        expected_slopes = np.where(logs < 1023, 2.0**logs, 0.0)
    assert_allclose(slopes[0], expected_slopes, rtol=1e-9)


@pytest.mark.parametrize("p", [1e-30, -1e-30, 5e-324])
def test_power_means_of_an_order_near_zero_are_geometric(p):
    assert_allclose(power_mean([[4.0, 9.0]], HALVES, p), 6, rtol=1e-14)


def test_moves_have_the_shape_of_the_values():
    with pytest.raises(MethodError, match=r"moves must have the shape \(1, 2\), got \(3,\)"):
        power_mean_directional([[1.0, 2.0]], HALVES, [1.0, 2.0, 3.0], 1)


def test_copeland_compares_values_and_weights_of_any_size():
    expected = Copeland().aggregate(BASE, np.array([0.4, 0.6]))
    for power in (-1070, 1014):
        values = np.ldexp(BASE, power)
        assert_array_equal(Copeland().aggregate(values, np.array([4e-300, 6e-300])), expected)


@pytest.mark.parametrize("power", [-1070, -520, 520, 1014])
def test_mazziotta_pareto_does_not_depend_on_the_unit_of_measure(power):
    values = np.ldexp(BASE, power)
    assert_allclose(mazziotta_pareto(values), mazziotta_pareto(BASE), rtol=1e-12)
    for reference in ("mean", "midrange"):
        found = adjusted_mazziotta_pareto(values, reference=reference)
        assert_allclose(found, adjusted_mazziotta_pareto(BASE, reference=reference), rtol=1e-12)
    ends = np.array([0.0, 0.0]), np.array([400.0, 900.0])
    centre = np.array([100.0, 300.0])
    found = adjusted_mazziotta_pareto(
        values, bounds=tuple(np.ldexp(ends, power)), reference=np.ldexp(centre, power)
    )
    expected = adjusted_mazziotta_pareto(BASE, bounds=ends, reference=centre)
    assert_allclose(found, expected, rtol=1e-12)
    for scheme in (MazziottaPareto(), AdjustedMazziottaPareto()):
        with pytest.raises(MethodError, match="normalise them first"):
            scheme.fit(values)


def test_mazziotta_pareto_of_values_that_are_close_together():
    steps = np.column_stack([[0.0, 1, 2, 4, 9], [3.0, 1, 7, 2, 5]])
    close = 1 + steps * 2.0**-50
    assert_allclose(mazziotta_pareto(close), mazziotta_pareto(steps), rtol=1e-12)


def test_mazziotta_pareto_refuses_values_far_beyond_its_bounds():
    with pytest.raises(MethodError, match="imbalance is infinite"):
        adjusted_mazziotta_pareto(
            [[1e300, 0.0], [0.5, 1.0]], bounds=([0, 0], [1, 1]), reference=[0, 0]
        )


def test_order_weights_of_any_size():
    expected = ordered_weighted_mean(BASE, HALVES, [0.25, 0.75])
    for size in (1e-310, 1e-300, 1e307):
        found = ordered_weighted_mean(BASE, HALVES, [size, 3 * size])
        assert_allclose(found, expected, rtol=1e-12)


def test_bands_of_tiny_scores():
    bands = Bands([1e-15, 2e-15], ["low", "middle", "high"])
    assert bands.of([0.5e-15, 1e-15, 1.5e-15, 2e-15]) == ["low", "middle", "middle", "high"]
    with pytest.raises(MethodError, match=r"shape \(n_units,\), got \(1, 1\)"):
        bands.of([[1.0]])


def test_all_wrong_weights_of_an_index_are_named():
    index = Index("T", [Indicator("a"), Indicator("b"), Index("C", [Indicator("c")])])
    with pytest.raises(ModelError) as caught:
        index.with_weights({"a": -1, "b": 2, "c": "x"})
    assert [fault.split(":")[0] for fault in caught.value.faults] == ["'a'", "'c'"]
    with pytest.raises(ModelError, match="weights must be a mapping of codes to weights, got 3"):
        index.with_weights(3)
    with pytest.raises(UnknownCodeError, match=r"no node \['a'\]"):
        index.without(["a"])


def test_all_nodes_that_would_be_left_without_children_are_named():
    index = Index("T", [Index("A", [Indicator("a")]), Index("B", [Indicator("b")]), Indicator("c")])
    with pytest.raises(ModelError) as caught:
        index.without("a", "b")
    assert [fault.split()[0] for fault in caught.value.faults] == ["'A'", "'B'"]


def test_depth_and_width_of_a_drawing_are_whole_numbers():
    index = Index("T", [Indicator("a")])
    with pytest.raises(MethodError, match=r"depth \(if not None\) must be a whole number"):
        index.tree("x")
    with pytest.raises(MethodError, match="width must be a whole number of at least 1"):
        index.tree(width=0)


def test_any_object_with_the_attributes_is_an_indicator():
    outside = SimpleNamespace(code="a", direction=-1, goalposts=None, target=None, scale=None)
    assert MinMax().normalise([[1.0], [2.0]], [outside]).ravel().tolist() == [100, 0]


def test_an_ordered_mean_of_the_greatest_numbers_is_the_greatest():
    # Rounding makes these shares of places add up to more than 1.
    weights = [
        0.2173892636233166,
        0.3670183320620802,
        0.11582465520762697,
        0.09062765778010833,
        0.15800073671027742,
        0.051139354616590596,
    ]
    places = [0.29846844738462247, 0.042444653575122594, 0.6590868990402551]
    assert ordered_weighted_mean(np.full((1, 6), GREATEST), weights, places) == GREATEST
