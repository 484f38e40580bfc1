"""Percentile ranks, and ranks that are given a distribution."""

import numpy as np
import pytest
from hypothesis import given
from numpy.testing import assert_allclose, assert_array_equal
from scipy.stats import norm, percentileofscore
from tests.normalisation.tables import Table, few, tables

from dli import Assessment, Indicator, Method
from dli.errors import MethodError
from dli.normalisation import FittedOn, NormalScores, PercentileRank, RankExponential
from dli.normalisation.protocol import traits_of

MORE, LESS = [Indicator("a")], [Indicator("a", direction=-1)]
METHODS = ["inclusive", "exclusive", "weak", "mean"]


def column(*values):
    return np.array(values, dtype=np.float64)[:, np.newaxis]


# Microsoft's example of both functions: 13, 12, 11, 8, 4, 3, 2, 1, 1, 1, in which 2 has the rank
# 0.333 by PERCENTRANK.INC, 4 has 0.555 and 8 has 0.666; PERCENTRANK.EXC has (b + 1) / 11.
SPREADSHEET = column(13, 12, 11, 8, 4, 3, 2, 1, 1, 1)


def test_inclusive_ranks_are_those_of_the_spreadsheet_example():
    found = PercentileRank().normalise(SPREADSHEET, MORE).ravel()
    assert (np.floor(found[[6, 4, 3]] * 1000) / 1000).tolist() == [0.333, 0.555, 0.666]
    assert found[[0, 9]].tolist() == [1, 0]


def test_exclusive_ranks_never_reach_the_ends():
    found = PercentileRank(method="exclusive").normalise(SPREADSHEET, MORE).ravel()
    assert_allclose(found[[0, 6, 9]], [10 / 11, 4 / 11, 1 / 11], rtol=1e-15)


@pytest.mark.parametrize("method", ["weak", "mean"])
@few
@given(table=tables())
def test_weak_and_mean_ranks_are_those_of_scipy(method, table: Table):
    values, indicators = table
    found = PercentileRank(0, 100, method).normalise(values, indicators)
    for j, indicator in enumerate(indicators):
        own = values[:, j] * indicator.direction
        expected = percentileofscore(own, own, kind=method, nan_policy="omit")
        assert_allclose(found[:, j], expected, rtol=1e-14)


@few
@given(table=tables())
def test_the_four_definitions_come_in_an_order(table: Table):
    values, indicators = table
    of = {m: PercentileRank(method=m).normalise(values, indicators) for m in METHODS}
    known = ~np.isnan(values)
    assert (of["mean"] <= of["weak"])[known].all()
    assert (of["exclusive"] <= of["weak"])[known].all()
    assert_allclose(np.nanmean(of["mean"], axis=0), 0.5)


@pytest.mark.parametrize(
    ("method", "tied", "alone"),
    [("inclusive", 0, None), ("exclusive", 0.2, 0.5), ("weak", 1, 1), ("mean", 0.5, 0.5)],
)
def test_one_tie_and_one_unit_are_defined(method, tied, alone):
    scheme = PercentileRank(method=method)
    found = scheme.normalise(column(7, 7, 7, 7, np.nan), MORE).ravel()
    assert_array_equal(found, [tied] * 4 + [np.nan])
    if alone is None:
        with pytest.raises(MethodError, match=r"there is only one for:\n  - 'a'$"):
            scheme.normalise(column(7, np.nan), MORE)
    else:
        assert_array_equal(scheme.normalise(column(7, np.nan), MORE).ravel(), [alone, np.nan])


def test_percentile_ranks_turn_with_the_direction_and_know_their_scale():
    scheme = PercentileRank(1, 7, "inclusive")
    assert scheme.normalise(column(1, 2, 5), LESS).ravel().tolist() == [7, 4, 1]
    assert traits_of(scheme).ends == (1, 7)
    assert traits_of(RankExponential()).ends == (0, 100)
    assert traits_of(NormalScores()).ends is None


