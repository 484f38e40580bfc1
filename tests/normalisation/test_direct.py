"""What follows from each value alone."""

import numpy as np
import pytest
from attrs import evolve
from hypothesis import given
from numpy.testing import assert_allclose, assert_array_equal
from tests.normalisation.tables import Table, few, tables

from dli import Assessment, Index, Indicator, Method
from dli.errors import MethodError
from dli.framework.choices import read_choice, write_choice
from dli.normalisation import CutOff, FittedOn, Reciprocal, Unscaled
from dli.normalisation.protocol import traits_of

MORE, LESS = [Indicator("more")], [Indicator("less", direction=-1)]
BOTH = [*MORE, *LESS]
SCHEMES = [Unscaled(), Reciprocal(), Reciprocal(10), CutOff(5), CutOff(5, inclusive=True)]
every = pytest.mark.parametrize("scheme", SCHEMES, ids=repr)


def _fitting(scheme, indicators):
    """Return the indicators with a direction that a scheme can work on."""
    if not isinstance(scheme, Reciprocal):
        return indicators
    return [evolve(one, direction=-1, goalposts=None) for one in indicators]


@every
@few
@given(table=tables())
def test_each_value_stands_alone_and_missing_stays_missing(scheme, table: Table):
    values, indicators = table
    indicators = _fitting(scheme, indicators)
    before = values.copy()
    found = scheme.normalise(values, indicators)
    assert_array_equal(values, before)
    assert_array_equal(np.isnan(found), np.isnan(values))
    for row in range(len(values)):
        assert_array_equal(scheme.normalise(values[[row]], indicators), found[[row]])
    samples = np.stack([values, values[::-1]])
    assert_array_equal(scheme.normalise(samples, indicators), np.stack([found, found[::-1]]))


@every
@few
@given(table=tables(missing=False))
def test_better_scores_higher_and_for_a_cut_off_never_higher(scheme, table: Table):
    values, indicators = table
    indicators = _fitting(scheme, indicators)
    found = scheme.normalise(values, indicators)
    for j, indicator in enumerate(indicators):
        order = np.argsort(values[:, j] * indicator.direction)
        rises = np.diff((values[:, j] * indicator.direction)[order]) > 0
        scores = found[order, j]
        if isinstance(scheme, CutOff):
            assert (np.diff(scores) <= 0).all()
        else:
            assert_array_equal(np.diff(scores) > 0, rises)


@every
def test_each_survives_a_text_file_and_describes_itself(scheme):
    assert read_choice("normalisation", write_choice("normalisation", scheme)) == scheme
    text = scheme.describe()
    assert text.endswith(".")
    assert text.count("$") % 2 == 0


@pytest.mark.parametrize("scheme", [Reciprocal(), CutOff(1)])
def test_most_have_nothing_to_fit(scheme):
    with pytest.raises(MethodError, match="normalisation must be one that can be fitted, got"):
        FittedOn(scheme, units=["A"])


@every
def test_values_need_a_column_for_each_indicator(scheme):
    with pytest.raises(MethodError, match=r"n_indicators\) = .*, 1\), got \(3, 2\)"):
        scheme.normalise(np.ones((3, 2)), LESS)
    with pytest.raises(MethodError, match=r"must be finite numbers.*\n  - row 0, 'less': inf$"):
        scheme.normalise([[np.inf]], LESS)


def test_values_as_they_are_by_hand():
    found = Unscaled().normalise([[3.5, 3.5], [-2.0, 0.0], [np.nan, -1.0]], BOTH)
    assert_array_equal(found, [[3.5, -3.5], [-2.0, 0.0], [np.nan, 1.0]])
    assert not np.signbit(found[1, 1])
    assert traits_of(Unscaled()).ends is None


def test_figures_on_one_scale_keep_it_in_an_index():
    data = {"unit": ["A", "B"], "x": [60.0, 80.0], "y": [70.0, 20.0]}
    index = Index("T", [Indicator("x"), Indicator("y")])
    found = Assessment(index, data, method=Method(normalisation=Unscaled()))
    assert found.array("T").tolist() == [65.0, 50.0]
    assert found.array("x").tolist() == [60.0, 80.0]


def test_reciprocals_by_hand():
    found = Reciprocal(10).normalise([[4.0], [0.5], [np.nan], [1000.0]], LESS)
    assert_array_equal(found.ravel(), [2.5, 20, np.nan, 0.01])
    assert Reciprocal().normalise([[4.0]], LESS).tolist() == [[0.25]]


