import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import rankdata

from dli.ranking import places, rank_scores

scores = st.lists(st.integers(-5, 5).map(float), min_size=1, max_size=12)


def test_ties_share_the_smaller_rank_and_missing_scores_have_none():
    ranks = rank_scores([10.0, 30.0, np.nan, 30.0, 20.0])
    np.testing.assert_array_equal(ranks, [4, 1, np.nan, 1, 3])


def test_rounding_decides_no_rank():
    assert rank_scores([0.1 + 0.2, 0.3, 0.3 - 1e-9]).tolist() == [1, 1, 3]
    assert rank_scores([1e9, 1e9 + 1e-4]).tolist() == [1, 1]


def test_ties_form_no_chain():
    """The last is tied with the second and not with the first, which has the rank."""
    chain = [1.0, 1.0 - 0.8e-12, 1.0 - 1.6e-12]
    assert rank_scores(chain).tolist() == [1, 1, 3]
    assert rank_scores(chain[::-1]).tolist() == [3, 1, 1]
    assert rank_scores([*chain, 1.0 - 2.4e-12]).tolist() == [1, 1, 3, 3]


def test_each_row_is_ranked_by_itself():
    assert rank_scores([[1.0, 2.0], [2.0, 1.0]]).tolist() == [[2, 1], [1, 2]]


def test_no_score_at_all_gives_no_rank():
    assert np.isnan(rank_scores([np.nan, np.nan])).all()
    assert rank_scores([0.0, 0.0]).tolist() == [1, 1]


@given(scores)
def test_ranks_are_competition_ranks(values):
    np.testing.assert_array_equal(rank_scores(values), rankdata([-v for v in values], "min"))


@given(scores, st.randoms())
def test_reordering_units_reorders_ranks_and_nothing_else(values, random):
    order = list(range(len(values)))
    random.shuffle(order)
    np.testing.assert_array_equal(rank_scores(np.array(values)[order]), rank_scores(values)[order])


@pytest.mark.parametrize("n", [0, 1])
def test_few_units_are_no_special_case(n):
    assert rank_scores(np.ones(n)).tolist() == [1.0] * n


def tables(kind, rng, shape):
    """Return scores of a kind, many of them tied or nearly tied."""
    if kind == "near":  # chains of differences around the tolerance
        step = rng.choice([3e-13, 5e-13, 9.99e-13, 1e-12, 1.001e-12, 3e-12])
        return 1 + rng.integers(0, 5, shape) * step
    if kind == "sizes":  # one draw has scores 1e120 times those of another
        return 10.0 ** rng.uniform(-60, 60, (shape[0], 1)) * rng.normal(size=shape)
    if kind == "smallest":
        return rng.random(shape) * 1e-305 + rng.choice([0.0, 1e-300])
    if kind == "largest":
        return rng.uniform(-1, 1, shape) * rng.choice([1.7e308, 3e307])
    if kind == "rounded":
        return rng.choice([0.0, 5.0, -3.0]) + rng.integers(0, 2, shape) * rng.integers(9) * 1e-16
    return rng.integers(0, 4, shape) * 1.0


@pytest.mark.parametrize("kind", ["near", "sizes", "smallest", "largest", "rounded", "tied"])
@given(st.integers(0, 2**32), st.integers(1, 30), st.booleans())
def test_places_of_many_draws_are_the_ranks_of_each(kind, seed, n_units, has_ends):
    scores = tables(kind, np.random.default_rng(seed), (4, n_units))
    ends = (min(scores.min(), -2.0), max(scores.max(), 5.0)) if has_ends else None
    order, tied = places(scores, None, ends)
    ranks = np.empty(scores.shape)
    by_place = np.arange(1.0, n_units + 1) if tied is None else tied + 1.0
    np.put_along_axis(ranks, order, np.broadcast_to(by_place, scores.shape), axis=1)
    np.testing.assert_array_equal(ranks, rank_scores(scores))
