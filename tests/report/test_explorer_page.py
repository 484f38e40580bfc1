"""The explorer's page in a real browser: it computes what the library computes."""

import csv
import io
import re

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from tests.report.pages import hostile
from tests.report.test_browser import BROWSER

from dli import Assessment, Coverage, Index, Indicator, Method, aggregation
from dli import normalisation as n
from dli.report import explorer
from dli.report.language import Language, language_of

playwright = pytest.importorskip(
    "playwright.sync_api", reason="Playwright is not installed: pip install playwright"
)
pytestmark = [
    pytest.mark.once,
    pytest.mark.skipif(BROWSER is None, reason="no Chromium on this machine"),
]

# Follows links one after the other; returns the scores and ranks of each.
FOLLOWED = """links => links.map(link => {
    follow(link);
    refresh();
    return [Array.from(current.scores[0]), Array.from(current.ranks)];
})"""
# The points of all indicators, their references and the scores, by unit; None keeps the state.
CONTRIBUTIONS = """link => {
    if (link !== null) follow(link);
    if (link !== null) refresh();
    const all = data.units.map((_, unit) => brought(state, unit, current));
    const scores = Array.from(current.scores[0]);
    return [
        all.map(own => tree.leaves.map(leaf => own.points[leaf])),
        all.map(own => own.reference),
        scores,
    ];
}"""


@pytest.fixture(scope="module")
def browser():
    with playwright.sync_playwright() as started:
        chromium = started.chromium.launch(executable_path=BROWSER, args=["--no-sandbox"])
        yield chromium
        chromium.close()


@pytest.fixture
def visit(browser, tmp_path):
    """Return what opens a page; at the end there must be no message and no request."""
    context = browser.new_context(viewport={"width": 1280, "height": 900})
    context.set_default_timeout(30_000)
    heard = []

    def opened(assessment, link="", **options):
        path = tmp_path / "explorer.html"
        explorer(assessment, path, **options)
        page = context.new_page()
        page.on("console", lambda message: heard.append(message.text))
        page.on("pageerror", lambda error: heard.append(str(error)))
        page.on(
            "request",
            lambda asked: None if asked.url.startswith("file:") else heard.append(asked.url),
        )
        page.goto(path.as_uri() + link)
        return page

    yield opened
    context.close()
    assert heard == []


def until(page, condition):
    """Wait until a condition holds; the page's policy forbids Playwright's own way."""
    for _ in range(300):
        if page.evaluate(condition):
            return
        page.wait_for_timeout(20)
    pytest.fail(f"never came true: {condition}")


def tied(**method):
    """Assess units of which many tie or miss values."""
    rng = np.random.default_rng(3)
    codes = [f"i{j}" for j in range(6)]
    values = rng.integers(0, 4, (40, 6)).astype(float)
    values[rng.random(values.shape) < 0.2] = np.nan
    values[:, 0] = np.arange(40) % 3
    children = [
        Index(f"s{k}", [Indicator(code, scale=(0, 4)) for code in codes[3 * k : 3 * k + 3]])
        for k in range(2)
    ]
    data = {"unit": [f"u{i:02d}" for i in range(40)], **dict(zip(codes, values.T, strict=True))}
    method = {"normalisation": n.Scaled(1, 100)} | method
    return Assessment(Index("T", children), data, method=Method(**method))


METHODS = [
    {},
    {"missing": "propagate"},
    {"coverage": 0.6},
    {"coverage": Coverage(share=0.5, of="indicators"), "decimals": 1},
    {"aggregation": {"T": aggregation.GeometricMean(), "s1": aggregation.Minimum()}},
    {"aggregation": {"T": aggregation.PowerMean(-2), "s0": aggregation.PowerMean(np.inf)}},
    {"normalisation": {"*": n.Goalposts(1, 9), "s0": n.MinMax(worst=1, best=9)}},
    {
        "aggregation": aggregation.HarmonicMean(),
        "normalisation": {"*": n.Goalposts(1, 2, log=True)},
    },
]


