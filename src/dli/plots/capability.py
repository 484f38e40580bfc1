"""Pictures of capabilities: the graph in layers, the map of influence, a plan."""

from typing import TYPE_CHECKING, Any

import numpy as np

from dli import frames
from dli.framework import Index
from dli.plots.axes import BAD, GOOD, GREY, INK, MARK, axes_for, plain

if TYPE_CHECKING:
    from dli.assessment import Assessment
    from dli.capability import CapabilityGraph, Plan

__all__ = ["capabilities", "influence_map", "plan"]


def capabilities(
    graph: "CapabilityGraph",
    assessment: "Assessment | None" = None,
    unit: object = None,
    *,
    period: object = None,
    ax: Any = None,
) -> Any:
    """Draw capabilities, the outcomes that they act on and the index in layers.

    From left to right each node stands after what strengthens it; capabilities that feed back on
    each other share a column, then come outcomes, their sub-indices and the index. Lines are as
    thick as links are strong: blue adds, vermilion and dashed takes away. With an assessment and a
    unit, nodes are filled by their level: the emptier, the weaker; the weakest third of them is
    framed.

    Parameters
    ----------
    graph : CapabilityGraph
    assessment : Assessment, optional
    unit, period : object, optional
    ax : matplotlib.axes.Axes, optional

    Returns
    -------
    matplotlib.axes.Axes

    Raises
    ------
    UnknownCodeError
        Links that lead to what is not in the index, or no such unit.
    """
    columns, tree = _columns(graph, assessment)
    tallest = max(map(len, columns))
    ax = axes_for(ax, 2.2 + 2.1 * len(columns), 1.0 + 0.36 * tallest)
    place = {}
    for x, column in enumerate(columns):
        apart = min(tallest / len(column), 2.4)
        for i, code in enumerate(column):
            place[code] = (x, tallest / 2 + (i - (len(column) - 1) / 2) * apart)
    _lines(ax, graph, place, tree)
    level = {} if assessment is None or unit is None else _levels(graph, assessment, unit, period)
    barriers = {c.code for c in graph.capabilities if c.kind == "barrier"}
    weak = sorted(level, key=lambda code: level[code])[: len(level) // 3]
    for code, at in place.items():
        _node(ax, code, at, barrier=code in barriers, level=level.get(code), weak=code in weak)
    ax.set_xlim(-0.55, len(columns) - 0.45)
    ax.set_ylim(tallest + 0.1, -0.1)
    ax.axis("off")
    if level:
        ax.set_title(
            f"{plain(unit)}: how far each is complete, or a barrier gone; the weakest third framed",
            fontsize=10,
        )
    return ax


def _columns(
    graph: "CapabilityGraph", assessment: "Assessment | None"
) -> tuple[list[list[str]], list[tuple[str, str]]]:
    """Give the nodes of each layer, and the lines of the index above the outcomes."""
    from dli.capability.structure import stages

    columns = [
        [code for group in groups for code in group] for groups in stages(graph, graph.codes)
    ]
    if assessment is None:
        columns.append(list(graph.outcomes))
        return [column for column in columns if column], []
    index = assessment.index
    # In the order of the indicators, a sub-index where its first indicator would be.
    first = {i.code: place for place, i in reversed(list(enumerate(index.indicators)))}
    for node in index.walk():
        if isinstance(node, Index):
            first[node.code] = first[node.indicators[0].code]
    outcomes = sorted(graph.outcomes, key=first.__getitem__)
    above: dict[str, None] = {}
    tree = []
    for code in outcomes:
        parent = index.parent(code)
        if parent is not None:
            tree.append((code, parent.code))
            if parent is not index:
                above[parent.code] = None
    tree += [(code, index.code) for code in above if code not in outcomes]
    columns += [outcomes, [code for code in above if code not in outcomes], [index.code]]
    return [column for column in columns if column], tree


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


def _lines(
    ax: Any, graph: "CapabilityGraph", place: dict[str, Any], tree: list[tuple[str, str]]
) -> None:
    from matplotlib.patches import FancyArrowPatch

    for source, target, link in graph.to_networkx().edges(data=True):
        (x0, y0), (x1, y1) = place[source], place[target]
        strength = link["strength"]
        same = x0 == x1
        ax.add_patch(
            FancyArrowPatch(
                (x0 + 0.36, y0),
                (x1 + (0.36 if same else -0.38), y1),
                connectionstyle="arc3,rad=-0.5"
                if same and y1 > y0
                else "arc3,rad=0.5"
                if same
                else "arc3,rad=0",
                arrowstyle="-|>",
                mutation_scale=7,
                linewidth=0.4 + 3 * abs(strength),
                linestyle="-" if strength >= 0 else (0, (3, 2)),
                color=GOOD if strength >= 0 else BAD,
                alpha=0.45,
                zorder=1,
            )
        )
    for source, target in tree:
        (x0, y0), (x1, y1) = place[source], place[target]
        ax.plot([x0 + 0.36, x1 - 0.36], [y0, y1], color=GREY, linewidth=0.6, zorder=0)


def _node(
    ax: Any, code: str, at: tuple[float, float], *, barrier: bool, level: float | None, weak: bool
) -> None:
    from matplotlib.patches import Rectangle

    x, y = at
    corner, width = (x - 0.37, y - 0.31), 0.74
    ax.add_patch(Rectangle(corner, width, 0.62, facecolor="white", zorder=2))
    if level is not None:
        filled = Rectangle(corner, width * level, 0.62, color=GOOD, alpha=0.25, zorder=3)
        ax.add_patch(filled)
    frame = Rectangle(corner, width, 0.62, fill=False, zorder=4)
    frame.set_edgecolor(MARK if weak else BAD if barrier else INK)
    frame.set_linewidth(2.2 if weak else 0.8)
    frame.set_linestyle("--" if barrier else "-")
    ax.add_patch(frame)
    ax.text(
        x, y, _wrapped(plain(code)), ha="center", va="center", fontsize=6.5, color=INK, zorder=5
    )


def _wrapped(code: str) -> str:
    """Break a long code into two lines at the underscore nearest to its middle."""
    if len(code) <= 18 or "_" not in code:
        return code
    breaks = [i for i, letter in enumerate(code) if letter == "_"]
    middle = min(breaks, key=lambda i: abs(i - len(code) / 2))
    return f"{code[: middle + 1]}\n{code[middle + 1 :]}"


def influence_map(graph: "CapabilityGraph", *, ax: Any = None) -> Any:
    """Draw DEMATEL's map: prominence to the right, causes above and effects below the line.

    Parameters
    ----------
    graph : CapabilityGraph
    ax : matplotlib.axes.Axes, optional

    Returns
    -------
    matplotlib.axes.Axes
    """
    table = frames.read(graph.dematel())
    ax = axes_for(ax, 8.5, 6.0)
    kinds = {c.code: c.kind for c in graph.capabilities}
    codes = table.column("code")
    points = np.array([table.column("prominence"), table.column("relation")]).T
    for kind, mark, colour in (
        ("capability", "o", GOOD), ("barrier", "X", BAD), ("outcome", "s", GREY),
    ):  # fmt: skip
        own = [i for i, code in enumerate(codes) if kinds.get(code, "outcome") == kind]
        if own:
            ax.scatter(*points[own].T, marker=mark, color=colour, s=28, label=kind, zorder=3)
    ax.axhline(0, color=INK, linewidth=0.8)
    _label(ax, codes, points, [code in kinds for code in codes])
    ax.margins(x=0.2, y=0.08)
    ax.set_xlabel("prominence: influence given and received")
    ax.set_ylabel("relation: causes above, effects below")
    ax.legend(frameon=False, fontsize=8)
    ax.spines[["top", "right"]].set_visible(False)
    return ax


def _label(ax: Any, codes: list[str], points: Any, wanted: list[bool]) -> None:
    """Write labels beside points, pushed apart so that none covers another."""
    own = [i for i, want in enumerate(wanted) if want]
    if not own:
        return
    x, y = points[own].T
    # A label is about a 28th of the height and a third of the width of the picture.
    high, wide = max(float(np.ptp(points[:, 1])), 1e-9) / 28, max(float(np.ptp(points[:, 0])), 1e-9)
    placed: list[tuple[float, float]] = []
    for i in np.argsort(-y, kind="stable").tolist():
        at = float(y[i])
        for _ in range(60):
            clash = [b for a, b in placed if abs(a - x[i]) < wide * 0.3 and abs(b - at) < high]
            if not clash:
                break
            at = min(clash) - high
        placed.append((float(x[i]), at))
        ax.annotate(
            plain(codes[own[i]]), (x[i], y[i]), xytext=(float(x[i]) + wide * 0.015, at), fontsize=7,
            va="center", color=INK,
            arrowprops={"arrowstyle": "-", "color": GREY, "linewidth": 0.4, "shrinkA": 0},
        )  # fmt: skip


def plan(chosen: "Plan", *, ax: Any = None) -> Any:
    """Draw what each step of a plan adds to the score, in the order to take them.

    Parameters
    ----------
    chosen : Plan
    ax : matplotlib.axes.Axes, optional

    Returns
    -------
    matplotlib.axes.Axes
    """
    rows = chosen.steps
    ax = axes_for(ax, 8.0, 1.4 + 0.34 * max(len(rows), 1))
    start = chosen.score_before
    for y, row in enumerate(rows):
        ax.barh(y, row["gain"], left=row["score"] - row["gain"], color=GOOD, height=0.7)
        ax.text(
            row["score"], y, f"  +{row['gain']:.2f}", va="center", ha="left", fontsize=8, color=INK
        )
    ax.axvline(start, color=INK, linewidth=0.8)
    ax.axvline(chosen.score, color=MARK, linewidth=1.5)
    ax.set_yticks(
        range(len(rows)),
        [f"{plain(r['code'])}  {r['level_before']:.2f} → {r['level_after']:.2f}" for r in rows],
        fontsize=8,
    )
    ax.invert_yaxis()
    ax.margins(x=0.12)
    ax.set_xlabel(
        f"{plain(chosen.node)}: from {start:.2f} to {chosen.score:.2f} at a cost of {chosen.cost:g}"
    )
    ax.spines[["top", "right"]].set_visible(False)
    return ax
