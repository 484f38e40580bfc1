"""A picture of capabilities in layers, each wrapped into as many lines as a page needs."""

from typing import TYPE_CHECKING, Any

import numpy as np
from attrs import frozen

from dli import frames
from dli.errors import UnknownCodeError
from dli.framework import Index
from dli.plots.axes import axes_for, letters_in, plain, text_width, wrapped
from dli.plots.style import current, drawn

if TYPE_CHECKING:
    from dli.assessment import Assessment
    from dli.capability import CapabilityGraph

__all__ = ["capabilities"]

# Boxes of capabilities beside each other at most, and inches for text of 7.5 points: from a line of
# boxes to the next, between layers, and around the text of a box.
_BESIDE = 4
_LINE, _GAP, _AIR = 0.42, 0.3, 0.12


@frozen
class _Box:
    """A node's box in inches: its centre, from the upper left corner of the picture, and sides."""

    x: float
    y: float
    width: float
    height: float


@drawn
def capabilities(
    graph: "CapabilityGraph",
    assessment: "Assessment | None" = None,
    unit: object = None,
    *,
    node: str | None = None,
    period: object = None,
    ax: Any = None,
) -> Any:
    """Draw capabilities, the outcomes that they act on and the index in layers.

    From top to bottom each node stands after what strengthens it; capabilities that feed back on
    each other share a layer, and below them are outcomes, beside their sub-indices, and the index.
    Lines are as thick as links are strong: blue adds, vermilion and dashed takes away. With an
    assessment and a unit, nodes are filled by their level: the emptier, the weaker. The weakest
    third of them is framed, and only links that lead to a node of it are in colour.

    Parameters
    ----------
    graph : CapabilityGraph
        Capabilities and their links.
    assessment : Assessment, optional
        Whose scores fill the boxes.
    unit : object, optional
        Whose scores they are.
    node : str, optional
        A capability, an outcome, or a sub-index with outcomes: only that node, what leads to it
        and what it leads to are shown.
    period : object, optional
        Where there are several.
    ax : matplotlib.axes.Axes, optional
        Where to draw; a figure of its own by default.

    Returns
    -------
    matplotlib.axes.Axes
        With the picture, to be changed or saved.

    Raises
    ------
    UnknownCodeError
        Links that lead to what is not in the index, no such unit, or no such node.
    """
    style = current()
    kept = _kept(graph, assessment, node)
    layers, groups = _layers(graph, assessment, kept)
    boxes, height = _boxes(layers, groups, "" if assessment is None else assessment.index.code)
    level = {} if assessment is None or unit is None else _levels(graph, assessment, unit, period)
    level = {code: own for code, own in level.items() if code in boxes}
    weak = set(sorted(level, key=lambda code: level[code])[: len(level) // 3])
    said = []
    if level:
        said = [f"{plain(unit)}: filled as far as each is complete, or a barrier gone;",
                "the weakest third framed"]  # fmt: skip
    ax = axes_for(ax, style.width, height + 0.2 * len(said))
    _links(ax, graph, boxes, weak)
    _tree(ax, boxes, groups)
    barriers = {c.code for c in graph.capabilities if c.kind == "barrier"}
    for code, box in boxes.items():
        _draw(ax, code, box, barrier=code in barriers, level=level.get(code), weak=code in weak)
    ax.set_xlim(0, style.width)
    ax.set_ylim(height, 0)
    ax.axis("off")
    if said:
        ax.set_title("\n".join(said), fontsize=style.small, loc="left")
    return ax


def _kept(graph: "CapabilityGraph", assessment: "Assessment | None", node: str | None) -> set[str]:
    """Return the nodes of the graph that are drawn: all, or those that one has to do with."""
    import networkx as nx

    net = graph.to_networkx()
    if node is None:
        return set(net)
    own = {node} if node in net else set()
    inner: list[str] = []
    if assessment is not None:
        inner = [one.code for one in assessment.index.walk() if isinstance(one, Index)]
        if node in inner:
            part = assessment.index.find(node)
            own |= {one.code for one in part.walk()} & set(graph.outcomes)  # type: ignore[union-attr] # an Index
    if not own:
        raise UnknownCodeError("node of the graph", [node], sorted({*net, *inner}))
    reached = set(own)
    for one in own:
        reached |= nx.ancestors(net, one) | nx.descendants(net, one)
    return reached


def _layers(
    graph: "CapabilityGraph", assessment: "Assessment | None", kept: set[str]
) -> tuple[list[list[str]], dict[str, list[str]]]:
    """Return the layers of capabilities, and the outcomes of each parent ("" without an index)."""
    from dli.capability.structure import stages

    layers = [
        [code for group in groups for code in group if code in kept]
        for groups in stages(graph, graph.codes)
    ]
    layers = [layer for layer in layers if layer]
    outcomes = [code for code in graph.outcomes if code in kept]
    if assessment is None:
        return layers, {"": outcomes}
    index = assessment.index
    # In the order of the indicators, a sub-index where its first indicator would be.
    first = {i.code: place for place, i in reversed(list(enumerate(index.indicators)))}
    for inner in index.walk():
        if isinstance(inner, Index):
            first[inner.code] = first[inner.indicators[0].code]
    unknown = [code for code in outcomes if code not in first]
    if unknown:
        raise UnknownCodeError("node of the index", unknown, first)
    groups: dict[str, list[str]] = {}
    for code in sorted(outcomes, key=first.__getitem__):
        parent = index.parent(code)
        if parent is not None:
            groups.setdefault(parent.code, []).append(code)
    # An outcome that is itself the parent of others stands beside them only.
    beside = {
        parent: [code for code in own if code not in groups] for parent, own in groups.items()
    }
    return layers, {parent: own for parent, own in beside.items() if own}


def _boxes(
    layers: list[list[str]], groups: dict[str, list[str]], index: str
) -> tuple[dict[str, _Box], float]:
    """Return the box of each node, and the height of all."""
    style = current()
    scale = style.small / 7.5
    line, gap, air = scale * _LINE, scale * _GAP, scale * _AIR
    boxes: dict[str, _Box] = {}
    y = line / 2
    width = style.width / _BESIDE - air
    for layer in layers:
        n_lines = -(-len(layer) // _BESIDE)
        beside = -(-len(layer) // n_lines)
        for place, code in enumerate(layer):
            row, column = divmod(place, beside)
            in_row = min(beside, len(layer) - row * beside)
            x = style.width / 2 + (column - (in_row - 1) / 2) * style.width / max(in_row, 3)
            boxes[code] = _Box(x, y + row * line, width, line - air)
        y += n_lines * line + gap
    outcomes = [code for own in groups.values() for code in own]
    parents = [parent for parent in groups if parent not in ("", index)]
    wide = min(max(map(_room_of, [*parents, index]), default=0.0), 0.3 * style.width)
    right = style.width - (wide + 2 * air if index else 0.0)
    own = min(max(map(_room_of, outcomes), default=0.0), right - air)
    beside = max(1, int(right / (own + air / 2)))
    low, pitch = scale * 0.22, scale * 0.36
    for parent, codes in groups.items():
        n_lines = -(-len(codes) // beside)
        for place, code in enumerate(codes):
            row, column = divmod(place, beside)
            x = (column + 0.5) * right / beside
            boxes[code] = _Box(x, y + row * pitch, own, low)
        if parent in parents:
            middle = y + (n_lines - 1) * pitch / 2
            boxes[parent] = _Box(style.width - wide / 2 - 0.02, middle, wide, low)
        y += n_lines * pitch
    if index:
        boxes[index] = _Box(style.width - wide / 2 - 0.02, y, wide, low)
    return boxes, max(box.y + box.height / 2 for box in boxes.values()) + 0.04


def _room_of(code: str) -> float:
    """Return the inches that a code needs in one line, with air."""
    return text_width(plain(code), current().small) / 72 + 0.1


def _levels(
    graph: "CapabilityGraph", assessment: "Assessment", unit: object, period: object
) -> dict[str, float]:
    """Return what is complete of each node, from 0 to 1."""
    row = assessment.row(unit, period=period)
    levels = frames.read(graph.levels(assessment))
    known: dict[str, float] = {}
    for capability in graph.capabilities:
        level = levels.column(capability.code)[row]
        if level is not None:
            known[capability.code] = 1 - level if capability.kind == "barrier" else level
    for node, (low, high) in assessment.held.ends.items():
        score = float(assessment.array(node)[row])
        if high > low and not np.isnan(score):
            known[node] = (score - low) / (high - low)
    return {code: float(np.clip(level, 0, 1)) for code, level in known.items()}


def _links(ax: Any, graph: "CapabilityGraph", boxes: dict[str, _Box], weak: set[str]) -> None:
    """Draw an arrow for each link; those to weak nodes alone are in colour, if there are any."""
    from matplotlib.patches import FancyArrowPatch

    style = current()
    for source, target, link in graph.to_networkx().edges(data=True):
        if source not in boxes or target not in boxes:
            continue
        start, end = boxes[source], boxes[target]
        down = np.sign(end.y - start.y)
        strength = link["strength"]
        colour = style.good if strength >= 0 else style.bad
        behind = bool(weak) and target not in weak
        ax.add_patch(
            FancyArrowPatch(
                (start.x, start.y + down * start.height / 2),
                (end.x, end.y - down * end.height / 2),
                # What stands beside or above is reached around the boxes between.
                connectionstyle=f"arc3,rad={0.0 if down > 0 else 0.35}",
                arrowstyle="-|>",
                mutation_scale=7,
                shrinkA=0,
                shrinkB=0,
                linewidth=0.5 + 3 * abs(strength),
                linestyle="-" if strength >= 0 else (0, (3, 2)),
                color=style.grey if behind else colour,
                alpha=0.3 if behind else 0.6,
                zorder=0.5 if behind else 1,
            )
        )


def _tree(ax: Any, boxes: dict[str, _Box], groups: dict[str, list[str]]) -> None:
    """Draw thin lines from outcomes to their parents, and from these to the index."""
    style = current()
    last = list(boxes.values())[-1]
    rows = [
        (min(boxes[code].x for code in codes), y)
        for parent, codes in groups.items()
        if parent
        for y in dict.fromkeys(boxes[code].y for code in codes)
    ]
    for x, y in rows:
        ax.plot([x, last.x], [y, y], color=style.grey, linewidth=0.7, zorder=0)
    if rows:
        top = min(y for _, y in rows)
        ax.plot([last.x] * 2, [top, last.y], color=style.grey, linewidth=0.7, zorder=0)


def _draw(ax: Any, code: str, box: _Box, *, barrier: bool, level: float | None, weak: bool) -> None:
    """Draw the box of a node: how far it is filled, its frame and its code."""
    from matplotlib.patches import Rectangle

    style = current()
    corner = (box.x - box.width / 2, box.y - box.height / 2)
    ax.add_patch(Rectangle(corner, box.width, box.height, facecolor=style.paper, zorder=2))
    if level is not None:
        filled = Rectangle(corner, box.width * level, box.height, zorder=3, linewidth=0)
        filled.set(facecolor=style.good, alpha=0.25)
        ax.add_patch(filled)
    frame = Rectangle(corner, box.width, box.height, fill=False, zorder=4)
    frame.set_edgecolor(style.mark if weak else style.bad if barrier else style.ink)
    frame.set_linewidth(2.2 if weak else 0.8)
    frame.set_linestyle("--" if barrier else "-")
    ax.add_patch(frame)
    ax.text(box.x, box.y, wrapped(code, letters_in(box.width, style.small), 2), ha="center",
            va="center", fontsize=style.small, linespacing=1.1, zorder=5)  # fmt: skip
