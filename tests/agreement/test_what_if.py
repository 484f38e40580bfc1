"""Every room that asks what a score would be gives the same answer, at ties too."""

import numpy as np
import pytest
from numpy.testing import assert_allclose
from tests.agreement.cases import ASSESSMENTS, assess, cells, other_of, panel, table, unit_of

from dli import change, diagnosis
from dli.aggregation import AdjustedMazziottaPareto, Copeland, MazziottaPareto
from dli.capability import Capability, CapabilityGraph, Link
from dli.errors import MethodError
from dli.normalisation import Goalposts, MinMax

# Links to indicators and to a sub-index, several to one, with a barrier; capabilities apart.
GRAPH = CapabilityGraph(
    [Capability("p"), Capability("q"), Capability("r", kind="barrier"), Capability("s")],
    [
        Link("p", "a", 0.4),
        Link("p", "c", 0.3),
        Link("q", "a", 0.2),
        Link("q", "b", 0.45),
        Link("q", "d", 0.1),
        Link("r", "e", 0.3),
        Link("s", "B", 0.15),
        Link("s", "f", 0.2),
    ],
)
LEVELS = {"p": 0.5, "q": 0.5, "r": 0.5, "s": 0.5}
CASES = sorted(ASSESSMENTS)


def period_of(assessment):
    return 2020 if assessment.periods is not None else None


# Scores that enter by their order have no derivatives.
RANKED = {"ranked nodes", "ranked panel"}


@pytest.fixture(params=CASES)
def assessment(request):
    return ASSESSMENTS[request.param]()


def of_cases(left_out):
    return pytest.mark.parametrize("case", [case for case in CASES if case not in left_out])


def score_after(assessment, unit, period, changes):
    found = cells(GRAPH.propagate(assessment, unit, changes, period=period, levels=LEVELS))
    return found["after"][found["code"].index("T")]


# Leverage is that of scores before they are rounded.
@of_cases(RANKED | {"rounded"})
def test_leverage_is_the_limit_of_what_propagates(case):
    assessment = ASSESSMENTS[case]()
    period = period_of(assessment)
    leverage = GRAPH.leverage_array(assessment)
    step = 1e-6
    for row in assessment.rows(period).tolist():
        score = assessment.array("T")[row]
        if np.isnan(score):
            continue
        for place, code in enumerate(GRAPH.codes):
            after = score_after(assessment, assessment.units[row], period, {code: step})
            assert (after - score) / step == pytest.approx(leverage[row, place], abs=2e-3)


def test_explained_points_are_what_closing_gaps_propagates(assessment):
    period = period_of(assessment)
    unit = unit_of(assessment, period)
    score = assessment.array("T")[assessment.row(unit, period=period)]
    # Against the best end of the scale no gap is smaller than what saturates.
    found = GRAPH.explain(assessment, unit, period=period, reference="best", levels=LEVELS)
    for place, capability in enumerate(GRAPH.capabilities):
        change_of = -0.5 if capability.kind == "barrier" else 0.5
        after = score_after(assessment, unit, period, {capability.code: change_of})
        assert_allclose(found.points[place], after - score, atol=1e-10)


def test_the_points_of_an_outcome_are_those_of_the_weakness(assessment):
    period = period_of(assessment)
    unit = unit_of(assessment, period)
    found = cells(GRAPH.explain(assessment, unit, period=period).outcomes)
    weak = cells(diagnosis.weaknesses(assessment, unit, period=period, nodes=list(GRAPH.outcomes)))
    points = dict(zip(weak["code"], weak["points"], strict=True))
    for code, own in zip(found["code"], found["points"], strict=True):
        assert_allclose(own, points.get(code, 0.0), atol=1e-10)


@of_cases(RANKED)
def test_a_plan_gains_what_its_changes_propagate(case):
    assessment = ASSESSMENTS[case]()
    period = period_of(assessment)
    unit = unit_of(assessment, period)
    plan = GRAPH.plan(assessment, unit, period=period, budget=4, steps=3, levels=LEVELS)
    after = score_after(assessment, unit, period, plan.changes or {"p": 0.0})
    assert_allclose(plan.score, after, atol=1e-10)


@of_cases(RANKED | {"one unit"})
def test_a_difference_turns_its_sign_with_the_units_and_adds_up(case):
    assessment = ASSESSMENTS[case]()
    period = period_of(assessment)
    one, two = unit_of(assessment, period), other_of(assessment, period)
    there, back = (
        cells(change.difference(assessment, *pair, period=period))
        for pair in ((one, two), (two, one))
    )
    points = dict(zip(zip(there["code"], there["name"], strict=True), there["points"], strict=True))
    turned = dict(zip(zip(back["code"], back["name"], strict=True), back["points"], strict=True))
    assert set(points) == set(turned)
    for key, own in points.items():
        assert_allclose(own, -turned[key], atol=1e-10)
    scores = [assessment.array("T")[assessment.row(unit, period=period)] for unit in (one, two)]
    assert_allclose(sum(points.values()), scores[0] - scores[1], atol=1e-10)


