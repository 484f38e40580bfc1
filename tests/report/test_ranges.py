"""Ranges of ranks in reports, and names instead of codes in notes."""

import matplotlib as mpl
import numpy as np
import pytest

mpl.use("Agg")

from matplotlib import pyplot as plt

from dli import Assessment, Index, Indicator, Method, frames, plots, report, robustness
from dli.aggregation import ArithmeticMean, GeometricMean
from dli.capability import Capability, CapabilityGraph, Link
from dli.diagnosis import risks
from dli.imputation import ColumnMedian
from dli.normalisation import Goalposts, MinMax
from dli.report import Paragraph, Picture, Table, grounds, quality, ranges, standing, whole
from dli.report.language import ENGLISH, language_of
from dli.report.ranges import RankRange, ranges_of, sentence
from dli.report.studies import interval
from dli.sensitivity import Alternatives, WeightNoise, uncertainty

FRENCH = language_of("fr")
DATA = {
    "unit": list("VWXYZ"),
    "a": [90.0, 62.0, 58.0, 30.0, None],
    "b": [92.0, 56.0, 62.0, 10.0, 5.0],
}
INDEX = Index(
    "T", [Indicator(code, goalposts=(0, 100)) for code in "ab"], "Test", description="What it is."
)
RANKS = "with 95 % confidence for all units at the same time"


@pytest.fixture(autouse=True)
def _undrawn(monkeypatch):
    for module in (whole, quality, standing, grounds):
        monkeypatch.setattr(module, "picture", lambda _, *words: Picture(b"<svg/>", *words))
    yield
    plt.close("all")


@pytest.fixture(scope="module")
def small():
    return Assessment(INDEX, DATA, method=Method(normalisation=Goalposts(), missing="propagate"))


@pytest.fixture(scope="module")
def study(small):
    return uncertainty(small, [WeightNoise(0.25)], n_samples=200, rng=0)


def blocks(page, title, kind):
    (section,) = [section for section in page.sections if section.title == title]
    return [block for block in section.blocks if isinstance(block, kind)]


def texts(page, title):
    return " ".join(block.text for block in blocks(page, title, Paragraph))


# -- ranges ----------------------------------------------------------------------------------------


def test_a_league_table_has_the_sets_of_the_study(small, study):
    page = report.of_index(small, study=study)
    (table,) = blocks(page, "League table", Table)
    assert table.head[:4] == ("unit", "rank", "range of ranks", "not told apart from")
    # The scores of W and X are 59 and 60: weights decide which is ahead.
    assert [row[:4] for row in table.rows] == [
        ("V", "1", "1", "0"),
        ("X", "2", "2 to 3", "1"),
        ("W", "3", "2 to 3", "1"),
        ("Y", "4", "4", "0"),
        ("Z", "–", "–", "–"),
    ]
    sets = frames.read(robustness.league_table(small, study=study, rng=study.seed))
    assert [sets.column(name)[:4] for name in ("best", "worst", "not_told_apart")] == [
        [1, 2, 2, 4],
        [1, 3, 3, 4],
        [0, 1, 1, 0],
    ]
    assert table.caption.endswith(
        "with 95 % confidence if each weight can be up to 25 % higher or lower. The column beside "
        "them is the number of other units that the unit cannot be told apart from."
    )
    assert "true ranks of all units at the same time" in texts(page, "Robustness of the ranks")


def test_the_picture_of_intervals_has_groups_where_there_are_sets(small, study, monkeypatch):
    asked = []
    monkeypatch.setattr(plots, "rank_intervals", lambda *_, groups, **__: asked.append(groups))
    monkeypatch.setattr(whole, "picture", lambda draw, *words: draw() or Picture(b"<svg/>", *words))
    page = report.of_index(small, study=study)
    assert asked == [True]
    first, *_ = blocks(page, "Robustness of the ranks", Picture)
    assert "Alternate shading marks groups of units that cannot be told apart." in first.caption
    monkeypatch.setattr(ranges, "_COMPARED", 4)
    page = report.of_index(small, study=study)
    assert asked == [True, False]
    assert "shading" not in blocks(page, "Robustness of the ranks", Picture)[0].caption


def test_a_units_summary_says_which_ranks_it_can_have(small, study):
    page = report.of_unit(small, "X", study=study)
    assert (
        f"Its rank lies between 2 and 3 if each weight can be up to 25 % higher or lower ({RANKS})."
        " Given this uncertainty, it cannot be told apart from 1 other unit."
    ) in texts(page, "In short")
    assert "simulations" not in texts(page, "In short")
    assert "Ranges of ranks are meant for comparing units." in texts(page, "Caveats")
    assert f"Its rank is 1 if each weight can be up to 25 % higher or lower ({RANKS}). Even so" in (
        texts(report.of_unit(small, "V", study=study), "In short")
    )


def test_sentences_name_what_they_rest_on(small, study):
    mixed = uncertainty(
        small,
        [WeightNoise(0.25), Alternatives("aggregation", [ArithmeticMean(), GeometricMean()])],
        n_samples=20,
        rng=0,
    )
    assert sentence(ENGLISH, mixed, RankRange(3.0, 1014.0, 9.0)) == (
        "Its rank lies between 3 and 1,014 with the weights and the aggregation varied as in the "
        f"simulations ({RANKS}). Given this uncertainty, it cannot be told apart from 9 other units."
    )
    # Units that tie in all simulations share one rank.
    assert sentence(ENGLISH, study, RankRange(3.0, 3.0, 1.0)).endswith(
        "Given this uncertainty, it cannot be told apart from 1 other unit."
    )
    said = sentence(FRENCH, study, RankRange(3.0, 14.0, 9.0)).replace("\N{NO-BREAK SPACE}", " ")
    assert said == (
        "Son rang se situe entre 3 et 14 si chaque poids varie d’au plus ± 25 % (confiance de "
        "95 %, pour toutes les entités à la fois). 9 autres entités ne peuvent en être distinguées."
    )


