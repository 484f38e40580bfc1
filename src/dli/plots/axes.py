"""What all pictures share: axes to draw on, and colours that everyone can tell apart."""

from typing import Any

__all__ = ["BAD", "GOOD", "GREY", "INK", "MARK", "axes_for"]

# Of Okabe and Ito's palette, which survives colour blindness and grey printers.
GOOD = "#0072B2"  # blue
BAD = "#D55E00"  # vermilion
MARK = "#E69F00"  # orange
GREY = "#999999"
INK = "#222222"


def axes_for(ax: Any, width: float, height: float) -> Any:
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
    return plt.figure(figsize=(width, height), layout="constrained").subplots()
