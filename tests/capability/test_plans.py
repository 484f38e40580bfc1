"""What steps cost, what a plan claims, how firm it is and how it differs from an explanation."""

import numpy as np
import pytest
from tests.capability.cases import DATA, column, example, graph

from dli.capability import Capability, CapabilityGraph, Link, program
from dli.capability.network import ahead
from dli.capability.task import Task
from dli.errors import MethodError

# A level of c is worth 25 * .4 = 10 points, of d 25 * .6 = 15 points, of e 25 * .2 = 5 points.
BUILT = graph(("c", "a1", 0.4), ("d", "a2", 0.6, {"evidence": "a survey"}), ("e", "b1", 0.2))
HALF = {"c": 0.5, "d": 0.5, "e": 0.5}


def costs_of(task, code):
    """Give number, change and cost of the steps that are left of a capability."""
    place = task.graph.places[code]
    own = [step for step in task.steps if step.place == place]
    return [(s.number, pytest.approx(s.change), pytest.approx(s.cost)) for s in own]


def task(costs=None, *, levels=HALF, **options):
    return Task.of(BUILT, example(), "X", costs=costs, levels=levels, **options)


def test_steps_are_those_of_the_scale():
    """From .3 of four steps: .2 of the second is left, .8 of it, then the third and fourth."""
    costs = {"c": [1, 2, 4, 8], "d": 3, "e": 3}
    found = task(costs, steps=4, levels={**HALF, "c": 0.3})
    assert costs_of(found, "c") == [(2, 0.2, 1.6), (3, 0.25, 4), (4, 0.25, 8)]
    assert costs_of(found, "d") == [(3, 0.25, 3), (4, 0.25, 3)]


def test_a_level_costs_its_integral_wherever_it_is_cut():
    """The rest from .3 costs the integral of 4, 8, 16 and 32 a level: 1.6 + 4 + 8."""
    by_step = task({"c": [1, 2, 4, 8], "d": 1, "e": 1}, steps=4, levels={**HALF, "c": 0.3})
    by_level = task(
        {"c": [4, 8, 16, 32], "d": 4, "e": 4},
        steps=4, levels={**HALF, "c": 0.3}, cost_per="level",
    )  # fmt: skip
    assert costs_of(by_level, "c") == costs_of(by_step, "c")
    assert by_step.costs.sum() == pytest.approx(1.6 + 4 + 8 + 2 + 2)


@pytest.mark.parametrize("steps", [1, 3, 10])
def test_a_rate_by_level_costs_the_same_in_any_number_of_steps(steps):
    found = task({"c": 6, "d": 1, "e": 0}, steps=steps, cost_per="level", levels={**HALF, "c": 0.2})
    assert found.costs.sum() == pytest.approx(6 * 0.8 + 0.5)


def test_a_barrier_costs_from_full_force_down():
    """From .5 of five steps: half of the third is left."""
    built = graph(("wall", "a1", 0.8), barriers={"wall"})
    found = Task.of(
        built, example(), "X", levels={"wall": 0.5}, costs={"wall": [1, 2, 4, 8, 16]}, steps=5
    )
    assert costs_of(found, "wall") == [(3, -0.1, 2), (4, -0.2, 8), (5, -0.2, 16)]


def test_a_prerequisite_costs_what_is_left_of_it():
    """c at .9 of five steps has half a step left; d waits for it."""
    levels = {"c": 0.9, "d": 0.0, "e": 1.0}
    found = BUILT.plan(example(), "X", budget=1.5, levels=levels, prerequisites={"d": ["c"]})
    assert found.changes == {"c": pytest.approx(0.1), "d": pytest.approx(0.2)}
    assert found.cost == pytest.approx(1.5)


def test_prerequisites_by_step_are_those_of_the_scale():
    """The second step of d waits for the third of c, which X has behind it at .6 and not at .5."""
    waits = {("d", 2): [("c", 3)]}
    levels = {"c": 0.6, "d": 0.2, "e": 1.0}
    free = BUILT.plan(example(), "X", budget=1, levels=levels, prerequisites=waits)
    assert free.changes == {"d": pytest.approx(0.2)}
    levels["c"] = 0.5
    bound = BUILT.plan(example(), "X", budget=1.5, levels=levels, prerequisites=waits)
    assert bound.changes == {"c": pytest.approx(0.1), "d": pytest.approx(0.2)}


