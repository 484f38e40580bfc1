"""How likely a unit is to score above another when nothing is known of the weights; exactly."""

from collections.abc import Sequence
from typing import TypeAlias

import numpy as np
from attrs import frozen
from numpy.typing import ArrayLike, NDArray

from dli.errors import MethodError
from dli.sensitivity.engine import chunks, seed_of, whole_number
from dli.sensitivity.tally import places

__all__ = ["Acceptability", "pairwise_winning_probabilities", "rank_acceptability"]

Floats: TypeAlias = NDArray[np.float64]

# Pairs that are taken at once.
_PAIRS = 2**16


def pairwise_winning_probabilities(
    values: ArrayLike,
    *,
    concentration: Sequence[int] | None = None,
    lower: ArrayLike | None = None,
) -> Floats:
    r"""Give the probability that each unit scores above each other under random weights.

    :math:`P(w \cdot x_i > w \cdot x_j)` for weights uniform on all that are not negative and sum
    to one, without sampling: the volume that a half-space cuts off a simplex, by a recursion of
    averages that loses no digits.

    Parameters
    ----------
    values : array_like of shape (n_units, n_indicators)
        Normalised. NaN is missing: two units are compared by the indicators that both have.
    concentration : sequence of int, optional
        Whole parameters of a Dirichlet distribution of the weights, one for each indicator; all 1
        is the uniform distribution.
    lower : array_like of shape (n_indicators,), optional
        The least that each weight can be; together below 1. The weights are then uniform on what
        the bounds leave.

    Returns
    -------
    ndarray of shape (n_units, n_units)
        Row above column, strictly: units that are the same win 0 against each other, and a unit
        that is nowhere worse and somewhere better exactly 1.

    Raises
    ------
    MethodError
        Infinite values, units without a common indicator, parameters that are no whole numbers of
        at least 1, or bounds that leave nothing.

    Notes
    -----
    Upper bounds have no formula of this kind; `uncertainty` samples them.

    References
    ----------
    Varsi (1973), The multidimensional content of the frustum of the simplex.
    https://doi.org/10.2140/pjm.1973.46.303

    Cho and Cho (2001), On the moments and volume of polytopes cut by a hyperplane; the recursion
    is that of Varsi.

    Examples
    --------
    >>> pairwise_winning_probabilities([[1.0, 0.0], [0.0, 3.0]]).tolist()
    [[0.0, 0.25], [0.75, 0.0]]
    """
    x = _table(values)
    n_units, n_indicators = x.shape
    times = _whole_parameters(concentration, n_indicators)
    least = np.zeros(n_indicators) if lower is None else _lower(lower, n_indicators)
    result = np.zeros((n_units, n_units))
    first, second = np.triu_indices(n_units, 1)
    for start in range(0, first.size, _PAIRS):
        i, j = first[start : start + _PAIRS], second[start : start + _PAIRS]
        # What only one of them has does not count, and zero differences do not.
        differences = np.nan_to_num(x[i] - x[j])
        shared = differences @ least
        differences = (1 - least.sum()) * differences + shared[:, np.newaxis]
        above, below = _volumes(np.repeat(differences, times, axis=1))
        result[i, j], result[j, i] = above, below
    return result


def _table(values: ArrayLike) -> Floats:
    x = np.array(values, dtype=np.float64)
    if x.ndim != 2 or 0 in x.shape:
        msg = f"values must have the shape (n_units, n_indicators), got {x.shape}"
        raise MethodError(msg)
    faults = [f"row {i}, column {j}: {x[i, j]}" for i, j in np.argwhere(np.isinf(x)).tolist()]
    if faults:
        msg = "values must be finite"
        raise MethodError(msg, faults)
    there = ~np.isnan(x)
    if not there.all():
        common = there.astype(np.float64) @ there.T
        apart = np.argwhere(np.triu(common == 0, 1)).tolist()
        if apart:
            msg = "units must have a common indicator to be compared; there is none of"
            raise MethodError(msg, [f"rows {i} and {j}" for i, j in apart])
    return x


def _whole_parameters(given: Sequence[int] | None, n: int) -> NDArray[np.int64]:
    if given is None:
        return np.ones(n, dtype=np.int64)
    numbers = np.asarray(given)
    if numbers.shape != (n,) or numbers.dtype.kind not in "iu" or (numbers < 1).any():
        msg = f"concentration must be {n} whole numbers of at least 1, got {given!r}"
        raise MethodError(msg)
    return numbers.astype(np.int64)


