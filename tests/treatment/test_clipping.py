import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from numpy.testing import assert_allclose, assert_array_equal

from dli.errors import MethodError
from dli.framework.choices import read_choice, write_choice
from dli.moments import kurtosis, skewness
from dli.treatment import (
    BoxCox,
    Log,
    LogPlus,
    Percentiles,
    Traits,
    Winsorise,
    clip_percentiles,
    has_outliers,
    winsorise,
)
from dli.treatment.protocol import traits_of

few = settings(max_examples=30, deadline=None)
heavy = arrays(np.float64, (15, 3), elements=st.integers(-12, 12).map(lambda i: float(i**3)))
HIGH = np.array([1.0, 2, 3, 4, 5, 6, 7, 8, 50, 100])[:, np.newaxis]
HOPELESS = np.array([0.0] * 100 + [10.0**k for k in range(9)])[:, np.newaxis]


def test_the_test_of_shape_needs_both_limits():
    assert has_outliers(HIGH).tolist() == [True]
    assert has_outliers(-HIGH).tolist() == [True]
    assert has_outliers(HIGH, skewness=9).tolist() == [False]
    assert has_outliers(HIGH, kurtosis=99).tolist() == [False]
    assert has_outliers(np.ones((5, 1))).tolist() == [False]


def test_winsorising_by_hand_moves_the_greatest_to_the_next():
    result = winsorise(HIGH)
    assert result.ravel().tolist() == [1, 2, 3, 4, 5, 6, 7, 8, 50, 50]
    assert winsorise(-HIGH).ravel().tolist() == (-result).ravel().tolist()


def test_a_second_step_moves_the_points_that_now_tie():
    assert skewness(winsorise(HIGH)) < 2
    result, record = Winsorise(5, 1.0, -2.0, None).treat_with_record(HIGH)
    assert result.ravel().tolist() == [1, 2, 3, 4, 5, 6, 7, 8, 8, 8]
    assert record.columns[0].n_winsorised == 2
    assert [(p.row, p.step, p.before, p.after) for p in record.points] == [
        (8, "Winsorise, high", 50, 8),
        (9, "Winsorise, high", 100, 8),
    ]


def test_points_at_both_ends_are_told_apart():
    x = np.array([-60.0, 1, 2, 3, 4, 5, 6, 7, 8, 100])[:, np.newaxis]
    _, record = Winsorise(5, 0.2, 0.0, None).treat_with_record(x)
    assert [(p.row, p.step) for p in record.points] == [
        (0, "Winsorise, low"),
        (9, "Winsorise, high"),
    ]


def test_no_more_points_than_the_most_are_moved():
    assert_array_equal(winsorise(HIGH, max_points=0), HIGH)
    assert (winsorise(HOPELESS, max_points=3) != HOPELESS).sum() == 3


def test_points_that_tie_move_together_even_beyond_the_most():
    x = np.array([0.0] * 30 + [1, 9, 9, 9])[:, np.newaxis]
    result = winsorise(x, max_points=1)
    assert result.ravel().tolist() == [0.0] * 30 + [1, 1, 1, 1]


def test_a_column_never_becomes_constant():
    x = np.array([0.0] * 30 + [1.0])[:, np.newaxis]
    assert has_outliers(x).all()
    assert_array_equal(winsorise(x), x)


def test_columns_that_still_fail_get_the_fallback_from_the_start():
    treated, record = Winsorise().treat_with_record(HOPELESS)
    assert_array_equal(treated, Log().treat(HOPELESS))
    (column,) = record.columns
    assert (column.step, column.n_winsorised) == ("Log", 0)
    assert {point.step for point in record.points} == {"Log"}
    assert_allclose(column.skewness_before, skewness(HOPELESS)[0])
    assert_allclose(column.kurtosis_after, kurtosis(treated)[0])


def test_the_fallback_may_go_on_from_the_winsorised_column():
    treated, record = Winsorise(combine=True).treat_with_record(HOPELESS)
    assert_array_equal(treated, Log().treat(winsorise(HOPELESS)))
    assert record.columns[0].step == "Winsorise, Log"
    assert record.columns[0].n_winsorised == 5


def test_without_a_fallback_the_winsorised_column_is_kept():
    treated, record = Winsorise(fallback=None).treat_with_record(HOPELESS)
    assert_array_equal(treated, winsorise(HOPELESS))
    assert record.columns[0].step == "Winsorise"


