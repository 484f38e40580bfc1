"""The parts of a map: territories, dots for small ones, and a legend and texts below."""

import textwrap
from collections.abc import Sequence
from itertools import accumulate
from typing import Any

import numpy as np
from attrs import frozen

from dli.arrays import Floats
from dli.plots.axes import letters_in, plain
from dli.plots.projection import apart
from dli.plots.style import current

__all__ = ["Below", "Territories", "draw_territories", "signed_area"]

_LAND = "#E6E6E6"  # territories that are not assessed
_COLOURS = "viridis"
_HATCH = "//////"
_BAR = 7  # the height of the colour bar, in points
_NOTE = 0.85  # the font size of the note, relative to small text
_LINE = 1.35  # the height of a line, relative to its font size


@frozen(kw_only=True, eq=False)
class Territories:
    """The territories of a map, with their scores.

    Attributes
    ----------
    rings : list of list of ndarray of shape (n_points, 2)
        The rings of each territory in map coordinates; outlines run anticlockwise, holes clockwise.
    scores : ndarray of shape (n_territories,)
        The score of each territory, NaN if it does not have one.
    assessed : ndarray of shape (n_territories,)
        Whether a territory is a unit of the assessment.
    centres : ndarray of shape (n_territories, 2)
        The place of each territory's dot; NaN if it must not be drawn as a dot.
    """

    rings: list[list[Floats]]
    scores: Floats
    assessed: Any
    centres: Floats

    def areas(self) -> Floats:
        """Return the area of each territory in squared map units."""
        return np.array([abs(sum(map(signed_area, rings))) for rings in self.rings])


def signed_area(ring: Floats) -> float:
    """Return the area that a closed ring encloses, negative if it runs clockwise."""
    x, y = (ring - ring[0]).T
    return float(0.5 * np.sum(x[:-1] * y[1:] - x[1:] * y[:-1]))


def draw_territories(
    ax: Any, territories: Territories, label: str, below: "Below", *, is_own: bool
) -> None:
    """Draw territories and the texts below them; a figure of our own is made as high as needed."""
    points = np.concatenate([ring for rings in territories.rings for ring in rings])
    low, high = points.min(axis=0), points.max(axis=0)
    size = np.maximum(high - low, 1e-9 * (np.abs(points).max() or 1.0))
    margin = 0.01 * size.max()
    low, size = low - margin, size + 2 * margin
    if is_own:
        _fit(ax, size[1] / size[0], below)
    ax.axis("off")
    engine = ax.figure.get_layout_engine()
    if engine is not None:  # it determines the size, on which dots and lines depend
        engine.execute(ax.figure.canvas.figure)
    room = ax.get_window_extent()
    width, height = 72 * room.width / ax.figure.dpi, 72 * room.height / ax.figure.dpi
    depth = min(below.lay_out(width), 0.7 * height)
    scale = min(width / size[0], (height - depth) / size[1])  # points for each unit of the map
    ax.set_xlim(low[0], low[0] + size[0])
    # The texts below are inside the axes, so that they do not need space around them.
    ax.set_ylim(low[1] - depth / scale, low[1] + size[1])
    ax.set_aspect("equal", anchor="N")
    map_width = scale * size[0]
    colours = _fill(ax, territories, map_width)
    _dots(ax, territories, colours, scale, map_width)
    below.draw(ax, colours, label, (low[1], width, map_width))


def _fit(ax: Any, ratio: float, below: "Below") -> None:
    """Make the axes fill the figure, and the figure as high as the map and the texts below."""
    figure = ax.figure
    figure.set_layout_engine("none")
    ax.set_position([0.01, 0.01, 0.98, 0.98])
    inches = 0.98 * figure.get_figwidth()
    height = inches * min(ratio, 1.3) + below.lay_out(72 * inches) / 72
    figure.set_figheight(height / 0.98)


def _fill(ax: Any, territories: Territories, width: float) -> Any:
    """Fill the territories according to their scores, and return the mapping to colours."""
    from matplotlib.cm import ScalarMappable
    from matplotlib.collections import PathCollection
    from matplotlib.path import Path as Outline

    outlines = np.empty(len(territories.rings), dtype=object)
    for place, rings in enumerate(territories.rings):
        closed = [Outline(ring, closed=True) for ring in rings]
        outlines[place] = Outline.make_compound_path(*closed)
    scored = ~np.isnan(territories.scores)
    colours = ScalarMappable(cmap=_COLOURS)
    colours.set_array(territories.scores[scored])
    colours.autoscale()
    style = current()
    line: dict[str, Any] = {
        "edgecolor": style.paper,
        "linewidth": float(np.interp(width, [250, 650], [0.2, 0.5])),
    }
    filled: dict[str, Any] = {
        "array": territories.scores[scored],
        "cmap": colours.cmap,
        "norm": colours.norm,
    }
    missing = {"facecolor": style.paper, "hatch": _HATCH, **line, "edgecolor": style.grey}
    for chosen, look in (
        (scored, {**filled, **line}),
        (~territories.assessed, {"facecolor": _LAND, **line}),
        (territories.assessed & ~scored, missing),
    ):
        if chosen.any():
            ax.add_collection(PathCollection(outlines[chosen].tolist(), **look))
    return colours


