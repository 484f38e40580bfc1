import csv
from pathlib import Path

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from numpy.testing import assert_allclose, assert_array_equal
from scipy.stats import multivariate_normal, spearmanr
from tests.aggregation.cases import few

from dli import Assessment, Index, Indicator, Method
from dli.aggregation import Traits, UnobservedComponents, unobserved_components
from dli.errors import DLIWarning, MethodError
from dli.normalisation import Goalposts, MinMax
from dli.sensitivity import MeasurementError, uncertainty

WGI = Path(__file__).parents[3] / "shared" / "data" / "wb_wgi" / "wgi_2016_2023.csv"
ALPHA, BETA, SIGMA = (
    np.array([10.0, 2, -5, 0]),
    np.array([2, 1, 0.5, 30]),
    np.array([0.5, 1, 0.7, 0.4]),
)
KNOWN = {"alpha": [10, 2], "beta": [2, 1], "sigma": [1, 0.5]}
HALVES = np.array([0.5, 0.5])


def simulated(n_units, seed=1, missing=0.0, alpha=ALPHA, beta=BETA, sigma=SIGMA):
    """Return scores and what sources report of them."""
    rng = np.random.default_rng(seed)
    scores = rng.normal(size=n_units)
    values = alpha + beta * (scores[:, np.newaxis] + sigma * rng.normal(size=(n_units, beta.size)))
    values[rng.random(values.shape) < missing] = np.nan
    return scores, values


# By hand: in units of the score the first unit has 1 and 1, of the precisions 1 and 4, and the
# second -1, of the precision 1; each with the precision 1 of the score itself.
def test_scores_and_standard_errors_by_hand():
    found = unobserved_components([[12, 3], [8, np.nan], [np.nan, np.nan]], **KNOWN)
    assert_allclose(found.scores, [5 / 6, -1 / 2, np.nan], rtol=1e-15)
    assert_allclose(found.standard_errors, [6**-0.5, 2**-0.5, np.nan], rtol=1e-15)
    assert (found.iterations, found.converged) == (0, True)
    for name, numbers in KNOWN.items():
        assert_array_equal(getattr(found, name), numbers)
        assert not getattr(found, name).flags.writeable


# Three complete sources: nine moments for nine parameters, so that means and covariances are met
# and a squared slope is the product of the two covariances of a source over the third.
def test_the_likelihood_of_three_sources_is_greatest_where_moments_are_met():
    _, values = simulated(60, beta=BETA[:3], alpha=ALPHA[:3], sigma=SIGMA[:3])
    found = unobserved_components(values)
    s = np.cov(values.T, bias=True)
    slopes = np.sqrt([s[0, 1] * s[0, 2] / s[1, 2], s[0, 1] * s[1, 2] / s[0, 2], s[0, 2] * s[1, 2] / s[0, 1]])  # fmt: skip
    assert found.converged
    assert_allclose(found.alpha, values.mean(axis=0), rtol=1e-7)
    assert_allclose(found.beta, slopes, rtol=1e-6)
    assert_allclose(found.sigma, np.sqrt(np.diag(s) - slopes**2) / slopes, rtol=1e-6)


def test_the_log_likelihood_is_that_of_a_normal_distribution():
    _, values = simulated(40, missing=0.3)
    found = unobserved_components(values)
    covariance = np.outer(found.beta, found.beta) + np.diag((found.beta * found.sigma) ** 2)
    expected = 0.0
    for row in values:
        at = np.flatnonzero(~np.isnan(row))
        if at.size:
            expected += multivariate_normal.logpdf(
                row[at], found.alpha[at], covariance[np.ix_(at, at)]
            )
    assert_allclose(found.log_likelihood, expected, rtol=1e-12)
    given_back = unobserved_components(
        values, alpha=found.alpha, beta=found.beta, sigma=found.sigma
    )
    assert_allclose(given_back.log_likelihood, expected, rtol=1e-12)
    assert_array_equal(given_back.scores, found.scores)
    # Any other parameters have a smaller likelihood.
    for name in ("alpha", "beta", "sigma"):
        for j in range(4):
            for step in (-1e-3, 1e-3):
                moved = {n: getattr(found, n).copy() for n in ("alpha", "beta", "sigma")}
                moved[name][j] += step * found.beta[j] if name != "sigma" else step
                assert unobserved_components(values, **moved).log_likelihood < expected


