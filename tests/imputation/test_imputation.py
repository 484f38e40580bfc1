import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from numpy.testing import assert_allclose, assert_array_equal

from dli.errors import DataError, MethodError, UnknownCodeError
from dli.imputation import (
    ColumnMean,
    ColumnMedian,
    Context,
    GroupMean,
    GroupMedian,
    Latest,
    Linear,
    Regression,
    RowMean,
    RowMedian,
    Traits,
    impute,
)
from dli.imputation.protocol import traits_of

few = settings(max_examples=20, deadline=None)
NAN = np.nan


def context_of(values, *, columns=None, units=None, periods=None, parents=None, directions=None):
    """Give the context of a table whose indicators are x0, x1 and so on."""
    n_units, n_indicators = np.shape(values)
    codes = tuple(f"x{j}" for j in range(n_indicators))
    return Context(
        columns=columns or {"region": ["N"] * n_units},
        units=units or tuple(f"U{i}" for i in range(n_units)),
        periods=periods,
        codes=codes,
        parents=parents or dict.fromkeys(codes, ("T",)),
        directions=directions or (1,) * n_indicators,
    )


SCHEMES = [
    ColumnMean(),
    ColumnMedian(),
    GroupMean("region"),
    GroupMedian("region", empty="keep"),
    RowMean(),
    RowMedian(-1),
    Regression(),
    Regression(2),
    Latest(),
    Latest(2, backfill=True),
    Linear(),
]
every = pytest.mark.parametrize("scheme", SCHEMES, ids=repr)
gappy = arrays(np.float64, (6, 3), elements=st.sampled_from([NAN, 1.0, 2.0, 3.5, 7.0, -4.0])).map(
    lambda x: np.vstack([x, [0.0, 0.5, 9.0], [5.0, 6.0, 1.0]])
)


@every
@few
@given(values=gappy)
def test_what_is_known_stays_and_what_is_filled_lies_within_the_column(scheme, values):
    units, periods = ("A", "B") * 4, (1, 1, 2, 2, 3, 3, 4, 4)
    given_values = values.copy()
    known = context_of(values, units=units, periods=periods)
    result = impute(scheme, values, known)
    assert_array_equal(values, given_values)
    there = ~np.isnan(values)
    assert_array_equal(result[there], values[there])
    if not isinstance(scheme, Regression):
        low, high = np.nanmin(values, axis=0), np.nanmax(values, axis=0)
        filled = np.where(np.isnan(result), low, result)
        assert (filled >= low - 1e-9).all()
        assert (filled <= high + 1e-9).all()
    if isinstance(scheme, (ColumnMean, ColumnMedian, GroupMean, GroupMedian, Regression)):
        assert not np.isnan(result).any()


@every
def test_complete_tables_stay_as_they_are(scheme):
    values = np.arange(12.0).reshape(4, 3) ** 2
    known = context_of(values, units=("A",) * 4, periods=(1, 2, 3, 4))
    assert_array_equal(scheme.impute(values, known), values)


@every
def test_each_describes_itself(scheme):
    assert scheme.describe().endswith(".")
    assert scheme.describe().count("$") % 2 == 0


def test_columns_by_hand():
    values = np.array([[1.0, NAN], [2.0, 4.0], [9.0, 5.0], [NAN, 9.0]])
    assert ColumnMean().impute(values, context_of(values))[[3, 0], [0, 1]].tolist() == [4, 6]
    assert ColumnMedian().impute(values, context_of(values))[[3, 0], [0, 1]].tolist() == [2, 5]


def test_groups_by_hand():
    values = np.array([[1.0], [3.0], [8.0], [NAN], [50.0], [NAN]])
    columns = {"region": ["N", "N", "N", "N", "S", "S"]}
    known = context_of(values, columns=columns)
    assert GroupMean("region").impute(values, known)[[3, 5], 0].tolist() == [4, 50]
    assert GroupMedian("region").impute(values, known)[[3, 5], 0].tolist() == [3, 50]


@pytest.mark.parametrize("kind", [GroupMean, GroupMedian])
def test_groups_without_a_value_are_named_or_kept(kind):
    values = np.array([[1.0, NAN, 1.0], [NAN, NAN, 2.0], [2.0, 5.0, 3.0]])
    known = context_of(values, columns={"region": ["N", "N", "S"]})
    with pytest.raises(MethodError, match=r"groups need a known value.*\n  - region 'N': 'x1'$"):
        kind("region").impute(values, known)
    kept = kind("region", empty="keep").impute(values, known)
    assert_array_equal(kept, [[1, NAN, 1], [1, NAN, 2], [2, 5, 3]])
    with pytest.raises(MethodError, match="empty must be 'raise' or 'keep', got 'drop'"):
        kind("region", empty="drop")


