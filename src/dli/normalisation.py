"""Step 5: one scale and one direction for all indicators."""

from collections.abc import Sequence
from typing import Any, Protocol, TypeAlias

import numpy as np
from attrs import frozen
from numpy.typing import NDArray

from dli.errors import MethodError

__all__ = ["Goalposts", "MinMax", "Normalisation", "ZScore"]

Floats: TypeAlias = NDArray[np.float64]
Bools: TypeAlias = NDArray[np.bool_]


class Normalisation(Protocol):
    """Bring indicators to one scale, on which more is better."""

    def normalise(self, values: Floats, indicators: Sequence[Any], /) -> Floats:
        """Give values of shape (..., n_units, n_indicators); NaN is missing and stays NaN.

        ``indicators`` have ``code``, ``direction`` and, where they were given, ``goalposts``.
        """
        ...


@frozen
class MinMax:
    r"""Stretch each indicator from its worst to its best value.

    :math:`y = l + (h - l) (x - x_{worst}) / (x_{best} - x_{worst})`.

    Parameters
    ----------
    low, high : float
        The ends of the scale.
    ends : {"declared", "observed"}
        Take an indicator's goalposts as its worst and best value where it has them, and cut off
        what lies beyond; or take the least and the greatest value in the data throughout.

    Examples
    --------
    >>> from dli import Indicator
    >>> values = np.array([[1.0, 5.0], [3.0, 9.0], [2.0, 7.0]])
    >>> MinMax().normalise(values, [Indicator("a"), Indicator("b", direction=-1)]).tolist()
    [[0.0, 100.0], [100.0, 0.0], [50.0, 50.0]]

    References
    ----------
    OECD and JRC (2008), Handbook on Constructing Composite Indicators, step 5.
    https://doi.org/10.1787/9789264043466-en
    """

    low: float = 0.0
    high: float = 100.0
    ends: str = "declared"

    def __attrs_post_init__(self) -> None:
        _check_scale(self.low, self.high)
        if self.ends not in ("declared", "observed"):
            msg = f"ends must be 'declared' or 'observed', got {self.ends!r}"
            raise MethodError(msg)

    def normalise(self, values: Floats, indicators: Sequence[Any]) -> Floats:
        """Stretch each column."""
        worst, best, fixed = self._ends(values, indicators)
        return _stretched(values, worst, best, self.low, self.high, cut=fixed)

    def truncated(self, values: Floats, indicators: Sequence[Any]) -> Bools:
        """Tell which values lie beyond the goalposts and are cut off."""
        worst, best, fixed = self._ends(values, indicators)
        return _beyond(values, worst, best) & fixed

    def _ends(self, values: Floats, indicators: Sequence[Any]) -> tuple[Floats, Floats, Bools]:
        fixed = np.array([i.goalposts is not None for i in indicators]) & (self.ends == "declared")
        worst, best = _observed_ends(values, indicators)
        for j in np.flatnonzero(fixed).tolist():
            worst[..., j], best[..., j] = indicators[j].goalposts
        _refuse_constant(worst, best, indicators, values.shape[-2])
        return worst, best, fixed

    def describe(self) -> str:
        """Say it in a sentence, with the formula."""
        ends = (
            "an indicator's goalposts where it has them (values beyond are cut off), else the worst "
            "and the best value in the data"
            if self.ends == "declared"
            else "the worst and the best value in the data"
        )
        return (
            f"Min–max: ${self.low:g} + {self.high - self.low:g} \\, (x - x_{{worst}}) / "
            f"(x_{{best}} - x_{{worst}})$, the ends being {ends}."
        )


@frozen
class Goalposts:
    r"""Stretch each indicator between fixed values, whatever the data are.

    :math:`y = l + (h - l) (x - g_{worst}) / (g_{best} - g_{worst})`.

    Parameters
    ----------
    low, high : float
        The ends of the scale.
    truncate : bool
        Cut off what lies beyond the goalposts.

    Examples
    --------
    >>> from dli import Indicator
    >>> years = Indicator("life", goalposts=(20, 85))
    >>> Goalposts(0, 1).normalise(np.array([[52.5], [90.0]]), [years]).tolist()
    [[0.5], [1.0]]

    References
    ----------
    UNDP, Human Development Report 2023/2024, technical note 1.
    """

    low: float = 0.0
    high: float = 100.0
    truncate: bool = True

    def __attrs_post_init__(self) -> None:
        _check_scale(self.low, self.high)

    def normalise(self, values: Floats, indicators: Sequence[Any]) -> Floats:
        """Stretch each column."""
        worst, best = self._ends(indicators)
        cut = np.full(len(indicators), self.truncate)
        return _stretched(values, worst, best, self.low, self.high, cut=cut)

    def truncated(self, values: Floats, indicators: Sequence[Any]) -> Bools:
        """Tell which values lie beyond the goalposts and are cut off."""
        worst, best = self._ends(indicators)
        return _beyond(values, worst, best) & self.truncate

    def _ends(self, indicators: Sequence[Any]) -> tuple[Floats, Floats]:
        without = [f"{i.code!r}" for i in indicators if i.goalposts is None]
        if without:
            msg = "Goalposts needs goalposts=(worst, best) of every indicator; there are none for"
            raise MethodError(msg, without)
        worst, best = np.array([i.goalposts for i in indicators], dtype=np.float64).T
        return worst, best

    def describe(self) -> str:
        """Say it in a sentence, with the formula."""
        beyond = "cut off" if self.truncate else "kept"
        return (
            f"Goalposts: ${self.low:g} + {self.high - self.low:g} \\, (x - g_{{worst}}) / "
            f"(g_{{best}} - g_{{worst}})$; values beyond the goalposts are {beyond}."
        )


