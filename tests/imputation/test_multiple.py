"""Rubin's rules, and draws of the regression that they are fit for."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from numpy.testing import assert_allclose, assert_array_equal
from scipy import stats

from dli.errors import MethodError
from dli.imputation import Context, Regression, RegressionDraws, impute, pool
from dli.imputation.multiple import quantile_levels

pytestmark = pytest.mark.once

few = settings(max_examples=25, deadline=None)
NAN = np.nan


def context_of(values, **known):
    n_units, n_indicators = np.shape(values)
    known.setdefault("units", tuple(f"U{i}" for i in range(n_units)))
    return Context(codes=tuple("xyzw"[:n_indicators]), **known)


# Rubin's rules by hand: B = 1, T = 2 + 4/3, lambda = (4/3) / (10/3), r = 2/3.
def test_rubins_rules_by_hand():
    found = pool([9.0, 10.0, 11.0], [1.0, 2.0, 3.0])
    assert found.n_tables == 3
    assert_allclose(found.estimate, 10)
    assert_allclose(found.within, 2)
    assert_allclose(found.between, 1)
    assert_allclose(found.total, 10 / 3)
    assert_allclose(found.share_missing, 0.4)
    assert_allclose(found.df, 2 / 0.4**2)
    assert_allclose(found.missing_information, (2 / 3 + 2 / 15.5) / (5 / 3))
    t = stats.t(12.5).ppf(0.95) * np.sqrt(10 / 3)
    assert_allclose(found.interval(), [10 - t, 10 + t])
    assert_allclose(found.interval(0.95), 10 + t)


# The degrees of freedom of the observed data are 0.6 * 20 * 21 / 23.
def test_degrees_of_freedom_of_barnard_and_rubin_by_hand():
    found = pool([9.0, 10.0, 11.0], [2.0, 2.0, 2.0], df=20)
    observed = 0.6 * 20 * 21 / 23
    assert_allclose(found.df, 12.5 * observed / (12.5 + observed))
    assert_allclose(pool([9.0, 9.0], [2.0, 2.0], df=20).df, 20 * 21 / 23)


def test_endless_degrees_of_freedom_are_those_of_rubin():
    estimates, variances = [9.0, 10.0, 11.0], [2.0, 2.0, 2.0]
    assert_allclose(pool(estimates, variances, df=np.inf).df, 12.5)
    assert_allclose(pool(estimates, variances, df=1e308).df, 12.5)


def test_without_variances_all_of_the_variance_is_due_to_missing_data():
    found = pool([[1.0, 5.0], [2.0, 5.0], [6.0, 5.0]])
    assert found.within.tolist() == [0, 0]
    assert found.share_missing.tolist() == [1, 0]
    assert found.missing_information.tolist() == [1, 0]
    assert found.df.tolist() == [2, np.inf]
    assert found.interval(0.9)[1] == 5
    known = pool([[1.0, 5.0], [2.0, 5.0]], [[0.0, 0.0], [0.0, 0.0]], df=7)
    assert known.df[0] == 1  # the variance of complete data is 0, whatever its degrees of freedom


def test_an_estimate_that_is_missing_once_has_no_pooled_value():
    found = pool([[1.0, NAN], [2.0, 3.0]], [[1.0, 1.0], [NAN, 1.0]])
    assert np.isnan(found.estimate).tolist() == [False, True]
    assert np.isnan(found.total).all()
    assert np.isnan(found.df).all()
    assert np.isnan(found.interval()).all()


tables = arrays(np.float64, (4, 3), elements=st.floats(-1e3, 1e3))
squares = arrays(np.float64, (4, 3), elements=st.floats(0.01, 1e3))


@few
@given(estimates=tables, variances=squares, shift=st.floats(-100, 100), factor=st.floats(0.1, 10))
def test_laws_of_pooling(estimates, variances, shift, factor):
    found = pool(estimates, variances)
    assert (found.total >= found.within).all()
    assert (found.df >= 3 - 1e-9).all()
    assert ((found.share_missing >= 0) & (found.share_missing <= 1)).all()
    assert (found.missing_information >= found.share_missing - 1e-12).all()
    assert (pool(estimates, variances, df=9).df <= found.df * (1 + 1e-12)).all()
    assert_allclose(found.estimate, estimates.mean(axis=0), atol=1e-9)
    assert_allclose(found.between, estimates.var(axis=0, ddof=1), rtol=1e-9, atol=1e-9)
    turned = pool(estimates[::-1], variances[::-1])
    assert_allclose(turned.total, found.total, rtol=1e-9)
    moved = pool(shift + factor * estimates, factor**2 * variances)
    assert_allclose(moved.estimate, shift + factor * found.estimate, atol=1e-7)
    assert_allclose(moved.total, factor**2 * found.total, rtol=1e-7)
    assert_allclose(moved.interval(0.5), moved.estimate, atol=1e-7)


@few
@given(own=arrays(np.float64, 5, elements=st.floats(-1e9, 1e9)), m=st.integers(2, 9))
def test_tables_that_are_the_same_give_their_estimate_to_the_last_bit(own, m):
    found = pool(np.tile(own, (m, 1)))
    assert_array_equal(found.estimate, own)
    assert not found.between.any()
    assert_array_equal(found.interval(), [own, own])


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (([1.0],), r"at least two tables, got \(1,\)$"),
        ((5.0,), r"at least two tables, got \(\)$"),
        ((np.empty((2, 0)),), r"at least two tables, got \(2, 0\)$"),
        (([1.0, np.inf],), r"- estimates must be finite: not so at \(1,\)$"),
        (([1.0, 2.0], [1.0]), r"- variances must have the shape .*, \(2,\), got \(1,\)$"),
        (([1.0, 2.0], [1.0, -1]), r"- variances must be finite and at least 0: not so at \(1,\)$"),
        (([1e200, -1e200],), r"too large to be squared or added:\n  - it is not$"),
        (([[1e200], [-1e200]],), r"too large to be squared or added:\n  - not so at \(0,\)$"),
    ],
)
def test_what_cannot_be_pooled_is_an_error(arguments, message):
    with pytest.raises(MethodError, match=message):
        pool(*arguments)


def test_errors_of_degrees_of_freedom_and_all_others_are_listed_together():
    with pytest.raises(MethodError, match=r"(?s)estimates .*variances .*df must be above 0: it is"):
        pool([1.0, np.inf], [1.0, -1.0], df=0)
    with pytest.raises(MethodError, match=r"df must have the shape \(\) or \(2,\), got \(3,\)"):
        pool([[1.0, 2.0]] * 2, [[1.0, 2.0]] * 2, df=[1, 2, 3])
    with pytest.raises(MethodError, match=r"df must be above 0: not so at \(1,\)$"):
        pool([[1.0, 2.0]] * 2, [[1.0, 2.0]] * 2, df=[1, NAN])
    with pytest.raises(MethodError, match=r"df: the degrees of freedom .* need variances"):
        pool([1.0, 2.0], df=4)
    wrong = np.full((2, 7), np.inf)
    with pytest.raises(MethodError, match=r"\(0, 4\) and 9 more$"):
        pool(wrong)


@pytest.mark.parametrize("q", [0, 1.0, [], [0.5, 2], ["a"], True, None])
def test_quantiles_lie_between_0_and_1(q):
    with pytest.raises(MethodError, match=r"^q "):
        pool([1.0, 2.0]).interval(q)


def test_the_ends_are_quantiles_where_they_are_accepted():
    assert quantile_levels([0, 1], is_closed=True) == [0, 1]
    with pytest.raises(MethodError, match="numbers from 0 to 1, got 2"):
        quantile_levels(2, is_closed=True)


# Draws of the regression. Kolmogorov's test of seeded draws fails at 0.001, by chance once in a
# thousand choices of seeds: over 30 samples of 800 draws its p-values were uniform.


LINE = np.array([[1, 3.1], [2, 4.8], [3, 7.2], [4, 9.1], [5, 10.8], [7, 15.5], [6, NAN]])


def test_draws_have_the_distribution_of_a_predicted_value():
    """For a new unit that is t around the line, with the standard error of prediction."""
    x, y = LINE[:-1].T
    line = stats.linregress(x, y)
    spread = np.sqrt(((y - line.intercept - line.slope * x) ** 2).sum() / 4)
    error = spread * np.sqrt(1 + 1 / 6 + (6 - x.mean()) ** 2 / ((x - x.mean()) ** 2).sum())
    context = context_of(LINE)
    drawn = [RegressionDraws(seed=seed).impute(LINE, context)[-1, 1] for seed in range(800)]
    expected = stats.t(4, loc=line.intercept + 6 * line.slope, scale=error)
    assert stats.kstest(drawn, expected.cdf).pvalue > 0.001


def test_draws_without_predictors_are_around_the_mean():
    values = np.array([[1.0], [2.0], [3.0], [6.0], [NAN]])
    drawn = [RegressionDraws(seed=s).impute(values, context_of(values))[-1, 0] for s in range(2000)]
    expected = stats.t(3, loc=3, scale=np.sqrt(14 / 3 * 1.25))
    assert stats.kstest(drawn, expected.cdf).pvalue > 0.001


def test_values_on_a_line_leave_nothing_to_draw():
    values = np.array([[1.0, 3.0], [2.0, 5.0], [3.0, 7.0], [4.0, 9.0], [6.0, 13.0], [7.0, NAN]])
    for seed in range(3):
        found = RegressionDraws(seed=seed).impute(values, context_of(values))
        assert_allclose(found[-1, 1], 15, rtol=1e-12)


def test_the_same_seed_gives_the_same_bits_and_another_one_others():
    context = context_of(LINE)
    first = RegressionDraws(seed=3).impute(LINE, context)
    assert_array_equal(first, RegressionDraws(seed=3).impute(LINE, context))
    assert first[-1, 1] != RegressionDraws(seed=4).impute(LINE, context)[-1, 1]


def made_up(n=25, seed=0):
    rng = np.random.default_rng(seed)
    values = rng.normal(size=(n, 1)) + 0.5 * rng.normal(size=(n, 4))
    values[rng.random(values.shape) < 0.2] = NAN
    return values


@few
@given(seed=st.integers(0, 2**63 - 1), order=st.permutations(range(25)))
def test_draws_do_not_depend_on_the_order_of_units(seed, order):
    values = made_up()
    periods = tuple(i % 2 for i in range(25))
    context = context_of(values, periods=periods)
    shuffled = Context(
        units=tuple(context.units[i] for i in order),
        codes=context.codes,
        periods=tuple(periods[i] for i in order),
    )
    scheme = RegressionDraws(2, seed=seed)
    found = impute(scheme, values, context)
    assert not np.isnan(found).any()
    assert_allclose(impute(scheme, values[order], shuffled), found[order], rtol=1e-8, atol=1e-10)


def test_noise_is_that_of_a_unit_in_a_period():
    values = np.vstack([LINE, LINE[-1:]])
    units = (*"ABCDEF", "G", "G")
    periods = (1,) * 7 + (2,)
    found = RegressionDraws().impute(values, context_of(values, units=units, periods=periods))
    assert found[6, 1] != found[7, 1]


def test_collinear_predictors_are_left_out():
    rng = np.random.default_rng(2)
    x = rng.normal(size=(12, 1))
    y = x + 0.3 * rng.normal(size=(12, 1))
    y[0] = NAN
    twice = np.hstack([x, -3 * x, y])
    once = RegressionDraws().impute(np.hstack([x, y]), Context(units=range(12), codes=("x", "z")))
    found = RegressionDraws(2).impute(twice, Context(units=range(12), codes=("x", "y", "z")))
    assert_allclose(found[0, 2], once[0, 1], rtol=1e-9)


def test_too_few_values_for_noise_are_an_error_that_names_the_indicators():
    values = np.array([[1.0, 2.0, NAN], [2.0, 3.0, NAN], [3.0, 7.0, NAN], [NAN, 1.0, NAN]])
    with pytest.raises(MethodError, match=r"at least 4 values .*:\n  - 'x': 3\n  - 'z': 0$"):
        RegressionDraws().impute(values, context_of(values))


def test_invalid_parameters_are_listed_together():
    with pytest.raises(MethodError, match=r"(?s)at least 1, got 0\n.*to 2\*\*63 - 1, got -1$"):
        RegressionDraws(0, seed=-1)


def test_the_description_has_the_seed():
    assert RegressionDraws(2, seed=5).describe().endswith("posterior distribution (seed 5).")


def coverage(*, n_rounds, m, n=40):
    """Return how often intervals of 90 % cover a mean, with draws and with filled lines."""
    rng = np.random.default_rng(1)
    context = Context(units=tuple(range(n)), codes=("x", "y"))
    hits = np.zeros(2)
    for _ in range(n_rounds):
        x = rng.normal(size=n)
        y = 0.7 * x + 0.7 * rng.normal(size=n)
        # A value is the more likely to be missing the greater x is, which is known: at random.
        y[rng.random(n) < 1 / (1 + np.exp(0.5 - 1.5 * x))] = NAN
        values = np.column_stack([x, y])
        drawn = [RegressionDraws(seed=int(s)) for s in rng.integers(2**32, size=m)]
        for place, schemes in enumerate([drawn, [Regression()] * 2]):
            filled = np.stack([scheme.impute(values, context)[:, 1] for scheme in schemes])
            pooled = pool(filled.mean(axis=1), filled.var(axis=1, ddof=1) / n, df=n - 1)
            low, high = pooled.interval()
            hits[place] += low < 0 < high
    return hits / n_rounds


def test_intervals_cover_what_they_say_where_values_are_missing_at_random():
    multiple, single = coverage(n_rounds=150, m=8)
    assert 0.85 <= multiple <= 0.95
    assert single < 0.85