# Scottish Indices of Deprivation 2003, appendix 5: 1,222 wards, scores from 0 to 100, of which a
# tenth are above 50; English Indices of Deprivation 2019: the most deprived tenth has 50 to 100.
@pytest.mark.parametrize("n", [10, 1222, 32844])
def test_the_highest_tenth_has_scores_from_50_to_100(n):
    found = RankExponential().normalise(column(*range(n)), MORE).ravel()
    assert found[-1] == 100
    assert found[0] < 100 * 2.4 / n * 10
    tenth = n - n // 10
    assert (found[tenth:] > 50).all()
    assert abs((found > 50).mean() - 0.1) <= max(0.003, 1 / n)
    assert found[: n // 2].max() < 16


def test_exponential_ranks_by_hand():
    found = RankExponential().normalise(column(1, 2, 2, 3, np.nan), MORE).ravel()
    rank = np.array([0.25, 0.625, 0.625, 1.0])
    expected = -23 * np.log(1 - rank * (1 - np.exp(-100 / 23)))
    assert_allclose(found, [*expected, np.nan], rtol=1e-13)
    assert found[3] == 100
    less = RankExponential().normalise(column(1, 2, 2, 3, np.nan), LESS).ravel()
    assert_array_equal(less, found[[3, 1, 2, 0, 4]])


# The score of a unit alone, or of a great tie, is that of the rank (n + 1) / 2n.
def test_exponential_ranks_of_one_tie_and_one_unit():
    assert RankExponential().normalise(column(4), MORE).ravel().tolist() == [100]
    half = -23 * np.log(1 - 0.75 * (1 - np.exp(-100 / 23)))
    assert_allclose(RankExponential().normalise(column(4, 4), MORE).ravel(), [half, half])


# R's qqnorm(1:5), which follows Blom up to ten values; the expected values of an ordered normal
# sample of five are 1.16296 and 0.49502 (Harter 1961, Biometrika 48, table 1).
def test_blom_scores_are_the_published_ones_and_close_to_expected_values():
    found = NormalScores().normalise(column(3, 1, 2, 5, 4), MORE).ravel()
    assert_allclose(found, [0, -1.1797611, -0.4972006, 1.1797611, 0.4972006], atol=5e-8)
    assert_allclose(found[3:], [1.16296, 0.49502], atol=0.02)


@pytest.mark.parametrize(
    ("method", "shares"),
    [
        ("blom", [0.625 / 4.25, 2 / 4.25 - 0.375 / 4.25 + 0.5 / 4.25, 3.625 / 4.25]),
        ("van der waerden", [0.2, 0.5, 0.8]),
        ("rankit", [0.125, 0.5, 0.875]),
        ("tukey", [2 / 13, 0.5, 11 / 13]),
    ],
)
def test_normal_scores_by_hand(method, shares):
    found = NormalScores(method, 50, 10).normalise(column(1, 6, 6, np.nan, 9), MORE).ravel()
    expected = 50 + 10 * norm.ppf(shares)
    assert_allclose(found, [*expected[[0, 1, 1]], np.nan, expected[2]], rtol=1e-12)


@pytest.mark.parametrize("method", ["blom", "van der waerden", "rankit", "tukey"])
@few
@given(table=tables())
def test_turning_the_direction_turns_normal_scores(method, table: Table):
    values, indicators = table
    scheme = NormalScores(method)
    found = scheme.normalise(values, indicators)
    assert_allclose(scheme.normalise(-values, indicators), -found, atol=1e-12)


def test_a_great_tie_and_one_unit_have_the_mean():
    scheme = NormalScores("tukey", 100, 15)
    assert_allclose(scheme.normalise(column(4, 4, 4), MORE), 100)
    assert_allclose(scheme.normalise(column(4, np.nan), MORE).ravel(), [100, np.nan])


@pytest.mark.parametrize("scheme", [RankExponential(), NormalScores()], ids=repr)
def test_a_column_without_values_is_refused(scheme):
    with pytest.raises(
        MethodError, match=r"needs a value for every indicator; it is missing for:\n  - 'a'$"
    ):
        scheme.normalise(column(np.nan, np.nan), MORE)


def test_all_faults_of_parameters_are_named():
    with pytest.raises(MethodError, match="invalid parameters of PercentileRank") as caught:
        PercentileRank(2, 1, "meen")
    assert caught.value.faults == (
        "low must be below high and both finite, got 2 and 1",
        "method must be 'inclusive', 'exclusive', 'weak' or 'mean', got 'meen'; did you mean 'mean'?",
    )
    with pytest.raises(MethodError, match="invalid parameters of NormalScores") as caught:
        NormalScores("bliss", 0, 0)
    assert caught.value.faults == (
        "method must be 'blom', 'van der waerden', 'rankit' or 'tukey', got 'bliss'",
        "mean must be finite and sd above 0, got 0 and 0",
    )


def test_places_have_nothing_to_fit():
    for scheme in (PercentileRank(), RankExponential(), NormalScores()):
        with pytest.raises(MethodError, match="must be one that can be fitted"):
            FittedOn(scheme, periods=[1])


def test_descriptions_tell_the_definition():
    assert "$b / (n - 1)$" in PercentileRank().describe()
    assert "$1 + 6 \\, (b + 1) / (n + 1)$" in PercentileRank(1, 7, "exclusive").describe()
    assert "$-23 \\ln(1 - R" in RankExponential().describe()
    assert "$50 + 10 \\, \\Phi^{-1}(p)$" in NormalScores(mean=50, sd=10).describe()
    assert "(van der Waerden): $\\Phi^{-1}(p)$" in NormalScores("van der waerden").describe()


# Domains of an index of deprivation, ranked and combined as the English one is.
MODEL = """
format = "dli-index/1"
node = [{ code = "income", weight = 3 }, { code = "crime" }, { code = "air" }]
[index]
code = "IMD"
[[method.normalisation]]
for = 1
method = "RankExponential"
[[method.normalisation]]
for = "air"
method = "NormalScores"
mean = 50.0
sd = 10.0
"""


def test_a_model_file_names_them(tmp_path):
    path = tmp_path / "deprivation.toml"
    path.write_text(MODEL)
    data = {
        "unit": list("ABCD"),
        "income": [10.0, 40.0, 20.0, 30.0],
        "crime": [1.0, 3.0, 4.0, 2.0],
        "air": [7.0, 7.0, 7.0, 7.0],
    }
    found = Assessment.from_file(path, data, unit="unit")
    shares = np.array([[1, 4, 2, 3], [1, 3, 4, 2]]) / 4
    income, crime = -23 * np.log(1 - shares * (1 - np.exp(-100 / 23)))
    assert_allclose(found.array("IMD"), 0.6 * income + 0.2 * crime + 0.2 * 50)


@pytest.mark.parametrize(
    "scheme",
    [
        PercentileRank(0, 100, "mean"),
        RankExponential(),
        NormalScores("van der waerden", sd=2),
    ],
    ids=repr,
)
def test_methods_survive_being_written_and_read(scheme):
    method = Method(normalisation=scheme)
    assert Method.from_dict(method.to_dict()) == method
