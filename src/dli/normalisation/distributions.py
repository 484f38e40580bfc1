"""Ranks transformed to an exponential or a normal distribution."""

from collections.abc import Sequence
from typing import ClassVar

import numpy as np
from attrs import field, frozen
from numpy.typing import ArrayLike

from dli.checks import choice_faults, refuse
from dli.normalisation.checks import moment_faults
from dli.normalisation.order import (
    better,
    counted,
    equality_clause,
    equality_faults,
    mid_places,
)
from dli.normalisation.protocol import Floats, IndicatorLike, Traits

__all__ = ["NormalScores", "RankExponential"]

# With this constant a tenth of the units scores above 50.
_CONSTANT = 23.0

# The share of a unit in place r of n is (r - c) / (n + 1 - 2c).
_OFFSETS = {"blom": 3 / 8, "van der waerden": 0.0, "rankit": 1 / 2, "tukey": 1 / 3}
_SHARES = {
    "blom": r"(r - \frac{3}{8}) / (n + \frac{1}{4})",
    "van der waerden": "r / (n + 1)",
    "rankit": r"(r - \frac{1}{2}) / n",
    "tukey": r"(r - \frac{1}{3}) / (n + \frac{1}{3})",
}
_AUTHORS = {
    "blom": "Blom",
    "van der waerden": "van der Waerden",
    "rankit": "rankits",
    "tukey": "Tukey",
}


@frozen
class RankExponential:
    r"""Transform ranks to an exponential distribution, as in the Indices of Deprivation.

    $y = -23 \ln(1 - R (1 - e^{-100/23}))$ with the rank $R = r / n$ scaled to
    $(0, 1]$: the place $r$ among the $n$ units that have a value, from 1 at the
    low end to $n$ at the high one. The high end gets 100, the highest tenth more than 50, and
    the lower half less than 16. When such scores are averaged, a low one offsets little of a high
    one: the mean of 100 and 0 is 50, which only a tenth of the units exceed, whereas the mean of
    two percentile ranks would lie in the middle.

    The direction decides which end is the high one. In an index of deprivation that is the more
    deprived end, so an indicator that adds to deprivation has direction 1.

    Units that tie share the mean of their places; if all units tie, or if there is only one,
    $R = (n + 1) / 2n$. There is no ``fit``, since a place depends on the units in the data.

    Parameters
    ----------
    equality : {"exact", "rounding"}
        Which values tie: only those that are equal to the last bit, as in published ranks of
        indicators; or also those that differ by rounding alone, that is, by at most 1e-12 of the
        greatest absolute value of the indicator, as for scores.

    References
    ----------
    McLennan, D., Noble, S., Noble, M., Plunkett, E., Wright, G. and Gutacker, N. (2019), The
    English Indices of Deprivation 2019: technical report, Ministry of Housing, Communities and
    Local Government, on the exponential transformation of domains.

    Scottish Executive (2003), Scottish Indices of Deprivation 2003, appendix 5: the same formula,
    and why the constant is 23.

    Examples
    --------
    >>> from dli import Indicator
    >>> values = [[float(place)] for place in range(1, 11)]
    >>> scores = RankExponential().normalise(values, [Indicator("income")]).ravel()
    >>> scores[[0, 4, 8, 9]].round(2).tolist()
    [2.39, 15.65, 50.43, 100.0]
    """

    equality: str = field(default="exact", kw_only=True)

    def __attrs_post_init__(self) -> None:
        refuse("RankExponential", equality_faults(self.equality))

    @property
    def traits(self) -> Traits:
        """The ends of the scale; scores come closer to the low one the more units there are."""
        return Traits(ends=(0.0, 100.0), draws=True)

    def normalise(self, values: ArrayLike, indicators: Sequence[IndicatorLike]) -> Floats:
        """Return the transformed ranks of each column.

        Raises
        ------
        MethodError
            If an indicator has no value.
        """
        x = better(values, indicators, "RankExponential", self.equality)
        rank = mid_places(x) / counted(x)
        # Written so that the rank 1 becomes 100 to the last bit.
        least = np.exp(-100 / _CONSTANT)
        return np.asarray(-_CONSTANT * np.log((1 - rank) + rank * least))

    def describe(self) -> str:
        """Return a one-sentence description with the formula."""
        return (
            r"Exponentially distributed ranks: $-23 \ln(1 - R \, (1 - e^{-100/23}))$ with $R = r / "
            r"n$, $r$ being the place of a unit from $1$ for the worst to $n$ for the best; units "
            f"that tie share the mean of their places{equality_clause(self.equality)}."
        )


