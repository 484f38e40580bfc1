"""Trends and changes of nodes over periods."""

import pytest

from dli import Assessment, Index, Indicator, frames
from dli.change import period_changes, trends
from dli.errors import MethodError, UnknownCodeError

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


def test_a_panel_has_a_row_for_each_unit_and_node(panel):
    found = frames.read(trends(panel, 1))
    assert found.names[:3] == ("iso", "node", "values")
    codes = [node.code for node in INDEX.walk() if INDEX.level(node.code) == 1]
    assert found.column("iso") == [unit for unit in "XYZW" for _ in codes]
    assert found.column("node") == codes * 4
    at = 2 + codes.index("A")
    change = panel.array("A")[3] - panel.array("A")[1]
    assert found.column("slope")[at] == pytest.approx(change / 2)
    assert found.column("latest_period")[at] == 2022


def test_raw_values_grow(panel):
    found = frames.read(trends(panel, "a", stage="raw"))
    assert found.column("growth")[:2] == pytest.approx([3**0.5 - 1, 1.5**0.5 - 1])
    assert found.column("relative_slope")[:2] == pytest.approx([1, 0.25])


def test_notes_say_why_numbers_are_missing(panel):
    found = frames.read(trends(panel, ["a", "b", "c"], stage="raw"))
    notes = dict(zip(zip(found.column("iso"), found.column("node"), strict=True),
                     found.column("note"), strict=True))  # fmt: skip
    assert notes["X", "a"] == "two values"
    assert notes["X", "c"] == "two values, not above zero"
    assert notes["Z", "a"] == "one value"
    assert notes["W", "b"] == "no value"
    three = DATA | {"a": [1.0, 4.0, 2.0, 6.0, 3.0, 2.0], "iso": list("XYZZYX")}
    three |= {"year": [1, 1, 1.5, 2, 2, 3], "iso": list("XYXXYZ")}
    found = frames.read(trends(Assessment(INDEX, three, unit="iso", period="year"), "a"))
    assert found.column("values")[0] == 3
    assert found.column("note")[0] == "not above zero"
    assert found.column("latest_period")[0] == 2.0
    # Growth from 4 to 160, but the line begins below zero.
    steep = DATA | {"iso": ["X"] * 6, "year": [1, 2, 3, 4, 5, 6], "a": [4.0, 0, 20, 40, 80, 160]}
    found = frames.read(
        trends(Assessment(INDEX, steep, unit="iso", period="year"), "a", stage="raw")
    )
    assert found.column("growth")[0] == pytest.approx(40**0.2 - 1)
    assert found.column("note") == ["not above zero"]
    above = frames.read(
        trends(Assessment(INDEX, three, unit="iso", period="year"), "a", stage="raw")
    )
    assert above.column("note")[0] == ""


@pytest.mark.parametrize("years", [["a", "b"], [True, False]])
def test_periods_must_be_numbers_to_have_a_trend(years):
    data = DATA | {"year": [years[0]] * 3 + [years[1]] * 3}
    with pytest.raises(MethodError, match=rf"(?s)such as years.*{years[0]!r}.*{years[1]!r}"):
        trends(Assessment(INDEX, data, unit="iso", period="year"))


def test_trends_and_changes_need_periods():
    own = Assessment(INDEX, DATA | {"iso": list("UVWXYZ")}, unit="iso")
    with pytest.raises(MethodError, match="the data have no periods; name the column of periods"):
        trends(own)
    with pytest.raises(MethodError, match="the data have no periods; name the column of periods"):
        period_changes(own, 2020, 2022)


def test_changes_of_scores_and_ranks(panel):
    found = frames.read(period_changes(panel, 2020, 2022))
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
    one, other = (
        frames.read(period_changes(panel, *ends)) for ends in ((2020, 2022), (2022, 2020))
    )
    mine = dict(zip(one.column("iso"), one.column("score_change"), strict=True))
    theirs = dict(zip(other.column("iso"), other.column("score_change"), strict=True))
    assert mine["X"] == -theirs["X"]
    assert mine["Y"] == -theirs["Y"]


def test_periods_between_are_passed_over():
    data = {"unit": list("XYXYXZ"), "year": [1, 1, 2, 2, 3, 2], "a": [0.0, 4, 1, 9, 2, 10]}
    own = Assessment(Index("T", [Indicator("a")]), data, period="year")
    found = frames.read(period_changes(own, 1, 3))
    assert found.column("unit") == ["X", "Y"]
    assert found.column("score_change") == [20, None]
    assert found.column("rank_change") == [-1, None]


def test_changes_of_another_node_and_without_names():
    data = {name: cells for name, cells in DATA.items() if name != "name"}
    own = Assessment(INDEX, data, unit="iso", period="year")
    found = frames.read(period_changes(own, 2020, 2022, node="a"))
    assert "name" not in found.names
    assert found.column("score_change")[:2] == pytest.approx([40, 40])


def test_changes_need_two_periods_that_are_there(panel):
    with pytest.raises(MethodError, match="requires two different periods, got 2020 twice"):
        period_changes(panel, 2020, 2020)
    with pytest.raises(UnknownCodeError, match=r"(?s)1999.*2021"):
        period_changes(panel, 1999, 2021)
    with pytest.raises(UnknownCodeError, match="'Q'"):
        period_changes(panel, 2020, 2022, node="Q")


def test_periods_may_be_text_of_numbers(panel):
    text = Assessment(
        INDEX, DATA | {"year": [str(y) for y in DATA["year"]]}, unit="iso", period="year"
    )
    one, other = (frames.read(trends(own)) for own in (panel, text))
    assert one.column("slope") == other.column("slope")
    assert other.column("latest_period") == [2022, 2022, 2020, 2022]


def test_changes_do_not_need_an_order_of_periods():
    data = DATA | {"year": ["plan"] * 3 + ["result"] * 3}
    panel = Assessment(INDEX, data, unit="iso", period="year")
    table = frames.read(period_changes(panel, "plan", "result", node="a"))
    assert table.column("score_change")[:2] == pytest.approx([40, 40])


def test_nodes_and_stages_must_exist(panel):
    with pytest.raises(UnknownCodeError, match="no stage 'scaled'"):
        trends(panel, stage="scaled")
    with pytest.raises(UnknownCodeError, match="no node 'Q'"):
        trends(panel, "Q")
    with pytest.raises(MethodError, match=r"nodes must be a level from 0 .* to 2"):
        trends(panel, 3)
