"""What reports say, that nothing in the data breaks them, and their errors."""

import re
import warnings
from base64 import b64decode
from functools import partial

import matplotlib as mpl
import numpy as np
import pytest

mpl.use("Agg")

from matplotlib import pyplot as plt
from tests.report.pages import HOSTILE, Page, check, hostile

from dli import Assessment, Bands, Index, Indicator, Method, datasets, models, report
from dli.aggregation import Copeland
from dli.capability import Capability, CapabilityGraph, Link
from dli.errors import DataError, MethodError, UnknownCodeError
from dli.imputation import ColumnMedian
from dli.normalisation import Goalposts, MinMax
from dli.report import Paragraph, Picture, Report, Section, Statement, Table
from dli.report.language import ENGLISH
from dli.sensitivity import WeightNoise, sobol, uncertainty
from dli.treatment import Percentiles

DATA = {
    "unit": list("VWXYZ"),
    "a": [1.0, 4.0, 6.0, 8.0, 9.0],
    "b": [2.0, 9.0, 1.0, 6.0, None],
    "c": [5.0, 3.0, 6.0, 9.0, 2.0],
    "land": ["n", "n", "s", "s", "s"],
}
INDEX = Index(
    "T",
    [Index("P", [Indicator("a"), Indicator("b")], "Part"), Indicator("c", "See", direction=-1)],
    "Test",
    bands=Bands((50,), ("low", "high")),
)


@pytest.fixture(autouse=True)
def _tidy(monkeypatch):
    monkeypatch.setattr(report.actions, "_PLANS", 2)
    before = dict(mpl.rcParams)
    plt.close("all")  # what other tests may have left
    plt.figure()  # the user's own
    yield
    assert len(plt.get_fignums()) == 1
    plt.close("all")
    assert dict(mpl.rcParams) == before


@pytest.fixture(scope="module")
def small():
    return Assessment(INDEX, DATA)


@pytest.fixture(scope="module")
def real():
    data = datasets.load("digital-government")
    return Assessment(models.load("dli-public"), data, unit="iso3")


def said(page, title):
    """Give the text of a section of a report."""
    section = next(section for section in page.sections if section.title == title)
    return "\n".join(
        block.text
        if isinstance(block, Paragraph)
        else "\n".join([block.caption, *(" ".join(row) for row in block.rows)])
        for block in section.blocks
        if isinstance(block, (Paragraph, Table))
    )


def test_a_units_report_tells_what_the_issue_is_about(real):
    page = report.of_unit(
        real,
        "KEN",
        by=["wb_region", "income_group"],
        graph=models.load_capabilities("dli-public"),
        budget=4,
    )
    titles = [section.title for section in page.sections]
    assert titles == [
        "In short", "Profile", "Peers", "Where it is behind", "Where it is ahead", "Balance",
        "Possible causes", "What to do first", "Caveats", "Its data", "Methods",
        "How to reproduce this",
    ]  # fmt: skip
    assert "Kenya (KEN) scores 60.1 and ranks 81st of 193" in said(page, "In short")
    assert "Ghana (GHA)" in said(page, "Peers")
    assert "DT02 Fixed broadband subscriptions 2.7 100.0 97.3 3.89 143" in said(
        page, "Where it is behind"
    )
    assert "strategy_planning Strategy and planning capability" in said(page, "Possible causes")
    plan = models.load_capabilities("dli-public").plan(real, "KEN", budget=4)
    raised = f"a budget of 4 would raise the score by {plan.gain:.2f} points to {plan.score:.2f}."
    assert raised in said(page, "What to do first")
    assert "in 90 % of them" in said(page, "Caveats")
    assert "122.79 lies beyond the goalposts 0 to 120" in said(page, "Its data")
    assert "seed 0" in said(page, "How to reproduce this")
    parsed = check(page.html())
    assert len(parsed.of("img")) == len(page.pictures) == 5
    assert len(parsed.of("math")) >= 3
    assert [figure["tabindex"] for figure in parsed.of("figure")] == ["0"] * 5


