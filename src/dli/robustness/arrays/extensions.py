"""Average ranks and mutual ranking probabilities of a partial order, which need no weights."""

from collections.abc import Sequence
from typing import Any

import numpy as np
from attrs import frozen
from numpy.typing import NDArray

from dli.arrays import Bools, Floats, Integers
from dli.checks import seed_of, whole_number
from dli.errors import MethodError
from dli.printing import SHOWN, Printed, Sheet, counted
from dli.robustness.arrays.ideals import Shares, blocks, counted_shares
from dli.robustness.arrays.order_polytope import N_CHAINS, drawn_ranks

__all__ = [
    "MAX_IDEALS",
    "N_SAMPLES",
    "AverageRanks",
    "MutualRanking",
    "average_ranks",
    "mutual_ranking_probabilities",
]

# Counting this many ideals takes some seconds.
MAX_IDEALS = 500_000
N_SAMPLES = 10_000
# More linear extensions may not fit into memory.
_MOST_SAMPLES = 1_000_000


@frozen(kw_only=True, eq=False, repr=False)
class AverageRanks(Printed):
    """The average rank of each unit over all linear extensions of a partial order.

    Attributes
    ----------
    average : ndarray of shape (n_units,)
        The average ranks, where 1 is the highest. They sum to n (n + 1) / 2 for n units.
    errors : ndarray of shape (n_units,)
        The standard errors of the averages; 0 where the averages are exact.
    best, worst : ndarray of int of shape (n_units,)
        The highest and the lowest rank in any linear extension: one more than the number of units
        that dominate the unit, and the number of units, itself included, that it does not
        dominate. Always exact.
    exact : ndarray of bool of shape (n_units,)
        Whether the average was computed by counting rather than estimated from a sample.
    n_samples : int
        The number of linear extensions drawn; 0 if all averages are exact.
    seed : int
        The seed that reproduces the sample, if one was drawn.
    labels : sequence of str
        The names of the units in the printed table; their row numbers if empty.
    """

    average: Floats
    errors: Floats
    best: Integers
    worst: Integers
    exact: Bools
    n_samples: int
    seed: int
    labels: Sequence[str] = ()

    def _sheet(self) -> Sheet:
        labels = self.labels or [f"row {i}" for i in range(len(self.average))]
        order = np.argsort(self.average, kind="stable")[:SHOWN].tolist()
        rows = [
            (
                labels[i],
                f"{self.average[i]:.2f}",
                "exact" if self.exact[i] else f"{self.errors[i]:.2f}",
                f"{self.best[i]}",
                f"{self.worst[i]}",
            )
            for i in order
        ]
        extent = f"{counted(self.n_samples, 'linear extension')} drawn" if self.n_samples else "all"
        title = f"Average ranks over linear extensions ({extent})"
        head = ("unit", "average rank", "error", "best", "worst")
        return Sheet(title, head, rows, left=len(self.average) - len(rows))


@frozen(kw_only=True, eq=False)
class MutualRanking:
    """The share of linear extensions of a partial order in which each unit is above each other.

    Attributes
    ----------
    probabilities : ndarray of shape (n_units, n_units)
        The probability that the row is above the column. The two probabilities of a pair of units
        sum to one; the diagonal is 0.
    errors : ndarray of shape (n_units, n_units)
        The standard errors; 0 where the probability is exact, and also where all draws agree.
    exact : ndarray of bool of shape (n_units, n_units)
        Whether the probability was computed by counting or follows from the order, rather than
        estimated from a sample.
    n_samples : int
        The number of linear extensions drawn; 0 if all probabilities are exact.
    seed : int
        The seed that reproduces the sample, if one was drawn.
    """

    probabilities: Floats
    errors: Floats
    exact: Bools
    n_samples: int
    seed: int


