import numpy as np
import pytest
from hypothesis import given
from numpy.testing import assert_allclose
from tests.normalisation.tables import Table, few, tables

from dli import Indicator
from dli.errors import MethodError
from dli.normalisation import ZScore


# By hand: mean 5, sum of squared deviations 32, sample variance 32 / 7.
def test_z_scores_by_hand():
    values = np.array([2.0, 4.0, 4.0, 4.0, 5.0, 5.0, 7.0, 9.0, np.nan])[:, np.newaxis]
    expected = np.array([-3, -1, -1, -1, 0, 0, 2, 4, np.nan])[:, np.newaxis] / np.sqrt(32 / 7)
    assert_allclose(ZScore().normalise(values, [Indicator("a")]), expected, rtol=1e-14)
    down = ZScore(100, 10).normalise(values, [Indicator("a", direction=-1)])
    assert_allclose(down, 100 - 10 * expected, rtol=1e-14)


@few
@given(table=tables())
def test_mean_and_sample_standard_deviation_are_those_asked_for(table: Table):
    values, indicators = table
    result = ZScore(100, 10).normalise(values, indicators)
    assert_allclose(np.nanmean(result, axis=0), 100, rtol=1e-12)
    assert_allclose(np.nanstd(result, axis=0, ddof=1), 10, rtol=1e-11)


@pytest.mark.parametrize(("mean", "sd"), [(0, 0), (0, -1), (np.nan, 1), (0, np.inf)])
def test_mean_and_sd_must_make_sense(mean, sd):
    with pytest.raises(MethodError, match="mean must be finite and sd above 0"):
        ZScore(mean, sd)


def test_columns_that_do_not_differ_are_named():
    values = np.array([[0.1, 1.0, np.nan], [0.1, 2.0, np.nan], [0.1, 3.0, np.nan]])
    indicators = [Indicator(code) for code in "abc"]
    with pytest.raises(MethodError) as caught:
        ZScore().normalise(values, indicators)
    assert caught.value.faults == ("'a': all its values are 0.1", "'c': it has no value at all")


def test_descriptions_tell_the_parameters_in_force():
    assert ZScore().describe().startswith("Z-scores: $(x")
    assert ZScore(100, 10).describe().startswith("Z-scores: $100 + 10 \\, (x")
