"""Notes that call nodes by their names, as reports do."""

import warnings

import pytest

from dli import Assessment, Index, Indicator, diagnosis, frames
from dli.errors import MethodError

INDEX = Index(
    "T",
    [
        Index("P", [Indicator("a", "Ay"), Indicator("b", "Bee"), Indicator("c")], "Part"),
        Index("Q", [Indicator("d", "Dee"), Indicator("e", "Eee")]),
    ],
)
DATA = {
    "unit": list("UVWXYZ"),
    "a": [9.0, 1, 2, 3, 4, 5],
    "b": [None, 3, 2, 3, 4, 1],
    "c": [None, 1, 4, 3, 2, 5],
    "d": [1.0, 2, 3, 4, 5, 6],
    "e": [1.0, None, 3, 4, 6, 5],
}


@pytest.fixture(scope="module")
def assessed():
    return Assessment(INDEX, DATA)


def notes(frame):
    return frames.read(frame, empty=True).column("note")


def both(function, *arguments):
    """Return the notes with codes and those with names."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return notes(function(*arguments)), notes(function(*arguments, named=True))


def test_balance_names_the_children(assessed):
    coded, named = both(diagnosis.balance, assessed)
    assert coded[0] == "P: score from 1 of 3 indicators"
    assert named[0] == "Part: score from 1 of 3 indicators"
    assert coded[1] == named[1] == "Q: score from 1 of 2 indicators"  # it has no name


def test_risks_name_indicators(assessed):
    coded, named = both(diagnosis.risks, assessed, "U")
    assert "score in the upper quartile on 'a' alone" in coded
    assert "score in the upper quartile on Ay alone" in named
    assert "share of its weight that has no value: b, c" in coded
    assert "share of its weight that has no value: Bee, c" in named
    assert len(coded) == len(named)


def test_a_lead_that_is_lost_without_an_indicator_is_named():
    data = {"unit": list("VWXYZ"), "a": [9.0, 1, 2, 3, 4], "b": [3.0, 1, 5, 4, 2]}
    index = Index("T", [Index("P", [Indicator("a", "Ay"), Indicator("b")]), Indicator("c")])
    coded, named = both(diagnosis.risks, Assessment(index, {**data, "c": [1.0, 2, 3, 4, 5]}), "V")
    assert "share of the lead over the median that is lost without 'a'" in coded
    assert "share of the lead over the median that is lost without Ay" in named


def test_units_that_are_alike_name_what_is_not_compared(assessed):
    coded, named = both(diagnosis.peers, assessed, "U")
    assert coded[0].startswith("not compared: b, c")
    assert named[0].startswith("not compared: Bee, c")
    coded, named = both(diagnosis.exemplars, assessed, "U", "Q")
    assert any(note.startswith("not compared: b, c") for note in coded)
    assert any(note.startswith("not compared: Bee, c") for note in named)


@pytest.mark.parametrize(
    ("name", "more"),
    [("balance", ()), ("risks", ("U",)), ("peers", ("U",)), ("exemplars", ("U", "Q"))],
)
def test_whether_notes_have_names_is_yes_or_no(assessed, name, more):
    with pytest.raises(MethodError, match=r"named must be True or False, got 'yes'"):
        getattr(diagnosis, name)(assessed, *more, named="yes")
