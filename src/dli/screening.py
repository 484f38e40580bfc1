"""Which units have enough data to be assessed, and why the others have not."""

from collections.abc import Mapping
from functools import cached_property
from typing import Any, TypeAlias

import numpy as np
from attrs import frozen
from numpy.typing import ArrayLike, NDArray

from dli import frames
from dli.errors import MethodError, UnknownCodeError
from dli.framework import Index
from dli.framework.checks import is_number
from dli.observations import Observations

__all__ = ["Screening", "availability", "data_shares", "screen"]

Floats: TypeAlias = NDArray[np.float64]

# A share of 9 out of 10 must pass a threshold of 0.9, whatever the rounding.
_ROUNDING = 1e-12


def data_shares(values: ArrayLike) -> tuple[Floats, Floats]:
    """Give the share of values that are there, and of those the share that is not zero.

    Parameters
    ----------
    values : array_like of shape (n_units, n_indicators)
        NaN is missing.

    Returns
    -------
    available : ndarray of shape (n_units,)
    nonzero : ndarray of shape (n_units,)
        NaN for a unit without any value.

    Examples
    --------
    >>> available, nonzero = data_shares([[1.0, 0.0, np.nan, 2.0], [np.nan] * 4])
    >>> available.tolist(), nonzero.round(3).tolist()
    ([0.75, 0.0], [0.667, nan])
    """
    x = np.asarray(values, dtype=np.float64)
    if x.ndim != 2 or 0 in x.shape:
        msg = f"values must have the shape (n_units, n_indicators), got {x.shape}"
        raise MethodError(msg)
    n_there = (~np.isnan(x)).sum(axis=1)
    n_zero = (x == 0).sum(axis=1)
    nonzero = 1 - n_zero / np.where(n_there > 0, n_there, np.nan)
    return n_there / x.shape[1], nonzero


