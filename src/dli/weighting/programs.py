"""The programs behind the benefit of the doubt, for one unit."""

import numpy as np

from dli.errors import MethodError
from dli.weighting.protocol import Floats

__all__ = ["even_weights", "favourable_weights", "without_dominated"]


def without_dominated(y: Floats) -> Floats:
    """Keep the rows that bind: under weights of at least 0 a row that another covers does not."""
    y = np.asarray(np.unique(y, axis=0), dtype=np.float64)
    # Row by row, as the table of all pairs would not fit into memory for many units.
    alone = [int((y >= row).all(axis=1).sum()) == 1 for row in y]
    return np.asarray(y[alone])


def favourable_weights(unit: Floats, others: Floats, homogeneous: Floats) -> Floats | None:
    """Give the weights that make a unit's score largest, or None when there is no largest.

    Parameters
    ----------
    unit : ndarray of shape (n_indicators,)
    others : ndarray of shape (n_others, n_indicators)
        None of them may score above 1.
    homogeneous : ndarray of shape (n_rows, n_indicators)
        Rows whose product with the weights must not be above 0.
    """
    from scipy.optimize import LinearConstraint, milp

    above = np.concatenate([np.ones(len(others)), np.zeros(len(homogeneous))])
    rows = LinearConstraint(np.vstack([others, homogeneous]), ub=above)
    # Without whole numbers this is HiGHS' linear solver; such small programs are solved before
    # they could be simplified.
    found = milp(-unit, constraints=rows, options={"presolve": False})
    if found.status == 3:
        return None
    if found.x is None:  # pragma: no cover
        msg = f"the linear program of the benefit of the doubt failed: {found.message}"
        raise MethodError(msg)
    return np.maximum(found.x, 0.0)


def even_weights(unit: Floats, others: Floats, homogeneous: Floats) -> Floats:
    """Give the weights, of those that put a unit at the frontier, whose smallest is largest."""
    from scipy.optimize import LinearConstraint, milp

    n = len(unit)
    rows = np.vstack([-unit, others, homogeneous, -np.eye(n)])
    smallest = np.concatenate([np.zeros(len(rows) - n), np.ones(n)])
    limits = np.concatenate([[-1.0], np.ones(len(others)), np.zeros(len(homogeneous) + n)])
    constraints = LinearConstraint(np.column_stack([rows, smallest]), ub=limits)
    found = milp(-np.eye(n + 1)[n], constraints=constraints, options={"presolve": False})
    if found.x is None:  # pragma: no cover
        msg = f"the linear program of the benefit of the doubt failed: {found.message}"
        raise MethodError(msg)
    return np.maximum(found.x[:n], 0.0)
