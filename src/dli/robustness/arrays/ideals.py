"""Linear extensions of a partial order, counted by the sets that can come first; arrays only.

A set of units that has, with each unit, all those above it is an ideal of the order (of its dual,
to be exact). Linear extensions are the paths from the empty ideal to that of all units which add
one unit at a time, so two passes over the ideals give the share of linear extensions in which each
unit takes each rank, and in which it is above each other (De Loof, De Meyer and De Baets 2006).
Before that the order is decomposed: into blocks of which one lies above the next, and into units
that no comparison joins. Only what is left has its ideals counted.
"""

from collections.abc import Sequence

import numpy as np
from attrs import frozen
from numpy.typing import NDArray
from scipy.sparse import csr_array
from scipy.sparse.csgraph import connected_components, maximum_bipartite_matching

from dli.arrays import Bools, Floats

__all__ = ["Shares", "blocks", "counted_shares"]

# So many ideals are looked at in one step.
_CHUNK = 2**13
_TINY = np.finfo(np.float64).tiny


@frozen(kw_only=True, eq=False)
class Shares:
    """Shares of all linear extensions.

    Attributes
    ----------
    ranks : ndarray of shape (n_units, n_units)
        In which the unit (row) has the rank (column, from 0).
    above : ndarray of shape (n_units, n_units)
        In which the row is above the column.
    """

    ranks: Floats
    above: Floats


def blocks(dominates: Bools) -> list[NDArray[np.intp]]:
    """Return the units in blocks, each of which lies above all of the next ones."""
    groups = _groups(~(dominates | dominates.T))
    n_above = dominates.sum(axis=0)
    return sorted(groups, key=lambda units: int(n_above[units].min()))


def counted_shares(dominates: Bools, max_ideals: int) -> Shares | None:
    """Return shares of linear extensions, None where there are too many ideals to count.

    Parameters
    ----------
    dominates : ndarray of bool of shape (n_units, n_units)
        A strict partial order.
    max_ideals : int
        The most ideals of an order that cannot be decomposed.
    """
    if len(dominates) == 1:
        return Shares(ranks=np.ones((1, 1)), above=np.zeros((1, 1)))
    series = blocks(dominates)
    parallel = _groups(dominates | dominates.T) if len(series) == 1 else series
    if len(parallel) == 1:
        return _of_one(dominates, max_ideals)
    pieces = []
    for units in parallel:
        piece = counted_shares(dominates[np.ix_(units, units)], max_ideals)
        if piece is None:
            return None
        pieces.append(piece)
    order = np.argsort(np.concatenate(parallel))
    whole = _stacked(pieces) if len(series) > 1 else _mixed(pieces)
    return Shares(ranks=whole.ranks[order], above=whole.above[np.ix_(order, order)])


def _groups(related: Bools) -> list[NDArray[np.intp]]:
    """Return the units that are joined by relations, in groups."""
    n_groups, labels = connected_components(csr_array(related).astype(np.int8), directed=False)
    return [np.flatnonzero(labels == group) for group in range(n_groups)]


def _stacked(pieces: Sequence[Shares]) -> Shares:
    """Return the shares of blocks of which each is above the next ones."""
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
    """Return the shares of orders without a comparison between them, which mix at random."""
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
    """Return the chances that t of b others come before the i-th of a, of shape (a, b + 1)."""
    result = np.zeros((a, b + 1))
    # The chance that s of the first d are of the one kind, if all mixtures are equally likely.
    chance = np.zeros(a + 1)
    chance[0] = 1.0
    s = np.arange(a + 1)
    for d in range(a + b):
        own = chance * (a - s) / (a + b - d)
        others = chance * np.maximum(b - (d - s), 0) / (a + b - d)
        here = np.flatnonzero((s < a) & (s <= d) & (d - s <= b))
        result[here, d - here] = own[here]
        chance = others
        chance[1:] += own[:-1]
    return result


