"""Pictures of capabilities: the map of influence and a plan."""

from typing import TYPE_CHECKING, Any

import numpy as np

from dli import frames
from dli.plots.axes import axes_for, letters_in, plain, tidy, wrapped
from dli.plots.labels import label_points
from dli.plots.style import current, drawn

if TYPE_CHECKING:
    from dli.capability import CapabilityGraph, Plan

__all__ = ["influence_map", "plan"]


@drawn
def influence_map(graph: "CapabilityGraph", *, ax: Any = None) -> Any:
    """Draw the DEMATEL map: prominence to the right, causes above the line and effects below.

    Parameters
    ----------
    graph : CapabilityGraph
        The capabilities and their links.
    ax : matplotlib.axes.Axes, optional
        The axes to draw on; a new figure is made by default.

    Returns
    -------
    matplotlib.axes.Axes
        The axes with the picture.
    """
    style = current()
    table = frames.read(graph.dematel())
    ax = axes_for(ax, style.width, 1.1 * style.width)
    kinds = {c.code: c.kind for c in graph.capabilities}
    codes = table.column("code")
    points = np.array([table.column("prominence"), table.column("relation")]).T
    for kind, mark, colour in (
        ("capability", "o", style.good), ("barrier", "X", style.bad), ("outcome", "s", style.grey),
    ):  # fmt: skip
        rows = [i for i, code in enumerate(codes) if kinds.get(code, "outcome") == kind]
        if rows:
            ax.scatter(*points[rows].T, marker=mark, color=colour, s=28, label=kind, zorder=3)
    ax.axhline(0, color=style.ink, linewidth=0.8)
    ax.margins(x=0.12, y=0.08)
    ax.set_xlim(ax.get_xlim())
    ax.set_ylim(ax.get_ylim())
    ax.set_xlabel("prominence: influence given and received")
    ax.set_ylabel("relation: causes above, effects below")
    ax.legend()
    # The most prominent first: the first labels have the most free places to choose from.
    named = [i for i in np.argsort(-points[:, 0], kind="stable").tolist() if codes[i] in kinds]
    label_points(ax, points, codes, named)
    return tidy(ax)


@drawn
def plan(chosen: "Plan", *, ax: Any = None) -> Any:
    """Draw how much each step of a plan adds to the score, in the order of the plan.

    Parameters
    ----------
    chosen : Plan
        The plan, as returned by `CapabilityGraph.plan`.
    ax : matplotlib.axes.Axes, optional
        The axes to draw on; a new figure is made by default.

    Returns
    -------
    matplotlib.axes.Axes
        The axes with the picture.
    """
    style = current()
    rows = chosen.steps
    ax = axes_for(ax, style.width, 1.2 + 0.36 * max(len(rows), 1))
    start = chosen.score_before
    for y, row in enumerate(rows):
        ax.barh(y, row["gain"], left=row["score"] - row["gain"], color=style.good, height=0.7)
        ax.text(row["score"], y, f"  +{row['gain']:.2f}", va="center", fontsize=style.small)
    ax.axvline(start, color=style.ink, linewidth=0.8)
    ax.axvline(chosen.score, color=style.mark, linewidth=1.5)
    letters = letters_in(0.42 * style.width, style.small)
    ax.set_yticks(
        range(len(rows)),
        [
            f"{wrapped(r['code'], letters, 1)}\n{r['level_before']:.2f} → {r['level_after']:.2f}"
            for r in rows
        ],
        fontsize=style.small,
    )
    ax.invert_yaxis()
    ax.margins(x=0.16)
    ax.set_xlabel(
        f"{plain(chosen.node)}: from {start:.2f} to {chosen.score:.2f} at a cost of {chosen.cost:g}"
    )
    return tidy(ax)
