"""Small linear programs, many of them in one call of the solver."""

from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np
from attrs import evolve, frozen

from dli.arrays import Floats
from dli.errors import MethodError

__all__ = ["Program", "Solution", "solve"]

# The solver leaves about 1e-15 of what is 0; this far above it, a number is not 0.
_NOISE = 1e-9
# As many programs in one call have about this many coefficients: with fewer the overhead of a
# call counts, with more every step of the solver takes longer.
_COEFFICIENTS = 100_000
# Rounding leaves less than this beyond a limit of 1.
_BEYOND = 1e-11


@frozen(eq=False)
class Program:
    """The largest ``gains @ x`` with ``rows @ x <= limits`` and ``x >= 0``.

    Attributes
    ----------
    gains : ndarray of shape (n,)
        What each variable brings.
    rows : ndarray of shape (m, n)
        The coefficients of the limits.
    limits : ndarray of shape (m,)
        The most that the product of a row and the variables may be.
    guess : ndarray of shape (n,)
        Variables in about the proportions of a solution, to see which rows are likely to bind.
    """

    gains: Floats
    rows: Floats
    limits: Floats
    guess: Floats

    def likely(self) -> Any:
        """Return the rows to begin with: of many, few bind."""
        m, n = self.rows.shape
        if m <= 2 * n:
            return np.ones(m, dtype=np.bool_)
        chosen = self.rows.min(axis=1) < 0
        # Without a row that limits a variable there would be no largest gain.
        chosen[self.rows.argmax(axis=0)] = True
        chosen[np.argpartition(-(self.rows @ self.guess), n)[:n]] = True
        return chosen

    def broken(self, x: Floats, chosen: Any) -> Any:
        """Return the rows not yet chosen that variables are most beyond the limits of."""
        if chosen.all():
            return []
        excess = np.where(chosen, 0.0, self.rows @ x - self.limits)
        most = np.argsort(-excess, kind="stable")[: len(x)]
        return most[excess[most] > _BEYOND]


@frozen(eq=False)
class Solution:
    """A corner of what a program allows at which its gain is largest.

    Attributes
    ----------
    x : ndarray of shape (n,)
        The variables.
    is_zero : ndarray of bool, shape (n,)
        Whether a variable is 0 in all solutions of the program. None of those that are marked can
        be above 0; others may be 0 everywhere as well.
    is_unique : bool
        Whether it is certain that no other solution exists.
    """

    x: Floats
    is_zero: Any
    is_unique: bool


def solve(programs: Sequence[Program]) -> list[Solution | None]:
    """Return a solution of each program; None where there is no largest gain, or no solution.

    Each program is solved with a few of its rows, to which those are added that the solution
    breaks, until it breaks none: it is then one with all rows.
    """
    found: list[Solution | None] = [None] * len(programs)
    chosen = [program.likely() for program in programs]
    pending = list(range(len(programs)))
    while pending:
        beyond = []
        for part in _parts(pending, [chosen[i].sum() * len(programs[i].gains) for i in pending]):
            solutions = _solve_together([_with_rows(programs[i], chosen[i]) for i in part])
            for i, solution in zip(part, solutions, strict=True):
                found[i] = solution
                broken = [] if solution is None else programs[i].broken(solution.x, chosen[i])
                if len(broken):
                    chosen[i][broken] = True
                    beyond.append(i)
        pending = beyond
    return found


def _with_rows(program: Program, chosen: Any) -> Program:
    if chosen.all():
        return program
    return evolve(program, rows=program.rows[chosen], limits=program.limits[chosen])


def _parts(places: Sequence[int], sizes: Sequence[int]) -> Iterator[list[int]]:
    """Split places into those of programs that are solved in one call."""
    part: list[int] = []
    total = 0
    for place, size in zip(places, sizes, strict=True):
        if part and total + size > _COEFFICIENTS:
            yield part
            part, total = [], 0
        part.append(place)
        total += size
    yield part


def _solve_together(programs: Sequence[Program]) -> list[Solution | None]:
    """Solve programs as one, of which each is a block on the diagonal.

    The solver gets the dual program, for which it needs fewer steps: the smallest ``limits @ y``
    with ``rows.T @ y >= gains`` and ``y >= 0``, whose multipliers are the variables.
    """
    from scipy.optimize import linprog

    if not any(len(program.limits) for program in programs):
        return [None] * len(programs)
    result: Any = linprog(
        np.concatenate([program.limits for program in programs]),
        A_ub=_blocks(programs),
        b_ub=-np.concatenate([program.gains for program in programs]),
        method="highs-ds",
        # There is little to simplify in such programs, and looking for it takes longest.
        options={
            "presolve": False,
            "primal_feasibility_tolerance": 1e-10,
            "dual_feasibility_tolerance": 1e-10,
        },
    )
    if result.status in {2, 3, 4} and len(programs) > 1:
        # One of them has no solution: the others are found without it.
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
    # By complementary slackness a row with a multiplier above 0 is binding in every solution, and
    # a variable whose own row has slack is 0 in every one. The solver returns a corner of the dual
    # program, where these conditions are independent: as many of them as variables fix all.
    n_fixed = int(is_zero.sum()) + int((multipliers > _NOISE).sum())
    return Solution(x, is_zero, n_fixed >= len(x))
