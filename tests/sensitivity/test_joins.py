"""Scores of many draws in one call are those of a call for each draw."""

import re
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.testing import assert_allclose, assert_array_equal
from tests.sensitivity.cases import example
from tests.sensitivity.test_engine import Inline, check_equal

from dli.aggregation import (
    AdjustedMazziottaPareto,
    CensoredMean,
    Copeland,
    MazziottaPareto,
    OrderedWeighted,
    Product,
    Sum,
    Traits,
)
from dli.errors import MethodError
from dli.method.coverage import Coverage
from dli.method.rounding import RoundedAggregation
from dli.scoring.joining import MissingRule, join
from dli.sensitivity import WeightNoise, joins, uncertainty
from dli.sensitivity.joins import Joining, is_slow, scores_of_draws

pytestmark = pytest.mark.once


class Plain:
    """A plug-in that declares nothing, and counts its calls."""

    def __init__(self, step=None):
        self.step = step or OrderedWeighted([1, 2])
        self.n_calls = 0

    def aggregate(self, values, weights):
        self.n_calls += 1
        return self.step.aggregate(values, weights)


class Declaring(Plain):
    """A plug-in that declares that it can take many draws at once."""

    traits = Traits(draws=True, local=True)


class Comparing(Plain):
    """A plug-in that compares the units of a period."""

    traits = Traits(draws=True, skips_missing=True)

    def aggregate(self, values, weights):
        self.n_calls += 1
        mean = np.nansum(np.nan_to_num(values) * weights, axis=-1)
        return mean - mean.max(axis=-1, keepdims=True)


def reference(joining, children, weights, n_draws):
    """Join the children draw by draw, as the definition says it."""
    scores = []
    for draw in range(n_draws):
        values = np.stack([child[draw % len(child)] for child in children], axis=1)
        own = np.stack([weight[draw % len(weight)] for weight in weights], axis=-1)
        own = own / own.sum(axis=-1, keepdims=True)
        scores.append(
            join(
                joining.aggregation,
                values,
                own[0] if len(own) == 1 else own,
                joining.rule,
                joining.children,
                where=f" of {joining.code!r}",
                groups=joining.groups,
            )
        )
    return np.stack(scores)


def joining_of(aggregation, n_children, *, rule=None, groups=()):
    codes = [f"c{i}" for i in range(n_children)]
    rule = rule or MissingRule("renormalise", 0.5)
    return Joining(aggregation=aggregation, code="T", children=codes, rule=rule, groups=groups)


STEPS = [
    OrderedWeighted([3, 2, 1]),
    MazziottaPareto(),
    AdjustedMazziottaPareto(),
    Copeland(),
    CensoredMean(at=4),
    Product(),
    RoundedAggregation(Sum(), 2),
    Plain(),
    Declaring(),
    Comparing(),
]


@st.composite
def nodes(draw):
    """Draw children, some the same in every draw, with gaps, weights, and a rule for gaps."""
    n_units, n_children, n_draws = draw(st.integers(1, 9)), draw(st.integers(1, 5)), 8
    rng = np.random.default_rng(draw(st.integers(0, 2**16)))
    all_same = draw(st.booleans())
    children, weights = [], []
    is_by_unit = draw(st.booleans())
    for place in range(n_children):
        rows = 1 if all_same or draw(st.booleans()) else n_draws
        child = rng.integers(1, draw(st.sampled_from([6, 4000])), (rows, n_units)) / 4
        gaps = draw(st.sampled_from(["none", "same", "some"]))
        if gaps != "none":
            child[:, rng.random(n_units) < 0.2] = np.nan
        if gaps == "some":
            child[rng.random(child.shape) < 0.1] = np.nan
        children.append(child)
        varies = draw(st.booleans())
        columns = n_units if is_by_unit else 1
        weight = rng.integers(0, 4, (n_draws if varies else 1, columns)).astype(float)
        weights.append(weight + (place == 0))
    rule = MissingRule(draw(st.sampled_from(["renormalise", "propagate"])), draw(st.floats(0.1, 1)))
    groups = [np.arange(n_units)[i::2] for i in range(2)] if draw(st.booleans()) else []
    return children, weights, rule, [rows for rows in groups if rows.size], n_draws


@pytest.mark.parametrize("step", STEPS, ids=lambda step: type(step).__name__)
@settings(max_examples=15, deadline=None)
@given(node=nodes())
def test_scores_of_draws_are_those_of_a_call_for_each_draw(step, node):
    children, weights, rule, groups, n_draws = node
    joining = joining_of(step, len(children), rule=rule, groups=groups)
    try:
        expected = reference(joining, children, weights, n_draws)
    except MethodError as error:
        # The same draw fails, with the same message.
        with pytest.raises(MethodError, match=f"^{re.escape(str(error))}$"):
            scores_of_draws(joining, children, weights, n_draws)
        return
    found = scores_of_draws(joining, children, weights, n_draws)
    assert_allclose(found, expected, rtol=1e-12, atol=1e-12 * isinstance(step, Comparing))


@pytest.mark.parametrize(
    "groups", [[], [np.array([row]) for row in range(3)]], ids=["gaps", "periods"]
)
def test_weights_of_the_only_unit_left_are_not_those_of_all(groups):
    """Copeland's scores need common weights, also where one unit alone is compared."""
    others = [5.0, 2.0] if groups else [np.nan, np.nan]
    children = [np.array([[1.0, *others]]), np.array([[4.0, 3.0, 9.0]])]
    weights = [np.array([[1.0, 2.0, 2.0]]), np.linspace(1, 2, 6)[:, np.newaxis] * np.ones(3)]
    joining = joining_of(
        Copeland(), 2, rule=MissingRule("renormalise", Coverage(share=1.0)), groups=groups
    )
    with pytest.raises(MethodError, match="weights") as expected:
        reference(joining, children, weights, 6)
    with pytest.raises(MethodError, match=f"^{re.escape(str(expected.value))}$"):
        scores_of_draws(joining, children, weights, 6)


