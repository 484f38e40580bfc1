"""From the worst to the best value: of the data, of the goalposts, of the valid scale."""

from collections.abc import Sequence

import numpy as np
from attrs import frozen
from numpy.typing import ArrayLike

from dli.errors import MethodError
from dli.normalisation.checks import (
    as_values,
    check_ends,
    check_scale,
    directions,
    extremes,
    refuse_constant,
)
from dli.normalisation.protocol import Bools, Floats, IndicatorLike, Traits
from dli.normalisation.stretch import Stretch

__all__ = ["Goalposts", "MinMax", "Scaled"]


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

    References
    ----------
    OECD and JRC (2008), Handbook on Constructing Composite Indicators, step 5.
    https://doi.org/10.1787/9789264043466-en

    Examples
    --------
    >>> from dli import Indicator
    >>> values = [[1.0, 5.0], [3.0, 9.0], [2.0, 7.0]]
    >>> MinMax().normalise(values, [Indicator("a"), Indicator("b", direction=-1)]).tolist()
    [[0.0, 100.0], [100.0, 0.0], [50.0, 50.0]]
    """

    low: float = 0.0
    high: float = 100.0
    ends: str = "declared"

    def __attrs_post_init__(self) -> None:
        check_scale(self.low, self.high)
        if self.ends not in ("declared", "observed"):
            msg = f"ends must be 'declared' or 'observed', got {self.ends!r}"
            raise MethodError(msg)

    @property
    def traits(self) -> Traits:
        """The ends of the scale."""
        return Traits(ends=(self.low, self.high))

    def fit(self, values: ArrayLike, indicators: Sequence[IndicatorLike]) -> Stretch:
        """Take the ends from these values, to use them on others.

        Raises
        ------
        MethodError
            Indicators without goalposts whose values do not differ or are all missing.
        """
        x = as_values(values, indicators)
        low, high = extremes(x)
        more = directions(indicators) > 0
        worst, best = np.where(more, low, high), np.where(more, high, low)
        fixed = np.zeros(len(indicators), dtype=np.bool_)
        if self.ends == "declared":
            declared = {j: i.goalposts for j, i in enumerate(indicators) if i.goalposts is not None}
            check_ends(declared.values(), [indicators[j] for j in declared])
            for j, goalposts in declared.items():
                worst[..., j], best[..., j] = goalposts
                fixed[j] = True
        refuse_constant(np.minimum(worst, best), np.maximum(worst, best), indicators, x.shape[-2])
        return Stretch(start=worst, span=best - worst, low=self.low, high=self.high, cut=fixed)

    def normalise(self, values: ArrayLike, indicators: Sequence[IndicatorLike]) -> Floats:
        """Stretch each column."""
        return self.fit(values, indicators).normalise(values, indicators)

    def truncated(self, values: ArrayLike, indicators: Sequence[IndicatorLike]) -> Bools:
        """Tell which values lie beyond the goalposts and are cut off."""
        return self.fit(values, indicators).truncated(values, indicators)

    def describe(self) -> str:
        """Return a one-sentence description with the formula."""
        ends = "the worst and the best value in the data"
        if self.ends == "declared":
            ends = (
                "an indicator's goalposts where it has them (values beyond are cut off), else "
                + ends
            )
        return f"Min-max: ${_line(self.low, self.high, 'x')}$, the ends being {ends}."


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

    References
    ----------
    UNDP, Human Development Report 2023/2024, technical note 1.

    Examples
    --------
    >>> from dli import Indicator
    >>> years = Indicator("life", goalposts=(20, 85))
    >>> Goalposts(0, 1).normalise([[52.5], [90.0]], [years]).tolist()
    [[0.5], [1.0]]
    """

    low: float = 0.0
    high: float = 100.0
    truncate: bool = True

    def __attrs_post_init__(self) -> None:
        check_scale(self.low, self.high)

    @property
    def traits(self) -> Traits:
        """The ends of the scale."""
        return Traits(ends=(self.low, self.high))

    def fit(self, values: ArrayLike, indicators: Sequence[IndicatorLike]) -> Stretch:
        """Give the lines through the goalposts; the values play no part.

        Raises
        ------
        MethodError
            Indicators without goalposts, or with goalposts that coincide or contradict their
            direction.
        """
        as_values(values, indicators)
        goalposts = [i.goalposts for i in indicators if i.goalposts is not None]
        if len(goalposts) < len(indicators):
            msg = "Goalposts needs goalposts=(worst, best) of every indicator; there are none for"
            raise MethodError(msg, [f"{i.code!r}" for i in indicators if i.goalposts is None])
        check_ends(goalposts, indicators)
        worst, best = np.array(goalposts, dtype=np.float64).T
        cut = np.full(len(indicators), self.truncate)
        return Stretch(start=worst, span=best - worst, low=self.low, high=self.high, cut=cut)

    def normalise(self, values: ArrayLike, indicators: Sequence[IndicatorLike]) -> Floats:
        """Stretch each column."""
        return self.fit(values, indicators).normalise(values, indicators)

    def truncated(self, values: ArrayLike, indicators: Sequence[IndicatorLike]) -> Bools:
        """Tell which values lie beyond the goalposts and are cut off."""
        return self.fit(values, indicators).truncated(values, indicators)

    def describe(self) -> str:
        """Return a one-sentence description with the formula."""
        beyond = "cut off" if self.truncate else "kept"
        return (
            f"Goalposts: ${_line(self.low, self.high, 'g')}$; values beyond the goalposts are "
            f"{beyond}."
        )