# The reproductive dimension of the Gender Inequality Index: the geometric mean of 10 / MMR and
# 1 / ABR, with maternal mortality and adolescent birth rates of 40 and 36.
def test_the_reproductive_dimension_of_the_gender_inequality_index_by_hand():
    indicators = [Indicator("mmr", direction=-1), Indicator("abr", direction=-1)]
    mortality = Reciprocal(10).normalise([[40.0]], indicators[:1])[0, 0]
    births = Reciprocal().normalise([[36.0]], indicators[1:])[0, 0]
    assert_allclose(np.sqrt(mortality * births), 1 / 12, rtol=1e-15)


def test_a_reciprocal_refuses_indicators_of_which_more_is_better():
    indicators = [*MORE, *LESS, Indicator("other")]
    with pytest.raises(
        MethodError, match="requires direction -1; the direction is 1 for"
    ) as caught:
        Reciprocal().normalise(np.ones((2, 3)), indicators)
    assert caught.value.faults == ("'more'", "'other'")


def test_a_reciprocal_names_every_value_that_it_cannot_divide_by():
    values = [[0.0, 2.0], [-3.5, np.nan], [5e-324, 1.0]]
    indicators = [Indicator("a", direction=-1), Indicator("b", direction=-1)]
    with pytest.raises(MethodError, match="Reciprocal needs values above 0") as caught:
        Reciprocal().normalise(values, indicators)
    assert caught.value.faults == (
        "row 0, 'a': 0",
        "row 1, 'a': -3.5",
        "row 2, 'a': 4.94066e-324",
    )
    with pytest.raises(MethodError, match=r"got:\n  - row 1, 'less': 0$"):
        Reciprocal().normalise(np.array([[[1.0], [2.0]], [[1.0], [0.0]]]), LESS)


def test_an_assessment_names_the_unit_and_the_code():
    data = {"unit": ["A", "B"], "less": [1.0, 0.0]}
    with pytest.raises(
        MethodError, match=r"normalisation Reciprocal: .*\n  - unit 'B', 'less': 0$"
    ):
        Assessment(Index("T", LESS), data, method=Method(normalisation=Reciprocal()))


@pytest.mark.parametrize("factor", [0, -1, np.nan, "1", True, None])
def test_the_factor_is_a_number_above_0(factor):
    with pytest.raises(MethodError, match="factor must be a number above 0, got"):
        Reciprocal(factor)


def test_a_cut_off_by_hand():
    values = [[5.0, 5.0], [4.9, 5.1], [9.0, 1.0], [np.nan, np.nan]]
    found = CutOff(5).normalise(values, BOTH)
    assert_array_equal(found, [[0, 0], [1, 1], [0, 0], [np.nan, np.nan]])
    found = CutOff(5, inclusive=True).normalise(values, BOTH)
    assert_array_equal(found, [[1, 1], [1, 1], [0, 0], [np.nan, np.nan]])
    assert traits_of(CutOff(5)).ends == (0.0, 1.0)


# The matrix of achievements with which the method of Alkire and Foster is usually explained: the
# cut-offs are 13, 12, 3 and 1, and the four people are deprived in 0, 2, 4 and 1 dimensions.
def test_deprivation_counts_of_four_people_in_four_dimensions():
    achievements = np.array(
        [[13.1, 14, 4, 1], [15.2, 7, 5, 0], [12.5, 10, 1, 0], [20, 11, 3, 1]], dtype=float
    )
    codes = ["income", "schooling", "health", "services"]
    data = {"unit": list("ABCD"), **dict(zip(codes, achievements.T, strict=True))}
    cut_offs = dict(zip(codes, [CutOff(13), CutOff(12), CutOff(3), CutOff(1)], strict=True))
    index = Index("poverty", [Indicator(code) for code in codes])
    found = Assessment(index, data, method=Method(normalisation=cut_offs))
    assert_allclose(4 * found.array("poverty"), [0, 2, 4, 1])


def test_all_bad_parameters_of_a_cut_off_are_named():
    with pytest.raises(MethodError, match="invalid parameters of CutOff") as caught:
        CutOff("5", inclusive=1)
    assert caught.value.faults == (
        "at must be a number, got '5'",
        "inclusive must be True or False, got 1",
    )


def test_descriptions_tell_the_parameters_in_force():
    assert "$10 / x$" in Reciprocal(10).describe()
    assert "cut-off $6$; $0$" in CutOff(6).describe()
    assert "cut-off $6$, or equal to it; $0$" in CutOff(6, inclusive=True).describe()
