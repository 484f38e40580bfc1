"""What the pictures of capabilities show, and that they leave everything else alone."""

import itertools
import sys

import matplotlib as mpl
import numpy as np
import pytest

mpl.use("Agg")

from matplotlib import pyplot as plt
from matplotlib.colors import to_rgb
from matplotlib.text import Text
from tests.capability.cases import DATA, example, graph

from dli import Assessment, datasets, models, plots
from dli.capability import Capability, CapabilityGraph, Link
from dli.capability.structure import stages
from dli.errors import UnknownCodeError
from dli.plots.labels import label_points

BUILT = graph(
    ("c", "d", 0.5), ("d", "c", 0.2), ("c", "a1", 0.4), ("d", "a2", 0.3), ("wall", "d", 0.3), ("d", "B", 0.1),
    barriers={"wall"},
)  # fmt: skip


def real():
    return Assessment(models.load("dli-public"), datasets.load("digital-government"), unit="iso3")


def real_graph():
    return models.load_capabilities("dli-public")


@pytest.fixture(autouse=True)
def _closed():
    before = dict(mpl.rcParams)
    yield
    plt.close("all")
    assert dict(mpl.rcParams) == before


def texts(ax):
    return {text.get_text() for text in ax.texts}


def test_axes_that_come_in_are_used():
    _, ax = plt.subplots()
    assert plots.capabilities(BUILT, ax=ax) is ax
    assert (
        plots.influence_map(BUILT, ax=plt.figure().subplots()).get_xlabel().startswith("prominence")
    )


def test_the_graph_shows_every_node_and_link():
    ax = plots.capabilities(BUILT)
    assert texts(ax) == {"c", "d", "wall", "a1", "a2", "B"}
    arrows = [p for p in ax.patches if type(p).__name__ == "FancyArrowPatch"]
    assert len(arrows) == len(BUILT.links)
    assert sum(arrow.get_linestyle() != "-" for arrow in arrows) == 1
    assert ax.get_title() == ""


def test_a_unit_fills_nodes_by_their_level_and_frames_the_weakest():
    ax = plots.capabilities(BUILT, example(), "X")
    assert texts(ax) == {"c", "d", "wall", "a1", "a2", "B", "A", "T"}
    boxes = [p for p in ax.patches if type(p).__name__ == "Rectangle"]
    whole = {p.get_xy(): p.get_width() for p in boxes if not p.get_fill()}
    shares = {round(p.get_width() / whole[p.get_xy()], 3) for p in boxes if p.get_alpha()}
    assert 0.2 in shares  # a1 of X
    framed = [p for p in boxes if p.get_linewidth() == 2.2]
    assert len(framed) == 8 // 3
    assert ax.get_title(loc="left").startswith("X: filled as far")
    plain = plots.capabilities(BUILT, example())
    assert plain.get_title(loc="left") == ""
    whole = plots.capabilities(graph(("c", "T", 0.5), ("c", "A", 0.5)), example(), "X")
    assert texts(whole) == {"c", "T", "A"}


def test_links_to_weak_nodes_alone_are_in_colour():
    ax = plots.capabilities(BUILT, example(), "X")
    arrows = [p for p in ax.patches if type(p).__name__ == "FancyArrowPatch"]
    grey = [p for p in arrows if p.get_edgecolor()[:3] == to_rgb(plots.Style().grey)]
    assert 0 < len(grey) < len(arrows)
    everywhere = plots.capabilities(BUILT, example())
    colours = {
        p.get_edgecolor()[:3] for p in everywhere.patches if type(p).__name__ == "FancyArrowPatch"
    }
    assert colours == {to_rgb(plots.Style().good), to_rgb(plots.Style().bad)}


def test_one_node_is_shown_with_what_has_to_do_with_it():
    ax = plots.capabilities(BUILT, example(), "X", node="a2")
    assert texts(ax) == {"c", "d", "wall", "a2", "A", "T"}
    assert texts(plots.capabilities(BUILT, node="wall")) == {"wall", "d", "c", "a1", "a2", "B"}
    lone = graph(("c", "a1", 0.4), ("d", "b1", 0.4), ("e", "a2", 0.1))
    assert texts(plots.capabilities(lone, example(), node="A")) == {"c", "e", "a1", "a2", "A", "T"}
    assert texts(plots.capabilities(lone, example(), node="d")) == {"d", "b1", "B", "T"}
    for assessment, node in ((None, "A"), (example(), "q"), (example(data=DATA), "b2")):
        with pytest.raises(UnknownCodeError, match=f"no node of the graph '{node}'"):
            plots.capabilities(lone, assessment, node=node)
    with pytest.raises(UnknownCodeError, match="no node of the index 'x1'"):
        plots.capabilities(CapabilityGraph([Capability("c")], [Link("c", "x1", 0.4)]), example())


