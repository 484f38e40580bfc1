import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.capability.cases import DATA, column, example, graph, graphs

from dli import frames
from dli.aggregation import Copeland, GeometricMean
from dli.capability import propagation
from dli.errors import DataError, MethodError, UnknownCodeError
from dli.normalisation import Rank

HALF = {"c": 0.5, "d": 0.5}
CHAIN = graph(("c", "d", 0.5), ("d", "a1", 0.4), ("c", "b1", 0.2))


def after(frame, scenario=None):
    """Give what becomes of each node."""
    keep = [scenario is None or name == scenario for name in column(frame, "scenario")]
    cells = zip(column(frame, "code"), column(frame, "after"), keep, strict=True)
    return {code: value for code, value, kept in cells if kept}


def test_a_change_by_hand():
    """X: c +.4 lifts d by .2, a1 by .08 (from .2) and b1 by .08 (from .6)."""
    found = CHAIN.propagate(example(), "X", {"c": 0.4}, levels=HALF)
    assert after(found) == pytest.approx(
        {"T": 37.5 + 4, "A": 34, "B": 49, "a1": 28, "b1": 68, "c": 0.9, "d": 0.7}
    )
    table = frames.read(found)
    assert table.column("code")[0] == "T"
    assert table.column("kind") == [
        "index", "sub-index", "sub-index", "indicator", "indicator", "capability", "capability",
    ]  # fmt: skip
    assert table.column("rank_before")[0] == 4
    assert table.column("rank_after")[-1] is None
    assert table.column("change")[0] == pytest.approx(4)
    assert not any(table.column("saturated"))


def test_scenarios_stand_side_by_side_and_ranks_move():
    scenarios = {"little": {"d": 0.1}, "much": {"d": 0.5, "c": 0.5}, "none": {}}
    built = graph(("c", "a1", 0.9), ("d", "a2", 0.9), ("c", "b2", 0.9))
    found = built.propagate(example(), "X", scenarios, levels=HALF)
    assert after(found, "none") == {"T": pytest.approx(37.5)}
    assert after(found, "little")["a2"] == pytest.approx(49)
    ranks = dict(zip(column(found, "scenario"), column(found, "rank_after"), strict=True))
    tops = [
        rank
        for code, rank in zip(column(found, "code"), column(found, "rank_after"), strict=True)
        if code == "T"
    ]
    assert tops == [4, 2, 4]
    assert set(ranks) == set(scenarios)


def test_nothing_leaves_its_scale_and_what_is_cut_off_is_told():
    built = graph(("c", "d", 0.8), ("d", "a1", 0.9), ("c", "a1", 0.9))
    found = built.propagate(example(), "Y", {"c": 0.5}, levels={"c": 0.7, "d": 0.9})
    # c goes to 1 (of 1.2), d to 1 (of 1.14), a1 from .8 to 1 (of 1.16).
    assert after(found) == pytest.approx(
        {"T": (100 + 60) / 4 + (50 + 75) / 4, "A": 80, "a1": 100, "c": 1.0, "d": 1.0}
    )
    cut = dict(zip(column(found, "code"), column(found, "saturated"), strict=True))
    assert cut == {"T": False, "A": False, "a1": True, "c": True, "d": True}


def test_barriers_rise_and_fall():
    built = graph(("wall", "a1", 0.5), barriers={"wall"})
    gone = built.propagate(example(), "X", {"wall": -0.4}, levels={"wall": 0.6})
    assert after(gone)["a1"] == pytest.approx(40)
    higher = built.propagate(example(), "X", {"wall": 0.9}, levels={"wall": 0.6})
    assert after(higher)["a1"] == pytest.approx(0)  # .2 - .4 * .5, no less than 0
    assert after(higher)["wall"] == 1.0