def _shifted(passed: Floats) -> Floats:
    """Return the chances of the rank among all for each rank among a, of shape (a, a + b)."""
    a, b = passed.shape[0], passed.shape[1] - 1
    result = np.zeros((a, a + b))
    for i in range(a):
        result[i, i : i + b + 1] = passed[i]
    return result


@frozen(kw_only=True, eq=False)
class _Level:
    """All ideals of one size, by how many units of each chain they have.

    Attributes
    ----------
    counts : ndarray of int of shape (n_ideals, n_chains)
    source, unit, target : ndarray of int of shape (n_steps,)
        Each step adds a unit to an ideal, which makes it one of the next level.
    """

    counts: NDArray[np.int16]
    source: NDArray[np.int32]
    unit: NDArray[np.int16]
    target: NDArray[np.int32]


def _of_one(dominates: Bools, max_ideals: int) -> Shares | None:
    """Return the shares of an order that cannot be decomposed."""
    chains = _chains(dominates)
    # There are units, one of each chain, of which none dominates another (Dilworth): each of the
    # sets of these belongs to another ideal.
    if len(chains) >= max_ideals.bit_length():
        return None
    levels = _levels(dominates, chains, max_ideals)
    if levels is None:
        return None
    n = len(dominates)
    chain_of, place = np.empty((2, n), dtype=np.intp)
    for number, chain in enumerate(chains):
        chain_of[chain], place[chain] = number, np.arange(len(chain))
    # Linear extensions of what an ideal leaves, up to a factor that all ideals of a size share.
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
    # What is certain is so to the last digit.
    above[dominates], above[dominates.T] = 1.0, 0.0
    return Shares(ranks=ranks, above=above)


def _chains(dominates: Bools) -> list[list[int]]:
    """Return as few chains as hold all units, each from the top down."""
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
    """Return all ideals by their size but for that of all units, None if there are too many."""
    n_chains, longest = len(chains), max(map(len, chains))
    # What an ideal must have of each chain before the next unit of a chain can come.
    required = np.full((n_chains, longest + 1, n_chains), longest + 1, dtype=np.int16)
    next_unit = np.zeros((n_chains, longest + 1), dtype=np.int16)
    for number, chain in enumerate(chains):
        next_unit[number, : len(chain)] = chain
        for other, above in enumerate(chains):
            required[number, : len(chain), other] = dominates[np.ix_(above, chain)].sum(axis=0)
    steps, n_words = _word_steps([len(chain) for chain in chains])
    counts = np.zeros((1, n_chains), dtype=np.int16)
    keys = np.zeros((1, n_words), dtype=np.uint64)
    levels, n_ideals = [], 1
    for _ in range(len(dominates)):
        can_come = np.stack(
            [(counts >= required[k, counts[:, k]]).all(axis=1) for k in range(n_chains)], axis=1
        )
        source, chain_number = np.nonzero(can_come)
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
    """Return what one more unit of each chain adds to the words that identify an ideal."""
    places, word, bit = [], 0, 0
    for length in lengths:
        n_bits = length.bit_length()
        if bit + n_bits > 64:
            word, bit = word + 1, 0
        places.append((word, bit))
        bit += n_bits
    steps = np.zeros((len(lengths), word + 1), dtype=np.uint64)
    for chain, (own_word, own_bit) in enumerate(places):
        steps[chain, own_word] = 1 << own_bit
    return steps, word + 1


def _distinct(keys: NDArray[np.uint64]) -> tuple[NDArray[np.intp], NDArray[np.int32]]:
    """Return where each different row comes first, and which of these each row is."""
    order = np.lexsort(keys.T)
    falls = keys[order]
    is_new = np.r_[True, (falls[1:] != falls[:-1]).any(axis=1)]
    target = np.empty(len(keys), dtype=np.int32)
    target[order] = np.cumsum(is_new) - 1
    return order[is_new], target
