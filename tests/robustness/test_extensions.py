"""Average ranks and mutual ranking probabilities of partial orders."""

from itertools import permutations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.testing import assert_allclose, assert_array_equal
from tests.robustness.cases import INDEX, OwnWeights, assess, column, gapped

from dli import Assessment, Index, Indicator, robustness
from dli.aggregation import Copeland
from dli.errors import DLIWarning, MethodError, UnknownCodeError
from dli.robustness.arrays import (
    average_ranks,
    dominance,
    ideals,
    mutual_ranking_probabilities,
    order_polytope,
)


def order_of(n, *pairs):
    """Return the order of n units in which the first of each pair dominates the second."""
    dominates = np.zeros((n, n), dtype=bool)
    for i, j in pairs:
        dominates[i, j] = True
    for _ in range(n):
        dominates |= (dominates.astype(int) @ dominates.astype(int)) > 0
    return dominates


def counted(dominates):
    """Return how often each unit has each rank and is above each other, from all rankings."""
    n = len(dominates)
    ranks, above, total = np.zeros((n, n)), np.zeros((n, n)), 0
    for ranking in permutations(range(n)):
        place = np.argsort(ranking)
        is_above = place[:, np.newaxis] < place
        if not (dominates & ~is_above).any():
            total += 1
            above += is_above
            ranks[np.arange(n), place] += 1
    return ranks / total, above / total, total


orders = st.tuples(st.integers(1, 7), st.integers(1, 3), st.integers(0, 2**32)).map(
    lambda case: dominance(np.random.default_rng(case[2]).integers(0, 5, case[:2]).astype(float))
)
N_ORDER = order_of(4, (0, 2), (1, 2), (1, 3))
WIDE = dominance(np.random.default_rng(5).random((24, 3)))


# -- by hand ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("dominates", "n_extensions", "sums"),
    [
        (order_of(3, (0, 1), (1, 2)), 1, [1, 2, 3]),
        (order_of(3), 6, [12, 12, 12]),
        # The first unit above two others: 0 1 2 and 0 2 1.
        (order_of(3, (0, 1), (0, 2)), 2, [2, 5, 5]),
        # 0 1 2 3, 0 1 3 2, 1 0 2 3, 1 0 3 2 and 1 3 0 2.
        (N_ORDER, 5, [9, 7, 18, 16]),
        # The lattice of two times two: 0 1 2 3 and 0 2 1 3.
        (order_of(4, (0, 1), (0, 2), (1, 3), (2, 3)), 2, [2, 5, 5, 8]),
        # Two chains of two units: six mixtures.
        (order_of(4, (0, 1), (2, 3)), 6, [10, 20, 10, 20]),
    ],
    ids=["chain", "antichain", "V", "N", "lattice", "two chains"],
)
def test_orders_counted_by_hand(dominates, n_extensions, sums):
    assert counted(dominates)[2] == n_extensions
    found = average_ranks(dominates)
    assert_allclose(found.average * n_extensions, sums, rtol=1e-14)
    assert found.exact.all()
    assert not found.errors.any()
    assert found.n_samples == 0
    pairs = mutual_ranking_probabilities(dominates)
    times = pairs.probabilities * n_extensions
    assert_allclose(times, np.round(times), atol=1e-13)
    assert pairs.exact.all()


def test_the_n_order_pair_by_pair():
    found = mutual_ranking_probabilities(N_ORDER).probabilities * 5
    assert_allclose(found, [[0, 2, 5, 4], [3, 0, 5, 5], [0, 0, 0, 2], [1, 0, 3, 0]], atol=1e-14)


def test_bounds_are_the_ranks_that_some_extension_has():
    found = average_ranks(N_ORDER)
    ranks = counted(N_ORDER)[0] > 0
    assert_array_equal(found.best, 1 + ranks.argmax(axis=1))
    assert_array_equal(found.worst, 4 - ranks[:, ::-1].argmax(axis=1))
    assert found.best.tolist() == [1, 1, 3, 2]
    assert found.worst.tolist() == [3, 2, 4, 4]


# -- laws ---------------------------------------------------------------------------------------


