"""Linear scales from a worst to a best value: observed, set by goalposts, or of a valid scale."""

from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np
from attrs import field, frozen
from numpy.typing import ArrayLike

from dli.checks import choice_faults, flag_faults, is_number, number_fault, refuse
from dli.errors import MethodError
from dli.normalisation.checks import (
    as_values,
    check_ends,
    directions,
    refuse_constant,
    refuse_not_positive,
    refuse_reversed,
    scale_faults,
)
from dli.normalisation.ends import LogLine, observed_ends
from dli.normalisation.protocol import Bools, Floats, IndicatorLike, Traits
from dli.normalisation.stretch import Stretch, stretch

__all__ = ["Goalposts", "MinMax", "Scaled"]


def _pair(values: Any) -> Any:
    is_flat = isinstance(values, np.ndarray) and values.ndim == 1
    return tuple(values) if isinstance(values, list) or is_flat else values


@frozen
class MinMax:
    r"""Rescale each indicator linearly from its worst to its best value.

    $y = l + (h - l) (x - x_{worst}) / (x_{best} - x_{worst})$.

    Parameters
    ----------
    low, high : float
        The ends of the scale.
    ends : {"declared", "observed"}
        ``"declared"`` uses the goalposts of an indicator as its worst and best value where it has
        them, and cuts off values beyond them; ``"observed"`` always uses the smallest and the
        largest value in the data.
    worst, best : float, optional
        A fixed end (or two) that replaces those of the data and the goalposts. Values beyond it
        are cut off; the other end is not affected. Like goalposts, it is in the unit of measure
        of the values after division by a denominator, so it usually applies to one indicator, as in
        ``Method(normalisation={"fees": MinMax(best=0)})``.
    percentiles : (float, float), optional
        Percentiles that replace the worst and the best value in the data; values beyond them are
        cut off. They run from 0 for the worst value to 100 for the best, whatever the direction:
        with (5, 100) the worst twentieth gets ``low``. The percentile p of n values lies at
        position 1 + (n - 1) p / 100, interpolated linearly, as in NumPy by default.
    log : bool
        Whether to use the natural logarithms of the value and both ends:
        $(\ln x - \ln x_{worst}) / (\ln x_{best} - \ln x_{worst})$, for values above 0 whose
        ratios matter, such as incomes.

    References
    ----------
    OECD and JRC (2008), Handbook on Constructing Composite Indicators, step 5.
    https://doi.org/10.1787/9789264043466-en

    Lafortune, G., Fuller, G., Moreno, J., Schmidt-Traub, G. and Kroll, C. (2018), SDG Index and
    Dashboards: detailed methodological paper, for a fixed best value and the 2.5th percentile as
    the worst one.

    Examples
    --------
    >>> from dli import Indicator
    >>> values = [[1.0, 5.0], [3.0, 9.0], [2.0, 7.0]]
    >>> MinMax().normalise(values, [Indicator("a"), Indicator("b", direction=-1)]).tolist()
    [[0.0, 100.0], [100.0, 0.0], [50.0, 50.0]]
    >>> MinMax(best=10).normalise([[2.0], [6.0], [11.0]], [Indicator("a")]).ravel().tolist()
    [0.0, 50.0, 100.0]
    """

    low: float = 0.0
    high: float = 100.0
    ends: str = "declared"
    worst: float | None = field(default=None, kw_only=True)
    best: float | None = field(default=None, kw_only=True)
    percentiles: tuple[float, float] | None = field(default=None, converter=_pair, kw_only=True)
    log: bool = field(default=False, kw_only=True)

    def __attrs_post_init__(self) -> None:
        faults = [
            *scale_faults(self.low, self.high),
            *choice_faults("ends", self.ends, ("declared", "observed")),
            *flag_faults(log=self.log),
            *self._end_faults(),
        ]
        refuse("MinMax", faults)

    def _end_faults(self) -> Iterator[str]:
        given = {"worst": self.worst, "best": self.best}
        for name, value in given.items():
            fault = "" if value is None else number_fault(name, value)
            if fault:
                yield fault
            elif value is not None and self.log is True and value <= 0:
                yield f"{name} must be above 0 with log=True, got {value!r}"
        if self.percentiles is None:
            return
        if None not in given.values():
            yield "percentiles have no effect when both worst and best are given; leave them out"
        if not _are_percentiles(self.percentiles):
            yield f"percentiles must be two numbers rising from 0 to 100, got {self.percentiles!r}"

    @property
    def traits(self) -> Traits:
        """The ends of the scale, and the fact that many draws are accepted at once."""
        return Traits(ends=(self.low, self.high), draws=True)

    def fit(self, values: ArrayLike, indicators: Sequence[IndicatorLike]) -> "Stretch | LogLine":
        """Return the normalisation with the ends of these values, for use on other values.

        Raises
        ------
        MethodError
            If the values of an indicator without fixed ends do not differ or are all missing; if,
            with one fixed end, the other end lies on its wrong side; or, with ``log=True``, if
            values are not above 0.
        """
        x = as_values(values, indicators)
        if self.log:
            refuse_not_positive(x, indicators)
        worst, best = observed_ends(x, indicators, self.percentiles)
        cut = np.zeros((2, len(indicators)), dtype=np.bool_)
        if self.percentiles is not None:
            cut[0], cut[1] = self.percentiles[0] > 0, self.percentiles[1] < 100
        if self.ends == "declared":
            declared = {j: i.goalposts for j, i in enumerate(indicators) if i.goalposts is not None}
            check_ends(declared.values(), [indicators[j] for j in declared], log=self.log)
            for j, goalposts in declared.items():
                worst[..., j], best[..., j] = goalposts
                cut[:, j] = True
        for place, (end, given) in enumerate(((worst, self.worst), (best, self.best))):
            if given is not None:
                end[...] = given
                cut[place] = True
        if self.worst is not None or self.best is not None:
            refuse_reversed(worst, best, indicators)
        else:
            found = "all its values are" if self.percentiles is None else "both percentiles are"
            least, most = np.minimum(worst, best), np.maximum(worst, best)
            refuse_constant(least, most, indicators, x.shape[-2], found)
        return _line_between(worst, best, low=self.low, high=self.high, cut=cut, log=self.log)

    def normalise(self, values: ArrayLike, indicators: Sequence[IndicatorLike]) -> Floats:
        """Return the normalised values of each column."""
        return self.fit(values, indicators).normalise(values, indicators)

    def truncated(self, values: ArrayLike, indicators: Sequence[IndicatorLike]) -> Bools:
        """Return which values lie beyond the ends and are cut off."""
        return self.fit(values, indicators).truncated(values, indicators)

    def describe(self) -> str:
        """Return a one-sentence description with the formula."""
        ends = "the worst and the best value in the data"
        if self.percentiles is not None:
            worst, best = self.percentiles
            ends = (
                f"the percentiles ${worst:g}$ and ${best:g}$ of the data, counted from the worst "
                "value (values beyond are cut off)"
            )
        if self.ends == "declared":
            ends = (
                "an indicator's goalposts where it has them (values beyond are cut off), else "
                + ends
            )
        fixed = [
            f"the {name} value ${value:g}$"
            for name, value in (("worst", self.worst), ("best", self.best))
            if value is not None
        ]
        if len(fixed) == 2:
            ends = f"{' and '.join(fixed)} (values beyond are cut off)"
        elif fixed:
            ends = f"{fixed[0]} (values beyond are cut off) and, for the other, that of {ends}"
        return f"Min-max: ${_line(self.low, self.high, 'x', log=self.log)}$, the ends being {ends}."


