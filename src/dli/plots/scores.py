"""Pictures of scores and values: league table, profiles, distributions and correlations."""

from collections.abc import Collection, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from dli.errors import MethodError
from dli.framework.select import Nodes, nodes_to_level, select
from dli.multivariate import arrays as multivariate
from dli.plots.axes import axes_for, letters_in, name_size, plain, tidy, wrapped
from dli.plots.style import current, drawn

if TYPE_CHECKING:
    from dli.assessment import Assessment

__all__ = ["correlations", "distributions", "league", "profile", "radar"]


@drawn
def league(
    assessment: "Assessment",
    *,
    top: int | None = None,
    highlight: Sequence[object] = (),
    period: object = None,
    ax: Any = None,
) -> Any:
    """Draw the league table: a bar for each unit, divided into the contributions of sub-indices.

    Parameters
    ----------
    assessment : Assessment
        The assessment whose scores are drawn. Bars are only divided if scores are sums of
        contributions, as under arithmetic means.
    top : int, optional
        The number of leading units to draw; all by default.
    highlight : sequence, optional
        Units whose names are written in bold and in another colour.
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
        The period or a highlighted unit does not exist.
    """
    index = assessment.index
    rows = assessment.rows(period)
    scores = assessment.array(index.code)[rows]
    order = rows[np.argsort(-scores, kind="stable")]
    order = order[~np.isnan(assessment.array(index.code)[order])][:top]
    marked = set(assessment.rows_of(highlight, rows)) if highlight else set()
    return draw_league(assessment, order, marked, ax=ax)


@drawn
def draw_league(
    assessment: "Assessment", order: Any, marked: Collection[int] = (), *, ax: Any = None
) -> Any:
    """Draw a bar for each of some rows, divided into the contributions of sub-indices."""
    style = current()
    ax = axes_for(ax, style.width, 1.2 + 0.15 * len(order))
    places = np.arange(len(order))
    left = np.zeros(len(order))
    for j, (label, part) in enumerate(_parts(assessment).items()):
        colour = style.colour(j)
        ax.barh(places, part[order], left=left, height=0.8, color=colour, label=plain(label))
        left += np.nan_to_num(part[order])
    names = [plain(assessment.units[i]) for i in order.tolist()]
    ax.set_yticks(places, names, fontsize=name_size(len(order)))
    for label, i in zip(ax.get_yticklabels(), order.tolist(), strict=True):
        if i in marked:
            label.set_fontweight("bold")
            label.set_color(style.bad)
    ax.invert_yaxis()
    ax.margins(y=0.005)
    ax.set_xlabel(f"{plain(assessment.index.code)}, divided by contribution")
    ax.legend(loc="lower center", ncols=5, bbox_to_anchor=(0.45, 1.0), columnspacing=1.2,
              handlelength=1.2)  # fmt: skip
    return tidy(ax)


def _parts(assessment: "Assessment") -> dict[str, Any]:
    """Return the contribution of each child of the index, or the undivided score."""
    index = assessment.index
    place = {indicator.code: j for j, indicator in enumerate(index.indicators)}
    try:
        points = np.nan_to_num(assessment.contribution_array())
    except MethodError:
        return {index.code: assessment.array(index.code)}
    # Contributions relative to a reference cannot be stacked.
    if np.nan_to_num(assessment.reference_array()).any():
        return {index.code: assessment.array(index.code)}
    return {
        child.code: points[:, [place[i.code] for i in select(index, below=child.code)]].sum(axis=1)
        for child in index.children
    }


@drawn
def profile(
    assessment: "Assessment",
    unit: object,
    *,
    period: object = None,
    peers: Sequence[object] | None = None,
    level: int = 1,
    ax: Any = None,
) -> Any:
    """Draw one unit's scores as dots, with the range and the median of other units.

    Parameters
    ----------
    assessment : Assessment
        The assessment whose scores are drawn.
    unit, period : object
        The unit, and its period if there are several, as the data name them.
    peers : sequence, optional
        The units to compare with; all units of the period by default.
    level : int
        The lowest tree level whose nodes are shown.
    ax : matplotlib.axes.Axes, optional
        The axes to draw on; a new figure is made by default.

    Returns
    -------
    matplotlib.axes.Axes
        The axes with the picture.

    Raises
    ------
    UnknownCodeError
        The unit, the period or a peer does not exist.
    """
    style = current()
    row = assessment.row(unit, period=period)
    rows = assessment.rows_beside(row)
    compared = rows if peers is None else assessment.rows_of(peers, rows)
    nodes = nodes_to_level(assessment.index, level)
    ax = axes_for(ax, style.width, 1.2 + 0.29 * len(nodes))
    whose = "all" if peers is None else "peers"
    for y, node in enumerate(nodes):
        scores = assessment.array(node.code)
        known = scores[compared][~np.isnan(scores[compared])]
        if known.size:
            ax.plot([known.min(), known.max()], [y, y], color=style.grey, linewidth=5, alpha=0.35,
                    solid_capstyle="butt")  # fmt: skip
            ax.plot(np.median(known), y, "|", color=style.ink, markersize=13, markeredgewidth=1.6)
        if not np.isnan(scores[row]):
            ax.plot(scores[row], y, "o", color=style.good, markersize=8)
    # Empty series of each kind, for the legend.
    ax.plot([], [], color=style.grey, linewidth=5, alpha=0.35, label=f"range of {whose}")
    ax.plot([], [], "|", color=style.ink, markersize=11, markeredgewidth=1.6,
            label=f"median of {whose}")  # fmt: skip
    ax.plot([], [], "o", color=style.good, markersize=8, label=plain(unit))
    letters = letters_in(0.36 * style.width, style.small)
    labels = [wrapped(f"{node.code} {node.name}".rstrip(), letters, 2) for node in nodes]
    ax.set_yticks(range(len(nodes)), labels, fontsize=style.small)
    ax.set_ylim(len(nodes) - 0.4, -0.6)
    ax.set_xlim(*scale_of(assessment, [node.code for node in nodes]))
    ax.set_xlabel("score")
    ax.grid(axis="x", alpha=0.3)
    ax.legend(loc="lower center", ncols=3, bbox_to_anchor=(0.35, 1.0), columnspacing=1.2)
    return tidy(ax)


