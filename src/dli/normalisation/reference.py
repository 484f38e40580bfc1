"""Against a yardstick: the best value, a unit, a target."""

from collections.abc import Sequence
from typing import Any, ClassVar

import numpy as np
from attrs import evolve, frozen
from numpy.typing import ArrayLike

from dli.checks import flag_faults, is_whole, name_faults, number_fault, refuse
from dli.errors import MethodError, UnknownCodeError
from dli.normalisation.checks import as_values, by_column, codes, directions
from dli.normalisation.protocol import Bools, Floats, IndicatorLike, Traits
from dli.normalisation.stretch import Stretch, stretch
from dli.rescaling import extremes

__all__ = ["DistanceToReference", "DistanceToTarget", "FractionOfMax", "Fractions"]


@frozen(kw_only=True, eq=False)
class Fractions:
    """Fractions of best values that no longer depend on data; `FractionOfMax` fits them.

    Attributes
    ----------
    best : ndarray of shape (..., n_indicators)
    high : float
        What the best value becomes.
    """

    traits: ClassVar[Traits] = Traits(draws=True)
    best: Floats
    high: float = 1.0

    def normalise(self, values: ArrayLike, indicators: Sequence[IndicatorLike]) -> Floats:
        """Divide by the best value, or the best value where less is better."""
        x = as_values(values, indicators)
        best = self.best[..., np.newaxis, :]
        more = directions(indicators) > 0
        _refuse_at_most_zero(x, ~more, indicators)
        with np.errstate(over="ignore"):
            result = x / best
            result[..., ~more] = 1 / result[..., ~more]
            if self.high != 1:
                result *= self.high
        beyond = np.isinf(result)
        if beyond.any():
            msg = "values are so far beyond the best that their fractions are infinite"
            raise MethodError(msg, codes(indicators, by_column(beyond)))
        return np.asarray(result)

    def gradient(self, values: ArrayLike, indicators: Sequence[IndicatorLike]) -> Floats:
        """Return the derivative at each value."""
        x = as_values(values, indicators)
        best = self.best[..., np.newaxis, :]
        more = np.broadcast_to(directions(indicators) > 0, x.shape)
        with np.errstate(divide="ignore"):
            return np.asarray(self.high * np.where(more, 1 / best, -best / x**2))


@frozen
class FractionOfMax:
    r"""Give the fraction of the best value that a unit reaches.

    $y = h \, x / \max x$ where more is better and $y = h \min x / x$ where less is:
    with $h = 1$, 1 for the best unit and 0.5 for one that is half as good. Only values with
    a true zero bear that.

    Parameters
    ----------
    high : float
        What the best unit gets, such as 100.

    Raises
    ------
    MethodError
        ``high`` is not a number above 0.

    References
    ----------
    OECD and JRC (2008), Handbook on Constructing Composite Indicators, step 5.
    https://doi.org/10.1787/9789264043466-en

    Examples
    --------
    >>> from dli import Indicator
    >>> indicators = [Indicator("users"), Indicator("price", direction=-1)]
    >>> FractionOfMax().normalise([[50.0, 4.0], [100.0, 2.0]], indicators).tolist()
    [[0.5, 0.5], [1.0, 1.0]]
    >>> FractionOfMax(100).normalise([[50.0], [100.0]], [Indicator("users")]).tolist()
    [[50.0], [100.0]]
    """

    traits: ClassVar[Traits] = Traits(draws=True)
    high: float = 1.0

    def __attrs_post_init__(self) -> None:
        fault = number_fault("high", self.high, above=0)
        refuse("FractionOfMax", [fault] if fault else [])

    def fit(self, values: ArrayLike, indicators: Sequence[IndicatorLike]) -> Fractions:
        """Take the best values from these values, to use them on others.

        Raises
        ------
        MethodError
            Indicators whose best value is not above zero or not there.
        """
        x = as_values(values, indicators)
        low, high = extremes(x)
        best = np.where(directions(indicators) > 0, high, low)
        unusable = ~(best > 0).reshape(-1, len(indicators)).all(axis=0)
        if unusable.any():
            msg = "FractionOfMax needs a best value above zero; there is none of"
            raise MethodError(msg, codes(indicators, unusable))
        return Fractions(best=best, high=float(self.high))

    def normalise(self, values: ArrayLike, indicators: Sequence[IndicatorLike]) -> Floats:
        """Give the fractions in each column."""
        return self.fit(values, indicators).normalise(values, indicators)

    def describe(self) -> str:
        """Return a one-sentence description with the formula."""
        by = "" if self.high == 1 else rf"{self.high:g} \, "
        return (
            rf"Fraction of the best value: ${by}x / \max x$ where more is better, "
            rf"${by}\min x / x$ where less is."
        )


