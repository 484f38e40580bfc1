"""Trends, growth rates and changes over time."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from numpy.testing import assert_allclose
from scipy import stats

from dli import Assessment, Index, Indicator, frames
from dli.errors import MethodError, UnknownCodeError
from dli.trends import changes, node_trends, trends

YEARS = [2010, 2012, 2013, 2016, 2020]
INDEX = Index("T", [Index("A", [Indicator("a"), Indicator("b")]), Indicator("c", direction=-1)])
DATA = {
    "iso": ["X", "Y", "Z", "Y", "X", "W"],
    "year": [2020, 2020, 2020, 2022, 2022, 2022],
    "name": ["Ex", "Why", "Zed", "Why", "Exx", "Double"],
    "a": [1.0, 4.0, 2.0, 6.0, 3.0, 2.0],
    "b": [5.0, 1.0, 3.0, 2.0, 6.0, None],
    "c": [0.0, 2.0, 4.0, 2.0, 1.0, 3.0],
}


@pytest.fixture
def panel():
    return Assessment(INDEX, DATA, unit="iso", period="year")


series = hnp.arrays(
    np.float64, (4, 5), elements=st.integers(-1000, 1000).map(float) | st.just(np.nan)
)


def test_the_slope_and_its_p_value_worked_by_hand():
    # Through (0, 1), (1, 3), (2, 2), (3, 4): Sxy = 4, Sxx = 5, the squares left 1.8.
    found = trends([1, 3, 2, 4], [0, 1, 2, 3])
    assert float(found.slope) == pytest.approx(0.8)
    t = 0.8 / np.sqrt(1.8 / 2 / 5)
    assert float(found.p_value) == pytest.approx(2 * stats.t.sf(t, 2))
    # The line begins at 2.5 - 1.5 * 0.8 = 1.3.
    assert float(found.relative_slope) == pytest.approx(0.8 / 1.3)
    assert float(found.growth) == pytest.approx(4 ** (1 / 3) - 1)


@given(values=series)
def test_lines_are_those_of_scipy(values):
    found = trends(values, YEARS)
    for row, y in enumerate(values):
        there = ~np.isnan(y)
        assert found.n_values[row] == there.sum()
        if there.sum() < 2 or np.ptp(y[there]) == 0:
            continue
        line = stats.linregress(np.array(YEARS)[there], y[there])
        assert_allclose(found.slope[row], line.slope, rtol=1e-9, atol=1e-9)
        if there.sum() > 2:
            assert_allclose(found.p_value[row], line.pvalue, rtol=1e-6, atol=1e-9)
        else:
            assert np.isnan(found.p_value[row])


@given(values=series, order=st.permutations(range(5)))
def test_the_order_of_times_does_not_matter(values, order):
    one, other = trends(values, YEARS), trends(values[:, order], np.array(YEARS)[order])
    for name in ("slope", "p_value", "relative_slope", "growth", "latest", "latest_time", "first"):
        assert_allclose(getattr(one, name), getattr(other, name))


@given(values=series, factor=st.sampled_from([1e-250, 1e-3, 7.0, 1e250]))
def test_rates_do_not_depend_on_the_unit_of_measurement(values, factor):
    one, other = trends(values, YEARS), trends(values * factor, YEARS)
    assert_allclose(one.slope, other.slope / factor, rtol=1e-9, atol=1e-9)
    for name in ("growth", "relative_slope", "p_value"):
        assert_allclose(getattr(one, name), getattr(other, name), rtol=1e-6, atol=1e-9)


@given(start=st.floats(0.1, 1000), rate=st.floats(-0.5, 1))
def test_compound_growth_is_found_again(start, rate):
    times = np.array([2000, 2001, 2005])
    found = trends(start * (1 + rate) ** (times - 2000), times)
    assert_allclose(found.growth, rate, rtol=1e-9, atol=1e-12)


def test_the_latest_value_comes_with_its_time():
    found = trends([[1.0, np.nan, 3.0, np.nan], [np.nan] * 4], [2001, 2002, 2003, 2004])
    assert (found.first[0], found.first_time[0]) == (1, 2001)
    assert (found.latest[0], found.latest_time[0]) == (3, 2003)
    for name in ("first", "first_time", "latest", "latest_time", "slope", "growth"):
        assert np.isnan(getattr(found, name)[1])


def test_equal_values_have_no_trend_and_no_growth():
    found = trends([[0.1 + 0.2, 0.3, 0.3], [0.0, 0.0, 0.0], [-2.0, -2.0, -2.0]], [1, 2, 3])
    assert found.slope.tolist() == [0, 0, 0]
    assert found.p_value.tolist() == [1, 1, 1]
    assert found.relative_slope.tolist() == [0, 0, 0]
    assert_allclose(found.growth, 0, atol=1e-15)


def test_a_perfect_line_is_certain():
    assert float(trends([0, 2, 4], [0, 1, 2]).p_value) == 0
    assert float(trends([3, 2, 1], [1, 2, 3]).p_value) < 1e-15


def test_there_is_no_rate_from_or_below_zero():
    found = trends([[0.0, 1, 2], [-1, 1, 2], [1, 2, -1], [-2, -1, -1], [4, 3, 0]], [1, 2, 3])
    assert np.isnan(found.growth[:4]).all()
    assert found.growth[4] == -1
    assert np.isnan(found.relative_slope[[0, 1, 3]]).all()
    assert_allclose(found.relative_slope[2], -1 / (2 / 3 + 1))


def test_a_line_that_begins_in_zero_but_for_rounding_has_no_rate():
    years = np.array([1983.0, 1986, 1997, 2034])
    found = trends(0.1 * (years - 1983), years)
    assert np.isnan(found.relative_slope)
    assert float(found.slope) == pytest.approx(0.1)


def test_one_value_is_no_growth():
    found = trends([5.0, np.nan], [1, 2])
    assert np.isnan([found.growth, found.slope, found.relative_slope, found.p_value]).all()


def test_any_shape_of_series():
    values = np.arange(24.0).reshape(2, 3, 4) + 1
    found = trends(values, [1, 2, 3, 4])
    assert found.slope.shape == (2, 3)
    assert_allclose(found.slope, 1)
    assert trends(5.0 * np.ones(1), [1]).n_values.shape == ()
    assert trends(np.ones((0, 3)), [1, 2, 3]).slope.shape == (0,)


@pytest.mark.parametrize(
    ("values", "times"), [([1, 2], [1]), (1, [1]), ([1, 2], [[1, 2]]), ([[]], [])]
)
def test_shapes_must_fit(values, times):
    with pytest.raises(MethodError, match=r"must have the shape \(\.\.\., n_times\)"):
        trends(values, times)


def test_all_faults_are_listed():
    with pytest.raises(MethodError) as caught:
        trends([[1, np.inf, 3, 4]], [1, 1, np.nan, 2])
    assert caught.value.faults == (
        "time nan is not finite",
        "time 1 appears twice",
        "the value at (0, 1) is infinite",
    )


def test_a_panel_has_a_row_for_each_unit_and_node(panel):
    found = frames.read(node_trends(panel, 1))
    assert found.names[:3] == ("iso", "node", "values")
    codes = [node.code for node in INDEX.walk() if INDEX.level(node.code) == 1]
    assert found.column("iso") == [unit for unit in "XYZW" for _ in codes]
    assert found.column("node") == codes * 4
    at = 2 + codes.index("A")
    change = panel.array("A")[3] - panel.array("A")[1]
    assert found.column("slope")[at] == pytest.approx(change / 2)
    assert found.column("latest_period")[at] == 2022


def test_raw_values_grow(panel):
    found = frames.read(node_trends(panel, "a", stage="raw"))
    assert found.column("growth")[:2] == pytest.approx([3**0.5 - 1, 1.5**0.5 - 1])
    assert found.column("relative_slope")[:2] == pytest.approx([1, 0.25])


def test_notes_say_why_numbers_are_missing(panel):
    found = frames.read(node_trends(panel, ["a", "b", "c"], stage="raw"))
    notes = dict(zip(zip(found.column("iso"), found.column("node"), strict=True),
                     found.column("note"), strict=True))  # fmt: skip
    assert notes["X", "a"] == "two values"
    assert notes["X", "c"] == "two values, not above zero"
    assert notes["Z", "a"] == "one value"
    assert notes["W", "b"] == "no value"
    three = DATA | {"a": [1.0, 4.0, 2.0, 6.0, 3.0, 2.0], "iso": list("XYZZYX")}
    three |= {"year": [1, 1, 1.5, 2, 2, 3], "iso": list("XYXXYZ")}
    found = frames.read(node_trends(Assessment(INDEX, three, unit="iso", period="year"), "a"))
    assert found.column("values")[0] == 3
    assert found.column("note")[0] == "not above zero"
    assert found.column("latest_period")[0] == 2.0
    # Growth from 4 to 160, but the line begins below zero.
    steep = DATA | {"iso": ["X"] * 6, "year": [1, 2, 3, 4, 5, 6], "a": [4.0, 0, 20, 40, 80, 160]}
    found = frames.read(
        node_trends(Assessment(INDEX, steep, unit="iso", period="year"), "a", stage="raw")
    )
    assert found.column("growth")[0] == pytest.approx(40**0.2 - 1)
    assert found.column("note") == ["not above zero"]
    above = frames.read(
        node_trends(Assessment(INDEX, three, unit="iso", period="year"), "a", stage="raw")
    )
    assert above.column("note")[0] == ""


@pytest.mark.parametrize("years", [["a", "b"], [True, False]])
def test_periods_must_be_numbers_to_have_a_trend(years):
    data = DATA | {"year": [years[0]] * 3 + [years[1]] * 3}
    with pytest.raises(MethodError, match=rf"(?s)such as years.*{years[0]!r}.*{years[1]!r}"):
        node_trends(Assessment(INDEX, data, unit="iso", period="year"))


def test_trends_and_changes_need_periods():
    own = Assessment(INDEX, DATA | {"iso": list("UVWXYZ")}, unit="iso")
    with pytest.raises(MethodError, match="has no periods; name their column"):
        node_trends(own)
    with pytest.raises(MethodError, match="has no periods; name their column"):
        changes(own, 2020, 2022)


def test_changes_of_scores_and_ranks(panel):
    found = frames.read(changes(panel, 2020, 2022))
    assert found.names == (
        "iso", "name", "score_before", "score_after", "score_change", "rank_before", "rank_after",
        "rank_change",
    )  # fmt: skip
    assert found.column("iso") == ["X", "Y", "Z", "W"]
    # The later name, where a unit has changed it.
    assert found.column("name") == ["Exx", "Why", "Zed", "Double"]
    scores, ranks = panel.array("T"), panel.rank_array("T")
    assert found.column("score_change")[:2] == pytest.approx(
        [scores[4] - scores[0], scores[3] - scores[1]]
    )
    assert found.column("rank_change")[:2] == [ranks[4] - ranks[0], ranks[3] - ranks[1]]
    assert found.column("score_after")[2] is None
    assert found.column("rank_before")[3] is None
    assert found.column("rank_change")[2:] == [None, None]


def test_changes_backwards_are_the_opposite(panel):
    one, other = (frames.read(changes(panel, *ends)) for ends in ((2020, 2022), (2022, 2020)))
    mine = dict(zip(one.column("iso"), one.column("score_change"), strict=True))
    theirs = dict(zip(other.column("iso"), other.column("score_change"), strict=True))
    assert mine["X"] == -theirs["X"]
    assert mine["Y"] == -theirs["Y"]


def test_periods_between_are_passed_over():
    data = {"unit": list("XYXYXZ"), "year": [1, 1, 2, 2, 3, 2], "a": [0.0, 4, 1, 9, 2, 10]}
    own = Assessment(Index("T", [Indicator("a")]), data, period="year")
    found = frames.read(changes(own, 1, 3))
    assert found.column("unit") == ["X", "Y"]
    assert found.column("score_change") == [20, None]
    assert found.column("rank_change") == [-1, None]


def test_changes_of_another_node_and_without_names():
    data = {name: cells for name, cells in DATA.items() if name != "name"}
    own = Assessment(INDEX, data, unit="iso", period="year")
    found = frames.read(changes(own, 2020, 2022, node="a"))
    assert "name" not in found.names
    assert found.column("score_change")[:2] == pytest.approx([40, 40])


def test_changes_need_two_periods_that_are_there(panel):
    with pytest.raises(MethodError, match="between two periods, got 2020 twice"):
        changes(panel, 2020, 2020)
    with pytest.raises(UnknownCodeError, match=r"(?s)1999.*2021"):
        changes(panel, 1999, 2021)
    with pytest.raises(UnknownCodeError, match="'Q'"):
        changes(panel, 2020, 2022, node="Q")
