"""A picture of an index as rings, each piece with the text that it has room for."""

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

# The radius of the disc in the middle, and the limit of the axes; the circle's own is 1.
_MIDDLE, _LIMIT = 0.2, 1.02
# A line of text is so many times as high as its letters.
_LINE = 1.25


@frozen
class _Piece:
    """A piece of a ring: clockwise from the top, from a share of the circle to another."""

    start: float
    end: float
    inner: float
    outer: float

    @property
    def angle(self) -> float:
        """The angle of its middle, in radians anticlockwise from the right."""
        return float(np.pi * (0.5 - self.start - self.end))

    @property
    def radius(self) -> float:
        """The radius of its middle."""
        return (self.inner + self.outer) / 2

    def holds(self, width: float, height: float, turn: float) -> bool:
        """Return whether a box around the middle, turned by an angle, lies within the piece."""
        along = np.linspace(-0.5, 0.5, 9)
        edges = np.concatenate([along - 0.5j, along + 0.5j, 1j * along - 0.5, 1j * along + 0.5])
        box = (edges.real * width + 1j * edges.imag * height) * np.exp(1j * (turn - self.angle))
        box += self.radius
        distance = np.abs(box)
        beside = np.pi * (self.end - self.start) - np.abs(np.angle(box))
        air = 0.008
        return bool(
            (distance > self.inner + air).all()
            and (distance < self.outer - air).all()
            and (beside * distance > air).all()
        )


@drawn
def framework(index: Index, *, ax: Any = None) -> Any:
    """Draw an index as rings: its sub-indices inside, indicators outside, as wide as their weights.

    Sub-indices have their names where there is room, all others their codes. Text is broken into
    lines, made smaller and cut off as its piece demands; pieces without room for any are counted
    below the picture.

    Parameters
    ----------
    index : Index
        Weights are the declared ones.
    ax : matplotlib.axes.Axes, optional
        Where to draw; a figure of its own by default.

    Returns
    -------
    matplotlib.axes.Axes
        With the picture, to be changed or saved.
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
        found = next(_texts(node, piece, points), None)
        if found is None:
            n_bare += 1
            continue
        text, size, turn = found
        at = piece.radius * np.exp(1j * piece.angle)
        ax.text(at.real, at.imag, text, ha="center", va="center", rotation=np.rad2deg(turn),
                fontsize=size, linespacing=1.1, color=style.on(fill))  # fmt: skip
    ax.text(0, 0, wrapped(index.code, 8), ha="center", va="center", fontsize=1.2 * style.size)
    if n_bare:
        ax.text(0, -_LIMIT, f"without room for their codes: {n_bare:,}", ha="center", va="top",
                fontsize=style.small)  # fmt: skip
    ax.set_xlim(-_LIMIT, _LIMIT)
    ax.set_ylim(-_LIMIT - 0.08 * bool(n_bare), _LIMIT)
    return ax


def _pieces(index: Index) -> Iterator[tuple[Node, _Piece, tuple[float, ...]]]:
    """Give each node below the index with its piece and its colour, paler outwards."""
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
    """Give the texts that have room in a piece, the best first: text, size and turn."""
    style = current()
    # Never upside down: angles go from a right one down to three of them below it.
    outwards = piece.angle + np.pi * (piece.angle < -np.pi / 2)
    least = 0.85 * style.small
    if 2 * np.pi * (piece.end - piece.start) * piece.outer * points < least:
        return
    names = [f"{node.code} {node.name}"] if isinstance(node, Index) and node.name else []
    # Those of a ring that are all alike are easier to look through than a mixture.
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
