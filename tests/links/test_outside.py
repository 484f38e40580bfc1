"""Correlations with outside variables and other assessments."""

import math

import numpy as np
import pytest
from hypothesis import given
from numpy.testing import assert_allclose
from scipy import stats
from tests.multivariate.cases import DATA, INDEX, assessment, panel, tables

from dli import frames
from dli.errors import DataError, MethodError, UnknownCodeError
from dli.links import with_assessments, with_variables
from dli.normalisation import ZScore


def column(table, name):
    return frames.read(table).column(name)


def test_a_context_column_by_name():
    found = with_variables(assessment(), "people", ["T", "a"])
    assert column(found, "first") == ["T", "a"]
    assert column(found, "second") == ["people", "people"]
    expected = [np.corrcoef(assessment().array(code), DATA["people"])[0, 1] for code in ("T", "a")]
    assert_allclose(column(found, "correlation"), expected)
    assert column(found, "flag")[1] == "collinear"


def test_the_index_is_what_is_asked_about_by_default():
    assert column(with_variables(assessment(), ["people", "people"]), "first") == ["T"]


def test_raw_indicators_show_what_goes_with_size():
    found = with_variables(assessment(), "people", None, stage="raw")
    assert sorted(column(found, "first")) == [i.code for i in INDEX.indicators]
    at = column(found, "first").index("b")
    expected = np.corrcoef(DATA["b"], DATA["people"])[0, 1]
    assert column(found, "correlation")[at] == pytest.approx(expected)


def test_another_table_is_joined_by_unit_whatever_its_order():
    other = {"code": list("ZQYXWVV"[:6]), "x": [1.0, 99.0, 5.0, 2.0, None, 4.0]}
    found = with_variables(assessment(), "x", data=other, unit="code", method="spearman")
    own = dict(zip(assessment().units, assessment().array("T"), strict=True))
    expected = stats.spearmanr([own[u] for u in "ZYXV"], [1, 5, 2, 4])
    assert column(found, "units") == [4]
    assert_allclose(column(found, "correlation"), [expected.statistic])
    assert_allclose(column(found, "p_value"), [expected.pvalue])


@given(data=tables())
def test_own_columns_and_the_same_columns_elsewhere_agree(data):
    given = assessment(data)
    elsewhere = {"unit": data["unit"][::-1], "people": data["people"][::-1]}
    one = with_variables(given, "people", None)
    other = with_variables(given, "people", None, data=elsewhere)
    assert_allclose(column(one, "correlation"), column(other, "correlation"))


@given(data=tables())
def test_a_score_correlates_perfectly_with_itself(data):
    given = assessment(data)
    found = with_assessments(given, {"same": given, "z": given.evolve(normalisation=ZScore())})
    assert column(found, "correlation")[0] == pytest.approx(1)
    assert column(found, "flag")[0] == "collinear"


def test_periods_are_joined_too():
    own = panel()
    found = frames.read(with_variables(own, "people"))
    assert found.column("year") == [2020, 2022]
    rows = [i for i, year in enumerate(own.periods) if year == 2022]
    expected = np.corrcoef(own.array("T")[rows], np.arange(20.0, 25.0))[0, 1]
    assert found.column("correlation")[1] == pytest.approx(expected)


def test_a_table_of_periods_under_another_name():
    own = panel()
    other = {"who": list("UVWX"), "when": [2022, 2022, 2022, 2020], "x": [1.0, 5.0, 2.0, 7.0]}
    found = with_variables(own, "x", data=other, unit="who", period="when")
    assert column(found, "units") == [1, 3]
    assert column(found, "flag")[0] == "too few units"


def test_a_table_without_periods_counts_in_each():
    other = {"unit": list("UVWXY"), "x": [1.0, 5.0, 2.0, 7.0, 3.0]}
    assert column(with_variables(panel(), "x", data=other), "units") == [5, 5]


def test_unknown_columns_are_named():
    with pytest.raises(UnknownCodeError, match="no column 'peple'; did you mean 'people'"):
        with_variables(assessment(), "peple")
    with pytest.raises(UnknownCodeError, match=r"(?s)'iso'.*'x'"):
        with_variables(assessment(), "x", data={"unit": ["U"]}, unit="iso")
    with pytest.raises(MethodError, match="at least one variable, got none"):
        with_variables(assessment(), [])


def test_a_period_cannot_be_joined_to_none():
    with pytest.raises(
        MethodError, match="period is 'people', but the assessment does not have periods"
    ):
        with_variables(assessment(), "people", period="people")


def test_all_faults_of_a_table_are_listed():
    other = {"unit": list("UVUQQ"), "x": [1.0, "no", 2.0, math.inf, 3.0]}
    with pytest.raises(DataError) as caught:
        with_variables(assessment(), "x", data=other)
    assert caught.value.faults == (
        "row 1, 'x': 'no' is not a number; if it marks a missing value, set missing=('no',)",
        "row 3, 'x': inf is infinite",
        "row 2: 'U' appears before, in row 0",
    )


def test_text_is_no_variable():
    with pytest.raises(DataError, match="'region': 'N' is not a number"):
        with_variables(assessment(), "region")


def test_tables_without_a_common_unit_are_refused():
    other = {"unit": [1, 2, 3, 4], "x": [1.0, 2.0, 3.0, 4.0]}
    with pytest.raises(
        DataError,
        match=r"no unit .* is in column 'unit', which contains 1, 2, 3, \.\.\.; the units",
    ):
        with_variables(assessment(), "x", data=other)
    with pytest.raises(
        DataError, match=r"contains 'Q'; the units of the assessment are 'U', 'V', 'W', \.\.\."
    ):
        with_variables(assessment(), "x", data={"unit": ["Q"], "x": [1.0]})


def test_other_assessments_are_matched_by_unit():
    fewer = assessment({name: cells[1:][::-1] for name, cells in DATA.items()})
    found = with_assessments(assessment(), {"fewer": fewer}, [*"AB"], node="B")
    expected = [
        np.corrcoef(assessment().array(code)[1:], fewer.array("B")[::-1])[0, 1] for code in "AB"
    ]
    assert column(found, "units") == [5, 5]
    assert column(found, "second") == ["fewer", "fewer"]
    assert_allclose(column(found, "correlation"), expected)


def test_other_panels_are_matched_by_period():
    own = panel()
    found = with_assessments(own, {"z": own.evolve(normalisation=ZScore())})
    assert column(found, "units") == [6, 5]
    assert column(found, "year") == [2020, 2022]


@pytest.mark.parametrize("others", [[1], {}, None])
def test_others_must_be_labelled(others):
    with pytest.raises(MethodError, match="must be a mapping of label to Assessment"):
        with_assessments(assessment(), others)


def test_errors_name_the_assessments_at_fault():
    own, strange = assessment(), assessment(DATA | {"unit": list("KLMNOP")})
    with pytest.raises(DataError, match=r"(?s)units in common.*'strange'"):
        with_assessments(own, {"same": own, "strange": strange})
    with pytest.raises(MethodError, match=r"(?s)must be assessments.*'x' is 3"):
        with_assessments(own, {"same": own, "x": 3})
    with pytest.raises(MethodError, match=r"(?s)must not have any; these do\b.*'panel'"):
        with_assessments(own, {"panel": panel()})
    with pytest.raises(MethodError, match=r"(?s)must have periods too; these do not.*'own'"):
        with_assessments(panel(), {"own": own})
    part = own.evolve(index=INDEX.without("B"))
    with pytest.raises(UnknownCodeError, match="in assessment part, other with code 'B'"):
        with_assessments(own, {"same": own, "part": part, "other": part}, node="B")