def test_the_report_of_193_governments_is_whole_and_small(real):
    page = report.of_index(real)
    html = page.html()
    assert len(html.encode()) < 5_000_000
    parsed = check(html)
    text = "".join(parsed.words)
    assert all(str(unit) in text for unit in real.units)
    assert "are those of Korea, Rep. (KOR) with 93.7, Estonia (EST) with 89.4 and France" in text
    assert "the lowest score, 6.2?, is that of Democratic People's Republic of Korea (PRK)." in text
    assert "By band: 35 in intelligent governance, 68 in services integrated" in text
    assert "123 of 5,597 values (2.2 %) are missing" in text
    assert "90 % of simulations" in text
    assert "Democratic People's Republic of Korea (PRK)" in text


def test_reports_repeat_to_the_last_byte(small):
    assert report.of_unit(small, "X").html() == report.of_unit(small, "X").html()
    with plt.style.context("dark_background"):
        styled = report.of_index(small).html()
    assert styled == report.of_index(small).html()


def test_whatever_names_hold_is_shown_as_it_is():
    assessment = hostile()
    graph = CapabilityGraph(
        [Capability("<u>", "<em>k</em>")],
        [Link("<u>", assessment.index.indicators[0].code, 0.5, evidence="<q>")],
    )
    for make in (
        partial(report.of_index, assessment),
        *(
            partial(report.of_unit, assessment, u, by="place", graph=graph, budget=1)
            for u in HOSTILE[:3]
        ),
    ):
        page = make()
        parsed = check(page.html())
        text = " ".join("".join(parsed.words).split())
        for name in HOSTILE:
            assert " ".join(name.split()) in text
        assert not re.search(r"(?<!\\)<script|(?<!\\)!\[x\]|(?<!\\)\[y\]", page.markdown("files"))


def test_markdown_comes_with_its_pictures(small, tmp_path):
    page = report.of_unit(small, "X", by="land")
    page.save(tmp_path / "x.md")
    text = (tmp_path / "x.md").read_text()
    named = re.findall(r"\]\(<(x_files/picture-\d+\.svg)>\)", text)
    assert len(named) == len(page.pictures) > 2
    for name, picture in zip(named, page.pictures, strict=True):
        assert (tmp_path / name).read_bytes() == picture.svg
    assert text.startswith("# X: Test\n\nOne of 5 units\n\n## In short\n")
    assert "### Framework" in text
    assert "\n# Methods" not in text
    inside = re.search(r"base64,([^>]+)>", page.markdown()).group(1)
    assert b64decode(inside) == page.pictures[0].svg
    page.save(tmp_path / "x.html")
    assert (tmp_path / "x.html").read_text() == page.html()
    with pytest.raises(MethodError, match=r"saved as \.html or \.md, got 'x\.pdf'"):
        page.save(tmp_path / "x.pdf")
    Report("Bare", "", []).save(tmp_path / "bare.md")
    assert (tmp_path / "bare.md").read_text() == "# Bare\n"
    assert not (tmp_path / "bare_files").exists()


def test_a_report_is_at_home_in_terminal_and_notebook(small):
    page = report.of_index(small)
    printed = repr(page)
    assert max(map(len, printed.splitlines())) <= 80
    assert "League table" in printed
    frame = Page(page._repr_html_())
    assert frame.tags[0][0] == "iframe"
    assert frame.tags[0][1]["srcdoc"] == page.html()


def test_periods_are_told_apart_and_change_is_explained():
    panel = Assessment(
        Index("T", [Indicator(c, goalposts=(0, 10)) for c in "ab"], "Test"),
        {
            "unit": list("XYZ") * 2,
            "year": [2000] * 3 + [2010] * 3,
            "a": [1.0, 5, 9, 7, 2, 4],
            "b": [3.0, 2, None, 8, 5, 6],
        },
        period="year",
        method=Method(normalisation=Goalposts()),
    )
    page = report.of_unit(panel, "X", period=2010)
    assert page.subtitle == "One of 3 units, 2010"
    assert "Its score was 20.0 (3rd) in 2000 and is 75.0 (1st) in 2010." in said(page, "Change")
    assert "Change" not in [s.title for s in report.of_unit(panel, "X", period=2000).sections]
    assert "b –" in said(report.of_unit(panel, "Z", period=2000), "Its data")
    whole = report.of_index(panel, period=2000)
    assert whole.subtitle == "3 units, 2 indicators, 2000"
    assert "2000" in said(whole, "Data quality")
    check(whole.html())
    with pytest.raises(UnknownCodeError, match="no period 2020; did you mean 2010"):
        report.of_unit(panel, "X", period=2020)
    with pytest.raises(MethodError, match="several periods: choose one of"):
        report.of_index(panel)


