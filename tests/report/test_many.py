"""Reports of thousands of units: heads, distributions, and a complete list that folds."""

import re

import matplotlib as mpl
import numpy as np
import pytest

mpl.use("Agg")

from tests.report.pages import check

from dli import Assessment, Bands, Index, Indicator, Method, report
from dli.normalisation import Goalposts
from dli.report import (
    Paragraph,
    Picture,
    Report,
    Section,
    Table,
    grounds,
    many,
    parts,
    quality,
    standing,
    studies,
    whole,
)
from dli.report.drawn import drawn_ranks
from dli.report.language import ENGLISH
from dli.sensitivity import Alternatives, Exclusion, WeightNoise, uncertainty

pytestmark = pytest.mark.once

N = 3_000
INDEX = Index(
    "T",
    [
        Index("P", [Indicator("a"), Indicator("b")], "First part"),
        Index("Q", [Indicator("c"), Indicator("d", direction=-1)]),
    ],
    "Test",
    bands=Bands((30, 60), ("low", "middle", "high")),
)


def values(n, seed=0):
    drawn = np.random.default_rng(seed).random((4, n))
    return dict(zip("abcd", drawn, strict=True))


def made_up(n, index=INDEX, **columns):
    return Assessment(index, {"unit": [f"u{i:05d}" for i in range(n)], **values(n), **columns})


@pytest.fixture(scope="module")
def many_units():
    # Names run against the order of the units, and one of them is sorted without its accent.
    names = [f"Place {N - i:05d}" for i in range(N)]
    names[0], names[1] = "Álava", "zuletzt"
    return made_up(N, name=names)


@pytest.fixture(scope="module")
def study(many_units):
    return uncertainty(many_units, [WeightNoise(0.25)], n_samples=30, rng=0)


@pytest.fixture(scope="module")
def page(many_units, study):
    return report.of_index(many_units, study=study)


@pytest.fixture(autouse=True)
def _undrawn(page, monkeypatch):
    """Draw the pictures of one report, made above, and of no other: they take most of the time."""
    for module in (whole, quality, many, standing, grounds):
        monkeypatch.setattr(module, "picture", lambda _, *words: Picture(b"<svg/>", *words))


def section(page, title):
    (found,) = [one for one in page.sections if one.title == title]
    return found


def blocks(page, title, kind):
    return [block for block in section(page, title).blocks if isinstance(block, kind)]


def words(page, title):
    return [block.text for block in blocks(page, title, Paragraph)]


def test_a_report_of_thousands_of_units_is_small_and_keeps_its_promises(page):
    html = page.html()
    assert len(html.encode()) < 2_000_000
    parsed = check(html)
    assert len(parsed.of("img")) == len(page.pictures) == 10
    assert [s.title for s in page.sections][:3] == ["In short", "League table", "All units"]
    assert page.subtitle == "3,000 units, 4 indicators"
    assert not [text for s in page.sections for text in words(page, s.title) if "cannot" in text]


def test_the_league_shows_both_ends_and_says_so(many_units, study, page):
    said = words(page, "League table")
    assert " ".join(said) == (
        "3,000 units are too many for one table or picture: the report shows the 50 highest and "
        'the 50 lowest, and how the scores of all units are distributed. The section "All units" '
        "has the rank and score of each unit."
    )
    spread, highest, lowest = blocks(page, "League table", Table)
    assert spread.head == (
        "code", "name", "lowest", "10 %", "25 %", "median", "75 %", "90 %", "highest",
    )  # fmt: skip
    scores = many_units.array("T")
    figures = np.quantile(scores, [0, 0.1, 0.25, 0.5, 0.75, 0.9, 1])
    assert [row[0] for row in spread.rows] == ["T", "P", "Q"]
    assert spread.rows[0][2:] == tuple(f"{x:.1f}" for x in figures)
    assert highest.caption.startswith(
        "The 50 highest units by rank, with their scores in the index"
    )
    assert highest.head == (
        "unit", "rank", "90 % of simulations", "band", "score", "First part", "Q"
    )  # fmt: skip
    order = np.argsort(-scores, kind="stable")
    for table, rows in ((highest, order[:50]), (lowest, order[-50:])):
        assert [row[0].split("(")[1][:-1] for row in table.rows] == [
            many_units.units[i] for i in rows
        ]
    low, high = study.rank_quantiles(0.05), study.rank_quantiles(0.95)
    # The study counts 3,000 ranks in fewer bins; an interval is exact in the report.
    first = order[0]
    exact = drawn_ranks(study, [first], range(N)).ranks
    told = [float(x.replace(",", "")) for x in highest.rows[0][2].split(" to ")]
    ends = np.quantile(exact, [0.05, 0.95]).round().tolist()
    assert told == sorted({*ends})  # one rank is written once
    assert [told[0], told[-1]] == pytest.approx([low[first], high[first]], abs=3)
    alts = [picture.alt for picture in blocks(page, "League table", Picture)]
    assert alts == [
        "A histogram of the scores of 3,000 units",
        "Bars of the scores of the 50 highest units, the highest first",
        "Bars of the scores of the 50 lowest units, the highest first",
    ]


