"""What reports claim: ties, few indicators, weak peers, one unit, denominators, plans, notebooks."""

import os
import subprocess
import sys
from types import SimpleNamespace

import matplotlib as mpl
import numpy as np
import pytest

mpl.use("Agg")

from dli import Assessment, Index, Indicator, Method, datasets, models, report
from dli.aggregation import Difference
from dli.capability import Capability, CapabilityGraph, Link
from dli.normalisation import Goalposts, ZScore
from dli.report import (
    Paragraph,
    Picture,
    Table,
    actions,
    grounds,
    many,
    parts,
    quality,
    standing,
    studies,
    summary,
    whole,
)
from dli.report.language import ENGLISH
from dli.sensitivity import Exclusion, WeightNoise, uncertainty

FIXED = Method(normalisation=Goalposts())
# What sentences need of a case.
ENGLISH_CASE = SimpleNamespace(language=ENGLISH, say=ENGLISH.say)


@pytest.fixture(autouse=True)
def _undrawn(monkeypatch):
    """Draw nothing and solve few plans: both take long, and other tests do so."""
    monkeypatch.setattr(actions, "_PLANS", 2)
    monkeypatch.setattr(studies, "_DRAWS", 50)
    for module in (whole, quality, many, standing, grounds, actions):
        monkeypatch.setattr(module, "picture", lambda _, *words: Picture(b"<svg/>", *words))


@pytest.fixture(scope="module")
def real():
    data = datasets.load("digital-government")
    return Assessment(models.load("dli-public"), data, unit="iso3")


def index_of(codes, **options):
    """Return an index of sub-indices, each with two indicators from 0 to 100."""
    return Index(
        "T",
        [
            Index(c.upper(), [Indicator(f"{c}{i}", goalposts=(0, 100), **options) for i in (1, 2)])
            for c in codes
        ],
    )


def scored(codes, **rows):
    """Assess units with the same value in both indicators of each sub-index."""
    data = {"unit": list(rows)}
    for place, code in enumerate(codes):
        column = [row[place] for row in rows.values()]
        data |= {f"{code}1": column, f"{code}2": list(column)}
    return Assessment(index_of(codes), data, method=FIXED)


def section(page, title):
    (found,) = [one for one in page.sections if one.title == title]
    return found.blocks


def words(page, title):
    return "\n".join(b.text for b in section(page, title) if isinstance(b, Paragraph))


def tables(page, title):
    return [b for b in section(page, title) if isinstance(b, Table)]


def captions(page):
    return [block.caption for block in page.pictures]


# -- highest and lowest --------------------------------------------------------------------------


def test_ranks_that_tie_are_told_and_scores_are_named_beside_them():
    made = report.of_unit(scored("abc", X=(90, 60, 50), Y=(95, 70, 40), Z=(99, 80, 30)), "X")
    said = words(made, "In short")
    assert (
        "Its highest-ranked sub-index is C (1st); its lowest-ranked are A and B (both 3rd). Its "
        "highest score is in A (90.0); its lowest is in C (50.0). Rank and score can differ: "
        "where most units score high, even a high score can mean a low rank."
    ) in said


def test_no_sub_index_is_best_where_all_ranks_or_scores_tie():
    rows = {"X": (50, 40, 30), "Y": (60, 50, 40), "Z": (70, 60, 50)}
    said = words(report.of_unit(scored("abc", **rows), "X"), "In short")
    assert "All 3 sub-indices have the same rank (3rd). Its highest score is in A (50.0)" in said
    even = words(report.of_unit(scored("ab", X=(50, 50), Y=(60, 40)), "X"), "In short")
    assert "All 2 sub-indices have the same score (50.0)." in even
    assert "Its scores below the index are all the same." in words(
        report.of_unit(scored("ab", X=(50, 50), Y=(60, 40)), "X"), "Balance"
    )


def test_a_score_that_rounding_alone_tells_apart_ties():
    rows = {"X": (30, 100 * (0.1 + 0.2), 20), "Y": (50, 50, 50)}
    said = words(report.of_unit(scored("abc", **rows), "X"), "In short")
    assert "Its highest score is in A and B (both 30.0); its lowest is in C (20.0)." in said


