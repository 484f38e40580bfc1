"""The map on the explorer's page: outlines that meet, and colours that follow the weights."""

import json
import re
from importlib import resources

import numpy as np
import pytest
from numpy.testing import assert_allclose
from tests.report.test_browser import BROWSER

from dli import Assessment, Index, Indicator, Method, datasets, models
from dli.errors import DataError, MethodError
from dli.plots.map_drawing import signed_area
from dli.report import explorer

INDEX = Index("T", [Indicator("a"), Indicator("b")], "Trial")
# The map's area of the Earth, which Equal Earth shows in proportion, in square kilometres.
KM2_FOR_EACH_SQUARE = 952.8


def data_of(page):
    return json.loads(re.search(r'id="data">(.*?)</script>', page, re.DOTALL)[1])


def map_of(units, values=None, **options):
    """Return the map of a few units, None where the page has none."""
    n = len(units)
    data = {"unit": units, "a": range(n), "b": values or [*range(1, n), 0]}
    return data_of(explorer(Assessment(INDEX, data), **options)).get("map")


def rings_of(text):
    """Read outlines as the page does: each ring as an array of its points."""
    rings = []
    for ring in text.split():
        codes = [ord(letter) - 35 for letter in ring]
        start = [codes[0] * 91 + codes[1], codes[2] * 91 + codes[3]]
        moves = np.array([*start, *(code - 45 for code in codes[4:])])
        rings.append(np.cumsum(moves.reshape(-1, 2), axis=0))
    return rings


def lines_of(text):
    """Return the lines of outlines, each as the set of its two ends."""
    return {
        frozenset([tuple(a), tuple(b)])
        for ring in rings_of(text)
        for a, b in zip(ring.tolist(), np.roll(ring, -1, axis=0).tolist(), strict=True)
    }


@pytest.fixture(scope="module")
def governments():
    return Assessment(models.load("dli-public"), datasets.load("digital-government"), unit="iso3")


@pytest.fixture(scope="module")
def page(governments):
    return explorer(governments)


@pytest.fixture(scope="module")
def shapes(page):
    data = data_of(page)
    return dict(zip(data["units"], data["map"]["shapes"], strict=True))


def test_each_of_193_governments_has_an_outline_or_a_dot(page, shapes):
    data = data_of(page)
    dotted = {data["units"][unit] for unit, _, _ in data["map"]["dots"]}
    assert len(shapes) == 193
    assert {unit for unit, text in shapes.items() if not text} <= dotted
    assert {"MLT", "SGP", "TUV", "VUT"} <= dotted
    assert not {"FRA", "KEN", "NZL"} & dotted
    width, height = data["map"]["size"]
    places = np.concatenate([ring for text in shapes.values() for ring in rings_of(text)])
    places = np.concatenate([places, [place[1:] for place in data["map"]["dots"]]])
    assert (places >= 0).all()
    assert (places <= [width, height]).all()


def test_the_page_of_193_governments_is_below_150_kilobytes(page):
    assert len(page.encode()) < 150_000
    assert len(json.dumps(data_of(page)["map"], separators=(",", ":"))) < 16_000


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("FRA", "ESP"), ("USA", "CAN"), ("KEN", "TZA"), ("TCD", "SDN"), ("IND", "CHN"),
        ("RUS", "KAZ"), ("BRA", "ARG"), ("EGY", "LBY"), ("SSD", "SDN"), ("ZAF", "LSO"),
    ],
)  # fmt: skip
def test_neighbours_share_the_lines_between_them(one, other, shapes):
    shared = lines_of(shapes[one]) & lines_of(shapes[other])
    assert len(shared) >= 2
    # All of Lesotho's border is that of South Africa: nothing tears, and no hole is left.
    if other == "LSO":
        assert shared == lines_of(shapes["LSO"])


def test_no_two_neighbours_of_the_world_are_torn_apart(page, shapes):
    """A line that is not a coast belongs to two territories: inland ones have no other."""
    owners = {}
    for text in [*shapes.values(), data_of(page)["map"]["land"]]:
        for line in lines_of(text):
            owners[line] = owners.get(line, 0) + 1
    for inland in ("BOL", "TCD", "MLI", "NER", "ZMB", "MNG", "AFG", "AUT", "CZE", "LSO", "PRY"):
        alone = [line for line in lines_of(shapes[inland]) if owners[line] < 2]
        assert alone == [], inland


def test_outlines_are_simple_and_keep_areas(page, shapes):
    assert sum(len(ring) for text in shapes.values() for ring in rings_of(text)) < 7_000
    km2 = {f["properties"]["iso3"]: f["properties"]["km2"] for f in datasets.borders()["features"]}
    for unit in ("BRA", "AUS", "DZA", "MNG", "FRA", "KEN", "RUS", "ZAF"):
        rings = [np.concatenate([ring, ring[:1]]) for ring in rings_of(shapes[unit])]
        area = abs(sum(map(signed_area, rings))) * KM2_FOR_EACH_SQUARE
        assert_allclose(area, km2[unit], rtol=0.05, err_msg=unit)