def average_ranks(
    dominates: Bools,
    *,
    n_samples: int = N_SAMPLES,
    max_ideals: int = MAX_IDEALS,
    rng: object = None,
) -> AverageRanks:
    """Return the average rank of each unit over all rankings that agree with a partial order.

    These rankings, which have no ties, are the linear extensions of the order. All of them count
    equally.

    Parameters
    ----------
    dominates : array_like of bool of shape (n_units, n_units)
        A strict partial order, as returned by `dominance`: whether the row dominates the column.
    n_samples : int
        The number of linear extensions to draw where they cannot be counted, rounded up to a
        multiple of 100.
    max_ideals : int
        The largest number of ideals to count (see the notes). With 0, all results are estimated
        from a sample, except where only one ranking is possible.
    rng : int, numpy.random.SeedSequence or numpy.random.Generator, optional
        The seed, or a generator from which one is drawn; by default a new seed, which the result
        records.

    Returns
    -------
    AverageRanks
        The averages, with their standard errors and whether they are exact.

    Raises
    ------
    MethodError
        ``dominates`` is not a square matrix of booleans or not a strict partial order, an option is
        invalid, or the linear extensions can be neither counted nor sampled in reasonable time.

    Notes
    -----
    The order is divided into blocks, each of which lies above the next; a unit that is comparable
    with all others is a block by itself. Each block is decomposed further, into groups of units
    without comparisons between the groups and into blocks of these. The linear extensions of the
    groups that remain are counted by dynamic programming over the ideals of the order [1]_. The
    result is exact up to rounding.

    A block with more than ``max_ideals`` ideals, as in most orders of more than about 40 units, is
    sampled by 100 independent chains. The first linear extension of each chain is exactly uniformly
    distributed, not only in the limit of a long chain: it is drawn by coupling from the past [2]_
    with a Gibbs sampler on the order polytope [3]_, where the order of the coordinates of a uniform
    point is a uniform linear extension. Further moves, which preserve this distribution, yield the
    other draws. Standard errors are computed from the differences between the chains and thus
    account for the dependence within them. The rounding of floats, and starting points known to
    about eight digits, change the averages by far less than their standard errors.

    Two units with the same values are not comparable: each is above the other in half of the linear
    extensions, and both have the same average rank.

    References
    ----------
    .. [1] De Loof, De Meyer and De Baets (2006), Exploiting the lattice of ideals representation
       of a poset. Fundamenta Informaticae 71, 309-321.
    .. [2] Propp and Wilson (1996), Exact sampling with coupled Markov chains and applications to
       statistical mechanics. Random Structures & Algorithms 9, 223-252.
    .. [3] Stanley (1986), Two poset polytopes. https://doi.org/10.1007/BF02187680

    Examples
    --------
    The first unit dominates the second; the third is not comparable with either.

    >>> ranks = average_ranks([[False, True, False], [False] * 3, [False] * 3])
    >>> ranks.average.round(3).tolist(), ranks.exact.all()
    ([1.333, 2.667, 2.0], np.True_)
    >>> ranks.best.tolist(), ranks.worst.tolist()
    ([1, 2, 1], [2, 3, 3])
    """
    order = _as_order(dominates)
    seed = seed_of(rng)
    average, errors = np.zeros((2, len(order)))
    exact = np.zeros(len(order), dtype=np.bool_)
    n_drawn = 0
    for block in _blocks(order, n_samples, max_ideals, seed):
        units = block.units
        if block.shares is None:
            n_drawn = block.ranks.shape[0] * block.ranks.shape[1]
            means = block.ranks.mean(axis=1)
            average[units] = block.start + means.mean(axis=0)
            errors[units] = _error(means)
        else:
            average[units] = block.start + 1 + block.shares.above.sum(axis=0)
            exact[units] = True
    return AverageRanks(
        average=average,
        errors=errors,
        best=1 + order.sum(axis=0),
        worst=len(order) - order.sum(axis=1),
        exact=exact,
        n_samples=n_drawn,
        seed=seed,
    )


def mutual_ranking_probabilities(
    dominates: Bools,
    *,
    n_samples: int = N_SAMPLES,
    max_ideals: int = MAX_IDEALS,
    rng: object = None,
) -> MutualRanking:
    """Return the share of rankings agreeing with a partial order in which a unit is above another.

    Parameters
    ----------
    dominates, n_samples, max_ideals, rng
        As in `average_ranks`, which also explains the method and lists the errors.

    Returns
    -------
    MutualRanking
        The probabilities, with their standard errors and whether they are exact.

    Examples
    --------
    >>> ranking = mutual_ranking_probabilities([[False, True, False], [False] * 3, [False] * 3])
    >>> ranking.probabilities.round(3).tolist()
    [[0.0, 1.0, 0.667], [0.0, 0.0, 0.333], [0.333, 0.667, 0.0]]
    """
    order = _as_order(dominates)
    seed = seed_of(rng)
    # Units of different blocks are comparable, so the order determines their probabilities.
    above, errors = order.astype(np.float64), np.zeros(order.shape)
    exact = np.ones(order.shape, dtype=np.bool_)
    n_drawn = 0
    for block in _blocks(order, n_samples, max_ideals, seed):
        within = np.ix_(block.units, block.units)
        if block.shares is None:
            n_drawn = block.ranks.shape[0] * block.ranks.shape[1]
            above[within], errors[within] = _pairs(block.ranks)
            exact[within] = (order | order.T | np.eye(len(order), dtype=np.bool_))[within]
        else:
            above[within] = block.shares.above
    return MutualRanking(
        probabilities=above, errors=errors, exact=exact, n_samples=n_drawn, seed=seed
    )


