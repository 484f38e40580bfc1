"""Linear extensions of a partial order, drawn uniformly, on plain arrays.

The order polytope consists of the points of the unit cube, with a coordinate for each unit, in
which every unit lies below the units that dominate it. Each linear extension is the order of the
coordinates in one region of the polytope, and all regions have the same volume (Stanley 1986, Two
poset polytopes, https://doi.org/10.1007/BF02187680). The order of the coordinates of a uniform
point is thus a uniform linear extension. A Gibbs sampler moves one unit at a time to a uniform
position between its neighbours. If one point is nowhere above another, it remains so under the same
moves. Coupling from the past (Propp and Wilson 1996, Exact sampling with coupled Markov chains and
applications to statistical mechanics) therefore needs to follow the greatest and the least point
only: once both have the same order of units, so does the uniform point between them, however long
the chain would take to mix.
"""

from collections.abc import Iterator

import numpy as np
from attrs import frozen
from numpy.typing import NDArray

from dli.arrays import Bools, Floats, Integers
from dli.errors import MethodError

__all__ = ["N_CHAINS", "covers", "drawn_ranks"]

# The number of independent chains; standard errors are computed from the means of the chains.
N_CHAINS = 100
# The number of moves of all units between two draws of a chain.
_BETWEEN = 2
# The number of moves of all units in the first attempt at coupling from the past.
_FIRST = 64
# The number of neighbours that the last attempt visits in each chain, which takes about a minute or
# two.
_MOST = 2**25
# The number of moves of all units for which uniform numbers are drawn at once.
_CHUNK = 16
# Coordinates closer than this may be in a different order from those of the exact point.
_APART = 1e-12


def covers(dominates: Bools) -> Bools:
    """Return which units dominate others with no unit in between: the row covers the column."""
    steps = dominates.astype(np.float32)
    return np.asarray(dominates & ~(steps @ steps > 0))


def drawn_ranks(
    dominates: Bools, n_draws: int, seed: int, stream: int, most: int = _MOST
) -> Integers:
    """Draw linear extensions by independent chains, in which each draw is uniformly distributed.

    Parameters
    ----------
    dominates : ndarray of bool of shape (n_units, n_units)
        A strict partial order.
    n_draws : int
        The number of draws of each chain.
    seed, stream : int
        The seed, and the number of the random stream.
    most : int
        The limit on the number of neighbours visited in each chain, beyond which no further attempt
        is made.

    Returns
    -------
    ndarray of int of shape (N_CHAINS, n_draws, n_units)
        The rank of each unit, from 1.

    Raises
    ------
    MethodError
        The greatest and the least point have not met within the limit.
    """
    moves = _Moves(dominates)
    points = _uniform_points(moves, seed, stream, most)
    uniforms = moves.uniforms(np.random.SeedSequence(seed, spawn_key=(stream, 0)))
    ranks = np.empty((N_CHAINS, n_draws, len(dominates)), dtype=np.int64)
    places = np.arange(1, len(dominates) + 1)[np.newaxis]
    for draw in range(n_draws):
        for _ in range(_BETWEEN if draw else 0):
            moves.move(points, next(uniforms))
        np.put_along_axis(ranks[:, draw], np.argsort(-points[:-2].T, axis=1), places, axis=1)
    return ranks


class _Moves:
    """Moves of the units between their neighbours.

    Points are arrays with a column for each chain, a row for each unit and two further rows, 1 and
    0, which limit the moves of units without neighbours above or below.
    """

    def __init__(self, dominates: Bools) -> None:
        next_below = covers(dominates)
        n, is_next = len(dominates), next_below | next_below.T
        self.n_units, self.n_neighbours = n, int(is_next.sum())
        colours = np.full(n, -1)
        for unit in range(n):
            taken = set(colours[is_next[unit]].tolist())
            colours[unit] = min(set(range(len(taken) + 1)) - taken)
        # Units of the same colour are not neighbours and can thus move at the same time.
        self._groups = [
            (
                units,
                _Neighbours.of(next_below.T[units], n),
                _Neighbours.of(next_below[units], n + 1),
            )
            for units in (np.flatnonzero(colours == colour) for colour in range(colours.max() + 1))
        ]

    def ends(self) -> Floats:
        """Return the greatest points, followed by the least points in further columns."""
        points = np.repeat([[1.0, 0.0]], N_CHAINS, axis=1).repeat(self.n_units + 2, axis=0)
        points[-2], points[-1] = 1.0, 0.0
        return points

    def uniforms(self, seed: np.random.SeedSequence) -> Iterator[Floats]:
        """Yield uniform numbers, of shape (n_units, N_CHAINS), for each move of all units."""
        stream = np.random.default_rng(seed)
        while True:
            yield from stream.random((_CHUNK, self.n_units, N_CHAINS))

    def move(self, points: Floats, uniforms: Floats) -> None:
        """Move every unit once, in place; all points of a chain use the same uniform numbers."""
        for units, above, below in self._groups:
            high = np.minimum.reduceat(points[above.rows], above.starts, axis=0)
            low = np.maximum.reduceat(points[below.rows], below.starts, axis=0)
            share = np.tile(uniforms[units], (1, points.shape[1] // N_CHAINS))
            # This form preserves the order of points despite rounding, unlike
            # low + share * (high - low).
            points[units] = share * high + (1 - share) * low


@frozen(kw_only=True, eq=False)
class _Neighbours:
    """The rows of the neighbours of units in one direction, and the start of each unit's rows."""

    rows: NDArray[np.intp]
    starts: NDArray[np.intp]

    @classmethod
    def of(cls, is_next: Bools, end: int) -> "_Neighbours":
        """Return the neighbours of each unit, or the row ``end`` for a unit without any."""
        lists = [np.flatnonzero(row) if row.any() else np.array([end]) for row in is_next]
        lengths = [len(neighbours) for neighbours in lists[:-1]]
        return cls(rows=np.concatenate(lists), starts=np.cumsum([0, *lengths]))


def _uniform_points(moves: _Moves, seed: int, stream: int, most: int) -> Floats:
    """Return independent points with the order of uniform ones, by coupling from the past."""
    lengths = [_FIRST]
    while True:
        points = moves.ends()
        # Each attempt starts with a new block of moves further in the past, and then repeats the
        # moves of the previous attempt with the same numbers.
        for block in range(len(lengths), 0, -1):
            uniforms = moves.uniforms(np.random.SeedSequence(seed, spawn_key=(stream, block)))
            for _ in range(lengths[block - 1]):
                moves.move(points, next(uniforms))
        high, low = points[:, :N_CHAINS], points[:, N_CHAINS:]
        if _have_met(high[:-2], low[:-2]):
            return (high + low) / 2
        if 2 * sum(lengths) * moves.n_neighbours > most:
            msg = (
                f"cannot draw linear extensions of an order of {moves.n_units} units within "
                f"{sum(lengths):,} moves of each unit, because of long chains of units that "
                "dominate each other; compare fewer units, such as those of a region, or increase "
                "max_ideals"
            )
            raise MethodError(msg)
        lengths.append(sum(lengths))


def _have_met(high: Floats, low: Floats) -> bool:
    """Return whether both points of each chain have the same order of units, by a margin."""
    order = np.argsort(low, axis=0)
    sorted_high = np.take_along_axis(high, order, axis=0)
    sorted_low = np.take_along_axis(low, order, axis=0)
    return bool((sorted_low[1:] > sorted_high[:-1] + _APART).all())