def test_a_required_source_holds_its_target_down():
    built = graph(("c", "d", 0.5), ("e", "d", 0.1, {"required": True}), ("d", "a1", 0.5))
    levels = {"c": 0.2, "d": 0.3, "e": 0.4}
    held = built.propagate(example(), "X", {"c": 0.8}, levels=levels)
    assert after(held)["d"] == pytest.approx(0.4)  # not .7: e stands at .4
    both = built.propagate(example(), "X", {"c": 0.8, "e": 0.2}, levels=levels)
    assert after(both)["d"] == pytest.approx(0.6)
    beyond = built.propagate(example(), "X", {"c": 0.8}, levels={**levels, "e": 0.1})
    assert after(beyond)["d"] == 0.3  # above e as it is: it stays where it is
    above = graph(("c", "a1", 0.9), ("e", "A", 0.1, {"required": True}))
    through = above.propagate(example(), "X", {"c": 0.8}, levels={"c": 0.2, "e": 0.4})
    assert after(through)["A"] == pytest.approx(40)  # not 65: A rises no higher than e
    outcome = graph(("c", "a1", 0.9), ("e", "a1", 0.1, {"required": True}))
    capped = outcome.propagate(example(), "X", {"c": 0.8}, levels={"c": 0.2, "e": 0.4})
    assert after(capped)["a1"] == pytest.approx(40)


def test_capabilities_that_require_each_other_rise_together():
    """c raises both by 0.1 of its change, and neither is above the other."""
    built = graph(
        ("a", "b", 0.1, {"required": True}), ("b", "a", 0.1, {"required": True}),
        ("c", "a", 0.1), ("c", "b", 0.1), ("b", "a1", 0.5),
    )  # fmt: skip
    assessment = example()
    levels = {"a": 0.3, "b": 0.3, "c": 0.2}
    found = after(built.propagate(assessment, "X", {"c": 0.5}, levels=levels))
    assert found["a"] == found["b"] == pytest.approx(0.3 + 0.05 / 0.9)
    # a alone cannot rise above b, which rises by a tenth as much.
    alone = after(built.propagate(assessment, "X", {"a": 0.5}, levels=levels))
    assert alone["a"] == pytest.approx(0.3)
    assert "b" not in alone


def test_outcomes_can_be_changed_themselves():
    built = graph(("c", "a1", 0.5), ("c", "B", 0.1))
    found = built.propagate(example(), "X", {"a1": 0.3, "B": -0.2}, levels={"c": 0.5})
    assert after(found) == pytest.approx({"T": (45 + 25) / 2, "A": 45, "B": 25, "a1": 50})


def test_feedback_settles_at_the_total_influence():
    built = graph(("c", "d", 0.5), ("d", "c", 0.4), ("d", "a1", 0.3))
    found = built.propagate(example(), "X", {"c": 0.1}, levels=HALF)
    assert after(found)["a1"] == pytest.approx(20 + 100 * 0.1 * 0.15 / 0.8)


def test_levels_that_do_not_settle_are_an_error(monkeypatch):
    monkeypatch.setattr(propagation, "_TURNS", 2)
    looped = graph(("c", "d", 0.5), ("d", "c", 0.4), ("d", "a1", 0.3))
    with pytest.raises(MethodError, match="levels do not converge"):
        looped.propagate(example(), "X", {"c": 0.1}, levels=HALF)


def test_ranks_are_within_the_period():
    data = {**DATA, "unit": ["X", "Y", "X", "Y"], "year": [1, 1, 2, 2]}
    found = CHAIN.propagate(
        example(data=data, period="year"), "X", {"c": 0.4}, period=1, levels=HALF
    )
    assert column(found, "rank_after")[0] == 2


def test_units_without_capabilities_that_can_be_read_are_told_nothing_of_them():
    data = {**DATA, "a1": [None, 8.0, 5.0, 9.0], "b1": [None, 5.0, 4.0, 3.0]}
    found = CHAIN.propagate(example(data=data), "X", {"c": 0.4})
    assert after(found) == {"T": pytest.approx(35)}


@given(graphs(signed=False), st.floats(0.0, 0.4), st.floats(0.0, 0.4))
def test_more_of_a_capability_never_lowers_anything(built, less, more):
    low, high = sorted([less, more])
    levels = dict.fromkeys(built.codes, 0.5)
    first = after(built.propagate(example(), "X", {built.codes[0]: low}, levels=levels))
    second = after(built.propagate(example(), "X", {built.codes[0]: high}, levels=levels))
    for code, value in first.items():
        assert second.get(code, value) >= value - 1e-9


