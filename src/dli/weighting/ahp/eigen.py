"""The largest eigenvalue of positive matrices, one or thousands, and its eigenvector."""

import numpy as np

from dli.weighting.protocol import Floats

__all__ = ["perron"]

_CLOSE = 1e-12
_PATIENCE = 60


def perron(a: Floats, start: Floats) -> tuple[Floats, Floats]:
    """Return the positive eigenvectors, scaled to a sum of one, and the largest eigenvalues.

    ``a``, of shape (n, n, m), contains m positive matrices; the last axis is that of the matrices,
    so that the innermost loop runs over them. ``start``, of shape (n, m), contains the initial
    vectors, such as the row geometric means. The results have shapes (n, m) and (m,).
    """
    if start.shape[1] == 1:
        return _by_decomposition(a)
    vector = start
    for _ in range(_PATIENCE):
        # Two steps of the power iteration are made for each check of convergence.
        image = np.einsum("ijm,jm->im", a, vector)
        image = np.einsum("ijm,jm->im", a, image)
        image /= image.sum(axis=0)
        change = np.abs(image - vector).max(axis=0)
        vector = image
        slow = np.flatnonzero(change >= _CLOSE)
        if 3 * slow.size < start.shape[1]:
            break
    else:
        return _by_decomposition(a)
    value = np.einsum("ijm,jm->m", a, vector)
    if slow.size:
        # Most matrices have converged; only the others, which are less consistent, are iterated.
        vector[:, slow], value[slow] = perron(a[:, :, slow], vector[:, slow])
    return vector, value


def _by_decomposition(a: Floats) -> tuple[Floats, Floats]:
    values, vectors = np.linalg.eig(np.moveaxis(a, -1, 0))
    place = np.argmax(values.real, axis=-1)
    every = np.arange(len(values))
    vector = np.abs(vectors[every, :, place].real).T
    return vector / vector.sum(axis=0), values[every, place].real