@frozen
class Goalposts:
    r"""Rescale each indicator linearly between fixed goalposts, whatever the data are.

    $y = l + (h - l) (x - g_{worst}) / (g_{best} - g_{worst})$.

    Parameters
    ----------
    low, high : float
        The ends of the scale.
    truncate : bool
        Whether to cut off values beyond the goalposts.
    log : bool
        Whether to use the natural logarithms of the values and the goalposts; the goalposts
        themselves are given as plain values:
        $(\ln x - \ln g_{worst}) / (\ln g_{best} - \ln g_{worst})$, as the Human Development
        Index does for incomes.

    References
    ----------
    UNDP, Human Development Report 2023/2024, technical note 1.

    Examples
    --------
    >>> from dli import Indicator
    >>> years = Indicator("life", goalposts=(20, 85))
    >>> Goalposts(0, 1).normalise([[52.5], [90.0]], [years]).tolist()
    [[0.5], [1.0]]
    >>> income = Indicator("income", goalposts=(100, 75_000))
    >>> Goalposts(0, 1, log=True).normalise([[3829.0]], [income]).round(4).tolist()
    [[0.5506]]
    """

    low: float = 0.0
    high: float = 100.0
    truncate: bool = True
    log: bool = field(default=False, kw_only=True)

    def __attrs_post_init__(self) -> None:
        flags = flag_faults(truncate=self.truncate, log=self.log)
        refuse("Goalposts", [*scale_faults(self.low, self.high), *flags])

    @property
    def traits(self) -> Traits:
        """The ends of the scale, and the fact that many draws are accepted at once."""
        return Traits(ends=(self.low, self.high), draws=True)

    def fit(self, values: ArrayLike, indicators: Sequence[IndicatorLike]) -> "Stretch | LogLine":
        """Return the lines through the goalposts; the values are not used.

        Raises
        ------
        MethodError
            If an indicator has no goalposts, or goalposts that coincide, contradict its direction
            or, with ``log=True``, are not above 0.
        """
        as_values(values, indicators)
        goalposts = [i.goalposts for i in indicators if i.goalposts is not None]
        if len(goalposts) < len(indicators):
            msg = (
                "Goalposts needs goalposts=(worst, best) for every indicator; they are missing for"
            )
            raise MethodError(msg, [f"{i.code!r}" for i in indicators if i.goalposts is None])
        check_ends(goalposts, indicators, log=self.log)
        worst, best = np.array(goalposts, dtype=np.float64).T
        cut = np.full(len(indicators), self.truncate)
        return _line_between(worst, best, low=self.low, high=self.high, cut=cut, log=self.log)

    def normalise(self, values: ArrayLike, indicators: Sequence[IndicatorLike]) -> Floats:
        """Return the normalised values of each column."""
        return self.fit(values, indicators).normalise(values, indicators)

    def truncated(self, values: ArrayLike, indicators: Sequence[IndicatorLike]) -> Bools:
        """Return which values lie beyond the ends and are cut off."""
        return self.fit(values, indicators).truncated(values, indicators)

    def describe(self) -> str:
        """Return a one-sentence description with the formula."""
        beyond = "cut off" if self.truncate else "kept"
        return (
            f"Goalposts: ${_line(self.low, self.high, 'g', log=self.log)}$; values beyond the "
            f"goalposts are {beyond}."
        )


