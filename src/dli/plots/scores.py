"""Pictures of scores: the league, a unit's profile, indicators before and after treatment."""

from collections.abc import Collection, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from dli.errors import MethodError
from dli.framework import Index
from dli.framework.select import Nodes, nodes_to_level, select
from dli.multivariate import arrays as multivariate
from dli.plots.axes import BAD, GOOD, GREY, INK, PALETTE, axes_for, colour_of, plain, tidy

if TYPE_CHECKING:
    from dli.assessment import Assessment

__all__ = ["correlations", "distributions", "framework", "league", "profile", "radar"]


def framework(index: Index, *, ax: Any = None) -> Any:
    """Draw an index as rings: its sub-indices inside, indicators outside, as wide as their weights.

    Parameters
    ----------
    index : Index
        Weights are the declared ones.
    ax : matplotlib.axes.Axes, optional

    Returns
    -------
    matplotlib.axes.Axes
    """
    ax = axes_for(ax, 8.0, 8.0)
    depth = max(index.level(node.code) for node in index.walk())
    spans = {index.code: (0.0, 1.0)}
    colours: dict[str, Any] = {}
    for node in index.walk():
        if not isinstance(node, Index):
            continue
        low, high = spans[node.code]
        total = sum(child.weight for child in node.children) or 1.0
        for place, child in enumerate(node.children):
            end = low + (high - spans[node.code][0]) * child.weight / total
            spans[child.code] = (low, end)
            low = end
            top = node is index
            colours[child.code] = PALETTE[place % len(PALETTE)] if top else colours[node.code]
    for node in index.walk():
        level = index.level(node.code)
        if level:
            inner = 0.2 + 0.8 * (level - 1) / depth
            ring = (inner, inner + 0.8 / depth)
            alpha = 0.85 - 0.5 * (level - 1) / depth
            _wedge(ax, node.code, spans[node.code], ring, (colours[node.code], alpha))
    ax.text(0, 0, plain(index.code), ha="center", va="center", fontsize=12, color=INK)
    ax.set_xlim(-1.02, 1.02)
    ax.set_ylim(-1.02, 1.02)
    ax.set_aspect("equal")
    ax.axis("off")
    return ax


def _wedge(
    ax: Any,
    code: str,
    span: tuple[float, float],
    ring: tuple[float, float],
    fill: tuple[Any, float],
) -> None:
    """Draw a piece of a ring, with its code where there is room."""
    from matplotlib.patches import Wedge

    inner, outer = ring
    start, end = 90 - 360 * span[1], 90 - 360 * span[0]
    shape = {"width": outer - inner}
    ax.add_patch(
        Wedge((0, 0), outer, start, end, **shape, color=fill[0], alpha=fill[1], linewidth=0)
    )
    ax.add_patch(
        Wedge((0, 0), outer, start, end, **shape, fill=False, edgecolor="white", linewidth=1)
    )
    middle, radius = np.deg2rad((start + end) / 2), (inner + outer) / 2
    room = (span[1] - span[0]) * 2 * np.pi * radius
    if room > 0.028:
        turn = np.rad2deg(middle) % 360
        at = (radius * np.cos(middle), radius * np.sin(middle))
        rotation = turn - 180 if 90 < turn < 270 else turn
        ax.text(*at, plain(code), ha="center", va="center", rotation=rotation, color=INK,
                fontsize=min(9.0, 4.5 + 20 * room))  # fmt: skip


