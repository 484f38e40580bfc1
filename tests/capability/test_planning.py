import itertools

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.capability.cases import DATA, column, example, graph, graphs

from dli.aggregation import (
    AdjustedMazziottaPareto,
    ArithmeticMean,
    Copeland,
    GeometricMean,
    MazziottaPareto,
    Minimum,
    OrderedWeighted,
    PowerMean,
)
from dli.capability import Capability, Link, program
from dli.capability.task import Task
from dli.errors import MethodError, StudyError, UnknownCodeError
from dli.normalisation import Goalposts

pytestmark = pytest.mark.once

HALF = {"c": 0.5, "d": 0.5, "e": 0.5}
BUILT = graph(("c", "a1", 0.4), ("d", "a2", 0.6), ("e", "d", 0.4), ("e", "b1", 0.2))


def test_a_plan_by_hand():
    """Each step is .25 of a level: c gains 2.5, d 3.75, e 25 * .25 * (.24 + .2) = 2.75 points.

    With d complete, e gains 1.25 alone: so c is the third.
    """
    found = BUILT.plan(example(), "X", budget=3, steps=4, levels=HALF)
    assert found.gain == pytest.approx(3.75 * 2 + 2.5)
    assert found.changes == {"d": 0.5, "c": 0.25}
    assert (found.cost, found.gap, found.exact) == (3.0, 0.0, True)


def test_what_is_full_already_gains_nothing_more():
    """With d at .75 and e raising it too, one of them is cut off at 1."""
    levels = {**HALF, "d": 0.75}
    found = BUILT.plan(example(), "X", budget=2, steps=4, levels=levels)
    assert found.changes == {"d": 0.25, "c": 0.25}
    assert found.gain == pytest.approx(6.25)


def test_costs_decide():
    costs = {"c": [9, 1], "d": [1, 9], "e": 4}  # the first steps are behind X
    found = BUILT.plan(example(), "X", budget=5, steps=2, levels=HALF, costs=costs)
    assert found.changes == {"c": 0.5, "e": 0.5}
    assert found.cost == 5
    assert column(found.table, "cost") == [1.0, 4.0]


def test_a_target_is_reached_at_least_cost():
    costs = {"c": 1.0, "d": 2.0, "e": 1.4}
    score = example().array("T")[0]
    found = BUILT.plan(example(), "X", target_score=score + 5, steps=4, levels=HALF, costs=costs)
    assert found.cost == pytest.approx(2.0)  # c twice
    assert found.score >= score + 5 - 1e-9
    assert BUILT.plan(example(), "X", target_score=score).steps == []
    assert repr(BUILT.plan(example(), "X", target_score=score)).endswith(": none")


def test_a_rank_is_reached_by_passing_those_above():
    assessment = example()
    built = graph(("c", "a1", 0.9), ("d", "b2", 0.9))
    found = built.plan(assessment, "X", target_rank=3, levels={"c": 0.0, "d": 0.0}, steps=10)
    third = np.sort(assessment.array("T"))[1]
    assert found.score >= third - 1e-9
    assert found.score - third < 25 * 0.09 + 1e-9  # one step less would not do
    assert built.plan(assessment, "X", target_rank=4).steps == []


def test_prerequisites_and_exclusions_hold():
    free = BUILT.plan(example(), "X", budget=1, steps=2, levels=HALF)
    assert list(free.changes) == ["d"]
    waits = BUILT.plan(example(), "X", budget=1, steps=2, levels=HALF, prerequisites={"d": ["c"]})
    assert list(waits.changes) == ["e"]
    both = BUILT.plan(example(), "X", budget=2, steps=2, levels=HALF, prerequisites={"d": ["c"]})
    assert both.changes == {"c": 0.5, "d": 0.5}
    assert column(both.table, "code") == ["c", "d"]
    one = BUILT.plan(example(), "X", budget=2, steps=2, levels=HALF, exclusions=[["c", "d", "e"]])
    assert list(one.changes) == ["d"]
    steps = {("d", 2): [("c", 2)]}
    second = BUILT.plan(example(), "X", budget=4, steps=4, levels=HALF, prerequisites=steps)
    assert second.changes["c"] == 0.5 or second.changes["d"] <= 0.25
    done = BUILT.plan(
        example(), "X", budget=1, steps=2, levels={**HALF, "c": 1.0}, prerequisites={"d": ["c"]}
    )
    assert list(done.changes) == ["d"]  # c is behind it