@pytest.mark.parametrize("method", METHODS)
def test_scores_and_ranks_are_those_of_the_library(method, visit):
    assessment = tied()
    index = assessment.index
    if "normalisation" in method:
        leaves = [Indicator(leaf.code, goalposts=(1, 4)) for leaf in index.indicators]
        for leaf in leaves:
            index = index.replace(leaf.code, leaf)
        assessment = Assessment(index, raised(assessment), method=Method(**method))
    else:
        assessment = assessment.evolve(**method)
    page = visit(assessment)
    rng = np.random.default_rng(5)
    codes = [node.code for node in index.walk()][1:]
    draws = [dict(zip(codes, rng.random(8).tolist(), strict=True)) for _ in range(25)]
    draws.append(dict.fromkeys(codes, 1) | {"s0": 0})
    draws.append(dict.fromkeys(codes, 2) | {"i0": 0, "i4": 0})
    links = ["&".join(f"w.{code}={w!r}" for code, w in own.items()) for own in draws]
    results = page.evaluate(FOLLOWED, ["", *links])
    for own, (scores, ranks) in zip([{}, *draws], results, strict=True):
        expected = assessment.evolve(index=index.with_weights(own))
        true = expected.array("T")
        assert_allclose(scores, true, rtol=0, atol=1e-12 * np.nanmax(np.abs(true)))
        assert_array_equal(ranks, expected.rank_array("T"))


def test_scores_and_ranks_under_chosen_means_with_ties_and_gaps(visit):
    assessment = tied(normalisation=n.Scaled(), coverage=Coverage(share=0.5, of="indicators"))
    page = visit(assessment)
    rng = np.random.default_rng(11)
    codes = [node.code for node in assessment.index.walk()][1:]
    # With scores of 0 the geometric mean of the page is this product.
    means = {"1": aggregation.ArithmeticMean(), "0": aggregation.Product(total=1)}
    means["-Infinity"] = aggregation.Minimum()
    draws, links = [], []
    for _ in range(60):
        weights = dict(zip(codes, rng.integers(0, 4, len(codes)).tolist(), strict=True))
        orders = {code: str(rng.choice(list(means))) for code in ("T", "s0", "s1")}
        draws.append((weights | {"i0": 1, "i3": 1, "s0": 1}, orders))
        links.append(
            "&".join(
                [f"w.{code}={w}" for code, w in draws[-1][0].items()]
                + [f"a.{code}={order}" for code, order in orders.items()]
            )
        )
    for (weights, orders), (scores, ranks) in zip(
        draws, page.evaluate(FOLLOWED, links), strict=True
    ):
        expected = assessment.evolve(
            index=assessment.index.with_weights(weights),
            aggregation={code: means[order] for code, order in orders.items()},
        )
        true = expected.array("T")
        assert_allclose(scores, true, rtol=0, atol=1e-12 * np.nanmax(np.abs(true)))
        assert_array_equal(ranks, expected.rank_array("T"))


def raised(assessment):
    """Return the data of an assessment with values from 1 to 4."""
    values = assessment.stage_array("raw").T + 1
    codes = [leaf.code for leaf in assessment.index.indicators]
    return {
        "unit": assessment.units,
        **dict(zip(codes, np.minimum(values, 4), strict=True)),
    }


def brought(page, expected, link=""):
    """Compare the points and references of a page with those of an assessment."""
    points, references, scores = (
        np.array(part, dtype=float) for part in page.evaluate(CONTRIBUTIONS, link)
    )
    assert_allclose(points, expected.contribution_array(), rtol=0, atol=1e-9)
    has_score = ~np.isnan(expected.reference_array())
    assert_allclose(references[has_score], expected.reference_array()[has_score], rtol=0, atol=1e-9)
    total = references + np.nansum(points, axis=1)
    assert_allclose(total[has_score], scores[has_score], rtol=0, atol=1e-9)
    return has_score


def chosen(index, rng):
    """Return random weights, and the link that chooses them."""
    codes = [node.code for node in index.walk()][1:]
    own = dict(zip(codes, rng.random(len(codes)).tolist(), strict=True))
    own["i4"] = 0
    return index.with_weights(own), "&".join(f"w.{code}={w!r}" for code, w in own.items())


GEOMETRIC, MINIMUM = aggregation.GeometricMean(), aggregation.Minimum()