def _dots(ax: Any, territories: Territories, colours: Any, scale: float, width: float) -> None:
    """Draw a dot for each assessed territory that covers less than a quarter of the dot."""
    diameter = float(np.interp(width, [250, 650], [3.0, 5.0]))
    is_small = territories.areas() * scale**2 < np.pi * diameter**2 / 16
    small = np.flatnonzero(is_small & territories.assessed & ~np.isnan(territories.centres[:, 0]))
    if not small.size:
        return
    style = current()
    places = apart(territories.centres[small], 0.95 * diameter / scale)
    scores = territories.scores[small]
    scored = ~np.isnan(scores)
    dots: dict[str, Any] = {"s": diameter**2, "linewidth": 0.35, "zorder": 3}
    filled = {"c": colours.to_rgba(scores[scored]), "edgecolor": style.ink}
    # Hatched, as larger territories without a score.
    missing = {"c": style.paper, "edgecolor": style.grey, "hatch": 2 * _HATCH}
    for chosen, look in ((scored, filled), (~scored, missing)):
        if chosen.any():
            ax.scatter(*places[chosen].T, **look, **dots)


@frozen(kw_only=True, eq=False)
class Below:
    """The colour bar, the legend and the texts below a map.

    Attributes
    ----------
    has_missing, has_others : bool
        Whether the legend explains territories without a score, and territories that are not
        assessed.
    absent : sequence of str
        Units that are not on the map.
    note : str
        The note of the geometry.
    """

    has_missing: bool
    has_others: bool
    absent: Sequence[str]
    note: str

    def _texts(self, width: float) -> tuple[str, str]:
        """Return the list of absent units and the note, in lines for a width in points."""
        small = current().small
        letters = int(1.1 * letters_in(width / 72, small))
        shown = plain(_named(self.absent), 400)
        absent = _balanced(f"not on the map: {shown}", letters) if self.absent else ""
        letters = int(1.25 * letters_in(width / 72, _NOTE * small))
        return absent, _balanced(plain(self.note, 400), letters)

    def _tops(self, width: float) -> list[float]:
        """Return the tops of the bar, the legend and the two texts, and the end, in points down."""
        small = current().small
        absent, note = self._texts(width)
        heights = [
            _BAR + 2.9 * small + 4,
            1.7 * small if self.has_missing or self.has_others else 0.0,
            _LINE * small * (absent.count("\n") + 1) + 2 if absent else 0.0,
            _LINE * _NOTE * small * (note.count("\n") + 1) + 4 if note else 0.0,
        ]
        return list(accumulate(heights, initial=6.0))

    def lay_out(self, width: float) -> float:
        """Return the total height for a width, both in points."""
        return float(self._tops(width)[-1])

    def draw(self, ax: Any, colours: Any, label: str, at: tuple[float, float, float]) -> None:
        """Draw everything; ``at`` is the bottom of the map and the widths of axes and map."""
        from matplotlib.transforms import Affine2D, ScaledTranslation, blended_transform_factory

        style = current()
        bottom, width, map_width = at
        bar, legend, absent, note, _ = (-top for top in self._tops(width))
        points = Affine2D().scale(1 / 72) + ax.figure.dpi_scale_trans
        from_bottom = points + ScaledTranslation(0, bottom, ax.transData)
        place = blended_transform_factory(ax.transAxes, from_bottom)
        self._draw_bar(ax, colours, label, (bar, map_width, place))
        self._draw_legend(ax, legend, place)
        look = {"ha": "center", "va": "top", "transform": place, "linespacing": 1.25}
        texts = self._texts(width)
        if texts[0]:
            ax.set_title(texts[0], fontsize=style.small, y=absent)
            ax.title.set(x=0.5, **look)
        ax.text(0.5, note - 4, texts[1], fontsize=_NOTE * style.small, color="#666666", **look)

    def _draw_bar(self, ax: Any, colours: Any, label: str, at: tuple[float, float, Any]) -> None:
        top, width, place = at
        style = current()
        share = float(np.clip(230 / width, 0.4, 1.2))
        bar = ax.inset_axes([(1 - share) / 2, top - _BAR, share, _BAR], transform=place)
        scale = ax.figure.colorbar(colours, cax=bar, orientation="horizontal")
        scale.outline.set_visible(False)
        bar.tick_params(length=2, pad=2, labelsize=style.small, labelcolor=style.ink)
        bar.set_xlabel(label, fontsize=style.small, labelpad=1)

    def _draw_legend(self, ax: Any, top: float, place: Any) -> None:
        from matplotlib.patches import Patch

        style = current()
        empty: dict[str, Any] = {
            "facecolor": style.paper,
            "edgecolor": style.grey,
            "linewidth": 0.4,
        }
        handles = []
        if self.has_missing:
            handles.append(Patch(**empty, hatch=_HATCH, label="no score"))
        if self.has_others:
            handles.append(Patch(facecolor=_LAND, label="not assessed"))
        if handles:
            ax.legend(
                handles=handles, ncols=2, fontsize=style.small, frameon=False,
                loc="upper center", bbox_to_anchor=(0.5, top), bbox_transform=place,
                borderaxespad=0, borderpad=0.2, handlelength=1.6, columnspacing=1.5,
            )  # fmt: skip


def _balanced(text: str, letters: int) -> str:
    """Return a text broken into as few lines as possible, of about equal length."""
    lines = textwrap.wrap(text, letters)
    while len(shorter := textwrap.wrap(text, letters - 1)) == len(lines) > 1:
        lines, letters = shorter, letters - 1
    return "\n".join(lines)


def _named(units: Sequence[str], most: int = 12) -> str:
    rest = len(units) - most
    return ", ".join(units[:most]) + (f" and {rest} more" if rest > 0 else "")