def test_next_steps_that_wait_for_each_other_are_refused():
    """The next step of c is its third, which waits for the first of d, and that for c's third."""
    waits = {"c": ["d"], ("d", 1): [("c", 3)]}
    levels = {"c": 0.5, "d": 0.0, "e": 1.0}
    with pytest.raises(MethodError, match=r"prerequisites require each other: .*'c' step 3"):
        BUILT.plan(example(), "X", budget=3, levels=levels, prerequisites=waits)


@pytest.mark.parametrize(
    ("options", "unit"),
    [
        ({}, "steps of 1/5 level"),
        ({"cost_per": "level"}, "levels, each from absent to complete"),
        ({"costs": {"c": 1, "d": 2, "e": 3}}, "units of the costs given"),
        ({"cost_unit": "million shillings"}, "million shillings"),
    ],
)
def test_a_plan_says_what_a_cost_of_one_is(options, unit):
    found = BUILT.plan(example(), "X", budget=2, levels=HALF, **options)
    assert found.cost_unit == unit
    assert f"Costs are in {unit}." in " ".join(repr(found).split())


def test_options_of_costs_are_checked():
    with pytest.raises(MethodError, match="cost_per must be 'step' or 'level', got 'year'") as e:
        BUILT.plan(example(), "X", budget=2, levels=HALF, cost_per="year", cost_unit=3)
    assert len(e.value.faults) == 2


def test_a_plan_says_what_it_rests_on():
    """Links that lead from what is built to what is raised: c's and d's, not e's."""
    found = BUILT.plan(example(), "X", budget=2, steps=2, levels=HALF)
    assert found.proven
    assert column(found.links, "source") == ["c", "d"]
    assert column(found.links, "strength") == [0.4, 0.6]
    assert column(found.links, "evidence") == ["judgement", "a survey"]
    assert "0 estimated from data and 2 based on judgement, 1 of these without" in found.claim
    assert "no other choice of these steps raises the score more, given these" in found.claim
    target = BUILT.plan(example(), "X", target_score=found.score, steps=2, levels=HALF)
    assert "no other choice of these steps costs less, given these" in target.claim


def test_links_of_other_parts_are_left_out():
    """In a plan for A what d does for b1 plays no part, though its chain to a2 does."""
    built = graph(("d", "m", 0.5), ("m", "a2", 0.6), ("d", "b1", 0.3), ("m", "b2", 0.1))
    levels = {"d": 0.2, "m": 0.2}
    costs = {"d": 1, "m": 99}
    found = built.plan(example(), "X", node="A", budget=4, levels=levels, costs=costs)
    assert column(found.links, "target") == ["m", "a2"]
    whole = built.plan(example(), "X", budget=4, levels=levels, costs=costs)
    assert len(column(whole.links, "target")) == 4


def test_strengths_without_a_spread_and_costs_without_one_leave_the_plan():
    found = BUILT.plan(example(), "X", budget=1, steps=2, levels=HALF)
    table = found.robustness(0.0, n_samples=3, rng=1)
    assert column(table, "code")[0] == "d"
    assert column(table, "share") == column(table, "first_step") == [1.0, 0.0, 0.0]
    assert column(table, "nominal") == column(table, "mean_change") == [0.5, 0.0, 0.0]


def test_a_plan_is_as_robust_as_its_strengths():
    """d gains more than c unless 7.5 u < 5 v for factors u, v from .5 to 1.5.

    That is u < 2/3 v: the area of the triangle below the line within the square is 1/2 * (1.5 - .75)
    * (1 - .5) = .1875.
    """
    found = BUILT.plan(example(), "X", budget=1, steps=2, levels=HALF)
    table = found.robustness(0.5, n_samples=50, rng=1)
    share = dict(zip(column(table, "code"), column(table, "share"), strict=True))
    assert share["d"] == pytest.approx(1 - 0.1875, abs=0.13)
    drawn = BUILT.uncertain(0.5, n_samples=50, rng=1)
    drawn = drawn.plan(example(), "X", budget=1, steps=2, levels=HALF)
    assert column(drawn, "share") == column(table, "share")


def test_a_plan_is_as_robust_as_its_costs():
    """d costs u, c costs v, both from .5 to 1.5; the one that is the cheaper reaches the target."""
    built = graph(("c", "a1", 0.4), ("d", "a2", 0.4))
    score = example().array("T")[0]
    found = built.plan(example(), "X", target_score=score + 5, steps=2, levels={"c": 0.5, "d": 0.5})
    table = found.robustness(0.0, costs=0.5, n_samples=40, rng=4)
    assert sum(column(table, "share")) == pytest.approx(1.0)
    assert 0.3 < min(column(table, "share")) < 0.5


