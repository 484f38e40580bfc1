"""The Shapley value: the average marginal contribution of each player over orders of joining."""

from collections.abc import Callable
from math import factorial, fsum

import numpy as np

from dli.arrays import Bools, Floats

__all__ = ["group_weight", "groups", "shapley"]


def groups(n_players: int) -> Bools:
    """Return all groups of players as a mask of shape (2**n_players, n_players).

    Player j is in group g if bit j of g is set.
    """
    numbers = np.arange(2**n_players)[:, np.newaxis]
    return np.asarray(numbers >> np.arange(n_players) & 1, dtype=np.bool_)


def group_weight(size: int, n_players: int) -> float:
    """Return the share of orders in which a given group of this size precedes a player."""
    return factorial(size) * factorial(n_players - size - 1) / factorial(n_players)


def shapley(
    n_players: int, score: Callable[[Bools], Floats], *, all_orders: bool = True
) -> list[float]:
    """Return the share of each player in the score of all players minus that of no players.

    The game that scores each group by the players outside it has exactly the same shares with the
    opposite sign.

    Parameters
    ----------
    n_players : int
    score : callable
        A function that returns the scores of groups, of shape (n_groups,), for a Boolean array of
        shape (n_groups, n_players).
    all_orders : bool
        Average over all orders of joining. If False, average over one order and its reverse,
        which requires fewer groups if there are many players.

    Returns
    -------
    list of float

    References
    ----------
    Shapley (1953), A value for n-person games. Contributions to the Theory of Games 2.

    Examples
    --------
    >>> shapley(2, lambda sets: sets.prod(axis=1) * 10.0)
    [5.0, 5.0]
    """
    if not all_orders:
        first = np.arange(n_players) < np.arange(n_players + 1)[:, np.newaxis]
        gains = np.diff(score(first)) - np.diff(score(~first))
        return [float(gain) for gain in gains / 2]
    sets = groups(n_players)
    scores = score(sets)
    weights = np.array([group_weight(size, n_players) for size in range(n_players)])
    shares = []
    for player in range(n_players):
        without = np.flatnonzero(~sets[:, player])
        gains = scores[without | 1 << player] - scores[without]
        shares.append(fsum(weights[sets[without].sum(axis=1)] * gains))
    return shares
