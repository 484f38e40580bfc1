"""The linear programs behind the benefit of the doubt, for one unit."""

from typing import Any

import numpy as np

from dli.errors import MethodError
from dli.weighting.protocol import Floats

__all__ = ["even_weights", "favourable_weights", "without_dominated"]


def without_dominated(y: Floats) -> Floats:
    """Return the rows that bind: with weights of at least 0, a row below another does not."""
    y = np.asarray(np.unique(y, axis=0), dtype=np.float64)
    # Row by row, as the table of all pairs would not fit into memory for many units.
    alone = [int((y >= row).all(axis=1).sum()) == 1 for row in y]
    return np.asarray(y[alone])


def _least(cost: Floats, rows: Floats, limits: Floats) -> Any:
    from scipy.optimize import LinearConstraint, milp

    # Without whole numbers this is HiGHS' linear solver; such small programs are solved before
    # they could be simplified.
    result = milp(cost, constraints=LinearConstraint(rows, ub=limits), options={"presolve": False})
    if result.x is None and result.status != 3:  # pragma: no cover
        msg = f"the linear program of the benefit of the doubt failed: {result.message}"
        raise MethodError(msg)
    return None if result.x is None else np.maximum(result.x, 0.0)


def favourable_weights(unit: Floats, others: Floats, homogeneous: Floats) -> Floats | None:
    """Return the weights that make a unit's score largest, or None if there is no largest.

    None of ``others``, of shape (n_others, n_indicators), may score above 1; the product of the
    rows of ``homogeneous`` with the weights must not be above 0.
    """
    limits = np.concatenate([np.ones(len(others)), np.zeros(len(homogeneous))])
    weights: Floats | None = _least(-unit, np.vstack([others, homogeneous]), limits)
    return weights


def even_weights(unit: Floats, others: Floats, homogeneous: Floats) -> Floats:
    """Return the weights, of those that put a unit at the frontier, whose smallest is largest."""
    n = len(unit)
    rows = np.vstack([-unit, others, homogeneous, -np.eye(n)])
    smallest = np.concatenate([np.zeros(len(rows) - n), np.ones(n)])
    limits = np.concatenate([[-1.0], np.ones(len(others)), np.zeros(len(homogeneous) + n)])
    return np.asarray(_least(-np.eye(n + 1)[n], np.column_stack([rows, smallest]), limits)[:n])
