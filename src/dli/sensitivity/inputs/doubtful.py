"""Doubtful values, which may be missing values."""

import numpy as np
from attrs import frozen

from dli.arrays import Bools, Floats
from dli.assessment import Assessment
from dli.assessment.doubtful import doubtful_cells
from dli.checks import flag_faults, refuse
from dli.errors import MethodError
from dli.sensitivity.draws import Draws

__all__ = ["DoubtfulAsMissing"]


@frozen
class DoubtfulAsMissing:
    """Treat doubtful values as missing in half of the draws.

    Doubtful values are those that an indicator declares with ``doubtful``, such as a 0 that may
    mean that nothing was found. The other draws, and the nominal scores, use them as they are.
    Where they are treated as missing, the method applies as to any missing value.

    Parameters
    ----------
    by_indicator : bool
        Whether the doubtful values of each indicator are treated independently. By default, all
        doubtful values in a draw are treated in the same way.

    Notes
    -----
    Each combination is assessed once, whatever the number of draws. With k independent indicators
    there are 2 to the power k combinations, which is slow for more than about ten.

    Examples
    --------
    >>> from dli import Assessment, Index, Indicator
    >>> from dli.sensitivity import evaluate
    >>> index = Index("T", [Indicator("a", goalposts=(0, 4), doubtful=[0]), Indicator("b")])
    >>> data = {"unit": ["X", "Y", "Z"], "a": [0, 4, 1], "b": [8.0, 0.0, 10.0]}
    >>> evaluate(Assessment(index, data), [DoubtfulAsMissing()], [[0.0], [1.0]]).tolist()
    [[40.0, 50.0, 62.5], [80.0, 50.0, 62.5]]
    """

    by_indicator: bool = False

    def __attrs_post_init__(self) -> None:
        refuse("DoubtfulAsMissing", flag_faults(by_indicator=self.by_indicator))

    def factors(self, assessment: Assessment) -> list[str]:
        """Return the names of the choices: one for all values, or one for each indicator."""
        groups = self._groups(assessment)
        if groups:
            return list(groups)
        declared = [own.code for own in assessment.index.indicators if own.doubtful]
        why = "no indicator declares doubtful values, as Indicator(..., doubtful=(0,)) does"
        if declared:
            why = f"the data do not contain any of the doubtful values of {', '.join(declared)}"
        msg = f"DoubtfulAsMissing has no effect: {why}"
        raise MethodError(msg)

    def _groups(self, assessment: Assessment) -> dict[str, Bools]:
        """Return the doubtful cells of each factor, by its name."""
        indicators = assessment.index.indicators
        cells = doubtful_cells(assessment.observations.values, indicators)
        if not self.by_indicator:
            return {"doubtful values": cells} if cells.any() else {}
        places = np.arange(len(indicators))
        return {
            f"doubtful values of {indicators[j].code}": cells & (places == j)
            for j in np.flatnonzero(cells.any(axis=0)).tolist()
        }

    def apply(self, uniforms: Floats, draws: Draws) -> None:
        """Treat the cells as missing in draws whose number is at least 0.5."""
        groups = draws.once(self, lambda: self._groups(draws.assessment))
        for numbers, cells in zip(uniforms, groups.values(), strict=True):
            draws.omit(cells, numbers >= 0.5)

    def drawn(self, uniforms: Floats, _: Draws) -> list[list[str]]:
        """Return for each draw how the values are used: as they are, or as missing."""
        readings = np.where(uniforms >= 0.5, "missing", "as they are")
        return [[str(reading) for reading in row] for row in readings]