def test_barriers_are_removed():
    built = graph(("wall", "a1", 0.8), ("c", "a2", 0.3), barriers={"wall"})
    levels = {"wall": 0.5, "c": 0.6}
    # Half of the third step is left, at half its cost; the fourth costs 1.
    found = built.plan(example(), "X", budget=1.5, steps=5, levels=levels)
    assert found.changes == {"wall": pytest.approx(-0.3)}
    assert column(found.table, "cost") == pytest.approx([0.5, 1.0])
    found = built.plan(example(), "X", budget=2.4, steps=5, levels={**levels, "wall": 0.6})
    assert found.changes == {"wall": pytest.approx(-0.4)}
    assert column(found.table, "level_after")[-1] == pytest.approx(0.2)


def test_what_is_left_of_a_step_and_a_full_capability():
    built = graph(("c", "a1", 0.8), ("d", "a1", 0.1))
    found = built.plan(example(), "X", budget=9, steps=2, levels={"c": 0.3, "d": 1.0})
    assert found.changes == {"c": pytest.approx(0.7)}
    assert found.cost == pytest.approx(0.4 + 1)  # from .3 to .5 is .4 of the first step


def test_steps_that_gain_nothing_are_left_out():
    built = graph(("c", "a1", 0.9), ("d", "a1", 0.9))
    found = built.plan(example(), "V", budget=9, steps=2, levels={"c": 0.2, "d": 0.2})
    assert found.changes == {}  # a1 is at its best already
    nothing = built.plan(example(), "V", budget=9, levels={"c": 1.0, "d": 1.0})
    assert nothing.gain == 0.0


def brute_force(task, budget):
    """Try all sets of steps."""
    best = task.where.score
    for taken in itertools.product([False, True], repeat=len(task.steps)):
        chosen = [i for i, take in enumerate(taken) if take]
        allowed = (
            task.costs[chosen].sum() <= budget + 1e-9
            and all(earlier in chosen for later, earlier in task.before if later in chosen)
            and all(sum(i in chosen for i in group) <= 1 for group in task.exclusions)
        )
        if allowed:
            best = max(best, task.score(chosen))
    return best


@st.composite
def tasks(draw):
    built = draw(graphs(outcomes=("a1", "b1", "A")))
    if draw(st.booleans()):
        from attrs import evolve

        marked = draw(st.sampled_from(range(len(built.links))))
        turned = draw(st.sampled_from(range(len(built.links))))
        links = list(built.links)
        links[marked] = evolve(links[marked], required=True)
        links[turned] = evolve(links[turned], sign=-1)
        built = evolve(built, links=links)
    levels = {code: draw(st.sampled_from([0.1, 0.5, 0.9])) for code in built.codes}
    costs = {code: draw(st.sampled_from([1.0, 1.5, 2.0])) for code in built.codes}
    waits = {built.codes[0]: [built.codes[1]]} if draw(st.booleans()) else {}
    return built, {"levels": levels, "costs": costs, "steps": 2, "prerequisites": waits}


@pytest.mark.parametrize(
    "aggregation",
    [ArithmeticMean(), GeometricMean(), PowerMean(-2), Minimum(), MazziottaPareto(),
     OrderedWeighted([0.2, 0.3, 0.5]), PowerMean(0.5), AdjustedMazziottaPareto()],
    ids=repr,
)  # fmt: skip
@settings(max_examples=15)
@given(case=tasks(), budget=st.sampled_from([2.0, 3.5, 20.0]))
def test_a_plan_is_never_beaten_by_trying_all(aggregation, case, budget):
    built, options = case
    assessment = example(normalisation=Goalposts(1, 100), aggregation=aggregation)
    task = Task.of(built, assessment, "X", **options)
    if not task.steps or len(task.steps) > 8:
        return
    found = built.plan(assessment, "X", budget=budget, **options)
    assert found.exact
    assert found.score == pytest.approx(brute_force(task, budget), abs=2e-5)
    assert found.gap <= 2e-4
    assert found.cost <= budget + 1e-9
    # What the plan promises is what follows from it.
    after = built.propagate(assessment, "X", found.changes, levels=options["levels"])
    assert column(after, "after")[0] == pytest.approx(found.score, abs=1e-9)