def league(
    assessment: "Assessment",
    *,
    top: int | None = None,
    highlight: Sequence[object] = (),
    period: object = None,
    ax: Any = None,
) -> Any:
    """Draw the order of units, a bar for each, divided by the points of its sub-indices.

    Parameters
    ----------
    assessment : Assessment
        Its scores must be sums, as under arithmetic means; otherwise bars are in one piece.
    top : int, optional
        How many of the first; all by default.
    highlight : sequence, optional
        Units whose names are set in bold.
    period : object, optional
        Where there are several.
    ax : matplotlib.axes.Axes, optional

    Returns
    -------
    matplotlib.axes.Axes

    Raises
    ------
    UnknownCodeError
        No such period or units.
    """
    index = assessment.index
    rows = assessment.rows(period)
    scores = assessment.array(index.code)[rows]
    order = rows[np.argsort(-scores, kind="stable")]
    order = order[~np.isnan(assessment.array(index.code)[order])][:top]
    marked = set(assessment.rows_of(highlight, rows)) if highlight else set()
    return draw_league(assessment, order, marked, ax=ax)


def draw_league(
    assessment: "Assessment", order: Any, marked: Collection[int] = (), *, ax: Any = None
) -> Any:
    """Draw a bar for each of some rows, divided by the points of sub-indices."""
    ax = axes_for(ax, 8.0, 1.2 + 0.16 * len(order))
    places = np.arange(len(order))
    left = np.zeros(len(order))
    for j, (label, part) in enumerate(_parts(assessment).items()):
        ax.barh(places, part[order], left=left, height=0.8, color=colour_of(j), label=plain(label))
        left += np.nan_to_num(part[order])
    names = [plain(assessment.units[i]) for i in order.tolist()]
    ax.set_yticks(places, names, fontsize=6 if len(order) > 40 else 8)
    for label, i in zip(ax.get_yticklabels(), order.tolist(), strict=True):
        if i in marked:
            label.set_fontweight("bold")
            label.set_color(BAD)
    ax.invert_yaxis()
    ax.margins(y=0.005)
    ax.set_xlabel(f"{plain(assessment.index.code)}, by what each part brings")
    ax.legend(frameon=False, fontsize=8, loc="lower right")
    return tidy(ax)


def _parts(assessment: "Assessment") -> dict[str, Any]:
    """Give the points that each child of the index brings, or the score in one piece."""
    index = assessment.index
    place = {indicator.code: j for j, indicator in enumerate(index.indicators)}
    try:
        points = np.nan_to_num(assessment.contribution_array())
    except MethodError:
        return {index.code: assessment.array(index.code)}
    if np.nan_to_num(assessment.reference_array()).any():  # points from a reference do not stack
        return {index.code: assessment.array(index.code)}
    return {
        child.code: points[:, [place[i.code] for i in select(index, below=child.code)]].sum(axis=1)
        for child in index.children
    }


def profile(
    assessment: "Assessment",
    unit: object,
    *,
    period: object = None,
    peers: Sequence[object] | None = None,
    level: int = 1,
    ax: Any = None,
) -> Any:
    """Draw one unit's scores as dots, beside the range, the median and the best of others.

    Parameters
    ----------
    assessment : Assessment
    unit, period : object
    peers : sequence, optional
        The others; all units of the period by default.
    level : int
        Down to which the nodes are shown.
    ax : matplotlib.axes.Axes, optional

    Returns
    -------
    matplotlib.axes.Axes

    Raises
    ------
    UnknownCodeError
        No such unit, period or peers.
    """
    row = assessment.row(unit, period=period)
    rows = assessment.rows_beside(row)
    others = rows if peers is None else assessment.rows_of(peers, rows)
    nodes = nodes_to_level(assessment.index, level)
    ax = axes_for(ax, 8.0, 1.2 + 0.34 * len(nodes))
    whose = "all" if peers is None else "peers"
    for y, node in enumerate(nodes):
        scores = assessment.array(node.code)
        own = scores[others][~np.isnan(scores[others])]
        if own.size:
            ax.plot([own.min(), own.max()], [y, y], color=GREY, linewidth=5, alpha=0.35,
                    solid_capstyle="butt")  # fmt: skip
            ax.plot(np.median(own), y, "|", color=INK, markersize=13, markeredgewidth=1.6)
        if not np.isnan(scores[row]):
            ax.plot(scores[row], y, "o", color=GOOD, markersize=8)
    # One of each for the legend, beyond the data.
    ax.plot([], [], color=GREY, linewidth=5, alpha=0.35, label=f"range of {whose}")
    ax.plot([], [], "|", color=INK, markersize=11, markeredgewidth=1.6, label=f"median of {whose}")
    ax.plot([], [], "o", color=GOOD, markersize=8, label=plain(unit))
    labels = [plain(f"{node.code} {node.name}".rstrip()) for node in nodes]
    ax.set_yticks(range(len(nodes)), labels, fontsize=8)
    ax.set_ylim(len(nodes) - 0.4, -0.6)
    ax.set_xlabel("score")
    ax.grid(axis="x", alpha=0.3)
    ax.legend(frameon=False, fontsize=8, loc="lower center", ncols=3, bbox_to_anchor=(0.4, 1.0))
    return tidy(ax)


