import pickle

import pytest

from dli.errors import ModelError, UnknownCodeError
from dli.framework import Bands, Index, Indicator


@pytest.fixture
def index():
    return Index(
        "T",
        [
            Index("A", [Indicator("a1"), Indicator("a2", weight=3)], weight=2),
            Index("B", [Indicator("b1", direction=-1), Index("BB", [Indicator("b2")])]),
            Indicator("c"),
        ],
        "Top",
    )


def test_walk_gives_parents_before_children_level_by_level(index):
    assert [n.code for n in index.walk()] == ["T", "A", "B", "c", "a1", "a2", "b1", "BB", "b2"]


def test_indicators_are_the_leaves_depth_first(index):
    assert [i.code for i in index.indicators] == ["a1", "a2", "b1", "b2", "c"]


def test_a_node_is_found_at_any_depth(index):
    assert index.find("b2").code == "b2"
    assert index.find("T") is index
    with pytest.raises(UnknownCodeError, match="no node 'BBB'; did you mean 'BB'") as caught:
        index.find("BBB")
    assert isinstance(caught.value, KeyError)


def test_parents_and_levels_are_known(index):
    assert index.parent("T") is None
    assert index.parent("b2").code == "BB"
    assert [index.level(code) for code in ("T", "c", "b1", "b2")] == [0, 1, 2, 3]


def test_without_leaves_out_indicators_and_sub_indices(index):
    left = index.without("a1", "BB", "c")
    assert [n.code for n in left.walk()] == ["T", "A", "B", "a2", "b1"]
    assert left.name == "Top"


@pytest.mark.parametrize(
    ("codes", "message"),
    [
        (("a1", "a2"), "'A' would be left without children"),
        (("A", "B", "c"), "'T' would be left without children"),
        (("T",), "'T' is the index itself"),
    ],
)
def test_without_leaves_no_node_empty(index, codes, message):
    with pytest.raises(ModelError, match=message):
        index.without(*codes)


def test_unknown_codes_are_listed_all(index):
    with pytest.raises(UnknownCodeError, match=r"(?s)no node 'x'.*no node 'y'"):
        index.without("x", "y")
    with pytest.raises(UnknownCodeError, match="no node 'x'"):
        index.with_weights({"x": 1.0})
    with pytest.raises(UnknownCodeError, match="no node 'x'"):
        index.replace("x", Indicator("z"))


def test_with_weights_declares_weights_by_code(index):
    weighed = index.with_weights({"A": 5.0, "b2": 0.5, "T": 2.0})
    assert weighed.find("A").weight == 5
    assert weighed.find("b2").weight == 0.5
    assert weighed.find("a2").weight == 3
    assert weighed.weight == 2
    assert index.find("A").weight == 2


def test_replace_puts_a_node_in_the_place_of_another(index):
    put = index.replace("BB", Index("N", [Indicator("n1"), Indicator("n2")]))
    assert [i.code for i in put.indicators] == ["a1", "a2", "b1", "n1", "n2", "c"]
    assert index.replace("A", Indicator("A")).indicators[0].code == "A"
    assert index.replace("T", Index("U", [Indicator("u")])).code == "U"
    with pytest.raises(ModelError, match="only be replaced by an Index"):
        index.replace("T", Indicator("u"))
    with pytest.raises(ModelError, match="code 'c' appears 2 times"):
        index.replace("A", Indicator("c"))


def test_every_fault_of_an_index_is_listed():
    with pytest.raises(ModelError) as caught:
        Index(" T", [], 3, weight=-1, weighting=object(), aggregation=1, bands=(0.5,))
    assert [fault.split()[0] for fault in caught.value.faults] == [
        "code", "name", "weight", "it", "weighting", "aggregation", "bands",
    ]  # fmt: skip
    with pytest.raises(ModelError, match="child 'a' is neither"):
        Index("T", "a")


def test_one_child_needs_no_list():
    assert len(Index("T", Indicator("a")).children) == 1


def test_a_repeated_code_is_named_with_its_count():
    with pytest.raises(ModelError, match="code 'a' appears 3 times"):
        Index("T", [Indicator("a"), Index("S", [Indicator("a")]), Index("U", [Indicator("a")])])


