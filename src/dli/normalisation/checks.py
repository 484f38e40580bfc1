"""What every normalisation checks of its arguments, and the ends that data have."""

from collections.abc import Iterable, Sequence

import numpy as np
from numpy.typing import ArrayLike

from dli.errors import MethodError
from dli.normalisation.protocol import Floats, IndicatorLike

__all__ = [
    "as_values",
    "check_ends",
    "check_scale",
    "codes",
    "directions",
    "extremes",
    "refuse_constant",
]

# Values that differ by less than this share of their size differ by rounding alone.
_ROUNDING = 4 * np.finfo(np.float64).eps


def as_values(values: ArrayLike, indicators: Sequence[IndicatorLike]) -> Floats:
    """Take values as an array with a row for each unit and a column for each indicator."""
    x = np.asarray(values, dtype=np.float64)
    if x.ndim < 2 or x.shape[-1] != len(indicators) or x.shape[-2] < 1:
        msg = (
            f"values must have the shape (..., n_units, n_indicators) = (..., 1 or more, "
            f"{len(indicators)}), got {x.shape}"
        )
        raise MethodError(msg)
    return x


def check_scale(low: float, high: float) -> None:
    """Refuse a scale that does not rise from one finite number to another."""
    if not (np.isfinite(low) and np.isfinite(high) and low < high):
        msg = f"low must be below high and both finite, got {low!r} and {high!r}"
        raise MethodError(msg)


def check_ends(ends: Iterable[tuple[float, float]], indicators: Sequence[IndicatorLike]) -> None:
    """Refuse goalposts that coincide, are infinite or contradict the direction."""
    faults = []
    for (worst, best), indicator in zip(ends, indicators, strict=True):
        if not (np.isfinite(worst) and np.isfinite(best)):
            faults.append(f"{indicator.code!r}: ({worst:g}, {best:g}) must be finite")
        elif worst == best:
            faults.append(f"{indicator.code!r}: goalposts must differ, got {worst:g} twice")
        elif (best > worst) != (indicator.direction > 0):
            faults.append(
                f"{indicator.code!r}: ({worst:g}, {best:g}) contradict direction "
                f"{indicator.direction}"
            )
    if faults:
        msg = "goalposts are the worst and the best value, in this order"
        raise MethodError(msg, faults)


def codes(indicators: Sequence[IndicatorLike], at: ArrayLike) -> list[str]:
    """Name the indicators of some columns as messages do."""
    return [f"{indicators[j].code!r}" for j in np.flatnonzero(at).tolist()]


def directions(indicators: Sequence[IndicatorLike]) -> Floats:
    """Give 1 or -1 for each indicator."""
    return np.array([indicator.direction for indicator in indicators], dtype=np.float64)


def extremes(values: Floats) -> tuple[Floats, Floats]:
    """Give the least and the greatest value of each column, NaN for one without any."""
    low, high = values.min(axis=-2), values.max(axis=-2)
    if np.isnan(low).any():  # a plain minimum is NaN when a cell is
        low, high = np.fmin.reduce(values, axis=-2), np.fmax.reduce(values, axis=-2)
    return low, high


def refuse_constant(
    low: Floats, high: Floats, indicators: Sequence[IndicatorLike], n_units: int
) -> None:
    """Refuse columns whose least and greatest value differ by no more than rounding."""
    with np.errstate(over="ignore", invalid="ignore"):
        span = high - low
        usable = np.isfinite(span) & (span > _ROUNDING * np.maximum(np.abs(low), np.abs(high)))
    if usable.all():
        return
    n_columns = len(indicators)
    faults = []
    for j in np.flatnonzero(~usable.reshape(-1, n_columns).all(axis=0)).tolist():
        sample = int(np.argmin(usable.reshape(-1, n_columns)[:, j]))
        ends = low.reshape(-1, n_columns)[sample, j], high.reshape(-1, n_columns)[sample, j]
        faults.append(f"{indicators[j].code!r}: {_found(*ends)}")
    units = " (there is one unit only)" if n_units == 1 else ""
    msg = (
        f"the scale of an indicator cannot be set by data that do not differ{units}; give it "
        "goalposts or leave it out"
    )
    raise MethodError(msg, faults)


def _found(low: float, high: float) -> str:
    if np.isnan(low):
        return "it has no value at all"
    if np.isinf(float(high) - float(low)):
        return f"its values reach from {low:g} to {high:g}, too far apart to subtract"
    return f"all its values are {low:g}"
