"""The programs of many units in one call, against one call for each."""

import subprocess
import sys

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from scipy.optimize import linprog

from dli.errors import MethodError
from dli.weighting import benefit_of_the_doubt, common_benefit_of_the_doubt
from dli.weighting.favourable import Case, favourable_weights
from dli.weighting.programs import Program, solve

pytestmark = pytest.mark.once

WHOLE = st.integers(0, 4).map(float)
PARTS = st.floats(0.01, 1, allow_subnormal=False)


@st.composite
def tables(draw):
    """Values with ties and zeros, or without, and a value above 0 of every indicator."""
    shape = draw(st.integers(1, 14)), draw(st.integers(1, 4))
    values = draw(arrays(float, shape, elements=draw(st.sampled_from([WHOLE, PARTS]))))
    values[0] = np.maximum(values[0], 0.5)
    return values


def bound_rows(own, shares, ratios):
    """Write bounds as rows whose product with the weights must not be above 0."""
    rows = []
    for share in np.diag(own):
        rows += [share - shares[1] * own] if shares[1] < 1 else []
        rows += [shares[0] * own - share] if shares[0] > 0 else []
    for k, other, low, high in ratios:
        unit = np.eye(len(own))
        rows += [unit[k] - high * unit[other], low * unit[other] - unit[k]]
    return rows


def plain_score(own, others, rows):
    """Return the score of a unit by a program of its own, or None if there is no largest."""
    limits = np.append(np.ones(len(others)), np.zeros(len(rows)))
    best = linprog(-own, A_ub=np.array([*others, *rows]), b_ub=limits, method="highs")
    return None if best.status == 3 else -best.fun


@settings(max_examples=25)
@given(tables(), st.booleans())
def test_scores_are_those_of_a_program_for_each_unit(values, bounded):
    ratios = [(0, values.shape[1] - 1, 0.25, 3.0)] if bounded and values.shape[1] > 1 else []
    found = benefit_of_the_doubt(values, ratio_bounds=ratios)
    for own, score in zip(values, found.scores, strict=True):
        expected = plain_score(own, values, bound_rows(own, (0, 1), ratios)) if own.any() else 0
        assert score == pytest.approx(expected, abs=1e-9)
    assert (found.weights >= 0).all()
    assert (found.weights @ values.T).max() <= 1 + 1e-9
    np.testing.assert_allclose((found.weights * values).sum(axis=1), found.scores, atol=1e-9)


@settings(max_examples=12)
@given(st.integers(2, 20), st.integers(2, 5), st.floats(0, 0.19), st.floats(0.5, 1), st.data())
def test_scores_within_bounds_are_those_of_a_program_for_each_unit(n, m, low, high, data):
    values = data.draw(arrays(float, (n, m), elements=st.sampled_from([1.0, 2.0, 2.5, 7.0])))
    found = benefit_of_the_doubt(values, share_bounds=(low, high))
    for own, score in zip(values, found.scores, strict=True):
        expected = plain_score(own, values, bound_rows(own, (low, high), []))
        assert score == pytest.approx(expected, abs=1e-9)


@settings(max_examples=12)
@given(tables())
def test_super_efficiency_is_that_of_a_program_for_each_unit(values):
    expected = [
        plain_score(own, np.delete(values, i, axis=0), [0 * own]) if own.any() else 0.0
        for i, own in enumerate(values)
    ]
    without = [f"row {i}: its score is unbounded" for i, s in enumerate(expected) if s is None]
    if without:
        with pytest.raises(MethodError) as caught:
            benefit_of_the_doubt(values, super_efficiency=True)
        assert list(caught.value.faults) == without
    else:
        scores = benefit_of_the_doubt(values, super_efficiency=True).scores
        np.testing.assert_allclose(scores, expected, rtol=1e-9, atol=1e-9)


@settings(max_examples=15)
@given(tables(), st.randoms(use_true_random=False))
def test_weights_follow_units_and_indicators_in_any_order(values, random):
    """Ties leave many weights with the same score: the rule, not the solver, picks one."""
    rows, columns = list(range(len(values))), list(range(values.shape[1]))
    random.shuffle(rows)
    random.shuffle(columns)
    weights = benefit_of_the_doubt(values).weights
    other = benefit_of_the_doubt(values[rows][:, columns]).weights
    np.testing.assert_allclose(other, weights[rows][:, columns], atol=1e-8)


@settings(max_examples=10)
@given(tables())
def test_weights_of_a_unit_do_not_depend_on_units_below_it(values):
    """Another table is another stack of programs; units that limit nobody must not matter."""
    more = np.vstack([values, values / 2, values[:1] / 3])
    weights = benefit_of_the_doubt(values).weights
    np.testing.assert_allclose(
        benefit_of_the_doubt(more).weights[: len(values)], weights, atol=1e-8
    )


