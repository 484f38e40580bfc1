"""Maps: the bundled borders, the projection, dots, and what stands below."""

import copy
import json
import re
from collections import Counter
from itertools import pairwise

import matplotlib as mpl
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

mpl.use("Agg")

from matplotlib import pyplot as plt

from dli import Assessment, Index, Indicator, datasets, plots
from dli.errors import DataError, UnknownCodeError
from dli.plots.projection import apart, equal_earth

# Of PROJ 9.5.1, +proj=eqearth +R=1.
PROJ = [
    ((0, 0), (0, 0)),
    ((180, 0), (2.706629984, 0)),
    ((0, 90), (0, 1.317362759)),
    ((-180, -90), (-1.603588648, -1.317362759)),
    ((45, 45), (0.57992725, 0.860231086)),
    ((-60, 30), (-0.843900559, 0.59293512)),
    ((120, -75), (1.163398361, -1.253482973)),
    ((10, 60), (0.113281116, 1.088300836)),
]
ICON = {"KEN": 1.0, "UGA": 2.0, "LUX": 3.0, "TUV": 4.0}


@pytest.fixture(autouse=True)
def _closed():
    yield
    plt.close("all")


@pytest.fixture(scope="module")
def world():
    return datasets.borders()


@pytest.fixture(scope="module")
def east(world):
    """Fewer territories, which are drawn sooner."""
    codes = {"KEN", "UGA", "TZA", "FRA", "LUX", "MLT", "TUV", "RUS"}
    return {**world, "features": [f for f in world["features"] if f["properties"]["iso3"] in codes]}


def assessed(scores=ICON, **columns):
    """Assess units; one whose score is NaN has a value of another indicator, so it can stay."""
    values = list(scores.values())
    data = {"unit": list(scores), "a": values, "b": [*range(len(scores))], **columns}
    gaps = bool(np.isnan(values).any())
    return Assessment(Index("T", [Indicator("a"), *[Indicator("b")] * gaps]), data)


def square(x, y=0.0, size=1.0):
    return [[x, y], [x + size, y], [x + size, y + size], [x, y + size], [x, y]]


def feature(name, *rings, **properties):
    geometry = {"type": "Polygon", "coordinates": list(rings)}
    return {"type": "Feature", "properties": {"iso3": name, **properties}, "geometry": geometry}


def collection(*features, **members):
    return {"type": "FeatureCollection", "features": list(features), **members}


def texts(ax):
    return [text.get_text() for text in ax.texts]


def legend(ax):
    box = ax.get_legend()
    return [] if box is None else [text.get_text() for text in box.get_texts()]


# The projection.


def test_equal_earth_has_the_values_of_proj():
    degrees, expected = map(np.array, zip(*PROJ, strict=True))
    np.testing.assert_allclose(equal_earth(degrees.astype(float)), expected, atol=1e-8)
    moved = equal_earth(np.array([[45.0, 45.0]]), 11.0)
    np.testing.assert_allclose(moved, [[0.438167255, 0.860231086]], atol=1e-8)


@given(st.floats(-170, 170), st.floats(-85, 84), st.floats(0.1, 1.0))
def test_equal_earth_keeps_areas(west, south, size):
    n = 200
    t = np.linspace(0, 1, n)
    sides = [(t, 0 * t), (1 + 0 * t, t), (1 - t, 1 + 0 * t), (0 * t, 1 - t)]
    unit = np.concatenate([np.stack(side, axis=1) for side in sides])
    x, y = equal_earth(unit * size + [west, south]).T
    flat = 0.5 * np.sum(x * np.roll(y, -1) - np.roll(x, -1) * y)
    north, low = np.radians([south + size, south])
    on_the_sphere = np.radians(size) * (np.sin(north) - np.sin(low))
    assert flat == pytest.approx(on_the_sphere, rel=1e-4)


@given(st.lists(st.tuples(st.floats(0, 3), st.floats(0, 3)), max_size=12))
def test_dots_part_until_none_covers_another(pairs):
    points = np.array(pairs, dtype=float).reshape(-1, 2)
    moved = apart(points, 1.0, turns=2000)
    between = moved[:, None] - moved
    distance = np.hypot(between[..., 0], between[..., 1]) + 9 * np.eye(len(moved))
    assert (distance >= 0.979).all()
    alone = [i for i in range(len(points)) if (np.delete(distance, i, 0)[:, i] > 5).all()]
    np.testing.assert_allclose(moved[alone], points[alone], atol=2e-3)


