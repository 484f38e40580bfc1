"""How all pictures look, in one object, and how they are saved."""

import reprlib
from collections.abc import Callable, Iterable
from contextvars import ContextVar
from functools import cache, wraps
from os import PathLike, fsdecode
from pathlib import Path
from types import TracebackType
from typing import Any, ParamSpec, Self, TypeVar

import numpy as np
from attrs import field, frozen

from dli.checks import number, number_fault, refuse, text_faults
from dli.errors import FileError, MethodError
from dli.files import replacing

__all__ = [
    "BAD",
    "GOOD",
    "GREY",
    "INK",
    "MARK",
    "PALETTE",
    "Style",
    "current",
    "drawn",
    "pyplot",
    "save",
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

# Inches or points; matplotlib fails with an error of its own where they are far larger.
_LARGEST = 200

P = ParamSpec("P")
T = TypeVar("T")


def _colours(palette: Any) -> Any:
    """Return a sequence of colours as a tuple; anything else as it is, to be refused."""
    is_sequence = isinstance(palette, Iterable) and not isinstance(palette, str)
    return tuple(palette) if is_sequence else palette


@frozen(kw_only=True)
class Style:
    """The fonts, colours and sizes of all pictures that are drawn within ``with``.

    Pictures are as wide as a column of text by default, so that their text is readable on a
    telephone as well, where 390 pixels show 5.4 inches: a point is about a pixel there.

    Attributes
    ----------
    width : float
        The width of a picture, in inches.
    size, small : float
        The size of text, and the least of it, as in lists of names, in points.
    font : str, optional
        Such as ``"Noto Sans CJK SC"``; that of matplotlib's settings by default.
    good, bad, mark : str
        Colours of what adds or is drawn first, of what takes away or is highlighted, and of a
        second quantity.
    grey, ink, paper : str
        Colours of what stands behind, of text and lines, and of the page.
    palette : tuple of str
        Colours of units or parts, one after the other.

    Raises
    ------
    MethodError
        Sizes that are not above 0 and at most 200, or colours that matplotlib does not know.

    Examples
    --------
    >>> from dli import Assessment, Index, Indicator, plots
    >>> data = {"unit": ["A", "B"], "a": [1.0, 2.0]}
    >>> assessment = Assessment(Index("T", [Indicator("a")]), data)
    >>> with plots.Style(width=3.0, size=8.0, good="#332288"):
    ...     ax = plots.league(assessment)
    >>> float(ax.figure.get_size_inches()[0])
    3.0
    """

    width: float = 5.4
    size: float = 9.0
    small: float = 7.5
    font: str | None = None
    good: str = GOOD
    bad: str = BAD
    mark: str = MARK
    grey: str = GREY
    ink: str = INK
    paper: str = "#FFFFFF"
    palette: tuple[str, ...] = field(default=PALETTE, converter=_colours)

    def __attrs_post_init__(self) -> None:
        sizes = [(name, getattr(self, name)) for name in ("width", "size", "small")]
        limits = {"above": 0, "most": _LARGEST}
        faults = [fault for name, size in sizes if (fault := number_fault(name, size, **limits))]
        if self.font is not None:
            faults += text_faults(font=self.font)
        is_sequence = isinstance(self.palette, tuple)
        if not is_sequence:
            faults.append(f"palette must be a sequence of colours, got {self.palette!r}")
        elif not self.palette:
            faults.append("palette must have a colour at least, got none")
        is_colour = pyplot().matplotlib.colors.is_color_like
        names = ("good", "bad", "mark", "grey", "ink", "paper")
        colours = [(name, getattr(self, name)) for name in names]
        colours += [("palette", colour) for colour in (self.palette if is_sequence else ())]
        faults += [
            f"{name} must be a colour that matplotlib knows, got {colour!r}"
            for name, colour in colours
            if not is_colour(colour)
        ]
        refuse("Style", faults)

    def __enter__(self) -> Self:
        _STYLES.set((*_STYLES.get(), self))
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        _STYLES.set(_STYLES.get()[:-1])

    def colour(self, place: int) -> str:
        """Return the colour of the first, the second and so on; after the last they come again."""
        return self.palette[place % len(self.palette)]

    def shades(self) -> Any:
        """Return a colour map from the paper over ``good`` to nearly the ink: more is darker."""
        colours = pyplot().matplotlib.colors
        low, middle, high = (colours.to_rgb(c) for c in (self.paper, self.good, self.ink))
        dark = tuple((a + 2 * b) / 3 for a, b in zip(middle, high, strict=True))
        return colours.LinearSegmentedColormap.from_list("dli", [low, middle, dark])

    def on(self, colour: Any) -> str:
        """Return the colour of text, ink or paper, that is easier to read on another colour."""
        to_rgb = pyplot().matplotlib.colors.to_rgb

        def luminance(of: Any) -> float:
            parts = [c / 12.92 if c <= 0.03928 else ((c + 0.055) / 1.055) ** 2.4 for c in of]
            return float(np.dot([0.2126, 0.7152, 0.0722], parts))

        behind = luminance(to_rgb(colour))

        def contrast(text: str) -> float:
            low, high = sorted([behind, luminance(to_rgb(text))])
            return (high + 0.05) / (low + 0.05)

        return max(self.ink, self.paper, key=contrast)

    def settings(self) -> dict[str, Any]:
        """Return the settings of matplotlib that hold while a picture is drawn."""
        family = {} if self.font is None else {"font.family": [self.font, "sans-serif"]}
        return {
            **family,
            "font.size": self.size,
            "axes.labelsize": self.size,
            "axes.titlesize": self.size,
            "figure.facecolor": self.paper,
            "axes.facecolor": self.paper,
            "text.color": self.ink,
            "axes.labelcolor": self.ink,
            "legend.fontsize": self.small,
            "legend.frameon": False,
        }


_STYLES: ContextVar[tuple[Style, ...]] = ContextVar("styles", default=())


def current() -> Style:
    """Return the style of the innermost ``with``, or that of the library."""
    styles = _STYLES.get()
    return styles[-1] if styles else _usual()


@cache
def _usual() -> Style:
    return Style()


def pyplot() -> Any:
    """Return matplotlib.pyplot.

    Raises
    ------
    ImportError
        matplotlib is not installed.
    """
    try:
        import matplotlib.pyplot as plt
    except ImportError as error:
        msg = 'pictures need matplotlib: pip install "digital-leadership-index[plot]"'
        raise ImportError(msg) from error
    return plt


def drawn(draw: Callable[P, T]) -> Callable[P, T]:
    """Make a function draw with the settings of the style, and restore the user's afterwards.

    The first argument must be of the class that its annotation names.
    """
    name, annotation = next(iter(draw.__annotations__.items()))
    # Classes that load later are annotated by their names alone.
    kind = annotation if isinstance(annotation, str) else annotation.__name__

    @wraps(draw)
    def within(*args: P.args, **kwargs: P.kwargs) -> T:
        if kind not in ("Any", "object"):
            _require(name, args[0] if args else kwargs.get(name), kind)
        settings = pyplot().rcParams
        own = current().settings()
        # Not matplotlib's rc_context: it would undo what loading a backend has set, too.
        before = {name: settings[name] for name in own}
        settings.update(own)
        try:
            return draw(*args, **kwargs)
        finally:
            settings.update(before)

    return within


def _require(name: str, value: object, kind: str) -> None:
    if kind not in (base.__name__ for base in type(value).__mro__):
        msg = f"{name} must be of the class {kind}, got {reprlib.repr(value)}"
        raise MethodError(msg)


def save(ax: Any, path: str | PathLike[str], *, dpi: float = 200) -> None:
    """Save a picture whole or not at all, with the same bytes each time.

    Text stays text in SVG and PDF, so that it can be found, copied and edited.

    Parameters
    ----------
    ax : matplotlib.axes.Axes or ndarray of them
        As functions of `dli.plots` return. The whole figure is saved.
    path : path
        Its ending says the format, such as ``.svg``, ``.pdf`` or ``.png``.
    dpi : float
        Pixels for each inch, of what is no drawing.

    Raises
    ------
    MethodError
        Something else than axes, an ending of no format that matplotlib writes, or ``dpi`` that is
        not from 10 to 2400.
    FileError
        Something else than a path, or the file cannot be written.
    """
    number("dpi", dpi, least=10, most=2400)
    panels = np.ravel(np.asarray(ax, dtype=object))
    figure = getattr(panels[0], "figure", None) if panels.size else None
    if figure is None:
        msg = f"ax must be axes, or an array of axes, of matplotlib, got {ax!r}"
        raise MethodError(msg)
    figure = figure.canvas.figure
    try:
        ending = Path(fsdecode(path)).suffix[1:].lower()
    except TypeError as error:
        raise FileError(path, error) from error
    endings = figure.canvas.get_supported_filetypes()
    if ending not in endings:
        msg = f"path must end in one of {', '.join(sorted(endings))}, got {str(path)!r}"
        raise MethodError(msg)
    no_date = {"svg": {"Date": None}, "svgz": {"Date": None}, "pdf": {"CreationDate": None}}
    settings = {
        "svg.fonttype": "none", "svg.hashsalt": "dli", "pdf.fonttype": 42, "ps.fonttype": 42,
    }  # fmt: skip
    with replacing(path) as file, pyplot().rc_context(settings):
        figure.savefig(file, format=ending, dpi=dpi, metadata=no_date.get(ending))