@frozen
class DistanceToReference:
    r"""Measure each indicator from its worst value (0) to that of a reference unit (1).

    $y = (x - x_{worst}) / (x_{ref} - x_{worst})$.

    Parameters
    ----------
    unit : str or int
        The reference unit, by name in an assessment; by number of its row (the first is 0) when
        only arrays are at hand.
    cap : bool
        Cut off at 1 what is better than the reference.

    References
    ----------
    OECD and JRC (2008), Handbook on Constructing Composite Indicators, step 5.
    https://doi.org/10.1787/9789264043466-en

    Examples
    --------
    >>> from dli import Indicator
    >>> DistanceToReference(1).normalise([[10.0], [30.0], [40.0]], [Indicator("a")]).tolist()
    [[0.0], [1.0], [1.5]]
    """

    traits: ClassVar[Traits] = Traits(draws=True)
    unit: Any
    cap: bool = False

    def __attrs_post_init__(self) -> None:
        faults = [*name_faults("unit", self.unit), *flag_faults(cap=self.cap)]
        refuse("DistanceToReference", faults)

    def for_rows(
        self, units: Sequence[Any], periods: Sequence[Any] | None = None
    ) -> "DistanceToReference":
        """Find the row of the reference unit.

        Parameters
        ----------
        units : sequence
            The unit of each row.
        periods : sequence, optional
            The period of each row, which messages name.

        Returns
        -------
        DistanceToReference
            The same with the number of the row.

        Raises
        ------
        UnknownCodeError
            There is no such unit.
        MethodError
            It has several rows: `FittedOn` picks the period that serves as base.
        """
        rows = [row for row, unit in enumerate(units) if unit == self.unit]
        if not rows:
            what = "unit"
            raise UnknownCodeError(what, [self.unit], units)
        if len(rows) > 1:
            when = (
                "" if periods is None else f" (periods {', '.join(str(periods[i]) for i in rows)})"
            )
            msg = (
                f"the reference unit must have one row, {self.unit!r} has {len(rows)}{when}: "
                "FittedOn picks the period that serves as base"
            )
            raise MethodError(msg)
        return evolve(self, unit=rows[0])

    def fit(self, values: ArrayLike, indicators: Sequence[IndicatorLike]) -> Stretch:
        """Take the worst and the reference values from these values, to use them on others.

        Raises
        ------
        MethodError
            No such row; or indicators where the reference unit has no value or the worst one.
        """
        x = as_values(values, indicators)
        row = self.unit
        if not is_whole(row, 0, x.shape[-2] - 1):
            msg = f"the reference unit must be a row from 0 to {x.shape[-2] - 1}, got {row!r}"
            raise MethodError(msg)
        worst = _worst(x, indicators)
        reference = x[..., row, :]
        name = f"the reference unit (row {row})"
        expected = f"{name} must have a value better than the worst"
        _refuse_no_better(reference, worst, indicators, expected)
        cut = np.full(len(indicators), self.cap)
        return stretch(worst, reference, low=0.0, high=1.0, cut=cut)

    def normalise(self, values: ArrayLike, indicators: Sequence[IndicatorLike]) -> Floats:
        """Measure each column."""
        return self.fit(values, indicators).normalise(values, indicators)

    def describe(self) -> str:
        """Return a one-sentence description with the formula."""
        beyond = "; what is better counts as 1" if self.cap else ""
        return (
            "Distance to a reference: $(x - x_{worst}) / (x_{ref} - x_{worst})$, the reference "
            f"being unit {self.unit}{beyond}."
        )


@frozen
class DistanceToTarget:
    r"""Measure each indicator from its worst value (0) to its target (1).

    $y = (x - x_{worst}) / (t - x_{worst})$, the target $t$ being the indicator's.

    Parameters
    ----------
    cap : bool
        Cut off at 1 what is better than the target.

    Examples
    --------
    >>> from dli import Indicator
    >>> share = Indicator("share", target=50)
    >>> DistanceToTarget(cap=True).normalise([[10.0], [30.0], [90.0]], [share]).tolist()
    [[0.0], [0.5], [1.0]]
    """

    traits: ClassVar[Traits] = Traits(draws=True)
    cap: bool = False

    def __attrs_post_init__(self) -> None:
        refuse("DistanceToTarget", flag_faults(cap=self.cap))

    def fit(self, values: ArrayLike, indicators: Sequence[IndicatorLike]) -> Stretch:
        """Take the worst values from these values, to use them on others.

        Raises
        ------
        MethodError
            Indicators without a target, without any value, or whose target is no better than
            their worst value.
        """
        x = as_values(values, indicators)
        targets = np.array([i.target for i in indicators], dtype=np.float64)
        if np.isnan(targets).any():
            msg = "DistanceToTarget needs a target of every indicator; there is none for"
            raise MethodError(msg, codes(indicators, np.isnan(targets)))
        worst = _worst(x, indicators)
        expected = "the target must be better than the worst value"
        _refuse_no_better(targets, worst, indicators, expected)
        cut = np.full(len(indicators), self.cap)
        return stretch(worst, targets, low=0.0, high=1.0, cut=cut)

    def normalise(self, values: ArrayLike, indicators: Sequence[IndicatorLike]) -> Floats:
        """Measure each column."""
        return self.fit(values, indicators).normalise(values, indicators)

    def describe(self) -> str:
        """Return a one-sentence description with the formula."""
        beyond = "; what is better counts as 1" if self.cap else ""
        return f"Distance to target: $(x - x_{{worst}}) / (t - x_{{worst}})${beyond}."


def _worst(values: Floats, indicators: Sequence[IndicatorLike]) -> Floats:
    low, high = extremes(values)
    return np.where(directions(indicators) > 0, low, high)


def _refuse_no_better(
    reference: Floats, worst: Floats, indicators: Sequence[IndicatorLike], expected: str
) -> None:
    """Refuse columns whose yardstick is no better than the worst value, infinite or missing."""
    better = np.where(directions(indicators) > 0, reference > worst, reference < worst)
    unusable = by_column(~(better & np.isfinite(reference)))
    if unusable.any():
        msg = f"{expected}; it is not so for"
        raise MethodError(msg, codes(indicators, unusable))


def _refuse_at_most_zero(
    values: Floats, columns: Bools, indicators: Sequence[IndicatorLike]
) -> None:
    bad = (values <= 0) & columns
    if bad.any():
        msg = "FractionOfMax needs values above zero where less is better; there are others of"
        at = bad.reshape(-1, len(indicators)).any(axis=0)
        raise MethodError(msg, codes(indicators, at))