def test_a_rank_of_the_index_that_is_shared_says_with_how_many():
    rows = {"X": (50, 40), "Y": (40, 50), "Z": (45, 45), "W": (10, 10)}
    page = report.of_unit(scored("ab", **rows), "X")
    assert "X scores 45.0 and ranks 1st of 4 (tied with 2 others). Its rank" in words(
        page, "In short"
    )
    assert "the lowest score, 10.0, is that of W." in words(
        report.of_index(scored("ab", **rows)), "In short"
    )


def test_nodes_are_called_what_they_are():
    flat = Index("T", [Indicator("a"), Indicator("b")])
    mixed = Index("T", [Index("P", [Indicator("a"), Indicator("b")]), Indicator("c")])
    data = {"unit": list("XYZ"), "a": [1, 2, 3], "b": [3, 1, 2], "c": [2, 1, 3]}
    said = words(report.of_unit(Assessment(flat, data), "X"), "In short")
    assert "Its highest-ranked indicator is b (1st); its lowest-ranked is a (3rd)." in said
    said = words(report.of_unit(Assessment(mixed, data), "X"), "In short")
    assert "All 2 nodes have the same rank (2nd)." in said


def test_scores_on_several_scales_are_compared_as_they_enter_the_index():
    data = {f"a{i}": [10, 20, 60] for i in (1, 2)} | {f"b{i}": [90, 50, 10] for i in (1, 2)}
    method = Method(normalisation={1: ZScore(100, 10), 2: Goalposts()})
    assessment = Assessment(index_of("ab"), {"unit": list("XYZ"), **data}, method=method)
    said = words(report.of_unit(assessment, "Y"), "In short")
    a, b = (assessment.array(code, normalised=True)[1] for code in "AB")
    assert assessment.array("A")[1] == 20
    high, low = max((a, "A"), (b, "B")), min((a, "A"), (b, "B"))
    assert (
        f"Its highest score, as it enters the index, is in {high[1]} ({high[0]:.1f}); its lowest "
        f"is in {low[1]} ({low[0]:.1f})."
    ) in said


def test_gains_that_tie_are_all_named():
    said = words(report.of_unit(scored("ab", X=(50, 50), Y=(60, 60)), "X"), "In short")
    assert "in a1, a2, b1 and b2: if it had the best score of all units in one of them" in said
    assert "2.50 points higher" in said


# -- gaps and leads ------------------------------------------------------------------------------


def test_only_gaps_and_leads_are_listed():
    page = report.of_unit(scored("ab", X=(90, 10), Y=(50, 50), Z=(40, 20)), "X", peers=["Y", "Z"])
    behind = tables(page, "Where it is behind")
    assert [row[0] for row in behind[0].rows] == ["b1", "b2"]
    assert [row[0] for row in tables(page, "Where it is ahead")[0].rows] == ["a1", "a2"]
    first = report.of_unit(scored("ab", X=(90, 90), Y=(50, 50)), "X")
    assert words(first, "Where it is behind") == (
        "It has no gap to the best score of all units.\nIt has no gap to the median of its peers."
    )
    assert "improvement" not in words(first, "In short")
    last = report.of_unit(scored("ab", X=(90, 90), Y=(50, 50)), "Y")
    assert words(last, "Where it is ahead") == "It has no lead over the median of its peers."


# -- one unit ------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def survey():
    model = models.load("dli-maturity")
    levels = np.random.default_rng(3).integers(0, 6, len(model.indicators)).tolist()
    answers = {one.code: [level] for one, level in zip(model.indicators, levels, strict=True)}
    return Assessment(model, {"unit": ["Ruritania"], **answers})


def test_the_report_of_the_only_unit_has_no_ranks_and_compares_with_the_scale(survey):
    graph = models.load_capabilities("dli-maturity")
    page = report.of_unit(survey, "Ruritania", graph=graph, budget=2)
    assert page.subtitle == "The only unit"
    said = words(page, "In short")
    assert said.startswith(
        'Ruritania scores 48.2, in the band "services online". No other unit has'
    )
    assert "if it reached the best end of the scale in one of them" in said
    heads = [table.head for s in page.sections for table in tables(page, s.title)]
    assert not [head for head in heads if "rank" in head]
    (gaps,) = tables(page, "Where it is behind")
    assert gaps.caption.startswith("Gaps to the best end of the scale.")
    assert {row[3] for row in gaps.rows} == {"100.0"}
    assert "note" not in gaps.head
    (causes,) = tables(page, "Possible causes")
    assert len(causes.rows) == 10
    assert words(page, "Caveats").startswith(parts.NO_RANKS)
    assert "1st" not in "\n".join(words(page, s.title) for s in page.sections)
    assert "cannot be shown" not in page.markdown("files")
    assert captions(page)[0] == (
        "Dots show its own scores. There is no other unit to compare it with."
    )


