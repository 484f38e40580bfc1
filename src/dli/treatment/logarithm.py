"""The plain logarithm, with an offset and a base that are the same for all columns."""

from collections.abc import Iterator
from typing import ClassVar

import numpy as np
from attrs import frozen
from numpy.typing import ArrayLike

from dli.checks import number_fault, refuse
from dli.errors import MethodError
from dli.treatment.protocol import Floats, Traits, observed_table, over_draws
from dli.treatment.record import Recorded

__all__ = ["Logarithm"]


@frozen
class Logarithm(Recorded):
    r"""Transform each value to its logarithm, as is common for incomes or populations.

    $y = \ln (x + c)$ with the offset $c$, or $y = \log_b (x + c)$ with a base.
    Each result depends on its own value alone. `Log` and `LogPlus` shift each column by its
    smallest and largest value instead, as COINr does, and so also accept values at and below 0.

    Parameters
    ----------
    offset : float
        The number added to each value, in its unit of measure; 1 for $\ln (1 + x)$.
    base : float, optional
        The base, above 1; by default that of the natural logarithm.

    Examples
    --------
    >>> Logarithm(base=10).treat([[1.0], [1000.0]]).ravel().tolist()
    [0.0, 3.0]
    >>> Logarithm(offset=1).treat([[0.0], [9.0]]).ravel().round(3).tolist()
    [0.0, 2.303]
    """

    traits: ClassVar[Traits] = Traits(keeps_order=True, draws=True)
    offset: float = 0.0
    base: float | None = None

    def __attrs_post_init__(self) -> None:
        refuse("Logarithm", self._faults())

    def _faults(self) -> Iterator[str]:
        if fault := number_fault("offset", self.offset):
            yield fault
        if self.base is not None and (fault := number_fault("base", self.base, above=1)):
            yield fault

    @over_draws
    def treat(self, values: ArrayLike) -> Floats:
        """Return the logarithms of all values.

        Raises
        ------
        MethodError
            If values are not above 0 after the offset is added (the message lists their rows and
            columns), or a column has no value.
        """
        x = observed_table(values)
        offset = float(self.offset)
        with np.errstate(over="ignore"):
            shifted = x + offset
        without_logarithm = (shifted <= 0) | np.isinf(shifted)
        if without_logarithm.any():
            faults = [
                f"row {i}, column {j}: {x[i, j]:g}"
                for i, j in np.argwhere(without_logarithm).tolist()
            ]
            msg = (
                f"Logarithm needs finite values above 0 after adding the offset {offset:g}; use a "
                "greater offset, or Log(), which shifts each column by itself. It cannot transform"
            )
            raise MethodError(msg, faults)
        return self._logarithms(x, shifted)

    def _logarithms(self, values: Floats, shifted: Floats) -> Floats:
        # These three keep digits that the quotient of two natural logarithms, or adding 1, loses.
        if self.base == 10:
            return np.log10(shifted)
        if self.base == 2:
            return np.log2(shifted)
        natural = np.log1p(values) if self.offset == 1 else np.log(shifted)
        return natural if self.base is None else np.asarray(natural / np.log(float(self.base)))

    def describe(self) -> str:
        """Return a one-sentence description with the formula."""
        argument = "x"
        if self.offset:
            argument += f" {'+' if self.offset > 0 else '-'} {abs(self.offset):g}"
        function = r"\ln" if self.base is None else rf"\log_{{{self.base:g}}}"
        return f"Logarithms: ${function} ({argument})$."
