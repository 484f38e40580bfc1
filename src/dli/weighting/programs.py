"""Small linear programs, many of them solved in one call of the solver."""

from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np
from attrs import evolve, frozen

from dli.arrays import Floats
from dli.errors import MethodError

__all__ = ["Program", "Solution", "solve"]

# The solver returns about 1e-15 for zeros; numbers above this are not 0.
_NOISE = 1e-9
# The programs in one call have about this many coefficients together: with fewer, the overhead of
# the calls dominates; with more, every step of the solver takes longer.
_COEFFICIENTS = 100_000
# Rounding errors exceed a limit of 1 by less than this.
_BEYOND = 1e-11


@frozen(eq=False)
class Program:
    """The program that maximises ``gains @ x`` subject to ``rows @ x <= limits`` and ``x >= 0``.

    Attributes
    ----------
    gains : ndarray of shape (n,)
        The coefficients of the objective.
    rows : ndarray of shape (m, n)
        The coefficients of the constraints.
    limits : ndarray of shape (m,)
        The upper limits of the products of the rows with the variables.
    guess : ndarray of shape (n,)
        Variables in about the proportions of a solution, from which the rows that are likely to
        bind are predicted.
    """

    gains: Floats
    rows: Floats
    limits: Floats
    guess: Floats

    def likely(self) -> Any:
        """Return which rows to start with, as only a few of many rows bind."""
        m, n = self.rows.shape
        if m <= 2 * n:
            return np.ones(m, dtype=np.bool_)
        chosen = self.rows.min(axis=1) < 0
        # The gain would be unbounded if no row limited one of the variables.
        chosen[self.rows.argmax(axis=0)] = True
        chosen[np.argpartition(-(self.rows @ self.guess), n)[:n]] = True
        return chosen

    def broken(self, x: Floats, chosen: Any) -> Any:
        """Return the rows not yet chosen whose limits the variables exceed most."""
        if chosen.all():
            return []
        excess = np.where(chosen, 0.0, self.rows @ x - self.limits)
        most = np.argsort(-excess, kind="stable")[: len(x)]
        return most[excess[most] > _BEYOND]


@frozen(eq=False)
class Solution:
    """A vertex of the feasible region of a program at which the gain is largest.

    Attributes
    ----------
    x : ndarray of shape (n,)
        The variables.
    is_zero : ndarray of bool, shape (n,)
        Whether a variable is certain to be 0 in all solutions of the program. Variables that are
        not marked may also be 0 in all solutions.
    is_unique : bool
        Whether it is certain that no other solution exists.
    """

    x: Floats
    is_zero: Any
    is_unique: bool


def solve(programs: Sequence[Program]) -> list[Solution | None]:
    """Return a solution of each program, or None if its gain is unbounded or it is infeasible.

    Each program is first solved with a few of its rows. Rows that the solution violates are added
    until it violates none; it is then a solution with all rows.
    """
    results: list[Solution | None] = [None] * len(programs)
    chosen = [program.likely() for program in programs]
    pending = list(range(len(programs)))
    while pending:
        unfinished = []
        sizes = [chosen[i].sum() * len(programs[i].gains) for i in pending]
        for batch in _batches(pending, sizes):
            solutions = _solve_together([_with_rows(programs[i], chosen[i]) for i in batch])
            for i, solution in zip(batch, solutions, strict=True):
                results[i] = solution
                broken = [] if solution is None else programs[i].broken(solution.x, chosen[i])
                if len(broken):
                    chosen[i][broken] = True
                    unfinished.append(i)
        pending = unfinished
    return results


def _with_rows(program: Program, chosen: Any) -> Program:
    if chosen.all():
        return program
    return evolve(program, rows=program.rows[chosen], limits=program.limits[chosen])


def _batches(places: Sequence[int], sizes: Sequence[int]) -> Iterator[list[int]]:
    """Yield the places of the programs that are solved together in one call."""
    batch: list[int] = []
    total = 0
    for place, size in zip(places, sizes, strict=True):
        if batch and total + size > _COEFFICIENTS:
            yield batch
            batch, total = [], 0
        batch.append(place)
        total += size
    yield batch


def _solve_together(programs: Sequence[Program]) -> list[Solution | None]:
    """Return the solutions of programs that are solved as one, each a block on the diagonal.

    The dual program is solved because it needs fewer steps: it minimises ``limits @ y`` subject
    to ``rows.T @ y >= gains`` and ``y >= 0``, and its multipliers are the variables.
    """
    from scipy.optimize import linprog

    if not any(len(program.limits) for program in programs):
        return [None] * len(programs)
    result: Any = linprog(
        np.concatenate([program.limits for program in programs]),
        A_ub=_blocks(programs),
        b_ub=-np.concatenate([program.gains for program in programs]),
        method="highs-ds",
        # Presolving hardly simplifies such programs, and takes most of the time.
        options={
            "presolve": False,
            "primal_feasibility_tolerance": 1e-10,
            "dual_feasibility_tolerance": 1e-10,
        },
    )
    if result.status in {2, 3, 4} and len(programs) > 1:
        # At least one of them has no solution: the others are solved without it.
        half = len(programs) // 2
        return _solve_together(programs[:half]) + _solve_together(programs[half:])
    if result.status in {2, 3}:
        return [None]
    if result.status != 0:  # pragma: no cover
        msg = f"the linear program of the benefit of the doubt failed: {result.message}"
        raise MethodError(msg)
    ends = np.cumsum([len(program.gains) for program in programs])[:-1]
    last = np.cumsum([len(program.limits) for program in programs])[:-1]
    return [
        _solution(*parts)
        for parts in zip(
            np.split(np.maximum(-result.ineqlin.marginals, 0.0), ends),
            np.split(result.slack, ends),
            np.split(result.x, last),
            strict=True,
        )
    ]


def _blocks(programs: Sequence[Program]) -> Any:
    from scipy.sparse import csc_array

    shapes = [program.rows.shape for program in programs]
    starts = np.cumsum([0, *(n for _, n in shapes)])
    indices = [
        np.tile(np.arange(start, start + n), m)
        for start, (m, n) in zip(starts[:-1].tolist(), shapes, strict=True)
    ]
    lengths = np.concatenate([np.full(m, n) for m, n in shapes])
    matrix = csc_array(
        (
            -np.concatenate([program.rows.ravel() for program in programs]),
            np.concatenate(indices),
            np.concatenate([[0], np.cumsum(lengths)]),
        ),
        shape=(int(starts[-1]), len(lengths)),
    )
    matrix.eliminate_zeros()
    return matrix


def _solution(x: Floats, slack: Floats, multipliers: Floats) -> Solution:
    is_zero = slack > _NOISE
    # By complementary slackness, a row with a multiplier above 0 binds in every solution, and a
    # variable whose dual constraint has slack is 0 in every solution. The solver returns a vertex
    # of the dual program, where these conditions are independent: as many conditions as variables
    # determine all variables.
    n_fixed = int(is_zero.sum()) + int((multipliers > _NOISE).sum())
    return Solution(x, is_zero, n_fixed >= len(x))