def test_the_index_of_one_unit_has_no_ranks(survey):
    page = report.of_index(survey)
    assert page.subtitle.startswith("1 unit, 69 indicators")
    assert "Ruritania scores 48.2. No other unit has a score" in words(page, "In short")
    (league,) = tables(page, "League table")
    assert league.head[:2] == ("unit", "band")
    assert words(page, "Robustness of the ranks") == parts.NO_RANKS


def test_the_only_unit_of_a_panel_changes_without_ranks():
    flat = Index("T", [Indicator(c, goalposts=(0, 10)) for c in "ab"])
    data = {"unit": ["X", "X"], "year": [2000, 2010], "a": [1, 4], "b": [2, 4]}
    panel = Assessment(flat, data, period="year", method=FIXED)
    page = report.of_unit(panel, "X", period=2010)
    assert words(page, "Change") == "Its score was 15.0 in 2000 and is 40.0 in 2010."


# -- few indicators, weak peers ------------------------------------------------------------------


def test_scores_from_few_indicators_are_marked_everywhere(real):
    page = report.of_unit(real, "PRK")
    said = words(page, "In short")
    assert "Digital Strategy (0.0?) and Data Intelligence (0.0*)" in said
    assert parts.MARKS["*"] in said
    assert "Fewer than half of the indicators of Data Intelligence have a value" in said
    (profile,) = tables(page, "Profile")
    assert [row[2] for row in profile.rows if row[0] == "DI"] == ["0.0*"]
    assert parts.MARKS["*"] in profile.caption
    assert captions(page)[0].endswith("fewer than half of the indicators: Data Intelligence.")
    gaps = tables(page, "Where it is behind")[0]
    assert "Fewer than half of the indicators of Data Intelligence have a value" in gaps.caption
    league = report.of_index(real)
    (table,) = tables(league, "League table")
    marked = {row[0] for row in table.rows if any(cell.endswith("*") for cell in row[3:])}
    assert len(marked) == 7
    assert any("(PRK)" in name for name in marked)
    assert parts.MARKS["*"] in table.caption
    (children,) = tables(league, "Sub-indices")
    assert [row[2] for row in children.rows if row[0] == "DI"] == ["0.0*"]
    assert children.rows[0][5] == "United Arab Emirates (ARE) and Korea, Rep. (KOR)"


def test_captions_name_units_with_few_indicators():
    data = {"unit": [f"u{i}" for i in range(8)]}
    data |= {f"{c}{i}": [float(10 * j + i) for j in range(8)] for c in "ab" for i in (1, 2, 3)}
    for code in ("a1", "a2"):
        data[code] = [50.0, *[None] * 7]
    nodes = [
        Index(c.upper(), [Indicator(f"{c}{i}", goalposts=(0, 100)) for i in (1, 2, 3)])
        for c in "ab"
    ]
    made = report.of_index(Assessment(Index("T", nodes), data, method=FIXED))
    (caption,) = [text for text in captions(made) if "contributions" in text]
    assert caption.endswith(
        "Some scores of u7, u6, u5, u4, u3 and 2 others are based on fewer than half of the "
        "indicators."
    )


def test_scores_that_depend_on_doubtful_values_have_a_mark_of_their_own():
    nodes = index_of("ab", doubtful=[0])
    data = {"unit": list("XY"), "a1": [0, 10], "a2": [0, 20], "b1": [50, 30], "b2": [50, 40]}
    page = report.of_unit(Assessment(nodes, data, method=FIXED), "X")
    assert "its lowest is in A (0.0?)" in words(page, "In short")
    assert words(page, "In short").endswith(f"? {parts.MARKS['?']}")
    (profile,) = tables(page, "Profile")
    assert [row[1] for row in profile.rows] == ["25.0", "0.0?", "50.0"]
    assert parts.MARKS["?"] in profile.caption


