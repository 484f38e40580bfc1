"""Normalisations relative to a benchmark: the best value, a reference unit or a target."""

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
        The score of the best value.
    """

    traits: ClassVar[Traits] = Traits(draws=True)
    best: Floats
    high: float = 1.0

    def normalise(self, values: ArrayLike, indicators: Sequence[IndicatorLike]) -> Floats:
        """Return the value over the best value, or the best value over it where less is better."""
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
    r"""Compute the fraction of the best value that a unit reaches.

    $y = h \, x / \max x$ where more is better and $y = h \min x / x$ where less is:
    with $h = 1$, the best unit gets 1 and a unit that is half as good gets 0.5. Use it only for
    values with a true zero.

    Parameters
    ----------
    high : float
        The score of the best unit, such as 100.

    Raises
    ------
    MethodError
        If ``high`` is not a number above 0.

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
        """Return the normalisation with the best of these values, for use on other values.

        Raises
        ------
        MethodError
            If the best value of an indicator is not above zero or is missing.
        """
        x = as_values(values, indicators)
        low, high = extremes(x)
        best = np.where(directions(indicators) > 0, high, low)
        unusable = ~(best > 0).reshape(-1, len(indicators)).all(axis=0)
        if unusable.any():
            msg = "FractionOfMax needs a best value above zero; this does not hold for"
            raise MethodError(msg, codes(indicators, unusable))
        return Fractions(best=best, high=float(self.high))

    def normalise(self, values: ArrayLike, indicators: Sequence[IndicatorLike]) -> Floats:
        """Return the fractions in each column."""
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
        The name of the reference unit in an assessment; or the number of its row (the first is 0)
        if ``normalise`` is called with an array.
    cap : bool
        Whether to cut off scores above 1, those of values better than the reference.

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
        """Return the normalisation with the row number of the reference unit.

        Parameters
        ----------
        units : sequence
            The unit of each row.
        periods : sequence, optional
            The period of each row, for messages.

        Returns
        -------
        DistanceToReference
            The same normalisation, with the row number as ``unit``.

        Raises
        ------
        UnknownCodeError
            If there is no such unit.
        MethodError
            If the unit has several rows; `FittedOn` selects the base period.
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
        """Return the line from the worst to the reference value, for use on other values.

        Raises
        ------
        MethodError
            If there is no such row, or the reference unit has no value or the worst value.
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
        """Return the normalised values of each column."""
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

    $y = (x - x_{worst}) / (t - x_{worst})$, where $t$ is the target of the indicator.

    Parameters
    ----------
    cap : bool
        Whether to cut off scores above 1, those of values better than the target.

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
        """Return the line from the worst of these values to the target, for use on other values.

        Raises
        ------
        MethodError
            If an indicator has no target or no value, or its target is not better than its worst
            value.
        """
        x = as_values(values, indicators)
        targets = np.array([i.target for i in indicators], dtype=np.float64)
        if np.isnan(targets).any():
            msg = "DistanceToTarget needs a target for every indicator; it is missing for"
            raise MethodError(msg, codes(indicators, np.isnan(targets)))
        worst = _worst(x, indicators)
        expected = "the target must be better than the worst value"
        _refuse_no_better(targets, worst, indicators, expected)
        cut = np.full(len(indicators), self.cap)
        return stretch(worst, targets, low=0.0, high=1.0, cut=cut)

    def normalise(self, values: ArrayLike, indicators: Sequence[IndicatorLike]) -> Floats:
        """Return the normalised values of each column."""
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
    """Raise if a benchmark is missing, infinite or not better than the worst value."""
    better = np.where(directions(indicators) > 0, reference > worst, reference < worst)
    unusable = by_column(~(better & np.isfinite(reference)))
    if unusable.any():
        msg = f"{expected}; this does not hold for"
        raise MethodError(msg, codes(indicators, unusable))


def _refuse_at_most_zero(
    values: Floats, columns: Bools, indicators: Sequence[IndicatorLike]
) -> None:
    bad = (values <= 0) & columns
    if bad.any():
        msg = "FractionOfMax needs values above zero where less is better; this does not hold for"
        at = bad.reshape(-1, len(indicators)).any(axis=0)
        raise MethodError(msg, codes(indicators, at))