def scale_of(assessment: "Assessment", codes: Sequence[str]) -> tuple[float, float]:
    """Return the limits of an axis for scores of some nodes.

    They include the worst and the best possible score, all actual scores and a small margin, so
    that pictures of different units have the same axis.
    """
    scores = assessment.arrays(codes)
    ends = [end for code in codes for end in assessment.held.ends.get(code, ())]
    known = np.concatenate([scores[np.isfinite(scores)], np.array(ends)[np.isfinite(ends)]])
    low, high = (float(known.min()), float(known.max())) if known.size else (0.0, 1.0)
    margin = 0.02 * (high - low) or 0.5
    return low - margin, high + margin


@drawn
def radar(
    assessment: "Assessment",
    units: Sequence[object],
    *,
    period: object = None,
    nodes: Nodes = 1,
    ax: Any = None,
) -> Any:
    """Draw the profiles of a few units around a circle; `profile` is easier to read exactly.

    Parameters
    ----------
    assessment : Assessment
        The assessment whose scores are drawn.
    units : sequence
        The units to draw: at most as many as the palette of the style has colours, by default
        eight.
    period : object, optional
        The period to draw; required if there are several periods.
    nodes : int, str or sequence of str
        The nodes that are drawn as spokes, at least three: a tree level, or codes.
    ax : matplotlib.axes.Axes, optional
        Polar axes to draw on; a new figure is made by default.

    Returns
    -------
    matplotlib.axes.Axes
        The axes with the picture.

    Raises
    ------
    UnknownCodeError
        A unit, the period or a node does not exist.
    MethodError
        The tree level does not exist, there are more units than colours in the palette or fewer
        than three nodes, or the axes are not polar.
    """
    style = current()
    spokes = select(assessment.index, nodes)
    rows = assessment.rows_of(units, assessment.rows(period))
    if len(rows) > len(style.palette) or len(spokes) < 3:
        msg = (
            f"a radar requires at most {len(style.palette)} units and at least 3 nodes, got "
            f"{len(rows)} units and {len(spokes)} nodes"
        )
        raise MethodError(msg)
    ax = axes_for(ax, style.width, style.width, projection="polar")
    if ax.name != "polar":
        msg = "a radar requires polar axes; create them with projection='polar'"
        raise MethodError(msg)
    angles = np.linspace(0, 2 * np.pi, len(spokes), endpoint=False)
    closed = np.append(angles, angles[0])
    for j, row in enumerate(rows):
        scores = np.array([assessment.array(node.code)[row] for node in spokes])
        dashes = ("-", "--", ":", "-.")[j % 4]
        ax.plot(closed, np.append(scores, scores[0]), dashes, color=style.colour(j), linewidth=2,
                marker="o", markersize=4, label=plain(assessment.units[row]))  # fmt: skip
    ax.set_theta_zero_location("N")
    ax.set_theta_direction(-1)
    ax.set_xticks(angles, [plain(node.code) for node in spokes])
    ax.set_rlim(min(0.0, ax.get_ylim()[0]))
    ax.legend(loc="lower center", ncols=4, bbox_to_anchor=(0.5, 1.06))
    return ax


