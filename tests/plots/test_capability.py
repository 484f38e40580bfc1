"""What the pictures of capabilities show, and that they leave everything else alone."""

import sys

import matplotlib as mpl
import numpy as np
import pytest

mpl.use("Agg")

from matplotlib import pyplot as plt
from tests.capability.cases import DATA, example, graph

from dli import plots
from dli.errors import UnknownCodeError
from dli.plots.capability import _label

BUILT = graph(
    ("c", "d", 0.5), ("d", "c", 0.2), ("c", "a1", 0.4), ("d", "a2", 0.3), ("wall", "d", 0.3), ("d", "B", 0.1),
    barriers={"wall"},
)  # fmt: skip


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
    widths = sorted(round(p.get_width() / 0.74, 3) for p in boxes if p.get_alpha() is not None)
    assert 0.2 in widths  # a1 of X
    framed = [p for p in boxes if p.get_linewidth() == 2.2]
    assert len(framed) == 8 // 3
    assert ax.get_title().startswith("X: how far")
    plain = plots.capabilities(BUILT, example())
    assert plain.get_title() == ""
    whole = plots.capabilities(graph(("c", "T", 0.5), ("c", "A", 0.5)), example(), "X")
    assert texts(whole) == {"c", "T", "A"}


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
    heights = sorted(text.xyann[1] for text in ax.texts)
    assert min(np.diff(heights)) > 0
    fan = graph(*[(f"c{i}", "a1", 0.01) for i in range(80)])
    assert len(plots.influence_map(fan).texts) == 80


def test_a_map_of_outcomes_alone_has_no_labels():
    _, ax = plt.subplots()
    _label(ax, ["a"], np.zeros((1, 2)), [False])
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
