import itertools

import numpy as np
import pytest
from hypothesis import given
from tests.capability.cases import DATA, column, example, graph, graphs

from dli.errors import MethodError, UnknownCodeError

CHAIN = graph(("c", "d", 0.5), ("c", "a1", 0.3), ("d", "a1", 0.4), ("d", "a2", 0.1))


def test_paths_add_up_to_the_influence():
    found = CHAIN.paths("c", "a1")
    assert column(found, "path") == ["c → a1", "c → d → a1", "all others"]
    assert column(found, "influence") == pytest.approx([0.3, 0.2, 0.0])
    assert column(found, "length") == [1, 2, None]
    assert column(found, "share") == pytest.approx([0.6, 0.4, 0.0])


def test_feedback_is_cut_off_and_the_rest_is_told():
    looped = graph(("c", "d", 0.5), ("d", "c", 0.4), ("d", "a1", 0.3))
    found = looped.paths("c", "a1", top=2)
    assert column(found, "path") == ["c → d → a1", "c → d → c → d → a1", "all others"]
    total = 0.15 / (1 - 0.2)
    assert column(found, "influence") == pytest.approx([0.15, 0.03, total - 0.18])
    whole = looped.paths("c", "a1", top=None, share=0.99)
    assert sum(column(whole, "share")[:-1]) >= 0.99
    around = looped.paths("c", "c", top=1)
    assert column(around, "path")[0] == "c → d → c"


def test_paths_of_signed_loops_without_an_end_are_cut_at_ten():
    """Without signs the loop would grow; with them it swings and converges."""
    swinging = graph(
        ("c", "d", 1.0),
        ("d", "c", 1.0, {"sign": -1}),
        ("c", "e", 1.0),
        ("e", "c", 0.9),
        ("c", "a1", 0.5),
    )
    found = swinging.paths("c", "a1", top=None, share=1.0)
    assert len(column(found, "path")) == 11
    assert sum(column(found, "influence")) == pytest.approx(0.5 / (1 - (-1.0 + 0.9)))


def test_nodes_without_a_path_have_none():
    found = CHAIN.paths("d", "c")
    assert column(found, "path") == ["all others"]
    assert column(found, "influence") == [0.0]
    faint = graph(("c", "d", 1e-155), ("d", "a1", 1e-155), ("d", "a2", 0.0))
    assert column(faint.paths("c", "a1"), "path") == ["all others"]
    assert column(faint.paths("d", "a2"), "path") == ["all others"]


@given(graphs())
def test_paths_always_add_up(built):
    total = built.total_influence_array()
    codes = (*built.codes, *built.outcomes)
    for i, j in itertools.product(range(len(built.codes)), range(len(codes))):
        found = built.paths(codes[i], codes[j], top=3)
        assert sum(column(found, "influence")) == pytest.approx(total[i, j], abs=1e-12)
        sizes = np.abs(column(found, "influence")[:-1])
        assert (np.diff(sizes) <= 1e-15).all()


@pytest.mark.parametrize(
    ("arguments", "options", "error", "message"),
    [
        (("x", "a1"), {}, UnknownCodeError, "no capability 'x'"),
        (("c", "a3"), {}, UnknownCodeError, "no node of the graph 'a3'"),
        (
            ("c", "a1"),
            {"top": 0},
            MethodError,
            "top \\(if not None\\) must be a whole number of at least 1",
        ),
        (("c", "a1"), {"share": 0}, MethodError, "share must be a number above 0 and of at most 1"),
    ],
)
def test_paths_refuse_what_is_not_there(arguments, options, error, message):
    with pytest.raises(error, match=message):
        CHAIN.paths(*arguments, **options)


def test_a_roadmap_puts_sources_first_and_keeps_loops_together():
    built = graph(
        ("start", "l1", 0.3), ("l1", "l2", 0.3), ("l2", "l1", 0.3), ("l2", "end", 0.3), ("end", "a1", 0.3),
        ("wall", "end", 0.3), barriers={"wall"},
    )  # fmt: skip
    found = built.roadmap()
    by_code = dict(zip(column(found, "code"), column(found, "stage"), strict=True))
    assert by_code == {"start": 1, "wall": 1, "l1": 2, "l2": 2, "end": 3}
    together = dict(zip(column(found, "code"), column(found, "together_with"), strict=True))
    assert together["l1"] == "l2"
    assert together["start"] == ""