@frozen(kw_only=True, eq=False, repr=False)
class Screening:
    """Which units were kept, and why.

    Attributes
    ----------
    units : tuple
    periods : tuple or None
    available, nonzero : ndarray of shape (n_units,)
        `data_shares`.
    low_availability, low_nonzero : ndarray of bool of shape (n_units,)
        Below the threshold; a unit without any value is both.
    forced : tuple of bool or None
        What was decided beforehand, unit by unit.
    included : ndarray of bool of shape (n_units,)
    """

    units: tuple[Any, ...]
    periods: tuple[Any, ...] | None
    available: Floats
    nonzero: Floats
    low_availability: NDArray[np.bool_]
    low_nonzero: NDArray[np.bool_]
    forced: tuple[bool | None, ...]
    included: NDArray[np.bool_]
    _all: Observations

    @cached_property
    def observations(self) -> Observations:
        """The rows of the units that were kept, for `Assessment`."""
        return self._all.take(np.flatnonzero(self.included))

    @cached_property
    def table(self) -> Any:
        """A row for each unit.

        Columns: the unit (and period), ``missing`` and ``zeros`` (how many), ``available`` and
        ``nonzero`` (shares), ``included``, and ``reason`` in words.
        """
        values = self._all.values
        keys: dict[str, Any] = {self._all.unit_column: list(self.units)}
        if self.periods is not None:
            keys[str(self._all.period_column)] = list(self.periods)
        columns = {
            "missing": np.isnan(values).sum(axis=1),
            "zeros": (values == 0).sum(axis=1),
            "available": self.available,
            "nonzero": self.nonzero,
            "included": self.included.tolist(),
            "reason": [self._reason(row) for row in range(len(self.units))],
        }
        return frames.build({**keys, **columns}, self._all.table.library)

    def _reason(self, row: int) -> str:
        lacks = []
        if self.low_availability[row]:
            lacks.append(f"has only {self.available[row]:.3g} of the indicators")
        if self.low_nonzero[row] and not np.isnan(self.nonzero[row]):
            lacks.append(f"only {self.nonzero[row]:.3g} of its values are not zero")
        found = "; ".join(lacks) or "enough data"
        forced = self.forced[row]
        if forced is None:
            return found
        return f"{'kept' if forced else 'left out'} by decision ({found})"

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
    unit: str = "unit",
    period: str | None = None,
    availability: float = 0.0,
    nonzero: float = 0.0,
    force: Mapping[Any, bool] | None = None,
) -> Screening:
    """Keep the units that have enough data, with decisions of one's own before all rules.

    Parameters
    ----------
    index : Index
    data, unit, period
        As of `Assessment`.
    availability : float
        The least share of indicators that a unit must have.
    nonzero : float
        The least share of a unit's values that must not be zero.
    force : mapping of unit to bool, optional
        Units to keep (True) or to leave out (False) whatever the rules say, in all periods.

    Returns
    -------
    Screening
        ``Assessment(index, screening.observations)`` goes on with what was kept.

    Raises
    ------
    DataError
        Data that cannot be assessed.
    MethodError
        Thresholds outside 0 to 1, decisions that are no truth values, or nobody kept.
    UnknownCodeError
        Decisions on units that are not there.

    Examples
    --------
    >>> from dli import Indicator
    >>> index = Index("T", [Indicator("a"), Indicator("b")])
    >>> data = {"unit": ["X", "Y", "Z"], "a": [1, 0, 2], "b": [None, 0, 5.0]}
    >>> screen(index, data, availability=0.6, nonzero=0.5, force={"X": True})
    2 of 3 rows kept
    Y: only 0 of its values are not zero
    """
    faults = [
        f"{name} must be a share from 0 to 1, got {share!r}"
        for name, share in (("availability", availability), ("nonzero", nonzero))
        if not (is_number(share) and 0 <= share <= 1)
    ]
    decisions = dict(force or {})
    faults += [
        f"force[{name!r}] must be True or False, got {kept!r}"
        for name, kept in decisions.items()
        if not isinstance(kept, bool)
    ]
    if faults:
        msg = "the screening cannot work"
        raise MethodError(msg, faults)
    observations = (
        data.select(index)
        if isinstance(data, Observations)
        else Observations.read(data, index, unit=unit, period=period)
    )
    unknown = [name for name in decisions if name not in observations.units]
    if unknown:
        raise UnknownCodeError("unit to force", unknown, dict.fromkeys(observations.units))
    there, full = data_shares(observations.values)
    low_availability = there < availability - _ROUNDING
    low_nonzero = ~(full >= nonzero - _ROUNDING)  # NaN, of a unit without any value, is low too
    forced = tuple(decisions.get(name) for name in observations.units)
    ruled = ~(low_availability | low_nonzero)
    included = np.array([r if f is None else f for r, f in zip(ruled, forced, strict=True)])
    if not included.any():
        msg = f"no unit passes: availability {availability:g}, nonzero {nonzero:g}"
        raise MethodError(msg)
    return Screening(
        units=observations.units,
        periods=observations.periods,
        available=there,
        nonzero=full,
        low_availability=low_availability,
        low_nonzero=low_nonzero,
        forced=forced,
        included=included,
        all=observations,
    )


def availability(
    index: Index, data: object, *, unit: str = "unit", period: str | None = None
) -> Any:
    """Give the share of indicators that each unit has below each node.

    Parameters
    ----------
    index : Index
    data, unit, period
        As of `Assessment`.

    Returns
    -------
    frame
        A row for each unit, a column for each node that has children, parents first.

    Examples
    --------
    >>> from dli import Indicator
    >>> index = Index("T", [Indicator("a"), Indicator("b")])
    >>> frames.read(availability(index, {"unit": ["X"], "a": [1], "b": [None]})).column("T")
    [0.5]
    """
    observations = Observations.read(data, index, unit=unit, period=period)
    there = ~np.isnan(observations.values)
    place = {indicator.code: i for i, indicator in enumerate(index.indicators)}
    columns: dict[str, Any] = {observations.unit_column: list(observations.units)}
    if observations.periods is not None:
        columns[str(observations.period_column)] = list(observations.periods)
    for node in index.walk():
        if isinstance(node, Index):
            own = [place[indicator.code] for indicator in node.indicators]
            columns[node.code] = there[:, own].mean(axis=1)
    return frames.build(columns, observations.table.library)