def test_few_indicators_of_the_index_itself_are_told_in_short_and_in_long_lists():
    n = parts.UNITS + 1
    data = {"unit": [f"u{i:03d}" for i in range(n)]}
    values = np.random.default_rng(0).random((3, n)) * 100
    data |= {code: column.tolist() for code, column in zip("abc", values, strict=True)}
    data["a"][0] = data["b"][0] = None
    flat = Index("T", [Indicator(code, goalposts=(0, 100)) for code in "abc"])
    page = report.of_index(
        Assessment(flat, data, method=Method(normalisation=Goalposts(), availability=0.1))
    )
    assert "Some scores of u000 are based on fewer than half" in words(page, "In short")
    assert words(page, "All units").endswith(f"* {parts.MARKS['*']}")
    assert tables(page, "All units")[0].rows[0][2].endswith("*")


def test_peers_with_too_little_in_common_are_not_relied_on(real):
    by = ["wb_region", "income_group", "population_millions"]
    page = report.of_unit(real, "PRK", by=by)
    assert "the comparison is weak: do not rely on these peers" in words(page, "Peers")
    (table,) = tables(page, "Peers")
    assert table.head[-1] == "note"
    assert "not compared: income_group, wb_region" in {row[-1] for row in table.rows}
    assert not [b for b in section(page, "Peers") if isinstance(b, Picture)]
    assert len(tables(page, "Where it is behind")) == 1
    assert "No similar units with higher scores are named" in words(page, "Where it is behind")
    (leads,) = tables(page, "Where it is ahead")
    assert leads.caption.startswith("Leads over the mean of its own scores.")
    assert "score of all units." in captions(page)[0]
    chosen = report.of_unit(real, "PRK", by=by, peers=["CUB"])
    assert "weak" not in words(chosen, "Peers")
    assert len(tables(chosen, "Where it is behind")) == 2  # but none that do better and are alike


def test_warnings_other_than_of_doubtful_input_are_passed_on():
    import warnings

    def make():
        warnings.warn("of something else", UserWarning, stacklevel=1)
        return 1

    with pytest.warns(UserWarning, match="of something else"):
        assert parts.heard(make) == (1, False)


def test_what_limits_a_comparison_with_exemplars_is_told():
    data = {"unit": list("WXYZ"), "a": [1.0, 5, 6, 9], "b": [4.0, 2, None, 1],
            "land": ["n", "n", "n", "s"], "people": [1.0, None, 2, 3],
            "income": [1.0, 1, 1, 1]}  # fmt: skip
    assessment = Assessment(Index("T", [Indicator("a"), Indicator("b")]), data)
    page = report.of_unit(assessment, "W", by=["land", "people", "income"])
    better = tables(page, "Where it is behind")[-1]
    assert "X 50.0 (not compared: people)" in better.rows[0][-1]


# -- denominators, weights -----------------------------------------------------------------------


@pytest.fixture(scope="module")
def lines():
    index = Index(
        "T",
        [
            Indicator(
                "lines",
                "Lines",
                unit_of_measure="lines per 100 people",
                denominator="people",
                denominator_factor=100,
                goalposts=(0, 60),
            ),
            Indicator("b", goalposts=(0, 1)),
        ],
    )
    data = {"unit": list("XYZ"), "lines": [5.3e8, 1e6, 2e6], "people": [1.325e9, 5e6, None],
            "b": [0.5, 0.4, 0.3]}  # fmt: skip
    return Assessment(index, data, method=Method(normalisation=Goalposts(), availability=0.1))


def test_values_are_in_the_unit_of_measure_like_their_goalposts(lines):
    (table, *_) = tables(report.of_unit(lines, "X"), "Its data")
    assert table.caption == (
        "The values on which its scores are based, after division by their denominators."
    )
    row = dict(zip(table.head, table.rows[0], strict=True))
    assert row["value"] == "40"
    assert row["measured in"] == "lines per 100 people"
    assert row["calculated as"] == "5.3e+08 / people × 100"
    assert row["goalposts"] == "0 to 60"
    assert row["score"] == "66.7"
    assert table.rows[1][4] == ""
    (gone, *_) = tables(report.of_unit(lines, "Z"), "Its data")
    assert gone.rows[0][2] == "–"
    assert gone.rows[0][4] == "2e+06 / people × 100"