@settings(max_examples=40, deadline=None)
@given(orders)
def test_shares_are_those_among_all_permutations(dominates):
    ranks, above, _ = counted(dominates)
    whole = ideals.counted_shares(dominates, 10**6)
    without_blocks = ideals._of_one(dominates, 10**6)
    for shares in (whole, without_blocks):
        assert_allclose(shares.ranks, ranks, atol=1e-13)
        assert_allclose(shares.above, above, atol=1e-13)
    assert_allclose(average_ranks(dominates).average, ranks @ np.arange(1, len(ranks) + 1))
    found = mutual_ranking_probabilities(dominates).probabilities
    assert_allclose(found, above, atol=1e-13)
    assert_allclose(found + found.T, 1 - np.eye(len(found)))


large = st.tuples(st.integers(1, 12), st.integers(1, 3), st.integers(0, 2**32)).map(
    lambda case: dominance(np.random.default_rng(case[2]).integers(0, 6, case[:2]).astype(float))
)


@settings(max_examples=25, deadline=None)
@given(large, st.randoms(use_true_random=False))
def test_names_and_direction_do_not_matter(dominates, random):
    n = len(dominates)
    found = average_ranks(dominates)
    assert found.average.sum() == pytest.approx(n * (n + 1) / 2)
    assert (found.best - 1e-9 <= found.average).all()
    assert (found.average <= found.worst + 1e-9).all()
    turned = average_ranks(dominates.T)
    assert_allclose(turned.average, n + 1 - found.average)
    assert_array_equal(turned.best, n + 1 - found.worst)
    pairs = mutual_ranking_probabilities(dominates).probabilities
    assert (pairs[dominates] == 1).all()
    assert_allclose(1 + pairs.sum(axis=0), found.average)
    assert_allclose(mutual_ranking_probabilities(dominates.T).probabilities, pairs.T, atol=1e-12)
    units = random.sample(range(n), n)
    other = dominates[np.ix_(units, units)]
    assert_allclose(average_ranks(other).average, found.average[units])
    assert_allclose(
        mutual_ranking_probabilities(other).probabilities, pairs[np.ix_(units, units)], atol=1e-12
    )


def test_ideals_of_many_long_chains_need_more_than_one_word():
    steps, n_words = ideals._word_steps([63] * 11)
    assert n_words == 2
    assert steps[9].tolist() == [1 << 54, 0]
    assert steps[10].tolist() == [0, 1]
    first, target = ideals._distinct(np.array([[1, 2], [0, 2], [1, 2], [1, 3]], dtype=np.uint64))
    assert target[0] == target[2]
    assert len(set(target.tolist())) == len(first) == 3


def test_a_long_fence_of_two_chains_needs_no_large_numbers():
    # Far more linear extensions than a whole number of 64 bits can hold, although few ideals.
    n = 150
    reach = np.arange(n) - np.arange(n)[:, np.newaxis]
    dominates = ((reach > 0) & (reach % 2 == 0)) | (reach >= 41)
    found = average_ranks(dominates)
    assert found.exact.all()
    assert np.isfinite(found.average).all()
    # Turned upside down the order is the same.
    assert_allclose(found.average + found.average[::-1], n + 1)
    assert_allclose(found.average[50:100], np.arange(51, 101), atol=2)


# -- sampling -----------------------------------------------------------------------------------


def test_sampled_values_are_within_their_error_of_the_exact_ones():
    exact, sampled = (average_ranks(WIDE, rng=2, max_ideals=most) for most in (10**6, 0))
    assert exact.exact.all()
    assert not sampled.exact.any()
    assert sampled.n_samples == 10_000
    assert_array_equal(exact.best, sampled.best)
    scaled = (sampled.average - exact.average) / sampled.errors
    assert np.abs(scaled).max() < 4
    # Errors are neither far too small nor far too large.
    assert 0.6 < np.sqrt(np.mean(scaled**2)) < 1.6
    assert sampled.errors.max() < 0.1
    pairs, drawn = (
        mutual_ranking_probabilities(WIDE, rng=2, max_ideals=most) for most in (10**6, 0)
    )
    varies = drawn.errors > 0
    assert not (varies & drawn.exact).any()
    assert_array_equal(drawn.exact, WIDE | WIDE.T | np.eye(len(WIDE), dtype=bool))
    scaled = (drawn.probabilities - pairs.probabilities)[varies] / drawn.errors[varies]
    assert np.abs(scaled).max() < 4.5
    assert 0.6 < np.sqrt(np.mean(scaled**2)) < 1.6
    assert_allclose(drawn.probabilities[~varies], pairs.probabilities[~varies], atol=0.003)
    assert_allclose(1 + drawn.probabilities.sum(axis=0), sampled.average)


