"""Small multiples: the same small picture for each of several units."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from dli.arrays import Floats
from dli.framework.select import Nodes, select
from dli.periods import period_order
from dli.plots.axes import letters_in, plain, tidy, wrapped
from dli.plots.scores import scale_of
from dli.plots.style import current, drawn, pyplot

if TYPE_CHECKING:
    from dli.assessment import Assessment

__all__ = ["small_multiples"]


@drawn
def small_multiples(
    assessment: "Assessment",
    units: Sequence[object],
    *,
    nodes: Nodes = 1,
    period: object = None,
    figure: Any = None,
) -> Any:
    """Draw a small panel for each unit, with the median of all units in grey behind it.

    The panels have the same axes, so that they can be compared. They show a bar for each node; if
    there are several periods and ``period`` is not given, they show the index score over time.

    Parameters
    ----------
    assessment : Assessment
        The assessment whose scores are drawn.
    units : sequence
        The units to draw, in this order.
    nodes : int, str or sequence of str
        The nodes that are drawn as bars: a tree level, or codes.
    period : object, optional
        The period whose scores are drawn as bars, if there are several.
    figure : matplotlib.figure.Figure or SubFigure, optional
        An empty figure to draw on; a new one is made by default.

    Returns
    -------
    ndarray of matplotlib.axes.Axes, of shape (n_units,)
        The panel of each unit, in the order of ``units``.

    Raises
    ------
    UnknownCodeError
        A unit, the period or a node does not exist.
    MethodError
        ``units`` is empty, or the tree level does not exist.
    """
    over_time = assessment.periods is not None and period is None
    rows = np.arange(len(assessment.units)) if over_time else assessment.rows(period)
    chosen = [assessment.units[row] for row in assessment.rows_of(units, rows)]
    style = current()
    n_columns = min(len(chosen), max(1, round(style.width / 1.7)))
    n_rows = -(-len(chosen) // n_columns)
    shown = [assessment.index] if over_time else select(assessment.index, nodes)
    codes = [node.code for node in shown]
    height = 1.3 if over_time else 0.5 + 0.2 * len(codes)
    if figure is None:
        size = (style.width, 0.4 + n_rows * height)
        figure = pyplot().figure(figsize=size, layout="constrained")
    grid = figure.subplots(n_rows, n_columns, sharex=True, sharey=True, squeeze=False)
    panels = grid.ravel()
    limits = scale_of(assessment, codes)
    for panel, unit in zip(panels, chosen, strict=False):
        if over_time:
            _over_time(panel, assessment, unit)
            panel.set_ylim(*limits)
        else:
            _bars(panel, assessment.arrays(codes), assessment.row(unit, period=period), rows)
            panel.set_xlim(*limits)
        panel.set_title(wrapped(str(unit), letters_in(style.width / n_columns, style.size), 2),
                        fontsize=style.size, loc="left", pad=3)  # fmt: skip
        panel.tick_params(labelsize=style.small, labelcolor=style.ink)
        tidy(panel)
    if not over_time:
        panels[0].set_yticks(range(len(codes)), [plain(code, 16) for code in codes])
        panels[0].set_ylim(len(codes) - 0.4, -0.6)
    for panel in panels[len(chosen) :]:
        panel.set_visible(False)
    quantity = plain(codes[0]) if over_time else "score"
    figure.supxlabel(f"{quantity}; grey: the median of all units", fontsize=style.small)
    return panels[: len(chosen)]


def _bars(ax: Any, scores: Floats, row: int, rows: Any) -> None:
    """Draw a narrow bar for each node in front of a wide grey bar for the median."""
    style = current()
    places = np.arange(scores.shape[1])
    ax.barh(places, _medians(scores[rows]), height=0.84, color=style.grey, alpha=0.35)
    ax.barh(places, scores[row], height=0.42, color=style.good)


def _over_time(ax: Any, assessment: "Assessment", unit: object) -> None:
    """Draw the index score of a unit over periods in front of a grey line for the median."""
    style = current()
    scores = assessment.array(assessment.index.code)
    labels = assessment.periods or ()
    periods = period_order(labels)
    by_period = assessment.rows_by_period
    middle = [float(_medians(scores[by_period[p]][:, np.newaxis])[0]) for p in periods]
    score_in = {
        labels[row]: float(scores[row]) for row, name in enumerate(assessment.units) if name == unit
    }
    places = range(len(periods))
    ax.plot(places, middle, color=style.grey, linewidth=2.5, alpha=0.6)
    ax.plot(places, [score_in.get(p, np.nan) for p in periods], color=style.good, marker="o",
            markersize=3, linewidth=1.5)  # fmt: skip
    ends = [places[0], places[-1]]
    ax.set_xticks(ends, [plain(periods[i]) for i in ends])


def _medians(scores: Floats) -> Floats:
    """Return the median of each column, NaN for a column without scores."""
    result = np.full(scores.shape[1], np.nan)
    known = ~np.isnan(scores).all(axis=0)
    result[known] = np.nanmedian(scores[:, known], axis=0)
    return result