# Found by trying: the solver gave up on the first two, and took a lesser plan for the best on the third.
HARD = [
    (
        PowerMean(0.5),
        [("c1", "c0", 0.1), ("c3", "c1", 0.1), ("c1", "c3", 0.2), ("c1", "c2", 0.1), ("c0", "A", 0.15)],
        (),
        {"levels": {"c0": 0.5, "c1": 0.9, "c2": 0.1, "c3": 0.1}, "steps": 2},
        20.0,
    ),
    (
        PowerMean(-2.0),
        [("c0", "c1", 0.1), ("c0", "a1", 0.1), ("c0", "b1", 0.1), ("c0", "A", 0.1), ("c1", "c0", 0.1)],
        ("c0",),
        {"levels": {"c0": 0.1, "c1": 0.1}, "steps": 2},
        2.0,
    ),
    (
        ArithmeticMean(),
        [("c1", "c4", 0.1), ("c0", "c1", 0.1), ("c0", "c2", 0.1), ("c0", "c3", 0.1), ("c3", "a1", 0.1),
         ("c0", "a1", 0.15), ("c3", "c1", 0.1), ("c0", "c4", 0.1), ("c1", "c3", 0.15), ("c4", "a1", 0.1),
         ("c4", "A", 0.1), ("c1", "A", 0.15)],
        ("c0", "c1", "c2", "c3"),
        {"levels": {"c0": 0.1, "c1": 0.5, "c2": 0.1, "c3": 0.1, "c4": 0.9}, "steps": 2,
         "costs": {"c0": 1.0, "c1": 1.5, "c2": 1.0, "c3": 1.0, "c4": 1.5}, "prerequisites": {"c0": ["c1"]}},
        2.0,
    ),
]  # fmt: skip


@pytest.mark.parametrize(("aggregation", "links", "barriers", "options", "budget"), HARD)
def test_the_best_plan_is_found_where_rows_meet_in_one_point(
    aggregation, links, barriers, options, budget
):
    assessment = example(normalisation=Goalposts(1, 100), aggregation=aggregation)
    built = graph(*links, barriers=barriers)
    task = Task.of(built, assessment, "X", **options)
    found = built.plan(assessment, "X", budget=budget, **options)
    assert found.score == pytest.approx(brute_force(task, budget), abs=2e-5)
    assert found.gap <= 2e-4


@pytest.mark.parametrize("aggregation", [PowerMean(3), MazziottaPareto("positive")], ids=repr)
def test_what_is_not_concave_is_planned_as_a_straight_line_and_said_so(aggregation):
    assessment = example(normalisation=Goalposts(1, 100), aggregation=aggregation)
    found = BUILT.plan(assessment, "X", budget=3, steps=4, levels=HALF)
    assert not found.exact
    assert np.isnan(found.gap)
    assert found.gain > 0
    assert "linear approximation" in " ".join(repr(found).split())
    score = assessment.array("T")[0]
    reached = BUILT.plan(assessment, "X", target_score=score + 0.5, steps=4, levels=HALF)
    assert reached.score >= score + 0.5


def test_a_plan_prints_itself():
    found = BUILT.plan(example(), "X", budget=2, steps=2, levels=HALF)
    assert repr(found).splitlines() == [
        "Plan for X: T from 37.50 to 50.00 (+12.50) at a cost of 2",
        "The solver proved that no other choice of these steps raises the score more,",
        "given these strengths, levels and costs. Costs are in steps of 1/2 level. The",
        "plan relies on the strengths of 2 links: 0 estimated from data and 2 based on",
        "judgement, 2 of these without evidence.",
        "",
        "code  from    to  cost  score  gain",
        "d     0.50  1.00     1  45.00  7.50",
        "c     0.50  1.00     1  50.00  5.00",
    ]
    assert "<td>d</td>" in found._repr_html_()
    assert column(found.roadmap(), "stage") == [1] * len(found.changes)


def test_a_gap_is_told():
    found = BUILT.plan(example(), "X", budget=2, steps=2, levels=HALF)
    from attrs import evolve

    open_ended = evolve(found, solution=evolve(found._solution, gap=0.25))
    assert not open_ended.proven
    assert "The solver proved that this is within 0.25 of the best" in " ".join(
        repr(open_ended).split()
    )


def test_the_frontier_rises_with_the_budget():
    found = BUILT.frontier(example(), "X", budgets=[0, 1, 2, 3, 6], steps=2, levels=HALF)
    gains = column(found, "gain")
    assert gains[0] == 0.0
    assert all(np.diff(gains) >= -1e-9)
    assert column(found, "cost")[:4] == [0, 1, 2, 3]
    assert column(found, "gap") == [0.0] * 5
    by_itself = BUILT.frontier(example(), "X", steps=2, levels=HALF)
    assert len(column(by_itself, "budget")) == 10
    with pytest.raises(MethodError, match="budgets must be finite numbers of at least 0:\n  - -1"):
        BUILT.frontier(example(), "X", budgets=[-1])


