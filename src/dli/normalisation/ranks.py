"""Normalisations by ranks, which ignore the distances between values."""

from collections.abc import Sequence
from typing import ClassVar

import numpy as np
from attrs import field, frozen
from numpy.typing import ArrayLike

from dli.checks import choice_faults, refuse
from dli.errors import MethodError
from dli.normalisation.checks import by_column, codes, scale_faults
from dli.normalisation.order import (
    better,
    counted,
    equality_clause,
    equality_faults,
    mid_places,
    places,
)
from dli.normalisation.protocol import Floats, IndicatorLike, Traits
from dli.normalisation.stretch import between

__all__ = ["Borda", "PercentileRank", "Rank"]

# The formula and the wording of each definition of the share of units.
_SHARES = {
    "inclusive": ("b / (n - 1)", "$b$ of the other $n - 1$ units being worse"),
    "exclusive": ("(b + 1) / (n + 1)", "$b$ of the $n$ units being worse"),
    "weak": ("(b + t) / n", "$b$ of the $n$ units being worse and $t$ as good, itself included"),
    "mean": (
        "(b + t / 2) / n",
        "$b$ of the $n$ units being worse and $t$ as good, itself included",
    ),
}


@frozen
class Rank:
    """Rank units from the worst upwards: 1 for the worst, the number of units for the best.

    There is no ``fit``, since a rank depends on the units in the data. In a constant indicator all
    units tie.

    Parameters
    ----------
    ties : {"min", "average"}
        Whether units that tie share their lowest place or the mean of their places.
    equality : {"exact", "rounding"}
        Which values tie: only those that are equal to the last bit, as in published ranks of
        indicators; or also those that differ by rounding alone, that is, by at most 1e-12 of the
        greatest absolute value of the indicator, as for scores.

    References
    ----------
    OECD and JRC (2008), Handbook on Constructing Composite Indicators, step 5.
    https://doi.org/10.1787/9789264043466-en

    Examples
    --------
    >>> from dli import Indicator
    >>> Rank().normalise([[7.0], [3.0], [7.0], [9.0]], [Indicator("a")]).ravel().tolist()
    [2.0, 1.0, 2.0, 4.0]
    """

    traits: ClassVar[Traits] = Traits(draws=True)
    ties: str = "min"
    equality: str = field(default="exact", kw_only=True)

    def __attrs_post_init__(self) -> None:
        ties = choice_faults("ties", self.ties, ("min", "average"))
        refuse("Rank", [*ties, *equality_faults(self.equality)])

    def normalise(self, values: ArrayLike, indicators: Sequence[IndicatorLike]) -> Floats:
        """Rank each column.

        Raises
        ------
        MethodError
            If an indicator has no value.
        """
        x = better(values, indicators, "Rank", self.equality)
        return places(x)[0] + 1 if self.ties == "min" else mid_places(x)

    def describe(self) -> str:
        """Return a one-sentence description."""
        shared = "the lowest place" if self.ties == "min" else "the mean of their places"
        return (
            f"Ranks: $1$ for the worst unit up to $n$ for the best; units that tie share {shared}"
            f"{equality_clause(self.equality)}."
        )


@frozen
class Borda:
    """Count the units that a unit is better than.

    Parameters
    ----------
    equality : {"exact", "rounding"}
        Which values tie: only those that are equal to the last bit, as in published ranks of
        indicators; or also those that differ by rounding alone, that is, by at most 1e-12 of the
        greatest absolute value of the indicator, as for scores.

    References
    ----------
    OECD and JRC (2008), Handbook on Constructing Composite Indicators, step 6.
    https://doi.org/10.1787/9789264043466-en

    Examples
    --------
    >>> from dli import Indicator
    >>> Borda().normalise([[7.0], [3.0], [7.0], [9.0]], [Indicator("a")]).ravel().tolist()
    [1.0, 0.0, 1.0, 3.0]
    """

    traits: ClassVar[Traits] = Traits(draws=True)
    equality: str = field(default="exact", kw_only=True)

    def __attrs_post_init__(self) -> None:
        refuse("Borda", equality_faults(self.equality))

    def normalise(self, values: ArrayLike, indicators: Sequence[IndicatorLike]) -> Floats:
        """Return the counts in each column.

        Raises
        ------
        MethodError
            If an indicator has no value.
        """
        return places(better(values, indicators, "Borda", self.equality))[0]

    def describe(self) -> str:
        """Return a one-sentence description."""
        return (
            "Borda counts: the number of units that a unit is better than, $0$ to $n - 1$"
            f"{equality_clause(self.equality)}."
        )