def radar(
    assessment: "Assessment",
    units: Sequence[object],
    *,
    period: object = None,
    nodes: Nodes = 1,
    ax: Any = None,
) -> Any:
    """Draw the profiles of a few units around a circle. `profile` is easier to read exactly.

    Parameters
    ----------
    assessment : Assessment
    units : sequence
        At most eight.
    period : object, optional
    nodes : int, str or sequence of str
        The spokes, three or more: a level of the tree, or codes.
    ax : matplotlib.axes.Axes, optional
        Of the polar projection.

    Returns
    -------
    matplotlib.axes.Axes

    Raises
    ------
    UnknownCodeError
        No such units, period or nodes.
    MethodError
        No such level, more than eight units, fewer than three spokes, or axes that are not polar.
    """
    spokes = select(assessment.index, nodes)
    rows = assessment.rows_of(units, assessment.rows(period))
    if len(rows) > len(PALETTE) or len(spokes) < 3:
        msg = (
            f"a radar shows up to {len(PALETTE)} units over three nodes or more, got {len(rows)} "
            f"units and {len(spokes)} nodes"
        )
        raise MethodError(msg)
    ax = axes_for(ax, 6.5, 6.5, projection="polar")
    if ax.name != "polar":
        msg = "a radar needs axes of the polar projection"
        raise MethodError(msg)
    angles = np.linspace(0, 2 * np.pi, len(spokes), endpoint=False)
    closed = np.append(angles, angles[0])
    for j, row in enumerate(rows):
        scores = np.array([assessment.array(node.code)[row] for node in spokes])
        style = ("-", "--", ":", "-.")[j % 4]
        ax.plot(closed, np.append(scores, scores[0]), style, color=colour_of(j), linewidth=2,
                marker="o", markersize=4, label=plain(assessment.units[row]))  # fmt: skip
    ax.set_theta_zero_location("N")
    ax.set_theta_direction(-1)
    ax.set_xticks(angles, [plain(node.code) for node in spokes])
    ax.set_rlim(min(0.0, ax.get_ylim()[0]))
    ax.legend(frameon=False, fontsize=8, loc="upper right", bbox_to_anchor=(1.12, 1.12))
    return ax


