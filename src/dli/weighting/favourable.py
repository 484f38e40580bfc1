"""The weights that favour a unit most and, where several do, which of them to take."""

from collections.abc import Sequence

import numpy as np
from attrs import frozen

from dli.arrays import Floats
from dli.weighting.programs import Program, solve

__all__ = ["Case", "can_score", "favourable_weights", "without_dominated"]

# Weights that bring less than this share of a unit's largest value bring it nothing.
_NOTHING = 1e-9


def without_dominated(y: Floats) -> Floats:
    """Return the rows that bind: with weights of at least 0, a row below another does not."""
    y = np.asarray(np.unique(y, axis=0), dtype=np.float64)
    # Row by row, as the table of all pairs would not fit into memory for many units.
    alone = [int((y >= row).all(axis=1).sum()) == 1 for row in y]
    return np.asarray(y[alone])


@frozen(eq=False)
class Case:
    """A unit, and what limits its weights.

    Attributes
    ----------
    unit : ndarray of shape (n_indicators,)
        Its values, of which at least one is above 0.
    others : ndarray of shape (n_others, n_indicators)
        Those that may not score above 1.
    homogeneous : ndarray of shape (n_bounds, n_indicators)
        The product of its rows with the weights must not be above 0.
    """

    unit: Floats
    others: Floats
    homogeneous: Floats

    @property
    def limits(self) -> Floats:
        """The limits of the products of the weights with the others, and with the bounds."""
        return np.concatenate([np.ones(len(self.others)), np.zeros(len(self.homogeneous))])

    @property
    def program(self) -> Program:
        """The program for the largest score."""
        # The solver takes what is far below 1 for rounding.
        rows = np.vstack([self.others, self.homogeneous])
        gains = self.unit / self.unit.max()
        # What a unit is strong in gets most of the weight.
        return Program(gains, rows, self.limits, guess=gains**2)


def can_score(unit: Floats, weights: Floats) -> bool:
    """Return whether weights bring a unit above 0."""
    return bool(weights @ unit > _NOTHING * unit.max())


def favourable_weights(cases: Sequence[Case]) -> list[Floats | None]:
    """Return the weights that make each score largest, or None if there is no largest.

    If several do, the ones are returned whose smallest weight is largest, then the second smallest
    and so on. They are unique, whichever corner the solver stops at.
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
    """Return, of the weights with the same scores as these, those that are most even.

    Round by round the smallest of the weights that may still differ is made as large as possible;
    those that cannot be larger then are known.
    """
    even = list(weights)
    scores = [float(w @ case.unit) for w, case in zip(weights, cases, strict=True)]
    known = [np.full(len(w), np.nan) for w in weights]
    pending = list(range(len(cases)))
    while pending:
        solutions = solve([_raising(cases[i], scores[i], known[i]) for i in pending])
        ambiguous = []
        for i, solution in zip(pending, solutions, strict=True):
            if solution is None:  # pragma: no cover  rounding left no room for the score
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
    """Return the program that makes the smallest unknown weight largest.

    Its variables are by how much each of these weights is above the smallest, and the smallest.
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
