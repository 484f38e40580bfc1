"""Pictures of change and of order: ranks over periods, a difference in parts, dominance."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from dli import frames
from dli.errors import DataError, MethodError
from dli.periods import period_order
from dli.plots.axes import BAD, GOOD, GREY, INK, axes_for, colour_of, plain, spread, tidy

if TYPE_CHECKING:
    from dli.assessment import Assessment

__all__ = ["bump", "hasse", "waterfall"]


def bump(
    assessment: "Assessment",
    units: Sequence[object],
    *,
    node: str | None = None,
    others: bool = True,
    ax: Any = None,
) -> Any:
    """Draw the ranks of some units over periods.

    Parameters
    ----------
    assessment : Assessment
        Of several periods.
    units : sequence
        Drawn in colour and named; all others are thin and grey.
    node : str, optional
        The index by default.
    others : bool
        Whether to draw all other units; thousands of them make a picture slow, and grey all over.
    ax : matplotlib.axes.Axes, optional

    Returns
    -------
    matplotlib.axes.Axes

    Raises
    ------
    MethodError
        An assessment of one period.
    UnknownCodeError
        No such units or node.
    """
    if assessment.periods is None:
        msg = "ranks over periods need an assessment of several: period=... names their column"
        raise MethodError(msg)
    code = assessment.index.code if node is None else node
    ranks = assessment.rank_array(code)
    periods = period_order(assessment.periods)
    rows: dict[Any, dict[Any, int]] = {}
    for row, (unit, period) in enumerate(zip(assessment.units, assessment.periods, strict=True)):
        rows.setdefault(unit, {})[period] = row
    assessment.rows_of(units, [next(iter(own.values())) for own in rows.values()])
    ax = axes_for(ax, 8.5, 6.0)
    chosen = list(dict.fromkeys(units))
    ends: list[tuple[Any, int, float]] = []
    for unit, own in rows.items():
        line = [ranks[own[p]] if p in own else np.nan for p in periods]
        if unit not in chosen:
            if others:
                ax.plot(range(len(periods)), line, color=GREY, linewidth=0.4, alpha=0.35)
            continue
        j = chosen.index(unit)
        ax.plot(range(len(periods)), line, marker="o", color=colour_of(j), markersize=5,
                linewidth=2, linestyle="-" if j < 8 else "--", zorder=3)  # fmt: skip
        ends += [(unit, i, rank) for i, rank in enumerate(line) if not np.isnan(rank)][-1:]
    labels = spread([rank for *_, rank in ends], float(np.nanmax(ranks)) / 45)
    for (unit, i, _), height in zip(ends, labels, strict=True):
        ax.annotate(plain(unit), (i, height), xytext=(7, 0), textcoords="offset points",
                    fontsize=8, va="center", color=INK)  # fmt: skip
    ax.set_xticks(range(len(periods)), [plain(period) for period in periods])
    ax.invert_yaxis()
    ax.set_ylabel(f"rank at {plain(code)}")
    return tidy(ax)


def waterfall(table: object, *, start: float = 0.0, top: int = 12, ax: Any = None) -> Any:
    """Draw parts that add up: a table of differences or changes as steps up and down.

    Parameters
    ----------
    table : frame
        With ``points`` and ``code`` (or ``name`` where the code is missing), such as
        `dli.change.difference` and `dli.change.change` return.
    start : float
        The score that the steps start from.
    top : int
        How many of the largest parts are shown by themselves; the rest is put together.
    ax : matplotlib.axes.Axes, optional

    Returns
    -------
    matplotlib.axes.Axes

    Raises
    ------
    DataError
        A table without points.
    """
    read = frames.read(table)
    missing = read.require(["points", "code"], "column")
    if missing:
        msg = "a waterfall needs a table of parts"
        raise DataError(msg, missing)
    names = read.column("part") if "part" in read.names else [""] * read.n_rows
    codes = read.column("code")
    labels = [
        plain(part if code is None else code) for code, part in zip(codes, names, strict=True)
    ]
    points = np.array([0.0 if p is None else p for p in read.column("points")])
    order = np.argsort(-np.abs(points), kind="stable")
    shown = sorted(order[:top].tolist(), key=lambda i: -points[i])
    steps = [(labels[i], float(points[i])) for i in shown]
    if len(order) > top:
        steps.append((f"{len(order) - top} others", float(points[order[top:]].sum())))
    ax = axes_for(ax, 8.0, 1.6 + 0.32 * len(steps))
    at = start
    for y, (_, part) in enumerate(steps):
        ax.barh(y, part, left=at, height=0.7, color=GOOD if part >= 0 else BAD,
                hatch="" if part >= 0 else "///", edgecolor="white")  # fmt: skip
        ax.annotate(f"{part:+.3g}", (max(at, at + part), y), xytext=(4, 0), fontsize=7,
                    textcoords="offset points", va="center", color=INK)  # fmt: skip
        at += part
    ax.axvline(start, color=GREY, linewidth=0.8)
    ax.axvline(at, color=INK, linewidth=1.2)
    ax.set_yticks(range(len(steps)), [label for label, _ in steps], fontsize=8)
    ax.invert_yaxis()
    ax.margins(x=0.1)
    ax.set_xlabel(f"from {start:.4g} to {at:.4g}")
    return tidy(ax)


def hasse(order: Any, *, highlight: Sequence[object] = (), ax: Any = None) -> Any:
    """Draw an order of dominance: who stands above whom whatever the weights.

    Units stand as low as the longest way down to them is long; lines lead from the better to the
    next worse.

    Parameters
    ----------
    order : networkx.DiGraph
        Such as `dli.robustness.order` returns.
    highlight : sequence, optional
        Units drawn in another colour, with the lines of all that stand above and below them.
    ax : matplotlib.axes.Axes, optional

    Returns
    -------
    matplotlib.axes.Axes

    Raises
    ------
    DataError
        Units that are not in the order.
    """
    import networkx as nx

    unknown = [unit for unit in highlight if unit not in order]
    if unknown:
        msg = "these units are not in the order"
        raise DataError(msg, [f"{unit!r}" for unit in unknown])
    layers = [sorted(layer, key=str) for layer in nx.topological_generations(order)]
    widest = max(map(len, layers), default=1)
    ax = axes_for(ax, max(5.0, 0.42 * widest + 1.5), max(3.0, 0.6 * len(layers) + 1.0))
    place: dict[Any, tuple[float, float]] = {}
    for y, layer in enumerate(layers):
        # Under what stands above, as far as it can be.
        above = {
            unit: float(np.mean([place[p][0] for p in order.predecessors(unit)] or [0.0]))
            for unit in layer
        }
        for i, unit in enumerate(sorted(layer, key=lambda unit: (above[unit], str(unit)))):
            place[unit] = (i - (len(layer) - 1) / 2, -float(y))
    kin: set[Any] = set(highlight)
    for unit in highlight:
        kin |= nx.ancestors(order, unit) | nx.descendants(order, unit)
    for better, worse in order.edges:
        strong = better in kin and worse in kin
        ax.plot(*zip(place[better], place[worse], strict=True), zorder=1,
                color=GOOD if strong else GREY, linewidth=1.2 if strong else 0.5,
                alpha=0.8 if strong else 0.4)  # fmt: skip
    for unit, at in place.items():
        ax.text(*at, plain(unit), ha="center", va="center", fontsize=6.5, zorder=2,
                color="white" if unit in highlight else INK,
                bbox={"boxstyle": "round,pad=0.25", "linewidth": 0.6, "edgecolor": GREY,
                      "facecolor": BAD if unit in highlight else "white"})  # fmt: skip
    ax.set_xlim(-widest / 2 - 0.5, widest / 2 + 0.5)
    ax.set_ylim(-len(layers) + 0.4, 0.6)
    ax.axis("off")
    return ax
