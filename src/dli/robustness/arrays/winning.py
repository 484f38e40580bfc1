"""The exact probability that a unit scores above another under random weights."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import ArrayLike

from dli.arrays import Floats, Integers, as_floats, as_table
from dli.checks import is_whole, listed
from dli.errors import MethodError
from dli.robustness.arrays.comparisons import Comparisons, compared, flat

__all__ = ["pairwise_winning", "winning_of"]

# The number of pairs computed at once.
_PAIRS = 2**16
# The limit of a parameter, because a parameter counts as that many indicators in the recursion.
_LARGEST = 1000


def pairwise_winning(
    values: ArrayLike,
    *,
    concentration: Sequence[int] | None = None,
    lower: ArrayLike | None = None,
) -> Floats:
    r"""Return the probability that each unit scores above each other under random weights.

    The probability is $P(w \cdot x_i > w \cdot x_j)$, for weights that are uniformly distributed
    over all non-negative weights that sum to one. It is computed without sampling, as the volume
    that a half-space cuts off a simplex, by a numerically stable recursion of averages.

    Parameters
    ----------
    values : array_like of shape (n_units, n_indicators)
        The normalised values. NaN marks a missing value, whose weight is shared among the other
        indicators.
    concentration : sequence of int, optional
        The parameters of the Dirichlet distribution of the weights, a whole number for each
        indicator; by default all are 1, which makes the weights uniform.
    lower : array_like of shape (n_indicators,), optional
        The smallest value of each weight; their sum must be below 1. The remaining weight is then
        distributed as above: by default, uniformly over all weights that meet the bounds.

    Returns
    -------
    ndarray of shape (n_units, n_units)
        The probability that the row scores strictly above the column: 0 for units that tie, and
        exactly 1 for a unit that dominates another. NaN for two units that have values for
        different indicators, unless one dominates the other; `dli.sensitivity.uncertainty` can
        estimate these by sampling.

    Raises
    ------
    MethodError
        A value is infinite, a parameter is not a whole number from 1 to 1000, or the lower bounds
        are negative or do not sum to less than 1.

    Notes
    -----
    Upper bounds are not supported, because no formula of this kind exists for them.

    References
    ----------
    Varsi (1973), The multidimensional content of the frustum of the simplex.
    https://doi.org/10.2140/pjm.1973.46.303

    Cho and Cho (2001), On the moments and volume of polytopes cut by a hyperplane. The recursion
    used here is that of Varsi.

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
    """Return the probabilities of `pairwise_winning` from comparisons of the units."""
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
        # Indicators that both units lack count as a difference of zero, which has no effect.
        differences = np.nan_to_num(x[i] - x[j])
        shared = differences @ least
        differences = (1 - least.sum()) * differences + shared[:, np.newaxis]
        above, below = _volumes(np.repeat(differences, times, axis=1))
        result[i, j], result[j, i] = above, below
    return result


def _whole_parameters(concentration: Sequence[int] | None, n: int) -> Integers:
    """Return the checked parameters of the Dirichlet distribution, by default all 1."""
    if concentration is None:
        return np.ones(n, dtype=np.int64)
    numbers = listed("concentration", concentration, f"{n} whole numbers of at least 1")
    if len(numbers) != n or not all(is_whole(number, 1, _LARGEST) for number in numbers):
        limits = f"from 1 to {_LARGEST}"
        msg = f"concentration must be {n} whole numbers {limits}, got {concentration!r}"
        raise MethodError(msg)
    return np.array(numbers, dtype=np.int64)


def _lower(lower: ArrayLike, n: int) -> Floats:
    """Return the lower bounds of the weights, after checking them."""
    bounds = as_floats(lower, "lower")
    if bounds.shape != (n,) or not (bounds >= 0).all() or not bounds.sum() < 1:
        msg = f"lower must be {n} numbers of at least 0 that sum to less than 1, got {lower!r}"
        raise MethodError(msg)
    return bounds


def _volumes(differences: Floats) -> tuple[Floats, Floats]:
    """Return the shares of the simplex on which the weighted differences are above and below zero.

    Let p_1 ... p_J be the positive differences, A_0 = 1, and A_1 ... A_J = 0 at first. For each
    non-positive difference y in turn, and j from 1 to J, A_j is replaced by the mean of A_j and
    A_(j - 1) with the weights p_j and -y. At the end, A_J is the share on which the weighted sum is
    not above zero.
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
        nowhere_below = ~(rest < 0).any(axis=0)
        above[pairs[nowhere_below]], below[pairs[nowhere_below]] = 1.0, 0.0
    return above, below