def test_outlines_stay_on_their_side_of_the_map(shapes):
    """Nothing crosses the map from edge to edge, as at the meridian of 180 degrees."""
    for unit in ("RUS", "FJI", "USA", "NZL"):
        for ring in rings_of(shapes[unit]):
            assert np.abs(np.diff(ring, axis=0)).max(initial=0) <= 45


def test_dots_do_not_hide_each_other(page):
    places = np.array([place[1:] for place in data_of(page)["map"]["dots"]], dtype=float)
    distances = np.hypot(*(places[:, None] - places).T) + 99 * np.eye(len(places))
    assert distances.min() > 8  # of a diameter of 10, as in plots.choropleth


def test_a_map_of_few_units_shows_the_others_as_land():
    few = map_of(["KEN", "UGA", "Kenya and Uganda"])
    assert [bool(text) for text in few["shapes"]] == [True, True, False]
    assert len(rings_of(few["land"])) > 100
    assert few["dots"] == []


def test_countries_may_be_named_by_a_column():
    data = {"unit": ["x", "y"], "iso3": ["KEN", None], "a": [1, 2], "b": [1, 3]}
    shapes = data_of(explorer(Assessment(INDEX, data)))["map"]["shapes"]
    assert [bool(text) for text in shapes] == [True, False]


def test_no_map_without_countries():
    assert map_of(["Ann", "Bob"]) is None
    assert map_of(["KEN", "Bob", "Cid"]) is None
    assert map_of(["KEN", "UGA"], map=False) is None
    assert map_of(["KEN", "Bob", "Cid"], map=True) is not None
    page = explorer(Assessment(INDEX, {"unit": ["Ann", "Bob"], "a": [1, 2], "b": [1, 3]}))
    assert "makeMap()" in page
    assert "function makeMap" not in page


def test_several_units_of_a_country_are_on_no_map():
    data = {"unit": ["x", "y", "z"], "iso3": ["KEN", "KEN", "UGA"], "a": [1, 2, 3], "b": [1, 3, 4]}
    assessment = Assessment(INDEX, data)
    assert "map" not in data_of(explorer(assessment))
    with pytest.raises(DataError, match=r"each territory; these have several:\n  - 'KEN'"):
        explorer(assessment, map=True)


def test_a_map_that_cannot_be_drawn_is_refused():
    with pytest.raises(DataError, match=r"codes of countries, got 'Ann', 'Bob': leave out map"):
        map_of(["Ann", "Bob"], map=True)
    with pytest.raises(MethodError, match=r"map must be True or False, got 'yes'"):
        map_of(["KEN", "UGA"], map="yes")


def test_the_note_and_the_colours_are_those_of_the_choropleth():
    from matplotlib import colormaps

    script = resources.files("dli.report").joinpath("explorer_map.js").read_text(encoding="utf-8")
    assert json.dumps(datasets.borders()["note"]) in script
    codes = re.search(r'COLOURS = "([^"]+)"', script)[1].split()
    stops = np.array([[int(code[k : k + 2], 16) for k in (0, 2, 4)] for code in codes])
    shares = np.linspace(0, 1, 200)
    between = [np.interp(shares, np.linspace(0, 1, len(codes)), channel) for channel in stops.T]
    expected = 255 * colormaps["viridis"](shares)[:, :3]
    # Nobody sees 16 of 255 in the blue of the last yellow; the rest is closer.
    assert_allclose(np.transpose(between), expected, rtol=0, atol=16)
    assert np.abs(np.transpose(between) - expected).mean() < 2


# ---- In a browser


@pytest.fixture(scope="module")
def browser():
    playwright = pytest.importorskip(
        "playwright.sync_api", reason="Playwright is not installed: pip install playwright"
    )
    if BROWSER is None:
        pytest.skip("no Chromium on this machine")
    with playwright.sync_playwright() as started:
        chromium = started.chromium.launch(executable_path=BROWSER, args=["--no-sandbox"])
        yield chromium
        chromium.close()


@pytest.fixture
def visit(browser, tmp_path):
    """Return what opens a page; at the end there must be no message, as its policy would send."""
    heard, contexts = [], []

    def opened(html, width=1280):
        contexts.append(browser.new_context(viewport={"width": width, "height": 900}))
        path = tmp_path / "explorer.html"
        path.write_text(html, encoding="utf-8")
        page = contexts[-1].new_page()
        page.on("console", lambda message: heard.append(message.text))
        page.on("pageerror", lambda error: heard.append(str(error)))
        page.goto(path.as_uri())
        return page

    yield opened
    for context in contexts:
        context.close()
    assert heard == []


FILLS = """() => Object.fromEntries(data.units.map((unit, i) => [
    unit, atlas.paths[i].map(path => path.getAttribute("fill")),
]))"""


def settled(page, condition="!waiting"):
    for _ in range(300):
        if page.evaluate(condition):
            return
        page.wait_for_timeout(20)
    pytest.fail(f"never came true: {condition}")


