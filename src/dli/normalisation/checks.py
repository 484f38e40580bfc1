"""Checks of arguments that all normalisations share."""

import math
from collections.abc import Iterable, Iterator, Sequence
from functools import lru_cache

import numpy as np
from numpy.typing import ArrayLike

from dli.arrays import TIE, as_floats, is_complete
from dli.checks import is_number
from dli.errors import MethodError
from dli.normalisation.protocol import Bools, Floats, IndicatorLike
from dli.rescaling import is_constant

__all__ = [
    "as_values",
    "by_column",
    "check_ends",
    "codes",
    "directions",
    "moment_faults",
    "refuse_constant",
    "refuse_not_positive",
    "refuse_reversed",
    "scale_faults",
]

_PARTS = ("code", "direction", "goalposts", "target", "scale")


def as_values(values: ArrayLike, indicators: Sequence[IndicatorLike]) -> Floats:
    """Return values as an array with a row for each unit and a column for each indicator.

    Raises
    ------
    MethodError
        If the shape does not fit, values are infinite or not numbers, or ``indicators`` is not a
        sequence of indicators.
    """
    _check_indicators(indicators)
    x = as_floats(values)
    if x.ndim < 2 or x.shape[-1] != len(indicators) or x.shape[-2] < 1:
        msg = (
            f"values must have the shape (..., n_units, n_indicators) = (..., 1 or more, "
            f"{len(indicators)}), got {x.shape}"
        )
        raise MethodError(msg)
    if is_complete(x):
        return x
    infinite = np.isinf(x)
    if infinite.any():
        faults = [
            f"row {at[-2]}, {indicators[at[-1]].code!r}: {x[tuple(at)]}"
            for at in np.argwhere(infinite).tolist()
        ]
        msg = "values must be finite numbers, or NaN where they are missing"
        raise MethodError(msg, faults)
    return x


def _check_indicators(indicators: object) -> None:
    if not isinstance(indicators, Sequence) or isinstance(indicators, (str, bytes)):
        msg = f"indicators must be a sequence of Indicator, got {indicators!r}"
        raise MethodError(msg)
    if all(map(_is_indicator_class, set(map(type, indicators)))):
        return
    faults = [
        f"{indicator!r} is not an Indicator"
        for indicator in indicators
        if isinstance(indicator, type) or not _has_parts(indicator)
    ]
    if faults:
        msg = f"indicators must have {', '.join(_PARTS)}, as dli.Indicator does"
        raise MethodError(msg, faults)


@lru_cache(maxsize=64)
def _is_indicator_class(kind: type) -> bool:
    """Return whether all objects of a class are indicators; cached, since it is called often."""
    return _has_parts(kind)


def _has_parts(item: object) -> bool:
    return all(hasattr(item, part) for part in _PARTS)


def scale_faults(low: float, high: float) -> Iterator[str]:
    """Yield the faults of a scale, which must rise from one finite number to another."""
    if not (is_number(low) and is_number(high) and low < high):
        yield f"low must be below high and both finite, got {low!r} and {high!r}"
    elif not float(high) - float(low) > TIE * max(abs(low), abs(high)):
        yield f"low {low!r} and high {high!r} are so close that all scores would tie"


def moment_faults(mean: float, sd: float) -> Iterator[str]:
    """Yield the faults of the mean and the standard deviation requested for the results."""
    if not (is_number(mean) and is_number(sd) and sd > 0):
        yield f"mean must be finite and sd above 0, got {mean!r} and {sd!r}"
    elif not math.isfinite(float(mean) + float(sd)):
        yield f"mean {mean!r} and sd {sd!r} are too large to add"
    elif not sd > TIE * abs(mean):
        yield f"sd {sd!r} is so small beside mean {mean!r} that all scores would tie"