def test_draws_that_do_not_reach_the_target_have_no_plan():
    """All of it gains 15 points at the strengths as they are, and less in half of the draws."""
    everything = BUILT.plan(example(), "X", budget=9, steps=2, levels=HALF)
    found = BUILT.plan(example(), "X", target_score=everything.score, steps=2, levels=HALF)
    table = found.robustness(0.3, n_samples=30, rng=2)
    assert column(table, "share")[0] == pytest.approx(0.5, abs=0.25)
    assert sum(column(table, "first_step")) == pytest.approx(column(table, "share")[0])


def test_a_budget_that_buys_nothing_in_a_draw_has_no_plan():
    found = BUILT.plan(example(), "X", budget=1, steps=2, levels=HALF)
    table = found.robustness(0.0, costs=0.9, n_samples=30, rng=2)
    assert sum(column(table, "first_step")) < 1


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"strengths": 2}, "strengths must be a number from 0 to 1, got 2"),
        ({"costs": -1}, "costs must be a number from 0 to 1, got -1"),
        ({"n_samples": 0}, "n_samples must be a whole number"),
    ],
)
def test_draws_out_of_range_are_refused(options, message):
    with pytest.raises(MethodError, match=message):
        BUILT.plan(example(), "X", budget=1, levels=HALF).robustness(**options)


def reasons(found, explanation):
    table = found.compared_with(explanation)
    return dict(zip(column(table, "code"), column(table, "reason"), strict=True))


def test_what_costs_more_than_the_budget_is_told():
    found = BUILT.plan(
        example(), "X", budget=2, steps=2, levels=HALF, costs={"c": 1, "d": 3, "e": 1}
    )
    table = found.compared_with(BUILT.explain(example(), "X", levels=HALF))
    assert column(table, "code") == ["d", "c", "e"]
    assert column(table, "reason") == [
        "its next step costs 3, more than the budget of 2",
        "in the plan",
        "in the plan",
    ]
    # X is the best at b1: e closes no gap, and is in the plan all the same.
    assert column(table, "points")[2] == 0
    assert column(table, "gain") == pytest.approx([7.5, 5, 2.5])
    assert column(table, "gain_after_plan")[0] == pytest.approx(7.5)
    assert column(table, "change") == [0, 0.5, 0.5]


def test_what_gains_less_for_its_cost_is_told():
    found = BUILT.plan(example(), "X", budget=1, steps=2, levels=HALF)
    why = reasons(found, BUILT.explain(example(), "X", levels=HALF))
    assert why == {
        "d": "in the plan",
        "c": "its next step gains 5.00 on top of the plan for a cost of 1, or 5.00 for a cost of 1; "
        "the capability in the plan that gains least, d, gains 7.50",
    }


def test_what_gains_more_for_its_cost_and_does_not_fit_is_told():
    """With 2 to spend d at 2 gains 7.5; c at 1 gains 5, and leaves 1 that buys nothing more."""
    costs = {"c": 1, "d": 2, "e": 9}
    found = BUILT.plan(example(), "X", budget=2, steps=2, levels=HALF, costs=costs)
    why = reasons(found, BUILT.explain(example(), "X", levels=HALF))
    assert why["c"].endswith(
        "5.00 for a cost of 1; the capability in the plan that gains least, d, gains 3.75, "
        "but no affordable plan that includes it does better"
    )


def test_what_must_come_first_is_in_the_cost():
    options = {"steps": 2, "levels": HALF, "prerequisites": {"d": ["c"], "c": ["e"]}}
    found = BUILT.plan(example(), "X", budget=2, **options)
    why = reasons(found, BUILT.explain(example(), "X", levels=HALF))
    assert why["d"] == (
        "its next step, with what must come before it, costs 3, more than the budget of 2"
    )


def test_exclusions_are_told():
    found = BUILT.plan(example(), "X", budget=2, steps=2, levels=HALF, exclusions=[["c", "d"]])
    why = reasons(found, BUILT.explain(example(), "X", levels=HALF))
    assert why["c"] == "excluded by d, which the plan has"


def test_levels_at_their_end_and_unknown_ones_are_told():
    """The plan is made at other levels than the explanation."""
    found = BUILT.plan(example(), "X", budget=1, levels={**HALF, "c": 1.0})
    why = reasons(found, BUILT.explain(example(), "X", levels=HALF))
    assert why["c"] == "no step is left: its level is at the end of its scale"
    data = {**DATA, "a1": [None, 8.0, 5.0, 9.0]}
    found = BUILT.plan(example(data=data), "X", budget=1)
    known = BUILT.explain(example(), "X", levels=HALF)
    assert reasons(found, known)["c"] == "its level is unknown"