def test_the_first_linear_extension_of_each_chain_is_uniform():
    ranks = np.concatenate([order_polytope.drawn_ranks(N_ORDER, 1, s, 0)[:, 0] for s in range(40)])
    _, counts = np.unique(ranks, axis=0, return_counts=True)
    assert len(counts) == 5
    # The 99.9th percentile of chi-squared with four degrees of freedom is 18.5.
    assert ((counts - 800) ** 2 / 800).sum() < 18.5


def test_draws_are_linear_extensions():
    ranks = order_polytope.drawn_ranks(WIDE, 3, 1, 0)
    assert (np.sort(ranks, axis=2) == np.arange(1, 25)).all()
    i, j = np.nonzero(WIDE)
    assert (ranks[:, :, i] < ranks[:, :, j]).all()


def test_blocks_that_can_be_counted_are_exact_beside_those_that_cannot():
    # A unit above all others, then the wide order, then two that only it separates.
    n = len(WIDE) + 3
    dominates = np.zeros((n, n), dtype=bool)
    dominates[1:-2, 1:-2] = WIDE
    dominates[0, 1:], dominates[:-2, -2:] = True, True
    found = average_ranks(dominates, max_ideals=50, n_samples=250, rng=1)
    assert found.n_samples == 300
    assert_array_equal(found.exact, [True, *[False] * len(WIDE), True, True])
    assert found.average[[0, -2, -1]].tolist() == [1, n - 0.5, n - 0.5]
    assert found.average.sum() == pytest.approx(n * (n + 1) / 2)
    pairs = mutual_ranking_probabilities(dominates, max_ideals=50, n_samples=250, rng=1)
    assert pairs.exact[-2:].all()
    assert pairs.probabilities[-1, -2] == 0.5
    assert not pairs.exact[1:-2, 1:-2].all()
    assert_allclose(1 + pairs.probabilities.sum(axis=0), found.average)


def test_the_same_seed_draws_the_same():
    options = {"max_ideals": 0, "n_samples": 200}
    first, again, other = (average_ranks(WIDE, rng=seed, **options) for seed in (7, 7, 8))
    assert_array_equal(first.average, again.average)
    assert_array_equal(first.errors, again.errors)
    assert (first.average != other.average).any()
    assert first.seed == 7
    pairs = [mutual_ranking_probabilities(WIDE, rng=7, **options) for _ in range(2)]
    assert_array_equal(pairs[0].probabilities, pairs[1].probabilities)
    assert_array_equal(pairs[0].errors, pairs[1].errors)


def test_too_many_ideals_end_the_count():
    long = dominance(np.random.default_rng(5).random((40, 2)))
    assert len(ideals._chains(long)) < (10_000).bit_length()  # the levels are begun
    assert ideals.counted_shares(long, 10_000) is None
    assert len(ideals._chains(WIDE)) > (2000).bit_length()  # they are not
    assert ideals.counted_shares(WIDE, 2000) is None
    assert ideals.counted_shares(order_of(9), 0) is not None
    # One component of two has too many.
    both = np.zeros((2 * len(WIDE), 2 * len(WIDE)), dtype=bool)
    both[: len(WIDE), : len(WIDE)] = both[len(WIDE) :, len(WIDE) :] = WIDE
    assert ideals.counted_shares(both, 2000) is None


# -- what is refused ----------------------------------------------------------------------------