def test_a_roadmap_of_some_keeps_the_order_through_those_left_out():
    built = graph(("c", "d", 0.3), ("d", "e", 0.3), ("e", "a1", 0.3))
    found = built.roadmap(["e", "c"])
    assert column(found, "code") == ["c", "e"]
    assert column(found, "stage") == [1, 2]
    with pytest.raises(UnknownCodeError, match="no capability 'a1'"):
        built.roadmap(["a1"])


def test_centrality_counts_what_is_given_and_received():
    found = CHAIN.centrality()
    assert column(found, "given") == pytest.approx([0.8, 0.5])
    assert column(found, "received") == pytest.approx([0.0, 0.5])
    assert column(found, "reach") == [2, 2]
    # Of the 12 ordered pairs the strongest chains c-a2 and (c-a1, tied with the direct link) cross d.
    assert column(found, "betweenness")[1] > 0
    assert column(found, "betweenness")[0] == 0


def test_dematel_of_a_graph_tells_causes_from_effects():
    found = CHAIN.dematel()
    assert column(found, "code") == ["c", "d", "a1", "a2"]
    assert column(found, "role") == ["cause", "effect", "effect", "effect"]
    assert sum(column(found, "relation")) == pytest.approx(0.0, abs=1e-12)


def test_the_bottleneck_is_what_would_add_most():
    built = graph(("c", "a1", 0.5), ("d", "a1", 0.4), ("wall", "a1", 0.3), barriers={"wall"})
    found = built.bottlenecks(example(), "X", levels={"c": 0.9, "d": 0.5, "wall": 0.8})
    # a1 stands at .2; c could add .05, d .2 and the wall's removal .24.
    assert column(found, "code") == ["a1"]
    assert column(found, "bottleneck") == ["wall"]
    assert column(found, "gain") == pytest.approx([0.24])
    assert column(found, "source_level") == [0.8]


def test_a_weakest_link_holds_alone():
    built = graph(
        ("c", "a1", 0.5), ("d", "a1", 0.4), ("e", "a2", 0.4, {"required": True}), ("c", "a2", 0.1)
    )
    levels = {"c": 0.3, "d": 0.5, "e": 0.6}
    found = built.bottlenecks(example(), "X", semantics="weakest", levels=levels)
    assert column(found, "code") == ["a1", "a2"]
    assert column(found, "bottleneck") == ["c", "e"]
    assert column(found, "gain") == pytest.approx([0.2, 0.4])
    tied = built.bottlenecks(example(), "X", semantics="weakest", levels={**levels, "d": 0.3})
    assert column(tied, "code") == ["a2"]
    walled = graph(("wall", "a1", 0.3), barriers={"wall"})
    assert column(walled.bottlenecks(example(), "X", semantics="weakest"), "code") == []
    with pytest.raises(MethodError, match="semantics must be 'additive' or 'weakest', got 'or'"):
        built.bottlenecks(example(), "X", semantics="or")


def test_what_a_unit_lacks_holds_nothing_back():
    built = graph(("c", "a1", 0.5), ("d", "a2", 0.5))
    data = {**DATA, "a1": [None, 8.0, 5.0, 9.0]}
    assert column(built.bottlenecks(example(data=data), "X"), "code") == ["a2"]


def test_a_source_that_harms_is_no_bottleneck():
    """p adds .2 a level to a1, q takes .4: completing q would lower a1."""
    built = graph(("p", "a1", 0.2), ("q", "a1", 0.4, {"sign": -1}))
    found = built.bottlenecks(example(), "Z", levels={"p": 0.5, "q": 0.5})
    assert column(found, "bottleneck") == ["p"]
    assert column(found, "gain") == pytest.approx([0.1])
    only = graph(("q", "a1", 0.4, {"sign": -1}))
    assert column(only.bottlenecks(example(), "Z", levels={"q": 0.5}), "code") == []


def test_bottlenecks_are_those_of_the_period():
    data = {**DATA, "unit": ["X", "Y", "X", "Y"], "year": [1, 1, 2, 2]}
    built = graph(("c", "a1", 0.5))
    found = built.bottlenecks(example(data=data, period="year"), "X", period=2)
    assert column(found, "level") == pytest.approx([0.5])
