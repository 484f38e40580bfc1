"""The Equal Earth projection of a map, and dots on it that do not overlap."""

import numpy as np

from dli.arrays import Floats

__all__ = ["apart", "equal_earth"]

_A1, _A2, _A3, _A4 = 1.340264, -0.081106, 0.000893, 0.003796


def equal_earth(degrees: Floats, centre: float = 0.0) -> Floats:
    r"""Return map coordinates in the Equal Earth projection, which shows areas in proportion.

    With $\sin\theta = \frac{\sqrt3}{2} \sin\varphi$ and the longitude $\lambda$ from
    the central meridian, both in radians,

    $$
    x = \frac{2 \sqrt3 \, \lambda \cos\theta}
    {3 (9 A_4 \theta^8 + 7 A_3 \theta^6 + 3 A_2 \theta^2 + A_1)}, \quad
    y = A_4 \theta^9 + A_3 \theta^7 + A_2 \theta^3 + A_1 \theta.
    $$

    Parameters
    ----------
    degrees : ndarray of shape (n_points, 2)
        Longitudes and latitudes.
    centre : float
        The central meridian.

    Returns
    -------
    ndarray of shape (n_points, 2)
        Map coordinates, for a sphere of radius 1.

    References
    ----------
    Šavrič, Patterson, Jenny (2018), The Equal Earth map projection.
    https://doi.org/10.1080/13658816.2018.1504949

    Examples
    --------
    >>> equal_earth(np.array([[0.0, 0.0], [45.0, 45.0]])).round(4).tolist()
    [[0.0, 0.0], [0.5799, 0.8602]]
    """
    longitude, latitude = np.radians(degrees - [centre, 0.0]).T
    theta = np.arcsin(np.sqrt(3) / 2 * np.sin(latitude))
    slope = 9 * _A4 * theta**8 + 7 * _A3 * theta**6 + 3 * _A2 * theta**2 + _A1
    x = 2 * np.sqrt(3) * longitude * np.cos(theta) / (3 * slope)
    y = _A4 * theta**9 + _A3 * theta**7 + _A2 * theta**3 + _A1 * theta
    return np.stack([x, y], axis=1)


def apart(points: Floats, gap: float, turns: int = 200) -> Floats:
    """Return points moved apart as little as necessary for a gap between any two.

    Parameters
    ----------
    points : ndarray of shape (n_points, 2)
        The points to move.
    gap : float
        The smallest distance; where points are crowded, it may be up to 2 % smaller.
    turns : int
        The largest number of rounds in which points that are too close push each other apart.

    Examples
    --------
    >>> apart(np.array([[0.0, 0.0], [0.0, 0.5], [9.0, 0.0]]), 1.0).round(1).tolist()
    [[0.0, -0.2], [0.0, 0.8], [9.0, 0.0]]
    """
    n = len(points)
    # Points at the same place need different directions in which to move.
    moved = points + 1e-3 * gap * np.stack([np.cos(np.arange(n)), np.sin(np.arange(n))], axis=1)
    for _ in range(turns):
        between = moved[:, None] - moved
        distance = np.hypot(between[..., 0], between[..., 1]) + np.eye(n) * gap
        short = np.clip(gap - distance, 0.0, None)
        if not (short > 0.02 * gap).any():
            break
        pushes = np.einsum("ij,ijk->ik", 0.5 * short / distance, between)
        # The mean of the pushes: their sum would move crowded points further than necessary.
        moved = moved + pushes / np.maximum((short > 0).sum(axis=1), 1)[:, None]
    return moved