@frozen
class NormalScores:
    r"""Transform ranks to a normal distribution, whatever the distribution of the values.

    $y = m + s \, \Phi^{-1}(p)$, the quantile of the normal distribution at the share
    $p$ that corresponds to the place $r$ of a unit, from 1 for the worst to $n$ for
    the best of the units that have a value:

    - ``"blom"``: $p = (r - 3/8) / (n + 1/4)$, close to the expected values of an ordered
      sample;
    - ``"van der waerden"``: $p = r / (n + 1)$;
    - ``"rankit"``: $p = (r - 1/2) / n$;
    - ``"tukey"``: $p = (r - 1/3) / (n + 1/3)$.

    Units that tie share the mean of their places; if all units tie, or if there is only one, the
    score is the mean $m$. There is no ``fit``, since a place depends on the units in the data. The
    standard deviation of the scores is somewhat below $s$, especially with few units.

    Parameters
    ----------
    method : {"blom", "van der waerden", "rankit", "tukey"}
        How ranks are converted to shares.
    mean, sd : float
        The mean and the standard deviation (above 0) of the normal distribution.
    equality : {"exact", "rounding"}
        Which values tie: only those that are equal to the last bit, as in published ranks of
        indicators; or also those that differ by rounding alone, that is, by at most 1e-12 of the
        greatest absolute value of the indicator, as for scores.

    References
    ----------
    Blom, G. (1958), Statistical Estimates and Transformed Beta-Variables, Wiley.

    Tukey, J. W. (1962), The future of data analysis, Annals of Mathematical Statistics 33(1).
    https://doi.org/10.1214/aoms/1177704711

    Beasley, T. M., Erickson, S. and Allison, D. B. (2009), Rank-based inverse normal
    transformations are increasingly used, but are they merited?, Behavior Genetics 39(5), on all
    four methods.
    https://doi.org/10.1007/s10519-009-9281-0

    Examples
    --------
    >>> from dli import Indicator
    >>> values = [[10.0], [20.0], [5000.0]]
    >>> NormalScores().normalise(values, [Indicator("a")]).ravel().round(3).tolist()
    [-0.869, 0.0, 0.869]
    """

    traits: ClassVar[Traits] = Traits(draws=True)
    method: str = "blom"
    mean: float = 0.0
    sd: float = 1.0
    equality: str = field(default="exact", kw_only=True)

    def __attrs_post_init__(self) -> None:
        faults = [
            *choice_faults("method", self.method, tuple(_OFFSETS)),
            *moment_faults(self.mean, self.sd),
            *equality_faults(self.equality),
        ]
        refuse("NormalScores", faults)

    def normalise(self, values: ArrayLike, indicators: Sequence[IndicatorLike]) -> Floats:
        """Return the transformed ranks of each column.

        Raises
        ------
        MethodError
            If an indicator has no value.
        """
        from scipy.special import ndtri  # imported here, since loading it is slow

        x = better(values, indicators, "NormalScores", self.equality)
        offset = _OFFSETS[self.method]
        share = (mid_places(x) - offset) / (counted(x) + 1 - 2 * offset)
        return np.asarray(float(self.mean) + float(self.sd) * ndtri(share))

    def describe(self) -> str:
        """Return a one-sentence description with the formula."""
        offset = f"{self.mean:g} + " if self.mean else ""
        factor = f"{self.sd:g} \\, " if self.sd != 1 else ""
        return (
            f"Normal scores ({_AUTHORS[self.method]}): ${offset}{factor}\\Phi^{{-1}}(p)$ with $p = "
            f"{_SHARES[self.method]}$, $r$ being the place of a unit from $1$ for the worst to $n$ "
            "for the best; units that tie share the mean of their places"
            f"{equality_clause(self.equality)}."
        )