def test_the_second_smallest_weight_is_largest_too():
    # The first weight of unit 0 is 1. Unit 1 leaves v + u / 2 <= 1 / 2 for the other two: the
    # smaller of them is largest where both are 1/3, and then neither can be larger.
    values = np.array([[1, 0, 0], [0.5, 1, 0.5], [0, 0, 1]], dtype=float)
    np.testing.assert_allclose(benefit_of_the_doubt(values).weights[0], [1, 1 / 3, 1 / 3])
    # Another unit leaves only 1/5 for v: u is larger, up to what unit 1 leaves, 2 (1/2 - 1/5).
    values = np.array([[1, 0, 0], [0.5, 1, 0.5], [0.8, 1, 0]], dtype=float)
    np.testing.assert_allclose(benefit_of_the_doubt(values).weights[0], [1, 0.2, 0.6])


def test_a_single_unit_that_is_compared_with_no_other_scores_without_limit():
    with pytest.raises(MethodError, match="row 0: its score is unbounded"):
        benefit_of_the_doubt([[0.5]], super_efficiency=True)


def test_units_below_the_frontier_have_even_weights_too():
    # Unit 2 has half of unit 0, in the first alone: all weights with w = 1 give it 1/2.
    values = np.array([[1, 0], [0, 1], [0.5, 0]], dtype=float)
    found = benefit_of_the_doubt(values)
    assert found.scores.tolist() == [1, 1, 0.5]
    np.testing.assert_allclose(found.weights, 1)


@pytest.mark.parametrize("coefficients", [40, 10**6])
def test_results_do_not_depend_on_how_many_programs_are_solved_together(monkeypatch, coefficients):
    values = np.random.default_rng(5).integers(0, 6, (25, 4)).astype(float)
    expected = benefit_of_the_doubt(values)
    monkeypatch.setattr("dli.weighting.programs._COEFFICIENTS", coefficients)
    found = benefit_of_the_doubt(values)
    np.testing.assert_allclose(found.scores, expected.scores, atol=1e-12)
    np.testing.assert_allclose(found.weights, expected.weights, atol=1e-9)


def test_few_rows_of_many_lead_to_the_solution_with_all():
    values = np.random.default_rng(6).dirichlet(np.ones(3), 300)
    found = benefit_of_the_doubt(values)
    # All are on the plane where the sum is 1.
    np.testing.assert_allclose(found.scores, 1, atol=1e-12)
    assert (found.weights @ values.T).max() <= 1 + 1e-9
    # A row of the guess that misses what binds is made good by rows that the solution breaks.
    rows = np.vstack([np.eye(2), np.tile([0.1, 0.1], (9, 1)), [[0.9, 0.9]]])
    gains = np.ones(2)
    (solution,) = solve([Program(gains, rows, np.ones(12), np.array([1.0, 0.0]))])
    assert gains @ solution.x == pytest.approx(1 / 0.9)


def test_a_program_without_solution_does_not_hide_the_others():
    def program(gains, rows, limits):
        return Program(np.array(gains), np.array(rows), np.array(limits), np.array(gains))

    bounded = program([1.0, 1.0], [[1.0, 0.0], [0.0, 1.0]], [1.0, 2.0])
    unbounded = program([1.0, 1.0], [[1.0, 0.0]], [1.0])
    impossible = program([1.0], [[1.0]], [-1.0])
    found = solve([bounded, unbounded, bounded, impossible, bounded])
    assert [solution is None for solution in found] == [False, True, False, True, False]
    assert [found[i].x.tolist() for i in (0, 2, 4)] == [[1, 2]] * 3
    assert found[0].is_unique
    assert solve([]) == []
    assert favourable_weights([]) == []


def test_a_solution_that_others_match_is_not_called_unique():
    gains, one = np.array([1.0, 1.0]), np.ones(1)
    (several,) = solve([Program(gains, np.array([[1.0, 1.0]]), one, gains)])
    assert not several.is_unique
    (weights,) = favourable_weights([Case(gains, np.array([[1.0, 1.0]]), np.empty((0, 2)))])
    np.testing.assert_allclose(weights, 0.5)


def test_a_unit_far_below_the_others_has_a_score():
    """Less than a billionth of the frontier used to be taken for conflicting bounds."""
    found = benefit_of_the_doubt([[1.0, 0.5], [0.5, 1.0], [2e-12, 1e-12]])
    assert found.scores[2] == pytest.approx(2e-12, rel=1e-9)
    common = common_benefit_of_the_doubt([[1.0, 0.5], [0.5, 1.0], [0.6, 0.6]])
    np.testing.assert_allclose(common.scores, [1, 1, 0.8])


def test_nothing_is_printed():
    code = """
import numpy as np
from dli.weighting import benefit_of_the_doubt
benefit_of_the_doubt(np.random.default_rng(0).integers(0, 3, (40, 4)) + 1.0)
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout + done.stderr == ""