def test_crowded_dots_stop_parting_after_some_turns():
    crowd = np.zeros((30, 2))
    few, many = (apart(crowd, 1.0, turns=turns) for turns in (1, 200))
    assert 0 < np.ptp(few) < np.ptp(many) < 9


# The world.


def test_all_governments_of_the_public_model_are_visible():
    data = datasets.load("digital-government", "mapping")
    scores = {code: float(i) for i, code in enumerate(data["iso3"])}
    ax = plots.choropleth(assessed(scores))
    filled, other, dots = ax.collections
    assert len(filled.get_paths()) == 193
    assert len(other.get_paths()) == 241 - 193
    assert ax.get_title() == ""
    assert legend(ax) == ["not assessed"]
    assert "Disputed areas" in texts(ax)[0]
    # Whatever covers less than a quarter of a dot has one, and no dot hides another.
    pixels = ax.transData.transform([[0, 0], [1, 0]])[1, 0] - ax.transData.transform([0, 0])[0]
    km = 6371.0072 / (pixels * 72 / ax.figure.dpi)  # of a point
    least = np.pi * dots.get_sizes()[0] / 16 * km**2
    small = [f for f in datasets.borders()["features"] if f["properties"]["km2"] < least]
    small = {f["properties"]["iso3"] for f in small} & set(scores)
    assert small >= {"AND", "MCO", "NRU", "SGP", "TUV", "MDV", "LUX"}
    places = ax.transData.transform(dots.get_offsets())
    assert len(places) == pytest.approx(len(small), abs=4)  # islands are lost in simplification
    between = places[:, None] - places
    distance = np.hypot(between[..., 0], between[..., 1]) + 99 * np.eye(len(places))
    assert distance.min() > 0.85 * np.sqrt(dots.get_sizes()[0]) * ax.figure.dpi / 72


def test_a_narrow_map_has_more_and_smaller_dots():
    data = datasets.load("digital-government", "mapping")
    unit = assessed({code: float(i) for i, code in enumerate(data["iso3"])})
    dots = []
    for width in (3.9, 10.0):
        _, ax = plt.subplots(figsize=(width, 0.8 * width), layout="constrained")
        assert plots.choropleth(unit, ax=ax) is ax
        dots.append(ax.collections[-1])
    assert len(dots[0].get_offsets()) > len(dots[1].get_offsets())
    assert dots[0].get_sizes()[0] < dots[1].get_sizes()[0]


@pytest.mark.parametrize("width", [3.9, 5.4, 10.0])
def test_all_that_is_drawn_is_within_the_figure(width, east):
    with plots.Style(width=width):
        ax = plots.choropleth(assessed({**ICON, "Atlantis": 3.0, "FRA": np.nan}), east, node="a")
    ax.figure.canvas.draw()
    assert ax.figure.get_figwidth() == width
    frame = ax.figure.bbox.padded(1)
    drawn = [ax.title, *ax.texts, ax.get_legend(), ax.child_axes[0]]
    boxes = [artist.get_tightbbox() for artist in drawn]
    assert all(frame.containsx(x) for box in boxes for x in box.intervalx)
    assert all(frame.containsy(y) for box in boxes for y in box.intervaly)
    heights = sorted((box.y0, box.y1) for box in boxes)
    assert all(below[1] <= above[0] + 1 for below, above in pairwise(heights))


def test_what_is_below_is_within_axes_of_any_shape(east):
    _, both = plt.subplots(1, 2, figsize=(8, 3), width_ratios=[1, 3])
    for ax in both:
        plots.choropleth(assessed(), east, ax=ax)
        ax.figure.canvas.draw()
        (note,) = ax.texts
        assert note.get_tightbbox().y0 >= ax.bbox.y0 - 1
        assert ax.child_axes[0].bbox.y1 < ax.transData.transform((0, ax.dataLim.y0))[1]