@drawn
def distributions(assessment: "Assessment", nodes: Nodes = None, *, ax: Any = None) -> Any:
    """Draw the distributions of indicators, before and after treatment.

    Each indicator has a row that runs from its smallest to its largest value. Ticks above the line
    show values before treatment, ticks below it values after treatment, and crosses mark the values
    that the treatment changed.

    Parameters
    ----------
    assessment : Assessment
        The assessment whose scores are drawn.
    nodes : int, str or sequence of str, optional
        The indicators to draw: a tree level, or codes; all by default.
    ax : matplotlib.axes.Axes, optional
        The axes to draw on; a new figure is made by default.

    Returns
    -------
    matplotlib.axes.Axes
        The axes with the picture.

    Raises
    ------
    UnknownCodeError
        A node does not exist.
    MethodError
        A node is not an indicator.
    """
    style = current()
    place = {indicator.code: j for j, indicator in enumerate(assessment.index.indicators)}
    chosen = [node.code for node in select(assessment.index, nodes)]
    if any(code not in place for code in chosen):
        msg = "distributions can only be drawn for indicators; these nodes are not indicators"
        raise MethodError(msg, [f"{code!r}" for code in chosen if code not in place])
    before, after = (assessment.stage_array(stage) for stage in ("imputed", "treated"))
    ax = axes_for(ax, style.width, 1.2 + 0.34 * len(chosen))
    for y, code in enumerate(chosen):
        raw, treated = before[:, place[code]], after[:, place[code]]
        both = np.concatenate([raw, treated])
        if np.isnan(both).all():
            continue  # the row stays empty
        low, high = np.nanmin(both), np.nanmax(both)
        span = high - low or 1.0
        moved = ~(np.isclose(raw, treated) | np.isnan(raw))
        for values, shift, colour in ((raw, -0.16, style.grey), (treated, 0.16, style.good)):
            # Thousands of ticks take less space in a file as a bitmap than as vectors.
            ax.plot((values - low) / span, np.full(raw.size, y + shift), "|", color=colour,
                    alpha=0.7, rasterized=raw.size > 500)  # fmt: skip
        ax.plot((raw[moved] - low) / span, np.full(moved.sum(), y - 0.16), "x", color=style.bad)
    for colour, mark, label in (
        (style.grey, "|", "before"),
        (style.good, "|", "after treatment"),
        (style.bad, "x", "moved"),
    ):  # fmt: skip
        ax.plot([], [], mark, color=colour, linestyle="", label=label)
    ax.set_yticks(range(len(chosen)), [plain(code) for code in chosen], fontsize=style.small)
    ax.set_ylim(len(chosen) - 0.4, -0.6)
    ax.set_xticks([0, 1], ["smallest", "largest"])
    ax.legend(loc="lower center", ncols=3, bbox_to_anchor=(0.5, 1.0))
    return tidy(ax)


@drawn
def correlations(
    assessment: "Assessment",
    nodes: Nodes = None,
    *,
    method: str = "pearson",
    period: object = None,
    ax: Any = None,
) -> Any:
    """Draw the correlations between nodes as a heat map.

    Parameters
    ----------
    assessment : Assessment
        The assessment whose scores are drawn.
    nodes : int, str or sequence of str, optional
        A tree level, or codes; all indicators by default.
    method : {"pearson", "spearman", "kendall"}
        The correlation coefficient.
    period : object, optional
        The period to use; required if there are several periods.
    ax : matplotlib.axes.Axes, optional
        The axes to draw on; a new figure is made by default.

    Returns
    -------
    matplotlib.axes.Axes
        The axes with the picture.

    Raises
    ------
    MethodError
        The tree level or the method does not exist, or no correlation can be computed.
    """
    style = current()
    codes = [node.code for node in select(assessment.index, nodes)]
    values = assessment.arrays(codes)[assessment.rows(period)]
    coefficients = multivariate.correlations(values, method=method).coefficients
    if len(codes) > 1 and np.isnan(coefficients[~np.eye(len(codes), dtype=bool)]).all():
        msg = (
            "no correlation can be computed: for each pair of nodes, too few units have both "
            "scores, or one of the scores does not vary"
        )
        raise MethodError(msg)
    # There must be space for at least one line of text for each node.
    side = max(style.width, 0.8 + 1.2 * style.small / 72 * len(codes))
    ax = axes_for(ax, side, 1.12 * side)
    picture = ax.imshow(coefficients, cmap="PuOr", vmin=-1, vmax=1)
    labels = [plain(code) for code in codes]
    ax.set_xticks(range(len(codes)), labels, rotation=90, fontsize=style.small)
    ax.set_yticks(range(len(codes)), labels, fontsize=style.small)
    if len(codes) <= 12:
        for i, j in np.ndindex(coefficients.shape):
            coefficient = coefficients[i, j]
            strong = abs(coefficient) > 0.6
            figure = "–" if np.isnan(coefficient) else f"{coefficient:.2f}"
            ax.text(j, i, figure, ha="center", va="center", fontsize=style.small,
                    color="white" if strong else style.ink)  # fmt: skip
    bar = ax.figure.colorbar(picture, ax=ax, location="top", shrink=0.7, aspect=35, pad=0.01)
    bar.ax.tick_params(labelsize=style.small, labelcolor=style.ink)
    bar.set_label(f"{method.capitalize()} correlation", fontsize=style.small)
    return ax