@pytest.mark.parametrize(
    ("method", "means"),
    [
        ({}, [{}, {"T": GEOMETRIC}, {"T": MINIMUM, "s0": GEOMETRIC}]),
        ({"coverage": 0.6, "aggregation": {"T": GEOMETRIC, "s1": MINIMUM}}, [{}]),
        (
            {"aggregation": {"T": aggregation.PowerMean(-2), "s0": aggregation.PowerMean(0.5)}},
            [{}, {"s1": GEOMETRIC}],
        ),
        ({"aggregation": {"s0": aggregation.PowerMean(np.inf)}, "missing": "propagate"}, [{}]),
        # With scores of 0 the geometric mean of the page is this product.
        ({"normalisation": n.Scaled()}, [{}, {"s0": aggregation.Product(total=1)}]),
        (
            {"aggregation": {"T": aggregation.Product(total=1)}, "decimals": {"s1": 0}},
            [{}],
        ),
        ({"normalisation": {"*": n.Scaled(1, 100), "s0": n.MinMax(1, 9, worst=30, best=70)}}, [{}]),
    ],
)
def test_points_are_those_of_the_library_under_changed_weights_and_means(method, means, visit):
    assessment = tied(**method)
    page = visit(assessment)
    assert brought(page, assessment).any()
    rng = np.random.default_rng(7)
    before = method.get("aggregation", {})
    for changed in means:
        index, link = chosen(assessment.index, rng)
        orders = {MINIMUM: "-Infinity"}
        link += "".join(f"&a.{code}={orders.get(one, '0')}" for code, one in changed.items())
        expected = assessment.evolve(index=index, aggregation=before | changed)
        has_score = brought(page, expected, link)
        assert has_score.any()
        assert not np.isnan(assessment.stage_array("normalised")[has_score]).all()


def test_points_of_many_children_are_those_of_one_order_and_its_reverse(visit):
    rng = np.random.default_rng(2)
    codes = [f"i{j}" for j in range(14)]
    values = rng.random((7, 14)).round(2)
    data = {"unit": list("ABCDEFG"), **dict(zip(codes, values.T, strict=True))}
    index = Index("T", [Indicator(code, scale=(0, 1)) for code in codes])
    method = Method(normalisation=n.Scaled(), aggregation=MINIMUM)
    assessment = Assessment(index, data, method=method)
    assert brought(visit(assessment), assessment).all()


def test_a_value_of_0_has_points_where_a_mean_takes_logarithms(visit):
    page = visit(tied(aggregation=aggregation.HarmonicMean()))
    page.evaluate("() => { state.whatIf.set(6, new Map([[tree.leaves[0], -4 / 99]])); refresh(); }")
    points, references, scores = page.evaluate(CONTRIBUTIONS, None)
    assert scores[6] == 0
    assert references[6] > 1
    assert_allclose(np.nansum(np.array(points[6], dtype=float)), -references[6], atol=1e-9)


def test_the_page_says_what_points_are_counted_from(visit):
    assessment = tied(aggregation={"s0": MINIMUM})
    page = visit(assessment, "#unit=u05")
    reference = assessment.reference_array()[5]
    said = page.inner_text("#counted")
    assert said.startswith(f"Points are counted from {reference:.2f}, the score with the median of")
    top = page.inner_text("#parts .whole td >> nth=2")
    gap = assessment.array("T")[5] - reference
    assert top == f"{gap:+.2f}".replace("-", "−")
    page.evaluate("() => { follow('unit=u05&a.s0=1'); refresh(); }")
    assert page.inner_text("#counted") == ""
    assert page.inner_text("#parts .whole td >> nth=2") == page.evaluate(
        "figure(current.scores[0][5], 2)"
    )
    page.select_option("#beside", "7")
    until(page, "state.beside === 7 && !waiting")
    assert "Lead" in page.inner_text("#parts thead")


def test_a_chosen_aggregation_is_that_of_the_library(visit):
    assessment = tied()
    page = visit(assessment)
    for label, choice in (
        ("Geometric mean", aggregation.GeometricMean()),
        ("Minimum", aggregation.Minimum()),
    ):
        page.select_option("#rule-0", label=label)
        until(page, f"state.orders[0] === {0 if 'Geo' in label else '-Infinity'} && !waiting")
        ranks = page.evaluate("Array.from(current.ranks)")
        assert_array_equal(ranks, assessment.evolve(aggregation={"T": choice}).rank_array("T"))