def test_every_unit_is_listed_by_name_in_blocks_that_fold(many_units, page):
    tables = blocks(page, "All units", Table)
    assert [len(table.rows) for table in tables] == [1_000, 1_000, 1_000]
    assert all(table.folded for table in tables)
    assert " ".join(words(page, "All units")) == (
        "The HTML page lists all 3,000 units by name, with rank and score, in 3 blocks to open with "
        "a click. In most browsers, searching the page also finds units in closed blocks, and "
        "opens them."
    )
    rows = [row for table in tables for row in table.rows]
    names = [row[0] for row in rows]
    assert names[0] == "Álava (u00000)"
    assert names[-1] == "zuletzt (u00001)"
    assert names[1:-1] == sorted(names[1:-1])
    assert tables[0].caption == f"Álava (u00000) to {names[999]}"
    ranks, scores = many_units.rank_array("T"), many_units.array("T")
    by_unit = {row[0].split("(")[1][:-1]: row[1:] for row in rows}
    assert len(by_unit) == N
    for i in (0, 1, 17, N - 1):
        band = INDEX.bands.of(scores[[i]])[0]
        assert by_unit[f"u{i:05d}"] == (f"{ranks[i]:,.0f}", f"{scores[i]:.3f}", band)
    html = page.html()
    assert html.count("<details>") == html.count("<summary>") == html.count("</details>") == 3
    assert f"<summary>{tables[1].caption}</summary>" in html
    assert f"<caption>{tables[1].caption}</caption>" not in html


def test_markdown_leaves_the_list_out_and_says_so(page):
    text = page.markdown("files")
    assert "3,000 units are too many" in text
    assert len(text) < 40_000
    left_out = (
        "*3 folded tables (3,000 rows in all) are left out of Markdown; save the report as HTML "
        "to see them.*"
    )
    assert text.count(left_out) == 1
    assert text.count("left out of Markdown") == 1
    # Pictures after the list keep their numbers.
    numbers = [int(n) for n in re.findall(r"files/picture-(\d+)\.svg", text)]
    assert numbers == list(range(1, len(page.pictures) + 1))


def test_one_folded_table_is_left_out_in_the_singular():
    tables = [Table("One", ["unit"], [["X"]], folded=True), Table("Two", ["unit"], [["Y"]])]
    text = Report("R", "", [Section("S", tables)]).markdown()
    assert "*A folded table (1 row in all) is left out of Markdown; save" in text
    assert "X" not in text
    assert "**Two**" in text


def test_rank_intervals_are_those_of_both_ends(page):
    title = "Robustness of the ranks"
    assert words(page, title)[0].startswith(
        "In 30 simulations in which each weight is up to 25 % higher or lower, ranks change by"
    )
    assert [picture.alt for picture in blocks(page, title, Picture)] == [
        "Intervals of the ranks of the 50 highest units",
        "Intervals of the ranks of the 50 lowest units",
        "A heat map of the share of simulations in which each unit had each rank",
    ]
    (loose,) = blocks(page, title, Table)
    assert len(loose.rows) == 10
    assert loose.caption == "The ranks that depend most on the choices that vary."


