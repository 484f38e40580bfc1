"""Histograms, for so many units that no single unit could be seen in another picture."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from dli.plots.axes import axes_for, plain, tidy
from dli.plots.style import current, drawn

if TYPE_CHECKING:
    from dli.assessment import Assessment

__all__ = ["score_histogram", "value_histograms"]

_BARS = 60


@drawn
def score_histogram(assessment: "Assessment", rows: Sequence[int], *, ax: Any = None) -> Any:
    """Draw a histogram of the scores of some rows, with the median and the thresholds of bands.

    Parameters
    ----------
    assessment : Assessment
        The assessment whose scores are drawn.
    rows : sequence of int
        At least one row; each must have a score.
    ax : matplotlib.axes.Axes, optional
        The axes to draw on; a new figure is made by default.

    Returns
    -------
    matplotlib.axes.Axes
        The axes with the picture.
    """
    style = current()
    index = assessment.index
    scores = assessment.array(index.code)[list(rows)]
    ax = axes_for(ax, style.width, 0.55 * style.width)
    ax.hist(scores, bins=_BARS, color=style.good)
    ax.axvline(np.median(scores), color=style.ink, linewidth=1.2, label="median")
    if index.bands is not None:
        for j, threshold in enumerate(index.bands.thresholds):
            label = None if j else "thresholds of bands"
            ax.axvline(threshold, color=style.grey, linestyle="--", linewidth=1.0, label=label)
    ax.set_xlabel(plain(index.code))
    ax.set_ylabel("units")
    ax.legend()
    return tidy(ax)


@drawn
def value_histograms(assessment: "Assessment", *, ax: Any = None) -> Any:
    """Draw two histograms of each indicator: before treatment upwards, after treatment downwards.

    Each indicator has a row that runs from its smallest to its largest value.

    Parameters
    ----------
    assessment : Assessment
        The assessment whose values are drawn.
    ax : matplotlib.axes.Axes, optional
        The axes to draw on; a new figure is made by default.

    Returns
    -------
    matplotlib.axes.Axes
        The axes with the picture.
    """
    style = current()
    codes = [indicator.code for indicator in assessment.index.indicators]
    before, after = (assessment.stage_array(stage) for stage in ("imputed", "treated"))
    ax = axes_for(ax, style.width, 1.2 + 0.5 * len(codes))
    for y, (raw, treated) in enumerate(zip(before.T, after.T, strict=True)):
        both = np.concatenate([raw, treated])
        if np.isnan(both).all():
            continue
        low, high = np.nanmin(both), np.nanmax(both)
        span = high - low or 1.0
        for values, direction, colour in ((raw, -1, style.grey), (treated, 1, style.good)):
            places = (values[~np.isnan(values)] - low) / span
            counts, edges = np.histogram(places, bins=_BARS, range=(0.0, 1.0))
            heights = direction * 0.42 * counts / max(counts.max(), 1)
            ax.stairs(y + heights, edges, baseline=y, fill=True, color=colour)
    for colour, label in (
        (style.grey, "before (upwards)"),
        (style.good, "after treatment (downwards)"),
    ):
        ax.plot([], [], "s", color=colour, label=label)
    ax.set_yticks(range(len(codes)), [plain(code) for code in codes], fontsize=style.small)
    ax.set_ylim(len(codes) - 0.4, -0.6)
    ax.set_xticks([0, 1], ["smallest", "largest"])
    ax.legend(loc="lower center", ncols=2, bbox_to_anchor=(0.5, 1.0))
    return tidy(ax)