def distributions(assessment: "Assessment", nodes: Nodes = None, *, ax: Any = None) -> Any:
    """Draw the distributions of indicators, before and after treatment.

    Each indicator has a row from its least to its greatest raw value; dots above the line are
    before treatment, below it after, and what was moved is marked.

    Parameters
    ----------
    assessment : Assessment
    nodes : int, str or sequence of str, optional
        Indicators; all by default.
    ax : matplotlib.axes.Axes, optional

    Returns
    -------
    matplotlib.axes.Axes

    Raises
    ------
    UnknownCodeError
        No such nodes.
    MethodError
        Nodes that are not indicators.
    """
    place = {indicator.code: j for j, indicator in enumerate(assessment.index.indicators)}
    chosen = [node.code for node in select(assessment.index, nodes)]
    if any(code not in place for code in chosen):
        msg = "distributions are those of indicators; others were asked for"
        raise MethodError(msg, [f"{code!r}" for code in chosen if code not in place])
    before, after = (assessment.stage_array(stage) for stage in ("imputed", "treated"))
    ax = axes_for(ax, 8.0, 1.2 + 0.34 * len(chosen))
    for y, code in enumerate(chosen):
        raw, treated = before[:, place[code]], after[:, place[code]]
        both = np.concatenate([raw, treated])
        low, high = np.nanmin(both), np.nanmax(both)
        span = high - low or 1.0
        moved = ~(np.isclose(raw, treated) | np.isnan(raw))
        for values, shift, colour in ((raw, -0.16, GREY), (treated, 0.16, GOOD)):
            # Thousands of strokes are a small picture, and a large drawing.
            ax.plot((values - low) / span, np.full(raw.size, y + shift), "|", color=colour,
                    alpha=0.7, rasterized=raw.size > 500)  # fmt: skip
        ax.plot((raw[moved] - low) / span, np.full(moved.sum(), y - 0.16), "x", color=BAD)
    for colour, mark, label in (
        (GREY, "|", "before"), (GOOD, "|", "after treatment"), (BAD, "x", "moved"),
    ):  # fmt: skip
        ax.plot([], [], mark, color=colour, linestyle="", label=label)
    ax.set_yticks(range(len(chosen)), [plain(code) for code in chosen], fontsize=8)
    ax.set_ylim(len(chosen) - 0.4, -0.6)
    ax.set_xticks([0, 1], ["least", "greatest"])
    ax.legend(frameon=False, fontsize=8, loc="lower center", ncols=3, bbox_to_anchor=(0.5, 1.0))
    return tidy(ax)


def correlations(
    assessment: "Assessment",
    nodes: Nodes = None,
    *,
    method: str = "pearson",
    period: object = None,
    ax: Any = None,
) -> Any:
    """Draw the correlations of nodes as a heat map.

    Parameters
    ----------
    assessment : Assessment
    nodes : int, str or sequence of str, optional
        A level of the tree, or codes; the indicators by default.
    method : {"pearson", "spearman", "kendall"}
    period : object, optional
        Needed when there are several periods.
    ax : matplotlib.axes.Axes, optional

    Returns
    -------
    matplotlib.axes.Axes

    Raises
    ------
    MethodError
        No such level or method, or no two nodes that have a correlation.
    """
    codes = [node.code for node in select(assessment.index, nodes)]
    values = assessment.arrays(codes)[assessment.rows(period)]
    found = multivariate.correlations(values, method=method).coefficients
    if len(codes) > 1 and np.isnan(found[~np.eye(len(codes), dtype=bool)]).all():
        msg = "no two nodes have a correlation: too few units have both, or their scores are equal"
        raise MethodError(msg)
    side = 0.28 * max(len(codes), 7)
    ax = axes_for(ax, 2.0 + side, 1.6 + side)
    picture = ax.imshow(found, cmap="PuOr", vmin=-1, vmax=1)
    labels = [plain(code) for code in codes]
    ax.set_xticks(range(len(codes)), labels, rotation=90, fontsize=7)
    ax.set_yticks(range(len(codes)), labels, fontsize=7)
    if len(codes) <= 12:
        for i, j in np.ndindex(found.shape):
            strong = abs(found[i, j]) > 0.6
            figure = "–" if np.isnan(found[i, j]) else f"{found[i, j]:.2f}"
            ax.text(j, i, figure, ha="center", va="center", fontsize=7,
                    color="white" if strong else INK)  # fmt: skip
    bar = ax.figure.colorbar(picture, ax=ax, shrink=0.8)
    bar.set_label(f"{method.capitalize()} correlation", fontsize=8)
    return ax
