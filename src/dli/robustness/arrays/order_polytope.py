"""Linear extensions of a partial order, drawn uniformly; arrays only.

Points of the unit cube in which every unit lies below those that dominate it form the order
polytope. Each linear extension is the order of the points of a part of it, and all parts have the
same volume (Stanley 1986, Two poset polytopes, https://doi.org/10.1007/BF02187680). So the order of
a uniform point is a uniform linear extension. A Gibbs sampler moves one unit at a time to a uniform
place between its neighbours. If one of two points is nowhere above the other, the same moves keep
it so. Coupling from the past (Propp and Wilson 1996, Exact sampling with coupled Markov chains and
applications to statistical mechanics) therefore follows the greatest and the least point alone:
once both have the same order of units, so has the uniform point between them, however long the
chain would take to mix.
"""

from collections.abc import Iterator

import numpy as np
from attrs import frozen
from numpy.typing import NDArray

from dli.arrays import Bools, Floats, Integers
from dli.errors import MethodError

__all__ = ["N_CHAINS", "covers", "drawn_ranks"]

# So many independent chains run at once; standard errors are those of the mean of their means.
N_CHAINS = 100
# Each chain moves all units so often between two draws.
_BETWEEN = 2
# From how many moves of all units in the past the first attempt starts.
_FIRST = 64
# The last attempt looks at so many neighbours in each chain, which takes a minute or two.
_MOST = 2**25
# The uniform numbers of so many moves of all units are drawn at once.
_CHUNK = 16
# Places closer than this may be in another order than those of the exact point.
_APART = 1e-12


def covers(dominates: Bools) -> Bools:
    """Return which units dominate others without a unit in between."""
    steps = dominates.astype(np.float32)
    return np.asarray(dominates & ~(steps @ steps > 0))


def drawn_ranks(
    dominates: Bools, n_draws: int, seed: int, stream: int, most: int = _MOST
) -> Integers:
    """Draw linear extensions: independent chains of draws, each of them uniform.

    Parameters
    ----------
    dominates : ndarray of bool of shape (n_units, n_units)
        A strict partial order.
    n_draws : int
        For each chain.
    seed, stream : int
        Which random numbers are used.
    most : int
        How many neighbours of units the last attempt may look at in each chain.

    Returns
    -------
    ndarray of int of shape (N_CHAINS, n_draws, n_units)
        The rank of each unit, from 1.

    Raises
    ------
    MethodError
        The greatest and the least point have not met even then.
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
    """How units move between their neighbours.

    Points have a column for each chain, and two more rows than units: the ends 1 and 0, between
    which units without neighbours move.
    """

    def __init__(self, dominates: Bools) -> None:
        next_below = covers(dominates)
        n, is_next = len(dominates), next_below | next_below.T
        self.n_units, self.n_neighbours = n, int(is_next.sum())
        colours = np.full(n, -1)
        for unit in range(n):
            taken = set(colours[is_next[unit]].tolist())
            colours[unit] = min(set(range(len(taken) + 1)) - taken)
        # No two units of a colour are neighbours, so that they can move at the same time.
        self._groups = [
            (
                units,
                _Neighbours.of(next_below.T[units], n),
                _Neighbours.of(next_below[units], n + 1),
            )
            for units in (np.flatnonzero(colours == own) for own in range(colours.max() + 1))
        ]

    def ends(self) -> Floats:
        """Return the greatest points, and the least ones in further columns."""
        points = np.repeat([[1.0, 0.0]], N_CHAINS, axis=1).repeat(self.n_units + 2, axis=0)
        points[-2], points[-1] = 1.0, 0.0
        return points

    def uniforms(self, seed: np.random.SeedSequence) -> Iterator[Floats]:
        """Yield the numbers for each move of all units, of shape (n_units, N_CHAINS), endlessly."""
        stream = np.random.default_rng(seed)
        while True:
            yield from stream.random((_CHUNK, self.n_units, N_CHAINS))

    def move(self, points: Floats, uniforms: Floats) -> None:
        """Move every unit once; several points of a chain use the same numbers."""
        for units, above, below in self._groups:
            high = np.minimum.reduceat(points[above.rows], above.starts, axis=0)
            low = np.maximum.reduceat(points[below.rows], below.starts, axis=0)
            share = np.tile(uniforms[units], (1, points.shape[1] // N_CHAINS))
            # Rounding keeps the order of points in this form, unlike in low + share * (high - low).
            points[units] = share * high + (1 - share) * low


@frozen(kw_only=True, eq=False)
class _Neighbours:
    """The rows of the neighbours of units in one direction, and where those of each unit start."""

    rows: NDArray[np.intp]
    starts: NDArray[np.intp]

    @classmethod
    def of(cls, is_next: Bools, end: int) -> "_Neighbours":
        lists = [np.flatnonzero(own) if own.any() else np.array([end]) for own in is_next]
        return cls(
            rows=np.concatenate(lists), starts=np.cumsum([0, *(len(own) for own in lists[:-1])])
        )


def _uniform_points(moves: _Moves, seed: int, stream: int, most: int) -> Floats:
    """Return independent points that have the order of uniform ones, by coupling from the past."""
    lengths = [_FIRST]
    while True:
        points = moves.ends()
        # The same numbers belong to the same moves in each attempt: each starts with a new block.
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
                f"{sum(lengths):,} moves of each unit, because long chains of them dominate each "
                "other; compare fewer units, such as those of a region, or raise max_ideals"
            )
            raise MethodError(msg)
        lengths.append(sum(lengths))


def _have_met(high: Floats, low: Floats) -> bool:
    """Return whether both points of each chain have the same order of units, by a margin."""
    order = np.argsort(low, axis=0)
    rising_high = np.take_along_axis(high, order, axis=0)
    rising_low = np.take_along_axis(low, order, axis=0)
    return bool((rising_low[1:] > rising_high[:-1] + _APART).all())
