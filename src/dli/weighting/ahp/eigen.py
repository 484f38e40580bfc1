"""The largest eigenvalue of positive matrices, one or thousands, and its eigenvector."""

import numpy as np

from dli.weighting.protocol import Floats

__all__ = ["perron"]

_CLOSE = 1e-12
_PATIENCE = 60


def perron(a: Floats, start: Floats) -> tuple[Floats, Floats]:
    """Return the positive eigenvectors, scaled to a sum of one, and the largest eigenvalues.

    ``a`` holds m matrices above zero, of shape (n, n, m), so that the innermost loop runs over
    them; ``start`` of shape (n, m) holds vectors to start from, such as the row geometric means.
    The results have shapes (n, m) and (m,).
    """
    if start.shape[1] == 1:
        return _by_decomposition(a)
    vector = start
    for _ in range(_PATIENCE):
        # Two steps of the power iteration for one test of the change.
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
        # Most have converged: the contradictory ones are iterated by themselves.
        vector[:, slow], value[slow] = perron(a[:, :, slow], vector[:, slow])
    return vector, value


def _by_decomposition(a: Floats) -> tuple[Floats, Floats]:
    values, vectors = np.linalg.eig(np.moveaxis(a, -1, 0))
    place = np.argmax(values.real, axis=-1)
    every = np.arange(len(values))
    vector = np.abs(vectors[every, :, place].real).T
    return vector / vector.sum(axis=0), values[every, place].real