def test_scores_missing_units_and_unknown_ones_are_told_apart(east):
    scores = {**ICON, "FRA": np.nan, "MLT": np.nan, "Atlantis": 3.0, "Nowhere": np.nan}
    ax = plots.choropleth(assessed(scores), east, node="a")
    filled, other, hatched, dots, empty = ax.collections
    assert sorted(filled.get_array()) == pytest.approx([0, 100 / 3, 200 / 3, 100])
    assert len(hatched.get_paths()) == 2
    assert hatched.get_hatch()
    assert len(other.get_paths()) == 8 - 6
    assert legend(ax) == ["no score", "not assessed"]
    assert ax.get_title() == "not on the map: Atlantis"
    assert len(dots.get_offsets()) == 2  # Luxembourg and Tuvalu
    assert [1.0, 1.0, 1.0, 1.0] not in dots.get_facecolor().tolist()
    assert len(empty.get_offsets()) == 1  # Malta
    assert empty.get_facecolor().tolist() == [[1.0, 1.0, 1.0, 1.0]]
    assert empty.get_hatch()


def test_the_scale_names_the_node(east):
    index = Index("T", [Indicator("a", name="Aid"), Indicator("b")])
    assessment = Assessment(index, {"unit": ["KEN", "UGA"], "a": [1.0, 2.0], "b": [3.0, 2.0]})
    labels = [
        plots.choropleth(assessment, east, node=code).child_axes[0].get_xlabel()
        for code in ("a", "b")
    ]
    assert labels == ["Aid (a)", "b"]


def test_a_part_of_the_world_is_drawn_in_the_same_projection(world):
    two = [f for f in world["features"] if f["properties"]["iso3"] in {"KEN", "UGA"}]
    ax = plots.choropleth(assessed(), {**world, "features": two})
    assert np.ptp(ax.get_xlim()) < 0.3  # of the radius of the Earth
    assert legend(ax) == []
    assert ax.get_title() == "not on the map: LUX, TUV"
    flat = plots.choropleth(assessed(), {"features": two})
    assert np.ptp(flat.get_xlim()) == pytest.approx(12.4, abs=0.5)  # degrees
    assert texts(flat) == [""]


def test_many_units_off_the_map_are_counted(east):
    scores = {"KEN": 1.0, **{f"unit {i:02}": float(i) for i in range(15)}}
    title = " ".join(plots.choropleth(assessed(scores), east).get_title().split())
    assert title.startswith("not on the map: unit 00, unit 01")
    assert title.endswith("unit 11 and 3 more")


# What identifies units.


def test_a_column_of_codes_identifies_units(east):
    names = {"Kenya": 1.0, "Uganda": 2.0, "Atlantis": 3.0}
    by_name = assessed(names, iso3=["KEN", "UGA", None])
    ax = plots.choropleth(by_name, east)
    assert len(ax.collections[0].get_array()) == 2
    assert ax.get_title() == "not on the map: Atlantis"
    other = assessed(names, code=["KEN", "UGA", "ATL"])
    ax = plots.choropleth(other, east, column="code")
    assert len(ax.collections[0].get_array()) == 2
    assert ax.get_title() == "not on the map: Atlantis"
    ax = plots.choropleth(other, east, key="name")
    assert len(ax.collections[0].get_array()) == 2
    with pytest.raises(UnknownCodeError, match="no column 'cod'; did you mean 'code'"):
        plots.choropleth(other, east, column="cod")


def test_units_with_the_same_code_are_refused():
    cities = assessed({"Mombasa": 1.0, "Nairobi": 2.0, "Kampala": 3.0}, iso3=["KEN", "KEN", "UGA"])
    with pytest.raises(
        DataError, match=r"the column 'iso3' repeats some.*\n  - 'KEN': 'Mombasa', 'Nairobi'"
    ):
        plots.choropleth(cities)
    numbers = assessed({"m": 1.0, "n": 2.0}, iso3=[1, "1"])
    with pytest.raises(
        DataError,
        match=r"must have a unique identifier on the map; .* repeats some:\n  - '1': 'm', 'n'",
    ):
        plots.choropleth(numbers)


