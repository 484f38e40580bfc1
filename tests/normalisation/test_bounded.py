import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.testing import assert_allclose, assert_array_equal
from tests.normalisation.tables import Table, few, tables

from dli import Indicator
from dli.errors import MethodError
from dli.normalisation import Goalposts, MinMax, Scaled

MORE, LESS = Indicator("more"), Indicator("less", direction=-1)
finite = st.floats(-1e6, 1e6)


def described(**parameters):
    """Give an indicator as an outside object that checks nothing itself."""
    defaults = {"code": "odd", "direction": 1, "goalposts": None, "target": None, "scale": None}
    return type("Outside", (), {**defaults, **parameters})()


# UNDP, Human Development Report 2023/2024, table 1: Norway has 83.393 years of life, 18.638 and 13.062
# years of schooling, an income of 69,190 dollars, and the index 0.966: the geometric mean of life,
# mean schooling and the logarithm of income between the goalposts of technical note 1.
def test_goalposts_give_the_published_human_development_index_of_norway():
    indicators = [
        Indicator("life", goalposts=(20, 85)),
        Indicator("expected schooling", goalposts=(0, 18)),
        Indicator("mean schooling", goalposts=(0, 15)),
        Indicator("log income", goalposts=(np.log(100), np.log(75000))),
    ]
    values = np.array([[83.393, 18.63846016, 13.06234279, np.log(69189.76165)]])
    life, expected, mean, income = Goalposts(0, 1).normalise(values, indicators)[0].tolist()
    assert expected == 1
    assert round((life * (expected + mean) / 2 * income) ** (1 / 3), 3) == 0.966


def test_min_max_by_hand():
    values = np.array([[2.0, 2.0], [4.0, 4.0], [np.nan, np.nan], [10.0, 10.0]])
    result = MinMax(1, 9).normalise(values, [MORE, LESS])
    assert_array_equal(result, [[1, 9], [3, 7], [np.nan, np.nan], [9, 1]])


def test_min_max_takes_goalposts_as_ends_and_cuts_off_what_lies_beyond():
    indicators = [Indicator("a", goalposts=(0, 10)), MORE]
    values = np.array([[-5.0, -5.0], [5.0, 5.0], [20.0, 20.0]])
    assert MinMax().normalise(values, indicators).tolist() == [[0, 0], [50, 40], [100, 100]]
    assert MinMax().truncated(values, indicators).tolist() == [
        [True, False],
        [False, False],
        [True, False],
    ]


def test_min_max_of_observed_ends_ignores_goalposts():
    values = np.array([[-5.0], [5.0], [20.0]])
    scheme = MinMax(ends="observed")
    indicators = [Indicator("a", goalposts=(0, 10))]
    assert scheme.normalise(values, indicators).tolist() == [[0], [40], [100]]
    assert not scheme.truncated(values, indicators).any()


@pytest.mark.parametrize("order", ["C", "F"])
@few
@given(table=tables(), low=finite, height=st.floats(1e-3, 1e6))
def test_best_and_worst_reach_the_ends_exactly(order, table: Table, low, height):
    values, indicators = table
    high = low + height
    result = MinMax(low, high, ends="observed").normalise(np.array(values, order=order), indicators)
    assert (np.nanmin(result, axis=0) == low).all()
    assert (np.nanmax(result, axis=0) == high).all()


@few
@given(table=tables())
def test_min_max_is_the_formula(table: Table):
    values, indicators = table
    low, high = np.nanmin(values, axis=0), np.nanmax(values, axis=0)
    expected = (values - low) / (high - low) * 6 + 1
    less = [indicator.direction < 0 for indicator in indicators]
    expected[:, less] = 8 - expected[:, less]
    result = MinMax(1, 7, ends="observed").normalise(values, indicators)
    assert_allclose(result, expected, rtol=1e-13)


def test_the_worst_is_no_negative_zero():
    result = MinMax(0, 1).normalise(np.array([[1.0], [2.0]]), [LESS])
    assert not np.signbit(result).any()


@few
@given(table=tables())
def test_goalposts_cut_off_exactly_the_cells_they_say(table: Table):
    values, indicators = table
    cut = Goalposts(truncate=True)
    kept = Goalposts(truncate=False)
    beyond = cut.truncated(values, indicators)
    assert_array_equal(beyond, (values < 1) | (values > 9))
    before, after = kept.normalise(values, indicators), cut.normalise(values, indicators)
    assert_array_equal(after[~beyond], before[~beyond])
    assert np.isin(after[beyond], [0, 100]).all()
    assert not kept.truncated(values, indicators).any()


