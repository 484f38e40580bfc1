"""Winsorising a fixed number of points."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from numpy.testing import assert_array_equal

from dli.errors import MethodError
from dli.framework.choices import read_choice, write_choice
from dli.moments import skewness
from dli.treatment import BoxCox, Traits, Winsorise, has_outliers, winsorise
from dli.treatment.protocol import traits_of

few = settings(max_examples=50, deadline=None)
tables = arrays(np.float64, (12, 2), elements=st.integers(-30, 30).map(float))
HOPELESS = np.array([0.0] * 100 + [10.0**k for k in range(9)])[:, np.newaxis]


# The results of winsorise(x, winmax = 1, force_win = TRUE) of COINr 1.1.14.
@pytest.mark.parametrize(
    ("x", "row", "after"),
    [
        ([3, 1, 4, 1, 5, 9, 2, 6, 5, 3, 5], 5, 6),
        ([2.5, np.nan, 7.25, -1, np.nan, 0, 3.75, 12], 7, 7.25),
        (
            [
                *(2.071, 0.5475, 3.799, 2.4418, 1.2041, 3.9818, 4.5687, 3.3509),
                *(5.3902, 1.9526, 0.0667, 4.2929, 1.3088, 1.0272, 4.4572),
            ],
            10,
            0.5475,
        ),
    ],
)
def test_one_forced_point_is_that_of_the_leading_r_package(x, row, after):
    values = np.array(x)[:, np.newaxis]
    assert not has_outliers(values).any()
    assert_array_equal(winsorise(values), values)
    expected = values.copy()
    expected[row] = after
    assert_array_equal(winsorise(values, max_points=1, force=True), expected)


def test_the_end_is_chosen_anew_at_each_step_by_hand():
    # The skewness is positive at first: 6 becomes 4. Then it is negative, and 1 becomes 2.
    x = np.array([[1.0], [2], [3], [4], [6]])
    treated, record = Winsorise(max_points=2, force=True).treat_with_record(x)
    assert treated.ravel().tolist() == [2, 2, 3, 4, 4]
    assert [(p.row, p.step) for p in record.points] == [
        (0, "Winsorise, low"),
        (4, "Winsorise, high"),
    ]
    assert (record.columns[0].step, record.columns[0].n_winsorised) == ("Winsorise", 2)


def test_points_that_tie_move_together_even_beyond_the_number():
    x = np.array([[0.0]] * 20 + [[30.0], [45.0], [45.0]])
    found = winsorise(x, max_points=1, force=True)
    assert found.ravel().tolist() == [0.0] * 20 + [30.0] * 3


@pytest.mark.parametrize("x", [[1.0, 1, 1, 1, 2], [3.0, 3, 3], [1.0, 2], [5.0]])
def test_no_column_becomes_constant_and_short_ones_stay(x):
    values = np.array(x)[:, np.newaxis]
    assert_array_equal(Winsorise(force=True).treat(values), values)


def test_no_fallback_is_applied():
    treated, record = Winsorise(max_points=3, force=True).treat_with_record(HOPELESS)
    assert has_outliers(treated).all()
    assert (treated != HOPELESS).sum() == record.columns[0].n_winsorised == 3
    assert record.columns[0].step == "Winsorise"
    assert_array_equal(treated, Winsorise(3, fallback=BoxCox(), force=True).treat(HOPELESS))


@few
@given(x=tables, n=st.integers(0, 4))
def test_the_number_is_moved_unless_ties_or_a_constant_are_in_the_way(x, n):
    treated, record = Winsorise(n, force=True).treat_with_record(x)
    assert_array_equal(treated, winsorise(x, max_points=n, force=True))
    for before, after, column in zip(x.T, treated.T, record.columns, strict=True):
        moved = int((before != after).sum())
        assert column.n_winsorised == moved
        order = np.argsort(before)
        assert (np.diff(after[order]) >= 0).all()
        if len(set(before)) == len(before):
            assert moved == n
        if moved < n:
            assert len(set(after)) <= 2
        if n:
            assert len(set(before)) < 3 or moved >= 1


@few
@given(x=tables)
def test_the_limits_of_the_test_make_no_difference(x):
    strict = Winsorise(2, 0.0, -9.0, force=True).treat(x)
    assert_array_equal(Winsorise(2, 99.0, 99.0, force=True).treat(x), strict)


def test_the_greater_end_is_moved_when_there_is_no_skewness():
    x = np.array([[1.0], [2], [3], [4], [5]])
    assert skewness(x)[0] == 0
    assert winsorise(x, max_points=1, force=True).ravel().tolist() == [1, 2, 3, 4, 4]


def test_a_text_file_holds_it_and_it_describes_itself():
    scheme = Winsorise(max_points=3, force=True)
    assert read_choice("treatment", write_choice("treatment", scheme)) == scheme
    assert "force" not in write_choice("treatment", Winsorise())
    text = scheme.describe()
    assert text.startswith("Winsorising of 3 points in each column")
    assert "transformed" not in text
    forced = Winsorise(fallback=_Turning(), force=True)
    assert traits_of(forced) == Traits(keeps_order=True, draws=True)


class _Turning:
    """A fallback that says nothing about itself."""

    def treat(self, values):
        return -values


@pytest.mark.parametrize("act", [winsorise, lambda x, force: Winsorise(force=force).treat(x)])
def test_the_flag_is_a_flag(act):
    with pytest.raises(MethodError, match="force must be True or False, got 'yes'"):
        act([[1.0]], force="yes")