@pytest.mark.parametrize(
    "aggregation", [AdjustedMazziottaPareto(), MazziottaPareto(), None], ids=repr
)
@pytest.mark.parametrize("normalisation", [Goalposts(1, 100), MinMax(1, 100)], ids=repr)
def test_a_change_adds_up_whatever_moves_the_scale(aggregation, normalisation):
    options = {} if aggregation is None else {"aggregation": aggregation}
    before = assess(table(9, 20)).evolve(normalisation=normalisation, **options)
    after = assess(table(9, 21)).evolve(normalisation=normalisation, **options)
    for unit in before.units:
        points = cells(change.change(before, after, unit))["points"]
        moved = after.array("T")[after.row(unit)] - before.array("T")[before.row(unit)]
        assert_allclose(sum(points), moved, atol=1e-10)


def test_a_change_between_periods_adds_up():
    assessment = assess(panel())
    for unit in ("u1", "u2", "u3"):
        points = cells(
            change.change(assessment, assessment, unit, period_before=2019, period_after=2020)
        )["points"]
        rows = [assessment.row(unit, period=year) for year in (2019, 2020)]
        moved = assessment.array("T")[rows[1]] - assessment.array("T")[rows[0]]
        assert_allclose(sum(points), moved, atol=1e-10)


@of_cases(RANKED | {"filled nodes"})
def test_contributions_add_up_from_their_reference(case):
    assessment = ASSESSMENTS[case]()
    scores = assessment.array("T")
    known = ~np.isnan(scores)
    total = assessment.reference_array() + np.nansum(assessment.contribution_array(), axis=1)
    assert_allclose(total[known], scores[known], atol=1e-9)
    assert np.isnan(total[~known]).all()


@of_cases(RANKED | {"filled nodes"})
def test_contributions_to_sums_are_slopes_times_values(case):
    assessment = ASSESSMENTS[case]()
    if np.nan_to_num(assessment.reference_array()).any():
        pytest.skip("contributions to what is no sum are counted from the medians")
    slopes = assessment.held.slopes("T")
    points = assessment.contribution_array()
    for place, indicator in enumerate(assessment.index.indicators):
        own = slopes[indicator.code] * assessment.array(indicator.code)
        known = ~np.isnan(assessment.array("T")) & ~np.isnan(own)
        assert_allclose(points[known, place], own[known], atol=1e-10)


def test_contributions_that_rest_on_other_units_are_refused():
    with pytest.raises(MethodError, match="'A': some of its scores are filled from other units"):
        ASSESSMENTS["filled nodes"]().contribution_array()


@of_cases(set(CASES) - RANKED)
def test_what_goes_by_order_is_refused_by_name(case):
    assessment = ASSESSMENTS[case]()
    period = period_of(assessment)
    unit = unit_of(assessment, period)
    other = other_of(assessment, period)
    for ask in (
        lambda: GRAPH.leverage(assessment),
        lambda: GRAPH.plan(assessment, unit, period=period, budget=1, levels=LEVELS),
        assessment.contribution_array,
        lambda: change.difference(assessment, unit, other, period=period),
    ):
        with pytest.raises(
            MethodError, match=r"normalisation (PercentileRank|RankExponential) of 'A'"
        ):
            ask()


class Relative:
    """An outside object: a unit's score depends on the best."""

    def aggregate(self, values, weights):
        return values @ weights / (values @ weights).max()


@pytest.mark.parametrize("aggregation", [Copeland(), Relative()], ids=["Copeland", "outside"])
def test_where_scores_depend_on_others_it_is_said(aggregation):
    assessment = assess(table(6, 3)).evolve(aggregation={"T": aggregation})
    one, two = unit_of(assessment, None), other_of(assessment, None)
    with pytest.raises(MethodError, match=type(aggregation).__name__):
        change.difference(assessment, one, two)
    with pytest.raises(MethodError, match="has no derivative"):
        GRAPH.leverage(assessment)
    found = cells(diagnosis.weaknesses(assessment, one))
    code = found["code"][0]
    moved = assessment.held.moved({code: _with(assessment, code, one, found["reference"][0])})
    row = assessment.row(one)
    assert_allclose(found["points"][0], moved["T"][row] - assessment.array("T")[row])


def _with(assessment, code, unit, value):
    scores = assessment.array(code).copy()
    scores[assessment.row(unit)] = value
    return scores
