"""Pictures of how robust ranks are, and of what changes them."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from dli.aggregation.protocol import traits_of
from dli.checks import flag_faults, refuse
from dli.errors import MethodError
from dli.framework import Index
from dli.plots.axes import (
    axes_for,
    letters_in,
    name_size,
    plain,
    rank_ticks,
    spread,
    tidy,
    wrapped,
)
from dli.plots.style import current, drawn

if TYPE_CHECKING:
    from dli.assessment import Assessment
    from dli.sensitivity import Sobol, Uncertainty

__all__ = ["rank_acceptability", "rank_intervals", "sobol", "weight_stability"]


@drawn
def rank_intervals(  # noqa: PLR0913 each is a decision of its own
    study: "Uncertainty",
    q: tuple[float, float] = (0.05, 0.95),
    *,
    top: int | None = None,
    highlight: Sequence[object] = (),
    groups: bool = False,
    period: object = None,
    ax: Any = None,
) -> Any:
    """Draw the league table with an interval that contains most of each unit's simulated ranks.

    Parameters
    ----------
    study : Uncertainty
        The study with the draws.
    q : (float, float)
        The quantiles at the ends of the bars.
    top : int, optional
        The number of leading units to draw; all by default.
    highlight : sequence, optional
        Units to draw in another colour.
    groups : bool
        Whether to shade every other group of units that the draws do not distinguish at the 95 %
        confidence level. `dli.robustness.tie_groups` computes these groups.
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
        A highlighted unit or the period does not exist.
    MethodError
        A quantile is not between 0 and 1, or ``groups`` is True although the scores of different
        draws are on different scales.
    """
    style = current()
    refuse("rank_intervals", flag_faults(groups=groups))
    rows = study.assessment.rows(period).tolist()
    marked = set(study.assessment.rows_of(highlight, rows)) if highlight else set()
    order = _leading(study, rows, top)
    ranks = [study.rank_quantiles(x)[order] for x in (q[0], 0.5, q[1])]
    colours = [style.bad if i in marked else style.good for i in order.tolist()]
    ax = draw_intervals(study, order.tolist(), ranks, q=q, colours=colours, ax=ax)
    if groups:
        _shade_groups(ax, _groups(study, rows, period)[order].tolist())
    return ax


def _groups(study: "Uncertainty", rows: Sequence[int], period: object) -> Any:
    """Return the group of each row of the assessment, NaN for those of other periods."""
    from dli import frames
    from dli.robustness import tie_groups

    study.design.require_one_scale()
    node = study.design.node.code
    table = frames.read(
        tie_groups(study.assessment, study=study, node=node, period=period, rng=study.seed)
    )
    unit_column = study.assessment.observations.unit_column
    by_unit = dict(zip(table.column(unit_column), table.column("tie_group"), strict=True))
    groups = np.full(len(study.units), np.nan)
    for row in rows:
        group = by_unit.get(study.units[row])
        groups[row] = np.nan if group is None else group
    return groups


def _shade_groups(ax: Any, groups: Sequence[float]) -> None:
    """Shade every other run of rows that belong to the same group."""
    style = current()
    first = 0
    for place in range(1, len(groups) + 1):
        if place < len(groups) and groups[place] == groups[first]:
            continue
        if groups[first] % 2 == 0:
            ax.axhspan(
                first - 0.5, place - 0.5, color=style.grey, alpha=0.15, zorder=0, linewidth=0
            )
        first = place
    # The explanation belongs to the axis label, because the legend is above the axes.
    label = f"{ax.get_xlabel()}\nalternating shades: groups of units that are not distinguished"
    ax.set_xlabel(label)


@drawn
def draw_intervals(
    study: "Uncertainty",
    order: Sequence[int],
    ranks: Sequence[Any],
    *,
    q: tuple[float, float] = (0.05, 0.95),
    colours: Sequence[str] | None = None,
    ax: Any = None,
) -> Any:
    """Draw the nominal rank of some rows, and a low, a middle and a high quantile of ranks."""
    style = current()
    low, middle, high = ranks
    colours = [style.good] * len(order) if colours is None else colours
    ax = axes_for(ax, style.width, 1.1 + 0.15 * len(order))
    y = np.arange(len(order))
    ax.hlines(y, low, high, color=colours, linewidth=3, alpha=0.5)
    ax.scatter(middle, y, s=9, color=colours, zorder=3, label="median of the draws")
    ax.plot(study.nominal_ranks[order], y, "|", color=style.ink, markersize=7, label="nominal rank")
    names = [plain(study.units[i]) for i in order]
    ax.set_yticks(y, names, fontsize=name_size(len(order)))
    ax.set_ylim(len(order) - 0.4, -0.6)
    ends = np.concatenate([high, study.nominal_ranks[order]])
    last = int(np.nanmax(ends, initial=1.0))
    ax.set_xlim(1 - 0.02 * last, 1.02 * last + 0.5)
    ax.set_xticks(rank_ticks(last))
    ax.set_xlabel(f"rank, {q[0]:.0%} to {q[1]:.0%} of the draws")
    ax.grid(axis="x", alpha=0.3)
    ax.legend(loc="lower center", ncols=2, bbox_to_anchor=(0.5, 1.0))
    return tidy(ax)


def _leading(study: "Uncertainty", rows: Sequence[int], top: int | None) -> Any:
    """Return the leading rows by nominal rank; rows without a rank are omitted."""
    ranked = np.array([row for row in rows if not np.isnan(study.nominal_ranks[row])], dtype=int)
    return ranked[np.argsort(study.nominal_ranks[ranked], kind="stable")][:top]


@drawn
def rank_acceptability(
    study: "Uncertainty", *, top: int | None = 40, period: object = None, ax: Any = None
) -> Any:
    """Draw a heat map of the share of draws in which each unit took each rank.

    Parameters
    ----------
    study : Uncertainty
        The study with the draws.
    top : int, optional
        The number of leading units and of ranks to draw; None for all.
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
        The period does not exist.
    """
    order = _leading(study, study.assessment.rows(period).tolist(), top)
    shares = study.rank_acceptability[order][:, : len(order)]
    return draw_shares(study, order.tolist(), shares, ax=ax)


@drawn
def draw_shares(study: "Uncertainty", order: Sequence[int], shares: Any, *, ax: Any = None) -> Any:
    """Draw the share of draws in which some rows took each of equally many leading ranks."""
    from matplotlib.colors import PowerNorm

    style = current()
    ax = axes_for(ax, style.width, 1.3 + 0.14 * len(order))
    # Most shares are small: square roots make them distinct from each other and from 0, which has
    # the colour of the paper.
    picture = ax.imshow(
        shares, cmap=style.shades(), norm=PowerNorm(0.5, vmin=0.0, vmax=1.0), aspect="auto"
    )
    names = [plain(study.units[i]) for i in order]
    ax.set_yticks(range(len(order)), names, fontsize=name_size(len(order)))
    ax.set_xlabel("rank")
    ticks = rank_ticks(len(order))
    ax.set_xticks([rank - 1 for rank in ticks], [str(rank) for rank in ticks])
    for side in ax.spines.values():
        side.set_color(style.grey)
    bar = ax.figure.colorbar(
        picture, ax=ax, orientation="horizontal", location="top", shrink=0.7, aspect=35, pad=0.01
    )
    bar.set_ticks([0, 0.01, 0.05, 0.2, 0.5, 1], labels=["0", "1 %", "5 %", "20 %", "50 %", "100 %"])
    bar.ax.tick_params(labelsize=style.small, labelcolor=style.ink)
    bar.set_label("share of draws", fontsize=style.small)
    return ax


@drawn
def sobol(
    study: "Sobol",
    *,
    output: str | None = None,
    unit: object = None,
    top: int | None = 12,
    period: object = None,
    ax: Any = None,
) -> Any:
    """Draw first-order and total-order Sobol indices with their 95 % confidence intervals.

    Parameters
    ----------
    study : Sobol
        The study with the Sobol indices.
    output : str, optional
        The output to draw; by default the first output of the study.
    unit : object, optional
        The unit to draw; required if the output has a value for each unit.
    top : int, optional
        The number of factors to draw, those with the largest total-order indices; the label of the
        axis summarises the others. None draws all factors.
    period : object, optional
        The period of the unit, if there are several periods.
    ax : matplotlib.axes.Axes, optional
        The axes to draw on; a new figure is made by default.

    Returns
    -------
    matplotlib.axes.Axes
        The axes with the picture.

    Raises
    ------
    UnknownCodeError
        The output, the unit or the period does not exist.
    MethodError
        The output has a value for each unit but ``unit`` is not given, or ``top`` is not a whole
        number of at least 1.
    """
    style = current()
    name = study.outputs[0] if output is None else output
    columns = study.columns(name)
    column = columns.start
    if columns.stop - columns.start > 1:
        if unit is None:
            msg = f"output {name!r} has a value for each unit: choose one with unit=..."
            raise MethodError(msg)
        column += study.assessment.row(unit, period=period)
    first, total = study.first_order[:, column], study.total_order[:, column]
    by_total = np.argsort(-np.nan_to_num(total), kind="stable")
    order, omitted = by_total[:top][::-1], by_total[len(total) if top is None else top :]
    ax = axes_for(ax, style.width, 1.4 + 0.34 * len(order))
    y = np.arange(len(order))
    for values, error, shift, colour, label in (
        (first, study.indices.first_error, 0.2, style.good, "first order"),
        (total, study.indices.total_error, -0.2, style.mark, "total order"),
    ):
        ax.barh(y + shift, values[order], 0.36, xerr=1.96 * error[order, column], color=colour,
                label=label, error_kw={"linewidth": 1, "ecolor": style.ink})  # fmt: skip
    letters = letters_in(0.34 * style.width, style.small)
    names = [wrapped(str(study.factors[i]), letters, 2) for i in order.tolist()]
    ax.set_yticks(y, names, fontsize=style.small)
    ax.axvline(0, color=style.ink, linewidth=0.8)
    of_unit = "" if unit is None else f" of {plain(unit)}"
    label = f"share of the variance of the {name.replace('_', ' ')}{of_unit}"
    if omitted.size:
        label += (
            f"\nnot shown: {omitted.size} factor{'s' * (omitted.size > 1)}, first order "
            f"{np.nansum(first[omitted]):.2f} in total,\n"
            f"total order at most {np.nanmax(total[omitted], initial=0.0):.2f} each"
        )
    ax.set_xlabel(label)
    ax.legend(loc="lower center", ncols=2, bbox_to_anchor=(0.5, 1.0))
    return tidy(ax)


@drawn
def weight_stability(
    assessment: "Assessment",
    code: str,
    *,
    top: int = 8,
    period: object = None,
    ax: Any = None,
) -> Any:
    """Draw how the scores of leading units change as one weight varies from 0 to 1.

    The other weights within the same parent keep their proportions.

    Parameters
    ----------
    assessment : Assessment
        The assessment to draw; it must use an arithmetic mean at the parent of the node.
    code : str
        The node whose weight within its parent varies.
    top : int
        The number of units to draw, those with the highest scores of the parent.
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
        The node or the period does not exist.
    MethodError
        The node is the index itself or an only child, its parent has another aggregation or weights
        that differ between units, or no unit has the scores of all children.
    """
    style = current()
    index = assessment.index
    parent = index.parent(code)
    if parent is None or len(parent.children) < 2:
        msg = f"cannot vary the weight of {code!r}: it does not have siblings"
        raise MethodError(msg)
    aggregation = assessment.choices.aggregation[parent.code]
    if traits_of(aggregation).order != 1:
        msg = f"the aggregation at {parent.code!r} must be an arithmetic mean, got {aggregation!r}"
        raise MethodError(msg)
    if assessment.weight_array(parent.code).ndim > 1:
        msg = f"the weights at {parent.code!r} must be the same for all units; they differ"
        raise MethodError(msg)
    own, rest, now = _moved(assessment, parent, code)
    rows = assessment.rows(period)
    rows = rows[~np.isnan(own[rows] + rest[rows])]
    if not rows.size:
        msg = f"no unit has the scores of all children of {parent.code!r}"
        raise MethodError(msg)
    leading = rows[np.argsort(-assessment.array(parent.code)[rows], kind="stable")][:top]
    ax = axes_for(ax, style.width, 0.8 * style.width)
    both = np.concatenate([own[leading], rest[leading]])
    labels = spread(own[leading].tolist(), float(np.ptp(both)) / 24)
    for j, row in enumerate(leading.tolist()):
        dashes = "-" if j < len(style.palette) else "--"
        ax.plot([0, 1], [rest[row], own[row]], dashes, color=style.colour(j), linewidth=1.6)
        ax.annotate(plain(assessment.units[row]), (1, labels[j]), xytext=(3, 0),
                    textcoords="offset points", va="center", fontsize=style.small)  # fmt: skip
    for at, height in _swaps(own[leading], rest[leading]):
        ax.plot(at, height, "o", color=style.ink, markersize=3)
    ax.axvline(now, color=style.grey, linestyle="--", label=f"current weight: {now:.3f}")
    ax.set_xlim(0, 1)
    ax.set_xlabel(f"weight of {plain(code)} in {plain(parent.code)}")
    ax.set_ylabel(f"score of {plain(parent.code)}; dots: two units swap")
    ax.legend()
    return tidy(ax)


def _moved(assessment: "Assessment", parent: Index, code: str) -> tuple[Any, Any, float]:
    """Return each unit's score of the node, the mean of its siblings, and the current weight."""
    codes = [child.code for child in parent.children]
    weights = assessment.weight_array(parent.code)
    values = assessment.arrays(codes, normalised=True)
    place = codes.index(code)
    remaining = np.delete(weights, place)
    rest = np.delete(values, place, axis=1) @ (remaining / (remaining.sum() or 1.0))
    return values[:, place], rest, float(weights[place])


def _swaps(own: Any, rest: Any) -> list[tuple[float, float]]:
    """Return the points at which two units have the same score: the weight and the score."""
    points = []
    for i in range(len(own)):
        for j in range(i):
            slope = (own[i] - rest[i]) - (own[j] - rest[j])
            if slope != 0 and 0 < (t := (rest[j] - rest[i]) / slope) < 1:
                points.append((float(t), float(t * own[i] + (1 - t) * rest[i])))
    return points
