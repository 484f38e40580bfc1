"""What all pictures share: axes to draw on, room for text, and the ticks of ranks."""

import re
import reprlib
import unicodedata
from collections.abc import Sequence
from typing import Any

from dli.errors import MethodError
from dli.plots.style import BAD, GOOD, GREY, INK, MARK, PALETTE, current, pyplot

__all__ = [
    "BAD",
    "GOOD",
    "GREY",
    "INK",
    "MARK",
    "PALETTE",
    "axes_for",
    "letters_in",
    "name_size",
    "plain",
    "rank_ticks",
    "spread",
    "text_width",
    "tidy",
    "wrapped",
]


def axes_for(ax: Any, width: float, height: float, projection: str | None = None) -> Any:
    """Give the axes that came in, or those of a new figure of a size in inches.

    Raises
    ------
    ImportError
        matplotlib is not installed.
    MethodError
        Something other than axes.
    """
    if ax is None:
        figure = pyplot().figure(figsize=(width, height), layout="constrained")
        ax = figure.add_subplot(projection=projection)
    elif not hasattr(ax, "tick_params"):
        msg = f"ax must be axes of matplotlib, got {reprlib.repr(ax)}"
        raise MethodError(msg)
    style = current()
    # Ticks are made when the picture is saved, after the settings of the style have gone.
    own = {} if style.font is None else {"labelfontfamily": style.font}
    ax.tick_params(labelsize=style.small, labelcolor=style.ink, **own)
    return ax


def name_size(n: int) -> float:
    """Return the size of the names of many rows."""
    style = current()
    return style.small if n > 40 else (style.small + style.size) / 2


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


def text_width(text: str, size: float) -> float:
    """Estimate the width of a line in points, rather too wide than too narrow.

    Fonts are not asked: they would warn of letters that they lack, and another font may be used
    where the picture is shown.

    Examples
    --------
    >>> text_width("mill", 10.0) < text_width("WORD", 10.0)
    True
    """
    return size * sum(map(_letter_width, text))


def _letter_width(letter: str) -> float:
    if unicodedata.east_asian_width(letter) in "WF":
        return 1.05
    if letter in "ijlI.,:;'| ":
        return 0.34
    if letter in "frt()[]-/":
        return 0.43
    if letter in "mwMW%@…—":
        return 1.0
    return 0.74 if letter.isupper() else 0.64


def letters_in(inches: float, size: float) -> int:
    """Return about how many letters of a size a line of some inches holds."""
    return max(4, int(72 * inches / (0.62 * size)))


def wrapped(text: str, letters: int, lines: int = 3) -> str:
    r"""Break a text after spaces, underscores and hyphens; what is more than some lines is cut off.

    Examples
    --------
    >>> wrapped("cross_department_coordination", 17)
    'cross_department_\ncoordination'
    """
    made = [""]
    for piece in re.split(r"(?<=[\s_/-])", text):
        if made[-1] and len(made[-1]) + len(piece.rstrip()) > letters:
            made.append("")
        made[-1] += piece
    whole = [line.strip() for line in made]
    if len(whole) > lines:
        whole = [*whole[: lines - 1], f"{whole[lines - 1]}…"]
    return "\n".join(plain(line, max(letters, 2)) for line in whole)


def rank_ticks(last: int, most: int = 8) -> list[int]:
    """Return ticks for ranks: the first is 1, for there is no rank 0.

    Examples
    --------
    >>> rank_ticks(193)
    [1, 50, 100, 150]
    >>> rank_ticks(4)
    [1, 2, 3, 4]
    """
    step = next(
        step for power in range(20) for own in (1, 2, 5) if last / (step := own * 10**power) <= most
    )
    return sorted({1, *range(step, last + 1, step)})


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
