"""The look of all pictures, in one object, and a function that saves pictures."""

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

from dli.checks import number, number_fault, refuse, text_faults, whole_number
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

# From the palette of Okabe and Ito, which is safe for colour-blind readers and for grey printers.
GOOD = "#0072B2"  # blue
BAD = "#D55E00"  # vermilion
MARK = "#E69F00"  # orange
GREY = "#999999"
INK = "#222222"
PALETTE = (
    "#0072B2", "#E69F00", "#009E73", "#CC79A7", "#56B4E9", "#D55E00", "#F0E442", "#999999",
)  # fmt: skip

# In inches or points; much larger sizes make matplotlib raise errors of its own.
_LARGEST = 200

P = ParamSpec("P")
T = TypeVar("T")


def _colours(palette: Any) -> Any:
    """Return a sequence of colours as a tuple; anything else unchanged, to be rejected later."""
    is_sequence = isinstance(palette, Iterable) and not isinstance(palette, str)
    return tuple(palette) if is_sequence else palette


@frozen(kw_only=True)
class Style:
    """The fonts, colours and sizes of all pictures that are drawn inside a ``with`` block.

    By default, pictures are as wide as a column of text, so that their text is readable on a phone
    as well, where 5.4 inches are shown on 390 pixels and one point is about one pixel.

    Attributes
    ----------
    width : float
        The width of a picture, in inches.
    size, small : float
        The font sizes of most text and of small text, such as lists of names, in points.
    font : str, optional
        The font family, such as ``"Noto Sans CJK SC"``; by default that of matplotlib's settings.
    good, bad, mark : str
        The colours of the main quantity and of increases, of highlights and of decreases, and of a
        second quantity.
    grey, ink, paper : str
        The colours of the background, such as all other units, of text and lines, and of the page.
    palette : tuple of str
        The colours of units or sub-indices, used in this order and then repeated.

    Raises
    ------
    MethodError
        A size is not above 0 and at most 200, or matplotlib does not know a colour.

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
            faults.append("palette must contain at least one colour, got none")
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
        """Return the colour at a place in the palette, which starts again after its last colour."""
        return self.palette[place % len(self.palette)]

    def shades(self) -> Any:
        """Return a colour map from ``paper`` through ``good`` to almost ``ink``: more is darker."""
        colours = pyplot().matplotlib.colors
        low, middle, high = (colours.to_rgb(c) for c in (self.paper, self.good, self.ink))
        dark = tuple((a + 2 * b) / 3 for a, b in zip(middle, high, strict=True))
        return colours.LinearSegmentedColormap.from_list("dli", [low, middle, dark])

    def on(self, colour: Any) -> str:
        """Return ``ink`` or ``paper``, whichever is easier to read as text on a colour."""
        to_rgb = pyplot().matplotlib.colors.to_rgb

        def luminance(of: Any) -> float:
            linear = [c / 12.92 if c <= 0.03928 else ((c + 0.055) / 1.055) ** 2.4 for c in of]
            return float(np.dot([0.2126, 0.7152, 0.0722], linear))

        behind = luminance(to_rgb(colour))

        def contrast(text: str) -> float:
            low, high = sorted([behind, luminance(to_rgb(text))])
            return (high + 0.05) / (low + 0.05)

        return max(self.ink, self.paper, key=contrast)

    def settings(self) -> dict[str, Any]:
        """Return the settings of matplotlib that apply while a picture is drawn."""
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
    """Return the style of the innermost ``with`` block, or the default style."""
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
        msg = 'pictures require matplotlib: pip install "digital-leadership-index[plot]"'
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
        if kwargs.get("top") is not None:  # a limit on what is shown, wherever it is a parameter
            whole_number("top", kwargs["top"], 1)
        settings = pyplot().rcParams
        changes = current().settings()
        # matplotlib's rc_context would also undo the settings that loading a backend has changed.
        before = {name: settings[name] for name in changes}
        settings.update(changes)
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
    """Save a picture, completely or not at all; the same picture results in the same bytes.

    Text remains text in SVG and PDF files, so that it can be searched, copied and edited.

    Parameters
    ----------
    ax : matplotlib.axes.Axes or ndarray of them
        The axes that a function of `dli.plots` returned. Their whole figure is saved.
    path : path
        The file to write. Its ending determines the format, such as ``.svg``, ``.pdf`` or ``.png``.
    dpi : float
        The resolution of bitmaps, in pixels per inch.

    Raises
    ------
    MethodError
        ``ax`` is not axes, matplotlib cannot write the format that the ending names, or ``dpi`` is
        not between 10 and 2400.
    FileError
        ``path`` is not a path, or the file cannot be written.
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