@frozen
class Scaled:
    r"""Rescale each indicator linearly over the scale of its valid values.

    $y = l + (h - l) (x - s_{worst}) / (s_{best} - s_{worst})$: for values whose ends are
    known beforehand, such as percentages or ratings from 1 to 7. No value is cut off.

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
        refuse("Scaled", scale_faults(self.low, self.high))

    @property
    def traits(self) -> Traits:
        """The ends of the scale, and the fact that many draws are accepted at once."""
        return Traits(ends=(self.low, self.high), draws=True)

    def fit(self, values: ArrayLike, indicators: Sequence[IndicatorLike]) -> Stretch:
        """Return the lines over the scales; the values are not used.

        Raises
        ------
        MethodError
            If an indicator has no scale.
        """
        as_values(values, indicators)
        scales = [i.scale for i in indicators if i.scale is not None]
        if len(scales) < len(indicators):
            msg = "Scaled needs scale=(low, high) for every indicator; it is missing for"
            raise MethodError(msg, [f"{i.code!r}" for i in indicators if i.scale is None])
        least, greatest = np.array(scales, dtype=np.float64).T
        refuse_constant(least, greatest, indicators, 0)
        more = directions(indicators) > 0
        return stretch(
            np.where(more, least, greatest),
            np.where(more, greatest, least),
            low=self.low,
            high=self.high,
            cut=np.zeros(len(indicators), dtype=np.bool_),
        )

    def normalise(self, values: ArrayLike, indicators: Sequence[IndicatorLike]) -> Floats:
        """Return the normalised values of each column."""
        return self.fit(values, indicators).normalise(values, indicators)

    def describe(self) -> str:
        """Return a one-sentence description with the formula."""
        return (
            f"Scaled: ${_line(self.low, self.high, 's')}$ over the scale of an indicator's valid "
            "values."
        )


def _are_percentiles(values: object) -> bool:
    if not isinstance(values, tuple) or len(values) != 2 or not all(map(is_number, values)):
        return False
    return bool(0 <= values[0] < values[1] <= 100)


def _line_between(
    worst: Floats, best: Floats, *, low: float, high: float, cut: Bools, log: bool
) -> "Stretch | LogLine":
    if log:
        line = stretch(np.log(worst), np.log(best), low=low, high=high, cut=cut)
        return LogLine(line=line)
    return stretch(worst, best, low=low, high=high, cut=cut)


def _line(low: float, high: float, letter: str, *, log: bool = False) -> str:
    offset = f"{low:g} + " if low else ""
    ln = "\\ln " if log else ""
    x, worst, best = f"{ln}x", f"{ln}{letter}_{{worst}}", f"{ln}{letter}_{{best}}"
    return f"{offset}{high - low:g} \\, ({x} - {worst}) / ({best} - {worst})"