def test_scaled_by_hand_is_never_cut_off():
    values = np.array([[1.0, 1.0], [4.0, 4.0], [8.0, 8.0]])
    rating = {"scale": (1, 7)}
    indicators = [Indicator("a", **rating), Indicator("b", direction=-1, **rating)]
    expected = [[0, 60], [30, 30], [70, -10]]
    assert_allclose(Scaled(0, 60).normalise(values, indicators), expected, rtol=1e-14)


@pytest.mark.parametrize("kind", [MinMax, Goalposts, Scaled])
@pytest.mark.parametrize(("low", "high"), [(1, 1), (2, 1), (0, np.inf), (np.nan, 1)])
def test_a_scale_must_rise(kind, low, high):
    with pytest.raises(MethodError, match="low must be below high and both finite"):
        kind(low, high)


def test_unknown_ends_are_refused():
    with pytest.raises(MethodError, match="ends must be 'declared' or 'observed', got 'fixed'"):
        MinMax(ends="fixed")


def test_all_columns_without_a_range_are_named():
    values = np.array([[1.0, 3.0, np.nan, 0.1 + 0.2], [2.0, 3.0, np.nan, 0.3]])
    indicators = [Indicator(code) for code in ("fine", "flat", "void", "rounding")]
    with pytest.raises(MethodError, match="give it goalposts or leave it out") as caught:
        MinMax().normalise(values, indicators)
    assert caught.value.faults == (
        "'flat': all its values are 3",
        "'void': it has no value at all",
        "'rounding': all its values are 0.3",
    )


def test_a_constant_column_with_goalposts_is_fine():
    values = np.array([[3.0], [3.0]])
    assert MinMax().normalise(values, [Indicator("a", goalposts=(0, 4))]).tolist() == [[75], [75]]


def test_a_single_unit_is_named_as_the_cause():
    with pytest.raises(MethodError, match="there is one unit only"):
        MinMax().normalise(np.array([[1.0]]), [MORE])


def test_the_sample_that_does_not_differ_is_found():
    values = np.array([[[1.0], [2.0]], [[5.0], [5.0]]])
    with pytest.raises(MethodError, match="'more': all its values are 5"):
        MinMax().normalise(values, [MORE])


def test_goalposts_are_needed_of_every_indicator():
    indicators = [MORE, Indicator("a", goalposts=(0, 1)), LESS]
    with pytest.raises(MethodError, match="they are missing for") as caught:
        Goalposts().normalise(np.ones((2, 3)), indicators)
    assert caught.value.faults == ("'more'", "'less'")


@pytest.mark.parametrize("scheme", [MinMax(), Goalposts()], ids=repr)
def test_goalposts_that_cannot_be_are_all_named(scheme):
    indicators = [
        described(code="same", goalposts=(1, 1)),
        described(code="turned", goalposts=(5, 1)),
        described(code="lost", goalposts=(0, np.inf)),
        described(code="down", direction=-1, goalposts=(1, 5)),
        described(code="fine", direction=-1, goalposts=(5, 1)),
    ]
    with pytest.raises(MethodError, match="goalposts are the worst and the best value") as caught:
        scheme.normalise(np.arange(10.0).reshape(2, 5), indicators)
    assert caught.value.faults == (
        "'same': goalposts must differ, got 1 twice",
        "'turned': (5, 1) contradict direction 1",
        "'lost': (0, inf) must be finite",
        "'down': (1, 5) contradict direction -1",
    )


def test_scaled_needs_a_scale_of_every_indicator():
    indicators = [MORE, Indicator("a", scale=(0, 1))]
    with pytest.raises(MethodError, match=r"it is missing for:\n  - 'more'$"):
        Scaled().normalise(np.ones((2, 2)), indicators)
    with pytest.raises(MethodError, match="'odd': all its values are 2"):
        Scaled().normalise(np.ones((2, 1)), [described(scale=(2, 2))])


def test_descriptions_tell_the_parameters_in_force():
    assert "$1 + 9 \\, (x - x_{worst})" in MinMax(1, 10).describe()
    assert "goalposts where it has them" in MinMax().describe()
    assert "goalposts" not in MinMax(ends="observed").describe()
    assert "are cut off" in Goalposts().describe()
    assert "are kept" in Goalposts(truncate=False).describe()


def test_an_upper_end_that_rounding_would_miss_is_reached():
    assert (0.9 - 0.2) + 0.2 != 0.9
    values = np.array([[1.0], [2.0], [3.0]])
    result = MinMax(0.2, 0.9).normalise(values, [MORE])
    assert result[[0, 2]].ravel().tolist() == [0.2, 0.9]
    assert_allclose(result[1], 0.55, rtol=1e-15)
