"""Pictures of change: ranks over periods, and the contributions to a difference."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from dli import frames
from dli.errors import DataError, MethodError
from dli.periods import period_order
from dli.plots.axes import (
    axes_for,
    letters_in,
    plain,
    rank_ticks,
    spread,
    text_width,
    tidy,
    wrapped,
)
from dli.plots.style import current, drawn

if TYPE_CHECKING:
    from dli.assessment import Assessment

__all__ = ["bump", "waterfall"]


@drawn
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
        An assessment of several periods.
    units : sequence
        The units to draw in colour and to name.
    node : str, optional
        The node whose ranks are drawn; the index by default.
    others : bool
        Whether to draw all other units as thin grey lines; thousands of them take long and cover
        the whole picture.
    ax : matplotlib.axes.Axes, optional
        The axes to draw on; a new figure is made by default.

    Returns
    -------
    matplotlib.axes.Axes
        The axes with the picture.

    Raises
    ------
    MethodError
        The assessment does not have periods.
    UnknownCodeError
        A unit or the node does not exist.
    """
    style = current()
    if assessment.periods is None:
        msg = "bump requires an assessment with periods: name their column with period=..."
        raise MethodError(msg)
    code = assessment.index.code if node is None else node
    ranks = assessment.rank_array(code)
    periods = period_order(assessment.periods)
    rows: dict[Any, dict[Any, int]] = {}
    for row, (unit, period) in enumerate(zip(assessment.units, assessment.periods, strict=True)):
        rows.setdefault(unit, {})[period] = row
    assessment.rows_of(units, [next(iter(own.values())) for own in rows.values()])
    ax = axes_for(ax, style.width, 0.9 * style.width)
    chosen = list(dict.fromkeys(units))
    ends: list[tuple[Any, int, float]] = []
    for unit, own in rows.items():
        line = [ranks[own[p]] if p in own else np.nan for p in periods]
        if unit not in chosen:
            if others:
                ax.plot(range(len(periods)), line, color=style.grey, linewidth=0.4, alpha=0.35)
            continue
        j = chosen.index(unit)
        dashes = "-" if j < len(style.palette) else "--"
        ax.plot(range(len(periods)), line, dashes, marker="o", color=style.colour(j),
                markersize=5, linewidth=2, zorder=3)  # fmt: skip
        ends += [(unit, i, rank) for i, rank in enumerate(line) if not np.isnan(rank)][-1:]
    last = float(np.nanmax(ranks, initial=1.0))
    labels = spread([rank for *_, rank in ends], last / 32)
    for (unit, i, _), height in zip(ends, labels, strict=True):
        ax.annotate(plain(unit), (i, height), xytext=(7, 0), textcoords="offset points",
                    fontsize=style.small, va="center", color=style.ink)  # fmt: skip
    # Label as many periods as fit beside each other, always including the last one.
    room = letters_in(0.8 * style.width, style.small)
    longest = max(len(plain(period)) for period in periods) + 2
    shown = range(len(periods))[:: -max(1, -(-len(periods) * longest // room))]
    ax.set_xticks(shown, [plain(periods[i]) for i in shown])
    ax.set_yticks(rank_ticks(int(last)))
    ax.set_ylim(1.02 * last + 0.5, 1 - 0.02 * last - 0.1)
    # Leave space for the names of the units beside their lines.
    widest = max((text_width(plain(unit), style.small) for unit, *_ in ends), default=0)
    share = min(0.4, (widest + 10) / (72 * 0.85 * style.width))
    ax.set_xlim(-0.2, (len(periods) - 1 + 0.2 * share) / (1 - share) + 0.1)
    ax.set_ylabel(f"rank at {plain(code)}")
    return tidy(ax)


@drawn
def waterfall(table: object, *, start: float = 0.0, top: int = 12, ax: Any = None) -> Any:
    """Draw a table of differences or changes as a waterfall: steps up and down that add up.

    Parameters
    ----------
    table : frame
        A table with the columns ``points`` and ``code`` (and ``part``, which labels rows without a
        code), as `dli.change.difference` and `dli.change.change` return.
    start : float
        The score at which the steps start.
    top : int
        The number of largest steps to show; the others are combined into one step.
    ax : matplotlib.axes.Axes, optional
        The axes to draw on; a new figure is made by default.

    Returns
    -------
    matplotlib.axes.Axes
        The axes with the picture.

    Raises
    ------
    DataError
        The table lacks one of the columns ``points`` and ``code``.
    """
    style = current()
    read = frames.read(table)
    missing = read.require(["points", "code"], "column")
    if missing:
        msg = "waterfall requires a table with the columns points and code"
        raise DataError(msg, missing)
    names = read.column("part") if "part" in read.names else [""] * read.n_rows
    codes = read.column("code")
    labels = [
        wrapped(str(part if code is None else code), letters_in(0.34 * style.width, style.small), 2)
        for code, part in zip(codes, names, strict=True)
    ]
    points = np.array([0.0 if p is None else p for p in read.column("points")])
    order = np.argsort(-np.abs(points), kind="stable")
    shown = sorted(order[:top].tolist(), key=lambda i: -points[i])
    steps = [(labels[i], float(points[i])) for i in shown]
    if len(order) > top:
        steps.append((f"{len(order) - top} others", float(points[order[top:]].sum())))
    ax = axes_for(ax, style.width, 1.2 + 0.27 * len(steps))
    at = start
    for y, (_, part) in enumerate(steps):
        ax.barh(y, part, left=at, height=0.7, color=style.good if part >= 0 else style.bad,
                hatch="" if part >= 0 else "///", edgecolor="white")  # fmt: skip
        ax.annotate(f"{part:+.3g}", (max(at, at + part), y), xytext=(4, 0), fontsize=style.small,
                    textcoords="offset points", va="center", color=style.ink)  # fmt: skip
        at += part
    ax.axvline(start, color=style.grey, linewidth=0.8)
    ax.axvline(at, color=style.ink, linewidth=1.2)
    ax.set_yticks(range(len(steps)), [label for label, _ in steps], fontsize=style.small)
    ax.invert_yaxis()
    ax.margins(x=0.14)
    ax.set_xlabel(f"from {start:.4g} to {at:.4g}")
    return tidy(ax)
