"""The table that a data-driven scheme reads: checked once, faults named by column."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import ArrayLike, NDArray

from dli.errors import MethodError
from dli.weighting.protocol import Floats, Node

__all__ = [
    "as_table",
    "check_range",
    "codes_of",
    "column_names",
    "complete_rows",
    "minmax",
    "shares",
    "spread",
]

# The deviation of a constant column is 0 up to rounding; scaled, that noise would pass for weights.
NOISE = 1e-12


def as_table(values: ArrayLike) -> Floats:
    """Read a table of numbers."""
    x = np.asarray(values, dtype=np.float64)
    if x.ndim != 2 or x.shape[1] == 0:
        msg = f"values must have shape (n_units, n_indicators), got {x.shape}"
        raise MethodError(msg)
    return x


def column_names(x: Floats) -> list[str]:
    """Name columns that have no code."""
    return [f"column {j}" for j in range(x.shape[1])]


def codes_of(children: Sequence[Node]) -> list[str]:
    """Name columns by the codes of the children."""
    return [repr(child.code) for child in children]


def check_range(
    x: Floats, names: Sequence[str], scheme: str, *, above: float | None = None, least: int = 2
) -> None:
    """Refuse infinities, values out of a scheme's range and columns with too few of them.

    ``above`` is the excluded lower limit; give ``-0.0`` for a limit of zero that is included.
    """
    faults = []
    included = above is not None and above == 0 and bool(np.signbit(above))
    for j, name in enumerate(names):
        column = x[:, j][~np.isnan(x[:, j])]
        bad = np.isinf(column)
        if above is not None:
            bad |= (column < above) if included else (column <= above)
        if bad.any():
            faults.append(f"{name}: {int(bad.sum())} of them, such as {column[bad][0]:g}")
        elif column.size < least:
            faults.append(f"{name}: {column.size} values, expected at least {least}")
    if faults:
        range_ = "" if above is None else (" of at least 0" if included else " above 0")
        msg = f"{scheme} weights need finite values{range_}, at least {least} of each indicator"
        raise MethodError(msg, faults)


def complete_rows(x: Floats, names: Sequence[str], scheme: str, *, least: int = 3) -> Floats:
    """Keep the units that have every value."""
    rows = x[~np.isnan(x).any(axis=1)]
    if np.isinf(rows).any():
        faults = [
            f"{names[j]}: an infinite value"
            for j in np.flatnonzero(np.isinf(x).any(axis=0)).tolist()
        ]
        msg = f"{scheme} weights need finite values"
        raise MethodError(msg, faults)
    if len(rows) < least:
        gaps = np.isnan(x).sum(axis=0)
        faults = [f"{names[j]}: {gaps[j]} missing" for j in np.flatnonzero(gaps).tolist()]
        msg = f"{scheme} weights need at least {least} units with all values, got {len(rows)}"
        raise MethodError(msg, faults)
    return rows


def spread(x: Floats) -> Floats:
    """Give the standard deviation of the available values, 0 for what is constant up to noise."""
    deviation = np.nanstd(x, axis=0, ddof=1)
    size = np.nanmax(np.abs(x), axis=0)
    return np.asarray(np.where(deviation <= NOISE * size, 0.0, deviation))


def check_not_constant(deviation: Floats, names: Sequence[str], scheme: str) -> None:
    """Refuse columns that do not differ between units."""
    constant: NDArray[np.intp] = np.flatnonzero(deviation == 0)
    if constant.size:
        msg = f"{scheme} weights are undefined for an indicator that is the same for all units"
        raise MethodError(msg, [names[j] for j in constant])


def minmax(x: Floats, names: Sequence[str], scheme: str) -> Floats:
    """Stretch every column to the range from 0 to 1."""
    check_not_constant(spread(x), names, scheme)
    low, high = np.nanmin(x, axis=0), np.nanmax(x, axis=0)
    return np.asarray((x - low) / (high - low))


def shares(raw: Floats, names: Sequence[str], scheme: str) -> Floats:
    """Scale what an indicator brings so that all sum to one."""
    total = raw.sum()
    if not total > 0:
        msg = f"{scheme} weights need an indicator that differs between units: {', '.join(names)}"
        raise MethodError(msg)
    return np.asarray(raw / total)
