"""Reports of indices with many levels and many indicators: what they show, and what they say."""

import matplotlib as mpl
import numpy as np
import pytest

mpl.use("Agg")

from dli import Assessment, Index, Indicator, diagnosis, frames, plots, report
from dli.report import Paragraph, Table, whole
from dli.report.language import ENGLISH
from dli.report.parts import LEVELS, depth_of

pytestmark = pytest.mark.once


def deep(n_levels):
    """Give an index with an indicator and a sub-index at each level."""
    nodes = [Indicator(f"x{n_levels}"), Indicator("y")]
    for level in range(n_levels - 1, 0, -1):
        nodes = [Indicator(f"x{level}"), Index(f"n{level}", nodes, weight=3)]
    return assessed(Index("T", nodes))


def assessed(index):
    values = np.random.default_rng(0).random((6, len(index.indicators)))
    codes = [indicator.code for indicator in index.indicators]
    return Assessment(index, {"unit": list("UVWXYZ"), **dict(zip(codes, values.T, strict=True))})


def texts(made):
    return [b.text for s in made.sections for b in s.blocks if isinstance(b, Paragraph)]


def tables(made, title):
    (section,) = [s for s in made.sections if s.title == title]
    return [block for block in section.blocks if isinstance(block, Table)]


def test_a_report_of_a_unit_says_how_many_levels_it_shows(monkeypatch):
    assessment = deep(LEVELS + 1)
    monkeypatch.setattr(diagnosis, "risks", None)  # it would take too long
    made = report.of_unit(assessment, "X")
    said = [text for text in texts(made) if f"first {LEVELS}" in text]
    assert len(said) == 1
    assert said[0] == (
        f"The index has {LEVELS + 1} levels, of which this report shows the first {LEVELS}: gaps "
        "and leads at the last of them include those at all levels below it."
    )
    assert any(text.startswith("Caveats are not listed here") for text in texts(made))
    alts = [p.alt for p in made.pictures]
    assert f"Scores of X at all nodes of the index down to level {LEVELS}" in alts


def test_gaps_in_a_deep_index_are_those_of_the_last_level_shown():
    assessment = deep(LEVELS + 2)
    made = report.of_unit(assessment, "X")
    shown = {row[0] for table in tables(made, "Where it is behind") for row in table.rows}
    shown |= {row[0] for table in tables(made, "Where it is ahead") for row in table.rows}
    above = [f"x{level}" for level in range(1, LEVELS + 1)]
    nodes = [*above, f"n{LEVELS}"]
    assert shown <= set(nodes)
    gaps = frames.read(diagnosis.weaknesses(assessment, "X", nodes=nodes), empty=True)
    first = tables(made, "Where it is behind")[0]
    assert [row[0] for row in first.rows] == gaps.column("code")[:10]


def test_an_index_of_as_many_levels_as_a_report_shows_is_shown_whole():
    assessment = deep(LEVELS)
    assert depth_of(assessment.index) == LEVELS
    made = report.of_unit(assessment, "X")
    assert not [text for text in texts(made) if "levels" in text]
    gaps = frames.read(diagnosis.weaknesses(assessment, "X"), empty=True)
    first = tables(made, "Where it is behind")[0]
    assert [row[0] for row in first.rows] == gaps.column("code")[:10]


@pytest.mark.parametrize("more", [0, 2])
def test_rings_show_the_first_levels(monkeypatch, more):
    drawn = []
    monkeypatch.setattr(whole, "picture", lambda draw, alt, caption: (draw(), caption))
    monkeypatch.setattr(plots, "framework", drawn.append)
    assessment = deep(LEVELS + more)
    (_, caption), table = whole._framework(ENGLISH, assessment)  # all of it takes long
    assert depth_of(drawn[0]) == LEVELS
    assert (f"The first {LEVELS} of its {LEVELS + more} levels." in caption) == bool(more)
    if more:
        assert drawn[0].find(f"n{LEVELS}").weight == 3
    else:
        assert drawn[0] == assessment.index
    assert {row[0] for row in table.rows} == {n.code for n in assessment.index.walk()} - {"T"}
    assert float(table.rows[1][-1]) == 0.75


def test_correlations_of_very_many_indicators_are_not_drawn(monkeypatch):
    monkeypatch.setattr(whole, "_MAPPED", 4)

    def made(n):
        inner = Index("A", [Indicator(f"a{i}") for i in range(n - 1)])
        return report.of_index(assessed(Index("T", [inner, Indicator("b")])))

    few, many = made(4), made(5)
    said = [text for text in texts(many) if text.startswith("The correlations between the 5")]
    assert len(said) == 1
    assert not [text for text in texts(few) if text.startswith("The correlations between the")]
    heat = "A heat map of the correlations between all indicators"
    assert [heat in [p.alt for p in m.pictures] for m in (few, many)] == [True, False]