def test_what_would_have_matched_is_said():
    by_name = assessed({"Kenya": 1.0, "Uganda": 2.0, "Kenia": 3.0}, code=["KEN", "UGA", "KEX"])
    with pytest.raises(DataError) as caught:
        plots.choropleth(by_name)
    assert caught.value.faults == (
        "units are identified by 'Kenya', 'Uganda', 'Kenia'",
        "the property 'iso3' is 'ABW', 'AFG', 'AGO'",
        "key='name' would match 2 units",
        "column='code' would match 2 units",
    )
    with pytest.raises(DataError, match="the property 'id' is missing in all features"):
        plots.choropleth(by_name, key="id")
    unscored = assessed({"KEN": np.nan, "Kenya": 2.0, "Uganda": 3.0})
    with pytest.raises(DataError, match="no feature matches a unit with a score"):
        plots.choropleth(unscored, node="a")


# Geometry of the user's own.


def test_holes_stay_open_whichever_way_rings_run():
    for outline, hole in ((1, 1), (1, -1), (-1, 1), (-1, -1)):
        ring = feature("KEN", square(0, 0, 9)[::outline], square(3, 3, 3)[::hole])
        ax = plots.choropleth(assessed(), collection(ring))
        path = ax.collections[0].get_paths()[0]
        signs = [np.sign(_area(polygon)) for polygon in path.to_polygons()]
        assert signs == [1, -1]


def _area(ring):
    x, y = ring.T
    return np.sum(x[:-1] * y[1:] - x[1:] * y[:-1])


def test_small_features_become_dots_only_if_they_say_where():
    wide = feature("UGA", square(0, 0, 100))
    placed = feature("KEN", square(50, 50, 0.1), longitude=50, latitude=50)
    ax = plots.choropleth(assessed(), collection(wide, placed))
    np.testing.assert_allclose(ax.collections[-1].get_offsets(), [[50, 50]], atol=0.01)
    for wrong in ({}, {"longitude": "50", "latitude": 50}, {"longitude": 50}):
        small = feature("KEN", square(50, 50, 0.1), **wrong)
        ax = plots.choropleth(assessed(), collection(wide, small))
        assert len(ax.collections) == 1


def test_other_members_and_shapes_are_ignored():
    point = {"properties": {"iso3": "UGA"}, "geometry": {"type": "Point", "coordinates": [0, 0]}}
    bare = {"properties": ["iso3"], "geometry": {"type": "Polygon", "coordinates": [square(5)]}}
    open_ring = feature("KEN", square(0)[:-1])
    world = collection(open_ring, point, bare, note=7, projection="EPSG:4326")
    before = copy.deepcopy(world)
    ax = plots.choropleth(assessed(), world)
    assert [len(c.get_paths()) for c in ax.collections] == [1, 1]
    assert np.ptp(ax.get_xlim()) == pytest.approx(6 * 1.02)
    assert texts(ax) == [""]
    assert world == before


@pytest.mark.parametrize(
    ("coordinates", "said"),
    [
        ([], "ValueError: no ring"),
        (None, "TypeError: 'NoneType' object is not iterable"),
        ([[[0, 0], [1, 1]]], "ValueError: a ring of 2 points"),
        ([[0, 1, 2]], "IndexError: too many indices"),
        ([[[0], [1], [2]]], "ValueError: a ring of 3 points"),
        ([[[0, 0], [1, "x"], [2, 0]]], "ValueError: could not convert string"),
        ([[[0, 0], [1, np.inf], [2, 0]]], "ValueError: a ring of 3 points"),
    ],
)
def test_all_broken_polygons_are_named(coordinates, said):
    broken = feature("UGA")
    broken["geometry"]["coordinates"] = coordinates
    without = feature("LUX")
    del without["geometry"]["coordinates"]
    with pytest.raises(DataError, match="polygons must have rings of at least 3 points") as caught:
        plots.choropleth(assessed(), collection(feature("KEN", square(0)), broken, without))
    first, second = caught.value.faults
    assert first.startswith(f"feature 1 (UGA): {said}")
    assert second == "feature 2 (LUX): KeyError: 'coordinates'"


def test_geojson_is_read_from_a_file(tmp_path):
    path = tmp_path / "world.geojson"
    path.write_text(json.dumps(collection(feature("KEN", square(0)))), encoding="utf-8")
    assert len(plots.choropleth(assessed(), path).collections) == 1
    for wrong in ("none.geojson", "broken.geojson"):
        (tmp_path / "broken.geojson").write_text("{")
        with pytest.raises(DataError, match=f"cannot read GeoJSON from .*{wrong}"):
            plots.choropleth(assessed(), tmp_path / wrong)


