"""Normalisations whose parameters are computed from some units or periods only."""

from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np
from attrs import field, frozen
from numpy.typing import ArrayLike

from dli.checks import name_faults, refuse, step_faults
from dli.errors import MethodError, UnknownCodeError
from dli.normalisation.checks import as_values
from dli.normalisation.protocol import Floats, IndicatorLike, Traits, at_rows, traits_of

__all__ = ["FittedOn"]


def _tuple(names: Any) -> Any:
    if isinstance(names, Iterable) and not isinstance(names, (str, bytes, type)):
        return (names,) if getattr(names, "ndim", 1) == 0 else tuple(names)
    return None if names is None else (names,)


@frozen
class FittedOn:
    """Compute the parameters of a normalisation from some units or periods, and apply them to all.

    If the scale changes with each new period, a change in scores mixes progress with rescaling. A
    normalisation fitted on a base period keeps its scale. Values beyond the ends of the base period
    are scored beyond the ends of the scale.

    Parameters
    ----------
    normalisation : object
        A normalisation with a method ``fit``, such as `MinMax` or `ZScore`.
    units, periods : sequence, optional
        The units and the periods to fit on; all units, or all periods, by default.

    Raises
    ------
    MethodError
        If the normalisation cannot be fitted, or neither units nor periods are given.

    Examples
    --------
    >>> from dli import Assessment, Index, Indicator, Method
    >>> from dli.normalisation import MinMax
    >>> data = {"unit": list("XYXY"), "year": [1, 1, 2, 2], "a": [0.0, 10.0, 5.0, 20.0]}
    >>> method = Method(normalisation=FittedOn(MinMax(), periods=[1]))
    >>> index = Index("T", [Indicator("a")])
    >>> Assessment(index, data, period="year", method=method).array("T").tolist()
    [0.0, 100.0, 50.0, 200.0]
    """

    normalisation: Any
    units: tuple[Any, ...] | None = field(default=None, converter=_tuple)
    periods: tuple[Any, ...] | None = field(default=None, converter=_tuple)

    def __attrs_post_init__(self) -> None:
        faults: list[str] = []
        if isinstance(self.normalisation, type):
            faults += step_faults("normalisation", self.normalisation, "fit", "")
        elif not callable(getattr(self.normalisation, "fit", None)):
            faults.append(
                f"normalisation must be one that can be fitted, got {self.normalisation!r}"
            )
        for what, names in (("units", self.units), ("periods", self.periods)):
            faults += [fault for name in names or () for fault in name_faults(what, name)]
        if not self.units and not self.periods:
            faults.append("FittedOn needs units or periods to fit on, got neither")
        refuse("FittedOn", faults)

    @property
    def traits(self) -> Traits:
        """The traits of the normalisation that is fitted."""
        return traits_of(self.normalisation)

    def for_rows(self, units: Sequence[Any], periods: Sequence[Any] | None) -> "OnRows":
        """Return the normalisation fitted on the rows of the chosen units and periods.

        Parameters
        ----------
        units : sequence
            The unit of each row.
        periods : sequence, optional
            The period of each row.

        Returns
        -------
        OnRows
            The normalisation whose parameters are computed from these rows.

        Raises
        ------
        UnknownCodeError
            If no row has one of the units or periods.
        """
        chosen = np.ones(len(units), dtype=np.bool_)
        for what, wanted, given in (
            ("unit", self.units, units),
            ("period", self.periods, [] if periods is None else periods),
        ):
            if wanted is None:
                continue
            known = dict.fromkeys(given)
            unknown = [name for name in wanted if name not in known]
            if unknown:
                raise UnknownCodeError(f"{what} to fit on", unknown, known)
            chosen &= np.array([name in wanted for name in given])
        rows = np.flatnonzero(chosen)
        kept = None if periods is None else [periods[i] for i in rows.tolist()]
        inner = at_rows(self.normalisation, lambda: ([units[i] for i in rows.tolist()], kept))
        return OnRows(inner, tuple(rows.tolist()))

    def normalise(self, values: ArrayLike, indicators: Sequence[IndicatorLike]) -> Floats:
        """Raise, since the rows to fit on are not known; call `for_rows` first.

        Raises
        ------
        MethodError
            Always. An assessment calls `for_rows` with the units and periods of its rows.
        """
        msg = "FittedOn must know the units of the rows: call for_rows(units, periods) first"
        raise MethodError(msg)

    def describe(self) -> str:
        """Return a one-sentence description."""
        on = [
            f"{what} {', '.join(map(str, names))}"
            for what, names in (("units", self.units), ("periods", self.periods))
            if names
        ]
        inner = self.normalisation
        formula = (
            inner.describe() if callable(getattr(inner, "describe", None)) else f"`{inner!r}`."
        )
        return f"{formula} The parameters are those of {' and '.join(on)}."


@frozen
class OnRows:
    """A normalisation whose parameters are computed from some rows of the values.

    Attributes
    ----------
    normalisation : object
        The normalisation to fit.
    rows : tuple of int
        The positions of the rows to fit on.
    """

    normalisation: Any
    rows: tuple[int, ...]

    @property
    def traits(self) -> Traits:
        """The traits of the normalisation that is fitted."""
        return traits_of(self.normalisation)

    def fit(self, values: ArrayLike, indicators: Sequence[IndicatorLike]) -> Any:
        """Return the normalisation with parameters computed from the rows."""
        return self.normalisation.fit(
            as_values(values, indicators)[..., list(self.rows), :], indicators
        )

    def normalise(self, values: ArrayLike, indicators: Sequence[IndicatorLike]) -> Floats:
        """Return all values, normalised with the parameters of the rows."""
        return np.asarray(self.fit(values, indicators).normalise(values, indicators))