@pytest.mark.parametrize("function", [average_ranks, mutual_ranking_probabilities])
@pytest.mark.parametrize(
    ("dominates", "message"),
    [
        (
            [[0, 1], [0, 0]],
            r"True and False, as `dominance` returns it, got int64 of shape \(2, 2\)",
        ),
        ([[False, True]], r"must be a square matrix .*, got bool of shape \(1, 2\)"),
        (np.zeros((0, 0), dtype=bool), r"got bool of shape \(0, 0\)"),
        ([[False, True], [False]], "got rows of different lengths"),
        (
            np.ma.masked_array([[False, True], [False, False]], [[False, True], [False, False]]),
            "got an array with masked values",
        ),
        (
            [[True, True, False], [True, False, False], [False, False, False]],
            "strict partial order:\n  - row 0 dominates itself\n  - rows 0 and 1 dominate each other",
        ),
        (
            [[False, True, False], [False, False, True], [False, False, False]],
            "partial order:\n  - row 0 dominates 1 and 1 dominates 2, but 0 does not dominate 2",
        ),
    ],
)
def test_what_is_not_a_strict_partial_order_is_refused(function, dominates, message):
    with pytest.raises(MethodError, match=message):
        function(dominates)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"n_samples": 0}, "n_samples must be a whole number from 1 to 1,000,000, got 0"),
        ({"max_ideals": -1}, "max_ideals must be a whole number of at least 0, got -1"),
        ({"rng": "x"}, "rng .* must be a whole number of at least 0, got 'x'"),
    ],
)
def test_wrong_options_are_refused(options, message):
    for function in (average_ranks, mutual_ranking_probabilities):
        with pytest.raises(MethodError, match=message):
            function(N_ORDER, **options)


def test_chains_too_long_to_sample_are_refused():
    message = (
        "cannot draw linear extensions of an order of 24 units within 64 moves of each unit, "
        "because of long chains of units that dominate each other; compare fewer units"
    )
    chains = dominance(np.random.default_rng(0).random((24, 2)))
    with pytest.raises(MethodError, match=message):
        order_polytope.drawn_ranks(chains, 1, 0, 0, most=1000)
    # With time they are drawn, from further back than the first attempt.
    ranks = order_polytope.drawn_ranks(chains, 1, 0, 0)
    i, j = np.nonzero(chains)
    assert (ranks[:, :, i] < ranks[:, :, j]).all()


# -- how it prints ------------------------------------------------------------------------------


def test_average_ranks_print_from_the_highest():
    assert str(average_ranks(N_ORDER)).splitlines() == [
        "Average ranks over linear extensions (all)",
        "",
        "unit   average rank  error  best  worst",
        "row 1          1.40  exact     1      2",
        "row 0          1.80  exact     1      3",
        "row 3          3.20  exact     2      4",
        "row 2          3.60  exact     3      4",
    ]
    text = str(average_ranks(WIDE, n_samples=100, max_ideals=0, rng=1))
    assert "(100 linear extensions drawn)" in text
    assert "… and 12 more" in text


# -- of an assessment ---------------------------------------------------------------------------

DATA = {"W": (90, 80, 10, 10), "X": (80, 70, 20, 20), "Y": (10, 20, 30, 40), "Z": (5, 5, 5, 5)}


def test_an_assessment_by_its_indicators_and_by_its_nodes():
    assessment = assess(DATA, INDEX)
    table = robustness.average_ranks(assessment)
    # Z is below all others, of which none is above another by indicators.
    assert column(table, "unit") == list("WXYZ")
    assert_allclose(column(table, "average_rank"), [2, 2, 2, 4])
    assert column(table, "best") == [1, 1, 1, 4]
    assert column(table, "worst") == [3, 3, 3, 4]
    assert column(table, "exact") == [True] * 4
    assert column(table, "error") == [0] * 4
    assert column(table, "rank") == assessment.rank_array("T").tolist()
    assert_allclose(column(table, "score"), assessment.array("T"))
    pairs = robustness.mutual_ranking_probabilities(assessment)
    assert_allclose(pairs, [[0, 0.5, 0.5, 1], [0.5, 0, 0.5, 1], [0.5, 0.5, 0, 1], [0, 0, 0, 0]])
    # At the sub-index A there is one order.
    assert column(robustness.average_ranks(assessment, "A"), "average_rank") == [1, 2, 3, 4]
    assert robustness.mutual_ranking_probabilities(assessment, "A")[0].tolist() == [0, 1, 1, 1]