def test_more_units_than_can_be_compared_keep_their_intervals(small, study, monkeypatch):
    monkeypatch.setattr(ranges, "_COMPARED", 4)
    page = report.of_index(small, study=study)
    reason = "are not computed for more than 4 units, since this takes long"
    assert reason in texts(page, "Robustness of the ranks")
    (table,) = blocks(page, "League table", Table)
    assert table.head[:3] == ("unit", "rank", "90 % of simulations")
    assert "In 90 % of the simulations" in table.caption
    one = report.of_unit(small, "X", study=study)
    assert "90 % of the simulations" in texts(one, "In short")
    assert reason in texts(one, "Caveats")


def test_what_has_no_sets_says_why(small):
    scales = Alternatives("normalisation", [MinMax(0, 1), Goalposts()])
    other = uncertainty(small, [scales], n_samples=20, rng=0)
    page = report.of_index(small, study=other)
    assert (
        "Ranges of ranks are not shown: they are derived from differences between scores"
        in texts(page, "Robustness of the ranks")
    )
    assert blocks(page, "League table", Table)[0].head[2] == "90 % of simulations"
    one = report.of_unit(small, "X", study=other)
    assert (
        "Ranges of ranks are not shown: they are derived from differences between scores"
        in texts(one, "Caveats")
    )
    assert "90 % of the simulations" in texts(one, "In short")


def test_ranges_that_cannot_be_computed_say_why(small):
    one = uncertainty(small, [WeightNoise(0.25)], n_samples=1, rng=0)
    found, (paragraph,) = ranges_of(ENGLISH, small, one, None)
    assert not found
    assert paragraph.text.startswith("Ranges of ranks cannot be shown: ")


def test_the_ranges_are_those_of_the_period():
    year = [2020] * 4 + [2021] * 4
    data = {name: cells[:4] * 2 for name, cells in DATA.items()} | {"year": year}
    data["a"] = [*DATA["a"][:4], 30.0, 58.0, 62.0, 90.0]
    data["b"] = [*DATA["b"][:4], 10.0, 62.0, 56.0, 92.0]
    panel = Assessment(INDEX, data, period="year", method=Method(normalisation=Goalposts()))
    page = report.of_index(panel, period=2021)
    (table,) = blocks(page, "League table", Table)
    assert [row[:4] for row in table.rows] == [
        ("Y", "1", "1", "0"),
        ("W", "2", "2 to 3", "1"),
        ("X", "3", "2 to 3", "1"),
        ("V", "4", "4", "0"),
    ]


def test_one_rank_is_written_once():
    assert [interval(ENGLISH, one) for one in ((1.0, 1.0), (1.0, 2.0), (np.nan, np.nan))] == [
        "1",
        "1 to 2",
        "–",
    ]


def test_the_description_follows_the_results(small, study):
    said = [block.text for block in report.of_index(small, study=study).sections[0].blocks]
    assert said[0].startswith("The highest scores are those of")
    assert said[-1] == "What it is."


# -- names -----------------------------------------------------------------------------------------


def test_the_words_of_risks_are_known(monkeypatch):
    names = {"a": "Ay", "b": "Bee", "c": "Sea"}
    index = Index("T", [Index("P", [Indicator(c, n) for c, n in names.items()], "Part")])
    data = {
        "unit": list("UVWXYZ"),
        "a": [9.0, 1, 2, 3, 4, 5],
        "b": [3.0, 3, 2, 3, 4, 1],
        "c": [None, 1, 4, 3, 2, 5],
    }
    for method in (Method(), Method(imputation=ColumnMedian())):
        assessment = Assessment(index, data, method=method)
        notes = frames.read(risks(assessment, "U")).column("note")
        shown = blocks(report.of_unit(assessment, "U"), "Caveats", Table)[0]
        told = [row[-1] for row in shown.rows]
        assert any(note.endswith(": c") for note in notes)
        assert any(note.endswith(": Sea") for note in told)
        assert not any(": c" in note or "'" in note for note in told)
    assert any(note.endswith("without 'a'") for note in notes)
    assert any(note.endswith("without Ay") for note in told)


def test_the_words_of_plans_are_known(small, monkeypatch):
    monkeypatch.setattr(report.actions, "_PLANS", 2)
    monkeypatch.setattr(report.actions, "picture", lambda _, *words: Picture(b"<svg/>", *words))
    graph = CapabilityGraph(
        [Capability("k", "Staff"), Capability("m", "Money"), Capability("o", "Offices")],
        [Link("k", "a", 0.9), Link("m", "b", 0.5), Link("o", "a", 0.1)],
    )
    page = report.of_unit(small, "Y", graph=graph, budget=2)
    (apart,) = [
        table for table in blocks(page, "What to do first", Table) if table.head[-1] == "reason"
    ]
    reasons = [row[-1] for row in apart.rows]
    assert any(
        "the capability in the plan that gains least, Money, gains " in reason for reason in reasons
    )
