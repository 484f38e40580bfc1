"""Trends and growth rates of series, on plain arrays."""

import numpy as np
from attrs import frozen
from numpy.typing import ArrayLike

from dli.arrays import Floats, Integers, as_floats
from dli.errors import MethodError

__all__ = ["Trends", "trends"]


def __dir__() -> list[str]:
    return __all__


# The rounding error, relative to the largest value, of subtracting equal values.
_ROUNDING = 8 * np.finfo(np.float64).eps


@frozen(kw_only=True, eq=False)
class Trends:
    """Trends of series, each over the times at which it has a value.

    Attributes
    ----------
    n_values : ndarray of int of shape (...)
        The number of values in each series.
    slope : ndarray of shape (...)
        The slope of the least-squares line per unit of time; NaN for fewer than two values.
    p_value : ndarray of shape (...)
        The two-sided p-value of the hypothesis that the slope is zero; 1 if all values are equal,
        NaN for fewer than three values.
    relative_slope : ndarray of shape (...)
        The slope as a share of the line's value at the first time: 0.02 means two per cent of the
        initial value per unit of time. It is 0 where the slope is 0, and otherwise NaN where the
        initial value is not above zero.
    growth : ndarray of shape (...)
        The compound growth rate from the first to the latest value: 0.02 means growth of two per
        cent per unit of time. It is 0 if both values are equal. It is NaN for fewer than two
        values, if the first value is not above zero, and if the latest is below zero.
    first, first_time, latest, latest_time : ndarray of shape (...)
        The first and the latest value of each series, and their times; NaN for a series without
        values.
    """

    n_values: Integers
    slope: Floats
    p_value: Floats
    relative_slope: Floats
    growth: Floats
    first: Floats
    first_time: Floats
    latest: Floats
    latest_time: Floats


def trends(values: ArrayLike, times: ArrayLike) -> Trends:
    r"""Return the trends and growth rates of series.

    The slope is $b = \sum (t - \bar t)(y - \bar y) / \sum (t - \bar t)^2$. Its p-value is that of
    Student's t-test with n - 2 degrees of freedom. The compound growth rate is
    $(y_1 / y_0)^{1 / (t_1 - t_0)} - 1$, from the first value $y_0$ to the latest value $y_1$.

    Parameters
    ----------
    values : array_like of shape (..., n_times)
        The series, with time along the last axis; NaN is missing.
    times : array_like of shape (n_times,)
        Distinct numbers in any order, such as years. They need not be evenly spaced.

    Returns
    -------
    Trends
        Slopes, p-values and growth rates of the series.

    Raises
    ------
    MethodError
        The number of times differs from the number of values, times are not finite or not distinct,
        or values are infinite.

    Notes
    -----
    The p-value assumes that deviations from the line are independent. Scores in successive periods
    are usually autocorrelated, which makes the p-value too small.

    Examples
    --------
    >>> result = trends([[1.0, 2.0, 4.0], [3.0, np.nan, 3.0]], [2020, 2021, 2022])
    >>> result.slope.round(3).tolist(), result.growth.round(3).tolist()
    ([1.5, 0.0], [1.0, 0.0])
    """
    y, t = as_floats(values, "values"), as_floats(times, "times")
    if t.ndim != 1 or t.size == 0 or y.ndim == 0 or y.shape[-1] != t.size:
        raise MethodError(
            "values must have shape (..., n_times) and times shape (n_times,), got "
            f"{y.shape} and {t.shape}"
        )
    faults = [f"time {time:g} is not finite" for time in t[~np.isfinite(t)].tolist()]
    different, counts = np.unique(t[np.isfinite(t)], return_counts=True)
    faults += [f"time {time:g} appears twice" for time in different[counts > 1].tolist()]
    faults += [
        f"the value at {tuple(place)} is infinite" for place in np.argwhere(np.isinf(y)).tolist()
    ]
    if faults:
        raise MethodError("trends require finite values at distinct times", faults)
    order = np.argsort(t)
    y, t = y[..., order], t[order]
    is_known = ~np.isnan(y)
    n = np.asarray(is_known.sum(axis=-1))
    some, two = n > 0, n > 1
    start = is_known.argmax(axis=-1)
    end = t.size - 1 - is_known[..., ::-1].argmax(axis=-1)
    first, latest = (
        np.take_along_axis(y, place[..., np.newaxis], axis=-1)[..., 0] for place in (start, end)
    )
    slope, p_value, level = _lines(y, t, n)
    upwards = level > 0
    relative = np.where(upwards, slope / np.where(upwards, level, 1.0), np.nan)
    grows = two & (first > 0) & (latest >= 0)
    with np.errstate(divide="ignore"):  # a fall to zero has the logarithm -inf, a growth of -1
        ratio = np.log(np.where(grows, latest, 1.0)) - np.log(np.where(grows, first, 1.0))
    rate = np.expm1(ratio / np.where(two, t[end] - t[start], 1.0))
    return Trends(
        n_values=n,
        slope=slope,
        p_value=p_value,
        relative_slope=np.where(slope == 0, 0.0, relative),
        growth=np.where(two & (latest == first), 0.0, np.where(grows, rate, np.nan)),
        first=first,
        first_time=np.where(some, t[start], np.nan),
        latest=latest,
        latest_time=np.where(some, t[end], np.nan),
    )


def _lines(y: Floats, t: Floats, n: Integers) -> tuple[Floats, Floats, Floats]:
    """Return the slopes and p-values of lines, and their values at each first time."""
    from scipy import stats

    is_known = ~np.isnan(y)
    # Scaling prevents the squares of very large or very small values from over- or underflowing.
    scale = np.where(is_known, np.abs(y), 0.0).max(axis=-1, keepdims=True)
    scale = np.where(scale > 0, scale, 1.0)
    count = np.maximum(n, 1)[..., np.newaxis]
    t = t - t[0]  # keeps digits that would be lost in large numbers such as years
    filled, time = np.where(is_known, y / scale, 0.0), np.where(is_known, t, 0.0)
    mean, centre = (part.sum(axis=-1, keepdims=True) / count for part in (filled, time))
    dy, dt = np.where(is_known, filled - mean, 0.0), np.where(is_known, t - centre, 0.0)
    spread = (dt**2).sum(axis=-1)
    has_slope = n > 1
    flat = np.abs(dy).max(axis=-1) <= _ROUNDING
    slope = np.where(flat, 0.0, (dt * dy).sum(axis=-1) / np.where(has_slope, spread, 1.0))
    residual = ((dy - slope[..., np.newaxis] * dt) ** 2).sum(axis=-1)
    start = np.take_along_axis(dt, is_known.argmax(axis=-1)[..., np.newaxis], axis=-1)[..., 0]
    level = mean[..., 0] + slope * start
    level = np.where(np.abs(level) <= _ROUNDING, 0.0, level) * scale[..., 0]
    freedom = np.where(n > 2, n - 2, 1)
    with np.errstate(divide="ignore", invalid="ignore"):  # a perfect line has an infinite t
        size = np.abs(slope) * np.sqrt(spread * freedom / residual)
    p_value = np.where(flat, 1.0, 2 * stats.t.sf(np.where(flat, 0.0, size), freedom))
    return (
        np.where(has_slope, slope * scale[..., 0], np.nan),
        np.where(n > 2, p_value, np.nan),
        level,
    )