def test_what_a_weak_link_holds_back_is_told():
    """d is required for a1, which is at .2 as d is: more of c does nothing."""
    built = graph(("c", "a1", 0.9), ("d", "a1", 0.1, {"required": True}), ("e", "a2", 0.3))
    levels = {"c": 0.2, "d": 0.2, "e": 0.5}
    found = built.plan(example(), "X", budget=1, levels=levels)
    why = reasons(found, built.explain(example(), "X", levels=levels))
    assert why["c"] == (
        "its next step gains nothing: the nodes it leads to cannot improve, or are limited by the level of d"
    )


def test_what_leads_to_a_full_outcome_is_told():
    built = graph(("c", "a1", 0.4), ("d", "b2", 0.5), ("e", "a2", 0.3))
    known = built.explain(example(), "X", levels=HALF)
    data = {**DATA, "a1": [10.0, 8.0, 5.0, 9.0]}
    found = built.plan(example(data=data), "X", budget=1, steps=2, levels=HALF)
    assert reasons(found, known)["c"] == (
        "its next step gains nothing: the nodes it leads to cannot improve"
    )


def test_what_the_plan_closes_already_is_told():
    """a1 is at .2; c takes it to 1 by itself, and d would have done as well at twice the cost."""
    built = graph(("c", "a1", 0.9), ("d", "a1", 0.9))
    levels = {"c": 0.0, "d": 0.0}
    found = built.plan(example(), "X", budget=9, steps=1, levels=levels, costs={"c": 1, "d": 2})
    why = reasons(found, built.explain(example(), "X", levels=levels))
    assert why == {
        "c": "in the plan",
        "d": "its next step gains nothing on top of the plan, which closes the same gaps",
    }


def test_a_target_that_is_reached_needs_nothing():
    found = BUILT.plan(example(), "X", target_score=0, levels=HALF)
    known = BUILT.explain(example(), "X", levels=HALF)
    assert set(reasons(found, known).values()) == {"nothing is needed"}
    nothing = BUILT.explain(example(), "X", levels=HALF, reference=["X"])
    assert len(found.compared_with(nothing)) == 0


def test_an_explanation_of_something_else_is_refused():
    found = BUILT.plan(example(), "X", budget=1, levels=HALF)
    with pytest.raises(MethodError, match="does not belong to the plan") as caught:
        found.compared_with(BUILT.explain(example(), "Y", node="A"))
    assert len(caught.value.faults) == 3
    with pytest.raises(MethodError, match="explanation must be"):
        found.compared_with(3)


def test_a_plan_that_is_not_proven_says_so(monkeypatch):
    from dli.aggregation import GeometricMean, PowerMean
    from dli.normalisation import Goalposts

    line = example(normalisation=Goalposts(1, 100), aggregation=PowerMean(3))
    assert "linear approximation of the index, without proof" in (
        BUILT.plan(line, "X", budget=1, levels=HALF).claim
    )
    monkeypatch.setattr(program, "_ROUNDS", 1)
    curved = example(normalisation=Goalposts(1, 100), aggregation=GeometricMean())
    found = BUILT.plan(curved, "X", budget=3, steps=4, levels=HALF)
    assert not found.proven
    assert found.claim.startswith("The solver proved that this is within ")


def test_links_of_strength_zero_lead_nowhere():
    built = graph(("c", "d", 0.0), ("d", "a1", 0.5), ("c", "a2", 0.2))
    assert ahead(built, [0]) == {0, built.places["a2"]}
    assert ahead(built, [built.places["a1"]], backwards=True) == {1, built.places["a1"]}
    assert np.isfinite(built.reach).all()


def test_reasons_call_capabilities_by_their_names():
    built = CapabilityGraph(
        [Capability("c"), Capability("d", "Deed")], [Link("c", "a1", 0.4), Link("d", "b1", 0.6)]
    )
    found = built.plan(example(), "X", budget=1, steps=2, levels={"c": 0.5, "d": 0.5})
    explanation = built.explain(example(), "X", levels={"c": 0.5, "d": 0.5})
    coded, named = (
        " ".join(column(found.compared_with(explanation, named=named), "reason"))
        for named in (False, True)
    )
    assert "the capability in the plan that gains least, d, gains" in coded
    assert named == coded.replace(", d, gains", ", Deed, gains")
    with pytest.raises(MethodError, match=r"named must be True or False, got 1"):
        found.compared_with(explanation, named=1)