@frozen(kw_only=True, eq=False)
class _Block:
    """A block of units, which lie below all units of earlier blocks and above all of later ones.

    Attributes
    ----------
    units : ndarray of int
        The rows of the units.
    start : int
        The number of units above the block.
    shares : Shares or None
        The shares of linear extensions; None if they were not counted.
    ranks : ndarray of int of shape (n_chains, n_draws, n_units)
        The ranks within the block, from 1, in the drawn linear extensions; empty if they were
        counted.
    """

    units: NDArray[np.intp]
    start: int
    shares: Shares | None
    ranks: Integers


def _blocks(order: Bools, n_samples: object, max_ideals: object, seed: int) -> list[_Block]:
    """Return the blocks of an order, each counted if possible and sampled otherwise."""
    n_draws = -(-whole_number("n_samples", n_samples, 1, _MOST_SAMPLES) // N_CHAINS)
    most = whole_number("max_ideals", max_ideals, 0)
    result = []
    start = 0
    for stream, units in enumerate(blocks(order)):
        within = order[np.ix_(units, units)]
        shares = counted_shares(within, most)
        ranks = np.empty((0, 0, len(units)), dtype=np.int64)
        if shares is None:
            ranks = drawn_ranks(within, n_draws, seed, stream)
        result.append(_Block(units=units, start=start, shares=shares, ranks=ranks))
        start += len(units)
    return result


def _pairs(ranks: Integers) -> tuple[Floats, Floats]:
    """Return the share of draws in which the row is above the column, and its standard error."""
    n_chains, n_draws, n = ranks.shape
    total, squares = np.zeros((2, n, n))
    for chain in ranks:
        counts = np.zeros((n, n))
        for draw in chain:
            counts += draw[:, np.newaxis] < draw
        total += counts
        squares += counts**2
    # The sums are whole numbers, so the error is exactly 0 if all chains agree.
    spread = np.maximum(squares - total**2 / n_chains, 0.0) / (n_chains - 1)
    return total / (n_chains * n_draws), np.sqrt(spread / n_chains) / n_draws


def _error(means: Floats) -> Floats:
    """Return the standard error of the mean over the chains, which are the first axis."""
    return np.asarray(means.std(axis=0, ddof=1) / np.sqrt(len(means)))


def _as_order(dominates: Any) -> Bools:
    """Return the matrix of a strict partial order, or raise an error that lists its faults."""
    expected = "dominates must be a square matrix of True and False, as `dominance` returns it"
    if np.ma.is_masked(dominates):
        msg = f"{expected}, got an array with masked values"
        raise MethodError(msg)
    try:
        order = np.asarray(dominates)
    except ValueError as error:  # rows of different lengths
        msg = f"{expected}, got rows of different lengths"
        raise MethodError(msg) from error
    if order.dtype != np.bool_ or order.ndim != 2 or len(set(order.shape)) > 1 or not order.size:
        msg = f"{expected}, got {order.dtype} of shape {order.shape}"
        raise MethodError(msg)
    both = np.triu(order & order.T)
    faults = [
        f"row {i} dominates itself" if i == j else f"rows {i} and {j} dominate each other"
        for i, j in np.argwhere(both).tolist()
    ]
    steps = order.astype(np.float32)
    gaps = (steps @ steps > 0) & ~order & ~both.any()
    for i, k in np.argwhere(gaps).tolist():
        j = int(np.flatnonzero(order[i] & order[:, k])[0])
        faults.append(f"row {i} dominates {j} and {j} dominates {k}, but {i} does not dominate {k}")
    if faults:
        msg = "dominates must be a strict partial order"
        raise MethodError(msg, faults)
    return order