def check_ends(
    ends: Iterable[tuple[float, float]], indicators: Sequence[IndicatorLike], *, log: bool = False
) -> None:
    """Raise if goalposts coincide, are infinite, contradict the direction or have no logarithm."""
    faults = []
    for (worst, best), indicator in zip(ends, indicators, strict=True):
        if not (is_number(worst) and is_number(best)):
            faults.append(f"{indicator.code!r}: ({worst}, {best}) must be finite")
        elif worst == best:
            faults.append(f"{indicator.code!r}: goalposts must differ, got {worst:g} twice")
        elif (best > worst) != (indicator.direction > 0):
            faults.append(
                f"{indicator.code!r}: ({worst:g}, {best:g}) contradict direction "
                f"{indicator.direction}"
            )
        elif log and min(worst, best) <= 0:
            faults.append(
                f"{indicator.code!r}: ({worst:g}, {best:g}) must be above 0 with log=True"
            )
    if faults:
        msg = "goalposts are the worst and the best value, in this order"
        raise MethodError(msg, faults)


def by_column(cells: Bools) -> Bools:
    """Return for each column whether any of its cells is True, in any sample."""
    return np.asarray(cells.reshape(-1, cells.shape[-1]).any(axis=0))


def codes(indicators: Sequence[IndicatorLike], at: ArrayLike) -> list[str]:
    """Return the quoted codes of the indicators of some columns, for messages."""
    return [f"{indicators[j].code!r}" for j in np.flatnonzero(at).tolist()]


def directions(indicators: Sequence[IndicatorLike]) -> Floats:
    """Return the direction of each indicator, 1 or -1."""
    return np.array([indicator.direction for indicator in indicators], dtype=np.float64)


def refuse_constant(
    low: Floats,
    high: Floats,
    indicators: Sequence[IndicatorLike],
    n_units: int,
    found: str = "all its values are",
) -> None:
    """Raise if the smallest and the largest value of a column differ by no more than rounding.

    ``found`` starts the message about each column and says which values do not differ.
    """
    usable = ~is_constant(low, high)
    if usable.all():
        return
    n_columns = len(indicators)
    faults = []
    for j in np.flatnonzero(~usable.reshape(-1, n_columns).all(axis=0)).tolist():
        sample = int(np.argmin(usable.reshape(-1, n_columns)[:, j]))
        value = low.reshape(-1, n_columns)[sample, j]
        nothing = "it has no value at all" if np.isnan(value) else f"{found} {value:g}"
        faults.append(f"{indicators[j].code!r}: {nothing}")
    units = " (there is one unit only)" if n_units == 1 else ""
    msg = (
        f"the scale of an indicator cannot be set by data that do not differ{units}; give it "
        "goalposts or leave it out"
    )
    raise MethodError(msg, faults)


def refuse_reversed(worst: Floats, best: Floats, indicators: Sequence[IndicatorLike]) -> None:
    """Raise if the best value of a column is not better than its worst, or is missing."""
    better = np.where(directions(indicators) > 0, best > worst, best < worst)
    better &= ~is_constant(np.minimum(worst, best), np.maximum(worst, best))
    faults = []
    for j in np.flatnonzero(by_column(~better)).tolist():
        sample = int(np.argmin(better[..., j].ravel()))
        ends = [end[..., j].ravel()[sample] for end in (worst, best)]
        problem = "it has no value at all"
        if not np.isnan(ends).any():
            problem = f"from {ends[0]:g} to {ends[1]:g}, with direction {indicators[j].direction}"
        faults.append(f"{indicators[j].code!r}: {problem}")
    if faults:
        msg = "the best value must be better than the worst one; this does not hold for"
        raise MethodError(msg, faults)


def refuse_not_positive(values: Floats, indicators: Sequence[IndicatorLike]) -> None:
    """Raise if values are not above 0 and so have no logarithm."""
    faults = [
        f"row {at[-2]}, {indicators[at[-1]].code!r}: {values[tuple(at)]:g}"
        for at in np.argwhere(values <= 0).tolist()
    ]
    if faults:
        msg = "logarithms (log=True) need values above 0, got"
        raise MethodError(msg, faults)
