"""A picture of two quantities of units, one against the other."""

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

import numpy as np

from dli import frames
from dli.arrays import Floats
from dli.checks import is_number, is_whole
from dli.errors import DataError, MethodError, UnknownCodeError
from dli.multivariate import arrays as multivariate
from dli.plots.axes import axes_for, plain, tidy
from dli.plots.labels import label_points
from dli.plots.style import current, drawn

if TYPE_CHECKING:
    from dli.assessment import Assessment

__all__ = ["scatter"]


@drawn
def scatter(
    assessment: "Assessment",
    x: str,
    y: str,
    *,
    label: int | Iterable[object] = 6,
    period: object = None,
    ax: Any = None,
) -> Any:
    """Draw units as dots by two nodes, or by a node and another column of the data.

    The line is that of least squares; above the picture stand Pearson's correlation and how many
    units have both.

    Parameters
    ----------
    assessment : Assessment
        Whose scores are drawn.
    x, y : str
        Codes of nodes, or columns of numbers that the data have besides.
    label : int or sequence
        How many of the units farthest from the line are named, or which units; their colour is
        another.
    period : object, optional
        Where there are several.
    ax : matplotlib.axes.Axes, optional
        Where to draw; a figure of its own by default.

    Returns
    -------
    matplotlib.axes.Axes
        With the picture, to be changed or saved.

    Raises
    ------
    UnknownCodeError
        No such nodes, columns, units or period.
    DataError
        A column that holds something else than numbers, or fewer than two units with both.
    MethodError
        A number of labels below 0.
    """
    style = current()
    rows = assessment.rows(period)
    marked = _marked(assessment, label, rows.tolist())
    points = np.column_stack([_values(assessment, name)[rows] for name in (x, y)])
    both = ~np.isnan(points).any(axis=1)
    rows, points = rows[both], points[both]
    if len(rows) < 2:
        msg = f"a line needs two units with both {x!r} and {y!r} at least, got {len(rows)}"
        raise DataError(msg)
    # Squares of very large values would be infinite; powers of two keep all digits.
    sizes = np.ldexp(1.0, np.frexp(np.abs(points).max(axis=0))[1] - 1)
    scaled = points / sizes
    intercept, slope, correlation = _line(scaled)
    distance = np.abs(scaled[:, 1] - intercept - slope * scaled[:, 0])
    if isinstance(marked, int):
        chosen = np.argsort(-distance, kind="stable")[:marked].tolist()
    else:
        chosen = [j for j, row in enumerate(rows.tolist()) if row in marked]
    ax = axes_for(ax, style.width, 0.85 * style.width)
    colours = np.full(len(rows), style.good, dtype=object)
    colours[chosen] = style.bad
    size = 22 if len(rows) <= 500 else 8
    ax.scatter(*points.T, s=size, color=colours.tolist(), alpha=0.75, linewidth=0, zorder=2,
               rasterized=len(rows) > 5_000)  # fmt: skip
    ax.margins(0.06)
    if not np.isnan(slope):
        ends = np.array([scaled[:, 0].min(), scaled[:, 0].max()])
        line = (intercept + slope * ends) * sizes[1]
        ax.plot(ends * sizes[0], line, color=style.ink, linewidth=1, zorder=1)
    ax.set_xlim(ax.get_xlim())
    ax.set_ylim(ax.get_ylim())
    for name, write in ((x, ax.set_xlabel), (y, ax.set_ylabel)):
        write(plain(_title(assessment, name), 48))
    said = "no correlation: one of them does not vary" if np.isnan(correlation) else (
        f"correlation {correlation:.2f}".replace("-", "−")
    )  # fmt: skip
    ax.set_title(f"{said} ({len(rows):,} units)", fontsize=style.small, loc="left")
    label_points(ax, points, [assessment.units[row] for row in rows], chosen)
    return tidy(ax)


def _marked(assessment: "Assessment", label: Any, rows: list[int]) -> int | set[int]:
    """Return how many units to name, or the rows of those that are asked for."""
    if is_whole(label, 0):
        return int(label)
    if is_number(label) or isinstance(label, (bool, str)):
        msg = f"label must be a number of units from 0, or the units themselves, got {label!r}"
        raise MethodError(msg)
    return set(assessment.rows_of(label, rows))


def _values(assessment: "Assessment", name: str) -> Floats:
    """Return the scores of a node, or the numbers of another column."""
    codes = [node.code for node in assessment.index.walk()]
    if name in codes:
        return assessment.array(name)
    columns = assessment.observations.context
    if name not in columns:
        raise UnknownCodeError("node or column", [name], [*codes, *columns])
    cells = assessment.context(name, numbers=True)
    wrong = [
        f"{unit!r} has {cell!r}"
        for unit, cell in zip(assessment.units, cells, strict=True)
        if not (is_number(cell) or frames.is_missing(cell))
    ]
    if wrong:
        msg = f"column {name!r} must hold numbers"
        raise DataError(msg, wrong)
    return np.array([float(cell) if is_number(cell) else np.nan for cell in cells])


def _title(assessment: "Assessment", name: str) -> str:
    names = {node.code: node.name for node in assessment.index.walk()}
    return f"{name} {names.get(name, '')}".rstrip()


def _line(points: Floats) -> tuple[float, float, float]:
    """Return the intercept and slope of the line of least squares, and Pearson's correlation."""
    correlation = float(multivariate.correlations(points).coefficients[0, 1])
    (x, y), (of_x, of_y) = points.mean(axis=0), points.std(axis=0)
    slope = correlation * float(of_y / of_x) if of_x > 0 else float("nan")
    return float(y - slope * x), slope, correlation