@frozen
class ZScore:
    r"""Measure each indicator in standard deviations from its mean.

    :math:`y = m + s \, d \, (x - \bar x) / \sigma` with the direction :math:`d` and the sample
    standard deviation :math:`\sigma` (division by n - 1).

    Parameters
    ----------
    mean, sd : float
        The mean and standard deviation to give; ``sd`` is above zero.

    Examples
    --------
    >>> from dli import Indicator
    >>> ZScore().normalise(np.array([[1.0], [2.0], [3.0]]), [Indicator("a", direction=-1)]).tolist()
    [[1.0], [0.0], [-1.0]]
    """

    mean: float = 0.0
    sd: float = 1.0

    def __attrs_post_init__(self) -> None:
        if not (np.isfinite(self.mean) and np.isfinite(self.sd) and self.sd > 0):
            msg = f"mean must be finite and sd above 0, got {self.mean!r} and {self.sd!r}"
            raise MethodError(msg)

    def normalise(self, values: Floats, indicators: Sequence[Any]) -> Floats:
        """Centre and scale each column."""
        low, high = _extremes(values)
        _refuse_constant(low, high, indicators, values.shape[-2])
        centre = np.nanmean(values, axis=-2, keepdims=True)
        spread = np.nanstd(values, axis=-2, keepdims=True, ddof=1)
        result = values - centre
        result /= spread * _directions(indicators)
        result *= self.sd
        result += self.mean
        return np.asarray(result)

    def describe(self) -> str:
        """Say it in a sentence, with the formula."""
        return (
            f"Z-scores: ${self.mean:g} + {self.sd:g} \\, (x - \\bar x) / \\sigma$ with the sample "
            "standard deviation, the sign turned where less is better."
        )


def _check_scale(low: float, high: float) -> None:
    if not (np.isfinite(low) and np.isfinite(high) and low < high):
        msg = f"low must be below high and both finite, got {low!r} and {high!r}"
        raise MethodError(msg)


def _directions(indicators: Sequence[Any]) -> Floats:
    return np.array([i.direction for i in indicators], dtype=np.float64)


def _extremes(values: Floats) -> tuple[Floats, Floats]:
    """Give the least and greatest value of each column, NaN for one without any."""
    low, high = values.min(axis=-2), values.max(axis=-2)
    if np.isnan(low).any():  # a plain minimum is NaN when a cell is
        low, high = np.fmin.reduce(values, axis=-2), np.fmax.reduce(values, axis=-2)
    return low, high


def _observed_ends(values: Floats, indicators: Sequence[Any]) -> tuple[Floats, Floats]:
    low, high = _extremes(values)
    more = _directions(indicators) > 0
    return np.where(more, low, high), np.where(more, high, low)


def _refuse_constant(low: Floats, high: Floats, indicators: Sequence[Any], n_units: int) -> None:
    constant = ~(low != high) | np.isnan(low)
    if not constant.any():
        return
    faults = []
    for j in np.flatnonzero(constant.reshape(-1, len(indicators)).any(axis=0)).tolist():
        value = low.reshape(-1, len(indicators))[0, j]
        found = "it has no value at all" if np.isnan(value) else f"all its values are {value:g}"
        faults.append(f"{indicators[j].code!r}: {found}")
    units = " (there is one unit only)" if n_units == 1 else ""
    msg = (
        f"the scale of an indicator cannot be set by data that do not differ{units}; give it "
        "goalposts or leave it out"
    )
    raise MethodError(msg, faults)


def _stretched(
    values: Floats, worst: Floats, best: Floats, low: float, high: float, *, cut: Bools
) -> Floats:
    result = values - worst[..., np.newaxis, :]
    result /= (best - worst)[..., np.newaxis, :]
    if cut.all():
        np.clip(result, 0, 1, out=result)
    elif cut.any():
        result[..., cut] = np.clip(result[..., cut], 0, 1)
    if high - low != 1:
        result *= high - low
    if low != 0 or (best < worst).any():  # adding 0 turns -0, the worst of less is better, to 0
        result += low
    return np.asarray(result)


def _beyond(values: Floats, worst: Floats, best: Floats) -> Bools:
    least, greatest = np.minimum(worst, best), np.maximum(worst, best)
    return np.asarray((values < least[..., np.newaxis, :]) | (values > greatest[..., np.newaxis, :]))