def test_fewer_nodes_order_more_pairs():
    assessment = assess({"X": (90, 10, 9, 9), "Y": (20, 20, 5, 5)}, INDEX)
    assert column(robustness.average_ranks(assessment), "average_rank") == [1.5, 1.5]
    assert column(robustness.average_ranks(assessment, nodes=1), "average_rank") == [1, 2]
    assert robustness.mutual_ranking_probabilities(assessment, nodes=1)[0, 1] == 1


def test_units_without_a_score_take_no_part():
    data = {"X": (90, 90, 90, 90), "Y": (None, 10, 10, 10), "Z": (20, 20, 20, 20)}
    assessment = assess(data, INDEX, missing="propagate")
    table = robustness.average_ranks(assessment)
    assert column(table, "average_rank") == [1, None, 2]
    assert column(table, "worst") == [1, None, 2]
    assert column(table, "exact") == [True, False, True]
    pairs = robustness.mutual_ranking_probabilities(assessment)
    assert_array_equal(np.isnan(pairs), [[0, 1, 0], [1, 1, 1], [0, 1, 0]])
    assert pairs[0, 2] == 1


def test_periods_are_ranked_by_themselves_or_alone():
    data = {
        (unit, year): row
        for year, rows in {2020: DATA, 2021: {"W": (None, 1, 1, 1), "X": (1, 2, 3, 4)}}.items()
        for unit, row in rows.items()
    } | {("V", 2022): (None, 1, 1, 1)}
    assessment = assess(data, INDEX, period="year", missing="propagate")
    table = robustness.average_ranks(assessment)
    assert_allclose(column(table, "average_rank")[:4], [2, 2, 2, 4])
    assert column(table, "average_rank")[4:] == [None, 1, None]
    alone = robustness.average_ranks(assessment, period=2020)
    assert column(alone, "year") == [2020] * 4
    assert column(alone, "best") == [1, 1, 1, 4]
    assert np.isnan(robustness.mutual_ranking_probabilities(assessment, period=2022)).all()
    with pytest.raises(MethodError, match="period"):
        robustness.mutual_ranking_probabilities(assessment)


@settings(max_examples=25, deadline=None)
@given(gapped(n_units=8), st.sampled_from([None, 1]))
def test_the_order_of_units_with_gaps_is_an_order(assessment, nodes):
    table = robustness.average_ranks(assessment, nodes=nodes)
    n = len(assessment.units)
    assert sum(column(table, "average_rank")) == pytest.approx(n * (n + 1) / 2)
    dominates = robustness.dominance(assessment, nodes=nodes)
    pairs = robustness.mutual_ranking_probabilities(assessment, nodes=nodes)
    assert (pairs[dominates] == 1).all()
    off = ~(dominates | dominates.T | np.eye(n, dtype=bool))
    assert ((pairs[off] > 0) & (pairs[off] < 1)).all()


def test_options_reach_the_arrays():
    index = Index("T", [Indicator("a"), Indicator("b"), Indicator("c")])
    values = np.random.default_rng(5).random((24, 3))
    data = {"unit": [f"u{i}" for i in range(24)], **dict(zip("abc", values.T, strict=True))}
    assessment = Assessment(index, data)
    options = {"max_ideals": 0, "n_samples": 200, "rng": 4}
    table = robustness.average_ranks(assessment, **options)
    expected = average_ranks(WIDE, **options)
    assert_array_equal(column(table, "average_rank"), expected.average)
    assert_array_equal(column(table, "error"), expected.errors)
    assert column(table, "exact") == [False] * 24
    assert_array_equal(
        robustness.mutual_ranking_probabilities(assessment, **options),
        mutual_ranking_probabilities(WIDE, **options).probabilities,
    )


def test_what_an_assessment_cannot_answer():
    functions = (robustness.average_ranks, robustness.mutual_ranking_probabilities)
    own = assess(DATA, INDEX, weighting=OwnWeights())
    for function in functions:
        with pytest.warns(DLIWarning, match="the order assumes weights that both units share"):
            function(own)
        with pytest.raises(UnknownCodeError, match="Q"):
            function(assess(DATA, INDEX), "Q")
        with pytest.raises(MethodError, match="dominance requires aggregations that never fall"):
            function(assess(DATA, INDEX, aggregation={"T": Copeland()}))
        with pytest.raises(MethodError, match="assessment must be of the class Assessment"):
            function(DATA)
