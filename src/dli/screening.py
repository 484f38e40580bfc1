"""Screening: which units have enough data to be assessed, and why others do not."""

from collections.abc import Mapping
from functools import cached_property
from typing import Any, Unpack

import numpy as np
from attrs import frozen
from numpy.typing import ArrayLike

from dli.arrays import Bools, Floats, as_table, is_above
from dli.checks import mapping, number_fault
from dli.errors import MethodError, UnknownCodeError
from dli.frames import Frame, ReadingOptions
from dli.framework import Index, Indicator
from dli.observations import Observations

__all__ = ["Screening", "availability", "data_shares", "screen"]


def __dir__() -> list[str]:
    return __all__


def data_shares(values: ArrayLike) -> tuple[Floats, Floats]:
    """Return each unit's share of available values, and the share of these that is not zero.

    Parameters
    ----------
    values : array_like of shape (n_units, n_indicators)
        The values; NaN marks a missing value.

    Returns
    -------
    available : ndarray of shape (n_units,)
        The share of indicators with a value.
    nonzero : ndarray of shape (n_units,)
        The share of the available values that is not zero; NaN for a unit without any value.

    Raises
    ------
    MethodError
        Values have another shape, are infinite or are not numbers.

    Examples
    --------
    >>> available, nonzero = data_shares([[1.0, 0.0, np.nan, 2.0], [np.nan] * 4])
    >>> available.tolist(), nonzero.round(3).tolist()
    ([0.75, 0.0], [0.667, nan])
    """
    x = as_table(values, missing=True)
    n_available = (~np.isnan(x)).sum(axis=1)
    n_zero = (x == 0).sum(axis=1)
    nonzero = 1 - n_zero / np.where(n_available > 0, n_available, np.nan)
    return n_available / x.shape[1], nonzero


@frozen(kw_only=True, eq=False, repr=False)
class Screening:
    """The result of screening: which units were kept, and why.

    Attributes
    ----------
    units : tuple
        The unit of each row, as the data name it.
    periods : tuple or None
        The period of each row; None if the data do not have periods.
    available, nonzero : ndarray of shape (n_units,)
        The shares of each row, as `data_shares` returns them.
    low_availability, low_nonzero : ndarray of bool of shape (n_units,)
        Whether a row is below the threshold; a row without any value is below both.
    forced : tuple of bool or None
        The decision on the unit of each row that overrides the rules, or None.
    included : ndarray of bool of shape (n_units,)
        Which rows are kept: those with enough data, unless a decision overrides the rules.
    """

    units: tuple[Any, ...]
    periods: tuple[Any, ...] | None
    available: Floats
    nonzero: Floats
    low_availability: Bools
    low_nonzero: Bools
    forced: tuple[bool | None, ...]
    included: Bools
    _all: Observations

    @cached_property
    def observations(self) -> Observations:
        """The rows of the units that were kept, for `Assessment`."""
        return self._all.take(np.flatnonzero(self.included))

    @cached_property
    def table(self) -> Frame:
        """A table with a row for each unit (in each period).

        The columns are the unit (and period), the counts ``missing`` and ``zeros``, the shares
        ``available`` and ``nonzero``, ``included``, and ``reason``, a text.
        """
        values = self._all.values
        columns = {
            "missing": np.isnan(values).sum(axis=1),
            "zeros": (values == 0).sum(axis=1),
            "available": self.available,
            "nonzero": self.nonzero,
            "included": self.included.tolist(),
            "reason": [self._reason(row) for row in range(len(self.units))],
        }
        return self._all.frame(columns)

    def _reason(self, row: int) -> str:
        reasons = []
        if self.low_availability[row]:
            reasons.append(f"has only {self.available[row]:.3g} of the indicators")
        if self.low_nonzero[row] and not np.isnan(self.nonzero[row]):
            reasons.append(f"only {self.nonzero[row]:.3g} of its values are not zero")
        ruled = "; ".join(reasons) or "enough data"
        forced = self.forced[row]
        if forced is None:
            return ruled
        return f"{'kept' if forced else 'left out'} by decision ({ruled})"

    def __repr__(self) -> str:
        out = [
            f"{self.units[i]}: {self._reason(i)}" for i in np.flatnonzero(~self.included).tolist()
        ]
        lines = [f"{int(self.included.sum())} of {len(self.units)} rows kept", *out[:20]]
        return "\n".join([*lines, "…"] if len(out) > 20 else lines)