def test_a_slider_changes_the_table_and_the_link_and_all_can_go_back(visit):
    page = visit(tied())
    before = page.inner_text("#items")
    assert page.inner_text("#state") == "The published index"
    page.focus("#weight-1")
    for _ in range(3):
        page.keyboard.press("PageUp")
    until(page, "location.hash === '#w.s0=80'")
    assert page.inner_text("#state").startswith("Changed: 1 weight.")
    assert page.inner_text("#share-1") == "61.5 %"
    assert page.inner_text("#items") != before
    page.click("#reset")
    until(page, "location.hash.length < 2")
    assert page.inner_text("#items") == before
    assert page.is_disabled("#reset")


def test_a_link_opens_what_was_chosen(visit):
    link = (
        "#w.s0=80&a.s1=-Infinity&unit=u05&with=u07&x=[%22u05%22,%22i1%22,3.5]"
        # What does not fit is passed over.
        "&w.none=1&w.s1=-1&a.T=7&x=nonsense&x=[1]&x=[%22u05%22,%22T%22,1]&group=B"
    )
    page = visit(tied(), link)
    assert page.inner_text("#unit-title") == "u05"
    text = page.inner_text("#state")
    assert text.startswith("Changed: 1 weight, 1 aggregation, 1 what-if value.")
    kept = page.evaluate("linked()")
    assert page.evaluate("link => (follow(link), linked())", kept) == kept
    assert "u05: i1" in page.inner_text("#supposed")
    assert page.inner_text("#standing").count("of 40") == 2
    page.evaluate("location.hash = 'unit=u09'")
    until(page, "document.querySelector('#unit-title').textContent === 'u09'")
    assert page.inner_text("#state") == "The published index"


def test_a_what_if_value_is_that_of_other_data(visit):
    assessment = tied()
    page = visit(assessment, "#unit=u05")
    page.select_option("#leaf", label="i4")
    page.fill("#number", "3.25")
    page.press("#number", "Enter")
    until(page, "state.whatIf.size === 1 && !waiting")
    values = assessment.stage_array("raw").copy()
    values[5, 4] = 3.25
    codes = [leaf.code for leaf in assessment.index.indicators]
    data = {"unit": assessment.units, **dict(zip(codes, values.T, strict=True))}
    expected = Assessment(assessment.index, data, method=assessment.method)
    assert_allclose(page.evaluate("Array.from(current.scores[0])"), expected.array("T"))
    assert_array_equal(page.evaluate("Array.from(current.ranks)"), expected.rank_array("T"))
    page.fill("#number", "99")  # beyond the scale
    page.press("#number", "Enter")
    until(page, "state.whatIf.get(5).get(state.leaf) === 4")
    page.click("#supposed button")
    until(page, "state.whatIf.size === 0")


def test_what_would_raise_a_unit_most_is_what_the_library_finds(visit):
    assessment = tied()
    page = visit(assessment, "#unit=u05")
    expected = []
    for code in (leaf.code for leaf in assessment.index.indicators):
        moved = assessment.held.unit(5).moved({code: 100.0})
        expected.append((float(np.ravel(moved["T"])[0]), code))
    gains = page.evaluate("gains(5).map(gain => [gain.score, nodes[gain.leaf].code])")
    best = sorted(expected, reverse=True)[: len(gains)]
    assert gains
    assert_allclose([score for score, _ in gains], [score for score, _ in best])
    page.click("#gains button")
    until(page, "state.whatIf.size === 1 && !waiting")
    assert_allclose(page.evaluate("current.scores[0][5]"), gains[0][0])


def test_the_table_is_downloaded_as_shown(visit):
    assessment = tied()
    page = visit(assessment)
    with page.expect_download() as waited:
        page.click("#csv")
    text = waited.value.path().read_text(encoding="utf-8-sig")
    rows = list(csv.DictReader(io.StringIO(text)))
    assert len(rows) == 40
    assert list(rows[0])[:6] == ["unit", "name", "rank", "published_rank", "T", "published_T"]
    scores = dict(zip(assessment.units, assessment.array("s0").tolist(), strict=True))
    assert_allclose(
        [float(row["s0"] or "nan") for row in rows], [scores[row["unit"]] for row in rows]
    )


