"""Reports of governments as readers meet them: names instead of codes, a summary on one screen."""

import re
import shutil
from functools import cache
from html.parser import HTMLParser

import matplotlib as mpl
import pytest

mpl.use("Agg")

from dli import Assessment, Index, Indicator, datasets, models, report
from dli.report import Paragraph, Picture, Report, Section, Table
from dli.sensitivity import WeightNoise, uncertainty

BROWSER = (
    shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
)
UNITS = ("KEN", "VNM", "USA", "EST", "PRK")
LANGUAGES = ("en", "fr")
# The smallest screen of a phone that is still sold widely.
WIDTH, HEIGHT = 390, 844


class Told(HTMLParser):
    """The texts of a page that are read as sentences: not columns of codes, nor formulas.

    The statement of methods is left out: it defines the codes and then uses them.
    """

    def __init__(self, html):
        super().__init__()
        self.texts, self.open, self.heads, self.column = [], [], [], 0
        self.words, self.is_methods = "", False
        self.feed(html)
        self.close()

    def handle_starttag(self, tag, attrs):
        own = dict(attrs)
        self.open.append(tag)
        if tag == "table":
            self.heads = []
        elif tag == "tr":
            self.column = -1
        elif tag in {"th", "td"}:
            self.column += 1
        self.texts += [own[name] for name in ("alt", "aria-label") if name in own]
        self.words = ""
        if tag in {"meta", "img"}:
            self.open.pop()

    def handle_endtag(self, tag):
        words, self.words = self.words.strip(), ""
        self.open.remove(tag)
        if tag == "h2":
            self.is_methods = words in {"Methods", "Méthodes"}
        if tag == "th" and "thead" in self.open:
            self.heads.append(words)
        elif tag in {"th", "td"} and self.heads[self.column] == "code":
            return
        if words and not self.is_methods:
            self.texts.append(words)

    def handle_data(self, data):
        if "style" not in self.open:
            self.words += data


@pytest.fixture(scope="module")
def real():
    data = datasets.load("digital-government")
    return Assessment(models.load("dli-public"), data, unit="iso3")


@pytest.fixture(scope="module")
def made(real):
    """Make reports once, without their pictures, which take most of the time."""
    drawn = Picture(b"<svg/>", "a picture")
    study = uncertainty(real, [WeightNoise(0.25)], n_samples=200, rng=0)
    graph = models.load_capabilities("dli-public")
    by = ["wb_region", "income_group", "population_millions"]
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(report.actions, "_PLANS", 1)
        for module in ("actions", "audited_correlations", "audited_ranks", "grounds", "quality",
                       "standing", "whole"):  # fmt: skip
            patch.setattr(getattr(report, module), "picture", lambda *_: drawn)
        patch.setattr(report.audited_ranks, "_FACTORS", 0)  # no Sobol indices

        @cache
        def one(what, lang):
            if what == "index":
                return report.of_index(real, study=study, lang=lang)
            if what == "audit":
                return report.audit(real, study=study, lang=lang)
            # Plans take seconds, and their words do not depend on the language.
            planned = {"graph": graph} if what in {"KEN", "PRK"} else {}
            planned |= {"budget": 8} if (what, lang) == ("KEN", "en") else {}
            return report.of_unit(real, what, by=by, study=study, lang=lang, **planned)

        yield one


def bare(html, codes):
    """Return the texts of a page with a code that stands by itself."""
    one = re.compile(rf"(?<!\w)(?:{'|'.join(map(re.escape, codes))})(?!\w)")
    # A name with its code in brackets is what the issue asks for.
    return [text for text in Told(html).texts if one.search(re.sub(r"\(\w+\)", "", text))]


@pytest.mark.once
@pytest.mark.parametrize("lang", LANGUAGES)
@pytest.mark.parametrize("what", [*UNITS, "index", "audit"])
def test_no_sentence_has_a_bare_code(made, real, what, lang):
    graph = models.load_capabilities("dli-public")
    codes = [node.code for node in real.index.walk()] + [one.code for one in graph.capabilities]
    told = bare(made(what, lang).html(), codes)
    # What the authors of the model wrote is theirs.
    assert [text for text in told if text != real.index.description.strip()] == []


def test_the_walk_would_tell():
    section = Section(
        "A",
        [
            Paragraph("DS: few values"),
            Paragraph("Digital Strategy (DS): few values"),
            Table("Of DT", ["code", "note"], [["DS", "DV too"]], [1]),
        ],
    )
    codes = ["DS", "DT", "DV"]
    html = Report("A", "", [section]).html()
    assert bare(html, codes) == ["DS: few values", "Of DT", "Of DT", "DV too"]
    methods = Report("A", "", [Section("Methods", [Paragraph("DS")])]).html()
    assert bare(methods, codes) == []


@pytest.mark.once
@pytest.mark.skipif(BROWSER is None, reason="no Chromium on this machine")
def test_title_and_summary_fit_the_first_screen_of_a_phone(made):
    driver = pytest.importorskip("playwright.sync_api", reason="needs Playwright")
    ends = {}
    with driver.sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=BROWSER, args=["--no-sandbox"])
        page = browser.new_page(viewport={"width": WIDTH, "height": HEIGHT})
        for lang in LANGUAGES:
            for unit in UNITS:
                page.set_content(made(unit, lang).html())
                ends[unit, lang] = page.evaluate(
                    "document.querySelector('section').lastElementChild"
                    ".getBoundingClientRect().bottom"
                )
        browser.close()
    assert {own: end for own, end in ends.items() if not 100 < end <= HEIGHT} == {}


def test_contents_follow_a_summary_in_words_and_come_before_a_table():
    words = Section("In short", [Paragraph("All is well.")])
    table = Section("Summary", [Paragraph("See below."), Table("T", ["a"], [["1"]])])
    for first, is_after in ((words, True), (table, False)):
        html = Report("A", "", [first, words]).html()
        assert (html.index("<nav ") > html.index('id="section-1"')) is is_after
        assert html.index("<nav ") < html.index('id="section-2"')
        assert html.count("<main>") == html.count("</main>") == html.count("<nav ") == 1
    assert "<nav " in Report("A", "", []).html()


def test_a_gain_from_a_doubtful_value_says_so():
    index = Index("T", [Indicator("a", "Ay", doubtful=[0]), Indicator("b", "Bee")])
    data = {"unit": list("XYZ"), "a": [0.0, 5, 9], "b": [8.0, 9, 1]}
    page = report.of_unit(Assessment(index, data), "X")
    said = " ".join(block.text for block in page.sections[0].blocks)
    assert "would raise its score most is in Ay (doubtful): if it had" in said
    (behind,) = [one for one in page.sections if one.title == "Where it is behind"]
    first = next(block for block in behind.blocks if isinstance(block, Table))
    notes = {row[0]: row[-1] for row in first.rows}
    assert notes == {"a": "doubtful", "b": ""}