# With 4000 units the standard error of an intercept is about 2 %, that of a slope about 3 %, of the
# standard deviation of the score; bounds of four of them.
@pytest.mark.parametrize("missing", [0.0, 0.3])
def test_parameters_of_a_simulation_are_recovered_and_intervals_cover_the_truth(missing):
    scores, values = simulated(4000, missing=missing)
    found = unobserved_components(values)
    assert_allclose((found.alpha - ALPHA) / BETA, 0, atol=0.08)
    assert_allclose(found.beta / BETA, 1, atol=0.12)
    assert_allclose(found.sigma / SIGMA, 1, atol=0.12)
    known = ~np.isnan(found.scores)
    wrong_by = np.abs(found.scores - scores)[known] / found.standard_errors[known]
    assert 0.85 < (wrong_by < 1.6449).mean() < 0.95
    # It is not that intervals are wide: within half of each there are far fewer.
    assert (wrong_by < 1.6449 / 2).mean() < 0.65


laws = given(
    seed=st.integers(0, 1000),
    scale=st.lists(st.floats(0.01, 100), min_size=4, max_size=4),
    shift=st.lists(st.floats(-50, 50), min_size=4, max_size=4),
    order=st.permutations(range(4)),
)


@few
@laws
def test_affine_changes_and_orders_change_nothing_but_intercepts_and_slopes(
    seed, scale, shift, order
):
    _, values = simulated(80, seed, missing=0.2)
    changed = (values * scale + shift)[::-1, order]
    try:
        found = unobserved_components(values)
    except MethodError:  # one table in eighty does not determine the model, however it is written
        with pytest.raises(MethodError, match="its error is estimated to be zero"):
            unobserved_components(changed)
        return
    other = unobserved_components(changed)
    assert_allclose(other.scores[::-1], found.scores, atol=1e-5)
    assert_allclose(other.standard_errors[::-1], found.standard_errors, atol=1e-5)
    assert_allclose(other.sigma, found.sigma[order], rtol=1e-4)
    assert_allclose(other.beta, (found.beta * scale)[order], rtol=1e-4)
    atol = 1e-4 * np.max(scale) * 30
    assert_allclose(other.alpha, (found.alpha * scale + shift)[order], rtol=1e-4, atol=atol)


@few
@laws
def test_more_values_make_a_score_more_certain(seed, scale, shift, order):
    assume(seed != 846)  # the only one of these tables that does not determine the model
    _, values = simulated(80, seed)
    found = unobserved_components(values)
    parameters = {"alpha": found.alpha, "beta": found.beta, "sigma": found.sigma}
    fewer = values.copy()
    fewer[:, order[0]] = np.nan
    assert (
        unobserved_components(fewer, **parameters).standard_errors > found.standard_errors
    ).all()
    # An estimate varies less than what it estimates.
    assert found.scores.std() < 1.05


def test_the_class_holds_what_was_fitted_and_weights_do_not_enter():
    _, values = simulated(60, missing=0.2)
    scheme = UnobservedComponents(50, 10)
    weights = np.array([0.1, 0.2, 0.3, 0.4])
    found = scheme.aggregate(values, weights)
    assert_allclose(found, 50 + 10 * unobserved_components(values).scores, rtol=1e-14)
    assert_array_equal(scheme.aggregate(values, weights[::-1]), found)
    held = scheme.fit(values)
    assert scheme.traits == Traits(skips_missing=True, draws=True, kinked=False)
    assert held.traits.local
    assert_array_equal(held.aggregate(values, weights), found)
    assert_array_equal(held.aggregate(values[:3], weights), found[:3])
    slopes = held.gradient(values, weights)
    assert slopes.shape == values.shape
    assert (slopes[np.isnan(values)] == 0).all()
    for j in range(4):
        moved = values.copy()
        moved[:, j] += 7.0
        rise = np.where(np.isnan(moved[:, j]), 0.0, 7 * slopes[:, j])
        assert_allclose(held.aggregate(moved, weights), found + rise, rtol=1e-11)


def test_samples_are_estimated_one_by_one():
    samples = np.stack([simulated(40, seed)[1] for seed in (1, 2)])
    weights = np.full(4, 0.25)
    scheme = UnobservedComponents()
    found = scheme.aggregate(samples, weights)
    assert_array_equal(found, [scheme.aggregate(sample, weights) for sample in samples])
    assert not np.array_equal(*found)
    fixed = UnobservedComponents(alpha=ALPHA, beta=BETA, sigma=SIGMA)
    assert fixed.aggregate(samples, weights).shape == (2, 40)
    assert_array_equal(fixed.fit(samples).sigma, SIGMA)


def test_it_describes_itself():
    text = UnobservedComponents(50, 10).describe()
    assert "S = 50 + 10 E[g | y]" in text
    assert "estimated by maximum likelihood; declared weights do not enter." in text
    assert "its parameters given;" in UnobservedComponents(**KNOWN).describe()
    assert UnobservedComponents(**KNOWN) == UnobservedComponents(
        alpha=np.array([10, 2]), beta=(2, 1), sigma=[1, 0.5]
    )