def test_what_cannot_be_had_is_replaced_by_the_reason():
    ordered = Assessment(INDEX, DATA, method=Method(aggregation=Copeland()))
    page = report.of_unit(ordered, "V")
    assert "cannot be shown" in said(page, "Peers")
    check(page.html())
    check(report.of_index(ordered).html())
    fixed = Index("T", [Indicator(c, goalposts=(0, 10)) for c in "ab"])
    alone = Assessment(fixed, {"unit": ["V"], "a": [1.0], "b": [2.0]})
    assert "No other unit can be compared" in said(report.of_unit(alone, "V"), "Peers")
    parts = said(report.of_index(alone), "Sub-indices")
    assert "Correlations at the level below the index cannot be shown" in parts
    check(report.of_index(alone).html())
    single = Assessment(Index("T", [Indicator("a")]), DATA)
    firm = said(report.of_index(single), "Robustness of the ranks")
    assert "The robustness of the ranks cannot be shown: " in firm
    assert "simulations" not in said(report.of_unit(single, "X"), "In short")


def test_a_study_that_comes_in_is_shown(small):
    study = uncertainty(small, [WeightNoise(0.5)], n_samples=50, rng=3)
    shares = sobol(small, [WeightNoise(0.5)], n_samples=16, rng=1)
    page = report.of_index(small, study=study, sobol=shares)
    assert "50 draws of WeightNoise(relative=0.5) and the seed 3" in said(
        page, "How to reproduce this"
    )
    assert len(page.pictures) == len(report.of_index(small).pictures) + 1
    caveats = said(report.of_unit(small, "X", study=study), "Caveats")
    assert "In 50 simulations in which each weight is up to 50 % higher or lower, its" in caveats


def test_data_that_were_changed_are_told():
    holes = {**DATA, "a": [None, None, None, 8.0, 900.0]}
    fixed = Method(imputation=ColumnMedian(), treatment=Percentiles(10, 90))
    page = report.of_index(Assessment(INDEX, holes, method=fixed))
    quality = said(page, "Data quality")
    assert "a  40 % 8 454 900 3 " in quality
    assert "Units with the most missing values." in quality
    left = Assessment(INDEX, holes, method=Method(availability=0.6, missing="propagate"))
    gone = said(report.of_index(left), "Data quality")
    assert "Units that were left out, and scores that could not be computed." in gone
    whole = {**DATA, "b": [2.0, 9.0, 1.0, 6.0, 3.0]}
    assert "Nothing is flagged." in said(report.of_index(Assessment(INDEX, whole)), "Data quality")


def test_units_without_a_score_are_last_or_refused():
    holes = {**DATA, "c": [5.0, None, 6.0, 9.0, 2.0]}
    assessment = Assessment(INDEX, holes, method=Method(missing="propagate"))
    league = said(report.of_index(assessment), "League table")
    assert [line.split()[:4] for line in league.splitlines()[-2:]] == [
        ["W", "–", "–", "–"],
        ["Z", "–", "–", "–"],
    ]
    with pytest.raises(DataError, match="unit 'W' has no score at 'T'"):
        report.of_unit(assessment, "W")
    split = {**DATA, "b": [2.0, 9.0, None, None, None], "c": [None, None, 6.0, 9.0, 2.0]}
    nobody = report.of_index(Assessment(INDEX, split, method=Method(missing="propagate")))
    assert "No unit has a score." in said(nobody, "In short")
    check(nobody.html())


@pytest.mark.parametrize(
    ("options", "error", "message"),
    [
        ({"unit": "Q"}, UnknownCodeError, "no unit 'Q'"),
        ({"by": "lnd"}, UnknownCodeError, "did you mean 'land'"),
        ({"peers": ["Q"]}, UnknownCodeError, "no unit 'Q'"),
        ({"budget": 3}, MethodError, "a budget needs a graph"),
    ],
)
def test_what_is_not_there_is_refused(small, options, error, message):
    with pytest.raises(error, match=message):
        report.of_unit(small, **{"unit": "X", **options})


