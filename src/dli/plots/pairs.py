"""A scatter plot of two quantities."""

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
    """Draw a scatter plot of two nodes, or of a node and another column of the data.

    The line is the least-squares line; the title shows Pearson's correlation and the number of
    units that have both values.

    Parameters
    ----------
    assessment : Assessment
        The assessment whose scores are drawn.
    x, y : str
        The quantities on the two axes: codes of nodes, or context columns that contain numbers.
    label : int or sequence
        The units to name and to draw in another colour: the number of units farthest from the
        line, or the units themselves.
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
        A node, a column, a unit or the period does not exist.
    DataError
        A column contains values that are not numbers, or fewer than two units have both values.
    MethodError
        ``label`` is neither a whole number of at least 0 nor a sequence of units.
    """
    style = current()
    rows = assessment.rows(period)
    marked = _marked(assessment, label, rows.tolist())
    points = np.column_stack([_values(assessment, name)[rows] for name in (x, y)])
    both = ~np.isnan(points).any(axis=1)
    rows, points = rows[both], points[both]
    if len(rows) < 2:
        msg = f"a scatter plot requires at least 2 units with both {x!r} and {y!r}, got {len(rows)}"
        raise DataError(msg)
    # Squares of very large values would be infinite; scaling by powers of two keeps all digits.
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
    result = "no correlation: one of them does not vary" if np.isnan(correlation) else (
        f"correlation {correlation:.2f}".replace("-", "−")
    )  # fmt: skip
    ax.set_title(f"{result} ({len(rows):,} units)", fontsize=style.small, loc="left")
    label_points(ax, points, [assessment.units[row] for row in rows], chosen)
    return tidy(ax)


def _marked(assessment: "Assessment", label: Any, rows: list[int]) -> int | set[int]:
    """Return how many units to name, or the rows of the units to name."""
    if is_whole(label, 0):
        return int(label)
    if is_number(label) or isinstance(label, (bool, str)):
        msg = f"label must be a whole number of at least 0 or a sequence of units, got {label!r}"
        raise MethodError(msg)
    return set(assessment.rows_of(label, rows))


def _values(assessment: "Assessment", name: str) -> Floats:
    """Return the scores of a node, or the numbers of a context column."""
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
        msg = f"column {name!r} must contain numbers only"
        raise DataError(msg, wrong)
    return np.array([float(cell) if is_number(cell) else np.nan for cell in cells])


def _title(assessment: "Assessment", name: str) -> str:
    names = {node.code: node.name for node in assessment.index.walk()}
    return f"{name} {names.get(name, '')}".rstrip()


def _line(points: Floats) -> tuple[float, float, float]:
    """Return the intercept and slope of the least-squares line, and Pearson's correlation."""
    correlation = float(multivariate.correlations(points).coefficients[0, 1])
    (x, y), (of_x, of_y) = points.mean(axis=0), points.std(axis=0)
    slope = correlation * float(of_y / of_x) if of_x > 0 else float("nan")
    return float(y - slope * x), slope, correlation
