"""What the methods statement says about judgements and about values that were changed."""

import re

import pytest

from dli import Assessment, DLIWarning, Index, Indicator, Method
from dli.treatment import Clip, Logarithm, Winsorise
from dli.weighting import AHP, GroupAHP

CIRCLE = {("a", "b"): 9, ("b", "c"): 9, ("c", "a"): 9}


def test_contradictory_judgements_are_told():
    index = Index("T", [Indicator(code) for code in "abc"])
    data = {"unit": list("XYZ"), "a": [1, 2, 3], "b": [3, 1, 2], "c": [2, 2.5, 1]}
    with pytest.warns(DLIWarning, match="consistency ratio"):
        found = Assessment(index, data, method=Method(weighting=AHP(CIRCLE)))
    text = found.methodology()
    assert "T: Judgements: a to b 9; a to c 0.111; b to c 9. Consistency ratio: " in text
    assert "above the limit of 0.1: the judgements contradict each other" in text
    sound = AHP({("a", "b"): 2, ("b", "c"): 2, ("a", "c"): 4})
    assert "Consistency ratio: 0.000." in found.evolve(weighting=sound).methodology()
    with pytest.warns(DLIWarning, match="consistency ratio"):
        both = found.evolve(weighting=GroupAHP({"Ann": CIRCLE, "Bob": sound.judgements}))
    text = both.methodology()
    assert "Consistency ratio of all: " in text
    assert "Consistency ratio of Bob: 0.000." in text
    assert re.search(r"Consistency ratio of Ann: \d+\.\d+, above the limit", text)


def test_treated_values_are_listed():
    index = Index("T", [Indicator("a"), Indicator("b")])
    values = [float(i % 7) for i in range(30)]
    data = {"unit": [f"u{i}" for i in range(30)], "a": [*values[:-1], 900.0], "b": values}
    found = Assessment(index, data, method=Method(treatment=Winsorise()))
    assert "a: 1 value is changed, u29 (900 to 6)." in found.methodology()
    many = found.evolve(treatment=Clip(high=3)).methodology()
    assert "and 2 more." in many
    assert (
        "b: 25 of 30 values are transformed." in found.evolve(treatment=Logarithm(1)).methodology()
    )


def test_missing_values_are_counted_as_in_the_report():
    index = Index("T", [Indicator("a", denominator="people"), Indicator("b")])
    data = {"unit": ["X", "Y", "Z"], "a": [1, 2, 3], "b": [1, None, 2], "people": [2, 3, None]}
    text = Assessment(index, data).methodology()
    assert (
        "The data contain 3 units and 2 indicators; 2 of 6 values (33.3%) are missing, 1 of them "
        "because their denominator is missing." in text
    )
    alone = Assessment(Index("T", [Indicator("a")]), {"unit": ["X", "Y"], "a": [1, 2]})
    assert "The data contain 2 units and 1 indicator; 0 of 2 values (0.0%) are missing." in (
        alone.methodology()
    )
