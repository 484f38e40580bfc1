"""A picture of dominance: which units are ahead of which others under all weights."""

from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np

from dli.checks import instance, whole_number
from dli.errors import DataError
from dli.plots.axes import axes_for, plain, text_width
from dli.plots.style import current, drawn

__all__ = ["hasse"]

# The height of a line of text, in inches for each point of its font size.
_LINE = 1.45 / 72
# The largest number of lines of names at each level.
_LINES = 2


@drawn
def hasse(order: Any, *, highlight: Sequence[object] = (), most: int = 40, ax: Any = None) -> Any:
    """Draw an order of dominance: which units are ahead of which others under all weights.

    Each unit is drawn below all units that are ahead of it, as high as possible; lines lead from
    each unit to the next worse ones. With many units the lines would be illegible. Instead, a row
    for each level then shows the number of its units, their names as far as there is space, and in
    how many pairs they are ahead of units at lower levels.

    Parameters
    ----------
    order : networkx.DiGraph
        The order, as returned by `dli.robustness.order`.
    highlight : sequence, optional
        Units to draw in another colour. A diagram also shows the lines between all units above and
        below them in colour; levels also state the number of units ahead of and behind them.
    most : int
        The largest number of units that are drawn with lines; larger orders are drawn as levels.
    ax : matplotlib.axes.Axes, optional
        The axes to draw on; a new figure is made by default.

    Returns
    -------
    matplotlib.axes.Axes
        The axes with the picture.

    Raises
    ------
    DataError
        A highlighted unit is not in the order.
    MethodError
        ``order`` is not a directed graph, or ``most`` is not a whole number of at least 0.
    """
    import networkx as nx

    instance("order", order, nx.DiGraph)
    whole_number("most", most, 0)
    unknown = [unit for unit in highlight if unit not in order]
    if unknown:
        msg = "units to highlight must be in the order; these are not"
        raise DataError(msg, [f"{unit!r}" for unit in unknown])
    layers = [sorted(layer, key=str) for layer in nx.topological_generations(order)]
    draw = _levels if len(order) > most else _diagram
    ax = draw(order, layers, list(dict.fromkeys(highlight)), ax)
    ax.axis("off")
    return ax


def _diagram(order: Any, layers: list[list[Any]], marked: list[Any], ax: Any) -> Any:
    """Draw a box for each unit, and a line to each next worse unit."""
    import networkx as nx

    style = current()
    widest = max(map(len, layers), default=1)
    longest = max((text_width(plain(unit), style.small) for unit in order), default=0)
    ax = axes_for(ax, max(style.width, widest * (longest + 14) / 72), 0.8 + 0.62 * len(layers))
    place: dict[Any, tuple[float, float]] = {}
    for y, layer in enumerate(layers):
        # As far as possible, units are placed below those that are ahead of them.
        above = {
            unit: float(np.mean([place[p][0] for p in order.predecessors(unit)] or [0.0]))
            for unit in layer
        }
        for i, unit in enumerate(sorted(layer, key=lambda unit: (above[unit], str(unit)))):
            place[unit] = (i - (len(layer) - 1) / 2, -float(y))
    related: set[Any] = set(marked)
    for unit in marked:
        related |= nx.ancestors(order, unit) | nx.descendants(order, unit)
    for better, worse in order.edges:
        strong = better in related and worse in related
        ax.plot(*zip(place[better], place[worse], strict=True), zorder=1,
                color=style.good if strong else style.grey, linewidth=1.6 if strong else 0.8,
                alpha=0.8 if strong else 0.5)  # fmt: skip
    for unit, at in place.items():
        fill = style.bad if unit in marked else style.paper
        box = {"boxstyle": "round,pad=0.3", "linewidth": 0.8, "edgecolor": style.grey}
        ax.text(*at, plain(unit), ha="center", va="center", fontsize=style.small, zorder=2,
                color=style.on(fill), bbox={**box, "facecolor": fill})  # fmt: skip
    ax.set_xlim(-widest / 2 - 0.1, widest / 2 + 0.1)
    ax.set_ylim(-len(layers) + 0.5, 0.5)
    return ax