@pytest.mark.parametrize("geometry", [{"features": ["KEN"]}, {"features": {}}, {}])
def test_what_is_not_a_collection_is_refused(geometry):
    with pytest.raises(DataError, match="must be a GeoJSON FeatureCollection"):
        plots.choropleth(assessed(), geometry)


# The borders.


def rings_of(shape):
    polygons = [shape["coordinates"]] if shape["type"] == "Polygon" else shape["coordinates"]
    return [np.array(ring) for polygon in polygons for ring in polygon]


def test_no_ring_jumps_across_the_map(world):
    for one in world["features"]:
        for ring in rings_of(one["geometry"]):
            assert (ring[0] == ring[-1]).all()
            assert len(ring) >= 4
            assert ring[:, 0].min() >= -169.0
            assert ring[:, 0].max() <= 191.0
            assert np.abs(np.diff(ring[:, 0])).max() < 30  # the border along 49 degrees north


@pytest.mark.parametrize("code", ["RUS", "FJI", "NZL"])
def test_what_the_meridian_of_180_degrees_crosses_is_in_one_piece(world, code):
    (one,) = (f for f in world["features"] if f["properties"]["iso3"] == code)
    widths = [(ring[:, 0].min(), ring[:, 0].max()) for ring in rings_of(one["geometry"])]
    assert min(low for low, _ in widths) > 0
    if code == "RUS":
        assert any(low < 60 and high > 189 for low, high in widths)


def test_neighbours_share_every_point_of_their_border(world):
    sides = Counter()
    own = {}
    for one in world["features"]:
        segments = {
            frozenset([tuple(a), tuple(b)])
            for ring in rings_of(one["geometry"])
            for a, b in pairwise(ring.tolist())
        }
        sides.update(segments)
        own[one["properties"]["iso3"]] = segments
    assert max(sides.values()) == 2
    landlocked = (
        "AFG AUT BDI BFA BOL BTN CAF CHE CZE HUN LAO LSO MLI MNG NER NPL PRY RWA SVK TCD ZMB ZWE"
    )
    for code in landlocked.split():
        assert {sides[segment] for segment in own[code]} == {2}, code


def test_areas_are_about_those_that_are_published(world):
    # Millions of square kilometres, of the World Bank's "surface area".
    published = {"AUS": 7.74, "BRA": 8.52, "RUS": 17.1, "DZA": 2.38, "ZAF": 1.22, "MNG": 1.56}
    drawn = {f["properties"]["iso3"]: f["properties"]["km2"] / 1e6 for f in world["features"]}
    for code, area in published.items():
        assert drawn[code] == pytest.approx(area, rel=0.03), code
    radius = 6371.0072
    for one in world["features"]:
        rings = [equal_earth(ring) for ring in rings_of(one["geometry"])]
        if one["properties"]["km2"] > 100_000:
            area = abs(sum(map(_area, rings))) / 2 * radius**2
            assert area == pytest.approx(one["properties"]["km2"], rel=0.04)


def test_outlines_run_as_geojson_wants(world):
    for one in world["features"]:
        shape = one["geometry"]
        polygons = [shape["coordinates"]] if shape["type"] == "Polygon" else shape["coordinates"]
        for polygon in polygons:
            signs = [np.sign(_area(np.array(ring))) for ring in polygon]
            assert signs == [1, *[-1] * (len(signs) - 1)]


def test_codes_are_given_once_and_cover_the_tables(world):
    codes = [f["properties"]["iso3"] for f in world["features"]]
    assert codes.count(None) == 5
    known = [code for code in codes if code is not None]
    assert len(set(known)) == len(known) == 236
    assert all(re.fullmatch("[A-Z]{3}", code) for code in known)
    for name in ("digital-government", "un-egdi", "undp-hdi", "wb-gtmi", "undp-gender", "wb-spi"):
        assert set(datasets.load(name, "mapping")["iso3"]) <= set(known), name


def test_borders_are_the_callers_own(world):
    first = datasets.borders()
    first["features"][0]["geometry"]["coordinates"].clear()
    first["features"].clear()
    assert datasets.borders() == world
