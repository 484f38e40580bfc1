"""A mixed-integer linear program that is built row by row."""

from typing import TypeAlias

import numpy as np

from dli.arrays import Floats
from dli.errors import StudyError
from dli.solver import milp

__all__ = ["MixedInteger", "Row", "Terms"]

# A linear expression: a factor for each variable, and a constant.
Terms: TypeAlias = tuple[dict[int, float], float]
# A constraint: a factor for each variable, and the lower and upper bound of the sum.
Row: TypeAlias = tuple[dict[int, float], float, float]

# Whether the solver uses presolve, and the slack of the constraints. With feedback, many
# constraints are binding in one point, where the solver sometimes fails or returns a solution that
# is not the best. A little slack avoids this.
_ATTEMPTS = ((True, 1e-8), (False, 1e-8), (True, 1e-7), (False, 1e-7), (False, 0.0))


class MixedInteger:
    """Variables with their bounds, and rows that constrain linear expressions of them."""

    def __init__(self) -> None:
        self.low: list[float] = []
        self.high: list[float] = []
        self._whole: list[int] = []
        self._units: list[float] = []
        self._rows: list[Row] = []

    def variable(self, low: float, high: float, *, whole: bool = False, unit: float = 1.0) -> int:
        """Add a variable and return its number.

        The solver works with the variable divided by its unit, so that its tolerances have the same
        meaning for all variables.
        """
        self.low.append(low)
        self.high.append(high)
        self._whole.append(int(whole))
        self._units.append(unit)
        return len(self.low) - 1

    def row(self, terms: dict[int, float], low: float, high: float) -> None:
        """Constrain a linear expression to lie between two bounds."""
        self._rows.append((terms, low, high))

    def at_most(self, variable: int, terms: dict[int, float], constant: float) -> None:
        """Constrain a variable to be at most a linear expression."""
        self.row(_less(variable, terms), -np.inf, constant)

    def at_least(self, variable: int, terms: dict[int, float], constant: float) -> None:
        """Constrain a variable to be at least a linear expression."""
        self.row(_less(variable, terms), constant, np.inf)

    def solve(
        self, objective: dict[int, float], more: list[Row], near: float
    ) -> tuple[Floats, float] | None:
        """Return the values of the variables that minimise an objective.

        Parameters
        ----------
        objective : dict of int to float
            The factor of each variable in the objective.
        more : list of Row
            Further constraints, for this solution only.
        near : float
            The relative optimality gap at which the solver may stop.

        Returns
        -------
        values : ndarray of shape (n_variables,)
            The values of the variables.
        bound : float
            A lower bound of the objective. The result is None instead of both if the program is
            infeasible.

        Raises
        ------
        StudyError
            The solver stopped without a solution.
        """
        from scipy.optimize import Bounds, LinearConstraint
        from scipy.sparse import csr_array

        rows = [*self._rows, *more]
        numbers = np.repeat(np.arange(len(rows)), [len(terms) for terms, _, _ in rows])
        columns = [v for terms, _, _ in rows for v in terms]
        units = np.array(self._units)
        size = np.ones(len(rows))
        np.maximum.at(size, numbers, units[columns])
        factors = np.array([factor for terms, _, _ in rows for factor in terms.values()])
        factors = factors * units[columns] / size[numbers]
        matrix = csr_array((factors, (numbers, columns)), shape=(len(rows), len(units)))
        lows = np.array([low for _, low, _ in rows]) / size
        highs = np.array([high for *_, high in rows]) / size
        costs = np.zeros(len(units))
        for variable, factor in objective.items():
            costs[variable] = factor * units[variable]
        for presolve, slack in _ATTEMPTS:
            result = milp(
                costs,
                integrality=np.array(self._whole),
                bounds=Bounds(np.array(self.low) / units, np.array(self.high) / units),
                constraints=LinearConstraint(matrix, lows - slack, highs + slack),
                options={"mip_rel_gap": near, "presolve": presolve},
            )
            if result.status in (0, 2):
                break
        if result.status == 2:
            return None
        if result.x is None:
            msg = f"the solver found no plan: {result.message}"
            raise StudyError(msg)
        return result.x * units, float(result.mip_dual_bound if any(self._whole) else result.fun)


def _less(variable: int, terms: dict[int, float]) -> dict[int, float]:
    """Return a variable minus a sum, as factors."""
    row = {other: -factor for other, factor in terms.items()}
    row[variable] = row.get(variable, 0.0) + 1.0
    return row