def test_no_downloaded_text_is_read_as_a_formula(visit):
    units = ["=1+1", "+x", "-x", "@x", "plain", '="a,b"']
    data = {"unit": units, "name": ["=n", None, "-n", "n", "n", "n"], "=a": np.arange(6.0)}
    page = visit(Assessment(Index("T", [Index("-P", [Indicator("=a")])]), data))
    with page.expect_download() as waited:
        page.click("#csv")
    text = waited.value.path().read_text(encoding="utf-8-sig")
    head, *rows = csv.reader(io.StringIO(text))
    assert head[-1] == "'-P"
    found = {row[0].removeprefix("'"): row[:2] for row in rows}
    assert set(found) == set(units)
    assert found["=1+1"] == ["'=1+1", "'=n (=1+1)"]
    assert found["plain"] == ["plain", "n (plain)"]
    assert not any(cell.startswith(("=", "+", "-", "@")) for row in rows for cell in row)


def test_only_the_rows_in_view_are_drawn_and_the_keyboard_reaches_all(visit):
    data = {"unit": [f"county {i}" for i in range(3142)], "a": np.arange(3142.0)}
    page = visit(Assessment(Index("T", [Indicator("a")]), data))
    assert page.locator("#items tr").count() < 60
    assert page.get_attribute("#league", "aria-rowcount") == "3143"
    page.focus("#items [tabindex='0']")
    page.keyboard.press("ArrowDown")
    assert page.evaluate("document.activeElement.textContent") == "county 3140"
    page.keyboard.press("End")
    assert page.evaluate("document.activeElement.textContent") == "county 0"
    page.keyboard.press("Enter")
    until(page, "document.querySelector('#unit-title').textContent === 'county 0'")
    page.fill("#search", "county 31")
    assert page.inner_text("#shown") == "53 of 3,142 units."
    page.emulate_media(media="print")
    page.evaluate("dispatchEvent(new Event('beforeprint'))")
    assert page.locator("#items tr:not([hidden])").count() == 53


def test_hostile_names_groups_and_other_comparisons(visit):
    page = visit(hostile(), group="place")
    assert page.locator("img, b, a, script:not([type])").count() == 1  # the page's own script
    for kind in ("group", "near", "all"):
        page.select_option("#beside", kind)
        until(page, f"state.beside === '{kind}' && !waiting")
    page.select_option("#group", label="<script>alert(1)</script>")
    until(page, "shown.length === 1")
    page.click("th.name button")
    page.click("th.moved button")
    assert page.get_attribute("th.moved", "aria-sort") == "descending"
    page.locator("#parts button").first.click()
    assert page.locator("#parts tbody tr").count() == 6


def test_a_phone_shows_one_part_at_a_time(visit):
    page = visit(tied())
    page.set_viewport_size({"width": 390, "height": 844})
    assert page.is_visible("#ranking")
    assert not page.is_visible("#unit")
    page.click("#items button >> nth=1")
    assert page.is_visible("#unit")
    page.click("[data-shows=weights]")
    assert page.is_visible("#weights")
    assert page.evaluate("document.documentElement.scrollWidth") == 390


def test_a_score_that_is_based_on_few_indicators_has_its_mark(visit):
    index = Index("T", [Indicator(code) for code in "abc"])
    data = {"unit": ["X", "Y", "Z"], "a": [1, 3, 2], "b": [5, 9, None], "c": [2, 2.5, None]}
    page = visit(Assessment(index, data))
    row = page.locator("#items tr", has_text="Z")
    assert row.locator(".score span").first.inner_text() == "50.0*"
    assert (
        page.locator("#shown")
        .inner_text()
        .endswith("* Based on fewer than half of its indicators.")
    )
    row.locator("button").click()
    # The page is drawn again a moment later; this fails if the text does not come.
    page.locator("#standing", has_text="score 50.0*").wait_for()


def test_weights_of_zero_leave_no_score_and_say_so(visit):
    page = visit(tied(), "#w.s0=0&w.s1=0")
    assert "All weights within T are 0, so no score can be computed." in page.inner_text("#state")
    assert page.inner_text("#shown") == "40 units. 40 without a score."


