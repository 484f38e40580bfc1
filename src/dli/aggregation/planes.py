"""Arrays of many draws: one plane per child, with a row per draw and a column per unit."""

import numpy as np

from dli.aggregation.checks import as_values, as_weights
from dli.arrays import Floats, as_floats, is_complete
from dli.scratch import empty

__all__ = [
    "are_draws",
    "as_planes",
    "batcher_pairs",
    "matrix_product",
    "without_gaps",
]

# As much as sums of shares differ from 1 by rounding.
_ROUNDING = 1e-12
# Above so many multiplications OpenBLAS starts threads of its own. They get in the way of those
# that make draws, and on a busy machine they wait for each other longer than they work.
_ALONE = 2**19
# The rows that its kernels take at once: of other numbers of rows the last bits may differ.
_KERNEL = 8


def are_draws(values: Floats, weights: Floats) -> bool:
    """Return whether values and weights hold several draws, each with its own weights."""
    return np.ndim(values) == np.ndim(weights) == 3


def as_planes(values: Floats, weights: Floats) -> tuple[Floats, Floats]:
    """Return checked values and weights of draws, with children on the first axis.

    Operations on planes run along units, whose number is large, and not along children, whose
    number is small.

    Parameters
    ----------
    values : ndarray of shape (n_draws, n_units, n_children)
    weights : ndarray of shape (n_draws, n_units or 1, n_children)

    Returns
    -------
    values : ndarray of shape (n_children, n_draws or 1, n_units)
        One row if the same values are repeated for every draw without a copy, as by
        `numpy.broadcast_to`, so that results that depend on them alone are computed only once.
    weights : ndarray of shape (n_children, n_draws, n_units or 1)
        The weights of a unit sum to one over its children.
    """
    x = as_floats(values)
    w = weights if _sum_to_one(weights, x.shape) else as_weights(weights, x.shape)
    w = np.broadcast_to(w, (len(x), *w.shape[1:]))
    is_repeated = x.strides[0] == 0
    x = x[:1] if is_repeated else x
    if not is_complete(x):
        x = as_values(x)
    return x.transpose(2, 0, 1), w.transpose(2, 0, 1)


def _sum_to_one(weights: object, shape: tuple[int, ...]) -> bool:
    """Return whether weights can stay as they are; most can, and this is seen soon."""
    if not isinstance(weights, np.ndarray) or weights.dtype != np.float64 or weights.ndim != 3:
        return False
    if weights.shape not in (shape, (shape[0], 1, shape[2])) or not weights.min() >= 0:
        return False
    return bool(np.abs(weights.sum(axis=-1) - 1).max() <= _ROUNDING)


def matrix_product(rows: Floats, table: Floats, out: Floats | None = None) -> Floats:
    """Return a matrix product, computed in blocks of rows that BLAS does in one thread.

    Parameters
    ----------
    rows : ndarray of shape (n_rows, n)
    table : ndarray of shape (n, n_columns)
    out : ndarray of shape (n_rows, n_columns), optional
        Filled with the product.

    Examples
    --------
    >>> matrix_product(np.array([[1.0, 2.0]]), np.array([[3.0], [4.0]])).tolist()
    [[11.0]]
    """
    n_rows = len(rows)
    out = empty((n_rows, table.shape[1])) if out is None else out
    size = (_ALONE - 1) // max(table.size, 1) // _KERNEL * _KERNEL
    if not 0 < size < n_rows:  # one block, or a table for which no block would do
        return np.asarray(np.matmul(rows, table, out=out))
    whole = n_rows - n_rows % size
    blocks = rows[:whole].reshape(-1, size, rows.shape[1])
    np.matmul(blocks, table, out=out[:whole].reshape(-1, size, table.shape[1]))
    if whole < n_rows:
        np.matmul(rows[whole:], table, out=out[whole:])
    return out


def without_gaps(x: Floats, w: Floats) -> tuple[Floats, Floats, Floats]:
    """Return planes with 0 for missing values, the weights of known values, and their sum.

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
    """Return the pairs of positions that a sorting network compares, in order.

    Batcher's merge exchange (Knuth, The Art of Computer Programming, volume 3, algorithm 5.2.2M):
    the comparisons do not depend on the values, so many rows can be sorted at once.

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
