"""Functions that all pictures share: axes, the width and wrapping of text, ticks for ranks."""

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
    """Return the axes that were passed, or those of a new figure whose size is in inches.

    Raises
    ------
    ImportError
        matplotlib is not installed.
    MethodError
        ``ax`` is not axes.
    """
    if ax is None:
        figure = pyplot().figure(figsize=(width, height), layout="constrained")
        ax = figure.add_subplot(projection=projection)
    elif not hasattr(ax, "tick_params"):
        msg = f"ax must be axes of matplotlib, got {reprlib.repr(ax)}"
        raise MethodError(msg)
    style = current()
    # Ticks are made when the picture is saved: by then the settings of the style no longer apply.
    family = {} if style.font is None else {"labelfontfamily": style.font}
    ax.tick_params(labelsize=style.small, labelcolor=style.ink, **family)
    return ax


def name_size(n: int) -> float:
    """Return the font size of the names of n rows, in points."""
    style = current()
    return style.small if n > 40 else (style.small + style.size) / 2


def plain(text: object, most: int = 60) -> str:
    r"""Return text as one line of limited length that is drawn literally, not as a formula.

    Examples
    --------
    >>> plain("US$ and $x$")
    'US\\$ and \\$x\\$'
    """
    flat = " ".join(str(text).split())
    short = flat if len(flat) <= most else flat[: most - 1] + "…"
    drawn = short.replace("$", r"\$")
    return f" {drawn}" if drawn.startswith("_") else drawn  # legends omit such labels


def text_width(text: str, size: float) -> float:
    """Return an estimate of the width of a line of text in points, on the wide side.

    The line is not measured in its font: matplotlib would warn of letters that the font lacks, and
    another font may be used where the picture is shown.

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
    """Return about how many letters of a font size fit into a line of a width in inches."""
    return max(4, int(72 * inches / (0.62 * size)))


def wrapped(text: str, letters: int, lines: int = 3) -> str:
    r"""Return a text broken after spaces, "_", "-" and "/", and cut off after some lines.

    Examples
    --------
    >>> wrapped("cross_department_coordination", 17)
    'cross_department_\ncoordination'
    """
    broken = [""]
    for piece in re.split(r"(?<=[\s_/-])", text):
        if broken[-1] and len(broken[-1]) + len(piece.rstrip()) > letters:
            broken.append("")
        broken[-1] += piece
    whole = [line.strip() for line in broken]
    if len(whole) > lines:
        whole = [*whole[: lines - 1], f"{whole[lines - 1]}…"]
    return "\n".join(plain(line, max(letters, 2)) for line in whole)


def rank_ticks(last: int, most: int = 8) -> list[int]:
    """Return ticks for ranks; the first is 1, because there is no rank 0.

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
    """Return heights moved apart, so that labels at these heights do not overlap.

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
    """Hide the top and right borders of the axes, and return the axes."""
    ax.spines[["top", "right"]].set_visible(False)
    return ax