def test_the_name_of_a_group_is_text():
    with pytest.raises(
        MethodError, match=r"of GroupMean:\n  - group must be text, got \['region'\]"
    ):
        GroupMean(["region"])


@pytest.mark.parametrize("nothing", [None, NAN])
def test_units_with_gaps_need_a_group(nothing):
    values = np.array([[1.0], [NAN], [3.0]])
    known = context_of(values, columns={"region": ["N", nothing, nothing]})
    with pytest.raises(
        MethodError, match=r"a value of 'region'; it is missing for:\n  - unit 'U1'$"
    ):
        GroupMean("region").impute(values, known)


def test_an_unknown_group_gets_a_hint():
    values = np.array([[1.0], [NAN]])
    with pytest.raises(UnknownCodeError, match="no column 'regoin'; did you mean 'region'"):
        GroupMean("regoin").impute(values, context_of(values))


# By hand: scales 0 to 10, 9 to 1 (less is better), 0 to 100; unit 3 stands at 0.75 and 0.25.
def test_rows_by_hand():
    values = np.array([[0.0, 9.0, 0.0], [10.0, 1.0, 100.0], [7.5, 7.0, NAN], [NAN, NAN, 30.0]])
    known = context_of(values, directions=(1, -1, 1))
    for scheme in (RowMean(), RowMedian()):
        result = scheme.impute(values, known)
        assert_allclose(result[2:], [[7.5, 7, 50], [3, 6.6, 30]], rtol=1e-14)


def test_the_mean_of_a_row_and_its_median_differ():
    values = np.array([[0.0] * 4, [1.0] * 4, [0.1, 0.2, 0.9, NAN]])
    assert_allclose(RowMean().impute(values, context_of(values))[2, 3], 0.4, rtol=1e-14)
    assert_allclose(RowMedian().impute(values, context_of(values))[2, 3], 0.2, rtol=1e-14)


@pytest.mark.parametrize(
    ("level", "expected"),
    [(0, 0.4), (1, 0.15), (2, 0.2), (-1, 0.2), (-2, 0.2), (-9, 0.4), (9, 0.2)],
)
def test_rows_are_filled_within_a_level(level, expected):
    # x3 is with x1 in P, P and x0 are in A, and x2 is in B.
    parents = {
        "x0": ("A", "T"),
        "x1": ("P", "A", "T"),
        "x2": ("B", "T"),
        "x3": ("P", "A", "T"),
    }
    values = np.array([[0.0] * 4, [1.0] * 4, [0.1, 0.2, 0.9, NAN]])
    result = RowMean(level).impute(values, context_of(values, parents=parents))
    assert_allclose(result[2, 3], expected, rtol=1e-12)


def test_a_unit_without_a_value_in_the_part_keeps_its_gaps():
    values = np.array([[0.0, 1.0], [1.0, 2.0], [NAN, 1.5]])
    parents = {"x0": ("A", "T"), "x1": ("B", "T")}
    assert_array_equal(RowMean(1).impute(values, context_of(values, parents=parents)), values)


def test_a_constant_takes_no_part_and_its_gaps_get_the_constant():
    values = np.array([[0.0, 7.0, 0.0], [1.0, 7.0, 1.0], [0.3, NAN, NAN]])
    result = RowMean().impute(values, context_of(values))
    assert_allclose(result[2], [0.3, 7, 0.3], rtol=1e-14)


def test_rows_need_directions():
    values = np.array([[0.0, 1.0], [1.0, NAN]])
    known = Context(units=("A", "B"), codes=("x", "y"))
    for scheme in (RowMean(), RowMedian()):
        with pytest.raises(MethodError, match=f"^{type(scheme).__name__} needs the directions"):
            scheme.impute(values, known)


@pytest.mark.parametrize("kind", [RowMean, RowMedian])
@pytest.mark.parametrize("level", [True, 0.5, "1"])
def test_levels_are_whole_numbers(kind, level):
    with pytest.raises(MethodError, match="level must be a whole number, got"):
        kind(level)


def test_descriptions_tell_the_level():
    assert "over the whole index" in RowMean().describe()
    assert "within their parent" in RowMedian(-1).describe()
    assert "of level 2" in RowMean(2).describe()


def test_regression_takes_the_indicator_that_goes_with_it_most():
    rng = np.random.default_rng(1)
    x = rng.normal(size=20)
    values = np.stack([x, 3 - 2 * x, x + rng.normal(size=20)], axis=1)
    expected = values.copy()
    values[4, 1] = values[7, 1] = NAN
    result = Regression().impute(values, context_of(values))
    assert_allclose(result, expected, rtol=1e-12)