def test_the_quality_of_data_is_that_of_quotients(lines):
    page = report.of_index(lines)
    assert words(page, "Data quality").startswith("1 of 6 values (16.7 %) are missing.")
    table = tables(page, "Data quality")[0]
    assert table.caption == "The values of each indicator, after division by its denominator."
    assert table.rows[0][3:7] == ("67 %", "20", "30", "40")


def test_weights_that_an_aggregation_does_not_use_are_a_dash():
    index = Index("T", [Indicator("a"), Indicator("b")])
    data = {"unit": list("XYZ"), "a": [1, 2, 3], "b": [3, 1, 2]}
    made = report.of_index(Assessment(index, data, method=Method(aggregation=Difference())))
    (table,) = tables(made, "Framework")
    assert [row[-1] for row in table.rows] == ["–", "–"]
    assert table.caption.endswith("A dash means that the aggregation above does not use weights.")
    assert "nan" not in made.markdown("files")


def test_a_node_at_which_no_unit_has_a_score_is_shown_without_figures():
    flat = Index("T", [Indicator(code, goalposts=(0, 1)) for code in "abe"])
    data = {"unit": list("XYZ"), "a": [0.1, 0.2, 0.3], "b": [0.5, 0.1, 0.2], "e": [None] * 3}
    (table,) = tables(report.of_index(Assessment(flat, data, method=FIXED)), "Sub-indices")
    assert table.rows[2] == ("e", "–", "–", "–", "–", "0")
    assert table.rows[0] == ("a", "10.0", "20.0", "30.0", "Z", "3")


# -- balance -------------------------------------------------------------------------------------


def test_balance_says_why_it_has_no_figure():
    index = Index("T", [Indicator("a", goalposts=(0, 1)), Indicator("b", goalposts=(0, 1))])
    data = {"unit": ["X", "Y"], "a": [0.0, 0.2], "b": [0.0, None]}
    method = Method(normalisation=Goalposts(), availability=0.1)
    assessment = Assessment(index, data, method=method)
    assert "their mean is not above 0" in words(report.of_unit(assessment, "X"), "Balance")
    assert "only one child has a score" in words(report.of_unit(assessment, "Y"), "Balance")


# -- simulations ---------------------------------------------------------------------------------


def test_what_varies_is_said_in_words():
    assessment = scored("ab", X=(50, 40), Y=(60, 50), Z=(10, 90))
    study = uncertainty(assessment, [WeightNoise(0.1), Exclusion(["A", "B"])], n_samples=9, rng=0)
    said = studies.simulations(ENGLISH, study)
    assert said == "In 9 simulations that vary the weights and the nodes that are included"
    assert (
        summary._firm(ENGLISH_CASE, (3, 3)) == "Its rank is 3 in at least 90 % of the simulations."
    )
    assert summary._firm(ENGLISH_CASE, (1003, 2400)) == (
        "Its rank lies between 1,003 and 2,400 in 90 % of the simulations."
    )
    said = words(report.of_index(assessment, study=study), "Robustness of the ranks")
    assert "It does not cover anything else, such as errors in the data" in said


# -- causes and plans ----------------------------------------------------------------------------


def planned(links, budget=2.0, index=None, **options):
    graph = CapabilityGraph([Capability("k", "Know"), Capability("m")], links)
    assessment = scored("ab", X=(20, 30), Y=(90, 80), Z=(50, 60))
    return report.of_unit(assessment, "X", graph=graph, budget=budget, **options)


def test_a_plan_claims_nothing_of_the_world(real):
    graph = models.load_capabilities("dli-public")
    page = report.of_unit(real, "KEN", graph=graph, budget=2)
    text = page.markdown("files")
    assert "proven" not in text.split("## Methods")[0]
    said = words(page, "What to do first")
    assert "If these assumptions hold, no other choice of steps raises the score more." in said
    assert "Costs are in steps of 1/5 level, the same for every capability" in said
    assert "whose strengths are judgements by the authors of the graph" in said
    assert "In 2 simulations, each strength is up to 50 % and each cost up to 25 %" in said
    steps, roadmap, links, shares, apart = tables(page, "What to do first")
    assert "stages" in roadmap.caption
    assert links.folded
    assert shares.head == ("capability", "in the plan above", "in the best plan", "first step")
    assert {row[0] for row in steps.rows} <= {row[1] for row in roadmap.rows}
    assert not {row[0] for row in steps.rows} & {row[0] for row in apart.rows}
    assert all(row[-1] for row in apart.rows)


