"""Groups of units that are not told apart, in the picture of rank intervals."""

import matplotlib.pyplot as plt
import numpy as np
import pytest
from matplotlib.patches import Rectangle

from dli import Assessment, Index, Indicator, Method, MethodError, plots
from dli.normalisation import Goalposts, MinMax, ZScore
from dli.sensitivity import Alternatives, MeasurementError, uncertainty

INDEX = Index("T", [Indicator("a", goalposts=(0, 100)), Indicator("b", goalposts=(0, 100))])
HIGH = [90.0, 89.0, 60.0, 59.0, 20.0]
DATA = {"unit": list("VWXYZ"), "a": HIGH, "b": HIGH}


@pytest.fixture(autouse=True)
def closed():
    yield
    plt.close("all")


def study(method=None):
    found = Assessment(INDEX, DATA, method=method or Method(normalisation=Goalposts()))
    return uncertainty(found, [MeasurementError(0.02)], n_samples=400, rng=1)


def shades(ax):
    return [
        (round(float(np.min(y)), 1), round(float(np.max(y)), 1))
        for patch in ax.patches
        if isinstance(patch, Rectangle)
        for y in [patch.get_path().transformed(patch.get_patch_transform()).vertices[:, 1]]
    ]


def test_every_other_group_is_shaded():
    ax = plots.rank_intervals(study(), groups=True)
    assert shades(ax) == [(1.5, 3.5)]
    assert "not distinguished" in ax.get_xlabel()
    assert shades(plots.rank_intervals(study())) == []


def test_groups_of_a_period_are_those_of_its_units():
    data = {"unit": list("VWXYZ") * 2, "year": [1] * 5 + [2] * 5, "a": HIGH * 2, "b": HIGH * 2}
    found = Assessment(INDEX, data, period="year", method=Method(normalisation=Goalposts()))
    own = uncertainty(found, [MeasurementError(0.02)], n_samples=200, rng=1)
    assert shades(plots.rank_intervals(own, groups=True, period=2)) == [(1.5, 3.5)]


def test_groups_need_scores_on_one_scale():
    found = Assessment(INDEX, DATA, method=Method(normalisation=MinMax()))
    mixed = uncertainty(
        found, [Alternatives("normalisation", [MinMax(), ZScore()])], n_samples=16, rng=1
    )
    with pytest.raises(MethodError, match="on 2 scales"):
        plots.rank_intervals(mixed, groups=True)
    with pytest.raises(MethodError, match="groups must be True or False"):
        plots.rank_intervals(study(), groups="yes")