def test_regression_on_two_is_exact_where_two_are_needed():
    rng = np.random.default_rng(2)
    values = rng.normal(size=(12, 3))
    values[:, 2] = 1 + values[:, 0] - 2 * values[:, 1]
    expected = values.copy()
    values[5, 2] = NAN
    assert_allclose(Regression(2).impute(values, context_of(values)), expected, rtol=1e-10)
    off = Regression(1).impute(values, context_of(values))[5, 2] - expected[5, 2]
    assert abs(off) > 1e-3


def test_regression_does_with_the_indicators_that_the_unit_has():
    x = np.arange(8.0)
    values = np.stack([x, 2 * x, x**2], axis=1)
    values[3, :2] = NAN
    result = Regression().impute(values, context_of(values))
    known = np.arange(8) != 3
    slope, level = np.polyfit(values[known, 2], values[known, 0], 1)
    assert_allclose(result[3, 0], level + slope * 9, rtol=1e-12)
    assert_allclose(result[3, 1], 2 * result[3, 0], rtol=1e-12)


def test_regression_without_any_predictor_gives_the_mean():
    values = np.array([[1.0, 5.0], [2.0, 5.0], [6.0, 5.0], [NAN, 5.0], [NAN, NAN]])
    result = Regression().impute(values, context_of(values))
    assert result[3:].tolist() == [[3, 5], [3, 5]]


def test_regression_drops_predictors_for_which_there_are_too_few_units():
    values = np.array([[1.0, 2.0, 9.0], [2.0, 4.0, 1.0], [3.0, 6.0, 4.0], [4.0, NAN, 2.0]])
    result = Regression(2).impute(values, context_of(values))
    assert_allclose(result[3, 1], 8, rtol=1e-12)


@pytest.mark.parametrize("n", [0, 1.5, True])
def test_the_number_of_predictors_is_checked(n):
    with pytest.raises(MethodError, match="n_predictors must be a whole number of at least 1"):
        Regression(n)


@every
def test_indicators_without_any_value_are_named(scheme):
    values = np.array([[1.0, NAN, NAN], [2.0, NAN, NAN]])
    known = context_of(values, units=("A", "A"), periods=(1, 2))
    with pytest.raises(MethodError, match=r"it is missing for:\n  - 'x1'\n  - 'x2'$"):
        scheme.impute(values, known)


@every
def test_each_declares_whether_it_fills_from_other_periods(scheme):
    columns = (scheme.group,) if hasattr(scheme, "group") else ()
    expected = Traits(over_time=type(scheme) in (Latest, Linear), columns=columns)
    assert traits_of(scheme) == scheme.traits == expected


@pytest.mark.parametrize("traits", [None, {"over_time": True}])
def test_what_is_not_declared_has_the_default(traits):
    class Plugin:
        """An imputation that declares nothing, or not in the form of traits."""

    assert traits_of(Plugin()) == Traits()
    plugin = Plugin()
    plugin.traits = traits
    assert traits_of(plugin) == Traits(over_time=False)


def test_whole_numbers_may_be_those_of_numpy():
    one, two = np.int64(1), np.int64(2)
    assert (Latest(two), RowMean(one), Regression(two)) == (Latest(2), RowMean(1), Regression(2))
    assert RowMedian(np.int8(-1)).describe() == RowMedian(-1).describe()
    values, known = panel([1, NAN, NAN], [1, 2, 3])
    assert_array_equal(Latest(one).impute(values, known).ravel(), [1, 1, NAN])


def panel(values, periods, units=None):
    values = np.array(values, dtype=float)[:, np.newaxis]
    units = units or ("A",) * len(values)
    return values, context_of(values, units=units, periods=tuple(periods))


def test_the_latest_earlier_value_by_hand():
    values, known = panel([NAN, 1, NAN, NAN, 5, NAN], [2019, 2020, 2021, 2023, 2024, 2030])
    assert_array_equal(Latest().impute(values, known).ravel(), [NAN, 1, 1, 1, 5, 5])
    assert_array_equal(Latest(1).impute(values, known).ravel(), [NAN, 1, 1, NAN, 5, 5])
    backfilled = Latest(backfill=True).impute(values, known).ravel()
    assert_array_equal(backfilled, [1, 1, 1, 1, 5, 5])


def test_rows_of_a_panel_may_come_in_any_order():
    values, known = panel([4, NAN, 1, NAN], [2021, 2021, 2020, 2020], ("A", "B", "A", "B"))
    assert_array_equal(Latest().impute(values, known).ravel(), [4, NAN, 1, NAN])
    values, known = panel([NAN, 3, 1, NAN], [2021, 2020, 2020, 2021], ("A", "B", "A", "B"))
    for scheme in (Latest(), Linear()):
        assert_array_equal(scheme.impute(values, known).ravel(), [1, 3, 1, 3])


