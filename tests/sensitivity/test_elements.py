"""Removal of elements, and assessments side by side."""

import numpy as np
import pytest
from numpy.testing import assert_allclose

from dli import Assessment, Index, Indicator, Method, frames, weighting
from dli.aggregation import GeometricMean
from dli.change import compare
from dli.errors import MethodError, UnknownCodeError
from dli.normalisation import MinMax, ZScore
from dli.sensitivity import remove_elements
from dli.weighting import Equal

INDEX = Index(
    "T",
    [Index("A", [Indicator("a"), Indicator("b", weight=3)]), Index("B", [Indicator("c")])],
)
DATA = {
    "unit": list("WXYZ"),
    "a": [1, 3, 2, 5],
    "b": [9.0, 5.0, 8.0, 1.0],
    "c": [2.0, 1.0, 4.0, 3.0],
}


@pytest.fixture
def assessment():
    return Assessment(INDEX, DATA)


def test_the_scores_that_are_compared_may_be_those_of_an_indicator(assessment):
    found = remove_elements(assessment, ["b"], node="a")
    assert found.comparison.score_array.tolist() == [[x, x] for x in assessment.array("a").tolist()]
    with pytest.raises(MethodError, match=r"nothing would be left of 'a':\n  - 'a'"):
        remove_elements(assessment, ["a"], node="a")


def test_removing_an_indicator_gives_the_others_its_weight(assessment):
    found = remove_elements(assessment, ["a", "c"])
    assert found.codes == ("a", "c")
    b, c = assessment.array("b"), assessment.array("c")
    a = assessment.array("a")
    assert_allclose(found.comparison.score_array[:, 1], (b + c) / 2)
    # "c" is the only child of B, which goes with it.
    assert_allclose(found.comparison.score_array[:, 2], (a + 3 * b) / 4)
    assert found.comparison.labels == ("nominal", "a", "c")


def test_all_indicators_go_by_default_and_levels_can_be_asked_for(assessment):
    assert remove_elements(assessment).codes == ("a", "b", "c")
    assert remove_elements(assessment, 1).codes == ("A", "B")
    assert remove_elements(assessment, "a").codes == ("a",)


def test_the_mean_rank_shift_is_that_of_the_ranks(assessment):
    found = remove_elements(assessment)
    ranks = np.array([frames.read(found.ranks).column(c) for c in ("nominal", *found.codes)])
    expected = np.abs(ranks[1:] - ranks[0]).mean(axis=1)
    assert_allclose(found.mean_rank_shift, expected)
    summary = frames.read(found.summary)
    assert sorted(summary.column("mean_rank_shift"), reverse=True) == summary.column(
        "mean_rank_shift"
    )
    assert set(summary.column("code")) == set(found.codes)
    assert frames.read(found.scores).names == ("unit", "nominal", "a", "b", "c")


@pytest.mark.parametrize(
    "scheme",
    [
        weighting.AHP({("a", "b"): 3, ("b", "c"): 2, ("a", "c"): 6}),
        weighting.Fixed({"a": 0.5, "b": 0.25, "c": 0.25}),
        weighting.Critic(),
    ],
)
def test_the_weights_of_the_others_stay_in_proportion_under_any_scheme(assessment, scheme):
    index = Index("T", [Index("S", [Indicator("a"), Indicator("b"), Indicator("c")])])
    given = assessment.evolve(index=index, method=Method(weighting={"S": scheme, 0: Equal()}))
    weights = given.weight_array("S")
    found = remove_elements(given, ["a"], node="T").comparison.score_array[:, 1]
    values = np.stack([given.array("b"), given.array("c")], axis=1)
    assert_allclose(found, values @ weights[1:] / weights[1:].sum())


def test_choices_for_what_goes_go_too(assessment):
    given = assessment.evolve(weighting={"A": Equal(), 0: Equal()}, normalisation={"a": ZScore()})
    found = remove_elements(given, ["A"])
    assert_allclose(found.comparison.score_array[:, 1], assessment.array("B"))