@given(graphs())
def test_small_changes_follow_the_leverage(built):
    assessment = example(aggregation=GeometricMean())
    levels = dict.fromkeys(built.codes, 0.5)
    leverage = built.leverage_array(assessment)[2]
    for code, slope in zip(built.codes, leverage.tolist(), strict=True):
        found = built.propagate(assessment, "Z", {code: 1e-6}, levels=levels)
        assert column(found, "change")[0] == pytest.approx(slope * 1e-6, rel=1e-4, abs=1e-11)


@pytest.mark.parametrize(
    ("unit", "changes", "levels", "error", "message"),
    [
        ("Q", {"c": 0.1}, None, UnknownCodeError, "no unit 'Q'"),
        ("X", {"q": 0.1}, None, UnknownCodeError, "no capability or outcome of the graph 'q'"),
        (
            "X",
            {"c": 2},
            None,
            MethodError,
            "changes of levels must be numbers from -1 to 1:\n  - 'c': 2",
        ),
        ("X", {"c": 0.1}, {"q": 0.5}, UnknownCodeError, "no capability 'q'"),
        (
            "X",
            {"c": 0.1},
            {"c": 5, "d": None},
            MethodError,
            "levels of capabilities must be numbers",
        ),
    ],
)
def test_changes_that_make_no_sense_are_refused(unit, changes, levels, error, message):
    with pytest.raises(error, match=message):
        CHAIN.propagate(example(), unit, changes, levels=levels)


def test_what_a_unit_lacks_cannot_change():
    data = {**DATA, "a1": [None, 8.0, 5.0, 9.0]}
    with pytest.raises(
        MethodError, match="cannot change outcomes that are missing for the unit:\n  - 'a1'"
    ):
        CHAIN.propagate(example(data=data), "X", {"a1": 0.1})


def test_a_unit_without_a_score_has_no_scenarios():
    data = {
        **DATA,
        "a1": [None, 8.0, 5.0, 9.0],
        "a2": [None, 6.0, 9.0, 7.0],
        "b1": [None, 5.0, 4.0, 3.0],
    }
    assessment = example(data=data, coverage=0.6)
    assert np.isnan(assessment.array("T")[0])
    with pytest.raises(DataError, match="unit 'X' has no score at 'T'"):
        CHAIN.propagate(assessment, "X", {"c": 0.1})


def test_what_is_missing_stays_out_of_the_mean():
    data = {**DATA, "a2": [None, 6.0, 9.0, 7.0]}
    found = CHAIN.propagate(example(data=data), "X", {"d": 0.1}, levels=HALF)
    assert after(found)["A"] == pytest.approx(24)


def test_ranks_after_are_those_of_all_units_where_others_matter():
    """Under Copeland the scores of the others fall when X passes them."""
    assessment = example(aggregation={"T": Copeland()})
    built = graph(("c", "a1", 0.9), ("c", "b2", 0.9))
    found = built.propagate(assessment, "X", {"c": 0.9}, levels={"c": 0.0})
    assert column(found, "rank_before")[0] == 3
    # A of 75 and B of 78.5: first on both.
    assert column(found, "rank_after")[0] == 1


def test_an_outcome_without_a_scale_does_not_move():
    """All units share the rank of a1: it has no best and no worst."""
    built = graph(("c", "a1", 0.2), ("c", "a2", 0.2))
    assessment = example(data={**DATA, "a1": [5.0] * 4}, normalisation=Rank())
    found = built.propagate(assessment, "X", {"c": 0.1}, levels={"c": 0.5})
    assert set(column(found, "code")) == {"T", "A", "a2", "c"}


def test_levels_that_nothing_tells_of_go_either_way():
    built = graph(("c", "d", 0.5, {"sign": -1}), ("d", "a1", 0.4, {"sign": -1}), ("c", "a2", 0.1))
    found = built.propagate(example(), "X", {"c": 0.2})
    assert after(found)["a1"] == pytest.approx(20 + 100 * 0.2 * 0.2)
    assert "d" not in column(found, "code")  # its level is not known