def test_the_data_are_shown_as_histograms(page):
    alts = [picture.alt for picture in blocks(page, "Data quality", Picture)]
    assert alts == ["Histograms of the values of each indicator, before and after treatment"]


def test_the_report_of_one_unit_of_thousands_has_its_exact_interval(many_units, study):
    made = report.of_unit(many_units, "u00007", study=study)
    assert made.subtitle == "One of 3,000 units"
    check(made.html())
    assert len(made.html()) < 300_000
    ranks = drawn_ranks(study, [7], range(N)).ranks[:, 0]
    low, high = np.quantile(ranks, [0.05, 0.95])
    between = f"lies between {low:,.0f} and {high:,.0f} in 90 % of"
    assert f"{between} them." in words(made, "Caveats")[0]
    assert f"Its rank {between} the simulations." in words(made, "In short")[0]


def test_a_report_of_500_units_is_shown_whole_and_one_of_501_is_not():
    shown, heads = (
        report.of_index(a, study=uncertainty(a, [WeightNoise(0.5)], n_samples=5, rng=0))
        for a in (made_up(parts.UNITS), made_up(parts.UNITS + 1))
    )
    assert len(blocks(shown, "League table", Table)[0].rows) == 500
    assert "All units" not in [s.title for s in shown.sections]
    assert [len(t.rows) for t in blocks(heads, "League table", Table)] == [3, 50, 50]
    assert [len(t.rows) for t in blocks(heads, "All units", Table)] == [501]
    assert "in one block to open" in words(heads, "All units")[0]


def few_scored(n_scored):
    """Assess 600 units of which only some have a score."""
    flat = Index("T", [Indicator(code, goalposts=(0, 1)) for code in "ab"])
    method = Method(normalisation=Goalposts(), missing="propagate", availability=0.1)
    data = values(600)
    b = np.where(np.arange(600) < n_scored, data["b"], np.nan)
    a = data["a"] if n_scored else np.where(np.arange(600) < 300, data["a"], np.nan)
    b = b if n_scored else np.where(np.arange(600) < 300, np.nan, data["b"])
    return Assessment(flat, {"unit": [f"u{i}" for i in range(600)], "a": a, "b": b}, method=method)


def test_units_without_a_score_are_in_the_list():
    made = report.of_index(few_scored(60))
    assert words(made, "League table")[0].endswith(" 540 of the units have no score.")
    tables = blocks(made, "League table", Table)
    assert [len(table.rows) for table in tables] == [3, 50, 10]
    assert tables[2].caption.startswith("The 10 lowest units by rank")
    (listed,) = blocks(made, "All units", Table)
    assert listed.head == ("unit", "rank", "score")
    assert len(listed.rows) == 600
    assert [row[1:] for row in listed.rows if row[0] == "u599"] == [("–", "–")]
    few = report.of_index(few_scored(20))
    assert words(few, "League table")[0].startswith(
        "600 units are too many for one table or picture: the report shows the 20 highest, and how"
    )
    assert [len(table.rows) for table in blocks(few, "League table", Table)] == [3, 20]
    check(few.html())


def test_a_part_without_a_score_has_no_quantiles():
    flat = Index("T", [Indicator(code, goalposts=(0, 1)) for code in "ae"])
    data = {"unit": range(510), "a": values(510)["a"], "e": [None] * 510}
    assessment = Assessment(flat, data, method=Method(normalisation=Goalposts()))
    spread = many._quantiles(ENGLISH, assessment, range(510))
    assert spread.rows[2] == ("e", *("–" * 7))


def test_where_no_unit_has_a_score_the_report_says_so():
    made = report.of_index(few_scored(0))
    assert words(made, "League table") == ["No unit has a score."]
    assert len(blocks(made, "All units", Table)[0].rows) == 600
    check(made.html())


def test_scores_that_only_draws_have_make_no_heads():
    assessment = few_scored(0)
    filled = Alternatives("missing", ["propagate", "renormalise"])
    study = uncertainty(assessment, [filled], n_samples=5, rng=0)
    made = report.of_index(assessment, study=study)
    assert words(made, "Robustness of the ranks") == ["No unit has a score."]