def test_no_fallback_survives_a_text_file():
    choice = Winsorise(fallback=None)
    assert read_choice("treatment", write_choice("treatment", choice)) == choice
    assert read_choice("treatment", write_choice("treatment", Winsorise())) == Winsorise()


@few
@given(x=heavy)
def test_columns_that_pass_are_left_alone_and_all_others_keep_their_order(x):
    treated, record = Winsorise().treat_with_record(x)
    assert_array_equal(treated, Winsorise().treat(x))
    failing = has_outliers(x)
    assert_array_equal(treated[:, ~failing], x[:, ~failing])
    assert [column.step != "" for column in record.columns] == [
        bool(step) for step in ((treated != x).any(axis=0))
    ]
    for before, after in zip(x.T, treated.T, strict=True):
        assert (np.diff(after[np.argsort(before)]) >= 0).all()
    changed = {(point.row, point.column) for point in record.points}
    assert changed >= set(map(tuple, np.argwhere(treated != x).tolist()))


def test_missing_values_stay_missing():
    x = np.vstack([HIGH, [[np.nan]]])
    assert_array_equal(winsorise(x), np.vstack([winsorise(HIGH), [[np.nan]]]))
    gaps = np.vstack([HOPELESS, [[np.nan]]])
    treated, record = Winsorise().treat_with_record(gaps)
    assert np.isnan(treated[-1]).all()
    assert len(record.points) == len(HOPELESS)


@pytest.mark.parametrize(
    ("parameters", "fault"),
    [
        ({"max_points": 2.5}, "max_points must be a whole number of at least 0, got 2.5"),
        ({"max_points": True}, "max_points must be a whole number of at least 0, got True"),
        ({"max_points": -1}, "max_points must be a whole number of at least 0, got -1"),
        ({"skewness": np.nan}, "skewness must be a number, got nan"),
        ({"kurtosis": np.inf}, "kurtosis must be a number, got inf"),
        (
            {"fallback": "log"},
            "fallback must be an object with a method treat, such as dli.treatment.Log(), got 'log'",
        ),
    ],
)
def test_bad_parameters_are_named(parameters, fault):
    with pytest.raises(MethodError, match="invalid parameters of Winsorise") as caught:
        Winsorise(**parameters)
    assert caught.value.faults == (fault,)


def test_all_bad_parameters_are_named_together():
    with pytest.raises(MethodError) as caught:
        Winsorise(max_points=-1, skewness="2", kurtosis=None, fallback=3)
    assert [fault.split()[0] for fault in caught.value.faults] == [
        "skewness",
        "kurtosis",
        "max_points",
        "fallback",
    ]


def test_the_numbers_may_be_those_of_numpy():
    scheme = Winsorise(np.int64(3), np.float32(2.0), np.float64(3.5))
    assert scheme == Winsorise(max_points=3)
    assert scheme.describe() == Winsorise(max_points=3).describe()


@pytest.mark.parametrize(
    "scheme", [Winsorise(), Winsorise(fallback=None), Percentiles(), Log(), LogPlus(), BoxCox()]
)
def test_columns_without_any_value_are_named(scheme):
    x = np.array([[1.0, np.nan, 1.0, np.nan], [2.0, np.nan, 7.0, np.nan]])
    for treat in (scheme.treat, scheme.treat_with_record):
        with pytest.raises(MethodError) as caught:
            treat(x)
        assert [fault.split(":")[0] for fault in caught.value.faults] == ["column 1", "column 3"]


@pytest.mark.parametrize("act", [winsorise, lambda x: clip_percentiles(x, 5, 95)])
def test_the_functions_refuse_columns_without_any_value_too(act):
    with pytest.raises(MethodError, match=r"a value in each column.*\n  - column 0$"):
        act([[np.nan], [np.nan]])


@pytest.mark.parametrize("limit", ["skewness", "kurtosis"])
def test_the_limits_of_the_test_are_numbers(limit):
    with pytest.raises(MethodError, match=f"{limit} must be a number, got '2'"):
        has_outliers(HIGH, **{limit: "2"})


def test_a_column_without_any_value_has_no_outliers():
    assert has_outliers([[np.nan]] * 9).tolist() == [False]