def test_weights_that_differ_by_unit_are_found_anew(assessment):
    index = Index("T", [Indicator("a"), Indicator("b"), Indicator("c")])
    given = assessment.evolve(
        index=index,
        method=Method(normalisation=MinMax(1, 2), weighting=weighting.BenefitOfTheDoubt()),
    )
    found = remove_elements(given, ["c"])
    alone = given.evolve(index=index.without("c"))
    assert_allclose(found.comparison.score_array[:, 1], alone.array("T"))


def test_the_scores_of_another_node_can_be_followed(assessment):
    found = remove_elements(assessment, ["a"], node="A")
    assert_allclose(found.comparison.score_array[:, 1], assessment.array("b"))


def test_a_node_cannot_stay_when_all_below_it_goes(assessment):
    with pytest.raises(MethodError, match=r"(?s)nothing would be left of 'B'.*'c'.*'B'.*'T'"):
        remove_elements(assessment, ["c", "a", "B", "T"], node="B")


def test_levels_that_are_none_are_refused(assessment):
    with pytest.raises(MethodError, match="nodes must be a level from 0"):
        remove_elements(assessment, 7)
    with pytest.raises(MethodError, match=r"(?s)nothing would be left of 'T'.*'T'"):
        remove_elements(assessment, 0)


def test_unknown_elements_are_named(assessment):
    with pytest.raises(UnknownCodeError, match="'x'"):
        remove_elements(assessment, ["a", "x"])


def test_removals_print_the_furthest_first(assessment):
    lines = repr(remove_elements(assessment)).splitlines()
    shifts = [float(line.split()[-1]) for line in lines[3:]]
    assert shifts == sorted(shifts, reverse=True)


def test_assessments_are_matched_by_unit(assessment):
    fewer = Assessment(INDEX, {name: cells[:3][::-1] for name, cells in DATA.items()})
    found = compare([assessment, fewer], node="A")
    assert found.labels == ("1", "2")
    assert found.units == tuple("WXYZ")
    assert np.isnan(found.score_array[3, 1])
    assert_allclose(found.score_array[:3, 1], fewer.array("A")[::-1])
    summary = frames.read(found.summary)
    assert summary.column("units") == [4, 3]
    assert frames.read(found.shifts).column("2")[3] is None


def test_periods_are_matched_too(assessment):
    panel = {name: cells + cells for name, cells in DATA.items()} | {"year": [1] * 4 + [2] * 4}
    given = Assessment(INDEX, panel, period="year")
    found = compare({"a": given, "g": given.evolve(normalisation=ZScore())})
    assert found.periods == (1, 1, 1, 1, 2, 2, 2, 2)
    assert frames.read(found.ranks).names == ("unit", "year", "a", "g")
    with pytest.raises(
        MethodError, match=r"(?s)all assessments must have periods or none.*'panel'"
    ):
        compare({"panel": given, "one": assessment})


def test_the_summary_measures_the_distance_from_the_first(assessment):
    other = assessment.evolve(normalisation=MinMax(1, 100), aggregation=GeometricMean())
    found = compare({"mean": assessment, "geometric": other})
    summary = frames.read(found.summary)
    moved = np.abs(found.rank_array[:, 1] - found.rank_array[:, 0])
    assert summary.column("mean_rank_shift") == [0, moved.mean()]
    assert summary.column("largest_rank_shift") == [0, moved.max()]
    assert summary.column("spearman")[0] == 1
    assert "geometric" in repr(found)


def test_units_without_common_scores_have_no_distance(assessment):
    other = Assessment(INDEX, {**DATA, "unit": list("KLMN")})
    summary = frames.read(compare([assessment, other]).summary)
    assert summary.column("mean_rank_shift") == [0, None]
    assert summary.column("largest_rank_shift") == [0, None]
    assert "nan" in repr(compare([assessment, other]))


def test_one_assessment_cannot_be_compared(assessment):
    with pytest.raises(MethodError, match="at least two assessments, got 1"):
        compare([assessment])


def test_a_node_that_some_assessments_lack_is_named_with_them(assessment):
    other = assessment.evolve(index=INDEX.without("A"))
    with pytest.raises(UnknownCodeError, match="in assessment b with code 'A'"):
        compare({"a": assessment, "b": other}, node="A")