def test_studies_of_something_else_are_refused(small, real):
    other = uncertainty(real, [WeightNoise(0.5)], n_samples=2, rng=1)
    part = uncertainty(small, [WeightNoise(0.5)], n_samples=2, rng=1, node="P")
    for make in (report.of_index, partial(report.of_unit, unit="X")):
        with pytest.raises(MethodError, match="study must be of the same units"):
            make(small, study=other)
        with pytest.raises(MethodError, match="study must be of the index, 'T', got one of 'P'"):
            make(small, study=part)


def test_peers_and_names_are_those_that_were_given():
    named = Assessment(INDEX, {**DATA, "name": ["Vee", None, "X", "Why", "Zed"]})
    graph = CapabilityGraph([Capability("k")], [Link("k", "a", 0.5)])
    page = report.of_unit(named, "X", peers=["V", "Y"], graph=graph)
    assert page.title == "X: Test"
    assert "It is compared with Vee (V) and Why (Y), the peers chosen for this report." in said(
        page, "Peers"
    )
    assert "What to do first" not in [section.title for section in page.sections]


def test_tables_are_whole():
    with pytest.raises(DataError, match=r"'t' must have 2 cells.*\n.*row 1 has 1 cells"):
        Table("t", ["a", "b"], [["1", "2"], ["3"]])


def test_reports_can_be_put_together_by_hand():
    page = Report(
        "By hand",
        "",
        [
            Section(
                "One",
                [
                    Paragraph("x < y"),
                    Statement(
                        "## Formula\n\n$$s = \\sum_k w_k x_k$$\n\nSee [here](http://example.org)"
                    ),
                    Table("Figures", ["unit", "score"], [["A", "1.0"]]),
                    Picture(b"<svg xmlns='http://www.w3.org/2000/svg'/>", "A bare one"),
                ],
            )
        ],
    )
    parsed = check(page.html())
    assert parsed.of("math")[0]["display"] == "block"
    assert "[here](http://example.org)" in "".join(parsed.words)
    assert "| unit | score |\n|---|---:|\n| A | 1.0 |" in page.markdown()


def test_the_scale_of_figures_is_kept():
    tiny = {**DATA, "a": [0.1, 0.2, 0.3, 0.4, 0.5]}
    unit = Assessment(INDEX, tiny, method=Method(normalisation=MinMax(0, 1)))
    assert "scores 0." in said(report.of_unit(unit, "X"), "In short")


def test_names_in_every_script_are_drawn():
    names = ["中国", "مصر", "Ελλάδα", "भारत", "日本"]
    page = report.of_unit(Assessment(INDEX, {**DATA, "unit": names}), "中国")
    drawn = [picture.svg.decode() for picture in page.pictures]
    assert any("中国" in svg for svg in drawn)
    assert not any(
        "<text" in picture.svg.decode()
        for picture in report.of_unit(Assessment(INDEX, DATA), "X").pictures
    )


def test_ranks_are_written_as_words_do():
    assert [ENGLISH.ordinal(r) for r in (1, 2, 3, 4, 11, 12, 13, 21, 102, 111)] == [
        "1st", "2nd", "3rd", "4th", "11th", "12th", "13th", "21st", "102nd", "111th",
    ]  # fmt: skip
    assert ENGLISH.number(np.nan) == ENGLISH.number(None) == "–"


def test_formulas_of_every_choice_turn_into_mathml():
    import dli
    from dli.report.web import _statement

    found = 0
    for family in ("imputation", "treatment", "normalisation", "weighting", "aggregation"):
        module = getattr(dli, family)
        for name in module.__all__:
            choice = getattr(module, name)
            try:
                text = choice().describe()
            except (TypeError, AttributeError, MethodError):
                continue
            with warnings.catch_warnings():
                warnings.simplefilter("error")
                html = _statement(text, ENGLISH)
            assert text.count("$") % 2 == 0
            assert html.count("<math") == text.count("$") // 2
            assert "merror" not in html
            found += "<math" in html
    assert found > 20


def test_packages_that_are_missing_are_named(small, monkeypatch):
    import sys

    page = report.of_index(small)
    monkeypatch.setitem(sys.modules, "markdown_it", None)
    with pytest.raises(ImportError, match=r'pip install "digital-leadership-index\[report\]"'):
        page.html()
    monkeypatch.setitem(sys.modules, "matplotlib", None)
    with pytest.raises(ImportError, match=r'pip install "digital-leadership-index\[report\]"'):
        report.of_index(small)