def test_links_say_where_their_strengths_come_from():
    def rests_on(*evidence):
        return actions._rests_on(ENGLISH_CASE, evidence, "It has {links}")

    assert rests_on("estimated from 9 units") == (
        "It has 1 link, whose strengths are estimated from data."
    )
    assert rests_on("estimated from x", "", "A (2020)") == (
        "It has 3 links: the strengths of 1 are estimated from data, and those of 2 are "
        "judgements by the authors of the graph. For 1 of them, no evidence is cited."
    )
    assert rests_on("", " ").endswith("not estimates from data. No evidence is cited for them.")
    assert rests_on("estimated from x", "").endswith("No evidence is cited for them.")
    page = planned([Link("k", "a1", 0.9), Link("m", "b1", 0.5, evidence="B")])
    links = next(t for t in tables(page, "What to do first") if "evidence" in t.head)
    assert not links.folded
    assert links.rows[0] == ("Know", "a1", "0.90", "adds", "judgement")


def test_a_first_step_that_most_plans_share_is_not_called_doubtful():
    said = words(planned([Link("k", "a1", 0.9), Link("m", "b1", 0.1)]), "What to do first")
    assert "In 100 % of them, the best plan begins with Know, as the plan above does. The" in said
    assert "The first step therefore" not in said


def test_the_status_of_a_plan_is_told():
    class Approximate:
        exact, proven, gap = False, False, np.nan

    class Near:
        exact, proven, gap = True, False, 0.25

    assert "linear approximation" in actions._status(ENGLISH_CASE, Approximate())
    assert (
        "another choice of steps raises the score by at most 0.25 points more"
        in actions._status(ENGLISH_CASE, Near())
    )


def test_a_plan_without_steps_is_short():
    page = planned([Link("k", "a1", 0.0), Link("m", "b1", 0.0)])
    said = words(page, "What to do first")
    assert "would raise the score by 0.00" in said
    assert "simulations" not in said


# -- notebooks -----------------------------------------------------------------------------------

_BACKEND = """
import matplotlib
from matplotlib.backends.backend_agg import FigureCanvasAgg as FigureCanvas

# As backends of notebooks do when they are loaded.
matplotlib.interactive(True)
"""
_NOTEBOOK = """
import matplotlib as mpl
from dli import Assessment, Index, Indicator, report

data = {"unit": ["X", "Y", "Z"], "a": [1, 3, 2], "b": [0.0, 5.0, 9.0]}
assessment = Assessment(Index("T", [Indicator("a"), Indicator("b")]), data)
report.studies._DRAWS = 5
report.of_unit(assessment, "X")
from matplotlib import pyplot as plt

print(mpl.is_interactive(), mpl.get_backend(), plt.get_fignums())
"""


def test_a_report_leaves_backend_and_interactive_state_of_a_notebook(tmp_path):
    (tmp_path / "notebook_backend.py").write_text(_BACKEND)
    path = os.pathsep.join([str(tmp_path), os.environ.get("PYTHONPATH", "")])
    backend = "module://notebook_backend"
    done = subprocess.run(
        [sys.executable, "-c", _NOTEBOOK],
        capture_output=True,
        text=True,
        check=True,
        env={**os.environ, "PYTHONPATH": path, "MPLBACKEND": backend},
    )
    assert done.stdout.split() == ["True", backend, "[]"]


def test_a_unit_that_is_left_out_of_a_panel_is_named_with_its_period():
    index = Index("T", [Indicator("a"), Indicator("b"), Indicator("c")])
    data = {
        "unit": list("XYZXYZ"), "year": [1, 1, 1, 2, 2, 2],
        "a": [1, 2, 3, 4, 5, None], "b": [3.0, 2, 5, 4, 6, None], "c": [1.0, 2, 3, 5, 4, 1],
    }  # fmt: skip
    panel = Assessment(index, data, period="year", method=Method(availability=0.6))
    quality = next(
        section for section in report.of_index(panel, period=2).sections
        if section.title == "Data quality"
    )  # fmt: skip
    table = next(block for block in quality.blocks if "left out" in getattr(block, "caption", ""))
    assert table.head[:2] == ("unit", "period")
    assert table.rows[0][:2] == ("Z", "2")
