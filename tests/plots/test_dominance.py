"""An order of dominance of few units is a diagram, that of many is a row for each level."""

import itertools

import matplotlib as mpl
import networkx as nx
import pytest
from hypothesis import given
from hypothesis import strategies as st

mpl.use("Agg")

from matplotlib import pyplot as plt
from matplotlib.patches import Rectangle

from dli import Assessment, datasets, models, plots
from dli.errors import DataError, MethodError
from dli.plots.dominance import _names, _reach
from dli.robustness import order


@pytest.fixture(autouse=True)
def _closed():
    yield
    plt.close("all")


@pytest.fixture(scope="module")
def governments():
    data = datasets.load("digital-government")
    return order(Assessment(models.load("dli-public"), data, unit="iso3"), nodes=1)


def bars(ax):
    return [patch for patch in ax.patches if isinstance(patch, Rectangle)]


def headings(ax):
    return [text.get_text() for text in ax.texts if text.get_text().startswith("level ")]


def test_193_governments_are_levels_with_their_counts(governments):
    ax = plots.hasse(governments, highlight=["KEN"])
    assert not ax.lines
    layers = list(nx.topological_generations(governments))
    assert len(bars(ax)) == len(layers) == len(headings(ax))
    widest = max(map(len, layers))
    assert [bar.get_width() for bar in bars(ax)] == pytest.approx([len(x) / widest for x in layers])
    closure = nx.transitive_closure_dag(governments)
    for number, (text, layer) in enumerate(zip(headings(ax), layers, strict=True), 1):
        n_pairs = sum(closure.out_degree(unit) for unit in layer)
        ahead = f" · ahead in {n_pairs:,} pairs" if n_pairs else ""
        assert text == f"level {number} · {len(layer):,} units{ahead}"
    said = [text.get_text() for text in ax.texts]
    n_pairs = closure.number_of_edges()
    assert said[0].startswith(f"193 units in {len(layers)} levels; {n_pairs:,} of 18,528 pairs")
    behind, ahead = closure.in_degree("KEN"), closure.out_degree("KEN")
    assert said[1] == (
        f"KEN is ahead of {ahead} and behind {behind}; {192 - ahead - behind} depend on the weights"
    )


def test_text_stays_within_the_picture_and_lines_lie_apart(governments):
    with plots.Style(width=4.5):
        ax = plots.hasse(governments, highlight=["KEN", "BRA"])
    ax.figure.draw_without_rendering()
    whole = ax.figure.bbox
    boxes = [text.get_window_extent() for text in ax.texts]
    assert all(box.x0 >= whole.x0 and box.x1 <= whole.x1 for box in boxes)
    assert all(box.y0 >= whole.y0 and box.y1 <= whole.y1 for box in boxes)
    boxes.sort(key=lambda box: -box.y0)
    for upper, lower in itertools.pairwise(boxes):
        assert lower.y1 <= upper.y0 + 1 or lower.x0 >= upper.x1 or upper.x0 >= lower.x1


def test_highlighted_units_come_first_and_in_colour(governments):
    ax = plots.hasse(governments, highlight=["ZAF"])
    marked = [t.get_text() for t in ax.texts if t.get_color() == plots.Style().bad]
    assert marked[1:] == ["ZAF"]
    names = " ".join(text.get_text() for text in ax.texts[2:])
    assert names.count("ZAF") == 1


def test_the_number_that_is_a_diagram_can_be_changed():
    line = nx.DiGraph([(0, 1), (1, 2)])
    assert len(plots.hasse(line).lines) == 2
    levels = plots.hasse(line, most=2)
    assert headings(levels) == [
        "level 1 · 1 unit · ahead in 2 pairs",
        "level 2 · 1 unit · ahead in 1 pair",
        "level 3 · 1 unit",
    ]
    _, ax = plt.subplots()
    assert plots.hasse(line, most=0, ax=ax) is ax
    with pytest.raises(MethodError, match="most must be a whole number of at least 0, got -1"):
        plots.hasse(line, most=-1)
    with pytest.raises(DataError, match="must be in the order; these are not:\n  - 'Q'"):
        plots.hasse(line, most=0, highlight=["Q"])


def test_long_names_of_a_diagram_do_not_cover_each_other():
    names = [f"the unit with a long name {i}" for i in range(6)]
    wide = nx.DiGraph([("top", name) for name in names])
    ax = plots.hasse(wide)
    ax.figure.draw_without_rendering()
    boxes = sorted(
        (t.get_bbox_patch().get_window_extent() for t in ax.texts), key=lambda b: (b.y0, b.x0)
    )
    for left, right in itertools.pairwise(boxes[:6]):
        assert left.x1 < right.x0


def test_names_without_room_are_counted():
    lines = _names([f"unit{i:02}" for i in range(40)], ["unit39"], 150.0)
    assert len(lines) == 2
    assert lines[0][0] == ("unit39", True)
    shown = [name for line in lines for part in line for name in part[0].split("  ")]
    assert shown[-1] == f"and {40 - len(shown) + 1} more"
    assert _names(["a"], [], 1.0) == [[("a", False)]]
    assert _names(["a"], ["a"], 1.0) == [[("a", True)]]
    # The last name takes the room of the count that it makes needless.
    assert _names(["aa", "bb"], [], 15.0)[-1] == [("bb", False)]


@given(st.lists(st.tuples(st.integers(0, 8), st.integers(0, 8)), max_size=20))
def test_counts_of_what_is_above_and_below_are_those_of_the_closure(pairs):
    net = nx.DiGraph()
    net.add_nodes_from(range(9))
    net.add_edges_from((min(p), max(p)) for p in pairs if p[0] != p[1])
    below, above = _reach(net, list(nx.topological_generations(net)))
    assert below == {unit: len(nx.descendants(net, unit)) for unit in net}
    assert above == {unit: len(nx.ancestors(net, unit)) for unit in net}
