"""Steps with rounded results, for indices whose publisher continued with rounded figures."""

from typing import Any

import attrs
import numpy as np
from attrs import frozen

from dli.aggregation.protocol import Traits
from dli.aggregation.protocol import traits_of as traits_of_aggregation
from dli.arrays import TIE, Floats
from dli.method.describing import describe
from dli.normalisation.protocol import Traits as NormalisationTraits
from dli.normalisation.protocol import traits_of as traits_of_normalisation

__all__ = ["RoundedAggregation", "RoundedNormalisation", "name_of", "rounded"]


def rounded(values: Floats, decimals: int) -> Floats:
    """Return values rounded to a number of decimals, with halves away from zero as in spreadsheets.

    A value within a relative tolerance of 1e-12 of a half is rounded as a half, because floats
    cannot represent numbers such as 0.285 exactly.

    Examples
    --------
    >>> rounded(np.array([0.285, -0.125, 0.1249, np.nan]), 2).tolist()
    [0.29, -0.13, 0.12, nan]
    """
    factor = 10.0**decimals
    scaled = np.abs(values) * factor
    whole = np.floor(scaled + 0.5 + TIE * np.maximum(scaled, 1.0))
    # A float of this size is a whole number already.
    whole = np.where(scaled < 2.0**52, whole, scaled)
    return np.asarray(np.copysign(whole / factor, values) + 0.0)


def name_of(step: Any) -> str:
    """Return the name of a step's class; of a rounded step, that of the step that it wraps."""
    if isinstance(step, _Rounded):
        return f"{type(step.step).__name__}, rounded,"
    return type(step).__name__


@frozen
class _Rounded:
    """A step whose results are rounded; all other attributes are those of the step it wraps.

    Attributes
    ----------
    step : object
        The step that is wrapped.
    decimals : int
        The number of decimals.
    """

    step: Any
    decimals: int

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__"):
            raise AttributeError(name)
        attribute = getattr(self.step, name)
        if name not in ("fit", "for_rows"):
            return attribute
        return lambda *arguments: attrs.evolve(self, step=attribute(*arguments))

    def describe(self) -> str:
        """Return the description of the step and the number of decimals of its results."""
        places = "1 decimal" if self.decimals == 1 else f"{self.decimals} decimals"
        return f"{describe(self.step)} The result is rounded to {places}."


@frozen
class RoundedAggregation(_Rounded):
    """An aggregation whose scores are rounded; its derivatives are those before rounding."""

    @property
    def traits(self) -> Traits:
        """The traits that remain true after rounding."""
        return attrs.evolve(
            traits_of_aggregation(self.step),
            order=None, monotone=False, homogeneous=False, additive=False, concave=False,
        )  # fmt: skip

    def aggregate(self, values: Floats, weights: Floats) -> Floats:
        """Return the rounded scores."""
        return rounded(np.asarray(self.step.aggregate(values, weights)), self.decimals)


@frozen
class RoundedNormalisation(_Rounded):
    """A normalisation whose results are rounded."""

    @property
    def traits(self) -> NormalisationTraits:
        """The traits that remain true after rounding: the rounded ends, but not ``straight``."""
        own = traits_of_normalisation(self.step)
        if own.ends is None:
            return NormalisationTraits()
        low, high = rounded(np.array(own.ends), self.decimals).tolist()
        return NormalisationTraits(ends=(low, high))

    def normalise(self, values: Floats, indicators: Any) -> Floats:
        """Return the rounded values."""
        return rounded(np.asarray(self.step.normalise(values, indicators)), self.decimals)
