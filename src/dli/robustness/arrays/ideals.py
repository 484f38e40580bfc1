"""Linear extensions of a partial order, counted over its ideals, on plain arrays.

A set of units that contains, with each unit, all units above it is an ideal of the order (strictly
speaking, of its dual). Linear extensions correspond to the paths from the empty ideal to the ideal
of all units that add one unit at a time. Two passes over the ideals therefore compute the share of
linear extensions in which each unit has each rank, and in which it is above each other unit
(De Loof, De Meyer and De Baets 2006). The order is first decomposed into blocks, each of which lies
above the next, and into groups of units without comparisons between the groups. Ideals are counted
only for the orders that remain.
"""

from collections.abc import Sequence

import numpy as np
from attrs import frozen
from numpy.typing import NDArray
from scipy.sparse import csr_array
from scipy.sparse.csgraph import connected_components, maximum_bipartite_matching

from dli.arrays import Bools, Floats

__all__ = ["Shares", "blocks", "counted_shares"]

# The number of ideals processed in one step.
_CHUNK = 2**13
_TINY = np.finfo(np.float64).tiny


@frozen(kw_only=True, eq=False)
class Shares:
    """Shares of all linear extensions.

    Attributes
    ----------
    ranks : ndarray of shape (n_units, n_units)
        The share in which the unit (row) has the rank (column, from 0).
    above : ndarray of shape (n_units, n_units)
        The share in which the row is above the column.
    """

    ranks: Floats
    above: Floats


def blocks(dominates: Bools) -> list[NDArray[np.intp]]:
    """Return the blocks of units, each of which lies above all later ones."""
    groups = _groups(~(dominates | dominates.T))
    n_above = dominates.sum(axis=0)
    return sorted(groups, key=lambda units: int(n_above[units].min()))


def counted_shares(dominates: Bools, max_ideals: int) -> Shares | None:
    """Return the shares of linear extensions, or None if there are too many ideals to count.

    Parameters
    ----------
    dominates : ndarray of bool of shape (n_units, n_units)
        A strict partial order.
    max_ideals : int
        The largest number of ideals to count in an order that cannot be decomposed.
    """
    if len(dominates) == 1:
        return Shares(ranks=np.ones((1, 1)), above=np.zeros((1, 1)))
    series = blocks(dominates)
    groups = _groups(dominates | dominates.T) if len(series) == 1 else series
    if len(groups) == 1:
        return _of_one(dominates, max_ideals)
    shares = []
    for units in groups:
        share = counted_shares(dominates[np.ix_(units, units)], max_ideals)
        if share is None:
            return None
        shares.append(share)
    order = np.argsort(np.concatenate(groups))
    joined = _stacked(shares) if len(series) > 1 else _mixed(shares)
    return Shares(ranks=joined.ranks[order], above=joined.above[np.ix_(order, order)])


def _groups(related: Bools) -> list[NDArray[np.intp]]:
    """Return the groups of units that are connected by relations."""
    n_groups, labels = connected_components(csr_array(related).astype(np.int8), directed=False)
    return [np.flatnonzero(labels == group) for group in range(n_groups)]


def _stacked(pieces: Sequence[Shares]) -> Shares:
    """Return the shares of an order from those of its blocks, each above the later ones."""
    n = sum(len(piece.ranks) for piece in pieces)
    ranks, above = np.zeros((2, n, n))
    start = 0
    for piece in pieces:
        end = start + len(piece.ranks)
        ranks[start:end, start:end] = piece.ranks
        above[start:end, start:end], above[start:end, end:] = piece.above, 1.0
        start = end
    return Shares(ranks=ranks, above=above)