@frozen
class Scaled:
    r"""Stretch each indicator over the scale of its valid values.

    :math:`y = l + (h - l) (x - s_{worst}) / (s_{best} - s_{worst})`: for figures whose ends are
    known beforehand, such as percentages or ratings from 1 to 7. Nothing is cut off.

    Parameters
    ----------
    low, high : float
        The ends of the new scale.

    Examples
    --------
    >>> from dli import Indicator
    >>> rating = Indicator("rating", scale=(1, 7))
    >>> Scaled().normalise([[1.0], [4.0]], [rating]).tolist()
    [[0.0], [50.0]]
    """

    low: float = 0.0
    high: float = 100.0

    def __attrs_post_init__(self) -> None:
        check_scale(self.low, self.high)

    @property
    def traits(self) -> Traits:
        """The ends of the scale."""
        return Traits(ends=(self.low, self.high))

    def fit(self, values: ArrayLike, indicators: Sequence[IndicatorLike]) -> Stretch:
        """Give the lines over the scales; the values play no part.

        Raises
        ------
        MethodError
            Indicators without a scale.
        """
        as_values(values, indicators)
        scales = [i.scale for i in indicators if i.scale is not None]
        if len(scales) < len(indicators):
            msg = "Scaled needs scale=(low, high) of every indicator; there is none for"
            raise MethodError(msg, [f"{i.code!r}" for i in indicators if i.scale is None])
        least, greatest = np.array(scales, dtype=np.float64).T
        refuse_constant(least, greatest, indicators, 0)
        more = directions(indicators) > 0
        return Stretch(
            start=np.where(more, least, greatest),
            span=np.where(more, greatest - least, least - greatest),
            low=self.low,
            high=self.high,
            cut=np.zeros(len(indicators), dtype=np.bool_),
        )

    def normalise(self, values: ArrayLike, indicators: Sequence[IndicatorLike]) -> Floats:
        """Stretch each column."""
        return self.fit(values, indicators).normalise(values, indicators)

    def describe(self) -> str:
        """Return a one-sentence description with the formula."""
        return (
            f"Scaled: ${_line(self.low, self.high, 's')}$ over the scale of an indicator's valid "
            "values."
        )


def _line(low: float, high: float, letter: str) -> str:
    offset = f"{low:g} + " if low else ""
    worst, best = f"{letter}_{{worst}}", f"{letter}_{{best}}"
    return f"{offset}{high - low:g} \\, (x - {worst}) / ({best} - {worst})"
