import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from numpy.testing import assert_allclose, assert_array_equal
from scipy import stats

from dli.errors import MethodError
from dli.multivariate.arrays import (
    cluster_indicators,
    correlations,
    cronbach_alpha,
    principal_components,
    redundant_pairs,
    silent_indicators,
    statistics,
)

NAN = np.nan
few = settings(max_examples=20, deadline=None)
METHODS = ["pearson", "spearman", "kendall"]
every_method = pytest.mark.parametrize("method", METHODS)
cells = st.integers(-9, 9).map(float)
complete = arrays(np.float64, (9, 3), elements=cells).map(
    lambda x: np.vstack([x, [-10, 10, 3], [11, -12, 12]])
)
gappy = arrays(np.float64, (9, 3), elements=st.one_of(cells, st.just(NAN))).map(
    lambda x: np.vstack([x, [-10, 10, 3], [11, -12, 12], [1, 1, 1]])
)
# Anscombe (1973), Graphs in statistical analysis, the first of the four sets: r = .816.
ANSCOMBE = np.array(
    [
        [10, 8.04],
        [8, 6.95],
        [13, 7.58],
        [9, 8.81],
        [11, 8.33],
        [14, 9.96],
        [6, 7.24],
        [4, 4.26],
        [12, 10.84],
        [7, 4.82],
        [5, 5.68],
    ]
)


def test_statistics_by_hand():
    x = np.array([[1.0, 0.0], [2.0, 0.0], [2.0, NAN], [7.0, 4.0], [NAN, NAN]])
    found = statistics(x)
    assert found.minimum.tolist() == [1, 0]
    assert found.maximum.tolist() == [7, 4]
    assert_allclose(found.mean, [3, 4 / 3], rtol=1e-15)
    assert found.median.tolist() == [2, 0]
    assert_allclose(found.sd, np.sqrt([22 / 3, 16 / 3]), rtol=1e-14)
    assert found.n_available.tolist() == [4, 3]
    assert found.n_nonzero.tolist() == [4, 1]
    assert found.n_unique.tolist() == [3, 2]
    assert found.n_same.tolist() == [2, 2]
    assert_allclose(found.share_available, [0.8, 0.6], rtol=1e-15)
    assert_allclose(found.share_nonzero, [1, 1 / 3], rtol=1e-15)
    assert_allclose(found.share_unique, [0.75, 2 / 3], rtol=1e-15)
    assert_allclose(found.share_same, [0.5, 2 / 3], rtol=1e-15)
    assert found.lacks_values.tolist() == [False, True]
    assert found.lacks_nonzero.tolist() == [False, True]
    assert found.lacks_variety.tolist() == [False, True]
    assert found.has_outliers.tolist() == [False, False]


def test_statistics_flag_outliers_by_both_limits():
    x = np.array([1.0, 2, 3, 4, 5, 6, 7, 8, 50, 100])[:, np.newaxis]
    assert statistics(x).has_outliers.tolist() == [True]
    assert statistics(x, skewness_limit=9).has_outliers.tolist() == [False]
    assert statistics(x, kurtosis_limit=99).has_outliers.tolist() == [False]


def test_statistics_of_a_column_without_values():
    found = statistics(np.array([[NAN, 1.0], [NAN, NAN]]))
    assert np.isnan([found.mean[0], found.median[0], found.minimum[0], found.share_same[0]]).all()
    assert np.isnan(found.sd).all()
    assert found.n_same.tolist() == [0, 1]
    assert found.lacks_values.tolist() == [True, True]


def test_statistics_check_their_shares():
    with pytest.raises(MethodError, match="cannot describe the indicators") as caught:
        statistics([[1.0]], available=1.5, unique=-1, kurtosis_limit=NAN)
    assert caught.value.faults == (
        "available must be a number from 0 to 1, got 1.5",
        "unique must be a number from 0 to 1, got -1",
        "kurtosis_limit must be a number, got nan",
    )


