"""What is exact is never contradicted by weights drawn at random."""

import warnings

import numpy as np
import pytest
from numpy.testing import assert_allclose
from tests.agreement.cases import ASSESSMENTS, cells

from dli import robustness, sensitivity
from dli.errors import DLIWarning
from dli.ranking import rank_scores

N_DRAWS = 2000
ARITHMETIC = ["plain", "gaps", "propagate", "coverage", "panel", "ties", "two units"]


def drawn_scores(assessment, rng):
    """Return scores of the index under random weights of its children, by its own missing rule."""
    values = assessment.arrays(["A", "B", "f"])
    weights = rng.dirichlet(np.ones(3), N_DRAWS)
    known = ~np.isnan(values)
    total = weights @ known.T
    scores = (weights @ np.nan_to_num(values).T) / np.where(total > 0, total, np.nan)
    scores[:, np.isnan(assessment.array("T"))] = np.nan
    return scores


def periods_of(assessment):
    return list(assessment.rows_by_period)


@pytest.fixture(params=ARITHMETIC)
def assessment(request):
    return ASSESSMENTS[request.param]()


@pytest.fixture
def scores(assessment):
    return drawn_scores(assessment, np.random.default_rng(0))


def quiet(function, *arguments, **options):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DLIWarning)
        return function(*arguments, **options)


def test_no_rank_lies_outside_its_range(assessment, scores):
    table = cells(quiet(robustness.rank_ranges, assessment))
    best, worst, nominal = (
        np.array([np.nan if x is None else x for x in table[name]], dtype=float)
        for name in ("best", "worst", "nominal")
    )
    for period in periods_of(assessment):
        rows = assessment.rows(period)
        ranks = rank_scores(scores[:, rows])
        with np.errstate(invalid="ignore"):
            assert not (ranks < best[rows]).any()
            assert not (ranks > worst[rows]).any()
            assert not (nominal[rows] < best[rows]).any()
            assert not (nominal[rows] > worst[rows]).any()


def test_no_weights_turn_dominance_round(assessment, scores):
    for period in periods_of(assessment):
        rows = assessment.rows(period)
        for nodes in (None, 1):
            dominates = robustness.dominance(assessment, period=period, nodes=nodes)
            own = scores[:, rows]
            for i, j in np.argwhere(dominates).tolist():
                assert not (own[:, j] > own[:, i] * (1 + 1e-12)).any()
        by_edges = robustness.order(assessment, period=period)
        pairs = {(assessment.units[rows[i]], assessment.units[rows[j]]) for i, j in
                 np.argwhere(robustness.dominance(assessment, period=period)).tolist()}  # fmt: skip
        assert set(by_edges.edges) <= pairs


def test_winning_probabilities_are_the_shares_of_draws(assessment, scores):
    for period in periods_of(assessment):
        rows = assessment.rows(period)
        exact = quiet(robustness.pairwise_winning, assessment, period=period)
        own = scores[:, rows]
        share = (own[:, :, None] > own[:, None, :] * (1 + 1e-12)).mean(axis=0)
        known = ~np.isnan(exact)
        margin = 5 * np.sqrt(share * (1 - share) / N_DRAWS) + 5 / N_DRAWS
        assert (np.abs(exact - share)[known] <= margin[known]).all()


def test_acceptability_is_the_share_of_draws(assessment, scores):
    found = quiet(sensitivity.rank_acceptability, assessment, n_samples=N_DRAWS, rng=0)
    for period in periods_of(assessment):
        rows = assessment.rows(period)
        ranks = rank_scores(scores[:, rows])
        for place, row in enumerate(rows.tolist()):
            if np.isnan(assessment.array("T")[row]):
                assert np.isnan(found.acceptability[row]).all()
                continue
            share = np.array([(ranks[:, place] == r + 1).mean() for r in range(len(rows))])
            margin = 5 * np.sqrt(2 * share * (1 - share) / N_DRAWS) + 10 / N_DRAWS
            assert (np.abs(found.acceptability[row, : len(rows)] - share) <= margin).all()


def test_nobody_swaps_within_the_limits_of_stability(assessment):
    for period in periods_of(assessment):
        rows = assessment.rows(period)
        if np.isnan(assessment.arrays(["A", "B", "f"])[rows]).any():
            continue
        table = cells(robustness.weight_stability(assessment, period=period).table)
        values = assessment.arrays(table["code"])[rows]
        weights = np.array(table["weight"])
        before = rank_scores(values @ weights)
        for k, (low, high) in enumerate(zip(table["low"], table["high"], strict=True)):
            for share in np.linspace(low, high, 9)[1:-1]:
                moved = weights * (1 - share) / (1 - weights[k])
                moved[k] = share
                assert_allclose(rank_scores(values @ moved), before)
