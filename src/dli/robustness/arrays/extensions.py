"""Average ranks and mutual ranking probabilities of a partial order: what holds without weights."""

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

# Counting so many takes some seconds.
MAX_IDEALS = 500_000
N_SAMPLES = 10_000
# More would not fit into memory.
_MOST_SAMPLES = 1_000_000


@frozen(kw_only=True, eq=False, repr=False)
class AverageRanks(Printed):
    """The average rank of each unit over all linear extensions of a partial order.

    Attributes
    ----------
    average : ndarray of shape (n_units,)
        From 1, the highest. They sum to the sum of all ranks.
    errors : ndarray of shape (n_units,)
        Standard errors of the averages; 0 where they are exact.
    best, worst : ndarray of int of shape (n_units,)
        The highest and the lowest rank in any linear extension, always exact: one more than the
        number of units that dominate the unit, and the number of units that it does not dominate.
    exact : ndarray of bool of shape (n_units,)
        Whether the average was computed by counting; otherwise it was sampled.
    n_samples : int
        The number of linear extensions that were drawn; 0 if all averages are exact.
    seed : int
        What makes the sample again, where there was one.
    labels : sequence of str
        How the units are called when it prints; by their number if empty.
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
        of = f"{counted(self.n_samples, 'linear extension')} drawn" if self.n_samples else "all"
        title = f"Average ranks over linear extensions ({of})"
        head = ("unit", "average rank", "error", "best", "worst")
        return Sheet(title, head, rows, left=len(self.average) - len(rows))


@frozen(kw_only=True, eq=False)
class MutualRanking:
    """The share of linear extensions of a partial order in which a unit is above another.

    Attributes
    ----------
    probabilities : ndarray of shape (n_units, n_units)
        Row above column. Those of two different units sum to one; 0 on the diagonal.
    errors : ndarray of shape (n_units, n_units)
        Standard errors; 0 where the probability is exact, and also where all draws agree.
    exact : ndarray of bool of shape (n_units, n_units)
        Whether the probability was computed by counting or follows from the order; otherwise it
        was sampled.
    n_samples : int
        The number of linear extensions that were drawn; 0 if all probabilities are exact.
    seed : int
        What makes the sample again, where there was one.
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

    Such rankings, without ties, are the linear extensions of the order, and each counts the same.

    Parameters
    ----------
    dominates : array_like of bool of shape (n_units, n_units)
        A strict partial order, row over column, as `dominance` returns it.
    n_samples : int
        How many linear extensions are drawn where they cannot be counted, rounded up to hundreds.
    max_ideals : int
        The most ideals that are counted. With 0 all are drawn, except where only one ranking
        is possible.
    rng : int, numpy.random.SeedSequence or numpy.random.Generator, optional
        The seed, or what draws; a fresh seed by default, which the result keeps.

    Returns
    -------
    AverageRanks
        With the way in which they were computed.

    Raises
    ------
    MethodError
        Something else than a square matrix of booleans, a relation that is not a strict partial
        order, or an order that can be neither counted nor sampled in time.

    Notes
    -----
    The order is divided into blocks of which each lies above the next; a unit that is comparable
    with all others is a block of its own. In each block linear extensions are counted by dynamic
    programming over the ideals of the order [1]_, after it has been decomposed into units that no
    comparison joins and further blocks. This is exact up to rounding.

    A block with more than ``max_ideals`` ideals, as most orders of more than about 40 units
    have, is sampled by 100 independent chains. The first linear extension of each chain is
    uniformly distributed, not only in the limit of a long chain: it comes from coupling from the
    past [2]_ of a Gibbs sampler on the order polytope [3]_, whose uniform points have the order of
    uniform linear extensions. The others follow by further moves, which keep the distribution.
    Standard errors come from the differences between the chains and so account for the dependence
    within them. The rounding of floats, and a start that is known to some eight digits, change the
    averages by far less than their standard errors.

    Units with the same values are not comparable, so each is above the other in half of the linear
    extensions and both have the same average rank.

    References
    ----------
    .. [1] De Loof, De Meyer and De Baets (2006), Exploiting the lattice of ideals representation
       of a poset. Fundamenta Informaticae 71, 309-321.
    .. [2] Propp and Wilson (1996), Exact sampling with coupled Markov chains and applications to
       statistical mechanics. Random Structures & Algorithms 9, 223-252.
    .. [3] Stanley (1986), Two poset polytopes. https://doi.org/10.1007/BF02187680

    Examples
    --------
    The first unit is above the second; nothing is known of the third.

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
    """Return how often each unit is above each other in rankings that agree with a partial order.

    Parameters
    ----------
    dominates, n_samples, max_ideals, rng
        As in `average_ranks`, which also explains the method and what is raised.

    Returns
    -------
    MutualRanking
        With the way in which they were computed.

    Examples
    --------
    >>> found = mutual_ranking_probabilities([[False, True, False], [False] * 3, [False] * 3])
    >>> found.probabilities.round(3).tolist()
    [[0.0, 1.0, 0.667], [0.0, 0.0, 0.333], [0.333, 0.667, 0.0]]
    """
    order = _as_order(dominates)
    seed = seed_of(rng)
    # Between blocks the order says all.
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
    """Units that lie below all of earlier blocks and above all of later ones.

    Attributes
    ----------
    units : ndarray of int
    start : int
        How many units lie above the block.
    shares : Shares or None
        None if linear extensions were not counted.
    ranks : ndarray of int of shape (n_chains, n_draws, n_units)
        In linear extensions that were drawn; none if they were counted.
    """

    units: NDArray[np.intp]
    start: int
    shares: Shares | None
    ranks: Integers


def _blocks(order: Bools, n_samples: object, max_ideals: object, seed: int) -> list[_Block]:
    n_draws = -(-whole_number("n_samples", n_samples, 1, _MOST_SAMPLES) // N_CHAINS)
    most = whole_number("max_ideals", max_ideals, 0)
    result = []
    start = 0
    for stream, units in enumerate(blocks(order)):
        own = order[np.ix_(units, units)]
        shares = counted_shares(own, most)
        ranks = np.empty((0, 0, len(units)), dtype=np.int64)
        if shares is None:
            ranks = drawn_ranks(own, n_draws, seed, stream)
        result.append(_Block(units=units, start=start, shares=shares, ranks=ranks))
        start += len(units)
    return result


def _pairs(ranks: Integers) -> tuple[Floats, Floats]:
    """Return how often the row is above the column, and the standard error of that."""
    n_chains, n_draws, n = ranks.shape
    total, squares = np.zeros((2, n, n))
    for chain in ranks:
        counts = np.zeros((n, n))
        for draw in chain:
            counts += draw[:, np.newaxis] < draw
        total += counts
        squares += counts**2
    # Sums of whole numbers, so that chains that agree have no error at all.
    spread = np.maximum(squares - total**2 / n_chains, 0.0) / (n_chains - 1)
    return total / (n_chains * n_draws), np.sqrt(spread / n_chains) / n_draws


def _error(means: Floats) -> Floats:
    """Return the standard error of the mean over chains, the leading axis."""
    return np.asarray(means.std(axis=0, ddof=1) / np.sqrt(len(means)))


def _as_order(dominates: Any) -> Bools:
    """Return a strict partial order that has been checked."""
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
