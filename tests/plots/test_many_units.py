"""Histograms of scores and of values, and ranks over periods without the other units."""

import matplotlib as mpl
import numpy as np
import pytest

mpl.use("Agg")

from matplotlib import pyplot as plt
from tests.capability.cases import DATA, example

from dli import Assessment, Bands, Index, Indicator, plots
from dli.plots.many import score_histogram, value_histograms
from dli.treatment import Percentiles


@pytest.fixture(autouse=True)
def _closed():
    yield
    plt.close("all")


def test_a_histogram_counts_the_rows_that_were_asked_for():
    index = Index("T", [Indicator("a")], bands=Bands((20, 60), ("low", "middle", "high")))
    assessment = Assessment(index, {"unit": list("VWXYZ"), "a": [0.0, 1, 2, 3, 4]})
    ax = score_histogram(assessment, [1, 2, 4])
    assert sum(bar.get_height() for bar in ax.patches) == 3
    assert [line.get_xdata()[0] for line in ax.lines] == pytest.approx([50, 20, 60])
    labels = [text.get_text() for text in ax.get_legend().get_texts()]
    assert labels == ["median", "thresholds of bands"]
    bare = score_histogram(example(), [0, 1])
    assert len(bare.lines) == 1
    assert score_histogram(example(), [0], ax=bare) is bare


def test_values_before_treatment_are_above_those_after_it():
    ax = value_histograms(example(treatment=Percentiles(20, 80)))
    assert [label.get_text() for label in ax.get_yticklabels()] == ["a1", "a2", "b1", "b2"]
    shapes = [patch.get_data() for patch in ax.patches]
    assert len(shapes) == 8
    for y, (before, after) in enumerate(zip(shapes[::2], shapes[1::2], strict=True)):
        up, down = y - before.values, after.values - y
        assert up.min() == down.min() == 0
        assert up.max() == down.max() == pytest.approx(0.42)
        assert before.values[0] < y  # the least value, which treatment moves inwards
        assert after.values[0] == y


def test_indicators_with_one_value_or_none_have_a_row():
    flat = {**DATA, "a1": [5.0] * 4, "a2": [None] * 4}
    ax = value_histograms(example(data=flat))
    assert len(ax.get_yticklabels()) == 4
    assert len(ax.patches) == 6
    assert np.count_nonzero(ax.patches[0].get_data().values) == 1


def test_bumps_leave_out_other_units_if_asked():
    data = {"unit": list("XYZ") * 2, "year": [1] * 3 + [2] * 3, "a": [1.0, 2, 3, 6, 5, 4]}
    panel = Assessment(Index("T", [Indicator("a")]), data, period="year")
    assert len(plots.bump(panel, ["X"]).lines) == 3
    assert len(plots.bump(panel, ["X"], others=False).lines) == 1