@pytest.mark.parametrize(
    ("options", "error", "message"),
    [
        ({}, MethodError, "a plan requires exactly one of budget, target_score and target_rank"),
        ({"budget": 1, "target_rank": 1}, MethodError, "a plan requires exactly one of"),
        ({"budget": -1}, MethodError, "budget must be a number of at least 0, got -1"),
        (
            {"budget": 0.4},
            MethodError,
            "a budget of 0.4 is too small for any step: the cheapest one, of 'c', costs 0.5",
        ),
        ({"budget": 1, "costs": {"c": 1}}, MethodError, "'d': no cost\n  - 'e': no cost"),
        ({"budget": 1, "costs": {"c": -1, "d": 1, "e": 1}}, MethodError, "'c': -1"),
        (
            {"budget": 1, "costs": {"c": [1], "d": 1, "e": 1}},
            MethodError,
            "'c': 1 costs for 5 steps",
        ),
        ({"budget": 1, "costs": {"q": 1}}, UnknownCodeError, "no capability 'q'"),
        ({"budget": 1, "steps": 0}, MethodError, "steps must be a whole number from 1"),
        (
            {"budget": 1, "prerequisites": {"c": ["d"], "d": ["c"]}},
            MethodError,
            "prerequisites require each other: .*'c' step 3.* requires .*'d' step 3",
        ),
        ({"budget": 1, "prerequisites": {"c": "d"}}, MethodError, "'c': expected a list"),
        (
            {"budget": 1, "prerequisites": {"c": [("d", 9)]}},
            MethodError,
            "steps are numbered from 1 to 5",
        ),
        ({"budget": 1, "prerequisites": {"c": ["q"]}}, UnknownCodeError, "no capability 'q'"),
        ({"budget": 1, "exclusions": [["q"]]}, UnknownCodeError, "no capability 'q'"),
        ({"target_rank": 9}, MethodError, "target_rank must be a whole number from 1 to 4, got 9"),
        ({"target_score": "x"}, MethodError, "target_score must be a number, got 'x'"),
        (
            {"target_score": 99},
            MethodError,
            "no plan reaches a score of 99: all steps together raise it",
        ),
    ],
)
def test_plans_that_cannot_be_are_refused(options, error, message):
    with pytest.raises(error, match=message):
        BUILT.plan(example(), "X", levels=HALF, **options)


def test_an_aggregation_without_slopes_has_no_plan():
    with pytest.raises(MethodError, match="Copeland"):
        BUILT.plan(example(aggregation=Copeland()), "X", budget=1)


def test_a_solver_that_gives_up_is_told(monkeypatch):
    import scipy.optimize

    class Nothing:
        status, x, message = 1, None, "time limit"

    monkeypatch.setattr(scipy.optimize, "milp", lambda *_, **__: Nothing())
    with pytest.raises(StudyError, match="the solver found no plan: time limit"):
        BUILT.plan(example(), "X", budget=1)


def test_rounds_of_tangents_have_an_end(monkeypatch):
    monkeypatch.setattr(program, "_ROUNDS", 1)
    assessment = example(normalisation=Goalposts(1, 100), aggregation=GeometricMean())
    found = BUILT.plan(assessment, "X", budget=3, steps=4, levels=HALF)
    assert found.gap > 0
    assert "of the best" in " ".join(repr(found).split())


@pytest.mark.parametrize("aggregation", [ArithmeticMean(), Minimum(), GeometricMean()], ids=repr)
def test_a_plan_for_a_sub_index_leaves_the_rest_out(aggregation):
    data = {**DATA, "a1": [None, 8.0, 5.0, 9.0]}
    assessment = example(data=data, normalisation=Goalposts(1, 100), aggregation=aggregation)
    found = BUILT.plan(assessment, "X", budget=4, steps=4, node="A", levels={"d": 0.5, "e": 0.5})
    # c reaches a1 alone, which X lacks, and has no level; only a2 counts for A.
    assert set(found.changes) <= {"d", "e"}
    assert found.gain == pytest.approx(99 * 0.6 * 0.5)


def test_weights_of_zero_bind_no_minimum():
    from dli.weighting import Fixed

    assessment = example(
        aggregation=Minimum(), weighting=Fixed({"a1": 0, "a2": 1, "b1": 1, "b2": 1, "A": 1, "B": 1})
    )
    found = BUILT.plan(assessment, "X", budget=4, steps=4, node="A", levels=HALF)
    assert found.gain == pytest.approx(60 * 0.5)


