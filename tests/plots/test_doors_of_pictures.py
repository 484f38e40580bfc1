"""Wrong or extreme arguments of pictures are told in the words of the library."""

import json
import re
import warnings

import matplotlib as mpl
import numpy as np
import pytest

mpl.use("Agg")

from matplotlib import pyplot as plt

from dli import Assessment, Index, Indicator, plots
from dli.errors import DataError, FileError, MethodError

SQUARE = [[0, 0], [1, 0], [1, 1], [0, 1]]
INDEX = Index("T", [Indicator("a"), Indicator("b")])
LARGE = [1e300, 2e300, -1e300, 3e300]


@pytest.fixture(autouse=True)
def _strict():
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        yield
    plt.close("all")


@pytest.fixture(name="assessment", scope="module")
def _assessment():
    units = ["KEN", "EST", "LVA", "LTU"]
    data = {"unit": units, "a": [1, 2, 3, 5], "b": [3, 1, 2, 2], "large": LARGE}
    return Assessment(INDEX, data)


def collection(ring):
    shape = {"type": "Polygon", "coordinates": [ring]}
    return {"features": [{"properties": {"iso3": "KEN"}, "geometry": shape}]}


@pytest.mark.parametrize("geometry", [5, [1], b"x", True])
def test_what_is_neither_a_mapping_nor_a_path_is_no_geometry(assessment, geometry):
    text = re.escape(repr(geometry))
    with pytest.raises(DataError, match=f"cannot read GeoJSON from {text}: .*not"):
        plots.choropleth(assessment, geometry)


def test_geojson_that_is_nested_without_end_is_refused(assessment, tmp_path):
    (tmp_path / "deep.json").write_text("[" * 100_000)
    with pytest.raises(DataError, match=r"cannot read GeoJSON from .*recursion"):
        plots.choropleth(assessment, tmp_path / "deep.json")


@pytest.mark.parametrize("size", [10**400, 1e308, 1e200])
def test_coordinates_of_no_map_are_refused(assessment, size, tmp_path):
    geometry = collection([[-size, 0], [1, 0], [size, size]])
    with pytest.raises(DataError, match=r"numbers below 1e100 in size:\n.*feature 0 \(KEN\)"):
        plots.choropleth(assessment, geometry)
    (tmp_path / "map.json").write_text(json.dumps(geometry))
    with pytest.raises(DataError, match="numbers below 1e100 in size"):
        plots.choropleth(assessment, tmp_path / "map.json")


def test_a_map_of_one_point_is_drawn(assessment, tmp_path):
    ax = plots.choropleth(assessment, collection([[0, 0], [0, 0], [0, 0]]))
    plots.save(ax, tmp_path / "map.png", dpi=20)
    assert np.isfinite([*ax.get_xlim(), *ax.get_ylim()]).all()


@pytest.mark.parametrize("key", [["iso3"], {}, 5])
def test_the_property_of_features_is_a_text(assessment, key):
    with pytest.raises(MethodError, match="key must be text"):
        plots.choropleth(assessment, key=key)


@pytest.mark.parametrize(("x", "y"), [("a", "large"), ("large", "a"), ("large", "large")])
def test_very_large_values_have_their_line(assessment, x, y, tmp_path):
    ax = plots.scatter(assessment, x, y)
    plots.save(ax, tmp_path / "dots.png", dpi=20)
    sizes = [1e300 if name == "large" else 1.0 for name in (x, y)]
    dots = np.asarray(ax.collections[0].get_offsets()) / sizes
    slope, intercept = np.polyfit(*dots.T, 1)
    ends, heights = (
        np.asarray(own) / size for own, size in zip(ax.lines[0].get_data(), sizes, strict=True)
    )
    np.testing.assert_allclose(heights, intercept + slope * ends, rtol=1e-9)
    assert f"correlation {np.corrcoef(dots.T)[0, 1]:.2f}".replace("-", "−") in ax.get_title("left")


@pytest.mark.parametrize("palette", [None, 5, "rgb"])
def test_a_palette_is_a_sequence_of_colours(palette):
    with pytest.raises(
        MethodError, match=f"palette must be a sequence of colours, got {palette!r}"
    ):
        plots.Style(palette=palette)


@pytest.mark.parametrize("name", ["width", "size", "small"])
def test_sizes_are_those_that_can_be_drawn(name):
    with pytest.raises(MethodError, match=f"{name} must be a number above 0 and of at most 200"):
        plots.Style(**{name: 1e6})


@pytest.mark.parametrize("dpi", [0, -1, "x", None, np.nan, 1e9, True])
def test_pixels_for_each_inch_are_a_number_that_can_be_drawn(assessment, tmp_path, dpi):
    with pytest.raises(MethodError, match="dpi must be a number from 10 to 2400"):
        plots.save(plots.league(assessment), tmp_path / "x.png", dpi=dpi)
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("ax", [None, 5, "x", []])
def test_only_axes_are_saved(tmp_path, ax):
    with pytest.raises(MethodError, match="ax must be axes, or an array of axes"):
        plots.save(ax, tmp_path / "x.png")


def test_pictures_are_saved_to_paths(assessment, tmp_path):
    ax = plots.league(assessment)
    with pytest.raises(FileError, match="cannot write '5'"):
        plots.save(ax, 5)
    plots.save(ax, str(tmp_path / "x.png").encode())
    assert (tmp_path / "x.png").read_bytes().startswith(b"\x89PNG")


@pytest.mark.parametrize("draw", [plots.league, plots.correlations, plots.distributions])
def test_pictures_are_drawn_on_axes_only(assessment, draw):
    with pytest.raises(MethodError, match=r"^ax must be axes of matplotlib, got 5$"):
        draw(assessment, ax=5)


def test_the_first_argument_of_a_picture_is_of_its_class():
    with pytest.raises(MethodError, match=r"^assessment must be of the class Assessment, got 'x'$"):
        plots.league("x")
    with pytest.raises(MethodError, match=r"^index must be of the class Index, got None$"):
        plots.framework(None)


def test_what_is_shown_is_a_whole_number_of_at_least_one(assessment):
    with pytest.raises(MethodError, match=r"^top must be a whole number of at least 1, got -1"):
        plots.league(assessment, top=-1)
    with pytest.raises(MethodError, match=r"^top must be a whole number of at least 1, got 0"):
        plots.waterfall({"code": ["a"], "points": [1.0]}, top=0)


def test_an_indicator_without_values_has_an_empty_row():
    data = {"unit": ["X", "Y"], "a": [1.0, 2.0], "b": [None, None], "c": [2.0, 1.0]}
    index = Index("T", [Indicator(code, goalposts=(0, 2)) for code in "abc"])
    drawn = plots.distributions(Assessment(index, data))
    assert [label.get_text() for label in drawn.get_yticklabels()] == ["a", "b", "c"]