def test_interpolation_by_hand():
    values, known = panel([NAN, 1, NAN, 5, NAN], [2019, 2020, 2021, 2024, 2030])
    assert_array_equal(Linear().impute(values, known).ravel(), [1, 1, 2, 5, 5])


def test_a_unit_without_any_value_keeps_its_gaps():
    values, known = panel([NAN, NAN, 1, NAN], [1, 2, 1, 2], ("A", "A", "B", "B"))
    for scheme in (Latest(backfill=True), Linear()):
        assert_array_equal(scheme.impute(values, known).ravel(), [NAN, NAN, 1, 1])


@pytest.mark.parametrize("scheme", [Latest(), Linear()], ids=repr)
def test_panels_need_periods(scheme):
    values = np.array([[1.0], [NAN]])
    with pytest.raises(MethodError, match="needs periods; give the assessment a period column"):
        scheme.impute(values, context_of(values))


def test_interpolation_needs_periods_that_are_numbers():
    values, known = panel([1, NAN], ["spring", "summer"])
    with pytest.raises(DataError, match=r"(?s)order of the periods is ambiguous.*'spring'"):
        Linear().impute(values, known)


@pytest.mark.parametrize("gap", [0, -1, 1.5, True])
def test_the_greatest_gap_is_checked(gap):
    with pytest.raises(MethodError, match=r"max_gap must be None or a whole number of at least 1"):
        Latest(gap)


def test_descriptions_tell_how_far_back():
    assert "at most 2 periods back" in Latest(2).describe()
    assert "its first value" in Latest(backfill=True).describe()
    assert Latest().describe().endswith("value of the unit.")


class Outside:
    """An imputer of scikit-learn's kind that gives what it is told."""

    def __init__(self, result):
        self.result = result

    def fit_transform(self, values):
        assert np.isnan(values).any()
        return self.result


def test_an_imputer_with_fit_transform_serves_as_well():
    values = np.array([[1.0], [NAN]])
    assert impute(Outside([[1.0], [5.0]]), values, context_of(values)).tolist() == [[1], [5]]


def test_an_imputer_that_drops_columns_is_refused():
    values = np.array([[1.0, NAN], [NAN, NAN]])
    with pytest.raises(MethodError, match=r"Outside must keep the shape \(2, 2\), got \(2, 1\)"):
        impute(Outside([[1.0], [5.0]]), values, context_of(values))


def test_an_imputer_that_changes_values_or_gives_infinite_ones_is_refused():
    values = np.array([[1.0], [NAN]])
    with pytest.raises(
        MethodError, match="Outside changed known values or returned infinite"
    ) as caught:
        impute(Outside([[2.0], [np.inf]]), values, context_of(values))
    assert caught.value.faults == ("unit 'U0', 'x0': 1 became 2", "unit 'U1', 'x0': nan became inf")


def test_the_whole_index_and_one_predictor_are_the_defaults():
    assert RowMean() == RowMean(0)
    assert RowMedian() == RowMedian(0)
    assert Regression() == Regression(1)


def test_regression_measures_closeness_over_common_units():
    # x1 follows x0 wherever both are there, though it has many gaps; x2 follows it roughly.
    x = np.arange(12.0)
    rough = x + np.tile([2.0, -2.0], 6)
    values = np.stack([x, np.where(x < 5, 50 + 3 * x, NAN), rough], axis=1)
    values[2, 0] = NAN
    result = Regression().impute(values, context_of(values))
    assert_allclose(result[2, 0], 2, rtol=1e-12)


def test_regression_asks_three_units_of_a_predictor():
    # x1 shares three units with x0, x2 only two, though on a perfect line.
    values = np.array(
        [[1.0, 1.0, NAN], [2.0, 3.0, NAN], [4.0, 4.0, 7.0], [3.0, NAN, 9.0], [NAN, 2.0, 8.0]]
    )
    result = Regression().impute(values, context_of(values))
    slope, level = np.polyfit([1.0, 3.0, 4.0], [1.0, 2.0, 4.0], 1)
    assert_allclose(result[4, 0], level + 2 * slope, rtol=1e-12)


def test_regression_needs_two_units_more_than_predictors():
    # Both predictors are known of three units only: enough for one of them, not for two.
    values = np.array(
        [[1.0, 2.0, 1.0], [2.0, 4.0, 9.0], [3.0, 7.0, 2.0], [4.0, NAN, NAN], [NAN, 5.0, 5.0]]
    )
    one, two = (Regression(n).impute(values, context_of(values))[4, 0] for n in (1, 2))
    assert_allclose(two, one, rtol=1e-12)