def _lower(given: ArrayLike, n: int) -> Floats:
    bounds = np.asarray(given, dtype=np.float64)
    if bounds.shape != (n,) or not (bounds >= 0).all() or not bounds.sum() < 1:
        msg = f"lower must be {n} numbers of at least 0 that sum to less than 1, got {given!r}"
        raise MethodError(msg)
    return bounds


def _volumes(differences: Floats) -> tuple[Floats, Floats]:
    """Give the shares of the simplex on which weighted differences are above and below zero.

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


@frozen(kw_only=True, eq=False)
class Acceptability:
    """How often each unit takes each rank under random weights, and which weights favour it.

    Attributes
    ----------
    acceptability : ndarray of shape (n_units, n_units)
        The share of draws in which the unit (row) takes the rank (column); rows and columns sum
        to one. Units that tie take neighbouring ranks in their order.
    central_weights : ndarray of shape (n_units, n_indicators)
        The mean of the weights that make the unit the first; NaN if none did.
    errors : ndarray of shape (n_units, n_units)
        Standard errors of the shares.
    n_samples, seed : int
    """

    acceptability: Floats
    central_weights: Floats
    errors: Floats
    n_samples: int
    seed: int


def rank_acceptability(
    values: ArrayLike,
    *,
    n_samples: int,
    rng: object = None,
    concentration: ArrayLike | None = None,
) -> Acceptability:
    """Give the share of random weights under which each unit takes each rank.

    Parameters
    ----------
    values : array_like of shape (n_units, n_indicators)
        Normalised, none missing.
    n_samples : int
    rng : int or numpy Generator, optional
    concentration : array_like of shape (n_indicators,), optional
        The parameters of a Dirichlet distribution of the weights; by default all 1: uniform.

    Returns
    -------
    Acceptability

    Raises
    ------
    MethodError
        Values that are missing or infinite, parameters not above zero, or no draws.

    References
    ----------
    Lahdelma and Salminen (2001), SMAA-2: stochastic multicriteria acceptability analysis for
    group decision making. https://doi.org/10.1287/opre.49.3.444.11220

    Examples
    --------
    >>> found = rank_acceptability([[1.0, 0.0], [0.0, 3.0]], n_samples=20_000, rng=1)
    >>> found.acceptability.round(2).tolist()
    [[0.25, 0.75], [0.75, 0.25]]
    >>> found.central_weights.round(2).tolist()
    [[0.88, 0.12], [0.37, 0.63]]
    """
    x = np.asarray(values, dtype=np.float64)
    if x.ndim != 2 or 0 in x.shape or not np.isfinite(x).all():
        where = [f"row {i}, column {j}" for i, j in np.argwhere(~np.isfinite(x)).tolist()]
        msg = f"values must be finite numbers of shape (n_units, n_indicators), got {x.shape}"
        raise MethodError(msg, where if x.ndim == 2 else ())
    n_units, n_indicators = x.shape
    shapes = np.ones(n_indicators) if concentration is None else np.asarray(concentration, float)
    if shapes.shape != (n_indicators,) or not (shapes > 0).all():
        msg = f"concentration must be {n_indicators} numbers above 0, got {concentration!r}"
        raise MethodError(msg)
    n_samples, seed = whole_number("n_samples", n_samples, 1), seed_of(rng)
    counts = np.zeros(n_units * n_units, dtype=np.int64)
    firsts, weights_of = np.zeros(n_units, dtype=np.int64), np.zeros((n_units, n_indicators))
    for chunk, n_draws in (chunk for task in chunks(n_samples, n_units) for chunk in task):
        stream = np.random.default_rng(np.random.SeedSequence(seed, spawn_key=(chunk,)))
        weights = stream.standard_gamma(shapes, size=(n_draws, n_indicators))
        weights /= weights.sum(axis=1, keepdims=True)
        order, _ = places(weights @ x.T)
        counts += np.bincount((order * n_units + np.arange(n_units)).ravel(), minlength=counts.size)
        first = order[:, 0]
        firsts += np.bincount(first, minlength=n_units)
        for k in range(n_indicators):
            weights_of[:, k] += np.bincount(first, weights=weights[:, k], minlength=n_units)
    share = counts.reshape(n_units, n_units) / n_samples
    return Acceptability(
        acceptability=share,
        central_weights=weights_of / np.where(firsts > 0, firsts, np.nan)[:, np.newaxis],
        errors=np.sqrt(share * (1 - share) / n_samples),
        n_samples=n_samples,
        seed=seed,
    )