def test_the_published_correlation_of_anscombe():
    found = correlations(ANSCOMBE)
    assert found.coefficients.round(3).tolist() == [[1, 0.816], [0.816, 1]]
    assert found.p_values.round(5).tolist() == [[0, 0.00217], [0.00217, 0]]
    assert (found.n_units == 11).all()


@every_method
@few
@given(x=complete)
def test_correlations_are_those_of_scipy(method, x):
    reference = {"pearson": stats.pearsonr, "spearman": stats.spearmanr}.get(
        method, stats.kendalltau
    )
    found = correlations(x, method=method)
    for i in range(3):
        for j in range(i):
            expected = reference(x[:, i], x[:, j])
            assert_allclose(found.coefficients[i, j], expected.statistic, rtol=1e-9, atol=1e-12)
            assert_allclose(found.p_values[i, j], expected.pvalue, rtol=1e-6, atol=1e-12)


@every_method
@few
@given(x=gappy)
def test_pairs_are_taken_over_the_units_that_have_both(method, x):
    found = correlations(x, method=method)
    assert_array_equal(found.coefficients, found.coefficients.T)
    for i in range(3):
        for j in range(i):
            both = ~np.isnan(x[:, i]) & ~np.isnan(x[:, j])
            assert found.n_units[i, j] == both.sum()
            own = correlations(x[both][:, [i, j]], method=method)
            assert_allclose(found.coefficients[i, j], own.coefficients[0, 1], atol=1e-12)
            assert_allclose(found.p_values[i, j], own.p_values[0, 1], rtol=1e-8, atol=1e-12)


@every_method
@few
@given(x=gappy)
def test_a_second_table_gives_the_block_of_both(method, x):
    whole = correlations(x, method=method)
    block = correlations(x[:, :1], x[:, 1:], method=method)
    assert_allclose(block.coefficients, whole.coefficients[:1, 1:], atol=1e-12)
    assert_allclose(block.p_values, whole.p_values[:1, 1:], rtol=1e-8, atol=1e-12)
    assert_array_equal(block.n_units, whole.n_units[:1, 1:])


@every_method
def test_constant_and_rare_columns_have_no_correlation(method):
    x = np.array([[1.0, 0.1, NAN], [2.0, 0.1, NAN], [5.0, 0.1, 4.0], [3.0, 0.1, NAN]])
    found = correlations(x, method=method)
    off = ~np.eye(3, dtype=bool)
    assert np.isnan(found.coefficients[off]).all()
    assert np.isnan(found.p_values[off]).all()


@every_method
def test_two_units_have_a_coefficient_and_no_p_value(method):
    found = correlations([[1.0, 5.0], [2.0, 3.0]], method=method)
    assert_allclose(found.coefficients[0, 1], -1, rtol=1e-12)
    assert np.isnan(found.p_values[0, 1])


def test_a_large_offset_costs_no_digits():
    found = correlations(ANSCOMBE + 1e6)
    assert_allclose(found.coefficients, correlations(ANSCOMBE).coefficients, rtol=1e-8)
    assert np.isnan(correlations([[0.1, 1], [0.1, 2], [0.1, 4]]).coefficients[0, 1])


def test_significant_coefficients_by_level():
    found = correlations(np.column_stack([ANSCOMBE, np.tile([1, 2], 6)[:11]]))
    kept = found.significant(0.01)
    with pytest.raises(MethodError, match="p_value must be a number from 0 to 1, got 95"):
        found.significant(95)
    assert_allclose(kept[0, 1], found.coefficients[0, 1])
    assert np.isnan(kept[0, 2])