def test_every_layer_is_below_what_strengthens_it():
    ax = plots.capabilities(real_graph())
    where = {text.get_text().replace("\n", ""): text.get_position()[1] for text in ax.texts}
    feeding = [set(group) for groups in stages(real_graph()) for group in groups]
    for source, target in real_graph().to_networkx().edges:
        if not any({source, target} <= group for group in feeding):
            assert where[source] < where[target]


@pytest.mark.parametrize("unit", [None, "KEN"])
def test_codes_are_readable_within_their_boxes_and_boxes_lie_apart(unit):
    ax = plots.capabilities(real_graph(), real(), unit)
    ax.figure.draw_without_rendering()
    assert ax.figure.get_size_inches()[0] == plots.Style().width
    boxes = [
        p.get_window_extent()
        for p in ax.patches
        if type(p).__name__ == "Rectangle" and not p.get_fill()
    ]
    assert len(boxes) == len(ax.texts) == 60
    for text in ax.texts:
        assert text.get_fontsize() >= 7.5
        own = text.get_window_extent()
        assert any(
            box.x0 <= own.x0 and own.x1 <= box.x1 and box.y0 - 1 <= own.y0 and own.y1 <= box.y1 + 1
            for box in boxes
        ), text
    assert not any(a.overlaps(b) for a, b in itertools.combinations(boxes, 2))


def test_what_a_unit_lacks_is_not_filled():
    data = {**DATA, "a1": [None] * 4}
    ax = plots.capabilities(BUILT, example(data=data), "X")
    filled = [p for p in ax.patches if p.get_alpha() == 0.25]
    assert len(filled) == 7  # all but a1


def test_an_unknown_unit_is_refused():
    with pytest.raises(UnknownCodeError, match="no unit 'Q'"):
        plots.capabilities(BUILT, example(), "Q")


def test_long_codes_are_broken_in_two():
    long = graph(("cross_department_coordination", "a1", 0.4), ("short_code", "a2", 0.1))
    assert "cross_department_\ncoordination" in texts(plots.capabilities(long))
    assert "short_code" in texts(plots.capabilities(long))


def test_the_influence_map_puts_nodes_where_dematel_says():
    ax = plots.influence_map(BUILT)
    table = BUILT.dematel()
    drawn = np.concatenate([c.get_offsets() for c in ax.collections])
    expected = np.array([list(table["prominence"]), list(table["relation"])]).T
    assert np.sort(np.asarray(drawn), axis=0) == pytest.approx(np.sort(expected, axis=0))
    labels = [text for text in ax.texts if text.get_text()]
    assert {text.get_text() for text in labels} == {"c", "d", "wall"}


def test_labels_of_crowded_points_are_pushed_apart():
    crowd = graph(*[(f"c{i}", "a1", 0.1) for i in range(5)])
    ax = plots.influence_map(crowd)
    ax.figure.draw_without_rendering()
    boxes = [Text.get_window_extent(text) for text in ax.texts]  # without the line
    assert not any(a.overlaps(b) for a, b in itertools.combinations(boxes, 2))
    fan = graph(*[(f"c{i}", "a1", 0.01) for i in range(80)])
    assert len(plots.influence_map(fan).texts) == 80


def test_a_map_of_outcomes_alone_has_no_labels():
    _, ax = plt.subplots()
    label_points(ax, np.zeros((1, 2)), ["a"], [])
    assert not ax.texts


def test_a_plan_shows_what_each_step_gains():
    chosen = BUILT.plan(example(), "X", budget=2, steps=2, levels={"c": 0.2, "d": 0.3, "wall": 0.5})
    ax = plots.plan(chosen)
    gains = [bar.get_width() for bar in ax.patches]
    assert gains == pytest.approx([row["gain"] for row in chosen.steps])
    assert ax.get_xlabel().endswith("at a cost of 2")
    nothing = BUILT.plan(example(), "X", target_score=0)
    assert len(plots.plan(nothing).patches) == 0


def test_without_matplotlib_the_error_says_how_to_get_it(monkeypatch):
    monkeypatch.setitem(sys.modules, "matplotlib.pyplot", None)
    with pytest.raises(ImportError, match=r"pip install \"digital-leadership-index\[plot\]\""):
        plots.plan(BUILT.plan(example(), "X", target_score=0))
