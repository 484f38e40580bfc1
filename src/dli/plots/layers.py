"""A picture of capabilities in layers, each on as many lines as the page requires."""

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

# The largest number of boxes beside each other; and in inches, for text of 7.5 points, the distance
# between lines of boxes, the gap between layers, and the margin around the text of a box.
_BESIDE = 4
_LINE, _GAP, _AIR = 0.42, 0.3, 0.12


@frozen
class _Box:
    """A node's box in inches: its centre, from the upper left corner of the picture, and size."""

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

    From top to bottom, each node is drawn below the nodes that strengthen it; capabilities in a
    feedback loop share a layer. Below them are the outcomes, beside their sub-indices, and the
    index. Stronger links are drawn as thicker lines: positive links are blue, negative links
    vermilion and dashed. With an assessment and a unit, boxes are filled according to the levels of
    the nodes: the emptier, the weaker. The weakest third of the nodes is framed, and only the links
    to these nodes are in colour.

    Parameters
    ----------
    graph : CapabilityGraph
        The capabilities and their links.
    assessment : Assessment, optional
        The assessment whose tree is drawn, and whose scores fill the boxes.
    unit : object, optional
        The unit whose scores fill the boxes; without it the boxes are empty.
    node : str, optional
        A capability, an outcome, or a sub-index with outcomes: only this node, the nodes that lead
        to it and the nodes that it leads to are shown.
    period : object, optional
        The period to draw; required if there are several periods.
    ax : matplotlib.axes.Axes, optional
        The axes to draw on; a new figure is made by default.

    Returns
    -------
    matplotlib.axes.Axes
        The axes with the picture.

    Raises
    ------
    UnknownCodeError
        A link leads to a node that is not in the index, or the unit or the node does not exist.
    """
    style = current()
    kept = _kept(graph, assessment, node)
    layers, groups = _layers(graph, assessment, kept)
    boxes, height = _boxes(layers, groups, "" if assessment is None else assessment.index.code)
    level = {} if assessment is None or unit is None else _levels(graph, assessment, unit, period)
    level = {code: share for code, share in level.items() if code in boxes}
    weak = set(sorted(level, key=lambda code: level[code])[: len(level) // 3])
    title = []
    if level:
        title = [f"{plain(unit)}: filled as far as each is complete, or a barrier is removed;",
                 "the weakest third is framed"]  # fmt: skip
    ax = axes_for(ax, style.width, height + 0.2 * len(title))
    _links(ax, graph, boxes, weak)
    _tree(ax, boxes, groups)
    barriers = {c.code for c in graph.capabilities if c.kind == "barrier"}
    for code, box in boxes.items():
        _draw(ax, code, box, barrier=code in barriers, level=level.get(code), weak=code in weak)
    ax.set_xlim(0, style.width)
    ax.set_ylim(height, 0)
    ax.axis("off")
    if title:
        ax.set_title("\n".join(title), fontsize=style.small, loc="left")
    return ax


def _kept(graph: "CapabilityGraph", assessment: "Assessment | None", node: str | None) -> set[str]:
    """Return the nodes of the graph to draw: all, or those that are connected with one node."""
    import networkx as nx

    net = graph.to_networkx()
    if node is None:
        return set(net)
    starts = {node} if node in net else set()
    inner: list[str] = []
    if assessment is not None:
        inner = [one.code for one in assessment.index.walk() if isinstance(one, Index)]
        if node in inner:
            part = assessment.index.find(node)
            starts |= {one.code for one in part.walk()} & set(graph.outcomes)  # type: ignore[union-attr] # an Index
    if not starts:
        raise UnknownCodeError("node of the graph", [node], sorted({*net, *inner}))
    reached = set(starts)
    for one in starts:
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
    # Outcomes are in the order of the indicators; a sub-index takes the place of its first one.
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
    # An outcome that is the parent of other outcomes is only drawn beside them.
    beside = {
        parent: [code for code in own if code not in groups] for parent, own in groups.items()
    }
    return layers, {parent: own for parent, own in beside.items() if own}


def _boxes(
    layers: list[list[str]], groups: dict[str, list[str]], index: str
) -> tuple[dict[str, _Box], float]:
    """Return the box of each node, and the height of the picture."""
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
    """Return the width of a code in one line with a margin, in inches."""
    return text_width(plain(code), current().small) / 72 + 0.1


def _levels(
    graph: "CapabilityGraph", assessment: "Assessment", unit: object, period: object
) -> dict[str, float]:
    """Return how complete each node is, from 0 to 1."""
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
    """Draw an arrow for each link; if there are weak nodes, only links to them are in colour."""
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
                # Arrows to boxes beside or above are curved around the boxes in between.
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
    """Draw the box of a node with its filling, its frame and its code."""
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