def test_pairs_by_limit():
    x = np.array([1.0, 2, 3, 4])
    table = np.stack([x, 2 * x, -x, [1, -1, -1, 1]], axis=1)
    found = correlations(table)
    assert found.pairs(above=0.9) == [(0, 1)]
    assert found.pairs(below=-0.9) == [(0, 2), (1, 2)]
    assert found.pairs(above=0.9, below=-0.9) == [(0, 1), (0, 2), (1, 2)]
    assert found.pairs() == []
    assert correlations(table[:, :2], table[:, :2] ** 2).pairs(above=0.9) == [
        (0, 0),
        (0, 1),
        (1, 0),
        (1, 1),
    ]
    assert redundant_pairs(table) == [(0, 1)]
    assert redundant_pairs(table, limit=1.0) == []


def test_silent_indicators_by_limit():
    x = np.arange(8.0)
    table = np.stack([x, -x, np.tile([0, 1], 4), np.ones(8)], axis=1)
    assert silent_indicators(table, x) == [1, 2, 3]
    assert silent_indicators(table, x, limit=0.2) == [1, 3]


def test_bad_tables_and_methods_are_refused():
    with pytest.raises(MethodError, match="'spearman' or 'kendall', got 'cosine'"):
        correlations(ANSCOMBE, method="cosine")
    with pytest.raises(MethodError, match="a row for each unit, got 11 and 3 rows"):
        correlations(ANSCOMBE, np.ones((3, 1)))
    with pytest.raises(
        MethodError, match=r"scores must have the shape \(n_units,\), got \(11, 1\)"
    ):
        silent_indicators(ANSCOMBE, ANSCOMBE[:, :1])
    for values in (1.0, [1.0], np.ones((0, 2)), np.ones((2, 0))):
        with pytest.raises(
            MethodError, match=r"values must have the shape \(n_units, n_indicators\) with"
        ):
            statistics(values)


# By hand: variances 1 and 3, covariance 1.5, so that alpha is 2 (1 - 4 / 7).
def test_alpha_by_hand():
    assert_allclose(cronbach_alpha([[1.0, 2.0], [2.0, 2.0], [3.0, 5.0]]), 6 / 7, rtol=1e-14)


@few
@given(x=complete)
def test_alpha_is_that_of_variances(x):
    total = x.sum(axis=1).var(ddof=1)
    if total > 1e-6:
        expected = 1.5 * (1 - x.var(axis=0, ddof=1).sum() / total)
        assert_allclose(cronbach_alpha(x), expected, rtol=1e-9, atol=1e-9)


def test_alpha_of_equal_columns_is_one_and_of_missing_values_pairwise():
    x = np.array([1.0, 2.0, 4.0, 9.0])
    assert_allclose(cronbach_alpha(np.stack([x, x, x], axis=1)), 1, rtol=1e-14)
    gaps = np.array([[1.0, 2.0], [2.0, 1.0], [4.0, 6.0], [9.0, NAN]])
    c = np.cov(gaps[:3].T)
    variance = np.var(gaps[:, 0], ddof=1)
    expected = 4 * c[0, 1] / (variance + c[1, 1] + 2 * c[0, 1])
    assert_allclose(cronbach_alpha(gaps), expected, rtol=1e-14)


def test_alpha_says_what_it_cannot_do():
    with pytest.raises(MethodError, match="at least two indicators, got 1"):
        cronbach_alpha([[1.0], [2.0]])
    with pytest.raises(MethodError, match="both indicators of each pair; fewer have") as caught:
        cronbach_alpha([[1.0, NAN], [2.0, 3.0], [NAN, 4.0]])
    assert caught.value.faults == ("columns 0 and 1",)
    with pytest.raises(MethodError, match="sum to more than zero, got 0"):
        cronbach_alpha([[1.0, -1.0], [2.0, -2.0]])


def test_components_of_two_indicators_by_hand():
    r = correlations(ANSCOMBE).coefficients[0, 1]
    found = principal_components(ANSCOMBE)
    assert_allclose(found.eigenvalues, [1 + r, 1 - r], rtol=1e-13)
    assert_allclose(found.explained, [(1 + r) / 2, (1 - r) / 2], rtol=1e-13)
    assert_allclose(found.loadings[:, 0], [np.sqrt(0.5)] * 2, rtol=1e-13)
    assert found.n_units == 11


