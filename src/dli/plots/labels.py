"""Labels beside points, placed so that they cover neither each other nor the points."""

import warnings
from collections.abc import Sequence
from itertools import product
from typing import Any

import numpy as np

from dli.arrays import Floats
from dli.plots.axes import plain, text_width
from dli.plots.style import current

__all__ = ["label_points"]

# The distances in points and the directions that are tried, near ones and those to the right first.
_DISTANCES = (5, 11, 19, 29, 41, 55, 75, 100)
_DEGREES = (0, 180, 60, -60, 120, -120, 90, -90, 30, -30, 150, -150)
_DIRECTIONS = [complex(x) for x in np.exp(1j * np.deg2rad(_DEGREES))]


def label_points(ax: Any, points: Floats, texts: Sequence[object], wanted: Sequence[int]) -> None:
    """Write labels beside some points; the first labels have the most free places to choose from.

    The limits and the title of the axes must be final. If there is no free place for a label, it is
    written to the right of its point.

    Parameters
    ----------
    ax : matplotlib.axes.Axes
        The axes on which the points are drawn.
    points : ndarray of shape (n_points, 2)
        All points: labels also avoid the points that are not labelled.
    texts : sequence
        The label of each point.
    wanted : sequence of int
        The places of the points to label in ``points``.
    """
    style = current()
    low, high = np.transpose([ax.get_xlim(), ax.get_ylim()])
    with warnings.catch_warnings():
        # This settles the layout; warnings of letters that a font lacks appear again on saving.
        warnings.simplefilter("ignore")
        ax.figure.canvas.figure.draw_without_rendering()
    size = np.asarray(ax.get_window_extent().size) * 72 / ax.figure.dpi
    at = (points - low) / (high - low) * size
    at = at[~np.isnan(at).any(axis=1)]
    height = 1.15 * style.small
    taken = np.column_stack([at - 3, at + 3])
    for i in wanted:
        text = plain(texts[i], 32)
        box = np.array([text_width(text, style.small), height])
        place = (points[i] - low) / (high - low) * size
        offsets = [
            _offset(distance * direction, *box)
            for distance, direction in product(_DISTANCES, _DIRECTIONS)
        ]
        free = (offset for offset in offsets if _is_free(place + offset, box, taken, size))
        chosen = next(free, offsets[0])
        taken = np.vstack([taken, np.append(place + chosen, place + chosen + box)])
        is_far = np.hypot(*np.clip(0.0, chosen, chosen + box)) > 8
        line = {"arrowstyle": "-", "color": style.grey, "linewidth": 0.6, "shrinkA": 0}
        ax.annotate(text, points[i], xytext=(chosen[0], chosen[1] + height / 2),
                    textcoords="offset points", fontsize=style.small, va="center",
                    arrowprops=line if is_far else None)  # fmt: skip


def _offset(towards: complex, width: float, height: float) -> Floats:
    """Return the lower left corner of a box in some direction from a point, relative to it."""
    x, y = towards.real, towards.imag
    beside = 0.0 if x > 0.1 else -width if x < -0.1 else -width / 2
    above = -height / 2 if abs(y) < 0.1 else 0.0 if y > 0 else -height
    return np.array([x + beside, y + above])


def _is_free(corner: Floats, box: Floats, taken: Floats, size: Floats) -> bool:
    """Return whether a box lies within the picture and overlaps no box placed before."""
    opposite = corner + box
    if (corner < 0).any() or (opposite > size).any():
        return False
    apart = (taken[:, :2] > opposite).any(axis=1) | (taken[:, 2:] < corner).any(axis=1)
    return bool(apart.all())
