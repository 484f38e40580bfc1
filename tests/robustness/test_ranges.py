"""The ranks that weights can give a unit."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.testing import assert_array_equal
from tests.robustness.cases import (
    OwnWeights,
    assess,
    column,
    example,
    gapped,
    reweighted,
    weightings,
)

from dli import frames, robustness
from dli.errors import DLIWarning, MethodError
from dli.ranking import rank_scores
from dli.robustness.arrays import ranges, rank_ranges


def grid(n, steps):
    """All weights with a whole number of steps."""
    if n == 1:
        return np.array([[1.0]])
    parts = [
        np.column_stack([np.full(len(rest), first / steps), rest * (1 - first / steps)])
        for first in range(steps + 1)
        for rest in [grid(n - 1, steps - first) if first < steps else np.eye(n - 1)[:1]]
    ]
    return np.concatenate(parts)


@given(st.integers(0, 2**32), st.integers(2, 3), st.integers(2, 6))
def test_rank_ranges_hold_every_rank_that_weights_give(seed, n_indicators, n_units):
    x = np.random.default_rng(seed).integers(0, 9, (n_units, n_indicators)).astype(float)
    found = rank_ranges(x)
    assert found.is_exact
    ranks = rank_scores(grid(n_indicators, 24) @ x.T)
    assert (found.best <= ranks.min(axis=0)).all()
    assert (found.worst >= ranks.max(axis=0)).all()


def test_rank_ranges_are_reached():
    x = np.random.default_rng(2).random((7, 3))
    found = rank_ranges(x)
    ranks = rank_scores(grid(3, 300) @ x.T)
    assert_array_equal(found.best, ranks.min(axis=0))
    assert_array_equal(found.worst, ranks.max(axis=0))


def test_two_rivals_that_are_ahead_under_opposite_weights_are_never_ahead_together():
    # Y is ahead of X where a > b, Z where b > a; at a = b all three tie.
    found = rank_ranges([[1.0, 1.0], [2.0, 0.0], [0.0, 2.0]])
    assert found.worst.tolist() == [2, 3, 3]
    assert found.best.tolist() == [1, 1, 1]
    assert found.is_exact


def test_what_rounding_lets_through_is_ruled_out(monkeypatch):
    # Many rivals tie with the first unit where all weight is on the first indicator.
    rng = np.random.default_rng(1)
    x = np.column_stack([np.zeros(12), rng.integers(-3, 4, (12, 3))]).astype(float)
    x[0], x[9:, 0] = 0.0, 1.0
    found = rank_ranges(x)
    assert found.is_exact
    weights = np.concatenate([rng.dirichlet(np.full(4, c), 20_000) for c in (1.0, 0.3, 0.05)])
    weights = weights[np.isfinite(weights).all(axis=1)]
    ranks = rank_scores(weights @ x.T)
    assert found.best[0] <= ranks[:, 0].min()
    assert found.worst[0] == ranks[:, 0].max()
    # A program that is not solved again leaves a bound, and says that it is one.
    monkeypatch.setattr(ranges, "_REPAIRS", 1)
    once = rank_ranges(x)
    assert not once.is_exact
    assert (once.worst <= found.worst).all()
    assert (found.worst <= once.worst_bound).all()


def test_bounds_narrow_the_range():
    x = [[1.0, 0.0], [0.0, 3.0]]
    found = rank_ranges(x, lower=[0.8, 0.0])
    assert found.best.tolist() == [1, 2]
    assert found.worst.tolist() == [1, 2]
    assert rank_ranges(x, upper=[0.7, 1.0]).best.tolist() == [2, 1]
    for wrong in ({"lower": [0.6, 0.6]}, {"upper": [0.1, 0.1]}, {"lower": [0.5]}):
        with pytest.raises(MethodError, match="bounds must be 2 numbers each"):
            rank_ranges(x, **wrong)
    with pytest.raises(MethodError, match=r"(?s)finite numbers.*row 0, column 0"):
        rank_ranges([[np.nan, 1.0]])
    with pytest.raises(MethodError, match="time_limit must be a number above 0"):
        rank_ranges(x, time_limit=0)
    assert rank_ranges(np.ones((3, 2))).best.tolist() == [1, 1, 1]
    assert rank_ranges(np.ones((3, 2))).worst.tolist() == [1, 1, 1]


def test_small_leads_count_as_they_do_in_ranks():
    found = rank_ranges([[0.5, 0.5], [0.5 - 1e-9, 0.5 - 1e-9], [0.1 + 0.2, 0.1], [0.3, 0.1]])
    assert found.best.tolist() == [1, 2, 3, 3]
    assert found.worst.tolist() == [1, 2, 3, 3]


def test_a_solver_without_time_says_what_is_not_settled():
    x = np.random.default_rng(0).random((30, 12))
    found = rank_ranges(x, time_limit=1e-6)
    assert (found.best_bound <= found.best).all()
    assert (found.worst <= found.worst_bound).all()
    assert not found.is_exact


def test_ranges_of_an_assessment():
    own = example()
    table = robustness.rank_ranges(own)
    expected = rank_ranges(own.arrays("ABC"))
    assert column(table, "best") == expected.best.tolist()
    assert column(table, "worst") == expected.worst.tolist()
    assert column(table, "exact") == [True] * 9
    assert column(table, "nominal") == own.rank_array("T").tolist()
    inside = robustness.rank_ranges(own, "A", lower=[0.9, 0, 0])
    assert (
        column(inside, "best")
        == rank_ranges(own.arrays(["a1", "a2", "a3"]), lower=[0.9, 0, 0]).best.tolist()
    )


def test_units_are_ranked_within_their_period():
    own = example(n_units=12, periods=2)
    table = robustness.rank_ranges(own)
    assert frames.read(table).names[:2] == ("unit", "year")
    for period in (0, 1):
        rows = own.rows(period)
        expected = rank_ranges(own.arrays("ABC")[rows])
        assert np.array(column(table, "best"))[rows].tolist() == expected.best.tolist()
        assert np.array(column(table, "worst"))[rows].tolist() == expected.worst.tolist()


def test_gaps_make_bounds_and_it_says_so():
    # Y lacks b: its score is 50. X, with 40 and 60, can be above or below; Z is always below.
    own = assess(
        {"X": [40, 60, None, None], "Y": [50, None, None, None], "Z": [10, 20, None, None]}
    )
    with pytest.warns(
        DLIWarning, match=r"lack values of a, b, c, d: ranks .* are bounds.*'X', 'Y'"
    ):
        table = robustness.rank_ranges(own)
    assert column(table, "best") == [1, 1, 3]
    assert column(table, "worst") == [2, 2, 3]
    assert column(table, "exact") == [False, False, True]


def test_bounds_of_weights_leave_gaps_open():
    own = assess({"X": [40, 60, None, None], "Y": [60, 50, None, None], "Z": [10, 20, None, None]})
    # Without bounds all is exact: they lack the same, and each of X and Y can be first.
    assert column(robustness.rank_ranges(own), "exact") == [True] * 3
    assert column(robustness.rank_ranges(own), "worst") == [2, 2, 3]
    with pytest.warns(DLIWarning, match="are bounds"):
        table = robustness.rank_ranges(own, lower=[0.3, 0, 0, 0])
    assert column(table, "best") == [1, 1, 3]
    assert column(table, "exact") == [False, False, True]


def test_units_without_a_score_have_no_ranks():
    own = assess({"X": [1, 2, 3, None], "Y": [2, 1, 3, 4], "Z": [3, 3, 3, 4]}, missing="propagate")
    table = robustness.rank_ranges(own)
    assert column(table, "best") == [None, 1, 1]
    assert column(table, "worst") == [None, 2, 1]
    assert column(table, "exact") == [False, True, True]


@given(gapped(), weightings())
@pytest.mark.filterwarnings("ignore::dli.errors.DLIWarning")
def test_no_weights_give_a_rank_outside_the_range(own, weights):
    ranks = reweighted(own, weights).rank_array("T")
    for nodes in (None, 2):
        table = robustness.rank_ranges(own, nodes=nodes)
        best, worst = np.array(column(table, "best")), np.array(column(table, "worst"))
        nominal = own.rank_array("T")
        assert (best <= nominal).all()
        assert (nominal <= worst).all()
        if nodes == 2:
            assert (best <= ranks).all()
            assert (ranks <= worst).all()


def test_weights_of_units_may_be_any_of_each():
    own = example(weighting={"T": OwnWeights()})
    with pytest.warns(DLIWarning, match="ranks are those that are possible if each unit"):
        table = robustness.rank_ranges(own)
    low, high = own.arrays("ABC").min(axis=1), own.arrays("ABC").max(axis=1)
    assert column(table, "best") == [1 + int((low > h).sum()) for h in high]
    assert column(table, "worst") == [
        8 - int((high <= own_low).sum()) + int(own_low == own_high) + 1
        for own_low, own_high in zip(low, high, strict=True)
    ]
    nominal = column(table, "nominal")
    assert all(
        b <= n <= w
        for b, n, w in zip(column(table, "best"), nominal, column(table, "worst"), strict=True)
    )
