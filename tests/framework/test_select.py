"""One rule for which nodes are meant."""

import numpy as np
import pytest

from dli import Index, Indicator
from dli.errors import MethodError, UnknownCodeError
from dli.framework.select import inner_node, nodes_to_level, select

TREE = Index(
    "T",
    [Index("A", [Indicator("a"), Indicator("b")]), Index("B", [Indicator("c")]), Indicator("d")],
)


def codes(*arguments, **options):
    return [node.code for node in select(TREE, *arguments, **options)]


def test_none_is_the_indicators():
    assert codes() == ["a", "b", "c", "d"]
    assert codes(below="A") == ["a", "b"]
    assert codes(below="d") == ["d"]


def test_a_number_is_a_level_of_the_tree_wherever_one_looks():
    assert codes(0) == ["T"]
    assert codes(1) == ["A", "B", "d"]
    assert codes(2, below="A") == ["a", "b"]
    assert codes(np.int64(1), below="B") == ["B"]


def test_codes_keep_their_order_and_come_once():
    assert codes("c") == ["c"]
    assert codes(["b", "A", "b"]) == ["b", "A"]


@pytest.mark.parametrize("level", [3, -1, True, 1.5, None.__class__])
def test_there_must_be_such_a_level(level):
    with pytest.raises(MethodError, match=r"nodes must be a level from 0 \('T'\) to 2, a code"):
        select(TREE, level)


def test_levels_below_a_node_begin_at_its_own():
    with pytest.raises(MethodError, match=r"from 1 \('A'\) to 2"):
        select(TREE, 0, below="A")


def test_unknown_codes_are_named_with_the_nearest():
    with pytest.raises(UnknownCodeError, match="no node 'AA'; did you mean 'A'"):
        select(TREE, ["AA"])
    with pytest.raises(UnknownCodeError, match="no node 'X'"):
        select(TREE, below="X")


def test_nodes_elsewhere_and_none_at_all_are_refused():
    with pytest.raises(MethodError, match=r"(?s)nodes must be 'A' or below it.*'c'"):
        select(TREE, ["a", "c"], below="A")
    with pytest.raises(MethodError, match="at least one code, got an empty sequence"):
        select(TREE, [])


def test_nodes_down_to_a_level_come_parents_first():
    assert [node.code for node in nodes_to_level(TREE, 1)] == ["T", "A", "B", "d"]
    for level in (3, -1, True, "1", None):
        with pytest.raises(MethodError, match="level must be a whole number from 0"):
            nodes_to_level(TREE, level)


def test_the_node_studied_has_children():
    assert inner_node(TREE, None) is TREE
    assert inner_node(TREE, "A").code == "A"
    with pytest.raises(MethodError, match="node must have children, but 'a' is an indicator"):
        inner_node(TREE, "a")
    with pytest.raises(UnknownCodeError):
        inner_node(TREE, "X")
