"""Several assessments of the same units side by side."""

import numpy as np
import pytest
from numpy.testing import assert_allclose

from dli import Assessment, Index, Indicator, frames
from dli.change import compare
from dli.errors import MethodError, UnknownCodeError

INDEX = Index("T", [Index("A", [Indicator("a"), Indicator("b")]), Indicator("c")])
DATA = {
    "unit": list("WXYZ"),
    "a": [1.0, 5.0, 3.0, 4.0],
    "b": [0.0, 4.0, 9.0, 6.0],
    "c": [9.0, 1.0, 2.0, 4.0],
}


@pytest.fixture
def assessment():
    return Assessment(INDEX, DATA)


def heavier(assessment):
    """Return the assessment with nearly all weight on c, whose order is W, Z, Y, X."""
    return assessment.evolve(index=INDEX.with_weights({"c": 1000}))


def test_ranks_moved_as_counted_by_hand(assessment):
    """With A at (0, 72.2, 75, 70.8) and c at (100, 0, 12.5, 37.5): T at 50, 36.1, 43.8, 54.2."""
    comparison = compare({"equal": assessment, "c alone": heavier(assessment)})
    assert comparison.rank_array.T.tolist() == [[2, 4, 3, 1], [1, 4, 3, 2]]
    assert frames.read(comparison.shifts).names == ("unit", "c alone")
    assert frames.read(comparison.shifts).column("c alone") == [-1, 0, 0, 1]
    summary = frames.read(comparison.summary)
    assert summary.column("assessment") == ["equal", "c alone"]
    assert summary.column("units") == [4, 4]
    assert summary.column("mean_rank_shift") == [0, 0.5]
    assert summary.column("largest_rank_shift") == [0, 1]
    # 1 - 6 (1 + 1) / (4 (16 - 1)); one pair of six in the other order.
    assert summary.column("spearman") == pytest.approx([1, 0.8])
    assert summary.column("kendall") == pytest.approx([1, 4 / 6])
    assert repr(comparison).splitlines()[0] == "4 rows, 2 assessments"
    assert repr(comparison).splitlines()[-1].split() == ["c", "alone", "0.500", "0.800"]
    scores = frames.read(comparison.scores)
    assert scores.column("equal") == pytest.approx(assessment.array("T").tolist())


def test_units_are_matched_and_those_of_one_assessment_kept(assessment):
    fewer = Assessment(INDEX, {name: cells[:3][::-1] for name, cells in DATA.items()})
    comparison = compare([assessment, fewer], node="A")
    assert comparison.labels == ("1", "2")
    assert comparison.units == tuple("WXYZ")
    assert comparison.periods is None
    assert_allclose(comparison.score_array[:, 1], [*fewer.array("A")[::-1], np.nan])
    assert frames.read(comparison.summary).column("units") == [4, 3]
    assert frames.read(comparison.shifts).column("2")[3] is None


def test_periods_are_matched_too(assessment):
    data = {name: cells + cells for name, cells in DATA.items()} | {"year": [1] * 4 + [2] * 4}
    panel = Assessment(INDEX, data, period="year")
    comparison = compare({"equal": panel, "other": heavier(panel)})
    assert comparison.periods == (1, 1, 1, 1, 2, 2, 2, 2)
    ranks = frames.read(comparison.ranks)
    assert ranks.names == ("unit", "year", "equal", "other")
    assert ranks.column("other") == [1, 4, 3, 2] * 2
    with pytest.raises(
        MethodError, match=r"(?s)all assessments must have periods or none.*'panel'"
    ):
        compare({"panel": panel, "one": assessment})


def test_assessments_without_common_units_have_no_distance(assessment):
    other = Assessment(INDEX, {**DATA, "unit": list("KLMN")})
    summary = frames.read(compare([assessment, other]).summary)
    for name in ("mean_rank_shift", "largest_rank_shift"):
        assert summary.column(name) == [0, None]
    assert "nan" in repr(compare([assessment, other]))


def test_one_assessment_cannot_be_compared(assessment):
    with pytest.raises(MethodError, match="at least two assessments, got 1"):
        compare([assessment])


def test_labels_differ_from_the_columns_of_units_and_periods(assessment):
    with pytest.raises(
        MethodError, match=r"(?s)labels must differ from the names of the columns.*'unit'"
    ):
        compare({"unit": assessment, "other": assessment})


def test_assessments_that_lack_the_node_are_named(assessment):
    other = assessment.evolve(index=INDEX.without("A"))
    with pytest.raises(UnknownCodeError, match="in assessment b with code 'A'"):
        compare({"a": assessment, "b": other}, node="A")
    with pytest.raises(UnknownCodeError, match="in assessments a, b with code 'Q'"):
        compare({"a": assessment, "b": other}, node="Q")