def _levels(order: Any, layers: list[list[Any]], marked: list[Any], ax: Any) -> Any:
    """Draw a row for each level: a bar for the number of its units, their pairs and names."""
    style = current()
    below, above = _reach(order, layers)
    n_pairs = len(order) * (len(order) - 1) // 2
    summaries = [
        f"{plain(unit, 24)} is ahead of {below[unit]:,} and behind {above[unit]:,}; "
        f"{len(order) - 1 - above[unit] - below[unit]:,} depend on the weights"
        for unit in marked
    ]
    width = 72 * style.width if ax is None else 72 * ax.get_window_extent().width / ax.figure.dpi
    room = 0.94 * width
    rows = [_names(layer, marked, room) for layer in layers]
    # A line for the heading of each level, and half a line between levels.
    n_lines = 2.6 + len(summaries) + sum(1.5 + len(lines) for lines in rows)
    ax = axes_for(ax, style.width, n_lines * _LINE * style.small + 0.15)
    ax.text(0, 0, f"{len(order):,} units in {len(layers):,} levels; {sum(below.values()):,} of "
            f"{n_pairs:,} pairs\nhave the same order under all weights", fontsize=style.size,
            va="top")  # fmt: skip
    for y, text in enumerate(summaries):
        ax.text(0, 2.7 + y, text, fontsize=style.small, color=style.bad, va="center")
    at_line = 3.1 + len(summaries)
    widest = max(map(len, layers))
    for number, (layer, lines) in enumerate(zip(layers, rows, strict=True), 1):
        n_below = sum(below[unit] for unit in layer)
        ahead = f" · ahead in {n_below:,} pair{'s' * (n_below > 1)}" if n_below else ""
        heading = f"level {number} · {len(layer):,} unit{'s' * (len(layer) > 1)}{ahead}"
        ax.barh(at_line, len(layer) / widest, height=1.1, color=style.good, alpha=0.22, linewidth=0)
        ax.text(0.01, at_line, heading, fontsize=style.small, va="center", fontweight="bold")
        for line in lines:
            at_line += 1
            at = 0.01
            for name, is_marked in line:
                ax.text(at, at_line, name, fontsize=style.small, va="center",
                        color=style.bad if is_marked else style.ink,
                        fontweight="bold" if is_marked else "normal")  # fmt: skip
                at += _room_of(name, is_marked=is_marked) / width
        at_line += 1.5
    ax.set_xlim(0, 1)
    ax.set_ylim(at_line - 0.8, -0.1)
    return ax


def _room_of(name: str, *, is_marked: bool) -> float:
    return text_width(f"{name}  ", current().small) * (1.15 if is_marked else 1.0)


def _names(units: list[Any], marked: list[Any], room: float) -> list[list[tuple[str, bool]]]:
    """Return lines with as many names as fit, the marked ones first, and a count of the rest.

    Each line contains its unmarked names as one text.
    """
    first = [unit for unit in marked if unit in units]
    names = [(plain(unit, 24), True) for unit in first]
    names += [(plain(unit, 24), False) for unit in units if unit not in first]
    lines: list[list[tuple[str, bool]]] = [[]]
    used = 0.0
    for place, (name, is_marked) in enumerate(names):
        rest = len(names) - place
        own = _room_of(name, is_marked=is_marked)
        is_last = len(lines) == _LINES
        more = text_width(f"and {rest:,} more", current().small) if is_last and rest > 1 else 0.0
        if lines[-1] and used + own + more > room:
            if is_last:
                lines[-1].append((f"and {rest:,} more", False))
                break
            lines.append([])
            used = 0.0
        lines[-1].append((name, is_marked))
        used += own
    return [list(_joined(line)) for line in lines]


def _joined(line: list[tuple[str, bool]]) -> Iterator[tuple[str, bool]]:
    """Yield the marked names of a line, and then its other names as one text."""
    yield from (part for part in line if part[1])
    unmarked = [name for name, is_marked in line if not is_marked]
    if unmarked:
        yield "  ".join(unmarked), False


def _reach(order: Any, layers: list[list[Any]]) -> tuple[dict[Any, int], dict[Any, int]]:
    """Return how many units each unit is ahead of, and how many it is behind."""
    bit = {unit: 1 << i for i, unit in enumerate(order)}

    def counts(units: list[Any], following: Any) -> dict[Any, int]:
        reached: dict[Any, int] = {}
        for unit in units:
            own = 0
            for other in following(unit):
                own |= reached[other] | bit[other]
            reached[unit] = own
        return {unit: own.bit_count() for unit, own in reached.items()}

    units = [unit for layer in layers for unit in layer]
    return counts(units[::-1], order.successors), counts(units, order.predecessors)