@few
@given(x=complete)
def test_components_carry_all_the_variance_and_do_not_correlate(x):
    found = principal_components(x)
    assert_allclose(found.eigenvalues.sum(), 3, rtol=1e-12)
    assert (np.diff(found.eigenvalues) <= 1e-12).all()
    assert_allclose(found.loadings.T @ found.loadings, np.eye(3), atol=1e-12)
    assert (found.loadings.sum(axis=0) >= -1e-12).all()
    assert_allclose(np.cov(found.scores.T), np.diag(found.eigenvalues), atol=1e-10)


def test_units_with_a_gap_are_left_out_of_components():
    x = np.vstack([ANSCOMBE, [[NAN, 4.0]]])
    found = principal_components(x)
    assert found.n_units == 11
    assert_allclose(found.eigenvalues, principal_components(ANSCOMBE).eigenvalues, rtol=1e-14)
    assert np.isnan(found.scores[-1]).all()
    assert not np.isnan(found.scores[:-1]).any()


def test_components_say_what_they_cannot_do():
    with pytest.raises(MethodError, match="two units without a missing value, got 1"):
        principal_components([[1.0, 2.0], [NAN, 1.0]])
    with pytest.raises(MethodError, match="differ among the 2 complete units") as caught:
        principal_components([[1.0, 0.1, 3.0], [2.0, 0.1, 3.0], [2.0, 0.5, NAN]])
    assert caught.value.faults == ("column 1", "column 2")


def test_clusters_join_what_correlates():
    rng = np.random.default_rng(1)
    first, second = rng.normal(size=(2, 50))
    noise = 0.3 * rng.normal(size=(50, 5))
    table = np.stack([second, first, second, first, first], axis=1) + noise
    table[3, 0] = NAN
    for method in METHODS:
        for linkage in ("average", "complete", "single"):
            found = cluster_indicators(table, n_clusters=2, method=method, linkage=linkage)
            assert found.labels.tolist() == [0, 1, 0, 1, 1]
            assert sorted(found.order.tolist()) == [0, 1, 2, 3, 4]
            assert set(found.order[:2].tolist()) in ({0, 2}, {1, 3}, {1, 4}, {3, 4})
            assert found.merges.shape == (4, 4)
    assert cluster_indicators(table, n_clusters=1).labels.tolist() == [0] * 5
    assert cluster_indicators(table, n_clusters=5).labels.tolist() == [0, 1, 2, 3, 4]


def test_clusters_say_what_they_cannot_do():
    with pytest.raises(MethodError, match="at least two indicators, got 1"):
        cluster_indicators(ANSCOMBE[:, :1], n_clusters=1)
    for n in (0, 3, 1.5, True):
        with pytest.raises(MethodError, match="n_clusters must be a whole number from 1 to 2, got"):
            cluster_indicators(ANSCOMBE, n_clusters=n)
    with pytest.raises(MethodError, match="linkage must be 'average', 'complete' or 'single'"):
        cluster_indicators(ANSCOMBE, n_clusters=2, linkage="ward")
    with pytest.raises(MethodError, match=r"it is not defined for:\n  - column 0 and column 1$"):
        cluster_indicators([[1.0, 2.0], [2.0, 2.0]], n_clusters=2)


def test_shares_at_their_limit_are_enough():
    x = np.array([[1.0], [2.0], [0.0], [0.0], [NAN]])
    found = statistics(x, available=0.8, nonzero=0.4, unique=0.6)
    flags = found.lacks_values, found.lacks_nonzero, found.lacks_variety
    assert [flag.tolist() for flag in flags] == [[False]] * 3
    statistics(x, available=0, nonzero=1, unique=0)