def test_a_target_within_the_solvers_tolerance_is_not_taken_as_reached():
    score = example().array("T")[0]
    everything = BUILT.plan(example(), "X", budget=99, steps=2, levels=HALF).score
    with pytest.raises(MethodError, match="no plan reaches"):
        BUILT.plan(example(), "X", target_score=everything + 5e-5, steps=2, levels=HALF)
    assert BUILT.plan(example(), "X", target_score=everything, steps=2, levels=HALF).gain == (
        pytest.approx(everything - score)
    )


def test_tangents_end_where_the_solver_can_tell_no_more(monkeypatch):
    monkeypatch.setattr(program, "TOLERANCE", -1.0)
    assessment = example(normalisation=Goalposts(1, 100), aggregation=GeometricMean())
    found = BUILT.plan(assessment, "X", budget=3, steps=4, levels=HALF)
    assert abs(found.gap) < 1e-4


REACHING = graph(("c", "a1", 0.9), ("d", "b2", 0.9))
NOTHING = {"c": 0.0, "d": 0.0}


def test_numbers_of_numpy_are_numbers():
    plain = REACHING.plan(example(), "X", target_rank=3, steps=4, levels=NOTHING)
    found = REACHING.plan(
        example(),
        "X",
        target_rank=np.int64(3),
        steps=np.int64(4),
        levels={code: np.float32(0.0) for code in NOTHING},
        costs={code: np.ones(4, dtype=np.int64) for code in NOTHING},
        prerequisites={("d", np.int64(2)): [("d", np.int64(1))]},
    )
    assert found.changes == plain.changes
    assert found.steps
    with pytest.raises(MethodError, match="target_rank must be a whole number from 1 to 4, got"):
        REACHING.plan(example(), "X", target_rank=np.int64(9), levels=NOTHING)


def test_ranks_are_reached_within_the_period():
    data = {**DATA, "unit": ["X", "Y", "X", "Y"], "year": [1, 1, 2, 2]}
    assessment = example(data=data, period="year")
    found = REACHING.plan(assessment, "X", period=2, target_rank=1, levels=NOTHING, steps=9)
    other = assessment.array("T")[3]
    assert other - 1e-9 <= found.score < other + 25 * 0.1 + 1e-9  # one step less is too little
    with pytest.raises(MethodError, match="from 1 to 2, got 3"):
        REACHING.plan(assessment, "X", period=2, target_rank=3, levels=NOTHING)


def test_a_plan_prints_nothing_of_the_solver(capfd):
    for aggregation, links, barriers, options, budget in HARD:
        assessment = example(normalisation=Goalposts(1, 100), aggregation=aggregation)
        graph(*links, barriers=barriers).plan(assessment, "X", budget=budget, **options)
    assert capfd.readouterr() == ("", "")


@settings(max_examples=25)
@given(
    case=tasks(), unknown=st.sampled_from(["-c0", "c0-", "-c1"]), budget=st.sampled_from([2.0, 9.0])
)
def test_plans_pass_through_levels_that_nothing_tells_of(case, unknown, budget):
    """A capability that only takes away has no level of its own, and goes either way."""
    built, options = case
    from attrs import evolve

    own = "c0" if "c0" in unknown else "c1"
    links = [*built.links, Link("new", "b2", 0.2, sign=-1)]
    pair = (own, "new") if unknown.startswith("-") else ("new", own)
    links.append(Link(*pair, 0.2, sign=-1))
    built = evolve(built, capabilities=[*built.capabilities, Capability("new")], links=links)
    options["costs"]["new"] = 1.0
    assessment = example(normalisation=Goalposts(1, 100))
    task = Task.of(built, assessment, "X", **options)
    if not task.steps or len(task.steps) > 8 or built.uncertain(0).draws[0].codes != built.codes:
        return
    found = built.plan(assessment, "X", budget=budget, **options)
    assert found.score == pytest.approx(brute_force(task, budget), abs=2e-5)


@pytest.mark.parametrize("aggregation", [ArithmeticMean(), GeometricMean()], ids=repr)
def test_a_sub_index_that_a_unit_lacks_plays_no_part(aggregation):
    data = {**DATA, "b1": [None, 5.0, 4.0, 3.0], "b2": [None, 2.5, 5.5, 1.0]}
    assessment = example(data=data, normalisation=Goalposts(1, 100), aggregation=aggregation)
    task = Task.of(BUILT, assessment, "X", steps=2, levels=HALF)
    found = BUILT.plan(assessment, "X", budget=2, steps=2, levels=HALF)
    assert found.score == pytest.approx(brute_force(task, 2.0), abs=2e-5)
