"""Many draws at once: for each child a plane with a row for each draw, a column for each unit."""

import numpy as np

from dli.aggregation.checks import as_values, as_weights
from dli.arrays import Floats, as_floats

__all__ = ["are_draws", "as_planes", "batcher_pairs", "is_complete", "without_gaps"]


def are_draws(values: Floats, weights: Floats) -> bool:
    """Return whether values and weights are those of several draws, each with its own weights."""
    return np.ndim(values) == np.ndim(weights) == 3


def as_planes(values: Floats, weights: Floats) -> tuple[Floats, Floats]:
    """Check values and weights of draws, and return them with their children in front.

    Operations on planes run along units, whose number is large, and not along children, whose
    number is small.

    Parameters
    ----------
    values : ndarray of shape (n_draws, n_units, n_children)
    weights : ndarray of shape (n_draws, n_units or 1, n_children)

    Returns
    -------
    values : ndarray of shape (n_children, n_draws or 1, n_units)
        With one row where the same values are repeated for every draw without being copied, as
        `numpy.broadcast_to` does: what depends on them alone need be computed only once.
    weights : ndarray of shape (n_children, n_draws, n_units or 1)
        They sum to one.
    """
    x = as_floats(values)
    w = as_weights(weights, x.shape)
    w = np.broadcast_to(w, (len(x), *w.shape[1:]))
    is_repeated = x.strides[0] == 0
    x = x[:1] if is_repeated else x
    if not is_complete(x):
        x = as_values(x)
    return x.transpose(2, 0, 1), w.transpose(2, 0, 1)


def is_complete(values: Floats) -> bool:
    """Return whether all values are there and finite; in doubt, of huge ones, that they are not.

    It looks at the values only once, and makes no array of its own.
    """
    with np.errstate(over="ignore", invalid="ignore"):
        return bool(np.isfinite(values.sum()))


def without_gaps(x: Floats, w: Floats) -> tuple[Floats, Floats, Floats]:
    """Return planes with 0 for missing values, weights of the others, and the sum of these.

    Parameters
    ----------
    x : ndarray of shape (n_children, n_draws or 1, n_units)
    w : ndarray of shape (n_children, n_draws, n_units or 1)

    Returns
    -------
    values, weights : ndarray of shape (n_children, ...)
    total : ndarray of shape (n_draws, n_units)
    """
    is_missing = np.isnan(x)
    known = np.where(is_missing, 0.0, w)
    return np.where(is_missing, 0.0, x), known, np.asarray(known.sum(axis=0))


def batcher_pairs(n: int) -> list[tuple[int, int]]:
    """Return the places that a sorting network compares, one pair after the other.

    Batcher's merge exchange (Knuth, The Art of Computer Programming, volume 3, algorithm 5.2.2M):
    the same comparisons sort whatever the values are, and so sort many rows at once.

    Examples
    --------
    >>> batcher_pairs(3)
    [(0, 2), (0, 1), (1, 2)]
    """
    pairs = []
    top = 1 << max(n - 1, 0).bit_length() >> 1
    step = top
    while step:
        other, rest, distance = top, 0, step
        while True:
            pairs += [(i, i + distance) for i in range(n - distance) if i & step == rest]
            if other == step:
                break
            distance, other, rest = other - step, other >> 1, step
        step >>= 1
    return pairs