def _mixed(pieces: Sequence[Shares]) -> Shares:
    """Return the shares of an order from those of its groups without comparisons between them."""
    if len(pieces) == 1:
        return pieces[0]
    half = len(pieces) // 2
    one, two = _mixed(pieces[:half]), _mixed(pieces[half:])
    a, b = len(one.ranks), len(two.ranks)
    ranks, above = np.zeros((2, a + b, a + b))
    passed = _passed(a, b)
    ranks[:a] = one.ranks @ _shifted(passed)
    ranks[a:] = two.ranks @ _shifted(_passed(b, a))
    between = one.ranks @ np.cumsum(passed, axis=1)[:, :-1] @ two.ranks.T
    above[:a, :a], above[:a, a:] = one.above, between
    above[a:, :a], above[a:, a:] = 1 - between.T, two.above
    return Shares(ranks=ranks, above=above)


def _passed(a: int, b: int) -> Floats:
    """Return the probabilities that t of b units precede the i-th of a others, as (a, b + 1)."""
    result = np.zeros((a, b + 1))
    # The probability that s of the first d units are among the a; all mixtures are equally likely.
    chance = np.zeros(a + 1)
    chance[0] = 1.0
    s = np.arange(a + 1)
    for d in range(a + b):
        next_of_a = chance * (a - s) / (a + b - d)
        next_of_b = chance * np.maximum(b - (d - s), 0) / (a + b - d)
        possible = np.flatnonzero((s < a) & (s <= d) & (d - s <= b))
        result[possible, d - possible] = next_of_a[possible]
        chance = next_of_b
        chance[1:] += next_of_a[:-1]
    return result


def _shifted(passed: Floats) -> Floats:
    """Return the probabilities of each rank among a + b units for each rank among a: (a, a + b)."""
    a, b = passed.shape[0], passed.shape[1] - 1
    result = np.zeros((a, a + b))
    for i in range(a):
        result[i, i : i + b + 1] = passed[i]
    return result


@frozen(kw_only=True, eq=False)
class _Level:
    """All ideals of one size, each described by the number of units from each chain.

    Attributes
    ----------
    counts : ndarray of int of shape (n_ideals, n_chains)
        The number of units of each chain in each ideal.
    source, unit, target : ndarray of int of shape (n_steps,)
        Each step adds ``unit`` to the ideal ``source``, which makes it the ideal ``target`` of the
        next level.
    """

    counts: NDArray[np.int16]
    source: NDArray[np.int32]
    unit: NDArray[np.int16]
    target: NDArray[np.int32]


def _of_one(dominates: Bools, max_ideals: int) -> Shares | None:
    """Return the shares of an order that cannot be decomposed."""
    chains = _chains(dominates)
    # By Dilworth's theorem, one unit can be chosen from each chain so that none of them dominates
    # another. Each set of these generates another ideal: there are at least 2 ** n_chains ideals.
    if len(chains) >= max_ideals.bit_length():
        return None
    levels = _levels(dominates, chains, max_ideals)
    if levels is None:
        return None
    n = len(dominates)
    chain_of, place = np.empty((2, n), dtype=np.intp)
    for number, chain in enumerate(chains):
        chain_of[chain], place[chain] = number, np.arange(len(chain))
    # The number of linear extensions of the units outside each ideal, up to a factor that is the
    # same for all ideals of one size.
    left: list[Floats] = [np.ones(1)]
    for level in reversed(levels):
        ways = np.bincount(level.source, left[-1][level.target], len(level.counts))
        left.append(ways / ways.max())
    left.reverse()
    ranks, above = np.zeros((2, n, n))
    reached: Floats = np.ones(1)
    for rank, level in enumerate(levels):
        next_left = left[rank + 1][level.target]
        sums = np.bincount(level.source, next_left, len(level.counts))
        share = reached[level.source] * next_left / np.maximum(sums, _TINY)[level.source]
        ranks[:, rank] = np.bincount(level.unit, share, n)
        reached = np.asarray(np.bincount(level.target, share, len(left[rank + 1])), np.float64)
        for start in range(0, len(level.counts), _CHUNK):
            counts = level.counts[start : start + _CHUNK]
            first, last = np.searchsorted(level.source, [start, start + len(counts)])
            added = np.zeros((len(counts), n))
            steps = slice(first, last)
            added[level.source[steps] - start, level.unit[steps]] = share[steps]
            above += added.T @ (counts[:, chain_of] <= place)
    np.fill_diagonal(above, 0.0)
    # Rounding must not change the probabilities that are certain.
    above[dominates], above[dominates.T] = 1.0, 0.0
    return Shares(ranks=ranks, above=above)