CHILDREN = [np.array([[1.0, 5.0, 2.0]]), np.array([[4.0, 3.0, 9.0]])]
WEIGHTS = [np.linspace(0.1, 0.9, 30)[:, np.newaxis], np.full((1, 1), 0.5)]


def test_a_plugin_that_declares_draws_is_called_once_for_many():
    plain, declaring = Plain(), Declaring()
    slow = scores_of_draws(joining_of(plain, 2), CHILDREN, WEIGHTS, 30)
    fast = scores_of_draws(joining_of(declaring, 2), CHILDREN, WEIGHTS, 30)
    assert (plain.n_calls, declaring.n_calls) == (30, 1)
    assert_allclose(fast, slow, rtol=1e-14)
    assert is_slow(plain)
    assert not is_slow(declaring)


def test_draws_are_cut_into_blocks_of_any_size(monkeypatch):
    joining = joining_of(Copeland(), 2)
    children = [np.random.default_rng(1).uniform(size=(30, 3)), CHILDREN[1]]
    expected = scores_of_draws(joining, children, WEIGHTS, 30)
    for size in (1, 6, 60):
        monkeypatch.setattr(joins, "_AT_ONCE", size)
        assert_array_equal(scores_of_draws(joining, children, WEIGHTS, 30), expected)


def test_a_single_draw_has_the_bits_of_a_single_call():
    step = Declaring(MazziottaPareto())
    joining = joining_of(step, 2)
    found = scores_of_draws(joining, CHILDREN, WEIGHTS, 1)
    assert_array_equal(found, reference(joining, CHILDREN, WEIGHTS, 1))


@pytest.mark.parametrize("wrong", ["shape", "infinite", "missing"])
def test_scores_that_cannot_be_are_told_of_the_draw_that_has_them(wrong):
    class Wrong(Declaring):
        def aggregate(self, values, weights):
            scores = super().aggregate(values, weights)
            if wrong == "shape":
                return scores[..., :1]
            scores[..., 1] = np.inf if wrong == "infinite" else np.nan
            return scores

    said = {
        "shape": "must return one score for each of 3 units, got shape",
        "infinite": "returned 1 sc",
    }
    with pytest.raises(
        MethodError, match=rf"^aggregation Wrong of 'T' {said.get(wrong, 'returned 1')}"
    ):
        scores_of_draws(joining_of(Wrong(), 2), CHILDREN, WEIGHTS, 30)


def test_scores_that_cannot_be_are_found_beside_gaps_too():
    class Infinite(Declaring):
        def aggregate(self, values, weights):
            return super().aggregate(values, weights) * np.inf

    children = [np.array([[1.0, np.nan, 2.0]]), CHILDREN[1]]
    joining = joining_of(Infinite(), 2, rule=MissingRule("propagate", 0.5))
    with pytest.raises(
        MethodError, match=r"^aggregation Infinite of 'T' returned 2 scores that are"
    ):
        scores_of_draws(joining, children, WEIGHTS, 30)


def test_a_plugin_that_declares_too_much_is_called_draw_by_draw():
    class OneDraw(Declaring):
        def aggregate(self, values, weights):
            if values.ndim > 2:
                raise ValueError("one draw only")
            return super().aggregate(values, weights)

    step = OneDraw()
    found = scores_of_draws(joining_of(step, 2), CHILDREN, WEIGHTS, 30)
    assert_allclose(found, scores_of_draws(joining_of(Plain(), 2), CHILDREN, WEIGHTS, 30))


def test_units_without_enough_values_have_no_score_in_any_draw():
    children = [np.array([[1.0, np.nan, 2.0]]), np.array([[4.0, np.nan, 9.0]])]
    found = scores_of_draws(joining_of(Copeland(), 2), children, WEIGHTS, 30)
    assert np.isnan(found[:, 1]).all()
    assert (found[:, 2] == 1).all()
    children = [np.full((1, 3), np.nan), np.full((1, 3), np.nan)]
    assert np.isnan(scores_of_draws(joining_of(Copeland(), 2), children, WEIGHTS, 30)).all()


@pytest.mark.parametrize("step", STEPS[:4], ids=lambda step: type(step).__name__)
def test_any_number_of_workers_gives_the_same_bits(step):
    choices = {"n_units": 30, "gaps": 0.1, "aggregation": {"T": step, "B": OrderedWeighted([2, 1])}}
    one, three = (
        uncertainty(example(**choices), [WeightNoise(0.4)], n_samples=17_000, rng=3, executor=own)
        for own in (Inline(), ThreadPoolExecutor(3))
    )
    check_equal(one, three)


@pytest.mark.parametrize("step", STEPS[:4], ids=lambda step: type(step).__name__)
@pytest.mark.parametrize("periods", [None, 3])
def test_a_study_has_the_scores_of_one_that_goes_draw_by_draw(step, periods):
    def study(own):
        nominal = example(n_units=30, gaps=0.1, periods=periods, aggregation={"T": own})
        return uncertainty(nominal, [WeightNoise(0.4)], n_samples=200, rng=3, executor=Inline())

    class Undeclared:
        """The same, without the declaration."""

        traits = Traits(**{name: getattr(step.traits, name) for name in ("skips_missing", "local")})

        def __getattr__(self, name):
            if name == "fit" and not hasattr(step, name):
                raise AttributeError(name)
            return getattr(step, name)

    found, expected = study(step).scores(0, 200), study(Undeclared()).scores(0, 200)
    assert_allclose(found, expected, rtol=1e-12)