@pytest.mark.once
def test_colours_follow_the_weights(page, visit):
    opened = visit(page)
    before = opened.evaluate(FILLS)
    assert len(before) == 193
    assert all(before.values())
    assert opened.evaluate("document.querySelectorAll('#world path[data-unit]').length") >= 193
    best, worst = (opened.evaluate(f"data.units[published.order.at({k})]") for k in (0, -1))
    assert before[best][0] == "rgb(253,231,37)"
    assert before[worst][0] == "rgb(68,1,84)"
    opened.evaluate("changed(() => { state.points[0] = state.points[0].map((_, k) => +!k); })")
    settled(opened)
    after = opened.evaluate(FILLS)
    assert sum(after[unit] != before[unit] for unit in before) > 150
    high = float(opened.inner_text("#high"))
    assert high >= opened.evaluate("Math.max(...current.scores[0])") - 0.05
    opened.click("#reset")
    settled(opened)
    assert opened.evaluate(FILLS) == before
    opened.select_option("#coloured", index=1)
    assert opened.evaluate(FILLS) != before
    assert opened.evaluate("title(nodes[1])") in opened.get_attribute("#world", "aria-label")


@pytest.mark.once
def test_a_pointer_names_and_chooses_a_country(page, visit):
    opened = visit(page)
    box = "unit => atlas.paths[data.units.indexOf(unit)][0].getBoundingClientRect().toJSON()"
    chad = opened.evaluate(box, "TCD")
    middle = chad["x"] + chad["width"] / 2, chad["y"] + chad["height"] / 2
    opened.mouse.move(*middle)
    rank, score = opened.evaluate(
        "[current.ranks, current.scores[0]].map(of => of[data.units.indexOf('TCD')])"
    )
    assert opened.inner_text("#named") == f"Chad: rank {rank} of 193, score {score:.1f}"
    opened.mouse.click(*middle)
    settled(opened)
    assert opened.inner_text("#unit-title") == "Chad"
    assert opened.locator("#league tr.chosen").is_visible()
    opened.mouse.move(5, 5)
    assert opened.inner_text("#named").startswith("Chad: rank")
    # Next to the dot of an island, where there is only sea.
    [dot] = opened.evaluate(
        "data.map.dots.filter(([unit]) => data.units[unit] === 'MUS').map(([, x, y]) => [x, y])"
    )
    world = opened.evaluate("document.querySelector('#world').getBoundingClientRect().toJSON()")
    scale = world["width"] / opened.evaluate("data.map.size[0]")
    opened.mouse.click(world["x"] + dot[0] * scale + 8, world["y"] + dot[1] * scale)
    settled(opened)
    assert opened.inner_text("#unit-title") == "Mauritius"
    opened.mouse.click(world["x"] + 0.15 * world["width"], world["y"] + 0.8 * world["height"])
    settled(opened)
    assert opened.inner_text("#unit-title") == "Mauritius"  # the South Pacific has none


@pytest.mark.once
def test_the_map_is_one_image_that_focus_passes_by(page, visit):
    opened = visit(page, width=390)
    assert opened.get_attribute("#world", "role") == "img"
    assert "World map of" in opened.get_attribute("#world", "aria-label")
    stops = "[...document.querySelectorAll('#map *')].filter(one => one.tabIndex >= 0).length"
    assert opened.evaluate(stops) == 2  # what opens the map, and the choice of a node
    # A tap on a phone names the unit, and leaves the map in view.
    opened.click("#world", position={"x": 180, "y": 70})
    settled(opened)
    assert opened.evaluate("document.body.dataset.view") == "ranking"
    assert opened.evaluate("state.unit") != opened.evaluate("published.order[0]")
    opened.click("#map summary")
    assert not opened.locator("#world").is_visible()
    opened.evaluate("changed(() => { state.points[0] = state.points[0].map((_, k) => +!k); })")
    settled(opened)
    was = opened.evaluate(FILLS)
    opened.click("#map summary")
    settled(opened, "document.querySelector('#map').open")
    opened.wait_for_timeout(50)
    assert opened.evaluate(FILLS) != was
    assert opened.evaluate("document.documentElement.scrollWidth") <= 390


@pytest.mark.once
def test_units_without_score_or_place_are_explained(visit):
    units = ["KEN", "UGA", "TZA", "Atlantis"]
    data = {"unit": units, "a": [1, 2, 2, 3], "b": [1, 3, None, 5]}
    opened = visit(explorer(Assessment(INDEX, data, method=Method(missing="propagate"))))
    assert opened.evaluate(FILLS)["TZA"] == ["url(#hatch)"]
    assert "no score" in opened.inner_text("#map")
    assert "not assessed" in opened.inner_text("#map")
    assert "Not on the map: Atlantis." in opened.inner_text("#map")
    opened.evaluate("changed(() => { state.unit = 2; })")
    settled(opened)
    assert opened.inner_text("#named") == "TZA: no score"
    opened.evaluate("changed(() => { state.unit = 3; state.points[0] = [0, 0]; })")
    settled(opened)
    assert opened.inner_text("#named") == "Atlantis: no score"
    assert opened.evaluate(FILLS)["KEN"] == ["url(#hatch)"]