def test_fewer_draws_are_made_of_very_many_units_and_the_text_says_how_many(monkeypatch):
    monkeypatch.setattr(studies, "_MANY_UNITS", 600)
    monkeypatch.setattr(studies, "_FEWER_DRAWS", 20)
    monkeypatch.setattr(studies, "_FEWEST_DRAWS", 10)
    assessment = made_up(601)
    note = (
        "This report is based on 20 simulations instead of the usual 2,000, since there are "
        "more than 600 units. To use more, pass a study (study=...)."
    )
    league, one = report.of_index(assessment), report.of_unit(assessment, "u00007")
    assert words(league, "Robustness of the ranks")[1] == note
    assert words(league, "Robustness of the ranks")[0].startswith("In 20 simulations in")
    assert note in words(one, "Caveats")
    longer = uncertainty(assessment, [WeightNoise(0.25)], n_samples=25, rng=0)
    said = "The rank intervals are those of the first 20 simulations."
    assert said in words(report.of_index(assessment, study=longer), "Robustness of the ranks")
    assert said in words(report.of_unit(assessment, "u00007", study=longer), "Caveats")
    assert studies.fewer(ENGLISH, made_up(600), None) == []


def test_exact_ranks_are_those_of_the_study_where_it_counts_each_rank():
    assessment = few_scored(60)
    study = uncertainty(assessment, [Exclusion(["a", "b"])], n_samples=40, rng=3)
    rows = [5, 59, 3, 599]
    drawn = drawn_ranks(study, rows, range(600))
    for q in (0.05, 0.5, 0.95):
        np.testing.assert_array_equal(drawn.quantiles(rows, q), study.rank_quantiles(q)[rows])
    np.testing.assert_allclose(drawn.shares(rows, 600), study.rank_acceptability[rows], atol=1e-12)
    assert drawn.n_draws == 40
    assert drawn.interval(5) == studies.intervals(study)[5]


def test_ranks_of_a_panel_are_those_within_a_period():
    data = values(1_200)
    panel = Assessment(
        Index("T", [Indicator(code, goalposts=(0, 1)) for code in "abcd"]),
        {"unit": [f"u{i % 600}" for i in range(1_200)], "year": [1] * 600 + [2] * 600, **data},
        period="year",
        method=Method(normalisation=Goalposts()),
    )
    study = uncertainty(panel, [WeightNoise(0.5)], n_samples=12, rng=0)
    rows = panel.rows(2).tolist()
    drawn = drawn_ranks(study, rows[:9], rows)
    for q in (0.05, 0.95):
        np.testing.assert_array_equal(
            drawn.quantiles(rows[:9], q), study.rank_quantiles(q)[rows[:9]]
        )
    league = report.of_index(panel, period=2, study=study)
    assert league.subtitle == "600 units, 4 indicators, 2"
    assert len(blocks(league, "All units", Table)[0].rows) == 600
    one = report.of_unit(panel, "u7", period=2, study=study)
    captions = [picture.caption for picture in blocks(one, "Change", Picture)]
    assert captions[0] == "The other units, of 600 in all, are not drawn."


def test_long_names_are_cut_in_the_titles_of_blocks():
    assessment = made_up(501, name=[f"{'x' * 50} {i:03d}" for i in range(501)])
    heads = many.heads_of(ENGLISH, assessment, range(501), None)
    (table,) = [block for block in many.everyone(heads) if isinstance(block, Table)]
    assert table.caption == f"{'x' * 39}… to {'x' * 39}…"
    assert table.rows[-1][0] == f"{'x' * 50} 500 (u00500)"


def test_heads_are_shown_without_a_study():
    single = made_up(501, Index("T", [Indicator("a")]))
    made = report.of_index(single)
    assert words(made, "Robustness of the ranks")[0].startswith(
        "The robustness of the ranks cannot be shown"
    )
    assert "90 % of simulations" not in blocks(made, "League table", Table)[1].head