# Errors.


def test_two_sources_are_not_identified():
    _, values = simulated(30)
    with pytest.raises(
        MethodError, match=r"three sources or more, got 2: give alpha, beta and sigma"
    ):
        unobserved_components(values[:, :2])


def test_all_sources_with_too_few_units_or_constant_values_are_named():
    _, values = simulated(30)
    values[9:, 1] = np.nan
    values[:, 3] = 7.0
    with pytest.raises(MethodError, match=r"each with 10 units, that share 10 units") as caught:
        unobserved_components(values)
    assert caught.value.faults == (
        "column 1: 9 units with a value, min_units is 10",
        "column 3: all values are the same",
    )
    assert unobserved_components(values[:, :3], min_units=9).scores.shape == (30,)


def chained(pairs):
    """Return values of four sources of which only some pairs share units."""
    _, values = simulated(400 * len(pairs))
    for place, pair in enumerate(pairs):
        others = [j for j in range(4) if j not in pair]
        values[400 * place : 400 * (place + 1), others] = np.nan
    return values


def test_sources_whose_slopes_do_not_follow_from_pairs_are_named():
    with pytest.raises(MethodError, match="column 0: shares too few units") as caught:
        unobserved_components(chained([(0, 1), (1, 2), (2, 3)]))
    assert len(caught.value.faults) == 4
    with pytest.raises(MethodError) as caught:
        unobserved_components(chained([(0, 1, 2), (3,)]))
    assert caught.value.faults == ("column 3: shares too few units with the others",)
    # Three that share units pair by pair, with a fourth linked to one of them, are enough.
    assert unobserved_components(chained([(0, 1), (1, 2), (0, 2), (2, 3)])).converged


def test_sources_that_are_not_positively_related_are_named():
    _, values = simulated(100)
    with pytest.raises(
        MethodError, match=r"column 2: not positively related to the others \(slope -0\.\d+ once"
    ) as caught:
        unobserved_components(values * [1, 1, -1, 1])
    assert len(caught.value.faults) == 1
    # Where most are turned, they are the rest.
    with pytest.raises(MethodError, match="column 2: not positively related") as caught:
        unobserved_components(values * [-1, -1, 1, -1])
    assert len(caught.value.faults) == 1


def test_sources_that_repeat_each_other_are_named():
    _, values = simulated(100)
    with pytest.raises(MethodError, match="column 0: its error is estimated to be zero") as caught:
        unobserved_components(np.column_stack([values, 3 * values[:, 0] - 1]))
    assert [fault[:9] for fault in caught.value.faults] == ["column 0:", "column 4:"]


def test_values_that_floats_cannot_tell_apart_well_are_refused():
    _, values = simulated(30)
    with pytest.raises(MethodError, match="ordinary size that are not too close together"):
        unobserved_components(values * [1, 1, 1, 1e200])


def test_a_search_that_stops_early_says_so():
    _, values = simulated(60)
    with pytest.warns(DLIWarning, match=r"not maximised in 2 iterations; raise max_iterations"):
        found = unobserved_components(values, max_iterations=2)
    assert (found.iterations, found.converged) == (2, False)


def test_parameters_are_checked_together():
    with pytest.raises(MethodError, match="given together; beta and sigma are missing"):
        unobserved_components([[1.0]], alpha=[1])
    with pytest.raises(MethodError, match="given together; sigma is missing"):
        UnobservedComponents(alpha=[1], beta=[2])
    with pytest.raises(MethodError, match=r"same shape \(n_sources,\), got \(1,\), \(2,\), \(1,\)"):
        UnobservedComponents(alpha=[1], beta=[2, 3], sigma=[4])
    with pytest.raises(MethodError, match=r"got \(0,\), \(0,\), \(0,\)"):
        UnobservedComponents(alpha=[], beta=[], sigma=[])
    with pytest.raises(MethodError, match=r"got \(1, 1\), \(1, 1\), \(1, 1\)"):
        UnobservedComponents(alpha=[[1]], beta=[[1]], sigma=[[1]])
    with pytest.raises(MethodError) as caught:
        UnobservedComponents("high", 0, alpha=[1, np.nan], beta=[0, 1], sigma=[1, -1], min_units=2)
    assert caught.value.faults == (
        "mean must be a number, got 'high'",
        "sd must be a number above 0, got 0",
        "min_units must be a whole number of at least 3, got 2",
        "alpha of column 1 must be a number, got nan",
        "beta of column 0 must be a number above 0, got 0.0",
        "sigma of column 1 must be a number from 1e-09 to 1e+09, got -1.0",
    )
    with pytest.raises(MethodError, match=r"alpha must be numbers: expected an array"):
        UnobservedComponents(alpha="abc", beta=[1], sigma=[1])
    with pytest.raises(MethodError) as caught:
        unobserved_components([[1.0]], min_units=True, max_iterations=0)
    assert len(caught.value.faults) == 2


