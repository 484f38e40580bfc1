"""What all pictures share: axes to draw on, and colours that everyone can tell apart."""

from collections.abc import Sequence
from typing import Any

__all__ = [
    "BAD",
    "GOOD",
    "GREY",
    "INK",
    "MARK",
    "PALETTE",
    "axes_for",
    "colour_of",
    "plain",
    "spread",
    "tidy",
]

# Of Okabe and Ito's palette, which survives colour blindness and grey printers.
GOOD = "#0072B2"  # blue
BAD = "#D55E00"  # vermilion
MARK = "#E69F00"  # orange
GREY = "#999999"
INK = "#222222"
PALETTE = (
    "#0072B2", "#E69F00", "#009E73", "#CC79A7", "#56B4E9", "#D55E00", "#F0E442", "#999999",
)  # fmt: skip


def axes_for(ax: Any, width: float, height: float, projection: str | None = None) -> Any:
    """Give the axes that came in, or those of a new figure of a size in inches.

    Raises
    ------
    ImportError
        matplotlib is not installed.
    """
    if ax is not None:
        return ax
    try:
        import matplotlib.pyplot as plt
    except ImportError as error:
        msg = 'pictures need matplotlib: pip install "digital-leadership-index[plot]"'
        raise ImportError(msg) from error
    figure = plt.figure(figsize=(width, height), layout="constrained")
    return figure.add_subplot(projection=projection)


def colour_of(place: int) -> str:
    """Give the colour of the first, the second and so on; after eight they come again."""
    return PALETTE[place % len(PALETTE)]


def plain(text: object, most: int = 60) -> str:
    r"""Write text of the data so that it is drawn as it is, no formula, in one line of some length.

    Examples
    --------
    >>> plain("US$ and $x$")
    'US\\$ and \\$x\\$'
    """
    flat = " ".join(str(text).split())
    short = flat if len(flat) <= most else flat[: most - 1] + "…"
    drawn = short.replace("$", r"\$")
    return f" {drawn}" if drawn.startswith("_") else drawn  # legends leave out what begins so


def spread(heights: Sequence[float], gap: float) -> list[float]:
    """Push heights apart, so that labels there do not cover each other.

    Examples
    --------
    >>> spread([1.0, 1.1, 5.0], 1.0)
    [1.0, 2.0, 5.0]
    """
    placed = [0.0] * len(heights)
    last = float("-inf")
    for i in sorted(range(len(heights)), key=heights.__getitem__):
        last = max(float(heights[i]), last + gap)
        placed[i] = last
    return placed


def tidy(ax: Any) -> Any:
    """Take away the lines that say nothing."""
    ax.spines[["top", "right"]].set_visible(False)
    return ax
