"""Small multiples: a panel for each unit, the median in grey behind, and the same axes."""

import matplotlib as mpl
import numpy as np
import pytest

mpl.use("Agg")

from matplotlib import pyplot as plt
from matplotlib.colors import to_rgb
from tests.capability.cases import DATA, example

from dli import plots
from dli.errors import MethodError, UnknownCodeError

PANEL = {**DATA, "unit": ["X", "Y", "X", "Y"], "year": [1, 1, 2, 2]}


@pytest.fixture(autouse=True)
def _closed():
    plt.close("all")  # what other tests may have left
    yield
    plt.close("all")


def widths(ax, colour):
    return [bar.get_width() for bar in ax.patches if bar.get_facecolor()[:3] == to_rgb(colour)]


def test_a_panel_for_each_unit_with_the_median_behind():
    assessment = example()
    panels = plots.small_multiples(assessment, ["Y", "X"])
    style = plots.Style()
    assert panels.shape == (2,)
    assert [panel.get_title(loc="left") for panel in panels] == ["Y", "X"]
    scores = assessment.arrays(["A", "B"])
    for panel, row in zip(panels, (1, 0), strict=True):
        assert widths(panel, style.good) == pytest.approx(scores[row].tolist())
        assert widths(panel, style.grey) == pytest.approx(np.median(scores, axis=0).tolist())
        grey, own = panel.patches[0], panel.patches[-1]
        assert grey.get_height() > own.get_height()
        assert panel.get_xlim() == (-2.0, 102.0)
    assert [label.get_text() for label in panels[0].get_yticklabels()] == ["A", "B"]
    assert panels[0].figure.get_supxlabel() == "score; grey: the median of all units"


def test_panels_wrap_and_empty_ones_are_not_seen():
    panels = plots.small_multiples(example(), list("XYZV"), nodes=2)
    assert len(panels) == 4
    figure = panels[0].figure
    assert sum(panel.get_visible() for panel in figure.axes) == 4
    assert len({panel.get_position().x0.round(3) for panel in panels}) == 3
    assert figure.get_size_inches()[0] == plots.Style().width


def test_several_periods_are_lines_over_time():
    assessment = example(data=PANEL, period="year")
    (panel,) = plots.small_multiples(assessment, ["Y"])
    median, own = panel.lines
    scores = assessment.array("T")
    assert own.get_ydata() == pytest.approx([scores[1], scores[3]])
    assert median.get_ydata() == pytest.approx([scores[:2].mean(), scores[2:].mean()])
    assert [label.get_text() for label in panel.get_xticklabels()] == ["1", "2"]
    assert panel.get_ylim() == (-2.0, 102.0)
    assert panel.figure.get_supxlabel() == "T; grey: the median of all units"
    bars = plots.small_multiples(assessment, ["Y"], period=2)[0]
    assert widths(bars, plots.Style().good) == pytest.approx(
        assessment.arrays(["A", "B"])[3].tolist()
    )


def test_a_unit_that_is_not_in_a_period_has_a_gap_and_missing_scores_no_median():
    data = {name: cells[:3] for name, cells in PANEL.items()} | {"a1": [None] * 3, "a2": [None] * 3}
    assessment = example(data=data, period="year", availability=0.1)
    (panel,) = plots.small_multiples(assessment, ["Y"])
    assert np.isnan(panel.lines[1].get_ydata()[1])
    (bars,) = plots.small_multiples(assessment, ["Y"], period=1)
    assert np.isnan(widths(bars, plots.Style().grey)[0])


def test_a_part_of_a_figure_can_be_drawn_on():
    figure = plt.figure(layout="constrained")
    left, _ = figure.subfigures(1, 2)
    panels = plots.small_multiples(example(), ["X"], figure=left)
    assert panels[0].figure is left
    assert len(plt.get_fignums()) == 1


def test_units_that_are_not_there_are_refused():
    with pytest.raises(UnknownCodeError, match="no unit 'Q'"):
        plots.small_multiples(example(), ["Q"])
    with pytest.raises(MethodError):
        plots.small_multiples(example(), [])