# Every text of the page, and every attribute that is read aloud or shown.
TEXTS = """() => {
    const texts = [document.title, csv().split("\\r\\n")[0]];
    const skipped = new Set(["SCRIPT", "STYLE", "NOSCRIPT"]);
    for (const element of document.querySelectorAll("*")) {
        for (const name of ["aria-label", "aria-valuetext", "placeholder", "label", "title", "alt"])
            if (element.hasAttribute(name)) texts.push(element.getAttribute(name));
        if (skipped.has(element.tagName)) continue;
        for (const node of element.childNodes) if (node.nodeType === 3) texts.push(node.data);
    }
    return texts;
}"""


def marked(language):
    """Return a language that puts each message between brackets."""
    return Language(
        code="xx", messages={text: f"⟦{text}⟧" for text in language_of(language).messages}
    )


def unspoken(page):
    """Return the texts that have words outside the messages; names have a single letter."""
    found = []
    for text in page.evaluate(TEXTS):
        rest, n = text, 1
        while n:
            rest, n = re.subn("⟦[^⟦⟧]*⟧", "", rest)
        if re.search(r"[^\W\d_]{2}", rest.replace("digital-leadership-index", "")):
            found.append(text)
    return found


def lettered(**method):
    """Assess units whose names, like those of indicators, have a single letter."""
    data = {
        "unit": list("ABCDEFGHIJ"),
        "g": [*"UVUVUVUVU", None],
        "a": [1, 2, 3, 4, 5, 6, 7, 8, 9, None],
        "b": [3, 1, 4, 1, 5, 9, 2, 6, 5, None],
        "c": [2, 7, 1, 8, 2, 8, 1, None, 8, 3],
    }
    measured = Indicator("c", goalposts=(0, 10), unit_of_measure="m")
    index = Index("T", [Index("S", [Indicator("a"), Indicator("b", goalposts=(0, 9))]), measured])
    normalisation = {"b": n.Goalposts(), "c": n.Goalposts()}
    return Assessment(index, data, method=Method(normalisation=normalisation, **method))


@pytest.mark.parametrize("missing", ["renormalise", "propagate"])
def test_all_words_of_the_page_are_in_its_language(missing, visit):
    page = visit(
        lettered(missing=missing, aggregation={"S": MINIMUM}), group="g", lang=marked("fr")
    )
    for link in (
        "",
        "w.a=3&a.T=0&unit=B&x=[%22B%22,%22b%22,3]&compare=group",
        "w.a=0&w.b=0&with=C&a.S=1",
        "unit=J&compare=near",
        "x=[%22B%22,%22b%22,3]&x=[%22C%22,%22a%22,3]&a.S=1&with=D",
    ):
        page.evaluate("link => { follow(link); state.open.add(1); refresh(); }", link)
        assert unspoken(page) == []
    page.evaluate("() => { state.leaf = tree.leaves[2]; state.search = 'b'; refresh(); }")
    assert unspoken(page) == []


def test_the_page_speaks_french(visit):
    page = visit(tied(), "#w.s0=80&unit=u05", lang="fr")
    assert page.inner_text("#state").startswith("Modifications : 1 poids. ".replace(" :", "\xa0:"))
    assert page.inner_text("#share-1") == "61,5\xa0%"
    assert page.inner_text("#shown") == "40 entités."
    assert page.inner_text("#league thead").split() == ["Rang", "Évolution", "Entité", "Score"]
    score = page.evaluate("current.scores[0][5]")
    assert f"score {score:.1f}".replace(".", ",") in page.inner_text("#standing")
    with page.expect_download() as waited:
        page.click("#csv")
    assert waited.value.suggested_filename == "classement.csv"
    head = waited.value.path().read_text(encoding="utf-8-sig").splitlines()[0]
    assert head == "entité,intitulé,rang,rang_publié,T,T_publié,s0,s1"
    page.fill("#search", "u0")
    assert page.inner_text("#shown") == "10 sur 40 entités."


def test_a_code_that_the_browser_does_not_know_sorts_as_english(visit):
    page = visit(lettered(), lang=Language(code="abcd", decimal="·", thousands=""))
    assert page.get_attribute("html", "lang") == "abcd"
    assert page.evaluate("figure(-1234.5, 1)") == "−1234·5"
    assert page.evaluate("[figure(-0.01, 1), written(-2.5)]") == ["0·0", "−2·5"]
