"""A picture of an index as rings, with text in each segment where it fits."""

from collections.abc import Iterator
from itertools import product
from typing import Any

import numpy as np
from attrs import frozen

from dli.framework import Index
from dli.framework.index import Node
from dli.plots.axes import axes_for, text_width, wrapped
from dli.plots.style import current, drawn

__all__ = ["framework"]

# The radius of the disc in the middle, and the limit of the axes; the outer radius is 1.
_MIDDLE, _LIMIT = 0.2, 1.02
# The height of a line of text, relative to its font size.
_LINE = 1.25


@frozen
class _Piece:
    """A segment of a ring; it starts and ends at shares of the circle, clockwise from the top."""

    start: float
    end: float
    inner: float
    outer: float

    @property
    def angle(self) -> float:
        """The angle of the centre of the segment, in radians anticlockwise from the right."""
        return float(np.pi * (0.5 - self.start - self.end))

    @property
    def radius(self) -> float:
        """The radius of the centre of the segment."""
        return (self.inner + self.outer) / 2

    def holds(self, width: float, height: float, turn: float) -> bool:
        """Return whether a box around the centre, rotated by an angle, fits into the segment."""
        along = np.linspace(-0.5, 0.5, 9)
        edges = np.concatenate([along - 0.5j, along + 0.5j, 1j * along - 0.5, 1j * along + 0.5])
        box = (edges.real * width + 1j * edges.imag * height) * np.exp(1j * (turn - self.angle))
        box += self.radius
        distance = np.abs(box)
        beside = np.pi * (self.end - self.start) - np.abs(np.angle(box))
        margin = 0.008
        return bool(
            (distance > self.inner + margin).all()
            and (distance < self.outer - margin).all()
            and (beside * distance > margin).all()
        )


@drawn
def framework(index: Index, *, ax: Any = None) -> Any:
    """Draw an index as rings: sub-indices inside, indicators outside, as wide as their weights.

    Segments of sub-indices show the code and the name if these fit; all other segments show the
    code. Text is broken into lines, made smaller or cut off to fit. The number of segments that are
    too small for any text is written below the picture.

    Parameters
    ----------
    index : Index
        The index to draw; the widths show its declared weights.
    ax : matplotlib.axes.Axes, optional
        The axes to draw on; a new figure is made by default.

    Returns
    -------
    matplotlib.axes.Axes
        The axes with the picture.
    """
    from matplotlib.patches import Wedge

    style = current()
    ax = axes_for(ax, style.width, style.width)
    ax.set_aspect("equal")
    ax.axis("off")
    points = 72 * min(ax.get_window_extent().size) / ax.figure.dpi / (2 * _LIMIT)
    n_bare = 0
    for node, piece, fill in _pieces(index):
        turns = 90 - 360 * piece.end, 90 - 360 * piece.start
        ax.add_patch(
            Wedge((0, 0), piece.outer, *turns, width=piece.outer - piece.inner, facecolor=fill,
                  edgecolor=style.paper, linewidth=1)
        )  # fmt: skip
        best = next(_texts(node, piece, points), None)
        if best is None:
            n_bare += 1
            continue
        text, size, turn = best
        at = piece.radius * np.exp(1j * piece.angle)
        ax.text(at.real, at.imag, text, ha="center", va="center", rotation=np.rad2deg(turn),
                fontsize=size, linespacing=1.1, color=style.on(fill))  # fmt: skip
    ax.text(0, 0, wrapped(index.code, 8), ha="center", va="center", fontsize=1.2 * style.size)
    if n_bare:
        count = f"segments too small for their codes: {n_bare:,}"
        ax.text(0, -_LIMIT, count, ha="center", va="top", fontsize=style.small)
    ax.set_xlim(-_LIMIT, _LIMIT)
    ax.set_ylim(-_LIMIT - 0.08 * bool(n_bare), _LIMIT)
    return ax


def _pieces(index: Index) -> Iterator[tuple[Node, _Piece, tuple[float, ...]]]:
    """Yield each node below the index with its segment and its colour, paler outwards."""
    from matplotlib.colors import to_rgb

    style = current()
    depth = max(index.level(node.code) for node in index.walk())
    thick = (1 - _MIDDLE) / depth
    spans = {index.code: (0.0, 1.0)}
    colours: dict[str, str] = {}
    for node in index.walk():
        low, high = spans[node.code]
        level = index.level(node.code)
        if level:
            inner = _MIDDLE + thick * (level - 1)
            part = 0.9 - 0.5 * (level - 1) / depth
            pair = zip(to_rgb(colours[node.code]), to_rgb(style.paper), strict=True)
            yield (
                node,
                _Piece(low, high, inner, inner + thick),
                tuple(part * own + (1 - part) * paper for own, paper in pair),
            )
        if isinstance(node, Index):
            total = sum(child.weight for child in node.children) or 1.0
            begin = low
            for place, child in enumerate(node.children):
                end = begin + (high - low) * child.weight / total
                spans[child.code] = (begin, end)
                begin = end
                colours[child.code] = colours.get(node.code, style.colour(place))


def _texts(node: Node, piece: _Piece, points: float) -> Iterator[tuple[str, float, float]]:
    """Yield the texts that fit into a segment, the best first: text, font size and rotation."""
    style = current()
    # Text must not be upside down; angles range from pi / 2 down to -3 pi / 2.
    outwards = piece.angle + np.pi * (piece.angle < -np.pi / 2)
    least = 0.85 * style.small
    if 2 * np.pi * (piece.end - piece.start) * piece.outer * points < least:
        return
    names = [f"{node.code} {node.name}"] if isinstance(node, Index) and node.name else []
    # A ring whose texts all have the same direction is easier to read than a mixture.
    turns = (0.0, outwards) if isinstance(node, Index) else (outwards, 0.0)
    for text, turn in product([*names, node.code], turns):
        for size in np.linspace(style.size, least, 5).tolist():
            broken = dict.fromkeys(wrapped(text, letters) for letters in (60, 20, 14, 10))
            for lines in broken:
                if not lines.endswith("…") and _fits(lines, size, turn, piece, points):
                    yield lines, size, turn
    room = points * (piece.outer - piece.inner)
    for letters in range(len(node.code) - 1, 3, -1):
        short = wrapped(node.code[: letters - 1] + "…", letters)
        if text_width(short, least) < room and _fits(short, least, outwards, piece, points):
            yield short, least, outwards


def _fits(lines: str, size: float, turn: float, piece: _Piece, points: float) -> bool:
    parts = lines.split("\n")
    width = max(text_width(part, size) for part in parts)
    return piece.holds(width / points, _LINE * size * len(parts) / points, turn)
