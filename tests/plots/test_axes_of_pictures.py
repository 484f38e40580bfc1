"""Axes of ranks begin at 1, those of scores are the scale, and nothing looks like much."""

import itertools

import matplotlib as mpl
import numpy as np
import pytest

mpl.use("Agg")

from matplotlib import pyplot as plt
from tests.capability.cases import DATA, example

from dli import Assessment, Index, Indicator, Method, datasets, models, plots
from dli.errors import MethodError
from dli.normalisation import Goalposts, ZScore
from dli.plots.scores import scale_of
from dli.sensitivity import WeightNoise, sobol, uncertainty


@pytest.fixture(autouse=True)
def _closed():
    yield
    plt.close("all")


@pytest.fixture(scope="module")
def study():
    data = datasets.load("digital-government")
    real = Assessment(models.load("dli-public"), data, unit="iso3")
    return uncertainty(real, [WeightNoise(0.5)], n_samples=64, rng=1)


def test_no_share_is_the_colour_of_the_paper_and_more_is_darker(study):
    (picture,) = plots.rank_acceptability(study).images
    shares = np.asarray(picture.get_array())
    colours = picture.cmap(picture.norm(shares))[..., :3]
    assert (colours[shares == 0] == 1.0).all()
    assert (colours[shares > 0] < 1.0).any(axis=-1).all()
    light = colours.sum(axis=-1).ravel()[np.argsort(shares.ravel(), kind="stable")]
    assert (np.diff(light) <= 1e-9).all()
    assert light[-1] < 1.5
    with plots.Style(paper="#eeeeee"):
        (other,) = plots.rank_acceptability(study, top=5).images
    assert other.cmap(other.norm(0.0))[:3] == pytest.approx([0xEE / 255] * 3, abs=0.01)


def test_first_ticks_of_ranks_are_1(study):
    for ax in (plots.rank_intervals(study), plots.rank_intervals(study, top=9)):
        assert ax.get_xticks()[0] == 1
    heat = plots.rank_acceptability(study)
    assert [label.get_text() for label in heat.get_xticklabels()][:3] == ["1", "5", "10"]
    assert heat.get_xticks()[:3].tolist() == [0, 4, 9]
    data = {"unit": list("XYZ") * 2, "year": [1] * 3 + [2] * 3, "a": [1.0, 2, 3, 6, 5, 4]}
    bump = plots.bump(Assessment(Index("T", [Indicator("a")]), data, period="year"), ["X"])
    assert bump.get_yticks().tolist() == [1, 2, 3]
    last, first = bump.get_ylim()
    assert 0 < first < 1
    assert last > 3


def test_names_beside_bumps_are_within_the_axes_and_few_periods_are_written():
    n = 60
    data = {"unit": ["a rather long name", "Y"] * n, "year": np.repeat(np.arange(1900, 1900 + n), 2),
            "a": np.arange(2.0 * n)}  # fmt: skip
    panel = Assessment(Index("T", [Indicator("a")]), data, period="year")
    ax = plots.bump(panel, ["a rather long name", "Y"])
    ax.figure.draw_without_rendering()
    for text in ax.texts:
        assert text.get_window_extent().x1 <= ax.get_window_extent().x1
    boxes = [label.get_window_extent() for label in ax.get_xticklabels()]
    boxes.sort(key=lambda box: box.x0)
    assert 3 < len(boxes) < n
    assert all(a.x1 < b.x0 for a, b in itertools.pairwise(boxes))
    assert ax.get_xticks()[0] == n - 1  # the last period is among them


def test_a_profile_of_one_unit_spans_the_scale():
    index = Index("T", [Indicator(code, goalposts=(0, 10)) for code in "ab"])
    alone = Assessment(
        index, {"unit": ["X"], "a": [2.0], "b": [2.5]}, method=Method(normalisation=Goalposts())
    )
    low, high = plots.profile(alone, "X").get_xlim()
    assert (low, high) == (-2.0, 102.0)
    # Two units have the same axis.
    assert {plots.profile(example(), unit).get_xlim() for unit in "XY"} == {(-2.0, 102.0)}


def test_scores_without_ends_have_the_axis_of_all_of_them():
    assessment = example(normalisation=ZScore(100, 10))
    scores = assessment.arrays(["A", "B"])
    low, high = scale_of(assessment, ["A", "B"])
    assert low < scores.min() < scores.max() < high
    assert high - low < 1.2 * max(np.ptp(scores), 1) or assessment.held.ends.get("A")
    nothing = example(data={**DATA, "a1": [None] * 4, "a2": [None] * 4}, availability=0.1)
    assert np.isfinite(scale_of(nothing, ["A"])).all()


def test_sobol_shows_the_largest_and_sums_up_the_others():
    index = Index("T", [Indicator(f"i{n}", goalposts=(0, 100)) for n in range(20)])
    data = {"unit": list("VWXYZ")} | {
        f"i{n}": np.random.default_rng(n).uniform(0, 100, 5) for n in range(20)
    }
    assessed = Assessment(index, data, method=Method(normalisation=Goalposts()))
    found = sobol(assessed, [WeightNoise(0.5)], n_samples=16, rng=1)
    n_factors = len(found.factors)
    assert n_factors > 12
    ax = plots.sobol(found)
    assert len(ax.get_yticks()) == 12
    total = found.total_order[:, 0]
    by_total = np.argsort(-total, kind="stable")
    shown = [label.get_text().replace("\n", " ") for label in ax.get_yticklabels()]
    assert shown == [found.factors[i] for i in by_total[:12][::-1]]
    first = found.first_order[by_total[12:], 0].sum()
    assert (
        f"not shown: {n_factors - 12} factors, first order {first:.2f} in total" in ax.get_xlabel()
    )
    assert f"total order at most {max(total[by_total[12]], 0):.2f} each" in ax.get_xlabel()
    everything = plots.sobol(found, top=None)
    assert len(everything.get_yticks()) == n_factors
    assert "not shown" not in everything.get_xlabel()
    one_left = plots.sobol(found, top=n_factors - 1)
    assert "not shown: 1 factor, " in one_left.get_xlabel()
    with pytest.raises(MethodError, match="top must be a whole number of at least 1, got 0"):
        plots.sobol(found, top=0)
