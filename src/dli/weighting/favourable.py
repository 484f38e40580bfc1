"""The weights that favour a unit most, and a unique choice if there are several."""

from collections.abc import Sequence

import numpy as np
from attrs import frozen

from dli.arrays import Floats
from dli.weighting.programs import Program, solve

__all__ = ["Case", "can_score", "favourable_weights", "without_dominated"]

# A score below this share of a unit's largest value counts as 0.
_NOTHING = 1e-9


def without_dominated(y: Floats) -> Floats:
    """Return the rows that no other row dominates; with weights of at least 0 only these bind."""
    y = np.asarray(np.unique(y, axis=0), dtype=np.float64)
    # Rows are compared one by one, as a table of all pairs of many units would not fit into memory.
    alone = [int((y >= row).all(axis=1).sum()) == 1 for row in y]
    return np.asarray(y[alone])


@frozen(eq=False)
class Case:
    """A unit, and the constraints on its weights.

    Attributes
    ----------
    unit : ndarray of shape (n_indicators,)
        The values of the unit, at least one of which is above 0.
    others : ndarray of shape (n_others, n_indicators)
        The values of the units that must not score above 1.
    homogeneous : ndarray of shape (n_bounds, n_indicators)
        Bounds as rows, whose product with the weights must not be above 0.
    """

    unit: Floats
    others: Floats
    homogeneous: Floats

    @property
    def limits(self) -> Floats:
        """The upper limits of the products of ``others`` and ``homogeneous`` with the weights."""
        return np.concatenate([np.ones(len(self.others)), np.zeros(len(self.homogeneous))])

    @property
    def program(self) -> Program:
        """The linear program that maximises the score."""
        rows = np.vstack([self.others, self.homogeneous])
        # The solver treats numbers far below 1 as rounding errors.
        gains = self.unit / self.unit.max()
        # The indicators in which a unit is strong get most of the weight.
        return Program(gains, rows, self.limits, guess=gains**2)


def can_score(unit: Floats, weights: Floats) -> bool:
    """Return whether a unit scores above 0 with some weights."""
    return bool(weights @ unit > _NOTHING * unit.max())


def favourable_weights(cases: Sequence[Case]) -> list[Floats | None]:
    """Return the weights that maximise each score, or None if it has no maximum.

    If several sets of weights maximise a score, the set with the largest smallest weight is
    returned; further ties are resolved by the second smallest weight, and so on. This choice is
    unique and does not depend on the vertex at which the solver stops.
    """
    weights: list[Floats | None] = []
    several, ambiguous = [], []
    for case, solution in zip(cases, solve([case.program for case in cases]), strict=True):
        if solution and not solution.is_unique and can_score(case.unit, solution.x):
            several.append(len(weights))
            ambiguous.append(solution.x)
        weights.append(solution.x if solution else None)
    for i, even in zip(several, _most_even([cases[i] for i in several], ambiguous), strict=True):
        weights[i] = even
    return weights


def _most_even(cases: Sequence[Case], weights: Sequence[Floats]) -> list[Floats]:
    """Return the most even weights among those with the same scores as ``weights``.

    In each round the smallest of the weights not yet known is maximised; the weights that cannot
    exceed this maximum are then known.
    """
    even = list(weights)
    scores = [float(w @ case.unit) for w, case in zip(weights, cases, strict=True)]
    known = [np.full(len(w), np.nan) for w in weights]
    pending = list(range(len(cases)))
    while pending:
        solutions = solve([_raising(cases[i], scores[i], known[i]) for i in pending])
        ambiguous = []
        for i, solution in zip(pending, solutions, strict=True):
            if solution is None:  # pragma: no cover  rounding made the score infeasible
                continue
            free = np.flatnonzero(np.isnan(known[i]))
            smallest = solution.x[-1]
            even[i] = known[i].copy()
            even[i][free] = smallest + solution.x[:-1]
            known[i][free[solution.is_zero[:-1]]] = smallest
            if not solution.is_unique and np.isnan(known[i]).any():
                ambiguous.append(i)
        pending = ambiguous
    return even


def _raising(case: Case, score: float, known: Floats) -> Program:
    """Return the program that maximises the smallest of the weights not yet known.

    Its variables are the differences between these weights and the smallest, and the smallest.
    """
    size = case.unit.max()
    rows = np.vstack([case.others, case.homogeneous, -case.unit / size])
    limits = np.append(case.limits, -score / size)
    free = np.isnan(known)
    unknown = rows[:, free]
    return Program(
        np.append(np.zeros(unknown.shape[1]), 1.0),
        np.column_stack([unknown, unknown.sum(axis=1)]),
        limits - rows[:, ~free] @ known[~free],
        guess=np.append(case.unit[free], case.unit[free].mean()),
    )
