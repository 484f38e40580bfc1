"""Ends of the scale that are fixed one by one, percentiles, and logarithms."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.testing import assert_allclose, assert_array_equal
from tests.normalisation.tables import Table, few, tables

from dli import Assessment, Index, Indicator, Method, datasets
from dli.errors import MethodError
from dli.normalisation import FittedOn, Goalposts, MinMax

MORE, LESS = [Indicator("a")], [Indicator("a", direction=-1)]
INCOME = [Indicator("income", goalposts=(100, 75_000))]
VALUES = np.array([[2.0], [6.0], [12.0]])


# UNDP, Human Development Report 2020, technical notes: income index of 3,829 dollars a head.
def test_logarithmic_goalposts_give_the_published_income_index():
    found = Goalposts(0, 1, log=True).normalise([[3829.0]], INCOME)
    assert found.round(4).tolist() == [[0.5506]]


def test_the_human_development_index_is_one_of_raw_incomes():
    data = datasets.load("undp-hdi", "mapping")
    x = np.column_stack(
        [
            np.array(data[code], dtype=np.float64)
            for code in ("life_expectancy", "expected_schooling", "mean_schooling")
        ]
    )
    schooling = [
        Indicator("life", goalposts=(20, 85)),
        Indicator("expected", goalposts=(0, 18)),
        Indicator("mean", goalposts=(0, 15)),
    ]
    life, expected, mean = Goalposts(0, 1).normalise(x, schooling).T
    income = np.array(data["income_per_head"], dtype=np.float64)[:, np.newaxis]
    wealth = Goalposts(0, 1, log=True).normalise(income, INCOME).ravel()
    index = np.cbrt(life * (expected + mean) / 2 * wealth)
    published = np.array(data["hdi"], dtype=np.float64)
    known = ~np.isnan(published)
    assert known.sum() > 5000
    assert_allclose(index[known], published[known], atol=0.0005001)


@few
@given(table=tables())
def test_logarithms_are_the_line_through_logarithms(table: Table):
    values, indicators = table
    for plain, log in (
        (MinMax(ends="observed"), MinMax(ends="observed", log=True)),
        (MinMax(1, 7, worst=None), MinMax(1, 7, log=True)),
    ):
        of_logs = [
            Indicator(
                one.code,
                direction=one.direction,
                goalposts=tuple(np.log(one.goalposts).tolist()),
            )
            for one in indicators
        ]
        expected = plain.normalise(np.log(values), of_logs)
        assert_allclose(log.normalise(values, indicators), expected, rtol=1e-12, atol=1e-12)


def test_incomes_beyond_logarithmic_goalposts_are_cut_off():
    values = [[50.0], [100.0], [100_000.0]]
    scheme = Goalposts(0, 1, log=True)
    assert scheme.normalise(values, INCOME).ravel().tolist() == [0, 0, 1]
    assert scheme.truncated(values, INCOME).ravel().tolist() == [True, False, True]
    kept = Goalposts(0, 1, truncate=False, log=True)
    assert kept.normalise(values, INCOME).ravel()[0] < 0


@pytest.mark.parametrize("scheme", [Goalposts(log=True), MinMax(log=True)], ids=repr)
def test_what_has_no_logarithm_is_named(scheme):
    with pytest.raises(MethodError, match=r"\(log=True\) need values above 0, got") as caught:
        scheme.normalise([[0.0], [7.0], [-2.0]], INCOME)
    assert caught.value.faults == ("row 0, 'income': 0", "row 2, 'income': -2")
    ends = [Indicator("b", goalposts=(0, 9)), Indicator("c", direction=-1, goalposts=(9, -1))]
    with pytest.raises(MethodError, match="goalposts are the worst") as caught:
        scheme.normalise([[1.0, 1.0]], ends)
    assert caught.value.faults == (
        "'b': (0, 9) must be above 0 with log=True",
        "'c': (9, -1) must be above 0 with log=True",
    )


def test_one_end_is_fixed_and_the_other_observed():
    assert_allclose(MinMax(worst=0).normalise(VALUES, MORE).ravel(), [100 / 6, 50, 100])
    assert MinMax(best=10).normalise(VALUES, MORE).ravel().tolist() == [0, 50, 100]
    assert_allclose(MinMax(best=0).normalise(VALUES, LESS).ravel(), [1000 / 12, 50, 0])
    assert MinMax(worst=10).normalise(VALUES, LESS).ravel().tolist() == [100, 50, 0]
    both = MinMax(worst=0, best=10)
    assert both.normalise([[5.0], [11.0]], MORE).ravel().tolist() == [50, 100]


def test_a_fixed_end_goes_before_that_of_the_goalposts():
    indicator = [Indicator("a", goalposts=(0, 10))]
    found = MinMax(best=12).normalise([[-1.0], [6.0]], indicator)
    assert found.ravel().tolist() == [0, 50]


def test_only_the_fixed_end_cuts_off():
    fitted = MinMax(worst=2).fit([[4.0], [12.0]], MORE)
    assert fitted.normalise([[0.0], [7.0], [22.0]], MORE).ravel().tolist() == [0, 50, 200]
    assert fitted.truncated([[0.0], [7.0], [22.0]], MORE).ravel().tolist() == [True, False, False]


@few
@given(table=tables(), low=st.floats(0, 45), height=st.floats(5, 50))
def test_percentiles_are_those_of_numpy_from_the_worst_value(table: Table, low, height):
    values, indicators = table
    less = np.array([one.direction < 0 for one in indicators])
    spread = values + np.arange(len(values))[:, np.newaxis] / 64  # no percentiles coincide
    least, most = np.nanpercentile(spread, [low, low + height], axis=0)
    other_least, other_most = np.nanpercentile(spread, [100 - low, 100 - low - height], axis=0)
    worst, best = np.where(less, other_least, least), np.where(less, other_most, most)
    expected = np.clip((spread - worst) / (best - worst), 0, 1)
    scheme = MinMax(0, 1, ends="observed", percentiles=(low, low + height))
    found = scheme.normalise(spread, indicators)
    assert_allclose(found, expected, rtol=1e-9, atol=1e-9)
    samples = np.stack([spread, spread[::-1]])
    assert_allclose(scheme.normalise(samples, indicators)[0], found)


def test_percentiles_by_hand():
    values = np.arange(21.0)[:, np.newaxis]
    found = MinMax(percentiles=(5, 100)).normalise(values, MORE).ravel()
    assert_allclose(found[[0, 1, 20]], [0, 0, 100])
    assert_allclose(found[2], 100 / 19)
    less = MinMax(percentiles=(5, 100)).normalise(values, LESS).ravel()
    assert_allclose(less, found[::-1])
    cut = MinMax(percentiles=(5, 100)).truncated(values, MORE).ravel()
    assert np.flatnonzero(cut).tolist() == [0]


# The SDG Index: the best value is a target, the worst one the 2.5th percentile.
def test_a_percentile_may_be_the_other_end_of_a_fixed_one():
    values = np.arange(41.0)[:, np.newaxis]
    found = MinMax(best=21, percentiles=(2.5, 100)).normalise(values, MORE).ravel()
    assert found[[0, 1, 11, 21, 40]].tolist() == [0, 0, 50, 100, 100]


def test_goalposts_go_before_percentiles():
    values = np.array([[0.0, 0.0], [5.0, 5.0], [10.0, 10.0]])
    indicators = [Indicator("a", goalposts=(0, 20)), Indicator("b")]
    found = MinMax(percentiles=(25, 75)).normalise(values, indicators)
    assert found.tolist() == [[0, 0], [25, 50], [50, 100]]


def test_percentiles_of_the_whole_range_of_floats():
    values = [[-1.7e308], [0.0], [1.7e308]]
    found = MinMax(percentiles=(0, 75)).normalise(values, MORE).ravel()
    assert_allclose(found, [0, 100 * 2 / 3, 100])


def test_percentiles_that_coincide_are_named():
    values = np.array([[1.0, np.nan], [3.0, np.nan], [3.0, np.nan], [3.0, np.nan], [9.0, np.nan]])
    scheme = MinMax(percentiles=(25, 75))
    with pytest.raises(MethodError, match="data that do not differ") as caught:
        scheme.normalise(values, [Indicator("a"), Indicator("b")])
    assert caught.value.faults == ("'a': both percentiles are 3", "'b': it has no value at all")


def test_ends_on_the_wrong_side_are_all_named():
    values = np.array([[[9.0, 1.0, np.nan, 5.0]], [[2.0, 1.0, np.nan, 5.0]]])
    indicators = [Indicator("a"), Indicator("b", direction=-1), Indicator("c"), Indicator("d")]
    with pytest.raises(MethodError, match="best value must be better than the worst") as caught:
        MinMax(worst=5).normalise(values, indicators)
    assert caught.value.faults == (
        "'a': from 5 to 2, with direction 1",
        "'c': it has no value at all",
        "'d': from 5 to 5, with direction 1",
    )
    with pytest.raises(MethodError, match="'a': from 9 to 1, with direction 1"):
        MinMax(worst=9, best=1).normalise([[3.0]], MORE)


def test_fixed_ends_need_no_data():
    found = MinMax(worst=0, best=4).normalise([[3.0], [np.nan]], MORE)
    assert_array_equal(found.ravel(), [75, np.nan])


@pytest.mark.parametrize(
    "percentiles", [(5, 5), (95, 5), (-1, 50), (5, 101), (5,), 5, "ab", (5, np.nan), (True, 50)]
)
def test_percentiles_must_be_two_that_rise(percentiles):
    with pytest.raises(MethodError, match="percentiles must be two numbers rising from 0 to 100"):
        MinMax(percentiles=percentiles)


def test_all_faults_of_parameters_are_named():
    with pytest.raises(MethodError, match="invalid parameters of MinMax") as caught:
        MinMax(worst="low", best=-1, log=True, percentiles=(5, 95))
    worst, *others = caught.value.faults
    assert worst.startswith("worst must be")
    assert others == [
        "best must be above 0 with log=True, got -1",
        "percentiles have no effect when both worst and best are given; leave them out",
    ]
    with pytest.raises(MethodError, match="log must be True or False, got 1"):
        Goalposts(log=1)


def test_a_base_period_keeps_its_percentiles():
    index = Index("T", [Indicator("a")])
    data = {"unit": list("XYZXYZ"), "year": [1, 1, 1, 2, 2, 2], "a": [0.0, 10, 20, 5, 15, 40]}
    method = Method(normalisation=FittedOn(MinMax(percentiles=(0, 75)), periods=[1]))
    found = Assessment(index, data, period="year", method=method)
    assert_allclose(found.array("T"), np.array([0, 10, 15, 5, 15, 15]) / 0.15)


@pytest.mark.parametrize(
    "scheme",
    [
        MinMax(percentiles=[5, 95]),
        MinMax(0, 1, worst=100.0, best=75_000.0, log=True),
        Goalposts(log=True),
    ],
    ids=repr,
)
def test_methods_survive_being_written_and_read(scheme, tmp_path):
    method = Method(normalisation={"T": MinMax(), "a": scheme})
    assert Method.from_dict(method.to_dict()) == method
    path = tmp_path / "method.toml"
    method.save(path)
    assert Method.load(path) == method


def test_descriptions_tell_the_ends():
    assert "(\\ln x - \\ln g_{worst})" in Goalposts(log=True).describe()
    assert "(\\ln x - \\ln x_{worst})" in MinMax(log=True).describe()
    told = MinMax(ends="observed", percentiles=(2.5, 100)).describe()
    assert "the percentiles $2.5$ and $100$ of the data, counted from the worst value" in told
    told = MinMax(ends="observed", best=10).describe()
    assert "the best value $10$ (values beyond are cut off) and, for the other, that of" in told
    assert "the worst value $0$ and the best value $10$" in MinMax(worst=0, best=10).describe()
