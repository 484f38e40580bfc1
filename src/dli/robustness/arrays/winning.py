"""How likely a unit is to score above another when nothing is known of the weights; exactly."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import ArrayLike

from dli.arrays import Floats, Integers, as_floats, as_table
from dli.checks import is_whole, listed
from dli.errors import MethodError
from dli.robustness.arrays.comparisons import Comparisons, compared, flat

__all__ = ["pairwise_winning", "winning_of"]

# How many pairs are computed at once.
_PAIRS = 2**16
# Each parameter counts as so many indicators in the recursion.
_LARGEST = 1000


def pairwise_winning(
    values: ArrayLike,
    *,
    concentration: Sequence[int] | None = None,
    lower: ArrayLike | None = None,
) -> Floats:
    r"""Return the probability that each unit scores above each other under random weights.

    $P(w \cdot x_i > w \cdot x_j)$ for weights distributed uniformly over all that are not
    negative and sum to one. It is computed without sampling as the volume that a half-space cuts
    off a simplex, by a recursion of averages that loses no digits.

    Parameters
    ----------
    values : array_like of shape (n_units, n_indicators)
        Normalised. NaN is missing: its weight is shared among the rest.
    concentration : sequence of int, optional
        Whole parameters of a Dirichlet distribution of the weights, one for each indicator; all 1
        is the uniform distribution.
    lower : array_like of shape (n_indicators,), optional
        The least that each weight can be; together below 1. The weights are then uniform on what
        the bounds leave.

    Returns
    -------
    ndarray of shape (n_units, n_units)
        Row above column, strictly: units that tie win 0 against each other, and a unit that
        dominates another exactly 1. NaN for two units with values of different indicators, unless
        one dominates the other: `dli.sensitivity.uncertainty` samples those.

    Raises
    ------
    MethodError
        Infinite values, parameters that are not whole numbers of at least 1, or bounds that leave
        nothing.

    Notes
    -----
    There is no formula of this kind for upper bounds.

    References
    ----------
    Varsi (1973), The multidimensional content of the frustum of the simplex.
    https://doi.org/10.2140/pjm.1973.46.303

    Cho and Cho (2001), On the moments and volume of polytopes cut by a hyperplane; the recursion
    is that of Varsi.

    Examples
    --------
    >>> pairwise_winning([[1.0, 0.0], [0.0, 3.0]]).tolist()
    [[0.0, 0.25], [0.75, 0.0]]
    """
    table = as_table(values, missing=True)
    comparisons = compared(table, flat(table.shape[1]))
    return winning_of(comparisons, concentration=concentration, lower=lower)


def winning_of(
    comparisons: Comparisons,
    *,
    concentration: Sequence[int] | None = None,
    lower: ArrayLike | None = None,
) -> Floats:
    """Return the probabilities of `pairwise_winning` for units that have been compared."""
    x = comparisons.values
    n_units, n_indicators = x.shape
    times = _whole_parameters(concentration, n_indicators)
    least = np.zeros(n_indicators) if lower is None else _lower(lower, n_indicators)
    result = np.full((n_units, n_units), np.nan)
    result[comparisons.dominates] = 1.0
    result[comparisons.dominates.T] = 0.0
    np.fill_diagonal(result, np.where(comparisons.is_scored, 0.0, np.nan))
    first, second = np.nonzero(np.triu(comparisons.is_linear, 1))
    for start in range(0, first.size, _PAIRS):
        i, j = first[start : start + _PAIRS], second[start : start + _PAIRS]
        # Differences of zero do not count, nor does what both lack.
        differences = np.nan_to_num(x[i] - x[j])
        shared = differences @ least
        differences = (1 - least.sum()) * differences + shared[:, np.newaxis]
        above, below = _volumes(np.repeat(differences, times, axis=1))
        result[i, j], result[j, i] = above, below
    return result


def _whole_parameters(concentration: Sequence[int] | None, n: int) -> Integers:
    if concentration is None:
        return np.ones(n, dtype=np.int64)
    numbers = listed("concentration", concentration, f"{n} whole numbers of at least 1")
    if len(numbers) != n or not all(is_whole(number, 1, _LARGEST) for number in numbers):
        limits = f"from 1 to {_LARGEST}"
        msg = f"concentration must be {n} whole numbers {limits}, got {concentration!r}"
        raise MethodError(msg)
    return np.array(numbers, dtype=np.int64)


def _lower(lower: ArrayLike, n: int) -> Floats:
    bounds = as_floats(lower, "lower")
    if bounds.shape != (n,) or not (bounds >= 0).all() or not bounds.sum() < 1:
        msg = f"lower must be {n} numbers of at least 0 that sum to less than 1, got {lower!r}"
        raise MethodError(msg)
    return bounds


def _volumes(differences: Floats) -> tuple[Floats, Floats]:
    """Return the shares of the simplex on which weighted differences are above and below zero.

    With the positive differences p_1 ... p_J, A_0 = 1 and the other A_j = 0 at first, every
    non-positive difference y in turn makes A_j the mean of A_j and A_(j - 1) with the weights
    p_j and -y. The last A is the share on which the sum is not above zero.
    """
    ordered = -np.sort(-differences, axis=1).T
    n_positive = (ordered > 0).sum(axis=0)
    above, below = np.zeros((2, len(differences)))
    for n in np.unique(n_positive).tolist():
        pairs = np.flatnonzero(n_positive == n)
        positive, rest = ordered[:n, pairs], ordered[n:, pairs]
        if n == 0:
            below[pairs] = (rest < 0).any(axis=0)
            continue
        levels = np.zeros((n, pairs.size))
        for y in rest:
            share = positive / (positive - y)
            previous: Floats | float = 1.0
            for j in range(n):
                levels[j] *= share[j]
                levels[j] += (1 - share[j]) * previous
                previous = levels[j]
        above[pairs], below[pairs] = 1 - levels[-1], levels[-1]
        worse_nowhere = ~(rest < 0).any(axis=0)
        above[pairs[worse_nowhere]], below[pairs[worse_nowhere]] = 1.0, 0.0
    return above, below