class Declaring:
    """A treatment that changes nothing and declares what it is told."""

    def __init__(self, traits):
        self.traits = traits

    def treat(self, values):
        return values


def test_each_declares_that_it_keeps_the_order():
    for scheme in (Percentiles(), Winsorise(), Winsorise(fallback=None)):
        assert traits_of(scheme) == scheme.traits == Traits(keeps_order=True, draws=True)


@pytest.mark.parametrize(
    ("declared", "expected"),
    [
        (Traits(by_column=False), Traits(by_column=False, keeps_order=False)),
        (Traits(keeps_order=True), Traits(by_column=True, keeps_order=True)),
        (None, Traits(by_column=True, keeps_order=False)),
        ({"keeps_order": True}, Traits()),
    ],
)
def test_winsorising_declares_what_its_fallback_does(declared, expected):
    assert traits_of(Declaring(declared)) == expected
    assert Winsorise(fallback=Declaring(declared)).traits == expected


def test_percentiles_by_hand():
    x = np.array([[0.0], [1.0], [2.0], [10.0], [np.nan]])
    # The percentiles 25 and 75 of 0, 1, 2, 10 lie at 0.75 and 2 + 0.25 * 8.
    expected = [0.75, 1, 2, 4, np.nan]
    assert_allclose(clip_percentiles(x, 25, 75).ravel(), expected, rtol=1e-15)


def test_the_record_of_percentiles():
    x = np.array([[0.0, 5.0], [1.0, 5.0], [2.0, 5.0], [10.0, 5.0], [np.nan, 5.0]])
    treated, record = Percentiles(25, 75).treat_with_record(x)
    assert_array_equal(treated, Percentiles(25, 75).treat(x))
    assert [(p.row, p.column, p.step) for p in record.points] == [
        (0, 0, "Percentiles"),
        (3, 0, "Percentiles"),
    ]
    assert [column.step for column in record.columns] == ["Percentiles", ""]


@few
@given(x=heavy)
def test_all_percentiles_change_nothing(x):
    assert_array_equal(Percentiles(0, 100).treat(x), x)


@pytest.mark.parametrize(
    ("low", "high"), [(-1, 50), (50, 50), (60, 40), (0, 101), (np.nan, 5), ("1", 5), (0, None)]
)
def test_percentiles_must_rise(low, high):
    with pytest.raises(MethodError, match="percentiles low and high must rise from 0 to 100, got"):
        Percentiles(low, high)


def test_descriptions_tell_the_parameters_in_force():
    assert "up to 5 points" in Winsorise().describe()
    assert r"\ln (x - x_{min}" in Winsorise().describe()
    assert r"\ge 1.5$" in Winsorise(skewness=1.5, fallback=BoxCox()).describe()
    assert "transformed" not in Winsorise(fallback=None).describe()

    class Plain:
        def treat(self, values):
            return values

    assert Winsorise(fallback=Plain()).describe().endswith("are transformed.")
    assert "$5$ and $95$" in Percentiles(5, 95).describe()
    for scheme in (Winsorise(), Percentiles()):
        assert scheme.describe().count("$") % 2 == 0


def test_the_limits_themselves_count_as_reached():
    at = {"skewness": float(skewness(HIGH)[0]), "kurtosis": float(kurtosis(HIGH)[0])}
    assert has_outliers(HIGH, **at).tolist() == [True]


def test_the_defaults_are_those_of_the_handbook_of_the_field():
    assert Winsorise() == Winsorise(5, 2.0, 3.5, Log(), combine=False)
    assert_array_equal(winsorise(HOPELESS), winsorise(HOPELESS, max_points=5))
    assert Percentiles() == Percentiles(2.5, 97.5)
    assert BoxCox() == BoxCox(0.0)
    assert Winsorise(max_points=0).treat_with_record(HIGH)[1].columns[0].step == "Log"


def test_columns_that_were_not_winsorised_count_no_points():
    table = np.hstack([HIGH, np.arange(10.0)[:, np.newaxis]])
    moved = [column.n_winsorised for column in Winsorise().treat_with_record(table)[1].columns]
    assert moved == [1, 0]
    cut = Percentiles(10, 90).treat_with_record(table)[1]
    assert [column.n_winsorised for column in cut.columns] == [0, 0]
    logs = Log().treat_with_record(table)[1]
    assert [column.n_winsorised for column in logs.columns] == [0, 0]
