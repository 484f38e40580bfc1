"""The steps of one's own that the guide shows are typed, are those that run, and keep their word."""

import ast
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from numpy.testing import assert_allclose, assert_array_equal
from tests.typing import own_steps

from dli import Assessment, Index, Indicator
from dli.errors import MethodError
from dli.sensitivity import WeightNoise, uncertainty
from dli.weighting import check_weighting

ROOT = Path(__file__).parents[1]
SOURCE = Path(own_steps.__file__).read_text(encoding="utf-8")
CLASSES = {n.name: n for n in ast.parse(SOURCE).body if isinstance(n, ast.ClassDef)}
INDICATORS = [Indicator("a"), Indicator("b", direction=-1), Indicator("c")]
WEIGHTS = np.array([0.5, 0.3, 0.2])

# Whole numbers, so that values that differ do so after rounding as well.
tables = arrays(np.float64, (4, 3), elements=st.integers(1, 1000).map(float), unique=True)


@pytest.mark.once
@pytest.mark.parametrize("name", CLASSES)
def test_the_guide_shows_the_class_that_the_type_checker_accepts(name):
    node = CLASSES[name]
    first = min([node.lineno, *(own.lineno for own in node.decorator_list)])
    written = "\n".join(SOURCE.splitlines()[first - 1 : node.end_lineno])
    assert written in (ROOT / "docs/guides/own-scheme.md").read_text(encoding="utf-8")


@pytest.mark.once
def test_the_guide_has_a_typed_step_of_every_family():
    acts = {
        item.name for n in CLASSES.values() for item in n.body if isinstance(item, ast.FunctionDef)
    }
    families = {"impute", "treat", "normalise", "weights", "aggregate", "apply", "submit"}
    assert families <= acts


@given(tables, tables)
def test_steps_that_declare_draws_give_each_draw_what_it_would_have_alone(one, other):
    both = np.stack([one, other])
    median, logistic = own_steps.DeclaredMedian(), own_steps.Logistic()
    acts = [
        (median, lambda x: median.aggregate(x, np.broadcast_to(WEIGHTS, (*x.shape[:-2], 1, 3)))),
        (logistic, lambda x: logistic.normalise(x, INDICATORS)),
        (own_steps.SquareRoot(), own_steps.SquareRoot().treat),
    ]
    for step, act in acts:
        assert step.traits.draws
        assert_allclose(act(both), [act(one), act(other)])


@given(tables)
def test_the_median_keeps_what_it_declares(values):
    median = own_steps.DeclaredMedian()
    scores = median.aggregate(values, WEIGHTS)
    assert_array_equal(scores, np.median(values, axis=1))
    assert_allclose((median.gradient(values, WEIGHTS) * values).sum(axis=1), scores)
    assert (median.aggregate(values + np.array([0, 1, 0]), WEIGHTS) >= scores).all()


@given(tables)
def test_the_curve_stays_within_its_ends_and_turns_a_cost_round(values):
    scores = own_steps.Logistic().normalise(values, INDICATORS)
    assert (scores > 0).all()
    assert (scores < 100).all()
    assert_array_equal(
        np.argmax(scores, axis=0),
        [np.argmax(values[:, 0]), np.argmin(values[:, 1]), np.argmax(values[:, 2])],
    )


def test_gaps_are_filled_with_the_worst_value_in_its_direction():
    values = np.array([[1.0, 1.0], [np.nan, np.nan], [3.0, 4.0]])
    context = own_steps.Context(units=("X", "Y", "Z"), codes=("a", "b"), directions=(1, -1))
    filled = own_steps.Lowest().impute(values, context)
    assert_array_equal(filled, [[1.0, 1.0], [1.0, 4.0], [3.0, 4.0]])


def test_the_scheme_that_goes_by_codes_keeps_what_weightings_promise():
    values = np.array([[1.0, 4.0, 2.0], [2.0, 3.0, 9.0], [5.0, 1.0, 3.0]])
    check_weighting(own_steps.Falling(0.8), values, INDICATORS, ignores_scale=True)
    with pytest.raises(MethodError, match="depend on the order of the children"):
        check_weighting(own_steps.Decreasing(0.8), values, INDICATORS)


def _assessment():
    data = {"unit": list("WXYZ"), "a": [1, 2, 3, 4], "b": [4, 1, 3, 2], "c": [3, 4, 1, 2]}
    return Assessment(Index("T", INDICATORS), data)


def test_a_study_counts_the_same_ranks_with_the_executor():
    own, usual = (
        uncertainty(_assessment(), [WeightNoise(0.5)], n_samples=3_000, rng=1, executor=executor)
        for executor in (own_steps.OneAfterAnother(), None)
    )
    assert_array_equal(own.rank_counts, usual.rank_counts)


class Breaks:
    """An input whose noise the memory does not suffice for."""

    def factors(self, assessment):
        return ["x"]

    def apply(self, uniforms, draws):
        draws.perturb(self.noise)

    def noise(self, values, draw):
        raise MemoryError


def test_an_error_of_the_work_comes_out_where_it_is_waited_for():
    with pytest.raises(MethodError, match=r"^noise raised MemoryError"):
        uncertainty(
            _assessment(), [Breaks()], n_samples=5, rng=1, executor=own_steps.OneAfterAnother()
        )


def test_the_future_can_be_cancelled_before_it_has_worked():
    assert own_steps.OneAfterAnother().submit(lambda: 1).cancel()
