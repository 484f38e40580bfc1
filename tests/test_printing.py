"""Results print within 80 columns, and their text is escaped in notebooks."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dli.printing import Printed, Sheet

SHEET = Sheet("Two & more", ("unit", "score"), [("<A>", "1.5"), ("B", "10.0")], left=3)


def test_words_stand_left_and_figures_right():
    assert SHEET.text().splitlines() == [
        "Two & more",
        "",
        "unit  score",
        "<A>     1.5",
        "B      10.0",
        "… and 3 more",
    ]


def test_text_is_escaped_in_a_notebook():
    html = SHEET.html()
    assert "<td>&lt;A&gt;</td><td>1.5</td>" in html
    assert "<b>Two &amp; more</b>" in html
    assert "… and 3 more" in html
    assert "more" not in Sheet("T", ("a",), [("b",)]).html()


def test_nothing_says_so():
    assert Sheet("Left", ("unit",), []).text() == "Left: none"


@given(
    st.lists(st.tuples(st.text("ab c", max_size=120), st.text("ab c", max_size=120)), min_size=1)
)
def test_words_are_cut_to_80_columns(pairs):
    rows = [(one, "1.000", other) for one, other in pairs]
    text = Sheet("T " * 60, ("unit", "score", "kind"), rows, words=(0, 2)).text()
    assert max(map(len, text.splitlines())) <= 80
    assert text.count("1.000") == len(rows)


def test_a_result_says_what_it_prints():
    class Result(Printed):
        def _sheet(self):
            return SHEET

    assert repr(Result()) == SHEET.text()
    assert Result()._repr_html_() == SHEET.html()
    with pytest.raises(TypeError, match="_sheet"):
        Printed()
