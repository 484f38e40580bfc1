"""Values that may mean that there is none: flags and marks."""

import numpy as np
import pytest

from dli import Assessment, Index, Indicator, Method, frames
from dli.assessment.doubtful import certain_share_array, doubtful_cells
from dli.normalisation import Goalposts

ENDS = {"goalposts": (0, 4)}
INDEX = Index(
    "T",
    [
        Index(
            "A",
            [
                Indicator("a", doubtful=(0,), **ENDS),
                Indicator("b", doubtful=(0,), **ENDS),
                Indicator("c", **ENDS),
            ],
        ),
        Index("B", [Indicator("d", **ENDS), Indicator("e", constant=1, **ENDS)]),
    ],
)
# X rests on c alone of A's indicators; Y has none of them in doubt; Z has one value of three.
DATA = {
    "unit": ["X", "Y", "Z"],
    "a": [0, 4, None],
    "b": [0.0, 2.0, None],
    "c": [4, 0, 2],
    "d": [2, 2, 0],
}
METHOD = Method(normalisation=Goalposts())


def doubtful(assessment):
    """Give the rows of the table of flags that are about doubtful values."""
    table = frames.read(assessment.flags, empty=True)
    rows = zip(*(table.column(name) for name in table.names), strict=True)
    return [row for row in rows if row[2] == "doubtful"]


def test_doubtful_cells_are_flagged_and_scores_stay():
    assessment = Assessment(INDEX, DATA, method=METHOD)
    assert doubtful(assessment) == [
        ("X", "a", "doubtful", "0 may mean that there is no value"),
        ("X", "b", "doubtful", "0 may mean that there is no value"),
    ]
    plain = INDEX
    for code in "ab":
        plain = plain.replace(code, Indicator(code, **ENDS))
    without = Assessment(plain, DATA, method=METHOD)
    np.testing.assert_array_equal(assessment.array("T"), without.array("T"))
    assert doubtful(without) == []


def test_values_are_doubtful_before_they_are_divided():
    index = Index("T", [Indicator("a", denominator="people", doubtful=(3,)), Indicator("b")])
    data = {"unit": ["X", "Y"], "a": [3, 6], "people": [2, 2], "b": [1, 3]}
    assert doubtful(Assessment(index, data)) == [
        ("X", "a", "doubtful", "3 may mean that there is no value")
    ]


def test_only_known_values_that_are_declared_are_doubtful():
    values = np.array([[0.0, 0.0], [9.0, 9.0], [np.nan, 1.0]])
    found = doubtful_cells(values, [Indicator("a", doubtful=(0, 9)), Indicator("b")])
    assert found.tolist() == [[True, False], [True, False], [False, False]]


@pytest.mark.parametrize(
    ("code", "shares"),
    [("T", [0.5, 1, 0.5]), ("A", [1 / 3, 1, 1 / 3]), ("B", [1, 1, 1]), ("a", [0, 1, 0]), ("e", [1, 1, 1])],
)  # fmt: skip
def test_doubtful_values_count_as_unknown_in_the_share_that_is_certain(code, shares):
    found = certain_share_array(Assessment(INDEX, DATA, method=METHOD), code)
    np.testing.assert_allclose(found, shares)


def test_the_league_table_marks_who_rests_on_doubtful_values():
    text = str(Assessment(INDEX, DATA, method=METHOD))
    rows = {
        line.split()[1]: line.split() for line in text.splitlines() if line[:4].strip().isdigit()
    }
    # A of X is (0 + 0 + 100) / 3; of Z it is 50, from c alone.
    assert rows["X"][3] == "33.3?"
    assert rows["Y"][3] == "50.0"
    assert rows["Z"][3] == "50.0*"
    assert not any(row[2][-1] in "?*" for row in rows.values())
    assert text.splitlines()[2:4] == [
        "* fewer than half of the indicators have a value",
        "? fewer than half of the indicators have a value that is not doubtful",
    ]


def test_marks_that_are_not_shown_are_not_explained():
    some = {name: column[:2] for name, column in DATA.items()}
    text = str(Assessment(INDEX, some, method=METHOD))
    assert "\n? fewer" in text
    assert "\n* fewer" not in text
    one = {name: column[1:2] for name, column in DATA.items()}
    assert "fewer" not in str(Assessment(INDEX, one, method=METHOD))


def test_a_saved_assessment_keeps_what_is_doubtful(tmp_path):
    assessment = Assessment(INDEX, DATA, method=METHOD)
    assessment.save(tmp_path / "saved.zip")
    again = Assessment.load(tmp_path / "saved.zip")
    assert again.index == assessment.index
    assert doubtful(again) == doubtful(assessment) != []
