"""A linear program with whole variables that grows row by row, and how it is solved."""

from typing import TypeAlias

import numpy as np

from dli.arrays import Floats
from dli.errors import StudyError
from dli.solver import milp

__all__ = ["MixedInteger", "Row", "Terms"]

# A sum of variables times factors, and a constant.
Terms: TypeAlias = tuple[dict[int, float], float]
# A sum of variables times factors, and the bounds that it lies between.
Row: TypeAlias = tuple[dict[int, float], float, float]

# Whether the solver simplifies first, and how far rows give way. With feedback many rows meet in
# one point, where the solver fails at times, or takes another for the best; it does not beside it.
_ATTEMPTS = ((True, 1e-8), (False, 1e-8), (True, 1e-7), (False, 1e-7), (False, 0.0))


class MixedInteger:
    """Variables with their bounds, and rows that bound sums of them."""

    def __init__(self) -> None:
        self.low: list[float] = []
        self.high: list[float] = []
        self._whole: list[int] = []
        self._units: list[float] = []
        self._rows: list[Row] = []

    def variable(self, low: float, high: float, *, whole: bool = False, unit: float = 1.0) -> int:
        """Add a variable and return its number.

        The solver sees it in shares of its unit, so that what it rounds is the same for all.
        """
        self.low.append(low)
        self.high.append(high)
        self._whole.append(int(whole))
        self._units.append(unit)
        return len(self.low) - 1

    def row(self, terms: dict[int, float], low: float, high: float) -> None:
        """Hold a sum between two bounds."""
        self._rows.append((terms, low, high))

    def at_most(self, variable: int, terms: dict[int, float], constant: float) -> None:
        """Hold a variable below a sum."""
        self.row(_less(variable, terms), -np.inf, constant)

    def at_least(self, variable: int, terms: dict[int, float], constant: float) -> None:
        """Hold a variable above a sum."""
        self.row(_less(variable, terms), constant, np.inf)

    def solve(
        self, objective: dict[int, float], more: list[Row], near: float
    ) -> tuple[Floats, float] | None:
        """Return the values for which a sum is least, with some rows more.

        Parameters
        ----------
        objective : dict of int to float
        more : list of Row
        near : float
            How near to the least is enough, as a share of it.

        Returns
        -------
        values : ndarray of shape (n_variables,)
        bound : float
            Nothing is less.
            Both None where no values fit.

        Raises
        ------
        StudyError
            The solver gave up.
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
    """Return a variable less a sum."""
    row = {other: -factor for other, factor in terms.items()}
    row[variable] = row.get(variable, 0.0) + 1.0
    return row