@frozen
class PercentileRank:
    r"""Compute the share of units that a unit is better than.

    $y = l + (h - l) p$. Of the $n$ units that have a value, $b$ are worse and
    $t$ are as good, the unit itself included; then the share $p$ is

    - ``"inclusive"``: $b / (n - 1)$, the share of the other units, from 0 for the worst to 1
      for a best unit that ties with none; ``PERCENTRANK.INC`` of spreadsheets, and the percentile
      rank of the CDC/ATSDR Social Vulnerability Index;
    - ``"exclusive"``: $(b + 1) / (n + 1)$, never 0 or 1; ``PERCENTRANK.EXC``;
    - ``"weak"``: $(b + t) / n$, the share of units that are no better; 1 for the best;
    - ``"mean"``: $(b + t / 2) / n$, half of those as good counted as worse, so that a
      tie of all units is 0.5 and the mean of all units always is.

    If all units tie, the share is 0, 1 / (n + 1), 1 and 0.5, in this order. If there is only one
    unit, ``"inclusive"`` raises an error, since there are no other units; with the other methods
    the share is 0.5, 1 and 0.5. There is no ``fit``, since a share depends on the units in the
    data.

    Parameters
    ----------
    low, high : float
        The scores for the shares 0 and 1.
    method : {"inclusive", "exclusive", "weak", "mean"}
        The definition of the share.
    equality : {"exact", "rounding"}
        Which values tie: only those that are equal to the last bit, as in published ranks of
        indicators; or also those that differ by rounding alone, that is, by at most 1e-12 of the
        greatest absolute value of the indicator, as for scores.

    References
    ----------
    CDC/ATSDR (2022), Social Vulnerability Index 2022 documentation: percentile rank =
    (rank - 1) / (n - 1), ties taking the smallest of their ranks.
    https://atsdr.cdc.gov/placeandhealth/svi/documentation/SVI_documentation_2022.html

    Examples
    --------
    >>> from dli import Indicator
    >>> values = [[7.0], [3.0], [7.0], [9.0]]
    >>> PercentileRank().normalise([[7.0], [3.0], [9.0]], [Indicator("a")]).ravel().tolist()
    [0.5, 0.0, 1.0]
    >>> mean = PercentileRank(0, 100, "mean")
    >>> mean.normalise(values, [Indicator("a")]).ravel().tolist()
    [50.0, 12.5, 50.0, 87.5]
    """

    low: float = 0.0
    high: float = 1.0
    method: str = "inclusive"
    equality: str = field(default="exact", kw_only=True)

    def __attrs_post_init__(self) -> None:
        faults = [
            *scale_faults(self.low, self.high),
            *choice_faults("method", self.method, tuple(_SHARES)),
            *equality_faults(self.equality),
        ]
        refuse("PercentileRank", faults)

    @property
    def traits(self) -> Traits:
        """The ends of the scale, and the fact that many draws are accepted at once."""
        return Traits(ends=(self.low, self.high), draws=True)

    def normalise(self, values: ArrayLike, indicators: Sequence[IndicatorLike]) -> Floats:
        """Rank each column.

        Raises
        ------
        MethodError
            If an indicator has no value or, with the method ``"inclusive"``, only one.
        """
        x = better(values, indicators, "PercentileRank", self.equality)
        return between(self.low, self.high, self._shares(x, indicators))

    def _shares(self, x: Floats, indicators: Sequence[IndicatorLike]) -> Floats:
        n = counted(x)
        if self.method == "inclusive":
            alone = by_column(n == 1)
            if alone.any():
                msg = "PercentileRank needs values of at least two units; there is only one for"
                raise MethodError(msg, codes(indicators, alone))
            return np.asarray(places(x)[0] / (n - 1))
        if self.method == "exclusive":
            return np.asarray((places(x)[0] + 1) / (n + 1))
        if self.method == "weak":
            return np.asarray((places(x)[1] + 1) / n)
        return np.asarray((mid_places(x) - 0.5) / n)

    def describe(self) -> str:
        """Return a one-sentence description with the formula."""
        formula, meaning = _SHARES[self.method]
        offset = f"{self.low:g} + " if self.low else ""
        height = self.high - self.low
        factor = "" if height == 1 else f"{height:g} \\, "
        equal = equality_clause(self.equality)
        return f"Percentile ranks: ${offset}{factor}{formula}$, {meaning}{equal}."