@pytest.mark.parametrize(
    ("fields", "message"),
    [
        ({"direction": 0}, "direction must be 1 or -1, got 0"),
        ({"weight": float("nan")}, "weight must be a finite number of at least 0, got nan"),
        ({"weight": True}, "weight must be"),
        ({"target": "high"}, "target must be a finite number, got 'high'"),
        ({"denominator": 3}, "denominator must be text, got 3"),
        ({"denominator_factor": 0}, "denominator_factor must be a number above 0, got 0"),
        ({"scale": (1, 1)}, "scale must be two finite numbers in increasing order"),
        ({"scale": (0,)}, "scale must be two finite numbers in increasing order"),
        ({"goalposts": (2, 2)}, "goalposts must differ, got 2 twice"),
        ({"goalposts": 3}, "goalposts must be two finite numbers"),
        ({"goalposts": (0, float("inf"))}, "goalposts must be two finite numbers"),
        ({"goalposts": (5, 0)}, r"\(worst, best\) and contradict direction 1"),
        ({"goalposts": (0, 5), "direction": -1}, "contradict direction -1"),
        ({"unit_of_measure": None}, "unit_of_measure must be text"),
        ({"name": 7, "source": 1}, r"(?s)name must be text.*source must be text"),
        ({"column": 3}, "column must be text, got 3"),
        ({"column": ""}, "column must be the name of a column, got ''"),
        ({"column": "a\x00"}, "column must not contain control characters"),
        ({"constant": "1"}, "constant must be a finite number, got '1'"),
        ({"constant": True}, "constant must be a finite number, got True"),
        ({"constant": float("nan")}, "constant must be a finite number, got nan"),
        ({"constant": 1, "column": "y"}, "column and constant exclude each other: leave out one"),
        (
            {"constant": 1, "denominator": "y"},
            "constant and denominator exclude each other: a const",
        ),
        ({"constant": 3, "scale": (0, 2)}, r"constant 3 is outside its scale \(0, 2\)"),
        (
            {"constant": "x", "column": 1},
            r"(?s)column must be text.*exclude.*finite number, got 'x'",
        ),
    ],
)
def test_every_fault_of_an_indicator_is_named(fields, message):
    with pytest.raises(ModelError, match=message):
        Indicator("x", **fields)


def test_the_column_of_an_indicator_is_its_code_unless_it_says_otherwise():
    assert Indicator("x").data_column == "x"
    assert Indicator("x", column="y").data_column == "y"
    assert Indicator("x", constant=0, scale=(0, 2)).data_column is None


def test_indices_differ_by_columns_and_constants():
    kinds = [Indicator("x"), Indicator("x", column="y"), Indicator("x", constant=0)]
    indices = [Index("T", [indicator, Indicator("z")]) for indicator in kinds]
    assert len(set(indices)) == 3
    for index in indices:
        again = pickle.loads(pickle.dumps(index))  # noqa: S301 our own
        assert again == index
        assert hash(again) == hash(index)


def test_goalposts_of_less_is_better_run_downwards():
    assert Indicator("x", direction=-1, goalposts=[5, 0]).goalposts == (5, 0)


@pytest.mark.parametrize(
    ("thresholds", "names", "message"),
    [
        ((2, 1), ("a", "b", "c"), "1 follows 2: thresholds must increase"),
        ((1,), ("a",), "1 thresholds need 2 names, got 1"),
        (("x",), ("a", "b"), "threshold 'x' is not a finite number"),
        ((1,), ("a", 3), "name 3 is not a non-empty text"),
        (1, "a", "1 thresholds need 2 names"),
    ],
)
def test_invalid_bands_are_refused(thresholds, names, message):
    with pytest.raises(ModelError, match=message):
        Bands(thresholds, names)


def test_lower_bounds_of_bands_are_inclusive_whatever_the_rounding():
    bands = Bands([0.3, 60], ["low", "middle", "high"])
    assert bands.of([0.1 + 0.2, 0.3 - 1e-9, 60 - 1e-13, -5]) == ["middle", "low", "high", "low"]
