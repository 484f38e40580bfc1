"""What to build first: investments chosen by a mixed-integer program."""

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
    """Find the investments that raise a node most, or reach a target at least cost.

    A mixed-integer program over steps of capability levels, solved by `scipy.optimize.milp`: see
    the guide for the formulation.

    Parameters
    ----------
    assessment, unit, period, node, levels
        As of `explain`.
    budget : float, optional
        The most that may be spent. Give it, or one of the targets.
    target_score, target_rank : optional
        The score to reach, or the rank while all other units stay, at the least cost.
    costs : mapping of str to float or sequence of float, optional
        What each capability costs: a number for all of its steps, or one for each step of the
        scale, the first from absent (of a barrier: from full force), wherever the unit is. 1 by
        default.
    cost_per : {"step", "level"}
        Whether costs are for a whole step, or for a whole level: a rate, of which a step costs its
        share.
    cost_unit : str, optional
        What a cost of 1 is, for the printed plan: ``"million euros"``.
    steps : int
        In how many steps a capability goes from absent to complete, or a barrier from full force
        to gone. Of a step that a level is in the rest is left, at its share of the cost: the cost
        from one level to another is the integral of a rate that is constant within a step.
    prerequisites : mapping, optional
        ``{"data_analytics": ["data_integration"]}``: no step of the first without the next step of
        the second, or what is left of it; ``{("a", 2): [("b", 1)]}`` for steps of the scale: the
        second of one and the first of the other. What a unit has behind it is taken.
    exclusions : sequence of sequences of str
        Capabilities of which at most one is invested in.

    Returns
    -------
    Plan
        What to build, in which order, with what effect.

    Raises
    ------
    MethodError
        Costs that are missing or negative, a budget too small for any step, prerequisites that
        wait for each other, a target that no plan reaches (the best score is named), or an
        aggregation without a derivative.
    UnknownCodeError
        No such unit, period, node or capability.
    DataError
        A unit without a score.
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
    """Return the most that each budget can gain.

    Parameters
    ----------
    assessment, unit
        As of `plan`.
    budgets : sequence of float, optional
        Ten of equal distance up to the cost of everything by default.
    **options
        As of `plan`: ``period, costs, cost_per, steps, prerequisites, exclusions, node,
        levels``.

    Returns
    -------
    frame
        ``budget, cost, gain, score, gap``: what is spent of it, the points gained, the score
        reached and the optimality gap.

    Raises
    ------
    MethodError, UnknownCodeError, DataError
        As `plan`; budgets that are not finite numbers of at least 0.
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
