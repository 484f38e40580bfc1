"""Comparison of an explanation with a plan: why each cause is, or is not, in the plan."""

from collections.abc import Sequence

import numpy as np

from dli.arrays import TIE
from dli.capability.explanation import Explanation
from dli.capability.network import ahead
from dli.capability.task import Task
from dli.checks import flag_faults, instance, refuse
from dli.errors import MethodError
from dli.frames import Frame

__all__ = ["compared", "figure"]


def compared(
    task: Task,
    order: Sequence[int],
    budget: float | None,
    explanation: Explanation,
    *,
    named: bool = False,
) -> Frame:
    """Return the comparison of an explanation with a plan; see `Plan.compared_with`."""
    instance("explanation", explanation, Explanation)
    refuse("compared_with", flag_faults(named=named))
    own, other = task.where, explanation.where
    faults = [
        f"{what}: {theirs!r} in the explanation, {ours!r} in the plan"
        for what, theirs, ours in (
            ("unit", other.unit, own.unit),
            ("node", other.found.node, own.found.node),
            ("row", other.row, own.row),
            ("capabilities", other.found.graph.codes, own.found.graph.codes),
        )
        if theirs != ours
    ]
    if faults:
        msg = (
            "the explanation does not belong to the plan; explain the same unit and node, with the "
            "same graph"
        )
        raise MethodError(msg, faults)
    changes, points = task.changes(order), explanation.points
    by_points = np.argsort(-points, kind="stable").tolist()
    chosen = [i for i in by_points if points[i] > 0 or task.graph.codes[i] in changes]
    called = _called(task, named=named)
    rows = [_row(task, order, budget, place, called) for place in chosen]
    costs, alone, added, reasons = zip(*rows, strict=True) if rows else ((), (), (), ())
    return own.found.assessment.table(
        {
            "code": [task.graph.codes[i] for i in chosen],
            "points": points[chosen],
            "change": np.array([changes.get(task.graph.codes[i], 0.0) for i in chosen]),
            "cost": np.array(costs, dtype=np.float64),
            "gain": np.array(alone, dtype=np.float64),
            "gain_after_plan": np.array(added, dtype=np.float64),
            "reason": list(reasons),
        }
    )


def figure(cost: float) -> str:
    """Return a cost as text, with two decimals unless it is whole.

    Examples
    --------
    >>> figure(1250.0), figure(0.068)
    ('1,250', '0.07')
    """
    return f"{cost:,.2f}".removesuffix(".00")


def _called(task: Task, *, named: bool) -> list[str]:
    """Return the names that reasons use for all nodes of a graph, in the order of codes."""
    graph = task.graph
    if not named:
        return list(graph.codes)
    nodes = task.where.found.assessment.index.walk()
    names = {one.code: one.name for one in (*nodes, *graph.capabilities)}
    return [names.get(code) or code for code in graph.codes]


def _row(
    task: Task, order: Sequence[int], budget: float | None, place: int, called: Sequence[str]
) -> tuple[float, float, float, str]:
    """Return the cost and gains of a capability's next step, and why it is in the plan or not."""
    own = [i for i, step in enumerate(task.steps) if step.place == place]
    if not own:
        is_known = not np.isnan(task.where.levels[place])
        why = (
            "no step is left: its level is at the end of its scale"
            if is_known
            else "its level is unknown"
        )
        return np.nan, np.nan, np.nan, why
    taken = set(order)
    needed = _with_needed(task, own[0])
    missing = [i for i in needed if i not in taken]
    cost = float(task.costs[needed].sum())
    found = task.scores([(), needed, order, [*order, *missing]])[task.where.found.node]
    alone, added = float(found[1] - found[0]), float(found[3] - found[2])
    if own[0] in taken:
        return cost, alone, np.nan, "in the plan"
    return cost, alone, added, _reason(task, order, budget, own[0], (cost, alone, added), called)


def _reason(
    task: Task,
    order: Sequence[int],
    budget: float | None,
    step: int,
    figures: tuple[float, float, float],
    called: Sequence[str],
) -> str:
    cost, alone, added = figures
    needed = _with_needed(task, step)
    apart = [
        called[task.steps[i].place]
        for group in task.exclusions
        if set(group) & set(needed)
        for i in group
        if i in order and i not in needed
    ]
    if apart:
        return f"excluded by {', '.join(apart)}, which the plan has"
    first = "its next step" if len(needed) == 1 else "its next step, with what must come before it,"
    if budget is not None and cost > budget * (1 + TIE):
        return f"{first} costs {figure(cost)}, more than the budget of {figure(budget)}"
    nothing = TIE * max(abs(task.where.score), 1.0)
    if alone <= nothing:
        held = _held_back(task, step, called)
        return f"{first} gains nothing: the nodes it leads to cannot improve{held}"
    if added <= nothing:
        return f"{first} gains nothing on top of the plan, which closes the same gaps"
    if not order:
        return "nothing is needed"
    rate, (least, worth) = added / max(cost, TIE), _least_worth(task, order, called)
    why = (
        f"{first} gains {added:.2f} on top of the plan for a cost of {figure(cost)}, or "
        f"{rate:.2f} for a cost of 1; the capability in the plan that gains least, {least}, gains "
        f"{worth:.2f}"
    )
    return why if rate < worth else f"{why}, but no affordable plan that includes it does better"


def _with_needed(task: Task, step: int) -> list[int]:
    """Return a step and all of its prerequisites."""
    needed = {step}
    todo = [step]
    while todo:
        own = todo.pop()
        new = {earlier for later, earlier in task.before if later == own} - needed
        needed |= new
        todo += new
    return sorted(needed)


def _held_back(task: Task, step: int, called: Sequence[str]) -> str:
    """Return a phrase that names the required capabilities that limit the targets of a step."""
    graph, start = task.graph, task.steps[step].place
    reached = ahead(graph, [start])
    sources, targets = (ends.tolist() for ends in graph.required_pairs)
    level = np.concatenate([task.where.levels, task.where.outcomes])
    holding = dict.fromkeys(
        called[source]
        for source, target in zip(sources, targets, strict=True)
        if target in reached and source != start and level[source] <= level[target] + TIE
    )
    return f", or are limited by the level of {', '.join(holding)}" if holding else ""


def _least_worth(task: Task, order: Sequence[int], called: Sequence[str]) -> tuple[str, float]:
    """Return the capability of a plan with the smallest gain per cost of 1, and that gain."""
    places = list(dict.fromkeys(task.steps[i].place for i in order))
    without = [[i for i in order if task.steps[i].place != place] for place in places]
    found = task.scores([order, *without])[task.where.found.node]
    spent = [
        task.costs[[i for i in order if task.steps[i].place == place]].sum() for place in places
    ]
    rates = ((found[0] - found[1:]) / np.maximum(spent, TIE)).tolist()
    worth, place = min(zip(rates, places, strict=True))
    return called[place], worth
