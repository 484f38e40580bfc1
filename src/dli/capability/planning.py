"""Plans of investment, chosen by a mixed-integer program."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from dli.assessment import Assessment
from dli.capability.network import Network
from dli.capability.plans import Plan
from dli.capability.program import Program
from dli.capability.request import Request, in_order
from dli.capability.task import Task
from dli.checks import listed, number_fault
from dli.errors import MethodError
from dli.frames import Frame

__all__ = ["frontier", "plan"]


def plan(  # noqa: PLR0913 each option is independent
    graph: Network,
    assessment: Assessment,
    unit: object,
    *,
    period: object = None,
    budget: float | None = None,
    target_score: float | None = None,
    target_rank: int | None = None,
    costs: Mapping[str, Any] | None = None,
    cost_per: str = "step",
    cost_unit: str | None = None,
    steps: int = 5,
    prerequisites: Mapping[Any, Any] | None = None,
    exclusions: Sequence[Sequence[str]] = (),
    node: str | None = None,
    levels: Mapping[str, float] | None = None,
) -> "Plan":
    """Find the investments that raise a score most, or that reach a target at the lowest cost.

    The plan is the solution of a mixed-integer program over steps of capability levels, solved by
    `scipy.optimize.milp`. The guide describes the formulation.

    Parameters
    ----------
    assessment, unit, period, node, levels
        As for `CapabilityGraph.explain`.
    budget : float, optional
        The maximum total cost. Exactly one of ``budget``, ``target_score`` and ``target_rank`` is
        required.
    target_score : float, optional
        The score to reach at the lowest cost.
    target_rank : int, optional
        The rank to reach at the lowest cost while all other units stay as they are.
    costs : mapping of str to float or sequence of float, optional
        The cost of each capability, by code: one number for all of its steps, or one number for
        each step of the scale, whatever the unit's level. The first step starts from absent (of a
        barrier: from full force). 1 by default.
    cost_per : {"step", "level"}
        Whether costs are for a whole step or for a whole level, of which each step costs its share.
    cost_unit : str, optional
        The unit of costs in the printed plan, such as ``"million euros"``.
    steps : int
        The number of steps from absent to complete, or of a barrier from full force to removed. If
        a level lies within a step, the rest of that step is available at its share of the cost: the
        cost from one level to another is the integral of a rate that is constant within each step.
    prerequisites : mapping, optional
        ``{"data_analytics": ["data_integration"]}`` allows steps of the first capability only after
        the next step (or the rest of it) of the second. ``{("a", 2): [("b", 1)]}`` names steps of
        the scale: the second step of ``a`` requires the first step of ``b``. Steps below the unit's
        level count as taken.
    exclusions : sequence of sequences of str
        Groups of capabilities. The plan invests in at most one capability of each group.

    Returns
    -------
    Plan
        The steps in their order, with their costs and effects.

    Raises
    ------
    MethodError
        Not exactly one goal is named, costs are missing or negative, the budget is too small for
        any step, prerequisites require each other, no plan reaches the target (the best score is
        named), or the aggregation has no derivative.
    UnknownCodeError
        The unit, the period, the node or a capability does not exist.
    DataError
        The unit has no score.
    """
    request = Request(
        assessment=assessment,
        unit=unit,
        period=period,
        budget=budget,
        target_score=target_score,
        target_rank=target_rank,
        costs=costs,
        cost_per=cost_per,
        cost_unit=cost_unit,
        steps=steps,
        prerequisites=prerequisites,
        exclusions=exclusions,
        node=node,
        levels=levels,
    )
    task = request.task(graph)
    solution = request.solve(task)
    order = in_order(task, solution.taken)
    return Plan(budget=budget, request=request, task=task, solution=solution, order=order)


def frontier(
    graph: Network,
    assessment: Assessment,
    unit: object,
    *,
    budgets: Sequence[float] | None = None,
    **options: Any,
) -> Frame:
    """Return the largest gain that is possible with each of several budgets.

    Parameters
    ----------
    assessment, unit
        As for `CapabilityGraph.plan`.
    budgets : sequence of float, optional
        The budgets; by default, ten evenly spaced ones up to the cost of all steps.
    **options
        As for `CapabilityGraph.plan`: ``period, costs, cost_per, steps, prerequisites, exclusions,
        node, levels``.

    Returns
    -------
    frame
        One row for each budget: ``budget``, ``cost`` (the amount that is spent), ``gain`` (in
        points), ``score`` (after the plan) and ``gap`` (the optimality gap).

    Raises
    ------
    MethodError, UnknownCodeError, DataError
        As for `CapabilityGraph.plan`; or budgets are not finite numbers of at least 0.
    """
    task = Task.of(graph, assessment, unit, **options)
    total = float(task.costs.sum())
    chosen = (np.linspace(0.1, 1.0, 10) * total).tolist()
    chosen = chosen if budgets is None else listed("budgets", budgets, "numbers")
    bad = [f"{budget!r}" for budget in chosen if number_fault("budget", budget, least=0)]
    if bad or not chosen:
        msg = "budgets must be finite numbers of at least 0"
        raise MethodError(msg, bad)
    program = Program(task)
    solutions = [program.most(float(budget)) for budget in chosen]
    return assessment.table(
        {
            "budget": np.array(chosen, dtype=np.float64),
            "cost": np.array([float(task.costs[list(s.taken)].sum()) for s in solutions]),
            "gain": np.array([s.score - task.where.score for s in solutions]),
            "score": np.array([s.score for s in solutions]),
            "gap": np.array([s.gap for s in solutions]),
        }
    )