def screen(  # noqa: PLR0913 each is a decision of its own
    index: Index,
    data: object,
    *,
    unit: str | None = "unit",
    period: str | None = None,
    availability: float = 0.0,
    nonzero: float = 0.0,
    force: Mapping[Any, bool] | None = None,
    **options: Unpack[ReadingOptions],
) -> Screening:
    """Return which units have enough data; decisions on single units override the rules.

    If there are several periods, a unit is screened in each period separately.

    Parameters
    ----------
    index : Index
        The index whose indicators are the columns to check.
    data, unit, period, **options
        As in `Assessment`.
    availability : float
        The minimum share of indicators for which a unit must have a value.
    nonzero : float
        The minimum share of a unit's values that must not be zero.
    force : mapping of unit to bool, optional
        Units to keep (True) or to leave out (False) in all periods, regardless of their data.

    Returns
    -------
    Screening
        The rows that were kept, and the reasons. Continue with
        ``Assessment(index, screening.observations)``.

    Raises
    ------
    DataError
        The data cannot be assessed.
    MethodError
        A threshold is not a number from 0 to 1, a decision is not True or False, or no unit is
        kept.
    UnknownCodeError
        A decision concerns a unit that is not in the data.

    Examples
    --------
    >>> from dli import Indicator
    >>> index = Index("T", [Indicator("a"), Indicator("b")])
    >>> data = {"unit": ["X", "Y", "Z"], "a": [1, 0, 2], "b": [None, 0, 5.0]}
    >>> screen(index, data, availability=0.6, nonzero=0.5, force={"X": True})
    2 of 3 rows kept
    Y: only 0 of its values are not zero
    """
    thresholds = {"availability": availability, "nonzero": nonzero}
    faults = [
        fault
        for name, share in thresholds.items()
        if (fault := number_fault(name, share, least=0, most=1))
    ]
    decisions = {} if force is None else mapping("force", force, "unit to True or False")
    faults += [
        f"force[{name!r}] must be True or False, got {kept!r}"
        for name, kept in decisions.items()
        if not isinstance(kept, (bool, np.bool_))
    ]
    if faults:
        msg = "cannot screen units with these settings"
        raise MethodError(msg, faults)
    observations = Observations.of(data, index, unit=unit, period=period, **options)
    unknown = [name for name in decisions if name not in observations.units]
    if unknown:
        raise UnknownCodeError("unit to force", unknown, dict.fromkeys(observations.units))
    measured = [indicator.constant is None for indicator in index.indicators]
    available_shares, nonzero_shares = data_shares(observations.values[:, measured])
    # A share of 9 out of 10 must pass a threshold of 0.9, whatever the rounding.
    low_availability = is_above(np.array(availability), available_shares, 1.0)
    low_nonzero = is_above(np.array(nonzero, dtype=np.float64), nonzero_shares, 1.0) | np.isnan(
        nonzero_shares
    )
    forced = tuple(decisions.get(name) for name in observations.units)
    ruled = ~(low_availability | low_nonzero)
    included = np.array([r if f is None else f for r, f in zip(ruled, forced, strict=True)])
    if not included.any():
        msg = (
            f"no unit has enough data for availability={availability:g}, nonzero={nonzero:g}; "
            "lower the thresholds"
        )
        raise MethodError(msg)
    return Screening(
        units=observations.units,
        periods=observations.periods,
        available=available_shares,
        nonzero=nonzero_shares,
        low_availability=low_availability,
        low_nonzero=low_nonzero,
        forced=forced,
        included=included,
        all=observations,
    )


def availability(
    index: Index,
    data: object,
    *,
    unit: str | None = "unit",
    period: str | None = None,
    **options: Unpack[ReadingOptions],
) -> Frame:
    """Return the share of the indicators below each node for which each unit has a value.

    Indicators that are constants are not counted.

    Parameters
    ----------
    index : Index
        The index whose indicators are the columns to check.
    data, unit, period, **options
        As in `Assessment`.

    Returns
    -------
    frame
        A row for each unit (in each period), and a column for each node that has children, with
        parents first.

    Raises
    ------
    DataError
        The data cannot be assessed.

    Examples
    --------
    >>> from dli import Indicator, frames
    >>> index = Index("T", [Indicator("a"), Indicator("b")])
    >>> frames.read(availability(index, {"unit": ["X"], "a": [1], "b": [None]})).column("T")
    [0.5]
    """
    observations = Observations.of(data, index, unit=unit, period=period, **options)
    codes = [indicator.code for indicator in index.indicators]
    is_available = dict(zip(codes, ~np.isnan(observations.values.T), strict=True))
    return observations.frame(
        {
            node.code: np.mean([is_available[one.code] for one in _measured(node)], axis=0)
            for node in index.walk()
            if isinstance(node, Index)
        }
    )


def _measured(node: Index) -> list[Indicator]:
    """Return the indicators below a node that are not constants, or all if there are no others."""
    measured = [indicator for indicator in node.indicators if indicator.constant is None]
    return measured or list(node.indicators)