def _chains(dominates: Bools) -> list[list[int]]:
    """Return the smallest number of chains that contain all units, each ordered from the top."""
    below = maximum_bipartite_matching(csr_array(dominates), perm_type="column").tolist()
    chains = []
    for first in sorted(set(range(len(below))) - set(below)):
        chain = [first]
        while below[chain[-1]] >= 0:
            chain.append(below[chain[-1]])
        chains.append(chain)
    return chains


def _levels(
    dominates: Bools, chains: Sequence[Sequence[int]], max_ideals: int
) -> list[_Level] | None:
    """Return the ideals of each size below the number of units, or None if there are too many."""
    n_chains, longest = len(chains), max(map(len, chains))
    # The number of units of each chain that an ideal must contain before a unit can be added.
    required = np.full((n_chains, longest + 1, n_chains), longest + 1, dtype=np.int16)
    next_unit = np.zeros((n_chains, longest + 1), dtype=np.int16)
    for number, chain in enumerate(chains):
        next_unit[number, : len(chain)] = chain
        for other, other_chain in enumerate(chains):
            n_above = dominates[np.ix_(other_chain, chain)].sum(axis=0)
            required[number, : len(chain), other] = n_above
    steps, n_words = _word_steps([len(chain) for chain in chains])
    counts = np.zeros((1, n_chains), dtype=np.int16)
    keys = np.zeros((1, n_words), dtype=np.uint64)
    levels, n_ideals = [], 1
    for _ in range(len(dominates)):
        can_add = np.stack(
            [(counts >= required[k, counts[:, k]]).all(axis=1) for k in range(n_chains)], axis=1
        )
        source, chain_number = np.nonzero(can_add)
        first, target = _distinct(keys[source] + steps[chain_number])
        level = _Level(
            counts=counts,
            source=source.astype(np.int32),
            unit=next_unit[chain_number, counts[source, chain_number]],
            target=target,
        )
        levels.append(level)
        keys = keys[source[first]] + steps[chain_number[first]]
        counts = counts[source[first]]
        counts[np.arange(len(first)), chain_number[first]] += 1
        n_ideals += len(first)
        if n_ideals > max_ideals:
            return None
    return levels


def _word_steps(lengths: Sequence[int]) -> tuple[NDArray[np.uint64], int]:
    """Return what one more unit of each chain adds to the key of an ideal, and the length of keys.

    A key is a row of 64-bit words with the number of units of each chain, packed into bits.
    """
    places, word, bit = [], 0, 0
    for length in lengths:
        n_bits = length.bit_length()
        if bit + n_bits > 64:
            word, bit = word + 1, 0
        places.append((word, bit))
        bit += n_bits
    steps = np.zeros((len(lengths), word + 1), dtype=np.uint64)
    for chain, (chain_word, chain_bit) in enumerate(places):
        steps[chain, chain_word] = 1 << chain_bit
    return steps, word + 1


def _distinct(keys: NDArray[np.uint64]) -> tuple[NDArray[np.intp], NDArray[np.int32]]:
    """Return the place of one row for each distinct key, and the number of each row's key."""
    order = np.lexsort(keys.T)
    ordered = keys[order]
    is_new = np.r_[True, (ordered[1:] != ordered[:-1]).any(axis=1)]
    target = np.empty(len(keys), dtype=np.int32)
    target[order] = np.cumsum(is_new) - 1
    return order[is_new], target
