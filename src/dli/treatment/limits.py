"""Fixed limits: values beyond a floor or a cap are moved to it."""

from collections.abc import Iterator
from typing import ClassVar

import numpy as np
from attrs import frozen
from numpy.typing import ArrayLike

from dli.checks import number_fault, refuse
from dli.treatment.protocol import Floats, Traits, observed_table, over_draws
from dli.treatment.record import Recorded

__all__ = ["Clip"]


@frozen
class Clip(Recorded):
    """Raise values below a floor to it, and lower values above a cap to it.

    The limits are in the indicator's unit of measure, so they usually apply to one indicator:
    ``Method(treatment={"spending": Clip(high=1000)})``. Unlike `Percentiles`, they do not depend
    on the data.

    Parameters
    ----------
    low, high : float, optional
        The floor and the cap; at least one of them.

    Raises
    ------
    MethodError
        If no limit is given, or ``low`` is not below ``high``.

    Examples
    --------
    >>> Clip(0, 100).treat([[-3.0], [40.0], [250.0]]).ravel().tolist()
    [0.0, 40.0, 100.0]
    >>> Clip(high=100).treat([[-3.0], [40.0], [250.0]]).ravel().tolist()
    [-3.0, 40.0, 100.0]
    """

    traits: ClassVar[Traits] = Traits(keeps_order=True, draws=True)
    low: float | None = None
    high: float | None = None

    def __attrs_post_init__(self) -> None:
        refuse("Clip", self._faults())

    def _faults(self) -> Iterator[str]:
        limits = {"low": self.low, "high": self.high}
        given = {name: limit for name, limit in limits.items() if limit is not None}
        if not given:
            yield "Clip needs low, high or both, got neither"
        faults = [fault for name, limit in given.items() if (fault := number_fault(name, limit))]
        yield from faults
        if self.low is not None and self.high is not None and not faults and self.low >= self.high:
            yield f"low must be below high, got {self.low!r} and {self.high!r}"

    @over_draws
    def treat(self, values: ArrayLike) -> Floats:
        """Return clipped columns; raise a MethodError if a column has no value."""
        x = observed_table(values)
        low = -np.inf if self.low is None else float(self.low)
        high = np.inf if self.high is None else float(self.high)
        return np.clip(x, low, high)

    def describe(self) -> str:
        """Return a one-sentence description."""
        changes = []
        if self.low is not None:
            changes.append(f"values below ${self.low:g}$ are raised to it")
        if self.high is not None:
            changes.append(f"values above ${self.high:g}$ are lowered to it")
        return f"Fixed limits: {', '.join(changes)}."