def test_one_value_has_a_mean_and_a_median():
    found = statistics([[5.0], [NAN]])
    assert (found.mean[0], found.median[0]) == (5, 5)


def test_an_indicator_at_the_limit_is_not_silent():
    r = float(correlations(ANSCOMBE).coefficients[0, 1])
    assert silent_indicators(ANSCOMBE[:, :1], ANSCOMBE[:, 1], limit=r) == []


def test_alpha_is_the_same_wherever_the_scale_begins():
    gaps = np.array([[1.0, 2.0, 1.0], [2.0, 1.0, 5.0], [4.0, 6.0, 4.0], [9.0, NAN, 7.0]])
    assert_allclose(cronbach_alpha(gaps + 1e7), cronbach_alpha(gaps), rtol=1e-7)


def test_a_perfect_correlation_is_exactly_one():
    x = np.arange(7.0) / 3
    found = correlations(np.stack([x, 0.1 * x + 7, -x], axis=1))
    assert_allclose(found.coefficients, [[1, 1, -1], [1, 1, -1], [-1, -1, 1]], rtol=1e-12)
    assert (np.abs(found.coefficients) <= 1).all()


@pytest.mark.parametrize("function", [correlations, statistics, cronbach_alpha, redundant_pairs])
def test_infinite_values_are_refused_by_row_and_column(function):
    with pytest.raises(MethodError, match=r"(?s)must be finite numbers.*row 1, column 0: inf"):
        function([[1.0, 2.0], [np.inf, 3.0], [4.0, 4.0]])
    with pytest.raises(MethodError, match=r"(?s)others must be finite.*row 0, column 0: -inf"):
        correlations([[1.0], [2.0]], [[-np.inf], [3.0]])


def test_values_tie_when_they_are_equal_in_rank_correlations():
    x = np.array([0.3, 0.1 + 0.2, 1.0, 1.0])
    y = np.array([2.0, 1.0, 3.0, 4.0])
    assert x[0] != x[1]
    for method in ("spearman", "kendall"):
        reference = stats.spearmanr if method == "spearman" else stats.kendalltau
        found = correlations(np.column_stack([x, y]), method=method)
        assert_allclose(found.coefficients[0, 1], reference(x, y).statistic, rtol=1e-12)


@pytest.mark.parametrize("method", METHODS)
def test_columns_that_differ_by_rounding_alone_are_constant(method):
    noise = np.array([0.3, 0.1 + 0.2, 0.3, 0.1 + 0.2])
    found = correlations(np.column_stack([noise, [1.0, 3.0, 2.0, 4.0]]), method=method)
    assert np.isnan(found.coefficients[0, 1])


def test_covariances_that_cancel_up_to_rounding_have_no_alpha():
    # The covariances sum to a rounding error above 0, and alpha would be about -4.6e16.
    x = np.array([0.9, 1.0, 1.5, 1.9])
    table = np.column_stack([x, 1.7 - x, x / 3, 0.1 - x / 3])
    with pytest.raises(MethodError, match="sum to more than zero"):
        cronbach_alpha(table)


def test_there_are_as_many_clusters_as_were_asked_for_where_distances_are_equal():
    # Columns of a Hadamard matrix: every correlation is 0.
    table = np.array([[1.0, 1, 1], [1, -1, -1], [-1, 1, -1], [-1, -1, 1]])
    for n in (1, 2, 3):
        found = cluster_indicators(table, n_clusters=np.int64(n))
        assert len(set(found.labels.tolist())) == n


def test_messages_call_indicators_by_the_names_that_they_are_given():
    table = [[1.0, 2.0], [2.0, 2.0]]
    with pytest.raises(MethodError, match=r"differ among the 2 complete units:\n  - OSI$"):
        principal_components(table, names=["TII", "OSI"])
    with pytest.raises(MethodError, match=r"not defined for:\n  - TII and OSI$"):
        cluster_indicators(table, n_clusters=2, names=["TII", "OSI"])