def test_parameters_must_fit_the_values():
    with pytest.raises(MethodError, match="those of 2 sources, but values have 3"):
        unobserved_components([[1.0, 2, 3]], **KNOWN)
    with pytest.raises(MethodError, match=r"check their units:\n  - column 1$"):
        UnobservedComponents(**KNOWN).aggregate(np.array([[1.0, 1e200]]), HALVES)


# In an assessment.

INDEX = Index("T", [Indicator(code, goalposts=(-500, 500)) for code in "abcd"])


def table(values):
    columns = {code: values[:, j] for j, code in enumerate("abcd")}
    return {"unit": [f"U{i:02}" for i in range(len(values))], **columns}


def test_an_assessment_has_the_scores_and_their_standard_errors():
    _, values = simulated(40, missing=0.1)
    for step in (Goalposts(), MinMax()):
        method = Method(normalisation=step, aggregation=UnobservedComponents(50, 10))
        assessment = Assessment(INDEX, table(values), method=method)
        found = unobserved_components(assessment.arrays("abcd", normalised=True))
        assert_allclose(assessment.array("T"), 50 + 10 * found.scores, rtol=1e-12)
        plain = unobserved_components(values)
        assert_allclose(found.scores, plain.scores, atol=1e-6)
        assert_allclose(found.standard_errors, plain.standard_errors, atol=1e-6)


def test_an_assessment_names_the_indicator_at_fault():
    _, values = simulated(40)
    method = Method(normalisation=Goalposts(), aggregation=UnobservedComponents())
    with pytest.raises(MethodError, match="'c': not positively related to the others"):
        Assessment(INDEX, table(values * [1, 1, -1, 1]), method=method)
    values[:, 1] = 3.0
    with pytest.raises(MethodError, match="'b': all values are the same"):
        Assessment(INDEX, table(values), method=method)


def test_periods_share_the_parameters():
    _, values = simulated(40)
    data = table(values)
    data |= {"unit": data["unit"][:20] * 2, "year": [2020] * 20 + [2021] * 20}
    method = Method(normalisation=Goalposts(), aggregation=UnobservedComponents())
    assessment = Assessment(INDEX, data, period="year", method=method)
    assert_allclose(assessment.array("T"), unobserved_components(values).scores, atol=1e-6)


def test_a_held_assessment_is_linear_and_a_study_estimates_anew():
    _, values = simulated(40)
    method = Method(normalisation=Goalposts(), aggregation=UnobservedComponents())
    assessment = Assessment(INDEX, table(values), method=method)
    held = assessment.held
    assert held.is_local("T")
    slope = held.slopes("T")["a"][3]
    after = held.unit(3).moved({"a": assessment.array("a")[3] + 1.0})["T"]
    assert_allclose(after, assessment.array("T")[3] + slope, rtol=1e-10)
    study = uncertainty(assessment, [MeasurementError(0.01)], n_samples=4, rng=1)
    assert np.isfinite(study.expected_ranks).all()


# The six indicators are themselves estimates of such a model, from sources that are not published
# with them. As six sources of a common score they should lead to the order of their mean.
def test_six_governance_indicators_of_the_world_bank_agree():
    if not WGI.is_file():
        pytest.skip("the source figures ../shared/data/wb_wgi are not here")
    with WGI.open(encoding="utf-8", newline="") as file:
        rows = [row for row in csv.DictReader(file) if row["year"] == "2021"]
    codes = list(rows[0])[2:]
    values = np.array([[float(row[code] or "nan") for code in codes] for row in rows])
    found = unobserved_components(values)
    assert found.converged
    assert values.shape == (213, 6)
    # Standardised over all economies, the indicators have no slope above 1 but for rounding.
    assert ((found.beta > 0.7) & (found.beta < 1.0)).all()
    assert spearmanr(found.scores, np.nanmean(values, axis=1)).statistic > 0.98
    # The rule of law is closest to the common score; voice and stability are farthest from it.
    order = [codes[j] for j in np.argsort(found.sigma)]
    assert order[0] == "rule_of_law"
    assert set(order[-2:]) == {"political_stability", "voice_accountability"}


def test_given_parameters_come_back_from_a_description_of_the_method():
    method = Method(aggregation=UnobservedComponents(50, 10, **KNOWN))
    assert Method.from_dict(method.to_dict()) == method
