"""Units by two quantities: the dots, the line, the correlation, the names."""

import itertools

import matplotlib as mpl
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

mpl.use("Agg")

from matplotlib import pyplot as plt
from matplotlib.colors import to_rgb
from matplotlib.text import Text
from tests.capability.cases import DATA, example

from dli import Assessment, Index, Indicator, Method, datasets, models, plots
from dli.errors import DataError, MethodError, UnknownCodeError
from dli.normalisation import Goalposts
from dli.plots.labels import label_points
from dli.plots.pairs import _line

INDEX = Index("T", [Indicator(code, goalposts=(0, 100)) for code in "ab"])


def assessed(a, b, **more):
    data = {"unit": [f"u{i}" for i in range(len(a))], "a": a, "b": b, **more}
    return Assessment(INDEX, data, method=Method(normalisation=Goalposts(), availability=0.1))


@pytest.fixture(autouse=True)
def _closed():
    yield
    plt.close("all")


@pytest.fixture(scope="module")
def real():
    data = datasets.load("digital-government")
    return Assessment(models.load("dli-public"), data, unit="iso3")


def names(ax):
    return [text.get_text() for text in ax.texts]


def test_dots_line_and_correlation_by_hand():
    # Means 20 and 40; deviations -10, 0, 10 and -20, 10, 10: slope 300/200, correlation
    # 300 / sqrt(200 * 600).
    ax = plots.scatter(assessed([10.0, 20, 30], [20.0, 50, 50]), "a", "b", label=1)
    assert ax.collections[0].get_offsets().tolist() == [[10, 20], [20, 50], [30, 50]]
    (line,) = ax.lines
    assert line.get_xdata().tolist() == [10, 30]
    assert line.get_ydata().tolist() == pytest.approx([25, 55])
    assert ax.get_title(loc="left") == "correlation 0.87 (3 units)"
    assert names(ax) == ["u1"]  # 10 above its place on the line; the others are 5 below
    assert (ax.get_xlabel(), ax.get_ylabel()) == ("a", "b")
    _, own = plt.subplots()
    assert plots.scatter(example(), "A", "B", ax=own) is own


def test_units_that_are_asked_for_are_named_in_colour():
    assessment = assessed([10.0, 20, 30, None], [20.0, 50, 50, 1])
    ax = plots.scatter(assessment, "a", "b", label=["u2", "u0", "u3"])
    assert names(ax) == ["u0", "u2"]  # u3 has no dot
    colours = [tuple(c[:3]) for c in ax.collections[0].get_facecolors()]
    style = plots.Style()
    assert colours == [to_rgb(c) for c in (style.bad, style.good, style.bad)]
    assert not names(plots.scatter(assessment, "a", "b", label=0))


def test_a_column_of_the_data_may_be_either(real):
    ax = plots.scatter(real, "gdp_per_head", "DLI")
    assert ax.get_xlabel() == "gdp_per_head"
    assert ax.get_ylabel() == "DLI Digital Leadership Index on public figures"
    x, y = np.array(real.context("gdp_per_head"), dtype=float), real.array("DLI")
    both = ~np.isnan(x) & ~np.isnan(y)
    r = np.corrcoef(x[both], y[both])[0, 1]
    assert ax.get_title(loc="left") == f"correlation {r:.2f} ({both.sum()} units)"


def test_labels_cover_neither_each_other_nor_the_edge(real):
    for label in (6, ["KEN", "EST", "BRA", "KOR", "USA", "IND", "RWA", "CHN", "FRA"]):
        ax = plots.scatter(real, "DS", "DV", label=label)
        ax.figure.draw_without_rendering()
        boxes = [Text.get_window_extent(text) for text in ax.texts]  # without the line
        assert not any(a.overlaps(b) for a, b in itertools.combinations(boxes, 2))
        inside = ax.get_window_extent()
        assert all(inside.x0 <= b.x0 and b.x1 <= inside.x1 for b in boxes)


def test_a_label_without_a_free_place_stands_to_the_right():
    _, ax = plt.subplots(figsize=(0.5, 0.5))
    label_points(ax, np.array([[0.5, 0.5]]), ["a very long name of a unit"], [0])
    assert ax.texts[0].xyann[0] == pytest.approx(5)


def test_what_does_not_vary_has_no_line():
    flat = plots.scatter(assessed([10.0, 20, 30], [5.0, 5, 5]), "a", "b")
    assert not flat.lines
    assert flat.get_title(loc="left") == "no correlation: one of them does not vary (3 units)"
    upright = plots.scatter(assessed([5.0, 5, 5], [10.0, 20, 30]), "a", "b")
    assert not upright.lines
    falling = plots.scatter(assessed([10.0, 20], [9.0, 5]), "a", "b")
    assert falling.get_title(loc="left") == "correlation −1.00 (2 units)"


def test_a_period_is_chosen():
    panel = {**DATA, "unit": ["X", "Y", "X", "Y"], "year": [1, 1, 2, 2]}
    assessment = example(data=panel, period="year")
    ax = plots.scatter(assessment, "A", "B", period=2)
    assert sorted(names(ax)) == ["X", "Y"]
    assert ax.collections[0].get_offsets()[:, 0].tolist() == assessment.array("A")[2:].tolist()
    with pytest.raises(MethodError, match="several periods"):
        plots.scatter(assessment, "A", "B")


def test_arguments_that_do_not_fit_are_refused():
    assessment = assessed([1.0, 2, 3], [3.0, None, None], word=["x", "1", None])
    with pytest.raises(UnknownCodeError, match="no node or column 'q'"):
        plots.scatter(assessment, "q", "a")
    with pytest.raises(
        DataError, match=r"column 'word' must contain numbers only:\n  - 'u0' has 'x'"
    ):
        plots.scatter(assessment, "a", "word")
    with pytest.raises(DataError, match=r"at least 2 units with both 'a' and 'b', got 1"):
        plots.scatter(assessment, "a", "b")
    with pytest.raises(UnknownCodeError, match="no unit 'Q'"):
        plots.scatter(assessment, "a", "a", label=["Q"])
    for label in (-1, 2.5, True, "u0"):
        with pytest.raises(MethodError, match="label must be a whole number of at least 0 or"):
            plots.scatter(assessment, "a", "a", label=label)


@given(
    st.lists(
        st.tuples(*[st.integers(-50, 50)] * 2), min_size=3, max_size=12, unique_by=lambda p: p[0]
    )
)
def test_the_line_is_that_of_least_squares(pairs):
    points = np.array(pairs, dtype=float)
    intercept, slope, correlation = _line(points)
    if np.ptp(points[:, 1]) == 0:
        assert np.isnan(correlation)
        return
    assert [slope, intercept] == pytest.approx(np.polyfit(*points.T, 1).tolist(), abs=1e-6)
    assert -1 - 1e-12 <= correlation <= 1 + 1e-12
