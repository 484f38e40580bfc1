"""Places among the units: what remains when distances are not trusted."""

from collections.abc import Sequence

import numpy as np
from attrs import frozen
from numpy.typing import ArrayLike

from dli.errors import MethodError
from dli.normalisation.checks import as_values, codes, directions
from dli.normalisation.protocol import Floats, IndicatorLike

__all__ = ["Borda", "PercentileRank", "Rank"]


@frozen
class Rank:
    """Give the place from the worst upwards: 1 for the worst, the number of units for the best.

    There is nothing to fit: a place is one among the units at hand. Values tie when they are equal
    to the last bit; a constant indicator is one great tie.

    Parameters
    ----------
    ties : {"min", "average"}
        Units that tie share the lowest place, or the mean of the places they take up.

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

    ties: str = "min"

    def __attrs_post_init__(self) -> None:
        if self.ties not in ("min", "average"):
            msg = f"ties must be 'min' or 'average', got {self.ties!r}"
            raise MethodError(msg)

    def normalise(self, values: ArrayLike, indicators: Sequence[IndicatorLike]) -> Floats:
        """Rank each column.

        Raises
        ------
        MethodError
            Indicators without any value.
        """
        first, last = _places(_better(values, indicators, "Rank"))
        return first + 1 if self.ties == "min" else (first + last) / 2 + 1

    def describe(self) -> str:
        """Return a one-sentence description."""
        shared = "the lowest place" if self.ties == "min" else "the mean of their places"
        return (
            f"Ranks: $1$ for the worst unit up to $n$ for the best; units that tie share {shared}."
        )


@frozen
class Borda:
    """Give the number of units that a unit is better than.

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

    def normalise(self, values: ArrayLike, indicators: Sequence[IndicatorLike]) -> Floats:
        """Count in each column.

        Raises
        ------
        MethodError
            Indicators without any value.
        """
        return _places(_better(values, indicators, "Borda"))[0]

    def describe(self) -> str:
        """Return a one-sentence description."""
        return "Borda counts: the number of units that a unit is better than, $0$ to $n - 1$."


@frozen
class PercentileRank:
    r"""Give the share of the other units that a unit is better than.

    :math:`y = b / (n - 1)` with the number :math:`b` of units that are worse and the number
    :math:`n` of units that have a value.

    Examples
    --------
    >>> from dli import Indicator
    >>> PercentileRank().normalise([[7.0], [3.0], [9.0]], [Indicator("a")]).ravel().tolist()
    [0.5, 0.0, 1.0]
    """

    def normalise(self, values: ArrayLike, indicators: Sequence[IndicatorLike]) -> Floats:
        """Rank each column.

        Raises
        ------
        MethodError
            Indicators without any value, or of which one unit alone has one: there are no others.
        """
        x = _better(values, indicators, "PercentileRank")
        n = (~np.isnan(x)).sum(axis=-2)
        alone = (n == 1).reshape(-1, len(indicators)).any(axis=0)
        if alone.any():
            msg = "PercentileRank needs values of two units; there is a single one of"
            raise MethodError(msg, codes(indicators, alone))
        return np.asarray(_places(x)[0] / (n - 1)[..., np.newaxis, :])

    def describe(self) -> str:
        """Return a one-sentence description with the formula."""
        return "Percentile ranks: $b / (n - 1)$, $b$ of the other $n - 1$ units being worse."


def _better(values: ArrayLike, indicators: Sequence[IndicatorLike], name: str) -> Floats:
    """Return values of which more is better throughout; a column without any is refused."""
    x = as_values(values, indicators) * directions(indicators)
    empty = np.isnan(x).all(axis=-2).reshape(-1, len(indicators)).any(axis=0)
    if empty.any():
        msg = f"{name} needs a value of each indicator; there is none of"
        raise MethodError(msg, codes(indicators, empty))
    return x


def _places(values: Floats) -> tuple[Floats, Floats]:
    """Give the first and the last place (from 0, worst first) of each value's group of ties."""
    order = np.argsort(values, axis=-2)  # missing values come last
    ranked = np.take_along_axis(values, order, axis=-2)
    n_units = values.shape[-2]
    places = np.broadcast_to(np.arange(n_units)[:, np.newaxis], values.shape)
    edge = np.ones((*values.shape[:-2], 1, values.shape[-1]), dtype=np.bool_)
    new = ranked[..., 1:, :] != ranked[..., :-1, :]
    opens = np.concatenate([edge, new], axis=-2)
    closes = np.concatenate([new, edge], axis=-2)
    first = np.maximum.accumulate(np.where(opens, places, 0), axis=-2)
    backwards = np.where(closes, places, n_units)[..., ::-1, :]
    last = np.minimum.accumulate(backwards, axis=-2)[..., ::-1, :]
    found = []
    for ends in (first, last):
        result = np.empty_like(values)
        np.put_along_axis(result, order, ends.astype(np.float64), axis=-2)
        found.append(np.where(np.isnan(values), np.nan, result))
    return found[0], found[1]
